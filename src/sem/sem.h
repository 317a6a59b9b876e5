/* sem.h: the meaning of IL, worked out in one place (D1).
 *
 * A reader (the Tier-0 compiler, later the optimiser's importer and the verifier) calls sem_begin on a method body, then
 * sem_next until it returns SEM_END: each call gives one instruction with its tokens resolved, prefixes folded in, the types of what it
 * pops and pushes, which method a call reaches and how, which look-ups need the generic context at run time, and which class
 * constructor checks are due.  The reader never looks at IL bytes or tokens itself.
 *
 * Files: sem_scan.c (blocks, handlers, counts of uses), sem_walk.c (the walk, the typed stack, merges), sem_ops.c (one function per group of
 * opcodes), sem_call.c (calls), sem_token.c (fields, types, look-ups), sem_intrinsics.c + .def.
 *
 * Invariants: instructions come in IL order; code that cannot be reached is skipped (except that a handler is reachable when its
 * try is entered); at each block start the stack's depth and kinds are those of every predecessor (§III.1.8.1).
 * Bad IL (stack underflow, kinds that do not fit an opcode) ends the walk with ERR_INVALID_PROGRAM; tokens that do not resolve with their own Err.
 * Memory: the arena given; nothing is kept after the compilation but dictionary slots.
 * Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#ifndef SEM_SEM_H
#define SEM_SEM_H
#include "type/type.h"

/* --- Values on the evaluation stack (§III.1.5; float32 and float64 kept apart) ------------------------------------------ */
typedef enum SemKind { SEM_NONE, SEM_I4, SEM_I8, SEM_I /* native int, pointers */, SEM_F4, SEM_F8, SEM_REF, SEM_BYREF, SEM_VALUE } SemKind;
enum { SEMV_THIS = 1, SEMV_NONNULL = 2, SEMV_EXACT = 4 /* th is the run-time type, not a base */ };
typedef struct SemValue {
    u8 kind, flags;
    TypeHandle th; /* VALUE: its type (may be over __Canon). REF: static type when it was cheap to know, else 0. BYREF: 0 or pointee */
} SemValue;

/* --- Blocks ----------------------------------------------------------------------------------------------------------------- */
typedef struct SemBlock {
    u32 il_start, il_end;
    u32 num_preds;      /* branches to it from elsewhere; fall-through not counted */
    bool backward;      /* target of a backward branch: a loop header */
    bool handler_start, try_start;
    /* when handler_start: IlClauseKind + 1 of catch, filter(-body), finally, fault; filter code itself: SEM_HANDLER_FILTER_CODE */
    u8 handler_kind;
    bool reached, hinted;
    i32 stack_depth;    /* -1: not known yet */
    SemValue *stack;    /* entry stack */
    u32 region;         /* innermost enclosing handler region: clause index + 1, or 0: method body */
    u32 try_region;     /* innermost enclosing try: clause index + 1, or 0 */
    void *reader;       /* the reader's own */
} SemBlock;
enum { SEM_HANDLER_CATCH = 1, SEM_HANDLER_FILTER, SEM_HANDLER_FINALLY, SEM_HANDLER_FAULT, SEM_HANDLER_FILTER_CODE };

typedef struct SemLocal { /* arguments and locals */
    SigType type;
    u8 kind;          /* SemKind when loaded */
    bool address_taken, pinned;
    bool in_handler;  /* touched inside a handler, or live across into one: touched in both a try with handlers and outside */
    u32 uses;         /* reads and writes, weighted 8 for each loop nesting guess */
} SemLocal;

typedef struct SemClause {
    IlClause il;
    u32 enclosing_try;     /* clause index + 1 of the next outer clause whose try or handler contains this try, or 0 */
} SemClause;

/* --- Look-ups (D10) ------------------------------------------------------------------------------------------------------------ */
/* A type, method or field that a token names.  lookup: exact identity needs the generic context: slot of the dictionary. */
typedef struct SemLookup {
    bool lookup;
    u32 slot;
} SemLookup;
typedef struct SemType {
    u8 kind;       /* as SigType.kind */
    TypeHandle th; /* over __Canon when a look-up is needed */
    SemLookup exact;
} SemType;

/* --- Operations ---------------------------------------------------------------------------------------------------------------- */
typedef enum SemBinOp {
    SEM_ADD, SEM_SUB, SEM_MUL, SEM_DIV, SEM_DIV_UN, SEM_REM, SEM_REM_UN, SEM_AND, SEM_OR, SEM_XOR, SEM_SHL, SEM_SHR, SEM_SHR_UN
} SemBinOp;
typedef enum SemCmp { SEM_EQ, SEM_NE, SEM_LT, SEM_LE, SEM_GT, SEM_GE } SemCmp;
typedef enum SemOvf { SEM_OVF_NONE, SEM_OVF_SIGNED, SEM_OVF_UNSIGNED } SemOvf;

typedef enum SemOp {
    SEM_END,       /* no more code */
    SEM_BLOCK,     /* a block starts: .block; the walk's stack is its entry stack */
    SEM_NOP,
    SEM_BREAK,
    SEM_CONST,     /* push .value.i (I4, I8, I), .value.f (F4, F8), null (REF); kind in result.kind */
    SEM_LDARG, SEM_STARG, SEM_LDARGA, /* .index (this is 0) */
    SEM_LDLOC, SEM_STLOC, SEM_LDLOCA, /* .index */
    SEM_ARGLIST,
    SEM_DUP,
    SEM_POP,
    SEM_NEG, SEM_NOT, /* kind in result.kind */
    SEM_BINARY,    /* .bin: pops b then a; operand kinds already agree or are I4 with I (reader sign-extends the I4); byref arithmetic keeps BYREF in
                      result.kind; shifts: b is I4 or I, only the low 5/6 bits count */
    SEM_COMPARE,   /* .cmp; pushes I4 */
    SEM_CONV,      /* .conv */
    SEM_CKFINITE,
    SEM_JUMP,      /* .target block; explicit (br) or a fall-through is NOT given */
    SEM_JUMP_IF,   /* pops one: jump when it is non-zero (.branch.when true) or zero */
    SEM_JUMP_CMP,  /* pops two: .branch */
    SEM_SWITCH,    /* pops I4: .sw */
    SEM_LEAVE,     /* .leave: stack emptied; finallies to call in order */
    SEM_ENDFINALLY, /* endfinally/endfault */
    SEM_ENDFILTER, /* pops I4 */
    SEM_THROW, SEM_RETHROW,
    SEM_RET,       /* pops the value unless void */
    SEM_LOAD,      /* ldind.*, ldobj: pops address; .mem */
    SEM_STORE,     /* stind.*, stobj: pops value, address; .mem */
    SEM_CPOBJ,     /* pops src, dest addresses; .mem */
    SEM_INITOBJ,   /* pops address; .mem */
    SEM_CPBLK, SEM_INITBLK, /* .mem.unaligned/volatile */
    SEM_LOCALLOC,
    SEM_LDFLD, SEM_LDFLDA, SEM_STFLD, SEM_LDSFLD, SEM_LDSFLDA, SEM_STSFLD, /* .field */
    SEM_NEWARR, SEM_LDLEN, SEM_LDELEM, SEM_LDELEMA, SEM_STELEM, /* .elem */
    SEM_BOX, SEM_UNBOX, SEM_UNBOX_ANY, SEM_CASTCLASS, SEM_ISINST, /* .type; unbox.any of a reference type is given as CASTCLASS, box of one as NOP */
    SEM_LDTOKEN,   /* .token; result VALUE RuntimeTypeHandle/RuntimeMethodHandle/RuntimeFieldHandle */
    SEM_RVASPAN,   /* ldtoken field + call RuntimeHelpers.CreateSpan<T> folded: .token.f, .token.type is T; pushes VALUE ReadOnlySpan<T> */
    SEM_TYPEOF,    /* ldtoken type + call Type.GetTypeFromHandle folded: .type; pushes REF RuntimeType */
    SEM_LDSTR,     /* .str */
    SEM_LDFTN,     /* .call (dispatch DIRECT or LOOKUP): pushes native int code address */
    SEM_LDVIRTFTN, /* pops object; .call */
    SEM_CALL,      /* call, callvirt, calli, newobj, jmp: .call */
    SEM_MKREFANY, SEM_REFANYVAL, /* .type */
    SEM_REFANYTYPE,
    SEM_NO_ACCESS, /* the instruction that comes next may not use what it names: raise, or end the program. .denied */
} SemOp;

typedef struct SemMem {
    SemType type; /* kind: I1 U1 I2 U2 I4 U4 I8 U8 I U R4 R8 CLASS VALUETYPE ... */
    bool is_volatile;
    u8 unaligned; /* 0: naturally aligned */
} SemMem;
typedef struct SemField {
    Field *f;
    MethodTable *owner;   /* over __Canon when owner_exact.lookup */
    SemType type;         /* of the field */
    SemLookup owner_exact; /* statics of shared types: slot gives the statics block address (DICT_STATICS: constructor run); thread statics and
                              neutral mode: slot gives the exact MethodTable (DICT_FIELD_OWNER), the reader asks for the constructor */
    bool init_check;      /* statics: the class constructor may not have run yet at compile time: check before the access */
    bool is_volatile;
    u8 unaligned;
    bool on_value;        /* LDFLD: the stack holds the struct itself */
    bool on_ref;          /* instance access through an object reference; else byref or pointer */
    u32 offset;           /* instance: from the reference (header word included: 8 + f->offset) or from the address */
} SemField;
typedef struct SemElem {
    SemType type;    /* element type; NEWARR: element */
    SemType array;   /* NEWARR: the array type */
    bool readonly;   /* LDELEMA */
    bool exact_known; /* stelem/ldelema: element type is sealed or a value type: no covariance check */
} SemElem;

typedef enum SemDispatch {
    SEM_CALL_DIRECT,    /* [m->canon->entry], hidden argument by .ctx */
    SEM_CALL_VIRTUAL,   /* vtable slot m->slot of the receiver */
    SEM_CALL_INTERFACE, /* inline-cache site on m (ctx lookup when m is not exact) */
    SEM_CALL_GENERIC_VIRTUAL, /* generic virtual method: helper finds the target for (this, exact m) */
    SEM_CALL_DELEGATE,  /* Invoke of a delegate */
    SEM_CALL_INDIRECT,  /* calli managed: the function pointer is on top of the stack, above the arguments */
    SEM_CALL_UNMANAGED, /* calli unmanaged, or P/Invoke body: GC transition unless suppress_transition */
    SEM_CALL_LOOKUP,    /* Method * from the dictionary; [m->entry] with plain arguments (constrained static virtuals in shared code) */
    SEM_CALL_ARRAY,     /* Get, Set, Address, .ctor of arrays: m->array_kind */
    SEM_CALL_INTRINSIC, /* expanded by the reader: .intrinsic */
} SemDispatch;
typedef enum SemCtxKind { SEM_CTX_NONE, SEM_CTX_MT, SEM_CTX_METHOD } SemCtxKind;
typedef enum SemThisFix {
    SEM_THIS_ASIS,
    SEM_THIS_DEREF, /* byref to a reference: load it */
    SEM_THIS_BOX,   /* byref to a value: box it (.this_type) */
} SemThisFix;
typedef struct SemCall {
    Method *m;             /* NULL for calli */
    const MethodSig *sig;  /* parameter and return types */
    u16 num_args;          /* stack values popped, this included (newobj: without it), calli: without the function pointer */
    u8 dispatch, intrinsic_pad;
    u32 intrinsic;         /* SemIntrinsic */
    u8 ctx;                /* SemCtxKind: hidden argument */
    SemLookup ctx_lookup;  /* its value: lookup slot, or constant: */
    void *ctx_const;       /* MethodTable * or Method * */
    SemLookup method_lookup; /* LOOKUP, GENERIC_VIRTUAL, INTERFACE, LDFTN in shared code: exact Method * */
    u8 this_fix;
    SemType this_type;
    bool null_check;       /* callvirt: fault when this is null, although the call is direct */
    bool is_newobj;        /* allocate .newobj_type (value types: a zeroed temporary whose address is this), push it afterwards */
    SemType newobj_type;
    bool newobj_string;    /* string constructors: m is already the static Ctor method */
    bool tail;             /* explicit tail. prefix followed by ret */
    bool is_jmp;           /* jmp: arguments are the method's own, current values */
    bool suppress_transition; /* unmanaged */
    void *native_target;   /* UNMANAGED by P/Invoke stubs: address, or NULL: on the stack */
    bool delegate_ctor;    /* newobj of a delegate over ldftn/ldvirtftn: dl_* say more */
    Method *dl_target;     /* method named by the ldftn before it, or NULL */
    bool vararg;
    bool readonly;         /* ARRAY: readonly. before Address: no exact check */
} SemCall;

enum { SEM_CALLERS_ONLY = 3 }; /* denied.what: a call of an UnmanagedCallersOnly method */
typedef struct SemInst {
    SemOp op;
    u32 il_offset;      /* of the opcode, prefixes included */
    u32 pops;           /* values popped from the stack */
    bool pushes;
    SemValue result;    /* when pushes */
    SemBlock *block;    /* SEM_BLOCK */
    union {
        struct { i64 i; double f; } value;
        u32 index;
        struct { u8 op, ovf; } bin;                  /* SemBinOp, SemOvf */
        struct { u8 cmp; bool un; } cmp;             /* un: unsigned, or unordered for floats */
        struct { u8 to; bool un, ovf; u32 down; } conv; /* to: ELEMENT_TYPE_ I1..R8, I, U; un: source unsigned (conv.r.un, conv.ovf.*.un);
                                                           down: of the value so many below the top, in place: nothing is popped or pushed */
        SemBlock *target;
        struct { SemBlock *target; u8 cmp; bool un, when, backward; } branch;
        struct { SemBlock **targets; u32 n; } sw;
        struct { SemBlock *target; u32 *finallies; u32 num_finallies; bool from_catch; } leave; /* clause indices, innermost first */
        SemMem mem;
        SemField field;
        SemElem elem;
        SemType type;
        struct { u8 what; /* 0 type, 1 method, 2 field */ SemType type; Method *m; Field *f; SemLookup exact; /* fields: owner */ } token;
        struct { u8 what; /* as token.what, or SEM_CALLERS_ONLY */ void *target; /* MethodTable *, Method *, Field * */ } denied;
        struct { Module *module; u32 token; Object *literal; /* VM-made bodies: literal itself as handle */ struct IlStub *stub; } str;
        SemCall call;
    };
} SemInst;

/* --- Second walks ------------------------------------------------------------------------------------------------------------
 * A block is given once, with the stack that was known then.  When a later branch shows that the stack is another one (int32 where native int
 * comes round a loop; anything where none was expected), the walk fails with .again set, and a new one has the stack as a hint. */
typedef struct SemHint {
    u32 il_start, depth;
    SemValue *stack;
    struct SemHint *next;
} SemHint;
enum { SEM_MAX_HINTS = 64 };

/* --- The walk -------------------------------------------------------------------------------------------------------------------- */
typedef struct SemWalk {
    Method *method;           /* canonical */
    Arena *arena;
    SigContext ctx;
    IlBody body;
    const MethodSig *sig;
    SemLocal *args, *locals;
    u32 num_args, num_locals; /* args: this included */
    SemBlock *blocks;
    u32 num_blocks;
    SemClause *clauses;
    u32 num_clauses;
    bool has_localloc, has_loops, has_catch, makes_calls, has_tail;
    bool split_prefix; /* a block begins behind a prefix, or the code ends there */
    bool this_stored; /* argument 0 is written or its address taken */
    bool bad_var;     /* the number of an argument or local is out of range: refused if reached */
    SemValue *stack;
    u32 depth, max_depth;
    u8 ctx_kind;              /* 0 none, 1 MT argument, 2 Method argument, 3 this */
    u32 *block_of;            /* il offset -> block index + 1 where a block starts */
    struct SemPrivate *priv;
    SemHint *hints;           /* in the walk's arena */
    u32 num_hints;
    bool find_stacks;         /* this walk leaves out blocks that only later code reaches, to see with what stack it does */
    bool again;               /* sem_next failed, but a walk with these hints may not */
} SemWalk;

/* Runtime facts that the lower folders do not know; filled in by vm/. */
typedef struct SemClient {
    bool (*is_class_inited)(MethodTable *mt); /* constructor has run (or there is none); always false for types with one in neutral mode */
    bool neutral;                             /* D12 */
    bool (*body_override)(Method *m, IlBody *body, struct IlStub **stub); /* corelib/bodies.def: body to use instead */
    bool (*stub_body)(struct IlStub *s, IlBody *body, const SigType **locals, u32 *num_locals); /* MF_STUB methods */
    const MethodSig *(*stub_sig)(struct IlStub *s, u32 token); /* signature of a calli in a VM-made body */
    /* calli of a native function whose signature needs conversions: *stub takes the arguments and the address. NULL: none needed. May be NULL */
    bool (*unmanaged_stub)(const SigContext *ctx, const MethodSig *sig, u32 token, Method **stub, Err *e);
    void *(*stub_native)(struct IlStub *s, bool *suppress_transition); /* IlStub.native_target: NULL when the address is on the stack */
} SemClient;
extern SemClient sem_client;

/* Reads the body, scans it, types arguments and locals. */
bool sem_begin(SemWalk *w, Arena *a, Method *m, Err *e);
/* The same with the hints of the failed walk that w still holds; its arena must not have been released. */
bool sem_begin_again(SemWalk *w, Arena *a, Method *m, Err *e);
/* The scan alone, of the method as it is (its generic variables stay open): blocks, handlers, variables.  For the verifier, which types values
 * by itself (verify/); sem_next may not follow. */
bool sem_scan(SemWalk *w, Arena *a, Method *m, Err *e);
/* A scan of another instantiation of m, with the variables as m itself has them. */
bool sem_scan_as(SemWalk *w, const SemWalk *scan, Method *m, Err *e);
/* Does something other than a backward branch lead to the block? */
bool sem_entered_forward(const SemWalk *w, u32 block);
/* Next instruction. false: e says why the method cannot be compiled. Ends with op SEM_END. */
bool sem_next(SemWalk *w, SemInst *out, Err *e);
/* The reader found a JUMP_IF/JUMP_CMP/SWITCH to go one way only: the other successor is not reached from here. To be called right after it. */
void sem_branch_taken(SemWalk *w, bool taken);
SemKind sem_kind_of(const SigType *t); /* stack kind of a location's type */
SemBlock *sem_block_at(SemWalk *w, u32 il_offset);
const char *sem_op_name(SemOp op);

/* --- Intrinsics: rows of sem_intrinsics.def ------------------------------------------------------------------------------------------- */
typedef enum SemIntrinsic {
    SEM_INTRINSIC_NONE,
#define SEM_INTRINSIC(id, ns, type, method, params, what) SEM_INTR_##id,
#include "sem/sem_intrinsics.def"
#undef SEM_INTRINSIC
    SEM_INTRINSIC_COUNT
} SemIntrinsic;
SemIntrinsic sem_find_intrinsic(Method *m); /* by owner's and own name and parameter count; cached in m->intrinsic */
#endif
