/*
 * The overall reading of the newest PSMA PET (K1.7, psma_pet_negative).
 */
#include "core_derive.h"

void
core_derive_psma_negative(struct core_derive *D)
{
	size_t n;
	const struct core_event *const *e = core_of(D->line, CORE_PSMA_PET,
	    &n);
	enum core_tri t = CORE_UNKNOWN;
	enum core_reason r = CORE_REASON_NONE;

	core_set_tri(D, CORE_PSMA_PET_NEGATIVE, CORE_UNKNOWN,
	    CORE_REASON_MISSING);
	if (n == 0)
		return;
	switch (e[n - 1]->code) {
	case CORE_VALUE_NEGATIVE:
		t = CORE_TRUE;
		break;
	case CORE_VALUE_POSITIVE:
	case CORE_VALUE_PELVIC_NODES_ONLY:
	case CORE_VALUE_DISTANT:
	case CORE_VALUE_LOCAL_ONLY:
		t = CORE_FALSE;
		break;
	case CORE_VALUE_EQUIVOCAL:
		r = CORE_REASON_EQUIVOCAL;
		break;
	default:
		r = CORE_REASON_INDETERMINATE;
	}
	core_add_evidence(D, CORE_PSMA_PET_NEGATIVE, e[n - 1]);
	core_set_tri(D, CORE_PSMA_PET_NEGATIVE, t, r);
}
