/* arena.h: bump memory freed all at once; the lifetime of a compilation or of scratch work.
 * Not thread-safe: one owner.  Memory is zeroed by arena_alloc.  Poisoned on release in debug builds. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include "base/base.h"

typedef struct ArenaChunk ArenaChunk;
typedef struct Arena {
    ArenaChunk *chunk; /* newest first */
    char *cur, *end;
    size_t chunk_size; /* of the next chunk; 0: 64 KB */
    size_t total;      /* bytes taken from the system */
} Arena;
typedef struct ArenaMark {
    ArenaChunk *chunk;
    char *cur;
} ArenaMark;

void arena_init(Arena *a, size_t chunk_size);
void arena_free(Arena *a); /* gives every chunk back; the arena can be used again */
/* zeroed, 16-byte aligned, never NULL; n may be 0 */
void *arena_alloc(Arena *a, size_t n);
char *arena_strdup(Arena *a, const char *s);
char *arena_strndup(Arena *a, const char *s, size_t n);
char *arena_printf(Arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
ArenaMark arena_mark(Arena *a);
void arena_release(Arena *a, ArenaMark m); /* frees what was allocated since the mark */
#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_NEW_ARRAY(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
#endif
