/**
 * condition.h: conditions over given facts, for tests.
 */
#ifndef CONDITION_H
#define CONDITION_H

#include "core_expr_words.h"
#include "test_arena.h"

static struct sv_arena A;
static struct core_params params;
static struct core_facts facts;
static struct core_variable variables[4];

static struct core_expr
compile(const char *text, size_t n_variables)
{
	struct core_scope scope = { &params, variables, n_variables };
	struct sv_err err;
	struct core_expr e;

	cr_assert(sv_is_ok(core_expr_compile(&A, sv_str_of(text), &scope, &e,
	    &err)), "%s: %s", text, err.text);
	return e;
}

/* bcr_after_rp true, prior_bed_rt false, metastatic_disease unknown; PSA 0.7,
 * no doubling, life expectancy unknown; %named and %plain are prior_bed_rt or
 * metastatic_disease. */
static inline void
setup(void)
{
	static const char text[] = "%prior_bed_rt or %metastatic_disease";

	A = test_arena((size_t)16 << 20);
	core_params_default(&params);
	memset(&facts, 0, sizeof(facts));
	facts.fact[CORE_BCR_AFTER_RP].truth = CORE_TRUE;
	facts.fact[CORE_METASTATIC_DISEASE_FACT].truth = CORE_UNKNOWN;
	facts.fact[CORE_CURRENT_PSA].number = core_exactly(SV_DEC(7, 1));
	facts.fact[CORE_PSA_DOUBLING_TIME].infinite = true;
	variables[0] = (struct core_variable){ SV_LIT("named"),
		SV_LIT("a name"), compile(text, 0) };
	variables[1] = (struct core_variable){ SV_LIT("plain"), { NULL, 0 },
		compile(text, 0) };
}

static void
teardown(void)
{
	sv_arena_free(&A);
}

#endif
