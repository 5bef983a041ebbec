/*
 * Compiling conditions.  Recursive descent over the FHIRPath N1 grammar:
 * implies binds weakest, then or/xor, and, = !=, < <= > >=, then invocations.
 */
#include "core_op.h"

#include <string.h>

#define MAX_OPS 512

/* The type of what has just been compiled. */
struct typed {
	bool is_number;
	struct sv_str unit;	/* of numbers; "1" stands for none */
};

struct parser {
	struct sv_str text;
	size_t at;
	const struct core_scope *scope;
	struct sv_err *err;
	struct core_op ops[MAX_OPS];
	size_t n;
	int depth;
	core_fact_set facts;
};

static struct sv_status parse_implies(struct parser *P, struct typed *t);

static struct sv_status
fail(struct parser *P, const char *what)
{
	sv_err_set(P->err, "", "at character %zu: %s", P->at + 1, what);
	return SV_BAD;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '_';
}

static void
skip_blank(struct parser *P)
{
	struct sv_str rest = sv_str_from(P->text, P->at);
	size_t i = 0;

	while (i < rest.n && (rest.p[i] == ' ' || rest.p[i] == '\n'
	    || rest.p[i] == '\t'))
		i++;
	P->at += i;
}

/* Take the symbol or word ${s} if it stands here. */
static bool
take(struct parser *P, const char *s)
{
	struct sv_str want = sv_str_of(s);

	skip_blank(P);
	if (!sv_str_starts(sv_str_from(P->text, P->at), want))
		return false;
	if (is_word(s[0]) && P->at + want.n < P->text.n
	    && is_word(P->text.p[P->at + want.n]))
		return false;
	P->at += want.n;
	return true;
}

static struct sv_status
emit(struct parser *P, struct core_op op)
{
	if (P->n == MAX_OPS)
		return fail(P, "the condition is too long");
	P->ops[P->n++] = op;
	return SV_OK;
}

static struct sv_status
emit_code(struct parser *P, enum core_opcode code)
{
	return emit(P, (struct core_op){ .code = code });
}

/* A 'string' after a number is its unit. */
static struct sv_status
parse_unit(struct parser *P, struct sv_str *unit)
{
	size_t from;

	if (!take(P, "'"))
		return SV_OK;
	from = P->at;
	while (P->at < P->text.n && P->text.p[P->at] != '\'')
		P->at++;
	if (P->at == P->text.n)
		return fail(P, "the unit has no closing quote");
	*unit = (struct sv_str){ P->text.p + from, P->at - from };
	P->at++;
	return SV_OK;
}

static struct sv_status
parse_number(struct parser *P, struct typed *t)
{
	size_t from = P->at;
	struct sv_dec v;

	while (P->at < P->text.n && ((P->text.p[P->at] >= '0'
	    && P->text.p[P->at] <= '9') || P->text.p[P->at] == '.'))
		P->at++;
	if (!sv_is_ok(sv_dec_parse((struct sv_str){ P->text.p + from,
	    P->at - from }, &v)))
		return fail(P, "expected a number");
	*t = (struct typed){ .is_number = true };
	SV_TRY(parse_unit(P, &t->unit));
	return emit(P, (struct core_op){ .code = CORE_OP_NUMBER,
	    .number = core_exactly(v) });
}

static struct sv_status
emit_fact(struct parser *P, enum core_fact_id id, struct typed *t)
{
	enum core_fact_type type = core_fact_type(id);

	if (type != CORE_FACT_TRI && type != CORE_FACT_NUMBER)
		return fail(P, "this fact is no truth and no number");
	*t = (struct typed){ type == CORE_FACT_NUMBER, core_fact_unit(id) };
	P->facts |= CORE_FACT_BIT(id);
	return emit(P, (struct core_op){ .code = CORE_OP_FACT, .fact = id });
}

/* A variable is compiled in place of its name. */
static struct sv_status
emit_variable(struct parser *P, const struct core_variable *v, struct typed *t)
{
	for (size_t i = 0; i < v->expr.n; i++)
		SV_TRY(emit(P, v->expr.ops[i]));
	if (v->phrase.n > 0 && v->expr.n > 0)
		P->ops[P->n - 1].phrase = v->phrase;
	P->facts |= v->expr.facts;
	*t = (struct typed){ .is_number = false };
	return SV_OK;
}

static struct sv_status
parse_name(struct parser *P, struct typed *t)
{
	size_t from = P->at;
	struct sv_str name;
	enum core_param_id param;

	while (P->at < P->text.n && is_word(P->text.p[P->at]))
		P->at++;
	name = (struct sv_str){ P->text.p + from, P->at - from };
	for (size_t i = 0; i < P->scope->n_variables; i++) {
		if (sv_str_eq(P->scope->variables[i].name, name))
			return emit_variable(P, &P->scope->variables[i], t);
	}
	if (core_fact_of(name) != CORE_FACT_COUNT)
		return emit_fact(P, core_fact_of(name), t);
	if ((param = core_param_of(name)) == CORE_PARAM_COUNT) {
		P->at = from;
		return fail(P, "no fact, parameter or variable has this name");
	}
	*t = (struct typed){ true, core_param_unit(param) };
	return emit(P, (struct core_op){ .code = CORE_OP_NUMBER,
	    .number = core_exactly(P->scope->params->value[param]) });
}

static struct sv_status
parse_term(struct parser *P, struct typed *t)
{
	*t = (struct typed){ .is_number = false };
	if (take(P, "(")) {
		SV_TRY(parse_implies(P, t));
		return take(P, ")") ? SV_OK : fail(P, "expected )");
	}
	if (take(P, "%"))
		return parse_name(P, t);
	if (take(P, "true"))
		return emit(P, (struct core_op){ .code = CORE_OP_TRI,
		    .tri = CORE_TRUE });
	if (take(P, "false"))
		return emit(P, (struct core_op){ .code = CORE_OP_TRI,
		    .tri = CORE_FALSE });
	if (take(P, "{")) {
		if (!take(P, "}"))
			return fail(P, "expected }");
		return emit(P, (struct core_op){ .code = CORE_OP_TRI,
		    .tri = CORE_UNKNOWN });
	}
	return parse_number(P, t);
}

static struct sv_status
parse_invocation(struct parser *P, struct typed *t)
{
	static const struct { const char *name; enum core_opcode code; } fn[] = {
		{ ".not()", CORE_OP_NOT }, { ".empty()", CORE_OP_EMPTY },
		{ ".exists()", CORE_OP_EXISTS },
		{ ".anyTrue()", CORE_OP_ANY_TRUE },
		{ ".anyFalse()", CORE_OP_ANY_FALSE },
	};
	size_t i;

	SV_TRY(parse_term(P, t));
	for (;;) {
		for (i = 0; i < 5 && !take(P, fn[i].name); i++)
			;
		if (i == 5)
			return SV_OK;
		if (t->is_number && fn[i].code != CORE_OP_EMPTY
		    && fn[i].code != CORE_OP_EXISTS)
			return fail(P, "this function needs a truth value");
		*t = (struct typed){ .is_number = false };
		SV_TRY(emit_code(P, fn[i].code));
	}
}

/* Compare like with like: two numbers of one unit. */
static struct sv_status
emit_compare(struct parser *P, enum core_cmp cmp, struct typed a,
    struct typed b)
{
	if (!a.is_number || !b.is_number)
		return fail(P, "only numbers have an order");
	if (!sv_str_eq(a.unit, b.unit))
		return fail(P, "the units of the two sides differ");
	return emit(P, (struct core_op){ .code = CORE_OP_COMPARE,
	    .cmp = cmp });
}

static struct sv_status
parse_inequality(struct parser *P, struct typed *t)
{
	static const struct { const char *sign; enum core_cmp cmp; } signs[] = {
		{ "<=", CORE_LE }, { ">=", CORE_GE }, { "<", CORE_LT },
		{ ">", CORE_GT },
	};
	struct typed right;

	SV_TRY(parse_invocation(P, t));
	for (int i = 0; i < 4; i++) {
		if (!take(P, signs[i].sign))
			continue;
		SV_TRY(parse_invocation(P, &right));
		SV_TRY(emit_compare(P, signs[i].cmp, *t, right));
		*t = (struct typed){ .is_number = false };
		break;
	}
	return SV_OK;
}

static struct sv_status
parse_equality(struct parser *P, struct typed *t)
{
	struct typed right;
	bool differ;

	SV_TRY(parse_inequality(P, t));
	differ = take(P, "!=");
	if (!differ && !take(P, "="))
		return SV_OK;
	SV_TRY(parse_inequality(P, &right));
	if (t->is_number || right.is_number)
		SV_TRY(emit_compare(P, differ ? CORE_NE : CORE_EQ, *t, right));
	else {
		SV_TRY(emit_code(P, CORE_OP_SAME));
		if (differ)
			SV_TRY(emit_code(P, CORE_OP_NOT));
	}
	*t = (struct typed){ .is_number = false };
	return SV_OK;
}

/* The right side of a logical operator; both sides must be truth values. */
static struct sv_status
finish_logic(struct parser *P, enum core_opcode code, struct typed left,
    struct typed right)
{
	if (left.is_number || right.is_number)
		return fail(P, "and, or, xor, implies join truth values");
	return emit_code(P, code);
}

static struct sv_status
parse_and(struct parser *P, struct typed *t)
{
	struct typed right;

	SV_TRY(parse_equality(P, t));
	while (take(P, "and")) {
		SV_TRY(parse_equality(P, &right));
		SV_TRY(finish_logic(P, CORE_OP_AND, *t, right));
	}
	return SV_OK;
}

static struct sv_status
parse_or(struct parser *P, struct typed *t)
{
	struct typed right;
	enum core_opcode code;

	SV_TRY(parse_and(P, t));
	for (;;) {
		if (take(P, "or"))
			code = CORE_OP_OR;
		else if (take(P, "xor"))
			code = CORE_OP_XOR;
		else
			return SV_OK;
		SV_TRY(parse_and(P, &right));
		SV_TRY(finish_logic(P, code, *t, right));
	}
}

static struct sv_status
parse_implies(struct parser *P, struct typed *t)
{
	struct typed right;

	if (++P->depth > CORE_EXPR_DEPTH)
		return fail(P, "the condition is nested too deeply");
	SV_TRY(parse_or(P, t));
	while (take(P, "implies")) {
		SV_TRY(parse_or(P, &right));
		SV_TRY(finish_logic(P, CORE_OP_IMPLIES, *t, right));
	}
	P->depth--;
	return SV_OK;
}

/* The stack a program needs must fit the evaluator's. */
static bool
fits_stack(const struct parser *P)
{
	int depth = 0, most = 0;

	for (size_t i = 0; i < P->n; i++) {
		if (P->ops[i].code <= CORE_OP_FACT)
			depth++;
		else if (P->ops[i].code <= CORE_OP_SAME)
			depth--;
		if (depth > most)
			most = depth;
	}
	return most <= CORE_EXPR_DEPTH;
}

struct sv_status
core_expr_compile(struct sv_arena *A, struct sv_str text,
    const struct core_scope *scope, struct core_expr *ret, struct sv_err *err)
{
	struct parser P = { .text = text, .scope = scope, .err = err };
	struct core_op *ops;
	struct typed t;

	if (text.n == 0)
		return fail(&P, "expected a condition");
	SV_TRY(parse_implies(&P, &t));
	skip_blank(&P);
	if (P.at != text.n)
		return fail(&P, "expected an operator or the end");
	if (t.is_number)
		return fail(&P, "a condition must be true or false");
	if (!fits_stack(&P))
		return fail(&P, "the condition is nested too deeply");
	P.n = core_op_fold(P.ops, P.n);
	ops = sv_arena_alloc(A, P.n * sizeof(*ops));
	SV_ENSURE(ops != NULL, SV_NOMEM);
	memcpy(ops, P.ops, P.n * sizeof(*ops));
	core_op_link(ops, P.n);
	*ret = (struct core_expr){ ops, P.n, P.facts, text };
	return SV_OK;
}
