#include "core_op.h"

/* A value on the stack.  ${missing} is 0 unless the value is unknown. */
struct value {
	enum core_tri tri;
	bool infinite;		/* of a number: a time without doubling */
	const struct core_interval *number;	/* NULL: a truth value */
	core_fact_set missing;
};

/* Set ${v} to the truth ${t}; ${missing} counts if it is unknown. */
static void
settle(struct value *v, enum core_tri t, core_fact_set missing)
{
	v->tri = t;
	v->number = NULL;
	v->missing = t == CORE_UNKNOWN ? missing : 0;
}

static void
set_number(struct value *v, const struct core_interval *number, bool infinite,
    core_fact_set missing)
{
	v->tri = CORE_UNKNOWN;
	v->number = number;
	v->infinite = infinite;
	v->missing = missing;
}

static void
set_fact(struct value *v, const struct core_facts *facts, enum core_fact_id id)
{
	const struct core_fact *f = &facts->fact[id];

	/* A number that is known as an interval may not decide either. */
	if (core_fact_type(id) == CORE_FACT_NUMBER)
		set_number(v, &f->number, f->infinite, CORE_FACT_BIT(id));
	else
		settle(v, f->truth, CORE_FACT_BIT(id));
}

/* An infinite number is above every finite one. */
static enum core_tri
compare(const struct value *a, enum core_cmp op, const struct value *b)
{
	if (a->infinite || b->infinite) {
		bool above = a->infinite && !b->infinite;
		bool below = b->infinite && !a->infinite;

		switch (op) {
		case CORE_LT:
			return core_tri_of(below);
		case CORE_LE:
			return core_tri_of(!above);
		case CORE_GT:
			return core_tri_of(above);
		case CORE_GE:
			return core_tri_of(!below);
		case CORE_EQ:
			return core_tri_of(!above && !below);
		case CORE_NE:
			break;
		}
		return core_tri_of(above || below);
	}
	return core_compare(*a->number, op, *b->number);
}

static enum core_tri
differ(enum core_tri a, enum core_tri b)
{
	return a == CORE_UNKNOWN || b == CORE_UNKNOWN ? CORE_UNKNOWN
	    : core_tri_of(a != b);
}

static bool
is_empty(const struct value *v)
{
	if (v->number != NULL)
		return !v->number->set && !v->infinite;
	return v->tri == CORE_UNKNOWN;
}

/* The truth of ${op} on ${a} and, if it takes two, ${b}. */
static enum core_tri
truth(const struct core_op *op, const struct value *a, const struct value *b)
{
	switch (op->code) {
	case CORE_OP_COMPARE:
		return compare(a, op->cmp, b);
	case CORE_OP_AND:
		return core_and(a->tri, b->tri);
	case CORE_OP_OR:
		return core_or(a->tri, b->tri);
	case CORE_OP_XOR:
		return differ(a->tri, b->tri);
	case CORE_OP_IMPLIES:
		return core_or(core_not(a->tri), b->tri);
	case CORE_OP_SAME:
		return core_not(differ(a->tri, b->tri));
	case CORE_OP_NOT:
		return core_not(a->tri);
	case CORE_OP_ANY_TRUE:
		return core_tri_of(a->tri == CORE_TRUE);
	case CORE_OP_ANY_FALSE:
		return core_tri_of(a->tri == CORE_FALSE);
	case CORE_OP_EMPTY:
		return core_tri_of(is_empty(a));
	default:
		return core_tri_of(!is_empty(a));
	}
}

/* Do ${op} on the stack that ends with ${top}; hands back its new end. */
static inline struct value *
apply(const struct core_op *op, const struct core_facts *facts,
    struct value *top)
{
	core_fact_set missing;

	switch (op->code) {
	case CORE_OP_FACT:
		set_fact(++top, facts, op->fact);
		return top;
	case CORE_OP_TRI:
		settle(++top, op->tri, 0);
		return top;
	case CORE_OP_NUMBER:
		set_number(++top, &op->number, false, 0);
		return top;
	default:
		break;
	}
	missing = top->missing;
	if (op->code <= CORE_OP_SAME)
		missing |= (--top)->missing;
	settle(top, truth(op, top, top + 1), missing);
	return top;
}

enum core_tri
core_expr_eval(const struct core_expr *expr, const struct core_facts *facts,
    core_fact_set *ret_missing)
{
	struct value stack[CORE_EXPR_DEPTH + 1], *top = stack;
	const struct core_op *op = expr->ops, *end = op + expr->n;

	settle(top, CORE_UNKNOWN, 0);
	for (; op < end; op++) {
		top = apply(op, facts, top);
		/* To an AND or OR, which is within the program. */
		while (op->skip > 0 && top->tri == op->decides)
			op += op->skip;
	}
	if (ret_missing != NULL)
		*ret_missing = top->missing;
	return top->tri;
}

void
core_op_link(struct core_op *ops, size_t n)
{
	size_t begin[CORE_EXPR_DEPTH];	/* of each operand on the stack */
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		struct core_op *left;

		ops[i].skip = 0;
		if (ops[i].code <= CORE_OP_FACT)
			begin[depth++] = i;
		if (ops[i].code <= CORE_OP_FACT || ops[i].code > CORE_OP_SAME)
			continue;
		left = &ops[begin[--depth] - 1];
		if (ops[i].code != CORE_OP_AND && ops[i].code != CORE_OP_OR)
			continue;
		left->skip = (uint32_t)(&ops[i] - left);
		left->decides = core_tri_of(ops[i].code == CORE_OP_OR);
	}
}
