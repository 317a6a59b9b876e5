/* gc_pressure.c: memory outside the heap that small objects keep alive, as users announce it.
 * What is announced counts as if it had been allocated here.  Two marks decide, both relative to what stayed after the last collection of
 * that kind, so that the number of collections grows with the logarithm of the memory held, and with the amount that becomes garbage:
 *   generation 1 is collected when announcements since the last such collection pass max(4 MB, a half of what is held),
 *   generation 2 when what is held passes max(64 MB, twice what was held after the last full collection).
 * Finalisers give memory back after the collection has ended, so the marks are set at the next announcement.
 * Book: gc-settings.md  Tests: tests/app/GcPressure.cs */
#include "gc/gc_int.h"

#define MB ((u64)1 << 20)
#define YOUNG_LEAST (4 * MB)
#define FULL_LEAST (64 * MB)

static pthread_mutex_t pressure_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    u64 held;              /* announced and not given back */
    u64 fresh;             /* announced since the last collection of generation 1, less what was given back */
    u64 full_mark;         /* held at which generation 2 is due */
    u32 young, full;       /* counts of collections as last seen */
} pressure;                /* under pressure_lock */

/* The youngest generation whose collection is due; -1: none. */
static i32 due(u64 bytes)
{
    u32 young = __atomic_load_n(&gc_collections[1], __ATOMIC_RELAXED), full = __atomic_load_n(&gc_collections[2], __ATOMIC_RELAXED);
    if (full != pressure.full || !pressure.full_mark)
        pressure.full_mark = MAX(2 * pressure.held, FULL_LEAST);
    if (young != pressure.young)
        pressure.fresh = 0;
    pressure.full = full;
    pressure.young = young;
    pressure.held += MIN(bytes, UINT64_MAX - pressure.held);
    pressure.fresh += MIN(bytes, UINT64_MAX - pressure.fresh);
    if (pressure.held > pressure.full_mark)
        return 2;
    return pressure.fresh > MAX(YOUNG_LEAST, pressure.held / 2) ? 1 : -1;
}

void gc_pressure_add(Thread *t, u64 bytes)
{
    pthread_mutex_lock(&pressure_lock);
    i32 generation = due(bytes);
    pthread_mutex_unlock(&pressure_lock);
    if (generation >= 0 && !gc_region_active && !(generation == 2 && gc_back_active))
        gc_collect(t, generation, 0, GC_REASON_PRESSURE);
}

void gc_pressure_remove(u64 bytes)
{
    pthread_mutex_lock(&pressure_lock);
    pressure.held -= MIN(bytes, pressure.held);
    pressure.fresh -= MIN(bytes, pressure.fresh); /* disposed of: no garbage */
    if (pressure.full_mark)
        pressure.full_mark = MAX(MIN(pressure.full_mark, 4 * pressure.held), FULL_LEAST);
    pthread_mutex_unlock(&pressure_lock);
}
