/*
 * Lymphoma: K1.7, rows lymphoma to early_relapse_12m.
 */
#include "core_derive.h"

static void
derive_diagnosis(struct core_derive *D)
{
	static const enum core_concept kinds[] = { CORE_HODGKIN_LYMPHOMA,
		CORE_DLBCL, CORE_LYMPHOMA_OTHER };
	enum core_tri t = CORE_FALSE;

	for (int k = 0; k < 3; k++) {
		core_derive_condition(D, CORE_LYMPHOMA, kinds[k]);
		t = core_or(t, core_truth(D, CORE_LYMPHOMA));
	}
	core_conclude(D, CORE_LYMPHOMA, t, CORE_REASON_UNCONFIRMED);
	core_derive_condition(D, CORE_LYMPHOMA_IS_DLBCL, CORE_DLBCL);
}

/* The newest confirmed relapse or refractory record, NULL if none. */
static const struct core_event *
relapse(struct core_derive *D, enum core_tri *ret_truth)
{
	static const enum core_concept kinds[] = { CORE_LYMPHOMA_RELAPSE,
		CORE_LYMPHOMA_REFRACTORY };
	const struct core_event *last = NULL;

	*ret_truth = CORE_FALSE;
	for (int k = 0; k < 2; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			if (e[i]->certainty == CORE_CERTAINTY_REFUTED)
				continue;
			core_add_evidence(D, CORE_LYMPHOMA_FAILED_PRIMARY,
			    e[i]);
			if (e[i]->certainty == CORE_CERTAINTY_CONFIRMED) {
				*ret_truth = CORE_TRUE;
				last = e[i];
			} else if (*ret_truth == CORE_FALSE) {
				*ret_truth = CORE_UNKNOWN;
			}
		}
	}
	return last;
}

/* The end of the last first-line treatment; precision NONE if none. */
static struct sv_date
first_line_end(struct core_derive *D, size_t *ret_n)
{
	const struct core_event *const *e = core_of(D->line,
	    CORE_FIRST_LINE_CHEMO, ret_n);
	struct sv_date end = { .precision = SV_DATE_NONE };

	for (size_t i = 0; i < *ret_n; i++) {
		if (core_event_end(e[i]).hi >= end.hi
		    || !sv_date_is_set(end))
			end = core_event_end(e[i]);
		core_add_evidence(D, CORE_LYMPHOMA_FAILED_PRIMARY, e[i]);
	}
	return end;
}

/* Is the relapse ${r} within 12 calendar months of ${end}? */
static enum core_tri
is_early(const struct core_derive *D, const struct core_event *r,
    struct sv_date end)
{
	struct sv_date limit;

	if (!sv_date_is_set(end) || !sv_date_is_set(r->date))
		return CORE_UNKNOWN;
	limit = core_plus_months(end, core_param_int(D->params,
	    CORE_PARAM_EARLY_RELAPSE_MONTHS));
	if (r->date.hi <= limit.lo)
		return CORE_TRUE;
	return r->date.lo > limit.hi ? CORE_FALSE : CORE_UNKNOWN;
}

/* early_relapse_12m: refractory, or any relapse within 12 months. */
static void
derive_early(struct core_derive *D, struct sv_date end)
{
	const enum core_fact_id id = CORE_EARLY_RELAPSE_12M;
	const struct core_fact *failed
	    = &D->out->fact[CORE_LYMPHOMA_FAILED_PRIMARY];
	enum core_tri t = CORE_FALSE;
	enum core_reason r = CORE_REASON_NOT_APPLICABLE;

	for (size_t i = 0; i < failed->n_evidence; i++) {
		const struct core_event *e = failed->evidence[i];

		if (e->kind != CORE_CONDITION
		    || e->certainty != CORE_CERTAINTY_CONFIRMED)
			continue;
		t = core_or(t, e->concept == CORE_LYMPHOMA_REFRACTORY
		    ? CORE_TRUE : is_early(D, e, end));
		r = CORE_REASON_NONE;
	}
	if (t == CORE_UNKNOWN)
		r = sv_date_is_set(end) ? CORE_REASON_IMPRECISE_DATE
		    : CORE_REASON_MISSING;
	core_set_tri(D, id, t, r);
	core_inherit(D, id, CORE_LYMPHOMA_FAILED_PRIMARY);
}

static void
derive_failure(struct core_derive *D)
{
	const enum core_fact_id id = CORE_LYMPHOMA_FAILED_PRIMARY;
	enum core_tri t;
	size_t n;
	const struct core_event *r = relapse(D, &t);
	struct sv_date end = first_line_end(D, &n);

	if (t == CORE_TRUE && n == 0)
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
	else
		core_conclude(D, id, t, CORE_REASON_UNCONFIRMED);
	if (r != NULL)
		D->out->fact[id].since = r->date;
	derive_early(D, end);
}

static enum core_tri
read_response(const struct core_event *e)
{
	if (e->code == CORE_VALUE_CR || e->code == CORE_VALUE_PR)
		return CORE_TRUE;
	return e->code == CORE_VALUE_SD || e->code == CORE_VALUE_PD
	    ? CORE_FALSE : CORE_UNKNOWN;
}

static enum core_tri
yes_or_no(const struct core_event *e)
{
	if (e->code == CORE_VALUE_YES || e->code == CORE_VALUE_POSITIVE)
		return CORE_TRUE;
	return e->code == CORE_VALUE_NO || e->code == CORE_VALUE_NEGATIVE
	    ? CORE_FALSE : CORE_UNKNOWN;
}

/* How to read a kind of statement, and how long it holds. */
struct statement {
	enum core_fact_id id;
	enum core_concept concept;
	enum core_tri (*read)(const struct core_event *);
	enum core_param_id stale;
	const struct core_event *since;	/* it must follow this; may be NULL */
};

/* Does ${e} follow what it must? */
static enum core_tri
follows(const struct statement *s, const struct core_event *e)
{
	return s->since == NULL ? CORE_TRUE
	    : core_not(core_before(e->date, s->since->date));
}

/* The newest statement that may follow; NULL if there is none. */
static const struct core_event *
newest(const struct core_derive *D, const struct statement *s)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, s->concept, &n);
	const struct core_event *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (follows(s, e[i]) != CORE_FALSE
		    && (last == NULL || e[i]->date.hi >= last->date.hi))
			last = e[i];
	}
	return last;
}

/* Does another statement of the day of ${last} say otherwise? */
static bool
is_contradicted(struct core_derive *D, const struct statement *s,
    const struct core_event *last)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, s->concept, &n);
	bool differ = false;

	for (size_t i = 0; i < n; i++) {
		if (e[i]->date.hi != last->date.hi)
			continue;
		core_add_evidence(D, s->id, e[i]);
		differ = differ || s->read(e[i]) != s->read(last);
	}
	return differ;
}

/* What the newest statement says, if it is recent and undisputed (K1.8). */
static void
derive_statement(struct core_derive *D, const struct statement *s)
{
	const struct core_event *last = newest(D, s);
	enum core_reason r = CORE_REASON_INDETERMINATE;
	enum core_tri t;

	core_set_tri(D, s->id, CORE_UNKNOWN, CORE_REASON_MISSING);
	if (last == NULL)
		return;
	if (core_is_older(D, last->date.hi,
	    core_param_int(D->params, s->stale))) {
		core_set_aside(D, s->id, last);
		core_set_tri(D, s->id, CORE_UNKNOWN, CORE_REASON_STALE);
		return;
	}
	t = s->read(last);
	if (is_contradicted(D, s, last)) {
		t = CORE_UNKNOWN;
		r = CORE_REASON_CONTRADICTORY;
	}
	if (follows(s, last) == CORE_UNKNOWN) {
		t = CORE_UNKNOWN;
		r = CORE_REASON_IMPRECISE_DATE;
	}
	core_conclude(D, s->id, t, r);
}

void
core_derive_lymphoma(struct core_derive *D)
{
	struct statement response = { CORE_CHEMOSENSITIVE,
		CORE_LYMPHOMA_RESPONSE, read_response,
		CORE_PARAM_RESPONSE_STALE_DAYS, NULL };
	const struct statement eligible = { CORE_TRANSPLANT_ELIGIBLE_FACT,
		CORE_TRANSPLANT_ELIGIBLE, yes_or_no,
		CORE_PARAM_ELIGIBILITY_STALE_DAYS, NULL };
	size_t n;
	const struct core_event *const *chemo;

	derive_diagnosis(D);
	derive_failure(D);
	core_set_tri(D, CORE_CHEMOSENSITIVE, CORE_UNKNOWN,
	    CORE_REASON_MISSING);
	chemo = core_of(D->line, CORE_SALVAGE_CHEMO, &n);
	if (n > 0) {
		response.since = chemo[n - 1];
		derive_statement(D, &response);
	}
	derive_statement(D, &eligible);
	core_derive_condition(D, CORE_PRIOR_ASCT, CORE_ASCT);
}
