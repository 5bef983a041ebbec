/*
 * QM-01 for people: lines and bars for a terminal, a bar chart, a page.
 */
#include "map_html.h"
#include "map_measure.h"
#include "map_page.h"

#define TITLE "QM-01: assessment for local salvage after failure of radiation"
#define DRAFT "Rules: draft, not signed off"
#define BAR 30			/* columns of a terminal */

/* Where a row of the chart stands, in pixels. */
struct layout {
	int width, row;		/* of the drawing; height of a row */
	int bar_x, bar_y, bar_width;
	const char *style;	/* where no page has a style sheet */
};

void
map_measure_text_patient(const struct map_measure *m,
    const struct map_result *r, struct sv_buf *out)
{
	enum map_measure_place p = map_measure_place(m, r);
	char day[SV_DATE_TEXT_MAX];

	if (p != MAP_MEASURE_OPEN && p != MAP_MEASURE_MISSED)
		return;
	sv_date_text(r->decision.facts.failure, day);
	sv_buf_printf(out, "%s  failure %s  %.*s%s\n", p == MAP_MEASURE_OPEN
	    ? "still in time" : "missed       ", day, SV_FMT(r->patient.name),
	    r->decision.qm01.adt_alone ? "  ADT alone" : "");
}

/* A row of table and chart: what is counted, how many, what that means. */
struct row {
	const char *name, *meaning;
	int64_t n;
	bool part;		/* of those who failed in the period */
};
#define ROWS 7

static void
set_rows(const struct map_measure *m, struct row rows[ROWS])
{
	const struct row all[ROWS] = {
		{ "Radiation as primary treatment", "initial population: "
		    "prostate cancer, treated first with radiation",
		    map_measure_population(m), false },
		{ "Failure unknown, or its date", "the data do not decide "
		    "whether treatment failed in the period; in no "
		    "denominator", m->n[MAP_MEASURE_UNKNOWN], false },
		{ "Failed in the period", "denominator: biochemical or "
		    "biopsy-proven recurrence", map_measure_counted(m)
		    + m->n[MAP_MEASURE_EXCLUDED], false },
		{ "Excluded", "castration-resistant, metastatic, or short "
		    "life expectancy",
		    m->n[MAP_MEASURE_EXCLUDED], true },
		{ "Assessed for local salvage", "prostate biopsy, documented "
		    "evaluation or local salvage in time",
		    m->n[MAP_MEASURE_ASSESSED], true },
		{ "Not assessed, still in time", "the time for assessment is "
		    "not over yet", m->n[MAP_MEASURE_OPEN], true },
		{ "Missed", "the time is over and no assessment is recorded",
		    m->n[MAP_MEASURE_MISSED], true } };

	for (int i = 0; i < ROWS; i++)
		rows[i] = all[i];
}

/* "3 of 4 (75 %)"; no share of nothing. */
static void
add_share(struct sv_buf *b, int64_t part, int64_t whole)
{
	sv_buf_printf(b, "%lld of %lld", (long long)part, (long long)whole);
	if (whole > 0)
		sv_buf_printf(b, " (%lld %%)", (long long)((200 * part + whole)
		    / (2 * whole)));
}

void
map_measure_text(const struct map_measure *m,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct map_page page = { out, 80, false };
	struct sv_buf said;
	char from[SV_DATE_TEXT_MAX], to[SV_DATE_TEXT_MAX];
	struct row rows[ROWS];

	sv_date_text(sv_date_exact(m->from), from);
	sv_date_text(sv_date_exact(m->to), to);
	set_rows(m, rows);
	sv_buf_printf(out, "\n" TITLE "\nfailure from %s to %s\n\n", from, to);
	for (int i = 0; i < ROWS; i++) {
		int64_t bar = rows[0].n > 0 ? rows[i].n * BAR / rows[0].n : 0;

		sv_buf_printf(out, "%s%-*s %9lld%s", rows[i].part ? "  " : "",
		    rows[i].part ? 30 : 32, rows[i].name,
		    (long long)rows[i].n, rows[i].n > 0 ? "  " : "");
		/* What there is is seen, however few. */
		for (int64_t k = 0; k < bar || (k == 0 && rows[i].n > 0); k++)
			sv_buf_addc(out, '#');
		sv_buf_addc(out, '\n');
	}
	sv_buf_add(out, SV_LIT("\nA: assessed in time (higher is better)  "));
	add_share(out, m->n[MAP_MEASURE_ASSESSED], map_measure_counted(m));
	sv_buf_add(out, SV_LIT("\nB: ADT alone (lower is better)          "));
	add_share(out, m->adt_alone, map_measure_counted(m));
	sv_buf_add(out, SV_LIT("\n\n"));
	sv_buf_init(&said, out->A, (size_t)1 << 20);
	map_measure_edition(&said, m, o);
	map_page_paragraph(&page, 0, 0, sv_buf_str(&said));
}

static void
put_bar(struct sv_buf *out, const struct layout *l, const struct row *row,
    int64_t whole, int i)
{
	int64_t width = whole > 0 ? row->n * l->bar_width / whole : 0;
	int y = i * l->row, indent = row->part ? 16 : 0;
	int bar_x = l->bar_x > 0 ? l->bar_x : indent;

	if (width == 0 && row->n > 0)
		width = 1;
	sv_buf_printf(out, "<text x=\"%d\" y=\"%d\">%s</text>"
	    "<rect class=\"bar%s\" x=\"%d\" y=\"%d\" width=\"%lld\" "
	    "height=\"20\"/><text x=\"%lld\" y=\"%d\">%lld</text>\n",
	    indent, y + 20, row->name, i == ROWS - 1 ? " missed" : "", bar_x,
	    y + l->bar_y, (long long)width, (long long)(bar_x + 8 + width),
	    y + l->bar_y + 15, (long long)row->n);
}

static void
put_chart(const struct map_measure *m, const struct layout *l,
    struct sv_buf *out)
{
	bool draft = map_phrase_is_draft(m->book);
	struct row rows[ROWS];

	set_rows(m, rows);
	sv_buf_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"qm-title "
	    "qm-text\">\n<title id=\"qm-title\">" TITLE "</title>\n"
	    "<desc id=\"qm-text\">", l->width, ROWS * l->row + 5
	    + (draft ? 25 : 0));
	for (int i = 0; i < ROWS; i++)
		sv_buf_printf(out, "%s: %lld. ", rows[i].name,
		    (long long)rows[i].n);
	sv_buf_printf(out, "%s</desc>\n%s", draft ? DRAFT "." : "", l->style);
	for (int i = 0; i < ROWS; i++)
		put_bar(out, l, &rows[i], rows[0].n, i);
	if (draft)
		sv_buf_printf(out, "<text x=\"0\" y=\"%d\">" DRAFT
		    "</text>\n", ROWS * l->row + 20);
	sv_buf_add(out, SV_LIT("</svg>\n"));
}

void
map_measure_svg(const struct map_measure *m, struct sv_buf *out)
{
	static const struct layout wide = { 720, 30, 260, 5, 380,
		"<style>svg{background:#fff}"
		"text{font:14px system-ui,sans-serif;fill:#16202a}"
		".bar{fill:#0b5394}.bar.missed{fill:#a31515}</style>\n" };

	put_chart(m, &wide, out);
}

static void
put_scores(struct map_html *H, const struct map_measure *m)
{
	map_html_raw(H, "<dl class=\"figures\">\n<div><dt>A: assessed in time "
	    "(higher is better)</dt><dd>");
	add_share(H->out, m->n[MAP_MEASURE_ASSESSED], map_measure_counted(m));
	map_html_raw(H, "</dd></div>\n<div><dt>B: ADT alone, not assessed "
	    "(lower is better)</dt><dd>");
	add_share(H->out, m->adt_alone, map_measure_counted(m));
	map_html_raw(H, "</dd></div>\n</dl>\n");
}

static void
put_table(struct map_html *H, const struct map_measure *m)
{
	struct row rows[ROWS];

	set_rows(m, rows);
	map_html_raw(H, "<h2>What is counted</h2>\n<table class=\"stack\">\n<thead><tr>"
	    "<th scope=\"col\">Patients</th><th scope=\"col\" class=\"n\">"
	    "Number</th><th scope=\"col\">That is</th></tr></thead>\n"
	    "<tbody>\n");
	for (int i = 0; i < ROWS; i++)
		sv_buf_printf(H->out, "<tr><th scope=\"row\"%s>%s</th>"
		    "<td class=\"n\">%lld</td><td>%s</td></tr>\n",
		    rows[i].part ? " class=\"part\"" : "", rows[i].name,
		    (long long)rows[i].n, rows[i].meaning);
	map_html_raw(H, "</tbody></table>\n");
}

static void
put_footer(struct map_html *H, const struct map_measure *m)
{
	struct sv_buf b;

	map_html_raw(H, "<footer>\n<p>");
	map_html_begin(H, &b);
	map_measure_edition(&b, m, H->o);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n</footer>\n</body>\n</html>\n");
}

struct sv_status
map_measure_html(struct sv_arena *A, const struct map_measure *m,
    const struct map_output_options *o, struct sv_buf *out)
{
	/* Names over the bars: it is as wide as a phone. */
	static const struct layout narrow = { 360, 48, 0, 26, 300, "" };
	struct map_html H = { .out = out, .A = A, .o = o };

	map_html_head(&H, SV_LIT(TITLE));
	map_html_raw(&H, "<body>\n<header>\n<p class=\"kicker\">Care-gap "
	    "measure QM-01</p>\n<h1>Assessment for local salvage after "
	    "failure of radiation</h1>\n<p class=\"asof\">Failure from ");
	map_html_date(&H, sv_date_exact(m->from));
	map_html_raw(&H, " to ");
	map_html_date(&H, sv_date_exact(m->to));
	map_html_raw(&H, map_phrase_is_draft(m->book) ? " <strong class=\"draft\">"
	    "draft, not signed off</strong></p>\n</header>\n<main>\n"
	    : "</p>\n</header>\n<main>\n");
	put_scores(&H, m);
	map_html_raw(&H, "<figure class=\"measure\">\n");
	put_chart(m, &narrow, out);
	map_html_raw(&H, "</figure>\n");
	put_table(&H, m);
	map_html_raw(&H, "</main>\n");
	put_footer(&H, m);
	return sv_buf_status(out);
}
