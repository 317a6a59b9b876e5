/* vm_bind.c: from an assembly's name to the Assembly, by the rules of the default binder and of custom load contexts.
 * Default context: already loaded; CoreLib; the TPA by simple name (found version >= requested); satellites under the
 * resource roots; then AssemblyLoadContext's satellite probing and Resolving event; then AppDomain.AssemblyResolve.
 * Custom context: already loaded; AssemblyLoadContext.Load; the default context's own steps; then the events as above.
 * Lock: type_lock around the look at a context's list and the adding to it; managed code is called without it.
 * Book: vm.md  Tests: tests/app */
#include "md/md_attr.h"
#include "vm/vm_bind.h"

#include <stdio.h>
#include <strings.h>

#include "os/os_file.h"
#include "vm/vm_events.h"
#include "vm/vm_hresult.h"
#include "vm/vm_props.h"
#include "vm/vm_throw.h"
#include "vm/vm_unload.h"

#define ALC_TYPE "AssemblyLoadContext"

/* --- Names ------------------------------------------------------------------------------------------------------------ */
static bool culture_neutral(const MdAssemblyName *n)
{
    return n->culture_len == 0 || (n->culture_len == 7 && strncasecmp(n->culture, "neutral", 7) == 0);
}

static bool same_culture(const MdAssemblyName *a, const MdAssemblyName *b)
{
    if (culture_neutral(a) || culture_neutral(b))
        return culture_neutral(a) && culture_neutral(b);
    return a->culture_len == b->culture_len && strncasecmp(a->culture, b->culture, a->culture_len) == 0;
}

/* The first part that differs decides; a part that was not asked for ends the comparison. */
static bool version_ok(const MdAssemblyName *asked, const MdAssemblyName *found)
{
    if (!asked->has_version)
        return true;
    for (u32 i = 0; i < 4; i++) {
        if (asked->version[i] == 0xffff || found->version[i] > asked->version[i])
            return true;
        if (found->version[i] < asked->version[i])
            return false;
    }
    return true;
}

void vm_name_display(const MdAssemblyName *n, char *buf, size_t cap)
{
    MdAssemblyName c = *n;
    c.has_culture = c.has_token = true;
    md_format_assembly_name(&c, buf, cap);
}

bool vm_file_not_found(Err *e, const char *what)
{
    if (e && e->kind == ERR_NONE) {
        err_set(e, ERR_FILE_NOT_FOUND, 0, "Could not load file or assembly '%s'. The system cannot find the file specified.\n",
                what);
        snprintf(e->name, sizeof e->name, "%.255s", what);
    }
    return false;
}

void vm_name_from_parts(Arena *a, const VmNameParts *p, MdAssemblyName *out)
{
    memset(out, 0, sizeof *out);
    char *s = utf16_dup_utf8(p->name ? p->name : (const char16[1]){0}, SIZE_MAX);
    out->name = arena_strdup(a, s);
    out->name_len = (u32)strlen(s);
    base_free(s);
    memcpy(out->version, p->version, sizeof out->version);
    out->has_version = p->version[0] != 0xffff;
    out->culture = "";
    if (p->culture) {
        s = utf16_dup_utf8(p->culture, SIZE_MAX);
        out->culture = arena_strdup(a, s);
        out->culture_len = (u32)strlen(s);
        out->has_culture = true;
        base_free(s);
    }
    out->flags = p->flags;
    out->retargetable = (p->flags & AF_RETARGETABLE) != 0;
    if (!p->key || p->key_len < 0)
        return;
    out->has_token = true;
    if (p->flags & AF_PUBLIC_KEY) {
        u8 *key = arena_alloc(a, (size_t)p->key_len);
        memcpy(key, p->key, (size_t)p->key_len);
        out->public_key = key;
        out->public_key_len = (u32)p->key_len;
        if (p->key_len) {
            md_public_key_token(key, (u32)p->key_len, out->token);
            out->token_len = 8;
        }
    } else if (p->key_len == 8) {
        memcpy(out->token, p->key, 8);
        out->token_len = 8;
    }
}

static MethodTable *core_type(const char *ns, const char *name)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, name, &e);
    if (!mt)
        base_missing("type", "%s.%s: %s", ns, name, e.text);
    return mt;
}

static Method *name_ctor(MethodTable *mt)
{
    static Method *cached;
    Method *m = __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
    for (u32 i = 0; !m && i < mt->klass->num_methods; i++) {
        Err e = {0};
        u32 rid = mt->klass->first_method_rid + i;
        if (strcmp(md_method_name(mt->module->md, rid), ".ctor") != 0)
            continue;
        Method *c = type_method_by_rid(mt, rid, &e);
        const MethodSig *sig = c ? type_method_sig(c, &e) : NULL;
        if (sig && sig->num_params == 1 && sig->params[0].kind == ET_PTR)
            m = c;
    }
    CHECKF(m, "AssemblyName has no constructor over native parts");
    __atomic_store_n(&cached, m, __ATOMIC_RELEASE);
    return m;
}

Object *vm_assembly_name_object(Thread *t, const MdAssemblyName *n)
{
    MethodTable *mt = core_type("System.Reflection", "AssemblyName");
    Object *o = vm_new_object(t, mt);
    if (!o)
        return NULL;
    VmNameParts p = {.flags = n->flags & ~(u32)AF_PUBLIC_KEY};
    p.name = utf8_dup_utf16(n->name, n->name_len);
    for (u32 i = 0; i < 4; i++)
        p.version[i] = n->has_version ? n->version[i] : 0xffff;
    p.culture = utf8_dup_utf16(n->culture ? n->culture : "", culture_neutral(n) ? 0 : n->culture_len);
    if (n->public_key && n->public_key_len) {
        p.flags |= AF_PUBLIC_KEY;
        p.key = (u8 *)(uintptr_t)n->public_key;
        p.key_len = (i32)n->public_key_len;
    } else {
        p.key = (u8 *)(uintptr_t)n->token;
        p.key_len = n->token_len;
    }
    VmNameParts *pp = &p;
    void *args[] = {&o, &pp};
    bool ok = vm_call(t, name_ctor(mt), args, NULL);
    base_free(p.name);
    base_free(p.culture);
    return ok ? o : NULL;
}

/* --- Images ------------------------------------------------------------------------------------------------------------ */
/* A single-file program: its managed files lie inside the executable, where the host finds them by their paths below its folder. */
static char *bundle_folder(void)
{
    static char *cached;
    char *folder = __atomic_load_n(&cached, __ATOMIC_ACQUIRE);
    if (!folder && vm_host_contract()->bundle_probe && (folder = os_file_exe_path())) {
        *(strrchr(folder, '/') + 1) = 0;
        char *none = NULL;
        if (!__atomic_compare_exchange_n(&cached, &none, folder, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            base_free(folder);
            folder = none;
        }
    }
    return folder;
}

/* 1 opened, 0 not bundled, -1 error. */
static int open_bundled(PeImage *pe, const char *path, Err *e)
{
    const VmHostContract *h = vm_host_contract();
    i64 offset = 0, size = 0, packed = 0;
    const char *folder = bundle_folder();
    size_t n = folder ? strlen(folder) : 0;
    if (!n || strncmp(path, folder, n) != 0 || !h->bundle_probe(path + n, &offset, &size, &packed))
        return 0;
    if (packed) { /* as the reference outside of a self-contained program, which alone can be packed so */
        err_set(e, ERR_FILE_LOAD, 0, "Could not load file or assembly '%s'. Unspecified error\n", path);
        e->hresult = (i32)0x80004005;
        return -1;
    }
    char *exe = os_file_exe_path();
    OsFileMap map;
    bool ok = os_file_map_range(exe, (u64)offset, (u64)size, &map, e);
    base_free(exe);
    return ok && pe_open_memory(pe, map.data, map.size, false, path, e) ? 1 : -1;
}

static void with_name(Err *e, const char *path)
{
    if (e && !e->name[0] && e->kind != ERR_BAD_IMAGE) /* as the reference: a bad image is named in the message only */
        snprintf(e->name, sizeof e->name, "%.255s", path);
}

static bool is_runnable(PeImage *pe, Err *e)
{
    PeImage named = *pe;
    MdImage m;
    MdAssemblyName id;
    char display[512] = "";
    if (!pe->path && md_open(&m, pe, NULL)) {
        if (md_assembly_identity(&m, &id))
            md_format_assembly_name(&id, display, sizeof display);
        md_close(&m);
        named.path = display;
    }
    if (pe_check_runnable(&named, e))
        return true;
    pe_close(pe);
    return false;
}

/* *in_bundle: look there first; then whether it came from there. */
static PeImage *open_image(LoadContext *alc, const char *path, bool *in_bundle, Err *e)
{
    PeImage tmp;
    int bundled = *in_bundle ? open_bundled(&tmp, path, e) : 0;
    *in_bundle = bundled > 0;
    if (bundled == 0 && !pe_open_file(&tmp, path, e)) {
        if (e && e->kind == ERR_FILE_NOT_FOUND) {
            e->kind = ERR_NONE;
            e->name[0] = 0;
            vm_file_not_found(e, path);
        }
        with_name(e, path);
        return NULL;
    }
    if (bundled < 0 || !is_runnable(&tmp, e)) {
        with_name(e, path);
        return NULL;
    }
    PeImage *pe = type_alloc(alc, HEAP_COLD, sizeof *pe);
    *pe = tmp;
    return pe;
}

/* Emitted assemblies are found by each other's references only, never by a name. */
static Assembly *find_in_list(LoadContext *alc, const MdAssemblyName *n, bool emitted)
{
    for (u32 i = 0; i < alc->assemblies.len; i++) {
        Assembly *a = alc->assemblies.data[i];
        if ((emitted || !a->is_dynamic) && md_same_simple_name(&a->identity, n) && same_culture(&a->identity, n))
            return a;
    }
    return NULL;
}

static Assembly *find_loaded(LoadContext *alc, const MdAssemblyName *n, bool emitted)
{
    type_lock();
    Assembly *a = find_in_list(alc, n, emitted);
    type_unlock();
    return a;
}

static const u8 *mvid(Assembly *a)
{
    static const u8 none[16];
    const u8 *g = md_guid(a->module->md, md_Module_Mvid(a->module->md, 1));
    return g ? g : none;
}

/* Tells of a load by content, which asks the context only. */
static void tell_load(LoadContext *alc, const MdAssemblyName *id, const char *path, Assembly *found, Assembly *result)
{
    Thread *t = thread_current();
    if (LIKELY(vm_events == NULL) || !t)
        return;
    const VmBinding b = {alc, id, type_corelib, path, false};
    vm_events->binding(t, &b, true, NULL);
    vm_events->stage(t, &b, alc, VM_BIND_IN_CONTEXT, found);
    vm_events->binding(t, &b, false, result);
}

/* An assembly made to compile against has no bodies worth running. */
static bool is_for_execution(const MdImage *md, const MdAssemblyName *id, Err *e)
{
    MdIter it = md_attributes_of(md, MD_TOKEN(MDT_Assembly, 1));
    for (u32 r; (r = md_next_row(&it));) {
        const char *ns, *name;
        if (!md_attribute_type_name(md, r, &ns, &name) || strcmp(name, "ReferenceAssemblyAttribute") != 0 ||
            strcmp(ns, "System.Runtime.CompilerServices") != 0)
            continue;
        char shown[256];
        vm_name_display(id, shown, sizeof shown);
        err_set(e, ERR_BAD_IMAGE, 0, "Could not load file or assembly '%s'. Reference assemblies cannot be loaded for execution. (0x80131058)",
                shown);
        if (e) {
            e->hresult = (i32)0x80131058;
            snprintf(e->name, sizeof e->name, "%s", shown);
        }
        return false;
    }
    return true;
}

static bool from_platform_list(LoadContext *alc, const Assembly *a)
{
    const char *listed = alc->is_default && a->path ? vm_tpa_find(a->name) : NULL;
    return listed && strcmp(listed, a->path) == 0;
}

/* Adds an opened image to the context, unless one of its name came before: then that one (*old), the image is dropped.  NULL without error: its
 * version is below the one asked for. */
static Assembly *add_image(LoadContext *alc, PeImage *pe, const char *path, const MdAssemblyName *asked, bool *old, Err *e)
{
    MdImage md;
    MdAssemblyName id;
    *old = false;
    if (!md_open(&md, pe, e) || !md_check_manifest(&md, e) || !md_assembly_identity(&md, &id)) {
        with_name(e, path ? path : "");
        return NULL;
    }
    bool corelib = type_corelib && md_same_simple_name(&type_corelib->identity, &id);
    if ((asked && !version_ok(asked, &id)) || corelib) { /* there is one CoreLib, which comes by the platform's list */
        char name[300];
        vm_name_display(&id, name, sizeof name);
        if (corelib)
            vm_file_not_found(e, path ? path : name);
        md_close(&md);
        return NULL;
    }
    type_lock();
    Assembly *a = find_in_list(alc, &id, false);
    if (a)
        *old = true;
    else if (is_for_execution(&md, asked ? asked : &id, e))
        a = type_assembly_new(alc, pe, path, e);
    if (*old && !from_platform_list(alc, a)) { /* what the platform lists stands for every file of its name */
        const u8 *g = md_guid(&md, md_Module_Mvid(&md, 1));
        if (!g || memcmp(g, mvid(a), 16) != 0) {
            char name[300];
            vm_name_display(&id, name, sizeof name);
            err_set(e, ERR_FILE_LOAD, 0, "Could not load file or assembly '%s'. Assembly with same name is already loaded", name);
            a = NULL;
        }
    }
    type_unlock();
    if (!asked)
        tell_load(alc, &id, path, *old ? a : NULL, a);
    md_close(&md);
    return a;
}

/* --- Managed side ------------------------------------------------------------------------------------------------------ */
/* Runs body in cooperative mode whatever the mode was. */
#define COOPERATIVE_ANY(t)                                                                                             \
    for (bool any_coop_ = (t)->mode == THREAD_COOPERATIVE,                                                             \
              any_once_ = (any_coop_ ? (void)0 : thread_enter_cooperative(t), true);                                   \
         any_once_; any_coop_ ? (void)0 : thread_enter_preemptive(t), any_once_ = false)

static Method *alc_method(const char *name, i32 params)
{
    MethodTable *mt = core_type("System.Runtime.Loader", ALC_TYPE);
    Method *m = type_method_by_name(mt, name, params);
    if (!m)
        base_missing("method", ALC_TYPE "::%s", name);
    return m;
}

static bool has_subscribers(const char *event)
{
    MethodTable *mt = core_type("System.Runtime.Loader", ALC_TYPE);
    Field *f = type_field_by_name(mt, event);
    if (!type_statics_if_made(mt))
        return false;
    return f && *(Object **)type_static_address(mt, f, thread_current()) != NULL;
}

void vm_assembly_loaded(Assembly *a)
{
    Thread *t = thread_current();
    LOG(start, 1, "assembly %s from %s", a->name, a->path ? a->path : "memory");
    if (UNLIKELY(vm_events != NULL))
        vm_events->assembly(a);
    if (!t || !vm_runtime.started || !has_subscribers("AssemblyLoad"))
        return;
    COOPERATIVE_ANY(t)
    {
        Object *saved = t->pending; /* an event's exception does not become the load's */
        t->pending = NULL;
        Object *o = vm_assembly_object(t, a);
        void *args[] = {&o};
        if (o)
            vm_call(t, alc_method("OnAssemblyLoad", 1), args, NULL);
        t->pending = saved;
    }
}

static Assembly *assembly_of(Object *o)
{
    return o ? CF_VAL(o, ASSEMBLY_HANDLE, Assembly *) : NULL;
}

/* AssemblyLoadContext.<method>(nint handle, AssemblyName). NULL without error: nobody answered. */
static Assembly *ask_context(Thread *t, LoadContext *alc, const char *method, const MdAssemblyName *n, Err *e)
{
    Assembly *answer = NULL;
    bool ok = true;
    COOPERATIVE_ANY(t)
    {
        Object *result = NULL;
        if (!alc->managed)
            ok = vm_call(t, alc_method("InitializeDefaultContext", 0), NULL, NULL);
        Object *name = ok ? vm_assembly_name_object(t, n) : NULL;
        u64 handle = (u64)(uintptr_t)alc->managed;
        void *args[] = {&handle, &name};
        ok = name && vm_call(t, alc_method(method, 2), args, &result);
        answer = ok ? assembly_of(result) : NULL;
        if (answer && answer->is_dynamic) {
            ok = vm_throwf(t, VM_ERR_INVALID_OPERATION, "Dynamically emitted assemblies are unsupported for AssemblyLoadContext resolution.");
            answer = NULL;
        }
    }
    if (!ok)
        err_set(e, ERR_PENDING, 0, "exception in AssemblyLoadContext.%s", method);
    return answer;
}

Assembly *vm_resolve_event(Thread *t, const char *method, Assembly *requester, const char *name)
{
    Assembly *answer = NULL;
    COOPERATIVE_ANY(t)
    {
        Object *result = NULL;
        Object *who = requester ? vm_assembly_object(t, requester) : NULL;
        String *s = vm_string_utf8(t, name);
        void *args[] = {&who, &s};
        if (s && vm_call(t, alc_method(method, 2), args, &result))
            answer = assembly_of(result);
    }
    return answer;
}

static Assembly *last_resort(Thread *t, const MdAssemblyName *n, Assembly *requester, Err *e)
{
    if (!has_subscribers("AssemblyResolve"))
        return NULL;
    char name[400];
    vm_name_display(n, name, sizeof name);
    Assembly *a = vm_resolve_event(t, "OnAssemblyResolve", requester, name);
    if (!a && t->pending)
        err_set(e, ERR_PENDING, 0, "exception in AppDomain.AssemblyResolve");
    return a;
}

/* --- Binding ------------------------------------------------------------------------------------------------------------ */
static Assembly *load_path(LoadContext *alc, const char *path, const MdAssemblyName *asked, bool in_bundle, Err *e)
{
    bool old;
    PeImage *pe = open_image(alc, path, &in_bundle, e);
    Assembly *a = pe ? add_image(alc, pe, path, asked, &old, e) : NULL;
    if (a && !old)
        a->is_bundled = in_bundle;
    if (a && !old)
        vm_assembly_loaded(a);
    return a;
}

/* Only what is in the bundle. */
static Assembly *load_bundled(LoadContext *def, const char *path, const MdAssemblyName *asked, Err *e)
{
    i64 offset = 0, size = 0, packed = 0;
    return vm_host_contract()->bundle_probe(path + strlen(bundle_folder()), &offset, &size, &packed) ? load_path(def, path, asked, true, e) : NULL;
}

static Assembly *bind_satellite(LoadContext *def, const MdAssemblyName *n, Err *e)
{
    char path[4096];
    const char *folder = bundle_folder();
    if (folder && (size_t)snprintf(path, sizeof path, "%s%.*s/%.*s.dll", folder, (int)n->culture_len, n->culture, (int)n->name_len, n->name) <
                      sizeof path) {
        Err none = {0};
        Assembly *a = load_bundled(def, path, NULL, &none);
        if (a)
            return a;
    }
    for (u32 i = 0; i < vm_paths_count(VM_PATHS_RESOURCES); i++) {
        int len = snprintf(path, sizeof path, "%s%.*s/%.*s.dll", vm_paths_at(VM_PATHS_RESOURCES, i), (int)n->culture_len,
                           n->culture, (int)n->name_len, n->name);
        if (len > 0 && (size_t)len < sizeof path && os_file_exists(path))
            return load_path(def, path, NULL, false, e);
    }
    return NULL;
}

/* The default context without its events. NULL without error: not found. */
static Assembly *bind_default(LoadContext *def, const MdAssemblyName *n, bool emitted, Err *e)
{
    char simple[512];
    if (n->name_len >= sizeof simple)
        return NULL;
    memcpy(simple, n->name, n->name_len);
    simple[n->name_len] = 0;
    Assembly *a = find_loaded(def, n, emitted);
    if (!a && md_same_simple_name(&type_corelib->identity, n))
        a = type_corelib;
    if (!a && !culture_neutral(n))
        return bind_satellite(def, n, e);
    if (!a) {
        const char *path = vm_tpa_find(simple), *folder = bundle_folder();
        char *inside = folder ? base_asprintf("%s%s.dll", folder, simple) : NULL;
        a = inside ? load_bundled(def, inside, n, e) : NULL;
        base_free(inside);
        if (!a && path)
            a = load_path(def, path, n, false, e);
        if (path && UNLIKELY(vm_events != NULL))
            vm_events->probed(path, a != NULL);
        if (!a && e && e->kind == ERR_BAD_IMAGE && strncmp(e->text, "Bad IL format.", 14) == 0)
            e->kind = ERR_NONE, e->name[0] = 0, e->hresult = 0; /* as the reference: no image is no file */
    }
    return a && version_ok(n, &a->identity) ? a : NULL;
}

static void tell_stage(Thread *t, const VmBinding *b, LoadContext *alc, VmBindStage stage, Assembly *result)
{
    if (UNLIKELY(vm_events != NULL) && t)
        vm_events->stage(t, b, alc, stage, result);
}

static Assembly *default_steps(Thread *t, const VmBinding *b, LoadContext *def, bool emitted, Err *e)
{
    Assembly *a = UNLIKELY(vm_events != NULL) ? find_loaded(def, b->name, emitted) : NULL;
    tell_stage(t, b, def, VM_BIND_IN_CONTEXT, a);
    bool found = a != NULL;
    a = bind_default(def, b->name, emitted, e);
    if (!found)
        tell_stage(t, b, def, VM_BIND_PLATFORM, a);
    return a;
}

static Assembly *custom_steps(Thread *t, const VmBinding *b, LoadContext *def, bool emitted, Err *e)
{
    LoadContext *alc = b->alc;
    const MdAssemblyName *n = b->name;
    Assembly *a = md_same_simple_name(&type_corelib->identity, n) ? type_corelib : find_loaded(alc, n, emitted);
    if (a && !version_ok(n, &a->identity))
        a = NULL;
    tell_stage(t, b, alc, VM_BIND_IN_CONTEXT, a);
    if (!a && alc->managed && t) {
        a = ask_context(t, alc, "Resolve", n, e);
        tell_stage(t, b, alc, VM_BIND_CONTEXT_LOAD, a);
    }
    if (!a && e->kind == ERR_NONE) {
        a = default_steps(t, b, def, emitted, e);
        tell_stage(t, b, alc, VM_BIND_FALLBACK, a);
    }
    return a;
}

static Assembly *bind_steps(Thread *t, const VmBinding *b, Err *e)
{
    LoadContext *alc = b->alc, *def = alc->domain->default_context;
    const MdAssemblyName *n = b->name;
    bool emitted = b->emitted;
    Assembly *a = alc == def ? default_steps(t, b, def, emitted, e) : custom_steps(t, b, def, emitted, e);
    if (a || e->kind != ERR_NONE || !t || !vm_runtime.started)
        return a;
    if (alc != def && def->managed && culture_neutral(n)) {
        a = ask_context(t, def, "ResolveUsingResolvingEvent", n, e);
        tell_stage(t, b, def, VM_BIND_RESOLVING, a);
        if (a || e->kind != ERR_NONE)
            return a;
    }
    if (!culture_neutral(n)) {
        a = ask_context(t, alc, "ResolveSatelliteAssembly", n, e);
        tell_stage(t, b, alc, VM_BIND_SATELLITE, a);
    }
    if (!a && e->kind == ERR_NONE && (alc != def || alc->managed)) {
        a = ask_context(t, alc, "ResolveUsingResolvingEvent", n, e);
        tell_stage(t, b, alc, VM_BIND_RESOLVING, a);
    }
    return a;
}

/* An exception of managed code that was asked becomes the inner one of a load failure, as the reference has it. */
static void wrap_pending(Thread *t, const MdAssemblyName *name)
{
    COOPERATIVE_ANY(t)
    {
        Object *inner = t->pending;
        MethodTable *mt = inner ? inner->mt : NULL;
        if (mt && mt != vm_error_type(VM_ERR_OUT_OF_MEMORY) && mt != vm_error_type(VM_ERR_INTERRUPTED)) {
            Err e = {0};
            char display[256], text[200];
            u32 hr = CF_VAL(inner, EXC_HRESULT, u32);
            vm_name_display(name, display, sizeof display);
            vm_hr_message(hr, text, sizeof text);
            ErrKind kind = hr == 0x80070002 || hr == 0x80070003 ? ERR_FILE_NOT_FOUND : hr == 0x8007000b ? ERR_BAD_IMAGE : ERR_FILE_LOAD;
            err_set(&e, kind, 0, "Could not load file or assembly '%s'. %s", display, text);
            e.hresult = (i32)hr;
            if (kind == ERR_FILE_LOAD)
                memcpy(e.name, display, sizeof display);
            t->pending = NULL;
            Object *o = vm_exception_of_err(t, &e);
            if (o) {
                vm_exception_set_inner(o, inner);
                t->pending = o;
            }
        }
    }
}

static Assembly *bind_assembly(LoadContext *alc, const MdAssemblyName *name, Assembly *requester, bool emitted, Err *e)
{
    Err local = {0};
    Thread *t = thread_current();
    const VmBinding b = {alc, name, requester, NULL, emitted};
    bool told = UNLIKELY(vm_events != NULL) && t;
    if (told)
        vm_events->binding(t, &b, true, NULL);
    Assembly *a = bind_steps(t, &b, &local);
    if (!a && local.kind == ERR_NONE && t && vm_runtime.started) {
        a = last_resort(t, name, requester, &local);
        tell_stage(t, &b, alc, VM_BIND_RESOLVE_EVENT, a);
    }
    if (told)
        vm_events->binding(t, &b, false, a);
    if (a)
        return a;
    if (local.kind == ERR_PENDING && t)
        wrap_pending(t, name);
    if (local.kind == ERR_NONE) {
        char display[400];
        vm_name_display(name, display, sizeof display);
        vm_file_not_found(&local, display);
    }
    if (e && e->kind == ERR_NONE)
        *e = local;
    return NULL;
}

Assembly *vm_bind_assembly(LoadContext *alc, const MdAssemblyName *name, Assembly *requester, Err *e)
{
    return bind_assembly(alc, name, requester, false, e);
}

static Assembly *bind_ref(Assembly *from, u32 token, Err *e)
{
    MdAssemblyName n;
    if (!md_assemblyref_identity(from->module->md, MD_RID(token), &n)) {
        err_set(e, ERR_BAD_IMAGE, token, "Bad assembly reference.");
        return NULL;
    }
    return bind_assembly(from->alc, &n, from, from->is_dynamic, e);
}

/* --- Loading by content ------------------------------------------------------------------------------------------------- */
Assembly *vm_load_file(LoadContext *alc, const char *path, Err *e)
{
    if (alc->is_default) { /* what the platform list names is taken from there */
        const char *base = strrchr(path, '/');
        char simple[512];
        size_t n = strlen(base = base ? base + 1 : path);
        if (n > 4 && n < sizeof simple && strcasecmp(base + n - 4, ".dll") == 0) {
            memcpy(simple, base, n - 4);
            simple[n - 4] = 0;
            MdAssemblyName id = {.name = simple, .name_len = (u32)n - 4, .culture = ""};
            const char *tpa = vm_tpa_find(simple);
            if (tpa && strcmp(tpa, path) == 0) {
                Assembly *a = find_loaded(alc, &id, false);
                if (a)
                    return a;
            }
        }
    }
    return load_path(alc, path, NULL, !vm_runtime.entry_assembly, e);
}

Assembly *vm_load_memory(LoadContext *alc, const void *image, size_t n, const void *pdb, size_t npdb, Err *e)
{
    PeImage tmp;
    if (!pe_open_memory(&tmp, image, n, true, NULL, e) || !is_runnable(&tmp, e))
        return NULL;
    PeImage *pe = type_alloc(alc, HEAP_COLD, sizeof *pe);
    *pe = tmp;
    bool old;
    Assembly *a = add_image(alc, pe, NULL, NULL, &old, e);
    if (a && !old) {
        if (pdb && npdb) {
            u8 *copy = type_alloc(alc, HEAP_COLD, npdb);
            memcpy(copy, pdb, npdb);
            (void)copy; /* symbols given with the image: read by vm_source_line once it asks for them */
        }
        vm_assembly_loaded(a);
    }
    return a;
}

/* --- Contexts ----------------------------------------------------------------------------------------------------------- */
static VEC(LoadContext *) custom; /* under type_lock */

LoadContext *vm_context_new(GcHandle managed, bool is_default, bool collectible)
{
    LoadContext *c = is_default ? vm_runtime.domain->default_context : type_context_new(vm_runtime.domain, collectible, NULL);
    c->managed = managed;
    if (!is_default) {
        type_lock();
        vec_push(&custom, c);
        type_unlock();
    }
    return c;
}

/* Its managed object, held while the context was being unloaded, goes too. */
static void context_gone(LoadContext *alc)
{
    type_lock();
    for (u32 i = 0; i < custom.len; i++)
        if (custom.data[i] == alc) {
            memmove(custom.data + i, custom.data + i + 1, (custom.len - i - 1) * sizeof *custom.data);
            custom.len--;
            if (alc->managed && !alc->shares_managed)
                gc_handle_free(alc->managed);
            break;
        }
    type_unlock();
}

u32 vm_all_assemblies(Assembly **out, u32 cap, Array *keepers)
{
    u32 n = 0;
    type_lock();
    LoadContext *c = vm_runtime.domain->default_context;
    for (u32 k = 0;; k++) {
        Object *keeper = type_context_keeper(c);
        if (c->collectible && !keeper)
            goto next; /* being unloaded */
        for (u32 i = 0; i < c->assemblies.len; i++, n++)
            if (n < cap) {
                out[n] = c->assemblies.data[i];
                if (keeper && keepers)
                    gc_store_ref((Object **)(void *)keepers->data + n, keeper);
            }
    next:
        if (k == custom.len)
            break;
        c = custom.data[k];
    }
    type_unlock();
    return n;
}

LoadContext *vm_context_of(Object *assembly_load_context)
{
    static u32 offset;
    if (!assembly_load_context)
        return vm_runtime.domain->default_context;
    if (!offset) {
        Field *f = type_field_by_name(core_type("System.Runtime.Loader", ALC_TYPE), "_nativeAssemblyLoadContext");
        CHECKF(f, "AssemblyLoadContext lost its native pointer");
        offset = OBJ_DATA + f->offset;
    }
    return *(LoadContext **)((char *)assembly_load_context + offset);
}

void vm_context_display(Thread *t, LoadContext *alc, char *buf, size_t n)
{
    enum { TAGS = 7 };
    snprintf(buf, n, "%s", alc->is_default ? "Default" : "");
    GcHandle h = (GcHandle)((uintptr_t)alc->managed & ~(uintptr_t)TAGS);
    Object *o = alc->is_default || !h ? NULL : gc_handle_get(h);
    Method *m = o ? type_method_by_name(type_wk(WK_OBJECT), "ToString", 0) : NULL;
    Err e = {0};
    String *text = NULL;
    void *args[] = {&o};
    m = m ? type_find_virtual(o->mt, m, &e) : NULL;
    if (!m || !vm_call(t, m, args, &text) || !text) {
        t->pending = NULL;
        return;
    }
    char *s = vm_string_to_utf8(text);
    snprintf(buf, n, "%s", s);
    base_free(s);
}

bool vm_bind_init(void)
{
    type_client.bind = bind_ref;
    vm_unload_hook(NULL, context_gone);
    return true;
}
