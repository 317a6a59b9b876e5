/* gc_stats.c: what collections did: counts, pauses, sizes before and after, the last of each kind.
 * gc_stats_begin and _end bracket each stop of the world for a collection.  A background cycle is counted when it begins, as the one collection of
 * generation 2 that users asked for; its record is filed at its final pause.
 * Written with the world stopped; readers take records_lock, so that a record is never seen half copied.
 * Book: gc-settings.md  Tests: tests/unit/gc/, tests/app/GcFigures.cs */
#include "base/knobs.h"
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_time.h"

#include <stdio.h>
#include <stdlib.h>

u32 gc_collections[3], gc_background_collections;
u64 gc_pause_ns_total, gc_moved_total;

static pthread_mutex_t records_lock = PTHREAD_MUTEX_INITIALIZER;
static GcRecord records[GC_RECORD_KINDS]; /* under records_lock */
static u64 started_ns, count, cycle_index, last_load, last_load_ns; /* cycle_index: of the background cycle that runs */

/* --- Pauses by length: four steps to each power of two, in microseconds ----------------------------------------------------- */

enum { STEPS = 4, BUCKETS = 32 * STEPS };
typedef enum PauseKind { PAUSE_GEN0, PAUSE_GEN1, PAUSE_FULL, PAUSE_FINAL, PAUSE_KINDS } PauseKind;
typedef struct Histogram {
    u64 n, total_ns, max_ns;
    u32 buckets[BUCKETS];
} Histogram;
static Histogram pauses[PAUSE_KINDS];

static u32 bucket_of(u64 us)
{
    if (us < STEPS)
        return (u32)us;
    u32 log = 63 - (u32)__builtin_clzll(us);
    return MIN((log - 1) * STEPS + (u32)(us >> (log - 2) & 3), (u32)BUCKETS - 1);
}

static u64 bucket_end(u32 b) /* microseconds */
{
    return b < STEPS ? b + 1 : (u64)(STEPS + b % STEPS + 1) << (b / STEPS - 1);
}

static void add_pause(Histogram *h, u64 ns)
{
    h->n++;
    h->total_ns += ns;
    h->max_ns = MAX(h->max_ns, ns);
    h->buckets[bucket_of(ns / 1000)]++;
}

/* The end of the bucket in which the share lies, at most the longest pause; microseconds. */
static double percentile(const Histogram *h, double share)
{
    u64 seen = 0;
    double longest = (double)h->max_ns / 1e3;
    for (u32 b = 0; b < BUCKETS; b++) {
        seen += h->buckets[b];
        if ((double)seen >= share * (double)h->n)
            return MIN((double)bucket_end(b), longest);
    }
    return longest;
}

static u64 compacting, sweeping; /* collections */

static void print_handles(void)
{
    static const char *const names[GC_HANDLE_KINDS] = {"weak", "weak tracking", "strong", "pinned", "dependent", "counted"};
    GcHandleStat stat;
    gc_handles_stat(GC_ALL_OWNERS, &stat);
    fputs("gc handles:", stderr);
    for (u32 k = 0; k < GC_HANDLE_KINDS; k++)
        fprintf(stderr, "%s %s %llu", k ? "," : "", names[k], (unsigned long long)stat.count[k]);
    fprintf(stderr, "; %llu KB\n", (unsigned long long)stat.segments * 4);
}

static void print_table(void)
{
    static const char *const names[PAUSE_KINDS] = {"generation 0", "generation 1", "full, blocking", "full, final"};
    double run_ms = (double)(os_time_mono_ns() - started_ns) / 1e6, pause_ms = (double)gc_pause_ns_total / 1e6;
    fprintf(stderr, "%-16s %8s %10s %9s %9s %9s %9s\n", "gc pauses", "count", "total ms", "mean us", "p50 us", "p99 us", "max us");
    for (u32 k = 0; k < PAUSE_KINDS; k++) {
        const Histogram *h = &pauses[k];
        if (h->n)
            fprintf(stderr, "%-16s %8llu %10.2f %9.0f %9.0f %9.0f %9.0f\n", names[k], (unsigned long long)h->n, (double)h->total_ns / 1e6,
                    (double)h->total_ns / 1e3 / (double)h->n, percentile(h, 0.5), percentile(h, 0.99), (double)h->max_ns / 1e3);
    }
    Histogram all = {0};
    for (u32 k = 0; k < PAUSE_KINDS; k++) {
        all.n += pauses[k].n;
        for (u32 b = 0; b < BUCKETS; b++)
            all.buckets[b] += pauses[k].buckets[b];
    }
    u64 line = 0;
    for (u32 b = 0; b < BUCKETS; b++) { /* a line per power of two */
        line += all.buckets[b];
        if (b % STEPS != STEPS - 1 || !line)
            continue;
        fprintf(stderr, "  up to %8llu us %8llu ", (unsigned long long)bucket_end(b), (unsigned long long)line);
        for (u64 i = 0; i < (line * 50 + all.n - 1) / all.n; i++)
            fputc('#', stderr);
        fputc('\n', stderr);
        line = 0;
    }
    fprintf(stderr, "gc: %u/%u/%u collections, %u in the background; %.1f of %.0f ms paused (%.1f %%); ", gc_collections[0], gc_collections[1],
            gc_collections[2], gc_background_collections, pause_ms, run_ms, run_ms > 0 ? pause_ms * 100 / run_ms : 0);
    fprintf(stderr, "%llu objects moved; %llu KB allocated, %llu KB committed\n", (unsigned long long)gc_moved_total,
            (unsigned long long)gc_total_allocated_bytes() >> 10, (unsigned long long)gc_committed() >> 10);
    fprintf(stderr, "gc kinds: %llu compacting, %llu sweeping\n", (unsigned long long)compacting, (unsigned long long)sweeping);
    print_handles();
}

void gc_stats_init(void)
{
    started_ns = os_time_mono_ns();
    if (knob_bool(KNOB_GCSTATS))
        atexit(print_table);
}

/* --- Sizes ------------------------------------------------------------------------------------------------------------------- */

void gc_generation_sizes(u64 size[5], u64 fragmented[5])
{
    static const i8 generation[GC_REGION_KINDS] = {[GC_REGION_FREE] = -1, [GC_REGION_GEN0] = 0, [GC_REGION_GEN1] = 1, [GC_REGION_OLD] = 2,
                                                   [GC_REGION_LARGE] = -1, [GC_REGION_PINNED] = 4, [GC_REGION_FROZEN] = -1};
    memset(size, 0, 5 * sizeof *size);
    memset(fragmented, 0, 5 * sizeof *fragmented);
    for (u32 i = 0; i < gc_region_count; i++) {
        const GcRegion *r = &gc_regions[i];
        i32 g = generation[r->kind];
        if (g < 0)
            continue;
        size[g] += (u64)(r->bump - r->start);
        fragmented[g] += g >= 2 ? r->gap_bytes : 0;
    }
    fragmented[3] = gc_large_free_bytes();
    size[3] = gc_large_bytes() + fragmented[3];
    for (u32 g = 0; g < 5; g++)
        fragmented[g] = MIN(fragmented[g], size[g]);
}

void gc_counts(GcFigures *out)
{
    pthread_mutex_lock(&records_lock);
    memcpy(out->collections, gc_collections, sizeof out->collections);
    out->background_collections = gc_background_collections;
    out->pause_ns_total = gc_pause_ns_total;
    out->moved_objects = gc_moved_total;
    pthread_mutex_unlock(&records_lock);
}

void gc_figures(GcFigures *out)
{
    u64 fragmented[5];
    *out = (GcFigures){.handles = gc_handles_count()};
    pthread_mutex_lock(&gc_heap_lock);
    out->committed_bytes = gc_committed();
    gc_generation_sizes(out->generation_bytes, fragmented);
    pthread_mutex_unlock(&gc_heap_lock);
    for (u32 g = 0; g < 5; g++) {
        out->generation_bytes[g] -= fragmented[g];
        out->heap_bytes += out->generation_bytes[g];
    }
    out->large_bytes = out->generation_bytes[3];
    out->pinned_bytes = out->generation_bytes[4];
    gc_counts(out);
}

/* --- Records ----------------------------------------------------------------------------------------------------------------- */

/* Asking costs some microseconds; once in a second will do. */
static u64 memory_load(void)
{
    enum { FRESH_NS = 1000000000 };
    u64 now = os_time_mono_ns();
    if (!last_load_ns || now - last_load_ns > FRESH_NS) {
        last_load_ns = now;
        last_load = gc_memory_load();
    }
    return last_load;
}

void gc_stats_begin(void)
{
    u64 size[5], fragmented[5];
    gc_generation_sizes(size, fragmented);
    for (u32 g = 0; g < 5; g++) {
        gc_cycle.record.generations[g].size_before = size[g];
        gc_cycle.record.generations[g].fragmentation_before = fragmented[g];
    }
    gc_notify_starts();
}

static void fill(GcRecord *r)
{
    u64 size[5], fragmented[5], run_ns = MAX(os_time_mono_ns() - started_ns, (u64)1);
    gc_generation_sizes(size, fragmented);
    r->heap_bytes = r->fragmented_bytes = 0;
    for (u32 g = 0; g < 5; g++) {
        r->generations[g].size_after = size[g];
        r->generations[g].fragmentation_after = fragmented[g];
        r->heap_bytes += size[g];
        r->fragmented_bytes += fragmented[g];
    }
    r->committed_bytes = gc_committed();
    r->finalization_pending = gc_final_pending();
    r->pause_percent = (u32)MIN(gc_pause_ns_total * 10000 / run_ns, (u64)10000);
    r->memory_load = memory_load();
    r->high_memory_load = gc_settings.high_memory_load;
    r->available = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical;
}

/* A background cycle counts at its first pause, for all generations, and no more at its final one.  True: this was such a first pause. */
static bool count_collection(const GcRecord *r)
{
    static bool cycle_counted;
    bool first = gc_back_active && !cycle_counted && !r->concurrent;
    i32 oldest = first ? 2 : r->concurrent ? -1 : r->generation;
    for (i32 g = 0; g <= oldest; g++)
        gc_collections[g]++;
    gc_background_collections += first;
    cycle_counted = gc_back_active && !r->concurrent;
    return first;
}

static void log_collection(const GcRecord *r, u64 pause_ns)
{
    static const char *const reasons[GC_REASON_KINDS] = {
        [GC_REASON_SOH] = "generation 0 full", [GC_REASON_INDUCED] = "asked for", [GC_REASON_LOW_MEMORY] = "low memory",
        [GC_REASON_LOH] = "large object", [GC_REASON_STRESS] = "stress", [GC_REASON_LIMIT] = "no room", [GC_REASON_PRESSURE] = "memory pressure"};
    char sizes[256];
    int n = 0;
    for (u32 g = 0; g < 5; g++)
        n += snprintf(sizes + n, sizeof sizes - (size_t)n, " %c:%llu->%llu", "012LP"[g], (unsigned long long)r->generations[g].size_before >> 10,
                      (unsigned long long)r->generations[g].size_after >> 10);
    log_line(LOG_gc, "#%llu generation %d%s, %s: %llu us, KB%s, promoted %llu KB, pinned %llu, moved %llu, %s", (unsigned long long)r->index,
             r->generation, r->concurrent ? " in the background" : "", reasons[r->reason], (unsigned long long)pause_ns / 1000, sizes,
             (unsigned long long)r->promoted_bytes >> 10, (unsigned long long)r->pinned_objects, (unsigned long long)r->moved_objects,
             r->compacted ? "compacting" : "sweeping");
}

void gc_stats_end(u64 pause_ns)
{
    GcRecord *r = &gc_cycle.record;
    if (!r->concurrent)
        r->generation = gc_cycle.generation;
    r->compacted |= r->generation < 2; /* the young are copied */
    r->pause_ns[r->concurrent] = pause_ns;
    pthread_mutex_lock(&records_lock);
    gc_pause_ns_total += pause_ns;
    gc_moved_total += r->moved_objects;
    bool first = count_collection(r);
    r->index = r->concurrent ? cycle_index : ++count;
    *(r->compacted ? &compacting : &sweeping) += 1;
    fill(r);
    if (first) {
        cycle_index = r->index; /* filed with the final pause */
    } else {
        records[GC_RECORD_ANY] = *r;
        records[r->generation < 2 ? GC_RECORD_EPHEMERAL : r->concurrent ? GC_RECORD_BACKGROUND : GC_RECORD_FULL_BLOCKING] = *r;
    }
    add_pause(&pauses[r->concurrent ? PAUSE_FINAL : r->generation], pause_ns);
    pthread_mutex_unlock(&records_lock);
    if (UNLIKELY(log_levels[LOG_gc] >= 1))
        log_collection(r, pause_ns);
    gc_notify_ends(r->generation, !r->concurrent);
}

i64 gc_budget(i32 generation)
{
    u64 used, due;
    if (generation == 0)
        return (i64)gc_gen0_budget;
    if (generation != 2 && generation != 3)
        return -1;
    gc_full_progress(&used, &due);
    return due > used ? (i64)(due - used) : 0;
}

void gc_record(GcRecordKind kind, GcRecord *out)
{
    pthread_mutex_lock(&records_lock);
    *out = records[kind];
    pthread_mutex_unlock(&records_lock);
}
