#include "ad_patients.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ad_files.h"
#include "ad_gather.h"
#include "ad_input.h"
#include "ad_memory.h"
#include "ad_refusal.h"
#include "ad_stop.h"
#include "sv_limits.h"

/* Refusals of one file that are printed; the others are counted. */
#define MAX_PRINTED 100

struct run {
	const struct ad_options *o;
	const struct ad_engine *E;
	const struct ad_patients_use *use;
	struct ad_progress *P;
	struct sv_arena A;		/* of one document or patient */
	struct ad_gather *G;		/* opened with the first resource */
	int64_t read;			/* bytes of the files before this one */
	int64_t refused;		/* of this file */
	bool stop;
	enum ad_exit worst;
};

static void
note_exit(struct run *R, enum ad_exit e)
{
	if (e > R->worst)
		R->worst = e;
}

/* Nothing more can be done. */
static void
give_up(struct run *R, const char *where, const char *what)
{
	ad_progress_clear(R->P);
	fprintf(stderr, "salvor: %s: %s\n", where, what);
	note_exit(R, AD_EXIT_TEMPORARY);
	R->stop = true;
}

static void
refuse(struct run *R, const char *where, int64_t line,
    const struct fhir_issues *is)
{
	note_exit(R, AD_EXIT_REFUSED);
	R->P->refused++;
	if (++R->refused > MAX_PRINTED)
		return;
	ad_progress_clear(R->P);
	ad_refusal_print(where, line, is);
}

/* The refusals of a file that were too many to print. */
static void
end_refusals(struct run *R, const char *where)
{
	if (R->refused > MAX_PRINTED) {
		ad_progress_clear(R->P);
		fprintf(stderr, "salvor: %s: %lld further documents refused\n",
		    where, (long long)(R->refused - MAX_PRINTED));
	}
	R->refused = 0;
}

/* What became of a document or a patient, if it is not good. */
static void
note_status(struct run *R, const char *where, int64_t line,
    const struct fhir_issues *is, struct sv_status s)
{
	if (s.code == SV_CODE_NOMEM) {
		ad_progress_clear(R->P);
		fprintf(stderr, "salvor: %s: not enough memory\n", where);
		note_exit(R, AD_EXIT_TEMPORARY);
	} else if (s.code == SV_CODE_RETRY) {
		give_up(R, "gathering by patient", ad_gather_error(R->G));
	} else if (s.code != SV_CODE_OK && s.code != SV_CODE_SKIP) {
		refuse(R, where, line, is);
	}
}

static struct sv_status
decide(struct run *R, struct fhir_entry *entries, size_t n,
    struct fhir_issues *is)
{
	struct map_result r;

	SV_TRY(map_line_decide_doc(&(struct map_line){ &R->A, &R->E->engine,
	    R->o->as_of, is }, &(struct fhir_doc){ .entries = entries,
	    .n_entries = n }, &r));
	R->P->patients++;
	if (!R->use->decided(R->use->ctx, &R->A, &r))
		R->stop = true;
	return SV_OK;
}

/* Keep a single resource until all of its patient are there. */
static struct sv_status
gather(struct run *R, struct fhir_entry *e, struct fhir_issues *is)
{
	struct sv_err err;

	if (R->G == NULL && (R->G = ad_gather_open(&err)) == NULL) {
		give_up(R, err.where[0] != '\0' ? err.where
		    : "gathering by patient", err.text);
		return SV_SKIP;
	}
	return ad_gather_add(R->G, &R->A, e, is);
}

/* A Bundle, or a resource. */
static void
read_document(struct run *R, const char *file, int64_t line,
    struct sv_str text)
{
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_status s;

	sv_arena_reset(&R->A);
	fhir_issues_init(&is, &R->A);
	s = fhir_doc_read(&R->A, text, &doc, &is);
	if (sv_is_ok(s))
		s = doc.is_bundle ? decide(R, doc.entries, doc.n_entries, &is)
		    : gather(R, &doc.entries[0], &is);
	note_status(R, file, line, &is, s);
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
	refuse(R, file, line, &is);
}

/* The documents of an open file.  BAD: it can be read no further. */
static struct sv_status
read_documents(struct run *R, const char *path, struct ad_input *in)
{
	struct sv_str text;
	struct sv_status s;

	while (!R->stop && !ad_stop_asked()) {
		s = ad_input_next(in, &text);
		if (s.code == SV_CODE_SKIP)
			return SV_OK;
		if (s.code == SV_CODE_LIMIT)
			refuse_size(R, path, in->line);
		else if (sv_is_ok(s))
			read_document(R, path, in->line, text);
		else
			return SV_BAD;
		if (s.code == SV_CODE_LIMIT && !in->ndjson)
			return SV_OK;
		ad_progress_show(R->P, R->read + in->read);
	}
	return SV_OK;
}

static void
read_file(struct run *R, const char *path)
{
	struct ad_input in;
	struct sv_status s;

	if (!sv_is_ok(ad_input_open(&in, path))) {
		ad_progress_clear(R->P);
		fprintf(stderr, "salvor: %s: %s\n", path, strerror(errno));
		note_exit(R, AD_EXIT_REFUSED);
		return;
	}
	s = read_documents(R, path, &in);
	if (!sv_is_ok(s) && !ad_stop_asked()) {
		ad_progress_clear(R->P);
		fprintf(stderr, "salvor: %s: cannot be read: %s\n", path,
		    strerror(errno));
		note_exit(R, AD_EXIT_TEMPORARY);
	}
	end_refusals(R, path);
	R->read += in.read;
	ad_input_close(&in);
}

/* One patient of those that were gathered.  SKIP: there are no more. */
static struct sv_status
decide_next(struct run *R)
{
	struct ad_gathered g;
	struct fhir_issues is;
	struct sv_status s;
	char where[128];

	sv_arena_reset(&R->A);
	fhir_issues_init(&is, &R->A);
	s = ad_gather_next(R->G, &R->A, &g, &is);
	SV_ENSURE(s.code != SV_CODE_SKIP, SV_SKIP);
	if (sv_is_ok(s))
		s = decide(R, g.entries, g.n_entries, &is);
	(void)snprintf(where, sizeof(where), "Patient/%.*s", SV_FMT(g.key));
	note_status(R, where, -1, &is, s);
	return SV_OK;
}

static void
decide_gathered(struct run *R)
{
	struct ad_gather_count c = ad_gather_counted(R->G);

	ad_progress_phase(R->P, "sorting", 0, false);
	ad_progress_show(R->P, 0);
	if (!sv_is_ok(ad_gather_sort(R->G))) {
		give_up(R, "gathering by patient", ad_gather_error(R->G));
		return;
	}
	ad_progress_phase(R->P, "deciding", c.kept, false);
	while (!R->stop && !ad_stop_asked()
	    && sv_is_ok(decide_next(R))) {
		c = ad_gather_counted(R->G);
		ad_progress_show(R->P, c.returned);
	}
	end_refusals(R, "gathered patients");
}

/* Silence about an input without any patient would look like "all is well". */
static void
refuse_nobody(struct run *R)
{
	struct fhir_issues is;

	if (R->worst != AD_EXIT_OK || R->stop || R->P->patients > 0)
		return;
	sv_arena_reset(&R->A);
	fhir_issues_init(&is, &R->A);
	fhir_issue_addf(&is, FHIR_FATAL, FHIR_CODE_NOT_FOUND,
	    (struct sv_str){ NULL, 0 }, "The input speaks of no patient: no "
	    "Patient, and no resource with a subject that could carry a fact. "
	    "Nothing was decided.");
	refuse(R, "input", 0, &is);
}

enum ad_exit
ad_patients_decide(const struct ad_options *o, const struct ad_engine *E,
    const struct ad_patients_use *use, struct ad_progress *P)
{
	struct run R = { .o = o, .E = E, .use = use, .P = P,
		.worst = AD_EXIT_OK };
	struct ad_files F;

	ad_progress_start(P, use->quiet);
	R.worst = ad_files_find(o, &F);
	R.stop = R.worst != AD_EXIT_OK;
	R.A = ad_arena(SV_LIMIT_ARENA);
	ad_progress_phase(P, "reading", F.bytes, true);
	for (size_t i = 0; i < F.n && !R.stop && !ad_stop_asked(); i++)
		read_file(&R, F.path[i]);
	if (R.G != NULL && !R.stop && !ad_stop_asked())
		decide_gathered(&R);
	if (ad_stop_asked()) {
		ad_progress_clear(P);
		fprintf(stderr, "salvor: stopped by a signal after %lld "
		    "patients; nothing is left in the temporary folder\n",
		    (long long)P->patients);
		note_exit(&R, AD_EXIT_TEMPORARY);
	} else {
		refuse_nobody(&R);
	}
	ad_gather_close(R.G);
	sv_arena_free(&R.A);
	ad_files_free(&F);
	return R.worst;
}
