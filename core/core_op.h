/**
 * core_op.h: the instructions of a compiled condition; internal to core/.
 */
#ifndef CORE_OP_H
#define CORE_OP_H

#include "core_expr.h"

#define CORE_EXPR_DEPTH 32	/* nesting of a text, and stack of a program */

enum core_opcode {
	CORE_OP_TRI,		/* push .tri */
	CORE_OP_NUMBER,		/* push .number */
	CORE_OP_FACT,		/* push fact .fact, a truth or a number */
	CORE_OP_COMPARE,	/* pop two numbers, push their comparison .cmp */
	CORE_OP_AND, CORE_OP_OR, CORE_OP_XOR, CORE_OP_IMPLIES, CORE_OP_SAME,
	CORE_OP_NOT, CORE_OP_EMPTY, CORE_OP_EXISTS,
	CORE_OP_ANY_TRUE, CORE_OP_ANY_FALSE
};

struct core_op {
	enum core_opcode code;
	enum core_tri tri;
	enum core_cmp cmp;
	enum core_fact_id fact;
	struct core_interval number;
	struct sv_str phrase;	/* of the variable that ends here; may be empty */
	/* The op ends the left side of the AND or OR that stands ${skip} behind:
	 * if it leaves ${decides}, the right side cannot matter.  0: it does not. */
	uint32_t skip;
	enum core_tri decides;
};

/** Decide in ${ops}, a whole program of ${n}, what needs no facts; hands back
 * how many ops are left. */
size_t core_op_fold(struct core_op *ops, size_t n);

/** Fill skip and decides of the ${n} ${ops} of a whole program. */
void core_op_link(struct core_op *ops, size_t n);

#endif
