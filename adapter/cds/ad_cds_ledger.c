#include "ad_cds_ledger.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ad_clock.h"
#include "ad_log.h"
#include "ad_memory.h"

#define MAX_WAITING 20000
#define GATHER_NS 200000000L		/* cards are written together */
#define REMEMBER_MS ((int64_t)400 * 86400 * 1000)
#define MAX_OVERRIDES 100000

/* Something to write: a card with its text behind it, or a report. */
struct item {
	struct item *next;
	struct ad_card card;
	struct ad_cds_report report;	/* .done != NULL: it is one */
};

struct override {
	unsigned char key[16];
	int64_t at_ms;
};

struct ad_cds_ledger {
	struct ad_store *S;
	pthread_t thread;
	pthread_mutex_t lock;		/* of the queue */
	pthread_cond_t wake;
	struct item *first, **last;
	size_t waiting, reports;
	bool ending, running;
	_Atomic int64_t lost;
	pthread_mutex_t memory_lock;	/* of what follows */
	struct override *overrides;	/* sorted by key */
	size_t n, cap;
};

/* Who overrode what: a hash, so that nothing of it stays in memory. */
static bool
key_of(const struct ad_card *c, unsigned char ret[16])
{
	const struct sv_str parts[] = { c->client, c->patient, c->user,
		c->topic, c->content };
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	unsigned char h[EVP_MAX_MD_SIZE];
	bool ok = m != NULL && EVP_DigestInit_ex(m, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		ok = ok && EVP_DigestUpdate(m, &parts[i].n, sizeof(size_t))
		    == 1 && EVP_DigestUpdate(m, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(m, h, NULL) == 1;
	EVP_MD_CTX_free(m);
	if (ok)
		memcpy(ret, h, 16);
	return ok;
}

/* The place of ${key}, or where it belongs. */
static size_t
place_of(const struct ad_cds_ledger *L, const unsigned char key[16])
{
	size_t lo = 0, hi = L->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (memcmp(L->overrides[mid].key, key, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
grow(struct ad_cds_ledger *L)
{
	size_t cap = L->cap == 0 ? 256 : 2 * L->cap;
	struct override *more;

	if (L->n < L->cap)
		return true;
	more = L->n >= MAX_OVERRIDES ? NULL
	    : realloc(L->overrides, cap * sizeof(*more));
	if (more == NULL)
		return false;
	L->overrides = more;
	L->cap = cap;
	return true;
}

/* A visitor of overridden cards. */
static void
remember(void *ctx, const struct ad_card *c)
{
	struct ad_cds_ledger *L = ctx;
	struct override o = { .at_ms = c->at_ms };
	size_t i;

	if (!key_of(c, o.key))
		return;
	(void)pthread_mutex_lock(&L->memory_lock);
	i = place_of(L, o.key);
	if (i < L->n && memcmp(L->overrides[i].key, o.key, 16) == 0) {
		L->overrides[i].at_ms = o.at_ms;
	} else if (grow(L)) {
		memmove(&L->overrides[i + 1], &L->overrides[i],
		    (L->n - i) * sizeof(o));
		L->overrides[i] = o;
		L->n++;
	}
	(void)pthread_mutex_unlock(&L->memory_lock);
}

bool
ad_cds_ledger_overridden(struct ad_cds_ledger *L, const struct ad_card *c,
    int64_t since_ms)
{
	unsigned char key[16];
	bool yes;
	size_t i;

	if (!key_of(c, key))
		return false;
	(void)pthread_mutex_lock(&L->memory_lock);
	i = place_of(L, key);
	yes = i < L->n && memcmp(L->overrides[i].key, key, 16) == 0
	    && L->overrides[i].at_ms >= since_ms;
	(void)pthread_mutex_unlock(&L->memory_lock);
	return yes;
}

static struct sv_status
write_item(struct ad_cds_ledger *L, const struct item *x)
{
	struct sv_status s = SV_OK;

	if (x->report.done == NULL)
		return ad_store_put_card(L->S, &x->card);
	for (size_t i = 0; i < x->report.n && sv_is_ok(s); i++)
		s = ad_store_put_feedback(L->S, &x->report.at[i]);
	return s;
}

/* All of ${items} in one unit. */
static bool
write_all(struct ad_cds_ledger *L, const struct item *items)
{
	struct sv_status s = ad_store_begin(L->S);

	if (!sv_is_ok(s))
		return false;
	for (const struct item *x = items; x != NULL && sv_is_ok(s);
	    x = x->next)
		s = write_item(L, x);
	return sv_is_ok(ad_store_end(L->S, s));
}

/* What was overridden, by the cards as they are on disk. */
static void
remember_report(struct ad_cds_ledger *L, const struct ad_cds_report *r)
{
	struct sv_arena A = ad_arena((size_t)4 << 20);

	if (!sv_is_ok(ad_store_begin(L->S))) {
		sv_arena_free(&A);
		return;
	}
	for (size_t i = 0; i < r->n; i++) {
		struct ad_card c;

		if (!sv_str_is(r->at[i].outcome, "overridden")
		    || !sv_is_ok(ad_store_get_card(L->S, &A, r->at[i].card,
		    &c)) || !sv_str_eq(c.client, r->at[i].client))
			continue;
		c.at_ms = r->at[i].received_ms;
		remember(L, &c);
	}
	ad_store_rollback(L->S);
	sv_arena_free(&A);
}

static void
settle(struct ad_cds_ledger *L, struct item *items, bool ok)
{
	struct item *next;

	for (struct item *x = items; x != NULL; x = next) {
		next = x->next;
		if (x->report.done != NULL) {
			if (ok)
				remember_report(L, &x->report);
			x->report.done(x->report.ctx, ok);
		} else if (!ok) {
			L->lost++;
		}
		free(x);
	}
}

/* Wait for a report, or until cards have gathered for a moment. */
static struct item *
take(struct ad_cds_ledger *L, bool *ret_ending)
{
	struct timespec until;
	struct item *items;

	(void)pthread_mutex_lock(&L->lock);
	while (L->first == NULL && !L->ending)
		(void)pthread_cond_wait(&L->wake, &L->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += GATHER_NS;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (L->reports == 0 && !L->ending && L->waiting < MAX_WAITING / 2
	    && pthread_cond_timedwait(&L->wake, &L->lock, &until) == 0)
		;
	items = L->first;
	L->first = NULL;
	L->last = &L->first;
	L->waiting = L->reports = 0;
	*ret_ending = L->ending && items == NULL;
	(void)pthread_mutex_unlock(&L->lock);
	return items;
}

static void *
run(void *ledger)
{
	struct ad_cds_ledger *L = ledger;
	bool ending = false;

	while (!ending) {
		struct item *items = take(L, &ending);
		bool ok = items == NULL || write_all(L, items);

		if (!ok)
			ad_log("cds-ledger", "why=\"%s\"",
			    ad_store_error(L->S));
		settle(L, items, ok);
	}
	return NULL;
}

static bool
put(struct ad_cds_ledger *L, struct item *x)
{
	bool ok, wake;

	(void)pthread_mutex_lock(&L->lock);
	ok = !L->ending && L->waiting < MAX_WAITING;
	/* Cards alone wake the thread once; then they gather. */
	wake = ok && (L->first == NULL || x->report.done != NULL
	    || L->waiting == MAX_WAITING / 2);
	if (ok) {
		*L->last = x;
		L->last = &x->next;
		L->waiting++;
		L->reports += x->report.done != NULL;
	}
	if (wake)
		(void)pthread_cond_signal(&L->wake);
	(void)pthread_mutex_unlock(&L->lock);
	return ok;
}

static struct sv_str
copy(char **at, struct sv_str s)
{
	struct sv_str r = { *at, s.n };

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return r;
}

void
ad_cds_ledger_shown(struct ad_cds_ledger *L, const struct ad_card *cards,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ad_card *c = &cards[i];
		size_t bytes = c->card.n + c->client.n + c->service.n
		    + c->patient.n + c->user.n + c->topic.n + c->rules.n
		    + c->content.n + c->urgency.n;
		struct item *x = calloc(1, sizeof(*x) + bytes);
		char *at;

		if (x == NULL) {
			L->lost++;
			continue;
		}
		at = (char *)(x + 1);
		x->card = (struct ad_card){ copy(&at, c->card),
			copy(&at, c->client), copy(&at, c->service),
			copy(&at, c->patient), copy(&at, c->user),
			copy(&at, c->topic), copy(&at, c->rules),
			copy(&at, c->content), copy(&at, c->urgency),
			c->at_ms };
		if (!put(L, x)) {
			L->lost++;
			free(x);
		}
	}
}

bool
ad_cds_ledger_feedback(struct ad_cds_ledger *L, const struct ad_cds_report *r)
{
	struct item *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return false;
	x->report = *r;
	if (put(L, x))
		return true;
	free(x);
	return false;
}

int64_t
ad_cds_ledger_lost(const struct ad_cds_ledger *L)
{
	return L->lost;
}

struct ad_cds_ledger *
ad_cds_ledger_start(struct ad_store *S, struct sv_err *err)
{
	struct ad_cds_ledger *L = calloc(1, sizeof(*L));
	struct ad_card_visitor v = { remember, L };
	bool ok;

	if (L == NULL)
		return NULL;
	L->S = S;
	L->last = &L->first;
	(void)pthread_mutex_init(&L->lock, NULL);
	(void)pthread_mutex_init(&L->memory_lock, NULL);
	(void)pthread_cond_init(&L->wake, NULL);
	ok = sv_is_ok(ad_store_begin(S));
	if (ok) {
		ok = sv_is_ok(ad_store_list_overrides(S, ad_now_ms()
		    - REMEMBER_MS, &v));
		ad_store_rollback(S);
	}
	if (!ok)
		sv_err_set(err, "cds", "%s", ad_store_error(S));
	L->running = ok && pthread_create(&L->thread, NULL, run, L) == 0;
	if (L->running)
		return L;
	ad_cds_ledger_stop(L);
	return NULL;
}

void
ad_cds_ledger_stop(struct ad_cds_ledger *L)
{
	if (L == NULL)
		return;
	(void)pthread_mutex_lock(&L->lock);
	L->ending = true;
	(void)pthread_cond_signal(&L->wake);
	(void)pthread_mutex_unlock(&L->lock);
	if (L->running)
		(void)pthread_join(L->thread, NULL);
	(void)pthread_cond_destroy(&L->wake);
	(void)pthread_mutex_destroy(&L->lock);
	(void)pthread_mutex_destroy(&L->memory_lock);
	free(L->overrides);
	free(L);
}
