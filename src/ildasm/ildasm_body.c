/* ildasm_body.c: method bodies: locals, instructions, exception clauses.
 * Clauses are written as blocks where the blocks say the same as the table, order included; else by labels after the code.
 * An instruction that cannot be said (bad opcode, bad token, a branch into an instruction) is given byte by byte. */
#include "ildasm/ildasm_int.h"

#include "base/utf.h"
#include <math.h>

enum { CLAUSES_MAX = 1000 };
typedef enum BlockKind { BLOCK_TRY, BLOCK_CATCH, BLOCK_FILTER, BLOCK_FILTERED, BLOCK_FINALLY, BLOCK_FAULT, BLOCK_GROUP } BlockKind;
typedef struct Block {
    u32 start, end;
    BlockKind kind;
    u32 class_token;
} Block;
typedef VEC(Block) Blocks;

/* --- exception blocks --- */

static int by_start(const void *x, const void *y)
{
    const Block *a = x, *b = y;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (a->end != b->end) return a->end > b->end ? -1 : 1;
    return (a->kind == BLOCK_GROUP) - (b->kind == BLOCK_GROUP);
}

/* Shell sort: stable enough for blocks, which are all different */
static void sort_blocks(Blocks *v)
{
    for (u32 gap = v->len / 2; gap > 0; gap /= 2)
        for (u32 i = gap; i < v->len; i++)
            for (u32 j = i; j >= gap && by_start(&v->data[j - gap], &v->data[j]) > 0; j -= gap) {
                Block t = v->data[j];
                v->data[j] = v->data[j - gap];
                v->data[j - gap] = t;
            }
}

static void add_block(Blocks *v, u32 start, u32 end, BlockKind kind, u32 token)
{
    vec_push(v, ((Block){start, end, kind, token}));
}

/* The blocks of the clauses, in file order, and what encloses a try with its handlers; false: they do not follow one another. */
static bool make_blocks(const IlBody *b, Blocks *v)
{
    IlClause prev = {0};
    u32 group = UINT32_MAX;
    for (u32 i = 0; i < b->clause_count; i++) {
        IlClause c;
        il_clause(b, i, &c);
        bool filter = c.kind == IL_EH_FILTER;
        u32 first = filter ? c.filter_start : c.handler_start;
        if (c.try_start >= c.try_end || c.handler_start >= c.handler_end || (filter && first >= c.handler_start)) return false;
        bool more = i && prev.try_start == c.try_start && prev.try_end == c.try_end && prev.handler_end == first;
        if (!more && first != c.try_end) return false;
        if (i && (prev.handler_end > c.handler_end || (prev.handler_end == c.handler_end && prev.handler_start <= c.handler_start)))
            return false;
        if (!more) {
            group = v->len;
            add_block(v, c.try_start, c.handler_end, BLOCK_GROUP, 0);
            add_block(v, c.try_start, c.try_end, BLOCK_TRY, 0);
        }
        v->data[group].end = c.handler_end;
        if (filter) add_block(v, first, c.handler_start, BLOCK_FILTER, 0);
        BlockKind kind = filter ? BLOCK_FILTERED : c.kind == IL_EH_CATCH ? BLOCK_CATCH : c.kind == IL_EH_FAULT ? BLOCK_FAULT : BLOCK_FINALLY;
        add_block(v, c.handler_start, c.handler_end, kind, c.class_token);
        prev = c;
    }
    return true;
}

static bool nested_well(Blocks *v, const u8 *starts, u32 size)
{
    VEC(u32) open = {0};
    bool ok = true;
    sort_blocks(v);
    for (u32 i = 0; i < v->len && ok; i++) {
        const Block *k = &v->data[i];
        while (open.len && v->data[vec_last(&open)].end <= k->start) (void)vec_pop(&open);
        ok = !open.len || k->end <= v->data[vec_last(&open)].end;
        if (i && k->start == k[-1].start && k->end == k[-1].end && (k->kind == BLOCK_GROUP) == (k[-1].kind == BLOCK_GROUP)) ok = false;
        if (!starts[k->start] || (k->end < size && !starts[k->end])) ok = false;
        vec_push(&open, i);
    }
    vec_free(&open);
    return ok;
}

static void open_block(Dis *d, const Block *k)
{
    put_indent(d);
    switch (k->kind) {
    case BLOCK_TRY: put_lit(d, ".try\n"); break;
    case BLOCK_CATCH: put_lit(d, "catch "), put_type_token(d, k->class_token), put_ch(d, '\n'); break;
    case BLOCK_FILTER: put_lit(d, "filter\n"); break;
    case BLOCK_FINALLY: put_lit(d, "finally\n"); break;
    case BLOCK_FAULT: put_lit(d, "fault\n"); break;
    default: break;
    }
    if (k->kind != BLOCK_FILTERED) put_indent(d);
    put(d, k->kind == BLOCK_FILTERED ? "{  // handler\n" : "{\n");
    d->indent++;
}

static void close_block(Dis *d, const Block *k)
{
    d->indent--;
    put_indent(d);
    put(d, k->kind == BLOCK_TRY ? "}  // end .try\n" : k->kind == BLOCK_FILTER ? "}  // end filter\n" : "}  // end handler\n");
}

static void put_label(Dis *d, u32 at)
{
    put_lit(d, "IL_");
    put_hex(d, at, 4);
}

/* "IL_0000:  " */
static void put_place(Dis *d, u32 at)
{
    static const char set[] = "0123456789abcdef";
    if (at > 0xFFFF) {
        put_label(d, at);
        put_lit(d, ":  ");
        return;
    }
    char *p = dis_room(d, 10);
    memcpy(p, "IL_0000:  ", 10);
    for (u32 i = 6; at; i--, at >>= 4) p[i] = set[at & 15];
    d->len += 10;
}

static bool clause_fits(const Dis *d, const IlBody *b, const IlClause *c)
{
    u32 at[] = {c->try_start, c->try_end, c->handler_start, c->handler_end, c->kind == IL_EH_FILTER ? c->filter_start : 0};
    for (u32 i = 0; i < ARRAY_LEN(at); i++)
        if (at[i] > b->code_size || !d->starts.data[at[i]]) return false;
    return true;
}

static void put_clause_labels(Dis *d, const IlBody *b, u32 method_rid)
{
    for (u32 i = 0; i < b->clause_count && !d->full; i++) {
        IlClause c;
        il_clause(b, i, &c);
        if (!clause_fits(d, b, &c)) dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "a clause begins or ends within an instruction");
        put_indent(d);
        put_lit(d, ".try "), put_label(d, c.try_start), put_lit(d, " to "), put_label(d, c.try_end);
        switch (c.kind) {
        case IL_EH_CATCH: put_lit(d, " catch "), put_type_token(d, c.class_token); break;
        case IL_EH_FILTER: put_lit(d, " filter "), put_label(d, c.filter_start); break;
        case IL_EH_FAULT: put_lit(d, " fault"); break;
        default: put_lit(d, " finally");
        }
        put_lit(d, " handler "), put_label(d, c.handler_start), put_lit(d, " to "), put_label(d, c.handler_end);
        put_ch(d, '\n');
    }
}

/* --- operands --- */

/* An argument by name if only one has it */
static void put_arg(Dis *d, u32 method_rid, u32 index)
{
    MdImage *m = d->m;
    MdSig s = md_sig_of(m, MD_TOKEN(MDT_MethodDef, method_rid));
    u8 head = md_sig_peek(&s);
    u32 seq = index + 1 - ((head & SIG_HAS_THIS) != 0 && !(head & SIG_EXPLICIT_THIS));
    MdRange range = md_method_params(m, method_rid);
    const char *name = NULL;
    for (u32 i = range.first; i < range.end && seq; i++) {
        u32 p = md_param_at(m, i);
        if (md_Param_Sequence(m, p) == seq) name = md_param_name(m, p);
    }
    u32 same = 0;
    for (u32 i = range.first; i < range.end && name; i++) same += strcmp(md_param_name(m, md_param_at(m, i)), name) == 0;
    if (name && *name && same == 1) put_name(d, name);
    else put_udec(d, index);
}

static bool plain_string(const char16 *u, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        char16 c = u[i];
        if (c >= 0x20 && c < 0x7F) continue;
        if (c == '\n' || c == '\r' || c == '\t') continue;
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < n && u[i + 1] >= 0xDC00 && u[i + 1] < 0xE000) {
            i++;
            continue;
        }
        if (c < 0xA0 || (c >= 0xD800 && c < 0xE000) || (c >= 0x2000 && c < 0x2070) || c >= 0xFDD0) return false;
    }
    return true;
}

static void put_user_string(Dis *d, u32 token)
{
    u32 n;
    const u8 *p = md_user_string(d->m, MD_RID(token), &n);
    char16 small[256], *units = small;
    char text[sizeof(small) / 2 * 3], *utf = text;
    if (!p) return;
    if (n > ARRAY_LEN(small)) {
        units = base_malloc((size_t)n * 2);
        utf = base_malloc((size_t)n * 3);
    }
    memcpy(units, p, (size_t)n * 2);
    if (plain_string(units, n)) {
        put_quoted(d, utf, utf16_to_utf8(units, n, utf), '"');
    } else {
        put_lit(d, "bytearray ");
        put_bytes(d, p, n * 2);
    }
    if (n > ARRAY_LEN(small)) {
        base_free(units);
        base_free(utf);
    }
    put_token(d, token);
}

static void put_real(Dis *d, const IlBody *b, const IlInst *in)
{
    const u8 *p = b->code + in->offset + il_op_info[in->op].size;
    u32 n = in->operand == IL_OPR_R4 ? 4 : 8;
    double v = in->r;
    if (isfinite(v) && (v != 0 || !signbit(v))) {
        put_float(d, v, n == 4 ? 9 : 17);
        return;
    }
    put_ch(d, '(');
    for (u32 i = 0; i < n; i++) put_hexu(d, p[i], 2), put(d, i + 1 < n ? " " : ")");
}

static void put_call_site(Dis *d, u32 token)
{
    MdSig s = md_sig_of(d->m, token);
    MdMethodSig h;
    if (!md_sig_method(&s, &h)) return;
    put_conv(d, h.header);
    put_type(d, &s);
    put_ch(d, '(');
    put_params(d, &s, &h);
    put_ch(d, ')');
    put_token(d, token);
}

/* Not of a field, locals, … */
static bool is_call_site(const MdImage *m, u32 token)
{
    MdSig s = md_sig_of(m, token);
    MdMethodSig h;
    return md_sig_method(&s, &h);
}

/* Does the token fit the operand?  It is then printed by name. */
static bool good_operand(Dis *d, const IlInst *in, const u8 *starts)
{
    MdImage *m = d->m;
    u32 t = in->operand >= IL_OPR_METHOD && in->operand <= IL_OPR_STRING ? MD_TABLE_OF(in->token) : 0, n;
    switch (in->operand) {
    case IL_OPR_BR1: case IL_OPR_BR4: return starts[in->target];
    case IL_OPR_SWITCH:
        for (u32 i = 0; i < in->switch_count; i++)
            if (!starts[il_switch_target(in, i)]) return false;
        return true;
    case IL_OPR_METHOD:
        return md_valid_token(m, in->token) &&
               (t == MDT_MethodDef || t == MDT_MethodSpec || (t == MDT_MemberRef && !dis_is_field(d, in->token)));
    case IL_OPR_FIELD: return md_valid_token(m, in->token) && dis_is_field(d, in->token);
    case IL_OPR_TYPE: return md_valid_token(m, in->token) && (t == MDT_TypeDef || t == MDT_TypeRef || t == MDT_TypeSpec);
    case IL_OPR_TOKEN:
        return md_valid_token(m, in->token) && (t == MDT_TypeDef || t == MDT_TypeRef || t == MDT_TypeSpec || t == MDT_MethodDef ||
                                                t == MDT_MemberRef || t == MDT_MethodSpec || t == MDT_Field);
    case IL_OPR_SIG: return t == MDT_StandAloneSig && md_valid_token(m, in->token) && is_call_site(m, in->token);
    case IL_OPR_STRING: return t == MDT_String && md_user_string(m, MD_RID(in->token), &n);
    default: return in->op != IL_NO;
    }
}

/* "ldstr      ": the name, with blanks up to the operand's column */
static const struct OpText {
    char text[28];
    u8 len;
} op_texts[IL_OP_LIMIT] = {
#define IL_OP(id, name, code, pops, pushes, operand, flow, section) [code] = {name "           ", sizeof(name) - 1},
#include "il/il_ops.def"
#undef IL_OP
};

void put_instruction_text(Dis *d, const IlBody *b, const IlInst *in, u32 method_rid)
{
    const struct OpText *op = &op_texts[in->op];
    memcpy(dis_room(d, sizeof(op->text)), op->text, sizeof(op->text));
    d->len += in->operand == IL_OPR_NONE ? op->len : MAX(op->len + 1u, 11u);
    if (in->operand == IL_OPR_NONE) return;
    switch (in->operand) {
    case IL_OPR_I1: case IL_OPR_I4:
        if (in->i >= -128 && in->i < 128) put_dec(d, in->i);
        else put_lit(d, "0x"), put_hex(d, (u32)in->i, 1);
        break;
    case IL_OPR_I8:
        if (in->i >= -128 && in->i < 128) put_dec(d, in->i);
        else put_lit(d, "0x"), put_hex(d, (u64)in->i, 1);
        break;
    case IL_OPR_U1: case IL_OPR_U2:
        switch (in->op) {
        case IL_LDLOC_S: case IL_LDLOCA_S: case IL_STLOC_S: case IL_LDLOC: case IL_LDLOCA: case IL_STLOC:
            if ((u32)in->i < d->locals && !d->pdb) put_lit(d, "V_"); /* with a PDB locals have its names, or none */
            put_udec(d, (u64)in->i);
            break;
        case IL_LDARG_S: case IL_LDARGA_S: case IL_STARG_S: case IL_LDARG: case IL_LDARGA: case IL_STARG:
            put_arg(d, method_rid, (u32)in->i);
            break;
        default: put_udec(d, (u64)in->i);
        }
        break;
    case IL_OPR_R4: case IL_OPR_R8: put_real(d, b, in); break;
    case IL_OPR_BR1: case IL_OPR_BR4: put_label(d, in->target); break;
    case IL_OPR_METHOD: put_method_ref(d, in->token); break;
    case IL_OPR_FIELD: put_field_ref(d, in->token); break;
    case IL_OPR_TYPE: put_type_token(d, in->token); break;
    case IL_OPR_TOKEN: put_owner(d, in->token); break;
    case IL_OPR_SIG: put_call_site(d, in->token); break;
    case IL_OPR_STRING: put_user_string(d, in->token); break;
    case IL_OPR_SWITCH:
        put_ch(d, '(');
        for (u32 i = 0; i < in->switch_count && !d->full; i++) {
            if (i) put(d, i % 8 ? ", " : ",\n"), i % 8 ? (void)0 : (put_indent(d), put(d, "                      "));
            put_label(d, il_switch_target(in, i));
        }
        put_ch(d, ')');
        break;
    default: break;
    }
}

static void put_byte_comment(Dis *d, const IlBody *b, const IlInst *in)
{
    const u8 *p = b->code + in->offset;
    u32 op = il_op_info[in->op].size, n = in->operand == IL_OPR_SWITCH ? 4 : in->size - op;
    size_t start = d->len;
    put_lit(d, "/* ");
    for (u32 i = 0; i < op; i++) put_hexu(d, p[i], 2);
    put(d, op == 1 ? "   | " : " | ");
    if (in->operand >= IL_OPR_METHOD && in->operand <= IL_OPR_STRING) putf(d, "(%02X)%06X", in->token >> 24, MD_RID(in->token));
    else for (u32 i = 0; i < n; i++) put_hexu(d, p[op + i], 2);
    put_pad(d, start, 26);
    put_lit(d, "*/ ");
}

static void put_raw(Dis *d, const u8 *p, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        if (i) put_indent(d);
        put_lit(d, ".emitbyte 0x");
        put_hexu(d, p[i], 2);
        put_ch(d, '\n');
    }
}

/* --- the body --- */

/* The PDB's name of a local of the whole body, if no earlier one has it too */
static const char *local_name(Dis *d, u32 method_rid, u32 index)
{
    const char *name = md_pdb_local_name(d->pdb, method_rid, 0, index), *other;
    if (!name || !*name || index > 200) return NULL;
    for (u32 i = 0; i < index; i++)
        if ((other = md_pdb_local_name(d->pdb, method_rid, 0, i)) && strcmp(other, name) == 0) return NULL;
    return name;
}

static void put_locals(Dis *d, const IlBody *b, u32 method_rid)
{
    d->locals = 0;
    if (!b->local_sig) {
        if (b->init_locals) put_indent(d), put_lit(d, ".zeroinit\n");
        return;
    }
    MdSig s = md_sig_of(d->m, b->local_sig);
    u32 n;
    md_sig_locals(&s, &n);
    d->locals = n;
    if (!n && !s.bad) { /* the same as none */
        if (b->init_locals) put_indent(d), put_lit(d, ".zeroinit\n");
        return;
    }
    put_indent(d);
    put_lit(d, ".locals ");
    put_token(d, b->local_sig);
    put(d, b->init_locals ? "init (" : "(");
    for (u32 i = 0; i < n && !s.bad && !d->full; i++) {
        if (i) put_lit(d, ",\n"), put_indent(d), put(d, "         ");
        put_ch(d, '['), put_udec(d, i), put_lit(d, "] ");
        put_type(d, &s);
        const char *name = d->pdb ? local_name(d, method_rid, i) : NULL;
        if (name) put_ch(d, ' '), put_name(d, name);
        else if (!d->pdb) put_lit(d, " V_"), put_udec(d, i);
    }
    put_lit(d, ")\n");
    if (s.bad) dis_problem(d, b->local_sig, "bad signature of locals");
}

enum { BAD_BYTE = 0xFF }; /* as operand: not an instruction */

/* Instructions, and where they start; the byte after the code counts as a start. */
static void decode_all(Dis *d, const IlBody *b)
{
    vec_clear(&d->insts);
    vec_reserve(&d->starts, b->code_size + 1);
    memset(d->starts.data, 0, b->code_size + 1);
    IlInst in;
    for (u32 at = 0; at < b->code_size; at += in.size) {
        d->starts.data[at] = 1;
        if (!il_decode(b->code, b->code_size, at, &in)) in = (IlInst){.offset = at, .size = 1, .operand = BAD_BYTE};
        vec_push(&d->insts, in);
    }
    d->starts.data[b->code_size] = 1;
}

static void put_code(Dis *d, const IlBody *b, u32 method_rid, const Blocks *blocks)
{
    VEC(u32) open = {0};
    u32 next = 0;
    MdSeqReader lines;
    MdSeqPoint point = {0};
    bool more = d->pdb && md_seq_open(&lines, d->pdb, method_rid) && md_seq_next(&lines, &point);
    for (u32 i = 0; i < d->insts.len && !d->full; i++) {
        const IlInst *in = &d->insts.data[i];
        u32 at = in->offset;
        while (open.len && blocks->data[vec_last(&open)].end <= at) close_block(d, &blocks->data[vec_pop(&open)]);
        for (; blocks && next < blocks->len && blocks->data[next].start <= at; next++) {
            if (blocks->data[next].kind == BLOCK_GROUP) continue;
            open_block(d, &blocks->data[next]);
            vec_push(&open, next);
        }
        for (; more && point.il_offset <= at; more = md_seq_next(&lines, &point)) put_line(d, &point);
        put_indent(d);
        put_place(d, at);
        if (in->operand == BAD_BYTE) {
            dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "bad instruction at IL_%04x", at);
            put_raw(d, b->code + at, 1);
        } else if (!good_operand(d, in, d->starts.data)) {
            dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "bad operand of %s at IL_%04x", il_op_info[in->op].name, at);
            put_raw(d, b->code + at, in->size);
        } else {
            if (d->opt.bytes) put_byte_comment(d, b, in);
            put_instruction_text(d, b, in, method_rid);
            put_ch(d, '\n');
        }
    }
    while (open.len) close_block(d, &blocks->data[vec_pop(&open)]);
    vec_free(&open);
}

void put_body(Dis *d, u32 method_rid)
{
    MdImage *m = d->m;
    IlBody b;
    Err e = {0};
    if (!md_MethodDef_RVA(m, method_rid)) return;
    if ((md_MethodDef_ImplFlags(m, method_rid) & MI_CODE_TYPE) != MI_IL) {
        put_indent(d), putf(d, "// native code at RVA 0x%x\n", md_MethodDef_RVA(m, method_rid));
        dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "native code is not disassembled");
        return;
    }
    if (!il_read_body(m, method_rid, &b, &e)) {
        dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "bad method body");
        return;
    }
    put_indent(d);
    put_lit(d, "// Code size       "), put_udec(d, b.code_size), put_lit(d, " (0x"), put_hex(d, b.code_size, 1), put_lit(d, ")\n");
    if (d->opt.bytes || d->opt.headers) put_indent(d), putf(d, "// Method begins at RVA 0x%x\n", md_MethodDef_RVA(m, method_rid));
    put_indent(d);
    put_lit(d, ".maxstack  "), put_udec(d, b.max_stack), put_ch(d, '\n');
    put_locals(d, &b, method_rid);
    if (!b.code_size) dis_problem(d, MD_TOKEN(MDT_MethodDef, method_rid), "a body without instructions");
    if (d->opt.no_il) return;
    decode_all(d, &b);
    Blocks blocks = {0};
    bool lexical = b.clause_count && b.clause_count <= CLAUSES_MAX && !d->opt.raw_eh && make_blocks(&b, &blocks) &&
                   nested_well(&blocks, d->starts.data, b.code_size);
    put_code(d, &b, method_rid, lexical ? &blocks : NULL);
    if (b.clause_count && !lexical) {
        put_indent(d), put_label(d, b.code_size), put_lit(d, ":\n");
        put_clause_labels(d, &b, method_rid);
    }
    vec_free(&blocks);
}
