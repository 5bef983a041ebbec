/*
 * What the sender is told.
 */
#include "ad_apply.h"

#include "fhir_outcome.h"
#include "fhir_type.h"
#include "map_hash.h"
#include "sv_limits.h"

/* What was done with a set, as an informational issue. */
static void
tell(struct ad_intake *I, struct ad_result *r)
{
	if (r->fate != AD_FATE_APPLIED)
		return;
	fhir_issue_addf(&r->is, FHIR_INFORMATION, FHIR_CODE_INFORMATIONAL,
	    (struct sv_str){ NULL, 0 }, "%zu resources remembered, %zu deleted, "
	    "%zu older than what is known; %zu patients decided, %zu posts "
	    "waiting.", r->n_kept, r->n_deleted, r->n_late, I->affected.n,
	    I->n_posts);
}

static const char *
status_text(const struct ad_result *r)
{
	switch (r->status) {
	case 200: return "200 OK";
	case 202: return "202 Accepted";
	case 413: return "413 Content Too Large";
	default: return "422 Unprocessable Content";
	}
}

/* transaction-response, batch-response: an entry for every entry. */
static void
write_response(struct ad_intake *I, struct fhir_writer *w, const char *type)
{
	fhir_open_resource(w, NULL, "Bundle");
	fhir_put_lit(w, "type", type);
	if (I->doc.n_entries > 0)
		fhir_open_array(w, "entry");
	for (size_t i = 0; i < I->doc.n_entries; i++) {
		struct ad_result *r = I->each != NULL ? &I->each[i] : &I->whole;

		fhir_open(w, "entry");
		fhir_open(w, "response");
		fhir_put_lit(w, "status", status_text(r));
		fhir_put_str(w, "lastModified", I->recorded);
		if (I->each != NULL || i == 0)
			fhir_outcome_write(w, "outcome", &r->is);
		fhir_close(w);
		fhir_close(w);
	}
	if (I->doc.n_entries > 0)
		fhir_close_array(w);
	fhir_close(w);
}

static struct sv_str
urn(struct ad_intake *I, const char *uuid)
{
	return sv_arena_printf(&I->A, "urn:uuid:%s", uuid);
}

/* The MessageHeader of an answer (R4 messaging.html#2.4.3): which message it
 * answers and how that went. */
static void
write_header(struct ad_intake *I, struct fhir_writer *w, const char *id,
    const char *outcome)
{
	struct fhir_at root = fhir_entry_root(&I->doc.entries[0]);
	struct fhir_at event = fhir_get(&root, "eventCoding");
	struct fhir_at sender = fhir_get(&root, "source");

	fhir_open_resource(w, "resource", "MessageHeader");
	fhir_put_lit(w, "id", id);
	if (fhir_is(&event)) {
		fhir_open(w, "eventCoding");
		fhir_put_str(w, "system", fhir_text(&event, "system"));
		fhir_put_str(w, "code", fhir_text(&event, "code"));
		fhir_close(w);
	} else {
		fhir_put_str(w, "eventUri", fhir_text(&root, "eventUri"));
	}
	if (fhir_text(&sender, "endpoint").n > 0) {
		fhir_open_array(w, "destination");
		fhir_open(w, "destination");
		fhir_put_str(w, "endpoint", fhir_text(&sender, "endpoint"));
		fhir_close(w);
		fhir_close_array(w);
	}
	fhir_open(w, "source");
	fhir_put_lit(w, "name", "Salvor");
	fhir_put_lit(w, "software", "Salvor");
	fhir_put_lit(w, "version", SALVOR_VERSION);
	fhir_put_str(w, "endpoint", I->cfg->endpoint);
	fhir_close(w);
	fhir_open(w, "response");
	fhir_put_str(w, "identifier", fhir_text(&root, "id"));
	fhir_put_lit(w, "code", I->whole.fate == AD_FATE_REFUSED
	    ? "fatal-error" : "ok");
	fhir_open(w, "details");
	fhir_put_str(w, "reference", urn(I, outcome));
	fhir_close(w);
	fhir_close(w);
	fhir_close(w);
}

/* An id that no other answer has, and that follows from what is answered. */
static struct sv_status
make_id(struct ad_intake *I, const char *what, char ret[MAP_UUID_TEXT])
{
	struct sv_str number = sv_arena_printf(&I->A, "%lld",
	    (long long)I->m.id);
	struct sv_str parts[] = { I->cfg->endpoint, I->r.source, number,
		I->recorded, sv_str_of(what) };

	return map_uuid(parts, sizeof(parts) / sizeof(parts[0]), ret);
}

static void
write_message(struct ad_intake *I, struct fhir_writer *w)
{
	char bundle[MAP_UUID_TEXT], header[MAP_UUID_TEXT],
	    outcome[MAP_UUID_TEXT];

	if (!sv_is_ok(make_id(I, "Bundle", bundle))
	    || !sv_is_ok(make_id(I, "MessageHeader", header))
	    || !sv_is_ok(make_id(I, "OperationOutcome", outcome))) {
		w->failed = true;
		return;
	}
	fhir_open_resource(w, NULL, "Bundle");
	fhir_put_lit(w, "id", bundle);
	fhir_put_lit(w, "type", "message");
	fhir_put_str(w, "timestamp", I->recorded);
	fhir_open_array(w, "entry");
	fhir_open(w, "entry");
	fhir_put_str(w, "fullUrl", urn(I, header));
	write_header(I, w, header, outcome);
	fhir_close(w);
	fhir_open(w, "entry");
	fhir_put_str(w, "fullUrl", urn(I, outcome));
	fhir_outcome_write(w, "resource", &I->whole.is);
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
}

/* The answer to a message names the one that it answers. */
static bool
is_answerable_message(const struct ad_intake *I)
{
	struct fhir_at root;

	if (!sv_str_is(I->doc.bundle_type, "message") || I->doc.n_entries == 0
	    || I->doc.entries[0].tree == NULL)
		return false;
	root = fhir_entry_root(&I->doc.entries[0]);
	return fhir_text(&root, "id").n > 0;
}

struct sv_status
ad_answer_write(struct ad_intake *I)
{
	struct sv_str type = I->doc.bundle_type;
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &I->A, SV_LIMIT_OUTPUT);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	tell(I, &I->whole);
	for (size_t i = 0; I->each != NULL && i < I->doc.n_entries; i++)
		tell(I, &I->each[i]);
	/* A batch is answered entry by entry, whatever became of them. */
	if (sv_str_is(type, "batch") && I->each != NULL) {
		I->whole.status = I->m.status = 200;
		write_response(I, &w, "batch-response");
	} else if (is_answerable_message(I)) {
		write_message(I, &w);
	} else if (sv_str_is(type, "transaction")
	    && I->whole.fate == AD_FATE_APPLIED) {
		write_response(I, &w, "transaction-response");
	} else {
		fhir_outcome_write(&w, NULL, &I->whole.is);
	}
	SV_ENSURE(fhir_write_ok(&w), SV_NOMEM);
	I->m.answer = sv_buf_str(&b);
	return SV_OK;
}
