/* vm_bind.h: what corelib/ needs of binding beyond vm.h. */
#ifndef VM_VM_BIND_H
#define VM_VM_BIND_H
#include "vm/vm.h"

/* System.Reflection.NativeAssemblyNameParts, filled by managed code. */
typedef struct VmNameParts {
    char16 *name;
    u16 version[4]; /* 0xFFFF: not given */
    char16 *culture;
    u8 *key; /* public key or token, by flags & 1 */
    i32 key_len;
    u32 flags;
} VmNameParts;
_Static_assert(sizeof(VmNameParts) == 40, "written by CoreLib");

/* Strings of *out lie in a. */
void vm_name_from_parts(Arena *a, const VmNameParts *p, MdAssemblyName *out);
Object *vm_assembly_name_object(Thread *t, const MdAssemblyName *n); /* System.Reflection.AssemblyName; NULL: pending */
/* Display name as messages show it: culture and token always, the version when given. */
void vm_name_display(const MdAssemblyName *n, char *buf, size_t cap);
/* Fills e: FileNotFoundException's words for a name or a path. */
bool vm_file_not_found(Err *e, const char *what);
/* A context for a managed AssemblyLoadContext; handle: its GCHandle, kept by managed code. */
LoadContext *vm_context_new(GcHandle managed, bool is_default, bool collectible);
/* As AssemblyLoadContext.ToString gives it, or "Default". Cooperative. */
void vm_context_display(Thread *t, LoadContext *alc, char *buf, size_t n);
/* Every assembly of every context, CoreLib first; the number there are, at most cap are written.  keepers: an object[] of cap elements that
 * gets what keeps collectible ones loaded; NULL: only the number is wanted.  Cooperative when keepers is given. */
u32 vm_all_assemblies(Assembly **out, u32 cap, Array *keepers);
/* Registers an assembly that was made by other means (Reflection.Emit): raises AssemblyLoad. */
void vm_assembly_loaded(Assembly *a);
/* Managed AppDomain events: OnTypeResolve, OnResourceResolve. NULL: nobody answered, or pending. */
Assembly *vm_resolve_event(Thread *t, const char *method, Assembly *requester, const char *name);
#endif
