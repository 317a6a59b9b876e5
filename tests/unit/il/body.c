/* body.c: method headers, clauses, the decoder and the printer. */
#define _GNU_SOURCE /* open_memstream */
#include "test.h"
#include "il/il.h"
#include <stdlib.h>

TEST(opcode_table)
{
    u32 n = 0;
    for (u32 i = 0; i < IL_OP_LIMIT; i++) {
        const IlOpInfo *o = &il_op_info[i];
        if (!o->name) continue;
        n++;
        EXPECT_EQ(o->size, i < 0x100 ? 1 : 2);
    }
    EXPECT_EQ(n, 219);
    EXPECT_STR(il_op_info[IL_CALLVIRT].name, "callvirt");
    EXPECT_EQ(IL_CALLVIRT, 0x6F);
    EXPECT_EQ(IL_READONLY, 0x11E);
    EXPECT_EQ(il_op_info[IL_STELEM_REF].pop_count, 3);
    EXPECT_EQ(il_op_info[IL_DUP].push_count, 2);
    EXPECT_EQ(il_op_info[IL_CALL].pop_count, -1);
    EXPECT_EQ(il_op_info[IL_CONV_OVF_U_UN].operand, IL_OPR_NONE);
}

TEST(tiny)
{
    IlBody b;
    const u8 body[] = {2 << 2 | 2, IL_LDNULL, IL_RET};
    EXPECT(il_parse_body(body, sizeof(body), 0, &b, NULL));
    EXPECT_EQ(b.code_size, 2);
    EXPECT_EQ(b.max_stack, 8);
    EXPECT(!b.init_locals && !b.fat && !b.clause_count);
    EXPECT(!il_parse_body(body, 2, 0, &b, NULL));
    EXPECT(!il_parse_body(body, 0, 0, &b, NULL));
}

static u8 fat[12 + 4 + 4 + 24 * 2];

static u32 make_fat(bool big_clause, u32 kind, u32 t0, u32 tn, u32 h0, u32 hn, u32 extra)
{
    memset(fat, 0, sizeof(fat));
    const u8 head[] = {0x1B, 0x30, 5, 0, 4, 0, 0, 0, 0, 0, 0, 0, IL_NOP, IL_NOP, IL_NOP, IL_RET};
    memcpy(fat, head, sizeof(head));
    u8 *s = fat + 16;
    if (big_clause) {
        const u32 w[] = {0x41 | (24 + 4) << 8, kind, t0, tn, h0, hn, extra};
        memcpy(s, w, sizeof(w));
        return 16 + sizeof(w);
    }
    s[0] = 1, s[1] = 16, s[4] = (u8)kind, s[6] = (u8)t0, s[8] = (u8)tn, s[9] = (u8)h0, s[11] = (u8)hn;
    memcpy(s + 12, &extra, 4);
    return 32;
}

TEST(clauses)
{
    IlBody b;
    IlClause c;
    for (int big = 0; big < 2; big++) {
        Err e = {0};
        u32 n = make_fat(big, IL_EH_CATCH, 0, 1, 1, 2, 0x01000007);
        EXPECT(il_parse_body(fat, n, 0, &b, NULL));
        EXPECT(b.fat && b.init_locals);
        EXPECT_EQ(b.max_stack, 5);
        EXPECT_EQ(b.code_size, 4);
        EXPECT_EQ(b.clause_count, 1);
        EXPECT_EQ(b.total_size, n);
        il_clause(&b, 0, &c);
        EXPECT_EQ(c.kind, IL_EH_CATCH);
        EXPECT_EQ(c.try_end, 1);
        EXPECT_EQ(c.handler_start, 1);
        EXPECT_EQ(c.handler_end, 3);
        EXPECT_EQ(c.class_token, 0x01000007);
        n = make_fat(big, IL_EH_FILTER, 0, 1, 2, 1, 1);
        EXPECT(il_parse_body(fat, n, 0, &b, NULL));
        il_clause(&b, 0, &c);
        EXPECT_EQ(c.filter_start, 1);
        EXPECT_EQ(c.class_token, 0);
        EXPECT(!il_parse_body(fat, n - 1, 0, &b, NULL));
        n = make_fat(big, IL_EH_FILTER, 0, 1, 2, 1, 2);
        EXPECT(!il_parse_body(fat, n, 0, &b, &e));
        EXPECT_EQ(e.kind, ERR_INVALID_PROGRAM);
        EXPECT_STR(e.text, "Common Language Runtime detected an invalid program.");
        n = make_fat(big, 3, 0, 1, 1, 2, 0);
        EXPECT(!il_parse_body(fat, n, 0, &b, NULL));
        n = make_fat(big, IL_EH_FINALLY, 0, 0, 1, 2, 0);
        EXPECT(!il_parse_body(fat, n, 0, &b, NULL));
        n = make_fat(big, IL_EH_FINALLY, 0, 1, 1, 4, 0);
        EXPECT(!il_parse_body(fat, n, 0, &b, NULL));
    }
    EXPECT(!il_parse_body(fat, make_fat(true, IL_EH_FAULT, 1, 0xFFFFFFFF, 1, 2, 0), 0, &b, NULL));
    make_fat(true, IL_EH_FAULT, 0, 1, 1, 2, 0);
    fat[1] = 0x20; /* header of two words */
    EXPECT(!il_parse_body(fat, sizeof(fat), 0, &b, NULL));
    fat[1] = 0xF0; /* and beyond the end */
    EXPECT(!il_parse_body(fat, 40, 0, &b, NULL));
    fat[0] = 0; /* neither tiny nor fat */
    EXPECT(!il_parse_body(fat, sizeof(fat), 0, &b, NULL));
}

static u32 decode(const u8 *code, u32 size, IlInst *in)
{
    static u8 *copy; /* of the exact size, and alive while *in points into it */
    memset(in, 0, sizeof(*in));
    copy = realloc(copy, size);
    memcpy(copy, code, size);
    return il_decode(copy, size, 0, in) ? in->size : 0;
}
#define D(in, ...) decode((const u8[]){__VA_ARGS__}, sizeof((u8[]){__VA_ARGS__}), (in))

TEST(decoder)
{
    IlInst in;
    EXPECT_EQ(D(&in, IL_NOP), 1);
    EXPECT_EQ(D(&in, IL_LDC_I4_S, 0xFE), 2);
    EXPECT_EQ(in.i, -2);
    EXPECT_EQ(D(&in, IL_LDC_I4_S), 0);
    EXPECT_EQ(D(&in, IL_LDC_I4, 0xFF, 0xFF, 0xFF, 0x7F), 5);
    EXPECT_EQ(in.i, 0x7FFFFFFF);
    EXPECT_EQ(D(&in, IL_LDC_I8, 1, 0, 0, 0, 0, 0, 0, 0x80), 9);
    EXPECT(in.i == INT64_MIN + 1);
    EXPECT_EQ(D(&in, IL_LDC_R4, 0, 0, 0xC0, 0x3F), 5);
    EXPECT(in.r == 1.5);
    EXPECT_EQ(D(&in, IL_LDC_R8, 0, 0, 0, 0, 0, 0, 0xF8, 0xBF), 9);
    EXPECT(in.r == -1.5);
    EXPECT_EQ(D(&in, IL_LDARG_S, 200), 2);
    EXPECT_EQ(in.i, 200);
    EXPECT_EQ(D(&in, 0xFE, 0x0C, 0x34, 0x12), 4);
    EXPECT_EQ(in.op, IL_LDLOC);
    EXPECT_EQ(in.i, 0x1234);
    EXPECT_EQ(D(&in, 0xFE), 0);
    EXPECT_EQ(D(&in, 0xFE, 0x08), 0);
    EXPECT_EQ(D(&in, 0xFE, 0xFF), 0);
    EXPECT_EQ(D(&in, 0x24), 0);
    EXPECT_EQ(D(&in, IL_BR_S, 0xFE), 2);
    EXPECT_EQ(in.target, 0);
    EXPECT_EQ(D(&in, IL_BR_S, 0xFD), 0);
    EXPECT_EQ(D(&in, IL_BR_S, 0), 0); /* to the end: outside */
    EXPECT_EQ(D(&in, IL_BR, 0, 0, 0, 0, IL_RET), 5);
    EXPECT_EQ(in.target, 5);
    EXPECT_EQ(D(&in, IL_CALL, 1, 0, 0, 6), 5);
    EXPECT_EQ(in.token, 0x06000001);
    EXPECT_EQ(D(&in, IL_SWITCH, 2, 0, 0, 0, 0, 0, 0, 0, 0xF3, 0xFF, 0xFF, 0xFF, IL_RET), 13);
    EXPECT_EQ(in.switch_count, 2);
    EXPECT_EQ(il_switch_target(&in, 0), 13);
    EXPECT_EQ(il_switch_target(&in, 1), 0);
    EXPECT_EQ(D(&in, IL_SWITCH, 1, 0, 0, 0, 1, 0, 0, 0, IL_RET), 0);
    EXPECT_EQ(D(&in, IL_SWITCH, 0xFF, 0xFF, 0xFF, 0x3F, 0, 0, 0, 0), 0);
    EXPECT_EQ(D(&in, IL_SWITCH, 0, 0, 0), 0);
}

TEST(printer)
{
    char *text = NULL;
    size_t size;
    IlBody b;
    FILE *f = open_memstream(&text, &size);
    EXPECT(il_parse_body(fat, make_fat(false, IL_EH_FAULT, 0, 1, 1, 2, 0), 0, &b, NULL));
    il_print_body(f, NULL, &b);
    const u8 bad[] = {3 << 2 | 2, IL_LDC_R8, 0, 0};
    EXPECT(il_parse_body(bad, sizeof(bad), 0, &b, NULL));
    il_print_body(f, NULL, &b);
    const u8 more[] = {14 << 2 | 2, IL_BR_S, 0, IL_SWITCH, 1, 0, 0, 0, 0, 0, 0, 0, IL_LDC_I4_S, 5, IL_RET};
    EXPECT(il_parse_body(more, sizeof(more), 0, &b, NULL));
    il_print_body(f, NULL, &b);
    fclose(f);
    EXPECT(strstr(text, "fault handler IL_0001 to IL_0003") != NULL);
    EXPECT(strstr(text, "IL_0003: ret") != NULL);
    EXPECT(strstr(text, "<bad instruction 23>") != NULL);
    EXPECT(strstr(text, "switch       (IL_000b)") != NULL);
    EXPECT(strstr(text, "ldc.i4.s     5") != NULL);
    free(text);
}

TEST_MAIN(opcode_table, tiny, clauses, decoder, printer)
