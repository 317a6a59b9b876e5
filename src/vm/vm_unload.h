/* vm_unload.h: collectible load contexts and dynamic methods as the VM sees them: made, kept alive, unloaded.
 * Book: vm.md */
#ifndef VM_VM_UNLOAD_H
#define VM_VM_UNLOAD_H
#include "vm/vm.h"

/* Makes the context's LoaderAllocator (and its scout, whose finaliser asks for unloading), known by LoadContext.keeper.  hold: it lives until
 * vm_context_let_go; else the caller's stack holds it for now.  NULL: pending. */
Object *vm_context_make_keeper(Thread *t, LoadContext *alc, bool hold);
void vm_context_let_go(LoadContext *alc);
/* LoaderAllocator_Destroy, called by the scout's finaliser.  false: somebody still needs it, try again after the next collection. */
bool vm_context_destroy(LoadContext *alc);
/* alc is dead: nothing that runs or is reachable needs it, and no object, dead ones included, has a type of its own.  Queues it. */
void vm_unload_context(LoadContext *alc);
/* Unloads what is queued.  The finaliser thread after each pass, preemptive, no lock held. */
void vm_unload_flush(Thread *t);
/* The finaliser thread, before each pass. */
void vm_unload_pass_begins(void);
/* A GC handle that goes with the context unless it is forgotten before. */
void vm_context_keep_handle(LoadContext *alc, GcHandle h);
void vm_context_forget_handle(LoadContext *alc, GcHandle h);
/* A call site's cache now names the pair of alc, which the site's own context need not know. */
void vm_context_note_site(LoadContext *alc, CallSite *site);
/* Interned strings that a collectible context's code names (vm_string.c). */
void vm_context_note_literal(LoadContext *alc, u32 hash, GcHandle h);
void vm_literal_release(Domain *d, u32 hash, GcHandle h);
/* Calls forget() in the order of registration while the world is stopped and type_is_dying tells what goes; freed(alc), if given, for each context
 * just before its memory goes, the world running. */
void vm_unload_hook(void (*forget)(void), void (*freed)(LoadContext *alc));
/* GcClient.keeper */
Object **vm_unload_keeper(const MethodTable *mt);
extern u64 vm_unloaded_contexts; /* so far */

/* Of vm_*.c: takes dying things out of their tables; world stopped. */
void vm_prestub_forget(void);
void vm_delegate_forget(void);
#endif
