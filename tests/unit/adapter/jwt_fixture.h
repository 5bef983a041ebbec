/**
 * jwt_fixture.h: tokens that are good but for what a test does to them.
 */
#ifndef JWT_FIXTURE_H
#define JWT_FIXTURE_H

#include <criterion/criterion.h>

#include "ad_base64.h"
#include "ad_jwt.h"
#include "test_arena.h"

#define DATA "tests/data/jose/"
#define NOW ((int64_t)1800000000)

static struct sv_arena A;
static struct ad_jwk_set *keys, *signer;
static const struct sv_str here[] = { SV_STATIC("https://salvor.example/fhir") };

static struct ad_jwk_set *
read_keys(const char *file, bool private)
{
	struct sv_str text = test_read(&A, file);
	struct ad_jwk_set *s = private ? ad_jwk_signer_read(text, NULL)
	    : ad_jwk_set_read(text, NULL);

	cr_assert(s != NULL, "%s", file);
	return s;
}

static void
setup(void)
{
	A = test_arena((size_t)64 << 20);
	keys = read_keys(DATA "ES384.public.json", false);
	signer = read_keys(DATA "ES384.private.json", true);
}

static void
teardown(void)
{
	ad_jwk_set_free(keys);
	ad_jwk_set_free(signer);
	sv_arena_free(&A);
}

static struct ad_jwt_policy
policy(void)
{
	return (struct ad_jwt_policy){ .algorithms = AD_JWA_SMART,
		.issuer = SV_LIT("https://idp.example"), .audience = here,
		.n_audience = 1, .now_s = NOW, .leeway_s = AD_JWT_LEEWAY_S };
}

/* What becomes of ${token}. */
static inline enum ad_jwt_fault
verdict(struct sv_str token, const struct ad_jwk_set *set,
    const struct ad_jwt_policy *p)
{
	struct ad_jwt t;
	enum ad_jwt_fault f = ad_jwt_read(&A, token, &t);

	return f != AD_JWT_GOOD ? f : ad_jwt_verify(&t, set, p);
}

static struct sv_str
base64(struct sv_str s)
{
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 20);
	ad_base64_write(&b, s);
	return sv_buf_str(&b);
}

/* ${header} and ${claims} as they are, signed by the IG's ES384 key. */
static struct sv_str
token(const char *header, const char *claims)
{
	struct sv_str first = base64(sv_str_of(header)),
	    second = base64(sv_str_of(claims)), input, made;

	input = sv_arena_printf(&A, "%.*s.%.*s", SV_FMT(first), SV_FMT(second));
	cr_assert(sv_is_ok(ad_jwk_sign(&A, &signer->key[0], AD_JWA_ES384, input,
	    &made)));
	made = base64(made);
	return sv_arena_printf(&A, "%.*s.%.*s", SV_FMT(input), SV_FMT(made));
}

#define KID "\"kid\":\"cd520211e5661dbba2256f67f6d53f97\""
#define HEADER "{\"alg\":\"ES384\",\"typ\":\"JWT\"," KID "}"
#define ISS "\"iss\":\"https://idp.example\""
#define AUD "\"aud\":\"https://salvor.example/fhir\""
#define EXP "\"exp\":1800000300"
#define CLAIMS "{" ISS "," AUD "," EXP ",\"iat\":1800000000,\"jti\":\"1\"}"

#endif
