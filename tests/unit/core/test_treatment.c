/* Which treatment was the primary one, and what was done after it. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "patient.h"

static struct sv_arena A;

static void
setup(void)
{
	A = test_arena((size_t)16 << 20);
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(treatment, .init = setup, .fini = teardown);

/* External beam 2015-02-01 to 2015-03-15, then radiation again. */
static struct core_facts
beam_then(const char *second)
{
	struct patient p = { .n = 0 };

	(void)add_rt(&p, "2015-02-01", "2015-03-15");
	(void)add_rt(&p, second, second);
	(void)add_psa(&p, "2016-01-01", "0.5");
	(void)add_psa(&p, "2024-01-01", "2.7");
	(void)add_psa(&p, "2025-10-01", "6");
	return facts_of(&A, &p, "2026-01-01");
}

/* ASCENDE-RT: the implant follows the beam by two to three weeks. */
Test(treatment, a_boost_belongs_to_the_primary_course)
{
	static const struct {
		const char *second;
		enum core_tri salvage, failed;
	} t[] = {
		{ "2015-02-20", CORE_FALSE, CORE_TRUE },
		{ "2015-04-01", CORE_FALSE, CORE_TRUE },
		{ "2015-06-13", CORE_FALSE, CORE_TRUE },	/* day 90 */
		{ "2015-06-14", CORE_TRUE, CORE_UNKNOWN },	/* day 91 */
		{ "2015-06", CORE_UNKNOWN, CORE_TRUE },
		{ "2025-12-01", CORE_TRUE, CORE_TRUE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_facts f = beam_then(t[i].second);

		cr_expect_eq(f.fact[CORE_LOCAL_SALVAGE_DONE].truth,
		    t[i].salvage, "%s", t[i].second);
		cr_expect_eq(f.fact[CORE_BCR_AFTER_RT].truth, t[i].failed,
		    "%s", t[i].second);
	}
}

/* 18 months count from the end of the whole course. */
Test(treatment, the_course_ends_with_its_boost)
{
	struct patient p = { .n = 0 };
	struct core_facts f;

	(void)add_rt(&p, "2015-02-01", "2015-03-15");
	(void)add_rt(&p, "2015-04-01", "");
	(void)add_psa(&p, "2015-12-01", "0.5");
	(void)add_psa(&p, "2016-09-20", "2.5");
	f = facts_of(&A, &p, "2016-10-01");
	cr_expect_eq(f.fact[CORE_FAILURE_WITHIN_18M_OF_RT].truth, CORE_TRUE);
}

/* A coded recurrence counts from the date that it surely has. */
Test(treatment, a_coded_recurrence_must_follow)
{
	static const struct {
		const char *recurrence;
		enum core_tri failed;
		enum core_reason why;
	} t[] = {
		{ "2016", CORE_TRUE, CORE_REASON_DOCUMENTED },
		{ "2015-03-16", CORE_TRUE, CORE_REASON_DOCUMENTED },
		{ "2015", CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE },
		{ "", CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE },
		{ "2014", CORE_FALSE, CORE_REASON_NONE },
		{ "2015-03-15", CORE_FALSE, CORE_REASON_NONE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct patient p = { .n = 0 };
		struct core_facts f;

		(void)add_rt(&p, "2015-02-01", "2015-03-15");
		(void)add_psa(&p, "2016-01-01", "0.5");
		(void)add_psa(&p, "2025-10-01", "1.0");
		(void)add(&p, CORE_LOCAL_RECURRENCE, t[i].recurrence);
		f = facts_of(&A, &p, "2026-01-01");
		cr_expect_eq(f.fact[CORE_BCR_AFTER_RT].truth, t[i].failed,
		    "'%s'", t[i].recurrence);
		cr_expect_eq(f.fact[CORE_BCR_AFTER_RT].reason, t[i].why,
		    "'%s'", t[i].recurrence);
	}
}
