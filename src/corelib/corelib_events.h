/* corelib_events.h: what event sessions need of the providers. */
#ifndef CORELIB_CORELIB_EVENTS_H
#define CORELIB_CORELIB_EVENTS_H
#include "base/base.h"

/* The provider's handle as managed code has it, or NULL. */
void *corelib_ep_provider(const char *name);

/* Events of the runtime's provider: does a session want one of these?  Writes one to those that do. Any mode; size at most EP_PAYLOAD_MAX. */
enum { EP_PAYLOAD_MAX = 2048 };
bool corelib_ep_wanted(u64 keywords, u32 level);
void corelib_ep_post(u32 id, u64 keywords, u32 level, const void *payload, u32 size);
/* sync_contended: contention of Monitor. */
struct SyncContention;
void corelib_ep_contended(const struct SyncContention *c);
#endif
