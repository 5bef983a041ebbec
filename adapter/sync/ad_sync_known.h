/**
 * ad_sync_known.h: which resources of a source are remembered, by their names;
 * roughly, in fixed memory.
 *
 * A line that can say nothing may still be the new version of a resource that
 * did, such as a PSA that was corrected into another test.  So a line is dropped
 * only if its resource is not remembered.  Says yes for some that are not (then
 * a line is parsed for nothing), never no for one that is.
 */
#ifndef AD_SYNC_KNOWN_H
#define AD_SYNC_KNOWN_H

#include "sv_status.h"
#include "sv_str.h"

struct ad_sync_known {
	uint64_t *bits;
};

/** An empty set; 16 MiB, of which what is empty is not touched.  NOMEM. */
struct sv_status ad_sync_known_make(struct ad_sync_known *K) SV_CHECK;
void ad_sync_known_free(struct ad_sync_known *K);

/** Add the resource ${type}/${id}. */
void ad_sync_known_add(struct ad_sync_known *K, struct sv_str type,
    struct sv_str id);

/** May it be there? */
bool ad_sync_known_has(const struct ad_sync_known *K, struct sv_str type,
    struct sv_str id);

#endif
