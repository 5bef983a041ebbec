/*
 * Every single request for memory of a decision refused once: the decision is
 * then given up whole, and the next one is as if nothing had been.
 */
#include <criterion/criterion.h>

#include "test_arena.h"
#include "vignette.h"

#define CEILING ((size_t)16 << 20)

/* Decide with ${allowed} blocks, then one refused, then none or as many as are
 * wanted: usual ones are too large for the arena, so that every object takes
 * its own. */
static struct sv_status
decide(const struct core_rulebook *book, const struct vignette *v,
    long allowed, bool once)
{
	struct sv_arena A = once ? test_arena_refusing_once(CEILING, &allowed)
	    : test_arena_failing(CEILING, &allowed);
	struct core_decision d;
	struct sv_status s;

	A.block_size = CEILING + 1;
	s = core_decide(&A, book, &v->known, &d);
	sv_arena_free(&A);
	return s;
}

Test(memory, each_refusal_gives_the_decision_up)
{
	struct sv_arena A = test_arena((size_t)256 << 20);
	struct core_rulebook book = test_rulebook(&A);
	size_t n;
	struct vignette *v = vignettes_load(&A, &n);

	for (size_t i = 0; i < n; i++) {
		long k = 0;

		for (; k < 10000; k++) {
			struct sv_status s = decide(&book, &v[i], k, false);

			if (sv_is_ok(s))
				break;
			cr_expect_eq(s.code, SV_CODE_NOMEM);
			cr_expect_eq(decide(&book, &v[i], k, true).code,
			    SV_CODE_NOMEM, "%.*s: %ld", SV_FMT(v[i].id), k);
		}
		cr_expect(k > 5 && k < 10000, "%.*s: %ld",
		    SV_FMT(v[i].id), k);
	}
	sv_arena_free(&A);
}
