/* verify_span.c: the shapes in which compilers emit spans over constant data and over stackalloc: the only uses of unmanaged pointers that are safe.
 * In: instructions around the one being verified.  Out: yes, with the stack as it is afterwards, or no: the general rules speak.
 * Memory of localloc whose size is known is a value of its own (VF_MEMORY): it may be filled within its bounds and become a span within them; any
 * other use of it gives the pointer away, and is reported at the localloc.
 * Invariant: instructions looked back at lie in the same block and ran one after another, so they pushed what they seem to have pushed.
 * Book: verify.md  Tests: tests/verify/spans.il */
#include "verify/verify_int.h"

static bool next_inst(const VMethod *v, u32 at, IlInst *in)
{
    return at < v->block->il_end && il_decode(v->w->body.code, v->w->body.code_size, at, in);
}

/* The instruction so many before this one: 0 the last. */
static IlInst before(const VMethod *v, u32 back)
{
    IlInst in = {.op = IL_NOP};
    if (back < v->num_prev && back < VERIFY_LOOK_BACK)
        il_decode(v->w->body.code, v->w->body.code_size, v->prev[(v->num_prev - 1 - back) % VERIFY_LOOK_BACK], &in);
    return in;
}

static bool constant_of(const IlInst *in, u32 *value)
{
    if (in->op >= IL_LDC_I4_0 && in->op <= IL_LDC_I4_8)
        *value = in->op - IL_LDC_I4_0;
    else if ((in->op == IL_LDC_I4_S || in->op == IL_LDC_I4) && in->i >= 0)
        *value = (u32)in->i;
    else
        return false;
    return true;
}

static i64 loaded_local(const IlInst *in)
{
    if (in->op >= IL_LDLOC_0 && in->op <= IL_LDLOC_3)
        return in->op - IL_LDLOC_0;
    return in->op == IL_LDLOC || in->op == IL_LDLOC_S ? in->i : -1;
}

static i64 stored_local(const IlInst *in)
{
    if (in->op >= IL_STLOC_0 && in->op <= IL_STLOC_3)
        return in->op - IL_STLOC_0;
    return in->op == IL_STLOC || in->op == IL_STLOC_S ? in->i : -1;
}

/* Bytes of a value without references whose layout is known; else 0. */
static u32 plain_size(TypeHandle th)
{
    MethodTable *mt = th_mt(th);
    return mt && mt_is_valuetype(mt) && !mt_has_refs(mt) && !(mt->flags & (MTF_HAS_GENERIC_VARS | MTF_BYREF_LIKE)) ? type_size(th) : 0;
}

/* newobj, or call on an address, of (ReadOnly)Span<T>::.ctor(void*, int32): the span's type, else 0. */
static TypeHandle span_made_by(const VMethod *v, const IlInst *in)
{
    Method *m = NULL;
    if (in->op == IL_NEWOBJ || in->op == IL_CALL)
        m = type_resolve_method(&v->w->ctx, in->token, NULL, NULL);
    if (!m || !(m->flags & MF_CTOR) || (m->flags & MF_STATIC))
        return 0;
    const MethodSig *sig = type_method_sig(m, NULL);
    MethodTable *def = m->mt->klass->typical;
    bool is = sig && sig->num_params == 2 && sig->params[0].kind == ET_PTR && (def == type_wk(WK_SPAN) || def == type_wk(WK_READONLYSPAN));
    return is ? th_of(m->mt) : 0;
}

static TypeHandle element_of(TypeHandle span) { return ((MethodTable *)span)->aux->inst[0]; }

static void made_span(VMethod *v, const IlInst *make, TypeHandle span, u16 flags)
{
    v->pos = make->offset + make->size;
    VValue x = v_of(span);
    x.flags |= flags;
    if (make->op == IL_NEWOBJ) {
        v_push(v, x);
        return;
    }
    VValue to = v_pop(v);
    if (v->dead || to.kind == V_BAD)
        return;
    if (to.kind != V_BYREF || to.th != span || (to.flags & (VF_CM | VF_RO)))
        v_unexpected(v, VERIFY_StackUnexpected, &to, 0);
    else
        v_stored(v, &to, &x);
}

/* ldsflda data; ldc n; newobj ReadOnlySpan<T>: within the data's size. */
bool v_span_over_data(VMethod *v, const Field *f)
{
    IlInst count, make;
    TypeHandle span;
    u32 n, size;
    if (!(f->flags & FF_RVA) || !next_inst(v, v->pos, &count) || !constant_of(&count, &n) || !next_inst(v, count.offset + count.size, &make) ||
        !(span = span_made_by(v, &make)) || ((MethodTable *)span)->klass->typical != type_wk(WK_READONLYSPAN) ||
        !(size = plain_size(element_of(span))) || (u64)n * size > f->size)
        return false;
    made_span(v, &make, span, 0);
    return true;
}

/* How much localloc takes: `count` of a constant or the value of a local, times `each`, or times the size of a type. */
typedef struct Amount { bool constant; u32 count, each; i64 local; TypeHandle type; } Amount;

static bool amount_taken(VMethod *v, Amount *a)
{
    IlInst p = before(v, 0);
    u32 at = 0;
    *a = (Amount){.each = 1, .local = -1};
    if (p.op == IL_MUL_OVF_UN) {
        IlInst by = before(v, 1);
        at = 2;
        if (by.op == IL_SIZEOF)
            a->type = type_resolve_type(&v->w->ctx, by.token, NULL, NULL);
        else if (!constant_of(&by, &a->each))
            return false;
        if (by.op == IL_SIZEOF && !a->type)
            return false;
        if (a->type)
            a->each = plain_size(a->type);
        p = before(v, at);
    }
    IlInst n = before(v, at + 1);
    if (p.op != IL_CONV_U)
        return false;
    a->constant = constant_of(&n, &a->count);
    a->local = a->constant ? -1 : loaded_local(&n);
    VVar *count = a->local >= 0 ? v_local(v, (u32)a->local) : NULL;
    return a->constant || (count && count->th == th_of(type_wk(WK_INT32)));
}

static bool same_element(const Amount *a, TypeHandle elem)
{
    u32 size = plain_size(elem);
    return (a->type && a->type == elem) || (size && a->each >= size);
}

/* localloc of n elements, at once a span of them; or of a known size, to be filled first. */
bool v_stack_memory(VMethod *v)
{
    Amount a;
    IlInst count, make;
    TypeHandle span;
    u32 n;
    if (!amount_taken(v, &a))
        return false;
    if (!v->w->body.init_locals && !v->w->num_locals) /* said of locals already */
        v_error(v, VERIFY_InitLocals);
    u64 bytes = (u64)a.count * a.each; /* what is larger is not filled first */
    if (!a.constant || (a.type && !a.each) || bytes > UINT16_MAX) {
        if (!next_inst(v, v->pos, &count) || !next_inst(v, count.offset + count.size, &make) || !(span = span_made_by(v, &make)) ||
            !same_element(&a, element_of(span)) || !(a.constant ? constant_of(&count, &n) && n <= a.count : loaded_local(&count) == a.local))
            return false;
        v_pop(v);
        made_span(v, &make, span, VF_STACK);
        return true;
    }
    v_pop(v);
    v_push(v, (VValue){.kind = V_PTR, .flags = VF_MEMORY, .memory = {v->at, 0, (u16)bytes}});
    return true;
}

void v_give_away(VMethod *v, VValue *x)
{
    u32 at = v->at;
    v->at = x->memory.localloc;
    v_error(v, VERIFY_Unverifiable);
    v->at = at;
    *x = (VValue){.kind = V_PTR};
}

static VValue *memory_at(VMethod *v, u32 down)
{
    VValue *x = v->depth > down ? &v->stack[v->depth - 1 - down] : NULL;
    return x && x->kind == V_PTR && (x->flags & VF_MEMORY) ? x : NULL;
}

static bool within(const VValue *x, u64 bytes) { return x->memory.at + bytes <= x->memory.bytes; }

/* memory, ldc n or ldc i; conv.i; ldc size; mul: add */
bool v_memory_add(VMethod *v)
{
    VValue *x = memory_at(v, 1);
    if (LIKELY(!x))
        return false;
    IlInst a = before(v, 0), b = before(v, 1), c = before(v, 2), d = before(v, 3);
    u32 n, i = 1;
    if (!(constant_of(&a, &n) || (a.op == IL_MUL && constant_of(&b, &n) && c.op == IL_CONV_I && constant_of(&d, &i))))
        return false;
    if ((u64)x->memory.at + (u64)n * i > x->memory.bytes)
        return false;
    x->memory.at = (u16)(x->memory.at + n * i);
    v->depth--;
    return true;
}

/* memory, value: a store of a th */
bool v_memory_store(VMethod *v, TypeHandle th)
{
    VValue *x = memory_at(v, 1);
    u32 size = x ? plain_size(th) : 0;
    if (!size || !within(x, size))
        return false;
    v_pop_type(v, th);
    v->depth -= !v->dead;
    return true;
}

/* ldsflda data, or ldtoken data; call CreateSpan; stloc s; ldloca s; ldc.i4.0; call get_Item: how many bytes are there. */
static u32 constant_source(const VMethod *v, u32 back)
{
    IlInst p = before(v, back), zero = before(v, back + 1), load = before(v, back + 2), store = before(v, back + 3), make = before(v, back + 4);
    IlInst token = before(v, back + 5);
    MethodTable *owner;
    if (p.op != IL_LDSFLDA) {
        Method *item = p.op == IL_CALL ? type_resolve_method(&v->w->ctx, p.token, NULL, NULL) : NULL;
        Method *create = make.op == IL_CALL ? type_resolve_method(&v->w->ctx, make.token, NULL, NULL) : NULL;
        if (!item || item->mt->klass->typical != type_wk(WK_READONLYSPAN) || strcmp(item->name, "get_Item") != 0 || !create ||
            strcmp(create->name, "CreateSpan") != 0 || !create->mt->module->assembly->is_corelib || zero.op != IL_LDC_I4_0 ||
            (load.op != IL_LDLOCA_S && load.op != IL_LDLOCA) || stored_local(&store) != load.i || token.op != IL_LDTOKEN)
            return 0;
        p = token;
    }
    if (MD_TABLE_OF(p.token) != MDT_Field && MD_TABLE_OF(p.token) != MDT_MemberRef)
        return 0;
    const Field *f = type_resolve_field(&v->w->ctx, p.token, &owner, NULL, NULL);
    return f && (f->flags & FF_RVA) ? f->size : 0;
}

/* memory, source or byte, ldc n: cpblk, initblk */
bool v_memory_block(VMethod *v, bool copy)
{
    VValue *x = memory_at(v, 2);
    IlInst last = before(v, 0);
    u32 n;
    if (!x || !constant_of(&last, &n) || !within(x, n) || (copy ? v->stack[v->depth - 2].kind != V_BYREF || constant_source(v, 1) < n
                                                               : v->stack[v->depth - 2].kind != V_I4))
        return false;
    v->depth -= 3;
    return true;
}

/* memory, ldc n: newobj or call of the span's constructor */
bool v_memory_span(VMethod *v)
{
    VValue *x = memory_at(v, 1);
    if (LIKELY(!x))
        return false;
    IlInst last = before(v, 0);
    TypeHandle span = span_made_by(v, &v->in);
    u32 n, size;
    if (!span || !constant_of(&last, &n) || !(size = plain_size(element_of(span))) || !within(x, (u64)n * size))
        return false;
    v->depth -= 2;
    made_span(v, &v->in, span, VF_STACK);
    return true;
}
