/**
 * ad_scope.h: SMART system scopes, of both versions (SMART App Launch 2.2.0,
 * "Scopes for requesting FHIR Resources").
 */
#ifndef AD_SCOPE_H
#define AD_SCOPE_H

#include "sv_str.h"

/**
 * ad_scope_allows(scopes, act, type):
 * Do the ${scopes}, parted by blanks, allow ${act}, one of c r u d s, on
 * resources of ${type}, or on all types if that is empty?  system/T.read is rs,
 * system/T.write is cud.  A scope with a search behind it (?category=...) allows
 * less than we could enforce, and so nothing; patient/ and user/ are not ours.
 */
bool ad_scope_allows(struct sv_str scopes, char act, struct sv_str type);

#endif
