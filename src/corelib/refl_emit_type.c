/* refl_emit_type.c: the calls of TypeBuilder, MethodBuilder and ModuleBuilder.
 * Strings come as UTF-16 with a terminator, signatures in the module's own tokens, provisional ones included.
 * Not there: global methods and fields of a module. */
#include "corelib/refl_emit.h"

#define PROVISIONAL(table, count) MD_TOKEN((table), (u32)EMIT_PROVISIONAL | (u32)(count))

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

static EmitType *type_of(EmitModule *m, u32 token)
{
    EmitType *t = emit_type(m, token);
    if (!t)
        base_missing("feature", "global members of an emitted module, or changes of a finished type (0x%08x)", token);
    return t;
}

static EmitMember *member_of(EmitModule *m, u32 token)
{
    EmitMember *x = emit_member(m, token);
    if (!x)
        base_missing("feature", "changes of a finished member (0x%08x)", token);
    return x;
}

static void add_interface(EmitModule *m, u32 type, u32 iface)
{
    u32 rid = EMIT_ROW(&m->t, InterfaceImpl, 0, 0);
    emit_cell_token(m, MDT_InterfaceImpl, rid, MDC_InterfaceImpl_Class, MDK_TypeDef, type);
    emit_cell_token(m, MDT_InterfaceImpl, rid, MDC_InterfaceImpl_Interface, MDK_TypeDefOrRef, iface);
}

/* --- Definitions ---------------------------------------------------------------------------------------------------------------------- */
REFL(u32, TypeBuilder_DefineType, QCallModule module, const char16 *name, u32 parent, u32 attrs, u32 enclosing, const u32 *interfaces)
{
    EmitModule *m = emit_lock(module.module);
    EmitType t = {.flags = attrs, .parent = MD_RID(parent) ? parent : 0, .enclosing = MD_RID(enclosing) ? enclosing : 0};
    split_name(name, &t.ns, &t.name);
    vec_push(&m->types, t);
    u32 token = PROVISIONAL(MDT_TypeDef, m->types.len);
    for (; interfaces && *interfaces; interfaces++)
        add_interface(m, token, *interfaces);
    emit_unlock(m);
    return token;
}

REFL(u32, TypeBuilder_DefineGenericParam, QCallModule module, const char16 *name, u32 owner, u32 attrs, i32 position, const u32 *constraints)
{
    EmitModule *m = emit_lock(module.module);
    char *s = text(name);
    u32 rid = EMIT_ROW(&m->t, GenericParam, (u32)position, attrs, 0, emit_string(&m->t, s));
    base_free(s);
    emit_cell_token(m, MDT_GenericParam, rid, MDC_GenericParam_Owner, MDK_TypeOrMethodDef, owner);
    for (; constraints && *constraints; constraints++) {
        u32 row = EMIT_ROW(&m->t, GenericParamConstraint, rid, 0);
        emit_cell_token(m, MDT_GenericParamConstraint, row, MDC_GenericParamConstraint_Constraint, MDK_TypeDefOrRef, *constraints);
    }
    emit_unlock(m);
    return MD_TOKEN(MDT_GenericParam, rid);
}

REFL(u32, TypeBuilder_DefineMethod, QCallModule module, u32 type, const char16 *name, const u8 *sig, i32 len, u32 attrs)
{
    EmitModule *m = emit_lock(module.module);
    EmitType *t = type_of(m, type);
    EmitMember x = {.name = text(name), .flags = attrs, .sig = emit_sig(m, sig, (u32)len, false)};
    if (!strcmp(x.name, ".ctor") || !strcmp(x.name, ".cctor")) /* managed code leaves the reserved bits to us */
        x.flags |= (u32)MD_SPECIAL_NAME | (u32)MD_RT_SPECIAL_NAME;
    vec_push(&m->methods, x);
    vec_push(&t->methods, m->methods.len - 1);
    emit_unlock(m);
    return PROVISIONAL(MDT_MethodDef, m->methods.len);
}

REFL(u32, TypeBuilder_DefineField, QCallModule module, u32 type, const char16 *name, const u8 *sig, i32 len, u32 attrs)
{
    EmitModule *m = emit_lock(module.module);
    EmitType *t = type_of(m, type);
    EmitMember x = {.name = text(name), .flags = attrs, .sig = emit_sig(m, sig, (u32)len, false)};
    if (!strcmp(x.name, "value__"))
        x.flags |= (u32)FD_SPECIAL_NAME | (u32)FD_RT_SPECIAL_NAME;
    vec_push(&m->fields, x);
    vec_push(&t->fields, m->fields.len - 1);
    emit_unlock(m);
    return PROVISIONAL(MDT_Field, m->fields.len);
}

REFL(u32, TypeBuilder_DefineProperty, QCallModule module, u32 type, const char16 *name, u32 attrs, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    EmitType *t = type_of(m, type);
    vec_push(&m->properties, ((EmitMember){.name = text(name), .flags = attrs, .sig = emit_sig(m, sig, (u32)len, false)}));
    vec_push(&t->properties, m->properties.len - 1);
    emit_unlock(m);
    return PROVISIONAL(MDT_Property, m->properties.len);
}

REFL(u32, TypeBuilder_DefineEvent, QCallModule module, u32 type, const char16 *name, u32 attrs, u32 event_type)
{
    EmitModule *m = emit_lock(module.module);
    EmitType *t = type_of(m, type);
    vec_push(&m->events, ((EmitMember){.name = text(name), .flags = attrs, .type = event_type}));
    vec_push(&t->events, m->events.len - 1);
    emit_unlock(m);
    return PROVISIONAL(MDT_Event, m->events.len);
}

REFL(u32, TypeBuilder_SetParamInfo, QCallModule module, u32 method, i32 sequence, u32 attrs, const char16 *name)
{
    EmitModule *m = emit_lock(module.module);
    EmitMember *x = member_of(m, method);
    for (u32 i = 0; i < x->params.len; i++) {
        EmitMember *p = &m->params.data[x->params.data[i]];
        if (p->sequence == (u32)sequence) {
            p->flags = attrs | (p->flags & PD_HAS_DEFAULT);
            base_free(p->name);
            p->name = text(name);
            u32 token = PROVISIONAL(MDT_Param, x->params.data[i] + 1);
            emit_unlock(m);
            return token;
        }
    }
    vec_push(&m->params, ((EmitMember){.name = text(name), .flags = attrs, .sequence = (u32)sequence}));
    vec_push(&x->params, m->params.len - 1);
    emit_unlock(m);
    return PROVISIONAL(MDT_Param, m->params.len);
}

/* --- Properties of definitions ----------------------------------------------------------------------------------------------------------- */
REFL(void, TypeBuilder_SetParentType, QCallModule module, u32 type, u32 parent)
{
    EmitModule *m = emit_lock(module.module);
    type_of(m, type)->parent = MD_RID(parent) ? parent : 0;
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
    member_of(m, method)->impl = attrs;
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetClassLayout, QCallModule module, u32 type, i32 pack, i32 size)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, ClassLayout, (u32)pack, (u32)size, 0);
    emit_cell_token(m, MDT_ClassLayout, rid, MDC_ClassLayout_Parent, MDK_TypeDef, type);
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetFieldLayoutOffset, QCallModule module, u32 field, i32 offset)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, FieldLayout, (u32)offset, 0);
    emit_cell_token(m, MDT_FieldLayout, rid, MDC_FieldLayout_Field, MDK_Field, field);
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineMethodImpl, QCallModule module, u32 type, u32 body, u32 decl)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, MethodImpl, 0, 0, 0);
    emit_cell_token(m, MDT_MethodImpl, rid, MDC_MethodImpl_Class, MDK_TypeDef, type);
    emit_cell_token(m, MDT_MethodImpl, rid, MDC_MethodImpl_MethodBody, MDK_MethodDefOrRef, body);
    emit_cell_token(m, MDT_MethodImpl, rid, MDC_MethodImpl_MethodDeclaration, MDK_MethodDefOrRef, decl);
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineMethodSemantics, QCallModule module, u32 association, u32 semantics, u32 method)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, MethodSemantics, semantics, 0, 0);
    emit_cell_token(m, MDT_MethodSemantics, rid, MDC_MethodSemantics_Method, MDK_MethodDef, method);
    emit_cell_token(m, MDT_MethodSemantics, rid, MDC_MethodSemantics_Association, MDK_HasSemantics, association);
    emit_unlock(m);
}

REFL(void, TypeBuilder_DefineCustomAttribute, QCallModule module, u32 target, u32 ctor, const u8 *blob, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, CustomAttribute, 0, 0, emit_blob(&m->t, blob, (u32)len));
    emit_cell_token(m, MDT_CustomAttribute, rid, MDC_CustomAttribute_Parent, MDK_HasCustomAttribute, target);
    emit_cell_token(m, MDT_CustomAttribute, rid, MDC_CustomAttribute_Type, MDK_CustomAttributeType, ctor);
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
    u32 rid = EMIT_ROW(&m->t, Constant, (u32)type, 0, emit_blob(&m->t, value, n));
    emit_cell_token(m, MDT_Constant, rid, MDC_Constant_Parent, MDK_HasConstant, target);
    EmitMember *x = emit_member(m, target);
    if (x)
        x->flags |= MD_TABLE_OF(target) == MDT_Field ? FD_HAS_DEFAULT : PD_HAS_DEFAULT; /* 0x1000 for properties too */
    emit_unlock(m);
}

REFL(void, TypeBuilder_SetPInvokeData, QCallModule module, const char16 *dll, const char16 *name, u32 method, u32 flags)
{
    EmitModule *m = emit_lock(module.module);
    char *lib = text(dll), *entry = text(name);
    u32 scope = EMIT_ROW(&m->t, ModuleRef, emit_string(&m->t, lib));
    u32 rid = EMIT_ROW(&m->t, ImplMap, flags, 0, emit_string(&m->t, entry), scope);
    emit_cell_token(m, MDT_ImplMap, rid, MDC_ImplMap_MemberForwarded, MDK_MemberForwarded, method);
    base_free(lib);
    base_free(entry);
    emit_unlock(m);
}

REFL(void, ModuleBuilder_SetFieldRVAContent, QCallModule module, u32 field, const u8 *data, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u8 *zero = data ? NULL : base_calloc(1, (size_t)len + 1);
    u32 rva = emit_il(&m->t, data ? data : zero, (u32)len, 16);
    base_free(zero);
    u32 rid = EMIT_ROW(&m->t, FieldRVA, rva, 0);
    emit_cell_token(m, MDT_FieldRVA, rid, MDC_FieldRVA_Field, MDK_Field, field);
    member_of(m, field)->flags |= FD_HAS_RVA;
    emit_unlock(m);
}

/* --- Bodies -------------------------------------------------------------------------------------------------------------------------------- */
typedef struct Handler { /* System.Reflection.Emit.ExceptionHandler */
    i32 class_token, try_start, try_end, filter, handler_start, handler_end, kind;
} Handler;

static void body_tokens(EmitModule *m, u32 at, u32 size)
{
    IlInst in;
    const u8 *code = m->t.il.base + at;
    for (u32 i = 0; i < size && il_decode(code, size, i, &in); i = in.offset + in.size)
        switch (in.operand) {
        case IL_OPR_METHOD: case IL_OPR_FIELD: case IL_OPR_TYPE: case IL_OPR_TOKEN:
            emit_il_token(m, at + in.offset + in.size - 4);
            break;
        default:
            break;
        }
}

static void body_clauses(EmitModule *m, const Handler *h, u32 n)
{
    enum { FAT_SECTION = 0x41 };
    u32 head = FAT_SECTION | (n * 24 + 4) << 8;
    emit_il(&m->t, &head, 4, 4);
    for (u32 i = 0; i < n; i++) {
        u32 w[6] = {(u32)h[i].kind, (u32)h[i].try_start, (u32)(h[i].try_end - h[i].try_start), (u32)h[i].handler_start,
                    (u32)(h[i].handler_end - h[i].handler_start),
                    h[i].kind == IL_EH_FILTER ? (u32)h[i].filter : h[i].kind == IL_EH_CATCH ? (u32)h[i].class_token : 0};
        u32 at = emit_il(&m->t, w, sizeof w, 4);
        if (h[i].kind == IL_EH_CATCH)
            emit_il_token(m, at + 20);
    }
}

REFL(void, TypeBuilder_SetMethodIL, QCallModule module, u32 method, i32 init_locals, const u8 *code, i32 size, const u8 *locals, i32 locals_len,
     i32 max_stack, const Handler *handlers, i32 num_handlers, const i32 *fixups, i32 num_fixups)
{
    enum { FAT = 0x3003, SECTIONS = 8, INIT_LOCALS = 0x10, EMPTY_LOCALS = 2 };
    (void)fixups;
    (void)num_fixups;
    EmitModule *m = emit_lock(module.module);
    EmitMember *x = member_of(m, method);
    u32 local_sig = 0;
    if (locals && locals_len > EMPTY_LOCALS)
        local_sig = MD_TOKEN(MDT_StandAloneSig, EMIT_ROW(&m->t, StandAloneSig, emit_sig(m, locals, (u32)locals_len, false)));
    u32 flags = FAT | (num_handlers > 0 ? (u32)SECTIONS : 0u) | (init_locals ? (u32)INIT_LOCALS : 0u);
    u32 head[3] = {flags | (u32)max_stack << 16, (u32)size, local_sig};
    x->rva = emit_il(&m->t, head, sizeof head, 4);
    u32 at = emit_il(&m->t, code, (u32)size, 1);
    body_tokens(m, at, (u32)size);
    if (num_handlers > 0)
        body_clauses(m, handlers, (u32)num_handlers);
    emit_unlock(m);
}

REFL(void, TypeBuilder_TermCreateClass, QCallModule module, u32 type, ObjectHandleOnStack out)
{
    Err e = {0};
    EmitModule *m = emit_lock(module.module);
    emit_publish(m, type);
    u32 real = emit_real(m, type);
    emit_unlock(m);
    MethodTable *mt = type_load_typedef(module.module, real, &e);
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
    u32 rid = EMIT_ROW(&m->t, StandAloneSig, emit_sig(m, sig, (u32)len, false));
    emit_unlock(m);
    return MD_TOKEN(MDT_StandAloneSig, rid);
}

REFL(u32, ModuleBuilder_GetTokenFromTypeSpec, QCallModule module, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, TypeSpec, emit_sig(m, sig, (u32)len, true));
    emit_unlock(m);
    return MD_TOKEN(MDT_TypeSpec, rid);
}

REFL(u32, ModuleBuilder_GetStringConstant, QCallModule module, const char16 *s, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 token = emit_user_string(&m->t, s, (u32)len);
    emit_unlock(m);
    return token;
}

REFL(u32, TypeBuilder_DefineMethodSpec, QCallModule module, u32 method, const u8 *sig, i32 len)
{
    EmitModule *m = emit_lock(module.module);
    u32 rid = EMIT_ROW(&m->t, MethodSpec, 0, emit_sig(m, sig, (u32)len, false));
    emit_cell_token(m, MDT_MethodSpec, rid, MDC_MethodSpec_Method, MDK_MethodDefOrRef, method);
    emit_unlock(m);
    return MD_TOKEN(MDT_MethodSpec, rid);
}

REFL(u32, ModuleBuilder_GetTypeRef, QCallModule module, const char16 *name, QCallModule other, u32 outer)
{
    EmitModule *m = emit_lock(module.module);
    char *ns, *simple;
    u32 scope;
    if (MD_RID(outer)) {
        scope = outer;
        simple = text(name);
        ns = base_strdup("");
    } else {
        split_name(name, &ns, &simple);
        scope = other.module == module.module ? MD_TOKEN(MDT_Module, 1) : emit_assembly_ref(m, other.module->assembly);
    }
    u32 rid = EMIT_ROW(&m->t, TypeRef, emit_coded(MDK_ResolutionScope, scope), emit_string(&m->t, simple), emit_string(&m->t, ns));
    base_free(ns);
    base_free(simple);
    emit_unlock(m);
    return MD_TOKEN(MDT_TypeRef, rid);
}

/* sig: in the module's own tokens */
static u32 member_ref(EmitModule *m, u32 parent, const char *name, const u8 *sig, u32 len)
{
    u32 rid = EMIT_ROW(&m->t, MemberRef, 0, emit_string(&m->t, name), emit_sig(m, sig, len, false));
    emit_cell_token(m, MDT_MemberRef, rid, MDC_MemberRef_Class, MDK_MemberRefParent, parent);
    return MD_TOKEN(MDT_MemberRef, rid);
}

/* sig: in the tokens of from. 0: pending */
static u32 foreign_member_ref(Module *module, u32 parent, const char *name, Module *from, const u8 *sig, u32 len)
{
    Err e = {0};
    EmitBytes bytes = {0};
    EmitModule *m = emit_lock(module);
    u32 token = 0;
    bool ok = emit_translate_sig(m, from, sig, len, &bytes, &e);
    if (ok)
        token = member_ref(m, parent, name, bytes.data, bytes.len);
    vec_free(&bytes);
    emit_unlock(m);
    if (!ok) {
        QCALL_BEGIN(t);
        vm_throw_err(t, &e);
        QCALL_END(t);
    }
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

REFL(u32, ModuleBuilder_GetMemberRef, QCallModule module, QCallModule other, u32 parent, u32 member)
{
    if (emit_is_provisional(member)) { /* of a type under construction, in this module or another emitted one */
        EmitModule *o = emit_lock(other.module);
        EmitMember *x = member_of(o, member);
        u32 len = 0;
        const u8 *sig = md_blob(o->module->md, x->sig, &len);
        char *name = base_strdup(x->name);
        emit_unlock(o);
        u32 token = foreign_member_ref(module.module, parent, name, other.module, sig, len);
        base_free(name);
        return token;
    }
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
