/**
 * ad_check.h: "salvor check": lint the rules, and run their cases.
 */
#ifndef AD_CHECK_H
#define AD_CHECK_H

#include "ad_options.h"

/** Run the command: CONFIG if there is an error.  With changes by the site,
 * cases that now end otherwise are shown and are no error. */
enum ad_exit ad_check(const struct ad_options *o);

#endif
