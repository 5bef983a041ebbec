/*
 * The page about a run.
 */
#include "ad_sync_report.h"
#include "map_html.h"

static void
put_figure(struct map_html *H, const char *name, int64_t n)
{
	sv_buf_printf(H->out, "<div><dt>%s</dt><dd>%lld</dd></div>\n", name,
	    (long long)n);
}

static void
put_figures(struct map_html *H, const struct ad_sync *Y)
{
	const struct ad_change *c = &Y->d.change;

	map_html_raw(H, "<dl class=\"figures\">\n");
	put_figure(H, "Patients decided", c->decided);
	put_figure(H, "Guidance new", c->fresh);
	put_figure(H, "Guidance changed", c->changed);
	put_figure(H, "Guidance withdrawn", c->withdrawn);
	put_figure(H, "Guidance unchanged", c->kept);
	put_figure(H, "Care gap: biopsy or restaging missing while cure may be "
	    "possible", Y->n_gaps);
	put_figure(H, "Lines refused",
	    ad_sync_total(Y).n[AD_SYNC_REFUSED]);
	put_figure(H, "Files or resources that could not be had",
	    (int64_t)Y->n_missing);
	put_figure(H, "Patients that could not be decided", Y->d.undecided);
	put_figure(H, "Patients that left and were forgotten", Y->d.purged);
	map_html_raw(H, "</dl>\n");
}

static void
put_head_row(struct map_html *H, const char *first, int from)
{
	sv_buf_printf(H->out, "<thead><tr><th scope=\"col\">%s</th>", first);
	for (int c = from; c < AD_SYNC_COUNTS; c++)
		sv_buf_printf(H->out, "<th scope=\"col\" class=\"n\">%s</th>",
		    ad_sync_count_name((enum ad_sync_count)c));
	map_html_raw(H, "</tr></thead>\n<tbody>\n");
}

static void
put_row(struct map_html *H, struct sv_str name, const int64_t *n, int from)
{
	map_html_raw(H, "<tr><th scope=\"row\">");
	map_html_text(H, name);
	map_html_raw(H, "</th>");
	for (int c = from; c < AD_SYNC_COUNTS; c++)
		sv_buf_printf(H->out, "<td class=\"n\">%lld</td>",
		    (long long)n[c]);
	map_html_raw(H, "</tr>\n");
}

static bool
is_any(const int64_t *n)
{
	for (int c = 0; c < AD_SYNC_COUNTS; c++) {
		if (n[c] != 0)
			return true;
	}
	return false;
}

/* Lines that were dropped are of no type: they were not parsed.  So many of the
 * files that were read are listed; the rest is in their sum. */
#define MAX_FILES 200

static void
put_tables(struct map_html *H, const struct ad_sync *Y)
{
	struct ad_sync_counts all = ad_sync_total(Y);

	map_html_raw(H, "<h2>Resources by type</h2>\n<div class=\"scroll\" "
	    "tabindex=\"0\"><table>\n");
	put_head_row(H, "Type", AD_SYNC_PASSED);
	for (int t = 0; t < AD_SYNC_TYPES; t++) {
		if (is_any(Y->by_type[t].n))
			put_row(H, ad_sync_type_name(t), Y->by_type[t].n,
			    AD_SYNC_PASSED);
	}
	map_html_raw(H, "</tbody></table></div>\n<h2>Files</h2>\n<div "
	    "class=\"scroll\" tabindex=\"0\"><table>\n");
	put_head_row(H, "File", AD_SYNC_LINES);
	for (size_t i = 0, n = 0; i < Y->n_files && n < MAX_FILES; i++) {
		if (!is_any(Y->file[i].counts.n))
			continue;
		put_row(H, sv_str_of(Y->file[i].name), Y->file[i].counts.n,
		    AD_SYNC_LINES);
		n++;
	}
	put_row(H, SV_LIT("All files"), all.n, AD_SYNC_LINES);
	sv_buf_printf(H->out, "</tbody></table></div>\n<p>%zu of %zu files were "
	    "as in the last run, and were not read again.</p>\n", Y->n_skipped,
	    Y->n_files);
}

static void
put_measure(struct map_html *H, const struct ad_sync *Y)
{
	map_html_raw(H, "<h2>Measure QM-01 of this registry</h2>\n<p>Failure "
	    "from ");
	map_html_date(H, sv_date_exact(Y->measure.from));
	map_html_raw(H, " to ");
	map_html_date(H, sv_date_exact(Y->measure.to));
	map_html_raw(H, "</p>\n<figure>\n");
	map_measure_svg(&Y->measure, H->out);
	map_html_raw(H, "</figure>\n");
}

static void
put_times(struct map_html *H, const struct ad_sync *Y)
{
	struct ad_sync_times t = ad_sync_times_of(Y);

	sv_buf_printf(H->out, "<h2>Time</h2>\n<p>Read in %.1f s (%.0f MB/s, "
	    "%.0f lines/s); decided in %.1f s (%.0f patients/s).</p>\n",
	    t.load_s, t.mb_s, t.lines_s, t.decide_s, t.patients_s);
}

struct sv_status
ad_sync_html(struct ad_sync *Y, struct sv_buf *out)
{
	struct map_output_options o = { .recorded = Y->I.recorded,
		.software = Y->u->intake.software };
	struct map_html H = { .out = out, .A = out->A, .o = &o };

	map_html_head(&H, SV_LIT("Registry synchronisation"));
	map_html_raw(&H, "<body>\n<header>\n<p class=\"kicker\">Registry "
	    "synchronisation</p>\n<h1>");
	map_html_text(&H, sv_str_of(Y->conf->name));
	sv_buf_printf(out, "</h1>\n<p class=\"asof\">Run %lld, begun ",
	    (long long)Y->state.run);
	map_html_text(&H, Y->I.recorded);
	map_html_raw(&H, Y->partial ? " <strong class=\"draft\">partial: "
	    "something was refused</strong></p>\n</header>\n<main>\n"
	    : "</p>\n</header>\n<main>\n");
	put_figures(&H, Y);
	put_measure(&H, Y);
	put_tables(&H, Y);
	put_times(&H, Y);
	map_html_raw(&H, "</main>\n<footer>\n<p>" MAP_DISCLAIMER "</p>\n"
	    "</footer>\n</body>\n</html>\n");
	return sv_buf_status(out);
}
