/* interop_state.c: arrays converted step by step for CoreLib's MngdNativeArrayMarshaler and MngdFixedArrayMarshaler, by the VARTYPE that
 * their state names; AsAny comes this way.
 * Book: interop.md  Tests: tests/app/InteropCustom.cs */
#include "interop/interop_plan.h"

#include "os/os_thread.h"

enum { VT_DATE = 7, VT_BSTR = 8, VT_LPSTR = 30, VT_LPWSTR = 31, VT_CBOOL = 250, VT_ANSICHAR = 253, VT_WINBOOL = 254 };

/* The elements' native form; kept for the process, one for each type and VARTYPE. */
static const NativeValue *element(TypeHandle array, u16 vt)
{
    static OsMutex lock = OS_MUTEX_INIT;
    static Map64 known;
    static const struct {
        u16 vt;
        u8 type;
    } forms[] = {{VT_BSTR, NT_BSTR}, {VT_LPSTR, NT_LPSTR}, {VT_LPWSTR, NT_LPWSTR}, {VT_CBOOL, NT_U1}, {VT_ANSICHAR, NT_U1}, {VT_WINBOOL, NT_BOOLEAN}};
    u64 key = array ^ (u64)vt << 48;
    os_mutex_lock(&lock);
    NativeValue *v = map64_ptr(&known, key);
    os_mutex_unlock(&lock);
    if (v)
        return v;
    NativeSpec spec = NATIVE_SPEC_NONE;
    for (u32 i = 0; i < ARRAY_LEN(forms); i++)
        if (forms[i].vt == vt)
            spec.type = forms[i].type;
    v = base_malloc(sizeof *v);
    *v = native_value(th_mt(array)->elem, &spec, true, AT_ELEMENT);
    os_mutex_lock(&lock);
    map64_put(&known, key, (u64)(uintptr_t)v);
    os_mutex_unlock(&lock);
    return v;
}

void interop_array_step(Thread *t, ArrayStep step, TypeHandle type, u16 vt, Object **array, char **native, u32 n)
{
    if (!type && array && *array)
        type = th_of((*array)->mt);
    const NativeValue *v = type ? element(type, vt) : NULL;
    Array *a = array ? (Array *)*array : NULL;
    switch (step) {
    case ARRAY_SPACE_NATIVE: *native = a ? base_calloc(MAX(a->length, 1u), v->size) : NULL; break;
    case ARRAY_CONTENTS_NATIVE:
        if (a && *native)
            helper_array(a, *native, v, NV_TO_NATIVE);
        break;
    case ARRAY_SPACE_MANAGED: *array = *native ? (Object *)vm_new_array(t, th_mt(type)->elem, n) : NULL; break;
    case ARRAY_CONTENTS_MANAGED:
        if (a && *native)
            helper_array(a, *native, v, NV_TO_MANAGED);
        break;
    case ARRAY_CLEAR:
        for (u32 i = 0; *native && v && i < n; i++)
            native_convert(t, v, NULL, *native + (size_t)i * v->size, NV_FREE);
        break;
    }
}
