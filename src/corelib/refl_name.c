/* refl_name.c: names of types as System.Type shows them (Name, ToString, FullName, AssemblyQualifiedName), and types by such names.
 * The grammar is that of Type.GetType: '+' between nested types, backslash before its own special characters. */
#include "corelib/refl_int.h"

#include <stdio.h>

typedef struct Text {
    VEC(char) v;
} Text;

static void put(Text *x, const char *s)
{
    for (; *s; s++)
        vec_push(&x->v, *s);
}

static void put_escaped(Text *x, const char *s)
{
    for (; *s; s++) {
        if (strchr(",[]&*+\\", *s))
            vec_push(&x->v, '\\');
        vec_push(&x->v, *s);
    }
}

static void put_definition(Text *x, const Module *m, u32 rid, u32 format)
{
    u32 outer = md_enclosing(m->md, rid);
    if (format & TNF_NAMESPACE) {
        const char *ns = md_typedef_namespace(m->md, rid);
        if (outer) {
            put_definition(x, m, outer, format);
            put(x, "+");
        } else if (*ns) {
            put_escaped(x, ns);
            put(x, ".");
        }
    }
    put_escaped(x, md_typedef_name(m->md, rid));
}

static void put_type(Text *x, TypeHandle th, u32 format, u32 depth);

static void put_inst(Text *x, const TypeHandle *args, u32 n, u32 format, u32 depth)
{
    bool full = (format & TNF_FULL_INST) != 0;
    put(x, "[");
    for (u32 i = 0; i < n; i++) {
        if (i)
            put(x, ",");
        if (full) {
            bool var = th_is_desc(args[i]) && (th_desc(args[i])->kind == TD_VAR || th_desc(args[i])->kind == TD_MVAR);
            put(x, var ? "" : "[");
            put_type(x, args[i], TNF_NAMESPACE | TNF_FULL_INST | (var ? 0 : TNF_ASSEMBLY), depth + 1);
            put(x, var ? "" : "]");
        } else {
            put_type(x, args[i], format & TNF_NAMESPACE, depth + 1);
        }
    }
    put(x, "]");
}

static void put_desc(Text *x, TypeDesc *d, u32 format, u32 depth)
{
    if (d->kind == TD_VAR || d->kind == TD_MVAR) {
        put_escaped(x, md_genericparam_name(d->module->md, MD_RID(d->token)));
    } else if (d->kind == TD_FNPTR && !(format & TNF_NAMESPACE)) {
        /* has no short name */
    } else if (d->kind == TD_FNPTR) { /* return type and parameters follow the record */
        const TypeHandle *v = (const TypeHandle *)(d + 1);
        put_type(x, v[0], format & ~(u32)TNF_ASSEMBLY, depth + 1);
        put(x, "(");
        for (u32 i = 1; i < d->index; i++) {
            put(x, i > 1 ? ", " : "");
            put_type(x, v[i], format & ~(u32)TNF_ASSEMBLY, depth + 1);
        }
        put(x, ")");
    } else {
        put_type(x, d->elem, format & ~(u32)TNF_ASSEMBLY, depth + 1);
        put(x, d->kind == TD_PTR ? "*" : "&");
    }
}

static void put_type(Text *x, TypeHandle th, u32 format, u32 depth)
{
    if (!th || depth > 600) {
        put(x, "...");
        return;
    }
    if (th_is_desc(th)) {
        put_desc(x, th_desc(th), format, depth);
    } else {
        MethodTable *mt = th_mt(th);
        if (mt_is_array(mt)) {
            put_type(x, mt->elem, format & ~(u32)TNF_ASSEMBLY, depth + 1);
            put(x, !mt_is_szarray(mt) && mt->klass->rank == 1 ? "[*" : "[");
            for (u32 i = 1; i < mt->klass->rank; i++)
                put(x, ",");
            put(x, "]");
        } else {
            bool simple = !(format & (TNF_FULL_INST | TNF_ASSEMBLY));
            put_definition(x, mt->module, MD_RID(mt->klass->token), format);
            if ((format & TNF_NAMESPACE) && mt->aux->inst && (mt != mt->klass->typical || simple))
                put_inst(x, mt->aux->inst, mt->klass->num_generic, format, depth);
        }
    }
    if (format & TNF_ASSEMBLY) {
        char name[600];
        md_format_assembly_name(&refl_type_module(th)->assembly->identity, name, sizeof name);
        put(x, ", ");
        put(x, name);
    }
}

static String *text_string(Thread *t, Text *x)
{
    String *s = vm_string_utf8n(t, x->v.len ? x->v.data : "", x->v.len);
    vec_free(&x->v);
    return s;
}

String *refl_type_string(Thread *t, TypeHandle th, u32 format)
{
    Text x = {0};
    put_type(&x, th, format, 0);
    return text_string(t, &x);
}

String *refl_inst_string(Thread *t, const TypeHandle *args, u32 n, u32 format)
{
    Text x = {0};
    put_inst(&x, args, n, format, 0);
    return text_string(t, &x);
}

Object *refl_type_by_name(Thread *t, Module *m, const char *name, u32 len)
{
    static Method *resolver;
    Method *r = __atomic_load_n(&resolver, __ATOMIC_ACQUIRE);
    if (!r) {
        r = type_method_by_name(refl_class("System.Reflection", "TypeNameResolver"), "GetTypeHelper", 5);
        if (!r)
            base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no TypeNameResolver.GetTypeHelper");
        __atomic_store_n(&resolver, r, __ATOMIC_RELEASE);
    }
    String *s = vm_string_utf8n(t, name, len);
    Object *assembly = s ? vm_assembly_object(t, m->assembly) : NULL, *result = NULL;
    if (!assembly)
        return NULL;
    /* (char *name, RuntimeAssembly, bool throwOnError, bool requireAssemblyQualifiedName, nint unsafeAccessorMethod); a copy, as the
     * string may move */
    char16 small[512], *chars = s->length < 512 ? small : base_malloc(((size_t)s->length + 1) * 2);
    memcpy(chars, s->chars, ((size_t)s->length + 1) * 2);
    bool throw_it = true, qualified = false;
    void *accessor = NULL;
    void *args[] = {&chars, &assembly, &throw_it, &qualified, &accessor};
    bool ok = vm_call(t, r, args, &result);
    if (chars != small)
        base_free(chars);
    if (ok && !result)
        vm_throwf(t, VM_ERR_TYPE_LOAD, "Could not load type '%.*s'.", (int)len, name);
    return ok ? result : NULL;
}
