/* interop_com.c: what ComWrappers asks of the runtime: IUnknown of managed objects, the tracker's interface, handles that count.
 * A native pointer leads into a table of up to seven vtables aligned to 64 bytes, whose first word is the ManagedObjectWrapper; its layout
 * is CoreLib's.  AddRef and Release are plain C, as native code may call them at any time, from threads that are not ours.  The rest calls
 * the methods that ManagedObjectWrapper has, through reverse thunks.
 * Book: interop.md  Tests: tests/app/InteropComWrappers.cs */
#include "interop/interop_plan.h"
#include "vm/vm_roots.h"

typedef struct Wrapper { /* ComWrappers.ManagedObjectWrapper */
    void *holder;        /* GC handle */
    u64 refs;            /* low 31 bits: COM; bit 31: to be destroyed; high half: the reference tracker */
    u32 flags;
    i32 num_user;
    void *user, *dispatches;
} Wrapper;
enum { COM_COUNT = 0x7fffffff, E_FAIL_ = (i32)0x80004005 };
enum { FN_QUERY, FN_QUERY_TRACKER, FN_ADDREF_TRACKER, FN_RELEASE_TRACKER, FN_PEG, FN_UNPEG, NUM_FNS };

static Wrapper *wrapper_of(void *dispatch) { return *(Wrapper **)((uintptr_t)dispatch & ~(uintptr_t)63); }

static u32 add_ref(void *dispatch) { return (u32)__atomic_add_fetch(&wrapper_of(dispatch)->refs, 1, __ATOMIC_ACQ_REL) & COM_COUNT; }

static u32 release(void *dispatch)
{
    Wrapper *w = wrapper_of(dispatch);
    if (!(__atomic_load_n(&w->refs, __ATOMIC_ACQUIRE) & COM_COUNT))
        return UINT32_MAX;
    return (u32)__atomic_sub_fetch(&w->refs, 1, __ATOMIC_ACQ_REL) & COM_COUNT;
}

static u32 untracked(void *dispatch)
{
    (void)dispatch;
    return 1;
}

static i32 is_this_runtime(void *dispatch, void *version)
{
    (void)dispatch;
    return version == (void *)(uintptr_t)is_this_runtime ? 0 : E_FAIL_;
}

/* A native function that calls a method of ManagedObjectWrapper. */
static void *method_thunk(u32 which)
{
    static const struct {
        const char *name;
        u32 params;
    } fns[NUM_FNS] = {{"QueryInterface", 2}, {"QueryInterfaceForTracker", 2}, {"AddRefFromReferenceTracker", 0}, {"ReleaseFromReferenceTracker", 0},
                      {"Peg", 0}, {"Unpeg", 0}};
    static void *made[NUM_FNS];
    void *p = __atomic_load_n(&made[which], __ATOMIC_ACQUIRE);
    if (p)
        return p;
    MethodTable *mt = plan_core("System.Runtime.InteropServices", "ComWrappers+ManagedObjectWrapper");
    Method *m = type_method_by_name(mt, fns[which].name, (i32)fns[which].params);
    CHECKF(m != NULL, "ManagedObjectWrapper.%s", fns[which].name);
    SigType params[3] = {plan_prim(ET_I), plan_prim(ET_I), plan_prim(ET_I)};
    MethodSig sig = {.sentinel = 0xffff, .ret = plan_prim(ET_I4), .params = params, .num_params = (u16)(1 + fns[which].params)};
    IlBuilder b;
    ilb_begin(&b, type_corelib->alc, "COM", NULL);
    ilb_ldarg(&b, 0);
    ilb_i8(&b, -64);
    ilb_op(&b, IL_AND);
    ilb_op(&b, IL_LDIND_I);
    for (u32 i = 0; i < fns[which].params; i++)
        ilb_ldarg(&b, i + 1);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, m));
    ilb_op(&b, IL_RET);
    Method *entry = ilb_finish(&b, type_wk(WK_OBJECT), &sig, fns[which].name);
    p = code_reverse_thunk(NULL, &entry->entry, 0, NULL);
    void *none = NULL;
    return __atomic_compare_exchange_n(&made[which], &none, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? p : none;
}

void interop_com_unknown(void **query, void **add, void **rel)
{
    *query = method_thunk(FN_QUERY);
    *add = (void *)(uintptr_t)add_ref;
    *rel = (void *)(uintptr_t)release;
}

void *interop_com_untracked(void) { return (void *)(uintptr_t)untracked; }
void *interop_com_tagged(void) { return (void *)(uintptr_t)is_this_runtime; }

void *interop_com_tracker_target(void)
{
    static void *table[7];
    if (!__atomic_load_n(&table[6], __ATOMIC_ACQUIRE)) {
        table[0] = method_thunk(FN_QUERY_TRACKER);
        table[1] = (void *)(uintptr_t)add_ref;
        table[2] = (void *)(uintptr_t)release;
        for (u32 i = FN_ADDREF_TRACKER; i < FN_UNPEG; i++)
            table[3 + i - FN_ADDREF_TRACKER] = method_thunk(i);
        __atomic_store_n(&table[6], method_thunk(FN_UNPEG), __ATOMIC_RELEASE);
    }
    return table;
}

/* World stopped.  The handle's object is a ManagedObjectWrapperHolder. */
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
