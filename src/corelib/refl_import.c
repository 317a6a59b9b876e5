/* refl_import.c: System.Reflection.MetadataImport: rows of an image for managed reflection.
 * Leaf calls that read tokens and give an HRESULT; names are pointers into the image.  The handle is the Module's MdImage. */
#include "corelib/refl_int.h"

#include "md/md_sig.h"

enum { S_OK = 0 };
#define E_NOTFOUND ((i32)0x80131130) /* CLDB_E_RECORD_NOTFOUND */
#define E_BADIMAGE ((i32)0x8007000B)

typedef struct ConstArray {
    i32 length;
    const void *data;
} ConstArray;

static bool good(const MdImage *m, u32 token, u32 table)
{
    return m && MD_TABLE_OF(token) == table && MD_RID(token) - 1 < md_rows(m, table);
}

static i32 set_blob(const MdImage *m, u32 blob, ConstArray *out)
{
    u32 n = 0;
    const u8 *p = md_blob(m, blob, &n);
    out->length = (i32)n;
    out->data = p;
    return p || !blob ? S_OK : E_BADIMAGE;
}

REFL(MdImage *, MetadataImport_GetMetadataImport, Object *module)
{
    Module *m = refl_module_of(module);
    return m ? m->md : NULL;
}

REFL(i32, MetadataImport_GetName, MdImage *m, u32 token, const char **name)
{
    u32 rid = MD_RID(token);
    *name = NULL;
    if (!m || !rid || !good(m, token, MD_TABLE_OF(token)))
        return E_BADIMAGE;
    switch (MD_TABLE_OF(token)) {
    case MDT_Module: *name = md_str(m, md_Module_Name(m, rid)); break;
    case MDT_TypeRef: *name = md_typeref_name(m, rid); break;
    case MDT_TypeDef: *name = md_typedef_name(m, rid); break;
    case MDT_Field: *name = md_field_name(m, rid); break;
    case MDT_MethodDef: *name = md_method_name(m, rid); break;
    case MDT_Param: *name = md_param_name(m, rid); break;
    case MDT_MemberRef: *name = md_memberref_name(m, rid); break;
    case MDT_Event: *name = md_event_name(m, rid); break;
    case MDT_Property: *name = md_property_name(m, rid); break;
    case MDT_ModuleRef: *name = md_moduleref_name(m, rid); break;
    case MDT_AssemblyRef: *name = md_assemblyref_name(m, rid); break;
    case MDT_GenericParam: *name = md_genericparam_name(m, rid); break;
    case MDT_ManifestResource: *name = md_resource_name(m, rid); break;
    case MDT_ExportedType: *name = md_exported_name(m, rid); break;
    default: return E_BADIMAGE;
    }
    return S_OK;
}

REFL(i32, MetadataImport_GetNamespace, MdImage *m, u32 token, const char **ns)
{
    *ns = NULL;
    if (good(m, token, MDT_TypeDef))
        *ns = md_typedef_namespace(m, MD_RID(token));
    else if (good(m, token, MDT_TypeRef))
        *ns = md_typeref_namespace(m, MD_RID(token));
    else
        return E_BADIMAGE;
    return S_OK;
}

REFL(i32, MetadataImport_GetUserString, MdImage *m, u32 token, const void **s, i32 *length)
{
    u32 n = 0;
    *s = m ? md_user_string(m, MD_RID(token), &n) : NULL;
    *length = (i32)n;
    return *s ? S_OK : E_BADIMAGE;
}

static i64 signed_value(u8 et, const u8 *p, u32 n)
{
    u64 v = 0;
    memcpy(&v, p, MIN(n, 8u));
    switch (et) {
    case ET_I1: return (i8)v;
    case ET_I2: return (i16)v;
    case ET_I4: return (i32)v;
    default: return (i64)v;
    }
}

REFL(i32, MetadataImport_GetDefaultValue, MdImage *m, u32 token, i64 *value, const void **s, i32 *length, i32 *et)
{
    *value = 0;
    *s = NULL;
    *length = 0;
    *et = ET_VOID;
    u32 rid = m ? md_constant_of(m, token) : 0, n = 0;
    if (!rid)
        return S_OK;
    u8 type = (u8)md_Constant_Type(m, rid);
    const u8 *p = md_blob(m, md_Constant_Value(m, rid), &n);
    *et = type;
    if (type == ET_STRING) {
        *s = p;
        *length = (i32)(n / 2);
    } else if (type != ET_CLASS && p) {
        *value = signed_value(type, p, n);
    }
    return p ? S_OK : E_BADIMAGE;
}

REFL(i32, MetadataImport_GetEventProps, MdImage *m, u32 token, const char **name, i32 *attrs)
{
    if (!good(m, token, MDT_Event))
        return E_BADIMAGE;
    *name = md_event_name(m, MD_RID(token));
    *attrs = (i32)md_Event_EventFlags(m, MD_RID(token));
    return S_OK;
}

REFL(i32, MetadataImport_GetFieldDefProps, MdImage *m, u32 token, i32 *attrs)
{
    if (!good(m, token, MDT_Field))
        return E_BADIMAGE;
    *attrs = (i32)md_Field_Flags(m, MD_RID(token));
    return S_OK;
}

REFL(i32, MetadataImport_GetPropertyProps, MdImage *m, u32 token, const char **name, i32 *attrs, ConstArray *sig)
{
    if (!good(m, token, MDT_Property))
        return E_BADIMAGE;
    *name = md_property_name(m, MD_RID(token));
    *attrs = (i32)md_Property_Flags(m, MD_RID(token));
    return set_blob(m, md_Property_Type(m, MD_RID(token)), sig);
}

REFL(i32, MetadataImport_GetParentToken, MdImage *m, u32 token, u32 *parent)
{
    u32 rid = MD_RID(token);
    *parent = 0;
    if (!m || !good(m, token, MD_TABLE_OF(token)))
        return E_BADIMAGE;
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: *parent = MD_TOKEN(MDT_TypeDef, md_enclosing(m, rid)); break;
    case MDT_MethodDef: *parent = MD_TOKEN(MDT_TypeDef, md_method_owner(m, rid)); break;
    case MDT_Field: *parent = MD_TOKEN(MDT_TypeDef, md_field_owner(m, rid)); break;
    case MDT_Property: *parent = MD_TOKEN(MDT_TypeDef, md_property_owner(m, rid)); break;
    case MDT_Event: *parent = MD_TOKEN(MDT_TypeDef, md_event_owner(m, rid)); break;
    case MDT_Param: *parent = MD_TOKEN(MDT_MethodDef, md_param_method(m, rid)); break;
    case MDT_GenericParam: *parent = md_GenericParam_Owner(m, rid); break;
    case MDT_MemberRef: *parent = md_MemberRef_Class(m, rid); break;
    case MDT_TypeRef: *parent = md_TypeRef_ResolutionScope(m, rid); break;
    case MDT_CustomAttribute: *parent = md_CustomAttribute_Parent(m, rid); break;
    case MDT_MethodSpec: *parent = md_MethodSpec_Method(m, rid); break;
    default: return E_BADIMAGE;
    }
    return S_OK;
}

REFL(i32, MetadataImport_GetParamDefProps, MdImage *m, u32 token, i32 *sequence, i32 *attrs)
{
    if (!good(m, token, MDT_Param))
        return E_BADIMAGE;
    *sequence = (i32)md_Param_Sequence(m, MD_RID(token));
    *attrs = (i32)md_Param_Flags(m, MD_RID(token));
    return S_OK;
}

REFL(i32, MetadataImport_GetGenericParamProps, MdImage *m, u32 token, i32 *flags)
{
    if (!good(m, token, MDT_GenericParam))
        return E_BADIMAGE;
    *flags = (i32)md_GenericParam_Flags(m, MD_RID(token));
    return S_OK;
}

REFL(i32, MetadataImport_GetScopeProps, MdImage *m, u8 *mvid)
{
    const u8 *g = m ? md_guid(m, md_Module_Mvid(m, 1)) : NULL;
    if (!g) {
        memset(mvid, 0, 16);
        return m ? S_OK : E_BADIMAGE;
    }
    memcpy(mvid, g, 16);
    return S_OK;
}

REFL(i32, MetadataImport_GetSigOfMethodDef, MdImage *m, u32 token, ConstArray *sig)
{
    return good(m, token, MDT_MethodDef) ? set_blob(m, md_MethodDef_Signature(m, MD_RID(token)), sig) : E_BADIMAGE;
}

REFL(i32, MetadataImport_GetSigOfFieldDef, MdImage *m, u32 token, ConstArray *sig)
{
    return good(m, token, MDT_Field) ? set_blob(m, md_Field_Signature(m, MD_RID(token)), sig) : E_BADIMAGE;
}

REFL(i32, MetadataImport_GetSignatureFromToken, MdImage *m, u32 token, ConstArray *sig)
{
    u32 rid = MD_RID(token);
    if (!m || !good(m, token, MD_TABLE_OF(token)))
        return E_BADIMAGE;
    switch (MD_TABLE_OF(token)) {
    case MDT_StandAloneSig: return set_blob(m, md_StandAloneSig_Signature(m, rid), sig);
    case MDT_TypeSpec: return set_blob(m, md_TypeSpec_Signature(m, rid), sig);
    case MDT_MethodDef: return set_blob(m, md_MethodDef_Signature(m, rid), sig);
    case MDT_Field: return set_blob(m, md_Field_Signature(m, rid), sig);
    default: return E_BADIMAGE;
    }
}

REFL(i32, MetadataImport_GetMemberRefProps, MdImage *m, u32 token, ConstArray *sig)
{
    return good(m, token, MDT_MemberRef) ? set_blob(m, md_MemberRef_Signature(m, MD_RID(token)), sig) : E_BADIMAGE;
}

REFL(i32, MetadataImport_GetCustomAttributeProps, MdImage *m, u32 token, u32 *ctor, ConstArray *blob)
{
    if (!good(m, token, MDT_CustomAttribute))
        return E_BADIMAGE;
    *ctor = md_CustomAttribute_Type(m, MD_RID(token));
    return set_blob(m, md_CustomAttribute_Value(m, MD_RID(token)), blob);
}

REFL(i32, MetadataImport_GetClassLayout, MdImage *m, u32 token, i32 *pack, i32 *size)
{
    *pack = *size = 0;
    if (!good(m, token, MDT_TypeDef))
        return E_BADIMAGE;
    u32 rid = md_class_layout_of(m, MD_RID(token));
    if (rid) {
        *pack = (i32)md_ClassLayout_PackingSize(m, rid);
        *size = (i32)md_ClassLayout_ClassSize(m, rid);
    }
    return S_OK;
}

REFL(i32, MetadataImport_GetFieldOffset, MdImage *m, u32 type, u32 field, i32 *offset, u8 *found)
{
    *offset = 0;
    *found = 0;
    if (!good(m, type, MDT_TypeDef) || !good(m, field, MDT_Field))
        return E_BADIMAGE;
    u32 rid = md_field_layout_of(m, MD_RID(field));
    if (rid) {
        *offset = (i32)md_FieldLayout_Offset(m, rid);
        *found = 1;
    }
    return S_OK;
}

REFL(i32, MetadataImport_GetFieldMarshal, MdImage *m, u32 token, ConstArray *out)
{
    *out = (ConstArray){0};
    u32 rid = m ? md_marshal_of(m, token) : 0;
    return rid ? set_blob(m, md_FieldMarshal_NativeType(m, rid), out) : m ? S_OK : E_BADIMAGE;
}

REFL(i32, MetadataImport_GetPInvokeMap, MdImage *m, u32 token, i32 *attrs, const char **name, const char **dll)
{
    *attrs = 0;
    *name = *dll = NULL;
    u32 rid = m ? md_impl_map_of(m, token) : 0;
    if (!rid)
        return E_NOTFOUND;
    *attrs = (i32)md_ImplMap_MappingFlags(m, rid);
    *name = md_str(m, md_ImplMap_ImportName(m, rid));
    *dll = md_moduleref_name(m, md_ImplMap_ImportScope(m, rid));
    return S_OK;
}

/* Rows that metadata names by tokens, and user strings. */
REFL(u8, MetadataImport_IsValidToken, MdImage *m, u32 token)
{
    switch (MD_TABLE_OF(token)) {
    case MDT_Module: case MDT_TypeRef: case MDT_TypeDef: case MDT_Field: case MDT_MethodDef: case MDT_Param: case MDT_InterfaceImpl:
    case MDT_MemberRef: case MDT_CustomAttribute: case MDT_DeclSecurity: case MDT_StandAloneSig: case MDT_Event: case MDT_Property:
    case MDT_ModuleRef: case MDT_TypeSpec: case MDT_Assembly: case MDT_AssemblyRef: case MDT_File: case MDT_ExportedType:
    case MDT_ManifestResource: case MDT_GenericParam: case MDT_MethodSpec: case MDT_GenericParamConstraint: case 0x70:
        return m && md_valid_token(m, token);
    default:
        return 0;
    }
}

/* --- Lists ------------------------------------------------------------------------------------------------------------------- */
typedef struct TokenList {
    VEC(u32) v;
} TokenList;

static void add_range(TokenList *l, const MdImage *m, u32 table, MdRange r, u32 (*at)(const MdImage *, u32))
{
    for (u32 i = r.first; i < r.end; i++)
        vec_push(&l->v, MD_TOKEN(table, at(m, i)));
}

static void add_rows(TokenList *l, u32 table, MdIter it)
{
    for (u32 r; (r = md_next_row(&it));)
        vec_push(&l->v, MD_TOKEN(table, r));
}

static void list_tokens(TokenList *l, const MdImage *m, u32 table, u32 parent)
{
    u32 rid = MD_RID(parent);
    switch (table) {
    case MDT_CustomAttribute: add_rows(l, table, md_attributes_of(m, parent)); break;
    case MDT_GenericParam: add_rows(l, table, md_generic_params_of(m, parent)); break;
    case MDT_InterfaceImpl: add_rows(l, table, md_interfaces_of(m, rid)); break;
    case MDT_MethodDef: add_range(l, m, table, md_typedef_methods(m, rid), md_method_at); break;
    case MDT_Field: add_range(l, m, table, md_typedef_fields(m, rid), md_field_at); break;
    case MDT_Property: add_range(l, m, table, md_typedef_properties(m, rid), md_property_at); break;
    case MDT_Event: add_range(l, m, table, md_typedef_events(m, rid), md_event_at); break;
    case MDT_Param: add_range(l, m, table, md_method_params(m, rid), md_param_at); break;
    case MDT_TypeDef: {
        MdIter it = md_find_rows(m, MDT_NestedClass, MDC_NestedClass_EnclosingClass, rid);
        for (u32 r; (r = md_next_row(&it));)
            vec_push(&l->v, MD_TOKEN(MDT_TypeDef, md_NestedClass_NestedClass(m, r)));
        break;
    }
    case MDT_MethodSemantics: { /* pairs of MethodDef and kind, for the accessors of a property or event */
        MdIter it = md_semantics_of(m, parent);
        for (u32 r; (r = md_next_row(&it));) {
            vec_push(&l->v, MD_TOKEN(MDT_MethodDef, md_MethodSemantics_Method(m, r)));
            vec_push(&l->v, md_MethodSemantics_Semantics(m, r));
        }
        break;
    }
    default:
        for (u32 r = 1; r <= md_rows(m, table); r++)
            vec_push(&l->v, MD_TOKEN(table, r));
    }
}

REFL(void, MetadataImport_Enum, MdImage *m, u32 type, u32 parent, i32 *length, i32 *few, ObjectHandleOnStack many)
{
    TokenList l = {0};
    /* accessors are asked for as MethodDefs of a property or event */
    u32 table = MD_TABLE_OF(type), of = MD_TABLE_OF(parent);
    if (table == MDT_MethodDef && (of == MDT_Property || of == MDT_Event))
        table = MDT_MethodSemantics;
    if (m)
        list_tokens(&l, m, table, parent);
    u32 n = (u32)l.v.len;
    if (n <= (u32)*length) {
        if (n)
            memcpy(few, l.v.data, n * sizeof(i32));
    } else {
        QCALL_BEGIN(t);
        Array *a = vm_new_array(t, th_of(type_wk(WK_INT32)), n);
        if (a) {
            memcpy(a->data, l.v.data, n * sizeof(i32));
            qc_set_object(many, (Object *)a);
        }
        QCALL_END(t);
    }
    *length = (i32)n;
    vec_free(&l.v);
}

/* --- Native types (§II.23.4) -------------------------------------------------------------------------------------------------- */
static const char *marshal_string(MdSig *s, i32 *len)
{
    if (s->p >= s->end)
        return NULL;
    u32 n = md_sig_uint(s);
    if (s->bad || n > (u32)(s->end - s->p))
        return NULL;
    const char *p = (const char *)s->p;
    s->p += n;
    *len = (i32)n;
    return n ? p : NULL;
}

REFL(i32, MetadataImport_GetMarshalAs, const u8 *p, i32 size, i32 *type, i32 *safe_sub, const char **safe_user, i32 *safe_user_len,
     i32 *array_sub, i32 *size_param, i32 *size_const, const char **custom, i32 *custom_len, const char **cookie,
     i32 *cookie_len, i32 *iid)
{
    enum { T_ARRAY = 0x2a, T_BYVALARRAY = 0x1e, T_BYVALSTR = 0x17, T_SAFEARRAY = 0x1d, T_CUSTOM = 0x2c, T_INTF = 0x1c,
           T_UNKNOWN = 0x19, T_DISPATCH = 0x1a };
    MdSig s = md_sig(p, (u32)size);
    i32 skipped;
    *safe_user = *custom = *cookie = NULL;
    *safe_sub = *safe_user_len = *array_sub = *size_param = *size_const = *custom_len = *cookie_len = *iid = 0;
    *type = (i32)md_sig_uint(&s);
    if (s.bad)
        return 0;
    switch (*type) {
    case T_BYVALSTR:
        *size_const = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        break;
    case T_BYVALARRAY:
        *size_const = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        *array_sub = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        break;
    case T_ARRAY:
        *array_sub = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        *size_param = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        *size_const = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        break;
    case T_SAFEARRAY:
        *safe_sub = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        *safe_user = marshal_string(&s, safe_user_len);
        break;
    case T_CUSTOM:
        marshal_string(&s, &skipped); /* GUID and native type name: not used */
        marshal_string(&s, &skipped);
        *custom = marshal_string(&s, custom_len);
        *cookie = marshal_string(&s, cookie_len);
        break;
    case T_INTF: case T_UNKNOWN: case T_DISPATCH:
        *iid = s.p < s.end ? (i32)md_sig_uint(&s) : 0;
        break;
    default:
        break;
    }
    return 1;
}
