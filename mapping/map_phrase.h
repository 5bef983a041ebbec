/**
 * map_phrase.h: facts and advice in words, for text, notes and narratives.
 *
 * OS-6: options for discussion, never orders.  OS-9: what is not recorded is
 * said to be not recorded.
 */
#ifndef MAP_PHRASE_H
#define MAP_PHRASE_H

#include "map_result.h"

/** OS-8, on every output. */
#define MAP_DISCLAIMER "Decision support for clinicians: it does not replace " \
	"clinical judgement and is based on the data listed. Not a medical " \
	"device, not clinically validated."

/** "PSA doubling time: 6 mo", "distant metastasis: none recorded". */
void map_phrase_fact(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts);

/** The sentence of a rule, its placeholders filled in. */
void map_phrase_rule(struct sv_buf *b, const struct core_rule *rule,
    const struct core_facts *facts);

/** "PRO-RP-01 (SOURCE, high confidence; ...)": citation, strength, origin. */
void map_phrase_basis(struct sv_buf *b, const struct core_rule *rule);

/** A headline for one cancer's guidance. */
struct sv_str map_phrase_intent(enum core_intent intent);

#endif
