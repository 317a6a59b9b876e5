/* interop_value.h: native forms of values in memory: what interop_layout.c works out and interop_convert.c converts by.
 * Book: interop.md */
#ifndef INTEROP_INTEROP_VALUE_H
#define INTEROP_INTEROP_VALUE_H
#include "vm/vm.h"

enum { /* NativeType (§II.23.4) and CorNativeType */
    NT_BOOLEAN = 2, NT_I1 = 3, NT_U1 = 4, NT_I2 = 5, NT_U2 = 6, NT_LPSTR = 0x14, NT_LPWSTR = 0x15, NT_LPTSTR = 0x16, NT_BY_VAL_STR = 0x17,
    NT_BY_VAL_ARRAY = 0x1e, NT_VARIANT_BOOL = 0x25, NT_LPARRAY = 0x2a, NT_LPSTRUCT = 0x2b, NT_CUSTOM = 0x2c, NT_LPUTF8 = 0x30, NT_NONE = 0xff,
};
typedef struct NativeSpec { /* a FieldMarshal blob, read */
    u8 type, elem;      /* NT_ */
    u32 count;          /* fixed strings and arrays, LPArray: SizeConst */
    i32 count_param;    /* LPArray: SizeParamIndex, -1: none */
    const char *custom_type, *custom_cookie; /* not terminated */
    u32 custom_type_len, custom_cookie_len;
} NativeSpec;
NativeSpec native_spec(const MdImage *md, u32 token); /* of a Field or Param; type NT_NONE when it has none */

typedef enum NativeKind { NV_BAD, NV_COPY, NV_BOOL, NV_CHAR_NARROW, NV_STRING, NV_FIXED_STRING, NV_FIXED_ARRAY, NV_STRUCT, NV_DELEGATE } NativeKind;
typedef struct NativeValue {
    u8 kind;
    bool wide;            /* strings: UTF-16 */
    u32 size, align;      /* native */
    u32 managed_size;
    u32 count;            /* FIXED_ */
    TypeHandle type;      /* FIXED_ARRAY: the element's; DELEGATE, STRUCT: its own */
    const struct NativeValue *elem;
    const struct NativeLayout *layout;
} NativeValue;
typedef struct NativeField {
    u32 managed, native; /* offsets */
    u32 token;
    NativeValue value;
} NativeField;
typedef struct NativeLayout { /* lives as long as the process */
    u32 size, align;
    bool ok;   /* has a native size */
    bool same; /* the managed form is the native one */
    u32 num_fields;
    NativeField *fields;
} NativeLayout;

/* Fields in order, each in its native form, packed as the type says (§II.22.8). Any mode; loads types. */
const NativeLayout *native_layout(MethodTable *mt);
void interop_layouts_forget(void); /* unloading; world stopped */
NativeValue native_value(TypeHandle th, const NativeSpec *spec, bool unicode);

/* Cooperative.  Memory to memory; addresses may lie in objects.  false: pending.  NV_FREE: strings that the native form owns. */
typedef enum NativeOp { NV_TO_NATIVE, NV_TO_MANAGED, NV_FREE } NativeOp;
bool native_convert(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op);
bool native_convert_fields(Thread *t, const NativeLayout *l, char *managed, char *native, NativeOp op);
#endif
