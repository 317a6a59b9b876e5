/* stator_component.c: what AssemblyDependencyResolver asks of libhostpolicy.so: the files that belong to a component, by its .deps.json or, without one,
 * its folder.  The frameworks are not among them.
 * Book: host.md  Tests: tests/app/DependencyResolver.cs */
#include "stator.h"

#include <unistd.h>

enum { NO_APPLICATION = (i32)0x80008092, RESOLVE_FAILED = (i32)0x8000808b, INVALID_ARGUMENT = (i32)0x80008081 };
typedef void (*ErrorWriter)(const char *line);
typedef void (*ComponentResult)(const char *assemblies, const char *native_dirs, const char *resource_dirs);

static __thread ErrorWriter error_writer; /* of the calling thread, as in the host */

static ErrorWriter set_error_writer(ErrorWriter writer)
{
    ErrorWriter old = error_writer;
    error_writer = writer;
    return old;
}

static int complain(int code, const char *text)
{
    if (error_writer)
        error_writer(text);
    return code;
}

static void locate(StatorApp *s, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    s->app = path;
    s->app_dir = arena_strndup(&s->arena, path, (size_t)(name - path));
    s->app_name = dot ? arena_strndup(&s->arena, name, (size_t)(dot - name)) : name;
    s->deps_path = arena_printf(&s->arena, "%s%s.deps.json", s->app_dir, s->app_name);
}

static int resolve_component(const char *path, ComponentResult give)
{
    if (!path || !give)
        return INVALID_ARGUMENT;
    StatorApp *s = base_calloc(1, sizeof *s);
    StatorComponent c = {0};
    int code = 0;
    arena_init(&s->arena, 64 * 1024);
    const char *real = stator_realpath(&s->arena, path);
    if (!real) {
        code = complain(NO_APPLICATION, arena_printf(&s->arena, "Failed to locate managed application [%s]", path));
    } else {
        size_t n = strlen(path);
        locate(s, n && path[n - 1] == '/' && strcmp(real, "/") ? stator_concat(&s->arena, real, "/", "") : real);
        if (stator_resolve_component(s, &c))
            give(c.assemblies, c.native_dirs, c.resource_dirs);
        else
            code = complain(RESOLVE_FAILED, s->fail_text);
    }
    arena_free(&s->arena);
    base_free(s);
    return code;
}

const void *stator_pinvoke(const char *library, const char *entry)
{
    if (!library || !entry || strcmp(library, "libhostpolicy"))
        return NULL;
    if (!strcmp(entry, "corehost_set_error_writer"))
        return (const void *)(uintptr_t)set_error_writer;
    if (!strcmp(entry, "corehost_resolve_component_dependencies"))
        return (const void *)(uintptr_t)resolve_component;
    return NULL;
}
