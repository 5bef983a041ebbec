/*
 * What can be read: which page, the patient's, the status of the service.
 */
#include "ad_reply.h"

#include "ad_clock.h"
#include "ad_memory.h"
#include "ad_store_load.h"
#include "fhir_type.h"
#include "map_result.h"
#include "sv_limits.h"

/* "sys|value" or "value". */
static struct sv_status
find_identifier(struct ad_page *p, struct sv_str token, int64_t *ret)
{
	size_t bar = sv_str_chr(token, '|');

	SV_ENSURE(bar < token.n, SV_BAD);
	return ad_store_find_identifier(p->V->reader,
	    (struct sv_str){ token.p, bar }, sv_str_from(token, bar + 1), ret);
}

struct sv_status
ad_page_find_patient(struct ad_page *p, struct sv_str name, int64_t *ret)
{
	struct fhir_reference ref = fhir_reference_of(name);
	struct sv_str source = sv_str_of(p->client->source);
	struct sv_str other = ad_http_query(p->call, "source");

	SV_ENSURE(name.n > 0, SV_BAD);
	if (sv_str_chr(name, '|') < name.n)
		return find_identifier(p, name, ret);
	if (other.n > 0)
		source = other;
	if (ref.form == FHIR_REF_RELATIVE)
		name = ref.id;
	return ad_store_find_patient(p->V->reader, source, name, ret);
}

struct sv_status
ad_page_patient(struct ad_page *p)
{
	struct map_engine engine = *p->u->intake.engine;
	struct map_output_options o = { .recorded = ad_instant(p->A, ad_now_ms()),
		.software = p->u->intake.software };
	struct fhir_entry *entries;
	struct fhir_issues is;
	struct map_result r;
	int64_t patient;
	size_t n;

	SV_TRY(ad_page_find_patient(p, p->id, &patient));
	SV_TRY(ad_store_load_patient(p->V->reader, p->A, &(struct ad_load){
	    .patient = patient }, &entries, &n));
	SV_ENSURE(n > 0, SV_SKIP);
	engine.input.vouched = true;
	fhir_issues_init(&is, p->A);
	SV_TRY(map_line_decide_doc(&(struct map_line){ p->A, &engine,
	    (int32_t)(ad_now_ms() / 86400000), &is }, &(struct fhir_doc){
	    .entries = entries, .n_entries = n }, &r));
	p->media = "text/html; charset=utf-8";
	return map_html_write(p->A, &r, &o, &p->out);
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
	int64_t stale = 0;

	SV_TRY(ad_store_count(p->V->reader, &c));
	SV_TRY(ad_store_count_stale(p->V->reader, p->u->intake.sha256,
	    &stale));
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
	sv_buf_printf(b, "<p>Running since %.*s. Rule set %.*s, "
	    "sha256 %.12s.</p>\n<table>\n", SV_FMT(ad_instant(p->A,
	    p->V->started_ms)), SV_FMT(p->u->engine.book.version),
	    p->u->engine.book.sha256.p);
	put_line(b, "Messages applied", c.messages[AD_FATE_APPLIED], "");
	put_line(b, "Messages refused", c.messages[AD_FATE_REFUSED],
	    "the sender was told why");
	put_line(b, "Messages held", c.messages[AD_FATE_HELD],
	    c.messages[AD_FATE_HELD] > 0
	    ? "a person has to look: salvor messages list held" : "");
	put_line(b, "Patients", c.patients, "");
	put_line(b, "of them stale", stale, stale > 0 ? "the rules changed: "
	    "they are being decided again" : "");
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

static void
show(struct ad_job *j, struct ad_page *p, bool fhir)
{
	if (p->gone.n > 0)
		ad_reply_error(j, 410, FHIR_CODE_DELETED, p->gone.p);
	else if (fhir)
		ad_reply_fhir(j, 200, sv_buf_str(&p->out));
	else
		ad_reply(j, 200, p->media, sv_buf_str(&p->out));
}

static void
show_failure(struct ad_job *j, const struct ad_page *p, struct sv_status s)
{
	if (s.code == SV_CODE_SKIP)
		ad_reply_error(j, 404, FHIR_CODE_NOT_FOUND, "Nothing is known "
		    "of that.");
	else if (s.code == SV_CODE_BAD)
		ad_reply_error(j, 400, FHIR_CODE_VALUE, p->problem != NULL
		    ? p->problem : "The data of this patient cannot be "
		    "decided.");
	else
		ad_reply_error(j, 503, FHIR_CODE_TRANSIENT, "The store cannot "
		    "be read now.");
}

/* One reader at a time, who sees one state of the store. */
static struct sv_status
read_store(struct ad_page *p, ad_page_fn *page)
{
	struct sv_status s = ad_store_begin(p->V->reader);

	if (!sv_is_ok(s))
		return s;
	s = page(p);
	ad_store_rollback(p->V->reader);
	return s;
}

void
ad_read_page(struct ad_job *j, const struct ad_target *t)
{
	bool fhir = sv_str_starts(ad_http_path(j->call), SV_LIT("/fhir/"));
	struct sv_arena A;
	struct sv_status s;
	struct ad_page p = { .V = j->V, .u = j->u, .client = t->client,
		.call = j->call, .type = t->type, .id = t->id };

	if (fhir && ad_job_wants(j) == AD_WANTS_NEITHER) {
		ad_reply_error(j, 406, FHIR_CODE_NOT_SUPPORTED, "There is "
		    "application/fhir+json and application/fhir+xml.");
		return;
	}
	A = ad_arena(SV_LIMIT_ARENA);
	p.A = &A;
	sv_buf_init(&p.out, &A, SV_LIMIT_OUTPUT);
	s = read_store(&p, t->page);
	if (sv_is_ok(s) && sv_buf_ok(&p.out))
		show(j, &p, fhir);
	else
		show_failure(j, &p, s);
	sv_arena_free(&A);
}
