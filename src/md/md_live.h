/* md_live.h: what an image made by the writer has beyond a file's: extra cells of rows, and one index for all look-ups.
 * For md_search.c, md_names.c and md_write*.c. */
#ifndef MD_MD_LIVE_H
#define MD_MD_LIVE_H
#include "md/md.h"

/* Cells after the columns of every row */
typedef enum MdExtra {
    MDX_NEXT,  /* next row with the same key in the index; 0: last */
    MDX_OWNER, /* of a member: TypeDef, or MethodDef of a parameter.  TypeDef: end of its fields.  PropertyMap, EventMap: end of the list */
    MDX_POS,   /* of a member of a finished type: its place in the Ptr table.  TypeDef: end of its methods */
    MDX_DONE,  /* TypeDef: finished.  MethodDef: end of its parameters */
    MDX_COUNT,
    MDX_FIELDS_END = MDX_OWNER,
    MDX_LIST_END = MDX_OWNER,
    MDX_METHODS_END = MDX_POS,
    MDX_PARAMS_END = MDX_DONE,
} MdExtra;

/* (table, value of its key column) or (MD_INDEX_NAMES, hash of a type's name) -> first row of a chain.  Replaced as a whole when full. */
typedef struct MdIndexSlot {
    u64 key; /* 0: empty; stored last */
    u32 first, last;
} MdIndexSlot;
struct MdIndex {
    u32 mask, used;
    MdIndexSlot slots[];
};
enum { MD_INDEX_NAMES = MDT_COUNT };
static inline u64 md_index_key(u32 table, u32 value) { return (u64)(table + 1) << 32 | value; }

/* The column that a table's rows are looked up by (§II.22, "sorted using"; the maps by parent), or -1 */
int md_key_column(u32 table);
u32 md_index_first(const struct MdIndex *x, u64 key); /* rid, or 0 */
u32 md_name_hash(u32 outer, const char *ns, size_t ns_len, const char *name, size_t len);

static inline u32 *md_extra_cell(const MdImage *m, u32 table, u32 rid, u32 which)
{
    const MdTable *t = &m->tables[table];
    return (u32 *)(uintptr_t)(t->base + (size_t)(rid - 1) * t->row_size) + t->col_count + which;
}
static inline u32 md_extra(const MdImage *m, u32 table, u32 rid, u32 which)
{
    if (rid - 1 >= __atomic_load_n(&m->tables[table].rows, __ATOMIC_ACQUIRE)) return 0;
    return __atomic_load_n(md_extra_cell(m, table, rid, which), __ATOMIC_ACQUIRE);
}
#endif
