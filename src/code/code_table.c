/* code_table.c: address -> CodeInfo, and what a CodeInfo says about an address in it.
 * The table has one u32 per 32 bytes of the code range: where in the span the CodeInfo lies whose body covers them, 0:
 * none.  Bodies never share a granule (code_heap.c), so a look-up is one load: it takes no lock and may run in a signal
 * handler.  The table is reserved whole; its pages come as they are touched, one eighth of the code's size.
 * Book: code.md  Tests: tests/unit/code/ */
#include "code/code_int.h"

#include "os/os_mem.h"

enum { GRANULE_SHIFT = 5 };
static u32 *table; /* written by code_register, read by everybody */

void code_table_init(void)
{
    if (table)
        return;
    size_t size = ALIGN_UP(((size_t)(os_span.code_end - os_span.code) >> GRANULE_SHIFT) * sizeof(u32), (size_t)OS_PAGE);
    u32 *p = os_mem_reserve(size, 0);
    if (!p || !os_mem_commit(p, size))
        base_fatal(EXIT_UNHANDLED, "no address space for the code table (%zu MB)", size >> 20);
    table = p;
}

static u32 granule(const void *ip) { return (u32)(((const char *)ip - os_span.code) >> GRANULE_SHIFT); }

void code_register(CodeInfo *ci)
{
    CHECK(os_span_is_code(ci->start) && os_span_contains(ci) && ci->size > 0);
    u32 where = (u32)((char *)ci - os_span.base);
    /* up to and with the byte after the body */
    for (u32 g = granule(ci->start), last = granule(ci->start + ci->size); g <= last; g++)
        __atomic_store_n(&table[g], where, __ATOMIC_RELEASE);
}

void code_table_forget(const void *p, size_t n)
{
    if (table)
        memset(&table[granule(p)], 0, (n >> GRANULE_SHIFT) * sizeof *table);
}

CodeInfo *code_find(const void *ip)
{
    if (!os_span_is_code(ip) || !table)
        return NULL;
    u32 where = __atomic_load_n(&table[granule(ip)], __ATOMIC_ACQUIRE);
    if (!where)
        return NULL;
    CodeInfo *ci = (CodeInfo *)(void *)(os_span.base + where);
    return (size_t)((const char *)ip - ci->start) <= ci->size ? ci : NULL;
}

bool code_is_managed(const void *ip) { return code_find(ip) != NULL; }

u32 code_il_offset(const CodeInfo *ci, const void *ip, bool is_return_address)
{
    u32 at = (u32)((const char *)ip - ci->start) - is_return_address;
    u32 low = 0, high = ci->num_ilmap; /* entries before low are <= at, entries from high on are > at */
    while (low < high) {
        u32 mid = low + (high - low) / 2;
        if (ci->ilmap[mid].native <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? ci->ilmap[low - 1].il : IL_MAP_PROLOG;
}

bool code_in_funclet(const CodeInfo *ci, const void *ip, FuncletRange *out)
{
    u32 at = (u32)((const char *)ip - ci->start);
    const FuncletRange *best = NULL; /* the innermost: a handler in a handler lies in its range too */
    for (u32 i = 0; i < ci->num_funclets; i++) {
        const FuncletRange *r = &ci->funclets[i];
        if (at - r->start < r->end - r->start && (!best || r->end - r->start < best->end - best->start))
            best = r;
    }
    if (best && out)
        *out = *best;
    return best != NULL;
}
