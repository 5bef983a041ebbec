#include "ad_operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_store_pack.h"
#include "sv_limits.h"

#define MAX_LIST 1000
#define TEXT 160		/* of a column, at most */

enum ad_exit
ad_operation_usage(const char *what)
{
	fprintf(stderr, "salvor: %s (see salvor --help)\n", what);
	return AD_EXIT_USAGE;
}

enum ad_exit
ad_operation_failed(const struct ad_operation *p)
{
	fprintf(stderr, "salvor: %s\n", ad_store_error(p->S));
	return AD_EXIT_TEMPORARY;
}

void
ad_operation_end(struct ad_operation *p)
{
	sv_arena_free(&p->A);
	ad_store_close(p->S);
	ad_setup_drop(p->u);
}

/* ${word} as a number; 0 if it is none. */
static int64_t
number_of(const char *word)
{
	char *end;
	long long n = strtoll(word, &end, 10);

	return *end == '\0' && n > 0 ? n : 0;
}

enum ad_exit
ad_operation_begin(const struct ad_options *o, struct ad_operation *p)
{
	struct sv_err err = { .text = "" };

	*p = (struct ad_operation){ .A = ad_arena(SV_LIMIT_ARENA),
		.verb = o->n_files > 0 ? o->files[0] : NULL,
		.word = o->n_files > 1 ? o->files[1] : NULL };
	if (p->word != NULL && o->n_files == 2)
		p->number = number_of(p->word);
	p->u = ad_setup_load(o->conf != NULL ? o->conf
	    : AD_CONF_USUAL);
	if (p->u == NULL)
		return AD_EXIT_CONFIG;
	p->S = ad_store_open(p->u->conf.store, AD_STORE_OPERATOR, &err);
	if (p->S != NULL)
		return AD_EXIT_OK;
	fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
	ad_operation_end(p);
	return AD_EXIT_CONFIG;
}

static void
print_time(int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char text[32] = "-";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s  ", text);
}

/* ${s} as it can be printed in a line. */
static const char *
text_of(struct sv_str s, char ret[TEXT])
{
	(void)snprintf(ret, TEXT, "%.*s", s.n < TEXT ? (int)s.n : TEXT - 1,
	    s.n > 0 ? s.p : "");
	for (char *p = ret; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	}
	return ret;
}

static bool
print_message(void *ctx, const struct ad_message *m)
{
	char source[TEXT], id[TEXT], reason[TEXT];

	(void)ctx;
	printf("%8lld  ", (long long)m->id);
	print_time(m->received_ms);
	printf("%-7.*s %3d %-6.*s %-10.10s %s\n", SV_FMT(ad_fate_name(m->fate)),
	    m->status, SV_FMT(m->method), text_of(m->source, source),
	    text_of((struct sv_str){ m->correlation.p,
	    sv_str_chr(m->correlation, ' ') }, id));
	if (m->reason.n > 0)
		printf("%10s%.70s\n", "", text_of(m->reason, reason));
	return true;
}

static enum ad_exit
list_messages(struct ad_operation *p)
{
	struct ad_message_visitor v = { print_message, NULL, MAX_LIST };
	int fate = 0;

	while (fate < AD_FATE_MAX && (p->word == NULL || !sv_str_is(
	    ad_fate_name((enum ad_fate)fate), p->word)))
		fate++;
	if (p->word != NULL && fate == AD_FATE_MAX)
		return ad_operation_usage("messages are applied, refused or held");
	printf("%8s  %-19s  %-7s %3s %-6s %-10s %s\n", "message",
	    "received (UTC)", "fate", "", "method", "source", "request id");
	return sv_is_ok(ad_store_list_messages(p->S, (enum ad_fate)fate, &v))
	    ? AD_EXIT_OK : ad_operation_failed(p);
}

static enum ad_exit
show_message(struct ad_operation *p)
{
	struct ad_message m;
	struct sv_str body;
	struct sv_status s = ad_store_get_message(p->S, &p->A, p->number, &m);

	if (s.code == SV_CODE_SKIP)
		return ad_operation_usage("there is no such message");
	if (!sv_is_ok(s))
		return ad_operation_failed(p);
	s = ad_store_unpack(&p->A, m.body, SV_LIMIT_DOCUMENT, &body);
	if (sv_is_ok(s))
		(void)fwrite(body.p, 1, body.n, stdout);
	else
		fprintf(stderr, "salvor: its bytes are no longer kept\n");
	fprintf(stderr, "\nanswered %d: ", m.status);
	(void)fwrite(m.answer.p, 1, m.answer.n, stderr);
	fputc('\n', stderr);
	return AD_EXIT_OK;
}

/* A message that was held or refused, after what was wrong has been put right;
 * or any, after a restore. */
static enum ad_exit
replay(struct ad_operation *p)
{
	struct ad_intake *I;
	struct ad_answer a;
	struct sv_status s = ad_intake_replay(&p->u->intake, p->S, p->number,
	    ad_now_ms(), &I);

	if (s.code == SV_CODE_SKIP)
		return ad_operation_usage("there is no such message, or its bytes are no "
		    "longer kept");
	if (!sv_is_ok(s) || !sv_is_ok(ad_store_begin(p->S)))
		return ad_operation_failed(p);
	s = ad_intake_apply(I, p->S);
	if (!sv_is_ok(s))
		ad_store_rollback(p->S);
	else
		s = ad_store_commit(p->S);
	if (!sv_is_ok(s)) {
		ad_intake_free(I);
		return ad_operation_failed(p);
	}
	a = ad_intake_answer(I);
	printf("message %lld: %.*s; %zu patients decided, %zu posts waiting\n",
	    (long long)a.message, SV_FMT(ad_fate_name(a.fate)), a.n_decided,
	    a.n_posts);
	s = a.fate == AD_FATE_APPLIED ? SV_OK : SV_REFUSED;
	ad_intake_free(I);
	return sv_is_ok(s) ? AD_EXIT_OK : AD_EXIT_REFUSED;
}

static bool
print_row(void *ctx, const struct ad_row *r)
{
	char to[TEXT], id[TEXT], reason[TEXT];

	(void)ctx;
	printf("%8lld  ", (long long)r->id);
	print_time(r->created_ms);
	printf("%-8.*s %-10.10s %4d %3d %s\n",
	    SV_FMT(ad_row_state_name(r->state)), text_of(r->destination, to),
	    r->attempts, r->status, text_of((struct sv_str){ r->correlation.p,
	    sv_str_chr(r->correlation, ' ') }, id));
	if (r->reason.n > 0)
		printf("%10s%.70s\n", "", text_of(r->reason, reason));
	return true;
}

static enum ad_exit
list_rows(struct ad_operation *p)
{
	struct ad_row_visitor v = { print_row, NULL, MAX_LIST };
	int state = 0;

	while (state < AD_ROW_STATE_MAX && (p->word == NULL || !sv_str_is(
	    ad_row_state_name((enum ad_row_state)state), p->word)))
		state++;
	if (p->word != NULL && state == AD_ROW_STATE_MAX)
		return ad_operation_usage("posts are waiting, sending, done, dead or "
		    "dropped");
	printf("%8s  %-19s  %-8s %-10s %4s %3s %s\n", "post",
	    "created (UTC)", "state", "to", "sent", "", "request id");
	return sv_is_ok(ad_store_list_rows(p->S, (enum ad_row_state)state, &v))
	    ? AD_EXIT_OK : ad_operation_failed(p);
}

/* Retry or drop: what is being sent, or is done, is left alone. */
static enum ad_exit
change_row(struct ad_operation *p, const struct ad_row *row,
    enum ad_row_state state)
{
	struct ad_row r = *row;

	if (r.state != AD_ROW_DEAD && r.state != AD_ROW_WAITING) {
		fprintf(stderr, "salvor: the post is %.*s\n",
		    SV_FMT(ad_row_state_name(r.state)));
		return AD_EXIT_REFUSED;
	}
	r.state = state;
	r.attempts = 0;
	r.due_ms = ad_now_ms();
	r.reason = state == AD_ROW_DROPPED ? SV_LIT("dropped by an operator")
	    : SV_LIT("sent again by an operator");
	if (!sv_is_ok(ad_store_settle_row(p->S, &r)))
		return ad_operation_failed(p);
	printf("post %lld: %.*s\n", (long long)r.id,
	    SV_FMT(ad_row_state_name(state)));
	return AD_EXIT_OK;
}

static enum ad_exit
one_row(struct ad_operation *p)
{
	struct ad_row r;
	struct sv_status s = ad_store_get_row(p->S, &p->A, p->number, &r);

	if (s.code == SV_CODE_SKIP)
		return ad_operation_usage("there is no such post");
	if (!sv_is_ok(s))
		return ad_operation_failed(p);
	if (strcmp(p->verb, "retry") == 0)
		return change_row(p, &r, AD_ROW_WAITING);
	if (strcmp(p->verb, "drop") == 0)
		return change_row(p, &r, AD_ROW_DROPPED);
	(void)fwrite(r.body.p, 1, r.body.n, stdout);
	if (r.reason.n > 0)
		fprintf(stderr, "%.*s\n%.*s", SV_FMT(r.reason),
		    SV_FMT(r.said));
	return AD_EXIT_OK;
}

/* Everything that was refused, when what was wrong has been put right. */
static enum ad_exit
retry_all(struct ad_operation *p)
{
	struct sv_str name = sv_str_of(p->word);
	int64_t n;

	if (strcmp(p->word, "all") == 0)
		name.n = 0;
	else if (!ad_operation_posts_to(p, name))
		return ad_operation_usage("outbox retry takes a number, a destination or "
		    "all");
	if (!sv_is_ok(ad_store_retry_dead(p->S, name, ad_now_ms(), &n)))
		return ad_operation_failed(p);
	printf("%lld post%s again\n", (long long)n, n == 1 ? " waits"
	    : "s wait");
	return AD_EXIT_OK;
}

bool
ad_operation_is(const struct ad_operation *p, const char *verb)
{
	return p->verb != NULL && strcmp(p->verb, verb) == 0;
}

enum ad_exit
ad_operate_messages(const struct ad_options *o)
{
	struct ad_operation p;
	enum ad_exit e = ad_operation_begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (ad_operation_is(&p, "list") && o->n_files <= 2)
		e = list_messages(&p);
	else if (ad_operation_is(&p, "show") && p.number > 0)
		e = show_message(&p);
	else if (ad_operation_is(&p, "replay") && p.number > 0)
		e = replay(&p);
	else
		e = ad_operation_usage("messages takes list, show N or replay N");
	ad_operation_end(&p);
	return e;
}

enum ad_exit
ad_operate_outbox(const struct ad_options *o)
{
	struct ad_operation p;
	enum ad_exit e = ad_operation_begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (ad_operation_is(&p, "list") && o->n_files <= 2)
		e = list_rows(&p);
	else if (p.number > 0 && (ad_operation_is(&p, "show") || ad_operation_is(&p, "retry")
	    || ad_operation_is(&p, "drop")))
		e = one_row(&p);
	else if (ad_operation_is(&p, "retry") && p.word != NULL)
		e = retry_all(&p);
	else
		e = ad_operation_usage("outbox takes list, show N, retry N, retry all, "
		    "or drop N");
	ad_operation_end(&p);
	return e;
}
