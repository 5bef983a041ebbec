#include "ad_measure.h"

#include <stdio.h>

#include "ad_engine.h"
#include "ad_memory.h"
#include "ad_output.h"
#include "ad_patients.h"
#include "ad_stop.h"
#include "map_measure.h"
#include "sv_limits.h"

struct run {
	const struct ad_options *o;
	struct map_output_options mo;
	struct map_measure m;
	enum ad_exit worst;
};

static void
note_exit(struct run *R, enum ad_exit e)
{
	if (e > R->worst)
		R->worst = e;
}

static bool
print(struct run *R, const struct sv_buf *out, struct sv_status s)
{
	if (!sv_is_ok(s) || !sv_buf_ok(out)) {
		fprintf(stderr, "salvor: the report does not fit into "
		    "memory\n");
		note_exit(R, AD_EXIT_TEMPORARY);
		return true;
	}
	if (ad_output(sv_buf_str(out)))
		return true;
	note_exit(R, AD_EXIT_TEMPORARY);
	return false;
}

/* Count one patient; print what is said about each. */
static bool
count(void *ctx, struct sv_arena *A, const struct map_result *r)
{
	struct run *R = ctx;
	struct sv_status s = SV_OK;
	struct sv_buf out;

	map_measure_add(&R->m, r);
	sv_buf_init(&out, A, SV_LIMIT_OUTPUT);
	if (R->o->format == AD_FORMAT_INDIVIDUAL)
		s = map_measure_individual(&R->m, r, &R->mo, &out);
	else if (R->o->format == AD_FORMAT_NONE
	    || R->o->format == AD_FORMAT_TEXT)
		map_measure_text_patient(&R->m, r, &out);
	return print(R, &out, s);
}

/* What is said about all of them. */
static void
conclude(struct run *R)
{
	struct sv_arena A = ad_arena(SV_LIMIT_OUTPUT);
	struct sv_status s = SV_OK;
	struct sv_buf out;

	sv_buf_init(&out, &A, SV_LIMIT_OUTPUT);
	if (R->o->format == AD_FORMAT_SUMMARY)
		s = map_measure_summary(&R->m, &R->mo, &out);
	else if (R->o->format == AD_FORMAT_SVG)
		map_measure_svg(&R->m, &out);
	else if (R->o->format == AD_FORMAT_HTML)
		s = map_measure_html(&A, &R->m, &R->mo, &out);
	else if (R->o->format != AD_FORMAT_INDIVIDUAL)
		map_measure_text(&R->m, &R->mo, &out);
	(void)print(R, &out, s);
	sv_arena_free(&A);
}

/* How it is written, and the period: without --from and --to, the year up to --as-of. */
static void
set_output(struct run *R)
{
	const struct ad_options *o = R->o;

	R->mo.syntax = o->xml ? MAP_OUT_XML : MAP_OUT_JSON;
	R->m.to = o->period_to != 0 ? o->period_to : o->as_of;
	R->m.from = o->period_from != 0 ? o->period_from : R->m.to - 364;
}

enum ad_exit
ad_measure(const struct ad_options *o)
{
	struct run R = { .o = o, .mo = { .recorded = sv_str_of(o->recorded),
		.software = SV_LIT("salvor " SALVOR_VERSION),
		.pretty = o->pretty } };
	struct ad_patients_use use = { count, &R, false };
	struct ad_progress P;
	struct ad_engine E;

	if (o->post != NULL || o->format == AD_FORMAT_BUNDLE
	    || o->format > AD_FORMAT_HTML || o->format == AD_FORMAT_EXPLAIN) {
		fprintf(stderr, "salvor: measure takes --format text, html, "
		    "summary, individual or svg, and no --post\n");
		return AD_EXIT_USAGE;
	}
	set_output(&R);
	use.quiet = o->format == AD_FORMAT_SUMMARY
	    || o->format == AD_FORMAT_SVG || o->format == AD_FORMAT_HTML;
	ad_stop_install();
	R.worst = ad_engine_load(o, &E);
	R.m.book = &E.book;
	if (R.worst == AD_EXIT_OK) {
		note_exit(&R, ad_patients_decide(o, &E, &use, &P));
		/* A part of the patients is no measure. */
		if (R.worst < AD_EXIT_TEMPORARY)
			conclude(&R);
		if (!ad_output_end())
			note_exit(&R, AD_EXIT_TEMPORARY);
		ad_progress_end(&P);
	}
	ad_engine_free(&E);
	ad_stop_die();
	return R.worst;
}
