#include "ad_conf_issuer.h"

#include "ad_client.h"
#include "ad_conf_parse.h"
#include "ad_jwk.h"

/* libconfuse parses lists given as text, and wants that text writable. */
static char smart[] = "{RS384, ES384}", none[] = "{}";

cfg_opt_t ad_conf_issuer_options[] = {
	CFG_STR("url", "", CFGF_NONE),
	CFG_STR_LIST("audience", none, CFGF_NONE),
	CFG_STR("jwks", "", CFGF_NONE), CFG_STR("ca", "", CFGF_NONE),
	CFG_STR_LIST("algorithms", smart, CFGF_NONE),
	CFG_STR("client-claim", "client_id", CFGF_NONE),
	CFG_BOOL("scopes", cfg_true, CFGF_NONE),
	CFG_BOOL("once", cfg_false, CFGF_NONE),
	CFG_INT("leeway", 60, CFGF_NONE), CFG_INT("refresh", 3600, CFGF_NONE),
	CFG_END()
};

static struct sv_status
read_lists(cfg_t *s, struct ad_conf_issuer *c, struct sv_err *err)
{
	c->n_audience = cfg_size(s, "audience");
	if (c->n_audience == 0 || c->n_audience > AD_CONF_AUDIENCES)
		return ad_conf_wrong(err, c->name, "an issuer needs audience, the names of "
		    "this service in its tokens (aud), 8 at most");
	for (unsigned i = 0; i < c->n_audience; i++)
		c->audience[i] = sv_str_of(cfg_getnstr(s, "audience", i));
	for (unsigned i = 0; i < cfg_size(s, "algorithms"); i++) {
		unsigned a = ad_jwa_of(sv_str_of(cfg_getnstr(s, "algorithms",
		    i)));

		if (a == 0)
			return ad_conf_wrong(err, c->name, "algorithms takes RS256, RS384, "
			    "ES256 and ES384");
		c->algorithms |= a;
	}
	return c->algorithms != 0 ? SV_OK : ad_conf_wrong(err, c->name,
	    "an issuer needs algorithms");
}

struct sv_status
ad_conf_issuer_read(cfg_t *s, bool development, struct ad_conf_issuer *ret,
    struct sv_err *err)
{
	struct ad_conf_issuer *c = ret;
	*c = (struct ad_conf_issuer){ .name = cfg_title(s),
		.url = cfg_getstr(s, "url"), .jwks = cfg_getstr(s, "jwks"),
		.ca = ad_conf_text(s, "ca"),
		.client_claim = cfg_getstr(s, "client-claim"),
		.leeway_s = cfg_getint(s, "leeway"),
		.refresh_s = cfg_getint(s, "refresh"),
		.scopes = cfg_getbool(s, "scopes"),
		.once = cfg_getbool(s, "once") };
	if (c->url[0] == '\0')
		return ad_conf_wrong(err, c->name, "an issuer needs url, exactly as its tokens "
		    "say it (iss)");
	if (c->jwks[0] != '/' && !ad_client_may_ask(c->jwks, development))
		return ad_conf_wrong(err, c->name, "jwks takes the https://... URL of the "
		    "issuer's keys, or /a/file that holds them");
	if (c->leeway_s < 0 || c->leeway_s > 600 || c->refresh_s < 10
	    || c->refresh_s > 86400)
		return ad_conf_wrong(err, c->name, "leeway is 0 to 600 seconds, refresh 10 to "
		    "86400");
	return read_lists(s, c, err);
}
