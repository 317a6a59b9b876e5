/* ilasm_ref.c: references to classes, methods and fields.  What this module declares is always found as its TypeDef, MethodDef or
 * Field, wherever it stands; the rest becomes TypeRef and MemberRef rows, one for each thing that is named. */
#include "ilasm/ilasm_int.h"

#include "md/md_names.h"

static u64 key(u32 x, u32 y) { return (u64)x << 32 | y; }

/* The last dot that is in no <…> separates namespace and name. */
void ia_split(const Sym *s, u32 *ns_len, u32 *name_at)
{
    i32 depth = 0;
    *ns_len = *name_at = 0;
    for (u32 i = s->len; i-- > 1;) {
        char c = s->p[i];
        if (c == '>') depth++;
        else if (c == '<') depth--;
        if (depth < 0) return; /* what is before belongs to a name that only looks dotted */
        if (c != '.' || depth) continue;
        if (s->p[i - 1] == '.') i--;
        *ns_len = i;
        *name_at = i + 1;
        return;
    }
}

const Alias *ia_alias(const Asm *a)
{
    const Tok *t = ia_tok(a);
    if (t->kind != T_ID && t->kind != T_SQ) return NULL;
    u32 i = ia_s(a, t->val)->alias;
    return i ? &a->aliases.data[i - 1] : NULL;
}

/* --- assemblies --- */

static const char *const core_names[] = {"System.Private.CoreLib", "System.Runtime", "mscorlib", "netstandard"};

u32 ia_assembly_ref(Asm *a, u32 name, u32 tok)
{
    u64 token = 0;
    if (map64_get(&a->assembly_index, name, &token)) return (u32)token;
    const char *text = ia_s(a, name)->p;
    ia_warnf(a, a->tok[MIN(tok, a->tok_count - 1)].pos, "the assembly %s is not declared; assuming .assembly extern %s {}", text, text);
    token = MD_TOKEN(MDT_AssemblyRef, MDW_ADD(a->w, AssemblyRef, 0, 0, 0, 0, 0, 0, ia_str(a, name), 0, 0));
    map64_put(&a->assembly_index, name, token);
    return (u32)token;
}

static u32 base_assembly(Asm *a)
{
    u64 token;
    for (u32 i = 0; i < ARRAY_LEN(core_names) && !a->base_ref; i++)
        if (map64_get(&a->assembly_index, ia_sym(a, core_names[i], (u32)strlen(core_names[i])), &token)) a->base_ref = (u32)token;
    return a->base_ref;
}

bool ia_is_core_ref(Asm *a, u32 token) { return MD_TABLE_OF(token) == MDT_AssemblyRef && token == base_assembly(a); }

u32 ia_core_class(Asm *a, const char *name)
{
    u32 sym = ia_sym(a, name, (u32)strlen(name)), cls = ia_find_class(a, 0, sym);
    if (cls) return MD_TOKEN(MDT_TypeDef, cls);
    if (!base_assembly(a)) a->base_ref = ia_assembly_ref(a, ia_sym(a, "mscorlib", 8), a->at);
    return ia_typeref(a, a->base_ref, sym);
}

/* --- classes --- */

u32 ia_find_class(const Asm *a, u32 encl, u32 name)
{
    u64 i = 0;
    map64_get(&a->class_index, key(encl + 1, name), &i);
    return (u32)i;
}

u32 ia_typeref(Asm *a, u32 scope, u32 name)
{
    u64 token = 0;
    if (map64_get(&a->typeref_index, key(scope + 1, name), &token)) return (u32)token;
    const Sym *s = ia_s(a, name);
    u32 ns_len, name_at;
    ia_split(s, &ns_len, &name_at);
    u32 rid = MDW_ADD(a->w, TypeRef, mdw_coded(MDK_ResolutionScope, scope), mdw_string_n(a->w, s->p + name_at, s->len - name_at),
        mdw_string_n(a->w, s->p, ns_len));
    token = MD_TOKEN(MDT_TypeRef, rid);
    map64_put(&a->typeref_index, key(scope + 1, name), token);
    return (u32)token;
}

static u32 no_class(Asm *a, u32 encl, u32 name, u32 tok)
{
    const Sym *s = ia_s(a, name);
    Near n;
    ia_near_init(&n, s->p, s->len);
    for (u32 i = 2; i < a->classes.len; i++)
        if (a->classes.data[i].encl == encl) ia_near_sym(a, &n, a->classes.data[i].name);
    if (encl) ia_fail(a, tok, "no class %s in class %s%s", s->p, ia_s(a, a->classes.data[encl].name)->p, ia_near_text(a, &n));
    else ia_fail(a, tok, "no class %s in this module%s", s->p, ia_near_text(a, &n));
    return 0;
}

/* Classes that mean those of the core library where the module has none of the name */
static bool is_core_name(const Asm *a, u32 name)
{
    static const char *const names[] = {"System.Object", "System.String", "System.ValueType", "System.Enum"};
    for (u32 i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(ia_s(a, name)->p, names[i]) == 0) return true;
    return false;
}

/* "A/B/C" in a scope: nil token and local for this module */
static u32 slashed(Asm *a, u32 scope, bool local)
{
    u32 cls = 0;
    for (u32 depth = 0;; depth++) {
        u32 at = a->at, name = ia_want_name(a);
        if (!name) return 0;
        if (depth >= IA_NEST_MAX) {
            ia_fail(a, at, "classes are nested too deep");
            return 0;
        }
        if (local) {
            u32 found = ia_find_class(a, cls, name);
            if (!found && !depth && is_core_name(a, name)) return ia_core_class(a, ia_s(a, name)->p);
            if (!found) return no_class(a, cls, name, at);
            cls = found;
        } else {
            scope = ia_typeref(a, scope, name);
        }
        if (!ia_take(a, '/')) return local ? MD_TOKEN(MDT_TypeDef, cls) : scope;
    }
}

u32 ia_mdtoken(Asm *a)
{
    u32 v, at = a->at;
    ia_next(a);
    if (!ia_want(a, '(', "'('") || !ia_want_int32(a, &v) || !ia_want(a, ')', "')'")) return 0;
    if (MD_RID(v) == 0 || MD_TABLE_OF(v) >= MDT_COUNT) {
        ia_fail(a, at, "0x%08X is no token", v);
        return 0;
    }
    return v;
}

static u32 special_class(Asm *a)
{
    u32 at = a->at, kw = ia_tok(a)->kw, token = 0;
    const Cls *c = a->cls > 1 ? &a->classes.data[a->cls] : NULL;
    ia_next(a);
    if (!c) {
        ia_fail(a, at, "this is possible in a class only");
        return 0;
    }
    if (kw == K_d_this) token = MD_TOKEN(MDT_TypeDef, a->cls);
    else if (kw == K_d_base) token = c->base;
    else if (c->encl) token = MD_TOKEN(MDT_TypeDef, c->encl);
    if (!token) ia_fail(a, at, kw == K_d_base ? "the class has no base class" : "the class is in no other");
    return token;
}

static u32 module_ref(Asm *a, u32 name, u32 at)
{
    u64 token = 0;
    if (map64_get(&a->module_index, name, &token)) return (u32)token;
    ia_warnf(a, a->tok[at].pos, "the module %s is not declared; assuming .module extern %s", ia_s(a, name)->p, ia_s(a, name)->p);
    token = MD_TOKEN(MDT_ModuleRef, MDW_ADD(a->w, ModuleRef, ia_str(a, name)));
    map64_put(&a->module_index, name, token);
    return (u32)token;
}

static u32 scoped(Asm *a)
{
    u32 scope = 0, at = ++a->at, name;
    bool local = false;
    if (ia_take_kw(a, K_d_module)) {
        if (!(name = ia_want_name(a))) return 0;
        scope = module_ref(a, name, at);
    } else if (ia_kw(a, K_mdtoken)) {
        if (!(scope = ia_mdtoken(a))) return 0;
    } else if (ia_take(a, '*')) {
        scope = 0;
    } else {
        if (!(name = ia_want_name(a))) return 0;
        u64 known;
        local = name == a->assembly_name && !map64_get(&a->assembly_index, name, &known);
        if (!local) scope = ia_assembly_ref(a, name, at);
    }
    if (!ia_want(a, ']', "']'")) return 0;
    if (!ia_is_name(a)) {
        if (scope && ia_is(a, T_DCOLON)) return scope;
        ia_expected(a, "the name of a class");
        return 0;
    }
    return slashed(a, scope, local);
}

u32 ia_class_name(Asm *a)
{
    const Tok *t = ia_tok(a);
    const Alias *al;
    if (t->kind == '[') return scoped(a);
    switch (t->kw) {
    case K_d_this: case K_d_base: case K_d_nester: return special_class(a);
    case K_mdtoken: return ia_mdtoken(a);
    default: break;
    }
    if (UNLIKELY((al = ia_alias(a)) != NULL)) {
        u32 at = a->at;
        if (al->kind == ALIAS_TYPE) {
            ia_next(a);
            return al->token;
        }
        if (!ia_find_class(a, 0, t->val)) {
            ia_fail(a, at, "this name stands for no class");
            return 0;
        }
    }
    if (!ia_is_name(a)) {
        ia_expected(a, "the name of a class");
        return 0;
    }
    return slashed(a, 0, true);
}

/* --- members --- */

u32 ia_plain_name(Asm *a, u32 sym)
{
    const Sym *s = ia_s(a, sym);
    if (s->len >= 12 && memcmp(s->p + s->len - 12, "$PST", 4) == 0) return mdw_string_n(a->w, s->p, s->len - 12);
    return ia_str(a, sym);
}

u64 ia_member_key(u32 cls, u32 name, u32 sig)
{
    u64 k = base_hash_u64(key(cls, name)) ^ sig * 0x9E3779B97F4A7C15ull;
    return k ? k : 1;
}

static bool is_member(const Member *m, u32 cls, u32 name, u32 sig) { return m->cls == cls && m->name == name && m->sig == sig; }

u32 ia_find_method(const Asm *a, u32 cls, u32 name, u32 sig)
{
    u64 i = 0;
    map64_get(&a->method_index, ia_member_key(cls, name, sig), &i);
    while (i && !is_member(&a->methods.data[i].m, cls, name, sig)) i = a->methods.data[i].m.next;
    return (u32)i;
}

u32 ia_find_field(const Asm *a, u32 cls, u32 name, u32 sig)
{
    u64 i = 0;
    map64_get(&a->field_index, ia_member_key(cls, name, sig), &i);
    while (i && !is_member(&a->fields.data[i], cls, name, sig)) i = a->fields.data[i].next;
    return (u32)i;
}

/* Is the member perhaps inherited from a class outside this module? */
static bool may_inherit(const Asm *a, u32 cls)
{
    for (u32 n = 0; n < 1000; n++) {
        u32 base = a->classes.data[cls].base;
        if (MD_TABLE_OF(base) != MDT_TypeDef || !base) return base != 0 || (a->classes.data[cls].flags & TD_INTERFACE);
        cls = MD_RID(base);
    }
    return true;
}

static bool root_base(const Asm *a, u32 cls)
{
    u32 base = a->classes.data[cls].base;
    if (MD_TABLE_OF(base) != MDT_TypeRef || !base) return false;
    const MdImage *m = mdw_image(a->w);
    const char *name = md_typeref_name(m, MD_RID(base));
    return strcmp(md_typeref_namespace(m, MD_RID(base)), "System") == 0 && strcmp(name, "Object") == 0;
}

static const char *class_text(const Asm *a, u32 cls) { return cls > 1 ? ia_s(a, a->classes.data[cls].name)->p : "<Module>"; }

enum { STRANGERS_MAX = 1000 };

static void no_member(Asm *a, u32 cls, u32 name, bool field, u32 tok)
{
    const Sym *s = ia_s(a, name);
    Near n;
    bool there = false;
    const char *what = field ? "field" : "method";
    static const char *const of_object[] = {"Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "ReferenceEquals", "ToString",
        ".ctor"};
    if (cls != 1 && (a->as_def || a->warnings >= IA_ERRORS_MAX || (may_inherit(a, cls) && !root_base(a, cls)))) return;
    for (u32 i = 0; cls != 1 && i < ARRAY_LEN(of_object); i++)
        if (strcmp(s->p, of_object[i]) == 0) return;
    if (cls != 1 && a->strangers++ > STRANGERS_MAX) return; /* what follows looks at all members */
    ia_near_init(&n, s->p, s->len);
    for (u32 i = 1; i < (field ? a->fields.len : a->methods.len); i++) {
        const Member *m = field ? &a->fields.data[i] : &a->methods.data[i].m;
        if (m->cls != cls) continue;
        there |= m->name == name;
        ia_near_sym(a, &n, m->name);
    }
    if (there) n.best = NULL;
    const char *why = there ? " with this signature" : "";
    if (cls == 1) {
        ia_fail(a, tok, "no global %s %s%s%s", what, s->p, why, ia_near_text(a, &n));
        return;
    }
    if (there) return; /* a call site may say more than the declaration */
    ia_warnf(a, a->tok[tok].pos, "no %s %s%s in class %s%s", what, s->p, why, class_text(a, cls), ia_near_text(a, &n));
}

/* The fixed part of a call's signature, without what is behind the sentinel */
static u32 fixed_sig(Asm *a, u32 sig)
{
    const MdImage *m = mdw_image(a->w);
    MdSig s = md_sig_blob(m, sig);
    const u8 *all = s.p;
    u32 size = (u32)(s.end - s.p);
    MdMethodSig h;
    if (!md_sig_method(&s, &h)) return sig;
    md_sig_skip_type(&s);
    for (u32 i = 0; i < h.param_count && !s.bad; i++) {
        if (md_sig_peek(&s) == ET_SENTINEL) {
            Buf b = {0};
            u32 head = 1 + (h.param_count < 0x80 ? 1 : h.param_count < 0x4000 ? 2 : 4), blob;
            buf_u8(&b, all[0]);
            buf_uint(&b, i);
            buf_put(&b, all + head, (size_t)(s.p - all) - head);
            blob = mdw_blob(a->w, b.p, b.len);
            buf_free(&b);
            return blob;
        }
        md_sig_skip_type(&s);
    }
    if (!s.bad && md_sig_peek(&s) == ET_SENTINEL) return mdw_blob(a->w, all, size - 1);
    return sig;
}

u32 ia_named_method(const Asm *a, u32 token)
{
    u32 own = MD_TABLE_OF(token) == MDT_MemberRef && token ? md_MemberRef_Class(mdw_image(a->w), MD_RID(token)) : 0;
    return MD_TABLE_OF(own) == MDT_MethodDef ? own : token;
}

u32 ia_member_ref(Asm *a, u32 owner, u32 name, u32 sig, bool field, u32 tok)
{
    u32 parent = owner ? owner : MD_TOKEN(MDT_TypeDef, 1);
    if (MD_TABLE_OF(parent) == MDT_TypeDef) {
        u32 cls = MD_RID(parent), rid;
        if (cls >= a->classes.len) {
            ia_fail(a, tok, "no such class");
            return 0;
        }
        u32 sz;
        const u8 *p = md_blob(mdw_image(a->w), sig, &sz);
        bool vararg = !field && p && sz && (p[0] & SIG_KIND) == SIG_VARARG;
        if (field) rid = ia_find_field(a, cls, name, sig);
        else rid = ia_find_method(a, cls, name, vararg ? fixed_sig(a, sig) : sig);
        if (rid && !vararg) return MD_TOKEN(field ? MDT_Field : MDT_MethodDef, rid);
        if (rid) parent = MD_TOKEN(MDT_MethodDef, rid);
        else no_member(a, cls, name, field, tok);
        if (a->panic) return 0;
    }
    u32 coded = mdw_coded(MDK_MemberRefParent, parent);
    if (!coded) {
        ia_fail(a, tok, "this cannot have members");
        return 0;
    }
    return MD_TOKEN(MDT_MemberRef, MDW_INTERN(a->w, MemberRef, coded, ia_plain_name(a, name), sig));
}

/* Does a name end in '::' or '/' here: is it an owner? */
static bool owner_follows(const Asm *a)
{
    const Tok *t = ia_tok(a);
    if (t->kind == '[' || t->kind == '!') return true;
    if (t->kind == T_ID && !ia_is_name(a)) return t->kw != K_d_ctor && t->kw != K_d_cctor;
    if (t->kind != T_ID && t->kind != T_SQ) return false;
    if (t->kw == K_RESERVED && a->words.elem[t->val]) return true;
    u32 i = 1;
    while (ia_ahead(a, i)->kind == '.') i += 2;
    u8 k = ia_ahead(a, i)->kind;
    if (k == T_DCOLON || k == '/') return true;
    const Alias *al = ia_alias(a); /* a name for List<int32>, and what it may be followed by */
    return al && al->kind == ALIAS_SPEC && k != '(' && k != '<';
}

/* "Owner::" if there is one; *owner 0 otherwise */
static bool owner_opt(Asm *a, u32 *owner)
{
    *owner = 0;
    if (!owner_follows(a)) return true;
    *owner = ia_typespec(a);
    return *owner && ia_want(a, T_DCOLON, "'::' and the name of a member");
}

u32 ia_method_name(Asm *a)
{
    if (ia_kw(a, K_d_ctor) || ia_kw(a, K_d_cctor)) {
        u32 sym = ia_tok(a)->val;
        ia_next(a);
        return sym;
    }
    if (!ia_is_name(a)) {
        ia_expected(a, "the name of a method");
        return 0;
    }
    return ia_want_name(a);
}

/* "<int32, !T>" or "<[2]>" behind a method's name */
static bool generic_part(Asm *a, u32 *count, u32 *inst)
{
    *count = *inst = 0;
    if (!ia_take(a, '<')) return true;
    if (ia_is(a, '[') && ia_ahead(a, 1)->kind == T_INT && ia_ahead(a, 2)->kind == ']' && ia_ahead(a, 3)->kind == '>') {
        *count = ia_ahead(a, 1)->val;
        a->at += 4;
        return true;
    }
    u32 start = a->sig.len;
    buf_u8(&a->sig, SIG_GENERICINST);
    if (!ia_type_args(a, count)) return false;
    buf_insert_uint(&a->sig, start + 1, *count);
    *inst = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    a->sig.len = start;
    return true;
}

static u32 method_ref(Asm *a, bool as_def, bool maybe_type)
{
    const Tok *t = ia_tok(a);
    if (t->kw == K_mdtoken) return ia_mdtoken(a);
    const Alias *al = ia_alias(a);
    if (al && (al->kind == ALIAS_METHOD || al->kind == ALIAS_FIELD)) {
        ia_next(a);
        return al->token;
    }
    u32 start = a->sig.len, owner, name, count, generic, inst, at;
    u8 conv = ia_callconv(a);
    buf_u8(&a->sig, conv);
    if (!ia_type_in(a, maybe_type)) goto bad;
    if (maybe_type && ia_is(a, '*')) goto bad; /* a pointer to a method, not a method */
    at = a->at;
    if (!owner_opt(a, &owner) || !(name = ia_method_name(a)) || !generic_part(a, &generic, &inst)) goto bad;
    if (!ia_want(a, '(', "'(' and the parameters") || !ia_sig_args(a, false, &count)) goto bad;
    buf_insert_uint(&a->sig, start + 1, count);
    if (generic) {
        a->sig.p[start] |= SIG_GENERIC;
        buf_insert_uint(&a->sig, start + 1, generic);
    }
    u32 sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    a->sig.len = start;
    a->as_def = as_def;
    u32 token = ia_member_ref(a, owner, name, sig, false, at);
    a->as_def = false;
    if (as_def && token && MD_TABLE_OF(token) != MDT_MethodDef) {
        u32 parent = MD_TABLE_OF(token) == MDT_MemberRef ? md_MemberRef_Class(mdw_image(a->w), MD_RID(token)) : 0;
        if (MD_TABLE_OF(parent) == MDT_MethodDef && parent) return parent;
        ia_fail(a, at, "%s must be a method of this module, with this signature", ia_s(a, name)->p);
        return 0;
    }
    if (token && inst) token = MD_TOKEN(MDT_MethodSpec, MDW_INTERN(a->w, MethodSpec, mdw_coded(MDK_MethodDefOrRef, token), inst));
    return token;
bad:
    a->sig.len = start;
    return 0;
}

u32 ia_method_ref(Asm *a, bool as_def) { return method_ref(a, as_def, false); }

u32 ia_field_ref(Asm *a)
{
    if (ia_kw(a, K_mdtoken)) return ia_mdtoken(a);
    const Alias *al = ia_alias(a);
    if (al && (al->kind == ALIAS_FIELD || al->kind == ALIAS_METHOD)) {
        ia_next(a);
        return al->token;
    }
    u32 start = a->sig.len, owner, name, at;
    buf_u8(&a->sig, SIG_FIELD);
    if (!ia_type(a)) goto bad;
    at = a->at;
    if (!owner_opt(a, &owner)) goto bad;
    if (!ia_is_name(a)) {
        ia_expected(a, "the name of a field");
        goto bad;
    }
    name = ia_want_name(a);
    u32 sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    a->sig.len = start;
    return ia_member_ref(a, owner, name, sig, true, at);
bad:
    a->sig.len = start;
    return 0;
}

u32 ia_owner_ref(Asm *a)
{
    u32 at = a->at;
    if (ia_take_kw(a, K_field)) return ia_field_ref(a);
    if (ia_kw(a, K_method)) {
        ia_next(a);
        u32 token = method_ref(a, false, true);
        if (token || a->panic || !ia_is(a, '*')) return token;
        a->at = at;
    }
    const Alias *al = ia_alias(a);
    if (al && (al->kind == ALIAS_METHOD || al->kind == ALIAS_FIELD)) {
        ia_next(a);
        return al->token;
    }
    return ia_typespec(a);
}

/* --- names for attributes --- */

static void put_type_text(Asm *a, Buf *b, u32 token)
{
    const MdImage *m = mdw_image(a->w);
    u32 rid = MD_RID(token);
    bool def = MD_TABLE_OF(token) == MDT_TypeDef;
    u32 encl = def && rid < a->classes.len ? a->classes.data[rid].encl : 0, up = encl ? MD_TOKEN(MDT_TypeDef, encl) : 0;
    if (!def) up = md_TypeRef_ResolutionScope(m, rid);
    if (def ? up != 0 : MD_TABLE_OF(up) == MDT_TypeRef && up) {
        put_type_text(a, b, up);
        buf_u8(b, '+');
    }
    const char *ns = def ? md_typedef_namespace(m, rid) : md_typeref_namespace(m, rid);
    const char *name = def ? md_typedef_name(m, rid) : md_typeref_name(m, rid);
    buf_put(b, ns, strlen(ns));
    if (*ns) buf_u8(b, '.');
    buf_put(b, name, strlen(name));
}

char *ia_class_text(Asm *a, u32 token)
{
    const MdImage *m = mdw_image(a->w);
    Buf b = {0};
    u32 scope = token;
    put_type_text(a, &b, token);
    for (u32 n = 0; MD_TABLE_OF(scope) == MDT_TypeRef && n < 300; n++) scope = md_TypeRef_ResolutionScope(m, MD_RID(scope));
    if (MD_TABLE_OF(scope) == MDT_AssemblyRef && scope) {
        u32 r = MD_RID(scope), n;
        const u8 *pk = md_blob(m, md_AssemblyRef_PublicKeyOrToken(m, r), &n);
        const char *culture = md_str(m, md_AssemblyRef_Culture(m, r));
        char *s = arena_printf(&a->arena, ", %s, Version=%u.%u.%u.%u, Culture=%s, PublicKeyToken=", md_assemblyref_name(m, r),
            md_AssemblyRef_MajorVersion(m, r), md_AssemblyRef_MinorVersion(m, r), md_AssemblyRef_BuildNumber(m, r),
            md_AssemblyRef_RevisionNumber(m, r), *culture ? culture : "neutral");
        buf_put(&b, s, strlen(s));
        for (u32 i = 0; pk && i < n && n == 8; i++) {
            buf_u8(&b, (u8)"0123456789abcdef"[pk[i] >> 4]);
            buf_u8(&b, (u8)"0123456789abcdef"[pk[i] & 15]);
        }
        if (!pk || n != 8) buf_put(&b, "null", 4);
    }
    char *text = arena_strndup(&a->arena, (const char *)b.p, b.len);
    buf_free(&b);
    return text;
}
