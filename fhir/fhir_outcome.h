/**
 * fhir_outcome.h: issues as a FHIR OperationOutcome.
 */
#ifndef FHIR_OUTCOME_H
#define FHIR_OUTCOME_H

#include "fhir_issue.h"
#include "fhir_write.h"

/** Write ${is} as an OperationOutcome resource into ${name} of ${w} (NULL: as
 * the document).  Dropped issues are counted in a last one.  An OperationOutcome
 * needs an issue: without any, an informational "all ok" is written. */
void fhir_outcome_write(struct fhir_writer *w, const char *name,
    const struct fhir_issues *is);

#endif
