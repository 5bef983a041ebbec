/*
 * The PSA series and what it says after prostatectomy: K1.6 and K1.7, rows
 * psa_series to psa_unconfirmed_rise.
 */
#include "core_psa.h"

#include <math.h>

static int32_t
param(const struct core_derive *D, enum core_param_id id)
{
	return core_param_int(D->params, id);
}

static struct core_interval
threshold(const struct core_derive *D, enum core_param_id id)
{
	return core_exactly(D->params->value[id]);
}

/* Close a day of the series: can it be used for the doubling time? */
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
static void
build_series(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);
	struct core_facts *out = D->out;
	double log_sum = 0;
	size_t of_day = 0;
	bool all_exact = true;

	out->psa = sv_arena_zalloc(D->A, n + 1, sizeof(*out->psa));
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
		if (e[i]->value.lo.m > 0)
			log_sum += log(sv_dec_double(e[i]->value.lo));
		of_day++;
		core_add_evidence(D, CORE_PSA_SERIES, e[i]);
	}
	if (of_day > 0)
		close_day(D, &out->psa[out->n_psa - 1], log_sum, of_day,
		    all_exact);
}

bool
core_psa_after_biopsy(const struct core_derive *D, int32_t day)
{
	static const enum core_concept kinds[] = { CORE_PROSTATE_BIOPSY,
		CORE_BIOPSY_PROCEDURE };
	int32_t washout = param(D, CORE_PARAM_BIOPSY_WASHOUT_DAYS);

	for (int k = 0; k < 2; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			if (sv_date_is_set(e[i]->date)
			    && day >= e[i]->date.lo
			    && day <= e[i]->date.hi + washout)
				return true;
		}
	}
	return false;
}

int32_t
core_psa_salvage_day(const struct core_derive *D)
{
	const struct core_fact *f = &D->out->fact[CORE_LOCAL_SALVAGE_DONE];
	int32_t first = CORE_PSA_NEVER;

	for (size_t i = 0; i < f->n_evidence; i++) {
		if (f->evidence[i]->date.lo < first)
			first = f->evidence[i]->date.lo;
	}
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
			if (sv_date_is_set(e[i]->date) && e[i]->date.lo > day
			    && e[i]->date.lo < first)
				first = e[i]->date.lo;
		}
	}
	return first;
}

/* A testosterone at or above castrate level in (from, to]: recovery. */
static bool
recovered(const struct core_derive *D, int32_t from, int32_t to)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_TESTOSTERONE, &n);

	for (size_t i = 0; i < n; i++) {
		if (e[i]->date.lo > from && e[i]->date.hi <= to
		    && core_compare(e[i]->value, CORE_GE, threshold(D,
		    CORE_PARAM_CASTRATE_TESTOSTERONE)) == CORE_TRUE)
			return true;
	}
	return false;
}

/* Is a PSA of ${day} suppressed by ADT, or within its washout? */
static bool
under_adt(const struct core_derive *D, int32_t day)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_ADT, &n);
	int32_t washout = param(D, CORE_PARAM_ADT_WASHOUT_DAYS);

	for (size_t i = 0; i < n; i++) {
		if (sv_date_is_set(e[i]->date) && day < e[i]->date.lo)
			continue;
		if (!sv_date_is_set(e[i]->end) || day <= e[i]->end.hi)
			return true;
		if (day <= e[i]->end.hi + washout
		    && !recovered(D, e[i]->end.hi, day))
			return true;
	}
	e = core_of(D->line, CORE_BILATERAL_ORCHIECTOMY, &n);
	return n > 0 && day >= e[0]->date.lo;
}

/* The first day of radiation after prostatectomy that may be to the bed;
 * ${unspecified} says whether a course of unknown site counts. */
static int32_t
post_rp_rt(const struct core_derive *D, bool unspecified)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_RADIOTHERAPY, &n);
	int32_t first = CORE_PSA_NEVER;

	for (size_t i = 0; i < n; i++) {
		enum core_site s = e[i]->site;

		if (!sv_date_is_set(e[i]->date)
		    || e[i]->date.hi < D->rp->date.lo)
			continue;
		if ((s == CORE_SITE_PROSTATE || s == CORE_SITE_PROSTATE_BED
		    || s == CORE_SITE_PELVIS
		    || (s == CORE_SITE_UNSPECIFIED && unspecified))
		    && e[i]->date.lo < first)
			first = e[i]->date.lo;
	}
	return first;
}

/* The points of the series in [from, to). */
static struct core_psa_window
window(const struct core_derive *D, int32_t from, int32_t to)
{
	struct core_psa_window w = { 0, D->out->n_psa };

	while (w.from < w.to && D->out->psa[w.from].day < from)
		w.from++;
	while (w.to > w.from && D->out->psa[w.to - 1].day >= to)
		w.to--;
	return w;
}

/* Is there a confirmed pair that begins at point ${i}?  The partner is the
 * first value far enough away; all values in between must be high as well. */
static enum core_tri
pair_at(const struct core_derive *D, struct core_psa_window w, size_t i)
{
	const struct core_psa_point *p = D->out->psa;
	struct core_interval bcr = threshold(D, CORE_PARAM_BCR_PSA);
	int32_t gap = param(D, CORE_PARAM_BCR_CONFIRMATION_DAYS);
	enum core_tri t = core_compare(p[i].value, CORE_GE, bcr);

	for (size_t j = i + 1; j < w.to && t != CORE_FALSE; j++) {
		t = core_and(t, core_compare(p[j].value, CORE_GE, bcr));
		if (p[j].day - p[i].day >= gap)
			return t;
	}
	return CORE_FALSE;
}

struct bcr {
	enum core_tri truth;
	size_t at;		/* point that begins the pair */
};

static struct bcr
find_bcr(const struct core_derive *D, struct core_psa_window w)
{
	struct bcr b = { CORE_FALSE, 0 };

	for (size_t i = w.from; i < w.to && b.truth != CORE_TRUE; i++) {
		b.truth = core_or(b.truth, pair_at(D, w, i));
		b.at = i;
	}
	return b;
}

/* A value known to the month only that would make a pair keeps BCR open. */
static bool
month_value_opens(const struct core_derive *D, int32_t from, int32_t to)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);

	for (size_t i = 0; i < n; i++) {
		if (e[i]->date.precision != SV_DATE_DAY
		    && e[i]->date.hi >= from && e[i]->date.lo < to
		    && core_compare(e[i]->value, CORE_LT, threshold(D,
		    CORE_PARAM_BCR_PSA)) != CORE_TRUE)
			return true;
	}
	return false;
}

/* Why there is no BCR yet, or that there surely is none. */
static enum core_reason
open_bcr(const struct core_derive *D, struct core_psa_window w,
    enum core_tri truth, int32_t cut)
{
	const struct core_psa_point *last;
	struct core_interval bcr = threshold(D, CORE_PARAM_BCR_PSA);
	int32_t from = D->rp->date.hi
	    + param(D, CORE_PARAM_POST_RP_WASHOUT_DAYS);

	if (w.from == w.to)
		return month_value_opens(D, from, cut)
		    ? CORE_REASON_IMPRECISE_DATE : CORE_REASON_MISSING;
	last = &D->out->psa[w.to - 1];
	if (core_compare(last->value, CORE_GE, bcr) == CORE_TRUE)
		return CORE_REASON_UNCONFIRMED;
	if (truth == CORE_UNKNOWN
	    || core_compare(last->value, CORE_GE, bcr) == CORE_UNKNOWN)
		return CORE_REASON_CENSORED;
	if (month_value_opens(D, from, cut))
		return CORE_REASON_IMPRECISE_DATE;
	if (D->line->as_of - last->day
	    > param(D, CORE_PARAM_NO_FAILURE_STALE_DAYS))
		return CORE_REASON_STALE;
	return CORE_REASON_NONE;
}

/* A coded recurrence confirms an unknown and contradicts a false. */
static void
apply_coded_bcr(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_BIOCHEMICAL_RECURRENCE, &n);
	struct core_fact *f = &D->out->fact[CORE_BCR_AFTER_RP];

	for (size_t i = 0; i < n; i++) {
		if (e[i]->certainty != CORE_CERTAINTY_CONFIRMED
		    || core_before(e[i]->date, D->rp->date) == CORE_TRUE)
			continue;
		core_add_evidence(D, CORE_BCR_AFTER_RP, e[i]);
		if (f->truth == CORE_TRUE)
			continue;
		if (f->truth == CORE_FALSE
		    || f->reason == CORE_REASON_CONTRADICTORY) {
			core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
			    CORE_REASON_CONTRADICTORY);
			continue;
		}
		core_set_tri(D, CORE_BCR_AFTER_RP, CORE_TRUE,
		    CORE_REASON_DOCUMENTED);
		f->since = e[i]->date;
	}
}

static void
derive_bcr(struct core_derive *D, int32_t from, int32_t cut)
{
	struct core_psa_window w = window(D, from, cut);
	struct bcr b = find_bcr(D, w);
	struct bcr early = find_bcr(D, window(D, from,
	    cut < post_rp_rt(D, true) ? cut : post_rp_rt(D, true)));
	struct core_fact *f = &D->out->fact[CORE_BCR_AFTER_RP];
	enum core_reason r;

	for (size_t i = w.from; i < w.to; i++)
		core_add_evidence(D, CORE_BCR_AFTER_RP, D->out->psa[i].event);
	if (b.truth == CORE_TRUE && early.truth != CORE_TRUE) {
		core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
		    CORE_REASON_UNSPECIFIED_RT_SITE);
	} else if (b.truth == CORE_TRUE) {
		core_set_tri(D, CORE_BCR_AFTER_RP, CORE_TRUE,
		    CORE_REASON_NONE);
		f->since = sv_date_exact(D->out->psa[b.at].day);
	} else {
		r = open_bcr(D, w, b.truth, cut);
		core_set_tri(D, CORE_BCR_AFTER_RP, r == CORE_REASON_NONE
		    ? CORE_FALSE : CORE_UNKNOWN, r);
	}
	apply_coded_bcr(D);
	core_set_tri(D, CORE_PSA_UNCONFIRMED_RISE, core_tri_of(
	    f->truth == CORE_UNKNOWN && f->reason == CORE_REASON_UNCONFIRMED),
	    CORE_REASON_NONE);
	core_inherit(D, CORE_PSA_UNCONFIRMED_RISE, CORE_BCR_AFTER_RP);
}

/* The value that decides persistence: the first in the post-operative window. */
static void
judge_persistence(struct core_derive *D, const struct core_psa_point *p)
{
	enum core_tri t = core_compare(p->value, CORE_GE, threshold(D,
	    CORE_PARAM_PERSISTENCE_PSA));

	core_add_evidence(D, CORE_PSA_PERSISTENCE, p->event);
	core_set_tri(D, CORE_PSA_PERSISTENCE, t, t == CORE_UNKNOWN
	    ? CORE_REASON_CENSORED : CORE_REASON_NONE);
}

static void
derive_persistence(struct core_derive *D, int32_t from_day, int32_t cut)
{
	struct core_psa_window w = window(D, from_day, cut);
	const struct core_psa_point *p = D->out->psa;
	int32_t from = D->rp->date.lo
	    + param(D, CORE_PARAM_PERSISTENCE_FROM_DAYS);
	int32_t to = D->rp->date.lo + param(D, CORE_PARAM_PERSISTENCE_TO_DAYS);

	for (size_t i = w.from; i < w.to; i++) {
		if (core_compare(p[i].value, CORE_LT, threshold(D,
		    CORE_PARAM_PERSISTENCE_PSA)) == CORE_TRUE) {
			core_add_evidence(D, CORE_PSA_PERSISTENCE, p[i].event);
			core_set_tri(D, CORE_PSA_PERSISTENCE, CORE_FALSE,
			    CORE_REASON_NONE);
			return;
		}
	}
	core_set_tri(D, CORE_PSA_PERSISTENCE, CORE_UNKNOWN,
	    CORE_REASON_MISSING);
	if (D->rp->date.precision != SV_DATE_DAY) {
		core_set_tri(D, CORE_PSA_PERSISTENCE, CORE_UNKNOWN,
		    CORE_REASON_IMPRECISE_DATE);
		return;
	}
	for (size_t i = w.from; i < w.to; i++) {
		if (p[i].day >= from && p[i].day <= to) {
			judge_persistence(D, &p[i]);
			return;
		}
	}
}

/* Current PSA: the newest eligible value (K1.7). */
static void
derive_current(struct core_derive *D,
    const struct core_psa_point *const *points, size_t n, int32_t until)
{
	struct core_fact *f = &D->out->fact[CORE_CURRENT_PSA];
	const struct core_psa_point *p;

	if (n == 0) {
		f->reason = CORE_REASON_MISSING;
		return;
	}
	p = points[n - 1];
	if (until - p->day > param(D, CORE_PARAM_CURRENT_PSA_STALE_DAYS)) {
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

/* The values that may stand for the disease as it is now: K1.6, eligibility. */
static void
derive_eligible(struct core_derive *D, int32_t from, int32_t cut,
    bool in_place)
{
	struct core_psa_window w = window(D, from, cut);
	const struct core_psa_point **v = sv_arena_zalloc(D->A,
	    D->out->n_psa + 1, sizeof(*v));
	const struct core_psa_point *nadir = NULL;
	int32_t until = D->line->as_of;
	size_t n = 0, usable = 0;

	if (v == NULL) {
		D->nomem = true;
		return;
	}
	if (core_psa_adt_after(D, from) < until)
		until = core_psa_adt_after(D, from);
	for (size_t i = w.from; i < w.to; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (under_adt(D, p->day)
		    || (in_place && core_psa_after_biopsy(D, p->day)))
			continue;
		v[n++] = p;
	}
	derive_current(D, v, n, until);
	widen_current(D, n > 0 ? v[n - 1]->day : from, cut);
	/* Contradictory days say nothing of kinetics; limits end the run. */
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
	core_derive_doubling_time(D, v, usable, until);
}

static int32_t
later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static int32_t
earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* The first day that ADT begun before or with the prostatectomy no longer
 * suppresses PSA: a low value until then is no sign of cure (hazard H8). */
static int32_t
adt_clear(const struct core_derive *D, int32_t day)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_ADT, &n);
	int32_t washout = param(D, CORE_PARAM_ADT_WASHOUT_DAYS);
	int32_t clear = day;

	for (size_t i = 0; i < n; i++) {
		if (!sv_date_is_set(e[i]->date) || e[i]->date.lo > day)
			continue;
		if (!sv_date_is_set(e[i]->end))
			return CORE_PSA_NEVER;
		if (e[i]->end.hi + washout >= clear)
			clear = e[i]->end.hi + washout + 1;
	}
	return clear;
}

/* After prostatectomy. */
static void
derive_after_rp(struct core_derive *D)
{
	int32_t clear = adt_clear(D, D->rp->date.hi);
	int32_t from = later(D->rp->date.hi
	    + param(D, CORE_PARAM_POST_RP_WASHOUT_DAYS), clear);
	int32_t adt = core_psa_adt_after(D, D->rp->date.hi);

	derive_bcr(D, from, earlier(post_rp_rt(D, false), adt));
	derive_persistence(D, later(D->rp->date.hi + 1, clear),
	    earlier(post_rp_rt(D, true), adt));
	derive_eligible(D, from, earlier(post_rp_rt(D, false), adt), false);
}

/* A prostatectomy of unknown date: which values follow it is unknown. */
static void
derive_after_undated_rp(struct core_derive *D)
{
	core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
	    CORE_REASON_IMPRECISE_DATE);
	core_set_tri(D, CORE_PSA_PERSISTENCE, CORE_UNKNOWN,
	    CORE_REASON_IMPRECISE_DATE);
	apply_coded_bcr(D);
	derive_eligible(D, CORE_PSA_NEVER, CORE_PSA_NEVER, false);
}

/* Neither prostatectomy nor radiation nor ablation: nothing to follow. */
static void
derive_not_applicable(struct core_derive *D, enum core_fact_id id)
{
	core_set_tri(D, id, CORE_FALSE, CORE_REASON_NOT_APPLICABLE);
}

void
core_derive_psa(struct core_derive *D)
{
	const struct core_event *in_place = D->rt != NULL ? D->rt : D->focal;

	build_series(D);
	if (D->nomem)
		return;
	if (core_truth(D, CORE_RP_AS_PRIMARY) != CORE_FALSE) {
		if (sv_date_is_set(D->rp->date))
			derive_after_rp(D);
		else
			derive_after_undated_rp(D);
	} else {
		derive_not_applicable(D, CORE_BCR_AFTER_RP);
		derive_not_applicable(D, CORE_PSA_PERSISTENCE);
		derive_not_applicable(D, CORE_PSA_UNCONFIRMED_RISE);
		if (in_place != NULL
		    && sv_date_is_set(core_treatment_end(D, in_place)))
			derive_eligible(D, core_treatment_end(D, in_place).hi + 1,
			    core_psa_salvage_day(D), true);
		else
			derive_eligible(D, CORE_PSA_NEVER, CORE_PSA_NEVER, true);
	}
	core_derive_phoenix(D);
}
