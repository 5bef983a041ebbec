/*
 * What was done to the prostate, in which order: K1.7, rows rp_as_primary to
 * on_adt_now, and local_salvage_done.
 */
#include "core_derive.h"
#include "core_psa.h"

/* The earliest of the events of ${c} at ${site} (NONE: any site).  Undated
 * ones stand first in the timeline, but only count if no other is dated. */
static const struct core_event *
earliest(const struct core_derive *D, enum core_concept c, enum core_site site)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	const struct core_event *undated = NULL;

	for (size_t i = 0; i < n; i++) {
		if (site != CORE_SITE_NONE && e[i]->site != site)
			continue;
		if (sv_date_is_set(e[i]->date))
			return e[i];
		undated = e[i];
	}
	return undated;
}

/* Is ${e} before ${other}?  True if there is no other. */
static enum core_tri
precedes(const struct core_event *e, const struct core_event *other)
{
	if (other == NULL)
		return CORE_TRUE;
	return core_before(e->date, other->date);
}

/* ${e} is the primary treatment if it precedes both others. */
static void
derive_primary(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e, const struct core_event *a,
    const struct core_event *b)
{
	enum core_tri t;

	if (e == NULL) {
		core_set_tri(D, id, CORE_FALSE, CORE_REASON_NONE);
		return;
	}
	t = core_and(precedes(e, a), precedes(e, b));
	core_conclude(D, id, t, CORE_REASON_IMPRECISE_DATE);
	core_add_evidence(D, id, e);
}

/* Without any other treatment, radiation of unknown site may be the primary. */
static void
derive_unspecified_rt(struct core_derive *D)
{
	const struct core_event *e = earliest(D, CORE_RADIOTHERAPY,
	    CORE_SITE_UNSPECIFIED);

	if (e == NULL || D->rp != NULL || D->rt != NULL || D->focal != NULL)
		return;
	core_set_tri(D, CORE_RT_AS_PRIMARY, CORE_UNKNOWN,
	    CORE_REASON_UNSPECIFIED_RT_SITE);
	core_set_aside(D, CORE_RT_AS_PRIMARY, e);
}

static void
derive_any_primary(struct core_derive *D)
{
	static const enum core_fact_id parts[] = { CORE_RP_AS_PRIMARY,
		CORE_RT_AS_PRIMARY, CORE_FOCAL_AS_PRIMARY };
	enum core_tri t = CORE_FALSE;
	enum core_reason r = CORE_REASON_NONE;

	for (int i = 0; i < 3; i++) {
		t = core_or(t, core_truth(D, parts[i]));
		if (core_truth(D, parts[i]) == CORE_UNKNOWN)
			r = D->out->fact[parts[i]].reason;
		core_inherit(D, CORE_ANY_PRIMARY, parts[i]);
	}
	core_conclude(D, CORE_ANY_PRIMARY, t, r);
}

/* Whether the course ${e} went to the prostate bed. */
static enum core_tri
is_bed_rt(const struct core_derive *D, const struct core_event *e)
{
	enum core_tri after;

	if (e->site == CORE_SITE_PROSTATE_BED)
		return CORE_TRUE;
	if (D->rp == NULL)
		return CORE_FALSE;
	after = core_before(D->rp->date, e->date);
	if (e->site == CORE_SITE_PROSTATE)
		return after;
	if (e->site != CORE_SITE_PELVIS && e->site != CORE_SITE_UNSPECIFIED)
		return CORE_FALSE;
	return after == CORE_FALSE ? CORE_FALSE : CORE_UNKNOWN;
}

static void
derive_bed_rt(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_RADIOTHERAPY, &n);
	enum core_tri t = CORE_FALSE, one;
	enum core_reason r = CORE_REASON_NONE;

	for (size_t i = 0; i < n; i++) {
		if ((one = is_bed_rt(D, e[i])) == CORE_FALSE)
			continue;
		t = core_or(t, one);
		if (one == CORE_TRUE) {
			core_add_evidence(D, CORE_PRIOR_BED_RT, e[i]);
			continue;
		}
		core_set_aside(D, CORE_PRIOR_BED_RT, e[i]);
		r = e[i]->site == CORE_SITE_PROSTATE
		    ? CORE_REASON_IMPRECISE_DATE
		    : CORE_REASON_UNSPECIFIED_RT_SITE;
	}
	core_conclude(D, CORE_PRIOR_BED_RT, t, r);
}

static void
derive_adt(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_ADT, &n);
	bool on = false;

	for (size_t i = 0; i < n; i++) {
		if (sv_date_is_set(e[i]->end))
			core_note_change(D, e[i]->end.hi + 1);
		if (sv_date_is_set(e[i]->end)
		    && e[i]->end.hi < D->line->as_of)
			continue;
		on = true;
		core_add_evidence(D, CORE_ON_ADT_NOW, e[i]);
	}
	e = core_of(D->line, CORE_BILATERAL_ORCHIECTOMY, &n);
	for (size_t i = 0; i < n; i++) {
		on = true;
		core_add_evidence(D, CORE_ON_ADT_NOW, e[i]);
	}
	core_set_tri(D, CORE_ON_ADT_NOW, core_tri_of(on), CORE_REASON_NONE);
}

/*
 * External beam and a planned brachytherapy boost are one primary course
 * (ASCENDE-RT: implant two to three weeks after the beam): radiation to the
 * prostate that begins within RT_COURSE_GAP_DAYS of the end of the course so
 * far still belongs to it.  The gap is larger than any planned boost's and
 * smaller than the time in which a failure can be found.
 */
static enum core_tri
joins_course(const struct core_derive *D, const struct core_event *e)
{
	int32_t gap = core_param_int(D->params, CORE_PARAM_RT_COURSE_GAP_DAYS);

	if (e->site != CORE_SITE_PROSTATE)
		return CORE_FALSE;
	return core_not(core_before(core_plus_days(D->rt_end, gap), e->date));
}

/* The end of the primary course: courses are met in order of their begin. */
static void
find_rt_end(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_RADIOTHERAPY, &n);

	if (D->rt == NULL)
		return;
	D->rt_end = core_event_end(D->rt);
	for (size_t i = 0; i < n; i++) {
		if (joins_course(D, e[i]) != CORE_TRUE)
			continue;
		D->rt_end.lo = core_later(D->rt_end.lo,
		    core_event_end(e[i]).lo);
		D->rt_end.hi = core_later(D->rt_end.hi,
		    core_event_end(e[i]).hi);
	}
}

/* A further local treatment of concept ${c} after the ${primary} one. */
static enum core_tri
repeated(struct core_derive *D, const struct core_event *primary,
    enum core_concept c)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	enum core_tri t = CORE_FALSE, one;

	for (size_t i = 0; i < n; i++) {
		if (e[i] == primary || (c == CORE_RADIOTHERAPY
		    && e[i]->site != CORE_SITE_PROSTATE))
			continue;
		one = core_before(core_treatment_end(D, primary), e[i]->date);
		if (c == CORE_RADIOTHERAPY && primary == D->rt)
			one = core_and(one, core_not(joins_course(D, e[i])));
		if (one == CORE_TRUE)
			core_add_evidence(D, CORE_LOCAL_SALVAGE_DONE, e[i]);
		t = core_or(t, one);
	}
	return t;
}

static void
derive_local_salvage(struct core_derive *D)
{
	static const enum core_concept kinds[] = { CORE_RADICAL_PROSTATECTOMY,
		CORE_RADIOTHERAPY, CORE_FOCAL_ABLATION, CORE_CRYOABLATION };
	const struct core_event *primary = NULL;
	enum core_tri t = CORE_FALSE;

	if (core_truth(D, CORE_RT_AS_PRIMARY) == CORE_TRUE)
		primary = D->rt;
	else if (core_truth(D, CORE_FOCAL_AS_PRIMARY) == CORE_TRUE)
		primary = D->focal;
	for (int i = 0; primary != NULL && i < 4; i++)
		t = core_or(t, repeated(D, primary, kinds[i]));
	core_conclude(D, CORE_LOCAL_SALVAGE_DONE, t,
	    CORE_REASON_IMPRECISE_DATE);
}

void
core_derive_treatment(struct core_derive *D)
{
	const struct core_event *cryo;

	D->rp = earliest(D, CORE_RADICAL_PROSTATECTOMY, CORE_SITE_NONE);
	D->rt = earliest(D, CORE_RADIOTHERAPY, CORE_SITE_PROSTATE);
	D->focal = earliest(D, CORE_FOCAL_ABLATION, CORE_SITE_NONE);
	cryo = earliest(D, CORE_CRYOABLATION, CORE_SITE_NONE);
	if (D->focal == NULL || (cryo != NULL
	    && core_before(cryo->date, D->focal->date) == CORE_TRUE))
		D->focal = cryo;
	find_rt_end(D);
	derive_primary(D, CORE_RP_AS_PRIMARY, D->rp, D->rt, D->focal);
	derive_primary(D, CORE_RT_AS_PRIMARY, D->rt, D->rp, D->focal);
	derive_primary(D, CORE_FOCAL_AS_PRIMARY, D->focal, D->rp, D->rt);
	derive_unspecified_rt(D);
	derive_any_primary(D);
	derive_bed_rt(D);
	derive_adt(D);
	derive_local_salvage(D);
}
