/*
 * salvage_context: has a primary treatment failed?  (K1.7, last row.)
 */
#include "core_derive.h"

#define N_FAILURES 4
static const enum core_fact_id failures[N_FAILURES] = { CORE_BCR_AFTER_RP,
	CORE_PSA_PERSISTENCE, CORE_BCR_AFTER_RT, CORE_RECURRENCE_AFTER_FOCAL };

/* The reason to give for two unknowns: what is not recorded, or too old, says
 * less than any other. */
static enum core_reason
telling(enum core_reason a, enum core_reason b)
{
	return a == CORE_REASON_NONE || a == CORE_REASON_MISSING
	    || a == CORE_REASON_STALE ? b : a;
}

/* Kleene OR with the reason of the unknown members. */
static void
join(enum core_tri *t, enum core_reason *r, enum core_tri one,
    enum core_reason why)
{
	*t = core_or(*t, one);
	if (one == CORE_UNKNOWN)
		*r = telling(*r, why);
}

/* Is the patient in the scope of prostate salvage, and if unknown, why? */
static enum core_tri
scope(const struct core_facts *f, enum core_reason *why)
{
	const struct core_fact *primary = &f->fact[CORE_ANY_PRIMARY];

	*why = primary->truth == CORE_UNKNOWN ? primary->reason
	    : CORE_REASON_UNCONFIRMED;
	return core_and(f->fact[CORE_HAS_PROSTATE_CANCER].truth,
	    primary->truth);
}

enum core_tri
core_context_prostate(const struct core_facts *f, enum core_reason *ret)
{
	enum core_reason r = CORE_REASON_NONE, why;
	enum core_tri t = CORE_FALSE;

	for (int i = 0; i < N_FAILURES; i++)
		join(&t, &r, f->fact[failures[i]].truth,
		    f->fact[failures[i]].reason);
	/* Spread counts only where it is established. */
	if (f->fact[CORE_PELVIC_NODAL_RECURRENCE_FACT].truth == CORE_TRUE
	    || f->fact[CORE_METASTATIC_DISEASE_FACT].truth == CORE_TRUE)
		t = CORE_TRUE;
	t = core_and(t, scope(f, &why));
	*ret = t == CORE_UNKNOWN && r == CORE_REASON_NONE ? why : r;
	return t;
}

/* Another cancer's failure: context too, unless surely not there. */
static void
join_other(struct core_derive *D, enum core_tri *t, enum core_reason *r,
    enum core_fact_id cancer, enum core_fact_id failure)
{
	const struct core_fact *f = &D->out->fact[failure];
	enum core_tri one = core_and(core_truth(D, cancer), f->truth);

	if (one == CORE_FALSE)
		return;
	join(t, r, one, f->truth == CORE_UNKNOWN ? f->reason
	    : CORE_REASON_UNCONFIRMED);
	core_inherit(D, CORE_SALVAGE_CONTEXT, failure);
}

void
core_derive_context(struct core_derive *D)
{
	enum core_reason r;
	enum core_tri t = core_context_prostate(D->out, &r);

	if (t != CORE_UNKNOWN)
		r = CORE_REASON_NONE;
	for (int i = 0; i < N_FAILURES; i++) {
		if (D->out->fact[failures[i]].truth == CORE_TRUE)
			core_inherit(D, CORE_SALVAGE_CONTEXT, failures[i]);
	}
	join_other(D, &t, &r, CORE_LYMPHOMA, CORE_LYMPHOMA_FAILED_PRIMARY);
	join_other(D, &t, &r, CORE_HAS_GERM_CELL_TUMOUR,
	    CORE_GCT_RELAPSE_FACT);
	core_conclude(D, CORE_SALVAGE_CONTEXT, t, r);
}
