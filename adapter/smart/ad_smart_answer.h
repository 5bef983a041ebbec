/**
 * ad_smart_answer.h: what a token endpoint answers (RFC 6749 section 5); internal
 * to adapter/smart, and for its tests.
 */
#ifndef AD_SMART_ANSWER_H
#define AD_SMART_ANSWER_H

#include "ad_client.h"
#include "sv_arena.h"

struct ad_smart_token {
	struct sv_str text;		/* the access token, in the arena */
	int64_t expires_s;		/* from now */
};

/** The token_endpoint of a smart-configuration, in ${A}, with a NUL behind it.
 * RETRY, REFUSED, NOMEM with ${err}. */
struct sv_status ad_smart_read_discovery(struct sv_arena *A,
    const struct ad_client_answer *a, struct sv_str *ret, struct sv_err *err)
    SV_CHECK;

/**
 * ad_smart_read_token(A, a, date, ret, err):
 * The token that ${a} grants.  RETRY: not now; REFUSED: an OAuth error, with
 * what to do about it, where ${date}, the header, may show that the clocks
 * differ; BAD: no token.  Missing expires_in counts as a minute; some servers
 * send it as a string.
 */
struct sv_status ad_smart_read_token(struct sv_arena *A,
    const struct ad_client_answer *a, struct sv_str date,
    struct ad_smart_token *ret, struct sv_err *err) SV_CHECK;

#endif
