/* forms.c: every row of x64_insts.def, with edge registers and addresses, against objdump; and the texts of tests/x64/, whose
 * bytes are fixed.  Both go from a mnemonic and operands to the emitting function through one table, made from the
 * rows.  The objdump part says so and is skipped where objdump is absent. */
#include "x64/x64.h"
#include "x64/x64_disasm.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* operands of a shape: r x m registers and memory, i immediate, c the CL register */
#define SHAPES(S)                                                                                                      \
    S(MR_RR, rr, "rr") S(MR, mr, "mr") S(RM_RR, rr, "rr") S(RM, rm, "rm") S(ALU_RI, ri, "ri") S(ALU_MI, mi, "mi")      \
    S(R, r, "r") S(M, m, "m") S(SH_RCL, r_cl, "rc") S(SH_MCL, m_cl, "mc") S(SH_RI, ri, "ri") S(SH_MI, mi, "mi")        \
    S(SHD_I, rri, "rri") S(SHD_CL, rr_cl, "rrc") S(R_I8, ri, "ri") S(M_I8, mi, "mi") S(RRI, rri, "rri")                \
    S(RMI, rmi, "rmi") S(OPR, r, "r") S(OPR_SZ, r, "r") S(R64, r, "r") S(M64, m, "m") S(XX, xx, "xx") S(XM, xm, "xm") \
    S(MX, mx, "mx") S(XXI, xxi, "xxi") S(XMI, xmi, "xmi") S(XI, xi, "xi") S(XR, xr, "xr") S(XRM, xm, "xm")             \
    S(RX, rx, "rx") S(RXM, rm, "rm") S(RX_MR, rx, "rx") S(MX_MR, mx, "mx")
#define FUNC_MR_RR(f) x64_##f##_rr
#define FUNC_MR(f) x64_##f##_mr
#define FUNC_RM_RR(f) x64_##f##_rr
#define FUNC_RM(f) x64_##f##_rm
#define FUNC_ALU_RI(f) x64_##f##_ri
#define FUNC_ALU_MI(f) x64_##f##_mi
#define FUNC_R(f) x64_##f##_r
#define FUNC_M(f) x64_##f##_m
#define FUNC_SH_RCL(f) x64_##f##_r_cl
#define FUNC_SH_MCL(f) x64_##f##_m_cl
#define FUNC_SH_RI(f) x64_##f##_ri
#define FUNC_SH_MI(f) x64_##f##_mi
#define FUNC_SHD_I(f) x64_##f##_rri
#define FUNC_SHD_CL(f) x64_##f##_rr_cl
#define FUNC_R_I8(f) x64_##f##_ri
#define FUNC_M_I8(f) x64_##f##_mi
#define FUNC_RRI(f) x64_##f##_rri
#define FUNC_RMI(f) x64_##f##_rmi
#define FUNC_OPR(f) x64_##f##_r
#define FUNC_OPR_SZ(f) x64_##f##_r
#define FUNC_R64(f) x64_##f##_r
#define FUNC_M64(f) x64_##f##_m
#define FUNC_NONE(f) x64_##f
#define FUNC_XX(f) x64_##f##_xx
#define FUNC_XM(f) x64_##f##_xm
#define FUNC_MX(f) x64_##f##_mx
#define FUNC_XXI(f) x64_##f##_xxi
#define FUNC_XMI(f) x64_##f##_xmi
#define FUNC_XI(f) x64_##f##_xi
#define FUNC_XR(f) x64_##f##_xr
#define FUNC_XRM(f) x64_##f##_xm
#define FUNC_RX(f) x64_##f##_rx
#define FUNC_RXM(f) x64_##f##_rm
#define FUNC_RX_MR(f) x64_##f##_rx
#define FUNC_MX_MR(f) x64_##f##_mx

typedef enum Shape {
#define S(shape, suffix, operands) SHAPE_##shape,
    SHAPES(S)
#undef S
    SHAPE_NONE,
} Shape;
static const char *const shape_operands[] = {
#define S(shape, suffix, operands) [SHAPE_##shape] = operands,
    SHAPES(S)
#undef S
    [SHAPE_NONE] = "",
};

typedef struct Form {
    const char *mnemonic;
    Shape shape;
    u32 sizes;
    void (*fn)(void);
} Form;
static const Form forms[] = {
#define X64_FORM(f, shape, sizes, op, n, mnemonic, notation, reads, writes)                                            \
    {mnemonic, SHAPE_##shape, sizes, (void (*)(void))FUNC_##shape(f)},
#include "x64/x64_insts.def"
#undef X64_FORM
};

typedef struct Operand {
    char kind; /* r x m i c, 0: none */
    u8 size;   /* of a register or a memory operand that says it; 0: unknown */
    u8 reg;
    i64 imm;
    X64Mem mem;
} Operand;

/* the size argument is passed; the OPR and M64 groups have 8 in the table but no argument */
static bool takes_size(const Form *f)
{
    return f->sizes != 0 && f->shape != SHAPE_OPR && f->shape != SHAPE_R64 && f->shape != SHAPE_M64;
}

typedef void Fn_0(X64Buf *);
typedef void Fn_r(X64Buf *, u32);
typedef void Fn_m(X64Buf *, X64Mem);
typedef void Fn_rr(X64Buf *, u32, u32);
typedef void Fn_rm(X64Buf *, u32, X64Mem);
typedef void Fn_mr(X64Buf *, X64Mem, u32);
typedef void Fn_rri(X64Buf *, u32, u32, u32);
typedef void Fn_rmi(X64Buf *, u32, X64Mem, u32);
typedef void Fn_sr(X64Buf *, u32, u32);
typedef void Fn_sm(X64Buf *, u32, X64Mem);
typedef void Fn_srr(X64Buf *, u32, u32, u32);
typedef void Fn_srm(X64Buf *, u32, u32, X64Mem);
typedef void Fn_smr(X64Buf *, u32, X64Mem, u32);
typedef void Fn_srri(X64Buf *, u32, u32, u32, u32);
typedef void Fn_srmi(X64Buf *, u32, u32, X64Mem, u32);

static void emit_form(X64Buf *b, const Form *f, u32 size, const Operand *o)
{
    const char *k = shape_operands[f->shape];
    bool sized = takes_size(f);
    u32 n = (u32)strcspn(k, "c"); /* CL is not an argument */
    u32 a0 = o[0].kind == 'i' ? (u32)o[0].imm : o[0].reg;
    u32 a1 = o[1].kind == 'i' ? (u32)o[1].imm : o[1].reg;
    u32 a2 = o[2].kind == 'i' ? (u32)o[2].imm : o[2].reg;
    bool m0 = n > 0 && k[0] == 'm', m1 = n > 1 && k[1] == 'm';
    if (n == 0)
        ((Fn_0 *)f->fn)(b);
    else if (n == 1 && m0)
        sized ? ((Fn_sm *)f->fn)(b, size, o[0].mem) : ((Fn_m *)f->fn)(b, o[0].mem);
    else if (n == 1)
        sized ? ((Fn_sr *)f->fn)(b, size, a0) : ((Fn_r *)f->fn)(b, a0);
    else if (n == 2 && m0)
        sized ? ((Fn_smr *)f->fn)(b, size, o[0].mem, a1) : ((Fn_mr *)f->fn)(b, o[0].mem, a1);
    else if (n == 2 && m1)
        sized ? ((Fn_srm *)f->fn)(b, size, a0, o[1].mem) : ((Fn_rm *)f->fn)(b, a0, o[1].mem);
    else if (n == 2)
        sized ? ((Fn_srr *)f->fn)(b, size, a0, a1) : ((Fn_rr *)f->fn)(b, a0, a1);
    else if (m1)
        sized ? ((Fn_srmi *)f->fn)(b, size, a0, o[1].mem, a2) : ((Fn_rmi *)f->fn)(b, a0, o[1].mem, a2);
    else
        sized ? ((Fn_srri *)f->fn)(b, size, a0, a1, a2) : ((Fn_rri *)f->fn)(b, a0, a1, a2);
}

/* ---- text, as objdump writes it ---- */

static const char *const reg_names[4][16] = {
    {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
    {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
    {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d",
     "r15d"},
    {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"},
};
static const char *reg_name(u32 size, u32 reg) { return reg_names[__builtin_ctz(size)][reg]; }

typedef struct Text {
    char s[200];
} Text;
typedef struct MemText {
    char s[80];
} MemText;

static MemText mem_text(X64Mem m)
{
    MemText t;
    char *p = t.s;
    bool based = m.base != X64_NOREG, indexed = m.index != X64_NOREG;
    if (!based && !indexed) {
        sprintf(p, "ds:0x%llx", (unsigned long long)(i64)m.disp);
        return t;
    }
    p += sprintf(p, "[%s", based ? reg_name(8, m.base) : "");
    if (indexed)
        p += sprintf(p, "%s%s*%d", based ? "+" : "", reg_name(8, m.index), 1 << m.shift);
    bool shown = m.disp != 0 || !based || (m.base & 7) == 5;
    if (shown)
        p += sprintf(p, m.disp < 0 ? "-0x%x" : "+0x%x", m.disp < 0 ? -(u32)m.disp : (u32)m.disp);
    sprintf(p, "]");
    return t;
}

static const char *size_word(u32 size)
{
    return size == 1 ? "BYTE PTR " : size == 2 ? "WORD PTR " : size == 4 ? "DWORD PTR " : "QWORD PTR ";
}

static Text form_text(const Form *f, u32 size, const Operand *o)
{
    Text t;
    char *p = t.s;
    const char *k = shape_operands[f->shape];
    bool movd = strcmp(f->mnemonic, "movd") == 0;
    p += sprintf(p, "%s", movd && size == 8 ? "movq" : f->mnemonic);
    for (u32 i = 0; k[i]; i++) {
        *p++ = i ? ',' : ' ';
        u64 mask = size == 8 || size == 0 ? ~0ull : (1ull << size * 8) - 1;
        bool byte_imm = f->shape == SHAPE_SHD_I || f->shape == SHAPE_SH_RI || f->shape == SHAPE_SH_MI ||
                        f->shape == SHAPE_R_I8 || f->shape == SHAPE_M_I8 || f->sizes == 0;
        if (k[i] == 'r')
            p += sprintf(p, "%s", reg_name(size, o[i].reg));
        else if (k[i] == 'x')
            p += sprintf(p, "xmm%d", o[i].reg & 15);
        else if (k[i] == 'm')
            p += sprintf(p, "%s%s", f->sizes ? size_word(size) : "", mem_text(o[i].mem).s);
        else if (k[i] == 'c')
            p += sprintf(p, "cl");
        else if (byte_imm && o[i].imm == 1 && (f->shape == SHAPE_SH_RI || f->shape == SHAPE_SH_MI))
            p += sprintf(p, "1");
        else
            p += sprintf(p, "0x%llx", (unsigned long long)((u64)o[i].imm & (byte_imm ? 0xff : mask)));
    }
    *p = 0;
    return t;
}

/* one blank between words, none after commas; `strip`: without "... PTR" (forms whose memory size is not in the table) */
static void normalise(char *s, bool strip)
{
    char *w = s, *comment = strchr(s, '#');
    if (comment)
        *comment = 0;
    for (char *r = s; *r; r++)
        if (!isspace((u8)*r) || (w > s && w[-1] != ' ' && w[-1] != ','))
            *w++ = isspace((u8)*r) ? ' ' : *r;
    while (w > s && w[-1] == ' ')
        w--;
    *w = 0;
    char *ptr;
    while (strip && (ptr = strstr(s, " PTR "))) {
        char *from = ptr;
        while (from > s && isupper((u8)from[-1]))
            from--;
        memmove(from, ptr + 5, strlen(ptr + 5) + 1);
    }
}

/* ---- what was emitted and what it should read as ---- */

typedef struct Expected {
    u32 pos;
    bool strip, prefix_only;
    Text text;
} Expected;
static VEC(Expected) expected;
static X64Buf buf;
static int failures;

static void expect(u32 pos, Text text, bool strip, bool prefix_only)
{
    vec_push(&expected, ((Expected){pos, strip, prefix_only, text}));
}

/* ---- every form ---- */

static const u8 edge_regs[] = {X64_RAX, X64_RCX, X64_RBX, X64_RSP, X64_RBP, X64_RSI, X64_RDI,
                               X64_R8,  X64_R10, X64_R12, X64_R13, X64_R15};
static const u8 edge_xmms[] = {X64_XMM0, X64_XMM3, X64_XMM4, X64_XMM7, X64_XMM8, X64_XMM12, X64_XMM15};
static X64Mem edge_mems[64];
static u32 edge_mem_count;

static void make_edge_mems(void)
{
    static const u8 bases[] = {X64_RAX, X64_RSP, X64_RBP, X64_RDI, X64_R8, X64_R12, X64_R13, X64_R15};
    static const i32 disps[] = {0, 8, -128, 0x12345678};
    for (u32 i = 0; i < ARRAY_LEN(bases); i++)
        for (u32 j = 0; j < ARRAY_LEN(disps); j++)
            edge_mems[edge_mem_count++] = x64_mem((X64Reg)bases[i], disps[j]);
    static const u8 pairs[][3] = {{X64_RAX, X64_RBP, 1}, {X64_RSP, X64_RCX, 2},       {X64_RBP, X64_R12, 4},
                                  {X64_R13, X64_R13, 8}, {X64_R12, X64_RDI, 8},       {X64_RDX, X64_R8, 4},
                                  {X64_R9, X64_RAX, 1},  {X64_NOREG, X64_RBX, 8},     {X64_NOREG, X64_R12, 2}};
    for (u32 i = 0; i < ARRAY_LEN(pairs); i++) {
        edge_mems[edge_mem_count++] = x64_mem_sib((X64Reg)pairs[i][0], (X64Reg)pairs[i][1], pairs[i][2], 0);
        edge_mems[edge_mem_count++] = x64_mem_sib((X64Reg)pairs[i][0], (X64Reg)pairs[i][1], pairs[i][2], -16);
    }
    edge_mems[edge_mem_count++] = x64_mem(X64_NOREG, 0x1000);
    edge_mems[edge_mem_count++] = x64_mem_sib(X64_RBX, X64_RCX, 4, 200);
}

static i64 edge_imm(const Form *f, u32 size, u32 i)
{
    if (f->shape == SHAPE_ALU_RI || f->shape == SHAPE_ALU_MI || f->shape == SHAPE_RRI || f->shape == SHAPE_RMI) {
        static const i64 wide[] = {0x7f, -128, 0x80, -0x1000, 0x12345678};
        i64 v = wide[i % ARRAY_LEN(wide)];
        return size == 1 ? (i8)v : size == 2 ? (i16)v : v;
    }
    static const u8 counts[] = {1, 7, 3};
    return f->sizes ? counts[i % ARRAY_LEN(counts)] : 0x13; /* 0x13: no pseudo-mnemonic of cmpss */
}

static Operand edge_operand(const Form *f, u32 size, char kind, u32 i)
{
    Operand o = {.kind = kind};
    if (kind == 'r')
        o.reg = edge_regs[i % ARRAY_LEN(edge_regs)];
    else if (kind == 'x')
        o.reg = edge_xmms[i % ARRAY_LEN(edge_xmms)];
    else if (kind == 'm')
        o.mem = edge_mems[i % edge_mem_count];
    else if (kind == 'i')
        o.imm = edge_imm(f, size, i);
    return o;
}

static void run_form(const Form *f, u32 size)
{
    const char *k = shape_operands[f->shape];
    u32 rounds = f->shape == SHAPE_NONE ? 1 : 60; /* the lists' lengths differ, so pairs vary from round to round */
    for (u32 i = 0; i < rounds; i++) {
        Operand o[3] = {0};
        for (u32 j = 0; k[j]; j++)
            o[j] = edge_operand(f, size, k[j], i + j * (i / 7 + 1));
        if (f->shape == SHAPE_MR_RR && strcmp(f->mnemonic, "xchg") == 0 && o[0].reg == 0 && o[1].reg == 0)
            continue;
        u32 pos = x64_pos(&buf);
        emit_form(&buf, f, size, o);
        if (f->shape == SHAPE_NONE) {
            Text t;
            snprintf(t.s, sizeof(t.s), "%s", f->mnemonic);
            if (strncmp(t.s, "rep ", 4) == 0)
                t.s[strlen(t.s) - 1] = 0; /* objdump spells the operands out */
            expect(pos, t, true, true);
        } else {
            /* cvttsd2si reads a double whatever the size of its register */
            bool strip = f->sizes == 0 || f->shape == SHAPE_M64 || f->shape == SHAPE_RXM;
            expect(pos, form_text(f, size, o), strip, false);
        }
    }
}

static void run_forms(void)
{
    for (u32 i = 0; i < ARRAY_LEN(forms); i++) {
        const Form *f = &forms[i];
        if (!f->sizes)
            run_form(f, 0);
        for (u32 size = 1; size <= 8; size *= 2)
            if (f->sizes & size)
                run_form(f, size);
    }
}

/* ---- the hand-written ones ---- */

#define LINE(emit, ...)                                                                                                \
    do {                                                                                                               \
        u32 pos_ = x64_pos(&buf);                                                                                      \
        Text t_;                                                                                                       \
        emit;                                                                                                          \
        snprintf(t_.s, sizeof(t_.s), __VA_ARGS__);                                                                     \
        expect(pos_, t_, false, false);                                                                                \
    } while (0)

static void run_movs(void)
{
    static const i64 imms[] = {0, 1, 0x7f, -1, 0x12345678, 0xfffffff0ll, -0x80000000ll, 0x80000000ll, 0x123456789abcll};
    for (u32 i = 0; i < ARRAY_LEN(edge_regs); i++) {
        X64Reg r = (X64Reg)edge_regs[i], s = (X64Reg)edge_regs[(i * 5 + 3) % ARRAY_LEN(edge_regs)];
        X64Mem m = edge_mems[i];
        for (u32 j = 0; j < ARRAY_LEN(imms); j++) {
            u64 v = (u64)imms[j];
            LINE(x64_mov_ri(&buf, 1, r, imms[j]), "mov %s,0x%x", reg_name(1, r), (u8)v);
            LINE(x64_mov_ri(&buf, 2, r, imms[j]), "mov %s,0x%x", reg_name(2, r), (u16)v);
            LINE(x64_mov_ri(&buf, 4, r, imms[j]), "mov %s,0x%x", reg_name(4, r), (u32)v);
            bool wide = v > 0xffffffff && imms[j] != (i32)imms[j];
            LINE(x64_mov_ri(&buf, 8, r, imms[j]), "%s %s,0x%llx", wide ? "movabs" : "mov",
                 reg_name(v > 0xffffffff ? 8 : 4, r), (unsigned long long)v);
        }
        for (u32 size = 1; size <= 8; size *= 2) {
            LINE(x64_mov_mi(&buf, size, m, 0x11), "mov %s%s,0x11", size_word(size), mem_text(m).s);
            LINE(x64_test_ri(&buf, size, r, 0x11), "test %s,0x11", reg_name(size, r));
            LINE(x64_test_mi(&buf, size, m, 0x11), "test %s%s,0x11", size_word(size), mem_text(m).s);
            if (size > 1)
                LINE(x64_lea(&buf, size, r, m), "lea %s,%s", reg_name(size, r), mem_text(m).s);
        }
        for (u32 size = 1; size <= 2; size *= 2) {
            LINE(x64_movzx_rr(&buf, size, r, s), "movzx %s,%s", reg_name(4, r), reg_name(size, s));
            LINE(x64_movzx_rm(&buf, size, r, m), "movzx %s,%s%s", reg_name(4, r), size_word(size), mem_text(m).s);
        }
        for (u32 d = 2; d <= 8; d *= 2) {
            for (u32 size = 1; size < d; size *= 2) {
                const char *mn = size == 4 ? "movsxd" : "movsx";
                LINE(x64_movsx_rr(&buf, d, size, r, s), "%s %s,%s", mn, reg_name(d, r), reg_name(size, s));
                LINE(x64_movsx_rm(&buf, d, size, r, m), "%s %s,%s%s", mn, reg_name(d, r), size_word(size),
                     mem_text(m).s);
            }
        }
        LINE(x64_zero(&buf, r), "xor %s,%s", reg_name(4, r), reg_name(4, r));
    }
    LINE(x64_push_i(&buf, 5), "push 0x5");
    LINE(x64_push_i(&buf, 0x1234), "push 0x1234");
    LINE(x64_push_i(&buf, -1), "push 0xffffffffffffffff");
}

static void run_cc(void)
{
    static const char *const names[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                          "s", "ns", "p", "np", "l", "ge", "le", "g"};
    for (u32 cc = 0; cc < 16; cc++) {
        for (u32 i = 0; i < ARRAY_LEN(edge_regs); i++) {
            X64Reg r = (X64Reg)edge_regs[i], s = (X64Reg)edge_regs[(i + cc) % ARRAY_LEN(edge_regs)];
            X64Mem m = edge_mems[(i + cc) % edge_mem_count];
            LINE(x64_setcc_r(&buf, (X64Cc)cc, r), "set%s %s", names[cc], reg_name(1, r));
            LINE(x64_setcc_m(&buf, (X64Cc)cc, m), "set%s BYTE PTR %s", names[cc], mem_text(m).s);
            for (u32 size = 2; size <= 8; size *= 2) {
                LINE(x64_cmovcc_rr(&buf, (X64Cc)cc, size, r, s), "cmov%s %s,%s", names[cc], reg_name(size, r),
                     reg_name(size, s));
                LINE(x64_cmovcc_rm(&buf, (X64Cc)cc, size, r, m), "cmov%s %s,%s%s", names[cc], reg_name(size, r),
                     size_word(size), mem_text(m).s);
            }
        }
    }
}

/* jumps and rip-relative operands; the buffer runs at address 0 here */
static void run_jumps(void)
{
    X64Label back = x64_label_here(&buf), ahead = x64_label(&buf), data = x64_label(&buf);
    u32 at = x64_pos(&buf);
    LINE(x64_jmp(&buf, back), "jmp 0x%x", at);
    LINE(x64_jcc(&buf, X64_NE, back), "jne 0x%x", at);
    LINE(x64_call_label(&buf, back), "call 0x%x", at);
    LINE(x64_jmp_abs(&buf, (void *)0x1000), "jmp 0x1000");
    LINE(x64_call_abs(&buf, (void *)0x2000), "call 0x2000");
    LINE(x64_jcc_abs(&buf, X64_G, (void *)0x3000), "jg 0x3000");
    LINE(x64_mov_rabs(&buf, X64_R9, (void *)0x123456789a), "movabs r9,0x123456789a");
    u32 first = expected.len;
    LINE(x64_jmp(&buf, ahead), "jmp");
    LINE(x64_jcc(&buf, X64_B, ahead), "jb");
    LINE(x64_jmp_short(&buf, ahead), "jmp");
    LINE(x64_jcc_short(&buf, X64_LE, ahead), "jle");
    x64_bind(&buf, ahead);
    for (u32 i = first; i < expected.len; i++)
        sprintf(expected.data[i].text.s + strlen(expected.data[i].text.s), " 0x%x", x64_pos(&buf));
    /* the displacement is relative to the instruction's end, immediates included; "[rip:target]" is made from
     * objdump's comment by rip_target */
    first = expected.len;
    LINE(x64_mov_rm(&buf, 8, X64_R10, x64_mem_label(data, 0)), "mov r10,QWORD PTR [rip:");
    LINE(x64_mov_mi(&buf, 1, x64_mem_label(data, 0), 1), "mov BYTE PTR [rip:");
    LINE(x64_add_mi(&buf, 4, x64_mem_label(data, 0), 0x1234), "add DWORD PTR [rip:");
    LINE(x64_movsd_xm(&buf, X64_XMM9, x64_mem_label(data, 0)), "movsd xmm9,QWORD PTR [rip:");
    LINE(x64_lea(&buf, 8, X64_RAX, x64_mem_label(data, 0)), "lea rax,[rip:");
    static const char *const tails[] = {"", ",0x1", ",0x1234", "", ""};
    for (u32 i = first; i < expected.len; i++)
        sprintf(expected.data[i].text.s + strlen(expected.data[i].text.s), "0x%x]%s", x64_pos(&buf), tails[i - first]);
    x64_bind(&buf, data);
    LINE(x64_cmp_mi(&buf, 2, x64_mem_abs((void *)0x4000), 0x1234), "cmp WORD PTR [rip:0x4000],0x1234");
    LINE(x64_imul_rmi(&buf, 8, X64_R8, x64_mem_abs((void *)0x4000), 0x1234),
         "imul r8,QWORD PTR [rip:0x4000],0x1234");
    LINE(x64_shl_mi(&buf, 4, x64_mem_abs((void *)0x4000), 3), "shl DWORD PTR [rip:0x4000],0x3");
    LINE(x64_call_m(&buf, x64_mem_abs((void *)0x5008)), "call QWORD PTR [rip:0x5008]");
    LINE(x64_mov_rm(&buf, 4, X64_RCX, x64_mem_label(back, 4)), "mov ecx,DWORD PTR [rip:0x%x]", at + 4);
}

/* ---- objdump ---- */

/* "[rip+0x10] ... # 0x1234" to "[rip:0x1234]" */
static void rip_target(char *s)
{
    char *rip = strstr(s, "[rip"), *comment = strchr(s, '#');
    if (!rip || !comment)
        return;
    char tail[100], target[40];
    snprintf(tail, sizeof(tail), "%.*s", (int)(comment - strchr(rip, ']')), strchr(rip, ']'));
    snprintf(target, sizeof(target), "%s", comment + 2);
    target[strcspn(target, " \n")] = 0;
    sprintf(rip, "[rip:%s%s", target, tail);
}

static void mismatch(const Expected *e, u32 next, const char *got)
{
    if (++failures > 40)
        return;
    printf("%06x:", e->pos);
    for (u32 i = e->pos; i < next; i++)
        printf(" %02x", buf.start[i]);
    printf("\n  want: %s\n  got:  %s\n", e->text.s, got);
}

static void compare_line(u32 i, u32 pos, char *got)
{
    Expected *e = &expected.data[i];
    u32 next = i + 1 < expected.len ? expected.data[i + 1].pos : x64_pos(&buf);
    rip_target(got);
    normalise(got, e->strip);
    normalise(e->text.s, e->strip);
    bool same = e->prefix_only ? strncmp(got, e->text.s, strlen(e->text.s)) == 0 : strcmp(got, e->text.s) == 0;
    if (!same || pos != e->pos)
        mismatch(e, next, got);
}

static void check_with_objdump(void)
{
    if (system("objdump --version >/dev/null 2>&1") != 0) {
        printf("objdump is absent: %u instructions not cross-checked\n", expected.len);
        return;
    }
    char path[] = "/tmp/x64_forms_XXXXXX", command[200], line[400];
    int fd = mkstemp(path);
    size_t len = x64_pos(&buf);
    CHECK(fd >= 0 && write(fd, buf.start, len) == (ssize_t)len);
    close(fd);
    snprintf(command, sizeof(command), "objdump -D -b binary -m i386:x86-64 -M intel --no-show-raw-insn -w %s", path);
    FILE *f = popen(command, "r");
    CHECK(f);
    u32 n = 0;
    while (fgets(line, sizeof(line), f)) {
        char *end;
        u32 pos = (u32)strtoul(line, &end, 16);
        if (end == line || *end != ':')
            continue;
        if (n < expected.len)
            compare_line(n, pos, end + 1);
        n++;
    }
    pclose(f);
    unlink(path);
    if (n != expected.len) {
        printf("%u instructions emitted, objdump reads %u\n", expected.len, n);
        failures++;
    }
}

/* our own disassembler agrees about the lengths */
static void check_lengths(void)
{
    char text[200];
    if (!x64_disasm_available()) {
        printf("no disassembler library: lengths not checked\n");
        return;
    }
    for (u32 i = 0; i < expected.len; i++) {
        u32 pos = expected.data[i].pos, end = i + 1 < expected.len ? expected.data[i + 1].pos : x64_pos(&buf);
        int len = x64_disasm_line(buf.start + pos, end - pos, pos, text, sizeof(text));
        if (pos + (u32)len != end)
            mismatch(&expected.data[i], end, text);
    }
}

/* ---- the texts of tests/x64/ ---- */

static bool parse_reg(const char *s, Operand *o)
{
    int n, used = 0;
    if (sscanf(s, "xmm%d%n", &n, &used) == 1 && !s[used]) {
        *o = (Operand){.kind = 'x', .size = 16, .reg = (u8)n};
        return true;
    }
    for (u32 z = 0; z < 4; z++)
        for (u32 r = 0; r < 16; r++)
            if (strcmp(s, reg_names[z][r]) == 0) {
                *o = (Operand){.kind = 'r', .size = (u8)(1 << z), .reg = (u8)r};
                return true;
            }
    return false;
}

static bool parse_mem_part(char *part, int sign, X64Mem *m)
{
    Operand o;
    char *star = strchr(part, '*');
    if (star)
        *star = 0;
    if (!parse_reg(part, &o)) {
        m->disp += sign * (i32)strtol(part, NULL, 0);
        return true;
    }
    if (star) {
        *m = x64_mem_sib((X64Reg)m->base, (X64Reg)o.reg, (u32)atoi(star + 1), m->disp);
    } else if (m->base == X64_NOREG) {
        m->base = o.reg;
    } else {
        m->index = o.reg;
    }
    return true;
}

/* [base+index*scale+disp] */
static bool parse_mem(char *s, Operand *o)
{
    o->kind = 'm';
    o->mem = x64_mem(X64_NOREG, 0);
    char *end = strchr(s, ']');
    if (!end)
        return false;
    *end = 0;
    int sign = 1;
    for (char *p = s + 1; *p;) {
        size_t n = strcspn(p, "+-");
        char next = p[n];
        p[n] = 0;
        if (n && !parse_mem_part(p, sign, &o->mem))
            return false;
        sign = next == '-' ? -1 : 1;
        p += n + (next != 0);
    }
    return true;
}

static bool parse_operand(char *s, Operand *o)
{
    static const struct { const char *word; u8 size; } words[] = {{"byte ", 1}, {"word ", 2}, {"dword ", 4}, {"qword ", 8}};
    *o = (Operand){0};
    if (parse_reg(s, o))
        return true;
    u8 size = 0;
    for (u32 i = 0; i < ARRAY_LEN(words); i++)
        if (strncmp(s, words[i].word, strlen(words[i].word)) == 0) {
            size = words[i].size;
            s += strlen(words[i].word);
        }
    if (*s == '[') {
        bool ok = parse_mem(s, o);
        o->size = size;
        return ok;
    }
    char *end;
    o->kind = 'i';
    o->imm = strtoll(s, &end, 0);
    return end != s && !*end;
}

static bool matches(const Form *f, const char *mnemonic, u32 size, const Operand *o, u32 n)
{
    const char *k = shape_operands[f->shape];
    if (strcmp(f->mnemonic, mnemonic) != 0 || strlen(k) != n || (takes_size(f) && !(f->sizes & size)))
        return false;
    for (u32 i = 0; i < n; i++)
        if (k[i] != o[i].kind && !(k[i] == 'c' && o[i].kind == 'r' && o[i].size == 1 && o[i].reg == X64_RCX))
            return false;
    return true;
}

/* forms that x64.h writes by hand */
static bool emit_special(X64Buf *b, const char *mn, const Operand *o, u32 n)
{
    if (n == 1 && strcmp(mn, "push") == 0 && o[0].kind == 'i')
        x64_push_i(b, (i32)o[0].imm);
    else if (n != 2)
        return false;
    else if (strcmp(mn, "lea") == 0)
        x64_lea(b, o[0].size, (X64Reg)o[0].reg, o[1].mem);
    else if (strcmp(mn, "mov") == 0 && o[1].kind == 'i' && o[0].kind == 'r')
        x64_mov_ri(b, o[0].size, (X64Reg)o[0].reg, o[1].imm);
    else if (strcmp(mn, "mov") == 0 && o[1].kind == 'i')
        x64_mov_mi(b, o[0].size, o[0].mem, (i32)o[1].imm);
    else if (strcmp(mn, "test") == 0 && o[1].kind == 'i' && o[0].kind == 'r')
        x64_test_ri(b, o[0].size, (X64Reg)o[0].reg, (i32)o[1].imm);
    else if (strcmp(mn, "movzx") == 0 && o[1].kind == 'r')
        x64_movzx_rr(b, o[1].size, (X64Reg)o[0].reg, (X64Reg)o[1].reg);
    else if (strcmp(mn, "movzx") == 0)
        x64_movzx_rm(b, o[1].size, (X64Reg)o[0].reg, o[1].mem);
    else if (strncmp(mn, "movsx", 5) == 0 && o[1].kind == 'r')
        x64_movsx_rr(b, o[0].size, o[1].size, (X64Reg)o[0].reg, (X64Reg)o[1].reg);
    else if (strncmp(mn, "movsx", 5) == 0)
        x64_movsx_rm(b, o[0].size, o[1].size, (X64Reg)o[0].reg, o[1].mem);
    else
        return false;
    return true;
}

static bool emit_text(X64Buf *b, char *text)
{
    Operand o[3];
    u32 n = 0, size = 0;
    char mnemonic[40];
    size_t len = strncmp(text, "lock ", 5) == 0 ? 5 + strcspn(text + 5, " ") : strcspn(text, " ");
    if (strncmp(text, "rep ", 4) == 0)
        len = strlen(text);
    snprintf(mnemonic, sizeof(mnemonic), "%.*s", (int)len, text);
    for (char *p = text + len; *p && n < 3;) {
        p += strspn(p, " ");
        size_t k = strcspn(p, ",");
        bool more = p[k] == ',';
        p[k] = 0;
        if (!parse_operand(p, &o[n]))
            return false;
        if (!size && o[n].kind != 'x')
            size = o[n].size;
        n++;
        p += k + more;
    }
    if (emit_special(b, mnemonic, o, n))
        return true;
    if (strcmp(mnemonic, "movq") == 0 && n == 2 && (o[0].kind == 'r' || o[1].kind != 'x'))
        strcpy(mnemonic, "movd");
    for (u32 i = 0; i < ARRAY_LEN(forms); i++)
        if (matches(&forms[i], mnemonic, size, o, n)) {
            emit_form(b, &forms[i], size, o);
            return true;
        }
    return false;
}

static void run_text_line(const char *path, int number, char *line)
{
    char *equals = strstr(line, " = ");
    if (line[0] == '#' || !line[strspn(line, " \n")])
        return;
    CHECKF(equals, "%s:%d: no ' = '", path, number);
    *equals = 0;
    char want[100], got[100], name[400];
    snprintf(want, sizeof(want), "%s", equals + 3);
    want[strcspn(want, "\n")] = 0;
    snprintf(name, sizeof(name), "%s", line);
    X64Buf b;
    x64_init(&b, 64);
    bool ok = emit_text(&b, line);
    char *p = got;
    *p = 0;
    for (u32 i = 0; i < x64_pos(&b); i++)
        p += sprintf(p, "%s%02x", i ? " " : "", b.start[i]);
    if (!ok || strcmp(want, got) != 0) {
        printf("%s:%d: %s\n  want: %s\n  got:  %s\n", path, number, name, want, ok ? got : "no such form");
        failures++;
    }
    x64_free(&b);
}

static void run_texts(const char *dir)
{
    DIR *d = opendir(dir);
    CHECKF(d, "%s: run from the root of the tree", dir);
    u32 lines = 0;
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 4 || strcmp(e->d_name + n - 4, ".txt") != 0)
            continue;
        char path[300], line[300];
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        FILE *f = fopen(path, "r");
        CHECK(f);
        for (int number = 1; fgets(line, sizeof(line), f); number++, lines++)
            run_text_line(path, number, line);
        fclose(f);
    }
    closedir(d);
    CHECK(lines > 0);
}

int main(void)
{
    x64_init(&buf, 1 << 16);
    make_edge_mems();
    run_forms();
    run_movs();
    run_cc();
    run_jumps();
    CHECK(x64_finish(&buf, 0));
    check_with_objdump();
    check_lengths();
    run_texts("tests/x64");
    printf("x64 forms: %u instructions, %d failures\n", expected.len, failures);
    x64_free(&buf);
    vec_free(&expected);
    return failures != 0;
}
