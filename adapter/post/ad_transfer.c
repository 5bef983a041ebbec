#include "ad_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

static size_t
keep_answer(char *p, size_t size, size_t n, void *ctx)
{
	struct ad_transfer *t = ctx;

	n *= size;
	if (n > AD_TRANSFER_MAX_ANSWER - t->n_answer)
		return 0;	/* ends the transfer: a hostile answer */
	memcpy(t->answer + t->n_answer, p, n);
	t->n_answer += n;
	return n;
}

/* The token is read for every post: it may be replaced while we run.  One that
 * others can read is not used. */
static bool
add_token(struct ad_transfer *t)
{
	char line[8192 + 32] = "Authorization: Bearer ";
	size_t from = strlen(line), n;
	FILE *f = fopen(t->line->d.token_file, "r");
	struct stat st;
	struct curl_slist *h = NULL;

	if (f == NULL)
		return false;
	if (fstat(fileno(f), &st) == 0 && (st.st_mode & 077) == 0) {
		n = fread(line + from, 1, 8192, f);
		line[from + n] = '\0';
		line[from + strcspn(line + from, "\r\n")] = '\0';
		h = curl_slist_append(t->headers, line);
	}
	(void)fclose(f);
	if (h != NULL)
		t->headers = h;
	return h != NULL;
}

static bool
set_headers(struct ad_transfer *t)
{
	char id[128];

	(void)snprintf(id, sizeof(id), "X-Request-Id: %.*s",
	    SV_FMT(t->row.correlation));
	t->headers = curl_slist_append(NULL,
	    "Content-Type: application/fhir+json");
	t->headers = curl_slist_append(t->headers,
	    "Accept: application/fhir+json");
	if (t->row.correlation.n > 0)
		t->headers = curl_slist_append(t->headers, id);
	return t->headers != NULL
	    && (t->line->d.token_file == NULL || add_token(t));
}

#define SET(option, value) \
	(curl_easy_setopt(t->curl, (option), (value)) == CURLE_OK)

/* TLS 1.2 or later, verified; no redirects, so that neither the body nor the
 * token goes anywhere else. */
static bool
set_security(struct ad_transfer *t)
{
	const struct ad_destination *d = &t->line->d;

	return SET(CURLOPT_PROTOCOLS_STR, d->plain ? "https,http" : "https")
	    && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
	    && (d->ca == NULL || SET(CURLOPT_CAINFO, d->ca))
	    && (d->certificate == NULL
	    || (SET(CURLOPT_SSLCERT, d->certificate)
	    && SET(CURLOPT_SSLKEY, d->key)));
}

static bool
set_callbacks(struct ad_transfer *t)
{
	return SET(CURLOPT_WRITEFUNCTION, keep_answer)
	    && SET(CURLOPT_WRITEDATA, t) && SET(CURLOPT_PRIVATE, t)
	    && SET(CURLOPT_NOSIGNAL, 1L)
	    && SET(CURLOPT_TIMEOUT, t->line->d.timeout_s)
	    && SET(CURLOPT_CONNECTTIMEOUT, 10L);
}

static bool
set_transfer(struct ad_transfer *t)
{
	curl_easy_reset(t->curl);
	return set_headers(t) && set_security(t) && set_callbacks(t)
	    && SET(CURLOPT_URL, t->line->d.url)
	    && SET(CURLOPT_HTTPHEADER, t->headers)
	    && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS)
	    && SET(CURLOPT_PIPEWAIT, 1L)
	    && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->row.body.n)
	    && SET(CURLOPT_POSTFIELDS, t->row.body.p);
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
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	t->busy = false;
	t->line->running--;
}

void
ad_transfer_finish(struct ad_transfer *t, CURLcode code)
{
	struct ad_attempt a = { .curl = (int)code,
		.answer = { t->answer, t->n_answer } };
	curl_off_t after = 0;
	char reason[200];
	enum ad_outcome o;

	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &a.status);
	(void)curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &after);
	o = ad_outcome_of(&t->A, &a, reason);
	t->row.status = (int)a.status;
	(void)curl_multi_remove_handle(t->line->multi, t->curl);
	settle(t, o, (int64_t)after, reason);
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

	t->busy = true;
	t->n_answer = 0;
	t->line->running++;
	if (strncmp(url, "file:", 5) == 0) {
		if (drop_file(url + 5, &t->row))
			settle(t, AD_OUTCOME_DONE, 0, "");
		else
			settle(t, AD_OUTCOME_BLOCKED, 0, strerror(errno));
	} else if (!set_transfer(t) || curl_multi_add_handle(t->line->multi,
	    t->curl) != CURLM_OK) {
		settle(t, AD_OUTCOME_BLOCKED, 0, "the post could not be "
		    "prepared; is the token file readable, and by us alone?");
	}
}
