/*
 * CarePlan, DetectedIssue and Provenance.
 */
#include "map_bundle.h"

#include <stdio.h>

/* What is proposed, for how long, and on which rules. */
static struct sv_str
describe(struct map_writing *m, const struct core_proposal *p)
{
	struct sv_buf b;

	sv_buf_init(&b, m->A, 64 * 1024);
	sv_buf_add(&b, SV_LIT("Option for discussion: "));
	map_phrase_proposal(&b, p);
	sv_buf_add(&b, SV_LIT(". Rules:"));
	for (size_t i = 0; i < p->n_findings; i++) {
		sv_buf_add(&b, i > 0 ? SV_LIT(", ") : SV_LIT(" "));
		sv_buf_add(&b, p->findings[i]->rule->id);
	}
	sv_buf_addc(&b, '.');
	return map_done(m, &b);
}

static void
put_months(struct fhir_writer *w, const char *name, int32_t months)
{
	fhir_open(w, name);
	fhir_put_int(w, "value", months);
	fhir_put_lit(w, "unit", "months");
	fhir_put_lit(w, "system", "http://unitsofmeasure.org");
	fhir_put_lit(w, "code", "mo");
	fhir_close(w);
}

/* A duration is no schedule: CarePlan has no element for it (OS-7). */
static void
put_duration(struct fhir_writer *w, const struct core_activity *a)
{
	if (a->min_months <= 0)
		return;
	fhir_open_array(w, "extension");
	fhir_open(w, "extension");
	fhir_put_lit(w, "url",
	    "https://salvor.example/StructureDefinition/duration");
	fhir_open(w, "valueRange");
	put_months(w, "low", a->min_months);
	put_months(w, "high", a->max_months);
	fhir_close(w);
	fhir_close(w);
	fhir_close_array(w);
}

static void
put_activity(struct map_writing *m, const struct core_proposal *p)
{
	struct fhir_writer *w = m->w;

	fhir_open(w, "activity");
	fhir_open(w, "detail");
	put_duration(w, &p->activity);
	fhir_put_lit(w, "kind", sv_str_is(p->activity.code, "adt")
	    ? "MedicationRequest" : "ServiceRequest");
	map_put_concept(w, "code",
	    SV_LIT("https://salvor.example/CodeSystem/activity"),
	    p->activity.code, p->activity.display);
	fhir_open_array(w, "reasonCode");
	for (size_t i = 0; i < p->n_findings; i++)
		map_put_concept(w, "reasonCode",
		    SV_LIT("https://salvor.example/CodeSystem/rule"),
		    p->findings[i]->rule->id, p->findings[i]->rule->title);
	fhir_close_array(w);
	fhir_put_lit(w, "status", "not-started");
	fhir_put_bool(w, "doNotPerform", false);
	fhir_put_str(w, "description", describe(m, p));
	fhir_close(w);
	fhir_close(w);
}

/* The resources that were read: each once, whatever its versions. */
static void
put_evidence(struct map_writing *m, const char *name)
{
	const struct map_source *s = m->r->patient.sources;

	fhir_open_array(m->w, name);
	for (size_t i = 0; i < m->r->patient.n_sources; i++) {
		if (i > 0 && sv_str_eq(s[i].reference, s[i - 1].reference))
			continue;
		map_put_source(m, name, &(struct map_source){ .reference
		    = s[i].reference }, (struct sv_str){ NULL, 0 });
	}
	fhir_close_array(m->w);
}

void
map_write_careplan(struct map_writing *m)
{
	struct fhir_writer *w = m->w;

	map_open_entry(m, "CarePlan", "careplan");
	map_put_narrative(m);
	map_put_identifier(m, "identifier", "careplan", true);
	fhir_open_array(w, "instantiatesCanonical");
	fhir_put_str(w, "instantiatesCanonical", map_plan(m));
	fhir_close_array(w);
	if (m->replaces[m->g->cancer].n > 0) {
		fhir_open_array(w, "replaces");
		map_put_reference(w, "replaces",
		    m->replaces[m->g->cancer]);
		fhir_close_array(w);
	}
	fhir_put_lit(w, "status", "draft");
	fhir_put_lit(w, "intent", "proposal");
	fhir_open_array(w, "category");
	map_put_concept(w, "category", SV_LIT(
	    "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"),
	    SV_LIT("assess-plan"), (struct sv_str){ NULL, 0 });
	fhir_close_array(w);
	fhir_put_str(w, "title", sv_arena_printf(m->A,
	    "%.*s, salvage therapy: options for discussion",
	    SV_FMT(map_phrase_cancer(m->g->cancer))));
	map_put_reference(w, "subject", m->subject);
	fhir_put_str(w, "created", m->as_of);
	map_put_conditions(m, "addresses");
	put_evidence(m, "supportingInfo");
	fhir_open_array(w, "activity");
	for (size_t i = 0; i < m->g->n_proposals; i++)
		put_activity(m, &m->g->proposals[i]);
	fhir_close_array(w);
	map_close_entry(m, "CarePlan", "careplan");
}

/* Why the group ${block} is blocked: the sentences of the rules that say so. */
static struct sv_str
why_blocked(struct map_writing *m, struct sv_str block)
{
	struct sv_buf b;

	sv_buf_init(&b, m->A, 64 * 1024);
	for (size_t i = 0; i < m->g->n_findings; i++) {
		const struct core_finding *f = m->g->findings[i];

		if (!map_phrase_blocks(f, block))
			continue;
		map_phrase_state(&b, f);
		map_phrase_rule(&b, f->rule, &m->r->decision.facts);
		sv_buf_addc(&b, ' ');
		map_phrase_basis(&b, f->rule);
		sv_buf_addc(&b, ' ');
	}
	sv_buf_add(&b, SV_LIT(MAP_DISCLAIMER " "));
	map_phrase_version(&b, m->r, m->o);
	return map_done(m, &b);
}

/* "Must not proceed for now: local salvage" */
static struct sv_str
name_block(struct map_writing *m, struct sv_str block)
{
	struct sv_buf b;

	sv_buf_init(&b, m->A, 4096);
	sv_buf_add(&b, SV_LIT("Must not proceed for now: "));
	map_phrase_block(&b, block);
	return map_done(m, &b);
}

void
map_write_detected_issue(struct map_writing *m, size_t block)
{
	struct fhir_writer *w = m->w;
	struct sv_str name = m->g->blocks[block];
	char what[32], urn[MAP_URN_TEXT];

	(void)snprintf(what, sizeof(what), "block-%zu", block + 1);
	map_open_entry(m, "DetectedIssue", what);
	map_put_identifier(m, "identifier", what, true);
	fhir_put_lit(w, "status", "preliminary");
	map_put_concept(w, "code",
	    SV_LIT("https://salvor.example/CodeSystem/block"), name,
	    name_block(m, name));
	fhir_put_lit(w, "severity", "high");
	map_put_reference(w, "patient", m->subject);
	fhir_put_str(w, "identifiedDateTime", m->as_of);
	map_urn(m, "guidance", urn);
	fhir_open_array(w, "evidence");
	fhir_open(w, "evidence");
	fhir_open_array(w, "detail");
	map_put_reference(w, "detail", sv_str_of(urn));
	fhir_close_array(w);
	fhir_close(w);
	fhir_close_array(w);
	fhir_put_str(w, "detail", why_blocked(m, name));
	map_close_entry(m, "DetectedIssue", what);
}

static void
put_targets(struct map_writing *m)
{
	char urn[MAP_URN_TEXT], what[32];

	fhir_open_array(m->w, "target");
	map_urn(m, "guidance", urn);
	map_put_reference(m->w, "target", sv_str_of(urn));
	if (m->g->n_proposals > 0) {
		map_urn(m, "careplan", urn);
		map_put_reference(m->w, "target", sv_str_of(urn));
	}
	for (size_t i = 0; i < m->g->n_blocks; i++) {
		(void)snprintf(what, sizeof(what), "block-%zu", i + 1);
		map_urn(m, what, urn);
		map_put_reference(m->w, "target", sv_str_of(urn));
	}
	fhir_close_array(m->w);
}

static void
put_agent(struct map_writing *m)
{
	fhir_open_array(m->w, "agent");
	fhir_open(m->w, "agent");
	map_put_concept(m->w, "type", SV_LIT("http://terminology.hl7.org/"
	    "CodeSystem/provenance-participant-type"), SV_LIT("assembler"),
	    (struct sv_str){ NULL, 0 });
	fhir_open(m->w, "who");
	fhir_put_lit(m->w, "type", "Device");
	fhir_put_str(m->w, "display", m->o->software);
	fhir_close(m->w);
	fhir_close(m->w);
	fhir_close_array(m->w);
}

void
map_write_provenance(struct map_writing *m)
{
	struct fhir_writer *w = m->w;

	map_open_entry(m, "Provenance", "provenance");
	put_targets(m);
	fhir_put_str(w, "recorded", m->o->recorded);
	fhir_open_array(w, "policy");
	fhir_put_str(w, "policy", sv_arena_printf(m->A,
	    "https://salvor.example/rule-set/%.*s#%.*s",
	    SV_FMT(m->r->book->version), SV_FMT(m->r->book->sha256)));
	fhir_close_array(w);
	put_agent(m);
	fhir_open_array(w, "entity");
	for (size_t i = 0; i < m->r->patient.n_sources; i++) {
		const struct map_source *s = &m->r->patient.sources[i];

		fhir_open(w, "entity");
		fhir_put_lit(w, "role", "source");
		map_put_source(m, "what", s, (struct sv_str){ NULL, 0 });
		fhir_close(w);
	}
	fhir_close_array(w);
	map_close_entry(m, "Provenance", "provenance");
}
