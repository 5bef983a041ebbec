/**
 * ad_breaker.h: how hard to press on a destination.  Pure: time and chance are
 * given.
 *
 * After AD_BREAKER_FAILURES in a row that have nothing to do with a single post
 * (no connection, 401, 503 ...) the breaker opens: nothing is sent for a while,
 * then one post tries whether the destination is back; each time that fails the
 * while is longer, up to a quarter of an hour.  When one gets through, the
 * number of posts at a time grows from one by one a success (slow start), and
 * is halved by a failure.  A Retry-After holds back all posts.
 */
#ifndef AD_BREAKER_H
#define AD_BREAKER_H

#include "ad_outcome.h"

#define AD_BREAKER_FAILURES 5

struct ad_breaker {
	long most;			/* posts at a time */
	long window;			/* of them allowed now */
	int failures;			/* in a row */
	bool open;
	int64_t pause_until_ms;
	int64_t through_ms;		/* when a post last got through */
};

struct ad_breaker ad_breaker_new(long most);

/** How many posts may be under way at ${now_ms}. */
long ad_breaker_allows(const struct ad_breaker *b, int64_t now_ms);

/** A post ended with ${o}; ${retry_after_s} 0: the destination did not say. */
void ad_breaker_note(struct ad_breaker *b, enum ad_outcome o,
    int64_t retry_after_s, int64_t now_ms, uint32_t random);

/**
 * ad_breaker_gives_up(b, o, attempts, now_ms):
 * True if a post that has ended ${attempts} times without success, now with
 * ${o}, is for a person: it was refused; or it was tried AD_BREAKER_ATTEMPTS
 * times and is in conflict, or stays without success while the destination
 * takes others.  One that cannot get through because nothing can is never given
 * up.
 */
#define AD_BREAKER_ATTEMPTS 20
bool ad_breaker_gives_up(const struct ad_breaker *b, enum ad_outcome o,
    int attempts, int64_t now_ms);

#endif
