/* type.h: the type system: load contexts, assemblies, modules, MethodTables, methods, fields, generics, casts, statics.
 *
 * Files: type_heap.c (loader heaps, D11), type_module.c (assemblies, modules, token maps), type_load.c (MethodTable of a
 * TypeDef), type_layout.c (field layout, GC runs), type_vtable.c (slots, overrides, MethodImpl, covariant returns),
 * type_iface.c (interface maps, dispatch, default methods, variance), type_generic.c (instantiation, canonical forms,
 * dictionaries), type_sig.c (signatures to types), type_method.c (Method lookup and creation), type_cast.c, type_static.c,
 * type_name.c (printing), type_wellknown.c (CoreLib types by name), type_check.c (constraints, access), type_validate.c (what
 * definitions must keep to), type_unload.c (what goes away).
 *
 * Everything here lives in loader heaps of its LoadContext.  Loading is done under one recursive process-wide loader lock
 * (type_lock); binding callbacks that run managed code drop it.  Published structures are read without a lock.
 * Loading never allocates managed objects and never runs managed code, so it may run in either mode.
 * Errors: bool/NULL + Err (kinds ERR_TYPE_LOAD, ERR_BAD_IMAGE, ...), with the reference's message text.
 * Book: type.md  Tests: tests/unit/type/ */
#ifndef TYPE_TYPE_H
#define TYPE_TYPE_H
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "gc/gc.h"
#include "il/il.h"
#include "md/md.h"
#include "md/md_names.h"
#include "md/md_sig.h"
#include "thread/thread.h"

typedef struct LoadContext LoadContext;
typedef struct Assembly Assembly;
typedef struct Module Module;
typedef struct MtAux MtAux;
typedef struct MtClass MtClass;
typedef struct Method Method;
typedef struct Field Field;
typedef struct TypeDesc TypeDesc;
typedef struct Dict Dict;
typedef struct DictLayout DictLayout;

/* A type: MethodTable *, or TypeDesc * with bit 1 set (pointer, byref, function pointer, generic variable). 0: none.
 * (contract: layouts, TypeHandle).  Unique per type, so equality is identity. */
typedef uintptr_t TypeHandle;
#define TH_DESC_BIT ((uintptr_t)2)
static inline bool th_is_desc(TypeHandle th) { return (th & TH_DESC_BIT) != 0; }
static inline MethodTable *th_mt(TypeHandle th) { return th_is_desc(th) ? NULL : (MethodTable *)th; }
static inline TypeDesc *th_desc(TypeHandle th) { return th_is_desc(th) ? (TypeDesc *)(th & ~TH_DESC_BIT) : NULL; }
static inline TypeHandle th_of(const MethodTable *mt) { return (TypeHandle)mt; }

/* --- MethodTable --------------------------------------------------------------------------------------------------- */
/* flags: forced bits (contract: layouts, section 2) */
enum {
    MTF_COMPONENT_MASK = 0x0000ffff,  /* component size, only with MTF_HAS_COMPONENTS */
    MTF_GENERICS_MASK = 0x30,         /* these low bits only without MTF_HAS_COMPONENTS */
    MTF_GENERIC_EXACT = 0x10,         /* instantiation over exact types */
    MTF_GENERIC_SHARED = 0x20,        /* canonical instantiation, has __Canon somewhere */
    MTF_GENERIC_DEF = 0x30,           /* the definition, over its own variables */
    MTF_HAS_DEFAULT_CTOR = 0x200,
    MTF_BYREF_LIKE = 0x1000,
    MTF_CATEGORY_MASK = 0x000F0000,
    MTF_CAT_CLASS = 0x00000000,
    MTF_CAT_VALUETYPE = 0x00040000, /* (flags & 0xC0000) == this for every value type */
    MTF_CAT_NULLABLE = 0x00050000,
    MTF_CAT_ENUM = 0x00060000, /* primitive value type: (flags & 0xE0000) == 0x60000 */
    MTF_CAT_PRIMITIVE = 0x00070000,
    MTF_CAT_ARRAY = 0x00080000, /* (flags & 0xC0000) == this */
    MTF_CAT_SZARRAY = 0x000A0000,
    MTF_CAT_INTERFACE = 0x000C0000,
    MTF_HAS_FINALIZER = GC_TYPE_HAS_FINALIZER,
    MTF_COLLECTIBLE = GC_TYPE_COLLECTIBLE,
    MTF_HAS_REFS = GC_TYPE_HAS_REFS,
    MTF_HAS_GENERIC_VARS = 0x20000000, /* contains generic variables: open type */
    MTF_HAS_COMPONENTS = GC_TYPE_HAS_COMPONENTS,
};
/* flags2: ours */
enum {
    MT2_LOADED = 1,           /* fully loaded and published */
    MT2_HAS_CCTOR = 2,
    MT2_BEFOREFIELDINIT = 4,
    MT2_HAS_VARIANCE = 8,     /* generic interface or delegate with variant parameters */
    MT2_SHARED_BY_REF = 0x10, /* own instantiation contains a reference type or shared struct: canonical form differs or is __Canon */
    MT2_DELEGATE = 0x20,
    MT2_ABSTRACT = 0x40,
    MT2_SEALED = 0x80,
    MT2_ENUM = 0x100,
    MT2_HAS_STATICS = 0x200,
    MT2_HAS_THREAD_STATICS = 0x400,
    MT2_INLINE_ARRAY = 0x800,
    MT2_EXPLICIT_LAYOUT = 0x1000,
    MT2_HAS_DEFAULT_IMPL = 0x2000, /* interface with default method bodies */
    MT2_INTRINSIC_TYPE = 0x4000,   /* [Intrinsic] on the type */
    MT2_SEQ_BLITTABLE = 0x8000,    /* sequential or explicit layout, no references */
    MT2_IS_CANON = 0x10000,        /* System.__Canon itself */
    MT2_NO_COMPARE_BITS = 0x20000,
    MT2_STATICS_COLLECTIBLE = 0x40000,
    MT2_CONTEXTFUL = 0x80000,
    MT2_IFACES_READY = 0x100000,     /* interfaces and num_interfaces are valid */
    MT2_CONSTRAINTS_OK = 0x200000,   /* instantiation: constraints were checked */
    MT2_PUBLIC = 0x400000,           /* the definition is visible everywhere */
    MT2_ASSEMBLY = 0x800000,         /* at least in its own assembly */
};
struct MethodTable {
    u32 flags;              /*  0 MTF_; component size in the low half */
    u32 base_size;          /*  4 */
    u32 flags2;             /*  8 MT2_ */
    u16 num_virtuals;       /* 12 slots in vtable[] */
    u16 num_interfaces;     /* 14 valid once MT2_IFACES_READY */
    MethodTable *parent;    /* 16 exact instantiation of the base class; NULL for Object and interfaces */
    Module *module;         /* 24 of the definition */
    MtAux *aux;             /* 32 */
    MtClass *klass;         /* 40 cold data; one per canonical MethodTable, shared by exact instantiations of it */
    union {
        TypeHandle elem;  /* 48 arrays: element type */
        Dict **perinst;   /* 48 others: dictionaries of this type and its generic ancestors, oldest first; own one last */
    };
    union {
        MethodTable **interfaces; /* 56 exact, flattened; made on demand: use type_interfaces() */
        struct {
            u32 nullable_value_offset; /* 56 Nullable<T>: offset of value inside the unboxed struct (contract NullableValueAddrOffset) */
            u32 nullable_value_size;   /* 60 */
        };
    };
    void *vtable[]; /* 64 code addresses, see "vtable slots" below */
};
#define MT_VTABLE_OFFSET 64
_Static_assert(offsetof(MethodTable, parent) == 16 && offsetof(MethodTable, aux) == 32 && offsetof(MethodTable, elem) == 48 &&
                   offsetof(MethodTable, interfaces) == 56 && offsetof(MethodTable, vtable) == MT_VTABLE_OFFSET,
               "read by CoreLib");

/* Data of one exact MethodTable that is written after load. CoreLib reads offsets 0..23. */
enum { AUX_CLASS_INITED = 1, AUX_CHECKED_COMPARE_BITS = 2, AUX_CAN_COMPARE_BITS = 4 };
struct MtAux {
    u32 flags;              /*  0 AUX_; set atomically. In neutral mode AUX_CLASS_INITED stays clear (D12) */
    u32 pad;
    Module *loader_module;  /*  8 */
    Object *exposed;        /* 16 the RuntimeType, in frozen space; NULL until asked for (always in neutral mode) */
    MethodTable *mt;        /* 24 back pointer */
    MethodTable *canon;     /* canonical MethodTable (self when not a shared instantiation) */
    char *statics;          /* block of this type's static fields, or NULL until type_ensure_statics; GcRootBlock inside its domain */
    u32 tls_index;          /* index in Thread.tls_blocks, 0: none yet */
    u32 type_id;            /* small number, unique in the process: index in per-domain tables (neutral mode) */
    struct ClassInit *init; /* vm: state of the class constructor's run, or NULL */
    Method **methods;       /* by index in klass->methods: exact Methods made so far (NULL entries); lazily allocated */
    Method **slot_methods;  /* by vtable slot: the Method behind it, lazily filled (see type_slot_method) */
    TypeHandle *inst;       /* own type arguments (klass->num_generic), or NULL */
    MethodTable *next_inst, *first_derived, *next_derived; /* chains: instantiations of a definition; direct subclasses */
    TypeHandle array_of, byref_of, pointer_of; /* derived types made so far: szarray, byref, pointer */
    struct IfaceImpl *iface_impls; /* per interface: implementation slots (type_iface.c) */
    Object *exposed_factory; /* reserved */
    void *vm_data;          /* vm: ActivatorCache and friends */
};
_Static_assert(offsetof(MtAux, loader_module) == 8 && offsetof(MtAux, exposed) == 16, "read by CoreLib");

struct MtClass { /* cold; describes the TypeDef under this canonical instantiation */
    MethodTable *mt;       /* canonical MethodTable */
    MethodTable *typical;  /* the generic definition's MethodTable, or mt */
    u32 token;             /* TypeDef token; 0 for arrays */
    u32 attrs;             /* TypeAttributes */
    const char *name, *ns; /* UTF-8 in the image; arrays: NULL */
    u32 enclosing;         /* TypeDef rid of the declaring type, or 0 (type_enclosing loads it) */
    u8 elem_kind;          /* ELEMENT_TYPE_ of the type itself (primitives: their code; enums: VALUETYPE) */
    u8 rank;               /* arrays */
    u8 align;              /* of the unboxed value: 1, 2, 4, 8 */
    u8 pack;
    u8 underlying;         /* enums, primitives: ELEMENT_TYPE_ of the underlying primitive, else 0 */
    u16 num_generic;       /* own generic parameters, those of enclosing types included */
    u16 num_dicts;         /* entries of perinst */
    u32 size;              /* value types: unboxed size in bytes; classes: instance field bytes */
    u32 num_methods;       /* MethodDefs */
    u32 first_method_rid; /* a place for md_method_at: see type_method_rid */
    u32 num_fields;        /* FieldDefs, static ones included */
    Field *fields;         /* one per FieldDef, in metadata order */
    u32 num_instance_fields; /* of this class, ancestors not counted */
    u32 statics_size, tls_size;       /* bytes; layout: references first */
    GcRun *statics_runs, *tls_runs;   /* reference-bearing parts of the two blocks */
    u32 num_statics_runs, num_tls_runs;
    u32 cctor_rid;         /* MethodDef rid of .cctor, or 0 */
    u32 finalizer_slot;
    u32 inline_array_length; /* [InlineArray(n)], else 0 */
    DictLayout *dict_layout; /* of code shared by canonical instantiations of this type */
    Arena *scratch;
    /* SysV classification of the unboxed value, see TypeAbi */
    struct TypeAbi *abi;
    u16 *method_slots;     /* by method index: vtable slot, or 0xffff; NULL: no method has one */
    u16 num_slots;         /* virtual slots; open types and interfaces have num_virtuals 0 in their MethodTable all the same */
    u16 depth;             /* ancestors: Object 0 */
    struct SlotSrc *slot_src;   /* by slot: who fills it (type_int.h) */
    struct VirtName *virts;     /* virtual methods of this class that opened a slot */
    u32 num_virts;
    u32 kflags;            /* KF_ (type_int.h) */
    u8 *variance;          /* by own generic parameter: GP_COVARIANT …; NULL: invariant */
    u32 *byrefs;           /* ref structs: offsets of byref fields in the unboxed value */
    u32 num_byrefs;
};

/* vtable slots.  A slot holds a code address: at first one shared "slot prestub" per slot number (it finds the Method from `this` and the
 * number, compiles it, patches the slot), later the method's code (value types: the unboxing stub's).
 * type_publish rewrites the slots of all derived types that still hold the old address. */

/* --- Methods ------------------------------------------------------------------------------------------------------- */
enum { /* Method.flags */
    MF_STATIC = 1,
    MF_VIRTUAL = 2,
    MF_ABSTRACT = 4,
    MF_FINAL = 8,
    MF_CTOR = 0x10,
    MF_CCTOR = 0x20,
    MF_NEWSLOT = 0x40,
    MF_FCALL = 0x80,         /* InternalCall */
    MF_PINVOKE = 0x100,      /* PinvokeImpl; QCalls have the library "QCall" */
    MF_RUNTIME = 0x200,      /* runtime-implemented (delegate members) */
    MF_SYNCHRONIZED = 0x400,
    MF_NOINLINE = 0x800,
    MF_AGGRESSIVE_INLINE = 0x1000,
    MF_INTRINSIC = 0x2000,   /* [Intrinsic] on the method or its type */
    MF_GENERIC_DEF = 0x4000, /* open generic method (typical instantiation over its own variables) */
    MF_GENERIC_INST = 0x8000,
    MF_SHARED = 0x10000,     /* code is shared: some type argument of class or method is __Canon */
    MF_CTX_MT = 0x20000,     /* canonical body takes a hidden exact MethodTable * argument */
    MF_CTX_METHOD = 0x40000, /* canonical body takes a hidden exact Method * argument */
    MF_CTX_THIS = 0x80000,   /* canonical body takes its context from this */
    MF_UNMANAGED_CALLERS_ONLY = 0x100000,
    MF_STUB = 0x200000,      /* IL made by the VM: il_stub is set */
    MF_ARRAY = 0x400000,     /* array pseudo-method: kind in `slot_kind` */
    MF_DYNAMIC = 0x800000,   /* DynamicMethod */
    MF_VARARG = 0x1000000,
    MF_UNSAFE_ACCESSOR = 0x2000000,
    MF_HAS_BODY_OVERRIDE = 0x4000000, /* body comes from corelib/bodies.def (D17) */
    MF_UNBOXING = 0x8000000, /* a stub reached with a boxed `this` */
    MF_OPTIMIZE = 0x10000000,
};
typedef enum ArrayMethodKind { ARRAY_GET, ARRAY_SET, ARRAY_ADDRESS, ARRAY_CTOR } ArrayMethodKind;

struct Method {
    void *entry;     /*  0 the cell (D4): code address to call; never NULL once vm's method_made hook ran */
    MethodTable *mt; /*  8 exact owner */
    Method *canon;   /* 16 the Method that owns the code: self, or the one over canonical arguments */
    Dict *dict;      /* 24 generic methods: type arguments, then dictionary slots */
    u32 token;       /* 32 MethodDef token; 0 for array methods and stubs */
    u32 flags;       /* 36 MF_; written at creation only */
    u16 slot;        /* vtable slot, or 0xffff */
    u16 index;       /* in klass->methods (as of type_method_rid) */
    u16 num_generic; /* own type parameters */
    u8 array_kind;   /* ArrayMethodKind for MF_ARRAY */
    u8 tier;         /* of the code in entry: 0 none, 1 tier 0, 2 tier 1, 3 native (FCall) */
    u32 impl_flags;  /* MethodImplAttributes */
    u32 attrs;       /* MethodAttributes */
    const u8 *sig;   /* signature blob (in the image or the loader heap) */
    u32 sig_len;
    u32 intrinsic;   /* sem: intrinsic id + 1, 0: none, or not yet looked up (see MF_INTRINSIC) */
    const char *name;
    struct MethodSig *msig; /* resolved lazily, see type_method_sig */
    DictLayout *dict_layout; /* canonical generic methods */
    struct IlStub *il_stub;  /* MF_STUB: body and its token table (vm/vm_ilstub.h) */
    void *code;        /* CodeInfo * of the current body (code/code.h), NULL until compiled */
    void *precode;     /* stable entry point: address taken by ldftn and delegates; made on demand (code/) */
    Method *stub;      /* instantiating or unboxing stub Method made for this one, or NULL */
    Method *unboxing_stub;
    Method *next;      /* hash chain of generic method instantiations on one definition */
    void *vm_data;     /* by kind: P/Invoke target, UnmanagedCallersOnly thunk, dynamic method's resolver handle */
    u32 uses;          /* calls counted (tiering) */
    u32 context;       /* owner where mt does not give it (stubs, generic methods): type_context_number; 0: mt's */
};
#define METHOD_ENTRY_OFFSET 0
_Static_assert(offsetof(Method, entry) == METHOD_ENTRY_OFFSET && offsetof(Method, dict) == 24, "addressed by compiled code");

/* --- Fields -------------------------------------------------------------------------------------------------------- */
enum { FF_STATIC = 1, FF_THREAD_STATIC = 2, FF_RVA = 4, FF_LITERAL = 8, FF_INITONLY = 0x10, FF_ADDED = 0x20 };
struct Field {
    MethodTable *mt;  /* canonical or exact owner (klass->mt) */
    u32 token;
    u32 offset;       /* instance: from the start of the unboxed data (object pointer + 8 + offset for classes);
                         static: from MtAux.statics, or from the thread-static block; RVA: the RVA */
    u16 flags;        /* FF_ */
    u16 attrs;        /* FieldAttributes */
    u8 kind;          /* ELEMENT_TYPE_ with enums reduced to their primitive and every reference type as CLASS; VALUETYPE else */
    u32 size;
    const u8 *sig;    /* blob */
    u32 sig_len;
    const char *name;
    TypeHandle type;  /* resolved lazily for references: use type_field_type; set for VALUETYPE */
};

/* --- TypeDesc ------------------------------------------------------------------------------------------------------ */
typedef enum TypeDescKind { TD_PTR, TD_BYREF, TD_FNPTR, TD_VAR, TD_MVAR } TypeDescKind;
struct TypeDesc {
    u32 flags;       /* 0: low 8 bits ELEMENT_TYPE_; 0x20000000 contains generic variables */
    u32 kind;        /* TypeDescKind */
    Object *exposed; /* 8: RuntimeType object, read by CoreLib */
    TypeHandle elem; /* PTR, BYREF */
    Module *module;  /* VAR, MVAR: of the owner */
    u32 index;       /* VAR, MVAR: number */
    u32 token;       /* VAR, MVAR: GenericParam token */
    void *owner;     /* VAR: typical MethodTable; MVAR: typical Method */
    struct MethodSig *fnsig; /* FNPTR */
    TypeHandle array_of, byref_of, pointer_of;
    TypeHandle *constraints; /* lazily loaded */
    u32 num_constraints;
    bool constraints_loaded;
};

/* --- Dictionaries (D10) -------------------------------------------------------------------------------------------- */
/* args[nargs], then the number of slots, then the slots. A reader compares the slot's index with the count, then tests the slot for NULL; both
 * misses go to type_dict_resolve, which grows by replacement: MethodTable.perinst[k] or Method.dict is stored anew. */
struct Dict {
    TypeHandle args[1]; /* nargs of them; then: u64 count; void *slots[count] */
};
static inline u64 *dict_count(Dict *d, u32 nargs) { return (u64 *)(d->args + nargs); }
static inline void **dict_slots(Dict *d, u32 nargs) { return (void **)(d->args + nargs + 1); }

typedef enum DictKind {
    DICT_TYPE,        /* token or signature -> TypeHandle (loaded) */
    DICT_METHOD,      /* MethodDef/MemberRef/MethodSpec token -> exact Method * (entry set) */
    DICT_FIELD,       /* -> exact Field * (ldtoken) */
    DICT_FIELD_OWNER, /* field token -> exact MethodTable * of its owner */
    DICT_METHOD_OWNER, /* method token -> exact MethodTable * of its owner */
    DICT_CONSTRAINED, /* method token + constrained type token -> exact Method * that implements it (plain arguments) */
    DICT_STATICS,     /* type token (or field's owner) -> address of its statics block, class constructor run (vm resolves) */
    DICT_ARRAY_OF,    /* type token -> TypeHandle of its szarray (newarr, ldelema) */
    DICT_KINDS
} DictKind;
typedef struct DictEntry {
    u32 kind;       /* DictKind */
    u32 token;      /* in module */
    u32 token2;     /* DICT_CONSTRAINED: the constrained type */
    Module *module;
    struct IlStub *stub; /* token space of a VM-made body, or NULL */
} DictEntry;
struct DictLayout {
    u32 count, cap;
    DictEntry *entries; /* replaced when grown; readers hold type_lock */
};
/* Number of the slot for the entry in the layout of owner; adds it when new. Takes type_lock. */
u32 type_dict_slot(DictLayout **layout, LoadContext *alc, const DictEntry *e);
/* Resolves slot of the context (exact MethodTable * whose ancestor `owner` has the layout; or exact Method *), stores and returns it.
 * May load types; statics are resolved through TypeClient.ensure_statics. NULL + Err. */
void *type_dict_resolve_mt(MethodTable *exact, MethodTable *owner_canon, u32 slot, Err *e);
void *type_dict_resolve_method(Method *exact, u32 slot, Err *e);

/* --- Signatures resolved ------------------------------------------------------------------------------------------- */
/* One parameter, local or return type as code generation needs it. References are not loaded until asked for. */
typedef struct SigType {
    u8 kind;       /* ELEMENT_TYPE_: primitives (enums reduced), I/U for pointers and function pointers stay PTR/FNPTR, CLASS for every
                      reference type, VALUETYPE, BYREF, TYPEDBYREF, VOID */
    bool pinned;   /* locals */
    bool shared;   /* exact type depends on the generic context (a runtime look-up is needed to name it) */
    TypeHandle th; /* VALUETYPE, and enums and primitives when known: always set for VALUETYPE; others 0 until type_sigtype_load */
    const u8 *sig; /* the element's encoding, custom modifiers skipped */
    Module *module; /* whose tokens sig uses */
    struct IlStub *stub;
} SigType;
typedef struct MethodSig {
    u8 callconv; /* low 4 bits of the signature header: 0 default, 1 C, 2 stdcall, 5 vararg, 9 unmanaged */
    bool has_this, explicit_this;
    u16 num_generic;
    u16 num_params; /* without this */
    u16 sentinel;   /* vararg call sites: number of fixed parameters; 0xffff none */
    SigType ret;
    SigType *params;
} MethodSig;
/* Generic context that a signature or token is read in. */
typedef struct SigContext {
    Module *module;
    const TypeHandle *class_args;
    u32 num_class_args;
    const TypeHandle *method_args;
    u32 num_method_args;
    struct IlStub *stub; /* VM-made body: tokens index its table */
} SigContext;
SigContext type_method_context(Method *m);   /* of its body and signature */
SigContext type_mt_context(MethodTable *mt);
const MethodSig *type_method_sig(Method *m, Err *e); /* cached on m; loader heap */
MethodSig *type_parse_method_sig(Arena *a, const SigContext *c, const u8 *sig, u32 len, Err *e);
bool type_parse_locals(Arena *a, const SigContext *c, u32 local_sig_token, SigType **out, u32 *n, Err *e);
bool type_parse_sigtype(const SigContext *c, const u8 **p, const u8 *end, SigType *out, Err *e);
/* The type itself, loaded. */
TypeHandle type_sigtype_load(const SigContext *c, const SigType *s, Err *e);
TypeHandle type_from_sig(const SigContext *c, const u8 **p, const u8 *end, Err *e);

/* --- Token resolution (D1: how a token resolves under a context is worked out here once) ------------------------------ */
/* *shared (may be NULL): the exact result depends on the generic context, a dictionary look-up is needed at run time. */
TypeHandle type_resolve_type(const SigContext *c, u32 token, bool *shared, Err *e);
/* MethodDef, MemberRef, MethodSpec. The Method is exact over the context's arguments (which may be __Canon).
 * call_sig: for vararg MemberRefs the site's signature (else NULL). */
Method *type_resolve_method(const SigContext *c, u32 token, bool *shared, Err *e);
Field *type_resolve_field(const SigContext *c, u32 token, MethodTable **owner, bool *shared, Err *e);

/* --- Contexts, assemblies, modules ----------------------------------------------------------------------------------- */
typedef enum HeapKind { HEAP_HOT, HEAP_COLD, HEAP_STUB, HEAP_KINDS } HeapKind;
typedef struct LoaderHeap LoaderHeap;
/* Zeroed, 8-byte aligned, lives as long as the context. Thread-safe. HEAP_STUB: address in the executable view; write through
 * os_span_rw. */
void *type_alloc(LoadContext *alc, HeapKind kind, size_t n);
char *type_strdup(LoadContext *alc, const char *s);

/* Neutral mode: what a domain has of a type; entry MtAux.type_id of Domain.types.  Compiled code reads it: t->domain, types, entry. */
typedef struct DomainType {
    Object *object;          /* the RuntimeType, frozen; NULL until asked for */
    char *statics;           /* block of static fields, or NULL */
    char *ready;             /* the same, once the class constructor has run to its end (or there is none) */
    struct ClassInit *init;  /* vm: state of the class constructor's run, or NULL */
} DomainType;
enum { DOMAIN_TYPE_SHIFT = 5, DOMAIN_TYPES_MAX = 1 << 21, DOMAIN_SLOTS_MAX = 1 << 22 };
_Static_assert(sizeof(DomainType) == 1 << DOMAIN_TYPE_SHIFT, "indexed by a shift in compiled code");

struct Domain { /* D12: an isolated program */
    u32 id;
    const char *name;
    LoadContext *default_context;
    struct Interned *interned;    /* vm: string literals */
    struct GcHandleTable *handles; /* gc */
    GcRootBlock *root_blocks;     /* gc: list */
    DomainType *types;            /* neutral mode, else NULL: reserved for DOMAIN_TYPES_MAX, zero until used */
    void **neutral_table;         /* neutral mode: literals, writable data of RVA fields, RuntimeTypes of TypeDescs by number; the same */
    GcHandle app_domain_setup;    /* vm */
    u64 allocated_bytes;
    Domain *next;
};
struct LoadContext {
    Domain *domain;
    LoaderHeap *heaps[HEAP_KINDS];
    bool collectible, is_default;
    bool shares_managed;        /* managed belongs to another context (emitted assemblies that are collected one by one) */
    GcHandle managed;           /* AssemblyLoadContext object, or NULL */
    GcHandle keeper;            /* collectible: tracking weak handle of the object that it lives as long as; NULL: none yet */
    struct ContextParts *parts; /* collectible: what unloading takes apart (type_unload.c); NULL until there is something */
    u32 number;                 /* see Method.context */
    u8 verify_mode;             /* vm_verify.c: VmVerify + 1; 0: not worked out yet */
    bool verified;              /* nothing of it runs unverified: attributes do not open the framework to it (type_access.c) */
    u32 state, full_collections; /* vm_unload.c */
    LoadContext *next, *prev;   /* all contexts of the process, under type_lock */
    void *vm_data;              /* vm_unload.c */
    VEC(Assembly *) assemblies; /* under type_lock */
    u64 allocated_bytes;
    char *name;
};
struct Assembly {
    LoadContext *alc;
    Module *module;        /* manifest module */
    const char *name;      /* simple name */
    const char *path;      /* NULL when loaded from memory */
    MdAssemblyName identity;
    GcHandle exposed;      /* RuntimeAssembly, strong; NULL until asked for */
    bool is_corelib, is_dynamic;
    bool is_bundled;       /* path names no file: it lies inside a single-file program */
    bool trusted;          /* in CoreLib's folder: completeness of overrides and constraints of its types is not checked */
    Map64 refs;            /* AssemblyRef rid -> Assembly *, under type_lock */
    Assembly *friend;      /* the last one for which friends said yes */
    Map64 friends;         /* other Assembly * -> may it see the internals of this one? (type_access.c, under type_lock) */
    void *vm_data;
};
struct Module {
    Assembly *assembly;
    LoadContext *alc;
    PeImage *pe;
    MdImage *md;
    MethodTable **typedefs; /* by rid: typical MethodTable or NULL; published with release */
    Method **methoddefs;    /* by rid: Method on the typical MethodTable, or NULL */
    TypeHandle *typerefs;   /* by rid */
    void **memberrefs;      /* by rid: Method * or Field * when the parent is not generic (bit 0 set: Field) */
    struct DefRef *typeref_defs; /* by rid: where the TypeRef leads (private) */
    u32 *memberref_rids;    /* by rid: MethodDef, or Field (MEMBERREF_FIELD) rid found in the parent's own definition (private) */
    Method **methodspecs;   /* by rid, when nothing depends on a generic context */
    Map64 method_insts;     /* hash of generic method instantiations (private) */
    Map64 rva_copies;       /* Field rid -> writable copy of its data */
    Map64 insts;            /* hash of generic instantiations loaded through this module's definitions (private) */
    GcHandle exposed;       /* RuntimeModule */
    Map64 literals;         /* #US token -> frozen String *; neutral mode: its number in Domain.neutral_table */
    void *pdb;              /* MdPdb *, opened on demand (vm) */
    bool module_ctor_done; /* vm: the module constructor (<Module>..cctor) has run, or there is none */
    bool has_skip_locals_init, runtime_compat_wraps; /* assembly-level attributes */
    u32 field_owner;       /* TypeDef rid of the field that was looked for last: the next one is often another of the same class */
    u8 pointer_attributes; /* verify: which of them occur; 0: not looked for */
    void *vm_data;
};

/* Calls upwards, filled in by vm/ at start. */
typedef struct TypeClient {
    /* Binds an AssemblyRef of from. May run managed code (Resolving events): called with type_lock dropped. */
    Assembly *(*bind)(Assembly *from, u32 assemblyref_token, Err *e);
    /* A Method was created: set its entry (precode or prestub cell). Called under type_lock; must not load. */
    void (*method_made)(Method *m);
    /* A type of a module that grows was named before it was finished: asks who can finish it (TypeResolve).  Called with type_lock dropped. */
    bool (*finish_type)(Module *m, u32 rid, Err *e);
    /* Initial address of a vtable slot (the shared slot prestub). */
    void *(*slot_prestub)(u32 slot);
    /* Address of mt's statics with its class constructor run, or begun by this thread: then *settled is false, and the address is not for others,
     * who have to wait.  May run managed code: type_lock not held. */
    void *(*ensure_statics)(MethodTable *mt, bool *settled, Err *e);
    bool neutral; /* D12; set before the first domain is made */
    /* Token table of VM-made bodies. */
    TypeHandle (*stub_type)(struct IlStub *s, u32 token, const struct SigType **from); /* *from: to be read in each context; NULL: the same in all */
    /* c: context the member is wanted in; NULL: any.  *shared (may be NULL): depends on it. */
    Method *(*stub_method)(struct IlStub *s, u32 token, const SigContext *c, bool *shared, Err *e);
    Field *(*stub_field)(struct IlStub *s, u32 token, const SigContext *c, MethodTable **owner, bool *shared, Err *e);
} TypeClient;
extern TypeClient type_client;

void type_init(void);
void type_lock(void);
void type_unlock(void);
LoadContext *type_context_new(Domain *d, bool collectible, const char *name);
extern u32 type_assembly_count; /* assemblies in all contexts; atomic */

/* --- Collectible contexts (type_unload.c) ------------------------------------------------------------------------------ */
/* The context that owns a type, and everything made for a method: a collectible one among the owner and the type arguments,
 * else that of the definition. */
LoadContext *type_handle_context(TypeHandle th);
LoadContext *type_method_context_of(Method *m);
static inline bool type_method_is_collectible(Method *m) { return type_method_context_of(m)->collectible; }
u32 type_context_number(LoadContext *alc); /* for Method.context; 0: not collectible.  Under type_lock, or before alc is shared */
/* A slot that holds o as long as the context's keeper lives; the keeper is a System.Reflection.LoaderAllocator.  A GcHandle for
 * gc_handle_get, never freed.  Of a context that is not collectible: a strong handle.  Either mode; may collect. */
GcHandle type_context_handle(LoadContext *alc, Object *o);
void type_context_handle_clear(LoadContext *alc, GcHandle h); /* the slot is used again; cooperative */
/* An object of n bytes that does not move, held by such a slot.  Collectible contexts only.  Either mode; may collect. */
Object *type_context_object(LoadContext *alc, MethodTable *mt, size_t n, GcHandle *slot);
Object *type_context_keeper(LoadContext *alc); /* cooperative; NULL: not collectible, or dead */
/* Code or data of `from` names something of `to`: the keeper of `from` now keeps that of `to`.  Nothing to do unless both are
 * collectible.  Either mode. */
void type_context_refer(LoadContext *from, LoadContext *to);
/* Unloading, in this order: type_lock held by the caller, world stopped:
 *   type_dying_begin          marks all memory of these contexts: type_is_dying says so of an address
 *   type_forget_dying()       takes them out of every table of this folder
 *   type_dying_end()
 * then, the world running again and nothing leading there any more: type_context_free, which gives the memory back. */
void type_dying_begin(LoadContext **v, u32 n);
bool type_is_dying(const void *p);
void type_dying_mark(const void *p, size_t n);   /* chunks that others own (code); they unmark them too */
void type_dying_unmark(const void *p, size_t n);
void type_forget_dying(void);
void type_dying_end(void);
void type_context_free(LoadContext *alc);
/* For each key or value that lies in dying memory, the entry is taken out; returns how many.  keys: test the keys too. */
u32 type_map_forget(Map64 *m, bool keys);
/* Visits the assemblies of every context of every domain; type_lock held. */
void type_each_context(void (*visit)(void *arg, LoadContext *alc), void *arg);
Assembly *type_assembly_new(LoadContext *alc, PeImage *pe, const char *path, Err *e); /* makes Assembly and Module, registers it */
Domain *type_domain_new(const char *name);

/* --- Well-known CoreLib types: rows of type_wellknown.def; loaded on first use, fatal when CoreLib lacks one --------- */
typedef enum WellKnown {
#define WELL_KNOWN(id, ns, name) WK_##id,
#include "type/type_wellknown.def"
#undef WELL_KNOWN
    WK_COUNT
} WellKnown;
extern MethodTable *type_wk_cache[WK_COUNT];
MethodTable *type_wk_load(WellKnown id);
static inline MethodTable *type_wk(WellKnown id)
{
    MethodTable *mt = __atomic_load_n(&type_wk_cache[id], __ATOMIC_ACQUIRE);
    return LIKELY(mt != NULL) ? mt : type_wk_load(id);
}
/* Loads CoreLib into the default context and the types everything needs; sets the gc free type. */
bool type_boot(Domain *d, const char *corelib_path, Err *e);
extern Assembly *type_corelib;

/* --- Loading --------------------------------------------------------------------------------------------------------- */
MethodTable *type_load_typedef(Module *m, u32 token, Err *e); /* typical */
/* By name in an assembly, type forwarders followed. name may hold '+' for nesting; ns "" for none. */
MethodTable *type_load_name(Assembly *a, const char *ns, const char *name, Err *e);
TypeHandle type_instantiate(MethodTable *typical, const TypeHandle *args, u32 n, Err *e);
Method *type_instantiate_method(Method *def, const TypeHandle *args, u32 n, Err *e); /* def on its exact owner */
TypeHandle type_szarray_of(TypeHandle elem, Err *e);
TypeHandle type_mdarray_of(TypeHandle elem, u32 rank, Err *e); /* rank 1: T[*] */
TypeHandle type_pointer_to(TypeHandle elem, Err *e);
TypeHandle type_byref_to(TypeHandle elem, Err *e);
TypeHandle type_fnptr(const SigContext *c, const u8 *sig, u32 len, Err *e);
TypeHandle type_var(MethodTable *owner, u32 index);   /* VAR of a typical MethodTable */
TypeHandle type_mvar(Method *owner, u32 index);
TypeHandle type_canonical(TypeHandle th); /* __Canon for references, shared form for shared structs, else itself */
bool type_is_shared(TypeHandle th);       /* __Canon or an instantiation over it */
bool type_is_open(TypeHandle th);         /* contains generic variables */

/* --- Asking a type --------------------------------------------------------------------------------------------------- */
static inline bool mt_is_valuetype(const MethodTable *mt) { return (mt->flags & 0xC0000) == MTF_CAT_VALUETYPE; }
static inline bool mt_is_interface(const MethodTable *mt) { return (mt->flags & MTF_CATEGORY_MASK) == MTF_CAT_INTERFACE; }
static inline bool mt_is_array(const MethodTable *mt) { return (mt->flags & 0xC0000) == MTF_CAT_ARRAY; }
static inline bool mt_is_szarray(const MethodTable *mt) { return (mt->flags & MTF_CATEGORY_MASK) == MTF_CAT_SZARRAY; }
static inline bool mt_is_nullable(const MethodTable *mt) { return (mt->flags & MTF_CATEGORY_MASK) == MTF_CAT_NULLABLE; }
static inline bool mt_is_enum(const MethodTable *mt) { return (mt->flags2 & MT2_ENUM) != 0; }
static inline bool mt_is_delegate(const MethodTable *mt) { return (mt->flags2 & MT2_DELEGATE) != 0; }
static inline bool mt_has_refs(const MethodTable *mt) { return (mt->flags & MTF_HAS_REFS) != 0; }
static inline bool mt_is_generic(const MethodTable *mt) { return mt->aux->inst != NULL; }
static inline bool th_is_valuetype(TypeHandle th) { return th && !th_is_desc(th) && mt_is_valuetype((MethodTable *)th); }
u8 type_elem_kind(TypeHandle th);      /* ELEMENT_TYPE_ as in SigType.kind (enums reduced, references CLASS) */
u32 type_size(TypeHandle th);          /* bytes of a location of this type: 8 for references, pointers; unboxed size of value types */
u32 type_align(TypeHandle th);
/* Runs of references in the unboxed value (offsets from its start); n 0 when none.  byref fields of ref structs are given as interior. */
typedef struct TypeRefRun { u32 offset; bool interior; } TypeRefRun;
u32 type_value_refs(MethodTable *mt, TypeRefRun *out, u32 cap); /* returns the number there are; fills at most cap */
/* SysV AMD64 classification of a value type (§3.2.3 of the ABI). */
typedef enum AbiClass { ABI_NONE, ABI_INT, ABI_SSE, ABI_MEMORY } AbiClass;
typedef struct TypeAbi {
    u8 n;        /* eightbytes in registers: 0 (memory), 1 or 2 */
    u8 cls[2];   /* AbiClass */
    u8 bytes[2]; /* used bytes of each eightbyte: 1..8 */
} TypeAbi;
const TypeAbi *type_abi(MethodTable *mt);

/* --- Methods, fields --------------------------------------------------------------------------------------------------- */
/* The Method of an exact owner by MethodDef rid; made on demand. For shared owners m->canon != m. */
Method *type_method_by_rid(MethodTable *owner, u32 methoddef_rid, Err *e);
/* The rid of a type's i-th MethodDef. */
static inline u32 type_method_rid(const MethodTable *mt, u32 i) { return md_method_at(mt->module->md, mt->klass->first_method_rid + i); }
Method *type_method_by_name(MethodTable *owner, const char *name, i32 num_params); /* declared there; -1: any; first match or NULL */
/* Pseudo-method of an array type; nargs tells its constructors apart (lengths; pairs of bound and length; lengths of nested arrays). */
Method *type_array_method(MethodTable *array, ArrayMethodKind kind, u32 nargs, Err *e);
Method *type_direct_body(Method *m); /* what a call without dispatch runs: the body that a .override of its own class put into m's slot, or m */
Method *type_slot_method(MethodTable *mt, u32 slot); /* exact Method behind the vtable slot of mt (owner may be an ancestor) */
/* Where a call of iface_method (exact owner, maybe generic def) on an object of mt goes: exact Method (never abstract), or NULL + Err
 * (EntryPointNotFoundException, AmbiguousImplementationException text). Variance is honoured. Value types: unboxed Method. */
Method *type_find_impl(MethodTable *mt, Method *iface_method, Err *e);
/* Are two method, field or property signatures the same as they stand, variables by number?  For reflection. */
bool type_sigs_equal(Module *ma, const u8 *a, u32 alen, Module *mb, const u8 *b, u32 blen);
/* The same for one type of each signature; both are consumed when they are equal.  Modifiers in front are not compared. */
bool type_sig_types_equal(Module *ma, MdSig *a, Module *mb, MdSig *b);
/* Do the variables of two generic types or methods (tokens of their definitions) have the same constraints? */
bool type_same_constraints(Module *ma, u32 a, Module *mb, u32 b);
/* As type_find_impl, but an abstract method of a class counts as its implementation (for reflection). */
Method *type_find_declared_impl(MethodTable *mt, Method *iface_method, Err *e);
/* Static virtual or constrained instance call: implementation on th. NULL + Err. */
Method *type_find_constrained(TypeHandle th, Method *m, Err *e);
/* The override of a virtual method (class or interface; generic arguments of m kept) for an object of mt. */
Method *type_find_virtual(MethodTable *mt, Method *m, Err *e);
bool type_method_body(Method *m, IlBody *out, Err *e); /* IL of the MethodDef (not stubs) */
TypeHandle *type_method_inst(Method *m, u32 *n); /* own type arguments or NULL */
/* Replaces old by new in the vtables of m->mt and its derived types, and of all instantiations sharing m. Caller: vm, after compiling. */
void type_publish(Method *m, void *new_code);
Field *type_field_by_rid(MethodTable *owner, u32 fielddef_rid, Err *e);
Field *type_field_by_name(MethodTable *owner, const char *name);
TypeHandle type_field_type(MethodTable *exact_owner, Field *f, Err *e);

/* --- Casts (§I.8.7, III.4.3; arrays, variance, nullable) ------------------------------------------------------------------ */
bool type_can_cast(TypeHandle from, TypeHandle to); /* loaded types; cached */
bool type_is_subclass(const MethodTable *mt, const MethodTable *ancestor);
bool type_implements(MethodTable *mt, MethodTable *iface); /* variance included */
/* The flattened interface map, loaded on first use (not part of loading a type: it is the larger cost). NULL + Err only on failure;
 * *n 0 gives a non-NULL pointer. */
MethodTable **type_interfaces(MethodTable *mt, u32 *n, Err *e);
MethodTable *type_enclosing(MethodTable *mt, Err *e); /* typical; NULL for a top-level type */
/* Assembly that an AssemblyRef leads to, bound if need be. */
Assembly *type_assembly_ref(Module *m, u32 assemblyref_rid, Err *e);
bool type_special_constraints_ok(u32 flags, TypeHandle arg); /* GP_ flags alone: class, struct, new(), allows ref struct */
bool type_check_constraints(MethodTable *typical_or_null, Method *def_or_null, const TypeHandle *args, u32 n, Err *e);

/* --- Access (§I.8.5.3) ---------------------------------------------------------------------------------------------------- */
/* May code of a type use a type, or a member (attrs: MethodAttributes or FieldAttributes) of an owner?  args: type arguments count too. */
bool type_may_use_type(MethodTable *user, TypeHandle th, bool args);
bool type_may_use_member(MethodTable *user, MethodTable *owner, u32 attrs, bool args);

/* --- Statics -------------------------------------------------------------------------------------------------------------- */
/* The block of static fields, allocated and registered as roots on first use; does not run class constructors.
 * Also initialises it (RVA statics are not part of it). */
char *type_statics(MethodTable *mt);
/* The same when it is there already; NULL: no static field was touched so far. */
char *type_statics_if_made(MethodTable *mt);
/* Neutral mode: entry of mt in the current domain; number of something (its address; NULL: a
 * new number each time) in Domain.neutral_table, given on first use. */
static inline DomainType *type_in_domain(const MethodTable *mt) { return &thread_current()->domain->types[mt->aux->type_id]; }
u32 type_domain_slot(const void *what);
/* Address of the thread-static block of mt for t, allocated on first use. */
char *type_thread_statics(MethodTable *mt, Thread *t);
/* Address of a static field; RVA fields point into the image (writable copy where it is not initonly). */
void *type_static_address(MethodTable *exact_owner, Field *f, Thread *t);
void type_thread_detach(Thread *t); /* frees its blocks */
void type_enter_domain(Thread *t, Domain *to); /* t is the caller: the current domain, and with it the thread statics */

/* --- Names ------------------------------------------------------------------------------------------------------------------ */
enum { TN_NAMESPACE = 1, TN_FULL_INST = 2, TN_ASSEMBLY = 4, TN_REFLECTION = 8 /* Type.ToString/FullName style escaping */ };
/* UTF-8, NUL-terminated, cut at n. Returns the full length. "System.Collections.Generic.List`1[System.Int32]" */
size_t type_name(TypeHandle th, u32 format, char *buf, size_t n);
/* "Ns.Type:Method(System.Int32,System.String)" for logs; as native stack traces print when trace is true. */
size_t type_method_name(Method *m, bool trace, char *buf, size_t n);
/* "Ns.Type`1<System.Int32>.Method<System.String>(Int32, System.String)", and the type alone: as exception messages have them. */
size_t type_method_name_in_message(Method *m, char *buf, size_t n);
size_t type_name_in_message(TypeHandle th, char *buf, size_t n);
#endif
