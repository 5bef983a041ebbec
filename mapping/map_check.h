/**
 * map_check.h: lint of rules and terminology beyond what loading refuses.
 * Every finding names file and element.
 */
#ifndef MAP_CHECK_H
#define MAP_CHECK_H

#include "core_rule.h"
#include "map_file.h"
#include "map_result.h"

/**
 * map_check_rules(A, book, cases, is):
 * Errors: a rule that can never fire; an order or a dose in a sentence (OS-6,
 * OS-7); a source statement that does not exist.  Warnings: a rule that fires
 * in none of the ${cases} (the root of the cases file; absent: not looked at).
 * A rule whose condition could not be read is passed over.  NOMEM.
 */
struct sv_status map_check_rules(struct sv_arena *A,
    const struct core_rulebook *book, const struct fhir_at *cases,
    struct fhir_issues *is) SV_CHECK;

/**
 * map_check_terminology(A, files, n, is):
 * Look at the ConceptMaps among ${files}.  Errors: a code whose check digit is
 * wrong, a code system that is no absolute URI.  Warnings: a code system that
 * looks like a known one and is not, a display text that belongs to the owner
 * of its code system, a code that is refused elsewhere and accepted here.
 * NOMEM.
 */
struct sv_status map_check_terminology(struct sv_arena *A,
    const struct map_file *files, size_t n, struct fhir_issues *is) SV_CHECK;

/**
 * map_check_sentence(text, may_forbid, place, is):
 * OS-6, OS-7: an error at ${place} for every word of ${text} that gives an
 * order or a dose; ${may_forbid}: "must" is allowed.
 */
void map_check_sentence(struct sv_str text, bool may_forbid,
    struct sv_str place, struct fhir_issues *is);

/**
 * map_check_case(expect, r, id, is):
 * Hold the findings, the intent and the output of ${r} against the case's
 * ${expect}; an error under the case's ${id} for each difference.
 */
void map_check_case(const struct fhir_at *expect, const struct map_result *r,
    struct sv_str id, struct fhir_issues *is);

#endif
