/* md_attr.h: custom attributes (§II.23.3). */
#ifndef MD_MD_ATTR_H
#define MD_MD_ATTR_H
#include "md/md_sig.h"

/* Rid of the first CustomAttribute row of `token` whose type is ns.name; 0 if none.  Compares names only. */
u32 md_find_attribute(const MdImage *m, u32 token, const char *ns, const char *name);
static inline bool md_has_attribute(const MdImage *m, u32 token, const char *ns, const char *name)
{
    return md_find_attribute(m, token, ns, name) != 0;
}
/* Names of the attribute's type: false if its constructor's parent is no TypeDef or TypeRef. */
bool md_attribute_type_name(const MdImage *m, u32 attribute_rid, const char **ns, const char **name);

/* One decoded value */
typedef struct MdAttrValue {
    u8 type; /* ET_BOOLEAN … ET_R8, ET_STRING, ET_ATTR_TYPE, ET_ATTR_ENUM, ET_SZARRAY */
    u8 elem; /* of an array: element type; of an enum: the underlying type read (ET_I4 unless asked for) */
    bool is_null;         /* string, type or array */
    i64 i;                /* integers, bool, char, enum */
    double d;             /* R4, R8 */
    const char *str;      /* string or type name: not NUL-terminated */
    u32 str_len;
    u32 count;            /* array: elements, at `items` */
    MdSig items;          /* read each with md_attr_element */
    const char *enum_name; /* of an enum given by name (named arguments): not terminated */
    u32 enum_name_len;
    u32 enum_token;       /* of an enum in the constructor's signature: TypeDefOrRef token */
} MdAttrValue;

typedef struct MdAttrReader {
    const MdImage *m;
    MdSig sig;  /* constructor's parameters still to come */
    MdSig blob; /* value still to come */
    u32 fixed_left, named_left;
    bool in_named;
    /* Underlying element type of an enum; NULL: looked for in this image, else ET_I4 */
    u8 (*enum_underlying)(void *arg, u32 token, const char *name, u32 name_len);
    void *arg;
} MdAttrReader;
/* Opens a CustomAttribute row; false if the prolog or signature is bad. */
bool md_attr_open(MdAttrReader *r, const MdImage *m, u32 attribute_rid);
/* The same for a value that has no row (yet); ctor: MethodDef or MemberRef token of m. */
bool md_attr_open_value(MdAttrReader *r, const MdImage *m, u32 ctor, const u8 *value, u32 len);
/* Next fixed argument; false at the end, or if bad (r->blob.bad). */
bool md_attr_fixed(MdAttrReader *r, MdAttrValue *v);
/* Next named argument (skips what is left of the fixed ones). */
bool md_attr_named(MdAttrReader *r, const char **name, u32 *name_len, bool *is_property, MdAttrValue *v);
/* Next element of an array value */
bool md_attr_element(MdAttrReader *r, MdAttrValue *array, MdAttrValue *v);

/* Short cuts: the nth fixed integer argument, and a named argument. */
bool md_attr_int(const MdImage *m, u32 attribute_rid, u32 nth, i64 *out);
bool md_attr_string(const MdImage *m, u32 attribute_rid, u32 nth, const char **str, u32 *len);
bool md_attr_find_named(const MdImage *m, u32 attribute_rid, const char *name, MdAttrValue *v);
#endif
