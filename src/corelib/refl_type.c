/* refl_type.c: System.RuntimeTypeHandle: asking a type.
 * Not here: making types from types and activation (refl_make.c). */
#include "corelib/refl_int.h"

/* --- Leaf calls ------------------------------------------------------------------------------------------------------------- */
REFL(u8, RuntimeTypeHandle_CompareCanonicalHandles, Object *a, Object *b)
{
    return type_canonical(refl_th(a)) == type_canonical(refl_th(b));
}

REFL(i32, RuntimeTypeHandle_GetArrayRank, Object *o)
{
    MethodTable *mt = th_mt(refl_th(o));
    return mt && mt_is_array(mt) ? mt->klass->rank : 0;
}

REFL(Object *, RuntimeTypeHandle_GetAssemblyIfExists, Object *o)
{
    GcHandle h = __atomic_load_n(&refl_type_module(refl_th(o))->assembly->exposed, __ATOMIC_ACQUIRE);
    return h ? gc_handle_get(h) : NULL;
}

REFL(i32, RuntimeTypeHandle_GetAttributes, Object *o)
{
    TypeHandle th = refl_th(o);
    if (th_is_desc(th))
        return TD_PUBLIC;
    MethodTable *mt = th_mt(th);
    return mt_is_array(mt) ? TD_PUBLIC | TD_SEALED | TD_SERIALIZABLE : (i32)mt->klass->attrs;
}

REFL(TypeHandle, RuntimeTypeHandle_GetElementTypeHandle, TypeHandle th)
{
    if (th_is_desc(th))
        return th_desc(th)->elem;
    return th && mt_is_array(th_mt(th)) ? th_mt(th)->elem : 0;
}

REFL(i32, RuntimeTypeHandle_GetGenericVariableIndex, Object *o)
{
    TypeDesc *d = th_desc(refl_th(o));
    return d ? (i32)d->index : -1;
}

REFL(i32, RuntimeTypeHandle_GetNumVirtuals, Object *o)
{
    MethodTable *mt = th_mt(refl_th(o));
    return mt ? (mt->num_virtuals ? mt->num_virtuals : mt->klass->num_slots) : 0;
}

REFL(i32, RuntimeTypeHandle_GetToken, Object *o)
{
    TypeHandle th = refl_th(o);
    if (th_is_desc(th)) {
        u32 kind = th_desc(th)->kind;
        return kind == TD_VAR || kind == TD_MVAR ? (i32)th_desc(th)->token : (i32)MD_TOKEN(MDT_TypeDef, 0);
    }
    return mt_is_array(th_mt(th)) ? (i32)MD_TOKEN(MDT_TypeDef, 0) : (i32)th_mt(th)->klass->token;
}

REFL(const void *, RuntimeTypeHandle_GetUtf8NameInternal, MethodTable *mt) { return mt->klass->name; }

REFL(u8, RuntimeTypeHandle_IsGenericVariable, Object *o)
{
    TypeDesc *d = th_desc(refl_th(o));
    return d && (d->kind == TD_VAR || d->kind == TD_MVAR);
}

REFL(u8, RuntimeTypeHandle_IsUnmanagedFunctionPointer, Object *o)
{
    TypeDesc *d = th_desc(refl_th(o));
    return d && d->kind == TD_FNPTR && d->fnsig && (d->fnsig->callconv & SIG_KIND) == SIG_UNMANAGED;
}

/* --- Methods of a type, in metadata order ------------------------------------------------------------------------------------------- */
/* Of an array type: Get, Set, Address, then the constructors. */
static Method *array_introduced(MethodTable *mt, u32 from, Err *e)
{
    static const ArrayMethodKind kinds[] = {ARRAY_GET, ARRAY_SET, ARRAY_ADDRESS};
    u32 rank = mt->klass->rank, ctor = from - 3, depth = 1;
    if (from < ARRAY_LEN(kinds))
        return type_array_method(mt, kinds[from], 0, e);
    if (!mt_is_szarray(mt))
        return ctor < 2 ? type_array_method(mt, ARRAY_CTOR, rank * (ctor + 1), e) : NULL;
    for (TypeHandle th = mt->elem; th_mt(th) && mt_is_szarray(th_mt(th)); th = th_mt(th)->elem)
        depth++;
    return ctor < depth ? type_array_method(mt, ARRAY_CTOR, ctor + 1, e) : NULL;
}

static Method *introduced(MethodTable *mt, u32 from)
{
    Err e = {0};
    Method *m;
    if (mt && mt_is_array(mt)) {
        m = array_introduced(mt, from, &e);
        if (!m && e.kind != ERR_NONE)
            vm_throw_err(thread_current(), &e);
        return m;
    }
    if (!mt || from >= mt->klass->num_methods)
        return NULL;
    m = type_method_by_rid(mt, type_method_rid(mt, from), &e);
    if (!m)
        vm_throw_err(thread_current(), &e);
    return m;
}

REFL(Method *, RuntimeTypeHandle_GetFirstIntroducedMethod, Object *o)
{
    TypeHandle th = refl_th(o);
    return th_is_desc(th) ? NULL : introduced(th_mt(th), 0);
}

REFL(void, RuntimeTypeHandle_GetNextIntroducedMethod, Method **m) { *m = introduced((*m)->mt, (*m)->index + 1u); }

/* --- Objects --------------------------------------------------------------------------------------------------------------------- */
REFL(void, RuntimeTypeHandle_GetAssemblySlow, ObjectHandleOnStack type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_object(out, vm_assembly_object(t, refl_type_module(refl_th(*type.ptr))->assembly));
    QCALL_END(t);
}

REFL(void, RuntimeTypeHandle_ConstructName, QCallTypeHandle type, u32 format, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_string(out, refl_type_string(t, type.th, format));
    QCALL_END(t);
}

REFL(void, RuntimeTypeHandle_GetInstantiation, QCallTypeHandle type, ObjectHandleOnStack out, i32 as_runtime_types)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    if (mt && !mt_is_array(mt) && mt->aux->inst) {
        MethodTable *elem = as_runtime_types ? type_wk(WK_RUNTIMETYPE) : refl_class("System", "Type");
        qc_set_object(out, (Object *)refl_type_array(t, elem, mt->aux->inst, mt->klass->num_generic));
    }
    QCALL_END(t);
}

REFL(void, RuntimeTypeHandle_GetGenericTypeDefinition, QCallTypeHandle type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    if (mt)
        qc_set_object(out, vm_type_object(mt_is_array(mt) ? type.th : th_of(mt->klass->typical)));
    QCALL_END(t);
}

REFL(void, RuntimeTypeHandle_GetInterfaces, MethodTable *mt, ObjectHandleOnStack out)
{
    Err e = {0};
    u32 n = 0;
    /* managed code itself adds the generic interfaces of arrays */
    MethodTable **v = type_interfaces(mt_is_array(mt) ? type_wk(WK_ARRAY) : mt, &n, &e);
    QCALL_BEGIN(t);
    if (!v)
        vm_throw_err(t, &e);
    else if (n)
        qc_set_object(out, (Object *)refl_type_array(t, refl_class("System", "Type"), (TypeHandle *)v, n));
    QCALL_END(t);
}

/* At most *count handles; false: there are more, *count says how many.  Instance fields, statics, thread statics; no literals. */
REFL(i32, RuntimeTypeHandle_GetFields, MethodTable *mt, Field **out, i32 *count)
{
    MtClass *k = mt_is_array(mt) ? NULL : mt->klass;
    i32 room = *count, n = 0;
    for (u32 i = 0; k && i < k->num_fields; i++)
        if ((k->fields[i].flags & (FF_STATIC | FF_LITERAL)) == FF_STATIC)
            type_field_by_rid(mt, MD_RID(k->fields[i].token), NULL); /* lays the statics out, and so learns their kind */
    for (u32 kind = 0; k && kind < 3; kind++)
        for (u32 i = 0; i < k->num_fields; i++) {
            Field *f = &k->fields[i];
            if ((f->flags & FF_LITERAL) || (f->attrs & FD_LITERAL) || (f->flags & FF_STATIC ? f->flags & FF_THREAD_STATIC ? 2u : 1u : 0u) != kind)
                continue;
            if (n < room)
                out[n] = f;
            n++;
        }
    *count = n;
    return n <= room;
}

/* The virtual method at a slot; of an interface: its virtual methods in order, then its static virtual ones. */
static Method *interface_method_at(MethodTable *mt, i32 slot, Err *e)
{
    const MdImage *md = mt->module->md;
    for (u32 pass = 0; pass < 2; pass++)
        for (u32 i = 0; i < mt->klass->num_methods; i++) {
            u32 rid = type_method_rid(mt, i), flags = md_MethodDef_Flags(md, rid);
            if ((flags & MD_VIRTUAL) && ((flags & MD_STATIC) != 0) == (pass != 0) && slot-- == 0)
                return type_method_by_rid(mt, rid, e);
        }
    return NULL;
}

REFL(Method *, RuntimeTypeHandle_GetMethodAt, MethodTable *mt, i32 slot)
{
    Err e = {0};
    Method *m = NULL;
    if (mt_is_interface(mt))
        m = interface_method_at(mt, slot, &e);
    else if (slot >= 0 && slot < (mt->num_virtuals ? mt->num_virtuals : mt->klass->num_slots))
        m = type_slot_method(mt, (u32)slot);
    if (!m) {
        QCALL_BEGIN(t);
        if (e.kind != ERR_NONE)
            vm_throw_err(t, &e);
        else
            vm_throw(t, VM_ERR_ARGUMENT);
        QCALL_END(t);
    }
    return m;
}

REFL(i32, RuntimeTypeHandle_GetNumVirtualsAndStaticVirtuals, QCallTypeHandle type)
{
    MethodTable *mt = th_mt(type.th);
    if (!mt)
        return 0;
    if (!mt_is_interface(mt))
        return mt->num_virtuals ? mt->num_virtuals : mt->klass->num_slots;
    i32 n = 0;
    const MdImage *md = mt->module->md;
    for (u32 i = 0; i < mt->klass->num_methods; i++)
        n += (md_MethodDef_Flags(md, type_method_rid(mt, i)) & MD_VIRTUAL) != 0;
    return n;
}

REFL(Method *, RuntimeTypeHandle_GetInterfaceMethodImplementation, QCallTypeHandle type, QCallTypeHandle iface, Method *m)
{
    Err e = {0};
    MethodTable *mt = th_mt(type.th);
    if (th_mt(iface.th))
        m = refl_method_on(m, th_mt(iface.th), &e);
    Method *r = !m || !mt ? NULL : m->flags & MF_STATIC ? type_find_constrained(type.th, m, &e) : type_find_declared_impl(mt, m, &e);
    if (!r && e.kind != ERR_NONE && e.kind != ERR_ENTRY_POINT && e.kind != ERR_TYPE_LOAD) {
        QCALL_BEGIN(t);
        vm_throw_err(t, &e);
        QCALL_END(t);
    }
    return r;
}

REFL(void, RuntimeTypeHandle_VerifyInterfaceIsImplemented, QCallTypeHandle type, QCallTypeHandle iface)
{
    MethodTable *mt = th_mt(type.th), *i = th_mt(iface.th);
    const char *why = NULL;
    if (mt && mt == i && mt_is_interface(mt))
        why = "'this' type cannot be an interface itself.";
    else if (!i || !mt_is_interface(i))
        why = "The type must be an interface.";
    else if (!mt || (mt != i && !type_implements(mt, i)))
        why = "Interface not found.";
    if (why) {
        QCALL_BEGIN(t);
        vm_throwf(t, VM_ERR_ARGUMENT, "%s", why);
        QCALL_END(t);
    }
}

/* --- Nesting, variables ------------------------------------------------------------------------------------------------------------- */
REFL(TypeHandle, RuntimeTypeHandle_GetDeclaringTypeHandle, TypeHandle th)
{
    Err e = {0};
    MethodTable *mt = th_mt(th);
    if (!mt || mt_is_array(mt) || !mt->klass->enclosing)
        return 0;
    MethodTable *r = type_enclosing(mt, &e);
    if (!r) {
        QCALL_BEGIN(t);
        vm_throw_err(t, &e);
        QCALL_END(t);
    }
    return th_of(r);
}

REFL(TypeHandle, RuntimeTypeHandle_GetDeclaringTypeHandleForGenericVariable, TypeHandle th)
{
    TypeDesc *d = th_desc(th);
    if (!d || !d->owner)
        return 0;
    return d->kind == TD_MVAR ? th_of(((Method *)d->owner)->mt) : (TypeHandle)d->owner;
}

REFL(void, RuntimeTypeHandle_GetDeclaringMethodForGenericParameter, QCallTypeHandle type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    TypeDesc *d = th_desc(type.th);
    if (d && d->kind == TD_MVAR && d->owner)
        qc_set_object(out, vm_method_stub_object(t, d->owner));
    QCALL_END(t);
}

static bool load_constraints(TypeDesc *d, const SigContext *c, TypeHandle *out, u32 cap, u32 *n, Err *e)
{
    MdIter it = md_constraints_of(d->module->md, MD_RID(d->token));
    *n = 0;
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle th = type_resolve_type(c, md_GenericParamConstraint_Constraint(d->module->md, r), NULL, e);
        if (!th)
            return false;
        if (*n < cap)
            out[*n] = th;
        ++*n;
    }
    return true;
}

static SigContext variable_context(TypeDesc *d)
{
    SigContext c = d->kind == TD_MVAR ? type_method_context(d->owner) : type_mt_context(d->owner);
    c.module = d->module;
    return c;
}

REFL(void, RuntimeTypeHandle_GetConstraints, QCallTypeHandle type, ObjectHandleOnStack out)
{
    enum { MANY = 64 };
    TypeHandle v[MANY];
    u32 n = 0;
    Err e = {0};
    TypeDesc *d = th_desc(type.th);
    bool var = d && (d->kind == TD_VAR || d->kind == TD_MVAR), ok = var;
    if (var) {
        SigContext c = variable_context(d);
        ok = load_constraints(d, &c, v, MANY, &n, &e);
    }
    QCALL_BEGIN(t);
    if (!var)
        vm_throwf(t, VM_ERR_ARGUMENT, "Method may only be called on a Type for which Type.IsGenericParameter is true.");
    else if (!ok)
        vm_throw_err(t, &e);
    else
        qc_set_object(out, (Object *)refl_type_array(t, refl_class("System", "Type"), v, MIN(n, (u32)MANY)));
    QCALL_END(t);
}

/* Would `to` do for the variable, with the contexts' arguments in its constraints? */
REFL(i32, RuntimeTypeHandle_SatisfiesConstraints, QCallTypeHandle var, QCallTypeHandle class_context, Method *method_context,
     QCallTypeHandle to)
{
    enum { MANY = 64 };
    TypeHandle v[MANY];
    Err e = {0};
    TypeDesc *d = th_desc(var.th);
    if (!d || (d->kind != TD_VAR && d->kind != TD_MVAR))
        return 1;
    if (!type_special_constraints_ok(md_GenericParam_Flags(d->module->md, MD_RID(d->token)), to.th))
        return 0;
    SigContext c = variable_context(d);
    MethodTable *mt = th_mt(class_context.th);
    if (mt && mt->aux->inst) {
        c.class_args = mt->aux->inst;
        c.num_class_args = mt->klass->num_generic;
    }
    if (method_context)
        c.method_args = type_method_inst(method_context, &c.num_method_args);
    u32 n = 0;
    if (!load_constraints(d, &c, v, MANY, &n, &e)) {
        QCALL_BEGIN(t);
        vm_throw_err(t, &e);
        QCALL_END(t);
        return 0;
    }
    for (u32 i = 0; i < MIN(n, (u32)MANY); i++)
        if (!type_can_cast(to.th, v[i]))
            return 0;
    return 1;
}

/* --- Visibility, collectibility -------------------------------------------------------------------------------------------------------- */
bool refl_is_visible(TypeHandle th, Err *e)
{
    if (th_is_desc(th)) {
        TypeDesc *d = th_desc(th);
        return d->kind == TD_PTR || d->kind == TD_BYREF ? refl_is_visible(d->elem, e) : true;
    }
    MethodTable *mt = th_mt(th);
    if (mt_is_array(mt))
        return refl_is_visible(mt->elem, e);
    const MdImage *md = mt->module->md;
    for (u32 rid = MD_RID(mt->klass->token); rid; rid = md_enclosing(md, rid)) {
        u32 v = md_TypeDef_Flags(md, rid) & TD_VISIBILITY;
        if (v != TD_PUBLIC && v != TD_NESTED_PUBLIC)
            return false;
    }
    for (u32 i = 0; mt->aux->inst && i < mt->klass->num_generic; i++)
        if (!refl_is_visible(mt->aux->inst[i], e))
            return false;
    return true;
}

REFL(i32, RuntimeTypeHandle_IsVisible, QCallTypeHandle type)
{
    Err e = {0};
    return refl_is_visible(type.th, &e);
}

REFL(i32, RuntimeTypeHandle_IsCollectible, QCallTypeHandle type)
{
    return type_handle_context(type.th)->collectible;
}

/* The assembly's context keeps that of the type. */
REFL(void, RuntimeTypeHandle_RegisterCollectibleTypeDependency, QCallTypeHandle type, QCallAssembly assembly)
{
    LoadContext *from = assembly.assembly ? assembly.assembly->alc : NULL, *to = type_handle_context(type.th);
    if (!to->collectible)
        return;
    QCALL_BEGIN(t);
    if (from && from->collectible)
        type_context_refer(from, to);
    else
        vm_throwf(t, VM_ERR_NOT_SUPPORTED, "A non-collectible assembly may not reference a collectible assembly.");
    QCALL_END(t);
}

REFL(void *, RuntimeTypeHandle_AllocateTypeAssociatedMemory, QCallTypeHandle type, u32 size)
{
    return type_alloc(type_handle_context(type.th), HEAP_COLD, MAX(size, 1u));
}
