/* vm_delegate.c: delegates: construction over any target, the thunks of a delegate type, binding for reflection.
 * Thunks (IL stubs) belong to the canonical delegate type and are shared by its instantiations: "open" thunks drop the delegate and
 * call _methodPtrAux, the multicast loop calls each entry of the list.  Per method: closed-over-first-argument stubs where the result is returned in
 * memory (this and the return buffer would change places), callvirt stubs for open virtual targets.
 * Lock: delegate_lock guards the two tables; nothing is compiled or loaded under it.
 * Book: vm.md  Tests: tests/app, tests/il */
#include "vm/vm_delegate.h"

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_code.h"
#include "vm/vm_helpers.h"
#include "vm/vm_unload.h"
#include "x64/x64.h"

#include <strings.h>

typedef struct DelegateStubs { /* of a canonical delegate type */
    Method *invoke;            /* canonical */
    const MethodSig *sig;
    Method *open_static, *open_instance, *multicast, *native;
} DelegateStubs;
static OsMutex delegate_lock = OS_MUTEX_INIT;
static Map64 by_type;    /* canonical MethodTable * -> DelegateStubs * */
static Map64 by_method;  /* key of (canonical type or 0, Method) -> Method *: closed static and open virtual stubs */

Method *(*vm_native_invoke_stub)(Thread *t, MethodTable *delegate_type, Err *e);

Method *vm_delegate_invoke(MethodTable *mt)
{
    Method *m = type_method_by_name(mt, "Invoke", -1);
    CHECKF(m != NULL, "delegate type %s has no Invoke", mt->klass->name);
    return m;
}

/* Either mode; loads. NULL + Err */
static DelegateStubs *stubs_of(MethodTable *mt, Err *e)
{
    mt = mt->aux->canon;
    u64 key = (u64)(uintptr_t)mt;
    os_mutex_lock(&delegate_lock);
    DelegateStubs *s = map64_ptr(&by_type, key);
    os_mutex_unlock(&delegate_lock);
    if (s)
        return s;
    Method *invoke = vm_delegate_invoke(mt);
    const MethodSig *sig = type_method_sig(invoke, e);
    if (!sig)
        return NULL;
    DelegateStubs *made = type_alloc(mt->aux->loader_module->alc, HEAP_COLD, sizeof *made);
    made->invoke = invoke;
    made->sig = sig;
    os_mutex_lock(&delegate_lock);
    s = map64_ptr(&by_type, key);
    if (!s) {
        map64_put(&by_type, key, (u64)(uintptr_t)made);
        s = made;
    }
    os_mutex_unlock(&delegate_lock);
    return s;
}

static DelegateStubs *stubs_coop(Thread *t, MethodTable *mt)
{
    Err e = {0};
    os_mutex_lock(&delegate_lock);
    DelegateStubs *s = map64_ptr(&by_type, (u64)(uintptr_t)mt->aux->canon);
    os_mutex_unlock(&delegate_lock);
    if (s)
        return s;
    PREEMPTIVE(t) { s = stubs_of(mt, &e); }
    if (!s)
        vm_throw_err(t, &e);
    return s;
}

static Field *core_field(WellKnown wk, const char *name)
{
    Field *f = type_field_by_name(type_wk(wk), name);
    CHECKF(f != NULL, "delegate field %s", name);
    return f;
}

static Method *once(Method **cell, Method *made)
{
    Method *none = NULL;
    return __atomic_compare_exchange_n(cell, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? made : none;
}

static LoadContext *alc_of_stubs(DelegateStubs *s) { return s->invoke->mt->aux->loader_module->alc; }

/* ---- thunks ---------------------------------------------------------------------------------------------------------------- */
static Method *open_thunk(DelegateStubs *s, bool instance)
{
    Method **cell = instance ? &s->open_instance : &s->open_static;
    Method *m = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (m)
        return m;
    LoadContext *alc = alc_of_stubs(s);
    MethodSig *target = ilb_sig_copy(alc, s->sig, instance, NULL);
    if (instance) { /* the first parameter becomes this */
        target->params++;
        target->num_params--;
    }
    IlBuilder b;
    ilb_begin(&b, alc, instance ? "open instance delegate" : "open static delegate", NULL);
    for (u32 i = 1; i <= s->sig->num_params; i++)
        ilb_ldarg(&b, i);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_LDFLD, ilb_field(&b, core_field(WK_DELEGATE, "_methodPtrAux"), type_wk(WK_DELEGATE)));
    ilb_op(&b, IL_TAIL);
    ilb_op_token(&b, IL_CALLI, ilb_sig(&b, target));
    ilb_op(&b, IL_RET);
    return once(cell, ilb_finish(&b, type_wk(WK_OBJECT), s->sig, "Invoke"));
}

/* All of Invoke's arguments lie in registers, so that moving them down by one is all there is to an open call. */
static bool in_registers(const MethodSig *sig, bool instance)
{
    bool retbuf = sig->ret.kind == ET_VALUETYPE && type_abi(th_mt(sig->ret.th))->n == 0;
    u32 gpr = 1 + retbuf, xmm = 0;
    for (u32 i = 0; i < sig->num_params; i++) {
        const SigType *p = &sig->params[i];
        if (p->kind == ET_TYPEDBYREF)
            return false;
        if (p->kind == ET_VALUETYPE) {
            const TypeAbi *abi = type_abi(th_mt(p->th));
            if (abi->n == 0)
                return false;
            for (u32 k = 0; k < abi->n; k++)
                abi->cls[k] == ABI_SSE ? xmm++ : gpr++;
        } else {
            p->kind == ET_R4 || p->kind == ET_R8 ? xmm++ : gpr++;
        }
    }
    return gpr <= 6 && xmm <= 8 && !(instance && retbuf); /* the buffer comes after this */
}

/* for (i = 0; i < count; i++) result = list[i].Invoke(args) */
static Method *multicast_loop(DelegateStubs *s)
{
    Method *m = __atomic_load_n(&s->multicast, __ATOMIC_ACQUIRE);
    if (m)
        return m;
    Err e = {0};
    LoadContext *alc = alc_of_stubs(s);
    TypeHandle list_type = type_szarray_of(th_of(type_wk(WK_OBJECT)), &e);
    MethodTable *multi = type_wk(WK_MULTICASTDELEGATE);
    IlBuilder b;
    ilb_begin(&b, alc, "multicast delegate", NULL);
    SigType list_st = ilb_sigtype(list_type), i4 = ilb_sigtype(th_of(type_wk(WK_INT32)));
    u32 list = ilb_local(&b, &list_st), n = ilb_local(&b, &i4), i = ilb_local(&b, &i4), result = 0;
    bool is_void = s->sig->ret.kind == ET_VOID;
    if (!is_void)
        result = ilb_local(&b, &s->sig->ret);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_LDFLD, ilb_field(&b, core_field(WK_MULTICASTDELEGATE, "_invocationList"), multi));
    ilb_local_op(&b, IL_STLOC, list);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_LDFLD, ilb_field(&b, core_field(WK_MULTICASTDELEGATE, "_invocationCount"), multi));
    ilb_op(&b, IL_CONV_I4);
    ilb_local_op(&b, IL_STLOC, n);
    u32 loop = ilb_pos(&b);
    ilb_local_op(&b, IL_LDLOC, list);
    ilb_local_op(&b, IL_LDLOC, i);
    ilb_op(&b, IL_LDELEM_REF);
    for (u32 k = 1; k <= s->sig->num_params; k++)
        ilb_ldarg(&b, k);
    ilb_op_token(&b, IL_CALLVIRT, ilb_method(&b, s->invoke));
    if (!is_void)
        ilb_local_op(&b, IL_STLOC, result);
    ilb_local_op(&b, IL_LDLOC, i);
    ilb_op(&b, IL_LDC_I4_1);
    ilb_op(&b, IL_ADD);
    ilb_local_op(&b, IL_STLOC, i);
    ilb_local_op(&b, IL_LDLOC, i);
    ilb_local_op(&b, IL_LDLOC, n);
    ilb_branch_to(&b, IL_BLT, loop);
    if (!is_void)
        ilb_local_op(&b, IL_LDLOC, result);
    ilb_op(&b, IL_RET);
    return once(&s->multicast, ilb_finish(&b, type_wk(WK_OBJECT), s->sig, "Invoke"));
}

static u64 method_key(const MethodTable *mt, const Method *m)
{
    return (mt ? (u64)((const char *)mt - os_span.base) << 32 : 0) | (u64)((const char *)m - os_span.base);
}

static Method *cached_stub(u64 key)
{
    os_mutex_lock(&delegate_lock);
    Method *m = map64_ptr(&by_method, key);
    os_mutex_unlock(&delegate_lock);
    return m;
}

static Method *keep_stub(u64 key, Method *made)
{
    os_mutex_lock(&delegate_lock);
    Method *m = map64_ptr(&by_method, key);
    if (!m)
        map64_put(&by_method, key, (u64)(uintptr_t)(m = made));
    os_mutex_unlock(&delegate_lock);
    return m;
}

void vm_delegate_forget(void)
{
    type_map_forget(&by_type, true);
    VEC(u64) dead = {0};
    for (u32 i = 0; i < by_method.cap; i++) {
        u64 k = by_method.keys[i];
        if (k && (type_is_dying((void *)(uintptr_t)by_method.vals[i]) || type_is_dying(os_span.base + (u32)k) ||
                  type_is_dying(os_span.base + (k >> 32))))
            vec_push(&dead, k);
    }
    for (u32 i = 0; i < dead.len; i++)
        map64_remove(&by_method, dead.data[i]);
    vec_free(&dead);
}

/* A static method reached with its first argument as this. */
static Method *closed_static_stub(Method *m, const MethodSig *sig)
{
    u64 key = method_key(NULL, m);
    Method *s = cached_stub(key);
    if (s)
        return s;
    LoadContext *alc = type_method_context_of(m);
    MethodSig *shape = ilb_sig_copy(alc, sig, true, NULL);
    shape->params++;
    shape->num_params--;
    IlBuilder b;
    ilb_begin(&b, alc, "closed static delegate", m);
    for (u32 i = 0; i < sig->num_params; i++)
        ilb_ldarg(&b, i);
    ilb_op(&b, IL_TAIL);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, m));
    ilb_op(&b, IL_RET);
    return keep_stub(key, ilb_finish(&b, type_wk(WK_OBJECT), shape, m->name));
}

/* Invoke of an open delegate over a virtual method. */
static Method *open_virtual_stub(DelegateStubs *d, Method *m)
{
    u64 key = method_key(d->invoke->mt, m);
    Method *s = cached_stub(key);
    if (s)
        return s;
    LoadContext *alc = alc_of_stubs(d);
    if (!alc->collectible)
        alc = type_method_context_of(m);
    IlBuilder b;
    ilb_begin(&b, alc, "open virtual delegate", m);
    for (u32 i = 1; i <= d->sig->num_params; i++)
        ilb_ldarg(&b, i);
    ilb_op(&b, IL_TAIL);
    ilb_op_token(&b, IL_CALLVIRT, ilb_method(&b, m));
    ilb_op(&b, IL_RET);
    return keep_stub(key, ilb_finish(&b, type_wk(WK_OBJECT), d->sig, m->name));
}

/* ---- construction ---------------------------------------------------------------------------------------------------------------- */
static void set(Object *d, Object *target, void *ptr, void *aux)
{
    CF_SET_REF(d, DELEGATE_TARGET, target);
    CF_VAL(d, DELEGATE_PTR, void *) = ptr;
    CF_VAL(d, DELEGATE_PTRAUX, void *) = aux;
}

/* Nothing else that the delegate refers to need be of the method's context. */
static void hold(Object *d, Method *m)
{
    LoadContext *alc = type_method_context_of(m);
    Object *keeper = UNLIKELY(alc->collectible) ? type_context_keeper(alc) : NULL;
    if (keeper)
        CF_SET_REF(d, DELEGATE_METHODBASE, keeper);
}

static Method *method_behind(void *fnptr)
{
    Method *m = code_precode_method(fnptr);
    if (m)
        return m;
    CodeInfo *ci = code_find(fnptr);
    return ci && ci->start == (char *)fnptr ? ci->method : vm_method_of_native_entry(fnptr);
}

static bool returns_in_memory(const MethodSig *s) { return s->ret.kind == ET_VALUETYPE && type_abi(th_mt(s->ret.th))->n == 0; }

static bool set_closed_static(Thread *t, Object *d, Object *target, Method *m, const MethodSig *sig)
{
    void *entry = vm_ldftn(t, m); /* UnmanagedCallersOnly: the native entry, which ends the program when the delegate is called */
    if (!entry)
        return false;
    if (returns_in_memory(sig))
        entry = code_precode(closed_static_stub(m, sig));
    set(d, target, entry, NULL);
    hold(d, m);
    return true;
}

static bool set_open(Thread *t, Object *d, DelegateStubs *s, Method *m, bool instance)
{
    void *entry = vm_ldftn(t, m);
    if (!entry)
        return false;
    void *thunk = in_registers(s->sig, instance) ? (void *)(uintptr_t)code_shuffle_stub : code_precode(open_thunk(s, instance));
    set(d, d, thunk, entry);
    hold(d, m);
    return true;
}

static bool set_closed_instance(Thread *t, Object *d, Object *target, Method *m)
{
    Err e = {0};
    if (mt_is_valuetype(m->mt) && !(m->flags & (MF_UNBOXING | MF_STUB)))
        m = vm_unboxing_stub(m, &e);
    void *entry = m ? vm_method_entry(t, m) : NULL;
    if (!entry)
        return m ? false : vm_throw_err(t, &e);
    set(d, target, entry, NULL);
    return true;
}

bool vm_delegate_construct(Thread *t, Object *d, Object *target, void *fnptr)
{
    Method *m = method_behind(fnptr);
    DelegateStubs *s = stubs_coop(t, d->mt);
    if (!s)
        return false;
    if (!fnptr)
        return vm_throw_arg(t, VM_ERR_ARGUMENT_NULL, "method", NULL);
    if (!m || m->flags & MF_UNMANAGED_CALLERS_ONLY)
        return vm_throwf(t, VM_ERR_NOT_SUPPORTED, "Methods with UnmanagedCallersOnlyAttribute cannot be used as delegate target.");
    Err e = {0};
    const MethodSig *sig = m->msig;
    if (!sig)
        PREEMPTIVE(t) { sig = type_method_sig(m, &e); }
    if (!sig)
        return vm_throw_err(t, &e);
    if (!(m->flags & MF_STATIC)) {
        if (s->sig->num_params == sig->num_params + 1u && !target)
            return set_open(t, d, s, m, true);
        if (!target)
            return vm_throw_arg(t, VM_ERR_ARGUMENT, NULL, "Delegate to an instance method cannot have null 'this'.");
        return set_closed_instance(t, d, target, m);
    }
    if (sig->num_params == s->sig->num_params + 1u)
        return set_closed_static(t, d, target, m, sig);
    return set_open(t, d, s, m, false);
}

/* ---- binding (reflection) ------------------------------------------------------------------------------------------------------------ */
static bool assignable(TypeHandle from, TypeHandle to, bool relaxed)
{
    if (from == to)
        return true;
    if (!from || !to || !relaxed)
        return false;
    MethodTable *a = th_mt(from), *b = th_mt(to);
    if (!a || !b)
        return false;
    if (mt_is_valuetype(a) || mt_is_valuetype(b))
        return mt_is_valuetype(a) && mt_is_valuetype(b) && (mt_is_enum(a) || mt_is_enum(b)) && type_elem_kind(from) == type_elem_kind(to);
    return type_can_cast(from, to);
}

typedef struct Fit { /* what is compared: exact types */
    SigContext dc, mc;
    const MethodSig *ds, *ms;
    bool relaxed;
} Fit;

static TypeHandle d_param(const Fit *f, u32 i) { return type_sigtype_load(&f->dc, &f->ds->params[i], NULL); }
static TypeHandle m_param(const Fit *f, u32 i) { return type_sigtype_load(&f->mc, &f->ms->params[i], NULL); }

/* Parameters of the delegate from d0 on against those of the method from m0 on, and the results. */
static bool fits(const Fit *f, u32 d0, u32 m0)
{
    if (f->ds->num_params - d0 != f->ms->num_params - m0)
        return false;
    for (u32 i = 0; d0 + i < f->ds->num_params; i++)
        if (!assignable(d_param(f, d0 + i), m_param(f, m0 + i), f->relaxed))
            return false;
    if (f->ds->ret.kind == ET_VOID || f->ms->ret.kind == ET_VOID)
        return f->ds->ret.kind == f->ms->ret.kind;
    return assignable(type_sigtype_load(&f->mc, &f->ms->ret, NULL), type_sigtype_load(&f->dc, &f->ds->ret, NULL), f->relaxed);
}

typedef enum BindKind { BIND_NONE, BIND_CLOSED_STATIC, BIND_OPEN_STATIC, BIND_CLOSED_INSTANCE, BIND_OPEN_INSTANCE, BIND_ERROR } BindKind;

/* Preemptive: loads. target: type of the target, or NULL. */
static BindKind choose(MethodTable *dt, MethodTable *target, Method *m, u32 flags, Err *e)
{
    if (!mt_is_delegate(dt)) /* what stands for one of an open type, which has no objects */
        return BIND_NONE;
    Method *invoke = vm_delegate_invoke(dt);
    Fit f = {.dc = type_method_context(invoke), .mc = type_method_context(m), .relaxed = (flags & DELEGATE_RELAXED) != 0};
    f.ds = type_method_sig(invoke, e);
    f.ms = f.ds ? type_method_sig(m, e) : NULL;
    if (!f.ms)
        return BIND_ERROR;
    u32 dn = f.ds->num_params, mn = f.ms->num_params;
    bool may_close = !(flags & DELEGATE_OPEN_ONLY) && (target || !(flags & DELEGATE_NEVER_CLOSE_OVER_NULL));
    bool may_open = !(flags & DELEGATE_CLOSED_ONLY) && !target; /* a target that is given is never dropped */
    if (m->flags & MF_STATIC) {
        if (flags & DELEGATE_INSTANCE_ONLY)
            return BIND_NONE;
        if (dn == mn && may_open && fits(&f, 0, 0))
            return BIND_OPEN_STATIC;
        if (dn + 1 == mn && may_close && type_elem_kind(m_param(&f, 0)) == ET_CLASS && fits(&f, 0, 1) &&
            (!target || type_can_cast(th_of(target), m_param(&f, 0))))
            return BIND_CLOSED_STATIC;
        return BIND_NONE;
    }
    if (flags & DELEGATE_STATIC_ONLY)
        return BIND_NONE;
    if (dn == mn && may_close && fits(&f, 0, 0) && (!target || type_can_cast(th_of(target), th_of(m->mt))))
        return BIND_CLOSED_INSTANCE;
    if (dn == mn + 1 && may_open && fits(&f, 1, 0)) {
        TypeHandle self = d_param(&f, 0);
        TypeDesc *byref = th_desc(self);
        if (mt_is_valuetype(m->mt) ? byref && byref->kind == TD_BYREF && byref->elem == th_of(m->mt)
                                   : assignable(self, th_of(m->mt), f.relaxed))
            return BIND_OPEN_INSTANCE;
    }
    return BIND_NONE;
}

bool vm_delegate_bind(Thread *t, Object *d, Object *target, Method *m, u32 flags, bool *bound)
{
    Err e = {0};
    BindKind k;
    MethodTable *dt = d->mt, *tt = target ? target->mt : NULL;
    Method *virt = NULL;
    PREEMPTIVE(t)
    {
        k = choose(dt, tt, m, flags, &e);
        if (k == BIND_CLOSED_INSTANCE && tt && (m->flags & MF_VIRTUAL)) {
            virt = type_find_virtual(tt, m, &e);
            if (!virt)
                k = BIND_ERROR;
        }
    }
    *bound = k != BIND_NONE && k != BIND_ERROR;
    if (k == BIND_ERROR)
        return vm_throw_err(t, &e);
    if (k == BIND_NONE)
        return true;
    DelegateStubs *s = stubs_coop(t, dt);
    if (!s)
        return false;
    switch (k) {
    case BIND_CLOSED_STATIC: return set_closed_static(t, d, target, m, m->msig);
    case BIND_OPEN_STATIC: return set_open(t, d, s, m, false);
    case BIND_CLOSED_INSTANCE: return set_closed_instance(t, d, target, virt ? virt : m);
    default: break;
    }
    if ((m->flags & MF_VIRTUAL) && !mt_is_valuetype(m->mt)) {
        Method *stub = open_virtual_stub(s, m);
        void *entry = vm_method_entry(t, m);
        if (!entry)
            return false;
        set(d, d, code_precode(stub), entry);
        return true;
    }
    return set_open(t, d, s, m, true);
}

bool vm_delegate_bind_name(Thread *t, Object *d, Object *target, MethodTable *type, const char *name, u32 flags, bool *bound)
{
    *bound = false;
    GcHandle dh = gc_handle_new(t->domain, GC_HANDLE_STRONG, d), th = gc_handle_new(t->domain, GC_HANDLE_STRONG, target);
    bool ok = true;
    for (MethodTable *p = type; p && ok && !*bound; p = p->parent) {
        MtClass *k = p->klass;
        for (u32 i = 0; i < k->num_methods && ok && !*bound && !mt_is_array(p); i++) {
            Err e = {0};
            Method *m;
            PREEMPTIVE(t) { m = type_method_by_rid(p, type_method_rid(p, i), &e); }
            if (!m || (m->flags & (MF_GENERIC_DEF | MF_CTOR | MF_CCTOR)))
                continue;
            if ((flags & DELEGATE_CASELESS ? strcasecmp : strcmp)(m->name, name) != 0)
                continue;
            ok = vm_delegate_bind(t, gc_handle_get(dh), gc_handle_get(th), m, flags, bound);
        }
    }
    gc_handle_free(dh);
    gc_handle_free(th);
    return ok;
}

/* ---- what CoreLib asks for --------------------------------------------------------------------------------------------------------------- */
void *vm_delegate_multicast_invoke(Thread *t, MethodTable *mt)
{
    DelegateStubs *s = stubs_coop(t, mt);
    return s ? code_precode(multicast_loop(s)) : NULL;
}

void *vm_delegate_invoke_entry(Thread *t, MethodTable *mt) { return vm_method_entry(t, vm_delegate_invoke(mt)); }

void *vm_delegate_adjust_target(Thread *t, Object *target, void *fnptr)
{
    Method *m = method_behind(fnptr);
    Err e = {0};
    if (!m || !target || (m->flags & (MF_STATIC | MF_UNBOXING | MF_STUB)) || !mt_is_valuetype(m->mt))
        return fnptr;
    PREEMPTIVE(t) { m = vm_unboxing_stub(m, &e); }
    return m ? vm_method_entry(t, m) : (vm_throw_err(t, &e), NULL);
}

Method *vm_delegate_method(Object *d)
{
    if (CF_VAL(d, MULTICAST_COUNT, i64) == -1)
        return NULL;
    void *aux = CF_VAL(d, DELEGATE_PTRAUX, void *);
    return vm_unwrap_stub(method_behind(aux ? aux : CF_VAL(d, DELEGATE_PTR, void *)));
}

bool vm_delegate_same_method(Object *a, Object *b)
{
    Method *x = vm_delegate_method(a), *y = vm_delegate_method(b);
    return x && x == y;
}

Object *vm_delegate_of_native(Thread *t, MethodTable *mt, void *fn)
{
    DelegateStubs *s = stubs_coop(t, mt);
    if (!s)
        return NULL;
    Err e = {0};
    Method *stub = __atomic_load_n(&s->native, __ATOMIC_ACQUIRE);
    if (!stub) {
        CHECK(vm_native_invoke_stub != NULL);
        PREEMPTIVE(t) { stub = vm_native_invoke_stub(t, mt, &e); }
        if (!stub) {
            vm_throw_err(t, &e);
            return NULL;
        }
        stub = once(&s->native, stub);
    }
    Object *d = gc_alloc(t, mt);
    if (!d) {
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
        return NULL;
    }
    set(d, d, code_precode(stub), fn);
    CF_VAL(d, MULTICAST_COUNT, i64) = -1;
    return d;
}

/* ---- the runtime's own members ------------------------------------------------------------------------------------------------------------- */
static void not_on_this_platform(void) { vm_throw(thread_current(), VM_ERR_PLATFORM_NOT_SUPPORTED); }

/* mov rax, [rdi + _methodPtr]; mov rdi, [rdi + _target]; jmp rax: for calls of Invoke that are not expanded in place */
static void *invoke_code(void)
{
    static void *code;
    void *p = __atomic_load_n(&code, __ATOMIC_ACQUIRE);
    if (p)
        return p;
    X64Buf b;
    x64_init(&b, 32);
    x64_mov_rm(&b, 8, X64_RAX, x64_mem(X64_RDI, (i32)vm_core_field_offset[CF_DELEGATE_PTR]));
    x64_mov_rm(&b, 8, X64_RDI, x64_mem(X64_RDI, (i32)vm_core_field_offset[CF_DELEGATE_TARGET]));
    x64_jmp_r(&b, X64_RAX);
    char *rw, *made = code_alloc(NULL, x64_pos(&b), &rw);
    CHECK(x64_finish(&b, (u64)(uintptr_t)made));
    memcpy(rw, b.start, x64_pos(&b));
    x64_free(&b);
    void *none = NULL;
    return __atomic_compare_exchange_n(&code, &none, (void *)made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? made : none;
}

void *vm_delegate_runtime_code(Thread *t, Method *m)
{
    (void)t;
    if (m->flags & MF_CTOR)
        return code_helper_stub((void *)vm_help_delegate_ctor);
    if (strcmp(m->name, "Invoke") == 0)
        return invoke_code();
    return code_helper_stub((void *)not_on_this_platform);
}
