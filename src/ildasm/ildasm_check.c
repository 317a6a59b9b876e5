/* ildasm_check.c: rows that the language has no words for, since the assembler makes of its own what they say otherwise: told as problems.
 * Not here: what is wrong by itself, such as tokens and signatures that lead nowhere.
 * Book: ildasm.md  Tests: tests/ildasm/, fuzz/fuzz_roundtrip.c */
#include "ildasm/ildasm_int.h"

#include "base/map.h"
#include "md/md_live.h"
#include "md/md_sig.h"

/* What the assembler makes of its own of a method's name, place and flags */
void dis_check_method(Dis *d, u32 rid, const MdMethodSig *h)
{
    u32 token = MD_TOKEN(MDT_MethodDef, rid), flags = md_MethodDef_Flags(d->m, rid), special = MD_SPECIAL_NAME | MD_RT_SPECIAL_NAME;
    const char *name = md_method_name(d->m, rid);
    bool is_static = flags & MD_STATIC;
    if (is_static != !(h->header & SIG_HAS_THIS)) dis_problem(d, token, "static by its flags or by its signature only");
    if (!is_static && md_method_owner(d->m, rid) <= 1) dis_problem(d, token, "a global method that is not static");
    if ((strcmp(name, ".ctor") == 0 || strcmp(name, ".cctor") == 0) && (flags & special) != special)
        dis_problem(d, token, "a constructor without specialname and rtspecialname");
    if (flags & MD_ABSTRACT && md_MethodDef_RVA(d->m, rid)) dis_problem(d, token, "an abstract method with a body");
    MdRange r = md_method_params(d->m, rid);
    for (u32 i = r.first, next = 0; i < r.end; i++) {
        u32 p = md_param_at(d->m, i), sequence = md_Param_Sequence(d->m, p);
        if (sequence < next || sequence > h->param_count) dis_problem(d, MD_TOKEN(MDT_Param, p), "the parameter is out of order, or too many");
        next = sequence + 1;
    }
}

/* What the assembler makes of its own of a class's place and flags */
void dis_check_class(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_TypeDef, rid), flags = md_TypeDef_Flags(m, rid);
    const char *name = md_typedef_name(m, rid);
    bool nested = d->enclosing[rid] != 0, top = !nested && strcmp(name, "Object") == 0 && strcmp(md_typedef_namespace(m, rid), "System") == 0;
    if (!*name) dis_problem(d, token, "a class without a name");
    if (nested != ((flags & 7) >= TD_NESTED_PUBLIC)) dis_problem(d, token, "nested by its flags or by its place only");
    if (!md_TypeDef_Extends(m, rid) && !(flags & TD_INTERFACE) && !top)
        dis_problem(d, token, "a class without a base class: assemble with -noautoinherit");
}

static bool has_short_name(const Dis *d, u32 typeref)
{
    static const char *const cores[] = {"System.Private.CoreLib", "System.Runtime", "mscorlib", "netstandard"};
    MdImage *m = d->m;
    const char *name = md_typeref_name(m, typeref);
    u32 scope = md_TypeRef_ResolutionScope(m, typeref);
    if ((strcmp(name, "String") != 0 && strcmp(name, "Object") != 0) || strcmp(md_typeref_namespace(m, typeref), "System") != 0) return false;
    for (u32 i = 0; i < ARRAY_LEN(cores) && MD_TABLE_OF(scope) == MDT_AssemblyRef; i++)
        if (strcmp(md_assemblyref_name(m, MD_RID(scope)), cores[i]) == 0) return true;
    return false;
}

void dis_check_start(Dis *d)
{
    for (u32 r = 1; r <= md_rows(d->m, MDT_TypeRef) && d->short_count < ARRAY_LEN(d->short_named); r++)
        if (has_short_name(d, r)) d->short_named[d->short_count++] = MD_TOKEN(MDT_TypeRef, r);
}

/* The assembler makes `class [core library]System.String` the type that has a code of its own. */
void dis_check_class_type(Dis *d, u32 token)
{
    if (MD_TABLE_OF(token) == MDT_TypeSpec) dis_problem(d, token, "a specification where a signature names a class");
    for (u32 i = 0; i < d->short_count; i++)
        if (d->short_named[i] == token) dis_problem(d, token, "a class in a signature where its short name belongs");
}

static bool same_class(const Dis *d, u32 a, u32 b)
{
    MdImage *m = d->m;
    return d->enclosing[a] == d->enclosing[b] && strcmp(md_typedef_name(m, a), md_typedef_name(m, b)) == 0 &&
           strcmp(md_typedef_namespace(m, a), md_typedef_namespace(m, b)) == 0;
}

/* Rows are found by halves: of a table out of order some would not be. */
void dis_check_order(Dis *d)
{
    MdImage *m = d->m;
    for (u32 t = 0; t < MDT_COUNT; t++) {
        int key = md_key_column(t);
        u32 rows = md_rows(m, t), last = 0;
        for (u32 r = 1; key >= 0 && m->tables[t].sorted && r <= rows; r++) {
            u32 value = md_col(m, t, r, (u32)key);
            if (value < last) {
                dis_problem(d, MD_TOKEN(t, r), "its table is not sorted: rows may be missing");
                break;
            }
            last = value;
        }
    }
}

/* A class that is opened twice is one class; members belong to the class that they stand in. */
void dis_check_classes(Dis *d)
{
    MdImage *m = d->m;
    u32 rows = md_rows(m, MDT_TypeDef), fields = 1, methods = 1;
    Map64 known = {0};
    for (u32 r = 1; r <= rows; r++) {
        u32 token = MD_TOKEN(MDT_TypeDef, r);
        u64 names = (u64)base_hash_str(md_typedef_name(m, r)) << 32 | base_hash_str(md_typedef_namespace(m, r));
        u64 key = base_hash_u64(names) + d->enclosing[r], other;
        if (map64_get(&known, key, &other) && same_class(d, r, (u32)other)) dis_problem(d, token, "a second class of the same name");
        map64_put(&known, key, r);
        u32 field = MD_RID(md_TypeDef_FieldList(m, r)), method = MD_RID(md_TypeDef_MethodList(m, r));
        if (field < fields || method < methods || (r == 1 && (field > 1 || method > 1)))
            dis_problem(d, token, "its members do not begin where those of the class before it end");
        fields = field, methods = method;
    }
    map64_free(&known);
}
