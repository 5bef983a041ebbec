/**
 * ad_store_pack.h: texts made small before they are stored, and back.
 *
 * By Zstandard.  Guidance is much alike, and so are resources, each too short
 * for a compressor to learn anything from: what they share with a sample of
 * their kind is not stored (RFC 8878, section 5).  Of guidance a sixteenth
 * remains, of resources a third.  The sample that was used stands in front of the text.
 *
 * Every thread has tables of its own, which it gives back at its end.
 */
#ifndef AD_STORE_PACK_H
#define AD_STORE_PACK_H

#include "sv_arena.h"
#include "sv_status.h"
#include "sv_str.h"

enum ad_pack {
	AD_PACK_MESSAGE,	/* without a sample: it may be anything */
	AD_PACK_GUIDANCE_7,	/* as layouts 7 to 10 did; to be read */
	AD_PACK_RESOURCE_9,	/* as layouts 9 and 10 did; to be read */
	AD_PACK_RESOURCE,
	AD_PACK_GUIDANCE,
	AD_PACK_MAX
};

/** ${text} packed as ${kind}, in ${A}; .p is NULL without memory. */
struct sv_str ad_store_pack(struct sv_arena *A, enum ad_pack kind,
    struct sv_str text);

/** ${packed}, of any kind, as it was, in ${A}.  SKIP: it is empty.  BAD: it is
 * damaged, or larger than ${ceiling}.  NOMEM. */
struct sv_status ad_store_unpack(struct sv_arena *A, struct sv_str packed,
    size_t ceiling, struct sv_str *ret) SV_CHECK;

/** The resource ${kept} as it was, in ${A}; also one that was stored before
 * resources were packed.  As above. */
struct sv_status ad_store_unpack_resource(struct sv_arena *A,
    struct sv_str kept, size_t ceiling, struct sv_str *ret) SV_CHECK;

#endif
