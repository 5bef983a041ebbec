/**
 * ad_transfer.h: one post; internal to adapter/post.
 */
#ifndef AD_TRANSFER_H
#define AD_TRANSFER_H

#include <pthread.h>
#include <stdatomic.h>

#include "ad_outcome.h"
#include "ad_poster.h"

#define AD_TRANSFER_OPEN_AFTER 5	/* failures in a row */

struct ad_line;

/* One post under way. */
struct ad_transfer {
	struct ad_line *line;
	struct ad_client *client;
	struct sv_arena A;		/* holds the row */
	struct ad_row row;
	bool busy;
};

/* One destination. */
struct ad_line {
	struct ad_store *S;
	_Atomic int64_t *stop_at_ms;	/* 0: go on */
	struct ad_destination d;
	pthread_t thread;
	bool started;
	CURLM *multi;
	struct ad_transfer *transfer;	/* d.concurrency */
	long running;
	int failures;			/* in a row */
	int64_t open_until_ms;
	_Atomic int64_t done, retried, maybe, refused;
	_Atomic bool open;
};

int64_t ad_transfer_now_ms(void);

/** Post t->row, or write it to the folder; t->busy until it is settled. */
void ad_transfer_start(struct ad_transfer *t);

/** libcurl has done with ${t}: write down what that means. */
void ad_transfer_finish(struct ad_transfer *t, CURLcode code);

#endif
