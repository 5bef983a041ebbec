/**
 * ad_conf_issuer.h: the sections of token issuers in salvor.conf.
 */
#ifndef AD_CONF_ISSUER_H
#define AD_CONF_ISSUER_H

#include <confuse.h>
#include <stdbool.h>

#include "sv_status.h"
#include "sv_str.h"

#define AD_CONF_ISSUERS 8
#define AD_CONF_AUDIENCES 8

/* Who makes access tokens that are good here. */
struct ad_conf_issuer {
	const char *name, *url;		/* iss */
	const char *jwks, *ca;		/* file or URL; for the URL, or NULL */
	const char *client_claim;	/* the claim that names the client */
	struct sv_str audience[AD_CONF_AUDIENCES];
	size_t n_audience;
	unsigned algorithms;		/* enum ad_jwa */
	long leeway_s, refresh_s;
	bool scopes;			/* rights are those of the scopes too */
	bool once;			/* each token for one request */
};

extern cfg_opt_t ad_conf_issuer_options[];

/** Read the section ${s}; BAD with ${err}.  ${s} owns the strings. */
struct sv_status ad_conf_issuer_read(cfg_t *s, bool development,
    struct ad_conf_issuer *ret, struct sv_err *err) SV_CHECK;

#endif
