/**
 * ad_clock.h: time and chance.
 *
 * The only places from which they come; what decides by them is given them.
 */
#ifndef AD_CLOCK_H
#define AD_CLOCK_H

#include "sv_arena.h"

#define AD_INSTANT_MAX 32

/** Milliseconds since 1970. */
int64_t ad_now_ms(void);

/** Milliseconds of a clock that nobody sets: for limits and pauses. */
int64_t ad_monotonic_ms(void);

/** Today, here: a day number of sv_date. */
int32_t ad_today(void);

/** "2026-11-24T02:00:00Z", ${ms} since 1970; "" if that is no time. */
void ad_instant_text(int64_t ms, char ret[AD_INSTANT_MAX]);
/** The same in ${A}; .p is NULL without memory. */
struct sv_str ad_instant(struct sv_arena *A, int64_t ms);
/** The same with milliseconds, "2026-11-24T02:00:00.123Z". */
void ad_instant_exact(int64_t ms, char ret[AD_INSTANT_MAX]);

/** Any number, so that waits differ; not for secrets. */
uint32_t ad_random(void);

#endif
