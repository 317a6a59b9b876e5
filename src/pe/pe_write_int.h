/* pe_write_int.h: the writer's own state, for pe_write*.c. */
#ifndef PE_PE_WRITE_INT_H
#define PE_PE_WRITE_INT_H
#include "base/vec.h"
#include "pe/pe_write.h"

typedef VEC(u8) PewBytes;

/* Fills b with the resource tree of a .res file; the u32 at each of fixes needs the section's RVA added. */
typedef struct PewRes {
    PewBytes bytes;
    VEC(u32) fixes;
} PewRes;
bool pew_res_parse(PewRes *r, const u8 *p, size_t size, Err *e);

u32 pew_bytes_align(PewBytes *b, u32 align);                       /* zeros; the length */
u32 pew_bytes_put(PewBytes *b, const void *p, size_t n, u32 align); /* p NULL: zeros; where they are */
#endif
