/**
 * ad_sync.h: salvor sync, the nightly synchronisation with registries.
 *
 * For each registry of the configuration, or the one that is named: take in
 * what its export says, decide every patient that it touched, and every
 * remembered one whose answer time alone may have changed; then write what was
 * done.  A run that is interrupted goes on where it was; nothing is done twice.
 *
 *	files -> lines that can matter -> resources -> the store, by patient
 *	    -> patients that are due -> guidance and posts -> report
 *
 * A running service may use the same store at the same time.
 */
#ifndef AD_SYNC_H
#define AD_SYNC_H

#include "ad_options.h"

/* Everything was done, but some lines, files or patients were refused. */
#define AD_EXIT_PARTIAL 5

/** The command; AD_EXIT_OK, AD_EXIT_PARTIAL, or as every command. */
enum ad_exit ad_sync(const struct ad_options *o);

#endif
