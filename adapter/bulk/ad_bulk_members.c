/*
 * Who is in a group: its Patients, of which only the ids are wanted.
 */
#include "ad_bulk_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_durable.h"
#include "ad_memory.h"
#include "fhir_json.h"

#define MAX_LINE ((size_t)16 << 20)

struct members {
	struct sv_arena *A;		/* where the ids stay */
	struct sv_arena line;		/* one line */
	struct sv_str *id;
	size_t n, cap;
	struct sv_err *err;
};

static struct sv_status
add(struct members *M, struct sv_str id)
{
	if (M->n == M->cap) {
		size_t cap = M->cap == 0 ? 256 : 2 * M->cap;

		M->id = sv_arena_grow(M->A, M->id, M->cap * sizeof(*M->id),
		    cap * sizeof(*M->id));
		SV_ENSURE(M->id != NULL, SV_NOMEM);
		M->cap = cap;
	}
	M->id[M->n] = sv_arena_str(M->A, id);
	return M->id[M->n++].p != NULL ? SV_OK : SV_NOMEM;
}

static struct sv_status
read_line(struct members *M, struct sv_str text)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_json_scan scan;
	struct fhir_issues is;
	struct sv_status s;

	text = sv_str_trim(text);
	if (text.n == 0)
		return SV_OK;
	sv_arena_reset(&M->line);
	fhir_issues_init(&is, &M->line);
	s = text.n > MAX_LINE ? SV_BAD : fhir_json_scan(&M->line, text, &limits,
	    &scan, &is);
	SV_ENSURE(s.code != SV_CODE_NOMEM, s);
	if (sv_is_ok(s) && sv_str_is(scan.resource_type, "Patient")
	    && scan.id.n > 0)
		return add(M, scan.id);
	sv_err_set(M->err, "", "the list of the group's members has a line "
	    "that is no Patient with an id");
	return SV_BAD;
}

static struct sv_status
read_file(struct members *M, const char *folder, struct sv_str name)
{
	char path[4096], *line = NULL;
	FILE *f = ad_durable_path(path, folder, name.p) ? fopen(path, "re")
	    : NULL;
	struct sv_status s = SV_OK;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL) {
		sv_err_set(M->err, path, "%s", strerror(errno));
		return SV_RETRY;
	}
	while (sv_is_ok(s) && (n = getline(&line, &cap, f)) >= 0)
		s = read_line(M, (struct sv_str){ line, (size_t)n });
	if (sv_is_ok(s) && ferror(f))
		s = SV_RETRY;
	free(line);
	(void)fclose(f);
	return s;
}

static size_t
sort(struct sv_str *id, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(id, n, sizeof(*id), sv_str_order);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || !sv_str_eq(id[kept - 1], id[i]))
			id[kept++] = id[i];
	}
	return kept;
}

static struct sv_status
read_all(struct members *M, const char *folder, const struct ad_bulk_fetched *f)
{
	if (f->n_failed > 0) {
		sv_err_set(M->err, "", "the list of the group's members is not "
		    "whole");
		return SV_RETRY;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (f->file[i].kind == AD_BULK_OUTPUT)
			SV_TRY(read_file(M, folder, f->file[i].name));
	}
	M->n = sort(M->id, M->n);
	return SV_OK;
}

struct sv_status
ad_bulk_members(struct sv_arena *A, const struct ad_bulk_options *o,
    struct ad_bulk_fetched *ret, struct sv_err *err)
{
	static const struct sv_str patient = SV_STATIC("Patient");
	static const struct sv_str id = SV_STATIC("id");
	struct ad_bulk_options mine = *o;
	struct members M = { .A = A, .err = err };
	struct sv_status s;

	mine.what.types = &patient;
	mine.what.n_types = mine.what.n_needed = 1;
	mine.what.elements = &id;
	mine.what.n_elements = 1;
	mine.what.since = mine.what.until = SV_LIT("");
	mine.what.n_filters = mine.what.n_patients = 0;
	SV_TRY(ad_bulk_fetch(A, &mine, ret, err));
	M.line = ad_arena((size_t)256 << 20);
	s = read_all(&M, o->folder, ret);
	sv_arena_free(&M.line);
	ret->member = M.id;
	ret->n_members = sv_is_ok(s) ? M.n : 0;
	return s;
}
