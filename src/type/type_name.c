/* type_name.c: names of types and methods as text.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct Text {
    char *buf;
    size_t cap, len;
} Text;

static void put(Text *t, const char *s, size_t n)
{
    if (t->len < t->cap) {
        size_t room = t->cap - t->len;
        size_t k = MIN(n, room ? room - 1 : 0);
        memcpy(t->buf + t->len, s, k);
        t->buf[t->len + k] = 0;
    }
    t->len += n;
}
static void puts_(Text *t, const char *s) { put(t, s, strlen(s)); }

static void put_escaped(Text *t, const char *s, u32 format)
{
    if (!(format & TN_REFLECTION)) {
        puts_(t, s);
        return;
    }
    for (; *s; s++) {
        if (strchr(",[]&*+\\", *s))
            put(t, "\\", 1);
        put(t, s, 1);
    }
}

static void put_def(Text *t, const Module *m, u32 rid, u32 format)
{
    u32 outer = md_enclosing(m->md, rid);
    if (outer) {
        if (format & TN_NAMESPACE) {
            put_def(t, m, outer, format);
            put(t, "+", 1);
        }
    } else if (format & TN_NAMESPACE) {
        const char *ns = md_typedef_namespace(m->md, rid);
        if (*ns) {
            put_escaped(t, ns, format);
            put(t, ".", 1);
        }
    }
    put_escaped(t, md_typedef_name(m->md, rid), format);
}

static void put_assembly(Text *t, const Module *m)
{
    char buf[300];
    assembly_display(m->assembly, buf, sizeof buf);
    puts_(t, ", ");
    puts_(t, buf);
}

static const Module *module_of(TypeHandle th)
{
    while (th_is_desc(th) && th_desc(th)->elem)
        th = th_desc(th)->elem;
    if (th_is_desc(th))
        return th_desc(th)->module;
    MethodTable *mt = (MethodTable *)th;
    return mt_is_array(mt) ? module_of(mt->elem) : mt->module;
}

static void put_type(Text *t, TypeHandle th, u32 format, u32 depth);

static void put_desc(Text *t, TypeDesc *d, u32 format, u32 depth)
{
    switch ((TypeDescKind)d->kind) {
    case TD_PTR: case TD_BYREF:
        put_type(t, d->elem, format & ~(u32)TN_ASSEMBLY, depth + 1);
        put(t, d->kind == TD_PTR ? "*" : "&", 1);
        return;
    case TD_VAR: case TD_MVAR:
        puts_(t, md_genericparam_name(d->module->md, MD_RID(d->token)));
        return;
    case TD_FNPTR: {
        TypeHandle *v = (TypeHandle *)(d + 1);
        put_type(t, v[0], format & ~(u32)TN_ASSEMBLY, depth + 1);
        put(t, "(", 1);
        for (u32 i = 1; i < d->index; i++) {
            if (i > 1)
                puts_(t, ", ");
            put_type(t, v[i], format & ~(u32)TN_ASSEMBLY, depth + 1);
        }
        put(t, ")", 1);
    }
    }
}

static void put_type(Text *t, TypeHandle th, u32 format, u32 depth)
{
    if (depth > 60 || !th) {
        puts_(t, "...");
        return;
    }
    if (th_is_desc(th)) {
        put_desc(t, th_desc(th), format, depth);
    } else {
        MethodTable *mt = (MethodTable *)th;
        if (mt_is_array(mt)) {
            put_type(t, mt->elem, format & ~(u32)TN_ASSEMBLY, depth + 1);
            put(t, "[", 1);
            if (!mt_is_szarray(mt) && mt->klass->rank == 1)
                put(t, "*", 1);
            for (u32 i = 1; i < mt->klass->rank; i++)
                put(t, ",", 1);
            put(t, "]", 1);
        } else {
            put_def(t, mt->module, mt_rid(mt), format);
            if ((format & TN_FULL_INST) && mt->aux->inst && (mt != mt->klass->typical || !(format & TN_ASSEMBLY))) {
                put(t, "[", 1);
                for (u32 i = 0; i < mt->klass->num_generic; i++) {
                    if (i)
                        put(t, ",", 1);
                    if (format & TN_ASSEMBLY)
                        put(t, "[", 1);
                    put_type(t, mt->aux->inst[i], format, depth + 1);
                    if (format & TN_ASSEMBLY)
                        put(t, "]", 1);
                }
                put(t, "]", 1);
            }
        }
    }
    if ((format & TN_ASSEMBLY) && module_of(th) && (depth || !(format & TN_REFLECTION)))
        put_assembly(t, module_of(th));
}

size_t type_name(TypeHandle th, u32 format, char *buf, size_t n)
{
    Text t = {buf, n, 0};
    if (n)
        buf[0] = 0;
    put_type(&t, th, format, 0);
    return t.len;
}

typedef enum SigStyle { STYLE_FULL, STYLE_TRACE, STYLE_MISSING } SigStyle;
static const char *const prim_names[] = {
    [ET_VOID] = "Void", [ET_BOOLEAN] = "Boolean", [ET_CHAR] = "Char", [ET_I1] = "SByte", [ET_U1] = "Byte", [ET_I2] = "Int16",
    [ET_U2] = "UInt16", [ET_I4] = "Int32", [ET_U4] = "UInt32", [ET_I8] = "Int64", [ET_U8] = "UInt64", [ET_R4] = "Single",
    [ET_R8] = "Double", [ET_STRING] = "String", [ET_TYPEDBYREF] = "TypedReference", [ET_I] = "IntPtr", [ET_U] = "UIntPtr",
    [ET_OBJECT] = "Object"};

/* A loaded type with its arguments in angle brackets: in signatures of messages and native stack traces, where primitives go without
 * their namespace. */
static void put_angle(Text *t, TypeHandle th, bool bare, u32 depth)
{
    TypeDesc *d = th_desc(th);
    MethodTable *mt = th_mt(th);
    if (depth > 60 || !th) {
        puts_(t, "?");
    } else if (d && (d->kind == TD_PTR || d->kind == TD_BYREF)) {
        put_angle(t, d->elem, bare, depth + 1);
        puts_(t, d->kind == TD_PTR ? "*" : bare ? " ByRef" : "&");
    } else if (mt && mt_is_array(mt)) {
        put_angle(t, mt->elem, bare, depth + 1);
        put(t, "[", 1);
        for (u32 i = 1; i < mt->klass->rank; i++)
            put(t, ",", 1);
        put(t, "]", 1);
    } else if (bare && mt && !mt->aux->inst && mt->klass->elem_kind < ARRAY_LEN(prim_names) && prim_names[mt->klass->elem_kind]) {
        puts_(t, prim_names[mt->klass->elem_kind]);
    } else {
        put_type(t, th, TN_NAMESPACE, depth ? depth : 1);
        for (u32 i = 0; mt && mt->aux->inst && i < mt->klass->num_generic; i++) {
            put(t, i ? "," : "<", 1);
            put_angle(t, mt->aux->inst[i], bare, depth + 1);
        }
        if (mt && mt->aux->inst)
            put(t, ">", 1);
    }
}

/* Types in a signature are named without being loaded. */
static void put_arg(Text *t, TypeHandle th, SigStyle style)
{
    if (style == STYLE_FULL)
        put_type(t, th, TN_NAMESPACE | TN_FULL_INST, 1);
    else
        put_angle(t, th, true, 1);
}

/* A nested type is named without the types around it. */
static void put_own_name(Text *t, const MdImage *md, u32 token)
{
    bool def = MD_TABLE_OF(token) == MDT_TypeDef;
    u32 rid = MD_RID(token);
    const char *ns = def ? md_typedef_namespace(md, rid) : md_typeref_namespace(md, rid);
    puts_(t, ns);
    puts_(t, *ns ? "." : "");
    puts_(t, def ? md_typedef_name(md, rid) : md_typeref_name(md, rid));
}

static void put_sig(Text *t, const SigContext *c, MdSig *s, SigStyle style, u32 depth)
{
    u8 et;
    u32 i, token;
    md_sig_skip_mods(s);
    switch (et = md_sig_byte(s)) {
    case ET_CLASS: case ET_VALUETYPE:
        token = md_sig_token(s);
        if (style == STYLE_FULL) {
            char full[300];
            md_type_full_name(c->module->md, token, full, sizeof full);
            puts_(t, full);
        } else {
            put_own_name(t, c->module->md, token);
        }
        return;
    case ET_GENERICINST: {
        put_sig(t, c, s, style, depth + 1);
        u32 n = md_sig_uint(s);
        put(t, style == STYLE_FULL ? "[" : "<", 1);
        for (i = 0; i < n && !s->bad && depth < 60; i++) {
            if (i)
                put(t, ",", 1);
            put_sig(t, c, s, style, depth + 1);
        }
        put(t, style == STYLE_FULL ? "]" : ">", 1);
        return;
    }
    case ET_VAR: case ET_MVAR:
        i = md_sig_uint(s);
        if (style == STYLE_MISSING) {
            char num[16];
            snprintf(num, sizeof num, "%s%u", et == ET_VAR ? "!" : "!!", i);
            puts_(t, num);
            return;
        }
        if (i < (et == ET_VAR ? c->num_class_args : c->num_method_args))
            put_arg(t, et == ET_VAR ? c->class_args[i] : c->method_args[i], style);
        return;
    case ET_SZARRAY: case ET_PTR: case ET_BYREF:
        put_sig(t, c, s, style, depth + 1);
        puts_(t, et == ET_SZARRAY ? "[]" : et == ET_PTR ? "*" : style == STYLE_FULL ? "&" : " ByRef");
        return;
    case ET_ARRAY: {
        MdArrayShape shape = {0};
        put_sig(t, c, s, style, depth + 1);
        md_sig_array_shape(s, &shape);
        put(t, "[", 1);
        for (i = 1; i < shape.rank; i++)
            put(t, ",", 1);
        put(t, "]", 1);
        return;
    }
    case ET_FNPTR: {
        MdMethodSig head;
        md_sig_method(s, &head);
        for (i = 0; i <= head.param_count && !s->bad && depth < 60; i++) {
            puts_(t, i == 1 ? " (" : i ? ", " : "");
            put_sig(t, c, s, style, depth + 1);
        }
        puts_(t, head.param_count ? ")" : " ()");
        return;
    }
    case ET_INTERNAL:
        if (s->end - s->p >= 8) {
            put_arg(t, (TypeHandle)pe_u64(s->p), style);
            s->p += 8;
        }
        return;
    default: {
        const char *name = et < ARRAY_LEN(prim_names) && prim_names[et] ? prim_names[et] : "?";
        if (style == STYLE_FULL || et == ET_STRING || et == ET_OBJECT)
            puts_(t, "System.");
        puts_(t, name);
    }
    }
}

static void put_params(Text *t, Method *m, SigContext *c, SigStyle style)
{
    MdSig s = md_sig(m->sig, m->sig_len);
    MdMethodSig head;
    put(t, "(", 1);
    if (md_sig_method(&s, &head)) {
        md_sig_skip_type(&s);
        for (u32 i = 0; i < head.param_count && !s.bad; i++) {
            if (i)
                puts_(t, style == STYLE_FULL ? "," : ", ");
            md_sig_sentinel(&s);
            put_sig(t, c, &s, style, 0);
        }
    }
    put(t, ")", 1);
}

size_t type_method_name(Method *m, bool trace, char *buf, size_t n)
{
    enum { NATIVE = TN_NAMESPACE | TN_FULL_INST | TN_ASSEMBLY | TN_REFLECTION };
    Text t = {buf, n, 0};
    if (n)
        buf[0] = 0;
    put_type(&t, th_of(m->mt), trace ? NATIVE : TN_NAMESPACE | TN_FULL_INST, 0);
    put(&t, trace ? "." : ":", 1);
    puts_(&t, m->name ? m->name : "?");
    SigContext c = context_of(m->mt);
    if (m->num_generic) {
        c.method_args = type_method_inst(m, &c.num_method_args);
        for (u32 i = 0; i < c.num_method_args; i++) {
            puts_(&t, i ? trace ? "],[" : "," : trace ? "[[" : "[");
            put_type(&t, c.method_args[i], trace ? NATIVE : TN_NAMESPACE | TN_FULL_INST, 1);
        }
        puts_(&t, trace ? "]]" : "]");
    }
    put_params(&t, m, &c, trace ? STYLE_TRACE : STYLE_FULL);
    return t.len;
}

size_t type_method_name_in_message(Method *m, char *buf, size_t n)
{
    Text t = {buf, n, 0};
    if (n)
        buf[0] = 0;
    put_angle(&t, th_of(m->mt), false, 0);
    put(&t, ".", 1);
    puts_(&t, m->name ? m->name : "?");
    SigContext c = context_of(m->mt);
    if (m->num_generic) {
        c.method_args = type_method_inst(m, &c.num_method_args);
        for (u32 i = 0; i < c.num_method_args; i++) {
            put(&t, i ? "," : "<", 1);
            put_angle(&t, c.method_args[i], false, 0);
        }
        put(&t, ">", 1);
    }
    put_params(&t, m, &c, STYLE_TRACE);
    return t.len;
}

size_t type_name_in_message(TypeHandle th, char *buf, size_t n)
{
    Text t = {buf, n, 0};
    if (n)
        buf[0] = 0;
    put_angle(&t, th, false, 0);
    return t.len;
}

/* "Void Ns.Type.Name(Int32, System.String)": as the reference words a missing method. */
void missing_method_text(const SigContext *c, TypeHandle owner, const char *name, const u8 *sig, u32 len, char *buf, size_t n)
{
    Text t = {buf, n, 0};
    if (n)
        buf[0] = 0;
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    if (!md_sig_method(&s, &head))
        return;
    put_sig(&t, c, &s, STYLE_MISSING, 0);
    put(&t, " ", 1);
    put_type(&t, owner, TN_NAMESPACE, 0);
    put(&t, ".", 1);
    puts_(&t, name);
    put(&t, "(", 1);
    for (u32 i = 0; i < head.param_count && !s.bad; i++) {
        if (i)
            puts_(&t, ", ");
        md_sig_sentinel(&s);
        put_sig(&t, c, &s, STYLE_MISSING, 0);
    }
    put(&t, ")", 1);
}
