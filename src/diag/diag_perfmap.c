/* diag_perfmap.c: the map file that perf reads: "START SIZE symbol" a line, numbers in hexadecimal without 0x.
 * Each line is one write to a file opened for appending, so lines of several threads never mix and none is lost in a
 * crash.  Book: diag.md  Tests: tests/unit/diag/ */
#include "diag/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic int map_fd = -1;

bool diag_perfmap_open(const char *path)
{
    char own[64];
    snprintf(own, sizeof own, "/tmp/perf-%d.map", (int)getpid());
    /* an old file of a process with the same number would mislead; a link in /tmp must not be followed */
    if (!path)
        unlink(path = own);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        fprintf(stderr, "stator: %s cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    diag_perfmap_close();
    map_fd = fd;
    return true;
}

void diag_perfmap_add(const void *code, size_t size, const char *name)
{
    int fd = map_fd;
    if (fd < 0)
        return;
    char small[512], *line = small;
    size_t n = strlen(name), room = n + 40;
    if (room > sizeof small)
        line = base_malloc(room);
    int len = snprintf(line, room, "%llx %zx %s\n", (unsigned long long)(uintptr_t)code, size, name);
    for (char *p = line; p < line + len - 1; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    if (write(fd, line, (size_t)len) < 0)
        diag_perfmap_close(); /* disk full: stop instead of leaving half a map behind */
    if (line != small)
        base_free(line);
}

void diag_perfmap_close(void)
{
    int fd = atomic_exchange(&map_fd, -1);
    if (fd >= 0)
        close(fd);
}
