/* type_generic.c: canonical forms, arrays, pointers, byrefs, function pointers, variables, dictionaries (D10).
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

/* --- Canonical forms --------------------------------------------------------------------------------------------------- */
TypeHandle type_canonical(TypeHandle th)
{
    if (th_is_desc(th))
        return th;
    MethodTable *mt = (MethodTable *)th;
    return mt_is_valuetype(mt) ? th_of(mt->aux->canon) : th_of(type_wk(WK_CANON));
}

bool type_is_shared(TypeHandle th)
{
    for (;;) {
        if (th_is_desc(th)) {
            th = th_desc(th)->elem;
            if (!th)
                return false;
            continue;
        }
        MethodTable *mt = (MethodTable *)th;
        if (mt->flags & MTF_HAS_COMPONENTS) {
            if (!mt_is_array(mt))
                return false;
            th = mt->elem;
            continue;
        }
        if (mt->flags2 & MT2_IS_CANON)
            return true;
        return (mt->flags & MTF_GENERICS_MASK) == MTF_GENERIC_SHARED;
    }
}

bool type_is_open(TypeHandle th)
{
    return ((th_is_desc(th) ? th_desc(th)->flags : ((MethodTable *)th)->flags) & MTF_HAS_GENERIC_VARS) != 0;
}

/* --- Arrays ------------------------------------------------------------------------------------------------------------- */
/* Where references lie in an element. */
static void elem_runs(TypeHandle elem, RunVec *runs)
{
    const MethodTable *mt = th_is_desc(elem) ? NULL : (MethodTable *)elem;
    if (mt && !mt_is_valuetype(mt))
        vec_push(runs, ((GcRun){0, 1}));
    else if (mt)
        for (u32 i = 0, n = mt_num_runs(mt); i < n; i++)
            vec_push(runs, ((GcRun){mt_run(mt, i)->offset - 8, mt_run(mt, i)->count}));
}

static void name_and_assembly(TypeHandle th, char *name, size_t nlen, char *assembly, size_t alen)
{
    type_name(th, TN_NAMESPACE | TN_FULL_INST, name, nlen);
    while (th_is_desc(th) && th_desc(th)->elem)
        th = th_desc(th)->elem;
    Module *m = th_is_desc(th) ? th_desc(th)->module : th_mt(th)->module;
    assembly_display((m ? m : type_corelib->module)->assembly, assembly, alen);
}

/* "[]", "[*]", "[,]" */
static void array_shape(char *buf, size_t n, u32 rank, bool sz)
{
    char commas[64] = "";
    memset(commas, ',', MIN(rank ? rank - 1 : 0, (u32)sizeof commas - 1));
    snprintf(buf, n, "[%s]", rank == 1 && !sz ? "*" : commas);
}

static bool bad_element(TypeHandle elem, u32 rank, bool sz, Err *e)
{
    MethodTable *em = th_mt(elem);
    if ((em && (em->flags & MTF_BYREF_LIKE) && mt_is_valuetype(em)) || elem == th_of(type_wk(WK_VOID)) ||
        (th_is_desc(elem) && th_desc(elem)->kind == TD_BYREF)) {
        char name[180], asmname[200], shape[72];
        bool byref = th_is_desc(elem);
        array_shape(shape, sizeof shape, rank, sz);
        name_and_assembly(elem, name, sizeof name, asmname, sizeof asmname);
        err_set(e, ERR_TYPE_LOAD, 0, "Could not create array type '%s%s' from assembly '%s' because the element type is %s.", name,
                byref ? "" : shape, asmname, byref ? "ByRef" : em->flags & MTF_BYREF_LIKE ? "ByRef-like" : "System.Void");
        if (e)
            snprintf(e->name, sizeof e->name, "%s%s", name, byref ? "" : shape);
        return true;
    }
    return false;
}

static TypeHandle make_array(TypeHandle elem, u32 rank, bool sz, Err *e)
{
    MethodTable *em = th_mt(elem);
    if (bad_element(elem, rank, sz, e))
        return 0;
    if (em && (em->klass->kflags & KF_NO_LAYOUT)) {
        load_error_mt(e, em, " because its definition depends on itself");
        return 0;
    }
    if (type_size(elem) > 0xffff) {
        char name[200];
        type_name(elem, TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        err_set(e, ERR_TYPE_LOAD, 0, "Array of type '%s' cannot be created because base value type is too large.", name);
        return 0;
    }
    MethodTable *base = type_wk(WK_ARRAY);
    Module *lm = th_is_desc(elem) ? th_desc(elem)->module : em->aux->loader_module;
    if (!lm)
        lm = base->module;
    RunVec runs = {0};
    elem_runs(elem, &runs);
    MtAux *aux;
    MethodTable *mt = mt_alloc(lm->alc, base->num_virtuals, runs.len, &aux);
    MtClass *k = type_alloc(lm->alc, HEAP_COLD, sizeof *k);
    *k = (MtClass){.mt = mt, .typical = mt, .rank = (u8)rank, .align = 8, .elem_kind = sz ? ET_SZARRAY : ET_ARRAY, .ns = "",
                   .attrs = TD_PUBLIC | TD_SEALED | TD_SERIALIZABLE, .depth = base->klass->depth + 1,
                   .num_slots = base->klass->num_slots, .slot_src = base->klass->slot_src};
    mt->klass = k;
    mt->module = base->module;
    mt->parent = base;
    mt->elem = elem;
    aux->canon = mt;
    aux->loader_module = lm;
    mt->flags = MTF_HAS_COMPONENTS | (sz ? MTF_CAT_SZARRAY : MTF_CAT_ARRAY) | type_size(elem);
    mt->flags |= type_is_open(elem) ? MTF_HAS_GENERIC_VARS : 0;
    mt->flags |= lm->alc->collectible ? MTF_COLLECTIBLE : 0;
    mt->flags2 = MT2_SEALED;
    mt->base_size = sz ? 24 : 24 + 8 * rank;
    mt_set_runs(mt, runs.data, runs.len, true);
    vec_free(&runs);
    for (u32 i = 0; i < base->num_virtuals; i++)
        mt->vtable[i] = base->vtable[i];
    mt_publish(mt);
    return th_of(mt);
}

static TypeHandle *array_cell(TypeHandle th) { return th_is_desc(th) ? &th_desc(th)->array_of : &((MethodTable *)th)->aux->array_of; }

TypeHandle type_szarray_of(TypeHandle elem, Err *e)
{
    TypeHandle *cell = array_cell(elem), r = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (r)
        return r;
    return LOADED(TypeHandle, e, ({
                      TypeHandle x = *cell;
                      if (!x && (x = make_array(elem, 1, true, LE)))
                          __atomic_store_n(cell, x, __ATOMIC_RELEASE);
                      x;
                  }));
}

static Map64 mdarrays, fnptrs; /* under the lock */
static bool bad_rank(TypeHandle elem, u32 rank, Err *e)
{
    char name[180], asmname[200], shape[72];
    if (bad_element(elem, rank, false, e))
        return false;
    name_and_assembly(elem, name, sizeof name, asmname, sizeof asmname);
    array_shape(shape, sizeof shape, rank, false);
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_TYPE_LOAD, 0, "'%s%s' from assembly '%s' has too many dimensions.", name, shape, asmname);
    if (first)
        snprintf(e->name, sizeof e->name, "%s%s", name, shape);
    return false;
}

TypeHandle type_mdarray_of(TypeHandle elem, u32 rank, Err *e)
{
    if (rank == 0 || rank > 32) /* the key below has room for these */
        return bad_rank(elem, rank, e);
    return LOADED(TypeHandle, e, ({
                      u64 key = ((u64)elem << 6 | rank), v = 0;
                      if (!map64_get(&mdarrays, key, &v) && (v = make_array(elem, rank, false, LE)))
                          map64_put(&mdarrays, key, v);
                      (TypeHandle)v;
                  }));
}

/* --- TypeDescs ----------------------------------------------------------------------------------------------------------- */
static TypeHandle make_desc(TypeHandle elem, TypeDescKind kind)
{
    Module *m = th_is_desc(elem) ? th_desc(elem)->module : ((MethodTable *)elem)->aux->loader_module;
    TypeDesc *d = type_alloc((m ? m : type_corelib->module)->alc, HEAP_COLD, sizeof *d);
    d->flags = (kind == TD_PTR ? ET_PTR : ET_BYREF) | (type_is_open(elem) ? MTF_HAS_GENERIC_VARS : 0);
    d->kind = kind;
    d->elem = elem;
    d->module = m;
    return (TypeHandle)d | TH_DESC_BIT;
}

static TypeHandle desc_of(TypeHandle elem, TypeDescKind kind)
{
    TypeHandle *cell;
    if (th_is_desc(elem))
        cell = kind == TD_PTR ? &th_desc(elem)->pointer_of : &th_desc(elem)->byref_of;
    else
        cell = kind == TD_PTR ? &((MethodTable *)elem)->aux->pointer_of : &((MethodTable *)elem)->aux->byref_of;
    TypeHandle r = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
    if (r)
        return r;
    type_lock();
    if (!(r = *cell)) {
        r = make_desc(elem, kind);
        __atomic_store_n(cell, r, __ATOMIC_RELEASE);
    }
    type_unlock();
    return r;
}

static TypeHandle of_byref(Err *e, TypeHandle elem, const char *what)
{
    char name[200], asmname[200];
    name_and_assembly(elem, name, sizeof name, asmname, sizeof asmname);
    err_set(e, ERR_TYPE_LOAD, 0, "Could not create a %s a ByRef. Type: '%s'. Assembly: '%s'.", what, name, asmname);
    return 0;
}

TypeHandle type_pointer_to(TypeHandle elem, Err *e)
{
    if (th_is_desc(elem) && th_desc(elem)->kind == TD_BYREF) {
        return of_byref(e, elem, "pointer to");
    }
    return desc_of(elem, TD_PTR);
}
TypeHandle type_byref_to(TypeHandle elem, Err *e)
{
    if (th_is_desc(elem) && th_desc(elem)->kind == TD_BYREF) {
        return of_byref(e, elem, "ByRef of");
    }
    return desc_of(elem, TD_BYREF);
}

static u64 fnptr_hash(u64 header, const TypeHandle *types, u32 n)
{
    u64 h = header;
    for (u32 i = 0; i < n; i++)
        h = base_hash_u64(h * 31 + types[i]);
    return h ? h : 1;
}

void shapes_forget(void)
{
    type_map_forget(&mdarrays, false);
    bool any = false;
    for (u32 i = 0; i < fnptrs.cap; i++)
        any |= fnptrs.keys[i] && type_is_dying((void *)(uintptr_t)fnptrs.vals[i]);
    if (!any)
        return;
    Map64 old = fnptrs; /* probing goes from key to key */
    fnptrs = (Map64){0};
    for (u32 i = 0; i < old.cap; i++) {
        TypeDesc *d = old.keys[i] ? (TypeDesc *)(uintptr_t)old.vals[i] : NULL;
        if (!d || type_is_dying(d))
            continue;
        u64 h = fnptr_hash(d->token, (TypeHandle *)(d + 1), d->index), v;
        while (map64_get(&fnptrs, h, &v))
            h = h + 1 ? h + 1 : 1;
        map64_put(&fnptrs, h, (u64)(uintptr_t)d);
    }
    map64_free(&old);
}

/* Function pointers are one type per list of types, managed or unmanaged; the types alone say who owns it. */
static TypeHandle fnptr(const SigContext *c, const u8 *sig, u32 len, Err *e)
{
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    if (!md_sig_method(&s, &head) || head.param_count > 200) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad function pointer signature.");
        return 0;
    }
    if (head.conv >= SIG_C && head.conv <= SIG_FASTCALL) { /* a type is managed or unmanaged; which convention, only its users' signatures say */
        head.conv = SIG_UNMANAGED;
        head.header = (u8)((head.header & ~SIG_KIND) | SIG_UNMANAGED);
    }
    TypeHandle types[201];
    bool open = false;
    for (u32 i = 0; i <= head.param_count; i++) {
        if (!(types[i] = sig_read(c, &s, false, e)))
            return 0;
        open |= type_is_open(types[i]);
    }
    u32 n = head.param_count + 1;
    u64 h = fnptr_hash(head.header, types, n);
    for (u64 v; map64_get(&fnptrs, h, &v); h = h + 1 ? h + 1 : 1) {
        TypeDesc *d = (TypeDesc *)(uintptr_t)v;
        TypeHandle *have = (TypeHandle *)(d + 1);
        if (d->index == n && d->token == head.header && memcmp(have, types, n * sizeof *types) == 0)
            return (TypeHandle)d | TH_DESC_BIT;
    }
    Module *owner = owner_among(c->module && !c->module->alc->collectible ? c->module : type_corelib->module, types, n);
    LoadContext *alc = owner->alc;
    TypeDesc *d = type_alloc(alc, HEAP_COLD, sizeof *d + n * sizeof *types);
    d->flags = ET_FNPTR | (open ? MTF_HAS_GENERIC_VARS : 0);
    d->kind = TD_FNPTR;
    d->index = n;
    d->token = head.header;
    d->module = owner;
    memcpy(d + 1, types, n * sizeof *types);
    MethodSig *ms = type_alloc(alc, HEAP_COLD, sizeof *ms + n * sizeof(SigType));
    ms->callconv = head.conv;
    ms->has_this = head.has_this;
    ms->explicit_this = head.explicit_this;
    ms->num_params = (u16)(n - 1);
    ms->sentinel = 0xffff;
    ms->params = (SigType *)(ms + 1);
    for (u32 i = 0; i < n; i++) {
        SigType *t = i ? &ms->params[i - 1] : &ms->ret;
        u8 *enc = type_alloc(alc, HEAP_COLD, 16);
        enc[0] = ET_INTERNAL;
        memcpy(enc + 1, &types[i], 8);
        *t = (SigType){.kind = type_elem_kind(types[i]), .th = types[i], .sig = enc, .module = owner};
    }
    d->fnsig = ms;
    map64_put(&fnptrs, h, (u64)(uintptr_t)d);
    return (TypeHandle)d | TH_DESC_BIT;
}

TypeHandle type_fnptr(const SigContext *c, const u8 *sig, u32 len, Err *e) { return LOADED(TypeHandle, e, fnptr(c, sig, len, LE)); }

TypeHandle type_var(MethodTable *owner, u32 index)
{
    MethodTable *t = owner->klass->typical;
    return t->aux->inst && index < t->klass->num_generic ? t->aux->inst[index] : 0;
}

TypeHandle type_mvar(Method *owner, u32 index)
{
    u32 n;
    Method *def = owner;
    if (!(owner->flags & MF_GENERIC_DEF) || owner->mt != owner->mt->klass->typical)
        def = type_method_by_rid(owner->mt->klass->typical, MD_RID(owner->token), NULL);
    TypeHandle *v = def ? type_method_inst(def, &n) : NULL;
    return v && index < n ? v[index] : 0;
}

/* --- Dictionaries ------------------------------------------------------------------------------------------------------- */
u32 type_dict_slot(DictLayout **layout, LoadContext *alc, const DictEntry *want)
{
    type_lock();
    DictLayout *l = *layout;
    if (!l)
        l = *layout = type_alloc(alc, HEAP_COLD, sizeof *l);
    u32 i = 0;
    for (; i < l->count; i++) {
        DictEntry *x = &l->entries[i];
        if (x->kind == want->kind && x->token == want->token && x->token2 == want->token2 && x->module == want->module && x->stub == want->stub)
            break;
    }
    if (i == l->count) {
        if (l->count == l->cap) {
            u32 cap = l->cap ? l->cap * 2 : 4;
            DictEntry *v = type_alloc(alc, HEAP_COLD, cap * sizeof *v);
            if (l->count)
                memcpy(v, l->entries, l->count * sizeof *v);
            l->entries = v;
            l->cap = cap;
        }
        l->entries[l->count++] = *want;
    }
    type_unlock();
    return i;
}

/* *settled becomes false when what is returned is for the calling thread only, at this time. */
static void *resolve_entry(const SigContext *ctx, const DictEntry *d, bool *settled, Err *e)
{
    SigContext c = *ctx;
    c.module = d->module;
    c.stub = d->stub;
    MethodTable *owner;
    switch ((DictKind)d->kind) {
    case DICT_TYPE:
        return (void *)type_resolve_type(&c, d->token, NULL, e);
    case DICT_METHOD:
        return type_resolve_method(&c, d->token, NULL, e);
    case DICT_FIELD:
        return type_resolve_field(&c, d->token, &owner, NULL, e);
    case DICT_FIELD_OWNER:
        return type_resolve_field(&c, d->token, &owner, NULL, e) ? owner : NULL;
    case DICT_METHOD_OWNER: {
        Method *m = type_resolve_method(&c, d->token, NULL, e);
        return m ? m->mt : NULL;
    }
    case DICT_CONSTRAINED: {
        Method *m = type_resolve_method(&c, d->token, NULL, e);
        TypeHandle th = m ? type_resolve_type(&c, d->token2, NULL, e) : 0;
        Method *impl = th ? type_find_constrained(th, m, e) : NULL;
        if (impl && !(impl->flags & MF_STATIC) && th_is_valuetype(th) && !mt_is_valuetype(impl->mt)) {
            err_set(e, ERR_NOT_SUPPORTED, d->token, "Specified method is not supported."); /* it would need a box that only now turns out to */
            return NULL;
        }
        return impl;
    }
    case DICT_STATICS: {
        MethodTable *mt = NULL;
        u32 table = MD_TABLE_OF(d->token);
        bool field = c.stub ? type_client.stub_field(c.stub, d->token, NULL, &owner, NULL, NULL) != NULL
                            : table == MDT_Field || (table == MDT_MemberRef && md_MemberRef_Signature(c.module->md, MD_RID(d->token)) != 0);
        if (field)
            mt = type_resolve_field(&c, d->token, &owner, NULL, e) ? owner : NULL;
        else
            mt = th_mt(type_resolve_type(&c, d->token, NULL, e));
        return mt ? type_client.ensure_statics(mt, settled, e) : NULL;
    }
    case DICT_ARRAY_OF: {
        TypeHandle th = type_resolve_type(&c, d->token, NULL, e);
        return th ? (void *)type_szarray_of(th, e) : NULL;
    }
    case DICT_KINDS:
        break;
    }
    UNREACHABLE();
}

/* Stores v in slot of *cell, growing by replacement.  Under the lock. */
static void dict_store(Dict **cell, u32 nargs, u32 slot, u32 layout_count, LoadContext *alc, void *v)
{
    Dict *d = *cell;
    u64 count = *dict_count(d, nargs);
    if (slot >= count) {
        u64 n = MAX((u64)layout_count, (u64)slot + 1);
        Dict *g = type_alloc(alc, HEAP_HOT, (nargs + 1 + n) * 8);
        memcpy(g->args, d->args, nargs * sizeof(TypeHandle));
        memcpy(dict_slots(g, nargs), dict_slots(d, nargs), count * sizeof(void *));
        *dict_count(g, nargs) = n;
        d = g;
        __atomic_store_n(&dict_slots(g, nargs)[slot], v, __ATOMIC_RELEASE);
        __atomic_store_n(cell, g, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&dict_slots(d, nargs)[slot], v, __ATOMIC_RELEASE);
}

static bool get_entry(DictLayout *l, u32 slot, DictEntry *out, u32 *count, Err *e)
{
    type_lock();
    bool ok = l && slot < l->count;
    if (ok) {
        *out = l->entries[slot];
        *count = l->count;
    }
    type_unlock();
    return ok ? true : err_set(e, ERR_INVALID_PROGRAM, 0, "No such dictionary slot %u.", slot);
}

void *type_dict_resolve_mt(MethodTable *exact, MethodTable *owner_canon, u32 slot, Err *e)
{
    MethodTable *owner = exact;
    while (owner && owner->aux->canon != owner_canon)
        owner = owner->parent;
    if (!owner) {
        err_set(e, ERR_INVALID_PROGRAM, 0, "The dictionary's owner is not an ancestor.");
        return NULL;
    }
    DictEntry d;
    u32 count, n = owner->klass->num_generic, k = owner->klass->num_dicts - 1u;
    if (!get_entry(owner_canon->klass->dict_layout, slot, &d, &count, e))
        return NULL;
    Dict *cur = owner->perinst[k];
    void *v = slot < *dict_count(cur, n) ? __atomic_load_n(&dict_slots(cur, n)[slot], __ATOMIC_ACQUIRE) : NULL;
    if (!v) {
        bool settled = true;
        SigContext c = context_of(owner);
        v = resolve_entry(&c, &d, &settled, e);
        if (!v || !settled)
            return v;
    }
    type_lock();
    dict_store(&owner->perinst[k], n, slot, count, alc_of(owner), v);
    if (exact != owner && exact->perinst != owner->perinst)
        __atomic_store_n(&exact->perinst[k], owner->perinst[k], __ATOMIC_RELEASE);
    type_unlock();
    return v;
}

void *type_dict_resolve_method(Method *exact, u32 slot, Err *e)
{
    DictEntry d;
    u32 count, n = exact->num_generic;
    if (!get_entry(exact->canon->dict_layout, slot, &d, &count, e))
        return NULL;
    Dict *cur = exact->dict;
    void *v = slot < *dict_count(cur, n) ? __atomic_load_n(&dict_slots(cur, n)[slot], __ATOMIC_ACQUIRE) : NULL;
    if (!v) {
        bool settled = true;
        SigContext c = type_method_context(exact);
        v = resolve_entry(&c, &d, &settled, e);
        if (!v || !settled)
            return v;
    }
    type_lock();
    dict_store(&exact->dict, n, slot, count, type_method_context_of(exact), v);
    type_unlock();
    return v;
}
