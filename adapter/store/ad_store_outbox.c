/*
 * Guidance that holds, and the outbox.
 */
#include "ad_sql.h"
#include "ad_store_pack.h"

#include "sv_limits.h"

/* A row of AD_SQL_CURRENT, or the front of one of AD_SQL_FIND_GUIDANCE. */
static struct sv_status
read_guidance(struct sv_arena *A, sqlite3_stmt *s, struct ad_guidance *g)
{
	*g = (struct ad_guidance){ .id = sqlite3_column_int64(s, 0),
		.message = sqlite3_column_int64(s, 1),
		.cancer = sqlite3_column_int(s, 2),
		.decision = ad_sql_text(A, s, 3),
		.as_of = ad_sql_text(A, s, 4),
		.recorded = ad_sql_text(A, s, 5), .ended = { "", 0 } };
	SV_ENSURE(g->decision.p != NULL && g->as_of.p != NULL
	    && g->recorded.p != NULL, SV_NOMEM);
	return ad_store_unpack(A, ad_sql_peek(s, 6), SV_LIMIT_OUTPUT,
	    &g->bundle);
}

struct sv_status
ad_store_find_guidance(struct ad_store *S, struct sv_arena *A,
    struct sv_str decision, struct ad_guidance *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_FIND_GUIDANCE, "s", decision);
	struct sv_status st;

	SV_TRY(ad_sql_step(S, s));
	st = read_guidance(A, s, ret);
	ret->patient = sqlite3_column_int64(s, 8);
	if (sqlite3_column_int(s, 9) != 0)
		ret->ended = ad_sql_text(A, s, 10);
	(void)sqlite3_reset(s);
	return ret->ended.p == NULL ? SV_NOMEM : st;
}

struct sv_status
ad_store_current(struct ad_store *S, struct sv_arena *A, int64_t patient,
    struct ad_guidance **ret, size_t *ret_n)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_CURRENT, "i", patient);
	struct ad_guidance *g = NULL;
	struct sv_status st;
	size_t n = 0, cap = 0;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		if (n == cap) {
			g = sv_arena_grow(A, g, cap * sizeof(*g),
			    (cap + 8) * sizeof(*g));
			SV_ENSURE(g != NULL, SV_NOMEM);
			cap += 8;
		}
		SV_TRY(read_guidance(A, s, &g[n]));
		g[n++].patient = patient;
	}
	SV_ENSURE(st.code == SV_CODE_SKIP, SV_RETRY);
	*ret = g;
	*ret_n = n;
	return SV_OK;
}

struct sv_status
ad_store_was_said(struct ad_store *S, int64_t patient, struct sv_str decision,
    bool *ret)
{
	int64_t one;
	struct sv_status st = ad_sql_number(S, ad_sql(S, AD_SQL_WAS_SAID,
	    "is", patient, decision), &one);

	*ret = sv_is_ok(st);
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_put_guidance(struct ad_store *S, struct ad_guidance *g)
{
	SV_TRY(ad_sql_run(S, AD_SQL_PUT_GUIDANCE, "iiisssbi", g->patient,
	    g->message, (int64_t)g->cancer, g->decision, g->as_of, g->recorded,
	    g->bundle, (int64_t)g->bundle.n));
	g->id = sqlite3_last_insert_rowid(S->db);
	return SV_OK;
}

struct sv_status
ad_store_end_guidance(struct ad_store *S, int64_t guidance, bool withdrawn,
    struct sv_str reason)
{
	return ad_sql_run(S, AD_SQL_END_GUIDANCE, "isi",
	    (int64_t)(withdrawn ? 2 : 1), reason, guidance);
}

struct sv_str
ad_row_state_name(enum ad_row_state s)
{
	static const struct sv_str name[AD_ROW_STATE_MAX] = {
		SV_STATIC("waiting"), SV_STATIC("sending"), SV_STATIC("done"),
		SV_STATIC("dead"), SV_STATIC("dropped") };

	return name[s];
}

struct sv_status
ad_store_put_row(struct ad_store *S, struct ad_row *r)
{
	SV_TRY(ad_sql_run(S, AD_SQL_PUT_ROW, "siissBiii", r->destination,
	    r->patient, r->message, r->decision, r->correlation, r->body,
	    (int64_t)r->body.n, r->created_ms, r->due_ms));
	r->id = sqlite3_last_insert_rowid(S->db);
	return SV_OK;
}

/* A row of AD_SQL_CLAIM.  Bytes that are damaged do not hold up the others:
 * the row comes without a body. */
static struct sv_status
read_claimed(struct sv_arena *A, sqlite3_stmt *s, struct ad_row *r)
{
	struct sv_status st;

	*r = (struct ad_row){ .id = sqlite3_column_int64(s, 0),
		.patient = sqlite3_column_int64(s, 1),
		.message = sqlite3_column_int64(s, 2),
		.decision = ad_sql_text(A, s, 3),
		.correlation = ad_sql_text(A, s, 4),
		.attempts = sqlite3_column_int(s, 5) + 1,
		.created_ms = sqlite3_column_int64(s, 6),
		.state = AD_ROW_SENDING };
	SV_ENSURE(r->decision.p != NULL && r->correlation.p != NULL, SV_NOMEM);
	st = ad_store_unpack(A, ad_sql_peek(s, 7), SV_LIMIT_OUTPUT, &r->body);
	return st.code == SV_CODE_NOMEM ? st : SV_OK;
}

static struct sv_status
claim(struct ad_store *S, struct sv_arena *A, struct ad_claim *c)
{
	sqlite3_stmt *s;
	struct sv_status st = SV_SKIP;
	size_t bytes = 0;

	if (c->max == 0)
		return SV_OK;
	s = ad_sql(S, AD_SQL_CLAIM, "sii", c->destination, c->now_ms,
	    (int64_t)c->max);
	while ((c->max_bytes == 0 || bytes < c->max_bytes)
	    && sv_is_ok(st = ad_sql_step(S, s))) {
		st = read_claimed(A, s, &c->rows[c->n]);
		if (!sv_is_ok(st)) {
			(void)sqlite3_reset(s);
			return st;
		}
		bytes += c->rows[c->n].body.n;
		c->rows[c->n++].destination = c->destination;
	}
	SV_ENSURE(sv_is_ok(st) || st.code == SV_CODE_SKIP, SV_RETRY);
	if (s != NULL)
		(void)sqlite3_reset(s);
	for (size_t i = 0; i < c->n; i++)
		SV_TRY(ad_sql_run(S, AD_SQL_MARK_SENDING, "i", c->rows[i].id));
	return SV_OK;
}

static struct sv_status
settle(struct ad_store *S, const struct ad_row *r)
{
	return ad_sql_run(S, AD_SQL_SETTLE_ROW, "iiiisSi", (int64_t)r->state,
	    (int64_t)r->attempts, r->due_ms, (int64_t)r->status, r->reason,
	    r->said, r->id);
}

static struct sv_status
settle_and_claim(struct ad_store *S, struct sv_arena *A, struct ad_claim *c)
{
	for (size_t i = 0; i < c->n_settled; i++)
		SV_TRY(settle(S, &c->settled[i]));
	return claim(S, A, c);
}

struct sv_status
ad_store_claim(struct ad_store *S, struct sv_arena *A, struct ad_claim *c)
{
	struct sv_status st;

	c->n = 0;
	c->rows = sv_arena_alloc(A, ((size_t)c->max + 1) * sizeof(*c->rows));
	SV_ENSURE(c->rows != NULL, SV_NOMEM);
	SV_TRY(ad_store_begin(S));
	st = settle_and_claim(S, A, c);
	if (sv_is_ok(st) && c->n + c->n_settled > 0)
		return ad_store_commit(S);
	ad_store_rollback(S);
	return st;
}

struct sv_status
ad_store_settle_row(struct ad_store *S, const struct ad_row *r)
{
	struct sv_status st;

	SV_TRY(ad_store_begin(S));
	st = settle(S, r);
	return ad_store_end(S, st);
}

struct sv_status
ad_store_recover_rows(struct ad_store *S, int64_t *ret_n)
{
	SV_TRY(ad_sql_run(S, AD_SQL_RECOVER_ROWS, ""));
	*ret_n = sqlite3_changes64(S->db);
	return SV_OK;
}

struct sv_status
ad_store_next_due(struct ad_store *S, struct sv_str destination, int64_t *ret)
{
	struct sv_status st;

	(void)pthread_mutex_lock(&S->lock);
	st = ad_sql_number(S, ad_sql(S, AD_SQL_NEXT_DUE, "s", destination),
	    ret);
	(void)pthread_mutex_unlock(&S->lock);
	if (st.code == SV_CODE_SKIP) {
		*ret = -1;
		return SV_OK;
	}
	return st;
}

/* The columns of AD_SQL_ROW, in place. */
static void
read_row(sqlite3_stmt *s, struct ad_row *r)
{
	*r = (struct ad_row){ .id = sqlite3_column_int64(s, 0),
		.patient = sqlite3_column_int64(s, 1),
		.message = sqlite3_column_int64(s, 2),
		.destination = ad_sql_peek(s, 3),
		.decision = ad_sql_peek(s, 4),
		.correlation = ad_sql_peek(s, 5),
		.state = (enum ad_row_state)sqlite3_column_int(s, 6),
		.attempts = sqlite3_column_int(s, 7),
		.status = sqlite3_column_int(s, 8),
		.created_ms = sqlite3_column_int64(s, 9),
		.due_ms = sqlite3_column_int64(s, 10),
		.reason = ad_sql_peek(s, 11), .said = ad_sql_peek(s, 12) };
}

struct sv_status
ad_store_get_row(struct ad_store *S, struct sv_arena *A, int64_t id,
    struct ad_row *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_GET_ROW, "i", id);
	struct sv_status st;

	SV_TRY(ad_sql_step(S, s));
	read_row(s, ret);
	ret->destination = sv_arena_str(A, ret->destination);
	ret->decision = sv_arena_str(A, ret->decision);
	ret->correlation = sv_arena_str(A, ret->correlation);
	ret->reason = sv_arena_str(A, ret->reason);
	ret->said = sv_arena_str(A, ret->said);
	SV_ENSURE(ret->destination.p != NULL && ret->decision.p != NULL
	    && ret->correlation.p != NULL && ret->reason.p != NULL
	    && ret->said.p != NULL, SV_NOMEM);
	st = ad_store_unpack(A, ad_sql_peek(s, 13), SV_LIMIT_OUTPUT,
	    &ret->body);
	(void)sqlite3_reset(s);
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_list_rows(struct ad_store *S, enum ad_row_state state,
    const struct ad_row_visitor *v)
{
	sqlite3_stmt *s = state == AD_ROW_STATE_MAX
	    ? ad_sql(S, AD_SQL_LIST_ROWS, "i", v->limit)
	    : ad_sql(S, AD_SQL_LIST_STATE, "ii", (int64_t)state, v->limit);
	struct sv_status st;
	struct ad_row r;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		read_row(s, &r);
		if (!v->each(v->ctx, &r)) {
			(void)sqlite3_reset(s);
			return SV_OK;
		}
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_list_destinations(struct ad_store *S,
    bool (*each)(void *ctx, const struct ad_backlog *b), void *ctx)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_BACKLOG, "");
	struct sv_status st;

	while (sv_is_ok(st = ad_sql_step(S, s))) {
		struct ad_backlog b = { .destination = ad_sql_peek(s, 0),
			.waiting = sqlite3_column_int64(s, 1),
			.dead = sqlite3_column_int64(s, 2) };

		if (!each(ctx, &b)) {
			(void)sqlite3_reset(s);
			return SV_OK;
		}
	}
	return st.code == SV_CODE_SKIP ? SV_OK : st;
}

struct sv_status
ad_store_retry_dead(struct ad_store *S, struct sv_str destination,
    int64_t now_ms, int64_t *ret_n)
{
	struct sv_status st;

	SV_TRY(ad_store_begin(S));
	st = ad_sql_run(S, AD_SQL_RETRY_DEAD, "iss", now_ms, destination,
	    destination);
	*ret_n = sqlite3_changes64(S->db);
	return ad_store_end(S, st);
}
