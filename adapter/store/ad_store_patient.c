/*
 * Patients and the resources that are remembered of them.
 */
#include "ad_sheaf.h"
#include "ad_store_key.h"

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
ad_store_home(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_FIND_HOME, "s", source);

	SV_TRY(ad_sql_step(S, s));
	*ret = ad_sql_text(A, s, 0);
	(void)sqlite3_reset(s);
	return ret->p != NULL ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_store_set_home(struct ad_store *S, struct sv_str source, struct sv_str base)
{
	return ad_sql_run(S, AD_SQL_PUT_HOME, "ss", source, base);
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
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_SHEAVES, "ii", to, from));
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_GUIDANCE, "ii", to, from));
	/* What is said of one person from now on, and what is taken back, goes
	 * behind what was said of both. */
	SV_TRY(ad_sql_run(S, AD_SQL_MERGE_ROWS, "ii", to, from));
	return ad_sql_run(S, AD_SQL_MERGE_PATIENT, "ii", to, from);
}

static struct sv_status
find_row(struct ad_store *S, struct sv_arena *A, struct sv_str source,
    struct sv_str name, struct ad_kept *ret)
{
	sqlite3_stmt *s = ad_sql_named(S, AD_SQL_FIND_RESOURCE, source, name);

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
ad_store_find_resource(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str name, struct ad_kept *ret)
{
	struct sv_status s = find_row(S, A, source, name, ret);

	if (s.code != SV_CODE_SKIP)
		return s;
	SV_TRY(ad_sheaf_untie(S, A, source, name));
	return find_row(S, A, source, name, ret);
}

static struct sv_status
put(struct ad_store *S, enum ad_sql q, const struct ad_kept *r)
{
	return ad_sql_run(S, q, "issIsssSibi", (int64_t)ad_store_name_key(
	    r->source, r->name), r->source, r->name, r->patient, r->full_url,
	    r->version.id, r->version.updated, r->refers, (int64_t)r->deleted,
	    r->text, r->message);
}

/* SKIP: nothing is known of it, or nothing that can be read. */
static struct sv_status
is_known(struct ad_store *S, struct sv_arena *A, const struct ad_kept *r)
{
	struct sv_str line;
	int64_t id;
	struct sv_status s = ad_sql_number(S, ad_sql_named(S,
	    AD_SQL_HAS_RESOURCE, r->source, r->name), &id);

	if (s.code != SV_CODE_SKIP)
		return s;
	s = ad_sheaf_find(S, A, r->source, r->name, &line);
	return s.code == SV_CODE_BAD ? ad_sheaf_untie(S, A, r->source, r->name)
	    : s;
}

struct sv_status
ad_store_add_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_kept *r)
{
	struct sv_status s = r->fresh ? SV_SKIP : is_known(S, A, r);

	if (s.code == SV_CODE_SKIP)
		return put(S, AD_SQL_ADD_RESOURCE, r);
	SV_TRY(s);
	return SV_SKIP;
}

struct sv_status
ad_store_put_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_kept *r)
{
	struct sv_status s;

	SV_TRY(put(S, AD_SQL_REPLACE_RESOURCE, r));
	if (sqlite3_changes64(S->db) > 0)
		return SV_OK;
	s = ad_sheaf_untie(S, A, r->source, r->name);
	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	return put(S, sv_is_ok(s) ? AD_SQL_REPLACE_RESOURCE
	    : AD_SQL_ADD_RESOURCE, r);
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
