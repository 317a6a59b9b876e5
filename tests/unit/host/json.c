/* json.c: the launcher's JSON reader and writer: values, escapes, comments, bad input. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../../tools/stator/stator_json.c"

static Arena arena;
static const char *error;

static JsonNode *read_text(const char *text, const char *skip_member)
{
    error = NULL;
    return json_parse(&arena, arena_strdup(&arena, text), strlen(text), skip_member, &error);
}

static const char *echo(const char *text)
{
    JsonNode *n = read_text(text, NULL);
    return n ? json_write(&arena, n) : error;
}

TEST(values)
{
    EXPECT_STR(echo("{}"), "{}");
    EXPECT_STR(echo(" [ ] "), "[]");
    EXPECT_STR(echo("\xEF\xBB\xBF{\"a\" : 1}"), "{\"a\":1}");
    EXPECT_STR(echo("{\"a\":[1,true,false,null,{\"b\":[[]]}],\"c\":\"d\"}"), "{\"a\":[1,true,false,null,{\"b\":[[]]}],\"c\":\"d\"}");
    EXPECT_STR(echo("-0.50"), "-0.5");
    EXPECT_STR(echo("[2.0,1e3,1E-7,-0.0,123.456e1]"), "[2.0,1000.0,1e-7,-0.0,1234.56]");
    EXPECT_STR(echo("123456789012345678"), "123456789012345678");
    EXPECT_STR(echo("// c\n[1, /* two */ 2]"), "[1,2]");
}

TEST(strings)
{
    EXPECT_STR(json_string(read_text("\"a\\n\\u00e9\\\"\\/\\ud83d\\ude00\"", NULL), ""), "a\n\xC3\xA9\"/\xF0\x9F\x98\x80");
    EXPECT_STR(echo("\"\\u0001\\t\\\\\""), "\"\\u0001\\t\\\\\"");
    EXPECT_STR(echo("\"\\ud83d\""), "A surrogate in a string has no partner. [offset 7: line 1, column 8]");
    EXPECT_STR(echo("\"a\nb\""), "A string holds a control character. [offset 2: line 1, column 3]");
    EXPECT(!read_text("\"\\x\"", NULL) && !read_text("\"\\u12g4\"", NULL) && !read_text("\"abc", NULL));
}

TEST(members)
{
    JsonNode *n = read_text("{\"a\":{\"b\":\"c\"},\"runtimes\":{\"x\":[\"}\",\"\\\"]\"]},\"d\":[\"e\",\"f\"]}", "runtimes");
    EXPECT_STR(json_get_string(json_get(n, "a"), "b", ""), "c");
    EXPECT_EQ(json_get(n, "runtimes")->kind, JSON_SKIPPED);
    EXPECT_STR(json_string(json_first(json_get(n, "d"))->next, ""), "f");
    EXPECT(!json_get(n, "e") && !json_get(NULL, "e") && !json_first(NULL));
    EXPECT_STR(json_get_string(n, "a", "absent"), "absent");
}

TEST(bad_input)
{
    static const char *const bad[] = {"", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01", "1.", "1e", "-",
        "tru", "{} {}", "[1 2]", "{\"a\":1 \"b\":2}", "]", "/", "/* x", "\"a\" b", "{\"runtimes\":[", "{\"runtimes\":\"", "{\"runtimes\":\"\\"};
    for (u32 i = 0; i < ARRAY_LEN(bad); i++) {
        if (read_text(bad[i], "runtimes") || !error)
            printf("accepted: %s\n", bad[i]), test_failures++;
    }
    EXPECT_STR(echo("{\n"), "A member of an object has no name. [offset 2: line 2, column 1]");
    char deep[200];
    memset(deep, '[', sizeof deep);
    deep[199] = 0;
    EXPECT(!read_text(deep, NULL));
    char nul[] = "[1]\0[2]";
    EXPECT(!json_parse(&arena, nul, 7, NULL, &error));
}

/* Every prefix and every changed byte of a real document is answered with a tree or an error, never a crash. */
TEST(damaged)
{
    const char *doc = "{\"a\":[1.5e3,\"\\u00e9\",{\"b\":null}],\"runtimes\":{\"x\":\"y\"},/*c*/\"d\":true}";
    for (size_t n = 0; n < strlen(doc); n++) {
        char *cut = arena_strndup(&arena, doc, n);
        EXPECT(!json_parse(&arena, cut, n, "runtimes", &error));
        for (int c = 0; c < 256; c++) {
            char *text = arena_strdup(&arena, doc);
            text[n] = (char)c;
            json_parse(&arena, text, strlen(doc), c & 1 ? "runtimes" : NULL, &error);
        }
    }
}

TEST_MAIN(values, strings, members, bad_input, damaged)
