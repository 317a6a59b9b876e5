/* il.h: IL opcodes, method bodies and exception clauses, read in place (§II.25.4, §III).
 * Files: il_ops.def (the opcodes), il_words.def (words of the assembler's language),
 * il_body.c (bodies, clauses, decoder), il_print.c (disassembly).
 * Data: an IlBody points into the image (or into the caller's bytes); nothing is allocated or copied.
 * Invariants: il_parse_body checks headers and clause ranges against the sizes, so code inside [0, code_size) and every
 * clause's offsets may be used unchecked; instructions are checked by il_decode one at a time.
 * Book: il.md  Tests: tests/unit/il/, fuzz/ */
#ifndef IL_IL_H
#define IL_IL_H
#include "base/base.h"
#include "md/md.h"
#include <stdio.h>

typedef enum IlOp { /* one byte: the byte; two bytes (0xFE xx): 0x100 + xx */
#define IL_OP(id, name, code, pops, pushes, operand, flow, section) IL_##id = code,
#include "il/il_ops.def"
#undef IL_OP
    IL_OP_LIMIT = 0x120,
} IlOp;

typedef enum IlOperand {
    IL_OPR_NONE,
    IL_OPR_I1,     /* i8 in .i */
    IL_OPR_U1,     /* u8 in .i: argument or local number, alignment, no. mask */
    IL_OPR_U2,     /* u16 in .i: argument or local number */
    IL_OPR_I4,     /* i32 in .i */
    IL_OPR_I8,     /* i64 in .i */
    IL_OPR_R4,     /* .r */
    IL_OPR_R8,     /* .r */
    IL_OPR_BR1,    /* .target */
    IL_OPR_BR4,    /* .target */
    IL_OPR_METHOD, /* .token: MethodDef, MemberRef, MethodSpec */
    IL_OPR_FIELD,  /* .token: Field, MemberRef */
    IL_OPR_TYPE,   /* .token: TypeDef, TypeRef, TypeSpec */
    IL_OPR_TOKEN,  /* .token: any of those */
    IL_OPR_SIG,    /* .token: StandAloneSig */
    IL_OPR_STRING, /* .token: 0x70…… */
    IL_OPR_SWITCH, /* .switch_count, il_switch_target */
} IlOperand;

typedef enum IlFlow {
    IL_FLOW_NEXT,
    IL_FLOW_BRANCH, /* always */
    IL_FLOW_COND,   /* conditional branch or switch */
    IL_FLOW_CALL,
    IL_FLOW_RETURN, /* ret, endfinally, endfilter, jmp */
    IL_FLOW_THROW,
    IL_FLOW_META,   /* prefix */
    IL_FLOW_BREAK,
} IlFlow;

/* pops and pushes: one character a stack slot, bottom first: i int32 or native int, l int64, f float32, d float64,
 * o object reference, v any; "*": depends on the operand.  pop_count/push_count: -1 for "*". */
typedef struct IlOpInfo {
    const char *name; /* NULL: no such opcode */
    const char *pops, *pushes;
    i8 pop_count, push_count;
    u8 operand, flow; /* IlOperand, IlFlow */
    u8 size;          /* of the opcode: 1 or 2 */
} IlOpInfo;
extern const IlOpInfo il_op_info[IL_OP_LIMIT];
extern const u8 il_op_operand[IL_OP_LIMIT]; /* the same as IlOpInfo.operand + 1, in few bytes; 0: no such opcode */

typedef struct IlBody {
    const u8 *code;
    u32 code_size, max_stack;
    u32 local_sig; /* StandAloneSig token, or 0 */
    bool init_locals, fat;
    u32 clause_count;
    const u8 *clauses; /* raw; il_clause reads them */
    bool clauses_fat;
    u32 total_size; /* header, code and sections */
} IlBody;

typedef enum IlClauseKind { IL_EH_CATCH = 0, IL_EH_FILTER = 1, IL_EH_FINALLY = 2, IL_EH_FAULT = 4 } IlClauseKind;
typedef struct IlClause {
    u32 kind; /* IlClauseKind */
    u32 try_start, try_end, handler_start, handler_end; /* [start, end) */
    u32 class_token;  /* catch */
    u32 filter_start; /* filter: it ends at handler_start */
} IlClause;

/* The body of a MethodDef row; false (ERR_BAD_IMAGE) if it has no RVA or is bad. */
bool il_read_body(const MdImage *m, u32 method_rid, IlBody *out, Err *e);
/* A body in its file format from bytes in memory; token goes into errors only. */
bool il_parse_body(const u8 *p, u32 avail, u32 token, IlBody *out, Err *e);
/* Clause i < clause_count, in the file's order (inner ones first) */
void il_clause(const IlBody *b, u32 i, IlClause *out);

typedef struct IlInst {
    IlOp op;
    u32 offset, size; /* next instruction: offset + size */
    u8 operand;       /* IlOperand */
    union {
        i64 i;
        double r;
        u32 token, target;
        struct {
            u32 switch_count;
            const u8 *switch_base; /* unaligned i32 displacements */
        };
    };
} IlInst;
/* Decodes the instruction at offset.  False: truncated, no such opcode, or (branches, switch) a target outside [0, size).
 * Targets are absolute offsets; that one is an instruction's start is not checked here. */
bool il_decode(const u8 *code, u32 size, u32 offset, IlInst *out);
/* The same for an offset at which il_decode found an instruction before: quick for the many without an operand, or with a token. */
extern const u8 il_quick_size[0x100]; /* of those: 1 or 5; else 0 */
static inline void il_decode_known(const u8 *code, u32 size, u32 offset, IlInst *in)
{
    u32 op = code[offset], n = il_quick_size[op];
    if (!n) {
        il_decode(code, size, offset, in);
        return;
    }
    u32 token = size - offset >= 5 ? pe_u32(code + offset + 1) : 0; /* without operand: of no meaning */
    in->op = (IlOp)op;
    in->offset = offset;
    in->operand = (u8)(il_op_operand[op] - 1);
    in->size = n;
    in->i = n == 5 ? token : 0;
}
static inline u32 il_switch_target(const IlInst *in, u32 i)
{
    i32 d;
    memcpy(&d, in->switch_base + (size_t)i * 4, 4);
    return in->offset + in->size + (u32)d;
}

/* Disassembly, for dumps: resolves tokens to names through m (may be NULL). */
void il_print_inst(FILE *f, const MdImage *m, const IlInst *in);
void il_print_body(FILE *f, const MdImage *m, const IlBody *b);
/* "Ns.Type::Name" and the like for a token, cut to cap with NUL; the length it wanted */
size_t il_token_text(const MdImage *m, u32 token, char *buf, size_t cap);
#endif
