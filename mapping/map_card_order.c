/*
 * Draft orders held against the rules [R70].
 *
 * Local salvage treatment is checked against every rule that blocks it; the
 * source wants a biopsy before any (S10), so that is said even if the failure
 * itself is not established by the data.  An order of ADT is looked at as if
 * it were given already: what the rules would then warn of is said now.
 */
#include "map_card_part.h"

#define LOCAL_SALVAGE "local-salvage"
#define BIOPSY "prostate-biopsy"

enum order_kind { ORDER_OTHER, ORDER_LOCAL, ORDER_ADT };

struct checking {
	struct sv_arena *A;
	const struct map_card_call *call;
	const struct core_guidance *g;	/* of the prostate */
	struct map_card_list *list;
};

/* The activity of the rule book that ${code} is, if it is our own code. */
static const struct core_activity *
own_activity(const struct core_rulebook *book, const struct fhir_at *concept)
{
	struct fhir_at x;

	for (x = fhir_first(concept, "coding"); fhir_is(&x);
	    x = fhir_next(&x)) {
		struct fhir_coding c = fhir_coding_at(&x);

		if (!sv_str_is(c.system, MAP_ACTIVITY_SYSTEM))
			continue;
		for (size_t i = 0; i < book->n_rules; i++) {
			const struct core_rule *r = &book->rules[i];

			for (size_t k = 0; k < r->n_activities; k++) {
				if (sv_str_eq(r->activities[k].code, c.code))
					return &r->activities[k];
			}
		}
	}
	return NULL;
}

static enum core_tri
truth(const struct checking *K, enum core_fact_id id)
{
	return K->call->result->decision.facts.fact[id].truth;
}

static bool
had_radiation_or_ablation(const struct checking *K)
{
	return truth(K, CORE_RT_AS_PRIMARY) != CORE_FALSE
	    || truth(K, CORE_FOCAL_AS_PRIMARY) != CORE_FALSE;
}

/* Radiation elsewhere, such as to a painful bone, is no local salvage. */
static bool
is_at_prostate(const struct checking *K, const struct fhir_at *root)
{
	struct fhir_at site = fhir_get(root, "bodySite");
	bool conflict = false;
	struct map_meaning m;

	if (!fhir_is(&site))
		return true;
	m = map_concept_meaning(K->call->engine->input.terminology,
	    MAP_ROLE_SITE, &site, &conflict);
	return m.site == CORE_SITE_NONE || m.site == CORE_SITE_UNSPECIFIED
	    || m.site == CORE_SITE_PROSTATE || m.site == CORE_SITE_PROSTATE_BED;
}

static enum order_kind
kind_of_concept(const struct checking *K, enum core_concept c,
    const struct fhir_at *root)
{
	switch (c) {
	case CORE_RADICAL_PROSTATECTOMY:
	case CORE_FOCAL_ABLATION:
	case CORE_CRYOABLATION:
		return ORDER_LOCAL;
	case CORE_RADIOTHERAPY:
		return is_at_prostate(K, root) ? ORDER_LOCAL : ORDER_OTHER;
	case CORE_ADT:
	case CORE_BILATERAL_ORCHIECTOMY:
		return ORDER_ADT;
	default:
		return ORDER_OTHER;
	}
}

static struct fhir_at
order_concept(const struct fhir_entry *e, const struct fhir_at *root)
{
	return fhir_get(root, sv_str_is(e->resource_type, "MedicationRequest")
	    ? "medicationCodeableConcept" : "code");
}

static enum order_kind
kind_of(const struct checking *K, const struct fhir_entry *e)
{
	bool drug = sv_str_is(e->resource_type, "MedicationRequest");
	struct fhir_at root = fhir_entry_root(e);
	struct fhir_at code = order_concept(e, &root);
	const struct core_activity *a;
	struct map_meaning m;
	bool conflict = false;

	if (!fhir_is(&code) || sv_str_is(fhir_text(&root, "doNotPerform"),
	    "true"))
		return ORDER_OTHER;
	a = own_activity(K->call->result->book, &code);
	if (a != NULL)
		return sv_str_is(a->group, LOCAL_SALVAGE) ? ORDER_LOCAL
		    : sv_str_is(a->code, "adt") ? ORDER_ADT : ORDER_OTHER;
	m = map_concept_meaning(K->call->engine->input.terminology, drug
	    ? MAP_ROLE_MEDICATION : MAP_ROLE_PROCEDURE, &code, &conflict);
	return m.verdict == MAP_ACCEPT ? kind_of_concept(K, m.concept, &root)
	    : ORDER_OTHER;
}

static struct sv_str
order_text(const struct fhir_entry *e)
{
	struct fhir_at root = fhir_entry_root(e);
	struct fhir_at code = order_concept(e, &root);
	struct fhir_at coding = fhir_get(&code, "coding");
	struct sv_str text = fhir_text(&code, "text");

	return text.n > 0 ? text : fhir_text(&coding, "display");
}

/* A rule that stands against the order; for the card it counts in full, even
 * if data is still open. */
static void
stand_against(struct map_card *c, const struct core_finding *f)
{
	map_card_finding(c, f);
	if (f->rule->urgency > c->urgency)
		c->urgency = f->rule->urgency;
	for (size_t i = 0; i < f->rule->n_activities; i++)
		map_card_offer(c, &f->rule->activities[i], NULL);
}

/* The rule that wants a biopsy before local salvage. */
static const struct core_finding *
biopsy_rule(const struct core_decision *d)
{
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_rule *r = d->findings[i].rule;

		if (!map_phrase_blocks(&d->findings[i],
		    SV_LIT(LOCAL_SALVAGE)))
			continue;
		for (size_t k = 0; k < r->n_activities; k++) {
			if (sv_str_is(r->activities[k].code, BIOPSY))
				return &d->findings[i];
		}
	}
	return NULL;
}

/* "Order: HIFU of prostate." and why this is said. */
static struct sv_str
lead_of(struct checking *K, const struct fhir_entry *e, const char *why)
{
	struct sv_buf b;

	sv_buf_init(&b, K->A, 8192);
	sv_buf_add(&b, SV_LIT("Order: "));
	map_card_escape(&b, map_card_clip(K->A, order_text(e), 200));
	sv_buf_add(&b, SV_LIT(".\n\n"));
	sv_buf_add(&b, sv_str_of(why));
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

static void
gather_blocks(struct checking *K, struct map_card *c)
{
	for (size_t i = 0; i < K->g->n_findings; i++) {
		const struct core_finding *f = K->g->findings[i];

		if (!map_phrase_blocks(f, SV_LIT(LOCAL_SALVAGE)))
			continue;
		if (f->state != CORE_NEEDS_DATA
		    || had_radiation_or_ablation(K))
			stand_against(c, f);
	}
}

/* Local treatment after radiation or ablation, and no biopsy says that there
 * is anything to treat. */
static bool
lacks_biopsy(const struct checking *K)
{
	return had_radiation_or_ablation(K)
	    && truth(K, CORE_BIOPSY_CONFIRMED_LOCAL_RECURRENCE) != CORE_TRUE;
}

static struct sv_status
check_local(struct checking *K, const struct fhir_entry *e)
{
	const struct core_finding *biopsy = biopsy_rule(
	    &K->call->result->decision);
	struct map_card *c = map_card_add(K->list);
	const char *why = "";

	SV_ENSURE(c != NULL, SV_LIMIT);
	c->order = e;
	c->g = K->g;
	gather_blocks(K, c);
	if (c->n_findings == 0 && lacks_biopsy(K) && biopsy != NULL
	    && truth(K, CORE_LOCAL_SALVAGE_DONE) != CORE_TRUE) {
		stand_against(c, biopsy);
		why = "No failure of the first treatment is established by "
		    "the data. This is said because local treatment is ordered "
		    "after radiation or ablation.\n\n";
	}
	if (c->n_findings == 0) {
		K->list->n--;
		return SV_OK;
	}
	c->lead = lead_of(K, e, why);
	c->summary = lacks_biopsy(K) ? SV_LIT("Local salvage treatment is ordered, but no biopsy that "
	    "confirms recurrence is recorded: biopsy comes first.")
	    : map_card_clip(K->A, sv_arena_printf(K->A, "Local salvage "
	    "treatment is ordered: %.*s", SV_FMT(c->topic_display)),
	    MAP_SUMMARY_MAX);
	return c->lead.p != NULL && c->summary.p != NULL ? SV_OK : SV_NOMEM;
}

/* The decision as it would be if ADT were given from today on. */
static struct sv_status
decide_with_adt(struct checking *K, struct core_decision *ret)
{
	const struct map_result *r = K->call->result;
	size_t n = r->patient.n_events;
	struct core_event *e = sv_arena_alloc(K->A, (n + 1) * sizeof(*e));

	SV_ENSURE(e != NULL, SV_NOMEM);
	for (size_t i = 0; i < n; i++)
		e[i] = r->patient.events[i];
	e[n] = (struct core_event){ .kind = CORE_MEDICATION,
		.concept = CORE_ADT, .source = SV_LIT("draftOrders"),
		.date = sv_date_exact(r->decision.line.as_of) };
	return core_decide(K->A, r->book, &(struct core_history){
	    .events = e, .n_events = n + 1,
	    .as_of = r->decision.line.as_of }, ret);
}

static struct sv_status
check_adt(struct checking *K, const struct fhir_entry *e)
{
	struct core_decision *d = sv_arena_zalloc(K->A, 1, sizeof(*d));
	struct map_card *c = map_card_add(K->list);

	SV_ENSURE(d != NULL, SV_NOMEM);
	SV_ENSURE(c != NULL, SV_LIMIT);
	SV_TRY(decide_with_adt(K, d));
	c->order = e;
	c->g = K->g;
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct core_finding *f = &d->findings[i];

		if (f->rule->kind == CORE_RULE_CAUTION
		    && (f->rule->when.facts & CORE_FACT_BIT(CORE_ON_ADT_NOW))
		    && core_speaks(f->state))
			stand_against(c, f);
	}
	if (c->n_findings == 0) {
		K->list->n--;
		return SV_OK;
	}
	c->lead = lead_of(K, e, "As it would be with this order:\n\n");
	c->summary = map_card_clip(K->A, sv_arena_printf(K->A, "ADT is "
	    "ordered: %.*s", SV_FMT(c->topic_display)), MAP_SUMMARY_MAX);
	return c->lead.p != NULL && c->summary.p != NULL ? SV_OK : SV_NOMEM;
}

struct sv_status
map_card_orders(struct sv_arena *A, const struct map_card_call *call,
    struct map_card_list *list)
{
	const struct core_decision *d = &call->result->decision;
	struct checking K = { A, call, NULL, list };

	for (size_t i = 0; i < d->n_guidance; i++) {
		if (d->guidance[i].cancer == CORE_CANCER_PROSTATE)
			K.g = &d->guidance[i];
	}
	for (size_t i = 0; K.g != NULL && i < call->request->n_orders
	    && list->n < MAP_CARDS_MAX; i++) {
		const struct fhir_entry *e = &call->request->orders[i];
		enum order_kind kind = kind_of(&K, e);

		if (kind == ORDER_LOCAL)
			SV_TRY(check_local(&K, e));
		else if (kind == ORDER_ADT)
			SV_TRY(check_adt(&K, e));
	}
	return SV_OK;
}
