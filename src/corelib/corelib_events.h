/* corelib_events.h: what event sessions need of the providers. */
#ifndef CORELIB_CORELIB_EVENTS_H
#define CORELIB_CORELIB_EVENTS_H

/* The provider's handle as managed code has it, or NULL. */
void *corelib_ep_provider(const char *name);
#endif
