/* type_loadall.c: loads every type of every assembly of the framework, its methods and their signatures, its fields' types, its
 * interfaces; instantiates generics over object, __Canon and int where constraints allow.  No error is accepted. */
#include "type/type_test.h"

static u64 types, methods, sigs, fields, insts, insts_denied, ifaces, assemblies, static_types;
static u32 shown;

static void complain(const char *what, TypeHandle th, const char *member, Err *e)
{
    char name[300];
    if (th)
        type_name(th, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    failures++;
    if (shown++ < 60)
        printf("FAIL %s %s %s: %s\n", what, th ? name : "", member, e->text);
}

static void load_members(MethodTable *mt)
{
    Err e = {0};
    MtClass *k = mt->klass;
    u32 n;
    if (!type_interfaces(mt, &n, &e)) {
        complain("interfaces of", th_of(mt), "", &e);
        return;
    }
    ifaces += n;
    for (u32 i = 0; i < k->num_methods; i++) {
        e.kind = ERR_NONE;
        Method *m = type_method_by_rid(mt, md_method_at(mt->module->md, k->first_method_rid + i), &e);
        if (!m) {
            complain("method of", th_of(mt), "", &e);
            continue;
        }
        methods++;
        if (!type_method_sig(m, &e))
            complain("signature", th_of(mt), m->name, &e);
        else
            sigs++;
    }
    MdRange r = md_typedef_fields(mt->module->md, MD_RID(k->token));
    for (u32 i = 0; i < k->num_fields; i++) {
        e.kind = ERR_NONE;
        Field *f = type_field_by_rid(mt, md_field_at(mt->module->md, r.first + i), &e);
        if (!f || !type_field_type(mt, f, &e))
            complain("field", th_of(mt), f ? f->name : "", &e);
        fields++;
    }
    if (!(mt->flags & MTF_HAS_GENERIC_VARS)) {
        static_types += k->statics_size > 0;
        if (mt_is_valuetype(mt))
            type_abi(mt);
        for (u32 s = 0; s < mt->num_virtuals; s++)
            if (!type_slot_method(mt, s))
                complain("slot", th_of(mt), "", &e);
    }
}

static u64 tokens, bodies;
/* Every token of every body, in the context of the definition. */
static void resolve_body(Method *m)
{
    IlBody b;
    Err e = {0};
    if ((m->flags & (MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME)) || !md_MethodDef_RVA(m->mt->module->md, MD_RID(m->token)))
        return;
    if (!type_method_body(m, &b, &e)) {
        complain("body", th_of(m->mt), m->name, &e);
        return;
    }
    bodies++;
    SigContext c = type_method_context(m);
    Arena a = {0};
    SigType *locals;
    u32 n;
    if (!type_parse_locals(&a, &c, b.local_sig, &locals, &n, &e))
        complain("locals", th_of(m->mt), m->name, &e);
    arena_free(&a);
    IlInst in;
    for (u32 at = 0; at < b.code_size && il_decode(b.code, b.code_size, at, &in); at = in.offset + in.size) {
        e.kind = ERR_NONE;
        bool ok = true, shared;
        MethodTable *owner;
        u32 table = MD_TABLE_OF(in.token);
        if (in.operand == IL_OPR_METHOD || (in.operand == IL_OPR_TOKEN && (table == MDT_MethodDef || table == MDT_MethodSpec)))
            ok = type_resolve_method(&c, in.token, &shared, &e) != NULL;
        else if (in.operand == IL_OPR_FIELD || (in.operand == IL_OPR_TOKEN && table == MDT_Field))
            ok = type_resolve_field(&c, in.token, &owner, &shared, &e) != NULL;
        else if (in.operand == IL_OPR_TYPE || (in.operand == IL_OPR_TOKEN && table != MDT_MemberRef))
            ok = type_resolve_type(&c, in.token, &shared, &e) != 0;
        else
            continue;
        tokens++;
        if (!ok)
            complain("token", th_of(m->mt), m->name, &e);
    }
}

static void instantiate(MethodTable *mt, TypeHandle arg)
{
    TypeHandle args[64];
    u32 n = mt->klass->num_generic;
    Err e = {0};
    for (u32 i = 0; i < n && i < 64; i++)
        args[i] = arg;
    if (n > 64)
        return;
    if (!type_check_constraints(mt, NULL, args, n, &e)) {
        if (e.kind == ERR_TYPE_LOAD && strstr(e.text, "violates"))
            insts_denied++;
        else
            complain("constraints", th_of(mt), "", &e);
        return;
    }
    TypeHandle th = type_instantiate(mt, args, n, &e);
    if (!th) {
        complain("instantiate", th_of(mt), "", &e);
        return;
    }
    insts++;
    load_members((MethodTable *)th);
}

static void load_assembly(Assembly *a)
{
    Module *m = a->module;
    u32 rows = md_rows(m->md, MDT_TypeDef);
    assemblies++;
    for (u32 rid = 1; rid <= rows; rid++) {
        Err e = {0};
        MethodTable *mt = type_load_typedef(m, MD_TOKEN(MDT_TypeDef, rid), &e);
        if (!mt) {
            char name[300];
            md_type_full_name(m->md, MD_TOKEN(MDT_TypeDef, rid), name, sizeof name);
            complain("type", 0, name, &e);
            continue;
        }
        types++;
    }
}

static u64 phase(const char *what, u64 from, u64 count)
{
    u64 now = now_ns();
    printf("%-28s %8.1f ms  %8llu  %6.2f us each\n", what, (double)(now - from) / 1e6, (unsigned long long)count,
           count ? (double)(now - from) / 1e3 / (double)count : 0);
    return now_ns();
}

int main(int argc, char **argv)
{
    u64 t0 = now_ns();
    test_boot();
    u64 t = phase("boot", t0, 1);
    load_assembly(type_corelib);
    t = phase("CoreLib types", t, types);
    if (argc > 1 && strcmp(argv[1], "corelib") == 0)
        goto members;
    DIR *d = opendir(fw_dir);
    for (struct dirent *x; (x = readdir(d));) {
        size_t n = strlen(x->d_name);
        if (n < 5 || strcmp(x->d_name + n - 4, ".dll") != 0)
            continue;
        char name[300], path[1024];
        snprintf(name, sizeof name, "%.*s", (int)(n - 4), x->d_name);
        snprintf(path, sizeof path, "%s/%s", fw_dir, x->d_name);
        Err e = {0};
        Assembly *a = find_loaded(name);
        if (a == type_corelib)
            continue;
        if (!a && !(a = open_assembly(path, &e))) {
            if (e.hresult != PE_HR_ASSEMBLY_EXPECTED && e.kind != ERR_BAD_IMAGE)
                complain("assembly", 0, name, &e);
            else
                printf("not managed: %s (%s)\n", name, e.text);
            continue;
        }
        load_assembly(a);
    }
    closedir(d);
    t = phase("all types", t, types);
members:;
    LoadContext *c = test_domain->default_context;
    for (u32 i = 0; i < c->assemblies.len; i++) {
        Module *m = c->assemblies.data[i]->module;
        for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeDef); rid++)
            if (m->typedefs[rid])
                load_members(m->typedefs[rid]);
    }
    t = phase("members: methods, signatures", t, methods);
    for (u32 i = 0; i < c->assemblies.len; i++) {
        Module *m = c->assemblies.data[i]->module;
        for (u32 rid = 1; rid <= md_rows(m->md, MDT_MethodDef); rid++)
            if (m->methoddefs[rid])
                resolve_body(m->methoddefs[rid]);
    }
    printf("bodies %llu\n", (unsigned long long)bodies);
    t = phase("tokens of all bodies", t, tokens);
    TypeHandle over[] = {th_of(type_wk(WK_CANON)), th_of(type_wk(WK_OBJECT)), th_of(type_wk(WK_INT32))};
    for (u32 i = 0; i < c->assemblies.len; i++) {
        Module *m = c->assemblies.data[i]->module;
        for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeDef); rid++)
            if (m->typedefs[rid] && m->typedefs[rid]->aux->inst)
                for (u32 k = 0; k < ARRAY_LEN(over); k++)
                    instantiate(m->typedefs[rid], over[k]);
    }
    phase("instantiations with members", t, insts);
    printf("assemblies %llu types %llu instantiations %llu (denied by constraints %llu)\n", (unsigned long long)assemblies,
           (unsigned long long)types, (unsigned long long)insts, (unsigned long long)insts_denied);
    printf("methods %llu signatures %llu fields %llu interfaces %llu types with statics %llu Methods made %llu\n", (unsigned long long)methods,
           (unsigned long long)sigs, (unsigned long long)fields, (unsigned long long)ifaces, (unsigned long long)static_types,
           (unsigned long long)methods_made);
    printf("loader memory: hot %zu KB cold %zu KB; total time %.1f ms\n", os_span_used(OS_CHUNK_HOT) / 1024, os_span_used(OS_CHUNK_COLD) / 1024,
           (double)(now_ns() - t0) / 1e6);
    if (failures)
        printf("%d failures\n", failures);
    return failures != 0;
}
