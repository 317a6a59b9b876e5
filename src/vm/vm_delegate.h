/* vm_delegate.h: delegates, for vm_*.c, interop/ and corelib/.  Cooperative mode throughout.
 * Conventions of the fields (read by CoreLib too):
 *   closed        _target = this or first argument, _methodPtr = code, _methodPtrAux = 0
 *   open          _target = the delegate, _methodPtr = thunk of the delegate's type that drops it, _methodPtrAux = code
 *   multicast     _target = the delegate, _methodPtr = loop of the delegate's type, list and count
 *   native        as open; _methodPtrAux = native address, _invocationCount = -1
 * All code addresses are precodes (stable, one per Method), so that delegates over one method are equal. */
#ifndef VM_VM_DELEGATE_H
#define VM_VM_DELEGATE_H
#include "vm/vm.h"

enum { /* System.DelegateBindingFlags */
    DELEGATE_STATIC_ONLY = 1, DELEGATE_INSTANCE_ONLY = 2, DELEGATE_OPEN_ONLY = 4, DELEGATE_CLOSED_ONLY = 8,
    DELEGATE_NEVER_CLOSE_OVER_NULL = 0x10, DELEGATE_CASELESS = 0x20, DELEGATE_RELAXED = 0x40,
};
Method *vm_delegate_invoke(MethodTable *delegate_type); /* exact Invoke; never NULL for a delegate type */
void *vm_delegate_runtime_code(Thread *t, Method *m);   /* .ctor, Invoke, BeginInvoke, EndInvoke */
/* Delegate_Construct and the JIT helper: fnptr from ldftn or ldvirtftn. false: pending */
bool vm_delegate_construct(Thread *t, Object *delegate, Object *target, void *fnptr);
/* Makes delegate lead to m (exact), closed over target or open as the signatures say. *bound false: they do not fit. false: pending.
 * Delegate_BindToMethodInfo. */
bool vm_delegate_bind(Thread *t, Object *delegate, Object *target, Method *m, u32 flags, bool *bound);
/* Delegate_BindToMethodName: the first method of that name declared by type or an ancestor that fits. */
bool vm_delegate_bind_name(Thread *t, Object *delegate, Object *target, MethodTable *type, const char *name, u32 flags, bool *bound);
void *vm_delegate_multicast_invoke(Thread *t, MethodTable *delegate_type); /* GetMulticastInvoke(Slow): code for _methodPtr. NULL: pending */
void *vm_delegate_invoke_entry(Thread *t, MethodTable *delegate_type);     /* GetInvokeMethod: for _methodPtrAux */
void *vm_delegate_adjust_target(Thread *t, Object *target, void *fnptr);   /* Delegate_AdjustTarget: code for a boxed target. NULL: pending */
/* The method a (non-multicast) delegate leads to, stubs taken off; NULL: native. Delegate_FindMethodHandle */
Method *vm_delegate_method(Object *delegate);
bool vm_delegate_same_method(Object *a, Object *b); /* Delegate_InternalEqualMethodHandles */
/* Stub with the signature of Invoke that calls the native address in _methodPtrAux; filled in by interop/. Preemptive. */
extern Method *(*vm_native_invoke_stub)(Thread *t, MethodTable *delegate_type, Err *e);
/* Marshal.GetDelegateForFunctionPointer. NULL: pending */
Object *vm_delegate_of_native(Thread *t, MethodTable *delegate_type, void *fn);
#endif
