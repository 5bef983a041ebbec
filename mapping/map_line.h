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

/**
 * map_line_decide(A, engine, text, as_of, ret, is):
 * Read one document (Bundle or resource, JSON) of one patient, and
 * decide as of the day ${as_of}.  BAD or LIMIT with fatal issues if it is
 * refused; NOMEM.  ${ret} points into ${A} and ${text}.
 */
struct sv_status map_line_decide(struct sv_arena *A,
    const struct map_engine *engine, struct sv_str text, int32_t as_of,
    struct map_result *ret, struct fhir_issues *is) SV_CHECK;

/** The same for resources gathered by the caller. */
struct sv_status map_line_decide_entries(struct sv_arena *A,
    const struct map_engine *engine, struct fhir_entry *entries, size_t n,
    int32_t as_of, struct map_result *ret, struct fhir_issues *is) SV_CHECK;

#endif
