/*
 * What one finding says of spread; see core_spread.h.
 */
#include "core_spread.h"

static enum core_spread
read_condition(const struct core_event *e)
{
	if (e->certainty == CORE_CERTAINTY_CONFIRMED)
		return CORE_SPREAD_YES;
	return e->certainty == CORE_CERTAINTY_REFUTED ? CORE_SPREAD_NO
	    : CORE_SPREAD_EQUIVOCAL;
}

static enum core_spread
read_finding(const struct core_event *e)
{
	switch (e->code) {
	case CORE_VALUE_POSITIVE:
	case CORE_VALUE_PRESENT:
	case CORE_VALUE_YES:
		return CORE_SPREAD_YES;
	case CORE_VALUE_NEGATIVE:
	case CORE_VALUE_ABSENT:
	case CORE_VALUE_NO:
		return CORE_SPREAD_NO;
	case CORE_VALUE_NONE:
		return CORE_SPREAD_NOTHING;
	default:
		return CORE_SPREAD_EQUIVOCAL;
	}
}

static enum core_spread
read_m(const struct core_event *e)
{
	if (e->code == CORE_VALUE_CM0)
		return CORE_SPREAD_NO;
	return e->code >= CORE_VALUE_CM1 && e->code <= CORE_VALUE_PM1C
	    ? CORE_SPREAD_YES : CORE_SPREAD_NOTHING;
}

/* Only clinical categories: pN is the specimen's, not a recurrence's. */
static enum core_spread
read_n(const struct core_event *e)
{
	if (e->code == CORE_VALUE_CN0)
		return CORE_SPREAD_NO;
	return e->code == CORE_VALUE_CN1 ? CORE_SPREAD_YES : CORE_SPREAD_NOTHING;
}

static enum core_spread
read_psma_distant(const struct core_event *e)
{
	if (e->code == CORE_VALUE_DISTANT)
		return CORE_SPREAD_YES;
	if (e->code == CORE_VALUE_PELVIC_NODES_ONLY
	    || e->code == CORE_VALUE_LOCAL_ONLY
	    || e->code == CORE_VALUE_NEGATIVE)
		return CORE_SPREAD_NO;
	return e->code == CORE_VALUE_EQUIVOCAL ? CORE_SPREAD_EQUIVOCAL
	    : CORE_SPREAD_NOTHING;
}

static enum core_spread
read_psma_nodes(const struct core_event *e)
{
	if (e->code == CORE_VALUE_PELVIC_NODES_ONLY)
		return CORE_SPREAD_YES;
	if (e->code == CORE_VALUE_LOCAL_ONLY
	    || e->code == CORE_VALUE_NEGATIVE)
		return CORE_SPREAD_NO;
	return e->code == CORE_VALUE_EQUIVOCAL ? CORE_SPREAD_EQUIVOCAL
	    : CORE_SPREAD_NOTHING;
}

const struct core_spread_source core_spread_distant[CORE_SPREAD_SOURCES] = {
	{ CORE_METASTATIC_DISEASE, read_condition },
	{ CORE_M_CATEGORY, read_m },
	{ CORE_DISTANT_METASTASIS_IMAGING, read_finding },
	{ CORE_PSMA_PET, read_psma_distant },
};

const struct core_spread_source core_spread_nodal[CORE_SPREAD_SOURCES] = {
	{ CORE_PELVIC_NODAL_RECURRENCE, read_condition },
	{ CORE_N_CATEGORY, read_n },
	{ CORE_PELVIC_NODES_IMAGING, read_finding },
	{ CORE_PSMA_PET, read_psma_nodes },
};

enum core_spread
core_spread_local(const struct core_event *e)
{
	if (e->concept == CORE_PSMA_PET)
		return e->code == CORE_VALUE_LOCAL_ONLY ? CORE_SPREAD_YES
		    : CORE_SPREAD_NOTHING;
	return read_finding(e);
}
