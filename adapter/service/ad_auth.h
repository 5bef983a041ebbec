/**
 * ad_auth.h: who is it, and what may it do.
 *
 * A client is one of the sections client of the configuration, shown by one of:
 *	its certificate, vouched for by the CA and on the list by its SHA-256
 *	a bearer token whose SHA-256 is on the list
 *	an access token, a JWT of a configured issuer, that names it
 * A request with a bearer token stands and falls with that token, also if its
 * certificate would do: a token that was shown and is no good is never passed
 * over.  A token bound to a certificate (RFC 8705) needs that certificate.
 *
 * What it may do is "may" of its section, and if its issuer says so also no
 * more than the SMART scopes of its token.
 *
 * The sender learns no more than RFC 6750 says; why is for the log.
 */
#ifndef AD_AUTH_H
#define AD_AUTH_H

#include "ad_conf.h"
#include "ad_http.h"

struct ad_auth;

/** The key sets of the issuers of ${c}, which outlives the result; those that
 * ${old} has too are kept as they are.  NULL with ${err}. */
struct ad_auth *ad_auth_open(const struct ad_conf *c,
    const struct ad_auth *old, struct sv_err *err);
void ad_auth_close(struct ad_auth *A);		/* NULL is allowed */

enum ad_whose {
	AD_WHO_KNOWN,
	AD_WHO_NOBODY,			/* it showed nothing that is on a list */
	AD_WHO_REFUSED,			/* it showed a token that is no good */
	AD_WHO_LATER			/* the issuer's key is being fetched */
};

struct ad_who {
	enum ad_whose whose;
	const struct ad_conf_client *client;	/* NULL unless known */
	char *scopes;			/* NULL: they do not matter */
	const char *issuer, *why;	/* for the log; "" */
};

/** Who sent ${call}, at ${now_s}; ended by ad_who_end. */
void ad_auth_who(struct ad_auth *A, const struct ad_http_call *call,
    int64_t now_s, struct ad_who *ret);
void ad_who_end(struct ad_who *w);

/** May it do ${act} (c r u d s) with resources of ${type}, or of all types if
 * that is empty?  Creating, updating and deleting are AD_MAY_WRITE. */
bool ad_who_may(const struct ad_who *w, char act, struct sv_str type);

/** May it send ${body}, a resource or a Bundle, with ${method}?  ${type} is that
 * of the address, empty for /fhir itself: then every entry must be allowed. */
bool ad_who_may_send(const struct ad_who *w, struct sv_str method,
    struct sv_str type, struct sv_str body);

/** The header WWW-Authenticate for 401 or 403 (RFC 6750 section 3). */
struct sv_str ad_who_challenge(const struct ad_who *w, int status);

#endif
