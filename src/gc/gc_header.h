/* gc_header.h: who owns which bits of the header word at object - 4.
 *   bits 0-27  lock, hash code or sync-block index (thread/sync_inline.h)
 *   bits 28-31 the collector's; kept by every change of the low bits
 * So every change is a compare-and-swap or an atomic or/and. */
#ifndef GC_GC_HEADER_H
#define GC_GC_HEADER_H
#include "gc/gc.h"

#define GC_HEADER_LOW 0x0fffffffu
#define GC_HEADER_OWN 0xf0000000u
#define GC_HEADER_NO_FINALIZE 0x40000000u /* SuppressFinalize was called */
static inline u32 *gc_header(Object *o) { return (u32 *)((char *)o + OBJ_HEADER_OFFSET); }
#endif
