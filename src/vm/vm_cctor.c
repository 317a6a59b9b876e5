/* vm_cctor.c: class constructors (§II.10.5.3): run once, waited for by other threads, their failure kept.
 * A thread that would wait for one that (through others) waits for it goes on and sees the type half initialised (§II.10.5.3.3).
 * Locks: init_lock guards ClassInit and the waits; no managed code runs and no mode changes under it.
 * In neutral mode the state is the domain's (DomainType.init), compiled code tests DomainType.ready and AUX_CLASS_INITED stays clear (D12).
 * Book: vm.md  Tests: tests/il, tests/app */
#include "vm/vm_code.h"

#include "os/os_thread.h"

#include <stdio.h>

typedef enum InitState { INIT_NONE, INIT_RUNNING, INIT_DONE, INIT_FAILED } InitState;
typedef struct ClassInit {
    u32 state;          /* InitState; released when DONE */
    Thread *owner;      /* RUNNING */
    GcHandle exception; /* FAILED: the TypeInitializationException */
} ClassInit;

static OsMutex init_lock = OS_MUTEX_INIT;
static OsCond init_cond;
static bool cond_ready;
static Map64 waits;       /* Thread * -> ClassInit * it waits for */

static ClassInit **init_cell(Thread *t, MethodTable *mt)
{
    return vm_runtime.neutral ? &t->domain->types[mt->aux->type_id].init : &mt->aux->init;
}

static ClassInit *init_of(Thread *t, MethodTable *mt)
{
    ClassInit **cell = init_cell(t, mt), *ci = *cell;
    if (!ci) {
        ci = type_alloc(mt->aux->loader_module->alc, HEAP_COLD, sizeof *ci);
        __atomic_store_n(cell, ci, __ATOMIC_RELEASE);
    }
    return ci;
}

/* Would t, waiting for ci, wait for itself? Lock held. */
static bool is_cycle(Thread *t, const ClassInit *ci)
{
    for (u32 steps = 0; ci && ci->state == INIT_RUNNING && steps < 10000; steps++) {
        if (ci->owner == t)
            return true;
        ci = map64_ptr(&waits, (u64)(uintptr_t)ci->owner);
    }
    return false;
}

static void set_flag(MethodTable *mt)
{
    char *statics = type_statics(mt);
    if (vm_runtime.neutral)
        __atomic_store_n(&type_in_domain(mt)->ready, statics, __ATOMIC_RELEASE);
    else
        __atomic_fetch_or(&mt->aux->flags, AUX_CLASS_INITED, __ATOMIC_RELEASE);
}

bool vm_class_is_ready(MethodTable *mt)
{
    if (vm_runtime.neutral)
        return __atomic_load_n(&type_in_domain(mt)->ready, __ATOMIC_ACQUIRE) != NULL;
    return (__atomic_load_n(&mt->aux->flags, __ATOMIC_ACQUIRE) & AUX_CLASS_INITED) != 0;
}

static Method *find_ctor(MethodTable *mt, u32 params, bool strings)
{
    MtClass *k = mt->klass;
    for (u32 i = 0; i < k->num_methods; i++) {
        Method *m = type_method_by_rid(mt, k->first_method_rid + i, NULL);
        if (!m || !(m->flags & MF_CTOR))
            continue;
        const MethodSig *s = type_method_sig(m, NULL);
        if (s && s->num_params == params && (!strings || (s->params[0].sig && *s->params[0].sig == ET_STRING)))
            return m;
    }
    return NULL;
}

/* t->pending becomes a TypeInitializationException around it; false when that could not be made. */
static void wrap_exception(Thread *t, MethodTable *mt)
{
    Object *inner = t->pending;
    t->pending = NULL;
    GcHandle keep = gc_handle_new(t->domain, GC_HANDLE_STRONG, inner);
    char name[512], text[640];
    /* the definition's own name: neither arguments nor what it is nested in */
    snprintf(name, sizeof name, "%s%s%s", mt->klass->ns, *mt->klass->ns ? "." : "", mt->klass->name);
    snprintf(text, sizeof text, "The type initializer for '%s' threw an exception.", name);
    Err e = {0};
    MethodTable *xt;
    Method *ctor = NULL;
    PREEMPTIVE(t)
    {
        xt = type_load_name(type_corelib, "System", "TypeInitializationException", &e);
        if (xt)
            ctor = find_ctor(xt, 3, true);
    }
    CHECKF(ctor != NULL, "TypeInitializationException has no constructor of three");
    Object *o = gc_alloc(t, xt), *type_text = o ? (Object *)vm_string_utf8(t, name) : NULL;
    Object *message = type_text ? (Object *)vm_string_utf8(t, text) : NULL;
    inner = gc_handle_get(keep);
    if (message && vm_call(t, ctor, (void *[]){&o, &type_text, &message, &inner}, NULL))
        t->pending = o;
    else if (!t->pending)
        t->pending = gc_handle_get(keep);
    gc_handle_free(keep);
}

static bool run(Thread *t, MethodTable *mt, ClassInit *ci)
{
    Err e = {0};
    Method *m = NULL;
    PREEMPTIVE(t)
    {
        type_statics(mt);
        m = type_method_by_rid(mt, mt->klass->cctor_rid, &e);
    }
    LOG(cctor, 1, "run %s", mt->klass->name);
    bool ok = m ? vm_call(t, m, NULL, NULL) : vm_throw_err(t, &e);
    if (!ok)
        wrap_exception(t, mt);
    GcHandle failure = ok ? NULL : type_context_handle(mt->aux->loader_module->alc, t->pending);
    os_mutex_lock(&init_lock);
    if (ok)
        set_flag(mt);
    ci->exception = failure;
    ci->owner = NULL;
    __atomic_store_n(&ci->state, ok ? INIT_DONE : INIT_FAILED, __ATOMIC_RELEASE);
    os_cond_broadcast(&init_cond);
    os_mutex_unlock(&init_lock);
    return ok;
}

/* Has the type's module a constructor that has not run, or, where code serves several domains, may not have run in one of them? */
static bool awaits_module(const MethodTable *mt)
{
    Module *m = mt->module;
    if (m->assembly->is_corelib || MD_RID(mt->klass->token) == 1 || __atomic_load_n(&m->module_ctor_done, __ATOMIC_ACQUIRE))
        return false;
    MdRange methods = md_typedef_methods(m->md, 1);
    for (u32 i = methods.first; i < methods.end; i++)
        if (strcmp(md_method_name(m->md, md_method_at(m->md, i)), ".cctor") == 0)
            return true;
    return false;
}

bool vm_class_is_inited(MethodTable *mt)
{
    if (__atomic_load_n(&mt->aux->flags, __ATOMIC_ACQUIRE) & AUX_CLASS_INITED)
        return true;
    return mt->klass == NULL || mt_is_array(mt) || (mt->klass->cctor_rid == 0 && !awaits_module(mt));
}

bool vm_class_init(Thread *t, MethodTable *mt)
{
    if (LIKELY(vm_class_is_ready(mt)))
        return true;
    bool done;
    if (UNLIKELY(!mt_is_array(mt) && awaits_module(mt)) && !vm_module_init(t, mt->module, &done))
        return false;
    if (mt_is_array(mt) || !mt->klass->cctor_rid) {
        if (!mt_is_array(mt) && !type_is_open(th_of(mt)) && !type_is_shared(th_of(mt)))
            PREEMPTIVE(t) { set_flag(mt); }
        return true;
    }
    if (type_is_open(th_of(mt)) || type_is_shared(th_of(mt)))
        return true; /* no run-time type: nothing to run */
    ClassInit *begun = __atomic_load_n(init_cell(t, mt), __ATOMIC_ACQUIRE);
    if (begun && __atomic_load_n(&begun->state, __ATOMIC_ACQUIRE) == INIT_RUNNING && begun->owner == t)
        return true;
    bool mine = false, go_on = false;
    GcHandle failure = NULL;
    ClassInit *ci = NULL;
    PREEMPTIVE(t)
    {
        os_mutex_lock(&init_lock);
        if (!cond_ready) {
            os_cond_init(&init_cond);
            cond_ready = true;
        }
        ci = init_of(t, mt);
        while (ci->state == INIT_RUNNING && !is_cycle(t, ci)) {
            map64_put(&waits, (u64)(uintptr_t)t, (u64)(uintptr_t)ci);
            os_cond_wait(&init_cond, &init_lock);
            map64_remove(&waits, (u64)(uintptr_t)t);
        }
        failure = ci->state == INIT_FAILED ? ci->exception : NULL;
        go_on = ci->state == INIT_RUNNING || ci->state == INIT_DONE;
        if (ci->state == INIT_NONE) {
            ci->state = INIT_RUNNING;
            ci->owner = t;
            mine = true;
        }
        os_mutex_unlock(&init_lock);
    }
    if (mine)
        return run(t, mt, ci);
    return go_on ? true : vm_throw_object(t, gc_handle_get(failure));
}

void *vm_ensure_statics(MethodTable *mt, bool *settled, Err *e)
{
    Thread *t = thread_current();
    bool was_preemptive = t->mode == THREAD_PREEMPTIVE;
    if (was_preemptive)
        thread_enter_cooperative(t);
    bool ok = vm_class_init(t, mt);
    if (was_preemptive)
        thread_enter_preemptive(t);
    if (!ok) {
        err_set(e, ERR_PENDING, 0, "a class constructor failed");
        return NULL;
    }
    *settled = vm_class_is_ready(mt);
    return type_statics(mt);
}
