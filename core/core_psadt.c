/*
 * PSA doubling time, K1.6.  The only place where core/ uses floating point.
 */
#include "core_psa.h"

#include <math.h>

#define MAX_POINTS 64	/* 730 days at 28 days apart hold 27 */

void
core_psa_fit(const struct core_psa_point *points, size_t n,
    struct core_psa_fit *ret)
{
	double mx = 0, my = 0, sxy = 0, sxx = 0;

	for (size_t i = 0; i < n; i++) {
		mx += points[i].day;
		my += points[i].log_mean;
	}
	mx /= (double)n;
	my /= (double)n;
	for (size_t i = 0; i < n; i++) {
		double dx = points[i].day - mx;

		sxy += dx * (points[i].log_mean - my);
		sxx += dx * dx;
	}
	ret->slope_per_day = sxx > 0 ? sxy / sxx : 0;
	ret->intercept = my - ret->slope_per_day * mx;
	ret->n = n;
}

int64_t
core_psa_doubling_centimonths(const struct core_psa_fit *fit,
    const struct core_params *params)
{
	const double ln2 = 0.693147180559945309417;
	double months;

	if (fit->slope_per_day <= 0)
		return -1;
	months = ln2 / fit->slope_per_day
	    / sv_dec_double(params->value[CORE_PARAM_DAYS_PER_MONTH]);
	if (months > 1e6)	/* no doubling within a lifetime */
		return -1;
	return (int64_t)(months * 100 + 0.5);
}

/* Steps 2 to 4: the trailing run, newest first.  True if the assay cut it. */
static bool
trailing_run(const struct core_derive *D,
    const struct core_psa_point *const *points, size_t n,
    const struct core_psa_point **run, size_t *n_run)
{
	const struct core_interval floor = core_exactly(
	    D->params->value[CORE_PARAM_PSADT_MIN_PSA]);
	int32_t gap = core_param_int(D->params, CORE_PARAM_PSADT_MIN_GAP_DAYS);
	struct sv_str assay = { NULL, 0 };

	for (size_t i = n; i > 0 && *n_run < MAX_POINTS; i--) {
		const struct core_psa_point *p = points[i - 1];

		if (!p->exact || core_compare(p->value, CORE_GE, floor)
		    != CORE_TRUE)
			return false;
		if (assay.n == 0)
			assay = p->event->assay;
		else if (p->event->assay.n > 0
		    && !sv_str_eq(assay, p->event->assay))
			return true;
		if (*n_run == 0 || run[*n_run - 1]->day - p->day >= gap)
			run[(*n_run)++] = p;
	}
	return false;
}

/* Step 5: how many of ${run} lie within ${days} of the newest, if enough. */
static size_t
within(const struct core_derive *D, const struct core_psa_point **run,
    size_t n_run, int32_t days)
{
	size_t n = 0;

	while (n < n_run && run[0]->day - run[n]->day <= days)
		n++;
	if ((int32_t)n < core_param_int(D->params, CORE_PARAM_PSADT_MIN_POINTS)
	    || n < 2 || run[0]->day - run[n - 1]->day < core_param_int(
	    D->params, CORE_PARAM_PSADT_MIN_SPAN_DAYS))
		return 0;
	return n;
}

/* Step 6, over the ${n} newest of ${run}. */
static void
fit_run(struct core_derive *D, const struct core_psa_point **run, size_t n)
{
	struct core_fact *f = &D->out->fact[CORE_PSA_DOUBLING_TIME];
	struct core_psa_point used[MAX_POINTS];
	int64_t centimonths;

	for (size_t i = 0; i < n; i++) {
		used[i] = *run[n - 1 - i];
		D->out->psa[run[n - 1 - i] - D->out->psa].in_fit = true;
		core_add_evidence(D, CORE_PSA_DOUBLING_TIME, used[i].event);
	}
	core_psa_fit(used, n, &D->out->fit);
	centimonths = core_psa_doubling_centimonths(&D->out->fit, D->params);
	if (centimonths < 0)
		f->infinite = true;
	else
		f->number = core_exactly(SV_DEC(centimonths, 2));
}

void
core_derive_doubling_time(struct core_derive *D,
    const struct core_psa_point *const *points, size_t n, int32_t until)
{
	const struct core_psa_point *run[MAX_POINTS];
	struct core_fact *f = &D->out->fact[CORE_PSA_DOUBLING_TIME];
	int32_t stale = core_param_int(D->params,
	    CORE_PARAM_CURRENT_PSA_STALE_DAYS);
	size_t n_run = 0, used;
	bool assay_cut;

	if (n == 0) {
		f->reason = CORE_REASON_MISSING;
		return;
	}
	core_note_change(D, points[n - 1]->day + stale + 1);
	if (until - points[n - 1]->day > stale) {
		f->reason = CORE_REASON_STALE;
		return;
	}
	assay_cut = trailing_run(D, points, n, run, &n_run);
	used = within(D, run, n_run, core_param_int(D->params,
	    CORE_PARAM_PSADT_WINDOW_DAYS));
	if (used == 0)
		used = within(D, run, n_run, core_param_int(D->params,
		    CORE_PARAM_PSADT_WIDE_WINDOW_DAYS));
	if (used == 0) {
		f->reason = assay_cut ? CORE_REASON_ASSAY_CHANGE
		    : CORE_REASON_INSUFFICIENT;
		return;
	}
	fit_run(D, run, used);
}
