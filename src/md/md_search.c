/* md_search.c: relations between rows: lists, owners, and rows that refer to a row.
 * The binary searches trust the header's bit that a table is sorted; where it is clear they scan.  A table that lies
 * about it makes rows go unfound, nothing worse.
 * Not here: look-up by name (md_names.c).  Book: md.md  Tests: tests/unit/md/ */
#include "md/md.h"
#include "md/md_live.h"

/* --- sorted columns --- */

typedef struct Column {
    const u8 *at; /* of row 1 */
    u32 stride;
    bool wide;
} Column;

static inline Column column_of(const MdImage *m, u32 table, u32 col)
{
    const MdTable *t = &m->tables[table];
    return (Column){t->base + t->cols[col].offset, t->row_size, t->cols[col].size != 2};
}

static inline u32 column_value(const Column *c, u32 rid)
{
    const u8 *p = c->at + (size_t)(rid - 1) * c->stride;
    return c->wide ? pe_u32(p) : pe_u16(p);
}

/* The first of rows 1..rows whose value is at least key; rows + 1: none.  Without a branch that depends on the values. */
static u32 lower_bound(const Column *c, u32 rows, u64 key)
{
    u32 before = 0, n = rows; /* rows up to `before` are smaller; the answer is among the n + 1 that follow */
    while (n) {
        u32 half = (n + 1) / 2;
        bool smaller = column_value(c, before + half) < key;
        before += smaller ? half : 0;
        n = smaller ? n - half : half - 1;
    }
    return before + 1;
}

/* --- lists --- */

/* What a list column counts: the Ptr table where it has rows */
static u32 list_limit(const MdImage *m, u32 ptr_table, u32 table)
{
    u32 n = m->tables[ptr_table].rows;
    return n ? n : m->tables[table].rows;
}

/* A list of an attached image says where it ends; that of a type not finished is empty. */
static MdRange live_list(const MdImage *m, u32 table, u32 rid, u32 col)
{
    u32 which = table == MDT_MethodDef ? MDX_PARAMS_END : col == MDC_TypeDef_MethodList && table == MDT_TypeDef ? MDX_METHODS_END : MDX_FIELDS_END;
    u32 end = md_extra(m, table, rid, which), first = md_col(m, table, rid, col);
    return first && first < end ? (MdRange){first, end} : (MdRange){1, 1};
}

static MdRange list(const MdImage *m, u32 table, u32 rid, u32 col, u32 limit)
{
    MdRange none = {1, 1};
    if (rid - 1 >= m->tables[table].rows) return none;
    if (UNLIKELY(m->index != NULL)) return live_list(m, table, rid, col);
    u32 first = md_col(m, table, rid, col);
    u32 end = rid < m->tables[table].rows ? md_col(m, table, rid + 1, col) : limit + 1;
    end = MIN(end, limit + 1);
    if (first == 0 || first >= end) return none;
    return (MdRange){first, end};
}

MdRange md_typedef_fields(const MdImage *m, u32 rid)
{
    return list(m, MDT_TypeDef, rid, MDC_TypeDef_FieldList, list_limit(m, MDT_FieldPtr, MDT_Field));
}

MdRange md_typedef_methods(const MdImage *m, u32 rid)
{
    return list(m, MDT_TypeDef, rid, MDC_TypeDef_MethodList, list_limit(m, MDT_MethodPtr, MDT_MethodDef));
}

MdRange md_method_params(const MdImage *m, u32 rid)
{
    return list(m, MDT_MethodDef, rid, MDC_MethodDef_ParamList, list_limit(m, MDT_ParamPtr, MDT_Param));
}

MdRange md_typedef_properties(const MdImage *m, u32 rid)
{
    u32 map = md_find_row(m, MDT_PropertyMap, MDC_PropertyMap_Parent, rid);
    return list(m, MDT_PropertyMap, map, MDC_PropertyMap_PropertyList, list_limit(m, MDT_PropertyPtr, MDT_Property));
}

MdRange md_typedef_events(const MdImage *m, u32 rid)
{
    u32 map = md_find_row(m, MDT_EventMap, MDC_EventMap_Parent, rid);
    return list(m, MDT_EventMap, map, MDC_EventMap_EventList, list_limit(m, MDT_EventPtr, MDT_Event));
}

/* --- owners --- */

/* Position in a list of a rid: itself, or where the Ptr table names it. */
static u32 list_position(const MdImage *m, u32 ptr_table, u32 rid)
{
    u32 n = m->tables[ptr_table].rows;
    if (!n) return rid;
    for (u32 i = 1; i <= n; i++)
        if (md_col(m, ptr_table, i, 0) == rid) return i;
    return 0;
}

u32 md_method_position(const MdImage *m, u32 rid)
{
    if (UNLIKELY(m->index != NULL)) return md_extra(m, MDT_MethodDef, rid, MDX_POS);
    return list_position(m, MDT_MethodPtr, rid);
}

bool md_type_is_finished(const MdImage *m, u32 rid)
{
    return LIKELY(m->index == NULL) || md_extra(m, MDT_TypeDef, rid, MDX_DONE);
}

/* The row of `table` whose list holds the position: the last one that starts at or before it. */
static u32 list_owner(const MdImage *m, u32 table, u32 col, u32 ptr_table, u32 item_table, u32 rid)
{
    if (rid - 1 >= m->tables[item_table].rows) return 0;
    if (UNLIKELY(m->index != NULL)) return md_extra(m, item_table, rid, MDX_OWNER);
    u32 pos = list_position(m, ptr_table, rid);
    if (pos == 0) return 0;
    Column c = column_of(m, table, col);
    u32 row = lower_bound(&c, m->tables[table].rows, (u64)pos + 1) - 1;
    MdRange r = list(m, table, row, col, list_limit(m, ptr_table, item_table));
    return pos >= r.first && pos < r.end ? row : 0;
}

u32 md_method_owner(const MdImage *m, u32 rid)
{
    return list_owner(m, MDT_TypeDef, MDC_TypeDef_MethodList, MDT_MethodPtr, MDT_MethodDef, rid);
}

u32 md_field_owner(const MdImage *m, u32 rid)
{
    return list_owner(m, MDT_TypeDef, MDC_TypeDef_FieldList, MDT_FieldPtr, MDT_Field, rid);
}

u32 md_param_method(const MdImage *m, u32 rid)
{
    return list_owner(m, MDT_MethodDef, MDC_MethodDef_ParamList, MDT_ParamPtr, MDT_Param, rid);
}

u32 md_property_owner(const MdImage *m, u32 rid)
{
    if (UNLIKELY(m->index != NULL)) return md_extra(m, MDT_Property, rid, MDX_OWNER);
    u32 map = list_owner(m, MDT_PropertyMap, MDC_PropertyMap_PropertyList, MDT_PropertyPtr, MDT_Property, rid);
    return md_PropertyMap_Parent(m, map);
}

u32 md_event_owner(const MdImage *m, u32 rid)
{
    if (UNLIKELY(m->index != NULL)) return md_extra(m, MDT_Event, rid, MDX_OWNER);
    u32 map = list_owner(m, MDT_EventMap, MDC_EventMap_EventList, MDT_EventPtr, MDT_Event, rid);
    return md_EventMap_Parent(m, map);
}

u32 md_enclosing(const MdImage *m, u32 rid)
{
    u32 row = md_find_row(m, MDT_NestedClass, MDC_NestedClass_NestedClass, rid);
    return md_NestedClass_EnclosingClass(m, row);
}

/* --- rows by a column's value --- */

int md_key_column(u32 table)
{
    switch (table) {
    case MDT_InterfaceImpl: return MDC_InterfaceImpl_Class;
    case MDT_Constant: return MDC_Constant_Parent;
    case MDT_CustomAttribute: return MDC_CustomAttribute_Parent;
    case MDT_FieldMarshal: return MDC_FieldMarshal_Parent;
    case MDT_DeclSecurity: return MDC_DeclSecurity_Parent;
    case MDT_ClassLayout: return MDC_ClassLayout_Parent;
    case MDT_FieldLayout: return MDC_FieldLayout_Field;
    case MDT_EventMap: return MDC_EventMap_Parent;
    case MDT_PropertyMap: return MDC_PropertyMap_Parent;
    case MDT_MethodSemantics: return MDC_MethodSemantics_Association;
    case MDT_MethodImpl: return MDC_MethodImpl_Class;
    case MDT_ImplMap: return MDC_ImplMap_MemberForwarded;
    case MDT_FieldRVA: return MDC_FieldRVA_Field;
    case MDT_NestedClass: return MDC_NestedClass_NestedClass;
    case MDT_GenericParam: return MDC_GenericParam_Owner;
    case MDT_GenericParamConstraint: return MDC_GenericParamConstraint_Owner;
    case MDT_LocalScope: return MDC_LocalScope_Method;
    case MDT_StateMachineMethod: return MDC_StateMachineMethod_MoveNextMethod;
    case MDT_CustomDebugInformation: return MDC_CustomDebugInformation_Parent;
    default: return -1;
    }
}

/* Is the table sorted by this column (§II.22, "sorted using")?  EventMap and PropertyMap need not be. */
static bool sorted_by(const MdImage *m, u32 table, u32 col)
{
    return m->tables[table].sorted && table != MDT_EventMap && table != MDT_PropertyMap && md_key_column(table) == (int)col;
}

u32 md_index_first(const struct MdIndex *x, u64 key)
{
    for (u32 i = (u32)base_hash_u64(key) & x->mask;; i = (i + 1) & x->mask) {
        u64 k = __atomic_load_n(&x->slots[i].key, __ATOMIC_ACQUIRE);
        if (k == key) return x->slots[i].first;
        if (!k) return 0;
    }
}

MdIter md_find_rows(const MdImage *m, u32 table, u32 col, u32 key)
{
    u32 rows = m->tables[table].rows;
    MdIter it = {.m = m, .table = table, .col = col, .key = key, .cur = 1, .end = rows + 1};
    const struct MdIndex *x = __atomic_load_n(&m->index, __ATOMIC_ACQUIRE);
    if (UNLIKELY(x != NULL) && md_key_column(table) == (int)col) {
        it.chained = true;
        it.cur = md_index_first(x, md_index_key(table, key));
        it.end = it.cur ? it.cur + 1 : it.cur; /* cur < end: there are some, as in the other kinds */
        return it;
    }
    if (!sorted_by(m, table, col)) return it;
    Column c = column_of(m, table, col);
    u32 end = it.cur = lower_bound(&c, rows, key);
    while (end <= rows && column_value(&c, end) == key) end++;
    it.end = end;
    return it;
}

u32 md_next_row(MdIter *it)
{
    if (UNLIKELY(it->chained)) {
        u32 rid = it->cur;
        if (rid) it->cur = md_extra(it->m, it->table, rid, MDX_NEXT);
        return rid;
    }
    while (it->cur < it->end) {
        u32 rid = it->cur++;
        if (md_col(it->m, it->table, rid, it->col) == it->key) return rid;
    }
    return 0;
}

u32 md_find_row(const MdImage *m, u32 table, u32 col, u32 key)
{
    MdIter it = md_find_rows(m, table, col, key);
    return md_next_row(&it);
}

static MdIter find_coded(const MdImage *m, u32 table, u32 col, MdKind kind, u32 token)
{
    u32 key;
    if (MD_RID(token) == 0 || !md_encode(kind, token, &key))
        return (MdIter){.m = m, .table = table, .col = col, .cur = 1, .end = 1, .chained = false};
    return md_find_rows(m, table, col, key);
}

static u32 find_coded_row(const MdImage *m, u32 table, u32 col, MdKind kind, u32 token)
{
    MdIter it = find_coded(m, table, col, kind, token);
    return md_next_row(&it);
}

MdIter md_attributes_of(const MdImage *m, u32 token)
{
    return find_coded(m, MDT_CustomAttribute, MDC_CustomAttribute_Parent, MDK_HasCustomAttribute, token);
}

MdIter md_generic_params_of(const MdImage *m, u32 token)
{
    return find_coded(m, MDT_GenericParam, MDC_GenericParam_Owner, MDK_TypeOrMethodDef, token);
}

MdIter md_constraints_of(const MdImage *m, u32 rid)
{
    return md_find_rows(m, MDT_GenericParamConstraint, MDC_GenericParamConstraint_Owner, rid);
}

MdIter md_interfaces_of(const MdImage *m, u32 rid)
{
    return md_find_rows(m, MDT_InterfaceImpl, MDC_InterfaceImpl_Class, rid);
}

MdIter md_method_impls_of(const MdImage *m, u32 rid)
{
    return md_find_rows(m, MDT_MethodImpl, MDC_MethodImpl_Class, rid);
}

MdIter md_semantics_of(const MdImage *m, u32 token)
{
    return find_coded(m, MDT_MethodSemantics, MDC_MethodSemantics_Association, MDK_HasSemantics, token);
}

u32 md_semantics_of_method(const MdImage *m, u32 rid)
{
    return rid ? md_find_row(m, MDT_MethodSemantics, MDC_MethodSemantics_Method, rid) : 0;
}

u32 md_constant_of(const MdImage *m, u32 token)
{
    return find_coded_row(m, MDT_Constant, MDC_Constant_Parent, MDK_HasConstant, token);
}

u32 md_marshal_of(const MdImage *m, u32 token)
{
    return find_coded_row(m, MDT_FieldMarshal, MDC_FieldMarshal_Parent, MDK_HasFieldMarshal, token);
}

u32 md_impl_map_of(const MdImage *m, u32 token)
{
    return find_coded_row(m, MDT_ImplMap, MDC_ImplMap_MemberForwarded, MDK_MemberForwarded, token);
}

u32 md_decl_security_of(const MdImage *m, u32 token)
{
    return find_coded_row(m, MDT_DeclSecurity, MDC_DeclSecurity_Parent, MDK_HasDeclSecurity, token);
}

u32 md_class_layout_of(const MdImage *m, u32 rid)
{
    return md_find_row(m, MDT_ClassLayout, MDC_ClassLayout_Parent, rid);
}

u32 md_field_layout_of(const MdImage *m, u32 rid)
{
    return md_find_row(m, MDT_FieldLayout, MDC_FieldLayout_Field, rid);
}

u32 md_field_rva_of(const MdImage *m, u32 rid)
{
    return md_find_row(m, MDT_FieldRVA, MDC_FieldRVA_Field, rid);
}

bool md_any_generic_method(const MdImage *m, MdRange methods)
{
    u32 rows = m->tables[MDT_GenericParam].rows, first, last;
    if (!rows || methods.first >= methods.end) return false;
    if (m->tables[MDT_MethodPtr].rows || m->index || !sorted_by(m, MDT_GenericParam, MDC_GenericParam_Owner) ||
        !md_encode(MDK_TypeOrMethodDef, MD_TOKEN(MDT_MethodDef, methods.first), &first) ||
        !md_encode(MDK_TypeOrMethodDef, MD_TOKEN(MDT_MethodDef, methods.end - 1), &last))
        return true;
    Column c = column_of(m, MDT_GenericParam, MDC_GenericParam_Owner);
    for (u32 r = lower_bound(&c, rows, first); r <= rows && column_value(&c, r) <= last; r++)
        if (MD_TABLE_OF(md_GenericParam_Owner(m, r)) == MDT_MethodDef) return true;
    return false;
}

u32 md_generic_count(const MdImage *m, u32 token)
{
    u32 n = 0;
    MdIter it = md_generic_params_of(m, token);
    while (md_next_row(&it)) n++;
    return n;
}
