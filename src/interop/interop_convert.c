/* interop_convert.c: values from their managed to their native form in memory, and back.
 * What a native form owns lies in memory of malloc, as Marshal.AllocCoTaskMem gives it: native code may replace it.  Where the class library
 * has the conversion (BSTR, fixed strings, dates, currency, StringBuilder) it is called.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_value.h"

#include "base/utf.h"
#include "interop/interop.h"

Method *native_core(Method **cell, const char *ns, const char *type, const char *name, i32 params)
{
    Method *m = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (m)
        return m;
    MethodTable *mt = type_load_name(type_corelib, ns, type, NULL);
    CHECKF(mt != NULL, "%s.%s", ns, type);
    m = type_method_by_name(mt, name, params);
    CHECKF(m != NULL, "%s.%s", type, name);
    __atomic_store_n(cell, m, __ATOMIC_RELEASE);
    return m;
}

#define HELPER(type, name, params) NATIVE_CORE("System.StubHelpers", type, name, params)

/* ---- strings ---------------------------------------------------------------------------------------------------------------------- */
static u32 wide_length(const char16 *s)
{
    u32 n = 0;
    while (s[n])
        n++;
    return n;
}

static bool string_to_native(Thread *t, const NativeValue *v, String *s, char *native)
{
    char *p = NULL;
    i32 flags = 0;
    void *none = NULL;
    bool ok = true;
    if (!s) {
        memset(native, 0, 8);
        return true;
    }
    switch ((StringForm)v->form) {
    case STRING_UTF8: { /* two zeros at the end */
        p = base_calloc(utf16_to_utf8_len(s->chars, (size_t)s->length) + 2, 1);
        utf16_to_utf8(s->chars, (size_t)s->length, p);
        break;
    }
    case STRING_WIDE: {
        size_t n = ((size_t)s->length + 1) * 2;
        p = memcpy(base_malloc(n), s->chars, n);
        break;
    }
    case STRING_BSTR: ok = vm_call(t, HELPER("BSTRMarshaler", "ConvertToNative", 2), (void *[]){&s, &none}, &p); break;
    case STRING_ANSIBSTR: ok = vm_call(t, HELPER("AnsiBSTRMarshaler", "ConvertToNative", 2), (void *[]){&flags, &s}, &p); break;
    }
    memcpy(native, &p, 8);
    return ok;
}

static bool string_to_managed(Thread *t, const NativeValue *v, char *managed, char *native)
{
    char *p;
    String *s = NULL;
    memcpy(&p, native, 8);
    if (p)
        switch ((StringForm)v->form) {
        case STRING_UTF8: s = vm_string_utf8(t, p); break;
        case STRING_WIDE: s = vm_string_new(t, (const char16 *)(const void *)p, wide_length((const char16 *)(const void *)p)); break;
        case STRING_BSTR:
            if (!vm_call(t, HELPER("BSTRMarshaler", "ConvertToManaged", 1), (void *[]){&p}, &s))
                return false;
            break;
        case STRING_ANSIBSTR:
            if (!vm_call(t, HELPER("AnsiBSTRMarshaler", "ConvertToManaged", 1), (void *[]){&p}, &s))
                return false;
            break;
        }
    if (p && !s)
        return false;
    gc_store_ref((Object **)(void *)managed, (Object *)s);
    return true;
}

static bool free_block(Thread *t, bool bstr, char *native)
{
    char *p;
    memcpy(&p, native, 8);
    memset(native, 0, 8);
    if (bstr)
        return !p || vm_call(t, NATIVE_CORE("System.Runtime.InteropServices", "Marshal", "FreeBSTR", 1), (void *[]){&p}, NULL);
    base_free(p);
    return true;
}

static bool convert_string(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    switch (op) {
    case NV_TO_NATIVE: return string_to_native(t, v, *(String **)(void *)managed, native);
    case NV_TO_MANAGED: return string_to_managed(t, v, managed, native);
    case NV_FREE: break;
    }
    return free_block(t, v->form >= STRING_BSTR, native);
}

static bool convert_fixed_string(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    i32 flags = 0, count = (i32)v->count;
    String *s = NULL;
    if (op == NV_FREE)
        return true;
    if (op == NV_TO_NATIVE) {
        memset(native, 0, v->size);
        s = *(String **)(void *)managed;
        if (v->form == STRING_WIDE)
            return vm_call(t, HELPER("FixedWSTRMarshaler", "ConvertToNative", 3), (void *[]){&s, &native, &count}, NULL);
        return vm_call(t, HELPER("CSTRMarshaler", "ConvertFixedToNative", 4), (void *[]){&flags, &s, &native, &count}, NULL);
    }
    Method *m = v->form == STRING_WIDE ? HELPER("FixedWSTRMarshaler", "ConvertToManaged", 2) : HELPER("CSTRMarshaler", "ConvertFixedToManaged", 2);
    if (!vm_call(t, m, (void *[]){&native, &count}, &s))
        return false;
    gc_store_ref((Object **)(void *)managed, (Object *)s);
    return true;
}

/* ---- StringBuilder ------------------------------------------------------------------------------------------------------------------ */
#define BUILDER(name, params) NATIVE_CORE("System.Text", "StringBuilder", name, params)

/* Room for the capacity in the native form, and a terminator. */
static bool builder_to_native(Thread *t, const NativeValue *v, Object *builder, char *native)
{
    i32 capacity = 0;
    String *text = NULL;
    bool wide = v->form == STRING_WIDE;
    memset(native, 0, 8);
    if (!builder)
        return true;
    if (!vm_call(t, BUILDER("get_Capacity", 0), (void *[]){&builder}, &capacity) ||
        !vm_call(t, BUILDER("ToString", 0), (void *[]){&builder}, &text))
        return false;
    char *buffer = base_calloc((size_t)MAX(capacity, text->length) + 2, wide ? 2 : 3);
    if (v->count) { /* only comes back */
        memcpy(native, &buffer, 8);
        return true;
    }
    if (wide) {
        memcpy(buffer, text->chars, (size_t)text->length * 2);
    } else {
        char *utf8 = vm_string_to_utf8(text);
        strcpy(buffer, utf8);
        base_free(utf8);
    }
    memcpy(native, &buffer, 8);
    return true;
}

static bool builder_to_managed(Thread *t, const NativeValue *v, char *managed, char *native)
{
    char *p;
    Object *builder = *(Object **)(void *)managed;
    memcpy(&p, native, 8);
    if (!p)
        return true;
    if (!builder) {
        builder = vm_new_object(t, th_mt(v->type));
        if (!builder || !vm_call(t, BUILDER(".ctor", 0), (void *[]){&builder}, NULL))
            return false;
        gc_store_ref((Object **)(void *)managed, builder);
        if (v->count)
            return true;
    }
    bool wide = v->form == STRING_WIDE;
    i32 n = wide ? (i32)wide_length((const char16 *)(const void *)p) : (i32)strlen(p);
    Method *m = wide ? BUILDER("ReplaceBufferInternal", 2) : BUILDER("ReplaceBufferAnsiInternal", 2);
    return vm_call(t, m, (void *[]){&builder, &p, &n}, NULL);
}

static bool convert_builder(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    switch (op) {
    case NV_TO_NATIVE: return builder_to_native(t, v, *(Object **)(void *)managed, native);
    case NV_TO_MANAGED: return builder_to_managed(t, v, managed, native);
    case NV_FREE: break;
    }
    return free_block(t, false, native);
}

/* ---- arrays, objects ------------------------------------------------------------------------------------------------------------------ */
static bool convert_array(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    Array *a = managed ? *(Array **)(void *)managed : NULL;
    const NativeValue *e = v->elem;
    bool ok = true;
    if (op == NV_FREE) {
        for (u32 i = 0; i < v->count; i++)
            native_convert(t, e, NULL, native + (size_t)i * e->size, op);
        return true;
    }
    if (op == NV_TO_MANAGED) {
        if (!(a = vm_new_array(t, v->type, v->count)))
            return false;
        gc_store_ref((Object **)(void *)managed, (Object *)a);
    } else if (!a) {
        memset(native, 0, v->size);
        return true;
    } else if (a->length < v->count) {
        return vm_throw_arg(t, VM_ERR_ARGUMENT, NULL,
                            "Type could not be marshaled because the length of an embedded array instance does not match the declared "
                            "length in the layout.");
    }
    for (u32 i = 0; ok && i < v->count; i++)
        ok = native_convert(t, e, (char *)a->data + (size_t)i * e->managed_size, native + (size_t)i * e->size, op);
    return ok;
}

static bool convert_delegate(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    if (op == NV_FREE)
        return true;
    if (op == NV_TO_NATIVE) {
        Object *d = *(Object **)(void *)managed;
        Err e = {0};
        void *fn = d ? interop_delegate_to_native(t, d, &e) : NULL;
        if (d && (!fn || !interop_delegate_can_enter(t, d, &e)))
            return vm_throw_err(t, &e);
        memcpy(native, &fn, 8);
        return true;
    }
    void *fn;
    memcpy(&fn, native, 8);
    Object *d = fn ? interop_delegate_from_native(t, th_mt(v->type), fn) : NULL;
    if (fn && !d)
        return false;
    gc_store_ref((Object **)(void *)managed, d);
    return true;
}

/* The fields of an object that has a layout of its own; made when it comes from native memory. */
static bool convert_class(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    Object *o = managed ? *(Object **)(void *)managed : NULL;
    if (op == NV_FREE)
        return native_convert_fields(t, v->layout, NULL, native, op);
    if (op == NV_TO_MANAGED) {
        if (!(o = vm_new_object(t, th_mt(v->type))))
            return false;
        gc_store_ref((Object **)(void *)managed, o);
    } else if (!o) {
        memset(native, 0, v->size);
        return true;
    }
    return native_convert_fields(t, v->layout, (char *)o + 8, native, op);
}

static bool convert_class_ptr(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    char *p;
    if (op == NV_TO_NATIVE) {
        p = *(Object **)(void *)managed ? base_calloc(1, v->layout->size) : NULL;
        memcpy(native, &p, 8);
        return !p || native_convert_fields(t, v->layout, *(char **)(void *)managed + 8, p, op);
    }
    memcpy(&p, native, 8);
    if (op == NV_FREE) {
        if (p)
            native_convert_fields(t, v->layout, NULL, p, op);
        return free_block(t, false, native);
    }
    if (p)
        return convert_class(t, v, managed, p, op);
    gc_store_ref((Object **)(void *)managed, NULL);
    return true;
}

static bool convert_copy_ptr(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    char *p;
    if (op == NV_TO_NATIVE) {
        p = memcpy(base_malloc(v->managed_size), managed, v->managed_size);
        memcpy(native, &p, 8);
        return true;
    }
    memcpy(&p, native, 8);
    if (op == NV_FREE)
        return free_block(t, false, native);
    if (p)
        memcpy(managed, p, v->managed_size);
    else
        memset(managed, 0, v->managed_size);
    return true;
}

/* ---- handles as fields ------------------------------------------------------------------------------------------------------------------ */
static bool handle_referenced(Thread *t, const NativeValue *v, Object *o, bool on)
{
    u8 done = 0;
    void *flag = &done;
    if (v->critical)
        return true;
    return on ? vm_call(t, NATIVE_CORE("System.Runtime.InteropServices", "SafeHandle", "DangerousAddRef", 1), (void *[]){&o, &flag}, NULL)
              : vm_call(t, NATIVE_CORE("System.Runtime.InteropServices", "SafeHandle", "DangerousRelease", 0), (void *[]){&o}, NULL);
}

void **native_handle_of(Object *o, bool critical)
{
    return (void **)(void *)((char *)o + vm_core_field_offset[critical ? CF_CRITICALHANDLE_HANDLE : CF_SAFEHANDLE_HANDLE]);
}

static bool convert_handle(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    Object *o = managed ? *(Object **)(void *)managed : NULL;
    void *p;
    memcpy(&p, native, 8);
    void *now = o ? *native_handle_of(o, v->critical) : NULL;
    if (op == NV_TO_NATIVE) {
        if (!o)
            return vm_throw_arg(t, VM_ERR_ARGUMENT_NULL, "handle", "Value cannot be null.");
        memcpy(native, &now, 8);
        return handle_referenced(t, v, o, true);
    }
    if (op == NV_TO_MANAGED)
        return (o && now == p) || vm_throwf(t, VM_ERR_NOT_SUPPORTED, "%s fields cannot be created from an unmanaged handle.",
                                            v->critical ? "CriticalHandle" : "SafeHandle");
    memset(native, 0, 8);
    return !o || !p || handle_referenced(t, v, o, false);
}

/* ---- numbers --------------------------------------------------------------------------------------------------------------------------- */
static void convert_bool(const NativeValue *v, char *managed, char *native, NativeOp op)
{
    i32 x = 0;
    if (op == NV_TO_NATIVE) {
        x = *managed != 0;
        memcpy(native, &x, v->size);
    } else if (op == NV_TO_MANAGED) {
        memcpy(&x, native, v->size);
        *managed = x != 0;
    }
}

/* One byte: the first of the character's UTF-8; a half of a pair is U+FFFD. */
static void convert_char(char *managed, char *native, NativeOp op)
{
    char16 c;
    if (op == NV_TO_NATIVE) {
        memcpy(&c, managed, 2);
        if (c >= 0xD800 && c < 0xE000)
            c = 0xFFFD;
        *native = (char)(c < 0x80 ? c : c < 0x800 ? 0xC0 | c >> 6 : 0xE0 | c >> 12);
    } else if (op == NV_TO_MANAGED) {
        c = (u8)*native < 0x80 ? (char16)(u8)*native : 0xFFFD;
        memcpy(managed, &c, 2);
    }
}

static bool convert_number(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    bool to_native = op == NV_TO_NATIVE, date = v->kind == NV_DATE;
    Method *m = date ? to_native ? HELPER("DateMarshaler", "ConvertToNative", 1) : HELPER("DateMarshaler", "ConvertToManaged", 1)
                : to_native ? NATIVE_CORE("System", "Decimal", "ToOACurrency", 1) : NATIVE_CORE("System", "Decimal", "FromOACurrency", 1);
    u64 in[2] = {0}, out[2] = {0};
    if (op == NV_FREE)
        return true;
    memcpy(in, to_native ? managed : native, to_native ? v->managed_size : 8);
    if (!vm_call(t, m, (void *[]){in}, out))
        return false;
    memcpy(to_native ? native : managed, out, to_native ? 8 : v->managed_size);
    return true;
}

bool native_convert(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op)
{
    switch ((NativeKind)v->kind) {
    case NV_COPY:
        if (op != NV_FREE)
            memcpy(op == NV_TO_NATIVE ? native : managed, op == NV_TO_NATIVE ? managed : native, v->managed_size);
        return true;
    case NV_BOOL:
        convert_bool(v, managed, native, op);
        return true;
    case NV_CHAR_NARROW:
        convert_char(managed, native, op);
        return true;
    case NV_CURRENCY:
    case NV_DATE: return convert_number(t, v, managed, native, op);
    case NV_STRING: return convert_string(t, v, managed, native, op);
    case NV_FIXED_STRING: return convert_fixed_string(t, v, managed, native, op);
    case NV_BUILDER: return convert_builder(t, v, managed, native, op);
    case NV_FIXED_ARRAY: return convert_array(t, v, managed, native, op);
    case NV_STRUCT: return native_convert_fields(t, v->layout, managed, native, op);
    case NV_CLASS: return convert_class(t, v, managed, native, op);
    case NV_CLASS_PTR: return convert_class_ptr(t, v, managed, native, op);
    case NV_COPY_PTR: return convert_copy_ptr(t, v, managed, native, op);
    case NV_DELEGATE: return convert_delegate(t, v, managed, native, op);
    case NV_HANDLE: return convert_handle(t, v, managed, native, op);
    case NV_RUNTIME_HANDLE:
        if (op == NV_TO_NATIVE)
            return vm_call(t, type_method_by_name(th_mt(v->type), "get_Value", 0), (void *[]){&managed}, native);
        return true;
    case NV_BAD: break;
    }
    return vm_throwf(t, VM_ERR_MARSHAL_DIRECTIVE, "%s", native_texts[v->why]);
}

bool native_convert_fields(Thread *t, const NativeLayout *l, char *managed, char *native, NativeOp op)
{
    bool ok = true;
    for (u32 i = 0; ok && i < l->num_fields; i++) {
        const NativeField *f = &l->fields[i];
        ok = native_convert(t, &f->value, managed ? managed + f->managed : NULL, native + f->native, op);
    }
    return ok;
}
