/* base_hash.c: digests of a whole message at a time: MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4).  One way of cutting a message into
 * blocks and of padding its end; what differs is the block's function and the order of bytes.
 * Book: base.md  Tests: tests/unit/base/hash.c */
#include "base/base_hash.h"

static u32 rol(u32 x, int n)
{
    return x << n | x >> (32 - n);
}

static u32 ror(u32 x, int n)
{
    return x >> n | x << (32 - n);
}

static u32 big_endian(const u8 *p)
{
    return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void digest(void (*block)(u32 *h, const u8 *p), bool big, u32 *h, u32 words, const u8 *p, size_t len, u8 *out)
{
    size_t left = len;
    for (; left >= 64; left -= 64, p += 64) block(h, p);
    u8 tail[128] = {0};
    if (left)
        memcpy(tail, p, left);
    tail[left] = 0x80;
    size_t n = left < 56 ? 64 : 128;
    u64 bits = (u64)len * 8;
    for (u32 i = 0; i < 8; i++) tail[n - 8 + i] = (u8)(bits >> 8 * (big ? 7 - i : i));
    block(h, tail);
    if (n == 128)
        block(h, tail + 64);
    for (u32 i = 0; i < 4 * words; i++) out[i] = (u8)(h[i / 4] >> 8 * (big ? 3 - i % 4 : i % 4));
}

/* --- MD5 --- */
static const u8 md5_shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
/* floor(2^32 * |sin(i + 1)|) */
static const u32 md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1,
    0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
    0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
    0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05,
    0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
    0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_block(u32 *h, const u8 *p)
{
    u32 w[16];
    memcpy(w, p, sizeof w);
    u32 a = h[0], b = h[1], c = h[2], d = h[3];
    for (u32 i = 0; i < 64; i++) {
        u32 f, k;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), k = i; break;
        case 1: f = (d & b) | (~d & c), k = (5 * i + 1) & 15; break;
        case 2: f = b ^ c ^ d, k = (3 * i + 5) & 15; break;
        default: f = c ^ (b | ~d), k = (7 * i) & 15; break;
        }
        u32 x = a + f + md5_sines[i] + w[k], s = md5_shifts[i / 16][i & 3];
        a = d;
        d = c;
        c = b;
        b += x << s | x >> (32 - s);
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
}

void base_md5(const void *data, size_t len, u8 out[16])
{
    u32 h[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    digest(md5_block, false, h, 4, data, len, out);
}

/* --- SHA-1 --- */
static void sha1_block(u32 *h, const u8 *p)
{
    u32 w[80];
    for (int i = 0; i < 16; i++) w[i] = big_endian(p + i * 4);
    for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
        u32 f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
        else f = b ^ c ^ d, k = 0xCA62C1D6;
        u32 t = rol(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = rol(b, 30);
        b = a;
        a = t;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void base_sha1(const void *data, size_t len, u8 out[20])
{
    u32 h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    digest(sha1_block, true, h, 5, data, len, out);
}

/* --- SHA-256 --- */
static const u32 sha256_rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* One step: what the eight letters stand for turns by one, so that nothing is moved. */
#define SHA256_STEP(a, b, c, d, e, f, g, h, i)                                                                                  \
    do {                                                                                                                       \
        u32 t_ = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + (g ^ (e & (f ^ g))) + sha256_rounds[i] + w[i];                    \
        d += t_;                                                                                                               \
        h = t_ + (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) | (c & (a | b)));                                            \
    } while (0)

static void sha256_block(u32 *state, const u8 *p)
{
    u32 w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 16; i++) w[i] = big_endian(p + i * 4);
    for (int i = 16; i < 64; i++) {
        u32 x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (ror(x, 7) ^ ror(x, 18) ^ x >> 3) + w[i - 7] + (ror(y, 17) ^ ror(y, 19) ^ y >> 10);
    }
    for (int i = 0; i < 64; i += 8) {
        SHA256_STEP(a, b, c, d, e, f, g, h, i);
        SHA256_STEP(h, a, b, c, d, e, f, g, i + 1);
        SHA256_STEP(g, h, a, b, c, d, e, f, i + 2);
        SHA256_STEP(f, g, h, a, b, c, d, e, i + 3);
        SHA256_STEP(e, f, g, h, a, b, c, d, i + 4);
        SHA256_STEP(d, e, f, g, h, a, b, c, i + 5);
        SHA256_STEP(c, d, e, f, g, h, a, b, i + 6);
        SHA256_STEP(b, c, d, e, f, g, h, a, i + 7);
    }
    const u32 sum[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) state[i] += sum[i];
}

void base_sha256(const void *data, size_t len, u8 out[32])
{
    u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    digest(sha256_block, true, h, 8, data, len, out);
}
