/* md_names.h: types by name, assembly identities and their display names.
 * The index of an image's type names is built at the first look-up and published atomically; look-ups never lock. */
#ifndef MD_MD_NAMES_H
#define MD_MD_NAMES_H
#include "md/md.h"

/* Top-level TypeDef by namespace and name (generic ones with their `n); 0 if there is none.  ns NULL means "". */
u32 md_find_typedef(MdImage *m, const char *ns, const char *name);
u32 md_find_typedef_n(MdImage *m, const char *ns, size_t ns_len, const char *name, size_t name_len);
/* Nested TypeDef of an enclosing TypeDef */
u32 md_find_nested(MdImage *m, u32 enclosing_rid, const char *name);
u32 md_find_nested_n(MdImage *m, u32 enclosing_rid, const char *name, size_t name_len);
/* ExportedType rows: top level (forwarders, other modules), and nested in another ExportedType row */
u32 md_find_exported(MdImage *m, const char *ns, const char *name);
u32 md_find_exported_n(MdImage *m, const char *ns, size_t ns_len, const char *name, size_t name_len);
u32 md_find_exported_nested(MdImage *m, u32 exported_rid, const char *name);
/* The same without regard to case: a scan.  lower: the lower case of a UTF-16 unit beyond ASCII; NULL: only ASCII has cases. */
typedef char16 (*MdLower)(char16 c);
bool md_same_nocase(const char *z, const char *s, size_t len, MdLower lower);
u32 md_find_typedef_nocase(MdImage *m, u32 enclosing_rid, const char *ns, size_t ns_len, const char *name, size_t name_len, MdLower lower);

/* Members by name within a TypeDef: the first at or after position `from` (0: the start); *pos, if not NULL, gets the
 * position to go on from.  Rid, or 0. */
u32 md_find_method(const MdImage *m, u32 typedef_rid, const char *name, u32 from, u32 *pos);
u32 md_find_field(const MdImage *m, u32 typedef_rid, const char *name);

/* "Ns.Outer+Inner" of a TypeDef, TypeRef or ExportedType token into buf (cut to cap with NUL); the length it wanted */
size_t md_type_full_name(const MdImage *m, u32 token, char *buf, size_t cap);

/* An assembly's identity.  Strings need no NUL: they point into an image or the parsed text. */
typedef struct MdAssemblyName {
    const char *name, *culture;   /* culture "" or "neutral": none */
    u32 name_len, culture_len;
    u16 version[4];               /* 0xFFFF: not given (display names only) */
    bool has_version, has_culture, has_token, retargetable;
    u8 token_len;                 /* 8, or 0 for "null"/no key */
    u8 token[8];                  /* public key token, as displayed: first byte first */
    const u8 *public_key;         /* full key if the row has one; else NULL */
    u32 public_key_len;
    u32 flags;                    /* AF_* */
} MdAssemblyName;
bool md_assembly_identity(const MdImage *m, MdAssemblyName *out); /* false: no manifest */
bool md_assemblyref_identity(const MdImage *m, u32 assemblyref_rid, MdAssemblyName *out);
/* Parses "Name, Version=1.0.0.0, Culture=neutral, PublicKeyToken=…" (§II.6.3, quotes and backslashes as the reference
 * has them); name strings are unescaped into buf, which needs len + 1 bytes. */
bool md_parse_assembly_name(const char *text, size_t len, char *buf, MdAssemblyName *out, Err *e);
/* Display name, cut to cap with NUL; the length it wanted.  All parts the record has are written. */
size_t md_format_assembly_name(const MdAssemblyName *n, char *buf, size_t cap);
/* Simple names compare without regard to ASCII case, as the binder does. */
bool md_same_simple_name(const MdAssemblyName *a, const MdAssemblyName *b);
/* token = last eight bytes of SHA-1, reversed */
void md_public_key_token(const u8 *key, u32 len, u8 token[8]);
#endif
