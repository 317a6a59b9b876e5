/* fuzz_random.h: what the driver and the mutators draw from: random numbers that a seed repeats, and inputs.  Each file has its own. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H
#include "base/base.h"

typedef struct Input {
    char *data;
    size_t size;
} Input;
static u64 state = 1; /* never 0 */

/* Below n; 0 for 0 */
static inline u32 rnd(u32 n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (u32)((state >> 16) % n) : 0;
}
#endif
