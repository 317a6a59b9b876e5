/* log.h: STATOR_LOG=category:level,...  Categories are rows of log_cats.def.  Each thread keeps a ring of its last
 * lines, printed when a CHECK fails.  A line goes to stderr as "[category] text". */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/base.h"

typedef enum LogCat {
#define LOG_CAT(name, text) LOG_##name,
#include "base/log_cats.def"
#undef LOG_CAT
    LOG_CAT_COUNT
} LogCat;
extern u8 log_levels[LOG_CAT_COUNT]; /* 0: off.  Written by log_init only. */
void log_init(const char *spec);     /* NULL: all off.  An unknown category is named on stderr. */
void log_line(LogCat cat, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_dump_ring(int fd);
#define LOG(cat, level, ...) (UNLIKELY(log_levels[LOG_##cat] >= (level)) ? log_line(LOG_##cat, __VA_ARGS__) : (void)0)
#endif
