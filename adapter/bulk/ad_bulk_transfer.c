/*
 * One file of an export: what is asked, and what an answer means.
 */
#include "ad_bulk_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ad_durable.h"

#define MAX_REDIRECTS 5
#define MAX_WAIT_MS ((int64_t)8 * 60 * 1000)

static const struct ad_bulk_file *
file_of(const struct ad_bulk_transfer *t)
{
	return &t->L->J->page[t->page].file[t->i];
}

/* The first piece says how the body is coded. */
static bool
begin_body(struct ad_bulk_transfer *t)
{
	struct sv_str coding = ad_client_header(t->client, "Content-Encoding");
	bool gzip = sv_str_is(coding, "gzip") || sv_str_is(coding, "x-gzip");

	if (!gzip && coding.n > 0 && !sv_str_is(coding, "identity"))
		return false;
	if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
		return false;
	ad_bulk_sink_begin(&t->sink, t->fd, gzip, t->L->J->o->max_bytes
	    - t->L->ret->bytes);
	t->begun = true;
	return true;
}

static bool
take(void *ctx, struct sv_str piece)
{
	struct ad_bulk_transfer *t = ctx;
	long status = 0;

	(void)curl_easy_getinfo(ad_client_handle(t->client),
	    CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return true;	/* an error page; its status says enough */
	return (t->begun || begin_body(t)) && ad_bulk_sink_add(&t->sink, piece);
}

static struct sv_status
send_request(struct ad_bulk_transfer *t, bool token)
{
	static const char *const headers[] = { "Accept-Encoding: gzip", NULL };
	struct ad_client_request r = { .method = "GET", .url = t->url.p,
		.accept = "application/fhir+ndjson", .headers = headers,
		.max_answer = SIZE_MAX, .sink = take, .ctx = t };

	/* No token where none is wanted: signed URLs refuse it, and it is not
	 * for others to see (bulk.md F1). */
	SV_TRY(ad_bulk_job_token(t->L->J, token, t->token));
	if (t->token[0] != '\0')
		r.authorization = t->token;
	t->begun = false;
	SV_TRY(ad_client_prepare(t->client, &r));
	SV_ENSURE(curl_multi_add_handle(t->L->multi, ad_client_handle(t->client))
	    == CURLM_OK, SV_NOMEM);
	return SV_OK;
}

static bool
open_part(struct ad_bulk_transfer *t)
{
	char path[4096], name[512];
	struct sv_str final = t->L->ret->file[t->got].name;

	(void)snprintf(name, sizeof(name), "%.*s.part", SV_FMT(final));
	t->fd = ad_durable_path(path, t->L->J->o->folder, name) ? open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	return t->fd >= 0;
}

/* Does the length prove that nothing is missing?  HTTP/2 ends a stream, chunked
 * and Content-Length say where the end is, and libcurl holds them to it; only
 * HTTP/1 without either just stops. */
static bool
has_end(struct ad_bulk_transfer *t)
{
	CURL *c = ad_client_handle(t->client);
	long version = CURL_HTTP_VERSION_1_0;
	curl_off_t length = -1;

	(void)curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return version >= CURL_HTTP_VERSION_2_0 || length >= 0
	    || ad_client_header(t->client, "Transfer-Encoding").n > 0;
}

/* How many lines there must be; -1: that is not known.  The headers of blocks
 * are not counted, and in files of outcomes servers count other things. */
static int64_t
count_of(const struct ad_bulk_transfer *t)
{
	const struct ad_bulk_job *J = t->L->J;

	return file_of(t)->kind != AD_BULK_OUTPUT || J->o->lenient_counts
	    || J->page[t->page].has_headers ? -1 : file_of(t)->count;
}

/* All bytes are there: is it the file? */
static struct sv_status
check_body(struct ad_bulk_transfer *t, char why[300])
{
	bool proven = false;
	struct sv_status s;

	if (!t->begun && !begin_body(t)) {
		(void)snprintf(why, 300, "its coding is not gzip");
		return SV_BAD;
	}
	s = ad_bulk_sink_end(&t->sink, count_of(t), &proven);
	if (sv_is_ok(s) && !proven && !has_end(t)) {
		sv_err_set(&t->sink.err, "", "nothing says that it is whole");
		s = SV_BAD;
	}
	if (!sv_is_ok(s))
		(void)snprintf(why, 300, "%.250s", t->sink.err.text);
	return s;
}

static struct sv_status
finish(struct ad_bulk_transfer *t)
{
	struct ad_bulk_got *g = &t->L->ret->file[t->got];
	struct ad_bulk_job *J = t->L->J;
	char part[512];

	(void)snprintf(part, sizeof(part), "%.*s.part", SV_FMT(g->name));
	SV_TRY(ad_durable_rename(J->o->folder, part, g->name.p, J->err));
	g->whole = true;
	g->lines = t->sink.lines;
	g->bytes = t->sink.bytes;
	t->L->ret->lines += g->lines;
	t->L->ret->bytes += g->bytes;
	t->L->todo[t->got].done = true;
	t->L->left--;
	ad_bulk_job_log(J, "download_complete", "\"resourceCount\":%lld,"
	    "\"fileSize\":%lld", (long long)g->lines, (long long)g->bytes);
	return SV_OK;
}

/* Another time, or never. */
static void
put_off(struct ad_bulk_transfer *t, const char *why, int64_t retry_after_s)
{
	struct ad_bulk_loading *L = t->L;
	struct ad_bulk_todo *d = &L->todo[t->got];
	int64_t wait = L->J->o->retry_ms;

	ad_bulk_job_log(L->J, "download_error", "\"resourceType\":\"%.*s\"",
	    SV_FMT(file_of(t)->type));
	for (int i = 0; i < d->tries && wait < MAX_WAIT_MS; i++)
		wait *= 2;
	if (retry_after_s > 0)
		wait = retry_after_s * 1000;
	wait = wait > MAX_WAIT_MS ? MAX_WAIT_MS : wait;
	d->at_ms = ad_bulk_now_ms() + wait;
	if (++d->tries <= L->J->o->retries) {
		ad_bulk_job_say(L->J, "%.*s: %s; trying again in %lld s",
		    SV_FMT(L->ret->file[t->got].name), why,
		    (long long)((wait + 999) / 1000));
		return;
	}
	ad_bulk_job_say(L->J, "%.*s: %s; given up",
	    SV_FMT(L->ret->file[t->got].name), why);
	d->done = true;
	L->left--;
	L->ret->n_failed++;
}

struct sv_status
ad_bulk_transfer_start(struct ad_bulk_transfer *t, const struct ad_bulk_todo *d)
{
	struct sv_status s;

	t->page = d->page;
	t->i = d->i;
	t->got = d->got;
	t->redirects = 0;
	t->url = file_of(t)->url;
	if (!open_part(t)) {
		sv_err_set(t->L->J->err, t->L->J->o->folder, "%s",
		    strerror(errno));
		return SV_RETRY;
	}
	s = send_request(t, t->L->J->page[t->page].needs_token);
	if (!sv_is_ok(s))
		(void)close(t->fd);
	if (s.code == SV_CODE_RETRY) {	/* no token now */
		put_off(t, t->L->J->err->text, 0);
		return SV_OK;
	}
	SV_TRY(s);
	t->busy = true;
	t->L->running++;
	ad_bulk_job_log(t->L->J, "download_request", "\"itemType\":\"%d\","
	    "\"resourceType\":\"%.*s\"", (int)file_of(t)->kind,
	    SV_FMT(file_of(t)->type));
	return SV_OK;
}

/* The same scheme, host and port? */
static bool
is_same_origin(struct sv_str a, struct sv_str b)
{
	size_t n = strlen("https://");

	while (n < a.n && a.p[n] != '/')
		n++;
	return n < a.n && n < b.n && b.p[n] == '/' && memcmp(a.p, b.p, n) == 0;
}

/* To where the answer points, without the token if that is another server. */
static bool
follow(struct ad_bulk_transfer *t)
{
	struct sv_str to = ad_client_header(t->client, "Location"), url;
	bool token = t->token[0] != '\0';

	if (to.n == 0 || ++t->redirects > MAX_REDIRECTS
	    || !sv_is_ok(ad_bulk_resolve(t->L->J->A, t->url, to, &url)))
		return false;
	token = token && is_same_origin(t->url, url);
	t->url = url;
	return sv_is_ok(send_request(t, token));
}

/* 401 asks for another token, once; an address that is no longer good for a
 * new manifest, once. */
static bool
repair(struct ad_bulk_transfer *t, long status)
{
	struct ad_bulk_loading *L = t->L;
	struct ad_bulk_todo *d = &L->todo[t->got];

	if (status == 401 && L->J->o->smart != NULL && !d->token_tried
	    && t->token[0] != '\0') {
		ad_smart_reject(L->J->o->smart, t->token);
		d->token_tried = true;
		d->at_ms = 0;
		return true;
	}
	if ((status != 401 && status != 403 && status != 404 && status != 410)
	    || L->renewed)
		return false;
	L->renewed = true;
	d->at_ms = 0;
	return sv_is_ok(ad_bulk_renew(L->J));
}

static void
explain(const struct ad_bulk_transfer *t, const struct ad_client_answer *a,
    char why[300])
{
	if (a->code == CURLE_OK)
		(void)snprintf(why, 300, "answered %ld", a->status);
	else
		(void)snprintf(why, 300, "%.250s", t->begun
		    && t->sink.err.text[0] != '\0' ? t->sink.err.text : a->why);
}

/* What came of ${t}, which is no longer under way. */
static struct sv_status
judge(struct ad_bulk_transfer *t, CURLcode code)
{
	const struct ad_client_answer *a = ad_client_finish(t->client, code);
	char why[300];
	struct sv_status s;

	if (code == CURLE_OK && a->status == 200) {
		s = check_body(t, why);
		if (sv_is_ok(s))
			return finish(t);
		put_off(t, why, 0);
		return s.code == SV_CODE_RETRY ? s : SV_OK;
	}
	ad_bulk_sink_drop(&t->sink);
	if (code == CURLE_OK && repair(t, a->status))
		return SV_OK;
	explain(t, a, why);
	put_off(t, why, a->retry_after_s);
	return SV_OK;
}

void
ad_bulk_transfer_settle(struct ad_bulk_transfer *t, CURLcode code)
{
	struct ad_bulk_loading *L = t->L;
	long status = 0;
	struct sv_status s;

	(void)curl_multi_remove_handle(L->multi, ad_client_handle(t->client));
	(void)curl_easy_getinfo(ad_client_handle(t->client),
	    CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status >= 300 && status < 400 && follow(t))
		return;
	s = judge(t, code);
	(void)close(t->fd);
	t->busy = false;
	L->running--;
	if (!sv_is_ok(s) && sv_is_ok(L->failed))
		L->failed = s;
	/* A busy server gets less to do at once. */
	if (status == 429 && L->parallel > 1)
		L->parallel--;
}

