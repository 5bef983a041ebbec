/*
 * Which addresses there are, who may ask for what, and where it goes.
 */
#include "ad_reply.h"

#include <openssl/evp.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "fhir_doc.h"

static const struct ad_conf_client anonymous = { .name = "development",
	.source = "development", .may = AD_MAY_READ | AD_MAY_WRITE };

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

/*
 * The addresses.  In a path, {type} stands for a resource type and {id} for an
 * id (R4 datatypes.html#id) or, for a patient, any name.  GET is HEAD as well.
 * More than one row may have the same path: what they take together is Allow.
 */
static const struct route {
	const char *method, *path;
	unsigned may;			/* 0: anybody */
	void (*handle)(struct ad_job *j, const struct ad_target *t);
} routes[] = {
	{ "GET", "/fhir/metadata", 0, ad_read_page },
	{ "GET", "/metrics", AD_MAY_READ, ad_read_page },
	{ "GET", "/status", AD_MAY_READ, ad_read_page },
	{ "GET", "/patients/{id}", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/PlanDefinition", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/PlanDefinition/{id}", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/GuidanceResponse", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/GuidanceResponse/{id}", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/CarePlan", AD_MAY_READ, ad_read_page },
	{ "GET", "/fhir/CarePlan/{id}", AD_MAY_READ, ad_read_page },
	{ "POST", "/fhir/PlanDefinition/$apply", AD_MAY_READ, ad_plan_apply },
	{ "POST", "/fhir/PlanDefinition/{id}/$apply", AD_MAY_READ,
	    ad_plan_apply },
	{ "POST", "/fhir/$process-message", AD_MAY_WRITE, ad_take_message },
	{ "POST", "/fhir", AD_MAY_WRITE, ad_take },
	{ "POST", "/fhir/{type}", AD_MAY_WRITE, ad_take },
	{ "PUT", "/fhir/{type}/{id}", AD_MAY_WRITE, ad_take },
	{ "DELETE", "/fhir/{type}/{id}", AD_MAY_WRITE, ad_take },
};

/* The part of ${rest} up to the next slash, which is taken off. */
static struct sv_str
segment(struct sv_str *rest)
{
	size_t n = sv_str_chr(*rest, '/');
	struct sv_str s = { rest->p, n };

	*rest = sv_str_from(*rest, n + 1);
	return s;
}

/* Does ${path} fit ${pattern}?  What stood for {type} and {id} is in ${t}. */
static bool
fits(const char *pattern, struct sv_str path, struct ad_target *t)
{
	struct sv_str want = sv_str_of(pattern);

	*t = (struct ad_target){ .type = { "", 0 }, .id = { "", 0 } };
	while (want.n > 0 && path.n > 0) {
		struct sv_str w = segment(&want), s = segment(&path);

		if (sv_str_is(w, "{type}") && fhir_is_resource_type(s))
			t->type = s;
		else if (sv_str_is(w, "{id}") && s.n > 0 && s.p[0] != '$')
			t->id = s;
		else if (!sv_str_eq(w, s))
			return false;
	}
	return want.n == 0 && path.n == 0;
}

static bool
takes(const struct route *r, struct sv_str method)
{
	return sv_str_is(method, r->method)
	    || (sv_str_is(method, "HEAD") && strcmp(r->method, "GET") == 0);
}

/* The route of the request, if there is one; what its path takes is noted for
 * Allow (RFC 9110 section 10.2.1); "" if there is no such path. */
static const struct route *
find(struct ad_job *j, struct ad_target *t)
{
	struct sv_str path = ad_http_path(j->call);
	const struct route *found = NULL;
	struct ad_target at;

	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *r = &routes[i];
		size_t n = strlen(j->allow);

		if (!fits(r->path, path, &at))
			continue;
		if (strstr(j->allow, r->method) == NULL)
			(void)snprintf(j->allow + n, sizeof(j->allow) - n,
			    "%s%s%s", n > 0 ? ", " : "", r->method,
			    strcmp(r->method, "GET") == 0 ? ", HEAD" : "");
		if (found == NULL && takes(r, ad_http_method(j->call))) {
			found = r;
			*t = at;
		}
	}
	return found;
}

/* The request itself was wrong, before it came to an address. */
static void
refuse_request(struct ad_job *j, int status)
{
	switch (status) {
	case 413:
		ad_reply_error(j, status, FHIR_CODE_TOO_LONG, "The body is "
		    "larger than this service takes, as sent or inflated.");
		break;
	case 415:
		ad_reply_error(j, status, FHIR_CODE_NOT_SUPPORTED,
		    "Content-Encoding is gzip, or none.");
		break;
	case 503:
		ad_reply_error(j, status, FHIR_CODE_EXCEPTION, "Not enough "
		    "memory for this message now. Send it again later.");
		break;
	default:
		ad_reply_error(j, status, FHIR_CODE_STRUCTURE, "The request is "
		    "not well-formed HTTP, or its body does not inflate.");
	}
}

static void
refuse_route(struct ad_job *j)
{
	bool options = sv_str_is(ad_http_method(j->call), "OPTIONS");

	if (j->allow[0] == '\0')
		ad_reply_error(j, 404, FHIR_CODE_NOT_FOUND, "No such address. "
		    "GET /fhir/metadata says what there is.");
	else if (options)
		ad_reply(j, 204, NULL, (struct sv_str){ "", 0 });
	else
		ad_reply_error(j, 405, FHIR_CODE_NOT_SUPPORTED, "This address "
		    "does not take that method; Allow says which.");
}

static void
authorise(struct ad_job *j)
{
	const struct ad_conf_client *client = who(&j->u->conf, j->call);
	struct ad_target t = { .id = { "", 0 } };
	const struct route *r = find(j, &t);

	t.client = client;
	if (client != NULL)
		j->client = sv_str_of(client->name);
	if (client == NULL && (r == NULL || r->may != 0)) {
		j->V->unauthorised++;
		ad_reply_error(j, 401, FHIR_CODE_LOGIN, "Show a client "
		    "certificate or a bearer token that is on the list.");
	} else if (r == NULL) {
		refuse_route(j);
	} else if (r->may != 0 && (client->may & r->may) == 0) {
		j->V->unauthorised++;
		ad_reply_error(j, 403, FHIR_CODE_FORBIDDEN, "This client may "
		    "not do that.");
	} else {
		r->handle(j, &t);
	}
}

/* For load balancers: without authentication, without a log line. */
static bool
probe(struct ad_service *V, struct ad_http_call *call)
{
	struct sv_str path = ad_http_path(call);
	bool live = sv_str_is(path, "/livez"), ok;
	struct sv_str why;

	if (!live && !sv_str_is(path, "/readyz"))
		return false;
	ok = live || (V->ready && !V->ending && ad_writer_healthy(V->writer));
	why = ok ? SV_LIT("ok\n") : V->ending ? SV_LIT("ending\n")
	    : SV_LIT("the store cannot be written\n");
	ad_http_answer(call, &(struct ad_http_answer){
		.status = ok ? 200 : 503, .media = "text/plain",
		.body = why });
	return true;
}

static void
drop_setup(void *setup)
{
	ad_setup_drop(setup);
}

/* CDS Hooks has clients of its own, and its own way of answering. */
static bool
hook(struct ad_service *V, struct ad_http_call *call)
{
	struct ad_cds_use use;
	struct ad_setup *u;

	if (!ad_cds_is_path(ad_http_path(call)))
		return false;
	u = ad_setup_use(V);
	use = (struct ad_cds_use){ u->cds, drop_setup, u };
	if (u->cds != NULL)
		ad_cds_handle(V->cds, &use, call);
	else
		ad_setup_drop(u);
	return use.setup != NULL;
}

void
ad_route(void *service, struct ad_http_call *call)
{
	struct ad_service *V = service;
	int status = ad_http_refused(call);
	struct ad_job *j;

	if (status == 0 && (probe(V, call) || hook(V, call)))
		return;
	if ((j = ad_job_start(V, call)) == NULL)
		ad_http_answer(call, &(struct ad_http_answer){ .status = 503 });
	else if (status != 0)
		refuse_request(j, status);
	else
		authorise(j);
}
