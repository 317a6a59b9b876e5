/* corelib_bodies.c: bodies of CoreLib methods that are replaced in memory (D17), rows of bodies.def.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib_bodies.h"

/* BODY(namespace, type, method, maker, reason); maker: bool (Method *, IlStub **) builds the body */
typedef struct Row {
    const char *ns, *type, *method;
    bool (*make)(Method *m, IlStub **stub);
} Row;
static const Row rows[] = {
#define BODY(ns, type, method, maker, reason) {ns, type, method, maker},
#include "corelib/bodies.def"
#undef BODY
    {NULL, NULL, NULL, NULL},
};

bool corelib_body_override(Method *m, IlBody *body, IlStub **stub)
{
    (void)body;
    if (m->mt->module->assembly != type_corelib)
        return false;
    for (const Row *r = rows; r->ns; r++)
        if (strcmp(r->method, m->name) == 0 && strcmp(r->type, m->mt->klass->name) == 0 && strcmp(r->ns, m->mt->klass->ns) == 0)
            return r->make(m, stub);
    return false;
}
