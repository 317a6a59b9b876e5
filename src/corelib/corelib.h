/* corelib.h: how FCalls and QCalls are written.  One file per CoreLib class or family; rows in calls.def.
 *
 * FCALL(leaf): plain C function called directly by compiled code, cooperative, may not allocate, block or raise.
 * FCALL(helper): the same convention behind a transition stub: may allocate, collect, raise (set pending and return).
 * QCALL: called through an IL stub with a GC transition: runs preemptive; objects come behind handles to the caller's frame. Inside, QCALL_BEGIN
 * switches to cooperative mode; QCALL_END switches back; an exception is left pending and raised by the stub.
 * C's bool results of BOOL QCalls are i32.
 * A row's function has the exact C signature of the managed declaration (bool u8, char u16, nint i64, T& void *, enums by
 * their underlying type, structs of one pointer as that pointer, QCallTypeHandle and friends by value as below). */
#ifndef CORELIB_CORELIB_H
#define CORELIB_CORELIB_H
#include "vm/vm.h"

typedef struct ObjectHandleOnStack { Object **ptr; } ObjectHandleOnStack;
typedef struct StringHandleOnStack { String **ptr; } StringHandleOnStack;
typedef struct StackCrawlMarkHandle { i32 *ptr; } StackCrawlMarkHandle;
typedef struct QCallTypeHandle { Object **ptr; TypeHandle th; } QCallTypeHandle;
typedef struct QCallModule { Object **ptr; Module *module; } QCallModule;
typedef struct QCallAssembly { Object **ptr; Assembly *assembly; } QCallAssembly;

#define QCALL_BEGIN(t)                                                                                                 \
    Thread *t = thread_current();                                                                                      \
    thread_enter_cooperative(t)
#define QCALL_END(t) thread_enter_preemptive(t)
static inline void qc_set_object(ObjectHandleOnStack h, Object *o) { *h.ptr = o; } /* stack slot: no barrier */
static inline void qc_set_string(StringHandleOnStack h, String *s) { *h.ptr = s; }

/* CALL(result, name, parameters) { body }: a function that a row of calls.def names; prototype and definition. */
#define CALL(ret, name, ...)                                                                                           \
    ret name(__VA_ARGS__);                                                                                             \
    ret name(__VA_ARGS__)
typedef struct ByRefOnStack { void **ptr; } ByRefOnStack;
typedef Thread *ThreadHandle;

/* Declarations of all functions of calls.def come from it: each file defines its own. */
extern const VmCall corelib_calls[];
extern const u32 corelib_num_calls;
extern const WaitListener corelib_context_waits;
void corelib_init(void); /* fills vm_find_fcall, vm_find_qcall, vm_body_override; builds the name tables */
#endif
