/**
 * map_rules_data.h: what stands beside the rules: parameters, a site's
 * changes, the sign-off, the source statements; internal to mapping/.
 *
 * A site changes the rule book in a Parameters resource with the id "site":
 *
 *	set		parts parameter (valueCode), value (valueQuantity),
 *			reason (valueString)
 *	switch-off	parts rule (valueCode), reason (valueString)
 *	draft-rules	valueCode "off": only rules that are signed off are used
 *
 * A sign-off is a Parameters resource with the id "sign-off": by, on, sha256.
 */
#ifndef MAP_RULES_DATA_H
#define MAP_RULES_DATA_H

#include "core_rule.h"
#include "fhir_node.h"

/** Read the Parameters resource ${root} of one of the three kinds into
 * ${book}.  A site's file comes behind the parameters it changes.  NOMEM. */
struct sv_status map_rules_parameters(struct sv_arena *A,
    const struct fhir_at *root, struct core_rulebook *book,
    struct fhir_issues *is) SV_CHECK;

/** Read what the ConceptMap ${root} changes: one that is not Salvor's own adds
 * codes (reason: ConceptMap.purpose), an element with the extension
 * replaces-mapping overrules another file (reason: its valueString).  NOMEM. */
struct sv_status map_rules_terminology(struct sv_arena *A,
    const struct fhir_at *root, struct core_rulebook *book,
    struct fhir_issues *is) SV_CHECK;

/** Read the Library ${root} of source statements.  NOMEM. */
struct sv_status map_rules_statements(struct sv_arena *A,
    const struct fhir_at *root, struct core_rulebook *book) SV_CHECK;

/**
 * map_rules_finish(A, book, rules, is):
 * ${book}->sha256 is known: set the version, hold the sign-off against the
 * hash, take out the ${rules} that are switched off, and the drafts if the
 * site keeps them out.  An issue for a switched off rule that is none.  NOMEM.
 */
struct sv_status map_rules_finish(struct sv_arena *A,
    struct core_rulebook *book, struct core_rule *rules,
    struct fhir_issues *is) SV_CHECK;

#endif
