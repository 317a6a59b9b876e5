/* type_dispatch.c: interface maps, implementations, overrides and casts against what dispatch_probe.cs printed on the reference.
 * Argument: the probe's assembly (without it nothing is tested). */
#include "type/type_test.h"

static u32 checked;

static TypeHandle type_of(Assembly *a, const char *s)
{
    const char *p = s;
    TypeHandle th = parse_type(a, &p);
    EXPECT(th, "cannot load %s", s);
    return th;
}

static void name_of(Method *m, char *buf, size_t n)
{
    if (m)
        type_name(th_of(m->mt), TN_NAMESPACE | TN_FULL_INST, buf, n);
    else
        snprintf(buf, n, "-");
}

static void check_map(Assembly *a, char **c)
{
    MethodTable *mt = (MethodTable *)type_of(a, c[1]), *it = (MethodTable *)type_of(a, c[2]);
    if (!mt || !it)
        return;
    Err e = {0};
    Method *im = type_method_by_rid(it, MD_RID(strtoul(c[3], NULL, 16)), &e), *r = NULL;
    if (im)
        r = im->flags & MF_STATIC ? type_find_constrained(th_of(mt), im, &e) : type_find_impl(mt, im, &e);
    if (!im || !(im->flags & MF_VIRTUAL))
        return; /* private or static helper methods of interfaces */
    u32 want = (u32)strtoul(c[6], NULL, 16);
    char have[400];
    name_of(r, have, sizeof have);
    checked++;
    if (!r && want) {
        MethodTable *wt = (MethodTable *)type_of(a, c[5]);
        Method *wm = wt ? type_method_by_rid(wt, MD_RID(want), &e) : NULL;
        if (wm && (wm->flags & MF_ABSTRACT))
            return; /* an abstract class: no body yet */
    }
    EXPECT((r ? r->token : 0) == want && (!want || strcmp(have, c[5]) == 0), "%s: %s.%s goes to %s %x, reference %s %x (%s)", c[1], c[2], c[4],
           have, r ? r->token : 0, c[5], want, e.text);
}

static void check_virtual(Assembly *a, char **c)
{
    MethodTable *mt = (MethodTable *)type_of(a, c[1]), *base = (MethodTable *)type_of(a, c[2]);
    if (!mt || !base)
        return;
    Err e = {0};
    Method *m = type_method_by_rid(base, MD_RID(strtoul(c[3], NULL, 16)), &e), *r = m ? type_find_virtual(mt, m, &e) : NULL;
    char have[400];
    name_of(r, have, sizeof have);
    checked++;
    EXPECT(r && r->token == (u32)strtoul(c[6], NULL, 16) && strcmp(have, c[5]) == 0, "%s: %s.%s goes to %s %x, reference %s %s", c[1], c[2],
           c[4], have, r ? r->token : 0, c[5], c[6]);
}

static void check_casts(Assembly *a, char names[][200], char rows[][200], u32 n)
{
    for (u32 i = 0; i < n; i++)
        for (u32 j = 0; j < n; j++) {
            TypeHandle from = type_of(a, names[i]), to = type_of(a, names[j]);
            bool have = from && to && type_can_cast(from, to);
            checked++;
            EXPECT(have == (rows[i][j] == '1'), "cast %s -> %s: %d, reference %c", names[i], names[j], have, rows[i][j]);
        }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        printf("skipped: no probe assembly given\n");
        return 0;
    }
    test_boot();
    Err e = {0};
    Assembly *a = open_assembly(argv[1], &e);
    EXPECT(a, "%s", e.text);
    static const char *more[] = {"System.Collections.Concurrent", "System.Runtime.Numerics", "System.Collections.Immutable", "System.Collections", "System.ObjectModel"};
    for (u32 i = 0; i < ARRAY_LEN(more); i++) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s.dll", fw_dir, more[i]);
        open_assembly(path, &e);
    }
    FILE *f = fopen("tests/unit/type/dispatch_probe.tsv", "r");
    if (!f || !a)
        return 1;
    static char line[8192], names[200][200], rows[200][200], counted[400] = "";
    u32 casts = 0, count = 0;
    while (fgets(line, sizeof line, f)) {
        char *c[8];
        u32 n = split(line, c, ARRAY_LEN(c));
        if (strcmp(c[0], "iface") == 0) {
            MethodTable *mt = (MethodTable *)type_of(a, c[1]), *it = (MethodTable *)type_of(a, c[2]);
            u32 k = 0, at = 0;
            MethodTable **v = mt ? type_interfaces(mt, &k, &e) : NULL;
            while (at < k && v[at] != it)
                at++;
            count = strcmp(counted, c[1]) == 0 ? count + 1 : 1;
            snprintf(counted, sizeof counted, "%s", c[1]);
            EXPECT(at < k, "%s lacks interface %s", c[1], c[2]);
            EXPECT(count <= k, "%s has too few interfaces", c[1]);
            checked++;
        } else if (strcmp(c[0], "map") == 0 && n >= 7) {
            check_map(a, c);
        } else if (strcmp(c[0], "virt") == 0 && n >= 7) {
            check_virtual(a, c);
        } else if (strcmp(c[0], "cast") == 0 && casts < 200) {
            snprintf(names[casts], 200, "%s", c[1]);
            snprintf(rows[casts++], 200, "%s", c[2]);
        }
    }
    check_casts(a, names, rows, casts);
    printf("checked %u, failures %d\n", checked, failures);
    return failures != 0;
}
