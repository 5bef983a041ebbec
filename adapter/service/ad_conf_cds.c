/*
 * cds { … } and cds-client "name" { … } of salvor.conf.
 */
#include "ad_conf_cds.h"

#include <string.h>

#include "ad_conf_parse.h"
#include "ad_jwk.h"

/* libconfuse parses lists given as text, and wants that text writable. */
static char none[] = "{}", smart[] = "{ES384, RS384}";
static char all[] = "{patient-view, order-select, order-sign}";

cfg_opt_t ad_conf_cds_options[] = {
	CFG_STR_LIST("base", none, CFGF_NONE),
	CFG_STR_LIST("origins", none, CFGF_NONE),
	CFG_BOOL("discovery-token", cfg_false, CFGF_NONE),
	CFG_STR("version", "2.0.1", CFGF_NONE),
	CFG_BOOL("patient-page", cfg_false, CFGF_NONE),
	CFG_STR("smart-app", "", CFGF_NONE),
	CFG_INT("max-cards", 3, CFGF_NONE),
	CFG_INT("fetch-ms", 400, CFGF_NONE),
	CFG_INT("suppress-days", 30, CFGF_NONE),
	CFG_INT("max-body-kib", 4096, CFGF_NONE),
	CFG_STR_LIST("override-reasons", none, CFGF_NONE),
	CFG_STR_LIST("prefetch", none, CFGF_NONE),
	CFG_END()
};

cfg_opt_t ad_conf_cds_client_options[] = {
	CFG_STR("source", "", CFGF_NONE),
	CFG_STR("issuer", "", CFGF_NONE),
	CFG_STR("jwks", "", CFGF_NONE),
	CFG_STR("jku", "", CFGF_NONE),
	CFG_STR("ca", "", CFGF_NONE),
	CFG_STR("subject", "", CFGF_NONE),
	CFG_STR_LIST("tenants", none, CFGF_NONE),
	CFG_STR_LIST("audience", none, CFGF_NONE),
	CFG_STR_LIST("algorithms", smart, CFGF_NONE),
	CFG_INT("max-life", 3600, CFGF_NONE),
	CFG_STR("replay", "reject", CFGF_NONE),
	CFG_STR_LIST("services", all, CFGF_NONE),
	CFG_STR_LIST("fhir-servers", none, CFGF_NONE),
	CFG_BOOL("allow-http", cfg_false, CFGF_NONE),
	CFG_BOOL("remember", cfg_false, CFGF_NONE),
	CFG_BOOL("wrapped-prefetch", cfg_false, CFGF_NONE),
	CFG_BOOL("suggestions", cfg_true, CFGF_NONE),
	CFG_BOOL("any-only", cfg_false, CFGF_NONE),
	CFG_BOOL("single-action", cfg_false, CFGF_NONE),
	CFG_BOOL("plain-topic", cfg_false, CFGF_NONE),
	CFG_BOOL("markdown-extension", cfg_false, CFGF_NONE),
	CFG_BOOL("action-selection", cfg_false, CFGF_NONE),
	CFG_END()
};

static struct sv_status
read_list(cfg_t *s, const char *name, struct ad_cds_list *ret,
    struct sv_err *err)
{
	ret->n = cfg_size(s, name);
	if (ret->n > AD_CDS_LIST)
		return ad_conf_wrong(err, name, "a list of at most 16");
	for (unsigned i = 0; i < ret->n; i++)
		ret->at[i] = sv_str_of(cfg_getnstr(s, name, i));
	return SV_OK;
}

static struct sv_status
read_words(cfg_t *s, struct ad_cds_client *c, struct sv_err *err)
{
	for (unsigned i = 0; i < cfg_size(s, "algorithms"); i++) {
		unsigned a = ad_jwa_of(sv_str_of(cfg_getnstr(s, "algorithms",
		    i)));

		if (a == 0)
			return ad_conf_wrong(err, c->name, "algorithms are ES384, "
			    "RS384, ES256 and RS256");
		c->algorithms |= a;
	}
	for (unsigned i = 0; i < cfg_size(s, "services"); i++) {
		struct sv_str name = sv_str_of(cfg_getnstr(s, "services", i));
		int h = 0;

		while (h < MAP_HOOK_MAX && !sv_str_eq(name,
		    map_hook_name((enum map_hook)h)))
			h++;
		if (h == MAP_HOOK_MAX)
			return ad_conf_wrong(err, c->name, "services are patient-view, "
			    "order-select and order-sign");
		c->services |= 1u << h;
	}
	c->replay_log = strcmp(cfg_getstr(s, "replay"), "log") == 0;
	if (!c->replay_log && strcmp(cfg_getstr(s, "replay"), "reject") != 0)
		return ad_conf_wrong(err, c->name, "replay is reject or log");
	return SV_OK;
}

static bool
is_url(struct sv_str u, bool plain)
{
	return sv_str_starts(u, SV_LIT("https://"))
	    || (plain && sv_str_starts(u, SV_LIT("http://")));
}

static struct sv_status
check_client(struct ad_cds_client *c, struct sv_err *err)
{
	if (c->issuer.n == 0)
		return ad_conf_wrong(err, c->name, "a cds-client needs its issuer: the "
		    "\"iss\" of its tokens");
	if (c->jwks == NULL && c->jku.n == 0)
		return ad_conf_wrong(err, c->name, "a cds-client needs jwks, a file "
		    "with its public keys, or jku, the URL of them");
	if (c->jku.n > 0 && !is_url(c->jku, c->plain))
		return ad_conf_wrong(err, c->name, "jku is an https URL");
	for (size_t i = 0; i < c->servers.n; i++) {
		struct sv_str *u = &c->servers.at[i];

		if (!is_url(*u, c->plain))
			return ad_conf_wrong(err, c->name, "fhir-servers are https "
			    "URLs");
		if (sv_str_ends(*u, SV_LIT("/")))
			u->n--;
	}
	if (c->max_life_s < 1)
		return ad_conf_wrong(err, c->name, "max-life is a number of seconds");
	return SV_OK;
}

static struct sv_status
read_client(cfg_t *s, struct ad_cds_client *c, struct sv_err *err)
{
	*c = (struct ad_cds_client){ .name = cfg_title(s),
		.source = ad_conf_text(s, "source"),
		.issuer = sv_str_of(cfg_getstr(s, "issuer")),
		.jwks = ad_conf_text(s, "jwks"),
		.jku = sv_str_of(cfg_getstr(s, "jku")),
		.ca = ad_conf_text(s, "ca"),
		.subject = sv_str_of(cfg_getstr(s, "subject")),
		.max_life_s = cfg_getint(s, "max-life"),
		.plain = cfg_getbool(s, "allow-http"),
		.remember = cfg_getbool(s, "remember"),
		.wrapped = cfg_getbool(s, "wrapped-prefetch"),
		.profile = { .any_only = cfg_getbool(s, "any-only"),
			.single_action = cfg_getbool(s, "single-action"),
			.no_suggestions = !cfg_getbool(s, "suggestions"),
			.plain_topic = cfg_getbool(s, "plain-topic"),
			.markdown_extension = cfg_getbool(s,
			    "markdown-extension"),
			.version_3 = cfg_getbool(s, "action-selection") } };
	if (c->source == NULL)
		c->source = c->name;
	SV_TRY(read_list(s, "tenants", &c->tenants, err));
	SV_TRY(read_list(s, "audience", &c->audience, err));
	SV_TRY(read_list(s, "fhir-servers", &c->servers, err));
	SV_TRY(read_words(s, c, err));
	return check_client(c, err);
}

/* "system|code|display" */
static struct sv_status
read_reason(struct sv_str text, struct map_coding *ret, struct sv_err *err)
{
	size_t a = sv_str_chr(text, '|'), b;
	struct sv_str rest = sv_str_from(text, a + 1);

	b = sv_str_chr(rest, '|');
	*ret = (struct map_coding){ { text.p, a }, { rest.p, b },
		sv_str_from(rest, b + 1) };
	if (ret->system.n == 0 || ret->code.n == 0 || ret->display.n == 0)
		return ad_conf_wrong(err, "override-reasons", "an override reason is "
		    "\"system|code|display\"");
	return SV_OK;
}

/* "observations=Observation?patient={{context.patientId}}&category=laboratory" */
static struct sv_status
read_query(struct sv_str text, struct ad_cds_conf *c, struct sv_err *err)
{
	size_t eq = sv_str_chr(text, '=');
	enum map_key k = map_key_of((struct sv_str){ text.p, eq });

	if (k == MAP_KEY_MAX || eq + 1 >= text.n)
		return ad_conf_wrong(err, "prefetch", "prefetch takes \"key=query\", "
		    "with key patient, conditions, observations, reports, "
		    "procedures or medications");
	c->query[k] = sv_str_from(text, eq + 1);
	return SV_OK;
}

static struct sv_status
read_section(cfg_t *s, struct ad_cds_conf *c, struct sv_err *err)
{
	struct ad_cds_list reasons, queries;

	SV_TRY(read_list(s, "base", &c->base, err));
	SV_TRY(read_list(s, "origins", &c->origins, err));
	SV_TRY(read_list(s, "override-reasons", &reasons, err));
	SV_TRY(read_list(s, "prefetch", &queries, err));
	for (size_t i = 0; i < reasons.n; i++)
		SV_TRY(read_reason(reasons.at[i], &c->reasons[i], err));
	for (size_t i = 0; i < queries.n; i++)
		SV_TRY(read_query(queries.at[i], c, err));
	c->n_reasons = reasons.n;
	c->discovery_token = cfg_getbool(s, "discovery-token");
	c->version_3 = strcmp(cfg_getstr(s, "version"), "3.0.0") == 0;
	c->page = cfg_getbool(s, "patient-page");
	c->app = sv_str_of(cfg_getstr(s, "smart-app"));
	c->max_cards = cfg_getint(s, "max-cards");
	c->fetch_ms = cfg_getint(s, "fetch-ms");
	c->suppress_days = cfg_getint(s, "suppress-days");
	c->max_body_kib = cfg_getint(s, "max-body-kib");
	if (!c->version_3 && strcmp(cfg_getstr(s, "version"), "2.0.1") != 0)
		return ad_conf_wrong(err, "cds", "version is 2.0.1 or 3.0.0");
	return SV_OK;
}

static struct sv_status
check_base(struct ad_cds_conf *c, struct sv_err *err)
{
	if (c->base.n == 0)
		return ad_conf_wrong(err, "cds", "base is missing: the public URL of "
		    "this service, {\"https://salvor.hospital.example\"}; it "
		    "is what tokens are for");
	for (size_t i = 0; i < c->base.n; i++) {
		if (!is_url(c->base.at[i], c->development))
			return ad_conf_wrong(err, "cds", "base is an https URL");
		if (sv_str_ends(c->base.at[i], SV_LIT("/")))
			c->base.at[i].n--;
	}
	return SV_OK;
}

static struct sv_status
check(struct ad_cds_conf *c, struct sv_err *err)
{
	SV_TRY(check_base(c, err));
	if (!ad_conf_between(c->max_cards, 1, MAP_CARDS_MAX)
	    || !ad_conf_between(c->fetch_ms, 1, 10000)
	    || !ad_conf_between(c->suppress_days, 0, 400)
	    || !ad_conf_between(c->max_body_kib, 1, 65536))
		return ad_conf_wrong(err, "cds", "max-cards is 1 to 16, fetch-ms 1 to "
		    "10000, suppress-days 0 to 400, max-body-kib 1 to 65536");
	if (c->n_clients == 0 && !c->development)
		return ad_conf_wrong(err, "cds", "nobody may call: add a cds-client "
		    "section");
	return SV_OK;
}

struct sv_status
ad_conf_cds_read(cfg_t *cfg, bool development, struct ad_cds_conf *ret,
    struct sv_err *err)
{
	*ret = (struct ad_cds_conf){ .development = development,
		.n_clients = cfg_size(cfg, "cds-client") };
	if (cfg_size(cfg, "cds") == 0)
		return ret->n_clients == 0 ? SV_OK : ad_conf_wrong(err, "cds-client",
		    "there is no cds section");
	if (cfg_size(cfg, "cds") > 1)
		return ad_conf_wrong(err, "cds", "there is one section of this name");
	if (ret->n_clients > AD_CDS_MAX)
		return ad_conf_wrong(err, "cds-client", "at most 32 of them");
	ret->on = true;
	SV_TRY(read_section(cfg_getnsec(cfg, "cds", 0), ret, err));
	for (unsigned i = 0; i < ret->n_clients; i++)
		SV_TRY(read_client(cfg_getnsec(cfg, "cds-client", i),
		    &ret->client[i], err));
	return check(ret, err);
}
