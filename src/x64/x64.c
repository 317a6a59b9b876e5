/* x64.c: the code buffer, its labels and relocations, and the emit routines that every form of x64_insts.def ends in.
 * In: op words and operands from the inline functions of x64.h.  Out: bytes in an X64Buf.
 * Invariant: a field that waits for a label or a relocation already holds its addend (for a label) or zero (for a
 * relocation, which carries its addend), so patching never needs to know the instruction around it.
 * Not here: which forms exist (x64_insts.def), text (x64_disasm.c).  Book: x64.md  Tests: tests/unit/x64/ */
#include "x64/x64.h"

enum { INST_ROOM = 32 }; /* more than the longest instruction */

/* ---- buffer ---- */

void x64_init(X64Buf *b, size_t capacity)
{
    *b = (X64Buf){0};
    if (capacity < 2 * INST_ROOM)
        capacity = 2 * INST_ROOM;
    b->start = b->cur = base_malloc(capacity);
    b->end = b->start + capacity;
}

void x64_init_fixed(X64Buf *b, void *mem, size_t cap)
{
    *b = (X64Buf){0};
    b->mem = b->start = b->cur = mem;
    b->cap = cap;
    b->end = b->start + cap;
}

void x64_reset(X64Buf *b)
{
    if (b->mem) {
        b->start = b->mem;
        b->end = b->mem + b->cap;
    }
    b->cur = b->start;
    b->error = false;
    vec_clear(&b->labels);
    vec_clear(&b->fixups);
    vec_clear(&b->relocs);
}

void x64_free(X64Buf *b)
{
    if (!b->mem)
        base_free(b->start);
    vec_free(&b->labels);
    vec_free(&b->fixups);
    vec_free(&b->relocs);
    *b = (X64Buf){0};
}

/* A fixed buffer that ran out goes on in the scratch bytes, over and over: callers test error once, at the end. */
void x64_grow(X64Buf *b, size_t n)
{
    if (b->mem) {
        CHECK(n <= sizeof(b->scratch));
        b->error = true;
        b->start = b->cur = b->scratch;
        b->end = b->scratch + sizeof(b->scratch);
        return;
    }
    size_t used = (size_t)(b->cur - b->start);
    size_t cap = (size_t)(b->end - b->start) * 2;
    while (cap < used + n)
        cap *= 2;
    CHECK(cap < 0x7fffffff);
    b->start = base_realloc(b->start, cap);
    b->cur = b->start + used;
    b->end = b->start + cap;
}

/* Room for one instruction; in a fixed buffer no more than an instruction may need. */
static inline void room(X64Buf *b, u32 exact)
{
    size_t left = (size_t)(b->end - b->cur);
    if (UNLIKELY(left < INST_ROOM) && (!b->mem || left < exact))
        x64_grow(b, b->mem ? exact : INST_ROOM);
}

static void patch4(X64Buf *b, u32 at, i64 value)
{
    i32 v = (i32)value;
    CHECK(v == value);
    memcpy(b->start + at, &v, 4);
}

static i32 read4(const X64Buf *b, u32 at)
{
    i32 v;
    memcpy(&v, b->start + at, 4);
    return v;
}

static bool fits8(i64 v) { return v == (i8)v; }

/* ---- labels ---- */

X64Label x64_label(X64Buf *b)
{
    vec_push(&b->labels, ((X64LabelInfo){X64_UNBOUND, 0}));
    return b->labels.len - 1;
}

X64Label x64_label_here(X64Buf *b)
{
    vec_push(&b->labels, ((X64LabelInfo){x64_pos(b), 0}));
    return b->labels.len - 1;
}

void x64_bind(X64Buf *b, X64Label l)
{
    X64LabelInfo *info = &b->labels.data[l];
    CHECK(info->pos == X64_UNBOUND);
    u32 pos = info->pos = x64_pos(b);
    for (u32 i = info->fixups; i && !b->error; i = b->fixups.data[i - 1].next) {
        X64Fixup *f = &b->fixups.data[i - 1];
        if (f->size == 4) {
            patch4(b, f->at, (i64)read4(b, f->at) + pos - f->at);
        } else {
            i64 v = (i8)b->start[f->at] + (i64)pos - f->at;
            CHECKF(fits8(v), "short jump over %lld bytes", (long long)v);
            b->start[f->at] = (u8)v;
        }
    }
    info->fixups = 0;
}

static void add_fixup(X64Buf *b, X64Label l, u32 at, u32 size)
{
    X64LabelInfo *info = &b->labels.data[l];
    vec_push(&b->fixups, ((X64Fixup){at, info->fixups, size}));
    info->fixups = b->fixups.len;
}

/* a 32-bit field: label + addend - (address of the field) */
static void put_label4(X64Buf *b, X64Label l, i32 addend)
{
    u32 at = x64_pos(b);
    u32 pos = b->labels.data[l].pos;
    if (pos != X64_UNBOUND) {
        x64_put4(b, (u32)((i32)pos - (i32)at + addend));
        return;
    }
    x64_put4(b, (u32)addend);
    add_fixup(b, l, at, 4);
}

static void put_abs4(X64Buf *b, u64 target, i32 addend)
{
    vec_push(&b->relocs, ((X64Reloc){x64_pos(b), X64_RELOC_REL32, target, addend}));
    x64_put4(b, 0);
}

/* ---- jumps ---- */

/* true: the label is bound and a 2-byte jump with this opcode reached it */
static bool jump_back_short(X64Buf *b, u8 op, X64Label l)
{
    u32 pos = b->labels.data[l].pos;
    if (pos == X64_UNBOUND)
        return false;
    i64 d = (i64)pos - ((i64)x64_pos(b) + 2);
    if (!fits8(d))
        return false;
    x64_put1(b, op);
    x64_put1(b, (u8)d);
    return true;
}

static void jump_ahead_short(X64Buf *b, u8 op, X64Label l)
{
    x64_put1(b, op);
    add_fixup(b, l, x64_pos(b), 1);
    x64_put1(b, (u8)-1);
}

void x64_jmp(X64Buf *b, X64Label l)
{
    room(b, 5);
    if (jump_back_short(b, 0xeb, l))
        return;
    x64_put1(b, 0xe9);
    put_label4(b, l, -4);
}

void x64_jcc(X64Buf *b, X64Cc cc, X64Label l)
{
    room(b, 6);
    if (jump_back_short(b, (u8)(0x70 + cc), l))
        return;
    x64_put2(b, (u16)(0x800f + (cc << 8)));
    put_label4(b, l, -4);
}

void x64_jmp_short(X64Buf *b, X64Label l)
{
    room(b, 5);
    if (x64_label_bound(b, l))
        x64_jmp(b, l);
    else
        jump_ahead_short(b, 0xeb, l);
}

void x64_jcc_short(X64Buf *b, X64Cc cc, X64Label l)
{
    room(b, 6);
    if (x64_label_bound(b, l))
        x64_jcc(b, cc, l);
    else
        jump_ahead_short(b, (u8)(0x70 + cc), l);
}

void x64_call_label(X64Buf *b, X64Label l)
{
    room(b, 5);
    x64_put1(b, 0xe8);
    put_label4(b, l, -4);
}

void x64_jmp_abs(X64Buf *b, const void *target)
{
    room(b, 5);
    x64_put1(b, 0xe9);
    put_abs4(b, (u64)(uintptr_t)target, -4);
}

void x64_jcc_abs(X64Buf *b, X64Cc cc, const void *target)
{
    room(b, 6);
    x64_put2(b, (u16)(0x800f + (cc << 8)));
    put_abs4(b, (u64)(uintptr_t)target, -4);
}

void x64_call_abs(X64Buf *b, const void *target)
{
    room(b, 5);
    x64_put1(b, 0xe8);
    put_abs4(b, (u64)(uintptr_t)target, -4);
}

void x64_call_far(X64Buf *b, const void *target, X64Reg scratch)
{
    x64_mov_rabs(b, scratch, target);
    x64_call_r(b, scratch);
}

void x64_jmp_far(X64Buf *b, const void *target, X64Reg scratch)
{
    x64_mov_rabs(b, scratch, target);
    x64_jmp_r(b, scratch);
}

X64Cc x64_cc_swap(X64Cc cc)
{
    static const u8 swapped[16] = {
        [X64_O] = X64_O, [X64_NO] = X64_NO, [X64_E] = X64_E, [X64_NE] = X64_NE,
        [X64_S] = X64_S, [X64_NS] = X64_NS, [X64_P] = X64_P, [X64_NP] = X64_NP,
        [X64_B] = X64_A, [X64_A] = X64_B,   [X64_AE] = X64_BE, [X64_BE] = X64_AE,
        [X64_L] = X64_G, [X64_G] = X64_L,   [X64_GE] = X64_LE, [X64_LE] = X64_GE,
    };
    return (X64Cc)swapped[cc];
}

/* ---- data ---- */

void x64_nop(X64Buf *b, u32 n)
{
    /* the manual's recommended sequences (NOP r/m with displacements that have no effect) */
    static const u8 seq[9][9] = {
        {0x90},
        {0x66, 0x90},
        {0x0f, 0x1f, 0x00},
        {0x0f, 0x1f, 0x40, 0x00},
        {0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };
    while (n) {
        u32 k = MIN(n, 9u);
        x64_bytes(b, seq[k - 1], k);
        n -= k;
    }
}

void x64_align(X64Buf *b, u32 n) { x64_nop(b, (0u - x64_pos(b)) & (n - 1)); }

void x64_bytes(X64Buf *b, const void *p, size_t n)
{
    if (b->mem && (size_t)(b->end - b->cur) < n) {
        x64_grow(b, 1);
        return;
    }
    x64_need(b, n);
    memcpy(b->cur, p, n);
    b->cur += n;
}

/* The field's addend is its own distance from base: label - field + (field - base). */
void x64_data32_label(X64Buf *b, X64Label target, X64Label base)
{
    DCHECK(x64_label_bound(b, base));
    room(b, 4);
    put_label4(b, target, (i32)(x64_pos(b) - b->labels.data[base].pos));
}

void x64_data64_label(X64Buf *b, X64Label target)
{
    room(b, 8);
    vec_push(&b->relocs, ((X64Reloc){x64_pos(b), X64_RELOC_LABEL64, target, 0}));
    x64_put8(b, 0);
}

void x64_table(X64Buf *b, X64Label table, const X64Label *targets, u32 n)
{
    x64_align(b, 4);
    x64_bind(b, table);
    for (u32 i = 0; i < n; i++)
        x64_data32_label(b, targets[i], table);
}

bool x64_finish(X64Buf *b, u64 address)
{
    if (b->error)
        return false;
    for (u32 i = 0; i < b->labels.len; i++)
        CHECKF(!b->labels.data[i].fixups, "x64: label %u is used but not bound", i);
    for (u32 i = 0; i < b->relocs.len; i++) {
        const X64Reloc *r = &b->relocs.data[i];
        u64 v = r->target + (u64)r->addend;
        if (r->kind == X64_RELOC_REL32) {
            i64 d = (i64)(v - (address + r->at));
            if (d != (i32)d) {
                b->error = true;
                return false;
            }
            patch4(b, r->at, d);
            continue;
        }
        if (r->kind == X64_RELOC_LABEL64) {
            u32 pos = b->labels.data[r->target].pos;
            CHECK(pos != X64_UNBOUND);
            v = address + pos + (u64)r->addend;
        }
        memcpy(b->start + r->at, &v, 8);
    }
    return true;
}

/* ---- instructions ---- */

/* LOCK, mandatory prefixes, REX (which must come last), the opcode map's escape bytes, the opcode. */
static inline void put_opcode(X64Buf *b, u32 op, u32 rex)
{
    if (op & X64_LOCK)
        x64_put1(b, 0xf0);
    if (op & X64_P66)
        x64_put1(b, 0x66);
    if (op & X64_PF3)
        x64_put1(b, 0xf3);
    if (op & X64_PF2)
        x64_put1(b, 0xf2);
    if (op & X64_W)
        rex |= 0x48;
    if (rex)
        x64_put1(b, (u8)(0x40 | rex));
    switch ((op >> 8) & 3) {
    case 0: break;
    case 1: x64_put1(b, 0x0f); break;
    case 2: x64_put2(b, 0x380f); break;
    case 3: x64_put2(b, 0x3a0f); break;
    }
    x64_put1(b, (u8)op);
}

/* spl, bpl, sil and dil exist only under a REX prefix (without it the numbers mean ah..bh) */
static inline u32 rex_byte(u32 op, u32 flag, u32 reg) { return (op & flag) && (reg & 12) == 4 ? 0x40 : 0; }

void x64_emit_rr(X64Buf *b, u32 op, u32 reg, u32 rm)
{
    room(b, 16);
    reg &= 15;
    rm &= 15;
    u32 rex = (reg >> 3) << 2 | rm >> 3 | rex_byte(op, X64_REG8, reg) | rex_byte(op, X64_RM8, rm);
    put_opcode(b, op, rex);
    x64_put1(b, (u8)(0xc0 | (reg & 7) << 3 | (rm & 7)));
}

static inline void put_rip(X64Buf *b, u32 reg, X64Mem m, u32 tail)
{
    x64_put1(b, (u8)((reg & 7) << 3 | 5));
    i32 addend = m.disp - 4 - (i32)tail;
    if (m.kind == X64_MEM_LABEL)
        put_label4(b, (X64Label)m.target, addend);
    else
        put_abs4(b, m.target, addend);
}

void x64_emit_rm(X64Buf *b, u32 op, u32 reg, X64Mem m, u32 tail)
{
    room(b, 16);
    reg &= 15;
    u32 rex = (reg >> 3) << 2 | rex_byte(op, X64_REG8, reg);
    if (UNLIKELY(m.kind != X64_MEM_SIB)) {
        put_opcode(b, op, rex);
        put_rip(b, reg, m, tail);
        return;
    }
    bool indexed = m.index != X64_NOREG;
    bool based = m.base != X64_NOREG;
    u32 base = based ? m.base & 15 : 5, index = indexed ? m.index & 15 : 4;
    put_opcode(b, op, rex | (index >> 3) << 1 | base >> 3);
    /* mod 0 with base 5 means "no base, disp32", so rbp and r13 take a displacement of 0 */
    u32 mod = !based || (m.disp == 0 && (base & 7) != 5) ? 0 : fits8(m.disp) ? 1 : 2;
    u32 modrm = mod << 6 | (reg & 7) << 3;
    if (indexed || !based || (base & 7) == 4) {
        x64_put1(b, (u8)(modrm | 4));
        x64_put1(b, (u8)(m.shift << 6 | (index & 7) << 3 | (base & 7)));
    } else {
        x64_put1(b, (u8)(modrm | (base & 7)));
    }
    if (mod == 1)
        x64_put1(b, (u8)m.disp);
    else if (mod == 2 || !based)
        x64_put4(b, (u32)m.disp);
}

void x64_emit_plain(X64Buf *b, u32 nbytes, u64 bytes)
{
    room(b, nbytes);
    memcpy(b->cur, &bytes, nbytes);
    b->cur += nbytes;
}

void x64_emit_opreg(X64Buf *b, u32 op, u32 reg)
{
    room(b, 16);
    reg &= 15;
    put_opcode(b, op + (reg & 7), reg >> 3);
}

/* an immediate of an operand of this size: at most 4 bytes */
static inline void put_imm(X64Buf *b, u32 size, i32 imm)
{
    if (size == 1)
        x64_put1(b, (u8)imm);
    else if (size == 2)
        x64_put2(b, (u16)imm);
    else
        x64_put4(b, (u32)imm);
}

/* 0xfff0 and -16 are the same 16-bit operand */
static inline i32 narrow(u32 size, i32 imm) { return size == 1 ? (i8)imm : size == 2 ? (i16)imm : imm; }

void x64_emit_alu_ri(X64Buf *b, u32 op, u32 n, u32 size, X64Reg dst, i32 imm)
{
    imm = narrow(size, imm);
    if (size != 1 && fits8(imm)) {
        x64_emit_rr(b, x64_sized(0x83, size, 0), n, dst);
        x64_put1(b, (u8)imm);
    } else if (dst == X64_RAX) {
        room(b, 16);
        put_opcode(b, x64_sized(op, size, 0), 0);
        put_imm(b, size, imm);
    } else {
        x64_emit_rr(b, x64_sized(0x81, size, X64_RM8), n, dst);
        put_imm(b, size, imm);
    }
}

void x64_emit_alu_mi(X64Buf *b, u32 op, u32 n, u32 size, X64Mem dst, i32 imm)
{
    imm = narrow(size, imm);
    if (size != 1 && fits8(imm)) {
        x64_emit_rm(b, x64_sized((op & ~(u32)X64_OPMASK) | 0x83, size, 0), n, dst, 1);
        x64_put1(b, (u8)imm);
    } else {
        x64_emit_rm(b, x64_sized(op, size, 0), n, dst, MIN(size, 4u));
        put_imm(b, size, imm);
    }
}

void x64_emit_imul_i(X64Buf *b, u32 size, X64Reg dst, X64Reg src, i32 imm)
{
    imm = narrow(size, imm);
    bool small = fits8(imm);
    x64_emit_rr(b, x64_sized(small ? 0x6b : 0x69, size, 0), dst, src);
    put_imm(b, small ? 1 : size, imm);
}

void x64_emit_imul_mi(X64Buf *b, u32 size, X64Reg dst, X64Mem src, i32 imm)
{
    imm = narrow(size, imm);
    bool small = fits8(imm);
    x64_emit_rm(b, x64_sized(small ? 0x6b : 0x69, size, 0), dst, src, small ? 1 : MIN(size, 4u));
    put_imm(b, small ? 1 : size, imm);
}

void x64_emit_shift_ri(X64Buf *b, u32 n, u32 size, X64Reg dst, u32 imm)
{
    x64_emit_rr(b, x64_sized(imm == 1 ? 0xd1 : 0xc1, size, X64_RM8), n, dst);
    if (imm != 1)
        x64_put1(b, (u8)imm);
}

void x64_emit_shift_mi(X64Buf *b, u32 n, u32 size, X64Mem dst, u32 imm)
{
    x64_emit_rm(b, x64_sized(imm == 1 ? 0xd1 : 0xc1, size, 0), n, dst, imm != 1);
    if (imm != 1)
        x64_put1(b, (u8)imm);
}

void x64_mov_ri(X64Buf *b, u32 size, X64Reg dst, i64 imm)
{
    if (size == 8 && (u64)imm > 0xffffffffu) {
        if (imm == (i32)imm) {
            x64_emit_rr(b, 0xc7 | X64_W, 0, dst);
            x64_put4(b, (u32)imm);
        } else {
            x64_emit_opreg(b, 0xb8 | X64_W, dst);
            x64_put8(b, (u64)imm);
        }
        return;
    }
    if (size == 1) {
        room(b, 16);
        put_opcode(b, 0xb0 + (dst & 7), (dst & 15) >> 3 | rex_byte(X64_REG8, X64_REG8, dst & 15));
        x64_put1(b, (u8)imm);
    } else if (size == 2) {
        x64_emit_opreg(b, 0xb8 | X64_P66, dst);
        x64_put2(b, (u16)imm);
    } else {
        x64_emit_opreg(b, 0xb8, dst);
        x64_put4(b, (u32)imm);
    }
}

void x64_mov_rabs(X64Buf *b, X64Reg dst, const void *address)
{
    x64_emit_opreg(b, 0xb8 | X64_W, dst);
    u64 v = (u64)(uintptr_t)address;
    vec_push(&b->relocs, ((X64Reloc){x64_pos(b), X64_RELOC_ABS64, v, 0}));
    x64_put8(b, v);
}

void x64_mov_mi(X64Buf *b, u32 size, X64Mem dst, i32 imm)
{
    x64_emit_rm(b, x64_sized(0xc7, size, 0), 0, dst, MIN(size, 4u));
    put_imm(b, size, imm);
}

void x64_test_ri(X64Buf *b, u32 size, X64Reg dst, i32 imm)
{
    if (dst == X64_RAX) {
        room(b, 16);
        put_opcode(b, x64_sized(0xa9, size, 0), 0);
    } else {
        x64_emit_rr(b, x64_sized(0xf7, size, X64_RM8), 0, dst);
    }
    put_imm(b, size, imm);
}

void x64_test_mi(X64Buf *b, u32 size, X64Mem dst, i32 imm)
{
    x64_emit_rm(b, x64_sized(0xf7, size, 0), 0, dst, MIN(size, 4u));
    put_imm(b, size, imm);
}

void x64_push_i(X64Buf *b, i32 imm)
{
    room(b, 5);
    x64_put1(b, fits8(imm) ? 0x6a : 0x68);
    put_imm(b, fits8(imm) ? 1 : 4, imm);
}
