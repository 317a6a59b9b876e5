/* interop_hresult.c: the exception that stands for an error code of native code.
 * Book: interop.md  Tests: tests/app/InteropCalls.cs */
#include "interop/interop.h"

#include <stdio.h>

typedef struct HresultRow {
    u32 hr;
    const char *ns, *name, *message;
} HresultRow;
static const HresultRow rows[] = {
#define HRESULT_ROW(hr, ns, name, message) {hr, ns, name, message},
#include "interop/interop_hresults.def"
#undef HRESULT_ROW
};

static void general_message(u32 hr, char *text, size_t n)
{
    if (hr >> 16 == 0x8007)
        snprintf(text, n, "Error %u (0x%08X)", hr & 0xffff, hr);
    else if (hr >> 12 == 0x80131)
        snprintf(text, n, "Undefined resource string ID:0x%X (0x%08X)", 0x6000 + (hr & 0xffff), hr);
    else
        snprintf(text, n, hr == 0x8000ffff ? "Error %u (0x%08X (E_UNEXPECTED))" : "Error %u (0x%08X)", hr, hr);
}

static const HresultRow *row_of(u32 hr)
{
    for (u32 i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].hr == hr)
            return &rows[i];
    return NULL;
}

Object *interop_exception_of_hresult(Thread *t, u32 hr)
{
    char text[100];
    const HresultRow *r = row_of(hr);
    const char *message = r ? r->message : "";
    bool com = !r || !*r->name;
    MethodTable *mt = com ? NULL : type_load_name(type_corelib, r->ns, r->name, NULL);
    if (!mt)
        mt = type_load_name(type_corelib, "System.Runtime.InteropServices", "COMException", NULL);
    if (message && !*message) {
        general_message(hr, text, sizeof text);
        message = text;
    }
    Object *o = vm_new_object(t, mt);
    Method *ctor = type_method_by_name(mt, ".ctor", 0);
    if (!o || (ctor && !vm_call(t, ctor, (void *[]){&o}, NULL)))
        return NULL;
    if (message) {
        String *s = vm_string_utf8(t, message);
        if (!s)
            return NULL;
        CF_SET_REF(o, EXC_MESSAGE, s);
    }
    CF_VAL(o, EXC_HRESULT, i32) = message && strcmp(message, ".ctor") == 0 ? (i32)0x80131513 : (i32)hr;
    return o;
}
