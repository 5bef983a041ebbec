#include "map_svg_axis.h"

#include <math.h>
#include <stdio.h>

struct point {
	int x, y;
};

#define AT(x, y) ((struct point){ x, y })

#define SMALLEST 0.001		/* ng/mL; below it no assay measures */

void
map_svg_put(struct map_svg *S, const char *name, int tenths)
{
	sv_buf_printf(S->H->out, " %s=\"%s%d.%d\"", name, tenths < 0 ? "-" : "",
	    (tenths < 0 ? -tenths : tenths) / 10,
	    (tenths < 0 ? -tenths : tenths) % 10);
}

int
map_svg_x(const struct map_svg *S, int32_t day)
{
	int64_t span = (int64_t)S->last_day - S->first_day;

	if (day < S->first_day)
		day = S->first_day;
	if (day > S->last_day)
		day = S->last_day;
	return S->left + (int)((S->right - S->left)
	    * ((int64_t)day - S->first_day) / span);
}

int
map_svg_y(const struct map_svg *S, double psa)
{
	double at = (log10(psa < SMALLEST ? SMALLEST : psa) - S->low)
	    / (S->high - S->low);

	return S->bottom - (int)lround((S->bottom - S->top) * at);
}

/* From the first thing that is drawn to the reference date. */
static void
scale_days(struct map_svg *S)
{
	const struct core_timeline *t = &S->H->r->decision.line;
	int32_t span, from, to;

	S->first_day = S->points[0].day;
	S->last_day = t->as_of;
	for (size_t i = 0; i < t->n_events; i++) {
		if (map_svg_is_mark(t->events[i], t->as_of, &from, &to)
		    && from < S->first_day)
			S->first_day = from;
	}
	if (S->last_day <= S->first_day)
		S->last_day = S->first_day + 1;
	span = S->last_day - S->first_day;
	S->first_day -= span / 50 + 10;
	S->last_day += span / 50 + 10;
}

/* Include ${psa} in the range. */
static void
widen(double *low, double *high, double psa)
{
	if (psa > 0 && psa < *low)
		*low = psa;
	if (psa > *high)
		*high = psa;
}

/* ${psa} rounded down or up to 1, 2 or 5 times a power of ten. */
static double
round_to(double psa, bool up)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double ten = pow(10, floor(log10(psa)));

	for (int i = 0; i < 3; i++) {
		if (psa < steps[i + 1] * ten)
			return (up ? steps[i + 1] : steps[i]) * ten;
	}
	return psa;
}

/* From 1, 2 or 5 times a power of ten to another, around every value and
 * threshold, a decade at least. */
static void
scale_values(struct map_svg *S)
{
	struct map_svg_limit limits[MAP_SVG_LIMITS];
	size_t n = map_svg_limits(S, limits);
	double low = 1e6, high = SMALLEST;

	for (size_t i = 0; i < S->n_points; i++) {
		widen(&low, &high, sv_dec_double(S->points[i].value.lo));
		if (!S->points[i].value.hi_inf)
			widen(&low, &high, sv_dec_double(S->points[i].value.hi));
	}
	for (size_t i = 0; i < n; i++)
		widen(&low, &high, sv_dec_double(limits[i].at));
	if (low < SMALLEST)
		low = SMALLEST;
	low = round_to(low * 0.85, false);
	high = round_to(high * 1.15, true);
	while (high < low * 10)
		high = round_to(high, true);
	S->low = log10(low);
	S->high = log10(high);
}

void
map_svg_scale(struct map_html *H, enum map_svg_form form, struct map_svg *ret)
{
	const struct core_facts *f = &H->r->decision.facts;
	bool wide = form == MAP_SVG_WIDE;
	size_t skip = f->n_psa > MAP_SVG_POINTS ? f->n_psa - MAP_SVG_POINTS
	    : 0;

	*ret = (struct map_svg){ .H = H, .form = form,
		.width = wide ? 7600 : 3600, .height = wide ? 3900 : 3300,
		.left = wide ? 640 : 560, .right = wide ? 6400 : 2720,
		.bottom = wide ? 3600 : 3000,
		.points = f->psa + skip, .n_points = f->n_psa - skip };
	scale_days(ret);
	ret->top = 110 + map_svg_mark_rows(ret) * MAP_SVG_ROW;
	scale_values(ret);
}

static void
put_line(struct map_svg *S, const char *kind, struct point a, struct point b)
{
	sv_buf_printf(S->H->out, "<line class=\"%s\"", kind);
	map_svg_put(S, "x1", a.x);
	map_svg_put(S, "y1", a.y);
	map_svg_put(S, "x2", b.x);
	map_svg_put(S, "y2", b.y);
	map_html_raw(S->H, "/>\n");
}

static void
put_label(struct map_svg *S, int x, int y, const char *anchor,
    const char *text)
{
	map_html_raw(S->H, "<text class=\"tick\"");
	map_svg_put(S, "x", x);
	map_svg_put(S, "y", y);
	sv_buf_printf(S->H->out, " text-anchor=\"%s\">%s</text>\n", anchor,
	    text);
}

/* What the axis is of, along it. */
static void
put_name(struct map_svg *S)
{
	int y = (S->top + S->bottom) / 20;

	sv_buf_printf(S->H->out, "<text class=\"tick\" text-anchor=\"middle\" "
	    "transform=\"translate(12 %d) rotate(-90)\">PSA, ng/mL"
	    "</text>\n", y);
}

static void
put_values(struct map_svg *S)
{
	static const int steps[] = { 1, 2, 5 };
	bool all = S->high - S->low < 3.5;

	for (int k = 3 * (int)floor(S->low); k <= 3 * (int)ceil(S->high);
	    k++) {
		int power = (int)floor(k / 3.0), step = steps[k - 3 * power];
		double at = step * pow(10, power);
		char text[16];
		int y;

		if (log10(at) < S->low - 0.01 || log10(at) > S->high + 0.01)
			continue;
		y = map_svg_y(S, at);
		if (step == 1)
			put_line(S, "grid", AT(S->left, y), AT(S->right, y));
		else
			put_line(S, "axis", AT(S->left - 30, y),
			    AT(S->left, y));
		(void)snprintf(text, sizeof(text), "%.*f", power < 0 ? -power
		    : 0, at);
		if (all || step == 1)
			put_label(S, S->left - 60, y + 40, "end", text);
	}
	put_name(S);
}

/* First days of years, or of quarters if there are few years. */
static void
put_days(struct map_svg *S)
{
	static const int steps[] = { 3, 6, 12, 24, 60, 120, 240, 600, 1200 };
	int64_t months = (S->last_day - S->first_day) / 30;
	bool wide = S->form == MAP_SVG_WIDE;
	int step = 1200;
	struct sv_ymd d = sv_date_ymd(S->first_day);

	for (size_t i = sizeof(steps) / sizeof(steps[0]); i-- > 0;) {
		int most = wide ? 8 : steps[i] < 12 ? 3 : 5;

		if (months / steps[i] < most)
			step = steps[i];
	}
	for (int m = (d.year * 12 + d.month - 1) / step * step + step;;
	    m += step) {
		int32_t day = sv_date_day((struct sv_ymd){ .year = m / 12,
			.month = m % 12 + 1, .day = 1 });
		char text[16];
		int x;

		if (day > S->last_day)
			break;
		x = map_svg_x(S, day);
		put_line(S, "grid", AT(x, S->top), AT(x, S->bottom));
		(void)snprintf(text, sizeof(text), "%04d-%02d", m / 12,
		    m % 12 + 1);
		if (step >= 12)
			text[4] = '\0';
		if (x > S->left + 100)
			put_label(S, x, S->bottom + 170, "middle", text);
	}
}

void
map_svg_axes(struct map_svg *S)
{
	put_values(S);
	put_days(S);
	put_line(S, "axis", AT(S->left, S->bottom), AT(S->right, S->bottom));
	put_line(S, "axis", AT(S->left, S->top), AT(S->left, S->bottom));
}
