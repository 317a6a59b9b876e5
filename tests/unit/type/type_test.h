/* type_test.h: a client that binds by simple name in the framework's folder. */
#ifndef TYPE_TEST_H
#define TYPE_TEST_H
#include "base/base.h"
#include "gc/gc.h"
#include "os/os_mem.h"
#include "type/type.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char fw_dir[512];
static Domain *test_domain;
static u64 methods_made;

static inline u64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}
static inline Assembly *open_assembly(const char *path, Err *e)
{
    PeImage *pe = base_calloc(1, sizeof *pe);
    if (!pe_open_file(pe, path, e))
        return NULL;
    return type_assembly_new(test_domain->default_context, pe, path, e);
}
static inline Assembly *find_loaded(const char *name)
{
    LoadContext *c = test_domain->default_context;
    for (u32 i = 0; i < c->assemblies.len; i++)
        if (strcasecmp(c->assemblies.data[i]->name, name) == 0)
            return c->assemblies.data[i];
    return NULL;
}
static Assembly *test_bind(Assembly *from, u32 token, Err *e)
{
    const char *name = md_assemblyref_name(from->module->md, MD_RID(token));
    Assembly *a = find_loaded(name);
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.dll", fw_dir, name);
    return a ? a : open_assembly(path, e);
}
static void test_method_made(Method *m)
{
    methods_made++;
    m->entry = (void *)(uintptr_t)0x1000;
}
static void *test_prestub(u32 slot) { return (void *)(uintptr_t)(0x10000 + slot); }
static void *test_ensure(MethodTable *mt, bool *settled, Err *e)
{
    (void)e;
    *settled = true;
    return type_statics(mt);
}
/* Newest installed framework; STATOR_FRAMEWORK overrides. */
static inline bool find_framework(void)
{
    const char *env = getenv("STATOR_FRAMEWORK");
    if (env) {
        snprintf(fw_dir, sizeof fw_dir, "%s", env);
        return true;
    }
    const char *roots[] = {getenv("DOTNET_ROOT"), "/usr/share/dotnet", "/usr/lib/dotnet"};
    for (u32 i = 0; i < ARRAY_LEN(roots); i++) {
        char base[400];
        if (!roots[i])
            continue;
        snprintf(base, sizeof base, "%s/shared/Microsoft.NETCore.App", roots[i]);
        DIR *d = opendir(base);
        if (!d)
            continue;
        for (struct dirent *x; (x = readdir(d));)
            if (strncmp(x->d_name, "10.", 3) == 0)
                snprintf(fw_dir, sizeof fw_dir, "%s/%.60s", base, x->d_name);
        closedir(d);
        if (fw_dir[0])
            return true;
    }
    return false;
}
static inline void test_boot(void)
{
    if (!find_framework()) {
        printf("skipped: no framework\n");
        exit(0);
    }
    type_init();
    type_client = (TypeClient){.bind = test_bind, .method_made = test_method_made, .slot_prestub = test_prestub, .ensure_statics = test_ensure};
    test_domain = type_domain_new("test");
    char path[600];
    snprintf(path, sizeof path, "%s/System.Private.CoreLib.dll", fw_dir);
    Err e = {0};
    if (!type_boot(test_domain, path, &e)) {
        printf("FAIL boot: %s\n", e.text);
        exit(1);
    }
}
static inline MethodTable *by_full_name(Assembly *a, const char *full)
{
    char buf[400];
    snprintf(buf, sizeof buf, "%s", full);
    char *plus = strchr(buf, '+'), *end = plus ? plus : buf + strlen(buf), *dot = NULL;
    for (char *p = buf; p < end; p++)
        if (*p == '.')
            dot = p;
    Err e = {0};
    if (!dot)
        return type_load_name(a, "", buf, &e);
    *dot = 0;
    return type_load_name(a, buf, dot + 1, &e);
}

static inline u32 split(char *line, char **cols, u32 cap)
{
    u32 n = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *p = line; n < cap; p++) {
        cols[n++] = p;
        p = strchr(p, '\t');
        if (!p)
            break;
        *p = 0;
    }
    return n;
}

/* "Name`1[System.Int32,Ns.Outer+Inner[]]" */
static inline TypeHandle parse_type(Assembly *a, const char **p)
{
    char name[400];
    u32 n = 0;
    while (**p && !strchr("[],", **p))
        name[n++] = *(*p)++;
    name[n] = 0;
    MethodTable *mt = by_full_name(a, name);
    for (u32 i = 0; !mt && i < test_domain->default_context->assemblies.len; i++)
        mt = by_full_name(test_domain->default_context->assemblies.data[i], name);
    TypeHandle th = th_of(mt), args[16];
    Err e = {0};
    while (**p == '[' && th) {
        if ((*p)[1] == ']' || (*p)[1] == ',') {
            u32 rank = 1;
            for (++*p; **p == ','; ++*p)
                rank++;
            ++*p;
            th = rank == 1 ? type_szarray_of(th, &e) : type_mdarray_of(th, rank, &e);
            continue;
        }
        n = 0;
        do {
            ++*p;
            args[n++] = parse_type(a, p);
        } while (**p == ',' && args[n - 1]);
        ++*p;
        th = args[n - 1] ? type_instantiate((MethodTable *)th, args, n, &e) : 0;
    }
    return th;
}
static int failures;
#define EXPECT(c, ...) ((c) ? (void)0 : (failures++, printf("FAIL %s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), printf("\n")))
#endif
