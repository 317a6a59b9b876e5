/* type_access.c: may code of one method use a type or a member? (§I.8.5.3, II.15.4.2, II.23.1.)
 * In: the using method's owner, or for friends its assembly; the member.  Out: yes or no.
 * A type that encloses the user counts as the user too. An assembly sees another's internals when that names it in InternalsVisibleTo,
 * or when it names the other in IgnoresAccessChecksTo; the answer is kept with the assembly looked into (Assembly.friends, under type_lock).
 * Not here: the rule that a protected instance member is reached through the own class (verification), what an inaccessible use leads to.
 * Book: type.md  Tests: tests/il/access.il */
#include "type/type_int.h"

#include "md/md_attr.h"

#include <strings.h>

enum { FRIEND_NO = 1, FRIEND_YES };

static MethodTable *typical(MethodTable *mt) { return mt->klass->typical; }

/* ---- friends --------------------------------------------------------------------------------------------------------------- */
static bool key_matches(const char *hex, u32 len, const MdAssemblyName *who)
{
    if (!who->public_key || len != 2 * who->public_key_len)
        return false;
    for (u32 i = 0; i < len; i++) {
        u32 nibble = i & 1 ? who->public_key[i / 2] & 15u : who->public_key[i / 2] >> 4;
        if ((hex[i] | 32) != "0123456789abcdef"[nibble])
            return false;
    }
    return true;
}

/* "Name" or "Name, PublicKey=hex" */
static bool names_assembly(const char *s, u32 len, const Assembly *a)
{
    u32 n = 0, want = (u32)strlen(a->name);
    while (n < len && s[n] != ',')
        n++;
    u32 end = n;
    while (end && s[end - 1] == ' ')
        end--;
    if (end != want || strncasecmp(s, a->name, want) != 0)
        return false;
    static const char key[] = "publickey=";
    for (u32 i = n; i + sizeof key - 1 <= len; i++)
        if (strncasecmp(s + i, key, sizeof key - 1) == 0) {
            const char *hex = s + i + sizeof key - 1;
            while (len && s[len - 1] == ' ')
                len--;
            return key_matches(hex, (u32)(s + len - hex), &a->identity);
        }
    return true;
}

static bool attribute_names(const Assembly *on, const char *attribute, const Assembly *a)
{
    const MdImage *md = on->module->md;
    MdIter it = md_attributes_of(md, MD_TOKEN(MDT_Assembly, 1));
    for (u32 r; (r = md_next_row(&it));) {
        const char *ns, *name, *text;
        u32 len;
        if (md_attribute_type_name(md, r, &ns, &name) && strcmp(name, attribute) == 0 &&
            strcmp(ns, "System.Runtime.CompilerServices") == 0 && md_attr_string(md, r, 0, &text, &len) && text && names_assembly(text, len, a))
            return true;
    }
    return false;
}

/* Verified code could do anything to objects and spans that it sees the insides of. */
static bool barred(const Assembly *user, const Assembly *of) { return of->trusted && !user->trusted && user->alc->verified; }

bool sees_internals(Assembly *user, Assembly *of)
{
    if (user == of)
        return true;
    if (barred(user, of))
        return false;
    if (__atomic_load_n(&of->friend, __ATOMIC_RELAXED) == user)
        return true;
    u64 known = 0;
    type_lock();
    if (!map64_get(&of->friends, (u64)(uintptr_t)user, &known)) {
        bool yes = attribute_names(of, "InternalsVisibleToAttribute", user) || attribute_names(user, "IgnoresAccessChecksToAttribute", of);
        known = yes ? FRIEND_YES : FRIEND_NO;
        map64_put(&of->friends, (u64)(uintptr_t)user, known);
    }
    if (known == FRIEND_YES)
        __atomic_store_n(&of->friend, user, __ATOMIC_RELAXED);
    type_unlock();
    return known == FRIEND_YES;
}

/* ---- types and members ------------------------------------------------------------------------------------------------------- */
static bool is_or_lies_in(MethodTable *user, MethodTable *outer)
{
    for (MethodTable *p = typical(user); p; p = type_enclosing(p, NULL))
        if (p == outer)
            return true;
    return false;
}

static bool derives(MethodTable *user, MethodTable *base)
{
    for (MethodTable *p = typical(user); p; p = type_enclosing(p, NULL))
        for (MethodTable *b = p; b; b = b->parent)
            if (typical(b) == base)
                return true;
    u32 n = 0;
    MethodTable **map = mt_is_interface(base) ? type_interfaces(user, &n, NULL) : NULL; /* protected members of interfaces */
    for (u32 i = 0; map && i < n; i++)
        if (typical(map[i]) == base)
            return true;
    return false;
}

/* Access of a member of `owner` (typical), as MethodAttributes and FieldAttributes have it. */
static bool member(MethodTable *user, MethodTable *owner, u32 access)
{
    if (access == MD_PUBLIC || is_or_lies_in(user, owner))
        return true;
    bool same;
    switch (access) {
    case MD_PRIVATE: return sees_internals(user->module->assembly, owner->module->assembly) &&
                            user->module->assembly != owner->module->assembly &&
                            attribute_names(user->module->assembly, "IgnoresAccessChecksToAttribute", owner->module->assembly);
    case MD_COMPILER_CONTROLLED: return user->module == owner->module;
    case MD_ASSEMBLY: return sees_internals(user->module->assembly, owner->module->assembly);
    case MD_FAMILY: return derives(user, owner);
    case MD_FAM_AND_ASSEM:
    case MD_FAM_OR_ASSEM:
        same = sees_internals(user->module->assembly, owner->module->assembly);
        return access == MD_FAM_AND_ASSEM ? same && derives(user, owner) : same || derives(user, owner);
    }
    return false;
}

static bool definition(MethodTable *user, MethodTable *mt)
{
    static const u8 nested[8] = {[2] = MD_PUBLIC, [3] = MD_PRIVATE, [4] = MD_FAMILY, [5] = MD_ASSEMBLY,
                               [6] = MD_FAM_AND_ASSEM, [7] = MD_FAM_OR_ASSEM};
    for (;;) {
        u32 visibility = mt->klass->attrs & 7;
        if (visibility == 1)
            return true;
        if (visibility == 0)
            return sees_internals(user->module->assembly, mt->module->assembly);
        MethodTable *outer = type_enclosing(mt, NULL);
        if (!outer || !member(user, outer, nested[visibility]))
            return outer == NULL;
        mt = outer;
    }
}

bool type_may_use_type(MethodTable *user, TypeHandle th, bool args)
{
    while (th_is_desc(th)) {
        TypeDesc *d = th_desc(th);
        if (d->kind != TD_PTR && d->kind != TD_BYREF)
            return true;
        th = d->elem;
    }
    MethodTable *mt = th_mt(th);
    if (!mt || (mt->flags2 & MT2_IS_CANON))
        return true;
    if (mt_is_array(mt))
        return type_may_use_type(user, mt->elem, args);
    if (typical(mt) == typical(user))
        return true;
    for (u32 i = 0; args && mt->aux->inst && i < mt->klass->num_generic; i++)
        if (!type_may_use_type(user, mt->aux->inst[i], true))
            return false;
    return definition(user, typical(mt));
}

bool type_may_use_member(MethodTable *user, MethodTable *owner, u32 attrs, bool args)
{
    if (typical(owner) == typical(user))
        return true;
    return type_may_use_type(user, th_of(owner), args) && (mt_is_array(owner) || member(user, typical(owner), attrs & MD_ACCESS));
}
