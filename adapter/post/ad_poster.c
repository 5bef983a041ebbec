#include "ad_poster.h"

#include <stdlib.h>

#include "ad_clock.h"
#include "ad_line.h"

struct ad_poster {
	struct ad_store *S;
	struct ad_line *line;
	size_t n;
	_Atomic int64_t stop_at_ms;	/* 0: go on */
};

static bool
open_clients(struct ad_line *L, const struct ad_client_peer *peer)
{
	while ((long)L->n_idle < L->d.concurrency) {
		if ((L->idle[L->n_idle] = ad_client_new(peer)) == NULL)
			return false;
		L->n_idle++;
	}
	return true;
}

static bool
open_line(struct ad_line *L, struct sv_err *err)
{
	const struct ad_destination *d = &L->d;
	struct ad_smart_config c = { .base = d->url, .token_url = d->token_url,
		.client_id = d->client_id, .key_file = d->client_key,
		.jku = d->jku, .scope = d->scope, .peer = { .ca = d->ca,
		.certificate = d->certificate, .key = d->key,
		.proxy = d->proxy, .timeout_s = d->timeout_s,
		.plain = d->plain } };

	sv_err_set(err, "", "not enough memory for the poster");
	if ((L->multi = curl_multi_init()) == NULL || !open_clients(L, &c.peer))
		return false;
	if (d->client_id != NULL && (L->smart = ad_smart_new(&c, err)) == NULL)
		return false;
	L->breaker = ad_breaker_new(d->concurrency);
	for (size_t i = 0; i < AD_LINE_JOBS; i++)
		L->job[i].line = L;
	L->count[AD_JOB_FREE] = AD_LINE_JOBS;
	L->fresh = true;
	L->due_ms = -1;
	L->started = pthread_create(&L->thread, NULL, ad_line_work, L) == 0;
	return L->started;
}

struct ad_poster *
ad_poster_start(struct ad_store *S, const struct ad_destination *d, size_t n,
    ad_poster_note note, struct sv_err *err)
{
	struct ad_poster *P = calloc(1, sizeof(*P));

	sv_err_set(err, "", "not enough memory for the poster");
	if (P == NULL || (P->line = calloc(n + 1, sizeof(*P->line))) == NULL)
		goto err0;
	P->S = S;
	for (; P->n < n; P->n++) {
		struct ad_line *L = &P->line[P->n];

		L->S = S;
		L->stop_at_ms = &P->stop_at_ms;
		L->d = d[P->n];
		L->note = note;
		if (!open_line(L, err)) {
			P->n++;
			goto err0;
		}
	}
	return P;
err0:
	ad_poster_stop(P, 0);
	return NULL;
}

void
ad_poster_wake(struct ad_poster *P)
{
	for (size_t i = 0; P != NULL && i < P->n; i++) {
		P->line[i].fresh = true;
		(void)curl_multi_wakeup(P->line[i].multi);
	}
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
	for (size_t i = 0; i < AD_LINE_JOBS; i++) {
		if (L->job[i].state != AD_JOB_FREE)
			sv_arena_free(&L->job[i].A);
	}
	for (size_t i = 0; i < L->n_idle; i++)
		ad_client_free(L->idle[i]);
	if (L->multi != NULL)
		(void)curl_multi_cleanup(L->multi);
	ad_smart_free(L->smart);
}

void
ad_poster_stop(struct ad_poster *P, int deadline_ms)
{
	if (P == NULL)
		return;
	P->stop_at_ms = ad_now_ms() + deadline_ms;
	for (size_t i = 0; i < P->n; i++) {
		if (P->line[i].started)
			(void)curl_multi_wakeup(P->line[i].multi);
	}
	for (size_t i = 0; i < P->n; i++) {
		if (P->line[i].started)
			(void)pthread_join(P->line[i].thread, NULL);
		free_line(&P->line[i]);
	}
	free(P->line);
	free(P);
}
