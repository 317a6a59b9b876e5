/* md_asmname.c: assembly identities, from rows and from display names (§II.22.2, §II.22.5; ECMA-335 §II.6.2.1).
 * Book: md.md  Tests: tests/unit/md/ */
#include "md/md_names.h"

#include "base/base_hash.h"
#include <stdio.h>

static void set_string(const char *s, const char **p, u32 *len)
{
    *p = s;
    *len = (u32)strlen(s);
}

static void set_key(MdAssemblyName *n, const u8 *key, u32 len, bool full)
{
    n->has_token = true;
    if (!key || len == 0) return;
    if (full) {
        n->public_key = key;
        n->public_key_len = len;
        md_public_key_token(key, len, n->token);
        n->token_len = 8;
    } else if (len == 8) {
        memcpy(n->token, key, 8);
        n->token_len = 8;
    }
}

bool md_assembly_identity(const MdImage *m, MdAssemblyName *out)
{
    memset(out, 0, sizeof(*out));
    if (!md_rows(m, MDT_Assembly)) return false;
    u32 len;
    const u8 *key = md_blob(m, md_Assembly_PublicKey(m, 1), &len);
    set_string(md_str(m, md_Assembly_Name(m, 1)), &out->name, &out->name_len);
    set_string(md_str(m, md_Assembly_Culture(m, 1)), &out->culture, &out->culture_len);
    out->version[0] = (u16)md_Assembly_MajorVersion(m, 1);
    out->version[1] = (u16)md_Assembly_MinorVersion(m, 1);
    out->version[2] = (u16)md_Assembly_BuildNumber(m, 1);
    out->version[3] = (u16)md_Assembly_RevisionNumber(m, 1);
    out->flags = md_Assembly_Flags(m, 1);
    out->has_version = out->has_culture = true;
    out->retargetable = out->flags & AF_RETARGETABLE;
    set_key(out, key, len, true);
    return true;
}

bool md_assemblyref_identity(const MdImage *m, u32 rid, MdAssemblyName *out)
{
    memset(out, 0, sizeof(*out));
    if (rid - 1 >= md_rows(m, MDT_AssemblyRef)) return false;
    u32 len;
    const u8 *key = md_blob(m, md_AssemblyRef_PublicKeyOrToken(m, rid), &len);
    set_string(md_str(m, md_AssemblyRef_Name(m, rid)), &out->name, &out->name_len);
    set_string(md_str(m, md_AssemblyRef_Culture(m, rid)), &out->culture, &out->culture_len);
    out->version[0] = (u16)md_AssemblyRef_MajorVersion(m, rid);
    out->version[1] = (u16)md_AssemblyRef_MinorVersion(m, rid);
    out->version[2] = (u16)md_AssemblyRef_BuildNumber(m, rid);
    out->version[3] = (u16)md_AssemblyRef_RevisionNumber(m, rid);
    out->flags = md_AssemblyRef_Flags(m, rid);
    out->has_version = out->has_culture = true;
    out->retargetable = out->flags & AF_RETARGETABLE;
    set_key(out, key, len, out->flags & AF_PUBLIC_KEY);
    return true;
}

/* --- display names --- */

typedef struct Parser {
    const char *p, *end;
    char *out; /* unescaped text goes here */
} Parser;

static void skip_space(Parser *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r')) s->p++;
}

/* One escaped character; false: no such escape. */
static bool escape(Parser *s)
{
    static const char from[] = "\\,='\"/tnr", to[] = "\\,='\"/\t\n\r";
    if (s->p >= s->end || *s->p == 0) return false;
    const char *at = strchr(from, *s->p++);
    if (!at) return false;
    *s->out++ = to[at - from];
    return true;
}

/* A word, quoted or up to `,` or `=`; trailing blanks are dropped. */
static bool word(Parser *s, const char **text, u32 *len)
{
    skip_space(s);
    char *start = s->out;
    char quote = s->p < s->end && (*s->p == '"' || *s->p == '\'') ? *s->p++ : 0;
    for (;; s->p++) {
        if (s->p >= s->end) {
            if (quote) return false;
            break;
        }
        char c = *s->p;
        if (c == 0) return false;
        if (quote ? c == quote : c == ',' || c == '=') break;
        if (!quote && (c == '"' || c == '\'')) return false;
        if (c == '\\') {
            s->p++;
            if (!escape(s)) return false;
            s->p--;
        } else {
            *s->out++ = c;
        }
    }
    if (quote) {
        s->p++;
        skip_space(s);
    } else {
        while (s->out > start && (s->out[-1] == ' ' || s->out[-1] == '\t')) s->out--;
    }
    *text = start;
    *len = (u32)(s->out - start);
    return true;
}

static bool is_word(const char *p, u32 len, const char *w)
{
    size_t n = strlen(w);
    if (n != len) return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] | 0x20) != (w[i] | 0x20)) return false;
    return true;
}

static bool parse_version(const char *p, u32 len, MdAssemblyName *out)
{
    u32 part = 0, value = 0, digits = 0;
    for (u32 i = 0; i <= len; i++) {
        if (i == len || p[i] == '.') {
            if (digits == 0 || value > 0xFFFF || part == 4) return false;
            out->version[part++] = (u16)value;
            value = digits = 0;
        } else if (p[i] >= '0' && p[i] <= '9' && digits < 6) {
            value = value * 10 + (u32)(p[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    out->has_version = true;
    return part >= 2;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex digits to bytes in place; the count of bytes, or -1 */
static int parse_hex(const char *p, u32 len, u8 *out)
{
    if (len % 2) return -1;
    for (u32 i = 0; i < len; i += 2) {
        int hi = hex(p[i]), lo = hex(p[i + 1]);
        if (hi < 0 || lo < 0) return -1;
        out[i / 2] = (u8)(hi << 4 | lo);
    }
    return (int)(len / 2);
}

enum { PART_VERSION = 1, PART_CULTURE = 2, PART_KEY = 4, PART_RETARGETABLE = 8, PART_CONTENT = 16, PART_ARCH = 32 };

static bool parse_key(const char *v, u32 len, bool full, MdAssemblyName *out)
{
    out->has_token = true;
    if (is_word(v, len, "null") || (len == 0 && !full)) return true;
    int n = parse_hex(v, len, (u8 *)(uintptr_t)v); /* v lies in the caller's buffer */
    if (n < 0 || (!full && n != 8)) return false;
    set_key(out, (const u8 *)v, (u32)n, full);
    if (full) out->flags |= AF_PUBLIC_KEY;
    return true;
}

static bool part(const char *key, u32 klen, const char *v, u32 vlen, u32 *seen, MdAssemblyName *out)
{
    u32 bit = 0;
    bool ok = true;
    if (is_word(key, klen, "Version")) {
        bit = PART_VERSION;
        ok = parse_version(v, vlen, out);
    } else if (is_word(key, klen, "Culture")) {
        bit = PART_CULTURE;
        bool neutral = is_word(v, vlen, "neutral");
        out->culture = neutral ? "" : v;
        out->culture_len = neutral ? 0 : vlen;
        out->has_culture = true;
    } else if (is_word(key, klen, "PublicKeyToken")) {
        bit = PART_KEY;
        ok = parse_key(v, vlen, false, out);
    } else if (is_word(key, klen, "PublicKey")) {
        bit = PART_KEY;
        ok = parse_key(v, vlen, true, out);
    } else if (is_word(key, klen, "Retargetable")) {
        bit = PART_RETARGETABLE;
        out->retargetable = is_word(v, vlen, "yes");
        ok = out->retargetable || is_word(v, vlen, "no");
        if (out->retargetable) out->flags |= AF_RETARGETABLE;
    } else if (is_word(key, klen, "ContentType")) {
        bit = PART_CONTENT;
        ok = is_word(v, vlen, "WindowsRuntime");
        out->flags |= AF_WINDOWS_RUNTIME;
    } else if (is_word(key, klen, "ProcessorArchitecture")) {
        bit = PART_ARCH;
        ok = is_word(v, vlen, "None") || is_word(v, vlen, "MSIL") || is_word(v, vlen, "X86") ||
             is_word(v, vlen, "IA64") || is_word(v, vlen, "AMD64") || is_word(v, vlen, "ARM");
    } /* others are passed over */
    if (*seen & bit) return false;
    *seen |= bit;
    return ok;
}

static bool parse(Parser *s, MdAssemblyName *out)
{
    u32 seen = 0;
    if (!word(s, &out->name, &out->name_len) || out->name_len == 0) return false;
    while (s->p < s->end) {
        const char *key, *value;
        u32 klen, vlen;
        if (*s->p++ != ',') return false;
        if (!word(s, &key, &klen) || klen == 0) return false;
        if (s->p >= s->end || *s->p++ != '=') return false;
        if (!word(s, &value, &vlen)) return false;
        if (!part(key, klen, value, vlen, &seen, out)) return false;
    }
    return true;
}

bool md_parse_assembly_name(const char *text, size_t len, char *buf, MdAssemblyName *out, Err *e)
{
    Parser s = {text, text + len, buf};
    memset(out, 0, sizeof(*out));
    memset(out->version, 0xFF, sizeof(out->version));
    out->culture = "";
    bool ok = parse(&s, out);
    *s.out = 0;
    if (ok) return true;
    if (e && e->kind == ERR_NONE) e->hresult = (i32)0x80131047; /* FUSION_E_INVALID_NAME */
    return err_set(e, ERR_FILE_LOAD, 0, "The given assembly name was invalid.");
}

typedef struct Out {
    char *buf;
    size_t cap, len;
} Out;

static void put(Out *o, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++, o->len++)
        if (o->len + 1 < o->cap) o->buf[o->len] = s[i];
}

static void put_escaped(Out *o, const char *s, size_t n)
{
    bool quote = n && (s[0] == ' ' || s[n - 1] == ' ');
    if (quote) put(o, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        static const char from[] = "\\,='\"\t\n\r", to[] = "\\,='\"tnr";
        const char *at = s[i] ? strchr(from, s[i]) : NULL;
        if (at) put(o, "\\", 1);
        put(o, at ? &to[at - from] : &s[i], 1);
    }
    if (quote) put(o, "\"", 1);
}

size_t md_format_assembly_name(const MdAssemblyName *n, char *buf, size_t cap)
{
    Out o = {buf, cap, 0};
    char tmp[64];
    put_escaped(&o, n->name, n->name_len);
    if (n->has_version) {
        size_t k = (size_t)snprintf(tmp, sizeof(tmp), ", Version=%u.%u.%u.%u", n->version[0], n->version[1], n->version[2], n->version[3]);
        put(&o, tmp, k);
    }
    if (n->has_culture) {
        put(&o, ", Culture=", 10);
        if (n->culture_len) put_escaped(&o, n->culture, n->culture_len);
        else put(&o, "neutral", 7);
    }
    if (n->has_token) {
        put(&o, ", PublicKeyToken=", 17);
        for (u32 i = 0; i < n->token_len; i++) {
            snprintf(tmp, sizeof(tmp), "%02x", n->token[i]);
            put(&o, tmp, 2);
        }
        if (!n->token_len) put(&o, "null", 4);
    }
    if (n->retargetable) put(&o, ", Retargetable=Yes", 18);
    if ((n->flags & AF_CONTENT_TYPE) == AF_WINDOWS_RUNTIME) put(&o, ", ContentType=WindowsRuntime", 28);
    if (cap) buf[MIN(o.len, cap - 1)] = 0;
    return o.len;
}

static u8 lower(char c)
{
    return (u8)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool md_same_simple_name(const MdAssemblyName *a, const MdAssemblyName *b)
{
    if (a->name_len != b->name_len) return false;
    for (u32 i = 0; i < a->name_len; i++)
        if (lower(a->name[i]) != lower(b->name[i])) return false;
    return true;
}

void md_public_key_token(const u8 *key, u32 len, u8 token[8])
{
    u8 h[20];
    base_sha1(key, len, h);
    for (int i = 0; i < 8; i++) token[i] = h[19 - i];
}
