/*
 * Which addresses there are, who may ask for what, and where it goes.
 */
#include "ad_reply.h"

#include <stdio.h>
#include <string.h>

#include "fhir_doc.h"

/*
 * The addresses.  In a path, {type} stands for a resource type and {id} for an
 * id (R4 datatypes.html#id) or, for a patient, any name.  GET is HEAD as well.
 * More than one row may have the same path: what they take together is Allow.
 * The right is one of c r u d s on resources of the type, or of all types; what
 * ANYBODY may read says nothing about anybody.
 */
#define ANYBODY '\0'
#define SENDING 'w'		/* what the method does to what is in the body */

static const struct route {
	const char *method, *path;
	char right;
	const char *type;		/* "": all; NULL: as in the path */
	void (*handle)(struct ad_job *j, const struct ad_target *t);
	ad_page_fn *page;		/* what ad_read_page shows */
} routes[] = {
	{ "GET", "/fhir/metadata", ANYBODY, "", ad_read_page,
	    ad_page_metadata },
	{ "GET", "/metrics", 'r', "", ad_read_page, ad_page_metrics },
	{ "GET", "/status", 'r', "", ad_read_page, ad_page_status },
	{ "GET", "/patients/{id}", 'r', "", ad_read_page, ad_page_patient },
	{ "GET", "/fhir/PlanDefinition", 's', "PlanDefinition", ad_read_page,
	    ad_page_plans },
	{ "GET", "/fhir/PlanDefinition/{id}", 'r', "PlanDefinition",
	    ad_read_page, ad_page_plan },
	{ "GET", "/fhir/GuidanceResponse", 's', "GuidanceResponse",
	    ad_read_page, ad_page_guidance_search },
	{ "GET", "/fhir/GuidanceResponse/{id}", 'r', "GuidanceResponse",
	    ad_read_page, ad_page_guidance },
	{ "GET", "/fhir/CarePlan", 's', "CarePlan", ad_read_page,
	    ad_page_guidance_search },
	{ "GET", "/fhir/CarePlan/{id}", 'r', "CarePlan", ad_read_page,
	    ad_page_guidance },
	{ "POST", "/fhir/PlanDefinition/$apply", 'r', "PlanDefinition",
	    ad_plan_apply, NULL },
	{ "POST", "/fhir/PlanDefinition/{id}/$apply", 'r', "PlanDefinition",
	    ad_plan_apply, NULL },
	{ "POST", "/fhir/$process-message", SENDING, "", ad_take_message,
	    NULL },
	{ "POST", "/fhir", SENDING, "", ad_take, NULL },
	{ "POST", "/fhir/{type}", SENDING, NULL, ad_take, NULL },
	{ "PUT", "/fhir/{type}/{id}", SENDING, NULL, ad_take, NULL },
	{ "DELETE", "/fhir/{type}/{id}", SENDING, NULL, ad_take, NULL },
};

/* Does ${path} fit ${pattern}?  What stood for {type} and {id} is in ${t}. */
static bool
fits(const char *pattern, struct sv_str path, struct ad_target *t)
{
	struct sv_str want = sv_str_of(pattern);

	*t = (struct ad_target){ .type = { "", 0 }, .id = { "", 0 } };
	while (want.n > 0 && path.n > 0) {
		struct sv_str w = sv_str_cut(&want, '/');
		struct sv_str s = sv_str_cut(&path, '/');

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

/* What the path takes is noted for Allow (RFC 9110 section 10.2.1). */
static void
note_allowed(struct ad_job *j, const struct route *r)
{
	size_t n = strlen(j->allow);

	if (strstr(j->allow, r->method) == NULL)
		(void)snprintf(j->allow + n, sizeof(j->allow) - n, "%s%s%s",
		    n > 0 ? ", " : "", r->method,
		    strcmp(r->method, "GET") == 0 ? ", HEAD" : "");
}

/* The route of the request, if there is one.  j->allow stays "" if there is
 * no such path. */
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

		if (!fits(r->path, path, &at))
			continue;
		note_allowed(j, r);
		if (found == NULL && takes(r, ad_http_method(j->call))) {
			found = r;
			*t = at;
			t->page = r->page;
			if (r->type != NULL)
				t->type = sv_str_of(r->type);
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

/* Why is for the log; what goes out is the same for all of them. */
static void
refuse_unknown(struct ad_job *j, const struct ad_who *w)
{
	struct sv_str address = ad_http_address(j->call);

	ad_log("unknown-client", "id=%s why=%s issuer=%s address=%.*s", j->id,
	    w->why, w->issuer[0] != '\0' ? w->issuer : "-", SV_FMT(address));
	if (w->whose == AD_WHO_LATER) {
		ad_reply_error(j, 503, FHIR_CODE_TRANSIENT, "The key of this "
		    "token is being fetched. Send it again in a moment.");
		return;
	}
	j->V->unauthorised++;
	j->challenge = ad_who_challenge(w, 401);
	ad_reply_error(j, 401, FHIR_CODE_LOGIN, "Show a client certificate or "
	    "a bearer token that is on the list.");
}

static bool
may(const struct ad_job *j, const struct ad_who *w, const struct route *r,
    const struct ad_target *t)
{
	return r->right == SENDING ? ad_who_may_send(w,
	    ad_http_method(j->call), t->type, ad_http_body(j->call))
	    : ad_who_may(w, r->right, t->type);
}

static void
authorise(struct ad_job *j)
{
	struct ad_target t = { .id = { "", 0 } };
	const struct route *r = find(j, &t);
	struct ad_who w;

	if (r != NULL && r->right == ANYBODY) {
		r->handle(j, &t);
		return;
	}
	ad_auth_who(j->u->auth, j->call, j->start_ms / 1000, &w);
	t.client = w.client;
	if (w.client != NULL)
		j->client = sv_str_of(w.client->name);
	if (w.whose != AD_WHO_KNOWN) {
		refuse_unknown(j, &w);
	} else if (r == NULL) {
		refuse_route(j);
	} else if (!may(j, &w, r, &t)) {
		j->V->unauthorised++;
		j->challenge = ad_who_challenge(&w, 403);
		ad_reply_error(j, 403, FHIR_CODE_FORBIDDEN, "This client may "
		    "not do that.");
	} else {
		r->handle(j, &t);
	}
	ad_who_end(&w);
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
