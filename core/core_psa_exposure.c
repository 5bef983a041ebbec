/*
 * What a PSA value was exposed to: a recent biopsy, androgen deprivation
 * (K1.6).  Each walk is linear in the values and the events: both are in
 * order of time.
 */
#include "core_psa.h"

typedef bool (*event_filter)(const struct core_derive *,
    const struct core_event *);

static bool
any_event(const struct core_derive *D, const struct core_event *e)
{
	(void)D;
	return sv_date_is_set(e->date);
}

/* A testosterone at or above castrate level: recovery. */
static bool
is_recovery(const struct core_derive *D, const struct core_event *e)
{
	return core_compare(e->value, CORE_GE, core_psa_limit(D,
	    CORE_PARAM_CASTRATE_TESTOSTERONE)) == CORE_TRUE;
}

/*
 * For each point, the latest first day of the events of ${c} that pass and
 * are surely over by the day of the point; ${latest} is raised to it.  Dates
 * of one precision do not overlap, so they end in the order in which they
 * begin: one walk per precision.
 */
static void
latest_before(const struct core_derive *D, enum core_concept c,
    event_filter pass, int32_t *latest)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);

	for (int precision = SV_DATE_YEAR; precision <= SV_DATE_DAY;
	    precision++) {
		int32_t best = INT32_MIN;
		size_t k = 0;

		for (size_t i = 0; i < D->out->n_psa; i++) {
			int32_t day = D->out->psa[i].day;

			for (; k < n; k++) {
				if ((int)e[k]->date.precision != precision)
					continue;
				if (e[k]->date.hi > day)
					break;
				if (pass(D, e[k]))
					best = e[k]->date.lo;
			}
			latest[i] = core_later(latest[i], best);
		}
	}
}

/* Mark the points that may lie in the washout of a biopsy of concept ${c}. */
static void
mark_possible(struct core_derive *D, enum core_concept c)
{
	size_t n, k = 0;
	const struct core_event *const *e = core_of(D->line, c, &n);
	int32_t washout = core_psa_days(D, CORE_PARAM_BIOPSY_WASHOUT_DAYS);
	int32_t last = INT32_MIN;

	for (size_t i = 0; i < D->out->n_psa; i++) {
		struct core_psa_point *p = &D->out->psa[i];

		for (; k < n && e[k]->date.lo <= p->day; k++) {
			if (sv_date_is_set(e[k]->date))
				last = core_later(last, e[k]->date.hi);
		}
		if (last != INT32_MIN && p->day <= last + washout)
			p->after_biopsy = CORE_UNKNOWN;
	}
}

/* after_biopsy: true where every day that the biopsy may be of demands it. */
static void
mark_biopsies(struct core_derive *D, int32_t *latest)
{
	int32_t washout = core_psa_days(D, CORE_PARAM_BIOPSY_WASHOUT_DAYS);

	mark_possible(D, CORE_PROSTATE_BIOPSY);
	mark_possible(D, CORE_BIOPSY_PROCEDURE);
	latest_before(D, CORE_PROSTATE_BIOPSY, any_event, latest);
	latest_before(D, CORE_BIOPSY_PROCEDURE, any_event, latest);
	for (size_t i = 0; i < D->out->n_psa; i++) {
		struct core_psa_point *p = &D->out->psa[i];

		if (latest[i] != INT32_MIN && p->day <= latest[i] + washout)
			p->after_biopsy = CORE_TRUE;
	}
}

/* What of ADT begun so far matters: whether any goes on, else its last end. */
struct deprivation {
	bool open;
	int32_t end;		/* INT32_MIN: none has ended */
};

static void
begin_adt(struct deprivation *x, const struct core_event *e)
{
	if (!sv_date_is_set(e->end))
		x->open = true;
	else
		x->end = core_later(x->end, e->end.hi);
}

/* Is a PSA of ${day} suppressed?  ${recovered}: the latest recovery by then,
 * which is no recovery before the end. */
static bool
suppressed(const struct core_derive *D, struct deprivation x, int32_t day,
    int32_t recovered)
{
	if (x.open)
		return true;
	if (x.end == INT32_MIN)
		return false;
	return recovered <= x.end && day <= x.end
	    + core_psa_days(D, CORE_PARAM_ADT_WASHOUT_DAYS);
}

/*
 * under_adt: in a period of ADT, or in its washout without a recovery in
 * between.  Of the periods begun, the one that ends last decides both.
 */
static void
mark_adt(struct core_derive *D, const int32_t *recovered)
{
	size_t n, k = 0, n_castrated;
	const struct core_event *const *e = core_of(D->line, CORE_ADT, &n);
	const struct core_event *const *o = core_of(D->line,
	    CORE_BILATERAL_ORCHIECTOMY, &n_castrated);
	struct deprivation x = { false, INT32_MIN };

	for (size_t i = 0; i < D->out->n_psa; i++) {
		struct core_psa_point *p = &D->out->psa[i];

		for (; k < n && (!sv_date_is_set(e[k]->date)
		    || e[k]->date.lo <= p->day); k++)
			begin_adt(&x, e[k]);
		p->under_adt = suppressed(D, x, p->day, recovered[i])
		    || (n_castrated > 0 && p->day >= o[0]->date.lo);
	}
}

void
core_psa_expose(struct core_derive *D)
{
	int32_t *biopsy = sv_arena_alloc(D->A, D->out->n_psa
	    * sizeof(*biopsy));
	int32_t *recovered = sv_arena_alloc(D->A, D->out->n_psa
	    * sizeof(*recovered));

	if (biopsy == NULL || recovered == NULL) {
		D->nomem = true;
		return;
	}
	for (size_t i = 0; i < D->out->n_psa; i++)
		biopsy[i] = recovered[i] = INT32_MIN;
	mark_biopsies(D, biopsy);
	latest_before(D, CORE_TESTOSTERONE, is_recovery, recovered);
	mark_adt(D, recovered);
}

int32_t
core_psa_salvage_day(const struct core_derive *D)
{
	const struct core_fact *f = &D->out->fact[CORE_LOCAL_SALVAGE_DONE];
	int32_t first = CORE_PSA_NEVER;

	for (size_t i = 0; i < f->n_evidence; i++)
		first = core_earlier(first, f->evidence[i]->date.lo);
	return first;
}

int32_t
core_psa_adt_after(const struct core_derive *D, int32_t day)
{
	static const enum core_concept kinds[] = { CORE_ADT,
		CORE_BILATERAL_ORCHIECTOMY };
	int32_t first = CORE_PSA_NEVER;

	for (int k = 0; k < 2; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			if (sv_date_is_set(e[i]->date) && e[i]->date.lo > day)
				first = core_earlier(first, e[i]->date.lo);
		}
	}
	return first;
}

int32_t
core_psa_adt_clear(const struct core_derive *D, int32_t day)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_ADT, &n);
	int32_t washout = core_psa_days(D, CORE_PARAM_ADT_WASHOUT_DAYS);
	int32_t clear = day;

	for (size_t i = 0; i < n; i++) {
		if (!sv_date_is_set(e[i]->date) || e[i]->date.lo > day)
			continue;
		if (!sv_date_is_set(e[i]->end))
			return CORE_PSA_NEVER;
		clear = core_later(clear, e[i]->end.hi + washout + 1);
	}
	return clear;
}
