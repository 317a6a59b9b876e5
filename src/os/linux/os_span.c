/* os_span.c: the 2 GB span and its chunks.
 * In: a kind and a size.  Out: zeroed units of 1 KB of that kind's range.
 * Each range is a bump pointer and a list of free runs sorted by address, neighbours merged, first fit.
 * Invariant: memory above the bump pointer is zero and was never handed out; free runs may be dirty and are cleared
 * when they are handed out again (their whole pages went back to the system when they were freed).
 * Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/knobs.h"
#include "base/vec.h"
#include "os/os_thread.h"

enum {
    MB = 1024 * 1024,
    COMMIT_STEP = 2 * MB, /* of data ranges */
};

typedef struct FreeRun {
    char *start;
    size_t size;
} FreeRun;
typedef struct Range {
    char *start, *end;
    char *next;      /* bump pointer */
    char *committed; /* end of what is accessible */
    size_t used;
    VEC(FreeRun) free;
} Range;

/* Megabytes of each kind; together less than 2 GB by the displacement of the longest instruction and more. */
static const u32 range_mb[OS_CHUNK_KINDS] = {
    [OS_CHUNK_HOT] = 768,
    [OS_CHUNK_COLD] = 512,
    [OS_CHUNK_STUB] = 255,
    [OS_CHUNK_CODE] = 512,
};

OsSpan os_span;
static Range ranges[OS_CHUNK_KINDS]; /* under lock */
static OsMutex lock = OS_MUTEX_INIT;

/* A fixed low place first, so that addresses are the same from run to run (and 36 bits long); else anywhere. */
static char *reserve_span(size_t size)
{
    static const uintptr_t hints[] = {0x1000000000, 0x1800000000, 0x200000000000, 0x300000000000};
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    for (u32 i = 0; i < ARRAY_LEN(hints); i++) {
        void *p = mmap((void *)hints[i], size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
        if (p == (void *)hints[i])
            return p;
        if (p != MAP_FAILED) /* a kernel that takes the flag for a mere hint */
            munmap(p, size);
    }
    void *p = mmap(NULL, size, PROT_NONE, flags, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Two views of one memory file; false: refused. */
static bool map_code_twice(char *rx, size_t size, char **rw_out)
{
    int fd = memfd_create("stator-code", MFD_CLOEXEC);
    if (fd < 0)
        return false;
    void *rw = MAP_FAILED;
    void *view = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0) {
        rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
        if (rw != MAP_FAILED)
            view = mmap(rx, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
    }
    close(fd);
    if (view != MAP_FAILED) {
        *rw_out = rw;
        return true;
    }
    if (rw != MAP_FAILED)
        munmap(rw, size);
    /* MAP_FIXED may have dropped the reservation before it failed. */
    mmap(rx, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return false;
}

static void code_init(Range *r)
{
    size_t size = (size_t)(r->end - r->start);
    char *rw = NULL;
    /* STATOR_NO_MEMFD is for the test of the fall-back.  A profiler takes names from its map file for anonymous memory only, so a run that
     * writes one does without the memory file as well. */
    if (!getenv("STATOR_NO_MEMFD") && !knob_bool(KNOB_PERF_MAP) && map_code_twice(r->start, size, &rw))
        os_span.rw_delta = rw - r->start;
    else if (!os_mem_protect(r->start, size, OS_PROT_RWX))
        base_fatal(EXIT_UNHANDLED, "the system allows neither memory files nor writable code");
    r->committed = r->end;
    os_span.code = r->start;
    os_span.code_end = r->end;
}

void os_span_init(void)
{
    os_mutex_lock(&lock);
    if (!os_span.base) {
        size_t size = 0;
        for (u32 k = 0; k < OS_CHUNK_KINDS; k++)
            size += (size_t)range_mb[k] * MB;
        char *p = reserve_span(size);
        if (!p)
            base_fatal(EXIT_UNHANDLED, "no address space for the loader's span (%zu MB)", size / MB);
        os_span.end = p + size;
        for (u32 k = 0; k < OS_CHUNK_KINDS; k++) {
            Range *r = &ranges[k];
            r->start = r->next = r->committed = p;
            p += (size_t)range_mb[k] * MB;
            r->end = p;
        }
        code_init(&ranges[OS_CHUNK_CODE]);
        os_span.base = ranges[0].start;
    }
    os_mutex_unlock(&lock);
}

static void *take_free(Range *r, size_t size)
{
    for (u32 i = 0; i < r->free.len; i++) {
        FreeRun *run = &r->free.data[i];
        if (run->size < size)
            continue;
        char *p = run->start;
        run->start += size;
        run->size -= size;
        if (run->size == 0) {
            r->free.len--;
            memmove(run, run + 1, (r->free.len - i) * sizeof *run);
        }
        memset(os_span_rw(p), 0, size);
        return p;
    }
    return NULL;
}

static void *take_fresh(Range *r, size_t size)
{
    if (size > (size_t)(r->end - r->next))
        return NULL;
    char *p = r->next;
    if (p + size > r->committed) {
        size_t more = ALIGN_UP((size_t)(p + size - r->committed), (size_t)COMMIT_STEP);
        more = MIN(more, (size_t)(r->end - r->committed));
        if (!os_mem_commit(r->committed, more))
            return NULL;
        r->committed += more;
    }
    r->next = p + size;
    return p;
}

void *os_span_alloc(OsChunkKind kind, size_t size)
{
    CHECK(os_span.base);
    size = ALIGN_UP(MAX(size, 1), (size_t)OS_CHUNK_UNIT);
    Range *r = &ranges[kind];
    os_mutex_lock(&lock);
    void *p = take_free(r, size);
    if (!p)
        p = take_fresh(r, size);
    if (p)
        r->used += size;
    os_mutex_unlock(&lock);
    return p;
}

/* The whole pages inside a freed chunk go back to the system; in debug builds the rest is poisoned. */
static void drop_memory(OsChunkKind kind, char *p, size_t size)
{
    char *rw = os_span_rw(p);
#ifdef STATOR_DEBUG
    memset(rw, kind == OS_CHUNK_CODE ? 0xCC : 0xDD, size);
#endif
    char *first = (char *)ALIGN_UP((uintptr_t)rw, (uintptr_t)OS_PAGE);
    char *last = (char *)ALIGN_DOWN((uintptr_t)rw + size, (uintptr_t)OS_PAGE);
    if (first < last)
        madvise(first, (size_t)(last - first), kind == OS_CHUNK_CODE && os_span.rw_delta ? MADV_REMOVE : MADV_DONTNEED);
}

static void insert_free(Range *r, char *p, size_t size)
{
    u32 lo = 0, hi = r->free.len;
    while (lo < hi) {
        u32 mid = (lo + hi) / 2;
        if (r->free.data[mid].start < p)
            lo = mid + 1;
        else
            hi = mid;
    }
    FreeRun *next = lo < r->free.len ? &r->free.data[lo] : NULL;
    FreeRun *prev = lo > 0 ? &r->free.data[lo - 1] : NULL;
    CHECK(!next || p + size <= next->start);
    CHECK(!prev || prev->start + prev->size <= p);
    bool joins_next = next && p + size == next->start;
    if (prev && prev->start + prev->size == p) {
        prev->size += size;
        if (!joins_next)
            return;
        prev->size += next->size;
        r->free.len--;
        memmove(next, next + 1, (r->free.len - lo) * sizeof *next);
    } else if (joins_next) {
        next->start = p;
        next->size += size;
    } else {
        vec_reserve(&r->free, r->free.len + 1);
        FreeRun *at = r->free.data + lo;
        memmove(at + 1, at, (r->free.len - lo) * sizeof *at);
        *at = (FreeRun){p, size};
        r->free.len++;
    }
}

void os_span_free(OsChunkKind kind, void *p, size_t size)
{
    size = ALIGN_UP(MAX(size, 1), (size_t)OS_CHUNK_UNIT);
    Range *r = &ranges[kind];
    CHECK((char *)p >= r->start && (char *)p + size <= r->next && (uintptr_t)p % OS_CHUNK_UNIT == 0);
    os_mutex_lock(&lock);
    drop_memory(kind, p, size);
    insert_free(r, p, size);
    r->used -= size;
    os_mutex_unlock(&lock);
}

size_t os_span_used(OsChunkKind kind)
{
    os_mutex_lock(&lock);
    size_t n = ranges[kind].used;
    os_mutex_unlock(&lock);
    return n;
}
