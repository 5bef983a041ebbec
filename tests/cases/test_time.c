/*
 * Time alone changes facts: results grow stale, courses end.  Every case is
 * decided on every day from its first event on, for years: nothing may change
 * before the day that core_facts.changes_on foretold.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core_decide.h"
#include "test_arena.h"
#include "vignette.h"

#define YEARS_AFTER 3

static struct sv_arena A, B, C;
static struct core_rulebook book;
static struct vignette *cases;
static size_t n_cases;

static void
setup(void)
{
	A = test_arena((size_t)256 << 20);
	B = test_arena((size_t)16 << 20);
	C = test_arena((size_t)16 << 20);
	book = test_rulebook(&A);
	cases = vignettes_load(&A, &n_cases);
}

static void
teardown(void)
{
	sv_arena_free(&A);
	sv_arena_free(&B);
	sv_arena_free(&C);
}

TestSuite(time, .init = setup, .fini = teardown);

static int32_t
first_day(const struct vignette *v)
{
	int32_t day = v->known.as_of;

	for (size_t i = 0; i < v->known.n_events; i++) {
		const struct core_event *e = &v->known.events[i];

		if (sv_date_is_set(e->date) && e->date.lo < day)
			day = e->date.lo;
	}
	return day;
}

static struct core_decision
decide(struct sv_arena *in, const struct vignette *v, int32_t day)
{
	struct core_history h = v->known;
	struct core_decision d;

	sv_arena_reset(in);
	h.as_of = day;
	cr_assert(sv_is_ok(core_decide(in, &book, &h, &d)));
	return d;
}

static bool
same_fact(const struct core_fact *a, const struct core_fact *b)
{
	return a->truth == b->truth && a->reason == b->reason
	    && a->infinite == b->infinite
	    && a->number.set == b->number.set && (!a->number.set
	    || (sv_dec_cmp(a->number.lo, b->number.lo) == 0
	    && (a->number.hi_inf
	    || sv_dec_cmp(a->number.hi, b->number.hi) == 0)));
}

static bool
same(const struct core_decision *a, const struct core_decision *b)
{
	bool ok = a->intent == b->intent && a->output == b->output;

	for (size_t i = 0; i < a->n_findings; i++)
		ok = ok && a->findings[i].state == b->findings[i].state;
	for (int i = 0; i < CORE_FACT_COUNT; i++)
		ok = ok && (i == CORE_REFERENCE_DATE
		    || same_fact(&a->facts.fact[i], &b->facts.fact[i]));
	return ok;
}

/* How many days apart; ./dev mutation takes longer steps. */
static int32_t
step_days(void)
{
	const char *s = getenv("SALVOR_TEST_STEP");
	long n = s == NULL ? 1 : strtol(s, NULL, 10);

	return n > 0 ? (int32_t)n : 1;
}

struct tally {
	size_t changes, foretold;
};

/* From the day of ${a} to ${next}, that of ${b}. */
static void
compare(struct tally *t, const struct vignette *v,
    const struct core_decision *a, const struct core_decision *b, int32_t next)
{
	bool due = a->facts.changes_on <= next;

	t->foretold += due;
	cr_expect(due || a->facts.changes_on == b->facts.changes_on,
	    "%.*s, day %d: %d, before it was %d", SV_FMT(v->id), (int)next,
	    (int)b->facts.changes_on, (int)a->facts.changes_on);
	if (!same(a, b)) {
		t->changes++;
		cr_expect(due, "%.*s changes by day %d unforetold",
		    SV_FMT(v->id), (int)next);
	}
}

static void
follow(struct tally *t, const struct vignette *v, int32_t step)
{
	int32_t day = first_day(v), end = v->known.as_of + YEARS_AFTER * 366;
	struct sv_arena *in = &B, *other = &C, *swap;
	struct core_decision a = decide(in, v, day), b;

	for (; day < end; day += step) {
		b = decide(other, v, day + step);
		cr_assert_gt(a.facts.changes_on, day);
		compare(t, v, &a, &b, day + step);
		a = b;
		swap = in;
		in = other;
		other = swap;
	}
}

Test(time, nothing_changes_before_it_was_foretold)
{
	struct tally t = { 0, 0 };

	for (size_t i = 0; i < n_cases; i++)
		follow(&t, &cases[i], step_days());
	cr_log_info("%zu changes, %zu days foretold", t.changes, t.foretold);
	cr_expect_gt(t.changes, 500);
	/* A forecast of every day would be sound, and of no use. */
	cr_expect_lt(t.foretold, 4 * t.changes);
}
