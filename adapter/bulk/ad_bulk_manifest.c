#include "ad_bulk_manifest.h"

#include <curl/curl.h>

#include "fhir_json.h"
#include "fhir_type.h"

#define WHERE "manifest"

struct sv_status
ad_bulk_resolve(struct sv_arena *A, struct sv_str base, struct sv_str relative,
    struct sv_str *ret)
{
	struct sv_str from = sv_arena_str(A, base);
	struct sv_str to = sv_arena_str(A, relative);
	CURLU *u = curl_url();
	char *text = NULL;
	struct sv_status s = SV_NOMEM;

	if (u != NULL && from.p != NULL && to.p != NULL) {
		s = SV_BAD;
		if (curl_url_set(u, CURLUPART_URL, from.p, 0) == CURLUE_OK
		    && curl_url_set(u, CURLUPART_URL, to.p, 0) == CURLUE_OK
		    && curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK) {
			*ret = sv_arena_str(A, sv_str_of(text));
			s = ret->p != NULL ? SV_OK : SV_NOMEM;
		}
	}
	curl_free(text);
	curl_url_cleanup(u);
	return s;
}

/* -1 if ${name} is missing or no whole number. */
static int64_t
number(const struct fhir_at *at, const char *name)
{
	struct sv_str text = fhir_text(at, name);
	int64_t n = 0;

	if (text.n == 0 || text.n > 18)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		n = n * 10 + (text.p[i] - '0');
	}
	return n;
}

/* A manifest on its way into ${M}. */
struct reading {
	struct sv_arena *A;
	struct sv_str url;
	struct ad_bulk_manifest *M;
	size_t cap;
	struct sv_err *err;
};

static struct sv_status
read_file(struct reading *R, const struct fhir_at *x, const char *list,
    enum ad_bulk_kind kind)
{
	struct ad_bulk_file *f;
	struct sv_str url = fhir_text(x, "url");
	struct sv_status s;

	if (R->M->n == R->cap) {
		size_t cap = R->cap == 0 ? 64 : R->cap * 2;

		f = sv_arena_grow(R->A, R->M->file, R->cap * sizeof(*f),
		    cap * sizeof(*f));
		SV_ENSURE(f != NULL, SV_NOMEM);
		R->M->file = f;
		R->cap = cap;
	}
	f = &R->M->file[R->M->n];
	*f = (struct ad_bulk_file){ .kind = kind, .type = fhir_text(x, "type"),
		.count = number(x, "count"), .size = number(x, "fileSize") };
	s = url.n > 0 ? ad_bulk_resolve(R->A, R->url, url, &f->url) : SV_BAD;
	if (s.code == SV_CODE_BAD)
		sv_err_set(R->err, WHERE, "%s[%d].url is missing or no URL",
		    list, x->index < 0 ? 0 : (int)x->index);
	SV_TRY(s);
	/* Types of "deleted" and "outcome" name what is deleted in some
	 * versions, and what the file holds in others. */
	if (kind != AD_BULK_OUTPUT)
		f->type = (struct sv_str){ "", 0 };
	R->M->n++;
	return SV_OK;
}

static struct sv_status
read_list(struct reading *R, const struct fhir_at *root, const char *list,
    enum ad_bulk_kind kind)
{
	struct fhir_at x;

	for (x = fhir_first(root, list); fhir_is(&x); x = fhir_next(&x))
		SV_TRY(read_file(R, &x, list, kind));
	return SV_OK;
}

static struct sv_status
read_next(struct reading *R, const struct fhir_at *root)
{
	struct fhir_at x;

	R->M->next = (struct sv_str){ "", 0 };
	for (x = fhir_first(root, "link"); fhir_is(&x); x = fhir_next(&x)) {
		struct sv_str url = fhir_text(&x, "url");

		/* "#pending" and "#closed" belong to $bulk-publish. */
		if (!sv_str_is(fhir_text(&x, "relation"), "next") || url.n == 0
		    || url.p[0] == '#')
			continue;
		return ad_bulk_resolve(R->A, R->url, url, &R->M->next);
	}
	return SV_OK;
}

static struct sv_status
wrong(struct sv_err *err, const char *what)
{
	sv_err_set(err, WHERE, "%s", what);
	return SV_BAD;
}

static struct sv_status
read_head(const struct fhir_at *root, struct ad_bulk_manifest *M,
    struct sv_err *err)
{
	struct fhir_at token = fhir_get(root, "requiresAccessToken");
	struct sv_str format = fhir_text(root, "outputFormat");

	M->transaction_time = fhir_text(root, "transactionTime");
	if (M->transaction_time.n == 0)
		return wrong(err, "transactionTime is missing");
	if (!fhir_is_bool(&token))
		return wrong(err, "requiresAccessToken is missing");
	M->needs_token = sv_str_is(fhir_value(&token), "true");
	M->has_headers = fhir_text(root, "outputOrganizedBy").n > 0;
	if (format.n > 0 && !sv_str_is(format, "application/fhir+ndjson")
	    && !sv_str_is(format, "application/ndjson")
	    && !sv_str_is(format, "ndjson"))
		return wrong(err, "outputFormat is not NDJSON");
	return SV_OK;
}

struct sv_status
ad_bulk_manifest_read(struct sv_arena *A, struct sv_str json,
    struct sv_str url, struct ad_bulk_manifest *ret, struct sv_err *err)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct ad_bulk_manifest M = { .n = 0 };
	struct reading R = { .A = A, .url = url, .M = &M, .err = err };
	struct fhir_json_scan scan;
	struct fhir_issues is;
	const struct cJSON *tree;
	struct fhir_at root;
	struct sv_status s;

	fhir_issues_init(&is, A);
	s = fhir_json_scan(A, json, &limits, &scan, &is);
	SV_ENSURE(s.code != SV_CODE_NOMEM, s);
	if (!sv_is_ok(s)) {
		sv_err_set(err, WHERE, "%.*s", SV_FMT(is.n > 0 ? is.at[0].text
		    : SV_LIT("no JSON")));
		return SV_BAD;
	}
	SV_TRY(fhir_json_tree(A, json, &tree));
	root = fhir_root(tree, WHERE);
	SV_TRY(read_head(&root, &M, err));
	SV_TRY(read_list(&R, &root, "output", AD_BULK_OUTPUT));
	SV_TRY(read_list(&R, &root, "deleted", AD_BULK_DELETED));
	SV_TRY(read_list(&R, &root, "outcome", AD_BULK_OUTCOME));
	SV_TRY(read_list(&R, &root, "error", AD_BULK_OUTCOME));
	s = read_next(&R, &root);
	if (s.code == SV_CODE_BAD)
		return wrong(err, "link.url is no URL");
	*ret = M;
	return s;
}
