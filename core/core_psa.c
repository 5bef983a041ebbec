/*
 * What PSA says, by primary treatment: K1.7, rows psa_series to
 * psa_unconfirmed_rise, bcr_after_rt and the doubling time.
 */
#include "core_psa.h"

/* Neither prostatectomy nor radiation nor ablation: nothing to follow. */
static void
derive_not_applicable(struct core_derive *D, enum core_fact_id id)
{
	core_set_tri(D, id, CORE_FALSE, CORE_REASON_NOT_APPLICABLE);
}

void
core_derive_psa(struct core_derive *D)
{
	const struct core_event *in_place = D->rt != NULL ? D->rt : D->focal;

	core_psa_series(D);
	if (D->nomem)
		return;
	core_psa_expose(D);
	if (D->nomem)
		return;
	if (core_truth(D, CORE_RP_AS_PRIMARY) != CORE_FALSE) {
		if (sv_date_is_set(D->rp->date))
			core_derive_after_rp(D);
		else
			core_derive_after_undated_rp(D);
	} else {
		derive_not_applicable(D, CORE_BCR_AFTER_RP);
		derive_not_applicable(D, CORE_PSA_PERSISTENCE);
		derive_not_applicable(D, CORE_PSA_UNCONFIRMED_RISE);
		if (in_place != NULL
		    && sv_date_is_set(core_treatment_end(D, in_place)))
			core_derive_eligible(D, core_treatment_end(D, in_place).hi + 1,
			    core_psa_salvage_day(D), true);
		else
			core_derive_eligible(D, CORE_PSA_NEVER, CORE_PSA_NEVER, true);
	}
	core_derive_phoenix(D);
}
