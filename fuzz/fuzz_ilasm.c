/* fuzz_ilasm.c: assembler text that is nearly right through the assembler.
 * A mutator of tokens: an input is one or two whole declarations of the texts in tests/ (balanced braces, a few KB at most) in which tokens
 * are dropped, doubled, exchanged, and replaced by others of all texts; now and then bytes change instead.  What assembles must open as an image
 * again. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>

#include "base/vec.h"
#include "ilasm/ilasm.h"
#include "md/md.h"
#include "os/os_file.h"
#include "fuzz_random.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed);
void fuzz_report(void);

/* Inputs are small and many: what is freed is watched for a while only, so that its pages are used again. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "quarantine_size_mb=2:thread_local_quarantine_size_kb=256:malloc_context_size=6"; }

typedef struct Span {
    const char *p;
    u32 n;
} Span;
typedef struct Block {
    Span text;
    bool nested; /* belongs into a class */
} Block;
typedef VEC(Span) Spans;

enum { BLOCK_MAX = 2500, TEXT_MAX = 16 << 10 };
static VEC(Block) blocks, whole; /* whole: small texts, which have all that they name */
static Spans words; /* every token of every text */
static Spans tokens; /* of the input being changed */
static u64 texts, images, bytes;

/* --- Corpus --- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_.$@?`-", c);
}

/* The next token, or a run of blanks and comments */
static Span next_token(const char *p, const char *end)
{
    const char *s = p;
    if (*p == '"' || *p == '\'') {
        for (s++; s < end && *s != *p; s++)
            if (*s == '\\' && s + 1 < end) s++;
        if (s < end) s++;
    } else if (p + 1 < end && p[0] == '/' && p[1] == '/') {
        while (s < end && *s != '\n') s++;
    } else if (*p && is_word(*p)) {
        while (s < end && *s && is_word(*s)) s++;
    } else if (p + 1 < end && p[0] == ':' && p[1] == ':') {
        s += 2;
    } else {
        s++;
    }
    return (Span){p, (u32)(s - p)};
}

static void tokenise(Spans *out, Span text)
{
    for (const char *p = text.p, *end = p + text.n; p < end;) {
        Span t = next_token(p, end);
        if (!strchr(" \t\r\n", *t.p) && !(t.n > 1 && t.p[0] == '/')) vec_push(out, t);
        p += t.n;
    }
}

/* From a directive at the start of a line to the line's end, or to the brace that closes what it opens */
static Span declaration(const char *p, const char *end)
{
    i32 depth = 0;
    bool opened = false;
    for (const char *s = p; s < end;) {
        Span t = next_token(s, end);
        depth += (*t.p == '{') - (*t.p == '}');
        opened |= *t.p == '{';
        s += t.n;
        if (depth < 0) break;
        if (opened && depth == 0) return (Span){p, (u32)(s - p)};
        if (!opened && *t.p == '\n') {
            while (s < end && strchr(" \t\r\n", *s)) s++;
            if (s >= end || (*s != '{' && strchr(".}", *s))) return (Span){p, (u32)(s - p)};
        }
    }
    return (Span){0};
}

/* Directives that stand by themselves or in a class; others are for bodies. */
static bool stands_alone(const char *p, const char *end)
{
    static const char *const words_of[] = {".class",  ".method", ".field",   ".property", ".event",    ".assembly",      ".module",
                                           ".custom", ".data",   ".vtfixup", ".file",     ".typedef",  ".permissionset", ".mresource",
                                           ".hash",   ".export", ".corflags", ".namespace", ".interfaceimpl"};
    u32 n = next_token(p, end).n;
    for (u32 i = 0; i < ARRAY_LEN(words_of); i++)
        if (n == strlen(words_of[i]) && memcmp(p, words_of[i], n) == 0) return true;
    return false;
}

static void add_text(const char *text, size_t size)
{
    const char *end = text + size;
    tokenise(&words, (Span){text, (u32)size});
    if (size < 2 * BLOCK_MAX) vec_push(&whole, ((Block){{text, (u32)size}, false}));
    for (const char *p = text; p < end;) {
        const char *line = p, *newline = memchr(p, '\n', (size_t)(end - p));
        while (p < end && (*p == ' ' || *p == '\t')) p++;
        if (p < end && *p == '.' && stands_alone(p, end)) {
            Span d = declaration(p, end);
            if (d.n && d.n < BLOCK_MAX) vec_push(&blocks, ((Block){d, p != line}));
        }
        p = newline ? newline + 1 : end;
    }
}

static void add_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *dot = strrchr(e->d_name, '.');
        char *path = base_asprintf("%s/%s", folder, e->d_name), *text;
        size_t size;
        if (dot && !strcmp(dot, ".il") && os_file_read(path, &text, &size, NULL)) add_text(text, size);
        base_free(path);
    }
    if (dir) closedir(dir);
}

static void load_corpus(void)
{
    static const char *const folders[] = {"tests/ilasm", "tests/il", "tests/ildasm", "tests/verify"};
    static const char small[] = ".class public C { .field static int32 f .method public static int32 M(int32 x) cil managed { .maxstack 8\n"
                                "L: ldarg.0\nldc.i4 10\nbgt L\n.try { leave E } catch [r]System.Exception { pop leave E }\n"
                                "E: ldsfld int32 C::f\nret } }\n";
    for (u32 i = 0; i < ARRAY_LEN(folders); i++) add_folder(folders[i]);
    add_text(small, sizeof small - 1);
}

/* --- Mutation --- */

static const char *const odd[] = {
    "0",  "-1",   "0x7fffffff", "0x80000000", "0xffffffffffffffff", "4294967296", "1.5e308", "nan", "''",     "\"\"",   "{",      "}",         "(",
    ")",  "[",    "]",          "<",          ">",                  "&",          "*",       "::",  ",",      "=",      ":",      "/",         "...",
    "!0", "!!1",  "[0...]",     "(00 FF)",    "#if",                "#define A B", "this",   "at",  "pinned", "modreq", "method", "bytearray",
    "A",  "class", ".line 3,4:5,6 'a'"};

static void change_token(void)
{
    u32 n = tokens.len, i = rnd(n), k = rnd(n);
    Span t = rnd(4) ? words.data[rnd(words.len)] : (Span){0};
    if (!t.p) {
        t.p = odd[rnd(ARRAY_LEN(odd))];
        t.n = (u32)strlen(t.p);
    }
    switch (rnd(6)) {
    case 0: tokens.data[i].n = 0; break;
    case 1: tokens.data[i] = tokens.data[k]; break;
    case 2: tokens.data[i] = t; break;
    case 3: vec_push(&tokens, tokens.data[i]); break;
    case 4: {
        Span x = tokens.data[i];
        tokens.data[i] = tokens.data[k];
        tokens.data[k] = x;
        break;
    }
    default: /* one more, before another */
        vec_push(&tokens, t);
        memmove(tokens.data + i + 1, tokens.data + i, (tokens.len - 1 - i) * sizeof(Span));
        tokens.data[i] = t;
        break;
    }
}

static size_t put(u8 *data, size_t at, size_t max, const char *p, size_t n)
{
    if (n > max - at) n = max - at;
    memcpy(data + at, p, n);
    return at + n;
}

static size_t put_text(u8 *data, size_t at, size_t max, const char *s) { return put(data, at, max, s, strlen(s)); }

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed)
{
    size_t max = MIN(max_size, (size_t)TEXT_MAX), n = 0;
    state = state * 6364136223846793005u + seed * 2 + 1;
    if (!blocks.len) load_corpus();
    (void)size;
    if (rnd(4)) n = put_text(data, n, max, ".assembly extern mscorlib {}\n.assembly x {}\n");
    bool all = rnd(3) == 0;
    if (all) n = 0;
    for (u32 count = all ? 1 : 1 + rnd(3); count > 0; count--) {
        const Block *b = all ? &whole.data[rnd(whole.len)] : &blocks.data[rnd(blocks.len)];
        vec_clear(&tokens);
        tokenise(&tokens, b->text);
        for (u32 i = rnd(3) ? 1 + rnd(4) : 0; i > 0 && tokens.len; i--) change_token();
        if (b->nested) n = put_text(data, n, max, ".class public A { ");
        for (u32 i = 0; i < tokens.len; i++) {
            n = put(data, n, max, tokens.data[i].p, tokens.data[i].n);
            n = put_text(data, n, max, rnd(20) ? " " : "\n");
        }
        if (b->nested) n = put_text(data, n, max, "}\n");
    }
    if (rnd(8) == 0 && n)
        for (u32 i = 1 + rnd(4); i > 0; i--) data[rnd((u32)n)] = (u8)rnd(256);
    return n;
}

/* --- Runs --- */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static const IlasmOptions forms[] = {
        {.dll = true},
        {.dll = true, .debug = ILASM_DEBUG_FULL},
        {.dll = true, .pe64 = true, .machine = ILASM_X64, .optimize = true},
        {.dll = true, .debug = ILASM_DEBUG_IMPL, .fold = true, .no_auto_inherit = true, .aname = "other"},
        {.dll = true, .machine = ILASM_ARM64, .pe64 = true, .high_entropy = true, .fold = true},
        {.debug = ILASM_DEBUG_OPT, .strip_reloc = true},
    };
    IlasmOptions o = forms[texts++ % ARRAY_LEN(forms)];
    IlasmText text = {"fuzz.il", data, size};
    u8 *image = NULL;
    size_t n = 0;
    o.output = "fuzz.dll";
    ilasm_memory(&o, &text, 1, true, &image, &n);
    if (image) {
        PeImage pe;
        MdImage m;
        CHECK(pe_open_memory(&pe, image, n, false, NULL, NULL));
        CHECK(md_open(&m, &pe, NULL));
        md_close(&m);
        pe_close(&pe);
        images++;
        bytes += n;
    }
    base_free(image);
    return 0;
}

void fuzz_report(void)
{
    printf("  %llu texts, %.1f %% of them assembled: %llu MB of images\n", (unsigned long long)texts, 100.0 * (double)images / (double)MAX(texts, 1),
           (unsigned long long)(bytes >> 20));
}
