/*
 * Who may ask for what, and how it is answered.
 */
#include "ad_service.h"

#include <openssl/evp.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ad_memory.h"
#include "fhir_outcome.h"
#include "sv_limits.h"

#define FHIR_JSON "application/fhir+json"

/* A request on its way to the writer and back. */
struct job {
	struct ad_service *V;
	struct ad_setup *u;
	struct ad_http_call *call;
	int64_t start_ms;
	char id[65];			/* X-Request-Id */
};

static const struct ad_conf_client anonymous = { .name = "development",
	.source = "development", .may = AD_MAY_READ | AD_MAY_WRITE };

static bool
is_harmless(struct sv_str v)
{
	static const char allowed[] = "0123456789-_."
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < v.n; i++) {
		if (memchr(allowed, v.p[i], sizeof(allowed) - 1) == NULL)
			return false;
	}
	return v.n > 0 && v.n <= 64;
}

/* The sender's X-Request-Id if it is harmless, else one of ours. */
static void
request_id(const struct ad_http_call *call, char ret[65])
{
	struct sv_str v = ad_http_header(call, "X-Request-Id");
	unsigned char random[8];

	if (is_harmless(v)) {
		(void)snprintf(ret, 65, "%.*s", SV_FMT(v));
		return;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", random[i]);
}

static void
answer(struct job *j, int status, const char *media, struct sv_str body)
{
	char id[96];
	struct ad_http_answer a = { .status = status, .media = media,
		.body = body };

	(void)snprintf(id, sizeof(id), "X-Request-Id: %s", j->id);
	a.headers[0] = sv_str_of(id);
	a.headers[1] = SV_LIT("Cache-Control: no-store");
	if (status == 401)
		a.headers[2] = SV_LIT("WWW-Authenticate: Bearer");
	else if (status == 503)
		a.headers[2] = SV_LIT("Retry-After: 5");
	else if (status == 405)
		a.headers[2] = SV_LIT("Allow: GET, HEAD, POST, PUT, DELETE");
	ad_http_answer(j->call, &a);
	ad_log("request", "id=%s status=%d ms=%lld", j->id, status,
	    (long long)(ad_now_ms() - j->start_ms));
	ad_setup_drop(j->u);
	free(j);
}

/* An error, as an OperationOutcome. */
static void
refuse(struct job *j, int status, enum fhir_issue_code code, const char *text)
{
	struct sv_arena A = ad_arena((size_t)1 << 20);
	struct fhir_issues is;
	struct fhir_writer w;
	struct sv_buf b;

	fhir_issues_init(&is, &A);
	fhir_issue_addf(&is, FHIR_ERROR, code, (struct sv_str){ NULL, 0 }, "%s",
	    text);
	sv_buf_init(&b, &A, 65536);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_outcome_write(&w, NULL, &is);
	answer(j, status, FHIR_JSON, sv_buf_str(&b));
	sv_arena_free(&A);
}

static void
sha256_hex(struct sv_str s, char ret[65])
{
	unsigned char hash[32];
	unsigned int n = 0;

	ret[0] = '\0';
	if (EVP_Digest(s.p, s.n, hash, &n, EVP_sha256(), NULL) != 1)
		return;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* The client by its certificate, or by the hash of its bearer token; hashes are
 * compared in constant time. */
static const struct ad_conf_client *
who(const struct ad_conf *c, const struct ad_http_call *call)
{
	struct sv_str peer = ad_http_peer(call);
	struct sv_str bearer = ad_http_header(call, "Authorization");
	char token[65] = "";

	if (sv_str_starts(bearer, SV_LIT("Bearer ")))
		sha256_hex(sv_str_from(bearer, 7), token);
	for (size_t i = 0; i < c->n_clients; i++) {
		const struct ad_conf_client *k = &c->client[i];

		if (peer.n == 64 && k->fingerprint[0] != '\0'
		    && CRYPTO_memcmp(peer.p, k->fingerprint, 64) == 0)
			return k;
		if (token[0] != '\0' && k->token_sha256 != NULL
		    && CRYPTO_memcmp(token, k->token_sha256, 64) == 0)
			return k;
	}
	return c->development ? &anonymous : NULL;
}

/* In the writer's thread: the message is on disk, or was not accepted. */
static void
written(void *ctx, struct ad_intake *I, struct sv_status s, const char *why)
{
	struct job *j = ctx;
	struct ad_service *V = j->V;
	struct ad_answer a;

	if (!sv_is_ok(s)) {
		ad_log("not-accepted", "id=%s why=\"%s\"", j->id,
		    s.code == SV_CODE_NOMEM ? "not enough memory" : why);
		refuse(j, 503, FHIR_CODE_EXCEPTION, "The message could not be "
		    "stored and was not accepted. Send it again later.");
		ad_intake_free(I);
		return;
	}
	a = ad_intake_answer(I);
	V->applied += a.fate == AD_FATE_APPLIED;
	V->refused += a.fate == AD_FATE_REFUSED;
	V->held += a.fate == AD_FATE_HELD;
	V->decided += (int64_t)a.n_decided;
	ad_log("message", "id=%s message=%lld fate=%.*s duplicate=%d decided=%zu "
	    "posts=%zu", j->id, (long long)a.message,
	    SV_FMT(ad_fate_name(a.fate)), a.duplicate, a.n_decided, a.n_posts);
	if (a.n_posts > 0)
		ad_service_wake(V);
	answer(j, a.status, FHIR_JSON, a.body);
	ad_intake_free(I);
}

/* "/fhir/Observation/e4" into type and id; "" each if there is none. */
static bool
split(struct sv_str path, struct ad_request *r)
{
	struct sv_str rest = sv_str_from(path, strlen("/fhir"));
	size_t slash;

	if (rest.n > 0)
		rest = sv_str_from(rest, 1);
	if (sv_str_is(rest, "$process-message")) {
		r->process_message = true;
		return true;
	}
	slash = sv_str_chr(rest, '/');
	r->type = (struct sv_str){ rest.p, slash };
	r->id = sv_str_from(rest, slash + 1);
	return sv_str_chr(r->id, '/') == r->id.n
	    && (r->type.n == 0 || fhir_is_resource_type(r->type));
}

static bool
is_fhir_media(struct sv_str v)
{
	static const char *const media[] = { "application/fhir+json",
		"application/json", "application/fhir+xml", "application/xml",
		"text/xml" };
	struct sv_str type = sv_str_trim((struct sv_str){ v.p,
		sv_str_chr(v, ';') });

	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		if (sv_str_is(type, media[i]))
			return true;
	}
	return false;
}

static void
take(struct job *j, const struct ad_conf_client *client)
{
	struct ad_http_call *call = j->call;
	struct ad_request r = { .source = sv_str_of(client->source),
		.method = ad_http_method(call),
		.media = ad_http_header(call, "Content-Type"),
		.correlation = sv_str_of(j->id), .body = ad_http_body(call),
		.received_ms = ad_now_ms() };
	bool body = !sv_str_is(r.method, "DELETE");
	struct ad_intake *I;

	if (!split(ad_http_path(call), &r))
		refuse(j, 404, FHIR_CODE_NOT_FOUND, "No such address. Write to "
		    "/fhir, /fhir/$process-message, or /fhir/Type/id.");
	else if ((r.id.n == 0) != sv_str_is(r.method, "POST"))
		refuse(j, 405, FHIR_CODE_NOT_SUPPORTED, "POST goes to /fhir or "
		    "/fhir/Type; PUT and DELETE go to /fhir/Type/id.");
	else if (body && !is_fhir_media(r.media))
		refuse(j, 415, FHIR_CODE_NOT_SUPPORTED, "Send "
		    "application/fhir+json or application/fhir+xml.");
	else if (!sv_is_ok(ad_intake_read(&j->u->intake, &r, &I)))
		refuse(j, 503, FHIR_CODE_EXCEPTION, "Not enough memory for this "
		    "message now. Send it again later.");
	else if (!ad_writer_submit(j->V->writer, I, written, j)) {
		ad_intake_free(I);
		refuse(j, 503, FHIR_CODE_EXCEPTION, "Too many messages wait. "
		    "Send it again later.");
	}
}

static const struct {
	const char *path;		/* ending in "/": with an id behind */
	unsigned may;			/* 0: anybody */
	struct sv_status (*page)(struct ad_page *p);
} pages[] = {
	{ "/fhir/metadata", 0, ad_page_metadata },
	{ "/metrics", AD_MAY_READ, ad_page_metrics },
	{ "/status", AD_MAY_READ, ad_page_status },
	{ "/patients/", AD_MAY_READ, ad_page_patient },
};

static void
show(struct job *j, struct ad_page *p, struct sv_status s)
{
	if (sv_is_ok(s) && sv_buf_ok(&p->out))
		answer(j, p->status, p->media, sv_buf_str(&p->out));
	else if (s.code == SV_CODE_SKIP)
		refuse(j, 404, FHIR_CODE_NOT_FOUND, "Nothing is known of that.");
	else if (s.code == SV_CODE_BAD)
		refuse(j, 400, FHIR_CODE_VALUE, "The search needs "
		    "subject=Patient/id.");
	else
		refuse(j, 503, FHIR_CODE_EXCEPTION, "The store cannot be read "
		    "now.");
}

static void
read_page(struct job *j, const struct ad_conf_client *client)
{
	struct sv_arena A = ad_arena(SV_LIMIT_ARENA);
	struct sv_str path = ad_http_path(j->call);
	struct ad_page p = { .A = &A, .V = j->V, .u = j->u, .client = client,
		.call = j->call, .status = 200, .media = FHIR_JSON };
	struct sv_status s = SV_SKIP;

	sv_buf_init(&p.out, &A, SV_LIMIT_OUTPUT);
	if (sv_str_is(path, "/fhir/GuidanceResponse"))
		s = ad_page_guidance(&p, "GuidanceResponse");
	else if (sv_str_is(path, "/fhir/CarePlan"))
		s = ad_page_guidance(&p, "CarePlan");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct sv_str at = sv_str_of(pages[i].path);

		if (at.p[at.n - 1] == '/' ? !sv_str_starts(path, at)
		    : !sv_str_eq(path, at))
			continue;
		p.id = sv_str_from(path, at.n);
		s = pages[i].page(&p);
	}
	show(j, &p, s);
	sv_arena_free(&A);
}

/* Health and capability are for anybody; they say nothing about anybody. */
static bool
is_open(struct sv_str path)
{
	return sv_str_is(path, "/fhir/metadata");
}

static void
authorise(struct job *j)
{
	const struct ad_conf_client *client = who(&j->u->conf, j->call);
	struct sv_str method = ad_http_method(j->call);
	bool reads = sv_str_is(method, "GET") || sv_str_is(method, "HEAD");
	unsigned need = reads ? AD_MAY_READ : AD_MAY_WRITE;

	if (reads && is_open(ad_http_path(j->call))) {
		read_page(j, client);
	} else if (client == NULL) {
		j->V->unauthorised++;
		refuse(j, 401, FHIR_CODE_REQUIRED, "Show a client certificate "
		    "or a bearer token that is on the list.");
	} else if ((client->may & need) == 0) {
		j->V->unauthorised++;
		refuse(j, 403, FHIR_CODE_BUSINESS_RULE, "This client may not do "
		    "that.");
	} else if (reads) {
		read_page(j, client);
	} else if (sv_str_starts(ad_http_path(j->call), SV_LIT("/fhir"))) {
		take(j, client);
	} else {
		refuse(j, 404, FHIR_CODE_NOT_FOUND, "No such address.");
	}
}

/* For load balancers: without authentication, without a log line. */
static bool
probe(struct ad_service *V, struct ad_http_call *call)
{
	struct sv_str path = ad_http_path(call);
	bool live = sv_str_is(path, "/livez"), ok;

	if (!live && !sv_str_is(path, "/readyz"))
		return false;
	ok = live || (V->ready && !V->ending);
	ad_http_answer(call, &(struct ad_http_answer){
		.status = ok ? 200 : 503, .media = "text/plain",
		.body = ok ? SV_LIT("ok\n") : SV_LIT("not ready\n") });
	return true;
}

void
ad_route(void *service, struct ad_http_call *call)
{
	struct ad_service *V = service;
	struct job *j;

	if (probe(V, call))
		return;
	if ((j = calloc(1, sizeof(*j))) == NULL) {
		ad_http_answer(call, &(struct ad_http_answer){ .status = 503 });
		return;
	}
	j->V = V;
	j->call = call;
	j->start_ms = ad_now_ms();
	j->u = ad_setup_use(V);
	request_id(call, j->id);
	if (sv_str_is(ad_http_method(call), "OPTIONS"))
		refuse(j, 405, FHIR_CODE_NOT_SUPPORTED, "OPTIONS is not "
		    "supported here.");
	else
		authorise(j);
}
