/* code.h: compiled code as data: where it lies, what its frames hold, how stacks are walked, and the stubs between C and
 * managed code.
 *
 * Files: code_heap.c (code memory of the loader span, written through the second view), code_table.c (address -> CodeInfo,
 * and reading its maps), code_walk.c (stack walk), code_stubs.c (generated stubs), x64/code_entry.S (hand-written stubs).
 *
 * Managed frame (D5, D6): rbp is the frame pointer, r15 the Thread, rsp constant between the end of the prologue and the
 * epilogue but for localloc; outgoing stack arguments lie at [rsp].  fp[0] caller's rbp, fp[1] return address, fp + 2 caller's rsp.
 * Finally, fault and filter bodies are funclets of the same CodeInfo: they run with the parent's rbp and a frame of
 * their own of CodeInfo.funclet_frame bytes below their return address, so at a call inside one the return address of the funclet is
 * at *(void **)((char *)sp + funclet_frame).  It lies in the same CodeInfo (called by `leave`), or is code_funclet_return (called by the
 * exception driver; the walk goes on at the FUNCLET record's prev).
 * Invariant: no C frame ever lies under a managed handler; each edge managed -> C has a TransitionRecord (thread.h).
 * Book: code.md  Tests: tests/unit/code/ */
#ifndef CODE_CODE_H
#define CODE_CODE_H
#include "type/type.h"

/* --- What a compiled body is ---------------------------------------------------------------------------------------- */
typedef struct FrameSlot {
    i32 offset; /* from rbp; positive: incoming stack arguments */
    u8 kind;    /* GcSlotKind: GC_SLOT_REF ... GC_SLOT_PINNED_INTERIOR */
    u8 home;    /* 1: a home slot (argument, local), valid at a hardware fault too; 0: evaluation-stack temporary, exact at calls only */
    u16 pad;
} FrameSlot;

typedef enum EhKind { EH_CATCH, EH_FILTER, EH_FINALLY, EH_FAULT } EhKind;
typedef struct EhClause { /* innermost first, as in the IL; offsets in bytes from CodeInfo.start */
    u8 kind;
    u8 in_funclet; /* the protected range lies in a funclet (or filter) */
    u16 pad;
    u32 try_start, try_end;         /* protected native range; a range may be split: several clauses with one il_index */
    u32 handler_start, handler_end; /* catch: in place; others: funclet */
    u32 filter_start;               /* EH_FILTER */
    u32 class_token;                /* EH_CATCH: token of the caught type in the method's context (type_resolve_type) */
    u32 il_index;                   /* clause number in the IL: same il_index = same clause */
    u32 il_try_start, il_try_end;   /* to tell clauses of the same try */
} EhClause;
typedef struct IlMapEntry { /* ascending native; entry i covers [native_i, native_i+1) */
    u32 native;
    u32 il; /* IL offset, or one of IL_MAP_ */
} IlMapEntry;
#define IL_MAP_PROLOG 0xffffffffu
#define IL_MAP_EPILOG 0xfffffffeu
typedef struct FuncletRange {
    u32 start, end; /* native offsets */
    u32 il_index;   /* clause */
    u8 is_filter;
} FuncletRange;

typedef enum CodeCtxKind { CODE_CTX_NONE, CODE_CTX_MT, CODE_CTX_METHOD, CODE_CTX_THIS } CodeCtxKind;
typedef struct CodeInfo {
    char *start;
    u32 size;
    u32 body_start;   /* end of the prologue */
    u32 frame_size;   /* bytes from rbp down to rsp in the body, without localloc */
    u32 funclet_frame;
    u32 outgoing;     /* bytes of outgoing stack arguments at the low end of the frame and of funclets' frames */
    Method *method;   /* canonical Method */
    LoadContext *alc;
    u8 tier;
    u8 ctx_kind;      /* CodeCtxKind: generic context at [rbp + ctx_offset] for the whole method (THIS: the object) */
    bool has_catch, has_localloc, is_stub; /* is_stub: VM-made, hidden from stack traces */
    bool synchronized;
    i32 ctx_offset;
    i32 saved_regs_offset; /* rbx at [rbp+this], r12.. at -8 steps when saved, else 0 */
    u32 saved_regs_mask;   /* bit 0 rbx, 1 r12, 2 r13, 3 r14 */
    const FrameSlot *slots;
    const EhClause *clauses;
    const IlMapEntry *ilmap;
    const FuncletRange *funclets;
    u32 num_slots, num_clauses, num_ilmap, num_funclets;
    void *ilstub;
} CodeInfo;

/* --- Code heap ------------------------------------------------------------------------------------------------------ */
/* Reserves n bytes (32-aligned) of executable memory of the context (NULL: of none); *rw is where to write them. Thread-safe. */
char *code_alloc(LoadContext *alc, size_t n, char **rw);
/* Unloading (type.h says in which order).  World stopped: no address in the context's code is known any more, and its chunks are marked
 * as dying; unmarks them; then, the world running again: gives the chunks back. */
void code_context_dying(LoadContext *alc);
void code_context_undying(LoadContext *alc);
void code_context_free(LoadContext *alc);
/* Publishes a body: from now on code_find knows it. ci is in the cold loader heap; start is what code_alloc returned. */
void code_register(CodeInfo *ci);
/* NULL: not managed code. Lock-free, async-signal-safe. The address just after a body counts as its own (a call may end it). */
CodeInfo *code_find(const void *ip);
bool code_is_managed(const void *ip);
/* The il offset for a native address: return addresses look up ip - 1. IL_MAP_PROLOG/EPILOG possible. */
u32 code_il_offset(const CodeInfo *ci, const void *ip, bool is_return_address);
/* ip: for a return address pass ip - 1. out may be NULL. */
bool code_in_funclet(const CodeInfo *ci, const void *ip, FuncletRange *out);

/* --- Stack walk ------------------------------------------------------------------------------------------------------ */
typedef struct CodeFrame {
    CodeInfo *code;
    void *ip;
    void **fp, **sp;
    TransitionRecord *record; /* record that the segment started from */
    bool is_fault;     /* ip is the faulting instruction itself */
    bool in_funclet;
    bool first;        /* first frame after a record */
    bool parent_of_funclet; /* frame already reported through its funclet: do not report slots again */
} CodeFrame;
typedef struct CodeWalk {
    CodeFrame frame;
    TransitionRecord *next_record;
    void *seen_parents[16]; /* fps whose funclet was met */
    u32 num_seen;
    bool done;
} CodeWalk;
/* Innermost frame first; crosses ENTRY records. Thread stopped, or the caller's own. */
void code_walk_init(CodeWalk *w, TransitionRecord *top);
bool code_walk_next(CodeWalk *w); /* fills w->frame; false: end */
/* Reports the slots of one frame by its map that are not null; in a fault frame what is no home slot is conservative. */
void code_report_frame(const CodeFrame *f, GcVisitSlot visit, void *arg);
/* Nobody reads the temporaries of a frame that faulted any more: whichever frame handles the exception, this one goes on, if at all, in a handler
 * with an empty evaluation stack.  Zeroed before the first safepoint, they are never reported stale, not by funclets that run on the frame and
 * not after a catch. */
void code_clear_temporaries(TransitionRecord *fault);
/* GcClient.walk_stacks body for one thread: all frames precisely, C segments, prestub areas and outgoing arguments conservatively,
 * and t->pending. low: lowest stack address to scan (current sp for the caller, park_sp or c_sp for others); NULL, or above the innermost
 * record: what lies below that record is skipped (foreign code). *frames is added to. */
void code_report_thread(Thread *t, char *low, GcVisitSlot visit, void *arg, u64 *frames);

/* --- Stubs ----------------------------------------------------------------------------------------------------------- */
struct CallSite;
struct EhStep;
/* Upward calls of the hand-written stubs, filled in by vm/. */
typedef struct CodeClient {
    /* Compile or bind m; returns the address to jump to, or NULL with t->pending set. */
    void *(*prestub)(Thread *t, Method *m, TransitionRecord *rec);
    void *(*slot_prestub)(Thread *t, Object *self, u32 slot, TransitionRecord *rec);
    /* Inline-cache miss: site in r11. Returns the address to jump to. */
    void *(*site_miss)(Thread *t, Object *self, struct CallSite *site, TransitionRecord *rec);
    /* Exception dispatch: begin takes t->pending (NULL: a rethrow by code_throw_stub); next tells the driver what to do. rec stays t->record,
     * a FUNCLET record with step in extra is put above it while a funclet runs. funclet_result: rax of the funclet, 0 the first time.
     * TO_ENTRY: t->pending is set again. */
    void (*eh_begin)(Thread *t, TransitionRecord *rec);
    void (*eh_next)(Thread *t, struct EhStep *step, u64 funclet_result);
    /* Limit check of a prologue or back-edge failed. frame_bytes: what it still needs. Sets t->pending on overflow. */
    void (*limit_hit)(Thread *t, char *sp, u64 frame_bytes);
    /* A thread of foreign code entered by a reverse call (attach). */
    Thread *(*attach)(void);
    /* Managed code called a reverse thunk as if it were a managed method. Does not return. */
    void (*reverse_from_managed)(void);
} CodeClient;
extern CodeClient code_client;

typedef enum EhStepKind { EH_STEP_FUNCLET, EH_STEP_RESUME, EH_STEP_TO_ENTRY } EhStepKind;
typedef struct EhStep {
    u64 kind;
    void *target;   /* FUNCLET: address; RESUME: address of the catch body */
    void **fp;      /* rbp to set */
    void **sp;      /* RESUME: rsp to set */
    Object *exception; /* in rax for catch bodies, in rdi for filters (FUNCLET) */
    TransitionRecord *record; /* value of Thread.record after the step (RESUME); TO_ENTRY: the ENTRY record to leave by */
} EhStep;

/* Inline cache of an interface, delegate or generic-virtual call site (D4). */
typedef struct CallPair {
    MethodTable *mt; /* receiver's */
    void *cell;      /* address of the entry cell to call through: `call [cell]` */
} CallPair;
typedef struct CallSite {
    CallPair *pair;     /* swapped atomically, never NULL: starts at code_empty_pair (mt no object has) */
    Method *target;     /* interface or virtual method called: exact where known at compile time */
    Method *caller;     /* compiled method */
    u32 il_offset;
    u32 misses;
} CallSite;
extern CallPair code_empty_pair;

void code_init(void); /* builds the stubs */
/* Per-method precode: leads to the prestub until compiled (r10 = m; r11 is kept, as call sites and thunks pass data in it); afterwards
 * callers may still use it as the stable entry point: it jumps through m->entry once m has code.  16-byte aligned. */
void *code_precode(Method *m);          /* returns m->precode, making it when missing: call it before m->entry is set for the first time */
Method *code_precode_method(void *entry); /* the Method of a precode; NULL: entry is none */
/* To be called after each store of a new m->entry: the precode then jumps to it directly. Nothing to do without a precode. */
void code_precode_retarget(Method *m);
void *code_slot_prestub(u32 slot);      /* shared per slot number */
void *code_site_miss_stub(void);        /* jump here with site in r11, arguments in place */
/* Wraps a C helper that may collect, block or raise: pushes a RECORD_CALL, calls fn with the registers as they are, pops it,
 * and raises t->pending. At most 6 integer and 8 floating arguments. Results in rax/rdx/xmm0/xmm1 are kept. */
void *code_helper_stub(void *fn);
/* Stub that compiled prologues call when the limit check fails: r10 = bytes of frame still needed (0 on back-edges); keeps all argument
 * registers, rax and xmm0-7. */
void *code_limit_stub(void);
/* Jumped to for an explicit tail call whose stack arguments do not fit into the caller's own: see code_tail_entry (code_entry.S). */
void *code_tail_stub(void);
/* `throw`: object in rdi; never returns. rethrow: rdi = 0 means the current exception of the enclosing catch (vm). */
void *code_throw_stub(void);
/* Jumped to by the signal handler (context edited so that rdi = t, rsi = fault ip, rdx = rsp at the fault (after unwinding a barrier's
 * return address, if any), rbp as at the fault, rsp below the red zone);
 * pushes a RECORD_FAULT and raises t->pending. */
extern const char code_fault_raise[];
/* _methodPtr of an open delegate whose Invoke takes at most six integer registers (itself included) and nothing on the stack. */
extern const char code_shuffle_stub[];
extern const char code_funclet_return[]; /* return address of funclets called by the driver */
extern const char code_entry_return[];   /* return address of managed code called by code_call */

/* Calls managed code from C. Cooperative on entry and exit. args: integer registers, floating registers, stack words in order.
 * Returns false when an exception came out: it is in t->pending. */
typedef struct CodeCallArgs {
    u64 gpr[6];
    double xmm[8];
    const u64 *stack;
    u64 num_stack;
    u64 ret_gpr[2]; /* out: rax, rdx */
    double ret_xmm[2]; /* out */
} CodeCallArgs;
bool code_call(Thread *t, void *entry, CodeCallArgs *args);
/* ENTRY record flags in TransitionRecord.extra */
enum { ENTRY_CATCHES = 0, ENTRY_UNHANDLED_IS_FATAL = 1, ENTRY_FOREIGN = 2 };
bool code_call_flags(Thread *t, void *entry, CodeCallArgs *args, u64 entry_flags);
/* Thunk for UnmanagedCallersOnly and Marshal.GetFunctionPointerForDelegate: foreign ABI in; attaches the thread when needed, goes cooperative,
 * calls the managed code at [cell] with the same arguments (stack_words of stack arguments are copied), goes preemptive, returns.
 * An exception that comes out is unhandled. extra: value placed in r11 for the callee (delegates), or NULL.
 * The thunk goes with alc (NULL: never). */
void *code_reverse_thunk(LoadContext *alc, void *cell, u32 stack_words, void *extra);
#endif
