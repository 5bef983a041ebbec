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
	core_set_tri(D, CORE_LYMPHOMA, t, t == CORE_UNKNOWN
	    ? CORE_REASON_UNCONFIRMED : CORE_REASON_NONE);
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
	struct sv_date end = { 0, 0, SV_DATE_NONE };

	for (size_t i = 0; i < *ret_n; i++) {
		if (core_event_end(e[i]).hi >= end.hi
		    || !sv_date_is_set(end))
			end = core_event_end(e[i]);
		core_add_evidence(D, CORE_LYMPHOMA_FAILED_PRIMARY, e[i]);
	}
	return end;
}

/* early_relapse_12m: refractory, or within 12 calendar months. */
static void
derive_early(struct core_derive *D, const struct core_event *r,
    struct sv_date end)
{
	const enum core_fact_id id = CORE_EARLY_RELAPSE_12M;
	enum core_tri t = CORE_UNKNOWN;
	struct sv_date limit;

	core_inherit(D, id, CORE_LYMPHOMA_FAILED_PRIMARY);
	if (r == NULL) {
		core_set_tri(D, id, CORE_FALSE, CORE_REASON_NOT_APPLICABLE);
		return;
	}
	if (r->concept == CORE_LYMPHOMA_REFRACTORY) {
		core_set_tri(D, id, CORE_TRUE, CORE_REASON_NONE);
		return;
	}
	if (!sv_date_is_set(end) || !sv_date_is_set(r->date)) {
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
		return;
	}
	limit = core_plus_months(end, core_param_int(D->params,
	    CORE_PARAM_EARLY_RELAPSE_MONTHS));
	if (r->date.hi <= limit.lo)
		t = CORE_TRUE;
	else if (r->date.lo > limit.hi)
		t = CORE_FALSE;
	core_set_tri(D, id, t, t == CORE_UNKNOWN ? CORE_REASON_IMPRECISE_DATE
	    : CORE_REASON_NONE);
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
		core_set_tri(D, id, t, t == CORE_UNKNOWN
		    ? CORE_REASON_UNCONFIRMED : CORE_REASON_NONE);
	if (r != NULL)
		D->out->fact[id].since = r->date;
	derive_early(D, r, end);
}

/* The newest statement of ${c} not before ${from}; NULL if there is none. */
static const struct core_event *
newest(const struct core_derive *D, enum core_concept c, int32_t from)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, c, &n);
	const struct core_event *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (e[i]->date.lo >= from
		    && (last == NULL || e[i]->date.hi >= last->date.hi))
			last = e[i];
	}
	return last;
}

/* Set ${id} from ${e}, if it is recent: true if ${yes}, false if ${no}. */
static void
conclude(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e, enum core_param_id stale, enum core_tri t)
{
	if (e == NULL) {
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
		return;
	}
	if (D->line->as_of - e->date.hi > core_param_int(D->params, stale)) {
		core_set_aside(D, id, e);
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_STALE);
		return;
	}
	core_add_evidence(D, id, e);
	core_set_tri(D, id, t, t == CORE_UNKNOWN ? CORE_REASON_INDETERMINATE
	    : CORE_REASON_NONE);
}

static enum core_tri
response(const struct core_event *e)
{
	if (e == NULL)
		return CORE_UNKNOWN;
	if (e->code == CORE_VALUE_CR || e->code == CORE_VALUE_PR)
		return CORE_TRUE;
	return e->code == CORE_VALUE_SD || e->code == CORE_VALUE_PD
	    ? CORE_FALSE : CORE_UNKNOWN;
}

static enum core_tri
yes_or_no(const struct core_event *e)
{
	if (e == NULL)
		return CORE_UNKNOWN;
	if (e->code == CORE_VALUE_YES || e->code == CORE_VALUE_POSITIVE)
		return CORE_TRUE;
	return e->code == CORE_VALUE_NO || e->code == CORE_VALUE_NEGATIVE
	    ? CORE_FALSE : CORE_UNKNOWN;
}

void
core_derive_lymphoma(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *chemo;
	const struct core_event *e = NULL;

	derive_diagnosis(D);
	derive_failure(D);
	chemo = core_of(D->line, CORE_SALVAGE_CHEMO, &n);
	if (n > 0)
		e = newest(D, CORE_LYMPHOMA_RESPONSE, chemo[n - 1]->date.lo);
	conclude(D, CORE_CHEMOSENSITIVE, e, CORE_PARAM_RESPONSE_STALE_DAYS,
	    response(e));
	e = newest(D, CORE_TRANSPLANT_ELIGIBLE, INT32_MIN);
	conclude(D, CORE_TRANSPLANT_ELIGIBLE_FACT, e,
	    CORE_PARAM_ELIGIBILITY_STALE_DAYS, yes_or_no(e));
	core_derive_condition(D, CORE_PRIOR_ASCT, CORE_ASCT);
}
