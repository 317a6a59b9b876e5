/* md_sig.h: signatures (§II.23.2): a cursor with a sticky error.
 * A reader that meets bad bytes sets bad, moves to the end and from then on gives zeros: check `bad` once at the end.
 * Depth of nesting is limited to MD_SIG_DEPTH by everything here that walks types. */
#ifndef MD_MD_SIG_H
#define MD_MD_SIG_H
#include "md/md.h"

typedef enum MdElem { /* element types (§II.23.1.16) */
    ET_END = 0, ET_VOID = 1, ET_BOOLEAN = 2, ET_CHAR = 3, ET_I1 = 4, ET_U1 = 5, ET_I2 = 6, ET_U2 = 7, ET_I4 = 8,
    ET_U4 = 9, ET_I8 = 10, ET_U8 = 11, ET_R4 = 12, ET_R8 = 13, ET_STRING = 14, ET_PTR = 15, ET_BYREF = 16,
    ET_VALUETYPE = 17, ET_CLASS = 18, ET_VAR = 19, ET_ARRAY = 20, ET_GENERICINST = 21, ET_TYPEDBYREF = 22, ET_I = 24,
    ET_U = 25, ET_FNPTR = 27, ET_OBJECT = 28, ET_SZARRAY = 29, ET_MVAR = 30, ET_CMOD_REQD = 31, ET_CMOD_OPT = 32,
    ET_INTERNAL = 33, /* a MethodTable pointer follows: in signatures the runtime makes for itself only */
    ET_CMOD_INTERNAL = 34, /* u8 required, then a MethodTable pointer: likewise */
    ET_SENTINEL = 0x41, ET_PINNED = 0x45,
    ET_ATTR_TYPE = 0x50, ET_ATTR_BOXED = 0x51, ET_ATTR_FIELD = 0x53, ET_ATTR_PROPERTY = 0x54, ET_ATTR_ENUM = 0x55,
} MdElem;

enum { /* first byte of a signature */
    SIG_KIND = 0x0F, SIG_DEFAULT = 0, SIG_C = 1, SIG_STDCALL = 2, SIG_THISCALL = 3, SIG_FASTCALL = 4, SIG_VARARG = 5,
    SIG_FIELD = 6, SIG_LOCALS = 7, SIG_PROPERTY = 8, SIG_UNMANAGED = 9, SIG_GENERICINST = 10, SIG_NATIVE_VARARG = 11,
    SIG_GENERIC = 0x10, SIG_HAS_THIS = 0x20, SIG_EXPLICIT_THIS = 0x40,
};
enum { MD_SIG_DEPTH = 256 };

typedef struct MdSig {
    const u8 *p, *end;
    bool bad;
    bool internal; /* made by the runtime: ET_INTERNAL is allowed.  Never set for bytes of a file. */
} MdSig;

static inline MdSig md_sig(const u8 *p, u32 size)
{
    return (MdSig){.p = p, .end = p ? p + size : p, .bad = p == NULL};
}
/* A reader over the blob at an index of the #Blob heap. */
static inline MdSig md_sig_blob(const MdImage *m, u32 blob)
{
    u32 n;
    const u8 *p = md_blob(m, blob, &n);
    return md_sig(p, n);
}
MdSig md_sig_of(const MdImage *m, u32 token); /* the signature column of a Field, MethodDef, MemberRef, StandAloneSig,
                                                 TypeSpec, MethodSpec or Property; bad for others */
static inline u32 md_sig_fail(MdSig *s)
{
    s->bad = true;
    s->p = s->end;
    return 0;
}
static inline u8 md_sig_byte(MdSig *s)
{
    return LIKELY(s->p < s->end) ? *s->p++ : (u8)md_sig_fail(s);
}
static inline u8 md_sig_peek(const MdSig *s) /* 0 at the end */
{
    return s->p < s->end ? *s->p : 0;
}
u32 md_sig_uint_slow(MdSig *s);
static inline u32 md_sig_uint(MdSig *s) /* compressed unsigned (§II.23.2) */
{
    return LIKELY(s->p < s->end && *s->p < 0x80) ? *s->p++ : md_sig_uint_slow(s);
}
i32 md_sig_int(MdSig *s);   /* compressed signed */
u32 md_sig_token(MdSig *s); /* TypeDefOrRefOrSpec token; bad if nil */

/* The pointer after ET_INTERNAL; NULL, and bad, unless s->internal. */
void *md_sig_internal(MdSig *s);

/* Skips custom modifiers; true if one of them is required. */
bool md_sig_skip_mods(MdSig *s);
/* Takes one modifier if it is next: true, with its token and whether required. */
bool md_sig_mod(MdSig *s, u32 *token, bool *required);
/* Skips one type with its modifiers (VOID, BYREF, PINNED, TYPEDBYREF are taken too). */
void md_sig_skip_type(MdSig *s);

typedef struct MdMethodSig {
    u8 header; /* the first byte */
    u8 conv;   /* header & SIG_KIND */
    bool has_this, explicit_this, is_vararg;
    u32 generic_count, param_count; /* param_count: all, those after a sentinel too */
} MdMethodSig;
/* Reads the head of a method (or property) signature; the reader then stands at the return type, and param_count types
 * follow it, with perhaps one ET_SENTINEL byte before one of them. */
bool md_sig_method(MdSig *s, MdMethodSig *out);
/* Takes the sentinel if it is next. */
static inline bool md_sig_sentinel(MdSig *s)
{
    return md_sig_peek(s) == ET_SENTINEL ? (s->p++, true) : false;
}
/* Local variables: false if not a locals signature; *count types follow (each may begin with ET_PINNED). */
bool md_sig_locals(MdSig *s, u32 *count);
/* Field: false if not a field signature; modifiers and the type follow. */
bool md_sig_field(MdSig *s);
/* MethodSpec instantiation: *count types follow. */
bool md_sig_inst(MdSig *s, u32 *count);
/* ET_ARRAY's shape, after the element type; any of the out pointers may be NULL.  sizes and lobounds hold up to 32;
 * no type has a rank over 32 (who loads one says so); over 255 is bad. */
typedef struct MdArrayShape {
    u32 rank, size_count, lobound_count;
    u32 sizes[32];
    i32 lobounds[32];
} MdArrayShape;
bool md_sig_array_shape(MdSig *s, MdArrayShape *out);

typedef enum MdSigKind { MD_SIG_METHOD, MD_SIG_FIELD, MD_SIG_LOCALS, MD_SIG_PROPERTY, MD_SIG_TYPESPEC, MD_SIG_INST }
    MdSigKind;
/* Is the whole blob a well-formed signature of the kind, every token in it an existing row and every type legal where
 * it stands? */
bool md_sig_validate(const MdImage *m, const u8 *p, u32 size, MdSigKind kind, Err *e);

/* Text of a type or method signature as ildasm-like words: "class [ref]Ns.Name`1<int32>"; for dumps and tests.  Writes
 * at most cap bytes with NUL; returns the length it wanted. */
size_t md_sig_print_type(const MdImage *m, MdSig *s, char *buf, size_t cap);
size_t md_sig_print_method(const MdImage *m, MdSig *s, const char *name, char *buf, size_t cap);
#endif
