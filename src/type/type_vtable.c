/* type_vtable.c: which method fills which virtual slot (§II.10.3, §II.22.27).
 * A class's klass->slot_src names, for each slot, the class (by depth) and the method in it; it belongs to the definition
 * and is shared by its instantiations, and by subclasses that change nothing.  Code addresses live in the MethodTable's
 * vtable; they start as the slot's prestub and are inherited from the parent when a type is loaded.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include <stdio.h>

static u32 method_rid(const MtClass *k, u32 index) { return md_method_at(k->mt->module->md, k->first_method_rid + index); }

MethodTable *ancestor_at(MethodTable *mt, u32 depth)
{
    while (mt && mt->klass->depth > depth)
        mt = mt->parent;
    return mt && mt->klass->depth == depth ? mt : NULL;
}

static bool name_opens_slot(MethodTable *ptyp, u32 hash)
{
    for (MethodTable *p = ptyp; p; p = p->parent)
        for (u32 i = 0; i < p->klass->num_virts; i++)
            if (p->klass->virts[i].hash == hash)
                return true;
    return false;
}

u32 count_new_slots(Module *m, MdRange methods, MethodTable *ptyp)
{
    u32 n = 0;
    for (u32 i = methods.first; i < methods.end; i++) {
        u32 rid = md_method_at(m->md, i), attrs = md_MethodDef_Flags(m->md, rid);
        if ((attrs & (MD_VIRTUAL | MD_STATIC)) != MD_VIRTUAL)
            continue;
        if ((attrs & MD_NEW_SLOT) || !ptyp || !name_opens_slot(ptyp, base_hash_str(md_method_name(m->md, rid))))
            n++;
    }
    return n;
}

static SigSide side_of(MethodTable *mt, u32 rid)
{
    SigSide s = {.module = mt->module, SIDE_ARGS(mt)};
    s.sig = md_blob(mt->module->md, md_MethodDef_Signature(mt->module->md, rid), &s.len);
    return s;
}

/* The slot that a non-newslot method overrides; -1: none. */
static i32 find_override(MethodTable *mt, u32 rid, u32 hash, const char *name)
{
    SigSide own = side_of(mt, rid);
    for (MethodTable *p = mt->parent; p; p = p->parent) {
        MtClass *k = p->klass;
        for (u32 i = k->num_virts; i-- > 0;) { /* of several that an instantiation makes the same, the last */
            if (k->virts[i].hash != hash)
                continue;
            u32 prid = md_method_at(p->module->md, k->first_method_rid + k->virts[i].index);
            if (strcmp(md_method_name(p->module->md, prid), name) != 0 ||
                (md_MethodDef_Flags(p->module->md, prid) & MD_ACCESS) == MD_PRIVATE)
                continue;
            SigSide base = side_of(p, prid);
            if (sig_equal(&own, &base, false))
                return k->virts[i].slot;
        }
    }
    return -1;
}

/* Attributes of the method that fills a slot of mt's parent. */
static u32 filled_attrs(MethodTable *mt, SlotSrc s, MethodTable **owner, u32 *rid)
{
    *owner = ancestor_at(mt, s.depth);
    *rid = md_method_at((*owner)->module->md, (*owner)->klass->first_method_rid + s.index);
    return md_MethodDef_Flags((*owner)->module->md, *rid);
}

static bool twice_error(MethodTable *mt, u32 body_rid, Err *e)
{
    char asmname[200], full[200];
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Method '%s' on type '%s' from assembly '%s' is overriding a method that has been overridden.",
                   md_method_name(mt->module->md, body_rid), full, asmname);
}

/* The body to blame (0: none) where an earlier row names the same declaration for another body, or one of the two rows makes the other body's own
 * slot another's.  No method overrides itself. */
static u32 given_twice(MethodTable *mt, u32 row)
{
    const MdImage *md = mt->module->md;
    u32 decl = md_MethodImpl_MethodDeclaration(md, row), body = md_MethodImpl_MethodBody(md, row);
    MdIter it = md_method_impls_of(md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it)) && r < row;) {
        u32 other = md_MethodImpl_MethodDeclaration(md, r);
        if ((other == decl && md_MethodImpl_MethodBody(md, r) != body) || other == body)
            return body;
        if (md_MethodImpl_MethodBody(md, r) == decl)
            return decl;
    }
    return decl == body ? body : 0;
}

/* The body's signature is the declaration's; the result may be narrower. */
static bool body_fits(MethodTable *mt, const SigSide *decl, MethodTable *p, u32 decl_rid, u32 body_rid, Err *e)
{
    SigSide own = side_of(mt, body_rid);
    char asmname[200], full[200], base[200];
    if (mt->module->assembly->trusted || sig_equal(&own, decl, false))
        return true;
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    if (!sig_equal(&own, decl, true) || p == mt)
        return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                       "Signature of the body and declaration in a method implementation do not match.  Type: '%s'.  Assembly: '%s'.", full, asmname);
    MdSig s = md_sig(own.sig, own.len);
    MdMethodSig head;
    md_sig_method(&s, &head);
    md_sig_skip_mods(&s);
    u8 et = md_sig_peek(&s);
    if (et == ET_CLASS || et == ET_GENERICINST || et == ET_STRING || et == ET_OBJECT || et == ET_SZARRAY || et == ET_ARRAY || et == ET_VAR ||
        et == ET_MVAR)
        return true; /* covariant results are checked where they are declared */
    md_type_full_name(p->module->md, p->klass->token, base, sizeof base);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Return type in method '%s.%s()' on type '%s' from assembly '%s' is not compatible with base type method '%s.%s()'.", full,
                   md_method_name(mt->module->md, body_rid), full, asmname, base, md_method_name(p->module->md, decl_rid));
}

bool weaker_error(MethodTable *mt, u32 body_rid, const char *how, Err *e)
{
    char asmname[200], full[200];
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Method '%s' on type '%s' from assembly '%s' tried to %s method with weaker type parameter constraints.",
                   md_method_name(mt->module->md, body_rid), full, asmname, how);
}

static bool final_error(MethodTable *mt, Err *e)
{
    char asmname[200], full[200];
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Declaration referenced in a method implementation cannot be a final method.  Type: '%s'.  Assembly: '%s'.", full,
                   asmname);
}

/* 1: the declaration is a method of class p, and its slot has the body now; 0: error; -1: p has no such method. */
static i32 apply_impl_of(SlotBuild *b, SlotSrc *src, u32 row, MethodTable *p, const char *name, bool by_rid, const SigSide *ds, Err *e)
{
    MethodTable *mt = b->mt;
    const MdImage *md = mt->module->md;
    u32 body = md_MethodImpl_MethodBody(md, row), decl = md_MethodImpl_MethodDeclaration(md, row);
    MtClass *k = p->klass;
    for (u32 i = 0; i < k->num_methods; i++) {
        u32 rid = method_rid(k, i);
        if (p == mt && by_rid ? rid != MD_RID(decl) : strcmp(md_method_name(p->module->md, rid), name) != 0)
            continue;
        u16 slot = k->method_slots ? k->method_slots[i] : 0xffff;
        SigSide side = {.module = p->module, .args = NULL};
        side.sig = md_blob(p->module->md, md_MethodDef_Signature(p->module->md, rid), &side.len);
        if (p == mt && by_rid && slot == 0xffff) {
            SigSide own = side_of(mt, MD_RID(body)), exact = side;
            side_args(&exact, mt);
            return sig_equal(&own, &exact, false) ? not_virtual_error(mt, MD_RID(body), e) : body_fits(mt, &exact, p, rid, MD_RID(body), e);
        }
        if (slot == 0xffff)
            continue;
        SigSide raw = *ds;
        side_args(&raw, NULL); /* both in terms of the declaring type's own variables */
        if (!sig_equal(&raw, &side, false))
            continue;
        if (!mt->module->assembly->trusted && (md_MethodDef_Flags(p->module->md, rid) & MD_FINAL) && decl != body)
            return final_error(mt, e);
        SigSide exact = side;
        side_args(&exact, p == mt ? p : NULL);
        if ((p == mt || !p->aux->inst) && !body_fits(mt, &exact, p, rid, MD_RID(body), e))
            return false;
        u32 index = 0;
        while (index < mt->klass->num_methods && method_rid(mt->klass, index) != MD_RID(body))
            index++;
        SlotSrc filled = {mt->klass->depth, (u16)index};
        u32 twice = p != mt && b->by_impl && b->by_impl[slot] && memcmp(&src[slot], &filled, sizeof filled) != 0 ? body : given_twice(mt, row);
        if (twice)
            return twice_error(mt, MD_RID(twice), e);
        if (!mt->module->assembly->trusted && !constraints_kept(mt, MD_RID(body), p, rid, e))
            return weaker_error(mt, MD_RID(body), "explicitly implement a parent", e);
        if (b->by_impl)
            b->by_impl[slot] = true;
        src[slot] = filled;
        mt->klass->kflags |= KF_HAS_IMPLS | KF_FOLLOWED;
        b->changed = true;
        return true;
    }
    return -1;
}

static bool no_such_method_error(MethodTable *mt, u32 body_rid, Err *e)
{
    char asmname[200], full[200];
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token, "Method override '%s' on type '%s' from assembly '%s' cannot find a method to replace.",
                   md_method_name(mt->module->md, body_rid), full, asmname);
}

/* A MethodImpl whose declaration is a method of a class: its slot gets the body. */
static bool apply_impl(SlotBuild *b, SlotSrc *src, u32 row, Err *e)
{
    MethodTable *mt = b->mt;
    Module *m = mt->module;
    const MdImage *md = m->md;
    u32 body = md_MethodImpl_MethodBody(md, row), decl = md_MethodImpl_MethodDeclaration(md, row);
    DefRef owner;
    const char *name;
    SigSide ds = {.module = m, SIDE_ARGS(mt)};
    bool by_rid = MD_TABLE_OF(decl) == MDT_MethodDef;
    if (by_rid) {
        owner = (DefRef){m, md_method_owner(md, MD_RID(decl))};
        name = md_method_name(md, MD_RID(decl));
        ds.sig = md_blob(md, md_MethodDef_Signature(md, MD_RID(decl)), &ds.len);
    } else if (MD_TABLE_OF(decl) == MDT_MemberRef) {
        if (!resolve_def(m, md_MemberRef_Class(md, MD_RID(decl)), &owner, e))
            return false;
        name = md_memberref_name(md, MD_RID(decl));
        ds.sig = md_blob(md, md_MemberRef_Signature(md, MD_RID(decl)), &ds.len);
    } else {
        return err_set(e, ERR_BAD_IMAGE, decl, "Bad method implementation.");
    }
    if (md_TypeDef_Flags(owner.module->md, owner.rid) & TD_INTERFACE)
        return true;
    if (MD_TABLE_OF(body) != MDT_MethodDef || md_method_owner(md, MD_RID(body)) != mt_rid(mt))
        return load_error_mt(e, mt, " because the body of a method implementation is not declared in it");
    if (!m->assembly->trusted && !(md_MethodDef_Flags(md, MD_RID(body)) & (MD_VIRTUAL | MD_STATIC)))
        return not_virtual_error(mt, MD_RID(body), e);
    MethodTable *p = mt;
    while (p && !(p->module == owner.module && mt_rid(p) == owner.rid))
        p = p->parent;
    if (!p)
        return no_such_method_error(mt, MD_RID(body), e);
    for (; p; p = p->parent) { /* a reference may name a class that only inherits the method */
        i32 done = apply_impl_of(b, src, row, p, name, by_rid, &ds, e);
        if (done >= 0)
            return done;
    }
    if (owner.module == m && owner.rid == mt_rid(mt))
        return load_error_mt(e, mt, "");
    SigContext c = context_of(mt);
    Method *found = resolve_method(&c, decl, NULL, e);
    if (!found) /* says what is not there */
        return false;
    if (!(found->flags & MF_VIRTUAL))
        return not_virtual_error(mt, MD_RID(body), e);
    return err_set(e, ERR_MISSING_METHOD, decl, "Method not found: '%s'.", name);
}

/* A method that a .override put into other slots: who overrides it fills these, too. */
static void follow_impls(SlotBuild *b, SlotSrc *src)
{
    MethodTable *mt = b->mt;
    const SlotSrc *old = b->ptyp->klass->slot_src;
    u32 n = b->ptyp->klass->num_slots;
    for (bool again = true; again;) {
        again = false;
        for (u32 s = 0; s < n; s++) {
            if (memcmp(&src[s], &old[s], sizeof *src) != 0)
                continue;
            MethodTable *owner;
            u32 rid;
            filled_attrs(mt, old[s], &owner, &rid);
            u16 own = owner->klass->method_slots ? owner->klass->method_slots[old[s].index] : 0xffff;
            if (own == 0xffff || own == s || memcmp(&src[own], &old[own], sizeof *src) == 0)
                continue;
            src[s] = src[own];
            mt->klass->kflags |= KF_HAS_IMPLS;
            again = b->changed = true;
        }
    }
}

static bool place_methods(SlotBuild *b, SlotSrc *src, u16 *slots, VirtName *virts, Err *e)
{
    MethodTable *mt = b->mt;
    MtClass *k = mt->klass;
    const MdImage *md = mt->module->md;
    b->count = b->ptyp ? b->ptyp->klass->num_slots : 0;
    u32 parents = b->count, before = load_misses();
    for (u32 i = 0; i < k->num_methods; i++) {
        slots[i] = 0xffff;
        u32 rid = method_rid(k, i), attrs = md_MethodDef_Flags(md, rid);
        if ((attrs & (MD_VIRTUAL | MD_STATIC)) != MD_VIRTUAL)
            continue;
        b->changed = true;
        const char *name = md_method_name(md, rid);
        u32 hash = base_hash_str(name);
        i32 s = (attrs & MD_NEW_SLOT) || !parents ? -1 : find_override(mt, rid, hash, name);
        if (s >= 0) {
            MethodTable *was;
            u32 wrid;
            if (src[s].depth != k->depth && (filled_attrs(mt, src[s], &was, &wrid) & MD_FINAL) && was->klass->method_slots &&
                was->klass->method_slots[src[s].index] == s) /* not one that a .override put there: the slot's own method is not final */
                return final_error(mt, e);
            if (src[s].depth != k->depth) {
                filled_attrs(mt, src[s], &was, &wrid);
                if (!validate_override(mt, rid, was, wrid, e))
                    return false;
                if (!mt->module->assembly->trusted && !constraints_kept(mt, rid, was, wrid, e))
                    return weaker_error(mt, rid, "implicitly override a", e);
            }
        } else {
            if (load_missed(before, e))
                return false;
            s = (i32)b->count++;
            if (b->count <= b->capacity)
                virts[k->num_virts++] = (VirtName){hash, (u16)s, (u16)i};
        }
        if (b->count <= b->capacity)
            src[s] = (SlotSrc){k->depth, (u16)i};
        slots[i] = (u16)s;
    }
    return b->count <= b->capacity;
}

bool build_slots(SlotBuild *b, Err *e)
{
    MethodTable *mt = b->mt;
    MtClass *k = mt->klass;
    u32 parents = b->ptyp ? b->ptyp->klass->num_slots : 0, virtuals = 0;
    const MdImage *md = mt->module->md;
    for (u32 i = 0; i < k->num_methods; i++)
        virtuals += (md_MethodDef_Flags(md, method_rid(k, i)) & (MD_VIRTUAL | MD_STATIC)) == MD_VIRTUAL;
    MdIter it = md_method_impls_of(md, mt_rid(mt));
    bool impls = !mt_is_interface(mt) && it.cur < it.end;
    if (!virtuals && !impls) {
        k->slot_src = b->ptyp ? b->ptyp->klass->slot_src : NULL;
        b->count = parents;
        return true;
    }
    LoadContext *alc = mt->module->alc;
    SlotSrc *src = type_alloc(alc, HEAP_COLD, b->capacity * sizeof *src);
    if (parents)
        memcpy(src, b->ptyp->klass->slot_src, parents * sizeof *src);
    k->slot_src = src;
    u32 fresh = b->capacity - parents;
    k->method_slots = type_alloc(alc, HEAP_COLD, k->num_methods * sizeof(u16));
    k->virts = type_alloc(alc, HEAP_COLD, fresh * sizeof(VirtName));
    k->num_virts = 0;
    if (!place_methods(b, src, k->method_slots, k->virts, e))
        return false;
    k->num_slots = (u16)b->count;
    bool ok = true;
    b->by_impl = impls ? base_calloc(b->count + 1, sizeof *b->by_impl) : NULL;
    for (u32 row; ok && impls && (row = md_next_row(&it));)
        ok = apply_impl(b, src, row, e);
    base_free(b->by_impl);
    b->by_impl = NULL;
    if (!ok)
        return false;
    if (b->ptyp && (b->ptyp->klass->kflags & KF_FOLLOWED))
        follow_impls(b, src);
    return true;
}

void fill_vtable(MethodTable *mt, MethodTable *from)
{
    MtClass *k = mt->klass;
    u32 inherited = from ? MIN(from->num_virtuals, mt->num_virtuals) : 0;
    for (u32 s = 0; s < mt->num_virtuals; s++)
        mt->vtable[s] = s < inherited && k->slot_src[s].depth != k->depth ? from->vtable[s] : type_client.slot_prestub(s);
}

/* --- Completeness ---------------------------------------------------------------------------------------------------------- */
static bool no_impl_error(MethodTable *mt, const char *name, bool is_static, Err *e)
{
    char asmname[200], full[200];
    assembly_display(mt->module->assembly, asmname, sizeof asmname);
    md_type_full_name(mt->module->md, mt->klass->token, full, sizeof full);
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_TYPE_LOAD, mt->klass->token, is_static ? "Virtual static method '%s' is not implemented on type '%s' from assembly '%s'." :
            "Method '%s' in type '%s' from assembly '%s' does not have an implementation.", name, full, asmname);
    if (first)
        snprintf(e->name, sizeof e->name, "%s", full);
    return false;
}

static bool is_body(MethodTable *mt, u32 method)
{
    MdIter it = md_method_impls_of(mt->module->md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it));)
        if (md_MethodImpl_MethodBody(mt->module->md, r) == method)
            return true;
    return false;
}

static bool check_interface(MethodTable *mt, MethodTable *iface, Err *e)
{
    MtClass *ik = iface->klass;
    const MdImage *imd = iface->module->md;
    for (u32 i = 0; i < ik->num_methods; i++) {
        u32 rid = method_rid(ik, i), attrs = md_MethodDef_Flags(imd, rid);
        if (!(attrs & MD_VIRTUAL) || !(attrs & MD_ABSTRACT) || (attrs & MD_FINAL)) /* abstract and final: takes a default body away (.override) */
            continue;
        Method *im = method_by_rid(iface, rid, e);
        if (!im)
            return false;
        Err ignored;
        ignored.kind = ERR_NONE;
        ignored.token = 0;
        Method *r = attrs & MD_STATIC ? find_static_impl(mt, im, &ignored) : find_impl(mt, im, &ignored);
        if (r && im->num_generic && r->mt->klass->typical == mt && !constraints_kept_by(mt, MD_RID(r->token), iface, rid, iface->aux->inst, e))
            return weaker_error(mt, MD_RID(r->token),
                                is_body(mt, r->token) ? "explicitly implement an interface" : "implicitly implement an interface", e);
        if (!r && ignored.kind == ERR_ENTRY_POINT && ignored.token == IMPL_TAKEN_AWAY)
            continue;
        if (!r && (ignored.kind == ERR_ENTRY_POINT || ignored.kind == ERR_NONE))
            return no_impl_error(mt, md_method_name(imd, rid), (attrs & MD_STATIC) != 0, e);
        if (!r && ignored.kind == ERR_PENDING) {
            if (e)
                *e = ignored;
            return false;
        }
    }
    return true;
}

/* Interfaces listed apart that this instantiation makes the same one. */
bool check_contracting(MethodTable *mt, Err *e)
{
    if (!mt->aux->inst || mt == mt->klass->typical || type_is_shared(th_of(mt)) || type_is_open(th_of(mt)) || mt->module->assembly->trusted)
        return true;
    SigContext c = context_of(mt);
    const MdImage *md = mt->module->md;
    TypeHandle seen[32];
    u32 n = 0;
    MdIter it = md_interfaces_of(md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it)) && n < ARRAY_LEN(seen); n++) {
        seen[n] = load_token(&c, md_InterfaceImpl_Interface(md, r), e);
        for (u32 i = 0; i < n; i++)
            if (seen[i] == seen[n] && seen[n]) {
                char asmname[200], full[200];
                assembly_display(mt->module->assembly, asmname, sizeof asmname);
                md_type_full_name(md, mt->klass->token, full, sizeof full);
                return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                               "The type '%s' in assembly '%s' has a contracting interface set for some instantiations", full, asmname);
            }
    }
    return true;
}

bool check_complete(MethodTable *mt, Err *e)
{
    MtClass *k = mt->klass;
    if (mt_is_interface(mt) || (mt->flags2 & MT2_ABSTRACT) || !mt->parent)
        return true;
    for (u32 s = 0; s < k->num_slots; s++) {
        MethodTable *owner;
        u32 rid;
        if (filled_attrs(mt, k->slot_src[s], &owner, &rid) & MD_ABSTRACT)
            return no_impl_error(mt, md_method_name(owner->module->md, rid), false, e);
    }
    MdIter it = md_interfaces_of(mt->module->md, mt_rid(mt));
    if (it.cur >= it.end && !(mt->parent->flags2 & MT2_ABSTRACT)) /* an abstract parent may have left something */
        return true;
    u32 n;
    MethodTable **map = interfaces_of(mt, &n, e);
    if (!map)
        return false;
    for (u32 i = 0; i < n; i++)
        if (!check_interface(mt, map[i], e))
            return false;
    return true;
}

/* --- From slots to Methods ----------------------------------------------------------------------------------------------- */
Method *slot_method(MethodTable *mt, u32 slot, Err *e)
{
    MethodTable *base = mt_is_array(mt) ? mt->parent : mt;
    MtClass *k = base->klass;
    if (slot >= k->num_slots) {
        err_set(e, ERR_TYPE_LOAD, 0, "No such virtual slot.");
        return NULL;
    }
    if (!mt->aux->slot_methods) {
        Method **v = type_alloc(alc_of(mt), HEAP_COLD, k->num_slots * sizeof *v);
        __atomic_store_n(&mt->aux->slot_methods, v, __ATOMIC_RELEASE);
    }
    Method *m = mt->aux->slot_methods[slot];
    if (m)
        return m;
    SlotSrc s = k->slot_src[slot];
    MethodTable *owner = ancestor_at(base, s.depth);
    m = method_by_rid(owner, method_rid(owner->klass, s.index), e);
    if (m)
        __atomic_store_n(&mt->aux->slot_methods[slot], m, __ATOMIC_RELEASE);
    return m;
}

Method *type_slot_method(MethodTable *mt, u32 slot)
{
    Method **v = __atomic_load_n(&mt->aux->slot_methods, __ATOMIC_ACQUIRE);
    if (v && slot < (mt_is_array(mt) ? mt->parent : mt)->klass->num_slots) {
        Method *m = __atomic_load_n(&v[slot], __ATOMIC_ACQUIRE);
        if (m)
            return m;
    }
    return LOADED(Method *, (Err *)NULL, slot_method(mt, slot, LE));
}

Method *type_direct_body(Method *m)
{
    MtClass *k = m->mt->klass;
    if ((m->flags & (MF_VIRTUAL | MF_STATIC)) != MF_VIRTUAL || !(k->kflags & KF_HAS_IMPLS) || mt_is_array(m->mt) ||
        m->slot >= k->num_slots)
        return m;
    SlotSrc s = k->slot_src[m->slot];
    Method *body = s.depth == k->depth && s.index != m->index ? type_slot_method(m->mt, m->slot) : NULL;
    if (body && (m->flags & MF_GENERIC_INST))
        body = type_instantiate_method(body, m->dict->args, m->num_generic, NULL);
    return body ? body : m;
}

/* --- Publication of code --------------------------------------------------------------------------------------------------- */
static bool same_src(SlotSrc a, u32 depth, u32 index) { return a.depth == depth && a.index == index; }

static void publish_slot(MethodTable *mt, u32 slot, u32 depth, u32 index, void *code)
{
    if (mt_is_array(mt)) {
        if (slot < mt->num_virtuals)
            __atomic_store_n(&mt->vtable[slot], code, __ATOMIC_RELEASE);
        return;
    }
    if (!same_src(mt->klass->slot_src[slot], depth, index))
        return;
    if (slot < mt->num_virtuals)
        __atomic_store_n(&mt->vtable[slot], code, __ATOMIC_RELEASE);
    for (MethodTable *d = mt->aux->first_derived; d; d = d->aux->next_derived)
        publish_slot(d, slot, depth, index, code);
}

static void publish_in(MethodTable *mt, Method *m, void *code)
{
    MtClass *k = mt->klass;
    if (m->slot != 0xffff)
        publish_slot(mt, m->slot, k->depth, m->index, code);
    if (k->kflags & (KF_HAS_IMPLS | KF_FOLLOWED))
        for (u32 s = 0; s < k->num_slots; s++)
            if (s != m->slot && same_src(k->slot_src[s], k->depth, m->index))
                publish_slot(mt, s, k->depth, m->index, code);
}

void type_publish(Method *m, void *code)
{
    if (!(m->flags & MF_VIRTUAL) || m->num_generic || mt_is_interface(m->mt) || mt_is_array(m->mt))
        return;
    type_lock();
    MethodTable *canon = m->mt->aux->canon;
    publish_in(m->mt, m, code);
    if (canon == m->mt && (canon->flags & MTF_GENERICS_MASK) == MTF_GENERIC_SHARED && !(canon->flags & MTF_HAS_COMPONENTS))
        for (MethodTable *i = canon->klass->typical->aux->next_inst; i; i = i->aux->next_inst)
            if (i->aux->canon == canon && i != canon)
                publish_in(i, m, code);
    type_unlock();
}
