/**
 * core_ground.h: what decided a condition.
 *
 * A condition is a tree of AND and OR over statements about facts.  The
 * grounds of its value are the statements that made it so: of a false AND the
 * false parts, of a true OR the true ones, of an unknown one the unknown
 * ones.  Everything below AND and OR is one statement; so is a named OR that
 * is false ("any high-risk feature"), whose parts would be a list of noes.
 */
#ifndef CORE_GROUND_H
#define CORE_GROUND_H

#include "core_expr.h"

#define CORE_GROUNDS_MAX 32

struct core_ground {
	struct core_expr part;	/* for core_expr_words; no text of its own */
	enum core_tri truth;
	bool of_ignorance;	/* it says that something is not known */
};

/**
 * core_grounds(expr, facts, ret):
 * The grounds of the value of ${expr}, in the order in which they stand, into
 * ${ret}; how many.  0 if ${expr} has no ops.  Statements beyond the last
 * place are left out.
 */
size_t core_grounds(const struct core_expr *expr,
    const struct core_facts *facts, struct core_ground ret[CORE_GROUNDS_MAX]);

/**
 * core_ground_changed(A, expr, ground, facts):
 * The value that ${expr} would have if its ground ${ground} were true where
 * it is false, and false where it is true.  UNKNOWN if ${A} is exhausted.
 */
enum core_tri core_ground_changed(struct sv_arena *A,
    const struct core_expr *expr, const struct core_ground *ground,
    const struct core_facts *facts);

#endif
