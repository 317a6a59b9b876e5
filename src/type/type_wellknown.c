/* type_wellknown.c: CoreLib types by name, and the boot of the type system.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

MethodTable *type_wk_cache[WK_COUNT];
static const struct {
    const char *ns, *name;
} wk_names[WK_COUNT] = {
#define WELL_KNOWN(id, ns, name) {ns, name},
#include "type/type_wellknown.def"
#undef WELL_KNOWN
};

MethodTable *type_wk_load(WellKnown id)
{
    Err e = {0};
    MethodTable *mt = type_corelib ? type_load_name(type_corelib, wk_names[id].ns, wk_names[id].name, &e) : NULL;
    if (!mt)
        base_fatal(EXIT_MISSING, "System.Private.CoreLib has no %s.%s: %s", wk_names[id].ns, wk_names[id].name, e.text);
    if (mt->flags2 & MT2_LOADED)
        __atomic_store_n(&type_wk_cache[id], mt, __ATOMIC_RELEASE);
    return mt;
}

/* The type of unused heap space: an array of bytes of no class. */
static void make_free_type(void)
{
    MtAux *aux;
    MethodTable *mt = mt_alloc(type_corelib->alc, 0, 0, &aux);
    mt->flags = MTF_HAS_COMPONENTS | 1;
    mt->base_size = 24;
    mt->module = type_corelib->module;
    mt->klass = type_alloc(type_corelib->alc, HEAP_COLD, sizeof(MtClass));
    mt->klass->mt = mt->klass->typical = aux->canon = mt;
    mt->klass->name = "Free";
    mt->klass->ns = "";
    aux->loader_module = mt->module;
    mt->flags2 = MT2_LOADED;
    gc_set_free_type(mt);
}

bool type_boot(Domain *d, const char *corelib_path, Err *e)
{
    PeImage *pe = base_calloc(1, sizeof *pe);
    if (!pe_open_file(pe, corelib_path, e))
        return false;
    if (!type_assembly_new(d->default_context, pe, corelib_path, e))
        return false;
    static const WellKnown first[] = {WK_OBJECT, WK_VALUETYPE, WK_ENUM, WK_CANON, WK_ARRAY, WK_STRING, WK_VOID, WK_BOOLEAN,
                                      WK_CHAR, WK_SBYTE, WK_BYTE, WK_INT16, WK_UINT16, WK_INT32, WK_UINT32, WK_INT64,
                                      WK_UINT64, WK_SINGLE, WK_DOUBLE, WK_INTPTR, WK_UINTPTR};
    if (!type_corelib || !md_find_typedef(type_corelib->module->md, "System", "Object"))
        return err_set(e, ERR_BAD_IMAGE, 0, "'%s' is not System.Private.CoreLib.", corelib_path);
    for (u32 i = 0; i < ARRAY_LEN(first); i++)
        type_wk(first[i]);
    make_free_type();
    return true;
}
