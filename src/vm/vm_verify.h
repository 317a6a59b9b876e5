/* vm_verify.h: verification at run time: off, warn or enforce, for the process or by load context (verify.md).
 * Fixed when the process starts: STATOR_VERIFY, else the property Stator.Verify; a word, or a list such as
 * "off;collectible=enforce;Plugins*=warn": first the word for all, then by context: `default`, `collectible`, or a pattern of the name. */
#ifndef VM_VM_VERIFY_H
#define VM_VM_VERIFY_H
#include "sem/sem.h"
#include "vm/vm.h"

typedef enum VmVerify { VM_VERIFY_OFF, VM_VERIFY_WARN, VM_VERIFY_ENFORCE } VmVerify;
extern bool vm_verify_used; /* some context may have it on */
extern bool vm_verify_timed; /* vm_verify_ns is counted: STATOR_JITSTATS=2 */
extern u64 vm_verify_ns, vm_verify_methods; /* STATOR_JITSTATS */
void vm_verify_init(void);  /* after the properties are known */
/* What is to be done with m, about to be compiled: off for the framework (by identity: files in its own folder), for bodies that the runtime makes,
 * and for dynamic methods.  Cooperative. */
VmVerify vm_verify_mode(Thread *t, Method *m);
VmVerify vm_verify_assembly(const Assembly *a); /* its code, in general.  Cooperative */
/* A JitCheck: verifies the body of arg->m's typical form, once; by the compiler's own scan when m is that.  False: e says what is wrong
 * (ERR_VERIFICATION), and nothing of m may run.  Warn: told on standard error, true.  Preemptive. */
typedef struct VmVerifying { Method *m; VmVerify mode; } VmVerifying;
bool vm_verify_body(void *arg, const SemWalk *scan, Arena *a, Err *e);
/* Verdicts of methods that go away with their context (type_is_dying); called while that is asked. */
void vm_verify_forget(void);
#endif
