#include "ad_jose_json.h"

#include "fhir_json.h"
#include "sv_dec.h"

/* 9999-12-31T23:59:59Z */
#define LAST_SECOND INT64_C(253402300799)

struct sv_status
ad_jose_object(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret)
{
	const struct fhir_json_limits limits = { .bytes = text.n, .depth = 16,
		.values = 4096, .members = 64 };
	struct fhir_issues is;

	fhir_issues_init(&is, A);
	return fhir_json_scan_tree(A, text, &limits, ret, &is);
}

bool
ad_jose_text(const struct cJSON *o, const char *name, struct sv_str *ret)
{
	const struct cJSON *m = cJSON_GetObjectItemCaseSensitive(o, name);

	*ret = (struct sv_str){ "", 0 };
	if (m == NULL)
		return true;
	if (!cJSON_IsString(m))
		return false;
	*ret = sv_str_of(m->valuestring);
	return true;
}

bool
ad_jose_date(const struct cJSON *o, const char *name, int64_t *ret)
{
	const struct cJSON *m = cJSON_GetObjectItemCaseSensitive(o, name);
	struct sv_dec d;

	*ret = -1;
	if (m == NULL)
		return true;
	if (!cJSON_IsNumber(m)
	    || !sv_is_ok(sv_dec_parse(sv_str_of(m->valuestring), &d))
	    || d.m < 0)
		return false;
	for (; d.scale > 0; d.scale--)
		d.m /= 10;
	*ret = d.m;
	return d.m <= LAST_SECOND;
}
