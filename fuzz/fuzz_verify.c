/* fuzz_verify.c: damaged assemblies into the verifier: the rules of metadata, then every type and method that still loads; each issue is put in words.
 * Each mutant becomes an assembly of a load context of its own, in a child process (fuzz_batch), since loader heaps only grow.  The framework is
 * loaded first and stays.  Nothing is run. */
#define _GNU_SOURCE
#include "image_mutator.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tests/unit/type/type_test.h"
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_report(void);
void fuzz_start(bool given);
extern const u32 fuzz_batch;
const u32 fuzz_batch = 250;

__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0:handle_abort=1"; }

enum { SECONDS_MAX = 20 };
typedef struct Totals { /* shared between parent and children, which run one after another */
    u64 images, loaded, types, bodies, issues;
} Totals;
static Totals *totals;

static Assembly *bind(Assembly *from, u32 token, Err *e)
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

static void word(void *arg, const VerifyIssue *i)
{
    char text[3000];
    (void)arg;
    verify_issue_text(i, text, sizeof text);
    totals->issues++;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    Err e = {0};
    PeImage *pe = base_calloc(1, sizeof *pe);
    totals->images++;
    alarm(SECONDS_MAX);
    if (!pe_open_memory(pe, data, size, true, NULL, &e))
        return 0;
    Assembly *a = type_assembly_new(type_context_new(test_domain, false, "fuzz"), pe, NULL, &e);
    if (a) {
        VerifySink sink = {word, NULL};
        VerifyCounts n = {0};
        totals->loaded++;
        verify_metadata(a->module, &sink);
        verify_module(a->module, NULL, &sink, &n);
        totals->types += n.types;
        totals->bodies += n.bodies;
    }
    alarm(0);
    return 0;
}

void fuzz_report(void)
{
    if (totals)
        printf("  %llu images, %llu loaded; %llu types, %llu bodies, %llu issues\n", (unsigned long long)totals->images,
               (unsigned long long)totals->loaded, (unsigned long long)totals->types, (unsigned long long)totals->bodies,
               (unsigned long long)totals->issues);
}

void fuzz_start(bool given)
{
    (void)failures;
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    image_mutator_types_only = true;
    test_boot();
    type_client.bind = bind;
    if (given)
        return;
    load_corpus();
    for (u32 i = 0; i < corpus.len; i++)
        LLVMFuzzerTestOneInput((u8 *)corpus.data[i].data, corpus.data[i].size);
    printf("%u good images\n", corpus.len);
    fuzz_report();
    memset(totals, 0, sizeof *totals);
}
