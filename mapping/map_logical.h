/**
 * map_logical.h: references to what the senders hold, for a server that does
 * not hold it.
 *
 * Our resources refer to the data on which they rest as the sender named it
 * ("Observation/e4").  The server that sent it finds it by that name.  On
 * another server the name means nothing, or something else: a server that
 * checks references refuses the Bundle.  There they are sent as logical
 * references (R4 references.html#logical): type and identifier.
 */
#ifndef MAP_LOGICAL_H
#define MAP_LOGICAL_H

#include "sv_arena.h"
#include "sv_status.h"

/**
 * map_logical(A, bundle, ret):
 * The Bundle ${bundle}, one of ours in JSON, with every reference of the form
 * Type/id as a logical one.  References inside the Bundle (urn:uuid:, #facts)
 * and conditional ones (Patient?identifier=...) stay.  In ${A}.  NOMEM; BUG if
 * it is no JSON.
 */
struct sv_status map_logical(struct sv_arena *A,
    struct sv_str bundle, struct sv_str *ret) SV_CHECK;

#endif
