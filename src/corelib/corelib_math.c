/* corelib_math.c: calls of Math and MathF: the C library's functions, which is what the reference uses on this platform.
 * Book: corelib.md  Tests: tests/app */
#define _GNU_SOURCE
#include "corelib/corelib.h"

#include <math.h>

#define ONE(fn)                                                                                                  \
    CALL(double, corelib_math_##fn, double x) { return fn(x); }                                                        \
    CALL(float, corelib_mathf_##fn, float x) { return fn##f(x); }
ONE(acos)
ONE(acosh)
ONE(asin)
ONE(asinh)
ONE(atan)
ONE(atanh)
ONE(cbrt)
ONE(cos)
ONE(cosh)
ONE(exp)
ONE(log)
ONE(log10)
ONE(log2)
ONE(sin)
ONE(sinh)
ONE(sqrt)
ONE(tan)
ONE(tanh)
ONE(ceil)
ONE(floor)

#define TWO(fn)                                                                                                        \
    CALL(double, corelib_math_##fn, double x, double y) { return fn(x, y); }                                           \
    CALL(float, corelib_mathf_##fn, float x, float y) { return fn##f(x, y); }
TWO(atan2)
TWO(pow)

CALL(double, corelib_math_fma, double x, double y, double z) { return fma(x, y, z); }
CALL(float, corelib_mathf_fma, float x, float y, float z) { return fmaf(x, y, z); }
CALL(double, corelib_math_modf, double x, double *whole) { return modf(x, whole); }
CALL(float, corelib_mathf_modf, float x, float *whole) { return modff(x, whole); }
CALL(void, corelib_math_sincos, double x, double *s, double *c) { sincos(x, s, c); }
CALL(void, corelib_mathf_sincos, float x, float *s, float *c) { sincosf(x, s, c); }
