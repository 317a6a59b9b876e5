/* vm_props.h: the properties that the host passed at start, and what the VM makes of them.
 * Written once, before any other thread exists; read without a lock afterwards.  Every string returned lives as long as
 * the process (the table copies nothing of the values but the path lists). */
#ifndef VM_VM_PROPS_H
#define VM_VM_PROPS_H
#include "base/base.h"

/* Called by host/ before vm_start.  The strings must stay; the two arrays too.  A second call replaces everything. */
void vm_props_init(const char **keys, const char **values, int n);
int vm_props_count(void);
void vm_props_at(int i, const char **key, const char **value); /* 0 <= i < count, in the host's order */

const char *vm_prop(const char *key); /* NULL: absent.  Names are case-sensitive; the first of equal names wins. */
/* "true" or "1", "false" or "0", any case; anything else and absence: dflt */
bool vm_prop_bool(const char *key, bool dflt);
u64 vm_prop_u64(const char *key, u64 dflt); /* decimal, or hexadecimal after 0x */

/* TRUSTED_PLATFORM_ASSEMBLIES: full paths by simple name (file name without .dll, .exe or .ni.dll), in the host's order.
 * Case of the name does not matter (ASCII); of two files with one name the first wins, the other is not listed. */
const char *vm_tpa_find(const char *simple_name); /* NULL: not listed */
u32 vm_tpa_count(void);
const char *vm_tpa_at(u32 i);

typedef enum VmPathsKind {
    VM_PATHS_NATIVE,    /* NATIVE_DLL_SEARCH_DIRECTORIES */
    VM_PATHS_RESOURCES, /* PLATFORM_RESOURCE_ROOTS */
    VM_PATHS_APP,       /* APP_PATHS */
    VM_PATHS_COUNT,
} VmPathsKind;
u32 vm_paths_count(VmPathsKind kind);
const char *vm_paths_at(VmPathsKind kind, u32 i); /* each with '/' at its end */

/* What the property HOST_RUNTIME_CONTRACT points at: host_runtime_contract of .NET 10.0.  Members may be NULL; those beyond size are. */
typedef struct VmHostContract {
    size_t size;
    void *context;
    /* Length with NUL; (size_t)-1: unknown.  Longer than n: nothing useful is in buf. */
    size_t (*get_runtime_property)(const char *key, char *buf, size_t n, void *context);
    /* Where path lies inside the executable, for single-file programs; compressed_size 0: stored plain. */
    bool (*bundle_probe)(const char *path, i64 *offset, i64 *size, i64 *compressed_size);
    const void *(*pinvoke_override)(const char *library, const char *entry_point);
    void *reserved;
} VmHostContract;
_Static_assert(sizeof(VmHostContract) == 48, "host_runtime_contract of .NET 10.0");
const VmHostContract *vm_host_contract(void); /* never NULL; all zero when the host passed none */
/* From the host's contract, else from the properties.  The caller frees (base_free); NULL: unknown. */
char *vm_host_property(const char *key);
#endif
