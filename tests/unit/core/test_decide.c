/* From facts to findings (K2.1, K3.4), rule by rule. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "patient.h"

static struct sv_arena A;
static struct core_params params;

static void
setup(void)
{
	A = test_arena((size_t)16 << 20);
	core_params_default(&params);
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

TestSuite(decide, .init = setup, .fini = teardown);

static struct core_expr
compile(const char *text)
{
	struct core_scope scope = { &params, NULL, 0 };
	struct sv_err err;
	struct core_expr e = { .n = 0 };

	if (*text != '\0')
		cr_assert(sv_is_ok(core_expr_compile(&A, sv_str_of(text),
		    &scope, &e, &err)), "%s: %s", text, err.text);
	return e;
}

/* The decision of one rule about ${p}. */
static struct core_decision
decide(const struct patient *p, const char *when, const char *unless)
{
	struct core_rule *rule = sv_arena_zalloc(&A, 1, sizeof(*rule));
	struct core_rulebook *book = sv_arena_zalloc(&A, 1, sizeof(*book));
	struct core_decision d;
	struct sv_date day;

	rule->id = SV_LIT("R-01");
	rule->cancer = CORE_CANCER_ANY;
	rule->when = compile(when);
	rule->unless = compile(unless);
	book->params = params;
	book->rules = rule;
	book->n_rules = 1;
	cr_assert(sv_is_ok(sv_date_parse(SV_LIT("2026-05-01"), &day)));
	cr_assert(sv_is_ok(core_decide(&A, book, &(struct core_history){
	    p->events, p->n, day.lo }, &d)));
	cr_assert_eq(d.n_findings, 1);
	cr_assert_eq(d.findings[0].rule, rule);
	return d;
}

/* Prostate cancer is true, seminoma unknown, lymphoma false. */
static void
add_known(struct patient *p)
{
	(void)add(p, CORE_PROSTATE_CANCER, "2020-01-01");
	add(p, CORE_GERM_CELL_TUMOUR, "2020-01-01")->certainty
	    = CORE_CERTAINTY_PROVISIONAL;
}

Test(decide, a_condition_and_its_exception)
{
	static const struct {
		const char *when, *unless;
		enum core_state state;
		core_fact_set missing;
	} t[] = {
		{ "%prostate_cancer", "", CORE_FIRES, 0 },
		{ "%lymphoma", "", CORE_SILENT, 0 },
		{ "%germ_cell_tumour", "", CORE_NEEDS_DATA,
		    CORE_FACT_BIT(CORE_HAS_GERM_CELL_TUMOUR) },
		{ "%prostate_cancer", "%lymphoma", CORE_FIRES, 0 },
		{ "%prostate_cancer", "%prostate_cancer", CORE_SILENT, 0 },
		{ "%prostate_cancer", "%germ_cell_tumour", CORE_PROVISIONAL,
		    CORE_FACT_BIT(CORE_HAS_GERM_CELL_TUMOUR) },
		{ "%lymphoma", "%germ_cell_tumour", CORE_SILENT, 0 },
		{ "%germ_cell_tumour", "%lymphoma", CORE_NEEDS_DATA,
		    CORE_FACT_BIT(CORE_HAS_GERM_CELL_TUMOUR) },
		{ "%germ_cell_tumour", "%prostate_cancer", CORE_SILENT, 0 },
		{ "%germ_cell_tumour", "%life_expectancy_years > 5 'a'",
		    CORE_NEEDS_DATA, CORE_FACT_BIT(CORE_HAS_GERM_CELL_TUMOUR)
		    | CORE_FACT_BIT(CORE_LIFE_EXPECTANCY_YEARS) },
		{ "%prostate_cancer or %germ_cell_tumour",
		    "%lymphoma and %germ_cell_tumour", CORE_FIRES, 0 },
	};
	struct patient p = { .n = 0 };

	add_known(&p);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_decision d = decide(&p, t[i].when, t[i].unless);

		cr_expect_eq(d.findings[0].state, t[i].state, "%zu: %.*s", i,
		    SV_FMT(core_state_name(d.findings[0].state)));
		cr_expect_eq(d.findings[0].missing, t[i].missing, "%zu", i);
	}
}

Test(decide, of_the_dead_nothing_is_said)
{
	struct patient p = { .n = 0 };
	struct core_event *e = add(&p, CORE_DECEASED, "2026-01-01");
	struct core_decision d;

	add_known(&p);
	d = decide(&p, "%prostate_cancer", "");
	cr_expect_eq(d.findings[0].state, CORE_SILENT);
	cr_expect_eq(d.n_guidance, 0);
	cr_expect_eq(d.intent, CORE_INTENT_NONE);
	cr_expect_eq(d.output, CORE_OUTPUT_NONE);
	/* The facts stay: the measure and the reader need them. */
	cr_expect_eq(d.facts.fact[CORE_HAS_PROSTATE_CANCER].truth, CORE_TRUE);
	e->certainty = CORE_CERTAINTY_PROVISIONAL;
	d = decide(&p, "%prostate_cancer", "");
	cr_expect_eq(d.findings[0].state, CORE_FIRES);
	cr_expect_eq(d.n_guidance, 2);
}

Test(decide, no_rules_and_no_events)
{
	struct core_rulebook book = { .n_rules = 0, .params = params };
	struct core_decision d;

	cr_assert(sv_is_ok(core_decide(&A, &book, &(struct core_history){
	    NULL, 0, 20000 }, &d)));
	cr_expect_eq(d.n_findings, 0);
	cr_expect_eq(d.n_guidance, 0);
	cr_expect_eq(d.facts.fact[CORE_REFERENCE_DATE].day, 20000);
}

Test(decide, names)
{
	cr_expect(sv_str_is(core_state_name(CORE_SILENT), "silent"));
	cr_expect(sv_str_is(core_state_name(CORE_NEEDS_DATA), "needs-data"));
	cr_expect(sv_str_is(core_intent_name(CORE_INTENT_NONE), "none"));
	cr_expect(sv_str_is(core_intent_name(CORE_INTENT_CURATIVE),
	    "curative"));
	cr_expect(sv_str_is(core_output_name(CORE_OUTPUT_NONE), "none"));
	cr_expect(sv_str_is(core_output_name(CORE_OUTPUT_DATA_REQUIRED),
	    "data-required"));
}
