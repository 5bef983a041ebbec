#include "ad_jwk_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "ad_base64.h"

static const struct ad_jwk_curve curves[] = {
	{ "P-256", "prime256v1", 32, AD_JWA_ES256 },
	{ "P-384", "secp384r1", 48, AD_JWA_ES384 },
};

/* RFC 7518 section 6.3: the first two are public; ${name} is OpenSSL's. */
static const struct {
	const char *member, *name;
} rsa_members[] = {
	{ "n", OSSL_PKEY_PARAM_RSA_N }, { "e", OSSL_PKEY_PARAM_RSA_E },
	{ "d", OSSL_PKEY_PARAM_RSA_D },
	{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};
#define RSA_MEMBERS (sizeof(rsa_members) / sizeof(rsa_members[0]))
#define RSA_PUBLIC 2

const struct ad_jwk_curve *
ad_jwk_curve_of(unsigned algorithms)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (algorithms & curves[i].algorithm)
			return &curves[i];
	}
	return NULL;
}

unsigned
ad_jwk_good_for(const EVP_PKEY *key)
{
	char group[32] = "";
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA"))
		return bits >= AD_JWK_RSA_MIN_BITS && bits <= AD_JWK_RSA_MAX_BITS
		    ? AD_JWA_RS256 | AD_JWA_RS384 : 0;
	if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group,
	    sizeof(group), NULL) != 1)
		return 0;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(group, curves[i].group) == 0)
			return curves[i].algorithm;
	}
	return 0;
}

/* The number ${member} of ${o} as octets. */
static struct sv_status
octets(struct sv_arena *A, const struct cJSON *o, const char *member,
    struct sv_str *ret)
{
	struct sv_str text;

	SV_ENSURE(ad_jose_text(o, member, &text) && text.n > 0, SV_BAD);
	return ad_base64_read(A, text, ret);
}

/* The same as a number pushed to ${to}, which keeps only a reference: it lives
 * in ${keep} until the parameters are made. */
static struct sv_status
push_number(OSSL_PARAM_BLD *to, const char *name, struct sv_str v,
    BIGNUM **keep)
{
	*keep = BN_secure_new();
	SV_ENSURE(*keep != NULL
	    && BN_bin2bn((const unsigned char *)v.p, (int)v.n, *keep) != NULL
	    && OSSL_PARAM_BLD_push_BN(to, name, *keep) == 1, SV_NOMEM);
	return SV_OK;
}

static struct sv_status
push_rsa(struct sv_arena *A, const struct cJSON *o, size_t members,
    OSSL_PARAM_BLD *to, BIGNUM **keep)
{
	struct sv_str v;

	for (size_t i = 0; i < members; i++) {
		SV_TRY(octets(A, o, rsa_members[i].member, &v));
		/* Before OpenSSL works with it. */
		SV_ENSURE(v.n <= AD_JWK_RSA_MAX_BITS / 8 + 1, SV_BAD);
		SV_TRY(push_number(to, rsa_members[i].name, v, &keep[i]));
	}
	/* An even exponent or 1 proves nothing; a huge one is a burden. */
	SV_ENSURE(BN_is_odd(keep[1]) && !BN_is_one(keep[1])
	    && BN_num_bits(keep[1]) <= 33, SV_BAD);
	return SV_OK;
}

static struct sv_status
push_ec(struct sv_arena *A, const struct cJSON *o, bool private,
    OSSL_PARAM_BLD *to, BIGNUM **keep)
{
	const struct ad_jwk_curve *c = NULL;
	struct sv_str crv, x, y, d;
	char *point;

	SV_ENSURE(ad_jose_text(o, "crv", &crv), SV_BAD);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (sv_str_is(crv, curves[i].crv))
			c = &curves[i];
	}
	SV_ENSURE(c != NULL, SV_BAD);
	SV_TRY(octets(A, o, "x", &x));
	SV_TRY(octets(A, o, "y", &y));
	SV_ENSURE(x.n == c->octets && y.n == c->octets, SV_BAD);
	point = sv_arena_alloc(A, 1 + x.n + y.n);
	SV_ENSURE(point != NULL, SV_NOMEM);
	point[0] = 4;		/* uncompressed (SEC 1, 2.3.3) */
	memcpy(point + 1, x.p, x.n);
	memcpy(point + 1 + x.n, y.p, y.n);
	SV_ENSURE(OSSL_PARAM_BLD_push_utf8_string(to, OSSL_PKEY_PARAM_GROUP_NAME,
	    c->group, 0) == 1 && OSSL_PARAM_BLD_push_octet_string(to,
	    OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x.n + y.n) == 1, SV_NOMEM);
	if (!private)
		return SV_OK;
	SV_TRY(octets(A, o, "d", &d));
	SV_ENSURE(d.n == c->octets, SV_BAD);
	return push_number(to, OSSL_PKEY_PARAM_PRIV_KEY, d, keep);
}

/* OpenSSL checks it too: the point is on its curve, the modulus is no prime
 * and no square, the private part belongs to the public one. */
static bool
is_sound(EVP_PKEY *key, bool private)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool sound = c != NULL && ad_jwk_good_for(key) != 0
	    && (private ? EVP_PKEY_check(c) : EVP_PKEY_public_check(c)) == 1;

	EVP_PKEY_CTX_free(c);
	return sound;
}

static struct sv_status
make(const char *type, OSSL_PARAM_BLD *from, bool private, EVP_PKEY **ret)
{
	OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(from);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;
	bool good = p != NULL && c != NULL && EVP_PKEY_fromdata_init(c) == 1
	    && EVP_PKEY_fromdata(c, &key, private ? EVP_PKEY_KEYPAIR
	    : EVP_PKEY_PUBLIC_KEY, p) == 1 && is_sound(key, private);

	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(p);
	if (good)
		*ret = key;
	else
		EVP_PKEY_free(key);
	return good ? SV_OK : SV_BAD;
}

struct sv_status
ad_jwk_key_of(struct sv_arena *A, const struct cJSON *o, bool private,
    EVP_PKEY **ret)
{
	BIGNUM *keep[RSA_MEMBERS] = { NULL };
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	struct sv_status s = SV_BAD;
	struct sv_str kty;

	SV_ENSURE(b != NULL, SV_NOMEM);
	if (!ad_jose_text(o, "kty", &kty))
		kty.n = 0;
	if (sv_str_is(kty, "RSA"))
		s = push_rsa(A, o, private ? RSA_MEMBERS : RSA_PUBLIC, b, keep);
	else if (sv_str_is(kty, "EC"))
		s = push_ec(A, o, private, b, keep);
	if (sv_is_ok(s))
		s = make(sv_str_is(kty, "RSA") ? "RSA" : "EC", b, private, ret);
	OSSL_PARAM_BLD_free(b);
	for (size_t i = 0; i < RSA_MEMBERS; i++)
		BN_clear_free(keep[i]);
	return s;
}
