/* md_write.c: the writer's heaps, rows and members.
 * Not here: the bytes of a file (md_write_out.c).  Book: md.md  Tests: tests/unit/md/write.c */
#include "md/md_write.h"

#include "base/map.h"
#include "base/vec.h"
#include "md/md_live.h"
#include "md/md_write_int.h"

enum { MAX_HEAP = 1 << 29, MAX_US = 1 << 24, MAX_ROWS = 0xFFFFFF };

/* --- Memory that grows --- */

/* Old places are kept while readers may be there. */
static void *grow(MdWriter *w, void *old, size_t used, size_t bytes)
{
    void *p = base_malloc(bytes);
    if (used) memcpy(p, old, used);
    if (old && w->attached) vec_push(&w->retired, old);
    else base_free(old);
    return p;
}

static bool heap_room(MdWriter *w, MdwHeap *h, u32 n)
{
    u32 max = h == &w->us ? MAX_US : MAX_HEAP;
    if (n > max - h->len) {
        w->full = true;
        return false;
    }
    if (h->len + n <= h->cap) return true;
    while (h->cap < h->len + n) h->cap = h->cap ? h->cap * 2 : 256;
    h->base = grow(w, h->base, h->len, h->cap);
    return true;
}

static void put(MdwHeap *h, const void *p, u32 n)
{
    if (n) memcpy(h->base + h->len, p, n);
    h->len += n;
}

/* Bases first, then sizes: see md_write.h */
static void show_heaps(MdWriter *w)
{
    MdImage *m = w->image;
    m->strings = w->strings.base;
    m->us = w->us.base;
    m->blobs = w->blobs.base;
    m->guids = w->guids.base;
    __atomic_store_n(&m->strings_size, w->strings.len, __ATOMIC_RELEASE);
    __atomic_store_n(&m->us_size, w->us.len, __ATOMIC_RELEASE);
    __atomic_store_n(&m->blobs_size, w->blobs.len, __ATOMIC_RELEASE);
    __atomic_store_n(&m->guids_size, w->guids.len, __ATOMIC_RELEASE);
}

/* --- Sets of places, by content --- */

static void set_grow(MdwSet *s)
{
    MdwSet n = {.mask = s->slots ? s->mask * 2 + 1 : 63, .used = s->used};
    n.slots = base_calloc((size_t)n.mask + 1, sizeof *n.slots);
    for (u32 i = 0; s->slots && i <= s->mask; i++) {
        if (!s->slots[i].at) continue;
        u32 k = s->slots[i].hash & n.mask;
        while (n.slots[k].at) k = (k + 1) & n.mask;
        n.slots[k] = s->slots[i];
    }
    base_free(s->slots);
    *s = n;
}

/* The slot that matches, or the empty one to fill. */
static MdwSlot *set_find(MdwSet *s, u32 hash, bool (*same)(const void *arg, u32 at), const void *arg)
{
    if (!s->slots || s->used * 2 > s->mask) set_grow(s);
    u32 i = hash & s->mask;
    while (s->slots[i].at && !(s->slots[i].hash == hash && same(arg, s->slots[i].at))) i = (i + 1) & s->mask;
    return &s->slots[i];
}

static void set_fill(MdwSet *s, MdwSlot *slot, u32 hash, u32 at)
{
    *slot = (MdwSlot){hash, at};
    s->used++;
}

/* --- Heaps --- */

typedef struct Bytes {
    const MdwHeap *heap;
    const void *p;
    u32 n;
} Bytes;

static bool same_string(const void *arg, u32 at)
{
    const Bytes *b = arg;
    const char *s = (const char *)b->heap->base + at;
    return strncmp(s, b->p, b->n) == 0 && s[b->n] == 0;
}

u32 mdw_string_n(MdWriter *w, const char *s, u32 n)
{
    s = n ? s : "";
    n = (u32)strnlen(s, n); /* the heap's strings end at the first NUL */
    if (!n) return 0;
    u32 hash = base_hash_bytes(s, n);
    MdwSlot *slot = set_find(&w->string_set, hash, same_string, &(Bytes){&w->strings, s, n});
    if (slot->at) return slot->at;
    if (!heap_room(w, &w->strings, n + 1)) return 0;
    u32 at = w->strings.len;
    put(&w->strings, s, n);
    put(&w->strings, "", 1);
    set_fill(&w->string_set, slot, hash, at);
    show_heaps(w);
    return at;
}

u32 mdw_string(MdWriter *w, const char *s) { return s ? mdw_string_n(w, s, (u32)strlen(s)) : 0; }

static u32 length_prefix(u8 out[4], u32 n)
{
    if (n < 0x80) {
        out[0] = (u8)n;
        return 1;
    }
    if (n < 0x4000) {
        out[0] = (u8)(0x80 | n >> 8);
        out[1] = (u8)n;
        return 2;
    }
    for (u32 i = 0; i < 4; i++) out[i] = (u8)((0xC0000000u | n) >> (24 - 8 * i));
    return 4;
}

static bool same_item(const void *arg, u32 at)
{
    const Bytes *b = arg;
    u8 head[4];
    u32 k = length_prefix(head, b->n);
    if (b->heap->len - at < k + b->n || memcmp(b->heap->base + at, head, k) != 0) return false;
    return memcmp(b->heap->base + at + k, b->p, b->n) == 0;
}

static u32 add_item(MdWriter *w, MdwHeap *h, MdwSet *set, const void *p, u32 n)
{
    u8 head[4];
    if (n >= MAX_HEAP) {
        w->full = true;
        return 0;
    }
    u32 k = length_prefix(head, n), hash = base_hash_bytes(p, n);
    MdwSlot *slot = set_find(set, hash, same_item, &(Bytes){h, p, n});
    if (slot->at) return slot->at;
    if (!heap_room(w, h, k + n)) return 0;
    u32 at = h->len;
    put(h, head, k);
    put(h, p, n);
    set_fill(set, slot, hash, at);
    show_heaps(w);
    return at;
}

u32 mdw_blob(MdWriter *w, const void *p, u32 n) { return n ? add_item(w, &w->blobs, &w->blob_set, p, n) : 0; }

u32 mdw_guid(MdWriter *w, const u8 guid[16])
{
    if (!heap_room(w, &w->guids, 16)) return 0;
    put(&w->guids, guid, 16);
    show_heaps(w);
    return w->guids.len / 16;
}

/* The byte after a user string says whether a unit needs more than a plain comparison (§II.24.2.4). */
static u8 user_string_flag(const char16 *s, u32 n)
{
    for (u32 i = 0; i < n; i++) {
        u32 c = s[i];
        if (c > 0x7E || (c >= 1 && c <= 8) || (c >= 0x0E && c <= 0x1F) || c == 0x27 || c == 0x2D) return 1;
    }
    return 0;
}

u32 mdw_user_string(MdWriter *w, const char16 *s, u32 units)
{
    if (units >= MAX_US / 2) {
        w->full = true;
        return 0;
    }
    u32 n = units * 2 + 1;
    u8 *p = base_malloc(n);
    if (units) memcpy(p, s, n - 1);
    p[n - 1] = user_string_flag(s, units);
    u32 at = add_item(w, &w->us, &w->us_set, p, n);
    base_free(p);
    return at ? MD_TOKEN(MDT_String, at) : 0;
}

void mdw_skip_user_strings(MdWriter *w, u32 bytes)
{
    while (bytes-- && heap_room(w, &w->us, 1)) put(&w->us, "", 1);
    show_heaps(w);
}

/* --- The index --- */

static void index_put(MdIndex *x, u64 key, u32 first, u32 last)
{
    u32 i = (u32)base_hash_u64(key) & x->mask;
    while (x->slots[i].key) i = (i + 1) & x->mask;
    x->slots[i].first = first;
    x->slots[i].last = last;
    __atomic_store_n(&x->slots[i].key, key, __ATOMIC_RELEASE);
    x->used++;
}

static void index_grow(MdWriter *w)
{
    MdIndex *old = (MdIndex *)(uintptr_t)w->image->index;
    u32 cap = old ? (old->mask + 1) * 2 : 64;
    MdIndex *x = base_calloc(1, sizeof *x + cap * sizeof(MdIndexSlot));
    x->mask = cap - 1;
    for (u32 i = 0; old && i <= old->mask; i++)
        if (old->slots[i].key) index_put(x, old->slots[i].key, old->slots[i].first, old->slots[i].last);
    __atomic_store_n(&w->image->index, x, __ATOMIC_RELEASE);
    if (old && w->attached) vec_push(&w->retired, (void *)old);
    else base_free(old);
}

static void index_add(MdWriter *w, u64 key, u32 table, u32 rid)
{
    if (w->image->index->used * 2 > w->image->index->mask) index_grow(w);
    MdIndex *x = (MdIndex *)(uintptr_t)w->image->index;
    for (u32 i = (u32)base_hash_u64(key) & x->mask; x->slots[i].key; i = (i + 1) & x->mask) {
        if (x->slots[i].key != key) continue;
        u32 last = x->slots[i].last;
        x->slots[i].last = rid;
        __atomic_store_n(md_extra_cell(w->image, table, last, MDX_NEXT), rid, __ATOMIC_RELEASE);
        return;
    }
    index_put(x, key, rid, rid);
}

/* --- Rows --- */

static void shape_table(MdWriter *w, u32 table)
{
    MdTable *t = &w->image->tables[table];
    t->col_count = mdw_shapes[table].count;
    t->row_size = (u8)((t->col_count + MDX_COUNT) * 4u);
    t->sorted = false;
    for (u32 c = 0; c < t->col_count; c++) t->cols[c] = (MdCol){(u8)(c * 4), 4, mdw_shapes[table].kinds[c]};
}

static bool row_room(MdWriter *w, u32 table)
{
    MdTable *t = &w->image->tables[table];
    u32 *cap = &w->row_cap[table];
    if (t->rows < *cap) return true;
    if (t->rows >= MAX_ROWS) {
        w->full = true;
        return false;
    }
    *cap = *cap ? *cap * 2 : 4;
    void *p = grow(w, (void *)(uintptr_t)t->base, (size_t)t->rows * t->row_size, (size_t)*cap * t->row_size);
    __atomic_store_n(&t->base, (const u8 *)p, __ATOMIC_RELEASE);
    return true;
}

u32 mdw_add(MdWriter *w, u32 table, const u32 *cells)
{
    MdTable *t = &w->image->tables[table];
    if (!row_room(w, table)) return 0;
    u32 rid = t->rows + 1, *row = (u32 *)(uintptr_t)(t->base + (size_t)t->rows * t->row_size);
    for (u32 c = 0; c < t->col_count; c++) row[c] = t->cols[c].kind == MDK_U2 ? cells[c] & 0xFFFF : cells[c];
    memset(row + t->col_count, 0, MDX_COUNT * sizeof *row);
    w->image->valid |= 1ull << table;
    __atomic_store_n(&t->rows, rid, __ATOMIC_RELEASE);
    int key = md_key_column(table);
    if (key >= 0) index_add(w, md_index_key(table, cells[key]), table, rid);
    return rid;
}

typedef struct RowKey {
    const MdTable *t;
    const u32 *cells;
} RowKey;

static bool same_row(const void *arg, u32 at)
{
    const RowKey *k = arg;
    return memcmp(k->t->base + (size_t)(at - 1) * k->t->row_size, k->cells, k->t->col_count * 4u) == 0;
}

u32 mdw_intern(MdWriter *w, u32 table, const u32 *cells)
{
    MdTable *t = &w->image->tables[table];
    u32 hash = base_hash_bytes(cells, t->col_count * 4u);
    MdwSlot *slot = set_find(&w->row_sets[table], hash, same_row, &(RowKey){t, cells});
    if (slot->at) return slot->at;
    u32 rid = mdw_add(w, table, cells);
    if (rid) set_fill(&w->row_sets[table], slot, hash, rid);
    return rid;
}

void mdw_set(MdWriter *w, u32 table, u32 rid, u32 col, u32 value)
{
    const MdTable *t = &w->image->tables[table];
    CHECK(rid - 1 < t->rows && col < t->col_count);
    if (t->cols[col].kind == MDK_U2) value &= 0xFFFF;
    __atomic_store_n((u32 *)(uintptr_t)(t->base + (size_t)(rid - 1) * t->row_size) + col, value, __ATOMIC_RELEASE);
}

u32 mdw_put(MdWriter *w, u32 table, const u32 *cells)
{
    int key = md_key_column(table);
    u32 rid = md_find_row(w->image, table, (u32)key, cells[key]);
    if (!rid) return mdw_add(w, table, cells);
    for (u32 c = 0; c < w->image->tables[table].col_count; c++)
        if ((int)c != key) mdw_set(w, table, rid, c, cells[c]);
    return rid;
}

u32 mdw_coded(MdKind kind, u32 token)
{
    u32 v;
    return MD_RID(token) && md_encode(kind, token, &v) ? v : 0;
}

/* --- Types and members --- */

static void set_extra(MdWriter *w, u32 table, u32 rid, u32 which, u32 value)
{
    __atomic_store_n(md_extra_cell(w->image, table, rid, which), value, __ATOMIC_RELEASE);
}

static u64 open_key(u32 table, u32 owner) { return (u64)table << 32 | owner; }

static MdwList *open_list(const MdWriter *w, u32 table, u32 owner)
{
    u64 i = 0;
    return map64_get(&w->open, open_key(table, owner), &i) ? &w->lists.data[i] : NULL;
}

static void list_add(MdWriter *w, u32 table, u32 owner, u32 rid)
{
    MdwList *l = open_list(w, table, owner);
    if (!l) {
        u32 i = w->lists.len;
        if (w->free_lists.len) i = vec_pop(&w->free_lists);
        else vec_push(&w->lists, ((MdwList){0}));
        map64_put(&w->open, open_key(table, owner), i);
        l = &w->lists.data[i];
    }
    vec_push(l, rid);
}

u32 mdw_typedef(MdWriter *w, u32 flags, const char *name, const char *ns, u32 extends_token, u32 enclosing_rid)
{
    u32 rid = MDW_ADD(w, TypeDef, flags, mdw_string(w, name), mdw_string(w, ns), mdw_coded(MDK_TypeDefOrRef, extends_token), 0, 0);
    if (rid && enclosing_rid) MDW_ADD(w, NestedClass, rid, enclosing_rid);
    return rid;
}

static u32 add_member(MdWriter *w, u32 table, u32 owner_table, u32 owner, const u32 *cells)
{
    u32 type = owner_table == MDT_MethodDef ? md_extra(w->image, MDT_MethodDef, owner, MDX_OWNER) : owner;
    if (!type || owner - 1 >= md_rows(w->image, owner_table) || md_extra(w->image, MDT_TypeDef, type, MDX_DONE)) return 0;
    u32 rid = mdw_add(w, table, cells);
    if (!rid) return 0;
    set_extra(w, table, rid, MDX_OWNER, owner);
    list_add(w, table, owner, rid);
    return rid;
}

u32 mdw_field(MdWriter *w, u32 type, u32 flags, const char *name, u32 sig)
{
    return add_member(w, MDT_Field, MDT_TypeDef, type, (const u32[]){flags, mdw_string(w, name), sig});
}

u32 mdw_method(MdWriter *w, u32 type, u32 rva, u32 impl, u32 flags, const char *name, u32 sig)
{
    return add_member(w, MDT_MethodDef, MDT_TypeDef, type, (const u32[]){rva, impl, flags, mdw_string(w, name), sig, 0});
}

u32 mdw_param(MdWriter *w, u32 method, u32 flags, u32 sequence, const char *name)
{
    return add_member(w, MDT_Param, MDT_MethodDef, method, (const u32[]){flags, sequence, mdw_string(w, name)});
}

u32 mdw_property(MdWriter *w, u32 type, u32 flags, const char *name, u32 sig)
{
    return add_member(w, MDT_Property, MDT_TypeDef, type, (const u32[]){flags, mdw_string(w, name), sig});
}

u32 mdw_event(MdWriter *w, u32 type, u32 flags, const char *name, u32 type_token)
{
    return add_member(w, MDT_Event, MDT_TypeDef, type, (const u32[]){flags, mdw_string(w, name), mdw_coded(MDK_TypeDefOrRef, type_token)});
}

u32 mdw_find_param(const MdWriter *w, u32 method, u32 sequence)
{
    const MdwList *l = open_list(w, MDT_Param, method);
    for (u32 i = 0; l && i < l->len; i++)
        if (md_Param_Sequence(w->image, l->data[i]) == sequence) return l->data[i];
    return 0;
}

/* Moves the open list of an owner to the end of a Ptr table.  Its first place; *end one past it. */
static u32 close_list(MdWriter *w, u32 table, u32 ptr, u32 owner, u32 *end)
{
    MdwList *l = open_list(w, table, owner);
    u32 first = md_rows(w->image, ptr) + 1;
    for (u32 i = 0; l && i < l->len; i++) {
        u32 at = mdw_add(w, ptr, &l->data[i]);
        set_extra(w, table, l->data[i], MDX_POS, at);
    }
    if (l) {
        vec_free(l);
        vec_push(&w->free_lists, (u32)(l - w->lists.data));
        map64_remove(&w->open, open_key(table, owner));
    }
    *end = md_rows(w->image, ptr) + 1;
    return first;
}

static void sort_params(MdWriter *w, MdwList *l)
{
    for (u32 i = 1; l && i < l->len; i++)
        for (u32 k = i; k > 0 && md_Param_Sequence(w->image, l->data[k]) < md_Param_Sequence(w->image, l->data[k - 1]); k--) {
            u32 x = l->data[k];
            l->data[k] = l->data[k - 1];
            l->data[k - 1] = x;
        }
}

static void close_map(MdWriter *w, u32 map, u32 table, u32 ptr, u32 type)
{
    u32 end;
    if (!open_list(w, table, type)) return;
    u32 first = close_list(w, table, ptr, type, &end);
    u32 rid = mdw_add(w, map, (const u32[]){type, first});
    if (rid) set_extra(w, map, rid, MDX_LIST_END, end);
}

bool mdw_finish_type(MdWriter *w, u32 type)
{
    MdImage *m = w->image;
    u32 end;
    if (type - 1 >= md_rows(m, MDT_TypeDef) || md_extra(m, MDT_TypeDef, type, MDX_DONE)) return false;
    MdwList *methods = open_list(w, MDT_MethodDef, type);
    for (u32 i = 0; methods && i < methods->len; i++) {
        u32 rid = methods->data[i];
        sort_params(w, open_list(w, MDT_Param, rid));
        mdw_set(w, MDT_MethodDef, rid, MDC_MethodDef_ParamList, close_list(w, MDT_Param, MDT_ParamPtr, rid, &end));
        set_extra(w, MDT_MethodDef, rid, MDX_PARAMS_END, end);
    }
    mdw_set(w, MDT_TypeDef, type, MDC_TypeDef_FieldList, close_list(w, MDT_Field, MDT_FieldPtr, type, &end));
    set_extra(w, MDT_TypeDef, type, MDX_FIELDS_END, end);
    mdw_set(w, MDT_TypeDef, type, MDC_TypeDef_MethodList, close_list(w, MDT_MethodDef, MDT_MethodPtr, type, &end));
    set_extra(w, MDT_TypeDef, type, MDX_METHODS_END, end);
    close_map(w, MDT_PropertyMap, MDT_Property, MDT_PropertyPtr, type);
    close_map(w, MDT_EventMap, MDT_Event, MDT_EventPtr, type);
    set_extra(w, MDT_TypeDef, type, MDX_DONE, 1);
    const char *ns = md_typedef_namespace(m, type), *name = md_typedef_name(m, type);
    index_add(w, md_index_key(MD_INDEX_NAMES, md_name_hash(md_enclosing(m, type), ns, strlen(ns), name, strlen(name))), MDT_TypeDef, type);
    return true;
}

/* --- Life --- */

MdWriter *mdw_new(void)
{
    MdWriter *w = base_calloc(1, sizeof *w);
    w->image = &w->own;
    for (u32 i = 0; i < MDT_COUNT; i++) shape_table(w, i);
    index_grow(w);
    w->own.version = "v4.0.30319";
    w->own.schema_major = 2;
    MdwHeap *const heaps[] = {&w->strings, &w->us, &w->blobs};
    for (u32 i = 0; i < ARRAY_LEN(heaps); i++) {
        heap_room(w, heaps[i], 1);
        put(heaps[i], "", 1);
    }
    show_heaps(w);
    return w;
}

void mdw_attach(MdWriter *w, MdImage *m)
{
    MdImage *own = &w->own;
    CHECK(!w->attached);
    w->attached = true;
    w->image = m;
    m->index = own->index;
    memcpy(m->tables, own->tables, sizeof m->tables);
    m->valid = own->valid;
    m->sorted = 0;
    m->uncompressed = true;
    m->pdb = NULL;
    m->pdb_size = 0;
    show_heaps(w);
}

const MdImage *mdw_image(const MdWriter *w) { return w->image; }

bool mdw_full(const MdWriter *w)
{
    bool was = w->full;
    ((MdWriter *)(uintptr_t)w)->full = false;
    return was;
}

void mdw_free(MdWriter *w)
{
    if (!w) return;
    for (u32 i = 0; i < w->retired.len; i++) base_free(w->retired.data[i]);
    vec_free(&w->retired);
    for (u32 i = 0; i < MDT_COUNT; i++) {
        base_free((void *)(uintptr_t)w->image->tables[i].base);
        base_free(w->row_sets[i].slots);
    }
    base_free((void *)(uintptr_t)w->image->index);
    md_close(w->image);
    MdwHeap *const heaps[] = {&w->strings, &w->us, &w->blobs, &w->guids};
    for (u32 i = 0; i < ARRAY_LEN(heaps); i++) base_free(heaps[i]->base);
    MdwSet *const sets[] = {&w->string_set, &w->us_set, &w->blob_set};
    for (u32 i = 0; i < ARRAY_LEN(sets); i++) base_free(sets[i]->slots);
    for (u32 i = 0; i < w->lists.len; i++) vec_free(&w->lists.data[i]);
    vec_free(&w->lists);
    vec_free(&w->free_lists);
    map64_free(&w->open);
    base_free(w);
}
