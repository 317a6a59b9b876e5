/* base_hash.h: digests.  MD5: the GUIDs that types without one of their own get.  SHA-1: public key tokens and strong names (§II.6.2.1.3).
 * SHA-256: what names a file by its content: time stamps and MVIDs of images, identities and checksums of PDBs. */
#ifndef BASE_BASE_HASH_H
#define BASE_BASE_HASH_H
#include "base/base.h"

void base_md5(const void *data, size_t len, u8 out[16]);
void base_sha1(const void *data, size_t len, u8 out[20]);
void base_sha256(const void *data, size_t len, u8 out[32]);
#endif
