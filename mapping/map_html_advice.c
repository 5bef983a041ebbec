/*
 * The page's conclusions: what must wait, what can be discussed, what is not
 * known, and the rule, its basis and the data behind each sentence.
 */
#include "map_html.h"

/* A link to the rule of ${f}, which stands further down. */
static void
put_rule_link(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f)
{
	sv_buf_printf(H->out, " <a class=\"rule\" href=\"#r%d-",
	    (int)g->cancer);
	map_html_text(H, f->rule->id);
	map_html_raw(H, "\">");
	map_html_text(H, f->rule->id);
	map_html_raw(H, "</a>");
}

static void
put_blocks(struct map_html *H, const struct core_guidance *g)
{
	struct sv_buf b;

	if (g->n_blocks == 0)
		return;
	map_html_raw(H, "<div class=\"card block\">\n"
	    "<h3>Must not proceed for now</h3>\n<ul>\n");
	for (size_t i = 0; i < g->n_blocks; i++) {
		map_html_raw(H, "<li><strong>");
		map_html_begin(H, &b);
		map_phrase_block(&b, g->blocks[i]);
		map_html_flush(H, &b);
		map_html_raw(H, "</strong>");
		for (size_t k = 0; k < g->n_findings; k++) {
			if (map_phrase_blocks(g->findings[k], g->blocks[i]))
				put_rule_link(H, g, g->findings[k]);
		}
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n</div>\n");
}

void
map_html_advice(struct map_html *H, const struct core_guidance *g)
{
	struct sv_buf b;

	put_blocks(H, g);
	if (g->n_proposals == 0)
		return;
	map_html_raw(H, "<div class=\"card offer\">\n"
	    "<h3>Options for discussion</h3>\n<ul>\n");
	for (size_t i = 0; i < g->n_proposals; i++) {
		const struct core_proposal *x = &g->proposals[i];

		map_html_raw(H, "<li>");
		map_html_begin(H, &b);
		map_phrase_proposal(&b, x);
		map_html_flush(H, &b);
		for (size_t k = 0; k < x->n_findings; k++)
			put_rule_link(H, g, x->findings[k]);
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n</div>\n");
}

static void
put_unknown(struct map_html *H, const struct core_guidance *g,
    enum core_fact_id id)
{
	struct sv_buf b;

	map_html_raw(H, "<li>");
	map_html_begin(H, &b);
	map_phrase_fact(&b, id, &H->r->decision.facts);
	sv_buf_addc(&b, '.');
	map_html_flush(H, &b);
	if (map_phrase_settled_by(id).n > 0) {
		map_html_raw(H, " <span class=\"settle\">Settled by ");
		map_html_text(H, map_phrase_settled_by(id));
		map_html_raw(H, ".</span>");
	}
	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->missing & CORE_FACT_BIT(id))
			put_rule_link(H, g, g->findings[i]);
	}
	map_html_raw(H, "</li>\n");
}

void
map_html_missing(struct map_html *H, const struct core_guidance *g)
{
	if (g->missing == 0)
		return;
	map_html_raw(H, "<div class=\"card unknown\">\n"
	    "<h3>Not known, and could change this</h3>\n<ul>\n");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (g->missing & CORE_FACT_BIT(k))
			put_unknown(H, g, (enum core_fact_id)k);
	}
	map_html_raw(H, "</ul>\n</div>\n");
}

/* A fact that findings speak of is shown if something is known of it. */
static bool
is_shown(const struct core_facts *facts, int k)
{
	return !core_fact_unknown((enum core_fact_id)k, &facts->fact[k])
	    && facts->fact[k].reason != CORE_REASON_NOT_APPLICABLE;
}

static core_fact_set
facts_of(const struct core_rule *rule)
{
	return rule->when.facts | rule->unless.facts;
}

/* The sources that the facts of ${f}'s rule rest on: those that hold it up
 * are the evidence of the facts, each named with a link. */
static void
put_rests_on(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f)
{
	bool any = false;

	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		const struct core_facts *facts = &H->r->decision.facts;
		struct sv_buf b;

		if (!(facts_of(f->rule) & CORE_FACT_BIT(k))
		    || !is_shown(facts, k) || facts->fact[k].n_evidence == 0)
			continue;
		map_html_raw(H, any ? "; " : "<p class=\"rests\">Rests on ");
		any = true;
		sv_buf_printf(H->out, "<a href=\"#f%d-", (int)g->cancer);
		map_html_text(H, core_fact_name((enum core_fact_id)k));
		map_html_raw(H, "\">");
		map_html_begin(H, &b);
		map_phrase_fact(&b, (enum core_fact_id)k, facts);
		map_html_flush(H, &b);
		map_html_raw(H, "</a>");
	}
	if (any)
		map_html_raw(H, ".</p>\n");
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
	map_html_raw(H, "</h4>\n<p>");
	map_html_begin(H, &b);
	map_phrase_state(&b, f);
	map_phrase_rule(&b, f->rule, &H->r->decision.facts);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n");
	put_rests_on(H, g, f);
	map_html_raw(H, "<p class=\"basis\">");
	map_html_begin(H, &b);
	map_phrase_basis(&b, f->rule);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n</article>\n");
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

	if (f->n_evidence == 0)
		return;
	map_html_raw(H, "<ul class=\"evidence\">\n");
	for (size_t i = 0; i < f->n_evidence; i++) {
		map_html_raw(H, "<li>");
		map_html_date(H, f->evidence[i]->date);
		map_html_raw(H, " <bdi>");
		map_html_begin(H, &b);
		map_phrase_event(&b, f->evidence[i]);
		map_html_flush(H, &b);
		map_html_raw(H, "</bdi> ");
		map_html_source(H, f->evidence[i]);
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n");
}

void
map_html_facts(struct map_html *H, const struct core_guidance *g)
{
	const struct core_facts *facts = &H->r->decision.facts;
	core_fact_set used = 0;

	for (size_t i = 0; i < g->n_findings; i++)
		used |= facts_of(g->findings[i]->rule);
	map_html_raw(H, "<h3>Facts used</h3>\n<ul class=\"facts\">\n");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		struct sv_buf b;

		if (!(used & CORE_FACT_BIT(k)) || !is_shown(facts, k))
			continue;
		sv_buf_printf(H->out, "<li id=\"f%d-", (int)g->cancer);
		map_html_text(H, core_fact_name((enum core_fact_id)k));
		map_html_raw(H, "\">");
		map_html_begin(H, &b);
		map_phrase_fact(&b, (enum core_fact_id)k, facts);
		map_html_flush(H, &b);
		map_html_raw(H, "\n");
		put_evidence(H, &facts->fact[k]);
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n");
}
