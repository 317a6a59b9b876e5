/* vm_prestub.c: from a Method to code that runs: first calls, slot prestubs, call-site misses, publishing.
 * A method of a type with a precise class constructor (not beforefieldinit) is published only when that has run; the thread inside the
 * constructor gets the code unpublished, so that other threads still come through here.
 * A Method that is not canonical: shares its canonical body's code, or (hidden context) leads to an instantiating stub.
 * Locks: compile_lock (who compiles what), pair_lock (dispatch cache); neither is held while managed code or a compilation runs.
 * Book: vm.md  Tests: tests/il */
#include "vm/vm_code.h"

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "os/os_time.h"
#include "vm/vm_accessor.h"
#include "vm/vm_delegate.h"
#include "vm/vm_eh.h"
#include "vm/vm_events.h"
#include "vm/vm_helpers.h"
#include "vm/vm_roots.h"
#include "vm/vm_unload.h"
#include "vm/vm_verify.h"

#include <stdio.h>
#include <stdlib.h>

VmInterop vm_interop;
const VmCall *(*vm_find_fcall)(Method *m);
const VmCall *(*vm_find_qcall)(const char *entry_point);
bool (*vm_body_override)(Method *m, IlBody *body, IlStub **stub);
void (*vm_method_compiled_hook)(CodeInfo *ci, const char *name);

void vm_name_of(Method *m, char *buf, size_t n) { type_method_name(m, false, buf, n); }

Method *vm_method_of_entry(void *entry) { return code_precode_method(entry); }

Method *vm_unwrap_stub(Method *m)
{
    while (m && (m->flags & MF_STUB) && m->il_stub->target)
        m = m->il_stub->target;
    return m;
}

/* ---- stubs by method --------------------------------------------------------------------------------------------------- */
static OsMutex stub_lock = OS_MUTEX_INIT;
/* First maker wins; the loser's stub stays in its heap unused. */
static Method *remember(Method **cell, Method *made)
{
    Method *none = NULL;
    return __atomic_compare_exchange_n(cell, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? made : none;
}

static LoadContext *alc_of_method(Method *m) { return type_method_context_of(m); }

Method *vm_instantiating_stub(Method *m, Err *e)
{
    Method *s = __atomic_load_n(&m->stub, __ATOMIC_ACQUIRE);
    if (s)
        return s;
    const MethodSig *sig = type_method_sig(m, e);
    if (!sig)
        return NULL;
    LoadContext *alc = alc_of_method(m);
    IlBuilder b;
    ilb_begin(&b, alc, "instantiating", m);
    for (u32 i = 0; i < sig->num_params + (u32)sig->has_this; i++)
        ilb_ldarg(&b, i);
    ilb_op(&b, IL_TAIL);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, m));
    ilb_op(&b, IL_RET);
    const MethodSig *plain = ilb_sig_copy(alc, sig, sig->has_this, NULL);
    return remember(&m->stub, ilb_finish(&b, m->mt, plain, m->name));
}

Method *vm_unboxing_stub(Method *m, Err *e)
{
    Method *s = __atomic_load_n(&m->unboxing_stub, __ATOMIC_ACQUIRE);
    if (s)
        return s;
    const MethodSig *sig = type_method_sig(m, e);
    MethodTable *raw = sig ? type_load_name(type_corelib, "System.Runtime.CompilerServices", "RawData", e) : NULL;
    if (!raw)
        return NULL;
    Field *data = type_field_by_name(raw, "Data");
    CHECK(data != NULL);
    LoadContext *alc = alc_of_method(m);
    IlBuilder b;
    ilb_begin(&b, alc, "unboxing", m);
    ilb_ldarg(&b, 0);
    ilb_op_token(&b, IL_LDFLDA, ilb_field(&b, data, raw));
    for (u32 i = 1; i <= sig->num_params; i++)
        ilb_ldarg(&b, i);
    ilb_op(&b, IL_TAIL);
    ilb_op_token(&b, IL_CALL, ilb_method(&b, m));
    ilb_op(&b, IL_RET);
    s = ilb_finish(&b, type_wk(WK_OBJECT), ilb_sig_copy(alc, sig, true, NULL), m->name);
    s->flags |= MF_UNBOXING;
    return remember(&m->unboxing_stub, s);
}

Method *vm_dispatch_target(Method *impl, Err *e)
{
    if (mt_is_valuetype(impl->mt) && !(impl->flags & (MF_STATIC | MF_UNBOXING | MF_STUB)))
        return vm_unboxing_stub(impl, e);
    if (impl->flags & (MF_CTX_MT | MF_CTX_METHOD))
        return impl->canon == impl ? vm_instantiating_stub(impl, e) : impl;
    return impl->canon;
}

/* ---- publishing ---------------------------------------------------------------------------------------------------------- */
typedef struct Followers { /* exact Methods that share a canonical body's code */
    VEC(Method *) list;
} Followers;
static Map64 followers; /* canonical Method -> Followers *; under stub_lock */

static void follow(Method *m, void *code)
{
    os_mutex_lock(&stub_lock);
    Followers *f = map64_ptr(&followers, (u64)(uintptr_t)m->canon);
    if (!f) {
        f = base_calloc(1, sizeof *f);
        map64_put(&followers, (u64)(uintptr_t)m->canon, (u64)(uintptr_t)f);
    }
    vec_push(&f->list, m);
    m->tier = m->canon->tier;
    __atomic_store_n(&m->entry, code, __ATOMIC_RELEASE);
    os_mutex_unlock(&stub_lock);
}

/* STATOR_LOG=jit:2: the steps from a method's first call to its code; those of the compiler itself are in jit/. */
static void log_step(Method *m, const char *what, void *where)
{
    if (LIKELY(log_levels[LOG_jit] < 2))
        return;
    char name[400];
    vm_name_of(m, name, sizeof name);
    if (where)
        LOG(jit, 2, "%s: %s %p", name, what, where);
    else
        LOG(jit, 2, "%s: %s %08X of %s", name, what, m->token, m->mt->module->assembly->name);
}

void vm_publish(Thread *t, Method *m, void *code, u8 tier)
{
    m->tier = tier;
    __atomic_store_n(&m->entry, code, __ATOMIC_RELEASE);
    code_precode_retarget(m);
    log_step(m, "entry", code);
    os_mutex_lock(&stub_lock);
    Followers *f = m->canon == m ? map64_ptr(&followers, (u64)(uintptr_t)m) : NULL;
    for (u32 i = 0; f && i < f->list.len; i++) {
        f->list.data[i]->tier = tier;
        __atomic_store_n(&f->list.data[i]->entry, code, __ATOMIC_RELEASE);
        code_precode_retarget(f->list.data[i]);
    }
    os_mutex_unlock(&stub_lock);
    if ((m->flags & MF_VIRTUAL) && !(m->flags & (MF_STUB | MF_CTX_MT | MF_CTX_METHOD)) && !mt_is_valuetype(m->mt) && m->canon == m)
        PREEMPTIVE(t) { type_publish(m, code); }
}

/* ---- compiling ------------------------------------------------------------------------------------------------------------- */
static OsMutex compile_lock = OS_MUTEX_INIT;
static OsCond compile_cond;
static Map64 compiling; /* Method * -> Thread * that compiles it */

/* Preemptive.  True: this thread is to compile m (and call end_compile); false: it has code now. */
static bool begin_compile(Thread *t, Method *m, bool *nested)
{
    os_mutex_lock(&compile_lock);
    for (;;) {
        if (__atomic_load_n(&m->code, __ATOMIC_ACQUIRE)) {
            os_mutex_unlock(&compile_lock);
            return false;
        }
        Thread *owner = map64_ptr(&compiling, (u64)(uintptr_t)m);
        *nested = owner == t; /* a binding callback under the compilation calls the method: it compiles its own copy */
        if (!owner || owner == t)
            break;
        os_cond_wait(&compile_cond, &compile_lock);
    }
    if (!*nested)
        map64_put(&compiling, (u64)(uintptr_t)m, (u64)(uintptr_t)t);
    os_mutex_unlock(&compile_lock);
    return true;
}

static void end_compile(Method *m, CodeInfo *ci, bool nested)
{
    os_mutex_lock(&compile_lock);
    if (ci && !m->code)
        __atomic_store_n(&m->code, ci, __ATOMIC_RELEASE);
    if (!nested)
        map64_remove(&compiling, (u64)(uintptr_t)m);
    os_cond_broadcast(&compile_cond);
    os_mutex_unlock(&compile_lock);
}

void vm_hold_compilation(Thread *t, Method *m)
{
    bool nested;
    PREEMPTIVE(t) { begin_compile(t, m, &nested); }
}

void vm_allow_compilation(Thread *t, Method *m)
{
    PREEMPTIVE(t) { end_compile(m, NULL, false); }
}

/* CoreLib methods whose body the runtime supplies (D17): found once, before the method's first compilation. */
static void find_override(Method *m)
{
    IlBody body;
    IlStub *stub = NULL;
    if ((m->flags & (MF_STUB | MF_HAS_BODY_OVERRIDE | MF_DYNAMIC)) || !vm_body_override || !m->mt->module->assembly->is_corelib)
        return;
    if (vm_body_override(m, &body, &stub)) {
        m->il_stub = stub;
        __atomic_fetch_or(&m->flags, MF_HAS_BODY_OVERRIDE, __ATOMIC_RELEASE);
    }
}

static __thread Method *uncompiled; /* the last method that failed on this thread */
static bool count_cpu;              /* STATOR_JITSTATS */
static u64 compile_cpu_ns;          /* of compiling, types loaded and verification included */

static void *compile(Thread *t, Method *m)
{
    CodeInfo *ci = __atomic_load_n(&m->code, __ATOMIC_ACQUIRE);
    if (ci)
        return ci->start;
    Err e = {0};
    VmVerify verify = UNLIKELY(vm_verify_used) ? vm_verify_mode(t, m) : VM_VERIFY_OFF;
    u64 cpu = count_cpu ? os_time_thread_cpu_ns() : 0;
    PREEMPTIVE(t)
    {
        bool nested = false;
        if (begin_compile(t, m, &nested)) {
            log_step(m, "metadata", NULL);
            find_override(m);
            VmVerifying v = {m, verify};
            if (UNLIKELY(vm_events != NULL))
                vm_events->compiling(m);
            CodeInfo *made = jit_compile_tier0_if(m, verify ? vm_verify_body : NULL, &v, &e);
            end_compile(m, made, nested);
            if (UNLIKELY(vm_events != NULL) && made)
                vm_events->compiled(m, made->start, made->size);
            if (made && (vm_method_compiled_hook || log_levels[LOG_jit])) {
                char name[400];
                vm_name_of(m, name, sizeof name);
                LOG(jit, 1, "%s%s%s: %u bytes", name, m->flags & MF_STUB ? " stub " : "", m->flags & MF_STUB ? m->il_stub->kind : "", made->size);
                if (vm_method_compiled_hook)
                    vm_method_compiled_hook(made, name);
            }
        }
        ci = __atomic_load_n(&m->code, __ATOMIC_ACQUIRE);
    }
    if (count_cpu)
        __atomic_fetch_add(&compile_cpu_ns, os_time_thread_cpu_ns() - cpu, __ATOMIC_RELAXED);
    if (ci)
        return ci->start;
    if (log_levels[LOG_jit]) {
        char name[400];
        vm_name_of(m, name, sizeof name);
        LOG(jit, 1, "%s: not compiled: %s", name, e.text);
    }
    uncompiled = m;
    vm_throw_err(t, &e);
    return NULL;
}

/* ---- kinds of methods ---------------------------------------------------------------------------------------------------------- */
static void missing(const char *kind, Method *m)
{
    char name[400];
    vm_name_of(m, name, sizeof name);
    base_missing(kind, "%s", name);
}

static void *fcall_code(Thread *t, Method *m)
{
    const VmCall *c = vm_find_fcall ? vm_find_fcall(m) : NULL;
    if (!c) {
        PREEMPTIVE(t) { find_override(m); }
        if (m->flags & MF_HAS_BODY_OVERRIDE)
            return compile(t, m);
        if (!m->mt->module->assembly->is_corelib) {
            vm_throwf(t, VM_ERR_SECURITY, "ECall methods must be packaged into a system module.");
            return NULL;
        }
        missing("internal call", m);
    }
    LOG(call, 1, "FCALL %s", c->name);
    vm_coverage_add("fcall", c->name);
    return c->kind == VM_FCALL_HELPER ? code_helper_stub(c->fn) : c->fn;
}

static void *pinvoke_code(Thread *t, Method *m)
{
    Method *stub = NULL;
    void *direct = NULL;
    Err e = {0};
    if (!vm_interop.pinvoke)
        missing("P/Invoke", m);
    if (!vm_interop.pinvoke(t, m, &stub, &direct, &e)) {
        vm_throw_err(t, &e);
        return NULL;
    }
    return direct ? direct : vm_code_of(t, stub);
}

/* Get, Set and Address as a method of its own: the call inside is expanded in place. */
static void *array_code(Thread *t, Method *m)
{
    Err e = {0};
    const MethodSig *sig = type_method_sig(m, &e);
    Method *s = __atomic_load_n(&m->stub, __ATOMIC_ACQUIRE);
    if (!sig) {
        vm_throw_err(t, &e);
        return NULL;
    }
    if (m->array_kind == ARRAY_CTOR) { /* of an array that is there already: in the reference's words */
        vm_throwf(t, VM_ERR_INVALID_PROGRAM, "Non-static methods with UnmanagedCallersOnlyAttribute are invalid.");
        return NULL;
    }
    if (!s) {
        IlBuilder b;
        ilb_begin(&b, alc_of_method(m), "array", m);
        for (u32 i = 0; i <= sig->num_params; i++)
            ilb_ldarg(&b, i);
        ilb_op_token(&b, IL_CALL, ilb_method(&b, m));
        ilb_op(&b, IL_RET);
        s = remember(&m->stub, ilb_finish(&b, m->mt, sig, m->name));
    }
    return vm_code_of(t, s);
}

static void *accessor_code(Thread *t, Method *m)
{
    if (!(__atomic_load_n(&m->flags, __ATOMIC_ACQUIRE) & MF_HAS_BODY_OVERRIDE)) {
        Err e = {0};
        IlStub *s, *none = NULL;
        PREEMPTIVE(t) { s = vm_accessor_body(m, &e); }
        if (!s) {
            vm_throw_err(t, &e);
            return NULL;
        }
        __atomic_compare_exchange_n(&m->il_stub, &none, s, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        __atomic_fetch_or(&m->flags, MF_HAS_BODY_OVERRIDE, __ATOMIC_RELEASE);
    }
    return compile(t, m);
}

/* ---- code of a method -------------------------------------------------------------------------------------------------------------- */
/* §II.10.5.3.1: which accesses run a precise class constructor. Code of shared types asks in its prologue. */
static bool triggers_cctor(const Method *m)
{
    const MethodTable *mt = m->mt;
    if ((m->flags & (MF_STUB | MF_CCTOR | MF_GENERIC_DEF | MF_ARRAY)) || !mt->klass->cctor_rid ||
        (mt->flags2 & MT2_BEFOREFIELDINIT) || type_is_shared(th_of(mt)))
        return false;
    return (m->flags & (MF_STATIC | MF_CTOR)) || mt_is_valuetype(mt) || mt_is_interface(mt);
}

static void *own_code(Thread *t, Method *m, u8 *tier)
{
    *tier = 3;
    if (m->flags & MF_FCALL) {
        void *p = fcall_code(t, m);
        if (m->code)
            *tier = 1;
        return p;
    }
    if (m->flags & MF_PINVOKE)
        return pinvoke_code(t, m);
    if ((m->flags & MF_RUNTIME) && mt_is_delegate(m->mt))
        return vm_delegate_runtime_code(t, m);
    if (m->flags & MF_ARRAY)
        return array_code(t, m);
    if (m->flags & MF_ABSTRACT) {
        char name[400];
        vm_name_of(m, name, sizeof name);
        vm_throwf(t, VM_ERR_ENTRY_POINT, "Entry point was not found: '%s'.", name);
        return NULL;
    }
    *tier = 1;
    return m->flags & MF_UNSAFE_ACCESSOR ? accessor_code(t, m) : compile(t, m);
}

/* The module constructor runs before the first method of the module that is called, or the first static of it that is used.
 * *done: others need not wait for it. */
bool vm_module_init(Thread *t, Module *mod, bool *done)
{
    *done = __atomic_load_n(&mod->module_ctor_done, __ATOMIC_ACQUIRE);
    if (*done)
        return true;
    Err e = {0};
    MethodTable *mt;
    PREEMPTIVE(t) { mt = type_load_typedef(mod, MD_TOKEN(MDT_TypeDef, 1), &e); }
    if (!mt)
        return vm_throw_err(t, &e);
    if (mt->klass->cctor_rid) {
        if (!vm_class_init(t, mt))
            return false;
        if (!vm_class_is_ready(mt))
            return true;
    }
    if (!vm_runtime.neutral)
        __atomic_store_n(&mod->module_ctor_done, true, __ATOMIC_RELEASE);
    *done = true;
    return true;
}

void *vm_code_of(Thread *t, Method *m)
{
    void *entry = __atomic_load_n(&m->entry, __ATOMIC_ACQUIRE);
    if (entry != m->precode)
        return entry;
    if (m->canon != m && !(m->flags & (MF_CTX_MT | MF_CTX_METHOD))) {
        void *code = vm_code_of(t, m->canon);
        if (code && m->canon->entry == code)
            follow(m, code);
        return code;
    }
    if (m->canon != m) {
        Err e = {0};
        Method *s;
        PREEMPTIVE(t) { s = vm_instantiating_stub(m, &e); }
        void *code = s ? vm_code_of(t, s) : (vm_throw_err(t, &e), NULL);
        if (code)
            vm_publish(t, m, code, 1);
        return code;
    }
    bool hold = false, precise = false;
    if (!(m->flags & (MF_STUB | MF_CCTOR | MF_ARRAY)) && !m->mt->module->assembly->is_corelib) {
        if (!vm_module_init(t, m->mt->module, &hold))
            return NULL;
        hold = !hold;
    }
    if (triggers_cctor(m)) {
        if (!vm_class_init(t, m->mt))
            return NULL;
        precise = true;
        hold |= !vm_class_is_ready(m->mt);
    }
    u8 tier;
    void *code = own_code(t, m, &tier);
    if (precise && vm_runtime.neutral && tier != 1)
        hold = true; /* compiled bodies ask in their prologue for the domains to come; others are asked for here */
    if (code && !hold)
        vm_publish(t, m, code, tier);
    return code;
}

void *vm_method_code(Thread *t, Method *m)
{
    if (m->canon == m && (m->flags & (MF_CTX_MT | MF_CTX_METHOD))) {
        Err e = {0};
        Method *s;
        PREEMPTIVE(t) { s = vm_instantiating_stub(m, &e); }
        return s ? vm_code_of(t, s) : (vm_throw_err(t, &e), NULL);
    }
    return vm_code_of(t, m);
}

void *vm_method_entry(Thread *t, Method *m)
{
    if (m->canon == m && (m->flags & (MF_CTX_MT | MF_CTX_METHOD))) {
        Err e = {0};
        Method *s;
        PREEMPTIVE(t) { s = vm_instantiating_stub(m, &e); }
        return s ? code_precode(s) : (vm_throw_err(t, &e), NULL);
    }
    return code_precode(m);
}

/* ---- dispatch ------------------------------------------------------------------------------------------------------------------------ */
typedef struct DispatchPair { /* immutable */
    CallPair pair;
    Method *method;
    LoadContext *alc; /* that it lies in, if that is collectible */
} DispatchPair;
enum { DISPATCH_CACHE = 4096 };
static DispatchPair *dispatch_cache[DISPATCH_CACHE]; /* direct-mapped; entries swapped atomically */
static OsMutex pair_lock = OS_MUTEX_INIT;
static Map64 pairs; /* both addresses lie in the span: their offsets make an exact key */

static u64 pair_key(const MethodTable *mt, const Method *m)
{
    return (u64)((const char *)mt - os_span.base) << 32 | (u64)((const char *)m - os_span.base);
}

static Method *find_target(MethodTable *mt, Method *m, Err *e)
{
    Method *impl = m->flags & MF_VIRTUAL || mt_is_interface(m->mt) ? type_find_virtual(mt, m, e) : m;
    return impl ? vm_dispatch_target(impl, e) : NULL;
}

CallPair *vm_dispatch_pair(Thread *t, MethodTable *mt, Method *m)
{
    u64 key = pair_key(mt, m);
    DispatchPair **cell = &dispatch_cache[base_hash_u64(key) % DISPATCH_CACHE];
    DispatchPair *p = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (p && p->pair.mt == mt && p->method == m)
        return &p->pair;
    os_mutex_lock(&pair_lock);
    p = map64_ptr(&pairs, key);
    os_mutex_unlock(&pair_lock);
    if (!p) {
        Err e = {0};
        Method *target;
        PREEMPTIVE(t) { target = find_target(mt, m, &e); }
        if (!target) {
            vm_throw_err(t, &e);
            return NULL;
        }
        LoadContext *alc = mt->aux->loader_module->alc;
        if (!alc->collectible)
            alc = type_method_context_of(m);
        p = type_alloc(alc, HEAP_HOT, sizeof *p);
        *p = (DispatchPair){{mt, &target->entry}, m, alc->collectible ? alc : NULL};
        os_mutex_lock(&pair_lock);
        DispatchPair *first = map64_ptr(&pairs, key);
        if (first)
            p = first;
        else
            map64_put(&pairs, key, (u64)(uintptr_t)p);
        os_mutex_unlock(&pair_lock);
    }
    __atomic_store_n(cell, p, __ATOMIC_RELEASE);
    return &p->pair;
}

static void *site_miss(Thread *t, Object *self, CallSite *site, TransitionRecord *rec)
{
    (void)rec;
    if (!self) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    CallPair *p = vm_dispatch_pair(t, self->mt, site->target);
    if (!p)
        return NULL;
    u32 n = site->misses++;
    if (site->pair == &code_empty_pair || (n & 63) == 63) {
        LoadContext *alc = ((DispatchPair *)(void *)p)->alc;
        if (UNLIKELY(alc != NULL))
            vm_context_note_site(alc, site);
        __atomic_store_n(&site->pair, p, __ATOMIC_RELEASE);
    }
    return __atomic_load_n((void **)p->cell, __ATOMIC_ACQUIRE);
}

static void *slot_prestub(Thread *t, Object *self, u32 slot, TransitionRecord *rec)
{
    (void)rec;
    MethodTable *mt = self->mt;
    Err e = {0};
    Method *m, *target = NULL;
    PREEMPTIVE(t)
    {
        m = type_slot_method(mt, slot);
        if (m)
            target = vm_dispatch_target(m, &e);
    }
    if (!target) {
        char name[300];
        type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        if (!m)
            err_set(&e, ERR_BAD_IMAGE, 0, "Slot %u of '%s' has no method.", slot, name);
        vm_throw_err(t, &e);
        return NULL;
    }
    void *code = vm_code_of(t, target);
    if (code && target->entry == code)
        __atomic_store_n(&mt->vtable[slot], code, __ATOMIC_RELEASE);
    return code;
}

void vm_prestub_forget(void)
{
    for (u32 i = 0; i < DISPATCH_CACHE; i++)
        if (type_is_dying(dispatch_cache[i]))
            dispatch_cache[i] = NULL;
    type_map_forget(&pairs, false);
    vm_helpers_forget();
    VEC(u64) dead = {0};
    for (u32 i = 0; i < followers.cap; i++) {
        if (!followers.keys[i])
            continue;
        Followers *f = (Followers *)(uintptr_t)followers.vals[i];
        u32 left = 0;
        for (u32 k = 0; k < f->list.len; k++)
            if (!type_is_dying(f->list.data[k]))
                f->list.data[left++] = f->list.data[k];
        f->list.len = left;
        if (type_is_dying((void *)(uintptr_t)followers.keys[i])) {
            vec_push(&dead, followers.keys[i]);
            vec_free(&f->list);
            base_free(f);
        }
    }
    for (u32 i = 0; i < dead.len; i++)
        map64_remove(&followers, dead.data[i]);
    vec_free(&dead);
}

static void *prestub(Thread *t, Method *m, TransitionRecord *rec)
{
    (void)rec;
    uncompiled = NULL;
    LoadContext *alc = type_method_context_of(m);
    void *keeper = NULL; /* no frame of the method holds its context yet */
    VmScratch keep = {t->scratch, &keeper, 1};
    if (UNLIKELY(alc->collectible)) {
        keeper = type_context_keeper(alc);
        t->scratch = &keep;
    }
    void *code = vm_code_of(t, m);
    if (code)
        log_step(m, "jump to", code);
    t->scratch = keep.prev;
    if (!code && t->pending && uncompiled && uncompiled == m->canon)
        vm_eh_uncompiled(t, m);
    return code;
}

static void method_made(Method *m) { m->entry = code_precode(m); }

static void print_stats(void)
{
    fprintf(stderr, "jit: %lu methods, %lu bytes of IL, %lu bytes of code, %.2f ms, %.0f ns a byte of IL\n",
            (unsigned long)jit_stats.methods, (unsigned long)jit_stats.il_bytes, (unsigned long)jit_stats.code_bytes,
            (double)jit_stats.ns / 1e6, (double)jit_stats.ns / (double)MAX(jit_stats.il_bytes, 1));
    if (vm_verify_timed)
        fprintf(stderr, "verify: %lu methods, %.2f ms of CPU\n", (unsigned long)vm_verify_methods, (double)vm_verify_ns / 1e6);
    else if (vm_verify_used)
        fprintf(stderr, "verify: %lu methods\n", (unsigned long)vm_verify_methods);
    fprintf(stderr, "compiling, with all that it loads: %.2f ms of CPU\n", (double)compile_cpu_ns / 1e6);
}

void vm_prestub_init(void)
{
    os_cond_init(&compile_cond);
    code_client.prestub = prestub;
    code_client.slot_prestub = slot_prestub;
    code_client.site_miss = site_miss;
    type_client.method_made = method_made;
    type_client.slot_prestub = code_slot_prestub;
    type_client.ensure_statics = vm_ensure_statics;
    sem_client.is_class_inited = vm_class_is_inited;
    sem_client.neutral = type_client.neutral = vm_runtime.neutral;
    vm_verify_init();
    count_cpu = knob_bool(KNOB_JITSTATS);
    vm_verify_timed = knob_u64(KNOB_JITSTATS) > 1; /* the clock itself takes a tenth of the verifier's time */
    if (count_cpu)
        atexit(print_stats);
    vm_ilstub_init();
    vm_helpers_init();
    vm_coverage_init();
}
