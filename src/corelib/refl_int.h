/* refl_int.h: what the reflection files of corelib/ share.
 *
 * Files: refl_import.c (MetadataImport), refl_name.c (names of types), refl_type.c (RuntimeTypeHandle), refl_make.c (types made from
 * types, activation), refl_method.c (RuntimeMethodHandle), refl_field.c (RuntimeFieldHandle), refl_sig.c (Signature), refl_module.c
 * (ModuleHandle, RuntimeModule), refl_assembly.c (RuntimeAssembly), refl_attr.c (custom attributes), refl_guid.c (Type.GUID),
 * refl_invoke.c (invocation, preparing, running constructors), refl_delegate.c (Delegate), refl_enum.c (Enum),
 * refl_dynamic.c (DynamicMethod), refl_emit*.c (types made at run time), refl_typemap.c (type maps).
 *
 * Handles that managed code holds: TypeHandle, Method *, Field *, Module *, MdImage * (MetadataImport), Assembly *.
 * A Method is exact; a Field belongs to the canonical type, but for static fields of shared generic types refl_exact_field makes one
 * per exact owner, as managed code expects of a RuntimeFieldHandle. */
#ifndef CORELIB_REFL_INT_H
#define CORELIB_REFL_INT_H
#include "corelib/corelib.h"
#include "vm/vm_roots.h"

/* A function named by a row of calls.def: declared where it is defined. */
#define REFL(ret, name, ...)                                                                                           \
    ret name(__VA_ARGS__);                                                                                             \
    ret name(__VA_ARGS__)

/* --- Fields of CoreLib objects that only reflection touches: found on first use ------------------------------------------------- */
typedef enum ReflField {
#define REFL_FIELD(id, ns, type, field) RF_##id,
#include "corelib/refl_fields.def"
#undef REFL_FIELD
    RF_COUNT
} ReflField;
u32 refl_offset(ReflField id); /* from the object pointer; fatal when CoreLib lacks it */
#define RF_VAL(o, id, T) (*(T *)((char *)(o) + refl_offset(RF_##id)))
#define RF_SET_REF(o, id, v) gc_store_ref((Object **)((char *)(o) + refl_offset(RF_##id)), (Object *)(v))
MethodTable *refl_class(const char *ns, const char *name); /* of CoreLib; fatal when missing */

/* --- Objects to handles ------------------------------------------------------------------------------------------------------- */
Method *refl_method_of(Object *method_info); /* IRuntimeMethodInfo; NULL for NULL and for a DynamicMethod without handle */
Field *refl_field_of(Object *field_info);    /* IRuntimeFieldInfo */
static inline TypeHandle refl_th(Object *runtime_type) { return runtime_type ? vm_type_of_object(runtime_type) : 0; }
static inline Module *refl_module_of(Object *m) { return m ? CF_VAL(m, MODULE_HANDLE, Module *) : NULL; }
static inline Assembly *refl_assembly_of(Object *a) { return a ? CF_VAL(a, ASSEMBLY_HANDLE, Assembly *) : NULL; }
Module *refl_type_module(TypeHandle th); /* of the element for arrays, pointers; of the owner for variables */

/* --- Arrays --------------------------------------------------------------------------------------------------------------------- */
static inline Object *refl_array_get(Array *a, u32 i) { return ((Object **)a->data)[i]; }
static inline void refl_array_set(Array *a, u32 i, Object *o) { gc_store_ref((Object **)a->data + i, o); }
/* An array of elem with the exposed type objects of v; NULL: pending. */
Array *refl_type_array(Thread *t, MethodTable *elem, const TypeHandle *v, u32 n);
Array *refl_byte_array(Thread *t, const void *bytes, u32 n);

/* --- Members ------------------------------------------------------------------------------------------------------------------------ */
/* The type among owner and its bases that has the same definition as def; NULL: none. */
MethodTable *refl_matching_parent(MethodTable *owner, MethodTable *def);
/* m as a member of owner's exact base that declares it; own type arguments kept. */
Method *refl_method_on(Method *m, MethodTable *owner, Err *e);
Method *refl_method_definition(Method *m, Err *e); /* without own type arguments, on the same owner */
Method *refl_typical_method(Method *m, Err *e);
Field *refl_exact_field(Field *f, MethodTable *exact); /* static field of a shared type: the Field of this exact owner */
MethodTable *refl_field_owner(Field *f, TypeHandle declaring); /* exact owner of f as seen from declaring (0: f's own) */
bool refl_is_method_generic_open(Method *m);
void refl_forget_dying(void); /* world stopped */

/* --- Values -------------------------------------------------------------------------------------------------------------------------- */
/* A value of type th at p as an object (null, reference, box, Pointer).  false: pending. */
bool refl_load(Thread *t, TypeHandle th, const void *p, Object **out);
/* Stores value (reference, box, null for Nullable and pointers) at p. false: pending. */
bool refl_store(Thread *t, TypeHandle th, void *p, Object *value);
/* Calls m with arguments as void *[] of vm_call and boxes what it returns. */
bool refl_call_boxed(Thread *t, Method *m, void **args, Object **out);
bool refl_default_ctor(Thread *t, MethodTable *mt, Object *o); /* runs it on o */

/* n zeroed words that the collector scans as it scans the stack, for more than fits there; popped in reverse order. */
typedef VmScratch ReflScratch;
void **refl_scratch_push(Thread *t, ReflScratch *s, u64 n);
void refl_scratch_pop(Thread *t, ReflScratch *s);

/* --- Names ------------------------------------------------------------------------------------------------------------------------------ */
enum { /* TypeNameFormatFlags */
    TNF_NAMESPACE = 1, TNF_FULL_INST = 2, TNF_ASSEMBLY = 4, TNF_SIGNATURE = 8, TNF_NO_VERSION = 0x10, TNF_ANGLE = 0x40
};
String *refl_type_string(Thread *t, TypeHandle th, u32 format);
String *refl_inst_string(Thread *t, const TypeHandle *args, u32 n, u32 format);
/* A type by its name as custom attributes spell it, searched from m's assembly; NULL: pending. */
Object *refl_type_by_name(Thread *t, Module *m, const char *name, u32 len);

/* Visible outside its assembly (Type.IsVisible). */
bool refl_is_visible(TypeHandle th, Err *e);
/* Types that cannot have instances: raises as the reference and returns false. */
bool refl_check_instantiable(Thread *t, TypeHandle th, bool uninitialized);
#endif
