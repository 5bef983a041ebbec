/*
 * Tokens: the published ones pass, and what is wrong with others is named.
 */
#include <criterion/criterion.h>

#include "jwt_fixture.h"

TestSuite(jwt, .init = setup, .fini = teardown);

Test(jwt, a_good_one)
{
	struct ad_jwt_policy p = policy();
	struct ad_jwt t;

	p.need_typ = p.need_kid = p.need_iat = p.need_jti = true;
	p.max_life_s = 300;
	cr_assert_eq(verdict(token(HEADER, CLAIMS), keys, &p), AD_JWT_GOOD);
	cr_assert_eq(ad_jwt_read(&A, token(HEADER, "{" ISS ",\"n\":7,"
	    "\"scope\":\"system/*.cud\"}"), &t), AD_JWT_GOOD);
	cr_assert(sv_str_is(ad_jwt_claim(&t, "scope"), "system/*.cud"));
	cr_assert_eq(ad_jwt_claim(&t, "n").n, 0);
	cr_assert_eq(t.expires_s, -1);
}

/* CDS Hooks, "JWT Signing Algorithm", between its iat and its exp. */
Test(jwt, the_example_of_cds_hooks)
{
	struct sv_str text = sv_str_trim(test_read(&A, DATA "cds-hooks.jwt"));
	struct ad_jwk_set *set = read_keys(DATA "cds-hooks.jwks.json", false);
	struct sv_str aud[] = {
		SV_LIT("https://cds.example.org/cds-services/some-service") };
	struct ad_jwt_policy p = { .algorithms = AD_JWA_ES384, .now_s
		= 1422568800, .issuer = SV_LIT("https://fhir-ehr.example.com/"),
		.audience = aud, .n_audience = 1, .need_typ = true,
		.need_kid = true, .need_iat = true, .need_jti = true };
	struct ad_jwt t;

	cr_assert_eq(verdict(text, set, &p), AD_JWT_GOOD);
	p.now_s = NOW;
	cr_assert_eq(verdict(text, set, &p), AD_JWT_EXPIRED);
	p.now_s = 1300000000;
	cr_assert_eq(verdict(text, set, &p), AD_JWT_EARLY);
	p.now_s = 1422568800;
	p.max_life_s = 3600;
	cr_assert_eq(verdict(text, set, &p), AD_JWT_LIFE);
	p.max_life_s = 0;
	p.algorithms = AD_JWA_RS384;
	cr_assert_eq(verdict(text, set, &p), AD_JWT_ALGORITHM);
	cr_assert_eq(ad_jwt_read(&A, text, &t), AD_JWT_GOOD);
	cr_assert(sv_str_is(t.jku, "https://fhir-ehr.example.com/jwk_uri"));
	cr_assert(sv_str_is(t.jti, "ee22b021-e1b7-4611-ba5b-8eec6a33ac1e"));
	ad_jwk_set_free(set);
}

#define SMART_CLAIMS "eyJpc3MiOiJodHRwczovL2JpbGktbW9uaXRvci5leGFtcGxlLmNvbSIs" \
	"InN1YiI6Imh0dHBzOi8vYmlsaS1tb25pdG9yLmV4YW1wbGUuY29tIiwiYXVkIjoiaHR0c"	\
	"HM6Ly9hdXRob3JpemUuc21hcnRoZWFsdGhpdC5vcmcvdG9rZW4iLCJleHAiOjE0MjI1Nj"	\
	"g4NjAsImp0aSI6InJhbmRvbS1ub24tcmV1c2FibGUtand0LWlkLTEyMyJ9"
#define SMART_ES384 "eyJhbGciOiJFUzM4NCIsImtpZCI6ImNkNTIwMjExZTU2NjFkYmJhMjI1N" \
	"mY2N2Y2ZDUzZjk3IiwidHlwIjoiSldUIn0." SMART_CLAIMS ".ddl5N8dt5PYI_7syKg"	\
	"_dm1wj1LR3dYVztFlTODs6pU1vKH1Zv3d9NctbnAsZ4aZ1K7HE83_fA_hIAL0JsU1GoB7r"	\
	"oLmrpj8zfygG9Q1ZBAmKNoR60pyONPZsGTihoR29"
#define SMART_RS384 "eyJhbGciOiJSUzM4NCIsImtpZCI6ImVlZTlmMTdhM2I1OThmZDg2NDE3Y" \
	"Tk4MGI1OTFmYmU2IiwidHlwIjoiSldUIn0." SMART_CLAIMS ".D5kAqNJwaftCqsRdVV"	\
	"QDq6dMBxuGFOF5svQJuXbcYp-oEyg5qOwK9ZE5cGLTHxqwfpUPNzRKgVdIGuhawAA-8g0s1"	\
	"nKQae8CuKs33hhKh4J34xSEwW3MYs1gwI4GHTtR_g3kYSX6QCi14Ed3GIAvYFgqRqt-gD7s"	\
	"ewMUXL4SB8I8cXcDbCqVizm7uPVhjw6QaeKZygJJ_AVLhM4Xs9LTy4HAhdCHpN0FrNmCerU"	\
	"IYJvHDpcod7A0jDmxdoeW1KIBYlhdhQNwjtsTvT1ce4qacN_3KIv_fIzCKLIgDv9eWxkjAt"	\
	"xOmIm8aW5gX9xX7X0nbd0QglIyiic_bZVNNEh0kg"

/* SMART Backend Services 2.2.0, "Authorization Example". */
Test(jwt, the_examples_of_smart)
{
	struct ad_jwk_set *rs = read_keys(DATA "RS384.public.json", false);
	struct ad_jwk_set *own = read_keys(DATA "RS384.private.json", true);
	struct sv_str aud[] = { SV_LIT(
	    "https://authorize.smarthealthit.org/token") }, made;
	struct ad_jwt_policy p = policy();
	struct ad_jwt_claims c = { .issuer = SV_LIT(
	    "https://bili-monitor.example.com"), .audience = aud[0],
	    .jti = SV_LIT("random-non-reusable-jwt-id-123"),
	    .expires_s = 1422568860 };

	c.subject = p.issuer = c.issuer;
	p.audience = aud;
	p.now_s = 1422568800;
	cr_assert_eq(verdict(SV_LIT(SMART_ES384), keys, &p), AD_JWT_GOOD);
	cr_assert_eq(verdict(SV_LIT(SMART_RS384), rs, &p), AD_JWT_GOOD);
	/* RS384 has one signature: ours is theirs, byte by byte. */
	cr_assert(sv_is_ok(ad_jwt_sign(&A, &own->key[0], AD_JWA_RS384, &c,
	    &made)));
	cr_assert(sv_str_is(made, SMART_RS384), "%.*s", SV_FMT(made));
	cr_assert(sv_is_ok(ad_jwt_sign(&A, &signer->key[0], AD_JWA_ES384, &c,
	    &made)));
	cr_assert_eq(verdict(made, keys, &p), AD_JWT_GOOD);
	cr_assert(!sv_is_ok(ad_jwt_sign(&A, &own->key[0], AD_JWA_ES384, &c,
	    &made)));
	ad_jwk_set_free(rs);
	ad_jwk_set_free(own);
}

/* Everything else about these is good, the signature included. */
static const struct {
	const char *header, *claims;
	enum ad_jwt_fault f;
} rows[] = {
	{ "{\"alg\":\"none\",\"typ\":\"JWT\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"None\",\"typ\":\"JWT\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"HS384\",\"typ\":\"JWT\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"PS384\",\"typ\":\"JWT\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"es384\",\"typ\":\"JWT\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"ES384\\u0020\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"ES256\"," KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"RS384\"," KID "}", CLAIMS, AD_JWT_UNKNOWN_KEY },
	{ "{\"alg\":[\"ES384\"]," KID "}", CLAIMS, AD_JWT_HEADER },
	{ "{\"alg\":384," KID "}", CLAIMS, AD_JWT_HEADER },
	{ "{" KID "}", CLAIMS, AD_JWT_ALGORITHM },
	{ "{\"alg\":\"none\",\"alg\":\"ES384\"," KID "}", CLAIMS, AD_JWT_HEADER },
	{ "{\"alg\":\"none\",\"\\u0061lg\":\"ES384\"," KID "}", CLAIMS,
	    AD_JWT_HEADER },
	{ "{\"alg\":\"ES384\",\"crit\":[\"exp\"],\"exp\":1," KID "}", CLAIMS,
	    AD_JWT_CRITICAL },
	{ "{\"alg\":\"ES384\",\"crit\":[]," KID "}", CLAIMS, AD_JWT_CRITICAL },
	{ "{\"alg\":\"ES384\",\"b64\":false," KID "}", CLAIMS, AD_JWT_CRITICAL },
	{ "{\"alg\":\"ES384\",\"typ\":\"secevent+jwt\"," KID "}", CLAIMS,
	    AD_JWT_TYPE },
	{ "{\"alg\":\"ES384\",\"typ\":\"dpop+jwt\"," KID "}", CLAIMS, AD_JWT_TYPE },
	{ "{\"alg\":\"ES384\",\"typ\":7," KID "}", CLAIMS, AD_JWT_HEADER },
	{ "{\"alg\":\"ES384\",\"typ\":\"Application/AT+jwt\"," KID "}", CLAIMS,
	    AD_JWT_GOOD },
	{ "{\"alg\":\"ES384\"," KID "}", CLAIMS, AD_JWT_GOOD },
	{ "{\"alg\":\"ES384\"}", CLAIMS, AD_JWT_GOOD },
	{ "{\"alg\":\"ES384\",\"kid\":\"another\"}", CLAIMS, AD_JWT_UNKNOWN_KEY },
	{ "{\"alg\":\"ES384\",\"kid\":\"CD520211E5661DBBA2256F67F6D53F97\"}", CLAIMS,
	    AD_JWT_UNKNOWN_KEY },
	{ "{\"alg\":\"ES384\",\"kid\":[\"cd520211e5661dbba2256f67f6d53f97\"]}",
	    CLAIMS, AD_JWT_HEADER },
	{ " " HEADER, CLAIMS, AD_JWT_GOOD },
	{ HEADER "x", CLAIMS, AD_JWT_HEADER },
	{ "[]", CLAIMS, AD_JWT_HEADER },
	{ HEADER, "[]", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP "," EXP "}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"x\":\"\\u0000\"}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"x\":\"\xff\"}", AD_JWT_CLAIMS },
	{ HEADER, "{" AUD "," EXP "}", AD_JWT_ISSUER },
	{ HEADER, "{\"iss\":\"\"," AUD "," EXP "}", AD_JWT_ISSUER },
	{ HEADER, "{\"iss\":\"https://idp.example/\"," AUD "," EXP "}",
	    AD_JWT_ISSUER },
	{ HEADER, "{\"iss\":[\"https://idp.example\"]," AUD "," EXP "}",
	    AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," EXP "}", AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":\"https://other.example/fhir\"," EXP "}",
	    AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":\"https://salvor.example/fhir/x\"," EXP "}",
	    AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":[]," EXP "}", AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":null," EXP "}", AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":{\"a\":\"https://salvor.example/fhir\"}," EXP
	    "}", AD_JWT_AUDIENCE },
	{ HEADER, "{" ISS ",\"aud\":[7,\"x\",\"https://salvor.example/fhir\"],"
	    EXP "}", AD_JWT_GOOD },
	{ HEADER, "{" ISS "," AUD "}", AD_JWT_EXPIRED },
	{ HEADER, "{" ISS "," AUD ",\"exp\":\"1800000300\"}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD ",\"exp\":null}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD ",\"exp\":-1}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD ",\"exp\":1e99}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD ",\"exp\":999999999999999999}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD ",\"exp\":1799999941}", AD_JWT_GOOD },
	{ HEADER, "{" ISS "," AUD ",\"exp\":1799999940}", AD_JWT_EXPIRED },
	{ HEADER, "{" ISS "," AUD ",\"exp\":1799999940.999}", AD_JWT_EXPIRED },
	{ HEADER, "{" ISS "," AUD ",\"exp\":1.8000003e9}", AD_JWT_GOOD },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"nbf\":1800000060}", AD_JWT_GOOD },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"nbf\":1800000061}", AD_JWT_EARLY },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"iat\":1800000061}", AD_JWT_EARLY },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"iat\":\"1800000000\"}",
	    AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"nbf\":true}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"jti\":7}", AD_JWT_CLAIMS },
	{ HEADER, "{" ISS "," AUD "," EXP ",\"sub\":{}}", AD_JWT_CLAIMS },
};

Test(jwt, what_is_wrong_is_named)
{
	struct ad_jwt_policy p = policy();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum ad_jwt_fault f = verdict(token(rows[i].header,
		    rows[i].claims), keys, &p);

		cr_expect_eq(f, rows[i].f, "%s %s: %s, not %s", rows[i].header,
		    rows[i].claims, ad_jwt_fault_name(f),
		    ad_jwt_fault_name(rows[i].f));
	}
}

/* What CDS Hooks requires beyond RFC 7519. */
Test(jwt, what_is_needed)
{
	struct ad_jwt_policy p = policy();
	struct sv_str bare = token("{\"alg\":\"ES384\"}",
	    "{" ISS "," AUD "," EXP "}");

	cr_assert_eq(verdict(bare, keys, &p), AD_JWT_GOOD);
	p.need_jti = true;
	cr_assert_eq(verdict(bare, keys, &p), AD_JWT_JTI);
	p.need_iat = true;
	cr_assert_eq(verdict(bare, keys, &p), AD_JWT_LIFE);
	p.need_kid = true;
	cr_assert_eq(verdict(bare, keys, &p), AD_JWT_KID);
	p.need_typ = true;
	cr_assert_eq(verdict(bare, keys, &p), AD_JWT_TYPE);
}

static bool
is_any(const void *ctx, struct sv_str audience)
{
	return sv_str_is(audience, ctx);
}

Test(jwt, the_audience_is_never_left_out)
{
	struct ad_jwt_policy p = policy();

	p.n_audience = 0;
	cr_assert_eq(verdict(token(HEADER, CLAIMS), keys, &p), AD_JWT_AUDIENCE);
	p.is_audience = is_any;
	p.ctx = "https://salvor.example/fhir";
	cr_assert_eq(verdict(token(HEADER, CLAIMS), keys, &p), AD_JWT_GOOD);
	p.ctx = "https://salvor.example/";
	cr_assert_eq(verdict(token(HEADER, CLAIMS), keys, &p), AD_JWT_AUDIENCE);
	p = policy();
	p.issuer.n = 0;
	cr_assert_eq(verdict(token(HEADER, CLAIMS), keys, &p), AD_JWT_ISSUER);
}
