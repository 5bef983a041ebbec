/*
 * Tokens of our own.
 */
#include "ad_base64.h"
#include "ad_jwt.h"
#include "fhir_write.h"

/* ,"name":"value", or nothing if that is empty. */
static void
put(struct sv_buf *b, const char *name, struct sv_str v)
{
	if (v.n == 0)
		return;
	sv_buf_printf(b, "%s\"%s\":\"", b->n > 1 ? "," : "", name);
	fhir_escape_json(b, v);
	sv_buf_addc(b, '"');
}

static void
put_date(struct sv_buf *b, const char *name, int64_t v)
{
	if (v > 0)
		sv_buf_printf(b, "%s\"%s\":%lld", b->n > 1 ? "," : "", name,
		    (long long)v);
}

struct sv_status
ad_jwt_sign(struct sv_arena *A, const struct ad_jwk *k, enum ad_jwa a,
    const struct ad_jwt_claims *c, struct sv_str *ret)
{
	struct sv_buf header, claims, out;
	struct sv_str signature;

	sv_buf_init(&header, A, AD_JWT_MAX);
	sv_buf_addc(&header, '{');
	put(&header, "alg", sv_str_of(ad_jwa_name(a)));
	put(&header, "kid", k->kid);
	put(&header, "typ", SV_LIT("JWT"));
	put(&header, "jku", c->jku);
	sv_buf_addc(&header, '}');
	sv_buf_init(&claims, A, AD_JWT_MAX);
	sv_buf_addc(&claims, '{');
	put(&claims, "iss", c->issuer);
	put(&claims, "sub", c->subject);
	put(&claims, "aud", c->audience);
	put_date(&claims, "exp", c->expires_s);
	put_date(&claims, "iat", c->issued_s);
	put(&claims, "jti", c->jti);
	sv_buf_addc(&claims, '}');
	SV_ENSURE(sv_buf_ok(&header) && sv_buf_ok(&claims), SV_NOMEM);
	sv_buf_init(&out, A, AD_JWT_MAX);
	ad_base64_write(&out, sv_buf_str(&header));
	sv_buf_addc(&out, '.');
	ad_base64_write(&out, sv_buf_str(&claims));
	SV_ENSURE(sv_buf_ok(&out), SV_NOMEM);
	SV_TRY(ad_jwk_sign(A, k, a, sv_buf_str(&out), &signature));
	sv_buf_addc(&out, '.');
	ad_base64_write(&out, signature);
	SV_ENSURE(sv_buf_ok(&out), SV_NOMEM);
	*ret = sv_buf_str(&out);
	return SV_OK;
}
