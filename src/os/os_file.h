/* os_file.h: files as the loader needs them: mapped for reading.  Errors fill Err with the reason in English. */
#ifndef OS_FILE_H
#define OS_FILE_H
#include "base/base.h"

typedef struct OsFileMap {
    const u8 *data; /* never NULL after success, also for an empty file */
    size_t size;
    void *base; /* page-aligned mapping behind data */
    size_t base_size;
} OsFileMap;

/* Private, read-only.  ERR_FILE_NOT_FOUND or ERR_FILE_LOAD. */
bool os_file_map(const char *path, OsFileMap *map, Err *e);
bool os_file_map_range(const char *path, u64 offset, u64 size, OsFileMap *map, Err *e);
void os_file_unmap(OsFileMap *map);
bool os_file_exists(const char *path); /* a regular file */
bool os_dir_exists(const char *path);
char *os_file_realpath(const char *path); /* base_free it; NULL: does not exist */
char *os_file_exe_path(void);             /* of this process; base_free it */
bool os_file_read(const char *path, char **text, size_t *size, Err *e); /* NUL added; base_free it */
bool os_file_append(const char *path, const void *data, size_t size);   /* one write at the end; false: refused */
#endif
