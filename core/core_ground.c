#include "core_ground.h"

#include <string.h>

#include "core_op.h"

struct walk {
	const struct core_expr *expr;
	const struct core_facts *facts;
	size_t todo[CORE_GROUNDS_MAX];	/* last ops of parts, the next on top */
	size_t n_todo;
};

/* The first op of the part that ends at op ${last}. */
static size_t
first_of(const struct core_expr *e, size_t last)
{
	size_t i = last + 1;

	for (size_t wanted = 1; wanted > 0; i--) {
		enum core_opcode code = e->ops[i - 1].code;

		if (code <= CORE_OP_FACT)
			wanted--;
		else if (code <= CORE_OP_SAME)
			wanted++;
	}
	return i;
}

static struct core_expr
part_of(const struct core_expr *e, size_t last)
{
	size_t first = first_of(e, last);
	struct core_expr part = { .ops = e->ops + first,
		.n = last + 1 - first };

	for (size_t i = 0; i < part.n; i++) {
		if (part.ops[i].code == CORE_OP_FACT)
			part.facts |= CORE_FACT_BIT(part.ops[i].fact);
	}
	return part;
}

/* Does an AND or OR of value ${whole} have that value because of a part of
 * value ${part}? */
static bool
decides(enum core_opcode code, enum core_tri whole, enum core_tri part)
{
	if (whole == CORE_UNKNOWN)
		return part == CORE_UNKNOWN;
	if ((code == CORE_OP_AND) == (whole == CORE_TRUE))
		return true;	/* both parts were needed */
	return part == whole;
}

/* Put off the two sides of the AND or OR at ${last}; false if it is to be one
 * statement. */
static bool
take_apart(struct walk *W, size_t last, enum core_tri truth)
{
	const struct core_op *op = &W->expr->ops[last];
	size_t side[2];

	if ((op->code != CORE_OP_AND && op->code != CORE_OP_OR)
	    || (op->code == CORE_OP_OR && op->phrase.n > 0
	    && truth == CORE_FALSE) || W->n_todo + 2 > CORE_GROUNDS_MAX)
		return false;
	side[0] = last - 1;
	side[1] = first_of(W->expr, last - 1) - 1;
	for (int i = 0; i < 2; i++) {
		struct core_expr part = part_of(W->expr, side[i]);

		if (decides(op->code, truth, core_expr_eval(&part, W->facts,
		    NULL)))
			W->todo[W->n_todo++] = side[i];
	}
	return true;
}

size_t
core_grounds(const struct core_expr *expr, const struct core_facts *facts,
    struct core_ground ret[CORE_GROUNDS_MAX])
{
	struct walk W = { .expr = expr, .facts = facts };
	size_t n = 0;

	if (expr->n > 0)
		W.todo[W.n_todo++] = expr->n - 1;
	while (W.n_todo > 0 && n < CORE_GROUNDS_MAX) {
		size_t last = W.todo[--W.n_todo];
		struct core_expr part = part_of(expr, last);
		enum core_tri truth = core_expr_eval(&part, facts, NULL);

		if (!take_apart(&W, last, truth))
			ret[n++] = (struct core_ground){ part, truth,
				expr->ops[last].code == CORE_OP_EMPTY };
	}
	return n;
}

enum core_tri
core_ground_changed(struct sv_arena *A, const struct core_expr *expr,
    const struct core_ground *ground, const struct core_facts *facts)
{
	struct core_op *ops = sv_arena_alloc(A, expr->n * sizeof(*ops));
	size_t first = (size_t)(ground->part.ops - expr->ops);
	size_t behind = first + ground->part.n;
	struct core_expr changed = { .ops = ops,
		.n = expr->n - ground->part.n + 1 };

	if (ops == NULL)
		return CORE_UNKNOWN;
	memcpy(ops, expr->ops, first * sizeof(*ops));
	ops[first] = (struct core_op){ .code = CORE_OP_TRI,
		.tri = core_not(ground->truth) };
	memcpy(ops + first + 1, expr->ops + behind,
	    (expr->n - behind) * sizeof(*ops));
	core_op_link(ops, changed.n);
	return core_expr_eval(&changed, facts, NULL);
}
