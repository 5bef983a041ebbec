#include <stdio.h>
#include <string.h>

#include "ad_conf_parse.h"

cfg_opt_t ad_conf_registry_options[] = {
	CFG_STR("folder", "", CFGF_NONE), CFG_STR("source", "", CFGF_NONE),
	CFG_STR("reports", "", CFGF_NONE), CFG_STR("left", "keep", CFGF_NONE),
	CFG_STR("window", "", CFGF_NONE),
	CFG_INT("post-minutes", 60, CFGF_NONE),
	CFG_END()
};

/* "22:00-05:30" to minutes of the day. */
static bool
read_window(const char *text, struct ad_conf_registry *r)
{
	int h[2], m[2], end = 0;

	if (text == NULL)
		return true;
	if (sscanf(text, "%2d:%2d-%2d:%2d%n", &h[0], &m[0], &h[1], &m[1], &end)
	    != 4 || text[end] != '\0')
		return false;
	for (int i = 0; i < 2; i++) {
		if (h[i] < 0 || h[i] > 24 || m[i] < 0 || m[i] > 59)
			return false;
	}
	r->window_from = h[0] * 60 + m[0];
	r->window_to = h[1] * 60 + m[1];
	return r->window_from != r->window_to;
}

static struct sv_status
read_registry(cfg_t *s, struct ad_conf_registry *ret,
    struct sv_err *err)
{
	const char *left = ad_conf_text(s, "left");

	*ret = (struct ad_conf_registry){ .name = cfg_title(s),
		.folder = ad_conf_text(s, "folder"),
		.source = ad_conf_text(s, "source"),
		.reports = ad_conf_text(s, "reports"),
		.post_minutes = cfg_getint(s, "post-minutes") };
	if (ret->source == NULL)
		ret->source = ret->name;
	/* It becomes part of file names. */
	if (strspn(ret->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
	    "UVWXYZ0123456789-_") != strlen(ret->name))
		return ad_conf_wrong(err, ret->name, "the name of a registry "
		    "is of letters, digits, - and _");
	if (ret->folder == NULL)
		return ad_conf_wrong(err, ret->name, "a registry needs a "
		    "folder with NDJSON files");
	if (left == NULL || (strcmp(left, "keep") != 0
	    && strcmp(left, "purge") != 0))
		return ad_conf_wrong(err, ret->name, "left takes keep or "
		    "purge");
	ret->purge_left = strcmp(left, "purge") == 0;
	if (!read_window(ad_conf_text(s, "window"), ret))
		return ad_conf_wrong(err, ret->name, "window takes two times of "
		    "the day, such as 22:00-05:00");
	if (ret->post_minutes < 0 || ret->post_minutes > 1440)
		return ad_conf_wrong(err, ret->name, "post-minutes is 0 to "
		    "1440");
	return SV_OK;
}

struct sv_status
ad_conf_read_registries(cfg_t *cfg, struct ad_conf *ret, struct sv_err *err)
{
	ret->n_registries = cfg_size(cfg, "registry");
	if (ret->n_registries > AD_CONF_MAX)
		return ad_conf_wrong(err, "", "at most 64 registries");
	for (unsigned i = 0; i < ret->n_registries; i++)
		SV_TRY(read_registry(cfg_getnsec(cfg, "registry", i),
		    &ret->registry[i], err));
	return SV_OK;
}
