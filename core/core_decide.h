/**
 * core_decide.h: events, rules and a date in; findings out.
 *
 * Pure: no I/O, no clock, no globals, no memory but the arena's.  The same
 * events (in any order), rules and date give the same decision.
 */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "core_rule.h"

enum core_state {
	CORE_SILENT,
	CORE_FIRES,
	CORE_PROVISIONAL,	/* fires, but an exclusion is open */
	CORE_NEEDS_DATA,	/* cannot be decided */
	CORE_STATE_MAX
};

enum core_intent {
	CORE_INTENT_NONE,
	CORE_INTENT_UNCLEAR,
	CORE_INTENT_PALLIATIVE,
	CORE_INTENT_CURATIVE,
	CORE_INTENT_MAX
};

enum core_output {
	CORE_OUTPUT_NONE,
	CORE_OUTPUT_SUCCESS,
	CORE_OUTPUT_DATA_REQUESTED,
	CORE_OUTPUT_DATA_REQUIRED,
	CORE_OUTPUT_MAX
};

/* What one rule concluded. */
struct core_finding {
	const struct core_rule *rule;
	enum core_state state;
	core_fact_set missing;	/* unknown facts that keep it open */
};

/* One proposed activity, from all findings that propose it. */
struct core_proposal {
	struct core_activity activity;	/* months: the longest minimum asked */
	const struct core_finding **findings;
	size_t n_findings;
};

/* The guidance for one cancer of the patient. */
struct core_guidance {
	enum core_cancer cancer;
	enum core_tri context;		/* salvage context of this cancer */
	enum core_intent intent;
	enum core_output output;
	const struct core_finding **findings;	/* not silent, by priority */
	size_t n_findings;
	const struct core_proposal *proposals;	/* blocked groups removed */
	size_t n_proposals;
	const struct sv_str *blocks;
	size_t n_blocks;
	core_fact_set missing;		/* union over the findings */
};

/* The care-gap measure QM-01 (K2.4) for this patient. */
struct core_measure {
	bool population;	/* initial population */
	bool denominator;
	bool excluded;
	bool unknown;		/* failure status unknown */
	bool evaluated;		/* numerator A */
	bool adt_alone;		/* numerator B */
};

struct core_decision {
	struct core_timeline line;
	struct core_facts facts;
	struct core_finding *findings;	/* one per rule, in rule book order */
	size_t n_findings;
	struct core_guidance guidance[CORE_CANCER_MAX];
	size_t n_guidance;		/* cancers present or possible */
	/* Union over the cancers. */
	enum core_intent intent;
	enum core_output output;
	struct core_measure qm01;
};

/**
 * core_decide(A, book, history, ret):
 * Decide for one patient.  NOMEM if ${A} is exhausted; then ${ret} is
 * unusable.  Everything in ${ret} points into ${A}, ${book} and the events.
 */
struct sv_status core_decide(struct sv_arena *A,
    const struct core_rulebook *book, const struct core_history *history,
    struct core_decision *ret) SV_CHECK;

/** The rule applies, for now at least. */
static inline bool
core_speaks(enum core_state s)
{
	return s == CORE_FIRES || s == CORE_PROVISIONAL;
}

struct sv_str core_state_name(enum core_state s);	/* "needs-data" */
struct sv_str core_intent_name(enum core_intent i);
struct sv_str core_output_name(enum core_output o);	/* "data-required" */

#endif
