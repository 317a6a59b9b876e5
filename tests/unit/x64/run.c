/* run.c: the buffer, labels, tables and relocations, by running what was emitted; and the speed of emitting. */
#include "x64/x64.h"
#include "x64/x64_disasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

typedef i64 Fn(i64, i64);
static char *space;

/* finishes b for an address in the test's executable memory and puts it there */
static Fn *install(X64Buf *b)
{
    CHECK(x64_finish(b, (u64)(uintptr_t)space));
    memcpy(space, b->start, x64_pos(b));
    return (Fn *)(void *)space;
}

static void test_loop(X64Buf *b)
{
    x64_reset(b);
    X64Label loop, done = x64_label(b);
    x64_zero(b, X64_RAX);
    loop = x64_label_here(b);
    x64_test_rr(b, 8, X64_RDI, X64_RDI);
    x64_jcc_short(b, X64_E, done);
    x64_add_rr(b, 8, X64_RAX, X64_RDI);
    x64_dec_r(b, 8, X64_RDI);
    u32 at = x64_pos(b);
    x64_jmp(b, loop);
    CHECK(x64_pos(b) - at == 2);
    x64_bind(b, done);
    x64_ret(b);
    CHECK(install(b)(100, 0) == 5050);
}

static void test_far_jumps(X64Buf *b)
{
    x64_reset(b);
    X64Label ahead = x64_label(b), back = x64_label(b), out = x64_label(b);
    x64_jmp(b, ahead);
    x64_bind(b, back);
    x64_lea(b, 8, X64_RAX, x64_mem_sib(X64_RDI, X64_RSI, 4, 3));
    x64_jmp(b, out);
    x64_nop(b, 1000);
    x64_bind(b, ahead);
    x64_test_rr(b, 8, X64_RDI, X64_RDI);
    x64_jcc(b, X64_NE, back);
    x64_mov_ri(b, 8, X64_RAX, -1);
    x64_bind(b, out);
    x64_ret(b);
    Fn *f = install(b);
    CHECK(f(10, 5) == 33);
    CHECK(f(0, 5) == -1);
}

static void test_table(X64Buf *b)
{
    x64_reset(b);
    X64Label table = x64_label(b), targets[5];
    for (u32 i = 0; i < 5; i++)
        targets[i] = x64_label(b);
    x64_lea(b, 8, X64_RAX, x64_mem_label(table, 0));
    x64_movsx_rm(b, 8, 4, X64_RCX, x64_mem_sib(X64_RAX, X64_RDI, 4, 0));
    x64_add_rr(b, 8, X64_RCX, X64_RAX);
    x64_jmp_r(b, X64_RCX);
    for (u32 i = 0; i < 3; i++) {
        x64_bind(b, targets[i]);
        x64_mov_ri(b, 4, X64_RAX, 100 + i);
        x64_ret(b);
    }
    x64_int3(b);
    x64_table(b, table, targets, 5);
    for (u32 i = 3; i < 5; i++) {
        x64_bind(b, targets[i]);
        x64_mov_ri(b, 4, X64_RAX, 100 + i);
        x64_ret(b);
    }
    Fn *f = install(b);
    for (i64 i = 0; i < 5; i++)
        CHECK(f(i, 0) == 100 + i);
}

static i64 callee(i64 a, i64 b) { return a * 1000 + b; }

static void test_relocations(X64Buf *b)
{
    x64_reset(b);
    i64 *datum = (i64 *)(void *)(space + 8192);
    *datum = 77;
    X64Label self = x64_label_here(b), stored = x64_label(b);
    x64_push_r(b, X64_RBP);
    x64_call_far(b, (void *)(uintptr_t)callee, X64_RAX);
    x64_add_rm(b, 8, X64_RAX, x64_mem_abs(datum));
    x64_mov_mi(b, 8, x64_mem_abs(datum), 12345678);
    x64_lea(b, 8, X64_RCX, x64_mem_label(self, 0));
    x64_sub_rm(b, 8, X64_RCX, x64_mem_label(stored, 0));
    x64_add_rr(b, 8, X64_RAX, X64_RCX);
    x64_pop_r(b, X64_RBP);
    x64_ret(b);
    x64_align(b, 8);
    x64_bind(b, stored);
    x64_data64_label(b, self);
    CHECK(install(b)(4, 2) == 4002 + 77);
    CHECK(*datum == 12345678);
    /* the same bytes for another address, then back */
    CHECK(x64_finish(b, (u64)(uintptr_t)space + 64));
    CHECK(install(b)(4, 3) == 4003 + 12345678);
    /* out of reach */
    CHECK(!x64_finish(b, (u64)(uintptr_t)space + (1ull << 33)));
    CHECK(b->error);
}

static void test_calls(X64Buf *b)
{
    x64_reset(b);
    X64Label fn = x64_label(b);
    x64_call_label(b, fn);
    x64_add_ri(b, 8, X64_RAX, 1);
    x64_ret(b);
    x64_bind(b, fn);
    x64_mov_rr(b, 8, X64_RAX, X64_RDI);
    x64_imul_rr(b, 8, X64_RAX, X64_RSI);
    x64_ret(b);
    CHECK(install(b)(6, 7) == 43);
}

static void test_floats(X64Buf *b)
{
    x64_reset(b);
    x64_cvtsi2sd_xr(b, 8, X64_XMM9, X64_RDI);
    x64_cvtsi2sd_xr(b, 8, X64_XMM1, X64_RSI);
    x64_divsd_xx(b, X64_XMM9, X64_XMM1);
    x64_sqrtsd_xx(b, X64_XMM9, X64_XMM9);
    x64_cvttsd2si_rx(b, 8, X64_RAX, X64_XMM9);
    x64_ret(b);
    CHECK(install(b)(324, 4) == 9);
}

static void test_fixed(void)
{
    u8 mem[32];
    X64Buf b;
    memset(mem, 0x55, sizeof(mem));
    x64_init_fixed(&b, mem, 20);
    x64_mov_ri(&b, 8, X64_RAX, 0x123456789abcdefll);
    CHECK(x64_pos(&b) == 10 && x64_finish(&b, 0));
    X64Label l = x64_label(&b);
    for (u32 i = 0; i < 100; i++) {
        x64_jmp(&b, l);
        x64_nop(&b, 100);
    }
    x64_bind(&b, l);
    CHECK(b.error && !x64_finish(&b, 0) && mem[20] == 0x55);
    x64_reset(&b);
    x64_ret(&b);
    CHECK(x64_finish(&b, 0) && mem[0] == 0xc3);
    x64_free(&b);
}

static void test_growth(void)
{
    X64Buf b;
    x64_init(&b, 0);
    X64Label l = x64_label(&b);
    for (u32 i = 0; i < 10000; i++)
        x64_jcc(&b, X64_E, l);
    x64_bind(&b, l);
    CHECK(x64_pos(&b) == 60000 && x64_finish(&b, 0));
    for (u32 i = 0; i < 10000; i++) {
        i32 d;
        memcpy(&d, b.start + i * 6 + 2, 4);
        CHECK(i * 6 + 6 + (u32)d == 60000);
    }
    x64_free(&b);
}

static void test_disasm(void)
{
    static const u8 code[] = {0x48, 0x03, 0x43, 0x08, 0x06};
    char out[100];
    if (!x64_disasm_available()) {
        CHECK(x64_disasm_line(code, 2, 0, out, sizeof(out)) == 2 && strcmp(out, "db 0x48, 0x03") == 0);
        return;
    }
    CHECK(x64_disasm_line(code, 5, 0, out, sizeof(out)) == 4);
    CHECKF(strcmp(out, "add rax, qword ptr [rbx + 8]") == 0, "%s", out);
    CHECK(x64_disasm_line(code + 4, 1, 0, out, sizeof(out)) == 1 && strcmp(out, "db 0x06") == 0);
    CHECK(x64_disasm_line(code, 4, 0, out, 4) == 4 && strcmp(out, "add") == 0);
}

static void measure(X64Buf *b)
{
    struct timespec t0, t1;
    u32 n = 200000;
    x64_reset(b);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (u32 i = 0; i < n; i++) {
        x64_mov_rm(b, 8, X64_RAX, x64_mem(X64_RBP, -(i32)(i & 255)));
        x64_add_rr(b, 4, X64_RAX, X64_R9);
        x64_cmp_ri(b, 4, X64_RAX, (i32)i);
        x64_mov_mr(b, 8, x64_mem(X64_RBP, -16), X64_RAX);
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    double ns = (double)(t1.tv_sec - t0.tv_sec) * 1e9 + (double)(t1.tv_nsec - t0.tv_nsec);
    printf("%.1f ns an instruction\n", ns / (4.0 * n));
}

int main(void)
{
    X64Buf b;
    space = mmap(NULL, 16384, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(space != MAP_FAILED);
    x64_init(&b, 64);
    test_loop(&b);
    test_far_jumps(&b);
    test_table(&b);
    test_relocations(&b);
    test_calls(&b);
    test_floats(&b);
    test_fixed();
    test_growth();
    test_disasm();
    measure(&b);
    x64_free(&b);
    for (u32 i = 0; i < 16; i++)
        CHECK(x64_cc_swap(x64_cc_swap((X64Cc)i)) == (X64Cc)i);
    return 0;
}
