/* refl_emit_sig.c: references to other modules: rows that name their assemblies and types, and signatures translated from their tokens.
 * Names are copied, nothing is loaded: what they name may be a type that is not finished.  Only assemblies are bound (emit_bind_sig), as a
 * copied name would be looked for from another place. */
#include "corelib/refl_emit.h"

typedef struct Walk {
    MdSig s;
    const u8 *start;
    void (*visit)(void *arg, u32 token, u32 at, u32 n);
    void *arg;
} Walk;

static void walk_type(Walk *w, u32 depth);

static void walk_token(Walk *w)
{
    const u8 *p = w->s.p;
    u32 token = md_sig_token(&w->s);
    if (!w->s.bad)
        w->visit(w->arg, token, (u32)(p - w->start), (u32)(w->s.p - p));
}

static void walk_method(Walk *w, u32 depth)
{
    MdMethodSig head;
    if (!md_sig_method(&w->s, &head))
        return;
    for (u32 i = 0; i <= head.param_count && !w->s.bad; i++) {
        md_sig_sentinel(&w->s);
        walk_type(w, depth + 1);
    }
}

static void walk_type(Walk *w, u32 depth)
{
    if (depth > 64) {
        md_sig_fail(&w->s);
        return;
    }
    switch (md_sig_byte(&w->s)) {
    case ET_CMOD_REQD: case ET_CMOD_OPT:
        walk_token(w);
        walk_type(w, depth + 1);
        break;
    case ET_CLASS: case ET_VALUETYPE:
        walk_token(w);
        break;
    case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED:
        walk_type(w, depth + 1);
        break;
    case ET_ARRAY:
        walk_type(w, depth + 1);
        md_sig_array_shape(&w->s, NULL);
        break;
    case ET_VAR: case ET_MVAR:
        md_sig_uint(&w->s);
        break;
    case ET_GENERICINST:
        md_sig_byte(&w->s);
        walk_token(w);
        for (u32 n = md_sig_uint(&w->s); n-- && !w->s.bad;)
            walk_type(w, depth + 1);
        break;
    case ET_FNPTR:
        walk_method(w, depth);
        break;
    default:
        break;
    }
}

/* The first byte tells the kind: method, field, property, locals, MethodSpec.  A TypeSpec has none. */
static void walk(Walk *w)
{
    u32 n;
    u8 head = md_sig_peek(&w->s);
    switch (head) {
    case SIG_FIELD:
        md_sig_field(&w->s);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    case SIG_LOCALS:
        md_sig_locals(&w->s, &n);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    case SIG_GENERICINST:
        md_sig_inst(&w->s, &n);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    default:
        break;
    }
    walk_method(w, 0);
}

void emit_put_uint(EmitBytes *b, u32 v)
{
    if (v < 0x80) {
        vec_push(b, (u8)v);
    } else if (v < 0x4000) {
        vec_push(b, (u8)(0x80 | v >> 8));
        vec_push(b, (u8)v);
    } else {
        vec_push(b, (u8)(0xC0 | v >> 24));
        vec_push(b, (u8)(v >> 16));
        vec_push(b, (u8)(v >> 8));
        vec_push(b, (u8)v);
    }
}

/* --- Assemblies and types ------------------------------------------------------------------------------------------------------------- */
u32 emit_assembly_ref(EmitModule *m, Assembly *a)
{
    u64 token = 0;
    if (map64_get(&m->assembly_refs, (u64)(uintptr_t)a, &token))
        return (u32)token;
    const MdAssemblyName *n = &a->identity;
    MdWriter *w = m->w;
    u8 key[8];
    u32 key_blob = 0;
    if (n->public_key_len) {
        md_public_key_token(n->public_key, n->public_key_len, key);
        key_blob = mdw_blob(w, key, 8);
    }
    u32 rid = MDW_ADD(w, AssemblyRef, n->version[0], n->version[1], n->version[2], n->version[3], n->flags & ~(u32)AF_PUBLIC_KEY, key_blob,
                      mdw_string_n(w, n->name, n->name_len), mdw_string_n(w, n->culture ? n->culture : "", n->culture ? n->culture_len : 0), 0);
    token = MD_TOKEN(MDT_AssemblyRef, rid);
    map64_put(&m->assembly_refs, (u64)(uintptr_t)a, token);
    type_lock(); /* it is known where it leads: nothing has to be bound */
    map64_put(&m->module->assembly->refs, rid, (u64)(uintptr_t)a);
    type_context_refer(m->module->alc, a->alc);
    type_unlock();
    return (u32)token;
}

/* An AssemblyRef of another module: what it was bound to, or a copy of the row. */
static u32 foreign_assembly_ref(EmitModule *m, Module *from, u32 rid)
{
    const MdImage *md = from->md;
    MdWriter *w = m->w;
    u64 to = 0;
    type_lock();
    bool bound = map64_get(&from->assembly->refs, rid, &to);
    type_unlock();
    if (bound)
        return emit_assembly_ref(m, (Assembly *)(uintptr_t)to);
    u32 len;
    const u8 *key = md_blob(md, md_AssemblyRef_PublicKeyOrToken(md, rid), &len);
    u32 row = MDW_ADD(w, AssemblyRef, md_AssemblyRef_MajorVersion(md, rid), md_AssemblyRef_MinorVersion(md, rid), md_AssemblyRef_BuildNumber(md, rid),
                      md_AssemblyRef_RevisionNumber(md, rid), md_AssemblyRef_Flags(md, rid), mdw_blob(w, key, len),
                      mdw_string(w, md_assemblyref_name(md, rid)), mdw_string(w, md_str(md, md_AssemblyRef_Culture(md, rid))), 0);
    return MD_TOKEN(MDT_AssemblyRef, row);
}

static u32 foreign_type(EmitModule *m, Module *from, u32 token, u32 depth);

static u32 foreign_scope(EmitModule *m, Module *from, u32 scope, u32 depth)
{
    switch (MD_TABLE_OF(scope)) {
    case MDT_TypeRef: return foreign_type(m, from, scope, depth + 1);
    case MDT_AssemblyRef: return foreign_assembly_ref(m, from, MD_RID(scope));
    default: return emit_assembly_ref(m, from->assembly);
    }
}

static void translate(EmitModule *m, Module *from, const u8 *sig, u32 len, bool typespec, EmitBytes *out);

/* The token in m for a TypeDef, TypeRef or TypeSpec of another module; 0: a bad one. */
static u32 foreign_type(EmitModule *m, Module *from, u32 token, u32 depth)
{
    const MdImage *md = from->md;
    MdWriter *w = m->w;
    u32 rid = MD_RID(token), scope = 0, outer, name, ns;
    if (depth > 64 || !md_valid_token(md, token))
        return 0;
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef:
        outer = md_enclosing(md, rid);
        scope = outer ? foreign_type(m, from, MD_TOKEN(MDT_TypeDef, outer), depth + 1) : emit_assembly_ref(m, from->assembly);
        name = mdw_string(w, md_typedef_name(md, rid));
        ns = mdw_string(w, md_typedef_namespace(md, rid));
        break;
    case MDT_TypeRef:
        scope = foreign_scope(m, from, md_TypeRef_ResolutionScope(md, rid), depth);
        name = mdw_string(w, md_typeref_name(md, rid));
        ns = mdw_string(w, md_typeref_namespace(md, rid));
        break;
    case MDT_TypeSpec: {
        u32 len;
        EmitBytes b = {0};
        const u8 *sig = md_blob(md, md_TypeSpec_Signature(md, rid), &len);
        translate(m, from, sig, len, true, &b);
        u32 row = MDW_INTERN(w, TypeSpec, mdw_blob(w, b.data, b.len));
        vec_free(&b);
        return MD_TOKEN(MDT_TypeSpec, row);
    }
    default: return 0;
    }
    return MD_TOKEN(MDT_TypeRef, EMIT_INTERN(m, TypeRef, mdw_coded(MDK_ResolutionScope, scope), name, ns));
}

/* --- Signatures ------------------------------------------------------------------------------------------------------------------------- */
typedef struct Translate {
    EmitModule *m;
    Module *from;
    const u8 *sig;
    u32 done; /* bytes copied */
    EmitBytes *out;
} Translate;

static void copy_to(Translate *x, u32 end)
{
    for (; x->done < end; x->done++)
        vec_push(x->out, x->sig[x->done]);
}

static void translate_token(void *arg, u32 token, u32 at, u32 n)
{
    Translate *x = arg;
    copy_to(x, at);
    x->done = at + n;
    emit_put_uint(x->out, mdw_coded(MDK_TypeDefOrRef, foreign_type(x->m, x->from, token, 0)));
}

static void translate(EmitModule *m, Module *from, const u8 *sig, u32 len, bool typespec, EmitBytes *out)
{
    Translate x = {m, from, sig, 0, out};
    Walk w = {md_sig(sig, len), sig, translate_token, &x};
    if (from != m->module && sig && typespec)
        walk_type(&w, 0);
    else if (from != m->module && sig)
        walk(&w);
    copy_to(&x, len);
}

void emit_translate_sig(EmitModule *m, Module *from, const u8 *sig, u32 len, EmitBytes *out) { translate(m, from, sig, len, false, out); }

static void bind_token(void *arg, u32 token, u32 at, u32 n)
{
    Module *from = arg;
    (void)at;
    (void)n;
    for (u32 depth = 0; depth < 64 && MD_TABLE_OF(token) == MDT_TypeRef; depth++)
        token = md_TypeRef_ResolutionScope(from->md, MD_RID(token));
    Err e = {0};
    if (MD_TABLE_OF(token) == MDT_AssemblyRef && !type_assembly_ref(from, MD_RID(token), &e))
        thread_current()->pending = NULL;
}

void emit_bind_sig(Module *from, const u8 *sig, u32 len)
{
    Walk w = {md_sig(sig, len), sig, bind_token, from};
    if (sig)
        walk(&w);
}
