/*
 * The PSA series: one point per calendar day (K1.6).
 */
#include "core_psa.h"

#include <math.h>

/* Close a day of the series: can it be used for the doubling time?  Zero has
 * no logarithm: a day with one has no mean. */
static void
close_day(const struct core_derive *D, struct core_psa_point *p,
    double log_sum, size_t n, bool all_exact)
{
	struct sv_dec top;

	p->exact = all_exact && p->value.lo.m > 0;
	if (p->exact && n > 1)
		p->exact = sv_is_ok(sv_dec_mul(p->value.lo,
		    D->params->value[CORE_PARAM_SAME_DAY_RATIO], &top))
		    && sv_dec_cmp(p->value.hi, top) <= 0;
	if (p->exact)
		p->log_mean = log_sum / (double)n;
	/* Two agreeing values of a day have an interval, but a usable mean. */
}

/* One point per calendar day, oldest first; the events are in that order. */
void
core_psa_series(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);
	struct core_facts *out = D->out;
	double log_sum = 0;
	size_t of_day = 0;
	bool all_exact = true;

	out->psa = sv_arena_zalloc(D->A, n, sizeof(*out->psa));
	if (out->psa == NULL) {
		D->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct core_psa_point *p = &out->psa[out->n_psa];

		if (e[i]->date.precision != SV_DATE_DAY)
			continue;
		if (of_day > 0 && p[-1].day == e[i]->date.lo) {
			p--;
		} else {
			if (of_day > 0)
				close_day(D, p - 1, log_sum, of_day, all_exact);
			*p = (struct core_psa_point){ .day = e[i]->date.lo,
				.event = e[i] };
			out->n_psa++;
			of_day = 0;
			log_sum = 0;
			all_exact = true;
		}
		p->value = core_hull(p->value, e[i]->value);
		all_exact = all_exact && core_is_exact(e[i]->value);
		log_sum += log(sv_dec_double(e[i]->value.lo));
		of_day++;
		core_add_evidence(D, CORE_PSA_SERIES, e[i]);
	}
	if (of_day > 0)
		close_day(D, &out->psa[out->n_psa - 1], log_sum, of_day,
		    all_exact);
}

struct core_psa_window
core_psa_between(const struct core_derive *D, int32_t from, int32_t to)
{
	struct core_psa_window w = { 0, D->out->n_psa };

	while (w.from < w.to && D->out->psa[w.from].day < from)
		w.from++;
	while (w.to > w.from && D->out->psa[w.to - 1].day >= to)
		w.to--;
	return w;
}
