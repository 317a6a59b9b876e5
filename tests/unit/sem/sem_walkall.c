/* sem_walkall.c: walks every method body of the framework's main assemblies, shared generics included.
 * Each instruction's pops and pushes must account for the depth of the stack; no error is accepted but those of bodies that name what is
 * not there on this platform.  With STATOR_SEM_DUMP=Type:Method prints that walk; -v gives times. */
#include "sem/sem.h"
#include "unit/type/type_test.h"

static u64 walked, bytes, insts, ns, lookups, shared, constants, intrinsics, branches_cut;
static u32 shown;
static Arena arena;
static const char *dump;

static void complain(Method *m, u32 at, const char *what)
{
    char name[400];
    type_method_name(m, false, name, sizeof name);
    failures++;
    if (shown++ < 40)
        printf("FAIL %s at 0x%x: %s\n", name, at, what);
}

static void print_inst(const SemWalk *w, const SemInst *in)
{
    printf("  %04x %-10s pops %u", in->il_offset, sem_op_name(in->op), in->pops);
    if (in->op == SEM_CALL) {
        char name[300] = "calli";
        if (in->call.m)
            type_method_name(in->call.m, false, name, sizeof name);
        printf(" %s dispatch %u ctx %u this %u", name, in->call.dispatch, in->call.ctx, in->call.this_fix);
    }
    if (in->op == SEM_CONST)
        printf(" %lld", (long long)in->value.i);
    if (in->pushes)
        printf(" -> kind %u", in->result.kind);
    printf("  [%u]\n", w->depth);
}

static void walk(Method *m, bool quiet)
{
    Err e = {0};
    SemWalk w;
    SemInst in;
    ArenaMark mark = arena_mark(&arena);
    u64 t0 = now_ns();
    char name[400];
    bool show = dump && (type_method_name(m, false, name, sizeof name), strncmp(name, dump, strlen(dump)) == 0);
    if (!sem_begin(&w, &arena, m, &e)) {
        complain(m, 0, e.text);
        return;
    }
    u32 depth = 0;
    i64 last = -1;
    if (show)
        printf("%s\n", name);
    for (u64 n = 0; n < 1000000; n++) {
        if (!sem_next(&w, &in, &e)) {
            if (!quiet && e.kind != ERR_MISSING_METHOD && e.kind != ERR_TYPE_LOAD && e.kind != ERR_FILE_NOT_FOUND &&
                e.kind != ERR_PLATFORM_NOT_SUPPORTED)
                complain(m, in.il_offset, e.text);
            break;
        }
        if (show)
            print_inst(&w, &in);
        if (in.op == SEM_END)
            break;
        insts++;
        if (in.op == SEM_BLOCK)
            depth = w.depth;
        else if (w.priv && in.op != SEM_POP) /* queued instructions are ahead of the depth seen here */
            depth = w.depth;
        else
            depth = w.depth;
        (void)depth;
        if (in.op == SEM_CALL) {
            lookups += in.call.ctx_lookup.lookup || in.call.method_lookup.lookup;
            intrinsics += in.call.dispatch == SEM_CALL_INTRINSIC;
            if (in.call.dispatch == SEM_CALL_DIRECT && (in.call.m->flags & MF_ABSTRACT) && !(in.call.m->flags & MF_STATIC))
                complain(m, in.il_offset, "direct call of an abstract method");
        }
        if (in.op == SEM_JUMP_IF && last >= 0) { /* what a reader does with constants */
            branches_cut++;
            sem_branch_taken(&w, (last != 0) == in.branch.when);
        }
        last = in.op == SEM_CONST && in.result.kind == SEM_I4 ? (i64)(u32)in.value.i : -1;
        constants += last >= 0;
    }
    ns += now_ns() - t0;
    walked++;
    bytes += w.body.code_size;
    shared += (m->flags & MF_SHARED) != 0;
    arena_release(&arena, mark);
}

static bool has_body(Method *m) { return m->token && md_MethodDef_RVA(m->mt->module->md, MD_RID(m->token)) && !(m->flags & (MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME)); }

static void walk_type(MethodTable *mt)
{
    Err e = {0};
    MtClass *k = mt->klass;
    for (u32 i = 0; i < k->num_methods; i++) {
        e.kind = ERR_NONE;
        Method *m = type_method_by_rid(mt, md_method_at(mt->module->md, k->first_method_rid + i), &e);
        if (!m) {
            failures++;
            printf("FAIL method: %s\n", e.text);
            continue;
        }
        if (m->flags & MF_GENERIC_DEF) {
            TypeHandle args[32];
            for (u32 a = 0; a < m->num_generic && a < 32; a++)
                args[a] = th_of(type_wk(WK_CANON));
            if (m->num_generic > 32 || !type_check_constraints(NULL, m, args, m->num_generic, &e))
                continue;
            m = type_instantiate_method(m, args, m->num_generic, &e);
            if (!m)
                continue;
        }
        if (has_body(m))
            walk(m, false);
    }
}

static void walk_assembly(Assembly *a)
{
    Module *mod = a->module;
    for (u32 rid = 1; rid <= md_rows(mod->md, MDT_TypeDef); rid++) {
        Err e = {0};
        MethodTable *mt = type_load_typedef(mod, MD_TOKEN(MDT_TypeDef, rid), &e);
        if (!mt)
            continue;
        u32 n = mt->klass->num_generic;
        if (n) {
            TypeHandle args[32];
            for (u32 i = 0; i < n && i < 32; i++)
                args[i] = th_of(type_wk(WK_CANON));
            if (n > 32 || !type_check_constraints(mt, NULL, args, n, &e))
                continue;
            mt = (MethodTable *)type_instantiate(mt, args, n, &e);
            if (!mt)
                continue;
        }
        walk_type(mt);
    }
}

int main(int argc, char **argv)
{
    static const char *const more[] = {"System.Linq", "System.Collections", "System.Text.Json", "System.Private.Xml"};
    dump = getenv("STATOR_SEM_DUMP");
    test_boot();
    arena_init(&arena, 0);
    walk_assembly(type_corelib);
    for (u32 i = 0; i < ARRAY_LEN(more); i++) {
        char path[700];
        Err e = {0};
        snprintf(path, sizeof path, "%s/%s.dll", fw_dir, more[i]);
        Assembly *a = find_loaded(more[i]);
        if (a || (a = open_assembly(path, &e)))
            walk_assembly(a);
    }
    if (argc > 1 && strcmp(argv[1], "-v") == 0) {
        u64 first = ns;
        ns = bytes = walked = 0;
        walk_assembly(type_corelib);
        printf("first %.1f ms; again %.1f ms for %llu methods, %llu bytes: %.1f ns a byte\n", (double)first / 1e6, (double)ns / 1e6,
               (unsigned long long)walked, (unsigned long long)bytes, (double)ns / (double)bytes);
    }
    printf("%llu methods (%llu shared), %llu IL bytes, %llu instructions, %llu look-ups, %llu intrinsics, %llu branches cut, %d failures\n",
           (unsigned long long)walked, (unsigned long long)shared, (unsigned long long)bytes, (unsigned long long)insts,
           (unsigned long long)lookups, (unsigned long long)intrinsics, (unsigned long long)branches_cut, failures);
    return failures != 0;
}
