/*
 * The transaction Bundle of one patient.  Every entry is a conditional create,
 * or update, by an identity that follows from what was decided, so posting it
 * twice changes nothing (R4 http.html, conditional create).
 */
#include "map_bundle.h"

#include "map_hash.h"

#include <string.h>

#define DECISION "https://salvor.example/decision"
#define RULE_SET "https://salvor.example/rule-set"

static void
add_interval(struct sv_buf *b, struct core_interval i)
{
	char text[SV_DEC_TEXT_MAX];

	if (!i.set)
		return;
	sv_dec_text(i.lo, text);
	sv_buf_printf(b, "%c%s,", i.lo_open ? '(' : '[', text);
	sv_dec_text(i.hi, text);
	sv_buf_printf(b, "%s%c", i.hi_inf ? "inf" : text,
	    i.hi_open ? ')' : ']');
}

/* One fact, with what it rests on: a value that was corrected without a new
 * version is another decision. */
static void
add_fact(struct sv_buf *b, enum core_fact_id id, const struct core_fact *f)
{
	char day[SV_DATE_TEXT_MAX];

	sv_buf_add(b, core_fact_name(id));
	sv_buf_addu(b, (uint64_t)f->truth);
	sv_buf_addu(b, (uint64_t)f->reason);
	sv_buf_addu(b, (uint64_t)f->code + (f->infinite ? 100 : 0));
	add_interval(b, f->number);
	for (size_t i = 0; i < f->n_evidence; i++) {
		sv_buf_addc(b, ' ');
		sv_buf_add(b, f->evidence[i]->source);
		sv_buf_addc(b, '#');
		sv_buf_add(b, f->evidence[i]->source_version);
		sv_buf_addc(b, '@');
		sv_date_text(f->evidence[i]->date, day);
		sv_buf_add(b, sv_str_of(day));
		sv_buf_addc(b, '=');
		sv_buf_add(b, f->evidence[i]->text);
	}
	sv_buf_addc(b, '\n');
}

struct sv_status
map_decision_id(struct sv_arena *A, const struct map_result *r,
    enum core_cancer cancer, struct sv_str *ret_hex)
{
	struct sv_buf b;
	struct sv_str parts[6];
	char *hex;

	*ret_hex = r->id[cancer];
	if (ret_hex->n > 0)
		return SV_OK;
	hex = sv_arena_alloc(A, MAP_HASH_HEX + 1);
	SV_ENSURE(hex != NULL, SV_NOMEM);
	sv_buf_init(&b, A, (size_t)16 << 20);
	for (int i = CORE_REFERENCE_DATE + 1; i < CORE_FACT_COUNT; i++)
		add_fact(&b, (enum core_fact_id)i,
		    &r->decision.facts.fact[i]);
	for (size_t i = 0; i < r->decision.n_findings; i++)
		sv_buf_addu(&b, (uint64_t)r->decision.findings[i].state);
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	parts[0] = r->patient.system;
	parts[1] = r->patient.name;
	parts[2] = core_cancer_name(cancer);
	parts[3] = r->book->version;
	parts[4] = r->book->sha256;
	parts[5] = sv_buf_str(&b);
	SV_TRY(map_hash(parts, 6, hex));
	hex[MAP_HASH_HEX] = '\0';
	*ret_hex = (struct sv_str){ hex, MAP_HASH_HEX };
	return SV_OK;
}

void
map_urn(const struct map_writing *m, const char *what, char ret[MAP_URN_TEXT])
{
	struct sv_str parts[2] = { m->id, sv_str_of(what) };

	memcpy(ret, "urn:uuid:", 10);
	if (!sv_is_ok(map_uuid(parts, 2, ret + 9)))
		m->w->failed = true;
}

struct sv_str
map_done(struct map_writing *m, const struct sv_buf *b)
{
	if (!sv_buf_ok(b)) {
		m->w->failed = true;
		m->w->out->full = m->w->out->full || b->full;
	}
	return sv_buf_str(b);
}

struct sv_str
map_plan(const struct map_writing *m)
{
	for (size_t i = 0; i < m->g->n_findings; i++) {
		if (m->g->findings[i]->rule->cancer == m->g->cancer)
			return m->g->findings[i]->rule->plan;
	}
	return m->g->findings[m->g->n_findings - 1]->rule->plan;
}

void
map_put_concept(struct fhir_writer *w, const char *name, struct sv_str system,
    struct sv_str code, struct sv_str text)
{
	fhir_open(w, name);
	fhir_open_array(w, "coding");
	fhir_open(w, "coding");
	fhir_put_str(w, "system", system);
	fhir_put_str(w, "code", code);
	fhir_close(w);
	fhir_close_array(w);
	fhir_put_str(w, "text", text);
	fhir_close(w);
}

/* The value of an identifier: the decision and the resource it is of. */
static struct sv_str
identity(const struct map_writing *m, const char *what)
{
	struct sv_str s = sv_arena_printf(m->A, "%.*s-%s", SV_FMT(m->id),
	    what);

	if (s.p == NULL)
		m->w->failed = true;
	return s;
}

void
map_put_identifier(struct map_writing *m, const char *name, const char *what,
    bool is_array)
{
	if (is_array)
		fhir_open_array(m->w, name);
	fhir_open(m->w, name);
	fhir_put_lit(m->w, "system", DECISION);
	fhir_put_str(m->w, "value", identity(m, what));
	fhir_close(m->w);
	if (is_array)
		fhir_close_array(m->w);
}

/* AIAST: asserted by an algorithm.  The tags name rule set and decision. */
static void
put_meta(struct map_writing *m, const char *what)
{
	struct fhir_writer *w = m->w;

	fhir_open(w, "meta");
	fhir_open_array(w, "security");
	fhir_open(w, "security");
	fhir_put_lit(w, "system",
	    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue");
	fhir_put_lit(w, "code", "AIAST");
	fhir_close(w);
	fhir_close_array(w);
	fhir_open_array(w, "tag");
	fhir_open(w, "tag");
	fhir_put_lit(w, "system", RULE_SET);
	fhir_put_str(w, "version", m->r->book->version);
	fhir_put_str(w, "code", m->r->book->sha256);
	fhir_put_lit(w, "display", map_phrase_is_draft(m->r->book)
	    ? "draft rules, not signed off" : "signed off");
	fhir_close(w);
	fhir_open(w, "tag");
	fhir_put_lit(w, "system", DECISION);
	fhir_put_str(w, "code", identity(m, what));
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
}

void
map_open_entry(struct map_writing *m, const char *type, const char *what)
{
	char urn[MAP_URN_TEXT];

	map_urn(m, what, urn);
	fhir_open(m->w, "entry");
	fhir_put_lit(m->w, "fullUrl", urn);
	fhir_open_resource(m->w, "resource", type);
	put_meta(m, what);
}

void
map_close_entry(struct map_writing *m, const char *type, const char *what)
{
	/* These have no identifier in R4: their tags identify them. */
	bool tagged = strcmp(type, "Provenance") == 0
	    || strcmp(type, "AuditEvent") == 0;
	/* What can be taken back can be said again. */
	bool update = m->o->again[m->g->cancer]
	    && (strcmp(type, "CarePlan") == 0
	    || strcmp(type, "DetectedIssue") == 0);
	struct sv_str query = sv_arena_printf(m->A, "%s=%s%%7C%.*s",
	    tagged ? "_tag" : "identifier", DECISION,
	    SV_FMT(identity(m, what)));

	fhir_close(m->w);
	if (m->o->collection) {
		fhir_close(m->w);
		return;
	}
	fhir_open(m->w, "request");
	fhir_put_lit(m->w, "method", update ? "PUT" : "POST");
	if (update) {
		fhir_put_str(m->w, "url", sv_arena_printf(m->A, "%s?%.*s",
		    type, SV_FMT(query)));
	} else {
		fhir_put_lit(m->w, "url", type);
		fhir_put_str(m->w, "ifNoneExist", query);
	}
	fhir_close(m->w);
	fhir_close(m->w);
}

static struct sv_status
write_cancer(struct map_writing *m, const struct core_guidance *g)
{
	m->g = g;
	m->used = 0;
	for (size_t i = 0; i < g->n_findings; i++)
		m->used |= g->findings[i]->rule->when.facts
		    | g->findings[i]->rule->unless.facts;
	SV_TRY(map_decision_id(m->A, m->r, g->cancer, &m->id));
	map_write_guidance(m);
	if (g->n_proposals > 0)
		map_write_careplan(m);
	for (size_t i = 0; i < g->n_blocks; i++)
		map_write_detected_issue(m, i);
	map_write_provenance(m);
	map_write_audit(m);
	return SV_OK;
}

/* The first entry opens the array: an empty one is not valid FHIR. */
static struct sv_status
write_entries(struct map_writing *m, bool *any)
{
	for (size_t i = 0; i < m->o->n_earlier; i++)
		SV_TRY(map_withdraw(m->A, m->w, &m->o->earlier[i], any,
		    &m->replaces[m->o->earlier[i].cancer]));
	for (size_t i = 0; i < m->r->decision.n_guidance; i++) {
		const struct core_guidance *g = &m->r->decision.guidance[i];

		if (g->output == CORE_OUTPUT_NONE)
			continue;
		if (!*any)
			fhir_open_array(m->w, "entry");
		*any = true;
		SV_TRY(write_cancer(m, g));
	}
	return SV_OK;
}

struct sv_status
map_bundle_write(struct sv_arena *A, const struct map_result *r,
    const struct map_output_options *o, struct sv_buf *out)
{
	struct fhir_writer w;
	struct map_writing m = { .A = A, .w = &w, .r = r, .o = o };
	char day[SV_DATE_TEXT_MAX];
	bool any = false;

	fhir_writer_init(&w, out, o->syntax == MAP_OUT_XML ? FHIR_WRITE_XML
	    : o->pretty ? FHIR_WRITE_JSON_PRETTY : FHIR_WRITE_JSON);
	sv_date_text(sv_date_exact(r->decision.line.as_of), day);
	m.as_of = sv_str_of(day);
	m.subject = map_subject_reference(&m);
	fhir_open_resource(&w, NULL, "Bundle");
	fhir_put_lit(&w, "type", o->collection ? "collection" : "transaction");
	SV_TRY(write_entries(&m, &any));
	if (any)
		fhir_close_array(&w);
	fhir_close(&w);
	sv_buf_addc(out, '\n');
	return fhir_write_status(&w);
}
