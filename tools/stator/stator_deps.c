/* stator_deps.c: the .deps.json files of the app and of its frameworks -> the runtime's properties.
 * An assembly's name is looked up in the app first, then in the frameworks from the highest to Microsoft.NETCore.App;
 * a later one replaces it when its assembly version is higher, or the same and its file version is not lower.
 * Whether the files exist is asked only when there is more than one place to look (probing paths, additional deps):
 * that keeps a start free of some two hundred system calls.
 * Not here: the shared store, servicing folders, UseRidGraph.  Book: host.md  Tests: tests/host/ */
#include "stator.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/map.h"

typedef enum AssetKind { ASSET_RUNTIME, ASSET_RESOURCES, ASSET_NATIVE, ASSET_KINDS } AssetKind;
static const char *const asset_words[ASSET_KINDS] = {"runtime", "resources", "native"};

typedef struct Version4 {
    i32 n[4]; /* -1: not given */
} Version4;

typedef struct Asset {
    const char *library, *version, *library_path, *library_type;
    const char *name; /* file name without extension */
    const char *path; /* relative, as the file has it */
    const char *local_path;
    Version4 assembly_version, file_version;
    AssetKind kind;
    bool rid_specific;
} Asset;

typedef struct Deps {
    const char *path; /* absolute when the file exists */
    bool exists;
    const JsonNode *target; /* "name/version" -> assets, for has_package */
    VEC(Asset) assets[ASSET_KINDS];
} Deps;

typedef struct TpaItem {
    const char *path;
    Version4 assembly_version, file_version;
} TpaItem;

typedef struct Resolver {
    StatorApp *s;
    Arena *a;
    bool skip_missing; /* what is not there is left out */
    Deps app, fx[STATOR_MAX_FX];
    VEC(Deps) additional;
    StatorStrings lookup; /* probing paths, package layout */
    bool check_files;
    StrMap by_name; /* -> index + 1 in tpa */
    VEC(TpaItem) tpa;
} Resolver;

static const Version4 no_version = {{-1, -1, -1, -1}};

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static Version4 parse_version(const char *s)
{
    Version4 v = no_version;
    for (int i = 0; s && i < 4 && *s >= '0' && *s <= '9'; i++) {
        char *end;
        v.n[i] = (i32)strtol(s, &end, 10);
        if (*end != '.')
            break;
        s = end + 1;
    }
    return v;
}

static int compare_version(const Version4 *a, const Version4 *b)
{
    for (int i = 0; i < 4; i++)
        if (a->n[i] != b->n[i])
            return a->n[i] < b->n[i] ? -1 : 1;
    return 0;
}

/* The runtime identifier among those of a package's assets of one kind that fits this machine best; NULL: none. */
static const char *best_rid(const JsonNode *targets, AssetKind kind)
{
    const char *rids[] = {getenv("DOTNET_RUNTIME_ID"), "linux-x64", "linux", "unix-x64", "unix", "any"};
    for (u32 i = 0; i < ARRAY_LEN(rids); i++)
        for (const JsonNode *n = rids[i] ? json_first(targets) : NULL; n; n = n->next)
            if (!strcasecmp(json_get_string(n, "assetType", ""), asset_words[kind]) &&
                !strcmp(json_get_string(n, "rid", ""), rids[i]))
                return rids[i];
    return NULL;
}

static void add_asset(Resolver *r, Deps *d, Asset proto, const JsonNode *file)
{
    const char *name = file_of(file->key), *dot = strrchr(name, '.');
    proto.path = file->key;
    proto.name = dot ? arena_strndup(r->a, name, (size_t)(dot - name)) : name;
    proto.local_path = json_get_string(file, "localPath", NULL);
    proto.assembly_version = parse_version(json_get_string(file, "assemblyVersion", NULL));
    proto.file_version = parse_version(json_get_string(file, "fileVersion", NULL));
    vec_push(&d->assets[proto.kind], proto);
}

static void add_library(Resolver *r, Deps *d, const JsonNode *library)
{
    const JsonNode *package = json_get(d->target, library->key);
    if (!package)
        return;
    size_t n = strcspn(library->key, "/");
    Asset proto = {.library = arena_strndup(r->a, library->key, n),
        .version = library->key[n] ? library->key + n + 1 : "",
        .library_path = json_get_string(library, "path", ""),
        .library_type = json_get_string(library, "type", "")};
    const JsonNode *targets = json_get(package, "runtimeTargets");
    for (int k = 0; k < ASSET_KINDS; k++) {
        const char *rid = targets ? best_rid(targets, (AssetKind)k) : NULL;
        proto.kind = (AssetKind)k;
        proto.rid_specific = rid != NULL;
        for (const JsonNode *f = json_first(rid ? targets : json_get(package, asset_words[k])); f; f = f->next)
            if (!rid || (!strcasecmp(json_get_string(f, "assetType", ""), asset_words[k]) &&
                            !strcmp(json_get_string(f, "rid", ""), rid)))
                add_asset(r, d, proto, f);
    }
}

static bool load_deps(Resolver *r, const char *path, Deps *d)
{
    const char *real = stator_realpath(r->a, path), *why = "cannot be read";
    *d = (Deps){.path = real ? real : path, .exists = real != NULL};
    if (!real)
        return true;
    size_t size;
    char *text = stator_read_file(r->a, real, &size);
    JsonNode *root = text ? json_parse(r->a, text, size, "runtimes", &why) : NULL;
    if (!root)
        return stator_fail(r->s, STATOR_EXIT_DEPS,
            "Failed to parse file [%s]. JSON parsing exception: %s\nError initializing the dependency resolver: An error "
            "occurred while parsing: %s", real, why, real);
    const JsonNode *target = json_get(root, "runtimeTarget");
    const char *name = json_string(target, NULL);
    d->target = json_get(json_get(root, "targets"), name ? name : json_get_string(target, "name", ""));
    for (const JsonNode *n = json_first(json_get(root, "libraries")); n; n = n->next)
        add_library(r, d, n);
    return true;
}

static bool is_placeholder(const Asset *e)
{
    return !strcmp(file_of(e->path), "_._");
}

static bool has_package(Resolver *r, const Deps *d, const Asset *e)
{
    return json_get(d->target, arena_printf(r->a, "%s/%s", e->library, e->version)) != NULL;
}

static const char *existing(const Resolver *r, const char *path)
{
    return !r->check_files || access(path, F_OK) == 0 ? path : NULL;
}

static const char *in_dir(Resolver *r, const char *dir, const char *relative)
{
    size_t n = strlen(dir);
    return existing(r, stator_concat(r->a, dir, n && dir[n - 1] == '/' ? "" : "/", relative));
}

/* Where the published layout has the asset: flat, and resources one level down in their culture's folder. */
static const char *in_layout(Resolver *r, const char *dir, const Asset *e)
{
    if (e->local_path)
        return in_dir(r, dir, e->local_path);
    if (!strcasecmp(e->library_type, "runtimepack"))
        return in_dir(r, dir, e->path);
    const char *file = file_of(e->path), *from = file;
    if (e->kind == ASSET_RESOURCES && from > e->path)
        for (from--; from > e->path && from[-1] != '/';)
            from--;
    return in_dir(r, dir, from);
}

/* level: 0 the app, i + 1: fx[i] */
static const char *probe(Resolver *r, const Asset *e, u32 level)
{
    StatorApp *s = r->s;
    const char *path = NULL;
    if (level == 0)
        path = e->rid_specific ? in_dir(r, s->app_dir, e->path) : in_layout(r, s->app_dir, e);
    for (u32 i = level ? level - 1 : 0; !path && i < s->n_fx; i++)
        if (has_package(r, &r->fx[i], e))
            path = in_layout(r, s->fx[i].dir, e);
    for (u32 i = 0; !path && i < r->lookup.len; i++) {
        const char *package =
            *e->library_path ? e->library_path : arena_printf(r->a, "%s/%s", e->library, e->version);
        path = in_dir(r, stator_concat(r->a, r->lookup.data[i], "/", package), e->path);
    }
    return path;
}

static bool not_found(Resolver *r, const Deps *d, const Asset *e)
{
    if (e->kind == ASSET_RESOURCES || r->skip_missing)
        return true;
    return stator_fail(r->s, STATOR_EXIT_RESOLVE,
        "Error:\n  An assembly specified in the application dependencies manifest (%s) was not found:\n"
        "    package: '%s', version: '%s'\n    path: '%s'", file_of(d->path), e->library, e->version, e->path);
}

static void tpa_add(Resolver *r, const char *name, TpaItem item)
{
    vec_push(&r->tpa, item);
    strmap_put(&r->by_name, name, (void *)(uintptr_t)r->tpa.len);
}

static bool tpa_entry(Resolver *r, const Deps *d, const Asset *e, u32 level)
{
    TpaItem item = {NULL, e->assembly_version, e->file_version};
    u32 at = (u32)(uintptr_t)strmap_get(&r->by_name, e->name);
    if (is_placeholder(e))
        return true;
    if (!at) {
        if (!(item.path = probe(r, e, level)))
            return not_found(r, d, e);
        tpa_add(r, e->name, item);
        return true;
    }
    TpaItem *old = &r->tpa.data[at - 1];
    if (strcmp(file_of(e->path), file_of(old->path)))
        return stator_fail(r->s, STATOR_EXIT_RESOLVE,
            "Error:\n  An assembly specified in the application dependencies manifest (%s) has already been found but "
            "with a different file extension:\n    package: '%s', version: '%s'\n    path: '%s'\n"
            "    previously found assembly: '%s'", file_of(d->path), e->library, e->version, e->path, old->path);
    int c = compare_version(&item.assembly_version, &old->assembly_version);
    if (c < 0 || (c == 0 && compare_version(&item.file_version, &old->file_version) < 0))
        return true;
    if ((item.path = probe(r, e, level)))
        *old = strcmp(item.path, old->path) ? item : *old;
    else if (level)
        return not_found(r, d, e);
    return true;
}

static bool tpa_deps(Resolver *r, const Deps *d, u32 level)
{
    for (u32 i = 0; i < d->assets[ASSET_RUNTIME].len; i++)
        if (!tpa_entry(r, d, &d->assets[ASSET_RUNTIME].data[i], level))
            return false;
    return true;
}

/* An app without .deps.json: every .dll and then every .exe beside it. */
static void tpa_folder(Resolver *r)
{
    static const char *const extensions[] = {".dll", ".exe"};
    StatorStrings names = {0};
    DIR *d = opendir(r->s->app_dir);
    struct dirent *e;
    while (d && (e = readdir(d)))
        vec_push(&names, (const char *)arena_strdup(r->a, e->d_name));
    if (d)
        closedir(d);
    for (u32 k = 0; k < ARRAY_LEN(extensions); k++)
        for (u32 i = 0; i < names.len; i++) {
            size_t n = strlen(names.data[i]);
            if (n <= 4 || strcasecmp(names.data[i] + n - 4, extensions[k]))
                continue;
            const char *name = arena_strndup(r->a, names.data[i], n - 4);
            if (!strmap_get(&r->by_name, name))
                tpa_add(r, name,
                    (TpaItem){stator_concat(r->a, r->s->app_dir, names.data[i], ""), no_version, no_version});
        }
    vec_free(&names);
}

static bool build_tpa(Resolver *r)
{
    tpa_add(r, r->s->app_name, (TpaItem){r->s->app, no_version, no_version});
    if (!tpa_deps(r, &r->app, 0))
        return false;
    if (!r->app.exists)
        tpa_folder(r);
    for (u32 i = 0; i < r->additional.len; i++)
        if (!tpa_deps(r, &r->additional.data[i], 0))
            return false;
    for (u32 i = 0; i < r->s->n_fx; i++)
        if (!tpa_deps(r, &r->fx[i], i + 1))
            return false;
    return true;
}

static void add_unique(StatorStrings *dirs, const char *dir)
{
    for (u32 i = 0; i < dirs->len; i++)
        if (!strcmp(dirs->data[i], dir))
            return;
    vec_push(dirs, dir);
}

static bool dirs_of(Resolver *r, const Deps *d, AssetKind kind, u32 level, StatorStrings *dirs)
{
    for (u32 i = 0; i < d->assets[kind].len; i++) {
        const Asset *e = &d->assets[kind].data[i];
        if (is_placeholder(e))
            continue;
        const char *path = probe(r, e, level);
        if (!path && !not_found(r, d, e))
            return false;
        if (!path)
            continue;
        size_t n = (size_t)(file_of(path) - path);
        if (kind == ASSET_RESOURCES) /* the folder above the culture's */
            for (n--; n > 1 && path[n - 1] != '/';)
                n--;
        add_unique(dirs, arena_strndup(r->a, path, n));
    }
    return true;
}

static bool build_dirs(Resolver *r, AssetKind kind, StatorStrings *dirs)
{
    if (!dirs_of(r, &r->app, kind, 0, dirs))
        return false;
    if (!r->app.exists)
        add_unique(dirs, r->s->app_dir);
    for (u32 i = 0; i < r->additional.len; i++)
        if (!dirs_of(r, &r->additional.data[i], kind, 0, dirs))
            return false;
    for (u32 i = 0; i < r->s->n_fx; i++)
        if (!dirs_of(r, &r->fx[i], kind, i + 1, dirs))
            return false;
    return true;
}

/* Every string followed by the separator, or with it in between. */
static const char *join(Arena *a, const StatorStrings *list, char separator, bool at_end)
{
    size_t n = 1;
    for (u32 i = 0; i < list->len; i++)
        n += strlen(list->data[i]) + 1;
    char *text = arena_alloc(a, n), *p = text;
    for (u32 i = 0; i < list->len; i++) {
        size_t len = strlen(list->data[i]);
        memcpy(p, list->data[i], len);
        p += len;
        if (at_end || i + 1 < list->len)
            *p++ = separator;
    }
    return text;
}

static void add_lookup(Resolver *r, const char *path)
{
    static const char mark[] = "|arch|/|tfm|", mark_windows[] = "|arch|\\|tfm|";
    const char *real = stator_realpath(r->a, path), *at = strstr(path, mark);
    if (!at)
        at = strstr(path, mark_windows);
    if (!real && at && *r->s->config.tfm)
        real = stator_realpath(r->a, arena_printf(r->a, "%.*sx64/%s%s", (int)(at - path), path, r->s->config.tfm,
                                         at + strlen(mark)));
    if (real)
        vec_push(&r->lookup, real);
}

static bool load_all(Resolver *r)
{
    StatorApp *s = r->s;
    for (u32 i = 0; i < s->probe_args.len; i++)
        add_lookup(r, s->probe_args.data[i]);
    for (u32 i = 0; i < s->config.probe_paths.len; i++)
        add_lookup(r, s->config.probe_paths.data[i]);
    if (!load_deps(r, s->deps_path, &r->app))
        return false;
    for (u32 i = 0; i < s->n_fx; i++)
        if (!load_deps(r, arena_printf(r->a, "%s/%s.deps.json", s->fx[i].dir, s->fx[i].name), &r->fx[i]))
            return false;
    for (u32 i = 0; i < s->additional_deps.len; i++) {
        Deps d;
        if (access(s->additional_deps.data[i], F_OK))
            continue;
        if (!load_deps(r, s->additional_deps.data[i], &d))
            return false;
        vec_push(&r->additional, d);
    }
    r->check_files = r->lookup.len || r->additional.len;
    return true;
}

bool stator_add_property(StatorApp *s, const char *key, const char *value)
{
    if (stator_get_property(s, key))
        return stator_fail(s, STATOR_EXIT_DUPLICATE,
            "Duplicate runtime property found: %s\nIt is invalid to specify values for properties populated by the hosting "
            "layer in the application's .runtimeconfig.json", key);
    vec_push(&s->props, ((StatorPair){key, value}));
    return true;
}

const char *stator_get_property(const StatorApp *s, const char *key)
{
    for (u32 i = 0; i < s->props.len; i++)
        if (!strcmp(s->props.data[i].key, key))
            return s->props.data[i].value;
    return NULL;
}

static bool add_config_properties(StatorApp *s)
{
    bool app_paths = false;
    for (u32 i = 0; i < s->config.props.len; i++) {
        StatorPair p = s->config.props.data[i];
        if (!stator_add_property(s, p.key, p.value))
            return false;
        if (!strcasecmp(p.key, "Microsoft.NETCore.DotNetHostPolicy.SetAppPaths"))
            app_paths = !strcasecmp(p.value, "true");
    }
    if (app_paths && !stator_add_property(s, "APP_PATHS", s->app_dir))
        return false;
    const char *hooks = getenv("DOTNET_STARTUP_HOOKS");
    if (!hooks || !*hooks)
        return true;
    for (u32 i = 0; i < s->props.len; i++)
        if (!strcmp(s->props.data[i].key, "STARTUP_HOOKS")) {
            s->props.data[i].value = stator_concat(&s->arena, hooks, ":", s->props.data[i].value);
            return true;
        }
    return stator_add_property(s, "STARTUP_HOOKS", hooks);
}

static void add_file_properties(Resolver *r, const StatorStrings *native, const StatorStrings *resources)
{
    StatorApp *s = r->s;
    StatorStrings tpa = {0}, deps = {0};
    for (u32 i = 0; i < r->tpa.len; i++)
        vec_push(&tpa, r->tpa.data[i].path);
    vec_push(&deps, r->app.path);
    for (u32 i = 0; i < s->n_fx; i++)
        vec_push(&deps, r->fx[i].path);
    StatorPair pairs[] = {
        /* the host names CoreLib once more at the end, without a separator behind it */
        {"TRUSTED_PLATFORM_ASSEMBLIES", stator_concat(r->a, join(r->a, &tpa, ':', true), s->fx[s->n_fx - 1].dir,
                                            "/System.Private.CoreLib.dll")},
        {"NATIVE_DLL_SEARCH_DIRECTORIES", join(r->a, native, ':', true)},
        {"PLATFORM_RESOURCE_ROOTS", join(r->a, resources, ':', true)},
        {"APP_CONTEXT_BASE_DIRECTORY", s->app_dir},
        {"APP_CONTEXT_DEPS_FILES", join(r->a, &deps, ';', false)},
        {"FX_DEPS_FILE", r->fx[s->n_fx - 1].path},
        {"PROBING_DIRECTORIES", join(r->a, &r->lookup, ':', true)},
        {"RUNTIME_IDENTIFIER", "linux-x64"},
    };
    for (u32 i = 0; i < ARRAY_LEN(pairs); i++)
        vec_push(&s->props, pairs[i]);
    vec_free(&tpa);
    vec_free(&deps);
}

static void free_resolver(Resolver *r)
{
    vec_free(&r->tpa);
    vec_free(&r->lookup);
    for (int k = 0; k < ASSET_KINDS; k++) {
        vec_free(&r->app.assets[k]);
        for (u32 i = 0; i < r->s->n_fx; i++)
            vec_free(&r->fx[i].assets[k]);
        for (u32 i = 0; i < r->additional.len; i++)
            vec_free(&r->additional.data[i].assets[k]);
    }
    vec_free(&r->additional);
    strmap_free(&r->by_name);
}

bool stator_build_properties(StatorApp *s)
{
    Resolver r = {.s = s, .a = &s->arena};
    StatorStrings native = {0}, resources = {0};
    bool ok = load_all(&r) && build_tpa(&r) && build_dirs(&r, ASSET_NATIVE, &native) &&
              build_dirs(&r, ASSET_RESOURCES, &resources);
    if (ok) {
        add_file_properties(&r, &native, &resources);
        ok = add_config_properties(s);
    }
    vec_free(&native);
    vec_free(&resources);
    free_resolver(&r);
    return ok;
}

bool stator_resolve_component(StatorApp *s, StatorComponent *out)
{
    Resolver r = {.s = s, .a = &s->arena, .skip_missing = true};
    StatorStrings native = {0}, resources = {0}, tpa = {0};
    bool ok = load_deps(&r, s->deps_path, &r.app);
    r.check_files = true;
    ok = ok && build_tpa(&r) && build_dirs(&r, ASSET_NATIVE, &native) && build_dirs(&r, ASSET_RESOURCES, &resources);
    for (u32 i = 0; ok && i < r.tpa.len; i++)
        vec_push(&tpa, r.tpa.data[i].path);
    if (ok)
        *out = (StatorComponent){join(r.a, &tpa, ':', true), join(r.a, &native, ':', true), join(r.a, &resources, ':', true)};
    vec_free(&tpa);
    vec_free(&native);
    vec_free(&resources);
    free_resolver(&r);
    return ok;
}

bool stator_prepare(StatorApp *s)
{
    return stator_locate_app(s) && stator_config_read(s, s->config_path, s->config_dev_path, &s->config) &&
           stator_find_root(s) && stator_resolve_frameworks(s) && stator_build_properties(s);
}
