/*
 * What the files say into the store, in units.
 */
#include "ad_sync_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_stop.h"

struct sv_status
ad_sync_store_failed(struct ad_sync *Y)
{
	(void)snprintf(Y->why, sizeof(Y->why), "%s", ad_store_error(Y->S));
	return SV_RETRY;
}

void
ad_sync_yield(const struct ad_sync *Y, int64_t ms)
{
	struct timespec t = { 0, (ms < 20 ? 20 : ms > 200 ? 200 : ms)
		* 1000000 };

	/* SQLite gives the lock to who asks first; a service that waits asks
	 * every few milliseconds, so it gets it in this while. */
	if (Y->beside_service)
		(void)nanosleep(&t, NULL);
}

static struct sv_status
apply_batch(struct ad_sync_loading *L, struct ad_sync_batch *b)
{
	struct ad_sync *Y = L->Y;
	struct ad_sync_file *f = &Y->file[b->file];
	struct sv_status s = SV_OK;

	L->A = &b->A;
	for (size_t i = 0; sv_is_ok(s) && i < b->n; i++)
		s = ad_sync_apply(L, b, &b->at[i]);
	sv_arena_reset(&Y->I.A);
	SV_TRY(s);
	f->counts.n[AD_SYNC_LINES] += b->lines;
	f->counts.n[AD_SYNC_DROPPED] += b->dropped;
	Y->bytes_read += b->offset - f->offset;
	f->offset = b->offset;
	f->line = b->line;
	memcpy(f->digest, b->digest, b->end ? sizeof(f->digest) : 0);
	f->moved = true;
	f->done = b->end;
	return SV_OK;
}

/* A file that grew while it was read is not the one that was listed. */
static struct sv_status
check_whole(struct ad_sync *Y, const struct ad_sync_batch *b)
{
	const struct ad_sync_file *f = &Y->file[b->file];

	if (b->status.code == SV_CODE_BAD)
		(void)snprintf(Y->why, sizeof(Y->why), "%.300s: %s", f->path,
		    strerror(b->errno_));
	SV_ENSURE(b->status.code != SV_CODE_BAD, SV_RETRY);
	SV_TRY(b->status);
	if (!b->end || b->offset == f->size)
		return SV_OK;
	(void)snprintf(Y->why, sizeof(Y->why), "%.300s changed while it was "
	    "read; run again when the export is complete", f->path);
	return SV_RETRY;
}

/* Lines that are refused are on the disk before the unit that counts them: what
 * is remembered of how long their file is must not be more than there is. */
static bool
sync_refused(struct ad_sync_loading *L)
{
	FILE *f = L->Y->refused;
	long at = ftell(f);

	if (fflush(f) != 0 || (at != L->refused_at && fdatasync(fileno(f)) != 0))
		return false;
	L->refused_at = at;
	return true;
}

static struct sv_status
note_moved(struct ad_sync *Y)
{
	for (size_t i = 0; i < Y->n_files; i++) {
		if (!Y->file[i].moved)
			continue;
		SV_TRY(ad_sync_note_file(Y, i));
		Y->file[i].moved = false;
	}
	return SV_OK;
}

static struct sv_status
end_unit(struct ad_sync_loading *L)
{
	struct ad_sync *Y = L->Y;
	int64_t ms;

	if (!sync_refused(L)) {
		(void)snprintf(Y->why, sizeof(Y->why), "%.200s: %s",
		    Y->refused_path, strerror(errno));
		return SV_RETRY;
	}
	SV_TRY(note_moved(Y));
	SV_TRY(ad_sync_put_state(Y));
	L->open = false;
	SV_TRY(ad_store_commit(Y->S));
	ms = ad_now_ms() - L->begun_ms;
	ad_sync_yield(Y, ms);
	return SV_OK;
}

/* Who else writes may have remembered what we take for new, made one of two
 * patients, or decided who was made due. */
static struct sv_status
begin_unit(struct ad_sync_loading *L)
{
	int64_t others;

	SV_TRY(ad_store_begin(L->Y->S));
	L->open = true;
	L->begun_ms = ad_now_ms();
	SV_TRY(ad_store_changed_by_others(L->Y->S, &others));
	if (others == L->others)
		return SV_OK;
	L->others = others;
	L->alone = false;
	ad_sync_found_clear(L->found);
	free(L->due);
	L->due = NULL;
	L->n_due = 0;
	return SV_OK;
}

static struct sv_status
take_batch(struct ad_sync_loading *L, struct ad_sync_batch *b)
{
	int64_t limit = L->Y->beside_service ? AD_SYNC_UNIT_BESIDE_MS
	    : AD_SYNC_UNIT_MS;

	SV_TRY(check_whole(L->Y, b));
	if (!L->open)
		SV_TRY(begin_unit(L));
	SV_TRY(apply_batch(L, b));
	ad_progress_show(L->Y->P, L->before + L->Y->bytes_read);
	return ad_now_ms() - L->begun_ms < limit ? SV_OK : end_unit(L);
}

static struct sv_status
take_all(struct ad_sync_loading *L)
{
	struct ad_sync_batch *b;
	struct sv_status s = SV_OK;

	while (sv_is_ok(s) && (b = ad_sync_reader_next(L->X)) != NULL) {
		s = ad_stop_asked() ? SV_RETRY : take_batch(L, b);
		ad_sync_reader_return(L->X, b);
	}
	if (sv_is_ok(s) && L->open)
		s = end_unit(L);
	if (L->open)
		ad_store_rollback(L->Y->S);
	if (s.code == SV_CODE_RETRY && L->Y->why[0] == '\0')
		(void)ad_sync_store_failed(L->Y);
	return s;
}

static void
add_key(void *ctx, uint64_t key)
{
	ad_sync_known_add(ctx, key);
}

/* Whoever writes from here on is seen. */
static struct sv_status
ask_others(struct ad_sync *Y, int64_t *ret)
{
	struct sv_status s;

	SV_TRY(ad_store_begin(Y->S));
	s = ad_store_changed_by_others(Y->S, ret);
	ad_store_rollback(Y->S);
	return s;
}

/* There is room for those that are remembered and those of ${bytes} that will
 * be read: hardly any resource is shorter than 512 bytes. */
static struct sv_status
learn_known(struct ad_sync *Y, int64_t bytes)
{
	int64_t n = 0;
	struct sv_status s;

	SV_TRY(ad_store_begin(Y->R));
	s = ad_store_last_resource(Y->R, &n);
	if (sv_is_ok(s))
		s = ad_sync_known_make(&Y->known, n + bytes / 512);
	if (sv_is_ok(s))
		s = ad_store_list_keys(Y->R, add_key, &Y->known);
	ad_store_rollback(Y->R);
	return s;
}

/* Files of this run that need no reading are noted as its own. */
static struct sv_status
note_skipped(struct ad_sync *Y)
{
	struct sv_status s;

	SV_TRY(ad_store_begin(Y->S));
	s = ad_sync_put_state(Y);
	for (size_t i = 0; sv_is_ok(s) && i < Y->n_files; i++) {
		if (Y->file[i].skip)
			s = ad_sync_note_file(Y, i);
	}
	return ad_store_end(Y->S, s);
}

struct sv_status
ad_sync_load(struct ad_sync *Y)
{
	struct ad_sync_loading L = { .Y = Y, .alone = true };
	int64_t bytes = 0, begun = ad_now_ms();
	struct sv_status s;

	for (size_t i = 0; i < Y->n_files; i++) {
		bytes += Y->file[i].skip ? 0 : Y->file[i].size;
		L.before += Y->file[i].skip ? 0 : Y->file[i].offset;
	}
	ad_progress_phase(Y->P, "reading", bytes, true);
	SV_TRY(note_skipped(Y));
	if (Y->n_skipped == Y->n_files)
		return SV_OK;
	SV_TRY(ask_others(Y, &L.others));
	SV_TRY(learn_known(Y, bytes));
	L.found = calloc(1, sizeof(*L.found));
	SV_ENSURE(L.found != NULL, SV_NOMEM);
	s = ad_sync_reader_start(Y, &L.X);
	if (sv_is_ok(s)) {
		s = take_all(&L);
		ad_sync_reader_stop(L.X);
	}
	free(L.found);
	free(L.due);
	ad_sync_known_free(&Y->known);
	Y->load_ms = ad_now_ms() - begun;
	return s;
}
