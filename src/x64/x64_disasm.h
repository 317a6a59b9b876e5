/* x64_disasm.h: machine code as text, for dumps and logs; not on any path that programs depend on. */
#ifndef X64_X64_DISASM_H
#define X64_X64_DISASM_H
#include "base/base.h"

/* Writes the instruction at p (n bytes readable), which runs at `addr`, in Intel syntax to out (NUL-terminated, cut to
 * cap).  Returns its length, at least 1 when n > 0.  Bytes that are no instruction come out as "db 0x..", one at a
 * time.  Without a disassembler library on the machine: all n bytes in hex, up to 16 a line. */
int x64_disasm_line(const u8 *p, size_t n, u64 addr, char *out, size_t cap);
/* whether a disassembler library was found */
bool x64_disasm_available(void);
#endif
