/* stator_main.c: `stator app.dll args...`
 * Prepares the properties as the .NET host does, loads libcoreclr.so from its own folder and hands over.
 * Exit codes and messages are those of `dotnet exec`.  Book: host.md  Tests: tests/host/ */
#include "stator.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/knobs.h"
#include "ilasm/ilasm.h"
#include "ildasm/ildasm.h"
#include "vm/vm_props.h"

typedef struct CoreClr {
    int (*initialize)(const char *exe, const char *domain, int n, const char **keys, const char **values, void **handle,
        unsigned *id);
    int (*execute)(void *handle, unsigned id, int argc, const char **argv, const char *path, unsigned *exit_code);
    int (*shutdown)(void *handle, unsigned id, int *latched);
    int (*set_error_writer)(void (*writer)(const char *));
} CoreClr;

static const char usage[] =
    "Usage: stator [options] path-to-application [arguments]\n"
    "       stator verify [options] assemblies\n"
    "       stator ildasm [options] assembly\n"
    "       stator ilasm [options] sources\n\n"
    "Runs a .NET 10 program; verifies assemblies without running them; disassembles one; assembles one.\n\n"
    "options:\n"
    "  --additionalprobingpath <path>  Folder with packages to probe for assemblies (may be repeated).\n"
    "  --additional-deps <path>        Additional deps.json file.\n"
    "  --depsfile <path>               The <application>.deps.json file.\n"
    "  --runtimeconfig <path>          The <application>.runtimeconfig.json file.\n"
    "  --fx-version <version>          Version of the installed shared framework to use.\n"
    "  --roll-forward <value>          LatestPatch, Minor, LatestMinor, Major, LatestMajor or Disable.\n"
    "  --version                       The version of stator and of the framework it would use.\n"
    "  -h, --help                      This text.\n\n"
    "DOTNET_ROOT names the .NET installation. Settings in the environment:\n";

static int fail(StatorApp *s)
{
    fprintf(stderr, "%s\n", s->fail_text);
    return s->fail_code;
}

static size_t get_runtime_property(const char *key, char *buf, size_t n, void *context)
{
    StatorApp *s = context;
    const char *v = !strcmp(key, "ENTRY_ASSEMBLY_NAME") ? s->app_name : stator_get_property(s, key);
    if (!v)
        return (size_t)-1;
    size_t need = strlen(v) + 1;
    if (need <= n && buf)
        memcpy(buf, v, need);
    return need;
}

static void write_error(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

static int print_version(StatorApp *s)
{
    printf("stator " STATOR_VERSION "\n");
    if (stator_find_root(s) && stator_resolve_frameworks(s))
        printf("%s %s [%s]\n", s->fx[s->n_fx - 1].name, s->fx[s->n_fx - 1].version, s->fx[s->n_fx - 1].dir);
    else
        printf("%s\n", s->fail_text);
    return 0;
}

static int print_help(void)
{
    fputs(usage, stdout);
    fflush(stdout);
    knobs_print_help(STDOUT_FILENO);
    return 0;
}

/* argv[*at] is an option; true: it and its value are taken. */
static bool take_option(StatorApp *s, int argc, char **argv, int *at)
{
    const char *name = argv[*at], *value = *at + 1 < argc ? argv[*at + 1] : NULL;
    static const char *const known[] = {"--additionalprobingpath", "--additional-deps", "--depsfile", "--runtimeconfig",
        "--fx-version", "--roll-forward"};
    u32 which = 0;
    while (which < ARRAY_LEN(known) && strcmp(known[which], name))
        which++;
    if (which == ARRAY_LEN(known))
        return stator_fail(s, STATOR_EXIT_ARGUMENT, "stator: unknown option '%s'; see stator --help", name);
    if (!value)
        return stator_fail(s, STATOR_EXIT_ARGUMENT, "stator: option '%s' needs a value", name);
    switch (which) {
    case 0: vec_push(&s->probe_args, value); break;
    case 1: vec_push(&s->additional_deps, value); break;
    case 2: s->deps_arg = value; break;
    case 3: s->config_arg = value; break;
    case 4: s->fx_version_arg = value; break;
    default:
        if ((s->roll_arg = stator_roll_parse(value)) == ROLL_UNSET)
            return stator_fail(s, STATOR_EXIT_ARGUMENT, "Invalid value for command line argument '--roll-forward'");
    }
    *at += 2;
    return true;
}

static void *lookup(StatorApp *s, void *lib, const char *path, const char *name)
{
    void *p = dlsym(lib, name);
    if (!p)
        stator_fail(s, STATOR_EXIT_BIND, "Probed for and did not resolve library symbol %s in %s", name, path);
    return p;
}

static bool load_coreclr(StatorApp *s, const char *self, CoreClr *c)
{
    char *dir = arena_strdup(&s->arena, self);
    *strrchr(dir, '/') = 0;
    const char *path = stator_concat(&s->arena, dir, "/libcoreclr.so", "");
    void *lib = dlopen(path, RTLD_LAZY);
    if (!lib)
        return stator_fail(s, STATOR_EXIT_NO_CORECLR, "Failed to load %s, error: %s", path, dlerror());
    *(void **)&c->set_error_writer = dlsym(lib, "coreclr_set_error_writer");
    return (*(void **)&c->initialize = lookup(s, lib, path, "coreclr_initialize")) &&
           (*(void **)&c->execute = lookup(s, lib, path, "coreclr_execute_assembly")) &&
           (*(void **)&c->shutdown = lookup(s, lib, path, "coreclr_shutdown_2"));
}

static int run(StatorApp *s, const CoreClr *c, const char *self, int argc, char **argv)
{
    VmHostContract contract = {.size = sizeof contract, .context = s, .get_runtime_property = get_runtime_property, .pinvoke_override = stator_pinvoke};
    if (!stator_add_property(s, "HOST_RUNTIME_CONTRACT", arena_printf(&s->arena, "0x%zx", (size_t)&contract)))
        return fail(s);
    u32 n = s->props.len;
    const char **keys = ARENA_NEW_ARRAY(&s->arena, const char *, n), **values = ARENA_NEW_ARRAY(&s->arena, const char *, n);
    for (u32 i = 0; i < n; i++) {
        keys[i] = s->props.data[i].key;
        values[i] = s->props.data[i].value;
    }
    void *handle = NULL;
    unsigned id = 0, exit_code = 0;
    if (c->set_error_writer)
        c->set_error_writer(write_error);
    int hr = c->initialize(self, "clrhost", (int)n, keys, values, &handle, &id);
    if (c->set_error_writer)
        c->set_error_writer(NULL);
    if (hr < 0) {
        fprintf(stderr, "Failed to create CoreCLR, HRESULT: 0x%X\n", (unsigned)hr);
        return STATOR_EXIT_CORECLR_INIT;
    }
    hr = c->execute(handle, id, argc, (const char **)argv, s->app, &exit_code);
    if (hr < 0) {
        fprintf(stderr, "Failed to execute managed app, HRESULT: 0x%X\n", (unsigned)hr);
        return STATOR_EXIT_EXECUTE;
    }
    int latched = (int)exit_code;
    hr = c->shutdown(handle, id, &latched);
    if (hr < 0)
        fprintf(stderr, "Failed to shut down CoreCLR, HRESULT: 0x%X\n", (unsigned)hr);
    return latched;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "ildasm"))
        return ildasm_main(argc - 1, argv + 1);
    if (argc > 1 && !strcmp(argv[1], "ilasm"))
        return ilasm_main(argc - 1, argv + 1);
    StatorApp *s = base_calloc(1, sizeof *s);
    char self[PATH_MAX];
    arena_init(&s->arena, 256 * 1024);
    s->roll_arg = ROLL_UNSET;
    if (argc > 1 && !strcmp(argv[1], "verify"))
        return stator_verify(s, argc - 2, argv + 2);
    int at = argc > 1 && !strcmp(argv[1], "exec") ? 2 : 1;
    while (at < argc && argv[at][0] == '-') {
        if (!strcmp(argv[at], "--help") || !strcmp(argv[at], "-h"))
            return print_help();
        if (!strcmp(argv[at], "--version"))
            return print_version(s);
        if (!take_option(s, argc, argv, &at))
            return fail(s);
    }
    if (at >= argc) {
        fputs(usage, stderr);
        return STATOR_EXIT_ARGUMENT;
    }
    s->app_arg = argv[at];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        base_fatal(STATOR_EXIT_NO_CORECLR, "stator: /proc/self/exe cannot be read");
    self[n] = 0;
    CoreClr c = {0};
    if (!stator_prepare(s) || !load_coreclr(s, self, &c))
        return fail(s);
    return run(s, &c, self, argc - at - 1, argv + at + 1);
}
