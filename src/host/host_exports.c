/* host_exports.c: the functions that hosts look up in libcoreclr.so.
 * State: NEW -> RUNNING -> DOWN, moved by compare-and-swap; FAILED after a start that did not succeed.
 * Not here: what start and execution mean (vm/vm_start.c).  Book: host.md  Tests: tests/unit/host/ */
#include "host/host.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/knobs.h"
#include "base/log.h"
#include "diag/diag.h"
#include "vm/vm_props.h"
#include "vm/vm_start.h"

/* A library that is built without the boot sequence still links and says what is missing when it is used. */
#pragma weak vm_start
#pragma weak vm_execute_assembly
#pragma weak vm_create_delegate
#pragma weak vm_shutdown
#define NEED(f) ((f) ? (void)0 : base_missing("host call", "%s", #f))

enum { NEW, STARTING, RUNNING, DOWN, FAILED };
static _Atomic int state;
static _Atomic(HostErrorWriter) error_writer;
static char the_handle; /* its address is what hosts hold */
enum { DOMAIN_ID = 1 };

i32 host_hresult(const Err *e)
{
    static const u32 of_kind[] = {
        [ERR_NONE] = 0x80004005,
        [ERR_BAD_IMAGE] = 0x8007000B,
        [ERR_TYPE_LOAD] = 0x80131522,
        [ERR_MISSING_METHOD] = 0x80131513,
        [ERR_MISSING_FIELD] = 0x80131511,
        [ERR_FILE_NOT_FOUND] = 0x80070002,
        [ERR_FILE_LOAD] = 0x80131621,
        [ERR_INVALID_PROGRAM] = 0x8013153A,
        [ERR_ENTRY_POINT] = 0x80131523,
        [ERR_DLL_NOT_FOUND] = 0x80131524,
        [ERR_NOT_SUPPORTED] = 0x80131515,
        [ERR_VERIFICATION] = 0x8013150D,
        [ERR_METHOD_ACCESS] = 0x80131510,
        [ERR_FIELD_ACCESS] = 0x80131507,
        [ERR_TYPE_ACCESS] = 0x80131543,
        [ERR_OUT_OF_MEMORY] = 0x8007000E,
        [ERR_PENDING] = 0x80131500,
    };
    if (e->hresult)
        return e->hresult;
    u32 h = (u32)e->kind < ARRAY_LEN(of_kind) ? of_kind[e->kind] : 0;
    return (i32)(h ? h : 0x80004005);
}

static int report(const Err *e)
{
    if (e->kind == ERR_MISSING_FEATURE)
        base_missing("feature", "%s", e->text);
    HostErrorWriter writer = error_writer;
    if (*e->text && writer)
        writer(e->text);
    else if (*e->text)
        fprintf(stderr, "%s\n", e->text);
    return host_hresult(e);
}

int coreclr_set_error_writer(HostErrorWriter writer)
{
    error_writer = writer;
    return HOST_S_OK;
}

int coreclr_initialize(const char *exe_path, const char *domain_name, int n, const char **keys, const char **values,
    void **handle, unsigned *domain_id)
{
    int from = NEW;
    (void)domain_name; /* every host passes one, none means anything by it */
    if (!handle || !domain_id)
        return HOST_E_INVALID_ARGUMENT;
    if (!atomic_compare_exchange_strong(&state, &from, STARTING))
        return HOST_E_INVALID_OPERATION;
    if (!host_props_set(n, keys, values)) {
        state = NEW;
        return HOST_E_INVALID_ARGUMENT;
    }
    knobs_init();
    log_init(knob_str(KNOB_LOG));
    diag_init();
    vm_props_init(host_props_keys(), host_props_values(), n);
    LOG(start, 1, "host: %d properties, %u trusted assemblies", n, vm_tpa_count());

    NEED(vm_start);
    VmStartInfo info = {exe_path ? base_strdup(exe_path) : "", n, host_props_keys(), host_props_values()};
    Err e = {0};
    if (!vm_start(&info, &e)) {
        state = FAILED;
        return report(&e);
    }
    *handle = &the_handle;
    *domain_id = DOMAIN_ID;
    state = RUNNING;
    return HOST_S_OK;
}

static int check_running(const void *handle)
{
    if (handle != &the_handle)
        return HOST_E_INVALID_ARGUMENT;
    return state == RUNNING ? HOST_S_OK : HOST_E_INVALID_OPERATION;
}

int coreclr_execute_assembly(void *handle, unsigned domain_id, int argc, const char **argv, const char *assembly_path,
    unsigned *exit_code)
{
    (void)domain_id;
    int hr = check_running(handle);
    if (hr)
        return hr;
    if (!assembly_path || !exit_code || argc < 0 || (argc > 0 && !argv))
        return HOST_E_INVALID_ARGUMENT;
    *exit_code = (unsigned)-1;
    Err e = {0};
    NEED(vm_execute_assembly);
    return vm_execute_assembly(assembly_path, argc, argv, exit_code, &e) ? HOST_S_OK : report(&e);
}

int coreclr_create_delegate(void *handle, unsigned domain_id, const char *assembly, const char *type, const char *method,
    void **delegate)
{
    (void)domain_id;
    int hr = check_running(handle);
    if (hr)
        return hr;
    if (!assembly || !type || !method || !delegate)
        return HOST_E_INVALID_ARGUMENT;
    *delegate = NULL;
    Err e = {0};
    NEED(vm_create_delegate);
    return vm_create_delegate(assembly, type, method, delegate, &e) ? HOST_S_OK : host_hresult(&e); /* hosts ask for what may not be there */
}

int coreclr_shutdown_2(void *handle, unsigned domain_id, int *latched_exit_code)
{
    (void)domain_id;
    int from = RUNNING;
    if (handle != &the_handle)
        return HOST_E_INVALID_ARGUMENT;
    if (!atomic_compare_exchange_strong(&state, &from, DOWN))
        return HOST_E_INVALID_OPERATION;
    NEED(vm_shutdown);
    int code = vm_shutdown();
    diag_flush();
    if (latched_exit_code)
        *latched_exit_code = code;
    return HOST_S_OK;
}

int coreclr_shutdown(void *handle, unsigned domain_id)
{
    return coreclr_shutdown_2(handle, domain_id, NULL);
}
