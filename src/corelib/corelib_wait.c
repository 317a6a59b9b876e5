/* corelib_wait.c: events, semaphores and mutexes under the names that CoreLib imports from its platform layer.
 * A handle is a WaitObject *.  Failures set errno to the Win32 number that CoreLib compares with.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <errno.h>
#include <stdio.h>

#include "thread/thread_named.h"
#include "vm/vm_abort.h"
#include "vm/vm_hresult.h"
#include "vm/vm_throw.h"

enum { ERROR_NOT_OWNER = 288, ERROR_TOO_MANY_POSTS = 298 };

static WaitObject *named(const char16 *name, const char *what)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    base_missing("feature", "named %s '%s'", what, s);
}

CALL(WaitObject *, corelib_event_create, void *attributes, const char16 *name, u32 flags, u32 access)
{
    enum { MANUAL_RESET = 1, INITIAL_SET = 2 };
    (void)attributes, (void)access;
    errno = 0;
    return name ? named(name, "event") : wait_event_new((flags & MANUAL_RESET) != 0, (flags & INITIAL_SET) != 0);
}

CALL(i32, corelib_event_set, WaitObject *w)
{
    wait_event_set(w);
    return 1;
}

CALL(i32, corelib_event_reset, WaitObject *w)
{
    wait_event_reset(w);
    return 1;
}

CALL(WaitObject *, corelib_semaphore_create, void *attributes, i32 initial, i32 max, const char16 *name, u32 flags, u32 access)
{
    (void)attributes, (void)flags, (void)access;
    errno = 0;
    return name ? named(name, "semaphore") : wait_semaphore_new(initial, max);
}

CALL(i32, corelib_semaphore_release, WaitObject *w, i32 count, i32 *previous)
{
    if (wait_semaphore_release(w, count, previous))
        return 1;
    errno = ERROR_TOO_MANY_POSTS;
    return 0;
}

/* Sets errno, and errors to the system call that failed, if one did. */
static WaitObject *open_named(const char16 *name, bool user_only, bool create, bool owned, char *errors, u32 errors_size)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    NamedError e;
    WaitObject *w = named_mutex_open(s, user_only, create, owned, &e);
    if (errors_size)
        snprintf(errors, errors_size, "%s", e.text);
    base_free(s);
    errno = (int)e.error;
    return w;
}

CALL(i32, corelib_close_handle, WaitObject *w)
{
    wait_close(w);
    return 1;
}

CALL(WaitObject *, corelib_mutex_create, i32 owned, const char16 *name, i32 current_user, char *errors, u32 errors_size)
{
    if (errors_size)
        errors[0] = 0;
    errno = 0;
    return name && *name ? open_named(name, current_user != 0, true, owned != 0, errors, errors_size) : wait_mutex_new(owned != 0);
}

CALL(WaitObject *, corelib_mutex_open, const char16 *name, i32 current_user, char *errors, u32 errors_size)
{
    return open_named(name, current_user != 0, false, false, errors, errors_size);
}

CALL(i32, corelib_mutex_release, WaitObject *w)
{
    if (wait_mutex_release(w))
        return 1;
    errno = ERROR_NOT_OWNER;
    return 0;
}

static void refuse(Thread *t, i32 r)
{
    Err e = {0};
    char text[200];
    switch (r) {
    case WAIT_WAS_INTERRUPTED: vm_throw_interrupted(t); break;
    case WAIT_DUPLICATE: vm_throw(t, VM_ERR_DUPLICATE_WAIT); break;
    case WAIT_NAMED_WITH_OTHERS:
        vm_throwf(t, VM_ERR_PLATFORM_NOT_SUPPORTED,
                  "Wait operations on multiple wait handles including a named synchronization primitive are not supported on this platform.");
        break;
    default:
        e.hresult = (i32)0x80070120; /* ERROR_NOT_OWNER */
        vm_hr_message((u32)e.hresult, text, sizeof text);
        vm_throwf(t, VM_ERR_APPLICATION, "%s", text);
        if (t->pending)
            vm_object_set_i32(t->pending, "_HResult", e.hresult);
    }
}

static i32 waited(i32 r)
{
    if (r < 0) {
        QCALL_BEGIN(t);
        refuse(t, r);
        QCALL_END(t);
    }
    return r;
}

/* --- SynchronizationContext.Wait ----------------------------------------------------------------------------------------------- */
static Object *context_of(Thread *t)
{
    Object *thread = t->object ? gc_handle_get(t->object) : NULL;
    return thread ? CF_REF(thread, THREAD_CONTEXT) : NULL;
}

static bool context_listens(Thread *t)
{
    Object *context = context_of(t);
    return context && CF_VAL(context, CONTEXT_WANTS_WAITS, u8);
}

static i32 wait_by_context(Thread *t, WaitObject *w, i32 timeout)
{
    Object *context = context_of(t);
    u8 all = 0;
    i32 result = -1;
    Array *handles = vm_new_array(t, th_of(type_wk(WK_INTPTR)), 1);
    if (!handles)
        return -1;
    *(WaitObject **)((u8 *)handles + ARRAY_DATA) = w;
    void *args[] = {&context, &handles, &all, &timeout};
    return vm_call(t, vm_core_method(CM_CONTEXT_WAIT), args, &result) ? result : -1;
}

const WaitListener corelib_context_waits = {context_listens, wait_by_context};

/* --- Waits ------------------------------------------------------------------------------------------------------------------------ */
CALL(i32, corelib_wait_one, WaitObject *w, i32 timeout, i32 trivial)
{
    (void)trivial;
    return waited(wait_one(w, timeout));
}

CALL(i32, corelib_wait_lifo, WaitObject *w, i32 timeout)
{
    return waited(wait_one_lifo(w, timeout));
}

CALL(i32, corelib_wait_many, WaitObject **w, i32 n, i32 all, i32 timeout)
{
    return waited(wait_many(w, (u32)n, all != 0, timeout));
}

CALL(i32, corelib_signal_and_wait, WaitObject *signal, WaitObject *w, i32 timeout)
{
    return waited(wait_signal_and_wait(signal, w, timeout));
}
