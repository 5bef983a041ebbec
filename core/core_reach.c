/*
 * Can a rule ever fire?  Facts are drawn at random, numbers from just below,
 * at and just above every number that the condition mentions.
 */
#include "core_expr_words.h"
#include "core_op.h"

#define TRIES 4000000
#define MAX_NUMBERS 64

struct draw {
	uint64_t state;
	struct sv_dec numbers[MAX_NUMBERS];
	size_t n_numbers;
};

/* Knuth's linear congruential generator: any fixed sequence will do. */
static uint32_t
next(struct draw *D, uint32_t below)
{
	D->state = D->state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(D->state >> 33) % below;
}

static void
note_numbers(struct draw *D, const struct core_expr *e)
{
	for (size_t i = 0; i < e->n && D->n_numbers < MAX_NUMBERS; i++) {
		if (e->ops[i].code == CORE_OP_NUMBER)
			D->numbers[D->n_numbers++] = e->ops[i].number.lo;
	}
}

static void
draw_fact(struct draw *D, enum core_fact_id id, struct core_fact *f)
{
	struct sv_dec v;

	*f = (struct core_fact){ .truth = CORE_UNKNOWN };
	if (core_fact_type(id) == CORE_FACT_TRI) {
		static const enum core_tri truths[] = { CORE_TRUE, CORE_TRUE,
			CORE_FALSE, CORE_FALSE, CORE_UNKNOWN };

		f->truth = truths[next(D, 5)];
	} else if (next(D, 5) > 0) {
		v = D->numbers[next(D, (uint32_t)D->n_numbers)];
		v.m += (int64_t)next(D, 3) - 1;
		f->number = core_exactly(v);
	}
}

bool
core_expr_reachable(const struct core_expr *when,
    const struct core_expr *unless, struct core_facts *facts)
{
	struct draw D = { .state = 1 };
	core_fact_set set = when->facts | unless->facts;

	/* One for a condition that mentions none, and one above most. */
	D.numbers[D.n_numbers++] = (struct sv_dec){ 1, 0 };
	D.numbers[D.n_numbers++] = (struct sv_dec){ 1000, 0 };
	note_numbers(&D, when);
	note_numbers(&D, unless);
	for (int i = 0; i < TRIES; i++) {
		for (int k = 0; k < CORE_FACT_COUNT; k++) {
			if (set & CORE_FACT_BIT(k))
				draw_fact(&D, (enum core_fact_id)k,
				    &facts->fact[k]);
		}
		if (core_expr_eval(when, facts, NULL) == CORE_TRUE
		    && (unless->n == 0 || core_expr_eval(unless, facts, NULL)
		    != CORE_TRUE))
			return true;
	}
	return false;
}
