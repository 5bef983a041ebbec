/**
 * ad_smart.h: access tokens by SMART Backend Services (SMART App Launch 2.2,
 * "Backend Services": client_credentials with private_key_jwt).
 *
 * The token URL is configured, or found at the server's
 * .well-known/smart-configuration, which must be on https like all else.  We
 * sign with RS384 or ES384, whichever the key is for.  A token is kept in
 * memory until shortly before it expires; while one caller asks for a new one
 * the others wait.  After a failure nobody asks again for a while, and gets the
 * same error.  Neither token nor assertion is ever logged or written down.
 *
 * Any thread.
 */
#ifndef AD_SMART_H
#define AD_SMART_H

#include "ad_client.h"

/* Strings are the owner's. */
struct ad_smart_config {
	const char *base;		/* of the FHIR server; for discovery */
	const char *token_url;		/* or NULL */
	const char *client_id;
	const char *key_file;		/* private key: PEM or JWK, mode 0600 */
	const char *jku;		/* where our JWKS is published, or NULL */
	const char *scope;
	struct ad_client_peer peer;	/* how to reach both */
};

/* "Bearer " and a token of at most this many bytes. */
#define AD_SMART_MAX 8192

struct ad_smart;

/** Read the key.  NULL with ${err}: the file is not ours alone, or holds no
 * key for RS384 or ES384. */
struct ad_smart *ad_smart_new(const struct ad_smart_config *c,
    struct sv_err *err);
void ad_smart_free(struct ad_smart *T);

/**
 * ad_smart_authorization(T, ret, err):
 * "Bearer ..." into ${ret}, for a request that begins now.  REFUSED with
 * ${err}: the server does not want us, and what to do; RETRY: it cannot be
 * asked now; BAD: it answers what is no token; NOMEM.
 */
struct sv_status ad_smart_authorization(struct ad_smart *T,
    char ret[AD_SMART_MAX], struct sv_err *err) SV_CHECK;

/** A server answered 401 to ${authorization}: it is not used again.  A newer
 * one that another caller has got meanwhile stays. */
void ad_smart_reject(struct ad_smart *T, const char *authorization);

#endif
