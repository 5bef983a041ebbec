/*
 * Every condition of every rule is seen true, false and unknown, and every
 * state of every rule that it can have, over the cases and the tables.
 */
#include <criterion/criterion.h>

#include "table.h"
#include "test_arena.h"
#include "vignette.h"

#define MAX_RULES 128

struct seen {
	struct sv_arena B;
	struct core_rulebook book;
	bool when[MAX_RULES][3], unless[MAX_RULES][3];
	bool state[MAX_RULES][CORE_STATE_MAX];
};

static void
look(struct seen *S, const struct core_history *known)
{
	struct core_decision d;

	sv_arena_reset(&S->B);
	cr_assert(sv_is_ok(core_decide(&S->B, &S->book, known, &d)));
	for (size_t i = 0; i < S->book.n_rules; i++) {
		const struct core_rule *r = &S->book.rules[i];

		S->state[i][d.findings[i].state] = true;
		S->when[i][core_expr_eval(&r->when, &d.facts, NULL)] = true;
		if (r->unless.n > 0)
			S->unless[i][core_expr_eval(&r->unless, &d.facts,
			    NULL)] = true;
	}
}

static void
look_at_case(void *ctx, const struct table_case *c)
{
	look(ctx, &c->known);
}

/* Late relapse is only known of a confirmed one, and no seminoma only of a
 * confirmed nonseminoma: with both known nothing else can be open. */
static bool
cannot_be_open(const struct core_rule *r)
{
	return sv_str_is(r->id, "GCT-03");
}

static void
expect_all(const struct core_rule *r, const char *what, const bool seen[3])
{
	static const char *const truths[] = { "false", "true", "unknown" };

	for (int t = 0; t < 3; t++)
		cr_expect(seen[t] || (t == CORE_UNKNOWN && cannot_be_open(r)),
		    "%.*s: %s was never %s", SV_FMT(r->id),
		    what, truths[t]);
}

Test(conditions, each_is_seen_true_false_and_unknown)
{
	static struct seen S;
	struct sv_arena A = test_arena((size_t)256 << 20);
	size_t n;
	struct vignette *v;

	S.B = test_arena((size_t)64 << 20);
	S.book = test_rulebook(&A);
	cr_assert(S.book.n_rules > 0 && S.book.n_rules <= MAX_RULES);
	v = vignettes_load(&A, &n);
	for (size_t i = 0; i < n; i++)
		look(&S, &v[i].known);
	(void)table_each(&A, &S.book.params, look_at_case, &S);
	for (size_t i = 0; i < S.book.n_rules; i++) {
		const struct core_rule *r = &S.book.rules[i];

		expect_all(r, "when", S.when[i]);
		if (r->unless.n > 0)
			expect_all(r, "unless", S.unless[i]);
		for (int s = 0; s < CORE_STATE_MAX; s++)
			cr_expect(S.state[i][s] || (s == CORE_PROVISIONAL
			    && r->unless.n == 0) || (s == CORE_NEEDS_DATA
			    && cannot_be_open(r)), "%.*s: never %.*s",
			    SV_FMT(r->id), SV_FMT(core_state_name(
			    (enum core_state)s)));
	}
	sv_arena_free(&S.B);
	sv_arena_free(&A);
}
