/*
 * What the page says at a glance: the figures that matter, what must wait,
 * what can be discussed, what is not known, and what would change all that.
 */
#include "map_html.h"
#include "map_why.h"

/* A link to the rule ${id}, which stands further down; its title is said to
 * a pointer that rests on it. */
static void
put_rule_link(struct map_html *H, const struct core_guidance *g,
    const struct core_rule *rule)
{
	sv_buf_printf(H->out, " <a class=\"rule\" href=\"#r%d-",
	    (int)g->cancer);
	map_html_text(H, rule->id);
	map_html_raw(H, "\" title=\"");
	map_html_text(H, rule->title);
	map_html_raw(H, "\">");
	map_html_text(H, rule->id);
	map_html_raw(H, "</a>");
}

static void
put_figure(struct map_html *H, const char *name, struct sv_buf *value)
{
	map_html_raw(H, "<div><dt>");
	map_html_raw(H, name);
	map_html_raw(H, "</dt><dd>");
	map_html_flush(H, value);
	map_html_raw(H, "</dd></div>\n");
}

static void
put_failure(struct map_html *H, const struct core_guidance *g)
{
	const struct core_facts *facts = &H->r->decision.facts;
	char day[SV_DATE_TEXT_MAX];
	struct sv_buf b;

	if (g->cancer != CORE_CANCER_PROSTATE
	    || !sv_date_is_set(facts->failure))
		return;
	sv_date_text(facts->failure, day);
	map_html_begin(H, &b);
	sv_buf_add(&b, sv_str_of(day));
	put_figure(H, "Failure of primary treatment", &b);
}

void
map_html_figures(struct map_html *H, const struct core_guidance *g)
{
	static const struct {
		enum core_fact_id id;
		enum core_cancer cancer;
		const char *name;
	} figures[] = {
		{ CORE_CURRENT_PSA, CORE_CANCER_PROSTATE, "Current PSA" },
		{ CORE_PSA_DOUBLING_TIME, CORE_CANCER_PROSTATE,
		    "PSA doubling time" },
		{ CORE_PSA_NADIR, CORE_CANCER_PROSTATE, "PSA nadir" },
		{ CORE_GRADE_GROUP_RP, CORE_CANCER_PROSTATE,
		    "Grade Group, prostatectomy" },
		{ CORE_GRADE_GROUP_BIOPSY, CORE_CANCER_PROSTATE,
		    "Grade Group, diagnostic biopsy" },
		{ CORE_RECURRENCE_GRADE_GROUP, CORE_CANCER_PROSTATE,
		    "Grade Group, recurrence" },
		{ CORE_LIFE_EXPECTANCY_YEARS, CORE_CANCER_PROSTATE,
		    "Life expectancy" },
		{ CORE_IPFSG_RISK, CORE_CANCER_GERM_CELL,
		    "IPFSG risk group" } };
	const struct core_facts *facts = &H->r->decision.facts;
	size_t start = H->out->n, empty;
	struct sv_buf b;

	map_html_raw(H, "<dl class=\"figures\">\n");
	empty = H->out->n;
	put_failure(H, g);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		if (figures[i].cancer != g->cancer
		    || !map_html_is_shown(facts, figures[i].id))
			continue;
		map_html_begin(H, &b);
		map_phrase_known(&b, figures[i].id, facts);
		put_figure(H, figures[i].name, &b);
	}
	if (H->out->n == empty)
		H->out->n = start;
	else
		map_html_raw(H, "</dl>\n");
}

/* "Provisional until known: distant metastasis": what may yet rule out
 * ${f}, which is ${named} where others hold without that. */
static void
put_until(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f, bool named)
{
	struct sv_buf b;

	if (f->state != CORE_PROVISIONAL)
		return;
	map_html_raw(H, "<span class=\"until\">");
	if (named)
		map_html_text(H, f->rule->title);
	map_html_raw(H, named ? " is provisional until known: "
	    : "Provisional until known: ");
	map_html_begin(H, &b);
	map_phrase_facts(&b, f->missing);
	map_html_flush(H, &b);
	put_rule_link(H, g, f->rule);
	map_html_raw(H, "</span>");
}

/* The rule of ${f} by its title, and where it stands or what may end it. */
static void
put_rule_item(struct map_html *H, const struct core_guidance *g,
    const struct core_finding *f)
{
	map_html_raw(H, "<li>");
	map_html_text(H, f->rule->title);
	if (f->state != CORE_PROVISIONAL)
		put_rule_link(H, g, f->rule);
	put_until(H, g, f, false);
	map_html_raw(H, "</li>\n");
}

/* The rules that forbid ${block}, each with its reason in short. */
static void
put_block(struct map_html *H, const struct core_guidance *g,
    struct sv_str block)
{
	struct sv_buf b;

	map_html_raw(H, "<li><strong>");
	map_html_begin(H, &b);
	map_phrase_block(&b, block);
	map_html_flush_capital(H, &b);
	map_html_raw(H, "</strong>\n<ul class=\"reasons\">\n");
	for (size_t k = 0; k < g->n_findings; k++) {
		const struct core_finding *f = g->findings[k];

		if (map_phrase_blocks(f, block))
			put_rule_item(H, g, f);
	}
	map_html_raw(H, "</ul></li>\n");
}

static void
put_proposal(struct map_html *H, const struct core_guidance *g,
    const struct core_proposal *x)
{
	struct sv_buf b;

	map_html_raw(H, "<li>");
	map_html_begin(H, &b);
	map_phrase_activity(&b, &x->activity);
	map_html_flush(H, &b);
	for (size_t k = 0; k < x->n_findings; k++) {
		if (x->findings[k]->state != CORE_PROVISIONAL)
			put_rule_link(H, g, x->findings[k]->rule);
	}
	for (size_t k = 0; k < x->n_findings; k++)
		put_until(H, g, x->findings[k], x->n_findings > 1);
	map_html_raw(H, "</li>\n");
}

static void
put_cautions(struct map_html *H, const struct core_guidance *g)
{
	bool any = false;

	for (size_t i = 0; i < g->n_findings; i++) {
		const struct core_finding *f = g->findings[i];

		if (f->rule->kind != CORE_RULE_CAUTION
		    || f->state == CORE_NEEDS_DATA)
			continue;
		if (!any)
			map_html_raw(H, "<div class=\"card caution\">\n"
			    "<h3>Caution</h3>\n<ul>\n");
		any = true;
		put_rule_item(H, g, f);
	}
	if (any)
		map_html_raw(H, "</ul>\n</div>\n");
}

void
map_html_advice(struct map_html *H, const struct core_guidance *g)
{
	if (g->n_blocks > 0) {
		map_html_raw(H, "<div class=\"card block\">\n"
		    "<h3>Must not proceed for now</h3>\n<ul>\n");
		for (size_t i = 0; i < g->n_blocks; i++)
			put_block(H, g, g->blocks[i]);
		map_html_raw(H, "</ul>\n</div>\n");
	}
	if (g->n_proposals > 0) {
		map_html_raw(H, "<div class=\"card offer\">\n"
		    "<h3>Options for discussion</h3>\n<ul>\n");
		for (size_t i = 0; i < g->n_proposals; i++)
			put_proposal(H, g, &g->proposals[i]);
		map_html_raw(H, "</ul>\n</div>\n");
	}
	put_cautions(H, g);
}

static void
put_unknown(struct map_html *H, const struct core_guidance *g,
    enum core_fact_id id)
{
	bool any = false;
	struct sv_buf b;

	map_html_raw(H, "<li>");
	map_html_begin(H, &b);
	map_phrase_fact(&b, id, &H->r->decision.facts);
	sv_buf_addc(&b, '.');
	map_html_flush_capital(H, &b);
	if (map_phrase_settled_by(id).n > 0) {
		map_html_raw(H, " <span class=\"settle\">Settled by ");
		map_html_text(H, map_phrase_settled_by(id));
		map_html_raw(H, ".</span>");
	}
	map_html_raw(H, " <span class=\"for\">Decides about");
	for (size_t i = 0; i < g->n_findings; i++) {
		if (!(g->findings[i]->missing & CORE_FACT_BIT(id)))
			continue;
		map_html_raw(H, any ? "; " : ": ");
		any = true;
		map_html_text(H, g->findings[i]->rule->title);
		put_rule_link(H, g, g->findings[i]->rule);
	}
	map_html_raw(H, "</span></li>\n");
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

static void
put_change(struct map_html *H, const struct core_guidance *g,
    const struct core_rule *rule, struct sv_buf *change)
{
	struct sv_buf b;

	map_html_raw(H, "<div><dt>");
	map_html_flush_capital(H, change);
	map_html_raw(H, "</dt>\n<dd>");
	map_html_begin(H, &b);
	sv_buf_add(&b, map_why_then(H->A, rule));
	map_html_flush_capital(H, &b);
	put_rule_link(H, g, rule);
	map_html_raw(H, "</dd></div>\n");
}

void
map_html_changes(struct map_html *H, const struct core_guidance *g)
{
	const struct core_decision *d = &H->r->decision;
	struct sv_str parts = { NULL, 0 };
	bool any = false;

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];
		struct sv_buf b;
		struct map_why y;

		if (f->rule->cancer != g->cancer || !map_why_alters(g, f->rule)
		    || !map_html_why(H, f, &y) || y.change.n == 0)
			continue;
		if (!any)
			map_html_raw(H, "<div class=\"card\">\n"
			    "<h3>Would change this</h3>\n"
			    "<dl class=\"changes\">\n");
		any = true;
		map_html_begin(H, &b);
		map_why_change(&b, &y, &parts);
		put_change(H, g, f->rule, &b);
	}
	if (any)
		map_html_raw(H, "</dl>\n</div>\n");
}
