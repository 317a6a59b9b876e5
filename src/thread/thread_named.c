/* thread_named.c: mutexes with a name, shared by the processes of a session, of a user or of the machine.
 * A name is a file of one page in a folder of the temporary files: a header, a robust recursive pthread mutex, who holds it and whether it was
 * abandoned.  Folders, layout and locks of files are the reference's, so that programs on either runtime share a mutex:
 *   /tmp/.dotnet/shm/{global,sessionN}/NAME     everybody
 *   /tmp/.dotnet-uidN/shm/...                   the user alone
 * The folder is locked while a file is made or removed.  Every user of a file holds a shared lock on it; who gets the exclusive one is alone: a
 * maker then writes it anew, the last to close removes it.
 * In one process all handles of a name lead to one NamedMutex, found in a list under names_lock.  Recursion is counted here and not in the
 * pthread mutex; owner and count are written by the owner only, with the mutex held.
 * Waits cannot be combined with others (WaitAny, WaitAll): WAIT_NAMED_WITH_OTHERS.
 * Book: thread.md  Tests: tests/app */
#define _GNU_SOURCE 1 /* clocklock, strerrorname_np */
#include "thread/thread_named.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/os_thread.h"
#include "thread/thread_int.h"

enum { NAME_MAX_BYTES = 255, PATH_BYTES = 512, PAGE = 4096 };
enum { SHARED_TYPE_MUTEX = 0, SHARED_VERSION = 1, NO_PROCESS = -1 };

typedef struct Shared { /* the page, as the reference lays it out */
    u8 type, version, unused[6];
    pthread_mutex_t lock;
    u32 owner_process;
    u64 owner_thread;
    bool abandoned;
} Shared;
_Static_assert(offsetof(Shared, lock) == 8 && offsetof(Shared, owner_process) == 48 && offsetof(Shared, owner_thread) == 56 &&
                   offsetof(Shared, abandoned) == 64,
               "layout of the shared page");

struct NamedMutex {
    struct NamedMutex *next;
    WaitObject *object;
    u32 handles, refs; /* under names_lock; refs: handles, the owner, waiters */
    Thread *owner;
    u32 count;
    struct NamedMutex *next_owned; /* list of the owner, touched by it alone */
    Shared *shared;
    int file;
    bool user_only;
    char folder[PATH_BYTES]; /* ".../shm/sessionN" */
    char path[PATH_BYTES];
};

static OsMutex names_lock = OS_MUTEX_INIT;
static NamedMutex *all;

/* --- Files --------------------------------------------------------------------------------------------------------------- */
static int failed(NamedError *e, const char *call, const char *path, const char *more)
{
    int error = errno;
    const char *name = strerrorname_np(error);
    snprintf(e->text, sizeof e->text, "%s(\"%s\"%s) == -1; errno == %s;", call, path, more, name ? name : "?");
    e->error = error == EACCES || error == EPERM ? NAMED_ACCESS_DENIED : NAMED_OPEN_FAILED;
    return -1;
}

static bool make_folder(const char *path, bool user_only, bool create, NamedError *e)
{
    mode_t mode = user_only ? 0700 : 0777;
    char more[32];
    if (create && mkdir(path, mode) == 0)
        return chmod(path, mode) == 0 || failed(e, "chmod", path, user_only ? ", 0700" : ", 0777") == 0;
    struct stat s;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode) && (!user_only || (s.st_uid == geteuid() && (s.st_mode & 0777) == 0700)))
        return true;
    if (!create && errno == ENOENT) {
        e->error = NAMED_NOT_FOUND;
        return false;
    }
    snprintf(more, sizeof more, ", %#o", (unsigned)mode);
    failed(e, "mkdir", path, more);
    return false;
}

/* Opens and locks the folder of all names of this scope; -1: e. */
static int lock_folder(NamedMutex *m, bool create, NamedError *e)
{
    char base[64], shm[80];
    if (m->user_only)
        snprintf(base, sizeof base, "/tmp/.dotnet-uid%u", (unsigned)geteuid());
    else
        snprintf(base, sizeof base, "/tmp/.dotnet");
    snprintf(shm, sizeof shm, "%s/shm", base);
    if (!make_folder(base, m->user_only, create, e) || !make_folder(shm, m->user_only, create, e))
        return -1;
    int fd = open(shm, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(e, "open", shm, ", O_RDONLY");
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
    return fd;
}

static void write_page(Shared *s)
{
    pthread_mutexattr_t a;
    memset(s, 0, PAGE);
    s->type = SHARED_TYPE_MUTEX;
    s->version = SHARED_VERSION;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->lock, &a);
    pthread_mutexattr_destroy(&a);
    s->owner_process = (u32)NO_PROCESS;
    s->owner_thread = UINT64_MAX;
}

static bool map_page(NamedMutex *m, bool fresh, NamedError *e)
{
    struct stat s;
    if (fresh && (ftruncate(m->file, 0) != 0 || ftruncate(m->file, PAGE) != 0))
        return failed(e, "ftruncate", m->path, ", 4096") == 0;
    if (!fresh && (fstat(m->file, &s) != 0 || s.st_size != PAGE)) {
        e->error = NAMED_INVALID_HANDLE;
        return false;
    }
    void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->file, 0);
    if (p == MAP_FAILED)
        return failed(e, "mmap", m->path, ", 4096") == 0;
    m->shared = p;
    if (fresh)
        write_page(m->shared);
    else if (m->shared->type != SHARED_TYPE_MUTEX || m->shared->version != SHARED_VERSION) {
        munmap(p, PAGE);
        e->error = NAMED_INVALID_HANDLE;
        return false;
    }
    return true;
}

/* The folder is locked.  *fresh: nobody had it. */
static bool open_file(NamedMutex *m, bool create, bool *fresh, NamedError *e)
{
    mode_t mode = m->user_only ? 0600 : 0666;
    *fresh = false;
    m->file = open(m->path, O_RDWR | O_CLOEXEC);
    if (m->file < 0 && errno != ENOENT)
        return failed(e, "open", m->path, ", 0x80002, 0x0") == 0;
    if (m->file < 0 && !create) {
        e->error = NAMED_NOT_FOUND;
        return false;
    }
    if (m->file < 0) {
        m->file = open(m->path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, mode);
        if (m->file < 0)
            return failed(e, "open", m->path, ", 0x800c2, 0x1b6") == 0;
        if (fchmod(m->file, mode) != 0)
            return failed(e, "fchmod", m->path, "") == 0;
        *fresh = true;
    } else if (flock(m->file, LOCK_EX | LOCK_NB) == 0) { /* left over */
        if (!create) {
            unlink(m->path);
            e->error = NAMED_NOT_FOUND;
            return false;
        }
        *fresh = true;
    }
    return true;
}

static bool open_shared(NamedMutex *m, bool create, bool *fresh, NamedError *e)
{
    int folder = lock_folder(m, create, e);
    if (folder < 0)
        return false;
    m->file = -1;
    bool ok = make_folder(m->folder, m->user_only, create, e) && open_file(m, create, fresh, e) && map_page(m, *fresh, e);
    if (ok)
        flock(m->file, LOCK_SH);
    else if (m->file >= 0)
        close(m->file);
    close(folder);
    return ok;
}

static void close_shared(NamedMutex *m)
{
    NamedError e;
    int folder = lock_folder(m, false, &e);
    if (folder >= 0 && flock(m->file, LOCK_EX | LOCK_NB) == 0) {
        unlink(m->path);
        rmdir(m->folder);
    }
    munmap(m->shared, PAGE);
    close(m->file);
    if (folder >= 0)
        close(folder);
}

/* --- Ownership ----------------------------------------------------------------------------------------------------------- */
static void took(NamedMutex *m, Thread *t)
{
    os_mutex_lock(&names_lock);
    m->refs++;
    os_mutex_unlock(&names_lock);
    m->shared->owner_process = (u32)getpid();
    m->shared->owner_thread = os_thread_id();
    m->count = 1;
    m->next_owned = t->wait->named_owned;
    t->wait->named_owned = m;
    __atomic_store_n(&m->owner, t, __ATOMIC_RELAXED);
}

/* names_lock not held. */
static void let_go(NamedMutex *m)
{
    os_mutex_lock(&names_lock);
    bool last = --m->refs == 0;
    for (NamedMutex **p = &all; last && *p; p = &(*p)->next)
        if (*p == m) {
            *p = m->next;
            break;
        }
    if (last)
        close_shared(m);
    os_mutex_unlock(&names_lock);
    if (!last)
        return;
    base_free(m->object);
    base_free(m);
}

static void unlock(NamedMutex *m, bool abandoned)
{
    Thread *t = m->owner;
    NamedMutex **p = &t->wait->named_owned;
    while (*p != m)
        p = &(*p)->next_owned;
    *p = m->next_owned;
    m->count = 0;
    __atomic_store_n(&m->owner, NULL, __ATOMIC_RELAXED);
    m->shared->owner_process = (u32)NO_PROCESS;
    m->shared->owner_thread = UINT64_MAX;
    m->shared->abandoned = abandoned;
    pthread_mutex_unlock(&m->shared->lock);
    let_go(m);
}

/* 0, EOWNERDEAD, ETIMEDOUT or EINTR.  The wait is cut into pieces, as nobody can end it for an interrupt. */
static int lock(NamedMutex *m, Thread *t, i32 timeout_ms)
{
    const u64 first = 1000000, longest = 50000000;
    int rc = pthread_mutex_trylock(&m->shared->lock);
    if (rc != EBUSY)
        return rc;
    u64 deadline = thread_deadline(timeout_ms), piece = first;
    int result = ETIMEDOUT;
    __atomic_fetch_or(&t->state, THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    while (timeout_ms) {
        if (thread_take_interrupt(t)) {
            result = EINTR;
            break;
        }
        u64 now = thread_now(), until = MIN(deadline, now + piece);
        struct timespec ts = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};
        result = pthread_mutex_clocklock(&m->shared->lock, CLOCK_MONOTONIC, &ts);
        if (result != ETIMEDOUT || (deadline != THREAD_FOREVER && thread_now() >= deadline))
            break;
        piece = MIN(piece * 2, longest);
    }
    __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    return result;
}

i32 named_mutex_wait(NamedMutex *m, i32 timeout_ms)
{
    Thread *t = thread_current();
    if (thread_take_interrupt(t))
        return WAIT_WAS_INTERRUPTED;
    if (__atomic_load_n(&m->owner, __ATOMIC_RELAXED) == t) {
        m->count++;
        return 0;
    }
    int rc = lock(m, t, timeout_ms);
    if (rc == EINTR)
        return WAIT_WAS_INTERRUPTED;
    if (rc != 0 && rc != EOWNERDEAD)
        return WAIT_TIMED_OUT;
    if (rc == EOWNERDEAD)
        pthread_mutex_consistent(&m->shared->lock);
    bool abandoned = rc == EOWNERDEAD || m->shared->abandoned;
    m->shared->abandoned = false;
    took(m, t);
    return abandoned ? WAIT_ABANDONED : 0;
}

bool named_mutex_release(NamedMutex *m)
{
    if (__atomic_load_n(&m->owner, __ATOMIC_RELAXED) != thread_current())
        return false;
    if (--m->count == 0)
        unlock(m, false);
    return true;
}

void named_mutex_thread_exit(Thread *t)
{
    while (t->wait->named_owned)
        unlock(t->wait->named_owned, true);
}

/* --- Handles ------------------------------------------------------------------------------------------------------------- */
static bool set_paths(NamedMutex *m, const char *name, NamedError *e)
{
    static const char global[] = "Global\\", local[] = "Local\\";
    bool is_global = strncmp(name, global, sizeof global - 1) == 0;
    name += is_global ? sizeof global - 1 : strncmp(name, local, sizeof local - 1) == 0 ? sizeof local - 1 : 0;
    size_t n = strlen(name);
    e->error = !n ? NAMED_INVALID_PARAMETER : strpbrk(name, "/\\") ? NAMED_INVALID_NAME : n > NAME_MAX_BYTES ? NAMED_TOO_LONG : NAMED_OK;
    char base[64] = "/tmp/.dotnet", scope[32] = "global";
    if (m->user_only)
        snprintf(base, sizeof base, "/tmp/.dotnet-uid%u", (unsigned)geteuid());
    if (!is_global)
        snprintf(scope, sizeof scope, "session%d", (int)getsid(0));
    snprintf(m->folder, sizeof m->folder, "%s/shm/%s", base, scope);
    if (e->error == NAMED_OK)
        snprintf(m->path, sizeof m->path, "%s/shm/%s/%s", base, scope, name);
    return e->error == NAMED_OK;
}

static NamedMutex *find(const char *path)
{
    NamedMutex *m = all;
    while (m && strcmp(m->path, path) != 0)
        m = m->next;
    return m;
}

WaitObject *named_mutex_open(const char *name, bool user_only, bool create, bool owned, NamedError *e)
{
    *e = (NamedError){0};
    NamedMutex *made = base_calloc(1, sizeof *made), *m;
    made->user_only = user_only;
    bool fresh = false;
    if (!set_paths(made, name, e)) {
        base_free(made);
        return NULL;
    }
    os_mutex_lock(&names_lock);
    m = find(made->path);
    if (!m && open_shared(made, create, &fresh, e)) {
        m = made;
        m->object = wait_object_named(m);
        m->next = all;
        all = m;
    }
    if (m) {
        m->handles++;
        m->refs++;
    }
    os_mutex_unlock(&names_lock);
    if (m != made)
        base_free(made);
    if (!m)
        return NULL;
    if (fresh && owned)
        named_mutex_wait(m, -1);
    e->error = fresh ? NAMED_OK : NAMED_ALREADY_EXISTS;
    return m->object;
}

/* The last handle of a mutex that this thread holds gives it up; one that another thread holds stays until then. */
void named_mutex_close(NamedMutex *m)
{
    os_mutex_lock(&names_lock);
    bool last = --m->handles == 0;
    os_mutex_unlock(&names_lock);
    if (last && __atomic_load_n(&m->owner, __ATOMIC_RELAXED) == thread_current())
        unlock(m, true);
    let_go(m);
}
