/**
 * ad_gather.h: resources of many patients in any order, patient by patient.
 *
 * A Bulk Data export holds one resource type a file, in any order and any
 * split.  They are put down one by one, and come back gathered by patient:
 *
 *	ad_gather_open -> ad_gather_add* -> ad_gather_sort
 *	    -> ad_gather_next* -> ad_gather_close
 *
 * What comes back does not depend on the order in which it was put down:
 * patients come by their logical id, the resources of one by their names.
 *
 * The store is a private temporary database of SQLite in $TMPDIR (/var/tmp
 * without).  Its files hold patient data, so SQLite creates them with mode
 * 0600 and unlinks them while they are open: nothing is left behind, whatever
 * ends the process.  Memory is the cache of SQLite, AD_GATHER_CACHE, and does
 * not grow with the data; the space on disk is about three times the text
 * that was kept.
 */
#ifndef AD_GATHER_H
#define AD_GATHER_H

#include "map_subject.h"

/* Memory for pages and for sorting, in bytes. */
#define AD_GATHER_CACHE ((size_t)16 << 20)

struct ad_gather;

/**
 * ad_gather_open(err):
 * An empty store; NULL with the reason in ${err}, such as a $TMPDIR that
 * cannot be written to.
 */
struct ad_gather *ad_gather_open(struct sv_err *err);

/**
 * ad_gather_add(G, A, e, is):
 * Keep the resource ${e}, which was read from a strict document, if it can
 * matter; its text is copied.  ${A} is for working memory.
 * OK: kept, or passed over because it can say nothing.
 * BAD: it names no patient; ${is} says so, and nothing is kept.
 * RETRY: the store failed (ad_gather_error); nothing more can be done.
 * NOMEM.
 */
struct sv_status ad_gather_add(struct ad_gather *G, struct sv_arena *A,
    struct fhir_entry *e, struct fhir_issues *is) SV_CHECK;

/** All is there: sort.  OK or RETRY. */
struct sv_status ad_gather_sort(struct ad_gather *G) SV_CHECK;

/* The resources of one patient, with those they refer to. */
struct ad_gathered {
	struct sv_str key;		/* logical id of the patient */
	struct fhir_entry *entries;
	size_t n_entries;
};

/**
 * ad_gather_next(G, A, ret, is):
 * The next patient, everything of it copied into ${A}.  Of several versions
 * of the Patient resource, the newest.
 * SKIP: there are no more.
 * BAD: the resources name the patient on two servers; LIMIT: they are more
 * than SV_LIMIT_PATIENT bytes.  ${is} says so, ${ret}->key is set, and the
 * next call goes on with the next patient.
 * RETRY: the store failed.  NOMEM.
 */
struct sv_status ad_gather_next(struct ad_gather *G, struct sv_arena *A,
    struct ad_gathered *ret, struct fhir_issues *is) SV_CHECK;

/* What happened so far, for progress and reports. */
struct ad_gather_count {
	int64_t kept, passed_over;	/* resources put down */
	int64_t returned;		/* of the kept, by ad_gather_next */
	int64_t bytes;			/* of text kept */
};
struct ad_gather_count ad_gather_counted(const struct ad_gather *G);

/** Why the store failed and what to do, for a person. */
const char *ad_gather_error(const struct ad_gather *G);

/** Forget everything.  NULL is allowed. */
void ad_gather_close(struct ad_gather *G);

#endif
