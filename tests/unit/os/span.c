/* Address space and the span: alignment, zeroing, reuse, the two views of code. */
#include <stdlib.h>

#include "os/os_mem.h"
#include "test.h"

TEST(reserve_is_aligned)
{
    char *p = os_mem_reserve(3 << 20, 1 << 20);
    EXPECT(p != NULL);
    EXPECT_EQ((uintptr_t)p % (1 << 20), 0);
    EXPECT(os_mem_commit(p + OS_PAGE, OS_PAGE));
    p[OS_PAGE] = 1;
    os_mem_discard(p + OS_PAGE, OS_PAGE);
    EXPECT_EQ(p[OS_PAGE], 0);
    os_mem_decommit(p + OS_PAGE, OS_PAGE);
    os_mem_release(p, 3 << 20);
    EXPECT(os_mem_physical() > 1 << 20);
}

TEST(span_reaches)
{
    os_span_init();
    EXPECT(os_span.end - os_span.base < (i64)INT32_MAX);
    for (int k = 0; k < OS_CHUNK_KINDS; k++) {
        char *p = os_span_alloc((OsChunkKind)k, 1);
        EXPECT(p && os_span_contains(p));
        EXPECT_EQ(os_span_is_code(p), k == OS_CHUNK_CODE);
        EXPECT_EQ((uintptr_t)p % OS_CHUNK_UNIT, 0);
        EXPECT_EQ(os_span_used((OsChunkKind)k), OS_CHUNK_UNIT);
        os_span_free((OsChunkKind)k, p, 1);
        EXPECT_EQ(os_span_used((OsChunkKind)k), 0);
    }
}

TEST(chunks_are_zero_and_used_again)
{
    for (int k = 0; k < OS_CHUNK_KINDS; k++) {
        OsChunkKind kind = (OsChunkKind)k;
        char *p[8];
        for (int i = 0; i < 8; i++) {
            p[i] = os_span_alloc(kind, 20 * 1024);
            memset(os_span_rw(p[i]), 0xAB, 20 * 1024);
        }
        for (int i = 1; i < 8; i += 2)
            os_span_free(kind, p[i], 20 * 1024);
        for (int i = 0; i < 8; i += 2)
            os_span_free(kind, p[i], 20 * 1024);
        char *q = os_span_alloc(kind, 8 * 20 * 1024);
        EXPECT(q <= p[0]); /* what was freed, and perhaps a run just below it */
        for (int i = 0; i < 8 * 20 * 1024; i++)
            if (q[i] != 0) {
                EXPECT_EQ(q[i], 0);
                break;
            }
        os_span_free(kind, q, 8 * 20 * 1024);
    }
}

TEST(too_much_is_null)
{
    EXPECT(os_span_alloc(OS_CHUNK_HOT, (size_t)3 << 30) == NULL);
}

TEST(code_runs)
{
    static const u8 code[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
    u8 *rx = os_span_alloc(OS_CHUNK_CODE, sizeof code);
    u8 *rw = os_span_rw(rx);
    memcpy(rw, code, sizeof code);
    EXPECT_EQ(((int (*)(void))(uintptr_t)rx)(), 42);
    rw[1] = 43;
    EXPECT_EQ(((int (*)(void))(uintptr_t)rx)(), 43);
    if (!getenv("STATOR_NO_MEMFD"))
        EXPECT(rw != rx);
}

TEST_MAIN(reserve_is_aligned, span_reaches, chunks_are_zero_and_used_again, too_much_is_null, code_runs)
