/*
 * Treatments on the PSA curve: a band over their days or a line, and a name
 * in the first row above the plot where it does not collide.
 */
#include <string.h>

#include "map_svg_axis.h"

#define MARKS 40		/* the newest are drawn */
#define LETTER 68		/* tenths of a pixel that a letter takes */

struct mark {
	const struct core_event *e;
	int32_t from, to;
	int x, row;		/* of its name; row -1: there is no room */
};

/* The short name of what is drawn; NULL if it is not. */
static const char *
name_of(const struct core_event *e)
{
	switch (e->concept) {
	case CORE_RADICAL_PROSTATECTOMY:
		return "Prostatectomy";
	case CORE_RADIOTHERAPY:
		return e->site == CORE_SITE_BONE
		    || e->site == CORE_SITE_ELSEWHERE ? NULL : "Radiation";
	case CORE_FOCAL_ABLATION:
		return "Ablation";
	case CORE_CRYOABLATION:
		return "Cryoablation";
	case CORE_ADT:
		return "ADT";
	case CORE_BILATERAL_ORCHIECTOMY:
		return "Orchiectomy";
	case CORE_PROSTATE_BIOPSY:
		return "Biopsy";
	default:
		return NULL;
	}
}

bool
map_svg_is_mark(const struct core_event *e, int32_t as_of, int32_t *ret_from,
    int32_t *ret_to)
{
	if (name_of(e) == NULL || !sv_date_is_set(e->date))
		return false;
	*ret_from = e->date.lo;
	*ret_to = sv_date_is_set(e->end) ? e->end.hi
	    : e->concept == CORE_ADT ? as_of : e->date.hi;
	return *ret_from <= as_of;
}

/* What a pointer resting on the mark, or a screen reader, is told. */
static void
put_title(struct map_svg *S, const struct core_event *e)
{
	struct sv_buf b;

	map_html_raw(S->H, "<title>");
	map_html_begin(S->H, &b);
	map_phrase_event(&b, e);
	map_html_flush(S->H, &b);
	map_html_raw(S->H, ", ");
	for (int i = 0; i < 2; i++) {
		char day[SV_DATE_TEXT_MAX];

		sv_date_text(i == 0 ? e->date : e->end, day);
		if (i == 1 && day[0] != '\0')
			map_html_raw(S->H, " to ");
		map_html_raw(S->H, day);
	}
	map_html_raw(S->H, "</title>");
}

static void
put_shape(struct map_svg *S, const struct mark *m)
{
	/* What goes on has no end on the drawing either. */
	bool goes_on = m->to >= S->H->r->decision.line.as_of
	    && m->to > m->from;
	int x1 = map_svg_x(S, m->from);
	int x2 = goes_on ? S->right : map_svg_x(S, m->to);

	if (x2 - x1 >= 20) {
		map_html_raw(S->H, "<rect class=\"band\"");
		map_svg_put(S, "x", x1);
		map_svg_put(S, "y", S->top);
		map_svg_put(S, "width", x2 - x1);
		map_svg_put(S, "height", S->bottom - S->top);
	} else {
		map_html_raw(S->H, "<line class=\"mark\"");
		map_svg_put(S, "x1", (x1 + x2) / 2);
		map_svg_put(S, "y1", S->top);
		map_svg_put(S, "x2", (x1 + x2) / 2);
		map_svg_put(S, "y2", S->bottom);
	}
	map_html_raw(S->H, "/>");
}

/* The lowest row that is free where the name is to stand. */
static void
place(const struct map_svg *S, struct mark *m, int taken[MAP_SVG_ROWS])
{
	int width = (int)strlen(name_of(m->e)) * LETTER;

	m->x = map_svg_x(S, m->from);
	if (m->x + width > S->right)
		m->x = S->right - width;
	for (m->row = 0; m->row < MAP_SVG_ROWS; m->row++) {
		if (taken[m->row] > m->x)
			continue;
		taken[m->row] = m->x + width + 60;
		return;
	}
	m->row = -1;
}

static void
put_name(struct map_svg *S, const struct mark *m)
{
	if (m->row < 0)
		return;
	map_html_raw(S->H, "<text");
	map_svg_put(S, "x", m->x);
	map_svg_put(S, "y", S->top - 50 - m->row * MAP_SVG_ROW);
	sv_buf_printf(S->H->out, ">%s</text>", name_of(m->e));
}

/* Put ${m} among the ${n} marks, oldest first; the oldest goes if all places
 * are taken. */
static size_t
insert(struct mark *v, size_t n, struct mark m)
{
	size_t i;

	if (n == MARKS) {
		if (m.from <= v[0].from)
			return n;
		memmove(v, v + 1, --n * sizeof(*v));
	}
	for (i = n; i > 0 && v[i - 1].from > m.from; i--)
		v[i] = v[i - 1];
	v[i] = m;
	return n + 1;
}

/* The marks, oldest first, and where their names stand. */
static size_t
collect(const struct map_svg *S, struct mark v[MARKS])
{
	const struct core_timeline *t = &S->H->r->decision.line;
	int taken[MAP_SVG_ROWS] = { 0 };
	struct mark m = { .row = -1 };
	size_t n = 0;

	for (size_t i = 0; i < t->n_events; i++) {
		m.e = t->events[i];
		if (map_svg_is_mark(m.e, t->as_of, &m.from, &m.to))
			n = insert(v, n, m);
	}
	for (size_t i = 0; i < n; i++)
		place(S, &v[i], taken);
	return n;
}

int
map_svg_mark_rows(const struct map_svg *S)
{
	struct mark marks[MARKS];
	size_t n = collect(S, marks);
	int rows = 0;

	for (size_t i = 0; i < n; i++) {
		if (marks[i].row >= rows)
			rows = marks[i].row + 1;
	}
	return rows;
}

void
map_svg_marks(struct map_svg *S)
{
	struct mark marks[MARKS];
	size_t n = collect(S, marks);

	for (size_t i = 0; i < n; i++) {
		map_html_raw(S->H, "<g>");
		put_title(S, marks[i].e);
		put_shape(S, &marks[i]);
		put_name(S, &marks[i]);
		map_html_raw(S->H, "</g>\n");
	}
}
