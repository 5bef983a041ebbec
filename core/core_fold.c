#include "core_op.h"

#include <string.h>

/*
 * What parameters and literals decide of a condition, decided once: a count
 * that a site may set chooses between conditions, and only the chosen one is
 * evaluated, and read by a clinician.
 */
struct fold {
	struct core_op *ops;
	size_t n;			/* ops kept */
	size_t begin[CORE_EXPR_DEPTH];	/* of each operand on the stack */
	size_t depth;
};

/* Only [from, to) remains of what begins at ${left}. */
static void
keep(struct fold *F, size_t left, size_t from, size_t to)
{
	memmove(&F->ops[left], &F->ops[from], (to - from) * sizeof(*F->ops));
	F->n = left + to - from;
}

/* Is the operand [from, to) the word true or false? */
static bool
is_known(const struct fold *F, size_t from, size_t to)
{
	return to - from == 1 && F->ops[from].code == CORE_OP_TRI
	    && F->ops[from].tri != CORE_UNKNOWN;
}

/* Two numbers are compared at once. */
static bool
fold_compare(struct fold *F, const struct core_op *op, size_t left,
    size_t right)
{
	struct core_op *a = &F->ops[left], *b = &F->ops[right];

	if (op->code != CORE_OP_COMPARE || a->code != CORE_OP_NUMBER
	    || b->code != CORE_OP_NUMBER)
		return false;
	*a = (struct core_op){ .code = CORE_OP_TRI,
		.tri = core_compare(a->number, op->cmp, b->number) };
	F->n = left + 1;
	return true;
}

/* A known side of an AND or OR is the whole, or makes no difference. */
static bool
fold_logic(struct fold *F, const struct core_op *op, size_t left, size_t right)
{
	enum core_tri idle = core_tri_of(op->code == CORE_OP_AND);
	size_t end = F->n;
	bool right_stays;

	if (op->code != CORE_OP_AND && op->code != CORE_OP_OR)
		return false;
	if (is_known(F, left, right))
		right_stays = F->ops[left].tri == idle;
	else if (is_known(F, right, end))
		right_stays = F->ops[right].tri != idle;
	else
		return false;
	if (right_stays)
		keep(F, left, right, end);
	else
		F->n = right;
	return true;
}

static void
add(struct fold *F, struct core_op op)
{
	size_t left, right;

	if (op.code <= CORE_OP_FACT) {
		F->begin[F->depth++] = F->n;
	} else if (op.code <= CORE_OP_SAME) {
		right = F->begin[--F->depth];
		left = F->begin[F->depth - 1];
		if (fold_compare(F, &op, left, right)
		    || fold_logic(F, &op, left, right)) {
			if (op.phrase.n > 0)
				F->ops[F->n - 1].phrase = op.phrase;
			return;
		}
	}
	F->ops[F->n++] = op;
}

size_t
core_op_fold(struct core_op *ops, size_t n)
{
	struct fold F = { .ops = ops };

	for (size_t i = 0; i < n; i++)
		add(&F, ops[i]);
	return F.n;
}
