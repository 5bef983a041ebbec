/*
 * Conditions in words.  The postfix program is run once more, over phrases
 * instead of truths.  AND and OR stand in capitals, as in the knowledge base.
 */
#include "core_expr_words.h"

#include "core_op.h"

/* How tightly a phrase holds together; a looser one needs brackets. */
enum hold { HOLD_OR, HOLD_AND, HOLD_WHOLE };

struct phrase {
	struct sv_str text;
	enum hold hold;
	bool statement;		/* ends in "is known" or the like */
	bool named;		/* a variable's own phrase */
};

struct words {
	struct sv_arena *A;
	struct phrase stack[CORE_EXPR_DEPTH];
	size_t n;
};

static struct sv_str
unit_word(struct sv_str unit)
{
	if (sv_str_is(unit, "mo"))
		return SV_LIT("months");
	return sv_str_is(unit, "a") ? SV_LIT("years") : unit;
}

/* ${p} as a part of a phrase that holds by ${hold}. */
static struct sv_str
inner(struct words *W, const struct phrase *p, enum hold hold)
{
	if (p->hold == HOLD_WHOLE || p->hold == hold)
		return p->text;
	return sv_arena_printf(W->A, "(%.*s)", SV_FMT(p->text));
}

static void
push(struct words *W, struct sv_str text, enum hold hold)
{
	W->stack[W->n++] = (struct phrase){ .text = text, .hold = hold };
}

static void
push_leaf(struct words *W, const struct core_op *op)
{
	static const struct sv_str truths[] = { SV_STATIC("never"),
		SV_STATIC("always"), SV_STATIC("unknown") };
	char text[SV_DEC_TEXT_MAX];

	if (op->code == CORE_OP_FACT) {
		push(W, core_fact_phrase(op->fact), HOLD_WHOLE);
	} else if (op->code == CORE_OP_NUMBER) {
		sv_dec_text(op->number.lo, text);
		push(W, sv_arena_str(W->A, sv_str_of(text)), HOLD_WHOLE);
	} else {
		push(W, truths[op->tri], HOLD_WHOLE);
	}
}

/* "current PSA at least 0.7 ng/mL"; the unit is the fact's. */
static void
put_comparison(struct words *W, const struct core_op *op,
    struct phrase a, struct phrase b)
{
	static const char *const signs[] = { "below", "at most", "above",
		"at least", "equal to", "other than" };
	struct sv_str unit = { NULL, 0 };

	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (sv_str_eq(core_fact_phrase((enum core_fact_id)k), a.text))
			unit = unit_word(core_fact_unit((enum core_fact_id)k));
	}
	push(W, sv_arena_printf(W->A, "%.*s %s %.*s%s%.*s", SV_FMT(a.text),
	    signs[op->cmp], SV_FMT(b.text), unit.n > 0 ? " " : "",
	    SV_FMT(unit)), HOLD_WHOLE);
}

static void
put_joint(struct words *W, const char *joint, enum hold hold,
    struct phrase a, struct phrase b)
{
	struct sv_str left = inner(W, &a, hold), right = inner(W, &b, hold);

	push(W, sv_arena_printf(W->A, "%.*s %s %.*s", SV_FMT(left), joint,
	    SV_FMT(right)), hold);
}

static void
put_pair(struct words *W, const struct core_op *op)
{
	struct phrase b = W->stack[--W->n], a = W->stack[--W->n];

	/* Joints that do not associate are bracketed wherever they stand. */
	if (op->code == CORE_OP_COMPARE) {
		put_comparison(W, op, a, b);
	} else if (op->code == CORE_OP_AND) {
		put_joint(W, "AND", HOLD_AND, a, b);
	} else if (op->code == CORE_OP_OR) {
		put_joint(W, "OR", HOLD_OR, a, b);
	} else {
		struct sv_str left = inner(W, &a, HOLD_WHOLE);
		struct sv_str right = inner(W, &b, HOLD_WHOLE);

		push(W, sv_arena_printf(W->A, "(%.*s %s %.*s)", SV_FMT(left),
		    op->code == CORE_OP_XOR ? "OR ELSE"
		    : op->code == CORE_OP_IMPLIES ? "IMPLIES" : "SAME AS",
		    SV_FMT(right)), HOLD_WHOLE);
	}
}

/* What is said if the variable that is called ${name} does not hold. */
static struct sv_str
negated(struct words *W, struct sv_str name)
{
	static const struct { struct sv_str says, denies; } counts[] = {
		{ SV_STATIC("at least one "), SV_STATIC("no ") },
		{ SV_STATIC("two or more "), SV_STATIC("fewer than two ") } };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct sv_str rest = sv_str_from(name, counts[i].says.n);

		if (sv_str_starts(name, counts[i].says))
			return sv_arena_printf(W->A, "%.*s%.*s",
			    SV_FMT(counts[i].denies), SV_FMT(rest));
	}
	return sv_arena_printf(W->A, "not \"%.*s\"", SV_FMT(name));
}

static void
put_single(struct words *W, const struct core_op *op)
{
	static const char *const says[] = {
		[CORE_OP_EMPTY] = "is not known",
		[CORE_OP_EXISTS] = "is known",
		[CORE_OP_ANY_TRUE] = "is established",
		[CORE_OP_ANY_FALSE] = "is excluded" };
	struct phrase *p = &W->stack[W->n - 1];
	struct sv_str text = inner(W, p, HOLD_WHOLE);

	if (op->code == CORE_OP_NOT) {
		p->text = p->named ? negated(W, text) : sv_arena_printf(W->A,
		    p->statement ? "not true that %.*s" : "no %.*s",
		    SV_FMT(text));
	} else {
		p->text = sv_arena_printf(W->A, "%.*s %s", SV_FMT(text),
		    says[op->code]);
		p->statement = true;
	}
	p->hold = HOLD_WHOLE;
	p->named = false;
}

struct sv_str
core_expr_words(struct sv_arena *A, const struct core_expr *expr)
{
	struct words W = { .A = A };

	for (size_t i = 0; i < expr->n; i++) {
		const struct core_op *op = &expr->ops[i];

		if (op->code <= CORE_OP_FACT)
			push_leaf(&W, op);
		else if (op->code <= CORE_OP_SAME)
			put_pair(&W, op);
		else
			put_single(&W, op);
		if (op->phrase.n > 0)
			W.stack[W.n - 1] = (struct phrase){ .text = op->phrase,
				.hold = HOLD_WHOLE, .named = true };
	}
	return W.n == 1 ? W.stack[0].text : (struct sv_str){ NULL, 0 };
}

/* The statement that begins with op ${i}, a fact, under no name but with its
 * number; ${ret_n} is its length. */
static struct sv_str
statement(struct sv_arena *A, const struct core_expr *expr, size_t i,
    size_t *ret_n)
{
	bool compared = i + 2 < expr->n
	    && expr->ops[i + 2].code == CORE_OP_COMPARE;
	struct core_op ops[3] = { expr->ops[i] };
	struct core_expr part = { .ops = ops, .n = compared ? 3 : 1 };

	for (size_t k = 0; k < part.n; k++) {
		ops[k] = expr->ops[i + k];
		ops[k].phrase = (struct sv_str){ NULL, 0 };
	}
	*ret_n = part.n;
	return core_expr_words(A, &part);
}

struct sv_str
core_expr_statements(struct sv_arena *A, const struct core_expr *expr)
{
	struct sv_str said[CORE_EXPR_STATEMENTS], all = { "", 0 };
	size_t n = 0, step, k;

	for (size_t i = 0; i < expr->n; i += step) {
		struct sv_str text;

		step = 1;
		if (expr->ops[i].code != CORE_OP_FACT)
			continue;
		text = statement(A, expr, i, &step);
		for (k = 0; k < n && !sv_str_eq(said[k], text); k++)
			;
		if (k < n || n == CORE_EXPR_STATEMENTS)
			continue;
		all = sv_arena_printf(A, "%.*s%s%.*s", SV_FMT(all),
		    n > 0 ? "; " : "", SV_FMT(text));
		said[n++] = text;
	}
	return all;
}
