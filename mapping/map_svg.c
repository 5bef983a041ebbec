#include "map_svg_axis.h"

#include <math.h>

static double
middle(const struct core_psa_point *p)
{
	double lo = sv_dec_double(p->value.lo), hi = sv_dec_double(p->value.hi);

	if (p->value.hi_inf)
		return lo;
	if (lo <= 0)
		return hi;
	return sqrt(lo * hi);
}

bool
map_svg_is_censored(const struct core_psa_point *p)
{
	return p->value.lo.m == 0 && p->value.hi.m > 0;
}

int
map_svg_point_y(const struct map_svg *S, const struct core_psa_point *p)
{
	return map_svg_y(S, middle(p));
}

/* The curve joins measured values; it is broken where only a limit is known. */
static void
put_curve(struct map_svg *S)
{
	bool open = false;

	for (size_t i = 0; i < S->n_points; i++) {
		int x = map_svg_x(S, S->points[i].day);
		int y = map_svg_point_y(S, &S->points[i]);

		if (map_svg_is_censored(&S->points[i])) {
			map_html_raw(S->H, open ? "\"/>\n" : "");
			open = false;
			continue;
		}
		map_html_raw(S->H, open ? " "
		    : "<polyline class=\"curve\" points=\"");
		sv_buf_printf(S->H->out, "%d.%d,%d.%d", x / 10, x % 10,
		    y / 10, y % 10);
		open = true;
	}
	map_html_raw(S->H, open ? "\"/>\n" : "");
}

static void
put_value_title(struct map_svg *S, const struct core_psa_point *p)
{
	struct sv_buf b;
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(p->day), day);
	map_html_raw(S->H, "<title>");
	map_html_raw(S->H, day);
	map_html_raw(S->H, ": ");
	map_html_begin(S->H, &b);
	map_phrase_event(&b, p->event);
	map_html_flush(S->H, &b);
	map_html_raw(S->H, "</title>");
}

static void
put_circle(struct map_svg *S, const char *kind, int x, int y, int r)
{
	sv_buf_printf(S->H->out, "<circle class=\"%s\"", kind);
	map_svg_put(S, "cx", x);
	map_svg_put(S, "cy", y);
	map_svg_put(S, "r", r);
	map_html_raw(S->H, "/>");
}

static void
put_point(struct map_svg *S, const struct core_psa_point *p)
{
	int x = map_svg_x(S, p->day), y = map_svg_point_y(S, p);

	map_html_raw(S->H, "<g>");
	put_value_title(S, p);
	if (map_svg_is_censored(p)) {
		sv_buf_printf(S->H->out, "<path class=\"censored\" "
		    "d=\"M%d.%d %d.%dl9 0l-4.5 8z\"/>", (x - 45) / 10,
		    (x - 45) % 10, y / 10, y % 10);
	} else {
		if (!p->exact) {
			map_html_raw(S->H, "<line class=\"range\"");
			map_svg_put(S, "x1", x);
			map_svg_put(S, "y1", map_svg_y(S,
			    sv_dec_double(p->value.hi)));
			map_svg_put(S, "x2", x);
			map_svg_put(S, "y2", map_svg_y(S,
			    sv_dec_double(p->value.lo)));
			map_html_raw(S->H, "/>");
		}
		put_circle(S, p->in_fit ? "point used" : "point", x, y, 40);
	}
	map_html_raw(S->H, "</g>\n");
}

/* The line that the doubling time is the slope of, over the days it is of. */
static void
put_fit(struct map_svg *S)
{
	const struct core_psa_fit *fit = &S->H->r->decision.facts.fit;
	const struct core_psa_point *first = NULL, *last = NULL;

	for (size_t i = 0; i < S->n_points; i++) {
		if (!S->points[i].in_fit)
			continue;
		last = &S->points[i];
		if (first == NULL)
			first = last;
	}
	if (fit->n == 0 || first == NULL)
		return;
	map_html_raw(S->H, "<line class=\"fit\"");
	map_svg_put(S, "x1", map_svg_x(S, first->day));
	map_svg_put(S, "y1", map_svg_y(S, exp(fit->intercept
	    + fit->slope_per_day * first->day)));
	map_svg_put(S, "x2", map_svg_x(S, last->day));
	map_svg_put(S, "y2", map_svg_y(S, exp(fit->intercept
	    + fit->slope_per_day * last->day)));
	map_html_raw(S->H, "/>\n");
}

/* The value on the day of the failure is ringed. */
static void
put_failure(struct map_svg *S)
{
	struct sv_date day = S->H->r->decision.facts.failure;

	if (!sv_date_is_set(day) || day.lo != day.hi)
		return;
	for (size_t i = 0; i < S->n_points; i++) {
		if (S->points[i].day != day.lo)
			continue;
		map_html_raw(S->H, "<g><title>Failure of primary treatment"
		    "</title>");
		put_circle(S, "fail", map_svg_x(S, day.lo), map_svg_point_y(S,
		    &S->points[i]), 85);
		map_html_raw(S->H, "</g>\n");
		return;
	}
}

/* The drawing in words. */
static void
put_description(struct map_svg *S)
{
	const struct core_facts *f = &S->H->r->decision.facts;
	const struct core_psa_point *last = &S->points[S->n_points - 1];
	struct map_svg_limit limits[MAP_SVG_LIMITS];
	size_t n = map_svg_limits(S, limits);
	char text[SV_DEC_TEXT_MAX], from[SV_DATE_TEXT_MAX];
	char to[SV_DATE_TEXT_MAX];
	struct sv_buf b;

	sv_date_text(sv_date_exact(S->points[0].day), from);
	sv_date_text(sv_date_exact(last->day), to);
	map_html_begin(S->H, &b);
	sv_buf_printf(&b, "%zu value%s from %s to %s, the newest: ",
	    S->n_points, S->n_points == 1 ? "" : "s", from, to);
	map_phrase_event(&b, last->event);
	sv_buf_add(&b, SV_LIT(". "));
	map_phrase_fact(&b, CORE_PSA_DOUBLING_TIME, f);
	sv_buf_addc(&b, '.');
	for (size_t i = 0; i < n; i++) {
		sv_dec_text(limits[i].at, text);
		sv_buf_printf(&b, " Line at %s ng/mL: %.*s.", text,
		    SV_FMT(limits[i].name));
	}
	sv_buf_add(&b, SV_LIT(" The table below has every value."));
	map_html_flush(S->H, &b);
}

void
map_svg_psa(struct map_html *H, enum map_svg_form form)
{
	const char *name = form == MAP_SVG_WIDE ? "wide" : "narrow";
	struct map_svg S;

	map_svg_scale(H, form, &S);
	sv_buf_printf(H->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-labelledby=\"psa-%s psa-%s-text\">\n<title id=\"psa-%s\">"
	    "PSA over time</title>\n<desc id=\"psa-%s-text\">", name,
	    S.width / 10, S.height / 10, name, name, name, name);
	put_description(&S);
	map_html_raw(H, "</desc>\n");
	map_svg_axes(&S);
	map_svg_marks(&S);
	map_svg_put_limits(&S);
	put_fit(&S);
	put_curve(&S);
	for (size_t i = 0; i < S.n_points; i++)
		put_point(&S, &S.points[i]);
	put_failure(&S);
	map_svg_values(&S);
	map_html_raw(H, "</svg>\n");
}
