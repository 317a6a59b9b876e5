/* vm_eh.c: two-pass exception dispatch (D9): finds the handler, runs filters, finally and fault
 * bodies, and resumes. In: a throw record with t->pending set.  Out: steps for the driver in
 * code_entry.S.
 *
 * One EhState per dispatch in progress, linked from the thread's EhThread, innermost first.  A
 * dispatch nested in another runs below a funclet that the outer one called, so its throw record
 * lies at a lower address; when control leaves by a resume, all states whose records lie below the
 * new stack pointer are dead and dropped.
 *
 * Both passes go over the same sequence of frames, made by EhIter from the records:
 *   - clauses are matched by IL offset, since a body's out-of-line parts lie outside of the native
 * ranges;
 *   - a frame that runs a funclet takes only clauses inside that handler;
 *   - the frame whose funclet was just passed takes only clauses that enclose the funclet's clause:
 * its own ip is that of a `leave` (or of the outer throw), whose inner finally bodies have run or
 * are running;
 *   - at a FUNCLET record of a finally or fault the outer dispatch is superseded: frames inside the
 * one that the outer dispatch had reached are unwound already and are skipped;
 *   - at a FUNCLET record of a filter the exception is swallowed: the target is the driver's return
 * point, with result 0. An unhandled exception is reported when the first pass reaches the bottom;
 * the finally bodies run after that, and the process aborts where the second pass ends: as the
 * reference does. Roots: the exceptions in EhState and EhThread are reported by vm_eh_report_roots
 * (walk_stacks calls it), and nothing else may hold on to them. Not here: signals (vm_fault.c),
 * traces (vm_trace.c).  Book: exceptions.md  Tests: tests/il/eh.il, tests/app */
#include "vm/vm_eh.h"
#include "vm/vm_abort.h"
#include "vm/vm_events.h"
#include "vm/vm_throw.h"
#include "vm/vm_trace.h"

typedef struct EhIter {
    CodeWalk walk;
    TransitionRecord *boundary; /* next record to look at for a boundary; NULL: none */
    TransitionRecord *met;      /* boundary the iteration stopped at */
    u32 il;                     /* of the frame; IL_MAP_* never matches */
    const EhClause *inside;     /* clause whose handler the frame runs, or NULL */
    const EhClause *anchor;     /* clause whose funclet was passed: only enclosing ones apply */
    void **anchor_fp;           /* frame that `anchor` is about */
    bool in_trace;              /* the frame is news for the stack trace */
} EhIter;
typedef enum EhFound { EH_FRAME, EH_BOUNDARY, EH_BOTTOM } EhFound;

typedef enum EhPhase { EH_FIRST_PASS, EH_IN_FILTER, EH_SECOND_PASS } EhPhase;
typedef enum EhTarget { EH_TO_CATCH, EH_TO_ENTRY, EH_TO_FILTER, EH_TO_DEATH } EhTarget;

typedef struct EhState {
    struct EhState *prev;
    TransitionRecord *rec;
    Object *exception; /* root */
    EhIter it;
    u32 clause; /* next clause of it's frame to look at; while a funclet runs: the one after its own
                 */
    u8 phase, target;
    bool have_frame; /* it's frame is not done */
    u32 code;        /* EH_CODE_ */
    bool in_finally; /* a finally or fault body runs */
    bool skip_first; /* rethrow: the first frame is in the trace already */
    /* what pass 1 found */
    void **catch_fp, **catch_sp;
    const EhClause *catch_clause;
    CodeInfo *catch_code;
    TransitionRecord *target_record;
} EhState;

typedef struct Caught {
    void **fp, **sp; /* of the frame */
    u32 il_index;    /* of its catch */
    u32 code;
} Caught;

typedef struct ClauseType {
    const EhClause *clause;
    TypeHandle th; /* 0: cannot be loaded */
} ClauseType;
enum { CLAUSE_CACHE = 64, TRACE_BATCH = 32 };

typedef struct EhThread {
    EhState *top, *free;
    Method *uncompiled;      /* vm_eh_uncompiled */
    Object *uncompiled_by;   /* root: its exception: tells whether the dispatch that follows is of that one */
    Object *carry; /* root: exception that left by an ENTRY record last: its trace goes on when it
                      is raised again */
    Object *fault_of; /* root: the exception that stands for a fault, until it is dispatched */
    u32 fault_code;
    VEC(Caught) caught; /* outermost first; empty on a thread without faults */
    u32 count;
    bool keep_trace; /* the next dispatch is a rethrow */
    bool foreign;    /* the next dispatch is of a restored exception */
    bool dying;      /* an unhandled exception was reported: the first one is enough */
    ClauseType cache[CLAUSE_CACHE]; /* catch types that do not depend on a generic context */
    u32 num_batch; /* frames not yet in the exception; empty whenever managed code runs */
    VmTraceEntry batch[TRACE_BATCH];
} EhThread;

static __thread u32 fault_kind; /* VmError + 1, set by the signal handler */

static EhThread *eh_thread(Thread *t)
{
    if (UNLIKELY(!t->eh))
        t->eh = base_calloc(1, sizeof(EhThread));
    return t->eh;
}

void vm_eh_rethrow(Thread *t, Object *exception)
{
    eh_thread(t)->keep_trace = true;
    t->pending = exception;
}

void vm_eh_note_fault(Thread *t, u32 code)
{
    EhThread *et = eh_thread(t);
    et->fault_of = code ? t->pending : NULL;
    et->fault_code = code;
}

void vm_eh_prepare_foreign(Thread *t)
{
    eh_thread(t)->foreign = true;
}
void vm_eh_set_fault(VmError kind)
{
    fault_kind = (u32)kind + 1;
}
bool vm_eh_in_flight(Thread *t) { return t->eh && ((EhThread *)t->eh)->top; }

u32 vm_eh_count(Thread *t)
{
    return t->eh ? ((EhThread *)t->eh)->count : 0;
}

void vm_eh_report_roots(Thread *t, GcVisitSlot visit, void *arg)
{
    EhThread *et = t->eh;
    if (!et)
        return;
    visit(arg, &et->carry, GC_SLOT_REF);
    visit(arg, &et->uncompiled_by, GC_SLOT_REF);
    visit(arg, &et->fault_of, GC_SLOT_REF);
    for (EhState *s = et->top; s; s = s->prev)
        visit(arg, &s->exception, GC_SLOT_REF);
}

void vm_eh_thread_detach(Thread *t)
{
    EhThread *et = t->eh;
    if (!et)
        return;
    for (EhState *lists[] = {et->top, et->free}, **l = lists; l < lists + 2; l++) {
        for (EhState *s = *l, *next; s; s = next) {
            next = s->prev;
            base_free(s);
        }
    }
    t->eh = NULL;
    vec_free(&et->caught);
    base_free(et);
}

static EhState *push_state(EhThread *et)
{
    EhState *s = et->free;
    if (s)
        et->free = s->prev;
    else
        s = base_calloc(1, sizeof(*s));
    s->exception = NULL;
    s->prev = et->top;
    et->top = s;
    return s;
}

static void pop_state(EhThread *et)
{
    EhState *s = et->top;
    et->top = s->prev;
    s->exception = NULL;
    s->prev = et->free;
    et->free = s;
}

/* ---- frames ---- */

static void iter_init(EhIter *it, TransitionRecord *rec)
{
    memset(it, 0, sizeof(*it));
    code_walk_init(&it->walk, rec);
    it->boundary = rec;
    it->in_trace = true;
}

/* The dispatch whose driver called the funclet of a FUNCLET record */
static EhState *owner_of(EhThread *et, const TransitionRecord *funclet)
{
    for (EhState *s = et->top; s; s = s->prev) {
        if (s->rec == funclet->prev)
            return s;
    }
    CHECKF(false, "funclet record %p belongs to no dispatch", (const void *)funclet);
    return NULL;
}

static const EhClause *clause_by_index(const CodeInfo *ci, u32 il_index)
{
    for (u32 i = 0; i < ci->num_clauses; i++) {
        if (ci->clauses[i].il_index == il_index)
            return &ci->clauses[i];
    }
    return NULL;
}

static void frame_position(EhIter *it)
{
    const CodeFrame *f = &it->walk.frame;
    FuncletRange range;
    it->il = code_il_offset(f->code, f->ip, !f->is_fault);
    it->inside = NULL;
    if (f->in_funclet && code_in_funclet(f->code, (char *)f->ip - !f->is_fault, &range))
        it->inside = clause_by_index(f->code, range.il_index);
    if (it->anchor && it->anchor_fp != f->fp)
        it->anchor = NULL;
}

/* Frames up to the one that the superseded dispatch was at are gone. */
static void skip_unwound(EhIter *it, const EhState *outer)
{
    const CodeFrame *at = &outer->it.walk.frame, *f = &it->walk.frame;
    while (f->fp != at->fp || f->sp != at->sp)
        CHECKF(code_walk_next(&it->walk), "frame %p of the outer dispatch is not on the stack",
               (void *)at->fp);
    const EhClause *c = &at->code->clauses[outer->clause - 1];
    frame_position(it);
    it->anchor = c;
    it->anchor_fp = f->fp;
    it->in_trace = false;
}

/* The next frame; stops at records that end or divert a dispatch.  After EH_BOUNDARY it->met says
 * where. */
static EhFound iter_next(EhThread *et, EhIter *it)
{
    CodeFrame *f = &it->walk.frame;
    if (f->code && it->inside) { /* the parent comes next */
        it->anchor = it->inside;
        it->anchor_fp = f->fp;
    }
    bool more = code_walk_next(&it->walk);
    it->in_trace = true;
    if (!more || f->first) {
        const TransitionRecord *end = more ? f->record : NULL;
        EhState *outer = NULL;
        TransitionRecord *r = it->boundary;
        for (; r && r != end; r = r->prev) {
            if (r->kind == RECORD_FUNCLET) {
                outer = owner_of(et, r);
                if (outer->phase == EH_IN_FILTER) {
                    it->met = r;
                    return EH_BOUNDARY;
                }
            } else if (r->kind == RECORD_ENTRY) {
                it->met = r;
                return EH_BOUNDARY;
            }
        }
        if (!more)
            return EH_BOTTOM;
        it->boundary = f->record->prev;
        if (outer) {
            skip_unwound(it, outer);
            it->boundary = f->record->prev; /* it may lie segments further out */
            return EH_FRAME;
        }
    }
    frame_position(it);
    return EH_FRAME;
}

static bool encloses(const EhClause *outer, const EhClause *c)
{
    return outer->il_try_start <= c->il_try_start && outer->il_try_end >= c->il_try_end;
}

static bool applies(const EhIter *it, const EhClause *c)
{
    if (it->anchor) {
        if (!encloses(c, it->anchor) || encloses(it->anchor, c))
            return false;
    } else if (it->il < c->il_try_start || it->il >= c->il_try_end) {
        return false;
    }
    return !it->inside || !encloses(c, it->inside);
}

/* A clause's range may be split: look at each IL clause once. */
static bool seen_before(const CodeInfo *ci, u32 i)
{
    for (u32 j = i; j-- > 0;) {
        if (ci->clauses[j].il_index == ci->clauses[i].il_index)
            return true;
    }
    return false;
}

/* ---- what a clause catches ---- */

/* The exception as a handler of this module gets it: wrapped unless the assembly asks for the bare
 * object. */
static Object *seen_by(Object *exception, const CodeInfo *ci)
{
    static MethodTable *wrapper;
    if (LIKELY(!ci->method->mt || !ci->method->mt->module ||
               ci->method->mt->module->runtime_compat_wraps))
        return exception;
    if (!wrapper)
        wrapper = type_load_name(type_corelib, "System.Runtime.CompilerServices",
                                 "RuntimeWrappedException", NULL);
    if (exception->mt != wrapper)
        return exception;
    Field *f = type_field_by_name(wrapper, "_wrappedException");
    return f ? *(Object **)((char *)exception + OBJ_DATA + f->offset) : exception;
}

static Object *wrap_if_foreign(Thread *t, Object *o)
{
    if (LIKELY(type_is_subclass(o->mt, type_wk(WK_EXCEPTION))))
        return o;
    Object *w = vm_exception_new(t, VM_ERR_RUNTIME_WRAPPED, NULL);
    if (!w) {
        w = t->pending;
        t->pending = NULL;
    } else {
        vm_object_set_ref(w, "_wrappedException", o);
    }
    return w;
}

static TypeHandle resolve_catch_type(Thread *t, const CodeFrame *f, const EhClause *c)
{
    EhThread *et = t->eh;
    ClauseType *slot = &et->cache[base_hash_u64((u64)(uintptr_t)c) % CLAUSE_CACHE];
    if (LIKELY(slot->clause == c))
        return slot->th;
    SigContext ctx = type_method_context(f->code->method);
    if (f->code->ilstub)
        ctx.stub = f->code->ilstub;
    bool shared = false;
    Err e = {0};
    TypeHandle th = type_resolve_type(&ctx, c->class_token, &shared, &e);
    if (shared) {
        Method *exact = vm_frame_method(f);
        SigContext own = type_method_context(exact);
        ctx.class_args = own.class_args;
        ctx.num_class_args = own.num_class_args;
        ctx.method_args = own.method_args;
        ctx.num_method_args = own.num_method_args;
        th = type_resolve_type(&ctx, c->class_token, NULL, &e);
    } else {
        *slot = (ClauseType){c, th};
    }
    if (e.kind == ERR_PENDING)
        t->pending = NULL; /* a type that cannot be had catches nothing */
    return th;
}

static bool catches(Thread *t, EhState *s, const EhClause *c)
{
    const CodeFrame *f = &s->it.walk.frame;
    TypeHandle th = resolve_catch_type(t, f, c);
    if (!th)
        return false;
    Object *o = seen_by(s->exception, f->code);
    return th == th_of(o->mt) || th == th_of(type_wk(WK_OBJECT)) || type_can_cast(th_of(o->mt), th);
}

/* ---- traces ---- */

static void flush_trace(Thread *t, EhState *s)
{
    EhThread *et = t->eh;
    u32 n = et->num_batch;
    et->num_batch = 0;
    if (n)
        vm_trace_append(t, s->exception, et->batch, n);
}

static void trace_frame(Thread *t, EhState *s)
{
    const CodeFrame *f = &s->it.walk.frame;
    EhThread *et = t->eh;
    if (s->skip_first) {
        s->skip_first = false;
        return;
    }
    if (!s->it.in_trace || f->code->is_stub)
        return;
    if (et->num_batch == TRACE_BATCH)
        flush_trace(t, s);
    et->batch[et->num_batch++] =
        (VmTraceEntry){(u64)(uintptr_t)f->ip, vm_frame_method(f), f->is_fault ? (u64)VTF_FAULT : 0};
}

/* ---- begin ---- */

/* AppDomain.FirstChanceException, when somebody listens */
static void first_chance(Thread *t, Object *exception)
{
    static Field *event;
    MethodTable *mt = type_wk(WK_APPCONTEXT);
    if (!type_statics_if_made(mt))
        return;
    if (!event)
        event = type_field_by_name(mt, "FirstChanceException");
    Object *handler = event ? *(Object **)type_static_address(mt, event, t) : NULL, *sender = NULL;
    if (!handler)
        return;
    MethodTable *et = type_load_name(type_corelib, "System.Runtime.ExceptionServices", "FirstChanceExceptionEventArgs", NULL);
    Object *e = et ? vm_new_object(t, et) : NULL;
    Method *ctor = et ? type_method_by_name(et, ".ctor", 1) : NULL, *invoke = type_method_by_name(handler->mt, "Invoke", 2);
    if (!e || !ctor || !invoke || !vm_call(t, ctor, (void *[]){&e, &exception}, NULL) ||
        !vm_call(t, invoke, (void *[]){&handler, &sender, &e}, NULL))
        t->pending = NULL;
}

static Object *take_pending(Thread *t)
{
    if (!t->pending) {
        u32 kind = fault_kind;
        fault_kind = 0;
        CHECKF(kind, "exception dispatch without an exception");
        vm_throw(t, (VmError)(kind - 1));
        if (kind - 1 == VM_ERR_OVERFLOW)
            vm_eh_note_fault(t, EH_CODE_OVERFLOW);
    }
    Object *o = t->pending;
    t->pending = NULL;
    return wrap_if_foreign(t, o);
}

/* The reference gives the first line of a method that cannot be compiled, but not where a member is missing. */
static bool is_missing_member(Object *o)
{
    return o->mt == vm_error_type(VM_ERR_MISSING_METHOD) || o->mt == vm_error_type(VM_ERR_MISSING_FIELD);
}

void vm_eh_uncompiled(Thread *t, Method *m)
{
    EhThread *et = eh_thread(t);
    et->uncompiled = m;
    et->uncompiled_by = t->pending;
}

i32 vm_eh_in_handler(const CodeFrame *f, u32 from, IlClause *c)
{
    const CodeInfo *ci = f->code;
    IlBody body;
    Err e = {0};
    if (!ci->num_clauses || ci->is_stub || MD_TABLE_OF(ci->method->token) != MDT_MethodDef || !type_method_body(ci->method, &body, &e))
        return -1;
    u32 il = code_il_offset(ci, f->ip, !f->is_fault);
    for (u32 i = from; i < body.clause_count; i++) {
        il_clause(&body, i, c);
        if (il >= (c->kind == IL_EH_FILTER ? c->filter_start : c->handler_start) && il < c->handler_end)
            return (i32)i;
    }
    return -1;
}

/* Which exception a catch handles is noted only after a fault. */
static u32 code_of_frame(const EhThread *et, const CodeFrame *f)
{
    IlClause c;
    u32 il = code_il_offset(f->code, f->ip, !f->is_fault);
    for (i32 i = -1; (i = vm_eh_in_handler(f, (u32)(i + 1), &c)) >= 0;) {
        bool caught = c.kind == IL_EH_CATCH || (c.kind == IL_EH_FILTER && il >= c.handler_start);
        for (const EhState *s = et->top; s && f->in_funclet && !caught; s = s->prev)
            if (s->it.walk.frame.fp == f->fp)
                return s->code;
        for (u32 k = et->caught.len; k-- > 0 && caught;)
            if (et->caught.data[k].fp == f->fp && et->caught.data[k].il_index == (u32)i)
                return et->caught.data[k].code;
        if (caught)
            return EH_CODE_MANAGED;
    }
    return 0;
}

u32 vm_eh_code(Thread *t, TransitionRecord *rec)
{
    CodeWalk w;
    u32 code = 0;
    if (!t->eh)
        return 0;
    code_walk_init(&w, rec);
    while (!code && code_walk_next(&w))
        code = code_of_frame(t->eh, &w.frame);
    return code;
}

/* The exception's catch is about to run: forgets frames that are gone, and notes its code if faults are among those noted. */
static void note_catch(EhThread *et, const EhState *s)
{
    while (et->caught.len && vec_last(&et->caught).sp < s->catch_sp)
        et->caught.len--;
    u32 at = 0;
    while (at < et->caught.len && !(et->caught.data[at].fp == s->catch_fp && et->caught.data[at].il_index == s->catch_clause->il_index))
        at++;
    Caught now = {s->catch_fp, s->catch_sp, s->catch_clause->il_index, s->code};
    if (at < et->caught.len)
        et->caught.data[at] = now;
    else
        vec_push(&et->caught, now);
}

/* Tells of the handler at that offset. */
static void tell_handler(Thread *t, VmHandlerKind kind, bool begins, const CodeInfo *ci, u32 offset)
{
    if (UNLIKELY(vm_events != NULL))
        vm_events->handler(t, kind, begins, ci->method, ci->start + offset);
}

static void eh_begin(Thread *t, TransitionRecord *rec)
{
    EhThread *et = eh_thread(t);
    if (rec->kind == RECORD_FAULT)
        code_clear_temporaries(rec);
    u32 outer = (vm_events || et->caught.len) ? vm_eh_code(t, rec) : 0;
    Object *o = take_pending(t);
    EhState *s = push_state(et);
    s->code = et->keep_trace && outer ? outer : et->fault_of == o ? et->fault_code : EH_CODE_MANAGED;
    et->fault_of = NULL;
    s->rec = rec;
    s->exception = o;
    s->phase = EH_FIRST_PASS;
    s->clause = 0;
    s->have_frame = s->in_finally = false;
    s->skip_first = et->keep_trace;
    et->count++;
    if (et->foreign)
        vm_trace_mark_foreign(t, o);
    else if (!et->keep_trace && et->carry != o)
        vm_trace_reset(o);
    if (et->uncompiled && et->uncompiled_by == o)
        et->batch[et->num_batch++] = (VmTraceEntry){.method = et->uncompiled, .flags = is_missing_member(o) ? VTF_NOWHERE : 0};
    et->uncompiled = NULL;
    et->uncompiled_by = NULL;
    bool rethrown = et->keep_trace, first = rethrown || et->carry != o;
    et->keep_trace = et->foreign = false;
    et->carry = NULL;
    iter_init(&s->it, rec);
    if (UNLIKELY(vm_events != NULL) && first && !rethrown)
        vm_events->thrown(t, o, outer != 0);
    if (first)
        first_chance(t, o);
}

/* ---- first pass ---- */

static void start_second_pass(EhState *s, EhTarget target)
{
    s->target = (u8)target;
    s->phase = EH_SECOND_PASS;
    s->clause = 0;
    s->have_frame = false;
    iter_init(&s->it, s->rec);
}

static void found_catch(EhState *s, const EhClause *c)
{
    const CodeFrame *f = &s->it.walk.frame;
    s->catch_fp = f->fp;
    s->catch_sp = f->sp;
    s->catch_code = f->code;
    s->catch_clause = c;
    s->target_record = f->record->prev;
    start_second_pass(s, EH_TO_CATCH);
}

static void found_boundary(Thread *t, EhState *s)
{
    TransitionRecord *r = s->it.met;
    s->target_record = r;
    if (r && r->kind == RECORD_FUNCLET) {
        start_second_pass(s, EH_TO_FILTER);
        return;
    }
    if (r && (u64)(uintptr_t)r->extra == ENTRY_CATCHES) {
        start_second_pass(s, EH_TO_ENTRY);
        return;
    }
    EhThread *et = t->eh;
    if (!et->dying) {
        et->dying = true;
        vm_unhandled_report(t, s->exception);
    }
    start_second_pass(s, EH_TO_DEATH);
}

static void funclet_step(Thread *t, EhState *s, EhStep *step, u32 offset, bool is_filter)
{
    tell_handler(t, is_filter ? VM_HANDLER_FILTER : VM_HANDLER_FINALLY, true, s->it.walk.frame.code, offset);
    s->in_finally = !is_filter;
    const CodeFrame *f = &s->it.walk.frame;
    step->kind = EH_STEP_FUNCLET;
    step->target = f->code->start + offset;
    step->fp = f->fp;
    step->sp = f->sp;
    step->exception = is_filter ? seen_by(s->exception, f->code) : NULL;
    step->record = NULL;
}

/* true: *step is to be done; false: the second pass is due */
static bool first_pass(Thread *t, EhState *s, EhStep *step)
{
    EhThread *et = t->eh;
    for (;;) {
        if (!s->have_frame) {
            EhFound found = iter_next(et, &s->it);
            if (found != EH_FRAME) {
                if (found == EH_BOTTOM)
                    s->it.met = NULL;
                flush_trace(t, s);
                found_boundary(t, s);
                return false;
            }
            s->have_frame = true;
            s->clause = 0;
            trace_frame(t, s);
        }
        const CodeInfo *ci = s->it.walk.frame.code;
        while (s->clause < ci->num_clauses) {
            u32 i = s->clause++;
            const EhClause *c = &ci->clauses[i];
            if (c->kind > EH_FILTER || !applies(&s->it, c) || seen_before(ci, i))
                continue;
            flush_trace(t, s);
            if (c->kind == EH_FILTER) {
                s->phase = EH_IN_FILTER;
                funclet_step(t, s, step, c->filter_start, true);
                return true;
            }
            if (catches(t, s, c)) {
                found_catch(s, c);
                return false;
            }
        }
        s->have_frame = false;
    }
}

/* ---- second pass ---- */

static bool at_target(const EhState *s)
{
    const CodeFrame *f = &s->it.walk.frame;
    return s->target == EH_TO_CATCH && f->fp == s->catch_fp && f->sp == s->catch_sp;
}

/* Finally and fault bodies of the frame that are still to be run; in the catching frame only what
 * the catch encloses. */
static bool next_finally(Thread *t, EhState *s, EhStep *step)
{
    const CodeInfo *ci = s->it.walk.frame.code;
    bool last = at_target(s);
    while (s->clause < ci->num_clauses) {
        u32 i = s->clause++;
        const EhClause *c = &ci->clauses[i];
        if (c->kind <= EH_FILTER || !applies(&s->it, c) || seen_before(ci, i))
            continue;
        if (last && encloses(c, s->catch_clause))
            continue;
        funclet_step(t, s, step, c->handler_start, false);
        return true;
    }
    return false;
}

static void leave(Thread *t, EhState *s, EhStep *step)
{
    EhThread *et = t->eh;
    char *sp;
    Object *o = s->exception;
    step->record = s->target_record;
    if (s->target == EH_TO_CATCH) {
        step->kind = EH_STEP_RESUME;
        step->target = s->catch_code->start + s->catch_clause->handler_start;
        step->fp = s->catch_fp;
        step->sp = s->catch_sp;
        step->exception = seen_by(o, s->catch_code);
        sp = (char *)s->catch_sp;
        if (UNLIKELY(et->caught.len || s->code != EH_CODE_MANAGED))
            note_catch(et, s);
        tell_handler(t, VM_HANDLER_CATCH, true, s->catch_code, s->catch_clause->handler_start);
    } else if (s->target == EH_TO_FILTER) { /* the filter returns 0 to its driver */
        step->kind = EH_STEP_RESUME;
        step->target = (void *)(uintptr_t)code_funclet_return;
        step->fp = s->target_record->fp;
        step->sp = s->target_record->sp;
        step->exception = NULL;
        sp = (char *)s->target_record->sp;
    } else if (s->target == EH_TO_DEATH) {
        vm_abort();
    } else {
        step->kind = EH_STEP_TO_ENTRY;
        t->pending = o;
        et->carry = o;
        sp = (char *)s->target_record;
    }
    while (et->top && (char *)et->top->rec < sp)
        pop_state(et);
}

static void second_pass(Thread *t, EhState *s, EhStep *step)
{
    for (;;) {
        if (!s->have_frame) {
            EhFound found = iter_next(t->eh, &s->it);
            if (found != EH_FRAME) {
                CHECKF(s->target != EH_TO_CATCH && s->it.met == s->target_record,
                       "second pass missed its target");
                leave(t, s, step);
                return;
            }
            s->have_frame = true;
            s->clause = 0;
        }
        if (next_finally(t, s, step))
            return;
        if (at_target(s)) {
            leave(t, s, step);
            return;
        }
        s->have_frame = false;
    }
}

static void eh_next(Thread *t, EhStep *step, u64 funclet_result)
{
    EhState *s = ((EhThread *)t->eh)->top;
    memset(step, 0, sizeof(*step));
    if (s->in_finally || s->phase == EH_IN_FILTER)
        tell_handler(t, s->in_finally ? VM_HANDLER_FINALLY : VM_HANDLER_FILTER, false, s->it.walk.frame.code, 0);
    s->in_finally = false;
    if (s->phase == EH_IN_FILTER) {
        s->phase = EH_FIRST_PASS;
        if ((u32)funclet_result)
            found_catch(s, &s->it.walk.frame.code->clauses[s->clause - 1]);
    }
    if (s->phase == EH_FIRST_PASS && first_pass(t, s, step))
        return;
    second_pass(t, s, step);
}

/* ---- limit checks ---- */

static void limit_hit(Thread *t, char *sp, u64 frame_bytes)
{
    if (thread_limit_hit(t, sp, frame_bytes))
        vm_stack_overflow(t);
    if (UNLIKELY(t->request & THREAD_REQ_KILL) && !frame_bytes) /* else the frame is not there yet */
        vm_abort_chance(t);
}

static void (*next_detach)(Thread *t);

static void on_detach(Thread *t)
{
    vm_eh_thread_detach(t);
    if (next_detach)
        next_detach(t);
}

void vm_eh_init(void)
{
    if (thread_detach_hook != on_detach) {
        next_detach = thread_detach_hook;
        thread_detach_hook = on_detach;
    }
    code_client.eh_begin = eh_begin;
    code_client.eh_next = eh_next;
    code_client.limit_hit = limit_hit;
    vm_abort_init();
}
