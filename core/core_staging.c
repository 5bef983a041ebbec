/*
 * Where the disease is: distant, nodal, local (K1.7).
 */
#include "core_derive.h"

/* What one event says of a site of spread. */
enum spread {
	SAYS_NOTHING,
	SAYS_YES,
	SAYS_NO,
	SAYS_EQUIVOCAL
};

typedef enum spread (*spread_reader)(const struct core_event *);

static enum spread
read_condition(const struct core_event *e)
{
	if (e->certainty == CORE_CERTAINTY_CONFIRMED)
		return SAYS_YES;
	return e->certainty == CORE_CERTAINTY_REFUTED ? SAYS_NO
	    : SAYS_EQUIVOCAL;
}

static enum spread
read_finding(const struct core_event *e)
{
	switch (e->code) {
	case CORE_VALUE_POSITIVE:
	case CORE_VALUE_PRESENT:
	case CORE_VALUE_YES:
		return SAYS_YES;
	case CORE_VALUE_NEGATIVE:
	case CORE_VALUE_ABSENT:
	case CORE_VALUE_NO:
		return SAYS_NO;
	case CORE_VALUE_NONE:
		return SAYS_NOTHING;
	default:
		return SAYS_EQUIVOCAL;
	}
}

static enum spread
read_m(const struct core_event *e)
{
	if (e->code == CORE_VALUE_CM0)
		return SAYS_NO;
	return e->code >= CORE_VALUE_CM1 && e->code <= CORE_VALUE_PM1C
	    ? SAYS_YES : SAYS_NOTHING;
}

/* Only clinical categories: pN is the specimen's, not a recurrence's. */
static enum spread
read_n(const struct core_event *e)
{
	if (e->code == CORE_VALUE_CN0)
		return SAYS_NO;
	return e->code == CORE_VALUE_CN1 ? SAYS_YES : SAYS_NOTHING;
}

static enum spread
read_psma_distant(const struct core_event *e)
{
	if (e->code == CORE_VALUE_DISTANT)
		return SAYS_YES;
	if (e->code == CORE_VALUE_PELVIC_NODES_ONLY
	    || e->code == CORE_VALUE_LOCAL_ONLY
	    || e->code == CORE_VALUE_NEGATIVE)
		return SAYS_NO;
	return e->code == CORE_VALUE_EQUIVOCAL ? SAYS_EQUIVOCAL
	    : SAYS_NOTHING;
}

static enum spread
read_psma_nodes(const struct core_event *e)
{
	if (e->code == CORE_VALUE_PELVIC_NODES_ONLY)
		return SAYS_YES;
	if (e->code == CORE_VALUE_LOCAL_ONLY
	    || e->code == CORE_VALUE_NEGATIVE)
		return SAYS_NO;
	return e->code == CORE_VALUE_EQUIVOCAL ? SAYS_EQUIVOCAL
	    : SAYS_NOTHING;
}

struct spread_source {
	enum core_concept concept;
	spread_reader read;
};

static const struct spread_source distant_sources[] = {
	{ CORE_METASTATIC_DISEASE, read_condition },
	{ CORE_M_CATEGORY, read_m },
	{ CORE_DISTANT_METASTASIS_IMAGING, read_finding },
	{ CORE_PSMA_PET, read_psma_distant },
};

static const struct spread_source nodal_sources[] = {
	{ CORE_PELVIC_NODAL_RECURRENCE, read_condition },
	{ CORE_N_CATEGORY, read_n },
	{ CORE_PELVIC_NODES_IMAGING, read_finding },
	{ CORE_PSMA_PET, read_psma_nodes },
};

#define N_SOURCES 4

/* The newest of each kind of evidence. */
struct spread_evidence {
	const struct core_event *yes, *no, *equivocal, *old_no;
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

/* A negative counts if it is recent and not from well before the failure. */
static bool
is_current(const struct core_derive *D, const struct core_event *e)
{
	if (D->line->as_of - e->date.hi > core_param_int(D->params,
	    CORE_PARAM_STAGING_STALE_DAYS))
		return false;
	return !sv_date_is_set(D->out->failure)
	    || e->date.hi >= D->out->failure.lo - core_param_int(D->params,
	    CORE_PARAM_STAGING_LEAD_DAYS);
}

/* Collect the negatives of ${from}, whatever their age. */
static struct negatives
negatives(struct core_derive *D, const struct spread_source *from)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, from->concept, &n);
	struct negatives x = { sv_arena_alloc(D->A, (n + 1)
	    * sizeof(*x.begin)), sv_arena_alloc(D->A, (n + 1)
	    * sizeof(*x.last)), 0 };

	if (x.begin == NULL || x.last == NULL) {
		D->nomem = true;
		return x;
	}
	for (size_t i = 0; i < n; i++) {
		if (from->read(e[i]) != SAYS_NO || !sv_date_is_set(e[i]->date))
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
is_contested(const struct core_derive *D, const struct negatives x[N_SOURCES],
    const struct core_event *yes)
{
	for (int k = 0; k < N_SOURCES; k++) {
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
weigh(const struct core_derive *D, const struct core_event *e, enum spread s,
    struct spread_evidence *v)
{
	if (s == SAYS_YES)
		v->yes = newer(v->yes, e);
	if (s == SAYS_NO && is_current(D, e))
		v->no = newer(v->no, e);
	else if (s == SAYS_NO)
		v->old_no = newer(v->old_no, e);
	if (s == SAYS_EQUIVOCAL)
		v->equivocal = newer(v->equivocal, e);
}

static void
conclude(struct core_derive *D, enum core_fact_id id,
    const struct spread_evidence *v)
{
	enum core_tri t = CORE_UNKNOWN;
	enum core_reason r = CORE_REASON_MISSING;

	if (v->yes != NULL && !v->uncontested)
		r = CORE_REASON_CONTRADICTORY;
	else if (v->yes != NULL)
		t = CORE_TRUE;
	else if (v->no != NULL)
		t = CORE_FALSE;
	else if (v->equivocal != NULL)
		r = v->equivocal->kind == CORE_CONDITION
		    ? CORE_REASON_UNCONFIRMED : CORE_REASON_EQUIVOCAL;
	else if (v->old_no != NULL)
		r = CORE_REASON_STALE;
	if (v->yes != NULL)
		core_add_evidence(D, id, v->yes);
	if (v->no != NULL && t != CORE_TRUE)
		core_add_evidence(D, id, v->no);
	if (v->old_no != NULL && t == CORE_UNKNOWN)
		core_set_aside(D, id, v->old_no);
	if (v->equivocal != NULL && t == CORE_UNKNOWN)
		core_set_aside(D, id, v->equivocal);
	core_set_tri(D, id, t, t == CORE_UNKNOWN ? r : CORE_REASON_NONE);
}

static void
derive_spread(struct core_derive *D, enum core_fact_id id,
    const struct spread_source *from)
{
	struct spread_evidence v = { .yes = NULL };
	struct negatives x[N_SOURCES];

	for (int k = 0; k < N_SOURCES; k++)
		x[k] = negatives(D, &from[k]);
	if (D->nomem)
		return;
	for (int k = 0; k < N_SOURCES; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line,
		    from[k].concept, &n);

		for (size_t i = 0; i < n; i++) {
			enum spread s = from[k].read(e[i]);

			if (s == SAYS_YES && is_before_primary(D, e[i]))
				continue;
			weigh(D, e[i], s, &v);
			v.uncontested = v.uncontested || (s == SAYS_YES
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

	for (int k = 0; k < N_SOURCES; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line,
		    distant_sources[k].concept, &n);

		for (size_t i = 0; i < n; i++) {
			if (distant_sources[k].read(e[i]) != SAYS_YES)
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

	core_set_tri(D, CORE_WIDESPREAD_METASTATIC_DISEASE, w,
	    w == CORE_UNKNOWN ? r : CORE_REASON_NONE);
	core_set_tri(D, CORE_OLIGOMETASTATIC, o, o == CORE_UNKNOWN ? r
	    : CORE_REASON_NONE);
	core_inherit(D, CORE_WIDESPREAD_METASTATIC_DISEASE,
	    CORE_METASTATIC_DISEASE_FACT);
	core_inherit(D, CORE_OLIGOMETASTATIC, CORE_METASTATIC_DISEASE_FACT);
}

static enum spread
read_local(const struct core_event *e)
{
	if (e->concept == CORE_PSMA_PET)
		return e->code == CORE_VALUE_LOCAL_ONLY ? SAYS_YES
		    : SAYS_NOTHING;
	return read_finding(e);
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
			enum spread s = read_local(e[i]);

			if (s == SAYS_NOTHING || (p != NULL && core_before(
			    e[i]->date, p->date) == CORE_TRUE))
				continue;
			core_add_evidence(D, id, e[i]);
			if (s == SAYS_YES)
				core_set_tri(D, id, CORE_TRUE,
				    CORE_REASON_NONE);
			else if (s == SAYS_NO && f->truth == CORE_UNKNOWN)
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
	derive_spread(D, CORE_METASTATIC_DISEASE_FACT, distant_sources);
	derive_extent(D);
	if (core_truth(D, CORE_ANY_PRIMARY) == CORE_FALSE)
		core_set_tri(D, CORE_PELVIC_NODAL_RECURRENCE_FACT, CORE_FALSE,
		    CORE_REASON_NOT_APPLICABLE);
	else
		derive_spread(D, CORE_PELVIC_NODAL_RECURRENCE_FACT,
		    nodal_sources);
	derive_local_imaging(D);
}
