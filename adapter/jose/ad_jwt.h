/**
 * ad_jwt.h: JSON Web Tokens (RFC 7519), as signed by JWS in its compact form
 * (RFC 7515), read by the best current practices (RFC 8725).
 *
 * Two steps, because whose keys to use depends on what the token says of
 * itself: ad_jwt_read takes it apart and trusts nothing, ad_jwt_verify says
 * whether it is genuine and meant for us now.  Between the two a token may be
 * used for nothing but looking up its issuer's keys.
 */
#ifndef AD_JWT_H
#define AD_JWT_H

#include "ad_jwk.h"

struct cJSON;

#define AD_JWT_MAX (16 * 1024)		/* bytes of a token */
#define AD_JWT_LEEWAY_S 60		/* usual difference of clocks */

/* Why a token was not accepted; for logs and tests, never for its sender. */
enum ad_jwt_fault {
	AD_JWT_GOOD,
	AD_JWT_TOO_LONG,
	AD_JWT_FORM,		/* not three parts of exact base64url */
	AD_JWT_HEADER,		/* no strict JSON object, a wrong type of member */
	AD_JWT_CLAIMS,		/* the same of the claims */
	AD_JWT_CRITICAL,	/* "crit" or "b64" */
	AD_JWT_TYPE,		/* "typ" of another kind of token, or missing */
	AD_JWT_ALGORITHM,	/* none, symmetric, or not allowed */
	AD_JWT_KID,		/* missing */
	AD_JWT_UNKNOWN_KEY,	/* no key of that kid for that algorithm */
	AD_JWT_SIGNATURE,
	AD_JWT_ISSUER,
	AD_JWT_AUDIENCE,
	AD_JWT_EXPIRED,		/* or without exp */
	AD_JWT_EARLY,		/* nbf or iat in the future */
	AD_JWT_LIFE,		/* valid for too long, or without iat */
	AD_JWT_JTI,		/* missing */
	AD_JWT_REPLAYED,	/* said by the caller: see ad_replay.h */
	AD_JWT_MEMORY,
	AD_JWT_FAULT_MAX
};

/** "unknown-key". */
const char *ad_jwt_fault_name(enum ad_jwt_fault f);

struct ad_jwt {
	struct sv_str token, signed_part;	/* as they came */
	struct sv_str signature;		/* octets */
	unsigned algorithm;			/* enum ad_jwa; 0: another */
	struct sv_str typ, kid, jku;		/* empty: absent */
	struct sv_str issuer, subject, jti;
	int64_t expires_s, issued_s, not_before_s;	/* -1: absent */
	const struct cJSON *header, *claims;	/* objects */
};

/** Take ${token} apart; ${ret} lives in ${A}.  Nothing of it is to be trusted.
 * Anything but AD_JWT_GOOD: ${ret} is not usable. */
enum ad_jwt_fault ad_jwt_read(struct sv_arena *A, struct sv_str token,
    struct ad_jwt *ret);

struct ad_jwt_policy {
	unsigned algorithms;		/* enum ad_jwa */
	struct sv_str issuer;		/* exactly */
	const struct sv_str *audience;	/* "aud" names one of these, exactly */
	size_t n_audience;		/* 0: ${is_audience} decides */
	bool (*is_audience)(const void *ctx, struct sv_str audience);
	const void *ctx;
	int64_t now_s, leeway_s;
	int64_t max_life_s;		/* exp - iat; needs iat.  0: any */
	bool need_typ, need_kid, need_iat, need_jti;
};

/**
 * ad_jwt_verify(t, keys, p):
 * The signature first, then the claims.  exp is always needed.  A token
 * without kid is verified only if ${keys} holds a single key for its
 * algorithm.  A "typ" other than JWT or at+jwt is refused (RFC 8725 section
 * 3.11).  Without audience and is_audience every token is refused.
 */
enum ad_jwt_fault ad_jwt_verify(const struct ad_jwt *t,
    const struct ad_jwk_set *keys, const struct ad_jwt_policy *p);

/** The steps of ad_jwt_verify in their order, for those who remember a good
 * signature: a token is genuine only if all three say so. */
enum ad_jwt_fault ad_jwt_check_header(const struct ad_jwt *t,
    const struct ad_jwt_policy *p);
enum ad_jwt_fault ad_jwt_check_signature(const struct ad_jwt *t,
    const struct ad_jwk_set *keys);
enum ad_jwt_fault ad_jwt_check_claims(const struct ad_jwt *t,
    const struct ad_jwt_policy *p);

/** The string claim ${name}; empty if absent or no string. */
struct sv_str ad_jwt_claim(const struct ad_jwt *t, const char *name);

/* What Salvor says in a token of its own. */
struct ad_jwt_claims {
	struct sv_str issuer, subject, audience, jti;
	struct sv_str jku;		/* in the header; .n 0: none */
	int64_t expires_s;
	int64_t issued_s;		/* 0: none */
};

/** A token signed with the private key ${k}, in ${A}.  BAD: the key is not for
 * ${a}; NOMEM. */
struct sv_status ad_jwt_sign(struct sv_arena *A, const struct ad_jwk *k,
    enum ad_jwa a, const struct ad_jwt_claims *c, struct sv_str *ret)
    SV_CHECK;

#endif
