/* vm_hresult.h: what an HRESULT says in messages. */
#ifndef VM_VM_HRESULT_H
#define VM_VM_HRESULT_H
#include "base/base.h"

/* The text that follows "Could not load file or assembly 'X'. ", cut at n. */
void vm_hr_message(u32 hr, char *buf, size_t n);
/* What an error number of the system says. */
void vm_system_message(u32 error, char *buf, size_t n);
#endif
