/* corelib_interop.c: calls of Marshal, NativeLibrary and StubHelpers.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <cpuid.h>
#include <errno.h>

#include "interop/interop.h"
#include "interop/interop_value.h"
#include "os/os_dl.h"
#include "vm/vm_hresult.h"
#include "vm/vm_throw.h"

/* --- Delegates --------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_marshal_to_delegate, void *fn, QCallTypeHandle type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Object *o = interop_delegate_from_native(t, th_mt(type.th), fn);
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
    static const struct {
        u32 hr;
        VmError kind;
    } rows[] = {
#define VM_ERROR(id, ns, name, hresult, message) {hresult, VM_ERR_##id},
#include "vm/errors.def"
#undef VM_ERROR
    };
    QCALL_BEGIN(t);
    (void)info;
    VmError kind = VM_ERR_COM;
    for (u32 i = 0; i < ARRAY_LEN(rows) && kind == VM_ERR_COM; i++)
        if (rows[i].hr == (u32)hr)
            kind = rows[i].kind;
    char text[300];
    vm_hr_message((u32)hr, text, sizeof text);
    Object *o = vm_exception_new(t, kind, kind == VM_ERR_COM ? text : NULL);
    if (o) {
        CF_VAL(o, EXC_HRESULT, i32) = hr;
        qc_set_object(out, o);
    }
    QCALL_END(t);
}

CALL(i32, corelib_marshal_code, void)
{
    return (i32)0xE0434352; /* that of every managed exception */
}

CALL(void *, corelib_marshal_pointers, void)
{
    return NULL;
}

/* --- Layout ------------------------------------------------------------------------------------------------------------------- */
static const NativeLayout *layout_of(MethodTable *mt)
{
    const NativeLayout *l = NULL;
    Thread *t = thread_current();
    if (mt && !mt_is_array(mt))
        PREEMPTIVE(t) { l = native_layout(mt); }
    return l && l->ok ? l : NULL;
}

CALL(i32, corelib_marshal_size, QCallTypeHandle type, i32 throws)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    const NativeLayout *l = layout_of(mt);
    u32 size = l ? l->size : 0;
    if (l && mt->klass->underlying)
        size = native_value(type.th, NULL, false).size; /* bool and char alone */
    if (!l && throws) {
        char name[512];
        type_name(type.th, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        char *text = base_asprintf("Type '%s' cannot be marshaled as an unmanaged structure; no meaningful size or offset can be computed.", name);
        vm_throw_arg(t, VM_ERR_ARGUMENT, NULL, text);
        base_free(text);
    }
    QCALL_END(t);
    return (i32)size;
}

CALL(i64, corelib_marshal_offset, Field *field)
{
    QCALL_BEGIN(t);
    i64 offset = 0;
    const NativeLayout *l = layout_of(field->mt);
    for (u32 i = 0; l && i < l->num_fields; i++)
        if (l->fields[i].token == field->token)
            offset = l->fields[i].native;
    QCALL_END(t);
    return offset;
}

/* *stub NULL and true: copy *size bytes. */
CALL(i32, corelib_marshal_struct_stub, TypeHandle th, void **stub, u64 *size)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(th);
    const NativeLayout *l = layout_of(mt);
    *stub = l && !l->same ? interop_struct_stub(t, mt, l) : NULL;
    *size = l ? l->size : 0;
    QCALL_END(t);
    return l != NULL;
}

/* --- Libraries ------------------------------------------------------------------------------------------------------------------- */
static void *library(void *lib, i32 throws, const Err *e)
{
    if (!lib && (throws || e->kind == ERR_PENDING)) {
        QCALL_BEGIN(t);
        vm_throw_err(t, e);
        QCALL_END(t);
    }
    return lib;
}

CALL(void *, corelib_lib_load_path, const char16 *path, i32 throws)
{
    char *s = utf16_dup_utf8(path, SIZE_MAX);
    Err e = {0};
    void *lib = NULL;
    QCALL_BEGIN(t);
    lib = interop_load_path(t, s, &e);
    QCALL_END(t);
    base_free(s);
    return library(lib, throws, &e);
}

CALL(void *, corelib_lib_load_name, const char16 *name, QCallAssembly a, i32 has_flags, u32 flags, i32 throws)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    Err e = {0};
    void *lib = NULL;
    (void)has_flags, (void)flags;
    QCALL_BEGIN(t);
    lib = interop_load_library(t, a.assembly, s, false, &e);
    QCALL_END(t);
    base_free(s);
    return library(lib, throws, &e);
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

/* Only strings made of BSTRs of odd length have one. */
CALL(u8, corelib_stub_trail_byte, String *s, u8 *byte)
{
    (void)s;
    *byte = 0;
    return 0;
}

CALL(u8, corelib_no_u8, void)
{
    return 0;
}

CALL(void, corelib_cpuid, i32 *out, i32 function, i32 sub)
{
    u32 a, b, c, d;
    __cpuid_count((u32)function, (u32)sub, a, b, c, d);
    out[0] = (i32)a, out[1] = (i32)b, out[2] = (i32)c, out[3] = (i32)d;
}
