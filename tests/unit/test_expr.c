#include <criterion/criterion.h>
#include <string.h>

#include "core_expr.h"
#include "test_arena.h"

static struct core_params params;
static struct core_facts facts;

static void
given(void)
{
	core_params_default(&params);
	memset(&facts, 0, sizeof(facts));
	facts.fact[CORE_BCR_AFTER_RP].truth = CORE_TRUE;
	facts.fact[CORE_PRIOR_BED_RT].truth = CORE_FALSE;
	facts.fact[CORE_METASTATIC_DISEASE_FACT].truth = CORE_UNKNOWN;
	facts.fact[CORE_CURRENT_PSA].number = core_exactly(SV_DEC(70, 2));
	facts.fact[CORE_GRADE_GROUP_RP].number = core_between(SV_DEC(3, 0),
	    SV_DEC(4, 0));
	facts.fact[CORE_PSA_DOUBLING_TIME].infinite = true;
}

TestSuite(expr, .init = given);

Test(expr, truth)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_scope scope = { &params, NULL, 0 };
	static const struct { const char *text; enum core_tri want; } rows[] = {
		{ "%bcr_after_rp and %metastatic_disease", CORE_UNKNOWN },
		{ "%prior_bed_rt and %metastatic_disease", CORE_FALSE },
		{ "%bcr_after_rp or %metastatic_disease", CORE_TRUE },
		{ "%prior_bed_rt or %metastatic_disease", CORE_UNKNOWN },
		{ "%bcr_after_rp xor %bcr_after_rp", CORE_FALSE },
		{ "%metastatic_disease.not()", CORE_UNKNOWN },
		{ "%metastatic_disease.empty()", CORE_TRUE },
		{ "%metastatic_disease.anyTrue()", CORE_FALSE },
		{ "%metastatic_disease.anyFalse()", CORE_FALSE },
		{ "%bcr_after_rp.exists()", CORE_TRUE },
		{ "%prior_bed_rt implies %metastatic_disease", CORE_TRUE },
		{ "%metastatic_disease implies %bcr_after_rp", CORE_TRUE },
		{ "false and false or true", CORE_TRUE },
		{ "true or true and false", CORE_TRUE },
		{ "%current_psa_ng_ml >= %high_risk_psa", CORE_TRUE },
		{ "%current_psa_ng_ml > 0.7 'ng/mL'", CORE_FALSE },
		{ "%grade_group_rp >= %high_risk_grade_group", CORE_UNKNOWN },
		{ "%grade_group_rp >= 3", CORE_TRUE },
		{ "%grade_group_rp > 4", CORE_FALSE },
		{ "%psa_doubling_time_months <= 6 'mo'", CORE_FALSE },
		{ "%psa_doubling_time_months > 12 'mo'", CORE_TRUE },
		{ "true = false", CORE_FALSE }, { "true != false", CORE_TRUE },
		{ "{} or true", CORE_TRUE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_expr e;
		struct sv_err err;

		cr_assert(sv_is_ok(core_expr_compile(&A,
		    sv_str_of(rows[i].text), &scope, &e, &err)), "%s: %s",
		    rows[i].text, err.text);
		cr_expect_eq(core_expr_eval(&e, &facts, NULL), rows[i].want,
		    "%s", rows[i].text);
	}
	sv_arena_free(&A);
}

Test(expr, missing_are_the_leaves_that_decide)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_scope scope = { &params, NULL, 0 };
	core_fact_set missing;
	struct core_expr e;
	struct sv_err err;

	cr_assert(sv_is_ok(core_expr_compile(&A, SV_LIT(
	    "%metastatic_disease or (%prior_bed_rt and "
	    "%pelvic_nodal_recurrence) or %grade_group_rp >= 4"), &scope, &e,
	    &err)));
	facts.fact[CORE_PELVIC_NODAL_RECURRENCE_FACT].truth = CORE_UNKNOWN;
	cr_expect_eq(core_expr_eval(&e, &facts, &missing), CORE_UNKNOWN);
	cr_expect_eq(missing, CORE_FACT_BIT(CORE_METASTATIC_DISEASE_FACT)
	    | CORE_FACT_BIT(CORE_GRADE_GROUP_RP));
	sv_arena_free(&A);
}

Test(expr, refuses_with_a_position)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_scope scope = { &params, NULL, 0 };
	static const struct { const char *text, *want; } rows[] = {
		{ "", "at character 1: expected a condition" },
		{ "%nosuch", "at character 2: no fact" },
		{ "%bcr_after_rp and", "at character 18: expected a number" },
		{ "(true", "at character 6: expected )" },
		{ "true true", "at character 6: expected an operator" },
		{ "%current_psa_ng_ml", "a condition must be true or false" },
		{ "%current_psa_ng_ml >= 0.7", "units of the two sides" },
		{ "%current_psa_ng_ml >= 0.7 'mg/L'", "units of the two" },
		{ "%bcr_after_rp >= 1", "only numbers have an order" },
		{ "%current_psa_ng_ml and true", "join truth values" },
		{ "%psa_series.exists()", "no truth and no number" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_expr e;
		struct sv_err err = { "", "" };

		cr_expect_eq(core_expr_compile(&A, sv_str_of(rows[i].text),
		    &scope, &e, &err).code, SV_CODE_BAD, "%s", rows[i].text);
		cr_expect_not_null(strstr(err.text, rows[i].want), "%s: %s",
		    rows[i].text, err.text);
	}
	sv_arena_free(&A);
}
