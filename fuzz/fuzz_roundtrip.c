/* fuzz_roundtrip.c: damaged assemblies of which the disassembler says that its text is whole: it assembles, and the new image has the same text.
 * What does not is kept as roundtrip-N.bin beside the first difference, and the run goes on. */
#define _GNU_SOURCE
#include "image_mutator.h"

#include "ilasm/ilasm.h"
#include "ildasm/ildasm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_start(bool given);
void fuzz_report(void);

enum { KEPT_MAX = 400 };
static u64 images, whole, refused, differ;

void fuzz_start(bool given)
{
    (void)given;
    image_mutator_file_max = 16 << 10;
}

static char *text_of(const u8 *data, size_t size, size_t *len)
{
    IldasmOptions o = {.limit = 1 << 20};
    char *text;
    u32 problems;
    if (ildasm_memory(&o, data, size, true, &text, len, &problems) == 0 && !problems && *len < o.limit) return text;
    base_free(text);
    return NULL;
}

/* Without comments, which tell of this very file, labels of data, which tell where they lie, and empty lines; in place */
static void plain(char *text, size_t n)
{
    char *out = text, *line = text;
    for (const char *p = text, *end = text + n; p < end;) {
        if (p + 1 < end && p[0] == '/' && p[1] == '/') {
            while (p < end && *p != '\n') p++;
        } else if (p + 10 < end && strchr("DIT", *p) && p[1] == '_' && strspn(p + 2, "0123456789ABCDEF") >= 8) {
            p += 10;
        } else if (*p == '\n') {
            while (out > line && out[-1] == ' ') out--;
            if (out > line) *out++ = '\n';
            line = out;
            p++;
        } else {
            *out++ = *p++;
        }
    }
    *out = 0;
}

/* NULL: none */
static const char *first_difference(char *a, size_t an, char *b, size_t bn, const char **there)
{
    plain(a, an), plain(b, bn);
    const char *p = a, *q = b, *line = a, *other = b;
    for (; *p && *p == *q; p++, q++)
        if (*p == '\n') line = p + 1, other = q + 1;
    *there = other;
    return *p == *q ? NULL : line;
}

static void keep(const char *why, const u8 *data, size_t size, const char *line, const char *other)
{
    static u32 kept;
    char name[40];
    if (kept >= KEPT_MAX) return;
    snprintf(name, sizeof(name), "roundtrip-%u.bin", kept++);
    FILE *f = fopen(name, "wb");
    if (!f) return;
    fwrite(data, 1, size, f);
    fclose(f);
    printf("%s: %s: %.*s | %.*s\n", name, why, (int)strcspn(line, "\n"), line, (int)strcspn(other, "\n"), other);
    fflush(stdout);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    size_t n = 0, n2 = 0, made_size = 0;
    char *text = size > 4 && memcmp(data, "BSJB", 4) != 0 ? text_of(data, size, &n) : NULL;
    images++;
    if (!text) return 0;
    if (memmem(text, n, "\n.mresource", 11)) { /* of files that are not there */
        base_free(text);
        return 0;
    }
    whole++;
    bool wide = pe_u16(data + pe_u32(data + 0x3C) + 24) == 0x20B;
    IlasmOptions o = {.dll = true, .output = "fuzz.dll", .pe64 = wide, .machine = wide ? ILASM_X64 : ILASM_ANY};
    IlasmText source = {"fuzz.il", text, n};
    u8 *made = NULL;
    if (ilasm_memory(&o, &source, 1, true, &made, &made_size) != 0) {
        refused++;
        keep("refused", data, size, "", "");
        if (refused < KEPT_MAX) ilasm_memory(&o, &source, 1, false, &made, &made_size);
    } else {
        char *again = text_of(made, made_size, &n2);
        const char *other = "", *line = again ? first_difference(text, n, again, n2, &other) : "no text";
        if (line) differ++, keep("differs", data, size, line, other);
        base_free(again);
    }
    base_free(made);
    base_free(text);
    return 0;
}

void fuzz_report(void)
{
    printf("  %llu images, %.1f %% of them with a whole text: %llu refused, %llu differ\n", (unsigned long long)images,
           100.0 * (double)whole / (double)MAX(images, 1), (unsigned long long)refused, (unsigned long long)differ);
}
