/*
 * Places, methods, browsers, answers.
 */
#include "ad_cds_part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ad_cds_ledger.h"
#include "ad_clock.h"
#include "ad_engine.h"
#include "ad_log.h"
#include "ad_memory.h"
#include "ad_replay.h"
#include "fhir_outcome.h"
#include "sv_limits.h"

#define ROOT "/cds-services"
#define REPLAY_MAX 2000000
#define PREFLIGHT_S "600"

struct ad_cds *
ad_cds_start(struct ad_store *store, struct ad_store *reader,
    struct sv_err *err)
{
	struct ad_cds *C = calloc(1, sizeof(*C));

	sv_err_set(err, "cds", "not enough memory");
	if (C == NULL)
		return NULL;
	C->reader = reader;
	C->replay = ad_replay_new(REPLAY_MAX);
	C->ledger = ad_cds_ledger_start(store, err);
	C->fetcher = ad_cds_fetcher_start(err);
	if (C->replay == NULL || C->ledger == NULL || C->fetcher == NULL) {
		ad_cds_stop(C);
		return NULL;
	}
	return C;
}

void
ad_cds_stop(struct ad_cds *C)
{
	if (C == NULL)
		return;
	ad_cds_fetcher_stop(C->fetcher);
	ad_cds_ledger_stop(C->ledger);
	ad_replay_free(C->replay);
	free(C);
}

bool
ad_cds_is_path(struct sv_str path)
{
	return sv_str_starts(path, SV_LIT(ROOT)) && (path.n == sizeof(ROOT) - 1
	    || path.p[sizeof(ROOT) - 1] == '/');
}

static void
find_place(struct ad_cds_call *k)
{
	struct sv_str rest = sv_str_from(ad_http_path(k->http),
	    sizeof(ROOT) - 1), id, tail;
	int h = 0;

	k->place = AD_CDS_DISCOVERY;
	if (rest.n <= 1)
		return;
	rest = sv_str_from(rest, 1);
	id = (struct sv_str){ rest.p, sv_str_chr(rest, '/') };
	tail = sv_str_from(rest, id.n);
	while (h < MAP_HOOK_MAX && !sv_str_eq(id,
	    ad_cds_service_id((enum map_hook)h)))
		h++;
	k->hook = (enum map_hook)h;
	k->place = h == MAP_HOOK_MAX ? AD_CDS_NOWHERE
	    : tail.n <= 1 ? AD_CDS_SERVICE
	    : sv_str_is(tail, "/feedback") ? AD_CDS_FEEDBACK
	    : AD_CDS_NOWHERE;
}

/* The origin of a browser's request, if it is listed [R64]. */
static struct sv_str
allowed_origin(const struct ad_cds_call *k)
{
	struct sv_str origin = ad_http_header(k->http, "Origin");

	return ad_cds_listed(&k->use.setup->o.conf->origins, origin) ? origin
	    : (struct sv_str){ NULL, 0 };
}

static void
count(struct ad_cds_call *k, int status)
{
	if (k->place == AD_CDS_SERVICE)
		k->C->calls[k->hook][status / 100]++;
}

static void
append(char *list, size_t size, const char *mark, struct sv_str word)
{
	size_t n = strlen(list);

	(void)snprintf(list + n, size - n, "%s%.*s", n > 0 ? mark : "",
	    SV_FMT(word));
}

static void
list_missing(const struct ad_cds_call *k, char *list, size_t size)
{
	for (int i = 0; k->q.instance.n > 0 && i < MAP_KEY_MAX; i++) {
		if (!map_hook_has(&k->q, (enum map_key)i))
			append(list, size, ",", sv_str_of(map_template(
			    (enum map_key)i)->key));
	}
}

static struct sv_str
service_of(const struct ad_cds_call *k)
{
	return k->place == AD_CDS_SERVICE || k->place == AD_CDS_FEEDBACK
	    ? ad_cds_service_id(k->hook) : SV_LIT("-");
}

/* One line for every call, without patient data [R69]. */
static void
audit(struct ad_cds_call *k, int status)
{
	static const char *const places[] = { "discovery", "service",
		"feedback", "-" };
	struct sv_str tenant = { k->tenant.p, k->tenant.n > 64 ? 64
		: k->tenant.n };
	char rules[256] = "", keys[128] = "";

	for (size_t i = 0; i < k->cards.n_shown; i++)
		append(rules, sizeof(rules), ";", k->cards.shown[i].rules);
	list_missing(k, keys, sizeof(keys));
	ad_log("cds", "place=%s service=%.*s client=%s tenant=\"%.*s\" "
	    "instance=%.*s status=%d ms=%lld cards=%zu hidden=%zu "
	    "overridden=%zu rules=%s missing=%s fetched=%zu late=%zu "
	    "foreign=%zu remembered=%d", places[k->place],
	    SV_FMT(service_of(k)), k->client != NULL ? k->client->name : "-",
	    SV_FMT(tenant), SV_FMT(k->q.instance), status,
	    (long long)(ad_now_ms() - k->start_ms), k->cards.n_shown,
	    k->cards.n_hidden, k->cards.n_overridden, rules, keys,
	    k->n_fetched, k->n_late, k->q.n_foreign, k->remembered);
}

static void
end_call(struct ad_cds_call *k)
{
	if (k->use.drop != NULL)
		k->use.drop(k->use.owner);
	sv_arena_free(&k->A);
	free(k);
}

static void
send_answer(struct ad_cds_call *k, const struct ad_http_answer *answer)
{
	struct sv_str origin = allowed_origin(k);
	struct ad_http_answer a = *answer;
	char allow[512];
	size_t n = 0;

	while (n < 8 && a.headers[n].n > 0)
		n++;
	a.headers[n++] = SV_LIT("X-Content-Type-Options: nosniff");
	if (k->use.setup->o.conf->origins.n > 0)
		a.headers[n++] = SV_LIT("Vary: Origin");
	if (origin.n > 0 && origin.n < 400) {
		(void)snprintf(allow, sizeof(allow),
		    "Access-Control-Allow-Origin: %.*s", SV_FMT(origin));
		a.headers[n++] = sv_str_of(allow);
	}
	count(k, a.status);
	audit(k, a.status);
	ad_http_answer(k->http, &a);
	end_call(k);
}

void
ad_cds_answer(struct ad_cds_call *k, int status, struct sv_str body)
{
	send_answer(k, &(struct ad_http_answer){ .status = status,
	    .media = body.n > 0 ? "application/json" : NULL, .body = body,
	    .headers = { SV_LIT("Cache-Control: no-store") } });
}

void
ad_cds_refuse(struct ad_cds_call *k, int status, const char *text,
    struct sv_str diagnostics)
{
	struct ad_http_answer a = { .status = status,
		.media = "application/json",
		.headers = { SV_LIT("Cache-Control: no-store") } };
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &k->A, 65536);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_open_resource(&w, NULL, "OperationOutcome");
	fhir_open_array(&w, "issue");
	fhir_open(&w, "issue");
	fhir_put_lit(&w, "severity", "error");
	fhir_put_lit(&w, "code", status == 412 ? "incomplete" : status == 404
	    ? "not-found" : status >= 500 ? "exception" : "invalid");
	fhir_open(&w, "details");
	fhir_put_lit(&w, "text", text);
	fhir_close(&w);
	fhir_put_str(&w, "diagnostics", diagnostics);
	fhir_close(&w);
	fhir_close_array(&w);
	fhir_close(&w);
	a.body = sv_buf_str(&b);
	if (status == 405)
		a.headers[1] = k->place == AD_CDS_DISCOVERY
		    ? SV_LIT("Allow: GET, HEAD, OPTIONS")
		    : SV_LIT("Allow: POST, OPTIONS");
	else if (status == 503)
		a.headers[1] = SV_LIT("Retry-After: 1");
	send_answer(k, &a);
}

/* A failure of the client to say who it is: no word about why [R55]. */
static void
refuse_unknown(struct ad_cds_call *k)
{
	send_answer(k, &(struct ad_http_answer){ .status = 401, .headers = {
	    SV_LIT("WWW-Authenticate: Bearer"),
	    SV_LIT("Cache-Control: no-store") } });
}

static void
answer_preflight(struct ad_cds_call *k)
{
	if (k->use.setup->o.conf->origins.n == 0) {
		ad_cds_refuse(k, 405, "No browser may call: no origin is "
		    "configured.", (struct sv_str){ NULL, 0 });
		return;
	}
	send_answer(k, &(struct ad_http_answer){ .status = 204, .headers = {
	    SV_LIT("Access-Control-Allow-Methods: GET, POST, OPTIONS"),
	    SV_LIT("Access-Control-Allow-Headers: authorization, "
	    "content-type, accept"),
	    SV_LIT("Access-Control-Max-Age: " PREFLIGHT_S) } });
}

static void
answer_discovery(struct ad_cds_call *k)
{
	const struct ad_cds_setup *s = k->use.setup;
	bool same = sv_str_is(ad_http_header(k->http, "If-None-Match"),
	    s->etag);
	char etag[64];

	(void)snprintf(etag, sizeof(etag), "ETag: %s", s->etag);
	send_answer(k, &(struct ad_http_answer){ .status = same ? 304 : 200,
	    .media = same ? NULL : "application/json",
	    .body = same ? (struct sv_str){ NULL, 0 } : s->discovery,
	    .headers = { sv_str_of(etag), SV_LIT("Cache-Control: no-cache") } });
}

/* application/json, with or without charset [R3]. */
static bool
is_json(struct sv_str media)
{
	struct sv_str type = sv_str_trim((struct sv_str){ media.p,
		sv_str_chr(media, ';') });
	struct sv_str rest = sv_str_trim(sv_str_from(media,
	    sv_str_chr(media, ';') + 1));

	if (!sv_str_is(type, "application/json")
	    && !sv_str_is(type, "application/fhir+json"))
		return false;
	return rest.n == 0 || sv_str_is(rest, "charset=utf-8")
	    || sv_str_is(rest, "charset=UTF-8")
	    || sv_str_is(rest, "charset=\"utf-8\"");
}

/* It is known who calls. */
static void
enter(struct ad_cds_call *k)
{
	struct sv_str none = { NULL, 0 };
	size_t most = (size_t)k->use.setup->o.conf->max_body_kib * 1024;

	if (k->place == AD_CDS_DISCOVERY)
		answer_discovery(k);
	else if (!(k->client->services & (1u << k->hook)))
		ad_cds_refuse(k, 403, "This client may not call this service.",
		    none);
	else if (!is_json(ad_http_header(k->http, "Content-Type")))
		ad_cds_refuse(k, 415, "Send application/json in UTF-8.", none);
	else if (ad_http_body(k->http).n > most)
		ad_cds_refuse(k, 413, "The request is too large.", none);
	else if (k->place == AD_CDS_FEEDBACK)
		ad_cds_take_feedback(k);
	else
		ad_cds_read(k);
}

static void
authenticate(struct ad_cds_call *k)
{
	switch (ad_cds_authenticate(k)) {
	case AD_CDS_KNOWN:
		enter(k);
		break;
	case AD_CDS_UNKNOWN:
		refuse_unknown(k);
		break;
	case AD_CDS_LATER:
		ad_cds_refuse(k, 503, "It cannot be said now who calls. Try "
		    "again in a moment.", (struct sv_str){ NULL, 0 });
		break;
	}
}

static void
dispatch(struct ad_cds_call *k)
{
	struct sv_str method = ad_http_method(k->http);
	bool reads = sv_str_is(method, "GET") || sv_str_is(method, "HEAD");

	if (k->place == AD_CDS_NOWHERE)
		ad_cds_refuse(k, 404, "No such service; discovery is at "
		    "/cds-services.", (struct sv_str){ NULL, 0 });
	else if (sv_str_is(method, "OPTIONS"))
		answer_preflight(k);
	else if (k->place == AD_CDS_DISCOVERY ? !reads
	    : !sv_str_is(method, "POST"))
		ad_cds_refuse(k, 405, "Discovery takes GET, services take "
		    "POST.", (struct sv_str){ NULL, 0 });
	else if (k->place == AD_CDS_DISCOVERY
	    && !k->use.setup->o.conf->discovery_token)
		answer_discovery(k);
	else
		authenticate(k);
}

void
ad_cds_handle(struct ad_cds *C, const struct ad_cds_use *use,
    struct ad_http_call *http)
{
	struct ad_cds_call *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		ad_http_answer(http, &(struct ad_http_answer){ .status = 503 });
		if (use->drop != NULL)
			use->drop(use->owner);
		return;
	}
	k->C = C;
	k->use = *use;
	k->http = http;
	k->A = ad_arena(SV_LIMIT_ARENA);
	k->start_ms = ad_now_ms();
	fhir_issues_init(&k->is, &k->A);
	find_place(k);
	dispatch(k);
}
