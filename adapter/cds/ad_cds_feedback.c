/*
 * What clinicians did with cards [R51-R54].  All of a call is stored, or
 * nothing; what it says is not logged.
 */
#include "ad_cds_part.h"

#include "ad_cds_ledger.h"
#include "ad_clock.h"
#include "ad_log.h"
#include "fhir_json.h"

#define MAX_ITEMS 1000

static const struct sv_str nothing = { NULL, 0 };

static struct sv_status
wrong(struct ad_cds_call *k, const struct fhir_at *at, const char *what)
{
	fhir_issue_at(&k->is, FHIR_FATAL, FHIR_CODE_INVALID, at, "%s", what);
	return SV_BAD;
}

/* RFC 3339, in any zone: a date and time with an offset. */
static bool
is_instant(struct sv_str s)
{
	struct sv_date d;

	return s.n >= 20 && sv_is_ok(sv_date_parse(s, &d));
}

/* The ids of what was accepted, joined by commas. */
static struct sv_str
suggestions_of(struct ad_cds_call *k, const struct fhir_at *item)
{
	struct sv_buf b;
	struct fhir_at x;

	sv_buf_init(&b, &k->A, 65536);
	for (x = fhir_first(item, "acceptedSuggestions"); fhir_is(&x);
	    x = fhir_next(&x)) {
		if (b.n > 0)
			sv_buf_addc(&b, ',');
		sv_buf_add(&b, fhir_text(&x, "id"));
	}
	return sv_buf_ok(&b) ? sv_buf_str(&b) : nothing;
}

/* overrideReason, or overrideReasons as some send it [R53]. */
static void
read_reason(const struct fhir_at *item, struct ad_feedback *f)
{
	struct fhir_at r = fhir_get(item, "overrideReason"), reason, ext, x;

	if (!fhir_is(&r))
		r = fhir_get(item, "overrideReasons");
	reason = fhir_get(&r, "reason");
	f->reason_system = fhir_text(&reason, "system");
	f->reason_code = fhir_text(&reason, "code");
	f->reason_display = fhir_text(&reason, "display");
	f->comment = fhir_text(&r, "userComment");
	ext = fhir_get(&r, "extension");
	x = fhir_member(&ext);
	if (!fhir_is(&reason) && fhir_is(&x))
		f->reason_display = fhir_value(&x);
}

static struct sv_status
read_item(struct ad_cds_call *k, const struct fhir_at *item,
    struct ad_feedback *f)
{
	*f = (struct ad_feedback){ .card = fhir_text(item, "card"),
		.client = sv_str_of(k->client->name),
		.service = ad_cds_service_id(k->hook),
		.outcome = fhir_text(item, "outcome"),
		.stamp = fhir_text(item, "outcomeTimestamp"),
		.received_ms = ad_now_ms() };
	if (!fhir_is_object(item) || f->card.n == 0)
		return wrong(k, item, "\"card\" is required (cds-fb-1).");
	if (!is_instant(f->stamp))
		return wrong(k, item, "\"outcomeTimestamp\" is a time with a "
		    "zone (RFC 3339).");
	read_reason(item, f);
	if (sv_str_is(f->outcome, "accepted")) {
		f->suggestions = suggestions_of(k, item);
		return f->suggestions.n > 0 ? SV_OK : wrong(k, item,
		    "\"acceptedSuggestions\" is required (cds-fb-2).");
	}
	if (!sv_str_is(f->outcome, "overridden"))
		return wrong(k, item, "\"outcome\" is accepted or overridden.");
	return SV_OK;
}

static struct sv_status
read_feedback(struct ad_cds_call *k, struct ad_cds_report *ret)
{
	struct fhir_json_limits limits = fhir_json_limits_default();
	struct sv_str text = ad_http_body(k->http);
	const struct cJSON *tree;
	struct ad_feedback *list;
	struct fhir_at root, x;

	SV_TRY(fhir_json_scan_tree(&k->A, text, &limits, &tree, &k->is));
	root = fhir_root(tree, "request");
	x = fhir_first(&root, "feedback");
	if (fhir_is(&x) && x.index < 0)
		return wrong(k, &root, "\"feedback\" is an array.");
	list = sv_arena_zalloc(&k->A, MAX_ITEMS, sizeof(*list));
	SV_ENSURE(list != NULL, SV_NOMEM);
	for (; fhir_is(&x); x = fhir_next(&x)) {
		SV_ENSURE(ret->n < MAX_ITEMS, SV_LIMIT);
		SV_TRY(read_item(k, &x, &list[ret->n]));
		ret->n++;
	}
	ret->at = list;
	return ret->n > 0 ? SV_OK : wrong(k, &root, "\"feedback\" is "
	    "required, an array that is not empty.");
}

/* In the ledger's thread. */
static void
written(void *ctx, bool ok)
{
	struct ad_cds_call *k = ctx;

	if (ok)
		ad_cds_answer(k, 200, nothing);
	else
		ad_cds_refuse(k, 503, "The feedback could not be stored. Send "
		    "it again later.", nothing);
}

void
ad_cds_take_feedback(struct ad_cds_call *k)
{
	struct ad_cds_report *r = sv_arena_zalloc(&k->A, 1, sizeof(*r));
	struct sv_status s = r != NULL ? read_feedback(k, r) : SV_NOMEM;

	if (!sv_is_ok(s)) {
		ad_cds_refuse(k, s.code == SV_CODE_NOMEM ? 503
		    : s.code == SV_CODE_LIMIT ? 413 : 400,
		    "The feedback is not as the specification has it; nothing "
		    "of it was stored.", k->is.n > 0 ? k->is.at[0].text
		    : nothing);
		return;
	}
	k->C->feedback += (int64_t)r->n;
	r->done = written;
	r->ctx = k;
	if (!ad_cds_ledger_feedback(k->C->ledger, r))
		ad_cds_refuse(k, 503, "Too much feedback waits. Send it again "
		    "later.", nothing);
}
