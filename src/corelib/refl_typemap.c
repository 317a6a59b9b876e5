/* refl_typemap.c: TypeMapping: the attributes of assemblies that make type maps, the hash code of a type that does not depend on the
 * process, and generic parameters of unsafe accessors. */
#include "corelib/refl_int.h"

#include "md/md_attr.h"

/* --- Hash codes: the same as managed code computes from a type's name ---------------------------------------------------------- */
static u32 rotl(u32 v, u32 n) { return v << n | v >> (32 - n); }

static u32 hash_name(const char *s)
{
    enum { SEED = 0x6DA3B944 };
    if (!s || !*s)
        return 0;
    u32 a = SEED, b = 0;
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i += 2) {
        a = (a + rotl(a, 5)) ^ (u32)(i32)(i8)s[i];
        if (i + 1 >= n)
            break;
        b = (b + rotl(b, 5)) ^ (u32)(i32)(i8)s[i + 1];
    }
    a += rotl(a, 8);
    b += rotl(b, 8);
    return a ^ b;
}

static u32 hash_definition(const Module *m, u32 rid)
{
    u32 outer = md_enclosing(m->md, rid);
    u32 h = hash_name(outer ? "" : md_typedef_namespace(m->md, rid)) ^ hash_name(md_typedef_name(m->md, rid));
    if (outer) {
        u32 o = hash_definition(m, outer);
        h = (o + rotl(o, 11)) ^ h;
    }
    return h;
}

static u32 hash_type(TypeHandle th)
{
    TypeDesc *d = th_desc(th);
    if (d) {
        if (d->kind == TD_VAR || d->kind == TD_MVAR)
            return (d->kind == TD_MVAR) + 2 * d->index; /* no name spells these two kinds: any number that stays will do */
        if (d->kind == TD_FNPTR) {
            const TypeHandle *v = (const TypeHandle *)(d + 1);
            u32 h = 0x1B4F;
            for (u32 i = 0; i < d->index; i++)
                h = (h + rotl(h, 9)) ^ hash_type(v[i]);
            return h;
        }
        u32 h = hash_type(d->elem);
        return d->kind == TD_PTR ? (h + rotl(h, 5)) ^ 0x12D0 : (h + rotl(h, 7)) ^ 0x4C85;
    }
    MethodTable *mt = th_mt(th);
    if (mt_is_array(mt)) {
        u32 h = 0xD5313556u + mt->klass->rank;
        h += rotl(h, 13);
        h ^= hash_type(mt->elem);
        return h + rotl(h, 15);
    }
    u32 h = hash_definition(mt->module, MD_RID(mt->klass->token));
    if (mt->aux->inst && mt != mt->klass->typical) {
        for (u32 i = 0; i < mt->klass->num_generic; i++)
            h = (h + rotl(h, 13)) ^ hash_type(mt->aux->inst[i]);
        h += rotl(h, 15);
    }
    return h;
}

REFL(i32, VersionResilientHashCode_TypeHashCode, QCallTypeHandle type) { return (i32)hash_type(type.th); }

/* --- Type maps ------------------------------------------------------------------------------------------------------------------- */
typedef struct MapArg { /* ProcessAttributesCallbackArg */
    const char *s1, *s2;
    i32 len1, len2;
} MapArg;
typedef i32 (*MapCallback)(void *context, MapArg *arg);
typedef struct MapWalk {
    MethodTable *external, *proxy, *target; /* attribute definitions */
    TypeHandle group;
    MapCallback new_external, new_proxy;
    void *context;
    u32 current; /* offset of _currAssembly in the context */
    VEC(Assembly *) seen;
} MapWalk;

/* The attribute's type when it is one of the three over the group. */
static MethodTable *map_attribute(MapWalk *w, Module *m, u32 rid, Err *e)
{
    const MdImage *md = m->md;
    u32 ctor = md_CustomAttribute_Type(md, rid);
    if (MD_TABLE_OF(ctor) != MDT_MemberRef || MD_TABLE_OF(md_MemberRef_Class(md, MD_RID(ctor))) != MDT_TypeSpec)
        return NULL;
    SigContext c = {.module = m};
    MethodTable *mt = th_mt(type_resolve_type(&c, md_MemberRef_Class(md, MD_RID(ctor)), NULL, e));
    if (!mt || mt_is_array(mt) || !mt->aux->inst || mt->aux->inst[0] != w->group)
        return NULL;
    MethodTable *def = mt->klass->typical;
    return def == w->external || def == w->proxy || def == w->target ? def : NULL;
}

static bool map_assembly(Thread *t, MapWalk *w, Assembly *a, Err *e)
{
    for (u32 i = 0; i < w->seen.len; i++)
        if (w->seen.data[i] == a)
            return true;
    vec_push(&w->seen, a);
    const MdImage *md = a->module->md;
    MdIter it = md_attributes_of(md, MD_TOKEN(MDT_Assembly, 1));
    for (u32 rid; (rid = md_next_row(&it));) {
        MethodTable *def = map_attribute(w, a->module, rid, e);
        if (e->kind != ERR_NONE)
            return false;
        const char *s1 = NULL, *s2 = NULL;
        u32 n1 = 0, n2 = 0;
        if (!def || !md_attr_string(md, rid, 0, &s1, &n1))
            continue;
        if (def == w->target) {
            MdAssemblyName name;
            char *buf = base_malloc(n1 + 1);
            Assembly *to = NULL;
            if (md_parse_assembly_name(s1, n1, buf, &name, e))
                COOPERATIVE(t) { to = vm_bind_assembly(a->alc, &name, a, e); }
            base_free(buf);
            if (!to || !map_assembly(t, w, to, e))
                return false;
            continue;
        }
        MapCallback add = def == w->external ? w->new_external : w->new_proxy;
        if (!add || !md_attr_string(md, rid, 1, &s2, &n2)) /* a map that is not asked for has no callback */
            continue;
        MapArg arg = {s1, s2, (i32)n1, (i32)n2};
        COOPERATIVE(t)
        {
            Object *o = vm_assembly_object(t, a);
            gc_store_ref((Object **)((char *)w->context + w->current), o);
        }
        if (t->pending || !add(w->context, &arg))
            return true; /* the callback keeps its exception in the context */
    }
    return true;
}

static u32 current_assembly_offset(void)
{
    Field *f = type_field_by_name(refl_class("System.Runtime.InteropServices", "TypeMapLazyDictionary+CallbackContext"), "_currAssembly");
    if (!f)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no CallbackContext._currAssembly");
    return f->offset;
}

REFL(void, TypeMapLazyDictionary_ProcessAttributes, QCallAssembly assembly, QCallTypeHandle group, MapCallback new_external,
     MapCallback new_proxy, void *context)
{
    Err e = {0};
    Thread *t = thread_current();
    MapWalk w = {.group = group.th, .new_external = new_external, .new_proxy = new_proxy, .context = context};
    w.external = refl_class("System.Runtime.InteropServices", "TypeMapAttribute`1");
    w.proxy = refl_class("System.Runtime.InteropServices", "TypeMapAssociationAttribute`1");
    w.target = refl_class("System.Runtime.InteropServices", "TypeMapAssemblyTargetAttribute`1");
    w.current = current_assembly_offset();
    bool ok = map_assembly(t, &w, assembly.assembly, &e);
    vec_free(&w.seen);
    if (!ok)
        COOPERATIVE(t) { vm_throw_err(t, &e); }
}

/* --- Unsafe accessors --------------------------------------------------------------------------------------------------------------- */
REFL(TypeHandle, UnsafeAccessors_ResolveGenericParamToTypeHandle, Method *m, i32 of_method, u32 index)
{
    u32 n = 0;
    TypeHandle *v = NULL;
    if (of_method) {
        v = type_method_inst(m, &n);
    } else if (m->mt->aux->inst) {
        v = m->mt->aux->inst;
        n = m->mt->klass->num_generic;
    }
    return index < n ? v[index] : 0;
}
