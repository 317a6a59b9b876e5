/* md_write_int.h: the writer's own state, for md_write*.c. */
#ifndef MD_MD_WRITE_INT_H
#define MD_MD_WRITE_INT_H
#include "base/map.h"
#include "base/vec.h"
#include "md/md_write.h"

typedef struct MdIndex MdIndex;
typedef struct MdwShape {
    u8 count;
    u8 kinds[MD_MAX_COLS];
} MdwShape;
extern const MdwShape mdw_shapes[MDT_COUNT];

typedef struct MdwHeap {
    u8 *base;
    u32 len, cap;
} MdwHeap;
typedef struct MdwSlot {
    u32 hash, at; /* at 0: empty */
} MdwSlot;
typedef struct MdwSet { /* of offsets in a heap, or of rids */
    MdwSlot *slots;
    u32 mask, used;
} MdwSet;
typedef VEC(u32) MdwList;

struct MdWriter {
    MdImage *image; /* &own, or the one attached */
    MdImage own;
    MdwHeap strings, us, blobs, guids;
    MdwSet string_set, us_set, blob_set, row_sets[MDT_COUNT];
    u32 row_cap[MDT_COUNT];
    Map64 open; /* (table of members, owner) -> its list; of types not finished */
    VEC(MdwList) lists;
    VEC(u32) free_lists;
    VEC(void *) retired;
    bool attached, full;
};
#endif
