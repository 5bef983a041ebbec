/*
 * Key sets that change while they are used; tokens that may be used once.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ad_jwks.h"
#include "ad_replay.h"
#include "jwt_fixture.h"

TestSuite(jwks, .init = setup, .fini = teardown);

/* An issuer: what it answers, and how often it was asked. */
static struct {
	_Atomic(const char *) answer;	/* file; NULL: it is down */
	_Atomic int asked, told;
	_Atomic bool slow;
} idp;

static void
wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static struct sv_status
answer(void *ctx, const char *url, struct sv_arena *to, struct sv_str *ret,
    struct sv_err *err)
{
	const char *file = idp.answer;

	(void)ctx;
	cr_assert(sv_str_is(sv_str_of(url), "https://idp.example/jwks"));
	idp.asked++;
	while (idp.slow)
		wait_ms(5);
	if (file == NULL) {
		sv_err_set(err, url, "down");
		return SV_RETRY;
	}
	*ret = test_read(to, file);
	return SV_OK;
}

static void
told(void *ctx, const char *source, size_t n, const char *text)
{
	(void)ctx;
	(void)source;
	cr_assert((n > 0) == (text[0] == '\0'));
	idp.told++;
}

static struct ad_jwks *
open_source(const char *source, int64_t refresh_ms, int64_t pause_ms)
{
	struct ad_jwks_options o = { .source = source,
		.refresh_ms = refresh_ms, .pause_ms = pause_ms,
		.fetch = answer, .told = told };
	struct sv_err err = { .text = "" };
	struct ad_jwks *J = ad_jwks_open(&o, &err);

	cr_assert(J != NULL, "%s", err.text);
	return J;
}

/* Until ${*count} is ${n}, five seconds at most. */
static void
wait_for(_Atomic int *count, int n)
{
	for (int i = 0; i < 1000 && *count < n; i++)
		wait_ms(5);
	cr_assert_geq(*count, n);
}

static enum ad_jwt_fault
ask(struct ad_jwks *J, bool *later)
{
	struct ad_jwt_policy p = policy();
	struct ad_jwt t;

	cr_assert_eq(ad_jwt_read(&A, token(HEADER, CLAIMS), &t), AD_JWT_GOOD);
	return ad_jwks_verify(J, &t, &p, later);
}

#define URL "https://idp.example/jwks"

/* The key is not there, comes, and goes: what the issuer says counts. */
Test(jwks, rotation)
{
	struct ad_jwks *J;
	bool later;

	idp.answer = DATA "cds-hooks.jwks.json";
	J = open_source(URL, 60000, 50);
	wait_for(&idp.told, 1);
	wait_ms(60);
	idp.answer = DATA "ES384.public.json";
	cr_assert_eq(ask(J, &later), AD_JWT_UNKNOWN_KEY);
	cr_assert(later);
	wait_for(&idp.told, 2);
	cr_assert_eq(ask(J, &later), AD_JWT_GOOD);
	cr_assert_eq(ask(J, &later), AD_JWT_GOOD);
	cr_assert(!later);
	/* It is down: the old set holds. */
	idp.answer = NULL;
	ad_jwks_close(J);
	wait_ms(20);
}

Test(jwks, a_failure_keeps_the_old_set_and_is_tried_again)
{
	struct ad_jwks *J;
	bool later;

	idp.answer = DATA "ES384.public.json";
	J = open_source(URL, 40, 30);
	wait_for(&idp.told, 1);
	idp.answer = NULL;
	wait_for(&idp.told, 4);
	cr_assert_eq(ask(J, &later), AD_JWT_GOOD);
	/* A key that was taken back is gone, its good signatures too. */
	idp.answer = DATA "cds-hooks.jwks.json";
	wait_for(&idp.told, idp.told + 2);
	cr_assert_eq(ask(J, &later), AD_JWT_UNKNOWN_KEY);
	ad_jwks_close(J);
	wait_ms(20);
}

/* However many tokens name unknown keys, and while nothing comes back. */
Test(jwks, no_stampede_and_nobody_waits)
{
	struct ad_jwks *J;
	bool later;

	idp.answer = DATA "cds-hooks.jwks.json";
	idp.slow = true;
	J = open_source(URL, 60000, 300);
	wait_for(&idp.asked, 1);
	for (int i = 0; i < 50; i++) {
		cr_assert_eq(ask(J, &later), AD_JWT_UNKNOWN_KEY);
		cr_assert(later, "it may come");
	}
	idp.slow = false;
	wait_for(&idp.told, 1);
	cr_assert_eq(ask(J, &later), AD_JWT_UNKNOWN_KEY);
	cr_assert(!later, "it has just been fetched, and the key is not there");
	cr_assert_eq(idp.asked, 1);
	wait_for(&idp.told, 2);
	cr_assert_eq(idp.asked, 2);
	ad_jwks_close(J);
	wait_ms(20);
}

static void
copy(const char *from, const char *to)
{
	struct sv_str text = test_read(&A, from);
	FILE *f = fopen(to, "w");

	cr_assert(f != NULL);
	cr_assert_eq(fwrite(text.p, 1, text.n, f), text.n);
	cr_assert_eq(fclose(f), 0);
}

Test(jwks, a_file_is_read_at_once_and_again)
{
	char path[] = "/tmp/salvor-jwks-XXXXXX";
	int fd = mkstemp(path);
	struct ad_jwks *J;
	struct sv_err err;
	bool later;

	cr_assert_geq(fd, 0);
	cr_assert_eq(close(fd), 0);
	cr_assert(ad_jwks_open(&(struct ad_jwks_options){ .source = path },
	    &err) == NULL);
	cr_assert_neq(err.text[0], '\0');
	copy(DATA "cds-hooks.jwks.json", path);
	J = open_source(path, 60000, 20);
	cr_assert_eq(ask(ad_jwks_share(J), &later), AD_JWT_UNKNOWN_KEY);
	copy(DATA "ES384.public.json", path);
	wait_ms(30);
	(void)ask(J, &later);
	for (int i = 0; i < 1000 && ask(J, &later) != AD_JWT_GOOD; i++)
		wait_ms(5);
	cr_assert_eq(ask(J, &later), AD_JWT_GOOD);
	ad_jwks_close(J);
	cr_assert_eq(ask(J, &later), AD_JWT_GOOD, "shared");
	ad_jwks_close(J);
	cr_assert_eq(unlink(path), 0);
	cr_assert(ad_jwks_open(&(struct ad_jwks_options){ .source = path },
	    &err) == NULL);
	wait_ms(20);
}

/* A signature that is remembered as good does not make its claims good, nor
 * another policy's algorithms. */
Test(jwks, what_is_remembered_is_the_signature_alone)
{
	struct ad_jwt_policy p = policy();
	struct ad_jwks *J;
	struct ad_jwt t;
	bool later;

	J = open_source(getenv("SALVOR_SOURCE_ROOT") != NULL ? sv_arena_printf(
	    &A, "%s/" DATA "ES384.public.json", getenv("SALVOR_SOURCE_ROOT")).p
	    : DATA "ES384.public.json", 60000, 1000);
	cr_assert_eq(ad_jwt_read(&A, token(HEADER, CLAIMS), &t), AD_JWT_GOOD);
	cr_assert_eq(ad_jwks_verify(J, &t, &p, &later), AD_JWT_GOOD);
	p.now_s += 361;
	cr_assert_eq(ad_jwks_verify(J, &t, &p, &later), AD_JWT_EXPIRED);
	p = policy();
	p.algorithms = AD_JWA_RS384;
	cr_assert_eq(ad_jwks_verify(J, &t, &p, &later), AD_JWT_ALGORITHM);
	ad_jwks_close(J);
	wait_ms(20);
}

Test(jwks, a_token_is_used_once)
{
	struct ad_replay *R = ad_replay_new(1000);
	struct sv_str a = SV_LIT("a"), ab = SV_LIT("ab"), b = SV_LIT("b"),
	    bb = SV_LIT("bb");

	cr_assert_eq(ad_replay_note(R, a, bb, 100, 10), AD_REPLAY_FRESH);
	cr_assert_eq(ad_replay_note(R, a, bb, 100, 99), AD_REPLAY_SEEN);
	cr_assert_eq(ad_replay_note(R, ab, b, 100, 10), AD_REPLAY_FRESH);
	cr_assert_eq(ad_replay_note(R, b, bb, 100, 10), AD_REPLAY_FRESH);
	cr_assert_eq(ad_replay_note(R, a, b, 100, 10), AD_REPLAY_FRESH);
	/* Expired, it would not have come this far; its place is free. */
	cr_assert_eq(ad_replay_note(R, a, bb, 200, 100), AD_REPLAY_FRESH);
	ad_replay_free(R);
}

/* As many as promised, then no more until some expire; none is forgotten. */
Test(jwks, the_memory_of_tokens_is_bounded)
{
	struct ad_replay *R = ad_replay_new(1000);
	int fresh = 0, full = 0;
	char jti[16];

	for (int i = 0; i < 4000; i++) {
		enum ad_replayed r;

		(void)snprintf(jti, sizeof(jti), "%d", i);
		r = ad_replay_note(R, SV_LIT("a"), sv_str_of(jti), 100, 10);
		cr_assert_neq(r, AD_REPLAY_SEEN);
		fresh += r == AD_REPLAY_FRESH;
		full += r == AD_REPLAY_FULL;
		if (i < 1000)
			cr_assert_eq(full, 0, "%d", i);
	}
	cr_assert_leq(fresh, 2 * 1000 + 2 * 64);
	cr_assert_eq(ad_replay_note(R, SV_LIT("a"), SV_LIT("7"), 100, 10),
	    AD_REPLAY_SEEN);
	cr_assert_eq(ad_replay_note(R, SV_LIT("a"), SV_LIT("x"), 300, 100),
	    AD_REPLAY_FRESH);
	ad_replay_free(R);
}

static void *
note_all(void *replay)
{
	static _Atomic int fresh;
	char jti[16];

	for (int i = 0; i < 2000; i++) {
		(void)snprintf(jti, sizeof(jti), "%d", i);
		fresh += ad_replay_note(replay, SV_LIT("a"), sv_str_of(jti), 100,
		    10) == AD_REPLAY_FRESH;
	}
	return &fresh;
}

Test(jwks, of_many_threads_one_is_first)
{
	struct ad_replay *R = ad_replay_new(10000);
	pthread_t thread[4];
	void *fresh = NULL;

	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, note_all, R), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_join(thread[i], &fresh), 0);
	cr_assert_eq(*(_Atomic int *)fresh, 2000);
	ad_replay_free(R);
}
