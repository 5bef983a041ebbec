/*
 * The overall reading of the newest PSMA PET (K1.7, psma_pet_negative).
 */
#include "core_derive.h"

static enum core_tri
reading(enum core_value v)
{
	switch (v) {
	case CORE_VALUE_NEGATIVE:
		return CORE_TRUE;
	case CORE_VALUE_POSITIVE:
	case CORE_VALUE_PELVIC_NODES_ONLY:
	case CORE_VALUE_DISTANT:
	case CORE_VALUE_LOCAL_ONLY:
		return CORE_FALSE;
	default:
		return CORE_UNKNOWN;
	}
}

/* Why the readings that may be the newest leave it open. */
static enum core_reason
open_reason(const bool seen[3], enum core_value newest)
{
	if (seen[CORE_TRUE] && seen[CORE_FALSE])
		return CORE_REASON_CONTRADICTORY;
	return newest == CORE_VALUE_EQUIVOCAL ? CORE_REASON_EQUIVOCAL
	    : CORE_REASON_INDETERMINATE;
}

void
core_derive_psma_negative(struct core_derive *D)
{
	const enum core_fact_id id = CORE_PSMA_PET_NEGATIVE;
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSMA_PET,
	    &n);
	bool seen[3] = { false, false, false };

	core_set_tri(D, id, CORE_UNKNOWN, CORE_REASON_MISSING);
	for (size_t i = 0; i < n; i++) {
		if (core_before(e[i]->date, e[n - 1]->date) == CORE_TRUE)
			continue;
		seen[reading(e[i]->code)] = true;
		core_add_evidence(D, id, e[i]);
	}
	if (n == 0)
		return;
	if (seen[CORE_UNKNOWN] || (seen[CORE_TRUE] && seen[CORE_FALSE]))
		core_set_tri(D, id, CORE_UNKNOWN, open_reason(seen,
		    e[n - 1]->code));
	else
		core_set_tri(D, id, core_tri_of(seen[CORE_TRUE]),
		    CORE_REASON_NONE);
}
