/* refl_enum.c: names and values of an enum, and names compared without case. */
#include "corelib/refl_int.h"

#include <strings.h>

static WellKnown storage_of(u8 et)
{
    switch (et) {
    case ET_BOOLEAN: case ET_I1: case ET_U1: return WK_BYTE;
    case ET_CHAR: return WK_CHAR;
    case ET_I2: case ET_U2: return WK_UINT16;
    case ET_I4: case ET_U4: return WK_UINT32;
    case ET_I8: case ET_U8: return WK_UINT64;
    case ET_R4: return WK_SINGLE;
    case ET_R8: return WK_DOUBLE;
    default: return WK_UINTPTR;
    }
}

/* values: array of the unsigned type of the enum's size; names: string[].  In metadata order: managed code sorts. */
REFL(void, Enum_GetValuesAndNames, QCallTypeHandle type, ObjectHandleOnStack values, ObjectHandleOnStack names, i32 want_names)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    if (!mt || !mt_is_enum(mt)) {
        vm_throwf(t, VM_ERR_ARGUMENT, "Type provided must be an Enum.");
        QCALL_END(t);
        return;
    }
    const MdImage *md = mt->module->md;
    MdRange r = md_typedef_fields(md, MD_RID(mt->klass->token));
    u32 n = 0, size = mt->klass->size;
    for (u32 i = r.first; i < r.end; i++)
        n += (md_Field_Flags(md, md_field_at(md, i)) & (FD_STATIC | FD_LITERAL)) == (FD_STATIC | FD_LITERAL);
    Array *v = vm_new_array(t, th_of(type_wk(storage_of(mt->klass->underlying))), n);
    Array *s = v && want_names ? vm_new_array(t, th_of(type_wk(WK_STRING)), n) : NULL;
    u32 at = 0;
    for (u32 i = r.first; v && !vm_pending(t) && i < r.end; i++) {
        u32 rid = md_field_at(md, i), len = 0;
        if ((md_Field_Flags(md, rid) & (FD_STATIC | FD_LITERAL)) != (FD_STATIC | FD_LITERAL))
            continue;
        u32 constant = md_constant_of(md, MD_TOKEN(MDT_Field, rid));
        const u8 *p = constant ? md_blob(md, md_Constant_Value(md, constant), &len) : NULL;
        if (p)
            memcpy((char *)v->data + (size_t)at * size, p, MIN(len, size));
        if (s) {
            String *name = vm_string_utf8(t, md_field_name(md, rid));
            if (!name)
                break;
            refl_array_set(s, at, (Object *)name);
        }
        at++;
    }
    if (v && !vm_pending(t)) {
        qc_set_object(values, (Object *)v);
        if (s)
            qc_set_object(names, (Object *)s);
    }
    QCALL_END(t);
}

/* UTF-8 of equal length; only ASCII letters fold where both are ASCII, else by code point through UTF-16. */
REFL(i32, MdUtf8String_EqualsCaseInsensitive, const char *a, const char *b, i32 n)
{
    for (i32 i = 0; i < n; i++)
        if ((a[i] | b[i]) & 0x80)
            return memcmp(a, b, (size_t)n) == 0;
    return strncasecmp(a, b, (size_t)n) == 0;
}
