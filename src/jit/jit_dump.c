/* jit_dump.c: text of a compiled body: IL and machine code side by side, without interpretation.
 * Not here: choosing the method (tools, host).  Book: jit.md  Tests: tests/host */
#include "il/il.h"
#include "jit/jit_env.h"
#include "x64/x64_disasm.h"
#include <stdio.h>

static void print_il(FILE *f, Method *m, const IlBody *body, u32 il)
{
    if (il == IL_MAP_PROLOG) {
        fprintf(f, "; prologue\n");
    } else if (il == IL_MAP_EPILOG) {
        fprintf(f, "; epilogue\n");
    } else {
        IlInst in;
        fprintf(f, "; ");
        if (body->code && il_decode(body->code, body->code_size, il, &in))
            il_print_inst(f, m->mt ? m->mt->module->md : NULL, &in);
        else
            fprintf(f, "IL_%04x\n", il);
    }
}

static void print_maps(FILE *f, const CodeInfo *ci)
{
    static const char *kinds[] = {"ref", "interior", "pinned ref", "pinned interior", "conservative"};
    fprintf(f, "; frame %u bytes, %u slots:", ci->frame_size, ci->num_slots);
    for (u32 i = 0; i < ci->num_slots; i++)
        fprintf(f, " [rbp%+d] %s%s", ci->slots[i].offset, kinds[ci->slots[i].kind], ci->slots[i].home ? "" : " (temporary)");
    fprintf(f, "\n");
    static const char *eh[] = {"catch", "filter", "finally", "fault"};
    for (u32 i = 0; i < ci->num_clauses; i++)
        fprintf(f, "; %s: try IL_%04x-IL_%04x handler +%x-+%x\n", eh[ci->clauses[i].kind], ci->clauses[i].il_try_start,
                ci->clauses[i].il_try_end, ci->clauses[i].handler_start, ci->clauses[i].handler_end);
}

void jit_dump(CodeInfo *ci, void *file)
{
    FILE *f = file;
    char name[512], line[256];
    type_method_name(ci->method, false, name, sizeof name);
    fprintf(f, "; %s, tier %u, %u bytes of code\n", name, ci->tier == 1 ? 0u : 1u, ci->size);
    print_maps(f, ci);
    IlBody body = {0};
    Err e = {0};
    if (!(ci->method->flags & MF_STUB))
        type_method_body(ci->method, &body, &e);
    u32 next = 0;
    for (u32 at = 0; at < ci->size;) {
        while (next < ci->num_ilmap && ci->ilmap[next].native <= at) {
            if (next + 1 >= ci->num_ilmap || ci->ilmap[next + 1].native > at)
                print_il(f, ci->method, &body, ci->ilmap[next].il);
            next++;
        }
        int n = x64_disasm_line((const u8 *)ci->start + at, ci->size - at, at, line, sizeof line);
        fprintf(f, "  +%04x  %s\n", at, line);
        at += n > 0 ? (u32)n : 1u;
    }
    fflush(f);
}
