/**
 * ad_measure.h: "salvor measure": the care-gap measure over many patients.
 */
#ifndef AD_MEASURE_H
#define AD_MEASURE_H

#include "ad_options.h"

/** Run the command; the worst exit status of all documents. */
enum ad_exit ad_measure(const struct ad_options *o);

#endif
