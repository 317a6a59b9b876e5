/* vm_code.h: what vm_prestub.c, vm_helpers.c, vm_cctor.c, vm_call.c, vm_delegate.c and interop/ share beyond vm.h.
 * Book: vm.md */
#ifndef VM_VM_CODE_H
#define VM_VM_CODE_H
#include "vm/vm.h"

/* --- vm_prestub.c ------------------------------------------------------------------------------------------------- */
/* Code address behind m->entry in m's own convention (canonical bodies: with their hidden argument). NULL: pending. */
void *vm_code_of(Thread *t, Method *m);
bool vm_module_init(Thread *t, Module *mod, bool *done); /* cooperative; false: an exception is pending */
/* New code of m: entry, tier, followers of a canonical body, vtable slots. */
void vm_publish(Thread *t, Method *m, void *code, u8 tier);
/* The Method whose entry may be called with an object reference as this and plain arguments, for an implementation found by dispatch. */
Method *vm_dispatch_target(Method *impl, Err *e);
/* A cell to call through for (type of the receiver, virtual or interface method, exact): cached. NULL: pending. */
CallPair *vm_dispatch_pair(Thread *t, MethodTable *mt, Method *m);
/* What a stub Method leads to in the end; m itself when it is none. */
Method *vm_unwrap_stub(Method *m);
void vm_name_of(Method *m, char *buf, size_t n);

/* --- vm_helpers.c -------------------------------------------------------------------------------------------------- */
void vm_helpers_init(void); /* fills jit_env */
/* Between the two no other thread compiles m: it waits.  For a method that is known to others before its body is there. */
void vm_hold_compilation(Thread *t, Method *m);
void vm_allow_compilation(Thread *t, Method *m);
Method *vm_method_of_native_entry(const void *fn); /* whose native entry vm_ldftn gave; NULL: none */
void *vm_ldftn(Thread *t, Method *m); /* code address that ldftn gives; UnmanagedCallersOnly: the native entry. NULL: pending */

/* --- vm_coverage.c --------------------------------------------------------------------------------------------------- */
void vm_coverage_init(void); /* after vm_helpers_init: fills jit_env.count_opcode when STATOR_COVERAGE is set */
void vm_coverage_add(const char *kind, const char *name); /* nothing when it is not */

/* --- vm_call.c ------------------------------------------------------------------------------------------------------ */
/* Words of stack arguments that a call of this signature takes; native: C order, this not counted. */
u32 vm_stack_words(const MethodSig *sig, bool native, bool has_this);

/* --- vm_cctor.c ----------------------------------------------------------------------------------------------------- */
void *vm_ensure_statics(MethodTable *mt, bool *settled, Err *e); /* TypeClient.ensure_statics, in either mode */
bool vm_class_is_ready(MethodTable *mt); /* its constructor has run to its end, in the current domain; false also when nobody asked yet */

/* --- vm_ilstub.c ---------------------------------------------------------------------------------------------------- */
/* Dynamic methods: resolves a token of a body that has IlStub.resolver; filled in by corelib/. false: *e or nothing pending. */
/* Tokens of a body that takes the place of a shared generic method's: from is read in the context at hand (IlStubToken.from). */
u32 ilb_method_from(IlBuilder *b, Method *m, const SigType *from);
u32 ilb_type_from(IlBuilder *b, TypeHandle th, const SigType *from);
u32 ilb_field_from(IlBuilder *b, Field *f, MethodTable *owner, const SigType *from);
/* The body alone, for a Method that exists already. */
IlStub *ilb_finish_body(IlBuilder *b, const MethodSig *sig);
u32 ilb_pos(const IlBuilder *b);
void ilb_i8(IlBuilder *b, i64 v);          /* ldc.i8; conv.i */
u32 ilb_branch(IlBuilder *b, u32 il_op);   /* long form; returns where to patch */
void ilb_bind(IlBuilder *b, u32 patch);    /* the branch leads here */
void ilb_branch_to(IlBuilder *b, u32 il_op, u32 target);
void ilb_local_op(IlBuilder *b, u32 il_op_long, u32 n); /* ldloc, stloc, ldloca, ldarga: two-byte forms */
SigType ilb_sigtype(TypeHandle th);        /* as a signature would give it */
SigType ilb_sigtype_byref(void);           /* byref to something */
/* sig with another shape: first added in front of the parameters (when with_first), this or not. In a loader heap. */
MethodSig *ilb_sig_copy(LoadContext *alc, const MethodSig *sig, bool has_this, const SigType *first);
#endif
