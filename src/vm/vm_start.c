/* vm_start.c: boot order, running the program, shutting down.
 * Bottom up: address space, heap, threads, types, code, exceptions, CoreLib's calls; then the domain and CoreLib itself; then
 * the managed steps in the order CoreLib expects (AppContext.Setup first).  Nothing else is loaded before it is asked for.
 * Not here: what hosts call (host/), the properties (vm_props.c), the finaliser thread (vm_finalizer.c).
 * Book: vm.md  Tests: tests/app, tests/host */
#include "vm/vm_start.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os_file.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "os/os_time.h"
#include "vm/vm.h"
#include "vm/vm_bind.h"
#include "vm/vm_eh.h"
#include "vm/vm_finalizer.h"
#include "vm/vm_props.h"
#include "vm/vm_roots.h"
#include "vm/vm_trace.h"

Runtime vm_runtime;
/* Filled in by the folders above at link time; a build without them still links. */
void corelib_init(void) __attribute__((weak));
void interop_init(void) __attribute__((weak));

static u64 boot_ns;
static void step(const char *what)
{
    LOG(start, 1, "%6.2f ms  %s", (double)(os_time_mono_ns() - boot_ns) / 1e6, what);
}

/* --- Boot --------------------------------------------------------------------------------------------------------------- */
static void set_static(Thread *t, const char *ns, const char *type, const char *field, Object *v)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, type, &e);
    Field *f = mt ? type_field_by_name(mt, field) : NULL;
    if (!f)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no field %s.%s.%s", ns, type, field);
    gc_store_ref(type_static_address(mt, f, t), v);
}

/* Statics that CoreLib expects the runtime to write. */
static bool core_statics(Thread *t)
{
    set_static(t, "System", "String", "Empty", vm_empty_string());
    /* CastHelpers.s_table: one record of header and two empty ones, so that every look-up comes to the runtime. */
    enum { WORDS = 3 * 24 / 4, SHIFT = 63, MASK = 1 };
    Array *table = vm_new_array(t, th_of(type_wk(WK_INT32)), WORDS);
    if (!table)
        return false;
    ((i32 *)table->data)[0] = SHIFT;
    ((i32 *)table->data)[1] = MASK;
    set_static(t, "System.Runtime.CompilerServices", "CastHelpers", "s_table", (Object *)table);
    return true;
}

static bool app_context_setup(Thread *t)
{
    i32 n = vm_props_count();
    char16 **names = base_malloc((size_t)(n + 1) * sizeof *names), **values = base_malloc((size_t)(n + 1) * sizeof *values);
    for (i32 i = 0; i < n; i++) {
        const char *k, *v;
        vm_props_at(i, &k, &v);
        names[i] = utf8_dup_utf16(k, strlen(k));
        values[i] = utf8_dup_utf16(v, strlen(v));
    }
    void *args[] = {&names, &values, &n};
    bool ok = vm_call_flags(t, vm_core_method(CM_APPCONTEXT_SETUP), args, NULL, ENTRY_UNHANDLED_IS_FATAL);
    for (i32 i = 0; i < n; i++) {
        base_free(names[i]);
        base_free(values[i]);
    }
    base_free(names);
    base_free(values);
    return ok;
}

static void thread_ends(Thread *t)
{
    vm_eh_thread_detach(t);
    type_thread_detach(t);
}

/* A foreign thread enters managed code by a reverse call: it keeps nobody waiting at the end. */
static Thread *attach_foreign(void)
{
    Thread *t = thread_attach(vm_runtime.domain);
    if (t)
        thread_set_background(t, true);
    return t;
}

/* The caller has left no record: there are no frames to show. */
static void called_from_managed(void) { vm_callers_only_called(NULL); }

static bool init_layers(Err *e)
{
    os_span_init();
    gc_set_properties(vm_prop);
    if (!gc_init(&vm_gc_client, e))
        return false;
    thread_init();
    thread_detach_hook = thread_ends;
    type_init();
    code_init();
    vm_prestub_init();
    vm_eh_init();
    code_client.attach = attach_foreign;
    code_client.reverse_from_managed = called_from_managed;
    vm_fault_init();
    if (corelib_init)
        corelib_init();
    if (interop_init)
        interop_init();
    step("layers");
    return true;
}

static bool managed_start(Thread *t, Err *e)
{
    bool ok = true;
    COOPERATIVE(t)
    {
        ok = core_statics(t) && app_context_setup(t);
        step("AppContext.Setup");
        if (ok && vm_prop_bool("System.Diagnostics.Tracing.EventSource.IsSupported", true)) {
            ok = vm_call_flags(t, vm_core_method(CM_EVENTSOURCE_INIT), NULL, NULL, ENTRY_UNHANDLED_IS_FATAL);
            step("EventSource.InitializeDefaultEventSources");
        }
    }
    return ok || err_set(e, ERR_PENDING, 0, "an exception was thrown while the runtime started");
}

bool vm_start(const VmStartInfo *info, Err *e)
{
    boot_ns = os_time_mono_ns();
    vm_runtime.neutral = knob_u64(KNOB_DOMAINS) != 0;
    (void)info;
    const char *corelib = vm_tpa_find("System.Private.CoreLib");
    if (!corelib)
        return err_set(e, ERR_FILE_NOT_FOUND, 0, "System.Private.CoreLib.dll is not among the trusted platform assemblies.");
    if (!init_layers(e))
        return false;
    vm_runtime.domain = type_domain_new("clrhost");
    if (!type_boot(vm_runtime.domain, corelib, e))
        return false;
    step("CoreLib");
    vm_core_fields_init();
    step("CoreLib fields");
    Thread *t = vm_runtime.main_thread = thread_attach(vm_runtime.domain);
    vm_bind_init();
    if (!vm_finalizer_start(e) || !managed_start(t, e))
        return false;
    vm_runtime.started = true;
    return true;
}

/* --- The program -------------------------------------------------------------------------------------------------------- */
static Thread *attached(void)
{
    Thread *t = thread_current();
    return t ? t : thread_attach(vm_runtime.domain);
}

static Method *entry_point(Assembly *a, Err *e)
{
    u32 token = a->module->pe->entry_token;
    if (MD_TABLE_OF(token) != MDT_MethodDef || !md_valid_token(a->module->md, token)) {
        char display[400];
        md_format_assembly_name(&a->identity, display, sizeof display);
        err_set(e, ERR_MISSING_METHOD, 0, "Entry point not found in assembly '%s'.", display);
        return NULL;
    }
    LOG(start, 1, "entry point: token %08X of %s, by its CLI header", token, a->name);
    MethodTable *mt = type_load_typedef(a->module, MD_TOKEN(MDT_TypeDef, md_method_owner(a->module->md, MD_RID(token))), e);
    return mt ? type_method_by_rid(mt, MD_RID(token), e) : NULL;
}

/* Environment's copy of the command line, and the string[] for Main. */
static Object *command_line(Thread *t, const char *path, int argc, const char **argv)
{
    char *bundle = vm_host_contract()->bundle_probe ? os_file_exe_path() : NULL; /* the program's name is then the executable's */
    if (bundle)
        path = bundle;
    char16 *exe = utf8_dup_utf16(path, strlen(path));
    base_free(bundle);
    char16 **args16 = base_malloc((size_t)(argc + 1) * sizeof *args16);
    for (int i = 0; i < argc; i++)
        args16[i] = utf8_dup_utf16(argv[i], strlen(argv[i]));
    i32 n = argc;
    Object *result = NULL;
    void *args[] = {&exe, &n, &args16};
    vm_call_flags(t, vm_core_method(CM_INIT_COMMAND_LINE), args, &result, ENTRY_UNHANDLED_IS_FATAL);
    for (int i = 0; i < argc; i++)
        base_free(args16[i]);
    base_free(args16);
    base_free(exe);
    return result;
}

static bool run_main(Thread *t, Method *m, Object *arguments, Err *e)
{
    const MethodSig *sig = type_method_sig(m, e);
    if (!sig)
        return false;
    if (sig->num_params > 1 || sig->has_this || m->num_generic)
        return err_set(e, ERR_BAD_IMAGE, m->token, "The entry point's signature is invalid.");
    void *args[] = {&arguments};
    u64 result = 0;
    step("entry point");
    bool ok = vm_call_flags(t, m, sig->num_params ? args : NULL, &result, ENTRY_UNHANDLED_IS_FATAL);
    step("entry point returned");
    if (!ok && t->pending) /* raised before its first instruction: it could not be compiled */
        vm_unhandled(t, t->pending);
    if (ok && sig->ret.kind != ET_VOID)
        vm_runtime.exit_code = (i32)result;
    return ok || err_set(e, ERR_PENDING, 0, "an exception was thrown by the entry point");
}

bool vm_execute_assembly(const char *path, int argc, const char **argv, u32 *exit_code, Err *e)
{
    Thread *t = attached();
    vm_runtime.argc = argc;
    vm_runtime.argv = argv;
    bool ok = true;
    COOPERATIVE(t)
    {
        Object *arguments = command_line(t, path, argc, argv);
        static const char16 no_hooks[1];
        const char16 *hooks = no_hooks;
        void *args[] = {&hooks};
        vm_call_flags(t, vm_core_method(CM_STARTUP_HOOKS), args, NULL, ENTRY_UNHANDLED_IS_FATAL);
        step("StartupHookProvider.ManagedStartup");
        Assembly *a = NULL;
        PREEMPTIVE(t) { a = vm_load_file(vm_runtime.domain->default_context, path, e); }
        vm_runtime.entry_assembly = a;
        Method *m = a ? entry_point(a, e) : NULL;
        ok = m && run_main(t, m, arguments, e);
        if (!ok) { /* as an exception that nobody caught */
            vm_throw_err(t, e);
            if (t->pending)
                vm_unhandled(t, t->pending);
        }
    }
    if (!ok)
        return false;
    thread_wait_foreground(t);
    *exit_code = (u32)vm_runtime.exit_code;
    return true;
}

/* --- Functions for native hosts ------------------------------------------------------------------------------------------ */
static u32 stack_words(const MethodSig *sig)
{
    u32 ints = 0, floats = 0, words = 0;
    for (u32 i = 0; i < sig->num_params; i++) {
        u8 k = sig->params[i].kind;
        bool fp = k == ET_R4 || k == ET_R8;
        u32 *n = fp ? &floats : &ints;
        if (++*n > (fp ? 8u : 6u))
            words++;
    }
    return words;
}

static bool create_delegate(Thread *t, const char *assembly, const char *type, const char *method, void **out, Err *e)
{
    MdAssemblyName n;
    size_t len = strlen(assembly);
    char *buf = base_malloc(len + 1);
    Assembly *a = NULL;
    MethodTable *mt = NULL;
    Method *m = NULL;
    if (md_parse_assembly_name(assembly, len, buf, &n, e))
        a = vm_bind_assembly(vm_runtime.domain->default_context, &n, NULL, e);
    base_free(buf);
    if (!a)
        return false;
    const char *dot = strrchr(type, '.');
    char *ns = dot ? base_asprintf("%.*s", (int)(dot - type), type) : base_strdup("");
    mt = type_load_name(a, ns, dot ? dot + 1 : type, e);
    base_free(ns);
    m = mt ? type_method_by_name(mt, method, -1) : NULL;
    const MethodSig *sig = m ? type_method_sig(m, e) : NULL;
    if (!m)
        return err_set(e, ERR_MISSING_METHOD, 0, "Method not found: '%s.%s'.", type, method);
    if (!sig || !(m->flags & MF_STATIC))
        return err_set(e, ERR_MISSING_METHOD, 0, "Method '%s.%s' is not static.", type, method);
    void *entry = NULL;
    COOPERATIVE(t) { entry = vm_method_entry(t, m); }
    if (!entry)
        return err_set(e, ERR_PENDING, 0, "exception while preparing '%s.%s'", type, method);
    *out = code_reverse_thunk(type_method_context_of(m), &m->entry, stack_words(sig), NULL);
    return true;
}

/* An exception of managed code that was asked on the way ends here, as its HRESULT. */
bool vm_create_delegate(const char *assembly, const char *type, const char *method, void **out, Err *e)
{
    Thread *t = attached();
    if (create_delegate(t, assembly, type, method, out, e))
        return true;
    COOPERATIVE(t)
    {
        if (t->pending && !e->hresult)
            e->hresult = CF_VAL(t->pending, EXC_HRESULT, i32);
        t->pending = NULL;
    }
    return false;
}

/* --- The end ------------------------------------------------------------------------------------------------------------- */
static void on_process_exit(Thread *t)
{
    static bool raised;
    if (__atomic_exchange_n(&raised, true, __ATOMIC_ACQ_REL))
        return;
    vm_runtime.shutting_down = true;
    step("ProcessExit");
    vm_call_flags(t, vm_core_method(CM_APPCONTEXT_ONPROCESSEXIT), NULL, NULL, ENTRY_UNHANDLED_IS_FATAL);
}

int vm_shutdown(void)
{
    Thread *t = attached();
    COOPERATIVE(t)
    {
        on_process_exit(t);
        gc_verify_chance(t, "exit");
    }
    step("shut down");
    return vm_runtime.exit_code;
}

_Noreturn void vm_exit_process(i32 code)
{
    Thread *t = thread_current();
    vm_runtime.exit_code = code;
    on_process_exit(t);
    gc_verify_chance(t, "exit");
    thread_enter_preemptive(t);
    exit(vm_runtime.exit_code);
}
