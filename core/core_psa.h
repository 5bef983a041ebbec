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

/** True if ${day} lies within the washout of a prostate biopsy. */
bool core_psa_after_biopsy(const struct core_derive *D, int32_t day);

#endif
