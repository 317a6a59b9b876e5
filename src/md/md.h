/* md.h: CLI metadata, read in place (§II.22–24).
 * Files: md_tables.def (every table and coded index), md_image.c (open, heaps, layout), md_search.c (sorted tables,
 * lists, owners), md_names.h/.c (types by name, assembly identities), md_sig.h/.c (signatures), md_attr.h/.c (custom
 * attributes), md_pdb.h/.c, md_pdb_write.h/.c (portable PDB), md_write*.c (the writer).
 * Data: MdImage is a set of pointers into the file's bytes and column layouts; it is immutable after md_open but for the
 * name index, which is built at first use and published atomically.  So any thread may read.  An image that a writer is
 * attached to (md_write.h) grows; readers load a size before the base it goes with, and need no lock either.
 * Invariants: an accessor never reads outside the image.  A rid or index out of range gives 0, "", NULL or an empty
 * range; nothing is copied, and every string is NUL-terminated UTF-8 inside the mapping.
 * Typed readers: md_<Table>_<Column>(img, rid): heap columns give the heap index, table columns the rid, and coded
 * columns a *token* (0: nil or bad).  Rids count from 1.
 * Book: md.md  Tests: tests/unit/md/, fuzz/ */
#ifndef MD_MD_H
#define MD_MD_H
#include "base/base.h"
#include "pe/pe.h"

typedef enum MdTableId {
#define TABLE(id, name, cols) MDT_##name = id,
#include "md/md_tables.def"
#undef TABLE
    MDT_COUNT = 0x38,
    MDT_String = 0x70, /* user string: tokens only */
} MdTableId;

/* Column kinds: a table's id, or one of these. */
typedef enum MdKind {
#define TABLE(id, name, cols) MDK_##name = id,
#include "md/md_tables.def"
#undef TABLE
    MDK_U2 = 0x40,
    MDK_U4,
    MDK_Str,
    MDK_Guid,
    MDK_Blob,
    MDK_CODED0 = 0x50,
    MDK_CODED_before = MDK_CODED0 - 1,
#define CODED(name, bits, tables) MDK_##name,
#include "md/md_tables.def"
#undef CODED
    MDK_END,
} MdKind;

/* Column numbers: MDC_TypeDef_Extends == 3 */
#define C(table, col, kind) MDC_##table##_##col,
#define TABLE(id, name, cols) enum { cols MDC_##name##_COUNT };
#include "md/md_tables.def"
#undef TABLE
#undef C
enum { MD_MAX_COLS = 9 };

/* Tokens */
#define MD_TOKEN(table, rid) (((u32)(table) << 24) | (u32)(rid))
#define MD_TABLE_OF(token) ((u32)(token) >> 24)
#define MD_RID(token) ((u32)(token)&0xFFFFFFu)

typedef struct MdCol {
    u8 offset; /* in the row */
    u8 size;   /* 2 or 4 */
    u8 kind;   /* MdKind */
} MdCol;
typedef struct MdTable {
    const u8 *base; /* rows, in the mapping */
    u32 rows;
    u8 row_size, col_count;
    bool sorted; /* as the header says */
    MdCol cols[MD_MAX_COLS];
} MdTable;

typedef struct MdNames MdNames; /* md_names.c */

typedef struct MdImage {
    const PeImage *pe; /* NULL: bare metadata (a portable PDB) */
    const u8 *root;
    u32 root_size;
    const char *version; /* "v4.0.30319" */
    const u8 *strings, *us, *guids, *blobs, *pdb;
    u32 strings_size; /* up to and with its last NUL byte */
    u32 us_size, guids_size, blobs_size, pdb_size;
    bool uncompressed; /* #- stream: the Ptr tables may be in use */
    u8 schema_major, schema_minor;
    u64 valid, sorted;
    MdTable tables[MDT_COUNT];
    MdNames *names; /* atomic; see md_names.h */
    const struct MdIndex *index; /* atomic; of an image that a writer is attached to (md_live.h), else NULL */
} MdImage;

/* Reads the metadata of an open image; pe must outlive *m.  A module without manifest is fine here (md_has_manifest). */
bool md_open(MdImage *m, const PeImage *pe, Err *e);
/* Reads bare metadata, such as a portable PDB.  The bytes must outlive *m. */
bool md_open_blob(MdImage *m, const u8 *data, size_t size, Err *e);
void md_close(MdImage *m);
/* Fails with ERR_BAD_IMAGE, 0x80131018 unless the module has an Assembly row. */
bool md_check_manifest(const MdImage *m, Err *e);
const char *md_table_name(u32 table);          /* "TypeDef"; NULL for an unused id */
const char *md_column_name(u32 table, u32 col); /* NULL if there is none */

static inline u32 md_rows(const MdImage *m, u32 table)
{
    return table < MDT_COUNT ? m->tables[table].rows : 0;
}
/* Is the token's table one of metadata's and its rid an existing row? (user strings: inside #US) */
bool md_valid_token(const MdImage *m, u32 token);

/* Raw column value; 0 for a rid out of range.  table and col must be real ones. */
static inline u32 md_col(const MdImage *m, u32 table, u32 rid, u32 col)
{
    const MdTable *t = &m->tables[table];
    if (UNLIKELY(rid - 1 >= __atomic_load_n(&t->rows, __ATOMIC_ACQUIRE))) return 0;
    const u8 *p = t->base + (size_t)(rid - 1) * t->row_size + t->cols[col].offset;
    return t->cols[col].size == 2 ? pe_u16(p) : pe_u32(p);
}

typedef struct MdCoded {
    u8 bits, count;
    u8 tables[32]; /* 0xFF: tag not used */
} MdCoded;
extern const MdCoded md_coded_info[MDK_END - MDK_CODED0];
/* Coded index to token; 0 for a nil rid or a bad tag.  The rid is not checked against the table. */
static inline u32 md_decode(MdKind kind, u32 value)
{
    const MdCoded *c = &md_coded_info[kind - MDK_CODED0];
    u32 tag = value & ((1u << c->bits) - 1), rid = value >> c->bits;
    if (UNLIKELY(tag >= c->count || c->tables[tag] == 0xFF || rid == 0 || rid > 0xFFFFFF)) return 0;
    return MD_TOKEN(c->tables[tag], rid);
}
/* Token to coded index; false if the table is none of the kind's. */
bool md_encode(MdKind kind, u32 token, u32 *value);

#define C(table, col, kind)                                                                                            \
    static inline u32 md_##table##_##col(const MdImage *m, u32 rid)                                                    \
    {                                                                                                                  \
        u32 v = md_col(m, MDT_##table, rid, MDC_##table##_##col);                                                      \
        return MDK_##kind >= MDK_CODED0 ? md_decode(MDK_##kind, v) : v;                                                \
    }
#define TABLE(id, name, cols) cols
#include "md/md_tables.def"
#undef TABLE
#undef C

/* Heaps.  md_str never gives NULL.  A blob that does not fit gives NULL and size 0; an empty one a pointer and 0. */
static inline const char *md_str(const MdImage *m, u32 index)
{
    return LIKELY(index < __atomic_load_n(&m->strings_size, __ATOMIC_ACQUIRE)) ? (const char *)m->strings + index : "";
}
const u8 *md_blob(const MdImage *m, u32 index, u32 *size);
const u8 *md_guid(const MdImage *m, u32 index); /* 16 bytes, or NULL; index counts from 1 */
/* User string: UTF-16LE units, perhaps unaligned (memcpy them).  NULL if bad. */
const u8 *md_user_string(const MdImage *m, u32 index, u32 *units);
/* Bytes of the image at an RVA (pe_rva); NULL without image. */
const u8 *md_rva(const MdImage *m, u32 rva, u32 *avail);

/* Names straight from a row */
#define MD_NAME(fn, table, col)                                                                                        \
    static inline const char *fn(const MdImage *m, u32 rid)                                                            \
    {                                                                                                                  \
        return md_str(m, md_col(m, MDT_##table, rid, MDC_##table##_##col));                                            \
    }
MD_NAME(md_typedef_name, TypeDef, Name)
MD_NAME(md_typedef_namespace, TypeDef, Namespace)
MD_NAME(md_typeref_name, TypeRef, Name)
MD_NAME(md_typeref_namespace, TypeRef, Namespace)
MD_NAME(md_field_name, Field, Name)
MD_NAME(md_method_name, MethodDef, Name)
MD_NAME(md_param_name, Param, Name)
MD_NAME(md_memberref_name, MemberRef, Name)
MD_NAME(md_property_name, Property, Name)
MD_NAME(md_event_name, Event, Name)
MD_NAME(md_genericparam_name, GenericParam, Name)
MD_NAME(md_moduleref_name, ModuleRef, Name)
MD_NAME(md_assemblyref_name, AssemblyRef, Name)
MD_NAME(md_exported_name, ExportedType, TypeName)
MD_NAME(md_exported_namespace, ExportedType, TypeNamespace)
MD_NAME(md_resource_name, ManifestResource, Name)
#undef MD_NAME

/* Lists: the rows [first, end) that belong to an owner.  In #- metadata first..end are positions of the Ptr table and
 * md_*_at gives the rid; elsewhere it gives back its argument.  Use it always. */
typedef struct MdRange {
    u32 first, end;
} MdRange;
MdRange md_typedef_fields(const MdImage *m, u32 typedef_rid);
MdRange md_typedef_methods(const MdImage *m, u32 typedef_rid);
MdRange md_method_params(const MdImage *m, u32 method_rid); /* the row with Sequence 0 is the return value's */
MdRange md_typedef_properties(const MdImage *m, u32 typedef_rid);
MdRange md_typedef_events(const MdImage *m, u32 typedef_rid);
#define MD_AT(fn, ptr, target)                                                                                         \
    static inline u32 fn(const MdImage *m, u32 i)                                                                      \
    {                                                                                                                  \
        return UNLIKELY(m->tables[MDT_##ptr].rows) ? md_##ptr##_##target(m, i) : i;                                    \
    }
MD_AT(md_field_at, FieldPtr, Field)
MD_AT(md_method_at, MethodPtr, Method)
MD_AT(md_param_at, ParamPtr, Param)
MD_AT(md_property_at, PropertyPtr, Property)
MD_AT(md_event_at, EventPtr, Event)
#undef MD_AT

/* A method's place in its type's range: the i for which md_method_at gives it; 0 if it has none. */
u32 md_method_position(const MdImage *m, u32 method_rid);
/* false for a type that a writer has not finished: it has no members yet and is not found by name. */
bool md_type_is_finished(const MdImage *m, u32 typedef_rid);

/* Owners: a TypeDef rid (or for md_param_method a MethodDef rid), 0 if there is none. */
u32 md_method_owner(const MdImage *m, u32 method_rid);
u32 md_field_owner(const MdImage *m, u32 field_rid);
u32 md_property_owner(const MdImage *m, u32 property_rid);
u32 md_event_owner(const MdImage *m, u32 event_rid);
u32 md_param_method(const MdImage *m, u32 param_rid);
u32 md_enclosing(const MdImage *m, u32 typedef_rid); /* of a nested class; 0: top level */

/* All rows of a table whose column has a raw value: binary search where the table is sorted by it, else a scan.
 *   MdIter it = md_find_rows(m, MDT_InterfaceImpl, MDC_InterfaceImpl_Class, rid);
 *   for (u32 r; (r = md_next_row(&it));) … */
typedef struct MdIter {
    const MdImage *m;
    u32 table, col, key, cur, end;
    bool chained; /* cur is the next row itself; 0: none */
} MdIter;
MdIter md_find_rows(const MdImage *m, u32 table, u32 col, u32 key);
u32 md_next_row(MdIter *it); /* rid, or 0 at the end */
u32 md_find_row(const MdImage *m, u32 table, u32 col, u32 key); /* the first, or 0 */
/* The usual ones; tokens where the column is coded */
MdIter md_attributes_of(const MdImage *m, u32 token);          /* CustomAttribute rows */
MdIter md_generic_params_of(const MdImage *m, u32 token);      /* GenericParam rows of a TypeDef or MethodDef */
MdIter md_constraints_of(const MdImage *m, u32 genericparam_rid);
MdIter md_interfaces_of(const MdImage *m, u32 typedef_rid);    /* InterfaceImpl rows */
MdIter md_method_impls_of(const MdImage *m, u32 typedef_rid);  /* MethodImpl rows */
MdIter md_semantics_of(const MdImage *m, u32 token);           /* MethodSemantics rows of a Property or Event */
u32 md_semantics_of_method(const MdImage *m, u32 method_rid);  /* MethodSemantics row, or 0; a scan */
u32 md_constant_of(const MdImage *m, u32 token);               /* Constant row of a Field, Param or Property, or 0;
                                                                   its Type's low byte is the element type */
u32 md_marshal_of(const MdImage *m, u32 token);                /* FieldMarshal row, or 0 */
u32 md_impl_map_of(const MdImage *m, u32 token);               /* ImplMap row of a MethodDef, or 0 */
u32 md_class_layout_of(const MdImage *m, u32 typedef_rid);     /* ClassLayout row, or 0 */
u32 md_field_layout_of(const MdImage *m, u32 field_rid);       /* FieldLayout row, or 0 */
u32 md_field_rva_of(const MdImage *m, u32 field_rid);          /* FieldRVA row, or 0 */
u32 md_decl_security_of(const MdImage *m, u32 token);          /* first DeclSecurity row, or 0 */
/* Has one of the methods [first, end) generic parameters?  May say yes of others in metadata that is not sorted. */
bool md_any_generic_method(const MdImage *m, MdRange methods);
u32 md_generic_count(const MdImage *m, u32 token);             /* how many GenericParam rows */

/* Flags (§II.23.1) */
enum { /* TypeDef.Flags */
    TD_VISIBILITY = 7, TD_NOT_PUBLIC = 0, TD_PUBLIC = 1, TD_NESTED_PUBLIC = 2, TD_NESTED_PRIVATE = 3,
    TD_NESTED_FAMILY = 4, TD_NESTED_ASSEMBLY = 5, TD_NESTED_FAM_AND_ASSEM = 6, TD_NESTED_FAM_OR_ASSEM = 7,
    TD_LAYOUT = 0x18, TD_AUTO_LAYOUT = 0, TD_SEQUENTIAL_LAYOUT = 8, TD_EXPLICIT_LAYOUT = 0x10,
    TD_EXTENDED_LAYOUT = 0x18,
    TD_INTERFACE = 0x20, TD_ABSTRACT = 0x80, TD_SEALED = 0x100, TD_SPECIAL_NAME = 0x400, TD_RT_SPECIAL_NAME = 0x800,
    TD_IMPORT = 0x1000, TD_SERIALIZABLE = 0x2000, TD_WINDOWS_RUNTIME = 0x4000,
    TD_STRING_FORMAT = 0x30000, TD_ANSI = 0, TD_UNICODE = 0x10000, TD_AUTO = 0x20000,
    TD_HAS_SECURITY = 0x40000, TD_BEFORE_FIELD_INIT = 0x100000, TD_FORWARDER = 0x200000,
};
enum { /* Field.Flags */
    FD_ACCESS = 7, FD_COMPILER_CONTROLLED = 0, FD_PRIVATE = 1, FD_FAM_AND_ASSEM = 2, FD_ASSEMBLY = 3, FD_FAMILY = 4,
    FD_FAM_OR_ASSEM = 5, FD_PUBLIC = 6, FD_STATIC = 0x10, FD_INIT_ONLY = 0x20, FD_LITERAL = 0x40,
    FD_NOT_SERIALIZED = 0x80, FD_HAS_RVA = 0x100, FD_SPECIAL_NAME = 0x200, FD_RT_SPECIAL_NAME = 0x400,
    FD_HAS_MARSHAL = 0x1000, FD_PINVOKE_IMPL = 0x2000, FD_HAS_DEFAULT = 0x8000,
};
enum { /* MethodDef.Flags */
    MD_ACCESS = 7, MD_COMPILER_CONTROLLED = 0, MD_PRIVATE = 1, MD_FAM_AND_ASSEM = 2, MD_ASSEMBLY = 3, MD_FAMILY = 4,
    MD_FAM_OR_ASSEM = 5, MD_PUBLIC = 6, MD_UNMANAGED_EXPORT = 8, MD_STATIC = 0x10, MD_FINAL = 0x20,
    MD_VIRTUAL = 0x40, MD_HIDE_BY_SIG = 0x80, MD_NEW_SLOT = 0x100, MD_CHECK_ACCESS = 0x200, MD_ABSTRACT = 0x400,
    MD_SPECIAL_NAME = 0x800, MD_RT_SPECIAL_NAME = 0x1000, MD_PINVOKE_IMPL = 0x2000, MD_HAS_SECURITY = 0x4000,
    MD_REQUIRE_SEC_OBJECT = 0x8000,
};
enum { /* MethodDef.ImplFlags */
    MI_CODE_TYPE = 3, MI_IL = 0, MI_NATIVE = 1, MI_OPTIL = 2, MI_RUNTIME = 3, MI_UNMANAGED = 4, MI_NO_INLINING = 8,
    MI_FORWARD_REF = 0x10, MI_SYNCHRONIZED = 0x20, MI_NO_OPTIMIZATION = 0x40, MI_PRESERVE_SIG = 0x80,
    MI_AGGRESSIVE_INLINING = 0x100, MI_AGGRESSIVE_OPTIMIZATION = 0x200, MI_INTERNAL_CALL = 0x1000,
    MI_ASYNC = 0x2000,
};
enum { /* GenericParam.Flags */
    GP_VARIANCE = 3, GP_COVARIANT = 1, GP_CONTRAVARIANT = 2, GP_CLASS = 4, GP_STRUCT = 8, GP_NEW = 0x10,
    GP_ALLOW_BYREF_LIKE = 0x20,
};
enum { PD_IN = 1, PD_OUT = 2, PD_OPTIONAL = 0x10, PD_HAS_DEFAULT = 0x1000, PD_HAS_MARSHAL = 0x2000 }; /* Param */
enum { MS_SETTER = 1, MS_GETTER = 2, MS_OTHER = 4, MS_ADD_ON = 8, MS_REMOVE_ON = 0x10, MS_FIRE = 0x20 };
enum { /* ImplMap.MappingFlags */
    PM_NO_MANGLE = 1, PM_CHARSET = 6, PM_ANSI = 2, PM_UNICODE = 4, PM_AUTO = 6, PM_BEST_FIT = 0x30,
    PM_BEST_FIT_ON = 0x10, PM_BEST_FIT_OFF = 0x20, PM_LAST_ERROR = 0x40, PM_CALL_CONV = 0x700, PM_WINAPI = 0x100,
    PM_CDECL = 0x200, PM_STDCALL = 0x300, PM_THISCALL = 0x400, PM_FASTCALL = 0x500, PM_THROW_ON_UNMAPPABLE = 0x3000,
};
enum { AF_PUBLIC_KEY = 1, AF_RETARGETABLE = 0x100, AF_CONTENT_TYPE = 0xE00, AF_WINDOWS_RUNTIME = 0x200 };
#endif
