/* corelib_wait.c: events, semaphores and mutexes under the names that CoreLib imports from its platform layer.
 * A handle is a WaitObject *.  Failures set errno to the Win32 number that CoreLib compares with.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <errno.h>

enum { ERROR_NOT_SUPPORTED = 50, ERROR_NOT_OWNER = 288, ERROR_TOO_MANY_POSTS = 298 };

static WaitObject *named(const char16 *name, const char *what)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    base_missing("feature", "named %s '%s'", what, s);
}

CALL(i32, corelib_close_handle, WaitObject *w)
{
    wait_close(w);
    return 1;
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

CALL(WaitObject *, corelib_mutex_create, i32 current_user, const char16 *name, i32 owned, char *errors, u32 errors_size)
{
    (void)current_user;
    if (errors_size)
        errors[0] = 0;
    errno = 0;
    return name && *name ? named(name, "mutex") : wait_mutex_new(owned != 0);
}

CALL(WaitObject *, corelib_mutex_open, const char16 *name, i32 current_user, char *errors, u32 errors_size)
{
    (void)current_user, (void)errors, (void)errors_size;
    return named(name, "mutex");
}

CALL(i32, corelib_mutex_release, WaitObject *w)
{
    if (wait_mutex_release(w))
        return 1;
    errno = ERROR_NOT_OWNER;
    return 0;
}

static i32 waited(i32 r)
{
    if (r == WAIT_WAS_INTERRUPTED) {
        QCALL_BEGIN(t);
        vm_throw(t, VM_ERR_INTERRUPTED);
        QCALL_END(t);
    }
    return r;
}

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
