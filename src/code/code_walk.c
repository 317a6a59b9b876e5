/* code_walk.c: from a thread's records to its managed frames, and the roots they hold.
 * In: a thread that is stopped, or the caller itself; its chain of TransitionRecords.  Out: frames, innermost first.
 *
 * A CALL, FAULT or PRESTUB record starts a segment: managed frames from (ip, fp, sp), found by following rbp, up to the
 * return address code_entry_return (an ENTRY record comes next in the chain) or code_funclet_return (a FUNCLET record
 * comes next).  Both have no frames of their own and are stepped over.
 * A frame in a funclet shares its parent's rbp; its own return address is at sp + funclet_frame, which is why sp is
 * carried along.  The innermost of the frames with one rbp reports the slots; the others are parent_of_funclet.
 *
 * A frame that was left by a growing tail call (return address code_tail_return) has arguments only and is stepped over too; while
 * the callee has no frame of its own, they are scanned word by word.
 *
 * What lies between segments is C: scanned word by word.  So are argument registers that a stub saved (they lie in the
 * same range, above the record) and the outgoing stack arguments of a segment's first frame, whose callee has no frame
 * that describes them.
 * Book: code.md  Tests: tests/unit/code/ */
#include "code/code_int.h"

void code_walk_init(CodeWalk *w, TransitionRecord *top)
{
    memset(w, 0, sizeof(*w));
    w->next_record = top;
}

/* ---- frames ---- */

static bool at_boundary(const void *ip) { return ip == code_entry_return || ip == code_funclet_return; }

static void skip_tail_frames(CodeFrame *f)
{
    while (f->ip == code_tail_return) {
        f->ip = f->fp[1];
        f->sp = f->fp + 2;
        f->fp = (void **)f->fp[0];
    }
}

/* the next record that has frames; false: none left */
static bool begin_segment(CodeWalk *w)
{
    CodeFrame *f = &w->frame;
    for (TransitionRecord *r; (r = w->next_record);) {
        w->next_record = r->prev;
        if (r->kind == RECORD_ENTRY || r->kind == RECORD_FUNCLET)
            continue;
        f->record = r;
        f->ip = r->ip;
        f->fp = r->fp;
        f->sp = r->sp;
        f->is_fault = r->kind == RECORD_FAULT;
        f->first = true;
        skip_tail_frames(f);
        if (!at_boundary(f->ip)) /* else C called a stub directly */
            return true;
    }
    return false;
}

/* the caller's rsp after the return, which is also the end of what belongs to the frame */
static void **frame_end(const CodeFrame *f)
{
    if (f->in_funclet)
        return (void **)((char *)f->sp + f->code->funclet_frame) + 1;
    return f->fp + 2;
}

/* false: the segment ends here */
static bool to_caller(CodeFrame *f)
{
    void **end = frame_end(f);
    f->ip = end[-1];
    if (!f->in_funclet)
        f->fp = (void **)f->fp[0];
    f->sp = end;
    f->is_fault = f->first = false;
    skip_tail_frames(f);
    return !at_boundary(f->ip);
}

/* Parents whose funclet was met: a stack, as frames of one method activation are met innermost first. */
static void track_parents(CodeWalk *w)
{
    CodeFrame *f = &w->frame;
    u32 n = w->num_seen, i = 0;
    while (i < n && w->seen_parents[i] != f->fp)
        i++;
    f->parent_of_funclet = i < n;
    if (f->in_funclet && i == n) {
        CHECK(n < ARRAY_LEN(w->seen_parents));
        w->seen_parents[w->num_seen++] = f->fp;
    } else if (!f->in_funclet && i < n) {
        w->seen_parents[i] = w->seen_parents[--w->num_seen];
    }
}

bool code_walk_next(CodeWalk *w)
{
    CodeFrame *f = &w->frame;
    if (w->done)
        return false;
    if (!(f->code && to_caller(f)) && !begin_segment(w)) {
        w->done = true;
        f->code = NULL;
        return false;
    }
    /* a call may be the last instruction of its body, so a return address is looked up by the byte before it */
    const char *at = (const char *)f->ip - !f->is_fault;
    f->code = code_find(at);
    CHECKF(f->code, "stack walk: %p is not managed code (record %p, kind %u, frame %p)", f->ip, (void *)f->record,
           (u32)f->record->kind, (void *)f->fp);
    f->in_funclet = code_in_funclet(f->code, at, NULL);
    track_parents(w);
    return true;
}

/* ---- roots ---- */

/* What runs stays loaded, and so do the types and methods that shared code runs for. */
static void report_context(LoadContext *alc, GcVisitSlot visit, void *arg)
{
    if (alc->keeper)
        visit(arg, alc->keeper, GC_SLOT_CONSERVATIVE);
}

static void report_keepers(const CodeFrame *f, GcVisitSlot visit, void *arg)
{
    const CodeInfo *ci = f->code;
    if (ci->alc && ci->alc->collectible)
        report_context(ci->alc, visit, arg);
    if ((ci->ctx_kind != CODE_CTX_MT && ci->ctx_kind != CODE_CTX_METHOD) || (u32)((char *)f->ip - ci->start) < ci->body_start)
        return;
    void *ctx = *(void **)(void *)((char *)f->fp + ci->ctx_offset);
    if (!ctx)
        return;
    if (ci->ctx_kind == CODE_CTX_METHOD)
        report_context(type_method_context_of(ctx), visit, arg);
    else if (((MethodTable *)ctx)->flags & MTF_COLLECTIBLE)
        report_context(type_handle_context((TypeHandle)ctx), visit, arg);
}

void code_report_frame(const CodeFrame *f, GcVisitSlot visit, void *arg)
{
    if (f->parent_of_funclet)
        return;
    const CodeInfo *ci = f->code;
    report_keepers(f, visit, arg);
    for (u32 i = 0; i < ci->num_slots; i++) {
        const FrameSlot *s = &ci->slots[i];
        Object **slot = (Object **)(void *)((char *)f->fp + s->offset);
        if (*slot)
            visit(arg, slot, s->home || LIKELY(!f->is_fault) ? (GcSlotKind)s->kind : GC_SLOT_CONSERVATIVE);
    }
}

void code_clear_temporaries(TransitionRecord *fault)
{
    const CodeInfo *ci = code_find(fault->ip);
    for (u32 i = 0; ci && i < ci->num_slots; i++) {
        if (!ci->slots[i].home)
            *(Object **)(void *)((char *)fault->fp + ci->slots[i].offset) = NULL;
    }
}

/* Reads words that belong to no object of C.  Most of them mean nothing: what cannot be an object is not worth a call. */
__attribute__((no_sanitize_address)) static void scan(const void *low, const void *high, GcVisitSlot visit, void *arg)
{
    for (Object **p = (Object **)ALIGN_UP((uintptr_t)low, sizeof(void *)); p + 1 <= (Object **)high; p++)
        if (gc_in_heap(*p))
            visit(arg, p, GC_SLOT_CONSERVATIVE);
}

/* Outgoing stack arguments lie at the low end of the frame. */
static void scan_outgoing(const CodeFrame *f, GcVisitSlot visit, void *arg)
{
    if (f->is_fault)
        return;
    scan(f->sp, (char *)f->sp + f->code->outgoing, visit, arg);
}

typedef struct StackScan {
    GcVisitSlot visit;
    void *arg;
    char *low; /* what lies below is done; NULL: foreign or preemptive code, resume at the next record */
} StackScan;

/* C memory that ends at a record which starts a segment. A record in it (others lie in managed frames) holds no object, but maybe a word that
 * nobody has written. */
static void scan_to_record(StackScan *s, TransitionRecord *r)
{
    char *low = s->low ? s->low : (char *)r, *high = (char *)r->sp;
    if (low <= (char *)r && (char *)r < high) {
        scan(low, r, s->visit, s->arg);
        low = (char *)(r + 1);
    }
    scan(low, high, s->visit, s->arg);
    s->low = high;
}

/* Records without frames, from `r` up to `end`. */
static void scan_between(StackScan *s, TransitionRecord *r, const TransitionRecord *end)
{
    for (; r != end; r = r->prev) {
        if (r->kind == RECORD_ENTRY && (u64)(uintptr_t)r->extra == ENTRY_FOREIGN) {
            if (s->low)
                scan(s->low, r, s->visit, s->arg);
            s->low = NULL;
        } else if (r->kind != RECORD_ENTRY && r->kind != RECORD_FUNCLET) {
            scan_to_record(s, r);
        }
    }
}

void code_report_thread(Thread *t, char *low, GcVisitSlot visit, void *arg, u64 *frames)
{
    TransitionRecord *r = t->record;
    StackScan s = {visit, arg, r && (char *)r < low ? NULL : low};
    CodeWalk w;
    visit(arg, &t->pending, GC_SLOT_REF);
    for (code_walk_init(&w, r); code_walk_next(&w);) {
        CodeFrame *f = &w.frame;
        if (f->first) {
            scan_between(&s, r, f->record);
            scan_to_record(&s, f->record);
            scan(f->record->sp, f->sp, visit, arg);
            scan_outgoing(f, visit, arg);
            r = f->record->prev;
        }
        code_report_frame(f, visit, arg);
        s.low = (char *)frame_end(f);
        ++*frames;
    }
    scan_between(&s, r, NULL);
    if (s.low)
        scan(s.low, t->scan_high, visit, arg);
}
