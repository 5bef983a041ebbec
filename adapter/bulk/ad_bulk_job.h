/**
 * ad_bulk_job.h: one export under way, and what of it is on disk; internal to
 * adapter/bulk.
 */
#ifndef AD_BULK_JOB_H
#define AD_BULK_JOB_H

#include "ad_bulk.h"
#include "ad_bulk_log.h"

struct ad_bulk_job {
	const struct ad_bulk_options *o;
	struct sv_arena *A;
	struct sv_err *err;
	struct ad_client *client;	/* for all but files */
	/* job.json */
	struct sv_str status_url;	/* "": not kicked off yet */
	struct sv_str request;		/* what it is an export of */
	struct sv_str lacks;		/* types that it is not, after all */
	int64_t started_ms;
	int64_t ask_at_ms;		/* the next question */
	int64_t expires_ms;		/* the links of the manifest; 0: unknown */
	bool separate;			/* X-Export-Status decides */
	bool over;			/* nothing more is wanted of it */
	/* manifest-N.json */
	struct ad_bulk_manifest *page;
	size_t n_pages;
	bool lost;			/* nothing more can come of it */
};

/** Read what is in the folder; nothing there is OK too.  BAD: it is damaged. */
struct sv_status ad_bulk_job_load(struct ad_bulk_job *J) SV_CHECK;

/** Write job.json, durably.  RETRY. */
struct sv_status ad_bulk_job_save(struct ad_bulk_job *J) SV_CHECK;

/** Read the page ${json} that was found at ${url}, and keep it, durably; in
 * place of page ${at} if that is one there is, of which it must list the same
 * files.  BAD, RETRY, NOMEM. */
struct sv_status ad_bulk_job_page(struct ad_bulk_job *J, size_t at,
    struct sv_str url, struct sv_str json) SV_CHECK;

/** Where page ${i} of the manifest is to be found; "" if there is none: the
 * manifest has ${i} pages. */
struct sv_str ad_bulk_job_page_url(const struct ad_bulk_job *J, size_t i);

/** "3-17-Patient.ndjson": the name of file ${i} of page ${page}. */
struct sv_str ad_bulk_job_name(struct ad_bulk_job *J, size_t page, size_t i);

/** Remove everything but job.json, and that too if ${all}, and then the
 * folder: what it holds is patient data. */
void ad_bulk_job_empty(const char *folder, bool all);

/** One event for log.ndjson; the details are a list in braces. */
#define ad_bulk_job_log(J, event, ...) \
	ad_bulk_log((J)->o->folder, (J)->started_ms, (event), \
	    (const struct ad_bulk_detail[]){ __VA_ARGS__, { .name = NULL } })

/** "Bearer …" if a token is needed, for a request that begins now; "" if not.
 * As ad_smart_authorization. */
struct sv_status ad_bulk_job_token(struct ad_bulk_job *J, bool needed,
    char ret[AD_SMART_MAX]) SV_CHECK;

/** Wait until ${at_ms}; false if we are to stop. */
bool ad_bulk_job_wait(struct ad_bulk_job *J, int64_t at_ms);

/** Tell the operator. */
void ad_bulk_job_say(struct ad_bulk_job *J, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The deadline has passed. */
bool ad_bulk_job_is_late(const struct ad_bulk_job *J);

#endif
