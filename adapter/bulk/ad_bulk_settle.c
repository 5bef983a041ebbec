/*
 * One file of an export: what came of it, and what to do about it.
 */
#include "ad_bulk_transfer.h"
#include "ad_clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_REDIRECTS 5
#define MAX_WAIT_MS ((int64_t)8 * 60 * 1000)
#define MAX_BUSY 20			/* answers in a row */
#define EASY 20				/* files before one more at once */
#define RENEW_MS ((int64_t)5 * 60 * 1000)	/* links live longer */
#define PROGRESS ((int64_t)1 << 20)	/* then a drop does not count */

/* Does the length prove that nothing is missing?  HTTP/2 ends a stream, chunked
 * and Content-Length say where the end is, and libcurl holds them to it; only
 * HTTP/1 without either just stops. */
static bool
has_end(struct ad_bulk_transfer *t)
{
	CURL *c = ad_client_handle(t->client);
	long version = CURL_HTTP_VERSION_1_0;
	curl_off_t length = -1;

	if (t->total >= 0)
		return t->total == t->sink.bytes;
	(void)curl_easy_getinfo(c, CURLINFO_HTTP_VERSION, &version);
	(void)curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return version >= CURL_HTTP_VERSION_2_0 || length >= 0
	    || ad_client_header(t->client, "Transfer-Encoding").n > 0;
}

/* The headers of blocks are not counted, and in files of outcomes servers
 * count other things. */
static struct ad_bulk_said
said_of(const struct ad_bulk_transfer *t)
{
	const struct ad_bulk_job *J = t->L->J;
	const struct ad_bulk_file *f = ad_bulk_transfer_file(t);
	struct ad_bulk_said s = { -1, -1 };

	if (J->o->lenient_counts)
		return s;
	s.size = f->size;
	if (f->kind == AD_BULK_OUTPUT && !J->page[t->page].has_headers)
		s.count = f->count;
	return s;
}

/* All bytes are there: is it the file? */
static struct sv_status
check_body(struct ad_bulk_transfer *t, char why[300])
{
	bool proven = false;
	struct sv_status s;

	if (!t->begun && !ad_bulk_transfer_body(t)) {
		(void)snprintf(why, 300, "its coding is not gzip");
		return SV_BAD;
	}
	s = ad_bulk_sink_end(&t->sink, said_of(t), &proven);
	if (sv_is_ok(s) && (t->total >= 0 || !proven) && !has_end(t)) {
		sv_err_set(&t->sink.err, "", "nothing says that it is whole");
		s = SV_BAD;
	}
	if (!sv_is_ok(s))
		(void)snprintf(why, 300, "%.250s", t->sink.err.text);
	return s;
}

/* The name is for whole files; the folder is synced when all are there. */
static bool
give_name(const struct ad_bulk_transfer *t)
{
	struct sv_str name = t->L->ret->file[t->got].name;
	char from[4096], to[4096];
	int n = snprintf(from, sizeof(from), "%s/%.*s.part",
	    t->L->J->o->folder, SV_FMT(name));
	int m = snprintf(to, sizeof(to), "%s/%.*s", t->L->J->o->folder,
	    SV_FMT(name));

	return n >= 0 && n < 4096 && m >= 0 && m < 4096
	    && rename(from, to) == 0;
}

/* The server copes: perhaps with more. */
static void
ease(struct ad_bulk_loading *L)
{
	L->busy_in_row = 0;
	if (++L->easy >= EASY && L->parallel < L->J->o->parallel) {
		L->parallel++;
		L->easy = 0;
	}
}

static struct sv_status
finish(struct ad_bulk_transfer *t)
{
	struct ad_bulk_got *g = &t->L->ret->file[t->got];
	struct ad_bulk_job *J = t->L->J;

	if (!give_name(t)) {
		sv_err_set(J->err, J->o->folder, "%s", strerror(errno));
		return SV_RETRY;
	}
	ad_bulk_part_drop(&t->part, false);
	g->whole = true;
	g->lines = t->sink.lines;
	g->bytes = t->sink.bytes;
	t->L->ret->lines += g->lines;
	t->L->ret->bytes += g->bytes;
	t->L->left--;
	ease(t->L);
	ad_bulk_job_log(J, "download_complete",
	    AD_BULK_TEXT("fileUrl", ad_bulk_log_url(
	    ad_bulk_transfer_file(t)->url)),
	    AD_BULK_NUMBER("resourceCount", g->lines),
	    AD_BULK_NUMBER("fileSize", g->bytes));
	return SV_OK;
}

static void
give_up(struct ad_bulk_transfer *t, const char *why)
{
	struct ad_bulk_loading *L = t->L;

	ad_bulk_job_say(L->J, "%.*s: %s; given up",
	    SV_FMT(L->ret->file[t->got].name), why);
	L->left--;
	L->ret->n_failed++;
}

void
ad_bulk_put_off(struct ad_bulk_transfer *t, const char *why,
    int64_t retry_after_s)
{
	struct ad_bulk_loading *L = t->L;
	struct ad_bulk_todo *d = &L->todo[t->got];
	int64_t wait = L->J->o->retry_ms;

	ad_bulk_job_log(L->J, "download_error",
	    AD_BULK_TEXT("fileUrl", ad_bulk_log_url(t->url)),
	    AD_BULK_TEXT("message", sv_str_of(why)));
	if (d->tries >= L->J->o->retries) {
		give_up(t, why);
		return;
	}
	for (int i = 0; i < d->tries && wait < MAX_WAIT_MS; i++)
		wait *= 2;
	if (retry_after_s > 0)
		wait = retry_after_s > MAX_WAIT_MS / 1000 ? MAX_WAIT_MS
		    : retry_after_s * 1000;
	wait = wait > MAX_WAIT_MS ? MAX_WAIT_MS : wait;
	d->tries++;
	d->at_ms = ad_now_ms() + wait;
	ad_bulk_due_push(L, t->got);
	ad_bulk_job_say(L->J, "%.*s: %s; trying again in %lld s",
	    SV_FMT(L->ret->file[t->got].name), why,
	    (long long)((wait + 999) / 1000));
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
	return sv_is_ok(ad_bulk_transfer_send(t, token));
}

static bool
at_once(struct ad_bulk_transfer *t)
{
	t->L->todo[t->got].at_ms = 0;
	ad_bulk_due_push(t->L, t->got);
	return true;
}

/* An address that is no longer good asks for a new manifest; but not for one
 * after the other. */
static bool
renew(struct ad_bulk_transfer *t)
{
	struct ad_bulk_loading *L = t->L;

	if (t->begun_ms < L->renewed_ms)
		return at_once(t);	/* it has got another one meanwhile */
	if (L->renewed_ms > 0 && t->begun_ms - L->renewed_ms < RENEW_MS)
		return false;
	if (!sv_is_ok(ad_bulk_renew(L->J))) {
		L->renewed_ms = INT64_MAX / 2;	/* never again */
		return false;
	}
	L->renewed_ms = ad_now_ms();
	return at_once(t);
}

/* What servers say of links that have expired. */
static bool
is_gone(long status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

/* 401 asks for another token, once. */
static bool
repair(struct ad_bulk_transfer *t, long status)
{
	struct ad_bulk_loading *L = t->L;
	struct ad_bulk_todo *d = &L->todo[t->got];

	if (status == 416 && t->part.offset > 0) {	/* not of this body */
		ad_bulk_part_drop(&t->part, true);
		return at_once(t);
	}
	if (status == 401 && L->J->o->smart != NULL && !d->token_tried
	    && t->token[0] != '\0') {
		ad_smart_reject(L->J->o->smart, t->token);
		d->token_tried = true;
		return at_once(t);
	}
	return is_gone(status) && renew(t);
}

/* It is not the file that is at fault: it is not held against it, unless the
 * server never has time. */
static void
brake(struct ad_bulk_transfer *t, int64_t retry_after_s)
{
	struct ad_bulk_loading *L = t->L;
	int64_t hold = L->busy_in_row == 0 ? 0 : L->J->o->retry_ms / 60;

	for (int i = 1; i < L->busy_in_row && hold < MAX_WAIT_MS; i++)
		hold *= 2;
	hold = retry_after_s > 0 ? retry_after_s * 1000 : hold;
	hold = hold > MAX_WAIT_MS ? MAX_WAIT_MS : hold;
	L->easy = 0;
	L->parallel -= L->parallel > 1 ? 1 : 0;
	L->hold_until_ms = ad_now_ms() + hold;
	if (++L->busy_in_row <= MAX_BUSY)
		L->todo[t->got].tries--;
}

/* What broke off is kept to go on with; one that gets on is not given up. */
static void
keep_part(struct ad_bulk_transfer *t, CURLcode code)
{
	if (!t->begun && code != CURLE_WRITE_ERROR)
		return;		/* nothing came; the part is as it was */
	if (!t->begun || t->sink.gzip || t->part.validator[0] == '\0')
		ad_bulk_part_drop(&t->part, true);
	else if (t->sink.bytes - t->part.offset >= PROGRESS)
		t->L->todo[t->got].tries = 0;
}

static void
explain(const struct ad_bulk_transfer *t, const struct ad_client_answer *a,
    char why[300])
{
	if (a->code == CURLE_OK)
		(void)snprintf(why, 300, "answered %ld", a->status);
	else if (a->code == CURLE_WRITE_ERROR && !t->begun)
		(void)snprintf(why, 300, "%s", t->part.offset > 0 ? "it does "
		    "not go on where it broke off" : "its coding is not gzip");
	else
		(void)snprintf(why, 300, "%.250s", t->begun
		    && t->sink.err.text[0] != '\0' ? t->sink.err.text : a->why);
}

/* It came, but it is not the file. */
static struct sv_status
refuse(struct ad_bulk_transfer *t, struct sv_status s, const char *why)
{
	ad_bulk_part_drop(&t->part, true);
	/* What is wrong twice is wrong at the server. */
	if (t->sink.miscounted && t->L->todo[t->got].tries > 0)
		t->L->todo[t->got].tries = t->L->J->o->retries;
	ad_bulk_put_off(t, why, 0);
	return s.code == SV_CODE_RETRY ? s : SV_OK;
}

/* There is no room for it: the disk ends the run, the budget the file. */
static struct sv_status
no_room(struct ad_bulk_transfer *t, const char *why)
{
	ad_bulk_part_drop(&t->part, true);
	if (!t->sink.disk_full) {
		t->L->todo[t->got].tries = t->L->J->o->retries;
		ad_bulk_put_off(t, why, 0);
		return SV_OK;
	}
	sv_err_set(t->L->J->err, t->L->J->o->folder, "%s", why);
	return SV_RETRY;
}

/* No status that a file could come with. */
static struct sv_status
judge_failure(struct ad_bulk_transfer *t, const struct ad_client_answer *a)
{
	char why[300];

	ad_bulk_sink_drop(&t->sink);
	explain(t, a, why);
	if (t->begun && (t->sink.too_large || t->sink.disk_full))
		return no_room(t, why);
	if (a->code != CURLE_OK)
		keep_part(t, a->code);
	else if (repair(t, a->status))
		return SV_OK;
	else if (a->status == 404 || a->status == 410)	/* not even renewed */
		t->L->todo[t->got].tries = t->L->J->o->retries;
	else if (a->status == 429 || a->status == 503)
		brake(t, a->retry_after_s);
	ad_bulk_put_off(t, why, a->retry_after_s);
	return SV_OK;
}

/* What came of ${t}, which is no longer under way. */
static struct sv_status
judge(struct ad_bulk_transfer *t, CURLcode code)
{
	const struct ad_client_answer *a = ad_client_finish(t->client, code);
	char why[300];
	struct sv_status s;

	/* 416 too: perhaps all of it was there (RFC 9110 section 15.5.17). */
	if (code != CURLE_OK || (a->status != 200 && a->status != 206
	    && (a->status != 416 || !ad_bulk_transfer_body(t))))
		return judge_failure(t, a);
	s = check_body(t, why);
	return sv_is_ok(s) ? finish(t) : refuse(t, s, why);
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
	(void)close(t->part.fd);
	t->busy = false;
	L->running--;
	if (!sv_is_ok(s) && sv_is_ok(L->failed))
		L->failed = s;
}
