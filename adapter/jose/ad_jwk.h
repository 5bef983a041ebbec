/**
 * ad_jwk.h: keys of JSON Web Signatures (RFC 7517, RFC 7518), on OpenSSL's
 * EVP.
 *
 * An algorithm belongs to one type and size of key; which algorithms a key is
 * good for is settled when the key is read, so that a token cannot choose
 * (RFC 8725 section 3.1).  There is no "none" and no symmetric algorithm.
 */
#ifndef AD_JWK_H
#define AD_JWK_H

#include "sv_arena.h"
#include "sv_buf.h"
#include "sv_status.h"

struct evp_pkey_st;

/* Sets of algorithms are sums of these. */
enum ad_jwa {
	AD_JWA_RS256 = 1,
	AD_JWA_RS384 = 2,
	AD_JWA_ES256 = 4,	/* P-256 */
	AD_JWA_ES384 = 8	/* P-384 */
};
/* What SMART Backend Services and CDS Hooks want everybody to support. */
#define AD_JWA_SMART (AD_JWA_RS384 | AD_JWA_ES384)

/** The algorithm named ${name}, exactly; 0: none of ours. */
unsigned ad_jwa_of(struct sv_str name);
const char *ad_jwa_name(enum ad_jwa a);

struct ad_jwk {
	struct sv_str kid;		/* opaque bytes; .n 0: none */
	unsigned algorithms;		/* it may be used with */
	struct evp_pkey_st *key;
};

#define AD_JWK_MAX 64			/* keys of a set */
#define AD_JWK_MAX_BYTES (256 * 1024)	/* of a set, as text */
#define AD_JWK_RSA_MIN_BITS 2048
#define AD_JWK_RSA_MAX_BITS 8192

struct ad_jwk_set {
	struct sv_arena A;
	struct ad_jwk key[AD_JWK_MAX];
	size_t n;
	size_t ignored;			/* keys that were not usable */
};

/**
 * ad_jwk_set_read(json, err):
 * The public keys of a JWK Set, or of a single JWK.  Keys of another type,
 * use, or algorithm, and keys that are weak or broken, are ignored (RFC 7517
 * section 5); private parts are not read.  NULL with ${err}: ${json} is not
 * strict JSON, has no "keys", has more than AD_JWK_MAX keys or
 * AD_JWK_MAX_BYTES, has no usable key, or memory ran out.
 * A set never changes; any thread may use it.
 */
struct ad_jwk_set *ad_jwk_set_read(struct sv_str json, struct sv_err *err);
void ad_jwk_set_free(struct ad_jwk_set *s);	/* NULL is allowed */

/**
 * ad_jwk_signer_read(text, err):
 * A set of one: the first private key of ${text}, which is PEM (without
 * passphrase) or a JWK or JWK Set.  Without a kid of its own it gets its
 * thumbprint (RFC 7638).  NULL with ${err}.
 */
struct ad_jwk_set *ad_jwk_signer_read(struct sv_str text, struct sv_err *err);

/** The public part of ${k} as a JWK, to be published; BAD if OpenSSL fails. */
struct sv_status ad_jwk_write(const struct ad_jwk *k, struct sv_buf *out)
    SV_CHECK;

/** The thumbprint of ${k} (RFC 7638, SHA-256, base64url). */
struct sv_status ad_jwk_thumbprint(const struct ad_jwk *k, struct sv_buf *out)
    SV_CHECK;

/**
 * ad_jwk_verify(k, a, input, signature):
 * REFUSED if ${signature} (as in a JWS: r and s side by side for ES*) over
 * ${input} was not made with ${k}, or ${k} is not for ${a}.  NOMEM.
 */
struct sv_status ad_jwk_verify(const struct ad_jwk *k, enum ad_jwa a,
    struct sv_str input, struct sv_str signature) SV_CHECK;

/** Sign ${input} with the private key ${k}; ${ret} is in ${A}.  BAD if ${k} is
 * not for ${a} or not private; NOMEM. */
struct sv_status ad_jwk_sign(struct sv_arena *A, const struct ad_jwk *k,
    enum ad_jwa a, struct sv_str input, struct sv_str *ret) SV_CHECK;

#endif
