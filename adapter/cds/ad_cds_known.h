/**
 * ad_cds_known.h: tokens that were found good, until they expire [R66];
 * internal to adapter/cds.
 *
 * Only a client whose tokens may come more than once (replay = log) gains by
 * it: its token is verified once and not for every call.  What is remembered
 * is the SHA-256 of the token and of the path that it was good for.  The table
 * has a fixed size and goes with its configuration; a token that another took
 * the place of is verified again.
 */
#ifndef AD_CDS_KNOWN_H
#define AD_CDS_KNOWN_H

#include "ad_cds_part.h"

struct ad_cds_known;

struct ad_cds_known *ad_cds_known_new(void);	/* NULL without memory */
void ad_cds_known_free(struct ad_cds_known *K);	/* NULL is allowed */

/** Remember that ${claim} is good, as ${id} says. */
void ad_cds_known_put(struct ad_cds_known *K,
    const struct ad_cds_claim *claim, const struct ad_cds_identity *id);

/** Is ${claim} known to be good?  ${ret} gets its client, its tenant in ${A},
 * and when it expires. */
bool ad_cds_known_find(struct ad_cds_known *K, struct sv_arena *A,
    const struct ad_cds_claim *claim, struct ad_cds_identity *ret);

#endif
