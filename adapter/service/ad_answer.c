/*
 * What the sender is told.
 */
#include "ad_apply.h"

#include <stdio.h>

#include "fhir_outcome.h"
#include "fhir_type.h"
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

/* The MessageHeader of an answer (R4 messaging.html#2.4.3): which message it
 * answers and how that went. */
static void
write_header(struct ad_intake *I, struct fhir_writer *w)
{
	struct fhir_at root = fhir_entry_root(&I->doc.entries[0]);
	struct fhir_at event = fhir_get(&root, "eventCoding");

	fhir_open_resource(w, "resource", "MessageHeader");
	if (fhir_is(&event)) {
		fhir_open(w, "eventCoding");
		fhir_put_str(w, "system", fhir_text(&event, "system"));
		fhir_put_str(w, "code", fhir_text(&event, "code"));
		fhir_close(w);
	} else {
		fhir_put_str(w, "eventUri", fhir_text(&root, "eventUri"));
	}
	fhir_open(w, "source");
	fhir_put_lit(w, "name", "Salvor");
	fhir_put_lit(w, "endpoint", "https://salvor.example/fhir");
	fhir_close(w);
	fhir_open(w, "response");
	fhir_put_str(w, "identifier", fhir_text(&root, "id"));
	fhir_put_lit(w, "code", I->whole.fate == AD_FATE_REFUSED
	    ? "fatal-error" : "ok");
	fhir_open(w, "details");
	fhir_put_lit(w, "reference", "urn:uuid:00000000-0000-5000-8000-"
	    "000000000001");
	fhir_close(w);
	fhir_close(w);
	fhir_close(w);
}

static void
write_message(struct ad_intake *I, struct fhir_writer *w)
{
	fhir_open_resource(w, NULL, "Bundle");
	fhir_put_lit(w, "type", "message");
	fhir_put_str(w, "timestamp", I->recorded);
	fhir_open_array(w, "entry");
	fhir_open(w, "entry");
	fhir_put_lit(w, "fullUrl", "urn:uuid:00000000-0000-5000-8000-"
	    "000000000002");
	write_header(I, w);
	fhir_close(w);
	fhir_open(w, "entry");
	fhir_put_lit(w, "fullUrl", "urn:uuid:00000000-0000-5000-8000-"
	    "000000000001");
	fhir_outcome_write(w, "resource", &I->whole.is);
	fhir_close(w);
	fhir_close_array(w);
	fhir_close(w);
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
	} else if (sv_str_is(type, "message") && I->doc.n_entries > 0
	    && I->doc.entries[0].tree != NULL) {
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
