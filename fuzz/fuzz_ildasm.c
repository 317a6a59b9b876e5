/* fuzz_ildasm.c: damaged assemblies through the disassembler, in each of its forms.
 * Inputs are small and the text has a limit, so that a run takes well under a millisecond: bad bytes are as bad in a small image. */
#define _GNU_SOURCE
#include "image_mutator.h"

#include "ildasm/ildasm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_start(bool given);
void fuzz_report(void);

static u64 images, texts, bytes, complaints;

void fuzz_start(bool given)
{
    (void)given;
    image_mutator_file_max = 8 << 10;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static const IldasmOptions forms[] = {
        {.tokens = true, .bytes = true, .typelist = true},
        {.ca_verbal = true},
        {.raw_eh = true, .linenum = true, .source = true},
        {.metadata = ILDASM_MD_ROWS},
        {.headers = true, .stats = true, .classlist = true, .no_il = true, .forward = true, .visible = 0x55},
        {.json = true},
        {.item = "Ns.A/B::Main(void(int32))"},
        {.json = true, .metadata = ILDASM_MD_ROWS},
        {.quote_all = true, .ca_verbal = true, .linenum = true},
        {.metadata = ILDASM_MD_HEADER | ILDASM_MD_SCHEMA | ILDASM_MD_CSV | ILDASM_MD_RAW | ILDASM_MD_HEAPS, .r2r_metadata = true},
        {.metadata = ILDASM_MD_RAW | ILDASM_MD_HEAPS},
    };
    IldasmOptions o = forms[images++ % ARRAY_LEN(forms)];
    o.limit = 256 << 10;
    char *text;
    size_t len;
    u32 problems;
    ildasm_memory(&o, data, size, true, &text, &len, &problems);
    texts += text != NULL;
    bytes += len;
    complaints += problems;
    base_free(text);
    return 0;
}

void fuzz_report(void)
{
    printf("  %llu images, %.1f %% of them disassembled: %llu MB of text, %llu problems told\n", (unsigned long long)images,
           100.0 * (double)texts / (double)images, (unsigned long long)(bytes >> 20), (unsigned long long)complaints);
}
