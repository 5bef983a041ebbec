/**
 * map_why.h: why a rule applies or does not, in a sentence for a clinician.
 */
#ifndef MAP_WHY_H
#define MAP_WHY_H

#include "map_result.h"

struct map_why {
	struct sv_str sentence;
	struct sv_str change;	/* "PSA doubling time at most 6 months": the
				 * one thing that would make the rule apply;
				 * empty: there is no single one */
	core_fact_set facts;	/* what the sentence rests on */
};

/**
 * map_why(A, r, f, ret):
 * Why the finding ${f} of ${r} is in its state, in ${A}.  NOMEM.
 */
struct sv_status map_why(struct sv_arena *A, const struct map_result *r,
    const struct core_finding *f, struct map_why *ret) SV_CHECK;

/** True if the rule speaks of a cancer that the patient has or may have: the
 * others are silent for that reason alone. */
bool map_why_concerns(const struct map_result *r, const struct core_rule *rule);

/** True if the rule advises: offers, details of them, and blocks.  One new
 * finding that would make such a rule apply is worth naming. */
bool map_why_is_advice(const struct core_rule *rule);

/** The "why" array of the explain format: every rule that concerns the
 * patient. */
struct fhir_writer;
struct sv_status map_why_write(struct fhir_writer *w, struct sv_arena *A,
    const struct map_result *r) SV_CHECK;

#endif
