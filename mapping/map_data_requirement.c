/*
 * What would settle an unknown fact, as DataRequirement (knowledge K2.2, the
 * paragraph behind the rule table).
 */
#include "map_bundle.h"

#include <string.h>

#define LOINC "http://loinc.org"
#define SCT "http://snomed.info/sct"
#define CONCEPT "https://salvor.example/CodeSystem/concept"

struct need {
	enum core_fact_id fact;
	const char *type, *system, *code;
};

static const struct need needs[] = {
	{ CORE_CURRENT_PSA, "Observation", LOINC, "2857-1" },
	{ CORE_BCR_AFTER_RP, "Observation", LOINC, "2857-1" },
	{ CORE_BCR_AFTER_RT, "Observation", LOINC, "2857-1" },
	{ CORE_PSA_PERSISTENCE, "Observation", LOINC, "2857-1" },
	{ CORE_PSA_DOUBLING_TIME, "Observation", LOINC, "2857-1" },
	{ CORE_RECURRENCE_AFTER_FOCAL, "Observation", LOINC, "2857-1" },
	{ CORE_GRADE_GROUP_RP, "Observation", LOINC, "94734-1" },
	{ CORE_GRADE_GROUP_BIOPSY, "Observation", LOINC, "94734-1" },
	{ CORE_RECURRENCE_GRADE_GROUP, "Observation", LOINC, "94734-1" },
	{ CORE_SEMINAL_VESICLE_INVASION_FACT, "Observation", LOINC,
	    "44626-0" },
	{ CORE_METASTATIC_DISEASE_FACT, "Observation", CONCEPT, "psma-pet" },
	{ CORE_PELVIC_NODAL_RECURRENCE_FACT, "Observation", CONCEPT,
	    "pelvic-nodes-imaging" },
	{ CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE, "Observation", CONCEPT,
	    "prostate-biopsy-result" },
	{ CORE_LIFE_EXPECTANCY_YEARS, "Observation", CONCEPT,
	    "life-expectancy" },
	{ CORE_PRIOR_BED_RT, "Procedure", SCT, "1217123003" },
	{ CORE_RT_AS_PRIMARY, "Procedure", SCT, "1217123003" },
	{ CORE_RP_AS_PRIMARY, "Procedure", SCT, "26294005" },
	{ CORE_CHEMOSENSITIVE, "Observation", CONCEPT, "lymphoma-response" },
	{ CORE_TRANSPLANT_ELIGIBLE_FACT, "Observation", CONCEPT,
	    "transplant-eligible" },
	{ CORE_LYMPHOMA_FAILED_PRIMARY, "Procedure", CONCEPT,
	    "first-line-chemo" },
	{ CORE_GCT_IS_SEMINOMA, "Condition", SCT, "255107005" },
	{ CORE_RELAPSE_LOCALISED, "Observation", CONCEPT,
	    "relapse-site-count" },
	{ CORE_RELAPSE_SMALL_VOLUME, "Observation", CONCEPT,
	    "relapse-max-diameter" },
};

static void
put_need(struct fhir_writer *w, const struct need *n)
{
	fhir_open(w, "dataRequirement");
	fhir_put_lit(w, "type", n->type);
	fhir_open_array(w, "codeFilter");
	fhir_open(w, "codeFilter");
	fhir_put_lit(w, "path", "code");
	fhir_open_array(w, "code");
	fhir_open(w, "code");
	fhir_put_lit(w, "system", n->system);
	fhir_put_lit(w, "code", n->code);
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
}

/* An IPFSG group waits for its items. */
static void
put_ipfsg(struct map_writing *m)
{
	const struct core_facts *f = &m->r->decision.facts;
	char code[64];

	for (size_t i = 0; i < f->n_ipfsg_missing; i++) {
		struct sv_str name = core_concept_name(f->ipfsg_missing[i]);
		size_t n = 0;

		for (; n < name.n && n + 1 < sizeof(code); n++)
			code[n] = name.p[n] == '_' ? '-' : name.p[n];
		code[n] = '\0';
		put_need(m->w, &(struct need){ CORE_IPFSG_DETERMINED,
		    "Observation", CONCEPT, code });
	}
}

static bool
is_missing(const struct map_writing *m, size_t i)
{
	return (m->g->missing & CORE_FACT_BIT(needs[i].fact)) != 0;
}

/* Several facts may wait for the same data: it is asked for once. */
static bool
is_asked(const struct map_writing *m, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (is_missing(m, k) && strcmp(needs[k].code, needs[i].code)
		    == 0 && strcmp(needs[k].system, needs[i].system) == 0)
			return true;
	}
	return false;
}

void
map_write_data_requirements(struct map_writing *m)
{
	const size_t n = sizeof(needs) / sizeof(needs[0]);
	bool ipfsg = (m->g->missing & CORE_FACT_BIT(CORE_IPFSG_DETERMINED))
	    != 0;
	bool any = ipfsg && m->r->decision.facts.n_ipfsg_missing > 0;

	for (size_t i = 0; i < n; i++)
		any = any || is_missing(m, i);
	if (!any)
		return;
	fhir_open_array(m->w, "dataRequirement");
	for (size_t i = 0; i < n; i++) {
		if (is_missing(m, i) && !is_asked(m, i))
			put_need(m->w, &needs[i]);
	}
	if (ipfsg)
		put_ipfsg(m);
	fhir_close_array(m->w);
}
