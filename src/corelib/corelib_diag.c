/* corelib_diag.c: providers of event tracing, Debugger and JitInfo.
 * Providers and events are kept as records that are never enabled, and what they write goes nowhere, as on the reference without a session; what the
 * runtime's own provider tells is in corelib_events.c.  No managed debugger can attach.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"
#include "corelib/corelib_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "os/os_thread.h"

typedef struct EpProvider {
    struct EpProvider *next;
    char *name;
    void *callback, *context;
    u32 events;
} EpProvider;
static OsMutex ep_lock = OS_MUTEX_INIT;
static EpProvider *providers;

CALL(void *, corelib_ep_create, const char16 *name, void *callback, void *context)
{
    EpProvider *p = base_calloc(1, sizeof *p);
    p->name = utf16_dup_utf8(name, SIZE_MAX);
    p->callback = callback;
    p->context = context;
    os_mutex_lock(&ep_lock);
    p->next = providers;
    providers = p;
    os_mutex_unlock(&ep_lock);
    return p;
}

CALL(void, corelib_ep_delete, EpProvider *p)
{
    os_mutex_lock(&ep_lock);
    for (EpProvider **q = &providers; *q; q = &(*q)->next)
        if (*q == p) {
            *q = p->next;
            break;
        }
    os_mutex_unlock(&ep_lock);
    base_free(p->name);
    base_free(p);
}

void *corelib_ep_provider(const char *name)
{
    os_mutex_lock(&ep_lock);
    EpProvider *p = providers;
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    os_mutex_unlock(&ep_lock);
    return p;
}

CALL(void *, corelib_ep_get, const char16 *name)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    void *p = corelib_ep_provider(s);
    base_free(s);
    return p;
}

/* An event's handle names its provider; it is only ever passed back to corelib_ep_write. */
CALL(void *, corelib_ep_define, EpProvider *p, u32 id, i64 keywords, u32 version, u32 level, void *metadata, u32 n)
{
    (void)id, (void)keywords, (void)version, (void)level, (void)metadata, (void)n;
    __atomic_add_fetch(&p->events, 1, __ATOMIC_RELAXED);
    return p;
}

CALL(void, corelib_ep_write, void *event, void *data, u32 n, void *activity, void *related)
{
    (void)event, (void)data, (void)n, (void)activity, (void)related;
}

/* Activity id of the thread. Codes: 1 get, 2 set, 3 create, 4 get then set, 5 create then set. */
CALL(i32, corelib_ep_activity, u32 code, u8 *id)
{
    static __thread u8 current[16];
    u8 old[16], fresh[16] = {0};
    memcpy(old, current, 16);
    if (code == 3 || code == 5) {
        if (getrandom(fresh, 16, 0) != 16)
            return 1;
        fresh[7] = (u8)((fresh[7] & 0x0f) | 0x40);
        fresh[8] = (u8)((fresh[8] & 0x3f) | 0x80);
    }
    switch (code) {
    case 1: memcpy(id, old, 16); return 0;
    case 2: memcpy(current, id, 16); return 0;
    case 3: memcpy(id, fresh, 16); return 0;
    case 4:
        memcpy(current, id, 16);
        memcpy(id, old, 16);
        return 0;
    case 5:
        memcpy(current, fresh, 16);
        memcpy(id, old, 16);
        return 0;
    default: return 1;
    }
}

/* Value of DOTNET_<name> for the event source's own settings; lives as long as the process. NULL: not set. */
CALL(char16 *, corelib_clr_config, const char16 *name)
{
    char *s = utf16_dup_utf8(name, SIZE_MAX);
    char *key = base_asprintf("DOTNET_%s", s);
    const char *v = getenv(key);
    base_free(s);
    base_free(key);
    return v ? utf8_dup_utf16(v, strlen(v)) : NULL;
}

CALL(i32, corelib_event_log_enabled, void)
{
    return 0;
}

CALL(void, corelib_event_log, i32 id, const char16 *name, const char16 *source, const char16 *payload)
{
    (void)id, (void)name, (void)source, (void)payload;
}

/* --- Debugger ---------------------------------------------------------------------------------------------------------- */
/* As the reference does where no managed debugger is attached: nothing. */
CALL(void, corelib_debugger_break, void) {}

CALL(void, corelib_debugger_notify, ObjectHandleOnStack data)
{
    (void)data;
}

CALL(i32, corelib_debugger_no, void)
{
    return 0;
}

/* There is no debugger to start; the reference on this platform says that it did. */
CALL(i32, corelib_debugger_launch, void)
{
    return 1;
}

CALL(void, corelib_debugger_log, i32 level, const char16 *category, const char16 *message)
{
    (void)level, (void)category, (void)message; /* goes to an attached debugger */
}

/* --- Figures ------------------------------------------------------------------------------------------------------------ */
CALL(i64, corelib_jit_ticks, u8 this_thread)
{
    (void)this_thread;
    return (i64)(__atomic_load_n(&jit_stats.ns, __ATOMIC_RELAXED) / 100); /* ticks of TimeSpan */
}

CALL(i64, corelib_jit_il, u8 this_thread)
{
    (void)this_thread;
    return (i64)__atomic_load_n(&jit_stats.il_bytes, __ATOMIC_RELAXED);
}

CALL(i64, corelib_jit_methods, u8 this_thread)
{
    (void)this_thread;
    return (i64)__atomic_load_n(&jit_stats.methods, __ATOMIC_RELAXED);
}
