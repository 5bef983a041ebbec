#include "sv_dec.h"

#define DIGITS_MAX 18

/* gcc and clang both have it on every platform Salvor supports. */
__extension__ typedef __int128 wide;

static wide
power10(int32_t n)
{
	wide p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

static bool
fits(wide m)
{
	const wide top = power10(DIGITS_MAX);

	return m > -top && m < top;
}

/* Bring ${m} * 10^-${scale} into the range of struct sv_dec, exactly. */
static struct sv_status
normalise(wide m, int32_t scale, struct sv_dec *ret_dec)
{
	while (scale > 0 && m % 10 == 0) {
		m /= 10;
		scale--;
	}
	while (scale < 0 && fits(m)) {
		m *= 10;
		scale++;
	}
	if (m == 0)
		scale = 0;
	if (scale < 0 || scale > DIGITS_MAX || !fits(m))
		return SV_LIMIT;
	*ret_dec = (struct sv_dec){ (int64_t)m, scale };
	return SV_OK;
}

static bool
is_digit(struct sv_str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The exponent of a number, from ${*i} on: saturates, so 1e400 is LIMIT. */
static struct sv_status
parse_exponent(struct sv_str s, size_t *i, int32_t *ret_exp)
{
	bool minus = false;
	int32_t e = 0;

	(*i)++;
	if (*i < s.n && (s.p[*i] == '+' || s.p[*i] == '-'))
		minus = s.p[(*i)++] == '-';
	if (!is_digit(s, *i))
		return SV_BAD;
	for (; is_digit(s, *i); (*i)++) {
		if (e < 100000)
			e = e * 10 + (s.p[*i] - '0');
	}
	*ret_exp = minus ? -e : e;
	return SV_OK;
}

/* Digits collected so far; trailing zeros past 18 digits only move the scale. */
struct digits {
	wide m;
	int32_t scale;
	int32_t zeros;	/* zeros read, not yet taken into ${m} */
	bool lost;	/* a non-zero digit did not fit */
};

static void
digit_add(struct digits *d, int v, bool fraction)
{
	if (fraction)
		d->scale++;
	d->zeros++;
	if (v == 0)
		return;
	while (d->zeros-- > 0 && !d->lost) {
		d->m *= 10;
		if (d->m >= power10(DIGITS_MAX))
			d->lost = true;
	}
	d->zeros = 0;
	d->m += v;
}

/* int frac? of the JSON grammar, from ${*i} on. */
static struct sv_status
parse_digits(struct sv_str s, size_t *i, struct digits *d)
{
	if (!is_digit(s, *i) || (s.p[*i] == '0' && is_digit(s, *i + 1)))
		return SV_BAD;
	for (; is_digit(s, *i); (*i)++)
		digit_add(d, s.p[*i] - '0', false);
	if (*i == s.n || s.p[*i] != '.')
		return SV_OK;
	if (!is_digit(s, ++*i))
		return SV_BAD;
	for (; is_digit(s, *i); (*i)++)
		digit_add(d, s.p[*i] - '0', true);
	return SV_OK;
}

struct sv_status
sv_dec_parse(struct sv_str text, struct sv_dec *ret_dec)
{
	struct digits d = { 0, 0, 0, false };
	bool minus = text.n > 0 && text.p[0] == '-';
	int32_t exponent = 0;
	size_t i = minus ? 1 : 0;

	SV_TRY(parse_digits(text, &i, &d));
	if (i < text.n && (text.p[i] == 'e' || text.p[i] == 'E'))
		SV_TRY(parse_exponent(text, &i, &exponent));
	if (i != text.n)
		return SV_BAD;
	if (d.lost)
		return SV_LIMIT;
	if (d.m == 0) {
		*ret_dec = (struct sv_dec){ 0, 0 };
		return SV_OK;
	}
	return normalise(minus ? -d.m : d.m, d.scale - d.zeros - exponent,
	    ret_dec);
}

int
sv_dec_cmp(struct sv_dec a, struct sv_dec b)
{
	wide x = a.m, y = b.m;

	if (a.scale < b.scale)
		x *= power10(b.scale - a.scale);
	if (b.scale < a.scale)
		y *= power10(a.scale - b.scale);
	return (x > y) - (x < y);
}

struct sv_status
sv_dec_add(struct sv_dec a, struct sv_dec b, struct sv_dec *ret_dec)
{
	int32_t scale = a.scale > b.scale ? a.scale : b.scale;

	return normalise(a.m * power10(scale - a.scale)
	    + b.m * power10(scale - b.scale), scale, ret_dec);
}

struct sv_status
sv_dec_sub(struct sv_dec a, struct sv_dec b, struct sv_dec *ret_dec)
{
	return sv_dec_add(a, (struct sv_dec){ -b.m, b.scale }, ret_dec);
}

struct sv_status
sv_dec_mul(struct sv_dec a, struct sv_dec b, struct sv_dec *ret_dec)
{
	return normalise((wide)a.m * b.m, a.scale + b.scale, ret_dec);
}

double
sv_dec_double(struct sv_dec a)
{
	return (double)a.m / (double)power10(a.scale);
}

void
sv_dec_text(struct sv_dec a, char text[SV_DEC_TEXT_MAX])
{
	char digits[SV_DEC_TEXT_MAX] = "";
	uint64_t m = a.m < 0 ? (uint64_t)-a.m : (uint64_t)a.m;
	int32_t scale = a.scale;
	int n = 0;
	char *p = text;

	while (scale > 0 && m % 10 == 0) {
		m /= 10;
		scale--;
	}
	while (m > 0 || n <= scale) {
		digits[n++] = (char)('0' + m % 10);
		m /= 10;
	}
	if (a.m < 0)
		*p++ = '-';
	while (n > 0) {
		if (n == scale)
			*p++ = '.';
		*p++ = digits[--n];
	}
	*p = '\0';
}
