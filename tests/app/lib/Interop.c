/* Interop.c: the native side of the Interop programs: it says what it was given, and gives back what is asked for.
 * saw() appends to one text, which the program takes by seen(). */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t wchar;
static char text[16384];
static size_t used;

__attribute__((format(printf, 1, 2))) static void saw(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    int n = vsnprintf(text + used, sizeof text - used, format, a);
    va_end(a);
    used = used + (size_t)n < sizeof text ? used + (size_t)n : sizeof text - 1;
}

const char *seen(void)
{
    text[used] = 0;
    used = 0;
    return text;
}

static void saw_bytes(const char *name, const void *p, size_t n)
{
    saw("%s[", name);
    for (size_t i = 0; i < n; i++)
        saw("%02x", ((const unsigned char *)p)[i]);
    saw("]");
}

static size_t wlen(const wchar *s)
{
    size_t n = 0;
    while (s && s[n])
        n++;
    return n;
}

static void saw_str(const char *s)
{
    if (s)
        saw("'%s'%zu ", s, strlen(s));
    else
        saw("null ");
}

static void saw_wstr(const wchar *s)
{
    if (s)
        saw_bytes("w", s, wlen(s) * 2);
    else
        saw("null");
    saw(" ");
}

static char *dup_str(const char *s) { return s ? strdup(s) : NULL; }

static wchar *dup_wide(const char *ascii)
{
    size_t n = strlen(ascii);
    wchar *w = malloc((n + 1) * 2);
    for (size_t i = 0; i <= n; i++)
        w[i] = (unsigned char)ascii[i];
    return w;
}

/* as SysAllocStringByteLen: four bytes of length stand before, in a block with eight in all */
static void *bstr(const void *p, uint32_t bytes)
{
    char *b = malloc(8 + bytes + 2);
    memcpy(b + 4, &bytes, 4);
    memcpy(b + 8, p, bytes);
    b[8 + bytes] = b[8 + bytes + 1] = 0;
    return b + 8;
}

static uint32_t bstr_bytes(const void *b)
{
    uint32_t n;
    memcpy(&n, (const char *)b - 4, 4);
    return n;
}

int nothing(void) { return 0; }
void *same(void *p) { return p; }
int64_t number(void *p) { return (int64_t)(intptr_t)p; }

/* ---- strings */
int str_in(const char *s) { saw_str(s); return s ? (int)strlen(s) : -1; }
int wstr_in(const wchar *s) { saw_wstr(s); return s ? (int)wlen(s) : -1; }
int str_bytes(const char *s, int n) { if (s) saw_bytes("b", s, (size_t)n); else saw("null"); return n; }
int bstr_in(const void *s) { if (s) { saw("%u ", bstr_bytes(s)); saw_bytes("B", s, bstr_bytes(s)); } else saw("null"); return 0; }
char *str_out(const char *s) { return dup_str(s); }
wchar *wstr_out(const char *s) { return s ? dup_wide(s) : NULL; }
void *bstr_out(const char *s) { if (!s) return NULL; wchar *w = dup_wide(s); void *b = bstr(w, (uint32_t)(wlen(w) * 2)); free(w); return b; }
void *abstr_out(const char *s) { return s ? bstr(s, (uint32_t)strlen(s)) : NULL; }
void *bstr_odd(void) { return bstr("a\0b\0c", 5); }
char *str_broken(void) { return strdup("a\xff" "b\xc3"); }
wchar *wstr_broken(void) { wchar w[] = {'a', 0xD800, 'b', 0}; void *p = malloc(sizeof w); return memcpy(p, w, sizeof w); }
void str_ref(char **s) { saw_str(*s); free(*s); *s = strdup("from n\xc3\xa9tive"); }
void str_ref_same(char **s) { saw_str(*s); }
void str_ref_null(char **s) { saw_str(*s); free(*s); *s = NULL; }
void str_ref_out(char **s) { saw("%s ", *s ? "set" : "zero"); *s = strdup("out"); }
void str_ref_in_place(char **s) { if (*s) (*s)[0] = 'X'; }
void wstr_ref(wchar **s) { saw_wstr(*s); free(*s); *s = dup_wide("wide"); }
void wstr_ref_out(wchar **s) { saw("%s ", *s ? "set" : "zero"); *s = dup_wide("wide out"); }
void bstr_ref(void **s) { if (*s) { bstr_in(*s); free((char *)*s - 8); } wchar *w = dup_wide("bstr"); *s = bstr(w, 8); free(w); }
void wstr_write(wchar *s) { if (s) s[0] = 'W'; }
void str_upper(char *s, int n) { saw_str(s); for (int i = 0; s && i < n && s[i]; i++) if (s[i] >= 'a' && s[i] <= 'z') s[i] -= 32; }
void wstr_upper(wchar *s, int n) { saw_wstr(s); for (int i = 0; s && i < n && s[i]; i++) if (s[i] >= 'a' && s[i] <= 'z') s[i] -= 32; }
void str_fill(char *s, int n, int c) { memset(s, c, (size_t)n); s[n] = 0; }
void wstr_fill(wchar *s, int n, int c) { for (int i = 0; i < n; i++) s[i] = (wchar)c; s[n] = 0; }
void str_put(char *s, const char *from) { saw_str(s); strcpy(s, from); }
int str_two(const char *a, const wchar *b, const char *c) { saw_str(a); saw_wstr(b); saw_str(c); return 3; }

/* ---- small values */
int int_in(int x) { saw("%d", x); return x; }
int64_t long_in(int64_t x) { saw("%lld ", (long long)x); return x; }
int byte_in(uint8_t x) { saw("%02x ", x); return x; }
int short_in(uint16_t x) { saw("%04x ", x); return x; }
int raw_int(int x) { return x; }
void int_ref(int *x) { saw("%d ", *x); *x = 5; }
void byte_ref(uint8_t *x) { saw("%02x ", *x); *x = 'b'; }
void byte_set(uint8_t *x, int v) { saw("%02x ", *x); *x = (uint8_t)v; }
void short_ref(uint16_t *x) { saw("%04x ", *x); *x = 0x100; }
uint8_t byte_out(int x) { return (uint8_t)x; }
uint16_t short_out(int x) { return (uint16_t)x; }
uint64_t junk_above(uint64_t x) { return x; }
double double_in(double d) { saw("%g ", d); return d * 2; }
float float_in(float f) { saw("%g ", (double)f); return f * 2; }
void double_ref(double *d) { saw("%.10g ", *d); *d = 2.5; }
typedef struct Decimal { uint16_t reserved; uint8_t scale, sign; uint32_t hi; uint64_t lo; } Decimal;
Decimal decimal_in(Decimal d) { saw("%u %u %u %llu ", d.scale, d.sign, d.hi, (unsigned long long)d.lo); d.lo++; return d; }
void decimal_ref(Decimal *d) { saw("%u %u %u %llu ", d->scale, d->sign, d->hi, (unsigned long long)d->lo); d->lo++; }
typedef struct Guid { uint32_t a; uint16_t b, c; uint8_t d[8]; } Guid;
Guid guid_in(Guid g) { saw("%08x ", g.a); g.a++; return g; }
void guid_ref(Guid *g) { saw("%08x ", g->a); g->a++; }
Guid *guid_ptr(Guid *g) { Guid *r = malloc(sizeof *r); *r = *g; r->a += 2; return r; }

/* ---- arrays */
int64_t array_sum(const int *a, int n) { int64_t s = 0; for (int i = 0; i < n; i++) s += a[i]; return a ? s : -1; }
void array_double(int *a, int n) { for (int i = 0; i < n; i++) a[i] *= 2; }
void array_bytes(const void *a, int n) { if (a) saw_bytes("a", a, (size_t)n); else saw("null"); }
void array_set(uint8_t *a, int n) { for (int i = 0; i < n; i++) a[i] = (uint8_t)(i + 1); }
void array_bools(int *a, int n) { saw_bytes("a", a, (size_t)n * 4); for (int i = 0; i < n; i++) a[i] = !a[i]; }
void array_strings(char **a, int n) { for (int i = 0; i < n; i++) { saw_str(a[i]); } }
void array_wstrings(wchar **a, int n) { for (int i = 0; i < n; i++) { saw_wstr(a[i]); } }
void array_bstrings(void **a, int n) { for (int i = 0; i < n; i++) { bstr_in(a[i]); } }
void array_strings_out(char **a, int n) { for (int i = 0; i < n; i++) { saw_str(a[i]); free(a[i]); char s[20]; sprintf(s, "s%d", i); a[i] = strdup(s); } }
void array_make(int **a, int *n) { *n = 3; *a = malloc(12); (*a)[0] = 7; (*a)[1] = 8; (*a)[2] = 9; }
void array_swap(int **a, int *n) { for (int i = 0; i < *n; i++) saw("%d ", (*a)[i]); free(*a); array_make(a, n); }
void array_make_strings(char ***a, int *n) { *n = 2; *a = malloc(16); (*a)[0] = strdup("x"); (*a)[1] = strdup("y"); }
void array_pointers(void **a, int n) { for (int i = 0; i < n; i++) saw("%s ", a[i] ? "p" : "0"); }
typedef struct Pair { const char *name; int n; uint8_t flag; } Pair;
void array_pairs(Pair *a, int n) { for (int i = 0; i < n; i++) { saw_str(a[i].name); saw("%d %d;", a[i].n, a[i].flag); a[i].n *= 10; a[i].flag ^= 1; } }

/* ---- structs: one for every class of the calling convention */
#define SHAPE(name, ...) typedef struct name { __VA_ARGS__ } name; \
    name back_##name(name s) { saw_bytes(#name, &s, sizeof s); return s; } \
    void ref_##name(name *s) { saw_bytes(#name, s, sizeof *s); } \
    name many_##name(int a, double d, name s, int64_t b, float f, name t) { saw("%d %g %lld %g ", a, d, (long long)b, (double)f); saw_bytes(#name, &s, sizeof s); \
        saw_bytes("", &t, sizeof t); return t; } \
    name call_##name(name (*fn)(name, int), name s) { return fn(s, (int)sizeof s); }
SHAPE(S1, uint8_t a;)
SHAPE(S3, uint8_t a, b, c;)
SHAPE(SI, int a;)
SHAPE(SF, float a;)
SHAPE(SD, double a;)
SHAPE(SFF, float a, b;)
SHAPE(SFI, float a; int b;)
SHAPE(SFFF, float a, b, c;)
SHAPE(SFFFF, float a, b, c, d;)
SHAPE(SDD, double a, b;)
SHAPE(SDI, double a; int b;)
SHAPE(SID, int a; double b;)
SHAPE(SII, int a, b;)
SHAPE(SLL, int64_t a, b;)
SHAPE(SLF, int64_t a; float b;)
SHAPE(SFFI, float a, b; int c;)
SHAPE(S17, int64_t a, b; uint8_t c;)
SHAPE(SDDD, double a, b, c;)
SHAPE(SLLLL, int64_t a, b, c, d;)
typedef struct Inner { uint8_t b; int n; } Inner;
SHAPE(SNest, Inner a; float f;)
SHAPE(SArr, int a[3];)
SHAPE(SText, char *s; int n;)
SHAPE(SBools, int a; uint8_t b; uint16_t c; int d;)
SHAPE(SChars, char a; wchar b; char c;)
#pragma pack(1)
SHAPE(SPack, uint8_t a; int b; uint8_t c;)
SHAPE(SPackBool, uint8_t a; int b; uint8_t c;)
SHAPE(SPackWide, int a; uint8_t b; int64_t c; uint8_t d;)
#pragma pack()
typedef union UnionBoth { int i; float f; double d; } UnionBoth;
UnionBoth back_UnionBoth(UnionBoth u) { saw_bytes("U", &u, sizeof u); return u; }
typedef struct Full {
    int i; char *s; wchar *w; char fixed[8]; wchar wide[4]; int16_t numbers[3]; int flags[2]; Inner inner; double d; int (*fn)(int); Inner inners[2];
} Full;
int full_size(void) { return (int)sizeof(Full); }
void full_in(Full f)
{
    saw("%d ", f.i); saw_str(f.s); saw_wstr(f.w); saw_str(f.fixed); saw_wstr(f.wide); saw("%d%d%d %d%d ", f.numbers[0], f.numbers[1], f.numbers[2], f.flags[0], f.flags[1]);
    saw("%d %d %g %d %d", f.inner.b, f.inner.n, f.d, f.fn ? f.fn(4) : -1, f.inners[1].n);
}
void full_ref(Full *f)
{
    if (!f) { saw("null"); return; }
    full_in(*f);
    f->i++; strcpy(f->fixed, "changed"); f->wide[0] = 'Q'; f->numbers[2] = 77; f->flags[1] = !f->flags[1]; f->inner.n = 88; f->d *= 2; f->inners[0].n = 66;
}
void full_new_strings(Full *f) { free(f->s); f->s = strdup("new"); free(f->w); f->w = dup_wide("neu"); }
Full full_make(void)
{
    Full f = {.i = 3, .s = strdup("made"), .w = dup_wide("wide"), .fixed = "fixed", .wide = {'a', 'b'}, .numbers = {1, 2, 3}, .flags = {0, 5}, .inner = {1, 2}, .d = 1.5};
    return f;
}
Full *full_pointer(void) { Full *f = malloc(sizeof *f); *f = full_make(); return f; }

/* ---- handles */
void *handle_in(void *h) { saw("%lld ", (long long)(intptr_t)h); return h; }
void handle_ref(void **h) { saw("%lld ", (long long)(intptr_t)*h); *h = (void *)55; }
void handle_keep(void **h) { saw("%lld ", (long long)(intptr_t)*h); }
void handles_two(void **a, void *b, void **c) { saw("%lld ", (long long)(intptr_t)b); *a = (void *)101; *c = (void *)102; }

/* ---- callbacks */
int call_int(int (*f)(int), int x) { return f ? f(x) : -1; }
void *kept;
void keep(void *p) { kept = p; }
int call_kept(int x) { return ((int (*)(int))kept)(x); }
void *get_kept(void) { return kept; }
static int twice(int x) { return 2 * x; }
void *get_twice(void) { return (void *)twice; }
const char *call_str(const char *(*f)(const char *)) { char s[] = "n\xc3\xa4tive"; char *r = (char *)f(s); saw_str(r); return r; }
void call_wstr(wchar *(*f)(const wchar *)) { wchar *w = dup_wide("wide"), *r = f(w); saw_wstr(r); free(w); free(r); }
void call_bstr(void *(*f)(const void *)) { void *b = bstr_out("bstr"), *r = f(b); bstr_in(r); free((char *)b - 8); }
void call_str_ref(void (*f)(char **, char **)) { char *a = strdup("in"), *b = NULL; f(&a, &b); saw_str(a); saw_str(b); free(a); free(b); }
void call_bools(int (*f)(int, uint8_t, int *, uint8_t *)) { int a = 7; uint8_t b = 0; saw("r%d ", f(5, 2, &a, &b)); saw("%d %d", a, b); }
void call_chars(uint8_t (*f)(uint8_t, wchar, uint8_t *)) { uint8_t a = 'x'; saw("%c ", f('q', 0x3b1, &a)); saw("%c", a); }
void call_array(int (*f)(int *, int)) { int a[] = {1, 2, 3}; int r = f(a, 3); saw("%d %d%d%d", r, a[0], a[1], a[2]); }
void call_bool_array(int (*f)(int *)) { int a[] = {1, 0, 1, 9}; int r = f(a); saw("%d %d%d%d", r, a[0], a[1], a[2]); }
void call_strings(int (*f)(char **, int)) { char *a[] = {strdup("p"), strdup("q")}; int r = f(a, 2); saw("%d ", r); saw_str(a[0]); saw_str(a[1]); }
void call_builder(void (*f)(char *)) { char s[64] = "build"; f(s); saw_str(s); }
void call_full(void (*f)(Full)) { Full x = full_make(); f(x); }
void call_full_ref(void (*f)(Full *)) { Full x = full_make(); f(&x); full_in(x); }
void call_class(void (*f)(Full *)) { Full x = full_make(); f(&x); full_in(x); }
void call_class_null(void (*f)(Full *)) { f(NULL); }
void call_full_return(Full (*f)(int)) { Full x = f(3); full_in(x); }
void call_class_return(Full *(*f)(int)) { Full *x = f(3); if (x) full_in(*x); else saw("null"); }
void call_fn(int (*(*f)(int (*)(int)))(int)) { int (*g)(int) = f(twice); saw("%d ", g ? g(10) : -1); }
void call_decimal(Decimal (*f)(Decimal, Decimal *)) { Decimal d = {.lo = 5}, e = {.lo = 9}, r = f(d, &e); saw("%llu %llu ", (unsigned long long)r.lo, (unsigned long long)e.lo); }
void call_date(double (*f)(double, double *)) { double d = 2, r = f(1.5, &d); saw("%g %g", r, d); }
void call_guid(Guid (*f)(Guid, Guid *)) { Guid g = {1}, h = {2}, r = f(g, &h); saw("%u %u", r.a, h.a); }
void call_handle(void *(*f)(void *)) { void *r = f((void *)33); saw("%lld", (long long)(intptr_t)r); }
void call_handle_ref(void (*f)(void **)) { void *h = (void *)44; f(&h); saw("%lld", (long long)(intptr_t)h); }
void call_double(double (*f)(double, float, int64_t, int, int, int, int, int, int, double)) { saw("%g", f(1.5, 2.5f, 3, 4, 5, 6, 7, 8, 9, 10)); }
void call_void(void (*f)(void)) { f(); }
void call_any(void *(*f)(void *)) { saw("%s", f(NULL) ? "set" : "null"); }
typedef struct Job { int (*f)(int); int x; } Job;
static void *thread_main(void *p) { Job *j = p; return (void *)(intptr_t)j->f(j->x); }
int call_on_thread(int (*f)(int), int x) { pthread_t t; void *r; Job j = {f, x}; pthread_create(&t, NULL, thread_main, &j); pthread_join(t, &r); return (int)(intptr_t)r; }
int nested(int (*f)(int), int depth) { return depth ? f(depth) + 1 : 0; }

/* ---- calls */
int set_errno(int e) { errno = e; return e; }
int get_errno(void) { return errno; }
int32_t hr(int32_t code) { return code; }
int32_t hr_value(int32_t code, int *out) { *out = 42; return code; }
int32_t hr_string(int32_t code, char **out) { *out = strdup("result"); return code; }
int probed(void) { return 1; }
int probedA(void) { return 2; }
int probedW(void) { return 3; }
int onlyA(void) { return 4; }
int onlyW(void) { return 5; }
int both_(int a, ...) { va_list l; va_start(l, a); int r = 0; for (int i = 0; i < a; i++) r += va_arg(l, int); va_end(l); return r; }
int ten(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) { return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j; }
double mixed(int a, double b, int8_t c, float d, int64_t e, uint16_t f, double g, double h, double i, double j, double k, double l, double m, double n)
{
    return a + b + c + (double)d + (double)e + f + g + h + i + j + k + l + m + n;
}
