/* eh.c: exception dispatch (vm_eh.c) on small bodies emitted here that keep the managed
 * conventions; the real driver and stack walk.  What dispatch asks of type/ and the rest of vm/ is
 * defined here: type n is mts[n], an exception of it excs[n]. Bodies log a letter for each handler
 * they run; traces log the name of each frame and "|" for a reset. */
#include "vm/vm_eh.h"

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_throw.h"
#include "vm/vm_trace.h"
#include "x64/x64.h"

#include <stdio.h>

static Thread thread_storage, *const t0 = &thread_storage;
static Module module = {.runtime_compat_wraps = true};
static MethodTable mts[8];
static Object excs[8];
static char events[256], trace[256];

static void add(char *log, const char *s)
{
    CHECK(strlen(log) + strlen(s) < 255);
    strcat(log, s);
}

/* ---- what dispatch calls ---- */

MethodTable *type_wk_cache[WK_COUNT];
Assembly *type_corelib;
MethodTable *type_wk_load(WellKnown id)
{
    (void)id;
    return &mts[0];
}
MethodTable *type_load_name(Assembly *a, const char *ns, const char *name, Err *e)
{
    (void)a, (void)ns, (void)name, (void)e;
    return &mts[7];
}
Field *type_field_by_name(MethodTable *owner, const char *name)
{
    (void)owner, (void)name;
    return NULL;
}
bool type_is_subclass(const MethodTable *mt, const MethodTable *ancestor)
{
    (void)mt, (void)ancestor;
    return true;
}
bool type_can_cast(TypeHandle from, TypeHandle to)
{
    return from == to;
}
SigContext type_method_context(Method *m)
{
    (void)m;
    return (SigContext){0};
}
TypeHandle type_resolve_type(const SigContext *c, u32 token, bool *shared, Err *e)
{
    (void)c, (void)e;
    if (shared)
        *shared = false;
    return th_of(&mts[token]);
}
void *type_static_address(MethodTable *exact_owner, Field *f, Thread *t)
{
    (void)exact_owner, (void)f, (void)t;
    return NULL;
}
Method *type_method_by_name(MethodTable *owner, const char *name, i32 num_params)
{
    (void)owner, (void)name, (void)num_params;
    return NULL;
}
bool vm_call(Thread *t, Method *m, void **args, void *result)
{
    (void)t, (void)m, (void)args, (void)result;
    return true;
}
Object *vm_exception_new(Thread *t, VmError kind, const char *message)
{
    (void)t, (void)kind, (void)message;
    return NULL;
}
bool vm_object_set_ref(Object *o, const char *field, Object *value)
{
    (void)o, (void)field, (void)value;
    return false;
}
bool vm_throw(Thread *t, VmError kind)
{
    (void)kind;
    t->pending = &excs[6];
    return false;
}
void vm_trace_append(Thread *t, Object *exception, const VmTraceEntry *entries, u32 n)
{
    (void)t, (void)exception;
    for (u32 i = 0; i < n; i++)
        add(trace, entries[i].method->name);
}
void vm_trace_reset(Object *exception)
{
    (void)exception;
    add(trace, "|");
}
void vm_trace_mark_foreign(Thread *t, Object *exception)
{
    (void)t, (void)exception;
    add(trace, "*");
}
Method *vm_frame_method(const CodeFrame *f)
{
    return f->code->method;
}
void vm_unhandled_report(Thread *t, Object *exception)
{
    (void)t, (void)exception;
    add(events, "U");
}
void vm_abort(void)
{
    CHECKF(strcmp(events, "Ufab") == 0, "unhandled: '%s'", events);
    printf("ok\n");
    fflush(stdout);
    _Exit(0);
}
void vm_stack_overflow(Thread *t)
{
    (void)t;
    UNREACHABLE();
}

/* ---- bodies ---- */

enum { FRAME = 32, FUNCLET_FRAME = 24, MAX_CLAUSES = 4, MAX_MAP = 16 };
typedef struct Body {
    X64Buf b;
    CodeInfo *ci;
    FuncletRange *funclets;
    EhClause *clauses;
    IlMapEntry *map;
} Body;

static void begin(Body *f, const char *name)
{
    x64_init(&f->b, 256);
    f->ci = os_span_alloc(OS_CHUNK_COLD, sizeof(CodeInfo) + sizeof(Method));
    Method *m = (Method *)(void *)(f->ci + 1);
    f->funclets = os_span_alloc(OS_CHUNK_COLD, MAX_CLAUSES * sizeof(*f->funclets));
    f->clauses = os_span_alloc(OS_CHUNK_COLD, MAX_CLAUSES * sizeof(*f->clauses));
    f->map = os_span_alloc(OS_CHUNK_COLD, MAX_MAP * sizeof(*f->map));
    m->name = name;
    m->mt = &mts[0];
    *f->ci = (CodeInfo){.method = m,
                        .frame_size = FRAME,
                        .funclet_frame = FUNCLET_FRAME,
                        .funclets = f->funclets,
                        .clauses = f->clauses,
                        .ilmap = f->map};
    x64_push_r(&f->b, X64_RBP);
    x64_mov_rr(&f->b, 8, X64_RBP, X64_RSP);
    x64_sub_ri(&f->b, 8, X64_RSP, FRAME);
    f->ci->body_start = x64_pos(&f->b);
}

static void il(Body *f, u32 offset)
{
    f->map[f->ci->num_ilmap++] = (IlMapEntry){x64_pos(&f->b), offset};
}

static u32 clause(Body *f, EhKind kind, u32 il_start, u32 il_end, u32 token)
{
    u32 i = f->ci->num_clauses++;
    f->clauses[i] = (EhClause){.kind = (u8)kind,
                               .il_try_start = il_start,
                               .il_try_end = il_end,
                               .class_token = token,
                               .il_index = i};
    return i;
}

static u64 log_helper(u64 letter)
{
    char s[2] = {(char)letter, 0};
    add(events, s);
    return letter;
}
static u64 throw_helper(u64 n)
{
    t0->pending = &excs[n];
    return 0;
}
static u64 rethrow_helper(u64 n)
{
    vm_eh_rethrow(t0, &excs[n]);
    return 0;
}
static CodeInfo *nested;
static u64 nested_helper(u64 x)
{
    CodeCallArgs a = {0};
    if (!code_call(t0, nested->start, &a))
        add(events, "!");
    return x;
}

static void help(Body *f, u64 (*fn)(u64), i64 arg)
{
    x64_mov_ri(&f->b, 8, X64_RDI, arg);
    x64_call_far(&f->b, code_helper_stub((void *)fn), X64_RAX);
}
static void say(Body *f, char c)
{
    help(f, log_helper, c);
}
static void throw(Body * f, u32 n)
{
    x64_mov_ri(&f->b, 8, X64_RDI, (i64)(uintptr_t)&excs[n]);
    x64_call_far(&f->b, code_throw_stub(), X64_RAX);
}
static void call(Body *f, const CodeInfo *ci)
{
    x64_call_far(&f->b, ci->start, X64_RAX);
}
static void leave(Body *f)
{
    x64_leave(&f->b);
    x64_ret(&f->b);
}
/* a catch body at il that logs and returns */
static void catch_body(Body *f, u32 i, u32 offset, char c)
{
    f->clauses[i].handler_start = x64_pos(&f->b);
    il(f, offset);
    say(f, c);
    leave(f);
}

static void open_funclet(Body *f, u32 i, u32 offset)
{
    bool filter = f->clauses[i].kind == EH_FILTER;
    u32 at = x64_pos(&f->b);
    *(filter ? &f->clauses[i].filter_start : &f->clauses[i].handler_start) = at;
    f->funclets[f->ci->num_funclets] = (FuncletRange){at, 0, i, filter};
    il(f, offset);
    x64_sub_ri(&f->b, 8, X64_RSP, FUNCLET_FRAME);
}
static void close_funclet(Body *f)
{
    x64_add_ri(&f->b, 8, X64_RSP, FUNCLET_FRAME);
    x64_ret(&f->b);
    f->funclets[f->ci->num_funclets++].end = x64_pos(&f->b);
}

static CodeInfo *finish(Body *f)
{
    char *rw;
    u32 size = x64_pos(&f->b);
    CHECK(f->ci->num_clauses <= MAX_CLAUSES && f->ci->num_ilmap <= MAX_MAP);
    f->ci->size = size;
    f->ci->start = code_alloc(NULL, size, &rw);
    CHECK(x64_finish(&f->b, (u64)(uintptr_t)f->ci->start));
    memcpy(rw, f->b.start, size);
    x64_free(&f->b);
    code_register(f->ci);
    return f->ci;
}

static void expect(const CodeInfo *ci, bool returns, const char *want, const char *want_trace)
{
    CodeCallArgs a = {0};
    events[0] = trace[0] = 0;
    bool ok = code_call(t0, ci->start, &a);
    CHECKF(ok == returns && strcmp(events, want) == 0, "events '%s', not '%s'", events, want);
    CHECKF(strcmp(trace, want_trace) == 0, "trace '%s', not '%s'", trace, want_trace);
    CHECK(t0->record == NULL && (t0->pending != NULL) == !returns);
    t0->pending = NULL;
}

/* ---- tests ---- */

/* T throws 1; F: try { T } finally { f }; C: try { F } catch 2 catch 1 { c } */
static CodeInfo *T, *F, *C;

static void test_basic(void)
{
    Body f;
    begin(&f, "T");
    il(&f, 0);
    throw(&f, 1);
    T = finish(&f);

    begin(&f, "F");
    il(&f, 0);
    call(&f, T);
    u32 k = clause(&f, EH_FINALLY, 0, 10, 0);
    open_funclet(&f, k, 10);
    say(&f, 'f');
    close_funclet(&f);
    F = finish(&f);

    begin(&f, "C");
    il(&f, 0);
    call(&f, F);
    clause(&f, EH_CATCH, 0, 10, 2);
    k = clause(&f, EH_CATCH, 0, 10, 1);
    catch_body(&f, k, 10, 'c');
    C = finish(&f);
    expect(C, true, "fc", "|TFC");
    expect(F, false, "f", "|TF");
}

static void test_helper_and_rethrow(void)
{
    Body f;
    begin(&f, "R"); /* try { throw 3 by a helper } catch 3 { rethrow } */
    il(&f, 0);
    help(&f, throw_helper, 3);
    u32 k = clause(&f, EH_CATCH, 0, 10, 3);
    f.clauses[k].handler_start = x64_pos(&f.b);
    il(&f, 10);
    say(&f, 'r');
    help(&f, rethrow_helper, 3);
    CodeInfo *r = finish(&f);
    begin(&f, "Q"); /* the frame that rethrows is not added again */
    il(&f, 0);
    call(&f, r);
    k = clause(&f, EH_CATCH, 0, 10, 3);
    catch_body(&f, k, 10, 'q');
    expect(finish(&f), true, "rq", "|RQ");
}

/* L: try { F } filter false, filter that throws, filter true { c } */
static CodeInfo *make_filters(void)
{
    Body f;
    u32 k[3];
    begin(&f, "L");
    il(&f, 0);
    call(&f, F);
    for (u32 i = 0; i < 3; i++)
        k[i] = clause(&f, EH_FILTER, 0, 10, 0);
    catch_body(&f, k[2], 60, 'c');
    open_funclet(&f, k[0], 10);
    say(&f, '0');
    x64_zero(&f.b, X64_RAX);
    close_funclet(&f);
    open_funclet(&f, k[1], 20);
    say(&f, 't');
    call(&f, F);
    close_funclet(&f);
    open_funclet(&f, k[2], 30);
    say(&f, '1');
    x64_mov_ri(&f.b, 4, X64_RAX, 1);
    close_funclet(&f);
    return finish(&f);
}

/* S: try { try { F } finally { a; throw 2 } } finally { b } */
static CodeInfo *make_superseding(void)
{
    Body f;
    begin(&f, "S");
    il(&f, 0);
    call(&f, F);
    u32 inner = clause(&f, EH_FINALLY, 0, 10, 0), outer = clause(&f, EH_FINALLY, 0, 30, 0);
    open_funclet(&f, inner, 10);
    say(&f, 'a');
    throw(&f, 2);
    close_funclet(&f);
    open_funclet(&f, outer, 30);
    say(&f, 'b');
    close_funclet(&f);
    return finish(&f);
}

/* try { callee } catch 1 { X } catch 2 { c } */
static CodeInfo *make_catcher(const char *name, const CodeInfo *callee, char c)
{
    Body f;
    begin(&f, name);
    il(&f, 0);
    call(&f, callee);
    u32 first = clause(&f, EH_CATCH, 0, 10, 1), k = clause(&f, EH_CATCH, 0, 10, 2);
    catch_body(&f, first, 9, 'X');
    catch_body(&f, k, 10, c);
    return finish(&f);
}

/* The body of a `leave` whose first finally throws: its own IL offset lies in both ranges. */
static void test_leave_path(void)
{
    Body f;
    begin(&f, "N");
    X64Label l = x64_label(&f.b);
    il(&f, 5);
    x64_call_label(&f.b, l);
    u32 inner = clause(&f, EH_FINALLY, 0, 10, 0), outer = clause(&f, EH_FINALLY, 0, 30, 0);
    x64_bind(&f.b, l);
    open_funclet(&f, inner, 10);
    say(&f, 'a');
    throw(&f, 2);
    close_funclet(&f);
    open_funclet(&f, outer, 30);
    say(&f, 'b');
    close_funclet(&f);
    expect(finish(&f), false, "ab", "|NN");
}

/* A finally body, run by a dispatch, raises and catches itself; then that dispatch goes on. */
static void test_catch_in_finally(void)
{
    Body f;
    begin(&f, "I");
    il(&f, 0);
    call(&f, T);
    u32 in = clause(&f, EH_CATCH, 12, 16, 2), k = clause(&f, EH_FINALLY, 0, 10, 0);
    open_funclet(&f, k, 10);
    say(&f, 'a');
    il(&f, 12);
    throw(&f, 2);
    il(&f, 16);
    f.clauses[in].handler_start = x64_pos(&f.b);
    say(&f, 'k');
    close_funclet(&f);
    CodeInfo *i = finish(&f);
    expect(make_catcher("J", i, 'j'), true, "akX", "|TIJ|I");
}

static void test_deep(void)
{
    CodeInfo *s = make_superseding(), *l = make_filters();
    CodeInfo *d = make_catcher("D", s, 'd');
    expect(l, true, "0tf1fc", "|TFL|TFL");
    expect(d, true, "fabd", "|TFSD|SD");
    expect(s, false, "fab", "|TFS|S");
    Body f;
    begin(&f, "K"); /* all of it under a dispatch */
    il(&f, 0);
    call(&f, T);
    u32 k = clause(&f, EH_FINALLY, 0, 10, 0);
    open_funclet(&f, k, 10);
    call(&f, d);
    call(&f, l);
    call(&f, s);
    close_funclet(&f);
    expect(make_catcher("M", finish(&f), 'm'), true, "fabd0tf1fcfabm",
           "|TKM|TFSD|SD|TFL|TFL|TFSKM|SKM");
}

static void test_through_c(void)
{
    Body f;
    nested = F;
    begin(&f, "Q");
    il(&f, 0);
    help(&f, nested_helper, 0);
    u32 k = clause(&f, EH_CATCH, 0, 10, 1);
    catch_body(&f, k, 10, 'q');
    expect(finish(&f), true, "f!q", "|TFQ"); /* one trace */
}

static u32 roots;
static void count_root(void *arg, Object **slot, GcSlotKind kind)
{
    (void)arg;
    roots += *slot != NULL && kind == GC_SLOT_REF;
}

/* Finally bodies run after the report; vm_abort ends the test. */
static void test_unhandled(void)
{
    CodeCallArgs a = {0};
    events[0] = 0;
    code_call_flags(t0, make_superseding()->start, &a, ENTRY_UNHANDLED_IS_FATAL);
    UNREACHABLE();
}

int main(void)
{
    static MtAux aux;
    static MtClass klass;
    os_span_init();
    code_init();
    thread_current_tls = t0;
    t0->mode = THREAD_COOPERATIVE;
    t0->stack_high = t0->scan_high = __builtin_frame_address(0);
    for (u32 i = 0; i < ARRAY_LEN(mts); i++) {
        mts[i].aux = &aux;
        mts[i].module = &module;
        mts[i].klass = &klass;
        excs[i].mt = &mts[i];
    }
    vm_eh_init();
    test_basic();
    test_helper_and_rethrow();
    test_leave_path();
    test_catch_in_finally();
    test_deep();
    test_through_c();
    vm_eh_report_roots(t0, count_root, NULL);
    CHECKF(roots == 0, "no dispatch is in progress, but %u exceptions are held", roots);
    test_unhandled();
    return 1;
}
