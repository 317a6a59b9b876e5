/* code_stubs.c: stubs made at run time: precodes, slot prestubs, wrappers of C helpers, reverse thunks.
 * All are position-independent within the span and read what changes from data cells (D4), never from patched code.
 *   precode      lea r10, [Method]; jmp [cell]   cell: code_prestub_entry, then code_through_entry (jmp [r10], the Method's entry)
 *   slot prestub mov r10d, slot; jmp [code_slot_prestub_entry]
 *   helper stub  pushes a CALL record, calls the C function, pops it, raises what is pending
 *   reverse thunk lea r11, [ReverseData]; jmp [code_reverse_entry]
 * Locks: the folder's leaf lock guards the tables; what they hand out is immutable but for cells.
 * Not here: the entries themselves (x64/code_entry.S).  Book: code.md  Tests: tests/unit/code/ */
#include "code/code_int.h"

#include "base/map.h"
#include "os/os_mem.h"
#include "x64/x64.h"

#define OFFSET(T, field, n) _Static_assert(offsetof(T, field) == (n), "known to code_entry.S")
OFFSET(Thread, record, THREAD_O_RECORD);
OFFSET(Thread, pending, THREAD_O_PENDING);
OFFSET(TransitionRecord, prev, REC_PREV);
OFFSET(TransitionRecord, kind, REC_KIND);
OFFSET(TransitionRecord, ip, REC_IP);
OFFSET(TransitionRecord, fp, REC_FP);
OFFSET(TransitionRecord, sp, REC_SP);
OFFSET(TransitionRecord, extra, REC_EXTRA);
_Static_assert(sizeof(TransitionRecord) == REC_SIZE && sizeof(EhStep) == 48, "known to code_entry.S");
_Static_assert(RECORD_CALL == REC_K_CALL && RECORD_FAULT == REC_K_FAULT && RECORD_FUNCLET == REC_K_FUNCLET &&
                   RECORD_PRESTUB == REC_K_PRESTUB && RECORD_ENTRY == REC_K_ENTRY,
               "known to code_entry.S");
_Static_assert(EH_STEP_FUNCLET == STEP_K_FUNCLET && EH_STEP_RESUME == STEP_K_RESUME && EH_STEP_TO_ENTRY == STEP_K_TO_ENTRY,
               "known to code_entry.S");
OFFSET(CodeClient, prestub, CLIENT_PRESTUB);
OFFSET(CodeClient, slot_prestub, CLIENT_SLOT_PRESTUB);
OFFSET(CodeClient, site_miss, CLIENT_SITE_MISS);
OFFSET(CodeClient, eh_begin, CLIENT_EH_BEGIN);
OFFSET(CodeClient, eh_next, CLIENT_EH_NEXT);
OFFSET(CodeClient, limit_hit, CLIENT_LIMIT_HIT);
OFFSET(EhStep, kind, STEP_KIND);
OFFSET(EhStep, target, STEP_TARGET);
OFFSET(EhStep, fp, STEP_FP);
OFFSET(EhStep, sp, STEP_SP);
OFFSET(EhStep, exception, STEP_EXCEPTION);
OFFSET(EhStep, record, STEP_RECORD);
OFFSET(CodeCallArgs, gpr, ARGS_GPR);
OFFSET(CodeCallArgs, xmm, ARGS_XMM);
OFFSET(CodeCallArgs, stack, ARGS_STACK);
OFFSET(CodeCallArgs, num_stack, ARGS_NUM_STACK);
OFFSET(CodeCallArgs, ret_gpr, ARGS_RET_GPR);
OFFSET(CodeCallArgs, ret_xmm, ARGS_RET_XMM);
OFFSET(ReverseData, cell, REVERSE_CELL);
OFFSET(ReverseData, extra, REVERSE_EXTRA);
OFFSET(ReverseData, stack_words, REVERSE_WORDS);
_Static_assert(METHOD_ENTRY_OFFSET == 0, "code_through_entry jumps to [r10]");

CodeClient code_client;
static MethodTable no_type; /* its address is that of no type */
CallPair code_empty_pair = {&no_type, NULL};

/* Addresses of the hand-written entries, in the span so that stubs reach them by a displacement. */
typedef struct Cells {
    const void *prestub, *through, *slot_prestub, *site_miss, *limit, *throw, *raise, *reverse, *tail;
} Cells;
static Cells *cells;
static void *limit_stub, *throw_stub, *miss_stub, *tail_stub;

/* Code of a small stub from what emit() writes; lock held. */
static void *install(LoadContext *alc, X64Buf *b)
{
    char *rw, *p = code_alloc_locked(alc, x64_pos(b), &rw);
    CHECK(x64_finish(b, (u64)(uintptr_t)p));
    memcpy(rw, b->start, x64_pos(b));
    x64_free(b);
    return p;
}

static void *make_jump(const void **cell)
{
    X64Buf b;
    x64_init(&b, 64);
    x64_jmp_m(&b, x64_mem_abs(cell));
    return install(NULL, &b);
}

void code_init(void)
{
    if (cells)
        return;
    code_table_init();
    code_lock();
    Cells *c = os_span_alloc(OS_CHUNK_STUB, sizeof(*c));
    CHECK(c);
    *c = (Cells){code_prestub_entry, code_through_entry, code_slot_prestub_entry, code_site_miss_entry,
                 code_limit_entry,   code_throw_entry,   code_raise_pending,      code_reverse_entry, code_tail_entry};
    limit_stub = make_jump(&c->limit);
    throw_stub = make_jump(&c->throw);
    miss_stub = make_jump(&c->site_miss);
    tail_stub = make_jump(&c->tail);
    cells = c;
    code_unlock();
}

void *code_limit_stub(void) { return limit_stub; }
void *code_tail_stub(void) { return tail_stub; }
void *code_throw_stub(void) { return throw_stub; }
void *code_site_miss_stub(void) { return miss_stub; }

bool code_call(Thread *t, void *entry, CodeCallArgs *args) { return code_call_flags(t, entry, args, ENTRY_CATCHES); }

/* ---- precodes ---- */

enum { PRECODE_SIZE = 16, PRECODE_BLOCK = OS_CHUNK_UNIT / sizeof(void *), SMALL_PRECODE_BLOCK = 6, PRECODE_LEA = 7 };

typedef struct PrecodeBlock { /* what is left of the context's newest one */
    char *code, *rw;
    void **cells;
    u32 left;
} PrecodeBlock;
static Map64 precode_blocks; /* LoadContext * (1: none) -> PrecodeBlock *; under the lock */

static i32 read_i32(const char *p)
{
    i32 v;
    memcpy(&v, p, 4);
    return v;
}

/* the operand of a rip-relative instruction whose displacement ends at p */
static void *rip_operand(char *p) { return p + read_i32(p - 4); }

static void **precode_cell(char *precode) { return rip_operand(precode + PRECODE_LEA + 6); }

static bool is_precode(const char *p)
{
    static const u8 lea[3] = {0x4c, 0x8d, 0x15}, jmp[2] = {0xff, 0x25}; /* lea r10, [rip+..]; jmp [rip+..] */
    return os_span_is_code(p) && ((uintptr_t)p & (PRECODE_SIZE - 1)) == 0 && memcmp(p, lea, 3) == 0 &&
           memcmp(p + PRECODE_LEA, jmp, 2) == 0;
}

Method *code_precode_method(void *entry)
{
    if (!is_precode(entry))
        return NULL;
    return rip_operand((char *)entry + PRECODE_LEA);
}

static PrecodeBlock *precode_block(LoadContext *alc)
{
    u64 key = alc ? (u64)(uintptr_t)alc : 1;
    PrecodeBlock *b = map64_ptr(&precode_blocks, key);
    if (!b) {
        b = base_calloc(1, sizeof(*b));
        map64_put(&precode_blocks, key, (u64)(uintptr_t)b);
    }
    if (!b->left) {
        bool collectible = alc && alc->collectible; /* its cells go away with it */
        u32 n = collectible ? SMALL_PRECODE_BLOCK : PRECODE_BLOCK;
        b->left = n;
        b->cells = collectible ? type_alloc(alc, HEAP_STUB, n * sizeof(void *)) : os_span_alloc(OS_CHUNK_STUB, n * sizeof(void *));
        CHECK(b->cells);
        b->code = code_alloc_locked(alc, n * PRECODE_SIZE - 1, &b->rw);
    }
    return b;
}

void code_stubs_forget(LoadContext *alc)
{
    u64 key = (u64)(uintptr_t)alc;
    base_free(map64_ptr(&precode_blocks, key));
    map64_remove(&precode_blocks, key);
}

static void *make_precode(Method *m)
{
    PrecodeBlock *pb = precode_block(m->mt ? type_method_context_of(m) : NULL);
    static const u8 lea[3] = {0x4c, 0x8d, 0x15}, jmp[2] = {0xff, 0x25};
    char *p = pb->code, *w = pb->rw;
    i32 to_method = (i32)((char *)m - (p + PRECODE_LEA));
    i32 to_cell = (i32)((char *)pb->cells - (p + PRECODE_LEA + 6));
    CHECK(p + PRECODE_LEA + to_method == (char *)m);
    *pb->cells = (void *)(m->entry ? cells->through : cells->prestub);
    memcpy(w, lea, 3);
    memcpy(w + 3, &to_method, 4);
    memcpy(w + PRECODE_LEA, jmp, 2);
    memcpy(w + PRECODE_LEA + 2, &to_cell, 4);
    pb->code += PRECODE_SIZE;
    pb->rw += PRECODE_SIZE;
    pb->cells++;
    pb->left--;
    return p;
}

void *code_precode(Method *m)
{
    void *p = __atomic_load_n(&m->precode, __ATOMIC_ACQUIRE);
    if (p)
        return p;
    code_lock();
    p = m->precode;
    if (!p) {
        p = make_precode(m);
        __atomic_store_n(&m->precode, p, __ATOMIC_RELEASE);
    }
    code_unlock();
    return p;
}

/* Once the entry leads elsewhere, the precode goes through it, unless somebody already sent it straight to the code. */
static void code_precode_bound(Method *m)
{
    void *old = __atomic_load_n(precode_cell(m->precode), __ATOMIC_ACQUIRE);
    if (old == (void *)code_prestub_entry)
        __atomic_compare_exchange_n(precode_cell(m->precode), &old, (void *)code_through_entry, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void code_precode_retarget(Method *m)
{
    void *precode = __atomic_load_n(&m->precode, __ATOMIC_ACQUIRE), *entry = __atomic_load_n(&m->entry, __ATOMIC_ACQUIRE);
    if (precode && entry != precode)
        __atomic_store_n(precode_cell(precode), entry, __ATOMIC_RELEASE);
}

void *code_prestub_c(Thread *t, Method *m, TransitionRecord *rec)
{
    void *target = code_client.prestub(t, m, rec);
    char *precode = m->precode;
    if (target && precode) {
        if (__atomic_load_n(&m->entry, __ATOMIC_ACQUIRE) != precode)
            code_precode_bound(m);
        else
            CHECKF(target != precode, "prestub of %s leads to its own precode", m->name ? m->name : "?");
    }
    return target;
}

/* ---- slot prestubs ---- */

static void **slot_stubs;
static u32 num_slot_stubs;

void *code_slot_prestub(u32 slot)
{
    code_lock();
    if (slot >= num_slot_stubs) {
        u32 n = MAX(slot + 1, num_slot_stubs * 2);
        slot_stubs = base_realloc(slot_stubs, n * sizeof(void *));
        memset(slot_stubs + num_slot_stubs, 0, (n - num_slot_stubs) * sizeof(void *));
        num_slot_stubs = n;
    }
    if (!slot_stubs[slot]) {
        X64Buf b;
        x64_init(&b, 64);
        x64_mov_ri(&b, 4, X64_R10, slot);
        x64_jmp_m(&b, x64_mem_abs(&cells->slot_prestub));
        slot_stubs[slot] = install(NULL, &b);
    }
    void *p = slot_stubs[slot];
    code_unlock();
    return p;
}

/* ---- helpers ---- */

static Map64 helper_stubs; /* function -> stub */

static void *make_helper_stub(void *fn)
{
    enum { FRAME = REC_SIZE + 8 };
    X64Buf b;
    x64_init(&b, 128);
    X64Label raise = x64_label(&b);
    x64_sub_ri(&b, 8, X64_RSP, FRAME);
    x64_mov_rm(&b, 8, X64_RAX, x64_mem(X64_R15, THREAD_O_RECORD));
    x64_mov_mr(&b, 8, x64_mem(X64_RSP, REC_PREV), X64_RAX);
    x64_mov_mi(&b, 8, x64_mem(X64_RSP, REC_KIND), REC_K_CALL);
    x64_mov_rm(&b, 8, X64_RAX, x64_mem(X64_RSP, FRAME));
    x64_mov_mr(&b, 8, x64_mem(X64_RSP, REC_IP), X64_RAX);
    x64_mov_mr(&b, 8, x64_mem(X64_RSP, REC_FP), X64_RBP);
    x64_lea(&b, 8, X64_RAX, x64_mem(X64_RSP, FRAME + 8));
    x64_mov_mr(&b, 8, x64_mem(X64_RSP, REC_SP), X64_RAX);
    x64_mov_mr(&b, 8, x64_mem(X64_R15, THREAD_O_RECORD), X64_RSP);
    x64_call_far(&b, fn, X64_RAX);
    x64_mov_rm(&b, 8, X64_RCX, x64_mem(X64_RSP, REC_PREV));
    x64_mov_mr(&b, 8, x64_mem(X64_R15, THREAD_O_RECORD), X64_RCX);
    x64_cmp_mi(&b, 8, x64_mem(X64_R15, THREAD_O_PENDING), 0);
    x64_jcc_short(&b, X64_NE, raise);
    x64_add_ri(&b, 8, X64_RSP, FRAME);
    x64_ret(&b);
    x64_bind(&b, raise);
    x64_add_ri(&b, 8, X64_RSP, FRAME);
    x64_jmp_m(&b, x64_mem_abs(&cells->raise));
    return install(NULL, &b);
}

void *code_helper_stub(void *fn)
{
    code_lock();
    void *p = map64_ptr(&helper_stubs, (u64)(uintptr_t)fn);
    if (!p) {
        p = make_helper_stub(fn);
        map64_put(&helper_stubs, (u64)(uintptr_t)fn, (u64)(uintptr_t)p);
    }
    code_unlock();
    return p;
}

/* ---- reverse calls ---- */

static ReverseData *reverse_new; /* rest of the newest block of data; under the lock, as all of these */
static u32 reverse_left;
static ReverseData *reverse_free, *reverse_last; /* oldest first, so that a pointer that should not be called any more fails for a while */
static u32 num_reverse_free;

static void reverse_of_nobody(void)
{
    base_fatal(EXIT_UNHANDLED, "Process terminated. Native code called a method of an assembly that has been unloaded.");
}
static void *reverse_dead_cell = (void *)reverse_of_nobody;

static ReverseData *new_reverse(void)
{
    if (!reverse_left) {
        reverse_left = OS_CHUNK_UNIT / sizeof(ReverseData);
        reverse_new = os_span_alloc(OS_CHUNK_STUB, OS_CHUNK_UNIT);
        CHECK(reverse_new);
    }
    ReverseData *data = reverse_new++;
    reverse_left--;
    X64Buf b;
    x64_init(&b, 64);
    x64_lea(&b, 8, X64_R11, x64_mem_abs(data));
    x64_jmp_m(&b, x64_mem_abs(&cells->reverse));
    data->thunk = install(NULL, &b);
    return data;
}

void *code_reverse_thunk(LoadContext *alc, void *cell, u32 stack_words, void *extra)
{
    enum { FREE_AT_LEAST = 64 };
    code_lock();
    ReverseData *data = num_reverse_free > FREE_AT_LEAST ? reverse_free : NULL;
    if (data) {
        reverse_free = data->next;
        num_reverse_free--;
    } else {
        data = new_reverse();
    }
    data->extra = extra;
    data->stack_words = stack_words;
    data->cell = cell;
    if (alc && alc->collectible) {
        ReverseData **list = code_reverse_list_locked(alc);
        data->next = *list;
        *list = data;
    }
    code_unlock();
    return data->thunk;
}

void code_reverse_forget(ReverseData *first)
{
    for (ReverseData *d = first, *next; d; d = next) {
        next = d->next;
        d->next = NULL;
        d->cell = &reverse_dead_cell;
        d->stack_words = 0;
        if (num_reverse_free++)
            reverse_last->next = d;
        else
            reverse_free = d;
        reverse_last = d;
    }
}

/* The record is complete before it is published: the thread may be walked as soon as it is attached. */
Thread *code_reverse_enter(TransitionRecord *rec)
{
    Thread *t = thread_current();
    if (!t)
        t = code_client.attach();
    if (t && t->mode != THREAD_PREEMPTIVE && code_client.reverse_from_managed)
        code_client.reverse_from_managed();
    CHECKF(t && t->mode == THREAD_PREEMPTIVE, "managed code entered by a thread in cooperative mode");
    rec->prev = t->record;
    rec->extra = (void *)(uintptr_t)ENTRY_FOREIGN;
    __atomic_store_n(&t->record, rec, __ATOMIC_RELEASE);
    thread_enter_cooperative(t);
    return t;
}

void code_reverse_leave(Thread *t, TransitionRecord *rec)
{
    t->record = rec->prev;
    thread_enter_preemptive(t);
}

void code_reverse_raised(void)
{
    CHECKF(false, "an exception left managed code into foreign code");
    __builtin_unreachable();
}
