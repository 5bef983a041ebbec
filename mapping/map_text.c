/*
 * What a clinician reads in a terminal: what must not happen yet, what can be
 * discussed and why, what is not known, what all that rests on.
 */
#include "map_page.h"
#include "map_phrase.h"
#include "map_why.h"

struct reading {
	struct map_page page;
	struct sv_arena *A;
	const struct map_result *r;
};

static void
begin(const struct reading *R, struct sv_buf *b)
{
	sv_buf_init(b, R->A, 64 * 1024);
}

/* Print what was gathered in ${b}; its failure is the page's. */
static void
flush(struct reading *R, int indent, int hang, struct sv_buf *b)
{
	if (!sv_buf_ok(b))
		R->page.out->failed = true;
	map_page_paragraph(&R->page, indent, hang, sv_buf_str(b));
}

static void
put_blocks(struct reading *R, const struct core_guidance *g)
{
	if (g->n_blocks > 0)
		map_page_heading(&R->page, "Must not proceed for now");
	for (size_t i = 0; i < g->n_blocks; i++) {
		struct sv_buf b;

		begin(R, &b);
		sv_buf_add(&b, SV_LIT("! "));
		map_phrase_block(&b, g->blocks[i]);
		for (size_t k = 0; k < g->n_findings; k++) {
			const struct core_finding *f = g->findings[k];

			if (!map_phrase_blocks(f, g->blocks[i]))
				continue;
			sv_buf_add(&b, SV_LIT(" ["));
			sv_buf_add(&b, f->rule->id);
			sv_buf_addc(&b, ']');
		}
		map_page_style(&R->page, "1;31");
		flush(R, 2, 2, &b);
		map_page_style(&R->page, "0");
	}
}

static void
put_proposals(struct reading *R, const struct core_guidance *g)
{
	if (g->n_proposals > 0)
		map_page_heading(&R->page, "Options for discussion");
	for (size_t i = 0; i < g->n_proposals; i++) {
		const struct core_proposal *x = &g->proposals[i];
		struct sv_buf b;

		begin(R, &b);
		sv_buf_add(&b, SV_LIT("- "));
		map_phrase_proposal(&b, x);
		for (size_t k = 0; k < x->n_findings; k++) {
			sv_buf_add(&b, SV_LIT(" ["));
			sv_buf_add(&b, x->findings[k]->rule->id);
			sv_buf_addc(&b, ']');
		}
		flush(R, 2, 2, &b);
	}
}

static const char *
style_of(const struct core_finding *f)
{
	if (f->rule->kind == CORE_RULE_BLOCK)
		return "1;31";
	if (f->state == CORE_PROVISIONAL)
		return "33";
	return f->rule->kind == CORE_RULE_OFFER
	    || f->rule->kind == CORE_RULE_CONSIDER ? "1;32" : "36";
}

static void
put_finding(struct reading *R, const struct core_finding *f)
{
	struct sv_buf b;

	map_page_style(&R->page, style_of(f));
	map_page_paragraph(&R->page, 2, 2, f->rule->title);
	map_page_style(&R->page, "0");
	begin(R, &b);
	map_phrase_state(&b, f);
	map_phrase_rule(&b, f->rule, &R->r->decision.facts);
	flush(R, 4, 0, &b);
	begin(R, &b);
	map_phrase_basis(&b, f->rule);
	map_page_style(&R->page, "2");
	flush(R, 4, 0, &b);
	map_page_style(&R->page, "0");
}

static void
put_findings(struct reading *R, const struct core_guidance *g)
{
	bool any = false;

	for (size_t i = 0; i < g->n_findings; i++) {
		if (g->findings[i]->state == CORE_NEEDS_DATA)
			continue;
		if (!any)
			map_page_heading(&R->page, "Why");
		any = true;
		put_finding(R, g->findings[i]);
	}
}

/* " Decides about: Local salvage options [PRO-RT-01]; ..." */
static void
add_decides(struct sv_buf *b, const struct core_guidance *g,
    enum core_fact_id id)
{
	bool any = false;

	for (size_t i = 0; i < g->n_findings; i++) {
		const struct core_finding *f = g->findings[i];

		if (!(f->missing & CORE_FACT_BIT(id)))
			continue;
		sv_buf_add(b, any ? SV_LIT("; ") : SV_LIT(" Decides about: "));
		any = true;
		sv_buf_printf(b, "%.*s [%.*s]", SV_FMT(f->rule->title),
		    SV_FMT(f->rule->id));
	}
	if (any)
		sv_buf_addc(b, '.');
}

/* What is unknown, what would settle it, and which rules wait for it. */
static void
put_missing(struct reading *R, const struct core_guidance *g)
{
	if (g->missing != 0)
		map_page_heading(&R->page, "Not known, and could change this");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		enum core_fact_id id = (enum core_fact_id)k;
		struct sv_buf b;

		if (!(g->missing & CORE_FACT_BIT(k)))
			continue;
		begin(R, &b);
		sv_buf_add(&b, SV_LIT("? "));
		map_phrase_fact(&b, id, &R->r->decision.facts);
		sv_buf_addc(&b, '.');
		if (map_phrase_settled_by(id).n > 0) {
			sv_buf_add(&b, SV_LIT(" Settled by "));
			sv_buf_add(&b, map_phrase_settled_by(id));
			sv_buf_addc(&b, '.');
		}
		add_decides(&b, g, id);
		flush(R, 2, 2, &b);
	}
}

/* What would change the advice: silent rules that one thing would make apply. */
static struct sv_status
put_changes(struct reading *R, const struct core_guidance *g)
{
	const struct core_decision *d = &R->r->decision;
	struct sv_str parts = { NULL, 0 };
	bool any = false;

	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];
		struct map_why y;
		struct sv_buf b;

		if (f->rule->cancer != g->cancer || !map_why_alters(g, f->rule))
			continue;
		SV_TRY(map_why(R->A, R->r, f, &y));
		if (y.change.n == 0)
			continue;
		if (!any)
			map_page_heading(&R->page, "Would change this");
		any = true;
		begin(R, &b);
		sv_buf_add(&b, SV_LIT("~ "));
		map_why_change(&b, &y, &parts);
		sv_buf_add(&b, SV_LIT(" -> "));
		sv_buf_add(&b, map_why_then(R->A, f->rule));
		sv_buf_add(&b, SV_LIT(" ["));
		sv_buf_add(&b, f->rule->id);
		sv_buf_addc(&b, ']');
		flush(R, 2, 2, &b);
	}
	return SV_OK;
}

/* "2026-04-10  Observation/e6  psa 0.36 ng/mL" */
static void
add_event(struct sv_buf *b, const struct core_event *e)
{
	char day[SV_DATE_TEXT_MAX];

	sv_date_text(e->date, day);
	sv_buf_printf(b, "%-10s  ", day[0] == '\0' ? "no date" : day);
	sv_buf_add(b, e->source);
	if (e->source_version.n > 0) {
		sv_buf_add(b, SV_LIT("/_history/"));
		sv_buf_add(b, e->source_version);
	}
	sv_buf_add(b, SV_LIT("  "));
	map_phrase_event(b, e);
}

/* Evidence that stands in full under an earlier fact is referred to. */
static void
put_evidence(struct reading *R, core_fact_set before, enum core_fact_id id)
{
	const struct core_facts *facts = &R->r->decision.facts;
	const struct core_fact *f = &facts->fact[id];
	int same = map_phrase_same_evidence(before, id, facts);
	struct sv_buf b;

	if (same < CORE_FACT_COUNT) {
		begin(R, &b);
		sv_buf_add(&b, SV_LIT("from the same data as: "));
		sv_buf_add(&b, core_fact_phrase((enum core_fact_id)same));
		flush(R, 6, 2, &b);
		return;
	}
	for (size_t i = 0; i < f->n_evidence; i++) {
		begin(R, &b);
		add_event(&b, f->evidence[i]);
		flush(R, 6, 12, &b);
	}
}

/* The known facts that the findings speak of, with their evidence (OS-3). */
static void
put_facts(struct reading *R, const struct core_guidance *g)
{
	const struct core_facts *facts = &R->r->decision.facts;
	core_fact_set used = 0, done = 0;

	for (size_t i = 0; i < g->n_findings; i++)
		used |= g->findings[i]->rule->when.facts
		    | g->findings[i]->rule->unless.facts;
	map_page_heading(&R->page, "Facts used");
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		const struct core_fact *f = &facts->fact[k];
		struct sv_buf b;

		if (!(used & CORE_FACT_BIT(k))
		    || core_fact_unknown((enum core_fact_id)k, f)
		    || f->reason == CORE_REASON_NOT_APPLICABLE)
			continue;
		begin(R, &b);
		map_phrase_fact(&b, (enum core_fact_id)k, facts);
		flush(R, 2, 2, &b);
		put_evidence(R, done, (enum core_fact_id)k);
		done |= CORE_FACT_BIT(k);
	}
}

/* OS-4: what was not used, and why. */
static void
put_left_out(struct reading *R)
{
	const struct core_timeline *t = &R->r->decision.line;
	const struct fhir_issues *is = R->r->issues;
	struct sv_buf b;

	if (t->n_excluded + is->n > 0)
		map_page_heading(&R->page, "Left out");
	for (size_t i = 0; i < t->n_excluded; i++) {
		begin(R, &b);
		add_event(&b, t->excluded[i].event);
		sv_buf_add(&b, SV_LIT(": "));
		sv_buf_add(&b, core_exclusion_text(t->excluded[i].reason));
		flush(R, 2, 12, &b);
	}
	for (size_t i = 0; i < is->n; i++) {
		const struct fhir_issue *x = &is->at[i];

		begin(R, &b);
		sv_buf_add(&b, x->source.n > 0 ? x->source : x->expression);
		sv_buf_add(&b, SV_LIT(": "));
		sv_buf_add(&b, x->text);
		flush(R, 2, 2, &b);
	}
}

static struct sv_status
put_cancer(struct reading *R, const struct core_guidance *g)
{
	struct sv_buf b;

	if (g->output == CORE_OUTPUT_NONE)
		return SV_OK;
	begin(R, &b);
	sv_buf_add(&b, map_phrase_cancer(g->cancer));
	sv_buf_add(&b, SV_LIT(": "));
	sv_buf_add(&b, map_phrase_intent(g->intent,
	    &R->r->decision.facts));
	sv_buf_addc(R->page.out, '\n');
	map_page_style(&R->page, "1");
	flush(R, 0, 2, &b);
	map_page_style(&R->page, "0");
	put_blocks(R, g);
	put_proposals(R, g);
	put_missing(R, g);
	SV_TRY(put_changes(R, g));
	put_findings(R, g);
	put_facts(R, g);
	return SV_OK;
}

struct sv_status
map_text_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct reading R = { { out, o->width > 40 ? o->width : 80, o->colour },
		A, r };
	char day[SV_DATE_TEXT_MAX];
	struct sv_buf b;

	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	begin(&R, &b);
	sv_buf_add(&b, SV_LIT("Patient "));
	sv_buf_add(&b, r->patient.name);
	sv_buf_add(&b, SV_LIT(", as of "));
	sv_buf_add(&b, sv_str_of(day));
	map_page_style(&R.page, "1");
	flush(&R, 0, 2, &b);
	map_page_style(&R.page, "0");
	for (size_t i = 0; i < r->decision.n_guidance; i++)
		SV_TRY(put_cancer(&R, &r->decision.guidance[i]));
	if (r->decision.output == CORE_OUTPUT_NONE) {
		sv_buf_addc(out, '\n');
		map_page_paragraph(&R.page, 0, 0, SV_LIT(MAP_NOTHING_TO_SAY));
	}
	put_left_out(&R);
	sv_buf_addc(out, '\n');
	map_page_paragraph(&R.page, 0, 0, SV_LIT(MAP_DISCLAIMER));
	begin(&R, &b);
	map_phrase_version(&b, r, o);
	flush(&R, 0, 0, &b);
	return sv_buf_status(out);
}
