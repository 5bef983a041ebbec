/* A condition: what compiles can be evaluated, on facts that are unknown. */
#include "core_expr.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sv_arena A = test_arena(FUZZ_ARENA);
	struct core_params params;
	struct core_facts *facts = sv_arena_zalloc(&A, 1, sizeof(*facts));
	struct core_scope scope = { &params, NULL, 0 };
	core_fact_set missing;
	struct core_expr e;
	struct sv_err err = { "", "" };

	core_params_default(&params);
	fuzz_must(facts != NULL);
	if (sv_is_ok(core_expr_compile(&A, (struct sv_str){
	    (const char *)data, n }, &scope, &e, &err)))
		(void)core_expr_eval(&e, facts, &missing);
	else
		fuzz_must(err.text[0] != '\0');
	sv_arena_free(&A);
	return 0;
}
