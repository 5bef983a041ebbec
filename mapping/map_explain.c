/*
 * The explain format: design section 7.  A stable interface.
 */
#include "core_settle.h"
#include "map_data_requirement.h"
#include "map_phrase.h"
#include "map_why.h"

static void
put_sources(struct fhir_writer *w, const struct core_fact *f)
{
	if (f->n_evidence == 0)
		return;
	fhir_open_array(w, "evidence");
	for (size_t i = 0; i < f->n_evidence; i++)
		fhir_put_str(w, "evidence", f->evidence[i]->source);
	fhir_close_array(w);
}

static void
put_dec(struct fhir_writer *w, const char *name, struct sv_dec d)
{
	char text[SV_DEC_TEXT_MAX];

	sv_dec_text(d, text);
	fhir_put_num(w, name, sv_str_of(text));
}

static void
put_interval(struct fhir_writer *w, struct core_interval i)
{
	if (core_is_exact(i)) {
		put_dec(w, "value", i.lo);
		return;
	}
	put_dec(w, "low", i.lo);
	if (i.lo_open)
		fhir_put_bool(w, "low_open", true);
	if (i.hi_inf)
		return;
	put_dec(w, "high", i.hi);
	if (i.hi_open)
		fhir_put_bool(w, "high_open", true);
}

static void
put_series(struct fhir_writer *w, const struct core_facts *facts)
{
	char day[SV_DATE_TEXT_MAX];

	fhir_open_array(w, "value");
	for (size_t i = 0; i < facts->n_psa; i++) {
		sv_date_text(sv_date_exact(facts->psa[i].day), day);
		fhir_open(w, "value");
		fhir_put_lit(w, "date", day);
		put_interval(w, facts->psa[i].value);
		if (facts->psa[i].in_fit)
			fhir_put_bool(w, "in_fit", true);
		fhir_close(w);
	}
	fhir_close_array(w);
}

/* The value of a known fact. */
static void
put_known(struct fhir_writer *w, enum core_fact_id id,
    const struct core_facts *facts)
{
	const struct core_fact *f = &facts->fact[id];
	char day[SV_DATE_TEXT_MAX];

	switch (core_fact_type(id)) {
	case CORE_FACT_TRI:
		fhir_put_bool(w, "value", f->truth == CORE_TRUE);
		break;
	case CORE_FACT_NUMBER:
		if (f->infinite)
			fhir_put_lit(w, "value", "inf");
		else
			put_interval(w, f->number);
		break;
	case CORE_FACT_DATE:
		sv_date_text(sv_date_exact(f->day), day);
		fhir_put_lit(w, "value", day);
		break;
	case CORE_FACT_SERIES:
		put_series(w, facts);
		break;
	case CORE_FACT_CODE:
		fhir_put_str(w, "value", core_ipfsg_name(f->code));
		break;
	}
	fhir_put_str(w, "reason", core_reason_code(f->reason));
}

static void
put_facts(struct fhir_writer *w, const struct core_facts *facts)
{
	fhir_open(w, "facts");
	for (int i = 0; i < CORE_FACT_COUNT; i++) {
		enum core_fact_id id = (enum core_fact_id)i;
		const struct core_fact *f = &facts->fact[id];

		fhir_open(w, core_fact_name(id).p);
		if (core_fact_unknown(id, f))
			fhir_put_str(w, "unknown", f->reason
			    == CORE_REASON_NONE ? SV_LIT("missing")
			    : core_reason_code(f->reason));
		else
			put_known(w, id, facts);
		put_sources(w, f);
		fhir_close(w);
	}
	fhir_close(w);
}

/* The least data that would decide ${f}, whatever it says. */
static core_fact_set
settling(struct sv_arena *A, const struct map_result *r,
    const struct core_finding *f)
{
	const struct core_facts *facts = &r->decision.facts;
	const struct core_rule *rule = f->rule;
	core_fact_set set = 0;

	if (f->state == CORE_NEEDS_DATA)
		set = core_settling(A, &rule->when, facts, f->missing
		    & rule->when.facts);
	if (rule->unless.n > 0 && core_expr_eval(&rule->unless, facts, NULL)
	    == CORE_UNKNOWN)
		set |= core_settling(A, &rule->unless, facts, f->missing
		    & rule->unless.facts);
	return set;
}

static void
put_rules(struct fhir_writer *w, struct sv_arena *A,
    const struct map_result *r)
{
	const struct core_decision *d = &r->decision;

	fhir_open_array(w, "rules");
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];

		if (f->state == CORE_SILENT)
			continue;
		fhir_open(w, "rules");
		fhir_put_str(w, "id", f->rule->id);
		fhir_put_str(w, "state", core_state_name(f->state));
		if (f->missing != 0) {
			fhir_open_array(w, "missing");
			for (int k = 0; k < CORE_FACT_COUNT; k++) {
				if (f->missing & CORE_FACT_BIT(k))
					fhir_put_str(w, "missing",
					    core_fact_name(
					    (enum core_fact_id)k));
			}
			fhir_close_array(w);
			map_put_data_requirements(w, "data_requirement", r,
			    settling(A, r, f));
		}
		fhir_close(w);
	}
	fhir_close_array(w);
}

static void
put_proposal(struct fhir_writer *w, const struct core_proposal *p)
{
	fhir_open(w, "activities");
	fhir_put_str(w, "code", p->activity.code);
	fhir_open_array(w, "rules");
	for (size_t i = 0; i < p->n_findings; i++)
		fhir_put_str(w, "rules", p->findings[i]->rule->id);
	fhir_close_array(w);
	if (p->activity.min_months > 0) {
		fhir_open_array(w, "duration_months");
		fhir_put_int(w, "duration_months", p->activity.min_months);
		fhir_put_int(w, "duration_months", p->activity.max_months);
		fhir_close_array(w);
	}
	fhir_close(w);
}

static void
put_guidance(struct fhir_writer *w, const struct core_decision *d)
{
	fhir_open_array(w, "activities");
	for (size_t g = 0; g < d->n_guidance; g++) {
		for (size_t i = 0; i < d->guidance[g].n_proposals; i++)
			put_proposal(w, &d->guidance[g].proposals[i]);
	}
	fhir_close_array(w);
	fhir_open_array(w, "blocks");
	for (size_t g = 0; g < d->n_guidance; g++) {
		for (size_t i = 0; i < d->guidance[g].n_blocks; i++)
			fhir_put_str(w, "blocks", d->guidance[g].blocks[i]);
	}
	fhir_close_array(w);
}

static void
put_issue(struct fhir_writer *w, struct sv_str code, struct sv_str source)
{
	fhir_open(w, "issues");
	fhir_put_str(w, "code", code);
	fhir_put_str(w, "source", source);
	fhir_close(w);
}

static void
put_issues(struct fhir_writer *w, const struct map_result *r)
{
	const struct core_timeline *t = &r->decision.line;

	fhir_open_array(w, "issues");
	for (size_t i = 0; i < t->n_excluded; i++)
		put_issue(w, core_exclusion_code(t->excluded[i].reason),
		    t->excluded[i].event->source);
	for (size_t i = 0; i < r->issues->n; i++) {
		const struct fhir_issue *x = &r->issues->at[i];

		put_issue(w, x->detail.n > 0 ? x->detail
		    : fhir_issue_code_name(x->code), x->source);
	}
	fhir_close_array(w);
}

static void
put_measure(struct fhir_writer *w, const struct core_measure *m)
{
	fhir_open(w, "measure");
	fhir_open(w, "QM-01");
	fhir_put_bool(w, "denominator", m->denominator);
	fhir_put_bool(w, "excluded", m->excluded);
	fhir_put_bool(w, "evaluated", m->evaluated);
	fhir_put_bool(w, "adt_alone", m->adt_alone);
	fhir_close(w);
	fhir_close(w);
}

static void
put_rule_set(struct fhir_writer *w, const struct core_rulebook *book)
{
	fhir_open(w, "rule_set");
	fhir_put_str(w, "version", book->version);
	fhir_put_str(w, "sha256", book->sha256);
	fhir_put_bool(w, "draft", map_phrase_is_draft(book));
	if (book->sign_off.holds) {
		fhir_put_str(w, "signed_off_by", book->sign_off.by);
		fhir_put_str(w, "signed_off_on", book->sign_off.on);
	}
	if (book->n_changes > 0) {
		fhir_open_array(w, "changed_by_site");
		for (size_t i = 0; i < book->n_changes; i++)
			fhir_put_str(w, NULL, book->changes[i].what);
		fhir_close_array(w);
	}
	fhir_close(w);
}

struct sv_status
map_explain_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct fhir_writer w;
	char day[SV_DATE_TEXT_MAX];

	fhir_writer_init(&w, out, o->pretty ? FHIR_WRITE_JSON_PRETTY
	    : FHIR_WRITE_JSON);
	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	fhir_open(&w, NULL);
	fhir_put_str(&w, "patient", r->patient.name);
	fhir_put_lit(&w, "as_of", day);
	put_rule_set(&w, r->book);
	fhir_put_str(&w, "intent", core_intent_name(r->decision.intent));
	fhir_put_str(&w, "output", core_output_name(r->decision.output));
	put_facts(&w, &r->decision.facts);
	put_rules(&w, A, r);
	put_guidance(&w, &r->decision);
	put_issues(&w, r);
	put_measure(&w, &r->decision.qm01);
	SV_TRY(map_why_write(&w, A, r));
	fhir_close(&w);
	sv_buf_addc(out, '\n');
	return fhir_write_status(&w);
}
