/*
 * The rules, for those who ask: PlanDefinition as it is, and $apply.
 */
#include "ad_reply.h"

#include <string.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "fhir_type.h"
#include "map_result.h"
#include "map_rules.h"
#include "sv_limits.h"

/* The PlanDefinition in ${file}.  SKIP if it is another resource. */
static struct sv_status
read_plan(struct sv_arena *A, const struct map_file *file,
    struct fhir_entry *ret)
{
	struct fhir_issues is;
	struct fhir_doc doc;

	fhir_issues_init(&is, A);
	SV_TRY(fhir_doc_read(A, file->bytes, &doc, &is));
	SV_ENSURE(sv_str_is(doc.resource_type, "PlanDefinition"), SV_SKIP);
	SV_TRY(fhir_entry_tree(A, &doc.entries[0]));
	*ret = doc.entries[0];
	return SV_OK;
}

/* The plan ${id}.  SKIP if there is none. */
static struct sv_status
find_plan(struct sv_arena *A, const struct ad_setup *u, struct sv_str id,
    struct fhir_entry *ret)
{
	for (size_t i = 0; i < u->engine.n_rules; i++) {
		struct sv_status s = read_plan(A, &u->engine.files[i], ret);
		struct fhir_at root;

		SV_ENSURE(s.code != SV_CODE_NOMEM, s);
		if (!sv_is_ok(s))
			continue;
		root = fhir_entry_root(ret);
		if (sv_str_eq(fhir_text(&root, "id"), id))
			return SV_OK;
	}
	return SV_SKIP;
}

/* Its sentences say the numbers of this site. */
static struct sv_str
told(const struct ad_page *p, const struct fhir_entry *e)
{
	return map_rules_numbers(p->A, e->json, &p->u->engine.book.params);
}

struct sv_status
ad_page_plan(struct ad_page *p)
{
	struct fhir_entry plan;

	SV_TRY(find_plan(p->A, p->u, p->id, &plan));
	plan.json = told(p, &plan);
	sv_buf_add(&p->out, plan.json);
	return plan.json.p != NULL ? SV_OK : SV_NOMEM;
}

static void
put_plan(struct ad_page *p, struct fhir_writer *w, const struct fhir_entry *e)
{
	struct fhir_at root = fhir_entry_root(e);
	struct sv_str json;

	fhir_open(w, "entry");
	fhir_put_str(w, "fullUrl", sv_arena_printf(p->A,
	    "%.*s/PlanDefinition/%.*s", SV_FMT(p->u->intake.endpoint),
	    SV_FMT(fhir_text(&root, "id"))));
	json = told(p, e);
	w->failed = w->failed || json.p == NULL;
	fhir_put_json(w, "resource", json);
	fhir_open(w, "search");
	fhir_put_lit(w, "mode", "match");
	fhir_close(w);
	fhir_close(w);
}

/* All of them, or the one with the url that is asked for. */
struct sv_status
ad_page_plans(struct ad_page *p)
{
	struct fhir_entry *e = sv_arena_zalloc(p->A, p->u->engine.n_rules + 1,
	    sizeof(*e));
	struct sv_str url = ad_http_query(p->call, "url");
	struct fhir_writer w;
	size_t n = 0;

	SV_ENSURE(e != NULL, SV_NOMEM);
	for (size_t i = 0; i < p->u->engine.n_rules; i++) {
		struct sv_status s = read_plan(p->A, &p->u->engine.files[i],
		    &e[n]);
		struct fhir_at root;

		SV_ENSURE(s.code != SV_CODE_NOMEM, s);
		if (!sv_is_ok(s))
			continue;
		root = fhir_entry_root(&e[n]);
		if (url.n == 0 || sv_str_eq(fhir_text(&root, "url"), url))
			n++;
	}
	fhir_writer_init(&w, &p->out, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "Bundle");
	fhir_put_lit(&w, "type", "searchset");
	fhir_put_int(&w, "total", (int64_t)n);
	if (n > 0)
		fhir_open_array(&w, "entry");
	for (size_t i = 0; i < n; i++)
		put_plan(p, &w, &e[i]);
	if (n > 0)
		fhir_close_array(&w);
	fhir_close(&w);
	return fhir_write_status(&w);
}

/* One $apply. */
struct applying {
	struct ad_job *j;
	struct sv_arena *A;
	struct fhir_issues is;
	struct fhir_entry *e;		/* the data */
	size_t n;
	struct sv_str subject;
	struct sv_str plan;		/* url, or "" for all */
	struct map_result r;
};

/* BAD, and why. */
static struct sv_status
wrong(struct applying *a, const struct fhir_at *at, const char *what)
{
	fhir_issue_at(&a->is, FHIR_FATAL, FHIR_CODE_INVALID, at, "%s", what);
	return SV_BAD;
}

/* The resource of a part "data": a Bundle, or a resource of the patient. */
static struct sv_status
add_data(struct applying *a, const struct fhir_at *part)
{
	struct fhir_at resource = fhir_get(part, "resource");
	struct fhir_entry *more;
	struct fhir_doc doc;
	struct sv_buf b;

	if (!fhir_is(&resource))
		return wrong(a, part, "The part data has no resource.");
	sv_buf_init(&b, a->A, SV_LIMIT_DOCUMENT);
	fhir_json_print(&b, resource.node);
	SV_ENSURE(sv_buf_ok(&b), SV_LIMIT);
	SV_TRY(fhir_doc_read(a->A, sv_buf_str(&b), &doc, &a->is));
	more = sv_arena_alloc(a->A, (a->n + doc.n_entries + 1)
	    * sizeof(*more));
	SV_ENSURE(more != NULL, SV_NOMEM);
	if (a->n > 0)
		memcpy(more, a->e, a->n * sizeof(*more));
	if (doc.n_entries > 0)
		memcpy(more + a->n, doc.entries, doc.n_entries
		    * sizeof(*more));
	a->e = more;
	a->n += doc.n_entries;
	return SV_OK;
}

static struct sv_status
read_parameters(struct applying *a)
{
	struct fhir_doc doc;
	struct fhir_at root, part;

	SV_TRY(fhir_doc_read(a->A, ad_http_body(a->j->call), &doc, &a->is));
	SV_TRY(fhir_entry_tree(a->A, &doc.entries[0]));
	root = fhir_entry_root(&doc.entries[0]);
	if (!sv_str_is(doc.resource_type, "Parameters"))
		return wrong(a, &root, "$apply takes Parameters with the part "
		    "data, a Bundle of one patient.");
	for (part = fhir_first(&root, "parameter"); fhir_is(&part);
	    part = fhir_next(&part)) {
		struct sv_str name = fhir_text(&part, "name");

		if (sv_str_is(name, "data"))
			SV_TRY(add_data(a, &part));
		else if (sv_str_is(name, "subject"))
			a->subject = fhir_text(&part, "valueString");
		else if (sv_str_is(name, "planDefinition"))
			return wrong(a, &part, "Only the PlanDefinitions of "
			    "this service are applied: name one by its id, as "
			    "PlanDefinition/id/$apply.");
	}
	if (a->n == 0)
		return wrong(a, &root, "The part data is missing: nothing is "
		    "looked up, the data come with the question.");
	return SV_OK;
}

/* The data must be of the patient that was asked about. */
static struct sv_status
check_subject(struct applying *a)
{
	struct fhir_reference asked = fhir_reference_of(a->subject);
	struct fhir_reference is = fhir_reference_of(a->r.patient.reference);

	if (a->subject.n == 0 || a->r.patient.reference.n == 0
	    || sv_str_eq(asked.text, is.text)
	    || (asked.id.n > 0 && sv_str_eq(asked.id, is.id)))
		return SV_OK;
	fhir_issue_addf(&a->is, FHIR_FATAL, FHIR_CODE_CONFLICT,
	    SV_LIT("Parameters.parameter"), "The data are not of the patient "
	    "that subject names.");
	return SV_BAD;
}

/* Keep the guidance to which the plan contributed. */
static void
keep_plan(struct applying *a)
{
	struct core_decision *d = &a->r.decision;
	size_t kept = 0;

	for (size_t i = 0; i < d->n_guidance; i++) {
		bool of_plan = a->plan.n == 0;

		for (size_t k = 0; k < d->guidance[i].n_findings; k++)
			of_plan = of_plan || sv_str_starts(
			    d->guidance[i].findings[k]->rule->plan, a->plan);
		if (of_plan)
			d->guidance[kept++] = d->guidance[i];
	}
	d->n_guidance = kept;
}

static struct sv_status
apply(struct applying *a, struct sv_buf *out)
{
	struct map_output_options o = { .software = a->j->u->intake.software,
		.source_base = a->j->u->intake.source_base,
		.recorded = ad_instant(a->A, ad_now_ms()),
		.collection = true };
	struct map_engine engine = *a->j->u->intake.engine;

	SV_TRY(read_parameters(a));
	engine.input.identifier_systems = a->j->u->intake.identifier_systems;
	engine.input.n_identifier_systems
	    = a->j->u->intake.n_identifier_systems;
	SV_TRY(map_line_decide_doc(&(struct map_line){ a->A, &engine,
	    (int32_t)(ad_now_ms() / 86400000), &a->is }, &(struct fhir_doc){
	    .entries = a->e, .n_entries = a->n }, &a->r));
	SV_TRY(check_subject(a));
	keep_plan(a);
	return map_bundle_write(a->A, &a->r, &o, out);
}

static void
run(struct ad_job *j, struct sv_arena *A, struct sv_str plan)
{
	struct applying a = { .j = j, .A = A, .plan = plan };
	struct sv_status s;
	struct sv_buf out;

	fhir_issues_init(&a.is, A);
	sv_buf_init(&out, A, SV_LIMIT_OUTPUT);
	s = apply(&a, &out);
	if (sv_is_ok(s))
		ad_reply_fhir(j, 200, sv_str_trim(sv_buf_str(&out)));
	else if (s.code == SV_CODE_BAD || s.code == SV_CODE_LIMIT)
		ad_reply_issues(j, s.code == SV_CODE_LIMIT ? 413 : a.n == 0
		    ? 400 : 422, &a.is);
	else
		ad_reply_error(j, 503, FHIR_CODE_TRANSIENT, "Not enough memory "
		    "for this now. Send it again later.");
}

void
ad_plan_apply(struct ad_job *j, const struct ad_target *t)
{
	struct sv_arena A;
	struct fhir_entry plan;
	struct fhir_at root;

	if (!ad_check_body(j))
		return;
	A = ad_arena(SV_LIMIT_ARENA);
	if (t->id.n == 0) {
		run(j, &A, (struct sv_str){ "", 0 });
	} else if (sv_is_ok(find_plan(&A, j->u, t->id, &plan))) {
		root = fhir_entry_root(&plan);
		run(j, &A, fhir_text(&root, "url"));
	} else {
		ad_reply_error(j, 404, FHIR_CODE_NOT_FOUND, "There is no such "
		    "PlanDefinition. GET /fhir/PlanDefinition lists them.");
	}
	sv_arena_free(&A);
}
