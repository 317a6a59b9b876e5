/* code_int.h: what the files of code/ share: the table's set-up, and numbers that the hand-written stubs need.
 * The assembler reads this file too. */
#ifndef CODE_CODE_INT_H
#define CODE_CODE_INT_H

/* Thread (thread_fields.def), checked in code_stubs.c */
#define THREAD_O_RECORD 40
#define THREAD_O_PENDING 48
/* TransitionRecord */
#define REC_PREV 0
#define REC_KIND 8
#define REC_IP 16
#define REC_FP 24
#define REC_SP 32
#define REC_EXTRA 40
#define REC_SIZE 48
#define REC_K_CALL 0
#define REC_K_FAULT 1
#define REC_K_FUNCLET 2
#define REC_K_PRESTUB 3
#define REC_K_ENTRY 4
/* CodeClient */
#define CLIENT_PRESTUB 0
#define CLIENT_SLOT_PRESTUB 8
#define CLIENT_SITE_MISS 16
#define CLIENT_EH_BEGIN 24
#define CLIENT_EH_NEXT 32
#define CLIENT_LIMIT_HIT 40
/* EhStep */
#define STEP_KIND 0
#define STEP_TARGET 8
#define STEP_FP 16
#define STEP_SP 24
#define STEP_EXCEPTION 32
#define STEP_RECORD 40
#define STEP_K_FUNCLET 0
#define STEP_K_RESUME 1
#define STEP_K_TO_ENTRY 2
/* CodeCallArgs */
#define ARGS_GPR 0
#define ARGS_XMM 48
#define ARGS_STACK 112
#define ARGS_NUM_STACK 120
#define ARGS_RET_GPR 128
#define ARGS_RET_XMM 144
/* ReverseData (code_stubs.c) */
#define REVERSE_CELL 0
#define REVERSE_EXTRA 8
#define REVERSE_WORDS 16

#ifndef __ASSEMBLER__
#include "code/code.h"

/* Data of a reverse thunk.  A thunk and its data stay together for good; they serve one context after another. */
typedef struct ReverseData {
    void **cell;
    void *extra;
    u64 stack_words;
    void *thunk;
    struct ReverseData *next; /* of the same context, or free; under the lock */
} ReverseData;

void code_table_init(void);
void code_table_forget(const void *p, size_t n); /* a whole chunk; world stopped */
void code_stubs_forget(LoadContext *alc);        /* lock held */
void code_reverse_forget(ReverseData *first);    /* lock held: thunks of a context that has gone may be used again */
ReverseData **code_reverse_list_locked(LoadContext *alc); /* collectible context: head of its thunks */
void code_lock(void); /* leaf lock of the code heap and the stubs' tables; held for a few instructions */
void code_unlock(void);
char *code_alloc_locked(LoadContext *alc, size_t n, char **rw); /* lock held */

/* x64/code_entry.S */
extern const char code_prestub_entry[], code_slot_prestub_entry[], code_site_miss_entry[], code_limit_entry[], code_throw_entry[],
    code_raise_pending[], code_reverse_entry[], code_through_entry[], code_tail_entry[], code_tail_return[];
/* called by it */
void *code_prestub_c(Thread *t, Method *m, TransitionRecord *rec);
Thread *code_reverse_enter(TransitionRecord *rec);
void code_reverse_leave(Thread *t, TransitionRecord *rec);
NORETURN void code_reverse_raised(void);
#endif
#endif
