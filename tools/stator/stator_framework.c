/* stator_framework.c: the .NET installation, and which versions of which frameworks an app gets from it.
 * Rules of rollForward: a version is a candidate when it is not lower than the one asked for and its major and minor
 * numbers are within the setting's reach; of these the nearest minor (or, Latest..., the highest) with its highest
 * patch is taken.  A release is preferred when a release was asked for.
 * Only Microsoft.NETCore.App 10.0.x is served: another choice is an error that names it.
 * Book: host.md  Tests: tests/host/ */
#include "stator.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CORE_FX "Microsoft.NETCore.App"
enum { SERVED_MAJOR = 10, SERVED_MINOR = 0 };

typedef struct Ver {
    int n[3];
    const char *pre; /* behind the '-', or "" */
} Ver;

static bool ver_parse(const char *s, Ver *v)
{
    for (int i = 0; i < 3; i++) {
        char *end;
        if (*s < '0' || *s > '9')
            return false;
        long x = strtol(s, &end, 10);
        if (x > 1000000 || (i < 2 && *end != '.'))
            return false;
        v->n[i] = (int)x;
        s = i < 2 ? end + 1 : end;
    }
    if (*s && *s != '-' && *s != '+')
        return false;
    v->pre = *s == '-' ? s + 1 : "";
    return true;
}

/* semver: identifiers between dots, numbers by value and below words, fewer before more */
static int pre_compare(const char *a, const char *b)
{
    if (!*a || !*b)
        return !*a - !*b;
    for (;;) {
        size_t na = strcspn(a, ".+"), nb = strcspn(b, ".+");
        bool da = strspn(a, "0123456789") == na, db = strspn(b, "0123456789") == nb;
        int c;
        if (da && db)
            c = na != nb ? (na < nb ? -1 : 1) : strncmp(a, b, na);
        else if (da != db)
            c = da ? -1 : 1;
        else if (!(c = strncmp(a, b, MIN(na, nb))))
            c = (na > nb) - (na < nb);
        if (c)
            return c;
        a += na;
        b += nb;
        if (*a != '.' || *b != '.')
            return (*a == '.') - (*b == '.');
        a++;
        b++;
    }
}

static int ver_compare(const Ver *a, const Ver *b)
{
    for (int i = 0; i < 3; i++)
        if (a->n[i] != b->n[i])
            return a->n[i] < b->n[i] ? -1 : 1;
    return pre_compare(a->pre, b->pre);
}

static bool looks_like_root(const char *dir)
{
    Arena a = {0};
    arena_init(&a, 0);
    bool yes = stator_is_dir(stator_concat(&a, dir, "/shared/", CORE_FX));
    arena_free(&a);
    return yes;
}

static const char *strip_slash(Arena *a, const char *dir)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    return arena_strndup(a, dir, n);
}

static const char *root_from_path(Arena *a)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        const char *dir = n ? arena_strndup(a, path, n) : ".", *exe = stator_concat(a, dir, "/dotnet", "");
        const char *real = access(exe, X_OK) == 0 ? stator_realpath(a, exe) : NULL;
        if (real) {
            dir = arena_strndup(a, real, (size_t)(strrchr(real, '/') - real));
            if (looks_like_root(dir))
                return dir;
        }
        path += n + (path[n] == ':');
    }
    return NULL;
}

static const char *root_from_install_location(Arena *a)
{
    static const char *const files[] = {"/etc/dotnet/install_location_x64", "/etc/dotnet/install_location"};
    for (u32 i = 0; i < ARRAY_LEN(files); i++) {
        size_t size;
        char *text = stator_read_file(a, files[i], &size);
        if (!text)
            continue;
        text[strcspn(text, "\r\n")] = 0;
        if (*text && looks_like_root(text))
            return strip_slash(a, text);
    }
    return NULL;
}

bool stator_find_root(StatorApp *s)
{
    Arena *a = &s->arena;
    const char *env = getenv("DOTNET_ROOT_X64");
    if (!env || !*env)
        env = getenv("DOTNET_ROOT");
    if (env && *env) {
        s->root = strip_slash(a, env);
        const char *real = stator_realpath(a, s->root);
        if (real)
            s->root = real;
        if (looks_like_root(s->root))
            return true;
        return stator_fail(s, STATOR_EXIT_FRAMEWORK,
            "stator: DOTNET_ROOT is '%s', but no framework is there: '%s/shared/%s' does not exist", env, s->root, CORE_FX);
    }
    if ((s->root = root_from_path(a)) || (s->root = root_from_install_location(a)))
        return true;
    const char *home = getenv("HOME");
    const char *dirs[] = {"/usr/share/dotnet", "/usr/lib/dotnet", home ? stator_concat(a, home, "/.dotnet", "") : NULL};
    for (u32 i = 0; i < ARRAY_LEN(dirs); i++)
        if (dirs[i] && looks_like_root(dirs[i])) {
            s->root = dirs[i];
            return true;
        }
    return stator_fail(s, STATOR_EXIT_FRAMEWORK,
        "stator: no .NET installation was found. Looked at: DOTNET_ROOT (not set), `dotnet` on PATH, "
        "/etc/dotnet/install_location, /usr/share/dotnet, /usr/lib/dotnet, %s", dirs[2] ? dirs[2] : "~/.dotnet");
}

static bool in_reach(const Ver *want, const Ver *v, RollForward roll)
{
    if (ver_compare(v, want) < 0)
        return false;
    bool same_major = v->n[0] == want->n[0], same_minor = same_major && v->n[1] == want->n[1];
    switch (roll) {
    case ROLL_DISABLE: return ver_compare(v, want) == 0;
    case ROLL_LATEST_PATCH: return same_minor;
    case ROLL_UNSET:
    case ROLL_MINOR:
    case ROLL_LATEST_MINOR: return same_major;
    case ROLL_MAJOR:
    case ROLL_LATEST_MAJOR: return true;
    }
    UNREACHABLE();
}

static bool is_better(const Ver *v, const Ver *than, RollForward roll)
{
    bool nearest_major = roll != ROLL_LATEST_MAJOR, nearest_minor = nearest_major && roll != ROLL_LATEST_MINOR;
    if (v->n[0] != than->n[0])
        return nearest_major == (v->n[0] < than->n[0]);
    if (v->n[1] != than->n[1])
        return nearest_minor == (v->n[1] < than->n[1]);
    return ver_compare(v, than) > 0;
}

static void list_versions(StatorApp *s, const char *dir, StatorStrings *out)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    Ver v;
    while (d && (e = readdir(d)))
        if (ver_parse(e->d_name, &v))
            vec_push(out, (const char *)arena_strdup(&s->arena, e->d_name));
    if (d)
        closedir(d);
}

static int compare_names(const void *a, const void *b)
{
    Ver va, vb;
    ver_parse(*(const char *const *)a, &va);
    ver_parse(*(const char *const *)b, &vb);
    return ver_compare(&va, &vb);
}

/* "debian.12" from /etc/os-release: only for the address in the message */
static const char *os_name(Arena *a)
{
    size_t size;
    char *text = stator_read_file(a, "/etc/os-release", &size), id[64] = "linux", version[64] = "";
    for (char *line = text; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (sscanf(line, "ID=%63[^\n]", id) != 1)
            sscanf(line, "VERSION_ID=%*[\"]%63[^\"\n]", version);
    }
    return *version ? stator_concat(a, id, ".", version) : arena_strdup(a, id);
}

static bool missing(StatorApp *s, const StatorFxRef *ref, const char *dir, StatorStrings *found)
{
    Arena *a = &s->arena;
    const char *list = "No frameworks were found.\n";
    if (found->len) {
        list = "The following frameworks were found:\n";
        qsort(found->data, found->len, sizeof(char *), compare_names);
        for (u32 i = 0; i < found->len; i++)
            list = arena_printf(a, "%s  %s at [%s]\n", list, found->data[i], dir);
    }
    return stator_fail(s, STATOR_EXIT_FRAMEWORK,
        "You must install or update .NET to run this application.\n\n"
        "App: %s\nArchitecture: x64\nFramework: '%s', version '%s' (x64)\n.NET location: %s/\n\n%s\n"
        "Learn more:\nhttps://aka.ms/dotnet/app-launch-failed\n\n"
        "To install missing framework, download:\n"
        "https://aka.ms/dotnet-core-applaunch?framework=%s&framework_version=%s&arch=x64&rid=linux-x64&os=%s",
        s->app ? s->app : "", ref->name, ref->version, s->root, list, ref->name, ref->version, os_name(a));
}

static bool choose(StatorApp *s, const StatorFxRef *ref, StatorFx *out)
{
    const char *dir = arena_printf(&s->arena, "%s/shared/%s", s->root, ref->name), *best_name = NULL;
    StatorStrings found = {0};
    Ver want, best = {0};
    list_versions(s, dir, &found);
    bool ok = ver_parse(ref->version, &want);
    for (int pass = 0; ok && pass < 2 && !best_name; pass++)
        for (u32 i = 0; i < found.len; i++) {
            Ver v;
            ver_parse(found.data[i], &v);
            if (pass == 0 && !*want.pre && *v.pre)
                continue; /* a release was asked for: pre-releases only when nothing else is there */
            if (in_reach(&want, &v, ref->roll) && (!best_name || is_better(&v, &best, ref->roll))) {
                best = v;
                best_name = found.data[i];
            }
        }
    if (!best_name) {
        missing(s, ref, dir, &found);
    } else if (!strcmp(ref->name, CORE_FX) && (best.n[0] != SERVED_MAJOR || best.n[1] != SERVED_MINOR)) {
        stator_fail(s, STATOR_EXIT_FRAMEWORK,
            "stator: this runtime serves " CORE_FX " %d.%d.x, and the application gets version '%s' at [%s]",
            SERVED_MAJOR, SERVED_MINOR, best_name, dir);
        best_name = NULL;
    } else {
        *out = (StatorFx){ref->name, best_name, stator_concat(&s->arena, dir, "/", best_name)};
    }
    vec_free(&found);
    return best_name != NULL;
}

static StatorFxRef *find_ref(StatorFxRefs *refs, const char *name)
{
    for (u32 i = 0; i < refs->len; i++)
        if (!strcmp(refs->data[i].name, name))
            return &refs->data[i];
    return NULL;
}

/* Two references to one framework: the higher version, the shorter reach. True: *into has changed. */
static bool merge_ref(StatorFxRef *into, const StatorFxRef *from)
{
    Ver a, b;
    bool changed = false;
    if (ver_parse(from->version, &b) && (!ver_parse(into->version, &a) || ver_compare(&a, &b) < 0)) {
        into->version = from->version;
        changed = true;
    }
    if (from->roll < into->roll) {
        into->roll = from->roll;
        changed = true;
    }
    return changed;
}

static void combine_props(StatorPairs *into, const StatorPairs *from)
{
    for (u32 i = 0; i < from->len; i++) {
        bool there = false;
        for (u32 k = 0; k < into->len && !there; k++)
            there = !strcmp(into->data[k].key, from->data[i].key);
        if (!there)
            vec_push(into, from->data[i]);
    }
}

/* The references in the frameworks' own configs join those of the app; *again when one of them was raised. */
static bool add_refs_of(StatorApp *s, const StatorFx *fx, StatorFxRefs *refs, bool *again)
{
    StatorConfig c;
    if (!stator_config_read(s, arena_printf(&s->arena, "%s/%s.runtimeconfig.json", fx->dir, fx->name), NULL, &c))
        return false;
    for (u32 i = 0; i < c.refs.len; i++) {
        StatorFxRef *r = find_ref(refs, c.refs.data[i].name);
        if (!r)
            vec_push(refs, c.refs.data[i]);
        else if (merge_ref(r, &c.refs.data[i]))
            *again = true;
    }
    combine_props(&s->config.props, &c.props);
    return true;
}

/* Microsoft.NETCore.App goes last: it is what all the others stand on. */
static void order_frameworks(StatorApp *s)
{
    for (u32 i = 0; i + 1 < s->n_fx; i++)
        if (!strcmp(s->fx[i].name, CORE_FX)) {
            StatorFx core = s->fx[i];
            memmove(&s->fx[i], &s->fx[i + 1], (s->n_fx - 1 - i) * sizeof(StatorFx));
            s->fx[s->n_fx - 1] = core;
            break;
        }
}

bool stator_resolve_frameworks(StatorApp *s)
{
    StatorFxRefs *refs = &s->config.refs;
    if (s->config.self_contained && !refs->len)
        return stator_fail(s, STATOR_EXIT_FRAMEWORK,
            "stator: '%s' is published self-contained; start its own executable instead", s->app);
    if (!refs->len) /* no runtimeconfig.json: whatever 10.0 is there */
        vec_push(refs, ((StatorFxRef){CORE_FX, "10.0.0", ROLL_LATEST_PATCH}));
    StatorFxRef *core = find_ref(refs, CORE_FX);
    if (s->fx_version_arg && core) {
        core->version = s->fx_version_arg;
        core->roll = ROLL_DISABLE;
    }
    for (int round = 0; round < STATOR_MAX_FX; round++) {
        bool again = false;
        s->n_fx = 0;
        for (u32 i = 0; i < refs->len; i++) {
            if (s->n_fx == STATOR_MAX_FX)
                return stator_fail(s, STATOR_EXIT_CONFIG, "stator: more than %d frameworks are named", STATOR_MAX_FX);
            StatorFx *fx = &s->fx[s->n_fx];
            if (!choose(s, &refs->data[i], fx))
                return false;
            s->n_fx++;
            if (strcmp(fx->name, CORE_FX) && !add_refs_of(s, fx, refs, &again))
                return false;
        }
        if (!again)
            break;
    }
    if (!find_ref(refs, CORE_FX))
        return stator_fail(s, STATOR_EXIT_CONFIG, "stator: none of the frameworks named uses " CORE_FX);
    order_frameworks(s);
    return true;
}
