#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core_expr_words.h"
#include "core_ground.h"
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
}

TestSuite(ground, .init = given);

struct row {
	const char *text, *grounds;	/* in words, joined by " | " */
	enum core_tri changed;		/* if the first ground changed */
};

static const struct row rows[] = {
	{ "%bcr_after_rp and %prior_bed_rt and %metastatic_disease",
		"earlier radiation to the prostate bed", CORE_UNKNOWN },
	{ "%bcr_after_rp and %prior_bed_rt",
		"earlier radiation to the prostate bed", CORE_TRUE },
	{ "%bcr_after_rp and %prior_bed_rt.not()",
		"biochemical recurrence after prostatectomy | "
		"no earlier radiation to the prostate bed", CORE_FALSE },
	{ "%bcr_after_rp and %metastatic_disease", "distant metastasis",
		CORE_UNKNOWN },
	{ "%prior_bed_rt or %current_psa_ng_ml > 1 'ng/mL'",
		"earlier radiation to the prostate bed | "
		"current PSA above 1 ng/mL", CORE_TRUE },
	{ "%prior_bed_rt or %current_psa_ng_ml < 1 'ng/mL'",
		"current PSA below 1 ng/mL", CORE_FALSE },
	{ "%bcr_after_rp and (%prior_bed_rt or %high_psa)",
		"earlier radiation to the prostate bed | high PSA",
		CORE_TRUE },
	{ "%bcr_after_rp and %any_risk", "any risk", CORE_TRUE },
	{ "%bcr_after_rp and %any_risk.not()",
		"biochemical recurrence after prostatectomy | "
		"not \"any risk\"", CORE_FALSE },
	{ "%bcr_after_rp and (%prior_bed_rt = %bcr_after_rp)",
		"(earlier radiation to the prostate bed SAME AS "
		"biochemical recurrence after prostatectomy)", CORE_TRUE },
	{ "%prior_bed_rt.empty()",
		"earlier radiation to the prostate bed is not known",
		CORE_TRUE },
};

Test(ground, what_decided)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_variable v[2] = {
		{ .name = SV_LIT("high_psa"), .phrase = SV_LIT("high PSA") },
		{ .name = SV_LIT("any_risk"), .phrase = SV_LIT("any risk") } };
	struct core_scope scope = { &params, v, 0 };
	struct sv_err err;

	cr_assert(sv_is_ok(core_expr_compile(&A, SV_LIT(
	    "%current_psa_ng_ml > 2 'ng/mL'"), &scope, &v[0].expr, &err)));
	cr_assert(sv_is_ok(core_expr_compile(&A, SV_LIT(
	    "%prior_bed_rt or %current_psa_ng_ml > 2 'ng/mL'"), &scope, &v[1].expr,
	    &err)));
	scope.n_variables = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_ground g[CORE_GROUNDS_MAX];
		struct core_expr e;
		char got[512] = "";
		size_t n;

		cr_assert(sv_is_ok(core_expr_compile(&A,
		    sv_str_of(rows[i].text), &scope, &e, &err)), "%s",
		    rows[i].text);
		n = core_grounds(&e, &facts, g);
		cr_assert_gt(n, 0, "%s", rows[i].text);
		for (size_t k = 0; k < n; k++)
			(void)snprintf(got + strlen(got), sizeof(got)
			    - strlen(got), "%s%.*s", k > 0 ? " | " : "",
			    SV_FMT(core_expr_words(&A, &g[k].part)));
		cr_expect_str_eq(got, rows[i].grounds, "%s: %s", rows[i].text,
		    got);
		cr_expect_eq(core_ground_changed(&A, &e, &g[0], &facts),
		    rows[i].changed, "%s", rows[i].text);
		cr_expect_eq(g[0].of_ignorance, strstr(rows[i].text,
		    "empty") != NULL);
	}
	sv_arena_free(&A);
}

/* ${n} times the same, joined by AND. */
static struct core_expr
chain(struct sv_arena *A, int n)
{
	struct core_scope scope = { &params, NULL, 0 };
	struct sv_str text = SV_LIT("%bcr_after_rp");
	struct core_expr e;
	struct sv_err err;

	for (int i = 1; i < n; i++)
		text = sv_arena_printf(A, "%.*s and %%bcr_after_rp",
		    SV_FMT(text));
	cr_assert(sv_is_ok(core_expr_compile(A, text, &scope, &e, &err)));
	return e;
}

Test(ground, as_many_as_there_is_room_for)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_ground g[CORE_GROUNDS_MAX];
	struct core_expr none = { .n = 0 }, e;

	cr_expect_eq(core_grounds(&none, &facts, g), 0);
	for (int n = 1; n <= CORE_GROUNDS_MAX + 2; n++) {
		size_t want = n < CORE_GROUNDS_MAX ? (size_t)n
		    : CORE_GROUNDS_MAX, ops = 0;

		e = chain(&A, n);
		cr_expect_eq(core_grounds(&e, &facts, g), want, "%d", n);
		for (size_t i = 0; i < want; i++) {
			ops += g[i].part.n;
			cr_expect_eq(g[i].part.facts,
			    CORE_FACT_BIT(CORE_BCR_AFTER_RP));
		}
		/* What there is no room for stays together. */
		cr_expect_eq(ops, (size_t)n + (size_t)n - want, "%d", n);
	}
	sv_arena_free(&A);
}

/* Nested to the right there are more than there is room for: left out. */
Test(ground, the_others_are_left_out)
{
	struct sv_arena A = test_arena(1 << 20);
	struct core_ground g[CORE_GROUNDS_MAX + 1];
	struct core_scope scope = { &params, NULL, 0 };
	struct sv_str text = SV_LIT("%bcr_after_rp and %bcr_after_rp and "
	    "%bcr_after_rp and %bcr_after_rp");
	struct core_expr e;
	struct sv_err err;

	for (int i = 0; i < 30; i++)
		text = sv_arena_printf(&A, "%%bcr_after_rp and (%.*s)",
		    SV_FMT(text));
	cr_assert(sv_is_ok(core_expr_compile(&A, text, &scope, &e, &err)));
	memset(&g[CORE_GROUNDS_MAX], 0, sizeof(*g));
	cr_expect_eq(core_grounds(&e, &facts, g), CORE_GROUNDS_MAX);
	cr_expect_eq(g[CORE_GROUNDS_MAX].part.n, 0);
	sv_arena_free(&A);
}
