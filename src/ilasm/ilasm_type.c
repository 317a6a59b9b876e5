/* ilasm_type.c: types and signatures.  A type's text is its base and then what is made of it, its bytes the other way round: what
 * comes later is inserted before.  a->sig is a stack: a type inside a token (modreq, owner of a member) is built behind the signature
 * under way and taken away as a TypeSpec. */
#include "ilasm/ilasm_int.h"

enum { DEPTH_MAX = 150 };

bool ia_find_gparam(const Asm *a, u32 first, u32 count, u32 name, u32 *index)
{
    for (u32 i = 0; i < count; i++)
        if (a->gparams.data[first + i].name == name) {
            *index = i;
            return true;
        }
    return false;
}

static bool type_var(Asm *a)
{
    bool method = false;
    u32 n = 0;
    ia_next(a);
    if (ia_take(a, '!')) method = true;
    if (ia_is(a, T_INT)) {
        n = ia_tok(a)->val;
        ia_next(a);
    } else if (ia_is_name(a)) {
        u32 at = a->at, name = ia_want_name(a);
        const Cls *c = a->cls ? &a->classes.data[a->cls] : NULL;
        u32 first = method ? a->gp_method_first : c ? c->gp_first : 0, count = method ? a->gp_method_count : c ? c->gp_count : 0;
        if (!ia_find_gparam(a, first, count, name, &n)) {
            Near near;
            ia_near_init(&near, ia_s(a, name)->p, ia_s(a, name)->len);
            for (u32 i = 0; i < count; i++) ia_near_sym(a, &near, a->gparams.data[first + i].name);
            return ia_fail(a, at, "the %s has no generic parameter %s%s", method ? "method" : "class", ia_s(a, name)->p, ia_near_text(a, &near));
        }
    } else {
        return ia_expected(a, "a generic parameter: its name or number");
    }
    buf_u8(&a->sig, method ? ET_MVAR : ET_VAR);
    buf_uint(&a->sig, n);
    return true;
}

static void put_token(Asm *a, u32 token)
{
    buf_uint(&a->sig, mdw_coded(MDK_TypeDefOrRef, token));
}

/* "class X" and "valuetype X"; the two classes that have a word of their own become it. */
static bool type_class(Asm *a, u8 elem)
{
    u32 at = a->at, token = ia_class_name(a);
    if (!token) return false;
    u32 table = MD_TABLE_OF(token);
    if (table != MDT_TypeDef && table != MDT_TypeRef && table != MDT_TypeSpec) return ia_fail(a, at, "this is no class");
    if (elem == ET_CLASS && table == MDT_TypeRef && ia_is_core_ref(a, md_TypeRef_ResolutionScope(mdw_image(a->w), MD_RID(token)))) {
        const MdImage *m = mdw_image(a->w);
        const char *name = md_typeref_name(m, MD_RID(token));
        if ((name[0] == 'O' || name[0] == 'S') && strcmp(md_typeref_namespace(m, MD_RID(token)), "System") == 0) {
            u8 e = strcmp(name, "Object") == 0 ? ET_OBJECT : strcmp(name, "String") == 0 ? ET_STRING : 0;
            if (e) {
                buf_u8(&a->sig, e);
                return true;
            }
        }
    }
    buf_u8(&a->sig, elem);
    put_token(a, token);
    return true;
}

static bool type_pointer_to_method(Asm *a)
{
    u32 n;
    buf_u8(&a->sig, ET_FNPTR);
    buf_u8(&a->sig, ia_callconv(a));
    u32 at = a->sig.len;
    if (!ia_type_in(a, true)) return false;
    if (!ia_want(a, '*', "'*' and the parameters") || !ia_want(a, '(', "'('") || !ia_sig_args(a, false, &n)) return false;
    buf_insert_uint(&a->sig, at, n);
    return true;
}

static bool type_native(Asm *a)
{
    bool is_unsigned = ia_take_kw(a, K_unsigned);
    if (ia_take_kw(a, K_int)) buf_u8(&a->sig, is_unsigned ? ET_U : ET_I);
    else if (!is_unsigned && ia_take_kw(a, K_uint)) buf_u8(&a->sig, ET_U);
    else return ia_expected(a, "int, uint or unsigned int after 'native'");
    return true;
}

static bool type_unsigned(Asm *a)
{
    u8 e = ia_kw(a, K_int8) ? ET_U1 : ia_kw(a, K_int16) ? ET_U2 : ia_kw(a, K_int32) ? ET_U4 : ia_kw(a, K_int64) ? ET_U8 : ia_kw(a, K_int) ? ET_U : 0;
    if (!e) return ia_expected(a, "int8, int16, int32 or int64 after 'unsigned'");
    ia_next(a);
    buf_u8(&a->sig, e);
    return true;
}

static bool type_base(Asm *a)
{
    const Tok *t = ia_tok(a);
    if (t->kind == T_ID && t->val < a->sym_words) {
        switch (t->kw) {
        case K_class: ia_next(a); return type_class(a, ET_CLASS);
        case K_valuetype: ia_next(a); return type_class(a, ET_VALUETYPE);
        case K_value: ia_next(a); return ia_want_kw(a, K_class, "'class' after 'value'") && type_class(a, ET_VALUETYPE);
        case K_method: ia_next(a); return type_pointer_to_method(a);
        case K_native: ia_next(a); return type_native(a);
        case K_unsigned: ia_next(a); return type_unsigned(a);
        case K_int: case K_uint: break;
        default:
            if (!a->words.elem[t->val]) break;
            buf_u8(&a->sig, a->words.elem[t->val]);
            ia_next(a);
            return true;
        }
    }
    if (t->kind == '!') return type_var(a);
    if (t->kind == T_ELLIPSIS) {
        ia_next(a);
        buf_u8(&a->sig, ET_SENTINEL);
        return ia_type_in(a, false);
    }
    const Alias *al = ia_alias(a);
    if (al && al->kind == ALIAS_SPEC) {
        ia_next(a);
        buf_put(&a->sig, al->sig, al->sig_len);
        return true;
    }
    if (al) return ia_expected(a, "a type; this name stands for something else");
    return ia_expected(a, ia_is_name(a) || ia_is(a, '[') ? "a type ('class' or 'valuetype' before its name)" : "a type");
}

/* "[1...5,,3]", '[' taken: the shape behind the element type */
static bool type_bounds(Asm *a, u32 start)
{
    u32 sizes[256], rank = 0, with_size = 0, with_low = 0;
    i32 lows[256];
    do {
        i64 low = 0, high = -1;
        bool has_low = false, has_size = false;
        if (rank == 255) return ia_fail(a, a->at, "an array has at most 255 dimensions");
        if (ia_is(a, T_INT) || ia_is(a, T_NINT)) {
            low = ia_int_of(a, ia_tok(a));
            ia_next(a);
            has_low = true;
            if (!ia_take(a, T_ELLIPSIS)) {
                high = low - 1;
                low = 0;
                has_size = true;
            } else if (ia_is(a, T_INT) || ia_is(a, T_NINT)) {
                high = ia_int_of(a, ia_tok(a));
                ia_next(a);
                has_size = true;
            }
        } else {
            ia_take(a, T_ELLIPSIS);
        }
        if (!has_size) high = low - 1;
        if (low != (i32)low || high - low + 1 < 0 || high - low + 1 > 0x1FFFFFFF || low < -0x10000000 || low >= 0x10000000)
            return ia_fail(a, a->at - 1, "these bounds do not fit a signature");
        sizes[rank] = has_size ? (u32)(high - low + 1) : 0;
        lows[rank] = (i32)low;
        rank++;
        if (has_size) with_size = rank;
        if (has_low) with_low = rank;
    } while (ia_take(a, ','));
    if (!ia_want(a, ']', "']'")) return false;
    buf_insert(&a->sig, start, &(u8){ET_ARRAY}, 1);
    buf_uint(&a->sig, rank);
    buf_uint(&a->sig, with_size);
    for (u32 i = 0; i < with_size; i++) buf_uint(&a->sig, sizes[i]);
    buf_uint(&a->sig, with_low);
    for (u32 i = 0; i < with_low; i++) buf_int(&a->sig, lows[i]);
    return true;
}

static bool type_modifier(Asm *a, u32 start, u8 elem)
{
    u32 token;
    u8 head[5] = {elem};
    ia_next(a);
    if (!ia_want(a, '(', "'(' and a type") || !(token = ia_typespec(a)) || !ia_want(a, ')', "')'")) return false;
    Buf b = {0};
    buf_uint(&b, mdw_coded(MDK_TypeDefOrRef, token));
    u32 n = b.len;
    memcpy(head + 1, b.p, MIN(n, 4u));
    buf_free(&b);
    buf_insert(&a->sig, start, head, n + 1);
    return true;
}

bool ia_type_args(Asm *a, u32 *count)
{
    *count = 0;
    if (ia_take(a, '>')) return true;
    do {
        if (!ia_type(a)) return false;
        ++*count;
    } while (ia_take(a, ','));
    return ia_want(a, '>', "',' or '>'");
}

static bool bracket_is_array(const Asm *a)
{
    u8 k = ia_ahead(a, 1)->kind;
    return k == ']' || k == ',' || k == T_INT || k == T_NINT || k == T_ELLIPSIS;
}

bool ia_type_in(Asm *a, bool before_star)
{
    u32 start = a->sig.len, n;
    if (a->depth >= DEPTH_MAX) return ia_fail(a, a->at, "types are nested too deep");
    a->depth++;
    bool ok = type_base(a);
    while (ok) {
        switch (ia_tok(a)->kind) {
        case '[':
            if (!bracket_is_array(a)) goto done;
            ia_next(a);
            if (ia_take(a, ']')) buf_insert(&a->sig, start, &(u8){ET_SZARRAY}, 1);
            else ok = type_bounds(a, start);
            break;
        case '&':
            ia_next(a);
            buf_insert(&a->sig, start, &(u8){ET_BYREF}, 1);
            break;
        case '*':
            if (before_star && ia_ahead(a, 1)->kind == '(') goto done;
            ia_next(a);
            buf_insert(&a->sig, start, &(u8){ET_PTR}, 1);
            break;
        case '<': {
            ia_next(a);
            buf_insert(&a->sig, start, &(u8){ET_GENERICINST}, 1);
            u32 at = a->sig.len;
            ok = ia_type_args(a, &n);
            if (ok) buf_insert_uint(&a->sig, at, n);
            break;
        }
        case T_ID:
            if (ia_kw(a, K_pinned)) ia_next(a), buf_insert(&a->sig, start, &(u8){ET_PINNED}, 1);
            else if (ia_kw(a, K_modreq)) ok = type_modifier(a, start, ET_CMOD_REQD);
            else if (ia_kw(a, K_modopt)) ok = type_modifier(a, start, ET_CMOD_OPT);
            else goto done;
            break;
        default: goto done;
        }
    }
done:
    a->depth--;
    return ok;
}

bool ia_type(Asm *a) { return ia_type_in(a, false); }

u8 ia_callconv(Asm *a)
{
    u8 conv = 0;
    for (;;) {
        if (ia_take_kw(a, K_instance)) conv |= SIG_HAS_THIS;
        else if (ia_take_kw(a, K_explicit)) conv |= SIG_EXPLICIT_THIS;
        else break;
    }
    if (ia_take_kw(a, K_default)) return conv;
    if (ia_take_kw(a, K_vararg)) return conv | SIG_VARARG;
    if (ia_take_kw(a, K_unmanaged)) {
        if (ia_take_kw(a, K_cdecl)) return conv | SIG_C;
        if (ia_take_kw(a, K_stdcall)) return conv | SIG_STDCALL;
        if (ia_take_kw(a, K_thiscall)) return conv | SIG_THISCALL;
        if (ia_take_kw(a, K_fastcall)) return conv | SIG_FASTCALL;
        return conv | SIG_UNMANAGED;
    }
    if (ia_kw(a, K_callconv)) {
        u32 n;
        ia_next(a);
        if (ia_want(a, '(', "'('") && ia_want_int32(a, &n) && ia_want(a, ')', "')'")) return (u8)(conv | n);
    }
    return conv;
}

bool ia_param_attr(Asm *a, u32 *flags)
{
    u32 n;
    while (ia_is(a, '[')) {
        const Tok *t = ia_ahead(a, 1);
        if (t->kw == K_in) *flags |= PD_IN, a->at += 2;
        else if (t->kw == K_out) *flags |= PD_OUT, a->at += 2;
        else if (t->kw == K_opt) *flags |= PD_OPTIONAL, a->at += 2;
        else if (t->kind == T_INT) {
            a->at++;
            if (!ia_want_int32(a, &n)) return false;
            *flags = n + 1; /* as the known assembler has it: the number counts from one more */
        } else {
            return true;
        }
        if (!ia_want(a, ']', "']'")) return false;
    }
    return true;
}

bool ia_sig_args(Asm *a, bool collect, u32 *count)
{
    *count = 0;
    if (ia_take(a, ')')) return true;
    do {
        if (ia_is(a, T_ELLIPSIS) && (ia_ahead(a, 1)->kind == ',' || ia_ahead(a, 1)->kind == ')')) {
            ia_next(a);
            buf_u8(&a->sig, ET_SENTINEL);
            continue;
        }
        ParamInfo p = {.tok = a->at};
        if (!ia_param_attr(a, &p.flags) || !ia_type(a)) return false;
        if (ia_take_kw(a, K_marshal)) {
            if (!ia_marshal(a, &p.marshal)) return false;
            p.has_marshal = true;
        }
        if (!ia_is(a, ',') && !ia_is(a, ')')) {
            if (!ia_is_name(a)) return ia_expected(a, "a name, ',' or ')'");
            p.name = ia_want_name(a);
        }
        if (collect) vec_push(&a->params, p);
        if (++*count > 0xFFFF) return ia_fail(a, p.tok, "too many parameters");
    } while (ia_take(a, ','));
    return ia_want(a, ')', "',' or ')'");
}

/* --- tokens of types --- */

u32 ia_sig_token(Asm *a, u32 start)
{
    u32 n = a->sig.len - start;
    u32 blob = mdw_blob(a->w, a->sig.p + start, n);
    a->sig.len = start;
    return MD_TOKEN(MDT_TypeSpec, MDW_INTERN(a->w, TypeSpec, blob));
}

u32 ia_typespec(Asm *a)
{
    const Tok *t = ia_tok(a);
    bool named = t->kind == '[' || t->kind == T_SQ;
    if (t->kind == T_ID) {
        switch (t->kw) {
        case K_NONE: case K_d_this: case K_d_base: case K_d_nester: case K_mdtoken: named = true; break;
        case K_RESERVED: named = !a->words.elem[t->val]; break;
        default: named = ia_is_name(a);
        }
    }
    if (named) {
        const Alias *al = ia_alias(a);
        if (!al || al->kind != ALIAS_SPEC) return ia_class_name(a);
    }
    u32 start = a->sig.len;
    if (!ia_type(a)) {
        a->sig.len = start;
        return 0;
    }
    return ia_sig_token(a, start);
}

u32 ia_calli_sig(Asm *a)
{
    u32 start = a->sig.len, n;
    buf_u8(&a->sig, ia_callconv(a));
    if (!ia_type(a) || !ia_want(a, '(', "'(' and the parameters") || !ia_sig_args(a, false, &n)) {
        a->sig.len = start;
        return 0;
    }
    buf_insert_uint(&a->sig, start + 1, n);
    u32 blob = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    a->sig.len = start;
    return MD_TOKEN(MDT_StandAloneSig, MDW_INTERN(a->w, StandAloneSig, blob));
}
