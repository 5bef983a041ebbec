/*
 * Which cards there are, in which order, and their frame.
 */
#include "map_card_part.h"

#include "map_hash.h"

#include <stdlib.h>
#include <string.h>

enum map_ability
map_hook_ability(const struct map_hook_request *r, bool remembered)
{
	enum map_ability a = MAP_ABLE;

	for (int k = 0; k < MAP_KEY_MAX && !remembered; k++) {
		enum map_need need = map_template((enum map_key)k)->need;

		if (map_hook_has(r, (enum map_key)k))
			continue;
		/* Half a set is worse than none: it looks whole. */
		if (need == MAP_NEED_HELPFUL
		    && r->key[k].state == MAP_SUPPLY_ABSENT)
			continue;
		if (need == MAP_NEED_REQUIRED && r->key[k].unclear == 0
		    && r->key[k].state != MAP_SUPPLY_PART)
			return MAP_UNABLE;
		a = MAP_BLIND;
	}
	return a;
}

struct map_card *
map_card_add(struct map_card_list *list)
{
	struct map_card *c;

	if (list->n == MAP_CARDS_MAX)
		return NULL;
	c = &list->card[list->n++];
	*c = (struct map_card){ .urgency = CORE_URGENCY_INFO };
	return c;
}

void
map_card_finding(struct map_card *c, const struct core_finding *f)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i] == f)
			return;
	}
	if (c->n_findings == MAP_CARD_FINDINGS)
		return;
	c->findings[c->n_findings++] = f;
	if (f->state != CORE_NEEDS_DATA && f->rule->urgency > c->urgency)
		c->urgency = f->rule->urgency;
	if (c->topic.n == 0) {
		c->topic = f->rule->id;
		c->topic_display = f->rule->title;
		c->plan = f->rule->plan;
	}
}

void
map_card_offer(struct map_card *c, const struct core_activity *a,
    const struct core_proposal *p)
{
	for (size_t i = 0; i < c->n_offers; i++) {
		if (sv_str_eq(c->offers[i]->code, a->code))
			return;
	}
	if (c->n_offers == MAP_CARD_FINDINGS)
		return;
	c->proposals[c->n_offers] = p;
	c->offers[c->n_offers++] = a;
}

/* "Prostate cancer: Biopsy before any local salvage; Restaging before local
 * salvage." as many titles as fit. */
static struct sv_str
summarise(struct sv_arena *A, const struct core_facts *facts,
    const struct map_card *c)
{
	const struct core_guidance *g = c->g;
	bool waits = g->output == CORE_OUTPUT_DATA_REQUIRED;
	struct sv_buf b;
	size_t put = 0;

	sv_buf_init(&b, A, 4096);
	sv_buf_add(&b, map_phrase_cancer(g->cancer));
	sv_buf_add(&b, waits ? SV_LIT(", data needed for: ") : SV_LIT(": "));
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct core_finding *f = c->findings[i];

		if (f->rule->kind == CORE_RULE_CLASSIFY
		    || (f->state == CORE_NEEDS_DATA) != waits)
			continue;
		if (put > 0 && b.n + f->rule->title.n + 24 > MAP_SUMMARY_MAX)
			break;
		if (put++ > 0)
			sv_buf_add(&b, SV_LIT("; "));
		sv_buf_add(&b, f->rule->title);
		if (f->state == CORE_PROVISIONAL)
			sv_buf_add(&b, SV_LIT(" (provisional)"));
	}
	if (put == 0)
		sv_buf_add(&b, map_phrase_intent(g->intent, facts));
	return map_card_clip(A, sv_buf_str(&b), MAP_SUMMARY_MAX);
}

/* The guidance for one cancer: what speaks first, so that the topic is the
 * first thing said. */
static struct sv_status
add_guidance(struct sv_arena *A, const struct core_decision *d, size_t i,
    struct map_card_list *list)
{
	const struct core_guidance *g = &d->guidance[i];
	struct map_card *c = map_card_add(list);

	SV_ENSURE(c != NULL, SV_LIMIT);
	c->g = g;
	for (int pass = 0; pass < 3; pass++) {
		for (size_t k = 0; k < g->n_findings; k++) {
			const struct core_finding *f = g->findings[k];
			bool quiet = f->rule->kind == CORE_RULE_CLASSIFY;

			if (pass == (!core_speaks(f->state) ? 2 : quiet ? 1 : 0))
				map_card_finding(c, f);
		}
	}
	for (size_t k = 0; k < g->n_proposals; k++)
		map_card_offer(c, &g->proposals[k].activity,
		    &g->proposals[k]);
	c->summary = summarise(A, &d->facts, c);
	return c->summary.p != NULL ? SV_OK : SV_NOMEM;
}

/* Something of the patient's is missing that could change what is said. */
static struct sv_status
add_missing(struct sv_arena *A, const struct map_card_call *call,
    struct map_card_list *list)
{
	bool order = call->request->hook != MAP_HOOK_PATIENT_VIEW;
	struct map_card *c = map_card_add(list);
	struct sv_buf b;

	SV_ENSURE(c != NULL, SV_LIMIT);
	c->topic = SV_LIT("DATA-MISSING");
	c->topic_display = SV_LIT("Data is missing");
	c->urgency = order ? CORE_URGENCY_WARNING : CORE_URGENCY_INFO;
	c->summary = order ? SV_LIT("Salvage therapy: this order could not be "
	    "checked, because data of the patient is missing.")
	    : SV_LIT("Salvage therapy: not assessed, because data of the "
	    "patient is missing.");
	sv_buf_init(&b, A, 4096);
	sv_buf_add(&b, SV_LIT("Nothing was concluded, because a part of the "
	    "record would look like the whole. Missing:\n\n"));
	map_card_missing(&b, call->request);
	sv_buf_add(&b, SV_LIT("\nPlease judge by the full record.\n"));
	SV_ENSURE(sv_buf_ok(&b), SV_NOMEM);
	c->lead = sv_buf_str(&b);
	return SV_OK;
}

static struct sv_status
gather(struct sv_arena *A, const struct map_card_call *call,
    struct map_card_list *list)
{
	const struct core_decision *d = &call->result->decision;
	const struct map_hook_request *q = call->request;
	bool concerned = d->n_guidance > 0;

	if (map_hook_ability(q, call->options->remembered) != MAP_ABLE) {
		/* A patient without any of these cancers is left in peace,
		 * as long as the diagnoses are whole. */
		if (map_hook_has(q, MAP_KEY_CONDITIONS) && !concerned)
			return SV_OK;
		if (q->hook != MAP_HOOK_PATIENT_VIEW && q->n_orders == 0)
			return SV_OK;
		return add_missing(A, call, list);
	}
	if (q->hook != MAP_HOOK_PATIENT_VIEW)
		return map_card_orders(A, call, list);
	for (size_t i = 0; i < d->n_guidance; i++) {
		if (d->guidance[i].output != CORE_OUTPUT_NONE)
			SV_TRY(add_guidance(A, d, i, list));
	}
	return SV_OK;
}

/* What the card concluded: each rule and its state. */
static struct sv_status
identify(struct sv_arena *A, const struct map_hook_request *q,
    struct map_card *c)
{
	static const struct sv_str none = { "", 0 };
	struct sv_str parts[3] = { q->instance, c->topic, none };
	struct fhir_at root;
	struct sv_buf rules, all;
	struct sv_str content;

	sv_buf_init(&rules, A, 4096);
	sv_buf_init(&all, A, 4096);
	for (size_t i = 0; i < c->n_findings; i++) {
		if (i > 0)
			sv_buf_addc(&rules, ',');
		sv_buf_add(&rules, c->findings[i]->rule->id);
		sv_buf_add(&all, c->findings[i]->rule->id);
		sv_buf_add(&all, core_state_name(c->findings[i]->state));
	}
	if (c->order != NULL) {
		root = fhir_entry_root(c->order);
		parts[2] = fhir_text(&root, "id");
	} else if (c->g != NULL) {
		parts[2] = core_cancer_name(c->g->cancer);
	}
	SV_TRY(map_uuid(parts, 3, c->shown.uuid));
	SV_ENSURE(sv_buf_ok(&rules) && sv_buf_ok(&all), SV_NOMEM);
	content = sv_buf_str(&all);
	SV_TRY(map_hash(&content, 1, c->shown.content));
	c->shown.content[MAP_HASH_HEX] = '\0';
	c->shown.topic = c->topic;
	c->shown.rules = sv_buf_str(&rules);
	c->shown.urgency = c->urgency;
	return SV_OK;
}

/* Critical, warning, info; then by rule [R49]. */
static int
by_urgency(const void *a, const void *b)
{
	const struct map_card *x = a, *y = b;

	if (x->urgency != y->urgency)
		return x->urgency > y->urgency ? -1 : 1;
	if (!sv_str_eq(x->topic, y->topic))
		return sv_str_cmp(x->topic, y->topic);
	return strcmp(x->shown.uuid, y->shown.uuid);
}

/* Leave out what the user has overridden; never what is critical [R50]. */
static void
drop_overridden(const struct map_card_options *o, struct map_card_list *list,
    struct map_cards *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct map_card *c = &list->card[i];

		if (o->is_overridden != NULL
		    && c->urgency != CORE_URGENCY_CRITICAL
		    && o->is_overridden(o->ctx, &c->shown)) {
			ret->n_overridden++;
			continue;
		}
		if (n != i)
			list->card[n] = *c;
		n++;
	}
	list->n = n;
}

/* "https://…/PlanDefinition/general|0.1.0" without its version. */
static struct sv_str
plan_url(const struct map_card_options *o, const struct map_card *c)
{
	return c->plan.n == 0 ? o->base : (struct sv_str){ c->plan.p,
	    sv_str_chr(c->plan, '|') };
}

static struct sv_str
topic_code(struct sv_arena *A, const struct map_card_options *o,
    struct sv_str topic)
{
	struct sv_buf b;

	if (!o->profile.plain_topic)
		return topic;
	sv_buf_init(&b, A, 128);
	for (size_t i = 0; i < topic.n && b.n < 100; i++) {
		if (topic.p[i] != '-')
			sv_buf_addc(&b, topic.p[i]);
	}
	return sv_buf_str(&b);
}

static void
put_source(struct fhir_writer *w, struct sv_arena *A,
    const struct map_card_options *o, const struct map_card *c)
{
	fhir_open(w, "source");
	fhir_put_lit(w, "label", "Salvor: rules for salvage therapy");
	fhir_put_str(w, "url", plan_url(o, c));
	fhir_open(w, "topic");
	fhir_put_str(w, "code", topic_code(A, o, c->topic));
	fhir_put_lit(w, "system", MAP_RULE_SYSTEM);
	fhir_put_str(w, "display", c->topic_display);
	fhir_close(w);
	fhir_close(w);
}

static void
put_card(struct fhir_writer *w, struct sv_arena *A,
    const struct map_card_call *call, const struct map_card *c, size_t hidden)
{
	fhir_open(w, "cards");
	fhir_put_lit(w, "uuid", c->shown.uuid);
	fhir_put_str(w, "summary", c->summary);
	fhir_put_str(w, "detail", map_card_detail(A, call, c, hidden));
	fhir_put_str(w, "indicator", core_urgency_name(c->urgency));
	put_source(w, A, call->options, c);
	map_card_put_offers(w, A, call, c);
	if (call->options->profile.markdown_extension) {
		fhir_open(w, "extension");
		fhir_put_lit(w, "com.epic.cdshooks.card.detail.content-type",
		    "text/markdown");
		fhir_close(w);
	}
	fhir_close(w);
}

struct sv_status
map_card_write(struct sv_arena *A, const struct map_card_call *call,
    struct sv_buf *out, struct map_cards *ret)
{
	struct map_card_list *list = sv_arena_zalloc(A, 1, sizeof(*list));
	const struct map_card_options *o = call->options;
	struct fhir_writer w;
	size_t n;

	*ret = (struct map_cards){ .n_shown = 0 };
	SV_ENSURE(list != NULL, SV_NOMEM);
	SV_TRY(gather(A, call, list));
	for (size_t i = 0; i < list->n; i++)
		SV_TRY(identify(A, call->request, &list->card[i]));
	drop_overridden(o, list, ret);
	qsort(list->card, list->n, sizeof(list->card[0]), by_urgency);
	n = list->n < o->profile.max_cards ? list->n : o->profile.max_cards;
	ret->n_hidden = list->n - n;
	fhir_writer_init(&w, out, FHIR_WRITE_JSON);
	fhir_open(&w, NULL);
	fhir_open_array(&w, "cards");
	for (size_t i = 0; i < n; i++) {
		put_card(&w, A, call, &list->card[i],
		    i + 1 == n ? ret->n_hidden : 0);
		ret->shown[ret->n_shown++] = list->card[i].shown;
	}
	fhir_close_array(&w);
	fhir_close(&w);
	return fhir_write_status(&w);
}
