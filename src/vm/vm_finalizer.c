/* vm_finalizer.c: the finaliser thread: sleeps until woken, then has managed code run what is ready.
 * A pass runs GC.RunFinalizers, which takes objects from the queue until it is empty; contexts that finalisers gave up are unloaded at its end.
 * A waiter raises `asked` and waits until a pass that began later has ended.  The words are futexes; they only grow.
 * Book: vm.md  Tests: tests/app */
#include "vm/vm_finalizer.h"

#include "os/os_thread.h"
#include "vm/vm_unload.h"

void (*vm_finalizer_work)(void);
void (*vm_finalizer_passes)(bool begin, u64 count);

static u32 asked, done; /* passes asked for; value of `asked` that the last finished pass began with */

/* Waits by an object: signalled when `done` reaches want. */
typedef struct FinalizerWait {
    struct FinalizerWait *next;
    u32 want;
    WaitObject *object;
} FinalizerWait;
static OsMutex waits_lock = OS_MUTEX_INIT;
static FinalizerWait *waits;

static void signal_waits(u32 now)
{
    os_mutex_lock(&waits_lock);
    for (FinalizerWait *w = waits; w; w = w->next)
        if ((i32)(now - w->want) >= 0)
            wait_event_set(w->object);
    os_mutex_unlock(&waits_lock);
}

static void run(Thread *t, void *arg)
{
    (void)arg;
    os_thread_set_name(".NET Finalizer");
    for (;;) {
        u32 want = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);
        if (want == __atomic_load_n(&done, __ATOMIC_RELAXED)) {
            os_futex_wait(&asked, want, -1);
            continue;
        }
        if (vm_finalizer_work)
            vm_finalizer_work();
        vm_unload_pass_begins();
        u64 count = 0;
        if (vm_finalizer_passes)
            vm_finalizer_passes(true, 0);
        COOPERATIVE(t)
        {
            vm_call_flags(t, vm_core_method(CM_RUN_FINALIZERS), NULL, &count, ENTRY_UNHANDLED_IS_FATAL);
        }
        if (vm_finalizer_passes)
            vm_finalizer_passes(false, count);
        vm_unload_flush(t);
        __atomic_store_n(&done, want, __ATOMIC_RELEASE);
        os_futex_wake(&done, UINT32_MAX >> 1);
        signal_waits(want);
    }
}

bool vm_finalizer_start(Err *e)
{
    static const WellKnown asked_for[] = {WK_CRITICALFINALIZEROBJECT, WK_WEAKREFERENCE, WK_WEAKREFERENCE_1};
    for (u32 i = 0; i < ARRAY_LEN(asked_for); i++)
        type_wk(asked_for[i]); /* the collector asks for them when nothing can be loaded */
    Thread *t = thread_new(vm_runtime.domain);
    t->is_finalizer = true;
    vm_runtime.finalizer_thread = t;
    thread_set_background(t, true);
    return thread_start(t, 0, run, NULL, e);
}

void vm_finalizer_wake(void)
{
    __atomic_add_fetch(&asked, 1, __ATOMIC_ACQ_REL);
    os_futex_wake(&asked, 1);
}

void vm_finalizer_wait(Thread *t)
{
    if (t->is_finalizer)
        return;
    u32 want = __atomic_add_fetch(&asked, 1, __ATOMIC_ACQ_REL);
    os_futex_wake(&asked, 1);
    for (;;) {
        u32 now = __atomic_load_n(&done, __ATOMIC_ACQUIRE);
        if ((i32)(now - want) >= 0)
            return;
        os_futex_wait(&done, now, -1);
    }
}

FinalizerWait *vm_finalizer_wait_object(Thread *t, WaitObject **object)
{
    if (t->is_finalizer)
        return NULL;
    FinalizerWait *w = base_calloc(1, sizeof *w);
    *object = w->object = wait_event_new(true, false);
    os_mutex_lock(&waits_lock);
    w->next = waits;
    waits = w;
    w->want = __atomic_add_fetch(&asked, 1, __ATOMIC_ACQ_REL);
    os_mutex_unlock(&waits_lock);
    os_futex_wake(&asked, 1);
    return w;
}

void vm_finalizer_give_up(FinalizerWait *w)
{
    os_mutex_lock(&waits_lock);
    FinalizerWait **at = &waits;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    os_mutex_unlock(&waits_lock);
    wait_close(w->object);
    base_free(w);
}
