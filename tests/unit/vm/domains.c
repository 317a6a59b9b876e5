/* domains.c: neutral code (D12) run in two domains, one after the other on one thread: each has its own statics, class constructor runs,
 * literals and type objects, and nothing of them is left in the MethodTables that both share. */
#include "test.h"

#include "corelib/corelib.h"
#include "interop/interop.h"
#include "vm/vm.h"
#include "vm/vm_code.h"
#include "vm/vm_props.h"
#include "vm/vm_start.h"

#include <dirent.h>
#include <stdlib.h>

static Thread *t;
static Domain *first, *second;

static MethodTable *core(const char *ns, const char *name)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, name, &e);
    CHECKF(mt != NULL, "%s.%s: %s", ns, name, e.text);
    return mt;
}

/* Static method without arguments that returns an object, in that domain. */
static Object *call_in(Domain *d, const char *ns, const char *type, const char *method)
{
    Object *o = NULL;
    type_enter_domain(t, d);
    Method *m = type_method_by_name(core(ns, type), method, 0);
    CHECKF(m != NULL, "%s.%s", type, method);
    COOPERATIVE(t)
    {
        bool ok = vm_call(t, m, NULL, &o);
        EXPECT(ok && o);
    }
    type_enter_domain(t, first);
    return o;
}

static Object *type_in(Domain *d, Object *o)
{
    Object *r = NULL;
    type_enter_domain(t, d);
    Method *m = type_method_by_name(core("System", "Object"), "GetType", 0);
    COOPERATIVE(t) { EXPECT(vm_call(t, m, (void *[]){&o}, &r)); }
    type_enter_domain(t, first);
    return r;
}

static void statics(void)
{
    const char *ns = "System", *type = "StringComparer", *method = "get_Ordinal"; /* a field that a class constructor sets */
    Object *a = call_in(first, ns, type, method), *b = call_in(second, ns, type, method);
    EXPECT(a != b && a->mt == b->mt);
    EXPECT(call_in(first, ns, type, method) == a);
    EXPECT(call_in(second, ns, type, method) == b);
}

static void generic_statics(void)
{
    const char *ns = "System.Collections.Generic", *method = "get_Default";
    Err e = {0};
    TypeHandle arg = th_of(type_wk(WK_STRING));
    MethodTable *mt = th_mt(type_instantiate(core(ns, "EqualityComparer`1"), &arg, 1, &e));
    CHECKF(mt != NULL, "%s", e.text);
    Method *m = type_method_by_name(mt, method, 0);
    Object *o[2][2] = {{0}};
    Domain *d[] = {first, second};
    for (u32 i = 0; i < 4; i++) {
        type_enter_domain(t, d[i & 1]);
        COOPERATIVE(t) { EXPECT(vm_call(t, m, NULL, &o[i & 1][i >> 1])); }
    }
    type_enter_domain(t, first);
    EXPECT(o[0][0] && o[0][0] == o[0][1]);
    EXPECT(o[1][0] && o[1][0] == o[1][1]);
    EXPECT(o[0][0] != o[1][0]);
}

/* Each domain has its own, which a thread finds again when it comes back. */
static void thread_statics(void)
{
    const char *ns = "System.Threading", *type = "Thread", *field = "t_currentThread";
    MethodTable *thread = core(ns, type);
    Field *f = type_field_by_name(thread, field);
    CHECKF(f != NULL, "%s.%s", type, field);
    COOPERATIVE(t)
    {
        Object **a = type_static_address(thread, f, t);
        Object *mine = *a;
        type_enter_domain(t, second);
        Object **b = type_static_address(thread, f, t);
        EXPECT(a != b && !*b);
        type_enter_domain(t, first);
        EXPECT(type_static_address(thread, f, t) == (void *)a && *a == mine);
        type_enter_domain(t, second);
        EXPECT(type_static_address(thread, f, t) == (void *)b);
        type_enter_domain(t, first);
    }
}

static void literals(void)
{
    Object *a = call_in(first, "System", "Environment", "get_NewLine"), *b = call_in(second, "System", "Environment", "get_NewLine");
    EXPECT(a != b && ((String *)a)->length == 1 && ((String *)b)->chars[0] == '\n');
    EXPECT(call_in(second, "System", "Environment", "get_NewLine") == b);
}

static void type_objects(void)
{
    Object *s = call_in(first, "System", "Environment", "get_NewLine");
    Object *a = type_in(first, s), *b = type_in(second, s);
    EXPECT(a && b && a != b);
    EXPECT(type_in(first, s) == a && type_in(second, s) == b);
    EXPECT(vm_type_of_object(a) == th_of(s->mt) && vm_type_of_object(b) == th_of(s->mt));
    type_enter_domain(t, second);
    EXPECT(vm_type_object(th_of(s->mt)) == b);
    type_enter_domain(t, first);
}

static void assembly_objects(void)
{
    Object *o[2];
    COOPERATIVE(t)
    {
        o[0] = vm_assembly_object(t, type_corelib);
        type_enter_domain(t, second);
        o[1] = vm_assembly_object(t, type_corelib);
        EXPECT(o[1] == vm_assembly_object(t, type_corelib) && vm_module_object(t, type_corelib->module));
        type_enter_domain(t, first);
        EXPECT(o[0] == vm_assembly_object(t, type_corelib) && o[0] != o[1]);
    }
}

static void nothing_shared_is_written(void)
{
    u32 seen = 0;
    Module *m = type_corelib->module;
    for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeDef); rid++) {
        MethodTable *mt = m->typedefs[rid];
        if (!mt)
            continue;
        seen++;
        EXPECT(!mt->aux->exposed && !mt->aux->statics && !mt->aux->init && !(mt->aux->flags & AUX_CLASS_INITED));
    }
    EXPECT(seen > 50 && !type_corelib->exposed && !m->exposed);
    EXPECT(vm_class_is_ready(core("System", "OrdinalCaseSensitiveComparer")));
}

/* Newest installed framework; STATOR_FRAMEWORK overrides. */
static bool find_framework(char *out, size_t size)
{
    const char *roots[] = {getenv("DOTNET_ROOT"), "/usr/share/dotnet", "/usr/lib/dotnet"};
    snprintf(out, size, "%s", getenv("STATOR_FRAMEWORK") ? getenv("STATOR_FRAMEWORK") : "");
    for (u32 i = 0; i < ARRAY_LEN(roots) && !*out; i++) {
        char base[400];
        snprintf(base, sizeof base, "%s/shared/Microsoft.NETCore.App", roots[i] ? roots[i] : "");
        DIR *d = opendir(base);
        for (struct dirent *x; d && (x = readdir(d));)
            if (strncmp(x->d_name, "10.", 3) == 0)
                snprintf(out, size, "%s/%.60s", base, x->d_name);
        if (d)
            closedir(d);
    }
    return *out;
}

static void boot(void)
{
    static char fw_dir[512], tpa[700];
    if (!find_framework(fw_dir, sizeof fw_dir)) {
        printf("skipped: no framework\n");
        exit(0);
    }
    snprintf(tpa, sizeof tpa, "%s/System.Private.CoreLib.dll", fw_dir);
    static const char *keys[] = {"TRUSTED_PLATFORM_ASSEMBLIES", "NATIVE_DLL_SEARCH_DIRECTORIES"}, *values[] = {tpa, fw_dir};
    setenv("STATOR_DOMAINS", "1", 1);
    knobs_init();
    log_init(knob_str(KNOB_LOG));
    vm_props_init(keys, values, 2);
    VmStartInfo info = {"domains", 2, keys, values};
    Err e = {0};
    static void (*const volatile used[])(void) = {corelib_init, interop_init}; /* the linker takes what is named */
    CHECKF(used[0] && used[1] && vm_start(&info, &e), "%s", e.text);
    t = thread_current();
    first = t->domain;
    second = type_domain_new("second");
}

int main(void)
{
    boot();
    statics();
    generic_statics();
    thread_statics();
    literals();
    type_objects();
    assembly_objects();
    nothing_shared_is_written();
    printf("6 tests, %d failures\n", test_failures);
    return test_failures != 0;
}
