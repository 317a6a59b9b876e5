/* vm_abort.h: leaving what a thread does at its next safepoint (ControlledExecution).
 * Book: exceptions.md */
#ifndef VM_VM_ABORT_H
#define VM_VM_ABORT_H
#include "vm/vm.h"

void vm_abort_init(void);
/* target leaves what it runs under ControlledExecution.Run by a ThreadAbortException; the caller itself: pending at once. */
void vm_abort_thread(Thread *self, Thread *target);
void vm_abort_reset(Thread *t);
/* At a safepoint of managed code, cooperative, with a record on top: leaves the exception pending if it is time. */
void vm_abort_chance(Thread *t);
/* What a wait that was ended before its time raises: the abort, else ThreadInterruptedException.  Cooperative. */
void vm_throw_interrupted(Thread *t);
#endif
