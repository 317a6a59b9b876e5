/* os_time.h: clocks. */
#ifndef OS_TIME_H
#define OS_TIME_H
#include "base/base.h"

u64 os_time_mono_ns(void);   /* never goes back; starts anywhere */
i64 os_time_utc_ticks(void); /* 100 ns since 0001-01-01T00:00:00Z, as DateTime counts */
u64 os_time_thread_cpu_ns(void);
u64 os_time_process_cpu_ns(void);
#endif
