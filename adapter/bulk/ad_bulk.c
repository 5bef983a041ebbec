/*
 * The course of an export: kick-off, questions, manifest, end.
 */
#include "ad_bulk_job.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ad_bulk_status.h"
#include "ad_memory.h"

#define MAX_ANSWER ((size_t)64 << 20)
#define PREFER "Prefer: respond-async, handling=lenient"

static const char *const async_headers[] = { PREFER, NULL };

static uint32_t
random_number(void)
{
	uint32_t r = 0;

	(void)!getrandom(&r, sizeof(r), 0);
	return r;
}

/* One request of the job, with a new token if the first is not liked. */
static struct sv_status
ask(struct ad_bulk_job *J, struct ad_client_request *r,
    const struct ad_client_answer **ret)
{
	char token[AD_SMART_MAX];

	r->max_answer = MAX_ANSWER;
	for (int i = 0; i < 2; i++) {
		SV_TRY(ad_bulk_job_token(J, true, token));
		r->authorization = token[0] != '\0' ? token : NULL;
		*ret = ad_client_ask(J->client, r);
		if ((*ret)->code != CURLE_OK || (*ret)->status != 401
		    || J->o->smart == NULL)
			break;
		ad_smart_reject(J->o->smart, token);
	}
	return SV_OK;
}

/* When to ask again. */
static int64_t
next_time(struct ad_bulk_job *J, int tries, int64_t retry_after_s)
{
	return ad_bulk_now_ms() + ad_bulk_delay_ms(&(struct ad_bulk_pace){
	    J->o->ask_ms, tries, retry_after_s }, random_number());
}

static struct sv_status
refused(struct ad_bulk_job *J, const char *what, const char *why)
{
	sv_err_set(J->err, "", "%s: %s", what, why);
	ad_bulk_job_say(J, "%s: %s", what, why);
	return SV_REFUSED;
}

static struct sv_status
later(struct ad_bulk_job *J, const char *what)
{
	sv_err_set(J->err, "", "%s; it goes on with the next run", what);
	return SV_RETRY;
}

/* 202 with Content-Location: the export is under way, and on record before
 * anything else is done. */
static struct sv_status
begun(struct ad_bulk_job *J)
{
	struct sv_str place = ad_client_header(J->client, "Content-Location");
	struct sv_str applied = ad_client_header(J->client,
	    "Preference-Applied");

	if (place.n == 0)
		return refused(J, "kick-off", "the answer has no "
		    "Content-Location");
	if (!sv_is_ok(ad_bulk_resolve(J->A, J->o->what.base, place,
	    &J->status_url)))
		return refused(J, "kick-off", "Content-Location is no URL");
	J->separate = sv_str_find(applied, SV_LIT("separate-export-status"))
	    < applied.n;
	J->ask_at_ms = next_time(J, 1, 0);
	SV_TRY(ad_bulk_job_save(J));
	ad_bulk_job_log(J, "kickoff", "\"exportUrl\":\"%.*s\"",
	    SV_FMT(J->o->what.base));
	ad_bulk_job_say(J, "the export has begun");
	return SV_OK;
}

/* Not begun: is it worth while to ask again? */
static struct sv_status
not_begun(struct ad_bulk_job *J, const struct ad_client_answer *a)
{
	char reason[300];

	switch (ad_bulk_status_of(J->A, &(struct ad_bulk_answer){
	    .arrived = a->code == CURLE_OK, .status = a->status,
	    .body = a->body }, reason)) {
	case AD_BULK_WAIT:	/* 429 (Bulk Data, "Response - Error") */
		ad_bulk_job_say(J, "kick-off: another export is still running "
		    "there; trying again");
		return SV_RETRY;
	case AD_BULK_AGAIN:
		ad_bulk_job_say(J, "kick-off: %s; trying again",
		    a->code == CURLE_OK ? reason : a->why);
		return SV_RETRY;
	case AD_BULK_READY:
		return refused(J, "kick-off", "answered 200, not 202");
	default:
		return refused(J, "kick-off", reason[0] != '\0' ? reason
		    : "answered 401");
	}
}

static struct sv_status
kick_off(struct ad_bulk_job *J)
{
	struct ad_bulk_kickoff k;
	struct ad_client_request r = { .accept = "application/fhir+json",
		.headers = async_headers };
	const struct ad_client_answer *a;
	struct sv_status s;

	SV_TRY(ad_bulk_kickoff_make(J->A, &J->o->what, &k, J->err));
	r.method = k.post ? "POST" : "GET";
	r.url = k.url.p;
	r.media = k.post ? "application/fhir+json" : NULL;
	r.body = k.body;
	J->started_ms = ad_bulk_now_ms();
	for (int i = 1; i <= AD_BULK_MAX_AGAIN; i++) {
		SV_TRY(ask(J, &r, &a));
		if (a->code == CURLE_OK && a->status == 202)
			return begun(J);
		s = not_begun(J, a);
		SV_ENSURE(s.code == SV_CODE_RETRY, s);
		if (!ad_bulk_job_wait(J, next_time(J, i, a->retry_after_s)))
			return later(J, "stopped");
	}
	return later(J, "the server does not begin an export now");
}

static bool
is_late(const struct ad_bulk_job *J)
{
	return ad_bulk_now_ms() - J->started_ms > J->o->deadline_s * 1000;
}

static void
tell_progress(struct ad_bulk_job *J)
{
	struct sv_str progress = ad_client_header(J->client, "X-Progress");
	char text[101];

	(void)snprintf(text, sizeof(text), "%.*s", SV_FMT(progress));
	for (char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	ad_bulk_job_say(J, "the server is preparing the export%s%s",
	    text[0] != '\0' ? ": " : "", text);
}

/* What the server says of the export; counts how often it said so. */
struct asking {
	int again, waits;
};

/* OK: there is a manifest; RETRY: ask again later. */
static struct sv_status
hear(struct ad_bulk_job *J, const struct ad_client_answer *a, struct asking *k)
{
	char reason[300];

	switch (ad_bulk_status_of(J->A, &(struct ad_bulk_answer){
	    .arrived = a->code == CURLE_OK, .status = a->status,
	    .export_status = J->separate ? ad_client_header(J->client,
	    "X-Export-Status") : SV_LIT(""), .body = a->body }, reason)) {
	case AD_BULK_READY:
		return SV_OK;
	case AD_BULK_WAIT:
		k->again = 0;
		k->waits++;
		tell_progress(J);
		return SV_RETRY;
	case AD_BULK_AGAIN:
		k->again++;
		ad_bulk_job_log(J, "status_error", "\"code\":%ld", a->status);
		ad_bulk_job_say(J, "status: %s; asking again",
		    a->code == CURLE_OK ? reason : a->why);
		return SV_RETRY;
	default:
		ad_bulk_job_log(J, "status_error", "\"code\":%ld", a->status);
		return refused(J, "export", reason[0] != '\0' ? reason
		    : "answered 401");
	}
}

/* Ask at ${url} until there is a manifest, which then is in ${ret}. */
static struct sv_status
poll(struct ad_bulk_job *J, struct sv_str url, struct sv_str *ret)
{
	struct ad_client_request r = { .method = "GET", .url = url.p,
		.accept = "application/json" };
	struct asking k = { .again = 0 };
	const struct ad_client_answer *a;
	int64_t after;
	struct sv_status s;

	while (k.again <= AD_BULK_MAX_AGAIN) {
		if (is_late(J))
			return refused(J, "export", "it is not ready within "
			    "the deadline");
		if (!ad_bulk_job_wait(J, J->ask_at_ms))
			return later(J, "stopped");
		s = ask(J, &r, &a);
		if (sv_is_ok(s)) {
			s = hear(J, a, &k);
			*ret = a->body;
			after = a->retry_after_s;
		} else {		/* no token now */
			k.again++;
			after = 0;
		}
		SV_ENSURE(s.code == SV_CODE_RETRY, s);
		J->ask_at_ms = next_time(J, k.again > 0 ? k.again : k.waits,
		    after);
		SV_TRY(ad_bulk_job_save(J));
	}
	return later(J, "the server does not answer");
}

/* All pages.  A page that was seen before would go on for ever. */
static struct sv_status
collect(struct ad_bulk_job *J)
{
	while (!J->complete) {
		struct sv_str url = J->n_pages == 0 ? J->status_url
		    : J->page[J->n_pages - 1].next, json;

		for (size_t i = 0; i < J->n_pages; i++) {
			if (sv_str_eq(J->page_url[i], url))
				return refused(J, "manifest", "its pages go "
				    "round in a circle");
		}
		SV_TRY(poll(J, url, &json));
		SV_TRY(ad_bulk_job_page(J, J->n_pages, url, json));
		ad_bulk_job_log(J, "status_page_complete",
		    "\"outputFileCount\":%zu", J->page[J->n_pages - 1].n);
		J->ask_at_ms = 0;
	}
	ad_bulk_job_log(J, "manifest_complete", "\"pages\":%zu", J->n_pages);
	return SV_OK;
}

/* URLs expire; the manifest then has new ones for the same files (Bulk Data,
 * "Response - Output Manifest", Expires). */
struct sv_status
ad_bulk_renew(struct ad_bulk_job *J)
{
	for (size_t i = 0; i < J->n_pages; i++) {
		size_t n = J->page[i].n;
		struct sv_str json;

		J->ask_at_ms = 0;
		SV_TRY(poll(J, J->page_url[i], &json));
		SV_TRY(ad_bulk_job_page(J, i, J->page_url[i], json));
		if (J->page[i].n != n)
			return refused(J, "manifest", "it lists other files "
			    "than before");
	}
	ad_bulk_job_say(J, "the links had expired; the server gave new ones");
	return SV_OK;
}

static struct sv_status
run(struct ad_bulk_job *J, struct ad_bulk_fetched *ret)
{
	SV_TRY(ad_bulk_job_load(J));
	if (J->status_url.n == 0)
		SV_TRY(kick_off(J));
	SV_TRY(collect(J));
	SV_TRY(ad_bulk_download(J, ret));
	ret->transaction_time = J->page[0].transaction_time;
	ad_bulk_job_log(J, "export_complete", "\"files\":%zu,\"bytes\":%lld",
	    ret->n, (long long)ret->bytes);
	return SV_OK;
}

struct sv_status
ad_bulk_fetch(struct sv_arena *A, const struct ad_bulk_options *o,
    struct ad_bulk_fetched *ret, struct sv_err *err)
{
	struct ad_bulk_job J = { .o = o, .A = A, .err = err,
		.client = ad_client_new(&o->peer) };
	struct sv_status s = SV_NOMEM;

	*ret = (struct ad_bulk_fetched){ .n = 0 };
	if (J.client != NULL)
		s = run(&J, ret);
	ad_client_free(J.client);
	return s;
}

/* What the folder holds is patient data: all of it goes. */
static void
empty(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(folder);
}

/* That the server keeps its files a while longer does no harm: nothing is tried
 * twice. */
void
ad_bulk_end(const struct ad_bulk_options *o)
{
	struct sv_err err;
	struct ad_bulk_job J = { .o = o, .err = &err, .client
		= ad_client_new(&o->peer) };
	struct ad_client_request r = { .method = "DELETE" };
	const struct ad_client_answer *a;

	if (J.client != NULL) {
		struct sv_arena A = ad_arena((size_t)256 << 20);

		J.A = &A;
		if (sv_is_ok(ad_bulk_job_load(&J)) && J.status_url.n > 0) {
			r.url = J.status_url.p;
			if (!sv_is_ok(ask(&J, &r, &a)) || a->code != CURLE_OK)
				ad_bulk_job_say(&J, "the server could not be "
				    "told that the export is over");
		}
		sv_arena_free(&A);
	}
	ad_client_free(J.client);
	empty(o->folder);
}
