/*
 * Life expectancy: a clinician's estimate, never computed (K1.7).
 */
#include "core_derive.h"

/* The newest of the ${n} estimates that has a value; NULL: none. */
static const struct core_event *
newest(const struct core_event *const *e, size_t n)
{
	const struct core_event *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (e[i]->value.set && (last == NULL
		    || e[i]->date.hi >= last->date.hi))
			last = e[i];
	}
	return last;
}

/* The newest estimate; two on one day make a hull. */
void
core_derive_life_expectancy(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_LIFE_EXPECTANCY, &n);
	const enum core_fact_id id = CORE_LIFE_EXPECTANCY_YEARS;
	struct core_fact *f = &D->out->fact[id];
	const struct core_event *last = newest(e, n);

	if (last == NULL) {
		f->reason = CORE_REASON_MISSING;
		return;
	}
	if (core_is_older(D, last->date.hi, core_param_int(D->params,
	    CORE_PARAM_LIFE_EXPECTANCY_STALE_DAYS))) {
		f->reason = CORE_REASON_STALE;
		core_set_aside(D, id, last);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!e[i]->value.set || e[i]->date.hi != last->date.hi)
			continue;
		if (f->n_evidence > 0)
			f->reason = CORE_REASON_CONTRADICTORY;
		f->number = core_hull(f->number, e[i]->value);
		core_add_evidence(D, id, e[i]);
	}
}
