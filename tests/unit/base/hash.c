/* Digests of the messages that RFC 1321 and FIPS 180-4 give results for; lengths around the end of a block. */
#include "test.h"

#include <stdio.h>

#include "base/base_hash.h"

#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static void expect(void (*hash)(const void *, size_t, u8 *), u32 size, const char *text, const char *hex)
{
    u8 h[32];
    char out[65];
    hash(text, strlen(text), h);
    for (u32 i = 0; i < size; i++) snprintf(out + 2 * i, 3, "%02x", h[i]);
    EXPECT_STR(out, hex);
}

TEST(md5)
{
    expect(base_md5, 16, "", "d41d8cd98f00b204e9800998ecf8427e");
    expect(base_md5, 16, "abc", "900150983cd24fb0d6963f7d28e17f72");
    expect(base_md5, 16, TWO_BLOCKS, "8215ef0796a20bcaaae116d3876c664a");
}

TEST(sha1)
{
    expect(base_sha1, 20, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect(base_sha1, 20, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(base_sha1, 20, TWO_BLOCKS, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST(sha256)
{
    expect(base_sha256, 32, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(base_sha256, 32, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(base_sha256, 32, TWO_BLOCKS, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_MAIN(md5, sha1, sha256)
