/*
 * The page's other side: rules that do not apply, and why.
 */
#include "map_html.h"
#include "map_why.h"

bool
map_html_why(struct map_html *H, const struct core_finding *f,
    struct map_why *ret)
{
	if (sv_is_ok(map_why(H->A, H->r, f, ret)))
		return true;
	H->out->failed = true;
	return false;
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
		    || !map_html_why(H, f, &y))
			continue;
		if (!any)
			map_html_raw(H, "<details class=\"other\">\n"
			    "<summary>Rules that do not apply, and why"
			    "</summary>\n<dl class=\"not\">\n");
		any = true;
		sv_buf_printf(H->out, "<div id=\"r%d-", (int)g->cancer);
		map_html_text(H, f->rule->id);
		map_html_raw(H, "\"><dt>");
		map_html_text(H, f->rule->title);
		map_html_raw(H, " <span class=\"rule\">");
		map_html_text(H, f->rule->id);
		map_html_raw(H, "</span></dt>\n<dd class=\"small\">");
		map_html_text(H, y.sentence);
		map_html_raw(H, "</dd></div>\n");
	}
	if (any)
		map_html_raw(H, "</dl>\n</details>\n");
}
