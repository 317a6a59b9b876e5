/* type_static.c: blocks of static and thread-static fields, data of fields with an RVA.
 * A block holds its reference-bearing fields first; they are registered with the collector when it is made.  Blocks of a
 * collectible context are objects that do not move, held by its keeper: what static fields refer to does not keep the context alive.
 * Book: type.md  Tests: tests/unit/type/ */
#include "os/os_thread.h"
#include "pe/pe.h"
#include "type/type_int.h"

static char empty_block[16] __attribute__((aligned(16)));

static char *make_statics(MethodTable *mt)
{
    MtClass *k = mt->klass;
    Err e = {0};
    if (!statics_layout(k, &e))
        return NULL;
    if (!k->statics_size)
        return empty_block;
    LoadContext *alc = alc_of(mt);
    char *p = type_alloc(alc, HEAP_HOT, k->statics_size + 8);
    p = (char *)ALIGN_UP((uintptr_t)p, (uintptr_t)16);
    if (k->num_statics_runs)
        gc_root_block_add(type_client.neutral ? thread_current()->domain : alc->domain, p, k->statics_runs, k->num_statics_runs);
    return p;
}

/* A block as an object: `skip` bytes lie before it. */
static char *block_object(MethodTable *mt, const void *of, u32 size, const GcRun *runs, u32 num_runs, GcHandle *slot)
{
    LoadContext *alc = alc_of(mt);
    type_lock();
    MethodTable *shape = block_shape(alc, of, size, OBJ_DATA, runs, num_runs);
    type_unlock();
    return (char *)type_context_object(alc, shape, shape->base_size, slot) + OBJ_DATA;
}

/* Out of the lock, as it may collect; the first one made is used. */
static char *collectible_statics(MethodTable *mt, char **cell)
{
    MtClass *k = mt->klass;
    char *p = empty_block, *none = NULL;
    GcHandle slot;
    if (!(LOADED(bool, (Err *)NULL, statics_layout(k, LE))))
        return NULL;
    if (k->statics_size)
        p = block_object(mt, NULL, k->statics_size, k->statics_runs, k->num_statics_runs, &slot);
    return __atomic_compare_exchange_n(cell, &none, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ? p : none;
}

static char **statics_cell(MethodTable *mt)
{
    return type_client.neutral ? &type_in_domain(mt)->statics : &mt->aux->statics;
}

char *type_statics_if_made(MethodTable *mt) { return __atomic_load_n(statics_cell(mt), __ATOMIC_ACQUIRE); }

char *type_statics(MethodTable *mt)
{
    char **cell = statics_cell(mt), *p = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (LIKELY(p != NULL))
        return p;
    if (mt->flags & MTF_COLLECTIBLE)
        p = collectible_statics(mt, cell);
    else
        p = LOADED(char *, (Err *)NULL, ({
                   char *x = *cell;
                   if (!x && (x = make_statics(mt)))
                       __atomic_store_n(cell, x, __ATOMIC_RELEASE);
                   x;
               }));
    if (!p) {
        char name[200];
        type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        base_fatal(EXIT_UNHANDLED, "static fields of %s cannot be laid out", name);
    }
    return p;
}

/* --- Thread statics: Thread.tls_blocks is followed by as many descriptions. --------------------------------------------- */
typedef struct TlsBlock {
    void *memory;       /* NULL: the block is an object of alc, and may be dead when alc is */
    GcRootBlock *roots; /* of memory, or NULL */
    GcHandle slot;      /* holds the object */
    LoadContext *alc;
} TlsBlock;
/* Those of a domain that the thread is not in just now. */
typedef struct TlsSet {
    struct TlsSet *next;
    Domain *domain;
    void **blocks;
    u32 count;
} TlsSet;
static TlsBlock **descriptions(Thread *t) { return (TlsBlock **)t->tls_blocks + t->tls_count; }

static u32 tls_indices;      /* under the lock; 0 is not used */
static VEC(u32) free_indices; /* the same */

static u32 tls_index(MethodTable *mt)
{
    u32 i = __atomic_load_n(&mt->aux->tls_index, __ATOMIC_ACQUIRE);
    if (i)
        return i;
    (void)LOADED(bool, (Err *)NULL, statics_layout(mt->klass, LE));
    type_lock();
    if (!(i = mt->aux->tls_index)) {
        i = free_indices.len ? vec_pop(&free_indices) : ++tls_indices;
        if (mt->flags & MTF_COLLECTIBLE)
            note_tls_index(alc_of(mt), i);
        __atomic_store_n(&mt->aux->tls_index, i, __ATOMIC_RELEASE);
    }
    type_unlock();
    return i;
}

static void grow_blocks(Thread *t, u32 need)
{
    u32 n = MAX(need, t->tls_count * 2);
    void **v = base_calloc(2 * n, sizeof *v), **old = t->tls_blocks;
    if (t->tls_count) {
        memcpy(v, old, t->tls_count * sizeof *v);
        memcpy(v + n, descriptions(t), t->tls_count * sizeof *v);
    }
    __atomic_store_n(&t->tls_blocks, v, __ATOMIC_RELEASE);
    __atomic_store_n(&t->tls_count, n, __ATOMIC_RELEASE);
    base_free(old);
}

char *type_thread_statics(MethodTable *mt, Thread *t)
{
    u32 i = tls_index(mt);
    if (i < t->tls_count && t->tls_blocks[i])
        return t->tls_blocks[i];
    MtClass *k = mt->klass;
    TlsBlock *d = base_calloc(1, sizeof *d);
    char *block;
    if (mt->flags & MTF_COLLECTIBLE) {
        d->alc = alc_of(mt);
        block = block_object(mt, mt, k->tls_size, k->tls_runs, k->num_tls_runs, &d->slot);
    } else {
        block = d->memory = base_calloc(1, k->tls_size + 8);
        if (k->num_tls_runs)
            d->roots = gc_root_block_add(t->domain ? t->domain : alc_of(mt)->domain, block, k->tls_runs, k->num_tls_runs);
    }
    if (i >= t->tls_count)
        grow_blocks(t, i + 16);
    descriptions(t)[i] = d;
    return t->tls_blocks[i] = block;
}

typedef struct TlsDead {
    const u32 *indices;
    u32 n;
} TlsDead;

static void drop_of(void **blocks, u32 count, const TlsDead *dead)
{
    for (u32 k = 0; k < dead->n; k++) {
        u32 i = dead->indices[k];
        if (i >= count)
            continue;
        base_free(blocks[count + i]);
        blocks[count + i] = NULL;
        blocks[i] = NULL;
    }
}

static void drop_blocks(Thread *t, void *arg)
{
    drop_of(t->tls_blocks, t->tls_count, arg);
    for (TlsSet *s = t->tls_sets; s; s = s->next)
        drop_of(s->blocks, s->count, arg);
}

void tls_forget(const u32 *indices, u32 n)
{
    TlsDead d = {indices, n};
    if (!n)
        return;
    thread_for_each(drop_blocks, &d);
    for (u32 i = 0; i < n; i++)
        vec_push(&free_indices, indices[i]);
}

/* Cooperative.  The set of the domain that is left is kept for the way back. */
void type_enter_domain(Thread *t, Domain *to)
{
    if (t->domain == to)
        return;
    TlsSet **p = &t->tls_sets, *s;
    while (*p && (*p)->domain != to)
        p = &(*p)->next;
    if ((s = *p))
        *p = s->next;
    else
        s = base_calloc(1, sizeof *s);
    TlsSet left = {.domain = t->domain, .blocks = t->tls_blocks, .count = t->tls_count};
    t->domain = to;
    t->tls_blocks = s->blocks;
    t->tls_count = s->count;
    *s = left;
    s->next = t->tls_sets;
    t->tls_sets = s;
}

/* A context that is dead, and not unloaded yet, has no slots any more. */
static void free_set(void **blocks, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        TlsBlock *d = blocks[count + i];
        if (!d)
            continue;
        Object *volatile keeper = d->alc ? type_context_keeper(d->alc) : NULL;
        if (keeper)
            type_context_handle_clear(d->alc, d->slot);
        if (d->roots)
            gc_root_block_remove(d->roots);
        base_free(d->memory);
        base_free(d);
    }
    base_free(blocks);
}

/* Cooperative. */
void type_thread_detach(Thread *t)
{
    free_set(t->tls_blocks, t->tls_count);
    t->tls_blocks = NULL;
    t->tls_count = 0;
    for (TlsSet *s; (s = t->tls_sets);) {
        t->tls_sets = s->next;
        free_set(s->blocks, s->count);
        base_free(s);
    }
}

/* --- Numbers in Domain.neutral_table ----------------------------------------------------------------------------------- */
static OsMutex numbers_lock = OS_MUTEX_INIT; /* nothing is called under it; cooperative threads may take it */
static Map64 numbers;
static u32 last_number;
static VEC(u32) free_numbers;

u32 type_domain_slot(const void *what)
{
    u64 key = (u64)(uintptr_t)what, i = 0;
    os_mutex_lock(&numbers_lock);
    if (!key || !map64_get(&numbers, key, &i)) {
        i = free_numbers.len ? vec_pop(&free_numbers) : ++last_number;
        if (key)
            map64_put(&numbers, key, i);
    }
    os_mutex_unlock(&numbers_lock);
    CHECKF(i < DOMAIN_SLOTS_MAX, "too many literals");
    return (u32)i;
}

void domain_slot_free(Domain *d, u32 number)
{
    if (d->neutral_table)
        d->neutral_table[number] = NULL;
    os_mutex_lock(&numbers_lock);
    vec_push(&free_numbers, number);
    os_mutex_unlock(&numbers_lock);
}

void numbers_forget(Domain *d)
{
    VEC(u64) dead = {0};
    for (u32 i = 0; i < numbers.cap; i++)
        if (numbers.keys[i] && type_is_dying((void *)(uintptr_t)numbers.keys[i]))
            vec_push(&dead, numbers.keys[i]);
    for (u32 i = 0; i < dead.len; i++) {
        domain_slot_free(d, (u32)(uintptr_t)map64_ptr(&numbers, dead.data[i]));
        map64_remove(&numbers, dead.data[i]);
    }
    vec_free(&dead);
}

enum { SECTION_COPY_MAX = 1 << 20 };
/* A writable copy of the section that the data lies in, at the data's place: fields of one section keep their distances, as compilers that
 * lay their own globals out rely on.  NULL: the section is too large for that. */
static char *section_copy(Module *m, u32 rva)
{
    u32 start, size, in_file = 0;
    if (!pe_section_of(m->pe, rva, &start, &size) || size > SECTION_COPY_MAX)
        return NULL;
    u64 key = (1ull << 32) | start; /* beside the tokens' numbers */
    char *copy = map64_ptr(&m->rva_copies, key);
    if (!copy) {
        const u8 *p = pe_rva_data(m->pe, start, size, &in_file);
        copy = type_alloc(m->alc, HEAP_HOT, size + 32);
        copy = (char *)ALIGN_UP((uintptr_t)copy, (uintptr_t)16) + start % 16;
        memcpy(copy, p, MIN(size, in_file));
        map64_put(&m->rva_copies, key, (u64)(uintptr_t)copy);
    }
    return copy + (rva - start);
}

/* Data of an RVA field: in the image when nobody may write it there, else a copy made once. */
static void *rva_address(MethodTable *owner, Field *f)
{
    Module *m = owner->module;
    u32 size = f->size ? f->size : 1, in_file = 0;
    const u8 *p = pe_rva_data(m->pe, f->offset, size, &in_file);
    if (!p)
        return NULL;
    if ((f->flags & FF_INITONLY) && in_file >= size && ((uintptr_t)p & 7) == 0)
        return (void *)(uintptr_t)p;
    bool own = type_client.neutral && !(f->flags & FF_INITONLY); /* each domain has its own */
    void **cell = own ? &thread_current()->domain->neutral_table[type_domain_slot(f)] : NULL;
    type_lock();
    char *copy = own ? *cell : map64_ptr(&m->rva_copies, MD_RID(f->token));
    if (!copy && !own && (copy = section_copy(m, f->offset)) != NULL)
        map64_put(&m->rva_copies, MD_RID(f->token), (u64)(uintptr_t)copy);
    if (!copy) {
        copy = type_alloc(m->alc, HEAP_HOT, size + 16);
        copy = (char *)ALIGN_UP((uintptr_t)copy, (uintptr_t)16);
        memcpy(copy, p, MIN(size, in_file));
        if (own)
            __atomic_store_n(cell, copy, __ATOMIC_RELEASE);
        else
            map64_put(&m->rva_copies, MD_RID(f->token), (u64)(uintptr_t)copy);
    }
    type_unlock();
    return copy;
}

void *type_static_address(MethodTable *owner, Field *f, Thread *t)
{
    if (!(LOADED(bool, (Err *)NULL, statics_layout(owner->klass, LE))))
        return NULL;
    if (f->flags & FF_RVA)
        return rva_address(owner, f);
    if (f->flags & FF_THREAD_STATIC)
        return type_thread_statics(owner, t) + f->offset;
    return type_statics(owner) + f->offset;
}
