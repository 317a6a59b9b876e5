/* jit_t0.h: the Tier-0 compiler's own header (for jit/x64/jit_t0_*.c only).
 *
 * One pass over sem's instructions, straight to machine code (D2).  The evaluation stack is virtual: an entry is a constant, a home
 * (argument or local not yet read), an address in the frame, a scratch register, or a temporary slot.  At block boundaries every entry lies in
 * the canonical slot of its depth and kind, so that all predecessors agree.  Scratch registers never live across a call.
 *
 * Frame, from rbp down: saved rbx r12 r13 r14, context, homes, temporaries, outgoing arguments at [rsp].  The prologue is emitted last, when the
 * frame is known, into a gap of T0_PROLOG_MAX bytes kept before the body.
 * Invariants: an I4 in a register has zero upper half; reference slots are zeroed in the prologue and have one kind for ever;
 * rsp is constant in the body (but for localloc), so that the walker's sp serves to resume. */
#ifndef JIT_X64_JIT_T0_H
#define JIT_X64_JIT_T0_H
#include "base/arena.h"
#include "base/vec.h"
#include "base/knobs.h"
#include "jit/jit_env.h"
#include "md/md_sig.h"
#include "os/os_mem.h"
#include "x64/x64.h"

enum { T0_PROLOG_MAX = 1024, T0_LEAF_FRAME = 2000 };
typedef enum T0Loc { V_CONST, V_HOME, V_ADDR, V_REG, V_XMM, V_SLOT, V_CC } T0Loc;
typedef struct Val {
    u8 kind; /* SemKind */
    u8 loc;  /* T0Loc */
    u8 reg;  /* REG, XMM: X64Reg; CC: condition */
    u8 flags; /* SEMV_ */
    u8 fcc;  /* CC: 1: parity must be clear too (ordered equal), 2: parity set also counts (unordered not equal) */
    i32 off; /* SLOT, ADDR: from rbp */
    u32 home; /* HOME: index in T0.homes */
    i64 imm; /* CONST: bits */
    TypeHandle th;
} Val;
typedef struct Home {
    i32 off;   /* from rbp */
    u8 reg;    /* X64_NOREG: in memory */
    u8 et;     /* ELEMENT_TYPE_ of the location */
    u8 kind;   /* SemKind */
    bool taken; /* address taken */
    bool pinned, is_xmm;
    u32 size;
    TypeHandle th;
} Home;
typedef enum T0SlowKind { SLOW_THROW, SLOW_CALL, SLOW_POLL } T0SlowKind;
typedef struct T0Slow {
    X64Label in, out;
    u32 il, at;   /* at: where it was left */
    u8 kind;      /* T0SlowKind */
    u16 helper;
    u8 nargs;
    u8 arg_reg[3]; /* X64_NOREG: immediate */
    i64 arg[3];
    u8 save_mask_unused;
} T0Slow;
typedef struct T0Temp {
    u32 depth;
    TypeHandle th;
    i32 off;
} T0Temp;

typedef struct T0 {
    SemWalk w;
    X64Buf b;
    Arena *a;
    Method *m;
    Err *e;
    JitCheck check; /* asked once, before the walk; or NULL */
    void *check_arg;
    Val *st;
    u32 depth, cap;
    Home *homes; /* args, then locals */
    u32 num_args, num_homes;
    u16 owner[32]; /* register -> stack index + 1 */
    u32 locked;    /* registers held by popped operands of the current instruction */
    u32 reserved;  /* registers that are homes: never scratch */
    i32 frame;     /* bytes below rbp used so far */
    u32 outgoing;
    u32 incoming; /* bytes of our own stack arguments */
    VEC(FrameSlot) slots;
    VEC(i32) zero; /* offsets of 8-byte words to zero */
    i32 *tmp_plain, *tmp_ref, *tmp_int; /* by depth; 0: none yet */
    VEC(T0Temp) temps;
    VEC(T0Slow) slow;
    VEC(IlMapEntry) ilmap;
    VEC(EhClause) clauses;
    VEC(FuncletRange) funclets;
    VEC(u32) funclet_patches; /* positions of imm32 = funclet frame */
    X64Label *block_label;
    X64Label *finally_label; /* by clause */
    i32 *catch_slot;         /* by clause: the caught exception's home */
    u32 il;                  /* current instruction */
    bool unreachable, failed;
    bool poll_stress;
    u32 saved_mask;
    bool leaf;        /* guess: no call and no loop: homes of any kind may lie in scratch registers, no limit check */
    bool float_homes; /* guess: no call: float homes lie in xmm8-13; polls save them */
    bool guess_broken; /* a call was emitted after all: compile again without the guesses */
    i32 xmm_save; /* frame area for polls under float_homes */
    i32 saved_off;
    i32 ctx_off, retbuf_off, sync_off, varargs_off;
    X64Label epilog;
    bool epilog_used;
    u32 cur_region; /* clause + 1 of the handler being emitted */
    const MethodSig *sig;
    bool ret_in_memory;
    const TypeAbi *ret_abi;
    i32 ret_tmp;
} T0;

#define TOFF(field) ((i32)offsetof(Thread, field))
#define T0B (&j->b)
static inline X64Mem t0_frame(i32 off) { return x64_mem(X64_RBP, off); }
static inline bool t0_is_float(u8 kind) { return kind == SEM_F4 || kind == SEM_F8; }
static inline u32 t0_kind_size(u8 kind) { return kind == SEM_I4 || kind == SEM_F4 ? 4 : 8; }

/* --- jit_t0_vals.c: the virtual stack and registers ------------------------------------------------------------------ */
Val *t0_top(T0 *j, u32 down);
Val t0_pop(T0 *j); /* its register, if any, stays locked until t0_end_inst */
void t0_push(T0 *j, Val v);
void t0_push_reg(T0 *j, X64Reg r, u8 kind, TypeHandle th); /* general or xmm */
void t0_push_slot(T0 *j, i32 off, u8 kind, TypeHandle th);
void t0_push_const(T0 *j, u8 kind, i64 bits);
X64Reg t0_gpr(T0 *j);             /* a free general register, locked; spills when there is none */
X64Reg t0_gpr_in(T0 *j, u32 set); /* one of the set */
X64Reg t0_xmm(T0 *j);
void t0_take(T0 *j, X64Reg r);    /* makes this very register free and locks it */
X64Reg t0_reg(T0 *j, Val *v);     /* in a general register, read only */
X64Reg t0_own(T0 *j, Val *v);     /* in a general register that may be overwritten */
X64Reg t0_own_in(T0 *j, Val *v, X64Reg r); /* in exactly r */
X64Reg t0_xreg(T0 *j, Val *v);
X64Reg t0_xown(T0 *j, Val *v);
void t0_load_to(T0 *j, X64Reg r, const Val *v); /* into r (general or xmm), no bookkeeping */
bool t0_is_mem(T0 *j, const Val *v, X64Mem *m); /* value lies in the frame with its full kind size */
void t0_flush_regs(T0 *j);  /* every entry in a scratch register goes to its slot (before calls) */
void t0_flush(T0 *j);       /* every entry goes to its canonical slot (block ends); keeps flags */
void t0_flush_below(T0 *j, u32 keep_top); /* registers of entries other than the top keep_top */
void t0_settle_cc(T0 *j);   /* a condition on top becomes 0 or 1 */
void t0_home_changes(T0 *j, u32 home); /* entries that still name the home are read now */
i32 t0_slot(T0 *j, u32 depth, u8 kind, TypeHandle th); /* canonical slot */
i32 t0_struct_temp(T0 *j, u32 depth, TypeHandle th);
X64Mem t0_struct_mem(T0 *j, const Val *v); /* where the words of a struct value lie */
void t0_end_inst(T0 *j);
void t0_mov_ptr(T0 *j, X64Reg r, const void *p);

/* --- jit_t0_frame.c ----------------------------------------------------------------------------------------------------- */
i32 t0_alloc(T0 *j, u32 bytes); /* frame bytes; returns the offset from rbp */
void t0_describe(T0 *j, i32 off, u8 et_or_kind, TypeHandle th, bool home, bool pinned, bool is_sem_kind); /* GC slots + zero list */
bool t0_setup_homes(T0 *j);
bool t0_prolog(T0 *j, u32 *start);
void t0_epilog(T0 *j);
void t0_restore_saved(T0 *j);
void t0_leave_frame(T0 *j); /* registers, rsp and rbp as the caller had them; flags may change */
void t0_add_slow(T0 *j, T0Slow s);
void t0_emit_slow(T0 *j);
void t0_throw_if(T0 *j, X64Cc cc, JitHelper h);
/* returns the label to jump to; out bound here by caller via t0_slow_back */
X64Label t0_slow_call(T0 *j, JitHelper h, u32 nargs, const u8 *regs, const i64 *imms);
void t0_slow_back(T0 *j);
void t0_map_il(T0 *j, u32 il);
void t0_calls_something(T0 *j); /* scratch registers are lost here: breaks the guesses above */
void t0_call_helper(T0 *j, JitHelper h); /* arguments in registers; clobbers scratch; caller flushed */

/* --- jit_t0_ops.c -------------------------------------------------------------------------------------------------------- */
void t0_binary(T0 *j, const SemInst *in);
void t0_unary(T0 *j, const SemInst *in);
void t0_compare(T0 *j, const SemInst *in);
void t0_conv(T0 *j, const SemInst *in);
void t0_ckfinite(T0 *j);
/* Compares the two top values; returns the condition (in Val form of V_CC) */
Val t0_emit_compare(T0 *j, u8 cmp, bool un);
bool t0_const_compare(T0 *j, u8 cmp, bool un, i64 *result); /* both constant: pops them */

/* --- jit_t0_mem.c -------------------------------------------------------------------------------------------------------- */
void t0_load_mem(T0 *j, X64Mem m, u8 et, TypeHandle th); /* pushes the value at m */
void t0_store_mem(T0 *j, X64Mem m, Val *v, u8 et, TypeHandle th, bool heap); /* heap: may be in the heap: barrier */
void t0_copy(T0 *j, X64Mem dst, X64Mem src, u32 size); /* plain bytes, through xmm/rax scratch */
void t0_zero_mem(T0 *j, X64Mem dst, u32 size);
X64Mem t0_addr(T0 *j, Val *v); /* [address value] */
void t0_ld_indirect(T0 *j, const SemInst *in);
void t0_st_indirect(T0 *j, const SemInst *in);
void t0_cpobj(T0 *j, const SemInst *in);
void t0_initobj(T0 *j, const SemInst *in);
void t0_block_op(T0 *j, const SemInst *in);
void t0_localloc(T0 *j);
void t0_ldfld(T0 *j, const SemInst *in);
void t0_stfld(T0 *j, const SemInst *in);
void t0_sfld(T0 *j, const SemInst *in);
void t0_array(T0 *j, const SemInst *in);
void t0_box_cast(T0 *j, const SemInst *in);
void t0_token(T0 *j, const SemInst *in);
void t0_ldstr(T0 *j, const SemInst *in);
void t0_typedref(T0 *j, const SemInst *in);
u32 t0_elem_size(u8 et, TypeHandle th); /* bytes that a field or element of this kind takes */
void t0_lookup(T0 *j, u32 slot, X64Reg dst); /* dictionary slot into dst (rax); flushes */
void t0_exact_type(T0 *j, const SemType *t, X64Reg dst); /* TypeHandle of the exact type into dst; may flush */
void t0_class_init(T0 *j, MethodTable *mt);
void t0_domain_word(T0 *j, X64Reg dst, u32 table, u32 offset); /* neutral mode */
u32 t0_domain_type_offset(MethodTable *mt, size_t field);
void t0_domain_type_value_of(T0 *j, X64Reg mt, size_t field, JitHelper h);
void t0_new_object(T0 *j, MethodTable *mt, X64Reg exact_in); /* result in rax; exact_in NOREG: mt itself */

/* --- jit_t0_call.c ------------------------------------------------------------------------------------------------------- */
void t0_call(T0 *j, const SemInst *in);
void t0_ldftn(T0 *j, const SemInst *in);
bool t0_intrinsic(T0 *j, const SemInst *in);
/* Where declared parameters lie at entry: used by the prologue too. */
typedef struct T0Arg {
    u8 n;         /* registers used: 0 stack */
    u8 reg[2];    /* X64Reg */
    u8 bytes[2];
    u32 stack;    /* offset in the argument area */
    u32 size;
} T0Arg;
typedef struct T0Args {
    u32 gpr, xmm, stack;
} T0Args;
void t0_place(T0Args *p, u8 et, TypeHandle th, T0Arg *out);

/* --- jit_t0_flow.c ------------------------------------------------------------------------------------------------------- */
void t0_block(T0 *j, SemBlock *blk);
void t0_jump(T0 *j, const SemInst *in);
void t0_jump_if(T0 *j, const SemInst *in);
void t0_jump_cmp(T0 *j, const SemInst *in);
void t0_switch(T0 *j, const SemInst *in);
void t0_leave(T0 *j, const SemInst *in);
void t0_endfinally(T0 *j, bool filter);
void t0_throw(T0 *j, const SemInst *in);
void t0_ret(T0 *j);
#endif
