/* type_cast.c: assignment compatibility of loaded types (§I.8.7), with a cache.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

/* --- Cache: direct mapped; version is odd while a writer is inside. --------------------------------------------------- */
enum { CAST_CACHE = 4096 };
static struct CastEntry {
    u64 version;
    TypeHandle from, to_and_result;
} cast_cache[CAST_CACHE];

static struct CastEntry *cast_entry(TypeHandle from, TypeHandle to)
{
    return &cast_cache[(((u64)from << 32 | (u64)from >> 32) ^ to) * 0x9E3779B97F4A7C15ull >> 52];
}

static bool cache_get(TypeHandle from, TypeHandle to, bool *r)
{
    struct CastEntry *c = cast_entry(from, to);
    u64 v = __atomic_load_n(&c->version, __ATOMIC_ACQUIRE);
    TypeHandle f = __atomic_load_n(&c->from, __ATOMIC_RELAXED), t = __atomic_load_n(&c->to_and_result, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if ((v & 1) || __atomic_load_n(&c->version, __ATOMIC_RELAXED) != v || f != from || (t & ~(TypeHandle)1) != to)
        return false;
    *r = t & 1;
    return true;
}

static void cache_put(TypeHandle from, TypeHandle to, bool r) /* under the lock */
{
    struct CastEntry *c = cast_entry(from, to);
    __atomic_store_n(&c->version, c->version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&c->from, from, __ATOMIC_RELAXED);
    __atomic_store_n(&c->to_and_result, to | r, __ATOMIC_RELAXED);
    __atomic_store_n(&c->version, c->version + 1, __ATOMIC_RELEASE);
}

void casts_forget(void)
{
    for (u32 i = 0; i < CAST_CACHE; i++) {
        struct CastEntry *c = &cast_cache[i];
        if (type_is_dying((void *)(c->from & ~TH_DESC_BIT)) || type_is_dying((void *)(c->to_and_result & ~(TH_DESC_BIT | 1))))
            c->from = c->to_and_result = 0;
    }
}

/* --- Rules --------------------------------------------------------------------------------------------------------------- */
static bool is_ref(TypeHandle th)
{
    if (!th_is_desc(th))
        return !mt_is_valuetype((MethodTable *)th);
    TypeDesc *d = th_desc(th);
    if (d->kind != TD_VAR && d->kind != TD_MVAR)
        return false;
    u32 flags = md_GenericParam_Flags(d->module->md, MD_RID(d->token));
    if (flags & GP_CLASS)
        return true;
    SigContext c;
    if (d->kind == TD_VAR)
        c = context_of(d->owner);
    else
        c = type_method_context(d->owner);
    MdIter it = md_constraints_of(d->module->md, MD_RID(d->token));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle k = load_token(&c, md_GenericParamConstraint_Constraint(d->module->md, r), NULL);
        if (k && !th_is_desc(k) && !mt_is_interface((MethodTable *)k) && !mt_is_valuetype((MethodTable *)k) &&
            k != th_of(type_wk(WK_OBJECT)) && k != th_of(type_wk(WK_VALUETYPE)) && k != th_of(type_wk(WK_ENUM)))
            return true;
    }
    return false;
}

bool variance_ok(MethodTable *from, MethodTable *to)
{
    MtClass *k = from->klass->typical->klass;
    if (from == to)
        return true;
    if (from->klass->typical != to->klass->typical || !k->variance)
        return false;
    for (u32 i = 0; i < k->num_generic; i++) {
        TypeHandle f = from->aux->inst[i], t = to->aux->inst[i];
        if (f == t)
            continue;
        if (k->variance[i] == GP_COVARIANT ? !(is_ref(f) && is_ref(t) && can_cast(f, t))
                                           : k->variance[i] != GP_CONTRAVARIANT || !(is_ref(f) && is_ref(t) && can_cast(t, f)))
            return false;
    }
    return true;
}

static u8 reduced(TypeHandle th) /* element kind without sign, for arrays (§I.8.7.1) */
{
    switch (type_elem_kind(th)) {
    case ET_I1: case ET_U1: return ET_U1;
    case ET_I2: case ET_U2: return ET_U2;
    case ET_I4: case ET_U4: return ET_U4;
    case ET_I8: case ET_U8: return ET_U8;
    case ET_I: case ET_U: return ET_U;
    default: return type_elem_kind(th);
    }
}

static bool elem_compatible(TypeHandle f, TypeHandle t)
{
    if (f == t)
        return true;
    if (is_ref(f))
        return is_ref(t) || !th_is_desc(t) ? !th_is_valuetype(t) && can_cast(f, t) : can_cast(f, t);
    if (th_is_desc(f) || th_is_desc(t))
        return th_is_desc(f) && can_cast(f, t);
    if (!th_is_valuetype(t))
        return false;
    u8 k = reduced(f);
    return k != ET_VALUETYPE && k != ET_TYPEDBYREF && k != ET_VOID && k == reduced(t);
}

static bool is_array_generic(MethodTable *iface)
{
    static MethodTable *defs[5];
    static const char *names[] = {"IList`1", "ICollection`1", "IEnumerable`1", "IReadOnlyList`1", "IReadOnlyCollection`1"};
    if (iface->klass->num_generic != 1 || !iface->module->assembly->is_corelib)
        return false;
    for (u32 i = 0; i < 5; i++) {
        if (!defs[i] && strcmp(iface->klass->name, names[i]) == 0 && strcmp(iface->klass->ns, "System.Collections.Generic") == 0)
            defs[i] = iface->klass->typical;
        if (defs[i] && iface->klass->typical == defs[i])
            return true;
    }
    return false;
}

bool implements(MethodTable *mt, MethodTable *iface)
{
    if (mt_is_szarray(mt) && iface->aux->inst && is_array_generic(iface))
        return elem_compatible(mt->elem, iface->aux->inst[0]);
    u32 n;
    MethodTable **v = interfaces_of(mt, &n, NULL);
    for (u32 i = 0; v && i < n; i++)
        if (v[i] == iface)
            return true;
    if (!(iface->flags2 & MT2_HAS_VARIANCE))
        return false;
    if (mt_is_interface(mt) && variance_ok(mt, iface))
        return true;
    for (u32 i = 0; v && i < n; i++)
        if (v[i]->klass->typical == iface->klass->typical && variance_ok(v[i], iface))
            return true;
    return false;
}

static bool desc_can_cast(TypeDesc *f, TypeHandle to)
{
    TypeDesc *t = th_desc(to);
    switch ((TypeDescKind)f->kind) {
    case TD_PTR:
        return t && t->kind == TD_PTR && elem_compatible(f->elem, t->elem) && !is_ref(f->elem);
    case TD_BYREF:
        return t && t->kind == TD_BYREF && elem_compatible(f->elem, t->elem) && !is_ref(f->elem);
    case TD_FNPTR:
        return false;
    case TD_VAR: case TD_MVAR:
        break;
    }
    if (to == th_of(type_wk(WK_OBJECT)))
        return true;
    SigContext c = f->kind == TD_VAR ? context_of(f->owner) : type_method_context(f->owner);
    MdIter it = md_constraints_of(f->module->md, MD_RID(f->token));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle k = load_token(&c, md_GenericParamConstraint_Constraint(f->module->md, r), NULL);
        if (k && k != ((TypeHandle)f | TH_DESC_BIT) && can_cast(k, to))
            return true;
    }
    return (md_GenericParam_Flags(f->module->md, MD_RID(f->token)) & GP_STRUCT) && to == th_of(type_wk(WK_VALUETYPE));
}

static bool compute(TypeHandle from, TypeHandle to)
{
    if (th_is_desc(from))
        return desc_can_cast(th_desc(from), to);
    if (th_is_desc(to))
        return false;
    MethodTable *f = (MethodTable *)from, *t = (MethodTable *)to;
    if (mt_is_nullable(t) && t->aux->inst[0] == from)
        return true;
    if (mt_is_interface(t))
        return implements(f, t);
    if (mt_is_interface(f))
        return t == type_wk(WK_OBJECT);
    if (mt_is_array(t)) {
        if (!mt_is_array(f) || f->klass->rank != t->klass->rank)
            return false;
        if (mt_is_szarray(f) != mt_is_szarray(t) && !(mt_is_szarray(f) && t->klass->rank == 1))
            return false;
        return elem_compatible(f->elem, t->elem);
    }
    for (MethodTable *p = f; p; p = p->parent)
        if (p == t || (p->klass->typical == t->klass->typical && (t->flags2 & MT2_HAS_VARIANCE) && variance_ok(p, t)))
            return true;
    return false;
}

static __thread u32 cast_depth;
bool can_cast(TypeHandle from, TypeHandle to)
{
    bool r;
    if (from == to)
        return true;
    if (cache_get(from, to, &r))
        return r;
    if (cast_depth > 64)
        return false;
    u32 before = load_misses();
    cast_depth++;
    r = compute(from, to);
    cast_depth--;
    if (r || (cast_depth == 0 && load_misses() == before)) /* else a no is not certain */
        cache_put(from, to, r);
    return r;
}

bool type_can_cast(TypeHandle from, TypeHandle to)
{
    bool r;
    if (from == to)
        return true;
    if (cache_get(from, to, &r))
        return r;
    bool res = false;
    (void)LOADED(bool, (Err *)NULL, (res = can_cast(from, to), true));
    return res;
}

bool type_is_subclass(const MethodTable *mt, const MethodTable *ancestor)
{
    for (; mt; mt = mt->parent)
        if (mt == ancestor)
            return true;
    return false;
}

bool type_implements(MethodTable *mt, MethodTable *iface)
{
    bool res = false;
    (void)LOADED(bool, (Err *)NULL, (res = implements(mt, iface), true));
    return res;
}
