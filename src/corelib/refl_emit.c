/* refl_emit.c: assemblies made while the program runs (AssemblyBuilder), and their memory.
 * The assembly that hosts anonymous DynamicMethods is one of these. */
#include "corelib/refl_emit.h"

#include <stdio.h>

#include "base/base_hash.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_bind.h"
#include "vm/vm_unload.h"

static OsMutex lock = OS_MUTEX_INIT;
static EmitModule *modules;

EmitModule *emit_lock(Module *m)
{
    os_mutex_lock(&lock);
    for (EmitModule *x = modules; x; x = x->next)
        if (x->module == m)
            return x;
    CHECKF(false, "a module that was not emitted");
    return NULL;
}

void emit_unlock(EmitModule *m)
{
    bool full = mdw_full(m->w) || m->full;
    m->full = false;
    os_mutex_unlock(&lock);
    if (UNLIKELY(full)) {
        QCALL_BEGIN(t);
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
        QCALL_END(t);
    }
}

/* --- Memory that does not move ------------------------------------------------------------------------------------------------------- */
enum { IL_BYTES = 512 << 20, MAX_ROWS = 1 << 24, FIRST_COMMIT = 4096 };

/* The loader's tables by rid */
typedef struct RidTable {
    u8 table, entry;
    u16 field; /* of Module */
} RidTable;
static const RidTable rid_tables[] = {
    {MDT_TypeDef, sizeof(void *), offsetof(Module, typedefs)},        {MDT_MethodDef, sizeof(void *), offsetof(Module, methoddefs)},
    {MDT_TypeRef, sizeof(TypeHandle), offsetof(Module, typerefs)},    {MDT_TypeRef, 2 * sizeof(void *), offsetof(Module, typeref_defs)},
    {MDT_MemberRef, sizeof(void *), offsetof(Module, memberrefs)},    {MDT_MemberRef, sizeof(u32), offsetof(Module, memberref_rids)},
    {MDT_MethodSpec, sizeof(void *), offsetof(Module, methodspecs)},
};

static size_t rid_bytes(void)
{
    size_t n = 0;
    for (u32 i = 0; i < ARRAY_LEN(rid_tables); i++)
        n += (size_t)rid_tables[i].entry * MAX_ROWS;
    return n;
}

static void no_memory(void) { base_fatal(EXIT_MISSING, "stator: no memory for an emitted module"); }

static void make_rid_tables(EmitModule *m)
{
    m->rid_tables = os_mem_reserve(rid_bytes(), 0);
    if (!m->rid_tables)
        no_memory();
    u8 *at = m->rid_tables;
    for (u32 i = 0; i < ARRAY_LEN(rid_tables); i++) {
        memcpy((char *)m->module + rid_tables[i].field, &at, sizeof at);
        at += (size_t)rid_tables[i].entry * MAX_ROWS;
    }
}

void emit_room(EmitModule *m, u32 table)
{
    enum { STEP = FIRST_COMMIT / sizeof(u32) };
    if (table >= MDT_COUNT)
        return;
    u32 *have = &m->rid_committed[table], need = md_rows(mdw_image(m->w), table) + 2;
    if (need <= *have || need > MAX_ROWS)
        return;
    u32 rows = *have ? *have * 2 : (u32)STEP;
    for (u32 i = 0; i < ARRAY_LEN(rid_tables); i++) {
        u8 *base;
        size_t entry = rid_tables[i].entry;
        if (rid_tables[i].table != table)
            continue;
        memcpy(&base, (char *)m->module + rid_tables[i].field, sizeof base);
        if (!os_mem_commit(base + *have * entry, (rows - *have) * entry))
            no_memory();
    }
    *have = rows;
}

u32 emit_il(EmitModule *m, const void *p, u32 n, u32 align)
{
    EmitRegion *r = &m->il;
    u32 at = ALIGN_UP(r->len, align);
    if (n > IL_BYTES - at) {
        m->full = true;
        return 0;
    }
    u32 end = at + n, want = r->committed ? r->committed : (u32)FIRST_COMMIT;
    while (want < end)
        want *= 2;
    if (want > r->committed && !os_mem_commit(r->base + r->committed, want - r->committed))
        no_memory();
    r->committed = want;
    if (n && p)
        memcpy(r->base + at, p, n);
    r->len = end;
    return at;
}

/* --- Assemblies --------------------------------------------------------------------------------------------------------------------- */
static PeImage *image_of(const u8 *root, u32 size)
{
    PeImage *pe = base_calloc(1, sizeof *pe);
    pe->data = root;
    pe->size = size;
    pe->metadata = root;
    pe->metadata_size = size;
    pe->cli_flags = PE_CLI_IL_ONLY;
    pe->machine = 0x8664;
    pe->pe32plus = true;
    return pe;
}

/* The image's bytes are the region of IL and field data; one section makes an RVA an offset in it. */
static void place_il(EmitModule *m, PeImage *pe)
{
    enum { FIRST = 64 };
    u32 v[4] = {IL_BYTES - FIRST, FIRST, IL_BYTES - FIRST, FIRST};
    u8 head[FIRST] = {0};
    m->il.base = os_mem_reserve(IL_BYTES, 0);
    if (!m->il.base)
        no_memory();
    memcpy(head + 8, v, sizeof v);
    emit_il(m, head, FIRST, 4);
    pe->data = m->il.base;
    pe->size = IL_BYTES;
    pe->sections = m->il.base;
    pe->section_count = 1;
}

static void random_guid(u8 g[16], const void *seed)
{
    u8 h[20];
    u64 v[2] = {(u64)(uintptr_t)seed, gc_total_allocated_bytes()};
    base_sha1(v, sizeof v, h);
    memcpy(g, h, 16);
    g[7] = (u8)((g[7] & 0x0F) | 0x40);
    g[8] = (u8)((g[8] & 0x3F) | 0x80);
}

static void manifest(MdWriter *w, const VmNameParts *parts, u32 hash_alg)
{
    Arena scratch;
    MdAssemblyName n;
    u8 mvid[16];
    u16 v[4];
    arena_init(&scratch, 4096);
    vm_name_from_parts(&scratch, parts, &n);
    random_guid(mvid, parts);
    MDW_ADD(w, Module, 0, mdw_string(w, "RefEmit_InMemoryManifestModule"), mdw_guid(w, mvid), 0, 0);
    mdw_typedef(w, 0, "<Module>", "", 0, 0);
    for (u32 i = 0; i < 4; i++)
        v[i] = n.version[i] == 0xFFFF ? 0 : n.version[i];
    u32 key = mdw_blob(w, n.public_key, n.public_key_len);
    MDW_ADD(w, Assembly, hash_alg, v[0], v[1], v[2], v[3], n.flags | (key ? (u32)AF_PUBLIC_KEY : 0u), key, mdw_string_n(w, n.name, n.name_len),
            mdw_string_n(w, n.culture ? n.culture : "", n.culture ? n.culture_len : 0));
    arena_free(&scratch);
}

static Assembly *new_assembly(LoadContext *alc, const VmNameParts *parts, u32 hash_alg, Err *e)
{
    EmitModule *m = base_calloc(1, sizeof *m);
    u32 size;
    m->w = mdw_new();
    manifest(m->w, parts, hash_alg);
    mdw_skip_user_strings(m->w, 4); /* the first string's token is 0x70000005 on the reference */
    /* The loader opens an image that holds the manifest only; then the writer becomes what it reads. */
    MdWriter *first = mdw_new();
    manifest(first, parts, hash_alg);
    PeImage *pe = image_of(mdw_serialise(first, NULL, &size), 0);
    pe->size = pe->metadata_size = size;
    mdw_free(first);
    Assembly *a = type_assembly_new(alc, pe, NULL, e);
    if (!a) {
        mdw_free(m->w);
        base_free((void *)(uintptr_t)pe->metadata);
        base_free(pe);
        base_free(m);
        return NULL;
    }
    a->is_dynamic = true;
    m->module = a->module;
    place_il(m, pe);
    make_rid_tables(m);
    for (u32 i = 0; i < ARRAY_LEN(rid_tables); i++)
        emit_room(m, rid_tables[i].table);
    mdw_attach(m->w, a->module->md);
    os_mutex_lock(&lock);
    m->next = modules;
    modules = m;
    os_mutex_unlock(&lock);
    return a;
}

static void free_module(EmitModule *m)
{
    Module *mod = m->module;
    os_mem_release(m->rid_tables, rid_bytes());
    os_mem_release(m->il.base, IL_BYTES);
    map64_free(&m->assembly_refs);
    map64_free(&m->type_refs);
    base_free((void *)(uintptr_t)mod->pe->metadata);
    mdw_free(m->w);
    base_free(mod->pe);
    mod->md = NULL;
    mod->pe = NULL;
    base_free(m);
}

static void context_gone(LoadContext *alc)
{
    os_mutex_lock(&lock);
    for (EmitModule **at = &modules, *m; (m = *at);) {
        if (m->module->alc != alc) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        free_module(m);
    }
    os_mutex_unlock(&lock);
}

/* TypeResolve: a handler may finish the type. */
static bool finish_type(Module *m, u32 rid, Err *e)
{
    Thread *t = thread_current();
    char name[1024];
    const char *ns = md_typedef_namespace(m->md, rid);
    snprintf(name, sizeof name, "%s%s%s", ns, *ns ? "." : "", md_typedef_name(m->md, rid));
    vm_resolve_event(t, "OnTypeResolve", m->assembly, name);
    if (vm_pending(t))
        return err_set(e, ERR_PENDING, 0, "exception in AppDomain.TypeResolve");
    if (md_type_is_finished(m->md, rid))
        return true;
    char assembly[600];
    md_format_assembly_name(&m->assembly->identity, assembly, sizeof assembly);
    snprintf(e->name, sizeof e->name, "%.250s", name);
    return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, rid), "Could not load type '%s' from assembly '%s'.", name, assembly);
}

void emit_start(void)
{
    vm_unload_hook(refl_forget_dying, context_gone);
    type_client.finish_type = finish_type;
}

REFL(void, AppDomain_CreateDynamicAssembly, ObjectHandleOnStack context, VmNameParts *name, u32 hash_alg, i32 access, ObjectHandleOnStack out)
{
    Err e = {0};
    enum { COLLECT = 8 };
    QCALL_BEGIN(t);
    LoadContext *alc = *context.ptr ? vm_context_of(*context.ptr) : t->domain->default_context;
    Object *volatile keeper = NULL; /* here until the assembly's object holds it */
    bool failed = false;
    if ((access & COLLECT) && !alc->collectible) {
        LoadContext *own = vm_context_new(alc->managed, false, true);
        own->shares_managed = true;
        keeper = vm_context_make_keeper(t, alc = own, false);
        failed = !keeper;
    }
    if (!failed && (!name->name || !*name->name))
        failed = !vm_throwf(t, VM_ERR_ARGUMENT, "AssemblyName.Name cannot be null or an empty string.");
    Assembly *a = failed ? NULL : new_assembly(alc, name, hash_alg, &e);
    if (failed) {
    } else if (!a) {
        vm_throw_err(t, &e);
    } else {
        Object *o = vm_assembly_object(t, a);
        if (o) {
            vm_assembly_loaded(a);
            if (!vm_pending(t))
                qc_set_object(out, o);
        }
    }
    QCALL_END(t);
}
