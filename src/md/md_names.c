/* md_names.c: the index of type names, and members by name.
 * The index is two open-addressing tables of (hash, rid), for TypeDef and ExportedType; a nested type is filed under its
 * encloser's rid.  It is built outside any lock and published by one compare-and-swap; a thread that loses the race
 * throws its own away.  Of two types with one name the lower rid is found.
 * Book: md.md  Tests: tests/unit/md/ */
#include "md/md_names.h"
#include "base/utf.h"
#include "md/md_live.h"
#include "md/md_names_int.h"
#include <stdio.h>

typedef struct NameSlot {
    u32 hash, rid; /* rid 0: empty */
} NameSlot;
typedef struct NameTable {
    NameSlot *slots;
    u32 mask;
} NameTable;
struct MdNames {
    NameTable types, exports;
};

u32 md_name_hash(u32 outer, const char *ns, size_t ns_len, const char *name, size_t len)
{
    u32 h = base_hash_bytes(name, len);
    if (outer) return h ^ (u32)base_hash_u64(outer);
    return ns_len ? h * 31 + base_hash_bytes(ns, ns_len) : h;
}

static void table_init(NameTable *t, u32 count)
{
    u32 cap = 16;
    while (cap < count * 2) cap *= 2;
    t->slots = base_calloc(cap, sizeof(NameSlot));
    t->mask = cap - 1;
}

static void table_add(NameTable *t, u32 hash, u32 rid)
{
    u32 i = hash & t->mask;
    while (t->slots[i].rid) i = (i + 1) & t->mask;
    t->slots[i] = (NameSlot){hash, rid};
}

static void add_types(const MdImage *m, NameTable *t)
{
    u32 rows = md_rows(m, MDT_TypeDef), nested = md_rows(m, MDT_NestedClass);
    u32 *outer = base_calloc((size_t)rows + 1, sizeof(u32));
    for (u32 i = nested; i >= 1; i--) { /* backwards: the first row wins */
        u32 inner = md_NestedClass_NestedClass(m, i);
        if (inner <= rows) outer[inner] = md_NestedClass_EnclosingClass(m, i);
    }
    table_init(t, rows);
    for (u32 rid = 1; rid <= rows; rid++) {
        const char *ns = md_typedef_namespace(m, rid), *name = md_typedef_name(m, rid);
        table_add(t, md_name_hash(outer[rid], ns, strlen(ns), name, strlen(name)), rid);
    }
    base_free(outer);
}

static void add_exports(const MdImage *m, NameTable *t)
{
    u32 rows = md_rows(m, MDT_ExportedType);
    table_init(t, rows);
    for (u32 rid = 1; rid <= rows; rid++) {
        u32 impl = md_ExportedType_Implementation(m, rid);
        u32 outer = MD_TABLE_OF(impl) == MDT_ExportedType ? MD_RID(impl) : 0;
        const char *ns = md_exported_namespace(m, rid), *name = md_exported_name(m, rid);
        table_add(t, md_name_hash(outer, ns, strlen(ns), name, strlen(name)), rid);
    }
}

void md_names_free(MdNames *n)
{
    if (!n) return;
    base_free(n->types.slots);
    base_free(n->exports.slots);
    base_free(n);
}

static const MdNames *names_of(MdImage *m)
{
    MdNames *n = __atomic_load_n(&m->names, __ATOMIC_ACQUIRE), *none = NULL;
    if (LIKELY(n != NULL)) return n;
    n = base_calloc(1, sizeof(*n));
    add_types(m, &n->types);
    add_exports(m, &n->exports);
    if (__atomic_compare_exchange_n(&m->names, &none, n, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return n;
    md_names_free(n);
    return none;
}

static bool same(const char *z, const char *s, size_t len)
{
    return strncmp(z, s, len) == 0 && z[len] == 0;
}

static bool is_type(const MdImage *m, u32 rid, u32 outer, const char *ns, size_t ns_len, const char *name, size_t len)
{
    if (!same(md_typedef_name(m, rid), name, len)) return false;
    if (outer == 0 && !same(md_typedef_namespace(m, rid), ns ? ns : "", ns_len)) return false;
    return md_enclosing(m, rid) == outer;
}

static u32 find_typedef(MdImage *m, u32 outer, const char *ns, size_t ns_len, const char *name, size_t len)
{
    if (memchr(name, 0, len) || (ns_len && memchr(ns, 0, ns_len))) return 0;
    u32 h = md_name_hash(outer, ns, ns_len, name, len);
    const struct MdIndex *x = __atomic_load_n(&m->index, __ATOMIC_ACQUIRE);
    if (UNLIKELY(x != NULL)) {
        u32 rid = md_index_first(x, md_index_key(MD_INDEX_NAMES, h));
        while (rid && !is_type(m, rid, outer, ns, ns_len, name, len)) rid = md_extra(m, MDT_TypeDef, rid, MDX_NEXT);
        return rid;
    }
    const NameTable *t = &names_of(m)->types;
    for (u32 i = h & t->mask; t->slots[i].rid; i = (i + 1) & t->mask)
        if (t->slots[i].hash == h && is_type(m, t->slots[i].rid, outer, ns, ns_len, name, len)) return t->slots[i].rid;
    return 0;
}

u32 md_find_typedef_n(MdImage *m, const char *ns, size_t ns_len, const char *name, size_t name_len)
{
    return find_typedef(m, 0, ns, ns ? ns_len : 0, name, name_len);
}

u32 md_find_typedef(MdImage *m, const char *ns, const char *name)
{
    return find_typedef(m, 0, ns, ns ? strlen(ns) : 0, name, strlen(name));
}

u32 md_find_nested_n(MdImage *m, u32 enclosing, const char *name, size_t name_len)
{
    return enclosing ? find_typedef(m, enclosing, NULL, 0, name, name_len) : 0;
}

u32 md_find_nested(MdImage *m, u32 enclosing, const char *name)
{
    return md_find_nested_n(m, enclosing, name, strlen(name));
}

static u32 find_exported(MdImage *m, u32 outer, const char *ns, size_t ns_len, const char *name, size_t len)
{
    if (memchr(name, 0, len) || (ns_len && memchr(ns, 0, ns_len))) return 0;
    if (m->index || !md_rows(m, MDT_ExportedType)) return 0; /* no writer's image has any while it is read by name */
    const NameTable *t = &names_of(m)->exports;
    u32 h = md_name_hash(outer, ns, ns_len, name, len);
    for (u32 i = h & t->mask; t->slots[i].rid; i = (i + 1) & t->mask) {
        u32 rid = t->slots[i].rid, impl = md_ExportedType_Implementation(m, rid);
        u32 in = MD_TABLE_OF(impl) == MDT_ExportedType ? MD_RID(impl) : 0;
        if (t->slots[i].hash != h || in != outer || !same(md_exported_name(m, rid), name, len)) continue;
        if (outer || same(md_exported_namespace(m, rid), ns ? ns : "", ns_len)) return rid;
    }
    return 0;
}

u32 md_find_exported_n(MdImage *m, const char *ns, size_t ns_len, const char *name, size_t name_len)
{
    return find_exported(m, 0, ns, ns ? ns_len : 0, name, name_len);
}

u32 md_find_exported(MdImage *m, const char *ns, const char *name)
{
    return find_exported(m, 0, ns, ns ? strlen(ns) : 0, name, strlen(name));
}

u32 md_find_exported_nested(MdImage *m, u32 exported, const char *name)
{
    return exported ? find_exported(m, exported, NULL, 0, name, strlen(name)) : 0;
}

static char16 fold(char16 c, MdLower lower)
{
    return c < 0x80 ? (char16)(c >= 'A' && c <= 'Z' ? c + 32 : c) : lower ? lower(c) : c;
}

/* One of them goes on with a character beyond ASCII: by units, as the length in UTF-8 may change with the case. */
static bool same_units(const char *z, const char *s, size_t len, MdLower lower)
{
    size_t own = strlen(z), n = utf8_to_utf16_len(s, len);
    if (utf8_to_utf16_len(z, own) != n) return false;
    char16 *a = base_malloc(2 * n * sizeof *a), *b = a + n;
    utf8_to_utf16(z, own, a);
    utf8_to_utf16(s, len, b);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) ok = a[i] == b[i] || fold(a[i], lower) == fold(b[i], lower);
    base_free(a);
    return ok;
}

bool md_same_nocase(const char *z, const char *s, size_t len, MdLower lower)
{
    for (size_t i = 0; i < len; i++) {
        if (z[i] == 0) return false;
        if ((u8)z[i] >= 0x80 || (u8)s[i] >= 0x80) return same_units(z + i, s + i, len - i, lower);
        if (fold((u8)z[i], NULL) != fold((u8)s[i], NULL)) return false;
    }
    return z[len] == 0;
}

u32 md_find_typedef_nocase(MdImage *m, u32 enclosing, const char *ns, size_t ns_len, const char *name, size_t name_len, MdLower lower)
{
    for (u32 rid = 1; rid <= md_rows(m, MDT_TypeDef); rid++) {
        if (!md_same_nocase(md_typedef_name(m, rid), name, name_len, lower)) continue;
        if (!enclosing && !md_same_nocase(md_typedef_namespace(m, rid), ns ? ns : "", ns ? ns_len : 0, lower)) continue;
        if (md_enclosing(m, rid) == enclosing && md_type_is_finished(m, rid)) return rid;
    }
    return 0;
}

u32 md_find_method(const MdImage *m, u32 typedef_rid, const char *name, u32 from, u32 *pos)
{
    MdRange r = md_typedef_methods(m, typedef_rid);
    for (u32 i = MAX(r.first, from); i < r.end; i++) {
        u32 rid = md_method_at(m, i);
        if (strcmp(md_method_name(m, rid), name) != 0) continue;
        if (pos) *pos = i + 1;
        return rid;
    }
    if (pos) *pos = r.end;
    return 0;
}

u32 md_find_field(const MdImage *m, u32 typedef_rid, const char *name)
{
    MdRange r = md_typedef_fields(m, typedef_rid);
    for (u32 i = r.first; i < r.end; i++) {
        u32 rid = md_field_at(m, i);
        if (strcmp(md_field_name(m, rid), name) == 0) return rid;
    }
    return 0;
}

/* --- full names --- */

typedef struct NamePart {
    const char *ns, *name;
    u32 outer; /* token, or 0 */
} NamePart;

static NamePart name_part(const MdImage *m, u32 token)
{
    u32 rid = MD_RID(token), t;
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef:
        t = md_enclosing(m, rid);
        return (NamePart){md_typedef_namespace(m, rid), md_typedef_name(m, rid), t ? MD_TOKEN(MDT_TypeDef, t) : 0};
    case MDT_TypeRef:
        t = md_TypeRef_ResolutionScope(m, rid);
        return (NamePart){md_typeref_namespace(m, rid), md_typeref_name(m, rid),
                          MD_TABLE_OF(t) == MDT_TypeRef ? t : 0};
    case MDT_ExportedType:
        t = md_ExportedType_Implementation(m, rid);
        return (NamePart){md_exported_namespace(m, rid), md_exported_name(m, rid),
                          MD_TABLE_OF(t) == MDT_ExportedType ? t : 0};
    default: return (NamePart){"", "", 0};
    }
}

size_t md_type_full_name(const MdImage *m, u32 token, char *buf, size_t cap)
{
    NamePart parts[32];
    u32 n = 0;
    size_t len = 0;
    do {
        parts[n] = name_part(m, token);
        token = parts[n++].outer;
    } while (token && n < ARRAY_LEN(parts));
    if (cap) buf[0] = 0;
    while (n--) {
        const char *ns = parts[n].ns;
        int k = snprintf(len < cap ? buf + len : NULL, len < cap ? cap - len : 0, "%s%s%s%s", ns, *ns ? "." : "",
                         parts[n].name, n ? "+" : "");
        if (k > 0) len += (size_t)k;
    }
    return len;
}
