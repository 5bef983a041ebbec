/* What a fact keeps of its evidence. */
#include <criterion/criterion.h>

#include "core_derive.h"
#include "test_arena.h"

/* How many pieces a fact has after ${n} events and the first of them again. */
static size_t
kept(size_t n)
{
	static struct core_event events[64];
	static struct core_facts facts;
	struct sv_arena A = test_arena((size_t)1 << 20);
	struct core_derive D = { .A = &A, .out = &facts };

	facts = (struct core_facts){ .n_psa = 0 };
	for (size_t i = 0; i < n; i++)
		core_add_evidence(&D, CORE_BCR_AFTER_RP, &events[i]);
	core_add_evidence(&D, CORE_BCR_AFTER_RP, &events[0]);
	cr_assert_not(D.nomem);
	sv_arena_free(&A);
	return facts.fact[CORE_BCR_AFTER_RP].n_evidence;
}

/* Evidence counts once as far back as the last 32 pieces: a patient of ten
 * thousand values is not compared all with all. */
Test(fact, evidence_counts_once)
{
	cr_expect_eq(kept(1), 1);
	cr_expect_eq(kept(2), 2);
	cr_expect_eq(kept(32), 32);
	cr_expect_eq(kept(33), 34);
}
