/**
 * ad_cds.h: the CDS Hooks service (2.0.1; 3.0 behind a switch).
 *
 *	GET  /cds-services			discovery
 *	POST /cds-services/{id}			a hook: cards
 *	POST /cds-services/{id}/feedback	what became of cards
 *
 * A call is answered on the thread that received it, unless data has to be
 * fetched from the client's server; then a thread of its own asks for all of
 * it at once, and answers when it is there or the time is up.  [Rn] are the
 * requirements as numbered in tests/cases/cds-requirements.tsv.
 *
 * Nothing is kept between calls but which cards were shown, what became of
 * them, and which tokens were seen.  Logs and metrics hold no patient data.
 */
#ifndef AD_CDS_H
#define AD_CDS_H

#include "ad_cds_conf.h"
#include "ad_http.h"
#include "ad_store.h"

struct ad_cds;
struct ad_cds_setup;

/* What of a configuration the service needs; outlives its setup. */
struct ad_cds_origin {
	const struct ad_cds_conf *conf;
	const struct map_engine *engine;
	struct sv_str software;
};

/**
 * ad_cds_setup_new(o, err):
 * Prepare ${o}: the templates, the answer to discovery, the clients' keys.
 * NULL with ${err}: a file of keys cannot be read, no memory.  It never
 * changes, but for its counters; any thread may use it.
 */
struct ad_cds_setup *ad_cds_setup_new(const struct ad_cds_origin *o,
    struct sv_err *err);
void ad_cds_setup_free(struct ad_cds_setup *s);	/* NULL is allowed */

/** The service on ${store}, which it writes to, and ${reader}.  NULL with
 * ${err}. */
struct ad_cds *ad_cds_start(struct ad_store *store, struct ad_store *reader,
    struct sv_err *err);

/** End the threads; calls that wait for data are answered first.  NULL is
 * allowed. */
void ad_cds_stop(struct ad_cds *C);

/** True if ${path} is the service's. */
bool ad_cds_is_path(struct sv_str path);

/* The setup of a call; ${drop} is called when it is answered. */
struct ad_cds_use {
	struct ad_cds_setup *setup;
	void (*drop)(void *owner);
	void *owner;
};

/** Answer ${http}, now or later. */
void ad_cds_handle(struct ad_cds *C, const struct ad_cds_use *use,
    struct ad_http_call *http);

/** Append the metrics of ${C} under ${s} in Prometheus' text format. */
void ad_cds_metrics(struct ad_cds *C, const struct ad_cds_setup *s,
    struct sv_buf *out);

#endif
