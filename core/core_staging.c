/*
 * Where the disease is: distant, nodal, local (K1.7).
 */
#include "core_spread.h"

/* The newest of each kind of evidence. */
struct spread_evidence {
	const struct core_event *yes, *no, *maybe_no, *equivocal, *old_no;
	bool uncontested;	/* a positive that no negative contradicts */
};

/* The dated negatives of one source, oldest first. */
struct negatives {
	int32_t *begin;
	int32_t *last;		/* the latest end so far */
	size_t n;
};

static const struct core_event *
newer(const struct core_event *a, const struct core_event *b)
{
	return a == NULL || b->date.hi >= a->date.hi ? b : a;
}

/* The treatment that positive evidence must follow; NULL: there is none. */
static const struct core_event *
primary(const struct core_derive *D)
{
	if (D->rp != NULL && core_truth(D, CORE_RP_AS_PRIMARY) != CORE_FALSE)
		return D->rp;
	if (D->rt != NULL && core_truth(D, CORE_RT_AS_PRIMARY) != CORE_FALSE)
		return D->rt;
	return D->focal;
}

/* A negative counts if it is recent and not from well before the failure.  One
 * known to the year may be either (K1.8: interval order). */
static enum core_tri
is_current(const struct core_derive *D, const struct core_event *e)
{
	int32_t stale = core_param_int(D->params, CORE_PARAM_STAGING_STALE_DAYS);
	struct sv_date since = core_plus_days(sv_date_exact(D->line->as_of),
	    -stale);
	enum core_tri t = core_not(core_before(e->date, since));

	if (sv_date_is_set(e->date)) {
		core_note_change(D, e->date.lo + stale + 1);
		core_note_change(D, e->date.hi + stale + 1);
	}
	if (!sv_date_is_set(D->out->failure))
		return t;
	since = core_plus_days(D->out->failure, -core_param_int(D->params,
	    CORE_PARAM_STAGING_LEAD_DAYS));
	return core_and(t, core_not(core_before(e->date, since)));
}

/* Collect the negatives of ${from}, whatever their age. */
static struct negatives
negatives(struct core_derive *D, const struct core_spread_source *from)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, from->concept, &n);
	struct negatives x = { sv_arena_alloc(D->A, n * sizeof(*x.begin)),
		sv_arena_alloc(D->A, n * sizeof(*x.last)), 0 };

	if (x.begin == NULL || x.last == NULL) {
		D->nomem = true;
		return x;
	}
	for (size_t i = 0; i < n; i++) {
		if (from->read(e[i]) != CORE_SPREAD_NO || !sv_date_is_set(e[i]->date))
			continue;
		x.begin[x.n] = e[i]->date.lo;
		x.last[x.n] = x.n > 0 && x.last[x.n - 1] > e[i]->date.hi
		    ? x.last[x.n - 1] : e[i]->date.hi;
		x.n++;
	}
	return x;
}

/* Is a negative of ${x} within the conflict window of the positive ${yes}? */
static bool
contradicts(const struct core_derive *D, const struct negatives *x,
    const struct core_event *yes)
{
	int32_t days = core_param_int(D->params,
	    CORE_PARAM_STAGING_CONFLICT_DAYS);
	size_t lo = 0, hi = x->n;

	while (lo < hi) {	/* how many begin early enough */
		size_t mid = lo + (hi - lo) / 2;

		if (x->begin[mid] - yes->date.hi <= days)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && yes->date.lo - x->last[lo - 1] <= days;
}

static bool
is_contested(const struct core_derive *D,
    const struct negatives x[CORE_SPREAD_SOURCES],
    const struct core_event *yes)
{
	for (int k = 0; k < CORE_SPREAD_SOURCES; k++) {
		if (contradicts(D, &x[k], yes))
			return true;
	}
	return false;
}

/* Spread found before the primary treatment is not a recurrence. */
static bool
is_before_primary(const struct core_derive *D, const struct core_event *e)
{
	const struct core_event *p = primary(D);

	return p != NULL && core_before(e->date, p->date) == CORE_TRUE;
}

static void
weigh_negative(const struct core_derive *D, const struct core_event *e,
    struct spread_evidence *v)
{
	switch (is_current(D, e)) {
	case CORE_TRUE:
		v->no = newer(v->no, e);
		break;
	case CORE_UNKNOWN:
		v->maybe_no = newer(v->maybe_no, e);
		break;
	case CORE_FALSE:
		v->old_no = newer(v->old_no, e);
		break;
	}
}

static void
weigh(const struct core_derive *D, const struct core_event *e,
    enum core_spread s, struct spread_evidence *v)
{
	if (s == CORE_SPREAD_YES)
		v->yes = newer(v->yes, e);
	if (s == CORE_SPREAD_NO)
		weigh_negative(D, e, v);
	if (s == CORE_SPREAD_EQUIVOCAL)
		v->equivocal = newer(v->equivocal, e);
}

/* Why evidence that settles nothing leaves it open. */
static enum core_reason
open_reason(const struct spread_evidence *v)
{
	if (v->yes != NULL)
		return CORE_REASON_CONTRADICTORY;
	if (v->equivocal != NULL)
		return v->equivocal->kind == CORE_CONDITION
		    ? CORE_REASON_UNCONFIRMED : CORE_REASON_EQUIVOCAL;
	if (v->maybe_no != NULL)
		return CORE_REASON_IMPRECISE_DATE;
	return v->old_no != NULL ? CORE_REASON_STALE : CORE_REASON_MISSING;
}

static void
set_aside(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e)
{
	if (e != NULL)
		core_set_aside(D, id, e);
}

static void
conclude(struct core_derive *D, enum core_fact_id id,
    const struct spread_evidence *v)
{
	enum core_tri t = CORE_UNKNOWN;

	if (v->uncontested)
		t = CORE_TRUE;
	else if (v->yes == NULL && v->no != NULL)
		t = CORE_FALSE;
	if (v->yes != NULL)
		core_add_evidence(D, id, v->yes);
	if (v->no != NULL && t != CORE_TRUE)
		core_add_evidence(D, id, v->no);
	core_conclude(D, id, t, open_reason(v));
	if (t != CORE_UNKNOWN)
		return;
	set_aside(D, id, v->old_no);
	set_aside(D, id, v->maybe_no);
	set_aside(D, id, v->equivocal);
}

static void
derive_spread(struct core_derive *D, enum core_fact_id id,
    const struct core_spread_source *from)
{
	struct spread_evidence v = { .yes = NULL };
	struct negatives x[CORE_SPREAD_SOURCES];

	for (int k = 0; k < CORE_SPREAD_SOURCES; k++)
		x[k] = negatives(D, &from[k]);
	if (D->nomem)
		return;
	for (int k = 0; k < CORE_SPREAD_SOURCES; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line,
		    from[k].concept, &n);

		for (size_t i = 0; i < n; i++) {
			enum core_spread s = from[k].read(e[i]);

			if (s == CORE_SPREAD_YES && is_before_primary(D, e[i]))
				continue;
			weigh(D, e[i], s, &v);
			v.uncontested = v.uncontested || (s == CORE_SPREAD_YES
			    && !is_contested(D, x, e[i]));
		}
	}
	conclude(D, id, &v);
}

static bool
is_visceral(const struct core_event *e)
{
	return e->visceral || e->code == CORE_VALUE_CM1C
	    || e->code == CORE_VALUE_PM1C;
}

/* widespread: visceral, or more lesions than the oligometastatic maximum. */
static enum core_tri
widespread(const struct core_derive *D)
{
	const struct core_interval most = core_exactly(
	    D->params->value[CORE_PARAM_OLIGOMETASTATIC_MAX]);
	enum core_tri t = CORE_UNKNOWN, one;

	for (int k = 0; k < CORE_SPREAD_SOURCES; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line,
		    core_spread_distant[k].concept, &n);

		for (size_t i = 0; i < n; i++) {
			if (core_spread_distant[k].read(e[i]) != CORE_SPREAD_YES)
				continue;
			one = is_visceral(e[i]) ? CORE_TRUE
			    : core_compare(e[i]->count, CORE_GT, most);
			if (one == CORE_TRUE)
				return CORE_TRUE;
			if (one == CORE_FALSE)
				t = CORE_FALSE;
		}
	}
	return t;
}

static void
derive_extent(struct core_derive *D)
{
	const struct core_fact *m = &D->out->fact[CORE_METASTATIC_DISEASE_FACT];
	enum core_tri wide = widespread(D);
	enum core_reason r = m->truth == CORE_UNKNOWN ? m->reason
	    : CORE_REASON_MISSING;
	enum core_tri w = core_and(m->truth, wide);
	enum core_tri o = core_and(m->truth, core_not(wide));

	core_conclude(D, CORE_WIDESPREAD_METASTATIC_DISEASE, w, r);
	core_conclude(D, CORE_OLIGOMETASTATIC, o, r);
	core_inherit(D, CORE_WIDESPREAD_METASTATIC_DISEASE,
	    CORE_METASTATIC_DISEASE_FACT);
	core_inherit(D, CORE_OLIGOMETASTATIC, CORE_METASTATIC_DISEASE_FACT);
}

static void
derive_local_imaging(struct core_derive *D)
{
	static const enum core_concept kinds[] = { CORE_LOCAL_LESION_IMAGING,
		CORE_PSMA_PET };
	const enum core_fact_id id = CORE_IMAGING_POSITIVE_LOCAL;
	const struct core_event *p = primary(D);
	struct core_fact *f = &D->out->fact[id];

	core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
	for (int k = 0; k < 2; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			enum core_spread s = core_spread_local(e[i]);

			if (s == CORE_SPREAD_NOTHING || (p != NULL && core_before(
			    e[i]->date, p->date) == CORE_TRUE))
				continue;
			core_add_evidence(D, id, e[i]);
			if (s == CORE_SPREAD_YES)
				core_set_tri(D, id, CORE_TRUE,
				    CORE_REASON_NONE);
			else if (s == CORE_SPREAD_NO && f->truth == CORE_UNKNOWN)
				core_set_tri(D, id, CORE_FALSE,
				    CORE_REASON_NONE);
			else if (f->truth == CORE_UNKNOWN)
				f->reason = CORE_REASON_EQUIVOCAL;
		}
	}
}

void
core_derive_staging(struct core_derive *D)
{
	derive_spread(D, CORE_METASTATIC_DISEASE_FACT, core_spread_distant);
	derive_extent(D);
	if (core_truth(D, CORE_ANY_PRIMARY) == CORE_FALSE)
		core_set_tri(D, CORE_PELVIC_NODAL_RECURRENCE_FACT, CORE_FALSE,
		    CORE_REASON_NOT_APPLICABLE);
	else
		derive_spread(D, CORE_PELVIC_NODAL_RECURRENCE_FACT,
		    core_spread_nodal);
	derive_local_imaging(D);
}
