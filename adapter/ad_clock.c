#include "ad_clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "sv_date.h"

static int64_t
milliseconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
ad_now_ms(void)
{
	return milliseconds(CLOCK_REALTIME);
}

int64_t
ad_monotonic_ms(void)
{
	return milliseconds(CLOCK_MONOTONIC);
}

int32_t
ad_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)localtime_r(&now, &tm);
	return sv_date_day((struct sv_ymd){ tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday });
}

/* To the second, without its zone. */
static void
write_seconds(int64_t ms, char ret[AD_INSTANT_MAX])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	ret[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL && strftime(ret, AD_INSTANT_MAX,
	    "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		ret[0] = '\0';
}

void
ad_instant_text(int64_t ms, char ret[AD_INSTANT_MAX])
{
	char seconds[AD_INSTANT_MAX];

	write_seconds(ms, seconds);
	(void)snprintf(ret, AD_INSTANT_MAX, "%.30s%s", seconds,
	    seconds[0] != '\0' ? "Z" : "");
}

void
ad_instant_exact(int64_t ms, char ret[AD_INSTANT_MAX])
{
	char seconds[AD_INSTANT_MAX];

	write_seconds(ms, seconds);
	(void)snprintf(ret, AD_INSTANT_MAX, "%.24s.%03uZ", seconds,
	    (unsigned)(ms % 1000) % 1000);
}

struct sv_str
ad_instant(struct sv_arena *A, int64_t ms)
{
	char text[AD_INSTANT_MAX];

	ad_instant_text(ms, text);
	return sv_arena_str(A, sv_str_of(text));
}

uint32_t
ad_random(void)
{
	uint32_t r = 0;

	(void)!getrandom(&r, sizeof(r), 0);
	return r;
}
