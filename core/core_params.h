/**
 * core_params.h: every number of the rule book (knowledge K1.9).
 *
 * They are data (conf/rules/parameters.json); the values below are the
 * defaults of the specification.  A parameter is available in rule conditions
 * under its name, so that no number is written twice.
 */
#ifndef CORE_PARAMS_H
#define CORE_PARAMS_H

#include "sv_dec.h"
#include "sv_str.h"

/* X(enumerator, name, mantissa, scale, UCUM unit, whole numbers only or not) */
#define CORE_PARAMS(X)                                                      \
	X(HIGH_RISK_PSA, "high_risk_psa", 7, 1, "ng/mL", EXACT)             \
	X(HIGH_RISK_GRADE_GROUP, "high_risk_grade_group", 4, 0, "", WHOLE)  \
	X(HIGH_RISK_DOUBLING_TIME, "high_risk_doubling_time", 6, 0, "mo", EXACT) \
	X(MULTIPLE_FEATURES, "multiple_features", 2, 0, "", WHOLE)          \
	X(BCR_PSA, "bcr_psa", 2, 1, "ng/mL", EXACT)                         \
	X(BCR_CONFIRMATION_DAYS, "bcr_confirmation_days", 7, 0, "d", WHOLE) \
	X(POST_RP_WASHOUT_DAYS, "post_rp_washout_days", 28, 0, "d", WHOLE)  \
	X(PERSISTENCE_PSA, "persistence_psa", 1, 1, "ng/mL", EXACT)         \
	X(PERSISTENCE_FROM_DAYS, "persistence_from_days", 28, 0, "d", WHOLE) \
	X(PERSISTENCE_TO_DAYS, "persistence_to_days", 91, 0, "d", WHOLE)    \
	X(PHOENIX_RISE, "phoenix_rise", 2, 0, "ng/mL", EXACT)               \
	X(PSADT_MIN_PSA, "psadt_min_psa", 2, 1, "ng/mL", EXACT)             \
	X(PSADT_MIN_POINTS, "psadt_min_points", 3, 0, "", WHOLE)            \
	X(PSADT_MIN_SPAN_DAYS, "psadt_min_span_days", 90, 0, "d", WHOLE)    \
	X(PSADT_MIN_GAP_DAYS, "psadt_min_gap_days", 28, 0, "d", WHOLE)      \
	X(PSADT_WINDOW_DAYS, "psadt_window_days", 365, 0, "d", WHOLE)       \
	X(PSADT_WIDE_WINDOW_DAYS, "psadt_wide_window_days", 730, 0, "d", WHOLE) \
	X(DAYS_PER_MONTH, "days_per_month", 304375, 4, "d", EXACT)          \
	X(SAME_DAY_RATIO, "same_day_ratio", 11, 1, "", EXACT)               \
	X(CURRENT_PSA_STALE_DAYS, "current_psa_stale_days", 183, 0, "d", WHOLE) \
	X(NO_FAILURE_STALE_DAYS, "no_failure_stale_days", 400, 0, "d", WHOLE) \
	X(STAGING_STALE_DAYS, "staging_stale_days", 180, 0, "d", WHOLE)     \
	X(STAGING_LEAD_DAYS, "staging_lead_days", 90, 0, "d", WHOLE)        \
	X(STAGING_CONFLICT_DAYS, "staging_conflict_days", 30, 0, "d", WHOLE) \
	X(ADT_WASHOUT_DAYS, "adt_washout_days", 183, 0, "d", WHOLE)         \
	X(CASTRATE_TESTOSTERONE, "castrate_testosterone", 50, 0, "ng/dL", EXACT) \
	X(BIOPSY_WASHOUT_DAYS, "biopsy_washout_days", 42, 0, "d", WHOLE)    \
	X(LIFE_EXPECTANCY_SHORT, "life_expectancy_short", 5, 0, "a", EXACT) \
	X(LIFE_EXPECTANCY_LONG, "life_expectancy_long", 10, 0, "a", EXACT)  \
	X(LIFE_EXPECTANCY_STALE_DAYS, "life_expectancy_stale_days", 365, 0, "d", WHOLE) \
	X(RESPONSE_STALE_DAYS, "response_stale_days", 90, 0, "d", WHOLE)    \
	X(ELIGIBILITY_STALE_DAYS, "eligibility_stale_days", 180, 0, "d", WHOLE) \
	X(OLIGOMETASTATIC_MAX, "oligometastatic_max", 5, 0, "", WHOLE)      \
	X(EARLY_RELAPSE_MONTHS, "early_relapse_months", 12, 0, "mo", WHOLE) \
	X(LATE_RELAPSE_MONTHS, "late_relapse_months", 24, 0, "mo", WHOLE)   \
	X(EAU_RT_INTERVAL_MONTHS, "eau_rt_interval_months", 18, 0, "mo", WHOLE) \
	X(EAU_RP_DOUBLING_TIME, "eau_rp_doubling_time", 12, 0, "mo", EXACT) \
	X(EARLY_SALVAGE_PSA, "early_salvage_psa", 5, 1, "ng/mL", EXACT)     \
	X(RESERVED_GRADE_GROUP, "reserved_grade_group", 1, 0, "", WHOLE)    \
	X(SMALL_VOLUME_CM, "small_volume_cm", 2, 0, "cm", EXACT)            \
	X(LONG_INTERVAL_MONTHS, "long_interval_months", 24, 0, "mo", WHOLE) \
	X(IPFSG_MARKER_WINDOW_DAYS, "ipfsg_marker_window_days", 28, 0, "d", WHOLE) \
	X(IPFSG_PFI_MONTHS, "ipfsg_pfi_months", 3, 0, "mo", WHOLE)          \
	X(IPFSG_AFP_HIGH, "ipfsg_afp_high", 1000, 0, "ng/mL", EXACT)        \
	X(IPFSG_HCG_HIGH, "ipfsg_hcg_high", 1000, 0, "[IU]/L", EXACT)       \
	X(QM01_WINDOW_DAYS, "qm01_window_days", 180, 0, "d", WHOLE)         \
	X(RT_COURSE_GAP_DAYS, "rt_course_gap_days", 90, 0, "d", WHOLE)      \
	X(REPORT_DELAY_DAYS, "report_delay_days", 60, 0, "d", WHOLE)        \
	X(ABSURD_PSA, "absurd_psa", 100000, 0, "ng/mL", EXACT)

#define CORE_X(id, name, m, scale, unit, kind) CORE_PARAM_##id,
enum core_param_id {
	CORE_PARAMS(CORE_X)
	CORE_PARAM_COUNT
};
#undef CORE_X

struct core_params {
	struct sv_dec value[CORE_PARAM_COUNT];
};

/** The specification's defaults. */
void core_params_default(struct core_params *ret);

struct sv_str core_param_name(enum core_param_id id);
struct sv_str core_param_unit(enum core_param_id id);
/** Days, months and things are counted, not measured. */
bool core_param_is_whole(enum core_param_id id);
/** The parameter called ${name}; CORE_PARAM_COUNT if there is none. */
enum core_param_id core_param_of(struct sv_str name);

/** A parameter that core_param_is_whole. */
int32_t core_param_int(const struct core_params *p, enum core_param_id id);

#endif
