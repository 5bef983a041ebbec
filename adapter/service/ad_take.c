/*
 * Messages that come by HTTP: into the intake, and back with the answer.
 */
#include "ad_reply.h"
#include "ad_clock.h"


/* What is answered to a resource sent on its own if the sender wants little
 * (R4 http.html#ops, Prefer: return). */
static bool
wants_nothing(const struct ad_job *j, const struct ad_answer *a)
{
	return a->status == 200 && ad_job_prefers(j, "return=minimal")
	    && !a->is_bundle;
}

static void
count(struct ad_service *V, const struct ad_answer *a)
{
	V->applied += a->fate == AD_FATE_APPLIED;
	V->refused += a->fate == AD_FATE_REFUSED;
	V->held += a->fate == AD_FATE_HELD;
}

/* In the writer's thread: the message is on disk, or was not accepted. */
static void
written(void *ctx, struct ad_intake *I, struct sv_status s, const char *why)
{
	struct ad_job *j = ctx;
	struct ad_service *V = j->V;
	struct ad_answer a;

	if (!sv_is_ok(s)) {
		ad_log("not-accepted", "id=%s why=\"%s\"", j->id,
		    s.code == SV_CODE_NOMEM ? "not enough memory" : why);
		ad_reply_error(j, 503, FHIR_CODE_TRANSIENT, "The message could "
		    "not be stored and was not accepted. Send it again later.");
		ad_intake_free(I);
		return;
	}
	a = ad_intake_answer(I);
	count(V, &a);
	ad_log("message", "id=%s message=%lld fate=%.*s duplicate=%d decided=%zu "
	    "posts=%zu", j->id, (long long)a.message,
	    SV_FMT(ad_fate_name(a.fate)), a.duplicate, a.n_decided, a.n_posts);
	if (a.n_posts > 0)
		ad_service_wake(V);
	ad_reply_fhir(j, a.status, wants_nothing(j, &a)
	    ? (struct sv_str){ "", 0 } : a.body);
	ad_intake_free(I);
}

static void
hand_in(struct ad_job *j, struct ad_request *r)
{
	struct ad_intake *I;

	if (!sv_is_ok(ad_intake_read(&j->u->intake, r, &I))) {
		ad_reply_error(j, 503, FHIR_CODE_TRANSIENT, "Not enough memory "
		    "for this message now. Send it again later.");
	} else if (!ad_writer_submit(j->V->writer, I, written, j)) {
		ad_intake_free(I);
		ad_reply_error(j, 503, FHIR_CODE_THROTTLED, "Too many messages "
		    "wait. Send it again later.");
	}
}

/* A proxy that lost the body, or a sender that forgot it, must not look like
 * an empty document. */
bool
ad_check_body(struct ad_job *j)
{
	if (sv_str_is(ad_http_method(j->call), "DELETE"))
		return true;
	if (ad_http_body(j->call).n == 0)
		ad_reply_error(j, 400, FHIR_CODE_REQUIRED, "The request has no "
		    "body.");
	else if (!ad_is_fhir_media(ad_http_header(j->call, "Content-Type")))
		ad_reply_error(j, 415, FHIR_CODE_NOT_SUPPORTED, "Send "
		    "application/fhir+json or application/fhir+xml.");
	else if (ad_job_wants(j) == AD_WANTS_NEITHER)
		ad_reply_error(j, 406, FHIR_CODE_NOT_SUPPORTED, "The answer is "
		    "application/fhir+json or application/fhir+xml.");
	else
		return true;
	return false;
}

static struct ad_request
request_of(struct ad_job *j, const struct ad_target *t)
{
	return (struct ad_request){ .source = sv_str_of(t->client->source),
		.method = ad_http_method(j->call), .type = t->type,
		.id = t->id, .media = ad_http_header(j->call, "Content-Type"),
		.correlation = sv_str_of(j->correlation),
		.body = ad_http_body(j->call), .received_ms = ad_now_ms() };
}

void
ad_take(struct ad_job *j, const struct ad_target *t)
{
	struct ad_request r = request_of(j, t);

	if (ad_check_body(j))
		hand_in(j, &r);
}

/* Messages are answered at once: the sender of an asynchronous one would wait
 * for ever at the response-url (R4 operation-messageheader-process-message). */
void
ad_take_message(struct ad_job *j, const struct ad_target *t)
{
	struct ad_request r = request_of(j, t);

	r.process_message = true;
	if (!ad_check_body(j))
		return;
	if (sv_str_is(ad_http_query(j->call, "async"), "true")
	    || ad_http_query(j->call, "response-url").n > 0)
		ad_reply_error(j, 400, FHIR_CODE_NOT_SUPPORTED, "Messages are "
		    "answered at once: leave out async and response-url.");
	else
		hand_in(j, &r);
}
