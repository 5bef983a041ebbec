#include "ad_breaker.h"

#define RECENT_MS ((int64_t)15 * 60 * 1000)	/* longest delay of a post */

struct ad_breaker
ad_breaker_new(long most)
{
	return (struct ad_breaker){ .most = most, .window = most };
}

long
ad_breaker_allows(const struct ad_breaker *b, int64_t now_ms)
{
	if (now_ms < b->pause_until_ms)
		return 0;
	return b->open ? 1 : b->window;
}

/* The destination lives, whatever it thinks of this post. */
static void
got_through(struct ad_breaker *b, int64_t now_ms)
{
	b->failures = 0;
	b->open = false;
	b->through_ms = now_ms;
	if (b->window < b->most)
		b->window++;
}

void
ad_breaker_note(struct ad_breaker *b, enum ad_outcome o, int64_t retry_after_s,
    int64_t now_ms, uint32_t random)
{
	int64_t pause = 0;

	if (o == AD_OUTCOME_DONE || o == AD_OUTCOME_REFUSED
	    || o == AD_OUTCOME_CONFLICT) {
		got_through(b, now_ms);
		return;
	}
	b->window = b->window > 1 ? b->window / 2 : 1;
	if (retry_after_s > 0)
		pause = ad_outcome_delay_ms(1, retry_after_s, random);
	if (++b->failures >= AD_BREAKER_FAILURES) {
		b->open = true;
		b->window = 1;
		if (pause == 0)
			pause = ad_outcome_delay_ms(b->failures
			    - AD_BREAKER_FAILURES + 2, 0, random);
	}
	if (b->pause_until_ms < now_ms + pause)
		b->pause_until_ms = now_ms + pause;
}

bool
ad_breaker_gives_up(const struct ad_breaker *b, enum ad_outcome o,
    int attempts, int64_t now_ms)
{
	if (o == AD_OUTCOME_REFUSED)
		return true;
	if (o == AD_OUTCOME_DONE || attempts < AD_BREAKER_ATTEMPTS)
		return false;
	if (o == AD_OUTCOME_CONFLICT)
		return true;
	return o != AD_OUTCOME_BLOCKED && b->through_ms > 0
	    && now_ms - b->through_ms < RECENT_MS;
}
