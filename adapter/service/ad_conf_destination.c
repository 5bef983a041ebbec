#include "ad_conf_parse.h"

#include <string.h>

#include "ad_client.h"

/* What we ask for unless told otherwise: to create and update what we write
 * (SMART App Launch 2.2, scopes version 2). */
static char usual_scope[] = "system/GuidanceResponse.cu system/CarePlan.cu "
	"system/DetectedIssue.cu system/Provenance.cu system/AuditEvent.cu";

cfg_opt_t ad_conf_destination_options[] = {
	CFG_STR("url", "", CFGF_NONE), CFG_STR("ca", "", CFGF_NONE),
	CFG_STR("certificate", "", CFGF_NONE), CFG_STR("key", "", CFGF_NONE),
	CFG_STR("proxy", "", CFGF_NONE),
	CFG_STR("token-file", "", CFGF_NONE),
	CFG_STR("user", "", CFGF_NONE), CFG_STR("password-file", "", CFGF_NONE),
	CFG_STR("client-id", "", CFGF_NONE),
	CFG_STR("client-key", "", CFGF_NONE),
	CFG_STR("token-url", "", CFGF_NONE), CFG_STR("jwks-url", "", CFGF_NONE),
	CFG_STR("scope", usual_scope, CFGF_NONE),
	CFG_STR("references", "sender", CFGF_NONE),
	CFG_INT("concurrency", 4, CFGF_NONE), CFG_INT("timeout", 30, CFGF_NONE),
	CFG_END()
};

const char *
ad_conf_proxy(cfg_t *s)
{
	const char *p = ad_conf_text(s, "proxy");

	return p != NULL && strcmp(p, "none") == 0 ? "" : p;
}

static struct sv_status
check_url(const struct ad_conf_destination *d, bool development,
    struct sv_err *err)
{
	if (d->url == NULL)
		return ad_conf_wrong(err, d->name, "a destination needs a url");
	if (strncmp(d->url, "file:/", 6) == 0
	    || ad_client_may_ask(d->url, development))
		return SV_OK;
	return ad_conf_wrong(err, d->name, "url takes https://…, or file:/… "
	    "for a folder");
}

/* What goes together, and what does not. */
static struct sv_status
check_credentials(const struct ad_conf_destination *d, struct sv_err *err)
{
	if ((d->certificate == NULL) != (d->key == NULL))
		return ad_conf_wrong(err, d->name, "certificate and key go "
		    "together");
	if ((d->user == NULL) != (d->password_file == NULL))
		return ad_conf_wrong(err, d->name, "user and password-file go "
		    "together");
	if ((d->client_id == NULL) != (d->client_key == NULL))
		return ad_conf_wrong(err, d->name, "client-id and client-key "
		    "go together");
	if ((d->token_file != NULL) + (d->user != NULL)
	    + (d->client_id != NULL) > 1)
		return ad_conf_wrong(err, d->name, "token-file, user and "
		    "client-id exclude one another");
	if (d->client_id == NULL && (d->token_url != NULL || d->jku != NULL))
		return ad_conf_wrong(err, d->name, "token-url and jwks-url go "
		    "with client-id");
	return SV_OK;
}

/* "sender": names as the sender used them; "logical": it is another server. */
static struct sv_status
read_references(cfg_t *s, struct ad_conf_destination *d, struct sv_err *err)
{
	const char *text = cfg_getstr(s, "references");

	d->logical = strcmp(text, "logical") == 0;
	return d->logical || strcmp(text, "sender") == 0 ? SV_OK
	    : ad_conf_wrong(err, d->name, "references takes \"sender\" or "
	    "\"logical\"");
}

struct sv_status
ad_conf_read_destination(cfg_t *s, bool development,
    struct ad_conf_destination *ret, struct sv_err *err)
{
	*ret = (struct ad_conf_destination){ .name = cfg_title(s),
		.url = ad_conf_text(s, "url"), .ca = ad_conf_text(s, "ca"),
		.certificate = ad_conf_text(s, "certificate"),
		.key = ad_conf_text(s, "key"), .proxy = ad_conf_proxy(s),
		.token_file = ad_conf_text(s, "token-file"),
		.user = ad_conf_text(s, "user"),
		.password_file = ad_conf_text(s, "password-file"),
		.client_id = ad_conf_text(s, "client-id"),
		.client_key = ad_conf_text(s, "client-key"),
		.token_url = ad_conf_text(s, "token-url"),
		.jku = ad_conf_text(s, "jwks-url"),
		.scope = ad_conf_text(s, "scope"),
		.concurrency = cfg_getint(s, "concurrency"),
		.timeout_s = cfg_getint(s, "timeout") };
	SV_TRY(check_url(ret, development, err));
	SV_TRY(check_credentials(ret, err));
	SV_TRY(read_references(s, ret, err));
	if (ret->token_url != NULL
	    && !ad_client_may_ask(ret->token_url, development))
		return ad_conf_wrong(err, ret->name, "token-url takes "
		    "https://…");
	if (ret->scope == NULL)
		return ad_conf_wrong(err, ret->name, "scope must not be empty");
	if (ret->concurrency < 1 || ret->concurrency > 64 || ret->timeout_s < 1)
		return ad_conf_wrong(err, ret->name, "concurrency is 1 to 64, "
		    "timeout at least 1 second");
	return SV_OK;
}
