/*
 * Failure and persistence after prostatectomy: K1.7, rows psa_persistence to
 * psa_unconfirmed_rise.
 */
#include "core_psa.h"

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
		if (s == CORE_SITE_PROSTATE || s == CORE_SITE_PROSTATE_BED
		    || s == CORE_SITE_PELVIS
		    || (s == CORE_SITE_UNSPECIFIED && unspecified))
			first = core_earlier(first, e[i]->date.lo);
	}
	return first;
}

/* Is there a confirmed pair that begins at point ${i}?  The partner is the
 * first value far enough away; all values in between must be high as well. */
static enum core_tri
pair_at(const struct core_derive *D, struct core_psa_window w, size_t i)
{
	const struct core_psa_point *p = D->out->psa;
	struct core_interval bcr = core_psa_limit(D, CORE_PARAM_BCR_PSA);
	int32_t gap = core_psa_days(D, CORE_PARAM_BCR_CONFIRMATION_DAYS);
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
	struct bcr b = { .truth = CORE_FALSE };

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
		    && core_compare(e[i]->value, CORE_LT, core_psa_limit(D,
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
	struct core_interval bcr = core_psa_limit(D, CORE_PARAM_BCR_PSA);
	int32_t from = D->rp->date.hi
	    + core_psa_days(D, CORE_PARAM_POST_RP_WASHOUT_DAYS);

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
	if (core_is_older(D, last->day,
	    core_psa_days(D, CORE_PARAM_NO_FAILURE_STALE_DAYS)))
		return CORE_REASON_STALE;
	return CORE_REASON_NONE;
}

/* A coded recurrence surely after the prostatectomy confirms an unknown and
 * contradicts ${values}, what PSA says, if that is false. */
static void
take_coded(struct core_derive *D, const struct core_event *e,
    enum core_tri values)
{
	struct core_fact *f = &D->out->fact[CORE_BCR_AFTER_RP];

	core_add_evidence(D, CORE_BCR_AFTER_RP, e);
	if (f->truth == CORE_TRUE)
		return;
	if (values == CORE_FALSE) {
		core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
		    CORE_REASON_CONTRADICTORY);
		return;
	}
	core_set_tri(D, CORE_BCR_AFTER_RP, CORE_TRUE, CORE_REASON_DOCUMENTED);
	f->since = e->date;
}

/* Coded recurrences; one that may be earlier than the prostatectomy, undated
 * or known to the year only, can but leave it open (K1.4). */
static void
apply_coded_bcr(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_BIOCHEMICAL_RECURRENCE, &n);
	struct core_fact *f = &D->out->fact[CORE_BCR_AFTER_RP];
	enum core_tri values = f->truth, after;

	for (size_t i = 0; i < n; i++) {
		after = core_before(D->rp->date, e[i]->date);
		if (e[i]->certainty != CORE_CERTAINTY_CONFIRMED
		    || after == CORE_FALSE)
			continue;
		if (after == CORE_TRUE) {
			take_coded(D, e[i], values);
			continue;
		}
		core_set_aside(D, CORE_BCR_AFTER_RP, e[i]);
		if (core_psa_is_silent(f))
			core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
			    CORE_REASON_IMPRECISE_DATE);
	}
}

static void
derive_bcr(struct core_derive *D, int32_t from, int32_t cut)
{
	struct core_psa_window w = core_psa_between(D, from, cut);
	struct bcr b = find_bcr(D, w);
	struct bcr early = find_bcr(D, core_psa_between(D, from,
	    core_earlier(cut, post_rp_rt(D, true))));
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
	enum core_tri t = core_compare(p->value, CORE_GE, core_psa_limit(D,
	    CORE_PARAM_PERSISTENCE_PSA));

	core_add_evidence(D, CORE_PSA_PERSISTENCE, p->event);
	core_conclude(D, CORE_PSA_PERSISTENCE, t, CORE_REASON_CENSORED);
}

static void
derive_persistence(struct core_derive *D, int32_t from_day, int32_t cut)
{
	struct core_psa_window w = core_psa_between(D, from_day, cut);
	const struct core_psa_point *p = D->out->psa;
	int32_t from = D->rp->date.lo
	    + core_psa_days(D, CORE_PARAM_PERSISTENCE_FROM_DAYS);
	int32_t to = D->rp->date.lo + core_psa_days(D, CORE_PARAM_PERSISTENCE_TO_DAYS);

	for (size_t i = w.from; i < w.to; i++) {
		if (core_compare(p[i].value, CORE_LT, core_psa_limit(D,
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

/* After prostatectomy. */
void
core_derive_after_rp(struct core_derive *D)
{
	int32_t clear = core_psa_adt_clear(D, D->rp->date.hi);
	int32_t from = core_later(D->rp->date.hi
	    + core_psa_days(D, CORE_PARAM_POST_RP_WASHOUT_DAYS), clear);
	int32_t adt = core_psa_adt_after(D, D->rp->date.hi);

	derive_bcr(D, from, core_earlier(post_rp_rt(D, false), adt));
	derive_persistence(D, core_later(D->rp->date.hi + 1, clear),
	    core_earlier(post_rp_rt(D, true), adt));
	core_derive_eligible(D, from, core_earlier(post_rp_rt(D, false), adt), false);
}

/* A prostatectomy of unknown date: which values follow it is unknown. */
void
core_derive_after_undated_rp(struct core_derive *D)
{
	core_set_tri(D, CORE_BCR_AFTER_RP, CORE_UNKNOWN,
	    CORE_REASON_IMPRECISE_DATE);
	core_set_tri(D, CORE_PSA_PERSISTENCE, CORE_UNKNOWN,
	    CORE_REASON_IMPRECISE_DATE);
	apply_coded_bcr(D);
	core_derive_eligible(D, CORE_PSA_NEVER, CORE_PSA_NEVER, false);
}
