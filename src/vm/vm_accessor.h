/* vm_accessor.h: bodies of methods with UnsafeAccessorAttribute.
 * Book: vm.md */
#ifndef VM_VM_ACCESSOR_H
#define VM_VM_ACCESSOR_H
#include "vm/vm_code.h"

/* Preemptive.  NULL: *e (ERR_PENDING when a type's resolution threw). */
IlStub *vm_accessor_body(Method *m, Err *e);
#endif
