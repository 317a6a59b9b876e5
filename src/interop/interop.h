/* interop.h: native code: P/Invoke, libraries, function pointers made of delegates and the other way round.
 *
 * Files: interop_lib.c (finding and loading libraries), interop_pinvoke.c (P/Invoke methods to stubs or addresses), interop_plan.c (how
 * each parameter is passed), interop_marshal.c (IL that turns arguments into native ones), interop_layout.c (native forms of types),
 * interop_convert.c (values in memory), interop_delegate.c (delegates to native pointers and back).
 *
 * A P/Invoke becomes an IL stub whose calli leaves managed code with a transition record (D5); one marked SuppressGCTransition without
 * any marshalling is called directly.  Blittable signatures pass as they are; references to blittable data and arrays of it are pinned; the
 * rest is converted in locals and buffers of the stub.  What has no conversion ends in base_missing("marshalling", ...).
 * Errors: DllNotFoundException and EntryPointNotFoundException with the reference's words.
 * Mode: cooperative unless said otherwise; loading a library happens in preemptive mode.
 * Book: interop.md  Tests: tests/app */
#ifndef INTEROP_INTEROP_H
#define INTEROP_INTEROP_H
#include "vm/vm_code.h"
#include "vm/vm_delegate.h"

void interop_init(void); /* after vm_prestub_init: fills vm_interop and vm_native_invoke_stub */

/* --- Libraries (interop_lib.c) -------------------------------------------------------------------------------------------- */
/* By the rules of P/Invoke: resolver callbacks of the assembly, its load context, search directories, the assembly's folder, the system.
 * assembly NULL: none (NativeLibrary.Load by name).  NULL: *e says why (ERR_DLL_NOT_FOUND, or ERR_PENDING). */
void *interop_load_library(Thread *t, Assembly *assembly, const char *name, bool callbacks, Err *e);
void *interop_load_path(Thread *t, const char *path, Err *e); /* as it is, nothing added */

/* --- IL for arguments (interop_marshal.c) ----------------------------------------------------------------------------------- */
typedef struct MarshalSource { /* where the signature comes from */
    Method *method;       /* P/Invoke, or Invoke of the delegate type */
    const MethodSig *sig;
    SigContext ctx;
    bool unicode;         /* CharSet.Unicode */
    bool plain;           /* the assembly has DisableRuntimeMarshalling: bool is a byte, char a UTF-16 unit */
    bool set_last_error;
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
/* Marshal.GetDelegateForFunctionPointer: the original delegate when fn came from one. NULL: pending */
Object *interop_delegate_from_native(Thread *t, MethodTable *delegate_type, void *fn);
void interop_delegate_init(void);
void interop_libraries_forget(LoadContext *alc); /* unloading */
#endif
