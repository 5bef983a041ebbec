#include "ad_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_ANSWER ((size_t)1 << 20)

int64_t
ad_transfer_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t
random_number(void)
{
	uint32_t r = 0;

	(void)!getrandom(&r, sizeof(r), 0);
	return r;
}

/* The ids that the sender of the data gave: X-Request-Id, and behind a space
 * traceparent (W3C Trace Context). */
static void
follow(struct ad_transfer *t, const char *ret_headers[3])
{
	size_t n = sv_str_chr(t->row.correlation, ' ');
	struct sv_str trace = sv_str_from(t->row.correlation, n + 1);

	if (n > 0)
		ret_headers[0] = sv_arena_printf(&t->A, "X-Request-Id: %.*s",
		    (int)n, t->row.correlation.p).p;
	if (n > 0 && trace.n > 0)
		ret_headers[1] = sv_arena_printf(&t->A, "traceparent: %.*s",
		    SV_FMT(trace)).p;
}

/* Set the request up.  The token is read for every post: it may be replaced
 * while we run. */
static struct sv_status
prepare(struct ad_transfer *t, struct sv_err *err)
{
	const struct ad_destination *d = &t->line->d;
	char token[8000], bearer[8192];
	const char *headers[3] = { NULL };
	struct ad_client_request r = { .method = "POST", .url = d->url,
		.accept = "application/fhir+json",
		.media = "application/fhir+json", .body = t->row.body,
		.max_answer = MAX_ANSWER, .headers = headers, .ctx = t };

	follow(t, headers);
	if (d->token_file != NULL) {
		SV_TRY(ad_client_secret(d->token_file, token, sizeof(token),
		    err));
		(void)snprintf(bearer, sizeof(bearer), "Bearer %s", token);
		r.authorization = bearer;
	}
	sv_err_set(err, "", "the post could not be prepared");
	return ad_client_prepare(t->client, &r);
}

/* The breaker: failures that have nothing to do with the post count. */
static void
note_failure(struct ad_line *L, enum ad_outcome o)
{
	if (o == AD_OUTCOME_DONE || o == AD_OUTCOME_REFUSED) {
		L->failures = 0;
		L->open = false;
		return;
	}
	if (++L->failures < AD_TRANSFER_OPEN_AFTER)
		return;
	L->open = true;
	L->open_until_ms = ad_transfer_now_ms() + ad_outcome_delay_ms(L->failures
	    - AD_TRANSFER_OPEN_AFTER + 2, 0, random_number());
}

static void
count(struct ad_line *L, enum ad_outcome o)
{
	switch (o) {
	case AD_OUTCOME_DONE: L->done++; break;
	case AD_OUTCOME_REFUSED: L->refused++; break;
	case AD_OUTCOME_MAYBE: L->maybe++; break;
	default: L->retried++; break;
	}
}

/* Write down what became of the row.  If that fails the row stays "sending",
 * and is posted again after the next start. */
static void
settle(struct ad_transfer *t, enum ad_outcome o, int64_t retry_after_s,
    const char *reason)
{
	struct ad_row r = t->row;

	r.reason = sv_str_of(reason);
	r.state = o == AD_OUTCOME_DONE ? AD_ROW_DONE
	    : o == AD_OUTCOME_REFUSED ? AD_ROW_DEAD : AD_ROW_WAITING;
	r.due_ms = ad_transfer_now_ms();
	if (r.state == AD_ROW_WAITING)
		r.due_ms += ad_outcome_delay_ms(r.attempts, retry_after_s,
		    random_number());
	for (int i = 0; i < 5; i++) {
		if (sv_is_ok(ad_store_settle_row(t->line->S, &r)))
			break;
		(void)nanosleep(&(struct timespec){ 0, 200000000 }, NULL);
	}
	count(t->line, o);
	note_failure(t->line, o);
	sv_arena_free(&t->A);
	t->busy = false;
	t->line->running--;
}

void
ad_transfer_finish(struct ad_transfer *t, CURLcode code)
{
	const struct ad_client_answer *a = ad_client_finish(t->client, code);
	struct ad_verdict v;

	ad_outcome_of(&t->A, a, 0, &v);
	t->row.status = (int)a->status;
	(void)curl_multi_remove_handle(t->line->multi,
	    ad_client_handle(t->client));
	settle(t, v.outcome, a->retry_after_s, v.reason);
}

/* Write all of ${s} to ${fd} and to the disk. */
static bool
write_through(int fd, struct sv_str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = sv_str_from(s, (size_t)n);
	}
	return fsync(fd) == 0;
}

/* A folder: the file appears whole or not at all, and once for each row. */
static bool
drop_file(const char *folder, const struct ad_row *r)
{
	char from[64], to[128];
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	bool ok = false;

	if (dir < 0)
		return false;
	(void)snprintf(from, sizeof(from), ".%lld.part", (long long)r->id);
	(void)snprintf(to, sizeof(to), "%010lld-%.16s.json", (long long)r->id,
	    r->decision.n >= 16 ? r->decision.p : "guidance0000000");
	fd = openat(dir, from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = write_through(fd, r->body);
		ok = close(fd) == 0 && ok;
	}
	ok = ok && renameat(dir, from, dir, to) == 0 && fsync(dir) == 0;
	(void)close(dir);
	return ok;
}

void
ad_transfer_start(struct ad_transfer *t)
{
	const char *url = t->line->d.url;
	struct sv_err err = { .text = "libcurl does not take the post" };

	t->busy = true;
	t->line->running++;
	if (strncmp(url, "file:", 5) == 0) {
		if (drop_file(url + 5, &t->row))
			settle(t, AD_OUTCOME_DONE, 0, "");
		else
			settle(t, AD_OUTCOME_BLOCKED, 0, strerror(errno));
	} else if (!sv_is_ok(prepare(t, &err)) || curl_multi_add_handle(
	    t->line->multi, ad_client_handle(t->client)) != CURLM_OK) {
		settle(t, AD_OUTCOME_BLOCKED, 0, err.text);
	}
}
