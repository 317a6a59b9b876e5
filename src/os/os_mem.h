/* os_mem.h: address space, and the one span in which all loader data and all code live.
 * The lowest of the folder's headers.  The others: os_thread.h (threads, locks, futex, membarrier), os_signal.h
 * (hardware faults), os_time.h, os_file.h, os_dl.h.  Bodies: os/linux/.  Book: os.md  Tests: tests/unit/os/
 *
 * The span is one contiguous reservation of 2 GB, cut in four ranges by kind of chunk.  Any two addresses of it are
 * less than 2 GB apart, so code reaches data and other code by 32-bit displacements.  Chunks have a granularity of
 * 1 KB; a chunk freed is merged with its neighbours and used again.  Invariant: code pages are never writable at
 * the address they run at: the code range is mapped from one memory file twice, and os_span_rw gives the writable
 * view of an address (except where the system refuses memory files: then the range is RWX and both views are one). */
#ifndef OS_MEM_H
#define OS_MEM_H
#include "base/base.h"

enum { OS_PAGE = 4096, OS_CHUNK_UNIT = 1024 };
typedef enum OsProt { OS_PROT_NONE, OS_PROT_R, OS_PROT_RW, OS_PROT_RX, OS_PROT_RWX } OsProt;

/* Address space without memory; align is a power of two (0: a page).  NULL when the system refuses. */
void *os_mem_reserve(size_t size, size_t align);
/* Makes pages readable, writable and zero on first touch.  false: the system refuses. */
bool os_mem_commit(void *p, size_t size);
/* Gives the pages' memory back and makes them inaccessible; the addresses stay reserved. */
void os_mem_decommit(void *p, size_t size);
/* Gives the memory back; the pages stay accessible and read as zero. */
void os_mem_discard(void *p, size_t size);
bool os_mem_protect(void *p, size_t size, OsProt prot);
void os_mem_release(void *p, size_t size); /* gives the addresses back too */
u64 os_mem_physical(void);                 /* bytes of memory this process may use: machine or cgroup limit */

typedef enum OsChunkKind {
    OS_CHUNK_HOT,  /* read at run time: MethodTables, slots */
    OS_CHUNK_COLD, /* read by loading and reflection only */
    OS_CHUNK_STUB, /* data of entry cells and stubs */
    OS_CHUNK_CODE, /* write through os_span_rw only */
    OS_CHUNK_KINDS
} OsChunkKind;

typedef struct OsSpan { /* written by os_span_init only */
    char *base, *end;
    char *code, *code_end; /* the range that runs; inside [base, end) */
    i64 rw_delta;          /* add to a code address to get its writable view; 0 in the fall-back */
} OsSpan;
extern OsSpan os_span;

void os_span_init(void); /* once per process (later calls do nothing); fatal when there is no address space */
/* size is rounded up to 1 KB; the chunk is zeroed and 1 KB aligned.  NULL: the range is used up.  Thread-safe. */
void *os_span_alloc(OsChunkKind kind, size_t size);
void os_span_free(OsChunkKind kind, void *p, size_t size); /* the same size as given to alloc, or a unit-aligned part */
size_t os_span_used(OsChunkKind kind);                     /* bytes in chunks not freed */
static inline bool os_span_contains(const void *p)
{
    return (const char *)p >= os_span.base && (const char *)p < os_span.end;
}
static inline bool os_span_is_code(const void *p)
{
    return (const char *)p >= os_span.code && (const char *)p < os_span.code_end;
}
/* The writable view of a code address; any other address is its own. */
static inline void *os_span_rw(void *rx)
{
    return os_span_is_code(rx) ? (char *)rx + os_span.rw_delta : rx;
}
#endif
