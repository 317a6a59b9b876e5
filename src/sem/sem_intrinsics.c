/* sem_intrinsics.c: methods of CoreLib whose meaning the runtime supplies: finding them, and those that become other operations.
 * In: a direct call (o->call).  Out: the same call marked INTRINSIC, or other instructions in its place.
 * Found by name once per Method, then cached in Method.intrinsic (id + 1; SEM_INTR_LOOKED_UP + 1: none).
 * Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#include "sem/sem_int.h"

typedef struct Row {
    const char *ns, *type, *method;
    i32 params;
} Row;
static const Row rows[SEM_INTRINSIC_COUNT] = {
#define SEM_INTRINSIC(id, ns_, type_, method_, params_, what) [SEM_INTR_##id] = {ns_, type_, method_, params_},
#include "sem/sem_intrinsics.def"
#undef SEM_INTRINSIC
};

/* --- Finding -------------------------------------------------------------------------------------------------------------- */
static u32 row_hash(const char *type, const char *method)
{
    return base_hash_str(type) * 31 + base_hash_str(method);
}

enum { TABLE_SIZE = 256 };
static u8 table[TABLE_SIZE]; /* SemIntrinsic by hash of type and method, open addressing */
static bool table_ready;
_Static_assert(SEM_INTRINSIC_COUNT < TABLE_SIZE * 3 / 4, "room for probes");

static void build_table(void)
{
    static u8 t[TABLE_SIZE];
    static bool building;
    if (__atomic_exchange_n(&building, true, __ATOMIC_ACQ_REL)) {
        while (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE))
            ;
        return;
    }
    for (u32 i = 1; i < SEM_INTRINSIC_COUNT; i++) {
        u32 h = row_hash(rows[i].type, rows[i].method) % TABLE_SIZE;
        while (t[h])
            h = (h + 1) % TABLE_SIZE;
        t[h] = (u8)i;
    }
    memcpy(table, t, sizeof table);
    __atomic_store_n(&table_ready, true, __ATOMIC_RELEASE);
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    return n >= k && strcmp(s + n - k, tail) == 0;
}

static u32 outermost(Method *m)
{
    u32 rid = MD_RID(m->mt->klass->token);
    for (u32 up; (up = md_enclosing(m->mt->module->md, rid)) != 0;)
        rid = up;
    return rid;
}

/* The body of a vector instruction's method is a call of itself; not expanded, it is an instruction that the machine lacks. */
bool sem_is_isa_method(Method *m)
{
    return type_corelib && m->mt->module == type_corelib->module && (m->flags & MF_STATIC) &&
           strncmp(md_typedef_namespace(m->mt->module->md, outermost(m)), "System.Runtime.Intrinsics.", 26) == 0;
}

/* Vector instructions are reported as not there (D18), all together. */
static bool is_isa_question(Method *m)
{
    bool hw = ends_with(m->name, "get_IsHardwareAccelerated");
    if (!(m->flags & MF_STATIC) || (!hw && strcmp(m->name, "get_IsSupported") != 0))
        return false;
    const MdImage *md = m->mt->module->md;
    u32 rid = outermost(m);
    const char *ns = md_typedef_namespace(md, rid);
    if (strcmp(ns, "System.Numerics") == 0)
        return hw && strcmp(md_typedef_name(md, rid), "Vector") == 0;
    if (strncmp(ns, "System.Runtime.Intrinsics", 25) != 0)
        return false;
    return hw || ns[25] == '.';
}

static u32 param_count(Method *m)
{
    MdSig s = md_sig(m->sig, m->sig_len);
    MdMethodSig head;
    return md_sig_method(&s, &head) ? head.param_count : 0;
}

static u32 look_up(Method *m)
{
    if (!type_corelib || m->mt->module != type_corelib->module || (m->flags & (MF_ARRAY | MF_STUB)) || !m->name || !m->mt->klass->name)
        return SEM_INTR_LOOKED_UP;
    if (UNLIKELY(!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE)))
        build_table();
    const char *type = m->mt->klass->name, *ns = m->mt->klass->ns ? m->mt->klass->ns : "";
    u32 h = row_hash(type, m->name) % TABLE_SIZE;
    for (; table[h]; h = (h + 1) % TABLE_SIZE) {
        const Row *r = &rows[table[h]];
        if (strcmp(r->method, m->name) == 0 && strcmp(r->type, type) == 0 && strcmp(r->ns, ns) == 0 &&
            (r->params < 0 || (u32)r->params == param_count(m)))
            return table[h];
    }
    return is_isa_question(m) ? SEM_INTR_ISA_FALSE : SEM_INTR_LOOKED_UP;
}

static u32 find(Method *m)
{
    u32 id = m->intrinsic;
    if (LIKELY(id != 0))
        return id - 1;
    id = look_up(m);
    m->intrinsic = id + 1;
    return id;
}

SemIntrinsic sem_find_intrinsic(Method *m)
{
    u32 id = find(m);
    return id < SEM_INTRINSIC_COUNT ? (SemIntrinsic)id : SEM_INTRINSIC_NONE;
}

bool sem_may_expand(Method *m) { return find(m) < SEM_INTR_LOOKED_UP && find(m) != SEM_INTRINSIC_NONE; }

SemIntrinsic sem_peek_intrinsic(SemWalk *w, u32 at, u32 *next)
{
    IlInst in;
    if (!sem_peek(w, at, &in) || (in.op != IL_CALL && in.op != IL_CALLVIRT))
        return SEM_INTRINSIC_NONE;
    *next = in.offset + in.size;
    Method *m = type_resolve_method(&w->ctx, in.token, NULL, NULL);
    return m ? sem_find_intrinsic(m) : SEM_INTRINSIC_NONE;
}

/* --- Expanding ----------------------------------------------------------------------------------------------------------------- */
static TypeHandle type_arg(Method *m)
{
    u32 n = 0;
    TypeHandle *t = type_method_inst(m, &n);
    return t && n ? t[0] : 0;
}

static void mem_op(SemWalk *w, SemInst *o, SemOp op, u32 pops, TypeHandle th, u8 unaligned)
{
    sem_head(w, o, op, pops);
    memset(&o->mem, 0, sizeof o->mem);
    if (th)
        o->mem.type = sem_type_of(th);
    o->mem.unaligned = unaligned;
    if (op == SEM_LOAD)
        sem_push_type(w, o, o->mem.type.kind, type_is_shared(th) && o->mem.type.kind == ET_CLASS ? 0 : th);
}

static bool is_small_int(u8 et) { return et == ET_I4 || et == ET_I8 || et == ET_U1 || et == ET_U2; }

/* Overload of the same name whose second parameter has this element type. */
static Method *overload(Method *m, u8 et)
{
    MethodTable *mt = m->mt;
    for (u32 i = 0; i < mt->klass->num_methods; i++) {
        u32 rid = mt->klass->first_method_rid + i;
        if (strcmp(md_method_name(mt->module->md, rid), m->name) != 0)
            continue;
        MdSig s = md_sig_of(mt->module->md, MD_TOKEN(MDT_MethodDef, rid));
        MdMethodSig head;
        if (!md_sig_method(&s, &head) || head.generic_count || head.param_count < 2)
            continue;
        md_sig_skip_type(&s);
        md_sig_skip_type(&s);
        md_sig_skip_mods(&s);
        if (md_sig_peek(&s) == et)
            return type_method_by_rid(mt, rid, NULL);
    }
    return NULL;
}

static bool call_instead(SemCall *c, Method *m, Err *e) /* a method that needs no generic context */
{
    c->m = m;
    c->ctx = SEM_CTX_NONE;
    c->ctx_lookup = (SemLookup){0};
    c->ctx_const = NULL;
    c->sig = type_method_sig(m, e);
    return c->sig != NULL;
}

/* Exchange, CompareExchange, ExchangeAdd: by the type they work on. 0: ordinary call. */
static int interlocked(SemCall *c, Err *e)
{
    Method *m = c->m;
    if (!m->num_generic)
        return is_small_int(c->sig->params[1].kind) ? 2 : 0;
    TypeHandle t = type_arg(m);
    if (!t)
        return 0;
    u8 et = type_elem_kind(t), as;
    switch (et) {
    case ET_CLASS: {
        const char *name = strcmp(m->name, "Exchange") == 0 ? "ExchangeObject" : "CompareExchangeObject";
        Method *r = type_method_by_name(m->mt, name, (i32)c->sig->num_params);
        if (!r)
            r = overload(m, ET_OBJECT);
        if (!r)
            return 0;
        return call_instead(c, r, e) ? 0 : -1;
    }
    case ET_BOOLEAN: case ET_U1: as = ET_U1; break;
    case ET_CHAR: case ET_U2: as = ET_U2; break;
    case ET_I4: case ET_U4: as = ET_I4; break;
    case ET_I8: case ET_U8: case ET_I: case ET_U: as = ET_I8; break;
    default: return 0;
    }
    Method *r = overload(m, as);
    if (!r)
        return 0;
    return call_instead(c, r, e) ? 2 : -1;
}

static i64 has_refs(TypeHandle t)
{
    MethodTable *mt = th_mt(t);
    if (!mt)
        return 0;
    return !mt_is_valuetype(mt) || type_value_refs(mt, NULL, 0) != 0;
}

static i64 bitwise_equatable(TypeHandle t)
{
    u8 et = type_elem_kind(t);
    if ((et >= ET_BOOLEAN && et <= ET_U8) || et == ET_I || et == ET_U)
        return 1;
    MethodTable *mt = th_mt(t);
    return mt && mt_is_valuetype(mt) && mt->klass->name && strcmp(mt->klass->name, "Rune") == 0 && mt->module == type_corelib->module;
}

/* Those of Unsafe that are plain IL operations. */
static int expand_unsafe(SemWalk *w, SemInst *o, u32 id, TypeHandle t)
{
    switch (id) {
    case SEM_INTR_UNSAFE_COPY_BLOCK: mem_op(w, o, SEM_CPBLK, 3, 0, 0); return 1;
    case SEM_INTR_UNSAFE_COPY_BLOCK_UNALIGNED: mem_op(w, o, SEM_CPBLK, 3, 0, 1); return 1;
    case SEM_INTR_UNSAFE_INIT_BLOCK: mem_op(w, o, SEM_INITBLK, 3, 0, 0); return 1;
    case SEM_INTR_UNSAFE_INIT_BLOCK_UNALIGNED: mem_op(w, o, SEM_INITBLK, 3, 0, 1); return 1;
    }
    if (!t)
        return 0;
    u8 kind = sem_kind_of_et(type_elem_kind(t));
    switch (id) {
    case SEM_INTR_UNSAFE_COPY: mem_op(w, o, SEM_CPOBJ, 2, t, 0); return 1;
    case SEM_INTR_UNSAFE_READ_UNALIGNED: mem_op(w, o, SEM_LOAD, 1, t, 1); return 1;
    case SEM_INTR_UNSAFE_READ: mem_op(w, o, SEM_LOAD, 1, t, 0); return 1;
    case SEM_INTR_UNSAFE_WRITE_UNALIGNED:
    case SEM_INTR_UNSAFE_WRITE:
        if (!sem_coerce(w, o, kind))
            mem_op(w, o, SEM_STORE, 2, t, id == SEM_INTR_UNSAFE_WRITE_UNALIGNED);
        return 1;
    case SEM_INTR_UNSAFE_SKIP_INIT: sem_head(w, o, SEM_POP, 1); return 1;
    case SEM_INTR_UNSAFE_SIZE_OF: sem_const_i4(w, o, type_size(t)); return 1;
    case SEM_INTR_UNSAFE_UNBOX:
        if (type_is_shared(t))
            return 0;
        sem_head(w, o, SEM_UNBOX, 1);
        o->type = sem_type_of(t);
        sem_push(w, o, SEM_BYREF, 0, SEMV_NONNULL);
        return 1;
    }
    return 2;
}

static int compare_eq(SemWalk *w, SemInst *o, u8 cmp)
{
    sem_head(w, o, SEM_COMPARE, 2);
    o->cmp.cmp = cmp;
    o->cmp.un = false;
    sem_push(w, o, SEM_I4, 0, 0);
    return 1;
}

/* CoreLib's body calls itself for these types, or saturates to the small ones.  Out of range the result is that of the conversion
 * instruction, which saturates. */
static int convert_native(SemWalk *w, SemInst *o, TypeHandle t)
{
    u8 to = t ? type_elem_kind(t) : ET_END;
    if (to == ET_CHAR)
        to = ET_U2;
    if (!(to >= ET_I1 && to <= ET_U8) && to != ET_I && to != ET_U)
        return 0;
    sem_head(w, o, SEM_CONV, 1);
    o->conv.to = to;
    o->conv.un = o->conv.ovf = false;
    o->conv.down = 0;
    sem_push(w, o, sem_kind_of_et(to), 0, 0);
    return 1;
}

static int expand_other(SemWalk *w, SemInst *o, u32 id, TypeHandle t, Err *e)
{
    SemCall *c = &o->call;
    switch (id) {
    case SEM_INTR_INTERLOCKED_EXCHANGE: case SEM_INTR_INTERLOCKED_COMPARE_EXCHANGE: return interlocked(c, e);
    case SEM_INTR_INTERLOCKED_EXCHANGE_ADD: return is_small_int(c->sig->params[1].kind) ? 2 : 0;
    case SEM_INTR_IS_REFERENCE_OR_CONTAINS: return t ? (sem_const_i4(w, o, has_refs(t)), 1) : 0;
    case SEM_INTR_IS_BITWISE_EQUATABLE: return t ? (sem_const_i4(w, o, bitwise_equatable(t)), 1) : 0;
    case SEM_INTR_ENUM_EQUALS: {
        u8 kind = t ? sem_kind_of_et(type_elem_kind(t)) : SEM_NONE;
        return kind == SEM_I4 || kind == SEM_I8 || kind == SEM_I ? compare_eq(w, o, SEM_EQ) : 0;
    }
    case SEM_INTR_TYPE_EQUALS: return compare_eq(w, o, SEM_EQ);
    case SEM_INTR_TYPE_NOT_EQUALS: return compare_eq(w, o, SEM_NE);
    case SEM_INTR_ARRAY_DATA_REF: return c->m->num_generic == 1 ? 2 : 0;
    case SEM_INTR_ABS: return c->sig->params[0].kind == ET_R4 || c->sig->params[0].kind == ET_R8 ? 2 : 0;
    case SEM_INTR_CONVERT_NATIVE: case SEM_INTR_CONVERT_NATIVE_F: case SEM_INTR_CONVERT_INTEGER: case SEM_INTR_CONVERT_INTEGER_F:
        return convert_native(w, o, t);
    case SEM_INTR_IS_KNOWN_CONSTANT:
        sem_head(w, o, SEM_POP, 1);
        sem_const_i4(w, sem_queue(w), 0);
        return 1;
    case SEM_INTR_UNSAFE_BIT_CAST: /* the same kind of value on both sides: nothing to do */
        if (c->sig->ret.kind == c->sig->params[0].kind && c->sig->ret.kind != ET_VALUETYPE) {
            sem_head(w, o, SEM_NOP, 0);
            return 1;
        }
        return 0;
    case SEM_INTR_CREATE_SPAN:
    case SEM_INTR_TYPE_FROM_HANDLE: case SEM_INTR_TYPE_IS_VALUE_TYPE: case SEM_INTR_CURRENT_THREAD_NATIVE: case SEM_INTR_ACTIVATOR_CREATE:
        return 0;
    }
    return 2;
}

int sem_expand(SemWalk *w, SemInst *o, Err *e)
{
    SemCall *c = &o->call;
    u32 id = find(c->m);
    if (LIKELY(id >= SEM_INTR_LOOKED_UP))
        return 0;
    if (id == SEM_INTR_ISA_FALSE) {
        sem_const_i4(w, o, 0);
        return 1;
    }
    bool unsafe = id <= SEM_INTR_UNSAFE_SIZE_OF;
    TypeHandle t = c->m->num_generic ? type_arg(c->m) : 0;
    int r = unsafe ? expand_unsafe(w, o, id, t) : expand_other(w, o, id, t, e);
    if (r == 2) {
        c->dispatch = SEM_CALL_INTRINSIC;
        c->intrinsic = id;
        c->ctx = SEM_CTX_NONE;
        c->ctx_lookup = (SemLookup){0};
        c->ctx_const = NULL;
    }
    return r;
}
