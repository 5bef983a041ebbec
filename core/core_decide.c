#include "core_guidance.h"

struct sv_str
core_state_name(enum core_state s)
{
	static const struct sv_str names[] = { SV_STATIC("silent"),
		SV_STATIC("fires"), SV_STATIC("provisional"),
		SV_STATIC("needs-data") };

	return names[s];
}

struct sv_str
core_intent_name(enum core_intent i)
{
	static const struct sv_str names[] = { SV_STATIC("none"),
		SV_STATIC("unclear"), SV_STATIC("palliative"),
		SV_STATIC("curative") };

	return names[i];
}

struct sv_str
core_output_name(enum core_output o)
{
	static const struct sv_str names[] = { SV_STATIC("none"),
		SV_STATIC("success"), SV_STATIC("data-requested"),
		SV_STATIC("data-required") };

	return names[o];
}

/* K2.1. */
static void
evaluate(const struct core_rule *rule, const struct core_facts *facts,
    struct core_finding *f)
{
	core_fact_set missing_when, missing_unless = 0;
	enum core_tri when, unless = CORE_FALSE;

	*f = (struct core_finding){ .rule = rule, .state = CORE_SILENT };
	when = core_expr_eval(&rule->when, facts, &missing_when);
	if (when == CORE_FALSE)
		return;
	if (rule->unless.n > 0)
		unless = core_expr_eval(&rule->unless, facts, &missing_unless);
	if (unless == CORE_TRUE)
		return;
	f->missing = missing_when | missing_unless;
	if (when == CORE_UNKNOWN)
		f->state = CORE_NEEDS_DATA;
	else
		f->state = unless == CORE_UNKNOWN ? CORE_PROVISIONAL
		    : CORE_FIRES;
}

struct sv_status
core_decide(struct sv_arena *A, const struct core_rulebook *book,
    const struct core_history *history, struct core_decision *ret)
{
	bool silent;

	*ret = (struct core_decision){ .n_findings = book->n_rules };
	SV_TRY(core_timeline_admit(A, history, &book->params, &ret->line));
	SV_TRY(core_facts_derive(A, &ret->line, &book->params, &ret->facts));
	ret->findings = sv_arena_alloc(A, book->n_rules
	    * sizeof(*ret->findings));
	SV_ENSURE(ret->findings != NULL, SV_NOMEM);
	/* K3.4: of the dead nothing is said. */
	silent = ret->facts.fact[CORE_DECEASED_FACT].truth == CORE_TRUE;
	for (size_t i = 0; i < book->n_rules; i++) {
		if (silent)
			ret->findings[i] = (struct core_finding){
				.rule = &book->rules[i] };
		else
			evaluate(&book->rules[i], &ret->facts,
			    &ret->findings[i]);
	}
	ret->qm01 = core_measure_qm01(ret, &book->params);
	return silent ? SV_OK : core_guide(A, ret);
}
