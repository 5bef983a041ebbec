/**
 * ad_replay.h: tokens that may be used once, remembered by issuer and jti until
 * they expire (RFC 7519 section 4.1.7).
 *
 * Bounded memory, shared by all threads, gone with the process: a token that
 * was used just before a restart can be used once more until it expires.
 */
#ifndef AD_REPLAY_H
#define AD_REPLAY_H

#include <stdint.h>

#include "sv_str.h"

struct ad_replay;

enum ad_replayed {
	AD_REPLAY_FRESH,		/* and remembered from now on */
	AD_REPLAY_SEEN,
	AD_REPLAY_FULL			/* too many at once: ask again later */
};

/** A memory of about ${max} tokens, 48 bytes each; NULL: no memory. */
struct ad_replay *ad_replay_new(size_t max);
void ad_replay_free(struct ad_replay *R);

/** Note a token that is good until ${until_s}, its leeway included.  Call it
 * last, when all else about the token is right.  Any thread. */
enum ad_replayed ad_replay_note(struct ad_replay *R, struct sv_str issuer,
    struct sv_str jti, int64_t until_s, int64_t now_s);

#endif
