/* diag.c: reads the settings once and passes each compiled method on to those who want it.
 * Book: diag.md  Tests: tests/unit/diag/ */
#include "diag/diag.h"

#include "base/knobs.h"
#include "code/code.h"
#include "vm/vm.h"

/* The table entry belongs to the VM; programs that link diag/ alone (tests, tools) have none. */
#pragma weak vm_method_compiled_hook

static bool perfmap_on, gdbjit_on, dump_on;

static void method_compiled(CodeInfo *ci, const char *name)
{
    diag_method_compiled(ci->start, ci->size, name);
    if (dump_on)
        diag_jitdump(ci, name);
}

void diag_init(void)
{
    u64 map = knob_u64(KNOB_PERF_MAP), gdb = knob_u64(KNOB_GDBJIT);
    perfmap_on = map != 0 && diag_perfmap_open(NULL);
    gdbjit_on = gdb != 0;
    if (gdbjit_on)
        diag_gdbjit_start((u32)MIN(gdb, 4096));
    dump_on = knob_str(KNOB_JITDUMP) != NULL;
    if ((perfmap_on || gdbjit_on || dump_on) && &vm_method_compiled_hook)
        vm_method_compiled_hook = method_compiled;
}

void diag_method_compiled(const void *code, size_t size, const char *name)
{
    if (perfmap_on)
        diag_perfmap_add(code, size, name);
    if (gdbjit_on)
        diag_gdbjit_add(code, size, name);
}

void diag_flush(void)
{
    if (gdbjit_on)
        diag_gdbjit_flush();
}
