/* refl_module.c: System.ModuleHandle and RuntimeModule: tokens to members, types of a module, names.
 * Not here: ModuleHandle_GetModuleType (corelib_types.c), DynamicMethod (refl_dynamic.c). */
#include "corelib/refl_int.h"

REFL(i32, ModuleHandle_GetMDStreamVersion, QCallModule m)
{
    return m.module->md->schema_major << 16 | m.module->md->schema_minor;
}

REFL(i32, ModuleHandle_GetToken, QCallModule m)
{
    (void)m;
    return MD_TOKEN(MDT_Module, 1);
}

REFL(void, ModuleHandle_GetPEKind, QCallModule m, u32 *kind, u32 *machine)
{
    enum { IL_ONLY = 1, REQUIRED_32 = 2, PE32_PLUS = 4, PREFERRED_32 = 0x10, NOT_PE = 0, I386 = 0x14C, AMD64 = 0x8664 };
    enum { READY_TO_RUN = 0x00525452, NEUTRAL_SOURCE = 1 }; /* header: signature, version, flags */
    const PeImage *pe = m.module->pe;
    *kind = NOT_PE;
    *machine = 0;
    if (!pe)
        return;
    u32 f = pe->cli_flags;
    *kind = IL_ONLY; /* code for a machine in it is not used */
    const u8 *native = pe->native_header.rva ? pe_rva_range(pe, pe->native_header.rva, 12) : NULL;
    if (native && pe_u32(native) == READY_TO_RUN && (pe_u32(native + 8) & NEUTRAL_SOURCE)) { /* what it was compiled from counts */
        *machine = I386;
        return;
    }
    if (pe->pe32plus)
        *kind |= PE32_PLUS;
    if ((f & PE_CLI_32BIT_PREFERRED) && (f & PE_CLI_32BIT_REQUIRED))
        *kind |= PREFERRED_32;
    else if (f & PE_CLI_32BIT_REQUIRED)
        *kind |= REQUIRED_32;
    *machine = pe->machine == 0xFD1D ? AMD64 : pe->machine; /* 0xFD1D: precompiled for linux-x64 */
}

static SigContext resolve_context(Module *m, const TypeHandle *cls, i32 ncls, const TypeHandle *meth, i32 nmeth)
{
    return (SigContext){.module = m, .class_args = cls, .num_class_args = cls ? (u32)ncls : 0,
                        .method_args = meth, .num_method_args = meth ? (u32)nmeth : 0};
}

REFL(void, ModuleHandle_ResolveType, QCallModule m, u32 token, const TypeHandle *cls, i32 ncls, const TypeHandle *meth, i32 nmeth,
     ObjectHandleOnStack out)
{
    Err e = {0};
    SigContext c = resolve_context(m.module, cls, ncls, meth, nmeth);
    TypeHandle th = type_resolve_type(&c, token, NULL, &e);
    QCALL_BEGIN(t);
    if (th)
        qc_set_object(out, vm_type_object(th));
    else
        vm_throw_err(t, &e);
    QCALL_END(t);
}

REFL(Method *, ModuleHandle_ResolveMethod, QCallModule m, u32 token, const TypeHandle *cls, i32 ncls, const TypeHandle *meth, i32 nmeth)
{
    Err e = {0};
    SigContext c = resolve_context(m.module, cls, ncls, meth, nmeth);
    Method *r = NULL;
    if (MD_TABLE_OF(token) == MDT_MethodDef && MD_RID(token) - 1 < md_rows(m.module->md, MDT_MethodDef)) {
        u32 owner = md_method_owner(m.module->md, MD_RID(token)); /* the definition, whatever the context */
        MethodTable *mt = type_load_typedef(m.module, MD_TOKEN(MDT_TypeDef, owner), &e); /* owner 0 is an error of its own */
        r = mt ? type_method_by_rid(mt, MD_RID(token), &e) : NULL;
    } else {
        if (MD_TABLE_OF(token) != MDT_MethodDef && MD_TABLE_OF(token) != MDT_MemberRef && MD_TABLE_OF(token) != MDT_MethodSpec)
            err_set(&e, ERR_BAD_IMAGE, token, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
        else
            r = type_resolve_method(&c, token, NULL, &e);
    }
    if (!r) {
        QCALL_BEGIN(t);
        vm_throw_err(t, &e);
        QCALL_END(t);
    }
    return r;
}

REFL(void, ModuleHandle_ResolveField, QCallModule m, u32 token, const TypeHandle *cls, i32 ncls, const TypeHandle *meth, i32 nmeth,
     ObjectHandleOnStack out)
{
    Err e = {0};
    SigContext c = resolve_context(m.module, cls, ncls, meth, nmeth);
    MethodTable *owner = NULL;
    if (MD_TABLE_OF(token) != MDT_Field && MD_TABLE_OF(token) != MDT_MemberRef) /* code has another text for it */
        err_set(&e, ERR_BAD_IMAGE, token, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
    Field *f = e.kind == ERR_NONE ? type_resolve_field(&c, token, &owner, NULL, &e) : NULL;
    QCALL_BEGIN(t);
    if (!f)
        vm_throw_err(t, &e);
    else
        qc_set_object(out, vm_field_stub_object(t, owner ? refl_exact_field(f, owner) : f, owner));
    QCALL_END(t);
}

REFL(void, RuntimeModule_GetScopeName, QCallModule m, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_string(out, vm_string_utf8(t, md_str(m.module->md, md_Module_Name(m.module->md, 1))));
    QCALL_END(t);
}

REFL(void, RuntimeModule_GetFullyQualifiedName, QCallModule m, StringHandleOnStack out)
{
    QCALL_BEGIN(t);
    const char *path = m.module->assembly->is_bundled ? NULL : m.module->assembly->path;
    qc_set_string(out, vm_string_utf8(t, path ? path : m.module->assembly->is_dynamic ? "<In Memory Module>" : "<Unknown>"));
    QCALL_END(t);
}

/* ReflectionTypeLoadException(Type[] with nulls, Exception[], string) */
static void throw_type_loads(Thread *t, Array *types, Array *errors)
{
    MethodTable *mt = refl_class("System.Reflection", "ReflectionTypeLoadException");
    Method *ctor = type_method_by_name(mt, ".ctor", 3);
    String *text = vm_string_utf8(t, "Unable to load one or more of the requested types.");
    Object *o = text ? vm_new_object(t, mt) : NULL;
    void *args[] = {&o, &types, &errors, &text};
    if (o && ctor && vm_call(t, ctor, args, NULL))
        vm_throw_object(t, o);
}

REFL(void, RuntimeModule_GetTypes, QCallModule m, ObjectHandleOnStack out)
{
    Module *mod = m.module;
    u32 n = md_rows(mod->md, MDT_TypeDef), good = 0, bad = 0;
    QCALL_BEGIN(t);
    MethodTable *type = refl_class("System", "Type"), *exception = type_wk(WK_EXCEPTION);
    Array *a = vm_new_array(t, th_of(type), n ? n - 1 : 0), *errors = NULL;
    for (u32 rid = 2; a && rid <= n; rid++) { /* 1 is <Module> */
        Err e = {0};
        MethodTable *mt = type_load_typedef(mod, MD_TOKEN(MDT_TypeDef, rid), &e); /* cooperative: the arrays are held here */
        if (mt) {
            refl_array_set(a, good++, vm_type_object(th_of(mt))); /* those that do not load are nulls at the end */
            continue;
        }
        vm_throw_err(t, &e);
        Object *ex = t->pending;
        t->pending = NULL;
        if (!errors && !(errors = vm_new_array(t, th_of(exception), n)))
            break;
        refl_array_set(errors, bad++, ex);
    }
    if (a && bad && errors) {
        Array *list = vm_new_array(t, th_of(exception), bad);
        for (u32 i = 0; list && i < bad; i++)
            refl_array_set(list, i, refl_array_get(errors, i));
        if (list)
            throw_type_loads(t, a, list);
    } else if (a && !vm_pending(t)) {
        qc_set_object(out, (Object *)a);
    }
    QCALL_END(t);
}
