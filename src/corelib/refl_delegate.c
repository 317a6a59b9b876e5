/* refl_delegate.c: System.Delegate: the calls, over vm_delegate.h. */
#include "corelib/refl_int.h"

#include "vm/vm_delegate.h"

REFL(void *, Delegate_GetMulticastInvoke, MethodTable *mt)
{
    (void)mt;
    return NULL; /* ask the slow one, which may compile */
}

REFL(void *, Delegate_GetMulticastInvokeSlow, MethodTable *mt)
{
    QCALL_BEGIN(t);
    void *p = vm_delegate_multicast_invoke(t, mt);
    QCALL_END(t);
    return p;
}

/* A method handle; managed code keeps it in _methodPtrAux of multicast delegates too. */
REFL(Method *, Delegate_GetInvokeMethod, MethodTable *mt) { return vm_delegate_invoke(mt); }

REFL(void, Delegate_Construct, ObjectHandleOnStack self, ObjectHandleOnStack target, void *fn)
{
    QCALL_BEGIN(t);
    vm_delegate_construct(t, *self.ptr, *target.ptr, fn);
    QCALL_END(t);
}

REFL(i32, Delegate_BindToMethodInfo, ObjectHandleOnStack self, ObjectHandleOnStack target, Method *m, QCallTypeHandle type, u32 flags)
{
    Err e = {0};
    bool bound = false;
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    if (mt && !(m->flags & (MF_STUB | MF_ARRAY)))
        m = refl_method_on(m, mt, &e);
    if (!m)
        vm_throw_err(t, &e);
    else if (!(m->flags & MF_GENERIC_DEF) && !vm_delegate_bind(t, *self.ptr, *target.ptr, m, flags, &bound))
        bound = false;
    QCALL_END(t);
    return bound;
}

REFL(i32, Delegate_BindToMethodName, ObjectHandleOnStack self, ObjectHandleOnStack target, QCallTypeHandle type, const char *name, u32 flags)
{
    bool bound = false;
    QCALL_BEGIN(t);
    if (!vm_delegate_bind_name(t, *self.ptr, *target.ptr, th_mt(type.th), name, flags, &bound))
        bound = false;
    QCALL_END(t);
    return bound;
}

REFL(void, Delegate_FindMethodHandle, ObjectHandleOnStack self, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Method *m = vm_delegate_method(*self.ptr);
    if (!m) /* native: its own Invoke stands for it */
        m = vm_delegate_invoke((*self.ptr)->mt);
    qc_set_object(out, vm_method_stub_object(t, m));
    QCALL_END(t);
}

REFL(i32, Delegate_InternalEqualMethodHandles, ObjectHandleOnStack a, ObjectHandleOnStack b)
{
    QCALL_BEGIN(t);
    bool same = vm_delegate_same_method(*a.ptr, *b.ptr);
    QCALL_END(t);
    return same;
}

REFL(void *, Delegate_AdjustTarget, ObjectHandleOnStack target, void *fn)
{
    QCALL_BEGIN(t);
    void *p = vm_delegate_adjust_target(t, *target.ptr, fn);
    QCALL_END(t);
    return p;
}

/* Called by MulticastDelegate.CtorVirtualDispatch, which no delegate here is made by. */
REFL(void, Delegate_InitializeVirtualCallStub, ObjectHandleOnStack self, void *fn)
{
    (void)self;
    (void)fn;
    base_missing("internal call", "Delegate.InitializeVirtualCallStub");
}
