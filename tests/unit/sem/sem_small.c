/* sem_small.c: hand-made bodies: dead code, loops, merges, handlers, leave, conversions at joins, bad IL. */
#include "sem/sem.h"
#include "unit/type/type_test.h"

static const u8 *body_code, *body_clauses;
static u32 body_size, body_num_clauses;
static SigType body_locals[3];
static Arena arena;
static SemWalk w;
static SemInst got[100];
static u32 num_got;

static bool stub_body(struct IlStub *s, IlBody *body, const SigType **locals, u32 *n)
{
    (void)s;
    *body = (IlBody){.code = body_code, .code_size = body_size, .max_stack = 8, .clauses = body_clauses, .clause_count = body_num_clauses, .clauses_fat = true};
    *locals = body_locals;
    *n = ARRAY_LEN(body_locals);
    return true;
}

/* Walks the body; cut: what a reader does with a constant before a conditional jump. */
static bool run(const u8 *code, u32 size, u8 ret, bool cut, Err *e)
{
    static MethodSig sig;
    static Method m;
    static SigType param = {.kind = ET_I4};
    sig = (MethodSig){.num_params = 1, .params = &param, .ret = {.kind = ret}};
    m = (Method){.flags = MF_STATIC | MF_STUB, .mt = type_wk(WK_OBJECT), .msig = &sig, .il_stub = (struct IlStub *)&m, .name = "m"};
    m.canon = &m;
    body_code = code;
    body_size = size;
    *e = (Err){0};
    num_got = 0;
    if (!sem_begin(&w, &arena, &m, e))
        return false;
    do {
        SemInst *i = &got[num_got];
        if (!sem_next(&w, i, e))
            return false;
        if (cut && i->op == SEM_JUMP_IF && num_got && got[num_got - 1].op == SEM_CONST)
            sem_branch_taken(&w, (got[num_got - 1].value.i != 0) == i->branch.when);
    } while (got[num_got].op != SEM_END && ++num_got < ARRAY_LEN(got) - 1);
    return true;
}
#define RUN(ret, cut, ...) ({ static const u8 c_[] = {__VA_ARGS__}; run(c_, sizeof c_, ret, cut, &e); })
static u32 count(SemOp op)
{
    u32 n = 0;
    for (u32 i = 0; i < num_got; i++)
        n += got[i].op == op;
    return n;
}

int main(void)
{
    Err e;
    test_boot();
    arena_init(&arena, 0);
    sem_client.stub_body = stub_body;
    body_locals[0].kind = ET_I4;
    body_locals[1].kind = ET_I;
    body_locals[2].kind = ET_R8;

    /* br cond; body: ldloc 0, pop; cond: ldarg 0, brtrue body; ret */
    EXPECT(RUN(ET_VOID, false, 0x2b, 2, 0x06, 0x26, 0x02, 0x2d, 0xfb, 0x2a), "loop: %s", e.text);
    EXPECT(w.has_loops && w.blocks[1].backward && w.blocks[1].reached && w.num_blocks == 4, "loop blocks");
    EXPECT(w.locals[0].uses == 8 && w.args[0].uses == 8, "weights %u %u", w.locals[0].uses, w.args[0].uses);

    /* ldc 0; brfalse end; <the same loop>; end: ret: nothing of the loop is given when the branch is cut */
    EXPECT(RUN(ET_VOID, true, 0x16, 0x2c, 7, 0x2b, 2, 0x06, 0x26, 0x02, 0x2d, 0xfb, 0x2a), "dead loop: %s", e.text);
    EXPECT(count(SEM_LDLOC) == 0 && count(SEM_LDARG) == 0 && count(SEM_RET) == 1, "dead loop was given");
    EXPECT(RUN(ET_VOID, false, 0x16, 0x2c, 7, 0x2b, 2, 0x06, 0x26, 0x02, 0x2d, 0xfb, 0x2a) && count(SEM_LDLOC) == 1, "live loop was not given");

    /* join of native int and int32: the second is widened before its fall-through */
    EXPECT(RUN(ET_VOID, false, 0x02, 0x2d, 3, 0x07, 0x2b, 1, 0x06, 0x0b, 0x2a), "join: %s", e.text);
    EXPECT(count(SEM_CONV) == 1 && w.blocks[3].stack[0].kind == SEM_I, "join not widened");

    /* ldloc.0; stloc.1 widens; ldc.r4; stloc.2 too */
    EXPECT(RUN(ET_VOID, false, 0x06, 0x0b, 0x22, 0, 0, 0x80, 0x3f, 0x0c, 0x2a), "store: %s", e.text);
    EXPECT(count(SEM_CONV) == 2, "stores not widened");

    /* depth differs at a join; stack underflow; branch into an instruction; bad local; end of code */
    EXPECT(!RUN(ET_VOID, false, 0x02, 0x2d, 1, 0x06, 0x2a) && e.kind == ERR_INVALID_PROGRAM, "depths");
    EXPECT(!RUN(ET_VOID, false, 0x58, 0x2a) && e.kind == ERR_INVALID_PROGRAM, "underflow");
    EXPECT(!RUN(ET_VOID, false, 0x2b, 2, 0x20, 0, 0, 0, 0, 0x26, 0x2a) && e.kind == ERR_INVALID_PROGRAM, "middle");
    EXPECT(!RUN(ET_VOID, false, 0x11, 3, 0x26, 0x2a) && e.kind == ERR_INVALID_PROGRAM, "local");
    EXPECT(!RUN(ET_VOID, false, 0x00) && e.kind == ERR_INVALID_PROGRAM, "end");
    EXPECT(!RUN(ET_VOID, false, 0x06, 0x23, 0, 0, 0, 0, 0, 0, 0, 0, 0x58, 0x26, 0x2a) && e.kind == ERR_INVALID_PROGRAM, "int + float");

    /* try { ldloc.0 pop leave end } finally { ldloc.1 pop endfinally } end: ret */
    static const u32 clause[6] = {IL_EH_FINALLY, 0, 4, 4, 3, 0};
    body_clauses = (const u8 *)clause;
    body_num_clauses = 1;
    EXPECT(RUN(ET_VOID, false, 0x06, 0x26, 0xde, 3, 0x07, 0x26, 0xdc, 0x2a), "finally: %s", e.text);
    for (u32 i = 0; i < num_got; i++)
        if (got[i].op == SEM_LEAVE)
            EXPECT(got[i].leave.num_finallies == 1 && got[i].leave.finallies[0] == 0 && !got[i].leave.from_catch, "leave");
    EXPECT(count(SEM_LEAVE) == 1 && count(SEM_ENDFINALLY) == 1 && count(SEM_RET) == 1, "finally ops");
    EXPECT(!w.locals[0].in_handler && w.locals[1].in_handler && !w.has_catch, "in_handler");
    EXPECT(w.blocks[1].handler_kind == SEM_HANDLER_FINALLY && w.blocks[1].region == 1 && w.blocks[0].try_region == 1, "regions");

    /* catch: enters with the exception */
    static const u32 catches[6] = {IL_EH_CATCH, 0, 4, 4, 3, 0x01000001};
    body_clauses = (const u8 *)catches;
    EXPECT(RUN(ET_VOID, false, 0x06, 0x26, 0xde, 3, 0x26, 0xde, 0, 0x2a), "catch: %s", e.text);
    EXPECT(w.has_catch && w.locals[0].in_handler && count(SEM_POP) == 2 && count(SEM_LEAVE) == 2, "catch ops");
    printf("%d failures\n", failures);
    return failures != 0;
}
