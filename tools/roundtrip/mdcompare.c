/* mdcompare.c: are two images the same but for the numbers of their rows?  `mdcompare A.dll B.dll`
 * Every row becomes a line of text in which tokens are replaced by what they name, and bodies by their code with names for tokens;
 * the sorted lines of both images are compared.  Signatures are read byte by byte here, not by the disassembler's printer: what that
 * loses is seen.  Order of fields and methods within their types counts; that of other rows does not.
 * Not compared: names that the assembler makes up for parameters (A_0), empty class layouts, RVAs, MVID, heap offsets, the file's native code; max stack and header size of bodies that fit a tiny header;
 * references that nothing uses.  Exit code: 0 the same, 1 not (the first differences are printed), 2 an image cannot be read. */
#include "base/arena.h"
#include "base/vec.h"
#include "il/il.h"
#include "md/md_sig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Side {
    PeImage pe;
    MdImage m;
    Arena arena;
    VEC(char *) lines;
    char **type_names[2]; /* TypeDef, TypeRef */
    char *buf;
    size_t len, cap;
} Side;

static void add_mem(Side *s, const void *p, size_t n)
{
    if (s->cap - s->len < n + 1) s->buf = base_realloc(s->buf, s->cap = s->cap * 2 + n + 1024);
    memcpy(s->buf + s->len, p, n);
    s->len += n;
    s->buf[s->len] = 0;
}

static void add(Side *s, const char *text)
{
    add_mem(s, text, strlen(text));
}

PRINTF_LIKE(2, 3) static void addf(Side *s, const char *fmt, ...)
{
    char b[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(b, sizeof(b), fmt, ap);
    va_end(ap);
    add_mem(s, b, MIN((size_t)n, sizeof(b) - 1));
}

static void add_hex(Side *s, const u8 *p, size_t n)
{
    static const char set[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        char c[2] = {set[p[i] >> 4], set[p[i] & 15]};
        add_mem(s, c, 2);
    }
}

static void add_blob(Side *s, u32 blob)
{
    u32 n;
    const u8 *p = md_blob(&s->m, blob, &n);
    if (p) add_hex(s, p, n);
    else add(s, "?");
}

static void end_line(Side *s)
{
    vec_push(&s->lines, arena_strndup(&s->arena, s->buf, s->len));
    s->len = 0;
}

static void add_token(Side *s, u32 token);

/* A member's name without the mark of a private scope */
static void add_member_name(Side *s, const char *name)
{
    const char *mark = strstr(name, "$PST");
    add_mem(s, name, mark && strlen(mark) == 12 ? (size_t)(mark - name) : strlen(name));
}

static void add_sig_type(Side *s, MdSig *g)
{
    MdArrayShape a;
    MdMethodSig h;
    u8 e = md_sig_byte(g);
    addf(s, "%02x", e);
    switch (e) {
    case ET_CMOD_OPT: case ET_CMOD_REQD: add_token(s, md_sig_token(g)); add_sig_type(s, g); break;
    case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED: case ET_SENTINEL: add_sig_type(s, g); break;
    case ET_VALUETYPE: case ET_CLASS: add_token(s, md_sig_token(g)); break;
    case ET_VAR: case ET_MVAR: addf(s, "(%u)", md_sig_uint(g)); break;
    case ET_ARRAY:
        add_sig_type(s, g);
        md_sig_array_shape(g, &a);
        addf(s, "[%u", a.rank);
        for (u32 i = 0; i < a.size_count; i++) addf(s, ",s%u", a.sizes[i]);
        for (u32 i = 0; i < a.lobound_count; i++) addf(s, ",l%d", a.lobounds[i]);
        add(s, "]");
        break;
    case ET_GENERICINST: {
        add_sig_type(s, g);
        u32 n = md_sig_uint(g);
        addf(s, "<%u", n);
        for (u32 i = 0; i < n && !g->bad; i++) add(s, ","), add_sig_type(s, g);
        add(s, ">");
        break;
    }
    case ET_FNPTR:
        if (!md_sig_method(g, &h)) break;
        addf(s, "{%02x:%u:%u ", h.header, h.generic_count, h.param_count);
        for (u32 i = 0; i <= h.param_count && !g->bad; i++) add(s, ","), add_sig_type(s, g);
        add(s, "}");
        break;
    default: break;
    }
}

static void add_sig(Side *s, u32 token)
{
    MdSig g = md_sig_of(&s->m, token);
    u8 head = md_sig_peek(&g);
    MdMethodSig h;
    u32 n = 1;
    if (MD_TABLE_OF(token) != MDT_TypeSpec) {
        u8 kind = head & SIG_KIND;
        addf(s, "%02x:", head);
        if (kind == SIG_FIELD) md_sig_field(&g);
        else if (kind == SIG_LOCALS) md_sig_locals(&g, &n);
        else if (kind == SIG_GENERICINST) md_sig_inst(&g, &n);
        else if (md_sig_method(&g, &h)) addf(s, "%u:", h.generic_count), n = h.param_count + 1;
    }
    for (u32 i = 0; i < n && !g.bad; i++) add(s, i ? "," : ""), add_sig_type(s, &g);
    if (g.bad) add(s, "<bad>");
}

static void add_full_name(Side *s, const char *ns, const char *name)
{
    add(s, ns);
    if (*ns) add(s, ".");
    add(s, name);
}

static void make_type_name(Side *s, u32 token)
{
    MdImage *m = &s->m;
    u32 rid = MD_RID(token);
    if (MD_TABLE_OF(token) == MDT_TypeDef) {
        u32 in = md_enclosing(m, rid);
        if (in) add_token(s, MD_TOKEN(MDT_TypeDef, in)), add(s, "/");
        add_full_name(s, md_typedef_namespace(m, rid), md_typedef_name(m, rid));
    } else {
        u32 scope = md_TypeRef_ResolutionScope(m, rid);
        if (scope && MD_TABLE_OF(scope) != MDT_Module) add_token(s, scope), add(s, "/");
        else if (!scope) add(s, "*/");
        add_full_name(s, md_typeref_namespace(m, rid), md_typeref_name(m, rid));
    }
}

static void add_type_name(Side *s, u32 token)
{
    char **names = s->type_names[MD_TABLE_OF(token) == MDT_TypeRef];
    u32 rid = MD_RID(token);
    if (!names[rid]) {
        size_t start = s->len;
        names[rid] = (char *)"<itself>";
        make_type_name(s, token);
        names[rid] = arena_strndup(&s->arena, s->buf + start, s->len - start);
        s->len = start;
    }
    add(s, names[rid]);
}

static void add_assembly_ref(Side *s, u32 r)
{
    MdImage *m = &s->m;
    addf(s, "[%s %u.%u.%u.%u %x %s ", md_assemblyref_name(m, r), md_AssemblyRef_MajorVersion(m, r), md_AssemblyRef_MinorVersion(m, r),
        md_AssemblyRef_BuildNumber(m, r), md_AssemblyRef_RevisionNumber(m, r), md_AssemblyRef_Flags(m, r), md_str(m, md_AssemblyRef_Culture(m, r)));
    add_blob(s, md_AssemblyRef_PublicKeyOrToken(m, r));
    add(s, " ");
    add_blob(s, md_AssemblyRef_HashValue(m, r));
    add(s, "]");
}

/* What a token names */
static void add_token(Side *s, u32 token)
{
    MdImage *m = &s->m;
    u32 rid = MD_RID(token), n;
    if (!md_valid_token(m, token)) {
        addf(s, "<%08x>", token);
        return;
    }
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: case MDT_TypeRef: add_type_name(s, token); break;
    case MDT_TypeSpec: add(s, "("), add_sig(s, token), add(s, ")"); break;
    case MDT_Field:
        add_token(s, MD_TOKEN(MDT_TypeDef, md_field_owner(m, rid)));
        add(s, "::"), add_member_name(s, md_field_name(m, rid)), add(s, " "), add_sig(s, token);
        break;
    case MDT_MethodDef:
        add_token(s, MD_TOKEN(MDT_TypeDef, md_method_owner(m, rid)));
        add(s, "::"), add_member_name(s, md_method_name(m, rid)), add(s, " "), add_sig(s, token);
        break;
    case MDT_MemberRef: {
        u32 parent = md_MemberRef_Class(m, rid);
        if (MD_TABLE_OF(parent) == MDT_MethodDef) parent = MD_TOKEN(MDT_TypeDef, md_method_owner(m, MD_RID(parent)));
        add_token(s, parent);
        add(s, "::"), add(s, md_memberref_name(m, rid)), add(s, " "), add_sig(s, token);
        break;
    }
    case MDT_MethodSpec: add_token(s, md_MethodSpec_Method(m, rid)), add(s, "<"), add_sig(s, token), add(s, ">"); break;
    case MDT_StandAloneSig: add_sig(s, token); break;
    case MDT_Param: {
        u32 method = md_param_method(m, rid);
        add_token(s, MD_TOKEN(MDT_MethodDef, method)), addf(s, " param %u", md_Param_Sequence(m, rid));
        break;
    }
    case MDT_InterfaceImpl:
        add_token(s, MD_TOKEN(MDT_TypeDef, md_InterfaceImpl_Class(m, rid))), add(s, " : ");
        add_token(s, md_InterfaceImpl_Interface(m, rid));
        break;
    case MDT_GenericParam: add_token(s, md_GenericParam_Owner(m, rid)), addf(s, " !%u", md_GenericParam_Number(m, rid)); break;
    case MDT_GenericParamConstraint:
        add_token(s, MD_TOKEN(MDT_GenericParam, md_GenericParamConstraint_Owner(m, rid))), add(s, " : ");
        add_token(s, md_GenericParamConstraint_Constraint(m, rid));
        break;
    case MDT_Property:
        add_token(s, MD_TOKEN(MDT_TypeDef, md_property_owner(m, rid)));
        add(s, ".property "), add(s, md_property_name(m, rid)), add(s, " "), add_sig(s, token);
        break;
    case MDT_Event:
        add_token(s, MD_TOKEN(MDT_TypeDef, md_event_owner(m, rid)));
        add(s, ".event "), add(s, md_str(m, md_Event_Name(m, rid)));
        break;
    case MDT_ModuleRef: add(s, ".module "), add(s, md_moduleref_name(m, rid)); break;
    case MDT_AssemblyRef: add_assembly_ref(s, rid); break;
    case MDT_File: add(s, ".file "), add(s, md_str(m, md_File_Name(m, rid))); break;
    case MDT_ExportedType:
        if (MD_TABLE_OF(md_ExportedType_Implementation(m, rid)) == MDT_ExportedType) add_token(s, md_ExportedType_Implementation(m, rid)), add(s, "/");
        add_full_name(s, md_exported_namespace(m, rid), md_exported_name(m, rid));
        break;
    case MDT_ManifestResource: add(s, ".mresource "), add(s, md_resource_name(m, rid)); break;
    case MDT_String: {
        const u8 *p = md_user_string(m, rid, &n);
        add(s, "\""), add_hex(s, p, (size_t)n * 2), add(s, "\"");
        break;
    }
    default: add(s, md_table_name(MD_TABLE_OF(token)));
    }
}

static void add_constant(Side *s, u32 token)
{
    u32 row = md_constant_of(&s->m, token);
    if (!row) return;
    addf(s, " = %02x:", md_Constant_Type(&s->m, row) & 0xFF);
    add_blob(s, md_Constant_Value(&s->m, row));
}

static void add_marshal(Side *s, u32 token)
{
    u32 row = md_marshal_of(&s->m, token);
    if (row) add(s, " marshal "), add_blob(s, md_FieldMarshal_NativeType(&s->m, row));
}

static u32 plain_size(const MdImage *m, u32 field)
{
    static const u8 sizes[] = {[ET_BOOLEAN] = 1, [ET_CHAR] = 2, [ET_I1] = 1, [ET_U1] = 1, [ET_I2] = 2, [ET_U2] = 2, [ET_I4] = 4, [ET_U4] = 4,
        [ET_I8] = 8, [ET_U8] = 8, [ET_R4] = 4, [ET_R8] = 8, [ET_I] = 8, [ET_U] = 8};
    MdSig g = md_sig_of(m, MD_TOKEN(MDT_Field, field));
    md_sig_field(&g);
    md_sig_skip_mods(&g);
    u8 e = md_sig_byte(&g);
    if (e < ARRAY_LEN(sizes)) {
        if (sizes[e]) return sizes[e];
    }
    u32 token = e == ET_VALUETYPE ? md_sig_token(&g) : 0;
    u32 row = MD_TABLE_OF(token) == MDT_TypeDef ? md_class_layout_of(m, MD_RID(token)) : 0;
    return row ? md_ClassLayout_ClassSize(m, row) : 0;
}

static void field_lines(Side *s, u32 type)
{
    MdImage *m = &s->m;
    MdRange r = md_typedef_fields(m, type);
    for (u32 i = r.first; i < r.end; i++) {
        u32 f = md_field_at(m, i), token = MD_TOKEN(MDT_Field, f), row;
        addf(s, "field %u ", i - r.first);
        add_token(s, token);
        addf(s, " flags %x", md_Field_Flags(m, f));
        if ((row = md_field_layout_of(m, f))) addf(s, " at %u", md_FieldLayout_Offset(m, row));
        add_constant(s, token);
        add_marshal(s, token);
        if ((row = md_field_rva_of(m, f))) {
            u32 size = plain_size(m, f), there = 0;
            const u8 *p = pe_rva_data(&s->pe, md_FieldRVA_RVA(m, row), size, &there);
            addf(s, " data %u ", size);
            if (p) add_hex(s, p, MIN(there, size));
            for (u32 k = there; p && k < size; k++) add(s, "00");
        }
        end_line(s);
    }
}

static void add_inst(Side *s, const IlBody *b, const IlInst *in)
{
    u32 op = il_op_info[in->op].size;
    addf(s, " %x:", in->op);
    if (in->operand >= IL_OPR_METHOD && in->operand <= IL_OPR_STRING) add_token(s, in->token);
    else add_hex(s, b->code + in->offset + op, in->size - op);
}

static void add_body(Side *s, u32 method)
{
    MdImage *m = &s->m;
    IlBody b;
    IlInst in;
    if (!md_MethodDef_RVA(m, method) || (md_MethodDef_ImplFlags(m, method) & MI_CODE_TYPE) != MI_IL) return;
    if (!il_read_body(m, method, &b, NULL)) {
        add(s, " <bad body>");
        return;
    }
    bool tiny = b.max_stack <= 8 && b.code_size < 64 && !b.local_sig && !b.clause_count;
    addf(s, " body %u stack %u init %u locals ", b.code_size, tiny ? 8 : b.max_stack, b.init_locals);
    if (b.local_sig) add_token(s, b.local_sig);
    for (u32 at = 0; at < b.code_size; at += in.size) {
        if (!il_decode(b.code, b.code_size, at, &in)) {
            addf(s, " bad %02x", b.code[at]);
            in.size = 1;
            continue;
        }
        add_inst(s, &b, &in);
    }
    for (u32 i = 0; i < b.clause_count; i++) {
        IlClause c;
        il_clause(&b, i, &c);
        addf(s, " clause %u %x-%x %x-%x %x ", c.kind, c.try_start, c.try_end, c.handler_start, c.handler_end, c.filter_start);
        if (c.kind == IL_EH_CATCH) add_token(s, c.class_token);
    }
}

static void add_params(Side *s, u32 method)
{
    MdImage *m = &s->m;
    MdRange r = md_method_params(m, method);
    for (u32 i = r.first; i < r.end; i++) {
        u32 p = md_param_at(m, i), token = MD_TOKEN(MDT_Param, p);
        char made[16]; /* the assembler's name for a parameter that has none */
        snprintf(made, sizeof(made), "A_%u", md_Param_Sequence(m, p) - 1);
        bool bare = !md_Param_Flags(m, p) && (!*md_param_name(m, p) || strcmp(md_param_name(m, p), made) == 0);
        if (bare && !md_constant_of(m, token) && !md_marshal_of(m, token)) continue;
        addf(s, " param %u %x %s", md_Param_Sequence(m, p), md_Param_Flags(m, p), md_param_name(m, p));
        add_constant(s, token);
        add_marshal(s, token);
    }
}

static void method_lines(Side *s, u32 type)
{
    MdImage *m = &s->m;
    MdRange r = md_typedef_methods(m, type);
    for (u32 i = r.first; i < r.end; i++) {
        u32 rid = md_method_at(m, i), token = MD_TOKEN(MDT_MethodDef, rid), row;
        addf(s, "method %u ", i - r.first);
        add_token(s, token);
        addf(s, " flags %x impl %x", md_MethodDef_Flags(m, rid), md_MethodDef_ImplFlags(m, rid));
        if ((row = md_impl_map_of(m, token)))
            addf(s, " pinvoke %x %s from %s", md_ImplMap_MappingFlags(m, row), md_str(m, md_ImplMap_ImportName(m, row)),
                md_moduleref_name(m, md_ImplMap_ImportScope(m, row)));
        add_params(s, rid);
        add_body(s, rid);
        end_line(s);
    }
}

static void semantics(Side *s, u32 token)
{
    MdIter it = md_semantics_of(&s->m, token);
    for (u32 r; (r = md_next_row(&it));) {
        addf(s, "semantics %x ", md_MethodSemantics_Semantics(&s->m, r));
        add_token(s, token), add(s, " = ");
        add_token(s, MD_TOKEN(MDT_MethodDef, md_MethodSemantics_Method(&s->m, r)));
        end_line(s);
    }
}

static void type_lines(Side *s)
{
    MdImage *m = &s->m;
    for (u32 t = 1; t <= md_rows(m, MDT_TypeDef); t++) {
        u32 token = MD_TOKEN(MDT_TypeDef, t), row = md_class_layout_of(m, t);
        add(s, "type "), add_token(s, token);
        addf(s, " flags %x extends ", md_TypeDef_Flags(m, t));
        if (md_TypeDef_Extends(m, t)) add_token(s, md_TypeDef_Extends(m, t));
        u32 layout = row ? md_ClassLayout_PackingSize(m, row) | md_ClassLayout_ClassSize(m, row) : 0; /* all zero says nothing */
        if (layout) addf(s, " pack %u size %u", md_ClassLayout_PackingSize(m, row), md_ClassLayout_ClassSize(m, row));
        end_line(s);
        field_lines(s, t);
        method_lines(s, t);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_Property); r++) {
        add_token(s, MD_TOKEN(MDT_Property, r)), addf(s, " flags %x", md_Property_Flags(m, r));
        add_constant(s, MD_TOKEN(MDT_Property, r));
        end_line(s);
        semantics(s, MD_TOKEN(MDT_Property, r));
    }
    for (u32 r = 1; r <= md_rows(m, MDT_Event); r++) {
        add_token(s, MD_TOKEN(MDT_Event, r)), addf(s, " flags %x ", md_Event_EventFlags(m, r));
        if (md_Event_EventType(m, r)) add_token(s, md_Event_EventType(m, r));
        end_line(s);
        semantics(s, MD_TOKEN(MDT_Event, r));
    }
}

static void other_lines(Side *s)
{
    MdImage *m = &s->m;
    for (u32 r = 1; r <= md_rows(m, MDT_InterfaceImpl); r++) add(s, "implements "), add_token(s, MD_TOKEN(MDT_InterfaceImpl, r)), end_line(s);
    for (u32 r = 1; r <= md_rows(m, MDT_CustomAttribute); r++) {
        u32 parent = md_CustomAttribute_Parent(m, r);
        addf(s, "attribute of %s ", md_table_name(MD_TABLE_OF(parent)) ? md_table_name(MD_TABLE_OF(parent)) : "?");
        add_token(s, parent), add(s, " is ");
        add_token(s, md_CustomAttribute_Type(m, r)), add(s, " ");
        add_blob(s, md_CustomAttribute_Value(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_DeclSecurity); r++) {
        addf(s, "security %u ", md_DeclSecurity_Action(m, r)), add_token(s, md_DeclSecurity_Parent(m, r)), add(s, " ");
        add_blob(s, md_DeclSecurity_PermissionSet(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_MethodImpl); r++) {
        add(s, "override in "), add_token(s, MD_TOKEN(MDT_TypeDef, md_MethodImpl_Class(m, r))), add(s, " of ");
        add_token(s, md_MethodImpl_MethodDeclaration(m, r)), add(s, " by "), add_token(s, md_MethodImpl_MethodBody(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_GenericParam); r++) {
        add(s, "generic "), add_token(s, MD_TOKEN(MDT_GenericParam, r));
        addf(s, " %x %s", md_GenericParam_Flags(m, r), md_genericparam_name(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_GenericParamConstraint); r++)
        add(s, "constraint "), add_token(s, MD_TOKEN(MDT_GenericParamConstraint, r)), end_line(s);
}

static void manifest_lines(Side *s)
{
    MdImage *m = &s->m;
    addf(s, "module %s", md_str(m, md_Module_Name(m, 1)));
    end_line(s);
    if (md_rows(m, MDT_Assembly)) {
        addf(s, "assembly %s %u.%u.%u.%u %x %x %s ", md_str(m, md_Assembly_Name(m, 1)), md_Assembly_MajorVersion(m, 1), md_Assembly_MinorVersion(m, 1),
            md_Assembly_BuildNumber(m, 1), md_Assembly_RevisionNumber(m, 1), md_Assembly_HashAlgId(m, 1), md_Assembly_Flags(m, 1),
            md_str(m, md_Assembly_Culture(m, 1)));
        add_blob(s, md_Assembly_PublicKey(m, 1));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_AssemblyRef); r++) add(s, "reference "), add_assembly_ref(s, r), end_line(s);
    for (u32 r = 1; r <= md_rows(m, MDT_ModuleRef); r++) add_token(s, MD_TOKEN(MDT_ModuleRef, r)), end_line(s);
    for (u32 r = 1; r <= md_rows(m, MDT_File); r++) {
        add_token(s, MD_TOKEN(MDT_File, r)), addf(s, " %x ", md_File_Flags(m, r)), add_blob(s, md_File_HashValue(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_ExportedType); r++) {
        add(s, "exported "), add_token(s, MD_TOKEN(MDT_ExportedType, r));
        addf(s, " %x from ", md_ExportedType_Flags(m, r)), add_token(s, md_ExportedType_Implementation(m, r));
        end_line(s);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_ManifestResource); r++) {
        u32 impl = md_ManifestResource_Implementation(m, r), n = 0;
        add_token(s, MD_TOKEN(MDT_ManifestResource, r)), addf(s, " %x ", md_ManifestResource_Flags(m, r));
        const u8 *p = impl ? NULL : pe_resource(&s->pe, md_ManifestResource_Offset(m, r), &n);
        if (impl) add_token(s, impl);
        else if (p) addf(s, "%u bytes, hash %08x", n, base_hash_bytes(p, n));
        end_line(s);
    }
    add(s, "entry point "), s->pe.entry_token ? add_token(s, s->pe.entry_token) : add(s, "none"), end_line(s);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool read_side(Side *s, const char *path)
{
    Err e = {0};
    if (!pe_open_file(&s->pe, path, &e) || !md_open(&s->m, &s->pe, &e)) {
        fprintf(stderr, "mdcompare: %s: %s\n", path, e.text);
        return false;
    }
    arena_init(&s->arena, 1 << 20);
    s->type_names[0] = base_calloc((size_t)md_rows(&s->m, MDT_TypeDef) + 1, sizeof(char *));
    s->type_names[1] = base_calloc((size_t)md_rows(&s->m, MDT_TypeRef) + 1, sizeof(char *));
    manifest_lines(s);
    type_lines(s);
    other_lines(s);
    qsort(s->lines.data, s->lines.len, sizeof(char *), by_text);
    return true;
}

static void show(const char *mark, const char *line, u32 *shown, u32 most)
{
    if ((*shown)++ < most) printf("%s %.*s\n", mark, 1200, line);
}

int main(int argc, char **argv)
{
    static Side a, b;
    if (argc < 3) {
        fprintf(stderr, "usage: mdcompare A.dll B.dll [differences shown]\n");
        return 2;
    }
    u32 most = argc > 3 ? (u32)atoi(argv[3]) : 10, shown = 0;
    if (!read_side(&a, argv[1]) || !read_side(&b, argv[2])) return 2;
    u32 i = 0, k = 0;
    while (i < a.lines.len || k < b.lines.len) {
        int c = i == a.lines.len ? 1 : k == b.lines.len ? -1 : strcmp(a.lines.data[i], b.lines.data[k]);
        if (c == 0) i++, k++;
        else if (c < 0) show("-", a.lines.data[i++], &shown, most);
        else show("+", b.lines.data[k++], &shown, most);
    }
    printf("%u rows, %u bodies; %u differences\n", a.lines.len, md_rows(&a.m, MDT_MethodDef), shown);
    return shown != 0;
}
