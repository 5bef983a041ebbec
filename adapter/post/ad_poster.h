/**
 * ad_poster.h: the outbox to its destinations.
 *
 * One thread a destination, so that one that is down holds no other up.  Rows
 * of one patient go one after the other, those of different patients side by
 * side.  What each answer means is ad_outcome.h.
 *
 * After five failures in a row that have nothing to do with the post (no
 * connection, 401, 503 ...) nothing more is sent for a while; then one post
 * tries whether the destination is back (circuit breaker).
 */
#ifndef AD_POSTER_H
#define AD_POSTER_H

#include "ad_store.h"

struct ad_destination {
	struct sv_str name;
	const char *url;		/* https://…, or file:/folder */
	const char *ca, *certificate, *key;	/* PEM files, or NULL */
	const char *token_file;		/* bearer token, or NULL; mode 0600 */
	long concurrency, timeout_s;
	bool plain;			/* http: allowed, on loopback */
};

struct ad_poster;

/** Start to drain the outbox of ${S}.  The destinations are copied, their
 * strings are not.  NULL with ${err}. */
struct ad_poster *ad_poster_start(struct ad_store *S,
    const struct ad_destination *d, size_t n, struct sv_err *err);

/** There is something new in the outbox.  Any thread. */
void ad_poster_wake(struct ad_poster *P);

struct ad_poster_counts {
	struct sv_str name;
	int64_t done, retried, maybe, refused;
	bool open;			/* nothing gets through */
};

/** How destination ${i} goes; false if there is none. */
bool ad_poster_counted(struct ad_poster *P, size_t i,
    struct ad_poster_counts *ret);

/** End what is under way, at most ${deadline_ms}; what is not answered then is
 * posted again after the next start.  Frees ${P}; NULL is allowed. */
void ad_poster_stop(struct ad_poster *P, int deadline_ms);

#endif
