/* gc_large.c: the large-object space, an arena of 4 KB pages in the upper half of the range.
 * Data: the pages below gc_large_top are cut into runs: used (one object each), free, or in between.  A run is a small record outside the heap;
 * records are linked in address order, free ones also by size.  page_run leads from a page of a used run to its record.
 * Pages of free runs are clean (zero, no memory behind them), dirty (memory with old contents) or soft: dirty, but offered to the system, which
 * may take them at any time, and no longer accounted.  dirty_bits and held_bits (accounted) say which; in used runs both are set.
 * Allocation: best fit, in runs that are mostly dirty before others: a page fault costs fifteen times the clearing of a page.
 * Invariants: no two free runs touch; gc_starts has exactly the objects of used runs; marks and cards of free runs are clear.
 * Why no mremap when compacting: its mappings never merge again, and a process may have 65,530 of them.
 * Not here: what lives (gc_mark.c), when to collect (gc_collect.c).  Book: gc.md  Tests: tests/unit/gc/large.c */
#include "gc/gc_int.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    PAGE_SHIFT = 12,
    CARDS_A_PAGE = 1 << (PAGE_SHIFT - GC_CARD_SHIFT),
    EXACT_BINS = 1024, /* runs of fewer pages have a bin for each size, bigger ones 8 for each power of two */
    BINS = EXACT_BINS + 16 * 8,
    SCAN_BIN = 64,           /* so many runs of a bin with various sizes are looked at */
    TRIM_PAGES = 128,        /* given back per hold of heap_lock */
    DROP_SHARE = 8,          /* of the soft pages that nobody is likely to use, this part is given back per trim */
    SWEEP_BATCH = 64,        /* objects looked at per hold of heap_lock */
    QUARANTINE = 64,         /* stress: runs that wait unreadable */
    UNLOCK_PAGES = 8,        /* more than this is cleared without heap_lock */
    HUGE_FROM = 16 << 20,    /* a space that grows beyond this asks for huge pages */
    KEEP_PERCENT = 8,        /* of the bytes in use: free memory that a trim leaves */
    KEEP_MIN = 8 << 20,
    FAR_MOVE = (64 << 20) >> PAGE_SHIFT, /* pages; a bigger object moves only if that wins a sixteenth of its size */
};
#define PROTECT_STEP ((size_t)64 << 20)
_Static_assert(BINS % 64 == 0, "bitmaps of bins are whole words");

typedef struct Stretch { /* of pages */
    u32 page, pages;
} Stretch;
typedef enum RunState {
    RUN_SPARE, /* the record is unused */
    RUN_FREE,
    RUN_USED,
    RUN_BUSY,       /* taken, being cleared: not an object yet */
    RUN_QUARANTINED /* stress: freed, unreadable */
} RunState;
typedef enum Stock { MOSTLY_DIRTY, MOSTLY_CLEAN, STOCKS } Stock;
typedef struct Run {
    u32 page, pages;
    u32 prev, next;         /* by address; 0: none */
    u32 bin_prev, bin_next; /* free: the others of its bin.  spare: bin_next is the next spare */
    u32 dirty, held;        /* free: counts of such pages */
    u32 to;                 /* used: page after the planned compaction */
    u16 bin;
    u8 state, stock;
    bool fixed, immortal; /* never moves; never dies */
} Run;

/* All under heap_lock, or with the world stopped. */
static Run *runs; /* [0] is nobody */
static u32 runs_end, runs_max, spare_runs, first_run, last_run;
static u32 *page_run;
static u64 *dirty_bits, *held_bits;
static u32 bins[STOCKS][BINS];
static u64 filled[STOCKS][BINS / 64]; /* bins that are not empty */
static char *protected_to;            /* pages below are readable and writable */
static u32 page_limit;
static u64 used_pages, free_held;
static bool planned;  /* `to` of used runs counts */
static bool sweeping; /* gc_large_sweep is under way, perhaps beside mutators */
static u32 sweep_at;  /* the run that it, or gc_large_release, looks at next */
static u32 quarantine[QUARANTINE], quarantine_at;
static VEC(Stretch) to_offer; /* soft pages of which the system does not know yet */
static VEC(Stretch) to_wait;  /* soft pages that it hears of after the next trim, unless they are used before: allocation will want so many */
static u64 used_since, wait_room; /* pages: allocated since the last trim; that may still go to to_wait */
static u64 to_drop;           /* soft pages to give back for good, from sweep_at on */

/* --- Bits by page -------------------------------------------------------------------------------------------------------- */

/* Bits of word w that belong to pages [page, end). */
static inline u64 word_mask(u32 w, u32 page, u32 end)
{
    u64 m = ~0ull;
    if (w == page >> 6)
        m &= ~0ull << (page & 63);
    if (w == (end - 1) >> 6)
        m &= ~0ull >> (63 - ((end - 1) & 63));
    return m;
}

static u32 bits_count(const u64 *map, u32 page, u32 pages)
{
    u32 n = 0, end = page + pages;
    for (u32 w = page >> 6; w <= (end - 1) >> 6; w++)
        n += (u32)__builtin_popcountll(map[w] & word_mask(w, page, end));
    return n;
}

static void bits_put(u64 *map, u32 page, u32 pages, bool on)
{
    u32 end = page + pages;
    for (u32 w = page >> 6; w <= (end - 1) >> 6; w++)
        if (on)
            map[w] |= word_mask(w, page, end);
        else
            map[w] &= ~word_mask(w, page, end);
}

/* Next stretch of pages in [page, end) whose bit is set in `in` and clear in `out` (may be NULL): its first page, *n pages; end: none. */
static u32 bits_next(const u64 *in, const u64 *out, u32 page, u32 end, u32 *n)
{
    while (page < end && !((in[page >> 6] & ~(out ? out[page >> 6] : 0)) >> (page & 63) & 1)) {
        u64 rest = (in[page >> 6] & ~(out ? out[page >> 6] : 0)) >> (page & 63);
        page = rest ? page + (u32)__builtin_ctzll(rest) : (page | 63) + 1;
    }
    u32 at = page;
    while (at < end) {
        u64 others = ~(in[at >> 6] & ~(out ? out[at >> 6] : 0)) >> (at & 63);
        at = others ? at + (u32)__builtin_ctzll(others) : (at | 63) + 1;
        if (others)
            break;
    }
    *n = MIN(at, end) - MIN(page, end);
    return MIN(page, end);
}

static inline char *page_address(u32 page)
{
    return gc_large_base + ((size_t)page << PAGE_SHIFT);
}
static inline u32 page_of(const void *p)
{
    return (u32)((size_t)((const char *)p - gc_large_base) >> PAGE_SHIFT);
}
static inline Object *run_object(const Run *r)
{
    return (Object *)(void *)(page_address(r->page) + 8);
}

/* --- Runs ------------------------------------------------------------------------------------------------------------------ */

static u32 bin_of(u32 pages)
{
    if (pages < EXACT_BINS)
        return pages;
    u32 log = 31 - (u32)__builtin_clz(pages);
    return EXACT_BINS + (log - 10) * 8 + (pages >> (log - 3) & 7);
}

static void bin_add(u32 i)
{
    Run *r = &runs[i];
    r->state = RUN_FREE;
    r->stock = r->dirty * 2 >= r->pages ? MOSTLY_DIRTY : MOSTLY_CLEAN;
    r->bin = (u16)bin_of(r->pages);
    u32 *first = &bins[r->stock][r->bin];
    r->bin_prev = 0;
    r->bin_next = *first;
    if (*first)
        runs[*first].bin_prev = i;
    *first = i;
    filled[r->stock][r->bin >> 6] |= 1ull << (r->bin & 63);
}

static void bin_remove(u32 i)
{
    Run *r = &runs[i];
    if (r->bin_next)
        runs[r->bin_next].bin_prev = r->bin_prev;
    if (r->bin_prev)
        runs[r->bin_prev].bin_next = r->bin_next;
    else if (!(bins[r->stock][r->bin] = r->bin_next))
        filled[r->stock][r->bin >> 6] &= ~(1ull << (r->bin & 63));
}

/* A record for [page, page + pages), linked behind `prev`. */
static u32 run_new(u32 page, u32 pages, u32 prev)
{
    u32 i = spare_runs;
    if (i)
        spare_runs = runs[i].bin_next;
    else {
        i = runs_end++;
        CHECK(i < runs_max);
    }
    u32 next = prev ? runs[prev].next : first_run;
    runs[i] = (Run){.page = page, .pages = pages, .prev = prev, .next = next};
    *(prev ? &runs[prev].next : &first_run) = i;
    *(next ? &runs[next].prev : &last_run) = i;
    return i;
}

static void run_drop(u32 i)
{
    Run *r = &runs[i];
    *(r->prev ? &runs[r->prev].next : &first_run) = r->next;
    *(r->next ? &runs[r->next].prev : &last_run) = r->prev;
    if (sweep_at == i)
        sweep_at = r->next;
    *r = (Run){.state = RUN_SPARE, .bin_next = spare_runs};
    spare_runs = i;
}

/* Run i, in no bin, becomes free and merges with free neighbours. */
static void run_release(u32 i)
{
    Run *r = &runs[i];
    if (r->next && runs[r->next].state == RUN_FREE) {
        u32 n = r->next;
        bin_remove(n);
        r->pages += runs[n].pages;
        r->dirty += runs[n].dirty;
        r->held += runs[n].held;
        run_drop(n);
    }
    if (r->prev && runs[r->prev].state == RUN_FREE) {
        u32 p = r->prev;
        bin_remove(p);
        runs[p].pages += r->pages;
        runs[p].dirty += r->dirty;
        runs[p].held += r->held;
        run_drop(i);
        i = p;
    }
    bin_add(i);
}

/* Recounts a free run and puts it where it belongs. */
static void run_recount(u32 i)
{
    Run *r = &runs[i];
    r->dirty = bits_count(dirty_bits, r->page, r->pages);
    r->held = bits_count(held_bits, r->page, r->pages);
}

static u32 best_in_list(u32 i, u32 pages)
{
    u32 best = 0;
    for (u32 n = 0; i && n < SCAN_BIN; n++, i = runs[i].bin_next)
        if (runs[i].pages >= pages && (!best || runs[i].pages < runs[best].pages))
            best = i;
    return best;
}

/* The smallest free run of the stock that is big enough, about; 0: none. */
static u32 best_fit(Stock stock, u32 pages)
{
    u32 b = bin_of(pages);
    if (b >= EXACT_BINS) { /* some of that bin may be too small */
        u32 i = best_in_list(bins[stock][b], pages);
        if (i)
            return i;
        b++;
    }
    for (u32 w = b >> 6; w < BINS / 64; w++) {
        u64 bits = filled[stock][w];
        if (w == b >> 6)
            bits &= ~0ull << (b & 63);
        if (!bits)
            continue;
        u32 found = w << 6 | (u32)__builtin_ctzll(bits);
        return found < EXACT_BINS ? bins[stock][found] : best_in_list(bins[stock][found], pages);
    }
    return 0;
}

/* --- Memory ---------------------------------------------------------------------------------------------------------------- */

static void enter_regions(char *from, char *to)
{
    char *start = (char *)ALIGN_DOWN((uintptr_t)from, GC_REGION_SIZE);
    for (; start < to; start += GC_REGION_SIZE) {
        GcRegion *r = gc_region_of(start);
        if (r->kind == GC_REGION_LARGE)
            continue;
        *r = (GcRegion){.kind = GC_REGION_LARGE, .start = start, .bump = start + GC_REGION_SIZE, .end = start + GC_REGION_SIZE,
                        .zero_from = start + GC_REGION_SIZE};
        gc_state_biased[(uintptr_t)start >> GC_REGION_SHIFT] = GC_STATE_OLD | GC_STATE_LARGE;
    }
}

/* Raises the top until a free run of `pages` ends there. */
static u32 extend(u32 pages)
{
    u32 top = page_of(gc_large_top), tail = last_run && runs[last_run].state == RUN_FREE ? runs[last_run].pages : 0;
    if (tail >= pages) /* at the end of a long bin */
        return last_run;
    u32 more = pages - tail;
    if (more > page_limit - top)
        return 0;
    char *to = page_address(top + more);
    if (to > protected_to) {
        char *end = MIN((char *)ALIGN_UP((uintptr_t)to, PROTECT_STEP), gc_heap_end);
        if (mprotect(protected_to, (size_t)(end - protected_to), PROT_READ | PROT_WRITE))
            return 0;
        if (end - gc_large_base > HUGE_FROM) {
            char *from = MAX(protected_to, gc_large_base + HUGE_FROM);
            madvise(from, (size_t)(end - from), MADV_HUGEPAGE);
        }
        protected_to = end;
    }
    enter_regions(gc_large_top, to);
    __atomic_store_n(&gc_large_top, to, __ATOMIC_RELEASE);
    u32 i = tail ? last_run : run_new(top, 0, last_run);
    if (tail)
        bin_remove(i);
    runs[i].pages += more;
    bin_add(i);
    return i;
}

/* Gives pages [page, page + pages) of a free run back for good. */
static void drop_pages(u32 page, u32 pages)
{
    for (u32 end = page + pages, n; (page = bits_next(dirty_bits, NULL, page, end, &n)) < end; page += n)
        madvise(page_address(page), (size_t)n << PAGE_SHIFT, MADV_DONTNEED);
}

static u64 run_decommit(u32 i)
{
    Run *r = &runs[i];
    u64 held = r->held;
    drop_pages(r->page, r->pages);
    bin_remove(i);
    bits_put(dirty_bits, r->page, r->pages, false);
    bits_put(held_bits, r->page, r->pages, false);
    r->dirty = r->held = 0;
    bin_add(i);
    free_held -= held;
    gc_uncommit(held << PAGE_SHIFT);
    return held;
}

/* Up to `most` pages of the run no longer count; gc_large_release offers them to the system. */
static u64 run_soften(u32 i, u64 most)
{
    Run *r = &runs[i];
    u64 done = 0;
    for (u32 page = r->page, end = r->page + r->pages, n; done < most && (page = bits_next(held_bits, NULL, page, end, &n)) < end; page += n) {
        n = (u32)MIN(n, most - done);
        bits_put(held_bits, page, n, false);
        if (wait_room >= n) {
            vec_push(&to_wait, ((Stretch){page, n}));
            wait_room -= n;
        } else {
            vec_push(&to_offer, ((Stretch){page, n}));
        }
        done += n;
    }
    r->held -= (u32)done;
    free_held -= done;
    gc_uncommit(done << PAGE_SHIFT);
    return done;
}

/* Up to `most` soft pages of the run become clean. */
static u32 run_drop_soft(u32 i, u32 most)
{
    Run *r = &runs[i];
    u32 done = 0;
    bin_remove(i);
    for (u32 page = r->page, end = r->page + r->pages, n; done < most && (page = bits_next(dirty_bits, held_bits, page, end, &n)) < end; page += n) {
        n = MIN(n, most - done);
        madvise(page_address(page), (size_t)n << PAGE_SHIFT, MADV_DONTNEED);
        bits_put(dirty_bits, page, n, false);
        done += n;
    }
    r->dirty -= done;
    bin_add(i);
    return done;
}

/* Gives back at least `pages` pages, if there are so many, big free runs first. */
static void decommit_some(u64 pages)
{
    for (u32 b = BINS; b-- > 0 && pages;)
        for (Stock s = MOSTLY_DIRTY; s < STOCKS; s++)
            for (u32 i = bins[s][b], next; i && pages; i = next) {
                next = runs[i].bin_next;
                if (runs[i].held)
                    pages -= MIN(pages, run_decommit(i));
            }
}

static u32 first_held(u32 bin)
{
    for (Stock s = MOSTLY_DIRTY; s < STOCKS; s++)
        for (u32 i = bins[s][bin]; i; i = runs[i].bin_next)
            if (runs[i].held)
                return i;
    return 0;
}

static void soften_some(u64 pages)
{
    for (u32 b = BINS, i; b-- > 0 && pages;)
        while (pages && (i = first_held(b)))
            pages -= run_soften(i, pages);
}

/* Accounts for pages [page, page + pages), which are in no bin; in need other free memory makes room. */
static bool hold(u32 page, u32 pages, bool for_collector)
{
    u32 held = bits_count(held_bits, page, pages);
    u64 need = (u64)(pages - held) << PAGE_SHIFT;
    if (need && !gc_commit(need, for_collector)) {
        decommit_some(pages - held);
        if (!gc_commit(need, for_collector))
            return false;
    }
    return true;
}

/* --- Life of an object -------------------------------------------------------------------------------------------------------- */

static void *table(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        base_fatal(EXIT_UNHANDLED, "cannot reserve the large-object space's tables");
    return p;
}

void gc_large_init(void)
{
    page_limit = (u32)((size_t)(gc_heap_end - gc_large_base) >> PAGE_SHIFT);
    gc_large_top = protected_to = gc_large_base;
    runs_max = page_limit / 4;
    runs_end = 1;
    runs = table((size_t)runs_max * sizeof *runs);
    page_run = table((size_t)page_limit * sizeof *page_run);
    dirty_bits = table((size_t)page_limit / 8 + 8);
    held_bits = table((size_t)page_limit / 8 + 8);
}

/* Which end of a free run has more memory in it. */
static u32 choose_end(const Run *r, u32 pages)
{
    u32 high = r->page + r->pages - pages;
    if (!r->dirty || r->dirty == r->pages)
        return r->page;
    return bits_count(dirty_bits, high, pages) > bits_count(dirty_bits, r->page, pages) ? high : r->page;
}

/* Cuts pages [page, page + pages), at one end of free run i (in no bin), off; returns their run. */
static u32 cut(u32 i, u32 page, u32 pages)
{
    Run *r = &runs[i];
    if (r->pages == pages) {
        free_held -= r->held;
        return i;
    }
    u32 dirty = bits_count(dirty_bits, page, pages), held = bits_count(held_bits, page, pages), taken;
    if (page == r->page) {
        taken = run_new(page, pages, r->prev);
        r->page += pages;
    } else {
        taken = run_new(page, pages, i);
    }
    r->pages -= pages;
    r->dirty -= dirty;
    r->held -= held;
    runs[taken].dirty = dirty;
    bin_add(i);
    free_held -= held;
    return taken;
}

static void clear(const Run *r, size_t n)
{
    char *end = page_address(r->page) + n;
    for (u32 page = r->page, last = r->page + r->pages, k; (page = bits_next(dirty_bits, NULL, page, last, &k)) < last; page += k) {
        char *p = page_address(page);
        memset(p, 0, (size_t)(MIN(end, p + ((size_t)k << PAGE_SHIFT)) - p));
    }
}

static char *alloc(size_t n, bool no_zero, bool for_collector, bool fixed, bool immortal)
{
    if (n >= (u64)page_limit << PAGE_SHIFT)
        return NULL;
    u32 pages = (u32)((n + 8 + GC_PAGE - 1) >> PAGE_SHIFT); /* a pointer just past the object is its own */
    u32 i = best_fit(MOSTLY_DIRTY, pages);
    if (!i && !(i = best_fit(MOSTLY_CLEAN, pages)) && !(i = extend(pages)))
        return NULL;
    bin_remove(i);
    u32 page = choose_end(&runs[i], pages);
    if (!hold(page, pages, for_collector)) {
        bin_add(i);
        return NULL;
    }
    i = cut(i, page, pages);
    Run *r = &runs[i]; /* records do not move */
    r->state = RUN_BUSY;
    r->fixed = fixed;
    r->immortal = immortal;
    if (r->dirty && !no_zero) {
        bool unlock = !for_collector && pages > UNLOCK_PAGES;
        if (unlock)
            pthread_mutex_unlock(&gc_heap_lock);
        clear(r, n);
        if (unlock)
            pthread_mutex_lock(&gc_heap_lock);
    }
    char *p = page_address(page);
    memset(p, 0, GC_MIN_OBJECT);
    bits_put(dirty_bits, page, pages, true);
    bits_put(held_bits, page, pages, true);
    for (u32 k = 0; k < pages; k++)
        page_run[page + k] = i;
    used_pages += pages;
    used_since += pages;
    Object *o = run_object(r);
    if (gc_marking || sweeping)
        gc_bit_set_atomic(gc_marks, o);
    gc_bit_set_atomic(gc_starts, o);
    __atomic_store_n(&r->state, RUN_USED, __ATOMIC_RELEASE);
    return p;
}

char *gc_large_alloc(size_t n, bool no_zero, bool for_collector)
{
    return alloc(n, no_zero, for_collector, false, false);
}

char *gc_large_alloc_fixed(size_t n, bool no_zero, bool immortal)
{
    return alloc(n, no_zero, false, true, immortal);
}

static u32 run_of(const void *p)
{
    u32 page = page_of(p), i = page_run[page]; /* of a free page: any old value */
    const Run *r = &runs[i];
    return i && r->state == RUN_USED && page - r->page < r->pages ? i : 0;
}

/* Stress: the run stays unreadable while some more are freed. */
static void quarantine_run(u32 i)
{
    Run *r = &runs[i];
    drop_pages(r->page, r->pages);
    mprotect(page_address(r->page), (size_t)r->pages << PAGE_SHIFT, PROT_NONE);
    bits_put(dirty_bits, r->page, r->pages, false);
    bits_put(held_bits, r->page, r->pages, false);
    gc_uncommit((u64)r->pages << PAGE_SHIFT);
    r->state = RUN_QUARANTINED;
    u32 *slot = &quarantine[quarantine_at++ % QUARANTINE], out = *slot;
    *slot = i;
    if (!out)
        return;
    mprotect(page_address(runs[out].page), (size_t)runs[out].pages << PAGE_SHIFT, PROT_READ | PROT_WRITE);
    runs[out].dirty = runs[out].held = 0;
    run_release(out);
}

static void free_run(u32 i)
{
    Run *r = &runs[i];
    Object *o = run_object(r);
    __atomic_fetch_and(&gc_starts[gc_bit(o) >> 6], ~(1ull << (gc_bit(o) & 63)), __ATOMIC_RELAXED);
    __atomic_fetch_and(&gc_marks[gc_bit(o) >> 6], ~(1ull << (gc_bit(o) & 63)), __ATOMIC_RELAXED);
    memset(gc_card(page_address(r->page)), 0, (size_t)r->pages * CARDS_A_PAGE);
    used_pages -= r->pages;
    r->fixed = false;
    if (UNLIKELY(gc_quarantine)) {
        quarantine_run(i);
        return;
    }
    r->dirty = r->held = r->pages;
    free_held += r->pages;
    run_release(i);
}

void gc_large_free(Object *o)
{
    u32 i = run_of(o);
    CHECKF(i && run_object(&runs[i]) == o, "%p is no large object", (void *)o);
    free_run(i);
}

Object *gc_large_containing(const char *p)
{
    if (p < gc_large_base || p >= __atomic_load_n(&gc_large_top, __ATOMIC_ACQUIRE))
        return NULL;
    u32 i = run_of(p);
    return i ? run_object(&runs[i]) : NULL;
}

void gc_large_each(void (*visit)(void *arg, Object *o), void *arg)
{
    for (u32 i = first_run; i; i = runs[i].next)
        if (runs[i].state == RUN_USED)
            visit(arg, run_object(&runs[i]));
}

void gc_large_unmark(void)
{
    for (u32 i = first_run; i; i = runs[i].next) {
        Object *o = run_object(&runs[i]);
        if (runs[i].state == RUN_USED && runs[i].immortal)
            gc_bit_set_atomic(gc_marks, o);
        else if (runs[i].state == RUN_USED)
            __atomic_fetch_and(&gc_marks[gc_bit(o) >> 6], ~(1ull << (gc_bit(o) & 63)), __ATOMIC_RELAXED);
    }
}

/* Looks at the run sweep_at and goes on to the next; returns bytes freed. */
static u64 sweep_run(void)
{
    u32 i = sweep_at, ahead = sweep_at = runs[i].next;
    u64 n = (u64)runs[i].pages << PAGE_SHIFT;
    if (ahead)
        __builtin_prefetch(&gc_marks[gc_bit(run_object(&runs[ahead])) >> 6]);
    if (runs[i].state == RUN_USED && runs[i].immortal)
        gc_bit_set_atomic(gc_marks, run_object(&runs[i]));
    if (runs[i].state != RUN_USED || gc_bit_test(gc_marks, run_object(&runs[i])))
        return 0;
    free_run(i); /* merging may drop the run ahead; run_drop moves sweep_at on */
    return n;
}

static void let_others_in(void)
{
    pthread_mutex_unlock(&gc_heap_lock);
    pthread_mutex_lock(&gc_heap_lock);
}

u64 gc_large_sweep(void)
{
    u64 freed = 0;
    pthread_mutex_lock(&gc_heap_lock);
    sweeping = true;
    sweep_at = first_run;
    for (u32 n = 1; sweep_at; n++) {
        freed += sweep_run();
        if (n % SWEEP_BATCH == 0)
            let_others_in();
    }
    sweeping = false;
    pthread_mutex_unlock(&gc_heap_lock);
    return freed;
}

u64 gc_large_ref_bytes(u64 enough)
{
    u64 n = 0;
    for (u32 i = first_run; i && n < enough; i = runs[i].next)
        if (runs[i].state == RUN_USED && gc_type(run_object(&runs[i]))->flags & GC_TYPE_HAS_REFS)
            n += (u64)runs[i].pages << PAGE_SHIFT;
    return n;
}

u64 gc_large_bytes(void)
{
    return used_pages << PAGE_SHIFT;
}

u64 gc_large_free_bytes(void)
{
    const Run *last = &runs[last_run];
    return (free_held - (last_run && last->state == RUN_FREE ? last->held : 0)) << PAGE_SHIFT;
}

/* Of the pages that waited, those that nobody used, as far as they are more than the next cycle is likely to want; returns how many of all
 * soft pages are. */
static u64 offer_waiting(u64 soft)
{
    u64 excess = soft > used_since ? soft - used_since : 0, left = excess;
    u32 kept = 0, seen = to_wait.len;
    wait_room = used_since;
    used_since = 0;
    for (u32 i = 0; i < seen; i++) {
        u32 end = to_wait.data[i].page + to_wait.data[i].pages;
        for (u32 n, page = to_wait.data[i].page; (page = bits_next(dirty_bits, held_bits, page, end, &n)) < end; page += n) {
            if (left >= n) {
                vec_push(&to_offer, ((Stretch){page, n}));
                left -= n;
            } else {
                vec_push(&to_wait, ((Stretch){page, n}));
                wait_room -= MIN(wait_room, (u64)n);
            }
        }
    }
    for (u32 i = seen; i < to_wait.len; i++)
        to_wait.data[kept++] = to_wait.data[i];
    to_wait.len = kept;
    return excess;
}

void gc_large_trim(bool all)
{
    if (all) {
        for (u32 i = first_run; i; i = runs[i].next)
            if (runs[i].state == RUN_FREE && runs[i].dirty)
                run_decommit(i);
        return;
    }
    if (gc_settings.retain_vm)
        return;
    u64 soft = 0;
    for (u32 i = first_run; i; i = runs[i].next)
        if (runs[i].state == RUN_FREE)
            soft += runs[i].dirty - runs[i].held;
    to_drop = (offer_waiting(soft) + DROP_SHARE - 1) / DROP_SHARE;
    sweep_at = to_drop ? first_run : 0;
    u64 keep = MAX((used_pages << PAGE_SHIFT) * KEEP_PERCENT / 100, (u64)KEEP_MIN) >> PAGE_SHIFT;
    if (free_held > keep)
        soften_some(free_held - keep);
}

static bool drop_step(void)
{
    while (sweep_at && to_drop) {
        u32 i = sweep_at, done = 0;
        if (runs[i].state == RUN_FREE && runs[i].dirty > runs[i].held)
            done = run_drop_soft(i, (u32)MIN(to_drop, (u64)TRIM_PAGES));
        to_drop -= done;
        if (done < TRIM_PAGES)
            sweep_at = runs[i].next;
        if (done)
            return true;
    }
    return false;
}

bool gc_large_release(void)
{
    if (drop_step())
        return true;
    for (u32 budget = TRIM_PAGES; budget && to_offer.len;) {
        Stretch *s = &vec_last(&to_offer);
        u32 n, page = bits_next(dirty_bits, held_bits, s->page, s->page + s->pages, &n), end = s->page + s->pages;
        n = MIN(n, budget); /* the rest of the stretch was used again, or is clean */
        if (n)
            madvise(page_address(page), (size_t)n << PAGE_SHIFT, MADV_FREE);
        *s = (Stretch){page + n, end - page - n};
        if (!s->pages)
            to_offer.len--;
        budget -= n;
    }
    return to_offer.len;
}

/* --- Compaction ---------------------------------------------------------------------------------------------------------------- */

typedef VEC(Stretch) HoleVec; /* room before objects that stay */
typedef VEC(u32) IndexVec;

static bool stays(const Run *r, u32 cursor)
{
    if (r->fixed || gc_bit_test(gc_pin_bits, run_object(r)))
        return true;
    return r->pages > FAR_MOVE && r->page - cursor < r->pages / 16;
}

static void leave_hole(HoleVec *holes, u32 from, u32 to)
{
    if (to > from)
        vec_push(holes, ((Stretch){from, to - from}));
}

/* First page of the first hole that takes an object of so many pages; ~0u: none. */
static u32 fill_hole(HoleVec *holes, u32 pages)
{
    for (u32 h = 0; h < holes->len; h++)
        if (holes->data[h].pages >= pages) {
            u32 page = holes->data[h].page;
            holes->data[h].page += pages;
            holes->data[h].pages -= pages;
            return page;
        }
    return ~0u;
}

/* An object goes to the first hole that takes it, else to the cursor.  Both lie below it and hold nothing that lies above it, so moving in
 * address order never overwrites what is still to be moved. */
void gc_large_compact_plan(void)
{
    HoleVec holes = {0};
    u32 cursor = 0;
    for (sweep_at = first_run; sweep_at;)
        sweep_run();
    for (u32 i = first_run; i; i = runs[i].next) {
        Run *r = &runs[i];
        if (r->state == RUN_FREE)
            continue;
        u32 hole;
        if (r->state != RUN_USED || stays(r, cursor)) {
            leave_hole(&holes, cursor, r->page);
            r->to = r->page;
            cursor = r->page + r->pages;
        } else if ((hole = fill_hole(&holes, r->pages)) != ~0u) {
            r->to = hole;
        } else {
            r->to = cursor;
            cursor += r->pages;
        }
    }
    vec_free(&holes);
    planned = true;
}

Object *gc_large_forward(Object *o)
{
    if (LIKELY(!planned))
        return o;
    u32 i = run_of(o);
    return i ? (Object *)(void *)(page_address(runs[i].to) + 8) : o;
}

static void move_bit(u64 *map, const Object *from, const Object *to)
{
    bool on = gc_bit_test(map, from);
    map[gc_bit(from) >> 6] &= ~(1ull << (gc_bit(from) & 63));
    if (on)
        gc_bit_set(map, to);
}

static void move_run(Run *r)
{
    char *from = page_address(r->page), *to = page_address(r->to);
    size_t n = (size_t)r->pages << PAGE_SHIFT, cards = (size_t)r->pages * CARDS_A_PAGE;
    memmove(to, from, n);
    memmove(gc_card(to), gc_card(from), cards);
    char *stale = MAX(from, to + n); /* what the object no longer covers */
    memset(gc_card(stale), 0, (size_t)(from + n - stale) >> GC_CARD_SHIFT);
    move_bit(gc_starts, (Object *)(from + 8), (Object *)(to + 8));
    move_bit(gc_marks, (Object *)(from + 8), (Object *)(to + 8));
    bits_put(dirty_bits, r->to, r->pages, true);
    bits_put(held_bits, r->to, r->pages, true);
    r->page = r->to;
}

static int by_page(const void *a, const void *b)
{
    u32 x = runs[*(const u32 *)a].page, y = runs[*(const u32 *)b].page;
    return x < y ? -1 : x > y;
}

/* Builds the address list and the bins from what is left. */
static void rebuild(u32 *kept, u32 count)
{
    qsort(kept, count, sizeof *kept, by_page);
    memset(bins, 0, sizeof bins);
    memset(filled, 0, sizeof filled);
    first_run = last_run = 0;
    u32 page = 0, top = page_of(gc_large_top);
    used_pages = free_held = 0;
    for (u32 k = 0; k <= count; k++) {
        u32 to = k < count ? runs[kept[k]].page : top;
        if (to > page) {
            u32 i = run_new(page, to - page, last_run);
            run_recount(i);
            free_held += runs[i].held;
            bin_add(i);
        }
        if (k == count)
            break;
        Run *r = &runs[kept[k]];
        r->prev = last_run;
        r->next = 0;
        *(last_run ? &runs[last_run].next : &first_run) = kept[k];
        last_run = kept[k];
        if (r->state != RUN_QUARANTINED)
            used_pages += r->pages;
        if (r->state == RUN_USED)
            for (u32 p = 0; p < r->pages; p++)
                page_run[r->page + p] = kept[k];
        page = r->page + r->pages;
    }
}

void gc_large_compact_move(void)
{
    CHECK(planned);
    planned = false;
    IndexVec kept = {0};
    u32 top = page_of(gc_large_top);
    u64 before = top ? bits_count(held_bits, 0, top) : 0;
    for (u32 i = first_run, next; i; i = next) {
        Run *r = &runs[i];
        next = r->next;
        if (r->state == RUN_FREE) {
            *r = (Run){.state = RUN_SPARE, .bin_next = spare_runs};
            spare_runs = i;
            continue;
        }
        if (r->to != r->page)
            move_run(r);
        vec_push(&kept, i);
    }
    u64 more = (top ? bits_count(held_bits, 0, top) : 0) - before;
    rebuild(kept.data, kept.len);
    vec_free(&kept);
    /* Objects went to pages that were not accounted; at least as many others became free. */
    if (more && !gc_commit(more << PAGE_SHIFT, true)) {
        decommit_some(more);
        CHECK(gc_commit(more << PAGE_SHIFT, true));
    }
}

/* --- Check ------------------------------------------------------------------------------------------------------------------------ */

void gc_large_check(void)
{
    u32 page = 0, prev = 0;
    u64 used = 0, held = 0;
    for (u32 i = first_run; i; prev = i, i = runs[i].next) {
        const Run *r = &runs[i];
        CHECKF(r->page == page && r->pages && r->prev == prev, "large run %u at page %u: expected page %u", i, r->page, page);
        page += r->pages;
        if (r->state == RUN_USED) {
            used += r->pages;
            CHECKF(gc_bit_test(gc_starts, run_object(r)), "large object %p has no start bit", (void *)run_object(r));
            CHECK(bits_count(dirty_bits, r->page, r->pages) == r->pages && bits_count(held_bits, r->page, r->pages) == r->pages);
            CHECK(page_run[r->page] == i && page_run[page - 1] == i);
        } else if (r->state == RUN_FREE) {
            held += r->held;
            CHECK(!prev || runs[prev].state != RUN_FREE);
            CHECK(bits_count(dirty_bits, r->page, r->pages) == r->dirty && bits_count(held_bits, r->page, r->pages) == r->held);
            CHECK(!gc_bit_after(gc_starts, page_address(r->page), page_address(page)));
        }
    }
    CHECKF(page_address(page) == gc_large_top && prev == last_run, "large runs end at %p, not %p", (void *)page_address(page), (void *)gc_large_top);
    CHECKF(used == used_pages && held == free_held, "large space: %llu used pages, %llu counted; %llu free ones, %llu counted",
           (unsigned long long)used, (unsigned long long)used_pages, (unsigned long long)held, (unsigned long long)free_held);
}
