/**
 * map_check.h: lint of a rule book beyond what loading refuses.
 */
#ifndef MAP_CHECK_H
#define MAP_CHECK_H

#include "core_rule.h"
#include "fhir_node.h"
#include "map_result.h"

/**
 * map_check_rules(A, book, cases, is):
 * Errors: a rule that can never fire; an order or a dose in a sentence (OS-6,
 * OS-7); a source statement that does not exist.  Warnings: a rule that fires
 * in none of the ${cases} (the root of the cases file; absent: not looked at).
 * Paths are rule ids.  NOMEM.
 */
struct sv_status map_check_rules(struct sv_arena *A,
    const struct core_rulebook *book, const struct fhir_at *cases,
    struct fhir_issues *is) SV_CHECK;

/**
 * map_check_case(expect, r, id, is):
 * Hold the findings, the intent and the output of ${r} against the case's
 * ${expect}; an error under the case's ${id} for each difference.
 */
void map_check_case(const struct fhir_at *expect, const struct map_result *r,
    struct sv_str id, struct fhir_issues *is);

#endif
