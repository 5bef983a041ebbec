/**
 * core_expr_words.h: a condition as a clinician reads it.
 *
 *	prostate cancer that is not castration-resistant AND biochemical
 *	recurrence after prostatectomy AND no distant metastasis
 *
 * "no X" is FHIRPath's X.not(), "X is established" is X.anyTrue(), "X is
 * excluded" X.anyFalse(), "X is not known" X.empty().  Variables stand under
 * their own phrase, parameters with their value and unit; "at least one X"
 * that does not hold is "no X".
 */
#ifndef CORE_EXPR_WORDS_H
#define CORE_EXPR_WORDS_H

#include "core_expr.h"

/** ${expr} in words, in ${A}; empty for an expression without ops; .p is NULL
 * without memory. */
struct sv_str core_expr_words(struct sv_arena *A, const struct core_expr *expr);

/** The statements about facts that ${expr} is made of, each once, however they
 * are joined: "current PSA at least 0.7 ng/mL; seminal vesicle invasion".
 * Those beyond CORE_EXPR_STATEMENTS are left out. */
struct sv_str core_expr_statements(struct sv_arena *A,
    const struct core_expr *expr);
#define CORE_EXPR_STATEMENTS 16

/**
 * core_expr_reachable(when, unless, facts):
 * Is there any combination of facts in which ${when} is true and ${unless}
 * (which may have no ops) is not?  Looks at up to 4,000,000 pseudo-random ones,
 * always the same.  ${facts} is room for the facts and is overwritten.
 */
bool core_expr_reachable(const struct core_expr *when,
    const struct core_expr *unless, struct core_facts *facts);

#endif
