/**
 * map_hook_part.h: between map_hook.c and map_hook_prefetch.c.
 */
#ifndef MAP_HOOK_PART_H
#define MAP_HOOK_PART_H

#include "map_hook.h"

/** Read the object ${prefetch} of a request; ${wrapped}: as before 1.0. */
struct sv_status map_hook_prefetch(struct map_hook_request *r,
    const struct fhir_at *prefetch, bool wrapped, struct fhir_issues *is)
    SV_CHECK;

/** A fatal issue at ${at}.  Always BAD. */
struct sv_status map_hook_wrong(struct fhir_issues *is,
    const struct fhir_at *at, const char *what) SV_CHECK;

#endif
