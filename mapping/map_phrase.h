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

/** What stands in place of guidance if there is none (K3.4). */
#define MAP_NOTHING_TO_SAY "Nothing to say: no failure of primary treatment " \
	"is evident in the data."

/** "PSA doubling time: 6 months (3 values, 2025-10-10 to 2026-04-10)",
 * "distant metastasis: none recorded". */
void map_phrase_fact(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts);

/** What is known of fact ${id}, without its name: "none recorded". */
void map_phrase_known(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts);

/** " (3 values, 2025-10-10 to 2026-04-10)": what the doubling time rests on;
 * nothing without one. */
void map_phrase_fit(struct sv_buf *b, const struct core_facts *facts);

/** "0.36", "below 0.1", "more than 10", "4 to 7". */
void map_phrase_interval(struct sv_buf *b, struct core_interval i);

/** The facts of ${set}, named and joined by commas. */
void map_phrase_facts(struct sv_buf *b, core_fact_set set);

/** The data that would settle fact ${id}, "a restaging result"; may be
 * empty (knowledge K2.2, the paragraph behind the rule table). */
struct sv_str map_phrase_settled_by(enum core_fact_id id);

/** The sentence of a rule, its placeholders filled in; with ${facts} NULL, by
 * what they stand for. */
void map_phrase_rule(struct sv_buf *b, const struct core_rule *rule,
    const struct core_facts *facts);

/** "PRO-RP-01 (SOURCE S05, confidence high; ...)": origin, strength, citation,
 * and what of it the source did not supply (OS-2). */
void map_phrase_basis(struct sv_buf *b, const struct core_rule *rule);

/** "SOURCE S05 S04, confidence high, draft: not signed off". */
void map_phrase_origin(struct sv_buf *b, const struct core_rule *rule);

/** The publications behind ${rule}, and what the source did not supply. */
void map_phrase_citations(struct sv_buf *b, const struct core_rule *rule);

/** What state ${f} is in, if it is not plainly true, with what it waits for:
 * "Provisional until known: ...: "; nothing if it fires. */
void map_phrase_state(struct sv_buf *b, const struct core_finding *f);

/** "ADT with salvage RT, 4 to 6 months". */
void map_phrase_activity(struct sv_buf *b, const struct core_activity *a);

/** "ADT with salvage RT, 4 to 6 months (PRO-RP-04 provisional until known:
 * seminal vesicle invasion)": the activity, without its rules. */
void map_phrase_proposal(struct sv_buf *b, const struct core_proposal *p);

/** The name of concept ${c} as people write it, "PSMA PET". */
void map_phrase_concept(struct sv_buf *b, enum core_concept c);

/** The unit ${ucum} as people write it: "years" for "a"; may be empty. */
struct sv_str map_phrase_unit(struct sv_str ucum);

/** "PSA 0.36 ng/mL": what was measured or stated, in the sender's own words
 * where there are any; without date and source. */
void map_phrase_event(struct sv_buf *b, const struct core_event *e);

/** True if ${f} forbids the group of activities ${block}. */
bool map_phrase_blocks(const struct core_finding *f, struct sv_str block);

/** The group of activities called ${block}, in words: "local salvage". */
void map_phrase_block(struct sv_buf *b, struct sv_str block);

/** OS-12: true if any rule of ${book} is not signed off. */
bool map_phrase_is_draft(const struct core_rulebook *book);

/** "draft, not signed off", "signed off by Dr A, 2026-11-24T08:00:00Z". */
void map_phrase_sign_off(struct sv_buf *b, const struct core_rulebook *book);

/** " Changed by this site: ...", and how many drafts are kept out; nothing if
 * the rule book is used as published. */
void map_phrase_site(struct sv_buf *b, const struct core_rulebook *book);

/** "Rules 0.1.0 (draft, not signed off), SHA-256 ...". */
void map_phrase_edition(struct sv_buf *b, const struct core_rulebook *book);

/** OS-1 and OS-12: "Rules 0.1.0 (draft, not signed off), SHA-256 ...;
 * reference date ...; generated ... by salvor 0.1.0." */
void map_phrase_version(struct sv_buf *b, const struct map_result *r,
    const struct map_output_options *o);

/** "Prostate cancer". */
struct sv_str map_phrase_cancer(enum core_cancer cancer);

/** A headline for guidance of ${intent}, from the decision's ${facts}. */
struct sv_str map_phrase_intent(enum core_intent intent,
    const struct core_facts *facts);

/** The first fact of ${set} that rests on the same two or more events as
 * ${id}; CORE_FACT_COUNT if there is none. */
int map_phrase_same_evidence(core_fact_set set, enum core_fact_id id,
    const struct core_facts *facts);

#endif
