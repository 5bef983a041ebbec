/**
 * core_settle.h: which unknown facts would decide a condition.
 */
#ifndef CORE_SETTLE_H
#define CORE_SETTLE_H

#include "core_expr.h"

/**
 * core_settling(A, expr, facts, missing):
 * The smallest part of ${missing} that decides ${expr}, whatever these facts
 * turn out to be, while the rest stays unknown.  It is found by trying: with
 * both truths, and with numbers at and around every number in ${expr}.  A
 * condition that would take too many trials, or ${A} exhausted: ${missing}.
 */
core_fact_set core_settling(struct sv_arena *A, const struct core_expr *expr,
    const struct core_facts *facts, core_fact_set missing);

#endif
