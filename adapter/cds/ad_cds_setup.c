/*
 * What a configuration makes: discovery, that is what there is and what it
 * wants [R5-R10], and the keys of the clients.
 */
#include "ad_cds_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "ad_cds_known.h"
#include "ad_client.h"
#include "ad_log.h"
#include "ad_memory.h"
#include "map_hash.h"

#define KEYS_REFRESH_MS (3600 * 1000)
#define KEYS_PAUSE_MS (60 * 1000)	/* however many unknown keys are named */
#define KEYS_TIMEOUT_S 2

static const struct {
	const char *id, *title, *description;
} services[MAP_HOOK_MAX] = {
	[MAP_HOOK_PATIENT_VIEW] = { "salvor-patient-view",
	    "Salvage therapy: guidance",
	    "Says which rules for salvage therapy apply to the patient after "
	    "primary treatment of prostate cancer, lymphoma or a germ cell "
	    "tumour has failed, on which data that rests, and what is not "
	    "known. Options for discussion, not orders." },
	[MAP_HOOK_ORDER_SELECT] = { "salvor-order-select",
	    "Salvage therapy: check of selected orders",
	    "Holds selected orders against the rules for salvage therapy: "
	    "local treatment without a biopsy that confirms recurrence, "
	    "hormone therapy alone." },
	[MAP_HOOK_ORDER_SIGN] = { "salvor-order-sign",
	    "Salvage therapy: check of orders to be signed",
	    "Holds orders against the rules for salvage therapy before they "
	    "are signed: local treatment without a biopsy that confirms "
	    "recurrence, hormone therapy alone." },
};

struct sv_str
ad_cds_service_id(enum map_hook h)
{
	return sv_str_of(services[h].id);
}

/* The specification has no flag for what must be there; so in words [R9]. */
static struct sv_str
requirements(struct sv_arena *A)
{
	static const char *const heads[] = { "Required (else 412): ",
		". Needed for guidance (else a card names what is missing): ",
		". Helpful: " };
	struct sv_buf b;

	sv_buf_init(&b, A, 4096);
	for (int need = 0; need < 3; need++) {
		bool any = false;

		sv_buf_add(&b, sv_str_of(heads[need]));
		for (int k = 0; k < MAP_KEY_MAX; k++) {
			const struct map_template *t = map_template(
			    (enum map_key)k);

			if ((int)t->need != need)
				continue;
			sv_buf_add(&b, any ? SV_LIT(", ") : SV_LIT(""));
			sv_buf_add(&b, sv_str_of(t->key));
			any = true;
		}
	}
	sv_buf_add(&b, SV_LIT(". What is not prefetched is read from "
	    "fhirServer if that was agreed."));
	return sv_buf_str(&b);
}

static void
put_service(struct fhir_writer *w, const struct ad_cds_setup *s,
    enum map_hook h, struct sv_str usage)
{
	fhir_open(w, "services");
	fhir_put_str(w, "hook", map_hook_name(h));
	fhir_put_lit(w, "title", services[h].title);
	fhir_put_lit(w, "description", services[h].description);
	fhir_put_lit(w, "id", services[h].id);
	fhir_open(w, "prefetch");
	for (int k = 0; k < MAP_KEY_MAX; k++)
		fhir_put_str(w, map_template((enum map_key)k)->key,
		    s->templates.query[k]);
	fhir_close(w);
	fhir_put_str(w, "usageRequirements", usage);
	/* Old clients refuse members that they do not know [R7]. */
	if (s->o.conf->version_3) {
		fhir_put_lit(w, "version", "3.0.0-ballot");
		fhir_put_lit(w, "hookVersion", "1.0");
	}
	fhir_close(w);
}

static struct sv_status
write_discovery(struct ad_cds_setup *s)
{
	struct sv_str usage = requirements(&s->A);
	char hex[MAP_HASH_HEX];
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &s->A, (size_t)1 << 20);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_open(&w, NULL);
	fhir_open_array(&w, "services");
	for (int h = 0; h < MAP_HOOK_MAX; h++)
		put_service(&w, s, (enum map_hook)h, usage);
	fhir_close_array(&w);
	fhir_close(&w);
	SV_ENSURE(fhir_write_ok(&w) && sv_buf_ok(&b), SV_NOMEM);
	s->discovery = sv_buf_str(&b);
	SV_TRY(map_hash(&s->discovery, 1, hex));
	(void)snprintf(s->etag, sizeof(s->etag), "\"%.32s\"", hex);
	return SV_OK;
}

static void
tell_keys(void *ctx, const char *source, size_t keys, const char *text)
{
	(void)ctx;
	if (keys == 0)
		ad_log("cds-keys", "source=%s why=\"%s\"", source, text);
	else
		ad_log("cds-keys", "source=%s keys=%zu", source, keys);
}

static struct sv_status
open_keys(struct ad_cds_setup *s, size_t i, struct sv_err *err)
{
	const struct ad_cds_client *c = &s->o.conf->client[i];
	struct ad_client_peer peer = { .ca = c->ca,
		.timeout_s = KEYS_TIMEOUT_S, .plain = c->plain };
	struct ad_jwks_options o = { .source = c->jwks != NULL ? c->jwks
		: c->jku.p, .refresh_ms = KEYS_REFRESH_MS,
		.pause_ms = KEYS_PAUSE_MS, .fetch = ad_jwks_fetch,
		.told = tell_keys, .ctx = ad_client_new(&peer),
		.done = ad_jwks_fetch_done };

	SV_ENSURE(o.ctx != NULL, SV_NOMEM);
	s->keys[i] = ad_jwks_open(&o, err);
	return s->keys[i] != NULL ? SV_OK : SV_BAD;
}

/* May a client's token come more than once? */
static bool
may_repeat(const struct ad_cds_conf *c)
{
	for (size_t i = 0; i < c->n_clients; i++) {
		if (c->client[i].replay_log)
			return true;
	}
	return false;
}

static struct sv_status
prepare(struct ad_cds_setup *s, struct sv_err *err)
{
	const struct ad_cds_conf *c = s->o.conf;

	for (size_t i = 0; i < c->n_clients; i++)
		SV_TRY(open_keys(s, i, err));
	SV_ENSURE(!may_repeat(c) || (s->known = ad_cds_known_new()) != NULL,
	    SV_NOMEM);
	SV_TRY(map_templates_make(&s->A, s->o.engine->input.terminology,
	    &s->templates));
	for (int k = 0; k < MAP_KEY_MAX; k++) {
		if (c->query[k].n > 0)
			s->templates.query[k] = c->query[k];
	}
	return write_discovery(s);
}

struct ad_cds_setup *
ad_cds_setup_new(const struct ad_cds_origin *o, struct sv_err *err)
{
	struct ad_cds_setup *s = calloc(1, sizeof(*s));

	sv_err_set(err, "cds", "not enough memory");
	if (s == NULL)
		return NULL;
	s->A = ad_arena((size_t)16 << 20);
	s->o = *o;
	s->engine = *o->engine;
	s->engine.input.vouched = true;
	if (sv_is_ok(prepare(s, err)))
		return s;
	ad_cds_setup_free(s);
	return NULL;
}

void
ad_cds_setup_free(struct ad_cds_setup *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < AD_CDS_MAX; i++)
		ad_jwks_close(s->keys[i]);
	ad_cds_known_free(s->known);
	sv_arena_free(&s->A);
	free(s);
}
