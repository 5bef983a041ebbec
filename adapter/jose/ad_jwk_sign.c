/*
 * Signatures: RSASSA-PKCS1-v1_5 (RFC 7518 section 3.3) and ECDSA (3.4), whose
 * two numbers stand side by side in a JWS and in a DER sequence in OpenSSL.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "ad_jwk_key.h"

/* Octets of r, and of s; 0 for RSA. */
static size_t
half_of(enum ad_jwa a)
{
	const struct ad_jwk_curve *c = ad_jwk_curve_of(a);

	return c != NULL ? c->octets : 0;
}

static const EVP_MD *
digest_of(enum ad_jwa a)
{
	return a == AD_JWA_RS256 || a == AD_JWA_ES256 ? EVP_sha256()
	    : EVP_sha384();
}

/* A DER signature has at most 9 octets around its numbers. */
#define DER_MAX (2 * 48 + 9)

/* ${raw} as DER; its length, 0 if that fails. */
static size_t
to_der(struct sv_str raw, unsigned char der[DER_MAX])
{
	const unsigned char *p = (const unsigned char *)raw.p;
	int half = (int)(raw.n / 2), n = 0;
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(p, half, NULL), *t = BN_bin2bn(p + half, half,
	    NULL);

	if (s != NULL && r != NULL && t != NULL
	    && ECDSA_SIG_set0(s, r, t) == 1) {
		n = i2d_ECDSA_SIG(s, &der);
	} else {
		BN_free(r);
		BN_free(t);
	}
	ECDSA_SIG_free(s);
	return n > 0 ? (size_t)n : 0;
}

static bool
from_der(struct sv_str der, size_t half, unsigned char *raw)
{
	const unsigned char *p = (const unsigned char *)der.p;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	bool good = s != NULL
	    && BN_bn2binpad(ECDSA_SIG_get0_r(s), raw, (int)half) == (int)half
	    && BN_bn2binpad(ECDSA_SIG_get0_s(s), raw + half, (int)half)
	    == (int)half;

	ECDSA_SIG_free(s);
	return good;
}

struct sv_status
ad_jwk_verify(const struct ad_jwk *k, enum ad_jwa a, struct sv_str input,
    struct sv_str signature)
{
	size_t half = half_of(a);
	unsigned char der[DER_MAX];
	EVP_MD_CTX *c;
	int r = -1;

	SV_ENSURE((k->algorithms & a) != 0, SV_REFUSED);
	SV_ENSURE(half == 0 || signature.n == 2 * half, SV_REFUSED);
	if (half > 0) {
		signature = (struct sv_str){ (const char *)der,
			to_der(signature, der) };
		SV_ENSURE(signature.n > 0, SV_NOMEM);
	}
	c = EVP_MD_CTX_new();
	if (c != NULL && EVP_DigestVerifyInit(c, NULL, digest_of(a), NULL,
	    k->key) == 1)
		r = EVP_DigestVerify(c, (const unsigned char *)signature.p,
		    signature.n, (const unsigned char *)input.p, input.n);
	EVP_MD_CTX_free(c);
	ERR_clear_error();
	return r == 1 ? SV_OK : SV_REFUSED;
}

struct sv_status
ad_jwk_sign(struct sv_arena *A, const struct ad_jwk *k, enum ad_jwa a,
    struct sv_str input, struct sv_str *ret)
{
	size_t half = half_of(a), n = AD_JWK_RSA_MAX_BITS / 8;
	unsigned char *made = sv_arena_alloc(A, n), *raw = sv_arena_alloc(A, n);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good;

	good = made != NULL && raw != NULL && c != NULL
	    && (k->algorithms & a) != 0
	    && EVP_DigestSignInit(c, NULL, digest_of(a), NULL, k->key) == 1
	    && EVP_DigestSign(c, made, &n, (const unsigned char *)input.p,
	    input.n) == 1;
	EVP_MD_CTX_free(c);
	ERR_clear_error();
	SV_ENSURE(made != NULL && raw != NULL && c != NULL, SV_NOMEM);
	SV_ENSURE(good, SV_BAD);
	*ret = (struct sv_str){ (const char *)made, n };
	if (half > 0) {
		SV_ENSURE(from_der(*ret, half, raw), SV_NOMEM);
		*ret = (struct sv_str){ (const char *)raw, 2 * half };
	}
	return SV_OK;
}
