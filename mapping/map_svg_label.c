/*
 * What the curve is read by: thresholds with their names, the values beside
 * the points, and the legend.
 */
#include "map_svg_axis.h"

#define LETTER 68		/* tenths of a pixel that a letter takes */
#define LINE 130		/* between two lines of a name */

size_t
map_svg_limits(const struct map_svg *S,
    struct map_svg_limit ret[MAP_SVG_LIMITS])
{
	const struct core_facts *f = &S->H->r->decision.facts;
	const struct core_params *params = &S->H->r->book->params;
	const struct core_fact *nadir = &f->fact[CORE_PSA_NADIR];
	char rise[SV_DEC_TEXT_MAX];
	struct sv_dec line;

	if (f->fact[CORE_RP_AS_PRIMARY].truth == CORE_TRUE) {
		ret[0] = (struct map_svg_limit){
			params->value[CORE_PARAM_HIGH_RISK_PSA],
			SV_LIT("high risk") };
		ret[1] = (struct map_svg_limit){
			params->value[CORE_PARAM_BCR_PSA],
			SV_LIT("recurrence") };
		return 2;
	}
	if (!nadir->number.set || !core_is_exact(nadir->number)
	    || !sv_is_ok(sv_dec_add(nadir->number.lo,
	    params->value[CORE_PARAM_PHOENIX_RISE], &line)))
		return 0;
	sv_dec_text(params->value[CORE_PARAM_PHOENIX_RISE], rise);
	ret[0] = (struct map_svg_limit){ line, sv_arena_printf(S->H->A,
	    "nadir + %s", rise) };
	ret[1] = (struct map_svg_limit){ nadir->number.lo, SV_LIT("nadir") };
	return nadir->number.lo.m > 0 ? 2 : 1;
}

static void
put_text(struct map_svg *S, const char *kind, int x, int y)
{
	sv_buf_printf(S->H->out, "<text class=\"%s\"", kind);
	map_svg_put(S, "x", x);
	map_svg_put(S, "y", y);
}

/* The number and its name; under it where that is narrow. */
static void
put_limit_name(struct map_svg *S, const struct map_svg_limit *l, int y)
{
	char text[SV_DEC_TEXT_MAX];
	int x = S->right + 60;

	sv_dec_text(l->at, text);
	if (S->form == MAP_SVG_WIDE) {
		put_text(S, "limit-text", x, y + 40);
		sv_buf_printf(S->H->out, ">%s %.*s</text>\n", text,
		    SV_FMT(l->name));
		return;
	}
	put_text(S, "limit-text", x, y + 40);
	sv_buf_printf(S->H->out, ">%s</text>\n", text);
	put_text(S, "limit-text", x, y + 40 + LINE);
	sv_buf_printf(S->H->out, ">%.*s</text>\n", SV_FMT(l->name));
}

void
map_svg_put_limits(struct map_svg *S)
{
	int height = S->form == MAP_SVG_WIDE ? LINE + 20 : 2 * LINE + 20;
	struct map_svg_limit limits[MAP_SVG_LIMITS];
	size_t n = map_svg_limits(S, limits);
	int free_from = 0;

	for (size_t i = 0; i < n; i++) {
		int y = map_svg_y(S, sv_dec_double(limits[i].at));
		int at = y < free_from ? free_from : y;

		map_html_raw(S->H, "<line class=\"limit\"");
		map_svg_put(S, "x1", S->left);
		map_svg_put(S, "y1", y);
		map_svg_put(S, "x2", S->right);
		map_svg_put(S, "y2", y);
		map_html_raw(S->H, "/>\n");
		put_limit_name(S, &limits[i], at);
		free_from = at + height;
	}
}

struct box {
	int x1, y1, x2, y2;
};

static bool
overlap(const struct box *a, const struct box *b)
{
	return a->x1 < b->x2 && b->x1 < a->x2 && a->y1 < b->y2
	    && b->y1 < a->y2;
}

/* The number of ${p} without its unit: "0.36", "<0.1". */
static struct sv_str
number_of(struct map_svg *S, const struct core_psa_point *p)
{
	struct sv_buf b;

	map_html_begin(S->H, &b);
	if (p->event->text.n > 0)
		sv_buf_add(&b, (struct sv_str){ p->event->text.p,
		    sv_str_chr(p->event->text, ' ') });
	if (!p->exact || p->value.lo.m == 0)
		return sv_buf_str(&b);
	b.n = 0;
	map_phrase_interval(&b, p->value);
	return sv_buf_str(&b);
}

/* The place for a text over (or under) a point, not over the plot's edge. */
static struct box
place(const struct map_svg *S, const struct core_psa_point *p, int width,
    bool under)
{
	int x = map_svg_x(S, p->day) - width / 2;
	int y = map_svg_point_y(S, p) + (under ? 210 : -110);

	if (x < S->left + 20)
		x = S->left + 20;
	if (x + width > S->right)
		x = S->right - width;
	return (struct box){ x, y - 100, x + width, y };
}

/* Is there room for ${t} beside the points and the ${n} texts in ${taken}? */
static bool
is_free(const struct map_svg *S, const struct box *t, const struct box *taken,
    size_t n)
{
	if (t->y1 < S->top || t->y2 > S->bottom)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (overlap(t, &taken[i]))
			return false;
	}
	for (size_t i = 0; i < S->n_points; i++) {
		int x = map_svg_x(S, S->points[i].day);
		int y = map_svg_point_y(S, &S->points[i]);
		struct box at = { x - 60, y - 60, x + 60, y + 60 };

		if (overlap(t, &at))
			return false;
	}
	return true;
}

void
map_svg_values(struct map_svg *S)
{
	struct box taken[MAP_SVG_POINTS];
	size_t n = 0;

	for (size_t i = S->n_points; i-- > 0;) {
		struct sv_str text = number_of(S, &S->points[i]);
		int width = (int)(text.n < 20 ? text.n : 20) * LETTER;
		struct box t = place(S, &S->points[i], width, false);

		if (!is_free(S, &t, taken, n))
			t = place(S, &S->points[i], width, true);
		if (text.n == 0 || text.n > 12 || !is_free(S, &t, taken, n))
			continue;
		taken[n++] = t;
		put_text(S, "value halo", t.x1, t.y2);
		map_html_raw(S->H, ">");
		map_html_text(S->H, text);
		map_html_raw(S->H, "</text>\n");
	}
}

static void
put_key(struct map_html *H, const char *shape, const char *words)
{
	map_html_raw(H, "<li><svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "aria-hidden=\"true\" viewBox=\"0 0 24 14\">");
	map_html_raw(H, shape);
	map_html_raw(H, "</svg> ");
	map_html_raw(H, words);
	map_html_raw(H, "</li>\n");
}

enum kind { CENSORED, USED, MEASURED, KINDS };

static enum kind
kind_of(const struct core_psa_point *p)
{
	return map_svg_is_censored(p) ? CENSORED : p->in_fit ? USED
	    : MEASURED;
}

void
map_svg_legend(struct map_html *H)
{
	const struct core_facts *f = &H->r->decision.facts;
	bool any[KINDS] = { false };

	for (size_t i = 0; i < f->n_psa; i++)
		any[kind_of(&f->psa[i])] = true;
	map_html_raw(H, "<ul class=\"legend\">\n");
	if (any[USED])
		put_key(H, "<line class=\"fit\" x1=\"4\" y1=\"10\" x2=\"20\" "
		    "y2=\"4\"/><circle class=\"point used\" cx=\"12\" "
		    "cy=\"7\" r=\"4\"/>", "used for the doubling time, with "
		    "the fitted line");
	if (any[MEASURED])
		put_key(H, "<circle class=\"point\" cx=\"12\" cy=\"7\" "
		    "r=\"4\"/>", any[USED]
		    ? "measured, not used for it" : "measured");
	if (any[CENSORED])
		put_key(H, "<path class=\"censored\" d=\"M7 3h10l-5 9z\"/>",
		    "below the limit of the assay");
	if (sv_date_is_set(f->failure))
		put_key(H, "<circle class=\"fail\" cx=\"12\" cy=\"7\" "
		    "r=\"6\"/>", "failure of primary treatment");
	put_key(H, "<rect class=\"band\" x=\"3\" y=\"1\" width=\"18\" "
	    "height=\"12\"/>", "treatment, named above");
	map_html_raw(H, "</ul>\n");
}
