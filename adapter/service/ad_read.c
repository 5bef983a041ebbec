/*
 * What a set of resources says, before anything is remembered of it.
 */
#include "ad_apply.h"

#include "ad_store_pack.h"
#include "fhir_type.h"
#include "map_subject.h"
#include "sv_limits.h"

bool
ad_is_delete(const struct fhir_entry *e)
{
	return sv_str_is(e->method, "DELETE");
}

bool
ad_matters(const struct fhir_entry *e)
{
	return !ad_is_delete(e) && (map_is_clinical(e->resource_type)
	    || sv_str_is(e->resource_type, "Patient")
	    || map_is_supporting(e->resource_type));
}

/* A Bundle is written down, entry by entry; it asks for nothing. */
static struct sv_status
check_request(struct ad_result *r, const struct fhir_entry *e)
{
	if (sv_str_is(e->method, "GET") || sv_str_is(e->method, "HEAD")) {
		fhir_issue_addf(&r->is, FHIR_FATAL, FHIR_CODE_NOT_SUPPORTED,
		    sv_str_of(e->path), "Bundles may write, not read.");
		return SV_BAD;
	}
	return SV_OK;
}

/* Somebody has to look if it is not clear whose a resource is. */
static bool
is_unclear(const struct fhir_issues *is)
{
	for (size_t i = 0; i < is->n; i++) {
		if (sv_str_is(is->at[i].detail, "subject-missing"))
			return true;
	}
	return false;
}

/* A Patient that only says which one took its place? */
static struct sv_status
is_replaced(struct ad_intake *I, struct fhir_entry *e, bool *ret)
{
	struct map_subject m;

	*ret = false;
	if (!sv_str_is(e->resource_type, "Patient"))
		return SV_OK;
	SV_TRY(map_subject(&I->A, e, &m));
	*ret = m.successor.n > 0;
	return SV_OK;
}

/* The text to keep: as sent, or as JSON if it came in a Bundle of XML. */
static struct sv_status
pack(struct ad_intake *I, const struct fhir_entry *e)
{
	struct sv_str *ret = &I->packed[e - I->doc.entries];
	struct sv_buf b;

	sv_buf_init(&b, &I->A, SV_LIMIT_DOCUMENT);
	if (e->json.n == 0)
		fhir_json_print(&b, e->tree);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	*ret = ad_store_pack(&I->A, AD_PACK_RESOURCE, e->json.n > 0 ? e->json
	    : sv_buf_str(&b));
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

/* Shared resources, and such as cannot matter, need no patient. */
static struct sv_status
look_through(struct ad_intake *I, struct ad_set set, struct ad_result *r)
{
	r->only_replaced = true;
	for (size_t i = 0; i < set.n; i++) {
		struct fhir_entry *e = &set.e[i];

		SV_TRY(check_request(r, e));
		if (!ad_matters(e))
			continue;
		SV_TRY(fhir_entry_tree(&I->A, e));
		SV_TRY(pack(I, e));
		r->n_matter++;
		if (!sv_str_is(e->resource_type, "Medication"))
			r->of_patient = true;
		if (r->only_replaced)
			SV_TRY(is_replaced(I, e, &r->only_replaced));
	}
	return SV_OK;
}

/* BAD, LIMIT: refused or held, ${r} says which and why. */
static struct sv_status
read_set(struct ad_intake *I, struct ad_set set, struct ad_result *r)
{
	struct map_input_options o = I->cfg->engine->input;
	struct sv_status s;

	SV_TRY(look_through(I, set, r));
	if (!r->of_patient || r->only_replaced)
		return SV_OK;
	o.identifier_systems = I->cfg->identifier_systems;
	o.n_identifier_systems = I->cfg->n_identifier_systems;
	r->n_before = r->is.n;
	s = map_input(&I->A, &(struct fhir_doc){ .entries = set.e,
	    .n_entries = set.n }, &o, &r->patient, &r->is);
	if (s.code != SV_CODE_NOMEM && is_unclear(&r->is)) {
		r->fate = AD_FATE_HELD;
		r->status = 202;
		return SV_BAD;
	}
	if (s.code == SV_CODE_LIMIT)
		r->status = 413;
	return s;
}

static struct sv_status
read_or_refuse(struct ad_intake *I, struct ad_set set, struct ad_result *ret)
{
	struct sv_status s;

	ret->status = 422;
	ret->fate = AD_FATE_REFUSED;
	if (ret->is.A == NULL)
		fhir_issues_init(&ret->is, &I->A);
	s = read_set(I, set, ret);
	if (sv_is_ok(s)) {
		ret->status = 200;
		ret->fate = AD_FATE_APPLIED;
	}
	return ad_is_hopeless(s) ? SV_OK : s;
}

struct sv_status
ad_read_sets(struct ad_intake *I)
{
	size_t n = I->doc.n_entries;

	I->packed = sv_arena_zalloc(&I->A, n + 1, sizeof(*I->packed));
	SV_ENSURE(I->packed != NULL, SV_NOMEM);
	if (!sv_str_is(I->doc.bundle_type, "batch"))
		return read_or_refuse(I, (struct ad_set){ I->doc.entries, n },
		    &I->whole);
	I->each = sv_arena_zalloc(&I->A, n + 1, sizeof(*I->each));
	SV_ENSURE(I->each != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++)
		SV_TRY(read_or_refuse(I, (struct ad_set){ &I->doc.entries[i],
		    1 }, &I->each[i]));
	return SV_OK;
}
