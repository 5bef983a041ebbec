/**
 * ad_service.h: what the parts of the running service share; internal to
 * adapter/service.
 */
#ifndef AD_SERVICE_H
#define AD_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ad_auth.h"
#include "ad_cds.h"
#include "ad_conf.h"
#include "ad_engine.h"
#include "ad_http.h"
#include "ad_log.h"
#include "ad_poster.h"
#include "ad_writer.h"

/* Configuration and rules of one moment.  A message keeps those with which it
 * was read; a reload makes new ones. */
struct ad_setup {
	struct ad_conf conf;
	struct ad_engine engine;
	struct ad_intake_config intake;
	struct ad_auth *auth;		/* of the service; else NULL */
	struct sv_str destinations[AD_CONF_MAX];
	struct ad_home homes[AD_CONF_MAX * AD_CONF_BASES];
	char endpoint[320];
	struct ad_cds_setup *cds;	/* NULL: no CDS Hooks */
	_Atomic int users;
};

/* How long requests took, for /metrics. */
#define AD_LATENCY_BUCKETS 14
struct ad_latency {
	_Atomic int64_t n[AD_LATENCY_BUCKETS], sum_ms;
};
void ad_latency_add(struct ad_latency *l, int64_t ms);

struct ad_service {
	const char *conf_path;
	pthread_mutex_t lock;		/* of ${setup} and ${poster} */
	struct ad_setup *setup;
	struct ad_store *store;		/* of the writer and the poster */
	struct ad_store *reader;	/* of the pages */
	struct ad_writer *writer;
	struct ad_http *http;
	struct ad_poster *poster;
	struct ad_cds *cds;		/* CDS Hooks; answers if a setup has it */
	struct ad_folders *folders;
	struct ad_review *review;
	struct ad_latency latency;
	int64_t started_ms;
	_Atomic bool ready, ending;
	_Atomic int64_t refused, held, applied, unauthorised;
};

/** Configuration and rules from the file; NULL after lines on standard
 * error.  Without auth. */
struct ad_setup *ad_setup_load(const char *conf_path);
/** The setup of now; ended by ad_setup_drop. */
struct ad_setup *ad_setup_use(struct ad_service *V);
void ad_setup_drop(struct ad_setup *u);

/** The destinations of ${c} for the poster, into ${d}, which has room for
 * AD_CONF_MAX. */
void ad_setup_destinations(const struct ad_conf *c, struct ad_destination *d);

/** There is something new to post. */
void ad_service_wake(struct ad_service *V);
/** How destination ${i} goes; false if there is none. */
bool ad_service_posts(struct ad_service *V, size_t i,
    struct ad_poster_counts *ret);

/** The handler of ad_http. */
void ad_route(void *service, struct ad_http_call *call);

/* What a GET is answered with. */
struct ad_page {
	struct sv_arena *A;
	struct ad_service *V;
	struct ad_setup *u;
	const struct ad_conf_client *client;	/* NULL: anybody */
	struct ad_http_call *call;
	struct sv_str type, id;		/* of the path; may be empty */
	const char *media;		/* unless it is FHIR */
	const char *problem;		/* if BAD: what is wrong */
	struct sv_str gone;		/* it was there; why it is not now */
	struct sv_buf out;
};

/* Pages are made while the reader of the store is at one state of it.  SKIP:
 * there is no such thing.  BAD: ${p}->problem. */
typedef struct sv_status ad_page_fn(struct ad_page *p);

ad_page_fn ad_page_metadata;			/* ad_capability.c */
ad_page_fn ad_page_plans, ad_page_plan;		/* ad_plan.c */
ad_page_fn ad_page_guidance_search, ad_page_guidance;	/* ad_found.c */
ad_page_fn ad_page_metrics;			/* ad_metrics.c */
ad_page_fn ad_page_patient, ad_page_status;	/* ad_pages.c */

/** The patient called ${name}: "7", "Patient/7", a URL or URN as its source
 * calls it, or "system|value".  SKIP, BAD, RETRY. */
struct sv_status ad_page_find_patient(struct ad_page *p, struct sv_str name,
    int64_t *ret) SV_CHECK;

/* Watched folders, in ad_folders.c. */
struct ad_folders;

/** Watch the folders of the configuration.  NULL with ${err}. */
struct ad_folders *ad_folders_start(struct ad_service *V, struct sv_err *err);
void ad_folders_stop(struct ad_folders *F);

#endif
