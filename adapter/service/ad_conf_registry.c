#include <stdio.h>
#include <string.h>

#include "ad_client.h"
#include "ad_conf_parse.h"

/* What can say anything to Salvor; few servers have all of it. */
static const struct sv_str usual_types[] = { SV_STATIC("Patient"),
	SV_STATIC("Condition"), SV_STATIC("Observation"),
	SV_STATIC("Procedure"), SV_STATIC("DiagnosticReport"),
	SV_STATIC("MedicationRequest"), SV_STATIC("MedicationAdministration"),
	SV_STATIC("MedicationStatement"), SV_STATIC("MedicationDispense"),
	SV_STATIC("Medication"), SV_STATIC("Specimen") };
#define N_USUAL (sizeof(usual_types) / sizeof(usual_types[0]))
#define N_NEEDED 4

static char none[] = "{}";

cfg_opt_t ad_conf_registry_options[] = {
	CFG_STR("folder", "", CFGF_NONE), CFG_STR("url", "", CFGF_NONE),
	CFG_STR("level", "system", CFGF_NONE), CFG_STR("group", "", CFGF_NONE),
	CFG_STR_LIST("types", none, CFGF_NONE),
	CFG_STR_LIST("type-filter", none, CFGF_NONE),
	AD_CONF_ACCESS_OPTIONS("system/*.rs"),
	CFG_INT("parallel", 3, CFGF_NONE),
	CFG_INT("deadline-hours", 168, CFGF_NONE),
	CFG_INT("max-gib", 1024, CFGF_NONE),
	CFG_INT("since-overlap", 60, CFGF_NONE),
	CFG_INT("ask-seconds", 5, CFGF_NONE),
	CFG_BOOL("lenient-counts", cfg_false, CFGF_NONE),
	CFG_STR("source", "", CFGF_NONE),
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

static void
read_list(cfg_t *s, const char *name, struct sv_str *at, size_t *n)
{
	*n = cfg_size(s, name) < AD_CONF_MAX ? cfg_size(s, name) : AD_CONF_MAX;
	for (unsigned i = 0; i < *n; i++)
		at[i] = sv_str_of(cfg_getnstr(s, name, i));
}

/* Types that are configured are all wanted. */
static void
read_types(cfg_t *s, struct ad_conf_registry *r)
{
	read_list(s, "types", r->types, &r->n_types);
	r->n_needed = r->n_types;
	if (r->n_types > 0)
		return;
	memcpy(r->types, usual_types, sizeof(usual_types));
	r->n_types = N_USUAL;
	r->n_needed = N_NEEDED;
}

static bool
are_in_range(const struct ad_conf_registry *r)
{
	return r->parallel >= 1 && r->parallel <= 10 && r->deadline_hours >= 1
	    && r->max_gib >= 1 && r->overlap_s >= 0 && r->ask_s >= 1;
}

static struct sv_status
check_server(const struct ad_conf_registry *r, struct sv_err *err)
{
	if (strcmp(r->level, "system") != 0 && strcmp(r->level, "patient") != 0
	    && r->group == NULL)
		return ad_conf_wrong(err, r->name, "level takes system or "
		    "patient; or name a group");
	if (!are_in_range(r))
		return ad_conf_wrong(err, r->name, "parallel is 1 to 10; "
		    "deadline-hours, max-gib and ask-seconds at least 1");
	return SV_OK;
}

/* How the server is reached and what is asked for. */
static struct sv_status
read_server(cfg_t *s, struct ad_conf_registry *r, struct sv_err *err)
{
	r->url = ad_conf_text(s, "url");
	r->group = ad_conf_text(s, "group");
	r->level = r->group != NULL ? "group" : cfg_getstr(s, "level");
	read_types(s, r);
	read_list(s, "type-filter", r->filters, &r->n_filters);
	r->parallel = cfg_getint(s, "parallel");
	r->deadline_hours = cfg_getint(s, "deadline-hours");
	r->max_gib = cfg_getint(s, "max-gib");
	r->overlap_s = cfg_getint(s, "since-overlap");
	r->ask_s = cfg_getint(s, "ask-seconds");
	r->lenient_counts = cfg_getbool(s, "lenient-counts");
	return check_server(r, err);
}

static struct sv_status
check_input(const struct ad_conf_registry *r, bool development,
    struct sv_err *err)
{
	/* It becomes part of file names. */
	if (strspn(r->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
	    "UVWXYZ0123456789-_") != strlen(r->name))
		return ad_conf_wrong(err, r->name, "the name of a registry "
		    "is of letters, digits, - and _");
	if ((r->folder == NULL) == (r->url == NULL))
		return ad_conf_wrong(err, r->name, "a registry needs a folder "
		    "with NDJSON files, or the url of a server");
	if (r->url != NULL && !ad_client_may_ask(r->url, development))
		return ad_conf_wrong(err, r->name, "url takes https://…");
	return SV_OK;
}

static struct sv_status
read_registry(cfg_t *s, bool development, struct ad_conf_registry *ret,
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
	ret->plain = development;
	SV_TRY(ad_conf_read_access(s, development, &ret->access, err));
	SV_TRY(read_server(s, ret, err));
	SV_TRY(check_input(ret, development, err));
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
		    ret->development, &ret->registry[i], err));
	return SV_OK;
}
