/**
 * ad_sync_load.h: records into the store; internal to adapter/sync.
 */
#ifndef AD_SYNC_LOAD_H
#define AD_SYNC_LOAD_H

#include "ad_sync_found.h"
#include "ad_sync_read.h"

/* Where the load is. */
struct ad_sync_loading {
	struct ad_sync *Y;
	struct ad_sync_reader *X;
	struct sv_arena *A;		/* of the batch */
	struct ad_sync_found *found;
	uint64_t *due;			/* a bit for each that was made due */
	size_t n_due;			/* words */
	bool alone;			/* nobody else has changed the store */
	int64_t others;			/* ad_store_changed_by_others */
	int64_t before;			/* bytes that were read by the run before */
	bool open;			/* a unit is */
	int64_t begun_ms;		/* the unit */
	long refused_at;		/* how much of the side file is on the disk */
};

/** Do what ${r} of ${b} says, and count it; inside a unit.  RETRY, NOMEM. */
struct sv_status ad_sync_apply(struct ad_sync_loading *L,
    const struct ad_sync_batch *b, const struct ad_sync_record *r) SV_CHECK;

#endif
