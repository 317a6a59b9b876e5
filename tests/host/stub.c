/* stub.c: a libcoreclr.so that only writes down what the host gives it, to $STUB_OUT.
 * STUB_INIT, STUB_EXECUTE: HRESULT to return instead. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct contract {
    size_t size;
    void *context;
    size_t (*get)(const char *, char *, size_t, void *);
    void *rest[3];
};

static FILE *out(const char *mode)
{
    FILE *f = fopen(getenv("STUB_OUT"), mode);
    return f ? f : stdout;
}

static int asked(const char *name)
{
    const char *v = getenv(name);
    return v ? (int)strtoul(v, NULL, 0) : 0;
}

static void ask(FILE *f, struct contract *c, const char *key, size_t n)
{
    static char buf[200000];
    long r = (long)c->get(key, buf, n, c->context);
    fprintf(f, "contract %s %zu=%ld %s\n", key, n, r, r > 0 && (size_t)r <= n ? buf : "");
}

int coreclr_initialize(const char *exe, const char *domain, int n, const char **keys, const char **values, void **handle,
    unsigned *id)
{
    FILE *f = out("w");
    fprintf(f, "exe is absolute=%d\ndomain=%s\nn=%d\n", exe[0] == '/', domain, n);
    for (int i = 0; i < n; i++) {
        if (strcmp(keys[i], "HOST_RUNTIME_CONTRACT")) {
            fprintf(f, "%s=", keys[i]);
            for (const char *s = values[i]; *s; s++)
                fputc(*s == '\n' ? ' ' : *s, f);
            fputc('\n', f);
            continue;
        }
        struct contract *c = (void *)strtoull(values[i], NULL, 0);
        fprintf(f, "contract=%.2s %zu %d %d %d\n", values[i], c->size, !!c->rest[0], !!c->rest[1], !!c->rest[2]);
        ask(f, c, "ENTRY_ASSEMBLY_NAME", 1000);
        ask(f, c, "APP_CONTEXT_BASE_DIRECTORY", 1000);
        ask(f, c, "RUNTIME_IDENTIFIER", 2);
        ask(f, c, "my.prop", 1000);
        ask(f, c, "NONE", 1000);
    }
    fclose(f);
    *handle = f;
    *id = 1;
    return asked("STUB_INIT");
}

int coreclr_execute_assembly(void *handle, unsigned id, int argc, const char **argv, const char *path, unsigned *exit_code)
{
    FILE *f = out("a");
    (void)handle, (void)id;
    fprintf(f, "assembly=%s\nargc=%d\n", path, argc);
    for (int i = 0; i < argc; i++)
        fprintf(f, "arg=%s\n", argv[i]);
    fclose(f);
    *exit_code = 7;
    return asked("STUB_EXECUTE");
}

int coreclr_create_delegate(void *h, unsigned d, const char *a, const char *t, const char *m, void **o)
{
    (void)h, (void)d, (void)a, (void)t, (void)m, (void)o;
    return -1;
}

int coreclr_shutdown_2(void *h, unsigned d, int *latched)
{
    (void)h, (void)d;
    *latched = 42;
    return 0;
}

int coreclr_set_error_writer(void (*writer)(const char *))
{
    (void)writer;
    return 0;
}
