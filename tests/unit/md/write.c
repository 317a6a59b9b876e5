/* write.c: metadata written and read back: attached to an image, and serialised in both index sizes. */
#include "test.h"

#include <stdio.h>

#include "md/md_names.h"
#include "md/md_sig.h"
#include "md/md_write.h"

static const u8 field_sig[] = {SIG_FIELD, ET_I4}, method_sig[] = {SIG_HAS_THIS, 1, ET_VOID, ET_I4}, prop_sig[] = {0x28, 0, ET_I4};

static void module_rows(MdWriter *w)
{
    u8 mvid[16] = {1, 2, 3};
    MDW_ADD(w, Module, 0, mdw_string(w, "w.dll"), mdw_guid(w, mvid), 0, 0);
    mdw_typedef(w, 0, "<Module>", "", 0, 0);
    MDW_ADD(w, Assembly, 0x8004, 1, 2, 3, 4, 0, 0, mdw_string(w, "w"), 0);
    u32 lib = MDW_ADD(w, AssemblyRef, 10, 0, 0, 0, 0, 0, mdw_string(w, "System.Runtime"), 0, 0);
    MDW_INTERN(w, TypeRef, mdw_coded(MDK_ResolutionScope, MD_TOKEN(MDT_AssemblyRef, lib)), mdw_string(w, "Object"), mdw_string(w, "System"));
}

/* Two types with members of each kind.  mixed: their members are defined by turns. */
static void types(MdWriter *w, bool mixed)
{
    u32 object = MD_TOKEN(MDT_TypeRef, 1), f = mdw_blob(w, field_sig, 2), s = mdw_blob(w, method_sig, 4), p = mdw_blob(w, prop_sig, 3);
    u32 a = mdw_typedef(w, TD_PUBLIC, "A", "N", object, 0), b = 0;
    if (mixed)
        b = mdw_typedef(w, TD_NESTED_PUBLIC, "B", "", object, a);
    u32 m1 = mdw_method(w, a, 0, 0, MD_PUBLIC, "first", s), n1 = 0;
    mdw_field(w, a, FD_PUBLIC, "x", f);
    if (mixed)
        n1 = mdw_method(w, b, 0, 0, MD_PUBLIC, "of_b", s);
    u32 m2 = mdw_method(w, a, 0x2050, 0, MD_PUBLIC, "get_P", s);
    mdw_param(w, m1, 0, mixed ? 2 : 1, mixed ? "second" : "one");
    if (!mixed)
        mdw_param(w, m1, 0, 2, "second");
    if (mixed) {
        mdw_param(w, n1, 0, 1, "of_b");
        mdw_param(w, m1, 0, 1, "one");
    }
    mdw_field(w, a, FD_PUBLIC, "y", f);
    u32 prop = mdw_property(w, a, 0, "P", p), event = mdw_event(w, a, 0, "E", object);
    MDW_ADD(w, MethodSemantics, MS_GETTER, m2, mdw_coded(MDK_HasSemantics, MD_TOKEN(MDT_Property, prop)));
    MDW_ADD(w, MethodSemantics, MS_ADD_ON, m1, mdw_coded(MDK_HasSemantics, MD_TOKEN(MDT_Event, event)));
    if (!mixed) {
        b = mdw_typedef(w, TD_NESTED_PUBLIC, "B", "", object, a);
        n1 = mdw_method(w, b, 0, 0, MD_PUBLIC, "of_b", s);
        mdw_param(w, n1, 0, 1, "of_b");
    }
    /* rows against the order that files have: B's before A's */
    u32 t = MDW_ADD(w, GenericParam, 0, 0, mdw_coded(MDK_TypeOrMethodDef, MD_TOKEN(MDT_TypeDef, b)), mdw_string(w, "TB"));
    u32 u = MDW_ADD(w, GenericParam, 0, GP_CLASS, mdw_coded(MDK_TypeOrMethodDef, MD_TOKEN(MDT_TypeDef, a)), mdw_string(w, "TA"));
    MDW_ADD(w, GenericParamConstraint, t, mdw_coded(MDK_TypeDefOrRef, object));
    MDW_ADD(w, CustomAttribute, mdw_coded(MDK_HasCustomAttribute, MD_TOKEN(MDT_GenericParam, t)),
            mdw_coded(MDK_CustomAttributeType, MD_TOKEN(MDT_MethodDef, m1)), 0);
    MDW_ADD(w, CustomAttribute, mdw_coded(MDK_HasCustomAttribute, MD_TOKEN(MDT_GenericParam, u)),
            mdw_coded(MDK_CustomAttributeType, MD_TOKEN(MDT_MethodDef, m2)), 0);
    MDW_ADD(w, InterfaceImpl, b, mdw_coded(MDK_TypeDefOrRef, object));
    MDW_ADD(w, InterfaceImpl, a, mdw_coded(MDK_TypeDefOrRef, object));
    MDW_PUT(w, ClassLayout, 1, 8, b);
    MDW_PUT(w, ClassLayout, 2, 16, b);
    EXPECT_EQ(mdw_find_param(w, m1, 1), mixed ? md_rows(mdw_image(w), MDT_Param) : 1);
    EXPECT_EQ(mdw_find_param(w, m1, 3), 0);
    EXPECT(mdw_finish_type(w, 1));
    EXPECT(mdw_finish_type(w, a));
    EXPECT(!mdw_finish_type(w, a));
    EXPECT_EQ(mdw_field(w, a, 0, "late", f), 0);
    EXPECT_EQ(mdw_param(w, m1, 0, 3, "late"), 0);
    EXPECT(mdw_finish_type(w, b));
    EXPECT(!mdw_full(w));
}

static const char *attribute_ctor(const MdImage *m, const char *generic_param)
{
    for (u32 i = 1; i <= md_rows(m, MDT_GenericParam); i++) {
        MdIter it = md_attributes_of(m, MD_TOKEN(MDT_GenericParam, i));
        u32 row = md_next_row(&it);
        if (strcmp(md_genericparam_name(m, i), generic_param) == 0)
            return md_method_name(m, MD_RID(md_CustomAttribute_Type(m, row)));
    }
    return "";
}

static void check_types(MdImage *m)
{
    u32 a = md_find_typedef(m, "N", "A"), b = md_find_nested(m, a, "B");
    EXPECT_EQ(a, 2);
    EXPECT_EQ(b, 3);
    EXPECT_EQ(md_TypeDef_Extends(m, a), MD_TOKEN(MDT_TypeRef, 1));
    EXPECT_EQ(md_enclosing(m, b), a);
    MdRange r = md_typedef_methods(m, a);
    EXPECT_EQ(r.end - r.first, 2);
    EXPECT_STR(md_method_name(m, md_method_at(m, r.first)), "first");
    EXPECT_STR(md_method_name(m, md_method_at(m, r.first + 1)), "get_P");
    EXPECT_EQ(md_MethodDef_RVA(m, md_method_at(m, r.first + 1)), 0x2050);
    EXPECT_EQ(md_method_position(m, md_method_at(m, r.first + 1)), r.first + 1);
    EXPECT_EQ(md_method_owner(m, md_method_at(m, r.first)), a);
    MdRange p = md_method_params(m, md_method_at(m, r.first));
    EXPECT_EQ(p.end - p.first, 2);
    EXPECT_STR(md_param_name(m, md_param_at(m, p.first)), "one");
    EXPECT_STR(md_param_name(m, md_param_at(m, p.first + 1)), "second");
    EXPECT_EQ(md_param_method(m, md_param_at(m, p.first)), md_method_at(m, r.first));
    r = md_typedef_methods(m, b);
    EXPECT_EQ(r.end - r.first, 1);
    EXPECT_STR(md_method_name(m, md_method_at(m, r.first)), "of_b");
    r = md_typedef_fields(m, a);
    EXPECT_EQ(r.end - r.first, 2);
    EXPECT_STR(md_field_name(m, md_field_at(m, r.first + 1)), "y");
    EXPECT_EQ(md_field_owner(m, md_field_at(m, r.first)), a);
    r = md_typedef_fields(m, b);
    EXPECT_EQ(r.end - r.first, 0);
    r = md_typedef_properties(m, a);
    EXPECT_EQ(r.end - r.first, 1);
    EXPECT_EQ(md_property_owner(m, 1), a);
    EXPECT_EQ(md_event_owner(m, 1), a);
    r = md_typedef_events(m, b);
    EXPECT_EQ(r.end - r.first, 0);
    MdIter it = md_semantics_of(m, MD_TOKEN(MDT_Property, 1));
    u32 row = md_next_row(&it);
    EXPECT_STR(md_method_name(m, md_MethodSemantics_Method(m, row)), "get_P");
    EXPECT_EQ(md_next_row(&it), 0);
    EXPECT_EQ(md_generic_count(m, MD_TOKEN(MDT_TypeDef, a)), 1);
    EXPECT_STR(attribute_ctor(m, "TA"), "get_P");
    EXPECT_STR(attribute_ctor(m, "TB"), "first");
    it = md_generic_params_of(m, MD_TOKEN(MDT_TypeDef, b));
    it = md_constraints_of(m, md_next_row(&it));
    EXPECT_EQ(md_GenericParamConstraint_Constraint(m, md_next_row(&it)), MD_TOKEN(MDT_TypeRef, 1));
    it = md_interfaces_of(m, b);
    EXPECT(md_next_row(&it) != 0);
    EXPECT_EQ(md_next_row(&it), 0);
    EXPECT_EQ(md_ClassLayout_ClassSize(m, md_class_layout_of(m, b)), 16);
    EXPECT_EQ(md_class_layout_of(m, a), 0);
}

static void both(bool mixed, bool wide)
{
    MdWriter *w = mdw_new();
    MdImage live = {0}, file;
    mdw_attach(w, &live);
    module_rows(w);
    types(w, mixed);
    check_types(&live);
    u32 size;
    u8 *bytes = mdw_serialise(w, &(MdwOptions){.wide = wide}, &size);
    EXPECT(md_open_blob(&file, bytes, size, NULL));
    EXPECT_EQ(file.uncompressed, mixed);
    EXPECT_EQ(file.tables[MDT_MethodPtr].rows != 0, mixed);
    EXPECT_EQ(file.tables[MDT_TypeDef].cols[MDC_TypeDef_Name].size, wide ? 4 : 2);
    check_types(&file);
    md_close(&file);
    base_free(bytes);
    mdw_free(w);
    EXPECT(live.index == NULL);
}

TEST(in_order) { both(false, false); both(false, true); }
TEST(mixed) { both(true, false); both(true, true); }

TEST(heaps)
{
    MdWriter *w = mdw_new();
    const MdImage *m = mdw_image(w);
    EXPECT_EQ(mdw_string(w, ""), 0);
    EXPECT_EQ(mdw_string(w, NULL), 0);
    u32 s = mdw_string(w, "CamelCase"), t = mdw_string(w, "Case");
    EXPECT(s != t);
    EXPECT_EQ(mdw_string_n(w, "CamelCaseX", 9), s);
    EXPECT_STR(md_str(m, t), "Case");
    u8 big[0x5000];
    memset(big, 7, sizeof big);
    const u32 sizes[] = {0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, 0x5000};
    for (u32 i = 0; i < ARRAY_LEN(sizes); i++) {
        u32 n, at = mdw_blob(w, big, sizes[i]);
        EXPECT_EQ(mdw_blob(w, big, sizes[i]), at);
        EXPECT(md_blob(m, at, &n) != NULL);
        EXPECT_EQ(n, sizes[i]);
    }
    u32 units, a = mdw_user_string(w, u"plain", 5), b = mdw_user_string(w, u"it's", 4), none = mdw_user_string(w, u"", 0);
    EXPECT_EQ(MD_TABLE_OF(a), MDT_String);
    EXPECT_EQ(mdw_user_string(w, u"plain", 5), a);
    const u8 *p = md_user_string(m, MD_RID(a), &units);
    EXPECT_EQ(units, 5);
    EXPECT_EQ(p[10], 0);
    p = md_user_string(m, MD_RID(b), &units);
    EXPECT_EQ(p[8], 1);
    EXPECT(MD_RID(none) != 0 && md_user_string(m, MD_RID(none), &units) != NULL && units == 0);
    u8 guid[16] = {9};
    EXPECT_EQ(mdw_guid(w, guid), 1);
    EXPECT_EQ(memcmp(md_guid(m, 1), guid, 16), 0);
    MDW_ADD(w, Module, 0, s, 1, 0, 0);
    MDW_INTERN(w, ModuleRef, t);
    EXPECT_EQ(MDW_INTERN(w, ModuleRef, t), 1);
    EXPECT_EQ(MDW_INTERN(w, ModuleRef, s), 2);
    u32 size;
    MdImage file;
    u8 *bytes = mdw_serialise(w, NULL, &size);
    EXPECT(md_open_blob(&file, bytes, size, NULL));
    EXPECT_EQ(file.strings_size, ALIGN_UP(1 + sizeof "CamelCase", 4ul)); /* "Case" is its end */
    EXPECT_STR(md_moduleref_name(&file, 1), "Case");
    EXPECT_STR(md_moduleref_name(&file, 2), "CamelCase");
    md_user_string(&file, MD_RID(b), &units);
    EXPECT_EQ(units, 4);
    md_close(&file);
    base_free(bytes);
    mdw_free(w);
}

/* More rows and bytes than narrow indices reach; pointers and rids given early stay good while tables and heaps grow. */
TEST(large)
{
    enum { N = 70000 };
    MdWriter *w = mdw_new();
    MdImage live = {0}, file;
    mdw_attach(w, &live);
    module_rows(w);
    u32 sig = mdw_blob(w, method_sig, 4), type = mdw_typedef(w, TD_PUBLIC, "Large", "", MD_TOKEN(MDT_TypeRef, 1), 0);
    const char *early = md_typedef_name(&live, type);
    char name[32];
    for (u32 i = 1; i <= N; i++) {
        snprintf(name, sizeof name, "method_%u", i);
        u32 rid = mdw_method(w, type, 0, 0, MD_PUBLIC, name, sig);
        EXPECT_EQ(rid, i);
        mdw_param(w, rid, 0, 1, "p");
        if (i % 7 == 0)
            MDW_ADD(w, CustomAttribute, mdw_coded(MDK_HasCustomAttribute, MD_TOKEN(MDT_MethodDef, rid)),
                    mdw_coded(MDK_CustomAttributeType, MD_TOKEN(MDT_MethodDef, 1)), 0);
    }
    EXPECT_STR(early, "Large");
    EXPECT_EQ(md_find_typedef(&live, "", "Large"), 0);
    EXPECT(!md_type_is_finished(&live, type));
    EXPECT(mdw_finish_type(w, type));
    EXPECT_EQ(md_find_typedef(&live, "", "Large"), type);
    u32 size;
    u8 *bytes = mdw_serialise(w, NULL, &size);
    EXPECT(md_open_blob(&file, bytes, size, NULL));
    EXPECT(!file.uncompressed);
    EXPECT_EQ(file.tables[MDT_TypeDef].cols[MDC_TypeDef_MethodList].size, 4);
    EXPECT_EQ(file.tables[MDT_TypeDef].cols[MDC_TypeDef_FieldList].size, 2);
    EXPECT_EQ(file.tables[MDT_CustomAttribute].cols[MDC_CustomAttribute_Parent].size, 4);
    EXPECT_STR(md_method_name(&file, 69999), "method_69999");
    EXPECT_EQ(md_param_method(&file, 69999), 69999);
    MdImage *const images[] = {&live, &file};
    for (u32 k = 0; k < 2; k++) {
        MdIter it = md_attributes_of(images[k], MD_TOKEN(MDT_MethodDef, 7 * 9999));
        EXPECT(md_next_row(&it) != 0);
        EXPECT_EQ(md_next_row(&it), 0);
        it = md_attributes_of(images[k], MD_TOKEN(MDT_MethodDef, 6));
        EXPECT_EQ(md_next_row(&it), 0);
    }
    md_close(&file);
    base_free(bytes);
    mdw_free(w);
}

TEST_MAIN(heaps, in_order, mixed, large)
