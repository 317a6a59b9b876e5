/* gc_config.c: the collector's settings and the memory that this process may use.
 * In: environment, host properties (gc_set_properties), cgroup files.  Out: gc_settings, constant but for gc_refresh_limit.
 * The rows of gc_settings.def are read alike; what a number means is decided in settle().
 * Not here: the budgets that follow (gc_collect.c).  Book: gc-settings.md  Tests: tests/unit/gc/config.c */
#include "gc/gc_int.h"
#include "os/os_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define MB ((u64)1 << 20)
#define LEAST_LIMIT (4 * MB)
#define LEAST_CONTAINER_LIMIT (20 * MB)
#define CONTAINER_PERCENT 75
#define BAD_HARD_LIMIT ((i32)0x8013200D) /* CLR_E_GC_BAD_HARD_LIMIT */
#define LEAST_GEN0 ((u64)64 << 10)
#define DEFAULT_GEN0_MAX (16 * MB)

typedef struct Row {
    const char *name, *variable, *property;
    GcSettingType type;
    u64 dflt;
} Row;
static const Row rows[GC_SETTING_COUNT] = {
#define GC_SETTING(id, name, variable, property, type, dflt, effect) {name, variable, property, GC_SETTING_##type, dflt},
#include "gc/gc_settings.def"
#undef GC_SETTING
};
typedef struct Value {
    u64 number;
    const char *text; /* environment's or host's own storage */
} Value;
static Value values[GC_SETTING_COUNT];
static const char *(*properties)(const char *key);

GcSettings gc_settings = {.loh_threshold = GC_LARGE_OBJECT, .concurrent = true};
i32 gc_latency_mode = GC_LATENCY_INTERACTIVE, gc_loh_compaction = 1;

void gc_set_properties(const char *(*lookup)(const char *key))
{
    properties = lookup;
}

/* --- Reading ------------------------------------------------------------------------------------------------------------- */

static bool number(const char *s, int radix, u64 *out)
{
    char *end;
    errno = 0;
    u64 v = strtoull(s, &end, radix);
    if (end == s || *end || errno || *s == '-')
        return false;
    *out = v;
    return true;
}

static const char *from_environment(const Row *row)
{
    static const char *const prefixes[] = {"DOTNET_", "COMPlus_"};
    for (u32 i = 0; i < ARRAY_LEN(prefixes); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefixes[i], row->variable);
        const char *s = getenv(name);
        if (s && *s)
            return s;
    }
    return NULL;
}

static const char *from_host(const Row *row)
{
    char name[64];
    snprintf(name, sizeof name, "System.GC.%s", row->property);
    return properties && row->property[0] ? properties(name) : NULL;
}

static bool parse(const Row *row, const char *s, bool environment, Value *v)
{
    if (!s)
        return false;
    v->text = s;
    if (row->type == GC_SETTING_STR)
        return true;
    if (row->type == GC_SETTING_U64 || environment)
        return number(s, environment ? 16 : 0, &v->number);
    v->number = !strcasecmp(s, "true");
    return true;
}

static void read_all(void)
{
    for (u32 i = 0; i < GC_SETTING_COUNT; i++) {
        const Row *row = &rows[i];
        Value *v = &values[i];
        *v = (Value){row->dflt, NULL};
        if (!parse(row, from_environment(row), true, v) && !parse(row, from_host(row), false, v))
            *v = (Value){row->dflt, NULL};
    }
}

static u64 value(GcSettingId id)
{
    return values[id].number;
}

/* --- Memory -------------------------------------------------------------------------------------------------------------- */

/* The number in a file; UINT64_MAX: no file, or "max". */
static u64 file_number(const char *path)
{
    unsigned long long v;
    FILE *f = fopen(path, "re");
    if (!f)
        return UINT64_MAX;
    int n = fscanf(f, "%llu", &v);
    fclose(f);
    return n == 1 ? v : UINT64_MAX;
}

/* The smallest value of `file` in dir/path and each folder above it up to dir: a parent's limit binds its children, and inside a container the
 * path may be the host's, of which only the root is visible. */
static u64 smallest(const char *dir, const char *path, const char *file)
{
    u64 least = UINT64_MAX;
    size_t n = strlen(path);
    for (;;) {
        while (n && path[n - 1] == '/')
            n--;
        char *name = base_asprintf("%s%.*s/%s", dir, (int)n, path, file);
        least = MIN(least, file_number(name));
        base_free(name);
        if (!n)
            return least;
        while (n && path[n - 1] != '/')
            n--;
    }
}

static bool has_word(const char *list, const char *word) /* comma-separated */
{
    size_t n = strlen(word);
    for (const char *s = list; (s = strstr(s, word)); s += n)
        if ((s == list || s[-1] == ',') && (!s[n] || s[n] == ','))
            return true;
    return false;
}

u64 gc_cgroup_number(const char *groups, const char *root, const char *file_v2, const char *file_v1)
{
    u64 least = UINT64_MAX;
    char line[4096], *unified = base_asprintf("%s/unified", root), *memory = base_asprintf("%s/memory", root);
    FILE *f = fopen(groups, "re");
    while (f && fgets(line, sizeof line, f)) { /* hierarchy:controllers:path */
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *controllers++ = 0;
        *path++ = 0;
        if (!strcmp(line, "0") && !*controllers)
            least = MIN(least, MIN(smallest(root, path, file_v2), smallest(unified, path, file_v2)));
        else if (has_word(controllers, "memory"))
            least = MIN(least, smallest(memory, path, file_v1));
    }
    if (f)
        fclose(f);
    base_free(unified);
    base_free(memory);
    return least;
}

static u64 meminfo(const char *key)
{
    char line[128];
    u64 kb = 0;
    size_t n = strlen(key);
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, n)) {
            kb = strtoull(line + n, NULL, 10);
            break;
        }
    if (f)
        fclose(f);
    return kb << 10;
}

static bool contained; /* a cgroup grants less than the machine has */

static void measure(void)
{
    u64 machine = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
    u64 limit = gc_cgroup_number("/proc/self/cgroup", "/sys/fs/cgroup", "memory.max", "memory.limit_in_bytes");
    contained = limit < machine;
    gc_settings.physical = MIN(machine, limit);
}

u64 gc_memory_load(void)
{
    u64 used = UINT64_MAX, free_bytes = meminfo("MemAvailable:"), all = meminfo("MemTotal:");
    if (contained)
        used = gc_cgroup_number("/proc/self/cgroup", "/sys/fs/cgroup", "memory.current", "memory.usage_in_bytes");
    if (used == UINT64_MAX)
        used = all > free_bytes ? all - free_bytes : 0;
    return MIN(used, gc_settings.physical);
}

/* --- Meaning ------------------------------------------------------------------------------------------------------------- */

static u64 share(u64 percent)
{
    return gc_settings.physical / 100 * percent + gc_settings.physical % 100 * percent / 100;
}

/* Three limits by kind of heap make one; all three or none.  *sum stays as it is when there is none. */
static bool three(u64 soh, u64 loh, u64 poh, bool percent, u64 *sum)
{
    if (!soh && !loh && !poh)
        return true;
    if (!soh || !loh || !poh || (percent && (soh > 100 || loh > 100 || poh > 100 || soh + loh + poh > 100)))
        return false;
    *sum = percent ? share(soh + loh + poh) : soh + loh + poh;
    return true;
}

typedef struct Limits {
    u64 all, percent, of[3], percent_of[3]; /* 0: not given */
} Limits;

/* As on the reference: limits by kind before percent by kind before one limit before its percent before the container's share. */
static bool hard_limit(const Limits *l, u64 *out)
{
    *out = 0;
    if (!three(l->of[0], l->of[1], l->of[2], false, out))
        return false;
    if (!*out && !three(l->percent_of[0], l->percent_of[1], l->percent_of[2], true, out))
        return false;
    if (!*out)
        *out = l->all;
    if (!*out && l->percent > 0 && l->percent < 100)
        *out = share(l->percent);
    if (!*out && contained)
        *out = MAX(share(CONTAINER_PERCENT), LEAST_CONTAINER_LIMIT);
    return true;
}

static Limits configured(void)
{
    return (Limits){value(GC_SETTING_HARD_LIMIT), value(GC_SETTING_HARD_LIMIT_PCT),
                    {value(GC_SETTING_HARD_LIMIT_SOH), value(GC_SETTING_HARD_LIMIT_LOH), value(GC_SETTING_HARD_LIMIT_POH)},
                    {value(GC_SETTING_HARD_LIMIT_SOH_PCT), value(GC_SETTING_HARD_LIMIT_LOH_PCT), value(GC_SETTING_HARD_LIMIT_POH_PCT)}};
}

static u32 high_memory_percent(void)
{
    u64 percent = value(GC_SETTING_HIGH_MEM_PERCENT);
    if (percent)
        return (u32)MIN(percent, (u64)99);
    u64 spare = gc_settings.physical >> 30 >= 80 ? MIN((u64)10, 3 + 47 / os_cpu_count()) : 10;
    return (u32)(100 - spare);
}

static u32 heap_count(void)
{
    u64 n = value(GC_SETTING_HEAP_COUNT), mask = value(GC_SETTING_AFFINITY_MASK), processors = os_cpu_count();
    if (mask)
        processors = MIN(processors, (u64)__builtin_popcountll(mask));
    if (!gc_settings.server)
        return 1;
    return (u32)(n ? MIN(n, processors) : processors);
}

bool gc_config_init(Err *e)
{
    read_all();
    measure();
    GcSettings *s = &gc_settings;
    Limits limits = configured();
    s->server = value(GC_SETTING_SERVER);
    s->concurrent = value(GC_SETTING_CONCURRENT);
    s->retain_vm = value(GC_SETTING_RETAIN_VM);
    s->loh_threshold = MIN(MAX(value(GC_SETTING_LOH_THRESHOLD), (u64)GC_LARGE_OBJECT), (u64)GC_REGION_SIZE / 2);
    s->gen0_size = value(GC_SETTING_GEN0_SIZE) >= LEAST_GEN0 ? value(GC_SETTING_GEN0_SIZE) : 0;
    s->gen0_max_budget = value(GC_SETTING_GEN0_MAX_BUDGET) ? MAX(value(GC_SETTING_GEN0_MAX_BUDGET), LEAST_GEN0) : DEFAULT_GEN0_MAX;
    s->heap_count = heap_count();
    s->conserve_memory = value(GC_SETTING_CONSERVE_MEMORY) <= 9 ? (u32)value(GC_SETTING_CONSERVE_MEMORY) : 0;
    s->high_memory_percent = high_memory_percent();
    s->high_memory_load = share(s->high_memory_percent);
    gc_latency_mode = s->concurrent ? GC_LATENCY_INTERACTIVE : GC_LATENCY_BATCH;
    if (!hard_limit(&limits, &s->hard_limit)) {
        e->hresult = BAD_HARD_LIMIT;
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "the heap's hard limits contradict each other: GCHeapHardLimitSOH, LOH and POH belong together");
    }
    if (s->hard_limit && s->hard_limit < LEAST_LIMIT)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "GCHeapHardLimit: %llu bytes are too few for the managed heap; it needs %llu",
                       (unsigned long long)s->hard_limit, (unsigned long long)LEAST_LIMIT);
    return true;
}

GcRefreshStatus gc_refresh_limit(const u64 given[8])
{
    const u64 none = UINT64_MAX;
    Limits l = configured();
    u64 *fields[] = {&l.all, &l.percent, &l.of[0], &l.of[1], &l.of[2], &l.percent_of[0], &l.percent_of[1], &l.percent_of[2]};
    u64 limit;
    measure();
    for (u32 i = 0; i < ARRAY_LEN(fields); i++)
        if (given[i] != none)
            *fields[i] = given[i];
    if (!hard_limit(&l, &limit))
        return GC_REFRESH_INVALID;
    if (limit && limit < MAX(gc_committed(), LEAST_LIMIT))
        return GC_REFRESH_TOO_LOW;
    gc_settings.high_memory_load = share(gc_settings.high_memory_percent);
    __atomic_store_n(&gc_settings.hard_limit, limit, __ATOMIC_RELAXED);
    return GC_REFRESH_DONE;
}

/* --- What is in force -------------------------------------------------------------------------------------------------------- */

/* One of the three limits by kind of heap, or its percentage. */
static i64 of_kind(GcSettingId id, GcSettingId percent)
{
    return (i64)(value(id) || !value(percent) ? value(id) : share(value(percent)));
}

static i64 in_force(GcSettingId id)
{
    switch (id) {
    case GC_SETTING_SERVER: return gc_settings.server;
    case GC_SETTING_CONCURRENT: return gc_settings.concurrent;
    case GC_SETTING_RETAIN_VM: return gc_settings.retain_vm;
    case GC_SETTING_LOH_THRESHOLD: return (i64)gc_settings.loh_threshold;
    case GC_SETTING_HEAP_COUNT: return gc_settings.heap_count;
    case GC_SETTING_HIGH_MEM_PERCENT: return gc_settings.high_memory_percent;
    case GC_SETTING_GEN0_MAX_BUDGET: return (i64)gc_settings.gen0_max_budget;
    case GC_SETTING_HARD_LIMIT: return (i64)gc_settings.hard_limit;
    case GC_SETTING_HARD_LIMIT_SOH: return of_kind(id, GC_SETTING_HARD_LIMIT_SOH_PCT);
    case GC_SETTING_HARD_LIMIT_LOH: return of_kind(id, GC_SETTING_HARD_LIMIT_LOH_PCT);
    case GC_SETTING_HARD_LIMIT_POH: return of_kind(id, GC_SETTING_HARD_LIMIT_POH_PCT);
    case GC_SETTING_REGION_RANGE: return (i64)gc_heap_size;
    default: return (i64)value(id);
    }
}

void gc_settings_visit(GcVisitSetting visit, void *arg)
{
    for (u32 i = 0; i < GC_SETTING_COUNT; i++) {
        if (!rows[i].name[0])
            continue;
        char public_name[64];
        snprintf(public_name, sizeof public_name, "System.GC.%s", rows[i].property);
        i64 v = rows[i].type == GC_SETTING_STR ? (i64)(intptr_t)(values[i].text ? values[i].text : "") : in_force((GcSettingId)i);
        visit(arg, rows[i].name, public_name, rows[i].type, v);
    }
}
