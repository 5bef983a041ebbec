/*
 * Remembering what a set of resources says.
 */
#include "ad_apply.h"

#include "fhir_type.h"
#include "map_hash.h"
#include "sv_limits.h"

struct sv_status
ad_apply_affects(struct ad_intake *I, int64_t patient)
{
	return ad_patient_ids_add(&I->A, &I->affected, patient);
}

/*
 * By what a resource is remembered.  Its type and id, if it comes from a server
 * whose ids are unique: it has a URL there, or is sent on its own.  The entry
 * of a document (fullUrl urn:uuid) has an id that means something only among
 * the resources of its patient, or none: then its fullUrl, else its content.
 */
static struct sv_status
name_of(struct ad_intake *I, const struct fhir_entry *e, struct sv_str id,
    struct sv_str *ret)
{
	char hex[MAP_HASH_HEX];

	if (id.n > 0 && !sv_str_starts(e->full_url, SV_LIT("urn:"))) {
		*ret = sv_arena_join(&I->A, e->resource_type, SV_LIT("/"), id);
	} else if (id.n > 0) {
		*ret = sv_arena_printf(&I->A, "%.*s/%lld/%.*s",
		    SV_FMT(e->resource_type), (long long)I->own_patient,
		    SV_FMT(id));
	} else if (e->full_url.n > 0) {
		*ret = e->full_url;
	} else {
		SV_TRY(map_hash(&e->json, 1, hex));
		*ret = sv_arena_printf(&I->A, "sha256:%.*s", MAP_HASH_HEX, hex);
	}
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

/* A shared resource changed: all who use it are decided again. */
static struct sv_status
affects_users(struct ad_intake *I, struct ad_store *S, const struct ad_kept *r)
{
	struct ad_patient_ids users = { .n = 0 };

	SV_TRY(ad_store_users_of(S, &I->A, r->source, r->name, &users));
	for (size_t i = 0; i < users.n; i++)
		SV_TRY(ad_apply_affects(I, users.at[i]));
	return SV_OK;
}

/* Is ${r} older than what is known?  A late version changes nothing; nor does
 * a resource come back that was deleted after it was written.  What does not
 * say its version is as new as its arrival. */
static bool
is_late(const struct ad_kept *known, const struct ad_kept *r)
{
	bool ids = known->version.id.n > 0 && r->version.id.n > 0;
	bool times = known->version.updated.n > 0 && r->version.updated.n > 0;

	return (ids || times)
	    && map_version_cmp(&r->version, &known->version) < 0;
}

/* Put ${r} in place of what is known, unless it is late (SKIP). */
static struct sv_status
replace(struct ad_intake *I, struct ad_store *S, const struct ad_kept *r)
{
	struct ad_kept known;

	SV_TRY(ad_store_find_resource(S, &I->A, r->source, r->name, &known));
	SV_ENSURE(!is_late(&known, r), SV_SKIP);
	/* A result that was filed under the wrong patient moves. */
	if (known.patient != r->patient && known.patient != 0)
		SV_TRY(ad_apply_affects(I, known.patient));
	return ad_store_put_resource(S, &I->A, r);
}

/* Most are new. */
struct sv_status
ad_apply_replace(struct ad_intake *I, struct ad_store *S,
    const struct ad_kept *r, struct ad_result *ret)
{
	struct sv_status s = ad_store_add_resource(S, &I->A, r);

	if (s.code == SV_CODE_SKIP) {
		ret->n_known++;
		s = replace(I, S, r);
	}
	if (s.code == SV_CODE_SKIP) {
		ret->n_late++;
		return SV_OK;
	}
	SV_TRY(s);
	ret->n_kept++;
	return r->patient == 0 ? affects_users(I, S, r)
	    : ad_apply_affects(I, r->patient);
}

static struct sv_status
keep(struct ad_intake *I, struct ad_store *S, struct fhir_entry *e,
    struct ad_result *ret)
{
	struct ad_kept r = { .full_url = e->full_url, .message = I->m.id };
	struct fhir_at root = fhir_entry_root(e);
	size_t kept = ret->n_kept;

	SV_TRY(ad_origin_of(I, e, &ret->is, &r.source));
	SV_TRY(name_of(I, e, fhir_text(&root, "id"), &r.name));
	r.text = I->packed[e - I->doc.entries];
	SV_TRY(map_shared_reference(&I->A, e, &r.refers));
	r.version = map_version_of(&root);
	r.patient = sv_str_is(e->resource_type, "Medication") ? 0
	    : I->own_patient;
	SV_TRY(ad_apply_replace(I, S, &r, ret));
	if (ret->n_kept > kept && I->own != NULL) {
		I->own[I->n_own] = (struct ad_have){ r.source, r.name,
			r.refers, r.message, I->n_own, *e };
		I->n_own++;
	}
	return SV_OK;
}

/* "Observation/e4": remembered as deleted even if it was never seen, so that a
 * late create does not bring it back. */
struct sv_status
ad_apply_forget(struct ad_intake *I, struct ad_store *S, const struct fhir_entry *e,
    struct ad_result *ret)
{
	struct fhir_reference ref = fhir_reference_of(e->url);
	struct ad_kept r = { .deleted = true, .message = I->m.id }, known;
	struct sv_status s;

	if (ref.type.n == 0 || ref.id.n == 0) {
		fhir_issue_addf(&ret->is, FHIR_FATAL, FHIR_CODE_VALUE,
		    sv_str_of(e->path), "A DELETE names one resource, as "
		    "Type/id; conditional deletes are not supported.");
		return SV_BAD;
	}
	r.name = sv_arena_printf(&I->A, "%.*s/%.*s", SV_FMT(ref.type),
	    SV_FMT(ref.id));
	SV_ENSURE(r.name.p != NULL, SV_NOMEM);
	SV_TRY(ad_origin_of(I, e, &ret->is, &r.source));
	s = ad_store_find_resource(S, &I->A, r.source, r.name, &known);
	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	/* What was written before now stays deleted; what is newer returns. */
	r.version.updated = I->recorded;
	if (sv_is_ok(s)) {
		r.patient = known.patient;
		r.version.id = known.version.id;
	}
	ret->n_deleted++;
	SV_TRY(ad_store_put_resource(S, &I->A, &r));
	return r.patient == 0 ? affects_users(I, S, &r)
	    : ad_apply_affects(I, r.patient);
}

static struct sv_status
apply_entries(struct ad_intake *I, struct ad_store *S, struct ad_set set,
    struct ad_result *r)
{
	bool batch = I->each != NULL;

	if (!batch && I->replayed == 0) {
		I->own = sv_arena_alloc(&I->A, (set.n + 1) * sizeof(*I->own));
		SV_ENSURE(I->own != NULL, SV_NOMEM);
	}
	SV_TRY(ad_origin_learn(I, S, set, r->of_patient
	    ? r->patient.reference : SV_LIT("")));
	for (size_t i = 0; i < set.n; i++) {
		if (ad_is_delete(&set.e[i]))
			SV_TRY(ad_apply_forget(I, S, &set.e[i], r));
	}
	I->own_patient = 0;
	if (r->of_patient)
		SV_TRY(ad_identify(I, S, set, r));
	for (size_t i = 0; i < set.n; i++) {
		if (ad_matters(&set.e[i]))
			SV_TRY(keep(I, S, &set.e[i], r));
	}
	/* A batch is decided once, when all of its entries are there. */
	return batch ? SV_OK : ad_redecide_all(I, S, &r->is);
}

struct sv_status
ad_apply_set(struct ad_intake *I, struct ad_store *S, struct ad_set set,
    struct ad_result *ret)
{
	size_t affected = I->affected.n, posts = I->n_posts;
	struct sv_status s;

	SV_TRY(ad_store_savepoint(S));
	s = ad_store_end_savepoint(S, apply_entries(I, S, set, ret));
	if (sv_is_ok(s))
		return SV_OK;
	ret->status = 422;
	ret->fate = AD_FATE_REFUSED;
	I->affected.n = affected;
	I->n_posts = posts;
	return ad_is_hopeless(s) ? SV_OK : s;
}
