/* The words of concepts, values, sites and facts, and the way back. */
#include <criterion/criterion.h>

#include "core_fact.h"

/* Words that are none: empty, unknown, another case, a part, one too long. */
static const char *const strangers[] = { "", "tumour", "PSA", "ps", "psa_" };
#define N_STRANGERS (sizeof(strangers) / sizeof(*strangers))

Test(concept, every_name_leads_back)
{
	for (int i = 1; i < CORE_CONCEPT_MAX; i++) {
		struct sv_str name = core_concept_name((enum core_concept)i);

		cr_expect_gt(name.n, 0);
		cr_expect_eq((int)core_concept_of(name), i, "%.*s",
		    SV_FMT(name));
	}
	for (int i = 1; i < CORE_VALUE_MAX; i++)
		cr_expect_eq((int)core_value_of(core_value_name(
		    (enum core_value)i)), i);
	for (int i = 1; i < CORE_SITE_MAX; i++)
		cr_expect_eq((int)core_site_of(core_site_name(
		    (enum core_site)i)), i);
	for (int i = 0; i < CORE_FACT_COUNT; i++)
		cr_expect_eq((int)core_fact_of(core_fact_name(
		    (enum core_fact_id)i)), i);
}

Test(concept, no_other_word_is_known)
{
	for (size_t i = 0; i < N_STRANGERS; i++) {
		struct sv_str s = sv_str_of(strangers[i]);

		cr_expect_eq(core_concept_of(s), CORE_CONCEPT_NONE, "%s",
		    strangers[i]);
		cr_expect_eq((int)core_value_of(s), CORE_VALUE_NONE);
		cr_expect_eq(core_site_of(s), CORE_SITE_NONE);
		cr_expect_eq(core_fact_of(s), CORE_FACT_COUNT);
	}
}

Test(concept, kinds_and_units)
{
	static const struct {
		enum core_concept c;
		enum core_kind kind;
		const char *name, *unit;
	} t[] = {
		{ CORE_DECEASED, CORE_CONDITION, "deceased", "" },
		{ CORE_GCT_RELAPSE, CORE_CONDITION, "gct_relapse", "" },
		{ CORE_PSA, CORE_OBSERVATION, "psa", "ng/mL" },
		{ CORE_HCG, CORE_OBSERVATION, "hcg", "[IU]/L" },
		{ CORE_RELAPSE_MAX_DIAMETER, CORE_OBSERVATION,
		    "relapse_max_diameter", "cm" },
		{ CORE_RADIOTHERAPY, CORE_PROCEDURE, "radiotherapy", "" },
		{ CORE_ADT, CORE_MEDICATION, "adt", "" },
		{ CORE_PLATINUM_CHEMO, CORE_MEDICATION, "platinum_chemo", "" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		cr_expect(sv_str_is(core_concept_name(t[i].c), t[i].name));
		cr_expect(sv_str_is(core_concept_unit(t[i].c), t[i].unit));
		cr_expect_eq(core_concept_kind(t[i].c), t[i].kind);
	}
}

Test(concept, a_fact_is_unknown_without_what_its_type_needs)
{
	struct core_fact f = { .truth = CORE_FALSE };

	cr_expect_not(core_fact_unknown(CORE_BCR_AFTER_RP, &f));
	f.truth = CORE_UNKNOWN;
	cr_expect(core_fact_unknown(CORE_BCR_AFTER_RP, &f));
	cr_expect(core_fact_unknown(CORE_PSA_DOUBLING_TIME, &f));
	f.infinite = true;
	cr_expect_not(core_fact_unknown(CORE_PSA_DOUBLING_TIME, &f));
	f.infinite = false;
	f.number = core_exactly(SV_DEC(0, 0));
	cr_expect_not(core_fact_unknown(CORE_PSA_DOUBLING_TIME, &f));
	cr_expect(core_fact_unknown(CORE_IPFSG_RISK, &f));
	f.code = CORE_IPFSG_VERY_LOW;
	cr_expect_not(core_fact_unknown(CORE_IPFSG_RISK, &f));
	cr_expect(core_fact_unknown(CORE_PSA_SERIES, &f));
	f.n_evidence = 1;
	cr_expect_not(core_fact_unknown(CORE_PSA_SERIES, &f));
	cr_expect_not(core_fact_unknown(CORE_REFERENCE_DATE, &f));
}
