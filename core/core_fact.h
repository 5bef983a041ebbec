/**
 * core_fact.h: the fact dictionary (knowledge K1.7).
 *
 * A fact is what rules speak of.  It is true, false or unknown, or a number
 * known as an interval, or a date or code; it carries the events it rests on
 * and, if it is unknown, the one reason why.
 */
#ifndef CORE_FACT_H
#define CORE_FACT_H

#include "core_event.h"
#include "core_params.h"

enum core_fact_type {
	CORE_FACT_TRI,		/* true, false or unknown */
	CORE_FACT_NUMBER,	/* an interval */
	CORE_FACT_DATE,
	CORE_FACT_SERIES,	/* the PSA series */
	CORE_FACT_CODE
};

/* X(enumerator, name, type, UCUM unit, phrase for a clinician) */
#define CORE_FACTS(X)                                                       \
	X(REFERENCE_DATE, "reference_date", DATE, "", "reference date")     \
	X(DECEASED_FACT, "deceased", TRI, "", "patient has died")           \
	X(HAS_PROSTATE_CANCER, "prostate_cancer", TRI, "", "prostate cancer") \
	X(CRPC_DOCUMENTED, "crpc_documented", TRI, "",                      \
	    "castration-resistant prostate cancer")                         \
	X(RP_AS_PRIMARY, "rp_as_primary", TRI, "",                          \
	    "radical prostatectomy as primary treatment")                   \
	X(RT_AS_PRIMARY, "rt_as_primary", TRI, "",                          \
	    "radiation therapy of the prostate as primary treatment")       \
	X(FOCAL_AS_PRIMARY, "focal_as_primary", TRI, "",                    \
	    "focal ablation as primary treatment")                          \
	X(ANY_PRIMARY, "any_primary", TRI, "",                              \
	    "primary treatment of the prostate")                            \
	X(PRIOR_BED_RT, "prior_bed_rt", TRI, "",                            \
	    "earlier radiation to the prostate bed")                        \
	X(ON_ADT_NOW, "on_adt_now", TRI, "",                                \
	    "androgen deprivation therapy at present")                      \
	X(PSA_SERIES, "psa_series", SERIES, "ng/mL", "PSA series")          \
	X(CURRENT_PSA, "current_psa_ng_ml", NUMBER, "ng/mL", "current PSA") \
	X(PSA_PERSISTENCE, "psa_persistence", TRI, "",                      \
	    "persistently detectable PSA after prostatectomy")              \
	X(BCR_AFTER_RP, "bcr_after_rp", TRI, "",                            \
	    "biochemical recurrence after prostatectomy")                   \
	X(PSA_UNCONFIRMED_RISE, "psa_unconfirmed_rise", TRI, "",            \
	    "PSA rise not yet confirmed by a second value")                 \
	X(PSA_NADIR, "psa_nadir_ng_ml", NUMBER, "ng/mL",                    \
	    "PSA nadir after radiation or ablation")                        \
	X(BCR_AFTER_RT, "bcr_after_rt", TRI, "",                            \
	    "biochemical recurrence after radiation therapy")               \
	X(PSA_BOUNCE_POSSIBLE, "psa_bounce_possible", TRI, "",              \
	    "possible PSA bounce")                                          \
	X(FAILURE_WITHIN_18M_OF_RT, "failure_within_18m_of_rt", TRI, "",    \
	    "early failure after radiation therapy")                        \
	X(RECURRENCE_AFTER_FOCAL, "recurrence_after_focal", TRI, "",        \
	    "recurrence after focal ablation")                              \
	X(PSA_DOUBLING_TIME, "psa_doubling_time_months", NUMBER, "mo",      \
	    "PSA doubling time")                                            \
	X(GRADE_GROUP_RP, "grade_group_rp", NUMBER, "",                     \
	    "Grade Group of the prostatectomy specimen")                    \
	X(GRADE_GROUP_BIOPSY, "grade_group_biopsy", NUMBER, "",             \
	    "Grade Group of the diagnostic biopsy")                         \
	X(RECURRENCE_GRADE_GROUP, "recurrence_grade_group", NUMBER, "",     \
	    "Grade Group of the recurrence")                                \
	X(SEMINAL_VESICLE_INVASION_FACT, "seminal_vesicle_invasion", TRI, "", \
	    "seminal vesicle invasion")                                     \
	X(METASTATIC_DISEASE_FACT, "metastatic_disease", TRI, "",           \
	    "distant metastasis")                                           \
	X(WIDESPREAD_METASTATIC_DISEASE, "widespread_metastatic_disease",   \
	    TRI, "", "widespread metastatic disease")                       \
	X(OLIGOMETASTATIC, "oligometastatic", TRI, "",                      \
	    "limited metastatic sites")                                     \
	X(PELVIC_NODAL_RECURRENCE_FACT, "pelvic_nodal_recurrence", TRI, "", \
	    "pelvic nodal recurrence")                                      \
	X(PSMA_PET_NEGATIVE, "psma_pet_negative", TRI, "",                  \
	    "negative PSMA PET")                                            \
	X(IMAGING_POSITIVE_LOCAL, "imaging_positive_local", TRI, "",        \
	    "local lesion on imaging")                                      \
	X(BIOPSY_CONFIRMED_LOCAL_RECURRENCE,                                \
	    "biopsy_confirmed_local_recurrence", TRI, "",                   \
	    "biopsy-confirmed local recurrence")                            \
	X(LOCAL_SALVAGE_DONE, "local_salvage_done", TRI, "",                \
	    "local salvage treatment done")                                 \
	X(LOCAL_SALVAGE_EVALUATED, "local_salvage_evaluated", TRI, "",      \
	    "evaluation for local salvage")                                 \
	X(LIFE_EXPECTANCY_YEARS, "life_expectancy_years", NUMBER, "a",      \
	    "life expectancy")                                              \
	X(LYMPHOMA, "lymphoma", TRI, "", "lymphoma")                        \
	X(LYMPHOMA_IS_DLBCL, "lymphoma_is_dlbcl", TRI, "",                  \
	    "large B-cell lymphoma")                                        \
	X(LYMPHOMA_FAILED_PRIMARY, "lymphoma_failed_primary", TRI, "",      \
	    "lymphoma relapsed or refractory after first-line therapy")     \
	X(CHEMOSENSITIVE, "chemosensitive", TRI, "",                        \
	    "response to salvage chemotherapy")                             \
	X(TRANSPLANT_ELIGIBLE_FACT, "transplant_eligible", TRI, "",         \
	    "eligibility for transplantation")                              \
	X(PRIOR_ASCT, "prior_asct", TRI, "",                                \
	    "earlier autologous stem cell transplantation")                 \
	X(EARLY_RELAPSE_12M, "early_relapse_12m", TRI, "",                  \
	    "refractory, or early relapse after first-line therapy")        \
	X(HAS_GERM_CELL_TUMOUR, "germ_cell_tumour", TRI, "",                \
	    "germ cell tumour")                                             \
	X(GCT_IS_SEMINOMA, "gct_is_seminoma", TRI, "", "pure seminoma")     \
	X(GCT_RELAPSE_FACT, "gct_relapse", TRI, "",                         \
	    "relapse of germ cell tumour")                                  \
	X(PRIOR_PLATINUM_CHEMO, "prior_platinum_chemo", TRI, "",            \
	    "earlier platinum-based chemotherapy")                          \
	X(PRIOR_SEMINOMA_RT, "prior_seminoma_rt", TRI, "",                  \
	    "earlier radiation for seminoma")                               \
	X(LATE_RELAPSE, "late_relapse", TRI, "",                            \
	    "late relapse after primary treatment")                         \
	X(RELAPSE_LOCALISED, "relapse_localised", TRI, "",                  \
	    "relapse at a single site")                                     \
	X(RELAPSE_SMALL_VOLUME, "relapse_small_volume", TRI, "",            \
	    "small-volume relapse")                                         \
	X(RT_TO_RELAPSE_LONG_INTERVAL, "rt_to_relapse_long_interval", TRI,  \
	    "", "long interval from radiation to relapse")                  \
	X(IPFSG_DETERMINED, "ipfsg_determined", TRI, "",                    \
	    "IPFSG prognostic group can be stated")                         \
	X(IPFSG_RISK, "ipfsg_risk", CODE, "", "IPFSG prognostic group")     \
	X(SALVAGE_CONTEXT, "salvage_context", TRI, "",                      \
	    "failure of primary treatment")

#define CORE_X(id, name, type, unit, phrase) CORE_##id,
enum core_fact_id {
	CORE_FACTS(CORE_X)
	CORE_FACT_COUNT
};
#undef CORE_X

_Static_assert(CORE_FACT_COUNT <= 64, "a set of facts is a 64-bit mask");

/* A set of facts: bit ${id} is fact ${id}. */
typedef uint64_t core_fact_set;
#define CORE_FACT_BIT(id) ((core_fact_set)1 << (id))

/* Why a fact is unknown, or what to know of a known one. */
#define CORE_REASONS(X)                                                     \
	X(MISSING, "missing", "not recorded")                               \
	X(STALE, "stale", "recorded, but too old")                          \
	X(CENSORED, "censored", "only a limit was reported")                \
	X(CONTRADICTORY, "contradictory", "the records disagree")           \
	X(IMPRECISE_DATE, "imprecise-date", "a date is not precise enough") \
	X(UNCONFIRMED, "unconfirmed", "not confirmed")                      \
	X(ORDERING, "ordering", "recorded before the recurrence")           \
	X(EQUIVOCAL, "equivocal", "the result is equivocal")                \
	X(INDETERMINATE, "indeterminate", "the result is indeterminate")    \
	X(IMPRECISE, "imprecise", "the statement is not precise enough")    \
	X(INSUFFICIENT, "insufficient", "not enough usable values")         \
	X(ASSAY_CHANGE, "assay-change", "the assay changed within the series") \
	X(POSSIBLE_BOUNCE, "possible-bounce", "PSA fell back without treatment") \
	X(UNSPECIFIED_RT_SITE, "unspecified-rt-site",                       \
	    "the site of a radiation course is not recorded")               \
	X(NOT_APPLICABLE, "not-applicable", "does not apply")               \
	X(DOCUMENTED, "documented", "stated by a clinician's coded record")

#define CORE_X(id, code, text) CORE_REASON_##id,
enum core_reason {
	CORE_REASON_NONE,
	CORE_REASONS(CORE_X)
	CORE_REASON_MAX
};
#undef CORE_X

/* IPFSG prognostic groups (Lorch 2010), the codes of CORE_IPFSG_RISK. */
enum core_ipfsg {
	CORE_IPFSG_NONE,
	CORE_IPFSG_VERY_LOW,
	CORE_IPFSG_LOW,
	CORE_IPFSG_INTERMEDIATE,
	CORE_IPFSG_HIGH,
	CORE_IPFSG_VERY_HIGH,
	CORE_IPFSG_MAX
};

struct core_fact {
	enum core_tri truth;		/* TRI only */
	struct core_interval number;	/* NUMBER: set if anything is known */
	bool infinite;			/* PSA doubling time: no doubling */
	int32_t day;			/* DATE */
	enum core_ipfsg code;		/* CODE; NONE if unknown */
	enum core_reason reason;
	struct sv_date since;		/* date of the failure or finding, if any */
	const struct core_event **evidence;
	size_t n_evidence;
	const struct core_event **set_aside;	/* looked at, not used, for
						 * the reason given */
	size_t n_set_aside;
};

/* One usable day of the PSA series, oldest first (K1.6). */
struct core_psa_point {
	int32_t day;
	struct core_interval value;	/* hull of the day's values */
	double log_mean;		/* ln of the geometric mean, if usable */
	const struct core_event *event;	/* the first of the day */
	bool exact;			/* one value, or max/min <= 1.10 */
	bool in_fit;			/* used for the doubling time */
	bool under_adt;			/* suppressed, or in the washout */
	enum core_tri after_biopsy;	/* in the washout of a biopsy */
};

struct core_psa_fit {
	double slope_per_day, intercept;	/* of ln(PSA), day 0 = 1970 */
	size_t n;				/* points used; 0: no fit */
};

struct core_facts {
	struct core_fact fact[CORE_FACT_COUNT];
	struct core_psa_point *psa;
	size_t n_psa;
	struct core_psa_fit fit;
	struct sv_date failure;		/* of the prostate, if any */
	/* IPFSG items that are missing, as concept names; for CORE_IPFSG_*. */
	enum core_concept ipfsg_missing[6];
	size_t n_ipfsg_missing;
	/* The first day after the reference date on which an answer may differ
	 * although nothing was added: results grow stale, courses end, what
	 * lies in the future comes.  INT32_MAX: none. */
	int32_t changes_on;
};

struct sv_str core_fact_name(enum core_fact_id id);
struct sv_str core_fact_unit(enum core_fact_id id);
struct sv_str core_fact_phrase(enum core_fact_id id);
enum core_fact_type core_fact_type(enum core_fact_id id);
/** The fact called ${name}; CORE_FACT_COUNT if there is none. */
enum core_fact_id core_fact_of(struct sv_str name);
struct sv_str core_reason_code(enum core_reason r);
struct sv_str core_reason_text(enum core_reason r);
struct sv_str core_ipfsg_name(enum core_ipfsg g);

/** True if nothing is known of ${f}, a fact of id ${id}. */
bool core_fact_unknown(enum core_fact_id id, const struct core_fact *f);

/**
 * core_facts_derive(A, line, params, ret):
 * Derive every fact of the dictionary from the admitted events of ${line}.
 * NOMEM if ${A} is exhausted.  ${ret} points into ${A} and ${line}.
 */
struct sv_status core_facts_derive(struct sv_arena *A,
    const struct core_timeline *line, const struct core_params *params,
    struct core_facts *ret) SV_CHECK;

/** The salvage context of prostate cancer alone; ${ret} is why it is unknown. */
enum core_tri core_context_prostate(const struct core_facts *f,
    enum core_reason *ret);

#endif
