/*
 * salvage_context: has a primary treatment failed?  (K1.7, last row.)
 */
#include "core_derive.h"

/* Kleene OR with the reason of the first unknown member. */
static void
join(struct core_derive *D, enum core_tri *t, enum core_reason *r,
    enum core_fact_id id)
{
	const struct core_fact *f = &D->out->fact[id];

	*t = core_or(*t, f->truth);
	if (f->truth == CORE_UNKNOWN && (*r == CORE_REASON_NONE
	    || *r == CORE_REASON_MISSING || *r == CORE_REASON_STALE))
		*r = f->reason;
	if (f->truth != CORE_FALSE)
		core_inherit(D, CORE_SALVAGE_CONTEXT, id);
}

enum core_tri
core_context_prostate(const struct core_facts *f, enum core_reason *ret)
{
	static const enum core_fact_id failures[] = { CORE_BCR_AFTER_RP,
		CORE_PSA_PERSISTENCE, CORE_BCR_AFTER_RT,
		CORE_RECURRENCE_AFTER_FOCAL };
	enum core_tri t = CORE_FALSE;
	enum core_reason r = CORE_REASON_NONE, one;

	for (int i = 0; i < 4; i++) {
		t = core_or(t, f->fact[failures[i]].truth);
		if (f->fact[failures[i]].truth != CORE_UNKNOWN)
			continue;
		one = f->fact[failures[i]].reason;
		if (r == CORE_REASON_NONE || r == CORE_REASON_MISSING
		    || r == CORE_REASON_STALE)
			r = one;
	}
	/* Spread counts only where it is established. */
	if (f->fact[CORE_PELVIC_NODAL_RECURRENCE_FACT].truth == CORE_TRUE
	    || f->fact[CORE_METASTATIC_DISEASE_FACT].truth == CORE_TRUE)
		t = CORE_TRUE;
	*ret = r;
	t = core_and(t, core_and(f->fact[CORE_HAS_PROSTATE_CANCER].truth,
	    f->fact[CORE_ANY_PRIMARY].truth));
	if (t == CORE_UNKNOWN && r == CORE_REASON_NONE)
		*ret = f->fact[CORE_ANY_PRIMARY].truth == CORE_UNKNOWN
		    ? f->fact[CORE_ANY_PRIMARY].reason
		    : CORE_REASON_UNCONFIRMED;
	return t;
}

void
core_derive_context(struct core_derive *D)
{
	static const enum core_fact_id failures[] = { CORE_BCR_AFTER_RP,
		CORE_PSA_PERSISTENCE, CORE_BCR_AFTER_RT,
		CORE_RECURRENCE_AFTER_FOCAL };
	enum core_reason r = CORE_REASON_NONE;
	enum core_tri t = core_context_prostate(D->out, &r), other;

	if (t != CORE_UNKNOWN)
		r = CORE_REASON_NONE;
	for (int i = 0; i < 4; i++) {
		if (D->out->fact[failures[i]].truth == CORE_TRUE)
			core_inherit(D, CORE_SALVAGE_CONTEXT, failures[i]);
	}
	other = core_and(core_truth(D, CORE_LYMPHOMA),
	    core_truth(D, CORE_LYMPHOMA_FAILED_PRIMARY));
	if (other != CORE_FALSE)
		join(D, &t, &r, CORE_LYMPHOMA_FAILED_PRIMARY);
	other = core_and(core_truth(D, CORE_HAS_GERM_CELL_TUMOUR),
	    core_truth(D, CORE_GCT_RELAPSE_FACT));
	if (other != CORE_FALSE)
		join(D, &t, &r, CORE_GCT_RELAPSE_FACT);
	core_set_tri(D, CORE_SALVAGE_CONTEXT, t, t == CORE_UNKNOWN ? r
	    : CORE_REASON_NONE);
}
