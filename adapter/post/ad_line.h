/**
 * ad_line.h: one destination and its posts; internal to adapter/post.
 *
 * A job goes FREE -> QUEUED (claimed in the store) -> RUNNING -> SETTLED (its
 * end is to be written down) -> FREE.  Jobs are claimed and settled in groups,
 * in one unit of the store, and so with one fsync.
 */
#ifndef AD_LINE_H
#define AD_LINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ad_breaker.h"
#include "ad_poster.h"
#include "ad_smart.h"

#define AD_LINE_JOBS 64			/* a destination, at a time */
#define AD_LINE_BYTES ((size_t)8 << 20)	/* of Bundles claimed at a time */

enum ad_job_state {
	AD_JOB_FREE,
	AD_JOB_QUEUED,
	AD_JOB_RUNNING,
	AD_JOB_SETTLED
};

struct ad_line;

struct ad_job {
	struct ad_line *line;
	enum ad_job_state state;
	struct sv_arena A;		/* holds the row, request and answer */
	struct ad_row row;
	struct ad_client *client;	/* while RUNNING */
	char *authorization;		/* in ${A}; of SMART, or NULL */
	size_t n_entries;		/* of the Bundle */
	bool again;			/* it was sent again with a new token */
};

struct ad_line {
	struct ad_store *S;
	_Atomic int64_t *stop_at_ms;	/* 0: go on */
	struct ad_destination d;
	ad_poster_note note;
	pthread_t thread;
	bool started;
	CURLM *multi;
	struct ad_smart *smart;		/* or NULL */
	struct ad_breaker breaker;
	struct ad_job job[AD_LINE_JOBS];
	struct ad_client *idle[AD_LINE_JOBS];	/* clients without a job */
	size_t n_idle;
	size_t count[AD_JOB_SETTLED + 1];	/* jobs by state */
	int64_t look_ms;		/* when to ask the store again */
	int64_t rest_ms;		/* it failed: nothing before this */
	int64_t due_ms;			/* what it said; -1: nothing */
	_Atomic bool fresh;		/* there may be something new */
	_Atomic int64_t done, retried, maybe, refused;
	_Atomic bool open;
};

void ad_job_set(struct ad_job *j, enum ad_job_state state);

/** Post the QUEUED ${j}, or write it to its folder: RUNNING, or SETTLED at
 * once. */
void ad_transfer_start(struct ad_job *j);

/** libcurl has done with ${j}: SETTLED, or RUNNING again with a new token. */
void ad_transfer_finish(struct ad_job *j, CURLcode code);

/** ${j} ended as ${v} says: its row gets its next state. */
void ad_line_settle(struct ad_job *j, const struct ad_verdict *v,
    int64_t retry_after_s);

/** The body of a thread: posts until *${L}->stop_at_ms. */
void *ad_line_work(void *L);

/** Write ${r} as a file of its own into ${folder}: whole or not at all, and
 * once.  RETRY with ${err}. */
struct sv_status ad_drop_file(const char *folder, const struct ad_row *r,
    struct sv_err *err) SV_CHECK;

#endif
