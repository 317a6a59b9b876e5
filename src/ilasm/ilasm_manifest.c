/* ilasm_manifest.c: assembly, references, files, exported types, resources, module, image settings; .typedef, .line, .language (§II.6).
 * Rows that others refer to are made first (ia_manifest_first), before any class; attributes and the rest follow in the order of the text. */
#include "ilasm/ilasm_int.h"

#include "md/md_pdb_write.h"
#include "os/os_file.h"
#include <stdlib.h>

/* --- assemblies --- */

static u32 assembly_words(Asm *a)
{
    u32 flags = 0;
    for (;;) {
        if (ia_take_kw(a, K_retargetable)) flags |= 0x100;
        else if (ia_take_kw(a, K_windowsruntime)) flags |= 0x200;
        else if (ia_take_kw(a, K_noplatform)) flags = (flags & ~0x70u) | 0x70;
        else if (ia_take_kw(a, K_cil)) flags = (flags & ~0x70u) | 0x10;
        else if (ia_take_kw(a, K_x86)) flags = (flags & ~0x70u) | 0x20;
        else if (ia_take_kw(a, K_amd64)) flags = (flags & ~0x70u) | 0x40;
        else if (ia_take_kw(a, K_arm)) flags = (flags & ~0x70u) | 0x50;
        else if (ia_take_kw(a, K_arm64)) flags = (flags & ~0x70u) | 0x60;
        else if (ia_take_kw(a, K_legacy)) ia_take_kw(a, K_library);
        else if (!(ia_kw(a, K_flags) && ia_ahead(a, 1)->kind == '(')) return flags;
        else {
            u32 n;
            a->at += 2;
            if (!ia_want_int32(a, &n) || !ia_want(a, ')', "')'")) return flags;
            flags |= n;
        }
    }
}

typedef struct Identity {
    u32 version[4], flags, culture, hash_algorithm;
    u32 key, token, hash; /* blobs */
    bool automatic;
} Identity;

static bool version(Asm *a, u32 v[4])
{
    for (u32 i = 0; i < 4; i++) {
        u32 at = a->at;
        if (i && !ia_want(a, ':', "':'")) return false;
        if (ia_take(a, '*')) v[i] = 0xFFFF;
        else if (!ia_want_int32(a, &v[i])) return false;
        if (v[i] > 0xFFFF) return ia_fail(a, at + 1, "a part of a version is at most 65535");
    }
    return true;
}

static bool blob_of(Asm *a, u32 *blob, Bytes *keep)
{
    Bytes x;
    if (!ia_want(a, '=', "'='") || !ia_want_bytes(a, &x)) return false;
    *blob = mdw_blob(a->w, x.p, x.n);
    if (keep) *keep = x;
    return true;
}

static bool locale(Asm *a, u32 *culture)
{
    Bytes x;
    if (ia_take(a, '=')) { /* UTF-16 in bytes */
        if (!ia_want_bytes(a, &x)) return false;
        a->tmp.len = 0;
        for (u32 i = 0; i + 1 < x.n && (x.p[i] || x.p[i + 1]); i += 2) buf_u8(&a->tmp, x.p[i]);
    } else if (!ia_want_text(a)) {
        return false;
    }
    *culture = mdw_string_n(a->w, (const char *)a->tmp.p, a->tmp.len);
    return true;
}

/* The braces of .assembly: `facts` reads all but attributes and permissions, else those only. */
static void assembly_block(Asm *a, Identity *id, bool ref, bool facts, u32 token)
{
    Bytes x;
    u32 close = a->tok[a->at].val;
    if (!ia_want(a, '{', "'{'")) return;
    while (!ia_is(a, '}') && !ia_is(a, T_EOF)) {
        u32 at = a->at, kw = ia_tok(a)->kw;
        bool skip = false;
        switch (kw) {
        case K_d_custom: case K_d_permission: case K_d_permissionset:
            skip = facts;
            if (!skip && kw == K_d_custom) ia_custom(a);
            else if (!skip) ia_security(a, token);
            break;
        case K_d_line: case K_d_hashline: ia_line(a); break;
        default:
            if (!facts) {
                const Alias *al = ia_is_name(a) ? ia_alias(a) : NULL;
                if (al && al->kind == ALIAS_ATTR) ia_custom_alias(a, al);
                else skip = true;
                break;
            }
            if (kw == K_d_ver) ia_next(a), version(a, id->version);
            else if (kw == K_d_publickey) {
                ia_next(a);
                if (blob_of(a, &id->key, &x) && !ref) a->public_key.len = 0, buf_put(&a->public_key, x.p, x.n);
            } else if (kw == K_d_publickeytoken && ref) ia_next(a), blob_of(a, &id->token, NULL);
            else if (kw == K_d_locale) ia_next(a), locale(a, &id->culture);
            else if (kw == K_d_hash) {
                ia_next(a);
                if (!ref && ia_take_kw(a, K_algorithm)) ia_want_int32(a, &id->hash_algorithm);
                else blob_of(a, &id->hash, NULL);
            } else if (kw == K_auto && ref) ia_next(a), id->automatic = true;
            else if (ia_is_name(a)) skip = true; /* perhaps an attribute's alias */
            else if (ref) ia_expected(a, ".ver, .publickeytoken, .publickey, .hash, .locale, .custom or '}'");
            else ia_expected(a, ".ver, .hash algorithm, .publickey, .locale, .custom, .permissionset or '}'");
        }
        if (skip) ia_skip_decl(a);
        if (a->panic) {
            a->panic = false;
            if (a->at == at || !ia_is_decl(ia_tok(a)->kw)) ia_skip_decl(a);
        }
        if (a->at == at) ia_next(a);
    }
    a->at = MIN(close + 1, a->tok_count - 1);
}

static void assembly_first(Asm *a, Item *it)
{
    Identity id = {0};
    u32 at = a->at++, name;
    bool ref = ia_take_kw(a, K_extern);
    id.flags = assembly_words(a);
    if (!(name = ia_want_name(a))) return;
    u32 known = name;
    if (ref && ia_take_kw(a, K_as) && !(known = ia_want_name(a))) return;
    assembly_block(a, &id, ref, true, 0);
    a->panic = false;
    if (ref) {
        u64 old;
        if (map64_get(&a->assembly_index, known, &old)) {
            ia_warnf(a, a->tok[at].pos, "the reference %s is declared already; this one does not count", ia_s(a, known)->p);
            it->ref = MD_RID((u32)old);
            return;
        }
        if (id.key && id.token) id.key = 0;
        it->ref = MDW_ADD(a->w, AssemblyRef, id.version[0], id.version[1], id.version[2], id.version[3], id.flags | (id.key ? AF_PUBLIC_KEY : 0),
            id.key ? id.key : id.token, ia_str(a, name), id.culture, id.hash);
        map64_put(&a->assembly_index, known, MD_TOKEN(MDT_AssemblyRef, it->ref));
        if (id.automatic) ia_warnf(a, a->tok[at].pos, "auto: the version of %s is taken as it stands here", ia_s(a, name)->p);
        return;
    }
    if (a->has_assembly) {
        ia_errorf(a, a->tok[at].pos, "a second .assembly");
        return;
    }
    a->has_assembly = true;
    a->assembly_name = a->opt.aname ? ia_sym(a, a->opt.aname, (u32)strlen(a->opt.aname)) : name;
    id.flags |= id.key ? AF_PUBLIC_KEY : 0;
    it->ref = MDW_ADD(a->w, Assembly, id.hash_algorithm, id.version[0], id.version[1], id.version[2], id.version[3], id.flags, id.key,
        ia_str(a, a->assembly_name), id.culture);
}

static void assembly_rest(Asm *a, Item *it)
{
    bool ref = ia_ahead(a, 1)->kw == K_extern;
    u32 token = MD_TOKEN(ref ? MDT_AssemblyRef : MDT_Assembly, it->ref), owner = a->owner;
    while (!ia_is(a, '{') && !ia_is(a, T_EOF) && !ia_is(a, '}')) ia_next(a);
    if (!it->ref || !ia_is(a, '{')) {
        a->at = 0;
        return;
    }
    Identity id;
    a->owner = token;
    assembly_block(a, &id, ref, false, token);
    a->owner = owner;
}

/* --- modules and files --- */

static void module_first(Asm *a, Item *it)
{
    u32 at = a->at++, name;
    if (ia_take_kw(a, K_extern)) {
        if (!(name = ia_want_name(a))) return;
        it->ref = MD_RID(ia_module_ref(a, name));
        it->end = a->at;
        return;
    }
    if (a->has_module) {
        ia_errorf(a, a->tok[at].pos, "a second .module");
        return;
    }
    name = ia_is_name(a) ? ia_want_name(a) : 0;
    it->end = a->at;
    if (!name) return;
    a->has_module = true;
    mdw_set(a->w, MDT_Module, 1, MDC_Module_Name, ia_str(a, name));
}

static void file_first(Asm *a, Item *it)
{
    u32 flags = 0, hash = 0, name, at = a->at;
    ia_next(a);
    if (ia_kw(a, K_alignment)) return;
    while (ia_take_kw(a, K_nometadata)) flags = 1;
    if (!(name = ia_want_name(a))) return;
    bool entry = ia_take_kw(a, K_d_entrypoint);
    if (ia_take_kw(a, K_d_hash) && !blob_of(a, &hash, NULL)) return;
    entry |= ia_take_kw(a, K_d_entrypoint);
    it->ref = MDW_ADD(a->w, File, flags, ia_str(a, name), hash);
    it->end = a->at;
    map64_put(&a->file_index, name, MD_TOKEN(MDT_File, it->ref));
    if (entry && a->entry_set) ia_fail(a, at, "a second .entrypoint");
    if (entry) a->entry_set = true, a->entry = MD_TOKEN(MDT_File, it->ref);
}

static u32 file_ref(Asm *a)
{
    u32 at = a->at, name = ia_want_name(a);
    u64 token = 0;
    if (name && !map64_get(&a->file_index, name, &token)) ia_fail(a, at, "no .file %s", ia_s(a, name)->p);
    return (u32)token;
}

/* --- exported types --- */

static u32 exported_key(u32 outer, u32 name, u64 *key)
{
    *key = (u64)(outer + 1) << 32 | name;
    return name;
}

static u32 export_flags(Asm *a)
{
    u32 flags = 0;
    for (;;) {
        if (ia_take_kw(a, K_private)) flags &= ~7u;
        else if (ia_take_kw(a, K_public)) flags = (flags & ~7u) | 1;
        else if (ia_kw(a, K_nested)) {
            static const char *const words[] = {"public", "private", "family", "assembly", "famandassem", "famorassem"};
            const Tok *t = ia_ahead(a, 1);
            u32 i = 0;
            while (i < ARRAY_LEN(words) && !(t->kind == T_ID && strcmp(ia_s(a, t->val)->p, words[i]) == 0)) i++;
            if (i == ARRAY_LEN(words)) return flags;
            flags = (flags & ~7u) | (2 + i);
            a->at += 2;
        } else if (!ia_take_flag(a, FG_EXPORT, &flags)) {
            return flags;
        }
    }
}

/* .class extern, with the row of what encloses it already there */
static void exported_type(Asm *a)
{
    u32 at = a->at, name, impl = 0, id = 0, owner = a->owner;
    a->at += ia_kw(a, K_d_export) ? 1 : 2;
    u32 flags = export_flags(a);
    if (!(name = ia_want_name(a))) return;
    const Sym *s = ia_s(a, name);
    u32 ns_len, name_at, close = a->tok[a->at].val;
    ia_split(s, &ns_len, &name_at);
    u32 rid = MDW_ADD(a->w, ExportedType, flags, 0, mdw_string_n(a->w, s->p + name_at, s->len - name_at), mdw_string_n(a->w, s->p, ns_len), 0);
    if (!ia_want(a, '{', "'{'")) return;
    a->owner = MD_TOKEN(MDT_ExportedType, rid);
    while (!ia_is(a, '}') && !ia_is(a, T_EOF) && !a->panic) {
        if (ia_take_kw(a, K_d_file)) impl = file_ref(a);
        else if (ia_kw(a, K_d_assembly) && ia_ahead(a, 1)->kw == K_extern) {
            a->at += 2;
            u32 tok = a->at, asm_name = ia_want_name(a);
            if (asm_name) impl = ia_assembly_ref(a, asm_name, tok);
        } else if (ia_kw(a, K_d_class) && ia_ahead(a, 1)->kw == K_extern) {
            u64 key, token = 0;
            u32 outer = 0;
            a->at += 2;
            do {
                u32 tok = a->at, part = ia_want_name(a);
                if (!part) break;
                exported_key(outer, part, &key);
                if (!map64_get(&a->exported_index, key, &token)) {
                    ia_fail(a, tok, "no .class extern %s before this", ia_s(a, part)->p);
                    break;
                }
                outer = (u32)token;
            } while (ia_take(a, '/'));
            impl = outer;
        } else if (ia_take_kw(a, K_d_class)) {
            ia_want_int32(a, &id);
        } else if (ia_kw(a, K_mdtoken)) {
            impl = ia_mdtoken(a);
        } else if (ia_kw(a, K_d_custom)) {
            ia_custom(a);
        } else {
            u32 before = a->at;
            ia_attr_aliases(a);
            if (a->at == before) ia_expected(a, ".assembly extern, .class extern, .file, .class, .custom or '}'");
        }
    }
    a->owner = owner;
    u32 coded = mdw_coded(MDK_Implementation, impl);
    if (!a->panic && !coded) ia_warnf(a, a->tok[at].pos, "nothing says where the type %s is", s->p);
    mdw_set(a->w, MDT_ExportedType, rid, MDC_ExportedType_Implementation, coded);
    mdw_set(a->w, MDT_ExportedType, rid, MDC_ExportedType_TypeDefId, id);
    u64 key;
    exported_key(MD_TABLE_OF(impl) == MDT_ExportedType ? impl : 0, name, &key);
    map64_put(&a->exported_index, key, MD_TOKEN(MDT_ExportedType, rid));
    if (!a->panic) a->at = MIN(close + 1, a->tok_count - 1);
}

/* --- resources --- */

static void embed(Asm *a, u32 rid, u32 file, u32 at)
{
    char *text = NULL;
    size_t n = 0;
    Err e = {0};
    const char *name = ia_s(a, file)->p;
    bool ok = os_file_read(name, &text, &n, &e);
    Place p = ia_place(a, a->tok[at].pos);
    const char *slash = strrchr(p.file, '/');
    if (!ok && *name != '/' && slash) ok = os_file_read(arena_printf(&a->arena, "%.*s/%s", (int)(slash - p.file), p.file, name), &text, &n, &e);
    for (u32 i = 0; !ok && *name != '/' && i < a->opt.include_count; i++)
        ok = os_file_read(arena_printf(&a->arena, "%s/%s", a->opt.include[i], name), &text, &n, &e);
    if (!ok) {
        ia_errorf(a, a->tok[at].pos, "cannot read the resource %s", name);
        return;
    }
    if (n > 0x3FFFFFFF) ia_errorf(a, a->tok[at].pos, "the resource %s is too large", name);
    else mdw_set(a->w, MDT_ManifestResource, rid, MDC_ManifestResource_Offset, pew_resource(a->pe, text, (u32)n));
    base_free(text);
}

static void resource(Asm *a)
{
    u32 at = a->at, flags = 0, name, file, impl = 0, offset = 0, owner = a->owner;
    ia_next(a);
    for (;;) {
        if (ia_take_kw(a, K_public)) flags = 1;
        else if (ia_take_kw(a, K_private)) flags = 2;
        else if (!(ia_kw(a, K_flags) && ia_ahead(a, 1)->kind == '(')) break;
        else if (a->at += 2, !ia_want_int32(a, &flags) || !ia_want(a, ')', "')'")) return;
    }
    if (!(name = ia_want_name(a))) return;
    file = name;
    if (ia_take_kw(a, K_as) && !(file = ia_want_name(a))) return;
    u32 rid = MDW_ADD(a->w, ManifestResource, 0, flags, ia_str(a, name), 0), close = a->tok[a->at].val;
    if (!ia_want(a, '{', "'{'")) return;
    a->owner = MD_TOKEN(MDT_ManifestResource, rid);
    while (!ia_is(a, '}') && !ia_is(a, T_EOF) && !a->panic) {
        if (ia_take_kw(a, K_d_file)) {
            impl = file_ref(a);
            if (impl && ia_want_kw(a, K_at, "'at'")) ia_want_int32(a, &offset);
        } else if (ia_kw(a, K_d_assembly) && ia_ahead(a, 1)->kw == K_extern) {
            a->at += 2;
            u32 tok = a->at, asm_name = ia_want_name(a);
            if (asm_name) impl = ia_assembly_ref(a, asm_name, tok);
        } else if (ia_kw(a, K_d_custom)) {
            ia_custom(a);
        } else {
            u32 before = a->at;
            ia_attr_aliases(a);
            if (a->at == before) ia_expected(a, ".file, .assembly extern, .custom or '}'");
        }
    }
    a->owner = owner;
    if (a->panic) return;
    a->at = MIN(close + 1, a->tok_count - 1);
    mdw_set(a->w, MDT_ManifestResource, rid, MDC_ManifestResource_Implementation, mdw_coded(MDK_Implementation, impl));
    if (impl) mdw_set(a->w, MDT_ManifestResource, rid, MDC_ManifestResource_Offset, offset);
    else embed(a, rid, file, at);
}

/* --- image settings --- */

static void setting(Asm *a, u32 kw)
{
    i64 v;
    u32 at = a->at;
    ia_next(a);
    if (kw == K_d_file) ia_next(a);
    if (!ia_want_int(a, &v)) return;
    switch (kw) {
    case K_d_subsystem: a->subsystem = (u32)v, a->has_subsystem = true; break;
    case K_d_corflags: a->corflags = (u32)v, a->has_corflags = true; break;
    case K_d_imagebase: a->image_base = (u64)v, a->has_base = true; break;
    case K_d_stackreserve: a->stack_reserve = (u64)v, a->has_stack = true; break;
    default:
        if (v < 0x200 || v > 0x10000 || (v & (v - 1))) {
            ia_fail(a, at, "the alignment of a file is a power of two from 512 to 65536");
            return;
        }
        a->alignment = (u32)v, a->has_alignment = true;
    }
}

/* --- names of one's own --- */

static bool spec_bytes(Asm *a, Alias *al)
{
    u32 start = a->sig.len;
    if (!ia_type(a)) return false;
    al->sig_len = a->sig.len - start;
    u8 *p = arena_alloc(&a->arena, al->sig_len);
    memcpy(p, a->sig.p + start, al->sig_len);
    al->sig = p;
    a->sig.len = start;
    return true;
}

void ia_typedef(Asm *a, bool members)
{
    Alias al = {.at = a->at};
    ia_next(a);
    u32 kw = ia_tok(a)->kw, name;
    bool member = kw == K_field || kw == K_d_custom || kw == K_method || kw == K_mdtoken;
    if (member != members) return;
    u32 at = a->at;
    if (kw == K_d_custom) {
        al.kind = ALIAS_ATTR;
        al.at = at;
        while (!ia_is(a, T_EOF) && !ia_is(a, '}') && !ia_kw(a, K_as)) {
            if (ia_is(a, '{') && ia_tok(a)->val > a->at) a->at = MIN(ia_tok(a)->val, a->tok_count - 1);
            ia_next(a);
        }
    } else if (member) {
        al.token = ia_owner_ref(a);
        if (!al.token) return;
        u32 table = MD_TABLE_OF(al.token);
        al.kind = table == MDT_MethodDef || table == MDT_MethodSpec || (table == MDT_MemberRef && kw == K_method) ? ALIAS_METHOD : ALIAS_FIELD;
        if (table <= MDT_TypeDef || table == MDT_TypeSpec) al.kind = ALIAS_TYPE;
    } else if (ia_is(a, '[') || ia_is_name(a) || kw == K_d_this || kw == K_d_base || kw == K_d_nester) {
        al.kind = ALIAS_TYPE;
        if (!(al.token = ia_class_name(a))) return;
    } else {
        al.kind = ALIAS_SPEC;
        if (!spec_bytes(a, &al)) return;
    }
    if (!ia_want_kw(a, K_as, "'as' and a name") || !(name = ia_want_name(a))) return;
    if (ia_s(a, name)->alias) {
        ia_fail(a, a->at - 1, "the name %s stands for something already", ia_s(a, name)->p);
        return;
    }
    vec_push(&a->aliases, al);
    a->syms.data[name].alias = a->aliases.len;
}

/* --- lines --- */

u32 ia_document(Asm *a, const char *path)
{
    for (u32 i = a->docs.len; i-- > 0;)
        if (a->docs.data[i].name == path) return i + 1;
    for (u32 i = a->docs.len; i-- > 0;)
        if (strcmp(a->docs.data[i].name, path) == 0) return i + 1;
    Document d = {.name = path};
    memcpy(d.language, a->has_language ? a->language[0] : md_pdb_il, 16);
    memcpy(d.vendor, a->language[1], 16);
    memcpy(d.type, a->language[2], 16);
    vec_push(&a->docs, d);
    return a->docs.len;
}

/* .line first[,last] [: column[,column]] ['file'] */
void ia_line(Asm *a)
{
    u32 v[4] = {0}; /* line, last line, column, last column */
    ia_next(a);
    if (!ia_want_int32(a, &v[0])) return;
    v[1] = v[0];
    if (ia_take(a, ',') && !ia_want_int32(a, &v[1])) return;
    if (ia_take(a, ':')) {
        if (!ia_want_int32(a, &v[2])) return;
        v[3] = v[2];
        if (ia_take(a, ',') && !ia_want_int32(a, &v[3])) return;
    }
    if (ia_is(a, T_SQ) || ia_is(a, T_STR)) {
        a->tmp.len = 0;
        ia_string(a, ia_tok(a));
        ia_next(a);
        if (a->tmp.len) a->line.doc = ia_document(a, ia_s(a, ia_tmp_sym(a))->p);
    }
    a->line.line = v[0], a->line.end_line = v[1], a->line.col = v[2], a->line.end_col = v[3];
    if (!a->line.doc && a->opt.debug) a->line.doc = ia_document(a, ia_place(a, ia_tok(a)->pos).file);
    a->line.pending = a->line.any = a->opt.debug != ILASM_DEBUG_NONE;
}

static bool guid(const char *s, u8 out[16])
{
    static const u8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    u32 n = 0;
    for (; *s && n < 32; s++) {
        u32 d;
        if (*s == '{' || *s == '}' || *s == '-') continue;
        if (*s >= '0' && *s <= '9') d = (u32)(*s - '0');
        else if ((*s | 32) >= 'a' && (*s | 32) <= 'f') d = (u32)((*s | 32) - 'a') + 10;
        else return false;
        u8 *b = &out[order[n / 2]];
        *b = (u8)(n % 2 ? *b | d : d << 4);
        n++;
    }
    return n == 32;
}

void ia_language(Asm *a)
{
    ia_next(a);
    for (u32 i = 0; i < 3; i++) {
        if (i && !ia_take(a, ',')) return;
        if (!ia_is(a, T_SQ) && !ia_is(a, T_STR)) {
            ia_expected(a, "a GUID in quotes");
            return;
        }
        a->tmp.len = 0;
        ia_string(a, ia_tok(a));
        if (!guid(ia_s(a, ia_tmp_sym(a))->p, a->language[i])) {
            ia_fail(a, a->at, "this is no GUID");
            return;
        }
        a->has_language = true;
        ia_next(a);
    }
}

/* --- the walks --- */

void ia_manifest_first(Asm *a, Item *it)
{
    switch (it->kw) {
    case K_d_assembly: assembly_first(a, it); break;
    case K_d_module: module_first(a, it); break;
    case K_d_file: file_first(a, it); break;
    case K_d_mscorlib: a->mscorlib = true; break;
    default: break;
    }
}

void ia_manifest(Asm *a, Item *it)
{
    switch (it->kw) {
    case K_d_assembly: assembly_rest(a, it); break;
    case K_d_module:
        a->at = it->end;
        if (it->end) a->owner = it->ref ? MD_TOKEN(MDT_ModuleRef, it->ref) : MD_TOKEN(MDT_Module, 1);
        break;
    case K_d_file:
        if (ia_ahead(a, 1)->kw == K_alignment) {
            setting(a, K_d_file);
        } else {
            a->at = it->end;
            if (it->ref) a->owner = MD_TOKEN(MDT_File, it->ref);
        }
        break;
    case K_d_class: exported_type(a); break;
    case K_d_export:
        if (it->cls == 1) exported_type(a);
        else ia_expected(a, "a declaration of a class");
        break;
    case K_d_mresource: resource(a); break;
    case K_d_subsystem: case K_d_corflags: case K_d_imagebase: case K_d_stackreserve: setting(a, it->kw); break;
    case K_d_mscorlib: ia_next(a); break;
    case K_d_vtfixup: ia_vtfixup(a); break;
    case K_d_vtable: ia_fail(a, a->at, ".vtable is out of use; .vtfixup does it"); break;
    default: ia_expected(a, it->cls > 1 ? "a declaration of a class" : "a declaration");
    }
}
