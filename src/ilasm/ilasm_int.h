/* ilasm_int.h: the assembler's own state, for the files of src/ilasm. */
#ifndef ILASM_INT_H
#define ILASM_INT_H
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "il/il.h"
#include "ilasm/ilasm.h"
#include "md/md_sig.h"
#include "md/md_write.h"
#include "os/os_file.h"
#include "pe/pe_write.h"

/* --- Words, tokens, sources --- */

enum {
    K_NONE,
#define W(id, text) K_##id,
#include "ilasm/ilasm_words.def"
    K_RESERVED, /* a word of the language that the grammar finds in a table */
    K_OPCODE = 0x8000, /* | IlOp */
    K_DECL_LAST = K_d_zeroinit,
};

typedef struct Sym { /* one for each spelling; from then on names are numbers */
    const char *p;
    u32 len, str; /* str: index in #Strings, 0: not there yet */
    u16 kw;
    u32 define;   /* #define: source + 1 */
    u32 alias;    /* .typedef: number + 1 */
    u32 label_epoch, label_at; /* while a method is assembled, if the epoch is the method's */
    u32 local_epoch, local;
    u32 arg_epoch, arg;
} Sym;

/* Kinds of tokens: a punctuation character is its own kind. */
enum { T_EOF = 1, T_ID, T_SQ, T_STR, T_INT, T_NINT, T_INT64, T_FLOAT, T_BYTES, T_DCOLON, T_ELLIPSIS };
typedef struct Tok {
    u32 pos; /* in the space of all sources */
    u32 val; /* T_ID, T_SQ: symbol; T_INT, T_NINT: low half; T_BYTES: number; '{': the token of its '}' */
    u16 kw;
    u8 kind;
} Tok;

typedef struct Source {
    const char *name, *text; /* NUL-terminated */
    u32 base, size;          /* positions [base, base + size] */
    u32 parent;              /* where it was included or a name replaced, + 1 */
    VEC(u32) lines;          /* starts; made when first asked for */
} Source;

typedef struct Bytes {
    const u8 *p;
    u32 n;
} Bytes;

typedef struct Buf {
    u8 *p;
    u32 len, cap;
} Buf;

/* --- What is declared --- */

typedef struct Cls { /* number == TypeDef rid; 1 is <Module> */
    u32 name, encl; /* symbol of the full name; enclosing class or 0 */
    u32 head;       /* token of .class; 0: named in .typelist only */
    u32 flags;
    u32 typars, extends; /* tokens of '<' and of what follows the parameters; 0: none */
    u32 gp_first, gp_count; /* in Asm.gparams */
    u32 base;               /* token of the base type */
    u32 pack, size;
    bool has_layout, is_value, is_enum;
} Cls;

typedef struct GParam {
    u32 name, flags, bounds, rid; /* bounds: token of '(' or 0 */
} GParam;

typedef struct Member { /* fields and methods: number == rid */
    u32 cls, name, sig, next; /* next: of the same key in the index */
    u32 head;
} Member;

typedef struct ParamInfo {
    u32 name; /* symbol or 0 */
    u32 flags, marshal, tok;
    bool has_marshal;
} ParamInfo;

typedef struct Method {
    Member m;
    u32 open; /* token of '{' */
    u32 flags, impl;
    u32 gp_first, gp_count;
    u32 param_first, param_count; /* in Asm.params: without the return value */
    ParamInfo ret;
    u8 conv;
    u32 rows; /* number of Param rows made */
} Method;

typedef struct Item { /* a declaration, in the order of the text */
    u32 tok, cls;
    u32 ref; /* row that was made for it */
    u32 end; /* where it ends, once it was read; 0: not, or with an error */
    u16 kw;  /* its directive; 0: the end of class `cls` */
} Item;

enum { ALIAS_TYPE = 1, ALIAS_SPEC, ALIAS_METHOD, ALIAS_FIELD, ALIAS_ATTR };
typedef struct Alias {
    u32 kind, token;
    const u8 *sig; /* ALIAS_SPEC: the type's bytes */
    u32 sig_len;
    u32 at; /* ALIAS_ATTR: token of .custom; ALIAS others: token of .typedef */
} Alias;

typedef struct DataLabel {
    u32 name, section, offset, tok; /* section: PewSection */
} DataLabel;
typedef struct DataFix { /* &label inside data */
    u32 section, offset, label, tok;
} DataFix;
typedef struct FieldData {
    u32 field, label, tok, row; /* row: in FieldRVA */
} FieldData;

typedef struct SlotTable { /* .vtfixup */
    u32 count, type, label, tok;
} SlotTable;
typedef struct SlotEntry { /* .vtentry, .export of a method */
    u32 table, slot, method, tok;
    u32 ordinal, name;
    bool exported;
} SlotEntry;

typedef struct SeqPoint {
    u32 offset, doc, line, col, end_line, end_col; /* line 0xFEEFEE: hidden */
} SeqPoint;
typedef struct ScopeVar {
    u32 name, slot;
} ScopeVar;
typedef struct Scope {
    u32 start, end, first_var, var_count, parent;
} Scope;
typedef struct MethodDebug {
    u32 method, local_sig, code_size, first_point, point_count, first_scope, scope_count;
} MethodDebug;
typedef struct Document {
    const char *name;
    u8 language[16], vendor[16], type[16];
} Document;

typedef struct WordTables { /* by symbol, for symbols made at the start */
    u8 *elem, *native, *variant, *action;
    struct FlagValue *flags[8];
} WordTables;
typedef struct FlagValue {
    u32 mask, value;
} FlagValue;
enum { FG_TYPE, FG_FIELD, FG_METHOD, FG_IMPL, FG_PINVOKE, FG_EXPORT, FG_GPARAM, FG_COUNT };

typedef struct Body Body; /* ilasm_body.c */

typedef struct Asm {
    IlasmOptions opt;
    Arena arena;
    MdWriter *w;
    /* text */
    VEC(Source) sources;
    VEC(OsFileMap) maps; /* their bytes */
    u32 next_base;
    struct LexState *lex;
    VEC(Tok) toks;
    Tok *tok;
    u32 at, tok_count;
    VEC(Bytes) bytes;
    VEC(u32) param_toks; /* where .param stands: a method's rows are made before its body is read */
    VEC(Sym) syms;
    u64 *sym_slots; /* hash, number + 1 */
    u32 sym_mask, sym_words; /* symbols below sym_words are words */
    WordTables words;
    /* messages */
    u32 errors, warnings;
    u32 strangers; /* members of our classes that they do not declare */
    bool quiet, panic; /* panic: the statement has been reported */
    /* declarations */
    VEC(Cls) classes;
    VEC(GParam) gparams;
    VEC(Member) fields;
    VEC(Method) methods;
    VEC(ParamInfo) params;
    VEC(Item) items;
    VEC(Alias) aliases;
    Map64 class_index;  /* (enclosing, name) -> class */
    Map64 typeref_index; /* (scope, name) -> token */
    Map64 field_index, method_index; /* ia_member_key -> first */
    Map64 assembly_index, module_index, file_index, exported_index; /* name -> token */
    u32 cls, method; /* what !T and !!T mean now; 0: none */
    u32 gp_method_first, gp_method_count;
    Buf sig;  /* signatures under construction, one behind the other */
    Buf tmp;  /* decoded strings */
    u32 depth;
    /* manifest */
    u32 assembly_name; /* symbol, or 0 */
    u32 base_ref;      /* token of the reference to the core library; 0: not known yet */
    bool mscorlib, has_module, entry_set, has_assembly;
    u32 entry;
    bool as_def; /* a reference must be to a method of this module: the caller reports */
    u32 owner; /* what .custom belongs to now */
    Buf public_key;
    u32 subsystem, corflags, alignment;
    u64 image_base, stack_reserve;
    bool has_subsystem, has_corflags, has_alignment, has_base, has_stack;
    /* code and data */
    PeWriter *pe;
    VEC(DataLabel) labels;
    Map64 label_index;    /* symbol -> label + 1 */
    VEC(DataFix) fixes;
    VEC(FieldData) field_data;
    VEC(SlotTable) slot_tables;
    VEC(SlotEntry) slots;
    Body *body;
    Map64 folded; /* hash and a number of its own -> size and offset of a body */
    u32 epoch;
    /* debugging */
    VEC(Document) docs;
    VEC(SeqPoint) points;
    VEC(Scope) scopes;
    VEC(ScopeVar) scope_vars;
    VEC(MethodDebug) debug;
    struct {
        u32 doc, line, col, end_line, end_col;
        bool pending, any;
        const char *own_file; /* of own_doc: lines of the text itself */
        u32 own_doc;
    } line;
    u8 language[3][16];
    bool has_language;
} Asm;

/* --- ilasm_msg.c --- */
enum { IA_NEST_MAX = 1000 }; /* classes in classes */
enum { IA_ERRORS_MAX = 100 }; /* then the rest of the text is not read */
void ia_errorf(Asm *a, u32 pos, const char *fmt, ...) PRINTF_LIKE(3, 4);
void ia_warnf(Asm *a, u32 pos, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "found X, expected WHAT" at the current token, with words near it if it may be a slip; sets panic.  Always false. */
bool ia_expected(Asm *a, const char *what);
/* Reports at a token and sets panic.  Always false. */
bool ia_fail(Asm *a, u32 tok, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A word like this one among candidates: feed them one by one. */
typedef struct Near {
    const char *p, *best;
    u32 n, best_len, score;
} Near;
void ia_near_init(Near *n, const char *p, u32 len);
void ia_near_try(Near *n, const char *p, u32 len);
void ia_near_sym(const Asm *a, Near *n, u32 sym);
const char *ia_near_text(Asm *a, const Near *n); /* "; did you mean 'x'?" or "" */
typedef struct Place {
    const char *file;
    u32 line, col;
} Place;
Place ia_place(Asm *a, u32 pos);

/* --- ilasm_lex.c --- */
void ia_words_init(Asm *a);
bool ia_lex_file(Asm *a, const char *path);
bool ia_lex_text(Asm *a, const char *name, const void *data, size_t size);
void ia_lex_end(Asm *a);
u32 ia_sym(Asm *a, const char *p, u32 n);
char *ia_read_file(Asm *a, const char *path, size_t *size); /* in an include folder too; NULL */
/* The content of a string token, escapes resolved, appended to a->tmp */
void ia_string(Asm *a, const Tok *t);
i64 ia_int_of(Asm *a, const Tok *t);
double ia_float_of(Asm *a, const Tok *t);
float ia_float32_of(Asm *a, const Tok *t); /* rounded once */

static inline const Sym *ia_s(const Asm *a, u32 sym) { return &a->syms.data[sym]; }
u32 ia_str(Asm *a, u32 sym); /* index in #Strings */

/* --- reading tokens --- */
static inline const Tok *ia_tok(const Asm *a) { return &a->tok[a->at]; }
static inline const Tok *ia_ahead(const Asm *a, u32 n) { return &a->tok[MIN(a->at + n, a->tok_count - 1)]; }
static inline void ia_next(Asm *a) { a->at += a->tok[a->at].kind != T_EOF; }
static inline bool ia_is(const Asm *a, u8 kind) { return a->tok[a->at].kind == kind; }
static inline bool ia_kw(const Asm *a, u32 kw) { return a->tok[a->at].kw == kw; }
static inline bool ia_take(Asm *a, u8 kind)
{
    if (a->tok[a->at].kind != kind) return false;
    a->at++;
    return true;
}
static inline bool ia_take_kw(Asm *a, u32 kw)
{
    if (a->tok[a->at].kw != kw) return false;
    a->at++;
    return true;
}
bool ia_want(Asm *a, u8 kind, const char *what);
bool ia_want_kw(Asm *a, u32 kw, const char *what);
bool ia_want_int(Asm *a, i64 *v);   /* any 64-bit number */
bool ia_want_int32(Asm *a, u32 *v); /* must fit 32 bits, signed or not */
bool ia_want_bytes(Asm *a, Bytes *b); /* "( 01 02 )", the parenthesis included */
bool ia_want_float(Asm *a, double *v, bool single); /* with float32(0x..), float64(0x..) and integers; single: of 32 bits */
bool ia_is_name(const Asm *a);
u32 ia_want_name(Asm *a);  /* a dotted name: its symbol; 0 after an error */
bool ia_want_text(Asm *a); /* "a" + "b": appended to a->tmp (cleared first), NUL added */
u32 ia_tmp_sym(Asm *a);    /* the text in a->tmp */
static inline bool ia_is_decl(u16 kw) { return kw && kw <= K_DECL_LAST; }
/* Past a declaration: to the next directive, '}' or end at this level. */
void ia_skip_decl(Asm *a);
bool ia_flag(const Asm *a, u32 group, const Tok *t, FlagValue *v);
/* A flag word of the group, or flags(n); false: the token is none. */
bool ia_take_flag(Asm *a, u32 group, u32 *flags);

/* --- buffers --- */
void buf_room(Buf *b, u32 n);
static inline void buf_u8(Buf *b, u32 v)
{
    if (b->len == b->cap) buf_room(b, 1);
    b->p[b->len++] = (u8)v;
}
void buf_put(Buf *b, const void *p, size_t n);
void buf_le(Buf *b, u64 v, u32 n);
void buf_zero(Buf *b, size_t n);
void buf_align(Buf *b, u32 to);
void buf_insert(Buf *b, u32 at, const void *p, u32 n);
void buf_uint(Buf *b, u32 v);              /* compressed */
void buf_insert_uint(Buf *b, u32 at, u32 v);
void buf_int(Buf *b, i32 v);               /* compressed, signed */
void buf_sertext(Buf *b, const char *p, u32 n); /* a string of an attribute's value */
void buf_free(Buf *b);

/* --- ilasm_type.c: all append to a->sig --- */
bool ia_type(Asm *a);
bool ia_type_in(Asm *a, bool before_star); /* before_star: `*(` ends it: the return type of a method pointer */
u8 ia_callconv(Asm *a);
/* "a, b, c)" up to and with ')': the number of types; infos go to a->params if collect. */
bool ia_sig_args(Asm *a, bool collect, u32 *count);
bool ia_param_attr(Asm *a, u32 *flags);
u32 ia_typespec(Asm *a);  /* token; 0 after an error */
u32 ia_sig_token(Asm *a, u32 start); /* TypeSpec (or class) of the bytes from start, which are taken away */
bool ia_type_args(Asm *a, u32 *count); /* "<a, b>", '<' taken already */
u32 ia_calli_sig(Asm *a);
bool ia_find_gparam(const Asm *a, u32 first, u32 count, u32 name, u32 *index);

/* --- ilasm_ref.c --- */
void ia_split(const Sym *s, u32 *ns_len, u32 *name_at); /* namespace and name of a full name */
u32 ia_class_name(Asm *a); /* token of a class reference */
u32 ia_typeref(Asm *a, u32 scope, u32 name);
u32 ia_assembly_ref(Asm *a, u32 name, u32 tok);
u32 ia_core_class(Asm *a, const char *name); /* of the core library, "System.Object" */
bool ia_is_core_ref(Asm *a, u32 token);
u32 ia_method_ref(Asm *a, bool as_def); /* MethodDef, MemberRef or MethodSpec; as_def: must be one of this module */
u32 ia_method_name(Asm *a);
u32 ia_field_ref(Asm *a);
u32 ia_owner_ref(Asm *a); /* ldtoken, .custom (…): type, method or field */
u32 ia_mdtoken(Asm *a);
u32 ia_find_method(const Asm *a, u32 cls, u32 name, u32 sig);
u64 ia_member_key(u32 cls, u32 name, u32 sig);
u32 ia_find_field(const Asm *a, u32 cls, u32 name, u32 sig);
/* The method itself for a reference with varying arguments to one of this module, as overrides name it; the token as it is otherwise */
u32 ia_named_method(const Asm *a, u32 token);
u32 ia_member_ref(Asm *a, u32 owner, u32 name, u32 sig, bool field, u32 tok);
u32 ia_find_class(const Asm *a, u32 encl, u32 name);
const Alias *ia_alias(const Asm *a); /* of the current token, or NULL */
u32 ia_plain_name(Asm *a, u32 sym);  /* without the mark of a private scope */
char *ia_class_text(Asm *a, u32 token); /* as reflection names it, with the assembly */

/* --- ilasm_index.c, ilasm_head.c, ilasm_class.c --- */
void ia_index(Asm *a);
void ia_heads(Asm *a);
void ia_items(Asm *a);
void ia_generic_rows(Asm *a, u32 first, u32 count, u32 owner);
void ia_attr_aliases(Asm *a); /* names that stand for attributes */
bool ia_typars(Asm *a, u32 *first, u32 *count);
void ia_bounds(Asm *a, u32 first, u32 count);
bool ia_param_directive(Asm *a, u32 method); /* .param type, .param constraint */
bool ia_init_opt(Asm *a, u32 parent);        /* "= constant" */
void ia_set_constant(Asm *a, u32 parent);

/* --- ilasm_method.c, ilasm_body.c --- */
void ia_method_body(Asm *a, u32 method);
void ia_body_start(Asm *a, u32 method);
void ia_body_end(Asm *a);
void ia_body_free(Asm *a);
void ia_instruction(Asm *a, u32 op);
void ia_label(Asm *a);
void ia_try(Asm *a);
bool ia_scope(Asm *a); /* "{ … }" */
bool ia_statements(Asm *a); /* up to and with '}' */
void ia_locals(Asm *a);
void ia_emit_byte(Asm *a, u32 v);
void ia_max_stack(Asm *a, u32 v);
void ia_zero_init(Asm *a);
u32 ia_code_offset(const Asm *a);

/* --- ilasm_attr.c, ilasm_value.c --- */
void ia_custom(Asm *a); /* at .custom */
void ia_custom_alias(Asm *a, const Alias *al);
void ia_security(Asm *a, u32 parent);
bool ia_marshal(Asm *a, u32 *blob); /* "marshal ( … )", the word taken already */
bool ia_field_init(Asm *a, u8 *type, Buf *value);
bool ia_ser_init(Asm *a, Buf *out, bool typed);

/* --- ilasm_manifest.c, ilasm_data.c --- */
void ia_manifest_first(Asm *a, Item *it); /* the rows that references need */
void ia_manifest(Asm *a, Item *it);       /* the rest */
void ia_typedef(Asm *a, bool members);    /* members: those of methods, fields and attributes; else those of types */
u32 ia_module_ref(Asm *a, u32 name);
void ia_line(Asm *a);
u32 ia_document(Asm *a, const char *path);
void ia_language(Asm *a);
void ia_data(Asm *a);
void ia_vtfixup(Asm *a);
void ia_own_assembly(Asm *a);
u32 ia_data_label(Asm *a, u32 name); /* number + 1, or 0 */

/* --- ilasm_out.c --- */
void ia_place_data(Asm *a); /* labels of data, slots, addresses of fields: what only the end of the text can tell */
bool ia_write(Asm *a, u8 **image, size_t *size, u8 **pdb, size_t *pdb_size);
#endif
