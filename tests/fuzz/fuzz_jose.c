/* A key set, a signing key and a token, from the same bytes: what is read can
 * be written and read again; no token is genuine that the signer did not make. */
#include "ad_jwt.h"
#include "fuzz.h"

#define ES384 "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"pyqburM9y8HPcFhNosDW" \
	"6ngoVEJitqXi_HJgI5hYqX21PoFDwCbYirGy_o0oapIU\",\"y\":\"95bxkCnMKoHvgbc" \
	"PAIAcgzzu8scd81mXfM_IzuJFNfkUNkGYBFGvuEU1KPi5j1ob\"}"

static void
try_set(struct sv_arena *A, struct sv_str text)
{
	struct sv_err err = { "", "" };
	struct ad_jwk_set *s = ad_jwk_set_read(text, &err), *again;
	struct sv_buf b;

	fuzz_must(s != NULL || err.text[0] != '\0');
	for (size_t i = 0; s != NULL && i < s->n; i++) {
		sv_buf_init(&b, A, 1 << 20);
		fuzz_must(sv_is_ok(ad_jwk_write(&s->key[i], &b)));
		again = ad_jwk_set_read(sv_buf_str(&b), &err);
		fuzz_must(again != NULL && sv_str_eq(again->key[0].kid,
		    s->key[i].kid));
		ad_jwk_set_free(again);
	}
	ad_jwk_set_free(s);
	ad_jwk_set_free(ad_jwk_signer_read(text, &err));
}

static bool
any(const void *ctx, struct sv_str audience)
{
	(void)ctx;
	(void)audience;
	return true;
}

static void
try_token(struct sv_arena *A, struct sv_str text)
{
	struct ad_jwk_set *s = ad_jwk_set_read(SV_LIT(ES384), NULL);
	struct ad_jwt_policy p = { .algorithms = ~0u, .is_audience = any,
		.now_s = 1422568800, .leeway_s = 60 };
	struct ad_jwt t;

	fuzz_must(s != NULL);
	if (ad_jwt_read(A, text, &t) == AD_JWT_GOOD) {
		p.issuer = t.issuer;
		fuzz_must(ad_jwt_verify(&t, s, &p) != AD_JWT_GOOD);
	}
	ad_jwk_set_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct sv_str text = { (const char *)data, n };

	try_token(&A, text);
	try_set(&A, text);
	sv_arena_free(&A);
	return 0;
}
