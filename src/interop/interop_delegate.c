/* interop_delegate.c: native function pointers made of delegates, and delegates over native functions.
 * A delegate's pointer is a reverse thunk to a static IL stub of its own, which finds the delegate through a weak handle: the pointer does not
 * keep the delegate alive (the program must), and is the same for the same object.
 * Lock: table_lock guards the table; nothing runs under it.  Book: interop.md  Tests: tests/app */
#include "interop/interop.h"

#include "os/os_thread.h"

typedef struct NativePointer { /* lives as long as the process */
    GcHandle delegate; /* weak */
    void *thunk;
    i32 hash;
    struct NativePointer *next;
} NativePointer;
enum { BUCKETS = 256 };
static NativePointer *table[BUCKETS]; /* by identity hash of the delegate */
static OsMutex table_lock = OS_MUTEX_INIT;

static void *find(Object *delegate, i32 hash)
{
    for (NativePointer *p = table[(u32)hash % BUCKETS]; p; p = p->next)
        if (p->hash == hash && gc_handle_get(p->delegate) == delegate)
            return p->thunk;
    return NULL;
}

/* Strings come in as UTF-8 or UTF-16; everything else as it is. Preemptive. */
static Method *make_entry(MethodTable *mt, GcHandle h, Err *e)
{
    Method *invoke = vm_delegate_invoke(mt);
    const MethodSig *sig = type_method_sig(invoke, e);
    if (!sig)
        return NULL;
    SigContext ctx = type_method_context(invoke);
    LoadContext *alc = mt->aux->loader_module->alc;
    MethodSig *native = ilb_sig_copy(alc, sig, false, NULL);
    IlBuilder b;
    ilb_begin(&b, alc, "delegate entered by native code", NULL);
    MethodTable *marshal = type_load_name(type_corelib, "System.Runtime.InteropServices", "Marshal", e);
    if (!marshal)
        return NULL;
    ilb_i8(&b, (i64)(uintptr_t)h);
    ilb_op(&b, IL_LDIND_REF);
    bool plain = marshal_disabled(mt->module);
    for (u32 i = 0; i < sig->num_params; i++) {
        SigType *p = &native->params[i];
        ilb_ldarg(&b, i);
        if (p->kind == ET_BOOLEAN && !plain) {
            *p = ilb_sigtype(th_of(type_wk(WK_INT32)));
            ilb_op(&b, IL_LDC_I4_0);
            ilb_op(&b, IL_CGT_UN);
        } else if (p->kind == ET_CLASS && type_sigtype_load(&ctx, p, NULL) == th_of(type_wk(WK_STRING))) {
            *p = ilb_sigtype(th_of(type_wk(WK_INTPTR)));
            ilb_op_token(&b, IL_CALL, ilb_method(&b, type_method_by_name(marshal, "PtrToStringUTF8", 1)));
        } else if (p->kind == ET_CLASS || (p->kind == ET_VALUETYPE && mt_has_refs(th_mt(p->th)))) {
            base_missing("marshalling", "parameter %u of delegate %s called by native code", i + 1, mt->klass->name);
        }
    }
    if (sig->ret.kind == ET_CLASS || sig->ret.kind == ET_BYREF)
        base_missing("marshalling", "result of delegate %s called by native code", mt->klass->name);
    ilb_op_token(&b, IL_CALLVIRT, ilb_method(&b, invoke));
    if (sig->ret.kind == ET_BOOLEAN && !plain)
        native->ret = ilb_sigtype(th_of(type_wk(WK_INT32)));
    ilb_op(&b, IL_RET);
    return ilb_finish(&b, type_wk(WK_OBJECT), native, mt->klass->name);
}

void *interop_delegate_to_native(Thread *t, Object *delegate, Err *e)
{
    i32 hash = sync_hash_code(t, delegate);
    if (CF_VAL(delegate, MULTICAST_COUNT, i64) == -1)
        return CF_VAL(delegate, DELEGATE_PTRAUX, void *);
    os_mutex_lock(&table_lock);
    void *thunk = find(delegate, hash);
    os_mutex_unlock(&table_lock);
    if (thunk)
        return thunk;
    GcHandle h = gc_handle_new(t->domain, GC_HANDLE_WEAK, delegate);
    MethodTable *mt = delegate->mt;
    Method *entry;
    PREEMPTIVE(t) { entry = make_entry(mt, h, e); }
    if (!entry) {
        gc_handle_free(h);
        return NULL;
    }
    /* a struct returned in memory: both conventions pass the buffer first, since the entry is static */
    NativePointer *p = base_calloc(1, sizeof *p);
    *p = (NativePointer){.delegate = h, .hash = hash};
    p->thunk = code_reverse_thunk(&entry->entry, vm_stack_words(entry->msig, true, false), NULL);
    os_mutex_lock(&table_lock);
    thunk = find(gc_handle_get(h), hash);
    if (!thunk) {
        p->next = table[(u32)hash % BUCKETS];
        table[(u32)hash % BUCKETS] = p;
        thunk = p->thunk;
    }
    os_mutex_unlock(&table_lock);
    return thunk;
}

static Object *original(void *fn)
{
    for (u32 i = 0; i < BUCKETS; i++)
        for (NativePointer *p = table[i]; p; p = p->next)
            if (p->thunk == fn)
                return gc_handle_get(p->delegate);
    return NULL;
}

Object *interop_delegate_from_native(Thread *t, MethodTable *mt, void *fn)
{
    os_mutex_lock(&table_lock);
    Object *o = original(fn);
    os_mutex_unlock(&table_lock);
    if (o && o->mt == mt)
        return o;
    return vm_delegate_of_native(t, mt, fn);
}

static void push_aux(IlBuilder *b, void *arg)
{
    (void)arg;
    ilb_ldarg(b, 0);
    ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(type_wk(WK_DELEGATE), "_methodPtrAux"), type_wk(WK_DELEGATE)));
}

static Method *native_invoke_stub(Thread *t, MethodTable *mt, Err *e)
{
    (void)t;
    Method *invoke = vm_delegate_invoke(mt);
    MarshalSource s = {.method = invoke, .ctx = type_method_context(invoke), .first_arg = 1, .plain = marshal_disabled(mt->module)};
    s.sig = type_method_sig(invoke, e);
    if (!s.sig)
        return NULL;
    IlBuilder b;
    ilb_begin(&b, mt->aux->loader_module->alc, "delegate over a native function", NULL);
    if (!marshal_emit_call(&b, &s, push_aux, NULL, e))
        return NULL;
    return ilb_finish(&b, type_wk(WK_OBJECT), s.sig, "Invoke");
}

void interop_delegate_init(void) { vm_native_invoke_stub = native_invoke_stub; }
