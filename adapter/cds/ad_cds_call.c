/*
 * A hook: read, decide, answer.
 */
#include "ad_cds_part.h"

#include <openssl/crypto.h>
#include <string.h>

#include "ad_cds_ledger.h"
#include "ad_clock.h"
#include "ad_log.h"
#include "ad_store_load.h"
#include "sv_limits.h"

#define DAY_MS ((int64_t)86400 * 1000)

static const struct sv_str nothing = { NULL, 0 };

/* What was prefetched of which key, by client [R69]. */
static void
count_keys(struct ad_cds_call *k)
{
	const struct ad_cds_setup *s = k->use.setup;
	size_t i = (size_t)(k->client - s->o.conf->client);

	for (int key = 0; k->client != &ad_cds_anyone && key < MAP_KEY_MAX;
	    key++)
		k->use.setup->supplied[i][key][k->q.key[key].state]++;
}

static void
refuse_issues(struct ad_cds_call *k, struct sv_status s)
{
	struct sv_str where = nothing;

	if (k->is.n > 0)
		where = sv_arena_printf(&k->A, "%.*s%s%.*s",
		    SV_FMT(k->is.at[0].expression), k->is.at[0].expression.n > 0
		    ? ": " : "", SV_FMT(k->is.at[0].text));
	if (s.code == SV_CODE_NOMEM)
		ad_cds_refuse(k, 503, "Not enough memory for this request "
		    "now.", nothing);
	else if (s.code == SV_CODE_LIMIT)
		ad_cds_refuse(k, 413, "The request passes a ceiling.", where);
	else
		ad_cds_refuse(k, 400, "The request is not a CDS Hooks request "
		    "for this service.", where);
}

void
ad_cds_read(struct ad_cds_call *k)
{
	struct map_hook_options o = { .hook = k->hook,
		.plain = k->client->plain, .wrapped = k->client->wrapped };
	struct sv_status s = map_hook_read(&k->A, ad_http_body(k->http), &o,
	    &k->q, &k->is);

	if (!sv_is_ok(s)) {
		refuse_issues(k, s);
		return;
	}
	count_keys(k);
	if (ad_cds_may_fetch(k))
		ad_cds_fetch(k->C->fetcher, k);
	else
		ad_cds_decide(k);
}

/* The prefetched entry with the type and id of ${root}. */
static struct fhir_entry *
same_resource(struct map_hook_request *q, size_t n, struct sv_str type,
    const struct fhir_at *root)
{
	struct sv_str id = fhir_text(root, "id");

	for (size_t i = 0; i < n && id.n > 0; i++) {
		struct fhir_at at = fhir_entry_root(&q->entries[i]);

		if (sv_str_eq(q->entries[i].resource_type, type)
		    && sv_str_eq(fhir_text(&at, "id"), id))
			return &q->entries[i];
	}
	return NULL;
}

/* What the store knows, beside what came; of one resource the newer version
 * counts. */
static struct sv_status
merge(struct ad_cds_call *k, struct fhir_entry *kept, size_t n_kept)
{
	struct map_hook_request *q = &k->q;
	size_t n = q->n_entries;
	struct fhir_entry *all = sv_arena_alloc(&k->A, (n + n_kept)
	    * sizeof(*all));

	SV_ENSURE(all != NULL, SV_NOMEM);
	if (n > 0)
		memcpy(all, q->entries, n * sizeof(*all));
	q->entries = all;
	for (size_t i = 0; i < n_kept; i++) {
		struct fhir_entry *mine, *newer;
		struct fhir_at root;

		SV_TRY(fhir_entry_tree(&k->A, &kept[i]));
		root = fhir_entry_root(&kept[i]);
		mine = same_resource(q, n, kept[i].resource_type, &root);
		if (mine == NULL) {
			all[q->n_entries++] = kept[i];
			continue;
		}
		SV_TRY(map_newer(&k->A, &kept[i], mine, &newer));
		if (newer == &kept[i])
			*mine = kept[i];
	}
	return SV_OK;
}

/* The patient by the name that this client's source gave it, by nothing else,
 * so that patients are never mixed [R32]: by its URL on fhirServer, or by its
 * id, unless the ids of the source are known to be another server's.  SKIP: it
 * is not known. */
static struct sv_status
find_own(struct ad_cds_call *k, struct ad_store *S, int64_t *ret)
{
	struct sv_str source = sv_str_of(k->client->source), home;
	struct sv_status s;

	if (k->q.server.n > 0) {
		k->known_as = sv_arena_join(&k->A, k->q.server,
		    SV_LIT("/Patient/"), k->q.patient);
		SV_ENSURE(k->known_as.p != NULL, SV_NOMEM);
		s = ad_store_find_patient(S, source, k->known_as, ret);
		SV_ENSURE(s.code == SV_CODE_SKIP, s);
		s = ad_store_home(S, &k->A, source, &home);
		SV_ENSURE(sv_is_ok(s) || s.code == SV_CODE_SKIP, s);
		SV_ENSURE(!sv_is_ok(s) || sv_str_eq(home, k->q.server),
		    SV_SKIP);
	}
	k->known_as = k->q.patient;
	return ad_store_find_patient(S, source, k->q.patient, ret);
}

/* The patient's own record in the store, if the client is configured so. */
static struct sv_status
remember(struct ad_cds_call *k)
{
	struct ad_store *S = k->C->reader;
	struct fhir_entry *kept = NULL;
	int64_t patient = 0;
	size_t n = 0;
	struct sv_status s;

	if (!k->client->remember)
		return SV_OK;
	SV_TRY(ad_store_begin(S));
	s = find_own(k, S, &patient);
	if (sv_is_ok(s))
		s = ad_store_load_patient(S, &k->A, &(struct ad_load){
		    .patient = patient }, &kept, &n);
	ad_store_rollback(S);
	if (s.code == SV_CODE_SKIP)
		return SV_OK;
	SV_TRY(s);
	k->remembered = n > 0;
	return merge(k, kept, n);
}

static bool
is_overridden(void *ctx, const struct map_card_shown *c)
{
	struct ad_cds_call *k = ctx;
	struct ad_card card = { .client = sv_str_of(k->client->name),
		.patient = k->q.patient, .user = k->q.user,
		.topic = c->topic, .content = sv_str_of(c->content) };
	int64_t since = ad_now_ms() - k->use.setup->o.conf->suppress_days
	    * DAY_MS;

	return ad_cds_ledger_overridden(k->C->ledger, &card, since);
}

static void
note_shown(struct ad_cds_call *k)
{
	struct ad_card cards[MAP_CARDS_MAX];

	for (size_t i = 0; i < k->cards.n_shown; i++) {
		const struct map_card_shown *c = &k->cards.shown[i];

		cards[i] = (struct ad_card){ .card = sv_str_of(c->uuid),
			.client = sv_str_of(k->client->name),
			.service = ad_cds_service_id(k->hook),
			.patient = k->q.patient, .user = k->q.user,
			.topic = c->topic, .rules = c->rules,
			.content = sv_str_of(c->content),
			.urgency = core_urgency_name(c->urgency),
			.at_ms = ad_now_ms() };
		k->C->cards[c->urgency]++;
	}
	ad_cds_ledger_shown(k->C->ledger, cards, k->cards.n_shown);
}

/* "https://salvor.example/patients/1?source=ehr", of a patient in the store. */
static struct sv_str
page_of(struct ad_cds_call *k)
{
	const struct ad_cds_conf *c = k->use.setup->o.conf;

	if (!c->page || !k->remembered)
		return nothing;
	return map_template_fill(&k->A, sv_arena_printf(&k->A, "%.*s/patients/"
	    "{{context.patientId}}?source=%s", SV_FMT(c->base.at[0]),
	    k->client->source), k->known_as);
}

static struct map_card_options
options_of(struct ad_cds_call *k, char recorded[32])
{
	const struct ad_cds_conf *c = k->use.setup->o.conf;
	struct map_card_options o = { .software = k->use.setup->o.software,
		.recorded = sv_str_of(recorded),
		.base = SV_LIT("https://salvor.example"),
		.profile = k->client->profile, .reasons = c->n_reasons > 0
		? c->reasons : map_reasons, .n_reasons = c->n_reasons > 0
		? c->n_reasons : map_n_reasons, .page = page_of(k),
		.app = c->app, .remembered = k->remembered, .ctx = k };

	o.profile.max_cards = (size_t)c->max_cards;
	if (c->suppress_days > 0)
		o.is_overridden = is_overridden;
	return o;
}

/* Write the cards, check them, and send them; never a malformed card [R48]. */
static void
answer_cards(struct ad_cds_call *k, const struct map_result *r, char now[32])
{
	struct map_card_options o = options_of(k, now);
	struct map_card_call call = { &k->q, r, &k->use.setup->engine, &o };
	struct sv_str why = nothing;
	struct sv_status s;
	struct sv_buf b;

	sv_buf_init(&b, &k->A, SV_LIMIT_OUTPUT);
	s = map_card_write(&k->A, &call, &b, &k->cards);
	if (sv_is_ok(s))
		s = map_card_check(&k->A, sv_buf_str(&b), &why);
	if (!sv_is_ok(s)) {
		k->C->failed_checks++;
		k->cards.n_shown = 0;
		ad_log("cds-alarm", "service=%.*s why=\"%.*s\" what=\"a "
		    "response broke the specification and was held back\"",
		    SV_FMT(ad_cds_service_id(k->hook)), SV_FMT(why));
		ad_cds_refuse(k, 500, "The response could not be made.",
		    nothing);
		return;
	}
	note_shown(k);
	ad_cds_answer(k, 200, sv_buf_str(&b));
}

/* 412: which required keys could not be had [R23]. */
static void
refuse_unable(struct ad_cds_call *k)
{
	struct sv_buf b;

	sv_buf_init(&b, &k->A, 4096);
	sv_buf_add(&b, SV_LIT("Missing prefetch keys:"));
	for (int i = 0; i < MAP_KEY_MAX; i++) {
		const struct map_template *t = map_template((enum map_key)i);

		if (t->need == MAP_NEED_REQUIRED
		    && !map_hook_has(&k->q, (enum map_key)i))
			sv_buf_printf(&b, " %s", t->key);
	}
	ad_cds_refuse(k, 412, "Required data was not prefetched and could not "
	    "be fetched.", sv_buf_str(&b));
}

/* The token is not needed any more [R30]. */
static void
wipe(struct map_hook_request *q)
{
	if (q->token.n > 0)
		OPENSSL_cleanse((char *)(uintptr_t)q->token.p, q->token.n);
	q->token = nothing;
}

void
ad_cds_decide(struct ad_cds_call *k)
{
	struct map_result r = { .issues = &k->is };
	struct sv_status s;
	char now[AD_INSTANT_MAX];

	ad_instant_text(ad_now_ms(), now);
	wipe(&k->q);
	s = remember(k);
	if (s.code == SV_CODE_RETRY || s.code == SV_CODE_BAD) {
		ad_log("cds-store", "why=\"%s\"", ad_store_error(k->C->reader));
		ad_cds_refuse(k, 503, "The store cannot be read now.",
		    nothing);
		return;
	}
	if (sv_is_ok(s) && map_hook_ability(&k->q, k->remembered)
	    == MAP_UNABLE) {
		refuse_unable(k);
		return;
	}
	if (sv_is_ok(s))
		s = map_line_decide_doc(&(struct map_line){ &k->A,
		    &k->use.setup->engine, ad_today(), &k->is },
		    &(struct fhir_doc){ .entries = k->q.entries,
		    .n_entries = k->q.n_entries }, &r);
	if (sv_is_ok(s))
		answer_cards(k, &r, now);
	else
		refuse_issues(k, s);
}
