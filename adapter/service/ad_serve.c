#include "ad_serve.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_review.h"
#include "ad_service.h"

#define STOP_MS 20000

/* What a person should know about the posts. */
static void
note_post(const char *event, struct sv_str destination, int64_t row,
    const char *why)
{
	ad_log(event, "destination=%.*s post=%lld why=\"%s\"",
	    SV_FMT(destination), (long long)row, why);
}

static bool
note_orphans(void *ctx, const struct ad_backlog *b)
{
	const struct ad_conf *c = ctx;

	for (size_t i = 0; i < c->n_destinations; i++) {
		if (sv_str_is(b->destination, c->destination[i].name))
			return true;
	}
	ad_log("no-such-destination", "destination=%.*s posts=%lld hint=\"they "
	    "wait until the configuration has it again, or are dropped\"",
	    SV_FMT(b->destination), (long long)(b->waiting + b->dead));
	return true;
}

/* In a unit: at a reload other threads are at work with the same store. */
static struct sv_status
note_all_orphans(struct ad_service *V, const struct ad_conf *c)
{
	struct sv_status s;

	SV_TRY(ad_store_begin(V->reader));
	s = ad_store_list_destinations(V->reader, note_orphans,
	    (void *)(uintptr_t)c);
	ad_store_rollback(V->reader);
	return s;
}

static struct ad_poster *
start_poster(struct ad_service *V, const struct ad_conf *c,
    struct sv_err *err)
{
	struct ad_destination d[AD_CONF_MAX];

	if (!sv_is_ok(note_all_orphans(V, c)))
		ad_log("store-failed", "why=\"%s\"", ad_store_error(V->reader));
	ad_setup_destinations(c, d);
	return ad_poster_start(V->store, d, c->n_destinations, note_post, err);
}

static bool
open_stores(struct ad_service *V, struct sv_err *err)
{
	const char *path = V->setup->conf.store;
	int64_t n = 0;

	if ((V->store = ad_store_open(path, AD_STORE_SERVICE, err)) == NULL
	    || (V->reader = ad_store_open(path, AD_STORE_READ, err)) == NULL)
		return false;
	if (!sv_is_ok(ad_store_recover_rows(V->store, &n))) {
		sv_err_set(err, path, "%s", ad_store_error(V->store));
		return false;
	}
	if (n > 0)
		ad_log("recovered", "posts=%lld", (long long)n);
	return true;
}

static struct ad_http_options
http_options(const struct ad_conf *c)
{
	return (struct ad_http_options){ .address = c->address,
		.port = (uint16_t)c->port, .certificate = c->certificate,
		.key = c->key, .client_ca = c->client_ca,
		.client_crl = c->client_crl,
		.plain = c->development && c->certificate == NULL,
		.threads = (int)c->threads,
		.max_connections = (int)(c->max_connections / c->threads) + 1,
		.max_body = (size_t)c->max_body_mib << 20 };
}

/* A connection is a file; so are the store, the rules and the posts. */
static void
allow_files(const struct ad_conf *c)
{
	rlim_t want = (rlim_t)c->max_connections + 1024;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur < want)
		ad_log("few-files", "max-connections=%ld files=%llu "
		    "hint=\"raise LimitNOFILE\"", c->max_connections,
		    (unsigned long long)l.rlim_cur);
}

static bool
start(struct ad_service *V, struct sv_err *err)
{
	const struct ad_conf *c = &V->setup->conf;
	struct ad_http_options h = http_options(c);

	ad_memory_keep();
	allow_files(c);
	if ((V->setup->auth = ad_auth_open(c, NULL, err)) == NULL
	    || !open_stores(V, err)
	    || (V->writer = ad_writer_start(V->store, 1024, err)) == NULL
	    || (V->poster = start_poster(V, c, err)) == NULL
	    || (V->cds = ad_cds_start(V->store, V->reader, err)) == NULL
	    || (V->http = ad_http_start(&h, ad_route, V, err)) == NULL)
		return false;
	if (c->n_folders > 0 && (V->folders = ad_folders_start(V, err)) == NULL)
		return false;
	if ((V->review = ad_review_start(V, err)) == NULL)
		return false;
	V->ready = true;
	ad_log("started", "version=" SALVOR_VERSION " address=%s port=%u "
	    "tls=%d development=%d rules=%.*s", c->address,
	    ad_http_port(V->http), !h.plain, c->development,
	    SV_FMT(V->setup->engine.book.version));
	return true;
}

/* In this order nothing is taken that could not be finished. */
static void
stop(struct ad_service *V)
{
	V->ending = true;
	ad_folders_stop(V->folders);
	ad_review_stop(V->review);
	ad_http_stop(V->http, STOP_MS);
	ad_cds_stop(V->cds);
	ad_writer_stop(V->writer);
	ad_poster_stop(V->poster, STOP_MS);
	ad_store_close(V->reader);
	ad_store_close(V->store);
	ad_setup_drop(V->setup);
	ad_log("stopped", "applied=%lld refused=%lld held=%lld",
	    (long long)V->applied, (long long)V->refused, (long long)V->held);
}

/* What listens and where the store lies does not change without a restart; all
 * else does: rules, clients, folders, destinations, certificates. */
static void
reload(struct ad_service *V)
{
	struct ad_setup *u = ad_setup_load(V->conf_path), *old = V->setup;
	struct ad_poster *poster = NULL, *before = V->poster;
	struct sv_err err = { .text = "see above" };
	struct ad_http_options h;

	if (u != NULL)
		h = http_options(&u->conf);
	/* Two posters may run at once: rows are claimed, in order. */
	if (u == NULL
	    || (u->auth = ad_auth_open(&u->conf, old->auth, &err)) == NULL
	    || !sv_is_ok(ad_http_reload(V->http, &h, &err))
	    || (poster = start_poster(V, &u->conf, &err)) == NULL) {
		ad_log("reload-failed", "why=\"%s\" in-use=before", err.text);
		ad_setup_drop(u);
		return;
	}
	(void)pthread_mutex_lock(&V->lock);
	V->setup = u;
	V->poster = poster;
	(void)pthread_mutex_unlock(&V->lock);
	ad_poster_stop(before, STOP_MS);
	ad_setup_drop(old);
	ad_review_wake(V->review);
	ad_log("reloaded", "rules=%.*s", SV_FMT(u->engine.book.version));
}

/* Signals are taken here, by no other thread. */
static void
run(struct ad_service *V, const sigset_t *set)
{
	struct timespec day = { 3600, 0 };
	int64_t n = 0;

	for (;;) {
		int sig = sigtimedwait(set, NULL, &day);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(V);
		if (V->setup->conf.keep_days == 0
		    || !sv_is_ok(ad_store_begin(V->store)))
			continue;
		if (sv_is_ok(ad_store_expire(V->store, ad_now_ms()
		    - V->setup->conf.keep_days * 86400000, &n)))
			(void)!sv_is_ok(ad_store_commit(V->store));
		else
			ad_store_rollback(V->store);
	}
}

enum ad_exit
ad_serve(const struct ad_options *o)
{
	struct ad_service V = { .started_ms = ad_now_ms() };
	struct sv_err err = { .text = "" };
	sigset_t set;
	bool ok;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	(void)pthread_mutex_init(&V.lock, NULL);
	V.conf_path = o->conf != NULL ? o->conf : AD_CONF_USUAL;
	if ((V.setup = ad_setup_load(V.conf_path)) == NULL)
		return AD_EXIT_CONFIG;
	ok = start(&V, &err);
	if (ok)
		run(&V, &set);
	else
		fprintf(stderr, "salvor: %s%s%s\n", err.where,
		    err.where[0] != '\0' ? ": " : "", err.text);
	stop(&V);
	return ok ? AD_EXIT_OK : AD_EXIT_CONFIG;
}
