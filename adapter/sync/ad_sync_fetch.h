/**
 * ad_sync_fetch.h: the exports of a run; internal to adapter/sync.
 *
 * One for what is asked for; for a group also its members, and those who joined
 * it since the last run: what nobody changed of theirs since then is in no
 * export of what changed (Bulk Data, "Group Membership"; K13).
 */
#ifndef AD_SYNC_FETCH_H
#define AD_SYNC_FETCH_H

#include "ad_bulk.h"
#include "ad_sync_run.h"

/** Tell the operator one line; ${Y} is a struct ad_sync. */
void ad_sync_say(void *Y, const char *line);

/* Which export: the end of the name of its folder. */
#define AD_SYNC_JOB ""
#define AD_SYNC_JOB_MEMBERS ".members"
#define AD_SYNC_JOB_JOINED ".joined"

#define AD_SYNC_PATH 4096

/* What an export is to hold. */
struct ad_sync_wanted {
	struct sv_str since;		/* "": everything */
	const struct sv_str *patients;
	size_t n_patients;		/* 0: of all */
};

/** The options of ${job}, and its ${folder}.  RETRY with Y->why. */
struct sv_status ad_sync_job(struct ad_sync *Y, const char *job,
    char folder[AD_SYNC_PATH], struct ad_bulk_options *ret) SV_CHECK;

/** It failed with ${s}; what is left to do, and Y->why. */
struct sv_status ad_sync_job_failed(struct ad_sync *Y, struct sv_status s,
    const struct ad_bulk_options *o, const struct ad_bulk_fetched *f,
    const struct sv_err *err) SV_CHECK;

/** List the members of the group: Y->members; and in ${ret}, if the run is
 * incremental, who was not one in the last run.  It is no longer incremental if
 * nobody ever noted who was.  As ad_bulk_fetch. */
struct sv_status ad_sync_members(struct ad_sync *Y,
    struct ad_sync_wanted *ret) SV_CHECK;

#endif
