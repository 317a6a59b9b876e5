/* stubs.c: the stubs and the stack walk, on small bodies emitted here that keep the managed conventions.  A stand-in for
 * vm/ answers the upward calls from a script. */
#include "code/code.h"

#include "os/os_mem.h"
#include "os/os_signal.h"
#include "os/os_thread.h"
#include "x64/x64.h"

#include <stdio.h>

static Thread thread_storage, *const t0 = &thread_storage;
static char *cold, *cold_end;

static void *cold_alloc(size_t n)
{
    n = ALIGN_UP(n, (size_t)16);
    if ((size_t)(cold_end - cold) < n) {
        cold = os_span_alloc(OS_CHUNK_COLD, 65536);
        cold_end = cold + 65536;
    }
    char *p = cold;
    cold += n;
    return p;
}

/* ---- bodies ---- */

typedef struct Body {
    X64Buf b;
    CodeInfo *ci;
    FuncletRange *funclets;
} Body;

static void begin(Body *f, u32 frame)
{
    x64_init(&f->b, 256);
    f->ci = cold_alloc(sizeof(*f->ci));
    f->ci->frame_size = frame;
    f->funclets = cold_alloc(4 * sizeof(FuncletRange));
    f->ci->funclets = f->funclets;
    x64_push_r(&f->b, X64_RBP);
    x64_mov_rr(&f->b, 8, X64_RBP, X64_RSP);
    x64_sub_ri(&f->b, 8, X64_RSP, (i32)frame);
    f->ci->body_start = x64_pos(&f->b);
}

static void leave(Body *f)
{
    x64_leave(&f->b);
    x64_ret(&f->b);
}

static char *finish(Body *f)
{
    char *rw;
    u32 size = x64_pos(&f->b);
    f->ci->size = size;
    f->ci->start = code_alloc(NULL, size, &rw);
    CHECK(x64_finish(&f->b, (u64)(uintptr_t)f->ci->start));
    memcpy(rw, f->b.start, size);
    x64_free(&f->b);
    code_register(f->ci);
    return f->ci->start;
}

/* a body that only calls `target` and returns its result */
static CodeInfo *make_caller(const void *target)
{
    Body f;
    begin(&f, 32);
    x64_call_far(&f.b, target, X64_RAX);
    leave(&f);
    finish(&f);
    return f.ci;
}

/* rdi + 2 rsi + 3 rdx + 4 rcx + 5 r8 + 6 r9 + 7 s0 + 8 s1 + 9 s2; xmm0 = xmm0 + .. + xmm7 */
static char *make_sum(void)
{
    static const u8 regs[] = {X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9};
    Body f;
    begin(&f, 0);
    x64_zero(&f.b, X64_RAX);
    for (i32 i = 0; i < 9; i++) {
        if (i < 6)
            x64_imul_rri(&f.b, 8, X64_R10, (X64Reg)regs[i], i + 1);
        else
            x64_imul_rmi(&f.b, 8, X64_R10, x64_mem(X64_RBP, 16 + 8 * (i - 6)), i + 1);
        x64_add_rr(&f.b, 8, X64_RAX, X64_R10);
    }
    for (u32 i = 1; i < 8; i++)
        x64_addsd_xx(&f.b, X64_XMM0, (X64Reg)(X64_XMM0 + i));
    x64_mov_ri(&f.b, 4, X64_RDX, 99);
    leave(&f);
    return finish(&f);
}

static const u64 sum_stack[3] = {7, 8, 9};
static CodeCallArgs sum_args(void)
{
    return (CodeCallArgs){.gpr = {1, 2, 3, 4, 5, 6},
                          .xmm = {1, 2, 4, 8, 16, 32, 64, 128},
                          .stack = sum_stack,
                          .num_stack = 3};
}
static void check_sum(const CodeCallArgs *a)
{
    CHECK(a->ret_gpr[0] == 285 && a->ret_gpr[1] == 99 && a->ret_xmm[0] == 255);
    CHECK(t0->record == NULL && t0->mode == THREAD_COOPERATIVE);
}

static bool call0(void *entry, u64 arg, u64 *result)
{
    CodeCallArgs a = {.gpr = {arg}};
    bool ok = code_call(t0, entry, &a);
    if (result)
        *result = a.ret_gpr[0];
    CHECK(t0->record == NULL);
    return ok;
}

/* ---- walks ---- */

static CodeFrame frames[32];
static u32 num_frames;

static void walk_now(void)
{
    CodeWalk w;
    num_frames = 0;
    for (code_walk_init(&w, thread_current()->record); code_walk_next(&w);)
        frames[num_frames++] = w.frame;
}

static u64 walk_helper(u64 x)
{
    walk_now();
    return x + 1;
}

static CodeInfo *inner_caller, *outer_caller;

static u64 nesting_helper(u64 x)
{
    CodeCallArgs a = {.gpr = {x * 2}};
    CHECK(code_call(thread_current(), inner_caller->start, &a));
    return a.ret_gpr[0];
}

static void test_walk(void)
{
    u64 r;
    inner_caller = make_caller(code_helper_stub((void *)walk_helper));
    CHECK(code_helper_stub((void *)walk_helper) == code_helper_stub((void *)walk_helper));
    CodeInfo *mid = make_caller(inner_caller->start);
    CHECK(call0(mid->start, 41, &r) && r == 42);
    CHECK(num_frames == 2 && frames[0].code == inner_caller && frames[1].code == mid);
    CHECK(frames[0].first && !frames[1].first && !frames[0].is_fault && !frames[0].in_funclet);
    CHECK(frames[1].sp == frames[0].fp + 2 && (void **)frames[0].fp[0] == frames[1].fp);
    CHECK((char *)frames[0].sp == (char *)frames[0].fp - 32);
    /* across an entry */
    outer_caller = make_caller(code_helper_stub((void *)nesting_helper));
    CHECK(call0(outer_caller->start, 10, &r) && r == 21);
    CHECK(num_frames == 2 && frames[0].code == inner_caller && frames[1].code == outer_caller);
    CHECK(frames[0].first && frames[1].first && frames[0].record != frames[1].record);
    /* a helper called by C directly has no frames */
    CHECK(call0(code_helper_stub((void *)walk_helper), 1, &r) && r == 2 && num_frames == 0);
}

/* ---- exceptions: the stand-in dispatcher plays a script ---- */

static EhStep script[8];
static u64 results[8];
static u32 script_at;
static TransitionRecord *throw_record;
static Object *thrown;

static void eh_begin(Thread *t, TransitionRecord *rec)
{
    CHECK(t->record == rec);
    throw_record = rec;
    thrown = t->pending;
    t->pending = NULL;
    script_at = 0;
    walk_now();
}

static void eh_next(Thread *t, EhStep *step, u64 funclet_result)
{
    CHECK(t->record == throw_record);
    results[script_at] = funclet_result;
    *step = script[script_at++];
    if (step->kind == EH_STEP_TO_ENTRY) {
        for (TransitionRecord *r = t->record; r; r = r->prev)
            if (r->kind == RECORD_ENTRY) {
                step->record = r;
                break;
            }
        t->pending = thrown;
    } else if (step->kind == EH_STEP_RESUME) {
        step->record = throw_record->prev;
        if (!step->fp) { /* into the last frame */
            step->fp = frames[num_frames - 1].fp;
            step->sp = (void **)(void *)((char *)step->fp - frames[num_frames - 1].code->frame_size);
        }
    } else if (!step->fp) {
        step->fp = frames[0].fp;
    }
}

static u64 failing_helper(u64 x)
{
    thread_current()->pending = (Object *)(uintptr_t)x;
    return 5;
}

static char *make_thrower(void)
{
    Body f;
    begin(&f, 16);
    x64_call_far(&f.b, code_throw_stub(), X64_RAX);
    return finish(&f);
}

static void test_to_entry(void)
{
    script[0] = (EhStep){.kind = EH_STEP_TO_ENTRY};
    CHECK(!call0(make_thrower(), 0x1230, NULL) && t0->pending == (Object *)0x1230);
    CHECK(num_frames == 1 && throw_record->kind == RECORD_CALL);
    t0->pending = NULL;
    CodeInfo *c = make_caller(code_helper_stub((void *)failing_helper));
    CHECK(!call0(c->start, 0x4560, NULL) && t0->pending == (Object *)0x4560);
    CHECK(num_frames == 1 && frames[0].code == c);
    t0->pending = NULL;
    /* no managed frame at all */
    CHECK(!call0(code_helper_stub((void *)failing_helper), 0x4560, NULL) && num_frames == 0);
    t0->pending = NULL;
}

/* the callee clobbers what a callee has to keep: the catching frame must get its callers' registers back itself */
static char *make_clobbering_thrower(void)
{
    static const u8 saved[] = {X64_RBX, X64_R12, X64_R13, X64_R14};
    Body f;
    begin(&f, 16);
    for (u32 i = 0; i < 4; i++)
        x64_mov_ri(&f.b, 8, (X64Reg)saved[i], -1);
    x64_call_far(&f.b, code_throw_stub(), X64_RAX);
    return finish(&f);
}

static void test_catch(void)
{
    Body f;
    u64 r;
    begin(&f, 32);
    x64_mov_mr(&f.b, 8, x64_mem(X64_RBP, -8), X64_RDI);
    x64_call_far(&f.b, make_clobbering_thrower(), X64_RAX);
    x64_int3(&f.b);
    u32 catch_at = x64_pos(&f.b);
    x64_sub_rm(&f.b, 8, X64_RAX, x64_mem(X64_RBP, -8));
    x64_add_ri(&f.b, 8, X64_RAX, 7);
    leave(&f);
    finish(&f);
    script[0] = (EhStep){.kind = EH_STEP_RESUME, .target = f.ci->start + catch_at, .exception = (Object *)0x1230};
    CHECK(call0(f.ci->start, 0x1230, &r) && r == 7);
    CHECK(num_frames == 2 && frames[1].code == f.ci && thrown == (Object *)0x1230);
    CHECK(t0->pending == NULL);
    /* to the entry, over the same frames: the entry's caller has its registers */
    script[0] = (EhStep){.kind = EH_STEP_TO_ENTRY};
    CHECK(!call0(f.ci->start, 0x1230, NULL));
    t0->pending = NULL;
}

/* ---- funclets ---- */

static u64 walk_in_funclet(u64 x)
{
    walk_now();
    return x * 3;
}

/* body: throws if rdi is set, else calls the funclet as `leave` does.  funclet: [rbp-8] += 1; returns 3 * rdi. */
static CodeInfo *make_with_funclet(u32 *funclet_at, u32 *catch_at)
{
    Body f;
    begin(&f, 32);
    X64Label funclet = x64_label(&f.b), plain = x64_label(&f.b);
    x64_mov_mi(&f.b, 8, x64_mem(X64_RBP, -8), 100);
    x64_test_rr(&f.b, 8, X64_RDI, X64_RDI);
    x64_jcc(&f.b, X64_E, plain);
    x64_call_far(&f.b, code_throw_stub(), X64_RAX);
    x64_bind(&f.b, plain);
    x64_call_label(&f.b, funclet);
    *catch_at = x64_pos(&f.b);
    x64_mov_rm(&f.b, 8, X64_RAX, x64_mem(X64_RBP, -8));
    leave(&f);
    *funclet_at = x64_pos(&f.b);
    f.ci->funclet_frame = 24;
    x64_bind(&f.b, funclet);
    x64_sub_ri(&f.b, 8, X64_RSP, 24);
    x64_inc_m(&f.b, 8, x64_mem(X64_RBP, -8));
    x64_mov_ri(&f.b, 8, X64_RBX, -1);
    x64_call_far(&f.b, code_helper_stub((void *)walk_in_funclet), X64_RAX);
    x64_add_ri(&f.b, 8, X64_RSP, 24);
    x64_ret(&f.b);
    f.funclets[0] = (FuncletRange){*funclet_at, x64_pos(&f.b), 0, 0};
    f.ci->num_funclets = 1;
    finish(&f);
    return f.ci;
}

static void test_funclets(void)
{
    u32 funclet_at, catch_at;
    u64 r;
    CodeInfo *ci = make_with_funclet(&funclet_at, &catch_at);
    CodeInfo *outer = make_caller(ci->start);
    CHECK(call0(outer->start, 0, &r) && r == 101);
    CHECK(num_frames == 3 && frames[0].code == ci && frames[1].code == ci && frames[2].code == outer);
    CHECK(frames[0].in_funclet && !frames[0].parent_of_funclet && frames[0].first);
    CHECK(!frames[1].in_funclet && frames[1].parent_of_funclet && !frames[1].first);
    CHECK(frames[0].fp == frames[1].fp && (char *)frames[1].sp == (char *)frames[1].fp - 32);
    CHECK(!frames[2].parent_of_funclet && frames[2].sp == frames[1].fp + 2);
    /* twice as the driver calls it, the second as a filter would be, then the catch */
    script[0] = (EhStep){.kind = EH_STEP_FUNCLET, .target = ci->start + funclet_at, .exception = (Object *)5};
    script[1] = (EhStep){.kind = EH_STEP_FUNCLET, .target = ci->start + funclet_at, .exception = (Object *)6};
    script[2] = (EhStep){.kind = EH_STEP_RESUME, .target = ci->start + catch_at};
    CodeInfo *direct = ci;
    CodeCallArgs a = {.gpr = {0x70}};
    /* frames[num_frames - 1] is the catching frame in the stand-in: call it directly */
    CHECK(code_call(t0, direct->start, &a) && a.ret_gpr[0] == 102 && t0->record == NULL);
    CHECK(results[0] == 0 && results[1] == 15 && results[2] == 18);
    CHECK(num_frames == 2 && frames[0].in_funclet && frames[0].code == ci);
    CHECK(frames[1].parent_of_funclet && frames[1].first && frames[1].record == throw_record);
}

/* ---- hardware faults ---- */

static bool on_fault(int sig, siginfo_t *info, void *uc)
{
    (void)info;
    u64 *ip = os_ucontext_ip(uc), *sp = os_ucontext_reg(uc, 4);
    if (sig != SIGSEGV || !code_is_managed((void *)*ip))
        return false;
    t0->pending = (Object *)0xfa00;
    *os_ucontext_reg(uc, 7) = (u64)(uintptr_t)t0;
    *os_ucontext_reg(uc, 6) = *ip;
    *os_ucontext_reg(uc, 2) = *sp;
    *sp -= 128;
    *ip = (u64)(uintptr_t)code_fault_raise;
    return true;
}

static void test_fault(void)
{
    static const FrameSlot slots[] = {{-8, GC_SLOT_REF, 1, 0}, {-16, GC_SLOT_REF, 0, 0}};
    Body f;
    u64 r;
    begin(&f, 32);
    u32 fault_at = x64_pos(&f.b);
    x64_mov_rm(&f.b, 4, X64_RAX, x64_mem(X64_RDI, 0));
    x64_int3(&f.b);
    u32 catch_at = x64_pos(&f.b);
    x64_mov_ri(&f.b, 4, X64_RAX, 77);
    leave(&f);
    f.ci->slots = slots;
    f.ci->num_slots = 2;
    finish(&f);
    script[0] = (EhStep){.kind = EH_STEP_RESUME, .target = f.ci->start + catch_at};
    CHECK(call0(f.ci->start, 8, &r) && r == 77);
    CHECK(num_frames == 1 && frames[0].is_fault && (char *)frames[0].ip == f.ci->start + fault_at);
    CHECK((char *)frames[0].sp == (char *)frames[0].fp - 32 && thrown == (Object *)0xfa00);
}

/* ---- first calls ---- */

static Method *method;
static char *sum_code;
static u32 prestub_calls;

static bool saw_word(u64 value, GcSlotKind kind);
static void report(char *low);

static void *prestub(Thread *t, Method *m, TransitionRecord *rec)
{
    CHECK(t == t0 && m == method && t->record == rec && rec->kind == RECORD_PRESTUB);
    prestub_calls++;
    report(NULL);
    for (u64 i = 1; i <= 9; i++)
        CHECK(saw_word(i, GC_SLOT_CONSERVATIVE));
    m->entry = sum_code;
    return m->entry;
}

static void *failing_prestub(Thread *t, Method *m, TransitionRecord *rec)
{
    (void)m;
    (void)rec;
    walk_now();
    t->pending = (Object *)0x5550;
    return NULL;
}

/* passes its arguments on through [cell], with three words of stack arguments */
static CodeInfo *make_forwarder(void *cell)
{
    Body f;
    begin(&f, 48);
    for (i32 i = 0; i < 3; i++) {
        x64_mov_rm(&f.b, 8, X64_RAX, x64_mem(X64_RBP, 16 + 8 * i));
        x64_mov_mr(&f.b, 8, x64_mem(X64_RSP, 8 * i), X64_RAX);
    }
    x64_call_m(&f.b, x64_mem_abs(cell));
    leave(&f);
    finish(&f);
    return f.ci;
}

static Method *new_method(void)
{
    Method *m = cold_alloc(sizeof(Method));
    m->entry = code_precode(m);
    CHECK(m->entry == m->precode && code_precode(m) == m->precode && code_precode_method(m->precode) == m);
    return m;
}

static void test_prestub(void)
{
    for (u32 i = 0; i < 300; i++) /* over a block */
        new_method();
    code_client.prestub = prestub;
    method = new_method();
    char *precode = method->precode;
    CHECK(!code_precode_method(sum_code) && !code_precode_method(precode + 1) && !code_is_managed(precode));
    CodeInfo *fwd = make_forwarder(&method->entry);
    for (u32 i = 0; i < 3; i++) {
        CodeCallArgs a = sum_args();
        CHECK(code_call(t0, i == 2 ? precode : fwd->start, &a));
        check_sum(&a);
        CHECK(prestub_calls == 1);
    }
    /* the stable entry alone */
    method = new_method();
    CodeCallArgs a = sum_args();
    for (u32 i = 0; i < 3; i++, a = sum_args()) {
        CHECK(code_call(t0, method->precode, &a));
        check_sum(&a);
    }
    CHECK(prestub_calls == 2);
    /* failure */
    code_client.prestub = failing_prestub;
    method = new_method();
    fwd = make_forwarder(&method->entry);
    script[0] = (EhStep){.kind = EH_STEP_TO_ENTRY};
    a = sum_args();
    CHECK(!code_call(t0, fwd->start, &a) && t0->pending == (Object *)0x5550 && t0->record == NULL);
    CHECK(num_frames == 1 && frames[0].code == fwd);
    CHECK(!code_call(t0, method->precode, &a) && t0->record == NULL && num_frames == 0);
    t0->pending = NULL;
}

static u32 slot_seen;
static CallSite *site_seen;
static void *slot_prestub(Thread *t, Object *self, u32 slot, TransitionRecord *rec)
{
    CHECK(t == t0 && self == (Object *)1 && t->record == rec);
    slot_seen = slot;
    return sum_code;
}
static void *site_miss(Thread *t, Object *self, CallSite *site, TransitionRecord *rec)
{
    CHECK(t == t0 && self == (Object *)1 && t->record == rec);
    site_seen = site;
    return sum_code;
}

static void test_slots_and_sites(void)
{
    code_client.slot_prestub = slot_prestub;
    code_client.site_miss = site_miss;
    static const u32 slots[] = {5, 0, 70000, 5};
    for (u32 i = 0; i < ARRAY_LEN(slots); i++) {
        CodeCallArgs a = sum_args();
        CHECK(code_call(t0, code_slot_prestub(slots[i]), &a) && slot_seen == slots[i]);
        check_sum(&a);
    }
    CHECK(code_slot_prestub(5) == code_slot_prestub(5));
    Body f;
    CallSite site = {.pair = &code_empty_pair};
    begin(&f, 32);
    for (i32 i = 0; i < 3; i++) {
        x64_mov_rm(&f.b, 8, X64_RAX, x64_mem(X64_RBP, 16 + 8 * i));
        x64_mov_mr(&f.b, 8, x64_mem(X64_RSP, 8 * i), X64_RAX);
    }
    x64_mov_rabs(&f.b, X64_R11, &site);
    x64_call_abs(&f.b, code_site_miss_stub());
    leave(&f);
    finish(&f);
    CodeCallArgs a = sum_args();
    CHECK(code_call(t0, f.ci->start, &a) && site_seen == &site);
    check_sum(&a);
}

/* ---- limit check ---- */

static u64 limit_bytes;
static bool limit_overflows;
static void limit_hit(Thread *t, char *sp, u64 bytes)
{
    walk_now();
    CHECK(num_frames == 1 && (char *)frames[0].sp == sp);
    limit_bytes = bytes;
    if (limit_overflows)
        t->pending = (Object *)0x50f0;
    __asm__ volatile("xor %%eax, %%eax; xorps %%xmm0, %%xmm0; xorps %%xmm7, %%xmm7; xor %%r9d, %%r9d" ::
                         : "rax", "xmm0", "xmm7", "r9", "memory");
}

static void test_limit(void)
{
    code_client.limit_hit = limit_hit;
    Body f;
    begin(&f, 32);
    for (i32 i = 0; i < 3; i++) {
        x64_mov_rm(&f.b, 8, X64_RAX, x64_mem(X64_RBP, 16 + 8 * i));
        x64_mov_mr(&f.b, 8, x64_mem(X64_RSP, 8 * i), X64_RAX);
    }
    x64_mov_rabs(&f.b, X64_RAX, sum_code);
    x64_mov_ri(&f.b, 4, X64_R10, 12345);
    x64_call_abs(&f.b, code_limit_stub());
    x64_call_r(&f.b, X64_RAX);
    leave(&f);
    finish(&f);
    CodeCallArgs a = sum_args();
    CHECK(code_call(t0, f.ci->start, &a) && limit_bytes == 12345);
    check_sum(&a);
    limit_overflows = true;
    script[0] = (EhStep){.kind = EH_STEP_TO_ENTRY};
    CHECK(!code_call(t0, f.ci->start, &a) && t0->pending == (Object *)0x50f0 && t0->record == NULL);
    t0->pending = NULL;
}

/* ---- reverse calls ---- */

typedef double Foreign(u64, u64, u64, u64, u64, u64, double, double, double, double, double, double, double, double, u64,
                       u64, u64);
static Thread other_thread;
static u32 attached;

static Thread *attach(void)
{
    attached++;
    os_thread_stack(&other_thread.stack_low, &other_thread.stack_high);
    other_thread.scan_high = other_thread.stack_high;
    thread_current_tls = &other_thread;
    return &other_thread;
}

static char *extra_code;
static Foreign *thunk;

static void call_thunk(void *arg)
{
    (void)arg;
    CHECK(thunk(1, 2, 3, 4, 5, 6, 1, 2, 4, 8, 16, 32, 64, 128, 7, 8, 9) == 255);
    CHECK(thread_current()->mode == THREAD_PREEMPTIVE && thread_current()->record == NULL);
}

static u64 (*walking_thunk)(u64);

/* what a P/Invoke does: leaves cooperative mode, and foreign code calls back */
static u64 foreign_caller(u64 x)
{
    thread_enter_preemptive(t0);
    u64 r = walking_thunk(x);
    thread_enter_cooperative(t0);
    return r + 1;
}

static void test_reverse(void)
{
    void *cell = sum_code;
    thunk = (Foreign *)code_reverse_thunk(NULL, &cell, 3, NULL);
    thread_enter_preemptive(t0);
    call_thunk(NULL);
    OsThread os;
    code_client.attach = attach;
    CHECK(os_thread_create(&os, call_thunk, NULL, 0, "foreign", false));
    os_thread_join(os);
    CHECK(attached == 1);
    /* extra arrives in r11 */
    Body f;
    begin(&f, 0);
    x64_mov_rr(&f.b, 8, X64_RAX, X64_R11);
    leave(&f);
    extra_code = finish(&f);
    u64 (*extra)(void) = (u64(*)(void))code_reverse_thunk(NULL, &extra_code, 0, (void *)0x123456789a);
    CHECK(extra() == 0x123456789a);
    /* a precode keeps it */
    code_client.prestub = NULL;
    Method *m = new_method();
    m->entry = extra_code;
    Method *late = cold_alloc(sizeof(Method));
    late->entry = extra_code;
    void *late_precode = code_precode(late);
    extra = (u64(*)(void))code_reverse_thunk(NULL, &late_precode, 0, (void *)0x77);
    CHECK(extra() == 0x77);
    thread_enter_cooperative(t0);
    /* walk across foreign code */
    void *inner = inner_caller->start;
    walking_thunk = (u64(*)(u64))code_reverse_thunk(NULL, &inner, 0, NULL);
    CodeInfo *c = make_caller(code_helper_stub((void *)foreign_caller));
    u64 r;
    CHECK(call0(c->start, 20, &r) && r == 22);
    CHECK(num_frames == 2 && frames[0].code == inner_caller && frames[1].code == c && frames[1].first);
}

/* ---- roots ---- */

static struct {
    Object **slot;
    u64 value;
    GcSlotKind kind;
} seen[20000];
static u32 num_seen;
static u64 frames_reported;

static void visit(void *arg, Object **slot, GcSlotKind kind)
{
    CHECK(arg == seen && num_seen < ARRAY_LEN(seen));
    seen[num_seen].slot = slot;
    seen[num_seen].value = (u64)(uintptr_t)*slot;
    seen[num_seen++].kind = kind;
}

static void report(char *low)
{
    num_seen = 0;
    frames_reported = 0;
    code_report_thread(t0, low, visit, seen, &frames_reported);
}

static u32 count_word(u64 value, GcSlotKind kind)
{
    u32 n = 0;
    for (u32 i = 0; i < num_seen; i++)
        n += seen[i].value == value && seen[i].kind == kind;
    return n;
}
static bool saw_word(u64 value, GcSlotKind kind) { return count_word(value, kind) > 0; }

enum { MARK_C = 0x1111111111110000, MARK_REF = 0x2222222222220000, MARK_STACK = 0x3333333333330000, MARK_LOW = 0x4444444444440000 };

__attribute__((noinline)) static u64 reporting_helper(u64 x)
{
    volatile u64 local = MARK_LOW + x;
    report(__builtin_frame_address(0) - 64);
    CHECK(saw_word(local, GC_SLOT_CONSERVATIVE));
    report(NULL);
    CHECK(!saw_word(local, GC_SLOT_CONSERVATIVE));
    return x;
}

static CodeInfo *reporter;
static u64 outer_helper(u64 x)
{
    volatile u64 local = MARK_C + x;
    CodeCallArgs a = {.gpr = {x}};
    CHECK(code_call(t0, reporter->start, &a));
    return local - MARK_C;
}

static CodeInfo *make_reporter(void *target)
{
    static const FrameSlot slots[] = {{-8, GC_SLOT_REF, 1, 0}, {-16, GC_SLOT_PINNED_INTERIOR, 0, 0}};
    Body f;
    begin(&f, 48);
    x64_mov_ri(&f.b, 8, X64_RAX, MARK_REF);
    x64_mov_mr(&f.b, 8, x64_mem(X64_RBP, -8), X64_RAX);
    x64_mov_mr(&f.b, 8, x64_mem(X64_RBP, -16), X64_RAX);
    x64_mov_ri(&f.b, 8, X64_RAX, MARK_STACK);
    x64_mov_mr(&f.b, 8, x64_mem(X64_RSP, 0), X64_RAX);
    x64_call_far(&f.b, target, X64_RAX);
    leave(&f);
    f.ci->slots = slots;
    f.ci->num_slots = 2;
    f.ci->outgoing = 8;
    finish(&f);
    return f.ci;
}

static void test_report(void)
{
    u64 r;
    volatile u64 bottom = MARK_C + 7;
    reporter = make_reporter(code_helper_stub((void *)reporting_helper));
    CodeInfo *outer = make_reporter(code_helper_stub((void *)outer_helper));
    CHECK(call0(outer->start, 3, &r) && r == 3);
    CHECK(frames_reported == 2);
    CHECK(seen[0].slot == &t0->pending && seen[0].kind == GC_SLOT_REF);
    CHECK(count_word(MARK_REF, GC_SLOT_REF) == 2 && count_word(MARK_REF, GC_SLOT_PINNED_INTERIOR) == 2);
    CHECK(count_word(MARK_STACK, GC_SLOT_CONSERVATIVE) == 2);
    CHECK(saw_word(MARK_C + 3, GC_SLOT_CONSERVATIVE) && saw_word(bottom, GC_SLOT_CONSERVATIVE));
    /* a fault frame: home slots exactly, others conservatively until they are cleared */
    Object *words[4] = {0, (Object *)MARK_REF, (Object *)MARK_REF, 0};
    CodeFrame f = {.code = reporter, .fp = (void **)(words + 3), .is_fault = true};
    num_seen = 0;
    code_report_frame(&f, visit, seen);
    CHECK(num_seen == 2 && seen[0].slot == &words[2] && seen[0].kind == GC_SLOT_REF);
    CHECK(seen[1].slot == &words[1] && seen[1].kind == GC_SLOT_CONSERVATIVE);
    f.parent_of_funclet = true;
    code_report_frame(&f, visit, seen);
    CHECK(num_seen == 2);
    TransitionRecord fault = {.kind = RECORD_FAULT, .ip = reporter->start + 1, .fp = f.fp};
    code_clear_temporaries(&fault);
    CHECK(!words[1] && words[2] == (Object *)MARK_REF);
    /* what lies below the innermost record counts only when the scan begins there */
    TransitionRecord top = {.kind = RECORD_ENTRY}, *was = t0->record;
    t0->record = &top;
    report((char *)&top + sizeof top);
    CHECK(num_seen == 1);
    t0->record = was;
    /* no record: the C stack */
    report(NULL);
    CHECK(num_seen == 1 && frames_reported == 0);
    report(__builtin_frame_address(0) - 4096);
    CHECK(saw_word(bottom, GC_SLOT_CONSERVATIVE));
}

int main(void)
{
    os_span_init();
    gc_heap_base = NULL; /* every word looks like an object */
    gc_heap_end = (char *)UINTPTR_MAX;
    code_init();
    code_init();
    os_signal_thread_init();
    os_signal_install(on_fault);
    thread_current_tls = t0;
    t0->mode = THREAD_COOPERATIVE;
    os_thread_stack(&t0->stack_low, &t0->stack_high);
    t0->scan_high = t0->stack_high;
    code_client.eh_begin = eh_begin;
    code_client.eh_next = eh_next;
    sum_code = make_sum();
    CodeCallArgs a = sum_args();
    CHECK(code_call(t0, sum_code, &a));
    check_sum(&a);
    test_walk();
    test_to_entry();
    test_catch();
    test_funclets();
    test_fault();
    test_prestub();
    test_slots_and_sites();
    test_limit();
    test_reverse();
    test_report();
    return 0;
}
