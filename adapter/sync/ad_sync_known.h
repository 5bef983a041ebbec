/**
 * ad_sync_known.h: which resources of a source are remembered, by their numbers;
 * roughly, in fixed memory.
 *
 * A line that can say nothing may still be the new version of a resource that
 * did, such as a PSA that was corrected into another test.  So a line is dropped
 * only if its resource is not remembered.  Says yes for some that are not (then a
 * line is parsed for nothing), never no for one that is.
 */
#ifndef AD_SYNC_KNOWN_H
#define AD_SYNC_KNOWN_H

#include <stdint.h>

#include "sv_status.h"

struct ad_sync_known {
	uint64_t *words;
	uint64_t mask;			/* of the number of a word */
};

/** An empty set for about ${names} names, of 64 bits for each, but no more than
 * 16 MiB: then it is wrong for 1 in 100 at 10 million names.  NOMEM. */
struct sv_status ad_sync_known_make(struct ad_sync_known *K, int64_t names)
    SV_CHECK;
void ad_sync_known_free(struct ad_sync_known *K);

/** ${key} is that of ad_store_key. */
void ad_sync_known_add(struct ad_sync_known *K, uint64_t key);

/** May it be there? */
bool ad_sync_known_has(const struct ad_sync_known *K, uint64_t key);

#endif
