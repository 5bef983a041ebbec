#include "map_phrase.h"

#include <string.h>

static void
add_dec(struct sv_buf *b, struct sv_dec d)
{
	char text[SV_DEC_TEXT_MAX];

	sv_dec_text(d, text);
	sv_buf_add(b, sv_str_of(text));
}

static void
add_interval(struct sv_buf *b, struct core_interval i)
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

static struct sv_str
unit_word(struct sv_str ucum)
{
	if (sv_str_is(ucum, "mo"))
		return SV_LIT("months");
	return sv_str_is(ucum, "a") ? SV_LIT("years") : ucum;
}

static void
add_known(struct sv_buf *b, enum core_fact_id id, const struct core_fact *f)
{
	struct sv_str unit = unit_word(core_fact_unit(id));

	if (core_fact_type(id) == CORE_FACT_TRI) {
		sv_buf_add(b, f->truth == CORE_TRUE ? SV_LIT("yes")
		    : f->n_evidence == 0 ? SV_LIT("none recorded")
		    : SV_LIT("no"));
		return;
	}
	if (core_fact_type(id) == CORE_FACT_CODE) {
		sv_buf_add(b, core_ipfsg_name(f->code));
		return;
	}
	if (f->infinite) {
		sv_buf_add(b, SV_LIT("no doubling"));
		return;
	}
	add_interval(b, f->number);
	if (unit.n > 0) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, unit);
	}
}

void
map_phrase_fact(struct sv_buf *b, enum core_fact_id id,
    const struct core_facts *facts)
{
	const struct core_fact *f = &facts->fact[id];

	sv_buf_add(b, core_fact_phrase(id));
	sv_buf_add(b, SV_LIT(": "));
	if (!core_fact_unknown(id, f)) {
		add_known(b, id, f);
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
	sv_buf_add(b, core_ipfsg_name(facts->fact[CORE_IPFSG_RISK].code));
	sv_buf_add(b, sv_str_from(t, before + sizeof(mark) - 1));
}

void
map_phrase_basis(struct sv_buf *b, const struct core_rule *rule)
{
	sv_buf_add(b, rule->id);
	sv_buf_add(b, SV_LIT(" ("));
	sv_buf_add(b, core_origin_name(rule->origin));
	for (size_t i = 0; i < rule->n_source_refs; i++) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, rule->source_refs[i]);
	}
	sv_buf_add(b, SV_LIT(", confidence "));
	sv_buf_add(b, core_confidence_name(rule->confidence));
	if (rule->draft)
		sv_buf_add(b, SV_LIT(", draft: not signed off"));
	sv_buf_add(b, SV_LIT("). "));
	if (rule->strength.n > 0) {
		sv_buf_add(b, SV_LIT("Strength: "));
		sv_buf_add(b, rule->strength);
		sv_buf_add(b, SV_LIT(". "));
	}
	sv_buf_add(b, SV_LIT("Basis: "));
	for (size_t i = 0; i < rule->n_citations; i++) {
		if (i > 0)
			sv_buf_add(b, SV_LIT("; "));
		sv_buf_add(b, rule->citations[i].text);
		if (!rule->citations[i].resolved)
			sv_buf_add(b, SV_LIT(" [reference not supplied]"));
	}
	sv_buf_addc(b, '.');
}

struct sv_str
map_phrase_intent(enum core_intent intent)
{
	static const struct sv_str words[] = {
		SV_STATIC("No failure of primary treatment is recorded."),
		SV_STATIC("Salvage setting, intent unclear."),
		SV_STATIC("Salvage setting, palliative intent."),
		SV_STATIC("Salvage setting, curative intent possible."),
	};

	return words[intent];
}
