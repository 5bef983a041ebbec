/**
 * map_rules.h: the rule book, from FHIR files.
 *
 * Rules are PlanDefinition resources, one action a rule; conditions are
 * FHIRPath over facts.  Parameters are a Parameters resource, and so are a
 * site's changes and the sign-off (map_rules_data.h); the statements of the
 * source document are a Library.  ConceptMap files are part of the rule set,
 * of its hash and version: what a code means decides as much as a parameter;
 * map_terminology_load reads what they say.  Loading checks everything, and reports
 * every error with file and element path, not only the first.
 */
#ifndef MAP_RULES_H
#define MAP_RULES_H

#include "core_rule.h"
#include "fhir_issue.h"
#include "map_terminology.h"

/**
 * map_rules_load(A, files, n, ret, is):
 * Load the ${n} ${files} into one rule book that lives in ${A}.  BAD if any
 * issue of severity error was added to ${is}: an unknown fact, parameter or
 * variable, a type or unit error, a duplicate or missing id, a rule without
 * text or citation, a change by the site that cannot be made, a block by a
 * rule that is not SOURCE, an unknown word.
 */
struct sv_status map_rules_load(struct sv_arena *A,
    const struct map_file *files, size_t n, struct core_rulebook *ret,
    struct fhir_issues *is) SV_CHECK;

/** ${text}, a sentence or the JSON of a plan, with "{bcr_psa}" and the like as
 * the value of the parameter; what else stands in braces stays.  In ${A}; .p is
 * NULL without memory. */
struct sv_str map_rules_numbers(struct sv_arena *A, struct sv_str text,
    const struct core_params *params);

#endif
