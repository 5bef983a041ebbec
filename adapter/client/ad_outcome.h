/**
 * ad_outcome.h: what an attempt to post means.  For the service's poster and
 * for salvor evaluate --post alike.
 *
 * Every entry of our Bundles is a conditional create or update, so a post may
 * be repeated whenever it is not certain that it was stored.
 *
 *	what happened					outcome
 *	2xx, a Bundle, every entry 2xx or 304		DONE
 *	2xx without a body				DONE
 *	2xx, a Bundle of fewer entries than were sent	CONFLICT
 *	2xx, an entry refused: the worst entry counts,
 *	    as below (some servers answer 200 to a
 *	    transaction that they half stored)
 *	2xx, no FHIR (the page of a portal, say)	BLOCKED
 *	409 412		another writer, or the server holds
 *			two of what should be one	CONFLICT
 *	404 with an OperationOutcome: what is referred to
 *	    is not there yet				CONFLICT
 *	408 425 429 5xx					RETRY
 *	401 403 404 405 407, any 3xx			BLOCKED: not this post is
 *	    wrong but the address or the credentials; nothing is given up
 *	other 4xx					REFUSED
 *	no connection, no name, no TLS			BLOCKED
 *	cut, timed out, answer too large		MAYBE: it may be stored
 *
 * Conflicts and refusals are about one post; the rest is about the receiver.
 */
#ifndef AD_OUTCOME_H
#define AD_OUTCOME_H

#include "ad_client.h"
#include "sv_arena.h"

enum ad_outcome {
	AD_OUTCOME_DONE,
	AD_OUTCOME_CONFLICT,	/* this post cannot be stored now */
	AD_OUTCOME_RETRY,	/* the receiver is busy */
	AD_OUTCOME_MAYBE,	/* as RETRY; it may have been stored */
	AD_OUTCOME_BLOCKED,	/* as RETRY; nothing gets through */
	AD_OUTCOME_REFUSED,	/* for good: a person has to look */
	AD_OUTCOME_MAX
};

struct ad_verdict {
	enum ad_outcome outcome;
	bool ours;		/* the fault lies in what we were told: address,
				 * certificates, credentials */
	char reason[320];	/* one line, and what to do; no patient content */
	struct sv_str said;	/* by the receiver, for people, line by line; may
				 * have patient content */
};

/** What the answer ${a} to a Bundle of ${n_sent} entries means (0: not known).
 * ${ret}->said is in ${A}. */
void ad_outcome_of(struct sv_arena *A, const struct ad_client_answer *a,
    size_t n_sent, struct ad_verdict *ret);

struct sv_str ad_outcome_name(enum ad_outcome o);

/**
 * ad_outcome_delay_ms(attempts, retry_after_s, random):
 * How long to wait before attempt ${attempts} + 1: what the receiver asked
 * for, at most an hour, and a tenth more at most; else exponential from 2 s to
 * 15 min, of which ${random} chooses the second half, so that senders do not
 * come back together.
 */
int64_t ad_outcome_delay_ms(int attempts, int64_t retry_after_s,
    uint32_t random);

#endif
