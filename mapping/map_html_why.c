/*
 * The page's other side: rules that do not apply, why, and which one finding
 * would make them apply.
 */
#include "map_html.h"
#include "map_why.h"

static bool
why(struct map_html *H, const struct core_finding *f, struct map_why *ret)
{
	if (sv_is_ok(map_why(H->A, H->r, f, ret)))
		return true;
	H->out->failed = true;
	return false;
}

void
map_html_changes(struct map_html *H, const struct core_guidance *g)
{
	const struct core_decision *d = &H->r->decision;
	bool any = false;

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];
		struct map_why y;

		if (f->rule->cancer != g->cancer || !map_why_is_advice(f->rule)
		    || !why(H, f, &y) || y.change.n == 0)
			continue;
		if (!any)
			map_html_raw(H, "<div class=\"card\">\n"
			    "<h3>Would change this</h3>\n<ul>\n");
		any = true;
		map_html_raw(H, "<li>");
		map_html_text(H, y.change);
		map_html_raw(H, ": ");
		map_html_text(H, f->rule->title);
		map_html_raw(H, " <span class=\"rule\">");
		map_html_text(H, f->rule->id);
		map_html_raw(H, "</span></li>\n");
	}
	if (any)
		map_html_raw(H, "</ul>\n</div>\n");
}

void
map_html_not_applying(struct map_html *H, const struct core_guidance *g)
{
	const struct core_decision *d = &H->r->decision;
	bool any = false;

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];
		struct map_why y;

		if (f->rule->cancer != g->cancer || f->state != CORE_SILENT
		    || !why(H, f, &y))
			continue;
		if (!any)
			map_html_raw(H, "<details class=\"other\">\n<summary>Rules that do "
			    "not apply, and why</summary>\n"
			    "<dl class=\"not\">\n");
		any = true;
		map_html_raw(H, "<dt>");
		map_html_text(H, f->rule->title);
		map_html_raw(H, " <span class=\"rule\">");
		map_html_text(H, f->rule->id);
		map_html_raw(H, "</span></dt>\n<dd class=\"basis\">");
		map_html_text(H, y.sentence);
		map_html_raw(H, "</dd>\n");
	}
	if (any)
		map_html_raw(H, "</dl>\n</details>\n");
}
