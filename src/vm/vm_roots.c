/* vm_roots.c: the roots that threads hold, and the other things the collector asks (GcClient).
 * Per thread: managed frames and the C segments between them (code_walk.c), t->pending, exceptions
 * under dispatch, the records of GC.RegisterForGCReporting, argument words outside of stacks. Where
 * the scan of C memory starts: a thread parked in cooperative code says so in park_sp; the
 * collecting thread starts where it entered the collector when it is cooperative; a thread that turned preemptive in
 * the middle of C code left c_sp, which counts when it lies below the innermost record; any other
 * preemptive thread holds nothing below that. Book: vm.md  Tests: tests/app under STATOR_GCSTRESS */
#include "vm/vm_roots.h"

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "thread/sync.h"
#include "vm/vm_eh.h"
#include "vm/vm_unload.h"
#include "vm/vm_finalizer.h"

typedef struct RootWalk {
    GcVisitSlot visit;
    void *arg;
    u64 *frames;
    Thread *self;
    char *self_sp;
} RootWalk;

static void report_registered(Thread *t, const RootWalk *w)
{
    for (GcFrameRegistration *r = t->gc_frames; r; r = r->next) {
        GcSlotKind kind = r->maybe_interior ? GC_SLOT_INTERIOR : GC_SLOT_REF;
        for (u32 i = 0; i < r->count; i++)
            w->visit(w->arg, (Object **)(void *)&r->refs[i], kind);
    }
    for (VmScratch *s = t->scratch; s; s = s->prev) {
        for (u64 i = 0; i < s->count; i++)
            w->visit(w->arg, (Object **)(void *)&s->words[i], GC_SLOT_CONSERVATIVE);
    }
}

static void report_thread(Thread *t, void *arg)
{
    RootWalk *w = arg;
    char *low = __atomic_load_n(&t->park_sp, __ATOMIC_ACQUIRE);
    if (t == w->self && t->mode == THREAD_COOPERATIVE)
        low = w->self_sp;
    else if (!low)
        low = __atomic_load_n(&t->c_sp, __ATOMIC_ACQUIRE);
    code_report_thread(t, low, w->visit, w->arg, w->frames);
    vm_eh_report_roots(t, w->visit, w->arg);
    report_registered(t, w);
}

/* callee-saved registers of whoever called are on the stack above self_sp */
static __attribute__((noinline)) void walk_stacks(GcVisitSlot visit, void *arg, char *low, u64 *frames)
{
    __builtin_unwind_init();
    RootWalk w = {visit, arg, frames, thread_current(), low ? low : (char *)__builtin_frame_address(0) - 128};
    thread_for_each(report_thread, &w);
}

/* By the back pointer: only a MethodTable's auxiliary data names it. */
static bool is_method_table(const void *p)
{
    const MethodTable *mt = p;
    if (((uintptr_t)p & 7) || !os_span_contains(p) || os_span_is_code(p))
        return false;
    const MtAux *aux = mt->aux;
    return ((uintptr_t)aux & 7) == 0 && os_span_contains(aux) && !os_span_is_code(aux) &&
           aux->mt == mt;
}

static const char *name_of_type(const MethodTable *mt, char *buf, size_t n)
{
    type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, buf, n);
    return buf;
}

static void sweep(i32 generation)
{
    sync_sweep(generation);
}

static void moved(void)
{
    sync_sweep(2);
}

/* vm_finalizer_start has loaded the types. */
static GcFinalKind final_kind(const MethodTable *mt)
{
    if (mt == type_wk_cache[WK_WEAKREFERENCE] || mt->klass->typical == type_wk_cache[WK_WEAKREFERENCE_1])
        return GC_FINAL_WEAK;
    const MethodTable *critical = type_wk_cache[WK_CRITICALFINALIZEROBJECT];
    while (mt && mt != critical)
        mt = mt->parent;
    return mt ? GC_FINAL_CRITICAL : GC_FINAL_ORDINARY;
}

typedef struct GcThreadStart {
    void (*fn)(Thread *t, void *arg);
    const char *name;
} GcThreadStart;

static void run_gc_thread(Thread *t, void *arg)
{
    GcThreadStart start = *(GcThreadStart *)arg;
    base_free(arg);
    os_thread_set_name(start.name);
    start.fn(t, NULL);
}

/* Called in cooperative mode at a safepoint; the list of threads may be held by who wants to stop the world. */
static bool start_thread(void (*fn)(Thread *t, void *arg), const char *name)
{
    GcThreadStart *start = base_malloc(sizeof *start);
    *start = (GcThreadStart){fn, name};
    Thread *self = thread_current();
    Err e = {0};
    bool ok = false;
    PREEMPTIVE(self)
    {
        Thread *t = thread_new(vm_runtime.domain);
        thread_set_background(t, true);
        ok = thread_start(t, 0, run_gc_thread, start, &e);
    }
    if (ok)
        return true;
    LOG(gc, 0, "no thread for %s: %s", name, e.text);
    return false;
}

void (*vm_gc_collected)(const GcRecord *r, u64 pause_ns);

static void gc_collected(const GcRecord *r, u64 pause_ns)
{
    if (vm_gc_collected)
        vm_gc_collected(r, pause_ns);
}

bool (*vm_gc_refcounted)(GcHandle h);
static bool refcounted(GcHandle h) { return vm_gc_refcounted && vm_gc_refcounted(h); }

const GcClient vm_gc_client = {
    .refcounted = refcounted,
    .stop_world = thread_stop_world,
    .resume_world = thread_resume_world,
    .walk_stacks = walk_stacks,
    .is_method_table = is_method_table,
    .type_name = name_of_type,
    .poll = thread_poll,
    .keeper = vm_unload_keeper,
    .sweep = sweep,
    .moved = moved,
    .final_kind = final_kind,
    .wake_finalizer = vm_finalizer_wake,
    .start_thread = start_thread,
    .collected = gc_collected,
};
