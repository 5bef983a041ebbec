/*
 * Stored guidance, by patient or by id.
 *
 * The id of a CarePlan or GuidanceResponse is that of its decision.
 */
#include "ad_service.h"

#include <string.h>

#include "fhir_type.h"

#define MAX_OWN 16

/* Resources of one decision in the Bundle as it was posted. */
struct own {
	struct fhir_doc doc;
	const struct ad_guidance *g;
	const struct fhir_entry *e[MAX_OWN];
	size_t n;
};

static bool
is_guidance_type(struct sv_str type)
{
	return sv_str_is(type, "CarePlan")
	    || sv_str_is(type, "GuidanceResponse");
}

static struct sv_status
read_own(struct sv_arena *A, const struct ad_guidance *g, struct own *o)
{
	struct fhir_issues is;

	*o = (struct own){ .g = g };
	fhir_issues_init(&is, A);
	SV_TRY(fhir_doc_read(A, g->bundle, &o->doc, &is));
	for (size_t i = 0; i < o->doc.n_entries && o->n < MAX_OWN; i++) {
		struct fhir_entry *e = &o->doc.entries[i];
		struct fhir_at root, id;

		if (!is_guidance_type(e->resource_type))
			continue;
		SV_TRY(fhir_entry_tree(A, e));
		root = fhir_entry_root(e);
		id = fhir_get(&root, "identifier");
		if (sv_str_starts(fhir_text(&id, "value"), g->decision))
			o->e[o->n++] = e;
	}
	return SV_OK;
}

static const struct fhir_entry *
find_url(const struct own *o, struct sv_str url)
{
	for (size_t i = 0; i < o->n; i++) {
		if (sv_str_eq(o->e[i]->full_url, url))
			return o->e[i];
	}
	return NULL;
}

/* ${json}, but strings that are the fullUrl of one of ours become its place
 * here: "CarePlan/id". */
static void
put_linked(struct sv_buf *b, const struct own *o, struct sv_str json)
{
	while (json.n > 0) {
		size_t n = sv_str_chr(json, '"') + 1;
		struct sv_str text = sv_str_from(json, n);
		size_t end = sv_str_chr(text, '"');
		const struct fhir_entry *e = sv_str_starts(text,
		    SV_LIT("urn:uuid:")) ? find_url(o, (struct sv_str){ text.p,
		    end }) : NULL;

		if (n > json.n)
			n = json.n;
		sv_buf_add(b, (struct sv_str){ json.p, n });
		json = text;
		if (e == NULL)
			continue;
		sv_buf_printf(b, "%.*s/%.*s", SV_FMT(e->resource_type),
		    SV_FMT(o->g->decision));
		json = sv_str_from(text, end);
	}
}

/* The resource ${e} with its id; every one of ours begins with its type. */
static void
put_resource(struct sv_buf *b, const struct own *o, const struct fhir_entry *e)
{
	size_t head = strlen("{\"resourceType\":\"\"") + e->resource_type.n;

	sv_buf_add(b, (struct sv_str){ e->json.p, head });
	sv_buf_printf(b, ",\"id\":\"%.*s\"", SV_FMT(o->g->decision));
	put_linked(b, o, sv_str_from(e->json, head));
}

static void
put_entry(struct ad_page *p, struct fhir_writer *w, const struct own *o,
    const struct fhir_entry *e)
{
	struct sv_buf b;

	sv_buf_init(&b, p->A, e->json.n * 2 + 4096);
	put_resource(&b, o, e);
	fhir_open(w, "entry");
	fhir_put_str(w, "fullUrl", sv_arena_printf(p->A, "%.*s/%.*s/%.*s",
	    SV_FMT(p->u->intake.endpoint), SV_FMT(e->resource_type),
	    SV_FMT(o->g->decision)));
	fhir_put_json(w, "resource", sv_buf_str(&b));
	fhir_open(w, "search");
	fhir_put_lit(w, "mode", "match");
	fhir_close(w);
	fhir_close(w);
	w->failed = w->failed || !sv_buf_ok(&b);
}

/* The patient that is asked for, and by which parameter. */
static struct sv_str
read_subject(const struct ad_page *p, const char **ret_name)
{
	static const char *const names[] = { "subject", "patient",
		"subject:identifier", "patient:identifier",
		"subject.identifier", "patient.identifier" };
	struct sv_str v = { NULL, 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && v.n == 0;
	    i++) {
		v = ad_http_query(p->call, names[i]);
		*ret_name = names[i];
	}
	return v;
}

static void
put_head(struct ad_page *p, struct fhir_writer *w, size_t total)
{
	const char *name = "";
	struct sv_str v = read_subject(p, &name);

	fhir_open_resource(w, NULL, "Bundle");
	fhir_put_lit(w, "type", "searchset");
	fhir_put_int(w, "total", (int64_t)total);
	fhir_open_array(w, "link");
	fhir_open(w, "link");
	fhir_put_lit(w, "relation", "self");
	fhir_put_str(w, "url", sv_arena_printf(p->A, "%.*s/%.*s?%s=%.*s",
	    SV_FMT(p->u->intake.endpoint), SV_FMT(p->type), name, SV_FMT(v)));
	fhir_close(w);
	fhir_close_array(w);
}

static size_t
count_of(const struct own *o, size_t n, struct sv_str type)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < o[i].n; k++)
			total += sv_str_eq(o[i].e[k]->resource_type, type);
	}
	return total;
}

static struct sv_status
write_found(struct ad_page *p, const struct ad_guidance *g, size_t n)
{
	struct own *o = sv_arena_zalloc(p->A, n + 1, sizeof(*o));
	struct fhir_writer w;
	size_t total;

	SV_ENSURE(o != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++)
		SV_TRY(read_own(p->A, &g[i], &o[i]));
	total = count_of(o, n, p->type);
	fhir_writer_init(&w, &p->out, FHIR_WRITE_JSON);
	put_head(p, &w, total);
	if (total > 0)
		fhir_open_array(&w, "entry");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < o[i].n; k++) {
			if (sv_str_eq(o[i].e[k]->resource_type, p->type))
				put_entry(p, &w, &o[i], o[i].e[k]);
		}
	}
	if (total > 0)
		fhir_close_array(&w);
	fhir_close(&w);
	return fhir_write_status(&w);
}

struct sv_status
ad_page_guidance_search(struct ad_page *p)
{
	const char *name = "";
	struct sv_str v = read_subject(p, &name);
	struct ad_guidance *g = NULL;
	struct sv_status s;
	int64_t patient;
	size_t n = 0;

	p->problem = "The search needs subject=Patient/id, or "
	    "subject:identifier=system|value.";
	s = ad_page_find_patient(p, v, &patient);
	if (sv_is_ok(s))
		s = ad_store_current(p->V->reader, p->A, patient, &g, &n);
	SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
	return write_found(p, g, n);
}

/* What no longer holds is gone: a reader who got it as it was decided might
 * act on it. */
struct sv_status
ad_page_guidance(struct ad_page *p)
{
	struct ad_guidance g;
	struct own o;

	SV_TRY(ad_store_find_guidance(p->V->reader, p->A, p->id, &g));
	if (g.ended.n > 0) {
		p->gone = g.ended;
		return SV_OK;
	}
	SV_TRY(read_own(p->A, &g, &o));
	for (size_t i = 0; i < o.n; i++) {
		if (sv_str_eq(o.e[i]->resource_type, p->type)) {
			put_resource(&p->out, &o, o.e[i]);
			return SV_OK;
		}
	}
	return SV_SKIP;
}
