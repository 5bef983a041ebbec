/* Conditions: what is accepted, what is refused and where, what they mean
 * (three-valued, K1.1), how they read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "condition.h"
#include "core_op.h"
#include "sv_buf.h"

TestSuite(expr, .init = setup, .fini = teardown);

static const struct {
	const char *text;
	enum core_tri truth;
	const char *missing;
} meanings[] = {
	{ "true", CORE_TRUE, "" }, { "false", CORE_FALSE, "" },
	{ "{}", CORE_UNKNOWN, "" }, { "{ }", CORE_UNKNOWN, "" },
	{ "\t%bcr_after_rp\n", CORE_TRUE, "" },
	{ "%metastatic_disease", CORE_UNKNOWN, "metastatic_disease" },
	/* and, or, xor, implies: all nine pairs that matter */
	{ "true and {}", CORE_UNKNOWN, "" },
	{ "false and {}", CORE_FALSE, "" },
	{ "true or {}", CORE_TRUE, "" },
	{ "false or {}", CORE_UNKNOWN, "" },
	{ "true xor true", CORE_FALSE, "" },
	{ "true xor false", CORE_TRUE, "" },
	{ "false xor false", CORE_FALSE, "" },
	{ "true xor {}", CORE_UNKNOWN, "" },
	{ "{} xor true", CORE_UNKNOWN, "" },
	{ "{} xor {}", CORE_UNKNOWN, "" },
	{ "true implies false", CORE_FALSE, "" },
	{ "false implies false", CORE_TRUE, "" },
	{ "{} implies true", CORE_TRUE, "" },
	{ "{} implies false", CORE_UNKNOWN, "" },
	{ "true = true", CORE_TRUE, "" },
	{ "true = false", CORE_FALSE, "" },
	{ "false = false", CORE_TRUE, "" },
	{ "true != false", CORE_TRUE, "" },
	{ "true = {}", CORE_UNKNOWN, "" },
	{ "{} = true", CORE_UNKNOWN, "" },
	/* precedence */
	{ "true or false and false", CORE_TRUE, "" },
	{ "(true or false) and false", CORE_FALSE, "" },
	{ "false implies false or false", CORE_TRUE, "" },
	{ "true and 1 < 2", CORE_TRUE, "" },
	{ "false and true or true", CORE_TRUE, "" },
	{ "false = false and false", CORE_FALSE, "" },
	{ "(%bcr_after_rp = %bcr_after_rp) and (%prior_bed_rt = %prior_bed_rt)",
	    CORE_TRUE, "" },
	/* functions */
	{ "false.not()", CORE_TRUE, "" },
	{ "{}.not()", CORE_UNKNOWN, "" },
	{ "{}.empty()", CORE_TRUE, "" },
	{ "true.empty()", CORE_FALSE, "" },
	{ "{}.exists()", CORE_FALSE, "" },
	{ "false.exists()", CORE_TRUE, "" },
	{ "{}.anyTrue()", CORE_FALSE, "" },
	{ "true.anyTrue()", CORE_TRUE, "" },
	{ "{}.anyFalse()", CORE_FALSE, "" },
	{ "false.anyFalse()", CORE_TRUE, "" },
	{ "true.anyFalse().not()", CORE_TRUE, "" },
	{ "%current_psa_ng_ml.exists()", CORE_TRUE, "" },
	{ "%current_psa_ng_ml.empty()", CORE_FALSE, "" },
	{ "%life_expectancy_years.empty()", CORE_TRUE, "" },
	{ "%psa_doubling_time_months.empty()", CORE_FALSE, "" },
	{ "%psa_doubling_time_months.exists()", CORE_TRUE, "" },
	/* numbers, with units */
	{ "%current_psa_ng_ml >= 0.7 'ng/mL'", CORE_TRUE, "" },
	{ "%current_psa_ng_ml > 0.7 'ng/mL'", CORE_FALSE, "" },
	{ "%current_psa_ng_ml <= 0.7 'ng/mL'", CORE_TRUE, "" },
	{ "%current_psa_ng_ml < 0.7 'ng/mL'", CORE_FALSE, "" },
	{ "%current_psa_ng_ml = 0.70 'ng/mL'", CORE_TRUE, "" },
	{ "%current_psa_ng_ml != 0.7 'ng/mL'", CORE_FALSE, "" },
	{ "%current_psa_ng_ml >= %high_risk_psa", CORE_TRUE, "" },
	{ "1 = 2", CORE_FALSE, "" }, { "1 != 2", CORE_TRUE, "" },
	{ "90 < 809", CORE_TRUE, "" },
	{ "%life_expectancy_years > 5 'a'", CORE_UNKNOWN,
	    "life_expectancy_years" },
	{ "%life_expectancy_years = 5 'a'", CORE_UNKNOWN,
	    "life_expectancy_years" },
	/* no doubling is above every number */
	{ "%psa_doubling_time_months < 6 'mo'", CORE_FALSE, "" },
	{ "%psa_doubling_time_months <= 6 'mo'", CORE_FALSE, "" },
	{ "%psa_doubling_time_months > 6 'mo'", CORE_TRUE, "" },
	{ "%psa_doubling_time_months >= 6 'mo'", CORE_TRUE, "" },
	{ "%psa_doubling_time_months = 6 'mo'", CORE_FALSE, "" },
	{ "%psa_doubling_time_months != 6 'mo'", CORE_TRUE, "" },
	{ "6 'mo' < %psa_doubling_time_months", CORE_TRUE, "" },
	{ "6 'mo' <= %psa_doubling_time_months", CORE_TRUE, "" },
	{ "6 'mo' > %psa_doubling_time_months", CORE_FALSE, "" },
	{ "6 'mo' >= %psa_doubling_time_months", CORE_FALSE, "" },
	{ "6 'mo' = %psa_doubling_time_months", CORE_FALSE, "" },
	{ "6 'mo' != %psa_doubling_time_months", CORE_TRUE, "" },
	{ "%psa_doubling_time_months < %psa_doubling_time_months",
	    CORE_FALSE, "" },
	{ "%psa_doubling_time_months <= %psa_doubling_time_months",
	    CORE_TRUE, "" },
	{ "%psa_doubling_time_months > %psa_doubling_time_months",
	    CORE_FALSE, "" },
	{ "%psa_doubling_time_months >= %psa_doubling_time_months",
	    CORE_TRUE, "" },
	{ "%psa_doubling_time_months = %psa_doubling_time_months",
	    CORE_TRUE, "" },
	{ "%psa_doubling_time_months != %psa_doubling_time_months",
	    CORE_FALSE, "" },
	/* only what decides an unknown is missing (K2.1) */
	{ "%metastatic_disease and %prior_bed_rt", CORE_FALSE, "" },
	{ "%metastatic_disease and %bcr_after_rp", CORE_UNKNOWN,
	    "metastatic_disease" },
	{ "%metastatic_disease or %bcr_after_rp", CORE_TRUE, "" },
	{ "%metastatic_disease.empty()", CORE_TRUE, "" },
	{ "%named", CORE_UNKNOWN, "metastatic_disease" },
	{ "%plain.not()", CORE_UNKNOWN, "metastatic_disease" },
};

Test(expr, meaning)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		struct core_expr e = compile(meanings[i].text, 2);
		core_fact_set missing;
		enum core_fact_id id = core_fact_of(sv_str_of(meanings[i].missing));

		cr_expect_eq(core_expr_eval(&e, &facts, &missing), meanings[i].truth,
		    "%s", meanings[i].text);
		cr_expect_eq(core_expr_eval(&e, &facts, NULL), meanings[i].truth);
		cr_expect_eq(missing, id == CORE_FACT_COUNT ? 0
		    : CORE_FACT_BIT(id), "%s", meanings[i].text);
	}
}

static const struct {
	const char *text, *why;
} refusals[] = {
	{ "", "at character 1: expected a condition" },
	{ "true false", "at character 6: expected an operator or the "
	    "end" },
	{ "truest", "at character 1: expected a number" },
	{ "trueZ", "at character 1: expected a number" },
	{ "true_", "at character 1: expected a number" },
	{ "true9", "at character 1: expected a number" },
	{ "trueA", "at character 1: expected a number" },
	{ "truea", "at character 1: expected a number" },
	{ "truez", "at character 1: expected a number" },
	{ "true0", "at character 1: expected a number" },
	{ "true andtrue", "at character 6: expected an operator or "
	    "the end" },
	{ "true\v", "at character 5: expected an operator or the "
	    "end" },
	{ "(true", "at character 6: expected )" },
	{ "{true", "at character 2: expected }" },
	{ "%", "at character 2: no fact, parameter or variable has "
	    "this name" },
	{ "true and %nothing", "at character 11: no fact, parameter "
	    "or variable has this name" },
	{ "%psa_series", "at character 12: this fact is no truth and "
	    "no number" },
	{ "%reference_date", "at character 16: this fact is no truth "
	    "and no number" },
	{ "7", "at character 2: a condition must be true or false" },
	{ "%bcr_psa", "at character 9: a condition must be true or "
	    "false" },
	{ "1..2 < 3", "at character 5: expected a number" },
	{ "1 'a < 2", "at character 9: the unit has no closing "
	    "quote" },
	{ "1 'a' < 2 'mo'", "at character 15: the units of the two "
	    "sides differ" },
	{ "1 'a' < 2", "at character 10: the units of the two sides "
	    "differ" },
	{ "1 < 2 'a'", "at character 10: the units of the two sides "
	    "differ" },
	{ "true < 1", "at character 9: only numbers have an order" },
	{ "1 < true", "at character 9: only numbers have an order" },
	{ "1 = true", "at character 9: only numbers have an order" },
	{ "true = 1", "at character 9: only numbers have an order" },
	{ "true and 1", "at character 11: and, or, xor, implies join "
	    "truth values" },
	{ "1 and true", "at character 11: and, or, xor, implies join "
	    "truth values" },
	{ "1 or true", "at character 10: and, or, xor, implies join "
	    "truth values" },
	{ "1 implies true", "at character 15: and, or, xor, implies "
	    "join truth values" },
	{ "%bcr_psa.anyTrue()", "at character 19: this function needs "
	    "a truth value" },
};

Test(expr, refused)
{
	struct core_scope scope = { &params, variables, 2 };

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct core_expr e;
		struct sv_err err = { .text = "" };
		struct sv_status s = core_expr_compile(&A,
		    sv_str_of(refusals[i].text), &scope, &e, &err);

		cr_expect_eq(s.code, SV_CODE_BAD, "%s", refusals[i].text);
		cr_expect_str_eq(err.text, refusals[i].why, "%s", refusals[i].text);
	}
}

/* Not one byte behind the text is looked at. */
Test(expr, ends_where_the_text_ends)
{
	static const char *const texts[] = { "1 < 23", "%bcr_after_rpz",
		"1 'a' < 2 'a'", "true or truez", "(true))" };
	struct core_scope scope = { &params, variables, 2 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t n = strlen(texts[i]) - 1;
		struct sv_str s = { texts[i], n };
		struct core_expr e;
		struct sv_err err;

		cr_expect_eq(sv_is_ok(core_expr_compile(&A, s, &scope, &e,
		    &err)), texts[i][n] != '\'', "%.*s: %s", SV_FMT(s),
		    err.text);
	}
}

static struct sv_status
try_nested(int n, const char *leaf, size_t n_variables,
    struct core_expr *e, struct sv_err *err)
{
	struct core_scope scope = { &params, variables, n_variables };
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 20);
	for (int i = 0; i < n; i++)
		sv_buf_add(&b, SV_LIT("%bcr_after_rp and ("));
	sv_buf_add(&b, sv_str_of(leaf));
	for (int i = 0; i < n; i++)
		sv_buf_addc(&b, ')');
	return core_expr_compile(&A, sv_buf_str(&b), &scope, e, err);
}

/* 32 levels of text, and 32 values on the evaluator's stack. */
Test(expr, limits)
{
	struct core_expr e;
	struct sv_err err;

	cr_assert(sv_is_ok(try_nested(31, "%bcr_after_rp", 0, &e, &err)));
	cr_expect_eq(core_expr_eval(&e, &facts, NULL), CORE_TRUE);
	cr_expect_neq(core_expr_words(&A, &e).n, 0);
	cr_expect_eq(try_nested(32, "%bcr_after_rp", 0, &e, &err).code, SV_CODE_BAD);
	cr_expect(strstr(err.text, "nested too deeply") != NULL);
	/* A variable of 31 values fits below one operator, not below two. */
	cr_assert(sv_is_ok(try_nested(30, "%bcr_after_rp", 0, &e, &err)));
	variables[2] = (struct core_variable){ SV_LIT("deep"), { NULL, 0 },
		e };
	cr_assert(sv_is_ok(try_nested(1, "%deep", 3, &e, &err)));
	cr_expect_eq(core_expr_eval(&e, &facts, NULL), CORE_TRUE);
	cr_expect_eq(try_nested(2, "%deep", 3, &e, &err).code, SV_CODE_BAD);
	cr_expect_str_eq(err.text, "at character 46: the condition is nested "
	    "too deeply");
	/* A single-valued operator needs no further place. */
	cr_expect(sv_is_ok(try_nested(1, "%deep.not().not()", 3, &e, &err)));
}

/* 512 instructions: 256 truths and 255 times "and" are one less. */
Test(expr, length)
{
	struct core_scope scope = { &params, variables, 0 };
	struct core_expr e;
	struct sv_err err;
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 20);
	sv_buf_add(&b, SV_LIT("%bcr_after_rp"));
	for (int i = 1; i < 256; i++)
		sv_buf_add(&b, SV_LIT(" and %bcr_after_rp"));
	sv_buf_add(&b, SV_LIT(".not()"));
	cr_assert(sv_is_ok(core_expr_compile(&A, sv_buf_str(&b), &scope, &e,
	    &err)));
	cr_expect_eq(e.n, 512);
	cr_expect_eq(core_expr_eval(&e, &facts, NULL), CORE_FALSE);
	sv_buf_add(&b, SV_LIT(".not()"));
	cr_expect_eq(core_expr_compile(&A, sv_buf_str(&b), &scope, &e,
	    &err).code, SV_CODE_BAD);
	cr_expect(strstr(err.text, "the condition is too long") != NULL);
}

/* What needs no facts is decided once; what is left is as long as it says. */
Test(expr, what_parameters_decide_is_folded)
{
	static const struct {
		const char *text;
		size_t n;
		enum core_tri truth;
	} t[] = {
		{ "1 < 2", 1, CORE_TRUE },
		{ "%high_risk_psa > %bcr_psa", 1, CORE_TRUE },
		{ "%high_risk_psa <= %bcr_psa", 1, CORE_FALSE },
		{ "true and %bcr_after_rp", 1, CORE_TRUE },
		{ "%bcr_after_rp and true", 1, CORE_TRUE },
		{ "false and %bcr_after_rp", 1, CORE_FALSE },
		{ "%bcr_after_rp and false", 1, CORE_FALSE },
		{ "true or %prior_bed_rt", 1, CORE_TRUE },
		{ "%prior_bed_rt or true", 1, CORE_TRUE },
		{ "false or %prior_bed_rt", 1, CORE_FALSE },
		{ "%prior_bed_rt or false", 1, CORE_FALSE },
		{ "false or (%bcr_after_rp and %prior_bed_rt)", 3,
		    CORE_FALSE },
		{ "(%bcr_after_rp and %prior_bed_rt) or true", 1, CORE_TRUE },
		{ "(%bcr_after_rp and %prior_bed_rt) or false", 3,
		    CORE_FALSE },
		{ "false or (%bcr_after_rp = %prior_bed_rt)", 3, CORE_FALSE },
		{ "%bcr_after_rp and (1 < 2 or %prior_bed_rt)", 1,
		    CORE_TRUE },
		{ "%bcr_after_rp and (1 > 2 and %prior_bed_rt)", 1,
		    CORE_FALSE },
		/* The unknown decides nothing yet; nor do other operators. */
		{ "{} and %prior_bed_rt", 3, CORE_FALSE },
		{ "%bcr_after_rp or {}", 3, CORE_TRUE },
		{ "true xor %bcr_after_rp", 3, CORE_FALSE },
		{ "false implies %bcr_after_rp", 3, CORE_TRUE },
		{ "true.not() and %bcr_after_rp", 4, CORE_FALSE },
		{ "%current_psa_ng_ml < 1 'ng/mL'", 3, CORE_TRUE },
		{ "1 'ng/mL' > %current_psa_ng_ml", 3, CORE_TRUE },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_expr e = compile(t[i].text, 2);

		cr_expect_eq(e.n, t[i].n, "%s: %zu", t[i].text, e.n);
		cr_expect_eq(core_expr_eval(&e, &facts, NULL), t[i].truth,
		    "%s", t[i].text);
	}
}

/* What stays keeps the name of the variable it has become. */
Test(expr, a_folded_variable_keeps_its_phrase)
{
	struct core_expr e;

	variables[2] = (struct core_variable){ SV_LIT("chosen"),
		SV_LIT("C"), compile("(1 < 2 and %named) or "
		"(1 > 2 and %bcr_after_rp)", 2) };
	variables[3] = (struct core_variable){ SV_LIT("silent"), { NULL, 0 },
		variables[2].expr };
	e = compile("%chosen", 3);
	cr_expect_eq(e.n, 3);
	cr_expect(sv_str_is(core_expr_words(&A, &e), "C"));
	e = compile("%silent and true", 4);
	cr_expect(sv_str_is(core_expr_words(&A, &e), "a name"));
	e = compile("true and %chosen", 4);
	cr_expect(sv_str_is(core_expr_words(&A, &e), "C"));
}

/* Both sides are looked at only if need be, and nothing else changes: every
 * truth of three facts under every way to join them. */
Test(expr, what_is_skipped_does_not_matter)
{
	static const char *const ops[] = { "and", "or", "xor", "implies" };
	static const enum core_fact_id id[] = { CORE_BCR_AFTER_RP,
		CORE_PRIOR_BED_RT, CORE_METASTATIC_DISEASE_FACT };
	static const struct { const char *l, *m, *r; } shapes[] = {
		{ "(%bcr_after_rp", "%prior_bed_rt)", "%metastatic_disease" },
		{ "%bcr_after_rp", "(%prior_bed_rt", "%metastatic_disease)" },
	};

	for (int k = 0; k < 2 * 16 * 27; k++) {
		int way = k / 27, truths = k % 27;
		const char *op1 = ops[way / 2 % 4], *op2 = ops[way / 8];
		struct core_expr e = compile(sv_arena_printf(&A, "%s %s %s %s %s",
		    shapes[way % 2].l, op1, shapes[way % 2].m, op2,
		    shapes[way % 2].r).p, 0);
		struct core_op *plain = sv_arena_alloc(&A, e.n
		    * sizeof(*plain));
		struct core_expr unlinked = { .ops = plain, .n = e.n };
		core_fact_set a, b;

		memcpy(plain, e.ops, e.n * sizeof(*plain));
		for (size_t i = 0; i < e.n; i++)
			plain[i].skip = 0;
		for (int i = 0; i < 3; i++, truths /= 3)
			facts.fact[id[i]].truth = (enum core_tri)(truths % 3);
		cr_expect_eq(core_expr_eval(&e, &facts, &a),
		    core_expr_eval(&unlinked, &facts, &b), "%.*s",
		    SV_FMT(e.text));
		cr_expect_eq(a, b, "%.*s", SV_FMT(e.text));
	}
}

Test(expr, nothing_is_unknown)
{
	struct core_expr none = { .ops = NULL };
	core_fact_set missing = 1;

	cr_expect_eq(core_expr_eval(&none, &facts, &missing), CORE_UNKNOWN);
	cr_expect_eq(missing, 0);
	cr_expect_eq(core_expr_words(&A, &none).n, 0);
}
