/* diag_jitdump.c: STATOR_JITDUMP: IL and machine code of the methods that match, on standard error as they are compiled.
 * A pattern is `Ns.Type:Method` or `Type:Method` or `Method`, `*` standing for anything; with a `(` it is compared with the parameters too.
 * Several are separated by spaces or semicolons.  Generic arguments of the type and the method need not be given.
 * Not here: the text of a body (jit/jit_dump.c).  Book: diag.md  Tests: tests/host */
#include "diag/diag.h"

#include "base/knobs.h"
#include "code/code.h"
#include "jit/jit_env.h"
#include "os/os_thread.h"

#include <stdio.h>

static OsMutex lock = OS_MUTEX_INIT; /* one body at a time on the stream */

static bool glob(const char *p, const char *end, const char *s)
{
    const char *star = NULL, *back = NULL;
    while (*s) {
        if (p < end && *p == '*')
            star = p++, back = s;
        else if (p < end && *p == *s)
            p++, s++;
        else if (star)
            p = star + 1, s = ++back;
        else
            return false;
    }
    while (p < end && *p == '*')
        p++;
    return p == end;
}

/* name without generic arguments, and without the parameters unless they are wanted */
static void shorten(const char *name, bool parameters, char *out, size_t n)
{
    u32 depth = 0;
    size_t k = 0;
    for (; *name && k + 1 < n && (parameters || *name != '('); name++) {
        if (*name == '[' && (depth || !strchr("],*", name[1]))) /* not an array's */
            depth++;
        if (!depth)
            out[k++] = *name;
        else if (*name == ']')
            depth--;
    }
    out[k] = 0;
}

bool diag_jitdump_matches(const char *patterns, const char *name)
{
    for (const char *p = patterns; *p;) {
        size_t n = strcspn(p, " ;");
        bool parameters = memchr(p, '(', n) != NULL;
        char text[512];
        shorten(name, parameters, text, sizeof text);
        const char *colon = strchr(text, ':'), *type = text;
        for (const char *q = text; colon && q < colon; q++)
            if (*q == '.')
                type = q + 1;
        if (n && (glob(p, p + n, text) || glob(p, p + n, type) || (colon && !memchr(p, ':', n) && glob(p, p + n, colon + 1))))
            return true;
        p += n + (p[n] != 0);
    }
    return false;
}

void diag_jitdump(CodeInfo *ci, const char *name)
{
    if (!diag_jitdump_matches(knob_str(KNOB_JITDUMP), name))
        return;
    os_mutex_lock(&lock);
    jit_dump(ci, stderr);
    os_mutex_unlock(&lock);
}
