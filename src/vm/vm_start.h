/* vm_start.h: what host/ asks of the virtual machine.
 * Order: vm_start once per process; then vm_execute_assembly or vm_create_delegate, the latter any number of times and
 * from any thread; then vm_shutdown once.  host/ guards the order.
 * All strings are UTF-8.  None of these may be called with the calling thread inside managed code: the thread is
 * attached on the way in when it is not known yet. */
#ifndef VM_VM_START_H
#define VM_VM_START_H
#include "base/base.h"

/* The properties, as the host passed them; host/ keeps the strings for the life of the process.  host/ has already read
 * the settings (knobs_init), set up the log and called vm_props_init with the same arrays. */
typedef struct VmStartInfo {
    const char *exe_path; /* the host executable, as the host names it */
    int n;
    const char **keys, **values;
} VmStartInfo;

/* Boots: CoreLib, the main thread, AppContext.Setup with all properties.  False: *e says why, nothing else may be called. */
bool vm_start(const VmStartInfo *info, Err *e);

/* Loads the assembly and runs its entry point on the calling thread, after startup hooks.  argv: the app's arguments
 * only.  *exit_code: what Main returned, or Environment.ExitCode when it returns nothing.  False: it could not be
 * loaded or has no entry point; an unhandled exception of the program does not come back here but ends the process. */
bool vm_execute_assembly(const char *path, int argc, const char **argv, u32 *exit_code, Err *e);

/* A native function pointer for a static method; assembly by display name, type by full name.  The pointer stays valid
 * until the process ends. */
bool vm_create_delegate(const char *assembly, const char *type, const char *method, void **out, Err *e);

/* Waits for foreground threads, raises ProcessExit, stops.  Returns the process's exit code: the latched one if
 * Environment.ExitCode was set, else what vm_execute_assembly gave. */
int vm_shutdown(void);
/* Environment.Exit: latches the code, raises ProcessExit (once per process), ends the process.  Any thread, cooperative. */
_Noreturn void vm_exit_process(i32 code);
#endif
