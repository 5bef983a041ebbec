/*
 * Keys: which are usable, for what, and what their signatures say.
 */
#define _GNU_SOURCE	/* memmem */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ad_base64.h"
#include "ad_jwk.h"
#include "test_arena.h"

#define DATA "tests/data/jose/"

static struct sv_arena A;

static void
setup(void)
{
	A = test_arena((size_t)64 << 20);
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(jwk, .init = setup, .fini = teardown);

static struct ad_jwk_set *
keys_of(const char *file)
{
	struct sv_err err = { .text = "" };
	struct ad_jwk_set *s = ad_jwk_set_read(test_read(&A, file), &err);

	cr_assert(s != NULL, "%s: %s", file, err.text);
	return s;
}

static struct sv_str
octets_of(const char *text)
{
	struct sv_str v;

	cr_assert(sv_is_ok(ad_base64_read(&A, sv_str_of(text), &v)), "%s",
	    text);
	return v;
}

/* RFC 4648 section 10, without padding; and what has no second spelling. */
Test(jwk, base64url_is_exact)
{
	static const char *const good[][2] = { { "", "" }, { "Zg", "f" },
		{ "Zm8", "fo" }, { "Zm9v", "foo" }, { "Zm9vYg", "foob" },
		{ "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" },
		{ "_-8", "\xff\xef" } };
	static const char *const bad[] = { "Z", "Zg==", "Zh", "Zm9", "Zm9v\n",
		"Zm+v", "Zm/v", " Zm9v", "Zm9vY", "Zm.v" };
	struct sv_str v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct sv_buf b;

		v = octets_of(good[i][0]);
		cr_assert(sv_str_is(v, good[i][1]), "%s", good[i][0]);
		sv_buf_init(&b, &A, 64);
		ad_base64_write(&b, v);
		cr_assert(sv_str_is(sv_buf_str(&b), good[i][0]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(ad_base64_read(&A, sv_str_of(bad[i]), &v).code,
		    SV_CODE_BAD, "%s", bad[i]);
}

#define CLAIMS_A2 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6"	\
	"Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define SIGNATURE_A2 "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOi" \
	"Zj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBY"	\
	"NX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0G"	\
	"arZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCn"	\
	"vWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypG"	\
	"lUPQGe77Rw"
#define SIGNATURE_A3 "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djx" \
	"La8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* The examples of RFC 7515, appendices A.2 (RS256) and A.3 (ES256). */
Test(jwk, the_signatures_of_rfc_7515)
{
	struct ad_jwk_set *s = keys_of(DATA "rfc7515.jwks.json");
	struct sv_str rs = SV_LIT("eyJhbGciOiJSUzI1NiJ9." CLAIMS_A2);
	struct sv_str es = SV_LIT("eyJhbGciOiJFUzI1NiJ9." CLAIMS_A2);
	struct sv_str rs_made = octets_of(SIGNATURE_A2);
	struct sv_str es_made = octets_of(SIGNATURE_A3);

	cr_assert_eq(s->n, 2);
	cr_assert_eq(s->key[0].algorithms, AD_JWA_RS256 | AD_JWA_RS384);
	cr_assert_eq(s->key[1].algorithms, AD_JWA_ES256);
	cr_assert(sv_is_ok(ad_jwk_verify(&s->key[0], AD_JWA_RS256, rs,
	    rs_made)));
	cr_assert(sv_is_ok(ad_jwk_verify(&s->key[1], AD_JWA_ES256, es,
	    es_made)));
	/* Another algorithm, input, key, or a bit of the signature. */
	cr_assert(!sv_is_ok(ad_jwk_verify(&s->key[0], AD_JWA_RS384, rs,
	    rs_made)));
	cr_assert(!sv_is_ok(ad_jwk_verify(&s->key[0], AD_JWA_ES256, es,
	    es_made)));
	cr_assert(!sv_is_ok(ad_jwk_verify(&s->key[0], AD_JWA_RS256, es,
	    rs_made)));
	for (size_t i = 0; i < es_made.n; i++) {
		((char *)(uintptr_t)es_made.p)[i] ^= 1;
		cr_assert(!sv_is_ok(ad_jwk_verify(&s->key[1], AD_JWA_ES256, es,
		    es_made)), "octet %zu", i);
		((char *)(uintptr_t)es_made.p)[i] ^= 1;
	}
	es_made.n--;
	cr_assert(!sv_is_ok(ad_jwk_verify(&s->key[1], AD_JWA_ES256, es,
	    es_made)));
	ad_jwk_set_free(s);
}

/* r = s = 0 verified in more than one library (CVE-2022-21449). */
Test(jwk, a_signature_of_zeros_is_none)
{
	struct ad_jwk_set *s = keys_of(DATA "rfc7515.jwks.json");
	char zeros[64] = { 0 };

	cr_assert_eq(ad_jwk_verify(&s->key[1], AD_JWA_ES256, SV_LIT("x"),
	    (struct sv_str){ zeros, sizeof(zeros) }).code, SV_CODE_REFUSED);
	ad_jwk_set_free(s);
}

/* RFC 7638 section 3.1. */
Test(jwk, thumbprint)
{
	struct sv_err err = { .text = "" };
	struct ad_jwk_set *s = ad_jwk_set_read(SV_LIT("{\"kty\":\"RSA\",\"n\":"
	    "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86"
	    "zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5Js"
	    "GY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicA"
	    "taSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
	    "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur"
	    "-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\","
	    "\"kid\":\"2011-04-29\"}"), &err);
	struct sv_buf b;

	cr_assert(s != NULL, "%s", err.text);
	cr_assert_eq(s->key[0].algorithms, AD_JWA_RS256, "its alg binds it");
	sv_buf_init(&b, &A, 64);
	cr_assert(sv_is_ok(ad_jwk_thumbprint(&s->key[0], &b)));
	cr_assert(sv_str_is(sv_buf_str(&b),
	    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
	ad_jwk_set_free(s);
}

#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define P256 "\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y
/* 2048 bits, odd; good enough to be looked at. */
#define N "\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxH" \
	"mfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"	\
	"vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"	\
	"KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ih"	\
	"lJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FR"	\
	"WyuXpoQ\""

/* A key that may not be used, beside one that may. */
Test(jwk, unusable_keys_are_ignored)
{
	static const char *const bad[] = {
		"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMko\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7T"
		    "yWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		"{" P256 ",\"use\":\"enc\"}",
		"{" P256 ",\"use\":7}",
		"{" P256 ",\"key_ops\":[\"sign\"]}",
		"{" P256 ",\"key_ops\":\"verify\"}",
		"{" P256 ",\"alg\":\"ES384\"}",
		"{" P256 ",\"alg\":\"RS256\"}",
		"{" P256 ",\"alg\":\"HS256\"}",
		"{" P256 ",\"kid\":7}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}",
		"{\"kty\":\"EC\",\"crv\":\"P-521\"," X "," Y "}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\"," X "}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":"
		    "\"y_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":"
		    "\"8UTNG72bfocs3-257rn0s2ldbqkLJK2KRiMohYjlrQ\"}",
		"{\"kty\":\"RSA\"," N ",\"e\":\"AQ\"}",
		"{\"kty\":\"RSA\"," N ",\"e\":\"AQAA\"}",
		"{\"kty\":\"RSA\"," N ",\"e\":\"AQAAAAAB\"}",
		"{\"kty\":\"RSA\"," N "}",
		"{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEp"
		    "s2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPe"
		    "Q\",\"e\":\"AQAB\"}",
		"{\"kty\":\"rsa\"," N ",\"e\":\"AQAB\"}",
		"{}", "7", "null", "[]"
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sv_err err = { .text = "" };
		struct sv_str text = sv_arena_printf(&A, "{\"keys\":[%s,{"
		    P256 ",\"kid\":\"good\"}]}", bad[i]);
		struct ad_jwk_set *s = ad_jwk_set_read(text, &err);

		cr_assert(s != NULL, "%s: %s", bad[i], err.text);
		cr_assert_eq(s->n, 1, "%s", bad[i]);
		cr_assert_eq(s->ignored, 1, "%s", bad[i]);
		cr_assert(sv_str_is(s->key[0].kid, "good"));
		ad_jwk_set_free(s);
		text = sv_arena_printf(&A, "{\"keys\":[%s]}", bad[i]);
		cr_assert(ad_jwk_set_read(text, &err) == NULL, "%s", bad[i]);
		cr_assert_neq(err.text[0], '\0');
	}
}

Test(jwk, what_is_no_set)
{
	static const char *const bad[] = { "", "7", "[]", "{}", "{\"keys\":[]}",
		"{\"keys\":{}}", "{\"keys\":[{" P256 "}]", "\xef\xbb\xbf{" P256 "}",
		"{" P256 "," X "}", "{" P256 "} x",
		"{\"Keys\":[{" P256 "}]}",
		"{\"keys\":[{" P256 "}],\"keys\":[]}",
		"{\"keys\":[{" P256 "}],\"k\\u0065ys\":[]}" };
	struct sv_buf b;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sv_err err = { .text = "" };

		cr_assert(ad_jwk_set_read(sv_str_of(bad[i]), &err) == NULL, "%s",
		    bad[i]);
		cr_assert_neq(err.text[0], '\0', "%s", bad[i]);
	}
	sv_buf_init(&b, &A, 1 << 20);
	sv_buf_add(&b, SV_LIT("{\"keys\":["));
	for (int i = 0; i <= AD_JWK_MAX; i++)
		sv_buf_printf(&b, "%s{" P256 "}", i > 0 ? "," : "");
	sv_buf_add(&b, SV_LIT("]}"));
	cr_assert(ad_jwk_set_read(sv_buf_str(&b), NULL) == NULL);
}

/* A key pair from JWK signs; the public part is what it says it is. */
Test(jwk, sign_and_publish)
{
	static const struct {
		const char *private, *public;
		enum ad_jwa a;
	} pairs[] = {
		{ DATA "ES384.private.json", DATA "ES384.public.json",
		    AD_JWA_ES384 },
		{ DATA "RS384.private.json", DATA "RS384.public.json",
		    AD_JWA_RS384 },
	};

	for (size_t i = 0; i < 2; i++) {
		struct sv_err err = { .text = "" };
		struct ad_jwk_set *k = ad_jwk_signer_read(test_read(&A,
		    pairs[i].private), &err), *p = keys_of(pairs[i].public), *q;
		struct sv_str made;
		struct sv_buf b;

		cr_assert(k != NULL, "%s", err.text);
		cr_assert_eq(k->key[0].algorithms, (unsigned)pairs[i].a);
		cr_assert(sv_is_ok(ad_jwk_sign(&A, &k->key[0], pairs[i].a,
		    SV_LIT("input"), &made)));
		cr_assert(sv_is_ok(ad_jwk_verify(&p->key[0], pairs[i].a,
		    SV_LIT("input"), made)));
		cr_assert(!sv_is_ok(ad_jwk_verify(&p->key[0], pairs[i].a,
		    SV_LIT("inpuT"), made)));
		cr_assert(!sv_is_ok(ad_jwk_sign(&A, &p->key[0], pairs[i].a,
		    SV_LIT("input"), &made)), "a public key does not sign");
		sv_buf_init(&b, &A, 4096);
		cr_assert(sv_is_ok(ad_jwk_write(&k->key[0], &b)));
		q = ad_jwk_set_read(sv_buf_str(&b), &err);
		cr_assert(q != NULL, "%s", err.text);
		cr_assert(sv_str_eq(q->key[0].kid, p->key[0].kid));
		cr_assert(memmem(b.p, b.n, "\"d\"", 3) == NULL);
		ad_jwk_set_free(k);
		ad_jwk_set_free(p);
		ad_jwk_set_free(q);
	}
	cr_assert(ad_jwk_signer_read(test_read(&A, DATA "ES384.public.json"),
	    NULL) == NULL);
	cr_assert(ad_jwk_signer_read(SV_LIT("-----BEGIN PRIVATE KEY-----\n"),
	    NULL) == NULL);
}

/* openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 */
Test(jwk, a_pem_key_gets_its_thumbprint_as_kid)
{
	struct sv_err err = { .text = "" };
	struct ad_jwk_set *k = ad_jwk_signer_read(test_read(&A,
	    DATA "signer.pem"), &err);

	cr_assert(k != NULL, "%s", err.text);
	cr_assert_eq(k->key[0].algorithms, AD_JWA_ES384);
	cr_assert_eq(k->key[0].kid.n, 43);
	ad_jwk_set_free(k);
}

Test(jwk, without_memory_nothing_is_read)
{
	long allowed = 0;
	struct sv_arena none = test_arena_failing(1 << 20, &allowed);
	struct sv_str v;

	cr_assert_eq(ad_base64_read(&none, SV_LIT("Zm9v"), &v).code,
	    SV_CODE_NOMEM);
}
