/*
 * Every block of memory that the intake asks for is refused once: the message
 * is not accepted, nothing of it is remembered, and nothing leaks.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "ad_apply.h"
#include "ad_memory.h"
#include "script.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_do_recoverable_leak_check() 0
#endif

/* Which request from now on is refused; 0: none. */
static long refused, asked;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
struct sv_arena __real_ad_arena(size_t n);
struct sv_arena __wrap_ad_arena(size_t n);

/* No arena may hold more; 0: what it asks for. */
static size_t ceiling;

/* The linker puts these in place of the C library's for our own code (see
 * meson.build). */
void *
__wrap_malloc(size_t n)
{
	return ++asked == refused ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return ++asked == refused ? NULL : __real_calloc(n, size);
}

struct sv_arena
__wrap_ad_arena(size_t n)
{
	struct sv_arena A = __real_ad_arena(n);

	if (ceiling > 0) {
		A.ceiling = ceiling;
		A.block_size = 64;
	}
	return A;
}

/* Message ${i} when request ${at} is refused; false if it made fewer. */
static bool
refuse(struct ad_store *S, size_t i, long at)
{
	struct ad_store_counts before, after;
	struct ad_intake *I = NULL;
	struct sv_status s;
	bool came;

	cr_assert(sv_is_ok(ad_store_count(S, &before)));
	cr_assert(sv_is_ok(ad_store_begin(S)));
	asked = 0;
	refused = at;
	s = script_apply(S, i, &I);
	came = asked >= at;
	refused = 0;
	cr_assert(!came || s.code == SV_CODE_NOMEM, "message %zu, request %ld: "
	    "%d", i, at, (int)s.code);
	cr_assert(sv_is_ok(ad_store_commit(S)));
	ad_intake_free(I);
	cr_assert(sv_is_ok(ad_store_count(S, &after)));
	cr_assert(!came || (after.resources == before.resources
	    && after.patients == before.patients
	    && after.guidance == before.guidance));
	return came;
}

Test(memory, refused_at_every_request)
{
	struct ad_store *S;
	long n = 0;

	script_load();
	S = script_open();
	cr_assert(S != NULL);
	for (size_t i = 0; i < SCRIPT_N; i++) {
		for (long at = 1; refuse(S, i, at); at++)
			n++;
	}
	ad_store_close(S);
	cr_assert_gt(n, 2 * SCRIPT_N);
	cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
}

/* Message ${i} with ${n} bytes for it; false if they are enough.  What is too
 * large is refused, but smaller things behind it are given: who goes on without
 * the large one must not get away with it. */
static bool
starve(struct ad_store *S, size_t i, size_t n)
{
	struct ad_store_counts before, after;
	struct ad_intake *I = NULL;
	struct sv_status s;

	cr_assert(sv_is_ok(ad_store_count(S, &before)));
	cr_assert(sv_is_ok(ad_store_begin(S)));
	ceiling = n;
	s = script_apply(S, i, &I);
	ceiling = 0;
	cr_assert(sv_is_ok(s) || s.code == SV_CODE_NOMEM, "message %zu, %zu "
	    "bytes: %d", i, n, (int)s.code);
	cr_assert(!sv_is_ok(s) || !I->A.failed, "message %zu, %zu bytes",
	    i, n);
	if (sv_is_ok(s))
		cr_assert(sv_is_ok(ad_store_commit(S)));
	else
		ad_store_rollback(S);
	ad_intake_free(I);
	cr_assert(sv_is_ok(ad_store_count(S, &after)));
	cr_assert(sv_is_ok(s) || (after.resources == before.resources
	    && after.guidance == before.guidance));
	return !sv_is_ok(s);
}

/* SALVOR_TEST_LONG: in steps of 64 bytes. */
Test(memory, too_little_for_each_object)
{
	size_t step = getenv("SALVOR_TEST_LONG") != NULL ? 64 : 1009, n = 0;
	struct ad_store *S;

	script_load();
	S = script_open();
	cr_assert(S != NULL);
	for (size_t i = 0; i < SCRIPT_N; i++) {
		for (size_t at = 256; starve(S, i, at); at += step)
			n++;
	}
	ad_store_close(S);
	cr_assert_gt(n, 20 * SCRIPT_N, "%zu", n);
}
