#include "core_expr_words.h"
#include "map_page.h"
#include "map_phrase.h"
#include "map_rulebook_parts.h"

struct book_writer {
	struct sv_arena *A;
	const struct core_rulebook *book;
	const struct map_rulebook_options *o;
	struct map_page page;
};

/* Markdown's own marks are escaped. */
static void
put_escaped(struct book_writer *W, struct sv_str s)
{
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

	sv_buf_addc(out, '\n');
	if (W->o->form == MAP_RULEBOOK_TEXT) {
		map_page_style(&W->page, level < 3 ? "1;4" : "1");
		map_page_paragraph(&W->page, 0, 4, text);
		map_page_style(&W->page, "0");
		return;
	}
	for (int i = 0; i < level; i++)
		sv_buf_addc(out, '#');
	sv_buf_addc(out, ' ');
	put_escaped(W, text);
	sv_buf_add(out, SV_LIT("\n\n"));
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
	struct sv_buf *out = W->page.out;

	if (text.n == 0)
		return;
	if (W->o->form == MAP_RULEBOOK_TEXT) {
		put_text_field(W, label, text);
		return;
	}
	if (label != NULL) {
		sv_buf_add(out, SV_LIT("**"));
		put_escaped(W, sv_str_of(label));
		sv_buf_add(out, SV_LIT(":** "));
	}
	put_escaped(W, text);
	sv_buf_add(out, SV_LIT("\n\n"));
}

/* A buffer for one field. */
static struct sv_buf
scratch(struct sv_arena *A)
{
	struct sv_buf b;

	sv_buf_init(&b, A, (size_t)1 << 20);
	return b;
}

/* A field made in ${b}; the book fails if ${b} did. */
static void
put_made(struct book_writer *W, const char *label, const struct sv_buf *b)
{
	W->page.out->failed = W->page.out->failed || !sv_buf_ok(b);
	put_field(W, label, sv_buf_str(b));
}

void
map_rulebook_activities(struct sv_buf *b, const struct core_rule *r)
{
	for (size_t i = 0; i < r->n_activities; i++) {
		if (i > 0)
			sv_buf_add(b, SV_LIT("; "));
		map_phrase_activity(b, &r->activities[i]);
	}
}

void
map_rulebook_blocks(struct sv_buf *b, const struct core_rule *r)
{
	for (size_t i = 0; i < r->n_blocks; i++) {
		if (i > 0)
			sv_buf_add(b, SV_LIT(", "));
		map_phrase_block(b, r->blocks[i]);
	}
}

/* Does the case ${v} expect ${id} to fire? */
static bool
expects(const struct fhir_at *v, struct sv_str id)
{
	struct fhir_at expect = fhir_get(v, "expect");
	struct fhir_at rules = fhir_get(&expect, "rules");

	for (struct fhir_at x = fhir_first(&rules, "fires"); fhir_is(&x);
	    x = fhir_next(&x)) {
		if (sv_str_eq(fhir_value(&x), id))
			return true;
	}
	return false;
}

void
map_rulebook_cases(struct sv_buf *b, const struct fhir_at *cases,
    struct sv_str id)
{
	struct fhir_at v;
	size_t n = 0;

	if (!fhir_is(cases))
		return;
	for (v = fhir_first(cases, "vignettes"); fhir_is(&v);
	    v = fhir_next(&v)) {
		if (!expects(&v, id))
			continue;
		if (n++ > 0)
			sv_buf_add(b, SV_LIT(", "));
		sv_buf_add(b, fhir_text(&v, "id"));
	}
	if (n == 0)
		sv_buf_add(b, SV_LIT("none"));
}

static void
put_rule(struct book_writer *W, const struct core_rule *r)
{
	struct sv_buf activities = scratch(W->A), blocks = scratch(W->A);
	struct sv_buf citations = scratch(W->A), origin = scratch(W->A);
	struct sv_buf cases = scratch(W->A), text = scratch(W->A);

	put_heading(W, 3, sv_arena_printf(W->A, "%.*s  %.*s", SV_FMT(r->id),
	    SV_FMT(r->title)));
	map_phrase_rule(&text, r, NULL);
	put_made(W, "Says", &text);
	put_field(W, "For", r->population);
	put_field(W, "When", core_expr_words(W->A, &r->when));
	put_field(W, "Unless", core_expr_words(W->A, &r->unless));
	map_rulebook_activities(&activities, r);
	put_made(W, "Proposes for discussion", &activities);
	map_rulebook_blocks(&blocks, r);
	put_made(W, "Must not be proposed while it holds", &blocks);
	put_field(W, "Kind", sv_arena_printf(W->A, "%.*s%s",
	    SV_FMT(core_rule_kind_name(r->kind)), r->curative
	    ? ", curative intent" : ""));
	put_field(W, "Strength", r->strength);
	map_phrase_citations(&citations, r);
	put_made(W, "Citation", &citations);
	map_phrase_origin(&origin, r);
	put_made(W, "Origin", &origin);
	put_field(W, "Note", r->note);
	put_field(W, "FHIRPath, when", r->when.text);
	put_field(W, "FHIRPath, unless", r->unless.text);
	map_rulebook_cases(&cases, W->o->cases, r->id);
	put_made(W, "Cases in which it fires", &cases);
}

bool
map_rulebook_cites(const struct core_rule *r, struct sv_str statement)
{
	for (size_t j = 0; j < r->n_source_refs; j++) {
		if (sv_str_eq(r->source_refs[j], statement))
			return true;
	}
	return false;
}

static void
add_number(struct sv_buf *b, struct sv_dec d)
{
	char text[SV_DEC_TEXT_MAX];

	sv_dec_text(d, text);
	sv_buf_add(b, sv_str_of(text));
}

void
map_rulebook_number(struct sv_buf *b, const struct core_rulebook *book,
    enum core_param_id id)
{
	struct sv_str unit = map_phrase_unit(core_param_unit(id));

	add_number(b, book->params.value[id]);
	if (unit.n > 0) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, unit);
	}
	if (book->about[id].by_site)
		sv_buf_add(b, SV_LIT(", set by this site"));
}

void
map_rulebook_range(struct sv_buf *b, const struct core_rulebook *book,
    enum core_param_id id)
{
	const struct core_param_about *a = &book->about[id];

	add_number(b, a->low);
	sv_buf_add(b, SV_LIT(" to "));
	add_number(b, a->high);
	if (a->at_most != CORE_PARAM_COUNT)
		sv_buf_printf(b, ", not above %.*s",
		    SV_FMT(core_param_name(a->at_most)));
}

static void
put_numbers(struct book_writer *W)
{
	put_heading(W, 2, SV_LIT("The numbers that rules and facts use"));
	for (int i = 0; i < CORE_PARAM_COUNT; i++) {
		enum core_param_id id = (enum core_param_id)i;
		const struct core_param_about *a = &W->book->about[i];
		struct sv_buf b = scratch(W->A);

		if (!a->bounded)
			continue;
		map_rulebook_number(&b, W->book, id);
		sv_buf_printf(&b, " (%.*s). A site may set ",
		    SV_FMT(a->meaning));
		map_rulebook_range(&b, W->book, id);
		sv_buf_printf(&b, ". %.*s, confidence %.*s.",
		    SV_FMT(a->origin), SV_FMT(a->confidence));
		put_made(W, core_param_name(id).p, &b);
	}
}

static void
put_coverage(struct book_writer *W)
{
	const struct core_rulebook *book = W->book;

	put_heading(W, 2, SV_LIT("Which statement of the source is behind "
	    "which rule"));
	for (size_t i = 0; i < book->n_statements; i++) {
		const struct core_source_statement *s = &book->statements[i];
		struct sv_buf b = scratch(W->A);

		for (size_t k = 0; k < book->n_rules; k++) {
			if (!map_rulebook_cites(&book->rules[k], s->id))
				continue;
			sv_buf_add(&b, b.n > 0 ? SV_LIT(", ")
			    : SV_LIT("covered by "));
			sv_buf_add(&b, book->rules[k].id);
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
const char *
map_rulebook_left_out(size_t i)
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

	return i < sizeof(out) / sizeof(out[0]) ? out[i] : NULL;
}

static void
put_left_out(struct book_writer *W)
{
	put_heading(W, 2, SV_LIT("What the rule book leaves out"));
	for (size_t i = 0; map_rulebook_left_out(i) != NULL; i++)
		put_field(W, NULL, sv_str_of(map_rulebook_left_out(i)));
}

void
map_rulebook_edition(struct sv_buf *b, const struct core_rulebook *book)
{
	sv_buf_printf(b, "Version %.*s, %zu rules in use (",
	    SV_FMT(book->version), book->n_rules);
	map_phrase_sign_off(b, book);
	sv_buf_printf(b, "). SHA-256 %.*s.", SV_FMT(book->sha256));
	if (book->review_by.n > 0)
		sv_buf_printf(b, " To be reviewed by %.*s.",
		    SV_FMT(book->review_by));
	map_phrase_site(b, book);
}

static void
put_front(struct book_writer *W)
{
	struct sv_buf b = scratch(W->A);

	put_heading(W, 1, SV_LIT("Salvor rule book"));
	map_rulebook_edition(&b, W->book);
	put_made(W, NULL, &b);
	put_field(W, NULL, sv_str_of(MAP_DISCLAIMER));
	put_field(W, "How to read a condition",
	    sv_str_of(MAP_RULEBOOK_HOW_TO_READ));
}

struct sv_status
map_rulebook_write(struct sv_arena *A, const struct core_rulebook *book,
    const struct map_rulebook_options *o, struct sv_buf *out)
{
	struct book_writer W = { .A = A, .book = book, .o = o,
		.page = { out, 80, o->colour } };

	if (o->form == MAP_RULEBOOK_HTML)
		return map_rulebook_html(A, book, o, out);
	put_front(&W);
	put_heading(&W, 2, SV_LIT("Rules"));
	for (size_t i = 0; i < book->n_rules; i++)
		put_rule(&W, &book->rules[i]);
	put_numbers(&W);
	put_coverage(&W);
	put_left_out(&W);
	return sv_buf_status(out);
}
