/*
 * GuidanceResponse: what was concluded, from which facts, and what is missing.
 */
#include "map_bundle.h"
#include "map_data_requirement.h"

static void
put_decimal(struct fhir_writer *w, enum core_fact_id id, struct sv_dec d)
{
	char text[SV_DEC_TEXT_MAX];
	struct sv_str unit = core_fact_unit(id);

	sv_dec_text(d, text);
	fhir_put_num(w, "value", sv_str_of(text));
	if (unit.n == 0)
		return;
	fhir_put_str(w, "unit", unit);
	fhir_put_lit(w, "system", "http://unitsofmeasure.org");
	fhir_put_str(w, "code", unit);
}

static void
put_number(struct fhir_writer *w, enum core_fact_id id,
    struct core_interval i)
{
	if (core_is_exact(i)) {
		fhir_open(w, "valueQuantity");
		put_decimal(w, id, i.lo);
		fhir_close(w);
		return;
	}
	fhir_open(w, "valueRange");
	fhir_open(w, "low");
	put_decimal(w, id, i.lo);
	fhir_close(w);
	if (!i.hi_inf) {
		fhir_open(w, "high");
		put_decimal(w, id, i.hi);
		fhir_close(w);
	}
	fhir_close(w);
}

/* One part of a fact: its value, its reason, one piece of evidence. */
static void
open_part(struct fhir_writer *w, const char *name)
{
	fhir_open(w, "part");
	fhir_put_lit(w, "name", name);
}

static void
put_value(struct fhir_writer *w, enum core_fact_id id,
    const struct core_fact *f)
{
	if (core_fact_unknown(id, f))
		return;
	open_part(w, "value");
	if (core_fact_type(id) == CORE_FACT_TRI)
		fhir_put_bool(w, "valueBoolean", f->truth == CORE_TRUE);
	else if (core_fact_type(id) == CORE_FACT_CODE)
		fhir_put_str(w, "valueString", core_ipfsg_name(f->code));
	else if (f->infinite)
		fhir_put_lit(w, "valueString", "no doubling");
	else
		put_number(w, id, f->number);
	fhir_close(w);
}

/* OS-3: the resource and its version, with day, value and unit to read. */
static void
put_evidence(struct map_writing *m, const struct core_event *e)
{
	char day[SV_DATE_TEXT_MAX];
	struct sv_buf b;

	sv_buf_init(&b, m->A, 64 * 1024);
	sv_date_text(e->date, day);
	sv_buf_add(&b, day[0] == '\0' ? SV_LIT("no date") : sv_str_of(day));
	sv_buf_add(&b, SV_LIT(", "));
	map_phrase_event(&b, e);
	open_part(m->w, "evidence");
	map_put_source(m, "valueReference", &(struct map_source){
	    .reference = e->source, .version = e->source_version },
	    map_done(m, &b));
	fhir_close(m->w);
}

static void
put_fact(struct map_writing *m, enum core_fact_id id)
{
	const struct core_fact *f = &m->r->decision.facts.fact[id];
	struct fhir_writer *w = m->w;
	struct sv_buf b;

	fhir_open(w, "parameter");
	fhir_put_str(w, "name", core_fact_name(id));
	fhir_open_array(w, "part");
	put_value(w, id, f);
	open_part(w, "text");
	sv_buf_init(&b, m->A, 4096);
	map_phrase_fact(&b, id, &m->r->decision.facts);
	fhir_put_str(w, "valueString", map_done(m, &b));
	fhir_close(w);
	if (f->reason != CORE_REASON_NONE) {
		open_part(w, "reason");
		fhir_put_str(w, "valueCode", core_reason_code(f->reason));
		fhir_close(w);
	}
	for (size_t i = 0; i < f->n_evidence; i++)
		put_evidence(m, f->evidence[i]);
	fhir_close_array(w);
	fhir_close(w);
}

static void
put_text_parameter(struct fhir_writer *w, const char *name, struct sv_str v)
{
	fhir_open(w, "parameter");
	fhir_put_lit(w, "name", name);
	fhir_put_str(w, "valueString", v);
	fhir_close(w);
}

static void
put_facts(struct map_writing *m)
{
	fhir_open_resource(m->w, "contained", "Parameters");
	fhir_put_lit(m->w, "id", "facts");
	fhir_open_array(m->w, "parameter");
	put_text_parameter(m->w, "intent", core_intent_name(m->g->intent));
	put_text_parameter(m->w, "rule-set-sha256", m->r->book->sha256);
	put_text_parameter(m->w, "software", m->o->software);
	for (int k = 0; k < CORE_FACT_COUNT; k++) {
		if (m->used & CORE_FACT_BIT(k))
			put_fact(m, (enum core_fact_id)k);
	}
	fhir_close_array(m->w);
	fhir_close(m->w);
}

static size_t
n_data_issues(const struct map_result *r)
{
	return r->decision.line.n_excluded + r->issues->n;
}

static void
put_issue(struct fhir_writer *w, struct sv_str severity, struct sv_str code,
    struct sv_str detail, struct sv_str text)
{
	fhir_open(w, "issue");
	fhir_put_str(w, "severity", severity);
	fhir_put_str(w, "code", code);
	fhir_open(w, "details");
	fhir_put_str(w, "text", detail);
	fhir_close(w);
	fhir_put_str(w, "diagnostics", text);
	fhir_close(w);
}

/* OS-15: the data issues of this evaluation. */
static void
put_outcome(struct map_writing *m)
{
	const struct core_timeline *t = &m->r->decision.line;

	fhir_open_resource(m->w, "contained", "OperationOutcome");
	fhir_put_lit(m->w, "id", "issues");
	fhir_open_array(m->w, "issue");
	for (size_t i = 0; i < t->n_excluded; i++)
		put_issue(m->w, SV_LIT("warning"), SV_LIT("business-rule"),
		    core_exclusion_code(t->excluded[i].reason),
		    sv_arena_printf(m->A, "%.*s was left out: %.*s.",
		    SV_FMT(t->excluded[i].event->source),
		    SV_FMT(core_exclusion_text(t->excluded[i].reason))));
	for (size_t i = 0; i < m->r->issues->n; i++) {
		const struct fhir_issue *x = &m->r->issues->at[i];

		put_issue(m->w, fhir_severity_name(x->severity),
		    fhir_issue_code_name(x->code), x->detail.n > 0 ? x->detail
		    : fhir_issue_code_name(x->code), sv_arena_printf(m->A,
		    "%.*s: %.*s", SV_FMT(x->source.n > 0 ? x->source
		    : x->expression), SV_FMT(x->text)));
	}
	fhir_close_array(m->w);
	fhir_close(m->w);
}

static void
put_note(struct map_writing *m, const struct sv_buf *b)
{
	fhir_open(m->w, "note");
	fhir_put_str(m->w, "text", map_done(m, b));
	fhir_close(m->w);
}

/* One note a finding: its sentence and its basis (OS-2). */
static void
put_notes(struct map_writing *m)
{
	struct sv_buf b;

	fhir_open_array(m->w, "note");
	for (size_t i = 0; i < m->g->n_findings; i++) {
		const struct core_finding *f = m->g->findings[i];

		sv_buf_init(&b, m->A, 64 * 1024);
		map_phrase_state(&b, f);
		map_phrase_rule(&b, f->rule, &m->r->decision.facts);
		sv_buf_addc(&b, ' ');
		map_phrase_basis(&b, f->rule);
		put_note(m, &b);
	}
	sv_buf_init(&b, m->A, 4096);
	sv_buf_add(&b, SV_LIT(MAP_DISCLAIMER " "));
	map_phrase_version(&b, m->r, m->o);
	put_note(m, &b);
	fhir_close_array(m->w);
}

void
map_write_guidance(struct map_writing *m)
{
	struct fhir_writer *w = m->w;
	char urn[MAP_URN_TEXT];

	map_open_entry(m, "GuidanceResponse", "guidance");
	fhir_open_array(w, "contained");
	put_facts(m);
	if (n_data_issues(m->r) > 0)
		put_outcome(m);
	fhir_close_array(w);
	map_put_identifier(m, "requestIdentifier", "request", false);
	map_put_identifier(m, "identifier", "guidance", true);
	fhir_put_str(w, "moduleCanonical", map_plan(m));
	fhir_put_str(w, "status", core_output_name(m->g->output));
	map_put_reference(w, "subject", m->subject);
	fhir_put_str(w, "occurrenceDateTime", m->as_of);
	map_put_conditions(m, "reasonReference");
	put_notes(m);
	if (n_data_issues(m->r) > 0) {
		fhir_open_array(w, "evaluationMessage");
		map_put_reference(w, "evaluationMessage", SV_LIT("#issues"));
		fhir_close_array(w);
	}
	map_put_reference(w, "outputParameters", SV_LIT("#facts"));
	if (m->g->n_proposals > 0) {
		map_urn(m, "careplan", urn);
		map_put_reference(w, "result", sv_str_of(urn));
	}
	map_put_data_requirements(w, "dataRequirement", m->r, m->g->missing);
	map_close_entry(m, "GuidanceResponse", "guidance");
}
