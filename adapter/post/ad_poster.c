#include "ad_poster.h"

#include <stdlib.h>

#include "ad_memory.h"
#include "ad_transfer.h"
#include "sv_limits.h"

struct ad_poster {
	struct ad_store *S;
	struct ad_line *line;
	size_t n;
	_Atomic int64_t stop_at_ms;	/* 0: go on */
};

static struct ad_transfer *
free_transfer(struct ad_line *L)
{
	for (long i = 0; i < L->d.concurrency; i++) {
		if (!L->transfer[i].busy)
			return &L->transfer[i];
	}
	return NULL;
}

/* How many may be under way: one while trying whether it is back. */
static long
allowed(struct ad_line *L)
{
	if (*L->stop_at_ms != 0 || (L->open && ad_transfer_now_ms() < L->open_until_ms))
		return 0;
	return L->open ? 1 : L->d.concurrency;
}

/* Take a row and send it.  False: there is none. */
static bool
start_next(struct ad_line *L)
{
	struct ad_transfer *t = free_transfer(L);
	struct ad_claim c = { .destination = L->d.name, .now_ms = ad_transfer_now_ms(),
		.max = 1 };

	t->A = ad_arena(SV_LIMIT_OUTPUT * 2);
	if (!sv_is_ok(ad_store_claim(L->S, &t->A, &c)) || c.n == 0) {
		sv_arena_free(&t->A);
		return false;
	}
	t->row = c.rows[0];
	ad_transfer_start(t);
	return true;
}

/* How long there is nothing to do, unless something new comes. */
static int
wait_ms(struct ad_line *L)
{
	int64_t due = -1, wait = 1000;

	if (*L->stop_at_ms != 0)
		return 50;
	if (sv_is_ok(ad_store_next_due(L->S, L->d.name, &due)) && due >= 0)
		wait = due - ad_transfer_now_ms();
	return (int)(wait < 10 ? 10 : wait > 1000 ? 1000 : wait);
}

/* What libcurl has done with. */
static void
settle_all(struct ad_line *L)
{
	CURLMsg *m;
	int left;
	void *t;

	while ((m = curl_multi_info_read(L->multi, &left)) != NULL) {
		if (m->msg == CURLMSG_DONE && curl_easy_getinfo(m->easy_handle,
		    CURLINFO_PRIVATE, &t) == CURLE_OK)
			ad_transfer_finish(t, m->data.result);
	}
}

static bool
is_over(const struct ad_line *L)
{
	return *L->stop_at_ms != 0 && (L->running == 0
	    || ad_transfer_now_ms() >= *L->stop_at_ms);
}

static void *
work(void *arg)
{
	struct ad_line *L = arg;
	int still = 0;

	while (!is_over(L)) {
		while (L->running < allowed(L) && start_next(L))
			continue;
		(void)curl_multi_perform(L->multi, &still);
		settle_all(L);
		if (L->running == 0 || still > 0)
			(void)curl_multi_poll(L->multi, NULL, 0, wait_ms(L),
			    NULL);
	}
	return NULL;
}

static bool
start_line(struct ad_poster *P, struct ad_line *L, const struct ad_destination *d)
{
	struct ad_client_peer peer = { .ca = d->ca,
		.certificate = d->certificate, .key = d->key,
		.timeout_s = d->timeout_s, .plain = d->plain };
	bool ok;

	L->S = P->S;
	L->stop_at_ms = &P->stop_at_ms;
	L->d = *d;
	L->multi = curl_multi_init();
	L->transfer = calloc((size_t)d->concurrency, sizeof(*L->transfer));
	ok = L->multi != NULL && L->transfer != NULL;
	for (long i = 0; ok && i < d->concurrency; i++) {
		struct ad_transfer *t = &L->transfer[i];

		t->line = L;
		t->client = ad_client_new(&peer);
		ok = t->client != NULL;
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
free_line(struct ad_line *L)
{
	for (long i = 0; L->transfer != NULL && i < L->d.concurrency; i++) {
		struct ad_transfer *t = &L->transfer[i];

		if (t->busy && t->client != NULL)
			(void)curl_multi_remove_handle(L->multi,
			    ad_client_handle(t->client));
		if (t->busy)
			sv_arena_free(&t->A);
		ad_client_free(t->client);
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
	P->stop_at_ms = ad_transfer_now_ms() + deadline_ms;
	ad_poster_wake(P);
	for (size_t i = 0; P->line != NULL && i < P->n; i++) {
		if (P->line[i].started)
			(void)pthread_join(P->line[i].thread, NULL);
		free_line(&P->line[i]);
	}
	free(P->line);
	free(P);
}
