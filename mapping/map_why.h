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
				 * empty: there is no single one, or the
				 * rule applies */
	struct sv_str parts;	/* what a named thing can be: "current PSA
				 * at least 0.7 ng/mL; ..."; may be empty */
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

/** True if ${rule}, were it to apply, would alter the advice ${g}: it offers,
 * details an offer, or blocks, and does not only block and propose what is
 * blocked and proposed already. */
bool map_why_alters(const struct core_guidance *g,
    const struct core_rule *rule);

/** The change and its parts, unless they are ${last_parts}, which becomes
 * them: a reader has just seen those. */
void map_why_change(struct sv_buf *b, const struct map_why *y,
    struct sv_str *last_parts);

/** What would follow if ${rule} applied: its title, or what it would block
 * and propose. */
struct sv_str map_why_then(struct sv_arena *A, const struct core_rule *rule);

/** The "why" array of the explain format: every rule that concerns the
 * patient. */
struct fhir_writer;
struct sv_status map_why_write(struct fhir_writer *w, struct sv_arena *A,
    const struct map_result *r) SV_CHECK;

#endif
