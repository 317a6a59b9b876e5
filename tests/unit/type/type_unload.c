/* type_unload.c: loader heaps are given back and used again; unloading takes a context's types out of everybody's tables. */
#include "type/type_int.h"
#include "type/type_test.h"



static u64 resident(void)
{
    unsigned long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%lu %lu", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * 4096;
}

static u32 mappings(void)
{
    u32 n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    for (int c; f && (c = getc(f)) != EOF;)
        n += c == '\n';
    if (f)
        fclose(f);
    return n;
}

static size_t span_used(void) { return os_span_used(OS_CHUNK_HOT) + os_span_used(OS_CHUNK_COLD) + os_span_used(OS_CHUNK_STUB); }

static void heaps(void)
{
    enum { CYCLES = 10000, KEEP = 20 };
    static LoadContext *kept[KEEP];
    size_t used = 0;
    u64 bytes = 0;
    u32 maps = 0;
    for (u32 i = 0; i < CYCLES; i++) {
        LoadContext *c = type_context_new(test_domain, true, "x");
        for (u32 k = 0; k < 60; k++) {
            size_t n = 16 + (i * 31 + k * 177) % 900;
            char *p = type_alloc(c, (HeapKind)(k % HEAP_KINDS), n);
            EXPECT(p[0] == 0 && p[n - 1] == 0 && p[n / 2] == 0, "memory of a new heap is not zero");
            memset(p, 0x5a, n);
        }
        u32 at = i % KEEP;
        if (kept[at])
            type_context_free(kept[at]);
        kept[at] = c;
        if (i == CYCLES / 10) {
            used = span_used();
            bytes = resident();
            maps = mappings();
        }
    }
    EXPECT(span_used() < used + used / 20 + 100000, "loader heaps grew from %zu to %zu", used, span_used());
    EXPECT(resident() < bytes + (2 << 20), "memory grew from %lu to %lu", (unsigned long)bytes, (unsigned long)resident());
    EXPECT(mappings() <= maps + 2, "mappings grew from %u to %u", maps, mappings());
    for (u32 i = 0; i < KEEP; i++)
        type_context_free(kept[i]);
}

static Assembly *load_into(LoadContext *alc, const char *name)
{
    char path[600];
    Err e = {0};
    PeImage *pe = type_alloc(alc, HEAP_COLD, sizeof *pe);
    snprintf(path, sizeof path, "%s/%s.dll", fw_dir, name);
    Assembly *a = pe_open_file(pe, path, &e) ? type_assembly_new(alc, pe, path, &e) : NULL;
    if (!a) {
        printf("FAIL %s: %s\n", path, e.text);
        exit(1);
    }
    return a;
}

static MethodTable *core(const char *ns, const char *name)
{
    Err e = {0};
    return type_load_name(type_corelib, ns, name, &e);
}

static u32 insts_of(MethodTable *typical)
{
    u32 n = 0;
    for (MethodTable *i = typical->aux->next_inst; i; i = i->aux->next_inst)
        n++;
    return n;
}

static u32 derived_of(MethodTable *mt)
{
    u32 n = 0;
    for (MethodTable *d = mt->aux->first_derived; d; d = d->aux->next_derived)
        n++;
    return n;
}

/* Loads, names and casts whatever may leave a trace elsewhere. */
static void fill(LoadContext *alc, MethodTable *list, MethodTable *dictionary, Method *empty)
{
    Assembly *a = load_into(alc, "System.Collections.Immutable");
    u32 rows = md_rows(a->module->md, MDT_TypeDef), loaded = 0;
    Err e = {0};
    TypeHandle object = th_of(type_wk(WK_OBJECT));
    for (u32 rid = 2; rid <= rows; rid++) {
        MethodTable *mt = type_load_typedef(a->module, MD_TOKEN(MDT_TypeDef, rid), NULL);
        if (!mt || mt->klass->num_generic || (mt->flags & MTF_BYREF_LIKE) || (mt->klass->attrs & TD_ABSTRACT))
            continue;
        TypeHandle th = th_of(mt), l = type_instantiate(list, &th, 1, &e), pair[2] = {object, th};
        EXPECT(l && (((MethodTable *)l)->flags & MTF_COLLECTIBLE) && type_handle_context(l) == alc, "List over a collectible type");
        EXPECT(type_instantiate(dictionary, pair, 2, &e) != 0, "%s", e.text);
        TypeHandle array = type_szarray_of(th, &e), md = type_mdarray_of(th, 2, &e), list_array = type_szarray_of(l, &e);
        EXPECT(array && md && list_array && type_handle_context(list_array) == alc, "arrays: %s", e.text);
        type_can_cast(l, object);
        type_can_cast(object, th);
        Method *m = empty ? type_instantiate_method(empty, &th, 1, &e) : NULL;
        EXPECT(!empty || (m && type_method_context_of(m) == alc), "generic method: %s", e.text);
        loaded++;
    }
    EXPECT(loaded > 20, "only %u types", loaded);
}

static void unload(LoadContext *alc)
{
    type_lock();
    type_dying_begin(&alc, 1);
    type_forget_dying();
    type_dying_end();
    type_unlock();
    type_context_free(alc);
}

static void contexts(void)
{
    enum { CYCLES = 60 };
    MethodTable *list = core("System.Collections.Generic", "List`1"), *dictionary = core("System.Collections.Generic", "Dictionary`2");
    MethodTable *array = core("System", "Array"), *object = type_wk(WK_OBJECT);
    Method *empty = type_method_by_name(array, "Empty", 0);
    size_t used = 0;
    u64 bytes = 0;
    u32 lists = 0, derived = 0, types = 0;
    for (u32 i = 0; i < CYCLES; i++) {
        LoadContext *alc = type_context_new(test_domain, true, "cycle");
        fill(alc, list, dictionary, empty);
        unload(alc);
        if (i == 4) {
            used = span_used();
            bytes = resident();
            lists = insts_of(list);
            derived = derived_of(object);
            types = type_corelib->module->insts.len;
        }
    }
    EXPECT(insts_of(list) == lists && derived_of(object) == derived, "chains grew: %u %u, %u %u", insts_of(list), lists, derived_of(object), derived);
    EXPECT(type_corelib->module->insts.len == types, "instantiations grew from %u to %u", types, type_corelib->module->insts.len);
    EXPECT(span_used() == used, "loader heaps grew from %zu to %zu", used, span_used());
    EXPECT(resident() < bytes + (1 << 20), "memory grew from %lu to %lu", (unsigned long)bytes, (unsigned long)resident());
    Err e = {0};
    TypeHandle i4 = th_of(type_wk(WK_INT32));
    EXPECT(type_instantiate(list, &i4, 1, &e) == type_instantiate(list, &i4, 1, &e), "List<int> is one");
}

int main(void)
{
    test_boot();
    heaps();
    contexts();
    printf("unloading: %u failures\n", failures);
    return failures != 0;
}
