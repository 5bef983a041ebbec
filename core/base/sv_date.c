#include "sv_date.h"

static bool
is_leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int32_t
month_days(int32_t year, int32_t month)
{
	static const int32_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Both conversions follow the era arithmetic of the proleptic Gregorian
 * calendar: years begin in March, an era has 400 years and 146097 days. */
int32_t
sv_date_day(struct sv_ymd d)
{
	int32_t y = d.month <= 2 ? d.year - 1 : d.year;
	int32_t era = (y >= 0 ? y : y - 399) / 400;
	int32_t yoe = y - era * 400;
	int32_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5
	    + d.day - 1;
	int32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

struct sv_ymd
sv_date_ymd(int32_t day)
{
	int32_t z = day + 719468;
	int32_t era = (z >= 0 ? z : z - 146096) / 146097;
	int32_t doe = z - era * 146097;
	int32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int32_t mp = (5 * doy + 2) / 153;
	struct sv_ymd d;

	d.day = doy - (153 * mp + 2) / 5 + 1;
	d.month = mp < 10 ? mp + 3 : mp - 9;
	d.year = yoe + era * 400 + (d.month <= 2 ? 1 : 0);
	return d;
}

struct sv_date
sv_date_exact(int32_t day)
{
	return (struct sv_date){ day, day, SV_DATE_DAY };
}

int32_t
sv_date_add_months(int32_t day, int32_t months)
{
	struct sv_ymd d = sv_date_ymd(day);
	int32_t m = d.year * 12 + (d.month - 1) + months;
	int32_t last;

	d.year = m / 12;
	d.month = m % 12 + 1;
	last = month_days(d.year, d.month);
	if (d.day > last)
		d.day = last;
	return sv_date_day(d);
}

/* Take ${n} digits from the front of ${s}; -1 if they are not there. */
static int32_t
take_digits(struct sv_str *s, size_t n)
{
	int32_t v = 0;

	if (s->n < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = (struct sv_str){ s->p + n, s->n - n };
	return v;
}

static bool
take_char(struct sv_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = (struct sv_str){ s->p + 1, s->n - 1 };
	return true;
}

/* The offset behind a time: Z, or +hh:mm up to 14:00. */
static bool
take_offset(struct sv_str *s)
{
	int32_t hour, minute;

	if (take_char(s, 'Z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	hour = take_digits(s, 2);
	if (!take_char(s, ':'))
		return false;
	minute = take_digits(s, 2);
	return hour >= 0 && minute >= 0 && minute <= 59
	    && (hour < 14 || (hour == 14 && minute == 0));
}

/* Two digits of at most ${max}. */
static bool
take_pair(struct sv_str *s, int32_t max)
{
	int32_t v = take_digits(s, 2);

	return v >= 0 && v <= max;
}

/* Thh:mm:ss(.s+)? and an offset; 60 seconds is a leap second. */
static bool
take_time(struct sv_str *s)
{
	if (!take_pair(s, 23) || !take_char(s, ':') || !take_pair(s, 59)
	    || !take_char(s, ':') || !take_pair(s, 60))
		return false;
	if (take_char(s, '.')) {
		if (take_digits(s, 1) < 0)
			return false;
		while (take_digits(s, 1) >= 0)
			;
	}
	return take_offset(s);
}

/* yyyy(-mm(-dd)?)?; NONE if it is not. */
static enum sv_date_precision
take_calendar(struct sv_str *s, struct sv_ymd *d)
{
	if ((d->year = take_digits(s, 4)) < 1)
		return SV_DATE_NONE;
	if (!take_char(s, '-'))
		return SV_DATE_YEAR;
	d->month = take_digits(s, 2);
	if (d->month < 1 || d->month > 12)
		return SV_DATE_NONE;
	if (!take_char(s, '-'))
		return SV_DATE_MONTH;
	d->day = take_digits(s, 2);
	return d->day >= 1 && d->day <= month_days(d->year, d->month)
	    ? SV_DATE_DAY : SV_DATE_NONE;
}

struct sv_status
sv_date_parse(struct sv_str text, struct sv_date *ret_date)
{
	struct sv_ymd d = { 0, 1, 1 };
	struct sv_date out;

	if ((out.precision = take_calendar(&text, &d)) == SV_DATE_NONE)
		return SV_BAD;
	if (out.precision == SV_DATE_DAY && take_char(&text, 'T')
	    && !take_time(&text))
		return SV_BAD;
	if (text.n > 0)
		return SV_BAD;
	out.lo = out.hi = sv_date_day(d);
	if (out.precision == SV_DATE_YEAR)
		out.hi = sv_date_day((struct sv_ymd){ d.year, 12, 31 });
	if (out.precision == SV_DATE_MONTH)
		out.hi = sv_date_day((struct sv_ymd){ d.year, d.month,
		    month_days(d.year, d.month) });
	*ret_date = out;
	return SV_OK;
}

static char *
put_digits(char *p, int32_t v, int n)
{
	for (int i = n - 1; i >= 0; i--) {
		p[i] = (char)('0' + v % 10);
		v /= 10;
	}
	return p + n;
}

void
sv_date_text(struct sv_date d, char text[SV_DATE_TEXT_MAX])
{
	struct sv_ymd c;
	char *p = text;

	if (sv_date_is_set(d)) {
		c = sv_date_ymd(d.lo);
		p = put_digits(p, c.year, 4);
		if (d.precision >= SV_DATE_MONTH) {
			*p++ = '-';
			p = put_digits(p, c.month, 2);
		}
		if (d.precision >= SV_DATE_DAY) {
			*p++ = '-';
			p = put_digits(p, c.day, 2);
		}
	}
	*p = '\0';
}
