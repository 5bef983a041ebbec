/**
 * fhir_json_build.h: the nodes that cJSON would make, as a text is gone
 * through.  Internal to fhir/.
 *
 * The text is copied once.  Strings without an escape, and numbers as their
 * text, lie in the copy, each ended by a NUL in place of what stood behind it.
 */
#ifndef FHIR_JSON_BUILD_H
#define FHIR_JSON_BUILD_H

#include "sv_arena.h"
#include "sv_limits.h"
#include "sv_status.h"

struct cJSON;

struct fhir_json_build {
	struct sv_arena *A;
	const char *text;
	char *copy;			/* of ${text}, and one byte more */
	char *name;			/* of the member that comes, or NULL */
	struct cJSON *root;
	struct cJSON *spare;		/* nodes not used yet */
	size_t n_spare, depth;
	struct cJSON *open[SV_LIMIT_DEPTH + 2];
};

/** False without memory. */
bool fhir_json_build_start(struct fhir_json_build *B, struct sv_arena *A,
    struct sv_str text) SV_CHECK;

/** The string between ${from} and ${end} of the text, with a NUL behind it;
 * NULL without memory. */
char *fhir_json_build_string(struct fhir_json_build *B, const char *from,
    const char *end, bool escaped);

/** The string, quotes included, number or word from ${from} to ${end} is a
 * value.  False without memory. */
bool fhir_json_build_value(struct fhir_json_build *B, const char *from,
    const char *end, bool escaped) SV_CHECK;

/** An object ('{') or array begins, or the innermost ends.  False without
 * memory. */
bool fhir_json_build_open(struct fhir_json_build *B, char brace) SV_CHECK;
static inline void
fhir_json_build_close(struct fhir_json_build *B)
{
	B->depth--;
}

#endif
