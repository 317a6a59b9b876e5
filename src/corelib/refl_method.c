/* refl_method.c: System.RuntimeMethodHandle: asking a method, methods of other instantiations, bodies.
 * Not here: invocation (refl_invoke.c), DynamicMethod (refl_dynamic.c). */
#include "corelib/refl_int.h"

#include "vm/vm_code.h"

REFL(u32, RuntimeMethodHandle_GetAttributes, Method *m) { return m->attrs; }
REFL(u32, RuntimeMethodHandle_GetImplAttributes, Object *o)
{
    Method *m = refl_method_of(o);
    return m ? m->impl_flags : 0;
}
REFL(i32, RuntimeMethodHandle_GetGenericParameterCount, Method *m) { return m->num_generic; }
REFL(Object *, RuntimeMethodHandle_GetLoaderAllocatorInternal, Method *m)
{
    return m->flags & MF_DYNAMIC ? NULL : type_context_keeper(type_method_context_of(m));
}
REFL(u32, RuntimeMethodHandle_GetMethodDef, Method *m) { return m->token ? m->token : MD_TOKEN(MDT_MethodDef, 0); }
REFL(MethodTable *, RuntimeMethodHandle_GetMethodTable, Method *m) { return m->mt; }
REFL(i32, RuntimeMethodHandle_GetSlot, Method *m)
{
    MtClass *k = m->mt->klass;
    if (m->slot != 0xffff)
        return m->slot;
    return (m->mt->num_virtuals ? m->mt->num_virtuals : k->num_slots) + m->index; /* any number above the virtual ones */
}
REFL(const void *, RuntimeMethodHandle_GetUtf8NameInternal, Method *m) { return m->name; }
REFL(u8, RuntimeMethodHandle_HasMethodInstantiation, Method *m) { return m->num_generic != 0; }
REFL(u8, RuntimeMethodHandle_IsConstructor, Method *m) { return (m->flags & (MF_CTOR | MF_CCTOR)) != 0; }
REFL(u8, RuntimeMethodHandle_IsDynamicMethod, Method *m) { return (m->flags & MF_DYNAMIC) != 0; }
REFL(u8, RuntimeMethodHandle_IsGenericMethodDefinition, Method *m) { return (m->flags & MF_GENERIC_DEF) != 0; }

REFL(u8, RuntimeMethodHandle_IsTypicalMethodDefinition, Object *o)
{
    Method *m = refl_method_of(o);
    if (!m || (m->flags & (MF_ARRAY | MF_STUB)))
        return 1;
    return m->mt == m->mt->klass->typical && !(m->flags & MF_GENERIC_INST);
}

REFL(Method *, RuntimeMethodHandle_GetStubIfNeededInternal, Method *m, Object *declaring)
{
    return m && th_mt(refl_th(declaring)) == m->mt ? m : NULL; /* NULL: ask the slow one */
}

REFL(Method *, RuntimeMethodHandle_GetMethodFromCanonical, Method *m, Object *declaring)
{
    Err e = {0};
    MethodTable *mt = th_mt(refl_th(declaring));
    Method *r = mt ? refl_method_on(m, mt, &e) : m;
    if (!r)
        vm_throw_err(thread_current(), &e);
    return r;
}

static Method *stub_if_needed(Method *m, MethodTable *declaring, const TypeHandle *args, u32 n, Err *e)
{
    if (!args)
        return declaring ? refl_method_on(m, declaring, e) : m;
    Method *def = refl_method_definition(m, e);
    if (def && declaring)
        def = refl_method_on(def, declaring, e);
    if (!def)
        return NULL;
    if (n != def->num_generic) {
        err_set(e, ERR_MISSING_METHOD, def->token, "The number of generic arguments does not match the method's.");
        return NULL;
    }
    for (u32 i = 0; i < n; i++)
        if (args[i] == th_of(type_wk(WK_TYPEDREFERENCE))) {
            err_set(e, ERR_BAD_IMAGE, def->token, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
            return NULL;
        }
    if (!type_check_constraints(NULL, def, args, n, e))
        return NULL;
    return type_instantiate_method(def, args, n, e);
}

REFL(Method *, RuntimeMethodHandle_GetStubIfNeededSlow, Method *m, QCallTypeHandle declaring, ObjectHandleOnStack inst)
{
    TypeHandle small[16], *args = small;
    u32 n = 0;
    Err e = {0};
    Array *a;
    QCALL_BEGIN(t);
    if ((a = (Array *)*inst.ptr)) {
        n = a->length;
        if (n > ARRAY_LEN(small))
            args = base_malloc(n * sizeof *args);
        for (u32 i = 0; i < n; i++)
            args[i] = refl_th(refl_array_get((Array *)*inst.ptr, i));
    }
    Method *r = stub_if_needed(m, th_mt(declaring.th), a ? args : NULL, n, &e);
    if (args != small)
        base_free(args);
    if (!r)
        vm_throw_err(t, &e);
    QCALL_END(t);
    return r;
}

REFL(void, RuntimeMethodHandle_GetMethodInstantiation, Method *m, ObjectHandleOnStack out, i32 as_runtime_types)
{
    QCALL_BEGIN(t);
    u32 n = 0;
    TypeHandle *v = type_method_inst(m, &n);
    if (n)
        qc_set_object(out, (Object *)refl_type_array(t, as_runtime_types ? type_wk(WK_RUNTIMETYPE) : refl_class("System", "Type"), v, n));
    QCALL_END(t);
}

static void give_method(Method *m, Err *e, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    if (m)
        qc_set_object(out, vm_method_stub_object(t, m));
    else
        vm_throw_err(t, e);
    QCALL_END(t);
}

REFL(void, RuntimeMethodHandle_GetTypicalMethodDefinition, Method *m, ObjectHandleOnStack out)
{
    Err e = {0};
    give_method(refl_typical_method(m, &e), &e, out);
}

REFL(void, RuntimeMethodHandle_StripMethodInstantiation, Method *m, ObjectHandleOnStack out)
{
    Err e = {0};
    give_method(refl_method_definition(m, &e), &e, out);
}

REFL(i32, RuntimeMethodHandle_GetIsCollectible, Method *m) { return type_method_is_collectible(m); }

REFL(void, RuntimeMethodHandle_ConstructInstantiation, Method *m, u32 format, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    u32 n = 0;
    TypeHandle *v = type_method_inst(m, &n);
    qc_set_string(out, n ? refl_inst_string(t, v, n, format) : vm_string_new(t, NULL, 0));
    QCALL_END(t);
}

REFL(void *, RuntimeMethodHandle_GetFunctionPointer, Method *m)
{
    QCALL_BEGIN(t);
    void *p = NULL;
    if (type_is_open(th_of(m->mt)) || (m->flags & MF_GENERIC_DEF) || refl_is_method_generic_open(m))
        vm_throwf(t, VM_ERR_INVALID_OPERATION,
                  "Could not execute the method because either the method itself or the containing type is not fully instantiated.");
    else
        p = vm_ldftn(t, m);
    QCALL_END(t);
    return p;
}

/* May a custom attribute with this constructor be seen on something of this module and type?  As code there would see it, friends included. */
REFL(i32, RuntimeMethodHandle_IsCAVisibleFromDecoratedType, QCallTypeHandle attr, Method *ctor, QCallTypeHandle decorated, QCallModule module)
{
    MethodTable *mt = th_mt(attr.th), *user = th_mt(decorated.th);
    if (!user && module.module)
        user = type_load_typedef(module.module, MD_TOKEN(MDT_TypeDef, 1), NULL);
    if (!mt || !user)
        return 0;
    return ctor ? type_may_use_member(user, mt, ctor->attrs, false) : type_may_use_type(user, th_of(mt), false);
}

/* --- Bodies ----------------------------------------------------------------------------------------------------------------------- */
static bool add_clauses(Thread *t, Object *body, const IlBody *il)
{
    MethodTable *mt = refl_class("System.Reflection", "RuntimeExceptionHandlingClause");
    Array *a = vm_new_array(t, th_of(refl_class("System.Reflection", "ExceptionHandlingClause")), il->clause_count);
    if (!a)
        return false;
    for (u32 i = 0; i < il->clause_count; i++) {
        IlClause c;
        il_clause(il, i, &c);
        Object *o = vm_new_object(t, mt);
        if (!o)
            return false;
        RF_SET_REF(o, CLAUSE_BODY, body);
        RF_VAL(o, CLAUSE_FLAGS, i32) = (i32)c.kind;
        RF_VAL(o, CLAUSE_TRY, u32) = c.try_start;
        RF_VAL(o, CLAUSE_TRY_LEN, u32) = c.try_end - c.try_start;
        RF_VAL(o, CLAUSE_HANDLER, u32) = c.handler_start;
        RF_VAL(o, CLAUSE_HANDLER_LEN, u32) = c.handler_end - c.handler_start;
        if (c.kind == IL_EH_CATCH)
            RF_VAL(o, CLAUSE_TOKEN, u32) = c.class_token;
        if (c.kind == IL_EH_FILTER)
            RF_VAL(o, CLAUSE_FILTER, u32) = c.filter_start;
        refl_array_set(a, i, o);
    }
    RF_SET_REF(body, BODY_CLAUSES, a);
    return true;
}

static bool add_locals(Thread *t, Object *body, Method *m, TypeHandle declaring, u32 local_sig)
{
    Err e = {0};
    SigType *v = NULL;
    u32 n = 0;
    Arena arena = {0};
    SigContext c = type_method_context(m);
    MethodTable *owner = th_mt(declaring);
    if (owner && owner->aux->inst && !mt_is_array(owner)) {
        c.class_args = owner->aux->inst;
        c.num_class_args = owner->klass->num_generic;
    }
    MdSig head = md_sig_of(c.module->md, local_sig);
    if (local_sig && !md_sig_locals(&head, &n))
        return vm_throw(t, VM_ERR_VERIFICATION);
    if (local_sig && !type_parse_locals(&arena, &c, local_sig, &v, &n, &e)) {
        arena_free(&arena);
        return vm_throw_err(t, &e);
    }
    bool ok = false;
    Array *a = vm_new_array(t, th_of(refl_class("System.Reflection", "LocalVariableInfo")), n);
    for (u32 i = 0; a && i < n; i++) {
        TypeHandle th = type_sigtype_load(&c, &v[i], &e);
        Object *o = th ? vm_new_object(t, refl_class("System.Reflection", "RuntimeLocalVariableInfo")) : NULL;
        if (!o) {
            if (!th)
                vm_throw_err(t, &e);
            goto done;
        }
        RF_SET_REF(o, LOCAL_TYPE, vm_type_object(th));
        RF_VAL(o, LOCAL_INDEX, i32) = (i32)i;
        RF_VAL(o, LOCAL_PINNED, u8) = v[i].pinned;
        refl_array_set(a, i, o);
    }
    if (a) {
        RF_SET_REF(body, BODY_LOCALS, a);
        ok = true;
    }
done:
    arena_free(&arena);
    return ok;
}

REFL(void, RuntimeMethodHandle_GetMethodBody, Method *m, QCallTypeHandle declaring, ObjectHandleOnStack out)
{
    Err e = {0};
    IlBody il;
    if (MD_TABLE_OF(m->token) != MDT_MethodDef || !MD_RID(m->token) || !md_MethodDef_RVA(m->mt->module->md, MD_RID(m->token)))
        return; /* no IL: null */
    bool ok = type_method_body(m, &il, &e);
    QCALL_BEGIN(t);
    if (!ok) {
        vm_throw_err(t, &e);
    } else {
        Object *o = vm_new_object(t, refl_class("System.Reflection", "RuntimeMethodBody"));
        Array *code = o ? refl_byte_array(t, il.code, il.code_size) : NULL;
        if (code) {
            RF_SET_REF(o, BODY_IL, code);
            RF_VAL(o, BODY_LOCAL_SIG, u32) = il.local_sig;
            RF_VAL(o, BODY_MAX_STACK, u32) = il.max_stack;
            RF_VAL(o, BODY_INIT_LOCALS, u8) = il.init_locals;
            if (add_clauses(t, o, &il) && add_locals(t, o, m, declaring.th, il.local_sig))
                qc_set_object(out, o);
        }
    }
    QCALL_END(t);
}

/* The method whose code asked: the frame after MethodBase.GetCurrentMethod itself. */
REFL(Method *, MethodBase_GetCurrentMethod, StackCrawlMarkHandle mark)
{
    (void)mark;
    TraceFrame f[16];
    Method *r = NULL;
    QCALL_BEGIN(t);
    u32 n = vm_trace_collect(t, f, ARRAY_LEN(f), 0);
    for (u32 i = 0; i < MIN(n, (u32)ARRAY_LEN(f)) && !r; i++) {
        Method *m = f[i].method;
        if (!m || (m->flags & MF_STUB) || (m->mt->module == type_corelib->module && !strcmp(m->name, "GetCurrentMethod")) ||
            (m->mt->module == type_corelib->module && strstr(m->name, "PInvoke")))
            continue;
        Err e = {0};
        r = (m->flags & (MF_SHARED | MF_GENERIC_INST)) ? refl_typical_method(m, &e) : m;
    }
    QCALL_END(t);
    return r;
}
