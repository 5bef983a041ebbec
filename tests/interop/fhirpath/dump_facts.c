/*
 * For every case a line of JSON: its facts that are known exactly, and what
 * our evaluator says of every rule condition.  run.js asks another engine.
 */
#include <stdio.h>

#include "core_decide.h"
#include "test_arena.h"
#include "vignette.h"

static const char *
word(enum core_tri t)
{
	return t == CORE_TRUE ? "true" : t == CORE_FALSE ? "false" : "null";
}

/* A number of a fact; "inexact" if it is an interval or without end. */
static void
print_number(const struct core_fact *f)
{
	char text[SV_DEC_TEXT_MAX];

	if (f->infinite || (f->number.set && (f->number.hi_inf
	    || f->number.lo_open || f->number.hi_open
	    || sv_dec_cmp(f->number.lo, f->number.hi) != 0))) {
		(void)printf("\"inexact\"");
		return;
	}
	if (f->number.set)
		sv_dec_text(f->number.lo, text);
	(void)printf("%s", f->number.set ? text : "null");
}

static void
print_facts(const struct core_facts *facts)
{
	const char *comma = "";

	for (int i = 0; i < CORE_FACT_COUNT; i++) {
		enum core_fact_id id = (enum core_fact_id)i;
		struct sv_str name = core_fact_name(id);

		if (core_fact_type(id) != CORE_FACT_TRI
		    && core_fact_type(id) != CORE_FACT_NUMBER)
			continue;
		(void)printf("%s\"%.*s\":", comma, SV_FMT(name));
		if (core_fact_type(id) == CORE_FACT_TRI)
			(void)printf("%s", word(facts->fact[id].truth));
		else
			print_number(&facts->fact[id]);
		comma = ",";
	}
}

static void
print_rule(const char *comma, struct sv_str id, const struct core_expr *e,
    const struct core_facts *facts)
{
	if (e->n > 0)
		(void)printf("%s[\"%.*s\",\"%.*s\",%s]", comma, SV_FMT(id),
		    SV_FMT(e->text), word(core_expr_eval(e, facts, NULL)));
}

int
main(void)
{
	struct sv_arena A = test_arena((size_t)1 << 30);
	struct core_rulebook book = test_rulebook(&A);
	size_t n;
	struct vignette *v = vignettes_load(&A, &n);

	for (size_t i = 0; i < n; i++) {
		struct core_decision d;

		if (!sv_is_ok(core_decide(&A, &book, &v[i].known, &d)))
			return 1;
		(void)printf("{\"case\":\"%.*s\",\"facts\":{", SV_FMT(v[i].id));
		print_facts(&d.facts);
		(void)printf("},\"rules\":[");
		for (size_t k = 0; k < book.n_rules; k++) {
			print_rule(k > 0 ? "," : "", book.rules[k].id,
			    &book.rules[k].when, &d.facts);
			print_rule(",", book.rules[k].id,
			    &book.rules[k].unless, &d.facts);
		}
		(void)printf("]}\n");
	}
	sv_arena_free(&A);
	return 0;
}
