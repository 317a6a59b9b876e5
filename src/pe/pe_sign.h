/* pe_sign.h: strong names: key files and signatures (§II.6.2.1.3; RSA with SHA-1, which is what the format has).
 * The arithmetic is libcrypto's, loaded when it is first needed: reading a key needs no library, signing and checking do.
 * Tests: tests/unit/pe/sign.c */
#ifndef PE_PE_SIGN_H
#define PE_PE_SIGN_H
#include "base/base.h"

typedef struct PeKey {
    u8 *public_key; /* as assemblies have it: 12 bytes of algorithms and size, then the key's public blob; owned */
    u32 public_size;
    u32 signature_size; /* what pew_strong_name is given */
    bool can_sign;      /* false: the file has the public part only (delayed signing) */
    u8 *parts;          /* modulus, private exponent: little-endian, signature_size bytes each; owned, wiped by pe_key_close */
    u32 exponent;
} PeKey;

/* bytes: a .snk file with a key pair, or with a public key in either form (as sn -p and sn -tp give it). */
bool pe_key_open(PeKey *key, const u8 *bytes, size_t size, Err *e);
void pe_key_close(PeKey *key);
/* Writes the signature into the room that pew_strong_name left in a finished file, and the header's checksum.  false: no room, no libcrypto. */
bool pe_sign(u8 *file, size_t size, const PeKey *key, Err *e);
/* Is the file's signature that of this public key? */
bool pe_check_signature(const u8 *file, size_t size, const u8 *public_key, u32 n, Err *e);
#endif
