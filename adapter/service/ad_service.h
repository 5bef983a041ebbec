/**
 * ad_service.h: what the parts of the running service share; internal to
 * adapter/service.
 */
#ifndef AD_SERVICE_H
#define AD_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ad_conf.h"
#include "ad_engine.h"
#include "ad_http.h"
#include "ad_poster.h"
#include "ad_writer.h"

/* Configuration and rules of one moment.  A message keeps those with which it
 * was read; a reload makes new ones. */
struct ad_setup {
	struct ad_conf conf;
	struct ad_engine engine;
	struct ad_intake_config intake;
	struct sv_str destinations[AD_CONF_MAX];
	_Atomic int users;
};

struct ad_service {
	const char *conf_path;
	pthread_mutex_t lock;		/* of ${setup} and ${poster} */
	struct ad_setup *setup;
	struct ad_store *store;		/* of the writer and the poster */
	struct ad_store *reader;	/* of the pages */
	struct ad_writer *writer;
	struct ad_http *http;
	struct ad_poster *poster;
	struct ad_folders *folders;
	int64_t started_ms;
	_Atomic bool ready, ending;
	_Atomic int64_t decided, refused, held, applied, unauthorised;
};

/** Configuration and rules from the file; NULL after lines on standard
 * error. */
struct ad_setup *ad_setup_load(const char *conf_path);
/** The setup of now; ended by ad_setup_drop. */
struct ad_setup *ad_setup_use(struct ad_service *V);
void ad_setup_drop(struct ad_setup *u);

/** There is something new to post. */
void ad_service_wake(struct ad_service *V);
/** How destination ${i} goes; false if there is none. */
bool ad_service_posts(struct ad_service *V, size_t i,
    struct ad_poster_counts *ret);

/** The handler of ad_http. */
void ad_route(void *service, struct ad_http_call *call);

/** Milliseconds since 1970. */
int64_t ad_now_ms(void);

/** One line on standard error: time, ${event}, and key=value pairs.  Never
 * patient content. */
void ad_log(const char *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Pages, in ad_pages.c: what a GET is answered with. */
struct ad_page {
	struct sv_arena *A;
	struct ad_service *V;
	struct ad_setup *u;
	const struct ad_conf_client *client;
	struct ad_http_call *call;
	struct sv_str id;		/* rest of the path */
	int status;
	const char *media;
	struct sv_buf out;
};

struct sv_status ad_page_metadata(struct ad_page *p);
struct sv_status ad_page_guidance(struct ad_page *p, const char *type);
struct sv_status ad_page_patient(struct ad_page *p);
struct sv_status ad_page_metrics(struct ad_page *p);
struct sv_status ad_page_status(struct ad_page *p);

/* Watched folders, in ad_folders.c. */
struct ad_folders;

/** Watch the folders of the configuration.  NULL with ${err}. */
struct ad_folders *ad_folders_start(struct ad_service *V, struct sv_err *err);
void ad_folders_stop(struct ad_folders *F);

#endif
