/* refl_emit.c: assemblies made while the program runs (AssemblyBuilder), and the step that turns a finished type into rows.
 * The assembly that hosts anonymous DynamicMethods is one of these.
 * Invariant: rows of a type are appended members first, the TypeDef last, so a reader never sees a type without its members. */
#include "corelib/refl_emit.h"

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
    base_missing("feature", "emitting into a module that was loaded");
}

void emit_unlock(EmitModule *m)
{
    emit_sync(&m->t, m->module->md);
    os_mutex_unlock(&lock);
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
static void place_il(EmitTables *t, PeImage *pe)
{
    enum { SECTION = 40, FIRST = 64 };
    u32 v[4] = {t->il.cap - FIRST, FIRST, t->il.cap - FIRST, FIRST};
    u8 head[FIRST] = {0};
    memcpy(head + 8, v, sizeof v);
    emit_il(t, head, FIRST, 4);
    pe->data = t->il.base;
    pe->size = t->il.cap;
    pe->sections = t->il.base;
    pe->section_count = 1;
}

static void *table_of(size_t entry)
{
    enum { ROWS = 1 << 20 };
    void *p = os_mem_reserve(entry * ROWS, 0);
    if (!p || !os_mem_commit(p, entry * ROWS))
        base_fatal(EXIT_MISSING, "stator: no address space for an emitted module");
    return p;
}

static void random_guid(u8 g[16], const void *seed)
{
    u8 h[20];
    u64 v[2] = {(u64)(uintptr_t)seed, gc_total_allocated_bytes()};
    md_sha1(v, sizeof v, h);
    memcpy(g, h, 16);
    g[7] = (u8)((g[7] & 0x0F) | 0x40);
    g[8] = (u8)((g[8] & 0x3F) | 0x80);
}

static Assembly *new_assembly(LoadContext *alc, const VmNameParts *parts, u32 hash_alg, Err *e)
{
    Arena scratch;
    MdAssemblyName n;
    EmitModule *m = base_calloc(1, sizeof *m);
    EmitTables *t = &m->t;
    u8 mvid[16];
    arena_init(&scratch, 4096);
    vm_name_from_parts(&scratch, parts, &n);
    emit_init(t);
    random_guid(mvid, parts);
    EMIT_ROW(t, Module, 0, emit_string(t, "RefEmit_InMemoryManifestModule"), emit_guid(t, mvid), 0, 0);
    EMIT_ROW(t, TypeDef, 0, emit_string(t, "<Module>"), 0, 0, 1, 1);
    u16 v[4];
    for (u32 i = 0; i < 4; i++)
        v[i] = n.version[i] == 0xFFFF ? 0 : n.version[i];
    char *name = arena_strndup(&scratch, n.name, n.name_len), *culture = arena_strndup(&scratch, n.culture ? n.culture : "", n.culture_len);
    u32 key = n.public_key_len ? emit_blob(t, n.public_key, n.public_key_len) : 0;
    EMIT_ROW(t, Assembly, hash_alg, v[0], v[1], v[2], v[3], n.flags | (key ? (u32)AF_PUBLIC_KEY : 0u), key, emit_string(t, name),
             emit_string(t, culture));
    u32 size;
    u8 *root = emit_write(t, &size);
    arena_free(&scratch);
    PeImage *pe = image_of(root, size);
    Assembly *a = type_assembly_new(alc, pe, NULL, e);
    if (!a)
        return NULL;
    Module *mod = a->module;
    a->is_dynamic = true;
    place_il(t, pe);
    mod->typedefs = table_of(sizeof(void *));
    mod->methoddefs = table_of(sizeof(void *));
    mod->typerefs = table_of(sizeof(TypeHandle));
    mod->typeref_defs = table_of(2 * sizeof(void *));
    mod->memberrefs = table_of(sizeof(void *));
    mod->memberref_rids = table_of(sizeof(u32));
    mod->methodspecs = table_of(sizeof(void *));
    m->module = mod;
    emit_sync(t, mod->md);
    os_mutex_lock(&lock);
    m->next = modules;
    modules = m;
    os_mutex_unlock(&lock);
    return a;
}

static void free_type(EmitType *t)
{
    base_free(t->name);
    base_free(t->ns);
    vec_free(&t->methods);
    vec_free(&t->fields);
    vec_free(&t->properties);
    vec_free(&t->events);
}

static void free_module(EmitModule *m)
{
    Module *mod = m->module;
    enum { ROWS = 1 << 20 };
    const struct {
        void *p;
        size_t entry;
    } tables[] = {{mod->typedefs, sizeof(void *)}, {mod->methoddefs, sizeof(void *)}, {mod->typerefs, sizeof(TypeHandle)},
                  {mod->typeref_defs, 2 * sizeof(void *)}, {mod->memberrefs, sizeof(void *)}, {mod->memberref_rids, sizeof(u32)},
                  {mod->methodspecs, sizeof(void *)}};
    for (u32 i = 0; i < ARRAY_LEN(tables); i++)
        os_mem_release(tables[i].p, tables[i].entry * ROWS);
    for (u32 i = 0; i < m->types.len; i++)
        free_type(&m->types.data[i]);
    vec_free(&m->types);
#define FREE_MEMBERS(v)                                                                                                                              \
    for (u32 i = 0; i < m->v.len; i++) {                                                                                                             \
        base_free(m->v.data[i].name);                                                                                                                \
        vec_free(&m->v.data[i].params);                                                                                                              \
    }                                                                                                                                                \
    vec_free(&m->v)
    FREE_MEMBERS(methods);
    FREE_MEMBERS(fields);
    FREE_MEMBERS(params);
    FREE_MEMBERS(properties);
    FREE_MEMBERS(events);
#undef FREE_MEMBERS
    vec_free(&m->patches);
    map64_free(&m->assembly_refs);
    map64_free(&m->type_refs);
    emit_free(&m->t);
    base_free((void *)(uintptr_t)mod->pe->metadata);
    md_close(mod->md);
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

void emit_start(void) { vm_unload_hook(refl_forget_dying, context_gone); }

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

/* --- Provisional tokens -------------------------------------------------------------------------------------------------------------- */
EmitType *emit_type(EmitModule *m, u32 token)
{
    u32 i = MD_RID(token) & ~(u32)EMIT_PROVISIONAL;
    return MD_TABLE_OF(token) == MDT_TypeDef && emit_is_provisional(token) && i - 1 < m->types.len ? &m->types.data[i - 1] : NULL;
}

EmitMember *emit_member(EmitModule *m, u32 token)
{
    u32 i = (MD_RID(token) & ~(u32)EMIT_PROVISIONAL) - 1;
    if (!emit_is_provisional(token))
        return NULL;
    switch (MD_TABLE_OF(token)) {
    case MDT_MethodDef: return i < m->methods.len ? &m->methods.data[i] : NULL;
    case MDT_Field: return i < m->fields.len ? &m->fields.data[i] : NULL;
    case MDT_Param: return i < m->params.len ? &m->params.data[i] : NULL;
    case MDT_Property: return i < m->properties.len ? &m->properties.data[i] : NULL;
    case MDT_Event: return i < m->events.len ? &m->events.data[i] : NULL;
    default: return NULL;
    }
}

u32 emit_real(EmitModule *m, u32 token)
{
    if (!emit_is_provisional(token))
        return token;
    EmitType *t = emit_type(m, token);
    EmitMember *x = emit_member(m, token);
    u32 rid = t ? t->rid : x ? x->rid : 0;
    return rid ? MD_TOKEN(MD_TABLE_OF(token), rid) : 0;
}

static void write_cell(EmitModule *m, u32 table, u32 rid, u32 col, u32 kind, u32 token)
{
    *emit_cell(&m->t, table, rid, col) = kind < MDK_U2 ? MD_RID(token) : emit_coded((MdKind)kind, token);
}

void emit_cell_token(EmitModule *m, u32 table, u32 rid, u32 col, MdKind kind, u32 token)
{
    u32 real = emit_real(m, token);
    if (real)
        write_cell(m, table, rid, col, kind, real);
    else if (MD_RID(token))
        vec_push(&m->patches, ((EmitPatch){PATCH_CELL, (u8)kind, (u8)table, (u8)col, rid, token}));
}

static void write_blob(u8 *p, u32 token)
{
    u32 v = emit_coded(MDK_TypeDefOrRef, token);
    p[0] = (u8)(0xC0 | v >> 24);
    p[1] = (u8)(v >> 16);
    p[2] = (u8)(v >> 8);
    p[3] = (u8)v;
}

typedef struct BlobTokens {
    EmitModule *m;
    u32 base;
} BlobTokens;

static void blob_token(void *arg, u32 token, u32 at, u32 n)
{
    enum { LONG_FORM = 4 };
    BlobTokens *x = arg;
    if (!emit_is_provisional(token) || n != LONG_FORM)
        return;
    u32 real = emit_real(x->m, token);
    if (real)
        write_blob(x->m->t.blobs.base + x->base + at, real);
    else
        vec_push(&x->m->patches, ((EmitPatch){.kind = PATCH_BLOB, .at = x->base + at, .token = token}));
}

u32 emit_sig(EmitModule *m, const u8 *sig, u32 len, bool typespec)
{
    u32 blob = emit_blob(&m->t, sig, len);
    BlobTokens x = {m, m->t.blobs.len - len};
    if (typespec)
        emit_type_tokens(sig, len, blob_token, &x);
    else
        emit_sig_tokens(sig, len, blob_token, &x);
    return blob;
}

void emit_il_token(EmitModule *m, u32 at)
{
    u32 token;
    memcpy(&token, m->t.il.base + at, 4);
    if (!emit_is_provisional(token))
        return;
    u32 real = emit_real(m, token);
    if (real)
        memcpy(m->t.il.base + at, &real, 4);
    else
        vec_push(&m->patches, ((EmitPatch){.kind = PATCH_IL, .at = at, .token = token}));
}

static void fill_patches(EmitModule *m)
{
    u32 left = 0;
    for (u32 i = 0; i < m->patches.len; i++) {
        EmitPatch p = m->patches.data[i];
        u32 real = emit_real(m, p.token);
        if (!real)
            m->patches.data[left++] = p;
        else if (p.kind == PATCH_IL)
            memcpy(m->t.il.base + p.at, &real, 4);
        else if (p.kind == PATCH_BLOB)
            write_blob(m->t.blobs.base + p.at, real);
        else
            write_cell(m, p.table, p.at, p.col, p.column_kind, real);
    }
    m->patches.len = left;
}

/* --- A finished type ---------------------------------------------------------------------------------------------------------------------- */
static void add_methods(EmitModule *m, EmitType *type)
{
    EmitTables *t = &m->t;
    for (u32 i = 0; i < type->methods.len; i++) {
        EmitMember *x = &m->methods.data[type->methods.data[i]];
        u32 first = t->rows[MDT_Param] + 1;
        /* by sequence, as readers expect */
        for (u32 a = 0; a + 1 < x->params.len; a++)
            for (u32 b = a + 1; b < x->params.len; b++)
                if (m->params.data[x->params.data[b]].sequence < m->params.data[x->params.data[a]].sequence) {
                    u32 k = x->params.data[a];
                    x->params.data[a] = x->params.data[b];
                    x->params.data[b] = k;
                }
        for (u32 k = 0; k < x->params.len; k++) {
            EmitMember *p = &m->params.data[x->params.data[k]];
            p->rid = EMIT_ROW(t, Param, p->flags, p->sequence, emit_string(t, p->name));
        }
        x->rid = EMIT_ROW(t, MethodDef, x->rva, x->impl, x->flags, emit_string(t, x->name), x->sig, first);
    }
}

static void add_properties(EmitModule *m, EmitType *type, u32 rid)
{
    EmitTables *t = &m->t;
    if (type->properties.len)
        EMIT_ROW(t, PropertyMap, rid, t->rows[MDT_Property] + 1);
    for (u32 i = 0; i < type->properties.len; i++) {
        EmitMember *x = &m->properties.data[type->properties.data[i]];
        x->rid = EMIT_ROW(t, Property, x->flags, emit_string(t, x->name), x->sig);
    }
    if (type->events.len)
        EMIT_ROW(t, EventMap, rid, t->rows[MDT_Event] + 1);
    for (u32 i = 0; i < type->events.len; i++) {
        EmitMember *x = &m->events.data[type->events.data[i]];
        x->rid = EMIT_ROW(t, Event, x->flags, emit_string(t, x->name), 0);
        emit_cell_token(m, MDT_Event, x->rid, MDC_Event_EventType, MDK_TypeDefOrRef, x->type);
    }
}

bool emit_publish(EmitModule *m, u32 token)
{
    EmitTables *t = &m->t;
    EmitType *type = emit_type(m, token);
    if (!type || type->rid)
        return false;
    u32 fields = t->rows[MDT_Field] + 1, methods = t->rows[MDT_MethodDef] + 1, rid = t->rows[MDT_TypeDef] + 1;
    for (u32 i = 0; i < type->fields.len; i++) {
        EmitMember *x = &m->fields.data[type->fields.data[i]];
        x->rid = EMIT_ROW(t, Field, x->flags, emit_string(t, x->name), x->sig);
    }
    add_methods(m, type);
    add_properties(m, type, rid);
    if (type->enclosing) {
        u32 nested = EMIT_ROW(t, NestedClass, rid, 0);
        emit_cell_token(m, MDT_NestedClass, nested, MDC_NestedClass_EnclosingClass, MDK_TypeDef, type->enclosing);
    }
    EMIT_ROW(t, TypeDef, type->flags, emit_string(t, type->name), emit_string(t, type->ns), 0, fields, methods);
    type->rid = rid;
    emit_cell_token(m, MDT_TypeDef, rid, MDC_TypeDef_Extends, MDK_TypeDefOrRef, type->parent);
    fill_patches(m);
    emit_sync(t, m->module->md);
    __atomic_store_n(&m->module->md->names, NULL, __ATOMIC_RELEASE); /* readers may still use the old index: it is left */
    return true;
}

/* --- Names of other modules' types --------------------------------------------------------------------------------------------------------- */
u32 emit_assembly_ref(EmitModule *m, Assembly *a)
{
    u64 token = 0;
    if (map64_get(&m->assembly_refs, (u64)(uintptr_t)a, &token))
        return (u32)token;
    const MdAssemblyName *n = &a->identity;
    char name[512], culture[128];
    EmitTables *t = &m->t;
    memcpy(name, n->name, MIN(n->name_len, sizeof name - 1));
    name[MIN(n->name_len, sizeof name - 1)] = 0;
    memcpy(culture, n->culture ? n->culture : "", MIN(n->culture_len, sizeof culture - 1));
    culture[MIN(n->culture_len, sizeof culture - 1)] = 0;
    u8 key[8];
    u32 key_blob = 0;
    if (n->public_key_len) {
        md_public_key_token(n->public_key, n->public_key_len, key);
        key_blob = emit_blob(t, key, 8);
    }
    u32 rid = EMIT_ROW(t, AssemblyRef, n->version[0], n->version[1], n->version[2], n->version[3], n->flags & ~(u32)AF_PUBLIC_KEY, key_blob,
                       emit_string(t, name), emit_string(t, culture), 0);
    token = MD_TOKEN(MDT_AssemblyRef, rid);
    map64_put(&m->assembly_refs, (u64)(uintptr_t)a, token);
    type_lock(); /* it is known where it leads: nothing has to be bound */
    map64_put(&m->module->assembly->refs, rid, (u64)(uintptr_t)a);
    type_context_refer(m->module->alc, a->alc);
    type_unlock();
    return (u32)token;
}

u32 emit_type_ref(EmitModule *m, MethodTable *mt)
{
    Err e = {0};
    u64 token = 0;
    mt = mt->klass->typical;
    if (mt->module == m->module)
        return mt->klass->token;
    if (map64_get(&m->type_refs, (u64)(uintptr_t)mt, &token))
        return (u32)token;
    MethodTable *outer = mt->klass->enclosing ? type_enclosing(mt, &e) : NULL;
    u32 scope = outer ? emit_type_ref(m, outer) : emit_assembly_ref(m, mt->module->assembly);
    u32 rid = EMIT_ROW(&m->t, TypeRef, emit_coded(MDK_ResolutionScope, scope), emit_string(&m->t, mt->klass->name),
                       emit_string(&m->t, outer ? "" : mt->klass->ns));
    token = MD_TOKEN(MDT_TypeRef, rid);
    map64_put(&m->type_refs, (u64)(uintptr_t)mt, token);
    return (u32)token;
}
