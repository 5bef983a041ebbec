/**
 * core_concept.h: what an event can be about.
 *
 * These are oncology's terms, not codes: mapping/ turns coded data into them
 * by ConceptMap.  The name of a concept is its snake_case word below; in FHIR
 * it is the kebab-case code of https://salvor.example/CodeSystem/concept.
 */
#ifndef CORE_CONCEPT_H
#define CORE_CONCEPT_H

#include "sv_status.h"
#include "sv_str.h"

enum core_kind {
	CORE_CONDITION,
	CORE_OBSERVATION,
	CORE_PROCEDURE,
	CORE_MEDICATION,
	CORE_KIND_MAX
};

/* X(enumerator, name, kind, unit of its number or "") */
#define CORE_CONCEPTS(X)                                                    \
	X(DECEASED, "deceased", CONDITION, "")                              \
	X(PROSTATE_CANCER, "prostate_cancer", CONDITION, "")                \
	X(CRPC, "crpc", CONDITION, "")                                      \
	X(BIOCHEMICAL_RECURRENCE, "biochemical_recurrence", CONDITION, "")  \
	X(LOCAL_RECURRENCE, "local_recurrence", CONDITION, "")              \
	X(PELVIC_NODAL_RECURRENCE, "pelvic_nodal_recurrence", CONDITION, "") \
	X(METASTATIC_DISEASE, "metastatic_disease", CONDITION, "")          \
	X(HODGKIN_LYMPHOMA, "hodgkin_lymphoma", CONDITION, "")              \
	X(DLBCL, "dlbcl", CONDITION, "")                                    \
	X(LYMPHOMA_OTHER, "lymphoma_other", CONDITION, "")                  \
	X(LYMPHOMA_RELAPSE, "lymphoma_relapse", CONDITION, "")              \
	X(LYMPHOMA_REFRACTORY, "lymphoma_refractory", CONDITION, "")        \
	X(SEMINOMA, "seminoma", CONDITION, "")                              \
	X(NONSEMINOMA, "nonseminoma", CONDITION, "")                        \
	X(GERM_CELL_TUMOUR, "germ_cell_tumour", CONDITION, "")              \
	X(GCT_RELAPSE, "gct_relapse", CONDITION, "")                        \
	X(PSA, "psa", OBSERVATION, "ng/mL")                                 \
	X(TESTOSTERONE, "testosterone", OBSERVATION, "ng/dL")               \
	X(AFP, "afp", OBSERVATION, "ng/mL")                                 \
	X(HCG, "hcg", OBSERVATION, "[IU]/L")                                \
	X(GRADE_GROUP, "grade_group", OBSERVATION, "")                      \
	X(PT_CATEGORY, "pt_category", OBSERVATION, "")                      \
	X(N_CATEGORY, "n_category", OBSERVATION, "")                        \
	X(M_CATEGORY, "m_category", OBSERVATION, "")                        \
	X(SEMINAL_VESICLE_INVASION, "seminal_vesicle_invasion", OBSERVATION, "") \
	X(PROSTATE_BIOPSY, "prostate_biopsy", OBSERVATION, "")              \
	X(PSMA_PET, "psma_pet", OBSERVATION, "")                            \
	X(DISTANT_METASTASIS_IMAGING, "distant_metastasis_imaging", OBSERVATION, "") \
	X(PELVIC_NODES_IMAGING, "pelvic_nodes_imaging", OBSERVATION, "")    \
	X(LOCAL_LESION_IMAGING, "local_lesion_imaging", OBSERVATION, "")    \
	X(LOCAL_SALVAGE_EVALUATION, "local_salvage_evaluation", OBSERVATION, "") \
	X(LIFE_EXPECTANCY, "life_expectancy", OBSERVATION, "a")             \
	X(LYMPHOMA_RESPONSE, "lymphoma_response", OBSERVATION, "")          \
	X(TRANSPLANT_ELIGIBLE, "transplant_eligible", OBSERVATION, "")      \
	X(GCT_PRIMARY_SITE, "gct_primary_site", OBSERVATION, "")            \
	X(GCT_RESPONSE, "gct_response", OBSERVATION, "")                    \
	X(LBB_METASTASES, "lbb_metastases", OBSERVATION, "")                \
	X(RELAPSE_SITE_COUNT, "relapse_site_count", OBSERVATION, "1")       \
	X(RELAPSE_MAX_DIAMETER, "relapse_max_diameter", OBSERVATION, "cm")  \
	X(RADICAL_PROSTATECTOMY, "radical_prostatectomy", PROCEDURE, "")    \
	X(RADIOTHERAPY, "radiotherapy", PROCEDURE, "")                      \
	X(FOCAL_ABLATION, "focal_ablation", PROCEDURE, "")                  \
	X(CRYOABLATION, "cryoablation", PROCEDURE, "")                      \
	X(BIOPSY_PROCEDURE, "biopsy_procedure", PROCEDURE, "")              \
	X(ORCHIECTOMY, "orchiectomy", PROCEDURE, "")                        \
	X(BILATERAL_ORCHIECTOMY, "bilateral_orchiectomy", PROCEDURE, "")    \
	X(ASCT, "asct", PROCEDURE, "")                                      \
	X(ADT, "adt", MEDICATION, "")                                       \
	X(FIRST_LINE_CHEMO, "first_line_chemo", MEDICATION, "")             \
	X(SALVAGE_CHEMO, "salvage_chemo", MEDICATION, "")                   \
	X(PLATINUM_CHEMO, "platinum_chemo", MEDICATION, "")

#define CORE_X(id, name, kind, unit) CORE_##id,
enum core_concept {
	CORE_CONCEPT_NONE,
	CORE_CONCEPTS(CORE_X)
	CORE_CONCEPT_MAX
};
#undef CORE_X

/*
 * Coded values of observations.  X(enumerator, name); the names are those of
 * the vignettes, and, in FHIR, the codes of
 * https://salvor.example/CodeSystem/value.
 */
#define CORE_VALUES(X)                                                      \
	X(NEGATIVE, "negative") X(POSITIVE, "positive")                     \
	X(EQUIVOCAL, "equivocal") X(INDETERMINATE, "indeterminate")         \
	X(PRESENT, "present") X(ABSENT, "absent")                           \
	X(YES, "true") X(NO, "false")                                       \
	X(PELVIC_NODES_ONLY, "pelvic-nodes-only") X(DISTANT, "distant")     \
	X(LOCAL_ONLY, "local-only")                                         \
	X(TREATMENT_EFFECT, "treatment-effect")                             \
	X(PTX, "pTX") X(PT0, "pT0") X(PT2, "pT2") X(PT2A, "pT2a")           \
	X(PT2B, "pT2b") X(PT2C, "pT2c") X(PT3, "pT3") X(PT3A, "pT3a")       \
	X(PT3B, "pT3b") X(PT4, "pT4")                                       \
	X(NX, "NX") X(PN0, "pN0") X(PN1, "pN1") X(CN0, "cN0") X(CN1, "cN1") \
	X(MX, "MX") X(CM0, "cM0") X(CM1, "cM1") X(CM1A, "cM1a")             \
	X(CM1B, "cM1b") X(CM1C, "cM1c") X(PM1, "pM1") X(PM1A, "pM1a")       \
	X(PM1B, "pM1b") X(PM1C, "pM1c")                                     \
	X(CR, "CR") X(PR, "PR") X(PR_MARKER_NEGATIVE, "PRm-")               \
	X(PR_MARKER_POSITIVE, "PRm+") X(SD, "SD") X(PD, "PD")               \
	X(GONADAL, "gonadal") X(RETROPERITONEAL, "retroperitoneal")         \
	X(MEDIASTINAL, "mediastinal")

#define CORE_X(id, name) CORE_VALUE_##id,
enum core_value {
	CORE_VALUE_NONE,
	CORE_VALUES(CORE_X)
	CORE_VALUE_MAX
};
#undef CORE_X

/* Where a radiation course was aimed. */
#define CORE_SITES(X)                                                       \
	X(UNSPECIFIED, "unspecified") X(PROSTATE, "prostate")               \
	X(PROSTATE_BED, "prostate_bed") X(PELVIS, "pelvis")                 \
	X(PARAAORTIC, "paraaortic") X(RETROPERITONEUM, "retroperitoneal")   \
	X(DOGLEG, "dogleg") X(BONE, "bone") X(ELSEWHERE, "other")

#define CORE_X(id, name) CORE_SITE_##id,
enum core_site {
	CORE_SITE_NONE,		/* not a matter of site */
	CORE_SITES(CORE_X)
	CORE_SITE_MAX
};
#undef CORE_X

enum core_specimen {
	CORE_SPECIMEN_NONE,	/* not known */
	CORE_SPECIMEN_PROSTATECTOMY,
	CORE_SPECIMEN_DIAGNOSTIC_BIOPSY,
	CORE_SPECIMEN_BIOPSY,	/* of which time, its date says */
	CORE_SPECIMEN_MAX
};

/* Names, and the way back.  The slices are static.  ..._of: NONE if unknown. */
struct sv_str core_concept_name(enum core_concept c);
struct sv_str core_concept_unit(enum core_concept c);
enum core_kind core_concept_kind(enum core_concept c);
enum core_concept core_concept_of(struct sv_str name);
struct sv_str core_value_name(enum core_value v);
enum core_value core_value_of(struct sv_str name);
struct sv_str core_site_name(enum core_site s);
enum core_site core_site_of(struct sv_str name);

#endif
