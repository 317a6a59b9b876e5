/* ildasm_options.c: the command line.
 * Options are those of the known tool, after `-`, `--` or `/`, in any case, by their first three letters or more; a value follows `=` or
 * `:`.  Each is one row of ildasm_options.def, the usage text is made of it.  Book: ildasm.md  Tests: tests/ildasm/options.il */
#include "ildasm/ildasm_int.h"

#include <stddef.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

typedef struct NamedBits {
    const char *name;
    u32 bits;
} NamedBits;

/* Bits of the word's name; 0: no such */
static u32 named_bits(const NamedBits *table, u32 count, const char *s, size_t n)
{
    for (u32 i = 0; i < count; i++)
        if (strlen(table[i].name) == n && strncasecmp(table[i].name, s, n) == 0) return table[i].bits;
    return 0;
}

static bool parse_metadata(IldasmOptions *o, const char *value)
{
    static const NamedBits parts[] = {{"mdheader", ILDASM_MD_HEADER}, {"schema", ILDASM_MD_SCHEMA}, {"csv", ILDASM_MD_CSV}, {"raw", ILDASM_MD_RAW},
        {"heaps", ILDASM_MD_HEAPS}, {"hex", ILDASM_MD_ROWS}};
    if (value && strcasecmp(value, "validate") == 0) {
        fprintf(stderr, "ildasm: -metadata=VALIDATE: `stator verify` checks metadata\n");
        return false;
    }
    if (value && strcasecmp(value, "unrex") == 0) {
        fprintf(stderr, "ildasm: -metadata=UNREX: what is outside has rows in TypeRef, MemberRef and ModuleRef: -metadata\n");
        return false;
    }
    u32 part = value ? named_bits(parts, ARRAY_LEN(parts), value, strlen(value)) : ILDASM_MD_ROWS;
    o->metadata |= part;
    return part != 0;
}

static bool parse_all(IldasmOptions *o, const char *value)
{
    return o->headers = o->bytes = o->stats = o->classlist = o->tokens = !value;
}

static bool parse_visibility(IldasmOptions *o, const char *value)
{
    static const NamedBits words[] = {{"psc", 1u << MD_COMPILER_CONTROLLED}, {"pri", 1u << MD_PRIVATE}, {"faa", 1u << MD_FAM_AND_ASSEM},
        {"asm", 1u << MD_ASSEMBLY}, {"fam", 1u << MD_FAMILY}, {"foa", 1u << MD_FAM_OR_ASSEM}, {"pub", 1u << MD_PUBLIC}};
    for (const char *s = value; s; s = strchr(s, '+'), s += s != NULL) {
        u32 bits = named_bits(words, ARRAY_LEN(words), s, strcspn(s, "+"));
        o->visible |= bits;
        if (!bits) return false;
    }
    return o->visible != 0;
}

static bool parse_pubonly(IldasmOptions *o, const char *value)
{
    return !value && parse_visibility(o, "pub");
}

static bool parse_colour(IldasmOptions *o, const char *value)
{
    static const NamedBits words[] = {{"always", 1 + ILDASM_COLOUR_ALWAYS}, {"never", 1 + ILDASM_COLOUR_NEVER}, {"auto", 1 + ILDASM_COLOUR_AUTO}};
    u32 bits = value ? named_bits(words, ARRAY_LEN(words), value, strlen(value)) : 0;
    if (bits) o->colour = (IldasmColour)(bits - 1);
    return bits != 0;
}

typedef enum OptionKind { KIND_FLAG, KIND_VALUE, KIND_PARSE, KIND_SAME, KIND_NOT } OptionKind;
typedef struct Option {
    OptionKind kind;
    const char *name, *form, *help;
    size_t field;
    bool (*parse)(IldasmOptions *o, const char *value);
} Option;

#define FLAG(name, field, help) {KIND_FLAG, name, "", help, offsetof(IldasmOptions, field), NULL},
#define VALUE(name, form, field, help) {KIND_VALUE, name, form, help, offsetof(IldasmOptions, field), NULL},
#define PARSE(name, form, function, help) {KIND_PARSE, name, form, help, 0, function},
#define SAME(name, why) {KIND_SAME, name, "", why, 0, NULL},
#define NOT(name, instead) {KIND_NOT, name, "", instead, 0, NULL},
static const Option options[] = {
#include "ildasm/ildasm_options.def"
};

static void put_usage(FILE *f)
{
    fputs("Usage: stator ildasm [options] FILE\n\nWrites a .NET assembly as text in the IL assembler's language.\n\n", f);
    for (u32 i = 0; i < ARRAY_LEN(options); i++) {
        const Option *p = &options[i];
        int width = (int)(strlen(p->name) + strlen(p->form));
        if (!p->help || p->kind > KIND_PARSE) continue;
        fprintf(f, "  -%s%s%s%*s%s\n", p->name, p->form, width > 18 ? "\n" : "", width > 18 ? 22 : 19 - width, "", p->help);
    }
    fputs("  -help                this text\n\nTaken without effect:", f);
    for (u32 i = 0; i < ARRAY_LEN(options); i++)
        if (options[i].kind == KIND_SAME) fprintf(f, " -%s (%s)", options[i].name, options[i].help);
    fputs(".\nExit code: 0 done; 1 the file is bad, or parts of it were left out; 2 bad arguments.\n", f);
}

static bool set_option(IldasmOptions *o, const char *arg)
{
    size_t n = strcspn(arg, "=:");
    const char *value = arg[n] ? arg + n + 1 : NULL;
    for (u32 i = 0; i < ARRAY_LEN(options); i++) {
        const Option *p = &options[i];
        if (n < 3 || n > strlen(p->name) || strncasecmp(arg, p->name, n) != 0) continue;
        char *at = (char *)o + p->field;
        bool good = p->kind == KIND_VALUE ? value && *value : p->kind == KIND_PARSE || !value;
        if (!good) break;
        switch (p->kind) {
        case KIND_FLAG: *(bool *)at = true; return true;
        case KIND_VALUE: *(const char **)at = value; return true;
        case KIND_SAME: return true;
        case KIND_NOT: fprintf(stderr, "ildasm: -%s: %s\n", p->name, p->help); return false;
        case KIND_PARSE:
            if (p->parse(o, value)) return true;
        }
        break;
    }
    fprintf(stderr, "ildasm: no such option, or no value for it: -%s (see -help)\n", arg);
    return false;
}

int dis_read_args(IldasmOptions *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        bool slash = a[0] == '/' && !strchr(a + 1, '/') && access(a, F_OK) != 0;
        if ((a[0] == '-' && a[1]) || slash) {
            a += a[0] == '-' && a[1] == '-' ? 2 : 1;
            if (strcasecmp(a, "help") == 0 || strcmp(a, "?") == 0 || strcmp(a, "h") == 0) {
                put_usage(stdout);
                return 0;
            }
            if (!set_option(o, a)) return 2;
        } else if (o->file) {
            fprintf(stderr, "ildasm: more than one file: %s\n", a);
            return 2;
        } else {
            o->file = a;
        }
    }
    if (o->unicode && !o->out) {
        fprintf(stderr, "ildasm: -unicode needs -out=FILE\n");
        return 2;
    }
    if (o->file) return -1;
    fprintf(stderr, "ildasm: which file?\n");
    put_usage(stderr);
    return 2;
}
