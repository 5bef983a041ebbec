#include "ad_store_sync.h"

#include "ad_sheaf.h"
#include "ad_store_pack.h"

struct sv_status
ad_store_note_decided(struct ad_store *S, const struct ad_noted *d)
{
	const struct map_standing *s = &d->standing;

	return ad_sql_run(S, AD_SQL_NOTE_DECIDED, "siIiiii", d->sha256,
	    (int64_t)d->due, (int64_t)s->flags, (int64_t)s->failed_from,
	    (int64_t)s->failed_to, (int64_t)s->until, d->patient);
}

struct sv_status
ad_store_note_if_due(struct ad_store *S, const struct ad_noted *d,
    int32_t before)
{
	const struct map_standing *s = &d->standing;

	SV_TRY(ad_sql_run(S, AD_SQL_NOTE_IF_DUE, "siIiiiii", d->sha256,
	    (int64_t)d->due, (int64_t)s->flags, (int64_t)s->failed_from,
	    (int64_t)s->failed_to, (int64_t)s->until, d->patient,
	    (int64_t)before));
	return sqlite3_changes(S->db) > 0 ? SV_OK : SV_SKIP;
}

struct sv_status
ad_store_make_due(struct ad_store *S, int64_t patient)
{
	return ad_sql_run(S, AD_SQL_MAKE_DUE, "i", patient);
}

struct sv_status
ad_store_make_stale_due(struct ad_store *S, struct sv_str sha256, int64_t max,
    int64_t *ret_n)
{
	SV_TRY(ad_sql_run(S, AD_SQL_MAKE_STALE_DUE, "si", sha256, max));
	*ret_n = sqlite3_changes64(S->db);
	return SV_OK;
}

struct sv_status
ad_store_when_due(struct ad_store *S, int64_t patient, struct sv_str sha256,
    struct ad_when *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_WHEN_DUE, "si", sha256, patient);

	SV_TRY(ad_sql_step(S, s));
	*ret = (struct ad_when){ .due = sqlite3_column_int(s, 0),
		.stale = sqlite3_column_int(s, 1) != 0,
		.never = sqlite3_column_int(s, 2) != 0 };
	(void)sqlite3_reset(s);
	return SV_OK;
}

struct sv_status
ad_store_list_due(struct ad_store *S, struct sv_arena *A,
    struct ad_due_query *q, struct ad_patient_ids *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_LIST_DUE, "iiii", q->due,
	    q->patient, (int64_t)q->today, (int64_t)q->max);
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		q->due = sqlite3_column_int64(s, 0);
		q->patient = sqlite3_column_int64(s, 1);
		SV_TRY(ad_patient_ids_add(A, ret, q->patient));
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_count_due(struct ad_store *S, int32_t today, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_COUNT_DUE, "i",
	    (int64_t)today), ret);
}

struct sv_status
ad_store_list_standing(struct ad_store *S, struct sv_str source,
    const struct ad_standing_visitor *v)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_LIST_STANDING, "s", source);
	struct map_standing x;
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		x = (struct map_standing){
			.flags = (unsigned)sqlite3_column_int(s, 1),
			.failed_from = sqlite3_column_int(s, 2),
			.failed_to = sqlite3_column_int(s, 3),
			.until = sqlite3_column_int(s, 4) };
		v->each(v->ctx, ad_sql_peek(s, 0), &x);
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

/* The text of ${r}->name, in ${A}.  BAD: it cannot be read, or is longer than
 * ${r}->text. */
static struct sv_status
text_of(struct ad_store *S, struct sv_arena *A, const struct ad_said *r,
    struct sv_str *ret)
{
	sqlite3_stmt *s = ad_sql_named(S, AD_SQL_SAME_RESOURCE, r->source,
	    r->name);
	struct sv_status st = ad_sql_step(S, s);

	if (st.code == SV_CODE_SKIP)
		return ad_sheaf_find(S, A, r->source, r->name, ret);
	SV_TRY(st);
	st = ad_store_unpack_resource(A, ad_sql_peek(s, 0), r->text.n, ret);
	(void)sqlite3_reset(s);
	return st;
}

struct sv_status
ad_store_same_resource(struct ad_store *S, struct sv_arena *A,
    const struct ad_said *r, bool *ret)
{
	struct sv_str text;
	struct sv_status s = text_of(S, A, r, &text);

	*ret = sv_is_ok(s) && sv_str_eq(text, r->text);
	/* What is not what it was when it was packed cannot be the same. */
	return s.code == SV_CODE_SKIP || s.code == SV_CODE_BAD ? SV_OK : s;
}

/* sqlite.org/pragma.html#pragma_synchronous: NORMAL syncs the log when it is
 * copied into the database, FULL at each commit.  The log keeps its length
 * until the end, or its blocks would be given back and found again each time it
 * begins anew. */
struct sv_status
ad_store_hurry(struct ad_store *S, bool hurry)
{
	const char *sql = hurry ? "PRAGMA synchronous = NORMAL;"
	    "PRAGMA journal_size_limit = -1;"
	    "PRAGMA wal_autocheckpoint = 32000;" : AD_SQL_DURABLE;

	ad_checkpointer_stop(S->checkpointer);
	S->checkpointer = hurry ? ad_checkpointer_start(sqlite3_db_filename(
	    S->db, "main")) : NULL;
	return sqlite3_exec(S->db, sql, NULL, NULL, NULL) == SQLITE_OK ? SV_OK
	    : ad_sql_failed(S);
}

/* sqlite.org/pragma.html#pragma_data_version */
struct sv_status
ad_store_changed_by_others(struct ad_store *S, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_CHANGED_BY_OTHERS, ""), ret);
}

struct sv_status
ad_store_last_resource(struct ad_store *S, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_LAST_RESOURCE, ""), ret);
}

struct sv_status
ad_store_list_keys(struct ad_store *S, void (*each)(void *ctx, uint64_t key),
    void *ctx)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_LIST_KEYS, "");
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s)))
		each(ctx, (uint64_t)sqlite3_column_int64(s, 0));
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_patient_named(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t *ret, bool *ret_new)
{
	struct sv_status s = ad_store_find_patient(S, source, name, ret);

	*ret_new = s.code == SV_CODE_SKIP;
	if (!*ret_new)
		return s;
	SV_TRY(ad_sql_run(S, AD_SQL_NEW_DUE, ""));
	*ret = sqlite3_last_insert_rowid(S->db);
	return ad_store_name_patient(S, *ret, source, name);
}

struct sv_status
ad_store_see_patient(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t run)
{
	return ad_sql_run(S, AD_SQL_SEE_PATIENT, "iss", run, source, name);
}

struct sv_status
ad_store_last_seen(struct ad_store *S, struct sv_str source, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_LAST_SEEN, "s", source), ret);
}

struct sv_status
ad_store_was_seen(struct ad_store *S, struct sv_str source,
    struct sv_str name, int64_t run, bool *ret)
{
	int64_t seen = 0;
	struct sv_status s = ad_sql_number(S, ad_sql(S, AD_SQL_WAS_SEEN, "iss",
	    run, source, name), &seen);

	*ret = seen != 0;
	return s.code == SV_CODE_SKIP ? SV_OK : s;
}

/* A patient that is to be forgotten. */
struct left {
	struct sv_str name;
	int64_t patient;
};

/* Its identifiers lead nowhere once no source names it. */
static struct sv_status
purge(struct ad_store *S, struct sv_arena *A, const struct ad_purge *p,
    const struct left *l)
{
	struct sv_str source = p->source, name = l->name;
	int64_t patient = l->patient;

	SV_TRY(ad_sheaf_purge(S, A, source, patient));
	SV_TRY(ad_sql_run(S, AD_SQL_PURGE_RESOURCES, "si", source, patient));
	SV_TRY(ad_sql_run(S, AD_SQL_PURGE_NAME, "ss", source, name));
	SV_TRY(ad_sql_run(S, AD_SQL_PURGE_IDENTIFIERS, "i", patient));
	return ad_store_make_due(S, patient);
}

struct sv_status
ad_store_purge_left(struct ad_store *S, struct sv_arena *A,
    const struct ad_purge *p, int64_t *ret_n)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_LIST_LEFT, "sii", p->source, p->run,
	    p->max);
	struct left *left = sv_arena_zalloc(A, (size_t)p->max + 1, sizeof(*left));
	struct sv_status st;
	int64_t n = 0;

	SV_ENSURE(left != NULL, SV_NOMEM);
	while (sv_is_ok(st = ad_sql_step(S, s)) && n < p->max) {
		left[n].name = ad_sql_text(A, s, 0);
		left[n].patient = sqlite3_column_int64(s, 1);
		SV_ENSURE(left[n++].name.p != NULL, SV_NOMEM);
	}
	SV_ENSURE(sv_is_ok(st) || st.code == SV_CODE_SKIP, st);
	for (int64_t i = 0; i < n; i++)
		SV_TRY(purge(S, A, p, &left[i]));
	*ret_n = n;
	return SV_OK;
}

struct sv_status
ad_store_get_registry(struct ad_store *S, struct sv_arena *A,
    struct sv_str name, struct ad_registry *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_GET_REGISTRY, "s", name);

	SV_TRY(ad_sql_step(S, s));
	*ret = (struct ad_registry){ .name = name,
		.watermark = ad_sql_text(A, s, 0),
		.base = ad_sql_text(A, s, 1),
		.run = sqlite3_column_int64(s, 2),
		.started_ms = sqlite3_column_int64(s, 3),
		.ended_ms = sqlite3_column_int64(s, 4),
		.counts = ad_sql_text(A, s, 5),
		.asked = ad_sql_text(A, s, 6) };
	(void)sqlite3_reset(s);
	return ret->watermark.p != NULL && ret->base.p != NULL
	    && ret->counts.p != NULL && ret->asked.p != NULL ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_store_put_registry(struct ad_store *S, const struct ad_registry *r)
{
	return ad_sql_run(S, AD_SQL_PUT_REGISTRY, "sssiiiss", r->name,
	    r->watermark, r->base, r->run, r->started_ms, r->ended_ms,
	    r->counts, r->asked);
}

struct sv_status
ad_store_put_file(struct ad_store *S, const struct ad_taken *f)
{
	return ad_sql_run(S, AD_SQL_PUT_FILE, "sisiissiiiis", f->registry,
	    f->run, f->name, f->size, f->modified, f->digest, f->rules,
	    (int64_t)f->done, f->offset, f->line, f->patients, f->counts);
}

static struct sv_status
read_file(struct ad_store *S, struct sv_arena *A, sqlite3_stmt *s,
    struct ad_taken *f)
{
	SV_TRY(ad_sql_step(S, s));
	f->digest = ad_sql_text(A, s, 0);
	f->done = sqlite3_column_int(s, 1) != 0;
	f->offset = sqlite3_column_int64(s, 2);
	f->line = sqlite3_column_int64(s, 3);
	f->patients = sqlite3_column_int64(s, 4);
	f->counts = ad_sql_text(A, s, 5);
	(void)sqlite3_reset(s);
	return f->digest.p != NULL && f->counts.p != NULL ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_store_get_file(struct ad_store *S, struct sv_arena *A, struct ad_taken *f)
{
	return read_file(S, A, ad_sql(S, AD_SQL_GET_FILE, "sisiis",
	    f->registry, f->run, f->name, f->size, f->modified, f->rules), f);
}

struct sv_status
ad_store_find_file(struct ad_store *S, struct sv_arena *A, struct ad_taken *f)
{
	return read_file(S, A, ad_sql(S, AD_SQL_FIND_FILE, "siss",
	    f->registry, f->size, f->rules, f->digest), f);
}

struct sv_status
ad_store_any_file(struct ad_store *S, const struct ad_taken *f)
{
	int64_t one;

	return ad_sql_number(S, ad_sql(S, AD_SQL_ANY_FILE, "ss", f->registry,
	    f->rules), &one);
}

struct sv_status
ad_store_count_files(struct ad_store *S, struct sv_str registry, int64_t run,
    int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_COUNT_FILES, "si", registry,
	    run), ret);
}

struct sv_status
ad_store_drop_run(struct ad_store *S, struct sv_str registry, int64_t run)
{
	return ad_sql_run(S, AD_SQL_DROP_RUN, "si", registry, run);
}

struct sv_status
ad_store_drop_files(struct ad_store *S, struct sv_str registry, int64_t run)
{
	return ad_sql_run(S, AD_SQL_DROP_FILES, "si", registry, run);
}
