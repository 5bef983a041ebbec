/**
 * ad_sync_order.h: the blocks of an export, in the order in which they are
 * read; internal to adapter/sync.
 *
 * Types are read side by side, each as far as the others, for they cost
 * different work: of one nearly all lines are dropped by the threads that read,
 * of another nearly all are kept by the one that writes, and neither waits for
 * the other if they come in turn.  What a server says of a patient comes close
 * together too, if each of its files has the patients in about the same order.
 *
 * Files of one type come one after the other.  A file whose name does not name
 * one type, as one of deletions, comes after all before it and before all
 * behind it; so do the files of another folder.  The order is the same for a
 * run that goes on from where another was killed.
 */
#ifndef AD_SYNC_ORDER_H
#define AD_SYNC_ORDER_H

#include "ad_sync_block.h"
#include "ad_sync_run.h"

struct ad_sync_order {
	struct ad_sync_file *file;	/* of the run */
	size_t n_files;
	size_t end;			/* of those that are read side by side */
	struct sv_str *type;		/* of each file; "": none, or several */
	struct ad_sync_lane *lane;	/* the files of one type each */
	size_t n_lanes, cap;
};

/** Begin with ${file}, each from where it is; those that are skipped are not
 * read.  NOMEM. */
struct sv_status ad_sync_order_make(struct ad_sync_order *O,
    struct ad_sync_file *file, size_t n) SV_CHECK;
void ad_sync_order_free(struct ad_sync_order *O);

/**
 * ad_sync_order_next(O, k, ret_file, digest):
 * The next block in ${k}, of the file of that number; at its end its digest too.
 * SKIP: there is none.  BAD with errno: the file cannot be read.  NOMEM.
 */
struct sv_status ad_sync_order_next(struct ad_sync_order *O,
    struct ad_sync_block *k, size_t *ret_file, char digest[33]) SV_CHECK;

/** The one resource type that is a word of the last part of the path ${name};
 * "" if there is none, or several. */
struct sv_str ad_sync_type_in_name(struct sv_str name);

#endif
