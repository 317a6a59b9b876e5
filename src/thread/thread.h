/* thread.h: managed threads, their two modes, stopping the world.
 *
 * Files: thread.c (create, attach, list, detach), thread_suspend.c (modes, safepoints, stop and resume), thread_sync.c and
 * sync.h (header words, thin locks, sync blocks, monitors), thread_wait.c and wait.h (events, semaphores, mutexes as CoreLib expects).
 *
 * A thread in cooperative mode may touch objects and is stopped only at safepoints: compiled code's limit check (D6), a
 * return from preemptive to cooperative mode, an allocation's slow path.  In preemptive mode it may block and does not touch objects;
 * the C code that turned preemptive (PREEMPTIVE) may hold some in its locals, which stay where they are.
 * Stopping: the stopper sets THREAD_REQ_STOP and stack_limit = UINTPTR_MAX in each thread, issues membarrier, then waits until each is preemptive
 * or parked.  A thread that comes back to cooperative mode re-reads request after storing mode.
 * Book: thread.md  Tests: tests/unit/thread/ */
#ifndef THREAD_THREAD_H
#define THREAD_THREAD_H
#include "gc/gc.h"

enum { THREAD_PREEMPTIVE = 0, THREAD_COOPERATIVE = 1 };
enum { THREAD_REQ_STOP = 1, THREAD_REQ_INTERRUPT = 2, THREAD_REQ_KILL = 4 };
/* System.Threading.ThreadState bits as managed code sees them. */
enum {
    THREAD_STATE_BACKGROUND = 4,
    THREAD_STATE_UNSTARTED = 8,
    THREAD_STATE_STOPPED = 16,
    THREAD_STATE_WAITSLEEPJOIN = 32,
    THREAD_STATE_POOL = 0x01000000, /* not shown */
};

/* One edge out of managed code (D5).  Lives on the stack of the stub that made it; innermost first from Thread.record.
 * Walks go: the managed frames from (ip, fp) following rbp until an entry stub's return address, then prev. */
typedef enum RecordKind {
    RECORD_CALL,   /* helper, QCall or P/Invoke called from managed code: ip is the return address there */
    RECORD_FAULT,  /* hardware fault at ip: only home slots are live (D9) */
    RECORD_FUNCLET, /* a finally or filter body runs on behalf of the frame fp (vm_eh) */
    RECORD_PRESTUB, /* call not yet arrived: argument registers saved behind the record are conservative roots */
    RECORD_ENTRY,   /* boundary with no managed frame of its own above prev: thread start, reverse call */
} RecordKind;
typedef struct TransitionRecord {
    struct TransitionRecord *prev;
    u64 kind;  /* RecordKind */
    void *ip;  /* managed instruction pointer: a return address, or the faulting instruction */
    void **fp; /* managed rbp at ip */
    void **sp; /* managed rsp at ip (after the return) */
    void *extra; /* by kind: PRESTUB: saved argument area; FUNCLET: the dispatch step */
} TransitionRecord;

struct Thread {
#define THREAD_FIELD(type, name, comment) type name;
#include "thread/thread_fields.def"
#undef THREAD_FIELD
    /* not addressed by compiled code */
    struct Thread *next, *prev_thread; /* list of all threads, under the thread list lock */
    struct ThreadWait *wait;           /* private to thread_wait.c / thread_sync.c */
    void *os;                          /* OsThread */
    struct TlsSet *tls_sets;           /* thread statics of the domains that it has left (type_static.c) */
    GcHandle start_arg;                /* the Thread object that StartCallback runs on */
    u32 managed_priority;
    char *park_sp; /* parked at a cooperative safepoint: scan the C stack from here up to record; NULL: not parked so */
    char *scan_high; /* the stack's frames above hold no object: those of the system, of whoever attached the thread */
    char *c_sp;    /* preemptive in the middle of C code that holds objects: scan from here up to record; set by PREEMPTIVE */
    bool is_finalizer, attached_foreign, dead;
    char name[32];
};

/* --- Life --------------------------------------------------------------------------------------------------------- */
void thread_init(void);
extern __thread Thread *thread_current_tls;
static inline Thread *thread_current(void) { return thread_current_tls; }
/* Makes a Thread for the calling OS thread (main thread, or a foreign one entering by a reverse call). Preemptive. */
Thread *thread_attach(Domain *d);
void thread_detach(Thread *t);
/* A Thread outlives its OS thread until all who hold it let go: whoever got it from thread_create holds it once; an attached
 * one is held once by its `object` handle when it has one at detach, else freed there. */
void thread_retain(Thread *t);
void thread_release(Thread *t);
/* Called by thread_detach in cooperative mode, before handles and chunk go (frees thread statics). May be NULL. */
extern void (*thread_detach_hook)(Thread *t);
void thread_set_background(Thread *t, bool background); /* THREAD_STATE_BACKGROUND, waking thread_wait_foreground */
/* Starts an OS thread that attaches and runs fn(t, arg) in preemptive mode, then detaches. stack_size 0: the system's default.
 * Returns NULL and fills e when the system refuses. */
Thread *thread_create(Domain *d, size_t stack_size, void (*fn)(Thread *, void *), void *arg, Err *e);
/* The two halves of thread_create, for managed threads that have an id before they start: unstarted, held once by the caller;
 * then started at most once.  thread_discard: the caller lets go of one that never started. */
Thread *thread_new(Domain *d);
bool thread_start(Thread *t, size_t stack_size, void (*fn)(Thread *, void *), void *arg, Err *e);
void thread_discard(Thread *t);
/* Calls visit for each live thread, list lock held or world stopped. */
void thread_for_each(void (*visit)(Thread *, void *), void *arg);
Thread *thread_by_id(u32 id);
u32 thread_count_foreground(void);
/* Blocks (preemptive) until no foreground thread but the caller is left. */
void thread_wait_foreground(Thread *self);

/* --- Modes -------------------------------------------------------------------------------------------------------- */
void thread_enter_cooperative_slow(Thread *t); /* parks while a stop is requested */
static inline void thread_enter_preemptive(Thread *t)
{
    __atomic_store_n(&t->mode, THREAD_PREEMPTIVE, __ATOMIC_RELEASE);
}
static inline void thread_enter_cooperative(Thread *t)
{
    __atomic_store_n(&t->mode, THREAD_COOPERATIVE, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the stopper's membarrier makes this enough */
    if (UNLIKELY(__atomic_load_n(&t->request, __ATOMIC_ACQUIRE) & THREAD_REQ_STOP))
        thread_enter_cooperative_slow(t);
}
/* What the functions that are active when cooperative C code turns preemptive hold in registers, and where their frames begin.  It lies in the
 * frame of the function that turns, hence above c_sp, and is scanned with it. */
typedef struct ThreadSpill {
    char *outer; /* c_sp before */
    void *regs[5];
} ThreadSpill;
/* All registers that a callee may overwrite are declared lost, so that whatever lives across it lies in the frame or in one of the five. */
static inline __attribute__((always_inline)) ThreadSpill *thread_spill(Thread *t, ThreadSpill *s)
{
    char *sp;
    s->outer = t->c_sp;
    __asm__ volatile("movq %%rbx, 0(%1)\n\tmovq %%r12, 8(%1)\n\tmovq %%r13, 16(%1)\n\tmovq %%r14, 24(%1)\n\tmovq %%r15, 32(%1)\n\t"
                     "leaq -128(%%rsp), %0"
                     : "=&a"(sp)
                     : "c"(s->regs)
                     : "memory", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
    __atomic_store_n(&t->c_sp, sp, __ATOMIC_RELEASE);
    return s;
}
static inline __attribute__((always_inline)) ThreadSpill *thread_preemptive_begin(Thread *t, ThreadSpill *s)
{
    thread_spill(t, s);
    thread_enter_preemptive(t);
    return s;
}
static inline ThreadSpill *thread_preemptive_end(Thread *t, ThreadSpill *s)
{
    thread_enter_cooperative(t);
    t->c_sp = s->outer;
    return NULL;
}
/* PREEMPTIVE(t) { may block; }  in cooperative C code; no return or goto out of the block.  Objects in locals of the callers are scanned
 * meanwhile. */
#define PREEMPTIVE(t)                                                                                                  \
    for (ThreadSpill spill_, *pre_ = thread_preemptive_begin(t, &spill_); pre_; pre_ = thread_preemptive_end(t, &spill_))
#define COOPERATIVE(t)                                                                                                 \
    for (bool coop_once_ = (thread_enter_cooperative(t), true); coop_once_;                                            \
         thread_enter_preemptive(t), coop_once_ = false)
/* THREAD_REQ_KILL: t's limit checks fail and its waits end (as if interrupted, if thread_kill_ends_wait says so) until it is reset by t itself. */
void thread_kill(Thread *t);
void thread_kill_reset(Thread *t);
extern bool (*thread_kill_ends_wait)(Thread *t); /* NULL: never */
/* Safepoint in C: parks if asked.  Cooperative, with a record on top that describes the managed caller (or none above). */
void thread_poll(Thread *t);
/* What compiled code's limit check calls when rsp is below stack_limit: decides between stop request and overflow.
 * Returns true on stack overflow (the caller raises), false after serving requests. frame_size: bytes the frame still needs. */
bool thread_limit_hit(Thread *t, char *sp, size_t frame_size);
/* Nests not; other stoppers wait.  self stays as it is; while it waits, its C frames are scanned from low up, or from here on if that is NULL. */
void thread_stop_world(Thread *self, char *low);
void thread_resume_world(Thread *self);
/* Hooks (STATOR_GCSTRESS=transition, the debug check): called at the end of each slow transition. */
extern void (*thread_stress_hook)(Thread *t, const char *where);
#endif
