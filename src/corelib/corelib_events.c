/* corelib_events.c: event sessions in this process: what an EventListener of the runtime's own provider hears.
 * A session is a queue.  The collector's stops write events to the queues of all sessions that asked for keyword GC at level Informational;
 * a managed thread takes them off, one by one, and decodes them by the declarations in NativeRuntimeEventSource, whose layouts are kept here.
 * An event of a stop is written when the stop ends, with the times that the record gives.
 * Lock: session_lock is a leaf, held neither across a mode switch nor while waiting; it may be taken with the world stopped.
 * Not here: events that CoreLib raises (corelib_events_threads.c); other providers, files and ports (no session with a file is granted).
 * Book: corelib.md  Tests: tests/app/GcEvents.cs */
#include "corelib/corelib.h"
#include "corelib/corelib_events.h"

#include "os/os_thread.h"
#include "os/os_time.h"
#include "vm/vm_events.h"
#include "vm/vm_finalizer.h"
#include "vm/vm_roots.h"

#define RUNTIME_PROVIDER "Microsoft-Windows-DotNETRuntime"
enum { KEYWORD_GC = 1, LEVEL_INFORMATIONAL = 4, QUEUE_MAX = 1 << 16, PAYLOAD_MAX = 112 };

/* Numbers of the events in the provider's manifest. */
enum {
    EVENT_GC_START = 1,
    EVENT_GC_END = 2,
    EVENT_GC_RESTART_END = 3,
    EVENT_GC_HEAP_STATS = 4,
    EVENT_GC_RESTART_BEGIN = 7,
    EVENT_GC_SUSPEND_END = 8,
    EVENT_GC_SUSPEND_BEGIN = 9,
    EVENT_FINALIZERS_END = 13,
    EVENT_FINALIZERS_BEGIN = 14,
    EVENT_GC_TRIGGERED = 35,
    EVENT_GC_GLOBAL_HISTORY = 205,
};

typedef struct Event {
    u32 id, thread;
    u64 at_ns;
    u32 size;
    u8 payload[PAYLOAD_MAX];
    u8 *longer; /* the payload when it is longer; owned by the queue that holds the event */
} Event;

typedef struct Session {
    struct Session *next;
    u64 id;
    void *provider; /* as managed code names it */
    u64 start_ns;
    i64 start_utc;
    u64 keywords;   /* of the runtime's provider */
    u32 level;
    VEC(Event) queue;
    u32 first;      /* of the queue that was not taken yet */
    Event current;  /* what was given out last */
    u32 signals;    /* futex: grows with each event and each signal */
    u32 waited;     /* value of signals that a wait has seen; by the one thread that takes */
} Session;

static OsMutex session_lock = OS_MUTEX_INIT;
static Session *sessions;
static u64 last_id;
static bool any; /* are there sessions? */

/* session_lock held */
static Session *find(u64 id)
{
    Session *s = sessions;
    while (s && s->id != id)
        s = s->next;
    return s;
}

static void signal_session(Session *s)
{
    __atomic_add_fetch(&s->signals, 1, __ATOMIC_ACQ_REL);
    os_futex_wake(&s->signals, 1);
}

/* --- Writing ----------------------------------------------------------------------------------------------------------------- */

static void put(Event *e, u64 value, u32 bytes)
{
    CHECK(e->size + bytes <= PAYLOAD_MAX);
    memcpy(e->payload + e->size, &value, bytes);
    e->size += bytes;
}

static bool hears(const Session *s, u64 keywords, u32 level) { return s->keywords & keywords && s->level >= level; }

static void queue_event(Session *s, const Event *e)
{
    if (s->queue.len - s->first >= QUEUE_MAX) {
        base_free(e->longer);
        return;
    }
    if (s->first == s->queue.len)
        s->queue.len = s->first = 0;
    vec_push(&s->queue, *e);
    signal_session(s);
}

static void write_event(const Event *e)
{
    os_mutex_lock(&session_lock);
    for (Session *s = sessions; s; s = s->next)
        if (hears(s, KEYWORD_GC, LEVEL_INFORMATIONAL))
            queue_event(s, e);
    os_mutex_unlock(&session_lock);
}

static Event event(u32 id, u64 at_ns)
{
    return (Event){.id = id, .thread = os_thread_id(), .at_ns = at_ns};
}

/* An event of up to three 32-bit numbers; all end with the number of the runtime in the process, 0. */
static void write_numbers(u32 id, u64 at_ns, u32 n, u32 a, u32 b)
{
    Event e = event(id, at_ns);
    if (n > 0)
        put(&e, a, 4);
    if (n > 1)
        put(&e, b, 4);
    put(&e, 0, 2);
    write_event(&e);
}

static u32 reason_of(GcReason reason)
{
    enum { SMALL, INDUCED, LOW_MEMORY, LARGE = 4, NO_ROOM, NOT_FORCED = 7, STRESS };
    static const u32 known[GC_REASON_KINDS] = {[GC_REASON_SOH] = SMALL,   [GC_REASON_INDUCED] = INDUCED, [GC_REASON_LOW_MEMORY] = LOW_MEMORY,
                                               [GC_REASON_LOH] = LARGE,   [GC_REASON_STRESS] = STRESS,   [GC_REASON_LIMIT] = NO_ROOM,
                                               [GC_REASON_PRESSURE] = NOT_FORCED};
    return known[reason];
}

typedef enum StartType { START_BLOCKING, START_BACKGROUND } StartType;

static void write_start(u64 at_ns, u32 count, i32 generation, GcReason reason, StartType type)
{
    write_numbers(EVENT_GC_TRIGGERED, at_ns, 1, reason_of(reason), 0);
    Event e = event(EVENT_GC_START, at_ns);
    put(&e, count, 4);
    put(&e, (u64)generation, 4);
    put(&e, reason_of(reason), 4);
    put(&e, type, 4);
    put(&e, 0, 2);
    put(&e, 0, 8); /* nobody's sequence number */
    write_event(&e);
}

/* What mechanisms the collection used. */
static void write_history(u64 at_ns, const GcRecord *r)
{
    enum { CONCURRENT = 1, COMPACTION = 2, PROMOTION = 4 };
    Event e = event(EVENT_GC_GLOBAL_HISTORY, at_ns);
    put(&e, (u64)gc_budget(0), 8);
    put(&e, 1, 4); /* heaps */
    put(&e, (u64)r->generation, 4);
    put(&e, 0, 4);
    put(&e, reason_of(r->reason), 4);
    put(&e, (r->concurrent ? CONCURRENT : 0u) | (r->compacted ? COMPACTION : 0u) | PROMOTION, 4);
    put(&e, 0, 2);
    put(&e, (u64)gc_latency_mode, 4);
    put(&e, r->available ? r->memory_load * 100 / r->available : 0, 4);
    put(&e, 0, 4);
    put(&e, 0, 4);
    put(&e, 0, 4); /* no times of phases follow */
    write_event(&e);
}

/* Promoted bytes are not counted by generation: they stand at the one that was collected. */
static void write_sizes(u64 at_ns, const GcRecord *r)
{
    GcHandleStat handles;
    gc_handles_stat(GC_ALL_OWNERS, &handles);
    Event e = event(EVENT_GC_HEAP_STATS, at_ns);
    for (i32 g = 0; g < 4; g++) {
        put(&e, r->generations[g].size_after, 8);
        put(&e, g == r->generation ? r->promoted_bytes : 0, 8);
    }
    put(&e, 0, 8);
    put(&e, r->finalization_pending, 8);
    put(&e, r->pinned_objects, 4);
    put(&e, 0, 4);
    put(&e, handles.count[GC_HANDLE_STRONG] + handles.count[GC_HANDLE_PINNED] + handles.count[GC_HANDLE_WEAK] + handles.count[GC_HANDLE_WEAK_TRACK] +
                handles.count[GC_HANDLE_DEPENDENT], 4);
    put(&e, 0, 2);
    put(&e, r->generations[4].size_after, 8);
    put(&e, 0, 8);
    write_event(&e);
}

/* World stopped, a collection's stop ends.  A background cycle starts in one stop and ends in another. */
static void collected(const GcRecord *r, u64 pause_ns)
{
    static u32 cycles; /* background cycles begun */
    if (LIKELY(!__atomic_load_n(&any, __ATOMIC_ACQUIRE)))
        return;
    GcFigures f;
    gc_counts(&f);
    u64 end = os_time_mono_ns(), start = end - MIN(pause_ns, end);
    u32 number = (u32)r->index; /* a cycle's two stops have the same */
    bool cycle_starts = f.background_collections != cycles && !r->concurrent;
    cycles = f.background_collections;
    write_numbers(EVENT_GC_SUSPEND_BEGIN, start, 2, 1, number - !r->concurrent);
    write_numbers(EVENT_GC_SUSPEND_END, start, 0, 0, 0);
    if (cycle_starts) {
        write_start(start, number, 2, r->reason, START_BACKGROUND);
    } else {
        if (!r->concurrent)
            write_start(start, number, r->generation, r->reason, START_BLOCKING);
        write_history(end, r);
        write_numbers(EVENT_GC_END, end, 2, number, (u32)r->generation);
        write_sizes(end, r);
    }
    write_numbers(EVENT_GC_RESTART_BEGIN, end, 0, 0, 0);
    write_numbers(EVENT_GC_RESTART_END, end, 0, 0, 0);
}

/* On the finaliser thread. */
static void finalizers(bool begin, u64 count)
{
    if (!__atomic_load_n(&any, __ATOMIC_ACQUIRE))
        return;
    if (begin)
        write_numbers(EVENT_FINALIZERS_BEGIN, os_time_mono_ns(), 0, 0, 0);
    else
        write_numbers(EVENT_FINALIZERS_END, os_time_mono_ns(), 1, (u32)count, 0);
}

bool corelib_ep_wanted(u64 keywords, u32 level)
{
    bool wanted = false;
    if (LIKELY(!__atomic_load_n(&any, __ATOMIC_ACQUIRE)))
        return false;
    os_mutex_lock(&session_lock);
    for (Session *s = sessions; s; s = s->next)
        wanted |= hears(s, keywords, level);
    os_mutex_unlock(&session_lock);
    return wanted;
}

void corelib_ep_post(u32 id, u64 keywords, u32 level, const void *payload, u32 size)
{
    Event e = event(id, os_time_mono_ns());
    e.size = size;
    if (size <= PAYLOAD_MAX)
        memcpy(e.payload, payload, size);
    os_mutex_lock(&session_lock);
    for (Session *s = sessions; s; s = s->next)
        if (hears(s, keywords, level)) {
            e.longer = size > PAYLOAD_MAX ? memcpy(base_malloc(size), payload, size) : NULL;
            queue_event(s, &e);
        }
    os_mutex_unlock(&session_lock);
}

void corelib_ep_put(EpPayload *p, const void *value, u32 bytes)
{
    if (p->size + bytes > sizeof p->data) {
        p->spilt = true;
        return;
    }
    if (bytes)
        memcpy(p->data + p->size, value, bytes);
    p->size += bytes;
}

void corelib_ep_put_text(EpPayload *p, const char16 *s)
{
    u32 n = 0, room = (u32)(sizeof p->data - p->size) / 4;
    while (s && s[n] && n < room)
        n++;
    char16 end = 0;
    corelib_ep_put(p, s, n * 2);
    corelib_ep_put(p, &end, 2);
}

void corelib_ep_put_utf8(EpPayload *p, const char *s)
{
    char16 *wide = s ? utf8_dup_utf16(s, strlen(s)) : NULL;
    corelib_ep_put_text(p, wide);
    base_free(wide);
}

void corelib_ep_send(u32 id, u64 keywords, u32 level, const EpPayload *p)
{
    if (!p->spilt)
        corelib_ep_post(id, keywords, level, p->data, p->size);
}

/* --- Sessions ------------------------------------------------------------------------------------------------------------------ */

typedef struct ProviderConfig {
    const char16 *name;
    u64 keywords;
    u32 level;
    const char16 *filter;
} ProviderConfig;
_Static_assert(sizeof(ProviderConfig) == 32, "CoreLib's EventPipeProviderConfigurationNative");

static void set_wishes(Session *s, const ProviderConfig *configs, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        char *name = utf16_dup_utf8(configs[i].name, SIZE_MAX);
        if (!strcmp(name, RUNTIME_PROVIDER)) {
            s->keywords |= configs[i].keywords;
            s->level = MAX(s->level, configs[i].level);
        }
        base_free(name);
    }
}

/* 0: refused.  A session that asks for nothing that there is stays silent. */
CALL(u64, corelib_ep_enable, const char16 *file, i32 format, u32 megabytes, const ProviderConfig *configs, u32 n)
{
    (void)format, (void)megabytes;
    if (file)
        return 0;
    Session *s = base_calloc(1, sizeof *s);
    s->start_ns = os_time_mono_ns();
    s->start_utc = os_time_utc_ticks();
    s->provider = corelib_ep_provider(RUNTIME_PROVIDER);
    set_wishes(s, configs, n);
    os_mutex_lock(&session_lock);
    u64 id = s->id = ++last_id;
    s->next = sessions;
    sessions = s;
    vm_gc_collected = collected;
    vm_finalizer_passes = finalizers;
    vm_events = &corelib_ep_vm;
    wait_begins_or_ends = corelib_ep_waits;
    __atomic_store_n(&any, true, __ATOMIC_RELEASE);
    os_mutex_unlock(&session_lock);
    return id;
}

/* The thread that took events has ended. */
CALL(void, corelib_ep_disable, u64 id)
{
    os_mutex_lock(&session_lock);
    Session **at = &sessions, *s;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    s = *at;
    if (s)
        *at = s->next;
    __atomic_store_n(&any, sessions != NULL, __ATOMIC_RELEASE);
    os_mutex_unlock(&session_lock);
    if (s) {
        for (u32 i = s->first; i < s->queue.len; i++)
            base_free(s->queue.data[i].longer);
        base_free(s->current.longer);
        vec_free(&s->queue);
        base_free(s);
    }
}

/* System.Diagnostics.Tracing.EventPipeEventInstanceData */
typedef struct InstanceData {
    void *provider;
    u32 id, thread;
    i64 at;
    u8 activity[16], child[16];
    const u8 *payload; /* valid until the next call */
    u32 size;
} InstanceData;
_Static_assert(offsetof(InstanceData, payload) == 56 && sizeof(InstanceData) == 72, "read by CoreLib");

CALL(i32, corelib_ep_next, u64 id, InstanceData *out)
{
    os_mutex_lock(&session_lock);
    Session *s = find(id);
    bool got = s && s->first < s->queue.len;
    if (got) {
        base_free(s->current.longer);
        s->current = s->queue.data[s->first++];
        *out = (InstanceData){.provider = s->provider, .id = s->current.id, .thread = s->current.thread, .at = (i64)s->current.at_ns,
                              .payload = s->current.longer ? s->current.longer : s->current.payload, .size = s->current.size};
    }
    os_mutex_unlock(&session_lock);
    return got;
}

typedef struct SessionInfo {
    i64 start_utc;  /* a FILETIME */
    i64 start, frequency;
} SessionInfo;

CALL(i32, corelib_ep_info, u64 id, SessionInfo *out)
{
    const i64 ticks_to_1601 = 504911232000000000;
    os_mutex_lock(&session_lock);
    Session *s = find(id);
    if (s)
        *out = (SessionInfo){s->start_utc - ticks_to_1601, (i64)s->start_ns, 1000000000};
    os_mutex_unlock(&session_lock);
    return s != NULL;
}

CALL(i32, corelib_ep_signal, u64 id)
{
    os_mutex_lock(&session_lock);
    Session *s = find(id);
    if (s)
        signal_session(s);
    os_mutex_unlock(&session_lock);
    return s != NULL;
}

/* Until there is an event that was not there at the last wait, or a signal. */
CALL(i32, corelib_ep_wait, u64 id, i32 timeout)
{
    os_mutex_lock(&session_lock);
    Session *s = find(id);
    os_mutex_unlock(&session_lock);
    if (!s)
        return 0;
    u64 end = os_time_mono_ns() + (u64)MAX(timeout, 0) * 1000000;
    for (u32 now; (now = __atomic_load_n(&s->signals, __ATOMIC_ACQUIRE)) == s->waited;) {
        u64 t = os_time_mono_ns();
        if (timeout >= 0 && t >= end)
            return 0;
        os_futex_wait(&s->signals, now, timeout < 0 ? -1 : (i64)(end - t));
    }
    s->waited = __atomic_load_n(&s->signals, __ATOMIC_ACQUIRE);
    return 1;
}
