/**
 * map_data_requirement.h: what would settle unknown facts, as FHIR
 * DataRequirement (knowledge K2.2, the paragraph behind the rule table).
 */
#ifndef MAP_DATA_REQUIREMENT_H
#define MAP_DATA_REQUIREMENT_H

#include "map_result.h"

/**
 * map_put_data_requirements(w, name, r, missing):
 * The array ${name} of what would settle the facts ${missing}: type, codes,
 * and the days in which it must lie where old data does not count: as
 * valueDuration (not older than that), or as valuePeriod where the days of a
 * treatment or a failure set them.  Nothing if no data would settle any.
 */
void map_put_data_requirements(struct fhir_writer *w, const char *name,
    const struct map_result *r, core_fact_set missing);

#endif
