/* ildasm_item.c: which classes and members are shown: -item, -visibility. */
#include "ildasm/ildasm_int.h"

#include "md/md_names.h"

/* --- visibility --- */

bool dis_visible(const Dis *d, u32 rid)
{
    static const u8 access[TD_VISIBILITY + 1] = {[TD_NOT_PUBLIC] = MD_PRIVATE, [TD_PUBLIC] = MD_PUBLIC, [TD_NESTED_PUBLIC] = MD_PUBLIC,
        [TD_NESTED_PRIVATE] = MD_PRIVATE, [TD_NESTED_FAMILY] = MD_FAMILY, [TD_NESTED_ASSEMBLY] = MD_ASSEMBLY,
        [TD_NESTED_FAM_AND_ASSEM] = MD_FAM_AND_ASSEM, [TD_NESTED_FAM_OR_ASSEM] = MD_FAM_OR_ASSEM};
    return !d->opt.visible || (d->opt.visible >> access[md_TypeDef_Flags(d->m, rid) & TD_VISIBILITY] & 1);
}

bool dis_visible_member(const Dis *d, u32 token)
{
    MdImage *m = d->m;
    if (!d->opt.visible) return true;
    if (MD_TABLE_OF(token) == MDT_Field) return d->opt.visible >> (md_Field_Flags(m, MD_RID(token)) & FD_ACCESS) & 1;
    if (MD_TABLE_OF(token) == MDT_MethodDef) return d->opt.visible >> (md_MethodDef_Flags(m, MD_RID(token)) & MD_ACCESS) & 1;
    MdIter it = md_semantics_of(m, token);
    for (u32 r; (r = md_next_row(&it));)
        if (d->opt.visible >> (md_MethodDef_Flags(m, md_MethodSemantics_Method(m, r)) & MD_ACCESS) & 1) return true;
    return false;
}

/* --- one item --- */

/* Class names compare by the text that the listing has, `+` counting as `/`, quotes left out. */
static bool same_name(Dis *d, u32 rid, const char *want, size_t n)
{
    size_t start = d->len, k = 0;
    bool tokens = d->opt.tokens;
    d->opt.tokens = false;
    char full[1024];
    size_t len = md_type_full_name(d->m, MD_TOKEN(MDT_TypeDef, rid), full, sizeof(full));
    d->opt.tokens = tokens;
    d->len = start;
    if (len >= sizeof(full)) return false;
    for (size_t i = 0; i < n; i++) {
        char c = want[i] == '/' ? '+' : want[i];
        if (c == '\'') continue;
        if (k >= len || full[k] != c) return false;
        k++;
    }
    return k == len;
}

/* "int32(string, int32)" of a method against the wanted text, blanks left out */
static bool same_sig_text(Dis *d, u32 rid, const char *want)
{
    size_t start = d->len;
    MdSig s = md_sig_of(d->m, MD_TOKEN(MDT_MethodDef, rid));
    MdMethodSig h;
    md_sig_method(&s, &h);
    put_type(d, &s);
    put_ch(d, '(');
    put_params(d, &s, &h);
    put_ch(d, ')');
    const char *p = d->buf + start, *end = d->buf + d->len;
    if (*want == '(') p = memchr(p, '(', (size_t)(end - p));
    bool ok = p != NULL;
    while (ok && p < end) {
        while (*want == ' ') want++;
        while (p < end && *p == ' ') p++;
        if (p < end && *p++ != *want++) ok = false;
    }
    while (*want == ' ') want++;
    d->len = start;
    return ok && *want == 0;
}

bool put_item(Dis *d, const char *item)
{
    MdImage *m = d->m;
    const char *colons = strstr(item, "::"), *paren = NULL;
    size_t class_len = colons ? (size_t)(colons - item) : strlen(item);
    bool found = false;
    char name[512] = "";
    if (colons) {
        paren = strchr(colons, '(');
        size_t n = paren ? (size_t)(paren - colons - 2) : strlen(colons + 2);
        if (n >= sizeof(name)) return false;
        memcpy(name, colons + 2, n);
        name[n] = 0;
        while (n && name[n - 1] == ' ') name[--n] = 0;
    }
    for (u32 r = 1; r <= md_rows(m, MDT_TypeDef); r++) {
        bool global = r == 1 && class_len == 0;
        if (!global && !same_name(d, r, item, class_len)) continue;
        d->type_rid = r;
        if (!colons) {
            put_type_def(d, r);
            return true;
        }
        MdRange range = md_typedef_methods(m, r);
        for (u32 i = range.first; i < range.end; i++) {
            u32 method = md_method_at(m, i);
            d->method_rid = method;
            if (strcmp(md_method_name(m, method), name) != 0) continue;
            if (paren) {
                /* Class::Method(int32) compares the parameters, Class::Method(void(int32)) the return type as well */
                const char *inner = strchr(paren + 1, '(');
                char *copy = base_strdup(inner ? paren + 1 : paren);
                if (inner && *copy) copy[strlen(copy) - 1] = 0;
                bool same = same_sig_text(d, method, copy);
                base_free(copy);
                if (!same) continue;
            }
            put_method(d, method);
            found = true;
        }
    }
    return found;
}
