/* vm_throw.h: making exception objects in C.
 * Book: exceptions.md */
#ifndef VM_VM_THROW_H
#define VM_VM_THROW_H
#include "vm/vm.h"

/* Makes the preallocated exceptions; once, as soon as CoreLib's types can be loaded. */
void vm_throw_init(void);
/* The exceptions made by vm_throw_init: shared, so they carry no trace (Exception.IsImmutableAgileException). */
bool vm_exception_is_shared(Object *exception);
Object *vm_exception_out_of_memory(void); /* preallocated */
/* An exception object that is not raised.  message NULL: the class's default.  NULL: OutOfMemory is pending. */
Object *vm_exception_new(Thread *t, VmError kind, const char *message);
Object *vm_exception_of_err(Thread *t, const Err *e); /* not for ERR_PENDING */
MethodTable *vm_error_type(VmError kind);
void vm_exception_set_inner(Object *exception, Object *inner);
/* Stores into a field declared by the object's class or an ancestor; false: there is none of that name. */
bool vm_object_set_ref(Object *o, const char *field, Object *value);
bool vm_object_set_i32(Object *o, const char *field, i32 value);
#endif
