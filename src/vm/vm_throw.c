/* vm_throw.c: making and raising exceptions from C.
 * Objects are made field by field, as the classes' own constructors would leave them; no managed
 * code runs, so raising works at any point of the boot and with little stack.  Raising is leaving
 * the object in t->pending. The preallocated exceptions lie in frozen space and never change after
 * vm_throw_init, so a plain pointer to them is safe. Book: exceptions.md  Tests: tests/app, tests/il */
#include "vm/vm_throw.h"
#include "vm/vm_eh.h"

#include "vm/vm_bind.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct ErrorRow {
    const char *ns, *name, *message;
    u32 hresult;
} ErrorRow;
static const ErrorRow rows[VM_ERR_COUNT] = {
#define VM_ERROR(id, ns_, name_, hresult_, message_)                                               \
    [VM_ERR_##id] = {ns_, name_, message_, hresult_},
#include "vm/errors.def"
#undef VM_ERROR
};
enum { XCODE_COMPLUS = (i32)0xE0434352 };

static MethodTable *types[VM_ERR_COUNT];     /* types of CoreLib: never unloaded */
static Object *shared_oom, *shared_overflow; /* frozen */

MethodTable *vm_error_type(VmError kind)
{
    MethodTable *mt = __atomic_load_n(&types[kind], __ATOMIC_ACQUIRE);
    if (UNLIKELY(!mt)) {
        Err e = {0};
        mt = type_load_name(type_corelib, rows[kind].ns, rows[kind].name, &e);
        if (!mt)
            base_fatal(EXIT_UNHANDLED, "stator: CoreLib has no %s.%s: %s", rows[kind].ns,
                       rows[kind].name, e.text);
        __atomic_store_n(&types[kind], mt, __ATOMIC_RELEASE);
    }
    return mt;
}

/* ---- fields ---- */

static Field *field_of(const Object *o, const char *name)
{
    for (MethodTable *mt = o->mt; mt; mt = mt->parent) {
        Field *f = type_field_by_name(mt, name);
        if (f && !(f->flags & FF_STATIC))
            return f;
    }
    return NULL;
}

bool vm_object_set_ref(Object *o, const char *field, Object *value)
{
    Field *f = field_of(o, field);
    if (f)
        gc_store_ref((Object **)(void *)((char *)o + OBJ_DATA + f->offset), value);
    return f != NULL;
}

bool vm_object_set_i32(Object *o, const char *field, i32 value)
{
    Field *f = field_of(o, field);
    if (f)
        *(i32 *)(void *)((char *)o + OBJ_DATA + f->offset) = value;
    return f != NULL;
}

static void set_text(Thread *t, Object *o, const char *field, const char *text)
{
    if (!text || !*text)
        return;
    String *s = vm_string_utf8(t, text);
    if (s)
        vm_object_set_ref(o, field, (Object *)s);
    else
        t->pending = NULL; /* the exception goes without */
}

void vm_exception_set_inner(Object *exception, Object *inner)
{
    CF_SET_REF(exception, EXC_INNER, inner);
}

/* ---- objects ---- */

static Object *make_shared(VmError kind)
{
    MethodTable *mt = vm_error_type(kind);
    Object *o = gc_alloc_frozen(mt, mt->base_size);
    CHECK(o);
    CF_VAL(o, EXC_HRESULT, i32) = (i32)rows[kind].hresult;
    CF_VAL(o, EXC_XCODE, i32) = XCODE_COMPLUS;
    return o;
}

void vm_throw_init(void)
{
    if (shared_oom)
        return;
    shared_overflow = make_shared(VM_ERR_STACK_OVERFLOW);
    shared_oom = make_shared(VM_ERR_OUT_OF_MEMORY);
}

bool vm_exception_is_shared(Object *exception)
{
    return exception == shared_oom || exception == shared_overflow;
}

Object *vm_exception_out_of_memory(void)
{
    if (UNLIKELY(!shared_oom))
        vm_throw_init();
    return shared_oom;
}

Object *vm_exception_new(Thread *t, VmError kind, const char *message)
{
    if (!message)
        message = rows[kind].message;
    /* not through vm_string: its own failure is to raise what is made here */
    Object *o = gc_alloc(t, vm_error_type(kind));
    if (!o) {
        t->pending = vm_exception_out_of_memory();
        return NULL;
    }
    CF_VAL(o, EXC_HRESULT, i32) = (i32)rows[kind].hresult;
    CF_VAL(o, EXC_XCODE, i32) = XCODE_COMPLUS;
    set_text(t, o, "_message", message);
    return o;
}

bool vm_throw_object(Thread *t, Object *exception)
{
    t->pending = exception;
    return false;
}

static bool throw_new(Thread *t, VmError kind, const char *message)
{
    Object *o = vm_exception_new(t, kind, message);
    if (o)
        t->pending = o;
    return false;
}

/* References to null and divisions by zero count as faults, whether the processor or a check in the code saw them. */
bool vm_throw(Thread *t, VmError kind)
{
    throw_new(t, kind, NULL);
    if (kind == VM_ERR_NULL_REFERENCE || kind == VM_ERR_DIVIDE)
        vm_eh_note_fault(t, kind == VM_ERR_DIVIDE ? EH_CODE_DIVIDE : EH_CODE_ACCESS);
    return false;
}

bool vm_throwf(Thread *t, VmError kind, const char *fmt, ...)
{
    char small[512], *text = small;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof small) {
        text = base_malloc((size_t)n + 1);
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    throw_new(t, kind, text);
    if (text != small)
        base_free(text);
    return false;
}

bool vm_throw_arg(Thread *t, VmError kind, const char *param, const char *message)
{
    Object *o = vm_exception_new(t, kind, message);
    if (!o)
        return false;
    set_text(t, o, "_paramName", param);
    t->pending = o;
    return false;
}

/* ---- errors of the layers below ---- */

static VmError error_kind(const Err *e)
{
    switch (e->kind) {
    case ERR_BAD_IMAGE:
        return VM_ERR_BAD_IMAGE;
    case ERR_TYPE_LOAD:
        return e->hresult == (i32)0x8013106A ? VM_ERR_AMBIGUOUS_IMPL : VM_ERR_TYPE_LOAD;
    case ERR_MISSING_METHOD:
        return VM_ERR_MISSING_METHOD;
    case ERR_MISSING_FIELD:
        return VM_ERR_MISSING_FIELD;
    case ERR_FILE_NOT_FOUND:
        return VM_ERR_FILE_NOT_FOUND;
    case ERR_FILE_LOAD:
        return VM_ERR_FILE_LOAD;
    case ERR_INVALID_PROGRAM:
        return VM_ERR_INVALID_PROGRAM;
    case ERR_ENTRY_POINT:
        return VM_ERR_ENTRY_POINT;
    case ERR_DLL_NOT_FOUND:
        return VM_ERR_DLL_NOT_FOUND;
    case ERR_NOT_SUPPORTED:
        return VM_ERR_NOT_SUPPORTED;
    case ERR_PLATFORM_NOT_SUPPORTED:
        return VM_ERR_PLATFORM_NOT_SUPPORTED;
    case ERR_VERIFICATION:
        return VM_ERR_VERIFICATION;
    case ERR_METHOD_ACCESS:
        return VM_ERR_METHOD_ACCESS;
    case ERR_FIELD_ACCESS:
        return VM_ERR_FIELD_ACCESS;
    case ERR_COM:
        return VM_ERR_COM;
    case ERR_TYPE_ACCESS:
        return VM_ERR_TYPE_ACCESS;
    case ERR_MARSHAL_DIRECTIVE:
        return VM_ERR_MARSHAL_DIRECTIVE;
    case ERR_INVALID_OPERATION:
        return VM_ERR_INVALID_OPERATION;
    case ERR_OUT_OF_MEMORY:
        return VM_ERR_OUT_OF_MEMORY;
    case ERR_MISSING_FEATURE:
        base_missing("feature", "%s", e->text);
    case ERR_NONE:
    case ERR_PENDING:
        break;
    }
    CHECKF(false, "an error without a kind: %s", e->text);
    return VM_ERR_EXECUTION_ENGINE;
}

Object *vm_exception_of_err(Thread *t, const Err *e)
{
    VmError kind = error_kind(e);
    Object *o = vm_exception_new(t, kind, e->text[0] ? e->text : NULL);
    if (!o)
        return NULL;
    if (e->hresult)
        CF_VAL(o, EXC_HRESULT, i32) = e->hresult;
    if (kind == VM_ERR_TYPE_LOAD)
        set_text(t, o, "_className", e->name);
    else if (kind == VM_ERR_FILE_NOT_FOUND || kind == VM_ERR_FILE_LOAD)
        set_text(t, o, "<FileName>k__BackingField", e->name);
    else if (kind == VM_ERR_BAD_IMAGE)
        set_text(t, o, "_fileName", e->name);
    return o;
}

bool vm_throw_err(Thread *t, const Err *e)
{
    if (e->kind == ERR_PENDING) {
        CHECKF(t->pending, "an error says that an exception is pending, but none is: %s", e->text);
        return false;
    }
    Object *o = vm_exception_of_err(t, e);
    if (o)
        t->pending = o;
    return false;
}

/* ---- casts ---- */

static const Assembly *declared_in(TypeHandle th)
{
    for (;;) {
        if (th_is_desc(th) && th_desc(th)->elem)
            th = th_desc(th)->elem;
        else if (!th_is_desc(th) && th_mt(th)->klass->rank)
            th = th_mt(th)->elem;
        else
            break;
    }
    MethodTable *mt = th_mt(th);
    return mt && mt->module ? mt->module->assembly : NULL;
}

static const char *origin(Thread *t, TypeHandle th, char letter, char *buf, size_t n)
{
    const Assembly *a = declared_in(th);
    char name[512] = "";
    if (!a)
        return "";
    md_format_assembly_name(&a->identity, name, sizeof name);
    char context[256];
    vm_context_display(t, a->alc, context, sizeof context);
    if (a->path)
        snprintf(buf, n, "Type %c originates from '%s' in the context '%s' at location '%s'",
                 letter, name, context, a->path);
    else
        snprintf(buf, n, "Type %c originates from '%s' in the context '%s' in a byte array", letter,
                 name, context);
    return buf;
}

/* What the class has that bears the wanted type's name but comes from elsewhere: the contract that both sides loaded. */
static MethodTable *namesake(MethodTable *mt, const char *wanted, MethodTable *but)
{
    char name[1024];
    for (MethodTable *base = mt; base; base = base->parent) {
        type_name(th_of(base), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        if (base != but && base != mt && strcmp(name, wanted) == 0)
            return base;
    }
    u32 n = 0;
    Err e = {0};
    MethodTable **all = type_interfaces(mt, &n, &e);
    for (u32 i = 0; all && i < n; i++) {
        type_name(th_of(all[i]), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        if (all[i] != but && strcmp(name, wanted) == 0)
            return all[i];
    }
    return NULL;
}

/* How to make one type of two: said when the same assembly was loaded into two contexts. */
static void advice(Thread *t, TypeHandle a, TypeHandle b, char *buf, size_t n)
{
    const Assembly *x = declared_in(a), *y = declared_in(b);
    char context[256];
    buf[0] = 0;
    if (!x || !y || x->alc == y->alc || !md_same_simple_name(&x->identity, &y->identity))
        return;
    const Assembly *own = x->alc->is_default ? y : x, *other = own == x ? y : x;
    vm_context_display(t, own->alc, context, sizeof context);
    snprintf(buf, n, " '%s' was loaded twice. To share it, let AssemblyLoadContext.Load of '%s' return %s.", own->name, context,
             other->alc->is_default ? "null for it, so that it comes from the default context" : "the other context's assembly");
}

bool vm_throw_invalid_cast(Thread *t, TypeHandle from, TypeHandle to)
{
    char a[1024], b[1024], oa[1024], ob[1024], how[800];
    type_name(from, TN_NAMESPACE | TN_FULL_INST, a, sizeof a);
    type_name(to, TN_NAMESPACE | TN_FULL_INST, b, sizeof b);
    if (strcmp(a, b) == 0) {
        advice(t, from, to, how, sizeof how);
        return vm_throwf(t, VM_ERR_INVALID_CAST, "[A]%s cannot be cast to [B]%s. %s. %s.%s", a, b, origin(t, from, 'A', oa, sizeof oa),
                         origin(t, to, 'B', ob, sizeof ob), how);
    }
    MethodTable *other = th_is_desc(from) || th_is_desc(to) ? NULL : namesake(th_mt(from), b, th_mt(to));
    if (!other)
        return vm_throwf(t, VM_ERR_INVALID_CAST, "Unable to cast object of type '%s' to type '%s'.", a, b);
    advice(t, th_of(other), to, how, sizeof how);
    return vm_throwf(t, VM_ERR_INVALID_CAST,
                     "Unable to cast object of type '%s' to type '%s'. It has another type of that name: [A]%s, not [B]%s. %s. %s.%s", a, b, b, b,
                     origin(t, th_of(other), 'A', oa, sizeof oa), origin(t, to, 'B', ob, sizeof ob), how);
}
