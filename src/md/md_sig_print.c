/* md_sig_print.c: signatures as text, for dumps and tests.
 * Not here: the reader (md_sig.c).  Book: md.md */
#include "md/md_names.h"
#include "md/md_sig.h"
#include <stdarg.h>
#include <stdio.h>

typedef struct Out {
    char *buf;
    size_t cap, len;
} Out;

PRINTF_LIKE(2, 3) static void put(Out *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    size_t room = o->len < o->cap ? o->cap - o->len : 0;
    int n = vsnprintf(room ? o->buf + o->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n > 0) o->len += (size_t)n;
}

static const char *simple_name(u8 e)
{
    switch (e) {
    case ET_VOID: return "void";
    case ET_BOOLEAN: return "bool";
    case ET_CHAR: return "char";
    case ET_I1: return "int8";
    case ET_U1: return "uint8";
    case ET_I2: return "int16";
    case ET_U2: return "uint16";
    case ET_I4: return "int32";
    case ET_U4: return "uint32";
    case ET_I8: return "int64";
    case ET_U8: return "uint64";
    case ET_R4: return "float32";
    case ET_R8: return "float64";
    case ET_STRING: return "string";
    case ET_OBJECT: return "object";
    case ET_TYPEDBYREF: return "typedref";
    case ET_I: return "native int";
    case ET_U: return "native uint";
    default: return NULL;
    }
}

static void print_type(const MdImage *m, MdSig *s, Out *o, u32 depth);

static void print_token(const MdImage *m, MdSig *s, Out *o)
{
    char name[512];
    u32 token = md_sig_token(s);
    if (s->bad) return;
    if (MD_TABLE_OF(token) == MDT_TypeSpec) {
        put(o, "typespec(%08X)", token);
        return;
    }
    md_type_full_name(m, token, name, sizeof(name));
    put(o, "%s", name);
}

static void print_method(const MdImage *m, MdSig *s, const char *name, Out *o, u32 depth)
{
    MdMethodSig h;
    if (!md_sig_method(s, &h)) return;
    if (h.has_this) put(o, "instance ");
    if (h.explicit_this) put(o, "explicit ");
    if (h.is_vararg) put(o, "vararg ");
    print_type(m, s, o, depth);
    put(o, " %s", name);
    if (h.generic_count) put(o, "<[%u]>", h.generic_count);
    put(o, "(");
    for (u32 i = 0; i < h.param_count && !s->bad; i++) {
        if (i) put(o, ", ");
        if (md_sig_sentinel(s)) put(o, "..., ");
        print_type(m, s, o, depth);
    }
    put(o, ")");
}

static void print_shape(MdSig *s, Out *o)
{
    MdArrayShape a;
    if (!md_sig_array_shape(s, &a)) return;
    put(o, "[");
    for (u32 i = 0; i < a.rank; i++) {
        if (i) put(o, ",");
        if (i < a.lobound_count) put(o, "%d...", a.lobounds[i]);
        if (i < a.size_count) put(o, "%u", a.sizes[i]);
    }
    put(o, a.rank == 1 && !a.size_count && !a.lobound_count ? "...]" : "]");
}

static void print_inst(const MdImage *m, MdSig *s, Out *o, u32 depth)
{
    print_type(m, s, o, depth);
    u32 n = md_sig_uint(s);
    put(o, "<");
    for (u32 i = 0; i < n && !s->bad; i++) {
        if (i) put(o, ", ");
        print_type(m, s, o, depth);
    }
    put(o, ">");
}

static void print_type(const MdImage *m, MdSig *s, Out *o, u32 depth)
{
    u32 token;
    bool required;
    if (depth >= MD_SIG_DEPTH) md_sig_fail(s);
    while (md_sig_mod(s, &token, &required)) {
        char name[256];
        md_type_full_name(m, token, name, sizeof(name));
        put(o, "%s(%s) ", required ? "modreq" : "modopt", name);
    }
    u8 e = md_sig_byte(s);
    const char *simple = simple_name(e);
    if (simple) {
        put(o, "%s", simple);
        return;
    }
    switch (e) {
    case ET_PTR: print_type(m, s, o, depth + 1), put(o, "*"); return;
    case ET_BYREF: print_type(m, s, o, depth + 1), put(o, "&"); return;
    case ET_SZARRAY: print_type(m, s, o, depth + 1), put(o, "[]"); return;
    case ET_PINNED: put(o, "pinned "), print_type(m, s, o, depth + 1); return;
    case ET_VALUETYPE: put(o, "valuetype "), print_token(m, s, o); return;
    case ET_CLASS: put(o, "class "), print_token(m, s, o); return;
    case ET_VAR: put(o, "!%u", md_sig_uint(s)); return;
    case ET_MVAR: put(o, "!!%u", md_sig_uint(s)); return;
    case ET_INTERNAL: put(o, "internal(%p)", md_sig_internal(s)); return;
    case ET_ARRAY: print_type(m, s, o, depth + 1), print_shape(s, o); return;
    case ET_GENERICINST: print_inst(m, s, o, depth + 1); return;
    case ET_FNPTR: put(o, "method "), print_method(m, s, "*", o, depth + 1); return;
    default: md_sig_fail(s);
    }
}

static size_t finish(Out *o, MdSig *s)
{
    if (s->bad) put(o, "<bad signature>");
    if (o->cap && o->len == 0) o->buf[0] = 0;
    return o->len;
}

size_t md_sig_print_type(const MdImage *m, MdSig *s, char *buf, size_t cap)
{
    Out o = {buf, cap, 0};
    print_type(m, s, &o, 0);
    return finish(&o, s);
}

size_t md_sig_print_method(const MdImage *m, MdSig *s, const char *name, char *buf, size_t cap)
{
    Out o = {buf, cap, 0};
    print_method(m, s, name, &o, 0);
    return finish(&o, s);
}
