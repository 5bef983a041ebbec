/**
 * ad_sync_asked.h: what the exports of a registry hold; internal to adapter/sync.
 *
 * What has changed since the last run completes it only if that run had asked
 * for the same.  A type that was not asked for then, or that the server did not
 * export, has resources that are older, and nobody would ever ask for them: an
 * old PSA is as good as none.  So what was asked for is kept beside the
 * watermark, and if it is another today everything is exported.
 */
#ifndef AD_SYNC_ASKED_H
#define AD_SYNC_ASKED_H

#include "ad_sync_run.h"

/** What ${Y} asks for, of which the server did not export the types ${lacks},
 * between blanks; in Y->A.  A line each: "group g", "type Observation", "lacks
 * Medication".  .p is NULL without memory. */
struct sv_str ad_sync_asked(struct ad_sync *Y, struct sv_str lacks);

/** Did the last whole run ask for what ${Y} asks for, whether or not the server
 * exported it? */
bool ad_sync_asks_the_same(const struct ad_sync *Y);

/** The export of what has changed lacks ${lacks}.  SKIP: it is not enough, for
 * a type is exported that was not in the last whole run: the operator is told,
 * and the run is no longer incremental, nor one that goes on after it.  RETRY,
 * NOMEM. */
struct sv_status ad_sync_check_enough(struct ad_sync *Y, struct sv_str lacks)
    SV_CHECK;

/** Tell the operator which types the server lacks, if it did not before. */
void ad_sync_tell_lacking(struct ad_sync *Y, struct sv_str lacks);

#endif
