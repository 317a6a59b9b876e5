/* refl_emit_attr.c: custom attributes of an emitted module that metadata has flags or tables for: they leave no CustomAttribute row, and
 * reflection makes them again from those.
 * Book: corelib.md  Tests: tests/app/BuilderAttributes.cs, PseudoAttributes.cs */
#include "corelib/refl_emit.h"

#include "md/md_attr.h"

typedef struct Pseudo {
    EmitModule *m;
    MdAttrReader r;
    u32 table, rid; /* of the target */
} Pseudo;

static const MdImage *image(const Pseudo *x) { return mdw_image(x->m->w); }
static bool is_name(const char *name, u32 len, const char *want) { return len == strlen(want) && memcmp(name, want, len) == 0; }

static void set_bits(Pseudo *x, u32 col, u32 mask, u32 bits)
{
    u32 v = md_col(image(x), x->table, x->rid, col);
    mdw_set(x->m->w, x->table, x->rid, col, (v & ~mask) | bits);
}

static void impl_bits(Pseudo *x, u32 bits) { set_bits(x, MDC_MethodDef_ImplFlags, 0, bits); }

static i64 first_int(Pseudo *x)
{
    MdAttrValue v = {0};
    return md_attr_fixed(&x->r, &v) ? v.i : 0;
}

/* --- Flags ------------------------------------------------------------------------------------------------------------------------------- */
typedef struct FlagRow {
    const char *ns, *name;
    u8 table, col;
    u32 bits;
} FlagRow;
static const FlagRow flag_rows[] = {
    {"System", "SerializableAttribute", MDT_TypeDef, MDC_TypeDef_Flags, TD_SERIALIZABLE},
    {"System", "NonSerializedAttribute", MDT_Field, MDC_Field_Flags, FD_NOT_SERIALIZED},
    {"System.Runtime.InteropServices", "ComImportAttribute", MDT_TypeDef, MDC_TypeDef_Flags, TD_IMPORT},
    {"System.Runtime.InteropServices", "InAttribute", MDT_Param, MDC_Param_Flags, PD_IN},
    {"System.Runtime.InteropServices", "OutAttribute", MDT_Param, MDC_Param_Flags, PD_OUT},
    {"System.Runtime.InteropServices", "OptionalAttribute", MDT_Param, MDC_Param_Flags, PD_OPTIONAL},
    {"System.Runtime.InteropServices", "PreserveSigAttribute", MDT_MethodDef, MDC_MethodDef_ImplFlags, MI_PRESERVE_SIG},
    {"System.Runtime.CompilerServices", "SpecialNameAttribute", MDT_TypeDef, MDC_TypeDef_Flags, TD_SPECIAL_NAME},
    {"System.Runtime.CompilerServices", "SpecialNameAttribute", MDT_Field, MDC_Field_Flags, FD_SPECIAL_NAME},
    {"System.Runtime.CompilerServices", "SpecialNameAttribute", MDT_MethodDef, MDC_MethodDef_Flags, MD_SPECIAL_NAME},
    {"System.Runtime.CompilerServices", "SpecialNameAttribute", MDT_Property, MDC_Property_Flags, 0x200},
    {"System.Runtime.CompilerServices", "SpecialNameAttribute", MDT_Event, MDC_Event_EventFlags, 0x200},
};

/* --- Rows -------------------------------------------------------------------------------------------------------------------------------- */
static bool method_impl(Pseudo *x)
{
    enum { CODE_TYPE = MI_CODE_TYPE };
    const char *name;
    u32 len;
    bool property;
    MdAttrValue v;
    impl_bits(x, (u32)first_int(x) & 0xFFFF);
    while (md_attr_named(&x->r, &name, &len, &property, &v))
        if (is_name(name, len, "MethodCodeType"))
            set_bits(x, MDC_MethodDef_ImplFlags, CODE_TYPE, (u32)v.i & CODE_TYPE);
    return true;
}

static u32 charset_bits(i64 charset) { return charset == 2 ? PM_ANSI : charset == 3 ? PM_UNICODE : charset == 4 ? PM_AUTO : 0; }

static bool dll_import(Pseudo *x)
{
    enum { THROW_ON = 0x1000, THROW_OFF = 0x2000, CONV_SHIFT = 8 };
    MdAttrValue lib, v;
    const char *name;
    u32 len, flags = 0, conv = PM_WINAPI;
    bool property, preserve = true;
    MdWriter *w = x->m->w;
    if (!md_attr_fixed(&x->r, &lib) || lib.is_null)
        return false;
    u32 entry = md_MethodDef_Name(image(x), x->rid);
    while (md_attr_named(&x->r, &name, &len, &property, &v)) {
        if (is_name(name, len, "EntryPoint") && !v.is_null)
            entry = mdw_string_n(w, v.str, v.str_len);
        else if (is_name(name, len, "CharSet"))
            flags |= charset_bits(v.i);
        else if (is_name(name, len, "SetLastError"))
            flags |= v.i ? (u32)PM_LAST_ERROR : 0;
        else if (is_name(name, len, "ExactSpelling"))
            flags |= v.i ? (u32)PM_NO_MANGLE : 0;
        else if (is_name(name, len, "PreserveSig"))
            preserve = v.i != 0;
        else if (is_name(name, len, "CallingConvention"))
            conv = ((u32)v.i << CONV_SHIFT) & PM_CALL_CONV;
        else if (is_name(name, len, "BestFitMapping"))
            flags |= v.i ? PM_BEST_FIT_ON : PM_BEST_FIT_OFF;
        else if (is_name(name, len, "ThrowOnUnmappableChar"))
            flags |= v.i ? THROW_ON : THROW_OFF;
    }
    u32 scope = MDW_INTERN(w, ModuleRef, mdw_string_n(w, lib.str, lib.str_len));
    MDW_PUT(w, ImplMap, flags | conv, mdw_coded(MDK_MemberForwarded, MD_TOKEN(MDT_MethodDef, x->rid)), entry, scope);
    set_bits(x, MDC_MethodDef_Flags, 0, MD_PINVOKE_IMPL);
    if (preserve)
        impl_bits(x, MI_PRESERVE_SIG);
    return true;
}

static bool struct_layout(Pseudo *x)
{
    enum { KIND_SEQUENTIAL = 0, KIND_EXPLICIT = 2 };
    MdAttrValue v;
    const char *name;
    bool property, sized = false;
    i64 kind = first_int(x);
    u32 len, pack = 0, size = 0;
    set_bits(x, MDC_TypeDef_Flags, TD_LAYOUT, kind == KIND_SEQUENTIAL ? TD_SEQUENTIAL_LAYOUT : kind == KIND_EXPLICIT ? TD_EXPLICIT_LAYOUT : 0);
    while (md_attr_named(&x->r, &name, &len, &property, &v)) {
        if (is_name(name, len, "Pack"))
            pack = (u32)v.i, sized = true;
        else if (is_name(name, len, "Size"))
            size = (u32)v.i, sized = true;
        else if (is_name(name, len, "CharSet"))
            set_bits(x, MDC_TypeDef_Flags, TD_STRING_FORMAT, v.i == 3 ? TD_UNICODE : v.i == 4 ? TD_AUTO : TD_ANSI);
    }
    if (sized)
        MDW_PUT(x->m->w, ClassLayout, pack, size, x->rid);
    return true;
}

static bool field_offset(Pseudo *x)
{
    MDW_PUT(x->m->w, FieldLayout, (u32)first_int(x), x->rid);
    return true;
}

/* §II.23.4 */
typedef struct Marshal {
    i64 type, sub, safe_sub, param, count, iid;
    MdAttrValue safe_type, marshal_type, cookie;
} Marshal;

static void put_string(EmitBytes *b, const MdAttrValue *v)
{
    u32 n = v->is_null ? 0 : v->str_len;
    emit_put_uint(b, n);
    for (u32 i = 0; i < n; i++)
        vec_push(b, (u8)v->str[i]);
}

static void put_marshal(EmitBytes *b, const Marshal *k)
{
    enum { BY_VALUE_STRING = 0x17, IUNKNOWN = 0x19, IDISPATCH = 0x1A, INTERFACE = 0x1C, SAFE_ARRAY = 0x1D, BY_VALUE_ARRAY = 0x1E, ARRAY = 0x2A,
           CUSTOM = 0x2C, NO_TYPE = 0x50 };
    emit_put_uint(b, (u32)k->type);
    switch (k->type) {
    case BY_VALUE_STRING:
        emit_put_uint(b, k->count < 0 ? 0 : (u32)k->count);
        break;
    case BY_VALUE_ARRAY:
        emit_put_uint(b, k->count < 0 ? 1 : (u32)k->count);
        if (k->sub >= 0)
            emit_put_uint(b, (u32)k->sub);
        break;
    case ARRAY:
        emit_put_uint(b, k->sub < 0 ? NO_TYPE : (u32)k->sub);
        if (k->param >= 0 || k->count >= 0)
            emit_put_uint(b, k->param < 0 ? 0 : (u32)k->param);
        if (k->count >= 0) {
            emit_put_uint(b, (u32)k->count);
            emit_put_uint(b, k->param >= 0); /* the parameter counts, too */
        }
        break;
    case SAFE_ARRAY:
        if (k->safe_sub >= 0)
            emit_put_uint(b, (u32)k->safe_sub);
        if (k->safe_sub >= 0 && !k->safe_type.is_null)
            put_string(b, &k->safe_type);
        break;
    case IUNKNOWN: case IDISPATCH: case INTERFACE:
        if (k->iid >= 0)
            emit_put_uint(b, (u32)k->iid);
        break;
    case CUSTOM:
        emit_put_uint(b, 0);
        emit_put_uint(b, 0);
        put_string(b, &k->marshal_type);
        put_string(b, &k->cookie);
        break;
    default:
        break;
    }
}

static bool marshal_as(Pseudo *x)
{
    const MdAttrValue null = {.is_null = true};
    Marshal k = {first_int(x), -1, -1, -1, -1, -1, null, null, null};
    MdAttrValue v;
    const char *name;
    u32 len;
    bool property;
    while (md_attr_named(&x->r, &name, &len, &property, &v)) {
        if (is_name(name, len, "ArraySubType"))
            k.sub = v.i;
        else if (is_name(name, len, "SafeArraySubType"))
            k.safe_sub = v.i;
        else if (is_name(name, len, "SizeParamIndex"))
            k.param = v.i;
        else if (is_name(name, len, "SizeConst"))
            k.count = v.i;
        else if (is_name(name, len, "IidParameterIndex"))
            k.iid = v.i;
        else if (is_name(name, len, "SafeArrayUserDefinedSubType"))
            k.safe_type = v;
        else if (is_name(name, len, "MarshalType") || is_name(name, len, "MarshalTypeRef"))
            k.marshal_type = v;
        else if (is_name(name, len, "MarshalCookie"))
            k.cookie = v;
    }
    EmitBytes b = {0};
    put_marshal(&b, &k);
    MDW_PUT(x->m->w, FieldMarshal, mdw_coded(MDK_HasFieldMarshal, MD_TOKEN(x->table, x->rid)), mdw_blob(x->m->w, b.data, b.len));
    vec_free(&b);
    if (x->table == MDT_Field)
        set_bits(x, MDC_Field_Flags, 0, FD_HAS_MARSHAL);
    else
        set_bits(x, MDC_Param_Flags, 0, PD_HAS_MARSHAL);
    return true;
}

typedef struct RowKind {
    const char *ns, *name;
    u8 table;
    bool (*put)(Pseudo *x);
} RowKind;
static const RowKind row_kinds[] = {
    {"System.Runtime.CompilerServices", "MethodImplAttribute", MDT_MethodDef, method_impl},
    {"System.Runtime.InteropServices", "DllImportAttribute", MDT_MethodDef, dll_import},
    {"System.Runtime.InteropServices", "StructLayoutAttribute", MDT_TypeDef, struct_layout},
    {"System.Runtime.InteropServices", "FieldOffsetAttribute", MDT_Field, field_offset},
    {"System.Runtime.InteropServices", "MarshalAsAttribute", MDT_Field, marshal_as},
    {"System.Runtime.InteropServices", "MarshalAsAttribute", MDT_Param, marshal_as},
};

/* --- Which ------------------------------------------------------------------------------------------------------------------------------- */
static bool attribute_name(const MdImage *md, u32 ctor, const char **ns, const char **name)
{
    u32 type = MD_TABLE_OF(ctor) == MDT_MemberRef ? md_MemberRef_Class(md, MD_RID(ctor)) : MD_TOKEN(MDT_TypeDef, md_method_owner(md, MD_RID(ctor)));
    bool ref = MD_TABLE_OF(type) == MDT_TypeRef;
    if (!ref && MD_TABLE_OF(type) != MDT_TypeDef)
        return false;
    *ns = ref ? md_typeref_namespace(md, MD_RID(type)) : md_typedef_namespace(md, MD_RID(type));
    *name = ref ? md_typeref_name(md, MD_RID(type)) : md_typedef_name(md, MD_RID(type));
    return true;
}

bool emit_pseudo_attribute(EmitModule *m, u32 target, u32 ctor, const u8 *value, u32 len)
{
    const char *ns, *name;
    Pseudo x = {.m = m, .table = MD_TABLE_OF(target), .rid = MD_RID(target)};
    if (!attribute_name(image(&x), ctor, &ns, &name) || strncmp(ns, "System", 6) != 0)
        return false;
    for (u32 i = 0; i < ARRAY_LEN(flag_rows); i++) {
        const FlagRow *f = &flag_rows[i];
        if (f->table != x.table || strcmp(f->name, name) != 0 || strcmp(f->ns, ns) != 0)
            continue;
        set_bits(&x, f->col, 0, f->bits);
        return true;
    }
    for (u32 i = 0; i < ARRAY_LEN(row_kinds); i++) {
        const RowKind *k = &row_kinds[i];
        if (k->table == x.table && !strcmp(k->name, name) && !strcmp(k->ns, ns))
            return md_attr_open_value(&x.r, image(&x), ctor, value, len) && k->put(&x);
    }
    return false;
}
