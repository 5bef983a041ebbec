/*
 * Which patient is it?
 */
#include "ad_apply.h"

#include "fhir_type.h"
#include "map_subject.h"

/* The names by which one patient was met in a message. */
struct meeting {
	struct ad_intake *I;
	struct ad_store *S;
	struct ad_result *r;
	int64_t patient;	/* 0: none of the names is known yet */
	bool more;		/* some are not known yet */
};

/* A name leads to ${found}: if another one led elsewhere, the two are one. */
static struct sv_status
meet(struct meeting *M, int64_t found)
{
	int64_t first = M->patient, second = found;

	if (M->patient == 0 || M->patient == found) {
		M->patient = found;
		return SV_OK;
	}
	/* The older number stays, whatever the order of the names. */
	if (second < first) {
		first = found;
		second = M->patient;
	}
	SV_TRY(ad_apply_affects(M->I, first));
	M->patient = first;
	return ad_store_merge_patients(M->S, second, first);
}

/* A name that was looked up with ${s}. */
static struct sv_status
meet_if(struct meeting *M, struct sv_status s, int64_t found)
{
	if (s.code == SV_CODE_SKIP) {
		M->more = true;
		return SV_OK;
	}
	SV_TRY(s);
	return meet(M, found);
}

static struct sv_status
by_name(struct meeting *M, struct sv_str source, struct sv_str name, bool put)
{
	int64_t found;
	struct sv_status s;

	if (name.n == 0)
		return SV_OK;
	if (put)
		return ad_store_name_patient(M->S, M->patient, source, name);
	s = ad_store_find_patient(M->S, source, name, &found);
	return meet_if(M, s, found);
}

static struct sv_status
by_identifier(struct meeting *M, struct sv_str system, struct sv_str value,
    bool put)
{
	int64_t found;
	struct sv_status s;

	if (value.n == 0)
		return SV_OK;
	if (put)
		return ad_store_identify_patient(M->S, M->patient, system,
		    value);
	s = ad_store_find_identifier(M->S, system, value, &found);
	return meet_if(M, s, found);
}

static bool
is_global(const struct ad_intake_config *cfg, struct sv_str system)
{
	for (size_t i = 0; i < cfg->n_identifier_systems; i++) {
		if (sv_str_eq(system, cfg->identifier_systems[i]))
			return true;
	}
	return false;
}

/* Identifiers of the configured systems hold everywhere.  A Patient whose id
 * names it nowhere is known by its first identifier, which holds for this
 * source alone. */
static struct sv_status
by_identifiers(struct meeting *M, const struct fhir_at *root, bool nameless,
    bool put)
{
	struct fhir_at x;

	for (x = fhir_first(root, "identifier"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct sv_str system = fhir_text(&x, "system");
		struct sv_str value = fhir_text(&x, "value");

		if (is_global(M->I->cfg, system)) {
			SV_TRY(by_identifier(M, system, value, put));
			continue;
		}
		if (!nameless || value.n == 0)
			continue;
		nameless = false;
		system = sv_arena_printf(&M->I->A, "%.*s %.*s",
		    SV_FMT(M->I->r.source), SV_FMT(system));
		SV_ENSURE(system.p != NULL, SV_NOMEM);
		SV_TRY(by_identifier(M, system, value, put));
	}
	return SV_OK;
}

/* A Patient of a document (fullUrl urn:uuid) may call itself "1" as any other:
 * its id names it only if it has no identifier.  Its whole URL holds for all
 * that the sender relays. */
static struct sv_status
by_patient(struct meeting *M, struct fhir_entry *e, bool put)
{
	bool document = sv_str_starts(e->full_url, SV_LIT("urn:"));
	struct map_subject m;
	struct fhir_at root, identifier;
	struct sv_str id, source;

	SV_TRY(map_subject(&M->I->A, e, &m));
	SV_TRY(ad_origin_of(M->I, e, &M->r->is, &source));
	root = fhir_entry_root(e);
	id = fhir_text(&root, "id");
	identifier = fhir_get(&root, "identifier");
	if (!document || fhir_text(&identifier, "value").n == 0)
		SV_TRY(by_name(M, source, id, put));
	SV_TRY(by_name(M, source, m.successor, put));
	SV_TRY(by_name(M, M->I->r.source, e->full_url, put));
	return by_identifiers(M, &root, document || id.n == 0, put);
}

/* Without a Patient it has the name by which the others refer to it:
 * "Patient/7" is known as 7 on their server, one elsewhere by its whole URL. */
static struct sv_status
by_reference(struct meeting *M, struct ad_set set, bool put)
{
	struct sv_str text = M->r->patient.reference, source = M->I->r.source;
	struct fhir_reference ref = fhir_reference_of(text);

	if (ref.form == FHIR_REF_ABSOLUTE && M->I->home.n > 0
	    && ad_origin_is_home(M->I, text))
		return by_name(M, source, ref.id, put);
	if (ref.form != FHIR_REF_RELATIVE)
		return by_name(M, source, text, put);
	for (size_t i = 0; i < set.n && sv_str_eq(source, M->I->r.source); i++) {
		if (ad_matters(&set.e[i]))
			SV_TRY(ad_origin_of(M->I, &set.e[i], &M->r->is,
			    &source));
	}
	return by_name(M, source, ref.id, put);
}

/* All names that ${set} gives to the patient: looked up, or put. */
static struct sv_status
all_names(struct meeting *M, struct ad_set set, bool put)
{
	bool any = false;

	for (size_t i = 0; i < set.n; i++) {
		if (!sv_str_is(set.e[i].resource_type, "Patient")
		    || ad_is_delete(&set.e[i]))
			continue;
		any = true;
		SV_TRY(by_patient(M, &set.e[i], put));
	}
	return any ? SV_OK : by_reference(M, set, put);
}

struct sv_status
ad_identify(struct ad_intake *I, struct ad_store *S, struct ad_set set,
    struct ad_result *r)
{
	struct meeting M = { .I = I, .S = S, .r = r };

	SV_TRY(all_names(&M, set, false));
	I->fresh = M.patient == 0;
	if (I->fresh)
		SV_TRY(ad_store_new_patient(S, &M.patient));
	I->own_patient = M.patient;
	return M.more ? all_names(&M, set, true) : SV_OK;
}
