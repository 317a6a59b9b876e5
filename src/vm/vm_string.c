/* vm_string.c: strings from C, literals, the intern table of a domain.
 * Literals are frozen objects: they never move, so code may hold their addresses.  A string that the program interns first
 * stays where it is and is held by a handle.  Literals of collectible contexts lie in the pinned space and go with the last context that names
 * them, unless others came to use them meanwhile.  Lock: the table's own; nothing is called under it that blocks or collects.
 * Book: vm.md  Tests: tests/app */
#include "vm/vm.h"

#include "os/os_thread.h"
#include "vm/vm_unload.h"

/* val: frozen String *, or GcHandle with bit 0 set; 0: empty */
typedef struct InternEntry {
    u32 hash;
    u32 owners; /* collectible contexts that hold it, or STAYS: it lies still and is there for good; 0: neither */
    uintptr_t val;
} InternEntry;
enum { STAYS = 1u << 31 };
struct Interned {
    OsMutex lock;
    InternEntry *entries;
    u32 len, cap;
    String *empty;
};

static Domain *here(void)
{
    Thread *t = thread_current();
    return t ? t->domain : vm_runtime.domain;
}

static struct Interned *table_of(Domain *d)
{
    struct Interned *n = __atomic_load_n(&d->interned, __ATOMIC_ACQUIRE), *fresh;
    if (LIKELY(n != NULL))
        return n;
    fresh = base_calloc(1, sizeof *fresh);
    os_mutex_init(&fresh->lock);
    fresh->cap = 512;
    fresh->entries = base_calloc(fresh->cap, sizeof *fresh->entries);
    n = NULL;
    if (__atomic_compare_exchange_n(&d->interned, &n, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    base_free(fresh->entries);
    base_free(fresh);
    return n;
}

static struct Interned *table(void) { return table_of(here()); }

static String *entry_string(const InternEntry *x)
{
    return x->val & 1 ? (String *)gc_handle_get((GcHandle)(x->val & ~(uintptr_t)1)) : (String *)x->val;
}

static InternEntry *find(struct Interned *n, const char16 *s, u32 len, u32 hash)
{
    for (u32 i = hash & (n->cap - 1);; i = (i + 1) & (n->cap - 1)) {
        InternEntry *x = &n->entries[i];
        if (!x->val)
            return x;
        if (x->hash != hash)
            continue;
        String *o = entry_string(x);
        if ((u32)o->length == len && memcmp(o->chars, s, len * sizeof *s) == 0)
            return x;
    }
}

static void grow(struct Interned *n)
{
    InternEntry *old = n->entries;
    u32 cap = n->cap;
    n->cap = cap * 2;
    n->entries = base_calloc(n->cap, sizeof *n->entries);
    for (u32 i = 0; i < cap; i++) {
        if (!old[i].val)
            continue;
        u32 k = old[i].hash & (n->cap - 1);
        while (n->entries[k].val)
            k = (k + 1) & (n->cap - 1);
        n->entries[k] = old[i];
    }
    base_free(old);
}

static void added(struct Interned *n)
{
    if (++n->len * 2 > n->cap)
        grow(n);
}

static String *frozen(const char16 *s, u32 len)
{
    MethodTable *mt = type_wk(WK_STRING);
    String *o = (String *)gc_alloc_frozen(mt, mt->base_size + (size_t)len * sizeof *s);
    memcpy(o->chars, s, len * sizeof *s);
    __atomic_store_n(&o->length, (i32)len, __ATOMIC_RELEASE);
    return o;
}

/* The interned string with this content; a frozen one is made when there is none. s need not be aligned. */
static String *intern_frozen(const char16 *s, u32 len)
{
    struct Interned *n = table();
    u32 hash = base_hash_bytes(s, len * sizeof *s);
    os_mutex_lock(&n->lock);
    InternEntry *x = find(n, s, len, hash);
    String *o;
    if (x->val) {
        o = entry_string(x);
        if (x->val & 1) { /* interned by the program before: keep its identity; it has to be frozen, so pin it */
            GcHandle h = (GcHandle)(x->val & ~(uintptr_t)1);
            if (x->owners) {
                x->owners = STAYS;
            } else if (gc_handle_kind(h) != GC_HANDLE_PINNED) {
                GcHandle p = gc_handle_new(here(), GC_HANDLE_PINNED, (Object *)o);
                x->val = (uintptr_t)p | 1;
                gc_handle_free(h);
            }
        }
    } else {
        o = frozen(s, len);
        *x = (InternEntry){.hash = hash, .val = (uintptr_t)o};
        added(n);
    }
    os_mutex_unlock(&n->lock);
    return o;
}

/* The same for a literal of a collectible context's code.  Either mode; may collect. */
static String *intern_collectible(LoadContext *alc, const char16 *s, u32 len)
{
    Thread *t = thread_current();
    bool was_preemptive = t->mode == THREAD_PREEMPTIVE;
    if (was_preemptive)
        thread_enter_cooperative(t);
    struct Interned *n = table_of(alc->domain);
    u32 hash = base_hash_bytes(s, len * sizeof *s);
    String *o = NULL, *made = NULL;
    for (;;) {
        os_mutex_lock(&n->lock);
        InternEntry *x = find(n, s, len, hash);
        if (!x->val && made) {
            *x = (InternEntry){.hash = hash, .owners = 1, .val = (uintptr_t)gc_handle_new(alc->domain, GC_HANDLE_STRONG, (Object *)made) | 1};
            vm_context_note_literal(alc, hash, (GcHandle)(x->val & ~(uintptr_t)1));
            added(n);
            o = made;
        } else if (x->val && x->owners && x->owners != STAYS) {
            x->owners++;
            vm_context_note_literal(alc, hash, (GcHandle)(x->val & ~(uintptr_t)1));
            o = entry_string(x);
        }
        bool other = x->val && !o;
        os_mutex_unlock(&n->lock);
        if (other)
            o = intern_frozen(s, len);
        if (o)
            break;
        MethodTable *mt = type_wk(WK_STRING);
        made = (String *)gc_alloc_array(t, mt, len, GC_ALLOC_PINNED);
        if (!made)
            base_fatal(EXIT_UNHANDLED, "out of memory for a string literal");
        memcpy(made->chars, s, len * sizeof *s);
    }
    if (was_preemptive)
        thread_enter_preemptive(t);
    return o;
}

void vm_literal_release(Domain *d, u32 hash, GcHandle h)
{
    struct Interned *n = table_of(d);
    os_mutex_lock(&n->lock);
    u32 mask = n->cap - 1, i = hash & mask;
    while (n->entries[i].val && n->entries[i].val != ((uintptr_t)h | 1))
        i = (i + 1) & mask;
    InternEntry *x = &n->entries[i];
    bool last = x->val && x->owners && x->owners != STAYS && --x->owners == 0;
    if (last) { /* what was put behind it comes forward */
        for (u32 k = (i + 1) & mask; n->entries[k].val; k = (k + 1) & mask) {
            u32 home = n->entries[k].hash & mask;
            if (((k - home) & mask) >= ((k - i) & mask)) {
                n->entries[i] = n->entries[k];
                i = k;
            }
        }
        n->entries[i] = (InternEntry){0};
        n->len--;
    }
    os_mutex_unlock(&n->lock);
    if (last)
        gc_handle_free(h);
}

static String *intern_for(LoadContext *alc, const char16 *s, u32 len)
{
    return alc && alc->collectible && len ? intern_collectible(alc, s, len) : intern_frozen(s, len);
}

Object *vm_empty_string(void)
{
    struct Interned *n = table();
    String *s = __atomic_load_n(&n->empty, __ATOMIC_ACQUIRE);
    if (UNLIKELY(!s)) {
        static const char16 none[1];
        s = intern_frozen(none, 0);
        __atomic_store_n(&n->empty, s, __ATOMIC_RELEASE);
    }
    return (Object *)s;
}

String *vm_string_new(Thread *t, const char16 *s, u32 n)
{
    if (n == 0)
        return (String *)vm_empty_string();
    if (n > 0x3fffffdf) {
        vm_throwf(t, VM_ERR_OUT_OF_MEMORY, "Insufficient memory to continue the execution of the program.");
        return NULL;
    }
    String *o = (String *)gc_alloc_array(t, type_wk(WK_STRING), n, 0);
    if (!o) {
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
        return NULL;
    }
    if (s)
        memcpy(o->chars, s, n * sizeof *s);
    return o;
}

String *vm_string_utf8n(Thread *t, const char *s, size_t n)
{
    size_t len = utf8_to_utf16_len(s, n);
    if (len == 0)
        return (String *)vm_empty_string();
    String *o = vm_string_new(t, NULL, (u32)MIN(len, (size_t)0x7fffffff));
    if (o)
        utf8_to_utf16(s, n, o->chars);
    return o;
}

String *vm_string_utf8(Thread *t, const char *s)
{
    return vm_string_utf8n(t, s, strlen(s));
}

char *vm_string_to_utf8(const String *s)
{
    return utf16_dup_utf8(s->chars, (size_t)s->length);
}

static Object *stub_literal(struct IlStub *stub, u32 token)
{
    u32 i = token & 0xffffff;
    CHECK(i < stub->num_tokens && stub->tokens[i].kind == STUB_TOKEN_STRING);
    String *s = (String *)gc_handle_get(stub->tokens[i].string);
    u32 n = (u32)s->length;
    if (gc_in_heap(s)) { /* the table's lock may be waited for: copy first */
        char16 *copy = base_malloc((n + 1) * sizeof *copy);
        memcpy(copy, s->chars, n * sizeof *copy);
        String *o = intern_for(stub->alc, copy, n);
        base_free(copy);
        return (Object *)o;
    }
    return (Object *)intern_for(stub->alc, s->chars, n);
}

static OsMutex literal_lock = OS_MUTEX_INIT; /* Module.literals */

u32 vm_literal_index(Module *m, u32 token)
{
    os_mutex_lock(&literal_lock);
    u64 i = 0;
    if (!map64_get(&m->literals, token, &i)) {
        i = type_domain_slot(NULL);
        map64_put(&m->literals, token, i);
    }
    os_mutex_unlock(&literal_lock);
    return (u32)i;
}

static Object *make_literal(Module *m, u32 token)
{
    u32 n = 0;
    const u8 *units = md_user_string(m->md, MD_RID(token), &n);
    char16 small[256], *s = n <= ARRAY_LEN(small) ? small : base_malloc(n * sizeof *s);
    if (units)
        memcpy(s, units, n * sizeof *s);
    else
        n = 0;
    Object *o = n ? (Object *)intern_for(m->alc, s, n) : vm_empty_string();
    if (s != small)
        base_free(s);
    return o;
}

Object *vm_string_literal(Module *m, u32 token, struct IlStub *stub)
{
    if (stub)
        return stub_literal(stub, token);
    if (vm_runtime.neutral) {
        void **cell = &here()->neutral_table[vm_literal_index(m, token)];
        Object *o = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
        if (!o)
            __atomic_store_n(cell, o = make_literal(m, token), __ATOMIC_RELEASE); /* interned: the same for everybody */
        return o;
    }
    os_mutex_lock(&literal_lock);
    Object *o = map64_ptr(&m->literals, token);
    os_mutex_unlock(&literal_lock);
    if (o)
        return o;
    o = make_literal(m, token);
    os_mutex_lock(&literal_lock);
    map64_put(&m->literals, token, (u64)(uintptr_t)o);
    os_mutex_unlock(&literal_lock);
    return o;
}

String *vm_string_intern(Thread *t, String *s, bool add)
{
    struct Interned *n = table();
    (void)t;
    u32 hash = base_hash_bytes(s->chars, (u32)s->length * sizeof *s->chars);
    os_mutex_lock(&n->lock);
    InternEntry *x = find(n, s->chars, (u32)s->length, hash);
    String *o = x->val ? entry_string(x) : NULL;
    if (x->owners)
        x->owners = STAYS; /* whoever asks may keep it */
    if (!o && add) {
        o = s;
        *x = (InternEntry){.hash = hash, .val = (uintptr_t)gc_handle_new(here(), GC_HANDLE_STRONG, (Object *)s) | 1};
        added(n);
    }
    os_mutex_unlock(&n->lock);
    return o;
}
