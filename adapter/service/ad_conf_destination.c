#include "ad_conf_parse.h"

#include <string.h>

#include "ad_client.h"

/* What we ask for unless told otherwise: to create and update what we write
 * (SMART App Launch 2.2, scopes version 2). */
static char usual_scope[] = "system/GuidanceResponse.cu system/CarePlan.cu "
	"system/DetectedIssue.cu system/Provenance.cu system/AuditEvent.cu";

cfg_opt_t ad_conf_destination_options[] = {
	CFG_STR("url", "", CFGF_NONE), AD_CONF_ACCESS_OPTIONS(usual_scope),
	CFG_STR("token-file", "", CFGF_NONE),
	CFG_STR("user", "", CFGF_NONE), CFG_STR("password-file", "", CFGF_NONE),
	CFG_STR("references", "sender", CFGF_NONE),
	CFG_INT("concurrency", 4, CFGF_NONE), CFG_INT("timeout", 30, CFGF_NONE),
	CFG_END()
};

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
	if ((d->user == NULL) != (d->password_file == NULL))
		return ad_conf_wrong(err, d->name, "user and password-file go "
		    "together");
	if ((d->token_file != NULL) + (d->user != NULL)
	    + (d->access.client_id != NULL) > 1)
		return ad_conf_wrong(err, d->name, "token-file, user and "
		    "client-id exclude one another");
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
		.url = ad_conf_text(s, "url"),
		.token_file = ad_conf_text(s, "token-file"),
		.user = ad_conf_text(s, "user"),
		.password_file = ad_conf_text(s, "password-file"),
		.concurrency = cfg_getint(s, "concurrency"),
		.timeout_s = cfg_getint(s, "timeout") };
	SV_TRY(check_url(ret, development, err));
	SV_TRY(ad_conf_read_access(s, development, &ret->access, err));
	SV_TRY(check_credentials(ret, err));
	SV_TRY(read_references(s, ret, err));
	if (ret->concurrency < 1 || ret->concurrency > 64 || ret->timeout_s < 1)
		return ad_conf_wrong(err, ret->name, "concurrency is 1 to 64, "
		    "timeout at least 1 second");
	return SV_OK;
}
