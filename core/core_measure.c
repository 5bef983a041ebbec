#include "core_guidance.h"

/* Is ${e} within the measure's window after the failure? */
static bool
in_window(const struct core_decision *d, const struct core_event *e,
    int32_t days)
{
	return sv_date_is_set(e->date)
	    && e->date.lo >= d->facts.failure.lo
	    && e->date.lo <= d->facts.failure.hi + days;
}

static bool
is_excluded(const struct core_decision *d, const struct core_params *params)
{
	const struct core_fact *f = d->facts.fact;

	return f[CORE_CRPC_DOCUMENTED].truth == CORE_TRUE
	    || f[CORE_METASTATIC_DISEASE_FACT].truth == CORE_TRUE
	    || core_compare(f[CORE_LIFE_EXPECTANCY_YEARS].number, CORE_LE,
	    core_exactly(params->value[CORE_PARAM_LIFE_EXPECTANCY_SHORT]))
	    == CORE_TRUE;
}

/* Numerator A: evaluated for local salvage within the window. */
static bool
is_evaluated(const struct core_decision *d, const struct core_params *params)
{
	const struct core_fact *f
	    = &d->facts.fact[CORE_LOCAL_SALVAGE_EVALUATED];
	int32_t days = core_param_int(params, CORE_PARAM_QM01_WINDOW_DAYS);

	for (size_t i = 0; i < f->n_evidence; i++) {
		if (in_window(d, f->evidence[i], days))
			return true;
	}
	return false;
}

/* ADT begun on or after the failure. */
static bool
has_adt(const struct core_decision *d)
{
	for (size_t i = d->line.first[CORE_ADT];
	    i < d->line.first[CORE_ADT + 1]; i++) {
		if (d->line.events[i]->date.lo >= d->facts.failure.lo)
			return true;
	}
	return false;
}

struct core_measure
core_measure_qm01(const struct core_decision *d,
    const struct core_params *params)
{
	const struct core_fact *f = d->facts.fact;
	struct core_measure m = { .population = false };

	m.population = f[CORE_HAS_PROSTATE_CANCER].truth == CORE_TRUE
	    && f[CORE_RT_AS_PRIMARY].truth == CORE_TRUE;
	if (!m.population)
		return m;
	m.unknown = f[CORE_BCR_AFTER_RT].truth == CORE_UNKNOWN;
	m.denominator = f[CORE_BCR_AFTER_RT].truth == CORE_TRUE;
	if (!m.denominator)
		return m;
	m.excluded = is_excluded(d, params);
	m.evaluated = is_evaluated(d, params);
	m.adt_alone = has_adt(d) && !m.evaluated;
	return m;
}
