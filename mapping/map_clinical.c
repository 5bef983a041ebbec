/*
 * Conditions and procedures into events.
 */
#include "map_supply.h"

/* The code of the first coding of ${name}: status elements of Condition. */
static struct sv_str
status_code(const struct fhir_at *root, const char *name)
{
	struct fhir_at concept = fhir_get(root, name);
	struct fhir_at coding = fhir_get(&concept, "coding");

	return fhir_text(&coding, "code");
}

/* The relapse that a diagnosis with clinicalStatus relapse stands for. */
static enum core_concept
relapse_of(enum core_concept c)
{
	switch (c) {
	case CORE_HODGKIN_LYMPHOMA:
	case CORE_DLBCL:
	case CORE_LYMPHOMA_OTHER:
		return CORE_LYMPHOMA_RELAPSE;
	case CORE_SEMINOMA:
	case CORE_NONSEMINOMA:
	case CORE_GERM_CELL_TUMOUR:
		return CORE_GCT_RELAPSE;
	default:
		return CORE_CONCEPT_NONE;
	}
}

static enum core_certainty
certainty_of(struct sv_str verification)
{
	if (sv_str_is(verification, "refuted"))
		return CORE_CERTAINTY_REFUTED;
	if (sv_str_is(verification, "provisional")
	    || sv_str_is(verification, "differential")
	    || sv_str_is(verification, "unconfirmed"))
		return CORE_CERTAINTY_PROVISIONAL;
	return CORE_CERTAINTY_CONFIRMED;
}

struct sv_status
map_read_condition(struct map_reader *R, const struct fhir_at *root)
{
	struct core_event e = map_start_event(R, root, SV_LIT("Condition"));
	struct sv_str clinical = status_code(root, "clinicalStatus");
	struct sv_str verification = status_code(root, "verificationStatus");
	struct map_meaning m;

	if (!map_read_concept(R, MAP_ROLE_CONDITION, root, "code", &m))
		return SV_OK;
	e.kind = CORE_CONDITION;
	e.concept = m.concept;
	e.visceral = m.visceral;
	e.certainty = certainty_of(verification);
	if (sv_str_is(verification, "entered-in-error"))
		e.status = CORE_STATUS_ENTERED_IN_ERROR;
	map_read_when(R, root, "onset", &e);
	e.end.precision = SV_DATE_NONE;
	map_emit(R, &e);
	if (m.also != CORE_CONCEPT_NONE) {
		e.concept = m.also;
		map_emit(R, &e);
	}
	if (!sv_str_is(clinical, "relapse")
	    && !sv_str_is(clinical, "recurrence"))
		return SV_OK;
	if (m.concept == CORE_PROSTATE_CANCER)
		map_note(R, FHIR_WARNING, "recurrence-unspecific", root, "A recurrence of prostate cancer is stated "
		    "without its kind. Record PSA values, or the kind.");
	e.concept = relapse_of(m.concept);
	if (e.concept != CORE_CONCEPT_NONE)
		map_emit(R, &e);
	return SV_OK;
}

static enum core_status
procedure_status(struct sv_str s)
{
	if (sv_str_is(s, "completed") || sv_str_is(s, "in-progress")
	    || sv_str_is(s, "stopped"))
		return CORE_STATUS_FINAL;
	if (sv_str_is(s, "not-done"))
		return CORE_STATUS_NOT_DONE;
	return sv_str_is(s, "entered-in-error") ? CORE_STATUS_ENTERED_IN_ERROR
	    : CORE_STATUS_NOT_FINAL;
}

/* Radiation is aimed at its first body site that Salvor knows. */
static enum core_site
site_of(struct map_reader *R, const struct fhir_at *root)
{
	struct fhir_at x;
	bool conflict;
	bool seen = false;

	for (x = fhir_first(root, "bodySite"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct map_meaning m = map_concept_meaning(R->terms,
		    MAP_ROLE_SITE, &x, &conflict);

		if (m.verdict == MAP_ACCEPT && !conflict)
			return m.site;
		seen = seen || m.verdict == MAP_UNKNOWN;
	}
	return seen ? CORE_SITE_ELSEWHERE : CORE_SITE_UNSPECIFIED;
}

struct sv_status
map_read_procedure(struct map_reader *R, const struct fhir_at *root)
{
	struct core_event e = map_start_event(R, root, SV_LIT("Procedure"));
	struct map_meaning m;

	if (!map_read_concept(R, MAP_ROLE_PROCEDURE, root, "code", &m))
		return SV_OK;
	e.concept = m.concept;
	e.kind = core_concept_kind(m.concept);
	e.status = procedure_status(fhir_text(root, "status"));
	if (m.concept == CORE_RADIOTHERAPY)
		e.site = m.site != CORE_SITE_NONE ? m.site : site_of(R, root);
	map_read_when(R, root, "performed", &e);
	if (!sv_date_is_set(e.date))	/* R5 */
		map_read_when(R, root, "occurrence", &e);
	if (m.depot_months > 0 && !sv_date_is_set(e.end))
		e.end = map_supply_end(R, root, &e, m.depot_months);
	map_emit(R, &e);
	return SV_OK;
}
