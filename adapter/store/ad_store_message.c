/*
 * Messages, and what is counted.
 */
#include "ad_sql.h"

struct sv_str
ad_fate_name(enum ad_fate f)
{
	static const struct sv_str name[AD_FATE_MAX] = {
		SV_STATIC("applied"), SV_STATIC("refused"), SV_STATIC("held") };

	return name[f];
}

struct sv_status
ad_store_next_message(struct ad_store *S, int64_t *ret)
{
	return ad_sql_number(S, ad_sql(S, AD_SQL_NEXT_MESSAGE, ""), ret);
}

struct sv_status
ad_store_put_message(struct ad_store *S, const struct ad_message *m)
{
	return ad_sql_run(S, AD_SQL_PUT_MESSAGE, "iisSssssbiiibs", m->id,
	    m->received_ms, m->source, m->key, m->method, m->target, m->media,
	    m->correlation, m->body, (int64_t)m->body_size, (int64_t)m->fate,
	    (int64_t)m->status, m->answer, m->reason);
}

struct sv_status
ad_store_settle_message(struct ad_store *S, const struct ad_message *m)
{
	return ad_sql_run(S, AD_SQL_SETTLE_MESSAGE, "iibsSi",
	    (int64_t)m->fate, (int64_t)m->status, m->answer, m->reason, m->key,
	    m->id);
}

/* The columns of AD_SQL_MESSAGE, in place. */
static void
read_message(sqlite3_stmt *s, struct ad_message *m)
{
	*m = (struct ad_message){ .id = sqlite3_column_int64(s, 0),
		.received_ms = sqlite3_column_int64(s, 1),
		.source = ad_sql_peek(s, 2), .key = ad_sql_peek(s, 3),
		.method = ad_sql_peek(s, 4), .target = ad_sql_peek(s, 5),
		.media = ad_sql_peek(s, 6), .correlation = ad_sql_peek(s, 7),
		.body_size = (size_t)sqlite3_column_int64(s, 8),
		.fate = (enum ad_fate)sqlite3_column_int(s, 9),
		.status = sqlite3_column_int(s, 10),
		.reason = ad_sql_peek(s, 11) };
}

/* Copy ${v} into ${A}; latches ${ok}. */
static void
own(struct sv_arena *A, struct sv_str *v, bool *ok)
{
	*v = sv_arena_str(A, *v);
	*ok = *ok && v->p != NULL;
}

static struct sv_status
one_message(struct ad_store *S, struct sv_arena *A, sqlite3_stmt *s,
    struct ad_message *ret)
{
	bool ok = true;

	SV_TRY(ad_sql_step(S, s));
	read_message(s, ret);
	ret->body = ad_sql_peek(s, 12);
	ret->answer = ad_sql_peek(s, 13);
	own(A, &ret->source, &ok);
	own(A, &ret->key, &ok);
	own(A, &ret->method, &ok);
	own(A, &ret->target, &ok);
	own(A, &ret->media, &ok);
	own(A, &ret->correlation, &ok);
	own(A, &ret->reason, &ok);
	own(A, &ret->body, &ok);
	own(A, &ret->answer, &ok);
	(void)sqlite3_reset(s);
	return ok ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_store_find_message(struct ad_store *S, struct sv_arena *A,
    struct sv_str source, struct sv_str key, struct ad_message *ret)
{
	return one_message(S, A, ad_sql(S, AD_SQL_FIND_MESSAGE, "ss", source,
	    key), ret);
}

struct sv_status
ad_store_get_message(struct ad_store *S, struct sv_arena *A, int64_t id,
    struct ad_message *ret)
{
	return one_message(S, A, ad_sql(S, AD_SQL_GET_MESSAGE, "i", id), ret);
}

struct sv_status
ad_store_list_messages(struct ad_store *S, enum ad_fate fate,
    const struct ad_message_visitor *v)
{
	sqlite3_stmt *s = fate == AD_FATE_MAX
	    ? ad_sql(S, AD_SQL_LIST_MESSAGES, "i", v->limit)
	    : ad_sql(S, AD_SQL_LIST_FATE, "ii", (int64_t)fate, v->limit);
	struct ad_message m;
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		read_message(s, &m);
		if (!v->each(v->ctx, &m)) {
			(void)sqlite3_reset(s);
			return SV_OK;
		}
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_count(struct ad_store *S, struct ad_store_counts *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_COUNT_MESSAGES, "");
	struct sv_status st;
	int i;

	*ret = (struct ad_store_counts){ .patients = 0 };
	while (sv_is_ok(st = ad_sql_step(S, s))) {
		i = sqlite3_column_int(s, 0);
		if (i >= 0 && i < AD_FATE_MAX)
			ret->messages[i] = sqlite3_column_int64(s, 1);
	}
	SV_ENSURE(st.code == SV_CODE_SKIP, SV_RETRY);
	s = ad_sql(S, AD_SQL_COUNT_ROWS, "");
	while (sv_is_ok(st = ad_sql_step(S, s))) {
		i = sqlite3_column_int(s, 0);
		if (i >= 0 && i < AD_ROW_STATE_MAX)
			ret->rows[i] = sqlite3_column_int64(s, 1);
		if (i == AD_ROW_WAITING)
			ret->oldest_waiting_ms = sqlite3_column_int64(s, 2);
	}
	SV_ENSURE(st.code == SV_CODE_SKIP, SV_RETRY);
	s = ad_sql(S, AD_SQL_COUNT_REST, "");
	SV_TRY(ad_sql_step(S, s));
	ret->patients = sqlite3_column_int64(s, 0);
	ret->resources = sqlite3_column_int64(s, 1);
	ret->guidance = sqlite3_column_int64(s, 2);
	ret->bytes = sqlite3_column_int64(s, 3);
	(void)sqlite3_reset(s);
	return SV_OK;
}

struct sv_status
ad_store_expire(struct ad_store *S, int64_t before_ms, int64_t *ret_n)
{
	SV_TRY(ad_sql_run(S, AD_SQL_EXPIRE_MESSAGES, "i", before_ms));
	*ret_n = sqlite3_changes64(S->db);
	SV_TRY(ad_sql_run(S, AD_SQL_EXPIRE_CARDS, "i", before_ms));
	SV_TRY(ad_sql_run(S, AD_SQL_EXPIRE_ROWS, "i", before_ms));
	*ret_n += sqlite3_changes64(S->db);
	return SV_OK;
}
