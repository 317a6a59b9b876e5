/* os_dl.h: native libraries. */
#ifndef OS_DL_H
#define OS_DL_H
#include "base/base.h"

/* path NULL: the program itself.  NULL: could not be loaded; the loader's words are in error, cut at n (n may be 0). */
void *os_dl_open(const char *path, char *error, size_t n);
void *os_dl_sym(void *lib, const char *name); /* NULL: absent */
bool os_dl_close(void *lib);
char *os_dl_path_of(const void *addr); /* file of the library that holds addr; base_free it; NULL: none */
/* Nearest exported symbol at or below addr, for reports; NULL: none.  The name is the library's storage. */
const char *os_dl_name_of(const void *addr, u64 *offset);
#endif
