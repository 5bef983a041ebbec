#include "ad_evaluate.h"

#include <stdio.h>

#include "ad_engine.h"
#include "ad_output.h"
#include "ad_patients.h"
#include "ad_post.h"
#include "ad_stop.h"
#include "sv_limits.h"

struct run {
	const struct ad_options *o;
	struct ad_engine E;
	struct ad_progress P;
	struct ad_post *post;
	bool page;		/* one patient's page was printed */
	enum ad_exit worst;
};

static void
note_exit(struct run *R, enum ad_exit e)
{
	if (e > R->worst)
		R->worst = e;
}

static struct sv_status
render(struct run *R, struct sv_arena *A, const struct map_result *r,
    struct sv_buf *out)
{
	struct map_output_options mo = {
		.recorded = sv_str_of(R->o->recorded),
		.software = SV_LIT("salvor " SALVOR_VERSION),
		.base = SV_LIT("https://salvor.example"),
		.source_base = sv_str_of(R->o->source_base),
		.pretty = R->o->pretty, .colour = R->o->colour };

	mo.syntax = R->o->xml ? MAP_OUT_XML : MAP_OUT_JSON;
	switch (R->o->format) {
	case AD_FORMAT_EXPLAIN:
		return map_explain_write(A, r, &mo, out);
	case AD_FORMAT_TEXT:
		return map_text_write(A, r, &mo, out);
	case AD_FORMAT_HTML:
		return map_html_write(A, r, &mo, out);
	case AD_FORMAT_TIMELINE:
		return map_history_write(A, r, &mo, out);
	default:
		break;
	}
	return map_bundle_write(A, r, &mo, out);
}

/* Print or post the guidance.  False: there is no use in going on. */
static bool
emit(void *ctx, struct sv_arena *A, const struct map_result *r)
{
	struct run *R = ctx;
	struct sv_buf out;

	if (R->page) {
		ad_progress_clear(&R->P);
		fprintf(stderr, "salvor: a page is of one patient, and there "
		    "are more; decide them one by one\n");
		note_exit(R, AD_EXIT_USAGE);
		return false;
	}
	R->page = R->o->format == AD_FORMAT_HTML;
	sv_buf_init(&out, A, SV_LIMIT_OUTPUT);
	if (!sv_is_ok(render(R, A, r, &out))) {
		ad_progress_clear(&R->P);
		fprintf(stderr, "salvor: the guidance does not fit into "
		    "memory\n");
		note_exit(R, AD_EXIT_TEMPORARY);
		return true;
	}
	if (R->post != NULL) {
		if (r->decision.output != CORE_OUTPUT_NONE)
			note_exit(R, ad_post_send(R->post,
			    sv_buf_str(&out)));
		return true;
	}
	if (ad_output(sv_buf_str(&out)))
		return true;
	note_exit(R, AD_EXIT_TEMPORARY);
	return false;
}

enum ad_exit
ad_evaluate(const struct ad_options *o)
{
	struct run R = { .o = o, .worst = AD_EXIT_OK };
	struct ad_patients_use use = { emit, &R, o->post != NULL };

	if (o->format > AD_FORMAT_TIMELINE && o->format != AD_FORMAT_HTML) {
		fprintf(stderr, "salvor: --format is bundle, explain, text, "
		    "timeline or html\n");
		return AD_EXIT_USAGE;
	}
	if (o->post != NULL && o->format > AD_FORMAT_BUNDLE) {
		fprintf(stderr, "salvor: --post sends Bundles; leave --format "
		    "out\n");
		return AD_EXIT_USAGE;
	}
	ad_stop_install();
	R.worst = ad_engine_load(o, &R.E);
	if (R.worst == AD_EXIT_OK && o->post != NULL
	    && (R.post = ad_post_open(o)) == NULL)
		R.worst = AD_EXIT_CONFIG;
	if (R.worst == AD_EXIT_OK) {
		note_exit(&R, ad_patients_decide(o, &R.E, &use, &R.P));
		if (!ad_output_end())
			note_exit(&R, AD_EXIT_TEMPORARY);
		ad_progress_end(&R.P);
	}
	ad_post_close(R.post);
	ad_engine_free(&R.E);
	ad_stop_die();
	return R.worst;
}
