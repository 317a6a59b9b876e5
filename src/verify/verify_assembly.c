/* verify_assembly.c: everything in a module: loads each type, verifies each method; the words of a report.
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

#include <stdio.h>
#include <strings.h>

static const struct { const char *name, *text; } codes[VERIFY_CODE_COUNT] = {
    {"None", ""},
#define VERIFY_ERROR(id, text) {#id, text},
#include "verify/verify_errors.def"
#undef VERIFY_ERROR
};
const char *verify_code_name(VerifyCode c) { return codes[c].name; }
const char *verify_code_text(VerifyCode c) { return codes[c].text; }
VerifyCode verify_code_by_name(const char *name)
{
    for (u32 i = 1; i < VERIFY_CODE_COUNT; i++)
        if (strcasecmp(codes[i].name, name) == 0)
            return (VerifyCode)i;
    return VERIFY_NONE;
}

/* "Ns.Type::Method(int32, ref string)" */
static void method_text(Method *m, char *buf, size_t n)
{
    char type[300], params[500] = "", one[200];
    Err e = {0};
    size_t at = 0;
    type_name(th_of(m->mt->klass->typical), TN_NAMESPACE, type, sizeof type);
    const MethodSig *sig = type_method_sig(m, &e);
    SigContext c = type_method_context(m);
    for (u32 i = 0; sig && i < sig->num_params && at < sizeof params; i++) {
        TypeHandle th = type_sigtype_load(&c, &sig->params[i], &e);
        at += (size_t)snprintf(params + at, sizeof params - at, "%s%s", i ? ", " : "", v_type_text(th, one, sizeof one));
    }
    snprintf(buf, n, "%s::%s(%s)", type, m->name, params);
}

size_t verify_issue_text(const VerifyIssue *i, char *buf, size_t n)
{
    char where[900] = "", offset[40] = "", found[300] = "", expected[300] = "", detail[560] = "";
    if (i->method)
        method_text(i->method, where, sizeof where);
    else if (i->type)
        type_name(th_of(i->type), TN_NAMESPACE, where, sizeof where);
    else
        snprintf(where, sizeof where, "0x%08x", i->token);
    if (i->offset != UINT32_MAX)
        snprintf(offset, sizeof offset, "[offset 0x%08X]", i->offset);
    if (i->found[0])
        snprintf(found, sizeof found, "[found %s]", i->found);
    if (i->expected[0])
        snprintf(expected, sizeof expected, "[expected %s]", i->expected);
    if (i->detail[0])
        snprintf(detail, sizeof detail, " (%s)", i->detail);
    return (size_t)snprintf(buf, n, "[%s : %s]%s%s%s %s%s", i->module->assembly->name, where, offset, found, expected, codes[i->code].text, detail);
}

static void type_issue(Module *m, u32 token, MethodTable *mt, const Err *e, const VerifySink *sink, VerifyCounts *n)
{
    VerifyIssue i = {.code = VERIFY_TypeLoad, .module = m, .type = mt, .token = token, .offset = UINT32_MAX, .found = "", .expected = "",
        .detail = e->text};
    n->issues++;
    if (sink)
        sink->report(sink->arg, &i);
}

void verify_module(Module *m, const VerifyFilter *filter, const VerifySink *sink, VerifyCounts *n)
{
    Arena a;
    arena_init(&a, 64 * 1024);
    for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeDef); rid++) {
        Err e = {0};
        MethodTable *mt = type_load_typedef(m, MD_TOKEN(MDT_TypeDef, rid), &e);
        n->types++;
        if (!mt) {
            type_issue(m, MD_TOKEN(MDT_TypeDef, rid), NULL, &e, sink, n);
            continue;
        }
        for (u32 i = 0; i < mt->klass->num_methods; i++) {
            Err me = {0};
            Method *x = type_method_by_rid(mt, type_method_rid(mt, i), &me);
            if (!x) {
                type_issue(m, MD_TOKEN(MDT_TypeDef, rid), mt, &me, sink, n);
                continue;
            }
            n->methods++;
            if (filter && filter->method && !filter->method(filter->arg, x))
                continue;
            IlBody b;
            if (md_MethodDef_RVA(m->md, MD_RID(x->token)) && !(x->flags & (MF_FCALL | MF_PINVOKE | MF_RUNTIME | MF_ABSTRACT)) &&
                il_read_body(m->md, MD_RID(x->token), &b, NULL)) {
                n->bodies++;
                n->il_bytes += b.code_size;
            }
            n->issues += verify_method(x, NULL, &a, sink);
        }
    }
    arena_free(&a);
}
