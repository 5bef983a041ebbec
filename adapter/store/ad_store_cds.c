#include "ad_store_cds.h"

#include "ad_sql.h"

struct sv_status
ad_store_put_card(struct ad_store *S, const struct ad_card *c)
{
	return ad_sql_run(S, AD_SQL_PUT_CARD, "sssssssssi", c->card,
	    c->client, c->service, c->patient, c->user, c->topic, c->rules,
	    c->content, c->urgency, c->at_ms);
}

struct sv_status
ad_store_put_feedback(struct ad_store *S, const struct ad_feedback *f)
{
	return ad_sql_run(S, AD_SQL_PUT_FEEDBACK, "sssssSSSSSi", f->card,
	    f->outcome, f->stamp, f->client, f->service, f->suggestions,
	    f->reason_system, f->reason_code, f->reason_display, f->comment,
	    f->received_ms);
}

/* The columns of GET_CARD and LIST_OVERRIDES, in place. */
static struct ad_card
peek_card(sqlite3_stmt *s)
{
	return (struct ad_card){ .client = ad_sql_peek(s, 0),
		.service = ad_sql_peek(s, 1), .patient = ad_sql_peek(s, 2),
		.user = ad_sql_peek(s, 3), .topic = ad_sql_peek(s, 4),
		.rules = ad_sql_peek(s, 5), .content = ad_sql_peek(s, 6),
		.urgency = ad_sql_peek(s, 7),
		.at_ms = sqlite3_column_int64(s, 8),
		.card = ad_sql_peek(s, 9) };
}

struct sv_status
ad_store_get_card(struct ad_store *S, struct sv_arena *A, struct sv_str uuid,
    struct ad_card *ret)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_GET_CARD, "s", uuid);

	SV_ENSURE(s != NULL, SV_RETRY);
	SV_TRY(ad_sql_step(S, s));
	*ret = (struct ad_card){ .card = uuid,
		.client = ad_sql_text(A, s, 0), .service = ad_sql_text(A, s, 1),
		.patient = ad_sql_text(A, s, 2), .user = ad_sql_text(A, s, 3),
		.topic = ad_sql_text(A, s, 4), .rules = ad_sql_text(A, s, 5),
		.content = ad_sql_text(A, s, 6),
		.urgency = ad_sql_text(A, s, 7),
		.at_ms = sqlite3_column_int64(s, 8) };
	(void)sqlite3_reset(s);
	return ret->urgency.p != NULL && ret->content.p != NULL ? SV_OK
	    : SV_RETRY;
}

struct sv_status
ad_store_list_overrides(struct ad_store *S, int64_t since_ms,
    const struct ad_card_visitor *v)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_LIST_OVERRIDES, "i", since_ms);
	struct sv_status r;

	SV_ENSURE(s != NULL, SV_RETRY);
	while (sv_is_ok(r = ad_sql_step(S, s))) {
		struct ad_card c = peek_card(s);

		v->each(v->ctx, &c);
	}
	return r.code == SV_CODE_SKIP ? SV_OK : r;
}

struct sv_status
ad_store_count_feedback(struct ad_store *S, const struct ad_count_visitor *v)
{
	sqlite3_stmt *s = ad_sql(S, AD_SQL_COUNT_FEEDBACK, "");
	struct sv_status r;

	SV_ENSURE(s != NULL, SV_RETRY);
	while (sv_is_ok(r = ad_sql_step(S, s)))
		v->topic(v->ctx, &(struct ad_topic_count){
		    ad_sql_peek(s, 0), ad_sql_peek(s, 1),
		    sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3),
		    sqlite3_column_int64(s, 4) });
	if (r.code != SV_CODE_SKIP)
		return r;
	s = ad_sql(S, AD_SQL_COUNT_REASONS, "");
	SV_ENSURE(s != NULL, SV_RETRY);
	while (sv_is_ok(r = ad_sql_step(S, s)))
		v->reason(v->ctx, &(struct ad_reason_count){
		    ad_sql_peek(s, 0), ad_sql_peek(s, 1),
		    sqlite3_column_int64(s, 2) });
	return r.code == SV_CODE_SKIP ? SV_OK : r;
}
