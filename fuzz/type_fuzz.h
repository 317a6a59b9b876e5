/* type_fuzz.h: what the fuzzers of loaded assemblies share: the framework loaded once, references bound to it by name, a mutant as an assembly of a
 * load context of its own.  Loader heaps only grow: a child process runs a batch of mutants and takes what they leave behind with it.
 * Nothing is run; a mutant that takes longer than SECONDS_MAX dies of SIGALRM. */
#ifndef TYPE_FUZZ_H
#define TYPE_FUZZ_H
#define _GNU_SOURCE
#include "image_mutator.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tests/unit/type/type_test.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_report(void);
void fuzz_start(bool given);
extern const u32 fuzz_batch;

/* What the good images leave behind is not freed before the end. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0:handle_abort=1"; }

enum { SECONDS_MAX = 20 };

static Assembly *bind_by_name(Assembly *from, u32 token, Err *e)
{
    const char *name = md_assemblyref_name(from->module->md, MD_RID(token));
    if (strcasecmp(name, from->name) == 0)
        return from;
    Assembly *a = find_loaded(name);
    if (a || strchr(name, '/') || strlen(name) > 200) {
        if (!a)
            err_set(e, ERR_FILE_NOT_FOUND, token, "no such assembly");
        return a;
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.dll", fw_dir, name);
    return open_assembly(path, e);
}

/* Counts that parent and children share: the children run one after another. */
static void *boot_types(size_t size_of_totals)
{
    (void)failures;
    image_mutator_types_only = true;
    test_boot();
    type_client.bind = bind_by_name;
    return mmap(NULL, size_of_totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* NULL: refused; *pe_ok: not by the PE headers. */
static Assembly *load_mutant(const u8 *data, size_t size, bool *pe_ok)
{
    Err e = {0};
    PeImage *pe = base_calloc(1, sizeof *pe);
    u8 *copy = memcpy(base_malloc(size), data, size); /* stays, as later types may hang on it */
    if (!(*pe_ok = pe_open_memory(pe, copy, size, true, NULL, &e)))
        return NULL;
    Assembly *a = type_assembly_new(type_context_new(test_domain, false, "fuzz"), pe, NULL, &e);
    CHECK(a || e.kind != ERR_NONE);
    return a;
}

/* The good images first: what they use of the framework is then loaded before the children part. */
static void run_good_images(bool given, void *totals, size_t size_of_totals)
{
    if (given)
        return;
    load_corpus();
    for (u32 i = 0; i < corpus.len; i++)
        LLVMFuzzerTestOneInput((u8 *)corpus.data[i].data, corpus.data[i].size);
    printf("%u good images\n", corpus.len);
    fuzz_report();
    memset(totals, 0, size_of_totals);
}
#endif
