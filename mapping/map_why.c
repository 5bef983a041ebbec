#include "map_why.h"

#include "core_expr_words.h"
#include "core_ground.h"
#include "fhir_write.h"
#include "map_phrase.h"

#define SENTENCE_MAX ((size_t)64 * 1024)
/* "X at least 0.7", established: more is a variable, whose name alone does
 * not say what to look for. */
#define STATEMENT_OPS 4

struct why {
	struct sv_arena *A;
	const struct map_result *r;
	struct sv_buf b;
	core_fact_set facts;
};

/* What cannot become so by new data: which treatment was the first. */
#define SETTLED (CORE_FACT_BIT(CORE_HAS_PROSTATE_CANCER) \
	| CORE_FACT_BIT(CORE_RP_AS_PRIMARY) | CORE_FACT_BIT(CORE_RT_AS_PRIMARY) \
	| CORE_FACT_BIT(CORE_FOCAL_AS_PRIMARY) \
	| CORE_FACT_BIT(CORE_ANY_PRIMARY) | CORE_FACT_BIT(CORE_LYMPHOMA) \
	| CORE_FACT_BIT(CORE_LYMPHOMA_IS_DLBCL) \
	| CORE_FACT_BIT(CORE_HAS_GERM_CELL_TUMOUR) \
	| CORE_FACT_BIT(CORE_GCT_IS_SEMINOMA))

/* " Recorded: PSA doubling time: 7.69 months (...); ..." */
static void
add_facts(struct why *W)
{
	bool any = false;

	sv_buf_add(&W->b, SV_LIT(" Recorded: "));
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (!(W->facts & CORE_FACT_BIT(k)))
			continue;
		if (any)
			sv_buf_add(&W->b, SV_LIT("; "));
		map_phrase_fact(&W->b, (enum core_fact_id)k,
		    &W->r->decision.facts);
		any = true;
	}
	sv_buf_addc(&W->b, '.');
}

/* ${words}, the grounds of ${e} that are ${truth}, and the facts they are of.
 * A statement about facts that were already spoken of adds nothing. */
static void
add_grounds(struct why *W, const char *words, const struct core_expr *e,
    enum core_tri truth)
{
	struct core_ground g[CORE_GROUNDS_MAX];
	size_t n = core_grounds(e, &W->r->decision.facts, g);
	bool any = false;

	sv_buf_add(&W->b, sv_str_of(words));
	for (size_t i = 0; i < n; i++) {
		if (g[i].truth != truth || (g[i].part.facts & ~W->facts) == 0)
			continue;
		sv_buf_add(&W->b, any ? SV_LIT("; ") : SV_LIT(" "));
		sv_buf_add(&W->b, core_expr_words(W->A, &g[i].part));
		W->facts |= g[i].part.facts;
		any = true;
	}
	sv_buf_addc(&W->b, '.');
	add_facts(W);
}

/* A rule that applies: the facts that make it so. */
static void
add_applies(struct why *W, const struct core_finding *f)
{
	struct core_ground g[CORE_GROUNDS_MAX];
	size_t n = core_grounds(&f->rule->when, &W->r->decision.facts, g);

	for (size_t i = 0; i < n; i++)
		W->facts |= g[i].part.facts;
	sv_buf_add(&W->b, SV_LIT("Applies."));
	add_facts(W);
}

/* What PSA would make the failure ${id} so; nothing if that cannot be said. */
static void
add_psa(struct sv_buf *b, enum core_fact_id id, const struct map_result *r)
{
	const struct core_fact *f = &r->decision.facts.fact[id];
	const struct core_interval nadir
	    = r->decision.facts.fact[CORE_PSA_NADIR].number;
	const struct sv_dec *p = r->book->params.value;
	char text[SV_DEC_TEXT_MAX];
	struct sv_dec limit;

	if (f->truth == CORE_UNKNOWN && f->reason != CORE_REASON_UNCONFIRMED
	    && f->reason != CORE_REASON_MISSING
	    && f->reason != CORE_REASON_STALE)
		return;		/* it is not for want of PSA values */
	if (id == CORE_BCR_AFTER_RP) {
		sv_dec_text(p[CORE_PARAM_BCR_PSA], text);
		sv_buf_printf(b, f->reason == CORE_REASON_UNCONFIRMED
		    ? ": a second PSA of at least %s ng/mL, at least %d days "
		    "after the first" : ": two PSA values of at least %s "
		    "ng/mL, at least %d days apart", text,
		    (int)core_param_int(&r->book->params,
		    CORE_PARAM_BCR_CONFIRMATION_DAYS));
	} else if (nadir.set && !nadir.hi_inf && sv_is_ok(sv_dec_add(nadir.hi,
	    p[CORE_PARAM_PHOENIX_RISE], &limit))) {
		sv_dec_text(limit, text);
		sv_buf_printf(b, ": a PSA of at least %s ng/mL", text);
	}
}

/* ${ground} as it would have to be, with the values that make it so. */
static struct sv_str
wanted(struct why *W, const struct core_ground *ground)
{
	static const struct sv_str established = SV_STATIC(" is established");
	static const enum core_fact_id failures[] = { CORE_BCR_AFTER_RP,
		CORE_BCR_AFTER_RT, CORE_RECURRENCE_AFTER_FOCAL };
	struct sv_str words = core_expr_words(W->A, &ground->part);
	struct sv_buf b;

	if (sv_str_ends(words, established))
		words.n -= established.n;
	sv_buf_init(&b, W->A, 4096);
	sv_buf_add(&b, words);
	for (size_t i = 0; i < 3; i++) {
		if (ground->part.n == 1
		    && ground->part.facts == CORE_FACT_BIT(failures[i]))
			add_psa(&b, failures[i], W->r);
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : words;
}

/* The one statement that, without any other change, would make the rule
 * apply, if new data can make it true. */
static void
set_change(struct why *W, const struct core_rule *rule, struct map_why *ret)
{
	const struct core_facts *facts = &W->r->decision.facts;
	struct core_ground g[CORE_GROUNDS_MAX];
	size_t n = core_grounds(&rule->when, facts, g);

	if (n != 1 || g[0].truth == CORE_TRUE || g[0].of_ignorance
	    || (g[0].part.facts & SETTLED) || (rule->unless.n > 0
	    && core_expr_eval(&rule->unless, facts, NULL) != CORE_FALSE))
		return;
	g[0].truth = CORE_FALSE;	/* an unknown one is not so yet either */
	if (core_ground_changed(W->A, &rule->when, &g[0], facts) != CORE_TRUE)
		return;
	ret->change = wanted(W, &g[0]);
	if (g[0].part.n > STATEMENT_OPS)
		ret->parts = core_expr_statements(W->A, &g[0].part);
}

static void
add_silent(struct why *W, const struct core_finding *f)
{
	const struct core_facts *facts = &W->r->decision.facts;

	if (facts->fact[CORE_DECEASED_FACT].truth == CORE_TRUE) {
		W->facts |= CORE_FACT_BIT(CORE_DECEASED_FACT);
		sv_buf_add(&W->b, SV_LIT("Nothing is said of a patient who "
		    "has died."));
		add_facts(W);
	} else if (core_expr_eval(&f->rule->when, facts, NULL)
	    == CORE_FALSE) {
		add_grounds(W, "Does not apply. Needed, and not so:",
		    &f->rule->when, CORE_FALSE);
	} else {
		add_grounds(W, "Does not apply. Ruled out by:",
		    &f->rule->unless, CORE_TRUE);
	}
}

/* What an undecided rule waits for. */
static void
add_waiting(struct why *W, const struct core_finding *f)
{
	if (f->state == CORE_PROVISIONAL)
		add_grounds(W, "Applies provisionally. To be settled, and "
		    "would rule it out:", &f->rule->unless, CORE_UNKNOWN);
	else
		add_grounds(W, "Cannot be decided. To be settled:",
		    &f->rule->when, CORE_UNKNOWN);
}

struct sv_status
map_why(struct sv_arena *A, const struct map_result *r,
    const struct core_finding *f, struct map_why *ret)
{
	struct why W = { .A = A, .r = r };

	*ret = (struct map_why){ .facts = 0 };
	sv_buf_init(&W.b, A, SENTENCE_MAX);
	switch (f->state) {
	case CORE_FIRES:
		add_applies(&W, f);
		break;
	case CORE_SILENT:
		add_silent(&W, f);
		set_change(&W, f->rule, ret);
		break;
	case CORE_NEEDS_DATA:
		add_waiting(&W, f);
		set_change(&W, f->rule, ret);
		break;
	default:
		add_waiting(&W, f);
		break;
	}
	SV_ENSURE(sv_buf_ok(&W.b), SV_NOMEM);
	ret->sentence = sv_buf_str(&W.b);
	ret->facts = W.facts;
	return SV_OK;
}

bool
map_why_concerns(const struct map_result *r, const struct core_rule *rule)
{
	const struct core_decision *d = &r->decision;

	if (rule->cancer == CORE_CANCER_ANY)
		return true;
	for (size_t i = 0; i < d->n_guidance; i++) {
		if (d->guidance[i].cancer == rule->cancer)
			return true;
	}
	return false;
}

static bool
is_blocked(const struct core_guidance *g, struct sv_str block)
{
	for (size_t i = 0; i < g->n_blocks; i++) {
		if (sv_str_eq(g->blocks[i], block))
			return true;
	}
	return false;
}

static bool
is_proposed(const struct core_guidance *g, struct sv_str code)
{
	for (size_t i = 0; i < g->n_proposals; i++) {
		if (sv_str_eq(g->proposals[i].activity.code, code))
			return true;
	}
	return false;
}

bool
map_why_alters(const struct core_guidance *g, const struct core_rule *rule)
{
	if (rule->kind != CORE_RULE_BLOCK)
		return rule->kind == CORE_RULE_OFFER
		    || rule->kind == CORE_RULE_CONSIDER
		    || rule->kind == CORE_RULE_DETAIL;
	for (size_t i = 0; i < rule->n_blocks; i++) {
		if (!is_blocked(g, rule->blocks[i]))
			return true;
	}
	for (size_t i = 0; i < rule->n_activities; i++) {
		if (!is_proposed(g, rule->activities[i].code))
			return true;
	}
	return false;
}

void
map_why_change(struct sv_buf *b, const struct map_why *y,
    struct sv_str *last_parts)
{
	sv_buf_add(b, y->change);
	if (y->parts.n == 0 || sv_str_eq(y->parts, *last_parts))
		return;
	sv_buf_add(b, SV_LIT(" ("));
	sv_buf_add(b, y->parts);
	sv_buf_addc(b, ')');
	*last_parts = y->parts;
}

struct sv_str
map_why_then(struct sv_arena *A, const struct core_rule *rule)
{
	struct sv_buf b;

	if (rule->n_blocks == 0)
		return rule->title;
	sv_buf_init(&b, A, SENTENCE_MAX);
	for (size_t i = 0; i < rule->n_blocks; i++) {
		sv_buf_add(&b, i > 0 ? SV_LIT(", ") : (struct sv_str){ "", 0 });
		map_phrase_block(&b, rule->blocks[i]);
	}
	sv_buf_add(&b, SV_LIT(" must not proceed for now"));
	for (size_t i = 0; i < rule->n_activities; i++) {
		sv_buf_add(&b, i > 0 ? SV_LIT(", ")
		    : SV_LIT("; for discussion: "));
		map_phrase_activity(&b, &rule->activities[i]);
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : rule->title;
}

static void
put_why(struct fhir_writer *w, const struct core_finding *f,
    const struct map_why *y)
{
	fhir_open(w, "why");
	fhir_put_str(w, "id", f->rule->id);
	fhir_put_str(w, "state", core_state_name(f->state));
	fhir_put_str(w, "sentence", y->sentence);
	if (y->change.n > 0)
		fhir_put_str(w, "would_apply_if", y->change);
	if (y->parts.n > 0)
		fhir_put_str(w, "of", y->parts);
	fhir_open_array(w, "facts");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (y->facts & CORE_FACT_BIT(k))
			fhir_put_str(w, "facts",
			    core_fact_name((enum core_fact_id)k));
	}
	fhir_close_array(w);
	fhir_close(w);
}

struct sv_status
map_why_write(struct fhir_writer *w, struct sv_arena *A,
    const struct map_result *r)
{
	fhir_open_array(w, "why");
	for (size_t i = 0; i < r->decision.n_findings; i++) {
		const struct core_finding *f = &r->decision.findings[i];
		struct map_why y;

		if (!map_why_concerns(r, f->rule))
			continue;
		SV_TRY(map_why(A, r, f, &y));
		put_why(w, f, &y);
	}
	fhir_close_array(w);
	return SV_OK;
}
