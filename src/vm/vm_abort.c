/* vm_abort.c: an abort is a request bit of the thread, seen by limit checks (prologues, loops) and by waits.
 * Whoever sees it raises ThreadAbortException, unless a frame between there and ControlledExecution.Run is in a handler or is a class
 * constructor, which would be spoilt for good.  The bit stays until Run resets it, so an abort that was caught goes on behind the handler.
 * While it is set the limit stays raised.
 * Book: exceptions.md  Tests: tests/app/ControlledExecution.cs */
#include "vm/vm_abort.h"

#include "il/il.h"
#include "thread/wait.h"
#include "vm/vm_eh.h"
#include "vm/vm_throw.h"

static bool is_run(const Method *m)
{
    const MethodTable *mt = m->mt;
    return mt && mt->module && mt->module->assembly == type_corelib && mt->klass->name && strcmp(mt->klass->name, "ControlledExecution") == 0;
}

static bool allowed(Thread *t)
{
    CodeWalk w;
    IlClause c;
    code_walk_init(&w, t->record);
    while (code_walk_next(&w)) {
        const CodeFrame *f = &w.frame;
        const Method *m = f->code->method;
        if (f->in_funclet || vm_eh_in_handler(f, 0, &c) >= 0)
            return false;
        if (!m || f->code->is_stub)
            continue;
        if (is_run(m))
            return true;
        if (m->flags & MF_CCTOR)
            return false;
    }
    return false;
}

static bool requested(const Thread *t)
{
    return __atomic_load_n(&t->request, __ATOMIC_ACQUIRE) & THREAD_REQ_KILL;
}

/* From waits, preemptive: only frames of this thread are looked at, which stay as they are. */
static bool ends_wait(Thread *t)
{
    return allowed(t);
}

void vm_abort_chance(Thread *t)
{
    if (!t->pending && requested(t) && allowed(t))
        vm_throw(t, VM_ERR_THREAD_ABORT);
}

void vm_throw_interrupted(Thread *t)
{
    vm_abort_chance(t);
    if (!t->pending)
        vm_throw(t, VM_ERR_INTERRUPTED);
}

void vm_abort_thread(Thread *self, Thread *target)
{
    thread_kill(target);
    if (target == self)
        vm_throw(self, VM_ERR_THREAD_ABORT);
}

void vm_abort_reset(Thread *t)
{
    thread_kill_reset(t);
}

void vm_abort_init(void)
{
    thread_kill_ends_wait = ends_wait;
}
