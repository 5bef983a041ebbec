/*
 * How hard a destination is pressed: years in no time, since clock and chance
 * are given.
 */
#include <criterion/criterion.h>

#include "ad_breaker.h"

#define HOUR ((int64_t)3600 * 1000)

static int64_t now = 1000000;

static void
note(struct ad_breaker *b, enum ad_outcome o, int64_t after_s)
{
	ad_breaker_note(b, o, after_s, now, 12345);
}

Test(breaker, a_day_down_costs_a_hundred_tries)
{
	struct ad_breaker b = ad_breaker_new(8);
	int tries = 0;

	cr_assert_eq(ad_breaker_allows(&b, now), 8);
	for (int64_t end = now + 24 * HOUR; now < end; now += 100) {
		if (ad_breaker_allows(&b, now) == 0)
			continue;
		note(&b, AD_OUTCOME_BLOCKED, 0);
		tries++;
		cr_assert_leq(b.pause_until_ms - now, HOUR / 4);
	}
	cr_assert(b.open);
	cr_assert_geq(tries, 90);
	cr_assert_leq(tries, 250, "%d", tries);
}

Test(breaker, slow_start)
{
	struct ad_breaker b = ad_breaker_new(8);

	for (int i = 0; i < AD_BREAKER_FAILURES; i++) {
		cr_assert_not(b.open);
		note(&b, AD_OUTCOME_RETRY, 0);
	}
	cr_assert(b.open);
	cr_assert_eq(ad_breaker_allows(&b, now), 0);
	now = b.pause_until_ms;
	cr_assert_eq(ad_breaker_allows(&b, now), 1, "one tries");
	note(&b, AD_OUTCOME_MAYBE, 0);
	cr_assert_eq(ad_breaker_allows(&b, now), 0);
	now = b.pause_until_ms;
	for (long n = 2; n <= 8; n++) {
		note(&b, AD_OUTCOME_DONE, 0);
		cr_assert_not(b.open);
		cr_assert_eq(ad_breaker_allows(&b, now), n);
	}
	note(&b, AD_OUTCOME_DONE, 0);
	cr_assert_eq(ad_breaker_allows(&b, now), 8);
	note(&b, AD_OUTCOME_RETRY, 0);
	cr_assert_eq(ad_breaker_allows(&b, now), 4, "one failure halves it");
}

Test(breaker, retry_after_holds_all_back)
{
	struct ad_breaker b = ad_breaker_new(4);

	note(&b, AD_OUTCOME_RETRY, 60);
	cr_assert_eq(ad_breaker_allows(&b, now + 59999), 0);
	cr_assert_eq(ad_breaker_allows(&b, now + 66001), 2);
}

/* What is wrong with one post says nothing about the destination. */
Test(breaker, refusals_and_conflicts_do_not_open_it)
{
	struct ad_breaker b = ad_breaker_new(4);

	for (int i = 0; i < 100; i++) {
		note(&b, AD_OUTCOME_REFUSED, 0);
		note(&b, AD_OUTCOME_CONFLICT, 0);
	}
	cr_assert_eq(ad_breaker_allows(&b, now), 4);
}

Test(breaker, gives_up)
{
	struct ad_breaker b = ad_breaker_new(4);
	int most = AD_BREAKER_ATTEMPTS;

	cr_assert(ad_breaker_gives_up(&b, AD_OUTCOME_REFUSED, 1, now));
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_CONFLICT, most - 1, now));
	cr_assert(ad_breaker_gives_up(&b, AD_OUTCOME_CONFLICT, most, now));
	/* Nothing got through: it is not this post. */
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_RETRY, 10000, now));
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_BLOCKED, 10000, now));
	note(&b, AD_OUTCOME_DONE, 0);
	cr_assert(ad_breaker_gives_up(&b, AD_OUTCOME_RETRY, most, now));
	cr_assert(ad_breaker_gives_up(&b, AD_OUTCOME_MAYBE, most, now));
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_BLOCKED, most, now));
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_RETRY, most - 1, now));
	cr_assert_not(ad_breaker_gives_up(&b, AD_OUTCOME_RETRY, most, now + HOUR));
}
