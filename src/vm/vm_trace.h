/* vm_trace.h: stack traces: those stored in exceptions, and those of running threads.
 * Exception._stackTrace is a long[]: number of frames used, then three words a frame: ip, Method *, VTF_ flags.  With frames of collectible
 * contexts it is an object[] of that and the contexts' keepers.
 * Only one dispatch writes it; what is handed out to managed code is a copy (vm_trace_frozen).
 * Book: exceptions.md */
#ifndef VM_VM_TRACE_H
#define VM_VM_TRACE_H
#include "vm/vm.h"

enum { VTF_FAULT = 1, VTF_BOUNDARY = 2, VTF_NOWHERE = 4 /* no code, and no line either: il_offset is ~0 */ };
typedef struct VmTraceEntry {
    u64 ip;        /* as in CodeFrame */
    Method *method; /* exact where known */
    u64 flags;     /* VTF_ */
} VmTraceEntry;

/* Appends to exception._stackTrace; silently nothing when memory is out or the exception is shared. */
void vm_trace_append(Thread *t, Object *exception, const VmTraceEntry *entries, u32 n);
void vm_trace_reset(Object *exception);
/* Replaces the trace, which others may hold too, by a copy whose last frame is marked as the end of an earlier trace. */
void vm_trace_mark_foreign(Thread *t, Object *exception);
/* A copy that no dispatch will write, or NULL (ExceptionNative_GetFrozenStackTrace). */
Object *vm_trace_frozen(Thread *t, Object *exception);
/* Frames of a stack trace object (the long[]); returns the number there are, fills at most cap. */
u32 vm_trace_of_object(Object *trace, TraceFrame *out, u32 cap);
/* Method that threw (ExceptionNative_GetMethodFromStackTrace), or NULL. */
Method *vm_trace_thrower(Object *trace);
/* Exact method of a frame where its generic context can be read. */
Method *vm_frame_method(const CodeFrame *f);
/* The exact type a shared frame runs on, from its context slot; NULL: none. */
MethodTable *vm_frame_exact_mt(const CodeFrame *f);

/* Fills a System.Diagnostics.StackFrameHelper from the exception, or from the calling thread when it is NULL
 * (StackTrace_GetStackFramesInternal).  false: pending. */
bool vm_trace_fill_helper(Thread *t, Object *helper, bool need_file_info, Object *exception);

/* Raises AppDomain.UnhandledException and prints "Unhandled exception. ..."; the caller ends the process. */
void vm_unhandled_report(Thread *t, Object *exception);
/* One line of a trace as the runtime itself prints it: "   at Ns.Type.Method(System.Int32)\n". */
void vm_trace_print_method(Method *m);
/* The calling thread's managed frames, on stderr. skip: innermost frames to leave out. */
void vm_trace_print(Thread *t, u32 skip);
/* "Stack overflow.", the frames with repeated runs folded, then abort. */
NORETURN void vm_stack_overflow(Thread *t);
/* "Fatal error.\nSystem.AccessViolationException: ...", the frames, then abort. */
NORETURN void vm_access_violation(Thread *t);
/* The end of a program that calls an UnmanagedCallersOnly method from managed code. t: whose frames are shown; NULL: none */
NORETURN void vm_callers_only_called(Thread *t);
NORETURN void vm_abort(void); /* SIGABRT with its default action */
#endif
