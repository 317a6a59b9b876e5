/* corelib_gc.c: calls of GC, GCSettings, GCHandle, DependentHandle, GCFrameRegistration.
 * Here are signatures, CoreLib's enums and records; what is done lies in gc/ (gc_notify.c: regions and notices, gc_stats.c: figures).
 * Book: corelib.md, gc-settings.md  Tests: tests/app/Gc*.cs */
#include "corelib/corelib.h"
#include "vm/vm_finalizer.h"
#include "vm/vm_roots.h"

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
    QCALL_BEGIN(t);
    WaitObject *done = NULL;
    struct FinalizerWait *w = wait_is_told(t) ? vm_finalizer_wait_object(t, &done) : NULL;
    if (w) {
        wait_listener->wait(t, done, -1);
        vm_finalizer_give_up(w);
    }
    QCALL_END(t);
    if (!w)
        vm_finalizer_wait(t);
}

/* --- Allocation, collection --------------------------------------------------------------------------------------------- */
CALL(void, corelib_gc_new_array, MethodTable *mt, i32 n, u32 flags, ObjectHandleOnStack out)
{
    enum { ZEROING_OPTIONAL = 16, PINNED_HEAP = 64, LENGTH_MAX = 0x7fffffc7 };
    QCALL_BEGIN(t);
    if (n < 0) {
        vm_throw(t, VM_ERR_OVERFLOW);
    } else if (n > LENGTH_MAX) {
        vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Array dimensions exceeded supported range.");
    } else {
        u32 f = (flags & ZEROING_OPTIONAL ? GC_ALLOC_NO_ZERO : 0) | (flags & PINNED_HEAP ? GC_ALLOC_PINNED : 0);
        Object *o = gc_alloc_array(t, mt, (u32)n, f);
        if (o)
            qc_set_object(out, o);
        else
            vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    }
    QCALL_END(t);
}

/* The collection's own frames will lie where earlier calls' lay, and what those left in words that nobody writes would pin objects. */
static __attribute__((noinline)) void wipe_stack_below(void)
{
    char dead[4096];
    memset(dead, 0, sizeof dead);
    __asm__ volatile("" : : "r"(dead) : "memory");
}

/* mode: bits of CoreLib's InternalGCCollectionMode; its bits are ours but for the order.  Blocking asked for: once it is back, done. */
CALL(void, corelib_gc_collect, i32 generation, i32 mode, u8 low_memory)
{
    enum { NON_BLOCKING = 1, BLOCKING = 2, OPTIMIZED = 4, COMPACTING = 8, AGGRESSIVE = 16 };
    static const struct {
        u32 mode, flag;
    } bits[] = {{BLOCKING, GC_COLLECT_BLOCKING},
                {OPTIMIZED, GC_COLLECT_OPTIMIZED},
                {COMPACTING, GC_COLLECT_COMPACTING},
                {AGGRESSIVE, GC_COLLECT_AGGRESSIVE}};
    u32 flags = low_memory ? GC_COLLECT_LOW_MEMORY : 0;
    for (u32 i = 0; i < ARRAY_LEN(bits); i++)
        flags |= (u32)mode & bits[i].mode ? bits[i].flag : 0;
    wipe_stack_below();
    QCALL_BEGIN(t);
    gc_collect(t, generation, flags, low_memory ? GC_REASON_LOW_MEMORY : GC_REASON_INDUCED);
    gc_verify_chance(t, "GC.Collect");
    QCALL_END(t);
}

CALL(void, corelib_gc_add_pressure, u64 n)
{
    QCALL_BEGIN(t);
    gc_pressure_add(t, n);
    QCALL_END(t);
}

CALL(void, corelib_gc_remove_pressure, u64 n)
{
    gc_pressure_remove(n);
}

/* A segment is named by its address.  Garbage may refer to what is in it even after the program has taken it back. */
CALL(const void *, corelib_gc_register_frozen, const void *start, i64 n)
{
    return n > 0 && gc_foreign_add(start, (size_t)n) ? start : NULL;
}

CALL(void, corelib_gc_unregister_frozen, const void *start)
{
    (void)start;
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

/* special: 0 all, 1 those that ran in the background, 2 blocking ones of generation 2. */
CALL(i32, corelib_gc_collection_count, i32 generation, i32 special)
{
    enum { ALL, BACKGROUND, FULL_BLOCKING };
    GcFigures f;
    gc_counts(&f);
    if (special == BACKGROUND)
        return (i32)f.background_collections;
    if (special == FULL_BLOCKING)
        return (i32)(f.collections[2] - f.background_collections);
    return (u32)generation < ARRAY_LEN(f.collections) ? (i32)f.collections[generation] : 0;
}

CALL(i64, corelib_gc_pause_ticks, void)
{
    GcFigures f;
    gc_counts(&f);
    return (i64)(f.pause_ns_total / 100);
}

CALL(i32, corelib_gc_percent_time, void)
{
    GcRecord r;
    gc_record(GC_RECORD_ANY, &r);
    return (i32)(r.pause_percent / 100);
}

/* As the last collection left it. */
CALL(u64, corelib_gc_generation_size, i32 generation)
{
    GcRecord r;
    gc_record(GC_RECORD_ANY, &r);
    return (u32)generation < ARRAY_LEN(r.generations) ? r.generations[generation].size_after : 0;
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
    GcRecord r;
    gc_record((u32)kind < GC_RECORD_KINDS ? (GcRecordKind)kind : GC_RECORD_ANY, &r);
    d->available = (i64)(gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical);
    d->high_load = (i64)gc_settings.high_memory_load;
    if (!r.index)
        return; /* as on the reference: all else is zero until there was one */
    d->load = (i64)r.memory_load;
    d->heap = (i64)r.heap_bytes;
    d->fragmented = (i64)r.fragmented_bytes;
    d->committed = (i64)r.committed_bytes;
    d->promoted = (i64)r.promoted_bytes;
    d->pinned_objects = (i64)r.pinned_objects;
    d->pending = (i64)r.finalization_pending;
    d->index = (i64)r.index;
    d->generation = r.generation;
    d->pause_percent = (i32)r.pause_percent;
    d->compacted = r.compacted;
    d->concurrent = r.concurrent;
    for (u32 g = 0; g < ARRAY_LEN(d->generations); g++)
        d->generations[g] = (GenInfo){(i64)r.generations[g].size_before, (i64)r.generations[g].fragmentation_before, (i64)r.generations[g].size_after,
                                      (i64)r.generations[g].fragmentation_after};
    for (u32 i = 0; i < ARRAY_LEN(d->pauses); i++)
        d->pauses[i] = (i64)(r.pause_ns[i] / 100);
}

/* The two thresholds are percentages of growth left, of generation 2 and of large objects; ours grow against one mark. */
CALL(u8, corelib_gc_register_full, i32 max_generation, i32 large)
{
    gc_notice_register((u32)MAX(max_generation, large));
    return 1;
}

CALL(u8, corelib_gc_cancel_full, void)
{
    gc_notice_cancel();
    return 1;
}

static i32 wait_for(GcEvent event, i32 milliseconds)
{
    return (i32)gc_notice_wait(event, milliseconds < 0 ? -1 : (i64)milliseconds * 1000000);
}

CALL(i32, corelib_gc_wait_approach, i32 timeout)
{
    return wait_for(GC_EVENT_APPROACH, timeout);
}

CALL(i32, corelib_gc_wait_complete, i32 timeout)
{
    return wait_for(GC_EVENT_COMPLETE, timeout);
}

CALL(i64, corelib_gc_generation_budget, i32 generation)
{
    return gc_budget(generation);
}

/* GCHeapHardLimitInfo: eight numbers by value. */
typedef struct HardLimitInfo {
    u64 limits[8];
} HardLimitInfo;
CALL(i32, corelib_gc_refresh_limit, HardLimitInfo info)
{
    return (i32)gc_refresh_limit(info.limits);
}

typedef struct ConfigVisit {
    void *context;
    void (*fn)(void *, const char *, const char *, i32, i64);
} ConfigVisit;

static void visit_setting(void *arg, const char *name, const char *public_name, GcSettingType type, i64 value)
{
    const ConfigVisit *v = arg;
    v->fn(v->context, name, public_name, (i32)type, value);
}

/* fn(context, name, public name, kind, value) is managed; kinds are GcSettingType's */
CALL(void, corelib_gc_enumerate_config, void *context, void (*fn)(void *, const char *, const char *, i32, i64))
{
    ConfigVisit v = {context, fn};
    gc_settings_visit(visit_setting, &v);
}

/* --- Settings -------------------------------------------------------------------------------------------------------------- */
CALL(u8, corelib_gc_is_server, void)
{
    return gc_settings.server;
}

CALL(i32, corelib_gc_latency, void)
{
    return __atomic_load_n(&gc_latency_mode, __ATOMIC_RELAXED);
}

/* SustainedLowLatency means that full collections run in the background; without those it changes nothing, as on the reference. */
CALL(i32, corelib_gc_set_latency, i32 mode)
{
    enum { SUCCEEDED, NO_GC_IN_PROGRESS };
    if (__atomic_load_n(&gc_latency_mode, __ATOMIC_RELAXED) == GC_LATENCY_NO_GC_REGION)
        return NO_GC_IN_PROGRESS;
    if (mode != GC_LATENCY_SUSTAINED_LOW || gc_settings.concurrent)
        __atomic_store_n(&gc_latency_mode, mode, __ATOMIC_RELAXED);
    return SUCCEEDED;
}

/* has_large, large: how the total splits between small and large objects; ours share it, whatever the parts. */
CALL(i32, corelib_gc_start_region, i64 total, i32 has_large, i64 large, i32 no_full)
{
    (void)large;
    QCALL_BEGIN(t);
    GcRegionStart status = gc_region_start(t, (u64)total, has_large, no_full);
    QCALL_END(t);
    return (i32)status;
}

CALL(i32, corelib_gc_end_region, void)
{
    enum { SUCCEEDED, NOT_IN_PROGRESS };
    return gc_region_end() ? SUCCEEDED : NOT_IN_PROGRESS;
}

/* System.GC.NoGCRegionCallbackFinalizerWorkItem.  The callback frees the item; it runs the action unless abandoned. */
typedef struct RegionItem {
    void *next;
    void (*callback)(struct RegionItem *item);
    u8 scheduled, abandoned;
} RegionItem;

/* On the finaliser thread, preemptive. */
static void run_region_items(void)
{
    bool abandoned;
    for (RegionItem *item; (item = gc_region_watch_take(&abandoned));) {
        item->scheduled = 1;
        item->abandoned = abandoned;
        item->callback(item);
    }
}

/* The callback is due when `total` bytes were allocated in the region. */
CALL(i32, corelib_gc_region_callback, RegionItem *item, i64 total)
{
    vm_finalizer_work = run_region_items;
    return (i32)gc_region_watch((u64)total, item);
}

CALL(i32, corelib_gc_loh_mode, void)
{
    return __atomic_load_n(&gc_loh_compaction, __ATOMIC_RELAXED);
}

CALL(void, corelib_gc_set_loh_mode, i32 mode)
{
    __atomic_store_n(&gc_loh_compaction, mode, __ATOMIC_RELAXED);
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
