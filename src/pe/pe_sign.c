/* pe_sign.c: strong-name signatures.
 * What is signed: the headers up to the end of the section table, with checksum and certificate directory as zeros, then the file from
 * SizeOfHeaders on without the signature itself.  Its SHA-1 is padded as PKCS #1 v1.5 asks; the number is stored little-endian.
 * Why not libcrypto's own RSA calls: policies of some systems refuse SHA-1 there, and strong names identify, they do not protect.
 * Book: pe.md  Tests: tests/unit/pe/sign.c */
#include "pe/pe_sign.h"

#include "os/os_dl.h"
#include "pe/pe.h"
#include "pe/pe_write.h"

enum { BLOB_HEADER = 20, PREFIX = 12, MAX_KEY = 2048 /* bytes: RSA of 16384 bits */, SHA1_SIZE = 20 };

/* --- Keys --- */

/* "RSA1" or "RSA2": type, version 2, two reserved bytes, algorithm, magic, bits, exponent, modulus (little-endian) */
static bool read_blob(PeKey *k, const u8 *p, size_t size)
{
    if (size < BLOB_HEADER || p[1] != 2) return false;
    bool pair = p[0] == 7 && memcmp(p + 8, "RSA2", 4) == 0;
    u32 bits = pe_u32(p + 12), n = bits / 8, half = bits / 16;
    if (!pair && !(p[0] == 6 && memcmp(p + 8, "RSA1", 4) == 0)) return false;
    if (bits % 16 || n < 48 || n > MAX_KEY || size < BLOB_HEADER + (size_t)n * (pair ? 2 : 1) + (pair ? 5 * half : 0)) return false;
    static const u8 prefix[] = {0, 0x24, 0, 0, 4, 0x80, 0, 0}; /* CALG_RSA_SIGN, CALG_SHA1 */
    static const u8 header[] = {6, 2, 0, 0, 0, 0x24, 0, 0, 'R', 'S', 'A', '1'};
    const u32 blob = BLOB_HEADER + n;
    k->signature_size = n;
    k->exponent = pe_u32(p + 16);
    k->can_sign = pair;
    k->public_size = PREFIX + blob;
    k->public_key = base_malloc(k->public_size);
    memcpy(k->public_key, prefix, 8);
    memcpy(k->public_key + 8, &blob, 4);
    memcpy(k->public_key + PREFIX, header, sizeof header);
    memcpy(k->public_key + PREFIX + 12, p + 12, 8 + (size_t)n);
    k->parts = base_calloc(2, n);
    memcpy(k->parts, p + BLOB_HEADER, n);
    if (pair) memcpy(k->parts + n, p + BLOB_HEADER + n + 5 * half, n);
    return true;
}

bool pe_key_open(PeKey *k, const u8 *p, size_t size, Err *e)
{
    memset(k, 0, sizeof *k);
    if (read_blob(k, p, size)) return true;
    if (size > PREFIX && pe_u32(p + 8) <= size - PREFIX && read_blob(k, p + PREFIX, size - PREFIX)) return true;
    return err_set(e, ERR_BAD_IMAGE, 0, "not a key file: an RSA key pair or public key as sn writes it (.snk) is expected");
}

void pe_key_close(PeKey *k)
{
    if (k->parts) memset(k->parts, 0, (size_t)k->signature_size * 2);
    __asm__ volatile("" ::: "memory"); /* the zeros are stored */
    base_free(k->parts);
    base_free(k->public_key);
    memset(k, 0, sizeof *k);
}

/* --- libcrypto --- */

typedef struct Crypto {
    u8 *(*SHA1)(const u8 *p, size_t n, u8 *out);
    void *(*BN_lebin2bn)(const u8 *p, int n, void *bn);
    int (*BN_bn2lebinpad)(const void *bn, u8 *out, int n);
    int (*BN_mod_exp)(void *r, const void *a, const void *power, const void *modulus, void *ctx);
    void *(*BN_new)(void);
    void (*BN_clear_free)(void *bn);
    void (*BN_set_flags)(void *bn, int flags);
    void *(*BN_CTX_new)(void);
    void (*BN_CTX_free)(void *ctx);
} Crypto;

static bool load_crypto(Crypto *c, Err *e)
{
    static const char *const files[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
    static const char *const names[] = {"SHA1",          "BN_lebin2bn",  "BN_bn2lebinpad", "BN_mod_exp", "BN_new",
                                        "BN_clear_free", "BN_set_flags", "BN_CTX_new",     "BN_CTX_free"};
    _Static_assert(sizeof(Crypto) == sizeof(void *) * ARRAY_LEN(names), "a name for each function");
    void *lib = NULL;
    for (u32 i = 0; i < ARRAY_LEN(files) && !lib; i++) lib = os_dl_open(files[i], NULL, 0);
    bool ok = lib != NULL;
    for (u32 i = 0; i < ARRAY_LEN(names) && ok; i++) {
        void *f = os_dl_sym(lib, names[i]);
        memcpy((char *)c + i * sizeof f, &f, sizeof f);
        ok = f != NULL;
    }
    if (ok) return true;
    return err_set(e, ERR_DLL_NOT_FOUND, 0,
                   "signing needs libcrypto of OpenSSL 1.1 or 3, which is not installed (apt install libssl3, dnf install openssl-libs); "
                   "without it, sign with a public key file only (delayed signing)");
}

/* out = base ^ power mod modulus; all little-endian, n bytes (power: power_size) */
static bool power_mod(const Crypto *c, const u8 *base, const u8 *power, u32 power_size, const u8 *modulus, u32 n, u8 *out)
{
    enum { CONSTANT_TIME = 4 };
    void *ctx = c->BN_CTX_new(), *r = c->BN_new(), *b = c->BN_lebin2bn(base, (int)n, NULL), *p = c->BN_lebin2bn(power, (int)power_size, NULL),
         *m = c->BN_lebin2bn(modulus, (int)n, NULL);
    bool ok = ctx && r && b && p && m && (modulus[0] & 1);
    if (ok) {
        c->BN_set_flags(p, CONSTANT_TIME);
        ok = c->BN_mod_exp(r, b, p, m, ctx) && c->BN_bn2lebinpad(r, out, (int)n) == (int)n;
    }
    void *const all[] = {r, b, p, m};
    for (u32 i = 0; i < ARRAY_LEN(all); i++) c->BN_clear_free(all[i]);
    c->BN_CTX_free(ctx);
    return ok;
}

/* --- What is signed --- */

typedef struct Signed {
    u32 headers, headers_end; /* end of the section table; SizeOfHeaders */
    u32 nt, signature, size;  /* file offsets */
} Signed;

static bool find_signature(const u8 *file, size_t size, Signed *s, Err *e)
{
    PeImage pe;
    if (!pe_open_memory(&pe, file, size, false, NULL, e)) return false;
    const u8 *p = pe.strong_name.size ? pe_rva_range(&pe, pe.strong_name.rva, pe.strong_name.size) : NULL;
    *s = (Signed){.headers = (u32)(pe.sections - file) + pe.section_count * 40,
                  .headers_end = pe.headers_size,
                  .nt = pe_u32(file + 0x3C),
                  .signature = p ? (u32)(p - file) : 0,
                  .size = pe.strong_name.size};
    bool ok = p && s->headers <= s->headers_end && s->headers_end <= s->signature;
    pe_close(&pe);
    return ok || err_set(e, ERR_BAD_IMAGE, 0, "the image has no room for a strong-name signature");
}

static void hash_image(const Crypto *c, const u8 *file, size_t size, const Signed *s, u8 hash[SHA1_SIZE])
{
    size_t end = (size_t)s->signature + s->size, n = s->headers + (s->signature - s->headers_end) + (size - end);
    u8 *b = base_malloc(n), *p = b + s->headers;
    u32 directories = s->nt + 24 + (pe_u16(file + s->nt + 24) == 0x20B ? 112 : 96);
    memcpy(b, file, s->headers);
    memset(b + s->nt + 24 + 64, 0, 4);   /* checksum */
    memset(b + directories + 4 * 8, 0, 8); /* certificates */
    memcpy(p, file + s->headers_end, s->signature - s->headers_end);
    memcpy(p + (s->signature - s->headers_end), file + end, size - end);
    c->SHA1(b, n, hash);
    base_free(b);
}

/* PKCS #1 v1.5: 00 01 FF … 00, the algorithm's name, the hash; as a little-endian number of n bytes */
static void pad_hash(const u8 hash[SHA1_SIZE], u8 *out, u32 n)
{
    static const u8 sha1_name[] = {0x30, 0x21, 0x30, 9, 6, 5, 0x2B, 0x0E, 3, 2, 0x1A, 5, 0, 4, 0x14};
    u32 at = 0;
    for (u32 i = SHA1_SIZE; i-- > 0;) out[at++] = hash[i];
    for (u32 i = sizeof sha1_name; i-- > 0;) out[at++] = sha1_name[i];
    out[at++] = 0;
    while (at < n - 2) out[at++] = 0xFF;
    out[at++] = 1;
    out[at] = 0;
}

bool pe_sign(u8 *file, size_t size, const PeKey *k, Err *e)
{
    Crypto c;
    Signed s;
    u8 hash[SHA1_SIZE], padded[MAX_KEY], signature[MAX_KEY], check[MAX_KEY];
    u32 n = k->signature_size;
    if (!k->can_sign) return err_set(e, ERR_BAD_IMAGE, 0, "the key file has no private key");
    if (!load_crypto(&c, e) || !find_signature(file, size, &s, e)) return false;
    if (s.size != n) return err_set(e, ERR_BAD_IMAGE, 0, "the image has room for a signature of %u bytes, not of %u", s.size, n);
    hash_image(&c, file, size, &s, hash);
    pad_hash(hash, padded, n);
    if (!power_mod(&c, padded, k->parts + n, n, k->parts, n, signature) ||
        !power_mod(&c, signature, (const u8 *)&k->exponent, 4, k->parts, n, check) || memcmp(check, padded, n) != 0)
        return err_set(e, ERR_BAD_IMAGE, 0, "the key file's private and public key do not belong together");
    memcpy(file + s.signature, signature, n);
    pew_checksum(file, size);
    return true;
}

bool pe_check_signature(const u8 *file, size_t size, const u8 *public_key, u32 public_size, Err *e)
{
    Crypto c;
    Signed s;
    PeKey k;
    u8 hash[SHA1_SIZE], padded[MAX_KEY], opened[MAX_KEY];
    if (!pe_key_open(&k, public_key, public_size, e)) return false;
    u32 n = k.signature_size;
    bool ok = load_crypto(&c, e) && find_signature(file, size, &s, e);
    if (ok && s.size == n) {
        hash_image(&c, file, size, &s, hash);
        pad_hash(hash, padded, n);
        ok = power_mod(&c, file + s.signature, (const u8 *)&k.exponent, 4, k.parts, n, opened) && memcmp(opened, padded, n) == 0;
    } else {
        ok = false;
    }
    pe_key_close(&k);
    return ok || err_set(e, ERR_BAD_IMAGE, 0, "the strong-name signature is not that of the key");
}
