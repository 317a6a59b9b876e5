/* os_file.c: files by open and mmap.  Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os_mem.h"

static bool file_error(Err *e, const char *path, int code)
{
    ErrKind kind = code == ENOENT || code == ENOTDIR ? ERR_FILE_NOT_FOUND : ERR_FILE_LOAD;
    return err_set(e, kind, 0, "%s: %s", path, strerror(code));
}

static bool open_regular(const char *path, int *fd, u64 *size, Err *e)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return file_error(e, path, errno);
    int code = fstat(*fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EISDIR;
    if (code) {
        close(*fd);
        return file_error(e, path, code);
    }
    *size = (u64)st.st_size;
    return true;
}

static bool map_fd(int fd, const char *path, u64 offset, u64 size, OsFileMap *map, Err *e)
{
    *map = (OsFileMap){.data = (const u8 *)"", .size = size};
    if (size == 0)
        return true;
    u64 start = ALIGN_DOWN(offset, (u64)OS_PAGE);
    map->base_size = offset - start + size;
    map->base = mmap(NULL, map->base_size, PROT_READ, MAP_PRIVATE, fd, (off_t)start);
    if (map->base == MAP_FAILED) {
        *map = (OsFileMap){0};
        return file_error(e, path, errno);
    }
    map->data = (const u8 *)map->base + (offset - start);
    return true;
}

bool os_file_map(const char *path, OsFileMap *map, Err *e)
{
    int fd;
    u64 size;
    if (!open_regular(path, &fd, &size, e))
        return false;
    bool ok = map_fd(fd, path, 0, size, map, e);
    close(fd);
    return ok;
}

bool os_file_map_range(const char *path, u64 offset, u64 size, OsFileMap *map, Err *e)
{
    int fd;
    u64 have;
    if (!open_regular(path, &fd, &have, e))
        return false;
    bool ok = offset <= have && size <= have - offset;
    if (ok)
        ok = map_fd(fd, path, offset, size, map, e);
    else
        err_set(e, ERR_FILE_LOAD, 0, "%s: the range lies outside the file", path);
    close(fd);
    return ok;
}

void os_file_unmap(OsFileMap *map)
{
    if (map->base)
        munmap(map->base, map->base_size);
    *map = (OsFileMap){0};
}

bool os_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool os_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *os_file_realpath(const char *path)
{
    char buf[PATH_MAX];
    return realpath(path, buf) ? base_strdup(buf) : NULL;
}

char *os_file_exe_path(void)
{
    char *p = os_file_realpath("/proc/self/exe");
    return p ? p : base_strdup("");
}

bool os_file_read(const char *path, char **text, size_t *size, Err *e)
{
    OsFileMap map;
    if (!os_file_map(path, &map, e))
        return false;
    *text = base_malloc(map.size + 1);
    memcpy(*text, map.data, map.size);
    (*text)[map.size] = 0;
    *size = map.size;
    os_file_unmap(&map);
    return true;
}

bool os_file_append(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool ok = write(fd, data, size) == (ssize_t)size;
    close(fd);
    return ok;
}
