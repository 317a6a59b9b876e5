/* with_coreclr.c: a C program that runs managed code by libcoreclr.so alone.
 *     with_coreclr LIBCORECLR FRAMEWORK FOLDER     FRAMEWORK: where System.Private.CoreLib.dll is; FOLDER: Component.dll
 * cc -o with_coreclr with_coreclr.c -ldl */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*initialize_fn)(const char *exe, const char *domain, int n, const char **keys, const char **values, void **handle, unsigned *id);
typedef int (*create_delegate_fn)(void *handle, unsigned id, const char *assembly, const char *type, const char *method, void **out);
typedef int (*execute_fn)(void *handle, unsigned id, int argc, const char **argv, const char *path, unsigned *code);
typedef int (*shutdown_fn)(void *handle, unsigned id, int *code);

typedef struct Request {
    int number;
    const char *text;
} Request;

static int report(const char *what, int hr)
{
    printf("%s: 0x%08x\n", what, (unsigned)hr);
    fflush(stdout);
    return hr;
}

/* Every .dll of the folder, each with its path, separated by colons. */
static char *assemblies_of(const char *folder, const char *more)
{
    size_t cap = 1 << 20, n = 0;
    char *list = malloc(cap);
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strlen(e->d_name) > 4 && !strcmp(e->d_name + strlen(e->d_name) - 4, ".dll"))
            n += (size_t)snprintf(list + n, cap - n, "%s/%s:", folder, e->d_name);
    closedir(d);
    snprintf(list + n, cap - n, "%s", more);
    return list;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s LIBCORECLR FRAMEWORK FOLDER\n", argv[0]);
        return 2;
    }
    void *lib = dlopen(argv[1], RTLD_NOW), *handle = NULL, *f = NULL, *other = NULL;
    if (!lib) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    initialize_fn initialize = (initialize_fn)dlsym(lib, "coreclr_initialize");
    create_delegate_fn create = (create_delegate_fn)dlsym(lib, "coreclr_create_delegate");
    shutdown_fn down = (shutdown_fn)dlsym(lib, "coreclr_shutdown_2");
    char dll[4096];
    snprintf(dll, sizeof dll, "%s/Component.dll", argv[3]);
    const char *keys[] = {"TRUSTED_PLATFORM_ASSEMBLIES", "NATIVE_DLL_SEARCH_DIRECTORIES", "APP_CONTEXT_BASE_DIRECTORY", "my.property"};
    char native[4100];
    snprintf(native, sizeof native, "%s/", argv[2]);
    const char *values[] = {assemblies_of(argv[2], dll), native, argv[3], "from coreclr_initialize"};
    unsigned id = 0, again = 0;
    int latched = -1;
    if (report("coreclr_initialize", initialize(argv[0], "host", 4, keys, values, &handle, &id)))
        return 1;
    Request request = {4, "coreclr_create_delegate"};
    if (report("Hello", create(handle, id, "Component", "Component", "Hello", &f)) == 0)
        printf("%d\n", ((int (*)(void *, int))f)(&request, sizeof request));
    if (report("Scale", create(handle, id, "Component, Version=0.0.0.0", "Component", "Scale", &f)) == 0)
        printf("%.2f\n", ((double (*)(double, int))f)(0.5, 9));
    fflush(stdout);
    if (report("Describe", create(handle, id, "Component", "Component", "Describe", &f)) == 0)
        ((void (*)(void))f)();
    report("OnExit", create(handle, id, "Component", "Component", "OnExit", &f)) == 0 ? ((void (*)(void))f)() : (void)0;
    report("same again", create(handle, id, "Component", "Component", "OnExit", &other));
    report("no such method", create(handle, id, "Component", "Component", "Missing", &f));
    report("no such type", create(handle, id, "Component", "Missing", "Hello", &f));
    report("no such assembly", create(handle, id, "Missing", "Component", "Hello", &f));
    report("second runtime", initialize(argv[0], "host", 4, keys, values, &handle, &again) != 0);
    report("coreclr_shutdown_2", down(handle, id, &latched));
    printf("%d\n", latched);
    return 0;
}
