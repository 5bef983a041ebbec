/**
 * ad_bulk_capability.h: how a server wants an export to be asked for.
 *
 * A server of Bulk Data 4.0 takes POST alone, and may call the operation by
 * another name beside that of older clients; its CapabilityStatement says so.
 */
#ifndef AD_BULK_CAPABILITY_H
#define AD_BULK_CAPABILITY_H

#include "sv_arena.h"

/**
 * ad_bulk_capability_read(A, json, level, ret):
 * True if the CapabilityStatement ${json} lists the export of ${level} ("system",
 * "patient", "group") of Bulk Data 4; ${ret}, in ${A}, is its name, "$export" as
 * a rule.  False too for what cannot be read: then it is asked for as ever.
 */
bool ad_bulk_capability_read(struct sv_arena *A, struct sv_str json,
    struct sv_str level, struct sv_str *ret);

#endif
