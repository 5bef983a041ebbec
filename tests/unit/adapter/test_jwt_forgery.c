/*
 * What forgers do to tokens.
 */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "jwt_fixture.h"

TestSuite(forgery, .init = setup, .fini = teardown);

/* The oldest trick: HMAC with the public key as the secret. */
Test(forgery, a_public_key_is_no_secret)
{
	static const char *const secrets[] = { DATA "ES384.public.json",
		DATA "signer.pem" };
	struct sv_str first = base64(SV_LIT("{\"alg\":\"HS384\"," KID "}")),
	    second = base64(SV_LIT(CLAIMS)), input, made, secret;
	struct ad_jwt_policy p = policy();
	unsigned char mac[48];
	unsigned int n = sizeof(mac);

	input = sv_arena_printf(&A, "%.*s.%.*s", SV_FMT(first), SV_FMT(second));
	for (size_t i = 0; i < 2; i++) {
		secret = test_read(&A, secrets[i]);
		cr_assert(HMAC(EVP_sha384(), secret.p, (int)secret.n,
		    (const unsigned char *)input.p, input.n, mac, &n) != NULL);
		made = base64((struct sv_str){ (const char *)mac, n });
		made = sv_arena_printf(&A, "%.*s.%.*s", SV_FMT(input),
		    SV_FMT(made));
		cr_assert_eq(verdict(made, keys, &p), AD_JWT_ALGORITHM);
		p.algorithms = ~0u;
		cr_assert_neq(verdict(made, keys, &p), AD_JWT_GOOD);
	}
}

/* A token has one spelling: no octet can be changed, added or left out. */
Test(forgery, one_spelling)
{
	static const char *const around[] = { "%.*s=", "%.*s==", " %.*s", "%.*s ",
		"%.*s\n", "%.*s.", ".%.*s", "%.*s.e30", "%.*sA", "%.*s%%00" };
	struct sv_str good = token(HEADER, CLAIMS), other;
	struct ad_jwt_policy p = policy();

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		other = sv_arena_printf(&A, around[i], SV_FMT(good));
#pragma GCC diagnostic pop
		cr_assert_neq(verdict(other, keys, &p), AD_JWT_GOOD, "%.*s",
		    SV_FMT(other));
	}
	for (size_t i = 0; i < good.n; i++) {
		struct sv_str cut = { good.p, i };

		cr_assert_neq(verdict(cut, keys, &p), AD_JWT_GOOD, "%zu", i);
		other = sv_arena_str(&A, good);
		((char *)(uintptr_t)other.p)[i] = other.p[i] == 'A' ? 'B' : 'A';
		cr_assert_neq(verdict(other, keys, &p), AD_JWT_GOOD, "%zu", i);
	}
	cr_assert_eq(verdict(SV_LIT(".."), keys, &p), AD_JWT_FORM);
	cr_assert_eq(verdict(SV_LIT(""), keys, &p), AD_JWT_FORM);
	cr_assert_eq(verdict(SV_LIT("e30.e30."), keys, &p), AD_JWT_FORM);
	cr_assert_eq(verdict(SV_LIT("e30..e30.e30.e30"), keys, &p), AD_JWT_FORM);
}

/* Signatures of ES384 are not DER in a JWS (RFC 7518 section 3.4). */
Test(forgery, a_der_signature_is_none)
{
	struct sv_str good = token(HEADER, CLAIMS), raw, der;
	struct ad_jwt_policy p = policy();
	size_t at = sv_str_rchr(good, '.');
	char octets[104];

	cr_assert(sv_is_ok(ad_base64_read(&A, sv_str_from(good, at + 1), &raw)));
	cr_assert_eq(raw.n, 96);
	memcpy(octets, "\x30\x66\x02\x31", 5);
	memcpy(octets + 5, raw.p, 48);
	memcpy(octets + 53, "\x02\x31", 3);
	memcpy(octets + 56, raw.p + 48, 48);
	octets[1] = sizeof(octets) - 2;
	der = (struct sv_str){ octets, sizeof(octets) };
	der = base64(der);
	cr_assert_eq(verdict(sv_arena_printf(&A, "%.*s.%.*s", (int)at, good.p,
	    SV_FMT(der)), keys, &p), AD_JWT_SIGNATURE);
}

Test(forgery, too_long)
{
	struct ad_jwt_policy p = policy();
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 20);
	sv_buf_add(&b, SV_LIT("{" ISS "," AUD "," EXP ",\"x\":\""));
	for (int i = 0; i < AD_JWT_MAX; i++)
		sv_buf_addc(&b, 'x');
	sv_buf_add(&b, SV_LIT("\"}"));
	sv_buf_addc(&b, '\0');
	cr_assert_eq(verdict(token(HEADER, b.p), keys, &p), AD_JWT_TOO_LONG);
}

/* Without a kid no key is guessed; two keys of one kid are both tried. */
Test(forgery, which_key)
{
	struct sv_str mine = test_read(&A, DATA "ES384.public.json"),
	    other = test_read(&A, DATA "cds-hooks.jwks.json");
	struct ad_jwt_policy p = policy();
	struct ad_jwk_set *two;

	mine = sv_str_from(mine, sv_str_chr(mine, '[') + 1);
	mine.n = sv_str_rchr(mine, ']');
	other = sv_str_from(other, sv_str_chr(other, '[') + 1);
	other.n = sv_str_rchr(other, ']');
	two = ad_jwk_set_read(sv_arena_printf(&A, "{\"keys\":[%.*s,%.*s]}",
	    SV_FMT(other), SV_FMT(mine)), NULL);
	cr_assert(two != NULL);
	cr_assert_eq(verdict(token(HEADER, CLAIMS), two, &p), AD_JWT_GOOD);
	cr_assert_eq(verdict(token("{\"alg\":\"ES384\"}", CLAIMS), two, &p),
	    AD_JWT_UNKNOWN_KEY);
	two->key[0].kid = two->key[1].kid;
	cr_assert_eq(verdict(token(HEADER, CLAIMS), two, &p), AD_JWT_GOOD);
	ad_jwk_set_free(two);
}

/* Every allocation of reading may fail; none is taken for a verdict. */
Test(forgery, without_memory)
{
	struct sv_str text = token(HEADER, CLAIMS);
	enum ad_jwt_fault f = AD_JWT_MEMORY;
	long k = 0;

	for (; f != AD_JWT_GOOD && k < 100; k++) {
		long allowed = k;
		struct sv_arena few = test_arena_failing(1 << 20, &allowed);
		struct ad_jwt t;

		f = ad_jwt_read(&few, text, &t);
		cr_assert(f == AD_JWT_MEMORY || f == AD_JWT_GOOD);
		sv_arena_free(&few);
	}
	cr_assert_eq(f, AD_JWT_GOOD);
	cr_assert_gt(k, 1);
}
