/**
 * core_ipfsg.h: the IPFSG prognostic group (K2.3); internal to core/.
 */
#ifndef CORE_IPFSG_H
#define CORE_IPFSG_H

#include "core_derive.h"

/**
 * core_derive_ipfsg(D, relapse, chemo):
 * ipfsg_determined and ipfsg_risk, from the first relapse and the last
 * platinum chemotherapy before it (either may be NULL).  A missing item is an
 * interval of points; the group is stated only if all sums give the same one.
 */
void core_derive_ipfsg(struct core_derive *D, const struct core_event *relapse,
    const struct core_event *chemo);

#endif
