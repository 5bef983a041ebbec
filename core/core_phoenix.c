/*
 * Failure after radiation or focal ablation: nadir + 2.0 ng/mL, dated at call
 * and not backdated (RTOG-ASTRO Phoenix consensus, Roach 2006; K1.7).
 */
#include "core_psa.h"

struct phoenix {
	enum core_tri truth;
	enum core_reason reason;
	const struct core_psa_point *at;	/* the value that fails */
	const struct core_psa_point *last;	/* newest value looked at */
	struct core_interval nadir;
};

struct follow_up {
	int32_t from, to;		/* days [from, to) */
	struct core_psa_window w;	/* its values that have a day */
};

/* The rolling nadir: the lowest value so far, known as an interval. */
static struct core_interval
lower(struct core_interval nadir, struct core_interval v)
{
	int d;

	if (!nadir.set)
		return v;
	if (sv_dec_cmp(v.lo, nadir.lo) < 0)
		nadir.lo = v.lo;
	if (v.hi_inf)
		return nadir;
	d = nadir.hi_inf ? -1 : sv_dec_cmp(v.hi, nadir.hi);
	if (d < 0) {
		nadir.hi = v.hi;
		nadir.hi_open = v.hi_open;
		nadir.hi_inf = false;
	}
	if (d == 0)
		nadir.hi_open = nadir.hi_open || v.hi_open;
	return nadir;
}

/* ${nadir} + ${rise}; a sum that does not fit decides nothing. */
static struct core_interval
line_above(struct core_interval nadir, struct sv_dec rise)
{
	struct core_interval line = nadir;

	if (!sv_is_ok(sv_dec_add(nadir.lo, rise, &line.lo))
	    || (!nadir.hi_inf
	    && !sv_is_ok(sv_dec_add(nadir.hi, rise, &line.hi))))
		line.set = false;
	return line;
}

/* Look at one value: does it fail, or, after a failure, fall back? */
static void
look_at(struct phoenix *x, const struct core_psa_point *p, struct sv_dec rise,
    struct core_interval *line)
{
	enum core_tri t;

	if (x->at != NULL) {
		t = core_compare(p->value, CORE_LT, *line);
		if (t == CORE_TRUE) {
			x->reason = CORE_REASON_POSSIBLE_BOUNCE;
		} else if (t == CORE_FALSE && x->reason
		    == CORE_REASON_POSSIBLE_BOUNCE) {
			/* It rose again: failure from here on, no bounce. */
			x->reason = CORE_REASON_NONE;
			x->at = p;
		}
		return;
	}
	if (x->nadir.set) {
		*line = line_above(x->nadir, rise);
		t = core_compare(p->value, CORE_GE, *line);
		if (t == CORE_TRUE)
			x->at = p;
		if (t == CORE_UNKNOWN)
			x->reason = CORE_REASON_CENSORED;
	}
	if (x->at == NULL)
		x->nadir = lower(x->nadir, p->value);
	else
		x->reason = CORE_REASON_NONE;
}

/* The time after ${treatment}, up to ADT begun later or local salvage. */
static struct follow_up
followed(const struct core_derive *D, const struct core_event *treatment)
{
	int32_t end = core_treatment_end(D, treatment).hi;
	int32_t cut = core_earlier(core_psa_adt_after(D, end),
	    core_psa_salvage_day(D));

	return (struct follow_up){ end + 1, cut, core_psa_between(D, end + 1,
	    cut) };
}

/* Walk the values of ${w}; ${all}: also those that may be too soon after a
 * biopsy whose day is not known. */
static struct phoenix
walk(const struct core_derive *D, struct core_psa_window w, bool all)
{
	struct phoenix x = { .truth = CORE_UNKNOWN,
		.reason = CORE_REASON_NONE };
	struct core_interval line = { .set = false };

	for (size_t i = w.from; i < w.to; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (p->after_biopsy == CORE_TRUE
		    || (p->after_biopsy == CORE_UNKNOWN && !all))
			continue;
		look_at(&x, p, D->params->value[CORE_PARAM_PHOENIX_RISE],
		    &line);
		x.last = p;
	}
	return x;
}

static void
list_values(struct core_derive *D, struct core_psa_window w,
    enum core_fact_id id)
{
	for (size_t i = w.from; i < w.to; i++) {
		const struct core_psa_point *p = &D->out->psa[i];

		if (p->after_biopsy == CORE_TRUE)
			core_set_aside(D, id, p->event);
		else
			core_add_evidence(D, id, p->event);
	}
}

static void
judge(const struct core_derive *D, struct phoenix *x)
{
	int32_t stale = core_param_int(D->params,
	    CORE_PARAM_NO_FAILURE_STALE_DAYS);

	if (x->last == NULL)
		x->reason = CORE_REASON_MISSING;
	else if (x->at == NULL && x->reason == CORE_REASON_NONE
	    && core_is_older(D, x->last->day, stale))
		x->reason = CORE_REASON_STALE;
	if (x->reason == CORE_REASON_NONE)
		x->truth = core_tri_of(x->at != NULL);
}

/* Is not all of ${v} surely below ${nadir} + 2.0? */
static bool
may_fail(const struct core_derive *D, struct core_interval v,
    struct core_interval nadir)
{
	return core_compare(v, CORE_LT, line_above(nadir,
	    D->params->value[CORE_PARAM_PHOENIX_RISE])) != CORE_TRUE;
}

/* Is ${e} a value of the time ${u} that is known to the month only? */
static bool
is_of_month(const struct core_event *e, struct follow_up u)
{
	return e->date.precision != SV_DATE_DAY && e->date.hi >= u.from
	    && e->date.lo < u.to;
}

/* Could a value known to the month only be a failure?  The nadir is that of
 * all values that may stand before it. */
static bool
month_may_fail(const struct core_derive *D, struct follow_up u)
{
	size_t n, k = u.w.from;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);
	const struct core_psa_point *p = D->out->psa;
	struct core_interval nadir = { .set = false };

	for (size_t i = 0; i < n; i++) {
		if (!is_of_month(e[i], u))
			continue;
		for (; k < u.w.to && p[k].day <= e[i]->date.hi; k++) {
			if (p[k].after_biopsy != CORE_TRUE)
				nadir = lower(nadir, p[k].value);
		}
		if (nadir.set && may_fail(D, e[i]->value, nadir))
			return true;
		nadir = lower(nadir, e[i]->value);
	}
	return false;
}

/* Could one be the nadir of a failure?  From the newest back: ${later} holds
 * all values that may stand behind it. */
static bool
month_may_be_nadir(const struct core_derive *D, struct follow_up u)
{
	size_t n, k = u.w.to;
	const struct core_event *const *e = core_of(D->line, CORE_PSA, &n);
	const struct core_psa_point *p = D->out->psa;
	struct core_interval later = { .set = false };

	for (size_t i = n; i > 0; i--) {
		if (!is_of_month(e[i - 1], u))
			continue;
		for (; k > u.w.from && p[k - 1].day >= e[i - 1]->date.lo; k--) {
			if (p[k - 1].after_biopsy != CORE_TRUE)
				later = core_hull(later, p[k - 1].value);
		}
		if (later.set && may_fail(D, later, e[i - 1]->value))
			return true;
	}
	return false;
}

/*
 * Judge the values after ${treatment}, once without and once with those that
 * a biopsy of imprecise date may forbid.  Where the two differ the date of
 * the biopsy decides, and it is not known.  A value known to the month only
 * is no failure, but may be the reason why it is not sure that there is none
 * (K1.6).
 */
static void
follow(struct core_derive *D, enum core_fact_id id,
    const struct core_event *treatment)
{
	struct follow_up u = followed(D, treatment);
	struct phoenix x = walk(D, u.w, false), y = walk(D, u.w, true);

	judge(D, &x);
	judge(D, &y);
	list_values(D, u.w, id);
	/* The truth follows from these two. */
	if (x.reason != y.reason || x.at != y.at)
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE);
	else
		core_set_tri(D, id, x.truth, x.reason);
	if (core_truth(D, id) == CORE_TRUE)
		D->out->fact[id].since = sv_date_exact(x.at->day);
	if (core_psa_is_silent(&D->out->fact[id])
	    && (month_may_fail(D, u) || month_may_be_nadir(D, u)))
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE);
	D->out->fact[CORE_PSA_NADIR].number = core_hull(x.nadir, y.nadir);
}

/* A coded recurrence surely after the treatment is a failure (K1.4); one that
 * may be earlier, undated or known to the year only, leaves it open. */
static void
apply_coded(struct core_derive *D, enum core_fact_id id,
    const struct core_event *treatment, enum core_concept c)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	struct core_fact *f = &D->out->fact[id];

	for (size_t i = 0; i < n; i++) {
		enum core_tri after = core_before(core_treatment_end(D,
		    treatment), e[i]->date);

		if (e[i]->certainty != CORE_CERTAINTY_CONFIRMED
		    || after == CORE_FALSE)
			continue;
		if (after == CORE_TRUE)
			core_add_evidence(D, id, e[i]);
		else
			core_set_aside(D, id, e[i]);
		if (f->truth == CORE_TRUE)
			continue;
		if (after == CORE_TRUE) {
			core_set_tri(D, id, CORE_TRUE, CORE_REASON_DOCUMENTED);
			f->since = e[i]->date;
		} else {
			core_set_tri(D, id, CORE_UNKNOWN,
			    CORE_REASON_IMPRECISE_DATE);
		}
	}
}

static void
derive(struct core_derive *D, enum core_fact_id id, enum core_fact_id primary,
    const struct core_event *treatment)
{
	if (core_truth(D, primary) == CORE_FALSE) {
		core_set_tri(D, id, CORE_FALSE, CORE_REASON_NOT_APPLICABLE);
		return;
	}
	if (treatment == NULL || !sv_date_is_set(core_treatment_end(D, treatment))) {
		core_set_tri(D, id, CORE_UNKNOWN, D->out->fact[primary].reason
		    != CORE_REASON_NONE ? D->out->fact[primary].reason
		    : CORE_REASON_IMPRECISE_DATE);
		return;
	}
	follow(D, id, treatment);
	core_inherit(D, CORE_PSA_NADIR, id);
	apply_coded(D, id, treatment, CORE_LOCAL_RECURRENCE);
	if (id == CORE_RECURRENCE_AFTER_FOCAL)
		apply_coded(D, id, treatment, CORE_BIOCHEMICAL_RECURRENCE);
}

/* failure_within_18m_of_rt, from the date of the failure and of the RT. */
static void
derive_within_18m(struct core_derive *D)
{
	const struct core_fact *bcr = &D->out->fact[CORE_BCR_AFTER_RT];
	struct sv_date limit;
	enum core_tri t = CORE_UNKNOWN;

	if (bcr->truth != CORE_TRUE || !sv_date_is_set(bcr->since)) {
		core_set_tri(D, CORE_FAILURE_WITHIN_18M_OF_RT,
		    bcr->truth == CORE_FALSE ? CORE_FALSE : CORE_UNKNOWN,
		    bcr->truth == CORE_FALSE ? CORE_REASON_NOT_APPLICABLE
		    : bcr->truth == CORE_TRUE ? CORE_REASON_IMPRECISE_DATE
		    : bcr->reason);
		return;
	}
	limit = core_plus_months(D->rt_end, core_param_int(
	    D->params, CORE_PARAM_EAU_RT_INTERVAL_MONTHS));
	if (bcr->since.hi <= limit.lo)
		t = CORE_TRUE;
	else if (bcr->since.lo > limit.hi)
		t = CORE_FALSE;
	core_conclude(D, CORE_FAILURE_WITHIN_18M_OF_RT, t,
	    CORE_REASON_IMPRECISE_DATE);
	core_inherit(D, CORE_FAILURE_WITHIN_18M_OF_RT, CORE_BCR_AFTER_RT);
	core_add_evidence(D, CORE_FAILURE_WITHIN_18M_OF_RT, D->rt);
}

/* The date of the failure that later facts speak of. */
static void
set_failure(struct core_derive *D)
{
	static const enum core_fact_id by[] = { CORE_BCR_AFTER_RP,
		CORE_BCR_AFTER_RT, CORE_RECURRENCE_AFTER_FOCAL };

	for (int i = 0; i < 3; i++) {
		const struct core_fact *f = &D->out->fact[by[i]];

		if (f->truth == CORE_TRUE && sv_date_is_set(f->since)
		    && !sv_date_is_set(D->out->failure))
			D->out->failure = f->since;
	}
}

void
core_derive_phoenix(struct core_derive *D)
{
	const struct core_fact *rt = &D->out->fact[CORE_BCR_AFTER_RT];

	D->out->fact[CORE_PSA_NADIR].reason = CORE_REASON_MISSING;
	derive(D, CORE_BCR_AFTER_RT, CORE_RT_AS_PRIMARY, D->rt);
	derive(D, CORE_RECURRENCE_AFTER_FOCAL, CORE_FOCAL_AS_PRIMARY,
	    D->focal);
	if (D->out->fact[CORE_PSA_NADIR].number.set)
		D->out->fact[CORE_PSA_NADIR].reason = CORE_REASON_NONE;
	core_set_tri(D, CORE_PSA_BOUNCE_POSSIBLE, core_tri_of(
	    rt->truth == CORE_UNKNOWN
	    && rt->reason == CORE_REASON_POSSIBLE_BOUNCE), CORE_REASON_NONE);
	core_inherit(D, CORE_PSA_BOUNCE_POSSIBLE, CORE_BCR_AFTER_RT);
	derive_within_18m(D);
	set_failure(D);
}
