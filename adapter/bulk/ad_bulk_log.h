/**
 * ad_bulk_log.h: log.ndjson of a job, in the log format of SMART's clients
 * (smart-on-fhir/bulk-data-client, "Logging"), which other tools read.
 *
 * URLs are written without their query: that of a signed URL is a secret, that
 * of a kick-off may name patients.  Tokens are never written.
 */
#ifndef AD_BULK_LOG_H
#define AD_BULK_LOG_H

#include "sv_str.h"

/* A member of eventDetail; the last has no name. */
struct ad_bulk_detail {
	const char *name;
	struct sv_str text;
	int64_t number;
	bool is_number;		/* rather than text */
};

#define AD_BULK_TEXT(name, s) { (name), (s), 0, false }
#define AD_BULK_NUMBER(name, n) { (name), SV_STATIC(""), (int64_t)(n), true }

/** Add the event ${event} of the export ${id} to the log in ${folder}.  What
 * cannot be logged does not stop the export. */
void ad_bulk_log(const char *folder, int64_t id, const char *event,
    const struct ad_bulk_detail *details);

/** ${url} up to its query. */
struct sv_str ad_bulk_log_url(struct sv_str url);

#endif
