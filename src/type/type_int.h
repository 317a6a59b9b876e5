/* type_int.h: what the files of type/ share.
 * Every public function that may load runs its body through LOADED: it takes the lock, and when an assembly has to be
 * bound the whole body is given up, the lock dropped, the assembly bound and the body run again.  So no half-loaded
 * type is ever visible to another thread, whatever managed code a binding runs.
 * Internal functions (without the type_ prefix' wrappers) assume the lock. */
#ifndef TYPE_TYPE_INT_H
#define TYPE_TYPE_INT_H
#include "md/md_attr.h"
#include "type/type.h"

typedef struct SlotSrc { /* who fills a vtable slot */
    u16 depth;           /* of the class, Object is 0 */
    u16 index;           /* of the method in it */
} SlotSrc;
typedef struct VirtName {
    u32 hash; /* of the name */
    u16 slot, index;
} VirtName;
typedef struct DefRef {
    Module *module;
    u32 rid; /* TypeDef */
} DefRef;
enum { /* MtClass.kflags */
    KF_FOLLOWED = 1,      /* a MethodImpl of this class or an ancestor fills slots: who overrides the body fills them, too */
    KF_AUTO_LAYOUT = 2,
    KF_STATICS_DONE = 4,  /* static fields are laid out */
    KF_INT128 = 8,        /* contains an Int128: 16-byte alignment */
    KF_FINAL_SLOTS = 0x10,
    KF_HAS_IMPLS = 0x20,  /* a MethodImpl fills slots of other names */
    KF_SEQUENTIAL = 0x40,
    KF_NO_LAYOUT = 0x80, /* only the identity exists so far */
    KF_SLOTS = 0x100,    /* a definition's slots are built */
    KF_ROWS_KNOWN = 0x200, /* the next three are: class_has */
    KF_IMPL_ROWS = 0x400,  /* the definition has MethodImpls */
    KF_IFACE_ROWS = 0x800, /* lists interfaces */
    KF_GENERIC_METHODS = 0x1000,
};

/* --- Loading protocol ------------------------------------------------------------------------------------------- */
void load_begin(void);
bool load_end(bool ok, Err *e); /* true: run the body again */
/* Signatures that name an assembly not bound yet compare as different, without an error.  Whoever concludes something from a difference
 * takes the count before, and gives up with load_missed when it has grown: the body runs again with the assembly there. */
u32 load_misses(void);
/* Gives the load up to have a TypeDef of a growing module finished; NULL. */
MethodTable *unfinished_type(Module *m, u32 rid, Err *e);
bool load_missed(u32 before, Err *e); /* true: e is set */
bool load_complete(Err *e); /* outermost: types that were loaded for others are checked, now that these can be named */
extern __thread u32 load_binding; /* this thread is inside of type_client.bind */
/* Outermost, after a failure: what is still unchecked must not fail who asks for something else.  One is taken; looked at again (false:
 * an assembly has to be bound first; else it is right, or forgotten); or forgotten: who asks for it loads it again. */
MethodTable *load_unchecked(void);
bool load_recheck(MethodTable *mt);
void load_forget(MethodTable *mt);
void load_refuse(void);     /* the assembly that such a check asked for is not to be had */
#define LE (&le_)
#define LOADED(T, e, expr)                                                                                             \
    ({                                                                                                                 \
        T r_;                                                                                                          \
        Err le_;                                                                                                       \
        le_.kind = ERR_NONE;                                                                                           \
        le_.hresult = 0;                                                                                               \
        le_.name[0] = 0;                                                                                               \
        do {                                                                                                           \
            load_begin();                                                                                              \
            r_ = (expr);                                                                                               \
            if (r_ != 0 && !load_complete(&le_))                                                                       \
                r_ = 0;                                                                                                \
        } while (load_end(r_ != 0, &le_));                                                                             \
        if (!r_ && (e) && (e)->kind == ERR_NONE)                                                                       \
            *(e) = le_;                                                                                                \
        r_;                                                                                                            \
    })

typedef struct Loading { /* a type being loaded by this thread, innermost first */
    struct Loading *prev;
    Module *module;
    u32 rid;
    MethodTable *typical; /* instantiations */
    const TypeHandle *args;
    u32 nargs;
    MethodTable *mt; /* NULL until its identity is fixed */
    MethodTable *early; /* a value type named as a type argument by its own field: identity made ahead of the layout */
    bool early_ok, early_class, byref_like;
    bool want_slots; /* an instantiation of this definition was needed before its slots were there */
    u32 slots, level;
    Module *loader_module;
} Loading;
extern __thread Loading *type_loading;
enum { LOAD_DEPTH_MAX = 96, GENERIC_MAX = 0xffff };

/* --- Errors -------------------------------------------------------------------------------------------------------- */
/* "Could not load type 'N' from assembly 'A'<why>." ; always false */
bool load_error(Err *e, Module *m, u32 typedef_rid, const char *why);
bool load_error_mt(Err *e, MethodTable *mt, const char *why);
size_t assembly_display(Assembly *a, char *buf, size_t n);

/* --- Definitions without loading --------------------------------------------------------------------------------- */
void log_bind_step(Module *m, u32 token, u32 to); /* STATOR_LOG=bind: which row a reference leads to; each once a process */
bool resolve_def(Module *m, u32 token, DefRef *out, Err *e); /* TypeDef, TypeRef; TypeSpec of a generic instance: its definition */
bool find_in_assembly(Assembly *a, const char *ns, const char *name, DefRef *out, Err *e); /* forwarders followed */
Assembly *assembly_ref(Module *m, u32 rid, Err *e);

/* --- Loading ------------------------------------------------------------------------------------------------------- */
MethodTable *load_typedef(Module *m, u32 rid, Err *e);
TypeHandle load_inst(MethodTable *typical, const TypeHandle *args, u32 n, Err *e);
TypeHandle load_token(const SigContext *c, u32 token, Err *e);
/* canon: references become __Canon without being loaded */
TypeHandle sig_read(const SigContext *c, MdSig *s, bool canon, Err *e);
bool sig_is_shared(const SigContext *c, MdSig s); /* mentions a variable that is bound to a shared argument */
enum { MEMBERREF_FIELD = 1 << 30 }; /* Module.memberref_rids: a member is looked for as what it is asked for as */
bool sig_has_vars(MdSig s);
bool vars_within(MdSig s, u32 count); /* names a type no variables but these? */
bool token_is_shared(const SigContext *c, u32 type_token);
static inline SigContext context_of(MethodTable *mt)
{
    SigContext c = {.module = mt->module};
    if (mt_is_array(mt)) {
        c.class_args = &mt->elem;
        c.num_class_args = 1;
    } else {
        c.class_args = mt->aux->inst;
        c.num_class_args = mt->aux->inst ? mt->klass->num_generic : 0;
    }
    return c;
}
TypeDesc *new_var(Module *m, u32 kind, u32 index, u32 token, void *owner);
MethodTable *mt_alloc(LoadContext *alc, u32 slots, u32 runs, MtAux **aux);
void mt_set_dicts(MethodTable *mt, LoadContext *alc);
void mt_publish(MethodTable *mt);
/* The module whose context owns an instantiation over these arguments of what `of` defines: a collectible one if there is one, and its
 * context then refers to the others'.  Under the lock. */
Module *owner_among(Module *of, const TypeHandle *args, u32 n);
MethodTable *block_shape(LoadContext *alc, const void *of, u32 n, u32 skip, const GcRun *runs, u32 num_runs);
void type_context_unlink(LoadContext *alc);
/* Collectible contexts note what others lead to.  Under the lock. */
void note_type(LoadContext *alc, MethodTable *mt);
void note_method_inst(LoadContext *alc, Method *m);
void note_tls_index(LoadContext *alc, u32 index);
/* Type ids and thread-static indices are used again. */
void type_id_free(Domain *d, u32 id);
void tls_forget(const u32 *indices, u32 n);   /* type_static.c: world stopped */
void numbers_forget(Domain *d);               /* type_static.c: numbers of dying things, neutral mode */
void domain_slot_free(Domain *d, u32 number);
void casts_forget(void);                      /* type_cast.c: entries that name dying types; world stopped */
void impls_forget(void);                      /* type_iface.c: the cache of implementations */
void shapes_forget(void);                     /* type_generic.c: arrays and function pointers */
u64 inst_hash(MethodTable *typical, const TypeHandle *args, u32 n);
u64 method_inst_hash(Method *def, const TypeHandle *args, u32 n);
void heap_each_chunk(LoadContext *alc, void (*visit)(const void *p, size_t n));
void heap_free(LoadContext *alc);             /* gives all chunks back */

/* --- Signature comparison ------------------------------------------------------------------------------------------ */
typedef struct SigSide {
    Module *module;
    const TypeHandle *args; /* what VAR i stands for, or NULL: itself */
    u32 num_args;           /* signatures of files may count beyond it */
    const u8 *sig;
    u32 len;
} SigSide;
#define SIDE_ARGS(mt) .args = (mt)->aux->inst, .num_args = (mt)->klass->num_generic
static inline void side_args(SigSide *s, const MethodTable *mt) /* NULL: none */
{
    s->args = mt ? mt->aux->inst : NULL;
    s->num_args = mt ? mt->klass->num_generic : 0;
}
bool sig_equal(const SigSide *a, const SigSide *b, bool ignore_return); /* two method or two field signatures */
bool handle_equals_sig(TypeHandle h, const SigSide *b, MdSig *s);

/* --- Layout --------------------------------------------------------------------------------------------------------- */
typedef VEC(GcRun) RunVec;
typedef struct Layout {
    Module *module;
    u32 rid, attrs;
    MethodTable *parent; /* whose layout is continued; canonical */
    SigContext ctx;      /* canonical arguments */
    bool is_valuetype, is_enum, is_byref_like;
    u32 inline_length;
    Field *fields; /* one per FieldDef */
    u32 num_fields, first_field;
    /* out */
    u32 num_instance, size, align, pack;
    u32 kflags, flags2;
    u8 underlying;
    RunVec runs; /* offsets from the object pointer, ascending */
    VEC(u32) byrefs;
} Layout;
/* open: only number the fields and find an enum's primitive */
bool layout_fields(Layout *l, bool open, Err *e);
void layout_free(Layout *l);
void runs_add(RunVec *v, u32 offset, u32 count);
u32 mt_num_runs(const MethodTable *mt); /* of a class or boxed value */
static inline const GcRun *mt_run(const MethodTable *mt, u32 i) { return (const GcRun *)((const i64 *)mt - 1) - 1 - i; }
void mt_set_runs(MethodTable *mt, const GcRun *runs, u32 n, bool per_element);
bool statics_layout(MtClass *k, Err *e);
u32 prim_size(u8 et);

/* --- Slots, methods -------------------------------------------------------------------------------------------------- */
typedef struct SlotBuild {
    MethodTable *mt;     /* typical; klass has its methods' range */
    MethodTable *ptyp;   /* parent's definition, or NULL */
    u32 capacity;        /* slots there is room for */
    u32 count;           /* out */
    bool changed;
    bool *by_impl;       /* by slot: a MethodImpl of mt has filled it; while they are applied */
} SlotBuild;
bool build_slots(SlotBuild *b, Err *e); /* false without error in *e: capacity too small, count says what is needed */
u32 count_new_slots(Module *m, MdRange methods, MethodTable *ptyp);
void fill_vtable(MethodTable *mt, MethodTable *from); /* inherits code addresses of from */
bool check_complete(MethodTable *mt, Err *e);
bool check_variance(MethodTable *mt, Err *e);
bool check_contracting(MethodTable *mt, Err *e); /* of instantiations */
Method *method_by_rid(MethodTable *owner, u32 rid, Err *e);
Method *inst_method(Method *def, const TypeHandle *args, u32 n, Err *e);
Method *slot_method(MethodTable *mt, u32 slot, Err *e);
MethodTable *ancestor_at(MethodTable *mt, u32 depth);
Method *array_method(MethodTable *mt, ArrayMethodKind kind, u32 nargs, Err *e);
/* MethodDef rid by name and signature declared in mt; 0: none.  args: what VARs of sig stand for (NULL: mt's own). */
u32 find_method_rid(MethodTable *mt, const char *name, const SigSide *sig, bool substituted);
MethodTable **interfaces_of(MethodTable *mt, u32 *n, Err *e);
Method *find_impl(MethodTable *mt, Method *im, Err *e);
Method *find_static_impl(MethodTable *mt, Method *im, Err *e);
Method *resolve_method(const SigContext *c, u32 token, bool *shared, Err *e);
Field *resolve_field(const SigContext *c, u32 token, MethodTable **owner, bool *shared, Err *e);
bool can_cast(TypeHandle from, TypeHandle to);
bool variance_ok(MethodTable *from, MethodTable *to);
bool implements(MethodTable *mt, MethodTable *iface);
bool check_inst_constraints(const SigContext *c, MethodTable *mt, Err *e); /* of an instantiation that an untrusted module names */
/* type_faults.c: are the bytes of a signature in order?  Those of emitted modules are. */
bool field_well_formed(Module *m, u32 type_rid, u32 num_generic, u32 rid, Err *e);
bool method_well_formed(Module *m, u32 rid, Err *e);
bool locals_well_formed(Module *m, const u8 *sig, u32 len, Err *e);
bool validate_type(MethodTable *mt, Err *e); /* type_validate.c */
bool validate_method(Module *m, u32 rid, Err *e);
bool validate_constructor(Module *m, u32 type_rid, u32 rid, Err *e);
bool not_virtual_error(MethodTable *mt, u32 body_rid, Err *e);
bool weaker_error(MethodTable *mt, u32 body_rid, const char *how, Err *e);
/* Does a method ask of its type arguments no more than the MethodDef that it takes the place of?  False with *e set: ask again. */
bool constraints_kept(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, Err *e);
bool constraints_kept_by(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, const TypeHandle *base_args, Err *e);
/* Does an assembly see the internals of another?  type_access.c */
bool class_has(MethodTable *mt, u32 rows); /* one of KF_IMPL_ROWS …: spares look-ups that would find nothing */
bool sees_internals(Assembly *user, Assembly *of);
bool validate_override(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, Err *e);
bool check_constraints(MethodTable *typical, Method *def, const TypeHandle *args, u32 n, Err *e);

enum { IMPL_TAKEN_AWAY = 2 }; /* Err.token of find_impl: an interface made the method abstract again; the type loads, calls fail */
void missing_method_text(const SigContext *c, TypeHandle owner, const char *name, const u8 *sig, u32 len, char *buf, size_t n);

static inline u32 mt_rid(const MethodTable *mt) { return MD_RID(mt->klass->token); }
static inline const char *rid_method_name(const Module *m, u32 rid) { return md_method_name(m->md, rid); }
static inline bool th_shared_ref(TypeHandle th) { return th && !th_is_desc(th) && !mt_is_valuetype((MethodTable *)th); }
static inline void mt_or_flags2(MethodTable *mt, u32 f) { __atomic_fetch_or(&mt->flags2, f, __ATOMIC_RELEASE); }
static inline LoadContext *alc_of(const MethodTable *mt) { return mt->aux->loader_module->alc; }
#endif
