/* interop_plan.h: how one parameter or result is passed, and the helpers that emitted IL calls: for interop_plan.c, interop_marshal.c
 * and interop_delegate.c.
 * Book: interop.md */
#ifndef INTEROP_INTEROP_PLAN_H
#define INTEROP_INTEROP_PLAN_H
#include "interop/interop.h"
#include "interop/interop_value.h"

typedef enum ArgKind {
    ARG_PLAIN,      /* as it is */
    ARG_BOOL,
    ARG_BYREF,      /* pinned: the native form is the same */
    ARG_PINNED_STRING, /* address of the characters */
    ARG_ARRAY,      /* pinned, address of the first element */
    ARG_OBJECT,     /* pinned, address of the first field */
    ARG_ADDRESS,    /* address of the argument itself (LPStruct) */
    ARG_HANDLE,     /* SafeHandle, CriticalHandle */
    ARG_HANDLE_REF,
    ARG_HANDLEREF,  /* System.Runtime.InteropServices.HandleRef */
    ARG_OFFSET,     /* ArrayWithOffset: pinned */
    ARG_VALUE,      /* converted in a local; native: a type with the same classes */
    ARG_VALUE_REF,  /* by reference, converted in a buffer on the stack */
    ARG_OBJECT_REF, /* fields of an object, converted in a buffer on the stack */
    ARG_ARRAY_COPY, /* elements converted in a buffer */
    ARG_ARRAY_REF,  /* an array that native code may replace */
    ARG_CUSTOM,     /* ICustomMarshaler */
    ARG_CUSTOM_REF,
    ARG_ASANY,
    ARG_BAD,        /* why says why not */
} ArgKind;
typedef struct CustomSource { /* of an ICustomMarshaler; lives as long as the process */
    Method *method;
    NativeSpec spec;
    Domain *domain; /* whose marshaler it is */
    GcHandle marshaler;
} CustomSource;
enum { WHY_NOT_COMPATIBLE = 0xff }; /* no text of interop_texts.def, but that of the whole signature */
typedef struct ArgPlan {
    u8 kind;             /* ArgKind */
    u8 why;              /* NativeText, BAD */
    bool in, out;
    bool unicode;        /* ASANY */
    SigType native;
    TypeHandle type;     /* the parameter's; _REF: what it refers to */
    NativeValue *value;  /* VALUE, HANDLE, _REF; ARRAY, ARRAY_: the element's. Lives as long as the process */
    NativeSpec spec;
    CustomSource *custom; /* CUSTOM */
    u32 local, extra, extra2; /* locals of the stub, while it is emitted */
} ArgPlan;
/* sequence: 0 the result. false: *e (a type with a field that has no native form) */
bool plan_arg(const MarshalSource *s, const SigType *p, u32 sequence, ArgPlan *out, Err *e);
bool plan_refuse(u32 sequence, const ArgPlan *a, Err *e); /* for BAD: MarshalDirectiveException in *e */
SigType plan_prim(u8 kind);
SigType plan_words(u32 n, Err *e); /* a struct of n words */
MethodTable *plan_core(const char *ns, const char *name);
Method *plan_core_fn(const char *ns, const char *type, const char *name, i32 params);
Method *plan_marshal_fn(const char *name, i32 params); /* of Marshal */
bool plan_has_constructor(MethodTable *handle_class, Method **ctor); /* SafeHandle, CriticalHandle: false when it has no default one */

/* Calls of C helpers from emitted IL.  Their arguments are on the stack: first as given, then three words. */
typedef enum HelperArg { HELPER_ADDRESS, HELPER_OBJECT } HelperArg;
void plan_call_helper(IlBuilder *b, void *fn, HelperArg first, bool object_result);
/* The argument's ICustomMarshaler onto the stack.  any_local: has an address, nothing more is asked of it. */
void plan_push_custom(IlBuilder *b, const ArgPlan *a, u32 any_local);
void plan_make_custom(IlBuilder *b, const ArgPlan *a, u32 any_local); /* made now, so that what fails does so before anything is converted */
void plan_call_custom(IlBuilder *b, const char *name); /* MngdRefCustomMarshaler.name(marshaler, ref object, native *) */
/* (managed address, native address, NativeValue *, NativeOp) : 0 */
void *helper_value(char *managed, char *native, const NativeValue *v, i64 op);
/* (object, native address, MethodTable *, NativeOp) : 0: fields of an object */
void *helper_object(Object *o, char *native, MethodTable *mt, i64 op);
/* (anything, CustomSource *, 0, 0) : ICustomMarshaler */
Object *helper_custom(char *nothing, CustomSource *c, i64 x, i64 y);
enum { HELPER_SPACE = 3 }; /* beside NativeOp: room for the elements, zeroed */
/* (array, buffer, NativeValue * of an element, NativeOp) : buffer */
void *helper_array(Array *a, char *native, const NativeValue *v, i64 op);
/* (address of array, address of buffer, NativeValue * of an element, count * 4 + NativeOp) : 0 */
void *helper_array_ref(Array **managed, char **native, const NativeValue *v, i64 count_op);
/* (StringBuilder, native buffer, StringForm, 0) : 0: its text into the buffer */
void *helper_builder_back(Object *builder, char *native, i64 form, i64 x);
/* (native address, count, NativeValue *, TypeHandle of an element) : array */
Object *helper_array_in(char *native, i64 count, const NativeValue *v, TypeHandle elem);
/* (address of handle object, three words: handle, references taken, critical, NativeOp) : 0 */
void *helper_handle(Object **managed, i64 *words, i64 critical, i64 op);
/* (address of where the new object goes, the three words, address of the new object, bit 0 critical, bit 1 the old one went in) : 0 */
void *helper_handle_new(Object **managed, i64 *words, Object **made, i64 flags);
/* (address of the contents of an array of whatever rank) */
void *helper_array_data(Array *a, i64 x, i64 y, i64 z);
#endif
