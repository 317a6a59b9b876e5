/* corelib_env.c: calls of Environment and of the platform layer's environment functions; the last P/Invoke error.
 * The process has its own copy of the environment, taken at the first use: what managed code sets is not seen by getenv, as on
 * the reference.  Lock: env_lock.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/os_thread.h"
#include "vm/vm_hresult.h"
#include "vm/vm_start.h"
#include "vm/vm_trace.h"

extern char **environ;
enum { ERROR_ENVVAR_NOT_FOUND = 203, ERROR_INSUFFICIENT_BUFFER = 122 };

typedef VEC(char *) Strings;
static OsMutex env_lock = OS_MUTEX_INIT;
static Strings vars; /* "NAME=value" */
static bool env_taken;

static void take_env(void)
{
    if (env_taken)
        return;
    env_taken = true;
    for (char **p = environ; p && *p; p++)
        if (strchr(*p, '='))
            vec_push(&vars, base_strdup(*p));
}

/* Index of the variable, or vars.len. */
static u32 find_var(const char *name, size_t n)
{
    u32 i = 0;
    while (i < vars.len && !(strncmp(vars.data[i], name, n) == 0 && vars.data[i][n] == '='))
        i++;
    return i;
}

CALL(char16 *, corelib_env_strings, void)
{
    os_mutex_lock(&env_lock);
    take_env();
    size_t total = 1;
    for (u32 i = 0; i < vars.len; i++)
        total += utf8_to_utf16_len(vars.data[i], strlen(vars.data[i])) + 1;
    char16 *block = base_malloc((total + 1) * sizeof *block), *p = block;
    for (u32 i = 0; i < vars.len; i++) {
        p += utf8_to_utf16(vars.data[i], strlen(vars.data[i]), p);
        *p++ = 0;
    }
    p[0] = 0;
    if (p == block)
        p[1] = 0;
    os_mutex_unlock(&env_lock);
    return block;
}

CALL(i32, corelib_env_free, char16 *block)
{
    base_free(block);
    return 1;
}

/* Units written without NUL; the size needed with NUL when it is more than there is; 0 and errno when there is no such variable. */
CALL(u32, corelib_env_get, const char16 *name, char16 *buf, u32 size)
{
    char *key = utf16_dup_utf8(name, SIZE_MAX);
    size_t n = strlen(key);
    u32 result = 0;
    int error = ERROR_ENVVAR_NOT_FOUND;
    os_mutex_lock(&env_lock);
    take_env();
    u32 i = find_var(key, n);
    if (i < vars.len) {
        const char *v = vars.data[i] + n + 1;
        u32 len = (u32)utf8_to_utf16_len(v, strlen(v));
        error = 0;
        result = len + 1;
        if (len < size) {
            utf8_to_utf16(v, strlen(v), buf);
            buf[len] = 0;
            result = len;
        }
    }
    os_mutex_unlock(&env_lock);
    base_free(key);
    errno = error;
    return result;
}

CALL(i32, corelib_env_set, const char16 *name, const char16 *value)
{
    char *key = utf16_dup_utf8(name, SIZE_MAX), *val = value ? utf16_dup_utf8(value, SIZE_MAX) : NULL;
    bool ok = true;
    os_mutex_lock(&env_lock);
    take_env();
    u32 i = find_var(key, strlen(key));
    bool found = i < vars.len;
    if (found)
        base_free(vars.data[i]);
    if (val && found)
        vars.data[i] = base_asprintf("%s=%s", key, val);
    else if (val)
        vec_push(&vars, base_asprintf("%s=%s", key, val));
    else if (found)
        vars.data[i] = vars.data[--vars.len];
    else
        ok = false;
    os_mutex_unlock(&env_lock);
    base_free(key);
    base_free(val);
    errno = ok ? 0 : ERROR_ENVVAR_NOT_FOUND;
    return ok;
}

/* Messages of the system, as their English texts; the flags ask for no others. The length without the zero. */
CALL(i32, corelib_format_message, i32 flags, void *source, u32 id, i32 language, char16 *buf, i32 size, void *args)
{
    (void)flags, (void)source, (void)language, (void)args;
    char text[200];
    vm_system_message(id, text, sizeof text);
    i32 n = (i32)strlen(text);
    if (!buf || n >= size) {
        errno = ERROR_INSUFFICIENT_BUFFER;
        return 0;
    }
    for (i32 i = 0; i <= n; i++)
        buf[i] = (u8)text[i];
    return n;
}

CALL(i32, corelib_processors, void)
{
    const char *s = getenv("DOTNET_PROCESSOR_COUNT");
    char *end;
    unsigned long n = s && *s ? strtoul(s, &end, 16) : 0;
    if (n > 0 && n <= 0xffff && !*end)
        return (i32)n;
    return (i32)os_cpu_count();
}

CALL(void, corelib_exit, i32 code)
{
    thread_enter_cooperative(thread_current());
    vm_exit_process(code);
}

CALL(i32, corelib_exit_code, void)
{
    return vm_runtime.exit_code;
}

CALL(void, corelib_set_exit_code, i32 code)
{
    vm_runtime.exit_code = code;
}

static void print16(const char16 *s, const char *end)
{
    char *text = utf16_dup_utf8(s, SIZE_MAX);
    fprintf(stderr, "%s%s", text, end);
    base_free(text);
}

/* ToString() of the exception, on stderr. */
static void print_exception(Thread *t, Object *o)
{
    String *text = NULL;
    Err e = {0};
    Method *m = type_method_by_name(type_wk(WK_OBJECT), "ToString", 0);
    m = m ? type_find_virtual(o->mt, m, &e) : NULL;
    void *args[] = {&o};
    if (m && vm_call(t, m, args, &text) && text)
        print16(text->chars, "");
}

/* "Process terminated.", the message, the caller's frames, the exception, then abort: as the reference prints it. */
CALL(void, corelib_fail_fast, StackCrawlMarkHandle mark, const char16 *message, ObjectHandleOnStack exception, const char16 *source)
{
    QCALL_BEGIN(t);
    (void)mark, (void)source;
    fputs("Process terminated.\n", stderr);
    if (message && *message)
        print16(message, "\n");
    else
        fputs("Runtime operation halted by call to System.Environment.FailFast(). (0x80131623)\n", stderr);
    CodeWalk w;
    u32 skip = 0;
    code_walk_init(&w, t->record);
    while (code_walk_next(&w) && w.frame.code->method && w.frame.code->method->name && strchr(w.frame.code->method->name, '<'))
        skip++; /* the declaration of this call, a local function */
    vm_trace_print(t, skip);
    if (*exception.ptr)
        print_exception(t, *exception.ptr);
    fflush(NULL);
    vm_abort();
}

/* --- Last error of a P/Invoke -------------------------------------------------------------------------------------------- */
CALL(i32, corelib_last_error, void)
{
    return thread_current()->last_error;
}

CALL(void, corelib_set_last_error, i32 e)
{
    thread_current()->last_error = e;
}
