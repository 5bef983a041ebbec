#include "map_withdraw.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "fhir_doc.h"
#include "fhir_type.h"
#include "map_bundle.h"
#include "sv_limits.h"

/* The status that says "taken back"; "" for records, which stay. */
static struct sv_str
withdrawn_status(struct sv_str type)
{
	if (sv_str_is(type, "CarePlan"))
		return SV_LIT("revoked");
	if (sv_str_is(type, "DetectedIssue"))
		return SV_LIT("cancelled");
	return (struct sv_str){ NULL, 0 };
}

/* The resource at ${root} with its new status, and the reason as a note. */
static struct sv_str
withdrawn_text(struct sv_arena *A, const struct fhir_at *root,
    struct sv_str status, struct sv_str reason)
{
	struct sv_buf b;

	sv_buf_init(&b, A, SV_LIMIT_OUTPUT);
	for (const struct cJSON *c = root->node->child; c != NULL; c = c->next) {
		sv_buf_add(&b, c == root->node->child ? SV_LIT("{\"")
		    : SV_LIT(",\""));
		fhir_escape_json(&b, sv_str_of(c->string));
		sv_buf_add(&b, SV_LIT("\":"));
		if (strcmp(c->string, "status") != 0) {
			fhir_json_print(&b, c);
			continue;
		}
		sv_buf_addc(&b, '"');
		sv_buf_add(&b, status);
		sv_buf_addc(&b, '"');
	}
	if (sv_str_is(status, "revoked")) {
		sv_buf_add(&b, SV_LIT(",\"note\":[{\"text\":\""));
		fhir_escape_json(&b, reason);
		sv_buf_add(&b, SV_LIT("\"}]"));
	}
	sv_buf_addc(&b, '}');
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

struct withdrawing {
	struct sv_arena *A;
	struct fhir_writer *w;
	const struct map_earlier *earlier;
	bool *any;
};

static struct sv_status
withdraw_entry(struct withdrawing *x, struct fhir_entry *e,
    struct sv_str *ret_careplan)
{
	struct sv_str status = withdrawn_status(e->resource_type), text, url;
	struct fhir_at root, id;

	if (status.n == 0)
		return SV_OK;
	SV_TRY(fhir_entry_tree(x->A, e));
	root = fhir_entry_root(e);
	id = fhir_get(&root, "identifier");
	if (!sv_str_starts(fhir_text(&id, "value"), x->earlier->decision))
		return SV_OK;
	text = withdrawn_text(x->A, &root, status, x->earlier->reason);
	url = sv_arena_printf(x->A, "%.*s?identifier=%.*s%%7C%.*s",
	    SV_FMT(e->resource_type), SV_FMT(fhir_text(&id, "system")),
	    SV_FMT(fhir_text(&id, "value")));
	SV_ENSURE(text.p != NULL && url.p != NULL, SV_NOMEM);
	if (!*x->any)
		fhir_open_array(x->w, "entry");
	*x->any = true;
	fhir_open(x->w, "entry");
	fhir_put_str(x->w, "fullUrl", e->full_url);
	fhir_put_json(x->w, "resource", text);
	fhir_open(x->w, "request");
	fhir_put_lit(x->w, "method", "PUT");
	fhir_put_str(x->w, "url", url);
	fhir_close(x->w);
	fhir_close(x->w);
	if (sv_str_is(status, "revoked"))
		*ret_careplan = e->full_url;
	return SV_OK;
}

struct sv_status
map_withdraw(struct sv_arena *A, struct fhir_writer *w,
    const struct map_earlier *earlier, bool *any, struct sv_str *ret_careplan)
{
	struct withdrawing x = { A, w, earlier, any };
	struct fhir_issues is;
	struct fhir_doc doc;
	struct sv_status s;

	fhir_issues_init(&is, A);
	s = fhir_doc_read(A, earlier->bundle, &doc, &is);
	SV_ENSURE(s.code != SV_CODE_NOMEM, SV_NOMEM);
	SV_ENSURE(sv_is_ok(s) && doc.is_bundle, SV_BUG);
	*ret_careplan = (struct sv_str){ "", 0 };
	for (size_t i = 0; i < doc.n_entries; i++)
		SV_TRY(withdraw_entry(&x, &doc.entries[i], ret_careplan));
	return SV_OK;
}
