/**
 * map_line.h: the whole line, bytes to guidance.
 *
 * The command line, the service, registry sync and the fuzzers all call this.
 */
#ifndef MAP_LINE_H
#define MAP_LINE_H

#include "map_result.h"

/* Loaded once, immutable, shared by threads. */
struct map_engine {
	const struct core_rulebook *book;
	struct map_input_options input;
};

/* One decision. */
struct map_line {
	struct sv_arena *A;
	const struct map_engine *engine;
	int32_t as_of;			/* the reference date, a day number */
	struct fhir_issues *is;
};

/**
 * map_line_decide(L, text, ret):
 * Read one document (Bundle or resource, JSON or XML) of one patient, and
 * decide.  BAD or LIMIT with fatal issues if it is refused; NOMEM.  ${ret}
 * points into the arena and ${text}.
 */
struct sv_status map_line_decide(const struct map_line *L, struct sv_str text,
    struct map_result *ret) SV_CHECK;

/** The same for resources gathered by the caller: the entries of ${doc} are
 * all that is looked at. */
struct sv_status map_line_decide_doc(const struct map_line *L,
    const struct fhir_doc *doc, struct map_result *ret) SV_CHECK;

/** The same when ${ret}->patient and ${ret}->issues are there already, from
 * map_input. */
struct sv_status map_line_decide_read(const struct map_line *L,
    struct map_result *ret) SV_CHECK;

#endif
