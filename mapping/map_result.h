/**
 * map_result.h: one patient, read and decided; and its renderings.
 */
#ifndef MAP_RESULT_H
#define MAP_RESULT_H

#include "core_decide.h"
#include "fhir_write.h"
#include "map_input.h"
#include "map_withdraw.h"

struct map_result {
	struct map_patient patient;
	struct core_decision decision;
	const struct core_rulebook *book;
	const struct fhir_issues *issues;	/* of reading and mapping */
	/* The identities that were worked out already (map_decision_id). */
	struct sv_str id[CORE_CANCER_MAX];
};

/* Where and when the guidance is made; all of it is input, so that the same
 * input gives the same bytes. */
struct map_output_options {
	struct sv_str recorded;		/* instant; OS-1 generation time */
	struct sv_str software;		/* "salvor 0.1.0" */
	struct sv_str base;		/* canonical base, https://salvor.example */
	/* Where the data came from, "https://ehr.example/fhir"; if set,
	 * references to it in the Bundle are absolute. */
	struct sv_str source_base;
	bool pretty;			/* indented JSON */
	/* A Bundle to read: of type collection, its entries say nothing of how
	 * to post them. */
	bool collection;
	/* Guidance that this one takes back, in the same Bundle; JSON only. */
	const struct map_earlier *earlier;
	size_t n_earlier;
	/* The same was said before and taken back: what is revoked on the
	 * server is put right, not left as it is. */
	bool again[CORE_CANCER_MAX];
	enum { MAP_OUT_JSON, MAP_OUT_XML } syntax;
	bool colour;			/* text: ANSI colours */
	int width;			/* text: columns, 0 means 80 */
};

/** The transaction Bundle of the patient (fhir-output conventions); a Bundle
 * without entries if there is nothing to say.  LIMIT or NOMEM if it does not
 * fit; ${out} is then unusable. */
struct sv_status map_bundle_write(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** The explain object (design section 7), one line unless ${o}->pretty. */
struct sv_status map_explain_write(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** What a clinician reads: UTF-8 text. */
struct sv_status map_text_write(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** How the guidance changed: decided again as of the day of every event up to
 * the reference date, as text; the newest days if there are very many. */
struct sv_status map_history_write(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** What a clinician reads: one self-contained page, HTML that is well-formed
 * XML, without script; nothing is fetched. */
struct sv_status map_html_write(struct sv_arena *A,
    const struct map_result *r, const struct map_output_options *o,
    struct sv_buf *out) SV_CHECK;

/** A deterministic identity for what was decided: SHA-256 over patient,
 * cancer, rule set and the admitted events (knowledge K3.4), as hex.  Who needs
 * it before the Bundle is written keeps it in ${r}->id. */
struct sv_status map_decision_id(struct sv_arena *A,
    const struct map_result *r, enum core_cancer cancer,
    struct sv_str *ret_hex) SV_CHECK;

#endif
