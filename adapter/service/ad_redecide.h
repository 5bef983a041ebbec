/**
 * ad_redecide.h: one patient that is decided again; internal to adapter/service.
 *
 * First all is worked out from what the store says, then it is written; the
 * first half can be done by many threads, each with a store that reads.
 */
#ifndef AD_REDECIDE_H
#define AD_REDECIDE_H

#include "ad_apply.h"
#include "map_result.h"

/* Why a patient is decided again. */
enum ad_cause {
	AD_CAUSE_DATA, AD_CAUSE_RULES, AD_CAUSE_TIME
};

/* One patient on its way: worked out from what is read, then written. */
struct ad_deciding {
	struct ad_intake *I;
	struct ad_store *S;		/* that is read */
	int64_t patient;
	int32_t due;			/* until now, or AD_DUE_NEVER */
	enum ad_cause cause;
	struct map_result r;
	bool empty;			/* nothing is remembered of it */
	bool fresh;			/* nothing was ever said of it */
	struct ad_guidance *before;	/* what holds until now */
	size_t n_before;
	struct ad_guidance now[CORE_CANCER_MAX];
	size_t n_now;
	struct map_earlier *earlier;	/* what is taken back */
	size_t n_earlier;
	bool again[CORE_CANCER_MAX];	/* said before, and taken back since */
	bool unchanged, failed;
	struct sv_str kept, posted;	/* packed; .n is 0 for nothing */
};

/** Work out ${D}: its intake, store and patient are set.  BAD or LIMIT: it
 * cannot be decided, ${is} says why.  RETRY, NOMEM. */
struct sv_status ad_deciding_work_out(struct ad_deciding *D,
    struct fhir_issues *is) SV_CHECK;

/** The one of ${g} for the cancer of ${x}, and with its decision if
 * ${same_decision}; NULL if there is none. */
const struct ad_guidance *ad_guidance_find(const struct ad_guidance *g,
    size_t n, const struct ad_guidance *x, bool same_decision);

/** For the clinician who finds guidance revoked. */
struct sv_str ad_deciding_reason(const struct ad_deciding *D, bool gone);

/** Whether what held before as number ${i} is there twice: two patients held
 * the same who turned out to be one. */
bool ad_deciding_held_twice(const struct ad_deciding *D, size_t i);

#endif
