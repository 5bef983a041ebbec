/**
 * map_terminology.h: codes to concepts.
 *
 * Terminology is data: FHIR ConceptMap files (conf/terminology/, and a site's
 * own additions) from code systems to Salvor's concepts, values and sites.  A
 * code is looked up by (normalised system, code) in one role, never by its
 * display.  Loaded once, immutable after, shared by threads.
 */
#ifndef MAP_TERMINOLOGY_H
#define MAP_TERMINOLOGY_H

#include "core_concept.h"
#include "fhir_type.h"
#include "map_file.h"

struct map_terminology;

/* The place in a resource where a code stands; one ConceptMap serves one. */
enum map_role {
	MAP_ROLE_CONDITION,	/* Condition.code */
	MAP_ROLE_OBSERVATION,	/* Observation.code, component.code */
	MAP_ROLE_VALUE,		/* valueCodeableConcept, conclusionCode, ... */
	MAP_ROLE_PROCEDURE,	/* Procedure.code */
	MAP_ROLE_MEDICATION,	/* medicationCodeableConcept, Medication.code */
	MAP_ROLE_SITE,		/* bodySite */
	MAP_ROLE_SPECIMEN,	/* Specimen.type */
	MAP_ROLE_MAX
};

enum map_verdict {
	MAP_UNKNOWN,		/* no map speaks of the code */
	MAP_ACCEPT,
	MAP_REFUSE,		/* known, and not what it looks like */
	MAP_ASK			/* too unspecific to act on: a person decides */
};

/* What a code means. Only the fields of its role are set. */
struct map_meaning {
	enum map_verdict verdict;
	enum core_concept concept;
	enum core_concept also;		/* a second event it states, or NONE */
	enum core_value value;
	enum core_site site;
	enum core_specimen specimen;
	int32_t grade_low, grade_high;	/* 0: no Grade Group */
	int32_t pattern;		/* Gleason pattern 1..5 of a value; of
					 * an observation 1 primary, 2
					 * secondary; 0: none */
	int32_t score;			/* Gleason score 2..10, 0: none */
	int32_t depot_months;		/* one dose of a medication lasts so
					 * long at most; 0: not a depot */
	bool visceral;
	struct sv_str code;		/* the target code, for messages */
	struct sv_str comment;		/* why it is refused or asked about */
};

/**
 * map_terminology_load(A, files, n, ret, is):
 * Load the ${n} ConceptMap ${files}, whose order does not matter.  Two
 * elements that say different things of one code in one role are an error
 * that names both, unless one has the extension
 * https://salvor.example/StructureDefinition/replaces-mapping, whose
 * valueString is the reason: it overrules the other (and map_rules_load makes
 * it a change of the rule set).  BAD with issues (file, element path) for
 * anything that is not understood; every error is reported.
 */
struct sv_status map_terminology_load(struct sv_arena *A,
    const struct map_file *files, size_t n, struct map_terminology **ret,
    struct fhir_issues *is) SV_CHECK;

/** The role that the extension code-role of the ConceptMap ${root} names;
 * MAP_ROLE_MAX if it names none. */
enum map_role map_role_of(const struct fhir_at *root);

/** The meaning of one coding in ${role}. */
struct map_meaning map_code_meaning(const struct map_terminology *t,
    enum map_role role, struct fhir_coding coding);

/**
 * map_concept_meaning(t, role, at, ret_conflict):
 * The meaning of the CodeableConcept at ${at}: any accepted coding counts; a
 * refused coding beside an accepted one, or two accepted ones that disagree,
 * is a conflict (nothing is used, a person looks: input trap 3).
 */
struct map_meaning map_concept_meaning(const struct map_terminology *t,
    enum map_role role, const struct fhir_at *at, bool *ret_conflict);

/* A code that a map speaks of; it has no dots. */
struct map_known_code {
	enum map_role role;
	struct sv_str system, code;
	bool prefix;			/* the codes below it mean the same */
	bool accepted;			/* it means something, and is used */
};

struct map_code_visitor {
	void (*each)(void *ctx, const struct map_known_code *c);
	void *ctx;
};

/** Visit every code that ${t} knows. */
void map_terminology_each(const struct map_terminology *t,
    const struct map_code_visitor *v);

#endif
