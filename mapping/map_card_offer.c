/*
 * What a clinician can do with a card: suggestions, which are drafts; reasons
 * not to follow it; links.
 */
#include "map_card_part.h"

#include "map_hash.h"

#define HL7_REASONS "http://terminology.hl7.org/CodeSystem/"		\
	"non-adherence-reason-codes"
#define REASON(code, display) { SV_STATIC(HL7_REASONS), SV_STATIC(code),	\
	SV_STATIC(display) }

/* The value set non-adherence-reason-clinical of CDS Hooks 3.0.0-ballot. */
const struct map_coding map_reasons[] = {
	REASON("cds-not-applicable", "PC CDS does not apply to patient"),
	REASON("cds-suboptimal-context",
	    "PC CDS delivered in suboptimal context"),
	REASON("recipient-disagrees-evidence", "Recipient disagrees with "
	    "recommendation because of issues with the evidence"),
	REASON("recipient-concerns-outcomes", "Recipient has concerns "
	    "regarding potential health outcomes"),
	REASON("does-not-align-preferences", "Recommendation does not align "
	    "with patient preferences or values"),
	REASON("not-convenient-feasible",
	    "Recommendation is not convenient or feasible"),
	REASON("action-completed",
	    "Recommended action was already completed"),
	REASON("patient-contraindication",
	    "Patient has contraindication to recommended action"),
	REASON("patient-refuses",
	    "Patient refuses/declines (no context given)*"),
	REASON("too-costly-uncovered", "Recommended action is too costly or "
	    "not covered by insurance"),
	REASON("service-not-available",
	    "Treatment or service is not practically available"),
	REASON("recipient-does-not-understand", "Recipient does not "
	    "understand the recommended action or know how to perform the "
	    "recommended action"),
};
const size_t map_n_reasons = sizeof(map_reasons) / sizeof(map_reasons[0]);

struct offering {
	struct fhir_writer *w;
	struct sv_arena *A;
	const struct map_card_call *call;
	const struct map_card *c;
};

static void
put_coding(struct fhir_writer *w, const char *name, struct map_coding x)
{
	fhir_open(w, name);
	fhir_put_str(w, "system", x.system);
	fhir_put_str(w, "code", x.code);
	fhir_put_str(w, "display", x.display);
	fhir_close(w);
}

static void
put_concept(struct fhir_writer *w, const char *name, struct map_coding x)
{
	fhir_open(w, name);
	fhir_open_array(w, "coding");
	put_coding(w, "coding", x);
	fhir_close_array(w);
	fhir_put_str(w, "text", x.display);
	fhir_close(w);
}

/* A draft: whoever accepts it completes and signs it [R43]. */
static void
put_request(struct offering *O, const struct core_activity *a)
{
	struct fhir_writer *w = O->w;

	fhir_open_resource(w, "resource", "ServiceRequest");
	fhir_put_lit(w, "status", "draft");
	fhir_put_lit(w, "intent", "proposal");
	put_concept(w, "code", (struct map_coding){
	    SV_LIT(MAP_ACTIVITY_SYSTEM), a->code, a->display });
	fhir_open(w, "subject");
	fhir_put_str(w, "reference", sv_arena_printf(O->A, "Patient/%.*s",
	    SV_FMT(O->call->request->patient)));
	fhir_close(w);
	fhir_open_array(w, "reasonCode");
	put_concept(w, "reasonCode", (struct map_coding){
	    SV_LIT(MAP_RULE_SYSTEM), O->c->topic, O->c->topic_display });
	fhir_close_array(w);
	fhir_close(w);
}

static void
put_create(struct offering *O, const struct core_activity *a)
{
	fhir_open(O->w, "actions");
	fhir_put_lit(O->w, "type", "create");
	fhir_put_str(O->w, "description", sv_arena_printf(O->A, "Draft a "
	    "request, for discussion: %.*s", SV_FMT(a->display)));
	put_request(O, a);
	fhir_close(O->w);
}

static struct sv_str
order_name(struct offering *O)
{
	struct fhir_at root = fhir_entry_root(O->c->order);

	return sv_arena_printf(O->A, "%.*s/%.*s",
	    SV_FMT(O->c->order->resource_type), SV_FMT(fhir_text(&root, "id")));
}

static void
put_delete(struct offering *O)
{
	fhir_open(O->w, "actions");
	fhir_put_lit(O->w, "type", "delete");
	fhir_put_lit(O->w, "description", "Remove this draft order");
	fhir_put_str(O->w, "resourceId", order_name(O));
	fhir_close(O->w);
}

static bool
open_suggestion(struct offering *O, struct sv_str label, struct sv_str key)
{
	struct sv_str parts[2] = { sv_str_of(O->c->shown.uuid), key };
	char uuid[MAP_UUID_TEXT];

	if (!sv_is_ok(map_uuid(parts, 2, uuid)))
		return false;
	fhir_open(O->w, "suggestions");
	fhir_put_str(O->w, "label", map_card_clip(O->A, label,
	    MAP_SUMMARY_MAX));
	fhir_put_lit(O->w, "uuid", uuid);
	return true;
}

static void
close_suggestion(struct offering *O, bool several)
{
	if (several && O->call->options->profile.version_3)
		fhir_put_lit(O->w, "actionSelectionBehavior", "all");
	fhir_close(O->w);
}

/* "ADT with salvage RT, 4 to 6 months" */
static struct sv_str
label_of(struct offering *O, const struct core_activity *a)
{
	if (a->min_months <= 0)
		return a->display;
	return sv_arena_printf(O->A, "%.*s, %d to %d months",
	    SV_FMT(a->display), (int)a->min_months, (int)a->max_months);
}

static bool
put_offer(struct offering *O, const struct core_activity *a)
{
	if (!open_suggestion(O, label_of(O, a), a->code))
		return false;
	fhir_open_array(O->w, "actions");
	put_create(O, a);
	fhir_close_array(O->w);
	close_suggestion(O, false);
	return true;
}

/* Instead of the order: its removal with what should come first, as one step
 * where the client can, else as two [R40]. */
static bool
put_instead(struct offering *O)
{
	struct fhir_at root = fhir_entry_root(O->c->order);
	const struct map_card *c = O->c;
	bool both = !O->call->options->profile.single_action
	    && c->n_offers > 0;
	bool ok;

	if (fhir_text(&root, "id").n == 0)
		return true;
	ok = open_suggestion(O, both ? sv_arena_printf(O->A, "Remove this "
	    "order; instead: %.*s", SV_FMT(c->offers[0]->display))
	    : SV_LIT("Remove this order"), SV_LIT("instead"));
	fhir_open_array(O->w, "actions");
	put_delete(O);
	if (both)
		put_create(O, c->offers[0]);
	fhir_close_array(O->w);
	close_suggestion(O, both);
	return ok;
}

/* Alternatives of one group exclude each other. */
static bool
are_alternatives(const struct map_card *c)
{
	for (size_t i = 0; i < c->n_offers; i++) {
		if (c->offers[i]->group.n == 0
		    || !sv_str_eq(c->offers[i]->group, c->offers[0]->group))
			return false;
	}
	return c->n_offers > 1;
}

/* How the suggestions go together. */
static const char *
behaviour_of(struct offering *O)
{
	bool one = are_alternatives(O->c) || O->c->order != NULL;

	return one && !O->call->options->profile.any_only ? "at-most-one"
	    : "any";
}

static void
put_suggestions(struct offering *O)
{
	bool ok = true;

	if (O->call->options->profile.no_suggestions
	    || (O->c->n_offers == 0 && O->c->order == NULL))
		return;
	fhir_open_array(O->w, "suggestions");
	if (O->c->order != NULL)
		ok = put_instead(O);
	for (size_t i = 0; i < O->c->n_offers; i++)
		ok = put_offer(O, O->c->offers[i]) && ok;
	fhir_close_array(O->w);
	fhir_put_lit(O->w, "selectionBehavior", behaviour_of(O));
	O->w->failed = O->w->failed || !ok;
}

static void
put_links(struct offering *O)
{
	const struct map_card_options *o = O->call->options;

	if (o->page.n == 0 && o->app.n == 0)
		return;
	fhir_open_array(O->w, "links");
	if (o->page.n > 0) {
		fhir_open(O->w, "links");
		fhir_put_lit(O->w, "label", "The patient's timeline, PSA curve "
		    "and all reasons");
		fhir_put_str(O->w, "url", o->page);
		fhir_put_lit(O->w, "type", "absolute");
		fhir_close(O->w);
	}
	if (o->app.n > 0) {
		fhir_open(O->w, "links");
		fhir_put_lit(O->w, "label", "Open Salvor");
		fhir_put_str(O->w, "url", o->app);
		fhir_put_lit(O->w, "type", "smart");
		fhir_put_str(O->w, "appContext", sv_arena_printf(O->A,
		    "{\"card\":\"%s\"}", O->c->shown.uuid));
		fhir_close(O->w);
	}
	fhir_close_array(O->w);
}

void
map_card_put_offers(struct fhir_writer *w, struct sv_arena *A,
    const struct map_card_call *call, const struct map_card *c)
{
	struct offering O = { w, A, call, c };

	put_suggestions(&O);
	if (call->options->n_reasons > 0)
		fhir_open_array(w, "overrideReasons");
	for (size_t i = 0; i < call->options->n_reasons; i++)
		put_coding(w, "overrideReasons", call->options->reasons[i]);
	if (call->options->n_reasons > 0)
		fhir_close_array(w);
	put_links(&O);
}
