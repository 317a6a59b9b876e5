/* fuzz_ildasm.c: damaged assemblies through the disassembler, in each of its forms.
 * The text has a limit, so that an image that claims the same rows again and again ends soon. */
#define _GNU_SOURCE
#include "image_mutator.h"

#include "ildasm/ildasm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_report(void);

static u64 images, texts, bytes, complaints;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static const IldasmOptions forms[] = {
        {.tokens = true, .bytes = true, .typelist = true},
        {0},
        {.raw_eh = true, .linenum = true},
        {.metadata = true},
        {.headers = true, .stats = true, .classlist = true, .no_il = true},
        {.json = true},
        {.item = "Ns.A/B::Main(void(int32))"},
        {.json = true, .metadata = true},
    };
    IldasmOptions o = forms[images++ % ARRAY_LEN(forms)];
    o.limit = 4 << 20;
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
