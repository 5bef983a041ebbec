/**
 * ad_cds_part.h: what the parts of the CDS Hooks service share; internal to
 * adapter/cds.
 */
#ifndef AD_CDS_PART_H
#define AD_CDS_PART_H

#include <stdatomic.h>

#include "ad_cds.h"
#include "ad_jwks.h"

struct ad_cds_known;

struct ad_cds_setup {
	struct sv_arena A;
	struct ad_cds_origin o;
	struct map_engine engine;	/* the entries are vouched for */
	struct map_templates templates;
	struct sv_str discovery;	/* the body */
	char etag[40];			/* quoted */
	struct ad_jwks *keys[AD_CDS_MAX];
	struct ad_cds_known *known;	/* NULL: no token may come twice */
	_Atomic int64_t supplied[AD_CDS_MAX][MAP_KEY_MAX][MAP_SUPPLY_MAX];
};

/* An unconfigured client, of development only. */
extern const struct ad_cds_client ad_cds_anyone;

struct ad_cds_ledger;
struct ad_cds_fetcher;
struct ad_replay;

struct ad_cds {
	struct ad_store *reader;
	struct ad_cds_ledger *ledger;
	struct ad_cds_fetcher *fetcher;
	struct ad_replay *replay;
	_Atomic int64_t calls[MAP_HOOK_MAX][6];	/* by status class */
	_Atomic int64_t cards[CORE_URGENCY_MAX];
	_Atomic int64_t unauthorised, failed_checks, feedback;
};

enum ad_cds_place {
	AD_CDS_DISCOVERY, AD_CDS_SERVICE, AD_CDS_FEEDBACK, AD_CDS_NOWHERE
};

/* A request on its way. */
struct ad_cds_call {
	struct ad_cds *C;
	struct ad_cds_use use;
	struct ad_http_call *http;
	struct sv_arena A;
	int64_t start_ms;
	enum ad_cds_place place;
	enum map_hook hook;
	const struct ad_cds_client *client;	/* NULL: not known yet */
	struct sv_str tenant;
	struct map_hook_request q;
	struct fhir_issues is;
	struct map_cards cards;
	bool remembered;		/* in the store, as ${known_as} */
	struct sv_str known_as;
	size_t n_fetched, n_late;	/* requests to the client's server */
};

/** True if ${v} stands in ${list}. */
bool ad_cds_listed(const struct ad_cds_list *list, struct sv_str v);

struct sv_str ad_cds_service_id(enum map_hook h);


/* Answering, in ad_cds.c; ${k} is gone afterwards. */
void ad_cds_answer(struct ad_cds_call *k, int status, struct sv_str body);
/** The same with an OperationOutcome of ${text} [R67]; ${diagnostics} may be
 * empty. */
void ad_cds_refuse(struct ad_cds_call *k, int status, const char *text,
    struct sv_str diagnostics);

/* Who calls, in ad_cds_client.c. */
enum ad_cds_verdict {
	AD_CDS_KNOWN,		/* ${k}->client is set */
	AD_CDS_UNKNOWN,		/* 401 */
	AD_CDS_LATER		/* its keys are being fetched: 503 */
};

struct ad_cds_claim {
	struct sv_str token;
	struct sv_str path;		/* "/cds-services/x" */
	bool feedback;			/* its service's URL will do too */
	int64_t now_s;
};

/**
 * ad_cds_client_check(A, s, claim, ret):
 * All that a token can be told by itself: everything but whether it was seen
 * before [R55-R62].  ${ret}->why is for the log.
 */
struct ad_cds_identity {
	const struct ad_cds_client *client;
	struct sv_str issuer, tenant, jti;
	int64_t expires_s;
	const char *why;
};
enum ad_cds_verdict ad_cds_client_check(struct sv_arena *A,
    const struct ad_cds_setup *s, const struct ad_cds_claim *claim,
    struct ad_cds_identity *ret);

/** Authenticate ${k} with the token it carries. */
enum ad_cds_verdict ad_cds_authenticate(struct ad_cds_call *k);

/* The steps of a call. */
void ad_cds_read(struct ad_cds_call *k);	/* it is known who calls */
void ad_cds_decide(struct ad_cds_call *k);	/* all data is there */
void ad_cds_take_feedback(struct ad_cds_call *k);

/* The client's server, in ad_cds_fetch.c. */
struct ad_cds_fetcher *ad_cds_fetcher_start(struct sv_err *err);
void ad_cds_fetcher_stop(struct ad_cds_fetcher *F);
/** True if ${k} should and may be completed from the client's server. */
bool ad_cds_may_fetch(const struct ad_cds_call *k);
/** Fetch what ${k} wants, then ad_cds_decide. */
void ad_cds_fetch(struct ad_cds_fetcher *F, struct ad_cds_call *k);
#endif
