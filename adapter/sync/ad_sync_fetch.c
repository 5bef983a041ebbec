/*
 * The files of a registry that is a server, by Bulk Data.
 */
#include <string.h>

#include "ad_clock.h"
#include "ad_durable.h"
#include "ad_memory.h"
#include "ad_stop.h"
#include "ad_sync_asked.h"
#include "ad_sync_fetch.h"
#include "fhir_type.h"
#include "sv_date.h"
#include "sv_limits.h"

#define PATH AD_SYNC_PATH

/* Exports of one run, by the ends of their folders' names. */
static const char *const jobs[] = { AD_SYNC_JOB, AD_SYNC_JOB_MEMBERS,
	AD_SYNC_JOB_JOINED };

void
ad_sync_say(void *ctx, const char *line)
{
	struct ad_sync *Y = ctx;

	ad_progress_clear(Y->P);
	fprintf(stderr, "salvor: %s: %s\n", Y->conf->name, line);
}

/* A job that is left behind is gone on with only by a run that asks for the
 * same; others have folders of their own.  A name has no dot. */
static void
name_job(const struct ad_sync *Y, const char *job, char ret[PATH])
{
	(void)snprintf(ret, PATH, "%s%s%s", Y->conf->name, Y->o->dry_run
	    ? "-dry" : ad_sync_is_part(Y) ? "-part" : Y->o->full ? "-full"
	    : "", job);
}

static struct sv_status
make_job_folder(struct ad_sync *Y, const char *job, char ret[PATH])
{
	char name[PATH];
	struct sv_err err = { .text = "" };

	name_job(Y, job, name);
	(void)snprintf(ret, PATH, "%.3000s.jobs/%.1000s", Y->u->conf.store,
	    name);
	if (sv_is_ok(ad_durable_folder(ret, &err)))
		return SV_OK;
	(void)snprintf(Y->why, sizeof(Y->why), "%.200s: %.250s", err.where,
	    err.text);
	return SV_RETRY;
}

/* ${instant} less ${seconds}; "" if it is no instant. */
static struct sv_str
earlier(struct sv_arena *A, struct sv_str instant, int64_t seconds)
{
	struct sv_str none = { "", 0 };
	struct sv_date d;
	int h, m, s, zh = 0, zm = 0, sign = 0;
	const char *zone;

	instant = sv_arena_str(A, instant);
	if (instant.p == NULL || instant.n < 20 || !sv_is_ok(sv_date_parse(
	    instant, &d)) || sscanf(instant.p + 11, "%2d:%2d:%2d", &h, &m, &s)
	    != 3)
		return none;
	zone = instant.p + 19 + strspn(instant.p + 19, ".0123456789");
	sign = *zone == '-' ? -1 : 1;
	if (*zone != 'Z' && sscanf(zone + 1, "%2d:%2d", &zh, &zm) != 2)
		return none;
	return ad_instant(A, ((int64_t)d.lo * 86400 + h * 3600 + m * 60 + s
	    - sign * (zh * 3600 + zm * 60) - seconds) * 1000);
}

/* Since when?  All, if that is asked for, or the last run asked for other
 * things, or read them by another terminology, which may have dropped what this
 * one knows. */
static struct sv_status
find_since(struct ad_sync *Y, struct sv_str *ret)
{
	struct ad_taken any = { .registry = Y->state.name };
	struct sv_status s;

	*ret = sv_str_of(Y->o->since);
	if (Y->o->since != NULL)
		return SV_OK;
	*ret = (struct sv_str){ "", 0 };
	if (Y->o->full || Y->o->patients != NULL
	    || Y->state.watermark.n == 0)
		return SV_OK;
	any.rules = sv_str_of(Y->u->engine.terminology_sha256);
	SV_TRY(ad_store_begin(Y->R));
	s = ad_store_any_file(Y->R, &any);
	ad_store_rollback(Y->R);
	if (s.code == SV_CODE_SKIP)
		return SV_OK;
	SV_TRY(s);
	if (!ad_sync_asks_the_same(Y)) {
		ad_sync_say(Y, Y->state.asked.n > 0 ? "other types, filters or "
		    "patients are asked for than in the last run: everything "
		    "is exported" : "it is not known whether the last run "
		    "asked for all of this: everything is exported");
		return SV_OK;
	}
	*ret = earlier(&Y->A, Y->state.watermark, Y->conf->overlap_s);
	Y->incremental = ret->n > 0;
	return SV_OK;
}

static void
moved(void *ctx, int64_t files, int64_t of, int64_t bytes)
{
	struct ad_sync *Y = ctx;

	(void)bytes;
	if (Y->P->total != of)
		ad_progress_phase(Y->P, "fetching", of, false);
	ad_progress_show(Y->P, files);
}

static bool
stopped(void *ctx)
{
	(void)ctx;
	return ad_stop_asked();
}

/* What could not be exported is in OperationOutcomes ([M7]). */
static void
count_errors(struct ad_sync *Y, const char *folder, struct sv_str name)
{
	struct sv_arena A = ad_arena(SV_LIMIT_DOCUMENT * 2);
	struct sv_str path = sv_arena_printf(&A, "%s/%.*s", folder,
	    SV_FMT(name)), text = { NULL, 0 };
	struct fhir_line l = { .number = 0 };

	if (path.p != NULL)
		text = ad_engine_file(&A, path.p);
	Y->n_missing += text.p == NULL ? 1 : 0;
	while (text.p != NULL && fhir_ndjson_next(&text, &l)) {
		if (sv_str_find(l.text, SV_LIT("\"error\"")) < l.text.n
		    || sv_str_find(l.text, SV_LIT("\"fatal\"")) < l.text.n)
			Y->n_missing++;
	}
	sv_arena_free(&A);
}

/* Files of the whole export go by their own name, others by that of their
 * folder too. */
static struct sv_status
add_file(struct ad_sync *Y, const char *job, const char *folder,
    struct sv_str file)
{
	char all[PATH], name[PATH];

	if (job[0] == '\0')
		return ad_sync_add_file(Y, folder, file.p);
	name_job(Y, job, name);
	(void)snprintf(all, sizeof(all), "%.1000s/%.*s", name, SV_FMT(file));
	(void)snprintf(name, sizeof(name), "%.3000s.jobs", Y->u->conf.store);
	return ad_sync_add_file(Y, name, all);
}

static struct sv_status
list_fetched(struct ad_sync *Y, const char *job, const char *folder,
    const struct ad_bulk_fetched *f)
{
	static const enum ad_bulk_kind order[] = { AD_BULK_OUTPUT,
		AD_BULK_DELETED };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < f->n; i++) {
			if (f->file[i].kind != order[k] || !f->file[i].whole)
				continue;
			SV_TRY(add_file(Y, job, folder, f->file[i].name));
		}
	}
	Y->n_missing += f->n_failed;
	for (size_t i = 0; i < f->n; i++) {
		if (f->file[i].kind == AD_BULK_OUTCOME && f->file[i].whole)
			count_errors(Y, folder, f->file[i].name);
	}
	return SV_OK;
}

static struct ad_client_peer
peer_of(const struct ad_conf_registry *r)
{
	return (struct ad_client_peer){ .ca = r->access.ca,
		.certificate = r->access.certificate, .key = r->access.key,
		.proxy = r->access.proxy, .timeout_s = 60, .plain = r->plain };
}

static struct ad_bulk_options
options_of(struct ad_sync *Y, const char *folder)
{
	const struct ad_conf_registry *r = Y->conf;
	struct ad_bulk_options o = { .what = { .base = sv_str_of(r->url),
		.level = sv_str_of(r->level), .group = sv_str_of(r->group),
		.types = r->types, .n_types = r->n_types,
		.n_needed = r->n_needed,
		.filters = r->filters, .n_filters = r->n_filters },
		.peer = peer_of(r), .smart = Y->smart,
		.folder = folder, .parallel = (int)r->parallel,
		.deadline_s = r->deadline_hours * 3600,
		.max_bytes = (int64_t)r->max_gib << 30,
		.ask_ms = r->ask_s * 1000, .retry_ms = 60000, .retries = 5,
		.lenient_counts = r->lenient_counts, .say = ad_sync_say,
		.moved = moved, .stopped = stopped, .ctx = Y };

	if (strcmp(r->level, "system") != 0) {
		o.what.patients = Y->patients;
		o.what.n_patients = Y->n_patients;
	}
	return o;
}

static struct sv_status
failed(struct ad_sync *Y, struct sv_status s, const struct sv_err *err)
{
	(void)snprintf(Y->why, sizeof(Y->why), "%.200s%s%.290s", err->where,
	    err->where[0] != '\0' ? ": " : "", err->text);
	return s.code == SV_CODE_REFUSED ? SV_BAD : s;
}

/* The token of SMART Backend Services, if the registry wants one. */
static struct sv_status
make_smart(struct ad_sync *Y)
{
	const struct ad_conf_registry *r = Y->conf;
	struct ad_smart_config c = { .base = r->url,
		.token_url = r->access.token_url,
		.client_id = r->access.client_id,
		.key_file = r->access.client_key, .jku = r->access.jku,
		.scope = r->access.scope, .peer = peer_of(r) };
	struct sv_err err = { .text = "" };

	if (c.client_id == NULL || Y->smart != NULL)
		return SV_OK;
	Y->smart = ad_smart_new(&c, &err);
	return Y->smart != NULL ? SV_OK : failed(Y, SV_BAD, &err);
}

struct sv_status
ad_sync_job(struct ad_sync *Y, const char *job, char folder[PATH],
    struct ad_bulk_options *ret)
{
	SV_TRY(make_job_folder(Y, job, folder));
	*ret = options_of(Y, folder);
	return SV_OK;
}

struct sv_status
ad_sync_job_failed(struct ad_sync *Y, struct sv_status s,
    const struct ad_bulk_options *o, const struct ad_bulk_fetched *f,
    const struct sv_err *err)
{
	/* What the server has forgotten, or gave up, is begun anew. */
	if (f->lost)
		ad_bulk_end(o);
	return failed(Y, s, err);
}

/* One export, whose files are then of the run.  SKIP: what has changed is not
 * enough. */
static struct sv_status
fetch_job(struct ad_sync *Y, const char *job, const struct ad_sync_wanted *w)
{
	char folder[PATH];
	struct ad_bulk_options o;
	struct ad_bulk_fetched f;
	struct sv_err err = { .text = "" };
	struct sv_status s;

	SV_TRY(ad_sync_job(Y, job, folder, &o));
	o.what.since = w->since;
	if (w->n_patients > 0) {
		o.what.patients = w->patients;
		o.what.n_patients = w->n_patients;
	}
	ad_progress_phase(Y->P, "exporting", 0, false);
	s = ad_bulk_fetch(&Y->A, &o, &f, &err);
	if (!sv_is_ok(s))
		return ad_sync_job_failed(Y, s, &o, &f, &err);
	if (job[0] == '\0')
		s = ad_sync_check_enough(Y, f.lacks);
	if (s.code == SV_CODE_SKIP)
		ad_bulk_end(&o);
	SV_TRY(s);
	ad_sync_tell_lacking(Y, f.lacks);
	Y->transaction_time = f.transaction_time;
	Y->asked = ad_sync_asked(Y, f.lacks);
	SV_ENSURE(Y->asked.p != NULL, SV_NOMEM);
	return list_fetched(Y, job, folder, &f);
}

/* Who has joined the group is exported whole.  Not every server exports single
 * patients: then everybody is. */
static struct sv_status
fetch_joined(struct ad_sync *Y, struct ad_sync_wanted *all)
{
	struct ad_sync_wanted w = { .since = { "", 0 } };
	struct sv_status s;

	SV_TRY(ad_sync_members(Y, &w));
	if (!Y->incremental)
		all->since = w.since;
	if (!Y->incremental || w.n_patients == 0)
		return SV_OK;
	s = fetch_job(Y, AD_SYNC_JOB_JOINED, &w);
	if (s.code != SV_CODE_BAD)
		return s;
	ad_sync_say(Y, "patients that joined the group cannot be exported by "
	    "themselves; everything is");
	ad_sync_say(Y, Y->why);
	Y->why[0] = '\0';
	Y->incremental = false;
	all->since = w.since;
	return SV_OK;
}

struct sv_status
ad_sync_fetch(struct ad_sync *Y)
{
	struct ad_sync_wanted all = { .n_patients = 0 };
	struct sv_status s;

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	SV_TRY(make_smart(Y));
	/* Exports of a run that is whole, which was killed before it ended
	 * them, say who was in the group then. */
	if (Y->begins && !ad_sync_is_part(Y) && !Y->o->dry_run)
		ad_sync_fetch_end(Y);
	SV_TRY(find_since(Y, &all.since));
	if (ad_sync_has_members(Y))
		SV_TRY(fetch_joined(Y, &all));
	s = fetch_job(Y, AD_SYNC_JOB, &all);
	if (s.code != SV_CODE_SKIP)
		return s;
	all.since = (struct sv_str){ "", 0 };
	return fetch_job(Y, AD_SYNC_JOB, &all);
}

void
ad_sync_fetch_end(struct ad_sync *Y)
{
	char folder[PATH];
	struct ad_bulk_options o;

	for (size_t i = 0; Y->conf->url != NULL
	    && i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (sv_is_ok(ad_sync_job(Y, jobs[i], folder, &o)))
			ad_bulk_end(&o);
	}
}
