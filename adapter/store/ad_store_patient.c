/*
 * Patients and the resources that are remembered of them.
 */
#include "ad_sql.h"

#include "sv_limits.h"

struct sv_status
ad_store_find_patient(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_FIND_NAME, "ss", source, name),
	    ret);
}

struct sv_status
ad_store_find_identifier(struct ad_store *S, struct sv_str system,
    struct sv_str value, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_FIND_IDENTIFIER, "ss", system,
	    value), ret);
}

struct sv_status
ad_store_new_patient(struct ad_store *S, int64_t *ret)
{
	SV_TRY(ad_sql_run(S, AD_SQL_NEW_PATIENT, ""));
	*ret = sqlite3_last_insert_rowid(S->db);
	return SV_OK;
}

struct sv_status
ad_store_name_patient(struct ad_store *S, int64_t patient,
    struct sv_str source, struct sv_str name)
{
	return ad_sql_run(S, AD_SQL_PUT_NAME, "ssi", source, name, patient);
}

struct sv_status
ad_store_identify_patient(struct ad_store *S, int64_t patient,
    struct sv_str system, struct sv_str value)
{
	return ad_sql_run(S, AD_SQL_PUT_IDENTIFIER, "ssi", system, value,
	    patient);
}

struct sv_status
ad_store_merge_patients(struct ad_store *S, int64_t from, int64_t to)
{
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_NAMES, "ii", to, from));
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_IDENTIFIERS, "ii", to, from));
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_RESOURCES, "ii", to, from));
	/* What is said of one person from now on goes behind what was said of
	 * both. */
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_ROWS, "ii", to, from));
	return ad_sql_run(S, AD_SQL_MERGE_PATIENT, "ii", to, from);
}

struct sv_status
ad_store_find_resource(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str name, struct ad_kept *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_FIND_RESOURCE, "ss", source, name);

	SV_TRY(ad_sql_step(S, s));
	*ret = (struct ad_kept){ .source = source, .name = name,
		.patient = sqlite3_column_int64(s, 0),
		.full_url = ad_sql_text(A, s, 1),
		.version = { ad_sql_text(A, s, 2), ad_sql_text(A, s, 3) },
		.refers = ad_sql_text(A, s, 4),
		.deleted = sqlite3_column_int(s, 5) != 0 };
	(void)sqlite3_reset(s);
	return ret->full_url.p != NULL && ret->version.id.p != NULL
	    && ret->version.updated.p != NULL && ret->refers.p != NULL
	    ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_store_put_resource(struct ad_store *S, const struct ad_kept *r)
{
	return ad_sql_run(S, AD_SQL_PUT_RESOURCE, "ssissssibi", r->source,
	    r->name, r->patient, r->full_url, r->version.id,
	    r->version.updated, r->refers, (int64_t)r->deleted, r->text,
	    r->message);
}

/* What is being loaded of one patient. */
struct loading {
	struct ad_store *S;
	struct sv_arena *A;
	struct fhir_entry *e;
	size_t n, cap, bytes;
	struct {
		struct sv_str source, name;
	} *shared;			/* that are referred to */
	size_t n_shared, cap_shared;
};

/* The type at the front of a stored resource: every one begins with its
 * resourceType or is found by its name. */
static struct sv_status
append(struct loading *L, sqlite3_stmt *s)
{
	struct sv_str text = ad_sql_text(L->A, s, 2);
	struct fhir_issues is;
	struct fhir_doc doc;

	SV_ENSURE(text.p != NULL, SV_NOMEM);
	L->bytes += text.n;
	SV_ENSURE(L->bytes <= SV_LIMIT_PATIENT, SV_LIMIT);
	fhir_issues_init(&is, L->A);
	SV_TRY(fhir_doc_read(L->A, text, &doc, &is));
	if (L->n == L->cap) {
		size_t cap = L->cap == 0 ? 64 : L->cap * 2;

		L->e = sv_arena_grow(L->A, L->e, L->cap * sizeof(*L->e),
		    cap * sizeof(*L->e));
		SV_ENSURE(L->e != NULL, SV_NOMEM);
		L->cap = cap;
	}
	L->e[L->n] = doc.entries[0];
	L->e[L->n].full_url = ad_sql_text(L->A, s, 1);
	SV_ENSURE(L->e[L->n].full_url.p != NULL, SV_NOMEM);
	L->n++;
	return SV_OK;
}

/* Remember that the row refers to a shared resource. */
static struct sv_status
note_shared(struct loading *L, sqlite3_stmt *s)
{
	struct sv_str source = ad_sql_text(L->A, s, 3);
	struct sv_str name = ad_sql_text(L->A, s, 4);

	SV_ENSURE(source.p != NULL && name.p != NULL, SV_NOMEM);
	for (size_t i = 0; i < L->n_shared; i++) {
		if (sv_str_eq(L->shared[i].source, source)
		    && sv_str_eq(L->shared[i].name, name))
			return SV_OK;
	}
	if (L->n_shared == L->cap_shared) {
		size_t cap = L->cap_shared == 0 ? 16 : L->cap_shared * 2;

		L->shared = sv_arena_grow(L->A, L->shared, L->cap_shared
		    * sizeof(*L->shared), cap * sizeof(*L->shared));
		SV_ENSURE(L->shared != NULL, SV_NOMEM);
		L->cap_shared = cap;
	}
	L->shared[L->n_shared].source = source;
	L->shared[L->n_shared++].name = name;
	return SV_OK;
}

static struct sv_status
load_own(struct loading *L, int64_t patient)
{
	sqlite3_stmt *s = ad_sql(L->S, AD_SQL_LOAD_PATIENT, "i", patient);
	struct sv_str last = { "", 0 }, name;
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(L->S, s))) {
		name = ad_sql_text(L->A, s, 0);
		SV_ENSURE(name.p != NULL, SV_NOMEM);
		SV_ENSURE(!sv_str_eq(last, name)
		    || sv_str_starts(name, SV_LIT("Patient/")), SV_BAD);
		last = name;
		SV_TRY(append(L, s));
		if (sqlite3_column_bytes(s, 4) > 0)
			SV_TRY(note_shared(L, s));
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_load_patient(struct ad_store *S, struct sv_arena *A, int64_t patient,
    struct fhir_entry **ret, size_t *ret_n)
{
	struct loading L = { .S = S, .A = A };

	SV_TRY(load_own(&L, patient));
	for (size_t i = 0; i < L.n_shared; i++) {
		sqlite3_stmt *s = ad_sql(S, AD_SQL_LOAD_SHARED, "ss",
		    L.shared[i].source, L.shared[i].name);
		struct sv_status st = ad_sql_step(S, s);

		if (st.code == SV_CODE_SKIP)
			continue;
		SV_TRY(st);
		SV_TRY(append(&L, s));
		(void)sqlite3_reset(s);
	}
	*ret = L.e;
	*ret_n = L.n;
	return SV_OK;
}

struct sv_status
ad_patient_ids_add(struct sv_arena *A, struct ad_patient_ids *p,
    int64_t patient)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->at[i] == patient)
			return SV_OK;
	}
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 8 : p->cap * 2;
		int64_t *at = sv_arena_grow(A, p->at, p->cap * sizeof(*at),
		    cap * sizeof(*at));

		SV_ENSURE(at != NULL, SV_NOMEM);
		p->at = at;
		p->cap = cap;
	}
	p->at[p->n++] = patient;
	return SV_OK;
}

struct sv_status
ad_store_users_of(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str name, struct ad_patient_ids *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_USERS_OF, "ss", name, source);
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s)))
		SV_TRY(ad_patient_ids_add(A, ret, sqlite3_column_int64(s, 0)));
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_stale(struct ad_store *S, struct sv_arena *A,
    const struct ad_stale *q, struct ad_patient_ids *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_STALE, "isi", q->after, q->sha256,
	    (int64_t)q->max);
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s)))
		SV_TRY(ad_patient_ids_add(A, ret, sqlite3_column_int64(s, 0)));
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_count_stale(struct ad_store *S, struct sv_str sha256, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_COUNT_STALE, "s", sha256),
	    ret);
}
