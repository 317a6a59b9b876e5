/* corelib_loader.c: calls of AssemblyLoadContext and of Assembly.Load and its siblings.
 * A context's native pointer is the LoadContext.  Unload() puts a strong handle of the managed context in place of the weak one and lets go of the
 * LoaderAllocator; when that is found dead its scout asks for unloading (vm_unload.c).
 * Not here: what an assembly says about itself (refl_assembly.c), binding itself (vm/vm_bind.c).
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib_loader.h"
#include "vm/vm_bind.h"
#include "vm/vm_unload.h"

/* --- Callers --------------------------------------------------------------------------------------------------------------- */
enum { LOOK_FOR_ME, LOOK_FOR_MY_CALLER, LOOK_FOR_MY_CALLERS_CALLER, LOOK_FOR_THREAD };

static bool is_invoke_frame(const Method *m)
{
    if (m->mt->module->assembly != type_corelib || !m->mt->klass->name)
        return false;
    static const char *const types[] = {"RuntimeMethodHandle", "MethodBaseInvoker", "MethodInvoker", "MethodInvokerCommon", "RuntimeMethodInfo",
                                        "RuntimeConstructorInfo", "ConstructorInvoker", "MethodBase", "InvokerEmitUtil"};
    for (u32 i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(m->mt->klass->name, types[i]) == 0)
            return true;
    return false;
}

/* The mark is a local of the method that the question is about: its frame is the first whose fp lies above it. */
Method *corelib_crawl(Thread *t, const i32 *mark)
{
    CodeWalk w;
    i32 skip = mark ? *mark : LOOK_FOR_ME;
    bool found = mark == NULL;
    code_walk_init(&w, t->record);
    while (code_walk_next(&w)) {
        const CodeFrame *f = &w.frame;
        if (!found && (const void *)f->fp < (const void *)mark)
            continue;
        bool is_me = !found;
        found = true;
        if (f->code->is_stub || f->parent_of_funclet || (!is_me && is_invoke_frame(f->code->method)))
            continue;
        if (skip-- <= 0)
            return f->code->method;
    }
    return NULL;
}

static Assembly *caller_assembly(Thread *t, StackCrawlMarkHandle mark)
{
    Method *m = corelib_crawl(t, mark.ptr);
    return m ? m->mt->module->assembly : vm_runtime.entry_assembly;
}

static Assembly *assembly_of(Object *o)
{
    return o ? CF_VAL(o, ASSEMBLY_HANDLE, Assembly *) : NULL;
}

static void give_assembly(Thread *t, ObjectHandleOnStack out, Assembly *a)
{
    Object *o = a ? vm_assembly_object(t, a) : NULL;
    if (o)
        qc_set_object(out, o);
}

/* --- By name ---------------------------------------------------------------------------------------------------------------- */
CALL(void, corelib_asm_load, const VmNameParts *parts, ObjectHandleOnStack requester, StackCrawlMarkHandle mark, i32 throws,
     ObjectHandleOnStack context, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Arena scratch = {0};
    MdAssemblyName n;
    Err e = {0};
    vm_name_from_parts(&scratch, parts, &n);
    Assembly *from = assembly_of(*requester.ptr);
    if (!from && !*context.ptr)
        from = caller_assembly(t, mark);
    LoadContext *alc = *context.ptr ? vm_context_of(*context.ptr) : from ? from->alc : t->domain->default_context;
    Assembly *a = NULL;
    if (n.name_len == 0 && parts->name)
        vm_file_not_found(&e, "<Unknown>");
    else if (n.name_len == 0)
        vm_throwf(t, VM_ERR_ARGUMENT, "String cannot have zero length.");
    else
        PREEMPTIVE(t) { a = vm_bind_assembly(alc, &n, from, &e); }
    if (a)
        give_assembly(t, out, a);
    else if (!vm_pending(t) && (throws || e.kind != ERR_FILE_NOT_FOUND))
        vm_throw_err(t, &e);
    arena_free(&scratch);
    QCALL_END(t);
}

/* --- Contexts ----------------------------------------------------------------------------------------------------------------- */
CALL(LoadContext *, corelib_alc_init, GcHandle managed, i32 is_default, i32 collectible)
{
    LoadContext *alc = vm_context_new(managed, is_default != 0, collectible != 0);
    if (collectible) {
        QCALL_BEGIN(t);
        vm_context_make_keeper(t, alc, true);
        QCALL_END(t);
    }
    return alc;
}

CALL(void, corelib_alc_release, LoadContext *alc, GcHandle strong)
{
    GcHandle weak = alc->managed;
    alc->managed = strong;
    if (weak)
        gc_handle_free(weak);
    vm_context_let_go(alc);
}

/* From the finaliser of the context's scout. */
CALL(i32, corelib_context_destroy, LoadContext *alc)
{
    return vm_context_destroy(alc);
}

CALL(GcHandle, corelib_alc_of, QCallAssembly a)
{
    return a.assembly->alc->is_default ? NULL : a.assembly->alc->managed;
}

static void loaded(ObjectHandleOnStack out, Assembly *a, const Err *e)
{
    QCALL_BEGIN(t);
    if (a)
        give_assembly(t, out, a);
    else
        vm_throw_err(t, e);
    QCALL_END(t);
}

CALL(void, corelib_alc_load_path, LoadContext *alc, const char16 *il_path, const char16 *native_path, ObjectHandleOnStack out)
{
    const char16 *p = il_path ? il_path : native_path;
    char *path = utf16_dup_utf8(p, SIZE_MAX);
    Err e = {0};
    Assembly *a = vm_load_file(alc, path, &e);
    base_free(path);
    loaded(out, a, &e);
}

CALL(void, corelib_alc_load_stream, LoadContext *alc, const void *image, i32 n, const void *pdb, i32 npdb, ObjectHandleOnStack out)
{
    Err e = {0};
    Assembly *a = vm_load_memory(alc, image, (size_t)n, pdb, (size_t)npdb, &e);
    loaded(out, a, &e);
}

/* --- Which are there ------------------------------------------------------------------------------------------------------------ */
CALL(void, corelib_asm_all, ObjectHandleOnStack out)
{
    enum { MAX = 65536 };
    QCALL_BEGIN(t);
    Err e = {0};
    u32 n = vm_all_assemblies(NULL, 0, NULL) + 16;
    Assembly **all = base_malloc(n * sizeof *all);
    Array *volatile keepers = vm_new_array(t, th_of(type_wk(WK_OBJECT)), n);
    n = keepers ? MIN(vm_all_assemblies(all, n, keepers), n) : 0;
    MethodTable *elem = type_load_name(type_corelib, "System.Reflection", "Assembly", &e);
    Array *array = elem && keepers ? vm_new_array(t, th_of(elem), n) : NULL;
    for (u32 i = 0; array && i < n; i++) {
        Object *o = vm_assembly_object(t, all[i]);
        gc_store_ref((Object **)array->data + i, o);
    }
    if (array)
        qc_set_object(out, (Object *)array);
    base_free(all);
    QCALL_END(t);
}

CALL(u32, corelib_asm_count, void)
{
    return __atomic_load_n(&type_assembly_count, __ATOMIC_RELAXED); /* called without a transition: takes no lock */
}

CALL(void, corelib_asm_entry, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    give_assembly(t, out, vm_runtime.entry_assembly);
    QCALL_END(t);
}

CALL(void, corelib_asm_executing, StackCrawlMarkHandle mark, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    give_assembly(t, out, caller_assembly(t, mark));
    QCALL_END(t);
}

CALL(i32, corelib_no, void)
{
    return 0;
}

CALL(void, corelib_nothing, void) {}

/* Edit and continue: no module was loaded in a way that allows it. */
CALL(void, corelib_asm_update, QCallAssembly assembly, const u8 *md, i32 md_len, const u8 *il, i32 il_len, const u8 *pdb, i32 pdb_len)
{
    (void)assembly, (void)md, (void)md_len, (void)il, (void)il_len, (void)pdb, (void)pdb_len;
    QCALL_BEGIN(t);
    vm_throwf(t, VM_ERR_INVALID_OPERATION, "The assembly can not be edited or changed.");
    QCALL_END(t);
}
