/**
 * sv_date.h: a date as the interval of days it may mean.
 *
 * FHIR dates may be partial: 2024 means some day of that year, 2024-03 some
 * day of that month.  The date part of a dateTime is taken as written, in the
 * sender's own offset; nothing is shifted to UTC (hazard H16: a shifted date
 * can cross a threshold).  Days count from 1970-01-01 in the proleptic
 * Gregorian calendar; valid years are 1 to 9999.
 */
#ifndef SV_DATE_H
#define SV_DATE_H

#include "sv_status.h"
#include "sv_str.h"

enum sv_date_precision {
	SV_DATE_NONE,		/* no date at all */
	SV_DATE_YEAR,
	SV_DATE_MONTH,
	SV_DATE_DAY		/* a day, with or without a time behind it */
};

struct sv_date {
	int32_t lo, hi;		/* first and last day it may mean, lo <= hi */
	enum sv_date_precision precision;
};

struct sv_ymd {
	int32_t year;		/* 1..9999 */
	int32_t month, day;	/* from 1 */
};

#define SV_DATE_TEXT_MAX 11	/* "2024-03-01" and its NUL */

/**
 * sv_date_parse(text, ret_date):
 * Read a FHIR date, dateTime or instant.  BAD if ${text} is none of them
 * (a day that does not exist, a time without an offset, trailing text);
 * ${ret_date} is then untouched.
 */
struct sv_status sv_date_parse(struct sv_str text, struct sv_date *ret_date)
    SV_CHECK;

/** The day number of a valid ${d}. */
int32_t sv_date_day(struct sv_ymd d);

/** The calendar day of ${day}. */
struct sv_ymd sv_date_ymd(int32_t day);

/** The date that is exactly ${day}. */
struct sv_date sv_date_exact(int32_t day);

/**
 * ${day} plus ${months} calendar months, the day of the month clamped to the
 * end of the month reached (31 January + 1 month = 28 or 29 February).
 */
int32_t sv_date_add_months(int32_t day, int32_t months);

/** Write ${d} in its precision into ${text}, NUL-terminated; "" if none. */
void sv_date_text(struct sv_date d, char text[SV_DATE_TEXT_MAX]);

static inline bool
sv_date_is_set(struct sv_date d)
{
	return d.precision != SV_DATE_NONE;
}

#endif
