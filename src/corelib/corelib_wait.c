/* corelib_wait.c: events, semaphores and mutexes under the names that CoreLib imports from its platform layer.
 * A handle is a WaitObject *.  Failures set errno to the Win32 number that CoreLib compares with.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os_thread.h"

enum { ERROR_FILE_NOT_FOUND = 2, ERROR_ALREADY_EXISTS = 183, ERROR_NOT_OWNER = 288, ERROR_TOO_MANY_POSTS = 298 };

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

/* Named mutexes live in this process; a lock file makes sure that no other process has one of the same name, as ownership across
 * processes is not there.  Under names_lock. */
typedef struct NamedMutex {
    struct NamedMutex *next;
    WaitObject *w;
    u32 opens;
    int file;
    char name[];
} NamedMutex;
static OsMutex names_lock = OS_MUTEX_INIT;
static NamedMutex *named_mutexes;

static int lock_file(const char *name)
{
    char path[512];
    mkdir("/tmp/.stator", 01777);
    size_t n = (size_t)snprintf(path, sizeof path, "/tmp/.stator/mutex-");
    for (const char *p = name; *p && n + 1 < sizeof path; p++)
        path[n++] = *p == '/' ? '_' : *p;
    path[n] = 0;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One more handle of the mutex; create: it is made when there is none, else NULL and errno. */
static WaitObject *open_named(const char16 *name, bool create, bool owned)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX), *key = s;
    if (strncmp(s, "Global\\", 7) == 0)
        key += 7;
    else if (strncmp(s, "Local\\", 6) == 0)
        key += 6;
    os_mutex_lock(&names_lock);
    NamedMutex *m = named_mutexes;
    while (m && strcmp(m->name, key) != 0)
        m = m->next;
    int error = m ? ERROR_ALREADY_EXISTS : 0;
    if (m) {
        m->opens++;
    } else {
        int fd = lock_file(key);
        if (fd < 0)
            base_missing("feature", "mutex '%s' shared with another process", s);
        if (create) {
            m = base_malloc(sizeof *m + strlen(key) + 1);
            *m = (NamedMutex){named_mutexes, wait_mutex_new(owned), 1, fd};
            strcpy(m->name, key);
            named_mutexes = m;
        } else {
            close(fd);
            error = ERROR_FILE_NOT_FOUND;
        }
    }
    os_mutex_unlock(&names_lock);
    base_free(s);
    errno = error;
    return m ? m->w : NULL;
}

/* A handle of a named mutex goes; true: others are left. */
static bool close_named(WaitObject *w)
{
    bool others = false;
    os_mutex_lock(&names_lock);
    for (NamedMutex **p = &named_mutexes; *p; p = &(*p)->next) {
        NamedMutex *m = *p;
        if (m->w != w)
            continue;
        others = --m->opens != 0;
        if (!others) {
            *p = m->next;
            close(m->file);
            base_free(m);
        }
        break;
    }
    os_mutex_unlock(&names_lock);
    return others;
}

CALL(i32, corelib_close_handle, WaitObject *w)
{
    if (!close_named(w))
        wait_close(w);
    return 1;
}

CALL(WaitObject *, corelib_mutex_create, i32 owned, const char16 *name, i32 current_user, char *errors, u32 errors_size)
{
    (void)current_user;
    if (errors_size)
        errors[0] = 0;
    errno = 0;
    return name && *name ? open_named(name, true, owned != 0) : wait_mutex_new(owned != 0);
}

CALL(WaitObject *, corelib_mutex_open, const char16 *name, i32 current_user, char *errors, u32 errors_size)
{
    (void)current_user;
    if (errors_size)
        errors[0] = 0;
    return open_named(name, false, false);
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
