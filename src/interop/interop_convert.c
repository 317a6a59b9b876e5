/* interop_convert.c: values from their managed to their native form in memory, and back.
 * Strings that a native form owns lie in memory of malloc, as Marshal.AllocCoTaskMem gives it: native code may replace them.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_value.h"

#include "interop/interop.h"

static char *native_string(const String *s, bool wide)
{
    if (!s)
        return NULL;
    if (!wide)
        return vm_string_to_utf8(s);
    size_t n = ((size_t)s->length + 1) * 2;
    return memcpy(base_malloc(n), s->chars, n);
}

static u32 wide_length(const char16 *s, u32 max)
{
    u32 n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

static bool store_string(Thread *t, char *managed, const char *native, bool wide, u32 max)
{
    String *s = NULL;
    if (native)
        s = wide ? vm_string_new(t, (const char16 *)(const void *)native, wide_length((const char16 *)(const void *)native, max))
                 : vm_string_utf8n(t, native, strnlen(native, max));
    if (native && !s)
        return false;
    gc_store_ref((Object **)(void *)managed, (Object *)s);
    return true;
}

static void fixed_string(const NativeValue *v, const String *s, char *native)
{
    memset(native, 0, v->size);
    if (!s || !v->count)
        return;
    if (v->wide) {
        memcpy(native, s->chars, MIN((u32)s->length, v->count - 1) * 2);
    } else {
        char *utf8 = vm_string_to_utf8(s);
        memcpy(native, utf8, MIN(strlen(utf8), (size_t)v->count - 1));
        base_free(utf8);
    }
}

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
        if (d && !fn)
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

static void convert_bool(const NativeValue *v, char *managed, char *native, NativeOp op)
{
    i32 x = 0;
    if (op == NV_TO_NATIVE) {
        x = *managed == 0 ? 0 : v->size == 2 ? -1 : 1;
        memcpy(native, &x, v->size);
    } else if (op == NV_TO_MANAGED) {
        memcpy(&x, native, v->size);
        *managed = x != 0;
    }
}

static void convert_char(char *managed, char *native, NativeOp op)
{
    char16 c;
    if (op == NV_TO_NATIVE) {
        memcpy(&c, managed, 2);
        *native = (char)(c < 0x80 ? c : '?');
    } else if (op == NV_TO_MANAGED) {
        c = (u8)*native < 0x80 ? (char16)(u8)*native : 0xFFFD;
        memcpy(managed, &c, 2);
    }
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
    case NV_STRING: {
        char *p;
        if (op == NV_TO_NATIVE) {
            p = native_string(*(String **)(void *)managed, v->wide);
            memcpy(native, &p, 8);
            return true;
        }
        memcpy(&p, native, 8);
        if (op == NV_TO_MANAGED)
            return store_string(t, managed, p, v->wide, INT32_MAX);
        base_free(p);
        memset(native, 0, 8);
        return true;
    }
    case NV_FIXED_STRING:
        if (op == NV_TO_NATIVE)
            fixed_string(v, *(String **)(void *)managed, native);
        return op != NV_TO_MANAGED || store_string(t, managed, native, v->wide, v->count);
    case NV_FIXED_ARRAY: return convert_array(t, v, managed, native, op);
    case NV_STRUCT: return native_convert_fields(t, v->layout, managed, native, op);
    case NV_DELEGATE: return convert_delegate(t, v, managed, native, op);
    case NV_BAD: break;
    }
    char name[512] = "?";
    if (v->type)
        type_name(v->type, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    base_missing("marshalling", "a field or element of type %s", name);
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
