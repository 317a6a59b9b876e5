/* tables.c: heaps, rows, lists, owners and searches over metadata made in memory; damaged headers. */
#include "test.h"
#include "made.h"
#include "md/md_attr.h"
#include "md/md_names.h"

enum { EVERY_TABLE = -1 };

/* Three types: <Module>, N.A with two fields, two methods (the second with two parameters), a property with getter,
 * an event; and A.B nested in it without members. */
static void make(void)
{
    made_begin();
    u32 n = made_str("N"), a = made_str("A"), b = made_str("B"), f = made_str("f"), g = made_str("g");
    u32 field = BLOB(6, 8), method = BLOB(0x20, 2, 1, 8, 14), prop = BLOB(0x28, 0, 8);
    ROW(MDT_Module, 0, made_str("t.dll"), 0, 0, 0);
    ROW(MDT_TypeDef, 0, made_str("<Module>"), 0, 0, 1, 1);
    ROW(MDT_TypeDef, TD_PUBLIC, a, n, 1 << 2 | 1, 1, 1);
    ROW(MDT_TypeDef, TD_NESTED_PUBLIC, b, 0, 2 << 2 | 0, 3, 3);
    ROW(MDT_Field, FD_PUBLIC, f, field);
    ROW(MDT_Field, FD_PUBLIC, g, field);
    ROW(MDT_MethodDef, 0, 0, MD_PUBLIC, f, method, 1);
    ROW(MDT_MethodDef, 0, 0, MD_PUBLIC, g, method, 1);
    ROW(MDT_Param, 0, 1, f);
    ROW(MDT_Param, 0, 2, g);
    ROW(MDT_NestedClass, 3, 2);
    ROW(MDT_PropertyMap, 2, 1);
    ROW(MDT_Property, 0, f, prop);
    ROW(MDT_EventMap, 2, 1);
    ROW(MDT_Event, 0, g, 1 << 2 | 1);
    ROW(MDT_MethodSemantics, MS_GETTER, 1, 1 << 1 | 1);
    ROW(MDT_TypeRef, 1 << 2 | 2, made_str("Object"), made_str("System"));
    ROW(MDT_AssemblyRef, 10, 0, 0, 0, 0, BLOB(0xb0, 0x3f, 0x5f, 0x7f, 0x11, 0xd5, 0x0a, 0x3a), made_str("System.Runtime"),
        0, 0);
    ROW(MDT_ExportedType, TD_FORWARDER, 0, made_str("Gone"), n, 1 << 2 | 1);
    ROW(MDT_ExportedType, 0, 0, made_str("In"), 0, 1 << 2 | 2);
    ROW(MDT_Constant, ET_I4, 2 << 2 | 0, BLOB(1, 0, 0, 0));
    ROW(MDT_GenericParam, 0, GP_CLASS, 2 << 1 | 0, f);
    ROW(MDT_GenericParam, 1, 0, 2 << 1 | 0, g);
    ROW(MDT_GenericParamConstraint, 2, 1 << 2 | 1);
    ROW(MDT_ClassLayout, 4, 64, 2);
    ROW(MDT_FieldLayout, 8, 2);
    ROW(MDT_InterfaceImpl, 2, 1 << 2 | 1);
}

static u32 count(MdIter it)
{
    u32 n = 0;
    while (md_next_row(&it)) n++;
    return n;
}

static void check_common(MdImage *m)
{
    EXPECT_STR(m->version, "v4.0.30319");
    EXPECT_STR(md_typedef_name(m, 2), "A");
    EXPECT_STR(md_typedef_namespace(m, 2), "N");
    EXPECT_STR(md_typedef_name(m, 4), "");
    EXPECT_EQ(md_TypeDef_Extends(m, 2), 0x01000001);
    EXPECT_EQ(md_TypeDef_Extends(m, 3), 0x02000002);
    EXPECT_EQ(md_TypeDef_Extends(m, 1), 0);
    EXPECT_EQ(md_TypeRef_ResolutionScope(m, 1), 0x23000001);
    EXPECT_EQ(md_method_owner(m, 1), 2);
    EXPECT_EQ(md_method_owner(m, 2), 2);
    EXPECT_EQ(md_method_owner(m, 3), 0);
    EXPECT_EQ(md_field_owner(m, 2), 2);
    EXPECT_EQ(md_param_method(m, 2), 2);
    EXPECT_EQ(md_property_owner(m, 1), 2);
    EXPECT_EQ(md_event_owner(m, 1), 2);
    EXPECT_EQ(md_event_owner(m, 2), 0);
    EXPECT_EQ(md_enclosing(m, 3), 2);
    EXPECT_EQ(md_enclosing(m, 2), 0);
    MdRange r = md_typedef_methods(m, 2);
    EXPECT_EQ(r.end - r.first, 2);
    r = md_typedef_methods(m, 3);
    EXPECT_EQ(r.end - r.first, 0);
    r = md_typedef_methods(m, 99);
    EXPECT_EQ(r.end - r.first, 0);
    r = md_method_params(m, 1);
    EXPECT_EQ(r.end - r.first, 0);
    r = md_method_params(m, 2);
    EXPECT_EQ(r.end - r.first, 2);
    EXPECT_EQ(count(md_generic_params_of(m, 0x02000002)), 2);
    EXPECT_EQ(md_generic_count(m, 0x02000003), 0);
    EXPECT_EQ(md_generic_count(m, 0x01000001), 0);
    EXPECT_EQ(count(md_constraints_of(m, 2)), 1);
    EXPECT_EQ(count(md_interfaces_of(m, 2)), 1);
    EXPECT_EQ(count(md_interfaces_of(m, 3)), 0);
    EXPECT_EQ(count(md_method_impls_of(m, 2)), 0);
    EXPECT_EQ(count(md_semantics_of(m, 0x17000001)), 1);
    EXPECT_EQ(md_semantics_of_method(m, 1), 1);
    EXPECT_EQ(md_semantics_of_method(m, 2), 0);
    EXPECT_EQ(md_semantics_of_method(m, 0), 0);
    EXPECT_EQ(md_constant_of(m, 0x04000002), 1);
    EXPECT_EQ(md_constant_of(m, 0x04000001), 0);
    EXPECT_EQ(md_marshal_of(m, 0x04000001), 0);
    EXPECT_EQ(md_impl_map_of(m, 0x06000001), 0);
    EXPECT_EQ(md_decl_security_of(m, 0x02000001), 0);
    EXPECT_EQ(md_class_layout_of(m, 2), 1);
    EXPECT_EQ(md_ClassLayout_ClassSize(m, 1), 64);
    EXPECT_EQ(md_field_layout_of(m, 2), 1);
    EXPECT_EQ(md_field_rva_of(m, 2), 0);
    EXPECT_EQ(md_find_typedef(m, "N", "A"), 2);
    EXPECT_EQ(md_find_typedef(m, NULL, "<Module>"), 1);
    EXPECT_EQ(md_find_typedef(m, "", "B"), 0);
    EXPECT_EQ(md_find_typedef_n(m, "NN", 1, "AB", 1), 2);
    EXPECT_EQ(md_find_typedef_n(m, "N", 1, "A\0x", 3), 0);
    EXPECT_EQ(md_find_nested(m, 2, "B"), 3);
    EXPECT_EQ(md_find_nested(m, 2, "A"), 0);
    EXPECT_EQ(md_find_nested(m, 0, "A"), 0);
    EXPECT_EQ(md_find_typedef_nocase(m, 0, "n", 1, "a", 1, NULL), 2);
    EXPECT_EQ(md_find_typedef_nocase(m, 2, NULL, 0, "b", 1, NULL), 3);
    EXPECT_EQ(md_find_exported(m, "N", "Gone"), 1);
    EXPECT_EQ(md_find_exported(m, "", "Gone"), 0);
    EXPECT_EQ(md_find_exported_nested(m, 1, "In"), 2);
    EXPECT_EQ(md_find_exported_nested(m, 0, "In"), 0);
    u32 pos;
    EXPECT_EQ(md_find_method(m, 2, "g", 0, &pos), 2);
    EXPECT_EQ(md_find_method(m, 2, "g", pos, &pos), 0);
    EXPECT_EQ(md_find_field(m, 2, "g"), 2);
    EXPECT_EQ(md_find_field(m, 2, "h"), 0);
    char name[8];
    EXPECT_EQ(md_type_full_name(m, 0x02000003, name, sizeof(name)), 5);
    EXPECT_STR(name, "N.A+B");
    EXPECT_EQ(md_type_full_name(m, 0x27000002, name, sizeof(name)), 9);
    EXPECT_STR(name, "N.Gone+");
    EXPECT_EQ(md_type_full_name(m, 0x01000001, name, 0), 13);
    EXPECT(md_valid_token(m, 0x02000003) && !md_valid_token(m, 0x02000004) && !md_valid_token(m, 0x02000000));
    EXPECT(!md_valid_token(m, 0xFF000001));
    u32 coded;
    EXPECT(md_encode(MDK_TypeDefOrRef, 0x02000003, &coded) && coded == 3 << 2);
    EXPECT(!md_encode(MDK_TypeDefOrRef, 0x06000003, &coded));
    EXPECT_EQ(md_decode(MDK_CustomAttributeType, 1 << 3 | 0), 0);
    EXPECT_EQ(md_decode(MDK_TypeDefOrRef, 1 << 2 | 3), 0);
    Err e = {0};
    EXPECT(!md_check_manifest(m, &e));
    EXPECT_EQ((u32)e.hresult, 0x80131018);
    EXPECT_STR(e.text, "The module was expected to contain an assembly manifest.");
}

TEST(plain)
{
    MdImage m;
    make();
    EXPECT(made_open(&m, '~', 0)); /* nothing said to be sorted: scans */
    check_common(&m);
    md_close(&m);
    EXPECT(made_open(&m, '~', (u64)EVERY_TABLE));
    check_common(&m);
    EXPECT(md_check_manifest(&m, NULL) == false);
    md_close(&m);
}

TEST(pointer_tables)
{
    MdImage m;
    make();
    ROW(MDT_FieldPtr, 2); /* the two fields, methods and parameters in the other order */
    ROW(MDT_FieldPtr, 1);
    ROW(MDT_MethodPtr, 2);
    ROW(MDT_MethodPtr, 1);
    ROW(MDT_ParamPtr, 2);
    ROW(MDT_ParamPtr, 1);
    ROW(MDT_PropertyPtr, 1);
    ROW(MDT_EventPtr, 1);
    EXPECT(made_open(&m, '-', (u64)EVERY_TABLE));
    EXPECT(m.uncompressed);
    check_common(&m);
    EXPECT_EQ(md_method_at(&m, 1), 2);
    EXPECT_EQ(md_field_at(&m, 2), 1);
    EXPECT_EQ(md_param_at(&m, 1), 2);
    EXPECT_EQ(md_property_at(&m, 1), 1);
    EXPECT_EQ(md_event_at(&m, 2), 0);
    md_close(&m);
}

TEST(bad_lists)
{
    MdImage m;
    make();
    made_cells[MDT_TypeDef][1][5] = 77; /* N.A's methods begin beyond the table */
    made_cells[MDT_TypeDef][2][4] = 0;  /* A.B's fields begin at 0 */
    EXPECT(made_open(&m, '~', 0));
    MdRange r = md_typedef_methods(&m, 2);
    EXPECT_EQ(r.end - r.first, 0);
    r = md_typedef_fields(&m, 3);
    EXPECT_EQ(r.end - r.first, 0);
    EXPECT_EQ(md_method_owner(&m, 1), 1);
    md_close(&m);
}

TEST(heaps)
{
    MdImage m;
    u32 n;
    make();
    memcpy(made_us + 1, "\5h\0i\0\0", 6), made_us_len = 7;
    memcpy(made_blobs + made_blobs_len, "\xC0", 1), made_blobs_len++; /* cut length */
    EXPECT(made_open(&m, '~', 0));
    EXPECT(md_user_string(&m, 1, &n) != NULL);
    EXPECT_EQ(n, 2);
    EXPECT(md_user_string(&m, 7, &n) == NULL);
    EXPECT(md_user_string(&m, 4, &n) == NULL); /* 'i' bytes long */
    EXPECT(md_valid_token(&m, 0x70000001) && !md_valid_token(&m, 0x70000007));
    EXPECT(md_blob(&m, 0, &n) != NULL);
    EXPECT_EQ(n, 0);
    EXPECT(md_blob(&m, made_blobs_len - 1, &n) == NULL);
    EXPECT(md_blob(&m, made_blobs_len, &n) == NULL);
    EXPECT(md_guid(&m, 1) == NULL && md_guid(&m, 0) == NULL);
    EXPECT_STR(md_str(&m, 100000), "");
    EXPECT(md_rva(&m, 0x2000, &n) == NULL);
    EXPECT_STR(md_table_name(MDT_TypeDef), "TypeDef");
    EXPECT(md_table_name(0x2D) == NULL && md_table_name(200) == NULL);
    EXPECT_STR(md_column_name(MDT_Event, 2), "EventType");
    EXPECT(md_column_name(MDT_Event, 3) == NULL);
    md_close(&m);
}

TEST(damaged)
{
    make();
    size_t size = made_build('~', 0);
    u8 *copy = malloc(size);
    for (size_t n = 0; n < size; n++) { /* every cut; a block of exactly that size */
        MdImage m;
        u8 *cut = malloc(n ? n : 1);
        memcpy(cut, made_bytes, n);
        if (md_open_blob(&m, cut, n, NULL)) {
            md_find_typedef(&m, "N", "A");
            md_close(&m);
        }
        free(cut);
    }
    for (size_t n = 0; n < 200; n++) { /* every byte of the headers, to four values */
        static const u8 to[] = {0, 0x7F, 0x80, 0xFF};
        for (size_t k = 0; k < ARRAY_LEN(to); k++) {
            MdImage m;
            memcpy(copy, made_bytes, size);
            copy[n] = to[k];
            if (!md_open_blob(&m, copy, size, NULL)) continue;
            md_find_typedef(&m, "N", "A");
            md_close(&m);
        }
    }
    free(copy);
}

TEST(assembly_rows)
{
    MdImage m;
    MdAssemblyName n;
    char text[128];
    make();
    u8 key[16] = {0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}; /* the ECMA key */
    ROW(MDT_Assembly, 0x8004, 1, 2, 3, 4, AF_PUBLIC_KEY, made_blob(key, 16), made_str("My,Lib"), made_str("de"));
    EXPECT(made_open(&m, '~', 0));
    EXPECT(md_check_manifest(&m, NULL));
    EXPECT(md_assembly_identity(&m, &n));
    md_format_assembly_name(&n, text, sizeof(text));
    EXPECT_STR(text, "My\\,Lib, Version=1.2.3.4, Culture=de, PublicKeyToken=b77a5c561934e089");
    EXPECT(md_assemblyref_identity(&m, 1, &n));
    md_format_assembly_name(&n, text, sizeof(text));
    EXPECT_STR(text, "System.Runtime, Version=10.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a");
    EXPECT(!md_assemblyref_identity(&m, 2, &n));
    md_close(&m);
    make();
    EXPECT(made_open(&m, '~', 0));
    EXPECT(!md_assembly_identity(&m, &n));
    md_close(&m);
}

TEST_MAIN(plain, pointer_tables, bad_lists, heaps, damaged, assembly_rows)
