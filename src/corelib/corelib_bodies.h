/* corelib_bodies.h: method bodies that the runtime supplies or replaces (D17). */
#ifndef CORELIB_CORELIB_BODIES_H
#define CORELIB_CORELIB_BODIES_H
#include "vm/vm.h"
bool corelib_body_override(Method *m, IlBody *body, IlStub **stub);
#endif
