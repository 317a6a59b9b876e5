/* thread_named.h: mutexes with a name, as wait.h's objects.  Preemptive mode. */
#ifndef THREAD_THREAD_NAMED_H
#define THREAD_THREAD_NAMED_H
#include "thread/wait.h"

typedef struct NamedMutex NamedMutex;

/* The Win32 numbers that CoreLib compares with. */
typedef enum NamedErrorCode {
    NAMED_OK = 0,
    NAMED_NOT_FOUND = 2,
    NAMED_ACCESS_DENIED = 5,
    NAMED_INVALID_HANDLE = 6, /* the file is something else */
    NAMED_INVALID_PARAMETER = 87,
    NAMED_OPEN_FAILED = 110,
    NAMED_INVALID_NAME = 123,
    NAMED_ALREADY_EXISTS = 183,
    NAMED_TOO_LONG = 206,
} NamedErrorCode;
typedef struct NamedError {
    NamedErrorCode error;
    char text[700]; /* the system call that failed; "": none */
} NamedError;

/* One more handle: to be closed by wait_close.  name: UTF-8, with or without "Global\" or "Local\".  NULL: e.  On success e->error is NAMED_OK
 * for one that was made, else NAMED_ALREADY_EXISTS.  owned: only who makes it gets it. */
WaitObject *named_mutex_open(const char *name, bool user_only, bool create, bool owned, NamedError *e);

/* From thread_wait.c. */
void named_mutex_close(NamedMutex *m);
i32 named_mutex_wait(NamedMutex *m, i32 timeout_ms);
bool named_mutex_release(NamedMutex *m);
void named_mutex_thread_exit(Thread *t); /* abandons all that t holds; on t itself */
WaitObject *wait_object_named(NamedMutex *m);
#endif
