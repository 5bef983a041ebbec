/**
 * map_units.h: quantities to the unit of their concept, exactly (K1.5).
 */
#ifndef MAP_UNITS_H
#define MAP_UNITS_H

#include "core_event.h"
#include "fhir_type.h"

/**
 * map_units_convert(c, q, ret):
 * The value of ${q} in the unit of concept ${c}, with its comparator as an
 * interval.  A missing or other unit is never guessed: the state says so, and
 * ${ret} is untouched.
 */
enum core_unit_state map_units_convert(enum core_concept c,
    const struct fhir_quantity *q, struct core_interval *ret);

#endif
