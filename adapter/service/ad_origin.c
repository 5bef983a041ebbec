/*
 * Whose ids are they?  "Observation/1" names something only within one server;
 * its fullUrl says within which (R4 bundle.html, Resource URL & Uniqueness
 * rules).  One sender may relay the resources of several servers, an interface
 * engine does: what stands on a server other than the sender's own is
 * remembered as of another source, so that two patients who are Patient/1 on
 * theirs are not taken for one.
 */
#include "ad_apply.h"

#include "fhir_type.h"

/* The base of a fullUrl or reference; "" if it names no server. */
static struct sv_str
base_of(struct sv_str url)
{
	struct fhir_reference ref = fhir_reference_of(url);

	if (!fhir_is_resource_type(ref.type)
	    || !(sv_str_starts(ref.base, SV_LIT("http:"))
	    || sv_str_starts(ref.base, SV_LIT("https:"))))
		return (struct sv_str){ "", 0 };
	return ref.base;
}

/* Are the bases of the sender's own server configured?  Is ${base} of them? */
static bool
is_configured(const struct ad_intake *I, struct sv_str base, bool *ret_any)
{
	bool found = false;

	*ret_any = false;
	for (size_t i = 0; i < I->cfg->n_homes; i++) {
		const struct ad_home *h = &I->cfg->homes[i];

		if (!sv_str_eq(h->source, I->r.source))
			continue;
		*ret_any = true;
		found = found || sv_str_eq(h->base, base);
	}
	return found;
}

bool
ad_origin_is_home(const struct ad_intake *I, struct sv_str url)
{
	struct sv_str base = base_of(url);
	bool any, found = is_configured(I, base, &any);

	if (base.n == 0)
		return true;
	return any ? found : sv_str_eq(base, I->home);
}

struct sv_status
ad_origin_learn(struct ad_intake *I, struct ad_store *S, struct ad_set set,
    struct sv_str reference)
{
	struct sv_str base = { "", 0 };
	bool needed = base_of(reference).n > 0;
	struct sv_status s;

	for (size_t i = 0; i < set.n && base.n == 0; i++) {
		if (ad_matters(&set.e[i]))
			base = base_of(set.e[i].full_url);
	}
	if (!needed && base.n == 0)
		return SV_OK;
	s = ad_store_home(S, &I->A, I->r.source, &I->home);
	if (s.code != SV_CODE_SKIP || base.n == 0)
		return s.code == SV_CODE_SKIP ? SV_OK : s;
	I->home = base;
	return ad_store_set_home(S, I->r.source, base);
}

/* Once for each message: if it is one server after all, its corrections would
 * go astray. */
static void
tell(struct ad_intake *I, struct sv_str base, struct fhir_issues *is)
{
	if (I->told_origin)
		return;
	I->told_origin = true;
	fhir_issue_addf(is, FHIR_INFORMATION, FHIR_CODE_INFORMATIONAL,
	    (struct sv_str){ NULL, 0 }, "Resources of %.*s are remembered "
	    "apart from those of %s%.*s, as another server's. If it is one "
	    "server, list its bases in the configuration of this client.",
	    SV_FMT(base), I->home.n > 0 ? "" : "the client's own server",
	    SV_FMT(I->home));
}

struct sv_status
ad_origin_of(struct ad_intake *I, const struct fhir_entry *e,
    struct fhir_issues *is, struct sv_str *ret)
{
	struct sv_str base;

	*ret = I->r.source;
	if (ad_origin_is_home(I, e->full_url))
		return SV_OK;
	base = base_of(e->full_url);
	tell(I, base, is);
	*ret = sv_arena_printf(&I->A, "%.*s %.*s", SV_FMT(I->r.source),
	    SV_FMT(base));
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}
