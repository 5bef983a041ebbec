/*
 * The tables of tests/cases/tables: what is concluded of made-up patients at,
 * just below and just above every threshold.
 *
 * An expectation is one of
 *	fact=true  fact=false  fact=REASON (unknown, and why)
 *	fact=true:REASON		known, with a remark
 *	fact=0.5  fact=0~0.1  fact=<0.1  fact=>10	a number; :REASON may follow
 *	fact=inf  fact=CODE
 *	fact.by=2,3	exactly the events 2 and 3 of the line are evidence
 *	fact.aside=2	and exactly these were looked at but not used
 *	fact.since=2024-06-01
 *	RULE=fires  provisional  needs-data  silent
 *	intent=  output=  activities=a,b  blocks=a,b
 *	excluded=code,code	in any order; "-" is none
 *	kept=3			how many events count
 *	qm01=population,denominator,excluded,unknown,evaluated,adt_alone ("-")
 *	failure=2024-06-01	of the prostate; "-" is none
 *	unknown_items=3		of the IPFSG score
 *	changes=2026-10-11	the day on which time alone may change a fact
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "table.h"
#include "test_arena.h"
#include "vignette.h"

struct run {
	struct sv_arena A, B;
	struct core_rulebook book;
	const struct table_case *c;
	struct core_decision d;
	int failures;
};

static void
complain(struct run *R, struct sv_str expected, struct sv_str got)
{
	R->failures++;
	cr_log_error("%s:%zu: %.*s, but it is %.*s\n    %.*s", R->c->file,
	    R->c->line, SV_FMT(expected), SV_FMT(got), SV_FMT(R->c->text));
}

/* The number of a fact as the tables write it. */
static struct sv_str
number_text(struct run *R, const struct core_fact *f)
{
	char lo[SV_DEC_TEXT_MAX], hi[SV_DEC_TEXT_MAX];

	if (f->infinite)
		return SV_LIT("inf");
	sv_dec_text(f->number.lo, lo);
	sv_dec_text(f->number.hi, hi);
	if (f->number.hi_inf)
		return sv_arena_printf(&R->B, "%s%s",
		    f->number.lo_open ? ">" : ">=", lo);
	if (core_is_exact(f->number))
		return sv_str_of(sv_arena_printf(&R->B, "%s", lo).p);
	if (f->number.hi_open && f->number.lo.m == 0)
		return sv_arena_printf(&R->B, "<%s", hi);
	return sv_arena_printf(&R->B, "%s~%s", lo, hi);
}

static struct sv_str
fact_text(struct run *R, enum core_fact_id id)
{
	const struct core_fact *f = &R->d.facts.fact[id];
	struct sv_str reason = core_reason_code(f->reason), s;

	if (core_fact_unknown(id, f))
		return reason;
	if (core_fact_type(id) == CORE_FACT_NUMBER)
		s = number_text(R, f);
	else if (core_fact_type(id) == CORE_FACT_CODE)
		s = core_ipfsg_name(f->code);
	else
		s = f->truth == CORE_TRUE ? SV_LIT("true") : SV_LIT("false");
	return reason.n == 0 ? s : sv_arena_printf(&R->B, "%.*s:%.*s",
	    SV_FMT(s), SV_FMT(reason));
}

static struct sv_str
date_text(struct run *R, struct sv_date d)
{
	char text[SV_DATE_TEXT_MAX];

	sv_date_text(d, text);
	return sv_date_is_set(d) ? sv_arena_printf(&R->B, "%s", text)
	    : SV_LIT("-");
}

/* ${list},${word}, if ${yes}. */
static struct sv_str
join(struct run *R, struct sv_str list, struct sv_str word, bool yes)
{
	if (!yes)
		return list;
	return sv_arena_printf(&R->B, "%.*s%s%.*s", SV_FMT(list),
	    list.n == 0 ? "" : ",", SV_FMT(word));
}

static struct sv_str
sources(struct run *R, const struct core_event **e, size_t n)
{
	struct sv_str s = { "", 0 };
	char id[16];

	for (size_t k = 1; k <= TABLE_EVENTS; k++) {
		int len = snprintf(id, sizeof(id), "e%zu", k);

		for (size_t i = 0; i < n; i++)
			s = join(R, s, sv_str_from((struct sv_str){ id,
			    (size_t)len }, 1), sv_str_is(e[i]->source, id));
	}
	return s.n == 0 ? SV_LIT("-") : s;
}

static struct sv_str
guidance_text(struct run *R, struct sv_str what)
{
	struct sv_str s = { "", 0 };

	for (size_t g = 0; g < R->d.n_guidance; g++) {
		const struct core_guidance *x = &R->d.guidance[g];

		for (size_t i = 0; sv_str_is(what, "activities")
		    && i < x->n_proposals; i++)
			s = join(R, s, x->proposals[i].activity.code, true);
		for (size_t i = 0; sv_str_is(what, "blocks")
		    && i < x->n_blocks; i++)
			s = join(R, s, x->blocks[i], true);
		for (size_t i = 0; sv_str_is(what, "shown")
		    && i < x->n_findings; i++)
			s = join(R, s, x->findings[i]->rule->id, true);
	}
	return s.n == 0 ? SV_LIT("-") : s;
}

static struct sv_str
excluded_text(struct run *R)
{
	struct sv_str s = { "", 0 };

	for (int r = 1; r < CORE_EXCLUDED_MAX; r++) {
		for (size_t i = 0; i < R->d.line.n_excluded; i++)
			s = join(R, s, core_exclusion_code(
			    (enum core_exclusion_reason)r),
			    (int)R->d.line.excluded[i].reason == r);
	}
	return s.n == 0 ? SV_LIT("-") : s;
}

static struct sv_str
measure_text(struct run *R)
{
	const struct core_measure *m = &R->d.qm01;
	struct sv_str s = { "", 0 };

	s = join(R, s, SV_LIT("population"), m->population);
	s = join(R, s, SV_LIT("denominator"), m->denominator);
	s = join(R, s, SV_LIT("excluded"), m->excluded);
	s = join(R, s, SV_LIT("unknown"), m->unknown);
	s = join(R, s, SV_LIT("evaluated"), m->evaluated);
	s = join(R, s, SV_LIT("adt_alone"), m->adt_alone);
	return s.n == 0 ? SV_LIT("-") : s;
}

/* What is to be seen of fact ${id}: its value, or the part behind the dot. */
static struct sv_str
fact_part(struct run *R, enum core_fact_id id, struct sv_str part)
{
	const struct core_fact *f = &R->d.facts.fact[id];

	if (sv_str_is(part, "by"))
		return sources(R, f->evidence, f->n_evidence);
	if (sv_str_is(part, "aside"))
		return sources(R, f->set_aside, f->n_set_aside);
	if (sv_str_is(part, "since"))
		return date_text(R, f->since);
	return fact_text(R, id);
}

/* The state of a rule, how many there are of something, or a list. */
static struct sv_str
rule_text(struct run *R, struct sv_str name)
{
	if (sv_str_is(name, "kept"))
		return sv_arena_printf(&R->B, "%zu", R->d.line.n_events);
	if (sv_str_is(name, "unknown_items"))
		return sv_arena_printf(&R->B, "%zu", R->d.facts.n_ipfsg_missing);
	for (size_t i = 0; i < R->d.n_findings; i++) {
		if (sv_str_eq(R->d.findings[i].rule->id, name))
			return core_state_name(R->d.findings[i].state);
	}
	return guidance_text(R, name);
}

static struct sv_str
other_text(struct run *R, struct sv_str name)
{
	if (sv_str_is(name, "intent"))
		return core_intent_name(R->d.intent);
	if (sv_str_is(name, "output"))
		return core_output_name(R->d.output);
	if (sv_str_is(name, "excluded"))
		return excluded_text(R);
	if (sv_str_is(name, "qm01"))
		return measure_text(R);
	if (sv_str_is(name, "failure"))
		return date_text(R, R->d.facts.failure);
	if (sv_str_is(name, "changes"))
		return date_text(R, R->d.facts.changes_on == INT32_MAX
		    ? (struct sv_date){ .precision = SV_DATE_NONE }
		    : sv_date_exact(R->d.facts.changes_on));
	return rule_text(R, name);
}

static void
expect(struct run *R, struct sv_str s)
{
	struct sv_str whole = s, left = table_take(&s, '='), want, got, name;
	struct sv_str rest = left;
	enum core_fact_id id;

	name = table_take(&rest, '.');
	want = sv_str_trim(s);
	id = core_fact_of(name);
	got = id < CORE_FACT_COUNT ? fact_part(R, id, rest)
	    : other_text(R, left);
	if (!sv_str_eq(got, want))
		complain(R, whole, got);
}

static void
run(void *ctx, const struct table_case *c)
{
	struct run *R = ctx;
	struct sv_str s = c->expected;

	sv_arena_reset(&R->B);
	R->c = c;
	R->book.params = c->params;
	cr_assert(sv_is_ok(core_decide(&R->B, &R->book, &c->known, &R->d)));
	while ((s = sv_str_trim(s)).n > 0)
		expect(R, table_take(&s, ';'));
}

Test(tables, every_line_holds)
{
	struct run R = { .A = test_arena((size_t)256 << 20),
		.B = test_arena((size_t)64 << 20) };
	struct core_params published;

	R.book = test_rulebook(&R.A);
	published = R.book.params;
	cr_expect_gt(table_each(&R.A, &published, run, &R), 600);
	cr_expect_eq(R.failures, 0, "%d disagreements", R.failures);
	sv_arena_free(&R.B);
	sv_arena_free(&R.A);
}
