/* type_load.c: the MethodTable of a TypeDef, and of an instantiation.
 * Loading a definition: (1) the parent's definition, the layout (over canonical arguments: no reference type is
 * loaded) and the number of slots; (2) the MethodTable is allocated: from now on the type has an identity that others may
 * name, which is what lets class A : B<A> work; (3) exact parent, slots, publication.  type_loading lists what this thread is loading:
 * meeting an entry without identity is a true cycle.
 * Interfaces, statics, Methods and the enclosing type are made when somebody asks.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include "base/log.h"

/* Numbers of types: those of unloaded ones are given out again.  Under the lock. */
static u32 last_id;
static VEC(u32) free_ids;

static u32 take_id(void)
{
    if (free_ids.len)
        return vec_pop(&free_ids);
    CHECKF(last_id < DOMAIN_TYPES_MAX - 1, "too many types");
    return ++last_id;
}

void type_id_free(Domain *d, u32 id)
{
    if (d->types)
        memset(&d->types[id], 0, sizeof d->types[id]);
    vec_push(&free_ids, id);
}

MethodTable *mt_alloc(LoadContext *alc, u32 slots, u32 runs, MtAux **aux)
{
    size_t before = runs ? gc_desc_bytes(runs) : 0;
    char *p = type_alloc(alc, HEAP_HOT, before + MT_VTABLE_OFFSET + slots * sizeof(void *) + sizeof(MtAux));
    MethodTable *mt = (MethodTable *)(p + before);
    *aux = mt->aux = (MtAux *)(p + before + MT_VTABLE_OFFSET + slots * sizeof(void *));
    (*aux)->type_id = take_id();
    (*aux)->mt = mt;
    mt->num_virtuals = (u16)slots;
    return mt;
}

TypeDesc *new_var(Module *m, u32 kind, u32 index, u32 token, void *owner)
{
    TypeDesc *d = type_alloc(m->alc, HEAP_COLD, sizeof *d);
    *d = (TypeDesc){.flags = MTF_HAS_GENERIC_VARS | (kind == TD_VAR ? ET_VAR : ET_MVAR), .kind = kind, .module = m,
                    .index = index, .token = token, .owner = owner};
    return d;
}

/* Dictionaries: those of the exact parent, then the own one. */
void mt_set_dicts(MethodTable *mt, LoadContext *alc)
{
    MtClass *k = mt->klass;
    u32 inherited = mt->parent ? mt->parent->klass->num_dicts : 0, own = mt->aux->inst ? 1 : 0;
    k->num_dicts = (u16)(inherited + own);
    if (!k->num_dicts)
        return;
    if (!own) {
        mt->perinst = mt->parent->perinst; /* replaced by an own copy when a dictionary grows */
        return;
    }
    Dict **d = type_alloc(alc, HEAP_HOT, k->num_dicts * sizeof *d);
    if (inherited)
        memcpy(d, mt->parent->perinst, inherited * sizeof *d);
    u32 n = k->num_generic;
    Dict *dict = type_alloc(alc, HEAP_HOT, (n + 1) * 8);
    memcpy(dict->args, mt->aux->inst, n * sizeof(TypeHandle));
    d[inherited] = dict;
    mt->perinst = d;
}

void mt_publish(MethodTable *mt)
{
    if (mt->parent) {
        mt->aux->next_derived = mt->parent->aux->first_derived;
        mt->parent->aux->first_derived = mt;
    }
    if (mt->flags & MTF_COLLECTIBLE)
        note_type(alc_of(mt), mt);
    __atomic_fetch_or(&mt->flags2, MT2_LOADED, __ATOMIC_RELEASE);
    if (UNLIKELY(log_levels[LOG_load])) {
        char name[400];
        type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        LOG(load, 1, "type %s, %08X of %s", name, mt->klass->token, mt->module->assembly->name);
    }
}

static Loading *find_loading(Module *m, u32 rid)
{
    for (Loading *l = type_loading; l; l = l->prev)
        if (!l->typical && l->module == m && l->rid == rid)
            return l;
    return NULL;
}

enum { EARLY_RUNS = 32, EARLY_SPARE_SLOTS = 4 };
/* At least the number of virtual slots that a class will have: its own and its ancestors' virtual methods. */
static u32 slots_at_most(Module *m, u32 rid)
{
    u32 n = 0;
    for (u32 depth = 0; depth < 1000; depth++) {
        MethodTable *mt = __atomic_load_n(&m->typedefs[rid], __ATOMIC_ACQUIRE);
        if (mt)
            return n + mt->klass->num_slots;
        MdRange methods = md_typedef_methods(m->md, rid);
        for (u32 i = methods.first; i < methods.end; i++)
            n += (md_MethodDef_Flags(m->md, md_method_at(m->md, i)) & (MD_VIRTUAL | MD_STATIC)) == MD_VIRTUAL;
        u32 up = md_TypeDef_Extends(m->md, rid);
        DefRef p;
        if (!up || !resolve_def(m, up, &p, NULL))
            break;
        m = p.module;
        rid = p.rid;
    }
    return n;
}

/* struct S { ImmutableArray<S> x; }: S has to be nameable before its layout is known.  Whatever needs the layout meets
 * KF_NO_LAYOUT and reports the cycle.  The same for class C : B where B : A<C>. */
static MethodTable *early_identity(Loading *l)
{
    if (l->early || !l->early_ok)
        return l->early;
    if (l->early_class)
        l->slots = slots_at_most(l->module, l->rid);
    LoadContext *alc = l->loader_module->alc;
    MtAux *aux;
    MethodTable *mt = mt_alloc(alc, l->slots + EARLY_SPARE_SLOTS, EARLY_RUNS, &aux);
    MtClass *k = type_alloc(alc, HEAP_COLD, sizeof *k);
    mt->klass = k;
    mt->module = l->module;
    mt->flags = l->early_class ? 0 : MTF_CAT_VALUETYPE | (l->byref_like ? MTF_BYREF_LIKE : 0);
    aux->canon = k->mt = k->typical = mt;
    aux->loader_module = l->loader_module;
    k->elem_kind = l->early_class ? ET_CLASS : ET_VALUETYPE;
    k->kflags = KF_NO_LAYOUT;
    k->token = MD_TOKEN(MDT_TypeDef, l->rid);
    if (l->typical) {
        *k = *l->typical->klass;
        k->mt = mt;
        k->kflags |= KF_NO_LAYOUT;
        aux->inst = type_alloc(alc, HEAP_COLD, l->nargs * sizeof(TypeHandle));
        memcpy(aux->inst, l->args, l->nargs * sizeof(TypeHandle));
        for (u32 i = 0; i < l->nargs; i++)
            if (type_is_shared(l->args[i]))
                mt->flags |= MTF_GENERIC_SHARED;
        if (!(mt->flags & MTF_GENERIC_SHARED))
            mt->flags |= MTF_GENERIC_EXACT;
    }
    return l->early = mt;
}

/* --- Facts from the TypeDef row and its attributes -------------------------------------------------------------------- */
typedef struct Def {
    Module *m;
    u32 rid, attrs, extends, num_generic;
    const char *name, *ns;
    MdRange fields, methods;
    MethodTable *ptyp;   /* parent's definition */
    bool is_interface, is_valuetype, is_enum, is_delegate, byref_like, intrinsic, is_nullable;
    u32 inline_length;
    bool open;
} Def;

static bool read_attributes(Def *d, Err *e)
{
    const MdImage *md = d->m->md;
    if (!d->is_valuetype && !d->m->assembly->is_corelib)
        return true;
    MdIter it = md_attributes_of(md, MD_TOKEN(MDT_TypeDef, d->rid));
    for (u32 r; (r = md_next_row(&it));) {
        const char *ns, *name;
        if (!md_attribute_type_name(md, r, &ns, &name))
            continue;
        if (strcmp(name, "IntrinsicAttribute") == 0) {
            d->intrinsic = true;
        } else if (strcmp(name, "IsByRefLikeAttribute") == 0) {
            d->byref_like = true;
        } else if (strcmp(name, "InlineArrayAttribute") == 0 && d->is_valuetype) {
            i64 v = 0;
            md_attr_int(md, r, 0, &v);
            if (v <= 0)
                return load_error(e, d->m, d->rid, " because the inline array's length is not positive");
            d->inline_length = (u32)v;
        }
    }
    return true;
}

static bool abstract_interface(Def *d, Err *e)
{
    return d->attrs & TD_ABSTRACT || err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, d->rid), "Failure has occurred while loading a type.");
}

static bool no_interface_base(Def *d, Err *e)
{
    DefRef p;
    if (!d->extends)
        return true;
    if (!resolve_def(d->m, d->extends, &p, e))
        return false;
    if (p.module->assembly->is_corelib && strcmp(md_typedef_name(p.module->md, p.rid), "Object") == 0 &&
        strcmp(md_typedef_namespace(p.module->md, p.rid), "System") == 0)
        return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, d->rid), "Failure has occurred while loading a type."); /* it has to have none */
    char full[256], from[200];
    md_type_full_name(d->m->md, MD_TOKEN(MDT_TypeDef, d->rid), full, sizeof full);
    assembly_display(d->m->assembly, from, sizeof from);
    return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, d->rid),
                   "Could not load interface '%s' from assembly '%s' because it must extend from Object.", full, from);
}

static bool read_parent(Def *d, Err *e)
{
    if (d->is_interface)
        return d->m->assembly->trusted || (abstract_interface(d, e) && no_interface_base(d, e));
    DefRef p;
    if (!d->extends)
        return true; /* Object, <Module> */
    if (MD_TABLE_OF(d->extends) == MDT_TypeSpec) {
        MdSig s = md_sig_of(d->m->md, d->extends);
        md_sig_skip_mods(&s);
        if (md_sig_peek(&s) != ET_GENERICINST) /* class C<T> : T */
            return load_error(e, d->m, d->rid, " because the parent type is not a class");
    }
    if (!resolve_def(d->m, d->extends, &p, e))
        return false;
    d->ptyp = load_typedef(p.module, p.rid, e);
    if (!d->ptyp)
        return false;
    if (d->ptyp->klass->kflags & KF_NO_LAYOUT)
        return load_error(e, p.module, p.rid, "");
    if (mt_is_interface(d->ptyp))
        return load_error(e, d->m, d->rid, " because the parent type is an interface");
    if ((d->ptyp->flags2 & MT2_SEALED) && !(d->ptyp->klass->typical == type_wk_cache[WK_ENUM]))
        return load_error(e, d->m, d->rid, " because the parent type is sealed");
    if (d->ptyp->module->assembly->is_corelib && strcmp(d->ptyp->klass->ns, "System") == 0) {
        const char *pn = d->ptyp->klass->name;
        if (!d->m->assembly->is_corelib) {
            if (strcmp(pn, "Array") == 0)
                return load_error(e, d->m, d->rid, " because the parent type is sealed");
            if (strcmp(pn, "Delegate") == 0)
                return load_error(e, d->m, d->rid, " because it cannot inherit directly from the delegate class");
            if (strcmp(pn, "MulticastDelegate") == 0 && !(d->attrs & TD_SEALED))
                return load_error(e, d->m, d->rid, " because delegate classes must be sealed");
        }
        if (strcmp(pn, "ValueType") == 0)
            d->is_valuetype = !(d->m->assembly->is_corelib && strcmp(d->name, "Enum") == 0 && strcmp(d->ns, "System") == 0);
        else if (strcmp(pn, "Enum") == 0)
            d->is_valuetype = d->is_enum = true;
        else if (strcmp(pn, "MulticastDelegate") == 0)
            d->is_delegate = true;
    }
    return true;
}

static void def_of(MethodTable *typical, Def *d);

typedef struct PrimName {
    const char *name;
    u8 et, underlying;
} PrimName;
static const PrimName prim_names[] = {
    {"Boolean", ET_BOOLEAN, ET_BOOLEAN}, {"Char", ET_CHAR, ET_CHAR}, {"SByte", ET_I1, ET_I1}, {"Byte", ET_U1, ET_U1},
    {"Int16", ET_I2, ET_I2}, {"UInt16", ET_U2, ET_U2}, {"Int32", ET_I4, ET_I4}, {"UInt32", ET_U4, ET_U4},
    {"Int64", ET_I8, ET_I8}, {"UInt64", ET_U8, ET_U8}, {"Single", ET_R4, ET_R4}, {"Double", ET_R8, ET_R8},
    {"IntPtr", ET_I, ET_I}, {"UIntPtr", ET_U, ET_U}, {"Void", ET_VOID, ET_VOID},
    {"TypedReference", ET_TYPEDBYREF, ET_TYPEDBYREF},
};

static void set_category(Def *d, MethodTable *mt, MtClass *k)
{
    if (d->is_interface) {
        mt->flags |= MTF_CAT_INTERFACE;
        return;
    }
    if (!d->is_valuetype) {
        k->elem_kind = ET_CLASS;
        return;
    }
    k->elem_kind = ET_VALUETYPE;
    mt->flags |= d->is_enum ? MTF_CAT_ENUM : d->is_nullable ? MTF_CAT_NULLABLE : MTF_CAT_VALUETYPE;
    if (d->is_enum)
        mt->flags2 |= MT2_ENUM;
    if (d->byref_like)
        mt->flags |= MTF_BYREF_LIKE;
    if (d->m->assembly->is_corelib && strcmp(d->ns, "System") == 0 && !d->num_generic)
        for (size_t i = 0; i < ARRAY_LEN(prim_names); i++)
            if (strcmp(prim_names[i].name, d->name) == 0) {
                k->elem_kind = prim_names[i].et;
                if (prim_names[i].et != ET_VOID && prim_names[i].et != ET_TYPEDBYREF) {
                    k->underlying = prim_names[i].underlying;
                    mt->flags |= MTF_CAT_PRIMITIVE;
                }
            }
}

/* Generic parameters of a definition: its own variables are its arguments. */
static bool make_vars(Def *d, MethodTable *mt, MtClass *k, Err *e)
{
    const MdImage *md = d->m->md;
    mt->aux->inst = type_alloc(d->m->alc, HEAP_COLD, d->num_generic * sizeof(TypeHandle));
    MdIter it = md_generic_params_of(md, MD_TOKEN(MDT_TypeDef, d->rid));
    for (u32 r; (r = md_next_row(&it));) {
        u32 i = md_GenericParam_Number(md, r);
        if (i >= d->num_generic)
            continue;
        TypeDesc *v = new_var(d->m, TD_VAR, i, MD_TOKEN(MDT_GenericParam, r), mt);
        mt->aux->inst[i] = (TypeHandle)v | TH_DESC_BIT;
        u32 var = md_GenericParam_Flags(md, r) & GP_VARIANCE;
        if (var && (d->is_interface || d->is_delegate)) {
            if (!k->variance)
                k->variance = type_alloc(d->m->alc, HEAP_COLD, d->num_generic);
            k->variance[i] = (u8)var;
            mt->flags2 |= MT2_HAS_VARIANCE;
        }
    }
    mt->flags |= MTF_HAS_GENERIC_VARS | MTF_GENERIC_DEF;
    for (u32 i = 0; i < d->num_generic; i++)
        if (!mt->aux->inst[i])
            return err_set(e, ERR_BAD_IMAGE, k->token, "Bad numbers of generic parameters.");
    return true;
}

static bool too_many_generic(Module *m, const char *name, Err *e)
{
    char from[200];
    assembly_display(m->assembly, from, sizeof from);
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_TYPE_LOAD, 0, "Could not load type '%s' from assembly '%s'. Internal limitation: Too many generic arguments.", name, from);
    if (first)
        snprintf(e->name, sizeof e->name, "%s", name);
    return false;
}

/* .cctor, default constructor, virtual methods: one pass over the rows. */
static bool scan_methods(Def *d, MethodTable *mt, MtClass *k, u32 *new_slots, Err *e)
{
    const MdImage *md = d->m->md;
    u32 invoke = 0;
    bool may_be_runtime = d->is_delegate || d->m->assembly->trusted || (d->attrs & TD_IMPORT);
    for (u32 i = d->methods.first; i < d->methods.end; i++) {
        u32 rid = md_method_at(md, i), attrs = md_MethodDef_Flags(md, rid);
        if (!may_be_runtime && (md_MethodDef_ImplFlags(md, rid) & MI_CODE_TYPE) == MI_RUNTIME)
            return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "Bad use of Runtime Impl attribute.");
        if (d->is_delegate && !d->m->assembly->trusted && (attrs & MD_STATIC) && (md_MethodDef_ImplFlags(md, rid) & MI_CODE_TYPE) == MI_RUNTIME)
            return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "Bad use of Runtime Impl attribute.");
        if (d->is_delegate && !d->m->assembly->trusted && strcmp(md_method_name(md, rid), "Invoke") == 0 && invoke++)
            return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "A delegate has one Invoke only.");
        if (!d->m->assembly->trusted && !validate_method(d->m, rid, e))
            return false;
        if ((d->attrs & TD_IMPORT) && md_MethodDef_RVA(md, rid))
            return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "Method with non-zero RVA in an Import.");
        u32 blob_len;
        const u8 *blob = md_blob(md, md_MethodDef_Signature(md, rid), &blob_len);
        if (blob && blob_len > 4 && (blob[0] & SIG_GENERIC) && (blob[1] & 0xC0) == 0xC0) { /* a number above 16,383 */
            MdSig count = md_sig(blob + 1, blob_len - 1);
            if (md_sig_uint(&count) > GENERIC_MAX)
                return too_many_generic(d->m, md_method_name(md, rid), e);
        }
        if (attrs & MD_VIRTUAL) {
            if (attrs & MD_STATIC)
                continue;
            ++*new_slots;
            if (d->is_interface && !(attrs & MD_ABSTRACT))
                mt->flags2 |= MT2_HAS_DEFAULT_IMPL;
        } else if (attrs & MD_RT_SPECIAL_NAME) {
            const char *name = md_method_name(md, rid);
            if (!d->m->assembly->trusted && (strcmp(name, ".cctor") == 0 || strcmp(name, ".ctor") == 0) &&
                !validate_constructor(d->m, d->rid, rid, e))
                return false;
            if (strcmp(name, ".cctor") == 0) {
                k->cctor_rid = rid;
                mt->flags2 |= MT2_HAS_CCTOR;
            } else if ((attrs & (MD_STATIC | MD_ACCESS)) == MD_PUBLIC) {
                u32 len;
                const u8 *sig = md_blob(md, md_MethodDef_Signature(md, rid), &len);
                if (sig && len >= 3 && sig[0] == SIG_HAS_THIS && sig[1] == 0)
                    mt->flags |= MTF_HAS_DEFAULT_CTOR;
            }
        }
    }
    return true;
}

static u32 base_size_of(Def *d, MtClass *k)
{
    u32 n = ALIGN_UP(k->size, 8u) + 16;
    if (d->m->assembly->is_corelib && strcmp(d->ns, "System") == 0 && strcmp(d->name, "String") == 0)
        return 22;
    return MAX(n, (u32)GC_MIN_OBJECT);
}

static void take_layout(MethodTable *mt, MtClass *k, Layout *l, LoadContext *alc)
{
    k->size = l->size;
    k->align = (u8)(l->align ? l->align : 1);
    k->pack = (u8)l->pack;
    k->num_instance_fields = l->num_instance;
    k->kflags |= l->kflags;
    mt->flags2 |= l->flags2;
    if (l->is_enum)
        k->underlying = l->underlying;
    if (l->byrefs.len) {
        k->byrefs = type_alloc(alc, HEAP_COLD, l->byrefs.len * sizeof(u32));
        memcpy(k->byrefs, l->byrefs.data, l->byrefs.len * sizeof(u32));
        k->num_byrefs = l->byrefs.len;
    }
    mt_set_runs(mt, l->runs.data, l->runs.len, false);
}

/* The parent's canonical instantiation, without naming any reference type: d's own identity is not there yet. */
static bool layout_parent(Def *d, const SigContext *c, MethodTable **out, Err *e)
{
    *out = d->ptyp;
    if (!d->ptyp || !d->ptyp->aux->inst)
        return true;
    MdSig s = md_sig_of(d->m->md, d->extends);
    md_sig_skip_mods(&s);
    md_sig_byte(&s);
    md_sig_byte(&s);
    md_sig_token(&s);
    u32 n = md_sig_uint(&s);
    if (s.bad || n != d->ptyp->klass->num_generic)
        return load_error(e, d->m, d->rid, " because its parent has a wrong number of type arguments");
    TypeHandle small[16], *args = n > ARRAY_LEN(small) ? base_malloc(n * sizeof *args) : small;
    u32 i = 0;
    while (i < n && (args[i] = sig_read(c, &s, true, e)))
        i++;
    *out = i == n ? (MethodTable *)load_inst(d->ptyp, args, n, e) : NULL;
    if (args != small)
        base_free(args);
    return *out != NULL;
}

static bool exact_parent(Def *d, MethodTable *mt, Err *e)
{
    if (!d->ptyp)
        return true;
    if (!d->ptyp->aux->inst) {
        mt->parent = d->ptyp;
        return true;
    }
    SigContext c = context_of(mt);
    TypeHandle th = load_token(&c, d->extends, e);
    mt->parent = th_mt(th);
    return mt->parent != NULL;
}

/* class C : G<D<E>>, where D<T> : C is what C is loaded for: C's exact parent cannot be named before D is there.  Until the outermost load has
 * ended, C has the canonical instance of its parent, whose layout and slots are the same. */
static VEC(MethodTable *) late_parents; /* under the lock */
static __thread bool met_nameless;      /* a definition that is being loaded was asked for before it had an identity */

static bool parent_or_late(Def *d, MethodTable *mt, MethodTable *canonical, Err *e)
{
    met_nameless = false;
    if (exact_parent(d, mt, e))
        return true;
    if (!met_nameless || !canonical || d->m->assembly->trusted || (e && e->kind != ERR_TYPE_LOAD))
        return false;
    if (e)
        e->kind = ERR_NONE, e->name[0] = 0;
    mt->parent = canonical;
    vec_push(&late_parents, mt);
    return true;
}

/* The dictionaries of ancestors, again. */
static void renew_inherited(MethodTable *mt)
{
    u32 inherited = mt->parent->klass->num_dicts;
    if (mt->aux->inst && mt->perinst)
        memcpy(mt->perinst, mt->parent->perinst, inherited * sizeof *mt->perinst);
    else
        mt->perinst = mt->parent->perinst;
    for (MethodTable *x = mt->aux->first_derived; x; x = x->aux->next_derived)
        renew_inherited(x);
}

static bool settle_parent(MethodTable *mt, Err *e)
{
    Def d;
    MethodTable *canonical = mt->parent;
    def_of(mt, &d);
    if (!exact_parent(&d, mt, e)) {
        mt->parent = canonical;
        return false;
    }
    MethodTable **at = &canonical->aux->first_derived;
    while (*at && *at != mt)
        at = &(*at)->aux->next_derived;
    if (*at)
        *at = mt->aux->next_derived;
    mt->aux->next_derived = mt->parent->aux->first_derived;
    mt->parent->aux->first_derived = mt;
    renew_inherited(mt);
    return true;
}

static bool settle_parents(Err *e)
{
    while (late_parents.len) {
        MethodTable *mt = late_parents.data[late_parents.len - 1];
        if (!settle_parent(mt, e)) {
            if (!e || e->kind != ERR_PENDING) {
                (void)vec_pop(&late_parents);
                load_forget(mt);
            }
            return false;
        }
        (void)vec_pop(&late_parents);
    }
    return true;
}

/* MT2_PUBLIC, MT2_ASSEMBLY of a definition and all around it. */
static u32 visibility_flags(const MdImage *md, u32 rid)
{
    u32 f = MT2_PUBLIC | MT2_ASSEMBLY;
    for (; rid; rid = md_enclosing(md, rid)) {
        u32 v = md_TypeDef_Flags(md, rid) & TD_VISIBILITY;
        bool own = v == TD_NOT_PUBLIC || v == TD_NESTED_ASSEMBLY || v == TD_NESTED_FAM_OR_ASSEM;
        f &= v == TD_PUBLIC || v == TD_NESTED_PUBLIC ? f : own ? MT2_ASSEMBLY : 0;
        if (!f || v == TD_PUBLIC || v == TD_NOT_PUBLIC)
            break;
    }
    return f;
}

static void common_flags(Def *d, MethodTable *mt)
{
    mt->module = d->m;
    mt->flags2 |= visibility_flags(d->m->md, d->rid);
    if (d->attrs & TD_ABSTRACT)
        mt->flags2 |= MT2_ABSTRACT;
    if (d->attrs & TD_SEALED)
        mt->flags2 |= MT2_SEALED;
    if (d->attrs & TD_BEFORE_FIELD_INIT)
        mt->flags2 |= MT2_BEFOREFIELDINIT;
    if (d->is_delegate)
        mt->flags2 |= MT2_DELEGATE;
    if (d->intrinsic)
        mt->flags2 |= MT2_INTRINSIC_TYPE;
    if (d->inline_length)
        mt->flags2 |= MT2_INLINE_ARRAY;
    if (d->m->alc->collectible)
        mt->flags |= MTF_COLLECTIBLE;
}

static u32 finalize_slot = UINT32_MAX;
static void set_finalizer(MethodTable *mt, MtClass *k)
{
    if (UNLIKELY(finalize_slot == UINT32_MAX)) {
        if (!mt->module->assembly->is_corelib || k->depth != 0)
            return;
        for (u32 i = 0; i < k->num_virts; i++)
            if (strcmp(rid_method_name(mt->module, md_method_at(mt->module->md, k->first_method_rid + k->virts[i].index)), "Finalize") == 0)
                finalize_slot = k->virts[i].slot;
        return;
    }
    k->finalizer_slot = finalize_slot;
    if (finalize_slot < k->num_slots && k->slot_src[finalize_slot].depth != 0 && !mt_is_valuetype(mt))
        mt->flags |= MTF_HAS_FINALIZER;
}

/* Steps 2 and 3.  extra: slots to reserve beyond the count (a non-newslot method that overrides nothing). */
static MethodTable *make_typical(Def *d, Layout *l, Loading *loading, u32 extra, u32 *needed, Err *e)
{
    const MdImage *md = d->m->md;
    LoadContext *alc = d->m->alc;
    u32 fresh = count_new_slots(d->m, d->methods, d->is_interface ? NULL : d->ptyp);
    u32 slots = (d->ptyp ? d->ptyp->klass->num_slots : 0) + fresh + extra;
    if (slots > 0xfff0) {
        load_error(e, d->m, d->rid, " because it has too many virtual methods");
        return NULL;
    }
    MtAux *aux;
    MethodTable *mt = loading->early;
    MtClass *k;
    if (mt) {
        if (l->runs.len > EARLY_RUNS || slots > mt->num_virtuals) {
            load_error(e, d->m, d->rid, " because its definition depends on itself");
            return NULL;
        }
        aux = mt->aux;
        k = mt->klass;
        k->kflags = 0;
        mt->num_virtuals = (u16)slots;
    } else {
        mt = mt_alloc(alc, d->open || d->is_interface ? 0 : slots, l->runs.len, &aux);
        k = type_alloc(alc, HEAP_COLD, sizeof *k);
    }
    mt->klass = k;
    k->mt = k->typical = aux->canon = mt;
    k->token = MD_TOKEN(MDT_TypeDef, d->rid);
    k->attrs = d->attrs;
    k->name = d->name;
    k->ns = d->ns;
    k->enclosing = (d->attrs & TD_VISIBILITY) >= TD_NESTED_PUBLIC ? md_enclosing(md, d->rid) : 0;
    k->num_generic = (u16)d->num_generic;
    k->num_methods = d->methods.end - d->methods.first;
    k->first_method_rid = d->methods.first;
    k->num_fields = l->num_fields;
    k->fields = l->fields;
    k->inline_array_length = d->inline_length;
    k->depth = d->ptyp ? d->ptyp->klass->depth + 1 : 0;
    aux->loader_module = d->m;
    common_flags(d, mt);
    set_category(d, mt, k);
    if (d->num_generic && !make_vars(d, mt, k, e))
        return NULL;
    u32 unused = 0;
    if (!scan_methods(d, mt, k, &unused, e))
        return NULL;
    take_layout(mt, k, l, alc);
    if (d->is_valuetype && k->elem_kind == ET_VOID)
        k->size = 1;
    for (u32 i = 0; i < k->num_fields; i++)
        k->fields[i].mt = mt;
    mt->base_size = d->open || d->is_interface ? 0 : base_size_of(d, k);
    if (strcmp(d->name, "String") == 0 && mt->base_size == 22)
        mt->flags |= MTF_HAS_COMPONENTS | 2;
    if (strcmp(d->name, "__Canon") == 0 && d->m->assembly->is_corelib)
        mt->flags2 |= MT2_IS_CANON;
    loading->mt = mt;
    SlotBuild b = {.mt = mt, .ptyp = d->is_interface ? NULL : d->ptyp, .capacity = slots};
    bool slots_first = loading->want_slots;
    if (slots_first)
        mt->parent = d->ptyp; /* its instantiation cannot be named before this type's slots are there */
    else if (!parent_or_late(d, mt, l->parent, e))
        return NULL;
    if (!build_slots(&b, e)) {
        *needed = b.count > slots ? b.count - slots + extra : 0;
        return NULL;
    }
    k->num_slots = (u16)b.count;
    k->kflags |= KF_SLOTS;
    if (slots_first) {
        mt->parent = NULL;
        if (!exact_parent(d, mt, e))
            return NULL;
    }
    mt_set_dicts(mt, alc);
    mt->num_virtuals = (u16)MIN(mt->num_virtuals, b.count);
    if (d->ptyp)
        k->kflags |= d->ptyp->klass->kflags & KF_FOLLOWED;
    fill_vtable(mt, mt->parent);
    set_finalizer(mt, k);
    return mt;
}

static bool has_variance(Module *m, u32 rid)
{
    MdIter it = md_generic_params_of(m->md, MD_TOKEN(MDT_TypeDef, rid));
    for (u32 row; (row = md_next_row(&it));)
        if (md_GenericParam_Flags(m->md, row) & GP_VARIANCE)
            return true;
    return false;
}

static MethodTable *load_typedef_slow(Module *m, u32 rid, Loading *loading, Err *e)
{
    const MdImage *md = m->md;
    Def d = {.m = m, .rid = rid, .attrs = md_TypeDef_Flags(md, rid), .extends = md_TypeDef_Extends(md, rid),
             .name = md_typedef_name(md, rid), .ns = md_typedef_namespace(md, rid),
             .fields = md_typedef_fields(md, rid), .methods = md_typedef_methods(md, rid)};
    d.num_generic = md_generic_count(md, MD_TOKEN(MDT_TypeDef, rid));
    d.is_interface = (d.attrs & TD_INTERFACE) != 0;
    d.open = d.num_generic != 0;
    if (d.num_generic > GENERIC_MAX) {
        too_many_generic(m, md_typedef_name(md, rid), e);
        return NULL;
    }
    if (d.fields.end - d.fields.first > 0xffff) {
        load_error(e, m, rid, " because it has too many fields");
        return NULL;
    }
    loading->early_ok = loading->early_class = !d.num_generic && !d.is_interface && !m->assembly->is_corelib;
    loading->loader_module = m;
    if (!read_parent(&d, e) || !read_attributes(&d, e))
        return NULL;
    if (d.num_generic && !m->assembly->trusted && !d.is_interface && !d.is_delegate && has_variance(m, rid)) {
        load_error(e, m, rid, " because it uses an illegal variance annotation on a type parameter");
        return NULL;
    }
    if (d.is_valuetype)
        loading->early_ok = loading->early_class = false;
    d.is_nullable = d.is_valuetype && m->assembly->is_corelib && strcmp(d.name, "Nullable`1") == 0 && strcmp(d.ns, "System") == 0;
    if (d.attrs & TD_EXPLICIT_LAYOUT && (d.attrs & TD_LAYOUT) == TD_EXPLICIT_LAYOUT && d.num_generic && !d.is_enum && !m->assembly->trusted) {
        load_error(e, m, rid, " because generic types cannot have explicit layout");
        return NULL;
    }
    Layout l = {.module = m, .rid = rid, .attrs = d.attrs, .ctx = {.module = m}, .is_valuetype = d.is_valuetype, .is_enum = d.is_enum,
                .is_byref_like = d.byref_like, .inline_length = d.inline_length, .first_field = d.fields.first,
                .num_fields = d.fields.end - d.fields.first};
    l.fields = type_alloc(m->alc, HEAP_COLD, l.num_fields * sizeof(Field));
    if (d.is_valuetype && !d.open && !d.is_enum && !m->assembly->is_corelib) {
        loading->early_ok = true;
        loading->loader_module = m;
        loading->byref_like = d.byref_like;
        loading->slots = d.ptyp->klass->num_slots + count_new_slots(m, d.methods, d.ptyp);
    }
    MethodTable *mt = NULL;
    if ((d.open || layout_parent(&d, &l.ctx, &l.parent, e)) && layout_fields(&l, d.open, e)) {
        u32 needed = 0;
        mt = make_typical(&d, &l, loading, 0, &needed, e);
        if (!mt && needed && (!e || e->kind == ERR_NONE)) {
            loading->mt = NULL;
            mt = make_typical(&d, &l, loading, needed, &needed, e);
        }
        if (!mt && loading->want_slots && !loading->mt->parent) {
            if (e)
                e->kind = ERR_NONE;
            loading->mt = NULL;
            mt = make_typical(&d, &l, loading, 1, &needed, e);
        }
    }
    layout_free(&l);
    return mt;
}

static void fix_value_field_types(MethodTable *mt) /* the field types were read canonically */
{
    SigContext c = context_of(mt);
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->type && !th_is_desc(f->type) && ((MethodTable *)f->type)->flags & MTF_GENERIC_SHARED && !(f->flags & FF_STATIC)) {
            MdSig s = md_sig(f->sig, f->sig_len);
            md_sig_field(&s);
            TypeHandle th = sig_read(&c, &s, false, NULL);
            if (th)
                f->type = th;
        }
    }
}

/* Loaded while something else was: what they inherit and implement may not have been there yet. Under the lock. */
static VEC(MethodTable *) unchecked;
static __thread MethodTable *unsettled; /* the check of this one waits for an assembly */

static bool check_loaded(MethodTable *mt, Err *e)
{
    return check_complete(mt, e) && check_variance(mt, e) && validate_type(mt, e);
}

bool load_complete(Err *e)
{
    unsettled = NULL;
    if (UNLIKELY(late_parents.len) && !type_loading && !load_binding && !settle_parents(e))
        return false;
    while (UNLIKELY(unchecked.len) && !type_loading && !load_binding) {
        MethodTable *mt = vec_pop(&unchecked);
        u32 before = load_misses();
        if (check_loaded(mt, e))
            continue;
        unsettled = mt;
        if (load_missed(before, e))
            vec_push(&unchecked, mt);
        else
            load_refuse();
        return false;
    }
    return true;
}

void load_refuse(void)
{
    MethodTable *mt = unsettled;
    unsettled = NULL;
    if (!mt)
        return;
    type_lock();
    load_forget(mt);
    for (u32 i = 0; i < unchecked.len; i++)
        if (unchecked.data[i] == mt)
            unchecked.data[i] = vec_pop(&unchecked);
    type_unlock();
}

MethodTable *load_unchecked(void)
{
    Err ignored;
    ignored.kind = ERR_NONE;
    while (late_parents.len) {
        MethodTable *mt = vec_pop(&late_parents);
        if (!settle_parent(mt, &ignored))
            load_forget(mt);
    }
    return unchecked.len ? vec_pop(&unchecked) : NULL;
}

bool load_recheck(MethodTable *mt)
{
    Err ignored;
    ignored.kind = ERR_NONE;
    u32 before = load_misses();
    if (check_loaded(mt, &ignored))
        return true;
    if (load_missed(before, &ignored))
        return false;
    load_forget(mt);
    return true;
}

void load_forget(MethodTable *mt)
{
    __atomic_store_n(&mt->module->typedefs[mt_rid(mt)], NULL, __ATOMIC_RELEASE); /* who asks again is told again */
}

MethodTable *load_typedef(Module *m, u32 rid, Err *e)
{
    if (rid == 0 || rid > md_rows(m->md, MDT_TypeDef)) {
        err_set(e, ERR_BAD_IMAGE, MD_TOKEN(MDT_TypeDef, rid), "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
        return NULL;
    }
    MethodTable *mt = __atomic_load_n(&m->typedefs[rid], __ATOMIC_ACQUIRE);
    if (mt)
        return mt;
    if (UNLIKELY(!md_type_is_finished(m->md, rid)) && rid != 1) /* <Module> may be loaded at any time */
        return unfinished_type(m, rid, e);
    Loading *found = find_loading(m, rid);
    if (found) {
        if (found->mt || early_identity(found))
            return found->mt ? found->mt : found->early;
        met_nameless = true;
        load_error(e, m, rid, "");
        return NULL;
    }
    Loading l = {.prev = type_loading, .module = m, .rid = rid, .level = type_loading ? type_loading->level + 1 : 0};
    if (l.level > LOAD_DEPTH_MAX) {
        load_error(e, m, rid, " because the type definitions nest too deeply");
        return NULL;
    }
    type_loading = &l;
    Err local;
    local.kind = ERR_NONE;
    local.name[0] = 0;
    local.hresult = 0;
    mt = load_typedef_slow(m, rid, &l, &local);
    if (mt && !m->assembly->trusted) {
        if (l.prev)
            vec_push(&unchecked, mt);
        else if (!check_loaded(mt, &local))
            mt = NULL;
    }
    if (mt && !mt->aux->inst)
        fix_value_field_types(mt);
    type_loading = l.prev;
    if (!mt) {
        if (local.kind == ERR_NONE)
            load_error(&local, m, rid, "");
        if (e && e->kind == ERR_NONE)
            *e = local;
        return NULL;
    }
    mt_publish(mt);
    __atomic_store_n(&m->typedefs[rid], mt, __ATOMIC_RELEASE);
    return mt;
}

MethodTable *type_load_typedef(Module *m, u32 token, Err *e)
{
    u32 rid = MD_RID(token);
    if (rid && rid <= md_rows(m->md, MDT_TypeDef)) {
        MethodTable *mt = __atomic_load_n(&m->typedefs[rid], __ATOMIC_ACQUIRE);
        if (LIKELY(mt != NULL))
            return mt;
    }
    return LOADED(MethodTable *, e, load_typedef(m, rid, LE));
}

MethodTable *type_enclosing(MethodTable *mt, Err *e)
{
    return mt->klass->enclosing ? type_load_typedef(mt->module, MD_TOKEN(MDT_TypeDef, mt->klass->enclosing), e) : NULL;
}

bool class_has(MethodTable *mt, u32 rows)
{
    MtClass *k = mt->klass;
    const MdImage *md = mt->module->md;
    u32 known = k->kflags, rid = mt_rid(mt);
    if (UNLIKELY(!(known & KF_ROWS_KNOWN))) {
        MdIter impls = md_method_impls_of(md, rid), ifaces = md_interfaces_of(md, rid);
        known = KF_ROWS_KNOWN | (impls.cur < impls.end ? KF_IMPL_ROWS : 0) | (ifaces.cur < ifaces.end ? KF_IFACE_ROWS : 0) |
                (md_any_generic_method(md, md_typedef_methods(md, rid)) ? KF_GENERIC_METHODS : 0);
        if (!md->index) /* what grows may still get some */
            __atomic_fetch_or(&k->kflags, known, __ATOMIC_RELAXED);
    }
    return (known & rows) != 0;
}

/* --- Instantiations ----------------------------------------------------------------------------------------------------- */
static bool layout_inst(Def *d, MethodTable *typical, const TypeHandle *args, u32 n, Layout *l, Err *e)
{
    MtClass *tk = typical->klass;
    *l = (Layout){.module = d->m, .rid = d->rid, .attrs = d->attrs, .is_valuetype = d->is_valuetype, .is_enum = d->is_enum,
                  .ctx = {.module = d->m, .class_args = args, .num_class_args = n},
                  .is_byref_like = d->byref_like, .inline_length = tk->inline_array_length,
                  .first_field = d->fields.first, .num_fields = tk->num_fields};
    l->fields = type_alloc(owner_among(typical->module, args, n)->alc, HEAP_COLD, l->num_fields * sizeof(Field));
    return (d->open || layout_parent(d, &l->ctx, &l->parent, e)) && layout_fields(l, d->open, e);
}

static void def_of(MethodTable *typical, Def *d)
{
    MtClass *k = typical->klass;
    const MdImage *md = typical->module->md;
    *d = (Def){.m = typical->module, .rid = MD_RID(k->token), .attrs = k->attrs, .name = k->name, .ns = k->ns,
               .num_generic = k->num_generic, .fields = md_typedef_fields(md, MD_RID(k->token)),
               .extends = mt_is_interface(typical) ? 0 : md_TypeDef_Extends(md, MD_RID(k->token)),
               .is_interface = mt_is_interface(typical), .is_valuetype = mt_is_valuetype(typical), .is_enum = mt_is_enum(typical),
               .is_delegate = mt_is_delegate(typical), .byref_like = (typical->flags & MTF_BYREF_LIKE) != 0};
    DefRef p;
    if (typical->parent)
        d->ptyp = typical->parent->klass->typical;
    else if (d->extends && resolve_def(d->m, d->extends, &p, NULL))
        d->ptyp = p.module->typedefs[p.rid];
}

static LoadContext *inst_context(MethodTable *typical, const TypeHandle *args, u32 n, Module **lm)
{
    *lm = owner_among(typical->module, args, n);
    return (*lm)->alc;
}

/* An instantiation with a layout of its own: canonical, or open. */
static MethodTable *make_canonical(MethodTable *typical, const TypeHandle *args, u32 n, bool open, bool shared, Loading *loading, Err *e)
{
    Def d;
    def_of(typical, &d);
    d.open = open;
    Layout l;
    loading->early_ok = d.is_valuetype && !open;
    loading->byref_like = d.byref_like;
    loading->slots = typical->klass->num_slots;
    inst_context(typical, args, n, &loading->loader_module);
    if (!layout_inst(&d, typical, args, n, &l, e)) {
        layout_free(&l);
        return NULL;
    }
    Module *lm;
    LoadContext *alc = inst_context(typical, args, n, &lm);
    MtClass *tk = typical->klass;
    MtAux *aux;
    MethodTable *mt = loading->early;
    MtClass *k;
    if (mt) {
        if (l.runs.len > EARLY_RUNS) {
            load_error_mt(e, typical, " because its definition depends on itself");
            layout_free(&l);
            return NULL;
        }
        aux = mt->aux;
        k = mt->klass;
        mt->num_virtuals = tk->num_slots;
    } else {
        mt = mt_alloc(alc, open || d.is_interface ? 0 : tk->num_slots, l.runs.len, &aux);
        k = type_alloc(alc, HEAP_COLD, sizeof *k);
    }
    *k = *tk;
    k->kflags &= ~(u32)(KF_STATICS_DONE | KF_AUTO_LAYOUT | KF_SEQUENTIAL | KF_INT128);
    k->dict_layout = NULL;
    k->abi = NULL;
    k->mt = aux->canon = mt;
    k->fields = l.fields;
    mt->klass = k;
    mt->module = d.m;
    aux->loader_module = lm;
    aux->inst = type_alloc(alc, HEAP_COLD, n * sizeof(TypeHandle));
    memcpy(aux->inst, args, n * sizeof(TypeHandle));
    mt->flags = typical->flags & ~(u32)(MTF_GENERICS_MASK | MTF_HAS_GENERIC_VARS | MTF_HAS_REFS | MTF_HAS_FINALIZER | MTF_COLLECTIBLE);
    mt->flags |= shared ? MTF_GENERIC_SHARED : MTF_GENERIC_EXACT;
    mt->flags |= open ? MTF_HAS_GENERIC_VARS : 0;
    mt->flags |= alc->collectible ? MTF_COLLECTIBLE : 0;
    mt->flags |= typical->flags & MTF_HAS_FINALIZER;
    mt->flags2 = typical->flags2 & ~(u32)(MT2_LOADED | MT2_IFACES_READY | MT2_HAS_STATICS | MT2_HAS_THREAD_STATICS | MT2_CONSTRAINTS_OK);
    if (shared)
        mt->flags2 |= MT2_SHARED_BY_REF;
    take_layout(mt, k, &l, alc);
    layout_free(&l);
    for (u32 i = 0; i < k->num_fields; i++)
        k->fields[i].mt = mt;
    mt->base_size = open || d.is_interface ? 0 : MAX(ALIGN_UP(k->size, 8u) + 16, (u32)GC_MIN_OBJECT);
    if (mt_is_nullable(mt) && !open)
        for (u32 i = 0; i < k->num_fields; i++)
            if (strcmp(k->fields[i].name, "value") == 0) {
                mt->nullable_value_offset = k->fields[i].offset;
                mt->nullable_value_size = k->fields[i].size;
            }
    loading->mt = mt;
    if (!exact_parent(&d, mt, e))
        return NULL;
    mt_set_dicts(mt, alc);
    fill_vtable(mt, mt->parent);
    return mt;
}

/* An exact instantiation of shared code: a copy with its own arguments. */
static MethodTable *make_exact(MethodTable *canon, const TypeHandle *args, u32 n, Loading *loading, Err *e)
{
    Def d;
    MethodTable *typical = canon->klass->typical;
    def_of(typical, &d);
    Module *lm;
    LoadContext *alc = inst_context(typical, args, n, &lm);
    MtAux *aux;
    u32 runs = mt_num_runs(canon);
    MethodTable *mt = mt_alloc(alc, canon->num_virtuals, runs, &aux);
    *mt = *canon;
    mt->aux = aux;
    mt->flags2 &= ~(u32)(MT2_LOADED | MT2_IFACES_READY | MT2_HAS_STATICS | MT2_HAS_THREAD_STATICS | MT2_CONSTRAINTS_OK);
    if (!mt_is_nullable(mt)) {
        mt->interfaces = NULL;
        mt->num_interfaces = 0;
    }
    mt->flags = (mt->flags & ~(u32)(MTF_GENERICS_MASK | MTF_COLLECTIBLE)) | MTF_GENERIC_EXACT | (alc->collectible ? MTF_COLLECTIBLE : 0);
    mt->perinst = NULL;
    mt->parent = NULL;
    if (runs) {
        size_t bytes = gc_desc_bytes(runs);
        memcpy((char *)mt - bytes, (char *)canon - bytes, bytes);
    }
    aux->canon = canon;
    aux->loader_module = lm;
    aux->inst = type_alloc(alc, HEAP_COLD, n * sizeof(TypeHandle));
    memcpy(aux->inst, args, n * sizeof(TypeHandle));
    loading->mt = mt;
    if (!exact_parent(&d, mt, e))
        return NULL;
    mt_set_dicts(mt, alc);
    for (u32 i = 0; i < mt->num_virtuals; i++)
        mt->vtable[i] = canon->vtable[i];
    return mt;
}

u64 inst_hash(MethodTable *typical, const TypeHandle *args, u32 n)
{
    u64 h = base_hash_u64((u64)(uintptr_t)typical);
    for (u32 i = 0; i < n; i++)
        h = base_hash_u64(h * 31 + args[i]);
    return h ? h : 1;
}

static MethodTable *find_inst(MethodTable *typical, const TypeHandle *args, u32 n, u64 *key)
{
    u64 k = inst_hash(typical, args, n), v;
    Map64 *map = &typical->module->insts;
    for (; map64_get(map, k, &v); k = k + 1 ? k + 1 : 1) {
        MethodTable *mt = (MethodTable *)(uintptr_t)v;
        if (mt->klass->typical == typical && memcmp(mt->aux->inst, args, n * sizeof *args) == 0)
            return mt;
    }
    *key = k;
    return NULL;
}

static MethodTable *load_inst_slow(MethodTable *typical, const TypeHandle *args, u32 n, bool open, Loading *l, Err *e)
{
    TypeHandle small[16], *canon = n > ARRAY_LEN(small) ? base_malloc(n * sizeof *canon) : small;
    bool same = true, shared = false;
    for (u32 i = 0; i < n; i++) {
        canon[i] = open ? args[i] : type_canonical(args[i]);
        same &= canon[i] == args[i];
        shared |= !open && type_is_shared(canon[i]);
    }
    MethodTable *mt = NULL;
    if (same) {
        mt = make_canonical(typical, args, n, open, shared, l, e);
    } else {
        MethodTable *c = (MethodTable *)load_inst(typical, canon, n, e);
        if (c)
            mt = make_exact(c, args, n, l, e);
    }
    if (canon != small)
        base_free(canon);
    return mt;
}

static bool bad_instance(Err *e, MethodTable *typical, const char *what)
{
    char name[200], from[200];
    type_name(th_of(typical), TN_NAMESPACE, name, sizeof name);
    assembly_display(typical->module->assembly, from, sizeof from);
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_TYPE_LOAD, typical->klass->token, "The generic type '%s' was used with %s in assembly '%s'.", name, what, from);
    if (first)
        snprintf(e->name, sizeof e->name, "%s", name);
    return false;
}

TypeHandle load_inst(MethodTable *typical, const TypeHandle *args, u32 n, Err *e)
{
    u64 key;
    if (!typical->aux->inst || typical->klass->typical != typical || typical->klass->num_generic != n) {
        bad_instance(e, typical, "the wrong number of generic arguments");
        return 0;
    }
    MethodTable *mt = find_inst(typical, args, n, &key);
    if (mt)
        return th_of(mt);
    if (memcmp(typical->aux->inst, args, n * sizeof *args) == 0)
        return th_of(typical);
    u32 level = type_loading ? type_loading->level + 1 : 0;
    for (Loading *l = type_loading; l; l = l->prev)
        if (l->typical == typical && l->nargs == n && memcmp(l->args, args, n * sizeof *args) == 0) {
            if (l->mt || early_identity(l))
                return th_of(l->mt ? l->mt : l->early);
            load_error_mt(e, typical, " because its definition depends on itself");
            return 0;
        }
    if (level > LOAD_DEPTH_MAX) {
        load_error_mt(e, typical, " because it has recursive generic definition");
        return 0;
    }
    bool open = false;
    for (u32 i = 0; i < n; i++) {
        open |= type_is_open(args[i]);
        TypeDesc *desc = th_desc(args[i]);
        if ((desc && desc->kind != TD_VAR && desc->kind != TD_MVAR) || args[i] == th_of(type_wk_cache[WK_VOID])) {
            bad_instance(e, typical, "an invalid instantiation");
            return 0;
        }
    }
    if (UNLIKELY(!(typical->flags2 & MT2_LOADED) && !(typical->klass->kflags & KF_SLOTS))) {
        Loading *def = find_loading(typical->module, mt_rid(typical));
        if (def)
            def->want_slots = true;
        load_error_mt(e, typical, " because its definition depends on itself");
        return 0;
    }
    Loading l = {.prev = type_loading, .module = typical->module, .rid = 0, .typical = typical, .args = args, .nargs = n, .level = level};
    type_loading = &l;
    mt = load_inst_slow(typical, args, n, open, &l, e);
    if (mt && mt->aux->canon == mt && !open)
        fix_value_field_types(mt);
    type_loading = l.prev;
    if (!mt)
        return 0;
    MethodTable *again = find_inst(typical, args, n, &key);
    if (again)
        return th_of(again);
    mt_publish(mt);
    mt->aux->next_inst = typical->aux->next_inst;
    typical->aux->next_inst = mt;
    map64_put(&typical->module->insts, key, (u64)(uintptr_t)mt);
    return th_of(mt);
}

TypeHandle type_instantiate(MethodTable *typical, const TypeHandle *args, u32 n, Err *e)
{
    return LOADED(TypeHandle, e, load_inst(typical, args, n, LE));
}
