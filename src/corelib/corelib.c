/* corelib.c: the table of FCalls and QCalls, and looking one up by name.
 * FCalls are found by "Ns.Outer+Inner::Method", QCalls by entry point.  Both in one open-addressing table of row numbers built at
 * start (a few microseconds); names of the two kinds cannot collide, as only FCalls have "::".
 * Not here: bodies replaced in memory (corelib_bodies.c).  Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"
#include "corelib/corelib_events.h"
#include "corelib/refl_int.h"
#include "corelib/corelib_bodies.h"
#include "corelib/refl_emit.h"

#define FCALL(name, fn) extern void fn(void);
#define FHELP(name, fn) extern void fn(void);
#define QCALL(name, fn) extern void fn(void);
#include "corelib/calls.def"
#undef FCALL
#undef FHELP
#undef QCALL

const VmCall corelib_calls[] = {
#define FCALL(name, fn) {name, (void *)fn, VM_FCALL_LEAF},
#define FHELP(name, fn) {name, (void *)fn, VM_FCALL_HELPER},
#define QCALL(name, fn) {name, (void *)fn, VM_QCALL},
#include "corelib/calls.def"
#undef FCALL
#undef FHELP
#undef QCALL
};
const u32 corelib_num_calls = ARRAY_LEN(corelib_calls);

enum { TABLE_SIZE = 2048 };
_Static_assert(ARRAY_LEN(corelib_calls) < TABLE_SIZE / 2, "the table of names is too small");
static u16 table[TABLE_SIZE]; /* row + 1 */

static u16 *place(const char *name)
{
    u32 i = base_hash_str(name) & (TABLE_SIZE - 1);
    while (table[i] && strcmp(corelib_calls[table[i] - 1].name, name) != 0)
        i = (i + 1) & (TABLE_SIZE - 1);
    return &table[i];
}

static const VmCall *find(const char *name)
{
    u16 row = *place(name);
    return row ? &corelib_calls[row - 1] : NULL;
}

static const VmCall *find_fcall(Method *m)
{
    char name[512];
    const MdImage *md = m->mt->module->md;
    size_t n = md_type_full_name(md, MD_TOKEN(MDT_TypeDef, md_method_owner(md, MD_RID(m->token))), name, sizeof name - 2);
    size_t k = strlen(m->name);
    if (n + k + 3 > sizeof name)
        return NULL;
    memcpy(name + n, "::", 2);
    memcpy(name + n + 2, m->name, k + 1);
    return find(name);
}

void corelib_init(void)
{
    for (u32 i = 0; i < corelib_num_calls; i++) {
        u16 *p = place(corelib_calls[i].name);
        if (!*p)
            *p = (u16)(i + 1);
    }
    vm_find_fcall = find_fcall;
    vm_find_qcall = find;
    vm_body_override = corelib_body_override;
    vm_exact_field = refl_exact_field;
    sync_contended = corelib_ep_contended;
    wait_listener = &corelib_context_waits;
    emit_start();
}
