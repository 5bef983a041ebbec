#include "ad_jwt.h"

#include <strings.h>

#include "ad_base64.h"
#include "ad_jose_json.h"

const char *
ad_jwt_fault_name(enum ad_jwt_fault f)
{
	static const char *const names[AD_JWT_FAULT_MAX] = { "good", "too-long",
		"form", "header", "claims", "critical", "type", "algorithm",
		"no-kid", "unknown-key", "signature", "issuer", "audience",
		"expired", "early", "life", "no-jti", "replayed", "memory" };

	return names[f];
}

/* What a status of reading means, ${f} if it was bad. */
static enum ad_jwt_fault
fault_of(struct sv_status s, enum ad_jwt_fault f)
{
	return sv_is_ok(s) ? AD_JWT_GOOD
	    : s.code == SV_CODE_NOMEM ? AD_JWT_MEMORY : f;
}

/* The header says how, and nothing that must be understood is unknown: Salvor
 * knows no extension (RFC 7515 section 4.1.11, RFC 7797). */
static enum ad_jwt_fault
read_header(struct ad_jwt *t)
{
	const struct cJSON *h = t->header;
	struct sv_str alg;

	if (cJSON_GetObjectItemCaseSensitive(h, "crit") != NULL
	    || cJSON_GetObjectItemCaseSensitive(h, "b64") != NULL)
		return AD_JWT_CRITICAL;
	if (!ad_jose_text(h, "alg", &alg) || !ad_jose_text(h, "typ", &t->typ)
	    || !ad_jose_text(h, "kid", &t->kid)
	    || !ad_jose_text(h, "jku", &t->jku))
		return AD_JWT_HEADER;
	t->algorithm = ad_jwa_of(alg);
	return AD_JWT_GOOD;
}

static enum ad_jwt_fault
read_claims(struct ad_jwt *t)
{
	const struct cJSON *c = t->claims;

	return ad_jose_text(c, "iss", &t->issuer)
	    && ad_jose_text(c, "sub", &t->subject)
	    && ad_jose_text(c, "jti", &t->jti)
	    && ad_jose_date(c, "exp", &t->expires_s)
	    && ad_jose_date(c, "iat", &t->issued_s)
	    && ad_jose_date(c, "nbf", &t->not_before_s) ? AD_JWT_GOOD
	    : AD_JWT_CLAIMS;
}

/* The object that ${text} spells, as base64url. */
static enum ad_jwt_fault
read_part(struct sv_arena *A, struct sv_str text, enum ad_jwt_fault bad,
    const struct cJSON **ret)
{
	struct sv_str json;
	enum ad_jwt_fault f = fault_of(ad_base64_read(A, text, &json),
	    AD_JWT_FORM);

	return f != AD_JWT_GOOD ? f : fault_of(ad_jose_object(A, json, ret),
	    bad);
}

enum ad_jwt_fault
ad_jwt_read(struct sv_arena *A, struct sv_str token, struct ad_jwt *ret)
{
	size_t one = sv_str_chr(token, '.'), two;
	struct sv_str rest = sv_str_from(token, one + 1), signature;
	enum ad_jwt_fault f;

	*ret = (struct ad_jwt){ .token = token };
	if (token.n > AD_JWT_MAX)
		return AD_JWT_TOO_LONG;
	two = sv_str_chr(rest, '.');
	signature = sv_str_from(rest, two + 1);
	/* A third point is no character of base64url. */
	if (one == token.n || two == rest.n || signature.n == 0)
		return AD_JWT_FORM;
	ret->signed_part = (struct sv_str){ token.p, one + 1 + two };
	f = fault_of(ad_base64_read(A, signature, &ret->signature),
	    AD_JWT_FORM);
	if (f == AD_JWT_GOOD)
		f = read_part(A, (struct sv_str){ token.p, one }, AD_JWT_HEADER,
		    &ret->header);
	if (f == AD_JWT_GOOD)
		f = read_header(ret);
	if (f == AD_JWT_GOOD)
		f = read_part(A, (struct sv_str){ rest.p, two }, AD_JWT_CLAIMS,
		    &ret->claims);
	return f == AD_JWT_GOOD ? read_claims(ret) : f;
}

/* "application/" may be left out, and case does not count (RFC 7515 section
 * 4.1.9). */
static bool
is_type(struct sv_str typ, const char *name)
{
	static const char prefix[] = "application/";
	struct sv_str n = sv_str_of(name);

	if (typ.n > sizeof(prefix) - 1
	    && strncasecmp(typ.p, prefix, sizeof(prefix) - 1) == 0)
		typ = sv_str_from(typ, sizeof(prefix) - 1);
	return sv_str_eq_nocase(typ, n);
}

enum ad_jwt_fault
ad_jwt_check_header(const struct ad_jwt *t, const struct ad_jwt_policy *p)
{
	if ((t->algorithm & p->algorithms) == 0)
		return AD_JWT_ALGORITHM;
	if (t->typ.n == 0 ? p->need_typ : !is_type(t->typ, "JWT")
	    && !is_type(t->typ, "at+jwt"))
		return AD_JWT_TYPE;
	return p->need_kid && t->kid.n == 0 ? AD_JWT_KID : AD_JWT_GOOD;
}

/* By a key of its kid and for its algorithm; sets with two such exist. */
enum ad_jwt_fault
ad_jwt_check_signature(const struct ad_jwt *t, const struct ad_jwk_set *keys)
{
	enum ad_jwa a = (enum ad_jwa)t->algorithm;
	size_t fit = 0;
	bool good = false;

	for (size_t i = 0; i < keys->n; i++) {
		const struct ad_jwk *k = &keys->key[i];

		if ((k->algorithms & t->algorithm) == 0
		    || (t->kid.n > 0 && !sv_str_eq(t->kid, k->kid)))
			continue;
		fit++;
		good = good || sv_is_ok(ad_jwk_verify(k, a, t->signed_part,
		    t->signature));
	}
	if (fit == 0 || (fit > 1 && t->kid.n == 0))
		return AD_JWT_UNKNOWN_KEY;
	return good ? AD_JWT_GOOD : AD_JWT_SIGNATURE;
}

/* ${now} + leeway is before ${then}. */
static bool
is_ahead(const struct ad_jwt_policy *p, int64_t then)
{
	return then > p->now_s + p->leeway_s;
}

static enum ad_jwt_fault
check_times(const struct ad_jwt *t, const struct ad_jwt_policy *p)
{
	if (t->expires_s < 0 || p->now_s >= t->expires_s + p->leeway_s)
		return AD_JWT_EXPIRED;
	if (is_ahead(p, t->issued_s) || is_ahead(p, t->not_before_s))
		return AD_JWT_EARLY;
	if (t->issued_s < 0)
		return p->need_iat || p->max_life_s > 0 ? AD_JWT_LIFE
		    : AD_JWT_GOOD;
	return p->max_life_s > 0 && t->expires_s - t->issued_s > p->max_life_s
	    ? AD_JWT_LIFE : AD_JWT_GOOD;
}

static bool
is_for_us(const struct ad_jwt_policy *p, const struct cJSON *aud)
{
	struct sv_str a;

	if (!cJSON_IsString(aud))
		return false;
	a = sv_str_of(aud->valuestring);
	for (size_t i = 0; i < p->n_audience; i++) {
		if (sv_str_eq(a, p->audience[i]))
			return true;
	}
	return p->n_audience == 0 && p->is_audience != NULL
	    && p->is_audience(p->ctx, a);
}

/* One string, or an array of them (RFC 7519 section 4.1.3). */
static bool
has_audience(const struct ad_jwt *t, const struct ad_jwt_policy *p)
{
	const struct cJSON *aud = cJSON_GetObjectItemCaseSensitive(t->claims,
	    "aud"), *x;

	if (!cJSON_IsArray(aud))
		return is_for_us(p, aud);
	for (x = aud->child; x != NULL; x = x->next) {
		if (is_for_us(p, x))
			return true;
	}
	return false;
}

enum ad_jwt_fault
ad_jwt_check_claims(const struct ad_jwt *t, const struct ad_jwt_policy *p)
{
	enum ad_jwt_fault f;

	if (p->issuer.n == 0 || !sv_str_eq(t->issuer, p->issuer))
		return AD_JWT_ISSUER;
	if (!has_audience(t, p))
		return AD_JWT_AUDIENCE;
	f = check_times(t, p);
	return f == AD_JWT_GOOD && p->need_jti && t->jti.n == 0 ? AD_JWT_JTI
	    : f;
}

enum ad_jwt_fault
ad_jwt_verify(const struct ad_jwt *t, const struct ad_jwk_set *keys,
    const struct ad_jwt_policy *p)
{
	enum ad_jwt_fault f = ad_jwt_check_header(t, p);

	if (f == AD_JWT_GOOD)
		f = ad_jwt_check_signature(t, keys);
	return f == AD_JWT_GOOD ? ad_jwt_check_claims(t, p) : f;
}

struct sv_str
ad_jwt_claim(const struct ad_jwt *t, const char *name)
{
	struct sv_str v;

	(void)!ad_jose_text(t->claims, name, &v);
	return v;
}
