/**
 * core_derive.h: what the derivations of facts share; internal to core/.
 *
 * Each core_derive_* function fills its facts in ${D}->out, in the order in
 * which core_facts_derive calls them; later ones may read earlier facts.
 */
#ifndef CORE_DERIVE_H
#define CORE_DERIVE_H

#include "core_fact.h"

struct core_derive {
	struct sv_arena *A;
	const struct core_timeline *line;
	const struct core_params *params;
	struct core_facts *out;
	bool nomem;		/* latched: an evidence list could not grow */
	/* Set by core_derive_treatment; NULL: none recorded. */
	const struct core_event *rp, *rt, *focal;	/* the earliest of each */
	struct sv_date rt_end;	/* of the primary course, its boost included */
};

/** The admitted events of concept ${c}, oldest first. */
const struct core_event *const *core_of(const struct core_timeline *line,
    enum core_concept c, size_t *ret_n);

/* The setters replace what the fact held, except its evidence. */
void core_set_tri(struct core_derive *D, enum core_fact_id id,
    enum core_tri truth, enum core_reason reason);
/** As core_set_tri; ${why} is forgotten unless ${truth} is unknown. */
void core_conclude(struct core_derive *D, enum core_fact_id id,
    enum core_tri truth, enum core_reason why);

/** Add ${e} to the evidence of fact ${id}, once. */
void core_add_evidence(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e);
/** Add ${e} to what fact ${id} looked at but did not use, once. */
void core_set_aside(struct core_derive *D, enum core_fact_id id,
    const struct core_event *e);
/** Give fact ${id} the evidence of fact ${from} as well. */
void core_inherit(struct core_derive *D, enum core_fact_id id,
    enum core_fact_id from);

/** The truth of a TRI fact derived earlier. */
static inline enum core_tri
core_truth(const struct core_derive *D, enum core_fact_id id)
{
	return D->out->fact[id].truth;
}

/** K1.4: is ${a} before ${b}?  Unknown where the intervals overlap. */
enum core_tri core_before(struct sv_date a, struct sv_date b);

/** The interval ${d}, each end moved by ${months} calendar months / days. */
struct sv_date core_plus_months(struct sv_date d, int32_t months);
struct sv_date core_plus_days(struct sv_date d, int32_t days);

/** Time alone makes a difference on ${day}: note it, if it is to come. */
void core_note_change(const struct core_derive *D, int32_t day);

/** Is ${day} more than ${days} before the reference date?  If not, notes when
 * it will be. */
bool core_is_older(const struct core_derive *D, int32_t day, int32_t days);

/** The day a period or a statement is over: ${e}->end, else ${e}->date. */
struct sv_date core_event_end(const struct core_event *e);

/** The end of the primary treatment ${e}: of the whole course, if it is ${D}->rt. */
struct sv_date core_treatment_end(const struct core_derive *D,
    const struct core_event *e);

/**
 * A confirmed condition of concept ${c}: true, unknown (only provisional) or
 * false (refuted, or none recorded: closed world, K1.3).  Sets fact ${id}.
 */
void core_derive_condition(struct core_derive *D, enum core_fact_id id,
    enum core_concept c);

/* In calling order. */
void core_derive_treatment(struct core_derive *D);	/* prostate: primary,
						 * bed RT, ADT, salvage done */
void core_derive_psa(struct core_derive *D);	/* series, BCR, kinetics */
void core_derive_pathology(struct core_derive *D); /* grade, SVI, biopsy */
void core_derive_staging(struct core_derive *D);  /* M, N, imaging */
void core_derive_psma_negative(struct core_derive *D);
void core_derive_life_expectancy(struct core_derive *D);
void core_derive_lymphoma(struct core_derive *D);
void core_derive_germ_cell(struct core_derive *D);
void core_derive_context(struct core_derive *D);  /* salvage_context */

#endif
