/* diag_gdbjit.c: gdb's interface to just-in-time compilers (gdb manual, "JIT Compilation Interface").
 * gdb keeps a breakpoint on __jit_debug_register_code and, when it is hit or when it attaches, walks the list that
 * __jit_debug_descriptor begins.  Entries and their ELF files are never freed: code lives as long.
 * Invariant: the list is changed with `lock` held, and whole at every instruction, as gdb may attach at any.
 * Book: diag.md  Tests: tests/unit/diag/ */
#include "diag/diag.h"

#include <pthread.h>

#include "base/vec.h"

/* Names and layout are gdb's. */
struct jit_code_entry {
    struct jit_code_entry *next_entry, *prev_entry;
    const char *symfile_addr;
    u64 symfile_size;
};
struct jit_descriptor {
    u32 version;
    u32 action_flag;
    struct jit_code_entry *relevant_entry, *first_entry;
};
enum { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

#define FOR_GDB __attribute__((used, visibility("default")))
void __jit_debug_register_code(void);
extern struct jit_descriptor __jit_debug_descriptor;
FOR_GDB struct jit_descriptor __jit_debug_descriptor = {1, JIT_NOACTION, NULL, NULL};
FOR_GDB __attribute__((noinline)) void __jit_debug_register_code(void)
{
    __asm__ volatile("" ::: "memory"); /* the call must stay: gdb stops here */
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(DiagSymbol) pending; /* names owned */
static u32 batch_size = 1;

static void flush_locked(void)
{
    if (!pending.len)
        return;
    size_t size;
    struct jit_code_entry *e = base_calloc(1, sizeof *e), *first = __jit_debug_descriptor.first_entry;
    e->symfile_addr = (const char *)diag_elf_build(pending.data, pending.len, &size);
    e->symfile_size = size;
    e->next_entry = first;
    if (first)
        first->prev_entry = e;
    __jit_debug_descriptor.first_entry = e;
    __jit_debug_descriptor.relevant_entry = e;
    __jit_debug_descriptor.action_flag = JIT_REGISTER_FN;
    __jit_debug_register_code();
    __jit_debug_descriptor.action_flag = JIT_NOACTION;
    for (u32 i = 0; i < pending.len; i++)
        base_free((char *)pending.data[i].name);
    vec_clear(&pending);
}

void diag_gdbjit_start(u32 batch)
{
    batch_size = batch ? batch : 1;
}

void diag_gdbjit_add(const void *code, size_t size, const char *name)
{
    pthread_mutex_lock(&lock);
    /* One file covers one range: far-apart code (another chunk of the code heap) begins a new one. */
    u64 addr = (u64)(uintptr_t)code;
    if (pending.len) {
        u64 last = vec_last(&pending).addr;
        if ((addr > last ? addr - last : last - addr) > 1 << 20)
            flush_locked();
    }
    vec_push(&pending, ((DiagSymbol){addr, size, base_strdup(name)}));
    if (pending.len >= batch_size)
        flush_locked();
    pthread_mutex_unlock(&lock);
}

void diag_gdbjit_flush(void)
{
    pthread_mutex_lock(&lock);
    flush_locked();
    pthread_mutex_unlock(&lock);
}
