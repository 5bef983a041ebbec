#include "map_check.h"

#include <stdio.h>
#include <string.h>

#include "core_expr_words.h"

static bool
is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Does ${text} hold ${word} as a word, whatever its case? */
static bool
has_word(struct sv_str text, const char *word)
{
	size_t n = strlen(word), k;

	for (size_t i = 0; i + n <= text.n; i++) {
		if (i > 0 && is_letter(text.p[i - 1]))
			continue;
		for (k = 0; k < n && (text.p[i + k] | 0x20) == word[k]; k++)
			;
		if (k == n && (i + n == text.n || !is_letter(text.p[i + n])))
			return true;
	}
	return false;
}

void
map_check_sentence(struct sv_str text, bool may_forbid, struct sv_str place,
    struct fhir_issues *is)
{
	static const char *const orders[] = { "must", "prescribe", "start",
		"administer", "give", "initiate" };
	static const char *const doses[] = { "mg", "gy", "mcg", "cgy",
		"fractions", "daily", "weekly" };

	for (size_t i = may_forbid; i < sizeof(orders) / sizeof(orders[0]);
	    i++) {
		if (has_word(text, orders[i]))
			fhir_issue_addf(is, FHIR_ERROR,
			    FHIR_CODE_BUSINESS_RULE, place, "It says '%s'. A "
			    "rule names options for discussion, it gives no "
			    "orders; only a block may say 'must'.", orders[i]);
	}
	for (size_t i = 0; i < sizeof(doses) / sizeof(doses[0]); i++) {
		if (has_word(text, doses[i]))
			fhir_issue_addf(is, FHIR_ERROR,
			    FHIR_CODE_BUSINESS_RULE, place, "It says '%s'. No "
			    "dose and no schedule is given.", doses[i]);
	}
}

/* Every sentence of a rule that a clinician reads. */
static struct sv_status
check_wording(struct sv_arena *A, const struct core_rule *r,
    struct fhir_issues *is)
{
	const struct { const char *name; struct sv_str text; } said[] = {
		{ "title", r->title }, { "textEquivalent", r->text },
		{ "extension(note)", r->note },
	};
	struct sv_str place;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		place = sv_arena_printf(A, "%.*s.%s", SV_FMT(r->place),
		    said[i].name);
		SV_ENSURE(place.p != NULL, SV_NOMEM);
		map_check_sentence(said[i].text, r->n_blocks > 0, place, is);
	}
	for (size_t i = 0; i < r->n_activities; i++) {
		place = sv_arena_printf(A, "%.*s.action[%zu].title",
		    SV_FMT(r->place), i);
		SV_ENSURE(place.p != NULL, SV_NOMEM);
		map_check_sentence(r->activities[i].display, false, place,
		    is);
	}
	return SV_OK;
}

static void
check_statements(const struct core_rulebook *book, const struct core_rule *r,
    struct fhir_issues *is)
{
	for (size_t i = 0; i < r->n_source_refs; i++) {
		size_t k = 0;

		while (k < book->n_statements && !sv_str_eq(
		    book->statements[k].id, r->source_refs[i]))
			k++;
		if (k == book->n_statements)
			fhir_issue_addf(is, FHIR_ERROR, FHIR_CODE_NOT_FOUND,
			    r->place, "There is no source statement %.*s; see "
			    "source-statements.json.",
			    SV_FMT(r->source_refs[i]));
	}
}

/* Does ${list} of ${at} name ${id}? */
static bool
listed(const struct fhir_at *at, const char *list, struct sv_str id)
{
	struct fhir_at x;

	for (x = fhir_first(at, list); fhir_is(&x); x = fhir_next(&x)) {
		if (sv_str_eq(fhir_value(&x), id))
			return true;
	}
	return false;
}

static void
check_covered(const struct core_rule *r, const struct fhir_at *cases,
    struct fhir_issues *is)
{
	struct fhir_at v;

	for (v = fhir_first(cases, "vignettes"); fhir_is(&v);
	    v = fhir_next(&v)) {
		struct fhir_at expect = fhir_get(&v, "expect");
		struct fhir_at rules = fhir_get(&expect, "rules");

		if (listed(&rules, "fires", r->id))
			return;
	}
	fhir_issue_addf(is, FHIR_WARNING, FHIR_CODE_INCOMPLETE, r->place,
	    "No case shows rule %.*s firing; add one to the cases.",
	    SV_FMT(r->id));
}

struct sv_status
map_check_rules(struct sv_arena *A, const struct core_rulebook *book,
    const struct fhir_at *cases, struct fhir_issues *is)
{
	struct core_facts *facts = sv_arena_zalloc(A, 1, sizeof(*facts));

	SV_ENSURE(facts != NULL, SV_NOMEM);
	for (size_t i = 0; i < book->n_rules; i++) {
		const struct core_rule *r = &book->rules[i];

		SV_TRY(check_wording(A, r, is));
		check_statements(book, r, is);
		if (fhir_is(cases))
			check_covered(r, cases, is);
		if (r->when.n > 0 && !core_expr_reachable(&r->when, &r->unless,
		    facts))
			fhir_issue_addf(is, FHIR_ERROR,
			    FHIR_CODE_BUSINESS_RULE, sv_arena_printf(A,
			    "%.*s.condition[0].expression", SV_FMT(r->place)),
			    "No combination of facts lets rule %.*s fire; its "
			    "condition contradicts itself or its exclusion.",
			    SV_FMT(r->id));
	}
	return SV_OK;
}

/* One word that is expected to be another. */
static void
compare(const char *what, struct sv_str want, struct sv_str got,
    struct sv_str id, struct fhir_issues *is)
{
	if (!sv_str_eq(want, got))
		fhir_issue_addf(is, FHIR_ERROR, FHIR_CODE_CONFLICT, id,
		    "%s was %.*s, is now %.*s.", what, SV_FMT(want),
		    SV_FMT(got));
}

void
map_check_case(const struct fhir_at *expect, const struct map_result *r,
    struct sv_str id, struct fhir_issues *is)
{
	static const char *const lists[] = { NULL, "fires", "provisional",
		"needs_data" };
	const struct core_decision *d = &r->decision;
	struct fhir_at rules = fhir_get(expect, "rules");
	char what[64];

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_rule *rule = d->findings[i].rule;
		enum core_state want = CORE_SILENT;

		for (int s = 1; s < CORE_STATE_MAX; s++) {
			if (listed(&rules, lists[s], rule->id))
				want = (enum core_state)s;
		}
		(void)snprintf(what, sizeof(what), "%.*s", SV_FMT(rule->id));
		compare(what, core_state_name(want),
		    core_state_name(d->findings[i].state), id, is);
	}
	compare("the intent", fhir_text(expect, "intent"),
	    core_intent_name(d->intent), id, is);
	compare("the output", fhir_text(expect, "output"),
	    core_output_name(d->output), id, is);
}
