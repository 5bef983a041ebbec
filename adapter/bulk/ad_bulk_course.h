/**
 * ad_bulk_course.h: the steps of an export; internal to adapter/bulk.
 */
#ifndef AD_BULK_COURSE_H
#define AD_BULK_COURSE_H

#include "ad_bulk_job.h"

/** Ask the server to begin, until it does; its answer is on record.  RETRY,
 * REFUSED, BAD, NOMEM, with J->err. */
struct sv_status ad_bulk_begin(struct ad_bulk_job *J) SV_CHECK;

/** Ask for the manifest, all its pages, until it is there. */
struct sv_status ad_bulk_collect(struct ad_bulk_job *J) SV_CHECK;

/** Ask for the manifest again, whose URLs have expired.  OK: there are new
 * ones for the same files. */
struct sv_status ad_bulk_renew(struct ad_bulk_job *J) SV_CHECK;

/** Fetch all files of all pages that are not there yet. */
struct sv_status ad_bulk_download(struct ad_bulk_job *J,
    struct ad_bulk_fetched *ret) SV_CHECK;

/** Tell the server to forget the export; false if it could not be told. */
bool ad_bulk_forget(struct ad_bulk_job *J);

/* For these steps. */

/** What is asked for, as one text, by which a job is known again. */
struct sv_status ad_bulk_request_text(struct ad_bulk_job *J,
    struct sv_str *ret) SV_CHECK;

/** One request of the job, with a new token if the first is not liked.  What
 * was answered is told by the answer, OK or not; RETRY, REFUSED: no token. */
struct sv_status ad_bulk_ask(struct ad_bulk_job *J,
    struct ad_client_request *r, const struct ad_client_answer **ret) SV_CHECK;

/** When to ask for the ${tries}th time. */
int64_t ad_bulk_next_ms(struct ad_bulk_job *J, int tries,
    int64_t retry_after_s);

/** REFUSED, with "${what}: ${why}" for all to read. */
struct sv_status ad_bulk_refused(struct ad_bulk_job *J, const char *what,
    const char *why);

/** RETRY, with ${what}. */
struct sv_status ad_bulk_later(struct ad_bulk_job *J, const char *what);

#endif
