/**
 * ad_patients.h: every patient of the input, decided one after the other.
 *
 * A Bundle is one patient and is decided as it is read.  Single resources,
 * in NDJSON or in files of their own, are gathered by patient (ad_gather.h)
 * and decided when all input has been read.  What is refused is reported with
 * its file and line, and does not stop the rest.  Memory does not grow with
 * the input.
 */
#ifndef AD_PATIENTS_H
#define AD_PATIENTS_H

#include "ad_engine.h"
#include "ad_progress.h"

struct ad_patients_use {
	/* Called with each decided patient.  False: stop; the callee has said
	 * why, and keeps its own exit status. */
	bool (*decided)(void *ctx, struct sv_arena *A,
	    const struct map_result *r);
	void *ctx;
	bool quiet;		/* ${decided} prints nothing */
};

/**
 * ad_patients_decide(o, E, use, P):
 * Decide all patients of the files of ${o}.  The worst exit status.  After
 * SIGINT, or another signal of ad_stop.h, AD_EXIT_TEMPORARY.  ${P} is started
 * and left for ad_progress_end.
 */
enum ad_exit ad_patients_decide(const struct ad_options *o,
    const struct ad_engine *E, const struct ad_patients_use *use,
    struct ad_progress *P);

#endif
