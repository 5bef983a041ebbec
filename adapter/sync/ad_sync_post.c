/*
 * Patients that left, and posting without a service.
 */
#include "ad_sync_run.h"

#include <curl/curl.h>
#include <time.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_stop.h"

/* The list of a group's members says it every night.  Of other exports a whole
 * one does; an empty one, or one with lines that were refused, says nothing. */
static bool
says_who_left(const struct ad_sync *Y)
{
	struct ad_sync_counts n = ad_sync_total(Y);
	int64_t patients = 0;

	if (!Y->conf->purge_left || ad_sync_is_part(Y) || Y->n_missing > 0)
		return false;
	if (ad_sync_has_members(Y))
		return Y->n_members > 0;
	for (size_t i = 0; i < Y->n_files; i++)
		patients += Y->file[i].skip ? 0 : Y->file[i].patients;
	return !Y->incremental && patients > 0 && n.n[AD_SYNC_REFUSED] == 0 && Y->n_skipped < Y->n_files;
}

struct sv_status
ad_sync_left(struct ad_sync *Y)
{
	struct ad_purge p = { .source = Y->I.r.source, .run = Y->state.run,
		.max = 500 };
	int64_t n = says_who_left(Y) ? 1 : 0;

	while (n > 0) {
		struct sv_arena A = ad_arena((size_t)4 << 20);
		struct sv_status s;

		SV_TRY(ad_store_begin(Y->S));
		s = ad_store_purge_left(Y->S, &A, &p, &n);
		/* Should they come back, every file is read again. */
		if (sv_is_ok(s) && n > 0)
			s = ad_store_drop_files(Y->S, Y->state.name, 0);
		sv_arena_free(&A);
		SV_TRY(ad_store_end(Y->S, s));
		Y->d.purged += n;
	}
	return SV_OK;
}

/* True while some row waits that could be posted. */
static bool
is_waiting(struct ad_store *S, const struct ad_conf *c)
{
	struct ad_store_counts n;
	int64_t due;

	for (size_t i = 0; i < c->n_destinations; i++) {
		if (sv_is_ok(ad_store_next_due(S, sv_str_of(
		    c->destination[i].name), &due)) && due >= 0)
			return true;
	}
	return sv_is_ok(ad_store_count(S, &n)) && n.rows[AD_ROW_SENDING] > 0;
}

static void
note_post(const char *event, struct sv_str destination, int64_t row,
    const char *why)
{
	ad_log(event, "destination=%.*s post=%lld why=\"%s\"",
	    SV_FMT(destination), (long long)row, why);
}

static struct sv_status
post_all(struct ad_sync *Y, struct ad_store *S)
{
	const struct ad_conf *c = &Y->u->conf;
	struct ad_destination d[AD_CONF_MAX];
	int64_t until = ad_now_ms() + Y->conf->post_minutes * 60000, n = 0;
	struct ad_poster *p;
	struct sv_err err;

	SV_TRY(ad_store_recover_rows(S, &n));
	ad_setup_destinations(c, d);
	p = ad_poster_start(S, d, c->n_destinations, note_post, &err);
	SV_ENSURE(p != NULL, SV_NOMEM);
	ad_progress_phase(Y->P, "posting", 0, false);
	while (is_waiting(S, c) && ad_now_ms() < until && !ad_stop_asked()) {
		ad_progress_show(Y->P, 0);
		(void)nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
	}
	ad_poster_stop(p, 20000);
	return SV_OK;
}

struct sv_status
ad_sync_post(struct ad_sync *Y)
{
	struct sv_err err = { .text = "" };
	struct ad_store *S;
	struct sv_status s;

	if (Y->u->conf.n_destinations == 0 || Y->conf->post_minutes == 0
	    || Y->o->dry_run || !is_waiting(Y->S, &Y->u->conf))
		return SV_OK;
	/* One service at a time posts; if there is one, it will. */
	S = ad_store_open(Y->store_path, AD_STORE_SERVICE, &err);
	if (S == NULL)
		return SV_OK;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	s = post_all(Y, S);
	ad_store_close(S);
	return s;
}
