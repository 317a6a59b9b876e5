/* vm_finalizer.h: the thread that runs finalisers (managed thread 2). */
#ifndef VM_VM_FINALIZER_H
#define VM_VM_FINALIZER_H
#include "vm/vm.h"

bool vm_finalizer_start(Err *e);  /* once, after boot */
void vm_finalizer_wake(void);     /* objects may be ready; any mode */
void vm_finalizer_wait(Thread *t); /* GC.WaitForPendingFinalizers; preemptive.  Returns at once on the thread itself. */
/* The same by an object: signalled when the wait would end.  The caller closes it (vm_finalizer_give_up).  NULL: on the thread itself. */
struct FinalizerWait *vm_finalizer_wait_object(Thread *t, WaitObject **object);
void vm_finalizer_give_up(struct FinalizerWait *w);
extern void (*vm_finalizer_work)(void); /* called by each pass before finalisers, preemptive; set once, may be NULL */
/* Called before and after each pass, with the number of finalisers that ran; set once, may be NULL. */
extern void (*vm_finalizer_passes)(bool begin, u64 count);
#endif
