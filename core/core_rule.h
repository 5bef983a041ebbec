/**
 * core_rule.h: the rule book.
 *
 * Rules are data: mapping/ reads them from FHIR PlanDefinition files, and
 * nothing here knows any particular rule.  A rule book is immutable after
 * loading and may be shared by threads.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include "core_expr.h"

enum core_rule_kind {
	CORE_RULE_OFFER, CORE_RULE_CONSIDER, CORE_RULE_DETAIL,
	CORE_RULE_PREREQUISITE, CORE_RULE_BLOCK, CORE_RULE_COUNSEL,
	CORE_RULE_CAUTION, CORE_RULE_INFORM, CORE_RULE_CLASSIFY,
	CORE_RULE_KIND_MAX
};

enum core_origin {
	CORE_ORIGIN_SOURCE, CORE_ORIGIN_GUIDELINE, CORE_ORIGIN_DERIVED,
	CORE_ORIGIN_MAX
};

enum core_confidence {
	CORE_CONFIDENCE_LOW, CORE_CONFIDENCE_MEDIUM, CORE_CONFIDENCE_HIGH,
	CORE_CONFIDENCE_MAX
};

/* How much a reader is disturbed by it. */
enum core_urgency {
	CORE_URGENCY_INFO, CORE_URGENCY_WARNING, CORE_URGENCY_CRITICAL,
	CORE_URGENCY_MAX
};

enum core_cancer {
	CORE_CANCER_PROSTATE, CORE_CANCER_LYMPHOMA, CORE_CANCER_GERM_CELL,
	CORE_CANCER_MAX,
	CORE_CANCER_ANY = CORE_CANCER_MAX	/* of rules only */
};

struct core_activity {
	struct sv_str code;		/* "salvage-rt-prostate-bed" */
	struct sv_str display;
	int32_t min_months, max_months;	/* 0, 0: no duration */
	struct sv_str group;		/* alternatives share one; may be empty */
};

struct core_citation {
	struct sv_str text;
	struct sv_str url;		/* may be empty */
	bool resolved;			/* false: "reference not supplied" */
};

struct core_rule {
	struct sv_str id, title, text;
	struct sv_str population, strength, note;
	struct sv_str plan;		/* canonical|version of its PlanDefinition */
	struct sv_str place;		/* where it stands, for messages */
	enum core_rule_kind kind;
	enum core_origin origin;
	enum core_confidence confidence;
	enum core_urgency urgency;	/* of a block at least warning */
	enum core_cancer cancer;
	bool curative;			/* its intent class is curative */
	bool draft;			/* not signed off */
	int32_t priority;		/* lower is shown first */
	struct core_expr when, unless;	/* unless.n == 0: none */
	const struct sv_str *source_refs;	/* "S05" */
	size_t n_source_refs;
	const struct core_citation *citations;
	size_t n_citations;
	const struct core_activity *activities;
	size_t n_activities;
	const struct sv_str *blocks;	/* groups of activities it forbids */
	size_t n_blocks;
};

struct core_source_statement {
	struct sv_str id, text, citation;	/* "S06", sentence, "1, 3" */
};

/* What a site changed of the rule book as published. */
struct core_site_change {
	struct sv_str what;		/* "bcr_psa 0.2 -> 0.4 ng/mL" */
	struct sv_str rule;		/* switched off; else empty */
	struct sv_str reason;
	struct sv_str path;		/* in the site file */
};

/* Who answers for a rule set; it holds for the one with this hash only. */
struct core_sign_off {
	struct sv_str by, on, sha256;
	struct sv_str file;		/* empty: there is none */
	bool holds;			/* the hash is the rule set's */
};

/* What a parameter is for, and what no site may leave. */
struct core_param_about {
	struct sv_str meaning, origin, confidence;
	struct sv_str place;		/* of its value, for messages */
	struct sv_dec low, high;	/* its value lies between them */
	bool bounded;			/* they are known */
	bool by_site;			/* its value is the site's */
	enum core_param_id at_most;	/* it is not above this; COUNT: none */
};

struct core_rulebook {
	struct sv_str version;		/* with "+site." and a part of the hash
					 * if a site changed anything */
	struct sv_str sha256;		/* of all rules and terminology, in hex */
	struct sv_str review_by;	/* the earliest end of validity of a file,
					 * "2027-11-24"; may be empty */
	const struct core_site_change *changes;
	size_t n_changes;
	struct core_sign_off sign_off;
	bool drafts_off;		/* rules not signed off are kept out */
	size_t n_drafts_off;		/* how many were */
	struct core_params params;
	struct core_param_about about[CORE_PARAM_COUNT];
	const struct core_rule *rules;
	size_t n_rules;
	const struct core_source_statement *statements;
	size_t n_statements;
};

struct sv_str core_rule_kind_name(enum core_rule_kind k);
enum core_rule_kind core_rule_kind_of(struct sv_str name);
struct sv_str core_origin_name(enum core_origin o);
enum core_origin core_origin_of(struct sv_str name);
struct sv_str core_confidence_name(enum core_confidence c);
enum core_confidence core_confidence_of(struct sv_str name);
struct sv_str core_urgency_name(enum core_urgency u);
enum core_urgency core_urgency_of(struct sv_str name);
struct sv_str core_cancer_name(enum core_cancer c);
enum core_cancer core_cancer_of(struct sv_str name);

#endif
