/**
 * ad_base64.h: base64url without padding (RFC 4648 section 5, RFC 7515
 * section 2), read exactly: one text for every octet string, so that a token
 * has no second spelling.
 */
#ifndef AD_BASE64_H
#define AD_BASE64_H

#include "sv_buf.h"
#include "sv_status.h"

/** The octets of ${text}, in ${A}.  BAD if a character is none of the
 * alphabet (padding included), the length is impossible, or unused bits are
 * set; NOMEM. */
struct sv_status ad_base64_read(struct sv_arena *A, struct sv_str text,
    struct sv_str *ret) SV_CHECK;

/** Append the text of ${octets} to ${out}. */
void ad_base64_write(struct sv_buf *out, struct sv_str octets);

#endif
