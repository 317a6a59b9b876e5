/* corelib_bodies.c: bodies of CoreLib methods that are replaced in memory (D17), rows of bodies.def.
 * Book: corelib.md  Tests: tests/app */
#include "corelib/corelib_bodies.h"
#include "vm/vm_code.h"

/* A body of plain opcodes, without tokens. */
static bool plain_body(Method *m, IlStub **stub, const u8 *code, u32 n)
{
    IlStub *s = type_alloc(m->mt->module->alc, HEAP_COLD, sizeof *s);
    s->alc = m->mt->module->alc;
    s->code = code;
    s->code_size = n;
    s->max_stack = 8;
    s->kind = "replaced body";
    *stub = s;
    return true;
}

static bool zero_pointer(Method *m, IlStub **stub)
{
    static const u8 code[] = {IL_LDC_I4_0, IL_CONV_U, IL_RET};
    return plain_body(m, stub, code, sizeof code);
}

/* T ConvertToIntegerNative<T>(double or float): CoreLib's body calls itself for primitives and relies on the compiler. */
static bool to_integer(Method *m, IlStub **stub)
{
    static const u8 code[][3] = {
        {IL_LDARG_0, IL_CONV_I1, IL_RET}, {IL_LDARG_0, IL_CONV_U1, IL_RET}, {IL_LDARG_0, IL_CONV_I2, IL_RET},
        {IL_LDARG_0, IL_CONV_U2, IL_RET}, {IL_LDARG_0, IL_CONV_I4, IL_RET}, {IL_LDARG_0, IL_CONV_U4, IL_RET},
        {IL_LDARG_0, IL_CONV_I8, IL_RET}, {IL_LDARG_0, IL_CONV_U8, IL_RET}, {IL_LDARG_0, IL_CONV_I, IL_RET},
        {IL_LDARG_0, IL_CONV_U, IL_RET},
    };
    static const u8 kinds[] = {ET_I1, ET_U1, ET_I2, ET_U2, ET_I4, ET_U4, ET_I8, ET_U8, ET_I, ET_U};
    u32 n;
    TypeHandle *inst = type_method_inst(m, &n);
    for (u32 i = 0; inst && n == 1 && i < ARRAY_LEN(kinds); i++)
        if (!th_is_desc(inst[0]) && th_mt(inst[0])->klass->elem_kind == kinds[i])
            return plain_body(m, stub, code[i], 3);
    return false;
}

/* RuntimeType get_ExposedClassObject(), this being the MtAux: in neutral mode refanytype gives the current domain's object of a handle. */
static bool exposed_object(Method *m, IlStub **stub)
{
    enum { MT = offsetof(MtAux, mt), HANDLE = 8 /* in a TypedReference */ };
    static const u8 code[] = {
        IL_LDLOCA_S, 0, IL_CONV_U, IL_LDC_I4_S, HANDLE, IL_ADD, IL_LDARG_0, IL_CONV_U, IL_LDC_I4_S, MT, IL_ADD, IL_LDIND_I, IL_STIND_I,
        IL_LDLOC_0, 0xfe, IL_REFANYTYPE & 0xff, IL_STLOC_1, IL_LDLOCA_S, 1, IL_CONV_U, IL_LDIND_REF, IL_RET,
    };
    if (!vm_runtime.neutral)
        return false;
    MethodTable *handle = type_load_name(type_corelib, "System", "RuntimeTypeHandle", NULL);
    if (!handle || !plain_body(m, stub, code, sizeof code))
        return false;
    SigType *locals = type_alloc((*stub)->alc, HEAP_COLD, 2 * sizeof *locals);
    locals[0] = ilb_sigtype(th_of(type_wk(WK_TYPEDREFERENCE)));
    locals[1] = ilb_sigtype(th_of(handle));
    (*stub)->locals = locals;
    (*stub)->num_locals = 2;
    (*stub)->init_locals = true;
    return true;
}

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
