/*
 * Kick-off, and what all requests of a job but those for files have in common.
 */
#include "ad_bulk_course.h"

#include <ctype.h>

#include "ad_bulk_capability.h"
#include "ad_bulk_status.h"
#include "ad_clock.h"

#define MAX_ANSWER ((size_t)64 << 20)
#define PREFER "Prefer: respond-async, handling=lenient"

static const char *const async_headers[] = { PREFER, NULL };

struct sv_status
ad_bulk_ask(struct ad_bulk_job *J, struct ad_client_request *r,
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

int64_t
ad_bulk_next_ms(struct ad_bulk_job *J, int tries, int64_t retry_after_s)
{
	return ad_now_ms() + ad_bulk_delay_ms(&(struct ad_bulk_pace){
	    J->o->ask_ms, tries, retry_after_s }, ad_random());
}

struct sv_status
ad_bulk_refused(struct ad_bulk_job *J, const char *what, const char *why)
{
	sv_err_set(J->err, "", "%s: %s", what, why);
	ad_bulk_job_say(J, "%s: %s", what, why);
	return SV_REFUSED;
}

struct sv_status
ad_bulk_later(struct ad_bulk_job *J, const char *what)
{
	sv_err_set(J->err, "", "%s; it goes on with the next run", what);
	return SV_RETRY;
}

/* By which name and method (Bulk Data 4.0, "Bulk Data Kick-off Request"): a
 * server that does not say is asked as servers always were. */
static struct sv_status
choose(struct ad_bulk_job *J, struct ad_bulk_export *e)
{
	struct ad_client_request r = { .method = "GET",
		.accept = "application/fhir+json" };
	struct sv_str base = e->base, url;
	const struct ad_client_answer *a;

	if (e->method != AD_BULK_AUTO || e->operation.n > 0)
		return SV_OK;
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	url = sv_arena_printf(J->A, "%.*s/metadata", SV_FMT(base));
	SV_ENSURE(url.p != NULL, SV_NOMEM);
	r.url = url.p;
	SV_TRY(ad_bulk_ask(J, &r, &a));
	if (a->code == CURLE_OK && a->status == 200
	    && ad_bulk_capability_read(J->A, a->body, e->level, &e->operation))
		e->method = AD_BULK_POST;
	return SV_OK;
}

struct sv_status
ad_bulk_request_text(struct ad_bulk_job *J, struct sv_str *ret)
{
	struct ad_bulk_export e = J->o->what;
	struct ad_bulk_kickoff k;

	SV_TRY(ad_bulk_kickoff_make(J->A, &e, &k, J->err));
	e.method = AD_BULK_POST;
	SV_TRY(ad_bulk_kickoff_make(J->A, &e, &k, J->err));
	*ret = sv_arena_printf(J->A, "%.*s %.*s", SV_FMT(k.url),
	    SV_FMT(k.body));
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

/* 202 with Content-Location: the export is under way, and on record before
 * anything else is done. */
static struct sv_status
begun(struct ad_bulk_job *J, const struct ad_bulk_kickoff *k)
{
	struct sv_str place = ad_client_header(J->client, "Content-Location");
	struct sv_str applied = ad_client_header(J->client,
	    "Preference-Applied"), url;

	if (place.n == 0)
		return ad_bulk_refused(J, "kick-off", "the answer has no "
		    "Content-Location");
	if (!sv_is_ok(ad_bulk_resolve(J->A, J->o->what.base, place, &url)))
		return ad_bulk_refused(J, "kick-off", "Content-Location is no "
		    "URL");
	if (!ad_client_may_ask(url.p, J->o->peer.plain))
		return ad_bulk_refused(J, "kick-off", "Content-Location is not "
		    "https:; the server has to know its own address");
	J->status_url = url;
	J->separate = sv_str_find(applied, SV_LIT("separate-export-status"))
	    < applied.n;
	J->ask_at_ms = ad_bulk_next_ms(J, 1, 0);
	SV_TRY(ad_bulk_job_save(J));
	ad_bulk_job_log(J, "kickoff",
	    AD_BULK_TEXT("exportUrl", ad_bulk_log_url(k->url)),
	    AD_BULK_TEXT("since", J->o->what.since),
	    AD_BULK_TEXT("softwareName", SV_LIT("Salvor")));
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
		return ad_bulk_refused(J, "kick-off", "answered 200, not 202");
	case AD_BULK_LOST:
		return ad_bulk_refused(J, "kick-off", "there is no such export "
		    "(answered 404 or 410); check base and group");
	default:
		return ad_bulk_refused(J, "kick-off", reason[0] != '\0' ? reason
		    : "answered 401");
	}
}

/* ${word} as a whole. */
static bool
names(struct sv_str text, struct sv_str word)
{
	size_t at;

	for (; (at = sv_str_find(text, word)) < text.n;
	    text = sv_str_from(text, at + word.n)) {
		size_t end = at + word.n;

		if ((at == 0 || !isalnum((unsigned char)text.p[at - 1]))
		    && (end == text.n || !isalnum((unsigned char)text.p[end])))
			return true;
	}
	return false;
}

/* Some servers refuse an export of types of which they have none, lenient or
 * not, and name the one.  If we can do without it, it is left out of ${e}. */
static bool
leave_out(struct ad_bulk_job *J, const struct ad_client_answer *a,
    struct ad_bulk_export *e)
{
	struct sv_str *kept = sv_arena_alloc(J->A, (e->n_types + 1)
	    * sizeof(*kept));
	size_t n = 0, named = 0;

	if (kept == NULL || a->code != CURLE_OK || a->status != 400)
		return false;
	for (size_t i = 0; i < e->n_types; i++) {
		if (!names(a->body, e->types[i]))
			kept[n++] = e->types[i];
		else
			named = i;
	}
	if (n + 1 != e->n_types || named < e->n_needed)
		return false;
	J->lacks = sv_arena_join(J->A, J->lacks, J->lacks.n > 0 ? SV_LIT(" ")
	    : (struct sv_str){ "", 0 }, e->types[named]);
	if (J->lacks.p == NULL)
		return false;
	e->types = kept;
	e->n_types = n;
	return true;
}

static struct sv_status
kick_off(struct ad_bulk_job *J, struct ad_bulk_export *e,
    struct ad_bulk_kickoff *k, const struct ad_client_answer **ret)
{
	struct ad_client_request r = { .accept = "application/fhir+json",
		.headers = async_headers };

	SV_TRY(ad_bulk_kickoff_make(J->A, e, k, J->err));
	r.method = k->post ? "POST" : "GET";
	r.url = k->url.p;
	r.media = k->post ? "application/fhir+json" : NULL;
	r.body = k->body;
	return ad_bulk_ask(J, &r, ret);
}

struct sv_status
ad_bulk_begin(struct ad_bulk_job *J)
{
	struct ad_bulk_export e = J->o->what;
	struct ad_bulk_kickoff k;
	const struct ad_client_answer *a;
	struct sv_status s;

	SV_TRY(choose(J, &e));
	J->started_ms = ad_now_ms();
	J->lacks = (struct sv_str){ "", 0 };
	for (int i = 1; i <= AD_BULK_MAX_AGAIN; i++) {
		SV_TRY(kick_off(J, &e, &k, &a));
		if (a->code == CURLE_OK && a->status == 202)
			return begun(J, &k);
		if (leave_out(J, a, &e))
			continue;
		s = not_begun(J, a);
		SV_ENSURE(s.code == SV_CODE_RETRY, s);
		if (!ad_bulk_job_wait(J, ad_bulk_next_ms(J, i,
		    a->retry_after_s)))
			return ad_bulk_later(J, "stopped");
	}
	return ad_bulk_later(J, "the server does not begin an export now");
}

bool
ad_bulk_forget(struct ad_bulk_job *J)
{
	struct ad_client_request r = { .method = "DELETE",
		.url = J->status_url.p };
	const struct ad_client_answer *a;

	if (J->status_url.n == 0)
		return true;
	if (!sv_is_ok(ad_bulk_ask(J, &r, &a)) || a->code != CURLE_OK)
		return false;
	return (a->status >= 200 && a->status < 300) || a->status == 404
	    || a->status == 410;
}
