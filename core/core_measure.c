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

struct core_measure
core_measure_qm01(const struct core_decision *d,
    const struct core_params *params)
{
	const struct core_fact *f = d->facts.fact;
	const struct core_fact *evaluated = &f[CORE_LOCAL_SALVAGE_EVALUATED];
	int32_t days = core_param_int(params, CORE_PARAM_QM01_WINDOW_DAYS);
	struct core_measure m = { .population = false };
	bool adt = false;

	m.population = f[CORE_HAS_PROSTATE_CANCER].truth == CORE_TRUE
	    && f[CORE_RT_AS_PRIMARY].truth == CORE_TRUE;
	if (!m.population)
		return m;
	m.unknown = f[CORE_BCR_AFTER_RT].truth == CORE_UNKNOWN;
	m.denominator = f[CORE_BCR_AFTER_RT].truth == CORE_TRUE;
	if (!m.denominator)
		return m;
	m.excluded = f[CORE_CRPC_DOCUMENTED].truth == CORE_TRUE
	    || f[CORE_METASTATIC_DISEASE_FACT].truth == CORE_TRUE
	    || core_compare(f[CORE_LIFE_EXPECTANCY_YEARS].number, CORE_LE,
	    core_exactly(params->value[CORE_PARAM_LIFE_EXPECTANCY_SHORT]))
	    == CORE_TRUE;
	for (size_t i = 0; i < evaluated->n_evidence; i++)
		m.evaluated = m.evaluated
		    || in_window(d, evaluated->evidence[i], days);
	for (size_t i = d->line.first[CORE_ADT];
	    i < d->line.first[CORE_ADT + 1]; i++)
		adt = adt || d->line.events[i]->date.lo >= d->facts.failure.lo;
	m.adt_alone = adt && !m.evaluated;
	return m;
}
