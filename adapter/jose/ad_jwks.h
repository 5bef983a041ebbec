/**
 * ad_jwks.h: the key set of an issuer, from a file or an https URL, kept
 * fresh.
 *
 * A thread of its own fetches: when the set is older than its time to live,
 * and when a token names a key that is not there, but then at most once in a
 * while, whatever senders do.  A fetch that fails keeps the old set.  Nobody
 * waits for a fetch.
 *
 * Signatures that were found good are remembered with the set, so that a token
 * that comes with every request costs its verification once.
 */
#ifndef AD_JWKS_H
#define AD_JWKS_H

#include "ad_jwt.h"

struct ad_jwks;

struct ad_jwks_options {
	const char *source;		/* https: or http: URL, else a file */
	int64_t refresh_ms;		/* time to live */
	int64_t pause_ms;		/* between fetches, at least */
	/* Get ${url}, at most AD_JWK_MAX_BYTES, into ${A}; in the thread. */
	struct sv_status (*fetch)(void *ctx, const char *url,
	    struct sv_arena *A, struct sv_str *ret, struct sv_err *err);
	/* What came of it, ${keys} 0 and ${text} if it failed.  May be NULL. */
	void (*told)(void *ctx, const char *source, size_t keys,
	    const char *text);
	void *ctx;
	void (*done)(void *ctx);	/* nobody needs ctx any more; or NULL */
};

/** A fetch by ctx, a struct ad_client; its done is ad_jwks_fetch_done. */
struct sv_status ad_jwks_fetch(void *client, const char *url,
    struct sv_arena *A, struct sv_str *ret, struct sv_err *err);
void ad_jwks_fetch_done(void *client);

/** Open what ${o} names, which is copied but for ctx.  A file is read at once;
 * NULL with ${err} if that fails, and ctx is done with.  A URL is fetched from
 * now on. */
struct ad_jwks *ad_jwks_open(const struct ad_jwks_options *o,
    struct sv_err *err);

/** Another user of ${J}; each ends with ad_jwks_close, which does not wait. */
struct ad_jwks *ad_jwks_share(struct ad_jwks *J);
void ad_jwks_close(struct ad_jwks *J);	/* NULL is allowed */

/** ad_jwt_verify by the keys of now.  ${ret_later} is true if the key is not
 * there but may be when what is being fetched has come.  Any thread. */
enum ad_jwt_fault ad_jwks_verify(struct ad_jwks *J, const struct ad_jwt *t,
    const struct ad_jwt_policy *p, bool *ret_later);

#endif
