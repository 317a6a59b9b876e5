/* compile_all.c: Tier 0 compiles every method body of the framework's assemblies, without running any: non-generic ones as they are, generic ones
 * over __Canon and over int where constraints allow.  Prints counts and time per IL byte.  Arguments: assembly names (default: CoreLib). */
#include "unit/type/type_test.h"
#include "code/code.h"
#include "jit/jit_env.h"

static u64 compiled, failed, il_bytes;
static u32 shown_errors;

static Object *no_literal(Module *m, u32 token, struct IlStub *s)
{
    (void)m, (void)token, (void)s;
    return (Object *)(uintptr_t)0x123456789000;
}
static Object *no_type_object(TypeHandle th) { return (Object *)(th | 0x100000000000); }
static void **cell(Method *m) { return &m->entry; }
static CallSite *site(LoadContext *alc, Method *target, Method *caller, u32 il)
{
    CallSite *s = type_alloc(alc ? alc : type_corelib->alc, HEAP_HOT, sizeof *s);
    s->target = target, s->caller = caller, s->il_offset = il, s->pair = &code_empty_pair;
    return s;
}
static void nothing(void) {}
static bool inited(MethodTable *mt) { return !(mt->flags2 & MT2_HAS_CCTOR); }

static void compile(Method *m)
{
    Err e = {0};
    char name[500];
    if (m->flags & (MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME | MF_UNSAFE_ACCESSOR))
        return;
    if (m->canon != m)
        m = m->canon;
    if (m->code)
        return;
    type_method_name(m, false, name, sizeof name);
    if (getenv("STATOR_TEST_VERBOSE"))
        fprintf(stderr, "%s\n", name);
    CodeInfo *ci = jit_compile_tier0(m, &e);
    if (!ci && e.kind == ERR_PLATFORM_NOT_SUPPORTED)
        return;
    if (!ci) {
        failed++;
        failures++;
        if (shown_errors++ < 40)
            printf("FAIL %s: %s\n", name, e.text);
        return;
    }
    m->code = ci;
    compiled++;
}

static void compile_type(MethodTable *mt)
{
    for (u32 i = 0; i < mt->klass->num_methods; i++) {
        Err e = {0};
        Method *m = type_method_by_rid(mt, md_method_at(mt->module->md, mt->klass->first_method_rid + i), &e);
        if (!m)
            continue;
        if (m->flags & MF_GENERIC_DEF) {
            for (u32 k = 0; k < 2; k++) {
                TypeHandle args[16], arg = k ? th_of(type_wk(WK_INT32)) : th_of(type_wk(WK_CANON));
                Err e2 = {0};
                if (m->num_generic > 16)
                    break;
                for (u32 g = 0; g < m->num_generic; g++)
                    args[g] = arg;
                if (!type_check_constraints(NULL, m, args, m->num_generic, &e2))
                    continue;
                Method *inst = type_instantiate_method(m, args, m->num_generic, &e2);
                if (inst)
                    compile(inst);
            }
            continue;
        }
        compile(m);
    }
}

int main(int argc, char **argv)
{
    test_boot();
    code_init();
    sem_client.is_class_inited = inited;
    jit_env.string_literal = no_literal;
    jit_env.type_object = no_type_object;
    jit_env.entry_cell = cell;
    jit_env.new_site = site;
    for (u32 i = 0; i < JIT_HELPER_COUNT; i++)
        jit_env.helpers[i] = (void *)nothing;
    for (int a = 1; a < argc || a == 1; a++) {
        Err e = {0};
        Assembly *as = type_corelib;
        if (a < argc && strcmp(argv[a], "System.Private.CoreLib") != 0) {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s.dll", fw_dir, argv[a]);
            as = find_loaded(argv[a]);
            if (!as)
                as = open_assembly(path, &e);
            if (!as) {
                printf("%s: %s\n", argv[a], e.text);
                return 1;
            }
        }
        u32 rows = md_rows(as->module->md, MDT_TypeDef);
        u64 t = now_ns();
        for (u32 rid = 1; rid <= rows; rid++) {
            Err e2 = {0};
            MethodTable *mt = type_load_typedef(as->module, MD_TOKEN(MDT_TypeDef, rid), &e2);
            if (!mt)
                continue;
            if (mt->klass->num_generic == 0) {
                compile_type(mt);
                continue;
            }
            for (u32 k = 0; k < 2; k++) {
                TypeHandle args[32], arg = k ? th_of(type_wk(WK_INT32)) : th_of(type_wk(WK_CANON));
                for (u32 g = 0; g < mt->klass->num_generic && g < 32; g++)
                    args[g] = arg;
                Err e3 = {0};
                if (mt->klass->num_generic > 32 || !type_check_constraints(mt, NULL, args, mt->klass->num_generic, &e3))
                    continue;
                TypeHandle th = type_instantiate(mt, args, mt->klass->num_generic, &e3);
                if (th)
                    compile_type((MethodTable *)th);
            }
        }
        printf("%s: %.0f ms\n", as->name, (double)(now_ns() - t) / 1e6);
    }
    il_bytes = jit_stats.il_bytes;
    printf("%llu methods, %llu failed, %llu IL bytes, %llu code bytes, %.1f ns per IL byte, %.2f us per method\n",
           (unsigned long long)compiled, (unsigned long long)failed, (unsigned long long)il_bytes,
           (unsigned long long)jit_stats.code_bytes, (double)jit_stats.ns / (double)(il_bytes + 1), (double)jit_stats.ns / 1e3 / (double)(compiled + 1));
    return failures != 0;
}
