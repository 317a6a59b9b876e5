/* ildasm_name.c: names, and when they need quotes; references to types and their scopes.
 * Names of types are made once for each row and copied after that: most of the text is names.
 * A name is quoted as a whole ('Ns.<T>d__1'): the assembler joins the parts of a dotted name before it looks at dots. */
#include "ildasm/ildasm_int.h"

#include "md/md_names.h"
#include <stdio.h>

enum { NEST_MAX = 64 };

static void add_words(Dis *d, const char *words)
{
    while (*words) {
        size_t n = strcspn(words, " :");
        CHECK(words[0] < 'A' || words[0] > 'Z'); /* plain() relies on it */
        if (n) strmap_putn(&d->words, words, (u32)n, d);
        words += n + (words[n] != 0);
    }
}

void dis_names_init(Dis *d)
{
    MdImage *m = d->m;
#define FLAG(mask, value, text) add_words(d, text);
#define ELEM(code, text) add_words(d, text);
#define NATIVE(code, text) add_words(d, text);
#define VARIANT(code, text) add_words(d, text);
#define SECACTION(code, text) add_words(d, text);
#define WORD(text) add_words(d, text);
#include "il/il_words.def"
    for (u32 i = 0; i < IL_OP_LIMIT; i++)
        if (il_op_info[i].name) add_words(d, il_op_info[i].name);
    u32 types = md_rows(m, MDT_TypeDef) + 1;
    d->typedefs = ARENA_NEW_ARRAY(&d->arena, Text, types);
    d->typerefs = ARENA_NEW_ARRAY(&d->arena, Text, md_rows(m, MDT_TypeRef) + 1);
    d->assemblyrefs = ARENA_NEW_ARRAY(&d->arena, Text, md_rows(m, MDT_AssemblyRef) + 1);
    d->memberrefs = ARENA_NEW_ARRAY(&d->arena, Text, md_rows(m, MDT_MemberRef) + 1);
    d->methoddefs = ARENA_NEW_ARRAY(&d->arena, Text, md_rows(m, MDT_MethodDef) + 1);
    d->fields = ARENA_NEW_ARRAY(&d->arena, Text, md_rows(m, MDT_Field) + 1);
    dis_index_init(d);
    d->enclosing = ARENA_NEW_ARRAY(&d->arena, u32, types);
    d->first_nested = ARENA_NEW_ARRAY(&d->arena, u32, types);
    d->next_nested = ARENA_NEW_ARRAY(&d->arena, u32, types);
    for (u32 r = md_rows(m, MDT_NestedClass); r > 0; r--) {
        u32 in = md_NestedClass_NestedClass(m, r), out = md_NestedClass_EnclosingClass(m, r);
        if (in == 0 || in >= types || out == 0 || out >= types || d->enclosing[in]) continue;
        /* a class inside itself would never be printed: it counts as top level */
        u32 up = out, n = 0;
        while (up && up != in && n++ < NEST_MAX) up = d->enclosing[up];
        if (up == 0) d->enclosing[in] = out;
        else dis_problem(d, MD_TOKEN(MDT_TypeDef, in), "nested in itself, or too deep");
    }
    for (u32 r = types - 1; r > 0; r--) {
        u32 out = d->enclosing[r];
        if (!out) continue;
        d->next_nested[r] = d->first_nested[out];
        d->first_nested[out] = r;
    }
    d->impl_next = ARENA_NEW_ARRAY(&d->arena, u32, md_rows(m, MDT_MethodImpl) + 1);
    for (u32 r = md_rows(m, MDT_MethodImpl); r > 0; r--) {
        u32 body = md_MethodImpl_MethodBody(m, r);
        if (MD_TABLE_OF(body) != MDT_MethodDef || body == 0) continue;
        u64 next = 0;
        map64_get(&d->method_impls, body, &next);
        d->impl_next[r] = (u32)next;
        map64_put(&d->method_impls, body, r);
    }
}

void dis_names_free(Dis *d)
{
    strmap_free(&d->words);
    map64_free(&d->method_impls);
    vec_free(&d->data);
    vec_free(&d->insts);
    vec_free(&d->starts);
    arena_free(&d->arena);
}

static inline bool id_start(u8 c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$' || c == '@' || c == '?' || c == '`';
}

static inline bool id_part(u8 c)
{
    return id_start(c) || (c >= '0' && c <= '9');
}

/* No word of the language begins with a capital, as most names do. */
static bool is_word(const Dis *d, const char *s, size_t n)
{
    return !(s[0] >= 'A' && s[0] <= 'Z') && strmap_getn(&d->words, s, (u32)n);
}

/* Identifiers joined by single dots, none of them a word of the language */
static bool plain(const Dis *d, const char *s, size_t n)
{
    size_t part = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i == n || s[i] == '.') {
            if (i == part || is_word(d, s + part, i - part)) return false;
            part = i + 1;
        } else if (i == part ? !id_start((u8)s[i]) : !id_part((u8)s[i])) {
            return false;
        }
    }
    return !(memchr(s, '.', n) && is_word(d, s, n));
}

void put_quoted(Dis *d, const char *s, size_t n, char quote)
{
    put_ch(d, quote);
    for (size_t i = 0; i < n; i++) {
        u8 c = (u8)s[i];
        switch (c) {
        case '\\': put_lit(d, "\\\\"); break;
        case '\n': put_lit(d, "\\n"); break;
        case '\r': put_lit(d, "\\r"); break;
        case '\t': put_lit(d, "\\t"); break;
        default:
            if (c == (u8)quote) put_ch(d, '\\'), put_ch(d, quote);
            else if (c < 0x20 || c == 0x7F) putf(d, "\\%03o", c);
            else put_ch(d, (char)c);
        }
    }
    put_ch(d, quote);
}

void put_name_n(Dis *d, const char *name, size_t n)
{
    if (!d->opt.quote_all && plain(d, name, n)) put_mem(d, name, n);
    else put_quoted(d, name, n, '\'');
}

void put_name(Dis *d, const char *name)
{
    put_name_n(d, name, strlen(name));
}

void put_method_name(Dis *d, const char *name)
{
    if (name[0] == '.' && (strcmp(name, ".ctor") == 0 || strcmp(name, ".cctor") == 0)) put(d, name);
    else put_name(d, name);
}

bool dis_private_scope(const Dis *d, u32 method_rid)
{
    return (md_MethodDef_Flags(d->m, method_rid) & MD_ACCESS) == MD_COMPILER_CONTROLLED;
}

void put_hidden_name(Dis *d, const char *name, u32 token)
{
    char *full = base_asprintf("%s$PST%08X", name, token);
    put_name(d, full);
    base_free(full);
}

void put_token(Dis *d, u32 token)
{
    if (!d->opt.tokens) return;
    put_lit(d, "/*");
    put_hexu(d, token, 8);
    put_lit(d, "*/");
}

static void put_full(Dis *d, const char *ns, const char *name)
{
    char b[512];
    size_t nn = strlen(ns), k = strlen(name);
    if (nn == 0) {
        put_name_n(d, name, k);
    } else if (nn + k + 1 < sizeof(b)) {
        memcpy(b, ns, nn);
        b[nn] = '.';
        memcpy(b + nn + 1, name, k);
        put_name_n(d, b, nn + k + 1);
    } else {
        char *full = base_asprintf("%s.%s", ns, name);
        put_name(d, full);
        base_free(full);
    }
}

void put_typedef_own_name(Dis *d, u32 rid)
{
    put_full(d, md_typedef_namespace(d->m, rid), md_typedef_name(d->m, rid));
}

Text dis_keep(Dis *d, size_t start)
{
    Text t = {0};
    if (d->full || d->len < start) return t;
    t.len = (u32)(d->len - start);
    t.p = arena_strndup(&d->arena, d->buf + start, t.len);
    return t;
}

/* Takes the text since `start` out of the output, for good. */
static Text cut(Dis *d, size_t start)
{
    Text t = dis_keep(d, start);
    if (t.p) d->len = start;
    return t;
}

void put_assembly_ref(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    if (rid == 0 || rid > md_rows(m, MDT_AssemblyRef)) {
        dis_problem(d, MD_TOKEN(MDT_AssemblyRef, rid), "no such assembly reference");
        return;
    }
    if (!d->assemblyrefs[rid].p) {
        const char *name = md_assemblyref_name(m, rid);
        u32 same = 0;
        for (u32 r = 1; r < rid; r++) same += strcmp(md_assemblyref_name(m, r), name) == 0;
        size_t start = d->len;
        if (same) {
            char *alias = base_asprintf("%s_%u", name, same);
            put_name(d, alias);
            base_free(alias);
        } else {
            put_name(d, name);
        }
        d->assemblyrefs[rid] = cut(d, start);
    }
    put_mem(d, d->assemblyrefs[rid].p ? d->assemblyrefs[rid].p : "", d->assemblyrefs[rid].len);
}

static void put_scope(Dis *d, u32 scope, u32 depth);

static void put_ref(Dis *d, u32 rid, u32 depth)
{
    MdImage *m = d->m;
    if (rid > md_rows(m, MDT_TypeRef) || rid == 0) {
        dis_problem(d, MD_TOKEN(MDT_TypeRef, rid), "no such type reference");
        return;
    }
    if (!d->typerefs[rid].p) {
        size_t start = d->len;
        if (depth < NEST_MAX) put_scope(d, md_TypeRef_ResolutionScope(m, rid), depth);
        else dis_problem(d, MD_TOKEN(MDT_TypeRef, rid), "nested in itself, or too deep");
        put_full(d, md_typeref_namespace(m, rid), md_typeref_name(m, rid));
        put_token(d, MD_TOKEN(MDT_TypeRef, rid));
        d->typerefs[rid] = cut(d, start);
    }
    put_mem(d, d->typerefs[rid].p ? d->typerefs[rid].p : "", d->typerefs[rid].len);
}

static void put_scope(Dis *d, u32 scope, u32 depth)
{
    if (scope && !md_valid_token(d->m, scope)) dis_problem(d, scope, "no such scope");
    switch (scope ? MD_TABLE_OF(scope) : 0xFF) {
    case MDT_AssemblyRef:
        put_ch(d, '[');
        put_assembly_ref(d, MD_RID(scope));
        put_token(d, scope);
        put_ch(d, ']');
        break;
    case MDT_ModuleRef:
        put_lit(d, "[.module ");
        put_name(d, md_moduleref_name(d->m, MD_RID(scope)));
        put_ch(d, ']');
        break;
    case MDT_TypeRef:
        put_ref(d, MD_RID(scope), depth + 1);
        put_ch(d, '/');
        break;
    case MDT_Module: break;
    default: put_lit(d, "[*]"); /* nil: to be looked for among the exported types */
    }
}

static void put_def(Dis *d, u32 rid)
{
    if (rid == 0 || rid > md_rows(d->m, MDT_TypeDef)) {
        dis_problem(d, MD_TOKEN(MDT_TypeDef, rid), "no such type");
        return;
    }
    if (!d->typedefs[rid].p) {
        size_t start = d->len;
        if (d->enclosing[rid]) {
            put_def(d, d->enclosing[rid]);
            put_ch(d, '/');
        }
        put_typedef_own_name(d, rid);
        put_token(d, MD_TOKEN(MDT_TypeDef, rid));
        d->typedefs[rid] = cut(d, start);
    }
    put_mem(d, d->typedefs[rid].p ? d->typedefs[rid].p : "", d->typedefs[rid].len);
}

static void put_exported(Dis *d, u32 rid, u32 depth)
{
    u32 in = md_ExportedType_Implementation(d->m, rid);
    if (MD_TABLE_OF(in) == MDT_ExportedType && depth < NEST_MAX) {
        put_exported(d, MD_RID(in), depth + 1);
        put_ch(d, '/');
    }
    put_full(d, md_exported_namespace(d->m, rid), md_exported_name(d->m, rid));
}

void put_class(Dis *d, u32 token)
{
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: put_def(d, MD_RID(token)); break;
    case MDT_TypeRef: put_ref(d, MD_RID(token), 0); break;
    case MDT_ExportedType: put_exported(d, MD_RID(token), 0); break;
    default:
        dis_problem(d, token, "is no type");
        putf(d, "mdtoken(0x%08X)", token);
    }
}

/* Generic parameters by name where the name says which it is; else by number. */
void put_var(Dis *d, bool method, u32 n)
{
    u32 owner = method ? d->method_rid : d->type_rid;
    put_mem(d, "!!", method ? 2 : 1);
    if (owner && dis_has(d, MD_TOKEN(method ? MDT_MethodDef : MDT_TypeDef, owner), HAS_GENERICS)) {
        MdImage *m = d->m;
        MdIter it = md_generic_params_of(m, MD_TOKEN(method ? MDT_MethodDef : MDT_TypeDef, owner));
        const char *name = NULL, *names[16];
        u32 count = 0;
        for (u32 r; (r = md_next_row(&it)) && count < ARRAY_LEN(names); count++) {
            names[count] = md_genericparam_name(m, r);
            if (md_GenericParam_Number(m, r) == n) name = names[count];
        }
        u32 same = 0;
        for (u32 i = 0; name && i < count; i++) same += strcmp(names[i], name) == 0;
        if (name && *name && same == 1 && count < ARRAY_LEN(names)) {
            put_name(d, name);
            return;
        }
    }
    put_udec(d, n);
}
