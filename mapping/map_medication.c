/*
 * Medications into events: what was ordered, dispensed, given or taken.
 */
#include "map_reader.h"

#include "map_supply.h"

/* Statuses of the four resource types; R5 calls a statement "recorded". */
static enum core_status
medication_status(struct sv_str s)
{
	static const struct { const char *word; enum core_status status; }
	statuses[] = {
		{ "active", CORE_STATUS_FINAL },
		{ "in-progress", CORE_STATUS_FINAL },
		{ "completed", CORE_STATUS_FINAL },
		{ "stopped", CORE_STATUS_FINAL },
		{ "recorded", CORE_STATUS_FINAL },
		{ "not-done", CORE_STATUS_NOT_DONE },
		{ "not-taken", CORE_STATUS_NOT_DONE },
		{ "declined", CORE_STATUS_NOT_DONE },
		{ "cancelled", CORE_STATUS_CANCELLED },
		{ "entered-in-error", CORE_STATUS_ENTERED_IN_ERROR },
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (sv_str_is(s, statuses[i].word))
			return statuses[i].status;
	}
	return CORE_STATUS_NOT_FINAL;
}

/* R5: a statement that the drug is not taken has it in adherence. */
static bool
is_not_taken(const struct fhir_at *root)
{
	struct fhir_at adherence = fhir_get(root, "adherence");
	struct fhir_at code = fhir_get(&adherence, "code");
	struct fhir_at x;

	for (x = fhir_first(&code, "coding"); fhir_is(&x);
	    x = fhir_next(&x)) {
		if (sv_str_starts(fhir_text(&x, "code"), SV_LIT("not-taking"))
		    || sv_str_is(fhir_text(&x, "code"), "stopped"))
			return true;
	}
	return false;
}

/* A proposal or plan is no treatment, nor is an order not to treat. */
static bool
is_treatment(const struct fhir_at *root, struct sv_str type)
{
	struct sv_str intent = fhir_text(root, "intent");

	if (!sv_str_is(type, "MedicationRequest"))
		return !is_not_taken(root);
	return !sv_str_is(intent, "proposal") && !sv_str_is(intent, "plan")
	    && !sv_str_is(intent, "option")
	    && !sv_str_is(fhir_text(root, "doNotPerform"), "true");
}

/* The drug: coded here, or in a contained or bundled Medication; R4 says
 * medication[x], R5 a CodeableReference. */
static bool
read_drug(struct map_reader *R, const struct fhir_at *root,
    struct map_meaning *m)
{
	struct fhir_at ref = fhir_get(root, "medicationReference");
	struct fhir_at r5 = fhir_get(root, "medication"), drug;

	if (fhir_is(&r5) && !fhir_is(&ref))
		ref = fhir_get(&r5, "reference");
	if (!fhir_is(&ref))
		return map_read_concept(R, MAP_ROLE_MEDICATION, root,
		    fhir_is(&r5) ? "medication" : "medicationCodeableConcept",
		    m);
	drug = map_referred(R, root, &ref, "Medication");
	if (fhir_is(&drug))
		return map_read_concept(R, MAP_ROLE_MEDICATION, &drug, "code",
		    m);
	map_note(R, FHIR_WARNING, "medication-missing", &ref,
	    "The Medication that this refers to was not sent, so it is not "
	    "known which drug it is; it was not used. Send the Medication "
	    "too.");
	return false;
}

/* When it began: R5 misspells occurrence[x] of an administration. */
static void
read_begin(struct map_reader *R, const struct fhir_at *root,
    struct core_event *e)
{
	static const char *const choices[] = { "effective", "occurence",
		"occurrence" };
	static const char *const days[] = { "whenHandedOver", "whenPrepared",
		"authoredOn" };

	for (size_t i = 0; i < 3 && !sv_date_is_set(e->date); i++)
		map_read_when(R, root, choices[i], e);
	for (size_t i = 0; i < 3 && !sv_date_is_set(e->date); i++) {
		struct fhir_at at = fhir_get(root, days[i]);

		if (fhir_date_at(&at, &e->date, R->is).code == SV_CODE_BAD)
			e->date.precision = SV_DATE_NONE;
	}
}

struct sv_status
map_read_medication(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type)
{
	struct core_event e = map_start_event(R, root, type);
	struct sv_str status = fhir_text(root, "status");
	struct map_meaning m;

	if (!is_treatment(root, type) || !read_drug(R, root, &m))
		return SV_OK;
	e.concept = m.concept;
	e.kind = core_concept_kind(m.concept);
	e.status = medication_status(status);
	read_begin(R, root, &e);
	if (!sv_date_is_set(e.end))
		e.end = map_supply_end(R, root, &e, m.depot_months);
	map_emit(R, &e);
	return SV_OK;
}
