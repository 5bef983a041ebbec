/*
 * What tissue says: Grade Groups, seminal vesicles, biopsy of a recurrence
 * (K1.7, rows grade_group_rp to seminal_vesicle_invasion, biopsy rows).
 */
#include "core_derive.h"

/* Did the report come with the prostatectomy, or shortly after it? */
static bool
with_prostatectomy(const struct core_derive *D, const struct core_event *e)
{
	int32_t delay = core_param_int(D->params, CORE_PARAM_REPORT_DELAY_DAYS);

	return D->rp != NULL && sv_date_is_set(D->rp->date)
	    && e->date.lo >= D->rp->date.lo
	    && e->date.hi <= D->rp->date.hi + delay;
}

/* A report without a linked specimen belongs to the prostatectomy by its day.
 * A biopsy is the diagnostic one if it came before any treatment; that of a
 * recurrence is not. */
static enum core_specimen
specimen_of(const struct core_derive *D, const struct core_event *e)
{
	const struct core_event *first = D->rp != NULL ? D->rp
	    : D->rt != NULL ? D->rt : D->focal;

	if (e->specimen == CORE_SPECIMEN_PROSTATECTOMY
	    || e->specimen == CORE_SPECIMEN_DIAGNOSTIC_BIOPSY)
		return e->specimen;
	if (e->specimen == CORE_SPECIMEN_NONE && with_prostatectomy(D, e))
		return CORE_SPECIMEN_PROSTATECTOMY;
	if (first == NULL || core_before(e->date, first->date) == CORE_TRUE)
		return CORE_SPECIMEN_DIAGNOSTIC_BIOPSY;
	return CORE_SPECIMEN_NONE;
}

/* The higher of two grades, end by end. */
static struct core_interval
higher(struct core_interval a, struct core_interval b)
{
	if (!a.set)
		return b;
	if (sv_dec_cmp(b.lo, a.lo) > 0)
		a.lo = b.lo;
	if (sv_dec_cmp(b.hi, a.hi) > 0)
		a.hi = b.hi;
	return a;
}

static void
derive_grade(struct core_derive *D, enum core_fact_id id,
    enum core_specimen specimen)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_GRADE_GROUP,
	    &n);
	struct core_fact *f = &D->out->fact[id];

	f->reason = CORE_REASON_MISSING;
	for (size_t i = 0; i < n; i++) {
		if (!e[i]->value.set)
			continue;
		if (specimen_of(D, e[i]) != specimen) {
			core_set_aside(D, id, e[i]);
			continue;
		}
		f->number = higher(f->number, e[i]->value);
		f->reason = CORE_REASON_NONE;
		core_add_evidence(D, id, e[i]);
	}
}

/* What one report says of the seminal vesicles; unknown: too imprecise. */
static enum core_tri
svi_of(enum core_value v)
{
	switch (v) {
	case CORE_VALUE_PRESENT:
	case CORE_VALUE_POSITIVE:
	case CORE_VALUE_YES:
	case CORE_VALUE_PT3B:
		return CORE_TRUE;
	case CORE_VALUE_ABSENT:
	case CORE_VALUE_NEGATIVE:
	case CORE_VALUE_NO:
	case CORE_VALUE_PT0:
	case CORE_VALUE_PT2:
	case CORE_VALUE_PT2A:
	case CORE_VALUE_PT2B:
	case CORE_VALUE_PT2C:
	case CORE_VALUE_PT3A:
		return CORE_FALSE;
	default:
		return CORE_UNKNOWN;
	}
}

static void
derive_svi(struct core_derive *D)
{
	static const enum core_concept kinds[] = {
		CORE_SEMINAL_VESICLE_INVASION, CORE_PT_CATEGORY };
	bool seen[3] = { false, false, false };
	enum core_tri t = CORE_UNKNOWN;
	enum core_reason r = CORE_REASON_MISSING;

	for (int k = 0; k < 2; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			seen[svi_of(e[i]->code)] = true;
			core_add_evidence(D, CORE_SEMINAL_VESICLE_INVASION_FACT,
			    e[i]);
		}
	}
	if (seen[CORE_TRUE] && seen[CORE_FALSE])
		r = CORE_REASON_CONTRADICTORY;
	else if (seen[CORE_TRUE] || seen[CORE_FALSE])
		t = core_tri_of(seen[CORE_TRUE]);
	else if (seen[CORE_UNKNOWN])
		r = CORE_REASON_IMPRECISE;
	core_conclude(D, CORE_SEMINAL_VESICLE_INVASION_FACT, t, r);
}

static bool
is_positive(enum core_value v)
{
	return v == CORE_VALUE_POSITIVE || v == CORE_VALUE_PRESENT;
}

static bool
is_negative(enum core_value v)
{
	return v == CORE_VALUE_NEGATIVE || v == CORE_VALUE_ABSENT;
}

/* Is ${e} on or after the failure?  False if there is none to be after. */
static enum core_tri
after_failure(const struct core_derive *D, const struct core_event *e)
{
	if (!sv_date_is_set(D->out->failure))
		return CORE_FALSE;
	return core_not(core_before(e->date, D->out->failure));
}

/* A Grade Group of a biopsy that confirms the recurrence. */
static void
add_recurrence_grade(struct core_derive *D, const struct core_event *e)
{
	struct core_fact *f = &D->out->fact[CORE_RECURRENCE_GRADE_GROUP];

	if (!e->grade_group.set)
		return;
	f->number = higher(f->number, e->grade_group);
	f->reason = CORE_REASON_NONE;
	core_add_evidence(D, CORE_RECURRENCE_GRADE_GROUP, e);
}

/* A positive biopsy confirms, or, not surely after the failure, is a doubt
 * that a negative one does not settle. */
static void
weigh_positive(struct core_derive *D, enum core_tri after)
{
	const enum core_fact_id id = CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE;
	const struct core_fact *f = &D->out->fact[id];

	if (after == CORE_TRUE)
		core_set_tri(D, id, CORE_TRUE, CORE_REASON_NONE);
	else if (after == CORE_UNKNOWN)
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_IMPRECISE_DATE);
	else if (f->truth == CORE_UNKNOWN
	    && f->reason != CORE_REASON_IMPRECISE_DATE)
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_ORDERING);
}

/* Take one biopsy result into account; positives win, then doubts. */
static void
weigh_biopsy(struct core_derive *D, const struct core_event *e)
{
	const enum core_fact_id id = CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE;
	const struct core_fact *f = &D->out->fact[id];
	enum core_tri after = after_failure(D, e);

	if (after == CORE_TRUE)
		core_add_evidence(D, id, e);
	else
		core_set_aside(D, id, e);
	if (f->truth == CORE_TRUE)
		return;
	if (is_positive(e->code))
		weigh_positive(D, after);
	else if (f->reason == CORE_REASON_IMPRECISE_DATE)
		return;
	else if (is_negative(e->code) && after == CORE_TRUE)
		core_set_tri(D, id, CORE_FALSE, CORE_REASON_NONE);
	else if (!is_negative(e->code) && after != CORE_FALSE
	    && f->truth == CORE_UNKNOWN)
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_INDETERMINATE);
}

static void
derive_biopsy(struct core_derive *D)
{
	const enum core_fact_id id = CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE;
	size_t n;
	const struct core_event *const *e = core_of(D->line,
	    CORE_PROSTATE_BIOPSY, &n);

	core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
	D->out->fact[CORE_RECURRENCE_GRADE_GROUP].reason = CORE_REASON_MISSING;
	if (D->rt == NULL && D->focal == NULL) {
		core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_NOT_APPLICABLE);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		weigh_biopsy(D, e[i]);
		if (is_positive(e[i]->code)
		    && after_failure(D, e[i]) == CORE_TRUE)
			add_recurrence_grade(D, e[i]);
	}
}

/* Salvage done, or a biopsy or documented evaluation since the failure. */
static void
derive_evaluated(struct core_derive *D)
{
	static const enum core_concept kinds[] = { CORE_PROSTATE_BIOPSY,
		CORE_BIOPSY_PROCEDURE, CORE_LOCAL_SALVAGE_EVALUATION };
	enum core_tri t = core_truth(D, CORE_LOCAL_SALVAGE_DONE);

	core_inherit(D, CORE_LOCAL_SALVAGE_EVALUATED, CORE_LOCAL_SALVAGE_DONE);
	for (int k = 0; k < 3; k++) {
		size_t n;
		const struct core_event *const *e = core_of(D->line, kinds[k],
		    &n);

		for (size_t i = 0; i < n; i++) {
			if (after_failure(D, e[i]) != CORE_TRUE)
				continue;
			t = CORE_TRUE;
			core_add_evidence(D, CORE_LOCAL_SALVAGE_EVALUATED,
			    e[i]);
		}
	}
	core_conclude(D, CORE_LOCAL_SALVAGE_EVALUATED, t,
	    CORE_REASON_IMPRECISE_DATE);
}

void
core_derive_pathology(struct core_derive *D)
{
	derive_grade(D, CORE_GRADE_GROUP_RP, CORE_SPECIMEN_PROSTATECTOMY);
	derive_grade(D, CORE_GRADE_GROUP_BIOPSY,
	    CORE_SPECIMEN_DIAGNOSTIC_BIOPSY);
	derive_svi(D);
	derive_biopsy(D);
	derive_evaluated(D);
}
