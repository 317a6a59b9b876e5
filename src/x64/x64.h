/* x64.h: registers, operands, the code buffer with its labels and relocations, and one inline function per
 * instruction form.
 * Files of this folder: x64_insts.def (the forms, in the manual's notation), x64.h (this; expands the forms to
 * functions), x64.c (the buffer and the few emit routines all forms end in), x64_disasm.h/.c (one line of text per
 * instruction).
 *
 * Data: an X64Buf grows while code is emitted; positions are offsets from its start, since neither the buffer nor
 * the final code stays where it is.  Jumps inside the buffer go to labels.  References to absolute addresses leave a
 * relocation, which x64_finish applies once the code's final address is known.
 *
 * Names: x64_<mnemonic>_<operands>, operands in Intel order (destination first):
 *   r general register   x xmm register   m memory   i immediate   cl the CL register
 * Most take `size` (1, 2, 4, 8 bytes) before the operands.  32-bit operations clear the upper half of a register.
 * Only mov_ri, lea, mov, movzx, movsx, not, setcc, cmov, push, pop, SSE and jumps leave the flags alone: the forms
 * table says which flags each form reads and writes.
 * Invariants: an emitted instruction never exceeds 16 bytes; nothing here allocates except to grow the buffer's
 * arrays; a form called with an operand the table does not allow is our bug (DCHECK).
 * Book: x64.md  Tests: tests/unit/x64/, tests/x64/ */
#ifndef X64_X64_H
#define X64_X64_H
#include "base/base.h"
#include "base/vec.h"

/* Numbers are the hardware's; xmm registers are offset by 16, so that one u32 can be a set of registers of both
 * kinds.  The encoder uses the low four bits only. */
typedef enum X64Reg {
    X64_RAX, X64_RCX, X64_RDX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
    X64_R8, X64_R9, X64_R10, X64_R11, X64_R12, X64_R13, X64_R14, X64_R15,
    X64_XMM0 = 16, X64_XMM1, X64_XMM2, X64_XMM3, X64_XMM4, X64_XMM5, X64_XMM6, X64_XMM7,
    X64_XMM8, X64_XMM9, X64_XMM10, X64_XMM11, X64_XMM12, X64_XMM13, X64_XMM14, X64_XMM15,
    X64_NOREG = 255, /* no base, no index */
} X64Reg;

/* Condition codes, as in the low four bits of jcc/setcc/cmovcc.  The inverse is cc ^ 1. */
typedef enum X64Cc {
    X64_O, X64_NO, X64_B, X64_AE, X64_E, X64_NE, X64_BE, X64_A,
    X64_S, X64_NS, X64_P, X64_NP, X64_L, X64_GE, X64_LE, X64_G,
    X64_C = X64_B, X64_NC = X64_AE, X64_Z = X64_E, X64_NZ = X64_NE,
} X64Cc;
static inline X64Cc x64_cc_not(X64Cc cc) { return (X64Cc)(cc ^ 1); }
X64Cc x64_cc_swap(X64Cc cc); /* the condition after the operands of the compare are exchanged */

/* A position in the buffer, bound at most once; 0-based index into X64Buf.labels. */
typedef u32 X64Label;
#define X64_UNBOUND 0xffffffffu

/* A memory operand.  Build it with the functions below. */
typedef struct X64Mem {
    u8 base, index; /* X64Reg or X64_NOREG; index is never RSP */
    u8 shift;       /* log2 of the scale */
    u8 kind;        /* X64MemKind */
    i32 disp;       /* for LABEL and ABS: added to the target */
    u64 target;     /* LABEL: the label; ABS: the absolute address */
} X64Mem;
typedef enum X64MemKind {
    X64_MEM_SIB,   /* [base + index*scale + disp], base and index optional */
    X64_MEM_LABEL, /* [rip + label + disp] */
    X64_MEM_ABS,   /* [rip + target + disp], a relocation: must be within 2 GB of the final code */
} X64MemKind;

static inline X64Mem x64_mem(X64Reg base, i32 disp)
{
    return (X64Mem){(u8)base, X64_NOREG, 0, X64_MEM_SIB, disp, 0};
}
/* scale is 1, 2, 4 or 8; base may be X64_NOREG */
static inline X64Mem x64_mem_sib(X64Reg base, X64Reg index, u32 scale, i32 disp)
{
    DCHECK(index != X64_RSP && (scale == 1 || scale == 2 || scale == 4 || scale == 8));
    return (X64Mem){(u8)base, (u8)index, (u8)__builtin_ctz(scale), X64_MEM_SIB, disp, 0};
}
static inline X64Mem x64_mem_label(X64Label l, i32 disp)
{
    return (X64Mem){X64_NOREG, X64_NOREG, 0, X64_MEM_LABEL, disp, l};
}
static inline X64Mem x64_mem_abs(const void *address)
{
    return (X64Mem){X64_NOREG, X64_NOREG, 0, X64_MEM_ABS, 0, (u64)(uintptr_t)address};
}
/* the same operand n bytes further */
static inline X64Mem x64_mem_add(X64Mem m, i32 n)
{
    m.disp += n;
    return m;
}

typedef enum X64RelocKind {
    X64_RELOC_REL32,  /* i32 at `at` = target + addend - (address of the field) */
    X64_RELOC_ABS64,  /* u64 at `at` = target + addend; recorded so that code can be moved to another process */
    X64_RELOC_LABEL64 /* u64 at `at` = final address of label `target` + addend */
} X64RelocKind;
typedef struct X64Reloc {
    u32 at; /* offset of the field in the buffer */
    u32 kind;
    u64 target;
    i64 addend;
} X64Reloc;

typedef struct X64LabelInfo {
    u32 pos;    /* offset in the buffer, or X64_UNBOUND */
    u32 fixups; /* newest fixup that waits for it, as index + 1; 0: none */
} X64LabelInfo;
typedef struct X64Fixup {
    u32 at;   /* offset of the field, which already holds its addend */
    u32 next; /* index + 1 of the next one of the same label */
    u32 size; /* 4, or 1 for a short forward jump */
} X64Fixup;

typedef struct X64Buf {
    u8 *start, *cur, *end; /* start..cur is code; grows by x64_grow */
    u8 *mem;               /* the caller's memory of cap bytes, or NULL: running out of it sets error */
    size_t cap;
    bool error;            /* fixed buffer too small, or a relocation out of reach: the code is not usable */
    VEC(X64LabelInfo) labels;
    VEC(X64Fixup) fixups;
    VEC(X64Reloc) relocs; /* in order of `at` */
    u8 scratch[32];       /* where instructions go after a fixed buffer ran out */
} X64Buf;

void x64_init(X64Buf *b, size_t capacity);             /* owned, growable memory */
void x64_init_fixed(X64Buf *b, void *mem, size_t cap); /* the caller's memory; 16 bytes of it may stay unused */
void x64_reset(X64Buf *b);                             /* empty again, keeps memory */
void x64_free(X64Buf *b);
void x64_grow(X64Buf *b, size_t n); /* at least n more bytes after cur */
/* Applies relocations in the buffer, as code that will run at `address`; the caller then copies start..cur there.
 * May be called again with another address.  False (and b->error): a REL32 target is out of reach, or the buffer had
 * run out.  Every label that is referred to must be bound. */
bool x64_finish(X64Buf *b, u64 address);

static inline u32 x64_pos(const X64Buf *b) { return (u32)(b->cur - b->start); }
static inline void x64_need(X64Buf *b, size_t n)
{
    if (UNLIKELY((size_t)(b->end - b->cur) < n))
        x64_grow(b, n);
}
static inline void x64_put1(X64Buf *b, u8 v) { *b->cur++ = v; }
static inline void x64_put2(X64Buf *b, u16 v) { memcpy(b->cur, &v, 2), b->cur += 2; }
static inline void x64_put4(X64Buf *b, u32 v) { memcpy(b->cur, &v, 4), b->cur += 4; }
static inline void x64_put8(X64Buf *b, u64 v) { memcpy(b->cur, &v, 8), b->cur += 8; }

/* Labels. */
X64Label x64_label(X64Buf *b);             /* a new, unbound one */
void x64_bind(X64Buf *b, X64Label l);      /* here; patches what waits for it */
X64Label x64_label_here(X64Buf *b);        /* new and bound here */
static inline bool x64_label_bound(const X64Buf *b, X64Label l) { return b->labels.data[l].pos != X64_UNBOUND; }
static inline u32 x64_label_pos(const X64Buf *b, X64Label l) { return b->labels.data[l].pos; }

/* Jumps.  To a bound label: the short form when it fits.  To an unbound one: 32 bits, except the _short forms, whose
 * label must then be bound within 127 bytes (CHECK). */
void x64_jmp(X64Buf *b, X64Label l);
void x64_jcc(X64Buf *b, X64Cc cc, X64Label l);
void x64_jmp_short(X64Buf *b, X64Label l);
void x64_jcc_short(X64Buf *b, X64Cc cc, X64Label l);
void x64_call_label(X64Buf *b, X64Label l);
/* rel32 to an absolute address within 2 GB of the final code; else use x64_call_far */
void x64_jmp_abs(X64Buf *b, const void *target);
void x64_jcc_abs(X64Buf *b, X64Cc cc, const void *target);
void x64_call_abs(X64Buf *b, const void *target);
void x64_call_far(X64Buf *b, const void *target, X64Reg scratch); /* mov scratch, imm64; call scratch */
void x64_jmp_far(X64Buf *b, const void *target, X64Reg scratch);

/* Data in the code. */
void x64_align(X64Buf *b, u32 n); /* to a multiple of n (a power of two) of the buffer, with nops */
void x64_nop(X64Buf *b, u32 n);   /* n bytes in as few instructions as possible */
void x64_bytes(X64Buf *b, const void *p, size_t n);
void x64_data32_label(X64Buf *b, X64Label target, X64Label base); /* i32: target - base; base must be bound */
void x64_data64_label(X64Buf *b, X64Label target);                /* u64: final address of target */
/* Aligns to 4, binds `table` and emits n 32-bit entries, each targets[i] - table:
 *   lea a, [table]; movsxd i, [a + i*4]; add i, a; jmp i */
void x64_table(X64Buf *b, X64Label table, const X64Label *targets, u32 n);

/* Moves and immediates. */
void x64_mov_ri(X64Buf *b, u32 size, X64Reg dst, i64 imm);       /* shortest form; flags untouched */
void x64_mov_rabs(X64Buf *b, X64Reg dst, const void *address);   /* always 10 bytes, leaves an ABS64 relocation */
void x64_mov_mi(X64Buf *b, u32 size, X64Mem dst, i32 imm);       /* size 8: imm is sign-extended */
void x64_test_ri(X64Buf *b, u32 size, X64Reg dst, i32 imm);
void x64_test_mi(X64Buf *b, u32 size, X64Mem dst, i32 imm);
void x64_push_i(X64Buf *b, i32 imm);
static inline void x64_zero(X64Buf *b, X64Reg dst); /* xor dst, dst (32 bits): writes flags */
static inline void x64_lea(X64Buf *b, u32 size, X64Reg dst, X64Mem src);
/* ssize 1, 2 (zero-extended) or 4 (a plain 32-bit mov); dsize 4 or 8 are the same instruction */
static inline void x64_movzx_rr(X64Buf *b, u32 ssize, X64Reg dst, X64Reg src);
static inline void x64_movzx_rm(X64Buf *b, u32 ssize, X64Reg dst, X64Mem src);
/* ssize 1, 2 or 4 (movsxd), less than dsize, which is 2, 4 or 8 */
static inline void x64_movsx_rr(X64Buf *b, u32 dsize, u32 ssize, X64Reg dst, X64Reg src);
static inline void x64_movsx_rm(X64Buf *b, u32 dsize, u32 ssize, X64Reg dst, X64Mem src);
static inline void x64_setcc_r(X64Buf *b, X64Cc cc, X64Reg dst); /* low byte only */
static inline void x64_setcc_m(X64Buf *b, X64Cc cc, X64Mem dst);
static inline void x64_cmovcc_rr(X64Buf *b, X64Cc cc, u32 size, X64Reg dst, X64Reg src);
static inline void x64_cmovcc_rm(X64Buf *b, X64Cc cc, u32 size, X64Reg dst, X64Mem src);

/* The op word of the emit routines: opcode byte, opcode map and the prefixes. */
enum {
    X64_M_0F = 1 << 8,
    X64_M_0F38 = 2 << 8,
    X64_M_0F3A = 3 << 8,
    X64_P66 = 1 << 10,
    X64_PF3 = 1 << 11,
    X64_PF2 = 1 << 12,
    X64_W = 1 << 13,
    X64_REG8 = 1 << 14, /* the ModRM reg field names a byte register: spl..dil need a REX prefix */
    X64_RM8 = 1 << 15,  /* so does the r/m field */
    X64_LOCK = 1 << 16,
    X64_OPMASK = 0xff,
};
#define X64_OP(o) (0x##o)
#define X64_OP_LOCK(o) (X64_LOCK | 0x##o)
#define X64_OP_0F(o) (X64_M_0F | 0x##o)
#define X64_OP_LOCK_0F(o) (X64_LOCK | X64_M_0F | 0x##o)
#define X64_OP_66_0F(o) (X64_P66 | X64_M_0F | 0x##o)
#define X64_OP_F3_0F(o) (X64_PF3 | X64_M_0F | 0x##o)
#define X64_OP_F2_0F(o) (X64_PF2 | X64_M_0F | 0x##o)
#define X64_OP_0F38(o) (X64_M_0F38 | 0x##o)
#define X64_OP_66_0F38(o) (X64_P66 | X64_M_0F38 | 0x##o)
#define X64_OP_66_0F3A(o) (X64_P66 | X64_M_0F3A | 0x##o)

/* prefixes, REX, opcode, ModRM with two registers (reg may be an opcode extension) */
void x64_emit_rr(X64Buf *b, u32 op, u32 reg, u32 rm);
/* the same with a memory operand; tail is the number of immediate bytes the caller emits next */
void x64_emit_rm(X64Buf *b, u32 op, u32 reg, X64Mem m, u32 tail);
/* group 1 with the shortest immediate: 83 /n ib, 81 /n id, 80 /n ib, or the accumulator's short form */
void x64_emit_alu_ri(X64Buf *b, u32 op, u32 n, u32 size, X64Reg dst, i32 imm);
void x64_emit_alu_mi(X64Buf *b, u32 op, u32 n, u32 size, X64Mem dst, i32 imm);
void x64_emit_imul_i(X64Buf *b, u32 size, X64Reg dst, X64Reg src, i32 imm);
void x64_emit_imul_mi(X64Buf *b, u32 size, X64Reg dst, X64Mem src, i32 imm);
/* shifts by a constant; a count of 1 takes the short form */
void x64_emit_shift_ri(X64Buf *b, u32 n, u32 size, X64Reg dst, u32 imm);
void x64_emit_shift_mi(X64Buf *b, u32 n, u32 size, X64Mem dst, u32 imm);
void x64_emit_plain(X64Buf *b, u32 nbytes, u64 bytes); /* a fixed sequence, first byte lowest */
void x64_emit_opreg(X64Buf *b, u32 op, u32 reg);       /* register in the opcode's low bits: push, pop, bswap */

/* The op word for an operand size: the tables give the opcode of the 2/4/8-byte form, whose bit 0 is clear in the
 * byte form. */
static inline u32 x64_sized(u32 op, u32 size, u32 byte_flags)
{
    switch (size) {
    case 1: return (op & ~1u) | byte_flags;
    case 2: return op | X64_P66;
    case 4: return op;
    default: return op | X64_W;
    }
}
#define X64_SIZES(sizes) DCHECK(((sizes) & size) && (size & (size - 1)) == 0)

/* One function per row of x64_insts.def: X64_FN_<shape> gives its operands and where they are encoded. */
#define X64_FN_MR_RR(fn, sz, op, n) static inline void x64_##fn##_rr(X64Buf *b, u32 size, X64Reg dst, X64Reg src)       \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, X64_REG8 | X64_RM8), src, dst); }
#define X64_FN_MR(fn, sz, op, n) static inline void x64_##fn##_mr(X64Buf *b, u32 size, X64Mem dst, X64Reg src)          \
    { X64_SIZES(sz); x64_emit_rm(b, x64_sized(op, size, X64_REG8), src, dst, 0); }
#define X64_FN_RM_RR(fn, sz, op, n) static inline void x64_##fn##_rr(X64Buf *b, u32 size, X64Reg dst, X64Reg src)       \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, X64_REG8 | X64_RM8), dst, src); }
#define X64_FN_RM(fn, sz, op, n) static inline void x64_##fn##_rm(X64Buf *b, u32 size, X64Reg dst, X64Mem src)          \
    { X64_SIZES(sz); x64_emit_rm(b, x64_sized(op, size, X64_REG8), dst, src, 0); }
#define X64_FN_ALU_RI(fn, sz, op, n) static inline void x64_##fn##_ri(X64Buf *b, u32 size, X64Reg dst, i32 imm)         \
    { X64_SIZES(sz); x64_emit_alu_ri(b, op, n, size, dst, imm); }
#define X64_FN_ALU_MI(fn, sz, op, n) static inline void x64_##fn##_mi(X64Buf *b, u32 size, X64Mem dst, i32 imm)         \
    { X64_SIZES(sz); x64_emit_alu_mi(b, op, n, size, dst, imm); }
#define X64_FN_R(fn, sz, op, n) static inline void x64_##fn##_r(X64Buf *b, u32 size, X64Reg dst)                        \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, X64_RM8), n, dst); }
#define X64_FN_M(fn, sz, op, n) static inline void x64_##fn##_m(X64Buf *b, u32 size, X64Mem dst)                        \
    { X64_SIZES(sz); x64_emit_rm(b, x64_sized(op, size, 0), n, dst, 0); }
#define X64_FN_SH_RCL(fn, sz, op, n) static inline void x64_##fn##_r_cl(X64Buf *b, u32 size, X64Reg dst)                \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, X64_RM8), n, dst); }
#define X64_FN_SH_MCL(fn, sz, op, n) static inline void x64_##fn##_m_cl(X64Buf *b, u32 size, X64Mem dst)                \
    { X64_SIZES(sz); x64_emit_rm(b, x64_sized(op, size, 0), n, dst, 0); }
#define X64_FN_SH_RI(fn, sz, op, n) static inline void x64_##fn##_ri(X64Buf *b, u32 size, X64Reg dst, u32 imm)          \
    { X64_SIZES(sz); x64_emit_shift_ri(b, n, size, dst, imm); }
#define X64_FN_SH_MI(fn, sz, op, n) static inline void x64_##fn##_mi(X64Buf *b, u32 size, X64Mem dst, u32 imm)          \
    { X64_SIZES(sz); x64_emit_shift_mi(b, n, size, dst, imm); }
#define X64_FN_SHD_I(fn, sz, op, n) static inline void x64_##fn##_rri(X64Buf *b, u32 size, X64Reg dst, X64Reg src, u8 imm) \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, 0), src, dst); x64_put1(b, imm); }
#define X64_FN_SHD_CL(fn, sz, op, n) static inline void x64_##fn##_rr_cl(X64Buf *b, u32 size, X64Reg dst, X64Reg src)   \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, 0), src, dst); }
#define X64_FN_R_I8(fn, sz, op, n) static inline void x64_##fn##_ri(X64Buf *b, u32 size, X64Reg dst, u8 imm)            \
    { X64_SIZES(sz); x64_emit_rr(b, x64_sized(op, size, 0), n, dst); x64_put1(b, imm); }
#define X64_FN_M_I8(fn, sz, op, n) static inline void x64_##fn##_mi(X64Buf *b, u32 size, X64Mem dst, u8 imm)            \
    { X64_SIZES(sz); x64_emit_rm(b, x64_sized(op, size, 0), n, dst, 1); x64_put1(b, imm); }
#define X64_FN_RRI(fn, sz, op, n) static inline void x64_##fn##_rri(X64Buf *b, u32 size, X64Reg dst, X64Reg src, i32 imm) \
    { X64_SIZES(sz); x64_emit_imul_i(b, size, dst, src, imm); }
#define X64_FN_RMI(fn, sz, op, n) static inline void x64_##fn##_rmi(X64Buf *b, u32 size, X64Reg dst, X64Mem src, i32 imm) \
    { X64_SIZES(sz); x64_emit_imul_mi(b, size, dst, src, imm); }
/* operand size fixed: 64 bits without REX.W (push, pop, call, jmp), or none (prefetch, cmpxchg16b) */
#define X64_FN_OPR(fn, sz, op, n) static inline void x64_##fn##_r(X64Buf *b, X64Reg reg) { x64_emit_opreg(b, op, reg); }
#define X64_FN_OPR_SZ(fn, sz, op, n) static inline void x64_##fn##_r(X64Buf *b, u32 size, X64Reg reg)                   \
    { X64_SIZES(sz); x64_emit_opreg(b, x64_sized(op, size, 0), reg); }
#define X64_FN_R64(fn, sz, op, n) static inline void x64_##fn##_r(X64Buf *b, X64Reg reg) { x64_emit_rr(b, op, n, reg); }
#define X64_FN_M64(fn, sz, op, n) static inline void x64_##fn##_m(X64Buf *b, X64Mem mem) { x64_emit_rm(b, op, n, mem, 0); }
#define X64_FN_NONE(fn, sz, op, n) static inline void x64_##fn(X64Buf *b) { x64_emit_plain(b, n, op); }
/* SSE */
#define X64_FN_XX(fn, sz, op, n) static inline void x64_##fn##_xx(X64Buf *b, X64Reg dst, X64Reg src)                    \
    { x64_emit_rr(b, op, dst, src); }
#define X64_FN_XM(fn, sz, op, n) static inline void x64_##fn##_xm(X64Buf *b, X64Reg dst, X64Mem src)                    \
    { x64_emit_rm(b, op, dst, src, 0); }
#define X64_FN_MX(fn, sz, op, n) static inline void x64_##fn##_mx(X64Buf *b, X64Mem dst, X64Reg src)                    \
    { x64_emit_rm(b, op, src, dst, 0); }
#define X64_FN_XXI(fn, sz, op, n) static inline void x64_##fn##_xxi(X64Buf *b, X64Reg dst, X64Reg src, u8 imm)          \
    { x64_emit_rr(b, op, dst, src); x64_put1(b, imm); }
#define X64_FN_XMI(fn, sz, op, n) static inline void x64_##fn##_xmi(X64Buf *b, X64Reg dst, X64Mem src, u8 imm)          \
    { x64_emit_rm(b, op, dst, src, 1); x64_put1(b, imm); }
#define X64_FN_XI(fn, sz, op, n) static inline void x64_##fn##_xi(X64Buf *b, X64Reg dst, u8 imm)                        \
    { x64_emit_rr(b, op, n, dst); x64_put1(b, imm); }
#define X64_FN_XR(fn, sz, op, n) static inline void x64_##fn##_xr(X64Buf *b, u32 size, X64Reg dst, X64Reg src)          \
    { X64_SIZES(sz); x64_emit_rr(b, (op) | (size == 8 ? X64_W : 0u), dst, src); }
#define X64_FN_XRM(fn, sz, op, n) static inline void x64_##fn##_xm(X64Buf *b, u32 size, X64Reg dst, X64Mem src)         \
    { X64_SIZES(sz); x64_emit_rm(b, (op) | (size == 8 ? X64_W : 0u), dst, src, 0); }
#define X64_FN_RX(fn, sz, op, n) static inline void x64_##fn##_rx(X64Buf *b, u32 size, X64Reg dst, X64Reg src)          \
    { X64_SIZES(sz); x64_emit_rr(b, (op) | (size == 8 ? X64_W : 0u), dst, src); }
#define X64_FN_RXM(fn, sz, op, n) static inline void x64_##fn##_rm(X64Buf *b, u32 size, X64Reg dst, X64Mem src)         \
    { X64_SIZES(sz); x64_emit_rm(b, (op) | (size == 8 ? X64_W : 0u), dst, src, 0); }
#define X64_FN_RX_MR(fn, sz, op, n) static inline void x64_##fn##_rx(X64Buf *b, u32 size, X64Reg dst, X64Reg src)       \
    { X64_SIZES(sz); x64_emit_rr(b, (op) | (size == 8 ? X64_W : 0u), src, dst); }
#define X64_FN_MX_MR(fn, sz, op, n) static inline void x64_##fn##_mx(X64Buf *b, u32 size, X64Mem dst, X64Reg src)       \
    { X64_SIZES(sz); x64_emit_rm(b, (op) | (size == 8 ? X64_W : 0u), src, dst, 0); }

#define X64_FORM(fn, shape, sizes, op, n, mnemonic, notation, reads, writes) X64_FN_##shape(fn, sizes, op, n)
#include "x64/x64_insts.def"
#undef X64_FORM

static inline void x64_zero(X64Buf *b, X64Reg dst) { x64_emit_rr(b, 0x31, dst, dst); }
static inline void x64_lea(X64Buf *b, u32 size, X64Reg dst, X64Mem src)
{
    x64_emit_rm(b, x64_sized(0x8d, size, 0), dst, src, 0);
}
static inline u32 x64_movzx_op(u32 ssize)
{
    return ssize == 1 ? X64_OP_0F(b6) | X64_RM8 : ssize == 2 ? X64_OP_0F(b7) : 0x8bu;
}
static inline void x64_movzx_rr(X64Buf *b, u32 ssize, X64Reg dst, X64Reg src)
{
    x64_emit_rr(b, x64_movzx_op(ssize), dst, src);
}
static inline void x64_movzx_rm(X64Buf *b, u32 ssize, X64Reg dst, X64Mem src)
{
    x64_emit_rm(b, x64_movzx_op(ssize), dst, src, 0);
}
static inline u32 x64_movsx_op(u32 dsize, u32 ssize)
{
    u32 op = ssize == 1 ? X64_OP_0F(be) | X64_RM8 : ssize == 2 ? X64_OP_0F(bf) : 0x63u;
    return op | (dsize == 8 ? X64_W : dsize == 2 ? X64_P66 : 0u);
}
static inline void x64_movsx_rr(X64Buf *b, u32 dsize, u32 ssize, X64Reg dst, X64Reg src)
{
    DCHECK(ssize < dsize);
    x64_emit_rr(b, x64_movsx_op(dsize, ssize), dst, src);
}
static inline void x64_movsx_rm(X64Buf *b, u32 dsize, u32 ssize, X64Reg dst, X64Mem src)
{
    DCHECK(ssize < dsize);
    x64_emit_rm(b, x64_movsx_op(dsize, ssize), dst, src, 0);
}
static inline void x64_setcc_r(X64Buf *b, X64Cc cc, X64Reg dst)
{
    x64_emit_rr(b, (X64_OP_0F(90) + cc) | X64_RM8, 0, dst);
}
static inline void x64_setcc_m(X64Buf *b, X64Cc cc, X64Mem dst) { x64_emit_rm(b, X64_OP_0F(90) + cc, 0, dst, 0); }
static inline void x64_cmovcc_rr(X64Buf *b, X64Cc cc, u32 size, X64Reg dst, X64Reg src)
{
    DCHECK(size > 1);
    x64_emit_rr(b, x64_sized(X64_OP_0F(40) + cc, size, 0), dst, src);
}
static inline void x64_cmovcc_rm(X64Buf *b, X64Cc cc, u32 size, X64Reg dst, X64Mem src)
{
    DCHECK(size > 1);
    x64_emit_rm(b, x64_sized(X64_OP_0F(40) + cc, size, 0), dst, src, 0);
}

#endif
