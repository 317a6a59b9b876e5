/* interop_delegate.c: native function pointers made of delegates, and delegates over native functions.
 * A delegate's pointer is a reverse thunk to a static IL stub of its own, which finds the delegate through a weak handle: the pointer does not
 * keep the delegate alive (the program must), and is the same for the same object.  The pointer of a delegate that has died serves
 * another one of its type, after a while; those of an unloaded type go with it.
 * Lock: table_lock guards the table; nothing runs under it.  Book: interop.md  Tests: tests/app */
#include "interop/interop_plan.h"
#include "interop/interop_value.h"

#include "md/md_attr.h"
#include "os/os_thread.h"
#include "vm/vm_unload.h"

typedef struct NativePointer {
    GcHandle delegate; /* tracking weak */
    MethodTable *mt;
    void *thunk;
    i32 hash;
    struct NativePointer *next; /* in the bucket; unused: in line */
} NativePointer;
typedef struct Unused { /* oldest first */
    NativePointer *first, *last;
    u32 len;
} Unused;
enum { BUCKETS = 256, REST = 16, FIRST_SWEEP = 64 };
static NativePointer *table[BUCKETS]; /* by identity hash of the delegate */
static u32 in_table, sweep_at = FIRST_SWEEP;
static Map64 unused;                  /* delegate type -> Unused * */
static OsMutex table_lock = OS_MUTEX_INIT;

static void *find(Object *delegate, i32 hash)
{
    for (NativePointer *p = table[(u32)hash % BUCKETS]; p; p = p->next)
        if (p->hash == hash && gc_handle_get(p->delegate) == delegate)
            return p->thunk;
    return NULL;
}

static void insert(NativePointer *p)
{
    NativePointer **bucket = &table[(u32)p->hash % BUCKETS];
    p->next = *bucket;
    *bucket = p;
    in_table++;
}

static void put_aside(NativePointer *p)
{
    Unused *u = map64_ptr(&unused, (u64)(uintptr_t)p->mt);
    if (!u) {
        u = base_calloc(1, sizeof *u);
        map64_put(&unused, (u64)(uintptr_t)p->mt, (u64)(uintptr_t)u);
    }
    p->next = NULL;
    if (u->len++)
        u->last->next = p;
    else
        u->first = p;
    u->last = p;
}

/* Pointers of dead delegates leave the table whenever it has doubled. */
static void sweep_table(void)
{
    for (u32 i = 0; i < BUCKETS; i++)
        for (NativePointer **at = &table[i], *p; (p = *at);) {
            if (gc_handle_get(p->delegate)) {
                at = &p->next;
                continue;
            }
            *at = p->next;
            in_table--;
            put_aside(p);
        }
    sweep_at = MAX(2 * in_table, (u32)FIRST_SWEEP);
}

/* A pointer that served long enough ago, or NULL. */
static NativePointer *take_unused(MethodTable *mt)
{
    Unused *u = map64_ptr(&unused, (u64)(uintptr_t)mt);
    if (!u || u->len <= REST)
        return NULL;
    NativePointer *p = u->first;
    u->first = p->next;
    u->len--;
    return p;
}

static void discard(NativePointer *p)
{
    gc_handle_free(p->delegate);
    base_free(p);
}

/* World stopped; the thunks go with the context. */
static void forget_dying(void)
{
    VEC(u64) dead = {0};
    for (u32 i = 0; i < BUCKETS; i++)
        for (NativePointer **at = &table[i], *p; (p = *at);) {
            if (!type_is_dying(p->mt)) {
                at = &p->next;
                continue;
            }
            *at = p->next;
            in_table--;
            discard(p);
        }
    for (u32 i = 0; i < unused.cap; i++)
        if (unused.keys[i] && type_is_dying((void *)(uintptr_t)unused.keys[i]))
            vec_push(&dead, unused.keys[i]);
    for (u32 i = 0; i < dead.len; i++) {
        Unused *u = map64_ptr(&unused, dead.data[i]);
        for (NativePointer *p = u->first, *next; p; p = next) {
            next = p->next;
            discard(p);
        }
        base_free(u);
        map64_remove(&unused, dead.data[i]);
    }
    vec_free(&dead);
    interop_layouts_forget();
}

/* ---- entered by native code ----------------------------------------------------------------------------------------------------------- */
static bool is_unicode(MethodTable *mt)
{
    const MdImage *md = mt->module->md;
    u32 row = md_find_attribute(md, mt->klass->token, "System.Runtime.InteropServices", "UnmanagedFunctionPointerAttribute");
    MdAttrValue v;
    return row && md_attr_find_named(md, row, "CharSet", &v) && v.i == 3;
}

static void *not_there(const char *delegate, void *parameter, void *x, void *y)
{
    (void)x, (void)y;
    base_missing("marshalling", "parameter %d of delegate %s called by native code", (i32)(intptr_t)parameter, delegate);
}

static void entry_helper(IlBuilder *b, void *fn, i64 x, i64 y, i64 z, bool object)
{
    ilb_i8(b, x);
    ilb_i8(b, y);
    ilb_i8(b, z);
    plan_call_helper(b, fn, HELPER_ADDRESS, object);
}

/* Says so only when it is called. */
static void entry_missing(IlBuilder *b, MethodTable *mt, u32 sequence)
{
    ilb_i8(b, (i64)(uintptr_t)mt->klass->name);
    entry_helper(b, (void *)not_there, sequence, 0, 0, false);
    ilb_op(b, IL_POP);
}

static void entry_value_ref(IlBuilder *b, u32 arg, const ArgPlan *a, NativeOp op)
{
    ilb_local_op(b, IL_LDLOCA, a->local);
    if (a->kind == ARG_VALUE)
        ilb_local_op(b, IL_LDARGA, arg);
    else
        ilb_ldarg(b, arg);
    ilb_i8(b, (i64)(uintptr_t)a->value);
    ilb_i8(b, (i64)op);
    plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

static void entry_array(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    ilb_ldarg(b, arg);
    if (a->spec.count_param >= 0) {
        ilb_ldarg(b, (u32)a->spec.count_param);
        ilb_op(b, IL_CONV_I);
    } else {
        ilb_i8(b, MAX(a->spec.count, 1u));
    }
    ilb_i8(b, (i64)(uintptr_t)a->value);
    ilb_i8(b, (i64)th_mt(a->type)->elem);
    plan_call_helper(b, (void *)helper_array_in, HELPER_ADDRESS, true);
}

/* Native argument `arg` to what the delegate gets, in a->local (PLAIN, BYREF: left where it is). */
static void entry_convert(IlBuilder *b, MethodTable *mt, u32 arg, ArgPlan *a, const SigType *managed)
{
    SigType local = a->kind == ARG_VALUE_REF ? ilb_sigtype(a->type) : *managed;
    if (a->kind == ARG_PLAIN || a->kind == ARG_BYREF)
        return;
    local.pinned = false;
    if (local.kind == ET_CLASS)
        local = plan_prim(ET_OBJECT);
    a->local = ilb_local(b, &local);
    switch ((ArgKind)a->kind) {
    case ARG_BOOL:
        ilb_ldarg(b, arg);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        break;
    case ARG_CHAR_NARROW:
        ilb_ldarg(b, arg);
        break;
    case ARG_STRING:
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_CALL, ilb_method(b, plan_marshal_fn(a->wide ? "PtrToStringUni" : "PtrToStringUTF8", 1)));
        break;
    case ARG_VALUE:
    case ARG_VALUE_REF:
        if (a->in || a->kind == ARG_VALUE)
            entry_value_ref(b, arg, a, NV_TO_MANAGED);
        return;
    case ARG_ARRAY:
    case ARG_ARRAY_COPY:
        entry_array(b, arg, a);
        break;
    case ARG_DELEGATE:
        ilb_ldarg(b, arg);
        entry_helper(b, (void *)helper_delegate_in, (i64)a->type, 0, 0, true);
        break;
    default:
        entry_missing(b, mt, arg + 1);
        return;
    }
    ilb_local_op(b, IL_STLOC, a->local);
}

static void entry_push(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    if (a->kind == ARG_PLAIN || a->kind == ARG_BYREF)
        ilb_ldarg(b, arg);
    else
        ilb_local_op(b, a->kind == ARG_VALUE_REF ? IL_LDLOCA : IL_LDLOC, a->local);
}

static void entry_result(IlBuilder *b, MethodTable *mt, const ArgPlan *r)
{
    switch ((ArgKind)r->kind) {
    case ARG_PLAIN:
    case ARG_BOOL:
    case ARG_CHAR_NARROW:
        return;
    case ARG_STRING:
        ilb_op_token(b, IL_CALL, ilb_method(b, plan_marshal_fn(r->wide ? "StringToCoTaskMemUni" : "StringToCoTaskMemUTF8", 1)));
        return;
    default:
        ilb_op(b, IL_POP);
        entry_missing(b, mt, 0);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CONV_I);
    }
}

static void emit_entry(IlBuilder *b, MethodTable *mt, GcHandle h, Method *invoke, const MethodSig *sig, ArgPlan *plans, const ArgPlan *r)
{
    for (u32 i = 0; i < sig->num_params; i++)
        entry_convert(b, mt, i, &plans[i], &sig->params[i]);
    ilb_i8(b, (i64)(uintptr_t)h);
    ilb_op(b, IL_LDIND_REF);
    for (u32 i = 0; i < sig->num_params; i++)
        entry_push(b, i, &plans[i]);
    ilb_op_token(b, IL_CALLVIRT, ilb_method(b, invoke));
    u32 result = 0;
    bool has_result = sig->ret.kind != ET_VOID;
    if (has_result)
        result = ilb_local(b, &r->native);
    if (r->kind == ARG_VALUE) {
        u32 made = ilb_local(b, &sig->ret);
        ilb_local_op(b, IL_STLOC, made);
        ilb_local_op(b, IL_LDLOCA, made);
        ilb_local_op(b, IL_LDLOCA, result);
        ilb_i8(b, (i64)(uintptr_t)r->value);
        ilb_i8(b, NV_TO_NATIVE);
        plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
        ilb_op(b, IL_POP);
    } else if (has_result) {
        entry_result(b, mt, r);
        ilb_local_op(b, IL_STLOC, result);
    }
    for (u32 i = 0; i < sig->num_params; i++)
        if (plans[i].kind == ARG_VALUE_REF && plans[i].out)
            entry_value_ref(b, i, &plans[i], NV_TO_NATIVE);
    if (has_result)
        ilb_local_op(b, IL_LDLOC, result);
    ilb_op(b, IL_RET);
}

/* Preemptive. */
static Method *make_entry(MethodTable *mt, GcHandle h, Err *e)
{
    Method *invoke = vm_delegate_invoke(mt);
    MarshalSource s = {.method = invoke, .sig = type_method_sig(invoke, e), .ctx = type_method_context(invoke),
                       .unicode = is_unicode(mt), .plain = marshal_disabled(mt->module)};
    if (!s.sig)
        return NULL;
    LoadContext *alc = mt->aux->loader_module->alc;
    MethodSig *native = ilb_sig_copy(alc, s.sig, false, NULL);
    ArgPlan *plans = base_calloc(s.sig->num_params + 1u, sizeof *plans), *r = &plans[s.sig->num_params];
    bool ok = true;
    *r = (ArgPlan){.kind = ARG_PLAIN, .native = s.sig->ret};
    for (u32 i = 0; ok && i < s.sig->num_params; i++) {
        ok = plan_arg(&s, &s.sig->params[i], i + 1, &plans[i], e);
        native->params[i] = plans[i].native;
    }
    if (ok && s.sig->ret.kind != ET_VOID)
        ok = plan_arg(&s, &s.sig->ret, 0, r, e);
    Method *m = NULL;
    if (ok) {
        IlBuilder b;
        native->ret = r->native;
        ilb_begin(&b, alc, "delegate entered by native code", NULL);
        emit_entry(&b, mt, h, invoke, s.sig, plans, r);
        m = ilb_finish(&b, type_wk(WK_OBJECT), native, mt->klass->name);
    }
    base_free(plans);
    return m;
}

static NativePointer *new_pointer(Thread *t, Object *delegate, Err *e)
{
    GcHandle h = gc_handle_new(t->domain, GC_HANDLE_WEAK_TRACK, delegate);
    MethodTable *mt = delegate->mt;
    Method *entry;
    PREEMPTIVE(t) { entry = make_entry(mt, h, e); }
    if (!entry) {
        gc_handle_free(h);
        return NULL;
    }
    NativePointer *p = base_calloc(1, sizeof *p);
    *p = (NativePointer){.delegate = h, .mt = mt};
    /* a struct returned in memory: both conventions pass the buffer first, since the entry is static */
    p->thunk = code_reverse_thunk(type_method_context_of(entry), &entry->entry, vm_stack_words(entry->msig, true, false), NULL);
    return p;
}

static void *enter_table(Thread *t, Object *delegate, i32 hash, Err *e)
{
    Object *volatile held = delegate;
    os_mutex_lock(&table_lock);
    if (in_table >= sweep_at)
        sweep_table();
    NativePointer *p = take_unused(delegate->mt);
    os_mutex_unlock(&table_lock);
    if (p)
        gc_handle_set(p->delegate, held);
    else if (!(p = new_pointer(t, held, e)))
        return NULL;
    p->hash = hash;
    os_mutex_lock(&table_lock);
    void *thunk = find(held, hash);
    if (thunk) { /* another thread was quicker */
        gc_handle_set(p->delegate, NULL);
        put_aside(p);
    } else {
        insert(p);
        thunk = p->thunk;
    }
    os_mutex_unlock(&table_lock);
    return thunk;
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
    return enter_table(t, delegate, hash, e);
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
    if (o) {
        vm_throw_invalid_cast(t, th_of(o->mt), th_of(mt));
        return NULL;
    }
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
    MarshalSource s = {.method = invoke, .ctx = type_method_context(invoke), .first_arg = 1, .unicode = is_unicode(mt),
                       .plain = marshal_disabled(mt->module)};
    s.sig = type_method_sig(invoke, e);
    if (!s.sig)
        return NULL;
    IlBuilder b;
    ilb_begin(&b, mt->aux->loader_module->alc, "delegate over a native function", NULL);
    if (!marshal_emit_call(&b, &s, push_aux, NULL, e))
        return NULL;
    return ilb_finish(&b, type_wk(WK_OBJECT), s.sig, "Invoke");
}

void interop_delegate_init(void)
{
    vm_native_invoke_stub = native_invoke_stub;
    vm_unload_hook(forget_dying, interop_libraries_forget);
}
