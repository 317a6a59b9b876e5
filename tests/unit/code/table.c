/* table.c: code memory and the look-ups by address. */
#include "code/code.h"

#include "os/os_mem.h"
#include "type/type_int.h"

#include <stdio.h>

static char *cold, *cold_end;

static void *cold_alloc(size_t n)
{
    n = ALIGN_UP(n, (size_t)8);
    if ((size_t)(cold_end - cold) < n) {
        cold = os_span_alloc(OS_CHUNK_COLD, 65536);
        cold_end = cold + 65536;
    }
    char *p = cold;
    cold += n;
    return p;
}

static CodeInfo *make(LoadContext *alc, u32 size)
{
    char *rw;
    CodeInfo *ci = cold_alloc(sizeof(*ci));
    ci->start = code_alloc(alc, size, &rw);
    ci->size = size;
    memset(rw, 0xcc, size);
    CHECK((u8)ci->start[size - 1] == 0xcc && ((uintptr_t)ci->start & 31) == 0);
    return ci;
}

static void test_find(void)
{
    enum { N = 3000 };
    static CodeInfo *all[N];
    static LoadContext contexts[3];
    contexts[2].collectible = true;
    for (u32 i = 0; i < N; i++) {
        all[i] = make(&contexts[i % 3], 1 + i * 37 % 1500);
        CHECK(!code_find(all[i]->start));
        code_register(all[i]);
    }
    CodeInfo *big = make(&contexts[2], 700000);
    code_register(big);
    CHECK(code_find(big->start + 699999) == big);
    for (u32 i = 0; i < N; i++) {
        CodeInfo *ci = all[i];
        CHECK(code_find(ci->start) == ci && code_find(ci->start + ci->size / 2) == ci && code_is_managed(ci->start));
        CHECK(code_find(ci->start + ci->size - 1) == ci && code_find(ci->start + ci->size) == ci);
        CHECK(code_find(ci->start - 1) != ci && code_find(ci->start + ci->size + 1) != ci);
    }
    char *rw, *data = code_alloc(NULL, 100, &rw);
    CHECK(!code_find(data) && !code_find(NULL) && !code_find(&rw) && !code_find(os_span.code_end));
}

static void test_il_map(void)
{
    static const IlMapEntry map[] = {{0, IL_MAP_PROLOG}, {10, 0}, {20, 5}, {20, 6}, {40, IL_MAP_EPILOG}};
    CodeInfo ci = {.start = (char *)0x1000, .size = 50, .ilmap = map, .num_ilmap = ARRAY_LEN(map)};
    CHECK(code_il_offset(&ci, ci.start + 9, false) == IL_MAP_PROLOG);
    CHECK(code_il_offset(&ci, ci.start + 10, false) == 0);
    CHECK(code_il_offset(&ci, ci.start + 20, true) == 0);
    CHECK(code_il_offset(&ci, ci.start + 20, false) == 6);
    CHECK(code_il_offset(&ci, ci.start + 39, false) == 6);
    CHECK(code_il_offset(&ci, ci.start + 50, true) == IL_MAP_EPILOG);
    ci.num_ilmap = 0;
    CHECK(code_il_offset(&ci, ci.start, false) == IL_MAP_PROLOG);
}

static void test_funclets(void)
{
    static const FuncletRange ranges[] = {{100, 120, 0, 0}, {120, 150, 2, 1}};
    CodeInfo ci = {.start = (char *)0x1000, .size = 150, .funclets = ranges, .num_funclets = 2};
    FuncletRange r;
    CHECK(!code_in_funclet(&ci, ci.start + 99, &r));
    CHECK(code_in_funclet(&ci, ci.start + 119, &r) && r.il_index == 0 && !r.is_filter);
    CHECK(code_in_funclet(&ci, ci.start + 120, &r) && r.il_index == 2 && r.is_filter);
    CHECK(!code_in_funclet(&ci, ci.start + 150, NULL));
}

/* Code memory of unloaded contexts is used again, and its addresses are nobody's until then. */
static void test_unload(void)
{
    enum { CYCLES = 10000 };
    size_t used = 0;
    for (u32 i = 0; i < CYCLES; i++) {
        LoadContext c = {.collectible = true};
        CodeInfo all[12];
        for (u32 k = 0; k < ARRAY_LEN(all); k++) {
            char *rw;
            all[k] = (CodeInfo){.size = 1 + (i * 7 + k * 311) % 3000};
            CodeInfo *ci = type_alloc(&c, HEAP_COLD, sizeof *ci);
            all[k].start = code_alloc(&c, all[k].size, &rw);
            CHECK(!code_find(all[k].start));
            *ci = all[k];
            memset(rw, 0xcc, ci->size);
            code_register(ci);
            CHECK(code_find(all[k].start) == ci);
        }
        LoadContext *v = &c;
        type_dying_begin(&v, 1);
        code_context_dying(&c);
        CHECK(type_is_dying(all[3].start) && !code_find(all[3].start) && !type_is_dying(&c));
        code_context_undying(&c);
        type_dying_end();
        CHECK(!type_is_dying(all[3].start));
        code_context_free(&c);
        heap_free(&c);
        if (i == CYCLES / 10)
            used = os_span_used(OS_CHUNK_CODE);
    }
    CHECK(os_span_used(OS_CHUNK_CODE) <= used + 65536);
}

/* Thunks of an unloaded context serve others, but not at once, and never two at a time. */
static void test_thunks(void)
{
    enum { CYCLES = 5000, EACH = 9 };
    static void *cell;
    size_t code = 0, data = 0;
    void *kept = code_reverse_thunk(NULL, &cell, 0, NULL), *last = NULL;
    for (u32 i = 0; i < CYCLES; i++) {
        LoadContext c = {.collectible = true};
        for (u32 k = 0; k < EACH; k++) {
            void *p = code_reverse_thunk(&c, &cell, k, NULL);
            CHECK(p != kept && p != last);
            last = p;
        }
        code_context_free(&c);
        if (i == CYCLES / 10) {
            code = os_span_used(OS_CHUNK_CODE);
            data = os_span_used(OS_CHUNK_STUB);
        }
    }
    CHECK(os_span_used(OS_CHUNK_CODE) == code && os_span_used(OS_CHUNK_STUB) == data);
}

int main(void)
{
    os_span_init();
    code_init();
    test_unload();
    test_thunks();
    test_find();
    test_il_map();
    test_funclets();
    return 0;
}
