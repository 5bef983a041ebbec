/**
 * ad_outcome.h: what an attempt to post means.
 *
 * Every entry of our Bundles is a conditional create or update, so a post may
 * be repeated whenever it is not certain that it was stored.
 *
 *	what happened					outcome
 *	2xx, every entry 2xx or 304			DONE
 *	2xx, an entry 408 409 425 429 5xx		RETRY
 *	2xx, another entry not 2xx			REFUSED
 *	    (some servers answer 200 to a transaction that they half stored)
 *	408 409 425 429 5xx				RETRY
 *	401 403 404 405 407, any 3xx			BLOCKED: not this post is
 *	    wrong but the address or the credentials; nothing is given up
 *	other 4xx					REFUSED
 *	no connection, no name, no TLS			BLOCKED
 *	cut, timed out, answer too large		MAYBE: it may be stored
 */
#ifndef AD_OUTCOME_H
#define AD_OUTCOME_H

#include "sv_arena.h"

enum ad_outcome {
	AD_OUTCOME_DONE,
	AD_OUTCOME_RETRY,	/* the receiver is busy, or in conflict */
	AD_OUTCOME_MAYBE,	/* as RETRY; it may have been stored */
	AD_OUTCOME_BLOCKED,	/* as RETRY; nothing gets through */
	AD_OUTCOME_REFUSED,	/* for good: a person has to look */
	AD_OUTCOME_MAX
};

struct ad_attempt {
	int curl;		/* CURLcode */
	long status;		/* HTTP, if curl is 0 */
	struct sv_str answer;	/* body */
};

/** What ${a} means; ${reason} gets one line without patient content.  ${A} is
 * working memory. */
enum ad_outcome ad_outcome_of(struct sv_arena *A, const struct ad_attempt *a,
    char reason[200]);

struct sv_str ad_outcome_name(enum ad_outcome o);

/**
 * ad_outcome_delay_ms(attempts, retry_after_s, random):
 * How long to wait before attempt ${attempts} + 1: what the receiver asked
 * for, at most an hour; else exponential from 2 s to 15 min with full jitter
 * (${random} chooses within it), so that senders do not come back together.
 */
int64_t ad_outcome_delay_ms(int attempts, int64_t retry_after_s,
    uint32_t random);

#endif
