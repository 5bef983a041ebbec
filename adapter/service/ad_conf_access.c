/*
 * How a server that we ask is reached: the same keys for destinations and
 * registries.
 */
#include "ad_conf_parse.h"

#include <string.h>

#include "ad_client.h"

/* "none" is no proxy, whatever the environment says. */
static const char *
read_proxy(cfg_t *s)
{
	const char *p = ad_conf_text(s, "proxy");

	return p != NULL && strcmp(p, "none") == 0 ? "" : p;
}

/* What goes together. */
static struct sv_status
check(const struct ad_conf_access *a, const char *name, bool development,
    struct sv_err *err)
{
	if ((a->certificate == NULL) != (a->key == NULL))
		return ad_conf_wrong(err, name, "certificate and key go "
		    "together");
	if ((a->client_id == NULL) != (a->client_key == NULL))
		return ad_conf_wrong(err, name, "client-id and client-key go "
		    "together");
	if (a->client_id == NULL && (a->token_url != NULL || a->jku != NULL))
		return ad_conf_wrong(err, name, "token-url and jwks-url go "
		    "with client-id");
	if (a->token_url != NULL
	    && !ad_client_may_ask(a->token_url, development))
		return ad_conf_wrong(err, name, "token-url takes https://…");
	if (a->scope == NULL)
		return ad_conf_wrong(err, name, "scope must not be empty");
	return SV_OK;
}

struct sv_status
ad_conf_read_access(cfg_t *s, bool development, struct ad_conf_access *ret,
    struct sv_err *err)
{
	*ret = (struct ad_conf_access){ .ca = ad_conf_text(s, "ca"),
		.certificate = ad_conf_text(s, "certificate"),
		.key = ad_conf_text(s, "key"), .proxy = read_proxy(s),
		.client_id = ad_conf_text(s, "client-id"),
		.client_key = ad_conf_text(s, "client-key"),
		.token_url = ad_conf_text(s, "token-url"),
		.jku = ad_conf_text(s, "jwks-url"),
		.scope = ad_conf_text(s, "scope") };
	return check(ret, cfg_title(s), development, err);
}
