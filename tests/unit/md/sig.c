/* sig.c: signatures and custom attributes from bytes. */
#include "test.h"
#include "made.h"
#include "md/md_attr.h"

static MdImage m;

static void setup(void)
{
    made_begin();
    ROW(MDT_TypeRef, 0, made_str("C"), made_str("N"));
    ROW(MDT_TypeDef, 0, made_str("<Module>"), 0, 0, 1, 1);
    ROW(MDT_TypeDef, 0, made_str("E"), made_str("N"), 0, 1, 1); /* an enum : byte */
    ROW(MDT_Field, FD_STATIC | FD_LITERAL, made_str("One"), BLOB(6, 0x11, 2 << 2));
    ROW(MDT_Field, FD_SPECIAL_NAME, made_str("value__"), BLOB(6, ET_U1));
    EXPECT(made_open(&m, '~', 0));
}

static const char *type_text(const u8 *p, u32 n)
{
    static char text[512];
    MdSig s = md_sig(p, n), skip = s;
    md_sig_print_type(&m, &s, text, sizeof(text));
    md_sig_skip_type(&skip);
    EXPECT(skip.bad == s.bad && skip.p == s.p);
    EXPECT(s.bad || s.p == p + n);
    return text;
}
#define TYPE(...) type_text((const u8[]){__VA_ARGS__}, sizeof((const u8[]){__VA_ARGS__}))
#define OK(kind, ...) md_sig_validate(&m, (const u8[]){__VA_ARGS__}, sizeof((const u8[]){__VA_ARGS__}), kind, NULL)

TEST(types)
{
    setup();
    EXPECT_STR(TYPE(ET_I4), "int32");
    EXPECT_STR(TYPE(ET_SZARRAY, ET_STRING), "string[]");
    EXPECT_STR(TYPE(ET_CLASS, 1 << 2 | 1), "class N.C");
    EXPECT_STR(TYPE(ET_GENERICINST, ET_CLASS, 5, 2, ET_VAR, 0, ET_MVAR, 1), "class N.C<!0, !!1>");
    EXPECT_STR(TYPE(ET_ARRAY, ET_R8, 2, 1, 3, 1, 0), "float64[0...3,]");
    EXPECT_STR(TYPE(ET_ARRAY, ET_R8, 2, 0, 1, 0x7F), "float64[-1...,]");
    EXPECT_STR(TYPE(ET_ARRAY, ET_I1, 1, 0, 0), "int8[...]");
    EXPECT_STR(TYPE(ET_BYREF, ET_CMOD_REQD, 5, ET_PTR, ET_VOID), "modreq(N.C) void*&");
    EXPECT_STR(TYPE(ET_PINNED, ET_OBJECT), "pinned object");
    EXPECT_STR(TYPE(ET_FNPTR, 9, 2, ET_VOID, ET_I, ET_U), "method void *(native int, native uint)");
    EXPECT_STR(TYPE(ET_VALUETYPE, 5), "valuetype N.C");
    EXPECT_STR(TYPE(ET_TYPEDBYREF), "typedref");
    EXPECT_STR(TYPE(ET_INTERNAL, 1, 2, 3, 4, 5, 6, 7, 8), "internal((nil))<bad signature>");
    EXPECT_STR(TYPE(0x17), "<bad signature>");
    EXPECT_STR(TYPE(ET_ARRAY, ET_I4, 0x81, 0x00, 0, 0), "int32<bad signature>");
    static u8 deep[1000];
    memset(deep, ET_SZARRAY, sizeof(deep));
    deep[999] = ET_I4;
    MdSig s = md_sig(deep, sizeof(deep));
    md_sig_skip_type(&s); /* one type in another in a row needs no depth */
    EXPECT(!s.bad && s.p == s.end);
    for (u32 i = 0; i < sizeof(deep); i += 2) deep[i] = ET_FNPTR, deep[i + 1] = 0;
    s = md_sig(deep, sizeof(deep));
    md_sig_skip_type(&s);
    EXPECT(s.bad);
    md_close(&m);
}

TEST(integers)
{
    static const struct {
        u8 bytes[4];
        u32 n, u;
        i32 i;
    } cases[] = {
        {{3}, 1, 3, -63},           {{6}, 1, 6, 3},
        {{0x7F}, 1, 0x7F, -1},      {{0x80, 0x80}, 2, 0x80, 64},
        {{0xBF, 0xFF}, 2, 0x3FFF, -1}, {{0xC0, 0, 0x40, 0}, 4, 0x4000, 0x2000},
        {{0xDF, 0xFF, 0xFF, 0xFF}, 4, 0x1FFFFFFF, -1},
    };
    for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
        MdSig s = md_sig(cases[k].bytes, cases[k].n);
        EXPECT_EQ(md_sig_uint(&s), cases[k].u);
        s = md_sig(cases[k].bytes, cases[k].n);
        EXPECT_EQ(md_sig_int(&s), cases[k].i);
        s = md_sig(cases[k].bytes, cases[k].n - 1);
        md_sig_int(&s);
        EXPECT(s.bad);
    }
    MdSig s = md_sig((const u8 *)"\xFF\xFF\xFF\xFF", 4);
    EXPECT_EQ(md_sig_uint(&s), 0);
    EXPECT(s.bad);
}

TEST(heads)
{
    MdMethodSig h;
    u32 n;
    MdSig s = md_sig((const u8[]){0x30, 2, 2, 1, 8, 14}, 6);
    EXPECT(md_sig_method(&s, &h));
    EXPECT(h.has_this && !h.explicit_this && h.generic_count == 2 && h.param_count == 2);
    s = md_sig((const u8[]){0x0A, 2, 8, 14}, 4);
    EXPECT(md_sig_inst(&s, &n) && n == 2);
    s = md_sig((const u8[]){7, 1, 8}, 3);
    EXPECT(md_sig_locals(&s, &n) && n == 1);
    s = md_sig((const u8[]){7, 9, 8}, 3);
    EXPECT(!md_sig_locals(&s, &n) && n == 0);
    s = md_sig((const u8[]){6, 8}, 2);
    EXPECT(md_sig_field(&s));
    s = md_sig((const u8[]){0, 8}, 2);
    EXPECT(!md_sig_field(&s));
    s = md_sig(NULL, 0);
    EXPECT(!md_sig_method(&s, &h));
    void *p = &h;
    u8 made[9] = {ET_INTERNAL};
    memcpy(made + 1, &p, 8);
    s = md_sig(made, 9);
    s.internal = true;
    EXPECT_EQ(md_sig_byte(&s), ET_INTERNAL);
    EXPECT(md_sig_internal(&s) == p && !s.bad);
}

TEST(validity)
{
    setup();
    EXPECT(OK(MD_SIG_METHOD, 0x20, 1, ET_VOID, ET_BYREF, ET_I4));
    EXPECT(OK(MD_SIG_METHOD, 5, 2, ET_VOID, ET_I4, ET_SENTINEL, ET_I4));
    EXPECT(!OK(MD_SIG_METHOD, 0, 2, ET_VOID, ET_I4, ET_SENTINEL, ET_I4));
    EXPECT(!OK(MD_SIG_METHOD, 0, 1, ET_VOID, ET_VOID));
    EXPECT(!OK(MD_SIG_METHOD, 0x40, 0, ET_VOID));
    EXPECT(!OK(MD_SIG_METHOD, 0x10, 0, 0, ET_VOID));
    EXPECT(!OK(MD_SIG_METHOD, 0, 1, ET_VOID, ET_PINNED, ET_I4));
    EXPECT(!OK(MD_SIG_METHOD, 0, 1, ET_VOID, ET_BYREF, ET_BYREF, ET_I4));
    EXPECT(!OK(MD_SIG_METHOD, 0, 1, ET_VOID, ET_CLASS, 2 << 2 | 1)); /* no such row */
    EXPECT(!OK(MD_SIG_METHOD, 0, 1, ET_VOID, ET_CLASS, 0));
    EXPECT(OK(MD_SIG_FIELD, 6, ET_BYREF, ET_I4));
    EXPECT(!OK(MD_SIG_FIELD, 6, ET_VOID));
    EXPECT(!OK(MD_SIG_FIELD, 6, ET_SZARRAY, ET_TYPEDBYREF));
    EXPECT(OK(MD_SIG_LOCALS, 7, 2, ET_PINNED, ET_BYREF, ET_I4, ET_TYPEDBYREF));
    EXPECT(!OK(MD_SIG_LOCALS, 7, 1, ET_INTERNAL, 0, 0, 0, 0, 0, 0, 0, 0));
    EXPECT(OK(MD_SIG_PROPERTY, 0x28, 0, ET_I4));
    EXPECT(!OK(MD_SIG_PROPERTY, 0x20, 0, ET_I4));
    EXPECT(OK(MD_SIG_TYPESPEC, ET_GENERICINST, ET_CLASS, 5, 1, ET_FNPTR, 0, 0, ET_VOID));
    EXPECT(!OK(MD_SIG_TYPESPEC, ET_GENERICINST, ET_OBJECT, 5, 1, ET_I4));
    EXPECT(!OK(MD_SIG_TYPESPEC, ET_GENERICINST, ET_CLASS, 5, 0));
    EXPECT(OK(MD_SIG_INST, 10, 1, ET_ARRAY, ET_I4, 2, 0, 0));
    EXPECT(!OK(MD_SIG_INST, 10, 1, ET_BYREF, ET_I4));
    Err e = {0};
    EXPECT(!md_sig_validate(&m, NULL, 0, MD_SIG_FIELD, &e));
    EXPECT_STR(e.text, "Bad binary signature.");
    md_close(&m);
}

TEST(attributes)
{
    setup();
    /* N.C::.ctor(int32, string, Type, N.E, object, uint8[]) and one with no arguments */
    u32 ctor = BLOB(0x20, 6, ET_VOID, ET_I4, ET_STRING, ET_CLASS, 5, ET_VALUETYPE, 2 << 2, ET_OBJECT, ET_SZARRAY, ET_U1);
    ROW(MDT_MemberRef, 1 << 3 | 1, made_str(".ctor"), ctor);
    ROW(MDT_MemberRef, 1 << 3 | 1, made_str(".ctor"), BLOB(0x20, 0, ET_VOID));
    u32 value = BLOB(1, 0, 42, 0, 0, 0, 2, 'h', 'i', 0xFF, 9, ET_ATTR_ENUM, 3, 'N', '.', 'E', 7, 2, 0, 0, 0, 5, 6, /* */
                     2, 0, ET_ATTR_PROPERTY, ET_R4, 1, 'P', 0, 0, 0xC0, 0x3F, ET_ATTR_FIELD, ET_SZARRAY, ET_ATTR_BOXED, 1,
                     'F', 1, 0, 0, 0, ET_BOOLEAN, 1);
    ROW(MDT_CustomAttribute, 2 << 5 | 3, 1 << 3 | 3, value);
    ROW(MDT_CustomAttribute, 2 << 5 | 3, 2 << 3 | 3, 0);
    ROW(MDT_CustomAttribute, 2 << 5 | 3, 1 << 3 | 3, BLOB(1, 0, 42));
    ROW(MDT_CustomAttribute, 2 << 5 | 3, 1 << 3 | 3, BLOB(2, 0));
    md_close(&m);
    EXPECT(made_open(&m, '~', 0));
    MdAttrReader r;
    MdAttrValue v, el;
    EXPECT_EQ(md_find_attribute(&m, 0x02000002, "N", "C"), 1);
    EXPECT(!md_has_attribute(&m, 0x02000002, "N", "D"));
    EXPECT(md_attr_open(&r, &m, 1));
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_I4 && v.i == 42);
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_STRING && v.str_len == 2 && memcmp(v.str, "hi", 2) == 0);
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_ATTR_TYPE && v.is_null);
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_ATTR_ENUM && v.elem == ET_U1 && v.i == 9);
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_ATTR_ENUM && v.enum_name_len == 3 && v.elem == ET_U1 && v.i == 7);
    EXPECT(md_attr_fixed(&r, &v) && v.type == ET_SZARRAY && v.count == 2);
    EXPECT(md_attr_element(&r, &v, &el) && el.i == 5);
    EXPECT(md_attr_element(&r, &v, &el) && el.i == 6);
    EXPECT(!md_attr_element(&r, &v, &el));
    EXPECT(!md_attr_fixed(&r, &v) && !r.blob.bad);
    const char *name;
    u32 len;
    bool property;
    EXPECT(md_attr_named(&r, &name, &len, &property, &v) && property && len == 1 && *name == 'P' && v.d == 1.5);
    EXPECT(md_attr_named(&r, &name, &len, &property, &v) && !property && v.type == ET_SZARRAY && v.count == 1);
    EXPECT(md_attr_element(&r, &v, &el) && el.type == ET_BOOLEAN && el.i == 1);
    EXPECT(!md_attr_named(&r, &name, &len, &property, &v) && !r.blob.bad && r.blob.p == r.blob.end);
    i64 i;
    EXPECT(md_attr_int(&m, 1, 0, &i) && i == 42);
    EXPECT(!md_attr_int(&m, 1, 1, &i));
    EXPECT(md_attr_string(&m, 1, 1, &name, &len) && len == 2);
    EXPECT(!md_attr_string(&m, 1, 2, &name, &len));
    EXPECT(md_attr_find_named(&m, 1, "F", &v));
    EXPECT(!md_attr_find_named(&m, 1, "Q", &v));
    EXPECT(md_attr_open(&r, &m, 2) && !md_attr_fixed(&r, &v) && !md_attr_named(&r, &name, &len, &property, &v));
    EXPECT(md_attr_open(&r, &m, 3) && !md_attr_fixed(&r, &v) && r.blob.bad);
    EXPECT(!md_attr_open(&r, &m, 4) && !md_attr_open(&r, &m, 5));
    md_close(&m);
}

TEST_MAIN(types, integers, heads, validity, attributes)
