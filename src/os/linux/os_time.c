/* os_time.c: clocks.  Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_time.h"

#include <time.h>

static u64 clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

u64 os_time_mono_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

i64 os_time_utc_ticks(void)
{
    const i64 unix_epoch = 621355968000000000; /* ticks from year 1 to 1970 */
    return unix_epoch + (i64)(clock_ns(CLOCK_REALTIME) / 100);
}

u64 os_time_thread_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

u64 os_time_process_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}
