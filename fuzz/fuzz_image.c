/* fuzz_image.c: damaged assemblies through pe/, md/ and il/.
 * Nothing of the type system: fuzz_types.c goes on from here.  The counts of mutants that get past the headers are in the progress line. */
#define _GNU_SOURCE
#include "image_mutator.h"

#include "../tests/unit/walk.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_report(void);

enum { BUDGET = 30000 };

static u64 images, past_pe, past_md;
static Walk totals;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    PeImage pe;
    MdImage m;
    Err e = {0};
    images++;
    if (size > 4 && memcmp(data, "BSJB", 4) == 0) { /* a bare portable PDB */
        MdPdb *pdb = md_pdb_open_memory(data, size, NULL);
        past_pe++;
        past_md += pdb != NULL;
        totals.budget = BUDGET;
        walk_pdb(pdb, pdb ? md_rows(md_pdb_image(pdb), MDT_MethodDebugInformation) : 0, &totals);
        return 0;
    }
    if (!pe_open_memory(&pe, data, size, false, images % 2 ? "x/fuzz.dll" : NULL, &e)) {
        CHECK(e.kind == ERR_BAD_IMAGE);
        return 0;
    }
    past_pe++;
    pe_check_runnable(&pe, &e);
    if (md_open(&m, &pe, NULL)) {
        past_md++;
        totals.budget = BUDGET;
        md_check_manifest(&m, NULL);
        walk_image(&m, &totals);
        md_close(&m);
    }
    pe_close(&pe);
    return 0;
}

void fuzz_report(void)
{
    printf("  past the PE headers %.1f %%, past the metadata headers %.1f %%; %llu types, %llu bodies (%llu refused), %llu "
           "instructions, %llu signatures (%llu refused), %llu attributes (%llu refused)\n",
           100.0 * (double)past_pe / (double)images, 100.0 * (double)past_md / (double)images,
           (unsigned long long)totals.types, (unsigned long long)totals.bodies, (unsigned long long)totals.bad_bodies,
           (unsigned long long)totals.insts, (unsigned long long)totals.sigs, (unsigned long long)totals.bad_sigs,
           (unsigned long long)totals.attrs, (unsigned long long)totals.bad_attrs);
}
