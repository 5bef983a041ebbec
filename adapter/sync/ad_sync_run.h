/**
 * ad_sync_run.h: one run over one registry; internal to adapter/sync.
 *
 * Where a run is stands in the store, in the same unit as what was done:
 *
 *	registry.run, ended = 0		it is under way
 *	registry_file.offset, done	how far each file is
 *	patient.due			who has to be decided yet
 */
#ifndef AD_SYNC_RUN_H
#define AD_SYNC_RUN_H

#include <stdio.h>

#include "ad_apply.h"
#include "ad_progress.h"
#include "ad_service.h"
#include "ad_store_sync.h"
#include "ad_sync.h"
#include "ad_sync_known.h"

/* What became of lines and resources. */
enum ad_sync_count {
	AD_SYNC_LINES,
	AD_SYNC_DROPPED,	/* lines that cannot matter */
	AD_SYNC_PASSED,		/* can say nothing, or was not asked for */
	AD_SYNC_ADDED,
	AD_SYNC_REPLACED,
	AD_SYNC_UNCHANGED,
	AD_SYNC_LATE,		/* older than what is known */
	AD_SYNC_DELETED,
	AD_SYNC_REFUSED,
	AD_SYNC_COUNTS
};

/* Types that are counted apart. */
enum {
	AD_SYNC_PATIENT, AD_SYNC_CONDITION, AD_SYNC_OBSERVATION,
	AD_SYNC_REPORT, AD_SYNC_PROCEDURE, AD_SYNC_REQUEST,
	AD_SYNC_ADMINISTRATION, AD_SYNC_STATEMENT, AD_SYNC_DISPENSE,
	AD_SYNC_MEDICATION, AD_SYNC_SPECIMEN, AD_SYNC_OTHER, AD_SYNC_TYPES
};

struct ad_sync_counts {
	int64_t n[AD_SYNC_COUNTS];
};

struct sv_str ad_sync_type_name(int type);
int ad_sync_type_of(struct sv_str name);
const char *ad_sync_count_name(enum ad_sync_count c);
/** The next of the numbers in ${text}, which are between blanks, taken off it;
 * 0 where there is none. */
int64_t ad_sync_number(struct sv_str *text);

/** ${n} counts to the end of ${b}, and back, as such numbers. */
void ad_sync_counts_put(struct sv_buf *b, const struct ad_sync_counts *c,
    size_t n);
void ad_sync_counts_read(struct sv_str *text, struct ad_sync_counts *ret,
    size_t n);

/* A file of the export; there may be many thousands. */
struct ad_sync_file {
	char *path;
	const char *name;		/* the end of ${path} */
	int64_t size, modified;		/* ns since 1970 */
	int64_t offset, line;		/* where to go on */
	bool begun;			/* this run has noted how far it is */
	bool skip;			/* taken in already, by its digest */
	bool moved, done;		/* it was read, in this unit; to its end */
	char digest[33];
	int64_t patients;
	struct ad_sync_counts counts;
};

/* What the decisions of a run came to. */
struct ad_sync_decided {
	struct ad_change change;
	int64_t undecided, posts, purged;
};

struct ad_smart;

struct ad_sync {
	const struct ad_options *o;
	const struct ad_conf_registry *conf;
	struct ad_setup *u;
	const char *store_path;		/* of the private copy if dry */
	struct ad_store *S, *R;		/* to write, and to read */
	bool beside_service;		/* which wants to write too */
	bool begins;			/* and does not go on with another */
	struct ad_progress *P;
	int64_t now_ms;			/* when the run started */
	int32_t today;
	struct ad_registry state;
	struct sv_arena A;		/* of the run */
	struct sv_arena note;		/* of one note in the store */
	struct ad_sync_file *file;
	size_t n_files, n_skipped;
	bool incremental;		/* only what changed since the last run */
	struct sv_str transaction_time;	/* of the export, or "" */
	struct sv_str asked;		/* what it holds: ad_sync_asked.h */
	size_t n_missing;		/* files that could not be had, and what
					 * the server could not export */
	uint64_t source_key;		/* ad_store_key.h */
	struct ad_sync_known known;	/* resources of the source */
	struct sv_str *patients;	/* sorted; n 0: all */
	size_t n_patients;
	struct ad_smart *smart;		/* for all that is asked; or NULL */
	struct sv_str *members;		/* of the group; n 0: not asked for */
	size_t n_members;
	struct ad_intake I;		/* for what it shares with messages */
	struct ad_sync_counts by_type[AD_SYNC_TYPES];
	struct ad_sync_decided d;
	FILE *refused;			/* side file */
	char refused_path[4096], reports[3900];
	bool partial;			/* it took something, not all */
	int64_t load_ms, decide_ms, bytes_read;
	struct map_measure measure;
	int64_t n_gaps;
	char why[512];			/* it could not go on */
};

/** Do the run ${Y}, of which o, conf, u, store_path, P, now_ms and today are
 * set; then end it.  AD_EXIT_OK, AD_EXIT_PARTIAL, or why not all was done. */
enum ad_exit ad_sync_run(struct ad_sync *Y);

/* How many threads read, or decide, beside the one that writes. */
#define AD_SYNC_MAX_THREADS 4

/** The same, on this machine: 1 to AD_SYNC_MAX_THREADS. */
int ad_sync_threads(void);

/** An empty buffer for what is noted next; it is good until the one after. */
void ad_sync_note(struct ad_sync *Y, struct sv_buf *ret);

/** Write where the run is, inside a unit. */
struct sv_status ad_sync_put_state(struct ad_sync *Y) SV_CHECK;

/** Is this a run over a part, whose end says nothing of the whole? */
bool ad_sync_is_part(const struct ad_sync *Y);

/** The first ${length} bytes of the side file are of this run, no more.  BAD
 * with Y->why. */
struct sv_status ad_sync_cut_refused(struct ad_sync *Y, int64_t length)
    SV_CHECK;

/** Find the files, and which were taken in already.  BAD with Y->why. */
struct sv_status ad_sync_plan(struct ad_sync *Y) SV_CHECK;
/** The file ${name} of ${folder} is one of the run.  BAD with Y->why; NOMEM. */
struct sv_status ad_sync_add_file(struct ad_sync *Y, const char *folder,
    const char *name) SV_CHECK;

/** Have the files from the registry's server; they are in the order in which
 * they are to be taken.  BAD, RETRY with Y->why; NOMEM. */
struct sv_status ad_sync_fetch(struct ad_sync *Y) SV_CHECK;

/** All was taken in: let the server forget the exports. */
void ad_sync_fetch_end(struct ad_sync *Y);

/** Is it a group of a server, which can say who is in it? */
bool ad_sync_has_members(const struct ad_sync *Y);

/** Note who is in the group; inside no unit. */
struct sv_status ad_sync_note_members(struct ad_sync *Y) SV_CHECK;

void ad_sync_files_free(struct ad_sync *Y);

/** Read the files into the store.  RETRY with Y->why: it can go on later. */
struct sv_status ad_sync_load(struct ad_sync *Y) SV_CHECK;

/** Note where file ${i} is, inside a unit. */
struct sv_status ad_sync_note_file(struct ad_sync *Y, size_t i) SV_CHECK;

/** Forget the patients that left; inside no unit. */
struct sv_status ad_sync_left(struct ad_sync *Y) SV_CHECK;

/** Decide everybody who is due. */
struct sv_status ad_sync_decide(struct ad_sync *Y) SV_CHECK;

/** Post what waits, unless a service does. */
struct sv_status ad_sync_post(struct ad_sync *Y) SV_CHECK;

/** Write the reports of a run that is whole.  RETRY with Y->why. */
struct sv_status ad_sync_report(struct ad_sync *Y) SV_CHECK;

/** All counts of the run, over its files. */
struct ad_sync_counts ad_sync_total(const struct ad_sync *Y);

/** The store failed: RETRY, with its reason in Y->why. */
struct sv_status ad_sync_store_failed(struct ad_sync *Y);

/** After a unit that took ${ms}: let a running service write. */
void ad_sync_yield(const struct ad_sync *Y, int64_t ms);

/* How long a unit may last before it is committed, in ms.  Resources with random
 * ids fall on all pages of an index, which each unit writes once. */
#define AD_SYNC_UNIT_MS 1000
#define AD_SYNC_UNIT_BESIDE_MS 30

#endif
