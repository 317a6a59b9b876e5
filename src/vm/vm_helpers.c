/* vm_helpers.c: the functions that compiled code calls (jit/helpers.def).
 * Those marked T run behind a transition stub: what they leave pending is raised at the call.  Those marked L are called as they are.
 * The memory helpers probe their first bytes inside [vm_help_mem_start, vm_help_mem_end), with the return address at [rsp], so that the
 * signal handler can make a NullReferenceException of a fault there by unwinding that one address.
 * Book: vm.md  Tests: tests/il */
#include "vm/vm_helpers.h"
#include "vm/vm_eh.h"
#include "vm/vm_trace.h"

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_delegate.h"

#include <math.h>

#define THREAD Thread *t = thread_current()

__asm__("    .text\n"
        "    .p2align 4\n"
        "    .globl vm_help_mem_start\n    .hidden vm_help_mem_start\n"
        "vm_help_mem_start:\n"
        "    .globl vm_help_memcpy\n    .hidden vm_help_memcpy\n    .type vm_help_memcpy, @function\n"
        "vm_help_memcpy:\n"
        "    test %rdx, %rdx\n    jz 1f\n"
        "    cmpb $0, (%rdi)\n    cmpb $0, (%rsi)\n"
        "    jmp memmove@PLT\n"
        "1:  ret\n"
        "    .size vm_help_memcpy, . - vm_help_memcpy\n"
        "    .p2align 4\n"
        "    .globl vm_help_memset\n    .hidden vm_help_memset\n    .type vm_help_memset, @function\n"
        "vm_help_memset:\n"
        "    test %rdx, %rdx\n    jz 1f\n"
        "    cmpb $0, (%rdi)\n"
        "    jmp memset@PLT\n"
        "1:  ret\n"
        "    .size vm_help_memset, . - vm_help_memset\n"
        "    .globl vm_help_mem_end\n    .hidden vm_help_mem_end\n"
        "vm_help_mem_end:\n");

/* ---- allocation ------------------------------------------------------------ */
enum { ARRAY_MAX = 0x7fffffc7 };

static Object *or_no_memory(Thread *t, Object *o)
{
    if (UNLIKELY(!o) && !t->pending)
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    return o;
}

Object *vm_help_new(MethodTable *mt)
{
    THREAD;
    return or_no_memory(t, gc_alloc(t, mt));
}

static bool array_too_long(Thread *t) { return vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Array dimensions exceeded supported range."); }

Object *vm_help_new_array(MethodTable *mt, i64 length)
{
    THREAD;
    if (UNLIKELY((u64)length > ARRAY_MAX)) {
        (u64)length > INT32_MAX ? vm_throw(t, VM_ERR_OVERFLOW) : array_too_long(t);
        return NULL;
    }
    return or_no_memory(t, gc_alloc_array(t, mt, (u32)length, 0));
}

static u32 md_rank(const MethodTable *mt) { return (mt->base_size - 24) / 8; }

/* newobj of T[][]… with several lengths: an array of arrays */
static Object *new_jagged(Thread *t, MethodTable *mt, u32 n, const i32 *lengths)
{
    Object *a = vm_help_new_array(mt, lengths[0]);
    if (!a || n == 1 || !th_mt(mt->elem) || !mt_is_szarray(th_mt(mt->elem)))
        return a;
    GcHandle keep = gc_handle_new(t->domain, GC_HANDLE_STRONG, a);
    for (i32 i = 0; i < lengths[0]; i++) {
        Object *e = new_jagged(t, th_mt(mt->elem), n - 1, lengths + 1);
        if (!e)
            break;
        a = gc_handle_get(keep);
        gc_store_ref((Object **)((char *)a + ARRAY_DATA) + i, e);
    }
    a = gc_handle_get(keep);
    gc_handle_free(keep);
    return t->pending ? NULL : a;
}

Object *vm_help_new_mdarray(MethodTable *mt, u32 n, i32 *args)
{
    THREAD;
    if (mt_is_szarray(mt))
        return new_jagged(t, mt, n, args);
    u32 rank = md_rank(mt), step = n == 2 * rank ? 2 : 1;
    u64 total = 1;
    bool empty = false;
    for (u32 i = 0; i < rank; i++) {
        i32 len = args[i * step + step - 1], low = step == 2 ? args[i * 2] : 0;
        if (len < 0) {
            vm_throw(t, VM_ERR_OVERFLOW);
            return NULL;
        }
        if ((i64)low + len - 1 > INT32_MAX) {
            vm_throw(t, VM_ERR_ARGUMENT_RANGE);
            return NULL;
        }
        if ((u32)len > ARRAY_MAX) {
            array_too_long(t);
            return NULL;
        }
        empty |= len == 0;
        total = total > UINT32_MAX ? total : total * (u32)len;
    }
    if (empty)
        total = 0;
    if (total > ARRAY_MAX) {
        array_too_long(t);
        return NULL;
    }
    if (rank == 1 && (step == 1 || args[0] == 0)) { /* T[*] from 0 is a vector, as on the reference */
        Err e = {0};
        TypeHandle vector = 0;
        PREEMPTIVE(t) { vector = type_szarray_of(mt->elem, &e); }
        if (!vector) {
            vm_throw_err(t, &e);
            return NULL;
        }
        return or_no_memory(t, gc_alloc_array(t, th_mt(vector), (u32)total, 0));
    }
    Object *a = or_no_memory(t, gc_alloc_array(t, mt, (u32)total, 0));
    if (!a)
        return NULL;
    i32 *bounds = (i32 *)((char *)a + 16);
    for (u32 i = 0; i < rank; i++) {
        bounds[i] = args[i * step + step - 1];
        bounds[rank + i] = step == 2 ? args[i * 2] : 0;
    }
    return a;
}

/* ---- boxes ------------------------------------------------------------ */
Object *vm_help_box(MethodTable *mt, void *value)
{
    THREAD;
    return vm_box(t, mt, value);
}

static bool is_primitive(const MethodTable *mt) { return (mt->flags & 0xE0000) == 0x60000; }
/* An enum unboxes as its underlying type and as other enums over it (§III.4.32). */
static bool same_unboxed(const MethodTable *a, const MethodTable *b)
{
    return a == b || (is_primitive(a) && is_primitive(b) && a->klass->underlying && a->klass->underlying == b->klass->underlying);
}

void *vm_help_unbox(Object *o, MethodTable *mt)
{
    THREAD;
    if (!o) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    if (!same_unboxed(o->mt, mt)) {
        vm_throw_invalid_cast(t, th_of(o->mt), th_of(mt));
        return NULL;
    }
    return (char *)o + OBJ_DATA;
}

void vm_help_unbox_nullable(void *dest, MethodTable *nullable, Object *o)
{
    u32 size = type_size(th_of(nullable));
    if (!o) {
        memset(dest, 0, size);
        return;
    }
    MethodTable *of = th_mt(nullable->aux->inst[0]);
    if (!same_unboxed(o->mt, of)) {
        vm_throw_invalid_cast(thread_current(), th_of(o->mt), th_of(nullable));
        return;
    }
    memset(dest, 0, MIN(nullable->nullable_value_offset, size));
    *(u8 *)dest = 1;
    void *to = (char *)dest + nullable->nullable_value_offset;
    if (mt_has_refs(of))
        gc_copy_refs(to, (char *)o + OBJ_DATA, type_size(th_of(of)));
    else
        memcpy(to, (char *)o + OBJ_DATA, type_size(th_of(of)));
}

/* ---- casts ------------------------------------------------------------ */
static inline bool cast_ok(MethodTable *mt, TypeHandle to)
{
    if (th_of(mt) == to)
        return true;
    MethodTable *want = th_mt(to);
    if (want && !(want->flags & MTF_HAS_COMPONENTS) && (want->flags & MTF_CATEGORY_MASK) == MTF_CAT_CLASS && !(want->flags2 & MT2_HAS_VARIANCE)) {
        for (MethodTable *p = mt->parent; p; p = p->parent)
            if (p == want)
                return true;
        return false;
    }
    if (want && mt_is_nullable(want))
        return want->aux->inst[0] == th_of(mt);
    return type_can_cast(th_of(mt), to);
}

Object *vm_help_cast(Object *o, TypeHandle to)
{
    if (!o || cast_ok(o->mt, to))
        return o;
    vm_throw_invalid_cast(thread_current(), th_of(o->mt), to);
    return NULL;
}

Object *vm_help_isinst(Object *o, TypeHandle to) { return o && cast_ok(o->mt, to) ? o : NULL; }

static bool can_store(const Object *array, const Object *value)
{
    TypeHandle elem = array->mt->elem;
    return elem == th_of(value->mt) || elem == th_of(type_wk(WK_OBJECT)) || cast_ok(value->mt, elem);
}

void vm_help_stelem_ref(Object *array, u64 index, Object *value)
{
    if (UNLIKELY(!array)) {
        vm_throw(thread_current(), VM_ERR_NULL_REFERENCE);
        return;
    }
    if (UNLIKELY(index >= gc_array_length(array))) {
        vm_throw(thread_current(), VM_ERR_INDEX_RANGE);
        return;
    }
    if (value && UNLIKELY(!can_store(array, value))) {
        vm_throw(thread_current(), VM_ERR_ARRAY_TYPE);
        return;
    }
    gc_store_ref((Object **)((char *)array + ARRAY_DATA) + index, value);
}

void *vm_help_ldelema_ref(Object *array, u64 index, TypeHandle elem)
{
    THREAD;
    if (!array)
        vm_throw(t, VM_ERR_NULL_REFERENCE);
    else if (index >= gc_array_length(array))
        vm_throw(t, VM_ERR_INDEX_RANGE);
    else if (array->mt->elem != elem)
        vm_throw(t, VM_ERR_ARRAY_TYPE);
    else
        return (Object **)((char *)array + ARRAY_DATA) + index;
    return NULL;
}

void *vm_help_mdarray_address(Object *array, i32 *indices, TypeHandle elem)
{
    THREAD;
    if (!array) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    MethodTable *mt = array->mt;
    u32 rank = mt_is_szarray(mt) ? 1 : md_rank(mt), szlen = gc_array_length(array);
    const i32 *bounds = (const i32 *)((char *)array + 16);
    u64 at = 0;
    for (u32 i = 0; i < rank; i++) {
        u32 len = mt_is_szarray(mt) ? szlen : (u32)bounds[i];
        u32 k = (u32)indices[i] - (mt_is_szarray(mt) ? 0 : (u32)bounds[rank + i]);
        if (k >= len) {
            vm_throw(t, VM_ERR_INDEX_RANGE);
            return NULL;
        }
        at = at * len + k;
    }
    if (elem && mt->elem != elem) {
        vm_throw(t, VM_ERR_ARRAY_TYPE);
        return NULL;
    }
    return (char *)array + mt->base_size - 8 + at * (mt->flags & MTF_COMPONENT_MASK);
}

void vm_help_mdarray_store_check(Object *array, Object *value)
{
    if (!array)
        vm_throw(thread_current(), VM_ERR_NULL_REFERENCE);
    else if (value && !can_store(array, value))
        vm_throw(thread_current(), VM_ERR_ARRAY_TYPE);
}

void *vm_help_typedref_check(void *typedref, TypeHandle th)
{
    void **p = typedref;
    if ((TypeHandle)p[1] != th) {
        vm_throw(thread_current(), VM_ERR_INVALID_CAST);
        return NULL;
    }
    return p[0];
}

/* ---- statics, dictionaries ------------------------------------------------------------------------------------------------------------- */
void vm_help_class_init(MethodTable *mt) { vm_class_init(thread_current(), mt); }

void *vm_help_rva_static(Field *f) { return type_static_address(f->mt, f, thread_current()); }
void *vm_help_statics(MethodTable *mt) { return vm_class_init(thread_current(), mt) ? type_statics(mt) : NULL; }

void *vm_help_thread_statics(MethodTable *mt)
{
    THREAD;
    return vm_class_init(t, mt) ? type_thread_statics(mt, t) : NULL;
}

void *vm_help_lookup_mt(MethodTable *exact, MethodTable *owner_canon, u32 slot)
{
    THREAD;
    Err e = {0};
    void *p;
    PREEMPTIVE(t) { p = type_dict_resolve_mt(exact, owner_canon, slot, &e); }
    if (!p)
        vm_throw_err(t, &e);
    return p;
}

void *vm_help_lookup_method(Method *exact, u32 slot)
{
    THREAD;
    Err e = {0};
    void *p;
    PREEMPTIVE(t) { p = type_dict_resolve_method(exact, slot, &e); }
    if (!p)
        vm_throw_err(t, &e);
    return p;
}

MethodTable *vm_help_exact_mt(MethodTable *of_this, MethodTable *owner_canon)
{
    MethodTable *mt = of_this;
    while (mt && mt->klass->typical != owner_canon->klass->typical)
        mt = mt->parent;
    return mt;
}

Object *vm_help_string_literal(Module *m, u32 token) { return vm_string_literal(m, token, NULL); }
Object *vm_help_type_object(TypeHandle th) { return th ? vm_type_object(th) : NULL; } /* 0: of an empty TypedReference */
Object *vm_help_method_handle(Method *m) { return vm_method_stub_object(thread_current(), m); }
Field *(*vm_exact_field)(Field *f, MethodTable *owner);
Object *vm_help_field_handle(Field *f, MethodTable *owner)
{
    return vm_field_stub_object(thread_current(), vm_exact_field && (f->flags & FF_STATIC) ? vm_exact_field(f, owner) : f, owner);
}

/* ---- function pointers ------------------------------------------------------------ */
static OsMutex native_lock = OS_MUTEX_INIT;
static Map64 native_entries; /* thunk of an UnmanagedCallersOnly method -> Method *; under native_lock */

Method *vm_method_of_native_entry(const void *fn)
{
    os_mutex_lock(&native_lock);
    Method *m = map64_ptr(&native_entries, (u64)(uintptr_t)fn);
    os_mutex_unlock(&native_lock);
    return m;
}

void vm_helpers_forget(void) { type_map_forget(&native_entries, false); }

void *vm_ldftn(Thread *t, Method *m)
{
    if (!(m->flags & MF_UNMANAGED_CALLERS_ONLY))
        return vm_method_entry(t, m);
    void *thunk = __atomic_load_n(&m->vm_data, __ATOMIC_ACQUIRE);
    if (thunk)
        return thunk;
    Err e = {0};
    const MethodSig *sig;
    PREEMPTIVE(t) { sig = type_method_sig(m, &e); }
    if (!sig) {
        vm_throw_err(t, &e);
        return NULL;
    }
    thunk = code_reverse_thunk(type_method_context_of(m), &m->canon->entry, vm_stack_words(sig, true, false), NULL);
    void *none = NULL;
    if (!__atomic_compare_exchange_n(&m->vm_data, &none, thunk, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return none;
    os_mutex_lock(&native_lock);
    map64_put(&native_entries, (u64)(uintptr_t)thunk, (u64)(uintptr_t)m);
    os_mutex_unlock(&native_lock);
    return thunk;
}

void *vm_help_ldftn(Method *m) { return vm_ldftn(thread_current(), m); }

/* The target's own Method, so that delegates over it keep its identity; value types: unboxing stub. */
static Method *virtual_target(Thread *t, MethodTable *mt, Method *m)
{
    Err e = {0};
    Method *impl;
    PREEMPTIVE(t)
    {
        impl = (m->flags & MF_VIRTUAL) || mt_is_interface(m->mt) ? type_find_virtual(mt, m, &e) : m;
        if (impl && mt_is_valuetype(impl->mt))
            impl = vm_dispatch_target(impl, &e);
    }
    if (!impl)
        vm_throw_err(t, &e);
    return impl;
}

void *vm_help_ldvirtftn(Object *o, Method *m)
{
    THREAD;
    if (!o && !(m->flags & MF_STATIC)) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    Method *target = m->flags & MF_STATIC ? m : virtual_target(t, o->mt, m);
    return target ? vm_method_entry(t, target) : NULL;
}

void *vm_help_generic_virtual(Object *o, Method *exact)
{
    THREAD;
    if (!o) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    CallPair *p = vm_dispatch_pair(t, o->mt, exact);
    return p ? __atomic_load_n((void **)p->cell, __ATOMIC_ACQUIRE) : NULL;
}

void vm_help_delegate_ctor(Object *delegate, Object *target, void *fnptr)
{
    THREAD;
    if (!delegate)
        vm_throw(t, VM_ERR_NULL_REFERENCE);
    else
        vm_delegate_construct(t, delegate, target, fnptr);
}

/* ---- raising ------------------------------------------------------------ */
void vm_help_throw_null(void)
{
    THREAD;
    vm_throw(t, VM_ERR_NULL_REFERENCE);
    vm_eh_note_fault(t, 0);
}
void vm_help_throw_range(void) { vm_throw(thread_current(), VM_ERR_INDEX_RANGE); }
void vm_help_throw_overflow(void) { vm_throw(thread_current(), VM_ERR_OVERFLOW); }
void vm_help_throw_divide_overflow(void)
{
    THREAD;
    vm_throw(t, VM_ERR_OVERFLOW);
    vm_eh_note_fault(t, EH_CODE_OVERFLOW);
}
void vm_help_throw_divide(void) { vm_throw(thread_current(), VM_ERR_DIVIDE); }
void vm_help_throw_arithmetic(void) { vm_throw(thread_current(), VM_ERR_ARITHMETIC); }
void vm_help_throw_access(Method *user, void *target, u32 what)
{
    static const VmError kinds[] = {VM_ERR_TYPE_ACCESS, VM_ERR_METHOD_ACCESS, VM_ERR_FIELD_ACCESS};
    static const char *const words[] = {"type", "method", "field"};
    char by[600], to[600];
    THREAD;
    if (what == SEM_CALLERS_ONLY)
        vm_callers_only_called(NULL);
    type_method_name_in_message(user, by, sizeof by);
    if (what == 0) {
        type_name_in_message((TypeHandle)target, to, sizeof to);
    } else if (what == 1) {
        Method *m = target;
        type_method_name_in_message(m->num_generic || !m->canon ? m : m->canon, to, sizeof to);
    } else {
        Field *f = target;
        size_t n = type_name_in_message(th_of(f->mt), to, sizeof to);
        if (n < sizeof to)
            snprintf(to + n, sizeof to - n, ".%s", f->name);
    }
    vm_throwf(t, kinds[what], "Attempt by method '%s' to access %s '%s' failed.", by, words[what], to);
}

void vm_help_throw_missing(u32 what) { base_missing("feature", "number %u of compiled code", what); }
void vm_help_rethrow(Object *o) { vm_eh_rethrow(thread_current(), o); }
void vm_help_end_catch(void) {}
void vm_help_reverse_enter(void) {}

/* ---- monitors ------------------------------------------------------------ */
void vm_help_monitor_enter(Object *o)
{
    THREAD;
    bool interrupted = false;
    if (!o) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return;
    }
    if (sync_enter_fast(t, o))
        return;
    if (!sync_enter(t, o, -1, &interrupted) && interrupted)
        vm_throw(t, VM_ERR_INTERRUPTED);
}

void vm_help_monitor_exit(Object *o)
{
    THREAD;
    if (!o)
        vm_throw(t, VM_ERR_NULL_REFERENCE);
    else if (!sync_exit(t, o))
        vm_throw(t, VM_ERR_SYNCHRONIZATION);
}

/* ---- numbers ------------------------------------------------------------ */
i64 vm_help_f2i_ovf(double d, u32 et)
{
    double r = trunc(d);
    bool ok;
    switch (et) {
    case ET_I1: ok = r >= -128.0 && r <= 127.0; break;
    case ET_U1: ok = r >= 0.0 && r <= 255.0; break;
    case ET_I2: ok = r >= -32768.0 && r <= 32767.0; break;
    case ET_CHAR: case ET_U2: ok = r >= 0.0 && r <= 65535.0; break;
    case ET_I4: ok = r >= -2147483648.0 && r <= 2147483647.0; break;
    case ET_U4: ok = r >= 0.0 && r <= 4294967295.0; break;
    case ET_U8: case ET_U: ok = r >= 0.0 && r < 18446744073709551616.0; break;
    default: ok = r >= -9223372036854775808.0 && r < 9223372036854775808.0; break;
    }
    if (!ok) {
        vm_throw(thread_current(), VM_ERR_OVERFLOW);
        return 0;
    }
    return et == ET_U8 || et == ET_U ? (i64)(u64)r : (i64)r;
}

u64 vm_help_f2u8(double d) { return !(d > 0.0) ? 0 : d >= 18446744073709551616.0 ? UINT64_MAX : (u64)d; }
double vm_help_u8_to_f8(u64 v) { return (double)v; }
float vm_help_u8_to_f4(u64 v) { return (float)v; }

/* ---- transitions ------------------------------------------------------------ */
/* The caller is cooperative again already; serves a stop that was asked for meanwhile. */
void vm_help_pinvoke_wait(void) { thread_enter_cooperative(thread_current()); }
void vm_help_pinvoke_raise(void) {}

void *vm_help_pinvoke_resolve(Method *m)
{
    THREAD;
    Method *stub = NULL;
    void *direct = NULL;
    Err e = {0};
    if (!vm_interop.pinvoke(t, m, &stub, &direct, &e))
        vm_throw_err(t, &e);
    return direct ? direct : stub ? stub->il_stub->native_target : NULL;
}

void vm_help_verify_poll(void) { gc_stress_chance(thread_current(), "poll"); }

/* ---- jit_env ------------------------------------------------------------ */
static Object *string_literal(Module *m, u32 token, IlStub *stub)
{
    THREAD;
    Object *o = NULL;
    if (t->mode == THREAD_COOPERATIVE)
        return vm_string_literal(m, token, stub);
    COOPERATIVE(t) { o = vm_string_literal(m, token, stub); }
    return o;
}

static u32 literal_index(Module *m, u32 token, IlStub *stub)
{
    (void)stub;
    return vm_literal_index(m, token);
}

static u32 desc_index(TypeDesc *d) { return type_domain_slot(d); }
static u32 field_index(Field *f) { return type_domain_slot(f); }
static void **entry_cell(Method *m) { return &m->entry; }

static CallSite *new_site(LoadContext *alc, Method *target, Method *caller, u32 il_offset)
{
    CallSite *s = type_alloc(alc ? alc : type_corelib->alc, HEAP_HOT, sizeof *s);
    *s = (CallSite){.pair = &code_empty_pair, .target = target, .caller = caller, .il_offset = il_offset};
    return s;
}

typedef enum HelperKind { HELPER_L, HELPER_T, HELPER_A } HelperKind;
static const struct {
    void *fn;
    u8 kind;
} helper_rows[JIT_HELPER_COUNT] = {
#define JIT_HELPER(id, fn, signature, flags, what) {(void *)fn, HELPER_##flags},
#include "jit/helpers.def"
#undef JIT_HELPER
};

void vm_helpers_init(void)
{
    for (u32 i = 0; i < JIT_HELPER_COUNT; i++)
        jit_env.helpers[i] = helper_rows[i].kind == HELPER_T ? code_helper_stub(helper_rows[i].fn) : helper_rows[i].fn;
    jit_env.neutral = vm_runtime.neutral;
    jit_env.string_literal = string_literal;
    jit_env.type_object = vm_type_object;
    jit_env.literal_index = literal_index;
    jit_env.desc_index = desc_index;
    jit_env.field_index = field_index;
    jit_env.entry_cell = entry_cell;
    jit_env.new_site = new_site;
}
