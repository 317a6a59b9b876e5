/* refl_emit.c: assemblies made while the program runs (AssemblyBuilder), and their one module.
 * The module's metadata is written anew whenever a type of it is finished; see refl_emit_type.c.
 * The assembly that hosts anonymous DynamicMethods is one of these. */
#include "corelib/refl_emit.h"

#include "vm/vm_bind.h"

/* Fresh image over a metadata root; both live as long as the process. */
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
    EmitTables t;
    u8 mvid[16];
    arena_init(&scratch, 4096);
    vm_name_from_parts(&scratch, parts, &n);
    emit_init(&t);
    random_guid(mvid, parts);
    EMIT_ROW(&t, Module, 0, emit_string(&t, "RefEmit_InMemoryManifestModule"), emit_guid(&t, mvid), 0, 0);
    EMIT_ROW(&t, TypeDef, 0, emit_string(&t, "<Module>"), 0, 0, 1, 1);
    u16 v[4];
    for (u32 i = 0; i < 4; i++)
        v[i] = n.version[i] == 0xFFFF ? 0 : n.version[i];
    char *name = arena_strndup(&scratch, n.name, n.name_len), *culture = arena_strndup(&scratch, n.culture ? n.culture : "", n.culture_len);
    u32 key = n.public_key_len ? emit_blob(&t, n.public_key, n.public_key_len) : 0;
    EMIT_ROW(&t, Assembly, hash_alg, v[0], v[1], v[2], v[3], n.flags | (key ? AF_PUBLIC_KEY : 0), key,
             emit_string(&t, name), emit_string(&t, culture));
    u32 size;
    u8 *root = emit_write(&t, &size);
    emit_free(&t);
    arena_free(&scratch);
    Assembly *a = type_assembly_new(alc, image_of(root, size), NULL, e);
    if (a)
        a->is_dynamic = true;
    return a;
}

REFL(void, AppDomain_CreateDynamicAssembly, ObjectHandleOnStack context, VmNameParts *name, u32 hash_alg, i32 access, ObjectHandleOnStack out)
{
    Err e = {0};
    (void)access;
    QCALL_BEGIN(t);
    LoadContext *alc = *context.ptr ? vm_context_of(*context.ptr) : t->domain->default_context;
    Assembly *a = new_assembly(alc, name, hash_alg, &e);
    if (!a) {
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
