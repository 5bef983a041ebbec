/**
 * ad_jwk_key.h: one key, between JWK and OpenSSL; internal to adapter/jose.
 */
#ifndef AD_JWK_KEY_H
#define AD_JWK_KEY_H

#include "ad_jose_json.h"
#include "ad_jwk.h"

/** All algorithms that ${key} is good for by its type and size; 0: none. */
unsigned ad_jwk_good_for(const struct evp_pkey_st *key);

/** The key of the JWK ${o}, its private part if ${private}.  BAD if it is
 * broken, weak, or of a type that is not ours; NOMEM.  ${ret} is ended with
 * EVP_PKEY_free. */
struct sv_status ad_jwk_key_of(struct sv_arena *A, const struct cJSON *o,
    bool private, struct evp_pkey_st **ret) SV_CHECK;

#endif
