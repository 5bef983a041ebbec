/**
 * core_expr.h: conditions of rules.
 *
 * A condition is a FHIRPath boolean expression over facts and parameters
 * given as environment variables, for example
 *
 *	%prostateScope and %bcr_after_rp and %metastatic_disease.not()
 *
 * The subset: literals (true, false, numbers, 'strings', quantities such as
 * 0.7 'ng/mL', and the empty collection {}), %name, < <= > >= = !=, and or xor implies,
 * parentheses, .not() .empty() .exists() .anyTrue() .anyFalse().  FHIRPath's empty collection is our
 * unknown, and its truth tables are strong Kleene logic, so is-true(x) is
 * (x).anyTrue(), is-false(x) is (x).anyFalse(), is-unknown(x) is (x).empty().
 * Any FHIRPath engine given the same facts agrees (tests/interop/fhirpath).
 *
 * A text is compiled once into a flat postfix program.  Named sub-expressions
 * (the variables of a PlanDefinition) are compiled in place of their name.
 */
#ifndef CORE_EXPR_H
#define CORE_EXPR_H

#include "core_fact.h"

struct core_op;

struct core_expr {
	const struct core_op *ops;	/* postfix; NULL: no condition */
	size_t n;
	core_fact_set facts;		/* every fact it speaks of */
	struct sv_str text;		/* as written */
};

/* A named sub-expression, usable as %name in later ones. */
struct core_variable {
	struct sv_str name;
	struct sv_str phrase;		/* for a clinician, may be empty */
	struct core_expr expr;
};

/* Names known while compiling. */
struct core_scope {
	const struct core_params *params;
	const struct core_variable *variables;
	size_t n_variables;
};

/**
 * core_expr_compile(A, text, scope, ret, err):
 * Compile ${text} into ${A}.  BAD with ${err} (offset and what was expected)
 * for a syntax error, an unknown name, a type or unit error, or nesting over
 * 32.  The result must be boolean.
 */
struct sv_status core_expr_compile(struct sv_arena *A, struct sv_str text,
    const struct core_scope *scope, struct core_expr *ret,
    struct sv_err *err) SV_CHECK;

/**
 * core_expr_eval(expr, facts, ret_missing):
 * The truth of ${expr}; unknown for one without ops.  ${ret_missing}, if not NULL, gets the unknown
 * facts that decide an unknown result (K2.1: the unknown leaves of unknown
 * sub-expressions only), and is 0 if the result is known.
 */
enum core_tri core_expr_eval(const struct core_expr *expr,
    const struct core_facts *facts, core_fact_set *ret_missing);

#endif
