/**
 * ad_store_key.h: the number by which a resource is found.
 *
 * Most servers give resources random ids.  An index of the ids themselves would
 * be five times as large as one of numbers, and each new resource falls on
 * another page of it.  A number is made of source, type and id; two names may
 * have one, so that who finds a number compares the name too.  The numbers of
 * ids that differ in their last three characters lie together: of a server that
 * counts, what comes next falls on the page of what came before.
 */
#ifndef AD_STORE_KEY_H
#define AD_STORE_KEY_H

#include <stdint.h>

#include "sv_str.h"

/** What the numbers of all resources of ${source} begin with. */
uint64_t ad_store_source_key(struct sv_str source);

/** The number of ${type}/${id}, of the source with ${source_key}.  It is in
 * stores: it must remain what it is. */
uint64_t ad_store_key(uint64_t source_key, struct sv_str type,
    struct sv_str id);

/** The number of ${name}, "Observation/e4" or any URL, of ${source}. */
uint64_t ad_store_name_key(struct sv_str source, struct sv_str name);

#endif
