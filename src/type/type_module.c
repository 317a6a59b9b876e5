/* type_module.c: the loader lock and its retry protocol, contexts, assemblies, modules, names to definitions.
 * Book: type.md  Tests: tests/unit/type/ */
#include "md/md_attr.h"
#include <stdio.h>

#include "os/os_mem.h"
#include "os/os_thread.h"
#include "type/type_int.h"

#include "base/log.h"

TypeClient type_client;
Assembly *type_corelib;

/* --- Lock ---------------------------------------------------------------------------------------------------------- */
static OsMutex loader_lock = OS_MUTEX_INIT;
static __thread u32 lock_depth, load_depth;
static __thread Module *bind_module; /* set: the load was given up to bind bind_token, an AssemblyRef, or to have that TypeDef finished */
static __thread u32 bind_token;
__thread Loading *type_loading;
u32 type_assembly_count;

void type_lock(void)
{
    if (lock_depth++)
        return;
    if (os_mutex_try_lock(&loader_lock))
        return;
    Thread *t = thread_current();
    if (t && t->mode == THREAD_COOPERATIVE) {
        PREEMPTIVE(t) { os_mutex_lock(&loader_lock); }
    } else {
        os_mutex_lock(&loader_lock);
    }
}

void type_unlock(void)
{
    DCHECK(lock_depth);
    if (--lock_depth == 0)
        os_mutex_unlock(&loader_lock);
}

void load_begin(void)
{
    type_lock();
    load_depth++;
}

/* Binds with every level of the lock given up. */
__thread u32 load_binding;

static bool bind_pending(Err *e)
{
    Module *m = bind_module;
    u32 token = bind_token, rid = MD_RID(token), depth = lock_depth;
    bind_module = NULL;
    if (depth) {
        lock_depth = 0;
        os_mutex_unlock(&loader_lock);
    }
    e->kind = ERR_NONE;
    load_binding++; /* resolvers run: what waits for this assembly is not checked by what they load */
    bool is_type = MD_TABLE_OF(token) == MDT_TypeDef, finished = is_type && type_client.finish_type(m, rid, e);
    Assembly *a = is_type ? NULL : type_client.bind(m->assembly, token, e);
    load_binding--;
    if (depth) {
        type_lock();
        lock_depth = depth;
    }
    if (is_type)
        return finished;
    if (!a) {
        err_set(e, ERR_FILE_NOT_FOUND, MD_TOKEN(MDT_AssemblyRef, rid), "Could not load file or assembly '%s'.",
                md_assemblyref_name(m->md, rid));
        return false;
    }
    type_lock();
    type_context_refer(m->alc, a->alc);
    LOG(bind, 1, "%s: AssemblyRef %08X %s -> assembly %s", m->assembly->name, token, md_assemblyref_name(m->md, rid), a->path ? a->path : a->name);
    map64_put(&m->assembly->refs, rid, (u64)(uintptr_t)a);
    type_unlock();
    return true;
}

/* A load failed for good: what it had loaded for itself is checked here, with the assemblies that this asks for. */
static void settle(void)
{
    for (MethodTable *mt = NULL;;) {
        load_begin();
        if (!mt)
            mt = load_unchecked(), bind_module = NULL;
        bool waits = mt && !load_recheck(mt) && bind_module;
        load_depth--;
        type_unlock();
        Err ignored;
        if (!mt)
            break;
        if (!waits) {
            bind_module = NULL;
            mt = NULL;
        } else if (!bind_pending(&ignored)) {
            type_lock();
            load_forget(mt);
            type_unlock();
            mt = NULL;
        }
    }
}

bool load_end(bool ok, Err *e)
{
    load_depth--;
    type_unlock();
    if (LIKELY(load_depth || (ok && !bind_module)))
        return false;
    Loading *outer = type_loading;
    bool again = false;
    if (bind_module) {
        type_loading = NULL;
        again = bind_pending(e);
        if (!again)
            load_refuse();
        type_loading = outer;
    }
    if (!again && !outer && !load_binding)
        settle();
    return again;
}

static __thread u32 misses;
u32 load_misses(void) { return misses; }

bool load_missed(u32 before, Err *e)
{
    if (LIKELY(misses == before))
        return false;
    if (!e || e->kind == ERR_NONE)
        err_set(e, ERR_PENDING, 0, "an assembly has to be bound first");
    return true;
}

/* A resolution that waits for an assembly begins anew when it is there: its steps are told once. Under the lock. */
void log_bind_step(Module *m, u32 token, u32 to)
{
    static Map64 told;
    u64 known, key = (u64)(uintptr_t)m << 32 ^ token;
    if (LIKELY(!log_levels[LOG_bind]) || map64_get(&told, key, &known))
        return;
    map64_put(&told, key, to);
    char from[300], target[300];
    il_token_text(m->md, token, from, sizeof from);
    il_token_text(m->md, to, target, sizeof target);
    if (MD_TABLE_OF(to) == MDT_AssemblyRef)
        snprintf(target, sizeof target, "%s", md_assemblyref_name(m->md, MD_RID(to)));
    const char *of = md_table_name(MD_TABLE_OF(token)), *in = md_table_name(MD_TABLE_OF(to));
    LOG(bind, 1, "%s: %s %08X %s -> %s %08X %s", m->assembly->name, of, token, from, in, to, target);
}

Assembly *assembly_ref(Module *m, u32 rid, Err *e)
{
    u64 v = 0;
    if (map64_get(&m->assembly->refs, rid, &v))
        return (Assembly *)(uintptr_t)v;
    if (rid == 0 || rid > md_rows(m->md, MDT_AssemblyRef)) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad assembly reference.");
        return NULL;
    }
    bind_module = m;
    bind_token = MD_TOKEN(MDT_AssemblyRef, rid);
    misses++;
    err_set(e, ERR_PENDING, MD_TOKEN(MDT_AssemblyRef, rid), "an assembly has to be bound first");
    return NULL;
}

MethodTable *unfinished_type(Module *m, u32 rid, Err *e)
{
    bind_module = m;
    bind_token = MD_TOKEN(MDT_TypeDef, rid);
    misses++;
    err_set(e, ERR_PENDING, bind_token, "a type has to be finished first");
    return NULL;
}

Assembly *type_assembly_ref(Module *m, u32 rid, Err *e) { return LOADED(Assembly *, e, assembly_ref(m, rid, LE)); }

/* --- Contexts, assemblies ------------------------------------------------------------------------------------------- */
void type_init(void) { os_span_init(); }

/* A table that never moves and never grows: code indexes it without a test. */
static void *reserve(size_t n)
{
    void *p = os_mem_reserve(n, 0);
    CHECKF(p && os_mem_commit(p, n), "no address space for a domain");
    return p;
}

Domain *type_domain_new(const char *name)
{
    static u32 ids;
    Domain *d = base_calloc(1, sizeof *d);
    d->id = __atomic_add_fetch(&ids, 1, __ATOMIC_RELAXED);
    d->name = base_strdup(name);
    if (type_client.neutral) {
        d->types = reserve(DOMAIN_TYPES_MAX * sizeof *d->types);
        d->neutral_table = reserve(DOMAIN_SLOTS_MAX * sizeof *d->neutral_table);
    }
    d->default_context = type_context_new(d, false, "Default");
    d->default_context->is_default = true;
    return d;
}

static LoadContext *contexts; /* all of the process; under the lock */

LoadContext *type_context_new(Domain *d, bool collectible, const char *name)
{
    LoadContext *c = base_calloc(1, sizeof *c);
    c->domain = d;
    c->collectible = collectible;
    c->name = name ? base_strdup(name) : NULL;
    type_lock();
    c->next = contexts;
    if (contexts)
        contexts->prev = c;
    contexts = c;
    type_unlock();
    return c;
}

void type_context_unlink(LoadContext *c)
{
    *(c->prev ? &c->prev->next : &contexts) = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

void type_each_context(void (*visit)(void *arg, LoadContext *alc), void *arg)
{
    for (LoadContext *c = contexts; c; c = c->next)
        visit(arg, c);
}

static bool same_folder(const char *a, const char *b)
{
    const char *sa = strrchr(a, '/'), *sb = strrchr(b, '/');
    return sa && sb && sa - a == sb - b && memcmp(a, b, (size_t)(sa - a)) == 0;
}

/* RuntimeCompatibilityAttribute: do handlers see a thrown object that is no Exception wrapped in one? */
static bool wraps_non_exceptions(const MdImage *md)
{
    u32 row = md_find_attribute(md, MD_TOKEN(MDT_Assembly, 1), "System.Runtime.CompilerServices", "RuntimeCompatibilityAttribute");
    MdAttrValue v;
    return row && md_attr_find_named(md, row, "WrapNonExceptionThrows", &v) && v.i;
}

/* No type is nested in itself, at any depth: from here on, walks outwards end. */
static bool nesting_ends(const MdImage *md, const MdAssemblyName *identity, Err *e)
{
    for (u32 row = 1; row <= md_rows(md, MDT_NestedClass); row++) {
        u32 first = md_NestedClass_NestedClass(md, row), steps = 0;
        for (u32 rid = first; rid && steps <= 1000; steps++)
            rid = md_enclosing(md, rid);
        if (steps <= 1000)
            continue;
        char assembly[200];
        md_format_assembly_name(identity, assembly, sizeof assembly);
        return err_set(e, ERR_BAD_IMAGE, MD_TOKEN(MDT_TypeDef, first), "Enclosing type(s) not found for type '%s' in assembly '%s'.",
                       md_typedef_name(md, first), assembly);
    }
    return true;
}

Assembly *type_assembly_new(LoadContext *alc, PeImage *pe, const char *path, Err *e)
{
    MdImage *md = type_alloc(alc, HEAP_COLD, sizeof *md);
    if (!md_open(md, pe, e))
        return NULL;
    Assembly *a = type_alloc(alc, HEAP_COLD, sizeof *a);
    if (!md_check_manifest(md, e) || !md_assembly_identity(md, &a->identity)) {
        md_close(md);
        return NULL;
    }
    Module *m = type_alloc(alc, HEAP_COLD, sizeof *m);
    a->alc = m->alc = alc;
    a->module = m;
    a->name = a->identity.name;
    a->path = path ? type_strdup(alc, path) : NULL;
    a->is_corelib = type_corelib == NULL && strcmp(a->name, "System.Private.CoreLib") == 0;
    a->trusted = a->is_corelib || (path && type_corelib && type_corelib->path && same_folder(path, type_corelib->path));
    if (!a->trusted && !nesting_ends(md, &a->identity, e)) {
        md_close(md);
        return NULL;
    }
    m->assembly = a;
    m->pe = pe;
    m->md = md;
    m->typedefs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_TypeDef) + 1) * sizeof(void *));
    m->methoddefs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_MethodDef) + 1) * sizeof(void *));
    m->typerefs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_TypeRef) + 1) * sizeof(TypeHandle));
    m->typeref_defs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_TypeRef) + 1) * sizeof(DefRef));
    m->memberrefs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_MemberRef) + 1) * sizeof(void *));
    m->memberref_rids = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_MemberRef) + 1) * sizeof(u32));
    m->methodspecs = type_alloc(alc, HEAP_COLD, (md_rows(md, MDT_MethodSpec) + 1) * sizeof(void *));
    m->has_skip_locals_init =
        md_has_attribute(md, MD_TOKEN(MDT_Module, 1), "System.Runtime.CompilerServices", "SkipLocalsInitAttribute");
    m->runtime_compat_wraps = wraps_non_exceptions(md);
    type_lock();
    vec_push(&alc->assemblies, a);
    __atomic_add_fetch(&type_assembly_count, 1, __ATOMIC_RELAXED);
    if (a->is_corelib)
        type_corelib = a;
    type_unlock();
    return a;
}

size_t assembly_display(Assembly *a, char *buf, size_t n)
{
    return md_format_assembly_name(&a->identity, buf, n);
}

/* --- Definitions ------------------------------------------------------------------------------------------------------ */
static bool exported_def(Assembly *a, u32 exported, DefRef *out, u32 depth, Err *e);

static bool find_depth(Assembly *a, const char *ns, const char *name, DefRef *out, u32 depth, Err *e)
{
    Module *m = a->module;
    u32 rid = md_find_typedef(m->md, ns, name);
    if (rid) {
        *out = (DefRef){m, rid};
        return true;
    }
    u32 ex = md_find_exported(m->md, ns, name);
    if (ex)
        return exported_def(a, ex, out, depth + 1, e);
    char asmname[300];
    assembly_display(a, asmname, sizeof asmname);
    err_set(e, ERR_TYPE_LOAD, 0, "Could not load type '%s%s%s' from assembly '%s'.", ns, *ns ? "." : "", name, asmname);
    if (e && e->kind == ERR_TYPE_LOAD && !e->name[0]) {
        snprintf(e->name, sizeof e->name, "%.120s%s%.120s", ns, *ns ? "." : "", name);
    }
    return false;
}

static bool exported_def(Assembly *a, u32 exported, DefRef *out, u32 depth, Err *e)
{
    Module *m = a->module;
    u32 impl = md_ExportedType_Implementation(m->md, exported);
    if (depth > 32)
        return err_set(e, ERR_TYPE_LOAD, 0, "Type forwarders form a cycle.");
    if (MD_TABLE_OF(impl) == MDT_AssemblyRef) {
        log_bind_step(m, MD_TOKEN(MDT_ExportedType, exported), impl);
        Assembly *to = assembly_ref(m, MD_RID(impl), e);
        return to && find_depth(to, md_exported_namespace(m->md, exported), md_exported_name(m->md, exported), out, depth, e);
    }
    if (MD_TABLE_OF(impl) == MDT_ExportedType) {
        DefRef outer;
        if (!exported_def(a, MD_RID(impl), &outer, depth + 1, e))
            return false;
        u32 rid = md_find_nested(outer.module->md, outer.rid, md_exported_name(m->md, exported));
        if (rid) {
            *out = (DefRef){outer.module, rid};
            return true;
        }
    }
    return err_set(e, ERR_TYPE_LOAD, 0, "Could not load type '%s' from assembly '%s'.", md_exported_name(m->md, exported), a->name);
}

bool find_in_assembly(Assembly *a, const char *ns, const char *name, DefRef *out, Err *e)
{
    return find_depth(a, ns, name, out, 0, e);
}

static bool invalid_token(Module *m, u32 token, Err *e)
{
    char from[200];
    assembly_display(m->assembly, from, sizeof from);
    return err_set(e, ERR_TYPE_LOAD, token, "Could not load type 'Invalid_Token.0x%08X' from assembly '%s'.", token, from);
}

static bool typeref_def(Module *m, u32 rid, DefRef *out, u32 depth, Err *e)
{
    if (rid == 0 || rid > md_rows(m->md, MDT_TypeRef) || depth > 64)
        return invalid_token(m, MD_TOKEN(MDT_TypeRef, rid), e);
    DefRef *cache = &m->typeref_defs[rid];
    if (cache->module) {
        *out = *cache;
        return true;
    }
    u32 scope = md_TypeRef_ResolutionScope(m->md, rid);
    const char *name = md_typeref_name(m->md, rid), *ns = md_typeref_namespace(m->md, rid);
    log_bind_step(m, MD_TOKEN(MDT_TypeRef, rid), scope);
    switch (MD_TABLE_OF(scope)) {
    case MDT_AssemblyRef: {
        Assembly *a = assembly_ref(m, MD_RID(scope), e);
        if (!a || !find_depth(a, ns, name, out, 0, e))
            return false;
        break;
    }
    case MDT_TypeRef: {
        DefRef outer;
        if (!typeref_def(m, MD_RID(scope), &outer, depth + 1, e))
            return false;
        u32 r = md_find_nested(outer.module->md, outer.rid, name);
        if (!r) {
            char full[400], asmname[300];
            md_type_full_name(m->md, MD_TOKEN(MDT_TypeRef, rid), full, sizeof full);
            assembly_display(outer.module->assembly, asmname, sizeof asmname);
            if (e && e->kind == ERR_NONE)
                snprintf(e->name, sizeof e->name, "%.250s", name);
            return err_set(e, ERR_TYPE_LOAD, 0, "Could not load type '%s' from assembly '%s'.", name, asmname);
        }
        *out = (DefRef){outer.module, r};
        break;
    }
    default: /* Module, ModuleRef, none: this module, or a type it exports */
        if (!find_depth(m->assembly, ns, name, out, 0, e))
            return false;
    }
    *cache = *out;
    LOG(bind, 1, "%s: TypeRef %08X %s%s%s -> TypeDef %08X of %s", m->assembly->name, MD_TOKEN(MDT_TypeRef, rid), ns, *ns ? "." : "", name,
        MD_TOKEN(MDT_TypeDef, out->rid), out->module->assembly->name);
    return true;
}

bool resolve_def(Module *m, u32 token, DefRef *out, Err *e)
{
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef:
        if (MD_RID(token) == 0 || MD_RID(token) > md_rows(m->md, MDT_TypeDef))
            break;
        *out = (DefRef){m, MD_RID(token)};
        return true;
    case MDT_TypeRef:
        return typeref_def(m, MD_RID(token), out, 0, e);
    case MDT_TypeSpec: {
        MdSig s = md_sig_of(m->md, token);
        md_sig_skip_mods(&s);
        u8 et = md_sig_byte(&s);
        if (et == ET_GENERICINST)
            et = md_sig_byte(&s);
        if (et != ET_CLASS && et != ET_VALUETYPE)
            break;
        u32 def = md_sig_token(&s);
        if (s.bad || MD_TABLE_OF(def) == MDT_TypeSpec)
            break;
        return resolve_def(m, def, out, e);
    }
    }
    return err_set(e, ERR_BAD_IMAGE, token, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
}

/* --- Public loading by name ---------------------------------------------------------------------------------------- */
static MethodTable *load_name(Assembly *a, const char *ns, const char *name, Err *e)
{
    DefRef d;
    const char *plus = strchr(name, '+');
    if (!plus)
        return find_in_assembly(a, ns, name, &d, e) ? load_typedef(d.module, d.rid, e) : NULL;
    char part[512];
    size_t n = MIN((size_t)(plus - name), sizeof part - 1);
    memcpy(part, name, n);
    part[n] = 0;
    if (!find_in_assembly(a, ns, part, &d, e))
        return NULL;
    while (plus) {
        const char *from = plus + 1;
        plus = strchr(from, '+');
        n = plus ? (size_t)(plus - from) : strlen(from);
        u32 rid = md_find_nested_n(d.module->md, d.rid, from, n);
        if (!rid) {
            char asmname[300];
            assembly_display(a, asmname, sizeof asmname);
            err_set(e, ERR_TYPE_LOAD, 0, "Could not load type '%s%s%s' from assembly '%s'.", ns, *ns ? "." : "", name, asmname);
            return NULL;
        }
        d.rid = rid;
    }
    return load_typedef(d.module, d.rid, e);
}

MethodTable *type_load_name(Assembly *a, const char *ns, const char *name, Err *e)
{
    return LOADED(MethodTable *, e, load_name(a, ns ? ns : "", name, LE));
}

bool load_error(Err *e, Module *m, u32 rid, const char *why)
{
    char full[256], asmname[200];
    md_type_full_name(m->md, MD_TOKEN(MDT_TypeDef, rid), full, sizeof full);
    assembly_display(m->assembly, asmname, sizeof asmname);
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, rid), "Could not load type '%s' from assembly '%s'%s.", full, asmname, why);
    if (first)
        memcpy(e->name, full, sizeof e->name);
    return false;
}

bool load_error_mt(Err *e, MethodTable *mt, const char *why)
{
    return load_error(e, mt->module, mt_rid(mt), why);
}
