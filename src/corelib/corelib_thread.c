/* corelib_thread.c: calls of Thread, Monitor and Interlocked.
 * Life of a managed thread: the constructor makes a Thread (id, no OS thread) held by the managed object's handle field; Start
 * runs it with a strong handle to the object; the object's finaliser lets go.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <stdio.h>

#include "os/os_thread.h"
#include "thread/sync_inline.h"
#include "vm/vm_abort.h"
#include "vm/vm_events.h"

/* --- Thread --------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_thread_current, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Object *o = vm_thread_object(t, t);
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

CALL(void, corelib_thread_init, ObjectHandleOnStack thread)
{
    enum { PRIORITY_NORMAL = 2 };
    QCALL_BEGIN(t);
    Thread *n = NULL;
    PREEMPTIVE(t) { n = thread_new(t->domain); }
    Object *o = *thread.ptr;
    n->start_arg = gc_handle_new(t->domain, GC_HANDLE_WEAK, o);
    CF_VAL(o, THREAD_HANDLE, void *) = n;
    CF_VAL(o, THREAD_ID, i32) = (i32)n->id;
    CF_VAL(o, THREAD_PRIORITY, i32) = PRIORITY_NORMAL;
    QCALL_END(t);
}

static u8 *bool_field(Object *thread, const char *name)
{
    Field *f = type_field_by_name(type_wk(WK_THREAD), name);
    CHECKF(f, "Thread.%s", name);
    return (u8 *)thread + OBJ_DATA + f->offset;
}

static void run(Thread *t, void *arg)
{
    (void)arg;
    if (t->name[0])
        os_thread_set_name(t->name);
    if (UNLIKELY(vm_events != NULL))
        vm_events->thread(t, true);
    COOPERATIVE(t)
    {
        Object *o = gc_handle_get(t->object);
        void *args[] = {&o};
        vm_call_flags(t, vm_core_method(CM_THREAD_START_CALLBACK), args, NULL, ENTRY_UNHANDLED_IS_FATAL);
        *bool_field(o, "_isDead") = 1;
    }
}

static void set_name(Thread *n, const char16 *name, i32 len)
{
    char *s = utf16_dup_utf8(name, len < 0 ? SIZE_MAX : (size_t)len);
    snprintf(n->name, sizeof n->name, "%.31s", s);
    base_free(s);
}

CALL(void, corelib_thread_start, Thread *n, i32 stack_size, i32 priority, i32 is_pool, const char16 *name)
{
    QCALL_BEGIN(t);
    Err e = {0};
    Object *o = n->start_arg ? gc_handle_get(n->start_arg) : NULL;
    n->managed_priority = (u32)priority;
    if (!o || !(n->state & THREAD_STATE_UNSTARTED)) {
        vm_throwf(t, VM_ERR_THREAD_STATE, "Thread is running or terminated; it cannot restart.");
    } else {
        if (name && *name)
            set_name(n, name, -1);
        if (UNLIKELY(vm_events != NULL))
            vm_events->thread(n, false);
        if (is_pool)
            *bool_field(o, "_isThreadPool") = 1;
        n->object = gc_handle_new(t->domain, GC_HANDLE_STRONG, o);
        gc_handle_free(n->start_arg);
        n->start_arg = NULL;
        bool ok = false;
        PREEMPTIVE(t) { ok = thread_start(n, (size_t)stack_size, run, NULL, &e); }
        if (!ok)
            vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "%s", e.text);
    }
    QCALL_END(t);
}

/* The managed object is gone. */
CALL(void, corelib_thread_finalize, Object *thread)
{
    Thread *t = thread_current(), *n = CF_VAL(thread, THREAD_HANDLE, Thread *);
    CF_VAL(thread, THREAD_HANDLE, void *) = NULL;
    if (!n)
        return;
    if (n->start_arg && n->state & THREAD_STATE_UNSTARTED)
        gc_handle_free(n->start_arg);
    PREEMPTIVE(t)
    {
        if (n->state & THREAD_STATE_UNSTARTED)
            thread_discard(n);
        else
            thread_release(n);
    }
}

static void interrupted(Thread *t)
{
    COOPERATIVE(t) { vm_throw_interrupted(t); }
}

CALL(i32, corelib_thread_join, ObjectHandleOnStack thread, i32 timeout)
{
    QCALL_BEGIN(t);
    Thread *n = CF_VAL(*thread.ptr, THREAD_HANDLE, Thread *);
    bool started = n && !(n->state & THREAD_STATE_UNSTARTED);
    if (!started)
        vm_throwf(t, VM_ERR_THREAD_STATE, "Thread has not been started.");
    else
        thread_retain(n);
    i32 r = WAIT_TIMED_OUT;
    bool told = started && !(n->state & THREAD_STATE_STOPPED) && wait_is_told(t);
    if (told)
        r = wait_listener->wait(t, wait_of_exit(n), timeout);
    QCALL_END(t);
    if (!started)
        return 0;
    if (!told)
        r = wait_join(t, n, timeout);
    thread_release(n);
    if (r == WAIT_WAS_INTERRUPTED && !told)
        interrupted(t);
    return r == 0;
}

CALL(void, corelib_thread_sleep, i32 timeout)
{
    Thread *t = thread_current();
    if (wait_sleep(t, timeout) == WAIT_WAS_INTERRUPTED)
        interrupted(t);
}

/* One entry point for two declarations, one with a transition and one without. */
CALL(void, corelib_thread_spin, i32 n)
{
    while (n-- > 0)
        os_cpu_pause();
}

CALL(i32, corelib_thread_yield, void)
{
    os_thread_yield();
    return 1;
}

CALL(void, corelib_thread_poll, void)
{
    QCALL_BEGIN(t); /* coming back is a safepoint */
    QCALL_END(t);
}

CALL(void, corelib_thread_interrupt, Thread *n)
{
    wait_interrupt(n);
}

CALL(void, corelib_thread_abort, Thread *n)
{
    QCALL_BEGIN(t);
    vm_abort_thread(t, n);
    QCALL_END(t);
}

CALL(void, corelib_thread_reset_abort, void)
{
    vm_abort_reset(thread_current());
}

CALL(i32, corelib_thread_is_background, Thread *n)
{
    return (n->state & THREAD_STATE_BACKGROUND) != 0;
}

CALL(void, corelib_thread_set_background, Thread *n, i32 yes)
{
    thread_set_background(n, yes != 0);
}

CALL(i32, corelib_thread_state, Thread *n)
{
    enum { ABORT_REQUESTED = 128 };
    u32 shown = n->state & (THREAD_STATE_BACKGROUND | THREAD_STATE_UNSTARTED | THREAD_STATE_STOPPED | THREAD_STATE_WAITSLEEPJOIN);
    if (shown & THREAD_STATE_STOPPED) /* what it was is no longer said */
        shown = THREAD_STATE_STOPPED;
    return (i32)(shown | (n->request & THREAD_REQ_KILL ? ABORT_REQUESTED : 0u));
}

CALL(void, corelib_thread_set_priority, ObjectHandleOnStack thread, i32 priority)
{
    enum { LOWEST = 0, HIGHEST = 4 };
    QCALL_BEGIN(t);
    Thread *n = CF_VAL(*thread.ptr, THREAD_HANDLE, Thread *);
    if (!n || *bool_field(*thread.ptr, "_isDead")) {
        vm_throwf(t, VM_ERR_THREAD_STATE, "Thread is dead; priority cannot be accessed.");
    } else if (priority < LOWEST || priority > HIGHEST) {
        vm_throwf(t, VM_ERR_ARGUMENT_RANGE, "Value of flags is invalid.");
    } else {
        n->managed_priority = (u32)priority; /* the system's scheduler is not told, as on the reference on Linux */
        CF_VAL(*thread.ptr, THREAD_PRIORITY, i32) = priority;
    }
    QCALL_END(t);
}

CALL(void, corelib_thread_name, Thread *n, const char16 *name, i32 len)
{
    if (!name)
        return;
    set_name(n, name, len);
    if (n == thread_current())
        os_thread_set_name(n->name);
    else if (!(n->state & (THREAD_STATE_UNSTARTED | THREAD_STATE_STOPPED)) && n->os)
        os_thread_set_name_of(*(OsThread *)n->os, n->name);
}

CALL(u64, corelib_thread_os_id, void)
{
    return thread_current()->os_id;
}

CALL(u8, corelib_thread_catch_at_safepoint, void)
{
    return 0;
}

CALL(i32, corelib_thread_spin_max, void)
{
    return 7; /* as the reference measures on current processors */
}

CALL(i32, corelib_thread_id, void)
{
    return (i32)thread_current()->id;
}

/* --- Monitor ------------------------------------------------------------------------------------------------------------------- */
enum { ENTER_CONTENTION, ENTER_ENTERED, ENTER_SLOW }; /* EnterHelperResult */
enum { LEAVE_NONE, LEAVE_ERROR = 4 };                 /* LeaveHelperAction */

CALL(u8, corelib_monitor_enter_fast, Object *o)
{
    Thread *t = thread_current();
    return sync_enter_thin(t, o) == SYNC_FAST_DONE || sync_enter_fast(t, o);
}

CALL(i32, corelib_monitor_enter_timeout, Object *o, i32 timeout)
{
    Thread *t = thread_current();
    (void)timeout;
    return sync_enter_thin(t, o) == SYNC_FAST_DONE || sync_enter_fast(t, o) ? ENTER_ENTERED : ENTER_SLOW;
}

CALL(i32, corelib_monitor_exit_fast, Object *o)
{
    Thread *t = thread_current();
    return sync_exit_thin(t, o) == SYNC_FAST_DONE || sync_exit(t, o) ? LEAVE_NONE : LEAVE_ERROR;
}

CALL(u8, corelib_monitor_is_entered, Object *o)
{
    return sync_is_owner(thread_current(), o);
}

static bool enter(Thread *t, Object *o, i32 timeout)
{
    bool was_interrupted = false;
    bool ok = sync_enter(t, o, timeout, &was_interrupted);
    if (was_interrupted)
        vm_throw_interrupted(t);
    return ok;
}

CALL(void, corelib_monitor_enter, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    enter(t, *o.ptr, -1);
    QCALL_END(t);
}

CALL(i32, corelib_monitor_try_enter, ObjectHandleOnStack o, i32 timeout)
{
    QCALL_BEGIN(t);
    bool ok = enter(t, *o.ptr, timeout);
    QCALL_END(t);
    return ok;
}

CALL(void, corelib_monitor_exit, ObjectHandleOnStack o, i32 action)
{
    QCALL_BEGIN(t);
    if (action == LEAVE_ERROR || !sync_exit(t, *o.ptr))
        vm_throw(t, VM_ERR_SYNCHRONIZATION);
    QCALL_END(t);
}

CALL(i32, corelib_monitor_wait, ObjectHandleOnStack o, i32 timeout)
{
    QCALL_BEGIN(t);
    SyncWaitResult r = sync_wait(t, *o.ptr, timeout);
    if (r == SYNC_NOT_OWNER)
        vm_throw(t, VM_ERR_SYNCHRONIZATION);
    else if (r == SYNC_INTERRUPTED)
        vm_throw_interrupted(t);
    QCALL_END(t);
    return r == SYNC_SIGNALED;
}

CALL(void, corelib_monitor_pulse, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    if (!sync_pulse(t, *o.ptr, false))
        vm_throw(t, VM_ERR_SYNCHRONIZATION);
    QCALL_END(t);
}

CALL(void, corelib_monitor_pulse_all, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    if (!sync_pulse(t, *o.ptr, true))
        vm_throw(t, VM_ERR_SYNCHRONIZATION);
    QCALL_END(t);
}

CALL(i64, corelib_monitor_contention, void)
{
    return (i64)sync_contention_count();
}

/* --- Interlocked --------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_membarrier, void)
{
    os_membarrier();
}
