/* corelib_gc.c: calls of GC, GCSettings, GCHandle, DependentHandle, GCFrameRegistration.
 * The heap only grows for now: a collection is asked for in vain, objects stay in generation 0, and no finaliser falls due.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_finalizer.h"
#include "vm/vm_props.h"
#include "vm/vm_roots.h"

enum { LOH_DEFAULT = 1, LATENCY_NO_GC_REGION = 4 };
static i32 latency_mode = 1, loh_mode = LOH_DEFAULT; /* Interactive; Default */

/* --- Finalisation ------------------------------------------------------------------------------------------------------ */
CALL(void, corelib_gc_suppress, Object *o)
{
    gc_suppress_finalize(o);
}

CALL(void, corelib_gc_reregister, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    gc_reregister_finalize(*o.ptr);
    QCALL_END(t);
}

/* The object in *o, and the address of its finaliser: void (object). NULL: none is ready. */
CALL(void *, corelib_gc_next_finalizable, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    Object *next = gc_next_finalizable();
    void *fn = NULL;
    if (next) {
        qc_set_object(o, next);
        fn = next->mt->vtable[next->mt->klass->finalizer_slot];
    }
    QCALL_END(t);
    return fn;
}

CALL(void, corelib_gc_wait_finalizers, void)
{
    vm_finalizer_wait(thread_current());
}

/* --- Allocation, collection --------------------------------------------------------------------------------------------- */
CALL(void, corelib_gc_new_array, MethodTable *mt, i32 n, u32 flags, ObjectHandleOnStack out)
{
    enum { ZEROING_OPTIONAL = 16, PINNED_HEAP = 64 };
    QCALL_BEGIN(t);
    if (n < 0) {
        vm_throw(t, VM_ERR_OVERFLOW);
    } else {
        u32 f = (flags & ZEROING_OPTIONAL ? GC_ALLOC_NO_ZERO : 0) | (flags & PINNED_HEAP ? GC_ALLOC_PINNED : 0);
        Object *o = n <= 0x7fffffc7 ? gc_alloc_array(t, mt, (u32)n, f) : NULL;
        if (o)
            qc_set_object(out, o);
        else
            vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    }
    QCALL_END(t);
}

CALL(void, corelib_gc_collect, i32 generation, i32 mode, u8 low_memory)
{
    enum { NON_BLOCKING = 1 };
    LOG(gc, 1, "GC.Collect(%d, %d, %d): the heap only grows", generation, mode, low_memory);
    if (!(mode & NON_BLOCKING) && (generation < 0 || generation >= 2))
        __atomic_store_n(&loh_mode, LOH_DEFAULT, __ATOMIC_RELAXED);
    vm_finalizer_wake();
    Thread *t = thread_current();
    COOPERATIVE(t) { gc_verify_chance(t, "GC.Collect"); }
}

static u64 pressure;
CALL(void, corelib_gc_add_pressure, u64 n)
{
    __atomic_add_fetch(&pressure, n, __ATOMIC_RELAXED);
}

CALL(void, corelib_gc_remove_pressure, u64 n)
{
    __atomic_sub_fetch(&pressure, n, __ATOMIC_RELAXED);
}

/* --- Figures ------------------------------------------------------------------------------------------------------------- */
CALL(i64, corelib_gc_total_memory, void)
{
    GcFigures f;
    gc_figures(&f);
    return (i64)f.heap_bytes;
}

CALL(i64, corelib_gc_total_allocated, void)
{
    return (i64)gc_total_allocated_bytes();
}

CALL(i64, corelib_gc_thread_bytes, void)
{
    return (i64)gc_allocated_bytes(thread_current());
}

CALL(i32, corelib_gc_generation, Object *o)
{
    return gc_generation_of(o);
}

CALL(i32, corelib_gc_max_generation, void)
{
    return 2;
}

/* special 1: what ran in the background; none does. */
CALL(i32, corelib_gc_collection_count, i32 generation, i32 special)
{
    GcFigures f;
    gc_figures(&f);
    return special || (u32)generation >= ARRAY_LEN(f.collections) ? 0 : (i32)f.collections[generation];
}

CALL(i64, corelib_gc_pause_ticks, void)
{
    GcFigures f;
    gc_figures(&f);
    return (i64)(f.pause_ns_total / 100);
}

CALL(i32, corelib_gc_percent_time, void)
{
    return 0;
}

CALL(u64, corelib_gc_generation_size, i32 generation)
{
    GcFigures f;
    gc_figures(&f);
    switch (generation) {
    case 0: return f.heap_bytes - f.large_bytes - f.pinned_bytes;
    case 3: return f.large_bytes;
    case 4: return f.pinned_bytes;
    default: return 0;
    }
}

CALL(u64, corelib_gc_segment_size, void)
{
    return (u64)(gc_heap_end - gc_heap_base);
}

/* Layout of System.GCMemoryInfoData (contract: layouts), from the object pointer. */
typedef struct GenInfo {
    i64 size_before, fragmentation_before, size_after, fragmentation_after;
} GenInfo;
typedef struct MemoryInfo {
    MethodTable *mt;
    i64 high_load, available, load, heap, fragmented, committed, promoted, pinned_objects, pending, index;
    i32 generation, pause_percent;
    u8 compacted, concurrent;
    GenInfo generations[5];
    i64 pauses[2];
} MemoryInfo;
_Static_assert(offsetof(MemoryInfo, generation) == 88 && offsetof(MemoryInfo, generations) == 104 && offsetof(MemoryInfo, pauses) == 264,
               "read by CoreLib");

CALL(void, corelib_gc_memory_info, Object *o, i32 kind)
{
    MemoryInfo *d = (MemoryInfo *)o;
    GcFigures f;
    gc_figures(&f);
    u64 limit = knob_u64(KNOB_GC_HEAP_HARD_LIMIT), physical = os_mem_physical();
    (void)kind;
    d->available = (i64)(limit && limit < physical ? limit : physical);
    d->high_load = d->available / 10 * 9;
    d->load = (i64)MIN(f.committed_bytes, (u64)d->available);
    if (!f.collections[0])
        return; /* figures of collections stay zero until there was one, as on the reference */
    d->heap = (i64)f.heap_bytes;
    d->committed = (i64)f.committed_bytes;
    d->index = f.collections[0];
}

CALL(u8, corelib_gc_register_full, i32 max_generation, i32 large)
{
    (void)max_generation, (void)large;
    return 0;
}

CALL(u8, corelib_gc_cancel_full, void)
{
    return 0;
}

CALL(i32, corelib_gc_wait_full, i32 timeout)
{
    (void)timeout;
    return 4; /* GCNotificationStatus.NotApplicable */
}

CALL(i64, corelib_gc_generation_budget, i32 generation)
{
    (void)generation;
    return -1; /* not known */
}

CALL(i32, corelib_gc_refresh_limit, void)
{
    return 0; /* the limit is read anew by each use */
}

/* fn(context, name, public name, kind, value): kinds 0 number, 1 text, 2 bool */
CALL(void, corelib_gc_enumerate_config, void *context, void (*fn)(void *, const char *, const char *, i32, i64))
{
    fn(context, "GCHeapHardLimit", "System.GC.HeapHardLimit", 0, (i64)knob_u64(KNOB_GC_HEAP_HARD_LIMIT));
    fn(context, "ServerGC", "System.GC.Server", 2, 0);
    fn(context, "ConcurrentGC", "System.GC.Concurrent", 2, 0);
}

/* --- Settings -------------------------------------------------------------------------------------------------------------- */
CALL(u8, corelib_gc_is_server, void)
{
    return 0;
}

CALL(i32, corelib_gc_latency, void)
{
    return __atomic_load_n(&latency_mode, __ATOMIC_RELAXED);
}

CALL(i32, corelib_gc_set_latency, i32 mode)
{
    if (__atomic_load_n(&latency_mode, __ATOMIC_RELAXED) == LATENCY_NO_GC_REGION)
        return 1; /* NoGCInProgress */
    __atomic_store_n(&latency_mode, mode, __ATOMIC_RELAXED);
    return 0; /* Succeeded */
}

/* A region without collections: there are none anyway; only the protocol is kept. */
static i32 mode_before_region;
static i64 region_total;
static void run_region_item(bool abandoned);
CALL(i32, corelib_gc_start_region, i64 total, i32 has_large, i64 large, i32 no_full)
{
    enum { SUCCEEDED, NOT_ENOUGH_MEMORY, AMOUNT_TOO_LARGE, IN_PROGRESS };
    (void)has_large, (void)large, (void)no_full;
    i32 old = __atomic_load_n(&latency_mode, __ATOMIC_RELAXED);
    if (old == LATENCY_NO_GC_REGION)
        return IN_PROGRESS;
    if ((u64)total > (u64)(gc_heap_end - gc_heap_base))
        return AMOUNT_TOO_LARGE;
    if ((u64)total > os_mem_physical())
        return NOT_ENOUGH_MEMORY;
    mode_before_region = old;
    region_total = total;
    __atomic_store_n(&latency_mode, LATENCY_NO_GC_REGION, __ATOMIC_RELAXED);
    return SUCCEEDED;
}

CALL(i32, corelib_gc_end_region, void)
{
    enum { SUCCEEDED, NOT_IN_PROGRESS };
    if (__atomic_load_n(&latency_mode, __ATOMIC_RELAXED) != LATENCY_NO_GC_REGION)
        return NOT_IN_PROGRESS;
    __atomic_store_n(&latency_mode, mode_before_region, __ATOMIC_RELAXED);
    run_region_item(true);
    return SUCCEEDED;
}

/* System.GC.NoGCRegionCallbackFinalizerWorkItem.  The callback frees the item; it runs the action unless abandoned. */
typedef struct RegionItem {
    void *next;
    void (*callback)(struct RegionItem *item);
    u8 scheduled, abandoned;
} RegionItem;
static RegionItem *region_item; /* taken by whoever runs the callback */
static u64 region_due;          /* total of allocated bytes at which it falls due */

static void run_region_item(bool abandoned)
{
    RegionItem *item = __atomic_exchange_n(&region_item, NULL, __ATOMIC_ACQ_REL);
    if (!item)
        return;
    item->scheduled = 1;
    item->abandoned = abandoned;
    item->callback(item);
}

static void watch_region(void *arg)
{
    enum { PERIOD_NS = 2000000 };
    (void)arg;
    while (__atomic_load_n(&region_item, __ATOMIC_ACQUIRE)) {
        if (gc_total_allocated_bytes() >= region_due)
            run_region_item(false);
        else
            os_thread_sleep(PERIOD_NS);
    }
}

/* The callback is due when `total` bytes were allocated in the region. */
CALL(i32, corelib_gc_region_callback, RegionItem *item, i64 total)
{
    enum { SUCCESS, NOT_STARTED, INSUFFICIENT_BUDGET, ALREADY_REGISTERED };
    OsThread watcher;
    if (__atomic_load_n(&latency_mode, __ATOMIC_RELAXED) != LATENCY_NO_GC_REGION)
        return NOT_STARTED;
    if (total <= 0 || total > region_total)
        return INSUFFICIENT_BUDGET;
    region_due = gc_total_allocated_bytes() + (u64)total;
    RegionItem *none = NULL;
    if (!__atomic_compare_exchange_n(&region_item, &none, item, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return ALREADY_REGISTERED;
    if (!os_thread_create(&watcher, watch_region, NULL, 0, ".NET NoGC", true))
        run_region_item(true);
    return SUCCESS;
}

CALL(i32, corelib_gc_loh_mode, void)
{
    return __atomic_load_n(&loh_mode, __ATOMIC_RELAXED);
}

CALL(void, corelib_gc_set_loh_mode, i32 mode)
{
    __atomic_store_n(&loh_mode, mode, __ATOMIC_RELAXED);
}

/* --- Handles ---------------------------------------------------------------------------------------------------------------- */
/* Tags of managed code in the low bits of a handle. */
static GcHandle untagged(u64 h)
{
    return (GcHandle)(uintptr_t)(h & ~(u64)7);
}

static u64 new_handle(Object *o, i32 kind)
{
    CHECKF((u32)kind <= GC_HANDLE_PINNED, "handle type %d", kind);
    return (u64)(uintptr_t)gc_handle_new(thread_current()->domain, (GcHandleKind)kind, o);
}

CALL(u64, corelib_handle_alloc, Object *o, i32 kind)
{
    return new_handle(o, kind);
}

CALL(u64, corelib_handle_alloc_slow, ObjectHandleOnStack o, i32 kind)
{
    QCALL_BEGIN(t);
    u64 h = new_handle(*o.ptr, kind);
    QCALL_END(t);
    return h;
}

CALL(u8, corelib_handle_free, u64 h)
{
    gc_handle_free(untagged(h));
    return 1;
}

CALL(void, corelib_handle_free_slow, u64 h)
{
    QCALL_BEGIN(t);
    gc_handle_free(untagged(h));
    QCALL_END(t);
}

CALL(void, corelib_handle_set, u64 h, Object *o)
{
    gc_handle_set(untagged(h), o);
}

CALL(Object *, corelib_handle_cmpxchg, u64 h, Object *value, Object *expected)
{
    return gc_handle_compare_exchange(untagged(h), value, expected);
}

CALL(u64, corelib_dep_alloc, Object *target, Object *dependent)
{
    return (u64)(uintptr_t)gc_handle_new_dependent(thread_current()->domain, target, dependent);
}

CALL(u64, corelib_dep_alloc_slow, ObjectHandleOnStack target, ObjectHandleOnStack dependent)
{
    QCALL_BEGIN(t);
    u64 h = (u64)(uintptr_t)gc_handle_new_dependent(t->domain, *target.ptr, *dependent.ptr);
    QCALL_END(t);
    return h;
}

CALL(Object *, corelib_dep_get, u64 h)
{
    return gc_dependent_get_secondary(untagged(h));
}

CALL(Object *, corelib_dep_get_both, u64 h, Object **dependent)
{
    Object *target = gc_handle_get(untagged(h));
    *dependent = target ? gc_dependent_get_secondary(untagged(h)) : NULL; /* a local of the caller: no barrier */
    return target;
}

CALL(void, corelib_dep_set, u64 h, Object *dependent)
{
    gc_dependent_set_secondary(untagged(h), dependent);
}

CALL(void, corelib_dep_clear, u64 h)
{
    gc_handle_set(untagged(h), NULL);
}

CALL(void, corelib_gc_frame_push, GcFrameRegistration *r)
{
    Thread *t = thread_current();
    r->next = t->gc_frames;
    t->gc_frames = r;
}

CALL(void, corelib_gc_frame_pop, GcFrameRegistration *r)
{
    thread_current()->gc_frames = r->next;
}
