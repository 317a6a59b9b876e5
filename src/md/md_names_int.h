/* md_names_int.h: for src/md/ only: the life of the name index. */
#ifndef MD_MD_NAMES_INT_H
#define MD_MD_NAMES_INT_H
#include "md/md.h"
void md_names_free(MdNames *n); /* NULL: nothing */
#endif
