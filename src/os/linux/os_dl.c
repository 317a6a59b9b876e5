/* os_dl.c: dlopen and its relatives.  Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_dl.h"

#include <dlfcn.h>
#include <stdio.h>

void *os_dl_open(const char *path, char *error, size_t n)
{
    void *lib = dlopen(path, RTLD_LAZY);
    if (!lib && n) {
        const char *text = dlerror();
        snprintf(error, n, "%s", text ? text : "unknown error");
    }
    return lib;
}

void *os_dl_sym(void *lib, const char *name)
{
    return dlsym(lib, name);
}

bool os_dl_close(void *lib)
{
    return dlclose(lib) == 0;
}

char *os_dl_path_of(const void *addr)
{
    Dl_info info;
    return dladdr(addr, &info) && info.dli_fname ? base_strdup(info.dli_fname) : NULL;
}

const char *os_dl_name_of(const void *addr, u64 *offset)
{
    Dl_info info;
    if (!dladdr(addr, &info) || !info.dli_sname)
        return NULL;
    if (offset)
        *offset = (u64)((const char *)addr - (const char *)info.dli_saddr);
    return info.dli_sname;
}
