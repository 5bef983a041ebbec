/**
 * ad_store_sheaf.h: resources of one patient that came together, in one row.
 *
 * The first run of a registry brings millions of resources of which nothing is
 * known yet.  To put each of them, and to pack each of them, takes longer than
 * all that is read for it.  So what one block of a file says of a patient is
 * bound into a sheaf: one row, packed as one text.  An index leads from the
 * number of each resource (ad_store_key.h) to its sheaf.
 *
 * A resource that changes, or is deleted, unties its sheaf: all that was in it
 * gets rows of its own, as if it had come one by one.  So a resource is in a
 * sheaf or has a row, never both; the other functions of the store see to that
 * by themselves.  All inside a unit of ad_store.h.
 *
 * The text of a sheaf is, for each resource, its name, a line feed, the resource
 * as one line (as in NDJSON), and a line feed.
 */
#ifndef AD_STORE_SHEAF_H
#define AD_STORE_SHEAF_H

#include "ad_store.h"
#include "sv_buf.h"

/* Who looks for one resource unpacks all that it is bound with: a sheaf of
 * several is not longer than this. */
#define AD_SHEAF_BYTES ((size_t)16 << 10)

struct ad_sheaf {
	struct sv_str source;
	int64_t patient;		/* not 0: shared resources have rows */
	int64_t message;
	struct sv_str packed;		/* AD_PACK_RESOURCE */
	const uint64_t *keys;		/* ad_store_key of each resource */
	size_t n;
};

/** Could ${name} be told from what stands behind it? */
bool ad_sheaf_can_hold(struct sv_str name);

/** Append the resource ${name}, which is ${line}, to the text of a sheaf. */
void ad_sheaf_add(struct sv_buf *to, struct sv_str name, struct sv_str line);

/** Take the next resource off the text ${rest}; false at the end. */
bool ad_sheaf_next(struct sv_str *rest, struct sv_str *ret_name,
    struct sv_str *ret_line);

/** Remember ${h}, of whose resources nothing is known.  RETRY, NOMEM. */
struct sv_status ad_store_put_sheaf(struct ad_store *S,
    const struct ad_sheaf *h) SV_CHECK;

#endif
