/* corelib_events_threads.c: events of the runtime's provider that CoreLib itself raises: thread pool, contention, waits, handlers of the loader.
 * In: what managed code says happened.  Out: the payload, as NativeRuntimeEventSource declares the event, to the sessions that asked for it.
 * All arrive preemptive and hold no objects.
 * Not here: queues and sessions (corelib_events.c).  Book: corelib.md  Tests: tests/app/RuntimeEvents.cs */
#include "corelib/corelib.h"
#include "corelib/corelib_events.h"
#include "thread/sync.h"

enum { KEYWORD_CONTENTION = 0x4000, KEYWORD_THREADING = 0x10000, INFORMATIONAL = EP_INFORMATIONAL, VERBOSE = EP_VERBOSE };
#define KEYWORD_TRANSFER (KEYWORD_THREADING | 0x80000000u)
#define KEYWORD_WAIT_HANDLE (1ull << 42)

#define PUT(value) corelib_ep_put(&p, &(value), sizeof(value))
#define EVENT(name, id, keywords, level, ...) /* ..., the arguments in the order of the payload */                                                \
    CALL(void, name, EVENT_PARAMS(__VA_ARGS__))                                                                                                   \
    {                                                                                                                                             \
        EpPayload p;                                                                                                                                \
        if (!corelib_ep_wanted(keywords, level))                                                                                                  \
            return;                                                                                                                               \
        p.size = 0, p.spilt = false;                                                                                                              \
        EVENT_PUTS(__VA_ARGS__)                                                                                                                   \
        corelib_ep_send(id, keywords, level, &p); \
    }
/* Parameters a, b, c … of the types given, the last for the number of the runtime in the process. */
#define EVENT_COUNT(...) EVENT_COUNT_(__VA_ARGS__, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#define EVENT_COUNT_(a, b, c, d, e, f, g, h, i, j, k, n, ...) n
#define EVENT_PASTE(x, n) EVENT_PASTE_(x, n)
#define EVENT_PASTE_(x, n) x##n
#define EVENT_PARAMS(...) EVENT_PASTE(EVENT_PARAMS_, EVENT_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define EVENT_PARAMS_1(A) A a
#define EVENT_PARAMS_2(A, B) A a, B b
#define EVENT_PARAMS_3(A, B, C) A a, B b, C c
#define EVENT_PARAMS_4(A, B, C, D) A a, B b, C c, D d
#define EVENT_PARAMS_5(A, B, C, D, E) A a, B b, C c, D d, E e
#define EVENT_PARAMS_11(A, B, C, D, E, F, G, H, I, J, K) A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k
#define EVENT_PUTS(...) EVENT_PASTE(EVENT_PUTS_, EVENT_COUNT(__VA_ARGS__))
#define EVENT_PUTS_1 PUT(a);
#define EVENT_PUTS_2 EVENT_PUTS_1 PUT(b);
#define EVENT_PUTS_3 EVENT_PUTS_2 PUT(c);
#define EVENT_PUTS_4 EVENT_PUTS_3 PUT(d);
#define EVENT_PUTS_5 EVENT_PUTS_4 PUT(e);
#define EVENT_PUTS_11 EVENT_PUTS_5 PUT(f); PUT(g); PUT(h); PUT(i); PUT(j); PUT(k);

/* clang-format off: function, number, keywords, level, arguments */
EVENT(corelib_event_worker_start,      50, KEYWORD_THREADING,   INFORMATIONAL, u32, u32, u16)
EVENT(corelib_event_worker_stop,       51, KEYWORD_THREADING,   INFORMATIONAL, u32, u32, u16)
EVENT(corelib_event_worker_wait,       57, KEYWORD_THREADING,   INFORMATIONAL, u32, u32, u16)
EVENT(corelib_event_pool_sample,       54, KEYWORD_THREADING,   INFORMATIONAL, double, u16)
EVENT(corelib_event_pool_adjustment,   55, KEYWORD_THREADING,   INFORMATIONAL, double, u32, u32, u16)
EVENT(corelib_event_pool_stats,        56, KEYWORD_THREADING,   VERBOSE,
                                       double, double, double, double, double, double, double, double, double, u16, u16)
EVENT(corelib_event_pool_limits,       59, KEYWORD_THREADING,   INFORMATIONAL, u16, u16, u16, u16, u16)
EVENT(corelib_event_working_threads,   60, KEYWORD_THREADING,   VERBOSE, u32, u16)
EVENT(corelib_event_io_enqueue,        63, KEYWORD_TRANSFER,    VERBOSE, void *, void *, i32, u16)
EVENT(corelib_event_io_dequeue,        64, KEYWORD_TRANSFER,    VERBOSE, void *, void *, u16)
EVENT(corelib_event_io_pack,           65, KEYWORD_THREADING,   VERBOSE, void *, void *, u16)
EVENT(corelib_event_contention_start,  81, KEYWORD_CONTENTION,  INFORMATIONAL, u8, u16, void *, void *, u64)
EVENT(corelib_event_contention_lock,   90, KEYWORD_CONTENTION,  INFORMATIONAL, void *, void *, u16)
EVENT(corelib_event_contention_stop,   91, KEYWORD_CONTENTION,  INFORMATIONAL, u8, u16, double)
EVENT(corelib_event_wait_start,       301, KEYWORD_WAIT_HANDLE, VERBOSE, u8, void *, u16)
EVENT(corelib_event_wait_stop,        302, KEYWORD_WAIT_HANDLE, VERBOSE, u16)
/* clang-format on */

void corelib_ep_waits(bool begins, bool monitor, const void *object)
{
    if (begins)
        corelib_event_wait_start(monitor, (void *)(uintptr_t)object, 0);
    else
        corelib_event_wait_stop(0);
}

/* --- Monitor -------------------------------------------------------------------------------------------------------------------- */
typedef struct Holder {
    u32 id;
    u64 os_id;
} Holder;

static void find_holder(Thread *t, void *arg)
{
    Holder *h = arg;
    if (t->id == h->id)
        h->os_id = t->os_id;
}

void corelib_ep_contended(const SyncContention *c)
{
    if (!corelib_ep_wanted(KEYWORD_CONTENTION, INFORMATIONAL))
        return;
    if (c->ended) {
        corelib_event_contention_stop(0, 0, (double)c->waited_ns);
        return;
    }
    Holder h = {.id = c->owner};
    thread_for_each(find_holder, &h);
    if (!__atomic_exchange_n(c->announced, true, __ATOMIC_RELAXED))
        corelib_event_contention_lock((void *)c->lock, (void *)c->object, 0);
    corelib_event_contention_start(0, 0, (void *)c->lock, (void *)c->object, h.os_id);
}

/* --- Handlers that the loader called -------------------------------------------------------------------------------------------- */
CALL(u8, corelib_bind_tracing, void) { return corelib_ep_wanted(EP_KEYWORD_BINDER, INFORMATIONAL); }

static i32 handler_event(u32 id, const char16 *const *texts, u32 n, const u32 *flag, u32 flag_at)
{
    EpPayload p;
    u16 runtime = 0;
    p.size = 0, p.spilt = false;
    PUT(runtime);
    for (u32 i = 0; i < n; i++) {
        if (flag && i == flag_at)
            PUT(*flag);
        corelib_ep_put_text(&p, texts[i]);
    }
    corelib_ep_send(id, EP_KEYWORD_BINDER, INFORMATIONAL, &p);
    return 1;
}

CALL(i32, corelib_event_context_resolving, const char16 *name, const char16 *handler, const char16 *context, const char16 *result,
     const char16 *path)
{
    return handler_event(293, (const char16 *[]){name, handler, context, result, path}, 5, NULL, 0);
}

CALL(i32, corelib_event_assembly_resolve, const char16 *name, const char16 *handler, const char16 *result, const char16 *path)
{
    return handler_event(294, (const char16 *[]){name, handler, result, path}, 4, NULL, 0);
}

CALL(i32, corelib_event_load_from, const char16 *name, u32 tracked, const char16 *requesting, const char16 *requested)
{
    return handler_event(295, (const char16 *[]){name, requesting, requested}, 3, &tracked, 1);
}

CALL(i32, corelib_event_satellite_probed, const char16 *path, i32 hr)
{
    enum { SATELLITE_SUBDIRECTORY = 3 };
    EpPayload p;
    u16 runtime = 0, source = SATELLITE_SUBDIRECTORY;
    p.size = 0, p.spilt = false;
    PUT(runtime);
    corelib_ep_put_text(&p, path);
    PUT(source);
    PUT(hr);
    corelib_ep_send(296, EP_KEYWORD_BINDER, INFORMATIONAL, &p);
    return 1;
}
