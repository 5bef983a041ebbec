/**
 * ad_reply.h: a request on its way through the service, and its one answer;
 * internal to adapter/service.
 *
 * What is FHIR is written as JSON once; a sender who asks for XML (Accept, or
 * _format; R4 http.html#mime-type) gets the same resource in it.
 */
#ifndef AD_REPLY_H
#define AD_REPLY_H

#include "ad_service.h"

#define AD_FHIR_JSON "application/fhir+json"
#define AD_FHIR_XML "application/fhir+xml"
#define AD_CORRELATION_MAX 128

/* What the sender can read. */
enum ad_wants {
	AD_WANTS_JSON, AD_WANTS_XML, AD_WANTS_NEITHER
};

struct ad_job {
	struct ad_service *V;
	struct ad_setup *u;
	struct ad_http_call *call;
	int64_t start_ms;
	char id[65];			/* X-Request-Id */
	/* The id, and behind a space the traceparent if there is one: kept
	 * with the message and its posts. */
	char correlation[AD_CORRELATION_MAX];
	char allow[64];			/* methods of the path, for 405 */
	struct sv_str client;		/* its name, for the log; or "" */
	struct sv_str challenge;	/* a header line, with 401 and 403 */
};

/** A job for ${call}; NULL without memory. */
struct ad_job *ad_job_start(struct ad_service *V, struct ad_http_call *call);

/** The form of FHIR that the sender can read best. */
enum ad_wants ad_job_wants(const struct ad_job *j);

/** Answer and end ${j}: as it is; ${media} may be NULL without a body. */
void ad_reply(struct ad_job *j, int status, const char *media,
    struct sv_str body);

/** Answer with the resource ${json}, in the form that is wanted. */
void ad_reply_fhir(struct ad_job *j, int status, struct sv_str json);

/** Answer with an OperationOutcome of one issue. */
void ad_reply_error(struct ad_job *j, int status, enum fhir_issue_code code,
    const char *text);

/** The same with the issues ${is}. */
void ad_reply_issues(struct ad_job *j, int status,
    const struct fhir_issues *is);

/** True if the client asked for it: Prefer: ${what} (RFC 7240). */
bool ad_job_prefers(const struct ad_job *j, const char *what);

/** True if there is a body that can be read, and an answer that can be
 * written; else ${j} has been answered. */
bool ad_check_body(struct ad_job *j);

/** Is ${v} a Content-Type that FHIR is read from? */
bool ad_is_fhir_media(struct sv_str v);

/* The handlers of routes: each answers ${j}, now or later. */
struct ad_target {
	struct sv_str type, id;		/* of the path; may be empty */
	ad_page_fn *page;		/* of a GET; else NULL */
	const struct ad_conf_client *client;	/* NULL: anybody */
};

/** Take a message: POST, PUT, DELETE (ad_take.c). */
void ad_take(struct ad_job *j, const struct ad_target *t);
void ad_take_message(struct ad_job *j, const struct ad_target *t);
/** PlanDefinition/$apply and PlanDefinition/id/$apply (ad_plan.c). */
void ad_plan_apply(struct ad_job *j, const struct ad_target *t);
/** Everything that is read (ad_pages.c). */
void ad_read_page(struct ad_job *j, const struct ad_target *t);

#endif
