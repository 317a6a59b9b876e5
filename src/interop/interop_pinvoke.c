/* interop_pinvoke.c: from a P/Invoke method to an address and an IL stub.
 * The library "QCall" is the runtime's own table (corelib/calls.def); others are loaded by interop_lib.c.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop.h"
#include "interop/interop_plan.h"

#include "md/md_attr.h"
#include "os/os_dl.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "sem/sem.h"
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

/* DefaultDllImportSearchPathsAttribute of the method or its assembly */
static void search_path(Method *m, LibrarySearch *how)
{
    const MdImage *md = m->mt->module->md;
    const u32 tokens[2] = {m->token, MD_TOKEN(MDT_Assembly, 1)};
    for (u32 i = 0; i < 2 && !how->has_flags; i++) {
        u32 row = md_find_attribute(md, tokens[i], "System.Runtime.InteropServices", "DefaultDllImportSearchPathsAttribute");
        u32 n = 0;
        const u8 *p = row ? md_blob(md, md_CustomAttribute_Value(md, row), &n) : NULL;
        if (p && n >= 6) {
            how->has_flags = true;
            memcpy(&how->flags, p + 2, 4);
        }
    }
}

static void *find_symbol(Thread *t, Method *m, const ImportName *in, Err *e)
{
    const VmHostContract *host = vm_host_contract();
    if (host->pinvoke_override) {
        const void *p = host->pinvoke_override(in->library, in->entry);
        if (p)
            return (void *)(uintptr_t)p;
    }
    LibrarySearch how = {.resolver = true};
    search_path(m, &how);
    void *lib = interop_load_library(t, m->mt->module->assembly, in->library, &how);
    if (!lib) {
        err_set(e, ERR_PENDING, 0, "no library %s", in->library);
        return NULL;
    }
    void *p = os_dl_sym(lib, in->entry); /* names with A and W belong to another platform */
    if (!p)
        err_set(e, ERR_ENTRY_POINT, 0, "Unable to find an entry point named '%s' in shared library '%s'.", in->entry, in->library);
    return p;
}

/* SuppressGCTransition, or UnmanagedCallConv with CallConvSuppressGCTransition: names of types in its blob */
static bool suppresses_transition(Method *m)
{
    const MdImage *md = m->mt->module->md;
    static const char name[] = "System.Runtime.CompilerServices.CallConvSuppressGCTransition";
    if (md_find_attribute(md, m->token, "System.Runtime.InteropServices", "SuppressGCTransitionAttribute"))
        return true;
    u32 row = md_find_attribute(md, m->token, "System.Runtime.InteropServices", "UnmanagedCallConvAttribute"), n = 0;
    const u8 *p = row ? md_blob(md, md_CustomAttribute_Value(md, row), &n) : NULL;
    for (u32 i = 0; p && i + sizeof name - 1 <= n; i++)
        if (memcmp(p + i, name, sizeof name - 1) == 0)
            return true;
    return false;
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
    bool suppress = suppresses_transition(m), ok = true;
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
    if ((in.flags & PM_CALL_CONV) == PM_FASTCALL)
        return err_set(e, ERR_TYPE_LOAD, 0, "Unsupported unmanaged calling convention.");
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

/* ---- calli ---------------------------------------------------------------------------------------------------------------------------- */
static OsMutex calli_lock = OS_MUTEX_INIT;
static Map64 calli_stubs; /* module and token -> Method *; signatures without generic parameters, in modules that stay */

static void push_last(IlBuilder *b, void *sig) { ilb_ldarg(b, ((const MethodSig *)sig)->num_params); }

static Method *make_calli_stub(const MarshalSource *s, LoadContext *alc, Err *e)
{
    IlBuilder b;
    SigType address = plan_prim(ET_I);
    MethodSig *sig = ilb_sig_copy(alc, s->sig, false, &address);
    memmove(sig->params, sig->params + 1, s->sig->num_params * sizeof(SigType));
    sig->params[s->sig->num_params] = address;
    ilb_begin(&b, alc, "calli", NULL);
    if (!marshal_emit_call(&b, s, push_last, (void *)(uintptr_t)s->sig, e))
        return NULL;
    return ilb_finish(&b, type_wk(WK_OBJECT), sig, "calli");
}

/* Preemptive. */
static bool calli_stub(const SigContext *ctx, const MethodSig *sig, u32 token, Method **stub, Err *e)
{
    Module *module = ctx->module;
    MarshalSource s = {.sig = sig, .ctx = *ctx, .plain = marshal_disabled(module)};
    *stub = NULL;
    if (module->assembly->is_corelib || marshal_is_plain(&s))
        return true;
    LoadContext *alc = ctx->stub ? ctx->stub->alc : module->alc; /* a dynamic method's goes with it */
    bool keep = !ctx->stub && !ctx->num_class_args && !ctx->num_method_args && !alc->collectible;
    u64 key = (u64)((const char *)module - os_span.base) << 32 | token;
    os_mutex_lock(&calli_lock);
    *stub = keep ? map64_ptr(&calli_stubs, key) : NULL;
    os_mutex_unlock(&calli_lock);
    if (*stub)
        return true;
    if (!(*stub = make_calli_stub(&s, alc, e)))
        return false;
    if (keep) {
        os_mutex_lock(&calli_lock);
        map64_put(&calli_stubs, key, (u64)(uintptr_t)*stub);
        os_mutex_unlock(&calli_lock);
    }
    return true;
}

void interop_init(void)
{
    sem_client.unmanaged_stub = calli_stub;
    vm_interop.pinvoke = pinvoke;
    vm_interop.delegate_to_native = interop_delegate_to_native;
    interop_delegate_init();
}
