/**
 * ad_jwk_key.h: one key, between JWK and OpenSSL; internal to adapter/jose.
 */
#ifndef AD_JWK_KEY_H
#define AD_JWK_KEY_H

#include "ad_jose_json.h"
#include "ad_jwk.h"

/* A curve (RFC 7518 section 6.2.1.1). */
struct ad_jwk_curve {
	const char *crv, *group;	/* its name there, and in OpenSSL */
	size_t octets;			/* of a coordinate, and of r and s */
	enum ad_jwa algorithm;		/* that it is good for */
};

/** The curve of one of ${algorithms}; NULL: they are not of curves. */
const struct ad_jwk_curve *ad_jwk_curve_of(unsigned algorithms);

/** All algorithms that ${key} is good for by its type and size; 0: none. */
unsigned ad_jwk_good_for(const struct evp_pkey_st *key);

/** The key of the JWK ${o}, its private part if ${private}.  BAD if it is
 * broken, weak, or of a type that is not ours; NOMEM.  ${ret} is ended with
 * EVP_PKEY_free. */
struct sv_status ad_jwk_key_of(struct sv_arena *A, const struct cJSON *o,
    bool private, struct evp_pkey_st **ret) SV_CHECK;

#endif
