/* type_layouts.c: offsets and sizes against recorded ones of the reference runtime.
 * 1. tests/contract/layouts.tsv: CoreLib types.  2. layout_probe.tsv: what layout_probe.cs prints on the reference (offset of each
 * field, base size, Unsafe.SizeOf); its assembly is given as the first argument, else that part is skipped. */
#include "type/type_test.h"

static u32 checked, forced_bad, auto_bad, unknown;

static Field *own_field(MethodTable *mt, const char *name)
{
    for (u32 i = 0; i < mt->klass->num_fields; i++)
        if (strcmp(mt->klass->fields[i].name, name) == 0)
            return &mt->klass->fields[i];
    return NULL;
}

static void differs(bool forced, const char *what, const char *member, u32 want, u32 have)
{
    *(forced ? &forced_bad : &auto_bad) += 1;
    printf("%s %s.%s: reference %u, here %u\n", forced ? "FAIL" : "differs", what, member, want, have);
}

static void contract(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("no %s\n", path);
        return;
    }
    static char line[65536];
    bool is_class = false, forced = false;
    MethodTable *mt = NULL;
    while (fgets(line, sizeof line, f)) {
        char *c[8];
        u32 n = split(line, c, ARRAY_LEN(c));
        if (line[0] == '#') {
            if (n < 4)
                continue;
            mt = by_full_name(type_corelib, c[0] + 2);
            is_class = strcmp(c[1], "class") == 0;
            forced = strcmp(c[2], "auto") != 0;
            if (!mt) {
                unknown++;
                continue;
            }
            u32 size;
            if (sscanf(c[3], "size baseSize %u", &size) == 1) {
                checked++;
                if (mt->base_size != size)
                    differs(false, c[0] + 2, "(base size)", size, mt->base_size);
            } else if (sscanf(c[3], "size %u", &size) == 1) {
                checked++;
                if (mt->klass->size != size)
                    differs(forced, c[0] + 2, "(size)", size, mt->klass->size);
            }
            continue;
        }
        u32 off;
        if (!mt || n < 3 || mt->aux->inst || sscanf(c[2], "%u", &off) != 1)
            continue;
        Field *fd = own_field(mt, c[1]);
        if (!fd || (fd->flags & FF_STATIC)) {
            unknown++;
            continue;
        }
        checked++;
        u32 have = fd->offset + (is_class ? 8 : 0);
        if (have != off)
            differs(forced, c[0], c[1], off, have);
    }
    fclose(f);
}

static void probe(const char *dll, const char *tsv)
{
    Err e = {0};
    Assembly *a = open_assembly(dll, &e);
    FILE *f = fopen(tsv, "r");
    if (!a || !f) {
        EXPECT(false, "%s: %s", dll, e.text);
        return;
    }
    static char line[4096];
    while (fgets(line, sizeof line, f)) {
        char *c[8];
        u32 n = split(line, c, ARRAY_LEN(c));
        if (n < 3)
            continue;
        const char *p = c[0];
        TypeHandle th = parse_type(a, &p);
        if (!th) {
            printf("FAIL cannot load %s\n", c[0]);
            forced_bad++;
            continue;
        }
        MethodTable *mt = (MethodTable *)th;
        u32 want = (u32)atoi(c[2]);
        checked++;
        if (c[1][0] == '#') {
            if (n > 3 && atoi(c[3]) > 0 && mt->klass->size != (u32)atoi(c[3]))
                differs(true, c[0], "(size)", (u32)atoi(c[3]), mt->klass->size);
            if (mt->base_size != want && !(mt->flags & MTF_BYREF_LIKE))
                differs(true, c[0], "(base size)", want, mt->base_size);
            continue;
        }
        Field *fd = own_field(mt, c[1]);
        if (!fd || fd->offset != want)
            differs(true, c[0], c[1], want, fd ? fd->offset : 0);
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    test_boot();
    contract("tests/contract/layouts.tsv");
    if (argc > 1)
        probe(argv[1], "tests/unit/type/layout_probe.tsv");
    printf("checked %u, forced and different %u, free and different %u, not found %u\n", checked, forced_bad, auto_bad, unknown);
    return forced_bad || failures;
}
