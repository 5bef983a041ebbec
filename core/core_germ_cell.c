/*
 * Germ cell tumours: K1.7, rows germ_cell_tumour to rt_to_relapse_long_interval.
 * The IPFSG group is in core_ipfsg.c.
 */
#include "core_ipfsg.h"

/* An AFP above its reference limit is not seminoma (NCCN NSEM-1). */
static const struct core_event *
raised_afp(const struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_AFP, &n);

	for (size_t i = 0; i < n; i++) {
		if (core_compare(e[i]->value, CORE_GT, e[i]->uln) == CORE_TRUE)
			return e[i];
	}
	return NULL;
}

static void
derive_histology(struct core_derive *D)
{
	const enum core_fact_id all = CORE_HAS_GERM_CELL_TUMOUR;
	const enum core_fact_id id = CORE_GCT_IS_SEMINOMA;
	const struct core_event *afp = raised_afp(D);
	enum core_tri seminoma, nonseminoma, any;

	core_derive_condition(D, id, CORE_SEMINOMA);
	seminoma = core_truth(D, id);
	core_derive_condition(D, id, CORE_NONSEMINOMA);
	nonseminoma = core_truth(D, id);
	core_derive_condition(D, all, CORE_GERM_CELL_TUMOUR);
	any = core_or(core_truth(D, all), core_or(seminoma, nonseminoma));
	core_inherit(D, all, id);
	core_conclude(D, all, any, CORE_REASON_UNCONFIRMED);
	if (nonseminoma == CORE_TRUE || any == CORE_FALSE) {
		core_set_tri(D, id, CORE_FALSE, CORE_REASON_NONE);
	} else if (seminoma == CORE_TRUE && afp != NULL) {
		core_add_evidence(D, id, afp);
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_CONTRADICTORY);
	} else if (seminoma == CORE_TRUE && nonseminoma == CORE_FALSE) {
		core_set_tri(D, id, CORE_TRUE, CORE_REASON_NONE);
	} else {
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_IMPRECISE);
	}
}

/* The first relapse that is not refuted; sets gct_relapse. */
static const struct core_event *
derive_relapse(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_GCT_RELAPSE,
	    &n);
	const struct core_event *first = NULL;

	core_derive_condition(D, CORE_GCT_RELAPSE_FACT, CORE_GCT_RELAPSE);
	for (size_t i = 0; i < n && first == NULL; i++) {
		if (e[i]->certainty == CORE_CERTAINTY_CONFIRMED)
			first = e[i];
	}
	if (first != NULL)
		D->out->fact[CORE_GCT_RELAPSE_FACT].since = first->date;
	return first;
}

/* Did ${e} begin before the relapse ${r}?  Without one, all did. */
static enum core_tri
precedes(const struct core_event *e, const struct core_event *r)
{
	return r == NULL ? CORE_TRUE : core_before(e->date, r->date);
}

/* Only radiation of the landing zones is radiation for seminoma. */
static bool
is_prior_kind(const struct core_event *e)
{
	return e->concept != CORE_RADIOTHERAPY
	    || e->site == CORE_SITE_PARAAORTIC
	    || e->site == CORE_SITE_RETROPERITONEUM
	    || e->site == CORE_SITE_DOGLEG;
}

/* The newest event of ${c} before the relapse, as evidence of ${id}.  Not
 * surely after it is enough (K1.7: never unknown), but then it is said. */
static const struct core_event *
prior(struct core_derive *D, enum core_fact_id id, enum core_concept c,
    const struct core_event *r)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	const struct core_event *last = NULL;
	enum core_tri any = CORE_FALSE;

	for (size_t i = 0; i < n; i++) {
		enum core_tri before = precedes(e[i], r);

		if (before == CORE_FALSE || !is_prior_kind(e[i]))
			continue;
		any = core_or(any, before);
		core_add_evidence(D, id, e[i]);
		if (last == NULL
		    || core_event_end(e[i]).hi >= core_event_end(last).hi)
			last = e[i];
	}
	core_set_tri(D, id, core_tri_of(last != NULL), any == CORE_UNKNOWN
	    ? CORE_REASON_IMPRECISE_DATE : CORE_REASON_NONE);
	return last;
}

/* Is the relapse later than the end of ${from} plus ${months}? */
static void
derive_interval(struct core_derive *D, enum core_fact_id id,
    const struct core_event *from, const struct core_event *r, int32_t months)
{
	struct sv_date limit;
	enum core_tri t = CORE_UNKNOWN;

	if (from == NULL || r == NULL || !sv_date_is_set(r->date)
	    || !sv_date_is_set(core_event_end(from))) {
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
		return;
	}
	limit = core_plus_months(core_event_end(from), months);
	core_add_evidence(D, id, from);
	core_add_evidence(D, id, r);
	if (r->date.lo > limit.hi)
		t = CORE_TRUE;
	else if (r->date.hi <= limit.lo)
		t = CORE_FALSE;
	core_conclude(D, id, t, CORE_REASON_IMPRECISE_DATE);
}

/* A fact that the newest number decides; what one day holds is a hull. */
static void
derive_number(struct core_derive *D, enum core_fact_id id,
    enum core_concept c, struct sv_dec limit)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	struct core_interval v = { .set = false };
	enum core_tri t;

	for (size_t i = 0; i < n; i++) {
		if (core_before(e[i]->date, e[n - 1]->date) == CORE_TRUE)
			continue;
		v = core_hull(v, e[i]->value);
		core_add_evidence(D, id, e[i]);
	}
	t = core_compare(v, CORE_LE, core_exactly(limit));
	core_conclude(D, id, t, v.set ? CORE_REASON_IMPRECISE
	    : CORE_REASON_MISSING);
}

void
core_derive_germ_cell(struct core_derive *D)
{
	const struct core_event *r, *chemo, *rt, *done;
	size_t n;

	derive_histology(D);
	r = derive_relapse(D);
	chemo = prior(D, CORE_PRIOR_PLATINUM_CHEMO, CORE_PLATINUM_CHEMO, r);
	rt = prior(D, CORE_PRIOR_SEMINOMA_RT, CORE_RADIOTHERAPY, r);
	/* Completion of primary treatment: chemotherapy, else RT, else surgery. */
	done = chemo != NULL ? chemo : rt;
	if (done == NULL && core_of(D->line, CORE_ORCHIECTOMY, &n) != NULL
	    && n > 0)
		done = core_of(D->line, CORE_ORCHIECTOMY, &n)[n - 1];
	derive_interval(D, CORE_LATE_RELAPSE, done, r, core_param_int(
	    D->params, CORE_PARAM_LATE_RELAPSE_MONTHS));
	derive_interval(D, CORE_RT_TO_RELAPSE_LONG_INTERVAL, rt, r,
	    core_param_int(D->params, CORE_PARAM_LONG_INTERVAL_MONTHS));
	derive_number(D, CORE_RELAPSE_LOCALISED, CORE_RELAPSE_SITE_COUNT,
	    SV_DEC(1, 0));
	derive_number(D, CORE_RELAPSE_SMALL_VOLUME, CORE_RELAPSE_MAX_DIAMETER,
	    D->params->value[CORE_PARAM_SMALL_VOLUME_CM]);
	core_derive_ipfsg(D, r, chemo);
}
