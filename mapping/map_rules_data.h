/**
 * map_rules_data.h: what stands beside the rules: variables, parameters, a
 * site's changes, the sign-off, the source statements; internal to mapping/.
 *
 * A site changes the rule book in a Parameters resource with the id "site":
 *
 *	set		parts parameter (valueCode), value (valueQuantity, within
 *			the parameter's allowed-range), reason (valueString)
 *	switch-off	parts rule (valueCode), reason (valueString)
 *	draft-rules	valueCode "off": only rules that are signed off are used
 *
 * A sign-off is a Parameters resource with the id "sign-off": by, on, sha256.
 */
#ifndef MAP_RULES_DATA_H
#define MAP_RULES_DATA_H

#include "core_rule.h"
#include "fhir_node.h"

#define MAP_RULES_VARIABLES 32	/* of one file */

/* The named conditions of a file, in order; a later one may use an earlier. */
struct map_rules_names {
	struct core_variable list[MAP_RULES_VARIABLES];
	size_t n;
};

/** Compile the Expression ${expression} into ${A}; an error of its text is an
 * issue with its place, and OK.  NOMEM. */
struct sv_status map_rules_compile(struct sv_arena *A,
    const struct fhir_at *expression, const struct core_scope *scope,
    struct core_expr *ret, struct fhir_issues *is) SV_CHECK;

/**
 * map_rules_variables(A, plan, params, ret, is):
 * The variables of the PlanDefinition ${plan}.  An issue for one whose name R4
 * or FHIRPath does not allow, or that means something already.  NOMEM.
 */
struct sv_status map_rules_variables(struct sv_arena *A,
    const struct fhir_at *plan, const struct core_params *params,
    struct map_rules_names *ret, struct fhir_issues *is) SV_CHECK;

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

/**
 * map_rules_params(A, root, book, is):
 * The parameters of the rule book: of each its valueQuantity and, as
 * extensions, meaning, origin, confidence, the allowed-range (valueRange) that
 * no site may leave, and at-most, a parameter that it must not be above.  NOMEM.
 */
struct sv_status map_rules_params(struct sv_arena *A,
    const struct fhir_at *root, struct core_rulebook *book,
    struct fhir_issues *is) SV_CHECK;

/** The parameter called ${name}; CORE_PARAM_COUNT, and an issue at ${at}, if
 * there is none. */
enum core_param_id map_rules_param_named(struct sv_str name,
    const struct fhir_at *at, struct fhir_issues *is);

/** Set parameter ${id} from the valueQuantity of ${at}; false, and an issue, if
 * its unit is another, or it is not whole, or not in the allowed range. */
bool map_rules_param_value(const struct fhir_at *at, enum core_param_id id,
    struct core_rulebook *book, struct fhir_issues *is);

/** As map_rules_numbers (map_rules.h), so that no sentence says another number
 * than its rule goes by; and an issue at ${at} for a name in braces that is
 * none.  "{ipfsg_risk}" stays. */
struct sv_str map_rules_fill(struct sv_arena *A, struct sv_str text,
    const struct fhir_at *at, const struct core_params *params,
    struct fhir_issues *is);

/** An issue for each parameter that is above the one it must not be above. */
void map_rules_params_order(const struct core_rulebook *book,
    struct fhir_issues *is);

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
