/* diag.h: what the outside may see of compiled code.
 *
 *   diag.c          settings; the callback that the VM calls for each method compiled
 *   diag_perfmap.c  /tmp/perf-PID.map, for `perf report` (STATOR_PERF_MAP=1)
 *   diag_gdbjit.c   gdb's JIT interface, for `bt` and `info symbol` in gdb (STATOR_GDBJIT=1, or a batch size)
 *   diag_jitdump.c  IL and machine code of chosen methods (STATOR_JITDUMP=Type:Method)
 *   diag_elf.c      the in-memory ELF files that gdb is given
 *
 * Everything here is off by default and costs nothing then.  The callbacks are thread-safe and may be called in any mode:
 * they touch no managed object.  Code that is freed is not taken back: its address range is named anew when it is reused,
 * and readers take the newest name.
 * Book: diag.md  Tests: tests/unit/diag/ */
#ifndef DIAG_DIAG_H
#define DIAG_DIAG_H
#include "base/base.h"

/* Reads the knobs and fills the VM's function table (vm_method_compiled_hook) when anything is on.  After knobs_init. */
void diag_init(void);
/* name: "Ns.Type::Method(args) [tier]", UTF-8; it is copied.  size > 0. */
void diag_method_compiled(const void *code, size_t size, const char *name);
void diag_flush(void); /* registers what waits for a full batch; at shutdown and before a crash report */

struct CodeInfo;
void diag_jitdump(struct CodeInfo *ci, const char *name); /* prints when the name matches; name: as type_method_name gives it */
bool diag_jitdump_matches(const char *patterns, const char *name);

/* One line "START SIZE name" in hexadecimal, appended by one write. path NULL: /tmp/perf-PID.map */
bool diag_perfmap_open(const char *path);
void diag_perfmap_add(const void *code, size_t size, const char *name);
void diag_perfmap_close(void);

/* batch: methods per ELF file.  1 names each method at once; more keeps gdb fast with thousands of methods. */
void diag_gdbjit_start(u32 batch);
void diag_gdbjit_add(const void *code, size_t size, const char *name);
void diag_gdbjit_flush(void);

typedef struct DiagSymbol {
    u64 addr, size;
    const char *name;
} DiagSymbol;
/* An ELF64 file: one .text without contents over all the symbols' ranges, a function symbol each, and an .eh_frame that
 * says: frames are rbp frames.  n > 0.  The caller frees (base_free). */
u8 *diag_elf_build(const DiagSymbol *symbols, u32 n, size_t *size);
#endif
