/**
 * map_system.h: code systems, and what can be said of a code without asking
 * its owner.
 */
#ifndef MAP_SYSTEM_H
#define MAP_SYSTEM_H

#include "sv_str.h"

/** The usual URI of the code system that real senders call ${uri}: with an
 * edition, as an OID, national names of ICD-10.  ${uri} itself if unknown. */
struct sv_str map_system_normal(struct sv_str uri);

/** True if ${normal} is the usual URI of a code system that Salvor knows. */
bool map_system_known(struct sv_str normal);

/** Who owns the display texts of ${normal}, if they are not free to copy;
 * else NULL. */
const char *map_system_owner(struct sv_str normal);

/** True if ${uri} looks as if a code system that Salvor knows were meant, and
 * is not one of its names: "https://snomed.info/sct". */
bool map_system_misspelt(struct sv_str uri);

/**
 * map_system_code_ok(normal, code):
 * False if ${code} cannot be one of ${normal}: the check digit of SNOMED CT
 * (Verhoeff, SNOMED CT Release File Specifications, 6.2) or of LOINC (Luhn,
 * LOINC Users' Guide, appendix C) is wrong.  True where nothing is known.
 */
bool map_system_code_ok(struct sv_str normal, struct sv_str code);

#endif
