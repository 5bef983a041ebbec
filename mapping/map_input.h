/**
 * map_input.h: FHIR resources to the events of one patient.
 *
 * Resources are recognised by type and code, never by meta.profile (most real
 * resources have none).  Everything that is not understood becomes an issue
 * with its element path; nothing is guessed.
 */
#ifndef MAP_INPUT_H
#define MAP_INPUT_H

#include "core_event.h"
#include "fhir_doc.h"
#include "map_terminology.h"

/* One resource that was read, for evidence and Provenance. */
struct map_source {
	struct sv_str reference;	/* "Observation/e4" */
	struct sv_str full_url;		/* of its entry, may be empty */
	struct sv_str version;		/* meta.versionId, may be empty */
};

struct map_patient {
	struct sv_str name;		/* identifier value, else id: for people */
	struct sv_str reference;	/* "Patient/pat-v004", or as it was referred to */
	struct sv_str system, value;	/* the identifier, may be empty */
	struct sv_str birth_date;	/* as sent, may be empty */
	struct core_event *events;
	size_t n_events;
	const struct map_source *sources;	/* of the events, in order of reference */
	size_t n_sources;
};

struct map_input_options {
	const struct map_terminology *terminology;
	/* Identifier systems that name a patient, the best first; if none of
	 * them is there, the first identifier, then the logical id. */
	const struct sv_str *identifier_systems;
	size_t n_identifier_systems;
	/* The caller has made sure that all entries are of one patient, whatever
	 * they call it: a store that gathered them over the years.  Of several
	 * Patient resources the first counts. */
	bool vouched;
};

/**
 * map_input(A, doc, options, ret, is):
 * Read the entries of ${doc}, which must be of one patient, into events.  BAD
 * with a fatal issue if they speak of two patients, or of none.  A resource
 * whose subject cannot be resolved is left out with an error issue (held),
 * never guessed.  Trees of entries that cannot matter are never built.
 */
struct sv_status map_input(struct sv_arena *A, const struct fhir_doc *doc,
    const struct map_input_options *options, struct map_patient *ret,
    struct fhir_issues *is) SV_CHECK;

#endif
