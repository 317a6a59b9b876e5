/* verify_int.h: what the files of verify/ share: values, the state of one method's verification. */
#ifndef VERIFY_VERIFY_INT_H
#define VERIFY_VERIFY_INT_H
#include "verify/verify.h"

/* Kinds of values on the stack, as the verifier tells them apart (§III.1.8.1.2.1).  Types of generic variables are values. */
typedef enum VKind {
    V_NONE,
    V_I4,
    V_I8,
    V_I,      /* native int */
    V_F,
    V_REF,    /* th: static type (a value type or generic variable: boxed); 0: null */
    V_BYREF,  /* th: what it points to */
    V_VALUE,  /* th: value type or generic variable */
    V_PTR,    /* unmanaged pointer or function pointer: loading one is reported, what follows is not */
    V_METHOD, /* result of ldftn: .m */
    V_BAD,    /* reported already: goes with everything */
} VKind;
enum {
    VF_THIS = 1,     /* the method's own first argument, never stored to */
    VF_CM = 2,       /* controlled mutability: readonly. ldelema, unbox (§III.1.8.1.2.2) */
    VF_RO = 4,       /* ref readonly: in parameters, results of ref readonly methods, initonly fields */
    VF_STACK = 8,    /* may point into this method's frame: may not be returned */
    VF_INNER = 0x10, /* managed pointer to a ref struct that may hold such a pointer */
    VF_PARAM = 0x80, /* may be what a ref parameter points to: may be returned, but kept nowhere that lives longer than the caller's variable */
    VF_INNER_PARAM = 0x100, /* managed pointer to a ref struct that may hold such a pointer */
    VF_OWN = 0x200,  /* V_BYREF: surely into this method's locals and arguments */
    VF_MAY_OWN = 0x800, /* V_BYREF: perhaps */
    VF_OUTER = 0x400, /* V_BYREF: into the own struct's fields, in its constructor */
    VF_VIRTFTN = 0x20, /* V_METHOD: by ldvirtftn */
    VF_MEMORY = 0x40,  /* V_PTR: into memory of a localloc of known size (verify_span.c) */
    VF_LEVEL = VF_STACK | VF_PARAM,
    VF_INNERS = VF_INNER | VF_INNER_PARAM,
    VF_MERGE_OR = VF_CM | VF_RO | VF_LEVEL | VF_INNERS | VF_MAY_OWN,
};
typedef struct VValue {
    u8 kind;
    u16 flags, local; /* V_BYREF: number + 1 of the variable whose address this is, locals first, then arguments; 0: none, or not known */
    union {
        TypeHandle th;
        Method *m;
        struct { u32 localloc; u16 at, bytes; } memory; /* offset of the localloc; where in its bytes */
    };
} VValue;

typedef struct VBlock {
    i32 depth; /* -1: not reached yet */
    VValue *stack;
    bool this_init, pending, done;
    u64 stack_locals, param_locals, ro_locals; /* by number of the local (the last bit stands for all from 63 on): VF_STACK, VF_PARAM, VF_RO */
} VBlock;

/* An argument or local; its type is loaded when it is first used. */
typedef struct VVar {
    VValue value;       /* what a load gives, but for flags that change; V_NONE: not asked for yet */
    TypeHandle th;
    bool holds_pointer; /* a managed pointer or ref struct */
    u16 flags;          /* of arguments: VF_RO, VF_LEVEL, VF_INNER of what ldarg gives */
    VValue alias;       /* of locals that point to ref structs: what all stores to it have in common; kind V_NONE: none yet */
} VVar;

enum { VERIFY_LOOK_BACK = 8 };
typedef struct VMethod {
    Method *m;
    Arena *arena;
    const VerifySink *sink;
    Err *err; /* v_err */
    const SemWalk *w; /* the scan */
    VVar *args, *locals;
    TypeHandle ret; /* 0: not asked for yet (v_ret) */
    u8 *starts;                /* by offset: START_; NULL: the scan has looked at it all */
    VBlock *blocks, *running;
    bool again; /* a block before the running one has to be verified again */
    bool tracks_this, ret_readonly, is_ctor, is_cctor, is_init_accessor, new_rules;
    u32 issues;
    /* while a block is being verified */
    VValue *stack;
    u32 depth, max_stack;
    bool this_init, live, dead; /* dead: given up for this block */
    u64 stack_locals, param_locals, ro_locals;
    u64 seen_stack, seen_param, seen_ro; /* of a method with clauses: anywhere in it */
    const SemBlock *block;
    IlInst in;
    u32 at, pos; /* the instruction with its prefixes; the next one */
    bool pf_volatile, pf_readonly, pf_tail, pf_unaligned;
    u32 pf_constrained;
    u32 ftn_at, dup_at; /* offset where the ldftn (dup) ended, +1: for patterns */
    u32 prev[VERIFY_LOOK_BACK], num_prev; /* offsets of the instructions before, in this block: a ring */
    bool ftn_pattern;   /* the ldvirtftn that ended there followed its dup at once */
    struct { u32 offset; u16 code; } *seen;
    u32 num_seen, cap_seen;
    VerifyMergeHook hook;
    void *hook_arg;
} VMethod;
enum { START_INST = 1, START_PREFIXED = 2 };

/* An empty Err: its texts are large. */
#define V_ERR(e) Err e; (e).kind = ERR_NONE, (e).hresult = 0, (e).name[0] = 0, (e).text[0] = 0

/* Attributes that say how far pointers reach, as bits of v_module_uses. */
enum { VA_KNOWN = 1, VA_SCOPED = 2, VA_UNSCOPED = 4, VA_RULES = 8, VA_READONLY = 16 };

/* The method's one, emptied: an Err is large, and few are filled. */
static inline Err *v_err(VMethod *v)
{
    Err *e = v->err;
    e->kind = ERR_NONE, e->hresult = 0, e->name[0] = 0, e->text[0] = 0;
    return e;
}

/* verify_value.c */
VValue v_of_other(TypeHandle th);
bool v_same_reduced(TypeHandle a, TypeHandle b); /* equal, or integers of one size (§I.8.7.1: verification types) */
bool v_assignable(const VValue *from, TypeHandle to);
bool v_ref_assignable(TypeHandle from, TypeHandle to); /* of references; a value type or variable stands for its boxed form */
bool v_merge(VValue *into, const VValue *from, bool *changed);
bool v_is_byref_like_var(TypeHandle th);
const char *v_type_text(TypeHandle th, char *buf, size_t n);
const char *v_value_text(const VValue *v, char *buf, size_t n);
static inline bool v_is_ref_type(TypeHandle th) { return th && !th_is_desc(th) && !mt_is_valuetype((MethodTable *)th); }
/* ELEMENT_TYPE_ of a number -> its kind on the stack; V_NONE: not a number */
static inline u8 v_number(u32 et)
{
    static const u8 kind[] = {[ET_BOOLEAN] = V_I4, [ET_CHAR] = V_I4, [ET_I1] = V_I4, [ET_U1] = V_I4, [ET_I2] = V_I4, [ET_U2] = V_I4, [ET_I4] = V_I4,
        [ET_U4] = V_I4, [ET_I8] = V_I8, [ET_U8] = V_I8, [ET_R4] = V_F, [ET_R8] = V_F};
    return et < ARRAY_LEN(kind) ? kind[et] : V_NONE;
}
/* a value of a location's type, on the stack */
static inline VValue v_of(TypeHandle th) { return v_is_ref_type(th) ? (VValue){.kind = V_REF, .th = th} : v_of_other(th); }
/* A variable is, when it may stand for one (allows ref struct). */
static inline bool v_is_byref_like(TypeHandle th)
{
    if (UNLIKELY(th_is_desc(th)))
        return v_is_byref_like_var(th);
    return th && (((MethodTable *)th)->flags & MTF_BYREF_LIKE) && mt_is_valuetype((MethodTable *)th);
}
static inline bool v_holds_pointer(TypeHandle th) { return (th_is_desc(th) && th_desc(th)->kind == TD_BYREF) || v_is_byref_like(th); }
static inline VValue v_of_kind(u8 et, TypeHandle th) { return v_number(et) ? (VValue){.kind = v_number(et)} : v_of(th); }
static inline TypeDesc *v_desc(TypeHandle th, u32 kind) { return th_is_desc(th) && th_desc(th)->kind == kind ? th_desc(th) : NULL; }
static inline bool v_is_var(TypeHandle th) { return v_desc(th, TD_VAR) || v_desc(th, TD_MVAR); }

/* verify_method.c */
void v_report(VMethod *v, VerifyCode c, const char *found, const char *expected, const char *detail);
static inline void v_error(VMethod *v, VerifyCode c) { v_report(v, c, "", "", ""); }
void v_unexpected(VMethod *v, VerifyCode c, const VValue *found, TypeHandle expected); /* expected 0: not said */
void v_resolve_error(VMethod *v, VerifyCode parent, const Err *e); /* a token that does not resolve; parent: constraints of the owner */
VValue v_pop_slow(VMethod *v); /* underflow is reported, gives V_BAD and gives the block up */
void v_push_slow(VMethod *v);
static inline VValue v_pop(VMethod *v)
{
    return LIKELY(v->depth && !(v->stack[v->depth - 1].flags & VF_MEMORY)) ? v->stack[--v->depth] : v_pop_slow(v);
}
static inline void v_push(VMethod *v, VValue x)
{
    if (LIKELY(v->depth < v->max_stack))
        v->stack[v->depth++] = x;
    else
        v_push_slow(v);
}
static inline void v_push_kind(VMethod *v, u8 kind) { v_push(v, (VValue){.kind = kind}); }
void v_push_type(VMethod *v, TypeHandle th);
VValue v_pop_type(VMethod *v, TypeHandle th); /* pops what can be assigned to th, else StackUnexpected */
bool v_check_slow(VMethod *v, const VValue *x, TypeHandle th);
static inline bool v_check(VMethod *v, const VValue *x, TypeHandle th) /* the same for a value popped already */
{
    return (x->kind == V_REF && (x->th == th || !x->th) && !(x->flags & VF_THIS) && v_is_ref_type(th)) || v_check_slow(v, x, th);
}
void v_unmanaged(VMethod *v);
static inline void v_check_loadable(VMethod *v, const VValue *x) /* a location's value: UnmanagedPointer */
{
    if (UNLIKELY(x->kind == V_PTR))
        v_unmanaged(v);
}
bool v_uninit(VMethod *v, const VValue *x); /* an uninitialized this: reports it */
static inline bool v_is_uninit(const VMethod *v, const VValue *x) { return (x->flags & VF_THIS) && v->tracks_this && !v->this_init; }
void v_set_local_bits(VMethod *v, u32 local, u16 flags, bool add);
void v_add_arg_flags(VMethod *v, u32 i, u16 flags);
void v_add_level(VMethod *v, u32 variable, u16 level); /* variable: VValue.local - 1 */
void v_all_again(VMethod *v); /* what was verified already is verified again */
bool v_has_attribute(const MdImage *md, u32 token, const char *name);
u32 v_module_uses(Module *m); /* VA_ that occur in it at all; VA_RULES: on the module itself */
bool v_unscoped_this(const Method *m); /* a pointer into a struct's this may leave with the result */
u32 v_param_row(const MdImage *md, u32 method_rid, u32 sequence); /* Param row, or 0 */
bool v_field_is_readonly(const MethodTable *owner, const Field *f); /* a ref readonly field */
bool v_has_mod(Method *m, u32 param, const char *name); /* modifier of the parameter; 0: of the result */
/* Is a pointer given there only read through, or, of the result (0), only to be read through?  By the modifier, which overrides and
 * delegates share; by attribute only where nothing else can be called instead. */
bool v_is_readonly(Method *m, u32 param);
bool v_only_reads_this(const Method *m); /* m, or all methods of its struct */
static inline bool v_new_ref_rules(const Method *m) { return v_module_uses(m->mt->module) & VA_RULES; }
/* Variables with their types, and the type of the result; NULL, 0: reported */
VVar *v_arg_slow(VMethod *v, u32 i);
VVar *v_local_slow(VMethod *v, u32 i);
static inline VVar *v_arg(VMethod *v, u32 i) { return LIKELY(v->args[i].value.kind) ? &v->args[i] : v_arg_slow(v, i); }
static inline VVar *v_local(VMethod *v, u32 i) { return LIKELY(v->locals[i].value.kind) ? &v->locals[i] : v_local_slow(v, i); }
TypeHandle v_ret(VMethod *v);
TypeHandle v_sig_type(const SigContext *c, const SigType *t, Err *e); /* of a signature that stays: it is kept there */
bool v_branch(VMethod *v, u32 target); /* control flows there: rules of protected blocks, then the merge */
void v_fall(VMethod *v, u32 next);
void v_leave(VMethod *v, u32 target);
bool v_may_use_type(VMethod *v, TypeHandle th);
/* Surely visible, by flags that are at hand: most types and members are.  False: type_may_use_member knows. */
static inline bool v_visible(const VMethod *v, const MethodTable *owner, u32 attrs)
{
    u32 access = attrs & MD_ACCESS;
    if (owner->flags & MTF_GENERICS_MASK)
        return false;
    if (access == MD_PUBLIC && (owner->flags2 & MT2_PUBLIC))
        return true;
    return owner->module == v->m->mt->module && (owner->flags2 & MT2_ASSEMBLY) &&
           (access == MD_PUBLIC || access == MD_ASSEMBLY || access == MD_FAM_OR_ASSEM);
}

/* verify_ops.c */
void v_ops(VMethod *v, u32 end); /* the block's instructions, until its end or until nothing follows */
bool v_constraints_hold(TypeHandle th, Err *e); /* of a type named inside an open one */
void v_address(VMethod *v, TypeHandle th, u16 flags, u32 local); /* pushes a managed pointer */
bool v_var_is_reference(TypeHandle th); /* a generic variable that stands for references only */
TypeHandle v_type_token(VMethod *v, u32 token, VerifyCode constraint); /* 0: reported */
void v_stored(VMethod *v, const VValue *address, const VValue *value); /* value goes into what address points to */
u16 v_content(VMethod *v, const VValue *address); /* VF_LEVEL of the ref struct that it points to */
void v_all_own(VMethod *v, u16 level); /* it is in some of the own variables */
/* verify_field.c */
void v_load_field(VMethod *v, u32 want_address);
void v_store_field(VMethod *v, u32);
void v_static_field(VMethod *v, u32);
/* verify_span.c: each false: not that shape, nothing changed */
bool v_span_over_data(VMethod *v, const Field *f); /* after ldsflda */
bool v_stack_memory(VMethod *v);                   /* localloc */
bool v_memory_add(VMethod *v);
bool v_memory_store(VMethod *v, TypeHandle th);
bool v_memory_block(VMethod *v, bool copy);
bool v_memory_span(VMethod *v);
void v_give_away(VMethod *v, VValue *x); /* any other use */
/* verify_call.c */
void v_call(VMethod *v);
void v_newobj(VMethod *v);
void v_ldftn(VMethod *v, u32 is_virtual);
bool v_protected_ok(VMethod *v, MethodTable *owner, u32 access, const VValue *object);
#endif
