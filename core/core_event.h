/**
 * core_event.h: one dated clinical statement about one patient.
 *
 * Events know nothing of FHIR.  mapping/ makes them; core_timeline_admit
 * decides which of them count (knowledge K1.3) and says why the others do
 * not.  All slices point into memory that outlives the decision.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core_concept.h"
#include "core_interval.h"
#include "core_params.h"
#include "sv_arena.h"
#include "sv_date.h"

enum core_status {
	CORE_STATUS_FINAL,	/* final, amended, corrected, completed, active */
	CORE_STATUS_NOT_FINAL,	/* preliminary, registered, planned, draft, ... */
	CORE_STATUS_NOT_DONE,	/* a procedure that did not happen */
	CORE_STATUS_CANCELLED,
	CORE_STATUS_ENTERED_IN_ERROR,
	CORE_STATUS_MAX
};

enum core_certainty {
	CORE_CERTAINTY_CONFIRMED,
	CORE_CERTAINTY_PROVISIONAL,	/* provisional, differential, unconfirmed */
	CORE_CERTAINTY_REFUTED,
	CORE_CERTAINTY_MAX
};

/* Whether the number of an event can be compared. */
enum core_unit_state {
	CORE_UNIT_OK,		/* in the unit of its concept, or needs none */
	CORE_UNIT_MISSING,	/* never assumed */
	CORE_UNIT_UNUSABLE	/* known, but not convertible exactly */
};

struct core_event {
	enum core_kind kind;
	enum core_concept concept;
	enum core_status status;
	enum core_certainty certainty;	/* of conditions */
	enum core_unit_state unit;
	uint32_t version;		/* of the source; higher replaces */
	struct sv_str source;		/* "Observation/e4"; never empty */
	struct sv_str source_version;	/* meta.versionId, may be empty */
	struct sv_date date;		/* of the statement; start of a period */
	struct sv_date end;		/* end of a period; none: open */
	struct core_interval value;	/* in the concept's unit */
	enum core_value code;		/* coded result */
	/* Attributes; each has its "not known" value. */
	struct core_interval count;	/* lesions or sites of spread */
	struct core_interval grade_group; /* of a positive biopsy, 1..5 */
	enum core_specimen specimen;	/* of a grade group */
	enum core_site site;		/* of radiation */
	struct core_interval uln;	/* upper limit of normal, same unit */
	struct sv_str assay;		/* empty: compatible with any */
	struct sv_str text;		/* as the sender wrote the value */
	bool visceral;			/* spread to viscera is stated */
};

/* Why an event, or a part of it, was left out.  X(enumerator, code, text) */
#define CORE_EXCLUSIONS(X)                                                  \
	X(ENTERED_IN_ERROR, "entered-in-error", "entered in error")         \
	X(CANCELLED, "cancelled", "cancelled")                              \
	X(NOT_FINAL, "not-final", "not a final result")                     \
	X(FUTURE_DATED, "future-dated", "dated after the reference date")   \
	X(UNIT_MISSING, "unit-missing", "no unit given")                    \
	X(UNIT_UNUSABLE, "unit-unusable", "unit cannot be converted")       \
	X(IMPLAUSIBLE, "value-implausible", "negative or absurd value")     \
	X(UNDATED, "date-missing", "no date given")                         \
	X(IMPRECISE_DATE, "imprecise-date", "date not precise to the day")  \
	X(DUPLICATE, "duplicate", "the same statement was sent twice")      \
	X(NO_VALUE, "value-missing", "no usable value")

#define CORE_X(id, code, text) CORE_EXCLUDED_##id,
enum core_exclusion_reason {
	CORE_EXCLUDED_NOT,
	CORE_EXCLUSIONS(CORE_X)
	CORE_EXCLUDED_MAX
};
#undef CORE_X

struct sv_str core_exclusion_code(enum core_exclusion_reason r);
struct sv_str core_exclusion_text(enum core_exclusion_reason r);

struct core_exclusion {
	const struct core_event *event;
	enum core_exclusion_reason reason;
};

/** All that is known of one patient, in any order, and the day it is asked. */
struct core_history {
	const struct core_event *events;
	size_t n_events;
	int32_t as_of;		/* reference date, a day number */
};

/** The events that count, in a canonical order, and those that do not. */
struct core_timeline {
	int32_t as_of;			/* reference date, a day number */
	const struct core_event **events;	/* by concept, date, source */
	size_t n_events;
	uint32_t first[CORE_CONCEPT_MAX + 1];	/* index range of a concept */
	struct core_exclusion *excluded;
	size_t n_excluded;
	int32_t changes_on;		/* as core_facts, of what is admitted */
};

/**
 * core_timeline_admit(A, history, params, ret):
 * Apply K1.3 to ${history}: highest version per source, exclusions,
 * duplicates.  The result does not depend on the order of events.  Upper ends
 * of partial dates are cut to the reference date.  NOMEM if ${A} is exhausted.
 * The events must outlive ${ret}.
 */
struct sv_status core_timeline_admit(struct sv_arena *A,
    const struct core_history *history, const struct core_params *params,
    struct core_timeline *ret) SV_CHECK;

#endif
