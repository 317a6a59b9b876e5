/* vec.h: growable arrays on the C heap.  VEC(T) declares the struct; {0} is the empty vector. */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include "base/base.h"

#define VEC(T)                                                                                                         \
    struct {                                                                                                           \
        T *data;                                                                                                       \
        u32 len, cap;                                                                                                  \
    }
/* Grows *data so that it holds at least need elements of the given size. */
void vec_grow_raw(void **data, u32 *cap, u32 need, size_t elem_size);
#define vec_reserve(v, n)                                                                                              \
    ((n) > (v)->cap ? vec_grow_raw((void **)&(v)->data, &(v)->cap, (n), sizeof(*(v)->data)) : (void)0)
#define vec_push(v, x) (vec_reserve((v), (v)->len + 1), (v)->data[(v)->len++] = (x))
#define vec_pop(v) ((v)->data[--(v)->len])
#define vec_last(v) ((v)->data[(v)->len - 1])
#define vec_clear(v) ((v)->len = 0)
#define vec_free(v) (base_free((v)->data), (v)->data = NULL, (v)->len = (v)->cap = 0)
#endif
