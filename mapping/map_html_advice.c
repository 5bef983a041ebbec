/*
 * The page's reasons: each rule that speaks or waits, its sentence, the data
 * it rests on, its strength and where it is from; and the facts behind them.
 */
#include "map_html.h"

bool
map_html_is_shown(const struct core_facts *facts, enum core_fact_id id)
{
	return !core_fact_unknown(id, &facts->fact[id])
	    && facts->fact[id].reason != CORE_REASON_NOT_APPLICABLE;
}

static core_fact_set
facts_of(const struct core_rule *rule)
{
	return rule->when.facts | rule->unless.facts;
}

/* The facts of ${f}'s rule that rest on data, each a link to that data. */
static void
put_evidence_links(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f)
{
	const struct core_facts *facts = &H->r->decision.facts;
	bool any = false;

	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		enum core_fact_id id = (enum core_fact_id)k;
		struct sv_buf b;

		if (!(facts_of(f->rule) & CORE_FACT_BIT(k))
		    || !map_html_is_shown(facts, id)
		    || facts->fact[k].n_evidence == 0)
			continue;
		map_html_raw(H, any ? "" : "<div><dt>Evidence</dt><dd>"
		    "<ul class=\"evidence\">\n");
		any = true;
		sv_buf_printf(H->out, "<li><a href=\"#f%d-", (int)g->cancer);
		map_html_text(H, core_fact_name(id));
		map_html_raw(H, "\">");
		map_html_begin(H, &b);
		sv_buf_add(&b, core_fact_phrase(id));
		sv_buf_add(&b, SV_LIT(": "));
		map_phrase_known(&b, id, facts);
		map_html_flush_capital(H, &b);
		map_html_raw(H, "</a></li>\n");
	}
	if (any)
		map_html_raw(H, "</ul></dd></div>\n");
}

static const char *
class_of(const struct core_finding *f)
{
	if (f->rule->kind == CORE_RULE_BLOCK)
		return "block";
	if (f->state != CORE_FIRES)
		return "unknown";
	return f->rule->kind == CORE_RULE_OFFER
	    || f->rule->kind == CORE_RULE_CONSIDER ? "offer" : "note";
}

/* "PRO-RP-01: SOURCE S05 S04, confidence high (said by the ...)" */
static void
put_origin(struct map_html *H, const struct core_rule *rule)
{
	static const char *const words[CORE_ORIGIN_MAX] = {
		[CORE_ORIGIN_SOURCE] = "said by the source document",
		[CORE_ORIGIN_GUIDELINE] = "added from a guideline",
		[CORE_ORIGIN_DERIVED] = "worked out by the authors" };
	struct sv_buf b;

	map_html_raw(H, "<div><dt>Origin</dt><dd>");
	map_html_begin(H, &b);
	map_phrase_origin(&b, rule);
	map_html_flush(H, &b);
	map_html_raw(H, " (");
	map_html_raw(H, words[rule->origin]);
	map_html_raw(H, ")</dd></div>\n");
}

void
map_html_basis(struct map_html *H, const struct core_rule *rule)
{
	struct sv_buf b;

	if (rule->strength.n > 0) {
		map_html_raw(H, "<div><dt>Strength</dt><dd>");
		map_html_begin(H, &b);
		sv_buf_add(&b, rule->strength);
		map_html_flush_capital(H, &b);
		map_html_raw(H, "</dd></div>\n");
	}
	map_html_raw(H, "<div><dt>Citation</dt><dd>");
	map_html_begin(H, &b);
	map_phrase_citations(&b, rule);
	map_html_flush_capital(H, &b);
	map_html_raw(H, "</dd></div>\n");
	put_origin(H, rule);
}

static void
put_finding(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f)
{
	struct sv_buf b;

	sv_buf_printf(H->out, "<article class=\"card %s\" id=\"r%d-",
	    class_of(f), (int)g->cancer);
	map_html_text(H, f->rule->id);
	map_html_raw(H, "\">\n<h4>");
	map_html_text(H, f->rule->title);
	map_html_raw(H, " <span class=\"rule\">");
	map_html_text(H, f->rule->id);
	map_html_raw(H, "</span></h4>\n");
	if (f->state != CORE_FIRES) {
		map_html_raw(H, "<p class=\"until\">");
		map_html_begin(H, &b);
		map_phrase_state(&b, f);
		map_html_flush(H, &b);
		map_html_raw(H, "</p>\n");
	}
	map_html_raw(H, "<p>");
	map_html_begin(H, &b);
	map_phrase_rule(&b, f->rule, &H->r->decision.facts);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n");
	map_html_raw(H, "<dl class=\"basis\">\n");
	put_evidence_links(H, g, f);
	map_html_basis(H, f->rule);
	map_html_raw(H, "</dl>\n</article>\n");
}

/* Those that wait for data come last: they are no reason for what is said,
 * but the list of what is not known links to them. */
void
map_html_rules(struct map_html *H, const struct core_guidance *g)
{
	const char *heading = "<h3>Why</h3>\n";

	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->state == CORE_NEEDS_DATA)
			continue;
		map_html_raw(H, heading);
		heading = "";
		put_finding(H, g, g->findings[i]);
	}
	heading = "<h3>Waiting for data</h3>\n";
	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->state != CORE_NEEDS_DATA)
			continue;
		map_html_raw(H, heading);
		heading = "";
		put_finding(H, g, g->findings[i]);
	}
}

static void
put_evidence(struct map_html *H, const struct core_fact *f)
{
	struct sv_buf b;

	map_html_raw(H, "<dd><ul class=\"sources\">\n");
	for (size_t i = 0; i < f->n_evidence; i++) {
		map_html_raw(H, "<li>");
		map_html_date(H, f->evidence[i]->date);
		map_html_raw(H, " <bdi>");
		map_html_begin(H, &b);
		map_phrase_event(&b, f->evidence[i]);
		map_html_flush_capital(H, &b);
		map_html_raw(H, "</bdi> ");
		map_html_source(H, f->evidence[i]);
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul></dd>\n");
}

/* One fact: what is known, and from which data; data that stand under a fact
 * of ${before} are referred to. */
static void
put_fact(struct map_html *H, const struct core_guidance *g,
    enum core_fact_id id, core_fact_set before)
{
	const struct core_facts *facts = &H->r->decision.facts;
	int same = map_phrase_same_evidence(before, id, facts);
	struct sv_buf b;

	sv_buf_printf(H->out, "<div id=\"f%d-", (int)g->cancer);
	map_html_text(H, core_fact_name(id));
	map_html_raw(H, "\"><dt>");
	map_html_begin(H, &b);
	sv_buf_add(&b, core_fact_phrase(id));
	sv_buf_add(&b, SV_LIT(": "));
	map_html_flush_capital(H, &b);
	map_html_raw(H, "<strong>");
	map_html_begin(H, &b);
	map_phrase_known(&b, id, facts);
	map_html_flush(H, &b);
	map_html_raw(H, "</strong>");
	map_html_begin(H, &b);
	if (id == CORE_PSA_DOUBLING_TIME)
		map_phrase_fit(&b, facts);
	map_html_flush(H, &b);
	map_html_raw(H, "</dt>\n");
	if (same < CORE_FACT_COUNT) {
		map_html_raw(H, "<dd>From the same data as: ");
		map_html_text(H, core_fact_phrase((enum core_fact_id)same));
		map_html_raw(H, ".</dd>\n");
	} else if (facts->fact[id].n_evidence > 0) {
		put_evidence(H, &facts->fact[id]);
	}
	map_html_raw(H, "</div>\n");
}

void
map_html_facts(struct map_html *H, const struct core_guidance *g)
{
	core_fact_set used = 0, done = 0;

	for (size_t i = 0; i < g->n_findings; i++)
		used |= facts_of(g->findings[i]->rule);
	map_html_raw(H, "<h3>Facts used</h3>\n<dl class=\"facts\">\n");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		enum core_fact_id id = (enum core_fact_id)k;

		if (!(used & CORE_FACT_BIT(k))
		    || !map_html_is_shown(&H->r->decision.facts, id))
			continue;
		put_fact(H, g, id, done);
		done |= CORE_FACT_BIT(k);
	}
	map_html_raw(H, "</dl>\n");
}
