/* interop_pinvoke.c: from a P/Invoke method to an address and an IL stub.
 * The library "QCall" is the runtime's own table (corelib/calls.def); others are loaded by interop_lib.c.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop.h"

#include "md/md_attr.h"
#include "os/os_dl.h"
#include "vm/vm_props.h"

#include <stdio.h>

typedef struct ImportName {
    const char *library, *entry;
    u32 flags; /* ImplMap.MappingFlags */
} ImportName;

static bool import_of(Method *m, ImportName *out, Err *e)
{
    const MdImage *md = m->mt->module->md;
    u32 row = md_impl_map_of(md, m->token);
    if (!row) {
        err_set(e, ERR_BAD_IMAGE, m->token, "The P/Invoke method '%s' names no library.", m->name);
        return false;
    }
    out->flags = md_ImplMap_MappingFlags(md, row);
    out->entry = md_str(md, md_ImplMap_ImportName(md, row));
    if (!out->entry || !*out->entry)
        out->entry = m->name;
    out->library = md_moduleref_name(md, MD_RID(md_ImplMap_ImportScope(md, row)));
    return true;
}

static void *find_symbol(Thread *t, Method *m, const ImportName *in, Err *e)
{
    const VmHostContract *host = vm_host_contract();
    if (host->pinvoke_override) {
        const void *p = host->pinvoke_override(in->library, in->entry);
        if (p)
            return (void *)(uintptr_t)p;
    }
    void *lib = interop_load_library(t, m->mt->module->assembly, in->library, true, e);
    if (!lib)
        return NULL;
    void *p = os_dl_sym(lib, in->entry);
    if (!p && !(in->flags & PM_NO_MANGLE)) { /* CharSet: the name with A or W, in the order the reference tries */
        char name[300];
        snprintf(name, sizeof name, "%s%c", in->entry, (in->flags & PM_CHARSET) == PM_UNICODE ? 'W' : 'A');
        p = os_dl_sym(lib, name);
    }
    if (!p)
        err_set(e, ERR_ENTRY_POINT, 0, "Unable to find an entry point named '%s' in shared library '%s'.", in->entry, in->library);
    return p;
}

static bool has_attribute(Method *m, const char *name)
{
    return md_find_attribute(m->mt->module->md, m->token, "System.Runtime.InteropServices", name) != 0;
}

/* Preemptive: loads types, emits IL. */
static Method *make_stub(Method *m, void *address, const MarshalSource *s, bool suppress, Err *e)
{
    IlBuilder b;
    ilb_begin(&b, m->mt->aux->loader_module->alc, "P/Invoke", m);
    b.stub->native_target = address;
    b.stub->suppress_transition = suppress;
    if (!marshal_emit_call(&b, s, NULL, NULL, e))
        return NULL;
    return ilb_finish(&b, m->mt, s->sig, m->name);
}

/* The runtime's own table. */
static void *find_qcall(const ImportName *in)
{
    const VmCall *c = vm_find_qcall ? vm_find_qcall(in->entry) : NULL;
    if (!c)
        base_missing("internal call", "%s", in->entry);
    LOG(call, 1, "QCALL %s", in->entry);
    vm_coverage_add("qcall", in->entry);
    return c->fn;
}

/* What cannot be marshalled is said before the library is looked for. */
static bool make(Thread *t, Method *m, const ImportName *in, Method **made, bool *plain, Err *e)
{
    bool suppress = has_attribute(m, "SuppressGCTransitionAttribute"), ok = true;
    PREEMPTIVE(t)
    {
        MarshalSource s = {.method = m, .ctx = type_method_context(m), .unicode = (in->flags & PM_CHARSET) == PM_UNICODE,
                           .set_last_error = (in->flags & PM_LAST_ERROR) != 0, .plain = marshal_disabled(m->mt->module),
                           .hresult = !(m->impl_flags & MI_PRESERVE_SIG)};
        s.sig = type_method_sig(m, e);
        *plain = s.sig && suppress && !s.hresult && marshal_is_plain(&s);
        if (!*plain)
            ok = s.sig && (*made = make_stub(m, NULL, &s, suppress, e)) != NULL;
    }
    return ok;
}

static bool pinvoke(Thread *t, Method *m, Method **stub, void **direct, Err *e)
{
    ImportName in;
    Method *made = NULL;
    bool plain;
    *stub = __atomic_load_n(&m->stub, __ATOMIC_ACQUIRE);
    *direct = NULL;
    if (*stub)
        return true;
    if (!import_of(m, &in, e))
        return false;
    if (m->flags & MF_VARARG)
        return err_set(e, ERR_INVALID_PROGRAM, 0, "%s", "Vararg calling convention not supported.");
    if (!make(t, m, &in, &made, &plain, e))
        return false;
    bool qcall = strcmp(in.library, "QCall") == 0 && m->mt->module->assembly->is_corelib;
    void *address = qcall ? find_qcall(&in) : find_symbol(t, m, &in, e);
    if (!address)
        return false;
    if (plain) {
        *direct = address;
        return true;
    }
    made->il_stub->native_target = address;
    Method *none = NULL;
    *stub = __atomic_compare_exchange_n(&m->stub, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? made : none;
    LOG(interop, 1, "%s bound to %s of %s", m->name, in.entry, in.library);
    return true;
}

void interop_init(void)
{
    vm_interop.pinvoke = pinvoke;
    vm_interop.delegate_to_native = interop_delegate_to_native;
    interop_delegate_init();
}
