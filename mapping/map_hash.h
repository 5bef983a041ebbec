/**
 * map_hash.h: SHA-256, by OpenSSL.
 */
#ifndef MAP_HASH_H
#define MAP_HASH_H

#include "sv_status.h"
#include "sv_str.h"

#define MAP_HASH_HEX 64

/** The SHA-256 of the ${n} ${parts}, each preceded by its length, as
 * lowercase hex without NUL.  NOMEM if OpenSSL fails. */
struct sv_status map_hash(const struct sv_str *parts, size_t n,
    char ret_hex[MAP_HASH_HEX]) SV_CHECK;

#define MAP_UUID_TEXT 37		/* 36 characters and NUL */

/** A UUID (version 5 in form, RFC 4122) that follows from the ${parts}. */
struct sv_status map_uuid(const struct sv_str *parts, size_t n,
    char ret[MAP_UUID_TEXT]) SV_CHECK;

#endif
