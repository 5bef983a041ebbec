/*
 * The reports of a run: lines on standard output, and beside the side file of
 * refused lines the MeasureReport, the care gap and a page.
 */
#include "ad_sync_report.h"

#include <stdio.h>

#include "ad_durable.h"
#include "ad_memory.h"
#include "ad_output.h"
#include "sv_limits.h"

struct ad_sync_times
ad_sync_times_of(const struct ad_sync *Y)
{
	struct ad_sync_counts n = ad_sync_total(Y);
	struct ad_sync_times t = { .load_s = (double)Y->load_ms / 1000,
		.decide_s = (double)Y->decide_ms / 1000 };

	if (Y->load_ms > 0) {
		t.mb_s = (double)Y->bytes_read / 1e6 / t.load_s;
		t.lines_s = (double)n.n[AD_SYNC_LINES] / t.load_s;
	}
	if (Y->decide_ms > 0)
		t.patients_s = (double)Y->d.change.decided / t.decide_s;
	return t;
}

/* ${text} as the file NAME-RUN${end} of the reports; nothing of a dry run. */
static struct sv_status
put_file(struct ad_sync *Y, const char *end, struct sv_str text)
{
	char name[512];
	struct sv_err err;
	struct sv_status s;

	if (Y->o->dry_run)
		return SV_OK;
	(void)snprintf(name, sizeof(name), "%.400s-%lld%s", Y->conf->name,
	    (long long)Y->state.run, end);
	s = ad_durable_write(Y->reports, name, text, &err);
	if (!sv_is_ok(s))
		(void)snprintf(Y->why, sizeof(Y->why), "%.200s: %.250s; the run "
		    "itself is whole", err.where, err.text);
	return s;
}

/* The care gap, a line a patient: what is missing, and until when it counts. */
struct gaps {
	struct ad_sync *Y;
	struct sv_buf out;
};

static void
put_gap(struct gaps *G, struct sv_str name, const struct map_standing *s,
    bool open)
{
	struct fhir_writer w;
	char day[SV_DATE_TEXT_MAX];

	fhir_writer_init(&w, &G->out, FHIR_WRITE_JSON);
	fhir_open(&w, NULL);
	fhir_put_str(&w, "patient", name);
	if ((s->flags & MAP_STANDS_NO_BIOPSY) != 0)
		fhir_put_lit(&w, "biopsy", "missing");
	if ((s->flags & MAP_STANDS_NO_RESTAGING) != 0)
		fhir_put_lit(&w, "restaging", "missing");
	if (open) {
		sv_date_text(sv_date_exact(s->until), day);
		fhir_put_lit(&w, "assessmentUntil", day);
	}
	fhir_close(&w);
	sv_buf_addc(&G->out, '\n');
	G->Y->n_gaps++;
}

static void
add_standing(void *ctx, struct sv_str name, const struct map_standing *s)
{
	struct gaps *G = ctx;
	struct ad_sync *Y = G->Y;
	bool open = map_standing_place(&Y->measure, s, Y->today)
	    == MAP_MEASURE_OPEN;

	map_standing_add(&Y->measure, s, Y->today);
	if (open || (s->flags & (MAP_STANDS_NO_BIOPSY
	    | MAP_STANDS_NO_RESTAGING)) != 0)
		put_gap(G, name, s, open);
}

/* The measure and the gap of the whole registry, as remembered. */
static struct sv_status
take_measure(struct ad_sync *Y, struct gaps *G)
{
	struct ad_standing_visitor v = { add_standing, G };
	struct sv_status s;

	Y->measure = (struct map_measure){ .from = Y->today - 364,
		.to = Y->today, .book = &Y->u->engine.book };
	SV_TRY(ad_store_begin(Y->R));
	s = ad_store_list_standing(Y->R, Y->I.r.source, &v);
	ad_store_rollback(Y->R);
	SV_TRY(s);
	return sv_buf_status(&G->out);
}

/* "  Observation: 12 new, 3 late" */
static void
add_type(const struct ad_sync *Y, int type, struct sv_buf *b)
{
	const char *between = ": ";

	sv_buf_printf(b, "  %.*s", SV_FMT(ad_sync_type_name(type)));
	for (int c = AD_SYNC_PASSED; c < AD_SYNC_COUNTS; c++) {
		int64_t k = Y->by_type[type].n[c];

		if (k == 0)
			continue;
		sv_buf_printf(b, "%s%lld %s", between, (long long)k,
		    ad_sync_count_name((enum ad_sync_count)c));
		between = ", ";
	}
	sv_buf_addc(b, '\n');
}

static void
add_types(const struct ad_sync *Y, struct sv_buf *b)
{
	for (int t = 0; t < AD_SYNC_TYPES; t++) {
		int64_t all = 0;

		for (int c = AD_SYNC_PASSED; c < AD_SYNC_COUNTS; c++)
			all += Y->by_type[t].n[c];
		if (all > 0)
			add_type(Y, t, b);
	}
}

static void
add_lines(struct ad_sync *Y, struct sv_buf *b)
{
	struct ad_sync_counts n = ad_sync_total(Y);
	struct ad_sync_times t = ad_sync_times_of(Y);
	const struct ad_change *c = &Y->d.change;

	sv_buf_printf(b, "%s%s: %zu files, %zu of them as in the last run\n",
	    Y->conf->name, Y->o->dry_run ? " (dry run: nothing was written)"
	    : "", Y->n_files, Y->n_skipped);
	sv_buf_printf(b, "  %lld lines, %lld cannot matter, %lld refused\n",
	    (long long)n.n[AD_SYNC_LINES], (long long)n.n[AD_SYNC_DROPPED],
	    (long long)n.n[AD_SYNC_REFUSED]);
	add_types(Y, b);
	sv_buf_printf(b, "  %lld patients decided, %lld could not be, %lld "
	    "left and forgotten\n", (long long)c->decided,
	    (long long)Y->d.undecided, (long long)Y->d.purged);
	sv_buf_printf(b, "  guidance: %lld new, %lld changed, %lld withdrawn, "
	    "%lld unchanged; %lld posts\n", (long long)c->fresh,
	    (long long)c->changed, (long long)c->withdrawn,
	    (long long)c->kept, (long long)Y->d.posts);
	sv_buf_printf(b, "  care gap: %lld patients in whom biopsy or "
	    "restaging is missing while cure may be possible\n",
	    (long long)Y->n_gaps);
	sv_buf_printf(b, "  read in %.1f s (%.0f MB/s, %.0f lines/s), decided "
	    "in %.1f s (%.0f patients/s)\n", t.load_s, t.mb_s, t.lines_s,
	    t.decide_s, t.patients_s);
	if (Y->n_missing > 0)
		sv_buf_printf(b, "  %zu files or resources could not be had; "
		    "the next run asks for them again\n", Y->n_missing);
	if (n.n[AD_SYNC_REFUSED] > 0 && !Y->o->dry_run)
		sv_buf_printf(b, "  refused lines: %s\n", Y->refused_path);
}

static struct sv_status
write_reports(struct ad_sync *Y, struct sv_arena *A)
{
	struct map_output_options mo = { .recorded = Y->I.recorded,
		.software = Y->u->intake.software, .pretty = true };
	struct gaps G = { .Y = Y };
	struct sv_buf b;

	sv_buf_init(&G.out, A, SV_LIMIT_OUTPUT);
	SV_TRY(take_measure(Y, &G));
	SV_TRY(put_file(Y, ".gaps.ndjson", sv_buf_str(&G.out)));
	sv_buf_init(&b, A, SV_LIMIT_OUTPUT);
	SV_TRY(map_measure_summary(&Y->measure, &mo, &b));
	SV_TRY(put_file(Y, ".measure.json", sv_buf_str(&b)));
	sv_buf_init(&b, A, SV_LIMIT_OUTPUT);
	SV_TRY(ad_sync_html(Y, &b));
	SV_TRY(put_file(Y, ".html", sv_buf_str(&b)));
	sv_buf_init(&b, A, 65536);
	add_lines(Y, &b);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	ad_progress_clear(Y->P);
	(void)ad_output(sv_buf_str(&b));
	return SV_OK;
}

struct sv_status
ad_sync_report(struct ad_sync *Y)
{
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct sv_status s = write_reports(Y, &A);

	sv_arena_free(&A);
	return s;
}
