/* stator_verify.c: `stator verify FILE… [options]`: is the IL of these assemblies type safe?
 * Loads the files and what they refer to into the type system of this process; nothing of them is run, there is no virtual machine.
 * Assemblies are found by their simple names: beside the file, in the folders of -r, in the installed framework.
 * Exit code: 0 verified, 1 issues, 2 bad arguments or files.  Book: verify.md  Tests: tests/verify/run.py */
#include "stator.h"

#include "type/type.h"
#include "verify/verify.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char verify_usage[] =
    "Usage: stator verify [options] FILE...\n\n"
    "Verifies the IL and metadata of assemblies; runs nothing of them.\n\n"
    "options:\n"
    "  -r, --reference <path>    A folder, or an assembly, to find references in (may be repeated); then the installed framework.\n"
    "  -s, --framework <folder>  The framework's folder.\n"
    "  -g, --ignore <code>       Codes not to report, separated by commas (may be repeated).\n"
    "  -i, --include <pattern>   Verify only methods that match, e.g. 'Ns.Type:*' (may be repeated).\n"
    "  -e, --exclude <pattern>   Leave out methods that match (may be repeated).\n"
    "      --metadata            Verify the tables of the metadata only; --il: the IL only.\n"
    "      --statistics          How much was verified, and how many issues of each kind.\n"
    "      --json                Issues as lines of JSON.\n"
    "      --tokens              Tokens beside names.\n"
    "  -l, --list                The codes and what they mean.\n"
    "  -q, --quiet               No line for each issue.\n";

typedef struct Verify {
    Arena arena;
    StatorStrings refs, include, exclude, files;
    bool ignored[VERIFY_CODE_COUNT];
    u32 by_code[VERIFY_CODE_COUNT];
    u32 issues;
    bool json, tokens, quiet, statistics, no_il, no_metadata;
    const char *fw_dir, *file_dir;
    Domain *domain;
} Verify;
static Verify *verify; /* of the binder, which has no argument of its own */

/* --- The type system without a machine ---------------------------------------------------------------------------------------- */
static Assembly *open_assembly(const char *path, Err *e)
{
    PeImage *pe = base_calloc(1, sizeof *pe);
    if (!pe_open_file(pe, path, e)) {
        base_free(pe);
        return NULL;
    }
    return type_assembly_new(verify->domain->default_context, pe, path, e);
}

static Assembly *try_file(const char *dir, const char *name, const char *ext, Err *e)
{
    const char *path = arena_printf(&verify->arena, "%s/%s%s", dir, name, ext);
    return access(path, R_OK) == 0 ? open_assembly(path, e) : NULL;
}

static bool is_simple_name(const char *path, const char *name)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t n = strlen(name);
    return strncasecmp(base, name, n) == 0 && (!strcasecmp(base + n, ".dll") || !strcasecmp(base + n, ".exe"));
}

static Assembly *bind(Assembly *from, u32 token, Err *e)
{
    const char *name = md_assemblyref_name(from->module->md, MD_RID(token));
    LoadContext *c = verify->domain->default_context;
    for (u32 i = 0; i < c->assemblies.len; i++)
        if (strcasecmp(c->assemblies.data[i]->name, name) == 0)
            return c->assemblies.data[i];
    Assembly *a = NULL;
    Err quiet = {0};
    if (strchr(name, '/'))
        goto missing;
    for (u32 i = 0; !a && i < verify->files.len; i++)
        if (is_simple_name(verify->files.data[i], name))
            a = open_assembly(verify->files.data[i], &quiet);
    for (u32 i = 0; !a && i < verify->refs.len; i++)
        a = is_simple_name(verify->refs.data[i], name) ? open_assembly(verify->refs.data[i], &quiet)
                                                       : try_file(verify->refs.data[i], name, ".dll", &quiet);
    if (!a && verify->file_dir && !(a = try_file(verify->file_dir, name, ".dll", &quiet)))
        a = try_file(verify->file_dir, name, ".exe", &quiet);
    if (!a)
        a = try_file(verify->fw_dir, name, ".dll", &quiet);
missing:
    if (!a) {
        err_set(e, ERR_FILE_NOT_FOUND, token, "Could not find assembly '%s'.", name);
        if (e)
            snprintf(e->name, sizeof e->name, "%s", name);
    }
    return a;
}

static void method_made(Method *m) { m->entry = (void *)(uintptr_t)0x1000; }
static void *slot_prestub(u32 slot) { return (void *)(uintptr_t)(0x10000 + slot); }
static void *ensure_statics(MethodTable *mt, bool *settled, Err *e)
{
    (void)e;
    *settled = true;
    return type_statics(mt);
}

static bool boot(Verify *s, Err *e)
{
    type_init();
    type_client = (TypeClient){.bind = bind, .method_made = method_made, .slot_prestub = slot_prestub, .ensure_statics = ensure_statics};
    s->domain = type_domain_new("verify");
    return type_boot(s->domain, arena_printf(&s->arena, "%s/System.Private.CoreLib.dll", s->fw_dir), e);
}

/* --- Reports ------------------------------------------------------------------------------------------------------------------ */
static void json_field(const char *key, const char *s)
{
    printf(",\"%s\":\"", key);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void report(void *arg, const VerifyIssue *i)
{
    Verify *s = arg;
    char text[2600], name[700] = "";
    if (s->ignored[i->code])
        return;
    s->issues++;
    s->by_code[i->code]++;
    if (s->quiet)
        return;
    verify_issue_text(i, text, sizeof text);
    if (!s->json) {
        if (s->tokens)
            printf("[IL]: Error [%s]: (0x%08x) %s\n", verify_code_name(i->code), i->token, text);
        else
            printf("[IL]: Error [%s]: %s\n", verify_code_name(i->code), text);
        return;
    }
    if (i->method)
        type_method_name(i->method, false, name, sizeof name);
    else if (i->type)
        type_name(th_of(i->type), TN_NAMESPACE, name, sizeof name);
    printf("{\"code\":\"%s\"", verify_code_name(i->code));
    json_field("assembly", i->module->assembly->name);
    json_field(i->method ? "method" : "type", name);
    printf(",\"token\":\"0x%08x\"", i->token);
    if (i->offset != UINT32_MAX)
        printf(",\"offset\":%u", i->offset);
    if (i->found[0])
        json_field("found", i->found);
    if (i->expected[0])
        json_field("expected", i->expected);
    json_field("text", text);
    printf("}\n");
}

static bool matches(const StatorStrings *patterns, const char *name)
{
    for (u32 i = 0; i < patterns->len; i++)
        if (fnmatch(patterns->data[i], name, 0) == 0 || strstr(name, patterns->data[i]) == name)
            return true;
    return false;
}

static bool wanted(void *arg, Method *m)
{
    Verify *s = arg;
    char name[800];
    if (!s->include.len && !s->exclude.len)
        return true;
    type_method_name(m, false, name, sizeof name);
    return (!s->include.len || matches(&s->include, name)) && !matches(&s->exclude, name);
}

static bool verify_file(Verify *s, const char *path, VerifyCounts *counts)
{
    Err e = {0};
    Assembly *a = NULL;
    LoadContext *c = s->domain->default_context;
    for (u32 i = 0; !a && i < c->assemblies.len; i++)
        if (is_simple_name(path, c->assemblies.data[i]->name))
            a = c->assemblies.data[i];
    const char *slash = strrchr(path, '/');
    s->file_dir = slash ? arena_strndup(&s->arena, path, (size_t)(slash - path)) : ".";
    if (!a && !(a = open_assembly(path, &e))) {
        fprintf(stderr, "stator verify: %s: %s\n", path, e.text);
        return false;
    }
    VerifySink sink = {report, s};
    VerifyFilter filter = {wanted, s};
    u32 before = s->issues;
    if (!s->no_metadata)
        verify_metadata(a->module, &sink);
    if (!s->no_il)
        verify_module(a->module, &filter, &sink, counts);
    if (!s->json)
        printf(s->issues == before ? "All classes and methods in %s are verified.\n" : "%2$u issues in %1$s.\n", path, s->issues - before);
    return true;
}

static void print_statistics(const Verify *s, const VerifyCounts *n, double ms)
{
    printf("types %u  methods %u  bodies %u  IL bytes %u  issues %u  time %.1f ms\n", n->types, n->methods, n->bodies, n->il_bytes, s->issues, ms);
    for (u32 i = 0; i < VERIFY_CODE_COUNT; i++)
        if (s->by_code[i])
            printf("%8u  %-28s %s\n", s->by_code[i], verify_code_name((VerifyCode)i), verify_code_text((VerifyCode)i));
}

static bool ignore_codes(Verify *s, const char *list)
{
    char *copy = arena_strdup(&s->arena, list), *save = NULL;
    for (char *t = strtok_r(copy, ",; ", &save); t; t = strtok_r(NULL, ",; ", &save)) {
        VerifyCode c = verify_code_by_name(t);
        if (c == VERIFY_NONE) {
            fprintf(stderr, "stator verify: no such code '%s'; see stator verify --list\n", t);
            return false;
        }
        s->ignored[c] = true;
    }
    return true;
}

static const char *short_option(const char *o)
{
    static const char *const alias[][2] = {{"-r", "--reference"}, {"-s", "--framework"}, {"-g", "--ignore"}, {"-i", "--include"}, {"-e", "--exclude"},
        {"-l", "--list"}, {"-q", "--quiet"}, {"-ignore", "--ignore"}, {"-include", "--include"}, {"-exclude", "--exclude"},
        {"-statistics", "--statistics"}};
    for (u32 i = 0; i < ARRAY_LEN(alias); i++)
        if (!strcmp(alias[i][0], o))
            return alias[i][1];
    return o;
}

static int take_options(Verify *s, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *o = short_option(argv[i]), *value = i + 1 < argc ? argv[i + 1] : NULL;
        StatorStrings *list = !strcmp(o, "--reference") ? &s->refs
                              : !strcmp(o, "--include") ? &s->include
                              : !strcmp(o, "--exclude") ? &s->exclude
                                                        : NULL;
        bool takes = list || !strcmp(o, "--framework") || !strcmp(o, "--ignore");
        if (takes && !value) {
            fprintf(stderr, "stator verify: option '%s' needs a value\n", o);
            return 2;
        }
        i += takes;
        if (list)
            vec_push(list, value);
        else if (!strcmp(o, "--framework"))
            s->fw_dir = value;
        else if (!strcmp(o, "--ignore")) {
            if (!ignore_codes(s, value))
                return 2;
        } else if (!strcmp(o, "--json"))
            s->json = true;
        else if (!strcmp(o, "--tokens"))
            s->tokens = true;
        else if (!strcmp(o, "--quiet"))
            s->quiet = true;
        else if (!strcmp(o, "--statistics"))
            s->statistics = true;
        else if (!strcmp(o, "--metadata"))
            s->no_il = true;
        else if (!strcmp(o, "--il"))
            s->no_metadata = true;
        else if (!strcmp(o, "--list")) {
            for (u32 k = 1; k < VERIFY_CODE_COUNT; k++)
                printf("%-30s %s\n", verify_code_name((VerifyCode)k), verify_code_text((VerifyCode)k));
            return 0;
        } else if (o[0] == '-') {
            fputs(verify_usage, strcmp(o, "--help") && strcmp(o, "-h") ? stderr : stdout);
            return strcmp(o, "--help") && strcmp(o, "-h") ? 2 : 0;
        } else {
            vec_push(&s->files, argv[i]);
        }
    }
    if (s->files.len)
        return -1;
    fputs(verify_usage, stderr);
    return 2;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int stator_verify(StatorApp *app, int argc, char **argv)
{
    Verify *s = verify = base_calloc(1, sizeof *s);
    VerifyCounts counts = {0};
    Err e = {0};
    arena_init(&s->arena, 0);
    int rc = take_options(s, argc, argv);
    if (rc >= 0)
        return rc;
    if (!s->fw_dir) {
        if (!stator_find_root(app) || !stator_resolve_frameworks(app)) {
            fprintf(stderr, "%s\n", app->fail_text);
            return 2;
        }
        s->fw_dir = app->fx[app->n_fx - 1].dir;
    }
    if (!boot(s, &e)) {
        fprintf(stderr, "stator verify: %s\n", e.text);
        return 2;
    }
    double t0 = now_ms();
    bool all = true;
    for (u32 i = 0; i < s->files.len; i++)
        all &= verify_file(s, s->files.data[i], &counts);
    if (s->statistics)
        print_statistics(s, &counts, now_ms() - t0);
    fflush(stdout);
    return !all ? 2 : s->issues ? 1 : 0;
}
