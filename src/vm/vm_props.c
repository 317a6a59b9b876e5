/* vm_props.c: host properties by name; the lists of paths among them taken apart.
 * Not here: knobs that mirror environment variables (base/knobs.h).  Book: host.md  Tests: tests/unit/host/ */
#include "vm/vm_props.h"

#include <stdlib.h>
#include <strings.h>

#include "base/map.h"
#include "base/vec.h"

typedef VEC(char *) Paths;

static struct {
    const char **keys, **values;
    int n;
    StrMap by_key;  /* -> index + 1 */
    StrMap by_name; /* lower-case simple name -> path, owned by tpa */
    Paths tpa;
    Paths paths[VM_PATHS_COUNT];
    VmHostContract contract;
} props;

static void free_paths(Paths *p)
{
    for (u32 i = 0; i < p->len; i++)
        base_free(p->data[i]);
    vec_free(p);
}

static char *copy(const char *s, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    char *d = base_malloc(n + m + 1);
    memcpy(d, s, n);
    memcpy(d + n, suffix, m + 1);
    return d;
}

static void lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s += 'a' - 'A';
}

/* path of n bytes -> its simple name in lower case; base_free */
static char *simple_name(const char *path, size_t n)
{
    static const char *const extensions[] = {".ni.dll", ".ni.exe", ".dll", ".exe"};
    size_t start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    char *s = copy(path + start, n - start, "");
    lower(s);
    size_t len = n - start;
    for (u32 i = 0; i < ARRAY_LEN(extensions); i++) {
        size_t m = strlen(extensions[i]);
        if (len > m && !memcmp(s + len - m, extensions[i], m)) {
            s[len - m] = 0;
            break;
        }
    }
    return s;
}

static void add_tpa(const char *path, size_t n)
{
    char *name = simple_name(path, n);
    if (*name && !strmap_get(&props.by_name, name)) {
        char *p = copy(path, n, "");
        vec_push(&props.tpa, p);
        strmap_put(&props.by_name, name, p);
    }
    base_free(name);
}

static void add_dir(Paths *list, const char *path, size_t n)
{
    char *p = copy(path, n, path[n - 1] == '/' ? "" : "/");
    vec_push(list, p);
}

/* Calls for each non-empty part between ':'; list NULL: the TPA. */
static void split(const char *value, Paths *list)
{
    for (const char *s = value; s && *s;) {
        size_t n = strcspn(s, ":");
        if (n && list)
            add_dir(list, s, n);
        else if (n)
            add_tpa(s, n);
        s += n + (s[n] == ':');
    }
}

static void read_contract(void)
{
    const char *text = vm_prop("HOST_RUNTIME_CONTRACT");
    const VmHostContract *c = text ? (const VmHostContract *)(uintptr_t)strtoull(text, NULL, 0) : NULL;
    memset(&props.contract, 0, sizeof props.contract);
    if (c)
        memcpy(&props.contract, c, MIN(c->size, sizeof props.contract));
}

void vm_props_init(const char **keys, const char **values, int n)
{
    static const char *const path_keys[] = {[VM_PATHS_NATIVE] = "NATIVE_DLL_SEARCH_DIRECTORIES",
        [VM_PATHS_RESOURCES] = "PLATFORM_RESOURCE_ROOTS", [VM_PATHS_APP] = "APP_PATHS"};
    strmap_free(&props.by_key);
    strmap_free(&props.by_name);
    free_paths(&props.tpa);
    props.keys = keys;
    props.values = values;
    props.n = n;
    for (int i = 0; i < n; i++)
        if (!strmap_get(&props.by_key, keys[i]))
            strmap_put(&props.by_key, keys[i], (void *)(uintptr_t)(i + 1));
    split(vm_prop("TRUSTED_PLATFORM_ASSEMBLIES"), NULL);
    for (int k = 0; k < VM_PATHS_COUNT; k++) {
        free_paths(&props.paths[k]);
        split(vm_prop(path_keys[k]), &props.paths[k]);
    }
    read_contract();
}

int vm_props_count(void)
{
    return props.n;
}

void vm_props_at(int i, const char **key, const char **value)
{
    DCHECK(i >= 0 && i < props.n);
    *key = props.keys[i];
    *value = props.values[i];
}

const char *vm_prop(const char *key)
{
    uintptr_t at = (uintptr_t)strmap_get(&props.by_key, key);
    return at ? props.values[at - 1] : NULL;
}

bool vm_prop_bool(const char *key, bool dflt)
{
    const char *v = vm_prop(key);
    if (v && (!strcasecmp(v, "true") || !strcmp(v, "1")))
        return true;
    if (v && (!strcasecmp(v, "false") || !strcmp(v, "0")))
        return false;
    return dflt;
}

u64 vm_prop_u64(const char *key, u64 dflt)
{
    const char *v = vm_prop(key);
    if (!v || *v < '0' || *v > '9')
        return dflt;
    char *end;
    bool hex = v[0] == '0' && (v[1] | 32) == 'x';
    u64 x = strtoull(v, &end, hex ? 16 : 10);
    return *end ? dflt : x;
}

const char *vm_tpa_find(const char *name)
{
    char buf[256];
    size_t n = strlen(name);
    char *key = n < sizeof buf ? memcpy(buf, name, n + 1) : base_strdup(name);
    lower(key);
    const char *path = strmap_get(&props.by_name, key);
    if (key != buf)
        base_free(key);
    return path;
}

u32 vm_tpa_count(void)
{
    return props.tpa.len;
}

const char *vm_tpa_at(u32 i)
{
    DCHECK(i < props.tpa.len);
    return props.tpa.data[i];
}

u32 vm_paths_count(VmPathsKind kind)
{
    return props.paths[kind].len;
}

const char *vm_paths_at(VmPathsKind kind, u32 i)
{
    DCHECK(i < props.paths[kind].len);
    return props.paths[kind].data[i];
}

const VmHostContract *vm_host_contract(void)
{
    return &props.contract;
}

char *vm_host_property(const char *key)
{
    const VmHostContract *c = &props.contract;
    if (c->get_runtime_property) {
        size_t n = c->get_runtime_property(key, NULL, 0, c->context);
        if (n != (size_t)-1) {
            char *buf = base_calloc(n + 1, 1);
            if (c->get_runtime_property(key, buf, n, c->context) == n)
                return buf;
            base_free(buf);
        }
    }
    const char *v = vm_prop(key);
    return v ? base_strdup(v) : NULL;
}
