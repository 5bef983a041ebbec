/*
 * The current PSA, and which values the doubling time may use (K1.6).
 */
#include "core_psa.h"

/* Current PSA: the newest eligible value (K1.7). */
static void
derive_current(struct core_derive *D,
    const struct core_psa_point *const *points, size_t n, int32_t until)
{
	struct core_fact *f = &D->out->fact[CORE_CURRENT_PSA];
	int32_t stale = core_psa_days(D, CORE_PARAM_CURRENT_PSA_STALE_DAYS);
	const struct core_psa_point *p;

	if (n == 0) {
		f->reason = CORE_REASON_MISSING;
		return;
	}
	p = points[n - 1];
	core_note_change(D, p->day + stale + 1);
	if (until - p->day > stale) {
		core_set_aside(D, CORE_CURRENT_PSA, p->event);
		f->reason = CORE_REASON_STALE;
		return;
	}
	core_add_evidence(D, CORE_CURRENT_PSA, p->event);
	f->number = p->value;
	if (!core_is_exact(p->value) && sv_dec_cmp(p->event->value.lo,
	    p->value.lo) == 0 && !core_is_exact(p->event->value))
		return;		/* one censored value: an interval, no conflict */
	if (!core_is_exact(p->value))
		f->reason = CORE_REASON_CONTRADICTORY;
}

/* A later value known to the month widens the current PSA (K1.6). */
static void
widen_current(struct core_derive *D, int32_t after, int32_t cut)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);
	struct core_fact *f = &D->out->fact[CORE_CURRENT_PSA];

	for (size_t i = 0; i < n && f->number.set; i++) {
		if (e[i]->date.precision == SV_DATE_DAY
		    || e[i]->date.hi <= after || e[i]->date.lo >= cut)
			continue;
		f->number = core_hull(f->number, e[i]->value);
		f->reason = CORE_REASON_IMPRECISE_DATE;
		core_add_evidence(D, CORE_CURRENT_PSA, e[i]);
	}
}

/* Is there a value in ${w} from ${since} on that may or may not lie in the
 * washout of a biopsy whose day is not known? */
static bool
doubtful(const struct core_derive *D, struct core_psa_window w, int32_t since)
{
	for (size_t i = w.from; i < w.to; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (p->day >= since && !p->under_adt
		    && p->after_biopsy == CORE_UNKNOWN)
			return true;
	}
	return false;
}

/* Newer values that may count as well make the current PSA a hull.  None of
 * them is under ADT: what begins after ${after} ends the window. */
static void
widen_by_doubt(struct core_derive *D, struct core_psa_window w, int32_t after)
{
	struct core_fact *f = &D->out->fact[CORE_CURRENT_PSA];

	if (!doubtful(D, w, after))
		return;
	f->reason = CORE_REASON_IMPRECISE_DATE;
	for (size_t i = w.from; i < w.to && f->number.set; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (p->day < after)
			continue;
		f->number = core_hull(f->number, p->value);
		core_add_evidence(D, CORE_CURRENT_PSA, p->event);
	}
}

/* The values for kinetics, from the nadir on if the prostate is in place (K1.6
 * step 1).  Contradictory days say nothing; limits end the run. */
static size_t
from_nadir(const struct core_psa_point **v, size_t n, bool in_place)
{
	const struct core_psa_point *nadir = NULL;
	size_t usable = 0;

	for (size_t i = 0; i < n; i++) {
		if (in_place && (nadir == NULL || sv_dec_cmp(v[i]->value.lo,
		    nadir->value.lo) <= 0)) {
			nadir = v[i];
			usable = 0;
		}
		if (v[i]->exact || core_is_exact(v[i]->value)
		    || !core_is_exact(v[i]->event->value))
			v[usable++] = v[i];
	}
	return usable;
}

/* The values of ${w} that surely count, into ${v}; hands back how many. */
static size_t
eligible(const struct core_derive *D, struct core_psa_window w, bool in_place,
    const struct core_psa_point **v)
{
	size_t n = 0;

	for (size_t i = w.from; i < w.to; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (!p->under_adt && (!in_place
		    || p->after_biopsy == CORE_FALSE))
			v[n++] = p;
	}
	return n;
}

void
core_derive_eligible(struct core_derive *D, int32_t from, int32_t cut,
    bool in_place)
{
	struct core_psa_window w = core_psa_between(D, from, cut);
	const struct core_psa_point **v = sv_arena_zalloc(D->A,
	    D->out->n_psa, sizeof(*v));
	int32_t until = core_earlier(D->line->as_of,
	    core_psa_adt_after(D, from)), last = from;
	size_t n;

	if (v == NULL) {
		D->nomem = true;
		return;
	}
	n = eligible(D, w, in_place, v);
	if (n > 0)
		last = v[n - 1]->day;
	derive_current(D, v, n, until);
	widen_current(D, last, cut);
	if (in_place)
		widen_by_doubt(D, w, last);
	if (in_place && doubtful(D, w, last - core_psa_days(D,
	    CORE_PARAM_PSADT_WIDE_WINDOW_DAYS)))
		D->out->fact[CORE_PSA_DOUBLING_TIME].reason
		    = CORE_REASON_IMPRECISE_DATE;
	else
		core_derive_doubling_time(D, v, from_nadir(v, n, in_place),
		    until);
}
