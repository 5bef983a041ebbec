#include "fhir_doc.h"

#include <cjson/cJSON.h>

#include "fhir_xml.h"
#include "sv_limits.h"

/* Bundle.type, required binding http://hl7.org/fhir/bundle-type. */
static bool
is_bundle_type(struct sv_str t)
{
	static const char *const types[] = { "document", "message",
		"transaction", "transaction-response", "batch",
		"batch-response", "history", "searchset", "collection" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (sv_str_is(t, types[i]))
			return true;
	}
	return false;
}

/* "Bundle.entry[3].resource" */
static const char *
entry_path(struct sv_arena *A, size_t i)
{
	return sv_arena_printf(A, "Bundle.entry[%zu].resource", i).p;
}

/* What a JSON string between the quotes says; escapes are rare here. */
static struct sv_status
plain(struct sv_arena *A, struct sv_str raw, struct sv_str *ret)
{
	const struct cJSON *node;

	*ret = raw;
	if (sv_str_chr(raw, '\\') == raw.n)
		return SV_OK;
	SV_TRY(fhir_json_tree(A, (struct sv_str){ raw.p - 1, raw.n + 2 },
	    &node));
	*ret = sv_str_of(node->valuestring);
	return SV_OK;
}

static struct sv_status
read_request(struct sv_arena *A, struct sv_str request, struct fhir_entry *e)
{
	const struct cJSON *node;
	struct fhir_at at;

	if (request.n == 0)
		return SV_OK;
	SV_TRY(fhir_json_tree(A, request, &node));
	at = fhir_root(node, "request");
	e->method = fhir_text(&at, "method");
	e->url = fhir_text(&at, "url");
	return SV_OK;
}

/* An entry whose resource is of no known type is left out. */
static void
check_type(struct fhir_entry *e, struct fhir_issues *is)
{
	if (fhir_is_resource_type(e->resource_type))
		return;
	fhir_issue_add(is, &(struct fhir_issue){ .severity = FHIR_ERROR,
	    .code = FHIR_CODE_STRUCTURE,
	    .detail = SV_LIT("resource-type-unknown"),
	    .expression = sv_str_of(e->path),
	    .text = SV_LIT("This entry was left out: its resourceType is "
	    "missing or no resource type of FHIR R4.") });
	e->resource_type = (struct sv_str){ NULL, 0 };
}

static struct sv_status
check_bundle_type(struct sv_str type, struct fhir_doc *doc,
    struct fhir_issues *is)
{
	doc->is_bundle = true;
	doc->bundle_type = type;
	if (type.n == 0) {
		fhir_issue_addf(is, FHIR_WARNING, FHIR_CODE_REQUIRED,
		    SV_LIT("Bundle.type"), "The Bundle has no type; it was "
		    "read as a collection.");
	} else if (!is_bundle_type(type)) {
		fhir_issue_addf(is, FHIR_FATAL, FHIR_CODE_CODE_INVALID,
		    SV_LIT("Bundle.type"), "This is no Bundle type of FHIR "
		    "R4.");
		return SV_BAD;
	}
	return SV_OK;
}

static struct sv_status
read_entry(struct sv_arena *A, const struct fhir_json_entry *from, size_t i,
    struct fhir_entry *e, struct fhir_issues *is)
{
	*e = (struct fhir_entry){ .index = (int32_t)i,
		.resource_type = from->resource_type,
		.json = from->resource };
	SV_ENSURE((e->path = entry_path(A, i)) != NULL, SV_NOMEM);
	SV_TRY(plain(A, from->full_url, &e->full_url));
	SV_TRY(read_request(A, from->request, e));
	if (from->resource.n > 0)
		check_type(e, is);
	return SV_OK;
}

static struct sv_status
read_bundle(struct sv_arena *A, const struct fhir_json_scan *scan,
    struct fhir_doc *doc, struct fhir_issues *is)
{
	SV_TRY(check_bundle_type(scan->bundle_type, doc, is));
	doc->n_entries = scan->n_entries;
	doc->entries = sv_arena_zalloc(A, scan->n_entries + 1,
	    sizeof(*doc->entries));
	SV_ENSURE(doc->entries != NULL, SV_NOMEM);
	for (size_t i = 0; i < scan->n_entries; i++)
		SV_TRY(read_entry(A, &scan->entries[i], i, &doc->entries[i],
		    is));
	return SV_OK;
}

static struct sv_status
read_single(struct sv_arena *A, struct sv_str text, struct fhir_doc *doc)
{
	struct sv_str name = sv_arena_str(A, doc->resource_type);

	doc->entries = sv_arena_zalloc(A, 1, sizeof(*doc->entries));
	SV_ENSURE(doc->entries != NULL && name.p != NULL, SV_NOMEM);
	doc->n_entries = 1;
	doc->entries[0] = (struct fhir_entry){ .index = -1,
		.resource_type = doc->resource_type, .path = name.p,
		.json = text };
	return SV_OK;
}

/* One element of Bundle.entry of a tree. */
static struct sv_status
read_tree_entry(struct sv_arena *A, const struct fhir_at *x, size_t i,
    struct fhir_entry *e, struct fhir_issues *is)
{
	struct fhir_at resource = fhir_get(x, "resource");
	struct fhir_at request = fhir_get(x, "request");

	*e = (struct fhir_entry){ .index = (int32_t)i,
		.full_url = fhir_text(x, "fullUrl"),
		.method = fhir_text(&request, "method"),
		.url = fhir_text(&request, "url"), .tree = resource.node };
	SV_ENSURE((e->path = entry_path(A, i)) != NULL, SV_NOMEM);
	e->resource_type = fhir_text(&resource, "resourceType");
	if (e->tree != NULL)
		check_type(e, is);
	return SV_OK;
}

static struct sv_status
read_xml(struct sv_arena *A, struct sv_str text, struct fhir_doc *doc,
    struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	const struct cJSON *tree;
	struct fhir_at root, x;
	size_t n = 0;

	SV_TRY(fhir_xml_tree(A, text, &limits, &tree, is));
	root = fhir_root(tree, "Bundle");
	doc->resource_type = fhir_text(&root, "resourceType");
	doc->id = fhir_text(&root, "id");
	doc->timestamp = fhir_text(&root, "timestamp");
	if (!sv_str_is(doc->resource_type, "Bundle")) {
		SV_TRY(read_single(A, text, doc));
		doc->entries[0].tree = tree;
		return SV_OK;
	}
	SV_TRY(check_bundle_type(fhir_text(&root, "type"), doc, is));
	for (x = fhir_first(&root, "entry"); fhir_is(&x); x = fhir_next(&x))
		n++;
	doc->entries = sv_arena_zalloc(A, n + 1, sizeof(*doc->entries));
	SV_ENSURE(doc->entries != NULL, SV_NOMEM);
	for (x = fhir_first(&root, "entry"); fhir_is(&x); x = fhir_next(&x)) {
		SV_TRY(read_tree_entry(A, &x, doc->n_entries,
		    &doc->entries[doc->n_entries], is));
		doc->n_entries++;
	}
	return SV_OK;
}

/* XML begins with <, behind blanks or a byte order mark. */
static bool
looks_xml(struct sv_str text)
{
	const struct sv_str mark = SV_LIT("\xef\xbb\xbf");
	struct sv_str body = sv_str_trim(sv_str_starts(text, mark)
	    ? sv_str_from(text, mark.n) : text);

	return body.n > 0 && body.p[0] == '<';
}

struct sv_status
fhir_doc_read(struct sv_arena *A, struct sv_str text,
    struct fhir_doc *ret_doc, struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_json_scan scan;

	*ret_doc = (struct fhir_doc){ .n_entries = 0 };
	if (looks_xml(text))
		return read_xml(A, text, ret_doc, is);
	SV_TRY(fhir_json_scan(A, text, &limits, &scan, is));
	ret_doc->resource_type = scan.resource_type;
	ret_doc->id = scan.id;
	ret_doc->timestamp = scan.timestamp;
	if (!fhir_is_resource_type(scan.resource_type)) {
		fhir_issue_addf(is, FHIR_FATAL, FHIR_CODE_STRUCTURE,
		    SV_LIT("resourceType"), "resourceType is missing or no "
		    "resource type of FHIR R4.");
		return SV_BAD;
	}
	if (sv_str_is(scan.resource_type, "Bundle"))
		return read_bundle(A, &scan, ret_doc, is);
	return read_single(A, text, ret_doc);
}

/* What is wrong, and where, and the entries of a Bundle are found by another
 * scan: they are rare. */
struct sv_status
fhir_doc_read_line(struct sv_arena *A, struct sv_str text,
    struct fhir_doc *ret_doc, struct fhir_issues *is)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct fhir_issues unsaid;
	const struct cJSON *tree;
	struct fhir_at root;
	struct sv_str type;

	fhir_issues_init(&unsaid, A);
	if (!sv_is_ok(fhir_json_scan_tree(A, text, &limits, &tree, &unsaid)))
		return fhir_doc_read(A, text, ret_doc, is);
	root = fhir_root(tree, "");
	type = fhir_text(&root, "resourceType");
	if (!fhir_is_resource_type(type) || sv_str_is(type, "Bundle"))
		return fhir_doc_read(A, text, ret_doc, is);
	*ret_doc = (struct fhir_doc){ .resource_type = type,
		.id = fhir_text(&root, "id") };
	SV_TRY(read_single(A, text, ret_doc));
	ret_doc->entries[0].tree = tree;
	return SV_OK;
}

struct sv_status
fhir_entry_tree(struct sv_arena *A, struct fhir_entry *e)
{
	if (e->tree != NULL)
		return SV_OK;
	return fhir_json_tree(A, e->json, &e->tree);
}

struct fhir_at
fhir_entry_root(const struct fhir_entry *e)
{
	return fhir_root(e->tree, e->path);
}

bool
fhir_ndjson_next(struct sv_str *rest, struct fhir_line *line)
{
	while (rest->n > 0) {
		line->text = sv_str_trim(sv_str_cut(rest, '\n'));
		line->number++;
		if (line->text.n > 0)
			return true;
	}
	return false;
}

bool
fhir_looks_ndjson(struct sv_str text)
{
	struct fhir_line line = { { NULL, 0 }, 0 };
	struct sv_str rest = text;

	if (!fhir_ndjson_next(&rest, &line) || line.text.p[0] != '{'
	    || line.text.p[line.text.n - 1] != '}')
		return false;
	return fhir_ndjson_next(&rest, &line) && line.text.p[0] == '{';
}
