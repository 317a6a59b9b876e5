/* fuzz_verify.c: damaged assemblies into the verifier: the rules of metadata, then every type and method that still loads; each issue is put in words.
 * Small images make it fast: fuzz_verify build/tests/verify (the tests' own methods, assembled). */
#include "type_fuzz.h"

#include "verify/verify.h"

const u32 fuzz_batch = 1000;

typedef struct Totals { u64 images, loaded, types, bodies, issues; } Totals;
static Totals *totals;

static void word(void *arg, const VerifyIssue *i)
{
    char text[3000];
    (void)arg;
    if (totals->issues++ % 16 == 0) /* words cost more than the verification */
        verify_issue_text(i, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    bool pe_ok;
    totals->images++;
    alarm(SECONDS_MAX);
    Assembly *a = load_mutant(data, size, &pe_ok);
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
    totals = boot_types(sizeof *totals);
    run_good_images(given, totals, sizeof *totals);
}
