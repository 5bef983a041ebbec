/*
 * One post.
 */
#include "ad_line.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "fhir_json.h"
#include "map_logical.h"

#define MAX_ANSWER ((size_t)1 << 20)

/* What a request is made of; lives in the arena of the job. */
struct asking {
	struct ad_client_request r;
	const char *headers[4];
	char password[1024];
};

/* "Bearer ..." from the token file.  It is read for every post: it may be
 * replaced while we run. */
static struct sv_status
use_token_file(struct ad_job *j, struct asking *x, struct sv_err *err)
{
	char token[8000];
	struct sv_str s;

	SV_TRY(ad_client_secret(j->line->d.token_file, token, sizeof(token),
	    err));
	s = sv_arena_printf(&j->A, "Bearer %s", token);
	OPENSSL_cleanse(token, sizeof(token));
	SV_ENSURE(s.p != NULL, SV_NOMEM);
	x->r.authorization = s.p;
	return SV_OK;
}

static struct sv_status
use_smart(struct ad_job *j, struct asking *x, struct sv_err *err)
{
	char *a = sv_arena_alloc(&j->A, AD_SMART_MAX);

	SV_ENSURE(a != NULL, SV_NOMEM);
	SV_TRY(ad_smart_authorization(j->line->smart, a, err));
	x->r.authorization = j->authorization = a;
	return SV_OK;
}

static struct sv_status
use_credentials(struct ad_job *j, struct asking *x, struct sv_err *err)
{
	const struct ad_destination *d = &j->line->d;

	if (j->line->smart != NULL)
		return use_smart(j, x, err);
	if (d->token_file != NULL)
		return use_token_file(j, x, err);
	if (d->user == NULL)
		return SV_OK;
	x->r.user = d->user;
	x->r.password = x->password;
	return ad_client_secret(d->password_file, x->password,
	    sizeof(x->password), err);
}

/* The correlation of the message is "id", or "id traceparent" (W3C Trace
 * Context). */
static struct sv_status
use_correlation(struct ad_job *j, struct asking *x)
{
	struct sv_str all = j->row.correlation, s;
	size_t n = sv_str_chr(all, ' '), i = 0;

	if (n > 0) {
		s = sv_arena_printf(&j->A, "X-Request-Id: %.*s", (int)n, all.p);
		SV_ENSURE(s.p != NULL, SV_NOMEM);
		x->headers[i++] = s.p;
	}
	if (n + 1 < all.n) {
		s = sv_arena_printf(&j->A, "traceparent: %.*s",
		    SV_FMT(sv_str_from(all, n + 1)));
		SV_ENSURE(s.p != NULL, SV_NOMEM);
		x->headers[i++] = s.p;
	}
	x->headers[i] = "Prefer: return=minimal";
	return SV_OK;
}

/* How many entries the answer must have. */
static size_t
count_entries(struct ad_job *j)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_json_scan scan;
	struct fhir_issues is;

	fhir_issues_init(&is, &j->A);
	return sv_is_ok(fhir_json_scan(&j->A, j->row.body, &limits, &scan,
	    &is)) ? scan.n_entries : 0;
}

static struct sv_status
prepare(struct ad_job *j, struct sv_err *err)
{
	struct asking *x = sv_arena_zalloc(&j->A, 1, sizeof(*x));
	struct sv_status s;

	sv_err_set(err, "", "the post could not be prepared: no memory");
	SV_ENSURE(x != NULL && j->client != NULL, SV_NOMEM);
	x->r = (struct ad_client_request){ .method = "POST",
		.url = j->line->d.url, .accept = "application/fhir+json",
		.media = "application/fhir+json", .body = j->row.body,
		.max_answer = MAX_ANSWER, .headers = x->headers, .ctx = j };
	SV_TRY(use_correlation(j, x));
	SV_TRY(use_credentials(j, x, err));
	s = ad_client_prepare(j->client, &x->r);
	OPENSSL_cleanse(x->password, sizeof(x->password));
	return s;
}

/* Nothing was sent: the way to the destination is not open. */
static void
not_sent(struct ad_job *j, const char *where, const char *why)
{
	struct ad_verdict v = { .outcome = AD_OUTCOME_BLOCKED, .ours = true };

	/* Longer reasons are cut: both halves stay readable. */
	(void)snprintf(v.reason, sizeof(v.reason), "%.*s%s%.*s",
	    (int)sizeof(v.reason) / 2 - 4, where,
	    where[0] != '\0' ? ": " : "", (int)sizeof(v.reason) / 2, why);
	ad_line_settle(j, &v, 0);
}

static void
send_it(struct ad_job *j)
{
	struct sv_err err = { .text = "libcurl does not take the post" };

	if (!sv_is_ok(prepare(j, &err))
	    || curl_multi_add_handle(j->line->multi,
	    ad_client_handle(j->client)) != CURLM_OK)
		not_sent(j, err.where, err.text);
}

void
ad_transfer_start(struct ad_job *j)
{
	struct ad_line *L = j->line;
	struct ad_verdict v = { .outcome = AD_OUTCOME_DONE };
	struct sv_err err;

	ad_job_set(j, AD_JOB_RUNNING);
	if (j->row.body.n == 0) {
		v.outcome = AD_OUTCOME_REFUSED;
		(void)snprintf(v.reason, sizeof(v.reason), "its bytes are "
		    "damaged; run: salvor store check");
		ad_line_settle(j, &v, 0);
	} else if (L->d.logical && !sv_is_ok(map_logical(&j->A,
	    j->row.body, &j->row.body))) {
		not_sent(j, "", "not enough memory for its references");
	} else if (strncmp(L->d.url, "file:", 5) == 0) {
		if (sv_is_ok(ad_drop_file(L->d.url + 5, &j->row, &err)))
			ad_line_settle(j, &v, 0);
		else
			not_sent(j, L->d.url + 5, err.text);
	} else {
		j->client = L->n_idle > 0 ? L->idle[--L->n_idle] : NULL;
		j->n_entries = count_entries(j);
		j->again = false;
		send_it(j);
	}
}

void
ad_transfer_finish(struct ad_job *j, CURLcode code)
{
	struct ad_line *L = j->line;
	const struct ad_client_answer *a = ad_client_finish(j->client, code);
	struct ad_verdict v;

	(void)curl_multi_remove_handle(L->multi, ad_client_handle(j->client));
	if (a->status == 401 && j->authorization != NULL) {
		ad_smart_reject(L->smart, j->authorization);
		if (!j->again) {
			j->again = true;
			send_it(j);
			return;
		}
	}
	ad_outcome_of(&j->A, a, j->n_entries, &v);
	j->row.status = (int)a->status;
	ad_line_settle(j, &v, a->retry_after_s);
}
