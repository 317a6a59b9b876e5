/* base.c: the checks' last words, the error record, the C heap, hashes.
 * In: nothing.  Out: process ends for failed checks (abort) and missing features (EXIT_MISSING).
 * Invariant: the only file that calls malloc, calloc, realloc and free.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/base.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

/* Set by the first failing check, so that a check failing inside the report does not recurse. */
static _Thread_local bool in_failure;

static NORETURN void fail_end(void)
{
    log_dump_ring(STDERR_FILENO);
    void *frames[64];
    int n = backtrace(frames, (int)ARRAY_LEN(frames));
    backtrace_symbols_fd(frames, n, STDERR_FILENO);
    abort();
}

static void fail_head(const char *cond, const char *file, int line)
{
    if (in_failure)
        abort();
    in_failure = true;
    fflush(stdout);
    fprintf(stderr, "stator: check failed: %s (%s:%d)\n", cond, file, line);
}

NORETURN void base_check_failed(const char *cond, const char *file, int line)
{
    fail_head(cond, file, line);
    fail_end();
}

NORETURN void base_check_failedf(const char *cond, const char *file, int line, const char *fmt, ...)
{
    fail_head(cond, file, line);
    va_list ap;
    va_start(ap, fmt);
    fputs("  ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    fail_end();
}

NORETURN void base_missing(const char *kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fflush(stdout);
    fprintf(stderr, "stator: missing %s: ", kind);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    /* No atexit handlers: other threads still run managed code. */
    _exit(EXIT_MISSING);
}

NORETURN void base_fatal(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fflush(stdout);
    fputs("stator: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    _exit(code);
}

bool err_set(Err *e, ErrKind kind, u32 token, const char *fmt, ...)
{
    if (!e || e->kind != ERR_NONE)
        return false;
    e->kind = kind;
    e->token = token;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

static void *need(void *p, size_t n)
{
    if (UNLIKELY(!p))
        base_fatal(EXIT_UNHANDLED, "out of native memory (%zu bytes asked for)", n);
    return p;
}

void *base_malloc(size_t n)
{
    return need(malloc(n ? n : 1), n);
}

void *base_calloc(size_t n, size_t size)
{
    return need(calloc(n ? n : 1, size ? size : 1), n);
}

void *base_realloc(void *p, size_t n)
{
    return need(realloc(p, n ? n : 1), n);
}

void base_free(void *p)
{
    free(p);
}

char *base_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(base_malloc(n), s, n);
}

char *base_asprintf(const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    char *s = base_malloc((size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

/* Eight bytes a step, mixed by multiplication. */
u32 base_hash_bytes(const void *p, size_t n)
{
    const u8 *s = p;
    u64 h = 0x9e3779b97f4a7c15ull ^ n;
    while (n >= 8) {
        u64 w;
        memcpy(&w, s, 8);
        h = base_hash_u64(h ^ w) * 0x9fb21c651e98df25ull;
        s += 8;
        n -= 8;
    }
    u64 w = 0;
    memcpy(&w, s, n);
    return (u32)base_hash_u64(base_hash_u64(h ^ w ^ ((u64)n << 56)));
}

u32 base_hash_str(const char *s)
{
    return base_hash_bytes(s, strlen(s));
}
