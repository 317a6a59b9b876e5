/* vm_coverage.c: STATOR_COVERAGE: what of the runtime a program has reached, one line a find, appended to a file.
 * `fcall Ns.Type+Nested::Method`, `qcall EntryPoint` when a call is bound, which its first call does; `opcode name` when the first block that
 * holds one is compiled.  Lines are written at once, by one write each: a program that dies keeps what it reached, and processes share a file.
 * Not here: adding up (tools/coverage.py).  Book: vm.md  Tests: tests/host */
#include "vm/vm_code.h"

#include "base/knobs.h"
#include "il/il.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int file = -1;

void vm_coverage_add(const char *kind, const char *name)
{
    char line[640];
    if (file < 0)
        return;
    int n = snprintf(line, sizeof line, "%s %s\n", kind, name);
    if (n > 0 && write(file, line, MIN((size_t)n, sizeof line - 1)) < 0)
        file = -1;
}

static void count_opcode(u32 il_op)
{
    static u8 seen[IL_OP_LIMIT];
    if (il_op < IL_OP_LIMIT && !__atomic_exchange_n(&seen[il_op], 1, __ATOMIC_RELAXED) && il_op_info[il_op].name)
        vm_coverage_add("opcode", il_op_info[il_op].name);
}

void vm_coverage_init(void)
{
    const char *path = knob_str(KNOB_COVERAGE);
    if (!path)
        return;
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        fprintf(stderr, "stator: STATOR_COVERAGE: %s cannot be opened\n", path);
    else
        jit_env.count_opcode = count_opcode;
}
