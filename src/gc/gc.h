/* gc.h: the managed heap as the rest of the runtime sees it.
 *
 * Space: gc_heap.c (reserved range, regions), gc_large.c (large objects), gc_old.c (gaps of the old generation), gc_alloc.c (threads' chunks),
 * gc_barrier.S/.c.  Collections: gc_collect.c (when, which, the order of phases), gc_young.c (evacuation of generations 0 and 1),
 * gc_mark.c (marking, stopped or concurrent), gc_full.c (blocking collection with compaction), gc_back.c (the background cycle), gc_card.c.
 * Roots: gc_roots.c (static blocks), gc_handles.c, gc_final.c.  Outside: gc_config.c, gc_stats.c, gc_notify.c, gc_verify.c.
 *
 * The heap is one reserved range cut into regions of 1 MB; a thread takes chunks from regions of generation 0 and bumps through
 * them (Thread.alloc_ptr/alloc_limit).  Objects are 8-byte aligned; the word before the object pointer holds the
 * header (gc_header.h).  The collector knows an object only by the prefix of its MethodTable, GcTypePrefix, and by the
 * reference description stored before the MethodTable.
 *
 * Invariants: the heap is walkable at every safepoint; memory handed out is zero; whatever C stores into an object goes through
 * gc_store_ref/gc_copy_refs.
 * Book: gc.md  Tests: tests/unit/gc/ */
#ifndef GC_GC_H
#define GC_GC_H
#include "base/base.h"

typedef struct MethodTable MethodTable; /* type/type.h */
typedef struct Thread Thread;           /* thread/thread.h */
typedef struct Domain Domain;           /* type/type.h */

typedef struct Object {
    MethodTable *mt;
} Object;

/* What the collector reads of a MethodTable: its first 8 bytes (contract: MethodTable as seen by managed code). */
typedef struct GcTypePrefix {
    u32 flags;     /* GC_TYPE_ bits; low 16 bits: component size when GC_TYPE_HAS_COMPONENTS */
    u32 base_size; /* bytes of an instance including the 8-byte header; arrays, strings: of length 0 */
} GcTypePrefix;
#define GC_TYPE_HAS_COMPONENTS 0x80000000u
#define GC_TYPE_HAS_REFS 0x01000000u
#define GC_TYPE_HAS_FINALIZER 0x00100000u
#define GC_TYPE_COLLECTIBLE 0x00200000u

/* Reference description, at negative offsets of the MethodTable; present iff GC_TYPE_HAS_REFS.
 *   ((i64 *)mt)[-1] = n.   n > 0: n runs, offsets from the object pointer.
 *   n < 0: -n runs that describe one array element, offsets from the element's start, repeated per element.
 *   Run i (0-based) is the GcRun at (GcRun *)((i64 *)mt - 1) - 1 - i. */
typedef struct GcRun {
    u32 offset; /* bytes, multiple of 8 */
    u32 count;  /* references in a row, at least 1 */
} GcRun;
static inline size_t gc_desc_bytes(u32 runs) { return 8 + (size_t)runs * sizeof(GcRun); }

/* Object layout constants (contract: forced layouts). */
enum {
    OBJ_HEADER_OFFSET = -4, /* the u32 header word: lock, hash or sync-block index (thread/sync.h) */
    OBJ_DATA = 8,
    ARRAY_LENGTH = 8,  /* u32 */
    ARRAY_DATA = 16,   /* of single-dimension zero-based arrays */
    STRING_LENGTH = 8, /* i32 */
    STRING_CHARS = 12,
    GC_MIN_OBJECT = 24,     /* bytes, header included */
    GC_LARGE_OBJECT = 85000 /* bytes and more go to the large-object space */
};
static inline const GcTypePrefix *gc_type(const Object *o) { return (const GcTypePrefix *)o->mt; }
static inline u32 gc_array_length(const Object *o) { return *(const u32 *)((const char *)o + ARRAY_LENGTH); }
/* Size in bytes of the object, header included, rounded up to 8. */
static inline size_t gc_object_size(const Object *o)
{
    const GcTypePrefix *p = gc_type(o);
    size_t n = p->base_size;
    if (p->flags & GC_TYPE_HAS_COMPONENTS)
        n += (size_t)gc_array_length(o) * (p->flags & 0xffff);
    return ALIGN_UP(n, (size_t)8);
}

/* What becomes of a dead object with a finaliser. */
typedef enum GcFinalKind {
    GC_FINAL_ORDINARY,
    GC_FINAL_CRITICAL, /* its finaliser runs after all that are not critical */
    GC_FINAL_WEAK,     /* a weak reference of CoreLib: its finaliser never runs; the handle in its first field is freed when it dies */
} GcFinalKind;

/* --- Upward calls, filled in by vm/ at start ------------------------------------------------------------------- */
typedef enum GcSlotKind { GC_SLOT_REF, GC_SLOT_INTERIOR, GC_SLOT_PINNED_REF, GC_SLOT_PINNED_INTERIOR, GC_SLOT_CONSERVATIVE } GcSlotKind;
typedef void (*GcVisitSlot)(void *arg, Object **slot, GcSlotKind kind);
typedef Object **GcHandle; /* see Handles */
typedef struct GcRecord GcRecord;
typedef struct GcClient {
    void (*stop_world)(Thread *self, char *low); /* returns with every other managed thread at a safepoint; low: as in walk_stacks */
    void (*resume_world)(Thread *self);
    /* Reports every slot of every managed frame (precise), of thread fields, and every word of C segments (conservative,
     * by value copies: slot points at the stack word). Counts frames into *frames. World stopped.
     * low: the calling thread's C frames below hold no root (those of the collector); NULL: all do, from the call on. */
    void (*walk_stacks)(GcVisitSlot visit, void *arg, char *low, u64 *frames);
    bool (*is_method_table)(const void *p); /* exact: p is a live MethodTable of a loaded type */
    const char *(*type_name)(const MethodTable *mt, char *buf, size_t n);
    void (*poll)(Thread *t); /* thread_poll: an allocation's slow path is a safepoint; may be NULL */
    /* Of a type with GC_TYPE_COLLECTIBLE: the slot (a tracking weak handle) that holds the managed LoaderAllocator which keeps it alive; NULL: none
     * yet.  Tracing an instance traces that object. */
    Object **(*keeper)(const MethodTable *mt);
    /* World stopped, liveness decided (gc_survivor may be asked), before dead objects' memory is used again: sync blocks, type caches keyed by
     * objects.  generation: the oldest condemned. */
    void (*sweep)(i32 generation);
    /* World stopped, after objects were moved by a full collection: each raw reference that `sweep` left alone. */
    void (*moved)(void);
    void (*wake_finalizer)(void); /* something is ready; any lock-free way, the world may still be stopped */
    /* World stopped, before resume: this stop of a collection is over; the first of a background cycle too. May be NULL. */
    void (*collected)(const GcRecord *r, u64 pause_ns);
    /* Starts a managed background thread that runs fn in preemptive mode for ever.  False: refused. */
    bool (*start_thread)(void (*fn)(Thread *t, void *arg), const char *name);
    GcFinalKind (*final_kind)(const MethodTable *mt); /* of a type with a finaliser */
    bool (*refcounted)(GcHandle h);             /* world stopped: a GC_HANDLE_REFCOUNTED one is to be kept alive */
} GcClient;
/* Any of the functions from keeper on may be NULL. */

/* --- Life ------------------------------------------------------------------------------------------------------ */
bool gc_init(const GcClient *client, Err *e); /* reads the settings, reserves the range */
extern char *gc_heap_base, *gc_heap_end;      /* the reserved range; constant after gc_init */
static inline bool gc_in_heap(const void *p) { return (const char *)p >= gc_heap_base && (const char *)p < gc_heap_end; }
/* free_mt: MethodTable used to format unused space (base_size 24, component size 1, array-like); set by type/ before
 * the first allocation. */
void gc_set_free_type(MethodTable *free_mt);

/* --- Allocation.  Cooperative mode, at a safepoint (may later collect).  NULL: out of memory. --------------------- */
enum { GC_ALLOC_PINNED = 1, GC_ALLOC_NO_ZERO = 2, GC_ALLOC_FROZEN = 4 };
/* An object of mt with its fields zero and its MethodTable set; registers it for finalisation if its type asks. */
Object *gc_alloc(Thread *t, MethodTable *mt);
/* Arrays and strings: length elements. Sets the length word (u32 at ARRAY_LENGTH). length <= 0x7fffffff. */
Object *gc_alloc_array(Thread *t, MethodTable *mt, u32 length, u32 flags);
/* Raw: n bytes (header included, rounded up inside), MethodTable set. The slow path of the inline bump as well. */
Object *gc_alloc_bytes(Thread *t, MethodTable *mt, size_t n, u32 flags);
/* In the frozen space: never moves, never freed; literals and type objects.  Zeroed, MethodTable set. */
Object *gc_alloc_frozen(MethodTable *mt, size_t n);
/* n bytes outside the heap hold objects that somebody laid out there: they are neither moved nor freed, and the heap may refer to them; what they
 * refer to is not kept alive.  They are known for good, for garbage may go on referring to them.  False: the range is none. */
bool gc_foreign_add(const void *start, size_t n);
void gc_thread_detach(Thread *t); /* formats and gives back the rest of the thread's chunk */
u64 gc_allocated_bytes(Thread *t); /* exact for the thread: chunks taken minus unused rest */
u64 gc_total_allocated_bytes(void);

/* --- Barriers ---------------------------------------------------------------------------------------------------- */
/* Stores v into *slot (heap or not) with the write barrier. */
void gc_store_ref(Object **slot, Object *v);
Object *gc_exchange_ref(Object **slot, Object *v);
Object *gc_compare_exchange_ref(Object **slot, Object *v, Object *expected); /* returns the old value */
/* memmove of n references / of n bytes of mixed data (8-aligned where references lie); barriers for dst range. */
void gc_copy_refs(void *dst, const void *src, size_t nbytes);
/* The cell that compiled code calls through: `call [gc_barrier_cells.store]`, slot in rdi, value in rsi.
 * Clobbers rdi, rsi, r10, r11 and flags only.  A null or wild slot faults inside the barrier; the fault address lies between
 * gc_barrier_code_start and _end, where the signal handler unwinds one return address.
 * checked == store with the heap-range test on the slot (both do it for now). */
typedef struct GcBarrierCells {
    void *store;
    void *exchange; /* rdi slot, rsi new value -> rax old */
} GcBarrierCells;
extern GcBarrierCells gc_barrier_cells;
extern const char gc_barrier_code_start[], gc_barrier_code_end[];

/* --- Handles ----------------------------------------------------------------------------------------------------- */
/* A handle is the address of an 8-byte slot that holds the object reference; low 3 bits are free for tags of managed
 * code (contract: GC handle value).  Kinds as System.Runtime.InteropServices.GCHandleType, then ours. */
typedef enum GcHandleKind {
    GC_HANDLE_WEAK = 0,
    GC_HANDLE_WEAK_TRACK = 1,
    GC_HANDLE_STRONG = 2,
    GC_HANDLE_PINNED = 3,
    GC_HANDLE_DEPENDENT = 4, /* slot pair: primary, secondary */
    GC_HANDLE_REFCOUNTED = 5, /* strong when GcClient.refcounted says so at a collection, else as WEAK_TRACK */
    GC_HANDLE_KINDS
} GcHandleKind;
GcHandle gc_handle_new(Domain *d, GcHandleKind kind, Object *o);
GcHandle gc_handle_new_dependent(Domain *d, Object *primary, Object *secondary);
void gc_handle_free(GcHandle h);
GcHandleKind gc_handle_kind(GcHandle h);
static inline Object *gc_handle_get(GcHandle h) { return __atomic_load_n(h, __ATOMIC_ACQUIRE); }
void gc_handle_set(GcHandle h, Object *o);
Object *gc_handle_compare_exchange(GcHandle h, Object *v, Object *expected);
Object *gc_dependent_get_secondary(GcHandle h);
void gc_dependent_set_secondary(GcHandle h, Object *o);
/* Handles belong to an owner: their domain, or whatever address was given in its place (a load context's).  Frees all of one owner; no
 * thread may still use them. */
void gc_handles_free_owner(const void *owner);
static inline void gc_handles_free_domain(Domain *d) { gc_handles_free_owner(d); }
#define GC_ALL_OWNERS ((const void *)-1)
typedef struct GcHandleStat {
    u64 count[GC_HANDLE_KINDS];
    u64 segments; /* pages that hold them */
} GcHandleStat;
void gc_handles_stat(const void *owner, GcHandleStat *out); /* NULL: the process's own; or GC_ALL_OWNERS */

/* --- Roots outside the heap: blocks of static fields ---------------------------------------------------------------- */
/* Registers nrefs reference-bearing runs inside a block of static (or thread-static) storage; offsets from base. */
typedef struct GcRootBlock GcRootBlock;
GcRootBlock *gc_root_block_add(Domain *d, void *base, const GcRun *runs, u32 nruns);
void gc_root_block_remove(GcRootBlock *b);

/* --- Finalisation (queue only; the finaliser thread is vm's) --------------------------------------------------------- */
void gc_suppress_finalize(Object *o);
void gc_reregister_finalize(Object *o);
Object *gc_next_finalizable(void); /* NULL: none */

/* --- Collections --------------------------------------------------------------------------------------------------------- */
enum {
    GC_COLLECT_BLOCKING = 1,   /* no background cycle */
    GC_COLLECT_COMPACTING = 2, /* generation 2: move everything movable */
    GC_COLLECT_AGGRESSIVE = 4, /* give all free memory back */
    GC_COLLECT_OPTIMIZED = 8,  /* only if it looks worth while */
    GC_COLLECT_LOW_MEMORY = 16,
};
typedef enum GcReason { GC_REASON_SOH, GC_REASON_INDUCED, GC_REASON_LOW_MEMORY, GC_REASON_LOH, GC_REASON_STRESS, GC_REASON_LIMIT, GC_REASON_PRESSURE,
               GC_REASON_KINDS } GcReason;
/* Cooperative, at a safepoint.  generation 0..2; -1 means 2.  Objects held only by C locals are kept and do not move. */
void gc_collect(Thread *t, i32 generation, u32 flags, GcReason reason);
/* In `sweep` and `moved`: NULL if o died, else where it is now. */
Object *gc_survivor(Object *o);

/* --- The debug check (STATOR_GCVERIFY) and stress (STATOR_GCSTRESS) ----------------------------------------------------- */
typedef struct GcVerifyCounts {
    u64 checks, frames, slots, references, objects;
} GcVerifyCounts;
/* Stops the world, walks all frames, root blocks, handles and the whole heap and proves every reference valid (null, or the
 * start of an object with a valid MethodTable; interior: inside one, or outside the heap).  A failure names frame, slot and value, and aborts. */
void gc_verify(Thread *self, const char *why);
extern GcVerifyCounts gc_verify_counts;
/* STATOR_GCVERIFY=n: at every nth chance (a thread takes a chunk, GC.Collect, the end of the program); cooperative, at a safepoint. */
void gc_verify_chance(Thread *t, const char *where);
/* STATOR_GCSTRESS=alloc|poll|transition[:n[:m]]: at every nth chance of that kind a collection moves what can move; half as often after each m. */
typedef enum GcStress { GC_STRESS_NONE, GC_STRESS_ALLOC, GC_STRESS_POLL, GC_STRESS_TRANSITION } GcStress;
GcStress gc_stress_mode(void);                       /* after gc_init */
void gc_stress_chance(Thread *t, const char *where); /* cooperative, at a safepoint */
/* True when p is the start of an object in the heap. */
bool gc_is_object(const void *p);
/* The object that contains p, or NULL: p not in the heap or in free space. */
Object *gc_containing_object(const void *p);

/* Generation as GC.GetGeneration shows it: large and pinned objects are in the oldest, frozen ones in INT32_MAX. */
i32 gc_generation_of(const Object *o);

/* Figures for GC.* API calls. */
typedef struct GcFigures {
    u64 heap_bytes, committed_bytes, large_bytes, pinned_bytes, handles; /* heap_bytes: live and dead objects, no free space */
    u64 generation_bytes[5]; /* 0, 1, 2, large, pinned */
    u32 collections[3];
    u32 background_collections;
    u64 pause_ns_total, moved_objects;
} GcFigures;
void gc_figures(GcFigures *out);
void gc_counts(GcFigures *out); /* the last four only; quick */

/* One finished collection, as GCMemoryInfo shows it. */
typedef enum GcRecordKind { GC_RECORD_ANY, GC_RECORD_EPHEMERAL, GC_RECORD_FULL_BLOCKING, GC_RECORD_BACKGROUND, GC_RECORD_KINDS } GcRecordKind;
struct GcRecord {
    u64 index; /* from 1; 0: there was none of this kind */
    i32 generation;
    bool compacted, concurrent;
    GcReason reason;
    u64 pause_ns[2]; /* background: the first and the final pause */
    u32 pause_percent; /* of the time since start that was paused, in hundredths of a percent */
    u64 heap_bytes, fragmented_bytes, committed_bytes, promoted_bytes, pinned_objects, finalization_pending, moved_objects;
    u64 memory_load, high_memory_load, available; /* bytes */
    struct {
        u64 size_before, fragmentation_before, size_after, fragmentation_after; /* bytes; size includes free space */
    } generations[5];
};
void gc_record(GcRecordKind kind, GcRecord *out);
/* Bytes that a generation (3: large objects, counted with 2) may grow by from the last collection to the next; -1: not known. */
i64 gc_budget(i32 generation);

/* --- Settings (gc_config.c): read once in gc_init from DOTNET_GC* (hexadecimal, as on the reference), runtimeconfig and cgroups */
typedef struct GcSettings {
    u64 hard_limit;      /* bytes; 0: none.  From HeapHardLimit, HeapHardLimitPercent, or a container's limit (75 %) */
    u64 physical;        /* bytes of memory there are for this process (container limit or machine) */
    u64 loh_threshold;   /* bytes, at least GC_LARGE_OBJECT */
    u64 gen0_size;       /* bytes; 0: chosen by the collector */
    u64 gen0_max_budget; /* bytes that the collector's choice may not pass */
    u32 heap_count;      /* workers: 1, or when server as many as processors unless set */
    u32 conserve_memory; /* 0..9: compact when fragmentation passes (10 - n) * 10 % */
    u32 high_memory_percent; /* of physical from which on collections are more eager */
    u64 high_memory_load;    /* the same in bytes */
    bool server, concurrent, retain_vm;
} GcSettings;
extern GcSettings gc_settings;
/* Before gc_init: where runtimeconfig properties are looked up; NULL for those that are absent.  The strings must stay. */
void gc_set_properties(const char *(*lookup)(const char *key));
typedef enum GcSettingType { GC_SETTING_U64, GC_SETTING_STR, GC_SETTING_BOOL } GcSettingType; /* as CoreLib numbers them */
typedef void (*GcVisitSetting)(void *arg, const char *name, const char *public_name, GcSettingType type, i64 value); /* STR: a char pointer */
void gc_settings_visit(GcVisitSetting visit, void *arg); /* what is in force */
/* The limits of GC.RefreshMemoryLimit: total, percent, three by kind of heap, three percents; UINT64_MAX: as configured. */
typedef enum GcRefreshStatus { GC_REFRESH_DONE, GC_REFRESH_TOO_LOW, GC_REFRESH_INVALID } GcRefreshStatus;
GcRefreshStatus gc_refresh_limit(const u64 given[8]);
u64 gc_memory_load(void); /* bytes in use of gc_settings.physical; asks the system */

enum { GC_LATENCY_BATCH, GC_LATENCY_INTERACTIVE, GC_LATENCY_LOW, GC_LATENCY_SUSTAINED_LOW, GC_LATENCY_NO_GC_REGION };
extern i32 gc_latency_mode;   /* GCLatencyMode; NO_GC_REGION is set and left by gc_notify.c only */
extern i32 gc_loh_compaction; /* 1 Default, 2 CompactOnce; a blocking full collection that honours it sets it back */

/* --- Regions without collections (gc_notify.c).  Numbers as CoreLib's enums. --------------------------------------------- */
typedef enum GcRegionStart { GC_REGION_STARTED, GC_REGION_NO_MEMORY, GC_REGION_TOO_LARGE, GC_REGION_IN_PROGRESS } GcRegionStart;
typedef enum GcRegionWatch { GC_WATCH_SET, GC_WATCH_NO_REGION, GC_WATCH_TOO_LARGE, GC_WATCH_ALREADY } GcRegionWatch;
/* Until `total` more bytes were allocated no collection starts by itself; first a full collection makes room, unless no_full. Cooperative.
 * split: small and large objects share the total; else each of them may use all of it. */
GcRegionStart gc_region_start(Thread *t, u64 total, bool split, bool no_full);
bool gc_region_end(void); /* false: none is in progress, or a collection ended it */
/* When `total` bytes of the region are used, or it ends before (abandoned), client->wake_finalizer is called and gc_region_watch_take hands the
 * watch out, once; the oldest first.  One watch at a time can wait; it is not NULL and means nothing to gc/. */
GcRegionWatch gc_region_watch(u64 total, void *watch);
void *gc_region_watch_take(bool *abandoned); /* NULL: none is due */

/* --- Notice of full blocking collections (gc_notify.c).  GCNotificationStatus. -------------------------------------------- */
typedef enum GcNotice { GC_NOTICE_SUCCEEDED, GC_NOTICE_FAILED, GC_NOTICE_CANCELED, GC_NOTICE_TIMEOUT, GC_NOTICE_NOT_APPLICABLE } GcNotice;
typedef enum GcEvent { GC_EVENT_APPROACH, GC_EVENT_COMPLETE, GC_EVENTS } GcEvent;
/* percent: of the growth allowed before a full collection, how much may be left when it counts as approaching; 1 to 99. */
void gc_notice_register(u32 percent);
void gc_notice_cancel(void);
GcNotice gc_notice_wait(GcEvent event, i64 timeout_ns); /* preemptive; below 0: no timeout */

/* --- Memory outside the heap (gc_pressure.c).  Cooperative; add may collect. ------------------------------------------------ */
void gc_pressure_add(Thread *t, u64 bytes);
void gc_pressure_remove(u64 bytes);
#endif
