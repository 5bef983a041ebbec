/**
 * ad_bulk_job.h: one export under way, and what of it is on disk; internal to
 * adapter/bulk.
 */
#ifndef AD_BULK_JOB_H
#define AD_BULK_JOB_H

#include "ad_bulk.h"

struct ad_bulk_job {
	const struct ad_bulk_options *o;
	struct sv_arena *A;
	struct sv_err *err;
	struct ad_client *client;	/* for all but files */
	/* job.json */
	struct sv_str status_url;	/* "": not kicked off yet */
	int64_t started_ms;
	int64_t ask_at_ms;		/* the next question */
	bool separate;			/* X-Export-Status decides */
	/* manifest-N.json */
	struct ad_bulk_manifest *page;
	struct sv_str *page_url;
	size_t n_pages;
	bool complete;			/* the last page is there */
};

/** Milliseconds since 1970. */
int64_t ad_bulk_now_ms(void);

/** Read what is in the folder; nothing there is OK too.  BAD: it is damaged. */
struct sv_status ad_bulk_job_load(struct ad_bulk_job *J) SV_CHECK;

/** Write job.json, durably.  RETRY. */
struct sv_status ad_bulk_job_save(struct ad_bulk_job *J) SV_CHECK;

/** Read the page ${json} that was found at ${url}, and keep it, durably; in
 * place of page ${at} if that is one there is.  BAD, RETRY, NOMEM. */
struct sv_status ad_bulk_job_page(struct ad_bulk_job *J, size_t at,
    struct sv_str url, struct sv_str json) SV_CHECK;

/** "3-17-Patient.ndjson": the name of file ${i} of page ${page}. */
struct sv_str ad_bulk_job_name(struct ad_bulk_job *J, size_t page, size_t i);

/** One line of log.ndjson: event and its members (JSON, without braces).  What
 * cannot be logged does not stop the export. */
void ad_bulk_job_log(struct ad_bulk_job *J, const char *event,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/** "Bearer …" if a token is needed, for a request that begins now; "" if not.
 * As ad_smart_authorization. */
struct sv_status ad_bulk_job_token(struct ad_bulk_job *J, bool needed,
    char ret[AD_SMART_MAX]) SV_CHECK;

/** Wait until ${at_ms}; false if we are to stop. */
bool ad_bulk_job_wait(struct ad_bulk_job *J, int64_t at_ms);

/** Tell the operator. */
void ad_bulk_job_say(struct ad_bulk_job *J, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Fetch all files of all pages that are not there yet. */
struct sv_status ad_bulk_download(struct ad_bulk_job *J,
    struct ad_bulk_fetched *ret) SV_CHECK;

/** Ask for the manifest again, whose URLs have expired.  OK: there are new
 * ones for the same files. */
struct sv_status ad_bulk_renew(struct ad_bulk_job *J) SV_CHECK;

#endif
