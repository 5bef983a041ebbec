#include "map_phrase.h"

#include <string.h>

static void
add_dec(struct sv_buf *b, struct sv_dec d)
{
	char text[SV_DEC_TEXT_MAX];

	sv_dec_text(d, text);
	sv_buf_add(b, sv_str_of(text));
}

void
map_phrase_interval(struct sv_buf *b, struct core_interval i)
{
	if (core_is_exact(i)) {
		add_dec(b, i.lo);
	} else if (i.hi_inf) {
		sv_buf_add(b, i.lo_open ? SV_LIT("more than ")
		    : SV_LIT("at least "));
		add_dec(b, i.lo);
	} else if (i.lo.m == 0) {
		sv_buf_add(b, SV_LIT("below "));
		add_dec(b, i.hi);
	} else {
		add_dec(b, i.lo);
		sv_buf_add(b, SV_LIT(" to "));
		add_dec(b, i.hi);
	}
}

/* "very high" */
static void
add_group(struct sv_buf *b, enum core_ipfsg g)
{
	struct sv_str name = core_ipfsg_name(g);

	for (size_t i = 0; i < name.n; i++)
		sv_buf_addc(b, name.p[i] == '_' ? ' ' : name.p[i]);
}

static void
add_known(struct sv_buf *b, enum core_fact_id id, const struct core_fact *f)
{
	struct sv_str unit = map_phrase_unit(core_fact_unit(id));

	if (core_fact_type(id) == CORE_FACT_TRI) {
		sv_buf_add(b, f->truth == CORE_TRUE ? SV_LIT("yes")
		    : f->n_evidence == 0 ? SV_LIT("none recorded")
		    : SV_LIT("no"));
		return;
	}
	if (core_fact_type(id) == CORE_FACT_CODE) {
		add_group(b, f->code);
		return;
	}
	if (f->infinite) {
		sv_buf_add(b, SV_LIT("no doubling"));
		return;
	}
	map_phrase_interval(b, f->number);
	if (unit.n > 0) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, unit);
	}
}

/* " (3 values, 2025-10-10 to 2026-04-10)": what a doubling time rests on. */
void
map_phrase_fit(struct sv_buf *b, const struct core_facts *facts)
{
	char first[SV_DATE_TEXT_MAX] = "", last[SV_DATE_TEXT_MAX] = "";
	uint64_t n = 0;

	for (size_t i = 0; i < facts->n_psa; i++) {
		if (!facts->psa[i].in_fit)
			continue;
		sv_date_text(sv_date_exact(facts->psa[i].day),
		    n++ == 0 ? first : last);
	}
	if (n < 2)
		return;
	sv_buf_add(b, SV_LIT(" ("));
	sv_buf_addu(b, n);
	sv_buf_add(b, SV_LIT(" values, "));
	sv_buf_add(b, sv_str_of(first));
	sv_buf_add(b, SV_LIT(" to "));
	sv_buf_add(b, sv_str_of(last));
	sv_buf_addc(b, ')');
}

void
map_phrase_fact(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts)
{
	sv_buf_add(b, core_fact_phrase(id));
	sv_buf_add(b, SV_LIT(": "));
	map_phrase_known(b, id, facts);
	if (id == CORE_PSA_DOUBLING_TIME)
		map_phrase_fit(b, facts);
}

/* What is to be known of a fact that is known: a reader acts on a plain "yes". */
static void
add_remark(struct sv_buf *b, enum core_reason r)
{
	if (r == CORE_REASON_NONE || r == CORE_REASON_NOT_APPLICABLE)
		return;
	sv_buf_add(b, r == CORE_REASON_DOCUMENTED ? SV_LIT(" (")
	    : SV_LIT(" (not certain: "));
	sv_buf_add(b, core_reason_text(r));
	sv_buf_addc(b, ')');
}

void
map_phrase_known(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts)
{
	const struct core_fact *f = &facts->fact[id];

	if (!core_fact_unknown(id, f)) {
		add_known(b, id, f);
		add_remark(b, f->reason);
		return;
	}
	sv_buf_add(b, SV_LIT("unknown, "));
	sv_buf_add(b, f->reason == CORE_REASON_NONE ? SV_LIT("not recorded")
	    : core_reason_text(f->reason));
}

void
map_phrase_rule(struct sv_buf *b, const struct core_rule *rule,
    const struct core_facts *facts)
{
	static const char mark[] = "{ipfsg_risk}";
	struct sv_str t = rule->text;
	const char *at = t.n > 0 ? strstr(t.p, mark) : NULL;
	size_t before;

	if (at == NULL) {
		sv_buf_add(b, t);
		return;
	}
	before = (size_t)(at - t.p);
	sv_buf_add(b, (struct sv_str){ t.p, before });
	if (facts == NULL)
		sv_buf_add(b, SV_LIT("(the group)"));
	else if (facts->fact[CORE_IPFSG_RISK].code == CORE_IPFSG_NONE)
		sv_buf_add(b, SV_LIT("not known yet"));
	else
		add_group(b, facts->fact[CORE_IPFSG_RISK].code);
	sv_buf_add(b, sv_str_from(t, before + sizeof(mark) - 1));
}

/* "source statement S05, reference [2],[1] not supplied": the source document
 * has no reference list, so its numbers cannot be resolved (OS-2).  ${text} is
 * "Source [2],[1]", with or without a remark in brackets behind it. */
static void
add_unresolved(struct sv_buf *b, const struct core_rule *rule,
    struct sv_str text)
{
	size_t remark;

	if (sv_str_starts(text, SV_LIT("Source ")))
		text = sv_str_from(text, 7);
	remark = sv_str_chr(text, '(');
	sv_buf_add(b, SV_LIT("source statement"));
	for (size_t i = 0; i < rule->n_source_refs; i++) {
		sv_buf_add(b, i > 0 ? SV_LIT(", ") : SV_LIT(" "));
		sv_buf_add(b, rule->source_refs[i]);
	}
	sv_buf_add(b, SV_LIT(", reference "));
	sv_buf_add(b, sv_str_trim((struct sv_str){ text.p, remark }));
	sv_buf_add(b, SV_LIT(" not supplied"));
	if (remark == text.n)
		return;
	sv_buf_addc(b, ' ');
	sv_buf_add(b, sv_str_from(text, remark));
}

void
map_phrase_citations(struct sv_buf *b, const struct core_rule *rule)
{
	for (size_t i = 0; i < rule->n_citations; i++) {
		if (i > 0)
			sv_buf_add(b, SV_LIT("; "));
		if (rule->citations[i].resolved)
			sv_buf_add(b, rule->citations[i].text);
		else
			add_unresolved(b, rule, rule->citations[i].text);
	}
}

void
map_phrase_origin(struct sv_buf *b, const struct core_rule *rule)
{
	sv_buf_add(b, core_origin_name(rule->origin));
	for (size_t i = 0; i < rule->n_source_refs; i++) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, rule->source_refs[i]);
	}
	sv_buf_add(b, SV_LIT(", confidence "));
	sv_buf_add(b, core_confidence_name(rule->confidence));
	if (rule->draft)
		sv_buf_add(b, SV_LIT(", draft: not signed off"));
}

void
map_phrase_basis(struct sv_buf *b, const struct core_rule *rule)
{
	sv_buf_add(b, rule->id);
	sv_buf_add(b, SV_LIT(" ("));
	map_phrase_origin(b, rule);
	sv_buf_add(b, SV_LIT("). "));
	if (rule->strength.n > 0) {
		sv_buf_add(b, SV_LIT("Strength: "));
		sv_buf_add(b, rule->strength);
		sv_buf_add(b, SV_LIT(". "));
	}
	sv_buf_add(b, SV_LIT("Basis: "));
	map_phrase_citations(b, rule);
	sv_buf_addc(b, '.');
}

void
map_phrase_facts(struct sv_buf *b, core_fact_set set)
{
	bool any = false;

	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (!(set & CORE_FACT_BIT(k)))
			continue;
		if (any)
			sv_buf_add(b, SV_LIT(", "));
		sv_buf_add(b, core_fact_phrase((enum core_fact_id)k));
		any = true;
	}
}

void
map_phrase_state(struct sv_buf *b, const struct core_finding *f)
{
	if (f->state == CORE_FIRES)
		return;
	sv_buf_add(b, f->state == CORE_PROVISIONAL
	    ? SV_LIT("Provisional until known: ")
	    : SV_LIT("Not decided, waits for: "));
	map_phrase_facts(b, f->missing);
	sv_buf_add(b, SV_LIT(". "));
}

void
map_phrase_activity(struct sv_buf *b, const struct core_activity *a)
{
	sv_buf_add(b, a->display);
	if (a->min_months > 0) {
		sv_buf_add(b, SV_LIT(", "));
		sv_buf_addu(b, (uint64_t)a->min_months);
		sv_buf_add(b, SV_LIT(" to "));
		sv_buf_addu(b, (uint64_t)a->max_months);
		sv_buf_add(b, SV_LIT(" months"));
	}
	if (a->group.n > 0)
		sv_buf_add(b, SV_LIT(" (one of several alternatives, no "
		    "order of preference)"));
}

void
map_phrase_proposal(struct sv_buf *b, const struct core_proposal *p)
{
	map_phrase_activity(b, &p->activity);
	for (size_t i = 0; i < p->n_findings; i++) {
		const struct core_finding *f = p->findings[i];

		if (f->state != CORE_PROVISIONAL)
			continue;
		sv_buf_add(b, SV_LIT(" ("));
		sv_buf_add(b, f->rule->id);
		sv_buf_add(b, SV_LIT(" provisional until known: "));
		map_phrase_facts(b, f->missing);
		sv_buf_addc(b, ')');
	}
}
