/*
 * Gathered resources on their way out, one patient at a time.
 */
#include "ad_gather_store.h"

#include <stdlib.h>

#include "sv_limits.h"

/* A column of the row, valid until the next step. */
static struct sv_str
column(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);

	return (struct sv_str){ p, (size_t)sqlite3_column_bytes(s, i) };
}

/* The resource ${name} with ${text} as an entry, copied into ${A}. */
static struct sv_status
make_entry(struct sv_arena *A, struct sv_str name, struct sv_str text,
    struct fhir_entry *ret, struct fhir_issues *is)
{
	struct fhir_doc doc;

	text = sv_arena_str(A, text);
	SV_ENSURE(text.p != NULL, SV_NOMEM);
	if (text.n > 0 && text.p[0] != '{') {
		SV_TRY(fhir_doc_read(A, text, &doc, is));
		*ret = doc.entries[0];
		return SV_OK;
	}
	name = sv_arena_str(A, (struct sv_str){ name.p, sv_str_chr(name,
	    '/') });
	SV_ENSURE(name.p != NULL, SV_NOMEM);
	*ret = (struct fhir_entry){ .index = -1, .resource_type = name,
		.path = name.p, .json = text };
	return SV_OK;
}

/* One patient on the way out. */
struct taking {
	struct sv_arena *A;
	struct fhir_issues *is;
	struct ad_gathered *ret;
	size_t cap, bytes;
	struct sv_str last;		/* name of the newest entry */
	struct sv_str base;		/* the server that names the patient */
	bool two_servers;
};

static struct sv_status
append(struct taking *T, const struct fhir_entry *e)
{
	size_t cap = T->cap == 0 ? 64 : T->cap * 2;
	struct fhir_entry *bigger = T->ret->entries;

	if (T->ret->n_entries == T->cap) {
		bigger = sv_arena_grow(T->A, bigger, T->cap * sizeof(*bigger),
		    cap * sizeof(*bigger));
		SV_ENSURE(bigger != NULL, SV_NOMEM);
		T->ret->entries = bigger;
		T->cap = cap;
	}
	bigger[T->ret->n_entries++] = *e;
	return SV_OK;
}

/* Versions of a Patient or of a shared resource follow each other; versions
 * of clinical resources are told apart by core/. */
static struct sv_status
append_newest(struct taking *T, struct sv_str name, struct fhir_entry *e)
{
	struct fhir_entry *before, *newest;

	if (T->last.n == 0 || !sv_str_eq(T->last, name)) {
		T->last = sv_arena_str(T->A, name);
		SV_ENSURE(T->last.p != NULL, SV_NOMEM);
		return append(T, e);
	}
	before = &T->ret->entries[T->ret->n_entries - 1];
	SV_TRY(map_newer(T->A, before, e, &newest));
	*before = *newest;
	return SV_OK;
}

/* The row at which the statement is. */
static struct sv_status
take_row(struct ad_gather *G, struct taking *T)
{
	struct sv_str name = column(G->rows, 1), base = column(G->rows, 2);
	struct sv_str text = column(G->rows, 3);
	struct fhir_entry e;

	G->count.returned++;
	T->bytes += text.n;
	if (base.n > 0 && T->base.n > 0 && !sv_str_eq(base, T->base))
		T->two_servers = true;
	if (T->bytes > SV_LIMIT_PATIENT)
		return SV_OK;
	if (base.n > 0 && T->base.n == 0) {
		T->base = sv_arena_str(T->A, base);
		SV_ENSURE(T->base.p != NULL, SV_NOMEM);
	}
	SV_TRY(make_entry(T->A, name, text, &e, T->is));
	return sv_str_starts(name, SV_LIT("Patient/"))
	    ? append_newest(T, name, &e) : append(T, &e);
}

/* The resource ${name} that belongs to no patient, if it was put down. */
static struct sv_status
take_shared(struct ad_gather *G, struct taking *T, struct sv_str name)
{
	sqlite3_stmt *s = G->find_shared;
	struct fhir_entry e;
	int r;

	SV_ENSURE(ad_gather_bind(s, 1, name), ad_gather_failed(G));
	while ((r = sqlite3_step(s)) == SQLITE_ROW) {
		SV_TRY(make_entry(T->A, name, column(s, 1), &e, T->is));
		SV_TRY(append_newest(T, name, &e));
	}
	SV_ENSURE(r == SQLITE_DONE, ad_gather_failed(G));
	(void)sqlite3_reset(s);
	return SV_OK;
}

/* What the resources of the patient refer to, each once. */
static struct sv_status
take_all_shared(struct ad_gather *G, struct taking *T)
{
	size_t n = 0, own = T->ret->n_entries;
	struct sv_str *names = sv_arena_alloc(T->A, (own + 1)
	    * sizeof(*names));

	SV_ENSURE(names != NULL, SV_NOMEM);
	for (size_t i = 0; i < own; i++) {
		SV_TRY(map_shared_reference(T->A, &T->ret->entries[i],
		    &names[n]));
		n += names[n].n > 0 ? 1 : 0;
	}
	qsort(names, n, sizeof(*names), sv_str_order);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !sv_str_eq(names[i], names[i - 1]))
			SV_TRY(take_shared(G, T, names[i]));
	}
	return SV_OK;
}

/* What was taken is refused, or is good. */
static struct sv_status
judge(const struct taking *T)
{
	if (T->two_servers) {
		fhir_issue_addf(T->is, FHIR_FATAL, FHIR_CODE_BUSINESS_RULE,
		    (struct sv_str){ NULL, 0 }, "The resources name this "
		    "patient on two servers; nothing was decided. Send the "
		    "resources of one server.");
		return SV_BAD;
	}
	if (T->bytes > SV_LIMIT_PATIENT) {
		fhir_issue_addf(T->is, FHIR_FATAL, FHIR_CODE_TOO_COSTLY,
		    (struct sv_str){ NULL, 0 }, "The resources of this patient "
		    "are larger than %zu MiB together.",
		    SV_LIMIT_PATIENT >> 20);
		return SV_LIMIT;
	}
	return SV_OK;
}

struct sv_status
ad_gather_next(struct ad_gather *G, struct sv_arena *A,
    struct ad_gathered *ret, struct fhir_issues *is)
{
	struct taking T = { .A = A, .is = is, .ret = ret };
	struct sv_status s = SV_OK;

	*ret = (struct ad_gathered){ .n_entries = 0 };
	SV_ENSURE(!G->at_end, SV_SKIP);
	ret->key = sv_arena_str(A, column(G->rows, 0));
	SV_ENSURE(ret->key.p != NULL, SV_NOMEM);
	/* After a failure the rest of the patient is passed over, so that it
	 * is never taken for another patient. */
	do {
		if (sv_is_ok(s))
			s = take_row(G, &T);
		SV_TRY(ad_gather_advance(G));
	} while (!G->at_end && sv_str_eq(column(G->rows, 0), ret->key));
	SV_TRY(s);
	SV_TRY(judge(&T));
	return take_all_shared(G, &T);
}
