/* base.h: the words every file uses: integer names, checks, the error record, process exit codes.
 * Below everything; includes libc only.
 * Files of this folder: base.h (this), arena.h (bump memory), vec.h (growable arrays), map.h (hash maps),
 * utf.h (UTF-8/UTF-16), log.h (STATOR_LOG), knobs.h (settings).  Book: base.md  Tests: tests/unit/base/ */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef u16 char16; /* one UTF-16 code unit */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/* align must be a power of two */
#define ALIGN_UP(x, align) (((x) + ((align)-1)) & ~(__typeof__(x))((align)-1))
#define ALIGN_DOWN(x, align) ((x) & ~(__typeof__(x))((align)-1))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define CONTAINER_OF(p, T, field) ((T *)((char *)(p)-offsetof(T, field)))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

/* Exit codes of the process that are the runtime's own. */
enum {
    EXIT_MISSING = 70,    /* an internal call, opcode or feature that is not there yet */
    EXIT_UNHANDLED = 134, /* unhandled managed exception (SIGABRT, as on the reference) */
};

/* A failed check is a bug of ours: prints the condition, file and line, the last log lines and a native
 * backtrace on stderr, then aborts.  CHECK is always on; DCHECK only in debug builds. */
NORETURN void base_check_failed(const char *cond, const char *file, int line);
NORETURN void base_check_failedf(const char *cond, const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
#define CHECK(c) (LIKELY(c) ? (void)0 : base_check_failed(#c, __FILE__, __LINE__))
#define CHECKF(c, ...) (LIKELY(c) ? (void)0 : base_check_failedf(#c, __FILE__, __LINE__, __VA_ARGS__))
#ifdef STATOR_DEBUG
#define DCHECK(c) CHECK(c)
#else
#define DCHECK(c) ((void)sizeof(!(c)))
#endif
#define UNREACHABLE() base_check_failed("unreachable", __FILE__, __LINE__)

/* What is not built yet says so and ends the process with EXIT_MISSING:
 * "stator: missing internal call: System.GC::Foo" */
NORETURN void base_missing(const char *kind, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Fatal condition that is not our bug (out of native memory, no framework): one line, then exit(code). */
NORETURN void base_fatal(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Bad input below vm/: functions return false and fill an Err (see docs/book/style: three worlds of errors).
 * kind is the managed exception that vm/ makes of it. */
typedef enum ErrKind {
    ERR_NONE,
    ERR_BAD_IMAGE,      /* BadImageFormatException */
    ERR_TYPE_LOAD,      /* TypeLoadException */
    ERR_MISSING_METHOD, /* MissingMethodException */
    ERR_MISSING_FIELD,  /* MissingFieldException */
    ERR_FILE_NOT_FOUND, /* FileNotFoundException */
    ERR_FILE_LOAD,      /* FileLoadException */
    ERR_INVALID_PROGRAM, /* InvalidProgramException */
    ERR_ENTRY_POINT,    /* EntryPointNotFoundException */
    ERR_DLL_NOT_FOUND,  /* DllNotFoundException */
    ERR_NOT_SUPPORTED,  /* NotSupportedException */
    ERR_PLATFORM_NOT_SUPPORTED, /* PlatformNotSupportedException */
    ERR_VERIFICATION,   /* VerificationException */
    ERR_METHOD_ACCESS,  /* MethodAccessException */
    ERR_FIELD_ACCESS,   /* FieldAccessException */
    ERR_TYPE_ACCESS,    /* TypeAccessException */
    ERR_INVALID_OPERATION, /* InvalidOperationException */
    ERR_MARSHAL_DIRECTIVE, /* MarshalDirectiveException */
    ERR_COM,            /* COMException; hresult says which */
    ERR_MISSING_FEATURE, /* ours: not built yet; ends in base_missing */
    ERR_OUT_OF_MEMORY,
    ERR_PENDING, /* a managed exception is already pending on the thread */
} ErrKind;

typedef struct Err {
    ErrKind kind;
    u32 token;      /* metadata token the error is about, or 0 */
    i32 hresult;    /* 0: the kind's own */
    char text[512]; /* UTF-8 message as the reference words it where it has one; cut when longer */
    char name[256]; /* file, assembly or type name that goes with the exception's own field; "" if none */
} Err;

/* Fills *e (if e is not NULL and holds no error yet) and returns false, so that a reader can `return err_set(...)`. */
bool err_set(Err *e, ErrKind kind, u32 token, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* malloc appears in base/ only. All abort on exhaustion with a message. */
void *base_malloc(size_t n);
void *base_calloc(size_t n, size_t size);
void *base_realloc(void *p, size_t n);
void base_free(void *p);
char *base_strdup(const char *s);
char *base_asprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

u32 base_hash_bytes(const void *p, size_t n); /* not cryptographic; stable within one build */
u32 base_hash_str(const char *s);
static inline u64 base_hash_u64(u64 x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    return x;
}

#endif
