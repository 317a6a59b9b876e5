/* base_sha256.h: SHA-256 (FIPS 180-4): what names a file by its content (time stamps and MVIDs of images, identities and checksums of PDBs). */
#ifndef BASE_BASE_SHA256_H
#define BASE_BASE_SHA256_H
#include "base/base.h"

void base_sha256(const void *data, size_t len, u8 out[32]);
#endif
