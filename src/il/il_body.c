/* il_body.c: method headers, exception clauses, instruction decoding (§II.25.4, §III.1.2).
 * In: bytes of a method.  Out: IlBody, IlClause, IlInst, all pointing into them.
 * Invariant: clause ranges of a body that il_parse_body accepted lie inside its code.
 * Not here: whether instructions make sense together (sem/, verify/).  Book: il.md  Tests: tests/unit/il/, fuzz/ */
#include "il/il.h"

#define COUNT(s) ((s)[0] == '*' ? -1 : (i8)(sizeof(s) - 1))
const IlOpInfo il_op_info[IL_OP_LIMIT] = {
#define IL_OP(id, nm, code, pop, push, opr, flw, section)                                                              \
    [code] = {.name = (nm), .pops = (pop), .pushes = (push), .pop_count = COUNT(pop), .push_count = COUNT(push),       \
              .operand = IL_OPR_##opr, .flow = IL_FLOW_##flw, .size = (code) < 0x100 ? 1 : 2},
#include "il/il_ops.def"
#undef IL_OP
};

const u8 il_op_operand[IL_OP_LIMIT] = {
#define IL_OP(id, nm, code, pop, push, opr, flw, section) [code] = IL_OPR_##opr + 1,
#include "il/il_ops.def"
#undef IL_OP
};

#define QUICK(opr) ((opr) == IL_OPR_NONE ? 1 : (opr) >= IL_OPR_METHOD && (opr) <= IL_OPR_STRING ? 5 : 0)
#define IL_OP(id, nm, code, pop, push, opr, flw, section) [(code) < 0x100 ? (code) : 0xFE] = (code) < 0x100 ? QUICK(IL_OPR_##opr) : 0,
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* of all opcodes of two bytes */
const u8 il_quick_size[0x100] = {
#include "il/il_ops.def"
};
#pragma GCC diagnostic pop
#undef IL_OP
#undef QUICK

enum { /* method header and section flags */
    HEADER_TINY = 2,
    HEADER_FAT = 3,
    HEADER_MORE_SECTS = 8,
    HEADER_INIT_LOCALS = 0x10,
    SECT_EH = 1,
    SECT_FAT = 0x40,
    SECT_MORE = 0x80,
    SMALL_CLAUSE = 12,
    FAT_CLAUSE = 24,
};

static bool bad_body(Err *e, u32 token)
{
    if (e && e->kind == ERR_NONE) e->hresult = PE_HR_BAD_IMAGE;
    return err_set(e, ERR_BAD_IMAGE, token, "Bad IL format.");
}

static bool bad_clause(Err *e, u32 token)
{
    return err_set(e, ERR_INVALID_PROGRAM, token, "Common Language Runtime detected an invalid program.");
}

void il_clause(const IlBody *b, u32 i, IlClause *out)
{
    if (b->clauses_fat) {
        const u8 *p = b->clauses + (size_t)i * FAT_CLAUSE;
        out->kind = pe_u32(p);
        out->try_start = pe_u32(p + 4);
        out->try_end = out->try_start + pe_u32(p + 8);
        out->handler_start = pe_u32(p + 12);
        out->handler_end = out->handler_start + pe_u32(p + 16);
        out->class_token = pe_u32(p + 20);
    } else {
        const u8 *p = b->clauses + (size_t)i * SMALL_CLAUSE;
        out->kind = pe_u16(p);
        out->try_start = pe_u16(p + 2);
        out->try_end = out->try_start + p[4];
        out->handler_start = pe_u16(p + 5);
        out->handler_end = out->handler_start + p[7];
        out->class_token = pe_u32(p + 8);
    }
    out->filter_start = out->kind == IL_EH_FILTER ? out->class_token : 0;
    if (out->kind != IL_EH_CATCH) out->class_token = 0;
}

static bool clause_ok(const IlBody *b, u32 i)
{
    IlClause c;
    il_clause(b, i, &c);
    if (c.kind != IL_EH_CATCH && c.kind != IL_EH_FILTER && c.kind != IL_EH_FINALLY && c.kind != IL_EH_FAULT)
        return false;
    if (c.try_start >= c.try_end || c.try_end > b->code_size) return false; /* also: a sum that wrapped */
    if (c.handler_start >= c.handler_end || c.handler_end > b->code_size) return false;
    return c.kind != IL_EH_FILTER || c.filter_start < c.handler_start;
}

/* Sections after the code: the first table of clauses counts, as in the reference. */
static bool read_sections(const u8 *p, u32 avail, u32 at, u32 token, IlBody *b, Err *e)
{
    for (bool more = true; more;) {
        at = ALIGN_UP(at, 4u);
        if (at > avail || avail - at < 4) return bad_body(e, token);
        u8 kind = p[at];
        bool fat = kind & SECT_FAT;
        u32 size = fat ? pe_u32(p + at) >> 8 : p[at + 1];
        u32 each = fat ? FAT_CLAUSE : SMALL_CLAUSE;
        u32 count = size / each; /* some compilers leave the section's own header out of the size */
        u32 span = MAX(size, 4 + count * each);
        if (span < 4 || span > avail - at) return bad_body(e, token);
        if ((kind & 0x3F) == SECT_EH && !b->clause_count) {
            b->clauses = p + at + 4;
            b->clauses_fat = fat;
            b->clause_count = count;
        }
        at += span;
        more = kind & SECT_MORE;
    }
    b->total_size = at;
    for (u32 i = 0; i < b->clause_count; i++)
        if (!clause_ok(b, i)) return bad_clause(e, token);
    return true;
}

bool il_parse_body(const u8 *p, u32 avail, u32 token, IlBody *b, Err *e)
{
    memset(b, 0, sizeof(*b));
    if (avail < 1) return bad_body(e, token);
    if ((p[0] & 3) == HEADER_TINY) {
        b->code_size = p[0] >> 2;
        b->code = p + 1;
        b->max_stack = 8;
        b->total_size = 1 + b->code_size;
        return b->total_size <= avail || bad_body(e, token);
    }
    if ((p[0] & 3) != HEADER_FAT || avail < 12) return bad_body(e, token);
    u32 flags = pe_u16(p), header = (flags >> 12) * 4;
    if (header < 12 || header > avail) return bad_body(e, token);
    b->fat = true;
    b->init_locals = flags & HEADER_INIT_LOCALS;
    b->max_stack = pe_u16(p + 2);
    b->code_size = pe_u32(p + 4);
    b->local_sig = pe_u32(p + 8);
    b->code = p + header;
    if (b->code_size > avail - header) return bad_body(e, token);
    b->total_size = header + b->code_size;
    if (!(flags & HEADER_MORE_SECTS)) return true;
    return read_sections(p, avail, b->total_size, token, b, e);
}

bool il_read_body(const MdImage *m, u32 rid, IlBody *out, Err *e)
{
    u32 rva = md_MethodDef_RVA(m, rid), avail, token = MD_TOKEN(MDT_MethodDef, rid);
    const u8 *p = rva ? md_rva(m, rva, &avail) : NULL;
    if (!p) {
        memset(out, 0, sizeof(*out));
        return bad_body(e, token);
    }
    if (!il_parse_body(p, avail, token, out, e)) return false;
    bool sig_ok = out->local_sig == 0 ||
                  (MD_TABLE_OF(out->local_sig) == MDT_StandAloneSig && md_valid_token(m, out->local_sig));
    return sig_ok || bad_body(e, token);
}

/* --- decoding --- */

static const u8 operand_size[] = {
    [IL_OPR_NONE] = 0,  [IL_OPR_I1] = 1,    [IL_OPR_U1] = 1,     [IL_OPR_U2] = 2,   [IL_OPR_I4] = 4,  [IL_OPR_I8] = 8,
    [IL_OPR_R4] = 4,    [IL_OPR_R8] = 8,    [IL_OPR_BR1] = 1,    [IL_OPR_BR4] = 4,  [IL_OPR_METHOD] = 4,
    [IL_OPR_FIELD] = 4, [IL_OPR_TYPE] = 4,  [IL_OPR_TOKEN] = 4,  [IL_OPR_SIG] = 4,  [IL_OPR_STRING] = 4,
    [IL_OPR_SWITCH] = 4,
};

static bool decode_switch(const u8 *p, u32 size, u32 at, IlInst *in)
{
    u32 n = pe_u32(p);
    if (n > (size - at - 4) / 4) return false;
    in->switch_count = n;
    in->switch_base = p + 4;
    in->size += n * 4;
    i64 next = (i64)in->offset + in->size;
    for (u32 i = 0; i < n; i++) {
        i64 target = next + (i32)pe_u32(p + 4 + (size_t)i * 4);
        if (target < 0 || target >= size) return false;
    }
    return true;
}

bool il_decode(const u8 *code, u32 size, u32 offset, IlInst *in)
{
    if (offset >= size) return false;
    u32 op = code[offset], at = offset + 1;
    if (op == 0xFE) {
        if (at >= size) return false;
        op = 0x100 + code[at++];
        if (op >= IL_OP_LIMIT) return false;
    }
    u32 operand = il_op_operand[op] - 1u;
    if (operand == UINT32_MAX || size - at < operand_size[operand]) return false;
    const u8 *p = code + at;
    in->op = (IlOp)op;
    in->offset = offset;
    in->operand = (u8)operand;
    in->size = at - offset + operand_size[operand];
    in->i = 0;
    i64 target = (i64)offset + in->size;
    switch (operand) {
    case IL_OPR_NONE: return true;
    case IL_OPR_I1: in->i = (i8)p[0]; return true;
    case IL_OPR_U1: in->i = p[0]; return true;
    case IL_OPR_U2: in->i = pe_u16(p); return true;
    case IL_OPR_I4: in->i = (i32)pe_u32(p); return true;
    case IL_OPR_I8: in->i = (i64)pe_u64(p); return true;
    case IL_OPR_R4: {
        float f;
        memcpy(&f, p, 4);
        in->r = (double)f;
        return true;
    }
    case IL_OPR_R8: memcpy(&in->r, p, 8); return true;
    case IL_OPR_BR1: target += (i8)p[0]; break;
    case IL_OPR_BR4: target += (i32)pe_u32(p); break;
    case IL_OPR_SWITCH: return decode_switch(p, size, at, in);
    default: in->token = pe_u32(p); return true;
    }
    if (target < 0 || target >= size) return false;
    in->target = (u32)target;
    return true;
}
