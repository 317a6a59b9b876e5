/* gc_old.c: room in generations 1 and 2 for what the collector copies, the pinned-object heap, and sweeping.
 * Data: a region of these kinds has gaps (free memory between objects, listed in the gaps themselves) and a tail from bump to its end.  Regions
 * with room stand on a list by kind; an entry is a hint that counts only if the region is still what it was.  A lab takes a region off the list,
 * and nobody else touches it until the lab lets it go: gaps first, then the tail.  The pinned heap is a lab that mutators share.
 * Locks: the lists, and the pinned lab, under gc_heap_lock; a region's own fields belong to its lab, or to whoever sweeps it.
 * Invariants: gc_starts says where objects are; a gap is at least GAP_MIN bytes and looks like a free object, smaller leftovers are lost until the
 * next sweep; no gap ends at the region's end.  gc_old_bytes is the sum of live_bytes.  A pinned region that waits for its sweep (not `swept`) is
 * on no list, so that sweeping, which runs beside mutators, never meets a half-made object.
 * Not here: what lives (gc_mark.c), which regions are evacuated (gc_full.c, gc_back.c).  Book: gc.md  Tests: tests/unit/gc/old.c */
#include "gc/gc_int.h"

enum {
    GAP_MIN = 64,
    TAIL_MIN = 4096,      /* a smaller tail alone does not put a region on the list */
    LIST_SCAN = 64,       /* so many regions of the list are asked for room */
    SMALL = 512,          /* an object up to here leaves gaps that are too small behind for good */
};
#define GAPS_WORTH_LISTING ((u32)(GC_REGION_SIZE / 10))

/* The free object's words first. */
struct GcGap {
    u64 header;
    MethodTable *mt;
    u64 length;
    GcGap *next;
};
_Static_assert(sizeof(GcGap) <= GAP_MIN && offsetof(GcGap, length) == 8 + ARRAY_LENGTH, "a gap looks like a free object");

typedef struct Entry {
    u32 index, sequence;
} Entry;
typedef VEC(Entry) EntryVec;

u64 gc_old_bytes;
static EntryVec with_room[GC_REGION_KINDS]; /* the last one first */
static GcLab pinned_lab;

static inline size_t gap_size(const GcGap *g)
{
    return (size_t)g->length + GC_MIN_OBJECT;
}

static GcGap *make_gap(char *p, size_t n, GcGap *next)
{
    GcGap *g = (GcGap *)(void *)p;
    *g = (GcGap){0, gc_free_mt, n - GC_MIN_OBJECT, next};
    return g;
}

static inline size_t tail_of(const GcRegion *r)
{
    return (size_t)(r->end - r->bump);
}

static void count_live(GcRegion *r, i64 bytes)
{
    r->live_bytes = (u32)(r->live_bytes + bytes);
    __atomic_fetch_add(&gc_old_bytes, (u64)bytes, __ATOMIC_RELAXED);
}

/* --- The lists; heap_lock held ------------------------------------------------------------------------------------------------ */

static void list_region(GcRegion *r)
{
    if (r->listed || (r->gap_bytes < GAPS_WORTH_LISTING && tail_of(r) < TAIL_MIN && r->kind != GC_REGION_PINNED))
        return;
    r->listed = true;
    vec_push(&with_room[r->kind], ((Entry){(u32)(r - gc_regions), r->sequence}));
}

static bool entry_counts(const Entry *e, GcRegionKind kind)
{
    const GcRegion *r = &gc_regions[e->index];
    return r->sequence == e->sequence && r->kind == kind && r->listed && (kind != GC_REGION_PINNED || r->swept) &&
           !(gc_state(r->start) & (GC_STATE_CONDEMNED | GC_STATE_CANDIDATE));
}

/* A region off the list that has room for n bytes; NULL: none was found. */
static GcRegion *take_listed(GcRegionKind kind, size_t n)
{
    EntryVec *list = &with_room[kind];
    for (u32 i = list->len, seen = 0; i-- > 0 && seen < LIST_SCAN; seen++) {
        GcRegion *r = &gc_regions[list->data[i].index];
        bool counts = entry_counts(&list->data[i], kind);
        if (counts && MAX((size_t)r->max_gap, tail_of(r)) < n)
            continue;
        list->data[i] = list->data[list->len - 1];
        list->len--;
        if (counts) {
            r->listed = false;
            return r;
        }
    }
    return NULL;
}

/* --- Labs ------------------------------------------------------------------------------------------------------------------------- */

static bool is_tail(const GcLab *lab)
{
    return lab->end == lab->region->end;
}

/* The window's rest becomes a gap or tail again; the region stays the lab's. */
static void close_window(GcLab *lab)
{
    GcRegion *r = lab->region;
    if (!lab->end)
        return;
    if (r->kind != GC_REGION_GEN1)
        count_live(r, lab->ptr - lab->start);
    size_t rest = (size_t)(lab->end - lab->ptr);
    if (is_tail(lab)) {
        r->bump = lab->ptr;
        r->zero_from = MAX(r->zero_from, lab->ptr);
    } else if (rest >= GAP_MIN) {
        r->gaps = make_gap(lab->ptr, rest, r->gaps);
        r->gap_bytes += (u32)rest;
        r->max_gap = MAX(r->max_gap, (u32)rest);
    } else if (rest >= GC_MIN_OBJECT) {
        gc_format_free(lab->ptr, rest);
    }
    lab->ptr = lab->end = lab->start = NULL;
}

static void open_window(GcLab *lab, char *from, char *to)
{
    lab->start = lab->ptr = from;
    lab->end = to;
}

/* A gap of the lab's region with room for n bytes becomes its window. */
static bool open_gap(GcLab *lab, size_t n)
{
    GcRegion *r = lab->region;
    u32 seen_max = 0;
    for (GcGap **link = &r->gaps, *g; (g = *link);) {
        size_t size = gap_size(g);
        if (size >= n) {
            *link = g->next;
            r->gap_bytes -= (u32)size;
            if (g->next)
                __builtin_prefetch(g->next);
            open_window(lab, (char *)g, (char *)g + size);
            return true;
        }
        seen_max = MAX(seen_max, (u32)size);
        if (n <= SMALL) {
            *link = g->next;
            g->next = lab->passed;
            lab->passed = g;
        } else {
            link = &g->next;
        }
    }
    for (GcGap *g = lab->passed; g; g = g->next)
        seen_max = MAX(seen_max, (u32)gap_size(g));
    r->max_gap = seen_max;
    return false;
}

static bool open_tail(GcLab *lab, size_t n)
{
    GcRegion *r = lab->region;
    if (tail_of(r) < n || !tail_of(r))
        return false;
    open_window(lab, r->bump, r->end);
    if (r->kind != GC_REGION_PINNED) /* which moves it with each object */
        r->bump = r->end;
    return true;
}

/* heap_lock held */
static void leave_region(GcLab *lab)
{
    GcRegion *r = lab->region;
    if (!r)
        return;
    bool more = r->gaps || tail_of(r) >= TAIL_MIN;
    while (lab->passed) {
        GcGap *g = lab->passed;
        lab->passed = g->next;
        g->next = r->gaps;
        r->gaps = g;
    }
    if (more)
        list_region(r);
    lab->region = NULL;
}

/* heap_lock held.  Moves the lab to a region with room for n bytes. */
static bool enter_region(GcLab *lab, GcRegionKind kind, size_t n)
{
    GcRegion *r = take_listed(kind, n);
    if (!r) {
        r = gc_region_new(kind, kind != GC_REGION_PINNED);
        if (!r)
            return false;
        r->max_gap = 0;
        r->swept = kind == GC_REGION_PINNED;
    }
    lab->region = r;
    return true;
}

/* A new window of at least n bytes. */
static bool move_window(GcLab *lab, GcRegionKind kind, size_t n, bool locked)
{
    bool open = false;
    for (;;) {
        if (lab->region)
            open = open_gap(lab, n) || open_tail(lab, n);
        if (open)
            return true;
        if (!locked)
            pthread_mutex_lock(&gc_heap_lock);
        leave_region(lab);
        bool ok = enter_region(lab, kind, n);
        if (!locked)
            pthread_mutex_unlock(&gc_heap_lock);
        if (!ok)
            return false;
    }
}

char *gc_lab_alloc_slow(GcLab *lab, GcRegionKind kind, size_t n)
{
    if (n > GC_REGION_SIZE)
        return NULL;
    close_window(lab);
    if (!move_window(lab, kind, n, false))
        return NULL;
    char *p = lab->ptr;
    lab->ptr = p + n;
    return p;
}

void gc_lab_close(GcLab *lab)
{
    close_window(lab);
    pthread_mutex_lock(&gc_heap_lock);
    leave_region(lab);
    pthread_mutex_unlock(&gc_heap_lock);
}

/* --- The pinned-object heap; heap_lock held ---------------------------------------------------------------------------------------- */

static void close_pinned(void)
{
    close_window(&pinned_lab);
    leave_region(&pinned_lab);
}

char *gc_pinned_alloc(size_t n, bool no_zero)
{
    GcLab *lab = &pinned_lab;
    if (n > GC_REGION_SIZE)
        return gc_large_alloc_fixed(n, no_zero, false);
    if ((size_t)(lab->end - lab->ptr) < n) {
        close_window(lab);
        if (!move_window(lab, GC_REGION_PINNED, n, true))
            return NULL;
    }
    char *p = lab->ptr;
    GcRegion *r = lab->region;
    lab->ptr = lab->start = p + n;
    count_live(r, (i64)n);
    char *dirty_to = p + n;
    if (is_tail(lab)) {
        dirty_to = MAX(p, MIN(r->zero_from, p + n));
        r->zero_from = MAX(r->zero_from, p + n);
        __atomic_store_n(&r->bump, p + n, __ATOMIC_RELEASE);
    }
    memset(p, 0, no_zero ? (size_t)GC_MIN_OBJECT : (size_t)(dirty_to - p));
    if (gc_marking)
        gc_bit_set_atomic(gc_marks, p + 8);
    gc_bit_set_atomic(gc_starts, p + 8);
    return p;
}

/* --- Sweeping ---------------------------------------------------------------------------------------------------------------------------- */

void gc_old_forget(void)
{
    close_pinned();
    for (u32 k = 0; k < GC_REGION_KINDS; k++)
        if (k != GC_REGION_GEN1)
            vec_clear(&with_room[k]);
    u64 live = 0;
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        if (r->kind == GC_REGION_OLD || r->kind == GC_REGION_PINNED) {
            r->listed = r->swept = false;
            live += r->live_bytes;
        }
    }
    gc_old_bytes = live;
}

/* Builds the region's gaps; returns the bytes that live. */
static size_t build_gaps(GcRegion *r)
{
    const u64 *map = gc_starts + (gc_bit(r->start) >> 6);
    size_t words = (GC_REGION_SIZE / 8) / 64, live = 0, objects = 0, gap_bytes = 0, max_gap = 0;
    GcGap **link = &r->gaps;
    char *free_from = r->start;
    for (size_t w = 0; w < words; w++) {
        for (u64 bits = __atomic_load_n(&map[w], __ATOMIC_RELAXED); bits; bits &= bits - 1) {
            char *at = r->start + (w * 64 + (size_t)__builtin_ctzll(bits)) * 8;
            size_t n = gc_object_size((Object *)(void *)at), gap = (size_t)(at - 8 - free_from);
            CHECKF(at - 8 >= free_from && n >= GC_MIN_OBJECT && n <= (size_t)(r->end - (at - 8)),
                   "old region %p of kind %u: object %p of %zu bytes, but memory is taken up to %p", (void *)r->start, r->kind, (void *)at, n,
                   (void *)free_from);
            live += n;
            objects++;
            if (gap >= GAP_MIN) {
                *link = make_gap(free_from, gap, NULL);
                link = &(*link)->next;
                gap_bytes += gap;
                max_gap = MAX(max_gap, gap);
            }
            free_from = at - 8 + n;
        }
    }
    *link = NULL;
    r->zero_from = MAX(r->zero_from, r->bump);
    r->bump = free_from;
    r->gap_bytes = (u32)gap_bytes;
    r->max_gap = (u32)max_gap;
    r->mean_bytes = (u32)(live / MAX(objects, (size_t)1));
    return live;
}

u64 gc_sweep_region(GcRegion *r)
{
    if (r->listed || pinned_lab.region == r) { /* swept without gc_old_forget */
        pthread_mutex_lock(&gc_heap_lock);
        if (pinned_lab.region == r)
            close_pinned();
        r->listed = false;
        pthread_mutex_unlock(&gc_heap_lock);
    }
    u32 before = r->live_bytes;
    size_t live = build_gaps(r);
    count_live(r, (i64)live - before);
    pthread_mutex_lock(&gc_heap_lock);
    r->swept = true;
    if (live)
        list_region(r);
    else
        gc_region_free(r);
    pthread_mutex_unlock(&gc_heap_lock);
    return before > live ? before - live : 0;
}
