/* Positive and negative evidence of distant spread (K1.7). */
#include <criterion/criterion.h>
#include <stdio.h>

#include "patient.h"

/* A contested newer positive does not take an older, uncontested one away. */
Test(staging, an_older_positive_of_another_source_stands)
{
	struct sv_arena A = test_arena((size_t)16 << 20);
	struct patient p = { .n = 0 };
	struct core_facts f;

	(void)add(&p, CORE_RADICAL_PROSTATECTOMY, "2020-01-15");
	(void)add(&p, CORE_METASTATIC_DISEASE, "2025-06-01");
	(void)add_code(&p, CORE_M_CATEGORY, "2025-01-10", CORE_VALUE_CM1);
	(void)add_code(&p, CORE_DISTANT_METASTASIS_IMAGING, "2025-06-10",
	    CORE_VALUE_NEGATIVE);
	f = facts_of(&A, &p, "2026-01-01");
	cr_expect_eq(f.fact[CORE_METASTATIC_DISEASE_FACT].truth, CORE_TRUE);
	sv_arena_free(&A);
}

/* Every positive is held against every negative, not the newest only. */
Test(staging, a_negative_within_30_days_contradicts)
{
	static const struct {
		const char *yes[2], *no[2];
		enum core_tri spread;
		enum core_reason why;
	} t[] = {
		{ { "2025-01-10", "" }, { "", "" }, CORE_TRUE, 0 },
		{ { "2025-01-10", "" }, { "2025-02-09", "" }, CORE_UNKNOWN,
		    CORE_REASON_CONTRADICTORY },
		{ { "2025-01-10", "" }, { "2025-02-10", "" }, CORE_TRUE, 0 },
		{ { "2025-01-10", "" }, { "2024-12-11", "" }, CORE_UNKNOWN,
		    CORE_REASON_CONTRADICTORY },
		{ { "2025-01-10", "" }, { "2024-12-10", "" }, CORE_TRUE, 0 },
		/* A later negative does not hide the contradiction. */
		{ { "2025-01-10", "" }, { "2025-01-20", "2025-12-20" },
		    CORE_UNKNOWN, CORE_REASON_CONTRADICTORY },
		/* A later positive stands by itself, and an earlier one too. */
		{ { "2025-01-10", "2025-06-01" }, { "2025-01-20", "" },
		    CORE_TRUE, 0 },
		{ { "2025-01-10", "2025-06-01" }, { "2025-06-10", "" },
		    CORE_TRUE, 0 },
		{ { "", "" }, { "2025-12-20", "" }, CORE_FALSE, 0 },
		{ { "", "" }, { "2025-01-20", "" }, CORE_UNKNOWN,
		    CORE_REASON_STALE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct sv_arena A = test_arena((size_t)16 << 20);
		struct patient p = { .n = 0 };
		struct core_facts f;

		(void)add(&p, CORE_RADICAL_PROSTATECTOMY, "2020-01-15");
		for (int k = 0; k < 2; k++) {
			if (*t[i].yes[k] != '\0')
				(void)add_code(&p, CORE_M_CATEGORY,
				    t[i].yes[k], CORE_VALUE_CM1);
			if (*t[i].no[k] != '\0')
				(void)add_code(&p,
				    CORE_DISTANT_METASTASIS_IMAGING,
				    t[i].no[k], CORE_VALUE_NEGATIVE);
		}
		f = facts_of(&A, &p, "2026-01-01");
		cr_expect_eq(f.fact[CORE_METASTATIC_DISEASE_FACT].truth,
		    t[i].spread, "%zu", i);
		cr_expect_eq(f.fact[CORE_METASTATIC_DISEASE_FACT].reason,
		    t[i].why, "%zu", i);
		sv_arena_free(&A);
	}
}

/* It grows stale between two days that are foretold, if it is known to the
 * month: 180 days after the first day of it perhaps, after the last for certain. */
Test(staging, when_it_grows_stale_is_foretold)
{
	int32_t lo = sv_date_day((struct sv_ymd){ 2025, 11, 1 }) + 181;
	int32_t hi = sv_date_day((struct sv_ymd){ 2025, 11, 30 }) + 181;
	static const struct {
		const char *as_of;
		enum core_tri spread;
	} t[] = {
		{ "2026-04-30", CORE_FALSE }, { "2026-05-01", CORE_UNKNOWN },
		{ "2026-05-29", CORE_UNKNOWN }, { "2026-05-30", CORE_UNKNOWN }
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct sv_arena A = test_arena((size_t)16 << 20);
		struct patient p = { .n = 0 };
		struct core_facts f;

		(void)add(&p, CORE_RADICAL_PROSTATECTOMY, "2020-01-15");
		(void)add_code(&p, CORE_DISTANT_METASTASIS_IMAGING, "2025-11",
		    CORE_VALUE_NEGATIVE);
		f = facts_of(&A, &p, t[i].as_of);
		cr_expect_eq(f.fact[CORE_METASTATIC_DISEASE_FACT].truth,
		    t[i].spread, "%s", t[i].as_of);
		cr_expect_eq(f.changes_on, i == 0 ? lo : i < 3 ? hi : INT32_MAX,
		    "%s: %d, %d, %d", t[i].as_of, f.changes_on, lo, hi);
		sv_arena_free(&A);
	}
}
