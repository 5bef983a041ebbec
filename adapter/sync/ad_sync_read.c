#include "ad_sync_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ad_memory.h"
#include "ad_sync_order.h"
#include "ad_sync_sift.h"
#include "sv_limits.h"

/* Enough to go on with while the thread that writes commits. */
#define BATCHES (14 * AD_SYNC_MAX_THREADS)
/* Of blocks with lines that are longer than a block no more is read, but for
 * one by each thread, until others are done with. */
#define MAX_LARGE ((size_t)16 << 20)

struct ad_sync_reader {
	struct ad_sync *Y;
	struct sv_arena A;		/* of the sieve */
	struct ad_sync_batch batch[BATCHES];
	pthread_mutex_t lock;
	pthread_cond_t idled, sifted;
	struct ad_sync_batch *idle[BATCHES];
	size_t n_idle;
	size_t large;			/* bytes of blocks that are */
	struct ad_sync_batch *ready[BATCHES];	/* at number % BATCHES */
	size_t n_working;
	bool stop;
	/* Of the thread that takes the batches, in their order: */
	struct ad_sync_sifter F;
	uint64_t turn;			/* the number of the next batch */
	struct worker {
		struct ad_sync_reader *X;
		struct ad_sync_sifter F;
		pthread_t thread;
		bool started;
	} worker[AD_SYNC_MAX_THREADS];
	/* One thread at a time reads a block. */
	pthread_mutex_t reading;
	struct ad_sync_order order;
	bool ended;
	uint64_t n_read;
};

static struct ad_sync_batch *
take_idle(struct ad_sync_reader *X)
{
	struct ad_sync_batch *b = NULL;

	(void)pthread_mutex_lock(&X->lock);
	while ((X->n_idle == 0 || X->large > MAX_LARGE) && !X->stop)
		(void)pthread_cond_wait(&X->idled, &X->lock);
	if (!X->stop)
		b = X->idle[--X->n_idle];
	(void)pthread_mutex_unlock(&X->lock);
	if (b != NULL) {
		sv_arena_reset(&b->A);
		b->at = NULL;
		b->silent = NULL;
		b->n = b->cap = b->n_silent = b->cap_silent = 0;
		b->line = b->lines = b->dropped = 0;
		b->end = false;
		b->status = SV_OK;
	}
	return b;
}

/* The lines of the next block, in ${b}.  SKIP: there is none; BAD with
 * ${b}->errno_; NOMEM. */
static struct sv_status
read_block(struct ad_sync_reader *X, struct ad_sync_batch *b,
    struct ad_sync_block *k)
{
	struct sv_status s;

	SV_ENSURE(!X->ended, SV_SKIP);
	*k = (struct ad_sync_block){ .p = b->block, .cap = b->cap_block };
	s = ad_sync_order_next(&X->order, k, &b->file, b->digest);
	b->errno_ = errno;
	b->block = k->p;
	b->cap_block = k->cap;
	X->ended = !sv_is_ok(s);
	SV_ENSURE(s.code != SV_CODE_SKIP, s);
	b->number = X->n_read++;
	b->offset = k->offset;
	b->end = k->end;
	return s;
}

static struct sv_status
sift(struct ad_sync_sifter *F, struct ad_sync_batch *b,
    const struct ad_sync_block *k)
{
	const struct sv_str mark = SV_LIT("\xef\xbb\xbf");
	struct sv_str lines = k->lines;
	struct ad_sync_record *r;

	if (k->overlong) {
		SV_ENSURE((r = ad_sync_batch_add(b)) != NULL, SV_NOMEM);
		r->what = AD_SYNC_REFUSE;
		r->line = ++b->line;
		r->reason = SV_LIT("The line is longer than 16 MiB.");
	}
	if (k->first && sv_str_starts(lines, mark))
		lines = sv_str_from(lines, mark.n);
	return ad_sync_sift(F, b, lines);
}

/* Batches are in flight until they are returned, so that no two that are have
 * the same place. */
static void
hand_over(struct ad_sync_reader *X, struct ad_sync_batch *b)
{
	(void)pthread_mutex_lock(&X->lock);
	X->ready[b->number % BATCHES] = b;
	(void)pthread_cond_signal(&X->sifted);
	(void)pthread_mutex_unlock(&X->lock);
}

static size_t
size_if_large(const struct ad_sync_batch *b)
{
	return b->cap_block > AD_SYNC_BLOCK ? b->cap_block : 0;
}

static bool
work_on_one(struct worker *w)
{
	struct ad_sync_reader *X = w->X;
	struct ad_sync_batch *b = take_idle(X);
	struct ad_sync_block k;
	size_t large;

	if (b == NULL)
		return false;
	large = size_if_large(b);
	(void)pthread_mutex_lock(&X->reading);
	b->status = read_block(X, b, &k);
	(void)pthread_mutex_unlock(&X->reading);
	(void)pthread_mutex_lock(&X->lock);
	X->large += size_if_large(b) - large;
	(void)pthread_mutex_unlock(&X->lock);
	if (b->status.code == SV_CODE_SKIP) {
		ad_sync_reader_return(X, b);
		return false;
	}
	if (sv_is_ok(b->status))
		b->status = sift(&w->F, b, &k);
	hand_over(X, b);
	return true;
}

static void *
work(void *arg)
{
	struct worker *w = arg;

	/* The thread that writes is the one that all wait for, so it goes first;
	 * on Linux this is of the calling thread alone (setpriority(2)). */
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 9);
	while (work_on_one(w))
		;
	(void)pthread_mutex_lock(&w->X->lock);
	w->X->n_working--;
	(void)pthread_cond_signal(&w->X->sifted);
	(void)pthread_mutex_unlock(&w->X->lock);
	return NULL;
}

/* Fewer threads will do. */
static struct sv_status
start(struct ad_sync_reader *X, const struct map_sieve *sieve)
{
	int n = ad_sync_threads();

	for (int i = 0; i < n; i++) {
		struct worker *w = &X->worker[i];

		*w = (struct worker){ .X = X, .F = { X->Y, sieve,
			ad_arena(SV_LIMIT_ARENA) } };
		(void)pthread_mutex_lock(&X->lock);
		w->started = pthread_create(&w->thread, NULL, work, w) == 0;
		X->n_working += w->started ? 1 : 0;
		(void)pthread_mutex_unlock(&X->lock);
	}
	return X->worker[0].started ? SV_OK : SV_NOMEM;
}

static struct sv_status
prepare(struct ad_sync_reader *X)
{
	struct map_sieve *s;

	X->A = ad_arena(SV_LIMIT_ARENA);
	for (size_t i = 0; i < BATCHES; i++) {
		X->batch[i].A = ad_arena(SV_LIMIT_ARENA);
		X->batch[i].A.block_size = AD_SYNC_BLOCK / 4;
		X->idle[X->n_idle++] = &X->batch[i];
	}
	SV_TRY(ad_sync_order_make(&X->order, X->Y->file, X->Y->n_files));
	SV_TRY(map_sieve_make(&X->A, X->Y->u->engine.engine.input.terminology,
	    &s));
	X->F = (struct ad_sync_sifter){ X->Y, s, ad_arena(SV_LIMIT_ARENA) };
	return start(X, s);
}

struct sv_status
ad_sync_reader_start(struct ad_sync *Y, struct ad_sync_reader **ret)
{
	struct ad_sync_reader *X = calloc(1, sizeof(*X));
	struct sv_status s;

	SV_ENSURE(X != NULL, SV_NOMEM);
	X->Y = Y;
	(void)pthread_mutex_init(&X->lock, NULL);
	(void)pthread_mutex_init(&X->reading, NULL);
	(void)pthread_cond_init(&X->idled, NULL);
	(void)pthread_cond_init(&X->sifted, NULL);
	s = prepare(X);
	if (!sv_is_ok(s)) {
		ad_sync_reader_stop(X);
		return s;
	}
	*ret = X;
	return SV_OK;
}

struct ad_sync_batch *
ad_sync_reader_next(struct ad_sync_reader *X)
{
	struct ad_sync_batch **at = &X->ready[X->turn % BATCHES], *b;

	(void)pthread_mutex_lock(&X->lock);
	while (*at == NULL && X->n_working > 0)
		(void)pthread_cond_wait(&X->sifted, &X->lock);
	b = *at;
	*at = NULL;
	(void)pthread_mutex_unlock(&X->lock);
	if (b == NULL)
		return NULL;
	X->turn++;
	/* Of its lines, those before it were counted when it was taken. */
	if (sv_is_ok(b->status))
		b->status = ad_sync_sift_in_order(&X->F, b,
		    X->Y->file[b->file].line);
	return b;
}

void
ad_sync_reader_return(struct ad_sync_reader *X, struct ad_sync_batch *b)
{
	size_t large = size_if_large(b);

	(void)pthread_mutex_lock(&X->lock);
	if (large > 0 && X->large > MAX_LARGE) {
		free(b->block);
		b->block = NULL;
		b->cap_block = 0;
		X->large -= large;
	}
	X->idle[X->n_idle++] = b;
	(void)(large > 0 ? pthread_cond_broadcast(&X->idled)
	    : pthread_cond_signal(&X->idled));
	(void)pthread_mutex_unlock(&X->lock);
}

void
ad_sync_reader_stop(struct ad_sync_reader *X)
{
	if (X == NULL)
		return;
	(void)pthread_mutex_lock(&X->lock);
	X->stop = true;
	(void)pthread_cond_broadcast(&X->idled);
	(void)pthread_mutex_unlock(&X->lock);
	for (size_t i = 0; i < AD_SYNC_MAX_THREADS; i++) {
		if (X->worker[i].started)
			(void)pthread_join(X->worker[i].thread, NULL);
		sv_arena_free(&X->worker[i].F.A);
	}
	for (size_t i = 0; i < BATCHES; i++) {
		free(X->batch[i].block);
		sv_arena_free(&X->batch[i].A);
	}
	ad_sync_order_free(&X->order);
	sv_arena_free(&X->F.A);
	sv_arena_free(&X->A);
	(void)pthread_cond_destroy(&X->sifted);
	(void)pthread_cond_destroy(&X->idled);
	(void)pthread_mutex_destroy(&X->reading);
	(void)pthread_mutex_destroy(&X->lock);
	free(X);
}
