#include "core_derive.h"

#include <string.h>

#define CORE_X(id, code, text) { SV_STATIC(code), SV_STATIC(text) },
static const struct { struct sv_str code, text; } exclusions[] = {
	{ SV_STATIC(""), SV_STATIC("") },
	CORE_EXCLUSIONS(CORE_X)
};
#undef CORE_X

struct sv_str
core_exclusion_code(enum core_exclusion_reason r)
{
	return exclusions[r].code;
}

struct sv_str
core_exclusion_text(enum core_exclusion_reason r)
{
	return exclusions[r].text;
}

const struct core_event *const *
core_of(const struct core_timeline *line, enum core_concept c, size_t *ret_n)
{
	*ret_n = line->first[c + 1] - line->first[c];
	return line->events + line->first[c];
}

static int
cmp_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* By source, the newest version first. */
static int
cmp_version(const struct core_event *a, const struct core_event *b)
{
	int d = sv_str_cmp(a->source, b->source);

	return d != 0 ? d : cmp_int(b->version, a->version);
}

static int
cmp_interval(struct core_interval a, struct core_interval b)
{
	int d = cmp_int(a.set, b.set);

	if (d != 0 || !a.set)
		return d;
	if ((d = sv_dec_cmp(a.lo, b.lo)) != 0)
		return d;
	if ((d = cmp_int(a.hi_inf, b.hi_inf)) == 0 && !a.hi_inf)
		d = sv_dec_cmp(a.hi, b.hi);
	return d != 0 ? d : cmp_int(a.lo_open * 2 + a.hi_open,
	    b.lo_open * 2 + b.hi_open);
}

static int
cmp_date(struct sv_date a, struct sv_date b)
{
	int d = cmp_int(a.precision != 0, b.precision != 0);

	if (d != 0 || !sv_date_is_set(a))
		return d;
	return (d = cmp_int(a.lo, b.lo)) != 0 ? d : cmp_int(a.hi, b.hi);
}

static int
cmp_words(const struct core_event *a, const struct core_event *b)
{
	int d;

	if ((d = cmp_int(a->code, b->code)) != 0
	    || (d = cmp_int(a->site, b->site)) != 0
	    || (d = cmp_int(a->specimen, b->specimen)) != 0
	    || (d = cmp_int(a->certainty, b->certainty)) != 0)
		return d;
	return cmp_int(a->visceral, b->visceral);
}

/* Everything the statement says, apart from where it came from. */
static int
cmp_attributes(const struct core_event *a, const struct core_event *b)
{
	int d;

	if ((d = cmp_words(a, b)) != 0
	    || (d = cmp_interval(a->count, b->count)) != 0
	    || (d = cmp_interval(a->grade_group, b->grade_group)) != 0
	    || (d = cmp_interval(a->uln, b->uln)) != 0)
		return d;
	return sv_str_cmp(a->assay, b->assay);
}

static int
cmp_statement(const struct core_event *a, const struct core_event *b)
{
	int d;

	if ((d = cmp_int(a->concept, b->concept)) != 0
	    || (d = cmp_date(a->date, b->date)) != 0
	    || (d = cmp_date(a->end, b->end)) != 0
	    || (d = cmp_interval(a->value, b->value)) != 0)
		return d;
	return cmp_attributes(a, b);
}

/* The canonical order: what is said, then who says it. */
static int
cmp_canonical(const struct core_event *a, const struct core_event *b)
{
	int d = cmp_statement(a, b);

	return d != 0 ? d : cmp_version(a, b);
}

typedef int (*event_cmp)(const struct core_event *, const struct core_event *);

/* Stable merge of the sorted halves [0, mid) and [mid, n). */
static void
merge(const struct core_event **v, const struct core_event **tmp, size_t mid,
    size_t n, event_cmp cmp)
{
	size_t i = 0, j = mid, k = 0;

	memcpy(tmp, v, n * sizeof(*v));
	while (i < mid && j < n)
		v[k++] = cmp(tmp[i], tmp[j]) <= 0 ? tmp[i++] : tmp[j++];
	while (i < mid)
		v[k++] = tmp[i++];
	while (j < n)
		v[k++] = tmp[j++];
}

/* core/ calls nothing of libc that could differ between hosts: no qsort. */
static void
sort(const struct core_event **v, const struct core_event **tmp, size_t n,
    event_cmp cmp)
{
	for (size_t i = 1; i < n; i++) {	/* runs of 8 by insertion */
		const struct core_event *e = v[i];
		size_t j = i;

		for (; j % 8 != 0 && cmp(v[j - 1], e) > 0; j--)
			v[j] = v[j - 1];
		v[j] = e;
	}
	for (size_t w = 8; w < n; w *= 2) {
		for (size_t lo = 0; lo + w < n; lo += 2 * w)
			merge(v + lo, tmp, w,
			    2 * w < n - lo ? 2 * w : n - lo, cmp);
	}
}

/* K1.3.2 for numbers. */
static enum core_exclusion_reason
judge_value(const struct core_event *e, const struct core_params *params)
{
	if (e->unit == CORE_UNIT_MISSING)
		return CORE_EXCLUDED_UNIT_MISSING;
	if (e->unit == CORE_UNIT_UNUSABLE)
		return CORE_EXCLUDED_UNIT_UNUSABLE;
	if (!e->value.set)
		return e->concept == CORE_PSA ? CORE_EXCLUDED_NO_VALUE
		    : CORE_EXCLUDED_NOT;
	if (e->value.lo.m < 0 || (e->concept == CORE_PSA
	    && sv_dec_cmp(e->value.lo,
	    params->value[CORE_PARAM_ABSURD_PSA]) > 0))
		return CORE_EXCLUDED_IMPLAUSIBLE;
	return CORE_EXCLUDED_NOT;
}

/* Does ${e} count?  (K1.3.2; not-done procedures are dealt with before.) */
static enum core_exclusion_reason
judge(const struct core_event *e, int32_t as_of,
    const struct core_params *params)
{
	if (e->status == CORE_STATUS_ENTERED_IN_ERROR)
		return CORE_EXCLUDED_ENTERED_IN_ERROR;
	if (e->status == CORE_STATUS_CANCELLED)
		return CORE_EXCLUDED_CANCELLED;
	if (e->status == CORE_STATUS_NOT_FINAL)
		return CORE_EXCLUDED_NOT_FINAL;
	if (!sv_date_is_set(e->date))
		return e->kind == CORE_OBSERVATION ? CORE_EXCLUDED_UNDATED
		    : CORE_EXCLUDED_NOT;
	if (e->date.lo > as_of)
		return CORE_EXCLUDED_FUTURE_DATED;
	return judge_value(e, params);
}

/* Does the partial date ${d} reach past the reference date? */
static bool
reaches_past(struct sv_date d, int32_t as_of)
{
	return sv_date_is_set(d) && d.lo <= as_of && d.hi > as_of;
}

/* Copy ${e} with the upper ends of its dates cut to the reference date. */
static const struct core_event *
cut_date(struct sv_arena *A, const struct core_event *e, int32_t as_of)
{
	struct core_event *copy;

	if (!reaches_past(e->date, as_of) && !reaches_past(e->end, as_of))
		return e;
	if ((copy = sv_arena_alloc(A, sizeof(*copy))) == NULL)
		return NULL;
	*copy = *e;
	if (reaches_past(e->date, as_of))
		copy->date.hi = as_of;
	if (reaches_past(e->end, as_of))
		copy->end.hi = as_of;
	return copy;
}

/* Time alone brings what lies in the future, and goes on in a period that the
 * reference date cuts. */
static void
note_change(struct core_timeline *t, const struct core_event *e)
{
	int32_t day = INT32_MAX;

	if (reaches_past(e->date, t->as_of) || reaches_past(e->end, t->as_of))
		day = t->as_of + 1;
	if (sv_date_is_set(e->date) && e->date.lo > t->as_of)
		day = e->date.lo;
	if (day < t->changes_on)
		t->changes_on = day;
}

static void
exclude(struct core_timeline *t, const struct core_event *e,
    enum core_exclusion_reason r)
{
	t->excluded[t->n_excluded++] = (struct core_exclusion){ e, r };
}

/* Keep the newest version of each source; judge what is left. */
static struct sv_status
select_events(struct sv_arena *A, struct core_timeline *t,
    const struct core_params *params)
{
	const struct core_event *newest = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < t->n_events; i++) {
		const struct core_event *e = t->events[i];
		enum core_exclusion_reason r;

		if (newest == NULL || !sv_str_eq(newest->source, e->source))
			newest = e;
		if (e->version != newest->version
		    || e->status == CORE_STATUS_NOT_DONE)
			continue;
		note_change(t, e);
		if ((r = judge(e, t->as_of, params)) != CORE_EXCLUDED_NOT) {
			exclude(t, e, r);
			continue;
		}
		if ((e = cut_date(A, e, t->as_of)) == NULL)
			return SV_NOMEM;
		t->events[kept++] = e;
	}
	t->n_events = kept;
	return SV_OK;
}

/* The events are in canonical order: equal statements stand together. */
static void
drop_duplicates(struct core_timeline *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_events; i++) {
		const struct core_event *e = t->events[i];

		if (kept > 0 && cmp_statement(t->events[kept - 1], e) == 0) {
			exclude(t, e, CORE_EXCLUDED_DUPLICATE);
			continue;
		}
		if (e->concept == CORE_PSA
		    && e->date.precision != SV_DATE_DAY)
			exclude(t, e, CORE_EXCLUDED_IMPRECISE_DATE);
		t->events[kept++] = e;
	}
	t->n_events = kept;
}

static void
index_concepts(struct core_timeline *t)
{
	size_t i = 0;

	for (int c = 0; c <= CORE_CONCEPT_MAX; c++) {
		while (i < t->n_events && (int)t->events[i]->concept < c)
			i++;
		t->first[c] = (uint32_t)i;
	}
}

struct sv_status
core_timeline_admit(struct sv_arena *A, const struct core_history *history,
    const struct core_params *params, struct core_timeline *ret)
{
	const struct core_event **tmp;
	size_t n = history->n_events;

	*ret = (struct core_timeline){ .as_of = history->as_of,
		.n_events = n, .changes_on = INT32_MAX };
	ret->events = sv_arena_zalloc(A, n, sizeof(*ret->events));
	ret->excluded = sv_arena_zalloc(A, n, sizeof(*ret->excluded));
	tmp = sv_arena_zalloc(A, n, sizeof(*tmp));
	SV_ENSURE(ret->events != NULL && ret->excluded != NULL && tmp != NULL,
	    SV_NOMEM);
	for (size_t i = 0; i < n; i++)
		ret->events[i] = &history->events[i];
	sort(ret->events, tmp, n, cmp_version);
	SV_TRY(select_events(A, ret, params));
	sort(ret->events, tmp, ret->n_events, cmp_canonical);
	drop_duplicates(ret);
	index_concepts(ret);
	return SV_OK;
}
