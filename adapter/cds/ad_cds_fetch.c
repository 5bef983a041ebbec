/*
 * Data that was not prefetched, read from the client's server with the
 * transient token [R29-R31]: all queries of a call at once, under one
 * deadline.  One thread drives the transfers of all calls.
 *
 * Only a server on the client's list is asked, and only below it: a next page
 * elsewhere is not followed.  No redirect is.
 */
#include "ad_cds_part.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_client.h"
#include "ad_clock.h"
#include "ad_log.h"
#include "fhir_json.h"

#define MAX_ANSWER ((size_t)16 << 20)
#define MAX_PAGES 20
#define BEARER "Bearer "

/* A key of a call on its way. */
struct transfer {
	struct ad_client *client;	/* NULL: none under way */
	size_t pages;
};

/* A call that waits. */
struct waiting {
	struct waiting *next;
	struct ad_cds_call *k;
	int64_t deadline_ms;
	size_t open;			/* transfers under way */
	char *authorization;		/* NULL: no token */
	struct transfer transfer[MAP_KEY_MAX];
};

struct ad_cds_fetcher {
	pthread_t thread;
	CURLM *multi;
	pthread_mutex_t lock;		/* of ${arrived} and ${ending} */
	struct waiting *arrived;
	bool ending, running;
	struct waiting *list;		/* of the thread alone */
};

bool
ad_cds_may_fetch(const struct ad_cds_call *k)
{
	bool listed = ad_cds_listed(&k->client->servers, k->q.server);
	bool wants = false;

	for (int i = 0; i < MAP_KEY_MAX; i++)
		wants = wants || map_hook_wants(&k->q, (enum map_key)i);
	if (wants && !listed && k->q.server.n > 0)
		ad_log("cds-server-not-listed", "client=%s", k->client->name);
	return wants && listed;
}

/* The URL of ${key}, or of its next page; .p is NULL if there is none that may
 * be asked. */
static struct sv_str
url_of(const struct ad_cds_call *k, enum map_key key)
{
	const struct map_supplied *s = &k->q.key[key];
	struct ad_cds_call *mine = (struct ad_cds_call *)(uintptr_t)k;
	struct sv_str server = k->q.server, query;

	if (s->state == MAP_SUPPLY_PART) {
		if (!sv_str_starts(s->next, server) || s->next.n <= server.n
		    || (s->next.p[server.n] != '/'
		    && s->next.p[server.n] != '?'))
			return (struct sv_str){ NULL, 0 };
		return sv_arena_str(&mine->A, s->next);
	}
	query = map_template_fill(&mine->A,
	    k->use.setup->templates.query[key], k->q.patient);
	return query.p == NULL ? query : sv_arena_printf(&mine->A,
	    "%.*s/%.*s", SV_FMT(server), SV_FMT(query));
}

static bool
start_transfer(struct ad_cds_fetcher *F, struct waiting *w, enum map_key key)
{
	struct transfer *t = &w->transfer[key];
	struct ad_client_peer peer = { .ca = w->k->client->ca,
		.timeout_s = 11, .plain = w->k->client->plain };
	struct ad_client_request r = { .method = "GET",
		.accept = "application/fhir+json",
		.authorization = w->authorization, .max_answer = MAX_ANSWER };
	struct sv_str url = url_of(w->k, key);

	if (url.p == NULL || t->pages++ == MAX_PAGES)
		return false;
	r.url = url.p;
	if (t->client == NULL)
		t->client = ad_client_new(&peer);
	if (t->client == NULL)
		return false;
	if (sv_is_ok(ad_client_prepare(t->client, &r))
	    && curl_multi_add_handle(F->multi, ad_client_handle(t->client))
	    == CURLM_OK) {
		w->k->n_fetched++;
		w->open++;
		return true;
	}
	ad_client_free(t->client);
	t->client = NULL;
	return false;
}

/* What the server answered, as if it had been prefetched. */
static void
take_answer(struct ad_cds_call *k, enum map_key key,
    const struct ad_client_answer *a)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct map_supplied *s = &k->q.key[key];
	const struct cJSON *tree;

	if (a->code != CURLE_OK || a->status != 200) {
		ad_log("cds-fetch", "client=%s key=%s status=%ld why=\"%s\"",
		    k->client->name, map_template(key)->key, a->status,
		    a->code == CURLE_OK ? "" : a->why);
		s->state = s->got > 0 ? MAP_SUPPLY_PART : MAP_SUPPLY_FAILED;
		return;
	}
	if (!sv_is_ok(fhir_json_scan_tree(&k->A, a->body, &limits, &tree,
	    &k->is))
	    || !sv_is_ok(map_hook_supply(&k->q, key, tree, &k->is)))
		s->state = MAP_SUPPLY_FAILED;
}

static void
end_transfer(struct ad_cds_fetcher *F, struct waiting *w, int key)
{
	struct transfer *t = &w->transfer[key];

	if (t->client == NULL)
		return;
	(void)curl_multi_remove_handle(F->multi, ad_client_handle(t->client));
	ad_client_free(t->client);
	t->client = NULL;
	w->open--;
}

static void
finished(struct ad_cds_fetcher *F, struct waiting *w, int key, CURLcode code)
{
	struct transfer *t = &w->transfer[key];
	enum map_key id = (enum map_key)key;

	(void)curl_multi_remove_handle(F->multi, ad_client_handle(t->client));
	take_answer(w->k, id, ad_client_finish(t->client, code));
	w->open--;
	if (w->k->q.key[key].state == MAP_SUPPLY_PART
	    && w->k->q.key[key].next.n > 0 && start_transfer(F, w, id))
		return;
	if (t->client != NULL)
		ad_client_free(t->client);
	t->client = NULL;
}

/* All is there, or the time is up: what is still under way counts as not
 * supplied. */
static void
release(struct ad_cds_fetcher *F, struct waiting *w)
{
	for (int i = 0; i < MAP_KEY_MAX; i++) {
		w->k->n_late += w->transfer[i].client != NULL;
		end_transfer(F, w, i);
	}
	if (w->authorization != NULL) {
		OPENSSL_cleanse(w->authorization, strlen(w->authorization));
		free(w->authorization);
	}
	ad_cds_decide(w->k);
	free(w);
}

static void
begin(struct ad_cds_fetcher *F, struct waiting *w)
{
	for (int i = 0; i < MAP_KEY_MAX; i++) {
		if (map_hook_wants(&w->k->q, (enum map_key)i))
			(void)start_transfer(F, w, (enum map_key)i);
	}
	w->next = F->list;
	F->list = w;
}

static void
collect(struct ad_cds_fetcher *F)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(F->multi, &left)) != NULL) {
		CURL *handle = m->easy_handle;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		for (struct waiting *w = F->list; w != NULL; w = w->next) {
			for (int i = 0; i < MAP_KEY_MAX; i++) {
				if (w->transfer[i].client != NULL
				    && ad_client_handle(w->transfer[i].client)
				    == handle) {
					finished(F, w, i, code);
					handle = NULL;
				}
			}
		}
	}
}

/* Answer the calls that are complete or late; how long until the next is. */
static int
answer_ready(struct ad_cds_fetcher *F, bool all)
{
	int64_t now = ad_monotonic_ms(), wait = 1000;
	struct waiting **at = &F->list;

	while (*at != NULL) {
		struct waiting *w = *at;

		if (w->open == 0 || w->deadline_ms <= now || all) {
			*at = w->next;
			release(F, w);
			continue;
		}
		if (w->deadline_ms - now < wait)
			wait = w->deadline_ms - now;
		at = &w->next;
	}
	return (int)wait;
}

static struct waiting *
arrivals(struct ad_cds_fetcher *F, bool *ret_ending)
{
	struct waiting *w;

	(void)pthread_mutex_lock(&F->lock);
	w = F->arrived;
	F->arrived = NULL;
	*ret_ending = F->ending;
	(void)pthread_mutex_unlock(&F->lock);
	return w;
}

static void *
run(void *fetcher)
{
	struct ad_cds_fetcher *F = fetcher;
	bool ending = false;

	/* No call comes any more when it is ending: the server has stopped. */
	while (!ending) {
		struct waiting *w = arrivals(F, &ending), *next;
		int running = 0, wait;

		for (; w != NULL; w = next) {
			next = w->next;
			begin(F, w);
		}
		(void)curl_multi_perform(F->multi, &running);
		collect(F);
		wait = answer_ready(F, ending);
		if (!ending)
			(void)curl_multi_poll(F->multi, NULL, 0, wait, NULL);
	}
	return NULL;
}

static char *
authorization_of(const struct ad_cds_call *k)
{
	size_t n = sizeof(BEARER) + k->q.token.n;
	char *p;

	if (k->q.token.n == 0 || (p = malloc(n)) == NULL)
		return NULL;
	(void)snprintf(p, n, BEARER "%.*s", SV_FMT(k->q.token));
	return p;
}

void
ad_cds_fetch(struct ad_cds_fetcher *F, struct ad_cds_call *k)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		ad_cds_decide(k);
		return;
	}
	w->k = k;
	/* By a clock that nobody sets. */
	w->deadline_ms = ad_monotonic_ms() + k->use.setup->o.conf->fetch_ms;
	w->authorization = authorization_of(k);
	(void)pthread_mutex_lock(&F->lock);
	w->next = F->arrived;
	F->arrived = w;
	(void)pthread_mutex_unlock(&F->lock);
	(void)curl_multi_wakeup(F->multi);
}

struct ad_cds_fetcher *
ad_cds_fetcher_start(struct sv_err *err)
{
	struct ad_cds_fetcher *F = calloc(1, sizeof(*F));

	sv_err_set(err, "cds", "not enough memory");
	if (F == NULL)
		return NULL;
	(void)pthread_mutex_init(&F->lock, NULL);
	F->multi = curl_multi_init();
	F->running = F->multi != NULL
	    && pthread_create(&F->thread, NULL, run, F) == 0;
	if (F->running)
		return F;
	ad_cds_fetcher_stop(F);
	return NULL;
}

void
ad_cds_fetcher_stop(struct ad_cds_fetcher *F)
{
	if (F == NULL)
		return;
	(void)pthread_mutex_lock(&F->lock);
	F->ending = true;
	(void)pthread_mutex_unlock(&F->lock);
	if (F->running) {
		(void)curl_multi_wakeup(F->multi);
		(void)pthread_join(F->thread, NULL);
	}
	if (F->multi != NULL)
		(void)curl_multi_cleanup(F->multi);
	(void)pthread_mutex_destroy(&F->lock);
	free(F);
}
