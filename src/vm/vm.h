/* vm.h: the virtual machine proper: what ties types, code, threads and objects together.
 *
 * Files: vm_start.c (boot order, execute, shutdown), vm_props.c (host properties, TPA), vm_bind.c (assembly binding, load contexts),
 * vm_prestub.c (first calls, slot prestubs, site misses, publishing), vm_ilstub.c (IL bodies made by the VM), vm_helpers.c (functions that compiled
 * code calls), vm_cctor.c (class constructors), vm_string.c (strings, literals, interning), vm_object.c (boxing, arrays, exposed type and
 * reflection objects), vm_delegate.c, vm_call.c (calling managed methods from C), vm_throw.c + errors.def (raising), vm_eh.c (two-pass dispatch),
 * vm_fault.c (signals), vm_trace.c (stack traces, unhandled exceptions), vm_corefield.def (fields of CoreLib objects that C touches).
 *
 * Managed exceptions are pending on the thread (t->pending): a function that can raise returns false or NULL and its caller returns at once.
 * Raw Object * may live in locals of C code (D7); never in C heap structs or globals.
 * Mode: functions take Thread *t and run cooperative unless they say otherwise.
 * Book: vm.md  Tests: tests/app, tests/il */
#ifndef VM_VM_H
#define VM_VM_H
#include "base/knobs.h"
#include "base/log.h"
#include "base/utf.h"
#include "code/code.h"
#include "jit/jit_env.h"
#include "sem/sem.h"
#include "thread/sync.h"
#include "thread/wait.h"
#include "type/type.h"

/* The one mutable C global beyond the tables: the process's runtime record (D12). */
typedef struct Runtime {
    Domain *domain;        /* the first and, for now, only one */
    Thread *main_thread, *finalizer_thread;
    Assembly *entry_assembly;
    i32 exit_code;         /* Environment.ExitCode */
    bool neutral, started, shutting_down;
    i32 version[3];
    Method *m_run_finalizers, *m_start_callback; /* cached */
    int argc;
    const char **argv;
} Runtime;
extern Runtime vm_runtime;

/* --- Object layouts that C touches ------------------------------------------------------------------------------- */
typedef struct String {
    MethodTable *mt;
    i32 length;
    char16 chars[]; /* NUL-terminated */
} String;
typedef struct Array { /* single-dimension, zero-based */
    MethodTable *mt;
    u32 length, pad;
    u64 data[];
} Array;
/* Fields of CoreLib classes, found by name at start; offsets from the object pointer (statics: none here).
 * Rows of vm_corefield.def: CORE_FIELD(id, WELL_KNOWN type or namespace/name, field). */
typedef enum CoreField {
#define CORE_FIELD(id, ns, type, field) CF_##id,
#include "vm/vm_corefield.def"
#undef CORE_FIELD
    CF_COUNT
} CoreField;
extern u32 vm_core_field_offset[CF_COUNT];
void vm_core_fields_init(void); /* fatal, naming the field, when CoreLib lacks one */
#define CF_REF(o, id) (*(Object **)((char *)(o) + vm_core_field_offset[CF_##id]))
#define CF_VAL(o, id, T) (*(T *)((char *)(o) + vm_core_field_offset[CF_##id]))
#define CF_SET_REF(o, id, v) gc_store_ref(&CF_REF(o, id), (Object *)(v))
/* Well-known methods of CoreLib that C calls: rows of vm_coremethod.def: CORE_METHOD(id, namespace, type, method, params or -1) */
typedef enum CoreMethod {
#define CORE_METHOD(id, ns, type, method, params) CM_##id,
#include "vm/vm_coremethod.def"
#undef CORE_METHOD
    CM_COUNT
} CoreMethod;
Method *vm_core_method(CoreMethod id); /* loaded on first use; fatal when CoreLib lacks it */

/* --- Strings (vm_string.c) ------------------------------------------------------------------------------------------ */
String *vm_string_new(Thread *t, const char16 *s, u32 n);     /* NULL: OutOfMemory pending */
String *vm_string_utf8(Thread *t, const char *s);
String *vm_string_utf8n(Thread *t, const char *s, size_t n);
char *vm_string_to_utf8(const String *s);                     /* base_free */
Object *vm_string_literal(Module *m, u32 token, struct IlStub *stub); /* interned, frozen */
u32 vm_literal_index(Module *m, u32 token);                   /* neutral mode: its number in Domain.neutral_table */
String *vm_string_intern(Thread *t, String *s, bool add);     /* NULL when !add and absent */
Object *vm_empty_string(void);

/* --- Objects (vm_object.c) ------------------------------------------------------------------------------------------ */
Object *vm_box(Thread *t, MethodTable *mt, const void *value); /* Nullable: null (returns NULL, nothing pending) or its value boxed */
Array *vm_new_array(Thread *t, TypeHandle elem, u32 n);        /* szarray of elem */
Object *vm_new_object(Thread *t, MethodTable *mt);             /* fields zero; no constructor; ensures nothing */
Object *vm_type_object(TypeHandle th);        /* RuntimeType, frozen, unique. Never NULL. Any mode. */
TypeHandle vm_type_of_object(Object *runtime_type);            /* RuntimeType.m_handle */
Object *vm_assembly_object(Thread *t, Assembly *a);            /* RuntimeAssembly */
Object *vm_module_object(Thread *t, Module *m);                /* RuntimeModule */
Object *vm_method_stub_object(Thread *t, Method *m);           /* RuntimeMethodInfoStub */
Object *vm_field_stub_object(Thread *t, Field *f, MethodTable *owner);
Object *vm_thread_object(Thread *t, Thread *of);               /* System.Threading.Thread, made when missing */

/* --- Raising (vm_throw.c) -------------------------------------------------------------------------------------------- */
/* Kinds: rows of errors.def: VM_ERROR(id, namespace, managed exception, HRESULT, resource key or default message) */
typedef enum VmError {
#define VM_ERROR(id, ns, name, hresult, message) VM_ERR_##id,
#include "vm/errors.def"
#undef VM_ERROR
    VM_ERR_COUNT
} VmError;
/* All set t->pending (made in C: allocated, fields set as the reference's runtime-raised exceptions have them; message NULL: the class's
 * own default) and return false. */
bool vm_throw(Thread *t, VmError kind);
bool vm_throwf(Thread *t, VmError kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool vm_throw_err(Thread *t, const Err *e); /* ERR_PENDING: nothing more to do; ERR_MISSING_FEATURE: base_missing */
bool vm_throw_object(Thread *t, Object *exception);
bool vm_throw_invalid_cast(Thread *t, TypeHandle from, TypeHandle to);
bool vm_throw_arg(Thread *t, VmError kind, const char *param, const char *message);
static inline bool vm_pending(Thread *t) { return t->pending != NULL; }

/* --- Exceptions (vm_eh.c, vm_fault.c, vm_trace.c) --------------------------------------------------------------------- */
void vm_eh_init(void);    /* fills code_client's eh members */
void vm_fault_init(void); /* signal handlers */
/* Prints as the reference ("Unhandled exception. ..."), then aborts the process with EXIT_UNHANDLED's signal. */
NORETURN void vm_unhandled(Thread *t, Object *exception);
/* Collects the caller's managed frames (for Environment.StackTrace, StackTrace, GetExecutingAssembly). skip: frames to leave out. */
typedef struct TraceFrame {
    Method *method; /* canonical, or exact where the context was found */
    u32 il_offset;
    u32 native_offset;
    void *ip;
    CodeInfo *code;
    bool is_rethrow_boundary; /* last frame of a foreign exception's trace */
} TraceFrame;
u32 vm_trace_collect(Thread *t, TraceFrame *out, u32 cap, u32 skip);
/* Frames stored in Exception._stackTrace. */
u32 vm_trace_of_exception(Object *exception, TraceFrame *out, u32 cap);
bool vm_source_line(Method *m, u32 il_offset, char *file, size_t n, u32 *line, u32 *column); /* portable PDB; false: none */

/* --- Calling managed code (vm_call.c) -------------------------------------------------------------------------------- */
/* Arguments and result by the method's signature: each arg is a pointer to its value (references: pointer to Object *; this of classes:
 * pointer to Object *; this of value types: pointer to the address). result: where to write it (reference, primitive
 * widened to its own size, struct), may be NULL for void.  Compiles when needed. false: exception pending. */
bool vm_call(Thread *t, Method *m, void **args, void *result);
bool vm_call_flags(Thread *t, Method *m, void **args, void *result, u64 entry_flags);
/* From preemptive C without pending support: short forms for methods of fixed shape. */
bool vm_call_void(Thread *t, CoreMethod id, void **args);

/* --- Class constructors (vm_cctor.c) ---------------------------------------------------------------------------------- */
/* Runs the class constructor of mt if it is due (§II.10.5.3.2; locks by type, deadlock-breaking for cycles between threads).
 * false: TypeInitializationException pending.  True also while this thread itself is running it. */
bool vm_class_init(Thread *t, MethodTable *mt);
bool vm_class_is_inited(MethodTable *mt); /* done (or nothing to do): may be baked in, in single mode */

/* --- First calls (vm_prestub.c) ---------------------------------------------------------------------------------------- */
void vm_prestub_init(void);
/* Makes m callable and returns the code address to call with plain arguments (compiles, binds FCalls, builds stubs). NULL: pending. */
void *vm_method_code(Thread *t, Method *m);
/* Stable entry point for ldftn and delegates: plain arguments (instantiating stub where needed). */
void *vm_method_entry(Thread *t, Method *m);
/* Reached with a boxed this / without hidden argument: the stub Method, made when missing. */
Method *vm_unboxing_stub(Method *m, Err *e);
Method *vm_instantiating_stub(Method *m, Err *e);
Method *vm_method_of_entry(void *entry); /* precode -> Method, or NULL */

/* --- IL bodies made by the VM (vm_ilstub.c) ------------------------------------------------------------------------------ */
/* A builder: emit IL, add tokens for what it names, then make a Method of it.  Tokens are 0x7e000000 | index, whatever they name. */
typedef struct IlStub IlStub;
typedef struct IlBuilder {
    LoadContext *alc;
    VEC(u8) code;
    VEC(struct IlStubToken) *unused;
    IlStub *stub;
    u32 max_stack;
} IlBuilder;
typedef enum IlStubTokenKind { STUB_TOKEN_TYPE, STUB_TOKEN_METHOD, STUB_TOKEN_FIELD, STUB_TOKEN_STRING, STUB_TOKEN_SIG } IlStubTokenKind;
typedef struct IlStubToken {
    u8 kind;
    TypeHandle type;       /* TYPE; FIELD: owner */
    Method *method;
    Field *field;
    GcHandle string;
    const MethodSig *sig;  /* SIG of calli */
    const SigType *from;   /* of a shared body: the TYPE, or the type whose member it is in each generic context; NULL: the same in all */
} IlStubToken;
struct IlStub {
    LoadContext *alc;
    IlStubToken *tokens;
    u32 num_tokens;
    const u8 *code;
    u32 code_size, max_stack;
    SigType *locals;
    u32 num_locals;
    bool init_locals;
    const u8 *clauses; /* fat EH section bytes, or NULL */
    u32 num_clauses;
    const char *kind;  /* "unboxing", "P/Invoke", ... for logs */
    Method *target;    /* what it leads to, or NULL */
    bool hidden_from_trace;
    u8 ctx;            /* SemCtxKind the body itself receives */
    void *native_target; /* P/Invoke body: address to call with a transition */
    bool suppress_transition;
    GcHandle resolver; /* DynamicMethod: DynamicResolver */
};
void ilb_begin(IlBuilder *b, LoadContext *alc, const char *kind, Method *target);
void ilb_op(IlBuilder *b, u32 il_op);                  /* IlOp */
void ilb_op_u8(IlBuilder *b, u32 il_op, u8 v);
void ilb_op_i32(IlBuilder *b, u32 il_op, i32 v);
void ilb_op_token(IlBuilder *b, u32 il_op, u32 token);
void ilb_ldarg(IlBuilder *b, u32 n);
u32 ilb_local(IlBuilder *b, const SigType *type);      /* number */
u32 ilb_type(IlBuilder *b, TypeHandle th);             /* tokens */
u32 ilb_method(IlBuilder *b, Method *m);
u32 ilb_field(IlBuilder *b, Field *f, MethodTable *owner);
u32 ilb_sig(IlBuilder *b, const MethodSig *sig);
/* A Method of kind MF_STUB (static unless sig has this) with this signature; entry set to the prestub. owner: type it is shown under. */
Method *ilb_finish(IlBuilder *b, MethodTable *owner, const MethodSig *sig, const char *name);
/* sem_client.stub_body etc. */
void vm_ilstub_init(void);

/* --- P/Invoke (interop/) upward calls ------------------------------------------------------------------------------------- */
typedef struct VmInterop {
    /* The stub Method or leaf address for a P/Invoke method. *direct: C address that can be called without a transition (SuppressGCTransition
     * or QCall leaf), else NULL and *stub is an IL stub. */
    bool (*pinvoke)(Thread *t, Method *m, Method **stub, void **direct, Err *e);
    void *(*delegate_to_native)(Thread *t, Object *delegate, Err *e);
} VmInterop;
extern VmInterop vm_interop;

/* --- CoreLib calls (corelib/) upward calls ----------------------------------------------------------------------------------- */
typedef struct VmCall {
    const char *name;  /* FCALL: "System.GC::CollectionCount"; overloads: "...::Name/params"; QCALL: entry point */
    void *fn;
    u8 kind;           /* VM_FCALL_LEAF, VM_FCALL_HELPER, VM_QCALL */
} VmCall;
enum { VM_FCALL_LEAF, VM_FCALL_HELPER, VM_QCALL };
/* NULL: not there. */
extern const VmCall *(*vm_find_fcall)(Method *m);
extern const VmCall *(*vm_find_qcall)(const char *entry_point);
extern Field *(*vm_exact_field)(Field *f, MethodTable *owner); /* static field of a shared type: its own of an exact owner */
extern bool (*vm_body_override)(Method *m, IlBody *body, IlStub **stub); /* corelib/bodies.def */

/* --- Binding (vm_bind.c) ------------------------------------------------------------------------------------------------------ */
bool vm_bind_init(void);
/* By identity in a context: already loaded, TPA, satellite cultures, then AssemblyLoadContext.Load / Resolving (managed; cooperative inside). */
Assembly *vm_bind_assembly(LoadContext *alc, const MdAssemblyName *name, Assembly *requester, Err *e);
Assembly *vm_load_file(LoadContext *alc, const char *path, Err *e);
Assembly *vm_load_memory(LoadContext *alc, const void *image, size_t n, const void *pdb, size_t npdb, Err *e);
LoadContext *vm_context_of(Object *assembly_load_context);

/* --- Hooks of diag/ and host/ ---------------------------------------------------------------------------------------------------- */
extern void (*vm_method_compiled_hook)(CodeInfo *ci, const char *name);
#endif
