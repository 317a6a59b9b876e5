/* interop.h: native code: P/Invoke, libraries, function pointers made of delegates and the other way round.
 *
 * Files: interop_lib.c (finding and loading libraries), interop_pinvoke.c (P/Invoke methods to stubs or addresses), interop_plan.c (how
 * each parameter is passed), interop_marshal.c (IL that turns arguments into native ones), interop_layout.c (native forms of types),
 * interop_convert.c (values in memory), interop_delegate.c (delegates to native pointers and back), interop_state.c (arrays for CoreLib's own
 * marshalers), interop_com.c (ComWrappers), interop_hresult.c (error codes).
 *
 * A P/Invoke becomes an IL stub whose calli leaves managed code with a transition record (D5); one marked SuppressGCTransition without
 * any marshalling is called directly.  Blittable signatures pass as they are; references to blittable data and arrays of it are pinned; the
 * rest is converted in locals and buffers of the stub.
 * Errors: MarshalDirectiveException, DllNotFoundException and EntryPointNotFoundException with the reference's words.
 * Mode: cooperative unless said otherwise; loading a library happens in preemptive mode.
 * Book: interop.md  Tests: tests/app */
#ifndef INTEROP_INTEROP_H
#define INTEROP_INTEROP_H
#include "vm/vm_code.h"
#include "vm/vm_delegate.h"

void interop_init(void); /* after vm_prestub_init: fills vm_interop and vm_native_invoke_stub */

/* --- Libraries (interop_lib.c) -------------------------------------------------------------------------------------------- */
typedef struct LibrarySearch {
    bool resolver;  /* the assembly's DllImportResolver is asked: P/Invoke, not NativeLibrary.Load */
    bool has_flags;
    u32 flags;      /* DllImportSearchPath */
    bool quiet;     /* not found is no exception */
} LibrarySearch;
/* By the rules of P/Invoke: callbacks of the assembly and its load context, search directories, the assembly's folder, the system.
 * assembly NULL: none. NULL: not found, or pending */
void *interop_load_library(Thread *t, Assembly *assembly, const char *name, const LibrarySearch *how);
void *interop_load_path(Thread *t, const char *path, bool throws); /* as it is, nothing added */

/* --- IL for arguments (interop_marshal.c) ----------------------------------------------------------------------------------- */
typedef struct MarshalSource { /* where the signature comes from */
    Method *method;       /* P/Invoke, or Invoke of the delegate type */
    const MethodSig *sig;
    SigContext ctx;
    bool unicode;         /* CharSet.Unicode */
    bool plain;           /* the assembly has DisableRuntimeMarshalling: bool is a byte, char a UTF-16 unit */
    bool set_last_error;
    bool reverse;         /* native code calls */
    bool hresult;         /* PreserveSig = false: the result goes out by a last parameter, an error code becomes an exception */
    u32 first_arg;        /* IL argument number of the first parameter */
} MarshalSource;
bool marshal_is_plain(const MarshalSource *s); /* no conversion and no pinning: every argument may be passed as it lies */
/* Emits everything from loading the arguments to ret; push_target emits the address (NULL: native_target of the stub is used). */
bool marshal_emit_call(IlBuilder *b, const MarshalSource *s, void (*push_target)(IlBuilder *b, void *arg), void *arg, Err *e);
bool marshal_disabled(Module *m);
/* Code for Marshal.StructureToPtr and its kin, which copies between the two forms of mt. NULL: pending */
struct NativeLayout;
void *interop_struct_stub(Thread *t, MethodTable *mt, const struct NativeLayout *l);

/* --- Delegates (interop_delegate.c) ------------------------------------------------------------------------------------------ */
void *interop_delegate_to_native(Thread *t, Object *delegate, Err *e); /* Marshal.GetFunctionPointerForDelegate; same pointer for the same object */
/* false and *e: native code cannot call this delegate, which has a pointer; as an argument it is refused at once */
bool interop_delegate_can_enter(Thread *t, Object *delegate, Err *e);
Object *interop_delegate_original(void *fn); /* the one that fn came from, of whatever type, or NULL */
/* The original delegate when fn came from one of that type, else a new one. NULL: pending */
Object *interop_delegate_from_native(Thread *t, MethodTable *delegate_type, void *fn);
Object *interop_exception_of_hresult(Thread *t, u32 hr); /* Marshal.GetExceptionForHR. NULL: pending */

/* --- For CoreLib's own marshalers (interop_state.c, interop_plan.c) ------------------------------------------------------------------ */
typedef enum ArrayStep { ARRAY_SPACE_NATIVE, ARRAY_CONTENTS_NATIVE, ARRAY_SPACE_MANAGED, ARRAY_CONTENTS_MANAGED, ARRAY_CLEAR } ArrayStep;
/* type: of the array, 0: that of *array. n: elements, for SPACE_MANAGED and CLEAR. May leave an exception pending. */
void interop_array_step(Thread *t, ArrayStep step, TypeHandle type, u16 vartype, Object **array, char **native, u32 n);
Object *interop_custom_marshaler(Thread *t, Method *m, u32 param_token); /* NULL: pending */

/* --- ComWrappers (interop_com.c) ---------------------------------------------------------------------------------------------------- */
void interop_com_unknown(void **query, void **add_ref, void **release);
void *interop_com_untracked(void);
void *interop_com_tagged(void);
void *interop_com_tracker_target(void);        /* its vtable */
void *interop_com_handle(Thread *t, Object *holder); /* strong while native code holds a reference */

void interop_delegate_init(void);
void interop_libraries_forget(LoadContext *alc); /* unloading */
#endif
