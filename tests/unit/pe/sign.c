/* sign.c: strong-name signatures made and checked with a small key pair; key files that are wrong. */
#include "test.h"

#include "key512.h"
#include "pe/pe_sign.h"
#include "pe/pe_write.h"

static u8 *image(u32 room, size_t *size)
{
    static const u8 metadata[64] = "BSJB";
    PeWriter *w = pew_new(false, true);
    pew_options(w)->cli_flags |= PE_CLI_STRONG_NAME_SIGNED;
    pew_add(w, PEW_TEXT, "abcdefgh", 8, 4);
    if (room) pew_strong_name(w, room);
    EXPECT(pew_layout(w, sizeof metadata, NULL));
    u8 *f = pew_finish(w, metadata, 16, size);
    pew_free(w);
    return f;
}

TEST(sign_and_check)
{
    PeKey k;
    Err e = {0};
    size_t size;
    EXPECT(pe_key_open(&k, key512, sizeof key512, &e));
    EXPECT(k.can_sign);
    EXPECT_EQ(k.signature_size, 64);
    EXPECT_EQ(k.public_size, 96);
    u8 *f = image(k.signature_size, &size);
    if (!pe_sign(f, size, &k, &e) && e.kind == ERR_DLL_NOT_FOUND) {
        printf("no libcrypto: signing is not tested\n");
        pe_key_close(&k);
        base_free(f);
        return;
    }
    EXPECT_STR(e.text, "");
    EXPECT(pe_check_signature(f, size, k.public_key, k.public_size, &e));
    f[0x210] ^= 1; /* outside the signature */
    EXPECT(!pe_check_signature(f, size, k.public_key, k.public_size, NULL));
    f[0x210] ^= 1;
    memset(f + 0x80 + 24 + 64, 0xFF, 4); /* the checksum is not signed */
    EXPECT(pe_check_signature(f, size, k.public_key, k.public_size, NULL));
    base_free(f);
    /* the room must be the key's; a public key cannot sign */
    f = image(128, &size);
    EXPECT(!pe_sign(f, size, &k, &e));
    EXPECT(strstr(e.text, "room"));
    base_free(f);
    f = image(0, &size);
    EXPECT(!pe_sign(f, size, &k, NULL));
    PeKey public;
    EXPECT(pe_key_open(&public, k.public_key, k.public_size, NULL));
    EXPECT(!public.can_sign && memcmp(public.public_key, k.public_key, k.public_size) == 0);
    EXPECT(!pe_sign(f, size, &public, NULL));
    pe_key_close(&public);
    base_free(f);
    pe_key_close(&k);
}

TEST(bad_keys)
{
    for (u32 n = 0; n < sizeof key512; n++) {
        PeKey k;
        Err e = {0};
        u8 *cut = base_malloc(n + 1);
        memcpy(cut, key512, n);
        EXPECT(!pe_key_open(&k, cut, n, &e));
        pe_key_close(&k);
        base_free(cut);
    }
    EXPECT(!pe_key_open(&(PeKey){0}, (const u8 *)"-----BEGIN RSA PRIVATE KEY-----", 31, NULL));
}

TEST_MAIN(sign_and_check, bad_keys)
