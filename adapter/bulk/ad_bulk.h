/**
 * ad_bulk.h: fetch an export of a FHIR server into a folder (Bulk Data Access
 * 1.0 to 4.0.0-ballot).
 *
 *	kick-off -> questions -> manifest pages -> files
 *	    -> (the caller takes them in, and commits) -> ad_bulk_end
 *
 * Exports take hours to days, so each step is durable in the folder before the
 * next is taken, and a run that was killed goes on where it was:
 *
 *	job.json		the kick-off and its status URL
 *	manifest-0.json		each page of the manifest, as it came
 *	0-17-Observation.ndjson	a file that is whole (ad_bulk_sink.h)
 *	….part			one that is not there yet
 *	log.ndjson		what happened, in the log format of SMART's clients
 *
 * One folder is one job; it is never started twice.  Files that fail are tried
 * again, with longer and longer waits; what cannot be had is listed, and the
 * export is then not whole.
 */
#ifndef AD_BULK_H
#define AD_BULK_H

#include "ad_bulk_kickoff.h"
#include "ad_bulk_manifest.h"
#include "ad_smart.h"

struct ad_bulk_options {
	struct ad_bulk_export what;
	struct ad_client_peer peer;	/* timeout_s: of all but files */
	struct ad_smart *smart;		/* NULL: no token */
	const char *folder;		/* of the job; exists, for us alone */
	int parallel;			/* files at once, 1 to 10 */
	int64_t deadline_s;		/* of the whole job */
	int64_t max_bytes;		/* of the files together */
	int64_t spare_bytes;		/* of the disk, that stay free */
	int64_t ask_ms;			/* first wait between two questions */
	int64_t retry_ms;		/* first wait after a failed file */
	int retries;			/* of a file */
	bool lenient_counts;		/* a wrong "count" is a warning */
	/* News for people, one line each, and for the bar: may be NULL. */
	void (*say)(void *ctx, const char *line);
	void (*moved)(void *ctx, int64_t files, int64_t of, int64_t bytes);
	bool (*stopped)(void *ctx);	/* true: end now, go on another time */
	void *ctx;
};

/* A file of the export. */
struct ad_bulk_got {
	enum ad_bulk_kind kind;
	struct sv_str type;
	struct sv_str name;		/* in the folder */
	int64_t lines, bytes;
	bool whole;			/* false: it could not be had */
};

struct ad_bulk_fetched {
	struct sv_str transaction_time;	/* the next "since" */
	struct sv_str lacks;		/* types left out, which the server does
					 * not export, between blanks */
	struct ad_bulk_got *file;
	size_t n, n_failed;
	int64_t lines, bytes;
	struct sv_str *member;		/* by ad_bulk_members */
	size_t n_members;
	bool lost;			/* nothing more can come of this job: end it,
					 * and begin anew */
};

/**
 * ad_bulk_fetch(A, o, ret, err):
 * Fetch, or go on fetching.  OK: everything is in the folder, unless
 * ${ret}->n_failed says otherwise.  BAD with ${err}: the server or the
 * configuration is such that trying again is no use; RETRY: it was stopped, the
 * disk is full, or the network is down: call again later.  REFUSED: the server
 * refuses us, or the export has failed there, is forgotten or late.  NOMEM.
 *
 * A folder that holds a job of another request than ${o}->what is told to the
 * server as over, and one of ${o}->what begins.
 */
struct sv_status ad_bulk_fetch(struct sv_arena *A,
    const struct ad_bulk_options *o, struct ad_bulk_fetched *ret,
    struct sv_err *err) SV_CHECK;

/**
 * ad_bulk_end(o):
 * Everything was taken in, or the job is given up: tell the server to forget
 * the export (RFC 9110 DELETE), and remove the files and the folder.  If it
 * cannot be told now, job.json stays, and ad_bulk_fetch tells it before it
 * begins another export in that folder: many servers run one at a time.
 */
void ad_bulk_end(const struct ad_bulk_options *o);

/**
 * ad_bulk_members(A, o, ret, err):
 * The logical ids of the patients that are in the group of ${o}->what, sorted,
 * each once: an export of its own (_type=Patient&_elements=id) in ${o}->folder,
 * of which all else in ${o}->what but the base is passed over.  As
 * ad_bulk_fetch; RETRY too if a file could not be had.  Who was not in the group
 * before is then exported by ${what.patients} without a since, or the resources
 * of before that nobody changed would be missing (Bulk Data, "Group
 * Membership").  ad_bulk_end ends it.
 */
struct sv_status ad_bulk_members(struct sv_arena *A,
    const struct ad_bulk_options *o, struct ad_bulk_fetched *ret,
    struct sv_err *err) SV_CHECK;

#endif
