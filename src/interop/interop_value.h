/* interop_value.h: native forms of values in memory: what interop_layout.c works out and interop_convert.c converts by.
 * Book: interop.md */
#ifndef INTEROP_INTEROP_VALUE_H
#define INTEROP_INTEROP_VALUE_H
#include "vm/vm.h"

enum { /* NativeType (§II.23.4) and CorNativeType */
    NT_BOOLEAN = 2, NT_I1 = 3, NT_U1 = 4, NT_I2 = 5, NT_U2 = 6, NT_I4 = 7, NT_U4 = 8, NT_I8 = 9, NT_U8 = 0xa, NT_R4 = 0xb, NT_R8 = 0xc,
    NT_CURRENCY = 0xf, NT_BSTR = 0x13, NT_LPSTR = 0x14, NT_LPWSTR = 0x15, NT_LPTSTR = 0x16, NT_BY_VAL_STR = 0x17, NT_IUNKNOWN = 0x19,
    NT_IDISPATCH = 0x1a, NT_STRUCT = 0x1b, NT_INTERFACE = 0x1c, NT_SAFEARRAY = 0x1d, NT_BY_VAL_ARRAY = 0x1e, NT_INT = 0x1f, NT_UINT = 0x20,
    NT_ANSIBSTR = 0x23, NT_TBSTR = 0x24, NT_VARIANT_BOOL = 0x25, NT_FUNCTION = 0x26, NT_ASANY = 0x28, NT_LPARRAY = 0x2a, NT_LPSTRUCT = 0x2b,
    NT_CUSTOM = 0x2c, NT_ERROR = 0x2d, NT_LPUTF8 = 0x30, NT_NONE = 0xff,
};
typedef struct NativeSpec { /* a FieldMarshal blob, read */
    u8 type, elem;      /* NT_ */
    u32 count;          /* fixed strings and arrays, LPArray: SizeConst */
    i32 count_param;    /* LPArray: SizeParamIndex, -1: none */
    const char *custom_type, *custom_cookie; /* not terminated */
    u32 custom_type_len, custom_cookie_len;
} NativeSpec;
#define NATIVE_SPEC_NONE ((NativeSpec){.type = NT_NONE, .elem = NT_NONE, .count_param = -1})
NativeSpec native_spec(const MdImage *md, u32 token); /* of a Field or Param; type NT_NONE when it has none */

extern const char *const native_texts[];
typedef enum NativeText { /* interop_texts.def: why something cannot be marshalled */
    TEXT_NONE,
#define TEXT(id, text) TEXT_##id,
#include "interop/interop_texts.def"
#undef TEXT
} NativeText;

typedef enum NativeKind {
    NV_BAD, /* why says why not */
    NV_COPY, NV_BOOL, NV_CHAR_NARROW, NV_CURRENCY, NV_DATE,
    NV_STRING, NV_FIXED_STRING, NV_BUILDER,
    NV_FIXED_ARRAY,
    NV_STRUCT,
    NV_CLASS,     /* field: the fields of an object with layout, in place */
    NV_CLASS_PTR, /* a block of its own, as Marshal.AllocCoTaskMem gives it */
    NV_COPY_PTR,  /* a value in a block of its own */
    NV_DELEGATE,
    NV_RUNTIME_HANDLE, /* RuntimeTypeHandle and its kin: their Value */
    NV_HANDLE,    /* field: a SafeHandle or CriticalHandle */
} NativeKind;
typedef enum StringForm { STRING_UTF8, STRING_WIDE, STRING_BSTR, STRING_ANSIBSTR } StringForm;
typedef struct NativeValue {
    u8 kind;
    u8 form;              /* StringForm: STRING, BUILDER; FIXED_STRING: UTF8 or WIDE */
    u8 why;               /* NativeText, BAD */
    bool critical;        /* HANDLE: a CriticalHandle */
    u32 size, align;      /* native */
    u32 managed_size;
    u32 count;            /* FIXED_; BUILDER: 1: its text does not go in */
    TypeHandle type;      /* FIXED_ARRAY: the element's; others: its own */
    const struct NativeValue *elem;
    const struct NativeLayout *layout;
} NativeValue;
typedef struct NativeField {
    u32 managed, native; /* offsets */
    u32 token;
    MethodTable *owner;
    NativeValue value;
} NativeField;
typedef struct NativeLayout { /* lives as long as the process */
    MethodTable *mt;
    u32 size, align;
    bool ok;        /* has a native size */
    bool same;      /* the managed form is the native one */
    bool handles;   /* has fields of kind HANDLE, at any depth */
    bool recursive; /* by itself */
    u32 num_fields;
    NativeField *fields;
} NativeLayout;

/* Fields in order, each in its native form, packed as the type says (§II.22.8). Any mode; loads types. */
const NativeLayout *native_layout(MethodTable *mt);
void interop_layouts_forget(void); /* unloading; world stopped */
/* false: *e, the reference's TypeLoadException for a type that has a field which cannot be marshalled. */
bool native_layout_check(const NativeLayout *l, Err *e);
typedef enum NativePlace { AT_PARAM, AT_FIELD, AT_ELEMENT } NativePlace;
/* spec may be NULL. unicode: the character set in force. */
NativeValue native_value(TypeHandle th, const NativeSpec *spec, bool unicode, NativePlace place);

/* Cooperative.  Memory to memory; addresses may lie in objects.  false: pending.
 * NV_FREE: what the native form owns; managed may be NULL, but then handles stay referenced. */
typedef enum NativeOp { NV_TO_NATIVE, NV_TO_MANAGED, NV_FREE } NativeOp;
bool native_convert(Thread *t, const NativeValue *v, char *managed, char *native, NativeOp op);
bool native_convert_fields(Thread *t, const NativeLayout *l, char *managed, char *native, NativeOp op);
void **native_handle_of(Object *o, bool critical); /* its field `handle` */
Method *native_core(Method **cell, const char *ns, const char *type, const char *name, i32 params); /* looked up once */
#define NATIVE_CORE(ns, type, name, params) ({ static Method *cell_; native_core(&cell_, ns, type, name, params); })
bool native_not_for_calls(const MethodTable *mt); /* a generic struct that is refused even where it has no conversion */
bool native_is_core(const MethodTable *mt, const char *ns, const char *name);
#endif
