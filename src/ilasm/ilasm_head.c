/* ilasm_head.c: rows of classes and members, in the order of classes: their heads are read here, bodies and attributes later.
 * Order: manifest; TypeDef; names of generic parameters; .typedef of types; base types, interfaces, constraints; members; .typedef of
 * members.  Each step may refer to all that was made by the ones before. */
#include "ilasm/ilasm_int.h"

/* --- generic parameters --- */

enum { GENERIC_MAX = 1 << 17 }; /* more than their numbers have bits for, which the known assembler does not mind */

static void skip_parens(Asm *a)
{
    u32 depth = 0;
    do {
        const Tok *t = ia_tok(a);
        if (t->kind == '(') depth++;
        else if (t->kind == ')') depth--;
        else if (t->kind == T_EOF || t->kind == '{' || t->kind == '}') return;
        ia_next(a);
    } while (depth);
}

/* "<+ (bounds) T, U>": names and flags; bounds are read later, by ia_bounds. */
bool ia_typars(Asm *a, u32 *first, u32 *count)
{
    *first = a->gparams.len;
    *count = 0;
    if (!ia_want(a, '<', "'<'")) return false;
    do {
        GParam g = {0};
        for (;;) {
            if (ia_take(a, '+')) g.flags |= GP_COVARIANT;
            else if (ia_take(a, '-')) g.flags |= GP_CONTRAVARIANT;
            else if (ia_take_kw(a, K_class)) g.flags |= GP_CLASS;
            else if (ia_take_kw(a, K_valuetype)) g.flags |= GP_STRUCT;
            else if (ia_take_kw(a, K_d_ctor)) g.flags |= GP_NEW;
            else if (!ia_take_flag(a, FG_GPARAM, &g.flags)) break;
        }
        if (ia_is(a, '(')) {
            g.bounds = a->at;
            skip_parens(a);
        }
        u32 at = a->at, same;
        if (!ia_is_name(a)) return ia_expected(a, "the name of a generic parameter");
        g.name = ia_want_name(a);
        if (ia_find_gparam(a, *first, *count, g.name, &same) && ia_s(a, g.name)->len)
            ia_warnf(a, a->tok[at].pos, "two generic parameters are named %s", ia_s(a, g.name)->p);
        if (*count == GENERIC_MAX) return ia_fail(a, at, "too many generic parameters");
        vec_push(&a->gparams, g);
        ++*count;
    } while (ia_take(a, ','));
    return ia_want(a, '>', "',' or '>'");
}

void ia_generic_rows(Asm *a, u32 first, u32 count, u32 owner)
{
    for (u32 i = 0; i < count; i++) {
        GParam *g = &a->gparams.data[first + i];
        g->rid = MDW_ADD(a->w, GenericParam, (u16)i, g->flags, mdw_coded(MDK_TypeOrMethodDef, owner), ia_str(a, g->name));
    }
}

void ia_bounds(Asm *a, u32 first, u32 count)
{
    u32 back = a->at;
    for (u32 i = 0; i < count; i++) {
        u32 token;
        if (!a->gparams.data[first + i].bounds) continue;
        a->at = a->gparams.data[first + i].bounds;
        ia_next(a);
        if (ia_take(a, ')')) continue;
        do {
            if (!(token = ia_typespec(a))) break;
            MDW_ADD(a->w, GenericParamConstraint, a->gparams.data[first + i].rid, mdw_coded(MDK_TypeDefOrRef, token));
        } while (ia_take(a, ','));
        if (!a->panic) ia_want(a, ')', "',' or ')'");
        a->panic = false;
    }
    a->at = back;
}

/* --- classes --- */

static void typedef_rows(Asm *a)
{
    for (u32 i = 1; i < a->classes.len; i++) {
        Cls *c = &a->classes.data[i];
        const Sym *s = ia_s(a, c->name);
        u32 ns_len, name_at;
        ia_split(s, &ns_len, &name_at);
        if (i == 1) name_at = ns_len = 0;
        u32 rid = MDW_ADD(a->w, TypeDef, c->flags, mdw_string_n(a->w, s->p + name_at, s->len - name_at), mdw_string_n(a->w, s->p, ns_len), 0, 0, 0);
        CHECK(rid == i || !rid);
        if (c->encl) MDW_ADD(a->w, NestedClass, i, c->encl);
    }
}

static void class_typars(Asm *a)
{
    for (u32 i = 2; i < a->classes.len; i++) {
        u32 first, count;
        if (!a->classes.data[i].typars) continue;
        a->at = a->classes.data[i].typars;
        ia_typars(a, &first, &count);
        a->panic = false;
        a->classes.data[i].gp_first = first;
        a->classes.data[i].gp_count = count;
    }
}

static u32 default_base(Asm *a, const Cls *c)
{
    const Sym *s = ia_s(a, c->name);
    if (c->is_enum) return ia_core_class(a, "System.Enum");
    if (c->is_value) return ia_core_class(a, "System.ValueType");
    if ((c->flags & TD_INTERFACE) || a->opt.no_auto_inherit || (!c->encl && strcmp(s->p, "System.Object") == 0)) return 0;
    return ia_core_class(a, "System.Object");
}

static void class_bases(Asm *a, u32 i)
{
    u32 token, base = 0;
    a->at = a->classes.data[i].extends;
    a->cls = i;
    if (ia_take_kw(a, K_extends)) {
        u32 at = a->at;
        base = ia_typespec(a);
        if (base && !mdw_coded(MDK_TypeDefOrRef, base)) ia_fail(a, at, "this is no type"), base = 0;
    } else {
        base = default_base(a, &a->classes.data[i]);
    }
    a->classes.data[i].base = base;
    mdw_set(a->w, MDT_TypeDef, i, MDC_TypeDef_Extends, mdw_coded(MDK_TypeDefOrRef, base));
    if (!a->panic && ia_take_kw(a, K_implements)) {
        do {
            u32 at = a->at;
            if (!(token = ia_typespec(a))) break;
            u32 coded = mdw_coded(MDK_TypeDefOrRef, token);
            if (!coded) {
                ia_fail(a, at, "this is no type");
                break;
            }
            MDW_ADD(a->w, InterfaceImpl, i, coded);
        } while (ia_take(a, ','));
    }
    if (!a->panic && !ia_is(a, '{')) ia_expected(a, "'implements', ',' or '{'");
    a->panic = false;
    ia_generic_rows(a, a->classes.data[i].gp_first, a->classes.data[i].gp_count, MD_TOKEN(MDT_TypeDef, i));
    ia_bounds(a, a->classes.data[i].gp_first, a->classes.data[i].gp_count);
}

/* --- fields --- */

static void add_marshal(Asm *a, u32 parent, u32 blob)
{
    MDW_ADD(a->w, FieldMarshal, mdw_coded(MDK_HasFieldMarshal, parent), blob);
}

/* "= value" if there is one */
bool ia_init_opt(Asm *a, u32 parent)
{
    Buf value = {0};
    u8 type = 0;
    if (!ia_take(a, '=')) return false;
    if (ia_field_init(a, &type, &value)) {
        u32 blob = mdw_blob(a->w, value.p, value.len);
        MDW_PUT(a->w, Constant, type, mdw_coded(MDK_HasConstant, parent), blob);
    }
    buf_free(&value);
    return !a->panic;
}

static void link_member(Asm *a, Map64 *index, bool field, u32 rid)
{
    Member *m = field ? &a->fields.data[rid] : &a->methods.data[rid].m;
    u64 k = ia_member_key(m->cls, m->name, m->sig), first = 0;
    map64_get(index, k, &first);
    m->next = (u32)first;
    map64_put(index, k, rid);
}

static void head_field(Asm *a, Item *it)
{
    u32 flags = 0, offset = 0, marshal = 0, start = a->sig.len, at, name;
    bool has_offset = false, has_marshal = false;
    ia_next(a);
    if (ia_is(a, '[')) {
        ia_next(a);
        has_offset = true;
        if (!ia_want_int32(a, &offset) || !ia_want(a, ']', "']'")) return;
    }
    for (;;) {
        if (ia_take_kw(a, K_marshal)) {
            if (!ia_marshal(a, &marshal)) return;
            has_marshal = true;
        } else if (!ia_take_flag(a, FG_FIELD, &flags)) {
            break;
        }
    }
    if (a->panic) return;
    buf_u8(&a->sig, SIG_FIELD);
    if (!ia_type(a)) return;
    at = a->at;
    if (!ia_is_name(a)) {
        ia_expected(a, "the name of the field");
        return;
    }
    name = ia_want_name(a);
    u32 sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    if (ia_find_field(a, it->cls, name, sig)) {
        ia_fail(a, at, "a second field %s of this type in class %s", ia_s(a, name)->p, ia_s(a, a->classes.data[it->cls].name)->p);
        return;
    }
    u32 plain = ia_plain_name(a, name);
    u32 rid = mdw_field(a->w, it->cls, flags | (has_marshal ? FD_HAS_MARSHAL : 0), md_str(mdw_image(a->w), plain), sig);
    if (!rid) {
        ia_fail(a, at, "too many fields");
        return;
    }
    it->ref = rid;
    vec_push(&a->fields, ((Member){.cls = it->cls, .name = name, .sig = sig, .head = it->tok}));
    link_member(a, &a->field_index, true, rid);
    if (has_offset && offset != 0xFFFFFFFFu) MDW_ADD(a->w, FieldLayout, offset, rid);
    if (has_marshal) add_marshal(a, MD_TOKEN(MDT_Field, rid), marshal);
    if (ia_take_kw(a, K_at)) {
        if (!ia_is_name(a)) {
            ia_expected(a, "the label of data");
            return;
        }
        vec_push(&a->field_data, ((FieldData){.field = rid, .label = ia_tok(a)->val, .tok = a->at}));
        ia_next(a);
        flags |= FD_HAS_RVA;
        mdw_set(a->w, MDT_Field, rid, MDC_Field_Flags, flags | (has_marshal ? FD_HAS_MARSHAL : 0));
    }
    if (ia_init_opt(a, MD_TOKEN(MDT_Field, rid)))
        mdw_set(a->w, MDT_Field, rid, MDC_Field_Flags, flags | FD_HAS_DEFAULT | (has_marshal ? FD_HAS_MARSHAL : 0));
    it->end = a->at;
}

/* --- methods --- */

typedef struct Pinvoke {
    u32 module, name, flags;
    bool there;
} Pinvoke;

static bool pinvoke(Asm *a, Pinvoke *p)
{
    ia_next(a);
    if (!ia_want(a, '(', "'('")) return false;
    if (ia_is(a, T_STR)) {
        if (!ia_want_text(a)) return false;
        p->module = ia_tmp_sym(a);
        p->there = true;
        if (ia_take_kw(a, K_as)) {
            if (!ia_want_text(a)) return false;
            p->name = ia_tmp_sym(a);
        }
    }
    for (;;) {
        u32 kw = ia_tok(a)->kw;
        if (kw == K_bestfit || kw == K_charmaperror) {
            bool on = ia_ahead(a, 2)->kw == K_on;
            a->at++;
            if (!ia_want(a, ':', "':'")) return false;
            if (!ia_take_kw(a, K_on) && !ia_take_kw(a, K_off)) return ia_expected(a, "on or off");
            p->flags |= kw == K_bestfit ? (on ? 0x10u : 0x20u) : (on ? 0x1000u : 0x2000u);
        } else if (!ia_take_flag(a, FG_PINVOKE, &p->flags)) {
            break;
        }
    }
    return ia_want(a, ')', "a flag of pinvokeimpl or ')'");
}

u32 ia_module_ref(Asm *a, u32 name)
{
    u64 token = 0;
    if (map64_get(&a->module_index, name, &token)) return (u32)token;
    token = MD_TOKEN(MDT_ModuleRef, MDW_ADD(a->w, ModuleRef, ia_str(a, name)));
    map64_put(&a->module_index, name, token);
    return (u32)token;
}

/* The generic parameters of a method stand behind its return type, which may name them: "name<T>(" is looked for ahead. */
static u32 find_typars(const Asm *a)
{
    u32 depth = 0, angle = 0;
    for (u32 i = a->at; i < a->tok_count; i++) {
        const Tok *t = &a->tok[i];
        switch (t->kind) {
        case T_EOF: case '{': case '}': return 0;
        case '<': angle++; break;
        case '>': angle -= angle > 0; break;
        case ')': depth -= depth > 0; break;
        case '(':
            if (depth++ || i == a->at || angle) break;
            if (t[-1].kind == '>') {
                u32 nest = 0;
                for (u32 k = i - 1; k > a->at; k--) {
                    if (a->tok[k].kind == '>') nest++;
                    if (a->tok[k].kind == '<' && --nest == 0) return k;
                }
                return 0;
            }
            if (t[-1].kind == T_SQ || (t[-1].kind == T_ID && (t[-1].kw == K_NONE || t[-1].kw == K_RESERVED))) return 0;
            if (t[-1].kw == K_d_ctor || t[-1].kw == K_d_cctor) return 0;
            break;
        case T_ID:
            if (ia_is_decl(t->kw) && t->kw != K_d_module) return 0;
            break;
        default: break;
        }
    }
    return 0;
}

/* Rows for parameters: those that have a name, flags or marshalling, or a .param in the body; in the order of their numbers. */
static void param_rows(Asm *a, Method *m, u32 rid, u32 close)
{
    u32 lo = 0, hi = a->param_toks.len, base = m->param_first;
    while (lo < hi) {
        u32 mid = (lo + hi) / 2;
        if (a->param_toks.data[mid] < m->open) lo = mid + 1;
        else hi = mid;
    }
    bool ret = m->ret.flags || m->ret.has_marshal;
    for (; lo < a->param_toks.len && a->param_toks.data[lo] < close; lo++) {
        const Tok *t = &a->tok[a->param_toks.data[lo]];
        if (t[1].kind != '[' || t[2].kind != T_INT) continue;
        if (t[2].val == 0) ret = true;
        else if (t[2].val <= m->param_count) a->params.data[base + t[2].val - 1].tok = 0; /* wants a row */
    }
    if (ret) {
        u32 p = mdw_param(a->w, rid, m->ret.flags | (m->ret.has_marshal ? PD_HAS_MARSHAL : 0), 0, "");
        if (m->ret.has_marshal) add_marshal(a, MD_TOKEN(MDT_Param, p), m->ret.marshal);
    }
    for (u32 i = 0; i < m->param_count; i++) {
        const ParamInfo *p = &a->params.data[base + i];
        if (!p->name && !p->flags && !p->has_marshal && p->tok) continue;
        u32 row = mdw_param(a->w, rid, p->flags | (p->has_marshal ? PD_HAS_MARSHAL : 0), i + 1, p->name ? ia_s(a, p->name)->p : "");
        if (p->has_marshal) add_marshal(a, MD_TOKEN(MDT_Param, row), p->marshal);
    }
}

static void method_flags(Asm *a, Method *m, u32 at)
{
    const Sym *s = ia_s(a, m->m.name);
    if (strcmp(s->p, ".ctor") == 0 || strcmp(s->p, ".cctor") == 0) m->flags |= MD_SPECIAL_NAME | MD_RT_SPECIAL_NAME;
    if (m->m.cls == 1 && !(m->flags & MD_STATIC)) {
        ia_warnf(a, a->tok[at].pos, "a global method is static");
        m->flags |= MD_STATIC;
    }
    if (m->flags & MD_STATIC) {
        if (m->conv & SIG_HAS_THIS) ia_warnf(a, a->tok[at].pos, "a static method is not 'instance'");
        m->conv &= (u8)~(SIG_HAS_THIS | SIG_EXPLICIT_THIS);
    } else if (!(m->conv & SIG_HAS_THIS)) {
        m->conv |= SIG_HAS_THIS;
    }
}

static bool method_attrs(Asm *a, Method *m, Pinvoke *p)
{
    for (;;) {
        if (ia_kw(a, K_pinvokeimpl)) {
            if (!pinvoke(a, p)) return false;
            m->flags |= MD_PINVOKE_IMPL;
        } else if (!ia_take_flag(a, FG_METHOD, &m->flags)) {
            return !a->panic;
        }
    }
}

static bool method_signature(Asm *a, Method *m, u32 typars, u32 *at)
{
    u32 start = a->sig.len, count;
    m->conv = ia_callconv(a);
    buf_u8(&a->sig, m->conv);
    if (!ia_param_attr(a, &m->ret.flags) || !ia_type(a)) return false;
    if (ia_take_kw(a, K_marshal)) {
        if (!ia_marshal(a, &m->ret.marshal)) return false;
        m->ret.has_marshal = true;
    }
    *at = a->at;
    if (!(m->m.name = ia_method_name(a))) return false;
    if (ia_is(a, '<')) {
        if (a->at != typars) return ia_expected(a, "'(' and the parameters");
        u32 nest = 0;
        do {
            nest += ia_is(a, '<');
            nest -= ia_is(a, '>');
            ia_next(a);
        } while (nest);
    }
    if (!ia_want(a, '(', "'(' and the parameters")) return false;
    m->param_first = a->params.len;
    if (!ia_sig_args(a, true, &count)) return false;
    m->param_count = count;
    method_flags(a, m, *at);
    buf_insert_uint(&a->sig, start + 1, count);
    a->sig.p[start] = m->conv | (m->gp_count ? SIG_GENERIC : 0);
    if (m->gp_count) buf_insert_uint(&a->sig, start + 1, m->gp_count);
    m->m.sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    return true;
}

static void impl_attrs(Asm *a, Method *m)
{
    for (;;) {
        if (ia_take_kw(a, K_native)) m->impl = (m->impl & ~3u) | MI_NATIVE;
        else if (ia_take_kw(a, K_cil)) m->impl &= ~3u;
        else if (ia_take_kw(a, K_unmanaged)) m->impl |= MI_UNMANAGED;
        else if (!ia_take_flag(a, FG_IMPL, &m->impl)) return;
    }
}

static void add_method(Asm *a, Item *it, Method *m, const Pinvoke *p, u32 at)
{
    const Cls *c = &a->classes.data[it->cls];
    if ((m->flags & MD_ABSTRACT) && !(c->flags & (TD_ABSTRACT | TD_INTERFACE)))
        ia_warnf(a, a->tok[at].pos, "the method %s is abstract, the class %s is not", ia_s(a, m->m.name)->p, ia_s(a, c->name)->p);
    u32 plain = ia_plain_name(a, m->m.name);
    u32 rid = mdw_method(a->w, it->cls, 0, m->impl, m->flags, md_str(mdw_image(a->w), plain), m->m.sig);
    if (!rid) {
        ia_fail(a, at, "too many methods");
        return;
    }
    it->ref = rid;
    vec_push(&a->methods, *m);
    link_member(a, &a->method_index, false, rid);
    ia_generic_rows(a, m->gp_first, m->gp_count, MD_TOKEN(MDT_MethodDef, rid));
    ia_bounds(a, m->gp_first, m->gp_count);
    param_rows(a, m, rid, a->tok[m->open].val);
    if (p->there)
        MDW_ADD(a->w, ImplMap, p->flags, mdw_coded(MDK_MemberForwarded, MD_TOKEN(MDT_MethodDef, rid)), p->name ? ia_str(a, p->name) : plain,
            MD_RID(ia_module_ref(a, p->module)));
}

static void head_method(Asm *a, Item *it)
{
    Method m = {.m = {.cls = it->cls, .head = it->tok}};
    Pinvoke p = {0};
    u32 typars, at;
    ia_next(a);
    if (!method_attrs(a, &m, &p)) return;
    if ((typars = find_typars(a)) != 0) {
        u32 back = a->at;
        a->at = typars;
        if (!ia_typars(a, &m.gp_first, &m.gp_count)) return;
        a->at = back;
    }
    a->gp_method_first = m.gp_first;
    a->gp_method_count = m.gp_count;
    if (!method_signature(a, &m, typars, &at)) return;
    impl_attrs(a, &m);
    if (a->panic) return;
    if (!ia_is(a, '{')) {
        ia_expected(a, "an implementation flag (cil, managed, …) or '{'");
        return;
    }
    m.open = a->at;
    if (ia_find_method(a, it->cls, m.m.name, m.m.sig)) {
        ia_fail(a, at, "a second method %s with this signature in class %s", ia_s(a, m.m.name)->p, ia_s(a, a->classes.data[it->cls].name)->p);
        return;
    }
    it->end = a->at;
    add_method(a, it, &m, &p, at);
}

/* --- properties and events --- */

static u32 special_flags(Asm *a)
{
    u32 flags = 0;
    for (;;) {
        if (ia_take_kw(a, K_specialname)) flags |= 0x200;
        else if (ia_take_kw(a, K_rtspecialname)) flags |= 0x400;
        else return flags;
    }
}

static void head_property(Asm *a, Item *it)
{
    u32 start = a->sig.len, count, name, at;
    ia_next(a);
    u32 flags = special_flags(a);
    buf_u8(&a->sig, ia_callconv(a) | SIG_PROPERTY);
    if (!ia_type(a)) return;
    at = a->at;
    if (!(name = ia_want_name(a))) return;
    if (!ia_want(a, '(', "'(' and the parameters") || !ia_sig_args(a, false, &count)) return;
    buf_insert_uint(&a->sig, start + 1, count);
    u32 sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    u32 rid = mdw_property(a->w, it->cls, flags, ia_s(a, name)->p, sig);
    if (!rid) {
        ia_fail(a, at, "too many properties");
        return;
    }
    it->ref = rid;
    if (ia_init_opt(a, MD_TOKEN(MDT_Property, rid))) mdw_set(a->w, MDT_Property, rid, MDC_Property_Flags, flags | 0x1000);
    it->end = a->panic ? 0 : a->at;
}

static void head_event(Asm *a, Item *it)
{
    u32 type = 0, name, at, n = 1;
    ia_next(a);
    u32 flags = special_flags(a);
    while (ia_ahead(a, n)->kind == '.') n += 2;
    if (!(ia_is_name(a) && ia_ahead(a, n)->kind == '{') && !(type = ia_typespec(a))) return;
    at = a->at;
    if (!(name = ia_want_name(a))) return;
    u32 rid = mdw_event(a->w, it->cls, flags, ia_s(a, name)->p, type);
    if (!rid) {
        ia_fail(a, at, "too many events");
        return;
    }
    it->ref = rid;
    it->end = a->at;
}

/* --- all of them --- */

static void head(Asm *a, Item *it)
{
    a->at = it->tok;
    a->cls = it->cls;
    a->gp_method_count = 0;
    a->depth = 0;
    u32 sig = a->sig.len;
    switch (it->kw) {
    case K_d_field: head_field(a, it); break;
    case K_d_method: head_method(a, it); break;
    case K_d_property: head_property(a, it); break;
    case K_d_event: head_event(a, it); break;
    default: break;
    }
    a->sig.len = sig;
    a->gp_method_count = 0;
    a->panic = false;
}

/* Items in the order of their classes */
static void member_heads(Asm *a)
{
    u32 n = a->classes.len, *start = base_calloc((size_t)n + 2, sizeof(u32)), *order = base_malloc(sizeof(u32) * ((size_t)a->items.len + 1));
    for (u32 i = 0; i < a->items.len; i++) start[a->items.data[i].cls + 1]++;
    for (u32 i = 0; i <= n; i++) start[i + 1] += start[i];
    for (u32 i = 0; i < a->items.len; i++) order[start[a->items.data[i].cls]++] = i;
    for (u32 i = 0; i < a->items.len && a->errors < IA_ERRORS_MAX; i++) head(a, &a->items.data[order[i]]);
    base_free(start);
    base_free(order);
}

static void aliases(Asm *a, bool members)
{
    for (u32 i = 0; i < a->items.len; i++) {
        if (a->items.data[i].kw != K_d_typedef) continue;
        a->at = a->items.data[i].tok;
        a->cls = a->items.data[i].cls;
        u32 before = a->aliases.len;
        ia_typedef(a, members);
        if (a->aliases.len > before) a->items.data[i].end = a->at;
        a->panic = false;
    }
}

void ia_heads(Asm *a)
{
    for (u32 i = 0; i < a->items.len; i++) {
        a->at = a->items.data[i].tok;
        a->cls = 0;
        ia_manifest_first(a, &a->items.data[i]);
        a->panic = false;
    }
    typedef_rows(a);
    class_typars(a);
    aliases(a, false);
    if (a->classes.data[1].extends && a->tok[a->classes.data[1].extends].kw == K_extends) class_bases(a, 1); /* .class '<Module>': F# */
    for (u32 i = 2; i < a->classes.len && a->errors < IA_ERRORS_MAX; i++) class_bases(a, i);
    a->fields.len = a->methods.len = 0;
    vec_push(&a->fields, ((Member){0}));
    vec_push(&a->methods, ((Method){0}));
    member_heads(a);
    aliases(a, true);
}
