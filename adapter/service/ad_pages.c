/*
 * What can be read: capability, stored guidance, the patient's page, metrics,
 * status.
 */
#include "ad_service.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fhir_type.h"
#include "map_result.h"
#include "sv_limits.h"

static struct sv_str
instant(struct sv_arena *A, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return sv_arena_str(A, sv_str_of(text));
}

static void
put_resource(struct fhir_writer *w, const char *type,
    const char *const *interactions)
{
	fhir_open(w, "resource");
	fhir_put_lit(w, "type", type);
	fhir_open_array(w, "interaction");
	for (; *interactions != NULL; interactions++) {
		fhir_open(w, "interaction");
		fhir_put_lit(w, "code", *interactions);
		fhir_close(w);
	}
	fhir_close_array(w);
	if (strcmp(interactions[-1], "search-type") == 0) {
		fhir_open_array(w, "searchParam");
		fhir_open(w, "searchParam");
		fhir_put_lit(w, "name", "subject");
		fhir_put_lit(w, "type", "reference");
		fhir_close(w);
		fhir_close_array(w);
	}
	fhir_close(w);
}

static void
put_rest(struct fhir_writer *w)
{
	static const char *const in[] = { "Patient", "Condition", "Observation",
		"DiagnosticReport", "Procedure", "MedicationAdministration",
		"MedicationStatement", "MedicationRequest", "Medication" };
	static const char *const writes[] = { "create", "update", "delete",
		NULL };
	static const char *const searches[] = { "search-type", NULL };
	static const char *const system[] = { "transaction", "batch" };

	fhir_open_array(w, "rest");
	fhir_open(w, "rest");
	fhir_put_lit(w, "mode", "server");
	fhir_open_array(w, "resource");
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		put_resource(w, in[i], writes);
	put_resource(w, "GuidanceResponse", searches);
	put_resource(w, "CarePlan", searches);
	fhir_close_array(w);
	fhir_open_array(w, "interaction");
	for (size_t i = 0; i < 2; i++) {
		fhir_open(w, "interaction");
		fhir_put_lit(w, "code", system[i]);
		fhir_close(w);
	}
	fhir_close_array(w);
	fhir_open_array(w, "operation");
	fhir_open(w, "operation");
	fhir_put_lit(w, "name", "process-message");
	fhir_put_lit(w, "definition",
	    "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-"
	    "message");
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
	fhir_close_array(w);
}

struct sv_status
ad_page_metadata(struct ad_page *p)
{
	struct fhir_writer w;

	fhir_writer_init(&w, &p->out, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "CapabilityStatement");
	fhir_put_lit(&w, "status", "active");
	fhir_put_str(&w, "date", instant(p->A, p->V->started_ms));
	fhir_put_lit(&w, "kind", "instance");
	fhir_open(&w, "software");
	fhir_put_lit(&w, "name", "Salvor");
	fhir_put_lit(&w, "version", SALVOR_VERSION);
	fhir_close(&w);
	fhir_open(&w, "implementation");
	fhir_put_lit(&w, "description", "Guidance for salvage therapy from "
	    "oncology data");
	fhir_close(&w);
	fhir_put_lit(&w, "fhirVersion", "4.0.1");
	fhir_open_array(&w, "format");
	fhir_put_lit(&w, "format", "application/fhir+json");
	fhir_put_lit(&w, "format", "application/fhir+xml");
	fhir_close_array(&w);
	put_rest(&w);
	fhir_close(&w);
	return fhir_write_ok(&w) ? SV_OK : SV_NOMEM;
}

/* "Patient/7", "7" or the whole URL of a Patient, as the client's source knows
 * it. */
static struct sv_status
find_patient(struct ad_page *p, struct sv_str name, int64_t *ret)
{
	struct fhir_reference ref = fhir_reference_of(name);
	struct sv_str source = sv_str_of(p->client->source);
	struct sv_str other = ad_http_query(p->call, "source");

	SV_ENSURE(name.n > 0, SV_BAD);
	if (other.n > 0)
		source = other;
	if (ref.form == FHIR_REF_RELATIVE)
		name = ref.id;
	return ad_store_find_patient(p->V->reader, source, name, ret);
}

/* Entries of ${type} in the Bundle ${g} that are its own. */
static struct sv_status
put_matches(struct ad_page *p, struct fhir_writer *w,
    const struct ad_guidance *g, const char *type, bool *any)
{
	struct fhir_issues is;
	struct fhir_doc doc;

	fhir_issues_init(&is, p->A);
	SV_TRY(fhir_doc_read(p->A, g->bundle, &doc, &is));
	for (size_t i = 0; i < doc.n_entries; i++) {
		struct fhir_entry *e = &doc.entries[i];
		struct fhir_at root, id;

		if (!sv_str_is(e->resource_type, type))
			continue;
		SV_TRY(fhir_entry_tree(p->A, e));
		root = fhir_entry_root(e);
		id = fhir_get(&root, "identifier");
		if (!sv_str_starts(fhir_text(&id, "value"), g->decision))
			continue;
		if (!*any)
			fhir_open_array(w, "entry");
		*any = true;
		fhir_open(w, "entry");
		fhir_put_str(w, "fullUrl", e->full_url);
		fhir_put_json(w, "resource", e->json);
		fhir_close(w);
	}
	return SV_OK;
}

struct sv_status
ad_page_guidance(struct ad_page *p, const char *type)
{
	struct ad_guidance *g = NULL;
	struct fhir_writer w;
	int64_t patient;
	size_t n = 0;
	bool any = false;
	struct sv_status s = find_patient(p, ad_http_query(p->call, "subject"),
	    &patient);

	if (sv_is_ok(s))
		s = ad_store_current(p->V->reader, p->A, patient, &g, &n);
	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	fhir_writer_init(&w, &p->out, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "Bundle");
	fhir_put_lit(&w, "type", "searchset");
	for (size_t i = 0; i < n; i++)
		SV_TRY(put_matches(p, &w, &g[i], type, &any));
	if (any)
		fhir_close_array(&w);
	fhir_close(&w);
	return fhir_write_ok(&w) ? SV_OK : SV_NOMEM;
}

struct sv_status
ad_page_patient(struct ad_page *p)
{
	struct map_engine engine = *p->u->intake.engine;
	struct map_output_options o = { .recorded = instant(p->A, ad_now_ms()),
		.software = p->u->intake.software };
	struct fhir_entry *entries;
	struct fhir_issues is;
	struct map_result r;
	int64_t patient;
	size_t n;

	SV_TRY(find_patient(p, p->id, &patient));
	SV_TRY(ad_store_load_patient(p->V->reader, p->A, patient, &entries,
	    &n));
	SV_ENSURE(n > 0, SV_SKIP);
	engine.input.vouched = true;
	fhir_issues_init(&is, p->A);
	SV_TRY(map_line_decide_entries(p->A, &engine, entries, n,
	    (int32_t)(ad_now_ms() / 86400000), &r, &is));
	p->media = "text/html; charset=utf-8";
	return map_html_write(p->A, &r, &o, &p->out);
}

static void
put_metric(struct sv_buf *b, const char *name, const char *label, int64_t v)
{
	sv_buf_printf(b, "salvor_%s%s %lld\n", name, label, (long long)v);
}

static void
put_type(struct sv_buf *b, const char *name, const char *type,
    const char *help)
{
	sv_buf_printf(b, "# HELP salvor_%s %s\n# TYPE salvor_%s %s\n", name,
	    help, name, type);
}

static void
put_posts(struct ad_page *p)
{
	struct ad_poster_counts c;
	char label[128];

	put_type(&p->out, "posts_total", "counter", "Posts by outcome.");
	for (size_t i = 0; ad_service_posts(p->V, i, &c); i++) {
		const struct { const char *name; int64_t v; } of[] = {
			{ "done", c.done }, { "retry", c.retried },
			{ "maybe", c.maybe }, { "refused", c.refused } };

		for (size_t k = 0; k < 4; k++) {
			(void)snprintf(label, sizeof(label),
			    "{destination=\"%.*s\",outcome=\"%s\"}",
			    SV_FMT(c.name), of[k].name);
			put_metric(&p->out, "posts_total", label, of[k].v);
		}
	}
	put_type(&p->out, "destination_open", "gauge",
	    "1 if nothing gets through to the destination.");
	for (size_t i = 0; ad_service_posts(p->V, i, &c); i++) {
		(void)snprintf(label, sizeof(label), "{destination=\"%.*s\"}",
		    SV_FMT(c.name));
		put_metric(&p->out, "destination_open", label, c.open);
	}
}

static void
put_requests(struct ad_page *p)
{
	struct ad_http_counts h = ad_http_counted(p->V->http);
	char label[32];

	put_type(&p->out, "http_answers_total", "counter",
	    "Answers by status class.");
	for (int i = 1; i < 6; i++) {
		(void)snprintf(label, sizeof(label), "{class=\"%dxx\"}", i);
		put_metric(&p->out, "http_answers_total", label, h.answered[i]);
	}
	put_type(&p->out, "http_connections", "gauge", "Open connections.");
	put_metric(&p->out, "http_connections", "", h.connections);
	put_type(&p->out, "http_slow_total", "counter",
	    "Connections closed because they were too slow.");
	put_metric(&p->out, "http_slow_total", "", h.slow);
	put_type(&p->out, "http_in_bytes_total", "counter", "Bytes received.");
	put_metric(&p->out, "http_in_bytes_total", "", h.bytes_in);
	put_type(&p->out, "unauthorised_total", "counter",
	    "Requests without a valid client.");
	put_metric(&p->out, "unauthorised_total", "", p->V->unauthorised);
}

/* Prometheus text format, by hand: a page of printf; Debian has no C library
 * for it. */
struct sv_status
ad_page_metrics(struct ad_page *p)
{
	struct ad_store_counts c;
	struct ad_writer_counts w = ad_writer_counted(p->V->writer);
	char label[32];

	SV_TRY(ad_store_count(p->V->reader, &c));
	p->media = "text/plain; version=0.0.4; charset=utf-8";
	put_type(&p->out, "messages_total", "counter", "Messages by fate.");
	for (int i = 0; i < AD_FATE_MAX; i++) {
		(void)snprintf(label, sizeof(label), "{fate=\"%.*s\"}",
		    SV_FMT(ad_fate_name((enum ad_fate)i)));
		put_metric(&p->out, "messages_total", label, c.messages[i]);
	}
	put_type(&p->out, "outbox_rows", "gauge", "Outbox rows by state.");
	for (int i = 0; i < AD_ROW_STATE_MAX; i++) {
		(void)snprintf(label, sizeof(label), "{state=\"%.*s\"}",
		    SV_FMT(ad_row_state_name((enum ad_row_state)i)));
		put_metric(&p->out, "outbox_rows", label, c.rows[i]);
	}
	put_type(&p->out, "outbox_oldest_seconds", "gauge",
	    "Age of the oldest row that waits.");
	put_metric(&p->out, "outbox_oldest_seconds", "",
	    c.oldest_waiting_ms == 0 ? 0
	    : (ad_now_ms() - c.oldest_waiting_ms) / 1000);
	put_type(&p->out, "patients", "gauge", "Patients remembered.");
	put_metric(&p->out, "patients", "", c.patients);
	put_type(&p->out, "store_bytes", "gauge", "Size of the store.");
	put_metric(&p->out, "store_bytes", "", c.bytes);
	put_type(&p->out, "units_total", "counter", "Commits of messages.");
	put_metric(&p->out, "units_total", "", w.units);
	put_type(&p->out, "not_accepted_total", "counter",
	    "Messages that could not be stored.");
	put_metric(&p->out, "not_accepted_total", "", w.failed);
	put_type(&p->out, "messages_waiting", "gauge",
	    "Messages that wait for the writer.");
	put_metric(&p->out, "messages_waiting", "", w.waiting);
	put_requests(p);
	put_posts(p);
	return SV_OK;
}

static void
put_line(struct sv_buf *b, const char *name, int64_t v, const char *what)
{
	sv_buf_printf(b, "<tr><th scope=\"row\">%s</th><td>%lld</td><td>%s</td>"
	    "</tr>\n", name, (long long)v, what);
}

/* A small page for people; no patient content. */
struct sv_status
ad_page_status(struct ad_page *p)
{
	struct ad_store_counts c;
	struct ad_poster_counts d;
	struct sv_buf *b = &p->out;

	SV_TRY(ad_store_count(p->V->reader, &c));
	p->media = "text/html; charset=utf-8";
	sv_buf_add(b, SV_LIT("<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\"/><meta name=\"viewport\" content=\""
	    "width=device-width\"/><title>Salvor: status</title><style>"
	    "body{font:16px/1.5 system-ui,sans-serif;margin:2em auto;max-width:"
	    "44em;padding:0 1em;color:#1a1a1a;background:#fff}th{text-align:"
	    "left;font-weight:600;padding-right:2em}td{padding-right:2em;"
	    "font-variant-numeric:tabular-nums}"
	    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}}"
	    "</style></head><body><h1>Salvor " SALVOR_VERSION "</h1>\n"));
	sv_buf_printf(b, "<p>Running since %.*s.</p>\n<table>\n",
	    SV_FMT(instant(p->A, p->V->started_ms)));
	put_line(b, "Messages applied", c.messages[AD_FATE_APPLIED], "");
	put_line(b, "Messages refused", c.messages[AD_FATE_REFUSED],
	    "the sender was told why");
	put_line(b, "Messages held", c.messages[AD_FATE_HELD],
	    c.messages[AD_FATE_HELD] > 0
	    ? "a person has to look: salvor messages list held" : "");
	put_line(b, "Patients", c.patients, "");
	put_line(b, "Posts waiting", c.rows[AD_ROW_WAITING]
	    + c.rows[AD_ROW_SENDING], "");
	put_line(b, "Posts done", c.rows[AD_ROW_DONE], "");
	put_line(b, "Posts refused", c.rows[AD_ROW_DEAD],
	    c.rows[AD_ROW_DEAD] > 0
	    ? "a person has to look: salvor outbox list dead" : "");
	sv_buf_add(b, SV_LIT("</table>\n<h2>Destinations</h2>\n<table>\n"));
	for (size_t i = 0; ad_service_posts(p->V, i, &d); i++)
		sv_buf_printf(b, "<tr><th scope=\"row\">%.*s</th><td>%s</td>"
		    "<td>%lld posted</td></tr>\n", SV_FMT(d.name), d.open
		    ? "nothing gets through" : "open", (long long)d.done);
	sv_buf_add(b, SV_LIT("</table>\n</body></html>\n"));
	return SV_OK;
}
