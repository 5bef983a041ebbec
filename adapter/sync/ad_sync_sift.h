/**
 * ad_sync_sift.h: a block of lines to what it says; internal to adapter/sync.
 *
 * In two steps, so that threads can work on several blocks at once.  The first
 * needs nothing but the block: lines that pass the sieve are parsed, of the
 * others it is noted which resources they are of.  Whether such a resource is
 * remembered, and the line therefore matters after all, depends on all lines
 * before it: that is the second step, which goes through the blocks in their
 * order.  What comes out is as if one thread had read line after line.
 */
#ifndef AD_SYNC_SIFT_H
#define AD_SYNC_SIFT_H

#include "ad_sync_read.h"

/* Who sifts: one thread. */
struct ad_sync_sifter {
	struct ad_sync *Y;
	const struct map_sieve *sieve;
	struct sv_arena A;		/* of a line */
};

/** The first step: ${lines} into ${b}, counted from line 1.  NOMEM. */
struct sv_status ad_sync_sift(struct ad_sync_sifter *F,
    struct ad_sync_batch *b, struct sv_str lines) SV_CHECK;

/** The second step: ${line} lines of the file are before ${b}.  NOMEM. */
struct sv_status ad_sync_sift_in_order(struct ad_sync_sifter *F,
    struct ad_sync_batch *b, int64_t line) SV_CHECK;

#endif
