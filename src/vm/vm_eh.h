/* vm_eh.h: exception dispatch as the rest of vm/ and corelib/ see it: rethrowing, foreign traces, roots.
 * Book: exceptions.md */
#ifndef VM_VM_EH_H
#define VM_VM_EH_H
#include "vm/vm.h"

/* `rethrow`: makes the exception pending so that the dispatch that follows keeps its stack trace. */
void vm_eh_rethrow(Thread *t, Object *exception);
/* The next throw on this thread is of an exception whose trace was restored from elsewhere: the trace is kept, and its last
 * frame marked (Exception.PrepareForForeignExceptionRaise). */
void vm_eh_prepare_foreign(Thread *t);
/* A hardware fault is about to be raised on this thread by code_fault_raise.  Async-signal-safe. */
void vm_eh_set_fault(VmError kind);
/* Exceptions held by the dispatches in progress.  World stopped, or the caller's own thread. */
void vm_eh_report_roots(Thread *t, GcVisitSlot visit, void *arg);
void vm_eh_thread_detach(Thread *t);
/* The pending exception says why m could not be compiled for the call in progress: m becomes the trace's first frame. */
void vm_eh_uncompiled(Thread *t, Method *m);
/* A filter, or a finally or fault on the way to a handler, runs on the thread. */
bool vm_eh_in_flight(Thread *t);
/* The pending exception stands for a fault of the processor; code: EH_CODE_, 0: it does not, after all. */
enum { EH_CODE_MANAGED = 0xE0434352, EH_CODE_ACCESS = 0xC0000005, EH_CODE_DIVIDE = 0xC0000094, EH_CODE_OVERFLOW = 0xC0000095 };
void vm_eh_note_fault(Thread *t, u32 code);
/* Number and words of the first clause, not below `from`, in whose handler or filter the frame is; inner ones come first; -1: none.  Catch
 * bodies run in place, so the IL says it. */
i32 vm_eh_in_handler(const CodeFrame *f, u32 from, IlClause *c);
/* EH_CODE_ of the exception whose filter, finally, fault or catch body runs innermost, seen from the record; 0: none does. */
u32 vm_eh_code(Thread *t, TransitionRecord *rec);
/* Exceptions raised on the thread so far. */
u32 vm_eh_count(Thread *t);
#endif
