/*
 * A public key as a JWK, and its thumbprint.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "ad_base64.h"
#include "ad_jwk_key.h"
#include "fhir_write.h"

/* The number ${name} of ${k}, in ${octets} octets or (0) as few as it needs. */
static struct sv_status
put_number(const struct ad_jwk *k, const char *name, int octets,
    struct sv_buf *out)
{
	unsigned char v[AD_JWK_RSA_MAX_BITS / 8];
	BIGNUM *n = NULL;
	bool good;

	good = EVP_PKEY_get_bn_param(k->key, name, &n) == 1;
	if (good && octets == 0)
		octets = BN_num_bytes(n);
	good = good && octets <= (int)sizeof(v)
	    && BN_bn2binpad(n, v, octets) == octets;
	if (good)
		ad_base64_write(out, (struct sv_str){ (const char *)v,
			(size_t)octets });
	BN_free(n);
	ERR_clear_error();
	return good ? SV_OK : SV_BAD;
}

/* The required members in the order of RFC 7638 section 3, without braces. */
static struct sv_status
put_members(const struct ad_jwk *k, struct sv_buf *out)
{
	const struct ad_jwk_curve *c = ad_jwk_curve_of(k->algorithms);

	if (c == NULL) {
		sv_buf_add(out, SV_LIT("\"e\":\""));
		SV_TRY(put_number(k, OSSL_PKEY_PARAM_RSA_E, 0, out));
		sv_buf_add(out, SV_LIT("\",\"kty\":\"RSA\",\"n\":\""));
		SV_TRY(put_number(k, OSSL_PKEY_PARAM_RSA_N, 0, out));
	} else {
		sv_buf_printf(out, "\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"",
		    c->crv);
		SV_TRY(put_number(k, OSSL_PKEY_PARAM_EC_PUB_X, (int)c->octets,
		    out));
		sv_buf_add(out, SV_LIT("\",\"y\":\""));
		SV_TRY(put_number(k, OSSL_PKEY_PARAM_EC_PUB_Y, (int)c->octets,
		    out));
	}
	sv_buf_addc(out, '"');
	return sv_buf_ok(out) ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_jwk_write(const struct ad_jwk *k, struct sv_buf *out)
{
	sv_buf_addc(out, '{');
	SV_TRY(put_members(k, out));
	sv_buf_add(out, SV_LIT(",\"use\":\"sig\",\"kid\":\""));
	fhir_escape_json(out, k->kid);
	sv_buf_add(out, SV_LIT("\"}"));
	return sv_buf_ok(out) ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_jwk_thumbprint(const struct ad_jwk *k, struct sv_buf *out)
{
	unsigned char hash[32];
	unsigned int n = 0;
	struct sv_buf b;
	struct sv_str s;

	sv_buf_init(&b, out->A, 2048);
	sv_buf_addc(&b, '{');
	SV_TRY(put_members(k, &b));
	sv_buf_addc(&b, '}');
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	s = sv_buf_str(&b);
	SV_ENSURE(EVP_Digest(s.p, s.n, hash, &n, EVP_sha256(), NULL) == 1,
	    SV_NOMEM);
	ad_base64_write(out, (struct sv_str){ (const char *)hash, n });
	return sv_buf_ok(out) ? SV_OK : SV_NOMEM;
}
