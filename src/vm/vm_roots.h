/* vm_roots.h: what the collector asks of the threads.
 * Book: vm.md */
#ifndef VM_VM_ROOTS_H
#define VM_VM_ROOTS_H
#include "vm/vm.h"

/* GC.RegisterForGCReporting's record, made by CoreLib on its stack (contract); Thread.gc_frames heads the list. */
typedef struct GcFrameRegistration {
    struct GcFrameRegistration *next; /* the two words that CoreLib leaves to the runtime */
    void *reserved;
    void **refs;
    u32 count;
    i32 maybe_interior;
} GcFrameRegistration;
_Static_assert(sizeof(GcFrameRegistration) == 32, "made by CoreLib");

/* Thread.scratch: words that hold arguments outside of any stack that is scanned; innermost first.  Conservative. */
typedef struct VmScratch {
    struct VmScratch *prev;
    void **words;
    u64 count;
} VmScratch;

extern const GcClient vm_gc_client; /* for gc_init */
extern bool (*vm_gc_refcounted)(GcHandle h); /* GcClient.refcounted: set once, may be NULL */
extern void (*vm_gc_collected)(const GcRecord *r, u64 pause_ns); /* GcClient.collected: set once, may be NULL */
#endif
