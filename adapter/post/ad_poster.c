#include "ad_poster.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ad_memory.h"
#include "ad_outcome.h"
#include "sv_limits.h"

#define MAX_ANSWER ((size_t)1 << 20)
#define OPEN_AFTER 5

struct line;

/* One post under way. */
struct transfer {
	struct line *line;
	CURL *curl;
	struct curl_slist *headers;
	struct sv_arena A;		/* holds the row */
	struct ad_row row;
	char *answer;
	size_t n_answer;
	bool busy;
};

/* One destination. */
struct line {
	struct ad_poster *P;
	struct ad_destination d;
	pthread_t thread;
	bool started;
	CURLM *multi;
	struct transfer *transfer;	/* d.concurrency */
	long running;
	int failures;			/* in a row */
	int64_t open_until_ms;
	_Atomic int64_t done, retried, maybe, refused;
	_Atomic bool open;
};

struct ad_poster {
	struct ad_store *S;
	struct line *line;
	size_t n;
	_Atomic int64_t stop_at_ms;	/* 0: go on */
};

static int64_t
now_ms(void)
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
	struct transfer *t = ctx;

	n *= size;
	if (n > MAX_ANSWER - t->n_answer)
		return 0;	/* ends the transfer: a hostile answer */
	memcpy(t->answer + t->n_answer, p, n);
	t->n_answer += n;
	return n;
}

/* The token is read for every post: it may be replaced while we run.  One that
 * others can read is not used. */
static bool
add_token(struct transfer *t)
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
set_headers(struct transfer *t)
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

static bool
set_transfer(struct transfer *t)
{
	const struct ad_destination *d = &t->line->d;

	curl_easy_reset(t->curl);
	return set_headers(t) && SET(CURLOPT_URL, d->url)
	    && SET(CURLOPT_HTTPHEADER, t->headers)
	    && SET(CURLOPT_PROTOCOLS_STR, d->plain ? "https,http" : "https")
	    && SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
	    && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS)
	    && SET(CURLOPT_PIPEWAIT, 1L) && SET(CURLOPT_NOSIGNAL, 1L)
	    && SET(CURLOPT_TIMEOUT, d->timeout_s)
	    && SET(CURLOPT_CONNECTTIMEOUT, 10L)
	    && SET(CURLOPT_WRITEFUNCTION, keep_answer)
	    && SET(CURLOPT_WRITEDATA, t) && SET(CURLOPT_PRIVATE, t)
	    && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->row.body.n)
	    && SET(CURLOPT_POSTFIELDS, t->row.body.p)
	    && (d->ca == NULL || SET(CURLOPT_CAINFO, d->ca))
	    && (d->certificate == NULL
	    || (SET(CURLOPT_SSLCERT, d->certificate)
	    && SET(CURLOPT_SSLKEY, d->key)));
}

/* The breaker: failures that have nothing to do with the post count. */
static void
note_failure(struct line *L, enum ad_outcome o)
{
	if (o == AD_OUTCOME_DONE || o == AD_OUTCOME_REFUSED) {
		L->failures = 0;
		L->open = false;
		return;
	}
	if (++L->failures < OPEN_AFTER)
		return;
	L->open = true;
	L->open_until_ms = now_ms() + ad_outcome_delay_ms(L->failures
	    - OPEN_AFTER + 2, 0, random_number());
}

static void
count(struct line *L, enum ad_outcome o)
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
settle(struct transfer *t, enum ad_outcome o, int64_t retry_after_s,
    const char *reason)
{
	struct ad_row r = t->row;

	r.reason = sv_str_of(reason);
	r.state = o == AD_OUTCOME_DONE ? AD_ROW_DONE
	    : o == AD_OUTCOME_REFUSED ? AD_ROW_DEAD : AD_ROW_WAITING;
	r.due_ms = now_ms();
	if (r.state == AD_ROW_WAITING)
		r.due_ms += ad_outcome_delay_ms(r.attempts, retry_after_s,
		    random_number());
	for (int i = 0; i < 5; i++) {
		if (sv_is_ok(ad_store_settle_row(t->line->P->S, &r)))
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

static void
finish(struct transfer *t, CURLcode code)
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

static void
start(struct transfer *t)
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

static struct transfer *
free_transfer(struct line *L)
{
	for (long i = 0; i < L->d.concurrency; i++) {
		if (!L->transfer[i].busy)
			return &L->transfer[i];
	}
	return NULL;
}

/* How many may be under way: one while trying whether it is back. */
static long
allowed(struct line *L)
{
	if (L->P->stop_at_ms != 0 || (L->open && now_ms() < L->open_until_ms))
		return 0;
	return L->open ? 1 : L->d.concurrency;
}

/* Take a row and send it.  False: there is none. */
static bool
start_next(struct line *L)
{
	struct transfer *t = free_transfer(L);
	struct ad_claim c = { .destination = L->d.name, .now_ms = now_ms(),
		.max = 1 };

	t->A = ad_arena(SV_LIMIT_OUTPUT * 2);
	if (!sv_is_ok(ad_store_claim(L->P->S, &t->A, &c)) || c.n == 0) {
		sv_arena_free(&t->A);
		return false;
	}
	t->row = c.rows[0];
	start(t);
	return true;
}

/* How long there is nothing to do, unless something new comes. */
static int
wait_ms(struct line *L)
{
	int64_t due = -1, wait = 1000;

	if (L->P->stop_at_ms != 0)
		return 50;
	if (sv_is_ok(ad_store_next_due(L->P->S, L->d.name, &due)) && due >= 0)
		wait = due - now_ms();
	return (int)(wait < 10 ? 10 : wait > 1000 ? 1000 : wait);
}

static void *
work(void *arg)
{
	struct line *L = arg;
	int still = 0, left;
	CURLMsg *m;
	void *t;

	for (;;) {
		while (L->running < allowed(L) && start_next(L))
			continue;
		(void)curl_multi_perform(L->multi, &still);
		while ((m = curl_multi_info_read(L->multi, &left)) != NULL) {
			if (m->msg == CURLMSG_DONE && curl_easy_getinfo(
			    m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK)
				finish(t, m->data.result);
		}
		if (L->P->stop_at_ms != 0 && (L->running == 0
		    || now_ms() >= L->P->stop_at_ms))
			return NULL;
		if (L->running == 0 || still > 0)
			(void)curl_multi_poll(L->multi, NULL, 0, wait_ms(L),
			    NULL);
	}
}

static bool
start_line(struct ad_poster *P, struct line *L, const struct ad_destination *d)
{
	bool ok;

	L->P = P;
	L->d = *d;
	L->multi = curl_multi_init();
	L->transfer = calloc((size_t)d->concurrency, sizeof(*L->transfer));
	ok = L->multi != NULL && L->transfer != NULL;
	for (long i = 0; ok && i < d->concurrency; i++) {
		struct transfer *t = &L->transfer[i];

		t->line = L;
		t->curl = curl_easy_init();
		t->answer = malloc(MAX_ANSWER);
		ok = t->curl != NULL && t->answer != NULL;
	}
	L->started = ok && pthread_create(&L->thread, NULL, work, L) == 0;
	return L->started;
}

struct ad_poster *
ad_poster_start(struct ad_store *S, const struct ad_destination *d, size_t n,
    struct sv_err *err)
{
	struct ad_poster *P = calloc(1, sizeof(*P));

	if (P != NULL && (P->line = calloc(n + 1, sizeof(*P->line))) != NULL) {
		P->S = S;
		P->n = n;
		for (size_t i = 0; i < n; i++) {
			if (!start_line(P, &P->line[i], &d[i]))
				goto err0;
		}
		return P;
	}
err0:
	sv_err_set(err, "", "not enough memory for the poster");
	ad_poster_stop(P, 0);
	return NULL;
}

void
ad_poster_wake(struct ad_poster *P)
{
	for (size_t i = 0; P != NULL && i < P->n; i++)
		(void)curl_multi_wakeup(P->line[i].multi);
}

bool
ad_poster_counted(struct ad_poster *P, size_t i, struct ad_poster_counts *ret)
{
	if (P == NULL || i >= P->n)
		return false;
	*ret = (struct ad_poster_counts){ .name = P->line[i].d.name,
		.done = P->line[i].done, .retried = P->line[i].retried,
		.maybe = P->line[i].maybe, .refused = P->line[i].refused,
		.open = P->line[i].open };
	return true;
}

static void
free_line(struct line *L)
{
	for (long i = 0; L->transfer != NULL && i < L->d.concurrency; i++) {
		struct transfer *t = &L->transfer[i];

		if (t->busy && t->curl != NULL)
			(void)curl_multi_remove_handle(L->multi, t->curl);
		if (t->busy)
			sv_arena_free(&t->A);
		curl_slist_free_all(t->headers);
		if (t->curl != NULL)
			curl_easy_cleanup(t->curl);
		free(t->answer);
	}
	free(L->transfer);
	if (L->multi != NULL)
		(void)curl_multi_cleanup(L->multi);
}

void
ad_poster_stop(struct ad_poster *P, int deadline_ms)
{
	if (P == NULL)
		return;
	P->stop_at_ms = now_ms() + deadline_ms;
	ad_poster_wake(P);
	for (size_t i = 0; P->line != NULL && i < P->n; i++) {
		if (P->line[i].started)
			(void)pthread_join(P->line[i].thread, NULL);
		free_line(&P->line[i]);
	}
	free(P->line);
	free(P);
}
