#include "ad_writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Messages that share a unit: enough to hide the fsync, few enough that the
 * first of them does not wait long. */
#define MAX_UNIT 128
#define PROBE_S 5

struct job {
	struct ad_intake *I;
	ad_writer_done done;
	void *ctx;
	struct sv_status s;
};

/*
 * A ring of ${cap} jobs, ${n} of them from ${head} on.  Guarded by ${lock};
 * ${wake} says that there is a job, or that the end has come.
 */
struct ad_writer {
	struct ad_store *S;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *ring;
	size_t cap, head, n;
	bool stopping, probe;
	bool failing;			/* the last unit */
	time_t tried;			/* when that was */
	struct ad_writer_counts count;
};

/* Apply one message.  RETRY: the unit is lost; a message that only ran out of
 * memory is undone and leaves the others alone. */
static struct sv_status
apply_one(struct ad_writer *W, struct job *j)
{
	SV_TRY(ad_store_savepoint(W->S));
	j->s = ad_store_end_savepoint(W->S, ad_intake_apply(j->I, W->S));
	return j->s.code == SV_CODE_RETRY ? SV_RETRY : SV_OK;
}

static struct sv_status
apply_all(struct ad_writer *W, struct job *j, size_t n)
{
	struct sv_status s = ad_store_begin(W->S);

	SV_TRY(s);
	for (size_t i = 0; sv_is_ok(s) && i < n; i++)
		s = apply_one(W, &j[i]);
	return ad_store_end(W->S, s);
}

/* How it went; under the lock. */
static void
note(struct ad_writer *W, struct sv_status s)
{
	W->failing = !sv_is_ok(s);
	W->tried = time(NULL);
	W->probe = false;
}

static void
run_unit(struct ad_writer *W, struct job *j, size_t n)
{
	struct sv_status s = apply_all(W, j, n);

	(void)pthread_mutex_lock(&W->lock);
	note(W, s);
	W->count.units++;
	if (sv_is_ok(s))
		W->count.messages += (int64_t)n;
	else
		W->count.failed += (int64_t)n;
	(void)pthread_mutex_unlock(&W->lock);
	for (size_t i = 0; i < n; i++)
		j[i].done(j[i].ctx, j[i].I, sv_is_ok(s) ? j[i].s : s,
		    sv_is_ok(s) ? "" : ad_store_error(W->S));
}

/* Nothing waits, but somebody asks whether the store can be written. */
static void
probe(struct ad_writer *W)
{
	struct sv_status s;

	(void)pthread_mutex_unlock(&W->lock);
	s = ad_store_probe(W->S);
	(void)pthread_mutex_lock(&W->lock);
	note(W, s);
}

/* Wait for jobs and take them.  None: the end. */
static size_t
take(struct ad_writer *W, struct job *j)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&W->lock);
	while (W->n == 0 && !W->stopping) {
		if (W->probe)
			probe(W);
		else
			(void)pthread_cond_wait(&W->wake, &W->lock);
	}
	for (; n < MAX_UNIT && W->n > 0; n++, W->n--) {
		j[n] = W->ring[W->head];
		W->head = (W->head + 1) % W->cap;
	}
	(void)pthread_mutex_unlock(&W->lock);
	return n;
}

static void *
work(void *arg)
{
	struct ad_writer *W = arg;
	struct job j[MAX_UNIT];
	size_t n;

	while ((n = take(W, j)) > 0)
		run_unit(W, j, n);
	return NULL;
}

struct ad_writer *
ad_writer_start(struct ad_store *S, size_t max_waiting, struct sv_err *err)
{
	struct ad_writer *W = calloc(1, sizeof(*W));

	if (W == NULL || (W->ring = calloc(max_waiting, sizeof(*W->ring)))
	    == NULL)
		goto err0;
	W->S = S;
	W->cap = max_waiting;
	(void)pthread_mutex_init(&W->lock, NULL);
	(void)pthread_cond_init(&W->wake, NULL);
	if (pthread_create(&W->thread, NULL, work, W) == 0)
		return W;
	(void)pthread_cond_destroy(&W->wake);
	(void)pthread_mutex_destroy(&W->lock);
err0:
	sv_err_set(err, "", "not enough memory for the writer's thread");
	if (W != NULL)
		free(W->ring);
	free(W);
	return NULL;
}

bool
ad_writer_submit(struct ad_writer *W, struct ad_intake *I,
    ad_writer_done done, void *ctx)
{
	bool ok;

	(void)pthread_mutex_lock(&W->lock);
	ok = W->n < W->cap && !W->stopping;
	if (ok) {
		W->ring[(W->head + W->n++) % W->cap] = (struct job){ .I = I,
			.done = done, .ctx = ctx };
		(void)pthread_cond_signal(&W->wake);
	}
	(void)pthread_mutex_unlock(&W->lock);
	return ok;
}

/* Somebody waits for one message. */
struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool settled;
	struct sv_status s;
	char *why;
};

static void
settled(void *ctx, struct ad_intake *I, struct sv_status s, const char *why)
{
	struct waiting *w = ctx;

	(void)I;
	(void)pthread_mutex_lock(&w->lock);
	w->settled = true;
	w->s = s;
	(void)snprintf(w->why, AD_WRITER_WHY, "%s", s.code == SV_CODE_NOMEM
	    ? "not enough memory" : why);
	(void)pthread_cond_signal(&w->done);
	(void)pthread_mutex_unlock(&w->lock);
}

struct sv_status
ad_writer_run(struct ad_writer *W, struct ad_intake *I,
    char why[AD_WRITER_WHY])
{
	struct waiting w = { .why = why };

	(void)pthread_mutex_init(&w.lock, NULL);
	(void)pthread_cond_init(&w.done, NULL);
	if (ad_writer_submit(W, I, settled, &w)) {
		(void)pthread_mutex_lock(&w.lock);
		while (!w.settled)
			(void)pthread_cond_wait(&w.done, &w.lock);
		(void)pthread_mutex_unlock(&w.lock);
	} else {
		w.s = SV_RETRY;
		(void)snprintf(why, AD_WRITER_WHY, "too many messages wait");
	}
	(void)pthread_cond_destroy(&w.done);
	(void)pthread_mutex_destroy(&w.lock);
	return w.s;
}

bool
ad_writer_healthy(struct ad_writer *W)
{
	bool ok;

	(void)pthread_mutex_lock(&W->lock);
	ok = !W->failing;
	if (W->failing || time(NULL) - W->tried >= PROBE_S) {
		W->probe = true;
		(void)pthread_cond_signal(&W->wake);
	}
	(void)pthread_mutex_unlock(&W->lock);
	return ok;
}

struct ad_writer_counts
ad_writer_counted(struct ad_writer *W)
{
	struct ad_writer_counts c;

	(void)pthread_mutex_lock(&W->lock);
	c = W->count;
	c.waiting = (int64_t)W->n;
	(void)pthread_mutex_unlock(&W->lock);
	return c;
}

void
ad_writer_stop(struct ad_writer *W)
{
	if (W == NULL)
		return;
	(void)pthread_mutex_lock(&W->lock);
	W->stopping = true;
	(void)pthread_cond_signal(&W->wake);
	(void)pthread_mutex_unlock(&W->lock);
	(void)pthread_join(W->thread, NULL);
	(void)pthread_cond_destroy(&W->wake);
	(void)pthread_mutex_destroy(&W->lock);
	free(W->ring);
	free(W);
}
