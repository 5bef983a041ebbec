/**
 * ad_evaluate.h: "salvor evaluate": decide offline, print or post.
 */
#ifndef AD_EVALUATE_H
#define AD_EVALUATE_H

#include "ad_options.h"

/** Run the command; the worst exit status of all documents. */
enum ad_exit ad_evaluate(const struct ad_options *o);

#endif
