/*
 * Where a patient stands in the measure QM-01, and what is missing.
 */
#include "map_measure.h"

/* Does guidance that may still lead to cure ask for ${activity}? */
static bool
is_asked(const struct core_decision *d, const char *activity)
{
	for (size_t i = 0; i < d->n_guidance; i++) {
		const struct core_guidance *g = &d->guidance[i];

		if (g->intent == CORE_INTENT_PALLIATIVE
		    || g->output == CORE_OUTPUT_NONE)
			continue;
		for (size_t k = 0; k < g->n_proposals; k++) {
			if (sv_str_is(g->proposals[k].activity.code, activity))
				return true;
		}
	}
	return false;
}

struct map_standing
map_standing_of(const struct map_result *r)
{
	const struct core_measure *q = &r->decision.qm01;
	struct sv_date failure = r->decision.facts.failure;
	struct map_standing s = { .flags = 0 };

	s.flags |= q->population ? MAP_STANDS_IN_POPULATION : 0;
	s.flags |= q->unknown ? MAP_STANDS_UNKNOWN : 0;
	s.flags |= is_asked(&r->decision, "prostate-biopsy")
	    ? MAP_STANDS_NO_BIOPSY : 0;
	s.flags |= is_asked(&r->decision, "restaging-psma-pet")
	    ? MAP_STANDS_NO_RESTAGING : 0;
	if (!q->denominator)
		return s;
	s.flags |= MAP_STANDS_FAILED;
	s.flags |= q->excluded ? MAP_STANDS_EXCLUDED : 0;
	s.flags |= q->evaluated ? MAP_STANDS_ASSESSED : 0;
	s.flags |= q->adt_alone ? MAP_STANDS_ADT_ALONE : 0;
	s.failed_from = failure.lo;
	s.failed_to = failure.hi;
	s.until = failure.hi + core_param_int(&r->book->params,
	    CORE_PARAM_QM01_WINDOW_DAYS);
	return s;
}

/* Did it fail in the period?  The date may be known to the month only. */
static enum core_tri
in_period(const struct map_measure *m, const struct map_standing *s)
{
	if (s->failed_to < m->from || s->failed_from > m->to)
		return CORE_FALSE;
	return s->failed_from < m->from || s->failed_to > m->to ? CORE_UNKNOWN
	    : CORE_TRUE;
}

enum map_measure_place
map_standing_place(const struct map_measure *m, const struct map_standing *s,
    int32_t as_of)
{
	if ((s->flags & MAP_STANDS_IN_POPULATION) == 0)
		return MAP_MEASURE_OUTSIDE;
	if ((s->flags & MAP_STANDS_FAILED) == 0)
		return (s->flags & MAP_STANDS_UNKNOWN) != 0
		    ? MAP_MEASURE_UNKNOWN : MAP_MEASURE_NO_FAILURE;
	if (in_period(m, s) != CORE_TRUE)
		return in_period(m, s) == CORE_FALSE ? MAP_MEASURE_NO_FAILURE
		    : MAP_MEASURE_UNKNOWN;
	if ((s->flags & MAP_STANDS_EXCLUDED) != 0)
		return MAP_MEASURE_EXCLUDED;
	if ((s->flags & MAP_STANDS_ASSESSED) != 0)
		return MAP_MEASURE_ASSESSED;
	return as_of <= s->until ? MAP_MEASURE_OPEN : MAP_MEASURE_MISSED;
}

void
map_standing_add(struct map_measure *m, const struct map_standing *s,
    int32_t as_of)
{
	enum map_measure_place p = map_standing_place(m, s, as_of);

	m->n[p]++;
	if ((p == MAP_MEASURE_OPEN || p == MAP_MEASURE_MISSED)
	    && (s->flags & MAP_STANDS_ADT_ALONE) != 0)
		m->adt_alone++;
}

enum map_measure_place
map_measure_place(const struct map_measure *m, const struct map_result *r)
{
	struct map_standing s = map_standing_of(r);

	return map_standing_place(m, &s, r->decision.line.as_of);
}

void
map_measure_add(struct map_measure *m, const struct map_result *r)
{
	struct map_standing s = map_standing_of(r);

	map_standing_add(m, &s, r->decision.line.as_of);
}
