/* corelib_interop.c: calls of Marshal, NativeLibrary and StubHelpers.
 * The native layout of a type: fields in order, each in its native form (bool 4 bytes, char 1 or 2, references as pointers), packed
 * as the type says (§II.22.8).  A type whose managed form is the native one is copied; others have no stub yet and say so.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <cpuid.h>
#include <errno.h>

#include "interop/interop.h"
#include "md/md_attr.h"
#include "os/os_dl.h"
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
    void *fn = interop_delegate_to_native(t, *delegate.ptr, &e);
    if (!fn)
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
    char *text = kind == VM_ERR_COM ? base_asprintf("Exception from HRESULT: 0x%08X", (u32)hr) : NULL;
    Object *o = vm_exception_new(t, kind, text);
    base_free(text);
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
typedef struct Native {
    u32 size, align;
    bool same; /* the managed form is the native one */
    bool ok;
} Native;
static Native native_type(MethodTable *mt, u32 depth);

/* UnmanagedType of a field's FieldMarshal row, 0: none; *count: elements of a fixed array or units of a fixed string */
static u32 field_marshal(MethodTable *mt, const Field *f, u32 *count)
{
    const MdImage *md = mt->module->md;
    u32 row = md_marshal_of(md, f->token), n = 0;
    const u8 *p = row ? md_blob(md, md_FieldMarshal_NativeType(md, row), &n) : NULL;
    *count = 0;
    if (!p || n == 0)
        return 0;
    if (n > 1)
        *count = p[1] < 0x80 ? p[1] : n > 2 && p[1] < 0xc0 ? (u32)(p[1] & 0x3f) << 8 | p[2] : 0;
    return p[0];
}

static Native plain(u32 size)
{
    return (Native){size, size, true, true};
}

static Native native_field(MethodTable *mt, Field *f, u32 depth)
{
    enum { N_BOOLEAN = 2, N_I1 = 3, N_U1 = 4, N_I2 = 5, N_U2 = 6, N_VARIANT_BOOL = 37, N_BY_VAL_STR = 23, N_BY_VAL_ARRAY = 30 };
    u32 count, how = field_marshal(mt, f, &count);
    bool unicode = (mt->klass->attrs & TD_STRING_FORMAT) == TD_UNICODE;
    Native r = {8, 8, false, true};
    switch (f->kind) {
    case ET_BOOLEAN:
        r.size = r.align = how == N_I1 || how == N_U1 ? 1 : how == N_VARIANT_BOOL ? 2 : 4;
        return r;
    case ET_CHAR:
        r.size = r.align = how == N_I1 || how == N_U1 ? 1 : how == N_I2 || how == N_U2 || unicode ? 2 : 1;
        r.same = r.size == 2;
        return r;
    case ET_VALUETYPE: {
        Err e = {0};
        TypeHandle th = type_field_type(mt, f, &e);
        MethodTable *inner = th ? th_mt(th) : NULL;
        return inner && depth < 32 ? native_type(inner, depth + 1) : (Native){0, 0, false, false};
    }
    case ET_CLASS:
        if (how == N_BY_VAL_STR)
            return (Native){count * (unicode ? 2 : 1), unicode ? 2 : 1, false, true};
        if (how == N_BY_VAL_ARRAY) {
            Err e = {0};
            TypeHandle th = type_field_type(mt, f, &e);
            TypeHandle elem = th && th_mt(th) && mt_is_array(th_mt(th)) ? th_mt(th)->elem : 0;
            u32 size = elem ? type_size(elem) : 0;
            return (Native){count * size, size ? type_align(elem) : 1, false, size != 0};
        }
        return r;
    default: return plain(f->size);
    }
}

static Native native_type(MethodTable *mt, u32 depth)
{
    Native r = {0, 1, true, true};
    const MdImage *md = mt->module->md;
    u32 row = mt->klass->token ? md_class_layout_of(md, MD_RID(mt->klass->token)) : 0;
    u32 pack = row ? md_ClassLayout_PackingSize(md, row) : 0, given = row ? md_ClassLayout_ClassSize(md, row) : 0;
    bool is_explicit = (mt->klass->attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT;
    if (mt->klass->underlying)
        return plain(mt->klass->size);
    if ((mt->klass->attrs & TD_LAYOUT) == TD_AUTO_LAYOUT)
        return (Native){0, 0, false, false};
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        Native n = native_field(mt, f, depth);
        if (!n.ok)
            return n;
        u32 align = pack && pack < n.align ? pack : n.align;
        u32 at = is_explicit ? f->offset : ALIGN_UP(r.size, MAX(align, 1u));
        r.same &= n.same && at == f->offset;
        r.size = MAX(r.size, at + n.size);
        r.align = MAX(r.align, align);
    }
    r.size = MAX(ALIGN_UP(r.size, r.align), given);
    if (r.size == 0)
        r.size = 1;
    r.same &= !mt_has_refs(mt);
    return r;
}

CALL(i32, corelib_marshal_size, QCallTypeHandle type, i32 throws)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    Native n = mt && !mt_is_array(mt) ? native_type(mt, 0) : (Native){0, 0, false, false};
    if (!n.ok && throws) {
        char name[512];
        type_name(type.th, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        char *text = base_asprintf("Type '%s' cannot be marshaled as an unmanaged structure; no meaningful size or offset can be computed.", name);
        vm_throw_arg(t, VM_ERR_ARGUMENT, NULL, text);
        base_free(text);
    }
    QCALL_END(t);
    return n.ok ? (i32)n.size : 0;
}

CALL(i64, corelib_marshal_offset, Field *field)
{
    QCALL_BEGIN(t);
    MethodTable *mt = field->mt;
    u32 size = 0, pack = 0, offset = 0;
    const MdImage *md = mt->module->md;
    u32 row = md_class_layout_of(md, MD_RID(mt->klass->token));
    pack = row ? md_ClassLayout_PackingSize(md, row) : 0;
    bool is_explicit = (mt->klass->attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT;
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        Native n = native_field(mt, f, 0);
        u32 align = pack && pack < n.align ? pack : n.align;
        offset = is_explicit ? f->offset : ALIGN_UP(size, MAX(align, 1u));
        size = offset + n.size;
        if (f->token == field->token)
            break;
    }
    QCALL_END(t);
    return offset;
}

/* *stub NULL and true: copy *size bytes. */
CALL(i32, corelib_marshal_struct_stub, TypeHandle th, void **stub, u64 *size)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(th);
    Native n = mt && !mt_is_array(mt) ? native_type(mt, 0) : (Native){0, 0, false, false};
    *stub = NULL;
    *size = n.size;
    if (n.ok && !n.same) {
        char name[512];
        type_name(th, TN_NAMESPACE, name, sizeof name);
        base_missing("marshalling", "of the fields of %s", name);
    }
    QCALL_END(t);
    return n.ok;
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
