/* Conditions in words, and whether they can ever hold. */
#include <criterion/criterion.h>
#include <string.h>

#include "condition.h"
#include "sv_buf.h"

TestSuite(expr_words, .init = setup, .fini = teardown);

Test(expr_words, words)
{
	static const struct {
		const char *text, *words;
	} t[] = {
		{ "true", "always" }, { "false", "never" },
		{ "{}", "unknown" },
		{ "%bcr_after_rp.not()",
		    "no biochemical recurrence after prostatectomy" },
		{ "%deceased and %lymphoma", "patient has died AND lymphoma" },
		{ "%deceased and %lymphoma and %named",
		    "patient has died AND lymphoma AND a name" },
		{ "(%deceased or %lymphoma) and %named",
		    "(patient has died OR lymphoma) AND a name" },
		{ "%deceased and %lymphoma or %named",
		    "(patient has died AND lymphoma) OR a name" },
		{ "%deceased or %lymphoma or %named",
		    "patient has died OR lymphoma OR a name" },
		{ "%deceased xor %lymphoma",
		    "(patient has died OR ELSE lymphoma)" },
		{ "%deceased implies %lymphoma",
		    "(patient has died IMPLIES lymphoma)" },
		{ "%deceased = %lymphoma",
		    "(patient has died SAME AS lymphoma)" },
		{ "(%deceased or %lymphoma) xor %named",
		    "((patient has died OR lymphoma) OR ELSE a name)" },
		{ "%lymphoma.empty()", "lymphoma is not known" },
		{ "%lymphoma.exists()", "lymphoma is known" },
		{ "%lymphoma.anyTrue()", "lymphoma is established" },
		{ "%lymphoma.anyFalse()", "lymphoma is excluded" },
		{ "%lymphoma.empty().not()",
		    "not true that lymphoma is not known" },
		{ "%named.not()", "not \"a name\"" },
		{ "%named.empty()", "a name is not known" },
		{ "%plain.not()",
		    "no (earlier radiation to the prostate bed OR distant "
		    "metastasis)" },
		{ "%current_psa_ng_ml >= 0.70 'ng/mL'",
		    "current PSA at least 0.7 ng/mL" },
		{ "%current_psa_ng_ml < 1 'ng/mL'", "current PSA below 1 ng/mL" },
		{ "%psa_doubling_time_months <= 6 'mo'",
		    "PSA doubling time at most 6 months" },
		{ "%life_expectancy_years > 5 'a'",
		    "life expectancy above 5 years" },
		{ "0.7 'ng/mL' < %current_psa_ng_ml", "0.7 below current PSA" },
		{ "%grade_group_rp = 4",
		    "Grade Group of the prostatectomy specimen equal to 4" },
		{ "%grade_group_rp != 4",
		    "Grade Group of the prostatectomy specimen other than 4" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_expr e = compile(t[i].text, 2);

		cr_expect(sv_str_is(core_expr_words(&A, &e), t[i].words),
		    "%.*s", SV_FMT(core_expr_words(&A, &e)));
	}
}

/* Can it ever fire?  Also at the edges of its numbers. */
Test(expr_words, reachable)
{
	static const struct {
		const char *when, *unless;
		bool can;
	} t[] = {
		{ "%deceased", "", true },
		{ "%deceased and %deceased.not()", "", false },
		{ "%deceased", "%deceased", false },
		{ "%deceased", "%lymphoma", true },
		{ "%lymphoma.empty()", "", true },
		{ "%current_psa_ng_ml > 0.7 'ng/mL' and "
		    "%current_psa_ng_ml < 0.9 'ng/mL'", "", true },
		{ "%current_psa_ng_ml >= 0.7 'ng/mL' and "
		    "%current_psa_ng_ml <= 0.7 'ng/mL'", "", true },
		{ "%current_psa_ng_ml > 0.7 'ng/mL' and "
		    "%current_psa_ng_ml < 0.7 'ng/mL'", "", false },
		{ "%current_psa_ng_ml > 100 'ng/mL'", "", true },
		{ "%current_psa_ng_ml >= 0.7 'ng/mL'",
		    "%current_psa_ng_ml >= 0.6 'ng/mL'", false },
		{ "%current_psa_ng_ml >= 0.6 'ng/mL'",
		    "%current_psa_ng_ml >= 0.7 'ng/mL'", true },
		{ "%psa_doubling_time_months.empty()", "", true },
		{ "%current_psa_ng_ml.exists()", "", true },
		{ "%current_psa_ng_ml > 1000 'ng/mL'", "", true },
		{ "%current_psa_ng_ml < 0.001 'ng/mL'", "", true },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_expr when = compile(t[i].when, 0);
		struct core_expr unless = { .ops = NULL };

		if (*t[i].unless != '\0')
			unless = compile(t[i].unless, 0);
		cr_expect_eq(core_expr_reachable(&when, &unless, &facts),
		    t[i].can, "%s", t[i].when);
	}
}

/* Each statement once, however they are joined and whatever name they have. */
Test(expr_words, statements)
{
	static const struct {
		const char *text, *statements;
	} t[] = {
		{ "true", "" },
		{ "%deceased", "patient has died" },
		{ "%deceased.not()", "patient has died" },
		{ "%current_psa_ng_ml < 1 'ng/mL'",
		    "current PSA below 1 ng/mL" },
		{ "%deceased and %lymphoma", "patient has died; lymphoma" },
		{ "%deceased or %lymphoma or %deceased",
		    "patient has died; lymphoma" },
		{ "%deceased or %current_psa_ng_ml < 1 'ng/mL'",
		    "patient has died; current PSA below 1 ng/mL" },
		{ "%current_psa_ng_ml >= 0.70 'ng/mL' and %deceased",
		    "current PSA at least 0.7 ng/mL; patient has died" },
		{ "%grade_group_rp = 4 or %grade_group_rp = 5 or "
		    "%grade_group_rp = 4", "Grade Group of the prostatectomy "
		    "specimen equal to 4; Grade Group of the prostatectomy "
		    "specimen equal to 5" },
		{ "%named and %deceased", "earlier radiation to the prostate "
		    "bed; distant metastasis; patient has died" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_expr e = compile(t[i].text, 2);
		struct sv_str s = core_expr_statements(&A, &e);

		cr_expect(sv_str_eq(s, sv_str_of(t[i].statements)), "%s: %.*s",
		    t[i].text, SV_FMT(s));
	}
}

/* The seventeenth is left out. */
Test(expr_words, statements_end)
{
	struct sv_buf b;
	struct core_expr e;
	struct sv_str s;

	sv_buf_init(&b, &A, 1 << 16);
	for (int i = 10; i <= 26; i++)
		sv_buf_printf(&b, "%s%%grade_group_rp = %d", i > 10 ? " or " : "",
		    i);
	e = compile(sv_arena_str(&A, sv_buf_str(&b)).p, 0);
	s = core_expr_statements(&A, &e);
	cr_expect(sv_str_ends(s, SV_LIT("equal to 25")), "%.*s", SV_FMT(s));
}

/* A name stands for all that is behind it, and may be for nothing. */
Test(expr_words, names)
{
	struct core_expr one;

	variables[2] = (struct core_variable){ SV_LIT("one"),
		SV_LIT("a death"), compile("%deceased", 0) };
	variables[3] = (struct core_variable){ .name = SV_LIT("none"),
		.phrase = SV_LIT("a name without a condition") };
	one = compile("%one", 4);
	cr_expect_str_eq(core_expr_words(&A, &one).p, "a death");
	cr_expect_eq(compile("%none", 4).n, 0);
}

/* More numbers than are remembered, all of them far beyond any count. */
Test(expr_words, reachable_among_many_numbers)
{
	struct sv_buf b;
	struct core_expr when, none = { .n = 0 };

	sv_buf_init(&b, &A, 1 << 16);
	for (int i = 0; i < 100; i++)
		sv_buf_printf(&b, "%s%%current_psa_ng_ml > 100000000000 'ng/mL'",
		    i > 0 ? " or " : "");
	sv_buf_addc(&b, '\0');
	when = compile(sv_buf_str(&b).p, 0);
	cr_expect(core_expr_reachable(&when, &none, &facts));
}

/* What an equality has taken from the stack is free again. */
Test(expr_words, many_equalities)
{
	struct core_expr e;
	struct sv_buf b;

	sv_buf_init(&b, &A, 1 << 16);
	for (int i = 0; i < 100; i++)
		sv_buf_printf(&b, "%s(%%bcr_after_rp = %%bcr_after_rp)", i > 0
		    ? " and " : "");
	e = compile(sv_arena_str(&A, sv_buf_str(&b)).p, 0);
	cr_expect_eq(core_expr_eval(&e, &facts, NULL), CORE_TRUE);
	cr_expect_neq(core_expr_words(&A, &e).n, 0);
}
