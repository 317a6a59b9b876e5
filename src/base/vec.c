/* vec.c: growth of the vectors of vec.h: doubling, at least eight elements.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/vec.h"

void vec_grow_raw(void **data, u32 *cap, u32 need, size_t elem_size)
{
    u64 n = MAX((u64)*cap * 2, 8);
    n = MAX(n, need);
    CHECK(n <= UINT32_MAX);
    *data = base_realloc(*data, (size_t)n * elem_size);
    *cap = (u32)n;
}
