/*
 * Conditions, procedures and medications into events.
 */
#include "map_reader.h"

/* The code of the first coding of ${name}: status elements of Condition. */
static struct sv_str
status_code(const struct fhir_at *root, const char *name)
{
	struct fhir_at concept = fhir_get(root, name);
	struct fhir_at coding = fhir_get(&concept, "coding");

	return fhir_text(&coding, "code");
}

static struct core_event
start_event(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type)
{
	struct core_event e = { .source = map_source_of(R, root, type) };
	struct fhir_at meta = fhir_get(root, "meta");
	struct sv_dec version;

	e.source_version = fhir_text(&meta, "versionId");
	if (sv_is_ok(sv_dec_parse(e.source_version, &version))
	    && version.scale == 0 && version.m > 0 && version.m < UINT32_MAX)
		e.version = (uint32_t)version.m;
	return e;
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
	struct core_event e = start_event(R, root, SV_LIT("Condition"));
	struct sv_str clinical = status_code(root, "clinicalStatus");
	struct sv_str verification = status_code(root, "verificationStatus");
	struct map_meaning m;

	if (!map_read_concept(R, MAP_ROLE_CONDITION, root, "code", e.source,
	    &m))
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
		map_note(R, FHIR_WARNING, "recurrence-unspecific", root,
		    e.source, "A recurrence of prostate cancer is stated "
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
	struct core_event e = start_event(R, root, SV_LIT("Procedure"));
	struct map_meaning m;

	if (!map_read_concept(R, MAP_ROLE_PROCEDURE, root, "code", e.source,
	    &m))
		return SV_OK;
	e.concept = m.concept;
	e.kind = core_concept_kind(m.concept);
	e.status = procedure_status(fhir_text(root, "status"));
	if (m.concept == CORE_RADIOTHERAPY)
		e.site = m.site != CORE_SITE_NONE ? m.site : site_of(R, root);
	map_read_when(R, root, "performed", &e);
	map_emit(R, &e);
	return SV_OK;
}

/* Medication statuses of the three resource types. */
static enum core_status
medication_status(struct sv_str s)
{
	if (sv_str_is(s, "active") || sv_str_is(s, "in-progress")
	    || sv_str_is(s, "completed") || sv_str_is(s, "stopped"))
		return CORE_STATUS_FINAL;
	if (sv_str_is(s, "not-done") || sv_str_is(s, "not-taken"))
		return CORE_STATUS_NOT_DONE;
	if (sv_str_is(s, "cancelled"))
		return CORE_STATUS_CANCELLED;
	return sv_str_is(s, "entered-in-error") ? CORE_STATUS_ENTERED_IN_ERROR
	    : CORE_STATUS_NOT_FINAL;
}

/* A proposal or plan is no treatment, nor is an order not to treat. */
static bool
is_treatment(const struct fhir_at *root, struct sv_str type)
{
	struct sv_str intent = fhir_text(root, "intent");

	if (!sv_str_is(type, "MedicationRequest"))
		return true;
	return !sv_str_is(intent, "proposal") && !sv_str_is(intent, "plan")
	    && !sv_str_is(intent, "option")
	    && !sv_str_is(fhir_text(root, "doNotPerform"), "true");
}

/* The drug: coded here, or in a contained or bundled Medication. */
static bool
read_drug(struct map_reader *R, const struct fhir_at *root,
    struct sv_str source, struct map_meaning *m)
{
	struct fhir_at at = fhir_get(root, "medicationReference");
	struct fhir_reference ref = fhir_reference_at(&at);
	struct fhir_entry *e;
	struct fhir_at x;

	if (!fhir_is(&at))
		return map_read_concept(R, MAP_ROLE_MEDICATION, root,
		    "medicationCodeableConcept", source, m);
	for (x = fhir_first(root, "contained"); fhir_is(&x);
	    x = fhir_next(&x)) {
		if (ref.form == FHIR_REF_CONTAINED && sv_str_eq(fhir_text(&x,
		    "id"), sv_str_from(ref.text, 1)))
			return map_read_concept(R, MAP_ROLE_MEDICATION, &x,
			    "code", source, m);
	}
	if ((e = map_resolve(R, &ref)) == NULL
	    || !sv_str_is(e->resource_type, "Medication")
	    || !sv_is_ok(fhir_entry_tree(R->A, e)))
		return false;
	x = fhir_entry_root(e);
	return map_read_concept(R, MAP_ROLE_MEDICATION, &x, "code", source,
	    m);
}

struct sv_status
map_read_medication(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type)
{
	struct core_event e = start_event(R, root, type);
	struct sv_str status = fhir_text(root, "status");
	struct fhir_at authored = fhir_get(root, "authoredOn");
	struct map_meaning m;

	if (!is_treatment(root, type) || !read_drug(R, root, e.source, &m))
		return SV_OK;
	e.concept = m.concept;
	e.kind = core_concept_kind(m.concept);
	e.status = medication_status(status);
	map_read_when(R, root, "effective", &e);
	if (!sv_date_is_set(e.date)
	    && fhir_date_at(&authored, &e.date, R->is).code == SV_CODE_BAD)
		return SV_OK;
	/* What is over, or was given once, is not open-ended; the washout of
	 * ADT covers the effect of a depot (K1.6). */
	if (!sv_date_is_set(e.end) && (sv_str_is(status, "completed")
	    || sv_str_is(status, "stopped")))
		e.end = e.date;
	map_emit(R, &e);
	return SV_OK;
}
