/* refl_emit_type.c: the calls of TypeBuilder, MethodBuilder and ModuleBuilder.
 * Strings come as UTF-16 with a terminator, signatures in the module's own tokens.  Who may change what, and when, managed code has checked. */
#include "corelib/refl_emit.h"

static char *text(const char16 *s) { return s ? utf16_dup_utf8(s, SIZE_MAX) : base_strdup(""); }

/* "Ns.Name" cut at the last dot; both owned by the caller. */
static void split_name(const char16 *full, char **ns, char **name)
{
    char *s = text(full), *dot = strrchr(s, '.');
    if (dot && dot > s) {
        *dot = 0;
        *name = base_strdup(dot + 1);
        *ns = s;
    } else {
        *name = s;
        *ns = base_strdup("");
    }
}

enum { PROPERTY_RESERVED = 0xF400, EVENT_RESERVED = 0x400 };

/* All bits: none were given. */
static u32 given_flags(u32 attrs, u32 reserved) { return attrs == UINT32_MAX ? 0 : attrs & ~reserved; }

/* Members of the module itself come with a nil TypeDef. */
static u32 owner_rid(u32 type) { return MD_RID(type) ? MD_RID(type) : 1; }

static u32 method_token(u32 rid) { return MD_TOKEN(MDT_MethodDef, rid); }

void emit_add_flags(EmitModule *m, u32 table, u32 rid, u32 col, u32 bits)
{
    mdw_set(m->w, table, rid, col, md_col(mdw_image(m->w), table, rid, col) | bits);
}

static void add_interface(EmitModule *m, u32 type, u32 iface)
{
    u32 value = mdw_coded(MDK_TypeDefOrRef, iface);
    MdIter it = md_interfaces_of(mdw_image(m->w), MD_RID(type));
    for (u32 row; (row = md_next_row(&it));)
        if (md_InterfaceImpl_Interface(mdw_image(m->w), row) == iface)
            return;
    MDW_ADD(m->w, InterfaceImpl, MD_RID(type), value);
}

/* --- Definitions ---------------------------------------------------------------------------------------------------------------------- */
REFL(u32, TypeBuilder_DefineType, QCallModule module, const char16 *name, u32 parent, u32 attrs, u32 enclosing, const u32 *interfaces)
{
    EmitModule *m = emit_lock(module.module);
    char *ns, *simple;
    split_name(name, &ns, &simple);
    emit_room(m, MDT_TypeDef);
    u32 token = MD_TOKEN(MDT_TypeDef, mdw_typedef(m->w, attrs, simple, ns, parent, MD_RID(enclosing)));
    base_free(ns);
    base_free(simple);
    for (; interfaces && *interfaces; interfaces++)
        add_interface(m, token, *interfaces);
    emit_unlock(m);
    return token;
}

REFL(u32, TypeBuilder_DefineGenericParam, QCallModule module, const char16 *name, u32 owner, u32 attrs, i32 position, const u32 *constraints)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    u32 rid = MDW_ADD(m->w, GenericParam, (u32)position, attrs, mdw_coded(MDK_TypeOrMethodDef, owner), mdw_string(m->w, s));
    base_free(s);
    for (; constraints && *constraints; constraints++)
        MDW_ADD(m->w, GenericParamConstraint, rid, mdw_coded(MDK_TypeDefOrRef, *constraints));
    emit_unlock(m);
    return MD_TOKEN(MDT_GenericParam, rid);
}

REFL(u32, TypeBuilder_DefineMethod, QCallModule module, u32 type, const char16 *name, const u8 *sig, i32 len, u32 attrs)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    attrs &= ~((u32)MD_RT_SPECIAL_NAME | (u32)MD_HAS_SECURITY | (u32)MD_REQUIRE_SEC_OBJECT); /* managed code leaves the reserved bits to us */
    if (!strcmp(s, ".ctor") || !strcmp(s, ".cctor"))
        attrs |= (u32)MD_SPECIAL_NAME | (u32)MD_RT_SPECIAL_NAME;
    emit_room(m, MDT_MethodDef);
    u32 rid = mdw_method(m->w, owner_rid(type), 0, 0, attrs, s, mdw_blob(m->w, sig, (u32)len));
    base_free(s);
    emit_unlock(m);
    return method_token(rid);
}

REFL(u32, TypeBuilder_DefineField, QCallModule module, u32 type, const char16 *name, const u8 *sig, i32 len, u32 attrs)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    if (!strcmp(s, "value__"))
        attrs |= (u32)FD_SPECIAL_NAME | (u32)FD_RT_SPECIAL_NAME;
    u32 rid = mdw_field(m->w, owner_rid(type), attrs, s, mdw_blob(m->w, sig, (u32)len));
    base_free(s);
    emit_unlock(m);
    return MD_TOKEN(MDT_Field, rid);
}

REFL(u32, TypeBuilder_DefineProperty, QCallModule module, u32 type, const char16 *name, u32 attrs, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    u32 rid = mdw_property(m->w, MD_RID(type), given_flags(attrs, PROPERTY_RESERVED), s, mdw_blob(m->w, sig, (u32)len));
    base_free(s);
    emit_unlock(m);
    return MD_TOKEN(MDT_Property, rid);
}

REFL(u32, TypeBuilder_DefineEvent, QCallModule module, u32 type, const char16 *name, u32 attrs, u32 event_type)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    u32 rid = mdw_event(m->w, MD_RID(type), given_flags(attrs, EVENT_RESERVED), s, event_type);
    base_free(s);
    emit_unlock(m);
    return MD_TOKEN(MDT_Event, rid);
}

REFL(u32, TypeBuilder_SetParamInfo, QCallModule module, u32 method, i32 sequence, u32 attrs, const char16 *name)
{
    EmitModule *m = emit_lock(module.module);
    MdWriter *w = m->w;
    char *s = text(name);
    u32 rid = mdw_find_param(w, MD_RID(method), (u32)sequence);
    if (!rid) {
        rid = mdw_param(w, MD_RID(method), attrs, (u32)sequence, s);
    } else {
        mdw_set(w, MDT_Param, rid, MDC_Param_Flags, attrs | (md_Param_Flags(mdw_image(w), rid) & PD_HAS_DEFAULT));
        mdw_set(w, MDT_Param, rid, MDC_Param_Name, mdw_string(w, s));
    }
    base_free(s);
    emit_unlock(m);
    return MD_TOKEN(MDT_Param, rid);
}

/* --- Properties of definitions ----------------------------------------------------------------------------------------------------------- */
REFL(void, TypeBuilder_SetParentType, QCallModule module, u32 type, u32 parent)
{
    EmitModule *m = emit_lock(module.module);
    mdw_set(m->w, MDT_TypeDef, MD_RID(type), MDC_TypeDef_Extends, mdw_coded(MDK_TypeDefOrRef, parent));
    emit_unlock(m);
}

REFL(void, TypeBuilder_AddInterfaceImpl, QCallModule module, u32 type, u32 iface)
{
    EmitModule *m = emit_lock(module.module);
    add_interface(m, type, iface);
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetMethodImpl, QCallModule module, u32 method, u32 attrs)
{
    EmitModule *m = emit_lock(module.module);
    mdw_set(m->w, MDT_MethodDef, MD_RID(method), MDC_MethodDef_ImplFlags, attrs);
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetClassLayout, QCallModule module, u32 type, i32 pack, i32 size)
{
    EmitModule *m = emit_lock(module.module);
    MDW_PUT(m->w, ClassLayout, (u32)pack, (u32)size, MD_RID(type));
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetFieldLayoutOffset, QCallModule module, u32 field, i32 offset)
{
    if (offset < 0) {
        QCALL_BEGIN(t);
        vm_throwf(t, VM_ERR_ARGUMENT, "The parameter is incorrect.\n (0x80070057 (E_INVALIDARG))");
        QCALL_END(t);
        return;
    }
    EmitModule *m = emit_lock(module.module);
    MDW_PUT(m->w, FieldLayout, (u32)offset, MD_RID(field));
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineMethodImpl, QCallModule module, u32 type, u32 body, u32 decl)
{
    EmitModule *m = emit_lock(module.module);
    MDW_ADD(m->w, MethodImpl, MD_RID(type), mdw_coded(MDK_MethodDefOrRef, body), mdw_coded(MDK_MethodDefOrRef, decl));
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineMethodSemantics, QCallModule module, u32 association, u32 semantics, u32 method)
{
    EmitModule *m = emit_lock(module.module);
    MDW_ADD(m->w, MethodSemantics, semantics, MD_RID(method), mdw_coded(MDK_HasSemantics, association));
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineCustomAttribute, QCallModule module, u32 target, u32 ctor, const u8 *blob, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    if (!emit_pseudo_attribute(m, target, ctor, blob, (u32)len))
        MDW_ADD(m->w, CustomAttribute, mdw_coded(MDK_HasCustomAttribute, target), mdw_coded(MDK_CustomAttributeType, ctor),
                mdw_blob(m->w, blob, (u32)len));
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetConstantValue, QCallModule module, u32 target, i32 type, const void *value)
{
    static const u8 sizes[] = {[ET_BOOLEAN] = 1, [ET_CHAR] = 2, [ET_I1] = 1, [ET_U1] = 1, [ET_I2] = 2, [ET_U2] = 2, [ET_I4] = 4,
                               [ET_U4] = 4, [ET_I8] = 8, [ET_U8] = 8, [ET_R4] = 4, [ET_R8] = 8};
    EmitModule *m = emit_lock(module.module);
    u32 n = (u32)type < ARRAY_LEN(sizes) ? sizes[type] : 0;
    static const u32 null = 0;
    if (type == ET_STRING && value)
        n = (u32)utf16_strlen(value) * 2;
    else if (type == ET_CLASS || !value) {
        type = ET_CLASS;
        value = &null;
        n = 4;
    }
    MDW_PUT(m->w, Constant, (u32)type, mdw_coded(MDK_HasConstant, target), mdw_blob(m->w, value, n));
    switch (MD_TABLE_OF(target)) {
    case MDT_Field: emit_add_flags(m, MDT_Field, MD_RID(target), MDC_Field_Flags, FD_HAS_DEFAULT); break;
    case MDT_Param: emit_add_flags(m, MDT_Param, MD_RID(target), MDC_Param_Flags, PD_HAS_DEFAULT); break;
    case MDT_Property: emit_add_flags(m, MDT_Property, MD_RID(target), MDC_Property_Flags, PD_HAS_DEFAULT); break; /* 0x1000 too */
    default: break;
    }
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetPInvokeData, QCallModule module, const char16 *dll, const char16 *name, u32 method, u32 flags)
{
    EmitModule *m = emit_lock(module.module);
    char *lib = text(dll), *entry = text(name);
    u32 scope = MDW_INTERN(m->w, ModuleRef, mdw_string(m->w, lib));
    MDW_PUT(m->w, ImplMap, flags, mdw_coded(MDK_MemberForwarded, method), mdw_string(m->w, entry), scope);
    base_free(lib);
    base_free(entry);
    emit_unlock(m);
}

REFL(void, ModuleBuilder_SetFieldRVAContent, QCallModule module, u32 field, const u8 *data, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rva = emit_il(m, data, (u32)len, 16);
    MDW_PUT(m->w, FieldRVA, rva, MD_RID(field));
    emit_add_flags(m, MDT_Field, MD_RID(field), MDC_Field_Flags, FD_HAS_RVA);
    emit_unlock(m);
}

/* --- Bodies -------------------------------------------------------------------------------------------------------------------------------- */
typedef struct Handler { /* System.Reflection.Emit.ExceptionHandler */
    i32 class_token, try_start, try_end, filter, handler_start, handler_end, kind;
} Handler;

static void body_clauses(EmitModule *m, const Handler *h, u32 n)
{
    enum { FAT_SECTION = 0x41 };
    u32 head = FAT_SECTION | (n * 24 + 4) << 8;
    emit_il(m, &head, 4, 4);
    for (u32 i = 0; i < n; i++) {
        u32 w[6] = {(u32)h[i].kind, (u32)h[i].try_start, (u32)(h[i].try_end - h[i].try_start), (u32)h[i].handler_start,
                    (u32)(h[i].handler_end - h[i].handler_start),
                    h[i].kind == IL_EH_FILTER ? (u32)h[i].filter : h[i].kind == IL_EH_CATCH ? (u32)h[i].class_token : 0};
        emit_il(m, w, sizeof w, 4);
    }
}

REFL(void, TypeBuilder_SetMethodIL, QCallModule module, u32 method, i32 init_locals, const u8 *code, i32 size, const u8 *locals, i32 locals_len,
     i32 max_stack, const Handler *handlers, i32 num_handlers, const i32 *fixups, i32 num_fixups)
{
    enum { FAT = 0x3003, SECTIONS = 8, INIT_LOCALS = 0x10, EMPTY_LOCALS = 2 };
    (void)fixups;
    (void)num_fixups;
    EmitModule *m = emit_lock(module.module);
    u32 local_sig = 0;
    if (locals && locals_len) { /* an empty signature has a row, too, but the body does not name it */
        u32 rid = MDW_INTERN(m->w, StandAloneSig, mdw_blob(m->w, locals, (u32)locals_len));
        local_sig = locals_len > EMPTY_LOCALS ? MD_TOKEN(MDT_StandAloneSig, rid) : 0;
    }
    u32 flags = FAT | (num_handlers > 0 ? (u32)SECTIONS : 0u) | (init_locals ? (u32)INIT_LOCALS : 0u);
    u32 head[3] = {flags | (u32)max_stack << 16, (u32)size, local_sig};
    u32 rva = emit_il(m, head, sizeof head, 4);
    emit_il(m, code, (u32)size, 1);
    if (num_handlers > 0)
        body_clauses(m, handlers, (u32)num_handlers);
    mdw_set(m->w, MDT_MethodDef, MD_RID(method), MDC_MethodDef_RVA, m->full ? 0 : rva);
    emit_unlock(m);
}

REFL(void, TypeBuilder_TermCreateClass, QCallModule module, u32 type, ObjectHandleOnStack out)
{
    Err e = {0};
    EmitModule *m = emit_lock(module.module);
    type = MD_TOKEN(MDT_TypeDef, owner_rid(type));
    if (mdw_finish_type(m->w, MD_RID(type)) && MD_RID(type) == 1) { /* <Module> as it was loaded for dynamic methods has no members */
        __atomic_store_n(&module.module->typedefs[1], NULL, __ATOMIC_RELEASE);
        __atomic_store_n(&module.module->module_ctor_done, false, __ATOMIC_RELEASE);
    }
    emit_unlock(m);
    MethodTable *mt = type_load_typedef(module.module, type, &e);
    QCALL_BEGIN(t);
    if (mt)
        qc_set_object(out, vm_type_object(th_of(mt)));
    else
        vm_throw_err(t, &e);
    QCALL_END(t);
}

/* --- Tokens for what code names --------------------------------------------------------------------------------------------------------------- */
REFL(u32, TypeBuilder_GetTokenFromSig, QCallModule module, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = MDW_INTERN(m->w, StandAloneSig, mdw_blob(m->w, sig, (u32)len));
    emit_unlock(m);
    return MD_TOKEN(MDT_StandAloneSig, rid);
}

REFL(u32, ModuleBuilder_GetTokenFromTypeSpec, QCallModule module, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = MDW_INTERN(m->w, TypeSpec, mdw_blob(m->w, sig, (u32)len));
    emit_unlock(m);
    return MD_TOKEN(MDT_TypeSpec, rid);
}

REFL(u32, ModuleBuilder_GetStringConstant, QCallModule module, const char16 *s, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 token = mdw_user_string(m->w, s, (u32)len);
    emit_unlock(m);
    return token;
}

REFL(u32, TypeBuilder_DefineMethodSpec, QCallModule module, u32 method, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_INTERN(m, MethodSpec, mdw_coded(MDK_MethodDefOrRef, method), mdw_blob(m->w, sig, (u32)len));
    emit_unlock(m);
    return MD_TOKEN(MDT_MethodSpec, rid);
}

REFL(u32, ModuleBuilder_GetTypeRef, QCallModule module, const char16 *name, QCallModule other, u32 outer)
{
    EmitModule *m = emit_lock(module.module);
    char *ns, *simple;
    u32 scope = outer;
    if (MD_RID(outer)) {
        simple = text(name);
        ns = base_strdup("");
    } else {
        split_name(name, &ns, &simple);
        scope = other.module == module.module ? MD_TOKEN(MDT_Module, 1) : emit_assembly_ref(m, other.module->assembly);
    }
    u32 rid = EMIT_INTERN(m, TypeRef, mdw_coded(MDK_ResolutionScope, scope), mdw_string(m->w, simple), mdw_string(m->w, ns));
    base_free(ns);
    base_free(simple);
    emit_unlock(m);
    return MD_TOKEN(MDT_TypeRef, rid);
}

/* sig: in the module's own tokens */
static u32 member_ref(EmitModule *m, u32 parent, const char *name, const u8 *sig, u32 len)
{
    u32 rid = EMIT_INTERN(m, MemberRef, mdw_coded(MDK_MemberRefParent, parent), mdw_string(m->w, name), mdw_blob(m->w, sig, len));
    return MD_TOKEN(MDT_MemberRef, rid);
}

/* sig: in the tokens of from */
static u32 foreign_member_ref(Module *module, u32 parent, const char *name, Module *from, const u8 *sig, u32 len)
{
    EmitBytes bytes = {0};
    if (from != module)
        emit_bind_sig(from, sig, len);
    EmitModule *m = emit_lock(module);
    emit_translate_sig(m, from, sig, len, &bytes);
    u32 token = member_ref(m, parent, name, bytes.data, bytes.len);
    vec_free(&bytes);
    emit_unlock(m);
    return token;
}

REFL(u32, ModuleBuilder_GetMemberRefFromSignature, QCallModule module, u32 parent, const char16 *name, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    u32 token = member_ref(m, parent, s, sig, (u32)len);
    base_free(s);
    emit_unlock(m);
    return token;
}

REFL(u32, ModuleBuilder_GetArrayMethodToken, QCallModule module, u32 array, const char16 *name, const u8 *sig, i32 len)
{
    return ModuleBuilder_GetMemberRefFromSignature(module, array, name, sig, len);
}

/* member: a MethodDef or Field of other, of a type under construction too */
REFL(u32, ModuleBuilder_GetMemberRef, QCallModule module, QCallModule other, u32 parent, u32 member)
{
    const MdImage *md = other.module->md;
    u32 rid = MD_RID(member), len = 0;
    bool field = MD_TABLE_OF(member) == MDT_Field;
    const u8 *sig = md_blob(md, field ? md_Field_Signature(md, rid) : md_MethodDef_Signature(md, rid), &len);
    return foreign_member_ref(module.module, parent, field ? md_field_name(md, rid) : md_method_name(md, rid), other.module, sig, len);
}

REFL(u32, ModuleBuilder_GetMemberRefOfMethodInfo, QCallModule module, u32 parent, Method *m)
{
    return foreign_member_ref(module.module, parent, m->name, m->mt->module, m->sig, m->sig_len);
}

REFL(u32, ModuleBuilder_GetMemberRefOfFieldInfo, QCallModule module, u32 parent, QCallTypeHandle type, u32 field)
{
    Module *from = refl_type_module(type.th);
    u32 len = 0;
    const u8 *sig = md_blob(from->md, md_Field_Signature(from->md, MD_RID(field)), &len);
    return foreign_member_ref(module.module, parent, md_field_name(from->md, MD_RID(field)), from, sig, len);
}
