#include "core_settle.h"

#include "core_op.h"

#define MAX_TRIALS 20000
#define MAX_NUMBERS 24

struct trial {
	const struct core_expr *expr;
	struct core_facts *facts;	/* a copy, to be written on */
	enum core_fact_id fact[CORE_FACT_COUNT];
	size_t n;
	struct sv_dec number[MAX_NUMBERS];
	size_t n_numbers;
	size_t trials;
};

/* Every number of the condition, and what lies just below and above it. */
static void
list_numbers(struct trial *T)
{
	T->number[T->n_numbers++] = (struct sv_dec){ 0, 0 };
	for (size_t i = 0; i < T->expr->n
	    && T->n_numbers + 3 <= MAX_NUMBERS; i++) {
		struct sv_dec v = T->expr->ops[i].number.lo;

		if (T->expr->ops[i].code != CORE_OP_NUMBER)
			continue;
		for (int d = -1; d <= 1; d++)
			T->number[T->n_numbers++] = (struct sv_dec){ v.m + d,
				v.scale };
	}
}

/* Is the condition known for every value of the facts from the ${k}th on? */
static bool
always_known(struct trial *T, size_t k)
{
	struct core_fact *f;
	size_t n = 2;

	if (k == T->n)
		return ++T->trials <= MAX_TRIALS && core_expr_eval(T->expr,
		    T->facts, NULL) != CORE_UNKNOWN;
	f = &T->facts->fact[T->fact[k]];
	if (core_fact_type(T->fact[k]) == CORE_FACT_NUMBER)
		n = T->n_numbers;
	for (size_t i = 0; i < n; i++) {
		if (core_fact_type(T->fact[k]) == CORE_FACT_NUMBER)
			f->number = core_exactly(T->number[i]);
		else
			f->truth = i == 0 ? CORE_FALSE : CORE_TRUE;
		if (!always_known(T, k + 1))
			return false;
	}
	return true;
}

static bool
decides(struct trial *T, const struct core_facts *facts, core_fact_set set)
{
	*T->facts = *facts;
	T->n = T->trials = 0;
	for (int i = 0; i < CORE_FACT_COUNT; i++) {
		if (set & CORE_FACT_BIT(i))
			T->fact[T->n++] = (enum core_fact_id)i;
	}
	return always_known(T, 0);
}

core_fact_set
core_settling(struct sv_arena *A, const struct core_expr *expr,
    const struct core_facts *facts, core_fact_set missing)
{
	struct trial *T = sv_arena_zalloc(A, 1, sizeof(*T));
	core_fact_set needed = missing;

	if (T == NULL || (T->facts = sv_arena_alloc(A, sizeof(*T->facts)))
	    == NULL)
		return missing;
	T->expr = expr;
	list_numbers(T);
	/* More knowledge never undoes a decision (Kleene), so what can be left
	 * out alone can be tried to be left out in turn. */
	for (int i = 0; i < CORE_FACT_COUNT; i++) {
		core_fact_set without = needed & ~CORE_FACT_BIT(i);

		if (without != needed && decides(T, facts, without))
			needed = without;
	}
	return needed;
}
