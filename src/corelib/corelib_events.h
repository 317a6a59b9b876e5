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
enum { EP_ERROR = 2, EP_INFORMATIONAL = 4, EP_VERBOSE = 5, EP_KEYWORD_BINDER = 0x4 };

/* A payload being made: values in the order of the declaration. */
typedef struct EpPayload {
    u32 size;
    bool spilt; /* a text was too long for the event */
    u8 data[EP_PAYLOAD_MAX];
} EpPayload;
void corelib_ep_put(EpPayload *p, const void *value, u32 bytes);
/* Zero-terminated UTF-16; NULL is empty; what does not fit is cut off. */
void corelib_ep_put_text(EpPayload *p, const char16 *s);
void corelib_ep_put_utf8(EpPayload *p, const char *s);
void corelib_ep_send(u32 id, u64 keywords, u32 level, const EpPayload *p); /* unless spilt */

/* For the hooks of thread/ and vm/. */
void corelib_ep_waits(bool begins, bool monitor, const void *object);
struct VmEvents;
extern const struct VmEvents corelib_ep_vm;
/* sync_contended: contention of Monitor. */
struct SyncContention;
void corelib_ep_contended(const struct SyncContention *c);
#endif
