/* sem_int.h: what the files of sem/ share: the walk's private state, pushing and popping, look-ahead.
 * One walk belongs to one thread; nothing here is shared between walks. */
#ifndef SEM_SEM_INT_H
#define SEM_SEM_INT_H
#include "sem/sem.h"

/* Intrinsic numbers beyond the table: never seen by the reader. */
enum { SEM_INTR_ISA_FALSE = SEM_INTRINSIC_COUNT, SEM_INTR_LOOKED_UP };
enum { SEM_QUEUE = 2 };

typedef struct SemPrivate SemPrivate;
struct SemPrivate {
    IlInst in;              /* current instruction, without its prefixes */
    u32 pos, start;         /* next instruction; current one with its prefixes */
    u32 block, block_end;   /* being walked; ~0 before the first */
    bool live;              /* pos can be reached */
    u32 stack_cap, max_stack;
    /* prefixes of the current instruction */
    bool pf_volatile, pf_readonly, pf_tail;
    u8 pf_unaligned;
    u32 pf_constrained;
    /* branch given last: its targets are merged at the next call, unless the reader says they are not reached */
    SemBlock **pend;
    u32 num_pend;
    SemBlock *pend_one;
    SemInst queue[SEM_QUEUE]; /* further instructions of the same IL */
    u32 queued, taken;
    /* the ldftn or ldvirtftn that ends at ftn_end */
    u32 ftn_end;
    Method *ftn_target;
    bool maybe_intrinsic, call_shared; /* direct call whose hidden argument is not settled yet */
    bool scan_only;   /* sem_scan: a last instruction that falls off the end is the reader's affair */
    bool guessed, skipped; /* blocks that only later code reaches were given with an empty stack, or left out */
    bool *clause_reached;
    u32 clauses_left;
    /* control-flow graph, for blocks that only later code reaches */
    u32 *pred_first, *preds; /* by block: branches into it, as block indices */
    bool *falls_in;          /* by block: the one before it runs into it */
    u32 *visit, stamp, *work;
    MethodTable *access_user; /* whose accesses are checked; NULL: none are (code of the framework, VM-made code) */
    u32 denied_at;            /* start + 1 of the instruction that SEM_NO_ACCESS was given for */
    struct IlStub *stub;
    void *native_target;
    bool suppress_transition;
};

static inline bool sem_invalid(Err *e)
{
    return err_set(e, ERR_INVALID_PROGRAM, 0, "Common Language Runtime detected an invalid program.");
}
#define SEM_NEED(n)                                                                                                    \
    do {                                                                                                               \
        if (UNLIKELY(w->depth < (u32)(n)))                                                                             \
            return sem_invalid(e);                                                                                     \
    } while (0)
static inline SemValue *sem_top(SemWalk *w, u32 down) { return &w->stack[w->depth - 1 - down]; }
/* Room was checked before the instruction. */
static inline void sem_push(SemWalk *w, SemInst *o, u8 kind, TypeHandle th, u8 flags)
{
    SemValue v = {.kind = kind, .flags = flags, .th = th};
    w->stack[w->depth++] = v;
    o->pushes = true;
    o->result = v;
}
static inline void sem_head(SemWalk *w, SemInst *o, SemOp op, u32 pops)
{
    o->op = op;
    o->il_offset = w->priv->start;
    o->pops = pops;
    o->pushes = false;
    o->result = (SemValue){0};
    o->block = NULL;
    w->depth -= pops;
}
static inline SemInst *sem_queue(SemWalk *w) /* the next instruction after out */
{
    return &w->priv->queue[w->priv->queued++];
}
static inline void sem_const_i4(SemWalk *w, SemInst *o, i64 v)
{
    sem_head(w, o, SEM_CONST, 0);
    o->value.i = v;
    o->value.f = 0;
    sem_push(w, o, SEM_I4, 0, 0);
}
/* Decodes at an offset of the same block: false at its end. */
static inline bool sem_peek(SemWalk *w, u32 at, IlInst *in)
{
    return at < w->priv->block_end && il_decode(w->body.code, w->body.code_size, at, in);
}

u8 sem_kind_of_et(u8 et);
static inline SemType sem_type_of(TypeHandle th) { return (SemType){.kind = type_elem_kind(th), .th = th}; }
/* Pushes a value of a location's type; REF th only when it is exact. */
void sem_push_type(SemWalk *w, SemInst *o, u8 et, TypeHandle th);
/* May a value of this kind be stored where that kind is wanted, conversions of sem_coerce done? */
static inline bool sem_is_word(u8 k) { return k == SEM_I4 || k == SEM_I8 || k == SEM_I || k == SEM_REF || k == SEM_BYREF; }
static inline bool sem_is_float(u8 k) { return k == SEM_F4 || k == SEM_F8; }

/* sem_walk.c */
bool sem_merge(SemWalk *w, SemBlock *b, Err *e); /* the current stack flows into b */
/* The top value is to be of another kind (I4 to native int, float32 to float64 and back): gives the conversion instead of the current
 * instruction, which is decoded again at the next call. */
bool sem_coerce(SemWalk *w, SemInst *o, u8 kind);
bool sem_coerce_to_block(SemWalk *w, SemInst *o, const SemBlock *b, u32 above); /* above: operands of the branch itself */
/* May control go from the current block to b other than by leave?  (§III.1.7.4: tries are entered at their start, handlers not at all.) */
bool sem_crosses(const SemWalk *w, const SemBlock *from, const SemBlock *to);
static inline bool sem_may_flow(const SemWalk *w, const SemBlock *to)
{
    const SemBlock *from = &w->blocks[w->priv->block];
    return LIKELY(from->try_region == to->try_region && from->region == to->region) || sem_crosses(w, from, to);
}
/* Gives SEM_NO_ACCESS instead of the current instruction (which is decoded again at the next call) when its target may not be used. */
bool sem_no_access(SemWalk *w, SemInst *o, u8 what, void *target);
bool sem_deny(SemWalk *w, SemInst *o, u8 what, void *target); /* the same whatever the target */
static inline bool sem_denied(SemWalk *w, SemInst *o, u8 what, void *target)
{
    return UNLIKELY(w->priv->access_user != NULL) && sem_no_access(w, o, what, target);
}
/* sem_splice.c: gives the instruction that the callee's body consists of instead of the call in o; false: leaves o as it is */
bool sem_splice(SemWalk *w, SemInst *o);
/* sem_scan.c */
void sem_reach_handlers(SemWalk *w, u32 block);
/* sem_ops.c */
bool sem_op(SemWalk *w, SemInst *o, Err *e);
/* sem_token.c */
bool sem_lookup(SemWalk *w, DictKind kind, u32 token, u32 token2, SemLookup *out, Err *e);
bool sem_type(SemWalk *w, u32 token, SemType *out, Err *e);       /* layout only: exact.lookup stays false */
bool sem_type_exact(SemWalk *w, u32 token, SemType *out, Err *e); /* with its look-up when the code is shared */
bool sem_field_op(SemWalk *w, SemInst *o, Err *e);
bool sem_array_op(SemWalk *w, SemInst *o, Err *e);
bool sem_box_op(SemWalk *w, SemInst *o, Err *e);
bool sem_token_op(SemWalk *w, SemInst *o, Err *e);
bool sem_typedref_op(SemWalk *w, SemInst *o, Err *e);
/* sem_call.c */
bool sem_call_op(SemWalk *w, SemInst *o, Err *e);
/* sem_intrinsics.c: -1 error, 0 not expanded (an ordinary call of c->m, which may have been
 * replaced), 1 o is complete, 2 intrinsic left to the reader */
bool sem_may_expand(Method *m);
bool sem_is_isa_method(Method *m);
int sem_expand(SemWalk *w, SemInst *o, Err *e);
/* Is the instruction at `at` (same block) a call of the intrinsic? *next: offset after it. */
SemIntrinsic sem_peek_intrinsic(SemWalk *w, u32 at, u32 *next);
#endif
