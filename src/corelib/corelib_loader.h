/* corelib_loader.h: who called. */
#ifndef CORELIB_CORELIB_LOADER_H
#define CORELIB_CORELIB_LOADER_H
#include "corelib/corelib.h"
/* The method that a StackCrawlMark asks for; mark NULL: of the innermost managed frame.  NULL: none.  Cooperative. */
Method *corelib_crawl(Thread *t, const i32 *mark);
#endif
