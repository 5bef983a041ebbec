/*
 * Every block of memory that the intake asks for is refused once: the message
 * is not accepted, nothing of it is remembered, and nothing leaks.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

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
