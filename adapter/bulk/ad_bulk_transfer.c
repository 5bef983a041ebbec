/*
 * One file of an export: what is asked, and where the bytes go.
 */
#include "ad_bulk_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ad_clock.h"

const struct ad_bulk_file *
ad_bulk_transfer_file(const struct ad_bulk_transfer *t)
{
	return &t->L->J->page[t->page].file[t->i];
}

static long
status_of(struct ad_bulk_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(ad_client_handle(t->client),
	    CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* 206: it has to go on just where we are (RFC 9110 section 15.3.7).  416 with
 * our size: there is no more of it. */
static bool
goes_on(struct ad_bulk_transfer *t, long status)
{
	struct sv_str range = ad_client_header(t->client, "Content-Range");
	int64_t first;

	if (t->part.offset == 0
	    || !ad_bulk_part_range(range, &first, &t->total))
		return false;
	return status == 206 ? first == t->part.offset
	    : first < 0 && t->total == t->part.offset;
}

bool
ad_bulk_transfer_body(struct ad_bulk_transfer *t)
{
	struct sv_str coding = ad_client_header(t->client, "Content-Encoding");
	bool gzip = sv_str_eq_nocase(coding, SV_LIT("gzip"))
	    || sv_str_eq_nocase(coding, SV_LIT("x-gzip"));
	int64_t room = t->L->J->o->max_bytes - t->L->ret->bytes;
	long status = status_of(t);

	if (!gzip && coding.n > 0
	    && !sv_str_eq_nocase(coding, SV_LIT("identity")))
		return false;
	ad_bulk_sink_begin(&t->sink, t->part.fd, gzip, room);
	t->begun = status == 200
	    ? ad_bulk_part_begin(&t->part, t->client, !gzip)
	    : !gzip && goes_on(t, status) && ad_bulk_sink_reread(&t->sink);
	return t->begun;
}

int64_t
ad_bulk_loading_bytes(const struct ad_bulk_loading *L)
{
	int64_t bytes = L->ret->bytes;

	for (int k = 0; k < L->J->o->parallel; k++)
		bytes += L->t[k].busy && L->t[k].begun ? L->t[k].sink.bytes : 0;
	return bytes;
}

/* All files that come at once share what the export may use. */
static bool
has_room(struct ad_bulk_transfer *t)
{
	if (ad_bulk_loading_bytes(t->L) <= t->L->J->o->max_bytes)
		return true;
	t->sink.too_large = true;
	sv_err_set(&t->sink.err, "", "the export is larger than the space that "
	    "it may use");
	return false;
}

static bool
take(void *ctx, struct sv_str piece)
{
	struct ad_bulk_transfer *t = ctx;
	long status = status_of(t);

	if (status != 200 && status != 206)
		return true;	/* an error page; its status says enough */
	return (t->begun || ad_bulk_transfer_body(t))
	    && ad_bulk_sink_add(&t->sink, piece) && has_room(t);
}

struct sv_status
ad_bulk_transfer_send(struct ad_bulk_transfer *t, bool token)
{
	char range[64], condition[AD_BULK_VALIDATOR + 16];
	/* Bytes of a compressed body would be counted otherwise. */
	const char *const resume[] = { "Accept-Encoding: identity", range,
		condition, NULL };
	const char *const anew[] = { "Accept-Encoding: gzip", NULL };
	struct ad_client_request r = { .method = "GET", .url = t->url.p,
		.accept = "application/fhir+ndjson",
		.headers = t->part.offset > 0 ? resume : anew,
		.max_answer = SIZE_MAX, .sink = take, .ctx = t };
	struct sv_status s;

	(void)snprintf(range, sizeof(range), "Range: bytes=%lld-",
	    (long long)t->part.offset);
	(void)snprintf(condition, sizeof(condition), "If-Range: %s",
	    t->part.validator);
	/* No token where none is wanted: signed URLs refuse it, and it is not
	 * for others to see (bulk.md F1). */
	SV_TRY(ad_bulk_job_token(t->L->J, token, t->token));
	if (t->token[0] != '\0')
		r.authorization = t->token;
	t->begun = false;
	t->total = -1;
	s = ad_client_prepare(t->client, &r);
	if (s.code == SV_CODE_BAD)
		sv_err_set(t->L->J->err, "", "%.*s is not https:",
		    SV_FMT(ad_bulk_log_url(t->url)));
	SV_TRY(s);
	return curl_multi_add_handle(t->L->multi, ad_client_handle(t->client))
	    == CURLM_OK ? SV_OK : SV_NOMEM;
}

/* A disk that is full stops more than us. */
static bool
has_disk(const struct ad_bulk_job *J)
{
	struct statvfs v;

	return J->o->spare_bytes <= 0 || statvfs(J->o->folder, &v) != 0
	    || (int64_t)v.f_bavail * (int64_t)v.f_frsize > J->o->spare_bytes;
}

static struct sv_status
open_part(struct ad_bulk_transfer *t)
{
	struct ad_bulk_job *J = t->L->J;
	bool disk = has_disk(J);

	t->part = (struct ad_bulk_part){ .folder = J->o->folder,
		.name = t->L->ret->file[t->got].name, .url = t->url };
	if (disk && ad_bulk_part_open(&t->part))
		return SV_OK;
	sv_err_set(J->err, J->o->folder, "%s", disk ? strerror(errno)
	    : "the disk is full but for what stays free; it goes on with the "
	    "next run");
	return SV_RETRY;
}

struct sv_status
ad_bulk_transfer_start(struct ad_bulk_transfer *t, const struct ad_bulk_todo *d)
{
	static const char *const kinds[AD_BULK_KIND_MAX] = { "output",
		"deleted", "error" };
	const struct ad_bulk_file *f;
	struct sv_status s;

	t->page = d->page;
	t->i = d->i;
	t->got = d->got;
	t->redirects = 0;
	f = ad_bulk_transfer_file(t);
	t->url = f->url;
	t->begun_ms = ad_now_ms();
	SV_TRY(open_part(t));
	s = ad_bulk_transfer_send(t, t->L->J->page[t->page].needs_token);
	if (!sv_is_ok(s))
		(void)close(t->part.fd);
	if (s.code == SV_CODE_RETRY) {	/* no token now */
		ad_bulk_put_off(t, t->L->J->err->text, 0);
		return SV_OK;
	}
	SV_TRY(s);
	t->busy = true;
	t->L->running++;
	ad_bulk_job_log(t->L->J, "download_request",
	    AD_BULK_TEXT("fileUrl", ad_bulk_log_url(t->url)),
	    AD_BULK_TEXT("itemType", sv_str_of(kinds[f->kind])),
	    AD_BULK_TEXT("resourceType", f->type));
	return SV_OK;
}
