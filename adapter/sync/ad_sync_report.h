/**
 * ad_sync_report.h: what a run did, in words; internal to adapter/sync.
 */
#ifndef AD_SYNC_REPORT_H
#define AD_SYNC_REPORT_H

#include "ad_sync_run.h"

/* A file that the next one is built from. */
struct ad_sync_times {
	double load_s, decide_s, mb_s, lines_s, patients_s;
};

struct ad_sync_times ad_sync_times_of(const struct ad_sync *Y);

/** The page for those who answer for the run, in ${out}: what was read, what
 * follows, the care gap, the measure as a chart.  It names no patient.  LIMIT
 * or NOMEM. */
struct sv_status ad_sync_html(struct ad_sync *Y, struct sv_buf *out) SV_CHECK;

#endif
