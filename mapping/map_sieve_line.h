/**
 * map_sieve_line.h: looking into a line that is not parsed; internal to
 * mapping/.
 */
#ifndef MAP_SIEVE_LINE_H
#define MAP_SIEVE_LINE_H

#include "map_sieve.h"

bool map_sieve_is_space(char c);

/** A string behind a name: ${p} is behind the name's closing quote.  .p is NULL
 * if something else is there. */
struct sv_str map_sieve_value(const char *p, const char *end);

/** The type of the resource on ${line}; .p is NULL if that is not sure. */
struct sv_str map_sieve_type(struct sv_str line);

/** The id of the resource of ${type}, which map_sieve_type found; .p is NULL if
 * it may be anywhere. */
struct sv_str map_sieve_id(struct sv_str line, struct sv_str type);

#endif
