/**
 * ad_refusal.h: telling people and programs what was refused.
 */
#ifndef AD_REFUSAL_H
#define AD_REFUSAL_H

#include "fhir_issue.h"

/**
 * ad_refusal_print(where, line, is):
 * Write ${is} to standard error: sentences on a terminal, else an
 * OperationOutcome, behind a line "salvor: where:line: refused" if ${line} is
 * above 0, or "salvor: where: refused" if it is below.  With 0 the
 * OperationOutcome stands alone.  Works in the arena of ${is}.
 */
void ad_refusal_print(const char *where, int64_t line,
    const struct fhir_issues *is);

#endif
