/* corelib_events_vm.c: events of the runtime's provider that the VM raises: exceptions and their handlers, assemblies and how they were found,
 * compilation, threads.
 * In: vm_events.h.  Out: the payload, as NativeRuntimeEventSource declares the event, to the sessions that asked for it.
 * The end of a catch body is not told: it is part of its method.
 * Not here: queues and sessions (corelib_events.c), what CoreLib raises (corelib_events_threads.c).  Book: corelib.md
 * Tests: tests/app/ExceptionEvents.cs, LoaderEvents.cs */
#include "corelib/corelib.h"
#include "corelib/corelib_events.h"
#include "md/md_names.h"
#include "vm/vm_bind.h"
#include "vm/vm_events.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    KEYWORD_LOADER = 0x8, KEYWORD_JIT = 0x10, KEYWORD_NGEN = 0x20, KEYWORD_RESOURCES = 0x800, KEYWORD_EXCEPTION = 0x8000,
    KEYWORD_THREADING = 0x10000
};
#define KEYWORD_THREAD_TRANSFER (KEYWORD_THREADING | 0x80000000u)
#define KEYWORD_MONITORING 0x200000000ull
enum {
    EVENT_THREAD_CREATING = 70,
    EVENT_THREAD_RUNNING = 71,
    EVENT_EXCEPTION_THROWN = 80,
    EVENT_THREAD_CREATED = 85,
    EVENT_METHOD_LOAD = 143,
    EVENT_METHOD_JITTING = 145,
    EVENT_DOMAIN_MODULE_LOAD = 151,
    EVENT_MODULE_LOAD = 152,
    EVENT_ASSEMBLY_LOAD = 154,
    EVENT_CATCH_START = 250, /* two for each VmHandlerKind: start, stop */
    EVENT_BIND_START = 290,
    EVENT_BIND_STOP = 291,
    EVENT_BIND_STAGE = 292,
    EVENT_PATH_PROBED = 296,
};
#define PUT(p, value, T) corelib_ep_put(p, &(T){value}, sizeof(T))
#define PUT_RUNTIME(p) PUT(p, 0, u16) /* the only one in the process */

static void begin(EpPayload *p)
{
    p->size = 0;
    p->spilt = false;
}

/* --- Signatures as events have them ---------------------------------------------------------------------------------------------- */
/* Two dialects: of method events ("class System.String", "value class", "int"), and the disassembler's ("string", "[System.Runtime]…"). */
typedef struct Words {
    const MdImage *md;
    bool il; /* the disassembler's */
    char *buf;
    size_t cap, len;
} Words;

PRINTF_LIKE(2, 3) static void put(Words *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    size_t room = w->len < w->cap ? w->cap - w->len : 0;
    int n = vsnprintf(room ? w->buf + w->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        w->len += (size_t)n;
}

static const char *word_of(u8 e, bool il)
{
    static const struct { const char *event, *il; } words[] = {
        [ET_VOID] = {"void", "void"},           [ET_BOOLEAN] = {"bool", "bool"},     [ET_CHAR] = {"wchar", "char"},
        [ET_I1] = {"int8", "int8"},             [ET_U1] = {"unsigned int8", "uint8"}, [ET_I2] = {"int16", "int16"},
        [ET_U2] = {"unsigned int16", "uint16"}, [ET_I4] = {"int32", "int32"},        [ET_U4] = {"unsigned int32", "uint32"},
        [ET_I8] = {"int64", "int64"},           [ET_U8] = {"unsigned int64", "uint64"}, [ET_R4] = {"float32", "float32"},
        [ET_R8] = {"float64", "float64"},       [ET_STRING] = {"class System.String", "string"},
        [ET_OBJECT] = {"class System.Object", "object"}, [ET_TYPEDBYREF] = {"refany", "typedref"},
        [ET_I] = {"int", "native int"},         [ET_U] = {"unsigned int", "native uint"},
    };
    return e >= ARRAY_LEN(words) ? NULL : il ? words[e].il : words[e].event;
}

static void put_token(Words *w, u32 token)
{
    char name[400];
    md_type_full_name(w->md, token, name, sizeof name);
    u32 scope = w->il && MD_TABLE_OF(token) == MDT_TypeRef ? token : 0;
    while (scope && MD_TABLE_OF(scope) == MDT_TypeRef)
        scope = md_TypeRef_ResolutionScope(w->md, MD_RID(scope));
    if (scope && MD_TABLE_OF(scope) == MDT_AssemblyRef)
        put(w, "[%s]", md_str(w->md, md_AssemblyRef_Name(w->md, MD_RID(scope))));
    put(w, "%s", name);
}

static void put_sig(Words *w, MdSig *s, const char *between, u32 depth);

static void put_type(Words *w, MdSig *s, u32 depth)
{
    u32 token;
    bool required;
    if (depth >= MD_SIG_DEPTH)
        md_sig_fail(s);
    while (md_sig_mod(s, &token, &required))
        ;
    u8 e = md_sig_byte(s);
    const char *word = word_of(e, w->il);
    if (word) {
        put(w, "%s", word);
        return;
    }
    MdArrayShape shape;
    switch (e) {
    case ET_PTR: put_type(w, s, depth + 1), put(w, "*"); return;
    case ET_BYREF: put_type(w, s, depth + 1), put(w, "&"); return;
    case ET_SZARRAY: put_type(w, s, depth + 1), put(w, "[]"); return;
    case ET_VALUETYPE: put(w, w->il ? "valuetype " : "value class "), put_token(w, md_sig_token(s)); return;
    case ET_CLASS: put(w, "class "), put_token(w, md_sig_token(s)); return;
    case ET_VAR: put(w, "!%u", md_sig_uint(s)); return;
    case ET_MVAR: put(w, "!!%u", md_sig_uint(s)); return;
    case ET_ARRAY:
        put_type(w, s, depth + 1);
        put(w, "[");
        if (md_sig_array_shape(s, &shape))
            for (u32 i = 0; i < shape.rank; i++)
                put(w, "%s%s", w->il ? "0..." : "", i + 1 < shape.rank ? "," : "");
        put(w, "]");
        return;
    case ET_GENERICINST:
        put_type(w, s, depth + 1);
        put(w, "<");
        for (u32 i = 0, n = md_sig_uint(s); i < n && !s->bad; i++) {
            put(w, i ? "," : "");
            put_type(w, s, depth + 1);
        }
        put(w, ">");
        return;
    case ET_FNPTR: put(w, w->il ? "method " : "fnptr "), put_sig(w, s, w->il ? " *" : "", depth + 1); return;
    case ET_INTERNAL: {
        char name[400];
        type_name((TypeHandle)md_sig_internal(s), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        put(w, "class %s", name);
        return;
    }
    default: md_sig_fail(s);
    }
}

static void put_sig(Words *w, MdSig *s, const char *between, u32 depth)
{
    MdMethodSig h;
    if (!md_sig_method(s, &h))
        return;
    if (h.generic_count && !w->il)
        put(w, "generic ");
    if (h.has_this)
        put(w, "instance ");
    put_type(w, s, depth);
    put(w, "%s(", between);
    for (u32 i = 0; i < h.param_count && !s->bad; i++) {
        put(w, i ? "," : "");
        md_sig_sentinel(s);
        put_type(w, s, depth);
    }
    put(w, ")");
}

static void signature_of(Method *m, bool il, const char *between, char *buf, size_t cap)
{
    Words w = {.md = m->mt->module->md, .il = il, .buf = buf, .cap = cap};
    MdSig s = md_sig(m->sig, m->sig_len);
    s.internal = !m->token;
    buf[0] = 0;
    put_sig(&w, &s, between, 0);
}

static bool is_dynamic(const Method *m) { return (m->flags & MF_DYNAMIC) != 0; }
static bool is_hidden(const Method *m) { return (m->flags & (MF_STUB | MF_DYNAMIC)) == MF_STUB; }

static void owner_of(Method *m, char *buf, size_t cap)
{
    if (is_dynamic(m))
        snprintf(buf, cap, "dynamicClass");
    else
        type_name(th_of(m->mt), TN_NAMESPACE | TN_FULL_INST, buf, cap);
}

/* --- Exceptions --------------------------------------------------------------------------------------------------------------------- */
static void thrown(Thread *t, Object *o, bool nested)
{
    enum { HAS_INNER = 1, NESTED = 2, COMPLIANT = 16 };
    EpPayload p;
    char name[512];
    (void)t;
    if (!corelib_ep_wanted(KEYWORD_EXCEPTION | KEYWORD_MONITORING, EP_ERROR))
        return;
    begin(&p);
    type_name(th_of(o->mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    corelib_ep_put_utf8(&p, name);
    Object *message = CF_REF(o, EXC_MESSAGE);
    char *text = message ? vm_string_to_utf8((String *)message) : NULL;
    corelib_ep_put_utf8(&p, text ? text : "NULL");
    base_free(text);
    PUT(&p, NULL, void *);
    PUT(&p, CF_VAL(o, EXC_HRESULT, u32), u32);
    PUT(&p, (u16)(COMPLIANT | (CF_REF(o, EXC_INNER) ? HAS_INNER : 0) | (nested ? NESTED : 0)), u16);
    PUT_RUNTIME(&p);
    corelib_ep_send(EVENT_EXCEPTION_THROWN, KEYWORD_EXCEPTION | KEYWORD_MONITORING, EP_ERROR, &p);
}

static void handler(Thread *t, VmHandlerKind kind, bool begins, Method *m, const void *entry)
{
    EpPayload p;
    char owner[512], between[800], text[1000];
    (void)t;
    if (!corelib_ep_wanted(KEYWORD_EXCEPTION, EP_INFORMATIONAL) || is_hidden(m))
        return;
    begin(&p);
    if (begins) {
        owner_of(m, owner, sizeof owner);
        snprintf(between, sizeof between, " [%s] %s::%s", m->mt->module->assembly->name, owner, m->name);
        signature_of(m, true, between, text, sizeof text);
        PUT(&p, (u64)(uintptr_t)entry, u64);
        PUT(&p, (u64)(uintptr_t)m, u64);
        corelib_ep_put_utf8(&p, text);
        PUT_RUNTIME(&p);
    }
    corelib_ep_send(EVENT_CATCH_START + 2 * kind + !begins, KEYWORD_EXCEPTION, EP_INFORMATIONAL, &p);
}

/* --- Assemblies ---------------------------------------------------------------------------------------------------------------------- */
static void put_name(EpPayload *p, const MdAssemblyName *n)
{
    char text[600] = "";
    if (n)
        vm_name_display(n, text, sizeof text);
    corelib_ep_put_utf8(p, text);
}

static void module_loaded(const Assembly *a, u32 flags)
{
    EpPayload p;
    PeCodeView pdb = {0};
    bool has_pdb = a->module->pe && pe_codeview(a->module->pe, &pdb);
    const u8 none[16] = {0};
    begin(&p);
    PUT(&p, (u64)(uintptr_t)a->module, u64);
    PUT(&p, (u64)(uintptr_t)a, u64);
    PUT(&p, flags, u32);
    PUT(&p, 0, u32);
    corelib_ep_put_utf8(&p, a->path ? a->path : a->name);
    corelib_ep_put_utf8(&p, NULL);
    PUT_RUNTIME(&p);
    corelib_ep_put(&p, pdb.guid, 16);
    PUT(&p, pdb.age, u32);
    corelib_ep_put_utf8(&p, has_pdb ? pdb.path : NULL);
    corelib_ep_put(&p, none, 16);
    PUT(&p, 0, u32);
    corelib_ep_put_utf8(&p, NULL);
    corelib_ep_put_utf8(&p, NULL);
    corelib_ep_send(EVENT_MODULE_LOAD, KEYWORD_LOADER, EP_INFORMATIONAL, &p);
    begin(&p);
    PUT(&p, (u64)(uintptr_t)a->module, u64);
    PUT(&p, (u64)(uintptr_t)a, u64);
    PUT(&p, (u64)(uintptr_t)a->alc->domain, u64);
    PUT(&p, flags, u32);
    PUT(&p, 0, u32);
    corelib_ep_put_utf8(&p, a->path ? a->path : a->name);
    corelib_ep_put_utf8(&p, NULL);
    PUT_RUNTIME(&p);
    corelib_ep_send(EVENT_DOMAIN_MODULE_LOAD, KEYWORD_LOADER, EP_INFORMATIONAL, &p);
}

static void assembly(Assembly *a)
{
    enum { DYNAMIC = 2, COLLECTIBLE = 8, PRECOMPILED = 16 };
    enum { MODULE_DYNAMIC = 4, MODULE_MANIFEST = 8, MODULE_PRECOMPILED = 32 };
    EpPayload p;
    if (!corelib_ep_wanted(KEYWORD_LOADER, EP_INFORMATIONAL))
        return;
    bool native = a->module->pe && a->module->pe->native_header.size && !a->alc->collectible;
    begin(&p);
    PUT(&p, (u64)(uintptr_t)a, u64);
    PUT(&p, (u64)(uintptr_t)a->alc->domain, u64);
    PUT(&p, 0, u64);
    PUT(&p, (a->is_dynamic ? DYNAMIC : 0u) | (a->alc->collectible ? COLLECTIBLE : 0u) | (native ? PRECOMPILED : 0u), u32);
    put_name(&p, &a->identity);
    PUT_RUNTIME(&p);
    corelib_ep_send(EVENT_ASSEMBLY_LOAD, KEYWORD_LOADER, EP_INFORMATIONAL, &p);
    module_loaded(a, MODULE_MANIFEST | (a->is_dynamic ? MODULE_DYNAMIC : 0u) | (native ? MODULE_PRECOMPILED : 0u));
}

/* Managed code is asked for its text; what is pending stays so. */
static void put_context(Thread *t, EpPayload *p, LoadContext *alc)
{
    char text[400] = "";
    bool cooperative = t->mode == THREAD_COOPERATIVE;
    if (!cooperative)
        thread_enter_cooperative(t);
    Object *pending = t->pending;
    t->pending = NULL;
    if (alc)
        vm_context_display(t, alc, text, sizeof text);
    t->pending = pending;
    if (!cooperative)
        thread_enter_preemptive(t);
    corelib_ep_put_utf8(p, text);
}

static void put_result(EpPayload *p, const Assembly *result)
{
    put_name(p, result ? &result->identity : NULL);
    corelib_ep_put_utf8(p, result ? result->path : NULL);
}

static void binding(Thread *t, const VmBinding *b, bool begins, Assembly *result)
{
    EpPayload p;
    if (!corelib_ep_wanted(EP_KEYWORD_BINDER, EP_INFORMATIONAL))
        return;
    begin(&p);
    PUT_RUNTIME(&p);
    put_name(&p, b->name);
    corelib_ep_put_utf8(&p, b->path);
    put_name(&p, b->requester ? &b->requester->identity : NULL);
    put_context(t, &p, b->alc);
    put_context(t, &p, b->requester ? b->requester->alc : NULL);
    if (!begins) {
        PUT(&p, result != NULL, u32);
        put_result(&p, result);
        PUT(&p, 0, u32); /* not from a cache */
    }
    corelib_ep_send(begins ? EVENT_BIND_START : EVENT_BIND_STOP, EP_KEYWORD_BINDER, EP_INFORMATIONAL, &p);
}

static void stage(Thread *t, const VmBinding *b, LoadContext *alc, VmBindStage which, Assembly *result)
{
    EpPayload p;
    if (!corelib_ep_wanted(EP_KEYWORD_BINDER, EP_INFORMATIONAL))
        return;
    begin(&p);
    PUT_RUNTIME(&p);
    put_name(&p, b->name);
    PUT(&p, (u16)which, u16);
    put_context(t, &p, alc);
    PUT(&p, !result, u16);
    put_result(&p, result);
    corelib_ep_put_utf8(&p, result ? NULL : "Could not locate assembly");
    corelib_ep_send(EVENT_BIND_STAGE, EP_KEYWORD_BINDER, EP_INFORMATIONAL, &p);
}

static void probed(const char *path, bool found)
{
    enum { PLATFORM_LIST = 0 };
    EpPayload p;
    if (!corelib_ep_wanted(EP_KEYWORD_BINDER, EP_INFORMATIONAL))
        return;
    begin(&p);
    PUT_RUNTIME(&p);
    corelib_ep_put_utf8(&p, path);
    PUT(&p, PLATFORM_LIST, u16);
    PUT(&p, found ? 0 : (i32)0x80070002, i32);
    corelib_ep_send(EVENT_PATH_PROBED, EP_KEYWORD_BINDER, EP_INFORMATIONAL, &p);
}

/* --- Compilation ---------------------------------------------------------------------------------------------------------------------- */
static void put_method_names(EpPayload *p, Method *m)
{
    char owner[512], text[1000];
    owner_of(m, owner, sizeof owner);
    signature_of(m, false, "  ", text, sizeof text);
    corelib_ep_put_utf8(p, owner);
    corelib_ep_put_utf8(p, m->name);
    corelib_ep_put_utf8(p, text);
    PUT_RUNTIME(p);
}

static void compiling(Method *m)
{
    EpPayload p;
    IlBody body = {0};
    if (!corelib_ep_wanted(KEYWORD_JIT, EP_VERBOSE) || is_hidden(m))
        return;
    if (m->token)
        il_read_body(m->mt->module->md, MD_RID(m->token), &body, NULL);
    begin(&p);
    PUT(&p, (u64)(uintptr_t)m, u64);
    PUT(&p, (u64)(uintptr_t)m->mt->module, u64);
    PUT(&p, m->token, u32);
    PUT(&p, body.code_size, u32);
    put_method_names(&p, m);
    corelib_ep_send(EVENT_METHOD_JITTING, KEYWORD_JIT, EP_VERBOSE, &p);
}

static void compiled(Method *m, const void *code, u32 size)
{
    enum { DYNAMIC = 1, GENERIC = 2, SHARED = 4, JITTED = 8, QUICK = 3 << 7 };
    EpPayload p;
    if (!corelib_ep_wanted(KEYWORD_JIT | KEYWORD_NGEN, EP_VERBOSE) || is_hidden(m))
        return;
    begin(&p);
    PUT(&p, (u64)(uintptr_t)m, u64);
    PUT(&p, (u64)(uintptr_t)m->mt->module, u64);
    PUT(&p, (u64)(uintptr_t)code, u64);
    PUT(&p, size, u32);
    PUT(&p, m->token, u32);
    PUT(&p, (u32)(JITTED | QUICK | (is_dynamic(m) ? DYNAMIC : 0) | (m->num_generic ? GENERIC : 0) |
                  (m->flags & (MF_CTX_MT | MF_CTX_METHOD) ? SHARED : 0)), u32);
    put_method_names(&p, m); /* as the reference: no ReJITID follows */
    corelib_ep_send(EVENT_METHOD_LOAD, KEYWORD_JIT | KEYWORD_NGEN, EP_VERBOSE, &p);
}

/* --- Threads -------------------------------------------------------------------------------------------------------------------------- */
static void thread(Thread *n, bool running)
{
    EpPayload p;
    if (corelib_ep_wanted(KEYWORD_THREAD_TRANSFER, EP_INFORMATIONAL)) {
        begin(&p);
        PUT(&p, n, void *);
        PUT_RUNTIME(&p);
        corelib_ep_send(running ? EVENT_THREAD_RUNNING : EVENT_THREAD_CREATING, KEYWORD_THREAD_TRANSFER, EP_INFORMATIONAL, &p);
    }
    if (!running || !corelib_ep_wanted(KEYWORD_THREADING | KEYWORD_RESOURCES, EP_INFORMATIONAL))
        return;
    begin(&p);
    PUT(&p, (u64)(uintptr_t)n, u64);
    PUT(&p, (u64)(uintptr_t)n->domain, u64);
    PUT(&p, 0, u32);
    PUT(&p, n->id, u32);
    PUT(&p, (u32)n->os_id, u32);
    PUT_RUNTIME(&p);
    corelib_ep_send(EVENT_THREAD_CREATED, KEYWORD_THREADING | KEYWORD_RESOURCES, EP_INFORMATIONAL, &p);
}

const VmEvents corelib_ep_vm = {
    .thrown = thrown,
    .handler = handler,
    .assembly = assembly,
    .binding = binding,
    .stage = stage,
    .probed = probed,
    .compiling = compiling,
    .compiled = compiled,
    .thread = thread,
};
