/*
 * The page's record: the PSA series as a table, what happened and when, and
 * what was left out.
 */
#include "map_html.h"
#include "map_svg.h"

/* What part a value has in the doubling time; why not, if that is in it. */
static const char *
unused_because(const struct core_psa_point *p)
{
	if (p->in_fit)
		return "used";
	if (p->under_adt)
		return "not used: under ADT or its washout";
	if (p->after_biopsy == CORE_TRUE)
		return "not used: soon after a biopsy";
	if (map_svg_is_censored(p))
		return "not used: below the limit of the assay";
	return p->exact ? "not used" : "not used: known as a range only";
}

static void
put_psa_row(struct map_html *H, const struct core_psa_point *p)
{
	struct sv_buf b;

	map_html_raw(H, "<tr><th scope=\"row\">");
	map_html_date(H, sv_date_exact(p->day));
	map_html_raw(H, "</th><td><bdi>");
	map_html_begin(H, &b);
	map_phrase_event(&b, p->event);
	map_html_flush(H, &b);
	map_html_raw(H, "</bdi></td><td>");
	map_html_raw(H, unused_because(p));
	map_html_raw(H, "</td><td>");
	map_html_source(H, p->event);
	map_html_raw(H, "</td></tr>\n");
}

static void
put_psa_table(struct map_html *H)
{
	const struct core_facts *facts = &H->r->decision.facts;

	map_html_raw(H, "<details class=\"values\"><summary>PSA values as a "
	    "table</summary>\n<div class=\"scroll\" tabindex=\"0\" "
	    "role=\"region\" aria-label=\"PSA values\"><table class=\"stack\">\n<thead><tr>"
	    "<th scope=\"col\">Day</th><th scope=\"col\">Value</th>"
	    "<th scope=\"col\">For the doubling time</th>"
	    "<th scope=\"col\">Source</th></tr></thead>\n<tbody>\n");
	for (size_t i = facts->n_psa; i > 0; i--)
		put_psa_row(H, &facts->psa[i - 1]);
	map_html_raw(H, "</tbody></table></div></details>\n");
}

void
map_html_psa(struct map_html *H)
{
	const struct core_facts *facts = &H->r->decision.facts;
	struct sv_buf b;

	if (facts->n_psa == 0)
		return;
	map_html_raw(H, "<h3>PSA</h3>\n<figure class=\"psa\">\n");
	map_svg_psa(H, MAP_SVG_WIDE);
	map_svg_psa(H, MAP_SVG_NARROW);
	map_html_raw(H, "<figcaption>\n<p><strong>");
	map_html_begin(H, &b);
	map_phrase_fact(&b, CORE_PSA_DOUBLING_TIME, facts);
	sv_buf_addc(&b, '.');
	map_html_flush(H, &b);
	map_html_raw(H, "</strong> Logarithmic axis: steady doubling is a "
	    "straight line.");
	if (facts->n_psa > MAP_SVG_POINTS)
		sv_buf_printf(H->out, " The newest %d of %zu values are "
		    "drawn.", MAP_SVG_POINTS, facts->n_psa);
	map_html_raw(H, "</p>\n");
	map_svg_legend(H);
	map_html_raw(H, "</figcaption>\n</figure>\n");
	put_psa_table(H);
}

/* The newest first, undated last; the order of the line breaks ties. */
static bool
is_before(const struct core_event *a, const struct core_event *b)
{
	int64_t x = sv_date_is_set(a->date) ? a->date.lo : INT64_MIN;
	int64_t y = sv_date_is_set(b->date) ? b->date.lo : INT64_MIN;

	return x > y;
}

/* Bottom-up merge sort of ${v} by way of ${w}; the result is in either. */
static const struct core_event **
by_date(const struct core_event **v, const struct core_event **w, size_t n)
{
	for (size_t run = 1; run < n; run *= 2) {
		const struct core_event **t = v;

		for (size_t lo = 0; lo < n; lo += 2 * run) {
			size_t mid = lo + run < n ? lo + run : n;
			size_t hi = mid + run < n ? mid + run : n;
			size_t i = lo, j = mid;

			for (size_t k = lo; k < hi; k++)
				w[k] = j == hi || (i < mid
				    && !is_before(v[j], v[i])) ? v[i++]
				    : v[j++];
		}
		v = w;
		w = t;
	}
	return v;
}

/* What sort of event a reader of a history looks for. */
static const char *
sort_of(const struct core_event *e)
{
	switch (e->concept) {
	case CORE_PSA: case CORE_TESTOSTERONE: case CORE_AFP: case CORE_HCG:
		return "Laboratory";
	case CORE_GRADE_GROUP: case CORE_PT_CATEGORY:
	case CORE_SEMINAL_VESICLE_INVASION:
		return "Pathology";
	case CORE_PROSTATE_BIOPSY: case CORE_BIOPSY_PROCEDURE:
		return "Biopsy";
	case CORE_N_CATEGORY: case CORE_M_CATEGORY:
		return "Staging";
	case CORE_PSMA_PET: case CORE_DISTANT_METASTASIS_IMAGING:
	case CORE_PELVIC_NODES_IMAGING: case CORE_LOCAL_LESION_IMAGING:
		return "Imaging";
	case CORE_DECEASED:
		return "Death";
	default:
		return e->kind == CORE_CONDITION ? "Diagnosis"
		    : e->kind == CORE_OBSERVATION ? "Assessment"
		    : "Treatment";
	}
}

static void
put_event(struct map_html *H, const struct core_event *e)
{
	const char *sort = sort_of(e);
	struct sv_buf b;

	sv_buf_printf(H->out, "<li class=\"%s\"><span class=\"when\">",
	    sort[0] == 'T' ? "treatment" : "other");
	map_html_date(H, e->date);
	if (sv_date_is_set(e->end) && e->end.lo != e->date.lo) {
		map_html_raw(H, " to ");
		map_html_date(H, e->end);
	}
	map_html_raw(H, "</span> <span class=\"sort\">");
	map_html_raw(H, sort);
	map_html_raw(H, "</span> <span class=\"what\"><bdi>");
	map_html_begin(H, &b);
	map_phrase_event(&b, e);
	map_html_flush_capital(H, &b);
	map_html_raw(H, "</bdi> ");
	map_html_source(H, e);
	map_html_raw(H, "</span></li>\n");
}

void
map_html_record(struct map_html *H)
{
	const struct core_timeline *t = &H->r->decision.line;
	const struct core_event **v, **w;

	if (t->n_events == 0)
		return;
	v = sv_arena_alloc(H->A, t->n_events * sizeof(const void *));
	w = sv_arena_alloc(H->A, t->n_events * sizeof(const void *));
	if (v == NULL || w == NULL) {
		H->out->failed = true;
		return;
	}
	for (size_t i = 0; i < t->n_events; i++)
		v[i] = t->events[i];
	v = by_date(v, w, t->n_events);
	map_html_raw(H, "<section>\n<h2>Timeline, newest first</h2>\n"
	    "<ol class=\"timeline\" reversed=\"reversed\">\n");
	for (size_t i = 0; i < t->n_events; i++)
		put_event(H, v[i]);
	map_html_raw(H, "</ol>\n</section>\n");
}

static void
put_excluded(struct map_html *H, const struct core_exclusion *x)
{
	struct sv_buf b;

	map_html_raw(H, "<li>");
	map_html_date(H, x->event->date);
	map_html_raw(H, " <bdi>");
	map_html_begin(H, &b);
	map_phrase_event(&b, x->event);
	map_html_flush_capital(H, &b);
	map_html_raw(H, "</bdi>: <strong>");
	map_html_text(H, core_exclusion_text(x->reason));
	map_html_raw(H, "</strong> ");
	map_html_source(H, x->event);
	map_html_raw(H, "</li>\n");
}

void
map_html_left_out(struct map_html *H)
{
	const struct core_timeline *t = &H->r->decision.line;
	const struct fhir_issues *is = H->r->issues;

	if (t->n_excluded + is->n == 0)
		return;
	map_html_raw(H, "<section>\n<h2>Left out, and why</h2>\n<ul class=\"out\">\n");
	for (size_t i = 0; i < t->n_excluded; i++)
		put_excluded(H, &t->excluded[i]);
	for (size_t i = 0; i < is->n; i++) {
		const struct fhir_issue *x = &is->at[i];

		map_html_raw(H, "<li><span class=\"src\">");
		map_html_text(H, x->source.n > 0 ? x->source : x->expression);
		map_html_raw(H, "</span>: ");
		map_html_text(H, x->text);
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n</section>\n");
}
