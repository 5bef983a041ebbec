/* PSA doubling time: the hand calculations of knowledge K1.6, and which
 * values it is of. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "core_psa.h"
#include "patient.h"

static int64_t
centimonths(const int32_t *day, const double *psa, size_t n)
{
	struct core_psa_point p[8] = { { .day = 0 } };
	struct core_psa_fit fit;
	struct core_params params;

	core_params_default(&params);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct core_psa_point){ .day = day[i],
			.log_mean = log(psa[i]) };
	core_psa_fit(p, n, &fit);
	return core_psa_doubling_centimonths(&fit, &params);
}

Test(psadt, hand_calculations)
{
	cr_expect_eq(centimonths((int32_t[]){ 0, 92, 182 },
	    (double[]){ 0.21, 0.27, 0.36 }, 3), 769);
	cr_expect_eq(centimonths((int32_t[]){ 0, 183, 365 },
	    (double[]){ 0.35, 0.48, 0.70 }, 3), 1199);
	cr_expect_eq(centimonths((int32_t[]){ 0, 92, 182 },
	    (double[]){ 0.29, 0.31, 0.58 }, 3), 600);
}

Test(psadt, falling_does_not_double)
{
	cr_expect_eq(centimonths((int32_t[]){ 0, 100 }, (double[]){ 2, 1 },
	    2), -1);
	cr_expect_eq(centimonths((int32_t[]){ 0, 100 }, (double[]){ 1, 1 },
	    2), -1);
}

/* Memorial Sloan Kettering's calculator: 4.0 on 2009-01-01 and 5.0 on
 * 2010-05-01 double in 49.50 months.  Two points, which a site may allow. */
Test(psadt, published_example)
{
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct patient p = { .n = 0 };
	struct core_params params;
	struct core_facts f;
	const struct core_fact *t = &f.fact[CORE_PSA_DOUBLING_TIME];

	(void)add(&p, CORE_RADICAL_PROSTATECTOMY, "2008-01-10");
	(void)add_psa(&p, "2009-01-01", "4");
	(void)add_psa(&p, "2010-05-01", "5");
	core_params_default(&params);
	f = facts_under(&A, &p, "2010-06-01", &params);
	cr_expect_not(t->number.set);
	cr_expect_eq(t->reason, CORE_REASON_INSUFFICIENT);
	params.value[CORE_PARAM_PSADT_MIN_POINTS] = SV_DEC(2, 0);
	f = facts_under(&A, &p, "2010-06-01", &params);
	cr_assert(t->number.set && core_is_exact(t->number));
	cr_expect_eq(sv_dec_cmp(t->number.lo, SV_DEC(4950, 2)), 0);
	cr_expect_eq(f.fit.n, 2);
	/* One value is a line through nothing, whatever a site allows. */
	params.value[CORE_PARAM_PSADT_MIN_POINTS] = SV_DEC(1, 0);
	params.value[CORE_PARAM_PSADT_MIN_SPAN_DAYS] = SV_DEC(0, 0);
	p.n = 2;
	f = facts_under(&A, &p, "2009-02-01", &params);
	cr_expect_not(t->number.set || t->infinite);
	cr_expect_eq(t->reason, CORE_REASON_INSUFFICIENT);
	sv_arena_free(&A);
}
