/* interop_lib.c: finding and loading native libraries.
 * Order: DllImport resolver of the assembly, AssemblyLoadContext.LoadUnmanagedDll, then for each form of the name the search directories
 * (NATIVE_DLL_SEARCH_DIRECTORIES), the assembly's folder and the system's own search, last the ResolvingUnmanagedDll event.
 * Forms of a name without ".so": name.so, libname.so, name, libname; with it: name, libname, name.so, libname.so.
 * Not here: entry points (interop_pinvoke.c).  Book: interop.md  Tests: tests/app */
#include "interop/interop.h"

#include "os/os_dl.h"
#include "os/os_file.h"
#include "os/os_thread.h"
#include "vm/vm_props.h"

#include <stdio.h>

static OsMutex lib_lock = OS_MUTEX_INIT;
static StrMap loaded; /* "assembly address:name" -> library */

enum { SEARCH_ASSEMBLY_FOLDER = 2 };
typedef struct Attempt {
    const LibrarySearch *how;
    char *errors; /* what the loader said, a line each, none twice; NULL: nothing */
} Attempt;

static void *try_open(const char *path, Attempt *a)
{
    char why[1200];
    void *lib = *path ? os_dl_open(path, why, sizeof why) : NULL;
    if (lib) {
        LOG(interop, 1, "loaded %s", path);
    } else if (*path && !(a->errors && strstr(a->errors, why))) {
        char *longer = base_asprintf("%s%s\n", a->errors ? a->errors : "", why);
        base_free(a->errors);
        a->errors = longer;
    }
    return lib;
}

static void *try_in(const char *dir, size_t dir_len, const char *file, Attempt *a)
{
    char path[1200];
    if ((size_t)snprintf(path, sizeof path, "%.*s%s", (int)dir_len, dir, file) >= sizeof path)
        return NULL;
    return try_open(path, a);
}

static bool has_suffix(const char *name)
{
    const char *p = strstr(name, ".so");
    return p && (p[3] == 0 || p[3] == '.');
}

static void *search_form(Assembly *assembly, const char *file, Attempt *a)
{
    void *lib = NULL;
    if (file[0] == '/')
        return try_open(file, a);
    bool folder = !a->how->has_flags || (a->how->flags & SEARCH_ASSEMBLY_FOLDER), only = a->how->has_flags && a->how->flags == SEARCH_ASSEMBLY_FOLDER;
    for (u32 i = 0; i < vm_paths_count(VM_PATHS_NATIVE) && !lib; i++) {
        const char *dir = vm_paths_at(VM_PATHS_NATIVE, i);
        lib = try_in(dir, strlen(dir), file, a);
    }
    const char *slash = assembly && assembly->path ? strrchr(assembly->path, '/') : NULL;
    if (!lib && slash && folder)
        lib = try_in(assembly->path, (size_t)(slash + 1 - assembly->path), file, a);
    return lib || only ? lib : try_open(file, a);
}

static void *search(Assembly *assembly, const char *name, Attempt *a)
{
    static const struct {
        const char *prefix, *suffix;
    } bare[4] = {{"", ".so"}, {"lib", ".so"}, {"", ""}, {"lib", ""}}, suffixed[4] = {{"", ""}, {"lib", ""}, {"", ".so"}, {"lib", ".so"}};
    if (strcmp(name, "libc") == 0)
        name = "libc.so.6"; /* libc.so is a script of the linker */
    bool suffix = has_suffix(name), path = strchr(name, '/') != NULL;
    void *lib = NULL;
    for (u32 i = 0; i < 4 && !lib; i++) {
        const char *prefix = (suffix ? suffixed : bare)[i].prefix, *end = (suffix ? suffixed : bare)[i].suffix;
        char file[700];
        if (path && *prefix)
            continue;
        snprintf(file, sizeof file, "%s%s%s", prefix, name, end);
        lib = search_form(assembly, file, a);
    }
    return lib;
}

/* Libraries stay loaded; that this assembly asked for them is forgotten. */
void interop_libraries_forget(LoadContext *alc)
{
    StrMap kept = {0};
    os_mutex_lock(&lib_lock);
    for (u32 i = 0; i < loaded.cap; i++) {
        const StrMapEntry *entry = &loaded.entries[i];
        bool dead = !entry->key;
        for (u32 k = 0; !dead && k < alc->assemblies.len; k++) {
            char key[32];
            int n = snprintf(key, sizeof key, "%p:", (void *)alc->assemblies.data[k]);
            dead = strncmp(entry->key, key, (size_t)n) == 0;
        }
        if (!dead)
            strmap_put(&kept, entry->key, entry->val);
    }
    strmap_free(&loaded);
    loaded = kept;
    os_mutex_unlock(&lib_lock);
}

/* ---- managed callbacks -------------------------------------------------------------------------------------------------------- */
static MethodTable *core_type(Thread *t, const char *ns, const char *name)
{
    MethodTable *mt;
    PREEMPTIVE(t) { mt = type_load_name(type_corelib, ns, name, NULL); }
    return mt;
}

static bool call_resolver(Thread *t, Assembly *assembly, const char *name, const LibrarySearch *how, void **lib)
{
    MethodTable *mt = core_type(t, "System.Runtime.InteropServices", "NativeLibrary");
    Field *map = mt ? type_field_by_name(mt, "s_nativeDllResolveMap") : NULL;
    if (!map || !type_statics_if_made(mt) || !*(Object **)type_static_address(mt, map, t))
        return true;
    Method *m = type_method_by_name(mt, "LoadLibraryCallbackStub", 4);
    Object *text = (Object *)vm_string_utf8(t, name), *asm_object = text ? vm_assembly_object(t, assembly) : NULL;
    u8 has_flags = how->has_flags;
    u32 flags = how->flags;
    return m && asm_object ? vm_call(t, m, (void *[]){&text, &asm_object, &has_flags, &flags}, lib) : false;
}

static bool call_context(Thread *t, Assembly *assembly, const char *name, bool event, void **lib)
{
    GcHandle alc = assembly->alc->managed;
    if (!alc || (!event && assembly->alc->is_default))
        return true;
    MethodTable *mt = core_type(t, "System.Runtime.Loader", "AssemblyLoadContext");
    Method *m = mt ? type_method_by_name(mt, event ? "ResolveUnmanagedDllUsingEvent" : "ResolveUnmanagedDll", event ? 3 : 2) : NULL;
    Object *text = (Object *)vm_string_utf8(t, name);
    if (!m || !text)
        return !t->pending;
    if (!event)
        return vm_call(t, m, (void *[]){&text, &alc}, lib);
    Object *asm_object = vm_assembly_object(t, assembly);
    return asm_object && vm_call(t, m, (void *[]){&text, &asm_object, &alc}, lib);
}

/* ---- ----------------------------------------------------------------------------------------------------------------------------- */
static void *not_found(Thread *t, const char *name, Attempt *a)
{
    if (!a->how->quiet)
        vm_throwf(t, VM_ERR_DLL_NOT_FOUND,
                  "Unable to load shared library '%s' or one of its dependencies. In order to help diagnose loading problems, consider using a "
                  "tool like strace. If you're using glibc, consider setting the LD_DEBUG environment variable: \n%s",
                  name, a->errors ? a->errors : "");
    base_free(a->errors);
    return NULL;
}

void *interop_load_path(Thread *t, const char *path, bool throws)
{
    Attempt a = {.how = &(LibrarySearch){.quiet = !throws}};
    void *lib;
    PREEMPTIVE(t) { lib = try_open(path, &a); }
    if (!lib)
        return not_found(t, path, &a);
    base_free(a.errors);
    return lib;
}

/* Managed code is asked before and after the search. false: pending */
static bool find_library(Thread *t, Assembly *assembly, const char *name, Attempt *a, void **lib)
{
    bool ask = assembly && !assembly->is_corelib;
    if (ask && a->how->resolver && !call_resolver(t, assembly, name, a->how, lib))
        return false;
    if (ask && !*lib && !call_context(t, assembly, name, false, lib))
        return false;
    if (!*lib)
        PREEMPTIVE(t) { *lib = search(assembly, name, a); }
    return *lib || !ask || call_context(t, assembly, name, true, lib);
}

void *interop_load_library(Thread *t, Assembly *assembly, const char *name, const LibrarySearch *how)
{
    char key[800];
    Attempt a = {.how = how};
    void *lib = NULL;
    snprintf(key, sizeof key, "%p:%s", (void *)assembly, name);
    if (how->resolver) {
        os_mutex_lock(&lib_lock);
        lib = strmap_get(&loaded, key);
        os_mutex_unlock(&lib_lock);
    }
    if (lib)
        return lib;
    if (!find_library(t, assembly, name, &a, &lib)) {
        base_free(a.errors);
        return NULL;
    }
    if (!lib)
        return not_found(t, name, &a);
    base_free(a.errors);
    if (how->resolver) {
        os_mutex_lock(&lib_lock);
        strmap_put(&loaded, key, lib);
        os_mutex_unlock(&lib_lock);
    }
    return lib;
}
