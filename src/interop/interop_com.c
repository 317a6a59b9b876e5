/* interop_com.c: what ComWrappers asks of the runtime: IUnknown of managed objects, the reference tracker's interface, handles that count.
 * A native pointer leads into a table of up to seven vtables aligned to 64 bytes, whose first word is the ManagedObjectWrapper; its layout
 * is CoreLib's.  All is plain C, as native code may call at any time and from threads that are not ours; only ICustomQueryInterface and the
 * end of a wrapper are managed code, reached through reverse thunks.
 * Book: interop.md  Tests: tests/app/InteropComWrappers.cs */
#include "interop/interop_plan.h"
#include "vm/vm_roots.h"

typedef struct Guid {
    u64 a, b;
} Guid;
typedef struct ComEntry { /* ComWrappers.ComInterfaceEntry */
    Guid iid;
    void *vtable;
} ComEntry;
typedef struct Wrapper { /* ComWrappers.ManagedObjectWrapper */
    void *holder;        /* GC handle */
    u64 refs;            /* low 31 bits: COM; bit 31: to be destroyed; high half: the reference tracker */
    u32 flags;
    i32 num_user;
    const ComEntry *user;
    char *dispatches;
} Wrapper;
enum { WRAPPER_CALLER_IUNKNOWN = 1, WRAPPER_TRACKER = 2, WRAPPER_NO_CUSTOM_QUERY = 1 << 29 };
#define WRAPPER_PEGGED 0x80000000u
#define COM_COUNT 0x7fffffffu
#define DESTROYED 0x80000000u
enum { PER_TABLE = 7 };
enum { S_OK = 0, E_NO_INTERFACE = (i32)0x80004002, E_POINTER_ = (i32)0x80004003, E_FAIL_ = (i32)0x80004005, E_DEAD_WRAPPER = (i32)0x80131544 };
enum { QUERY_HANDLED, QUERY_NOT_HANDLED, QUERY_FAILED, QUERY_NONE = -1 };
static const Guid iid_unknown = {0, 0x46000000000000c0}, iid_tracker_target = {0x4ec4bfee64bd43f8, 0x21ae8d153529ebb7},
                  iid_tagged = {0x47264f325c13e51c, 0xa0a33dd6edf3fda3};

static Wrapper *wrapper_of(void *dispatch) { return *(Wrapper **)((uintptr_t)dispatch & ~(uintptr_t)63); }
static bool same(const Guid *x, const Guid *y) { return x->a == y->a && x->b == y->b; }

/* ---- managed code --------------------------------------------------------------------------------------------------------------------- */
static void *publish(void **cell, Method *entry)
{
    void *p = code_reverse_thunk(NULL, &entry->entry, 0, NULL), *none = NULL;
    return __atomic_compare_exchange_n(cell, &none, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? p : none;
}

static Method *wrapper_fn(const char *name, i32 n)
{
    return plan_core_fn("System.Runtime.InteropServices", "ComWrappers+ManagedObjectWrapper", name, n);
}

static void signature(MethodSig *sig, SigType *params, u32 n)
{
    for (u32 i = 0; i < n; i++)
        params[i] = plan_prim(ET_I);
    *sig = (MethodSig){.sentinel = 0xffff, .ret = plan_prim(ET_I4), .params = params, .num_params = (u16)n};
}

static void *custom_query_code;
static void *destroy_code;

/* int (wrapper, iid, out): QUERY_; an exception is a failure */
static void make_custom_query(void)
{
    if (__atomic_load_n(&custom_query_code, __ATOMIC_ACQUIRE))
        return;
    SigType params[3], i4 = plan_prim(ET_I4);
    MethodSig sig;
    IlBuilder b;
    signature(&sig, params, 3);
    ilb_begin(&b, type_corelib->alc, "COM query", NULL);
    u32 result = ilb_local(&b, &i4);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, wrapper_fn("get_Holder", 0)));
    ilb_ldarg(&b, 1);
    ilb_ldarg(&b, 2);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, plan_core_fn("System.Runtime.InteropServices", "ComWrappers", "CallICustomQueryInterface", 3)));
    ilb_local_op(&b, IL_STLOC, result);
    u32 out = ilb_branch(&b, IL_LEAVE), handler = ilb_pos(&b);
    ilb_op(&b, IL_POP);
    ilb_op(&b, IL_LDC_I4_2);
    ilb_local_op(&b, IL_STLOC, result);
    u32 out2 = ilb_branch(&b, IL_LEAVE);
    u32 clause[6] = {0 /* catch */, 0, handler, handler, ilb_pos(&b) - handler, ilb_type(&b, th_of(type_wk(WK_OBJECT)))};
    b.stub->clauses = memcpy(type_alloc(b.alc, HEAP_COLD, sizeof clause), clause, sizeof clause);
    b.stub->num_clauses = 1;
    ilb_bind(&b, out);
    ilb_bind(&b, out2);
    ilb_local_op(&b, IL_LDLOC, result);
    ilb_op(&b, IL_RET);
    publish(&custom_query_code, ilb_finish(&b, type_wk(WK_OBJECT), &sig, "query"));
}

/* int (wrapper) */
static void make_destroy(void)
{
    if (__atomic_load_n(&destroy_code, __ATOMIC_ACQUIRE))
        return;
    SigType params[1];
    MethodSig sig;
    IlBuilder b;
    signature(&sig, params, 1);
    ilb_begin(&b, type_corelib->alc, "COM destroy", NULL);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, wrapper_fn("Destroy", 0)));
    ilb_op(&b, IL_RET);
    publish(&destroy_code, ilb_finish(&b, type_wk(WK_OBJECT), &sig, "destroy"));
}

/* ---- IUnknown -------------------------------------------------------------------------------------------------------------------------- */
static u32 add_ref(void *dispatch) { return (u32)__atomic_add_fetch(&wrapper_of(dispatch)->refs, 1, __ATOMIC_ACQ_REL) & COM_COUNT; }

static u32 release(void *dispatch)
{
    Wrapper *w = wrapper_of(dispatch);
    if (!(__atomic_load_n(&w->refs, __ATOMIC_ACQUIRE) & COM_COUNT))
        return UINT32_MAX;
    return (u32)__atomic_sub_fetch(&w->refs, 1, __ATOMIC_ACQ_REL) & COM_COUNT;
}

/* Tables of eight words: the wrapper, then vtables. */
static void *dispatch_at(const Wrapper *w, u32 i) { return w->dispatches + (size_t)(i / PER_TABLE) * 64 + 8 + (size_t)(i % PER_TABLE) * 8; }

/* After the user's entries: IUnknown unless the user has it, the tracker's, the mark of this runtime. */
static void *runtime_defined(const Wrapper *w, const Guid *iid)
{
    u32 i = (u32)w->num_user;
    if (!(w->flags & WRAPPER_CALLER_IUNKNOWN)) {
        if (same(iid, &iid_unknown))
            return dispatch_at(w, i);
        i++;
    }
    if (w->flags & WRAPPER_TRACKER) {
        if (same(iid, &iid_tracker_target))
            return dispatch_at(w, i);
        i++;
    }
    return same(iid, &iid_tagged) ? dispatch_at(w, i) : NULL;
}

static void *user_defined(const Wrapper *w, const Guid *iid)
{
    for (i32 i = 0; i < w->num_user; i++)
        if (same(iid, &w->user[i].iid))
            return dispatch_at(w, (u32)i);
    return NULL;
}

static i32 query(void *dispatch, const Guid *iid, void **out)
{
    Wrapper *w = wrapper_of(dispatch);
    if (!out)
        return E_POINTER_;
    void *p = runtime_defined(w, iid);
    *out = NULL;
    if (!p && !(__atomic_load_n(&w->flags, __ATOMIC_ACQUIRE) & WRAPPER_NO_CUSTOM_QUERY)) {
        switch (((i32(*)(Wrapper *, const Guid *, void **))custom_query_code)(w, iid, out)) {
        case QUERY_HANDLED: return S_OK;
        case QUERY_FAILED:
            *out = NULL;
            return E_NO_INTERFACE;
        case QUERY_NONE: __atomic_or_fetch(&w->flags, WRAPPER_NO_CUSTOM_QUERY, __ATOMIC_ACQ_REL); break;
        default: break;
        }
    }
    if (!p)
        p = user_defined(w, iid);
    *out = p;
    if (!p)
        return E_NO_INTERFACE;
    add_ref(p);
    return S_OK;
}

void interop_com_unknown(void **out_query, void **out_add, void **out_release)
{
    make_custom_query();
    *out_query = (void *)(uintptr_t)query;
    *out_add = (void *)(uintptr_t)add_ref;
    *out_release = (void *)(uintptr_t)release;
}

static u32 untracked(void *dispatch)
{
    (void)dispatch;
    return 1;
}

static i32 is_this_runtime(void *dispatch, void *version)
{
    (void)dispatch;
    return version == (void *)(uintptr_t)is_this_runtime ? S_OK : E_FAIL_;
}

void *interop_com_untracked(void) { return (void *)(uintptr_t)untracked; }
void *interop_com_tagged(void) { return (void *)(uintptr_t)is_this_runtime; }

/* ---- IReferenceTrackerTarget -------------------------------------------------------------------------------------------------------------- */
static i32 tracker_query(void *dispatch, const Guid *iid, void **out)
{
    Wrapper *w = wrapper_of(dispatch);
    if (!w->holder || (__atomic_load_n(&w->refs, __ATOMIC_ACQUIRE) & DESTROYED)) {
        *out = NULL;
        return E_DEAD_WRAPPER;
    }
    return query(dispatch, iid, out);
}

static u32 tracker_add_ref(void *dispatch) { return (u32)(__atomic_add_fetch(&wrapper_of(dispatch)->refs, 1ull << 32, __ATOMIC_ACQ_REL) >> 32); }

static u32 tracker_release(void *dispatch)
{
    Wrapper *w = wrapper_of(dispatch);
    u64 now = __atomic_sub_fetch(&w->refs, 1ull << 32, __ATOMIC_ACQ_REL);
    if (now == DESTROYED)
        ((i32(*)(Wrapper *))destroy_code)(w);
    return (u32)(now >> 32);
}

static i32 tracker_peg(void *dispatch)
{
    __atomic_or_fetch(&wrapper_of(dispatch)->flags, WRAPPER_PEGGED, __ATOMIC_ACQ_REL);
    return S_OK;
}

static i32 tracker_unpeg(void *dispatch)
{
    __atomic_and_fetch(&wrapper_of(dispatch)->flags, ~WRAPPER_PEGGED, __ATOMIC_ACQ_REL);
    return S_OK;
}

void *interop_com_tracker_target(void)
{
    static void *table[7];
    make_custom_query();
    make_destroy();
    table[0] = (void *)(uintptr_t)tracker_query;
    table[1] = (void *)(uintptr_t)add_ref;
    table[2] = (void *)(uintptr_t)release;
    table[3] = (void *)(uintptr_t)tracker_add_ref;
    table[4] = (void *)(uintptr_t)tracker_release;
    table[5] = (void *)(uintptr_t)tracker_peg;
    table[6] = (void *)(uintptr_t)tracker_unpeg;
    return table;
}

/* ---- handles that count ---------------------------------------------------------------------------------------------------------------- */
/* World stopped.  The handle's object is a ManagedObjectWrapperHolder.  All wrappers count as pegged unless a tracker says otherwise. */
static bool is_rooted(GcHandle h)
{
    Object *holder = gc_handle_get(h);
    const Wrapper *w = holder ? CF_VAL(holder, WRAPPER_HOLDER_WRAPPER, const Wrapper *) : NULL;
    return w && ((w->refs & COM_COUNT) || (w->refs >> 32));
}

void *interop_com_handle(Thread *t, Object *holder)
{
    vm_gc_refcounted = is_rooted;
    return gc_handle_new(t->domain, GC_HANDLE_REFCOUNTED, holder);
}
