/* The least that would decide a condition: one fact at and around a number, or more. */
#include <criterion/criterion.h>

#include "condition.h"
#include "core_settle.h"

TestSuite(settle, .init = setup, .fini = teardown);

#define L CORE_FACT_BIT(CORE_LIFE_EXPECTANCY_YEARS)
#define M CORE_FACT_BIT(CORE_METASTATIC_DISEASE_FACT)
#define Y CORE_FACT_BIT(CORE_LYMPHOMA)

Test(settle, the_least)
{
	static const struct {
		const char *text;
		core_fact_set least;
	} t[] = {
		{ "%metastatic_disease", M },
		{ "%metastatic_disease and %lymphoma", M | Y },
		{ "%metastatic_disease or %metastatic_disease and %lymphoma", M },
		{ "%life_expectancy_years > 5 'a'", L },
		/* Below, at, and above the number. */
		{ "%life_expectancy_years < 5 'a' and %lymphoma "
		    "or %life_expectancy_years >= 5 'a'", L | Y },
		{ "%life_expectancy_years >= 5 'a' and %lymphoma "
		    "and %life_expectancy_years <= 5 'a'", L | Y },
		{ "%life_expectancy_years > 5 'a' and %lymphoma", L | Y },
		{ "%life_expectancy_years >= 5 'a' and %lymphoma "
		    "or %life_expectancy_years >= 5 'a'", L },
		/* Only what is just below the second number lies between. */
		{ "%life_expectancy_years > 2 'a' and %life_expectancy_years "
		    "< 2.5 'a' and %lymphoma", L | Y },
		/* More numbers than are tried. */
		{ "%life_expectancy_years > 1 'a' and %life_expectancy_years "
		    "> 2 'a' and %life_expectancy_years > 3 'a' and "
		    "%life_expectancy_years > 4 'a' and %life_expectancy_years "
		    "> 5 'a' and %life_expectancy_years > 6 'a' and "
		    "%life_expectancy_years > 7 'a' and %life_expectancy_years "
		    "> 8 'a' and %life_expectancy_years > 9 'a'", L },
	};

	facts.fact[CORE_LYMPHOMA].truth = CORE_UNKNOWN;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct core_expr e = compile(t[i].text, 0);

		cr_expect_eq(core_settling(&A, &e, &facts, e.facts),
		    t[i].least, "%s", t[i].text);
	}
}
