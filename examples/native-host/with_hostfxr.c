/* with_hostfxr.c: a C program that runs managed code by nethost and hostfxr.
 *     with_hostfxr LIBNETHOST FOLDER [METHOD [thread]]
 * FOLDER: Component.dll and Component.runtimeconfig.json; METHOD: only this one is called, which takes nothing and may end the process
 * DOTNET_ROOT says which installation, and with it which runtime.
 * cc -o with_hostfxr with_hostfxr.c -ldl -pthread */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts of nethost.h, hostfxr.h and coreclr_delegates.h that are used here. */
enum { HDT_LOAD_ASSEMBLY_AND_GET_FUNCTION_POINTER = 5, HDT_GET_FUNCTION_POINTER = 6, HDT_LOAD_ASSEMBLY = 7, HDT_LOAD_ASSEMBLY_BYTES = 8 };
#define UNMANAGEDCALLERSONLY_METHOD ((const char *)-1)
typedef int (*get_hostfxr_path_fn)(char *buffer, size_t *size, const void *parameters);
typedef int (*initialize_fn)(const char *config, const void *parameters, void **handle);
typedef int (*get_delegate_fn)(void *handle, int type, void **delegate);
typedef int (*get_property_fn)(void *handle, const char *name, const char **value);
typedef int (*set_property_fn)(void *handle, const char *name, const char *value);
typedef int (*close_fn)(void *handle);
typedef int (*load_and_get_fn)(const char *path, const char *type, const char *method, const char *delegate_type, void *reserved, void **out);
typedef int (*get_function_fn)(const char *type, const char *method, const char *delegate_type, void *context, void *reserved, void **out);
typedef int (*load_assembly_fn)(const char *path, void *context, void *reserved);
typedef int (*load_bytes_fn)(const void *image, size_t n, const void *symbols, size_t nsymbols, void *context, void *reserved);

typedef struct Request {
    int number;
    const char *text;
} Request;

static void *need(void *p, const char *what)
{
    if (!p) {
        fprintf(stderr, "%s: %s\n", what, dlerror());
        exit(1);
    }
    return p;
}

static void *symbol(void *library, const char *name) { return need(dlsym(library, name), name); }

static int report(const char *what, int hr)
{
    printf("%s: 0x%08x\n", what, (unsigned)hr);
    fflush(stdout);
    return hr;
}

static void add_up(int i, void *state) { *(int *)state += i; }

static void *call_add(void *add)
{
    int sum = 0;
    for (int i = 0; i < 1000; i++)
        sum = ((int (*)(int, int))add)(sum, i);
    return (void *)(intptr_t)sum;
}

static void *call_thread(void *f) { return (void *)(intptr_t)((int (*)(void))f)(); }

static void *on_new_thread(void *(*f)(void *), void *arg)
{
    pthread_t t;
    void *r;
    pthread_create(&t, NULL, f, arg);
    pthread_join(t, &r);
    return r;
}

static void call_isolated(load_and_get_fn load, const char *dll)
{
    void *f = NULL;
    Request request = {21, "from C"};
    int sum = 0;
    if (report("Hello", load(dll, "Component, Component", "Hello", NULL, NULL, &f)) == 0)
        printf("%d\n", ((int (*)(void *, int))f)(&request, sizeof request));
    if (report("Scale", load(dll, "Component, Component", "Scale", "ScaleFunction, Component", NULL, &f)) == 0)
        printf("%.2f\n", ((double (*)(double, int))f)(1.25, 6));
    if (report("Add", load(dll, "Component, Component", "Add", UNMANAGEDCALLERSONLY_METHOD, NULL, &f)) == 0)
        printf("%d %d\n", ((int (*)(int, int))f)(40, 2), (int)(intptr_t)on_new_thread(call_add, f));
    if (report("Each", load(dll, "Component, Component", "Each", UNMANAGEDCALLERSONLY_METHOD, NULL, &f)) == 0)
        ((void (*)(void (*)(int, void *), int, void *))f)(add_up, 100, &sum);
    printf("%d\n", sum);
    if (report("Thread", load(dll, "Component, Component", "Thread", UNMANAGEDCALLERSONLY_METHOD, NULL, &f)) == 0)
        for (int i = 0; i < 3; i++)
            printf("%d\n", (int)(intptr_t)on_new_thread(call_thread, f));
    if (report("Caught", load(dll, "Component, Component", "Caught", UNMANAGEDCALLERSONLY_METHOD, NULL, &f)) == 0)
        printf("%d\n", ((int (*)(void))f)());
    fflush(stdout);
    if (report("Describe", load(dll, "Component, Component", "Describe", UNMANAGEDCALLERSONLY_METHOD, NULL, &f)) == 0)
        ((void (*)(void))f)();
    report("no such method", load(dll, "Component, Component", "Missing", NULL, NULL, &f));
    report("no such type", load(dll, "Missing, Component", "Hello", NULL, NULL, &f));
    report("no such file", load("/no/such/file.dll", "Component, Component", "Hello", NULL, NULL, &f));
    report("wrong delegate", load(dll, "Component, Component", "Hello", "ScaleFunction, Component", NULL, &f));
    report("not for unmanaged callers", load(dll, "Component, Component", "Hello", UNMANAGEDCALLERSONLY_METHOD, NULL, &f));
    report("relative path", load("Component.dll", "Component, Component", "Hello", NULL, NULL, &f));
    report("null", load(NULL, "Component, Component", "Hello", NULL, NULL, &f));
}

static void call_default(get_delegate_fn get, void *handle, const char *dll)
{
    void *f = NULL, *p = NULL;
    if (report("hdt_get_function_pointer", get(handle, HDT_GET_FUNCTION_POINTER, &p)))
        return;
    get_function_fn get_function = (get_function_fn)p;
    report("before loading", get_function("Component, Component", "Add", UNMANAGEDCALLERSONLY_METHOD, NULL, NULL, &f));
    if (report("hdt_load_assembly", get(handle, HDT_LOAD_ASSEMBLY, &p)) == 0)
        report("load", ((load_assembly_fn)p)(dll, NULL, NULL));
    if (report("Add", get_function("Component, Component", "Add", UNMANAGEDCALLERSONLY_METHOD, NULL, NULL, &f)) == 0)
        printf("%d\n", ((int (*)(int, int))f)(1, 2));
    if (report("Describe", get_function("Component, Component", "Describe", UNMANAGEDCALLERSONLY_METHOD, NULL, NULL, &f)) == 0)
        fflush(stdout), ((void (*)(void))f)();
    if (report("GC.Collect", get_function("System.GC, System.Private.CoreLib", "Collect", "System.Action, System.Private.CoreLib", NULL, NULL, &f)) == 0)
        ((void (*)(void))f)();
    if (report("OnExit", get_function("Component, Component", "OnExit", UNMANAGEDCALLERSONLY_METHOD, NULL, NULL, &f)) == 0)
        ((void (*)(void))f)();
    if (report("hdt_load_assembly_bytes", get(handle, HDT_LOAD_ASSEMBLY_BYTES, &p)) == 0)
        report("bytes that are none", ((load_bytes_fn)p)("MZ", 2, NULL, 0, NULL, NULL));
}

int main(int argc, char **argv)
{
    char path[4096], config[4096], dll[4096];
    size_t size = sizeof path;
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: %s LIBNETHOST FOLDER [METHOD [thread]]\n", argv[0]);
        return 2;
    }
    void *nethost = need(dlopen(argv[1], RTLD_NOW), argv[1]);
    if (report("get_hostfxr_path", ((get_hostfxr_path_fn)symbol(nethost, "get_hostfxr_path"))(path, &size, NULL)))
        return 1;
    void *fxr = need(dlopen(path, RTLD_NOW), path), *handle = NULL, *second = NULL, *load = NULL;
    initialize_fn initialize = (initialize_fn)symbol(fxr, "hostfxr_initialize_for_runtime_config");
    get_delegate_fn get = (get_delegate_fn)symbol(fxr, "hostfxr_get_runtime_delegate");
    close_fn close = (close_fn)symbol(fxr, "hostfxr_close");
    snprintf(config, sizeof config, "%s/Component.runtimeconfig.json", argv[2]);
    snprintf(dll, sizeof dll, "%s/Component.dll", argv[2]);
    if (report("initialize", initialize(config, NULL, &handle)))
        return 1;
    report("set property", ((set_property_fn)symbol(fxr, "hostfxr_set_runtime_property_value"))(handle, "my.property", "from the host"));
    if (report("hdt_load_assembly_and_get_function_pointer", get(handle, HDT_LOAD_ASSEMBLY_AND_GET_FUNCTION_POINTER, &load)))
        return 1;
    if (argc > 3) {
        void *f = NULL;
        if (report(argv[3], ((load_and_get_fn)load)(dll, "Component, Component", argv[3], UNMANAGEDCALLERSONLY_METHOD, NULL, &f)))
            return 1;
        argc > 4 ? on_new_thread(call_thread, f) : call_thread(f);
        return 0;
    }
    call_isolated((load_and_get_fn)load, dll);
    call_default(get, handle, dll);
    report("close", close(handle));
    report("initialize again", initialize(config, NULL, &second));
    load = NULL;
    report("again", get(second, HDT_LOAD_ASSEMBLY_AND_GET_FUNCTION_POINTER, &load));
    report("close again", close(second));
    return 0;
}
