/* map.h: open-addressing hash maps on the C heap.  {0} is the empty map.  Not thread-safe: the owner locks.
 * Map64: 64-bit key (any value but 0) to 64-bit value.  StrMap: bytes to pointer; keys are copied. */
#ifndef BASE_MAP_H
#define BASE_MAP_H
#include "base/base.h"

typedef struct Map64 {
    u64 *keys, *vals;
    u32 len, cap; /* cap is 0 or a power of two */
} Map64;
bool map64_get(const Map64 *m, u64 key, u64 *val); /* false: absent, *val untouched */
static inline void *map64_ptr(const Map64 *m, u64 key)
{
    u64 v = 0;
    map64_get(m, key, &v);
    return (void *)v;
}
void map64_put(Map64 *m, u64 key, u64 val); /* replaces */
bool map64_remove(Map64 *m, u64 key);
void map64_free(Map64 *m);

typedef struct StrMapEntry {
    char *key; /* owned, NUL-terminated copy; NULL: empty */
    u32 len, hash;
    void *val;
} StrMapEntry;
typedef struct StrMap {
    StrMapEntry *entries;
    u32 len, cap;
} StrMap;
void *strmap_get(const StrMap *m, const char *key); /* NULL: absent */
void *strmap_getn(const StrMap *m, const void *key, u32 len);
void strmap_put(StrMap *m, const char *key, void *val);
void strmap_putn(StrMap *m, const void *key, u32 len, void *val);
void strmap_free(StrMap *m); /* keys too; values are the caller's */
#endif
