/* stator_json.h: JSON as the hosting files use it: text in, tree out.
 * The reader works in place: strings of the tree point into the text, which it changes and which must outlive the
 * tree.  Comments and a byte order mark are accepted, as the .NET host accepts them. */
#ifndef STATOR_JSON_H
#define STATOR_JSON_H
#include "base/arena.h"
#include "base/base.h"

typedef enum JsonKind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER, /* text: as written */
    JSON_STRING, /* text: unescaped UTF-8 */
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_SKIPPED, /* value of the root member that the caller did not want */
} JsonKind;

typedef struct JsonNode {
    JsonKind kind;
    const char *key; /* of a member of an object; else NULL */
    const char *text;
    struct JsonNode *child; /* first element or member */
    struct JsonNode *next;  /* in document order */
} JsonNode;

enum { JSON_MAX_DEPTH = 64 };

/* text[n] must be NUL.  skip: name of a root member whose value is stepped over without building nodes, or NULL.
 * NULL and *error (in the arena) on bad input: "what is wrong. [offset 2: line 2, column 1]". */
JsonNode *json_parse(Arena *a, char *text, size_t n, const char *skip, const char **error);

/* All of these take NULL, or a node of another kind, for "absent". */
const JsonNode *json_get(const JsonNode *object, const char *key);
const char *json_string(const JsonNode *n, const char *absent);
static inline const char *json_get_string(const JsonNode *object, const char *key, const char *absent)
{
    return json_string(json_get(object, key), absent);
}
/* First child of an object or array, for (n = json_first(x); n; n = n->next). */
static inline const JsonNode *json_first(const JsonNode *n)
{
    return n && (n->kind == JSON_OBJECT || n->kind == JSON_ARRAY) ? n->child : NULL;
}
/* The value as compact JSON text; strings with quotes.  In the arena. */
const char *json_write(Arena *a, const JsonNode *n);
#endif
