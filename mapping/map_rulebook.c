#include "map_rulebook.h"

#include "core_expr_words.h"
#include "fhir_write.h"
#include "map_page.h"
#include "map_phrase.h"

struct book_writer {
	struct sv_arena *A;
	const struct core_rulebook *book;
	const struct map_rulebook_options *o;
	struct map_page page;
};

static const char head[] =
"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
"<title>Salvor rule book</title><style>\n"
"body{font:16px/1.5 sans-serif;max-width:52rem;margin:0 auto;padding:1rem;"
"color:#1a1a1a;background:#fff}\n"
"h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:2px solid #334}\n"
"h3{margin:2rem 0 .3rem;padding-top:.6rem;border-top:1px solid #99a}\n"
"p{margin:.35rem 0;overflow-wrap:anywhere}b{color:#223a66}\n"
"@media print{h3{break-after:avoid}body{max-width:none;font-size:11pt}}\n"
"</style></head><body>\n";

/* Text for HTML, or for Markdown with its own marks escaped. */
static void
put_escaped(struct book_writer *W, struct sv_str s)
{
	if (W->o->form == MAP_RULEBOOK_HTML) {
		fhir_escape_xml(W->page.out, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<' || s.p[i] == '*' || s.p[i] == '|'
		    || s.p[i] == '_' || s.p[i] == '[' || s.p[i] == '`')
			sv_buf_addc(W->page.out, '\\');
		sv_buf_addc(W->page.out, s.p[i]);
	}
}

static void
put_heading(struct book_writer *W, int level, struct sv_str text)
{
	struct sv_buf *out = W->page.out;

	switch (W->o->form) {
	case MAP_RULEBOOK_TEXT:
		sv_buf_addc(out, '\n');
		map_page_style(&W->page, level < 3 ? "1;4" : "1");
		map_page_paragraph(&W->page, 0, 4, text);
		map_page_style(&W->page, "0");
		break;
	case MAP_RULEBOOK_MARKDOWN:
		sv_buf_addc(out, '\n');
		for (int i = 0; i < level; i++)
			sv_buf_addc(out, '#');
		sv_buf_addc(out, ' ');
		put_escaped(W, text);
		sv_buf_add(out, SV_LIT("\n\n"));
		break;
	case MAP_RULEBOOK_HTML:
		sv_buf_printf(out, "<h%d>", level);
		put_escaped(W, text);
		sv_buf_printf(out, "</h%d>\n", level);
		break;
	}
}

static void
put_text_field(struct book_writer *W, const char *label, struct sv_str text)
{
	if (label == NULL)
		map_page_paragraph(&W->page, 0, 4, text);
	else
		map_page_paragraph(&W->page, 2, 4, sv_arena_printf(W->A,
		    "%s: %.*s", label, SV_FMT(text)));
}

/* "Label: text"; nothing for an empty text.  ${label} may be NULL. */
static void
put_field(struct book_writer *W, const char *label, struct sv_str text)
{
	bool html = W->o->form == MAP_RULEBOOK_HTML;
	struct sv_buf *out = W->page.out;

	if (text.n == 0)
		return;
	if (W->o->form == MAP_RULEBOOK_TEXT) {
		put_text_field(W, label, text);
		return;
	}
	if (html)
		sv_buf_add(out, SV_LIT("<p>"));
	if (label != NULL) {
		sv_buf_add(out, html ? SV_LIT("<b>") : SV_LIT("**"));
		put_escaped(W, sv_str_of(label));
		sv_buf_add(out, html ? SV_LIT(":</b> ") : SV_LIT(":** "));
	}
	put_escaped(W, text);
	sv_buf_add(out, html ? SV_LIT("</p>\n") : SV_LIT("\n\n"));
}

/* A buffer for one field. */
static struct sv_buf
scratch(struct book_writer *W)
{
	struct sv_buf b;

	sv_buf_init(&b, W->A, (size_t)1 << 20);
	return b;
}

/* A field made in ${b}; the book fails if ${b} did. */
static void
put_made(struct book_writer *W, const char *label, const struct sv_buf *b)
{
	W->page.out->failed = W->page.out->failed || !sv_buf_ok(b);
	put_field(W, label, sv_buf_str(b));
}

static void
put_activities(struct book_writer *W, const struct core_rule *r)
{
	struct sv_buf b = scratch(W), blocks = scratch(W);

	for (size_t i = 0; i < r->n_activities; i++) {
		const struct core_activity *a = &r->activities[i];
		const struct core_proposal p = { .activity = *a };

		if (i > 0)
			sv_buf_add(&b, SV_LIT("; "));
		map_phrase_proposal(&b, &p);
	}
	put_made(W, "Proposes for discussion", &b);
	for (size_t i = 0; i < r->n_blocks; i++) {
		if (i > 0)
			sv_buf_add(&blocks, SV_LIT(", "));
		map_phrase_block(&blocks, r->blocks[i]);
	}
	put_made(W, "Must not be proposed while it holds", &blocks);
}

/* The cases whose expected findings list ${id} as firing. */
static void
put_cases(struct book_writer *W, struct sv_str id)
{
	struct sv_buf b = scratch(W);
	struct fhir_at v, x;

	if (!fhir_is(W->o->cases))
		return;
	for (v = fhir_first(W->o->cases, "vignettes"); fhir_is(&v);
	    v = fhir_next(&v)) {
		struct fhir_at expect = fhir_get(&v, "expect");
		struct fhir_at rules = fhir_get(&expect, "rules");

		for (x = fhir_first(&rules, "fires"); fhir_is(&x);
		    x = fhir_next(&x)) {
			if (!sv_str_eq(fhir_value(&x), id))
				continue;
			if (b.n > 0)
				sv_buf_add(&b, SV_LIT(", "));
			sv_buf_add(&b, fhir_text(&v, "id"));
		}
	}
	if (b.n == 0)
		sv_buf_add(&b, SV_LIT("none"));
	put_made(W, "Cases in which it fires", &b);
}

static void
put_rule(struct book_writer *W, const struct core_rule *r)
{
	struct sv_buf basis = scratch(W);

	put_heading(W, 3, sv_arena_printf(W->A, "%.*s  %.*s", SV_FMT(r->id),
	    SV_FMT(r->title)));
	put_field(W, "Says", r->text);
	put_field(W, "For", r->population);
	put_field(W, "When", core_expr_words(W->A, &r->when));
	put_field(W, "Unless", core_expr_words(W->A, &r->unless));
	put_activities(W, r);
	put_field(W, "Kind", sv_arena_printf(W->A, "%.*s%s",
	    SV_FMT(core_rule_kind_name(r->kind)), r->curative
	    ? ", curative intent" : ""));
	map_phrase_basis(&basis, r);
	put_made(W, "Origin", &basis);
	put_field(W, "Note", r->note);
	put_field(W, "FHIRPath, when", r->when.text);
	put_field(W, "FHIRPath, unless", r->unless.text);
	put_cases(W, r->id);
}

static void
put_coverage(struct book_writer *W)
{
	const struct core_rulebook *book = W->book;

	put_heading(W, 2, SV_LIT("Which statement of the source is behind "
	    "which rule"));
	for (size_t i = 0; i < book->n_statements; i++) {
		const struct core_source_statement *s = &book->statements[i];
		struct sv_buf b = scratch(W);

		for (size_t k = 0; k < book->n_rules; k++) {
			const struct core_rule *r = &book->rules[k];

			for (size_t j = 0; j < r->n_source_refs; j++) {
				if (!sv_str_eq(r->source_refs[j], s->id))
					continue;
				sv_buf_add(&b, b.n > 0 ? SV_LIT(", ")
				    : SV_LIT("covered by "));
				sv_buf_add(&b, r->id);
			}
		}
		if (b.n == 0)
			sv_buf_add(&b, SV_LIT("NOT COVERED: no rule in use "
			    "cites it"));
		sv_buf_printf(&b, ". \"%.*s\" (%.*s, not supplied)",
		    SV_FMT(s->text), SV_FMT(s->citation));
		put_made(W, sv_arena_str(W->A, s->id).p, &b);
	}
}

/* What is known and left out (knowledge K6): a reader must not take silence
 * for an answer. */
static void
put_left_out(struct book_writer *W)
{
	static const char *const out[] = {
		"Pathological node involvement (pN1) at prostatectomy and "
		"genomic classifiers are not modelled.",
		"Salvage radiation below PSA 0.2 ng/mL in high-risk men is no "
		"rule; only persistence of PSA is.",
		"Intent of the whole guidance (S01, S02, S04, S22) is worked "
		"out from the findings, not by a rule of its own.",
		"The care-gap measure QM-01 (S21) is computed beside the rules.",
		"The IPFSG table and several grades of recommendation were "
		"taken from memory: compare them with the papers before "
		"signing.",
	};

	put_heading(W, 2, SV_LIT("What the rule book leaves out"));
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		put_field(W, NULL, sv_str_of(out[i]));
}

static void
put_front(struct book_writer *W)
{
	struct sv_buf b = scratch(W);

	put_heading(W, 1, SV_LIT("Salvor rule book"));
	sv_buf_printf(&b, "Version %.*s, %zu rules in use (",
	    SV_FMT(W->book->version), W->book->n_rules);
	map_phrase_sign_off(&b, W->book);
	sv_buf_printf(&b, "). SHA-256 %.*s.", SV_FMT(W->book->sha256));
	if (W->book->review_by.n > 0)
		sv_buf_printf(&b, " To be reviewed by %.*s.",
		    SV_FMT(W->book->review_by));
	map_phrase_site(&b, W->book);
	put_made(W, NULL, &b);
	put_field(W, NULL, sv_str_of(MAP_DISCLAIMER));
	put_field(W, "How to read a condition", SV_LIT("AND and OR join what "
	    "must hold. 'no X' means that the record says so; for diagnoses "
	    "and treatments, that none is recorded. 'X is established' and "
	    "'X is excluded' need a definite record; 'X is not known' means "
	    "that the data do not decide it. A condition that the data do not "
	    "decide leads to a request for data, never to advice."));
}

struct sv_status
map_rulebook_write(struct sv_arena *A, const struct core_rulebook *book,
    const struct map_rulebook_options *o, struct sv_buf *out)
{
	struct book_writer W = { .A = A, .book = book, .o = o,
		.page = { out, 80, o->colour } };

	if (o->form == MAP_RULEBOOK_HTML)
		sv_buf_add(out, SV_LIT(head));
	put_front(&W);
	put_heading(&W, 2, SV_LIT("Rules"));
	for (size_t i = 0; i < book->n_rules; i++)
		put_rule(&W, &book->rules[i]);
	put_coverage(&W);
	put_left_out(&W);
	if (o->form == MAP_RULEBOOK_HTML)
		sv_buf_add(out, SV_LIT("</body></html>\n"));
	return sv_buf_ok(out) ? SV_OK : SV_LIMIT;
}
