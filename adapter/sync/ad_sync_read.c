#include "ad_sync_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ad_memory.h"
#include "ad_sync_block.h"
#include "sv_limits.h"

#define BATCHES 4

struct ad_sync_reader {
	struct ad_sync *Y;
	const struct map_sieve *sieve;
	struct sv_arena A;		/* of the sieve */
	struct sv_arena scratch;	/* of a line */
	struct ad_sync_batch batch[BATCHES];
	struct ad_sync_batch *idle[BATCHES], *ready[BATCHES];
	size_t n_idle, n_ready;
	pthread_mutex_t lock;
	pthread_cond_t change;
	pthread_t thread;
	bool started, done, stop;
	struct ad_sync_blocks blocks;	/* of the file that is being read */
};

static struct ad_sync_batch *
take_idle(struct ad_sync_reader *X)
{
	struct ad_sync_batch *b = NULL;

	(void)pthread_mutex_lock(&X->lock);
	while (X->n_idle == 0 && !X->stop)
		(void)pthread_cond_wait(&X->change, &X->lock);
	if (!X->stop)
		b = X->idle[--X->n_idle];
	(void)pthread_mutex_unlock(&X->lock);
	if (b != NULL) {
		sv_arena_reset(&b->A);
		b->at = NULL;
		b->n = b->cap = 0;
		b->lines = b->dropped = 0;
		b->end = false;
		b->status = SV_OK;
	}
	return b;
}

static void
hand_over(struct ad_sync_reader *X, struct ad_sync_batch *b)
{
	(void)pthread_mutex_lock(&X->lock);
	memmove(X->ready + 1, X->ready, X->n_ready * sizeof(b));
	X->ready[0] = b;
	X->n_ready++;
	(void)pthread_cond_broadcast(&X->change);
	(void)pthread_mutex_unlock(&X->lock);
}

static bool
is_known(const void *ctx, struct sv_str type, struct sv_str id)
{
	return ad_sync_known_has(ctx, type, id);
}

/* For tests: what passes must not depend on the sieve. */
static bool
sieve_off(void)
{
	const char *off = getenv("SALVOR_TEST_NO_SIEVE");

	return off != NULL && off[0] != '\0';
}

static struct sv_status
parse_all(struct ad_sync_reader *X, struct ad_sync_batch *b,
    struct sv_str lines)
{
	struct fhir_line l = { .number = b->line };

	while (fhir_ndjson_next(&lines, &l)) {
		b->line = l.number;
		SV_TRY(ad_sync_parse(X->Y, &X->scratch, b, l.text));
	}
	b->line = l.number;
	return SV_OK;
}

static struct sv_status
sieve(struct ad_sync_reader *X, struct ad_sync_batch *b, struct sv_str lines)
{
	struct map_sieve_scan c;
	struct sv_str line;
	int64_t before = b->line;
	struct sv_status s = SV_OK;

	if (sieve_off()) {
		s = parse_all(X, b, lines);
		b->lines += b->line - before;
		return s;
	}
	c = map_sieve_begin(X->sieve, lines, b->line);
	c.known = is_known;
	c.ctx = &X->Y->known;
	while (sv_is_ok(s) && map_sieve_next(&c, &line)) {
		b->line = c.line;
		s = ad_sync_parse(X->Y, &X->scratch, b, line);
	}
	b->line = c.line;
	b->lines += b->line - before;
	b->dropped = c.dropped;
	return s;
}

static struct sv_status
next_block(struct ad_sync_reader *X, struct ad_sync_batch *b)
{
	const struct sv_str mark = SV_LIT("\xef\xbb\xbf");
	struct ad_sync_block k = { .p = b->block, .cap = b->cap_block };
	struct sv_status s = ad_sync_blocks_next(&X->blocks, &k);
	struct ad_sync_record *r;

	b->errno_ = errno;
	b->block = k.p;
	b->cap_block = k.cap;
	SV_TRY(s);
	b->offset = k.offset;
	b->end = k.end;
	if (k.overlong) {
		SV_ENSURE((r = ad_sync_batch_add(b)) != NULL, SV_NOMEM);
		r->what = AD_SYNC_REFUSE;
		r->line = ++b->line;
		r->reason = SV_LIT("The line is longer than 16 MiB.");
		b->lines++;
	}
	if (b->line == 0 && sv_str_starts(k.lines, mark))
		k.lines = sv_str_from(k.lines, mark.n);
	SV_TRY(sieve(X, b, k.lines));
	if (b->end)
		ad_sync_blocks_digest(&X->blocks, b->digest);
	return SV_OK;
}

/* Every block of file ${i}; false: no more can be read. */
static bool
read_file(struct ad_sync_reader *X, size_t i)
{
	const struct ad_sync_file *f = &X->Y->file[i];
	bool opened = ad_sync_blocks_open(&X->blocks, f->path, f->offset);
	int64_t offset = f->offset, line = f->line;
	bool ok = true, end = false;
	int e = errno;

	while (ok && !end) {
		struct ad_sync_batch *b = take_idle(X);

		if (b == NULL)
			break;
		b->file = i;
		b->offset = offset;
		b->line = line;
		b->errno_ = e;
		b->status = opened ? next_block(X, b) : SV_BAD;
		ok = sv_is_ok(b->status);
		end = b->end;
		offset = b->offset;
		line = b->line;
		hand_over(X, b);
	}
	ad_sync_blocks_close(&X->blocks);
	return end;
}

static void *
work(void *arg)
{
	struct ad_sync_reader *X = arg;
	bool ok = true;

	for (size_t i = 0; ok && i < X->Y->n_files; i++)
		ok = X->Y->file[i].skip || read_file(X, i);
	(void)pthread_mutex_lock(&X->lock);
	X->done = true;
	(void)pthread_cond_broadcast(&X->change);
	(void)pthread_mutex_unlock(&X->lock);
	return NULL;
}

static struct sv_status
prepare(struct ad_sync_reader *X)
{
	struct map_sieve *s;

	X->A = ad_arena(SV_LIMIT_ARENA);
	X->scratch = ad_arena(SV_LIMIT_ARENA);
	for (size_t i = 0; i < BATCHES; i++) {
		X->batch[i].A = ad_arena(SV_LIMIT_ARENA);
		X->idle[X->n_idle++] = &X->batch[i];
	}
	SV_TRY(ad_sync_blocks_make(&X->blocks));
	SV_TRY(map_sieve_make(&X->A, X->Y->u->engine.engine.input.terminology,
	    &s));
	X->sieve = s;
	X->started = pthread_create(&X->thread, NULL, work, X) == 0;
	return X->started ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_sync_reader_start(struct ad_sync *Y, struct ad_sync_reader **ret)
{
	struct ad_sync_reader *X = calloc(1, sizeof(*X));
	struct sv_status s;

	SV_ENSURE(X != NULL, SV_NOMEM);
	X->Y = Y;
	(void)pthread_mutex_init(&X->lock, NULL);
	(void)pthread_cond_init(&X->change, NULL);
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
	struct ad_sync_batch *b = NULL;

	(void)pthread_mutex_lock(&X->lock);
	while (X->n_ready == 0 && !X->done)
		(void)pthread_cond_wait(&X->change, &X->lock);
	if (X->n_ready > 0)
		b = X->ready[--X->n_ready];
	(void)pthread_mutex_unlock(&X->lock);
	return b;
}

void
ad_sync_reader_return(struct ad_sync_reader *X, struct ad_sync_batch *b)
{
	(void)pthread_mutex_lock(&X->lock);
	X->idle[X->n_idle++] = b;
	(void)pthread_cond_broadcast(&X->change);
	(void)pthread_mutex_unlock(&X->lock);
}

void
ad_sync_reader_stop(struct ad_sync_reader *X)
{
	if (X == NULL)
		return;
	(void)pthread_mutex_lock(&X->lock);
	X->stop = true;
	(void)pthread_cond_broadcast(&X->change);
	(void)pthread_mutex_unlock(&X->lock);
	if (X->started)
		(void)pthread_join(X->thread, NULL);
	for (size_t i = 0; i < BATCHES; i++) {
		free(X->batch[i].block);
		sv_arena_free(&X->batch[i].A);
	}
	ad_sync_blocks_free(&X->blocks);
	sv_arena_free(&X->scratch);
	sv_arena_free(&X->A);
	(void)pthread_cond_destroy(&X->change);
	(void)pthread_mutex_destroy(&X->lock);
	free(X);
}
