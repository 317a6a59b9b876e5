/* os_mem.c: mmap and its relatives.  The span is os_span.c.
 * Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int prot_bits(OsProt prot)
{
    static const int bits[] = {
        [OS_PROT_NONE] = PROT_NONE,
        [OS_PROT_R] = PROT_READ,
        [OS_PROT_RW] = PROT_READ | PROT_WRITE,
        [OS_PROT_RX] = PROT_READ | PROT_EXEC,
        [OS_PROT_RWX] = PROT_READ | PROT_WRITE | PROT_EXEC,
    };
    return bits[prot];
}

void *os_mem_reserve(size_t size, size_t align)
{
    size = ALIGN_UP(size, (size_t)OS_PAGE);
    size_t extra = align > OS_PAGE ? align - OS_PAGE : 0;
    char *p = mmap(NULL, size + extra, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (!extra)
        return p;
    char *start = (char *)ALIGN_UP((uintptr_t)p, (uintptr_t)align);
    if (start > p)
        munmap(p, (size_t)(start - p));
    if (p + extra > start)
        munmap(start + size, (size_t)(p + extra - start));
    return start;
}

bool os_mem_commit(void *p, size_t size)
{
    return mprotect(p, ALIGN_UP(size, (size_t)OS_PAGE), PROT_READ | PROT_WRITE) == 0;
}

void os_mem_decommit(void *p, size_t size)
{
    size = ALIGN_UP(size, (size_t)OS_PAGE);
    madvise(p, size, MADV_DONTNEED);
    mprotect(p, size, PROT_NONE);
}

void os_mem_discard(void *p, size_t size)
{
    madvise(p, size, MADV_DONTNEED);
}

bool os_mem_protect(void *p, size_t size, OsProt prot)
{
    return mprotect(p, ALIGN_UP(size, (size_t)OS_PAGE), prot_bits(prot)) == 0;
}

void os_mem_release(void *p, size_t size)
{
    munmap(p, ALIGN_UP(size, (size_t)OS_PAGE));
}

/* A cgroup file that holds one number, or "max"; UINT64_MAX when it says nothing. */
static u64 cgroup_number(const char *path)
{
    u64 v = UINT64_MAX;
    FILE *f = fopen(path, "re");
    if (!f)
        return v;
    unsigned long long x;
    if (fscanf(f, "%llu", &x) == 1)
        v = x;
    fclose(f);
    return v;
}

u64 os_mem_physical(void)
{
    u64 machine = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
    u64 limit = MIN(cgroup_number("/sys/fs/cgroup/memory.max"),
                    cgroup_number("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    return MIN(machine, limit);
}
