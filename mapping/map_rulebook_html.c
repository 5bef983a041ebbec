/*
 * The rule book as a page: which rules there are, each as a clinician reviews
 * it, which statement of the source is behind which, and what is left out.
 */
#include "core_expr_words.h"
#include "map_html.h"
#include "map_rulebook_parts.h"

struct book {
	struct map_html H;
	const struct core_rulebook *rules;
	const struct fhir_at *cases;
};

static void
put_rule_link(struct map_html *H, const struct core_rule *r)
{
	map_html_raw(H, "<a class=\"rule\" href=\"#");
	map_html_text(H, r->id);
	map_html_raw(H, "\">");
	map_html_text(H, r->id);
	map_html_raw(H, "</a>");
}

static void
put_front(struct book *B)
{
	struct map_html *H = &B->H;
	struct sv_buf b;

	map_html_raw(H, "<header>\n<p class=\"kicker\">Decision support for "
	    "clinicians</p>\n<h1>Salvor rule book</h1>\n"
	    "<p class=\"asof\"><strong class=\"draft\">");
	map_html_begin(H, &b);
	map_phrase_sign_off(&b, B->rules);
	map_html_flush(H, &b);
	map_html_raw(H, "</strong></p>\n<p class=\"small\">");
	map_html_begin(H, &b);
	map_rulebook_edition(&b, B->rules);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n<p>" MAP_DISCLAIMER "</p>\n</header>\n"
	    "<nav aria-label=\"Contents\"><ul>\n"
	    "<li><a href=\"#overview\">Overview</a></li>\n"
	    "<li><a href=\"#rules\">The rules</a></li>\n"
	    "<li><a href=\"#numbers\">The numbers that rules and facts use"
	    "</a></li>\n"
	    "<li><a href=\"#coverage\">Which statement of the source is "
	    "behind which rule</a></li>\n"
	    "<li><a href=\"#left-out\">What the rule book leaves out</a>"
	    "</li>\n</ul></nav>\n");
}

static void
put_overview(struct book *B)
{
	struct map_html *H = &B->H;

	map_html_raw(H, "<section id=\"overview\">\n<h2>Overview</h2>\n"
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"Overview of the rules\"><table class=\"stack\">\n<thead><tr>"
	    "<th scope=\"col\">Rule</th><th scope=\"col\">About</th>"
	    "<th scope=\"col\">Kind</th><th scope=\"col\">Origin</th>"
	    "<th scope=\"col\">Sign-off</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < B->rules->n_rules; i++) {
		const struct core_rule *r = &B->rules->rules[i];

		map_html_raw(H, "<tr><th scope=\"row\">");
		put_rule_link(H, r);
		map_html_raw(H, "</th><td>");
		map_html_text(H, r->title);
		map_html_raw(H, "</td><td>");
		map_html_text(H, core_rule_kind_name(r->kind));
		map_html_raw(H, "</td><td>");
		map_html_text(H, core_origin_name(r->origin));
		map_html_raw(H, r->draft ? "</td><td>draft</td></tr>\n"
		    : "</td><td>signed off</td></tr>\n");
	}
	map_html_raw(H, "</tbody></table></div>\n</section>\n");
}

/* An item of the list that stands open; nothing for an empty text. */
static void
put_item(struct map_html *H, const char *label, struct sv_str text)
{
	if (text.n == 0)
		return;
	map_html_raw(H, "<div><dt>");
	map_html_raw(H, label);
	map_html_raw(H, "</dt><dd>");
	map_html_text(H, text);
	map_html_raw(H, "</dd></div>\n");
}

static void
put_made(struct map_html *H, const char *label, const struct sv_buf *b)
{
	if (!sv_buf_ok(b))
		H->out->failed = true;
	put_item(H, label, sv_buf_str(b));
}

static void
put_conclusion(struct book *B, const struct core_rule *r)
{
	struct map_html *H = &B->H;
	struct sv_buf b;

	map_html_begin(H, &b);
	map_rulebook_activities(&b, r);
	put_made(H, "Proposes for discussion", &b);
	map_html_begin(H, &b);
	map_rulebook_blocks(&b, r);
	put_made(H, "Must not be proposed while it holds", &b);
	put_item(H, "Kind", sv_arena_printf(H->A, "%.*s%s",
	    SV_FMT(core_rule_kind_name(r->kind)), r->curative
	    ? ", curative intent" : ""));
}

static const char *
class_of(const struct core_rule *r)
{
	return r->kind == CORE_RULE_BLOCK ? "block"
	    : r->kind == CORE_RULE_CAUTION ? "caution"
	    : r->kind == CORE_RULE_OFFER || r->kind == CORE_RULE_CONSIDER
	    ? "offer" : "note";
}

static void
put_rule(struct book *B, const struct core_rule *r)
{
	struct map_html *H = &B->H;
	struct sv_buf b;

	sv_buf_printf(H->out, "<article class=\"card %s\" id=\"",
	    class_of(r));
	map_html_text(H, r->id);
	map_html_raw(H, "\">\n<h3>");
	map_html_text(H, r->id);
	map_html_raw(H, " ");
	map_html_text(H, r->title);
	map_html_raw(H, "</h3>\n<p>");
	map_html_begin(H, &b);
	map_phrase_rule(&b, r, NULL);
	map_html_flush(H, &b);
	map_html_raw(H, "</p>\n<dl class=\"basis review\">\n");
	put_item(H, "For", r->population);
	put_item(H, "When", core_expr_words(H->A, &r->when));
	put_item(H, "Unless", core_expr_words(H->A, &r->unless));
	put_conclusion(B, r);
	map_html_basis(H, r);
	put_item(H, "Note", r->note);
	put_item(H, "FHIRPath, when", r->when.text);
	put_item(H, "FHIRPath, unless", r->unless.text);
	map_html_begin(H, &b);
	map_rulebook_cases(&b, B->cases, r->id);
	put_made(H, "Cases in which it fires", &b);
	map_html_raw(H, "</dl>\n</article>\n");
}

static void
put_number(struct book *B, enum core_param_id id)
{
	const struct core_param_about *a = &B->rules->about[id];
	struct map_html *H = &B->H;
	struct sv_buf b;

	map_html_raw(H, "<tr><th scope=\"row\">");
	map_html_text(H, core_param_name(id));
	map_html_raw(H, "</th><td>");
	map_html_begin(H, &b);
	map_rulebook_number(&b, B->rules, id);
	map_html_flush(H, &b);
	map_html_raw(H, "</td><td>");
	map_html_begin(H, &b);
	map_rulebook_range(&b, B->rules, id);
	map_html_flush(H, &b);
	map_html_raw(H, "</td><td>");
	map_html_text(H, a->meaning);
	map_html_raw(H, "</td><td>");
	map_html_text(H, a->origin);
	map_html_raw(H, ", confidence ");
	map_html_text(H, a->confidence);
	map_html_raw(H, "</td></tr>\n");
}

static void
put_numbers(struct book *B)
{
	struct map_html *H = &B->H;

	map_html_raw(H, "<section id=\"numbers\">\n<h2>The numbers that "
	    "rules and facts use</h2>\n"
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"Numbers\"><table class=\"stack\">\n<thead><tr>"
	    "<th scope=\"col\">Name</th><th scope=\"col\">Value</th>"
	    "<th scope=\"col\">A site may set</th>"
	    "<th scope=\"col\">Meaning</th><th scope=\"col\">Origin</th>"
	    "</tr></thead>\n<tbody>\n");
	for (int i = 0; i < CORE_PARAM_COUNT; i++) {
		if (B->rules->about[i].bounded)
			put_number(B, (enum core_param_id)i);
	}
	map_html_raw(H, "</tbody></table></div>\n</section>\n");
}

static void
put_statement(struct book *B, const struct core_source_statement *s)
{
	struct map_html *H = &B->H;
	size_t n = 0;

	map_html_raw(H, "<tr><th scope=\"row\">");
	map_html_text(H, s->id);
	map_html_raw(H, "</th><td>");
	map_html_text(H, s->text);
	map_html_raw(H, "</td><td>");
	map_html_text(H, s->citation);
	map_html_raw(H, ", not supplied</td><td>");
	for (size_t k = 0; k < B->rules->n_rules; k++) {
		if (!map_rulebook_cites(&B->rules->rules[k], s->id))
			continue;
		map_html_raw(H, n++ > 0 ? ", " : "");
		put_rule_link(H, &B->rules->rules[k]);
	}
	if (n == 0)
		map_html_raw(H, "<strong>NOT COVERED</strong>: no rule in "
		    "use cites it");
	map_html_raw(H, "</td></tr>\n");
}

static void
put_coverage(struct book *B)
{
	struct map_html *H = &B->H;

	map_html_raw(H, "<section id=\"coverage\">\n<h2>Which statement of "
	    "the source is behind which rule</h2>\n"
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"Coverage of the source\"><table class=\"stack\">\n<thead><tr>"
	    "<th scope=\"col\">Statement</th><th scope=\"col\">It says</th>"
	    "<th scope=\"col\">Reference</th><th scope=\"col\">Rules</th>"
	    "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < B->rules->n_statements; i++)
		put_statement(B, &B->rules->statements[i]);
	map_html_raw(H, "</tbody></table></div>\n</section>\n"
	    "<section id=\"left-out\">\n<h2>What the rule book leaves out"
	    "</h2>\n<ul>\n");
	for (size_t i = 0; map_rulebook_left_out(i) != NULL; i++) {
		map_html_raw(H, "<li>");
		map_html_raw(H, map_rulebook_left_out(i));
		map_html_raw(H, "</li>\n");
	}
	map_html_raw(H, "</ul>\n</section>\n");
}

struct sv_status
map_rulebook_html(struct sv_arena *A, const struct core_rulebook *book,
    const struct map_rulebook_options *o, struct sv_buf *out)
{
	struct book B = { .H = { .out = out, .A = A }, .rules = book,
		.cases = o->cases };

	map_html_head(&B.H, SV_LIT("Salvor rule book"));
	map_html_raw(&B.H, "<body>\n");
	put_front(&B);
	map_html_raw(&B.H, "<main>\n");
	put_overview(&B);
	map_html_raw(&B.H, "<section id=\"rules\">\n<h2>The rules</h2>\n"
	    "<p><strong>How to read a condition:</strong> "
	    MAP_RULEBOOK_HOW_TO_READ "</p>\n");
	for (size_t i = 0; i < book->n_rules; i++)
		put_rule(&B, &book->rules[i]);
	map_html_raw(&B.H, "</section>\n");
	put_numbers(&B);
	put_coverage(&B);
	map_html_raw(&B.H, "</main>\n</body>\n</html>\n");
	return sv_buf_status(out);
}
