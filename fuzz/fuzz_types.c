/* fuzz_types.c: damaged assemblies through the type system, sem/ and the Tier-0 compiler.
 * Each mutant becomes an assembly of a load context of its own: every type is loaded with its methods, signatures, fields, interfaces and
 * slots; generic ones are instantiated; every body is compiled, which resolves its tokens.  Nothing is run.  The framework is loaded
 * first and stays; what mutants leave behind goes with the child process that ran the batch. */
#include "type_fuzz.h"

#include "code/code.h"
#include "jit/jit_env.h"

const u32 fuzz_batch = 250;

enum { GENERIC_MAX = 16 };
/* Shared between parent and children, which run one after another. */
typedef struct Totals {
    u64 images, past_pe, past_md, types, types_bad, methods, methods_bad, fields, fields_bad, slots, insts, insts_bad, bodies, bodies_bad;
} Totals;
static Totals *totals;

/* --- the clients of type/ and jit/ --- */
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

static void boot(void)
{
    totals = boot_types(sizeof *totals);
    code_init();
    sem_client.is_class_inited = inited;
    jit_env.string_literal = no_literal;
    jit_env.type_object = no_type_object;
    jit_env.entry_cell = cell;
    jit_env.new_site = site;
    for (u32 i = 0; i < JIT_HELPER_COUNT; i++)
        jit_env.helpers[i] = (void *)nothing;
}

/* --- one image --- */
static void compile(Method *m)
{
    Err e = {0};
    m = m->canon;
    if (m->code || !m->token || (m->mt->flags & MTF_HAS_GENERIC_VARS) || (m->flags & (MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME)))
        return;
    totals->bodies++;
    m->code = jit_compile_tier0(m, &e);
    totals->bodies_bad += !m->code;
    CHECK(m->code || e.kind != ERR_NONE);
    CHECKF(e.kind != ERR_PENDING, "%s", e.text);
}

static void walk_method(Method *m)
{
    Err e = {0};
    char name[400];
    type_method_name(m, true, name, sizeof name);
    if (!type_method_sig(m, &e)) {
        CHECK(e.kind != ERR_NONE);
        totals->methods_bad++;
    }
    if (!(m->flags & MF_GENERIC_DEF)) {
        compile(m);
        return;
    }
    const TypeHandle over[] = {th_of(type_wk(WK_CANON)), th_of(type_wk(WK_INT32))};
    TypeHandle args[GENERIC_MAX];
    for (u32 k = 0; k < ARRAY_LEN(over) && m->num_generic <= GENERIC_MAX; k++) {
        Err e2 = {0};
        for (u32 i = 0; i < m->num_generic; i++)
            args[i] = over[k];
        Method *inst = type_check_constraints(NULL, m, args, m->num_generic, &e2) ? type_instantiate_method(m, args, m->num_generic, &e2) : NULL;
        CHECK(inst || e2.kind != ERR_NONE);
        if (inst)
            compile(inst);
    }
}

static void walk_fields(MethodTable *mt)
{
    MtClass *k = mt->klass;
    MdRange r = md_typedef_fields(mt->module->md, MD_RID(k->token));
    for (u32 i = 0; i < k->num_fields; i++) {
        Err e = {0};
        Field *f = type_field_by_rid(mt, md_field_at(mt->module->md, r.first + i), &e);
        totals->fields++;
        if (f && type_field_type(mt, f, &e))
            continue;
        CHECK(e.kind != ERR_NONE);
        totals->fields_bad++;
    }
}

static void walk_type(MethodTable *mt)
{
    Err e = {0};
    MtClass *k = mt->klass;
    u32 n = 0;
    char name[400];
    type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST | TN_ASSEMBLY, name, sizeof name);
    type_enclosing(mt, &e);
    e.kind = ERR_NONE;
    MethodTable **ifaces = type_interfaces(mt, &n, &e);
    CHECK(ifaces || e.kind != ERR_NONE);
    for (u32 i = 0; ifaces && i < n; i++)
        type_can_cast(th_of(mt), th_of(ifaces[i]));
    walk_fields(mt);
    for (u32 i = 0; i < k->num_methods; i++) {
        e.kind = ERR_NONE;
        Method *m = type_method_by_rid(mt, md_method_at(mt->module->md, k->first_method_rid + i), &e);
        totals->methods++;
        if (m) {
            walk_method(m);
            continue;
        }
        CHECK(e.kind != ERR_NONE);
        totals->methods_bad++;
    }
    if (mt->flags & MTF_HAS_GENERIC_VARS)
        return;
    if (mt_is_valuetype(mt))
        type_abi(mt);
    for (u32 s = 0; s < mt->num_virtuals; s++, totals->slots++)
        type_slot_method(mt, s);
    for (u32 i = 0; ifaces && !mt_is_interface(mt) && i < n; i++)
        for (u32 j = 0; j < ifaces[i]->klass->num_methods; j++) {
            Err e2 = {0};
            Method *m = type_method_by_rid(ifaces[i], md_method_at(ifaces[i]->module->md, ifaces[i]->klass->first_method_rid + j), &e2);
            if (m && (m->flags & MF_VIRTUAL))
                m->flags & MF_STATIC ? type_find_constrained(th_of(mt), m, &e2) : type_find_impl(mt, m, &e2);
        }
}

static void instantiate(MethodTable *mt, TypeHandle arg)
{
    TypeHandle args[GENERIC_MAX];
    Err e = {0};
    u32 n = mt->klass->num_generic;
    if (n > GENERIC_MAX)
        return;
    for (u32 i = 0; i < n; i++)
        args[i] = arg;
    totals->insts++;
    TypeHandle th = type_check_constraints(mt, NULL, args, n, &e) ? type_instantiate(mt, args, n, &e) : 0;
    if (th) {
        walk_type((MethodTable *)th);
        return;
    }
    CHECK(e.kind != ERR_NONE);
    totals->insts_bad++;
}

static void walk_module(Module *m)
{
    for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeDef); rid++) {
        Err e = {0};
        MethodTable *mt = type_load_typedef(m, MD_TOKEN(MDT_TypeDef, rid), &e);
        totals->types++;
        if (!mt) {
            CHECK(e.kind != ERR_NONE);
            totals->types_bad++;
            continue;
        }
        walk_type(mt);
        if (mt->klass->num_generic) {
            instantiate(mt, th_of(type_wk(WK_CANON)));
            instantiate(mt, th_of(type_wk(WK_INT32)));
            instantiate(mt, th_of(type_wk(WK_OBJECT)));
        }
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    bool pe_ok;
    totals->images++;
    alarm(SECONDS_MAX);
    Assembly *a = load_mutant(data, size, &pe_ok);
    totals->past_pe += pe_ok;
    if (a) {
        totals->past_md++;
        walk_module(a->module);
    }
    alarm(0);
    return 0;
}

static double percent(u64 part, u64 all) { return all ? 100.0 * (double)part / (double)all : 0; }

void fuzz_report(void)
{
    Totals *t = totals;
    if (!t)
        return;
    printf("  past the PE headers %.1f %%, past the metadata headers %.1f %%; %llu types (%.2f %% refused), %llu methods (%.2f %%), %llu fields "
           "(%.2f %%), %llu instantiations (%.1f %%), %llu bodies (%.2f %%)\n",
           percent(t->past_pe, t->images), percent(t->past_md, t->images), (unsigned long long)t->types, percent(t->types_bad, t->types),
           (unsigned long long)t->methods, percent(t->methods_bad, t->methods), (unsigned long long)t->fields,
           percent(t->fields_bad, t->fields), (unsigned long long)t->insts, percent(t->insts_bad, t->insts), (unsigned long long)t->bodies,
           percent(t->bodies_bad, t->bodies));
}

void fuzz_start(bool given)
{
    boot();
    run_good_images(given, totals, sizeof *totals);
}
