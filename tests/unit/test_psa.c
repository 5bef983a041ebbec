/* PSA doubling time: the hand calculations of knowledge K1.6. */
#include <criterion/criterion.h>
#include <math.h>

#include "core_psa.h"

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

Test(psa, hand_calculations)
{
	cr_expect_eq(centimonths((int32_t[]){ 0, 92, 182 },
	    (double[]){ 0.21, 0.27, 0.36 }, 3), 769);
	cr_expect_eq(centimonths((int32_t[]){ 0, 183, 365 },
	    (double[]){ 0.35, 0.48, 0.70 }, 3), 1199);
	cr_expect_eq(centimonths((int32_t[]){ 0, 92, 182 },
	    (double[]){ 0.29, 0.31, 0.58 }, 3), 600);
}

Test(psa, published_example)
{
	/* Memorial Sloan Kettering: 4 to 5, 2009-01-01 to 2010-05-01. */
	cr_expect_eq(centimonths((int32_t[]){ 0, 485 }, (double[]){ 4, 5 },
	    2), 4950);
}

Test(psa, falling_does_not_double)
{
	cr_expect_eq(centimonths((int32_t[]){ 0, 100 }, (double[]){ 2, 1 },
	    2), -1);
	cr_expect_eq(centimonths((int32_t[]){ 0, 100 }, (double[]){ 1, 1 },
	    2), -1);
}
