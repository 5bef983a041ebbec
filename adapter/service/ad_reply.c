#include "ad_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "ad_clock.h"
#include "ad_memory.h"
#include "fhir_json.h"
#include "fhir_outcome.h"
#include "fhir_xml.h"
#include "sv_limits.h"

static bool
is_made_of(struct sv_str v, const char *allowed)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\0' || strchr(allowed, v.p[i]) == NULL)
			return false;
	}
	return true;
}

/* The sender's X-Request-Id if it is harmless, else one of ours. */
static void
read_id(const struct ad_http_call *call, char ret[65])
{
	struct sv_str v = ad_http_header(call, "X-Request-Id");
	unsigned char random[8];

	if (v.n > 0 && v.n <= 64 && is_made_of(v, "0123456789-_.:"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
		(void)snprintf(ret, 65, "%.*s", SV_FMT(v));
		return;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", random[i]);
}

/* The sender's trace, "00-<32 hex>-<16 hex>-<2 hex>" (W3C Trace Context,
 * section 3.2); what is malformed is ignored, as it says. */
static struct sv_str
read_trace(const struct ad_http_call *call)
{
	struct sv_str v = ad_http_header(call, "traceparent");
	bool ok = v.n == 55 && is_made_of(v, "0123456789abcdef-")
	    && v.p[2] == '-' && v.p[35] == '-' && v.p[52] == '-';

	return ok ? v : (struct sv_str){ "", 0 };
}

struct ad_job *
ad_job_start(struct ad_service *V, struct ad_http_call *call)
{
	struct ad_job *j = calloc(1, sizeof(*j));
	struct sv_str trace;

	if (j == NULL)
		return NULL;
	j->V = V;
	j->call = call;
	j->start_ms = ad_now_ms();
	j->u = ad_setup_use(V);
	j->client = (struct sv_str){ "", 0 };
	read_id(call, j->id);
	trace = read_trace(call);
	(void)snprintf(j->correlation, sizeof(j->correlation), "%s%s%.*s",
	    j->id, trace.n > 0 ? " " : "", SV_FMT(trace));
	return j;
}

/* The next part of ${rest} up to ${c}, without spaces around it. */
static struct sv_str
next_part(struct sv_str *rest, char c)
{
	return sv_str_trim(sv_str_cut(rest, c));
}

static const struct {
	const char *media;
	enum ad_wants wants;
} media_types[] = {
	{ AD_FHIR_JSON, AD_WANTS_JSON }, { AD_FHIR_XML, AD_WANTS_XML },
	{ "application/json", AD_WANTS_JSON },
	{ "application/xml", AD_WANTS_XML }, { "text/xml", AD_WANTS_XML },
	{ "text/json", AD_WANTS_JSON }, { "json", AD_WANTS_JSON },
	{ "xml", AD_WANTS_XML },
	{ "application/xml+fhir", AD_WANTS_XML },	/* of DSTU2 */
	{ "application/json+fhir", AD_WANTS_JSON },
};

static enum ad_wants
wants_of(struct sv_str media)
{
	for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]);
	    i++) {
		if (sv_str_eq_nocase(media, sv_str_of(media_types[i].media)))
			return media_types[i].wants;
	}
	return AD_WANTS_NEITHER;
}

bool
ad_is_fhir_media(struct sv_str v)
{
	struct sv_str media = next_part(&v, ';');

	return sv_str_chr(media, '/') < media.n
	    && wants_of(media) != AD_WANTS_NEITHER;
}

/* The weight of one media range, in thousandths (RFC 9110 section 12.4.2). */
static int
weight_of(struct sv_str parameters)
{
	while (parameters.n > 0) {
		struct sv_str p = next_part(&parameters, ';');
		char text[8];

		if (p.n < 3 || (p.p[0] != 'q' && p.p[0] != 'Q')
		    || p.p[1] != '=')
			continue;
		(void)snprintf(text, sizeof(text), "%.*s",
		    SV_FMT(sv_str_from(p, 2)));
		return (int)(strtod(text, NULL) * 1000 + 0.5);
	}
	return 1000;
}

/* The best of ${accept}; what is first wins among equals. */
static enum ad_wants
best_of(struct sv_str accept, enum ad_wants usual)
{
	enum ad_wants best = AD_WANTS_NEITHER;
	int highest = 0;

	while (accept.n > 0) {
		struct sv_str range = next_part(&accept, ',');
		struct sv_str media = next_part(&range, ';');
		bool any = sv_str_is(media, "*/*")
		    || sv_str_eq_nocase(media, SV_LIT("application/*"));
		enum ad_wants w = any ? usual : wants_of(media);
		int weight = weight_of(range);

		if (w != AD_WANTS_NEITHER && weight > highest) {
			best = w;
			highest = weight;
		}
	}
	return best;
}

/* _format is for those who cannot set headers, and goes before them. */
enum ad_wants
ad_job_wants(const struct ad_job *j)
{
	struct sv_str format = ad_http_query(j->call, "_format");
	struct sv_str accept = ad_http_header(j->call, "Accept");
	struct sv_str sent = ad_http_header(j->call, "Content-Type");
	enum ad_wants usual = wants_of(next_part(&sent, ';'));

	if (usual == AD_WANTS_NEITHER)
		usual = AD_WANTS_JSON;
	if (format.n > 0)
		return wants_of(next_part(&format, ';'));
	return accept.n == 0 ? usual : best_of(accept, usual);
}

bool
ad_job_prefers(const struct ad_job *j, const char *what)
{
	struct sv_str v = ad_http_header(j->call, "Prefer");

	while (v.n > 0) {
		struct sv_str preference = next_part(&v, ',');

		while (preference.n > 0) {
			if (sv_str_eq_nocase(next_part(&preference, ';'),
			    sv_str_of(what)))
				return true;
		}
	}
	return false;
}

static void
log_request(const struct ad_job *j, int status, int64_t ms)
{
	struct sv_str method = ad_http_method(j->call);
	const char *trace = strchr(j->correlation, ' ');

	ad_log("request", "id=%s client=%.*s method=%.*s status=%d ms=%lld%s%s",
	    j->id, j->client.n > 0 ? (int)j->client.n : 1, j->client.n > 0
	    ? j->client.p : "-", SV_FMT(method), status, (long long)ms,
	    trace != NULL ? " trace=" : "", trace != NULL ? trace + 1 : "");
}

void
ad_reply(struct ad_job *j, int status, const char *media, struct sv_str body)
{
	struct ad_http_answer a = { .status = status, .media = media,
		.body = body };
	int64_t ms = ad_now_ms() - j->start_ms;
	char id[96], allow[96];

	(void)snprintf(id, sizeof(id), "X-Request-Id: %s", j->id);
	(void)snprintf(allow, sizeof(allow), "Allow: %s", j->allow);
	a.headers[0] = sv_str_of(id);
	a.headers[1] = SV_LIT("Cache-Control: no-store");
	a.headers[2] = SV_LIT("X-Content-Type-Options: nosniff");
	if (j->challenge.n > 0)
		a.headers[3] = j->challenge;
	else if (status == 503)
		a.headers[3] = SV_LIT("Retry-After: 5");
	else if (status == 405 || status == 204)
		a.headers[3] = sv_str_of(allow);
	if (j->u->conf.development)
		a.headers[a.headers[3].n > 0 ? 4 : 3] = SV_LIT("X-Salvor-Mode: development; anybody on "
		    "this machine may read and write");
	log_request(j, status, ms);
	ad_latency_add(&j->V->latency, ms);
	ad_http_answer(j->call, &a);
	ad_setup_drop(j->u);
	free(j);
}

/* The same resource as XML, in ${A}; .p is NULL if that fails. */
static struct sv_str
to_xml(struct sv_arena *A, struct sv_str json)
{
	const struct cJSON *tree = NULL;
	struct sv_buf b;

	sv_buf_init(&b, A, SV_LIMIT_OUTPUT);
	if (!sv_is_ok(fhir_json_tree(A, json, &tree)))
		return (struct sv_str){ NULL, 0 };
	fhir_xml_print(&b, tree);
	return sv_buf_ok(&b) ? sv_buf_str(&b) : (struct sv_str){ NULL, 0 };
}

void
ad_reply_fhir(struct ad_job *j, int status, struct sv_str json)
{
	struct sv_arena A;
	struct sv_str xml;

	if (json.n == 0 || ad_job_wants(j) != AD_WANTS_XML) {
		ad_reply(j, status, json.n > 0 ? AD_FHIR_JSON : NULL, json);
		return;
	}
	A = ad_arena(SV_LIMIT_ARENA);
	xml = to_xml(&A, json);
	if (xml.p != NULL)
		ad_reply(j, status, AD_FHIR_XML, xml);
	else
		ad_reply(j, status, AD_FHIR_JSON, json);
	sv_arena_free(&A);
}

void
ad_reply_issues(struct ad_job *j, int status, const struct fhir_issues *is)
{
	struct sv_arena A = ad_arena((size_t)8 << 20);
	struct fhir_writer w;
	struct sv_buf b;

	sv_buf_init(&b, &A, (size_t)4 << 20);
	fhir_writer_init(&w, &b, FHIR_WRITE_JSON);
	fhir_outcome_write(&w, NULL, is);
	ad_reply_fhir(j, status, sv_buf_ok(&b) ? sv_buf_str(&b)
	    : (struct sv_str){ "", 0 });
	sv_arena_free(&A);
}

void
ad_reply_error(struct ad_job *j, int status, enum fhir_issue_code code,
    const char *text)
{
	struct sv_arena A = ad_arena((size_t)1 << 20);
	struct fhir_issues is;

	fhir_issues_init(&is, &A);
	fhir_issue_addf(&is, FHIR_ERROR, code, (struct sv_str){ NULL, 0 }, "%s",
	    text);
	ad_reply_issues(j, status, &is);
	sv_arena_free(&A);
}
