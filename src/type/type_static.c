/* type_static.c: blocks of static and thread-static fields, data of fields with an RVA.
 * A block holds its reference-bearing fields first; they are registered with the collector when it is made.
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

/* --- Thread statics: a header before each block remembers its registration. -------------------------------------------- */
typedef struct TlsHeader {
    GcRootBlock *roots;
    u64 pad;
} TlsHeader;
static u32 tls_indices; /* under the lock; 0 is not used */

static u32 tls_index(MethodTable *mt)
{
    u32 i = __atomic_load_n(&mt->aux->tls_index, __ATOMIC_ACQUIRE);
    if (i)
        return i;
    (void)LOADED(bool, (Err *)NULL, statics_layout(mt->klass, LE));
    type_lock();
    if (!(i = mt->aux->tls_index))
        __atomic_store_n(&mt->aux->tls_index, i = ++tls_indices, __ATOMIC_RELEASE);
    type_unlock();
    return i;
}

char *type_thread_statics(MethodTable *mt, Thread *t)
{
    u32 i = tls_index(mt);
    if (i < t->tls_count && t->tls_blocks[i])
        return t->tls_blocks[i];
    if (i >= t->tls_count) {
        u32 n = MAX(i + 16, t->tls_count * 2);
        void **v = base_calloc(n, sizeof *v);
        if (t->tls_count)
            memcpy(v, t->tls_blocks, t->tls_count * sizeof *v);
        void **old = t->tls_blocks;
        __atomic_store_n(&t->tls_blocks, v, __ATOMIC_RELEASE);
        __atomic_store_n(&t->tls_count, n, __ATOMIC_RELEASE);
        base_free(old);
    }
    MtClass *k = mt->klass;
    TlsHeader *h = base_calloc(1, sizeof *h + k->tls_size + 8);
    char *p = (char *)(h + 1);
    if (k->num_tls_runs)
        h->roots = gc_root_block_add(t->domain ? t->domain : alc_of(mt)->domain, p, k->tls_runs, k->num_tls_runs);
    t->tls_blocks[i] = p;
    return p;
}

void type_thread_detach(Thread *t)
{
    for (u32 i = 0; i < t->tls_count; i++) {
        if (!t->tls_blocks[i])
            continue;
        TlsHeader *h = (TlsHeader *)t->tls_blocks[i] - 1;
        if (h->roots)
            gc_root_block_remove(h->roots);
        base_free(h);
    }
    base_free(t->tls_blocks);
    t->tls_blocks = NULL;
    t->tls_count = 0;
}

/* --- Numbers in Domain.neutral_table ----------------------------------------------------------------------------------- */
u32 type_domain_slot(const void *what)
{
    static OsMutex lock = OS_MUTEX_INIT; /* nothing is called under it; cooperative threads may take it */
    static Map64 numbers;
    static u32 last;
    u64 key = (u64)(uintptr_t)what, i = 0;
    os_mutex_lock(&lock);
    if (!key || !map64_get(&numbers, key, &i)) {
        i = ++last;
        if (key)
            map64_put(&numbers, key, i);
    }
    os_mutex_unlock(&lock);
    CHECKF(i < DOMAIN_SLOTS_MAX, "too many literals");
    return (u32)i;
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
