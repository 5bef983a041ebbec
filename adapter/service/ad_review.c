#include "ad_review.h"

#include <stdlib.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_service.h"
#include "sv_limits.h"

/* Patients that share a unit: few, so that messages do not wait long. */
#define MAX_BATCH 8

struct ad_review {
	struct ad_service *V;
	struct ad_store *S;		/* a reader of its own */
	pthread_t thread;
	pthread_mutex_t lock;		/* of ${again} */
	pthread_cond_t wake;
	bool again;			/* there may be something to do */
	_Atomic bool ending;
};

/* What one pass over the patients did. */
struct pass {
	struct ad_setup *u;
	int64_t after;			/* the last patient that was looked at */
	size_t decided, undecided, posts;
};

static struct sv_status
find_batch(struct ad_review *R, const struct pass *p, struct sv_arena *A,
    struct ad_patient_ids *ret)
{
	const struct ad_stale q = { .sha256 = p->u->intake.sha256,
		.after = p->after, .max = MAX_BATCH };
	struct sv_status s;

	SV_TRY(ad_store_begin(R->S));
	s = ad_store_stale(R->S, A, &q, ret);
	ad_store_rollback(R->S);
	return s;
}

static struct sv_status
decide_batch(struct ad_review *R, struct pass *p,
    const struct ad_patient_ids *patients)
{
	struct ad_intake *I;
	struct ad_answer a;
	char why[AD_WRITER_WHY];
	struct sv_status s = ad_intake_review(&p->u->intake, ad_now_ms(),
	    patients, &I);

	if (!sv_is_ok(s))
		return s;
	s = ad_writer_run(R->V->writer, I, why);
	if (sv_is_ok(s)) {
		a = ad_intake_answer(I);
		p->decided += a.n_decided;
		p->undecided += a.n_undecided;
		p->posts += a.n_posts;
		if (a.n_posts > 0)
			ad_service_wake(R->V);
	} else {
		ad_log("not-reviewed", "why=\"%s\"", why);
	}
	ad_intake_free(I);
	return s;
}

/* False: nothing is left, or it has to wait. */
static bool
next_batch(struct ad_review *R, struct pass *p)
{
	struct sv_arena A = ad_arena((size_t)1 << 20);
	struct ad_patient_ids patients = { .n = 0 };
	struct sv_status s = find_batch(R, p, &A, &patients);
	bool more = patients.n > 0;

	if (sv_is_ok(s) && more)
		s = decide_batch(R, p, &patients);
	if (!sv_is_ok(s))
		(void)nanosleep(&(struct timespec){ 1, 0 }, NULL);
	else if (more)
		p->after = patients.at[patients.n - 1];
	sv_arena_free(&A);
	return more || !sv_is_ok(s);
}

/* True if there is something to do; false: the end. */
static bool
wait_for_work(struct ad_review *R)
{
	(void)pthread_mutex_lock(&R->lock);
	while (!R->again && !R->ending)
		(void)pthread_cond_wait(&R->wake, &R->lock);
	R->again = false;
	(void)pthread_mutex_unlock(&R->lock);
	return !R->ending;
}

static bool
is_stale(struct ad_review *R)
{
	bool again;

	(void)pthread_mutex_lock(&R->lock);
	again = R->again || R->ending;
	(void)pthread_mutex_unlock(&R->lock);
	return again;
}

static void *
work(void *arg)
{
	struct ad_review *R = arg;

	while (wait_for_work(R)) {
		struct pass p = { .u = ad_setup_use(R->V) };

		while (!is_stale(R) && next_batch(R, &p))
			continue;
		if (p.decided + p.undecided > 0)
			ad_log("reviewed", "rules=%.12s decided=%zu "
			    "undecided=%zu posts=%zu", p.u->intake.sha256.p,
			    p.decided, p.undecided, p.posts);
		ad_setup_drop(p.u);
	}
	return NULL;
}

struct ad_review *
ad_review_start(struct ad_service *V, struct sv_err *err)
{
	struct ad_review *R = calloc(1, sizeof(*R));

	if (R == NULL)
		goto err0;
	R->V = V;
	R->again = true;
	(void)pthread_mutex_init(&R->lock, NULL);
	(void)pthread_cond_init(&R->wake, NULL);
	R->S = ad_store_open(V->setup->conf.store, AD_STORE_READ, err);
	if (R->S != NULL && pthread_create(&R->thread, NULL, work, R) == 0)
		return R;
	ad_store_close(R->S);
	(void)pthread_cond_destroy(&R->wake);
	(void)pthread_mutex_destroy(&R->lock);
err0:
	free(R);
	if (err->text[0] == '\0')
		sv_err_set(err, "", "not enough memory to review patients");
	return NULL;
}

void
ad_review_wake(struct ad_review *R)
{
	if (R == NULL)
		return;
	(void)pthread_mutex_lock(&R->lock);
	R->again = true;
	(void)pthread_cond_signal(&R->wake);
	(void)pthread_mutex_unlock(&R->lock);
}

void
ad_review_stop(struct ad_review *R)
{
	if (R == NULL)
		return;
	R->ending = true;
	ad_review_wake(R);
	(void)pthread_join(R->thread, NULL);
	ad_store_close(R->S);
	(void)pthread_cond_destroy(&R->wake);
	(void)pthread_mutex_destroy(&R->lock);
	free(R);
}
