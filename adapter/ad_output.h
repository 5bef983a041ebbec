/**
 * ad_output.h: standard output, where a full disk or a closed pipe must not
 * pass unseen.
 */
#ifndef AD_OUTPUT_H
#define AD_OUTPUT_H

#include "sv_str.h"

/** Write ${s}.  False after the first failure, which is said once on standard
 * error; the caller stops then, with AD_EXIT_TEMPORARY. */
bool ad_output(struct sv_str s);

/** Flush; as ad_output. */
bool ad_output_end(void);

#endif
