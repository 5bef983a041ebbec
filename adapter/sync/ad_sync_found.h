/**
 * ad_sync_found.h: patients that were looked up last, by their names; internal
 * to adapter/sync.
 *
 * Types are read side by side, so that what is said of one patient is often
 * close together: most of the time it need not be looked up again.
 */
#ifndef AD_SYNC_FOUND_H
#define AD_SYNC_FOUND_H

#include <stdint.h>

#include "sv_str.h"

#define AD_SYNC_FOUND 8192	/* how many; a power of two */

/* An id is no longer (R4 datatypes.html#id); what is, is looked up. */
#define AD_SYNC_FOUND_NAME 64

struct ad_sync_found {
	struct ad_sync_found_patient {
		int64_t patient;	/* 0: none */
		uint32_t n;
		char name[AD_SYNC_FOUND_NAME];
	} at[AD_SYNC_FOUND];
};

/** The patient called ${name}; 0 if it was not noted, or long ago. */
int64_t ad_sync_found_get(const struct ad_sync_found *F, struct sv_str name);

/** Note that ${patient}, not 0, is called ${name}. */
void ad_sync_found_put(struct ad_sync_found *F, struct sv_str name,
    int64_t patient);

/** Two of them may be one now: forget all. */
void ad_sync_found_clear(struct ad_sync_found *F);

#endif
