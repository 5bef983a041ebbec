#include "ad_jwks.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ad_clock.h"
#include "ad_memory.h"

/* Good signatures remembered, by a hash that an attacker cannot aim: to be
 * remembered a token must be genuine. */
#define REMEMBERED 1024

/* A set, as long as somebody verifies with it. */
struct held {
	struct ad_jwk_set *set;
	_Atomic int users;
	pthread_mutex_t lock;
	unsigned char good[REMEMBERED][32];
};

struct ad_jwks {
	struct ad_jwks_options o;
	char *source;
	pthread_mutex_t lock;		/* of all below */
	int users;			/* 0: its thread frees it */
	pthread_cond_t wake;
	struct held *now;		/* NULL: none yet */
	bool asked, fetching;
	int64_t fetched_ms;		/* the last time it was tried */
	int64_t due_ms;
};

static bool
is_url(const char *source)
{
	return strncmp(source, "https://", 8) == 0
	    || strncmp(source, "http://", 7) == 0;
}

static void
held_drop(struct held *h)
{
	if (h == NULL || --h->users > 0)
		return;
	ad_jwk_set_free(h->set);
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

static struct held *
held_new(struct ad_jwk_set *set)
{
	struct held *h = set != NULL ? calloc(1, sizeof(*h)) : NULL;

	if (h == NULL || pthread_mutex_init(&h->lock, NULL) != 0) {
		ad_jwk_set_free(set);
		free(h);
		return NULL;
	}
	h->set = set;
	h->users = 1;
	return h;
}

static struct sv_status
read_file(struct sv_arena *A, const char *path, struct sv_str *ret,
    struct sv_err *err)
{
	char *p = sv_arena_alloc(A, AD_JWK_MAX_BYTES + 1);
	FILE *f = fopen(path, "rb");
	bool good = f != NULL;

	SV_ENSURE(p != NULL || f == NULL, ((void)fclose(f), SV_NOMEM));
	if (good) {
		*ret = (struct sv_str){ p, fread(p, 1, AD_JWK_MAX_BYTES + 1,
			f) };
		good = ferror(f) == 0;
		(void)fclose(f);
	}
	if (!good)
		sv_err_set(err, path, "%s", strerror(errno));
	return good ? SV_OK : SV_BAD;
}

/* The set as it is at the source; NULL with ${err}. */
static struct held *
get(struct ad_jwks *J, struct sv_err *err)
{
	struct sv_arena A = ad_arena((size_t)4 << 20);
	struct sv_str text = { NULL, 0 };
	struct sv_status s;
	struct held *h;

	err->text[0] = '\0';
	s = is_url(J->source) ? J->o.fetch(J->o.ctx, J->source, &A, &text, err)
	    : read_file(&A, J->source, &text, err);
	h = sv_is_ok(s) ? held_new(ad_jwk_set_read(text, err)) : NULL;
	if (h == NULL && err->text[0] == '\0')
		sv_err_set(err, J->source, "not enough memory");
	sv_arena_free(&A);
	return h;
}

/* Fetch, with the lock released meanwhile. */
static void
fetch(struct ad_jwks *J)
{
	struct sv_err err;
	struct held *h, *old = NULL;

	J->fetching = true;
	J->asked = false;
	(void)pthread_mutex_unlock(&J->lock);
	h = get(J, &err);
	if (J->o.told != NULL)
		J->o.told(J->o.ctx, J->source, h != NULL ? h->set->n : 0,
		    h != NULL ? "" : err.text);
	(void)pthread_mutex_lock(&J->lock);
	J->fetching = false;
	J->fetched_ms = ad_monotonic_ms();
	J->due_ms = J->fetched_ms + (h != NULL ? J->o.refresh_ms
	    : J->o.pause_ms);
	if (h != NULL) {
		old = J->now;
		J->now = h;
	}
	held_drop(old);
}

/* When the next fetch is to begin. */
static int64_t
next_ms(const struct ad_jwks *J)
{
	int64_t early = J->fetched_ms + J->o.pause_ms;

	return J->asked && early < J->due_ms ? early : J->due_ms;
}

static void
jwks_free(struct ad_jwks *J)
{
	held_drop(J->now);
	if (J->o.done != NULL)
		J->o.done(J->o.ctx);
	(void)pthread_cond_destroy(&J->wake);
	(void)pthread_mutex_destroy(&J->lock);
	free(J->source);
	free(J);
}

static void *
run(void *arg)
{
	struct ad_jwks *J = arg;
	struct timespec t;

	(void)pthread_mutex_lock(&J->lock);
	while (J->users > 0) {
		int64_t at = next_ms(J);

		if (at <= ad_monotonic_ms()) {
			fetch(J);
			continue;
		}
		t = (struct timespec){ .tv_sec = (time_t)(at / 1000),
			.tv_nsec = (long)(at % 1000) * 1000000 };
		(void)pthread_cond_timedwait(&J->wake, &J->lock, &t);
	}
	(void)pthread_mutex_unlock(&J->lock);
	jwks_free(J);
	return NULL;
}

/* Its thread ends by itself: whoever closes last must not wait for a fetch. */
static bool
start(struct ad_jwks *J)
{
	pthread_attr_t detached;
	pthread_t thread;
	bool good;

	if (pthread_attr_init(&detached) != 0)
		return false;
	good = pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED)
	    == 0 && pthread_create(&thread, &detached, run, J) == 0;
	(void)pthread_attr_destroy(&detached);
	return good;
}

static bool
init(struct ad_jwks *J, const struct ad_jwks_options *o)
{
	pthread_condattr_t monotonic;
	bool good;

	J->o = *o;
	J->source = strdup(o->source);
	J->users = 1;
	if (J->source == NULL || pthread_mutex_init(&J->lock, NULL) != 0) {
		free(J->source);
		return false;
	}
	good = pthread_condattr_init(&monotonic) == 0
	    && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0
	    && pthread_cond_init(&J->wake, &monotonic) == 0;
	if (!good) {
		(void)pthread_mutex_destroy(&J->lock);
		free(J->source);
	}
	return good;
}

struct ad_jwks *
ad_jwks_open(const struct ad_jwks_options *o, struct sv_err *err)
{
	struct ad_jwks *J = calloc(1, sizeof(*J));

	if (J == NULL || !init(J, o)) {
		sv_err_set(err, o->source, "not enough memory");
		if (o->done != NULL)
			o->done(o->ctx);
		free(J);
		return NULL;
	}
	if (!is_url(J->source)) {
		J->now = get(J, err);
		J->fetched_ms = ad_monotonic_ms();
		J->due_ms = J->fetched_ms + o->refresh_ms;
		if (J->now == NULL) {
			jwks_free(J);
			return NULL;
		}
	}
	if (!start(J)) {
		sv_err_set(err, o->source, "no thread for the key set");
		jwks_free(J);
		return NULL;
	}
	return J;
}

struct ad_jwks *
ad_jwks_share(struct ad_jwks *J)
{
	(void)pthread_mutex_lock(&J->lock);
	J->users++;
	(void)pthread_mutex_unlock(&J->lock);
	return J;
}

void
ad_jwks_close(struct ad_jwks *J)
{
	if (J == NULL)
		return;
	(void)pthread_mutex_lock(&J->lock);
	J->users--;
	(void)pthread_cond_signal(&J->wake);
	(void)pthread_mutex_unlock(&J->lock);
}

static struct held *
take(struct ad_jwks *J)
{
	struct held *h;

	(void)pthread_mutex_lock(&J->lock);
	h = J->now;
	if (h != NULL)
		h->users++;
	(void)pthread_mutex_unlock(&J->lock);
	return h;
}

/* A key is missing.  True if it may come with a fetch that is under way or was
 * due just now; false in the pause after one. */
static bool
ask(struct ad_jwks *J)
{
	bool later;

	(void)pthread_mutex_lock(&J->lock);
	later = J->fetching || J->now == NULL
	    || ad_monotonic_ms() - J->fetched_ms >= J->o.pause_ms;
	J->asked = true;
	(void)pthread_cond_signal(&J->wake);
	(void)pthread_mutex_unlock(&J->lock);
	return later;
}

/* The name under which the good signature of ${t} is remembered. */
static bool
hash_of(const struct ad_jwt *t, unsigned char hash[32])
{
	return EVP_Digest(t->token.p, t->token.n, hash, NULL, EVP_sha256(),
	    NULL) == 1;
}

static unsigned char *
place_of(struct held *h, const unsigned char hash[32])
{
	return h->good[(hash[0] | hash[1] << 8) % REMEMBERED];
}

static enum ad_jwt_fault
check(struct held *h, const struct ad_jwt *t, const struct ad_jwt_policy *p)
{
	unsigned char hash[32];
	bool hashed = hash_of(t, hash), known = false;
	enum ad_jwt_fault f = ad_jwt_check_header(t, p);

	if (f != AD_JWT_GOOD)
		return f;
	if (hashed) {
		(void)pthread_mutex_lock(&h->lock);
		known = memcmp(place_of(h, hash), hash, 32) == 0;
		(void)pthread_mutex_unlock(&h->lock);
	}
	f = known ? AD_JWT_GOOD : ad_jwt_check_signature(t, h->set);
	if (f == AD_JWT_GOOD && hashed && !known) {
		(void)pthread_mutex_lock(&h->lock);
		memcpy(place_of(h, hash), hash, 32);
		(void)pthread_mutex_unlock(&h->lock);
	}
	return f == AD_JWT_GOOD ? ad_jwt_check_claims(t, p) : f;
}

enum ad_jwt_fault
ad_jwks_verify(struct ad_jwks *J, const struct ad_jwt *t,
    const struct ad_jwt_policy *p, bool *ret_later)
{
	enum ad_jwt_fault f = AD_JWT_UNKNOWN_KEY;
	struct held *h = take(J);

	if (h != NULL)
		f = check(h, t, p);
	held_drop(h);
	*ret_later = f == AD_JWT_UNKNOWN_KEY && ask(J);
	return f;
}
