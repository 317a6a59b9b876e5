/* verify_merges.c: the verifier and the compiler agree on the stack where blocks begin.
 * Over every method of the framework's main assemblies, and of what tests/il was assembled to when that is there, that has branches: at each block that both reach, the same depth and the same kinds, as far as
 * both tell them apart (an int32 that met a native int is one for both; the compiler knows float32 from float64, and types of shared generic
 * code by what stands for them).  Framework methods that the verifier refuses are compared too, up to where a value is unknown to it. */
#include "verify/verify.h"
#include "unit/type/type_test.h"

#include <glob.h>

typedef struct Seen { u32 il_start, depth; u8 kinds[32]; } Seen;
static VEC(Seen) seen;
static u64 methods, blocks, values, skipped;
static u32 shown;

static void note(void *arg, const SemBlock *b, u32 depth, const u8 *kinds)
{
    (void)arg;
    Seen s = {.il_start = b->il_start, .depth = depth};
    memcpy(s.kinds, kinds, MIN(depth, (u32)sizeof s.kinds));
    vec_push(&seen, s);
}

static bool is_int(u8 k) { return k == SEM_I4 || k == SEM_I || k == SEM_I8; }
static bool agree(u8 verifier, const SemValue *v)
{
    if (verifier == SEM_NONE || verifier == v->kind || (verifier == SEM_F8 && v->kind == SEM_F4))
        return true;
    if (is_int(verifier) && is_int(v->kind))
        return verifier != SEM_I4 || v->kind != SEM_I8;
    return verifier == SEM_VALUE; /* a generic variable: the compiler sees what stands for it */
}

static void compare(Method *m, const SemBlock *b, const SemValue *stack, u32 depth)
{
    for (u32 i = 0; i < seen.len; i++) {
        const Seen *s = &seen.data[i];
        if (s->il_start != b->il_start)
            continue;
        bool ok = s->depth == depth;
        blocks++;
        values += depth;
        for (u32 k = 0; ok && k < MIN(depth, (u32)sizeof s->kinds); k++)
            ok = agree(s->kinds[k], &stack[k]);
        if (!ok && shown++ < 20) {
            char name[400];
            type_method_name(m, false, name, sizeof name);
            printf("FAIL %s at 0x%x: depth %u and %u, kinds %u and %u\n", name, b->il_start, s->depth, depth, s->kinds[0], depth ? stack[0].kind : 0);
        }
        failures += !ok;
        return;
    }
}

static void method(Arena *a, Method *m)
{
    Err e = {0};
    SemWalk w;
    SemInst in;
    ArenaMark mark = arena_mark(a);
    seen.len = 0;
    u32 issues = verify_method_merges(m, a, NULL, note, NULL);
    Method *c = m->canon ? m->canon : m;
    if (seen.len < 2 || type_is_open(th_of(m->mt)) || m->num_generic || !sem_begin(&w, a, c, &e)) {
        skipped++;
    } else {
        methods++;
        (void)issues;
        for (bool again = true; again;) { /* the walk that counts is the one that finds nothing to guess any more */
            Err failed = {0};
            while (sem_next(&w, &in, &failed) && in.op != SEM_END)
                continue;
            again = w.again;
            if (!sem_begin_again(&w, a, c, &failed))
                break;
        }
        while (sem_next(&w, &in, &e) && in.op != SEM_END)
            if (in.op == SEM_BLOCK)
                compare(m, in.block, w.stack, w.depth);
    }
    arena_release(a, mark);
}

static void assembly(Arena *a, Assembly *x)
{
    for (u32 rid = 1; rid <= md_rows(x->module->md, MDT_TypeDef); rid++) {
        Err e = {0};
        MethodTable *mt = type_load_typedef(x->module, MD_TOKEN(MDT_TypeDef, rid), &e);
        for (u32 i = 0; mt && i < mt->klass->num_methods; i++) {
            Method *m = type_method_by_rid(mt, type_method_rid(mt, i), &e);
            if (m && md_MethodDef_RVA(x->module->md, MD_RID(m->token)) && !(m->flags & (MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME | MF_VARARG)))
                method(a, m);
        }
    }
}

static void file(Arena *a, const char *path)
{
    Err e = {0};
    Assembly *x = open_assembly(path, &e);
    EXPECT(x != NULL, "%s: %s", path, e.text);
    if (x)
        assembly(a, x);
}

/* build/tests/il: a folder for each program. */
static void il_tests(Arena *a)
{
    glob_t g;
    if (glob("build/tests/il/*/*.dll", 0, NULL, &g) == 0)
        for (size_t i = 0; i < g.gl_pathc; i++)
            file(a, g.gl_pathv[i]);
    globfree(&g);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"System.Private.CoreLib", "System.Linq", "System.Collections", "System.Text.Json", "System.Text.RegularExpressions"};
    Arena a;
    arena_init(&a, 1 << 16);
    test_boot();
    for (int i = 1; i < argc; i++)
        file(&a, argv[i]);
    for (u32 i = 0; argc < 2 && i < ARRAY_LEN(names); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s.dll", fw_dir, names[i]);
        Assembly *x = find_loaded(names[i]);
        if (x)
            assembly(&a, x);
        else
            file(&a, path);
    }
    if (argc < 2)
        il_tests(&a);
    printf("%llu methods (%llu without merges or open), %llu blocks, %llu values on their stacks, %d failures\n", (unsigned long long)methods,
           (unsigned long long)skipped, (unsigned long long)blocks, (unsigned long long)values, failures);
    return failures != 0;
}
