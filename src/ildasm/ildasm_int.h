/* ildasm_int.h: what the disassembler's files share. */
#ifndef ILDASM_INT_H
#define ILDASM_INT_H
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "il/il.h"
#include "ildasm/ildasm.h"
#include "md/md_pdb.h"
#include "md/md_sig.h"

typedef struct Text {
    const char *p;
    u32 len;
} Text;

/* A distinct place that fields with an RVA point at */
typedef struct DisData {
    u32 rva, size;
} DisData;

typedef struct Dis {
    IldasmOptions opt;
    const PeImage *pe;
    MdImage *m;
    MdPdb *pdb; /* -linenum, -source */
    struct DisSource *sources; /* by Document rid (ildasm_source.c) */
    u32 language; /* #GUID index of the last .language */
    /* text */
    char *buf;
    size_t len, cap;
    u64 limit;
    bool full; /* the limit was reached: nothing more is added */
    u32 indent;
    /* names: by rid, made at first use */
    Arena arena;
    StrMap words; /* of the language */
    Text *typedefs, *typerefs, *assemblyrefs;
    Text *memberrefs, *methoddefs, *fields; /* whole references, where they are the same everywhere */
    u8 *has[MDT_COUNT]; /* HAS_… by rid (ildasm_index.c); NULL: nothing of that table */
    u32 *enclosing;    /* TypeDef rid to that of its enclosing class */
    u32 *first_nested, *next_nested; /* nested classes of a TypeDef, in order */
    Map64 method_impls; /* body MethodDef rid to its first MethodImpl row; the next ones by impl_next */
    u32 *impl_next;
    VEC(DisData) data;
    u32 locals; /* of the body at hand */
    u32 short_named[8], short_count; /* references to String and Object of a core library */
    /* where generic parameters have names */
    u32 type_rid, method_rid;
    u32 depth; /* of nested signatures */
    bool has_slots; /* the image has tables of method slots */
    bool quiet;
    u32 problems;
    /* of the body being printed */
    VEC(IlInst) insts;
    VEC(u8) starts;
} Dis;

/* --- ildasm_out.c --- */
void dis_grow(Dis *d, size_t need);
static inline char *dis_room(Dis *d, size_t n) /* n bytes to write to; advance d->len */
{
    if (UNLIKELY(d->cap - d->len < n)) dis_grow(d, n);
    return d->buf + d->len;
}
static inline void put_mem(Dis *d, const char *s, size_t n)
{
    memcpy(dis_room(d, n), s, n);
    d->len += n;
}
static inline void put_ch(Dis *d, char c)
{
    *dis_room(d, 1) = c;
    d->len++;
}
static inline void put(Dis *d, const char *s)
{
    put_mem(d, s, strlen(s));
}
#define put_lit(d, s) put_mem((d), "" s, sizeof(s) - 1)
void putf(Dis *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
void put_dec(Dis *d, i64 v);
void put_udec(Dis *d, u64 v);
void put_hex(Dis *d, u64 v, u32 digits); /* digits: at least so many; lower case */
void put_hexu(Dis *d, u64 v, u32 digits); /* upper case */
void put_indent(Dis *d);                 /* spaces of the current depth */
void put_pad(Dis *d, size_t line_start, u32 column);
/* "( 01 00 … )" over as many lines as it takes, with the characters beside it as comment; no line end after it */
void put_bytes(Dis *d, const u8 *p, u32 n);
void put_json(Dis *d, const char *s, size_t n); /* with quotes */
void dis_problem(Dis *d, u32 token, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* --- ildasm_name.c --- */
void dis_names_init(Dis *d);
void dis_names_free(Dis *d);
void put_name(Dis *d, const char *name);        /* quoted where it must be */
void put_name_n(Dis *d, const char *name, size_t n);
void put_method_name(Dis *d, const char *name); /* .ctor and .cctor are words */
void put_quoted(Dis *d, const char *s, size_t n, char quote); /* UTF-8, escapes */
void put_class(Dis *d, u32 token);              /* [scope]Ns.Outer/Inner of a TypeDef, TypeRef or ExportedType */
void put_typedef_own_name(Dis *d, u32 rid);     /* Ns.Name, as .class wants it */
void put_assembly_ref(Dis *d, u32 rid);         /* its alias */
void put_token(Dis *d, u32 token);              /* slash-star 01000001 star-slash with -tokens */
void put_var(Dis *d, bool method, u32 n);       /* !T or !0 */
bool dis_private_scope(const Dis *d, u32 method_rid);
/* ildasm_check.c */
void dis_check_start(Dis *d);
void dis_check_class(Dis *d, u32 rid);
void dis_check_classes(Dis *d);
void dis_check_order(Dis *d);
void dis_check_class_type(Dis *d, u32 token); /* after ET_CLASS, ET_VALUETYPE */
void dis_check_method(Dis *d, u32 rid, const MdMethodSig *h);
void put_hidden_name(Dis *d, const char *name, u32 token); /* of private scope: many may have the name, the token tells them apart */

Text dis_keep(Dis *d, size_t start);            /* a copy of the text since then */

/* --- ildasm_index.c --- */
enum { HAS_ATTRIBUTES = 1, HAS_GENERICS = 2, HAS_CONSTANT = 4, HAS_MARSHAL = 8, HAS_PINVOKE = 16, HAS_OVERRIDES = 32 };
void dis_index_init(Dis *d);
static inline bool dis_has(const Dis *d, u32 token, u8 what)
{
    const u8 *rows = MD_TABLE_OF(token) < MDT_COUNT ? d->has[MD_TABLE_OF(token)] : NULL;
    return rows && MD_RID(token) <= md_rows(d->m, MD_TABLE_OF(token)) && rows[MD_RID(token)] & what;
}

/* --- ildasm_sig.c --- */
void put_type(Dis *d, MdSig *s);
void put_type_token(Dis *d, u32 token);                    /* where the grammar has typeSpec */
void put_type_token_in(Dis *d, u32 token, u32 in_type);    /* likewise, generic parameters by name of that TypeDef */
void put_conv(Dis *d, u8 header);
void put_params(Dis *d, MdSig *s, const MdMethodSig *h);   /* "int32, string" */
void put_method_ref(Dis *d, u32 token);                    /* MethodDef, MemberRef, MethodSpec: "instance void T::m(int32)" */
void put_field_ref(Dis *d, u32 token);                     /* "int32 T::f" */
void put_owner(Dis *d, u32 token);                         /* anything that .custom's owner and ldtoken take */
bool dis_is_field(Dis *d, u32 token);
MdSig dis_sig(Dis *d, u32 token);

/* --- ildasm_value.c --- */
void put_attributes(Dis *d, u32 token);                    /* .custom lines */
void put_attribute(Dis *d, u32 row, bool with_owner);
void put_constant(Dis *d, u32 row);                        /* " = int32(5)" */
void put_marshal(Dis *d, u32 row);                         /* "marshal(…)" */
void put_security(Dis *d, u32 token);
void put_float(Dis *d, double v, int digits);
void put_far_attributes(Dis *d);                           /* those of references */
/* flag words */
typedef struct FlagWord {
    u32 mask, value;
    const char *text;
} FlagWord;
extern const FlagWord dis_type_flags[], dis_field_flags[], dis_method_flags[], dis_impl_flags[], dis_pinvoke_flags[], dis_export_flags[],
    dis_gparam_flags[], dis_corflags[];
u32 put_flags(Dis *d, const FlagWord *w, u32 flags);       /* each followed by a blank; gives the bits that have no word */
const char *dis_elem_word(u8 elem);                        /* NULL: none */

void put_number(Dis *d, u8 type, const u8 *p);             /* "int32(5)": ET_BOOLEAN to ET_R8 */
bool dis_printable(const char *s, size_t n);               /* UTF-8 without control characters */
/* --- ildasm_verbal.c --- */
bool put_verbal(Dis *d, u32 ctor, const u8 *p, u32 n);     /* " = {int32(5)}" of an attribute's value; false: it has no words */

/* --- ildasm_source.c --- */
void put_line(Dis *d, const MdSeqPoint *p);                /* .line, .language and what stands there */
void put_first_line(Dis *d);                               /* from here on no line is one of the listing's own */
void dis_sources_free(Dis *d);

/* --- ildasm_body.c --- */
void put_body(Dis *d, u32 method_rid);
void put_instruction_text(Dis *d, const IlBody *b, const IlInst *in, u32 method_rid);

/* --- ildasm_type.c --- */
void put_type_def(Dis *d, u32 rid);
void put_all_types(Dis *d);
void put_method(Dis *d, u32 rid);
void put_field(Dis *d, u32 rid);
void put_method_head(Dis *d, u32 rid);
/* --- ildasm_item.c --- */
bool put_item(Dis *d, const char *item); /* false: nothing of that name */
bool dis_visible(const Dis *d, u32 typedef_rid);
bool dis_visible_member(const Dis *d, u32 token); /* Field, MethodDef; Property and Event: one of its methods */

/* --- ildasm_manifest.c --- */
void put_manifest(Dis *d);
void put_data(Dis *d);
void dis_collect_data(Dis *d);
u32 dis_field_size(Dis *d, u32 field_rid);

/* --- the other forms --- */
void put_tables(Dis *d);
void put_row(Dis *d, u32 table, u32 rid);
void put_headers(Dis *d);
void put_stats(Dis *d);
void put_metadata_root(Dis *d);
const u8 *dis_r2r_metadata(const PeImage *pe, u32 *size); /* of a precompiled image's own manifest; NULL: none */
void put_json_image(Dis *d);
/* Takes the text from `start` on out of the output as JSON string in its place */
void dis_quote_tail(Dis *d, size_t start);
void put_raw_metadata(Dis *d); /* the parts that opt.metadata names */
char *dis_colour(const char *text, size_t len, bool html, size_t *out_len);
/* --- ildasm_options.c --- */
int dis_read_args(IldasmOptions *o, int argc, char **argv); /* -1: go on; else the exit code */
#endif
