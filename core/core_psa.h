/**
 * core_psa.h: what the PSA derivations share; internal to core/.
 */
#ifndef CORE_PSA_H
#define CORE_PSA_H

#include "core_derive.h"

/* Days between which PSA values of the series count for one question. */
struct core_psa_window {
	size_t from, to;	/* index range [from, to) of facts->psa */
};

/**
 * core_psa_fit(points, n, ret):
 * Log-linear least squares over the ${n} >= 2 ${points} (K1.6 step 6).
 */
void core_psa_fit(const struct core_psa_point *points, size_t n,
    struct core_psa_fit *ret);

/** The doubling time of ${fit} in hundredths of a month, rounded half up;
 * -1 if PSA does not rise. */
int64_t core_psa_doubling_centimonths(const struct core_psa_fit *fit,
    const struct core_params *params);

/** psa_doubling_time_months from the points of the current-PSA window. */
void core_derive_doubling_time(struct core_derive *D,
    const struct core_psa_point *const *points, size_t n, int32_t until);

/** bcr_after_rt and recurrence_after_focal: nadir + 2.0 (K1.7). */
void core_derive_phoenix(struct core_derive *D);

/* A day that never comes. */
#define CORE_PSA_NEVER INT32_MAX

/** The first day of ADT begun after ${day}; NEVER if there is none. */
int32_t core_psa_adt_after(const struct core_derive *D, int32_t day);

/** The day of the first local salvage; NEVER if none was done. */
int32_t core_psa_salvage_day(const struct core_derive *D);

/** The first day on which ADT begun by ${day} no longer suppresses PSA: a low
 * value until then is no sign of cure (hazard H8).  NEVER: it goes on. */
int32_t core_psa_adt_clear(const struct core_derive *D, int32_t day);

/** Fill facts->psa; latches nomem. */
void core_psa_series(struct core_derive *D);

/** Fill after_biopsy and under_adt of every point; latches nomem. */
void core_psa_expose(struct core_derive *D);

/** The points of the series in [from, to). */
struct core_psa_window core_psa_between(const struct core_derive *D,
    int32_t from, int32_t to);

/** BCR, persistence and current PSA after a prostatectomy with a date. */
void core_derive_after_rp(struct core_derive *D);
/** The same if it has none: which values follow it is unknown. */
void core_derive_after_undated_rp(struct core_derive *D);

/** Current PSA and doubling time from the values of [from, cut) that may
 * stand for the disease as it is now (K1.6, eligibility). */
void core_derive_eligible(struct core_derive *D, int32_t from, int32_t cut,
    bool in_place);

/* Would nothing be said of the failure ${f} (K3.4), so that a doubt matters? */
static inline bool
core_psa_is_silent(const struct core_fact *f)
{
	return f->truth == CORE_FALSE || f->reason == CORE_REASON_MISSING
	    || f->reason == CORE_REASON_STALE;
}

static inline int32_t
core_earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static inline int32_t
core_later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* A parameter as a number of days, and as a limit to compare with. */
static inline int32_t
core_psa_days(const struct core_derive *D, enum core_param_id id)
{
	return core_param_int(D->params, id);
}

static inline struct core_interval
core_psa_limit(const struct core_derive *D, enum core_param_id id)
{
	return core_exactly(D->params->value[id]);
}

#endif
