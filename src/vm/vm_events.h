/* vm_events.h: what the VM tells of its doings to those who listen to the runtime's events.
 * Book: corelib.md */
#ifndef VM_VM_EVENTS_H
#define VM_VM_EVENTS_H
#include "vm/vm.h"

typedef enum VmHandlerKind { VM_HANDLER_CATCH, VM_HANDLER_FINALLY, VM_HANDLER_FILTER } VmHandlerKind;
/* Steps of a binding, by the numbers that the event has. */
typedef enum VmBindStage {
    VM_BIND_IN_CONTEXT = 0,
    VM_BIND_CONTEXT_LOAD = 1,
    VM_BIND_PLATFORM = 2,
    VM_BIND_FALLBACK = 3,
    VM_BIND_SATELLITE = 4,
    VM_BIND_RESOLVING = 5,
    VM_BIND_RESOLVE_EVENT = 6,
} VmBindStage;
typedef struct VmBinding {
    LoadContext *alc;
    const MdAssemblyName *name;
    Assembly *requester; /* or NULL */
    const char *path;    /* of a load by path, or NULL */
    bool emitted;        /* emitted assemblies are found, too */
} VmBinding;

typedef struct VmEvents {
    /* Cooperative; nested: while a handler of another exception runs. */
    void (*thrown)(Thread *t, Object *exception, bool nested);
    void (*handler)(Thread *t, VmHandlerKind kind, bool begins, Method *m, const void *entry);
    /* Preemptive, or in any mode where nothing is said. */
    void (*assembly)(Assembly *a);
    void (*binding)(Thread *t, const VmBinding *b, bool begins, Assembly *result);
    void (*stage)(Thread *t, const VmBinding *b, LoadContext *alc, VmBindStage stage, Assembly *result);
    void (*probed)(const char *path, bool found);
    void (*compiling)(Method *m);
    void (*compiled)(Method *m, const void *code, u32 size);
    void (*thread)(Thread *n, bool running); /* false: it is being made, by another */
} VmEvents;
extern const VmEvents *vm_events; /* NULL: nobody listens */
#endif
