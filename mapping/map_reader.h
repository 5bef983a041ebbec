/**
 * map_reader.h: what the readers of resource types share; internal to
 * mapping/.
 */
#ifndef MAP_READER_H
#define MAP_READER_H

#include "map_index.h"
#include "map_input.h"

struct map_reader {
	struct sv_arena *A;
	const struct map_terminology *terms;
	struct fhir_issues *is;
	struct fhir_entry *entries;
	size_t n_entries;
	struct map_index index;
	struct core_event *events;
	size_t n_events, cap_events;
	struct sv_str source;		/* the resource being read */
	bool full;			/* more than SV_LIMIT_EVENTS */
};

/** Add an issue about ${at} of the resource being read. */
void map_note(struct map_reader *R, enum fhir_severity severity,
    const char *detail, const struct fhir_at *at, const char *text);

/** Append a copy of ${e}.  Latches R->full, and that of the arena. */
void map_emit(struct map_reader *R, const struct core_event *e);

/** "Observation/e4" for the resource at ${root}, or its path without an id. */
struct sv_str map_source_of(struct map_reader *R, const struct fhir_at *root,
    struct sv_str type);

/** An event of the resource at ${root}, which is from now on the one being
 * read: its source and its version. */
struct core_event map_start_event(struct map_reader *R,
    const struct fhir_at *root, struct sv_str type);

/** The CodeableConcept ${name} of ${root}; R5 puts it into a
 * CodeableReference, as its concept. */
struct fhir_at map_concept_of(const struct fhir_at *root, const char *name);

/**
 * map_read_concept(R, role, root, name, ret):
 * The meaning of the CodeableConcept ${name} of ${root}.  False if it says
 * nothing to Salvor, or is refused, doubtful or contradictory; the last three
 * leave an issue.
 */
bool map_read_concept(struct map_reader *R, enum map_role role,
    const struct fhir_at *root, const char *name, struct map_meaning *ret);

/** The date of ${base}[x] (dateTime, Period, instant, Age is not used): the
 * start of a period in ${ret}->date, its end in ${ret}->end. */
void map_read_when(struct map_reader *R, const struct fhir_at *root,
    const char *base, struct core_event *ret);

/** The entry that ${ref} means; NULL if it is not in the document, or not
 * clear (map_index.h). */
struct fhir_entry *map_resolve(struct map_reader *R,
    const struct fhir_reference *ref);

/** The resource of ${type} that the Reference ${ref} in the resource at
 * ${root} means, contained there or an entry; absent if there is none. */
struct fhir_at map_referred(struct map_reader *R, const struct fhir_at *root,
    const struct fhir_at *ref, const char *type);

/** Status of an Observation or DiagnosticReport: only final, amended,
 * corrected and appended count (trap 18). */
enum core_status map_observation_status(struct sv_str s);

/* One resource of each type into events. */
struct sv_status map_read_condition(struct map_reader *R,
    const struct fhir_at *root) SV_CHECK;
struct sv_status map_read_observation(struct map_reader *R,
    const struct fhir_at *root) SV_CHECK;
struct sv_status map_read_report(struct map_reader *R,
    const struct fhir_at *root) SV_CHECK;
struct sv_status map_read_procedure(struct map_reader *R,
    const struct fhir_at *root) SV_CHECK;
struct sv_status map_read_medication(struct map_reader *R,
    const struct fhir_at *root, struct sv_str type) SV_CHECK;

#endif
