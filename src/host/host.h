/* host.h: the exports that hosts call, and their properties.
 *
 *   host_exports.c     coreclr_initialize, coreclr_execute_assembly, coreclr_create_delegate, coreclr_shutdown,
 *                      coreclr_shutdown_2, coreclr_set_error_writer
 *   host_properties.c  the process's own copy of the properties
 *
 * hostfxr -> hostpolicy -> coreclr_initialize -> vm_props_init, vm_start
 *                       -> coreclr_execute_assembly -> vm_execute_assembly
 *                       -> coreclr_shutdown_2 -> vm_shutdown
 * The exports check the order of calls, turn an Err into an HRESULT and a line for the host's error writer, and hold no
 * other logic.  One runtime per process: a second coreclr_initialize is refused, also after shutdown.
 * Book: host.md  Tests: tests/unit/host/, tests/host/ */
#ifndef HOST_HOST_H
#define HOST_HOST_H
#include "base/base.h"

#define HOST_EXPORT __attribute__((visibility("default")))

/* HRESULTs that the exports return on their own account. */
enum {
    HOST_S_OK = 0,
    HOST_E_INVALID_ARGUMENT = (i32)0x80070057,
    HOST_E_INVALID_OPERATION = (i32)0x80131022, /* calls in the wrong order, or twice */
};

typedef void (*HostErrorWriter)(const char *line);

/* Signatures are those of the host's contract (coreclrhost.h): int is an HRESULT, 0 is success, strings are UTF-8. */
HOST_EXPORT int coreclr_initialize(const char *exe_path, const char *domain_name, int n, const char **keys,
    const char **values, void **handle, unsigned *domain_id);
HOST_EXPORT int coreclr_execute_assembly(void *handle, unsigned domain_id, int argc, const char **argv,
    const char *assembly_path, unsigned *exit_code);
HOST_EXPORT int coreclr_create_delegate(void *handle, unsigned domain_id, const char *assembly, const char *type,
    const char *method, void **delegate);
HOST_EXPORT int coreclr_shutdown(void *handle, unsigned domain_id);
HOST_EXPORT int coreclr_shutdown_2(void *handle, unsigned domain_id, int *latched_exit_code);
HOST_EXPORT int coreclr_set_error_writer(HostErrorWriter writer); /* NULL: back to stderr */

/* Copies; the copy stays until the process ends.  False: an argument is NULL. */
bool host_props_set(int n, const char **keys, const char **values);
int host_props_count(void);
const char **host_props_keys(void);
const char **host_props_values(void);
const char *host_prop(const char *key); /* NULL: absent; the first of equal names wins */

/* The HRESULT of the managed exception that an error stands for. */
i32 host_hresult(const Err *e);
#endif
