/* refl_util.c: fields of reflection objects, handles behind them, arrays, members seen from another type.
 * Not here: the calls themselves. */
#include "corelib/refl_int.h"

#include "os/os_thread.h"

static u32 offsets[RF_COUNT];

MethodTable *refl_class(const char *ns, const char *name)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, name, &e);
    if (!mt)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no usable %s.%s: %s", ns, name, e.text);
    return mt;
}

u32 refl_offset(ReflField id)
{
    static const struct {
        const char *ns, *type, *field;
    } rows[] = {
#define REFL_FIELD(id_, ns, type, field) {ns, type, field},
#include "corelib/refl_fields.def"
#undef REFL_FIELD
    };
    u32 at = __atomic_load_n(&offsets[id], __ATOMIC_RELAXED);
    if (LIKELY(at != 0))
        return at;
    Field *f = type_field_by_name(refl_class(rows[id].ns, rows[id].type), rows[id].field);
    if (!f)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no field %s.%s.%s", rows[id].ns, rows[id].type,
                   rows[id].field);
    at = OBJ_DATA + f->offset;
    __atomic_store_n(&offsets[id], at, __ATOMIC_RELAXED);
    return at;
}

/* --- Handles --------------------------------------------------------------------------------------------------------------- */
static bool is_class(const Object *o, MethodTable **cache, const char *ns, const char *name)
{
    MethodTable *mt = __atomic_load_n(cache, __ATOMIC_ACQUIRE);
    if (!mt) {
        mt = refl_class(ns, name);
        __atomic_store_n(cache, mt, __ATOMIC_RELEASE);
    }
    return o->mt == mt || type_is_subclass(o->mt, mt);
}

Method *refl_method_of(Object *o)
{
    static MethodTable *info, *ctor;
    if (!o)
        return NULL;
    if (o->mt == type_wk(WK_RUNTIMEMETHODINFOSTUB))
        return CF_VAL(o, METHODSTUB_VALUE, Method *);
    if (is_class(o, &info, "System.Reflection", "RuntimeMethodInfo"))
        return RF_VAL(o, METHODINFO_HANDLE, Method *);
    if (is_class(o, &ctor, "System.Reflection", "RuntimeConstructorInfo"))
        return RF_VAL(o, CTORINFO_HANDLE, Method *);
    CHECKF(false, "not a method: %s.%s", o->mt->klass->ns, o->mt->klass->name); /* no other class has the interface */
    return NULL;
}

Field *refl_field_of(Object *o)
{
    static MethodTable *info;
    if (!o)
        return NULL;
    if (o->mt == type_wk(WK_RUNTIMEFIELDINFOSTUB))
        return CF_VAL(o, FIELDSTUB_VALUE, Field *);
    if (is_class(o, &info, "System.Reflection", "RtFieldInfo"))
        return RF_VAL(o, FIELDINFO_HANDLE, Field *);
    CHECKF(false, "not a field: %s.%s", o->mt->klass->ns, o->mt->klass->name);
    return NULL;
}

Module *refl_type_module(TypeHandle th)
{
    for (;;) {
        if (th_is_desc(th)) {
            TypeDesc *d = th_desc(th);
            if (d->kind == TD_PTR || d->kind == TD_BYREF) {
                th = d->elem;
                continue;
            }
            return d->module ? d->module : type_corelib->module;
        }
        if (!mt_is_array((MethodTable *)th))
            return th_mt(th)->module;
        th = th_mt(th)->elem;
    }
}

/* --- Arrays ------------------------------------------------------------------------------------------------------------------ */
Array *refl_type_array(Thread *t, MethodTable *elem, const TypeHandle *v, u32 n)
{
    Array *a = vm_new_array(t, th_of(elem), n);
    if (a)
        for (u32 i = 0; i < n; i++)
            refl_array_set(a, i, vm_type_object(v[i]));
    return a;
}

Array *refl_byte_array(Thread *t, const void *bytes, u32 n)
{
    Array *a = vm_new_array(t, th_of(type_wk(WK_BYTE)), n);
    if (a && n)
        memcpy(a->data, bytes, n);
    return a;
}

void **refl_scratch_push(Thread *t, ReflScratch *s, u64 n)
{
    *s = (ReflScratch){.prev = t->scratch, .words = base_calloc(n, sizeof *s->words), .count = n};
    t->scratch = s;
    return s->words;
}

void refl_scratch_pop(Thread *t, ReflScratch *s)
{
    t->scratch = s->prev;
    base_free(s->words);
}

/* --- Members ------------------------------------------------------------------------------------------------------------------- */
MethodTable *refl_matching_parent(MethodTable *owner, MethodTable *def)
{
    if (!def || mt_is_array(def))
        return def && owner == def ? owner : NULL;
    for (MethodTable *mt = owner; mt; mt = mt->parent)
        if (!mt_is_array(mt) && mt->klass->typical == def->klass->typical)
            return mt;
    return NULL;
}

Method *refl_method_definition(Method *m, Err *e)
{
    if (!(m->flags & MF_GENERIC_INST))
        return m;
    return type_method_by_rid(m->mt, MD_RID(m->token), e);
}

Method *refl_typical_method(Method *m, Err *e)
{
    if (MD_TABLE_OF(m->token) != MDT_MethodDef || !MD_RID(m->token))
        return m;
    MethodTable *typical = m->mt->klass->typical;
    if (m->mt == typical && !(m->flags & MF_GENERIC_INST))
        return m;
    return type_method_by_rid(typical, MD_RID(m->token), e);
}

Method *refl_method_on(Method *m, MethodTable *owner, Err *e)
{
    if (m->mt == owner || (m->flags & (MF_ARRAY | MF_STUB)))
        return m;
    MethodTable *mt = refl_matching_parent(owner, m->mt);
    if (!mt || mt == m->mt)
        return m;
    Method *r = type_method_by_rid(mt, MD_RID(m->token), e);
    u32 n;
    if (r && (m->flags & MF_GENERIC_INST)) {
        TypeHandle *args = type_method_inst(m, &n);
        r = type_instantiate_method(r, args, n, e);
    }
    return r;
}

bool refl_is_method_generic_open(Method *m)
{
    u32 n;
    TypeHandle *v = type_method_inst(m, &n);
    for (u32 i = 0; i < n; i++)
        if (type_is_open(v[i]))
            return true;
    return false;
}

/* Static fields of exact owners: (canonical Field, exact owner) -> copy with mt = exact owner. */
static OsMutex exact_lock = OS_MUTEX_INIT;
static Map64 exact_fields;

Field *refl_exact_field(Field *f, MethodTable *exact)
{
    MethodTable *mt = refl_matching_parent(exact, f->mt);
    if (!mt || mt == f->mt || !(f->flags & FF_STATIC))
        return f;
    u64 key = base_hash_u64((u64)(uintptr_t)f) ^ (u64)(uintptr_t)mt;
    os_mutex_lock(&exact_lock);
    Field *r = map64_ptr(&exact_fields, key);
    while (r && (r->mt != mt || r->token != f->token))
        r = map64_ptr(&exact_fields, ++key);
    if (!r) {
        r = type_alloc(mt->aux->loader_module->alc, HEAP_COLD, sizeof *r);
        *r = *f;
        r->mt = mt;
        map64_put(&exact_fields, key, (u64)(uintptr_t)r);
    }
    os_mutex_unlock(&exact_lock);
    return r;
}

void refl_forget_dying(void)
{
    Map64 old = exact_fields;
    bool any = false;
    for (u32 i = 0; i < old.cap; i++)
        any |= old.keys[i] && type_is_dying((void *)(uintptr_t)old.vals[i]);
    if (!any)
        return;
    exact_fields = (Map64){0}; /* probing goes from key to key */
    for (u32 i = 0; i < old.cap; i++) {
        Field *r = old.keys[i] ? (Field *)(uintptr_t)old.vals[i] : NULL;
        if (!r || type_is_dying(r))
            continue;
        u64 key = base_hash_u64((u64)(uintptr_t)type_field_by_rid(r->mt->aux->canon, MD_RID(r->token), NULL)) ^ (u64)(uintptr_t)r->mt;
        while (map64_ptr(&exact_fields, key))
            key++;
        map64_put(&exact_fields, key, (u64)(uintptr_t)r);
    }
    map64_free(&old);
}

MethodTable *refl_field_owner(Field *f, TypeHandle declaring)
{
    MethodTable *d = th_mt(declaring);
    if (f->mt->aux->canon == f->mt && (f->mt->flags2 & MT2_SHARED_BY_REF) && d) {
        MethodTable *mt = refl_matching_parent(d, f->mt);
        if (mt)
            return mt;
    }
    if (d && f->mt->klass->num_generic) {
        MethodTable *mt = refl_matching_parent(d, f->mt);
        if (mt)
            return mt;
    }
    return f->mt;
}
