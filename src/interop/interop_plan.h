/* interop_plan.h: how one parameter or result is passed, and the helpers that emitted IL calls: for interop_plan.c, interop_marshal.c
 * and interop_delegate.c.
 * Book: interop.md */
#ifndef INTEROP_INTEROP_PLAN_H
#define INTEROP_INTEROP_PLAN_H
#include "interop/interop.h"
#include "interop/interop_value.h"

typedef enum ArgKind {
    ARG_PLAIN,        /* as it is */
    ARG_BOOL,
    ARG_CHAR_NARROW,
    ARG_BYREF,        /* pinned: the native form is the same */
    ARG_STRING,
    ARG_ARRAY,        /* pinned, address of the first element */
    ARG_OBJECT,       /* pinned, address of the first field */
    ARG_SAFEHANDLE,
    ARG_DELEGATE,
    ARG_HANDLEREF,
    ARG_VALUE,        /* struct, converted in a buffer on the stack; native: a struct of words with the same classes */
    ARG_VALUE_REF,    /* by reference, converted in a buffer on the stack */
    ARG_SAFEHANDLE_OUT,
    ARG_OBJECT_REF,   /* fields of an object, converted in a buffer on the stack */
    ARG_ARRAY_COPY,   /* elements converted in a buffer */
    ARG_BUILDER,      /* StringBuilder */
    ARG_CUSTOM,       /* ICustomMarshaler */
    ARG_BAD,
} ArgKind;
typedef struct ArgPlan {
    u8 kind;             /* ArgKind */
    bool in, out, wide;
    SigType native;
    TypeHandle type;     /* the parameter's; VALUE_REF, SAFEHANDLE_OUT: what it refers to */
    NativeValue *value;  /* VALUE, VALUE_REF; ARRAY, ARRAY_COPY: the element's. Lives as long as the process */
    NativeSpec spec;
    GcHandle custom;     /* CUSTOM: the marshaler */
    u32 local, flag;
} ArgPlan;
/* sequence: 0 the result. false: *e (a custom marshaler's class was not found, or threw) */
bool plan_arg(const MarshalSource *s, const SigType *p, u32 sequence, ArgPlan *out, Err *e);
SigType plan_prim(u8 kind);
MethodTable *plan_core(const char *ns, const char *name);
Method *plan_core_fn(const char *ns, const char *type, const char *name, i32 params);
Method *plan_marshal_fn(const char *name, i32 params); /* of Marshal */

/* Calls of C helpers from emitted IL.  Their arguments are on the stack: first as given, then three words. */
typedef enum HelperArg { HELPER_ADDRESS, HELPER_OBJECT } HelperArg;
void plan_call_helper(IlBuilder *b, void *fn, HelperArg first, bool object_result);
/* (managed address, native address, NativeValue *, NativeOp) : 0 */
void *helper_value(char *managed, char *native, const NativeValue *v, i64 op);
/* (object, native address, MethodTable *, NativeOp) : 0: fields of an object */
void *helper_object(Object *o, char *native, MethodTable *mt, i64 op);
/* (array, buffer, NativeValue * of an element, NativeOp) : buffer */
void *helper_array(Array *a, char *native, const NativeValue *v, i64 op);
/* (native address, count, NativeValue *, TypeHandle of an element) : array */
Object *helper_array_in(char *native, i64 count, const NativeValue *v, TypeHandle elem);
/* (StringBuilder, buffer, wide + 2 when there is content to pass in, NativeOp) : buffer */
void *helper_builder(Object *builder, char *native, i64 flags, i64 op);
/* (native function, MethodTable *, 0, 0) : delegate */
Object *helper_delegate_in(void *fn, MethodTable *mt, i64 x, i64 y);
#endif
