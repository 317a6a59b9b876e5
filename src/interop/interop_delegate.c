/* interop_delegate.c: native function pointers made of delegates, and delegates over native functions.
 * A delegate's pointer is a reverse thunk to a static IL stub of its own, which finds the delegate through a weak handle: the pointer does not
 * keep the delegate alive (the program must), and is the same for the same object.  The pointer of a delegate that has died serves
 * another one of its type, after a while; those of an unloaded type go with it.
 * Lock: table_lock guards the table; nothing runs under it.  Book: interop.md  Tests: tests/app */
#include "interop/interop_plan.h"
#include "interop/interop_value.h"

#include "md/md_attr.h"
#include "os/os_thread.h"
#include "vm/vm_throw.h"
#include "vm/vm_trace.h"
#include "vm/vm_unload.h"

#include <stdio.h>

typedef struct NativePointer {
    GcHandle delegate; /* tracking weak */
    MethodTable *mt;
    void *thunk;
    i32 hash;
    u8 bad_sequence, bad_why;   /* bad_why: the first parameter or result that has no conversion, as plan_refuse takes them; 0: none */
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

static NativePointer *find_pointer(Object *delegate, i32 hash)
{
    for (NativePointer *p = table[(u32)hash % BUCKETS]; p; p = p->next)
        if (p->hash == hash && gc_handle_get(p->delegate) == delegate)
            return p;
    return NULL;
}

static void *find(Object *delegate, i32 hash)
{
    NativePointer *p = find_pointer(delegate, hash);
    return p ? p->thunk : NULL;
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
/* UnmanagedFunctionPointerAttribute */
static bool is_unicode(MethodTable *mt)
{
    const MdImage *md = mt->module->md;
    u32 row = md_find_attribute(md, mt->klass->token, "System.Runtime.InteropServices", "UnmanagedFunctionPointerAttribute");
    MdAttrValue v;
    return row && md_attr_find_named(md, row, "CharSet", &v) && v.i == 3;
}

static bool sets_last_error(MethodTable *mt)
{
    const MdImage *md = mt->module->md;
    u32 row = md_find_attribute(md, mt->klass->token, "System.Runtime.InteropServices", "UnmanagedFunctionPointerAttribute");
    MdAttrValue v;
    return row && md_attr_find_named(md, row, "SetLastError", &v) && v.i;
}

typedef struct Entry {
    IlBuilder *b;
    const MarshalSource *s;
    ArgPlan *plans, *r;
} Entry;

static void *refused(char *nothing, i64 sequence, i64 why, i64 x)
{
    (void)nothing, (void)x;
    Err e = {0};
    plan_refuse((u32)sequence, &(ArgPlan){.why = (u8)why}, &e);
    vm_throw_err(thread_current(), &e);
    return NULL;
}

/* The declaration of the native method that called is shown too. */
static NORETURN void *collected(char *nothing, MethodTable *mt, i64 x, i64 y)
{
    Thread *t = thread_current();
    char type[512];
    (void)nothing, (void)x, (void)y;
    type_name(th_of(mt), TN_NAMESPACE | TN_REFLECTION, type, sizeof type);
    fprintf(stderr, "Process terminated.\nA callback was made on a garbage collected delegate of type '%s!%s::Invoke'.\n",
            mt->module->assembly->name, type);
    CodeWalk w;
    code_walk_init(&w, t->record);
    while (code_walk_next(&w) && w.frame.code->is_stub) {
        Method *m = w.frame.code->method;
        if (m->flags & MF_STUB && m->il_stub->target)
            vm_trace_print_method(m->il_stub->target);
    }
    vm_trace_print(t, 0);
    fflush(NULL);
    vm_abort();
}

static void helper(IlBuilder *b, void *fn, i64 x, i64 y, i64 z)
{
    SigType i = plan_prim(ET_I);
    ilb_local_op(b, IL_LDLOCA, ilb_local(b, &i));
    ilb_i8(b, x);
    ilb_i8(b, y);
    ilb_i8(b, z);
    plan_call_helper(b, fn, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

/* Says so only when it is called. */
static void entry_refuse(IlBuilder *b, u32 sequence, const ArgPlan *a) { helper(b, (void *)refused, sequence, a->why, 0); }

/* The managed value is in a->local; the native one is argument `arg`, or where that points to. */
static void entry_value(IlBuilder *b, u32 arg, const ArgPlan *a, NativeOp op)
{
    ilb_local_op(b, IL_LDLOCA, a->local);
    if (a->kind == ARG_VALUE_REF)
        ilb_ldarg(b, arg);
    else
        ilb_local_op(b, IL_LDARGA, arg);
    ilb_i8(b, (i64)(uintptr_t)a->value);
    ilb_i8(b, (i64)op);
    plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

static void entry_array(const Entry *n, u32 arg, const ArgPlan *a)
{
    IlBuilder *b = n->b;
    ilb_ldarg(b, arg);
    if (a->kind == ARG_ARRAY_REF)
        ilb_op(b, IL_LDIND_I);
    if (a->spec.count_param >= 0) {
        ilb_ldarg(b, (u32)a->spec.count_param);
        if (n->s->sig->params[a->spec.count_param].kind == ET_BYREF)
            ilb_op(b, IL_LDIND_I4);
        ilb_op(b, IL_CONV_I);
        ilb_i8(b, a->spec.count);
        ilb_op(b, IL_ADD);
    } else {
        ilb_i8(b, MAX(a->spec.count, 1u));
    }
    ilb_i8(b, (i64)(uintptr_t)a->value);
    ilb_i8(b, (i64)th_mt(a->type)->elem);
    plan_call_helper(b, (void *)helper_array_in, HELPER_ADDRESS, true);
    ilb_local_op(b, IL_STLOC, a->local);
}

static void entry_custom(IlBuilder *b, u32 arg, const ArgPlan *a, const char *name)
{
    plan_push_custom(b, a, a->local);
    ilb_local_op(b, IL_LDLOCA, a->local);
    if (a->kind == ARG_CUSTOM_REF)
        ilb_ldarg(b, arg);
    else
        ilb_local_op(b, IL_LDARGA, arg);
    plan_call_custom(b, name);
}

static u32 managed_local(IlBuilder *b, TypeHandle th)
{
    SigType type = ilb_sigtype(th);
    if (type.kind == ET_CLASS)
        type = plan_prim(ET_OBJECT);
    return ilb_local(b, &type);
}

/* Native argument `arg` to what the delegate gets, in a->local (PLAIN, BYREF: left where it is). */
static void entry_convert(const Entry *n, u32 arg, ArgPlan *a)
{
    IlBuilder *b = n->b;
    if (a->kind == ARG_BAD) {
        entry_refuse(b, arg + 1, a);
        return;
    }
    if (a->kind == ARG_PLAIN || a->kind == ARG_BYREF)
        return;
    a->local = managed_local(b, a->type);
    switch ((ArgKind)a->kind) {
    case ARG_BOOL:
        ilb_ldarg(b, arg);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        ilb_local_op(b, IL_STLOC, a->local);
        return;
    case ARG_VALUE:
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
        if (a->in || a->kind == ARG_VALUE)
            entry_value(b, arg, a, NV_TO_MANAGED);
        return;
    case ARG_ARRAY:
    case ARG_ARRAY_COPY:
    case ARG_ARRAY_REF:
        if (a->in || a->kind != ARG_ARRAY_REF)
            entry_array(n, arg, a);
        return;
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
        if (a->in)
            entry_custom(b, arg, a, "ConvertContentsToManaged");
        return;
    default:
        return;
    }
}

/* After the call: into the memory that native code gave. */
static void entry_back(const Entry *n, u32 arg, const ArgPlan *a)
{
    IlBuilder *b = n->b;
    switch ((ArgKind)a->kind) {
    case ARG_VALUE:
        if (!a->out || a->value->kind != NV_BUILDER)
            return;
        ilb_local_op(b, IL_LDLOC, a->local);
        ilb_ldarg(b, arg);
        ilb_i8(b, a->value->form);
        ilb_i8(b, 0);
        plan_call_helper(b, (void *)helper_builder_back, HELPER_OBJECT, false);
        ilb_op(b, IL_POP);
        return;
    case ARG_VALUE_REF:
        if (a->out && a->in)
            entry_value(b, arg, a, NV_FREE);
        if (a->out)
            entry_value(b, arg, a, NV_TO_NATIVE);
        return;
    case ARG_OBJECT_REF:
    case ARG_ARRAY:
    case ARG_ARRAY_COPY:
        if (!a->out)
            return;
        ilb_ldarg(b, arg);
        u32 null = ilb_branch(b, IL_BRFALSE);
        ilb_local_op(b, IL_LDLOC, a->local);
        ilb_ldarg(b, arg);
        ilb_i8(b, a->kind == ARG_OBJECT_REF ? (i64)a->type : (i64)(uintptr_t)a->value);
        ilb_i8(b, NV_TO_NATIVE);
        plan_call_helper(b, a->kind == ARG_OBJECT_REF ? (void *)helper_object : (void *)helper_array, HELPER_OBJECT, false);
        ilb_op(b, IL_POP);
        ilb_bind(b, null);
        return;
    case ARG_ARRAY_REF:
        if (!a->out)
            return;
        ilb_local_op(b, IL_LDLOCA, a->local);
        ilb_ldarg(b, arg);
        ilb_i8(b, (i64)(uintptr_t)a->value);
        ilb_i8(b, NV_TO_NATIVE);
        plan_call_helper(b, (void *)helper_array_ref, HELPER_ADDRESS, false);
        ilb_op(b, IL_POP);
        return;
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
        if (a->out && a->in)
            entry_custom(b, arg, a, "ClearNative");
        if (a->out)
            entry_custom(b, arg, a, "ConvertContentsToNative");
        return;
    default:
        return;
    }
}

static void entry_push(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    if (a->kind == ARG_PLAIN || a->kind == ARG_BYREF)
        ilb_ldarg(b, arg);
    else
        ilb_local_op(b, a->kind == ARG_VALUE_REF || a->kind == ARG_ARRAY_REF || a->kind == ARG_CUSTOM_REF ? IL_LDLOCA : IL_LDLOC, a->local);
}

static void result_custom(const Entry *n, u32 made, u32 into, const char *name)
{
    plan_push_custom(n->b, n->r, made);
    ilb_local_op(n->b, IL_LDLOCA, made);
    ilb_local_op(n->b, IL_LDLOCA, into);
    plan_call_custom(n->b, name);
}

/* The managed result is on the stack; leaves the native one in local `into`. */
static void entry_result(const Entry *n, u32 into)
{
    IlBuilder *b = n->b;
    const ArgPlan *r = n->r;
    if (r->kind != ARG_VALUE && r->kind != ARG_CUSTOM) {
        ilb_local_op(b, IL_STLOC, into);
        return;
    }
    u32 made = managed_local(b, r->type);
    ilb_local_op(b, IL_STLOC, made);
    if (r->kind == ARG_VALUE) {
        ilb_local_op(b, IL_LDLOCA, made);
        ilb_local_op(b, IL_LDLOCA, into);
        ilb_i8(b, (i64)(uintptr_t)r->value);
        ilb_i8(b, NV_TO_NATIVE);
        plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
        ilb_op(b, IL_POP);
        return;
    }
    result_custom(n, made, into, "ConvertContentsToNative");
    n->r->local = made;
}

static void emit_entry(const Entry *n, MethodTable *mt, GcHandle h)
{
    IlBuilder *b = n->b;
    const MethodSig *sig = n->s->sig;
    bool has_result = sig->ret.kind != ET_VOID;
    SigType object = plan_prim(ET_OBJECT);
    u32 target = ilb_local(b, &object), result = 0;
    ilb_i8(b, (i64)(uintptr_t)h);
    ilb_op(b, IL_LDIND_REF);
    ilb_local_op(b, IL_STLOC, target);
    ilb_local_op(b, IL_LDLOC, target);
    u32 alive = ilb_branch(b, IL_BRTRUE);
    helper(b, (void *)collected, (i64)(uintptr_t)mt, 0, 0);
    ilb_bind(b, alive);
    if (n->r->kind == ARG_BAD)
        entry_refuse(b, 0, n->r);
    for (u32 i = 0; i < sig->num_params; i++) /* marshalers are made before anything is converted */
        if (n->plans[i].kind == ARG_CUSTOM || n->plans[i].kind == ARG_CUSTOM_REF)
            plan_make_custom(b, &n->plans[i], target);
    for (u32 i = 0; i < sig->num_params; i++)
        entry_convert(n, i, &n->plans[i]);
    if (has_result && n->r->kind == ARG_CUSTOM)
        plan_make_custom(b, n->r, target);
    ilb_local_op(b, IL_LDLOC, target);
    for (u32 i = 0; i < sig->num_params; i++)
        entry_push(b, i, &n->plans[i]);
    ilb_op_token(b, IL_CALLVIRT, ilb_method(b, n->s->method));
    if (has_result) {
        result = ilb_local(b, &n->r->native);
        entry_result(n, result);
    }
    for (u32 i = 0; i < sig->num_params; i++)
        entry_back(n, i, &n->plans[i]);
    for (u32 i = 0; i < sig->num_params; i++)
        if (n->plans[i].kind == ARG_CUSTOM || n->plans[i].kind == ARG_CUSTOM_REF)
            entry_custom(b, i, &n->plans[i], "ClearManaged");
    if (has_result && n->r->kind == ARG_CUSTOM)
        result_custom(n, n->r->local, result, "ClearManaged");
    if (has_result)
        ilb_local_op(b, IL_LDLOC, result);
    ilb_op(b, IL_RET);
}

/* Preemptive. */
static Method *make_entry(MethodTable *mt, GcHandle h, NativePointer *p, Err *e)
{
    Method *invoke = vm_delegate_invoke(mt);
    MarshalSource s = {.method = invoke, .sig = type_method_sig(invoke, e), .ctx = type_method_context(invoke),
                       .unicode = is_unicode(mt), .plain = marshal_disabled(mt->module), .reverse = true};
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
        if (plans[i].kind == ARG_BAD && !p->bad_why)
            p->bad_sequence = (u8)(i + 1), p->bad_why = plans[i].why;
    }
    if (ok && s.sig->ret.kind != ET_VOID) {
        ok = plan_arg(&s, &s.sig->ret, 0, r, e);
        native->ret = r->native;
        if (r->kind == ARG_BAD && !p->bad_why)
            p->bad_why = r->why;
    }
    Method *m = NULL;
    if (ok) {
        IlBuilder b;
        ilb_begin(&b, alc, "delegate entered by native code", NULL);
        emit_entry(&(Entry){&b, &s, plans, r}, mt, h);
        m = ilb_finish(&b, type_wk(WK_OBJECT), native, mt->klass->name);
    }
    base_free(plans);
    return m;
}

static NativePointer *new_pointer(Thread *t, Object *delegate, Err *e)
{
    GcHandle h = gc_handle_new(t->domain, GC_HANDLE_WEAK_TRACK, delegate);
    NativePointer *p = base_calloc(1, sizeof *p);
    Method *entry;
    p->delegate = h;
    p->mt = delegate->mt;
    PREEMPTIVE(t) { entry = make_entry(p->mt, h, p, e); }
    if (!entry) {
        discard(p);
        return NULL;
    }
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

bool interop_delegate_can_enter(Thread *t, Object *delegate, Err *e)
{
    i32 hash = sync_hash_code(t, delegate);
    os_mutex_lock(&table_lock);
    NativePointer *p = find_pointer(delegate, hash);
    ArgPlan bad = {.why = p ? p->bad_why : 0};
    u32 sequence = p ? p->bad_sequence : 0;
    os_mutex_unlock(&table_lock);
    return !bad.why || plan_refuse(sequence, &bad, e);
}

static Object *original(void *fn)
{
    for (u32 i = 0; i < BUCKETS; i++)
        for (NativePointer *p = table[i]; p; p = p->next)
            if (p->thunk == fn)
                return gc_handle_get(p->delegate);
    return NULL;
}

Object *interop_delegate_original(void *fn)
{
    os_mutex_lock(&table_lock);
    Object *o = original(fn);
    os_mutex_unlock(&table_lock);
    return o;
}

Object *interop_delegate_from_native(Thread *t, MethodTable *mt, void *fn)
{
    Object *o = interop_delegate_original(fn);
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
    MarshalSource s = {.method = invoke, .ctx = type_method_context(invoke), .first_arg = 1, .unicode = is_unicode(mt),
                       .set_last_error = sets_last_error(mt),
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
