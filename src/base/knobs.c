/* knobs.c: one row of knobs.def each: the variable's text, looked up once.
 * Our own name wins over the DOTNET_ alias.  A value that is no number counts as the default.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/knobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct KnobRow {
    const char *name, *alias, *type, *dflt, *help;
} KnobRow;
typedef struct KnobValue {
    const char *text; /* environment's own storage or the default's; NULL: unset, no default */
    u64 number;
    bool set;
} KnobValue;

static const KnobRow rows[] = {
#define KNOB(id, name, alias, type, dflt, help) {name, alias, #type, dflt, help},
#include "base/knobs.def"
#undef KNOB
};
static KnobValue values[KNOB_COUNT];

static bool parse(const char *s, int radix, u64 *out)
{
    char *end;
    errno = 0;
    u64 v = strtoull(s, &end, radix);
    if (end == s || *end || errno)
        return false;
    *out = v;
    return true;
}

static void knob_read(u32 i)
{
    const KnobRow *row = &rows[i];
    KnobValue *v = &values[i];
    int radix = 10;
    const char *s = getenv(row->name);
    if ((!s || !*s) && row->alias[0]) {
        s = getenv(row->alias);
        radix = 16;
    }
    v->set = s && *s;
    v->text = v->set ? s : row->dflt[0] ? row->dflt : NULL;
    v->number = 0;
    parse(row->dflt, 10, &v->number);
    if (v->set && strcmp(row->type, "u64") == 0 && !parse(s, radix, &v->number))
        fprintf(stderr, "stator: %s: '%s' is not a number\n", row->name, s);
}

void knobs_init(void)
{
    for (u32 i = 0; i < KNOB_COUNT; i++)
        knob_read(i);
}

u64 knob_u64(KnobId id)
{
    return values[id].number;
}

bool knob_bool(KnobId id)
{
    return values[id].number != 0;
}

const char *knob_str(KnobId id)
{
    return values[id].text;
}

bool knob_is_set(KnobId id)
{
    return values[id].set;
}

void knobs_print_help(int fd)
{
    for (u32 i = 0; i < KNOB_COUNT; i++) {
        const KnobRow *r = &rows[i];
        dprintf(fd, "  %-20s %s%s%s%s\n", r->name, r->help, r->alias[0] ? " (also " : "", r->alias,
                r->alias[0] ? ")" : "");
    }
}
