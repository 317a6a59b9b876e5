/* map.c: open addressing with linear probing; removal moves later entries back, so no tombstones.
 * Invariant: at most three quarters full, so a probe always meets an empty slot.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/map.h"

static u32 slot64(const Map64 *m, u64 key)
{
    u32 mask = m->cap - 1;
    u32 i = (u32)base_hash_u64(key) & mask;
    while (m->keys[i] && m->keys[i] != key)
        i = (i + 1) & mask;
    return i;
}

bool map64_get(const Map64 *m, u64 key, u64 *val)
{
    if (!m->cap)
        return false;
    u32 i = slot64(m, key);
    if (!m->keys[i])
        return false;
    *val = m->vals[i];
    return true;
}

static void grow64(Map64 *m)
{
    Map64 n = {.cap = m->cap ? m->cap * 2 : 16, .len = m->len};
    CHECK(n.cap);
    n.keys = base_calloc(n.cap, sizeof *n.keys);
    n.vals = base_calloc(n.cap, sizeof *n.vals);
    for (u32 i = 0; i < m->cap; i++) {
        if (!m->keys[i])
            continue;
        u32 j = slot64(&n, m->keys[i]);
        n.keys[j] = m->keys[i];
        n.vals[j] = m->vals[i];
    }
    base_free(m->keys);
    base_free(m->vals);
    *m = n;
}

void map64_put(Map64 *m, u64 key, u64 val)
{
    DCHECK(key);
    if ((u64)(m->len + 1) * 4 > (u64)m->cap * 3)
        grow64(m);
    u32 i = slot64(m, key);
    if (!m->keys[i]) {
        m->keys[i] = key;
        m->len++;
    }
    m->vals[i] = val;
}

bool map64_remove(Map64 *m, u64 key)
{
    if (!m->cap)
        return false;
    u32 hole = slot64(m, key);
    if (!m->keys[hole])
        return false;
    u32 mask = m->cap - 1;
    for (u32 i = (hole + 1) & mask; m->keys[i]; i = (i + 1) & mask) {
        u32 home = (u32)base_hash_u64(m->keys[i]) & mask;
        /* May move back only if its home is not between the hole and here. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        m->keys[hole] = m->keys[i];
        m->vals[hole] = m->vals[i];
        hole = i;
    }
    m->keys[hole] = 0;
    m->len--;
    return true;
}

void map64_free(Map64 *m)
{
    base_free(m->keys);
    base_free(m->vals);
    *m = (Map64){0};
}

static u32 slot_str(const StrMap *m, const void *key, u32 len, u32 hash)
{
    u32 mask = m->cap - 1;
    u32 i = hash & mask;
    for (;; i = (i + 1) & mask) {
        const StrMapEntry *e = &m->entries[i];
        if (!e->key || (e->hash == hash && e->len == len && memcmp(e->key, key, len) == 0))
            return i;
    }
}

void *strmap_getn(const StrMap *m, const void *key, u32 len)
{
    if (!m->cap)
        return NULL;
    const StrMapEntry *e = &m->entries[slot_str(m, key, len, base_hash_bytes(key, len))];
    return e->key ? e->val : NULL;
}

void *strmap_get(const StrMap *m, const char *key)
{
    return strmap_getn(m, key, (u32)strlen(key));
}

static void grow_str(StrMap *m)
{
    StrMap n = {.cap = m->cap ? m->cap * 2 : 16, .len = m->len};
    CHECK(n.cap);
    n.entries = base_calloc(n.cap, sizeof *n.entries);
    for (u32 i = 0; i < m->cap; i++) {
        const StrMapEntry *e = &m->entries[i];
        if (e->key)
            n.entries[slot_str(&n, e->key, e->len, e->hash)] = *e;
    }
    base_free(m->entries);
    *m = n;
}

void strmap_putn(StrMap *m, const void *key, u32 len, void *val)
{
    if ((u64)(m->len + 1) * 4 > (u64)m->cap * 3)
        grow_str(m);
    u32 hash = base_hash_bytes(key, len);
    StrMapEntry *e = &m->entries[slot_str(m, key, len, hash)];
    if (!e->key) {
        e->key = base_malloc((size_t)len + 1);
        memcpy(e->key, key, len);
        e->key[len] = 0;
        e->len = len;
        e->hash = hash;
        m->len++;
    }
    e->val = val;
}

void strmap_put(StrMap *m, const char *key, void *val)
{
    strmap_putn(m, key, (u32)strlen(key), val);
}

void strmap_free(StrMap *m)
{
    for (u32 i = 0; i < m->cap; i++)
        base_free(m->entries[i].key);
    base_free(m->entries);
    *m = (StrMap){0};
}
