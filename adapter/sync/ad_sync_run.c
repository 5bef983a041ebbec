/*
 * One run over one registry.
 */
#include "ad_sync_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ad_clock.h"
#include "ad_durable.h"
#include "ad_memory.h"
#include "ad_smart.h"
#include "ad_stop.h"
#include "ad_store_key.h"
#include "sv_limits.h"

#define MAX_NOTE ((size_t)1 << 16)

static struct sv_status
cannot(struct ad_sync *Y, const char *what, const char *why)
{
	(void)snprintf(Y->why, sizeof(Y->why), "%.250s%s%.250s", what,
	    what[0] != '\0' ? ": " : "", why);
	return SV_BAD;
}

/* A service that runs keeps its lock, and we write beside it.  Without one we
 * take it for a moment, to bring the store up to date; a service may start at
 * any time. */
static struct sv_status
open_stores(struct ad_sync *Y)
{
	struct sv_err err = { .text = "" }, why = { .text = "" };
	struct ad_store *S = ad_store_open(Y->store_path, AD_STORE_SERVICE,
	    &why);
	bool never;

	Y->beside_service = S == NULL;
	ad_store_close(S);
	Y->S = ad_store_open(Y->store_path, AD_STORE_OPERATOR, &err);
	if (Y->S == NULL && Y->beside_service)
		err = why;
	if (Y->S != NULL)
		Y->R = ad_store_open(Y->store_path, AD_STORE_READ, &err);
	if (Y->R != NULL)
		return SV_OK;
	/* A disk may have room again, a file that is no store stays none. */
	never = errno == EINVAL;
	(void)cannot(Y, err.where, err.text);
	return never ? SV_BAD : SV_RETRY;
}

void
ad_sync_note(struct ad_sync *Y, struct sv_buf *ret)
{
	sv_arena_reset(&Y->note);
	sv_buf_init(ret, &Y->note, MAX_NOTE);
}

/* What the decisions came to, how long the side file was, and the counts by
 * type. */
static void
write_state(struct ad_sync *Y, struct sv_buf *b)
{
	const struct ad_change *c = &Y->d.change;
	long at = Y->refused != NULL ? ftell(Y->refused) : 0;

	sv_buf_printf(b, "%lld %lld %lld %lld %lld %lld %lld %lld %ld ",
	    (long long)c->decided, (long long)c->fresh, (long long)c->changed,
	    (long long)c->withdrawn, (long long)c->kept,
	    (long long)Y->d.undecided, (long long)Y->d.posts,
	    (long long)Y->d.purged, at);
	ad_sync_counts_put(b, Y->by_type, AD_SYNC_TYPES);
}

static int64_t
read_state(struct ad_sync *Y, struct sv_str text)
{
	int64_t n[9];

	for (int i = 0; i < 9; i++)
		n[i] = ad_sync_number(&text);
	Y->d = (struct ad_sync_decided){ .change = { n[0], n[1], n[2], n[3],
		n[4] }, .undecided = n[5], .posts = n[6], .purged = n[7] };
	ad_sync_counts_read(&text, Y->by_type, AD_SYNC_TYPES);
	return n[8];
}

struct sv_status
ad_sync_put_state(struct ad_sync *Y)
{
	struct ad_registry state = Y->state;
	struct sv_buf b;

	if (ad_sync_is_part(Y))
		return SV_OK;
	ad_sync_note(Y, &b);
	write_state(Y, &b);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	state.counts = sv_buf_str(&b);
	return ad_store_put_registry(Y->S, &state);
}

/* The run is a message of its source: what it keeps and decides names it. */
static struct sv_status
number(struct ad_sync *Y)
{
	struct ad_message m = { .received_ms = Y->now_ms,
		.source = Y->I.r.source, .key = { "", 0 },
		.method = SV_LIT("SYNC"), .target = Y->state.name,
		.media = { "", 0 }, .correlation = { "", 0 },
		.body = { "", 0 }, .fate = AD_FATE_APPLIED,
		.answer = { "", 0 }, .reason = SV_LIT("under way") };
	struct sv_status s;

	SV_TRY(ad_store_begin(Y->S));
	s = ad_store_next_message(Y->S, &m.id);
	if (sv_is_ok(s))
		s = ad_store_put_message(Y->S, &m);
	Y->begins = true;
	Y->state.run = m.id;
	Y->state.started_ms = Y->now_ms;
	Y->state.ended_ms = 0;
	if (sv_is_ok(s))
		s = ad_sync_put_state(Y);
	return ad_store_end(Y->S, s);
}

/* Go on with the run that was interrupted, or begin one; the length of its
 * side file.  That it began is on the disk before anything is asked of a
 * server: its exports are then those of a run to go on with. */
static struct sv_status
begin_or_go_on(struct ad_sync *Y, int64_t *ret)
{
	struct sv_str name = sv_str_of(Y->conf->name);
	struct sv_status s;

	*ret = 0;
	Y->state = (struct ad_registry){ .name = name, .watermark = { "", 0 },
		.asked = { "", 0 }, .base = { "", 0 }, .counts = { "", 0 } };
	SV_TRY(ad_store_begin(Y->R));
	s = ad_store_get_registry(Y->R, &Y->A, name, &Y->state);
	ad_store_rollback(Y->R);
	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	if (sv_is_ok(s) && Y->state.ended_ms == 0 && !ad_sync_is_part(Y)) {
		*ret = read_state(Y, Y->state.counts);
		return SV_OK;
	}
	return number(Y);
}

struct sv_status
ad_sync_cut_refused(struct ad_sync *Y, int64_t length)
{
	struct stat st;

	if (fstat(fileno(Y->refused), &st) == 0 && ftruncate(fileno(
	    Y->refused), st.st_size < length ? st.st_size : (off_t)length)
	    == 0 && fseek(Y->refused, 0, SEEK_END) == 0)
		return SV_OK;
	return cannot(Y, Y->refused_path, strerror(errno));
}

/* What the store says of the side file holds after a loss of power too, so its
 * name is on the disk before. */
static struct sv_status
open_side_file(struct ad_sync *Y, int64_t length)
{
	struct sv_err err = { .text = "" };

	if (Y->conf->reports != NULL)
		(void)snprintf(Y->reports, sizeof(Y->reports), "%s",
		    Y->conf->reports);
	else
		(void)snprintf(Y->reports, sizeof(Y->reports), "%s.reports",
		    Y->u->conf.store);
	if (!sv_is_ok(ad_durable_folder(Y->reports, &err)))
		return cannot(Y, err.where, err.text);
	(void)snprintf(Y->refused_path, sizeof(Y->refused_path),
	    "%s/%s-%lld.refused.ndjson", Y->reports, Y->conf->name,
	    (long long)Y->state.run);
	Y->refused = fopen(Y->refused_path, "ae");
	if (Y->refused == NULL)
		return cannot(Y, Y->refused_path, strerror(errno));
	/* Of an interrupted run, up to where its last unit was. */
	SV_TRY(ad_sync_cut_refused(Y, length));
	return sv_is_ok(ad_durable_sync(Y->reports, &err)) ? SV_OK
	    : cannot(Y, err.where, err.text);
}

/* The side file of the lines that are refused. */
static struct sv_status
open_refused(struct ad_sync *Y, int64_t length)
{
	if (!Y->o->dry_run)
		return open_side_file(Y, length);
	Y->refused = tmpfile();
	return Y->refused != NULL ? SV_OK : cannot(Y, "temporary file",
	    strerror(errno));
}

/* --patients: a logical id a line. */
static struct sv_status
read_patients(struct ad_sync *Y)
{
	struct sv_str text, rest;
	struct fhir_line l = { .number = 0 };

	if (Y->o->patients == NULL)
		return SV_OK;
	text = ad_engine_file(&Y->A, Y->o->patients);
	if (text.p == NULL)
		return cannot(Y, Y->o->patients, strerror(errno));
	Y->patients = sv_arena_alloc(&Y->A, (text.n + 1) * sizeof(text));
	SV_ENSURE(Y->patients != NULL, SV_NOMEM);
	for (rest = text; fhir_ndjson_next(&rest, &l);)
		Y->patients[Y->n_patients++] = l.text;
	qsort(Y->patients, Y->n_patients, sizeof(*Y->patients), sv_str_order);
	return Y->n_patients > 0 ? SV_OK : cannot(Y, Y->o->patients,
	    "names no patient");
}

/* What the parts that are shared with messages want to know. */
static struct sv_status
prepare_intake(struct ad_sync *Y)
{
	struct ad_intake *I = &Y->I;

	I->A = ad_arena(SV_LIMIT_ARENA);
	I->cfg = &Y->u->intake;
	I->r.source = sv_str_of(Y->conf->source);
	Y->source_key = ad_store_source_key(I->r.source);
	I->r.received_ms = Y->now_ms;
	I->as_of = Y->today;
	I->recorded = ad_instant(&Y->A, Y->now_ms);
	return I->recorded.p != NULL ? SV_OK : SV_NOMEM;
}

int
ad_sync_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > AD_SYNC_MAX_THREADS
	    ? AD_SYNC_MAX_THREADS : (int)cores;
}

static struct sv_status
prepare(struct ad_sync *Y)
{
	int64_t length;

	Y->A = ad_arena(SV_LIMIT_ARENA);
	Y->note = ad_arena(2 * MAX_NOTE);
	SV_TRY(prepare_intake(Y));
	SV_TRY(read_patients(Y));
	SV_TRY(open_stores(Y));
	SV_TRY(begin_or_go_on(Y, &length));
	SV_TRY(ad_store_hurry(Y->S, true));
	Y->I.m.id = Y->state.run;
	Y->I.r.correlation = sv_arena_printf(&Y->A, "sync-%s-%lld",
	    Y->conf->name, (long long)Y->state.run);
	SV_ENSURE(Y->I.r.correlation.p != NULL, SV_NOMEM);
	return open_refused(Y, length);
}

/* The last unit: the run is whole, and the next one starts from it. */
static struct sv_status
conclude(struct ad_sync *Y)
{
	struct ad_message m = { .id = Y->state.run, .fate = AD_FATE_APPLIED,
		.status = 200, .answer = { "", 0 }, .key = { "", 0 } };
	struct sv_status s;

	SV_TRY(ad_store_hurry(Y->S, false));
	m.reason = Y->partial ? SV_LIT("partial: see the report")
	    : (struct sv_str){ "", 0 };
	SV_TRY(ad_store_begin(Y->S));
	s = ad_store_settle_message(Y->S, &m);
	if (sv_is_ok(s) && !ad_sync_is_part(Y)) {
		Y->state.ended_ms = ad_now_ms();
		/* What was missing is asked for again ([F11]). */
		if (Y->n_missing == 0 && Y->transaction_time.n > 0) {
			Y->state.watermark = Y->transaction_time;
			Y->state.asked = Y->asked;
		}
		s = ad_sync_put_state(Y);
		/* What an earlier whole export said still holds. */
		if (sv_is_ok(s) && !Y->incremental)
			s = ad_store_drop_files(Y->S, Y->state.name,
			    Y->state.run);
	}
	return ad_store_end(Y->S, s);
}

static struct sv_status
run(struct ad_sync *Y)
{
	SV_TRY(prepare(Y));
	SV_TRY(ad_sync_plan(Y));
	SV_TRY(ad_sync_load(Y));
	SV_TRY(ad_sync_note_members(Y));
	SV_TRY(ad_sync_left(Y));
	SV_TRY(ad_sync_decide(Y));
	Y->partial = ad_sync_total(Y).n[AD_SYNC_REFUSED] > 0
	    || Y->d.undecided > 0 || Y->n_missing > 0;
	SV_TRY(conclude(Y));
	ad_sync_fetch_end(Y);
	SV_TRY(ad_sync_report(Y));
	return ad_sync_post(Y);
}

static enum ad_exit
exit_of(struct ad_sync *Y, struct sv_status s)
{
	const char *hint = "run again: it goes on where it was";

	if (sv_is_ok(s))
		return Y->partial ? AD_EXIT_PARTIAL : AD_EXIT_OK;
	ad_progress_clear(Y->P);
	if (s.code == SV_CODE_NOMEM)
		(void)cannot(Y, "", "not enough memory");
	if (ad_stop_asked())
		(void)cannot(Y, "", "stopped by a signal");
	else if (Y->why[0] == '\0' && Y->S != NULL)
		(void)ad_sync_store_failed(Y);
	if (s.code == SV_CODE_BAD)
		hint = "nothing was decided";
	fprintf(stderr, "salvor: %s: %s (%s)\n", Y->conf->name, Y->why, hint);
	return s.code == SV_CODE_BAD ? AD_EXIT_REFUSED : AD_EXIT_TEMPORARY;
}

enum ad_exit
ad_sync_run(struct ad_sync *Y)
{
	enum ad_exit e = exit_of(Y, run(Y));

	if (Y->refused != NULL)
		(void)fclose(Y->refused);
	ad_smart_free(Y->smart);
	ad_sync_files_free(Y);
	ad_sync_known_free(&Y->known);
	ad_store_close(Y->R);
	ad_store_close(Y->S);
	sv_arena_free(&Y->I.A);
	sv_arena_free(&Y->note);
	sv_arena_free(&Y->A);
	return e;
}
