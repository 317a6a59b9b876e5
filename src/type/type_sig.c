/* type_sig.c: signatures to types, comparison of signatures, tokens of types.
 * Two readings: sig_read gives the loaded type; type_parse_sigtype gives what code generation needs and loads only
 * value types.  Comparison never loads: tokens are compared by the definitions they lead to.
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

static const u8 prim_wk[] = {
    [ET_VOID] = WK_VOID,     [ET_BOOLEAN] = WK_BOOLEAN, [ET_CHAR] = WK_CHAR,     [ET_I1] = WK_SBYTE,
    [ET_U1] = WK_BYTE,       [ET_I2] = WK_INT16,        [ET_U2] = WK_UINT16,     [ET_I4] = WK_INT32,
    [ET_U4] = WK_UINT32,     [ET_I8] = WK_INT64,        [ET_U8] = WK_UINT64,     [ET_R4] = WK_SINGLE,
    [ET_R8] = WK_DOUBLE,     [ET_STRING] = WK_STRING,   [ET_TYPEDBYREF] = WK_TYPEDREFERENCE,
    [ET_I] = WK_INTPTR,      [ET_U] = WK_UINTPTR,       [ET_OBJECT] = WK_OBJECT,
};
static bool is_prim_code(u8 et) /* codes with a type of their own, VOID first */
{
    return et == ET_OBJECT || et == ET_VOID || (et < ET_OBJECT && prim_wk[et] != 0);
}

u32 prim_size(u8 et)
{
    switch (et) {
    case ET_BOOLEAN: case ET_I1: case ET_U1: return 1;
    case ET_CHAR: case ET_I2: case ET_U2: return 2;
    case ET_I4: case ET_U4: case ET_R4: return 4;
    case ET_VOID: return 0;
    default: return 8;
    }
}

/* --- To loaded types -------------------------------------------------------------------------------------------------- */
TypeHandle load_token(const SigContext *c, u32 token, Err *e)
{
    if (UNLIKELY(c->stub != NULL))
        return type_client.stub_type(c->stub, token);
    Module *m = c->module;
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef:
        return th_of(load_typedef(m, MD_RID(token), e));
    case MDT_TypeRef: {
        u32 rid = MD_RID(token);
        if (rid && rid <= md_rows(m->md, MDT_TypeRef) && m->typerefs[rid])
            return m->typerefs[rid];
        DefRef d;
        if (!resolve_def(m, token, &d, e))
            return 0;
        MethodTable *mt = load_typedef(d.module, d.rid, e);
        if (mt && (mt->flags2 & MT2_LOADED))
            __atomic_store_n(&m->typerefs[rid], th_of(mt), __ATOMIC_RELEASE);
        return th_of(mt);
    }
    case MDT_TypeSpec: {
        MdSig s = md_sig_of(m->md, token);
        return sig_read(c, &s, false, e);
    }
    default:
        err_set(e, ERR_BAD_IMAGE, token, "Bad type token 0x%08x.", token);
        return 0;
    }
}

static TypeHandle read_inst(const SigContext *c, MdSig *s, bool canon, Err *e)
{
    u8 et = md_sig_byte(s);
    u32 token = md_sig_token(s), n = md_sig_uint(s);
    if (et == ET_INTERNAL || s->bad || n == 0 || n > 1024) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad generic instance in a signature.");
        return 0;
    }
    if (canon && et == ET_CLASS) {
        while (n--)
            md_sig_skip_type(s);
        return th_of(type_wk(WK_CANON));
    }
    TypeHandle small[16], *args = n > ARRAY_LEN(small) ? base_malloc(n * sizeof *args) : small, r = 0;
    TypeHandle def = load_token(c, token, e);
    if (def && !th_is_desc(def)) {
        u32 i = 0;
        while (i < n && (args[i] = sig_read(c, s, canon, e)))
            i++;
        if (i == n)
            r = load_inst((MethodTable *)def, args, n, e);
    }
    if (args != small)
        base_free(args);
    return r;
}

static TypeHandle read_fnptr(const SigContext *c, MdSig *s, Err *e)
{
    const u8 *from = s->p;
    MdMethodSig head;
    md_sig_method(s, &head);
    for (u32 i = 0; i <= head.param_count && !s->bad; i++) {
        md_sig_sentinel(s);
        md_sig_skip_type(s);
    }
    if (s->bad) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad function pointer signature.");
        return 0;
    }
    return type_fnptr(c, from, (u32)(s->p - from), e);
}

/* Types by address (ELEMENT_TYPE_INTERNAL) are the runtime's own way to write signatures: none may come from a file. */
static bool sig_in_file(const SigContext *c, const u8 *p)
{
    const PeImage *pe = c->module ? c->module->pe : NULL;
    return pe && p >= pe->data && p < pe->data + pe->size;
}

TypeHandle sig_read(const SigContext *c, MdSig *s, bool canon, Err *e)
{
    md_sig_skip_mods(s);
    u8 et = md_sig_byte(s);
    TypeHandle th;
    if (canon && (et == ET_STRING || et == ET_OBJECT))
        return th_of(type_wk(WK_CANON));
    if (is_prim_code(et) && !s->bad)
        return th_of(type_wk(prim_wk[et]));
    switch (et) {
    case ET_CLASS:
    case ET_VALUETYPE: {
        u32 token = md_sig_token(s);
        return canon && et == ET_CLASS ? th_of(type_wk(WK_CANON)) : load_token(c, token, e);
    }
    case ET_GENERICINST:
        return read_inst(c, s, canon, e);
    case ET_VAR:
    case ET_MVAR: {
        u32 i = md_sig_uint(s);
        if (i >= (et == ET_VAR ? c->num_class_args : c->num_method_args) || s->bad)
            break;
        th = et == ET_VAR ? c->class_args[i] : c->method_args[i];
        return canon ? type_canonical(th) : th;
    }
    case ET_SZARRAY:
    case ET_ARRAY:
        if (canon) {
            s->p--;
            md_sig_skip_type(s);
            return s->bad ? 0 : th_of(type_wk(WK_CANON));
        }
        th = sig_read(c, s, false, e);
        if (!th)
            return 0;
        if (et == ET_SZARRAY)
            return type_szarray_of(th, e);
        MdArrayShape shape;
        if (!md_sig_array_shape(s, &shape))
            break;
        return type_mdarray_of(th, shape.rank, e);
    case ET_PTR:
        return (th = sig_read(c, s, false, e)) ? type_pointer_to(th, e) : 0;
    case ET_BYREF:
        return (th = sig_read(c, s, false, e)) ? type_byref_to(th, e) : 0;
    case ET_PINNED:
        return sig_read(c, s, canon, e);
    case ET_FNPTR:
        return read_fnptr(c, s, e);
    case ET_INTERNAL: {
        if (s->end - s->p < 8 || sig_in_file(c, s->p))
            break;
        u64 v = pe_u64(s->p);
        s->p += 8;
        return canon ? type_canonical((TypeHandle)v) : (TypeHandle)v;
    }
    }
    s->bad = true;
    err_set(e, ERR_BAD_IMAGE, 0, "Bad type in a signature (element 0x%02x).", et);
    return 0;
}

TypeHandle type_from_sig(const SigContext *c, const u8 **p, const u8 *end, Err *e)
{
    MdSig s = {0};
    TypeHandle th = LOADED(TypeHandle, e, (s = (MdSig){.p = *p, .end = end}, sig_read(c, &s, false, LE)));
    *p = s.p;
    return th;
}

TypeHandle type_sigtype_load(const SigContext *c, const SigType *s, Err *e)
{
    if (s->th)
        return s->th;
    SigContext k = *c;
    k.module = s->module;
    k.stub = s->stub;
    const u8 *p = s->sig;
    return type_from_sig(&k, &p, p + 0x1000000, e);
}

/* --- Mentions of generic variables ---------------------------------------------------------------------------------- */
/* Walks one type; calls for each variable.  mode 0: any variable; 1: one bound to a shared argument. */
static bool walk_vars(const SigContext *c, MdSig *s, u32 depth)
{
    md_sig_skip_mods(s);
    u8 et = md_sig_byte(s);
    if (s->bad || depth > MD_SIG_DEPTH)
        return false;
    switch (et) {
    case ET_VAR:
    case ET_MVAR: {
        u32 i = md_sig_uint(s);
        if (!c)
            return true;
        if (i >= (et == ET_VAR ? c->num_class_args : c->num_method_args))
            return false;
        return type_is_shared(et == ET_VAR ? c->class_args[i] : c->method_args[i]);
    }
    case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED:
        return walk_vars(c, s, depth + 1);
    case ET_ARRAY: {
        bool r = walk_vars(c, s, depth + 1);
        md_sig_array_shape(s, NULL);
        return r;
    }
    case ET_CLASS: case ET_VALUETYPE:
        md_sig_token(s);
        return false;
    case ET_INTERNAL:
        s->p += MIN(8, s->end - s->p);
        return false;
    case ET_GENERICINST: {
        md_sig_byte(s);
        md_sig_token(s);
        bool r = false;
        for (u32 n = md_sig_uint(s); n-- && !s->bad;)
            r |= walk_vars(c, s, depth + 1);
        return r;
    }
    case ET_FNPTR: {
        MdMethodSig head;
        md_sig_method(s, &head);
        bool r = false;
        for (u32 i = 0; i <= head.param_count && !s->bad; i++) {
            md_sig_sentinel(s);
            r |= walk_vars(c, s, depth + 1);
        }
        return r;
    }
    default:
        return false;
    }
}
bool sig_is_shared(const SigContext *c, MdSig s)
{
    if (!c->num_class_args && !c->num_method_args)
        return false;
    return walk_vars(c, &s, 0);
}
bool sig_has_vars(MdSig s) { return walk_vars(NULL, &s, 0); }
bool token_is_shared(const SigContext *c, u32 token)
{
    if (MD_TABLE_OF(token) != MDT_TypeSpec || c->stub)
        return false;
    return sig_is_shared(c, md_sig_of(c->module->md, token));
}

/* --- For code generation ----------------------------------------------------------------------------------------------- */
static void sigtype_of_handle(SigType *out, TypeHandle th)
{
    out->kind = type_elem_kind(th);
    out->th = th;
    if (type_is_shared(th) && !th_is_valuetype(th)) {
        out->th = 0;
        out->shared = true;
    } else if (type_is_shared(th)) {
        out->shared = true;
    }
}

static bool parse_sigtype(const SigContext *c, MdSig *s, SigType *out, Err *e)
{
    *out = (SigType){.module = c->module, .stub = c->stub};
    for (;;) {
        md_sig_skip_mods(s);
        if (md_sig_peek(s) != ET_PINNED)
            break;
        s->p++;
        out->pinned = true;
    }
    out->sig = s->p;
    u8 et = md_sig_peek(s);
    MdSig at = *s;
    switch (et) {
    case ET_CLASS: case ET_SZARRAY: case ET_ARRAY: case ET_PTR: case ET_FNPTR: case ET_BYREF:
        md_sig_skip_type(s);
        out->kind = et == ET_SZARRAY || et == ET_ARRAY ? ET_CLASS : et;
        out->shared = !s->bad && et != ET_CLASS && sig_is_shared(c, at);
        break;
    case ET_GENERICINST:
        if (s->p + 1 < s->end && s->p[1] == ET_CLASS) {
            md_sig_skip_type(s);
            out->kind = ET_CLASS;
            out->shared = !s->bad && sig_is_shared(c, at);
            break;
        }
        /* fall through */
    case ET_VALUETYPE: case ET_VAR: case ET_MVAR: case ET_INTERNAL: {
        TypeHandle th = sig_read(c, s, false, e);
        if (!th)
            return false;
        sigtype_of_handle(out, th);
        break;
    }
    case ET_STRING: case ET_OBJECT:
        s->p++;
        out->kind = ET_CLASS;
        out->th = type_wk_cache[prim_wk[et]] ? th_of(type_wk(prim_wk[et])) : 0;
        break;
    default:
        if (s->p >= s->end || !is_prim_code(et)) {
            s->bad = true;
            break;
        }
        s->p++;
        out->kind = et;
        out->th = et == ET_TYPEDBYREF || type_wk_cache[prim_wk[et]] ? th_of(type_wk(prim_wk[et])) : 0;
    }
    if (s->bad)
        return err_set(e, ERR_BAD_IMAGE, 0, "Bad type in a signature (element 0x%02x).", et);
    return true;
}

bool type_parse_sigtype(const SigContext *c, const u8 **p, const u8 *end, SigType *out, Err *e)
{
    MdSig s = {0};
    bool ok = LOADED(bool, e, (s = (MdSig){.p = *p, .end = end}, parse_sigtype(c, &s, out, LE)));
    *p = s.p;
    return ok;
}

static MethodSig *parse_method_sig(Arena *a, LoadContext *alc, const SigContext *c, const u8 *sig, u32 len, Err *e)
{
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    if (!md_sig_method(&s, &head) || head.param_count > 65535) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad method signature.");
        return NULL;
    }
    size_t size = sizeof(MethodSig) + head.param_count * sizeof(SigType);
    MethodSig *r = a ? arena_alloc(a, size) : type_alloc(alc, HEAP_COLD, size);
    r->callconv = head.conv;
    r->has_this = head.has_this;
    r->explicit_this = head.explicit_this;
    r->num_generic = (u16)head.generic_count;
    r->num_params = (u16)head.param_count;
    r->sentinel = 0xffff;
    r->params = (SigType *)(r + 1);
    if (!parse_sigtype(c, &s, &r->ret, e))
        return NULL;
    for (u32 i = 0; i < head.param_count; i++) {
        if (md_sig_sentinel(&s))
            r->sentinel = (u16)i;
        if (!parse_sigtype(c, &s, &r->params[i], e))
            return NULL;
    }
    return r;
}

MethodSig *type_parse_method_sig(Arena *a, const SigContext *c, const u8 *sig, u32 len, Err *e)
{
    return LOADED(MethodSig *, e, parse_method_sig(a, NULL, c, sig, len, LE));
}

const MethodSig *type_method_sig(Method *m, Err *e)
{
    MethodSig *s = __atomic_load_n(&m->msig, __ATOMIC_ACQUIRE);
    if (s)
        return s;
    SigContext c = type_method_context(m);
    s = LOADED(MethodSig *, e, parse_method_sig(NULL, alc_of(m->mt), &c, m->sig, m->sig_len, LE));
    if (s)
        __atomic_store_n(&m->msig, s, __ATOMIC_RELEASE);
    return s;
}

static SigType *parse_locals(Arena *a, const SigContext *c, u32 token, u32 *n, Err *e)
{
    MdSig s = md_sig_of(c->module->md, token);
    if (!md_sig_locals(&s, n)) {
        err_set(e, ERR_BAD_IMAGE, token, "Bad local variable signature.");
        return NULL;
    }
    SigType *v = arena_alloc(a, (size_t)*n * sizeof *v);
    for (u32 i = 0; i < *n; i++)
        if (!parse_sigtype(c, &s, &v[i], e))
            return NULL;
    return v;
}

bool type_parse_locals(Arena *a, const SigContext *c, u32 token, SigType **out, u32 *n, Err *e)
{
    *n = 0;
    *out = NULL;
    if (MD_RID(token) == 0)
        return true;
    *out = LOADED(SigType *, e, parse_locals(a, c, token, n, LE));
    return *out != NULL;
}

/* --- Comparison ----------------------------------------------------------------------------------------------------------- */
static bool handle_is_def(TypeHandle h, Module *m, u32 token)
{
    DefRef d;
    if (th_is_desc(h) || mt_is_array((MethodTable *)h))
        return false;
    MethodTable *mt = (MethodTable *)h;
    return resolve_def(m, token, &d, NULL) && d.module == mt->module && d.rid == mt_rid(mt);
}

/* Is the type at s (read for side b) h? Consumes it. */
bool handle_equals_sig(TypeHandle h, const SigSide *b, MdSig *s)
{
    md_sig_skip_mods(s);
    u8 et = md_sig_byte(s);
    MethodTable *mt = th_mt(h);
    TypeDesc *td = th_desc(h);
    switch (et) {
    case ET_VAR: {
        u32 i = md_sig_uint(s);
        if (b->args)
            return b->args[i] == h;
        return td && td->kind == TD_VAR && td->index == i;
    }
    case ET_MVAR: {
        u32 i = md_sig_uint(s);
        return td && td->kind == TD_MVAR && td->index == i;
    }
    case ET_CLASS: case ET_VALUETYPE:
        return handle_is_def(h, b->module, md_sig_token(s)) && (!mt->aux->inst || mt == mt->klass->typical);
    case ET_GENERICINST: {
        md_sig_byte(s);
        u32 token = md_sig_token(s), n = md_sig_uint(s);
        if (!handle_is_def(h, b->module, token) || !mt->aux->inst || mt->klass->num_generic != n)
            return false;
        for (u32 i = 0; i < n; i++)
            if (!handle_equals_sig(mt->aux->inst[i], b, s))
                return false;
        return true;
    }
    case ET_SZARRAY:
        return mt && mt_is_szarray(mt) && handle_equals_sig(mt->elem, b, s);
    case ET_ARRAY: {
        MdArrayShape shape;
        return mt && mt_is_array(mt) && !mt_is_szarray(mt) && handle_equals_sig(mt->elem, b, s) &&
               md_sig_array_shape(s, &shape) && shape.rank == mt->klass->rank;
    }
    case ET_PTR:
        return td && td->kind == TD_PTR && handle_equals_sig(td->elem, b, s);
    case ET_BYREF:
        return td && td->kind == TD_BYREF && handle_equals_sig(td->elem, b, s);
    case ET_INTERNAL: {
        if (s->end - s->p < 8)
            return false;
        u64 v = pe_u64(s->p);
        s->p += 8;
        return v == h;
    }
    case ET_FNPTR: {
        s->p--;
        SigContext c = {.module = b->module, .class_args = b->args, .num_class_args = b->args ? 1024 : 0};
        return sig_read(&c, s, false, NULL) == h;
    }
    default:
        return is_prim_code(et) && mt && mt == type_wk(prim_wk[et]);
    }
}

static u32 skip_mods_to(MdSig *s, u32 *modopts) /* modifiers count in identity: a hash of them */
{
    u32 token, h = 0;
    bool required;
    (void)modopts;
    while (md_sig_mod(s, &token, &required))
        h = h * 31 + 1 + required;
    return h;
}

static const char *token_name(Module *m, u32 token)
{
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: return md_typedef_name(m->md, MD_RID(token));
    case MDT_TypeRef: return md_typeref_name(m->md, MD_RID(token));
    default: return "";
    }
}

static bool types_equal(const SigSide *a, MdSig *x, const SigSide *b, MdSig *y, u32 depth)
{
    if (skip_mods_to(x, NULL) != skip_mods_to(y, NULL))
        return false;
    u8 ex = md_sig_peek(x), ey = md_sig_peek(y);
    if (x->bad || y->bad || depth > MD_SIG_DEPTH)
        return false;
    if (ex == ET_VAR && a->args) {
        x->p++;
        u32 i = md_sig_uint(x);
        return handle_equals_sig(a->args[i], b, y);
    }
    if (ey == ET_VAR && b->args) {
        y->p++;
        u32 i = md_sig_uint(y);
        return handle_equals_sig(b->args[i], a, x);
    }
    if (ex == ET_INTERNAL || ey == ET_INTERNAL) {
        MdSig *in = ex == ET_INTERNAL ? x : y;
        in->p++;
        if (in->end - in->p < 8)
            return false;
        u64 v = pe_u64(in->p);
        in->p += 8;
        return ex == ET_INTERNAL ? handle_equals_sig((TypeHandle)v, b, y) : handle_equals_sig((TypeHandle)v, a, x);
    }
    if (ex != ey)
        return false;
    x->p++;
    y->p++;
    switch (ex) {
    case ET_VAR: case ET_MVAR:
        return md_sig_uint(x) == md_sig_uint(y);
    case ET_CLASS: case ET_VALUETYPE: {
        u32 tx = md_sig_token(x), ty = md_sig_token(y);
        if (a->module == b->module && tx == ty)
            return true;
        if (strcmp(token_name(a->module, tx), token_name(b->module, ty)) != 0)
            return false; /* forwarding keeps names: nothing has to be bound to see that they differ */
        DefRef dx, dy;
        return resolve_def(a->module, tx, &dx, NULL) && resolve_def(b->module, ty, &dy, NULL) && dx.module == dy.module &&
               dx.rid == dy.rid;
    }
    case ET_GENERICINST: {
        if (!types_equal(a, x, b, y, depth + 1))
            return false;
        u32 n = md_sig_uint(x);
        if (n != md_sig_uint(y))
            return false;
        while (n--)
            if (!types_equal(a, x, b, y, depth + 1))
                return false;
        return true;
    }
    case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED:
        return types_equal(a, x, b, y, depth + 1);
    case ET_ARRAY: {
        MdArrayShape sx, sy;
        return types_equal(a, x, b, y, depth + 1) && md_sig_array_shape(x, &sx) && md_sig_array_shape(y, &sy) && sx.rank == sy.rank;
    }
    case ET_FNPTR: {
        MdMethodSig hx, hy;
        if (!md_sig_method(x, &hx) || !md_sig_method(y, &hy) || hx.header != hy.header || hx.param_count != hy.param_count)
            return false;
        for (u32 i = 0; i <= hx.param_count; i++)
            if (!types_equal(a, x, b, y, depth + 1))
                return false;
        return true;
    }
    default:
        return true;
    }
}

bool sig_equal(const SigSide *a, const SigSide *b, bool ignore_return)
{
    if (a->module == b->module && a->args == b->args && a->sig == b->sig)
        return true;
    MdSig x = md_sig(a->sig, a->len), y = md_sig(b->sig, b->len);
    if (a->len && (a->sig[0] & SIG_KIND) == SIG_FIELD) {
        x.p++;
        y.p++;
        return b->len && (b->sig[0] & SIG_KIND) == SIG_FIELD && types_equal(a, &x, b, &y, 0);
    }
    MdMethodSig hx, hy;
    if (!md_sig_method(&x, &hx) || !md_sig_method(&y, &hy) || hx.has_this != hy.has_this ||
        hx.generic_count != hy.generic_count || hx.is_vararg != hy.is_vararg)
        return false;
    u32 n = MIN(hx.param_count, hy.param_count);
    if (hx.param_count != hy.param_count && !hx.is_vararg)
        return false;
    if (ignore_return) {
        md_sig_skip_type(&x);
        md_sig_skip_type(&y);
    } else if (!types_equal(a, &x, b, &y, 0)) {
        return false;
    }
    for (u32 i = 0; i < n; i++) {
        if (md_sig_sentinel(&x) || md_sig_sentinel(&y))
            return true; /* vararg: the fixed part is equal */
        if (!types_equal(a, &x, b, &y, 0))
            return false;
    }
    return !x.bad && !y.bad;
}
