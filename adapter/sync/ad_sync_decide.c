/*
 * Everybody who is due is decided: worked out by threads that read, written by
 * this one.
 */
#include "ad_sync_run.h"

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_stop.h"

#define CHUNK 8			/* patients that are worked out together */
#define MAX_READY 4

struct pool {
	struct ad_sync *Y;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct ad_due_query q;		/* where the list is */
	struct ad_store *list;		/* that is read for it */
	struct ad_intake *ready[MAX_READY];
	size_t n_ready;
	int n_working;
	bool stop, failed;
	char why[512];
	struct worker {
		struct pool *p;
		struct ad_store *S;
		pthread_t thread;
		bool started;
	} worker[AD_SYNC_MAX_THREADS];
};

static void
fail(struct pool *p, const char *why)
{
	(void)pthread_mutex_lock(&p->lock);
	if (!p->failed)
		(void)snprintf(p->why, sizeof(p->why), "%s", why);
	p->failed = p->stop = true;
	(void)pthread_cond_broadcast(&p->change);
	(void)pthread_mutex_unlock(&p->lock);
}

/* The next few patients that are due.  SKIP: there are no more. */
static struct sv_status
take_chunk(struct pool *p, struct sv_arena *A, struct ad_patient_ids *ret)
{
	struct sv_status s = SV_SKIP;

	(void)pthread_mutex_lock(&p->lock);
	if (!p->stop) {
		s = ad_store_begin(p->list);
		if (sv_is_ok(s)) {
			s = ad_store_list_due(p->list, A, &p->q, ret);
			ad_store_rollback(p->list);
		}
		if (sv_is_ok(s) && ret->n == 0)
			s = SV_SKIP;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return s;
}

static struct sv_status
work_out(struct worker *w, const struct ad_patient_ids *ids,
    struct ad_intake **ret)
{
	struct ad_sync *Y = w->p->Y;
	struct sv_status s;

	SV_TRY(ad_intake_review(&Y->u->intake, Y->now_ms, ids, ret));
	ad_intake_attribute(*ret, Y->state.run, Y->I.r.correlation);
	s = ad_store_begin(w->S);
	if (sv_is_ok(s)) {
		s = ad_intake_ahead(*ret, w->S);
		ad_store_rollback(w->S);
	}
	if (!sv_is_ok(s))
		ad_intake_free(*ret);
	return s;
}

static void
hand_over(struct pool *p, struct ad_intake *I)
{
	(void)pthread_mutex_lock(&p->lock);
	while (p->n_ready == MAX_READY && !p->stop)
		(void)pthread_cond_wait(&p->change, &p->lock);
	if (p->stop)
		ad_intake_free(I);
	else
		p->ready[p->n_ready++] = I;
	(void)pthread_cond_broadcast(&p->change);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct sv_arena A = ad_arena((size_t)1 << 20);
	struct sv_status s = SV_OK;
	struct ad_intake *I;

	while (sv_is_ok(s)) {
		struct ad_patient_ids ids = { .n = 0 };

		sv_arena_reset(&A);
		s = take_chunk(w->p, &A, &ids);
		if (sv_is_ok(s))
			s = work_out(w, &ids, &I);
		if (sv_is_ok(s))
			hand_over(w->p, I);
	}
	if (s.code != SV_CODE_SKIP)
		fail(w->p, s.code == SV_CODE_NOMEM ? "not enough memory"
		    : ad_store_error(w->S));
	sv_arena_free(&A);
	(void)pthread_mutex_lock(&w->p->lock);
	w->p->n_working--;
	(void)pthread_cond_broadcast(&w->p->change);
	(void)pthread_mutex_unlock(&w->p->lock);
	return NULL;
}

/* NULL: all are decided, or something failed. */
static struct ad_intake *
next_ready(struct pool *p)
{
	struct ad_intake *I = NULL;

	(void)pthread_mutex_lock(&p->lock);
	while (p->n_ready == 0 && p->n_working > 0 && !p->failed)
		(void)pthread_cond_wait(&p->change, &p->lock);
	if (p->n_ready > 0 && !p->failed) {
		I = p->ready[0];
		p->n_ready--;
		for (size_t i = 0; i < p->n_ready; i++)
			p->ready[i] = p->ready[i + 1];
		(void)pthread_cond_broadcast(&p->change);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return I;
}

static void
add_up(struct ad_sync_decided *d, const struct ad_answer *a)
{
	d->change.decided += a->change.decided;
	d->change.fresh += a->change.fresh;
	d->change.changed += a->change.changed;
	d->change.withdrawn += a->change.withdrawn;
	d->change.kept += a->change.kept;
	d->undecided += (int64_t)a->n_undecided;
	d->posts += (int64_t)a->n_posts;
}

/* A unit: what is ready, until its time is up. */
static struct sv_status
write_unit(struct pool *p, struct ad_intake *first)
{
	struct ad_sync *Y = p->Y;
	int64_t begun = ad_now_ms(), limit = Y->beside_service
	    ? AD_SYNC_UNIT_BESIDE_MS : AD_SYNC_UNIT_MS;
	struct ad_sync_decided d = Y->d, before;
	struct sv_status s = ad_store_begin(Y->S);
	struct ad_answer a;

	if (!sv_is_ok(s)) {
		ad_intake_free(first);
		return s;
	}
	for (struct ad_intake *I = first; sv_is_ok(s) && I != NULL;
	    I = ad_now_ms() - begun < limit ? next_ready(p) : NULL) {
		s = ad_intake_apply(I, Y->S);
		a = ad_intake_answer(I);
		add_up(&d, &a);
		ad_intake_free(I);
	}
	before = Y->d;
	Y->d = d;
	if (sv_is_ok(s))
		s = ad_sync_put_state(Y);
	if (!sv_is_ok(s))
		Y->d = before;
	SV_TRY(ad_store_end(Y->S, s));
	Y->P->patients = d.change.decided + d.undecided;
	ad_progress_show(Y->P, Y->P->patients);
	ad_sync_yield(Y, ad_now_ms() - begun);
	return SV_OK;
}

static struct sv_status
start(struct pool *p)
{
	const char *path = p->Y->store_path;
	int n = ad_sync_threads();
	struct sv_err err = { .text = "" };

	p->list = ad_store_open(path, AD_STORE_READ, &err);
	for (int i = 0; p->list != NULL && i < n; i++) {
		struct worker *w = &p->worker[i];

		w->p = p;
		w->S = ad_store_open(path, AD_STORE_READ, &err);
		if (w->S == NULL)
			break;
		p->n_working++;
		w->started = pthread_create(&w->thread, NULL, work, w) == 0;
		if (!w->started)
			p->n_working--;
	}
	if (p->worker[0].started)
		return SV_OK;
	(void)snprintf(p->Y->why, sizeof(p->Y->why), "%s", err.text[0] != '\0'
	    ? err.text : "not enough memory to decide");
	return SV_RETRY;
}

static void
end(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	p->stop = true;
	(void)pthread_cond_broadcast(&p->change);
	(void)pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < AD_SYNC_MAX_THREADS; i++) {
		if (p->worker[i].started)
			(void)pthread_join(p->worker[i].thread, NULL);
		ad_store_close(p->worker[i].S);
	}
	for (size_t i = 0; i < p->n_ready; i++)
		ad_intake_free(p->ready[i]);
	ad_store_close(p->list);
	(void)pthread_cond_destroy(&p->change);
	(void)pthread_mutex_destroy(&p->lock);
}

/* Patients that were decided by other rules, a few at a time. */
static struct sv_status
make_stale_due(struct ad_sync *Y)
{
	int64_t n = 1;

	while (n > 0) {
		struct sv_status s;

		SV_TRY(ad_store_begin(Y->S));
		s = ad_store_make_stale_due(Y->S, Y->u->intake.sha256, 5000,
		    &n);
		SV_TRY(ad_store_end(Y->S, s));
		ad_sync_yield(Y, 20);
	}
	return SV_OK;
}

static struct sv_status
count_due(struct ad_sync *Y, int64_t *ret)
{
	struct sv_status s;

	SV_TRY(ad_store_begin(Y->R));
	s = ad_store_count_due(Y->R, Y->today, ret);
	ad_store_rollback(Y->R);
	return s;
}

struct sv_status
ad_sync_decide(struct ad_sync *Y)
{
	struct pool p = { .Y = Y, .q = { .today = Y->today, .max = CHUNK,
		.due = -1 } };
	int64_t begun = ad_now_ms(), due = 0;
	struct ad_intake *I;
	struct sv_status s;

	SV_TRY(make_stale_due(Y));
	SV_TRY(count_due(Y, &due));
	if (due == 0)
		return SV_OK;
	ad_progress_phase(Y->P, "deciding", due, false);
	(void)pthread_mutex_init(&p.lock, NULL);
	(void)pthread_cond_init(&p.change, NULL);
	s = start(&p);
	while (sv_is_ok(s) && !ad_stop_asked() && (I = next_ready(&p)) != NULL)
		s = write_unit(&p, I);
	end(&p);
	if (s.code == SV_CODE_RETRY && Y->why[0] == '\0')
		return ad_sync_store_failed(Y);
	if (p.failed)
		(void)snprintf(Y->why, sizeof(Y->why), "%s", p.why);
	SV_ENSURE(!p.failed && !ad_stop_asked(), SV_RETRY);
	Y->decide_ms = ad_now_ms() - begun;
	return s;
}
