/* vm_trace.c: stack traces: those kept in exceptions, those of the running thread, and what is
 * printed when a program dies. The frames of an exception are a long[] in Exception._stackTrace
 * (vm_trace.h), grown by doubling; only the dispatch that raises the exception writes it.  A Method
 * * in it is a raw pointer; where some are of collectible contexts _stackTrace is an object[]: the
 * long[], then the contexts' keepers. What is printed here is what the reference prints, byte for byte where it has no addresses.
 * Book: exceptions.md  Tests: tests/app */
#include "vm/vm_trace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "md/md_pdb.h"
#include "vm/vm_eh.h"
#include "vm/vm_throw.h"

enum { ENTRY_WORDS = sizeof(VmTraceEntry) / 8, FIRST_CAPACITY = 8 };

/* ---- the trace in an exception ---- */

static u64 *trace_count(Object *trace)
{
    return ((Array *)trace)->data;
}
static VmTraceEntry *trace_entries(Object *trace)
{
    return (VmTraceEntry *)(void *)(((Array *)trace)->data + 1);
}
static u64 trace_capacity(Object *trace)
{
    return (((Array *)trace)->length - 1) / ENTRY_WORDS;
}

static Object *new_trace(Thread *t, u64 capacity)
{
    static MethodTable *long_array;
    if (!long_array) {
        Err e = {0};
        long_array = th_mt(type_szarray_of(th_of(type_wk(WK_INT64)), &e));
        CHECKF(long_array, "long[]: %s", e.text);
    }
    if (capacity > (1u << 27))
        return NULL;
    return gc_alloc_array(t, long_array, (u32)(1 + capacity * ENTRY_WORDS), 0);
}

/* The long[] of what _stackTrace holds. */
static Object **wrapped(Object *trace)
{
    return trace && mt_has_refs(trace->mt) ? (Object **)(void *)((Array *)trace)->data : NULL;
}

static Object *trace_of(Object *trace)
{
    Object **w = wrapped(trace);
    return w ? *w : trace;
}

static Object *copy_trace(Thread *t, Object *exception, u64 capacity)
{
    Object *to = new_trace(t, capacity);
    Object *from = trace_of(CF_REF(exception, EXC_STACKTRACE));
    if (to && from) {
        *trace_count(to) = *trace_count(from);
        memcpy(trace_entries(to), trace_entries(from), *trace_count(from) * sizeof(VmTraceEntry));
    }
    return to;
}

/* An object[] with trace in place of the one in old (or nothing but it) and room for one keeper more; NULL: no memory. */
static Object *wrap(Thread *t, Object *old, Object *trace, Object *keeper)
{
    Object **from = wrapped(old);
    u32 n = from ? ((Array *)old)->length : 1;
    Array *a = vm_new_array(t, th_of(type_wk(WK_OBJECT)), n + (keeper != NULL));
    if (!a) {
        t->pending = NULL;
        return NULL;
    }
    Object **to = (Object **)(void *)a->data;
    gc_store_ref(to, trace);
    for (u32 i = 1; i < n; i++)
        gc_store_ref(to + i, from[i]);
    if (keeper)
        gc_store_ref(to + n, keeper);
    return (Object *)a;
}

/* copy takes the place of the trace proper, which others may hold too. */
static void replace_trace(Thread *t, Object *exception, Object *copy)
{
    Object *old = CF_REF(exception, EXC_STACKTRACE);
    if (wrapped(old))
        copy = wrap(t, old, copy, NULL);
    if (copy)
        CF_SET_REF(exception, EXC_STACKTRACE, copy);
}

/* The method's context lives as long as the trace that names it. */
static void keep_context(Thread *t, Object *exception, Method *m)
{
    LoadContext *alc = type_method_context_of(m);
    Object *keeper = LIKELY(!alc->collectible) ? NULL : type_context_keeper(alc);
    Object *trace = CF_REF(exception, EXC_STACKTRACE), **w = wrapped(trace);
    if (!keeper)
        return;
    for (u32 i = 1; w && i < ((Array *)trace)->length; i++)
        if (w[i] == keeper)
            return;
    Object *with = wrap(t, trace, trace_of(trace), keeper);
    if (with)
        CF_SET_REF(exception, EXC_STACKTRACE, with);
}

void vm_trace_reset(Object *exception)
{
    if (vm_exception_is_shared(exception))
        return;
    CF_SET_REF(exception, EXC_STACKTRACE, NULL);
    CF_SET_REF(exception, EXC_STACKTRACE_STRING, NULL);
}

void vm_trace_append(Thread *t, Object *exception, const VmTraceEntry *entries, u32 n)
{
    if (vm_exception_is_shared(exception))
        return;
    Object *trace = trace_of(CF_REF(exception, EXC_STACKTRACE));
    u64 have = trace ? *trace_count(trace) : 0;
    if (!trace || have + n > trace_capacity(trace)) {
        trace = copy_trace(t, exception, MAX(MAX(have * 2, have + n), (u64)FIRST_CAPACITY));
        if (!trace)
            return;
        replace_trace(t, exception, trace);
    }
    for (u32 i = 0; i < n; i++)
        keep_context(t, exception, entries[i].method);
    trace = trace_of(CF_REF(exception, EXC_STACKTRACE));
    memcpy(trace_entries(trace) + have, entries, n * sizeof(*entries));
    *trace_count(trace) = have + n;
}

void vm_trace_mark_foreign(Thread *t, Object *exception)
{
    Object *trace = trace_of(CF_REF(exception, EXC_STACKTRACE));
    if (!trace || !*trace_count(trace) || vm_exception_is_shared(exception))
        return;
    u64 n = *trace_count(trace);
    Object *copy = copy_trace(t, exception, n + FIRST_CAPACITY);
    if (!copy)
        return;
    trace_entries(copy)[n - 1].flags |= VTF_BOUNDARY;
    replace_trace(t, exception, copy);
}

Object *vm_trace_frozen(Thread *t, Object *exception)
{
    Object *trace = CF_REF(exception, EXC_STACKTRACE);
    if (!trace)
        return NULL;
    Object *copy = copy_trace(t, exception, *trace_count(trace_of(trace)));
    return copy && wrapped(trace) ? wrap(t, trace, copy, NULL) : copy;
}

/* ---- frames ---- */

MethodTable *vm_frame_exact_mt(const CodeFrame *f)
{
    const CodeInfo *ci = f->code;
    if (ci->ctx_kind == CODE_CTX_NONE || (u32)((char *)f->ip - ci->start) < ci->body_start)
        return NULL;
    void *ctx = *(void **)(void *)((char *)f->fp + ci->ctx_offset);
    if (!ctx)
        return NULL;
    if (ci->ctx_kind == CODE_CTX_METHOD)
        return ((Method *)ctx)->mt;
    MethodTable *mt = ci->ctx_kind == CODE_CTX_THIS ? ((Object *)ctx)->mt : ctx;
    MethodTable *owner = ci->method->mt->klass->typical;
    while (mt && mt->klass->typical != owner)
        mt = mt->parent;
    return mt;
}

Method *vm_frame_method(const CodeFrame *f)
{
    const CodeInfo *ci = f->code;
    Method *m = ci->method;
    MethodTable *mt = vm_frame_exact_mt(f);
    if (!mt)
        return m;
    if (ci->ctx_kind == CODE_CTX_METHOD)
        return *(Method **)(void *)((char *)f->fp + ci->ctx_offset);
    if (mt == m->mt || !m->token)
        return m;
    Method *exact = type_method_by_rid(mt, m->token & 0xffffff, NULL);
    return exact ? exact : m;
}

static TraceFrame make_frame(void *ip, Method *m, u64 flags)
{
    TraceFrame out = {.method = m, .ip = ip, .is_rethrow_boundary = (flags & VTF_BOUNDARY) != 0};
    bool is_return = !(flags & VTF_FAULT);
    out.code = code_find((char *)ip - is_return);
    if (out.code) {
        out.il_offset = code_il_offset(out.code, ip, is_return);
        out.native_offset = (u32)((char *)ip - out.code->start) - is_return;
    }
    if (out.il_offset == IL_MAP_PROLOG || out.il_offset == IL_MAP_EPILOG)
        out.il_offset = 0;
    if (flags & VTF_NOWHERE)
        out.il_offset = UINT32_MAX;
    return out;
}

u32 vm_trace_of_object(Object *trace, TraceFrame *out, u32 cap)
{
    trace = trace_of(trace);
    u64 n = trace ? *trace_count(trace) : 0;
    for (u64 i = 0; i < n && i < cap; i++) {
        const VmTraceEntry *e = &trace_entries(trace)[i];
        out[i] = make_frame((void *)(uintptr_t)e->ip, e->method, e->flags);
    }
    return (u32)n;
}

u32 vm_trace_of_exception(Object *exception, TraceFrame *out, u32 cap)
{
    return vm_trace_of_object(CF_REF(exception, EXC_STACKTRACE), out, cap);
}

Method *vm_trace_thrower(Object *trace)
{
    trace = trace_of(trace);
    return trace && *trace_count(trace) ? trace_entries(trace)[0].method : NULL;
}

u32 vm_trace_collect(Thread *t, TraceFrame *out, u32 cap, u32 skip)
{
    CodeWalk w;
    u32 n = 0;
    for (code_walk_init(&w, t->record); code_walk_next(&w);) {
        const CodeFrame *f = &w.frame;
        if (f->code->is_stub)
            continue;
        if (skip) {
            skip--;
            continue;
        }
        if (n < cap)
            out[n] = make_frame(f->ip, vm_frame_method(f), f->is_fault ? VTF_FAULT : 0);
        n++;
    }
    return n;
}

/* ---- source lines ---- */

enum { NO_PDB = 1 }; /* Module.pdb: looked for and not found */

static MdPdb *module_pdb(Module *m)
{
    void *p = __atomic_load_n(&m->pdb, __ATOMIC_ACQUIRE);
    if (!p) {
        Err e = {0};
        p = m->pe ? md_pdb_open_for(m->pe, &e) : NULL;
        void *expected = NULL;
        void *found = p ? p : (void *)NO_PDB;
        if (!__atomic_compare_exchange_n(&m->pdb, &expected, found, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE)) {
            if (p)
                md_pdb_close(p);
            found = expected;
        }
        p = found;
    }
    return p == (void *)NO_PDB ? NULL : p;
}

bool vm_source_line(Method *m, u32 il_offset, char *file, size_t n, u32 *line, u32 *column)
{
    if (!m->mt || !m->mt->module || !m->token || (m->flags & (MF_STUB | MF_DYNAMIC)))
        return false;
    MdPdb *pdb = module_pdb(m->mt->module);
    MdSeqPoint p;
    if (!pdb || il_offset == UINT32_MAX || !md_pdb_find_line(pdb, m->token & 0xffffff, il_offset, &p))
        return false;
    md_pdb_document_name(pdb, p.document, file, n);
    *line = p.start_line;
    *column = p.start_column;
    return true;
}

/* ---- StackFrameHelper ---- */

static void *array_data(Object *array)
{
    return ((Array *)array)->data;
}

static Array *helper_array(Thread *t, Object *helper, const char *field, WellKnown elem, u32 n)
{
    Array *a = vm_new_array(t, th_of(type_wk(elem)), n);
    if (a)
        CHECKF(vm_object_set_ref(helper, field, (Object *)a), "StackFrameHelper has no %s", field);
    return a;
}

static bool set_path(Thread *t, Array *paths, u32 i, const char *path)
{
    String *s = path ? vm_string_utf8(t, path) : NULL;
    if (path && !s)
        return false;
    gc_store_ref((Object **)(void *)array_data((Object *)paths) + i, (Object *)s);
    return true;
}

/* What the managed reader of portable PDBs needs. */
static bool fill_file_info(Thread *t, Object *helper, const TraceFrame *frames, u32 n)
{
    Array *paths = helper_array(t, helper, "rgAssemblyPath", WK_STRING, n);
    Array *address = paths ? helper_array(t, helper, "rgLoadedPeAddress", WK_INTPTR, n) : NULL;
    Array *size = address ? helper_array(t, helper, "rgiLoadedPeSize", WK_INT32, n) : NULL;
    Array *flat = size ? helper_array(t, helper, "rgiIsFileLayout", WK_BOOLEAN, n) : NULL;
    Array *pdb = flat ? helper_array(t, helper, "rgInMemoryPdbAddress", WK_INTPTR, n) : NULL;
    Array *pdb_size = pdb ? helper_array(t, helper, "rgiInMemoryPdbSize", WK_INT32, n) : NULL;
    Array *files = pdb_size ? helper_array(t, helper, "rgFilename", WK_STRING, n) : NULL; /* the reader fills these three */
    Array *lines = files ? helper_array(t, helper, "rgiLineNumber", WK_INT32, n) : NULL;
    Array *columns = lines ? helper_array(t, helper, "rgiColumnNumber", WK_INT32, n) : NULL;
    MethodTable *assembly =
        columns ? type_load_name(type_corelib, "System.Reflection", "Assembly", NULL) : NULL;
    Array *assemblies = assembly ? vm_new_array(t, th_of(assembly), n) : NULL;
    if (!assemblies)
        return false;
    vm_object_set_ref(helper, "rgAssembly", (Object *)assemblies);
    for (u32 i = 0; i < n; i++) {
        const Method *m = frames[i].method;
        Module *module = m->mt ? m->mt->module : NULL;
        if (!module || !module->pe)
            continue;
        Object *a = vm_assembly_object(t, module->assembly);
        if (!a || !set_path(t, paths, i, module->assembly->path))
            return false;
        gc_store_ref((Object **)(void *)array_data((Object *)assemblies) + i, a);
        ((u64 *)array_data((Object *)address))[i] = (u64)(uintptr_t)module->pe->data;
        ((u32 *)array_data((Object *)size))[i] = (u32)module->pe->size;
        ((u8 *)array_data((Object *)flat))[i] = 1;
    }
    return true;
}

static bool fill_helper(Thread *t, Object *helper, bool need_file_info, const TraceFrame *frames,
                        u32 n)
{
    Array *offset = helper_array(t, helper, "rgiOffset", WK_INT32, n);
    Array *il = offset ? helper_array(t, helper, "rgiILOffset", WK_INT32, n) : NULL;
    Array *handle = il ? helper_array(t, helper, "rgMethodHandle", WK_INTPTR, n) : NULL;
    Array *token = handle ? helper_array(t, helper, "rgiMethodToken", WK_INT32, n) : NULL;
    Array *last =
        token ? helper_array(t, helper, "rgiLastFrameFromForeignExceptionStackTrace", WK_BOOLEAN, n)
              : NULL;
    if (!last || (need_file_info && !fill_file_info(t, helper, frames, n)))
        return false;
    for (u32 i = 0; i < n; i++) {
        const TraceFrame *f = &frames[i];
        bool has_token = f->method->token && !(f->method->flags & (MF_STUB | MF_DYNAMIC));
        ((u32 *)array_data((Object *)offset))[i] = f->native_offset;
        ((u32 *)array_data((Object *)il))[i] = f->il_offset;
        ((u64 *)array_data((Object *)handle))[i] = (u64)(uintptr_t)f->method;
        ((u32 *)array_data((Object *)token))[i] = has_token ? f->method->token : 0;
        ((u8 *)array_data((Object *)last))[i] = f->is_rethrow_boundary;
    }
    vm_object_set_i32(helper, "iFrameCount", (i32)n);
    return true;
}

bool vm_trace_fill_helper(Thread *t, Object *helper, bool need_file_info, Object *exception)
{
    u32 n = exception ? vm_trace_of_exception(exception, NULL, 0) : vm_trace_collect(t, NULL, 0, 0);
    TraceFrame *frames = base_calloc(MAX(n, 1u), sizeof(*frames));
    u32 got =
        exception ? vm_trace_of_exception(exception, frames, n) : vm_trace_collect(t, frames, n, 0);
    bool ok = fill_helper(t, helper, need_file_info, frames, MIN(n, got));
    base_free(frames);
    return ok;
}

/* ---- the end of a program ---- */

static void put(const char *s)
{
    for (size_t n = strlen(s); n > 0;) {
        ssize_t k = write(STDERR_FILENO, s, n);
        if (k <= 0)
            return;
        s += k;
        n -= (size_t)k;
    }
}

void vm_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

void vm_trace_print_method(Method *m)
{
    char name[2048];
    type_method_name(m, true, name, sizeof name);
    put("   at ");
    put(name);
    put("\n");
}

void vm_trace_print(Thread *t, u32 skip)
{
    CodeWalk w;
    for (code_walk_init(&w, t->record); code_walk_next(&w);) {
        if (w.frame.code->is_stub)
            continue;
        if (skip)
            skip--;
        else
            vm_trace_print_method(w.frame.code->method);
    }
}

typedef struct MethodList {
    Method **items;
    u32 count, cap;
} MethodList;

static void collect_methods(Thread *t, MethodList *l)
{
    CodeWalk w;
    for (code_walk_init(&w, t->record); code_walk_next(&w);) {
        if (w.frame.code->is_stub)
            continue;
        if (l->count == l->cap) {
            l->cap = MAX(l->cap * 2, 4096u);
            l->items = base_realloc(l->items, l->cap * sizeof(Method *));
        }
        l->items[l->count++] = w.frame.code->method;
    }
}

static u32 repeats_at(const MethodList *l, u32 start, u32 period)
{
    u32 n = 1;
    while (start + (n + 1) * period <= l->count &&
           memcmp(l->items + start, l->items + start + n * period, period * sizeof(Method *)) == 0)
        n++;
    return n;
}

/* The run near the top that covers most: frames [*start, *start + *period) repeated; 1 when there
 * is none */
static u32 find_run(const MethodList *l, u32 *start, u32 *period)
{
    enum { STARTS = 16, PERIODS = 128 };
    u64 best = 0;
    u32 count = 1;
    for (u32 s = 0; s < STARTS && s < l->count; s++) {
        for (u32 p = 1; p <= PERIODS && s + 2 * p <= l->count; p++) {
            u32 n = repeats_at(l, s, p);
            if (n > 1 && (u64)n * p > best + p) {
                best = (u64)n * p;
                *start = s;
                *period = p;
                count = n;
            }
        }
    }
    return count;
}

static void print_methods(const MethodList *l, u32 from, u32 to)
{
    for (u32 i = from; i < to; i++)
        vm_trace_print_method(l->items[i]);
}

void vm_stack_overflow(Thread *t)
{
    MethodList l = {0};
    u32 start = 0, period = 0;
    char line[64];
    put("Stack overflow.\n");
    collect_methods(t, &l);
    u32 n = find_run(&l, &start, &period);
    if (n > 1) {
        print_methods(&l, 0, start);
        snprintf(line, sizeof line, "Repeated %u times:\n", n);
        put(line);
        put("--------------------------------\n");
        print_methods(&l, start, start + period);
        put("--------------------------------\n");
        print_methods(&l, start + n * period, l.count);
    } else {
        print_methods(&l, 0, l.count);
    }
    vm_abort();
}

void vm_access_violation(Thread *t)
{
    put("Fatal error.\nSystem.AccessViolationException: Attempted to read or write protected "
        "memory. "
        "This is often an indication that other memory is corrupt.\n");
    vm_trace_print(t, 0);
    vm_abort();
}

void vm_callers_only_called(Thread *t)
{
    put("Fatal error.\nInvalid Program: attempted to call a UnmanagedCallersOnly method from managed code.\n");
    if (t)
        vm_trace_print(t, 1); /* not the QCall by which the runtime was asked */
    vm_abort();
}

/* Exception.ToString(); NULL: it failed.  base_free */
static char *exception_text(Thread *t, Object *exception)
{
    Err e = {0};
    Method *m = type_method_by_name(type_wk(WK_OBJECT), "ToString", 0);
    m = m ? type_find_virtual(exception->mt, m, &e) : NULL;
    Object *text = NULL;
    void *args[1] = {&exception};
    if (m && vm_call(t, m, args, &text) && text)
        return vm_string_to_utf8((String *)text);
    t->pending = NULL;
    return NULL;
}

static void raise_unhandled_event(Thread *t, Object *exception)
{
    Method *m = type_method_by_name(type_wk(WK_APPCONTEXT), "OnUnhandledException", 1);
    void *args[1] = {&exception};
    if (m && !vm_call(t, m, args, NULL))
        t->pending = NULL;
}

void vm_unhandled_report(Thread *t, Object *exception)
{
    t->pending = NULL;
    if (exception->mt == vm_error_type(VM_ERR_OUT_OF_MEMORY) && !CF_REF(exception, EXC_MESSAGE)) { /* nothing managed can be relied on */
        LOG(gc, 1, "unhandled by %s", t == vm_runtime.finalizer_thread ? "the finaliser thread" : "a thread of the program");
        put("Out of memory.\n");
        return;
    }
    raise_unhandled_event(t, exception);
    char *text = exception_text(t, exception);
    put("Unhandled exception. ");
    if (text) {
        put(text);
        put("\n");
    } else {
        char name[1024];
        type_name(th_of(exception->mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        String *message = (String *)CF_REF(exception, EXC_MESSAGE);
        char *utf8 = message ? vm_string_to_utf8(message) : NULL;
        put(name);
        put(utf8 ? ": " : "");
        put(utf8 ? utf8 : "");
        put("\n   Cannot print exception string because Exception.ToString() failed.\n");
        base_free(utf8);
    }
    base_free(text);
}

void vm_unhandled(Thread *t, Object *exception)
{
    vm_unhandled_report(t, exception);
    vm_abort();
}
