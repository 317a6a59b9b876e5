/* type_generics.c: canonical forms, context flags, dictionaries, publication of code, names, messages, threads. */
#include "os/os_thread.h"
#include "type/type_test.h"

static MethodTable *wk_name(const char *ns, const char *name)
{
    Err e = {0};
    MethodTable *mt = type_load_name(type_corelib, ns, name, &e);
    EXPECT(mt, "%s.%s: %s", ns, name, e.text);
    return mt;
}
static MethodTable *inst(MethodTable *def, TypeHandle a)
{
    Err e = {0};
    MethodTable *mt = (MethodTable *)type_instantiate(def, &a, 1, &e);
    EXPECT(mt, "%s", e.text);
    return mt;
}

static void canonical_forms(void)
{
    MethodTable *list = wk_name("System.Collections.Generic", "List`1");
    TypeHandle str = th_of(type_wk(WK_STRING)), obj = th_of(type_wk(WK_OBJECT)), i4 = th_of(type_wk(WK_INT32));
    MethodTable *ls = inst(list, str), *lo = inst(list, obj), *li = inst(list, i4), *lc = inst(list, th_of(type_wk(WK_CANON)));
    EXPECT(ls == inst(list, str), "identity");
    EXPECT(ls->klass == lo->klass && ls->klass == lc->klass && li->klass != ls->klass, "class data is shared");
    EXPECT(ls->aux->canon == lc && (lc->flags & MTF_GENERICS_MASK) == MTF_GENERIC_SHARED, "canonical");
    EXPECT((ls->flags & MTF_GENERICS_MASK) == MTF_GENERIC_EXACT && (list->flags & MTF_GENERICS_MASK) == MTF_GENERIC_DEF, "flags");
    Method *add = type_method_by_name(ls, "Add", 1), *addi = type_method_by_name(li, "Add", 1);
    EXPECT(add && add->canon != add && add->canon->mt == lc && (add->flags & MF_SHARED) && (add->flags & MF_CTX_THIS), "List<string>.Add");
    EXPECT(addi && addi->canon == addi && !(addi->flags & MF_SHARED), "List<int>.Add");
    Method *conv = type_method_by_name(ls, "ConvertAll", 1);
    Err e = {0};
    Method *cs = type_instantiate_method(conv, &obj, 1, &e), *cii = type_instantiate_method(type_method_by_name(li, "ConvertAll", 1), &i4, 1, &e);
    EXPECT(cs && (cs->flags & MF_CTX_METHOD) && cs->canon->mt == lc && cs->canon->dict->args[0] == th_of(type_wk(WK_CANON)), "ConvertAll<object>");
    EXPECT(cii && cii->canon == cii && !(cii->flags & MF_SHARED), "ConvertAll<int> on List<int>");
    MethodTable *kv = wk_name("System", "Nullable`1");
    MethodTable *ni = inst(kv, i4);
    EXPECT(mt_is_nullable(ni) && ni->perinst[0]->args[0] == i4 && ni->nullable_value_offset == 4 && ni->nullable_value_size == 4, "Nullable<int>");
    char name[200];
    type_name(th_of(ls), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    EXPECT(strcmp(name, "System.Collections.Generic.List`1[System.String]") == 0, "%s", name);
    type_method_name(add, true, name, sizeof name);
    const char *start = "System.Collections.Generic.List`1[[System.String, System.Private.CoreLib, Version=";
    EXPECT(strncmp(name, start, strlen(start)) == 0 && strstr(name, "]].Add(System.String)"), "%s", name);
}

/* A TypeSpec of CoreLib that is VAR 0's array. */
static void dictionaries(void)
{
    Module *m = type_corelib->module;
    u32 token = 0;
    for (u32 rid = 1; rid <= md_rows(m->md, MDT_TypeSpec) && !token; rid++) {
        MdSig s = md_sig_of(m->md, MD_TOKEN(MDT_TypeSpec, rid));
        if (s.end - s.p == 3 && s.p[0] == ET_SZARRAY && s.p[1] == ET_VAR && s.p[2] == 0)
            token = MD_TOKEN(MDT_TypeSpec, rid);
    }
    MethodTable *list = wk_name("System.Collections.Generic", "List`1");
    TypeHandle str = th_of(type_wk(WK_STRING)), obj = th_of(type_wk(WK_OBJECT));
    MethodTable *ls = inst(list, str), *lo = inst(list, obj), *canon = ls->aux->canon;
    SigContext c = type_mt_context(canon), x = type_mt_context(ls);
    bool shared;
    Err e = {0};
    type_resolve_type(&c, token, &shared, &e);
    EXPECT(shared, "T[] depends on the context");
    type_resolve_type(&x, token, &shared, &e);
    EXPECT(!shared, "string[] does not");
    DictEntry d = {.kind = DICT_TYPE, .token = token, .module = m}, d2 = {.kind = DICT_ARRAY_OF, .token = token, .module = m};
    u32 s0 = type_dict_slot(&canon->klass->dict_layout, m->alc, &d), s1 = type_dict_slot(&canon->klass->dict_layout, m->alc, &d2);
    EXPECT(s0 != s1 && s0 == type_dict_slot(&canon->klass->dict_layout, m->alc, &d), "slots");
    EXPECT(type_dict_resolve_mt(ls, canon, s0, &e) == (void *)type_szarray_of(str, &e), "string[]");
    EXPECT(type_dict_resolve_mt(lo, canon, s0, &e) == (void *)type_szarray_of(obj, &e), "object[]");
    EXPECT(type_dict_resolve_mt(ls, canon, s1, &e) == (void *)type_szarray_of(type_szarray_of(str, &e), &e), "string[][]");
    Dict *dict = ls->perinst[ls->klass->num_dicts - 1];
    EXPECT(*dict_count(dict, 1) > s1 && dict_slots(dict, 1)[s0] == (void *)type_szarray_of(str, &e), "stored");
}

static void publication(void)
{
    MethodTable *exc = wk_name("System", "Exception"), *ae = wk_name("System", "ArgumentException"), *ane = wk_name("System", "ArgumentNullException");
    Method *m = type_method_by_name(exc, "get_Message", 0);
    EXPECT(m && m->slot != 0xffff, "Exception.get_Message");
    type_publish(m, (void *)(uintptr_t)0x7777);
    EXPECT(exc->vtable[m->slot] == (void *)(uintptr_t)0x7777, "own slot");
    EXPECT(ae->vtable[m->slot] != (void *)(uintptr_t)0x7777 && ane->vtable[m->slot] != (void *)(uintptr_t)0x7777, "overridden slots keep");
    MethodTable *se = wk_name("System", "SystemException");
    EXPECT(se->vtable[m->slot] == (void *)(uintptr_t)0x7777, "inherited slot");
    EXPECT(type_slot_method(ane, m->slot)->mt == ae, "slot's Method");
    EXPECT(!(exc->flags & MTF_HAS_FINALIZER) && (wk_name("System", "WeakReference")->flags & MTF_HAS_FINALIZER), "finalizers");
    EXPECT(type_wk(WK_STRING)->base_size == 22 && (type_wk(WK_STRING)->flags & 0xffff) == 2, "String");
}

static void arrays(void)
{
    Err e = {0};
    TypeHandle i4 = th_of(type_wk(WK_INT32)), md2 = type_mdarray_of(i4, 2, &e), sz = type_szarray_of(i4, &e);
    EXPECT(((MethodTable *)md2)->base_size == 40 && ((MethodTable *)sz)->base_size == 24, "base sizes");
    EXPECT((((MethodTable *)sz)->flags & 0xffff) == 4 && !mt_has_refs((MethodTable *)sz), "int[]");
    MethodTable *os = (MethodTable *)type_szarray_of(th_of(type_wk(WK_OBJECT)), &e);
    EXPECT(mt_has_refs(os) && ((i64 *)os)[-1] == -1, "object[]");
    TypeHandle kv[2] = {th_of(type_wk(WK_STRING)), i4};
    MethodTable *pair = (MethodTable *)type_instantiate(wk_name("System.Collections.Generic", "KeyValuePair`2"), kv, 2, &e);
    MethodTable *pairs = (MethodTable *)type_szarray_of(th_of(pair), &e);
    EXPECT((pairs->flags & 0xffff) == 16 && ((i64 *)pairs)[-1] == -1 && ((GcRun *)((i64 *)pairs - 1))[-1].offset == 0, "KeyValuePair<string,int>[]");
    const TypeAbi *abi = type_abi(pair);
    EXPECT(abi->n == 2 && abi->cls[0] == ABI_INT && abi->bytes[1] == 8, "ABI of KeyValuePair<string,int>");
    EXPECT(type_abi(wk_name("System.Numerics", "Vector2"))->cls[0] == ABI_SSE && type_abi(type_wk(WK_DOUBLE))->n == 1, "ABI of floats");
}

static void failures_have_text(void)
{
    Err e = {0};
    EXPECT(!type_load_name(type_corelib, "No", "Such", &e) && strstr(e.text, "Could not load type 'No.Such' from assembly 'System.Private.CoreLib, Version="),
           "%s", e.text);
    TypeHandle str = th_of(type_wk(WK_STRING));
    Err e2 = {0};
    EXPECT(!type_check_constraints(type_wk(WK_NULLABLE), NULL, &str, 1, &e2) &&
               strstr(e2.text, "GenericArguments[0], 'System.String', on 'System.Nullable`1[T]' violates the constraint of type parameter 'T'."),
           "%s", e2.text);
}

static void load_range(void *arg)
{
    Module *m = type_corelib->module;
    u32 n = md_rows(m->md, MDT_TypeDef), back = arg != NULL;
    MethodTable *list = wk_name("System.Collections.Generic", "List`1");
    for (u32 i = 1; i <= n; i++) {
        u32 rid = back ? n + 1 - i : i;
        Err e = {0};
        MethodTable *mt = type_load_typedef(m, MD_TOKEN(MDT_TypeDef, rid), &e);
        EXPECT(mt && (mt->flags2 & MT2_LOADED), "%s", e.text);
        if (mt && !mt->aux->inst && !(mt->flags & MTF_BYREF_LIKE) && mt != type_wk(WK_VOID)) {
            MethodTable *x = inst(list, th_of(mt));
            EXPECT(x && x->aux->inst[0] == th_of(mt), "instance");
        }
    }
}

int main(void)
{
    test_boot();
    OsThread a, b;
    os_thread_create(&a, load_range, NULL, 0, "a", false);
    os_thread_create(&b, load_range, (void *)1, 0, "b", false);
    os_thread_join(a);
    os_thread_join(b);
    canonical_forms();
    dictionaries();
    publication();
    arrays();
    failures_have_text();
    printf("failures %d\n", failures);
    return failures != 0;
}
