/* type_iface.c: interface maps and where interface calls go (§II.12.2).
 * A class implements I::M by, from the most derived class up: a MethodImpl of I::M; where the class itself lists I, a
 * public virtual method of that name and signature, its own, else (if no ancestor implements I) an inherited one.  The result is a
 * slot, so later overrides count.  Of an interface with variance the same is asked, class by class, of those that convert to it.
 * Failing that, default methods: the most specific interface wins.  Static virtuals: MethodImpls only.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include <stdio.h>

typedef VEC(MethodTable *) MtVec;

/* --- Maps ---------------------------------------------------------------------------------------------------------------- */
static void add_unique(MtVec *v, MethodTable *mt)
{
    for (u32 i = 0; i < v->len; i++)
        if (v->data[i] == mt)
            return;
    vec_push(v, mt);
}

static bool add_with_bases(MtVec *v, MethodTable *iface, Err *e)
{
    add_unique(v, iface);
    u32 n;
    MethodTable **bases = interfaces_of(iface, &n, e);
    for (u32 i = 0; bases && i < n; i++)
        add_unique(v, bases[i]);
    return bases != NULL;
}

static bool array_interfaces(MtVec *v, MethodTable *mt, Err *e)
{
    static const char *names[] = {"IList`1", "ICollection`1", "IEnumerable`1", "IReadOnlyList`1", "IReadOnlyCollection`1"};
    if (!mt_is_szarray(mt) || (th_is_desc(mt->elem) && (th_desc(mt->elem)->kind == TD_PTR || th_desc(mt->elem)->kind == TD_FNPTR)))
        return true;
    if (!th_is_desc(mt->elem) && (((MethodTable *)mt->elem)->flags & MTF_BYREF_LIKE) && !(((MethodTable *)mt->elem)->flags & MTF_HAS_COMPONENTS))
        return true;
    for (u32 i = 0; i < ARRAY_LEN(names); i++) {
        DefRef d;
        if (!find_in_assembly(type_corelib, "System.Collections.Generic", names[i], &d, e))
            return false;
        MethodTable *def = load_typedef(d.module, d.rid, e);
        TypeHandle th = def ? load_inst(def, &mt->elem, 1, e) : 0;
        if (!th)
            return false;
        add_unique(v, (MethodTable *)th);
    }
    return true;
}

bool vars_within(MdSig s, u32 count)
{
    u8 et = md_sig_byte(&s);
    if (et == ET_VAR)
        return md_sig_uint(&s) < count;
    if (et != ET_GENERICINST)
        return et != ET_MVAR;
    md_sig_skip_type(&s);
    for (u32 n = md_sig_uint(&s); n-- && !s.bad;) {
        if (!vars_within(s, count))
            return false;
        md_sig_skip_type(&s);
    }
    return true;
}

/* What the reference has no type for: a variable, or an instance of a value type, that is not in this definition's terms.  Of a class'
 * instance loading tells. */
static bool foreign_spec(MethodTable *mt, u32 token, u32 count)
{
    if (MD_TABLE_OF(token) != MDT_TypeSpec)
        return false;
    MdSig s = md_sig_of(mt->module->md, token), head = s;
    bool of_class = md_sig_byte(&head) == ET_GENERICINST && md_sig_peek(&head) == ET_CLASS;
    return !of_class && !vars_within(s, count);
}

static bool collect(MtVec *v, MethodTable *mt, Err *e)
{
    if (mt->parent) {
        u32 n;
        MethodTable **p = interfaces_of(mt->parent, &n, e);
        if (!p)
            return false;
        for (u32 i = 0; i < n; i++)
            vec_push(v, p[i]);
    }
    if (mt_is_array(mt))
        return array_interfaces(v, mt, e);
    SigContext c = context_of(mt);
    MdIter it = md_interfaces_of(mt->module->md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it));) {
        u32 token = md_InterfaceImpl_Interface(mt->module->md, r);
        bool foreign = foreign_spec(mt, token, c.num_class_args);
        TypeHandle th = foreign ? 0 : load_token(&c, token, e);
        if (!th && !foreign)
            return false;
        if (foreign || th_is_desc(th) || mt_is_array((MethodTable *)th)) {
            char from[200];
            assembly_display(mt->module->assembly, from, sizeof from);
            return err_set(e, ERR_TYPE_LOAD, mt->klass->token, "Could not load TypeSpec from assembly '%s'.", from);
        }
        if (!mt_is_interface((MethodTable *)th))
            return load_error_mt(e, mt, " because it attempts to implement a class as an interface");
        if (!add_with_bases(v, (MethodTable *)th, e))
            return false;
    }
    return true;
}

static MethodTable *no_interfaces[1];
static __thread u32 iface_depth;

MethodTable **interfaces_of(MethodTable *mt, u32 *n, Err *e)
{
    if (mt_is_nullable(mt)) {
        *n = 0;
        return no_interfaces;
    }
    if (__atomic_load_n(&mt->flags2, __ATOMIC_ACQUIRE) & MT2_IFACES_READY) {
        *n = mt->num_interfaces;
        return mt->interfaces ? mt->interfaces : no_interfaces;
    }
    if (iface_depth > 100) {
        load_error_mt(e, mt, "");
        return NULL;
    }
    MtVec v = {0};
    iface_depth++;
    bool ok = collect(&v, mt, e);
    iface_depth--;
    if (ok && v.len > 0xffff)
        ok = load_error_mt(e, mt, " because it implements too many interfaces");
    if (ok && !(mt->flags2 & MT2_IFACES_READY)) {
        MethodTable **map = v.len ? type_alloc(alc_of(mt), HEAP_HOT, v.len * sizeof *map) : NULL;
        if (v.len)
            memcpy(map, v.data, v.len * sizeof *map);
        mt->interfaces = map;
        mt->num_interfaces = (u16)v.len;
        /* While the parent is not fixed yet the map is not final. */
        if ((mt->flags2 & MT2_LOADED) || mt->parent || mt_is_interface(mt))
            mt_or_flags2(mt, MT2_IFACES_READY);
    }
    vec_free(&v);
    *n = mt->num_interfaces;
    return ok ? mt->interfaces ? mt->interfaces : no_interfaces : NULL;
}

MethodTable **type_interfaces(MethodTable *mt, u32 *n, Err *e)
{
    if (__atomic_load_n(&mt->flags2, __ATOMIC_ACQUIRE) & MT2_IFACES_READY) {
        *n = mt->num_interfaces;
        return mt->interfaces ? mt->interfaces : no_interfaces;
    }
    *n = 0;
    return LOADED(MethodTable **, e, interfaces_of(mt, n, LE));
}

static bool in_map(MethodTable *mt, MethodTable *iface, Err *e)
{
    u32 n;
    MethodTable **v = interfaces_of(mt, &n, e);
    for (u32 i = 0; v && i < n; i++)
        if (v[i] == iface)
            return true;
    return false;
}

/* Does the TypeDef itself list iface, directly or through what it lists? */
static bool declares(MethodTable *mt, MethodTable *iface, Err *e)
{
    if (!class_has(mt, KF_IFACE_ROWS))
        return false;
    SigContext c = context_of(mt);
    MdIter it = md_interfaces_of(mt->module->md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle th = load_token(&c, md_InterfaceImpl_Interface(mt->module->md, r), e);
        if (th && !th_is_desc(th) && (th_of(iface) == th || in_map((MethodTable *)th, iface, e)))
            return true;
    }
    return false;
}

/* --- MethodImpls ----------------------------------------------------------------------------------------------------------- */
/* Interfaces that differ in the definition may be the same one in an instantiation (B<V, W> : A<V>, I<W> where A<V> : I<V>): the first in the
 * definition's map counts.  Its place there. */
static u32 typical_rank(MethodTable *mt, u32 token, Err *e)
{
    MethodTable *typical = mt->klass->typical;
    SigContext c = context_of(typical);
    TypeHandle th = load_token(&c, token, e);
    u32 n = 0, i = 0;
    MethodTable **map = interfaces_of(typical, &n, e);
    while (map && i < n && th_of(map[i]) != th)
        i++;
    return i;
}

/* MethodDef rid of mt's body for iface_method; 0: none. *inexact: matched by variance only. */
static u32 find_method_impl(MethodTable *mt, Method *im, bool variant, Err *e)
{
    if (!class_has(mt, KF_IMPL_ROWS))
        return 0;
    const MdImage *md = mt->module->md;
    MdIter it = md_method_impls_of(md, mt_rid(mt));
    u32 best = 0, best_rank = 0;
    for (u32 row; (row = md_next_row(&it));) {
        u32 decl = md_MethodImpl_MethodDeclaration(md, row), drid = MD_RID(decl);
        bool by_def = MD_TABLE_OF(decl) == MDT_MethodDef;
        const char *name = by_def ? md_method_name(md, drid) : md_memberref_name(md, drid);
        if (strcmp(name, im->name) != 0)
            continue;
        SigContext c = context_of(mt);
        u32 ptok = by_def ? MD_TOKEN(MDT_TypeDef, md_method_owner(md, drid)) : md_MemberRef_Class(md, drid);
        DefRef d;
        if (!resolve_def(mt->module, ptok, &d, e) || d.module != im->mt->module || d.rid != mt_rid(im->mt))
            continue;
        if (MD_TABLE_OF(ptok) == MDT_TypeSpec && !vars_within(md_sig_of(md, ptok), c.num_class_args))
            continue; /* nobody's: validate_type says so */
        TypeHandle p = load_token(&c, ptok, e);
        if (p != th_of(im->mt) && !(variant && p && variance_ok((MethodTable *)p, im->mt)))
            continue;
        if (by_def) {
            if (drid != MD_RID(im->token))
                continue;
        } else {
            SigSide ds = {.module = mt->module}, own = {.module = im->mt->module, .sig = im->sig, .len = im->sig_len};
            ds.sig = md_blob(md, md_MemberRef_Signature(md, drid), &ds.len);
            if (!sig_equal(&ds, &own, false))
                continue;
        }
        u32 body = md_MethodImpl_MethodBody(md, row);
        if (MD_TABLE_OF(body) != MDT_MethodDef) {
            Method *bm = resolve_method(&c, body, NULL, e); /* an inherited body */
            if (!bm || bm->mt->module != mt->module)
                continue;
            body = bm->token;
        }
        if (!mt->aux->inst)
            return MD_RID(body);
        u32 rank = typical_rank(mt, ptok, e);
        if (!best || rank < best_rank) {
            best = MD_RID(body);
            best_rank = rank;
        }
    }
    return best;
}

/* A public virtual method declared in p that matches im by name and signature. */
static u32 match_by_name(MethodTable *p, Method *im)
{
    MtClass *k = p->klass;
    const MdImage *md = p->module->md;
    if (!k->method_slots)
        return 0;
    SigSide is = {.module = im->mt->module, SIDE_ARGS(im->mt), .sig = im->sig, .len = im->sig_len};
    for (u32 i = k->num_methods; i-- > 0;) { /* of several that an instantiation makes the same, the last */
        if (k->method_slots[i] == 0xffff)
            continue;
        u32 rid = md_method_at(md, k->first_method_rid + i);
        if ((md_MethodDef_Flags(md, rid) & MD_ACCESS) != MD_PUBLIC || strcmp(md_method_name(md, rid), im->name) != 0)
            continue;
        SigSide own = {.module = p->module, SIDE_ARGS(p)};
        own.sig = md_blob(md, md_MethodDef_Signature(md, rid), &own.len);
        if (sig_equal(&is, &own, false))
            return rid;
    }
    return 0;
}

/* Slot or method of class p (an ancestor or self of mt) as it stands for mt. */
static Method *through_slot(MethodTable *mt, MethodTable *p, u32 rid, Err *e)
{
    Method *m = method_by_rid(p, rid, e);
    if (!m || m->slot == 0xffff || (m->flags & MF_STATIC))
        return m;
    return slot_method(mt, m->slot, e);
}

/* What class p itself says about im; NULL: nothing. */
static Method *impl_at(MethodTable *mt, MethodTable *p, Method *im, Err *e)
{
    u32 rid = find_method_impl(p, im, false, e);
    if (rid)
        return md_method_owner(p->module->md, rid) == mt_rid(p) ? through_slot(mt, p, rid, e) : NULL;
    if (!declares(p, im->mt, e))
        return NULL;
    if ((rid = match_by_name(p, im)))
        return through_slot(mt, p, rid, e);
    if (p->parent && in_map(p->parent, im->mt, e))
        return NULL;
    for (MethodTable *q = p->parent; q; q = q->parent)
        if ((rid = match_by_name(q, im)))
            return through_slot(mt, q, rid, e);
    return NULL;
}

/* The same for the interfaces that p lists and that convert to im's by variance, in their order. */
static Method *variant_impl_at(MethodTable *mt, MethodTable *p, Method *im, Err *e)
{
    SigContext c = context_of(p);
    MdIter it = md_interfaces_of(p->module->md, mt_rid(p));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle th = load_token(&c, md_InterfaceImpl_Interface(p->module->md, r), e);
        u32 n = 0;
        MethodTable **map = th && !th_is_desc(th) ? interfaces_of((MethodTable *)th, &n, e) : NULL;
        for (u32 i = 0; map && i <= n; i++) {
            MethodTable *j = i ? map[i - 1] : (MethodTable *)th;
            if (j == im->mt || j->klass->typical != im->mt->klass->typical || !variance_ok(j, im->mt))
                continue;
            Method *vm = method_by_rid(j, MD_RID(im->token), e), *m = vm ? impl_at(mt, p, vm, e) : NULL;
            if (m)
                return m;
        }
    }
    return NULL;
}

/* The most derived class that says something decides, even when a base implements the very interface and it only one that converts to it. */
static Method *class_impl(MethodTable *mt, Method *im, Err *e)
{
    bool variant = (im->mt->flags2 & MT2_HAS_VARIANCE) != 0;
    for (MethodTable *p = mt; p; p = p->parent) {
        Method *m = impl_at(mt, p, im, e);
        if (!m && variant && !mt_is_array(p))
            m = variant_impl_at(mt, p, im, e);
        if (m)
            return m;
    }
    /* an abstract class may leave the methods of the interfaces that it lists to its subclasses */
    for (MethodTable *p = mt; p && in_map(p, im->mt, e); p = p->parent) {
        u32 rid = mt_is_array(p) ? 0 : match_by_name(p, im);
        if (rid)
            return through_slot(mt, p, rid, e);
    }
    return NULL;
}

static bool ambiguous_error(MethodTable *mt, Method *im, Err *e)
{
    char type[200], iface[200], from[200];
    type_name(th_of(im->mt), TN_NAMESPACE | TN_FULL_INST, iface, sizeof iface);
    type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, type, sizeof type);
    assembly_display(mt->module->assembly, from, sizeof from);
    if (e && e->kind == ERR_NONE)
        e->hresult = (i32)0x8013106A; /* COR_E_AMBIGUOUSIMPLEMENTATION */
    return err_set(e, ERR_TYPE_LOAD, 1,
                   "Could not call method '%s.%s()' on interface '%s' with type '%s' from assembly '%s' because there are multiple "
                   "incompatible interface methods overriding this method.", iface, im->name, iface, type, from);
}

/* --- Default methods ------------------------------------------------------------------------------------------------------- */
typedef struct Candidate {
    MethodTable *iface;
    u32 rid;
} Candidate;

static Method *default_impl(MethodTable *mt, Method *im, bool variant, Err *e)
{
    u32 n;
    MethodTable **map = interfaces_of(mt, &n, e);
    Candidate best[16];
    u32 count = 0;
    for (u32 i = 0; map && i <= n; i++) {
        MethodTable *j = i < n ? map[i] : mt_is_interface(mt) ? mt : NULL;
        u32 rid = 0;
        if (!j)
            continue;
        if (j == im->mt || (variant && j->klass->typical == im->mt->klass->typical && variance_ok(j, im->mt)))
            rid = im->flags & MF_ABSTRACT ? 0 : MD_RID(im->token);
        else
            rid = find_method_impl(j, im, variant, e);
        if (!rid)
            continue;
        bool dominated = false;
        u32 keep = 0;
        for (u32 k = 0; k < count; k++) {
            if (in_map(best[k].iface, j, e))
                dominated = true;
            if (!in_map(j, best[k].iface, e))
                best[keep++] = best[k];
        }
        count = keep;
        if (!dominated && count < ARRAY_LEN(best))
            best[count++] = (Candidate){j, rid};
    }
    if (count == 0)
        return NULL;
    char name[300], type[200];
    if (count > 1) {
        ambiguous_error(mt, im, e);
        return NULL;
    }
    Method *m = method_by_rid(best[0].iface, best[0].rid, e);
    if (!m || !(m->flags & MF_ABSTRACT))
        return m;
    type_method_name(im, false, name, sizeof name);
    type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, type, sizeof type);
    err_set(e, ERR_ENTRY_POINT, IMPL_TAKEN_AWAY, "Entry point was not found: method '%s' on type '%s'.", name, type);
    return NULL;
}

/* --- Look-up ------------------------------------------------------------------------------------------------------------------ */
static bool entry_error(MethodTable *mt, Method *im, Err *e)
{
    char name[300], type[200];
    type_method_name(im, false, name, sizeof name);
    type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, type, sizeof type);
    return err_set(e, ERR_ENTRY_POINT, 0, "Entry point was not found: method '%s' on type '%s'.", name, type);
}

static bool is_array_interface(MethodTable *iface)
{
    if (!iface->module->assembly->is_corelib || iface->klass->num_generic != 1 || strcmp(iface->klass->ns, "System.Collections.Generic") != 0)
        return false;
    const char *n = iface->klass->name;
    return strcmp(n, "IList`1") == 0 || strcmp(n, "ICollection`1") == 0 || strcmp(n, "IEnumerable`1") == 0 ||
           strcmp(n, "IReadOnlyList`1") == 0 || strcmp(n, "IReadOnlyCollection`1") == 0;
}

static Method *array_impl(Method *im, Err *e)
{
    MethodTable *helper = type_wk(WK_SZARRAYHELPER);
    Method *def = type_method_by_name(helper, im->name, -1);
    return def ? inst_method(def, im->mt->aux->inst, 1, e) : NULL;
}

static Method *find_impl_exact(MethodTable *mt, Method *im, Err *e)
{
    Method *m = class_impl(mt, im, e);
    if (m && (m->flags & MF_ABSTRACT))
        m = NULL;
    return m ? m : default_impl(mt, im, false, e);
}

static Method *with_args(Method *def, Method *like, Err *e)
{
    if (!def || !(like->flags & MF_GENERIC_INST))
        return def;
    return inst_method(def, like->dict->args, like->num_generic, e);
}

enum { IMPL_CACHE = 2048 };
static struct {
    MethodTable *mt;
    Method *im, *impl;
} impl_cache[IMPL_CACHE]; /* under the lock */

void impls_forget(void) { memset(impl_cache, 0, sizeof impl_cache); }

static Method *find_impl_uncached(MethodTable *mt, Method *im, Err *e)
{
    if (mt_is_szarray(mt) && is_array_interface(im->mt))
        return array_impl(im, e);
    u32 n;
    MethodTable **map = interfaces_of(mt, &n, e);
    if (!map)
        return NULL;
    for (u32 i = 0; i < n; i++)
        if (map[i] == im->mt)
            return find_impl_exact(mt, im, e);
    if (mt == im->mt && !(im->flags & MF_ABSTRACT))
        return im;
    if (im->mt->flags2 & MT2_HAS_VARIANCE) {
        Method *own = class_impl(mt, im, e);
        if (own && !(own->flags & MF_ABSTRACT))
            return own;
        for (u32 i = 0; i < n; i++) {
            if (map[i]->klass->typical != im->mt->klass->typical || !variance_ok(map[i], im->mt))
                continue;
            Method *vm = method_by_rid(map[i], MD_RID(im->token), e);
            Method *r = vm ? find_impl_exact(mt, vm, e) : NULL;
            if (r)
                return r;
        }
    }
    return NULL;
}

Method *find_impl(MethodTable *mt, Method *im, Err *e)
{
    u32 h = (u32)base_hash_u64((u64)(uintptr_t)mt * 31 + (u64)(uintptr_t)im) % IMPL_CACHE;
    if (impl_cache[h].mt == mt && impl_cache[h].im == im)
        return impl_cache[h].impl;
    Method *def = im;
    if (im->flags & MF_GENERIC_INST && !(def = method_by_rid(im->mt, MD_RID(im->token), e)))
        return NULL;
    u32 before = load_misses();
    Method *r = with_args(find_impl_uncached(mt, def, e), im, e);
    if (load_missed(before, e))
        return NULL;
    if (!r) {
        if (!e || e->kind == ERR_NONE)
            entry_error(mt, im, e);
        return NULL;
    }
    impl_cache[h].mt = mt;
    impl_cache[h].im = im;
    impl_cache[h].impl = r;
    return r;
}

Method *type_find_impl(MethodTable *mt, Method *im, Err *e) { return LOADED(Method *, e, find_impl(mt, im, LE)); }

/* The class's own answer first: what it leaves abstract hides default methods. */
static Method *find_declared_impl(MethodTable *mt, Method *im, Err *e)
{
    Err ignored = {0};
    Method *r = find_impl(mt, im, &ignored), *def = im;
    if (r || mt_is_array(mt) || (im->flags & MF_GENERIC_INST && !(def = method_by_rid(im->mt, MD_RID(im->token), e))))
        return r;
    u32 n;
    MethodTable **map = interfaces_of(mt, &n, e);
    for (u32 i = 0; map && i < n && !r; i++) {
        bool exact = map[i] == im->mt;
        if (!exact && (!(im->mt->flags2 & MT2_HAS_VARIANCE) || map[i]->klass->typical != im->mt->klass->typical || !variance_ok(map[i], im->mt)))
            continue;
        Method *vm = exact ? def : method_by_rid(map[i], MD_RID(im->token), e);
        r = vm ? with_args(class_impl(mt, vm, e), im, e) : NULL;
    }
    if (!r && e && e->kind == ERR_NONE)
        *e = ignored;
    return r;
}

Method *type_find_declared_impl(MethodTable *mt, Method *im, Err *e) { return LOADED(Method *, e, find_declared_impl(mt, im, LE)); }

Method *find_static_impl(MethodTable *mt, Method *im, Err *e)
{
    Method *def = im, *r = NULL;
    if (im->flags & MF_GENERIC_INST && !(def = method_by_rid(im->mt, MD_RID(im->token), e)))
        return NULL;
    for (u32 variant = 0; variant < 2 && !r; variant++) {
        for (MethodTable *p = mt; p && !r; p = p->parent) {
            u32 rid = mt_is_array(p) ? 0 : find_method_impl(p, def, variant != 0, e);
            if (rid)
                r = method_by_rid(p, rid, e);
        }
        if (!r)
            r = default_impl(mt, def, variant != 0, e);
        if (!(im->mt->flags2 & MT2_HAS_VARIANCE))
            break;
    }
    if (!r && mt == im->mt && !(def->flags & MF_ABSTRACT))
        r = def;
    r = with_args(r, im, e);
    if (!r && (!e || e->kind == ERR_NONE))
        entry_error(mt, im, e);
    return r;
}

static Method *find_virtual(MethodTable *mt, Method *m, Err *e)
{
    if (mt_is_interface(m->mt))
        return find_impl(mt, m, e);
    if (m->slot == 0xffff || !(m->flags & MF_VIRTUAL))
        return m;
    return with_args(slot_method(mt, m->slot, e), m, e);
}

Method *type_find_virtual(MethodTable *mt, Method *m, Err *e) { return LOADED(Method *, e, find_virtual(mt, m, LE)); }

static Method *find_constrained(TypeHandle th, Method *m, Err *e)
{
    if (th_is_desc(th)) {
        err_set(e, ERR_INVALID_PROGRAM, m->token, "A constrained call on a type without methods.");
        return NULL;
    }
    MethodTable *mt = (MethodTable *)th;
    if (m->flags & MF_STATIC) {
        Method *r = m->flags & MF_VIRTUAL ? find_static_impl(mt, m, e) : m;
        if (!r && e && e->kind == ERR_ENTRY_POINT && e->token != IMPL_TAKEN_AWAY) { /* the reference has one text for none and for many */
            e->kind = ERR_NONE;
            ambiguous_error(mt, m, e);
        }
        return r;
    }
    return find_virtual(mt, m, e);
}

Method *type_find_constrained(TypeHandle th, Method *m, Err *e) { return LOADED(Method *, e, find_constrained(th, m, LE)); }
