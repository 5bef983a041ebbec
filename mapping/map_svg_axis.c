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

/* Whole powers of ten around every value and limit. */
static void
scale_values(struct map_svg *S)
{
	double low = 1, high = 1;

	for (size_t i = 0; i < S->n_points; i++) {
		double lo = sv_dec_double(S->points[i].value.lo);
		double hi = sv_dec_double(S->points[i].value.hi);

		if (lo <= 0)
			lo = hi;
		if (S->points[i].value.hi_inf)
			hi = lo;
		if (lo > 0 && lo < low)
			low = lo;
		if (hi > high)
			high = hi;
	}
	if (low < SMALLEST)
		low = SMALLEST;
	S->low = (int)floor(log10(low) - 0.05);
	S->high = (int)ceil(log10(high) + 0.05);
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
		.left = wide ? 480 : 400, .right = wide ? 7440 : 3500,
		.bottom = wide ? 3600 : 3000,
		.points = f->psa + skip, .n_points = f->n_psa - skip };
	scale_days(ret);
	ret->top = 60 + map_svg_mark_rows(ret) * MAP_SVG_ROW;
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

static void
put_values(struct map_svg *S)
{
	static const char *const names[] = { "0.001", "0.01", "0.1", "1",
		"10", "100", "1000", "10000", "100000", "1000000" };
	static const double minor[] = { 2, 5 };

	for (int p = S->low; p <= S->high && p <= 6; p++) {
		int y = map_svg_y(S, pow(10, p));

		put_line(S, "grid", AT(S->left, y), AT(S->right, y));
		put_label(S, S->left - 60, y + 40, "end", names[p + 3]);
		for (int i = 0; i < 2 && p < S->high; i++)
			put_line(S, "axis", AT(S->left - 30, map_svg_y(S,
			    minor[i] * pow(10, p))), AT(S->left, map_svg_y(S,
			    minor[i] * pow(10, p))));
	}
}

/* First days of years, or of quarters if there are few years. */
static void
put_days(struct map_svg *S)
{
	static const int steps[] = { 3, 6, 12, 24, 60, 120, 240, 600, 1200 };
	int64_t months = (S->last_day - S->first_day) / 30;
	int most = S->form == MAP_SVG_WIDE ? 9 : 5;
	int step = 1200;
	struct sv_ymd d = sv_date_ymd(S->first_day);

	for (size_t i = sizeof(steps) / sizeof(steps[0]); i-- > 0;) {
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
