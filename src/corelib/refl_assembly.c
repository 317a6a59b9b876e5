/* refl_assembly.c: System.Reflection.RuntimeAssembly: identity, types by name, resources, modules.
 * Not here: loading, load contexts, assemblies found by the stack (corelib_loader.c). */
#include "corelib/refl_int.h"

#include "vm/vm_bind.h"

#include <stdio.h>
#include <strings.h>

/* --- Leaf calls -------------------------------------------------------------------------------------------------------------- */
REFL(u8, RuntimeAssembly_GetIsDynamic, Assembly *a) { return a && a->is_dynamic; }
REFL(Object *, RuntimeAssembly_GetManifestModule, Object *o)
{
    Assembly *a = refl_assembly_of(o);
    GcHandle h = a ? __atomic_load_n(&a->module->exposed, __ATOMIC_ACQUIRE) : NULL;
    return h ? gc_handle_get(h) : NULL; /* NULL: ask the slow one */
}
REFL(u32, RuntimeAssembly_GetTokenInternal, Object *o)
{
    (void)o;
    return MD_TOKEN(MDT_Assembly, 1);
}

REFL(void, AssemblyHandle_GetManifestModuleSlow, ObjectHandleOnStack assembly, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_object(out, vm_module_object(t, refl_assembly_of(*assembly.ptr)->module));
    QCALL_END(t);
}

/* --- Identity ------------------------------------------------------------------------------------------------------------------ */
static void give_utf8(StringHandleOnStack out, const char *s, size_t n)
{
    QCALL_BEGIN(t);
    qc_set_string(out, vm_string_utf8n(t, s, n));
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetFullName, QCallAssembly a, StringHandleOnStack out)
{
    char name[1024];
    size_t n = md_format_assembly_name(&a.assembly->identity, name, sizeof name);
    give_utf8(out, name, MIN(n, sizeof name - 1));
}

REFL(void, AssemblyNative_GetSimpleName, QCallAssembly a, StringHandleOnStack out)
{
    give_utf8(out, a.assembly->identity.name, a.assembly->identity.name_len);
}

REFL(void, AssemblyNative_GetLocale, QCallAssembly a, StringHandleOnStack out)
{
    if (a.assembly->identity.culture_len)
        give_utf8(out, a.assembly->identity.culture, a.assembly->identity.culture_len);
}

REFL(void, AssemblyNative_GetVersion, QCallAssembly a, i32 *major, i32 *minor, i32 *build, i32 *revision)
{
    const u16 *v = a.assembly->identity.version;
    *major = v[0];
    *minor = v[1];
    *build = v[2];
    *revision = v[3];
}

REFL(u32, AssemblyNative_GetFlags, QCallAssembly a)
{
    u32 f = a.assembly->identity.flags;
    return a.assembly->identity.public_key_len ? f | AF_PUBLIC_KEY : f;
}

REFL(u32, AssemblyNative_GetHashAlgorithm, QCallAssembly a) { return md_Assembly_HashAlgId(a.assembly->module->md, 1); }

REFL(void, AssemblyNative_GetPublicKey, QCallAssembly a, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    const MdAssemblyName *n = &a.assembly->identity;
    qc_set_object(out, (Object *)refl_byte_array(t, n->public_key, n->public_key ? n->public_key_len : 0));
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetImageRuntimeVersion, QCallAssembly a, StringHandleOnStack out)
{
    give_utf8(out, a.assembly->module->md->version, strlen(a.assembly->module->md->version));
}

REFL(void, AssemblyNative_GetLocation, QCallAssembly a, StringHandleOnStack out)
{
    const char *p = a.assembly->path && !a.assembly->is_bundled ? a.assembly->path : "";
    give_utf8(out, p, strlen(p));
}

REFL(i32, AssemblyNative_GetCodeBase, QCallAssembly a, StringHandleOnStack out)
{
    const char *path = a.assembly->path ? a.assembly->path : type_corelib->path; /* of bytes: who loaded them */
    if (!path || a.assembly->is_bundled)
        return 0;
    char *url = base_asprintf("file://%s", path);
    give_utf8(out, url, strlen(url));
    base_free(url);
    return 1;
}

REFL(i32, AssemblyNative_GetIsCollectible, QCallAssembly a) { return a.assembly->alc->collectible; }

REFL(i32, AssemblyNative_InternalTryGetRawMetadata, QCallAssembly a, const u8 **p, i32 *n)
{
    if (a.assembly->is_dynamic)
        return 0;
    *p = a.assembly->module->md->root;
    *n = (i32)a.assembly->module->md->root_size;
    return 1;
}

REFL(void, AssemblyNative_GetReferencedAssemblies, QCallAssembly a, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    const MdImage *md = a.assembly->module->md;
    u32 n = md_rows(md, MDT_AssemblyRef);
    Array *v = vm_new_array(t, th_of(refl_class("System.Reflection", "AssemblyName")), n);
    for (u32 i = 0; v && i < n; i++) {
        MdAssemblyName name;
        md_assemblyref_identity(md, i + 1, &name);
        Object *o = vm_assembly_name_object(t, &name);
        if (!o)
            break;
        refl_array_set(v, i, o);
    }
    if (v && !vm_pending(t))
        qc_set_object(out, (Object *)v);
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetEntryPoint, QCallAssembly a, ObjectHandleOnStack out)
{
    Err e = {0};
    const MdImage *md = a.assembly->module->md;
    u32 token = a.assembly->module->pe ? a.assembly->module->pe->entry_token : 0, owner;
    if (MD_TABLE_OF(token) != MDT_MethodDef || !(owner = md_method_owner(md, MD_RID(token))))
        return;
    MethodTable *mt = type_load_typedef(a.assembly->module, MD_TOKEN(MDT_TypeDef, owner), &e);
    Method *m = mt ? type_method_by_rid(mt, MD_RID(token), &e) : NULL;
    QCALL_BEGIN(t);
    if (m)
        qc_set_object(out, vm_method_stub_object(t, m));
    else
        vm_throw_err(t, &e);
    QCALL_END(t);
}

/* --- Types ------------------------------------------------------------------------------------------------------------------------- */
/* "Ns.Name" unescaped; the namespace ends at the last dot. */
static void split(const char *full, size_t n, const char **ns, size_t *ns_len, const char **name, size_t *len)
{
    size_t dot = n;
    while (dot && full[dot - 1] != '.')
        dot--;
    while (dot > 1 && full[dot - 2] == '.') /* "A..ctor"-like names keep their first dot */
        dot--;
    *ns = full;
    *ns_len = dot ? dot - 1 : 0;
    *name = full + dot;
    *len = n - dot;
}

/* Of the class library's tables, which leave out one that type names know: the capital I with a dot. */
static char16 lower_case(char16 c)
{
    u64 in = c, out = c;
    if (c == 0x130)
        return 'i';
    QCALL_BEGIN(t);
    Method *m = type_method_by_name(refl_class("System.Globalization", "CharUnicodeInfo"), "ToLower", 1);
    if (!m)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no CharUnicodeInfo.ToLower");
    void *args[] = {&in};
    if (!vm_pending(t) && !vm_call(t, m, args, &out))
        out = c;
    QCALL_END(t);
    return (char16)out;
}

static MethodTable *nested_type(MethodTable *mt, const char *name, bool nocase, Err *e)
{
    u32 outer = MD_RID(mt->klass->token), rid = nocase ? 0 : md_find_nested(mt->module->md, outer, name);
    if (nocase)
        rid = md_find_typedef_nocase(mt->module->md, outer, "", 0, name, strlen(name), lower_case);
    return rid ? type_load_typedef(mt->module, MD_TOKEN(MDT_TypeDef, rid), e) : NULL;
}

static MethodTable *exported_nocase(Assembly *a, const char *ns, size_t ns_len, const char *name, Err *e)
{
    const MdImage *md = a->module->md;
    for (u32 r = 1; r <= md_rows(md, MDT_ExportedType); r++) {
        const char *own = md_exported_namespace(md, r);
        if (MD_TABLE_OF(md_ExportedType_Implementation(md, r)) == MDT_AssemblyRef &&
            md_same_nocase(md_exported_name(md, r), name, strlen(name), lower_case) && md_same_nocase(own, ns, ns_len, lower_case))
            return type_load_name(a, own, md_exported_name(md, r), e);
    }
    return NULL;
}

static MethodTable *type_core(Assembly *a, const char *name, const char **nested, i32 n, bool nocase, Err *e)
{
    const char *ns, *simple;
    size_t ns_len, len;
    split(name, strlen(name), &ns, &ns_len, &simple, &len);
    MdImage *md = a->module->md;
    u32 rid = md_find_typedef_n(md, ns, ns_len, simple, len);
    if (!rid && nocase)
        rid = md_find_typedef_nocase(md, 0, ns, ns_len, simple, len, lower_case);
    MethodTable *mt = NULL;
    if (rid > 1) { /* 1 holds the global members and is not found by its name */
        mt = type_load_typedef(a->module, MD_TOKEN(MDT_TypeDef, rid), e);
    } else if (md_find_exported_n(md, ns, ns_len, simple, len)) {
        char *space = base_malloc(ns_len + 1);
        memcpy(space, ns, ns_len);
        space[ns_len] = 0;
        mt = type_load_name(a, space, simple, e);
        base_free(space);
    } else if (nocase) {
        mt = exported_nocase(a, ns, ns_len, simple, e);
    }
    for (i32 i = 0; mt && i < n; i++)
        mt = nested_type(mt, nested[i], nocase, e);
    return mt;
}

static void give_type_core(MethodTable *mt, Err *e, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    if (mt)
        qc_set_object(out, vm_type_object(th_of(mt)));
    else if (e->kind != ERR_NONE)
        vm_throw_err(t, e);
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetTypeCore, QCallAssembly a, const char *name, const char **nested, i32 n, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type_core(type_core(a.assembly, name, nested, n, false, &e), &e, out);
}

static char *utf8_of(const char16 *s) { return utf16_dup_utf8(s, SIZE_MAX); }

REFL(void, AssemblyNative_GetTypeCoreIgnoreCase, QCallAssembly a, const char16 *name, const char16 **nested, i32 n, ObjectHandleOnStack out)
{
    Err e = {0};
    char *text = utf8_of(name), **v = base_calloc((size_t)n + 1, sizeof *v);
    for (i32 i = 0; i < n; i++)
        v[i] = utf8_of(nested[i]);
    give_type_core(type_core(a.assembly, text, (const char **)v, n, true, &e), &e, out);
    for (i32 i = 0; i < n; i++)
        base_free(v[i]);
    base_free(v);
    base_free(text);
}

REFL(void, AssemblyNative_GetExportedTypes, QCallAssembly a, ObjectHandleOnStack out)
{
    const MdImage *md = a.assembly->module->md;
    QCALL_BEGIN(t);
    u32 n = 0, rows = md_rows(md, MDT_TypeDef), at = 0;
    bool *visible = base_calloc(rows + 1, 1);
    for (u32 rid = 2; rid <= rows; rid++) { /* an enclosing type's row comes first, but not everywhere */
        bool ok = true;
        for (u32 r = rid; r && ok; r = md_enclosing(md, r)) {
            u32 v = md_TypeDef_Flags(md, r) & TD_VISIBILITY;
            ok = v == TD_PUBLIC || v == TD_NESTED_PUBLIC;
        }
        n += visible[rid] = ok;
    }
    Array *v = vm_new_array(t, th_of(refl_class("System", "Type")), n);
    for (u32 rid = 2; v && rid <= rows; rid++) {
        Err e = {0};
        if (!visible[rid])
            continue;
        MethodTable *mt = type_load_typedef(a.assembly->module, MD_TOKEN(MDT_TypeDef, rid), &e); /* cooperative: v is held here */
        if (!mt) {
            vm_throw_err(t, &e);
            break;
        }
        refl_array_set(v, at++, vm_type_object(th_of(mt)));
    }
    base_free(visible);
    if (v && !vm_pending(t))
        qc_set_object(out, (Object *)v);
    QCALL_END(t);
}

/* token: an ExportedType row */
REFL(void, AssemblyNative_GetForwardedType, QCallAssembly a, u32 token, ObjectHandleOnStack out)
{
    Err e = {0};
    const MdImage *md = a.assembly->module->md;
    MethodTable *mt = NULL;
    u32 rid = MD_RID(token);
    if (MD_TABLE_OF(md_ExportedType_Implementation(md, rid)) == MDT_AssemblyRef)
        mt = type_load_name(a.assembly, md_exported_namespace(md, rid), md_exported_name(md, rid), &e);
    else if (MD_TABLE_OF(md_ExportedType_Implementation(md, rid)) == MDT_ExportedType)
        return; /* nested: managed code asks its enclosing type */
    give_type_core(mt, &e, out);
}

/* --- Resources, modules -------------------------------------------------------------------------------------------------------------- */
static u32 find_resource(const MdImage *md, const char16 *name)
{
    char *s = utf8_of(name);
    u32 rid = 0;
    for (u32 r = 1; r <= md_rows(md, MDT_ManifestResource) && !rid; r++)
        if (strcmp(md_resource_name(md, r), s) == 0)
            rid = r;
    base_free(s);
    return rid;
}

/* The names of resources are checked here, not by managed code; false: raised. */
static bool good_name(const char16 *name)
{
    if (name && *name)
        return true;
    QCALL_BEGIN(t);
    if (name)
        vm_throwf(t, VM_ERR_ARGUMENT, "String cannot have zero length.");
    else
        vm_throwf(t, VM_ERR_ARGUMENT_NULL, "String reference not set to an instance of a String.");
    QCALL_END(t);
    return false;
}

/* A resource may lie in another assembly, which may say the same: not for ever. */
enum { LINKS_MAX = 32 };
static __thread u32 linked;

/* AppDomain.ResourceResolve: which assembly has a resource that a lacks.  NULL: none, or raised. */
static Assembly *ask_for_resource(Assembly *a, const char16 *name)
{
    Object *found = NULL;
    QCALL_BEGIN(t);
    Method *m = type_method_by_name(refl_class("System.Runtime.Loader", "AssemblyLoadContext"), "OnResourceResolve", 2);
    if (!m)
        base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no AssemblyLoadContext.OnResourceResolve");
    char *text = utf8_of(name);
    String *s = vm_string_utf8(t, text);
    Object *assembly = s ? vm_assembly_object(t, a) : NULL;
    base_free(text);
    void *args[] = {&assembly, &s};
    if (assembly)
        vm_call(t, m, args, &found);
    Assembly *r = found && !vm_pending(t) ? refl_assembly_of(found) : NULL;
    QCALL_END(t);
    return r;
}

REFL(const u8 *, AssemblyNative_GetResource, QCallAssembly a, const char16 *name, u32 *length)
{
    *length = 0;
    if (!good_name(name))
        return NULL;
    const MdImage *md = a.assembly->module->md;
    u32 rid = a.assembly->module->pe ? find_resource(md, name) : 0;
    if (!rid) {
        Assembly *other = ask_for_resource(a.assembly, name);
        md = other ? other->module->md : NULL;
        if (!other || !(rid = other->module->pe ? find_resource(md, name) : 0))
            return NULL;
        a.assembly = other;
    }
    u32 where = md_ManifestResource_Implementation(md, rid);
    if (MD_TABLE_OF(where) == MDT_AssemblyRef && MD_RID(where)) {
        Err e = {0};
        Assembly *to = type_assembly_ref(a.assembly->module, MD_RID(where), &e);
        if (!to) {
            QCALL_BEGIN(t);
            vm_throw_err(t, &e);
            QCALL_END(t);
            return NULL;
        }
        linked++;
        const u8 *there = linked <= LINKS_MAX ? AssemblyNative_GetResource((QCallAssembly){NULL, to}, name, length) : NULL;
        linked--;
        return there;
    }
    if (MD_RID(where)) /* in a file of its own: as if it were not there */
        return NULL;
    const u8 *bytes = pe_resource(a.assembly->module->pe, md_ManifestResource_Offset(md, rid), length);
    if (!bytes) {
        QCALL_BEGIN(t);
        vm_throwf(t, VM_ERR_BAD_IMAGE, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
        QCALL_END(t);
    }
    return bytes;
}

REFL(i32, AssemblyNative_GetManifestResourceInfo, QCallAssembly a, const char16 *name, ObjectHandleOnStack assembly, StringHandleOnStack file)
{
    enum { EMBEDDED = 1, IN_OTHER_ASSEMBLY = 2, IN_MANIFEST_FILE = 4 };
    if (!good_name(name))
        return -1;
    const MdImage *md = a.assembly->module->md;
    u32 rid = find_resource(md, name);
    if (!rid) {
        Assembly *other = ask_for_resource(a.assembly, name);
        md = other ? other->module->md : NULL;
        if (!other || !(rid = find_resource(md, name)))
            return -1;
        a.assembly = other;
    }
    u32 where = md_ManifestResource_Implementation(md, rid);
    if (!MD_RID(where))
        return EMBEDDED | IN_MANIFEST_FILE;
    (void)file; /* files of their own count as not there */
    if (MD_TABLE_OF(where) != MDT_AssemblyRef)
        return -1;
    Err e = {0};
    Assembly *to = type_assembly_ref(a.assembly->module, MD_RID(where), &e);
    linked++;
    i32 there = to && linked <= LINKS_MAX ? AssemblyNative_GetManifestResourceInfo((QCallAssembly){NULL, to}, name, assembly, file) : -1;
    linked--;
    QCALL_BEGIN(t);
    if (!to)
        vm_throw_err(t, &e);
    else if (there >= 0)
        qc_set_object(assembly, vm_assembly_object(t, to));
    QCALL_END(t);
    return there < 0 ? there : there | IN_OTHER_ASSEMBLY;
}

REFL(void, AssemblyNative_GetManifestResourceNames, QCallAssembly a, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    const MdImage *md = a.assembly->module->md;
    u32 n = md_rows(md, MDT_ManifestResource);
    Array *v = vm_new_array(t, th_of(type_wk(WK_STRING)), n);
    for (u32 i = 0; v && i < n; i++) {
        String *s = vm_string_utf8(t, md_resource_name(md, i + 1));
        if (!s)
            break;
        refl_array_set(v, i, (Object *)s);
    }
    if (v && !vm_pending(t))
        qc_set_object(out, (Object *)v);
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetModules, QCallAssembly a, i32 load, i32 resources, ObjectHandleOnStack out)
{
    (void)resources;
    const MdImage *md = a.assembly->module->md;
    Err e = {0};
    if (load && md_rows(md, MDT_File)) { /* files of their own, of either kind, are refused */
        snprintf(e.name, sizeof e.name, "%s", md_str(md, md_File_Name(md, 1)));
        err_set(&e, ERR_FILE_LOAD, 0, "Could not load file or assembly '%s'. The module cannot be loaded because only single file assemblies are "
                "supported. (0x8013101E)", e.name);
        e.hresult = (i32)0x8013101E;
    }
    QCALL_BEGIN(t);
    if (e.kind != ERR_NONE) {
        vm_throw_err(t, &e);
        QCALL_END(t);
        return;
    }
    Object *m = vm_module_object(t, a.assembly->module);
    Array *v = m ? vm_new_array(t, th_of(refl_class("System.Reflection", "Module")), 1) : NULL;
    if (v) {
        refl_array_set(v, 0, m);
        qc_set_object(out, (Object *)v);
    }
    QCALL_END(t);
}

REFL(void, AssemblyNative_GetModule, QCallAssembly a, const char16 *name, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    if (!name || !*name) {
        vm_throwf(t, name ? VM_ERR_ARGUMENT : VM_ERR_ARGUMENT_NULL, "%s", name ? "Empty file name is not legal." : "File name cannot be null.");
    } else {
        char *s = utf8_of(name);
        const MdImage *md = a.assembly->module->md;
        if (strcasecmp(s, md_str(md, md_Module_Name(md, 1))) == 0)
            qc_set_object(out, vm_module_object(t, a.assembly->module));
        base_free(s);
    }
    QCALL_END(t);
}
