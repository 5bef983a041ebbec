#include "core_op.h"

/* A value on the stack.  ${missing} is 0 unless the value is unknown. */
struct value {
	enum core_tri tri;
	const struct core_interval *number;
	bool infinite;		/* a doubling time without doubling */
	core_fact_set missing;
};

static struct value
push_fact(const struct core_facts *facts, enum core_fact_id id)
{
	const struct core_fact *f = &facts->fact[id];
	struct value v = { f->truth, &f->number, f->infinite, 0 };

	/* A number that is known as an interval may not decide either. */
	if (core_fact_type(id) == CORE_FACT_NUMBER
	    || f->truth == CORE_UNKNOWN)
		v.missing = CORE_FACT_BIT(id);
	return v;
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
binary(const struct core_op *op, const struct value *a, const struct value *b)
{
	switch (op->code) {
	case CORE_OP_COMPARE:
		return compare(a, op->cmp, b);
	case CORE_OP_AND:
		return core_and(a->tri, b->tri);
	case CORE_OP_OR:
		return core_or(a->tri, b->tri);
	case CORE_OP_IMPLIES:
		return core_or(core_not(a->tri), b->tri);
	default:
		break;
	}
	if (a->tri == CORE_UNKNOWN || b->tri == CORE_UNKNOWN)
		return CORE_UNKNOWN;
	return core_tri_of((a->tri == b->tri) == (op->code == CORE_OP_SAME));
}

static bool
is_empty(const struct value *v)
{
	if (v->number != NULL)
		return !v->number->set && !v->infinite;
	return v->tri == CORE_UNKNOWN;
}

static enum core_tri
unary(enum core_opcode code, const struct value *v)
{
	switch (code) {
	case CORE_OP_NOT:
		return core_not(v->tri);
	case CORE_OP_ANY_TRUE:
		return core_tri_of(v->tri == CORE_TRUE);
	case CORE_OP_ANY_FALSE:
		return core_tri_of(v->tri == CORE_FALSE);
	case CORE_OP_EMPTY:
		return core_tri_of(is_empty(v));
	default:
		return core_tri_of(!is_empty(v));
	}
}

enum core_tri
core_expr_eval(const struct core_expr *expr, const struct core_facts *facts,
    core_fact_set *ret_missing)
{
	struct value stack[CORE_EXPR_DEPTH];
	size_t n = 0;

	stack[0] = (struct value){ .tri = CORE_UNKNOWN };
	for (size_t i = 0; i < expr->n; i++) {
		const struct core_op *op = &expr->ops[i];
		struct value *top;
		core_fact_set missing;

		if (op->code == CORE_OP_FACT) {
			stack[n] = push_fact(facts, op->fact);
			if (core_fact_type(op->fact) != CORE_FACT_NUMBER)
				stack[n].number = NULL;
			n++;
			continue;
		}
		if (op->code <= CORE_OP_NUMBER) {
			stack[n++] = (struct value){ op->tri,
				op->code == CORE_OP_NUMBER ? &op->number
				: NULL, false, 0 };
			continue;
		}
		if (op->code <= CORE_OP_SAME) {
			n--;
			top = &stack[n - 1];
			missing = top->missing | stack[n].missing;
			top->tri = binary(op, top, &stack[n]);
		} else {
			top = &stack[n - 1];
			missing = top->missing;
			top->tri = unary(op->code, top);
		}
		top->number = NULL;
		top->infinite = false;
		top->missing = top->tri == CORE_UNKNOWN ? missing : 0;
	}
	if (ret_missing != NULL)
		*ret_missing = stack[0].missing;
	return stack[0].tri;
}
