/**
 * map_file.h: one configuration file, and the resource in it.
 */
#ifndef MAP_FILE_H
#define MAP_FILE_H

#include "fhir_node.h"

struct map_file {
	struct sv_str name;		/* for messages */
	struct sv_str bytes;		/* must outlive what is loaded from it */
};

/**
 * map_file_read(A, file, ret, is):
 * The resource in ${file}; its paths begin with the file's name and its type,
 * "general.json: PlanDefinition".  SKIP with issues if it is no strict JSON:
 * the caller looks at the other files too.  NOMEM.
 */
struct sv_status map_file_read(struct sv_arena *A, const struct map_file *file,
    struct fhir_at *ret, struct fhir_issues *is) SV_CHECK;

#endif
