/**
 * ad_poster.h: the outbox to its destinations.
 *
 * One thread a destination, so that one that is down holds no other up.  Rows
 * of one patient go one after the other, in the order in which they arose;
 * those of different patients side by side.  Rows that were overtaken while a
 * destination was down are posted all the same: each is a record of what was
 * said on its day, and what is left on the server would not be equal without
 * them.  What each answer means is ad_outcome.h, how hard a destination is
 * pressed ad_breaker.h.
 */
#ifndef AD_POSTER_H
#define AD_POSTER_H

#include "ad_store.h"

/* Strings are the owner's.  At most one of token, password and client. */
struct ad_destination {
	struct sv_str name;
	const char *url;		/* https://…, or file:/folder */
	const char *ca, *certificate, *key;	/* PEM files, or NULL */
	const char *proxy;		/* NULL: of the environment; "": none */
	const char *token_file;		/* bearer token; mode 0600 */
	const char *user, *password_file;	/* HTTP basic; mode 0600 */
	/* SMART Backend Services, see ad_smart.h. */
	const char *client_id, *client_key, *token_url, *jku, *scope;
	long concurrency, timeout_s;
	bool logical;			/* it does not hold what senders sent:
					 * see map_logical.h */
	bool plain;			/* http: allowed, on loopback */
};

/** Called in a thread of the poster: "post-dead", "destination-down",
 * "destination-back".  ${why} has no patient content. */
typedef void (*ad_poster_note)(const char *event, struct sv_str destination,
    int64_t row, const char *why);

struct ad_poster;

/** Start to drain the outbox of ${S}.  The destinations are copied, their
 * strings are not.  ${note} may be NULL.  NULL with ${err}. */
struct ad_poster *ad_poster_start(struct ad_store *S,
    const struct ad_destination *d, size_t n, ad_poster_note note,
    struct sv_err *err);

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

/** End what is under way, at most ${deadline_ms}; what is not answered then
 * waits, to be posted again.  Frees ${P}; NULL is allowed. */
void ad_poster_stop(struct ad_poster *P, int deadline_ms);

#endif
