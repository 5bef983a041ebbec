/*
 * The course of an export: questions, manifest, end.
 */
#include "ad_bulk_course.h"

#include "ad_bulk_status.h"
#include "ad_clock.h"
#include "ad_memory.h"

/* A line that the server wrote for people, fit to print. */
static struct sv_str
progress(struct ad_bulk_job *J)
{
	struct sv_str s = sv_arena_str(J->A, ad_client_header(J->client,
	    "X-Progress"));

	s.n = s.p == NULL ? 0 : s.n > 100 ? 100 : s.n;
	for (size_t i = 0; i < s.n; i++) {
		char *c = (char *)(uintptr_t)&s.p[i];

		if (*c < ' ' || *c > '~')
			*c = ' ';
	}
	return s;
}

static void
tell_progress(struct ad_bulk_job *J, int64_t retry_after_s)
{
	struct sv_str text = progress(J);

	ad_bulk_job_say(J, "the server is preparing the export%s%.*s",
	    text.n > 0 ? ": " : "", SV_FMT(text));
	ad_bulk_job_log(J, "status_progress", AD_BULK_TEXT("xProgress", text),
	    AD_BULK_NUMBER("retryAfter", retry_after_s));
}

/* What the server says of the export; counts how often it said so. */
struct asking {
	int again, waits;
};

static void
tell_error(struct ad_bulk_job *J, long status, const char *why)
{
	ad_bulk_job_log(J, "status_error", AD_BULK_NUMBER("code", status),
	    AD_BULK_TEXT("message", sv_str_of(why)));
}

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
		tell_progress(J, a->retry_after_s);
		return SV_RETRY;
	case AD_BULK_AGAIN:
		k->again++;
		tell_error(J, a->status, a->code == CURLE_OK ? reason : a->why);
		ad_bulk_job_say(J, "status: %s; asking again",
		    a->code == CURLE_OK ? reason : a->why);
		return SV_RETRY;
	case AD_BULK_TOKEN:	/* the job is there yet */
		tell_error(J, a->status, "answered 401");
		return ad_bulk_refused(J, "export", "answered 401");
	default:
		tell_error(J, a->status, reason);
		J->lost = true;
		return ad_bulk_refused(J, "export", reason);
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
		if (ad_bulk_job_is_late(J)) {
			J->lost = true;
			return ad_bulk_refused(J, "export", "it is not ready "
			    "within the deadline");
		}
		if (!ad_bulk_job_wait(J, J->ask_at_ms))
			return ad_bulk_later(J, "stopped");
		s = ad_bulk_ask(J, &r, &a);
		if (sv_is_ok(s)) {
			s = hear(J, a, &k);
			*ret = a->body;
			after = a->retry_after_s;
		} else {		/* no token now */
			k.again++;
			after = 0;
		}
		SV_ENSURE(s.code == SV_CODE_RETRY, s);
		J->ask_at_ms = ad_bulk_next_ms(J, k.again > 0 ? k.again
		    : k.waits, after);
		SV_TRY(ad_bulk_job_save(J));
	}
	return ad_bulk_later(J, "the server does not answer");
}

/* Until when the links of the page that has just come are good. */
static void
note_expiry(struct ad_bulk_job *J)
{
	struct sv_str text = ad_client_header(J->client, "Expires");
	time_t t = text.n > 0 ? curl_getdate(text.p, NULL) : -1;

	J->expires_ms = t > 0 ? (int64_t)t * 1000 : 0;
}

/* Page ${at}, which is to be found at ${url}. */
static struct sv_status
take_page(struct ad_bulk_job *J, size_t at, struct sv_str url)
{
	struct sv_str json;
	struct sv_status s;

	SV_TRY(poll(J, url, &json));
	note_expiry(J);
	s = ad_bulk_job_page(J, at, url, json);
	J->lost = J->lost || s.code == SV_CODE_BAD;
	SV_TRY(s);
	J->ask_at_ms = 0;
	return ad_bulk_job_save(J);
}

/* How many files of a kind all pages list. */
static int64_t
count_files(const struct ad_bulk_job *J, enum ad_bulk_kind kind)
{
	int64_t n = 0;

	for (size_t p = 0; p < J->n_pages; p++) {
		for (size_t i = 0; i < J->page[p].n; i++)
			n += J->page[p].file[i].kind == kind ? 1 : 0;
	}
	return n;
}

static void
tell_manifest(struct ad_bulk_job *J)
{
	ad_bulk_job_log(J, "status_complete",
	    AD_BULK_TEXT("transactionTime", J->page[0].transaction_time));
	ad_bulk_job_log(J, "manifest_complete",
	    AD_BULK_TEXT("transactionTime", J->page[0].transaction_time),
	    AD_BULK_NUMBER("totalOutputFileCount", count_files(J,
	    AD_BULK_OUTPUT)), AD_BULK_NUMBER("totalDeletedFileCount",
	    count_files(J, AD_BULK_DELETED)),
	    AD_BULK_NUMBER("totalErrorFileCount", count_files(J,
	    AD_BULK_OUTCOME)), AD_BULK_NUMBER("totalManifests", J->n_pages));
}

/* A page that was seen before would go on for ever. */
struct sv_status
ad_bulk_collect(struct ad_bulk_job *J)
{
	struct sv_str url;

	while ((url = ad_bulk_job_page_url(J, J->n_pages)).n > 0) {
		size_t n = J->n_pages;

		for (size_t i = 0; i < n; i++) {
			if (!sv_str_eq(ad_bulk_job_page_url(J, i), url))
				continue;
			J->lost = true;
			return ad_bulk_refused(J, "manifest", "its pages go "
			    "round in a circle");
		}
		SV_TRY(take_page(J, n, url));
		ad_bulk_job_log(J, "status_page_complete",
		    AD_BULK_TEXT("transactionTime",
		    J->page[n].transaction_time),
		    AD_BULK_NUMBER("outputFileCount", J->page[n].n));
		if (ad_bulk_job_page_url(J, n + 1).n == 0)
			tell_manifest(J);
	}
	return SV_OK;
}

/* URLs expire; the manifest then has new ones for the same files (Bulk Data,
 * "Response - Output Manifest", Expires), and for its own next page. */
struct sv_status
ad_bulk_renew(struct ad_bulk_job *J)
{
	for (size_t i = 0; i < J->n_pages; i++) {
		struct sv_str url = ad_bulk_job_page_url(J, i);

		if (url.n == 0)
			return ad_bulk_refused(J, "manifest", "it has fewer "
			    "pages than before");
		SV_TRY(take_page(J, i, url));
	}
	ad_bulk_job_say(J, "the links had expired; the server gave new ones");
	return SV_OK;
}

/* A job that is given up is forgotten there too, as far as that can be had, and
 * another one begins: some servers run one export at a time. */
static void
discard(struct ad_bulk_job *J)
{
	if (!ad_bulk_forget(J))
		ad_bulk_job_say(J, "the server could not be told that the "
		    "export before is over");
	ad_bulk_job_empty(J->o->folder, false);
	J->status_url = SV_LIT("");
	J->n_pages = 0;
	J->over = false;
}

static struct sv_status
prepare(struct ad_bulk_job *J)
{
	struct sv_str request;

	SV_TRY(ad_bulk_job_load(J));
	SV_TRY(ad_bulk_request_text(J, &request));
	if (J->status_url.n > 0 && !J->over
	    && !sv_str_eq(J->request, request)) {
		ad_bulk_job_say(J, "another export is asked for than before: "
		    "it begins anew");
		J->over = true;
	}
	if (J->over)
		discard(J);
	J->request = request;
	return SV_OK;
}

static struct sv_status
run(struct ad_bulk_job *J, struct ad_bulk_fetched *ret)
{
	SV_TRY(prepare(J));
	if (J->status_url.n == 0)
		SV_TRY(ad_bulk_begin(J));
	SV_TRY(ad_bulk_collect(J));
	SV_TRY(ad_bulk_download(J, ret));
	ret->transaction_time = J->page[0].transaction_time;
	ret->lacks = J->lacks;
	ad_bulk_job_log(J, "export_complete", AD_BULK_NUMBER("files", ret->n),
	    AD_BULK_NUMBER("resources", ret->lines),
	    AD_BULK_NUMBER("bytes", ret->bytes), AD_BULK_NUMBER("duration",
	    ad_now_ms() - J->started_ms));
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
	ret->lost = J.lost && (!sv_is_ok(s) || ret->n_failed > 0);
	ad_client_free(J.client);
	return s;
}

/* That it is over is on record first: a run that is killed in here must not be
 * taken for one to go on with. */
static void
end(struct ad_bulk_job *J, bool *ret_told)
{
	*ret_told = true;
	if (!sv_is_ok(ad_bulk_job_load(J)) || J->status_url.n == 0)
		return;
	J->over = true;
	if (!sv_is_ok(ad_bulk_job_save(J)))
		return;
	*ret_told = ad_bulk_forget(J);
	if (!*ret_told)
		ad_bulk_job_say(J, "the server could not be told that the "
		    "export is over; it is told before the next one");
}

void
ad_bulk_end(const struct ad_bulk_options *o)
{
	struct sv_arena A = ad_arena((size_t)256 << 20);
	struct sv_err err;
	struct ad_bulk_job J = { .o = o, .err = &err, .A = &A, .client
		= ad_client_new(&o->peer) };
	bool told = true;

	if (J.client != NULL)
		end(&J, &told);
	sv_arena_free(&A);
	ad_client_free(J.client);
	ad_bulk_job_empty(o->folder, false);
	if (told)
		ad_bulk_job_empty(o->folder, true);
}
