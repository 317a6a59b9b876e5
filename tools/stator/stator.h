/* stator.h: the launcher, which stands where `dotnet`, hostfxr and hostpolicy stand otherwise.
 *
 *   stator_main.c       arguments; loads libcoreclr.so and calls it
 *   stator_config.c     app.runtimeconfig.json and app.runtimeconfig.dev.json
 *   stator_framework.c  finds the .NET installation and the frameworks in it
 *   stator_deps.c       .deps.json files -> the properties that the runtime is given
 *   stator_component.c  the same for a plug-in, asked for by the program
 *   stator_json.c       the reader of those files
 *   stator_verify.c     `stator verify`
 *
 * Data flows down that list into one StatorApp.  Everything lives in its arena until the process ends.
 * The aim is to be gone quickly: no file is looked at that the .NET host would not look at, and fewer are.
 * Uses base/ only.  Book: host.md */
#ifndef STATOR_H
#define STATOR_H
#include "base/arena.h"
#include "base/base.h"
#include "base/vec.h"
#include "stator_json.h"

#ifndef STATOR_VERSION
#define STATOR_VERSION "0.1.0"
#endif

/* Exit codes: the low byte of the status codes of the .NET host. */
enum {
    STATOR_EXIT_ARGUMENT = 0x81,      /* 129: no application, unknown option */
    STATOR_EXIT_NO_CORECLR = 0x87,    /* 135: libcoreclr.so is not there */
    STATOR_EXIT_BIND = 0x88,          /* 136: libcoreclr.so lacks an export */
    STATOR_EXIT_CORECLR_INIT = 0x89,  /* 137 */
    STATOR_EXIT_EXECUTE = 0x8a,       /* 138 */
    STATOR_EXIT_DEPS = 0x8b,          /* 139: a .deps.json cannot be read */
    STATOR_EXIT_RESOLVE = 0x8c,       /* 140: a file named by a .deps.json is not there */
    STATOR_EXIT_CONFIG = 0x93,        /* 147: runtimeconfig.json is not valid */
    STATOR_EXIT_FRAMEWORK = 0x96,     /* 150 */
    STATOR_EXIT_DUPLICATE = 0xa1,     /* 161: a config property has the name of one of the host's */
};

typedef enum RollForward { /* the values of rollForward, in the order of how far they go */
    ROLL_DISABLE,
    ROLL_LATEST_PATCH,
    ROLL_MINOR, /* the default */
    ROLL_LATEST_MINOR,
    ROLL_MAJOR,
    ROLL_LATEST_MAJOR,
    ROLL_UNSET,
} RollForward;

typedef struct StatorPair {
    const char *key, *value;
} StatorPair;
typedef VEC(StatorPair) StatorPairs;
typedef VEC(const char *) StatorStrings;

typedef struct StatorFxRef {
    const char *name, *version;
    RollForward roll;
} StatorFxRef;
typedef VEC(StatorFxRef) StatorFxRefs;

typedef struct StatorConfig {
    const char *tfm; /* "" when not given */
    StatorFxRefs refs;
    bool self_contained; /* lists includedFrameworks */
    StatorPairs props;   /* configProperties; names are unique */
    StatorStrings probe_paths;
} StatorConfig;

typedef struct StatorFx {
    const char *name, *version, *dir; /* dir without '/' at its end */
} StatorFx;

enum { STATOR_MAX_FX = 16 };

typedef struct StatorApp {
    Arena arena;
    /* from the command line; NULL or ROLL_UNSET: not given */
    const char *app_arg, *deps_arg, *config_arg, *fx_version_arg;
    RollForward roll_arg;
    StatorStrings probe_args, additional_deps;
    /* found out */
    const char *app, *app_dir, *app_name; /* absolute; with '/' at its end; without extension */
    const char *config_path, *config_dev_path, *deps_path;
    const char *root;  /* of the .NET installation, without '/' at its end */
    StatorConfig config;
    StatorFx fx[STATOR_MAX_FX]; /* a framework comes before those that it uses; Microsoft.NETCore.App is last */
    u32 n_fx;
    StatorPairs props; /* what the runtime is given */
    /* set by stator_fail */
    int fail_code;
    const char *fail_text;
} StatorApp;

/* Every function returns false after stator_fail: one or more lines for stderr, and the exit code. */
bool stator_fail(StatorApp *s, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The whole file with a NUL behind it, in the arena; NULL with errno when it cannot be read. */
char *stator_read_file(Arena *a, const char *path, size_t *size);
const char *stator_concat(Arena *a, const char *x, const char *y, const char *z);
/* realpath(3) into the arena; NULL: does not exist */
const char *stator_realpath(Arena *a, const char *path);
bool stator_is_dir(const char *path);

/* app_arg and the other arguments -> app, app_dir, app_name, config_path, deps_path */
bool stator_locate_app(StatorApp *s);
/* A file that is not there leaves the config empty. */
bool stator_config_read(StatorApp *s, const char *path, const char *dev_path, StatorConfig *out);
/* ROLL_UNSET for an unknown word; case does not matter */
RollForward stator_roll_parse(const char *word);

/* Where .NET is installed: DOTNET_ROOT, or else the first installation of: the `dotnet` on PATH,
 * /etc/dotnet/install_location, /usr/share/dotnet, /usr/lib/dotnet, ~/.dotnet. */
bool stator_find_root(StatorApp *s);
/* config.refs -> fx[], and the config properties of frameworks into config.props */
bool stator_resolve_frameworks(StatorApp *s);

/* fx[], deps_path, config -> props, all but HOST_RUNTIME_CONTRACT */
bool stator_build_properties(StatorApp *s);
bool stator_add_property(StatorApp *s, const char *key, const char *value);
const char *stator_get_property(const StatorApp *s, const char *key); /* NULL: absent */

/* A component of a running program (AssemblyDependencyResolver): app, app_dir, app_name and deps_path are set; no frameworks. */
typedef struct StatorComponent {
    const char *assemblies, *native_dirs, *resource_dirs; /* each item is followed by ':' */
} StatorComponent;
bool stator_resolve_component(StatorApp *s, StatorComponent *out);
/* The functions of libhostpolicy.so that the class library calls, by the contract's pinvoke_override; NULL: another function. */
const void *stator_pinvoke(const char *library, const char *entry);

/* All of the above in order.  The last step of stator_main before the library is loaded. */
bool stator_prepare(StatorApp *s);
/* stator_verify.c: the command `stator verify`; its arguments, without the word itself.  Exit code. */
int stator_verify(StatorApp *s, int argc, char **argv);
#endif
