/*
 * What a clinician reads in a terminal.
 */
#include "map_phrase.h"

#include <string.h>

struct page {
	struct sv_buf *out;
	struct sv_arena *A;
	const struct map_output_options *o;
	const struct map_result *r;
	int width;
};

static void
style(struct page *p, const char *code)
{
	if (p->o->colour) {
		sv_buf_add(p->out, SV_LIT("\033["));
		sv_buf_add(p->out, sv_str_of(code));
		sv_buf_addc(p->out, 'm');
	}
}

/* Columns of the word at ${s}: UTF-8 continuation bytes take none. */
static int
columns(struct sv_str s)
{
	int n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* ${text} in lines of the page's width, each behind ${indent} blanks. */
static void
paragraph(struct page *p, int indent, struct sv_str text)
{
	int at = 0;

	while (text.n > 0) {
		size_t n = sv_str_chr(text, ' ');
		struct sv_str word = { text.p, n };

		text = sv_str_from(text, n + 1);
		if (at > 0 && at + 1 + columns(word) > p->width) {
			sv_buf_addc(p->out, '\n');
			at = 0;
		}
		if (at == 0) {
			for (; at < indent; at++)
				sv_buf_addc(p->out, ' ');
		} else {
			sv_buf_addc(p->out, ' ');
			at++;
		}
		sv_buf_add(p->out, word);
		at += columns(word);
	}
	sv_buf_addc(p->out, '\n');
}

static void
heading(struct page *p, const char *text)
{
	sv_buf_addc(p->out, '\n');
	style(p, "1");
	sv_buf_add(p->out, sv_str_of(text));
	style(p, "0");
	sv_buf_addc(p->out, '\n');
}

static const char *
state_style(const struct core_finding *f)
{
	if (f->rule->kind == CORE_RULE_BLOCK)
		return "1;31";
	if (f->state == CORE_PROVISIONAL)
		return "33";
	return f->rule->kind == CORE_RULE_OFFER
	    || f->rule->kind == CORE_RULE_CONSIDER ? "1;32" : "36";
}

static void
put_finding(struct page *p, const struct core_finding *f)
{
	struct sv_buf b;

	style(p, state_style(f));
	sv_buf_add(p->out, SV_LIT("  "));
	sv_buf_add(p->out, f->rule->title);
	style(p, "0");
	if (f->state == CORE_PROVISIONAL)
		sv_buf_add(p->out, SV_LIT("  (provisional: an exclusion is "
		    "open)"));
	sv_buf_addc(p->out, '\n');
	sv_buf_init(&b, p->A, 64 * 1024);
	map_phrase_rule(&b, f->rule, &p->r->decision.facts);
	paragraph(p, 4, sv_buf_str(&b));
	sv_buf_init(&b, p->A, 64 * 1024);
	map_phrase_basis(&b, f->rule);
	style(p, "2");
	paragraph(p, 4, sv_buf_str(&b));
	style(p, "0");
}

static void
put_advice(struct page *p, const struct core_guidance *g)
{
	bool any = false;

	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->state == CORE_NEEDS_DATA)
			continue;
		if (!any)
			heading(p, "Options and notes for discussion");
		any = true;
		put_finding(p, g->findings[i]);
	}
}

static void
put_months(struct page *p, const struct core_activity *a)
{
	if (a->min_months > 0)
		sv_buf_printf(p->out, ", %d to %d months", a->min_months,
		    a->max_months);
	if (a->group.n > 0)
		sv_buf_add(p->out, SV_LIT(" (alternative, no order of "
		    "preference)"));
}

static void
put_activities(struct page *p, const struct core_guidance *g)
{
	if (g->n_proposals > 0)
		heading(p, "Proposed for consideration");
	for (size_t i = 0; i < g->n_proposals; i++) {
		const struct core_proposal *x = &g->proposals[i];

		sv_buf_add(p->out, SV_LIT("  - "));
		sv_buf_add(p->out, x->activity.display);
		put_months(p, &x->activity);
		sv_buf_add(p->out, SV_LIT("  ["));
		for (size_t k = 0; k < x->n_findings; k++) {
			if (k > 0)
				sv_buf_add(p->out, SV_LIT(", "));
			sv_buf_add(p->out, x->findings[k]->rule->id);
		}
		sv_buf_add(p->out, SV_LIT("]\n"));
	}
	for (size_t i = 0; i < g->n_blocks; i++) {
		style(p, "1;31");
		sv_buf_printf(p->out, "  ! blocked for now: %.*s\n",
		    SV_FMT(g->blocks[i]));
		style(p, "0");
	}
}

/* What is unknown, and which rules wait for it. */
static void
put_missing(struct page *p, const struct core_guidance *g)
{
	if (g->missing != 0)
		heading(p, "Not known, and would decide");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		bool first = true;

		if (!(g->missing & CORE_FACT_BIT(k)))
			continue;
		sv_buf_add(p->out, SV_LIT("  ? "));
		map_phrase_fact(p->out, (enum core_fact_id)k,
		    &p->r->decision.facts);
		for (size_t i = 0; i < g->n_findings; i++) {
			if (!(g->findings[i]->missing & CORE_FACT_BIT(k)))
				continue;
			sv_buf_add(p->out, first ? SV_LIT("  -> ")
			    : SV_LIT(", "));
			sv_buf_add(p->out, g->findings[i]->rule->id);
			first = false;
		}
		sv_buf_addc(p->out, '\n');
	}
}

static void
put_event(struct page *p, const struct core_event *e)
{
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(e->date, day);
	sv_buf_printf(p->out, "      %-10s  %.*s", day, SV_FMT(e->source));
	if (e->text.n > 0)
		sv_buf_printf(p->out, "  %.*s", SV_FMT(e->text));
	sv_buf_addc(p->out, '\n');
}

/* The facts that the findings speak of, with their evidence. */
static void
put_facts(struct page *p, const struct core_guidance *g)
{
	core_fact_set used = 0;

	for (size_t i = 0; i < g->n_findings; i++)
		used |= g->findings[i]->rule->when.facts
		    | g->findings[i]->rule->unless.facts;
	heading(p, "Facts used");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		const struct core_fact *f = &p->r->decision.facts.fact[k];

		if (!(used & CORE_FACT_BIT(k))
		    || core_fact_unknown((enum core_fact_id)k, f)
		    || f->reason == CORE_REASON_NOT_APPLICABLE)
			continue;
		sv_buf_add(p->out, SV_LIT("    "));
		map_phrase_fact(p->out, (enum core_fact_id)k,
		    &p->r->decision.facts);
		sv_buf_addc(p->out, '\n');
		for (size_t i = 0; i < f->n_evidence; i++)
			put_event(p, f->evidence[i]);
	}
}

static void
put_left_out(struct page *p)
{
	const struct core_timeline *t = &p->r->decision.line;

	if (t->n_excluded + p->r->issues->n > 0)
		heading(p, "Left out");
	for (size_t i = 0; i < t->n_excluded; i++)
		sv_buf_printf(p->out, "    %.*s: %.*s\n",
		    SV_FMT(t->excluded[i].event->source),
		    SV_FMT(core_exclusion_text(t->excluded[i].reason)));
	for (size_t i = 0; i < p->r->issues->n; i++) {
		const struct fhir_issue *x = &p->r->issues->at[i];
		struct sv_buf b;

		sv_buf_init(&b, p->A, 8192);
		sv_buf_add(&b, x->source.n > 0 ? x->source : x->expression);
		sv_buf_add(&b, SV_LIT(": "));
		sv_buf_add(&b, x->text);
		paragraph(p, 4, sv_buf_str(&b));
	}
}

static void
put_cancer(struct page *p, const struct core_guidance *g)
{
	if (g->output == CORE_OUTPUT_NONE)
		return;
	sv_buf_addc(p->out, '\n');
	style(p, "1");
	sv_buf_printf(p->out, "%.*s: ", SV_FMT(core_cancer_name(g->cancer)));
	sv_buf_add(p->out, map_phrase_intent(g->intent));
	style(p, "0");
	sv_buf_addc(p->out, '\n');
	put_activities(p, g);
	put_advice(p, g);
	put_missing(p, g);
	put_facts(p, g);
}

struct sv_status
map_text_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct page p = { out, A, o, r, o->width > 40 ? o->width : 80 };
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	style(&p, "1");
	sv_buf_printf(out, "Patient %.*s, as of %s\n", SV_FMT(r->patient.name),
	    day);
	style(&p, "0");
	for (size_t i = 0; i < r->decision.n_guidance; i++)
		put_cancer(&p, &r->decision.guidance[i]);
	if (r->decision.output == CORE_OUTPUT_NONE)
		sv_buf_add(out, SV_LIT("\nNothing to say: no failure of "
		    "primary treatment is evident in the data.\n"));
	put_left_out(&p);
	sv_buf_addc(out, '\n');
	paragraph(&p, 0, SV_LIT(MAP_DISCLAIMER));
	sv_buf_printf(out, "Rules %.*s (draft), sha256 %.*s; %.*s; %.*s\n",
	    SV_FMT(r->book->version), SV_FMT(r->book->sha256),
	    SV_FMT(o->software), SV_FMT(o->recorded));
	return sv_buf_ok(out) ? SV_OK : SV_LIMIT;
}
