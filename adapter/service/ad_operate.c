#include "ad_operate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ad_memory.h"
#include "ad_service.h"
#include "sv_limits.h"

#define MAX_LIST 1000

/* A command on the store of the configuration. */
struct operation {
	struct ad_setup *u;
	struct ad_store *S;
	struct sv_arena A;
	const char *verb, *word;	/* "list", "dead"; NULL if not given */
	int64_t number;			/* ${word} as one, or 0 */
};

static enum ad_exit
usage(const char *what)
{
	fprintf(stderr, "salvor: %s (see salvor --help)\n", what);
	return AD_EXIT_USAGE;
}

static enum ad_exit
failed(const struct operation *p)
{
	fprintf(stderr, "salvor: %s\n", ad_store_error(p->S));
	return AD_EXIT_TEMPORARY;
}

static void
end(struct operation *p)
{
	sv_arena_free(&p->A);
	ad_store_close(p->S);
	ad_setup_drop(p->u);
}

static enum ad_exit
begin(const struct ad_options *o, struct operation *p)
{
	struct sv_err err = { .text = "" };

	*p = (struct operation){ .A = ad_arena(SV_LIMIT_ARENA),
		.verb = o->n_files > 0 ? o->files[0] : NULL,
		.word = o->n_files > 1 ? o->files[1] : NULL };
	if (p->word != NULL)
		p->number = strtoll(p->word, NULL, 10);
	p->u = ad_setup_load(o->conf != NULL ? o->conf
	    : "/etc/salvor/salvor.conf");
	if (p->u == NULL)
		return AD_EXIT_CONFIG;
	p->S = ad_store_open(p->u->conf.store, AD_STORE_OPERATOR, &err);
	if (p->S != NULL)
		return AD_EXIT_OK;
	fprintf(stderr, "salvor: %s: %s\n", err.where, err.text);
	end(p);
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

static bool
print_message(void *ctx, const struct ad_message *m)
{
	(void)ctx;
	printf("%8lld  ", (long long)m->id);
	print_time(m->received_ms);
	printf("%-8.*s %3d  %-6.*s %-16.*s %8zu  %-20.*s %.*s\n",
	    SV_FMT(ad_fate_name(m->fate)), m->status, SV_FMT(m->method),
	    SV_FMT(m->source), m->body_size, SV_FMT(m->correlation),
	    SV_FMT(m->reason));
	return true;
}

static enum ad_exit
list_messages(struct operation *p)
{
	struct ad_message_visitor v = { print_message, NULL, MAX_LIST };
	int fate = 0;

	while (fate < AD_FATE_MAX && (p->word == NULL || !sv_str_is(
	    ad_fate_name((enum ad_fate)fate), p->word)))
		fate++;
	if (p->word != NULL && fate == AD_FATE_MAX)
		return usage("messages are applied, refused or held");
	printf("%8s  %-19s  %-8s %3s  %-6s %-16s %8s  %-20s %s\n", "message",
	    "received (UTC)", "fate", "", "method", "source", "bytes",
	    "request id", "reason");
	return sv_is_ok(ad_store_list_messages(p->S, (enum ad_fate)fate, &v))
	    ? AD_EXIT_OK : failed(p);
}

static enum ad_exit
show_message(struct operation *p)
{
	struct ad_message m;
	struct sv_str body;
	struct sv_status s = ad_store_get_message(p->S, &p->A, p->number, &m);

	if (s.code == SV_CODE_SKIP)
		return usage("there is no such message");
	if (!sv_is_ok(s))
		return failed(p);
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
replay(struct operation *p)
{
	struct ad_intake *I;
	struct ad_answer a;
	struct sv_status s = ad_intake_replay(&p->u->intake, p->S, p->number,
	    ad_now_ms(), &I);

	if (s.code == SV_CODE_SKIP)
		return usage("there is no such message, or its bytes are no "
		    "longer kept");
	if (!sv_is_ok(s) || !sv_is_ok(ad_store_begin(p->S)))
		return failed(p);
	s = ad_intake_apply(I, p->S);
	if (!sv_is_ok(s))
		ad_store_rollback(p->S);
	else
		s = ad_store_commit(p->S);
	if (!sv_is_ok(s)) {
		ad_intake_free(I);
		return failed(p);
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
	(void)ctx;
	printf("%8lld  ", (long long)r->id);
	print_time(r->created_ms);
	printf("%-8.*s %-16.*s %4d  %3d  %-20.*s %.*s\n",
	    SV_FMT(ad_row_state_name(r->state)), SV_FMT(r->destination),
	    r->attempts, r->status, SV_FMT(r->correlation), SV_FMT(r->reason));
	return true;
}

static enum ad_exit
list_rows(struct operation *p)
{
	struct ad_row_visitor v = { print_row, NULL, MAX_LIST };
	int state = 0;

	while (state < AD_ROW_STATE_MAX && (p->word == NULL || !sv_str_is(
	    ad_row_state_name((enum ad_row_state)state), p->word)))
		state++;
	if (p->word != NULL && state == AD_ROW_STATE_MAX)
		return usage("posts are waiting, sending, done, dead or "
		    "dropped");
	printf("%8s  %-19s  %-8s %-16s %4s  %3s  %-20s %s\n", "post",
	    "created (UTC)", "state", "destination", "sent", "", "request id",
	    "reason");
	return sv_is_ok(ad_store_list_rows(p->S, (enum ad_row_state)state, &v))
	    ? AD_EXIT_OK : failed(p);
}

/* Retry or drop: what is being sent, or is done, is left alone. */
static enum ad_exit
change_row(struct operation *p, const struct ad_row *row,
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
		return failed(p);
	printf("post %lld: %.*s\n", (long long)r.id,
	    SV_FMT(ad_row_state_name(state)));
	return AD_EXIT_OK;
}

static enum ad_exit
one_row(struct operation *p)
{
	struct ad_row r;
	struct sv_status s = ad_store_get_row(p->S, &p->A, p->number, &r);

	if (s.code == SV_CODE_SKIP)
		return usage("there is no such post");
	if (!sv_is_ok(s))
		return failed(p);
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

static bool
is_destination(const struct operation *p, struct sv_str name)
{
	for (size_t i = 0; i < p->u->conf.n_destinations; i++) {
		if (sv_str_is(name, p->u->conf.destination[i].name))
			return true;
	}
	return false;
}

/* Everything that was refused, when what was wrong has been put right. */
static enum ad_exit
retry_all(struct operation *p)
{
	struct sv_str name = sv_str_of(p->word);
	int64_t n;

	if (strcmp(p->word, "all") == 0)
		name.n = 0;
	else if (!is_destination(p, name))
		return usage("outbox retry takes a number, a destination or "
		    "all");
	if (!sv_is_ok(ad_store_retry_dead(p->S, name, ad_now_ms(), &n)))
		return failed(p);
	printf("%lld post%s again\n", (long long)n, n == 1 ? " waits"
	    : "s wait");
	return AD_EXIT_OK;
}

static bool
print_backlog(void *ctx, const struct ad_backlog *b)
{
	printf("posts to %-12.*s %10lld waiting, %lld dead%s\n",
	    SV_FMT(b->destination), (long long)b->waiting, (long long)b->dead,
	    is_destination(ctx, b->destination) ? ""
	    : "  (not in the configuration)");
	return true;
}

static bool
is_verb(const struct operation *p, const char *verb)
{
	return p->verb != NULL && strcmp(p->verb, verb) == 0;
}

enum ad_exit
ad_operate_messages(const struct ad_options *o)
{
	struct operation p;
	enum ad_exit e = begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (is_verb(&p, "list"))
		e = list_messages(&p);
	else if (is_verb(&p, "show") && p.number > 0)
		e = show_message(&p);
	else if (is_verb(&p, "replay") && p.number > 0)
		e = replay(&p);
	else
		e = usage("messages takes list, show N or replay N");
	end(&p);
	return e;
}

enum ad_exit
ad_operate_outbox(const struct ad_options *o)
{
	struct operation p;
	enum ad_exit e = begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (is_verb(&p, "list"))
		e = list_rows(&p);
	else if (p.number > 0 && (is_verb(&p, "show") || is_verb(&p, "retry")
	    || is_verb(&p, "drop")))
		e = one_row(&p);
	else if (is_verb(&p, "retry") && p.word != NULL)
		e = retry_all(&p);
	else
		e = usage("outbox takes list, show N, retry N, retry all, "
		    "or drop N");
	end(&p);
	return e;
}

enum ad_exit
ad_operate_store(const struct ad_options *o)
{
	struct operation p;
	enum ad_exit e = begin(o, &p);
	struct sv_status s = SV_BUG;

	if (e != AD_EXIT_OK)
		return e;
	if (is_verb(&p, "check"))
		s = ad_store_check(p.S);
	else if (is_verb(&p, "backup") && p.word != NULL)
		s = ad_store_backup(p.S, p.word);
	if (s.code == SV_CODE_BUG)
		e = usage("store takes check, or backup FILE");
	else if (!sv_is_ok(s))
		e = failed(&p);
	else
		puts("ok");
	end(&p);
	return e;
}

enum ad_exit
ad_operate_status(const struct ad_options *o)
{
	struct ad_store_counts c;
	struct operation p;
	enum ad_exit e = begin(o, &p);

	if (e != AD_EXIT_OK)
		return e;
	if (!sv_is_ok(ad_store_count(p.S, &c))) {
		e = failed(&p);
		end(&p);
		return e;
	}
	for (int i = 0; i < AD_FATE_MAX; i++)
		printf("messages %-10.*s %12lld\n",
		    SV_FMT(ad_fate_name((enum ad_fate)i)),
		    (long long)c.messages[i]);
	for (int i = 0; i < AD_ROW_STATE_MAX; i++)
		printf("posts    %-10.*s %12lld\n",
		    SV_FMT(ad_row_state_name((enum ad_row_state)i)),
		    (long long)c.rows[i]);
	if (!sv_is_ok(ad_store_list_destinations(p.S, print_backlog, &p)))
		e = failed(&p);
	printf("patients            %12lld\nresources           %12lld\n"
	    "guidance that holds %12lld\nstore, bytes        %12lld\n",
	    (long long)c.patients, (long long)c.resources,
	    (long long)c.guidance, (long long)c.bytes);
	if (c.oldest_waiting_ms > 0)
		printf("oldest post waits   %12lld s\n",
		    (long long)((ad_now_ms() - c.oldest_waiting_ms) / 1000));
	end(&p);
	return e;
}
