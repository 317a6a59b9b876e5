/* stator_config.c: the app's file names, and its runtimeconfig.json.
 * The .dev.json file is read first; what runtimeconfig.json says again wins.  Book: host.md  Tests: tests/host/ */
#include "stator.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool stator_fail(StatorApp *s, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = arena_alloc(&s->arena, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    s->fail_code = code;
    s->fail_text = text;
    return false;
}

char *stator_read_file(Arena *a, const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat st;
    char *text = NULL;
    size_t done = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        size_t want = (size_t)st.st_size;
        text = arena_alloc(a, want + 1);
        while (done < want) {
            ssize_t n = read(fd, text + done, want - done);
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                text = NULL;
            if (n <= 0)
                break;
            done += (size_t)n;
        }
    } else {
        errno = EISDIR;
    }
    int saved = errno;
    close(fd);
    errno = saved;
    if (text)
        text[done] = 0;
    *size = done;
    return text;
}

const char *stator_concat(Arena *a, const char *x, const char *y, const char *z)
{
    size_t nx = strlen(x), ny = strlen(y), nz = strlen(z);
    char *s = arena_alloc(a, nx + ny + nz + 1);
    memcpy(s, x, nx);
    memcpy(s + nx, y, ny);
    memcpy(s + nx + ny, z, nz + 1);
    return s;
}

const char *stator_realpath(Arena *a, const char *path)
{
    char buf[PATH_MAX];
    return realpath(path, buf) ? arena_strdup(a, buf) : NULL;
}

bool stator_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_extension(const char *path, const char *ext)
{
    size_t n = strlen(path), m = strlen(ext);
    return n > m && !strcasecmp(path + n - m, ext);
}

bool stator_locate_app(StatorApp *s)
{
    Arena *a = &s->arena;
    struct stat st;
    if (!has_extension(s->app_arg, ".dll") && !has_extension(s->app_arg, ".exe"))
        return stator_fail(s, STATOR_EXIT_ARGUMENT,
            "stator needs a managed .dll or .exe extension. The application specified was '%s'", s->app_arg);
    if (stat(s->app_arg, &st) || S_ISDIR(st.st_mode) || !(s->app = stator_realpath(a, s->app_arg)))
        return stator_fail(s, STATOR_EXIT_ARGUMENT, "The application to execute does not exist: '%s'", s->app_arg);
    const char *slash = strrchr(s->app, '/') + 1, *dot = strrchr(slash, '.');
    s->app_dir = arena_strndup(a, s->app, (size_t)(slash - s->app));
    s->app_name = dot ? arena_strndup(a, slash, (size_t)(dot - slash)) : slash;
    s->config_path = s->config_arg ? s->config_arg : stator_concat(a, s->app_dir, s->app_name, ".runtimeconfig.json");
    if (s->config_arg && access(s->config_arg, F_OK))
        return stator_fail(s, STATOR_EXIT_CONFIG, "The specified runtimeconfig.json [%s] does not exist", s->config_arg);
    size_t n = strlen(s->config_path);
    s->config_dev_path = n > 5 && !strcasecmp(s->config_path + n - 5, ".json")
                             ? stator_concat(a, arena_strndup(a, s->config_path, n - 5), ".dev.json", "")
                             : stator_concat(a, s->config_path, ".dev.json", "");
    s->deps_path = s->deps_arg ? s->deps_arg : stator_concat(a, s->app_dir, s->app_name, ".deps.json");
    if (s->deps_arg && access(s->deps_arg, F_OK))
        return stator_fail(s, STATOR_EXIT_ARGUMENT, "The specified deps.json [%s] does not exist", s->deps_arg);
    if (s->deps_arg) { /* the folder that the app's files are looked for in is that file's */
        const char *real = stator_realpath(a, s->deps_arg);
        s->app_dir = real ? arena_strndup(a, real, (size_t)(strrchr(real, '/') + 1 - real)) : s->app_dir;
    }
    return true;
}

RollForward stator_roll_parse(const char *word)
{
    static const char *const words[] = {"Disable", "LatestPatch", "Minor", "LatestMinor", "Major", "LatestMajor"};
    for (u32 i = 0; i < ARRAY_LEN(words); i++)
        if (!strcasecmp(word, words[i]))
            return (RollForward)i;
    return ROLL_UNSET;
}

static bool bad_config(StatorApp *s, const char *path, const char *dev_path, const char *why)
{
    return stator_fail(s, STATOR_EXIT_CONFIG, "%s%sInvalid runtimeconfig.json [%s] [%s]", why, *why ? "\n" : "", path,
        dev_path);
}

static void set_prop(StatorPairs *props, const char *key, const char *value)
{
    for (u32 i = 0; i < props->len; i++)
        if (!strcmp(props->data[i].key, key)) {
            props->data[i].value = value;
            return;
        }
    vec_push(props, ((StatorPair){key, value}));
}

/* Reads a rollForward member; false: a word that means nothing. */
static bool read_roll(const JsonNode *object, RollForward *roll, const char **why)
{
    const JsonNode *n = json_get(object, "rollForward");
    if (n) {
        RollForward r = stator_roll_parse(json_string(n, ""));
        if (r == ROLL_UNSET) {
            *why = "Invalid value for property 'rollForward'.";
            return false;
        }
        *roll = r;
    }
    /* the older pair of settings: 0 patches only, 1 minor, 2 major */
    n = json_get(object, "rollForwardOnNoCandidateFx");
    if (n && n->kind == JSON_NUMBER)
        *roll = n->text[0] == '0' ? ROLL_LATEST_PATCH : n->text[0] == '1' ? ROLL_MINOR : ROLL_MAJOR;
    n = json_get(object, "applyPatches");
    if (n && n->kind == JSON_FALSE && *roll <= ROLL_LATEST_PATCH)
        *roll = ROLL_DISABLE;
    return true;
}

static bool read_fx_ref(StatorApp *s, const JsonNode *n, RollForward roll, StatorFxRefs *refs, const char **why)
{
    StatorFxRef ref = {json_get_string(n, "name", ""), json_get_string(n, "version", ""), roll};
    if (!read_roll(n, &ref.roll, why))
        return false;
    const char *env = getenv("DOTNET_ROLL_FORWARD");
    if (env && *env) {
        RollForward r = stator_roll_parse(env);
        if (r == ROLL_UNSET) {
            *why = "Invalid value for environment variable 'DOTNET_ROLL_FORWARD'.";
            return false;
        }
        ref.roll = r;
    }
    if (s->roll_arg != ROLL_UNSET)
        ref.roll = s->roll_arg;
    if (!*ref.name) {
        *why = "No framework name specified.";
        return false;
    }
    for (u32 i = 0; i < refs->len; i++)
        if (!strcmp(refs->data[i].name, ref.name)) {
            *why = "A framework is specified twice.";
            return false;
        }
    vec_push(refs, ref);
    return true;
}

static void read_probe_paths(const JsonNode *n, StatorStrings *out)
{
    StatorStrings all = {0};
    if (json_string(n, NULL))
        vec_push(&all, n->text);
    for (const JsonNode *c = json_first(n); c; c = c->next)
        if (json_string(c, NULL))
            vec_push(&all, c->text);
    for (u32 i = 0; i < out->len; i++) /* those read earlier (the .dev.json file's) come behind */
        vec_push(&all, out->data[i]);
    vec_free(out);
    *out = all;
}

static bool read_options(StatorApp *s, const JsonNode *opts, StatorConfig *out, const char **why)
{
    if (opts->kind == JSON_NULL)
        return true;
    *why = "";
    if (opts->kind != JSON_OBJECT)
        return false;
    for (const JsonNode *n = json_first(json_get(opts, "configProperties")); n; n = n->next)
        set_prop(&out->props, n->key, n->kind == JSON_STRING ? n->text : json_write(&s->arena, n));
    read_probe_paths(json_get(opts, "additionalProbingPaths"), &out->probe_paths);
    out->tfm = json_get_string(opts, "tfm", out->tfm);
    RollForward roll = ROLL_MINOR;
    if (!read_roll(opts, &roll, why))
        return false;
    const JsonNode *fx = json_get(opts, "framework");
    if (fx && !read_fx_ref(s, fx, roll, &out->refs, why))
        return false;
    for (const JsonNode *n = json_first(json_get(opts, "frameworks")); n; n = n->next)
        if (!read_fx_ref(s, n, roll, &out->refs, why))
            return false;
    out->self_contained |= json_get(opts, "includedFrameworks") != NULL;
    return true;
}

/* required: a fault in the .dev.json file is no error, as with the host */
static bool read_one(StatorApp *s, const char *path, bool required, const char *dev_path, StatorConfig *out)
{
    size_t size;
    char *text = stator_read_file(&s->arena, path, &size);
    if (!text)
        return errno == ENOENT || !required ? true : bad_config(s, path, dev_path, "");
    const char *why = "";
    JsonNode *root = json_parse(&s->arena, text, size, NULL, &why);
    if (!root) {
        why = arena_printf(&s->arena, "Failed to parse file [%s]. JSON parsing exception: %s", path, why);
        return !required || bad_config(s, path, dev_path, why);
    }
    const JsonNode *opts = json_get(root, "runtimeOptions");
    if (!opts)
        return !required || bad_config(s, path, dev_path, "");
    return read_options(s, opts, out, &why) || !required || bad_config(s, path, dev_path, why);
}

bool stator_config_read(StatorApp *s, const char *path, const char *dev_path, StatorConfig *out)
{
    *out = (StatorConfig){.tfm = ""};
    if (dev_path)
        read_one(s, dev_path, false, dev_path, out);
    return read_one(s, path, true, dev_path ? dev_path : "", out);
}
