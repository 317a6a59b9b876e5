/* log.c: category levels, and a ring of the last lines per thread.
 * A line is formatted in one buffer and written with one write(2), so that threads do not interleave.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RING_LINES = 32, LINE_MAX_BYTES = 240 };

typedef struct LogRing {
    u32 next; /* lines written since the thread began */
    char lines[RING_LINES][LINE_MAX_BYTES];
} LogRing;

u8 log_levels[LOG_CAT_COUNT];
static const char *const cat_names[] = {
#define LOG_CAT(name, text) #name,
#include "base/log_cats.def"
#undef LOG_CAT
};
/* Allocated at a thread's first line, kept to the end of the process: a crash report may read it. */
static _Thread_local LogRing *ring;

static void set_level(const char *name, size_t n, long level)
{
    bool all = n == 3 && memcmp(name, "all", 3) == 0;
    bool found = all;
    for (u32 i = 0; i < LOG_CAT_COUNT; i++) {
        if (!all && (strlen(cat_names[i]) != n || memcmp(cat_names[i], name, n) != 0))
            continue;
        log_levels[i] = (u8)(level < 0 ? 0 : MIN(level, 255));
        found = true;
    }
    if (!found)
        fprintf(stderr, "stator: STATOR_LOG: unknown category '%.*s'\n", (int)n, name);
}

void log_init(const char *spec)
{
    memset(log_levels, 0, sizeof log_levels);
    while (spec && *spec) {
        size_t n = strcspn(spec, ":,");
        long level = 1;
        const char *end = spec + n;
        if (*end == ':')
            level = strtol(end + 1, (char **)&end, 10);
        if (n)
            set_level(spec, n, level);
        end += strcspn(end, ",");
        spec = *end ? end + 1 : end;
    }
}

void log_line(LogCat cat, const char *fmt, ...)
{
    char buf[2048];
    int head = snprintf(buf, sizeof buf, "[%s] ", cat_names[cat]);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf + head, sizeof buf - (size_t)head - 1, fmt, ap);
    va_end(ap);
    size_t len = MIN((size_t)head + (size_t)MAX(n, 0), sizeof buf - 2);
    if (!ring)
        ring = base_calloc(1, sizeof *ring);
    char *kept = ring->lines[ring->next++ % RING_LINES];
    size_t keep = MIN(len, (size_t)LINE_MAX_BYTES - 1);
    memcpy(kept, buf, keep);
    kept[keep] = 0;
    buf[len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, buf, len);
    (void)ignored;
}

void log_dump_ring(int fd)
{
    if (!ring)
        return;
    dprintf(fd, "last log lines of this thread:\n");
    u32 from = ring->next > RING_LINES ? ring->next - RING_LINES : 0;
    for (u32 i = from; i < ring->next; i++)
        dprintf(fd, "  %s\n", ring->lines[i % RING_LINES]);
}
