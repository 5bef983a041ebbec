/* PSA too soon after a biopsy, or under androgen deprivation (K1.6). */
#include <criterion/criterion.h>
#include <stdio.h>

#include "patient.h"

static struct sv_arena A;

static void
setup(void)
{
	A = test_arena((size_t)64 << 20);
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(psa_exposure, .init = setup, .fini = teardown);

/* Radiation in 2015, nadir 0.5, 3.0 on 2024-06-01, and a biopsy. */
static struct core_facts
biopsied(const char *biopsy)
{
	struct patient p = { .n = 0 };

	(void)add_rt(&p, "2015-02-01", "2015-03-15");
	(void)add_psa(&p, "2016-01-01", "0.5");
	(void)add_psa(&p, "2024-06-01", "3.0");
	if (*biopsy != '\0')
		(void)add(&p, CORE_BIOPSY_PROCEDURE, biopsy);
	return facts_of(&A, &p, "2024-09-01");
}

/* 42 days of washout; an imprecise date only decides where it must. */
Test(psa_exposure, biopsy_washout)
{
	static const struct {
		const char *biopsy;
		enum core_tri failed;
		enum core_reason why, current;
	} t[] = {
		{ "", CORE_TRUE, CORE_REASON_NONE, CORE_REASON_NONE },
		{ "2024-04-20", CORE_UNKNOWN,
		    CORE_REASON_STALE, CORE_REASON_STALE },	/* day 42 */
		{ "2024-04-19", CORE_TRUE, CORE_REASON_NONE,
		    CORE_REASON_NONE },				/* day 43 */
		{ "2024-06-02", CORE_TRUE, CORE_REASON_NONE,
		    CORE_REASON_NONE },				/* later */
		{ "2024-05", CORE_UNKNOWN, CORE_REASON_STALE,
		    CORE_REASON_STALE },	/* 1 to 31 May: surely */
		{ "2024-04", CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE,
		    CORE_REASON_IMPRECISE_DATE },
		{ "2024", CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE,
		    CORE_REASON_IMPRECISE_DATE },
		{ "2022", CORE_TRUE, CORE_REASON_NONE, CORE_REASON_NONE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_facts f = biopsied(t[i].biopsy);

		cr_expect_eq(f.fact[CORE_BCR_AFTER_RT].truth, t[i].failed,
		    "'%s'", t[i].biopsy);
		cr_expect_eq(f.fact[CORE_BCR_AFTER_RT].reason, t[i].why,
		    "'%s'", t[i].biopsy);
		cr_expect_eq(f.fact[CORE_CURRENT_PSA].reason, t[i].current,
		    "'%s'", t[i].biopsy);
	}
}

/* ADT from 2020-01-01 to 2020-07-01, a testosterone, PSA on 2020-10-01. */
Test(psa_exposure, adt_washout_and_recovery)
{
	static const struct {
		const char *testosterone, *psa;
		int64_t level;
		bool under;
	} t[] = {
		{ "", "2019-12-31", 0, false },
		{ "", "2020-01-01", 0, true },
		{ "", "2020-12-31", 0, true },		/* day 183 */
		{ "", "2021-01-01", 0, false },
		{ "2020-09-01", "2020-10-01", 50, false },
		{ "2020-09-01", "2020-10-01", 49, true },
		{ "2020-10-02", "2020-10-01", 50, true },	/* too late */
		{ "2020-07-01", "2020-10-01", 50, true },	/* too early */
		{ "2020-09", "2020-10-01", 50, false },
		{ "2020-10", "2020-10-01", 50, true },	/* perhaps later */
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct patient p = { .n = 0 };
		struct core_event *adt = add(&p, CORE_ADT, "2020-01-01");
		struct core_facts f;

		cr_assert(sv_is_ok(sv_date_parse(SV_LIT("2020-07-01"),
		    &adt->end)));
		if (*t[i].testosterone != '\0')
			add(&p, CORE_TESTOSTERONE, t[i].testosterone)->value
			    = core_exactly(SV_DEC(t[i].level, 0));
		(void)add_psa(&p, t[i].psa, "1");
		f = facts_of(&A, &p, "2021-06-01");
		cr_assert_eq(f.n_psa, 1);
		cr_expect_eq(f.psa[0].under_adt, t[i].under, "%zu", i);
	}
}

/* After removal of both testicles there is no recovery. */
Test(psa_exposure, castration_by_surgery)
{
	static const struct { const char *psa; bool under; } t[] = {
		{ "2019-12-31", false }, { "2020-01-01", true },
		{ "2025-01-01", true },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct patient p = { .n = 0 };
		struct core_facts f;

		(void)add(&p, CORE_BILATERAL_ORCHIECTOMY, "2020-01-01");
		(void)add_psa(&p, t[i].psa, "1");
		f = facts_of(&A, &p, "2025-06-01");
		cr_assert_eq(f.n_psa, 1);
		cr_expect_eq(f.psa[0].under_adt, t[i].under, "%s", t[i].psa);
	}
}
