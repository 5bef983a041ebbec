#include "ad_evaluate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ad_engine.h"
#include "ad_input.h"
#include "ad_memory.h"
#include "ad_post.h"
#include "fhir_outcome.h"
#include "sv_limits.h"

struct run {
	const struct ad_options *o;
	struct ad_engine E;
	struct sv_arena A;		/* of one document */
	struct ad_post *post;
	enum ad_exit worst;
};

static void
note_exit(struct run *R, enum ad_exit e)
{
	if (e > R->worst)
		R->worst = e;
}

/* The OperationOutcome of a refused document, on standard error. */
static void
print_refusal(struct run *R, const char *file, int64_t line,
    const struct fhir_issues *is)
{
	struct fhir_writer w;
	struct sv_buf b;

	if (isatty(STDERR_FILENO)) {
		for (size_t i = 0; i < is->n; i++)
			fprintf(stderr, "salvor: %s: %.*s: %.*s\n", file,
			    SV_FMT(is->at[i].expression),
			    SV_FMT(is->at[i].text));
		return;
	}
	sv_buf_init(&b, &R->A, (size_t)1 << 20);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_outcome_write(&w, NULL, is);
	if (line > 0)
		fprintf(stderr, "salvor: %s:%lld: refused\n", file,
		    (long long)line);
	fprintf(stderr, "%.*s\n", SV_FMT(sv_buf_str(&b)));
}

static struct sv_status
render(struct run *R, const struct map_result *r, struct sv_buf *out)
{
	struct map_output_options mo = {
		.recorded = sv_str_of(R->o->recorded),
		.software = SV_LIT("salvor " SALVOR_VERSION),
		.base = SV_LIT("https://salvor.example"),
		.pretty = R->o->pretty, .colour = R->o->colour };

	mo.syntax = R->o->xml ? MAP_OUT_XML : MAP_OUT_JSON;
	switch (R->o->format) {
	case AD_FORMAT_EXPLAIN:
		return map_explain_write(&R->A, r, &mo, out);
	case AD_FORMAT_TEXT:
		return map_text_write(&R->A, r, &mo, out);
	case AD_FORMAT_BUNDLE:
		break;
	}
	return map_bundle_write(&R->A, r, &mo, out);
}

/* Write to standard output; a full disk or a closed pipe must not pass. */
static void
print_out(struct run *R, struct sv_str s)
{
	if (fwrite(s.p, 1, s.n, stdout) == s.n)
		return;
	fprintf(stderr, "salvor: standard output: %s\n", strerror(errno));
	note_exit(R, AD_EXIT_TEMPORARY);
}

static void
emit(struct run *R, const struct map_result *r)
{
	struct sv_buf out;

	sv_buf_init(&out, &R->A, SV_LIMIT_OUTPUT);
	if (!sv_is_ok(render(R, r, &out))) {
		fprintf(stderr, "salvor: the guidance does not fit into "
		    "memory\n");
		note_exit(R, AD_EXIT_TEMPORARY);
		return;
	}
	if (R->post == NULL) {
		print_out(R, sv_buf_str(&out));
		return;
	}
	if (r->decision.output != CORE_OUTPUT_NONE)
		note_exit(R, ad_post_send(R->post, sv_buf_str(&out)));
}

/* One document, from its bytes to guidance. */
static void
evaluate_text(struct run *R, const char *file, int64_t line,
    struct sv_str text)
{
	struct map_result r;
	struct fhir_issues is;
	struct sv_status s;

	sv_arena_reset(&R->A);
	fhir_issues_init(&is, &R->A);
	s = map_line_decide(&R->A, &R->E.engine, text, R->o->as_of, &r, &is);
	if (sv_is_ok(s)) {
		emit(R, &r);
		return;
	}
	if (s.code == SV_CODE_NOMEM) {
		fprintf(stderr, "salvor: %s: not enough memory\n", file);
		note_exit(R, AD_EXIT_TEMPORARY);
		return;
	}
	print_refusal(R, file, line, &is);
	note_exit(R, AD_EXIT_REFUSED);
}

static void
refuse_size(struct run *R, const char *file, int64_t line)
{
	struct fhir_issues is;

	sv_arena_reset(&R->A);
	fhir_issues_init(&is, &R->A);
	fhir_issue_addf(&is, FHIR_FATAL, FHIR_CODE_TOO_COSTLY,
	    (struct sv_str){ NULL, 0 }, "The document is larger than %zu MiB. "
	    "Send one Bundle per patient, or NDJSON.",
	    SV_LIMIT_DOCUMENT >> 20);
	print_refusal(R, file, line, &is);
	note_exit(R, AD_EXIT_REFUSED);
}

static void
evaluate_file(struct run *R, const char *path)
{
	struct ad_input in;
	struct sv_str text;
	struct sv_status s;

	if (!sv_is_ok(ad_input_open(&in, path))) {
		fprintf(stderr, "salvor: %s: %s\n", path, strerror(errno));
		note_exit(R, AD_EXIT_REFUSED);
		return;
	}
	for (;;) {
		s = ad_input_next(&in, &text);
		if (sv_is_ok(s)) {
			evaluate_text(R, path, in.line, text);
		} else if (s.code == SV_CODE_LIMIT) {
			refuse_size(R, path, in.line);
			if (!in.ndjson)
				break;
		} else if (s.code != SV_CODE_SKIP) {
			fprintf(stderr, "salvor: %s: cannot be read: %s\n",
			    path, strerror(errno));
			note_exit(R, AD_EXIT_TEMPORARY);
			break;
		} else {
			break;
		}
	}
	ad_input_close(&in);
}

enum ad_exit
ad_evaluate(const struct ad_options *o)
{
	struct run R = { .o = o, .worst = AD_EXIT_OK };
	char *standard[] = { (char[]){ "-" } };
	char **files = o->n_files > 0 ? o->files : standard;
	size_t n = o->n_files > 0 ? o->n_files : 1;
	bool ready;

	if (o->post != NULL && o->format != AD_FORMAT_BUNDLE) {
		fprintf(stderr, "salvor: --post sends Bundles; leave --format "
		    "out\n");
		return AD_EXIT_USAGE;
	}
	R.worst = ad_engine_load(o->conf, &R.E);
	if (R.worst == AD_EXIT_OK && o->post != NULL
	    && (R.post = ad_post_open(o)) == NULL)
		R.worst = AD_EXIT_CONFIG;
	ready = R.worst == AD_EXIT_OK;
	R.A = ad_arena(SV_LIMIT_ARENA);
	for (size_t i = 0; ready && i < n; i++)
		evaluate_file(&R, files[i]);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "salvor: standard output: %s\n",
		    strerror(errno));
		note_exit(&R, AD_EXIT_TEMPORARY);
	}
	ad_post_close(R.post);
	sv_arena_free(&R.A);
	ad_engine_free(&R.E);
	return R.worst;
}
