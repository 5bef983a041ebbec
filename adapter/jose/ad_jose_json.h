/**
 * ad_jose_json.h: strict JSON objects; internal to adapter/jose.
 */
#ifndef AD_JOSE_JSON_H
#define AD_JOSE_JSON_H

#include <cjson/cJSON.h>

#include "sv_arena.h"
#include "sv_status.h"

/** The object ${text} in ${A}; equal names anywhere are refused (RFC 7515
 * section 4).  BAD, LIMIT, NOMEM. */
struct sv_status ad_jose_object(struct sv_arena *A, struct sv_str text,
    const struct cJSON **ret) SV_CHECK;

/** The string member ${name} of ${o}; ${ret} is empty if it is absent.  False
 * if it is there and no string. */
bool ad_jose_text(const struct cJSON *o, const char *name,
    struct sv_str *ret) SV_CHECK;

/** The NumericDate ${name} of ${o} (RFC 7519 section 2) in whole seconds,
 * rounded down; -1 if it is absent.  False if it is there and no date since
 * 1970. */
bool ad_jose_date(const struct cJSON *o, const char *name, int64_t *ret)
    SV_CHECK;

#endif
