/* corelib_interop.c: calls of Marshal, NativeLibrary and StubHelpers.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <cpuid.h>
#include <errno.h>

#include "interop/interop.h"
#include "interop/interop_value.h"
#include "os/os_dl.h"
#include "os/os_thread.h"
#include "vm/vm_eh.h"
#include "vm/vm_throw.h"

/* --- Delegates --------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_marshal_to_delegate, void *fn, QCallTypeHandle type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    bool plain = mt->flags2 & MT2_ABSTRACT, root = mt->parent == type_wk(WK_OBJECT); /* MulticastDelegate and Delegate; Delegate */
    Object *o = root ? NULL : interop_delegate_original(fn); /* MulticastDelegate will do for what was a delegate before */
    if (!o && plain)
        vm_throw_arg(t, VM_ERR_ARGUMENT, "t", "Type must derive from Delegate.");
    else if (!o)
        o = interop_delegate_from_native(t, mt, fn);
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

CALL(void *, corelib_marshal_from_delegate, ObjectHandleOnStack delegate)
{
    QCALL_BEGIN(t);
    Err e = {0};
    void *fn = NULL;
    if (mt_is_generic((*delegate.ptr)->mt))
        vm_throw_arg(t, VM_ERR_ARGUMENT, "delegate", "The specified Type must not be a generic type.");
    else if (!(fn = interop_delegate_to_native(t, *delegate.ptr, &e)))
        vm_throw_err(t, &e);
    QCALL_END(t);
    return fn;
}

/* --- Exceptions ---------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_marshal_exception, i32 hr, void *info, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    (void)info;
    Object *o = interop_exception_of_hresult(t, (u32)hr);
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

/* What a first call of a P/Invoke method does before it calls. */
CALL(void, corelib_marshal_prelink, Method *m)
{
    QCALL_BEGIN(t);
    if (m->flags & MF_PINVOKE)
        vm_method_code(t, m);
    QCALL_END(t);
}

/* While a filter, finally, fault or catch body runs: the system's number of the exception. */
CALL(i32, corelib_marshal_code, void)
{
    Thread *t = thread_current();
    return (i32)vm_eh_code(t, t->record);
}

/* The same as a record that native code may read; valid until the thread asks again.  There is no context. */
CALL(void *, corelib_marshal_pointers, void)
{
    static __thread struct {
        struct ExceptionRecord {
            u32 code, flags;
            void *nested, *address;
            u32 num_parameters;
            u64 parameters[15];
        } record;
        struct ExceptionPointers {
            struct ExceptionRecord *record;
            void *context;
        } pointers;
    } said;
    Thread *t = thread_current();
    said.record.code = vm_eh_code(t, t->record);
    said.pointers.record = &said.record;
    return said.record.code ? &said.pointers : NULL;
}

/* --- Layout ------------------------------------------------------------------------------------------------------------------- */
static const NativeLayout *layout_of(MethodTable *mt)
{
    const NativeLayout *l = NULL;
    Thread *t = thread_current();
    if (mt && !mt_is_array(mt))
        PREEMPTIVE(t) { l = native_layout(mt); }
    return l && (l->ok || l->recursive || l->num_fields) ? l : NULL;
}

static void no_layout(Thread *t, TypeHandle th, const NativeLayout *l)
{
    char name[512];
    Err e = {0};
    if (l && l->recursive && !native_layout_check(l, &e)) {
        vm_throw_err(t, &e);
        return;
    }
    type_name(th, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    char *text = base_asprintf("Type '%s' cannot be marshaled as an unmanaged structure; no meaningful size or offset can be computed.", name);
    vm_throw_arg(t, VM_ERR_ARGUMENT, NULL, text);
    base_free(text);
}

CALL(i32, corelib_marshal_size, QCallTypeHandle type, i32 throws)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    const NativeLayout *l = layout_of(mt);
    u8 et = type_elem_kind(type.th);
    bool pointer = et == ET_PTR || et == ET_FNPTR, ok = pointer || (l && l->ok && !l->recursive);
    u32 size = pointer ? 8 : ok ? l->size : 0;
    if (!ok && (throws || (l && l->recursive)))
        no_layout(t, type.th, l);
    QCALL_END(t);
    return (i32)size;
}

CALL(i64, corelib_marshal_offset, Field *field)
{
    QCALL_BEGIN(t);
    i64 offset = 0;
    const NativeLayout *l = layout_of(field->mt);
    if (!l || !l->ok || l->recursive)
        no_layout(t, th_of(field->mt), l);
    for (u32 i = 0; l && i < l->num_fields; i++)
        if (l->fields[i].token == field->token) {
            offset = l->fields[i].native;
            break;
        }
    QCALL_END(t);
    return offset;
}

/* *stub NULL and true: copy *size bytes. */
CALL(i32, corelib_marshal_struct_stub, TypeHandle th, void **stub, u64 *size)
{
    QCALL_BEGIN(t);
    Err e = {0};
    MethodTable *mt = th_mt(th);
    const NativeLayout *l = layout_of(mt);
    bool has = l && (mt->klass->attrs & TD_LAYOUT) != TD_AUTO_LAYOUT && !mt_is_enum(mt);
    *stub = NULL;
    *size = l ? l->size : 0;
    if (has && !native_layout_check(l, &e))
        vm_throw_err(t, &e);
    else if (has && !l->same)
        *stub = interop_struct_stub(t, mt, l);
    QCALL_END(t);
    return has;
}

/* --- Libraries ------------------------------------------------------------------------------------------------------------------- */
CALL(void *, corelib_lib_load_path, const char16 *path, i32 throws)
{
    char *s = utf16_dup_utf8(path, SIZE_MAX);
    QCALL_BEGIN(t);
    void *lib = interop_load_path(t, s, throws);
    QCALL_END(t);
    base_free(s);
    return lib;
}

CALL(void *, corelib_lib_load_name, const char16 *name, QCallAssembly a, i32 has_flags, u32 flags, i32 throws)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    QCALL_BEGIN(t);
    void *lib = interop_load_library(t, a.assembly, s, &(LibrarySearch){.has_flags = has_flags != 0, .flags = flags, .quiet = !throws});
    QCALL_END(t);
    base_free(s);
    return lib;
}

CALL(void, corelib_lib_free, void *lib)
{
    os_dl_close(lib);
}

CALL(void *, corelib_lib_symbol, void *lib, const char16 *name, i32 throws)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    void *p = os_dl_sym(lib, s);
    if (!p && throws) {
        QCALL_BEGIN(t);
        vm_throwf(t, VM_ERR_ENTRY_POINT, "Unable to find an entry point named '%s' in shared library.", s);
        QCALL_END(t);
    }
    base_free(s);
    return p;
}

/* --- Helpers of stubs --------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_stub_set_last_error, void)
{
    thread_current()->last_error = errno;
}

CALL(void, corelib_stub_clear_last_error, void)
{
    errno = 0;
}

/* ---- the odd last byte of a string that was a BSTR: a few strings, found by weak handles ---- */
typedef struct TrailByte {
    GcHandle string;
    u8 byte;
} TrailByte;
static VEC(TrailByte) trail_bytes;
static OsMutex trail_lock = OS_MUTEX_INIT;

CALL(u8, corelib_stub_trail_byte, String *s, u8 *byte)
{
    bool found = false;
    os_mutex_lock(&trail_lock);
    for (u32 i = 0; i < trail_bytes.len && !found; i++)
        if ((found = gc_handle_get(trail_bytes.data[i].string) == (Object *)s))
            *byte = trail_bytes.data[i].byte;
    os_mutex_unlock(&trail_lock);
    if (!found)
        *byte = 0;
    return found;
}

CALL(void, corelib_stub_set_trail_byte, StringHandleOnStack s, u8 byte)
{
    QCALL_BEGIN(t);
    u32 kept = 0;
    GcHandle h = gc_handle_new(t->domain, GC_HANDLE_WEAK, (Object *)*s.ptr);
    os_mutex_lock(&trail_lock);
    for (u32 i = 0; i < trail_bytes.len; i++) {
        if (gc_handle_get(trail_bytes.data[i].string))
            trail_bytes.data[kept++] = trail_bytes.data[i];
        else
            gc_handle_free(trail_bytes.data[i].string);
    }
    trail_bytes.len = kept;
    vec_push(&trail_bytes, ((TrailByte){h, byte}));
    os_mutex_unlock(&trail_lock);
    QCALL_END(t);
}

CALL(void, corelib_stub_throw_param, u32 text, i32 param)
{
    QCALL_BEGIN(t);
    (void)text; /* a number of the reference's resources, of which this runtime has none: nothing follows then */
    vm_throwf(t, VM_ERR_MARSHAL_DIRECTIVE, "Cannot marshal 'parameter #%d':", param);
    QCALL_END(t);
}

CALL(void, corelib_stub_custom_marshaler, Method *m, i32 param_token, TypeHandle managed, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    (void)managed;
    Object *o = interop_custom_marshaler(t, m, (u32)param_token);
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

CALL(void *, corelib_stub_profiler_begin, void *method)
{
    return method; /* nobody is told */
}

/* ArgIterator exists on another platform only. */
CALL(void, corelib_stub_va_list, void)
{
    QCALL_BEGIN(t);
    vm_throw(t, VM_ERR_PLATFORM_NOT_SUPPORTED);
    QCALL_END(t);
}

CALL(u32, corelib_stub_va_list_size, void *list)
{
    (void)list;
    vm_throw(thread_current(), VM_ERR_PLATFORM_NOT_SUPPORTED);
    return 0;
}

CALL(void *, corelib_stub_delegate_target, Object *delegate)
{
    return CF_VAL(delegate, DELEGATE_PTRAUX, void *);
}

/* ---- arrays ---- */
typedef struct ArrayState { /* MngdNativeArrayMarshaler.MarshalerState */
    MethodTable *elem;
    TypeHandle array;
    void *managed_marshaler;
    i32 native_valid, best_fit, throw_unmappable;
    i16 vartype;
} ArrayState;
typedef struct FixedState { /* MngdFixedArrayMarshaler.MarshalerState */
    MethodTable *elem;
    void *managed_marshaler;
    TypeHandle array;
    i32 best_fit, throw_unmappable;
    u16 vartype;
    u32 count;
} FixedState;

/* The type of the array that a step makes; the library gives its element only.  false: pending. */
static bool find_array(Thread *t, ArrayStep what, TypeHandle *array, const MethodTable *elem)
{
    Err e = {0};
    if (*array || what != ARRAY_SPACE_MANAGED)
        return true;
    PREEMPTIVE(t) { *array = type_szarray_of(th_of(elem), &e); }
    return *array || vm_throw_err(t, &e);
}

static void step(const ArrayState *s, ArrayStep what, Object **array, char **native, i32 n)
{
    QCALL_BEGIN(t);
    TypeHandle type = s->array;
    if (find_array(t, what, &type, s->elem))
        interop_array_step(t, what, type, (u16)s->vartype, array, native, (u32)n);
    QCALL_END(t);
}

static void fixed_step(const FixedState *s, ArrayStep what, Object **array, char *native)
{
    QCALL_BEGIN(t);
    TypeHandle type = s->array;
    if (what == ARRAY_CONTENTS_NATIVE && array && *array && ((Array *)*array)->length < s->count)
        vm_throw_arg(t, VM_ERR_ARGUMENT, NULL,
                     "Type could not be marshaled because the length of an embedded array instance does not match the declared length in "
                     "the layout.");
    else if (find_array(t, what, &type, s->elem))
        interop_array_step(t, what, type, s->vartype, array, &native, s->count);
    QCALL_END(t);
}

CALL(void, corelib_array_space_native, ArrayState *s, ObjectHandleOnStack a, char **native)
{
    step(s, ARRAY_SPACE_NATIVE, a.ptr, native, 0);
}

CALL(void, corelib_array_contents_native, ArrayState *s, ObjectHandleOnStack a, char **native)
{
    step(s, ARRAY_CONTENTS_NATIVE, a.ptr, native, 0);
}

CALL(void, corelib_array_space_managed, ArrayState *s, ObjectHandleOnStack a, char **native, i32 n)
{
    step(s, ARRAY_SPACE_MANAGED, a.ptr, native, n);
}

CALL(void, corelib_array_contents_managed, ArrayState *s, ObjectHandleOnStack a, char **native)
{
    step(s, ARRAY_CONTENTS_MANAGED, a.ptr, native, 0);
}

CALL(void, corelib_array_clear, ArrayState *s, char **native, i32 n)
{
    step(s, ARRAY_CLEAR, NULL, native, n);
}

CALL(void, corelib_fixed_contents_native, FixedState *s, ObjectHandleOnStack a, char *native)
{
    fixed_step(s, ARRAY_CONTENTS_NATIVE, a.ptr, native);
}

CALL(void, corelib_fixed_space_managed, FixedState *s, ObjectHandleOnStack a, char *native)
{
    fixed_step(s, ARRAY_SPACE_MANAGED, a.ptr, native);
}

CALL(void, corelib_fixed_contents_managed, FixedState *s, ObjectHandleOnStack a, char *native)
{
    fixed_step(s, ARRAY_CONTENTS_MANAGED, a.ptr, native);
}

CALL(void, corelib_fixed_clear, FixedState *s, char *native)
{
    fixed_step(s, ARRAY_CLEAR, NULL, native);
}

/* ---- ComWrappers ---- */
CALL(void *, corelib_com_handle, ObjectHandleOnStack holder)
{
    QCALL_BEGIN(t);
    void *h = interop_com_handle(t, *holder.ptr);
    QCALL_END(t);
    return h;
}

static void *tracker_manager;

CALL(u8, corelib_tracker_has, void)
{
    return __atomic_load_n(&tracker_manager, __ATOMIC_ACQUIRE) != NULL;
}

/* The first one stays. */
CALL(u8, corelib_tracker_register, void *manager)
{
    void *none = NULL;
    return __atomic_compare_exchange_n(&tracker_manager, &none, manager, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) || none == manager;
}

CALL(void, corelib_cpuid, i32 *out, i32 function, i32 sub)
{
    u32 a, b, c, d;
    __cpuid_count((u32)function, (u32)sub, a, b, c, d);
    out[0] = (i32)a, out[1] = (i32)b, out[2] = (i32)c, out[3] = (i32)d;
}
