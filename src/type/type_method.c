/* type_method.c: Methods made on demand; lookup by rid, name and signature; tokens of methods and fields.
 * A Method exists once per exact owner (and arguments).  Its canon owns the code; flags about the hidden context
 * argument are the same on both, so that a caller need not look at canon.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include "base/log.h"

#include <stdio.h>

/* --- Making ------------------------------------------------------------------------------------------------------------ */
static u32 attribute_flags(Module *m, u32 token, u32 attrs, u32 impl)
{
    u32 flags = 0;
    MdIter it = md_attributes_of(m->md, token);
    for (u32 r; (r = md_next_row(&it));) {
        const char *ns, *name;
        if (!md_attribute_type_name(m->md, r, &ns, &name))
            continue;
        if (strcmp(name, "IntrinsicAttribute") == 0 && m->assembly->is_corelib)
            flags |= MF_INTRINSIC;
        else if (strcmp(name, "UnmanagedCallersOnlyAttribute") == 0 && (attrs & MD_STATIC) &&
                 strcmp(ns, "System.Runtime.InteropServices") == 0)
            flags |= MF_UNMANAGED_CALLERS_ONLY;
        else if (strcmp(name, "UnsafeAccessorAttribute") == 0 && (attrs & MD_STATIC) && !(impl & MI_INTERNAL_CALL))
            flags |= MF_UNSAFE_ACCESSOR;
    }
    return flags;
}

static u32 definition_flags(MethodTable *mt, u32 rid, u32 attrs, u32 impl, const char *name, const u8 *sig)
{
    u32 f = 0;
    f |= attrs & MD_STATIC ? MF_STATIC : 0;
    f |= attrs & MD_VIRTUAL ? MF_VIRTUAL : 0;
    f |= attrs & MD_ABSTRACT ? MF_ABSTRACT : 0;
    f |= attrs & MD_FINAL ? MF_FINAL : 0;
    f |= attrs & MD_NEW_SLOT ? MF_NEWSLOT : 0;
    f |= attrs & MD_PINVOKE_IMPL ? MF_PINVOKE : 0;
    if (attrs & MD_RT_SPECIAL_NAME) {
        f |= strcmp(name, ".ctor") == 0 ? MF_CTOR : 0;
        f |= strcmp(name, ".cctor") == 0 ? MF_CCTOR : 0;
    }
    f |= impl & MI_INTERNAL_CALL ? MF_FCALL : 0;
    f |= (impl & MI_CODE_TYPE) == MI_RUNTIME ? MF_RUNTIME : 0;
    f |= impl & MI_SYNCHRONIZED ? MF_SYNCHRONIZED : 0;
    f |= impl & MI_NO_INLINING ? MF_NOINLINE : 0;
    f |= impl & MI_AGGRESSIVE_INLINING ? MF_AGGRESSIVE_INLINE : 0;
    f |= impl & MI_AGGRESSIVE_OPTIMIZATION ? MF_OPTIMIZE : 0;
    f |= mt->flags2 & MT2_INTRINSIC_TYPE ? MF_INTRINSIC : 0;
    f |= (sig[0] & SIG_KIND) == SIG_VARARG ? MF_VARARG : 0;
    return f | attribute_flags(mt->module, MD_TOKEN(MDT_MethodDef, rid), attrs, impl);
}

/* Where shared code finds its exact context (D10). */
static u32 context_flags(MethodTable *mt, u32 flags, bool method_shared, u32 num_generic)
{
    bool owner_shared = (mt->aux->canon->flags & MTF_GENERICS_MASK) == MTF_GENERIC_SHARED && !mt_is_array(mt);
    if (!owner_shared && !method_shared)
        return 0;
    if (num_generic)
        return method_shared || owner_shared ? MF_SHARED | MF_CTX_METHOD : 0;
    if ((flags & MF_STATIC) || mt_is_valuetype(mt) || (mt_is_interface(mt) && !(flags & MF_ABSTRACT)))
        return MF_SHARED | MF_CTX_MT;
    return MF_SHARED | MF_CTX_THIS;
}

static Method *new_method(MethodTable *owner, u32 rid, Err *e)
{
    MtClass *k = owner->klass;
    const MdImage *md = owner->module->md;
    u32 len;
    const u8 *sig = md_blob(md, md_MethodDef_Signature(md, rid), &len);
    if (!sig || len < 2) {
        err_set(e, ERR_BAD_IMAGE, MD_TOKEN(MDT_MethodDef, rid), "Bad method signature.");
        return NULL;
    }
    /* what compiled code takes on trust: the flags and the signature agree (§II.22.26) */
    u32 bad_this = md_MethodDef_Flags(md, rid) & MD_STATIC ? SIG_HAS_THIS | SIG_EXPLICIT_THIS : SIG_EXPLICIT_THIS;
    MdSig hs = md_sig(sig, len);
    MdMethodSig head;
    u32 generic = class_has(owner, KF_GENERIC_METHODS) ? md_generic_count(md, MD_TOKEN(MDT_MethodDef, rid)) : 0;
    if ((sig[0] & bad_this) || (!(sig[0] & SIG_HAS_THIS) && bad_this == SIG_EXPLICIT_THIS) || !md_sig_method(&hs, &head) ||
        head.generic_count != generic) {
        err_set(e, ERR_BAD_IMAGE, MD_TOKEN(MDT_MethodDef, rid), "Bad method signature.");
        return NULL;
    }
    Method *canon = NULL;
    if (owner->aux->canon != owner && !(canon = method_by_rid(owner->aux->canon, rid, e)))
        return NULL;
    Method *m = type_alloc(alc_of(owner), HEAP_HOT, sizeof *m);
    m->mt = owner;
    m->token = MD_TOKEN(MDT_MethodDef, rid);
    m->index = (u16)(md_method_position(md, rid) - k->first_method_rid);
    m->slot = k->method_slots && m->index < k->num_methods ? k->method_slots[m->index] : 0xffff;
    m->sig = sig;
    m->sig_len = len;
    m->name = md_method_name(md, rid);
    m->attrs = md_MethodDef_Flags(md, rid);
    m->impl_flags = md_MethodDef_ImplFlags(md, rid);
    if (canon) {
        m->canon = canon;
        m->flags = canon->flags;
        m->num_generic = canon->num_generic;
    } else {
        m->canon = m;
        if (sig[0] & SIG_GENERIC) {
            MdSig s = md_sig(sig + 1, len - 1);
            m->num_generic = (u16)md_sig_uint(&s);
        }
        m->flags = definition_flags(owner, rid, m->attrs, m->impl_flags, m->name, sig);
        if (m->num_generic)
            m->flags |= MF_GENERIC_DEF;
        else
            m->flags |= context_flags(owner, m->flags, false, 0);
    }
    type_client.method_made(m);
    return m;
}

Method *method_by_rid(MethodTable *owner, u32 rid, Err *e)
{
    MtClass *k = owner->klass;
    MtAux *aux = owner->aux;
    u32 i = md_method_position(owner->module->md, rid) - k->first_method_rid;
    if (UNLIKELY(i >= k->num_methods)) {
        err_set(e, ERR_MISSING_METHOD, MD_TOKEN(MDT_MethodDef, rid), "Method 0x%08x is not declared by the type.", MD_TOKEN(MDT_MethodDef, rid));
        return NULL;
    }
    if (!aux->methods) {
        Method **v = type_alloc(alc_of(owner), HEAP_COLD, k->num_methods * sizeof *v);
        __atomic_store_n(&aux->methods, v, __ATOMIC_RELEASE);
    }
    Method *m = aux->methods[i];
    if (m)
        return m;
    m = new_method(owner, rid, e);
    if (!m)
        return NULL;
    __atomic_store_n(&aux->methods[i], m, __ATOMIC_RELEASE);
    if (owner == k->typical)
        __atomic_store_n(&owner->module->methoddefs[rid], m, __ATOMIC_RELEASE);
    return m;
}

/* Without a Ptr table rids of a type's methods are in sequence. */
static inline u32 method_place(const MethodTable *owner, u32 rid)
{
    const MdImage *md = owner->module->md;
    u32 pos = UNLIKELY(md->tables[MDT_MethodPtr].rows) ? md_method_position(md, rid) : rid;
    return pos - owner->klass->first_method_rid;
}

Method *type_method_by_rid(MethodTable *owner, u32 rid, Err *e)
{
    u32 i = method_place(owner, rid);
    Method **v = __atomic_load_n(&owner->aux->methods, __ATOMIC_ACQUIRE);
    if (v && i < owner->klass->num_methods) {
        Method *m = __atomic_load_n(&v[i], __ATOMIC_ACQUIRE);
        if (m)
            return m;
    }
    return LOADED(Method *, e, method_by_rid(owner, rid, LE));
}

/* --- Generic methods ---------------------------------------------------------------------------------------------------- */
u64 method_inst_hash(Method *def, const TypeHandle *args, u32 n)
{
    u64 k = base_hash_u64((u64)(uintptr_t)def);
    for (u32 i = 0; i < n; i++)
        k = base_hash_u64(k * 31 + args[i]);
    return k ? k : 1;
}

static bool find_method_inst(Method *def, const TypeHandle *args, u32 n, u64 *key, Method **out)
{
    u64 k = method_inst_hash(def, args, n), v;
    for (; map64_get(&def->mt->module->method_insts, k, &v); k = k + 1 ? k + 1 : 1) {
        Method *m = (Method *)(uintptr_t)v;
        if (m->mt == def->mt && m->token == def->token && m->num_generic == n && memcmp(m->dict->args, args, n * sizeof *args) == 0) {
            *out = m;
            return true;
        }
    }
    *key = k;
    return false;
}

static Dict *new_dict(LoadContext *alc, const TypeHandle *args, u32 n)
{
    Dict *d = type_alloc(alc, HEAP_HOT, (n + 1) * 8);
    memcpy(d->args, args, n * sizeof *args);
    return d;
}

Method *inst_method(Method *def, const TypeHandle *args, u32 n, Err *e)
{
    Method *m;
    u64 key;
    if (!(def->flags & MF_GENERIC_DEF) || n != def->num_generic) {
        err_set(e, ERR_BAD_IMAGE, def->token, "The number of type arguments of method '%s' is wrong.", def->name);
        return NULL;
    }
    if (find_method_inst(def, args, n, &key, &m))
        return m;
    if (def->dict && memcmp(def->dict->args, args, n * sizeof *args) == 0)
        return def;
    Method *canon = NULL;
    TypeHandle small[16], *c = n > ARRAY_LEN(small) ? base_malloc(n * sizeof *c) : small;
    bool shared = false, same = true, open = false;
    for (u32 i = 0; i < n; i++)
        open |= type_is_open(args[i]);
    for (u32 i = 0; i < n; i++) {
        c[i] = open ? args[i] : type_canonical(args[i]);
        same &= c[i] == args[i];
        shared |= !open && type_is_shared(c[i]);
    }
    bool ok = true;
    MethodTable *cowner = open ? def->mt : def->mt->aux->canon;
    if (!same || cowner != def->mt) {
        Method *cdef = method_by_rid(cowner, MD_RID(def->token), e);
        canon = cdef ? inst_method(cdef, c, n, e) : NULL;
        ok = canon != NULL;
    }
    if (c != small)
        base_free(c);
    if (!ok)
        return NULL;
    LoadContext *alc = owner_among(def->mt->aux->loader_module, args, n)->alc;
    m = type_alloc(alc, HEAP_HOT, sizeof *m);
    *m = (Method){.mt = def->mt, .token = def->token, .slot = def->slot, .index = def->index, .num_generic = def->num_generic,
                  .impl_flags = def->impl_flags, .attrs = def->attrs, .sig = def->sig, .sig_len = def->sig_len, .name = def->name};
    m->flags = (def->flags & ~(u32)(MF_GENERIC_DEF | MF_SHARED | MF_CTX_MT | MF_CTX_METHOD | MF_CTX_THIS)) | MF_GENERIC_INST;
    m->context = type_context_number(alc);
    m->canon = canon ? canon : m;
    m->dict = new_dict(alc, args, n);
    if (canon)
        m->flags |= canon->flags & (MF_SHARED | MF_CTX_MT | MF_CTX_METHOD | MF_CTX_THIS);
    else if (!open)
        m->flags |= context_flags(def->mt, m->flags, shared, n);
    type_client.method_made(m);
    if (alc->collectible)
        note_method_inst(alc, m);
    m->next = def->next;
    def->next = m;
    map64_put(&def->mt->module->method_insts, key, (u64)(uintptr_t)m);
    return m;
}

Method *type_instantiate_method(Method *def, const TypeHandle *args, u32 n, Err *e)
{
    return LOADED(Method *, e, inst_method(def, args, n, LE));
}

TypeHandle *type_method_inst(Method *m, u32 *n)
{
    *n = m->num_generic;
    if (!m->num_generic)
        return NULL;
    Dict *d = __atomic_load_n(&m->dict, __ATOMIC_ACQUIRE);
    if (d || !(m->flags & MF_GENERIC_DEF))
        return d ? d->args : NULL;
    type_lock(); /* an open definition: its own variables */
    if (!m->dict) {
        MethodTable *typical = m->mt->klass->typical;
        Method *td = m->mt == typical ? m : method_by_rid(typical, MD_RID(m->token), NULL);
        if (td && td != m) {
            u32 k;
            type_method_inst(td, &k);
            __atomic_store_n(&m->dict, td->dict, __ATOMIC_RELEASE);
        } else {
            Dict *v = type_alloc(alc_of(m->mt), HEAP_HOT, (m->num_generic + 1u) * 8);
            MdIter it = md_generic_params_of(m->mt->module->md, m->token);
            for (u32 r; (r = md_next_row(&it));) {
                u32 i = md_GenericParam_Number(m->mt->module->md, r);
                if (i < m->num_generic)
                    v->args[i] = (TypeHandle)new_var(m->mt->module, TD_MVAR, i, MD_TOKEN(MDT_GenericParam, r), m) | TH_DESC_BIT;
            }
            for (u32 i = 0; i < m->num_generic; i++) /* rows missing from a bad image */
                if (!v->args[i])
                    v->args[i] = (TypeHandle)new_var(m->mt->module, TD_MVAR, i, MD_TOKEN(MDT_GenericParam, 0), m) | TH_DESC_BIT;
            __atomic_store_n(&m->dict, v, __ATOMIC_RELEASE);
        }
    }
    type_unlock();
    return m->dict->args;
}

SigContext type_mt_context(MethodTable *mt) { return context_of(mt); }
SigContext type_method_context(Method *m)
{
    SigContext c = context_of(m->mt);
    c.stub = m->flags & MF_STUB ? m->il_stub : NULL;
    if (m->num_generic) {
        u32 n;
        c.method_args = type_method_inst(m, &n);
        c.num_method_args = n;
    }
    return c;
}

bool type_method_body(Method *m, IlBody *out, Err *e)
{
    if (MD_TABLE_OF(m->token) != MDT_MethodDef)
        return err_set(e, ERR_INVALID_PROGRAM, m->token, "The method has no IL body.");
    if (!md_MethodDef_RVA(m->mt->module->md, MD_RID(m->token)))
        return err_set(e, ERR_BAD_IMAGE, m->token, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
    return il_read_body(m->mt->module->md, MD_RID(m->token), out, e);
}

/* --- Array pseudo-methods ---------------------------------------------------------------------------------------------- */
/* Signature over VAR 0 = the element type; nargs is what tells the two constructors apart. */
Method *array_method(MethodTable *mt, ArrayMethodKind kind, u32 nargs, Err *e)
{
    static const char *names[] = {"Get", "Set", "Address", ".ctor"};
    u32 rank = mt->klass->rank;
    if (kind != ARRAY_CTOR)
        nargs = rank + (kind == ARRAY_SET);
    u32 count = nargs;
    u32 depth = 1, at = (u32)kind; /* arrays of arrays have a constructor for each number of lengths */
    for (TypeHandle th = mt->elem; th_mt(th) && mt_is_szarray(th_mt(th)); th = th_mt(th)->elem)
        depth++;
    bool nested = mt_is_szarray(mt);
    if (kind == ARRAY_CTOR)
        at = nested ? 2u + nargs : 3u + (nargs > rank);
    if (kind == ARRAY_CTOR && (nested ? nargs - 1 >= depth : nargs != rank && nargs != 2 * rank)) {
        err_set(e, ERR_MISSING_METHOD, 0, "Method not found: '.ctor'.");
        return NULL;
    }
    LoadContext *alc = alc_of(mt);
    if (!mt->aux->methods)
        mt->aux->methods = type_alloc(alc, HEAP_COLD, (3 + MAX(depth, 2u)) * sizeof(Method *));
    Method **cell = &mt->aux->methods[at];
    if (*cell)
        return *cell;
    u8 *sig = type_alloc(alc, HEAP_COLD, 16 + count);
    u32 n = 0;
    sig[n++] = SIG_HAS_THIS;
    if (count >= 0x80)
        sig[n++] = (u8)(0x80 | count >> 8);
    sig[n++] = (u8)count;
    if (kind == ARRAY_GET || kind == ARRAY_ADDRESS) {
        if (kind == ARRAY_ADDRESS)
            sig[n++] = ET_BYREF;
        sig[n++] = ET_VAR;
        sig[n++] = 0;
    } else {
        sig[n++] = ET_VOID;
    }
    for (u32 i = 0; i < rank || (kind == ARRAY_CTOR && i < nargs); i++)
        sig[n++] = ET_I4;
    if (kind == ARRAY_SET) {
        sig[n++] = ET_VAR;
        sig[n++] = 0;
    }
    Method *m = type_alloc(alc, HEAP_HOT, sizeof *m);
    *m = (Method){.mt = mt, .flags = kind == ARRAY_CTOR ? MF_ARRAY | MF_CTOR : MF_ARRAY, .slot = 0xffff, .index = (u16)at,
                  .array_kind = (u8)kind, .sig = sig, .sig_len = n, .name = names[kind],
                  .attrs = MD_PUBLIC | (kind == ARRAY_CTOR ? (u32)MD_RT_SPECIAL_NAME : 0u)};
    m->canon = m;
    type_client.method_made(m);
    *cell = m;
    return m;
}

Method *type_array_method(MethodTable *array, ArrayMethodKind kind, u32 nargs, Err *e)
{
    return LOADED(Method *, e, array_method(array, kind, nargs, LE));
}

/* --- By name ------------------------------------------------------------------------------------------------------------ */
u32 find_method_rid(MethodTable *mt, const char *name, const SigSide *sig, bool substituted)
{
    MtClass *k = mt->klass;
    const MdImage *md = mt->module->md;
    char first = name[0];
    for (u32 i = 0; i < k->num_methods; i++) {
        u32 rid = md_method_at(md, k->first_method_rid + i);
        const char *s = md_method_name(md, rid);
        if (s[0] != first || strcmp(s, name) != 0)
            continue;
        SigSide own = {.module = mt->module};
        side_args(&own, substituted ? mt : NULL);
        own.sig = md_blob(md, md_MethodDef_Signature(md, rid), &own.len);
        if (sig_equal(sig, &own, false))
            return rid;
    }
    return 0;
}

static Method *method_by_name(MethodTable *owner, const char *name, i32 params, Err *e)
{
    MtClass *k = owner->klass;
    const MdImage *md = owner->module->md;
    for (u32 i = 0; i < k->num_methods; i++) {
        u32 rid = md_method_at(md, k->first_method_rid + i);
        if (strcmp(md_method_name(md, rid), name) != 0)
            continue;
        MdSig s = md_sig_blob(md, md_MethodDef_Signature(md, rid));
        MdMethodSig head;
        if (params < 0 || (md_sig_method(&s, &head) && (i32)head.param_count == params && !head.is_vararg))
            return method_by_rid(owner, rid, e);
    }
    return NULL;
}

Method *type_method_by_name(MethodTable *owner, const char *name, i32 params)
{
    return LOADED(Method *, (Err *)NULL, method_by_name(owner, name, params, LE));
}

Field *type_field_by_name(MethodTable *owner, const char *name)
{
    MtClass *k = owner->klass;
    for (u32 i = 0; i < k->num_fields; i++)
        if (strcmp(k->fields[i].name, name) == 0) {
            if (k->fields[i].flags & FF_STATIC)
                LOADED(bool, (Err *)NULL, statics_layout(k, LE));
            return &k->fields[i];
        }
    return NULL;
}

Field *type_field_by_rid(MethodTable *owner, u32 rid, Err *e)
{
    MtClass *k = owner->klass;
    u32 i = k->num_fields ? rid - MD_RID(k->fields[0].token) : 0; /* without a Ptr table they are in sequence */
    if (i >= k->num_fields || MD_RID(k->fields[i].token) != rid)
        for (i = 0; i < k->num_fields && MD_RID(k->fields[i].token) != rid;)
            i++;
    if (i >= k->num_fields) {
        err_set(e, ERR_MISSING_FIELD, MD_TOKEN(MDT_Field, rid), "Attempted to access a non-existing field.");
        return NULL;
    }
    if ((k->fields[i].flags & FF_STATIC) && !LOADED(bool, e, statics_layout(k, LE)))
        return NULL;
    return &k->fields[i];
}

enum { FF_EXACT_TYPE = 0x40 };
TypeHandle type_field_type(MethodTable *owner, Field *f, Err *e)
{
    bool plain = !owner->aux->inst || (f->sig_len > 1 && (f->sig[1] <= ET_STRING || f->sig[1] == ET_VALUETYPE || f->sig[1] == ET_CLASS ||
                                                          f->sig[1] == ET_OBJECT)); /* of every instantiation the same */
    if (plain && (__atomic_load_n(&f->flags, __ATOMIC_ACQUIRE) & FF_EXACT_TYPE))
        return f->type;
    SigContext c = context_of(owner);
    MdSig s;
    TypeHandle th =
        LOADED(TypeHandle, e, (s = md_sig(f->sig, f->sig_len), md_sig_field(&s) ? sig_read(&c, &s, false, LE)
                                                                               : err_set(LE, ERR_BAD_IMAGE, f->token, "Bad field signature.")));
    if (th && plain) {
        __atomic_store_n(&f->type, th, __ATOMIC_RELEASE);
        __atomic_fetch_or(&f->flags, FF_EXACT_TYPE, __ATOMIC_RELEASE);
    }
    return th;
}

/* --- Tokens -------------------------------------------------------------------------------------------------------------- */
static bool missing_member(const SigContext *c, TypeHandle owner, const char *name, const u8 *sig, u32 len, bool field, Err *e)
{
    char type[256];
    type_name(owner, TN_NAMESPACE | TN_FULL_INST, type, sizeof type);
    if (field)
        return err_set(e, ERR_MISSING_FIELD, 0, "Field not found: '%s.%s'.", type, name);
    char text[480];
    missing_method_text(c, owner, name, sig, len, text, sizeof text);
    return err_set(e, ERR_MISSING_METHOD, 0, "Method not found: '%s'.", text);
}

static MethodTable *memberref_owner(const SigContext *c, u32 rid, bool *shared, Err *e)
{
    u32 parent = md_MemberRef_Class(c->module->md, rid);
    switch (MD_TABLE_OF(parent)) {
    case MDT_TypeDef: case MDT_TypeRef: case MDT_TypeSpec: {
        if (shared && token_is_shared(c, parent))
            *shared = true;
        TypeHandle th = load_token(c, parent, e);
        if (th && th_is_desc(th)) {
            err_set(e, ERR_BAD_IMAGE, parent, "A member's parent is no class.");
            return NULL;
        }
        return th_mt(th);
    }
    case MDT_MethodDef:
        return load_typedef(c->module, md_method_owner(c->module->md, MD_RID(parent)), e);
    case MDT_ModuleRef:
        return load_typedef(c->module, 1, e);
    default:
        err_set(e, ERR_BAD_IMAGE, MD_TOKEN(MDT_MemberRef, rid), "Bad member reference.");
        return NULL;
    }
}

static Method *array_member(const SigContext *c, MethodTable *mt, const char *name, const u8 *sig, u32 len, Err *e)
{
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    if (!md_sig_method(&s, &head))
        return NULL;
    if (strcmp(name, ".ctor") == 0)
        return array_method(mt, ARRAY_CTOR, head.param_count, e);
    if (strcmp(name, "Get") == 0)
        return array_method(mt, ARRAY_GET, 0, e);
    if (strcmp(name, "Set") == 0)
        return array_method(mt, ARRAY_SET, 0, e);
    if (strcmp(name, "Address") == 0)
        return array_method(mt, ARRAY_ADDRESS, 0, e);
    SigSide side = {.module = c->module, .sig = sig, .len = len};
    for (MethodTable *p = mt->parent; p; p = p->parent) {
        u32 rid = find_method_rid(p, name, &side, false);
        if (rid)
            return method_by_rid(p, rid, e);
    }
    missing_member(c, th_of(mt), name, sig, len, false, e);
    return NULL;
}

static Method *resolve_memberref(const SigContext *c, u32 rid, bool *shared, Err *e)
{
    Module *m = c->module;
    const MdImage *md = m->md;
    if (rid == 0 || rid > md_rows(md, MDT_MemberRef)) {
        err_set(e, ERR_BAD_IMAGE, rid, "Bad member reference.");
        return NULL;
    }
    void *cached = m->memberrefs[rid];
    if (cached && !((uintptr_t)cached & 1))
        return cached;
    log_bind_step(m, MD_TOKEN(MDT_MemberRef, rid), md_MemberRef_Class(md, rid));
    MethodTable *mt = memberref_owner(c, rid, shared, e);
    if (!mt)
        return NULL;
    if (m->memberref_rids[rid] && !(m->memberref_rids[rid] & MEMBERREF_FIELD) && !mt_is_array(mt))
        return method_by_rid(mt, m->memberref_rids[rid], e);
    const char *name = md_memberref_name(md, rid);
    SigSide side = {.module = m};
    side.sig = md_blob(md, md_MemberRef_Signature(md, rid), &side.len);
    if (mt_is_array(mt))
        return array_member(c, mt, name, side.sig, side.len, e);
    Method *r = NULL;
    u32 found = find_method_rid(mt, name, &side, false);
    u32 parent = md_MemberRef_Class(md, rid);
    if (found) {
        r = method_by_rid(mt, found, e);
        DefRef plain;
        if (r && (MD_TABLE_OF(parent) != MDT_TypeSpec || resolve_def(m, parent, &plain, NULL)))
            m->memberref_rids[rid] = found;
    } else {
        side_args(&side, mt); /* an ancestor's method: both in exact terms */
        for (MethodTable *p = mt->parent; p && !found && strcmp(name, ".ctor") != 0; p = p->parent)
            if ((found = find_method_rid(p, name, &side, true)))
                r = method_by_rid(p, found, e);
    }
    if (!found) {
        missing_member(c, th_of(mt), name, side.sig, side.len, false, e);
        return NULL;
    }
    if (r && (MD_TABLE_OF(parent) != MDT_TypeSpec || !sig_has_vars(md_sig_of(md, parent))))
        m->memberrefs[rid] = r;
    return r;
}

static Method *resolve_methodspec(const SigContext *c, u32 token, bool *shared, Err *e)
{
    Module *m = c->module;
    const MdImage *md = m->md;
    u32 rid = MD_RID(token);
    if (rid == 0 || rid > md_rows(md, MDT_MethodSpec)) {
        err_set(e, ERR_BAD_IMAGE, token, "Bad method specification.");
        return NULL;
    }
    if (m->methodspecs[rid])
        return m->methodspecs[rid];
    u32 of = md_MethodSpec_Method(md, rid);
    bool inner = false;
    Method *def = resolve_method(c, of, &inner, e);
    if (!def)
        return NULL;
    MdSig s = md_sig_of(md, token);
    u32 n;
    if (!md_sig_inst(&s, &n) || n > GENERIC_MAX || n != def->num_generic) {
        err_set(e, ERR_BAD_IMAGE, token, "Bad method specification.");
        return NULL;
    }
    TypeHandle small[16], *args = n > ARRAY_LEN(small) ? base_malloc(n * sizeof *args) : small;
    bool vars = false;
    u32 i = 0;
    for (; i < n; i++) {
        vars |= sig_has_vars(s);
        inner |= sig_is_shared(c, s);
        if (!(args[i] = sig_read(c, &s, false, e)))
            break;
    }
    Method *r = i == n ? inst_method(def, args, n, e) : NULL;
    if (r && !m->assembly->trusted && !vars && !check_constraints(NULL, def, args, n, e))
        r = NULL;
    if (args != small)
        base_free(args);
    if (inner && shared)
        *shared = true;
    bool plain = MD_TABLE_OF(of) == MDT_MethodDef ||
                 (MD_TABLE_OF(of) == MDT_MemberRef && (MD_TABLE_OF(md_MemberRef_Class(md, MD_RID(of))) != MDT_TypeSpec ||
                                                       !sig_has_vars(md_sig_of(md, md_MemberRef_Class(md, MD_RID(of))))));
    if (r && !vars && plain)
        m->methodspecs[rid] = r;
    return r;
}

Method *resolve_method(const SigContext *c, u32 token, bool *shared, Err *e)
{
    if (UNLIKELY(c->stub != NULL))
        return type_client.stub_method(c->stub, token, c, shared, e);
    Module *m = c->module;
    switch (MD_TABLE_OF(token)) {
    case MDT_MethodDef: {
        u32 rid = MD_RID(token);
        if (rid == 0 || rid > md_rows(m->md, MDT_MethodDef))
            break;
        if (m->methoddefs[rid])
            return m->methoddefs[rid];
        log_bind_step(m, token, MD_TOKEN(MDT_TypeDef, md_method_owner(m->md, rid)));
        MethodTable *mt = load_typedef(m, md_method_owner(m->md, rid), e);
        return mt ? method_by_rid(mt, rid, e) : NULL;
    }
    case MDT_MemberRef:
        return resolve_memberref(c, MD_RID(token), shared, e);
    case MDT_MethodSpec:
        return resolve_methodspec(c, token, shared, e);
    }
    bool far = MD_TABLE_OF(token) == MDT_MethodDef && MD_RID(token);
    err_set(e, ERR_BAD_IMAGE, token, far ? "Index not found. (0x80131124)" : "Bad method token.");
    return NULL;
}

bool check_inst_constraints(const SigContext *c, MethodTable *mt, Err *e)
{
    if (!mt || c->module->assembly->trusted || !mt->aux->inst || mt->klass->typical == mt || (mt->flags2 & MT2_CONSTRAINTS_OK) ||
        mt_is_array(mt))
        return true;
    if (type_is_open(th_of(mt)) || type_is_shared(th_of(mt)))
        return true;
    if (!check_constraints(mt->klass->typical, NULL, mt->aux->inst, mt->klass->num_generic, e) || !check_contracting(mt, e))
        return false;
    mt_or_flags2(mt, MT2_CONSTRAINTS_OK);
    return true;
}

/* What a token that depends on no context led to before: found without the lock. */
static Method *resolved_before(const SigContext *c, u32 token)
{
    const Module *m = c->module;
    u32 table = MD_TABLE_OF(token), rid = MD_RID(token);
    if (c->stub || !rid || rid > md_rows(m->md, table))
        return NULL;
    Method *x = table == MDT_MethodDef    ? __atomic_load_n(&m->methoddefs[rid], __ATOMIC_ACQUIRE)
                : table == MDT_MethodSpec ? __atomic_load_n(&m->methodspecs[rid], __ATOMIC_ACQUIRE)
                                          : NULL;
    if (table == MDT_MemberRef) {
        uintptr_t found = (uintptr_t)__atomic_load_n(&m->memberrefs[rid], __ATOMIC_ACQUIRE);
        x = found & 1 ? NULL : (Method *)found;
    }
    return x && (x->mt->flags2 & MT2_LOADED) && (!x->mt->aux->inst || (x->mt->flags2 & MT2_CONSTRAINTS_OK)) ? x : NULL;
}

Method *type_resolve_method(const SigContext *c, u32 token, bool *shared, Err *e)
{
    bool s = false;
    Method *before = resolved_before(c, token);
    if (LIKELY(before != NULL)) {
        if (shared)
            *shared = false;
        LOG(bind, 2, "%s: %s %08X is known", c->module->assembly->name, md_table_name(MD_TABLE_OF(token)), token);
        return before;
    }
    Method *m = LOADED(Method *, e, ({
                           s = false;
                           Method *x = resolve_method(c, token, &s, LE);
                           if (x && !check_inst_constraints(c, x->mt, LE))
                               x = NULL;
                           x;
                       }));
    if (shared)
        *shared = s;
    return m;
}

TypeHandle type_resolve_type(const SigContext *c, u32 token, bool *shared, Err *e)
{
    if (shared)
        *shared = token_is_shared(c, token);
    if (!c->stub && MD_TABLE_OF(token) == MDT_TypeDef) {
        u32 rid = MD_RID(token);
        if (rid && rid <= md_rows(c->module->md, MDT_TypeDef)) {
            MethodTable *mt = __atomic_load_n(&c->module->typedefs[rid], __ATOMIC_ACQUIRE);
            if (mt)
                return th_of(mt);
        }
    }
    if (!c->stub && MD_TABLE_OF(token) == MDT_TypeRef && MD_RID(token) && MD_RID(token) <= md_rows(c->module->md, MDT_TypeRef)) {
        TypeHandle th = __atomic_load_n(&c->module->typerefs[MD_RID(token)], __ATOMIC_ACQUIRE);
        if (th)
            return th;
    }
    return LOADED(TypeHandle, e, ({
                      TypeHandle th = load_token(c, token, LE);
                      if (th && !th_is_desc(th) && !c->stub && !check_inst_constraints(c, (MethodTable *)th, LE))
                          th = 0;
                      th;
                  }));
}

Field *resolve_field(const SigContext *c, u32 token, MethodTable **owner, bool *shared, Err *e)
{
    if (UNLIKELY(c->stub != NULL))
        return type_client.stub_field(c->stub, token, c, owner, shared, e);
    Module *m = c->module;
    const MdImage *md = m->md;
    u32 rid = MD_RID(token);
    if (MD_TABLE_OF(token) == MDT_Field && rid && rid <= md_rows(md, MDT_Field)) {
        *owner = load_typedef(m, md_field_owner(md, rid), e);
        return *owner ? type_field_by_rid(*owner, rid, e) : NULL;
    }
    if (MD_TABLE_OF(token) != MDT_MemberRef || rid == 0 || rid > md_rows(md, MDT_MemberRef)) {
        err_set(e, ERR_BAD_IMAGE, token, "Field token out of range.");
        return NULL;
    }
    *owner = memberref_owner(c, rid, shared, e);
    if (!*owner)
        return NULL;
    if (m->memberref_rids[rid] && !(m->memberref_rids[rid] & MEMBERREF_FIELD) && !mt_is_array(*owner)) { /* a method */
        err_set(e, ERR_MISSING_FIELD, MD_TOKEN(MDT_MemberRef, rid), "Attempted to access a non-existing field.");
        return NULL;
    }
    if ((m->memberref_rids[rid] & MEMBERREF_FIELD) && !mt_is_array(*owner))
        return type_field_by_rid(*owner, m->memberref_rids[rid] & ~(u32)MEMBERREF_FIELD, e);
    const char *name = md_memberref_name(md, rid);
    SigSide side = {.module = m};
    side.sig = md_blob(md, md_MemberRef_Signature(md, rid), &side.len);
    MethodTable *mt = *owner;
    for (u32 i = 0; !mt_is_array(mt) && i < mt->klass->num_fields; i++) { /* base classes are not searched, as by the reference */
        Field *f = &mt->klass->fields[i];
        if (strcmp(f->name, name) != 0)
            continue;
        SigSide own = {.module = mt->module, .sig = f->sig, .len = f->sig_len};
        if (!sig_equal(&side, &own, false))
            continue;
        DefRef plain;
        if (resolve_def(m, md_MemberRef_Class(md, rid), &plain, NULL))
            m->memberref_rids[rid] = MD_RID(f->token) | MEMBERREF_FIELD;
        return type_field_by_rid(mt, MD_RID(f->token), e);
    }
    missing_member(c, th_of(mt), name, side.sig, side.len, true, e);
    return NULL;
}

/* The loaded class that the field with this rid belongs to; NULL: not loaded yet. */
static MethodTable *loaded_owner(Module *m, u32 rid)
{
    u32 own = __atomic_load_n(&m->field_owner, __ATOMIC_RELAXED);
    MethodTable *o = own ? __atomic_load_n(&m->typedefs[own], __ATOMIC_ACQUIRE) : NULL;
    if (o && (o->flags2 & MT2_LOADED)) {
        const MtClass *k = o->klass;
        u32 i = k->num_fields ? rid - MD_RID(k->fields[0].token) : UINT32_MAX;
        if (i < k->num_fields && MD_RID(k->fields[i].token) == rid)
            return o;
    }
    own = md_field_owner(m->md, rid);
    o = own ? __atomic_load_n(&m->typedefs[own], __ATOMIC_ACQUIRE) : NULL;
    if (!o || !(o->flags2 & MT2_LOADED))
        return NULL;
    __atomic_store_n(&m->field_owner, own, __ATOMIC_RELAXED);
    return o;
}

Field *type_resolve_field(const SigContext *c, u32 token, MethodTable **owner, bool *shared, Err *e)
{
    bool s = false;
    MethodTable *o = NULL;
    u32 rid = MD_RID(token);
    if (!c->stub && MD_TABLE_OF(token) == MDT_Field && rid && rid <= md_rows(c->module->md, MDT_Field)) { /* of a type that is there: no lock */
        o = loaded_owner(c->module, rid);
        if (o) {
            *owner = o;
            if (shared)
                *shared = false;
            return type_field_by_rid(o, rid, e);
        }
    }
    Field *f = LOADED(Field *, e, (s = false, resolve_field(c, token, &o, &s, LE)));
    *owner = o;
    if (shared)
        *shared = s;
    return f;
}
