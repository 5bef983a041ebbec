/**
 * ad_store_sample.h: what guidance looks like; internal to adapter/store.
 */
#ifndef AD_STORE_SAMPLE_H
#define AD_STORE_SAMPLE_H

#define AD_STORE_SAMPLE_SIZE 18974

/** It, without a NUL behind it. */
void ad_store_sample(char ret[AD_STORE_SAMPLE_SIZE]);

#endif
