#include "map_data_requirement.h"

#include <string.h>

#define LOINC "http://loinc.org"
#define SCT "http://snomed.info/sct"
#define OWN "https://salvor.example/CodeSystem/concept"
#define MAX_CODES 4

/* In which days the data must lie. */
enum window {
	ANY_TIME,
	RECENT,			/* not older than the parameter says */
	AFTER_FAILURE,		/* on or after the day of the failure */
	PERSISTENCE		/* so long after prostatectomy */
};

struct need {
	enum core_fact_id fact;
	const char *type;
	const char *path;		/* of its date */
	enum window window;
	enum core_param_id days;	/* of RECENT */
	struct { const char *system, *code; } codes[MAX_CODES];
};

#define PSA_CODES { { LOINC, "2857-1" }, { LOINC, "35741-8" }, \
	{ LOINC, "83112-3" } }
#define GRADE_CODES { { LOINC, "94734-1" }, { SCT, "385377005" }, \
	{ LOINC, "35266-6" } }
#define OBSERVATION "Observation", "effective"
#define PROCEDURE "Procedure", "performed"
#define WHENEVER ANY_TIME, CORE_PARAM_COUNT

static const struct need needs[] = {
	{ CORE_CURRENT_PSA, OBSERVATION, RECENT,
	    CORE_PARAM_CURRENT_PSA_STALE_DAYS, PSA_CODES },
	{ CORE_BCR_AFTER_RP, OBSERVATION, RECENT,
	    CORE_PARAM_NO_FAILURE_STALE_DAYS, PSA_CODES },
	{ CORE_BCR_AFTER_RT, OBSERVATION, RECENT,
	    CORE_PARAM_NO_FAILURE_STALE_DAYS, PSA_CODES },
	{ CORE_RECURRENCE_AFTER_FOCAL, OBSERVATION, RECENT,
	    CORE_PARAM_NO_FAILURE_STALE_DAYS, PSA_CODES },
	{ CORE_PSA_PERSISTENCE, OBSERVATION, PERSISTENCE, CORE_PARAM_COUNT,
	    PSA_CODES },
	{ CORE_PSA_DOUBLING_TIME, OBSERVATION, RECENT,
	    CORE_PARAM_PSADT_WIDE_WINDOW_DAYS, PSA_CODES },
	{ CORE_GRADE_GROUP_RP, OBSERVATION, WHENEVER, GRADE_CODES },
	{ CORE_GRADE_GROUP_BIOPSY, OBSERVATION, WHENEVER, GRADE_CODES },
	{ CORE_RECURRENCE_GRADE_GROUP, OBSERVATION, AFTER_FAILURE,
	    CORE_PARAM_COUNT, GRADE_CODES },
	{ CORE_SEMINAL_VESICLE_INVASION_FACT, OBSERVATION, WHENEVER,
	    { { LOINC, "44626-0" }, { LOINC, "21899-0" },
	    { SCT, "384625004" } } },
	{ CORE_METASTATIC_DISEASE_FACT, OBSERVATION, RECENT,
	    CORE_PARAM_STAGING_STALE_DAYS, { { OWN, "psma-pet" },
	    { SCT, "399387003" }, { LOINC, "21907-1" },
	    { OWN, "distant-metastasis-imaging" } } },
	{ CORE_PELVIC_NODAL_RECURRENCE_FACT, OBSERVATION, RECENT,
	    CORE_PARAM_STAGING_STALE_DAYS, { { OWN, "pelvic-nodes-imaging" },
	    { OWN, "psma-pet" }, { SCT, "399534004" },
	    { LOINC, "21906-3" } } },
	{ CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE, OBSERVATION, AFTER_FAILURE,
	    CORE_PARAM_COUNT, { { OWN, "prostate-biopsy" } } },
	{ CORE_LIFE_EXPECTANCY_YEARS, OBSERVATION, RECENT,
	    CORE_PARAM_LIFE_EXPECTANCY_STALE_DAYS,
	    { { OWN, "life-expectancy" } } },
	{ CORE_PRIOR_BED_RT, PROCEDURE, WHENEVER, { { SCT, "1217123003" } } },
	{ CORE_RT_AS_PRIMARY, PROCEDURE, WHENEVER, { { SCT, "1217123003" } } },
	{ CORE_RP_AS_PRIMARY, PROCEDURE, WHENEVER, { { SCT, "26294005" } } },
	{ CORE_CHEMOSENSITIVE, OBSERVATION, RECENT,
	    CORE_PARAM_RESPONSE_STALE_DAYS, { { OWN, "lymphoma-response" } } },
	{ CORE_TRANSPLANT_ELIGIBLE_FACT, OBSERVATION, RECENT,
	    CORE_PARAM_ELIGIBILITY_STALE_DAYS,
	    { { OWN, "transplant-eligible" } } },
	{ CORE_LYMPHOMA_FAILED_PRIMARY, "MedicationAdministration",
	    "effective", WHENEVER, { { OWN, "first-line-chemo" } } },
	{ CORE_GCT_IS_SEMINOMA, "Condition", "onset", WHENEVER,
	    { { SCT, "255107005" } } },
	{ CORE_RELAPSE_LOCALISED, OBSERVATION, WHENEVER,
	    { { OWN, "relapse-site-count" } } },
	{ CORE_RELAPSE_SMALL_VOLUME, OBSERVATION, WHENEVER,
	    { { OWN, "relapse-max-diameter" } } },
};

#define N_NEEDS (sizeof(needs) / sizeof(needs[0]))

static void
open_date_filter(struct fhir_writer *w, const struct need *n)
{
	fhir_open_array(w, "dateFilter");
	fhir_open(w, "dateFilter");
	fhir_put_lit(w, "path", n->path);
}

static void
close_date_filter(struct fhir_writer *w)
{
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_period(struct fhir_writer *w, const struct need *n, struct sv_date start,
    struct sv_date end)
{
	char day[SV_DATE_TEXT_MAX];

	if (!sv_date_is_set(start))
		return;
	open_date_filter(w, n);
	fhir_open(w, "valuePeriod");
	sv_date_text(start, day);
	fhir_put_lit(w, "start", day);
	sv_date_text(end, day);
	if (day[0] != '\0')
		fhir_put_lit(w, "end", day);
	fhir_close(w);
	close_date_filter(w);
}

/* The days in which persistence after prostatectomy shows (K1.7); none if the
 * day of the operation is not known. */
static void
put_persistence(struct fhir_writer *w, const struct need *n,
    const struct map_result *r)
{
	const struct core_fact *rp
	    = &r->decision.facts.fact[CORE_RP_AS_PRIMARY];
	const struct core_params *p = &r->book->params;
	int32_t day;

	if (rp->n_evidence == 0
	    || rp->evidence[0]->date.precision != SV_DATE_DAY)
		return;
	day = rp->evidence[0]->date.lo;
	put_period(w, n, sv_date_exact(day + core_param_int(p,
	    CORE_PARAM_PERSISTENCE_FROM_DAYS)), sv_date_exact(day
	    + core_param_int(p, CORE_PARAM_PERSISTENCE_TO_DAYS)));
}

static void
put_window(struct fhir_writer *w, const struct need *n,
    const struct map_result *r)
{
	struct sv_date open_end = { 0, 0, SV_DATE_NONE };

	switch (n->window) {
	case RECENT:
		open_date_filter(w, n);
		fhir_open(w, "valueDuration");
		fhir_put_int(w, "value", core_param_int(&r->book->params,
		    n->days));
		fhir_put_lit(w, "unit", "days");
		fhir_put_lit(w, "system", "http://unitsofmeasure.org");
		fhir_put_lit(w, "code", "d");
		fhir_close(w);
		close_date_filter(w);
		break;
	case AFTER_FAILURE:
		put_period(w, n, r->decision.facts.failure, open_end);
		break;
	case PERSISTENCE:
		put_persistence(w, n, r);
		break;
	case ANY_TIME:
		break;
	}
}

static void
put_codes(struct fhir_writer *w, const struct need *n)
{
	fhir_open_array(w, "codeFilter");
	fhir_open(w, "codeFilter");
	fhir_put_lit(w, "path", n->type[0] == 'M' ? "medication" : "code");
	fhir_open_array(w, "code");
	for (size_t i = 0; i < MAX_CODES && n->codes[i].code != NULL; i++) {
		fhir_open(w, "code");
		fhir_put_lit(w, "system", n->codes[i].system);
		fhir_put_lit(w, "code", n->codes[i].code);
		fhir_close(w);
	}
	fhir_close_array(w);
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_need(struct fhir_writer *w, const char *name, const struct need *n,
    const struct map_result *r)
{
	fhir_open(w, name);
	fhir_put_lit(w, "type", n->type);
	put_codes(w, n);
	put_window(w, n, r);
	fhir_close(w);
}

/* An IPFSG group waits for its items. */
static void
put_ipfsg(struct fhir_writer *w, const char *name, const struct map_result *r)
{
	const struct core_facts *f = &r->decision.facts;
	char code[64];

	for (size_t i = 0; i < f->n_ipfsg_missing; i++) {
		struct sv_str concept = core_concept_name(f->ipfsg_missing[i]);
		size_t n = 0;

		for (; n < concept.n && n + 1 < sizeof(code); n++)
			code[n] = concept.p[n] == '_' ? '-' : concept.p[n];
		code[n] = '\0';
		put_need(w, name, &(struct need){ CORE_IPFSG_DETERMINED,
		    OBSERVATION, WHENEVER, { { OWN, code } } }, r);
	}
}

/* Several facts may wait for the same data: it is asked for once. */
static bool
is_asked(core_fact_set missing, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if ((missing & CORE_FACT_BIT(needs[k].fact)) != 0
		    && strcmp(needs[k].codes[0].code, needs[i].codes[0].code)
		    == 0
		    && needs[k].window == needs[i].window
		    && needs[k].days == needs[i].days)
			return true;
	}
	return false;
}

void
map_put_data_requirements(struct fhir_writer *w, const char *name,
    const struct map_result *r, core_fact_set missing)
{
	bool ipfsg = (missing & CORE_FACT_BIT(CORE_IPFSG_DETERMINED)) != 0;
	bool any = ipfsg && r->decision.facts.n_ipfsg_missing > 0;

	for (size_t i = 0; i < N_NEEDS; i++)
		any = any || (missing & CORE_FACT_BIT(needs[i].fact));
	if (!any)
		return;
	fhir_open_array(w, name);
	for (size_t i = 0; i < N_NEEDS; i++) {
		if ((missing & CORE_FACT_BIT(needs[i].fact))
		    && !is_asked(missing, i))
			put_need(w, name, &needs[i], r);
	}
	if (ipfsg)
		put_ipfsg(w, name, r);
	fhir_close_array(w);
}
