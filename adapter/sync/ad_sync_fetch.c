/*
 * The files of a registry that is a server, by Bulk Data.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ad_bulk.h"
#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_stop.h"
#include "ad_sync_run.h"
#include "fhir_type.h"
#include "sv_date.h"
#include "sv_limits.h"

/* A job that is left behind is gone on with only by a run that asks for the
 * same; others have folders of their own. */
static bool
make_job_folder(struct ad_sync *Y, char *path, size_t room)
{
	(void)snprintf(path, room, "%s.jobs", Y->u->conf.store);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return false;
	(void)snprintf(path, room, "%s.jobs/%s%s", Y->u->conf.store,
	    Y->conf->name, Y->o->dry_run ? "-dry" : ad_sync_is_part(Y)
	    ? "-part" : Y->o->full ? "-full" : "");
	return mkdir(path, 0700) == 0 || errno == EEXIST;
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

/* Since when?  All, if that is asked for, or what was read was read by another
 * terminology, which may have dropped what this one knows. */
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
	*ret = earlier(&Y->A, Y->state.watermark, Y->conf->overlap_s);
	Y->incremental = ret->n > 0;
	return SV_OK;
}

static void
say(void *ctx, const char *line)
{
	struct ad_sync *Y = ctx;

	ad_progress_clear(Y->P);
	fprintf(stderr, "salvor: %s: %s\n", Y->conf->name, line);
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

static struct sv_status
list_fetched(struct ad_sync *Y, const char *folder,
    const struct ad_bulk_fetched *f)
{
	static const enum ad_bulk_kind order[] = { AD_BULK_OUTPUT,
		AD_BULK_DELETED };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < f->n; i++) {
			if (f->file[i].kind != order[k] || !f->file[i].whole)
				continue;
			SV_TRY(ad_sync_add_file(Y, folder, f->file[i].name.p));
		}
	}
	Y->n_missing = f->n_failed;
	for (size_t i = 0; i < f->n; i++) {
		if (f->file[i].kind == AD_BULK_OUTCOME && f->file[i].whole)
			count_errors(Y, folder, f->file[i].name);
	}
	return SV_OK;
}

static struct ad_bulk_options
options_of(struct ad_sync *Y, const char *folder)
{
	const struct ad_conf_registry *r = Y->conf;
	struct ad_bulk_options o = { .what = { .base = sv_str_of(r->url),
		.level = sv_str_of(r->level), .group = sv_str_of(r->group),
		.types = r->types, .n_types = r->n_types,
		.filters = r->filters, .n_filters = r->n_filters },
		.peer = { .ca = r->ca, .certificate = r->certificate,
		.key = r->key, .proxy = r->proxy, .timeout_s = 60,
		.plain = r->plain },
		.folder = folder, .parallel = (int)r->parallel,
		.deadline_s = r->deadline_hours * 3600,
		.max_bytes = (int64_t)r->max_gib << 30,
		.ask_ms = r->ask_s * 1000, .retry_ms = 60000, .retries = 5,
		.lenient_counts = r->lenient_counts, .say = say,
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
make_smart(struct ad_sync *Y, struct ad_bulk_options *o)
{
	const struct ad_conf_registry *r = Y->conf;
	struct ad_smart_config c = { .base = r->url,
		.token_url = r->token_url, .client_id = r->client_id,
		.key_file = r->client_key, .jku = r->jku, .scope = r->scope,
		.peer = o->peer };
	struct sv_err err = { .text = "" };

	if (r->client_id == NULL)
		return SV_OK;
	o->smart = ad_smart_new(&c, &err);
	return o->smart != NULL ? SV_OK : failed(Y, SV_BAD, &err);
}

struct sv_status
ad_sync_fetch(struct ad_sync *Y)
{
	char folder[4096];
	struct ad_bulk_options o;
	struct ad_bulk_fetched f;
	struct sv_err err = { .text = "" };
	struct sv_status s;

	if (!make_job_folder(Y, folder, sizeof(folder))) {
		(void)snprintf(Y->why, sizeof(Y->why), "%.300s: %s", folder,
		    strerror(errno));
		return SV_RETRY;
	}
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	o = options_of(Y, folder);
	SV_TRY(find_since(Y, &o.what.since));
	SV_TRY(make_smart(Y, &o));
	ad_progress_phase(Y->P, "exporting", 0, false);
	s = ad_bulk_fetch(&Y->A, &o, &f, &err);
	ad_smart_free(o.smart);
	if (!sv_is_ok(s))
		return failed(Y, s, &err);
	Y->transaction_time = f.transaction_time;
	return list_fetched(Y, folder, &f);
}

void
ad_sync_fetch_end(struct ad_sync *Y)
{
	char folder[4096];
	struct ad_bulk_options o;

	if (Y->conf->url == NULL || !make_job_folder(Y, folder,
	    sizeof(folder)))
		return;
	o = options_of(Y, folder);
	if (!sv_is_ok(make_smart(Y, &o)))
		return;
	ad_bulk_end(&o);
	ad_smart_free(o.smart);
}
